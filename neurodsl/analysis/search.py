"""Fixed points by Newton's method: from many starts where nothing can be proved, and to the last digits wherever a point is known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.optimize import root
from scipy.stats import qmc

from neurodsl.analysis.box_arithmetic import Floats
from neurodsl.analysis.equations import size_of
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.values import Values, values_of

STARTS = 256
ITERATED = 200
"""Steps of a map before Newton's method takes over."""
MOST_SINGULAR = 6
"""Points that are not isolated after which the search ends: there is a continuum of them."""
FINISHED = 1e-12
"""The step of Newton's method, relative to the point, at which it has arrived."""


LARGEST = 80_000
"""Parts of the right-hand sides, times the number of states, up to which they are differentiated symbolically."""
LARGEST_STEP = 1e-5
"""The step of a difference quotient, relative to the point: the third root of the accuracy of a float."""


class Field:
    """The right-hand sides of a system and their Jacobian as numbers: exact derivatives, or difference quotients where these would be too long.

    Attributes
    ----------
    exact : bool
        Which of the two it is.
    """

    def __init__(self, frozen: Frozen) -> None:
        self.frozen, self.discrete = frozen, frozen.discrete
        length = size_of(*(d.expression for d in frozen.system.varying), *(s.derivative for s in frozen.states))
        self.exact = length * len(frozen.states) <= LARGEST

    @cached_property
    def flow(self) -> Values:
        """Return the right-hand sides alone as running code."""
        return values_of(self.frozen, {"flow": [s.derivative for s in self.frozen.states]})

    def slopes(self, y: Floats) -> Floats:
        """Return the derivatives of the states, or their next values."""
        return self.frozen.slopes(y) if self.exact else np.array(self.flow("flow", y), dtype=np.float64)

    def residual(self, y: Floats) -> Floats:
        """Return what is 0 at a fixed point."""
        return self.slopes(y) - y if self.discrete else self.slopes(y)

    def matrix(self, y: Floats) -> Floats:
        """Return the Jacobian of the right-hand sides."""
        if self.exact:
            return self.frozen.matrix(y)
        columns = []
        for i in range(len(y)):
            step = LARGEST_STEP * (1 + abs(y[i]))
            ahead, back = y.copy(), y.copy()
            ahead[i], back[i] = y[i] + step, y[i] - step
            columns.append((self.slopes(ahead) - self.slopes(back)) / (ahead[i] - back[i]))
        return np.array(columns).T

    def regular(self, y: Floats, chosen: Sequence[int]) -> bool:
        """Return whether a fixed point is isolated by its linear terms: the Jacobian of what is 0 there has full rank."""
        matrix = _matrix(self, y)[np.ix_(list(chosen), list(chosen))]
        sizes = np.linalg.svd(matrix, compute_uv=False) if np.all(np.isfinite(matrix)) else np.zeros(1)
        return bool(sizes[-1] > 1e-8 * sizes[0])


def polish(field: Field, point: Floats, moving: Sequence[int]) -> tuple[Floats, bool]:
    """Return a fixed point to the last digits, and whether Newton's method arrived or the point solves the equations as far as floats can tell.

    Parameters
    ----------
    moving : sequence of int
        The numbers of the states that have an equation; the others stay.
    """
    chosen, best = list(moving), point.copy()
    least = _size(field, best, chosen)
    for _ in range(20):
        step = _step(field, best, chosen)
        if step is None:
            return best, least <= 1e-9 * (1 + float(np.max(np.abs(best))))
        trial = best.copy()
        trial[chosen] -= step
        size = _size(field, trial, chosen)
        small = bool(np.all(np.abs(step) <= FINISHED * np.maximum(np.abs(best[chosen]), 1e-3 * float(np.max(np.abs(best))) + 1e-9)))
        if not size < least:
            return _rounded(field, best, chosen, least), small or least == 0.0
        best, least = trial, size
        if small:
            return _rounded(field, best, chosen, least), True
    return _rounded(field, best, chosen, least), least <= 1e-12 * (1 + float(np.max(np.abs(best))))


