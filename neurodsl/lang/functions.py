"""The functions that every model may call: names, numbers of arguments, what they do to units.

``units`` is one of: ``plain`` (dimensionless in, dimensionless out), ``same`` (all arguments of one unit, and so the result),
``any`` (any unit in, dimensionless out), ``root`` (the square root of the unit), ``ratio`` (arguments of one unit in, dimensionless out).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Builtin:
    """A function of the language; ``most`` is None where any number of arguments from ``least`` on is taken."""

    name: str
    least: int
    most: int | None
    units: str
    doc: str


def _table(*rows: Builtin) -> dict[str, Builtin]:
    return {row.name: row for row in rows}


BUILTINS = _table(
    Builtin("exp", 1, 1, "plain", "e to the power x"),
    Builtin("expm1", 1, 1, "plain", "exp(x) - 1, accurate near 0"),
    Builtin("exprel", 1, 1, "plain", "(exp(x) - 1)/x, 1 at x = 0"),
    Builtin("log", 1, 1, "plain", "the natural logarithm"),
    Builtin("ln", 1, 1, "plain", "the natural logarithm"),
    Builtin("log10", 1, 1, "plain", "the logarithm to base 10"),
    Builtin("log2", 1, 1, "plain", "the logarithm to base 2"),
    Builtin("log1p", 1, 1, "plain", "log(1 + x), accurate near 0"),
    Builtin("sqrt", 1, 1, "root", "the square root"),
    Builtin("sin", 1, 1, "plain", "the sine of x in radians"),
    Builtin("cos", 1, 1, "plain", "the cosine of x in radians"),
    Builtin("tan", 1, 1, "plain", "the tangent of x in radians"),
    Builtin("asin", 1, 1, "plain", "the inverse of sin"),
    Builtin("acos", 1, 1, "plain", "the inverse of cos"),
    Builtin("atan", 1, 1, "plain", "the inverse of tan"),
    Builtin("atan2", 2, 2, "ratio", "the angle of the point (x, y), written atan2(y, x)"),
    Builtin("sinh", 1, 1, "plain", "the hyperbolic sine"),
    Builtin("cosh", 1, 1, "plain", "the hyperbolic cosine"),
    Builtin("tanh", 1, 1, "plain", "the hyperbolic tangent"),
    Builtin("asinh", 1, 1, "plain", "the inverse of sinh"),
    Builtin("acosh", 1, 1, "plain", "the inverse of cosh"),
    Builtin("atanh", 1, 1, "plain", "the inverse of tanh"),
    Builtin("sigmoid", 1, 1, "plain", "the logistic function 1/(1 + exp(-x))"),
    Builtin("erf", 1, 1, "plain", "the error function"),
    Builtin("abs", 1, 1, "same", "the absolute value"),
    Builtin("min", 2, None, "same", "the smallest of the arguments"),
    Builtin("max", 2, None, "same", "the largest of the arguments"),
    Builtin("clip", 3, 3, "same", "x, no less than low and no more than high: clip(x, low, high)"),
    Builtin("mod", 2, 2, "same", "the remainder with the sign of the divisor: mod(-7.5, 2) is 0.5"),
    Builtin("floor", 1, 1, "plain", "the largest integer that is not above x"),
    Builtin("ceil", 1, 1, "plain", "the smallest integer that is not below x"),
    Builtin("round", 1, 1, "plain", "the nearest integer; halves go to the even one"),
    Builtin("sign", 1, 1, "any", "-1, 0 or 1"),
    Builtin("heaviside", 1, 1, "any", "0 below 0, and 1 from 0 on"),
    Builtin("pulse", 3, 3, "ratio", "1 for start <= t < stop, else 0: pulse(t, start, stop)"),
)

LATER = ("rand", "randn", "diff", "sum", "conv", "load", "ramp", "step", "sine", "chirp", "train", "ou")
"""Functions of the language that are refused as not supported yet."""

CONSTANTS = ("pi", "t", "dt")
"""Names that every model may use: the number pi, the time, the step."""
