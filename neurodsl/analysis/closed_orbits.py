"""Limit cycles, stable ones by integration forward in time, unstable ones of the plane backward, closed on a Poincare section.

References
----------
Parker, Chua, 1989, Practical Numerical Algorithms for Chaotic Systems, chapters 2 and 3. doi:10.1007/978-1-4612-3486-9
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import Polynomial
from scipy.integrate import simpson

from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.jumps import Jumps, joined
from neurodsl.analysis.orbits import Bounds, Floats, Flow, Orbit, integrate

Returned = Callable[[Floats], Orbit | None]

RTOL, ROUGH = 1e-10, 1e-6
"""The tolerance of a closed orbit, and of an orbit that only leads there."""
CLOSED = 1e-8
"""How far, in units of the scale, a point may be from where it returns to."""
BACK = 0.05
"""So near an orbit has to come back to its start to be closed by what follows."""
RETURNS, SECANTS = 12, 12
"""Returns to a section after which an orbit that has not closed is given up, and steps of the secant method."""
CENTRE = 1e-4
"""A closed orbit whose multiplier is 1 within this has others beside it: it belongs to a centre and is no limit cycle."""
SETTLED, REPEATED = 40, 1e-3
"""Jumps after which an orbit with jumps should have settled, and how far it may land from where it landed before."""
SMALLEST = 1e-3
"""A cycle is larger than this in units of the scale."""
ALIKE = 0.01
"""Two cycles whose extent and period differ by less are one."""


@dataclass(frozen=True, eq=False)
class LimitCycle:
    """A closed orbit that others approach or leave: one round, its period, and its Floquet multiplier.

    ``multiplier`` is that across the cycle in two dimensions, exp of the integral of the divergence over a round; None elsewhere.
    """

    orbit: Orbit
    period: float
    stable: bool
    multiplier: float | None

    def extrema(self, state: int) -> tuple[float, float]:
        """Return the smallest and the largest value of a state."""
        values = self.orbit.y[:, state]
        lowest, highest = (_extremum(self.orbit.t, values, int(k)) for k in (values.argmin(), values.argmax()))
        return lowest, highest


def _extremum(t: Floats, values: Floats, k: int) -> float:
    """Return the extremum of the polynomial through a point and two neighbours on either side; the point itself at an end and at a jump."""
    near = slice(k - 2, k + 3)
    if k < 2 or k > len(t) - 3 or not np.all(np.diff(t[near]) > 0):
        return float(values[k])
    scale = float(t[k + 2] - t[k - 2])
    through = Polynomial.fit((t[near] - t[k]) / scale, values[near] - values[k], 4, domain=[-1, 1])
    places = [r.real for r in through.deriv().roots() if abs(r.imag) < 1e-9 and abs(r.real) < 1]
    return float(values[k] + through(min(places, key=abs))) if places else float(values[k])


def limit_cycles(
    frozen: Frozen, jumps: Jumps, forward: Iterable[Floats], backward: Iterable[Floats], duration: float, bounds: Bounds
) -> tuple[LimitCycle, ...]:
    """Return the cycles on which orbits from some points settle.

    Parameters
    ----------
    forward, backward : iterable of array of shape (n,)
        From where they are followed in which direction of time; backward in two dimensions alone.
    duration : float
        How long they may take to settle.
    bounds : Bounds
        With the points that attract forward as targets; backward none are taken for such.
    """
    found: list[LimitCycle] = []
    outward = replace(bounds, targets=np.empty((0, 0)))
    for start, sense in [*((y, 1.0) for y in forward), *((y, -1.0) for y in backward)]:
        if bounds.deadline.leaves_out("the search for limit cycles from some starts"):
            break
        alike = [cycle for cycle in found if cycle.stable == (sense > 0)]
        if _is_on(start, alike, bounds):
            continue
        cycle = _periodic(jumps, start, duration, bounds) if jumps.used and sense > 0 else None
        cycle = cycle or _settled(frozen, jumps, start, sense, duration, bounds if sense > 0 else outward, alike)
        if cycle is not None and not any(_alike(cycle, known, bounds) for known in found):
            found.append(cycle)
    return tuple(found)


def _is_on(y: Floats, cycles: Iterable[LimitCycle], bounds: Bounds) -> bool:
    """Return whether a point lies on one of some cycles, nearly; a stable one may come as close to an unstable one."""
    return any(float(np.min(np.max(np.abs(cycle.orbit.y - y) / bounds.scale, axis=1))) < ALIKE for cycle in cycles)


def _settled(
    frozen: Frozen, jumps: Jumps, start: Floats, sense: float, duration: float, bounds: Bounds, known: Iterable[LimitCycle]
) -> LimitCycle | None:
    """Return the cycle without jumps that an orbit settles on, None where there is none or it is known."""

    def flow(y: Floats) -> Floats:
        return sense * frozen.slopes(y)

    surfaces = jumps.levels if jumps.used else None
    settled = integrate(flow, start, duration, bounds, surfaces, ROUGH)
    if settled.stopped != "time" or _at_rest(flow, settled.y[-1], duration, bounds) or _is_on(settled.y[-1], known, bounds):
        return None
    closed = _closed(flow, settled.y[-1], duration, bounds)
    if closed is None:
        return None
    span = float(np.max(np.ptp(closed.y, axis=0) / bounds.scale))
    multiplier = _multiplier(frozen, closed) if len(frozen.states) == 2 else None
    if span < SMALLEST or (multiplier is not None and multiplier > 0 and abs(np.log(multiplier)) < CENTRE):
        return None
    if surfaces is not None and any(level > 0 for y in closed.y for level in surfaces(y)):
        return None
    forward = closed if sense > 0 else Orbit(closed.t[-1] - closed.t[::-1], closed.y[::-1], closed.stopped)
    return LimitCycle(forward, float(closed.t[-1]), sense > 0 if multiplier is None else multiplier < 1, multiplier)


def _at_rest(flow: Flow, y: Floats, duration: float, bounds: Bounds) -> bool:
    """Return whether an orbit does not move any more."""
    return bool(np.max(np.abs(flow(y)) / bounds.scale) * duration < SMALLEST)


def _closed(flow: Flow, start: Floats, duration: float, bounds: Bounds) -> Orbit | None:
    """Return one round of the closed orbit near a point, None where no orbit closes there.

    The section is normal to the flow at the point. In two dimensions the zero of the return map minus its argument is found by secants, else by
    following the orbit until it is back; an orbit may pass the section several times in a round.
    """
    normal = flow(start) / bounds.scale**2
    normal = normal / np.max(np.abs(normal) * bounds.scale)

    def section(y: Floats) -> tuple[float, ...]:
        return (float(normal @ (y - start)),)

    def returned(y: Floats) -> Orbit | None:
        """Return the orbit to its first return to the section near where it began, None where it does not come back."""
        parts: list[Orbit] = []
        for _ in range(RETURNS):
            here = parts[-1].y[-1] if parts else y
            # First off the section, on which it stands.
            parts.append(integrate(flow, here, 1e-3 / np.max(np.abs(flow(here)) / bounds.scale), bounds, None, RTOL))
            parts.append(integrate(flow, parts[-1].y[-1], duration, bounds, section, RTOL))
            if parts[-1].stopped != "surface":
                return None
            if bounds.distance(parts[-1].y[-1], y) < BACK:
                return joined(parts)
        return None

    if len(start) == 2:
        along = np.array([-normal[1], normal[0]])
        return _by_secants(start, along / np.max(np.abs(along) / bounds.scale), returned, bounds)
    found, gap = returned(start), np.inf
    for _ in range(SECANTS):
        if found is None:
            return None
        before, gap = gap, bounds.distance(found.y[0], found.y[-1])
        if gap < CLOSED or gap >= before:
            break
        found = returned(found.y[-1])
    return found if gap < 100 * CLOSED else None


def _by_secants(start: Floats, along: Floats, returned: Returned, bounds: Bounds) -> Orbit | None:
    """Return the closed orbit through a line in the plane on which the orbit through a point returns to where it began."""
    at, before, gap_before = 0.0, 0.0, np.nan
    for _ in range(SECANTS):
        found = returned(start + at * along)
        if found is None:
            return None
        if bounds.distance(found.y[0], found.y[-1]) < CLOSED:
            return found
        gap = float((found.y[-1] - found.y[0]) @ along / (along @ along))
        ahead = at + gap if not np.isfinite(gap_before) or gap == gap_before else at - gap * (at - before) / (gap - gap_before)
        before, gap_before, at = at, gap, ahead
        if not abs(at) < 1.0:
            return None
    return None


def _multiplier(frozen: Frozen, orbit: Orbit) -> float:
    """Return the Floquet multiplier across a closed orbit of the plane by Liouville's formula."""
    traces = np.array([np.trace(frozen.matrix(y)) for y in orbit.y])
    return float(np.exp(simpson(traces, x=orbit.t)))


