"""Where along a curve of fixed points differences among neurons that are alike begin to grow: symmetry breaks there.

What neurons that are alike share does not change its stability at such a point, so that the network of the kinds knows nothing of it.

References
----------
Golubitsky, Stewart, Schaeffer, 1988, Singularities and Groups in Bifurcation Theory II, Springer, chapter XIII. doi:10.1007/978-1-4612-4574-2
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from neurodsl.analysis.continuation import correct
from neurodsl.analysis.critical import Point
from neurodsl.analysis.deviations import Deviations, deviations
from neurodsl.analysis.linear_stability import growth_of

Floats = NDArray[np.float64]
SECONDS = 5.0
"""The time for looking at all points of a curve; where it does not do, fewer are looked at."""
FEWEST = 12
"""Where it does not do for so many, none are; of a small network so many always are."""
SMALL = 200


@dataclass(frozen=True)
class Breaking:
    """A point at which differences among neurons that are alike begin to grow: ``z`` with the parameter behind the states, and ``omega`` of a pair."""

    point: Point
    z: Floats
    omega: float | None


def apart_of(point: Point, z: Floats) -> Deviations | None:
    """Return how differences grow at a point of a curve."""
    family = point.family
    frozen = family.frozen.at({family.parameter.name: float(z[-1])})
    return deviations(frozen, z[:-1], range(len(frozen.states)))


def growth(points: Sequence[Point]) -> Floats:
    """Return how fast differences grow at each point of a curve, of shape (points,): between those that are looked at, by interpolation.

    Not a number where that is not found or takes too long, or where no neurons stand for others.
    """
    whole = points[0].family.frozen.whole if points else None
    if whole is None:
        return np.full(len(points), np.nan)
    found = {0: _growth(points[0], points[0].z)}  # the first one also makes the functions
    began = time.monotonic()
    found[len(points) - 1] = _growth(points[-1], points[-1].z)
    each = max(time.monotonic() - began, 1e-6)
    count = int(min(len(points), max(SECONDS / each, FEWEST if whole.size <= SMALL else 0)))
    if count < min(FEWEST, len(points)):
        return np.full(len(points), np.nan)
    for k in np.unique(np.linspace(0, len(points) - 1, count).astype(int)).tolist():
        found.setdefault(k, _growth(points[k], points[k].z))
    at = sorted(found)
    return np.asarray(np.interp(np.arange(len(points)), at, [found[k] for k in at]), dtype=np.float64)


def _growth(point: Point, z: Floats) -> float:
    apart = apart_of(point, z)
    return np.nan if apart is None else growth_of(apart.eigenvalues[0], point.family.frozen.discrete)


def breakings(points: Sequence[Point], grown: Floats) -> Iterator[Breaking]:
    """Yield where differences begin to grow along a curve."""
    for k in np.flatnonzero(np.sign(grown[:-1]) * np.sign(grown[1:]) < 0).tolist():
        number = _bracket(points, k, float(np.sign(grown[k])))
        found = None if number is None else _between(points[number], points[number + 1])
        if found is not None:
            yield found


def _bracket(points: Sequence[Point], k: int, sign: float) -> int | None:
    """Return the number of the point behind which growth changes its sign, near one where interpolated values do."""
    first, second = k, k + 1
    while first >= 0 and not sign * _growth(points[first], points[first].z) > 0:
        first, second = first - 1, first
    while second < len(points) and sign * _growth(points[second], points[second].z) > 0:
        first, second = second, second + 1
    return first if first >= 0 and second < len(points) else None


def _between(here: Point, there: Point) -> Breaking | None:
    """Return the point between two of a curve at which differences neither grow nor decay; None where their growth jumps across 0."""
    run = there.z - here.z
    across = run / here.unit / max(float(np.linalg.norm(run / here.unit)), 1e-300)

    def on_curve(part: float) -> Floats:
        found = correct(here.family, here.z + part * run, across, here.unit)
        return here.z + part * run if found is None else found

    def rate(part: float) -> float:
        return _growth(here, on_curve(part))

    if not rate(0.0) * rate(1.0) < 0:
        return None
    z = on_curve(float(brentq(rate, 0.0, 1.0, xtol=1e-14, rtol=1e-14)))
    apart = apart_of(here, z)
    if apart is None or abs(_growth(here, z)) > 1e-6 * (1 + abs(apart.eigenvalues[0])):
        return None
    turning = abs(apart.eigenvalues[0].imag)
    return Breaking(here, z, turning if turning > 1e-7 else None)
