"""From text to units."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from neurodsl.units.symbols import lookup, nearest_symbol
from neurodsl.units.unit import LARGEST_INTEGER, Unit, integer_unit

LONGEST_TEXT = 200
DEEPEST_NESTING = 20
LARGEST_EXPONENT = 1000


class UnitError(ValueError):
    """A text that is no unit.

    Attributes
    ----------
    message : str
        What is wrong.
    start, stop : int
        The place in the text, as offsets.
    nearest : str or None
        What was probably meant in that place.
    """

    def __init__(self, message: str, start: int, stop: int, nearest: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.stop = stop
        self.nearest = nearest


TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<symbol>[^\W\d_][\w\u207b]*|%|\u00b0\w*)|(?P<mark>\*\*|[*/^()+-])|(?P<other>\S))")
EXPONENT = re.compile(r"\s*(?:([+-]?[0-9]+(?:\.[0-9]+)?)|\(\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*(?:/\s*([0-9]+)\s*)?\))")
DIVISOR = re.compile(r"\s*([0-9]+)")


class _Parser:
    """A recursive descent over the tokens of a unit."""

    def __init__(self, source: str) -> None:
        if len(source) > LONGEST_TEXT:
            raise UnitError(f"a unit of more than {LONGEST_TEXT} characters", 0, len(source))
        self.source = source
        self.depth = 0
        self.stop = 0
        self.advance()

    def advance(self) -> None:
        """Go to the next token."""
        match = TOKEN.match(self.source, self.stop)
        end = len(self.source.rstrip())
        self.kind = "end" if match is None else str(match.lastgroup)
        self.text = "" if match is None else match[self.kind]
        self.start, self.stop = (end, end) if match is None else match.span(self.kind)

    def error(self, message: str, nearest: str | None = None) -> UnitError:
        """Return an error at the current token."""
        return UnitError(message, self.start, self.stop, nearest)

    def unit(self) -> Unit:
        """Return the unit of the whole text."""
        unit = self.product()
        if self.kind in ("symbol", "number") or self.text == "(":
            raise self.error(f"`*` or `/` is missing before `{self.text}`")
        if self.kind != "end":
            raise self.error(f"unexpected `{self.text}` in a unit")
        return unit

    def product(self) -> Unit:
        """Return a chain of factors, where ``/`` takes one factor as in ``1/ms/mV``."""
        unit = self.power()
        while self.text in ("*", "/"):
            divide = self.text == "/"
            self.advance()
            factor = self.power()
            unit = unit / factor if divide else unit * factor
        return unit

    def power(self) -> Unit:
        """Return a factor with its exponent."""
        start = self.start
        unit = self.atom()
        if self.text not in ("^", "**"):
            return unit
        unit = unit ** self.exponent()
        for e in (*unit.dimension, *(e for _, e in unit.scale)):
            if abs(e) > LARGEST_EXPONENT or e.denominator > LARGEST_EXPONENT:
                raise UnitError("this exponent is out of range", start, self.start)
        return unit

    def atom(self) -> Unit:
        """Return a symbol, an integer or a parenthesis."""
        if self.kind == "symbol":
            unit = lookup(self.text)
            if unit is None:
                raise self.error(f"unknown unit `{self.text}`", nearest_symbol(self.text))
        elif self.kind == "number":
            unit = self.integer()
        elif self.text == "(":
            unit = self.parenthesis()
        elif self.kind == "end":
            raise self.error("a unit is missing")
        else:
            raise self.error(f"unexpected `{self.text}` where a unit was expected")
        self.advance()
        return unit

    def parenthesis(self) -> Unit:
        """Return what stands between parentheses, up to the closing one."""
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise self.error("parentheses nested too deeply")
        self.advance()
        unit = self.product()
        if self.text != ")":
            raise self.error("`)` is missing")
        self.depth -= 1
        return unit

    def integer(self) -> Unit:
        """Return the unit of the current number, a positive integer of a sensible size."""
        if "." in self.text or len(self.text) > 10 or not 0 < int(self.text) <= LARGEST_INTEGER:
            raise self.error(f"a number in a unit is an integer from 1 to 10^9, not `{self.text}`")
        return integer_unit(int(self.text))

    def exponent(self) -> Fraction:
        """Return the ``2``, ``-1``, ``0.5`` or ``(1/2)`` that follows the current token."""
        match = EXPONENT.match(self.source, self.stop)
        if match is None:
            raise self.error("the exponent of a unit is a number such as `2`, `-1` or `(1/2)`")
        self.stop = match.end()
        self.advance()
        numerator, denominator = Fraction(match[1] or match[2]), int(match[3] or 1)
        if denominator == 0:
            raise UnitError("division by zero", match.start(3), match.end(3))
        following = DIVISOR.match(self.source, self.stop) if self.text == "/" else None
        if match[1] and following is not None:
            text = f"^({match[1]}/{following[1]})"
            raise UnitError(f"an exponent that is a quotient needs parentheses: `{text}`", match.start(1), following.end())
        return numerator / denominator


def parse_unit(text: str) -> Unit:
    """Return the unit of a text such as ``uF/cm^2``, ``1/ms/mV``, ``mV*ms^-1`` or ``ms^(1/2)``.

    Raises
    ------
    UnitError
        If a symbol is unknown or the text is no product of powers of symbols and integers.
    """
    return _Parser(text).unit()


TITLE = re.compile(r"(.*?)\s*(?:\[([^\[\]]*[^\W\d_][^\[\]]*)\])?")
"""The title of a column: a name, and perhaps a unit, which holds a letter."""


def split_title(title: str) -> tuple[str, str | None]:
    """Return the name and the unit of the title of a column, ``w [nS]``; None where it has no unit."""
    match = TITLE.fullmatch(title)
    return (match[1], match[2]) if match else (title, None)


QUANTITY = re.compile(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*")


def parse_quantity(text: str) -> tuple[float, Unit | None]:
    """Return the number and the unit of ``0.2 [mS/cm^2]``, ``200 ms`` or ``-65``; the unit is None where none is given.

    Raises
    ------
    UnitError
        If the text does not start with a finite decimal number or what follows is no unit.
    """
    match = QUANTITY.match(text)
    if match is None:
        raise UnitError("a number is missing", 0, len(text))
    number = float(match[1])
    if not math.isfinite(number):
        raise UnitError("this number is out of range", match.start(1), match.end(1))
    rest, start = text[match.end() :].rstrip(), match.end()
    if not rest:
        return number, None
    if rest.startswith("["):
        if not rest.endswith("]"):
            raise UnitError("`]` is missing", start, start + len(rest))
        rest, start = rest[1:-1], start + 1
    elif rest[0] in "0123456789(+-*/^":
        raise UnitError("the unit goes in brackets, as in `0.5 [1/ms]`", start, start + len(rest))
    try:
        return number, parse_unit(rest)
    except UnitError as error:
        raise UnitError(error.message, error.start + start, error.stop + start, error.nearest) from None
