"""Names, units, numbers and an author's words as a figure prints them.

What comes out is text in which ``$...$`` is mathematics. Only names take that form; everything that an author wrote freely is escaped.
"""

from __future__ import annotations

import re
import unicodedata

from neurodsl.diagnostics import printable

GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
TEX = {word: rf"\{word}" for word in f"{GREEK} {CAPITALS}".split()}
NAME = re.compile(r"[A-Za-zΑ-Ωα-ωϑϕϵ][A-Za-zΑ-Ωα-ωϑϕϵ0-9_]*")
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def symbol(name: str) -> str:
    """Return a name as a paper sets it: `V_th` with its index, `tau_m` with its Greek letter."""
    derivative = re.fullmatch(r"d(.+)/dt", name)
    body = _tex(derivative[1] if derivative else name)
    if not body:
        return plain(name, 40)
    return rf"$\mathrm{{d}}{body}/\mathrm{{d}}t$" if derivative else f"${body}$"


def _tex(name: str) -> str:
    """Return the mathtext of a name, which is made of letters, digits and underscores; the empty text for any other."""
    if not NAME.fullmatch(name):
        return ""
    base, *rest = [part for part in name.split("_") if part]
    numbered = re.fullmatch(r"(.*?\D)(\d+)", base)
    if numbered and (len(numbered[1]) == 1 or numbered[1] in TEX):
        base, rest = numbered[1], [numbered[2], *rest]
    index = ",".join(TEX.get(part, part if len(part) == 1 and not part.isupper() else rf"\mathrm{{{part}}}") for part in rest)
    stem = TEX.get(base, base if len(base) == 1 else rf"\mathit{{{base}}}")
    return f"{stem}_{{{index}}}" if index else stem


def plain(text: str, longest: int) -> str:
    """Return a text of the user's on one line, cut to a length, with nothing that could be taken for mathematics."""
    line = " ".join(printable("".join(" " if unicodedata.category(c)[0] == "Z" or c in "\n\r\t" else c for c in text)).split())
    return (line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…").replace("$", r"\$")


def number(value: object) -> str:
    """Return a number as a figure shows it, with a true minus sign."""
    return f"{value:.6g}".replace("-", "−") if isinstance(value, int | float) else plain(str(value), 20)


def _unit(text: str) -> str:
    """Return a unit as it is printed: `uA/cm^2` with its micro sign and its exponent raised."""
    text = re.sub(r"\bu(?=[A-Za-z])", "µ", plain(text, 30)).replace("Ohm", "Ω").replace("degC", "°C").replace("*", "·")
    return re.sub(r"\^(?:\((-?\d+)\)|(-?\d+))", lambda match: (match[1] or match[2]).translate(SUPERSCRIPTS), text)


def in_parentheses(unit: str) -> str:
    """Return a unit in parentheses after a space, nothing where there is none."""
    return "" if unit == "1" else f" ({_unit(unit)})"


def after_space(unit: str) -> str:
    """Return a unit after a space, nothing where there is none."""
    return "" if unit == "1" else f" {_unit(unit)}"
