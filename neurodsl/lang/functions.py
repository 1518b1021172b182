"""The functions that every model may call: names, numbers of arguments, what they do to units.

``units`` is one of: ``plain`` (dimensionless in, dimensionless out), ``same`` (all arguments of one unit, and so the result),
``any`` (any unit in, dimensionless out), ``root`` (the square root of the unit), ``ratio`` (arguments of one unit in, dimensionless out),
``product`` and ``quotient`` (of the units of two arguments), ``inverse`` (1/unit), ``stimulus`` (powers of the unit of the time in,
dimensionless out), ``process`` (two arguments of one unit, which the result has, and a time).

``arrays`` says what a function does to arrays: ``each`` (it acts on each element), ``all`` (it takes one array and returns a number),
``either`` (on each element of several arguments, or on all of one), ``matrix`` (it takes a constant square matrix and returns a number),
or the name of the function, where it has a rule of its own.
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
    arrays: str = "each"


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
    Builtin("min", 2, None, "same", "the smallest of the arguments, or of the elements of one array", "either"),
    Builtin("max", 2, None, "same", "the largest of the arguments, or of the elements of one array", "either"),
    Builtin("clip", 3, 3, "same", "x, no less than low and no more than high: clip(x, low, high)"),
    Builtin("mod", 2, 2, "same", "the remainder with the sign of the divisor: mod(-7.5, 2) is 0.5"),
    Builtin("floor", 1, 1, "plain", "the largest integer that is not above x"),
    Builtin("ceil", 1, 1, "plain", "the smallest integer that is not below x"),
    Builtin("round", 1, 1, "plain", "the nearest integer; halves go to the even one"),
    Builtin("sign", 1, 1, "any", "-1, 0 or 1"),
    Builtin("heaviside", 1, 1, "any", "0 below 0, and 1 from 0 on"),
    Builtin("pulse", 3, 3, "stimulus", "1 for start <= t < stop, else 0: pulse(t, start, stop)"),
    Builtin("step", 2, 2, "stimulus", "0 before start, and 1 from start on: step(t, start)"),
    Builtin("ramp", 3, 3, "stimulus", "0 before start, 1 from stop on, a straight line between: ramp(t, start, stop)"),
    Builtin("sine", 2, 3, "stimulus", "sin(2*pi*frequency*t + phase): sine(t, frequency) or sine(t, frequency, phase)"),
    Builtin("chirp", 4, 4, "stimulus", "a sine whose frequency goes from f_0 at t = 0 to f_1 at duration: chirp(t, f_0, f_1, duration)"),
    Builtin("train", 3, 5, "stimulus", "pulses of a width, one in each period: train(t, period, width), or with , start or , start, count"),
    Builtin("ou", 3, 3, "process", "an Ornstein-Uhlenbeck process, in an input alone: ou(mean, standard deviation, correlation time)"),
    Builtin("sum", 1, 1, "same", "the sum of all elements of an array; over an index sum(W[i, j]*x[j] for j)", "all"),
    Builtin("prod", 1, 1, "plain", "the product of all elements of an array", "all"),
    Builtin("mean", 1, 1, "same", "the mean of all elements of an array", "all"),
    Builtin("norm", 1, 1, "same", "the root of the sum of the squares of all elements of an array", "all"),
    Builtin("transpose", 1, 1, "same", "a matrix with its rows as columns", "transpose"),
    Builtin("outer", 2, 2, "product", "the matrix of all products of the elements of two vectors: outer(x, y)", "outer"),
    Builtin("inverse", 1, 1, "inverse", "the inverse of a constant square matrix", "inverse"),
    Builtin("spectral_radius", 1, 1, "same", "the largest absolute value of an eigenvalue of a constant square matrix", "matrix"),
    Builtin("largest_singular_value", 1, 1, "same", "the largest singular value of a constant square matrix", "matrix"),
    Builtin("diff", 2, 2, "quotient", "the derivative of a number by a state, a parameter or an input: diff(L, w)", "diff"),
    Builtin("rand", 0, 0, "plain", "a random number from 0 to 1, in each step anew: in maps and in the actions of events"),
    Builtin("randn", 0, 0, "plain", "a standard normal random number, in each step anew: in maps and in the actions of events"),
)

REDUCTIONS = ("sum", "prod", "mean", "min", "max")
"""What can be done over index variables: ``sum(x[i] for i)``."""

LATER = ("conv",)
"""Functions of the language that are refused as not supported yet."""

CONSTANTS = ("pi", "t", "dt")
"""Names that every model may use: the number pi, the time, the step."""
