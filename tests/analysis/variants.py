"""The same model under other names and in other units: what is wrong with it stays wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

WORDS = """param input init noise on at every start rate chance hold wait emit spike stop simulate duration dt method events record variant model next
if else and or not for exp log sqrt abs min max clip tanh sigmoid pulse step ramp t pi uniform normal steady mod rk4 rk45 euler exact grid
network population synapse connect with pre post third all to one no self probability sum"""
KEPT = frozenset(WORDS.split())
"""Words that are no names of the models here."""
UNITS = {
    "mV": ("uV", 1000),
    "ms": ("s", 0.001),
    "uA/cm^2": ("nA/cm^2", 1000),
    "mS/cm^2": ("uS/cm^2", 1000),
    "nA": ("pA", 1000),
    "MOhm": ("kOhm", 1000),
}
"""For each unit another of its dimension, and the factor of the numbers."""
TOKEN = re.compile(r'"[^"]*"|#[^\n]*|\[[^\]]*\]|\bd(?P<order>2?)(?P<state>[A-Za-z_]\w*)/dt(?P=order)|(?P<name>[A-Za-z_]\w*)')
QUANTITY = re.compile(r"(?P<number>\b\d+(?:\.\d+)?) \[(?P<unit>[^\]]+)\]")


def rotated(name: str) -> str:
    """Return a name with each letter thirteen places on in the alphabet, upper case staying upper case."""
    turned = "".join(
        chr((ord(c) - base + 13) % 26 + base) if c.isascii() and c.isalpha() and (base := 97 if c.islower() else 65) else c for c in name
    )
    return f"{turned}_r" if turned in KEPT or turned == "d" else turned


RENAMINGS: dict[str, Callable[[str], str]] = {"suffix": lambda name: f"{name}_cell", "prefix": lambda name: f"my_{name}", "rotated": rotated}


def renamed(text: str, rename: Callable[[str], str]) -> str:
    """Return a model with every name of the author's replaced."""

    def replaced(match: re.Match[str]) -> str:
        if match["state"]:
            return f"d{match['order']}{rename(match['state'])}/dt{match['order']}"
        name = match["name"]
        return match[0] if name is None or name in KEPT else rename(name)

    return TOKEN.sub(replaced, text)


def rescaled(text: str) -> str:
    """Return a model with its numbers in other units."""

    def replaced(match: re.Match[str]) -> str:
        if match["unit"] not in UNITS:
            return match[0]
        unit, factor = UNITS[match["unit"]]
        return f"{float(match['number']) * factor:.12g} [{unit}]"

    return QUANTITY.sub(replaced, text)
