"""Names of the author's as names of Python: ASCII, no keyword, no builtin, no two alike."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

RESERVED = (
    frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | {"math", "np", "njit", "main", "numba", "json", "sys"}
)


def transliterate(name: str) -> str:
    """Return a name in ASCII: Greek letters by their names, everything else that is not a letter, a digit or ``_`` as ``_``."""
    parts = []
    for char in name:
        if char.isascii():
            parts.append(char if char.isalnum() or char == "_" else "_")
            continue
        described = unicodedata.name(char, "").split()
        greek = described[-1] if described[:1] == ["GREEK"] and "LETTER" in described else "x"
        if "SYMBOL" in described and described[:1] == ["GREEK"]:
            greek = described[1]
        parts.append(greek.lower() if "CAPITAL" not in described else greek.capitalize())
    return "".join(parts)


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Return a Python identifier for each name.

    None starts with ``_``, which is left to the generated code; the same names in the same order give the same identifiers.
    """
    result: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        if name in result:
            continue
        derivative = re.fullmatch(r"d(.*)/d(t\d*)", name)
        base = transliterate(f"d{derivative[1]}_d{derivative[2]}" if derivative else name).lstrip("_") or "x"
        if base[0].isdigit():
            base = f"x{base}"
        if base in RESERVED:
            base += "_"
        unique, number = base, 2
        while unique in taken:
            unique, number = f"{base}_{number}", number + 1
        taken.add(unique)
        result[name] = unique
    return result
