"""Which part of a line or a plane is worth looking at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sympy import Expr

from neurodsl.analysis.contours import Floats, Range
from neurodsl.analysis.domain import MILLIVOLT
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.jumps import Jumps
from neurodsl.analysis.nullclines import Box, grid_of, nullcline
from neurodsl.analysis.orbits import Bounds, Deadline, Orbit
from neurodsl.analysis.plane import Plane
from neurodsl.system import State

MARGIN = 0.1
"""How much wider than what it shows a range is on both sides."""
FAR = 6.0
"""What lies farther out than so many times the range of the rest, or the size of its values, is left out."""
POINT = 0.005
"""A range that is smaller than so many parts of the way to a threshold is nearly a point, and tells nothing of how far is far."""
COARSE, FEW = 41, 3
"""Points of a grid along each axis, and jumps of an orbit, that only tell how large the picture should be."""
FEWEST = 7
"""Fixed points that are more than that are those of something periodic, and are not all shown."""
LARGEST = 1e6
"""An orbit whose states become so many times larger than they began, or than 1, runs away."""


@dataclass(frozen=True)
class Line:
    """A value of a state at which something happens: a ``threshold`` or a ``reset``."""

    state: int
    value: float
    kind: str


def lines_of(jumps: Jumps) -> tuple[Line, ...]:
    """Return the constant thresholds of a system and the constant values that its events give to states."""
    frozen, found = jumps.frozen, []
    for name, levels in frozen.system.thresholds.items():
        numbers = [k for k, s in enumerate(frozen.states) if s.name.partition("[")[0] == name]
        found += [Line(k, value, "threshold") for k in numbers for level in levels if (value := _number(frozen, level)) is not None]
    for event in jumps.events:
        for action in event.actions:
            if action.kind == "set" and action.value is not None:
                value = _number(frozen, action.value)
                found += [Line(action.target, value, "reset")] if value is not None and frozen.states[action.target].shown else []
    return tuple(dict.fromkeys(found))


def _number(frozen: Frozen, expression: Expr) -> float | None:
    """Return the value of a constant expression, None where it is not constant."""
    value = frozen.exact(expression).evalf()
    return float(value) if value.is_number and value.is_finite and value.is_real else None


def run_bounds(plane: Plane, deadline: Deadline) -> Bounds:
    """Return bounds that stop an orbit which runs away, before it is known how large it is."""
    size = np.maximum(np.abs(plane.start), 1.0)
    return Bounds(size, deadline, -LARGEST * size, LARGEST * size)


def range_of(values: Iterable[float], lines: Iterable[float], orbit: Floats | None = None, times: Floats | None = None) -> Range:
    """Return the range of some values, an orbit of shape (m,), and of the lines those that are not far away; a point where all are the same.

    Of an orbit that spends nearly all its time in a small part of its range, as one that escapes to infinity does, that part counts.
    """
    shown = [float(v) for v in values if np.isfinite(v)]
    if orbit is not None and times is not None and np.isfinite(orbit).all():
        shown += _extent(orbit, times)
    low, high = (min(shown), max(shown)) if shown else (0.0, 0.0)
    far = sorted((v for v in lines if np.isfinite(v)), key=lambda v: max(low - v, v - high))
    for value in far:
        distance, width = max(low - value, value - high), high - low
        if distance <= FAR * max(width, abs(low), abs(high)) or width <= POINT * distance:
            low, high = min(low, value), max(high, value)
    return low, high


def _extent(orbit: Floats, times: Floats) -> list[float]:
    """Return the range of an orbit, or of nine tenths of its time where it ends far out of that."""
    low, high = float(orbit.min()), float(orbit.max())
    if len(times) < 3 or times[-1] <= 0:
        return [low, high]
    even = np.interp(np.linspace(0.0, float(times[-1]), 2001), times, orbit)
    often = [float(q) for q in np.quantile(even, (0.05, 0.95))]
    width = often[1] - often[0]
    leaves = max(often[0] - orbit[-1], orbit[-1] - often[1]) > width
    return often if leaves and high - low > FAR * width and width > 1e-9 * (abs(low) + abs(high)) else [low, high]


def with_margin(limits: Range, part: float = MARGIN) -> Range:
    """Return a range that is wider on both sides; around a point one that is as large as its value, and at least 1."""
    if limits[1] - limits[0] <= 1e-6 * max(abs(limits[0]), abs(limits[1])):
        half = max(1.0, 0.5 * abs(limits[0]))
        return limits[0] - half, limits[1] + half
    margin = part * (limits[1] - limits[0])
    return limits[0] - margin, limits[1] + margin


def with_points(limits: Range, points: Sequence[float]) -> Range:
    """Return a range that also shows fixed points: where they are few all that are not far away, else those that are near."""
    return range_of(limits, points) if len(points) <= FEWEST else range_of([*limits, *near(limits, points)], [])


def near(limits: Range, values: Iterable[float], reach: float = FAR / 2) -> list[float]:
    """Return the values that lie in a range or not far outside of it."""
    width = max(limits[1] - limits[0], abs(limits[0]), abs(limits[1]), 1.0 if limits[0] == limits[1] else 0.0)
    return [v for v in values if limits[0] - reach * width <= v <= limits[1] + reach * width]


def default_box(plane: Plane, jumps: Jumps, orbit: Orbit, points: Sequence[Floats], duration: float, deadline: Deadline) -> Box:
    """Return the part of a plane that shows the orbit from the initial values, fixed points, turns of nullclines, thresholds and attractors.

    Parameters
    ----------
    orbit : Orbit
        From the initial values of the file.
    points : sequence of array of shape (n,)
        The fixed points.
    duration : float
        How long orbits from the corners are followed to see where they lead.
    """
    marks = lines_of(jumps)
    ranges: list[Range] = []
    for k in plane.axes:
        shown = range_of([plane.start[k]], [], orbit.y[:, k], orbit.t)
        shown = range_of(with_points(shown, [float(p[k]) for p in points]), [line.value for line in marks if line.state == k])
        ranges.append((0.0, 1.0) if _is_gate(plane.frozen, k, orbit, points) else _of_a_cell(plane.frozen.states[k], shown))
    gates = [limits == (0.0, 1.0) for limits in ranges]
    for look in (_excursions, _turns, _attractors):
        values = look(plane, jumps, (ranges[0], ranges[1]), duration, deadline)
        ranges = [r if gate else range_of([*r, *(v[k] for v in values)], []) for k, (r, gate) in enumerate(zip(ranges, gates, strict=True))]
    box = [limits if gate else with_margin(limits) for limits, gate in zip(ranges, gates, strict=True)]
    return box[0], box[1]


def _of_a_cell(state: State, shown: Range) -> Range:
    """Return the range of a potential, where that is nearly a point around a resting cell, as wide as the response to a push needs."""
    if not state.unit.same_dimension(MILLIVOLT) or shown[1] - shown[0] > POINT * max(abs(shown[0]), abs(shown[1])):
        return shown
    around = 0.5 * (shown[0] + shown[1])
    return with_margin((around, around))


def _excursions(plane: Plane, jumps: Jumps, box: Box, duration: float, deadline: Deadline) -> list[tuple[float, float]]:
    """Return corners of the orbits from both ends of the range of x: of a cell at rest, its response to a push."""
    found: list[tuple[float, float]] = []
    bounds = run_bounds(plane, deadline)
    for part in () if plane.frozen.discrete else (0.001, 0.999):
        state = plane.start.copy()
        state[plane.x] = box[0][0] + part * (box[0][1] - box[0][0])
        orbit = jumps.orbit(state, duration, bounds, 1e-6, FEW)
        if orbit.stopped in ("time", "surface"):
            ends = np.array([_excursion(orbit.y[:, k], orbit.t, limits) for k, limits in zip(plane.axes, box, strict=True)])
            found += [(float(x), float(y)) for x, y in ends.T]
    return found


def _excursion(orbit: Floats, times: Floats, limits: Range) -> list[float]:
    """Return the range of an orbit, of one that goes far out of some limits that in which it spends nine tenths of its time."""
    whole = [float(orbit.min()), float(orbit.max())]
    return whole if near(limits, whole, FAR) == whole else _extent(orbit, times)


def _turns(plane: Plane, jumps: Jumps, box: Box, duration: float, deadline: Deadline) -> list[tuple[float, float]]:
    """Return the points near a box at which a nullcline turns from rising to falling, or from right to left."""
    wide = (_widened(box[0], 0.25), _widened(box[1], 1.0))
    grid, found = grid_of(plane, wide, COARSE, deadline), []
    for axis in (0, 1):
        for curve in nullcline(plane, axis, wide, grid).curves:
            for k in (0, 1):
                steps = np.diff(curve[:, k])
                turning = np.flatnonzero((steps[:-1] * steps[1:] < 0) & (np.abs(steps[:-1]) < 0.1 * (wide[k][1] - wide[k][0]))) + 1
                found += [(float(x), float(y)) for x, y in curve[turning]]
    inside = [(x, y) for x, y in found if wide[0][0] < x < wide[0][1] and wide[1][0] < y < wide[1][1]]
    return inside if len(inside) <= COARSE else []


def _widened(limits: Range, part: float) -> Range:
    """Return a range that is wider by a part of itself, or twice as large as the values in it where that is more."""
    low, high = with_margin(limits, part)
    size = 2.0 * part * max(abs(low), abs(high))
    return (min(low, limits[0] - size), max(high, limits[1] + size)) if limits != (0.0, 1.0) else limits


def _attractors(plane: Plane, jumps: Jumps, box: Box, duration: float, deadline: Deadline) -> list[tuple[float, float]]:
    """Return corners of what orbits from the corners of a box settle on, of those that stay near it."""
    found: list[tuple[float, float]] = []
    if plane.frozen.discrete:
        return found
    wide = np.array([with_margin(limits, 2.0) for limits in box])
    bounds = run_bounds(plane, deadline)
    for x in box[0]:
        for y in box[1]:
            if deadline.leaves_out("orbits that tell how large the picture should be"):
                return found
            state = plane.point(x, y)
            if not np.all(np.isfinite(state)) or (jumps.used and max(jumps.levels(state)) > 0):
                continue
            orbit = jumps.orbit(state, duration, bounds, 1e-6, 2 * FEW)
            late = orbit.y[orbit.t >= 0.5 * orbit.t[-1]][:, plane.axes]
            if orbit.stopped in ("time", "surface") and np.all(late >= wide[:, 0]) and np.all(late <= wide[:, 1]):
                found += [(float(x), float(y)) for x, y in (late.min(axis=0), late.max(axis=0))]
    return found


def _is_gate(frozen: Frozen, k: int, orbit: Orbit, points: Sequence[Floats]) -> bool:
    """Return whether a state is a pure number that the flow keeps between 0 and 1, as gates and fractions are."""
    sample = np.vstack([orbit.y[:: max(1, len(orbit.y) // 20)], *points])
    values = np.concatenate([orbit.y[:, k], sample[:, k]])
    if frozen.discrete or not frozen.states[k].unit.is_dimensionless or values.min() < -1e-9 or values.max() > 1 + 1e-9:
        return False
    at_0, at_1 = sample.copy(), sample.copy()
    at_0[:, k], at_1[:, k] = 0.0, 1.0
    return all(frozen.slopes(y)[k] >= 0 for y in at_0) and all(frozen.slopes(y)[k] <= 0 for y in at_1)
