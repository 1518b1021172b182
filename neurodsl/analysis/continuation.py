"""Curves of fixed points in the space of the states and one parameter, followed step by step.

Pseudo-arclength continuation: a step along the tangent, then Newton's method across it, so that a curve is followed around its folds.
Keller, 1977, in: Applications of Bifurcation Theory, pp. 359-384; Kuznetsov, *Elements of Applied Bifurcation Theory*, 2004, section 10.2
(doi:10.1007/978-1-4757-3978-7).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurodsl.analysis.family import Family, Floats

LONGEST, SHORTEST = 0.02, 1e-7
"""Steps, in units in which the interval of the parameter and the states are about 1 long."""
STEPS = 2000
"""The most steps from a start in one direction."""
TURN = 0.97
"""The least cosine of the angle between neighbouring tangents."""
NEWTON = 8
TOLERANCE = 1e-12
FAR = 1e4
"""Beyond so many of its units a curve has left."""


@dataclass(frozen=True)
class Region:
    """Where curves are followed: an interval of the parameter, bounds of the states, and the unit of each coordinate."""

    low: Floats
    high: Floats
    unit: Floats

    def holds(self, z: Floats) -> bool:
        """Return whether a point lies in it."""
        return bool(np.all(np.isfinite(z)) and np.all(z >= self.low) and np.all(z <= self.high) and np.all(np.abs(z / self.unit) < FAR))


def tangent(gradient: Floats, unit: Floats, along: Floats | None = None) -> Floats:
    """Return the direction, of length 1 in the units, in which the residual stays 0; ``along`` chooses its sign, or which of several."""
    _, _, rows = np.linalg.svd(gradient * unit)
    found = np.asarray(rows[-1], dtype=np.float64)
    return -found if along is not None and found @ along < 0 else found


def correct(family: Family, guess: Floats, across: Floats, unit: Floats) -> Floats | None:
    """Return the fixed point in the plane through a guess that is normal to ``across``, by Newton's method, or None."""
    z = guess.copy()
    for _ in range(NEWTON):
        residual, gradient = family.residual(z), family.gradient(z) * unit
        if not (np.all(np.isfinite(residual)) and np.all(np.isfinite(gradient))):
            return None
        full = np.vstack([gradient, across])
        step, *_ = np.linalg.lstsq(full, np.append(residual, across @ ((z - guess) / unit)), rcond=1e-14)
        z = z - unit * step
        if np.max(np.abs(step)) < TOLERANCE * (1 + np.max(np.abs(z / unit))):
            return z
    return None


def follow(family: Family, start: Floats, direction: Floats, region: Region, deadline: float) -> Floats:
    """Return the points of a curve from a fixed point on, of shape (points, n + 1); the first one out of the region is the last.

    Parameters
    ----------
    direction : array of shape (n + 1,)
        In the units of the region; the tangent that points along it is taken.
    deadline : float
        In seconds of ``time.monotonic``.
    """
    unit, points = region.unit, [start]
    ahead, step = tangent(family.gradient(start), unit, direction), LONGEST / 4
    first = ahead
    while len(points) < STEPS and time.monotonic() < deadline and (len(points) == 1 or region.holds(points[-1])):
        z = points[-1]
        found = correct(family, z + step * unit * ahead, ahead, unit)
        turned = None
        if found is not None and np.linalg.norm((found - z) / unit) < 2 * step:
            turned = tangent(family.gradient(found), unit, ahead)
        if found is None or turned is None or turned @ ahead < TURN:
            step /= 2
            if step < SHORTEST:
                break
            continue
        points.append(found)
        ahead = turned
        step = min(LONGEST, 1.5 * step)
        if len(points) > 10 and np.linalg.norm((found - start) / unit) < step and ahead @ first > TURN:
            points.append(start)
            break
    return np.array(points)


def lies_on(family: Family, z: Floats, curves: Sequence[Floats], unit: Floats) -> bool:
    """Return whether a fixed point lies on one of the curves."""
    for curve in curves:
        points = curve / unit
        base, run = points[:-1], np.diff(points, axis=0)
        length = np.maximum(np.sum(run**2, axis=1), 1e-300)
        at = np.clip(np.sum((z / unit - base) * run, axis=1) / length, 0, 1)[:, None]
        away = np.linalg.norm(base + at * run - z / unit, axis=1)
        for k in np.argsort(away)[:3]:
            if away[k] > 0.3 * LONGEST + 0.3 * length[k] ** 0.5:
                break
            across = run[k] / length[k] ** 0.5
            guess = curve[k] + at[k] * (curve[k + 1] - curve[k])
            there = correct(family, guess, across, unit)
            if there is not None and np.max(np.abs((there - z) / unit)) < 1e-5:
                return True
    return False


def whole(family: Family, start: Floats, direction: Floats, region: Region, deadline: float) -> Floats:
    """Return a curve followed from a fixed point both ways."""
    ahead = follow(family, start, direction, region, deadline)
    if len(ahead) > 10 and np.array_equal(ahead[-1], start):
        return ahead
    back = follow(family, start, -tangent(family.gradient(start), region.unit, direction), region, deadline)
    return np.concatenate([back[:0:-1], ahead])


@np.errstate(all="ignore")
def newton(family: Family, start: Floats, p: float, steps: int = 40) -> Floats | None:
    """Return a fixed point at a value of the parameter, by Newton's method with halved steps from a start, or None."""
    z = np.append(start, p)
    residual = family.residual(z)
    for _ in range(steps):
        matrix = family.gradient(z)[:, :-1]
        if not (np.all(np.isfinite(residual)) and np.all(np.isfinite(matrix))):
            return None
        step, *_ = np.linalg.lstsq(matrix, residual, rcond=1e-13)
        size = np.linalg.norm(residual)
        for halving in range(6):
            there = z - np.append(step, 0) / 2**halving
            after = family.residual(there)
            if np.all(np.isfinite(after)) and np.linalg.norm(after) <= (1 - 0.1 / 2**halving) * size + 1e-15:
                break
        z, residual = there, after
        if np.max(np.abs(step)) < TOLERANCE * (1 + np.max(np.abs(z))):
            return z if np.all(np.isfinite(z)) else None
    return None
