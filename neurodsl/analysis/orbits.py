"""Orbits of a frozen system: integrated step by step, with the jumps of its events, within bounds of space and time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import LSODA
from scipy.optimize import brentq

Floats = NDArray[np.float64]
Flow = Callable[[Floats], Floats]

WITHIN = np.array([0.25, 0.5, 0.75, 1.0])
"""Where in each step of the solver points are kept, so that a curve drawn through them is smooth, and surfaces are looked at."""
MOST_STEPS = 20_000
NEAR = 1e-4
"""An orbit so close to a point that attracts, in units of the scale of each state, has arrived."""


class Deadline:
    """A moment after which work that is not needed is left out, and what was."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until = time.monotonic() + seconds
        self.left_out: list[str] = []

    @property
    def passed(self) -> bool:
        """Return whether it lies behind us."""
        return time.monotonic() > self.until

    def leaves_out(self, what: str) -> bool:
        """Return whether it has passed, and then remember what is left out for that."""
        if self.passed and what not in self.left_out:
            self.left_out.append(what)
        return self.passed


@dataclass(frozen=True, eq=False)
class Orbit:
    """A solution: times of shape (m,) and states of shape (m, n).

    ``stopped`` tells why it ended: ``time`` is up, at a ``surface`` (whose number is ``surface``), at ``rest``, ``outside`` of its bounds,
    ``late`` where the work took too long, ``failed`` where the solver could not go on. ``jumps`` holds the indices of points that an event put
    where they are, from the point before.
    """

    t: Floats
    y: Floats
    stopped: str
    surface: int = -1
    jumps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Bounds:
    """Where an orbit ends: outside of a box, at points that attract it, when the time for the work is up.

    Attributes
    ----------
    scale : array of shape (n,)
        The size of each state, for distances.
    low, high : array of shape (n,), optional
        The box.
    targets : array of shape (k, n)
        Points at which orbits come to rest.
    """

    scale: Floats
    deadline: Deadline
    low: Floats | None = None
    high: Floats | None = None
    targets: Floats = field(default_factory=lambda: np.empty((0, 0)))

    def distance(self, a: Floats, b: Floats) -> float:
        """Return the distance of two points in units of the scale."""
        return float(np.max(np.abs(a - b) / self.scale))

    def end(self, y: Floats) -> str | None:
        """Return why an orbit ends at a point, None where it goes on."""
        if self.low is not None and self.high is not None and not ((y >= self.low).all() and (y <= self.high).all()):
            return "outside" if np.isfinite(y).all() else "failed"
        if not np.isfinite(y).all():
            return "failed"
        if any(self.distance(y, target) < NEAR for target in self.targets):
            return "rest"
        return "late" if self.deadline.passed else None


def integrate(
    flow: Flow,
    start: Sequence[float] | Floats,
    duration: float,
    bounds: Bounds,
    surfaces: Callable[[Floats], Sequence[float]] | None = None,
    rtol: float = 1e-8,
) -> Orbit:
    """Return the orbit from a point until one of the surfaces turns positive, by LSODA, which copes with stiff equations.

    Parameters
    ----------
    flow : callable
        The derivatives at a point of shape (n,); its negative for the orbit backward in time.
    surfaces : callable
        Functions of the point; where one of them changes from negative to positive the orbit stops, at the zero.

    References
    ----------
    Petzold, 1983, SIAM J. Sci. Stat. Comput. 4:136-148. doi:10.1137/0904010
    """
    begin = np.asarray(start, dtype=np.float64)
    times, points = [0.0], [begin]
    if duration <= 0 or not np.all(np.isfinite(flow(begin))):
        return Orbit(np.array(times), np.array(points), "time" if duration <= 0 else "failed")
    solver = LSODA(lambda t, y: flow(y), 0.0, begin, duration, rtol=rtol, atol=rtol * 1e-2 * bounds.scale)
    level = None if surfaces is None else np.asarray(surfaces(begin))
    stopped, crossed = "time", -1
    for _ in range(MOST_STEPS):
        solver.step()
        if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
            stopped = "failed"
            break
        dense = solver.dense_output()
        inner = solver.t_old + WITHIN * (solver.t - solver.t_old)
        block = dense(inner).T
        found = None
        if surfaces is not None and level is not None:
            levels = [level, *(np.asarray(surfaces(y)) for y in block)]
            found, level = _crossing(dense, surfaces, levels, [solver.t_old, *inner.tolist()]), levels[-1]
        if found is not None:
            stopped, (moment, crossed) = "surface", found
            block = np.vstack([block[inner < moment], dense(moment)])
            inner = np.append(inner[inner < moment], moment)
        times += inner.tolist()
        points += list(block)
        stopped = stopped if found is not None else bounds.end(points[-1]) or "time"
        if stopped != "time" or solver.status == "finished":
            break
    else:
        stopped = "failed"
    return Orbit(np.array(times), np.array(points), stopped, crossed)


def _crossing(
    dense: Callable[[float], Floats], surfaces: Callable[[Floats], Sequence[float]], levels: Sequence[Floats], times: Sequence[float]
) -> tuple[float, int] | None:
    """Return when within a step which surface first turns from negative to positive, None where none does."""

    def level(k: int, t: float) -> float:
        return float(surfaces(dense(t))[k])

    for (begin, end), (before, after) in zip(pairwise(times), pairwise(levels), strict=True):
        # The dense output differs from the solution at the ends of a step by rounding: who stands on a surface there has not crossed it.
        turned = [k for k in np.flatnonzero((before < 0) & (after >= 0)).tolist() if level(k, begin) < 0 <= level(k, end)]
        if turned:
            return min((float(brentq(partial(level, k), begin, end, xtol=1e-14, rtol=1e-14)), k) for k in turned)
    return None
