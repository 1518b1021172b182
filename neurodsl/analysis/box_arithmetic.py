"""Interval arithmetic on whole arrays of boxes at once, in floats: enclosures of the values that an expression takes.

Every operation rounds outwards, so that what is excluded is excluded by proof. The elementary functions of numpy are within 4 units in the last place,
and their enclosures are widened by 8. A bound that is positive stays positive: ``exp`` of anything is above 0.

References
----------
Moore, Kearfott, Cloud, 2009, Introduction to Interval Analysis, SIAM. doi:10.1137/1.9780898717716
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

TINY = 5e-324
ULPS = 8 * np.finfo(np.float64).eps


class Interval(NamedTuple):
    """Lower and upper bounds, of one shape; both NaN where there is no value at all."""

    low: Floats
    high: Floats

    @property
    def mid(self) -> Floats:
        """Return the middle."""
        with np.errstate(invalid="ignore"):
            return self.low + 0.5 * (self.high - self.low)


def exactly(value: float | Floats) -> Interval:
    """Return the interval that holds one number."""
    bound = np.asarray(value, dtype=np.float64)
    return Interval(bound, bound)


def around(value: float) -> Interval:
    """Return an interval around a number that a float holds up to rounding."""
    return _outwards(np.asarray(value), np.asarray(value))


def _outwards(low: Floats, high: Floats) -> Interval:
    """Return bounds a unit in the last place apart; those that are positive or negative stay so."""
    lower, upper = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    return Interval(np.where(low > 0, np.maximum(lower, TINY), lower), np.where(high < 0, np.minimum(upper, -TINY), upper))


def _widened(low: Floats, high: Floats) -> Interval:
    """Return the bounds of an elementary function, whose values carry an error of a few units in the last place."""
    return _outwards(np.where(np.isinf(low), low, low - ULPS * np.abs(low)), np.where(np.isinf(high), high, high + ULPS * np.abs(high)))


def add(a: Interval, b: Interval) -> Interval:
    """Return the sum; one of a bound and 0 is exact."""
    low, high = a.low + b.low, a.high + b.high
    wide = _outwards(low, high)
    return Interval(
        np.where((a.low == 0) | (b.low == 0), low, np.where((a.low > 0) & (b.low > 0), np.maximum(wide.low, TINY), wide.low)),
        np.where((a.high == 0) | (b.high == 0), high, np.where((a.high < 0) & (b.high < 0), np.minimum(wide.high, -TINY), wide.high)),
    )


def multiply(a: Interval, b: Interval) -> Interval:
    """Return the product, where 0 times infinity is 0."""
    empty = np.isnan(a.low) | np.isnan(b.low)
    corners = np.stack(np.broadcast_arrays(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high))
    corners = np.where(np.isnan(corners), 0.0, corners)
    wide = _outwards(corners.min(axis=0), corners.max(axis=0))
    positive = ((a.low > 0) & (b.low > 0)) | ((a.high < 0) & (b.high < 0))
    negative = ((a.low > 0) & (b.high < 0)) | ((a.high < 0) & (b.low > 0))
    nothing = ((a.low == 0) & (a.high == 0)) | ((b.low == 0) & (b.high == 0))
    one_sided = nothing | ((a.low >= 0) & (b.low >= 0)) | ((a.high <= 0) & (b.high <= 0))
    other_sided = nothing | ((a.low >= 0) & (b.high <= 0)) | ((a.high <= 0) & (b.low >= 0))
    lower = np.where(positive, np.maximum(wide.low, TINY), np.where(one_sided, np.maximum(wide.low, 0.0), wide.low))
    upper = np.where(negative, np.minimum(wide.high, -TINY), np.where(other_sided, np.minimum(wide.high, 0.0), wide.high))
    return Interval(np.where(empty, np.nan, lower), np.where(empty, np.nan, upper))


def reciprocal(a: Interval) -> Interval:
    """Return 1/a; the whole line where a holds 0 inside."""
    one_sided = _outwards(1.0 / np.where(a.high == 0, -0.0, a.high), 1.0 / np.where(a.low == 0, 0.0, a.low))
    low = np.where(a.low >= 0, np.maximum(one_sided.low, TINY), one_sided.low)
    high = np.where(a.high <= 0, np.minimum(one_sided.high, -TINY), one_sided.high)
    inside, nowhere = (a.low < 0) & (a.high > 0), (a.low == 0) & (a.high == 0)
    return Interval(np.where(nowhere, np.nan, np.where(inside, -np.inf, low)), np.where(nowhere, np.nan, np.where(inside, np.inf, high)))


def whole_power(a: Interval, exponent: int) -> Interval:
    """Return a to a whole power."""
    if exponent < 0:
        return reciprocal(whole_power(a, -exponent))
    low, high = a.low**exponent, a.high**exponent
    if exponent % 2:
        bounds = _widened(low, high)
        lower = np.where(a.low > 0, np.maximum(bounds.low, TINY), bounds.low)
        return Interval(lower, np.where(a.high < 0, np.minimum(bounds.high, -TINY), bounds.high))
    holds_zero = (a.low <= 0) & (a.high >= 0)
    bounds = _widened(np.minimum(low, high), np.maximum(low, high))
    lower = np.where(np.isnan(a.low), np.nan, np.maximum(bounds.low, TINY))
    return Interval(np.where(holds_zero, 0.0, lower), bounds.high)


def increasing(function: Callable[[Floats], Floats], least: float = -np.inf, most: float = np.inf) -> Callable[[Interval], Interval]:
    """Return the interval form of an increasing function between two bounds; one above 0 never reaches it."""
    floor = TINY if least == 0 else least

    def extended(a: Interval) -> Interval:
        bounds = _widened(function(a.low), function(a.high))
        empty = np.isnan(a.low)
        return Interval(np.where(empty, np.nan, np.maximum(bounds.low, floor)), np.where(empty, np.nan, np.minimum(bounds.high, most)))

    return extended


def monotone_on(function: Callable[[Floats], Floats], least: float, most: float) -> Callable[[Interval], Interval]:
    """Return the interval form of an increasing function that is defined from ``least`` to ``most``."""

    def extended(a: Interval) -> Interval:
        outside = (a.high < least) | (a.low > most) | np.isnan(a.low)
        bounds = _widened(function(np.clip(a.low, least, most)), function(np.clip(a.high, least, most)))
        return Interval(np.where(outside, np.nan, bounds.low), np.where(outside, np.nan, bounds.high))

    return extended


def negated(function: Callable[[Interval], Interval]) -> Callable[[Interval], Interval]:
    """Return the negative of an interval function."""

    def turned(a: Interval) -> Interval:
        found = function(a)
        return Interval(-found.high, -found.low)

    return turned


def cosine(a: Interval) -> Interval:
    """Return the cosine."""
    turn, slack = 2 * np.pi, 1e-14 * (1 + np.maximum(np.abs(a.low), np.abs(a.high)))
    first, last = np.cos(a.low), np.cos(a.high)
    top = np.floor((a.high + slack) / turn) * turn >= a.low - slack
    bottom = np.floor((a.high + slack - np.pi) / turn) * turn + np.pi >= a.low - slack
    far = ~np.isfinite(a.low) | ~np.isfinite(a.high) | (a.high - a.low >= turn) | (slack > 1e-3)
    low = np.where(far | bottom, -1.0, np.maximum(np.minimum(first, last) - slack, -1.0))
    high = np.where(far | top, 1.0, np.minimum(np.maximum(first, last) + slack, 1.0))
    empty = np.isnan(a.low)
    return Interval(np.where(empty, np.nan, low), np.where(empty, np.nan, high))


def sine(a: Interval) -> Interval:
    """Return the sine."""
    return cosine(add(a, Interval(np.asarray(-np.pi / 2 - 1e-15), np.asarray(-np.pi / 2 + 1e-15))))


def absolute(a: Interval) -> Interval:
    """Return the absolute value."""
    low, high = np.abs(a.low), np.abs(a.high)
    return Interval(np.where((a.low <= 0) & (a.high >= 0), 0.0, np.minimum(low, high)), np.maximum(low, high))


def even(function: Callable[[Interval], Interval]) -> Callable[[Interval], Interval]:
    """Return the interval form of an even function that increases from 0 on."""
    return lambda a: function(absolute(a))


def hull(a: Interval, b: Interval) -> Interval:
    """Return what holds both; one that is empty does not count."""
    return Interval(np.fmin(a.low, b.low), np.fmax(a.high, b.high))


def minimum(a: Interval, b: Interval) -> Interval:
    """Return the smaller of two."""
    return Interval(np.minimum(a.low, b.low), np.minimum(a.high, b.high))


def maximum(a: Interval, b: Interval) -> Interval:
    """Return the larger of two."""
    return Interval(np.maximum(a.low, b.low), np.maximum(a.high, b.high))


def steps(function: Callable[[Floats], Floats]) -> Callable[[Interval], Interval]:
    """Return the interval form of an increasing function of steps, which is exact."""
    return lambda a: Interval(function(a.low), function(a.high))


def _logistic(x: Floats) -> Floats:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))


def _erf(x: Floats) -> Floats:
    from scipy.special import erf

    return np.asarray(erf(x), dtype=np.float64)


def _phi_value(order: int, x: Floats) -> Floats:
    """Return phi_k(x) up to x = 700: by its series around 0, by its definition elsewhere."""
    y = np.clip(x, -1e300, 700.0)
    near = np.abs(y) < 1.0 + order
    small, divisor = np.where(near, y, 0.0), np.where(near, 1.0, y)
    factorial, found = 1.0, np.expm1(y) / divisor
    for k in range(1, order):
        factorial *= k
        found = (found - 1.0 / factorial) / divisor
    term = np.full_like(y, 1.0 / (factorial * order))
    series = np.zeros_like(y)
    for j in range(30 + 4 * order):
        series = series + term
        term = term * small / (order + 1 + j)
    return np.where(near, series, np.where(x == -np.inf, 0.0, found))


def phi(order: int) -> Callable[[Interval], Interval]:
    """Return phi_k, which is positive and increases: the integral of exp((1 - s) x) s^(k-1)/(k-1)! over s from 0 to 1."""
    slack = 1e-13 if order > 1 else 1e-15

    def extended(a: Interval) -> Interval:
        low = _phi_value(order, a.low)
        high = np.where(a.high > 700.0, np.inf, _phi_value(order, a.high))
        bounds = _widened(low - slack * np.abs(low), high + slack * np.abs(high))
        empty = np.isnan(a.low)
        return Interval(np.where(empty, np.nan, np.maximum(bounds.low, TINY)), np.where(empty, np.nan, bounds.high))

    return extended


ELEMENTARY: Mapping[str, Callable[[Interval], Interval]] = {
    "exp": increasing(np.exp, 0.0),
    "expm1": increasing(np.expm1, -1.0),
    "log": monotone_on(np.log, 0.0, np.inf),
    "log1p": monotone_on(np.log1p, -1.0, np.inf),
    "log10": monotone_on(np.log10, 0.0, np.inf),
    "log2": monotone_on(np.log2, 0.0, np.inf),
    "asin": monotone_on(np.arcsin, -1.0, 1.0),
    "acos": negated(monotone_on(lambda x: -np.arccos(x), -1.0, 1.0)),
    "atan": increasing(np.arctan),
    "sin": sine,
    "cos": cosine,
    "tan": lambda a: multiply(sine(a), reciprocal(cosine(a))),
    "sinh": increasing(np.sinh),
    "cosh": even(monotone_on(np.cosh, 0.0, np.inf)),
    "tanh": increasing(np.tanh, -1.0, 1.0),
    "asinh": increasing(np.arcsinh),
    "acosh": monotone_on(np.arccosh, 1.0, np.inf),
    "atanh": monotone_on(np.arctanh, -1.0, 1.0),
    "erf": increasing(_erf, -1.0, 1.0),
    "logistic": increasing(_logistic, 0.0, 1.0),
    "absolute": absolute,
    "signum": steps(np.sign),
    "unit_step": steps(lambda x: np.where(np.isnan(x), np.nan, np.where(x >= 0, 1.0, 0.0))),
    "floor": steps(np.floor),
    "ceil": steps(np.ceil),
    "round": steps(np.round),
}
"""The interval form of each function of one argument."""

DOMAINS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("log", "log10", "log2"), (0.0, np.inf)),
    **dict.fromkeys(("asin", "acos", "atanh"), (-1.0, 1.0)),
    "log1p": (-1.0, np.inf),
    "acosh": (1.0, np.inf),
}
"""Where functions that are not defined everywhere are."""

JUMPS = ("signum", "unit_step", "floor", "ceil", "round")
"""The functions that jump: over a box on which they take several values nothing is known about a derivative."""