def _rounded(field: Field, point: Floats, chosen: list[int], least: float) -> Floats:
    """Return a point with 0 in the place of what is only rounding, where the equations hold as well there."""
    trial = point.copy()
    trial[np.abs(trial) < 1e-13 * (1 + float(np.max(np.abs(trial))))] = 0.0
    return trial if _size(field, trial, chosen) <= max(least, 1e-15) else point


def _size(field: Field, point: Floats, chosen: list[int]) -> float:
    """Return the largest residual, infinity where there is none."""
    values = field.residual(point)[chosen]
    return float(np.max(np.abs(values))) if np.all(np.isfinite(values)) else np.inf


def _step(field: Field, point: Floats, chosen: list[int]) -> Floats | None:
    """Return Newton's step, None where there is none."""
    matrix = _matrix(field, point)[np.ix_(chosen, chosen)]
    values = field.residual(point)[chosen]
    if not (np.all(np.isfinite(matrix)) and np.all(np.isfinite(values))):
        return None
    try:
        step: Floats = np.asarray(np.linalg.solve(matrix, values), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return step if np.all(np.isfinite(step)) else None


def _matrix(field: Field, point: Floats) -> Floats:
    """Return the Jacobian of what is 0 at a fixed point."""
    matrix = field.matrix(point)
    return matrix - np.eye(len(matrix)) if field.discrete else matrix


def search(field: Field, low: Floats, high: Floats, near: Floats, moving: Sequence[int], seconds: float) -> tuple[list[Floats], int]:
    """Return fixed points to which Newton's method leads from a state and from points spread evenly over a box, and the number of these starts.

    Parameters
    ----------
    low, high : array of shape (n,)
        The box.
    near : array of shape (n,)
        The first start.
    seconds : float
        After this time no further start is tried.
    """
    deadline, chosen = time.monotonic() + seconds, list(moving)
    spread = qmc.Halton(len(chosen), scramble=False).random(STARTS)
    starts = [near]
    for fraction in spread:
        start = near.copy()
        start[chosen] = low[chosen] + fraction * (high - low)[chosen]
        starts.append(start)
    found: list[Floats] = []
    tried = singular = 0
    for start in starts:
        tried += 1
        point = _solved(field, start, chosen)
        if point is not None and np.all((point >= low) & (point <= high)) and not is_known(point, found):
            found.append(point)
            singular += not field.regular(point, chosen)
        if time.monotonic() > deadline or singular > MOST_SINGULAR:
            break
    return found, tried


def is_known(point: Floats, found: Sequence[Floats]) -> bool:
    """Return whether a point is among those found, up to the accuracy of Newton's method at a double root."""
    size = 1e-6 * (1e-3 + np.max(np.abs(point)))
    return any(np.all(np.abs(point - other) <= size) for other in found)


def _solved(field: Field, start: Floats, chosen: list[int]) -> Floats | None:
    """Return the fixed point that is found from a start, None where there is none."""
    if field.discrete:
        start = _iterated(field, start)

    def whole(x: Floats) -> Floats:
        point = start.copy()
        point[chosen] = x
        return point

    def residual(x: Floats) -> Floats:
        return np.nan_to_num(field.residual(whole(x))[chosen], nan=1e300, posinf=1e300, neginf=-1e300)

    def slopes(x: Floats) -> Floats:
        return np.nan_to_num(_matrix(field, whole(x))[np.ix_(chosen, chosen)], nan=0.0, posinf=1e300, neginf=-1e300)

    with np.errstate(all="ignore"):
        x = start[chosen]
        if np.any(residual(x) != 0.0):
            x = root(residual, x, jac=slopes, tol=1e-12).x
        point, arrived = polish(field, whole(x), chosen)
    return point if arrived else None


def _iterated(field: Field, start: Floats) -> Floats:
    """Return where a map leads after some steps, or the start where that runs away."""
    point = start
    for _ in range(ITERATED):
        following = field.slopes(point)
        if not np.all(np.isfinite(following)) or np.max(np.abs(following)) > 1e9:
            return start
        if np.array_equal(following, point):
            break
        point = following
    return point