def _periodic(jumps: Jumps, start: Floats, duration: float, bounds: Bounds) -> LimitCycle | None:
    """Return the cycle with jumps that an orbit settles on: it is put where it was put some jumps before."""
    orbit = jumps.orbit(start, duration, bounds, ROUGH, SETTLED)
    landed = [orbit.y[k] for k in orbit.jumps]
    for count in range(1, min(RETURNS, len(landed) - 1) + 1):
        if bounds.distance(landed[-1], landed[-1 - count]) < REPEATED:
            return _round_of(jumps, landed[-1], count, duration, bounds)
    return None


def _round_of(jumps: Jumps, start: Floats, count: int, duration: float, bounds: Bounds) -> LimitCycle | None:
    """Return the cycle with so many jumps near a point at which one has put the state, by Steffensen's method on the map from there to there."""
    for _ in range(RETURNS):
        landed = [start]
        for _ in range(2):
            orbit = jumps.orbit(landed[-1], duration, bounds, RTOL, count + 1)
            if len(orbit.jumps) < count:
                return None
            last = orbit.jumps[count - 1]
            landed.append(orbit.y[last])
            if bounds.distance(landed[-1], landed[-2]) < CLOSED:
                piece = Orbit(orbit.t[: last + 1], orbit.y[: last + 1], "surface", -1, orbit.jumps[:count])
                return LimitCycle(piece, float(piece.t[-1]), True, None)
        first, second = landed[1] - landed[0], landed[2] - landed[1]
        bend = second - first
        known = np.abs(bend) > 1e-3 * np.abs(first)
        start = np.where(known, landed[0] - first**2 / np.where(known, bend, 1.0), landed[2])
    return None


def _alike(a: LimitCycle, b: LimitCycle, bounds: Bounds) -> bool:
    """Return whether two cycles are the same."""
    low = bounds.distance(a.orbit.y.min(axis=0), b.orbit.y.min(axis=0))
    high = bounds.distance(a.orbit.y.max(axis=0), b.orbit.y.max(axis=0))
    return a.stable == b.stable and max(low, high) < 10 * ALIKE and abs(a.period - b.period) < 10 * ALIKE * a.period
