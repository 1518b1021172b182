"""The symbols of units, and what people write in their place."""

from __future__ import annotations

import difflib
import re
from functools import cache, lru_cache

from neurodsl.units.unit import ONE, Unit, integer_unit, si_unit

PREFIXES = {"T": 12, "G": 9, "M": 6, "k": 3, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18}
METRE_PREFIXES = {"d": -1, "c": -2}
PREFIXED = {
    "m": si_unit(1),
    "g": si_unit(0, 1, ten=-3),
    "s": si_unit(0, 0, 1),
    "A": si_unit(0, 0, 0, 1),
    "K": si_unit(0, 0, 0, 0, 1),
    "mol": si_unit(0, 0, 0, 0, 0, 1),
    "Hz": si_unit(0, 0, -1),
    "N": si_unit(1, 1, -2),
    "Pa": si_unit(-1, 1, -2),
    "J": si_unit(2, 1, -2),
    "W": si_unit(2, 1, -3),
    "C": si_unit(0, 0, 1, 1),
    "V": si_unit(2, 1, -3, -1),
    "F": si_unit(-2, -1, 4, 2),
    "Ohm": si_unit(2, 1, -3, -2),
    "ohm": si_unit(2, 1, -3, -2),
    "S": si_unit(-2, -1, 3, 2),
    "L": si_unit(3, ten=-3),
    "l": si_unit(3, ten=-3),
    "M": si_unit(-3, 0, 0, 0, 0, 1, ten=3),
}
UNPREFIXED = {
    "min": integer_unit(60) * PREFIXED["s"],
    "h": integer_unit(3600) * PREFIXED["s"],
    "hour": integer_unit(3600) * PREFIXED["s"],
    "day": integer_unit(86400) * PREFIXED["s"],
    "degC": si_unit(0, 0, 0, 0, 0, 0, 1),
    "rad": ONE,
    "%": si_unit(ten=-2),
}
SIGNS = str.maketrans({"\u00b5": "u", "\u03bc": "u", "\u03a9": "Ohm", "\u2126": "Ohm"})

# What people write for a symbol, also with a prefix in front and an s behind.
WORDS = {
    "sec": "s", "second": "s", "minute": "min", "hr": "h", "day": "day", "volt": "V", "amp": "A", "ampere": "A", "farad": "F",
    "siemens": "S", "mho": "S", "ohm": "Ohm", "hertz": "Hz", "molar": "M", "mole": "mol", "meter": "m", "metre": "m", "celsius": "degC",
    "\u00b0c": "degC", "kelvin": "K", "coulomb": "C", "joule": "J", "watt": "W", "newton": "N", "pascal": "Pa", "gram": "g",
    "liter": "L", "litre": "L", "percent": "%", "radian": "rad", "micron": "um",
}  # fmt: skip
PREFIX_WORDS = {"giga": "G", "mega": "M", "kilo": "k", "centi": "c", "milli": "m", "micro": "u", "nano": "n", "pico": "p", "femto": "f"}
USUAL = ("mV", "ms", "s", "nA", "pA", "uA", "mS", "nS", "uS", "uF", "pF", "nF", "MOhm", "um", "mm", "cm", "mM", "uM", "Hz", "degC", "V")
SUPERSCRIPTS = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b", "0123456789-")


@lru_cache(maxsize=1024)
def lookup(symbol: str) -> Unit | None:
    """Return the unit of one symbol, or None where it is unknown."""
    plain = symbol.translate(SIGNS)
    unit = UNPREFIXED.get(plain) or PREFIXED.get(plain)
    if unit is not None:
        return unit
    prefix, rest = plain[:1], plain[1:]
    power = METRE_PREFIXES.get(prefix) if rest == "m" else None
    power = PREFIXES.get(prefix) if power is None else power
    base = PREFIXED.get(rest)
    return None if power is None or base is None else base * si_unit(ten=power)


@cache
def _symbols() -> tuple[str, ...]:
    """Return every symbol, those that are usual in the field first."""
    prefixed = [prefix + symbol for symbol in PREFIXED for prefix in ("", *PREFIXES)]
    return tuple(dict.fromkeys([*USUAL, *UNPREFIXED, *prefixed]))


def _from_words(text: str) -> str | None:
    """Return the symbol of a name such as ``millivolts``, ``msec`` or ``Hertz``."""
    name = text.casefold()
    prefixes = {"": "", **PREFIX_WORDS, **{prefix: prefix for prefix in PREFIXES}}
    for written, prefix in prefixes.items():
        rest = name[len(written) :] if text.startswith(written) or name.startswith(written) else ""
        symbol = WORDS.get(rest) or WORDS.get(rest.removesuffix("s"))
        if symbol is not None and lookup(prefix + symbol) is not None:
            return prefix + symbol
    return None


def nearest_symbol(symbol: str) -> str | None:
    """Return the symbol, or the power of a symbol as in ``cm^2``, that is most likely meant, or None."""
    plain = symbol[:30].translate(SUPERSCRIPTS)
    power = re.fullmatch(r"(\D+?)(-?[0-9]+)", plain)
    if power is not None and lookup(power[1]) is not None:
        return f"{power[1]}^{power[2]}"
    plain = plain.translate(SIGNS)
    same = _from_words(plain) or next((candidate for candidate in _symbols() if candidate.casefold() == plain.casefold()), None)
    if same is not None or len(plain) < 3:
        return same
    words = {prefix + word: _from_words(prefix + word) for prefix in ("", *PREFIX_WORDS) for word in WORDS}
    meant = {symbol: symbol for symbol in _symbols()} | {word: found for word, found in words.items() if found is not None}
    near = difflib.get_close_matches(plain, meant, n=1, cutoff=0.7)
    return meant[near[0]] if near else None
