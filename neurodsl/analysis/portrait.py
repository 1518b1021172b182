"""Phase portraits: everything that is drawn of the plane of two states, as numbers.

References
----------
Izhikevich, 2007, Dynamical Systems in Neuroscience, MIT Press, chapter 4. Strogatz, 2015, Nonlinear Dynamics and Chaos, Westview Press, chapters 6 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import numpy as np

from neurodsl.analysis.closed_orbits import LimitCycle, limit_cycles
from neurodsl.analysis.contours import Floats, Range
from neurodsl.analysis.drawn import Drawn
from neurodsl.analysis.fixed_points import fixed_points
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.jumps import Jumps, jumps_of
from neurodsl.analysis.nullclines import Box, Grid, Nullcline, grid_of, nullcline
from neurodsl.analysis.orbits import Bounds, Deadline, Orbit, integrate
from neurodsl.analysis.plane import Plane, plane_of
from neurodsl.analysis.points import FixedPoint, remarks
from neurodsl.analysis.viewport import Line, default_box, lines_of, run_bounds, with_margin
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.units import describe

SECONDS = 10.0
"""After this time what is not drawn yet is left out, and the portrait says so."""
FINE, ROUGH = 161, 49
"""Points of the grid along each axis, and of one over which steady values are searched by numbers."""
DEFAULT_DURATION = 100.0
SETTLING = 3.0
"""How many times longer orbits may take to settle on a cycle."""
STARTS = ((0.12, 0.12), (0.88, 0.88), (0.12, 0.88), (0.88, 0.12))
"""Where the trajectories begin that nobody asked for, in parts of the box; with resets every second, the others are near the threshold."""
STEP_ASIDE = 1e-5
"""How far from a saddle its separatrices begin, in parts of the box."""
BESIDE = (0.002, 0.02, 0.1)
"""How far from a fixed point orbits begin that look for a cycle around it, in parts of the box."""
DRAWN = 1e-7
"""The tolerance of a trajectory."""
ARROWS = 5
"""Jumps that are drawn from a threshold."""


@dataclass(frozen=True)
class Axis:
    """A state on an axis: its number, name, label, unit and range."""

    number: int
    name: str
    doc: str | None
    unit: str
    low: float
    high: float

    def said(self, text: str) -> str:
        """Return a number or a range with the unit behind it."""
        return text if self.unit == "1" else f"{text} {self.unit}"


@dataclass(frozen=True, eq=False)
class Separatrix:
    """An orbit that ends (``stable``) or begins in a saddle."""

    orbit: Orbit
    stable: bool


@dataclass(frozen=True, eq=False)
class Portrait(Drawn):
    """The plane of two states.

    Attributes
    ----------
    title : str
        What the author calls the model.
    changed : mapping of str to (str, str)
        The values that are not those of the file, each with its unit.
    x, y : Axis
    grid : Grid
        The field.
    nullclines : tuple of Nullcline
    fixed_points : tuple of FixedPoint
        Inside of the box.
    orbits : tuple of Orbit
        Trajectories; their points are states of shape (m, n), of which the numbers of the axes are drawn.
    separatrices : tuple of Separatrix
    cycles : tuple of LimitCycle
    lines : tuple of Line
        Thresholds and resets.
    jumps : array of shape (k, 2, 2)
        From where to where an event puts points on its threshold.
    steady, held : tuple of str
        What the other states are in the field and the nullclines: at their steady state, or at their initial value.
    notes : tuple of str
        What was assumed, and what was left out.
    """

    drawing: ClassVar[str] = "portrait"

    title: str
    changed: Mapping[str, tuple[str, str]]
    x: Axis
    y: Axis
    grid: Grid
    nullclines: tuple[Nullcline, ...]
    fixed_points: tuple[FixedPoint, ...]
    orbits: tuple[Orbit, ...]
    separatrices: tuple[Separatrix, ...]
    cycles: tuple[LimitCycle, ...]
    lines: tuple[Line, ...]
    jumps: Floats
    steady: tuple[str, ...]
    held: tuple[str, ...]
    discrete: bool
    time_unit: str
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Return what the portrait holds as lines of text."""
        pair = (self.x, self.y)
        told = [self.title, "  " + ", ".join(f"{axis.name} = {axis.said(f'{axis.low:.6g} to {axis.high:.6g}')}" for axis in pair)]
        told += [f"  {', '.join(self.steady)}: at the steady state in the field and the nullclines"] if self.steady else []
        for point in self.fixed_points:
            values = ", ".join(f"{axis.name} = {axis.said(f'{point[axis.name]:.7g}')}" for axis in pair)
            told.append(f"  {point.type} at {values}" + ("" if point.reached else ", not reached"))
        told += [] if self.fixed_points else ["  no fixed point in the picture"]
        for cycle in self.cycles:
            ranges = ", ".join(f"{axis.name} from {axis.said('{:.7g} to {:.7g}'.format(*cycle.extrema(axis.number)))}" for axis in pair)
            unit = "" if self.time_unit == "1" else f" {self.time_unit}"
            told.append(f"  {'stable' if cycle.stable else 'unstable'} cycle of period {cycle.period:.8g}{unit}: {ranges}")
        return "\n".join([*told, *(f"  note: {note}" for note in self.notes)])

    def animate(self, path: str | Path) -> None:
        """Write a film of the first trajectory to a `.gif` file, or where ffmpeg is there to an `.mp4` file.

        Raises
        ------
        NeuroError
            V101 for another suffix, F102 where the file cannot be written or ffmpeg is missing.
        """
        import_module("neurodsl.plotting.animation").animate(self, path)


def portrait(
    frozen: Frozen,
    x: int,
    y: int,
    box: Mapping[int, Range] | None = None,
    starts: Sequence[Mapping[int, float]] = (),
    duration: float | None = None,
    changed: Mapping[str, tuple[str, str]] | None = None,
    title: str | None = None,
    seconds: float = SECONDS,
) -> Portrait:
    """Return the phase portrait of two states of a system.

    Parameters
    ----------
    frozen : Frozen
        With any number of states; those that are not drawn stand at their steady state in the field and the nullclines, and move in trajectories.
    x, y : int
        The numbers of two different states.
    box : mapping of int to (float, float)
        The range of an axis, where it is given.
    starts : sequence of mapping of int to float
        Where trajectories begin: values by the number of the state; the others are at their steady or initial value. Without any, the initial
        values of the file and points in the corners.
    duration : float
        Of a trajectory; by default that of the file.
    changed : mapping of str to (str, str)
        For the title: values that are not those of the file, each with its unit.
    title : str
        By default what the author calls the model.
    seconds : float
        How long the work may take.
    """
    deadline = Deadline(seconds)
    plane, jumps = plane_of(frozen, x, y, deadline), jumps_of(frozen)
    length = duration or frozen.system.settings.duration or DEFAULT_DURATION
    first = orbit_of(jumps, plane.start, length, run_bounds(plane, deadline))
    found = points_of(frozen, deadline)
    points = [at for _, at in found]
    limits = box_of(plane, jumps, first, points, length, deadline, box or {})
    inside = [(p, at) for p, at in found if all(limits[k][0] <= at[n] <= limits[k][1] for k, n in enumerate(plane.axes))]
    bounds = bounds_of(plane, limits, first, [at for p, at in found if p.attracts], deadline)
    grid = grid_of(plane, limits, ROUGH if plane.searched else FINE, deadline)
    lost = np.mean(~np.isfinite(grid.u + grid.v))
    notes = [f"no steady state of the others was found on {100 * lost:.0f} % of the plane"] if lost > 0.001 and plane.steady else []
    orbits = tuple(
        [orbit_of(jumps, at, length, bounds) for at in _given(plane, starts)]
        or [first, *(orbit_of(jumps, at, length, bounds) for at in _corners(plane, jumps, limits))]
    )
    return Portrait(
        title=title or frozen.system.doc or frozen.system.name,
        changed=dict(changed or {}),
        x=axis_of(frozen, x, limits[0]),
        y=axis_of(frozen, y, limits[1]),
        grid=grid,
        nullclines=tuple(nullcline(plane, axis, limits, grid) for axis in (0, 1)),
        fixed_points=tuple(p for p, _ in inside),
        orbits=orbits,
        separatrices=_separatrices(plane, jumps, inside, length, bounds),
        cycles=_cycles(plane, jumps, orbits, found, length, bounds),
        lines=tuple(line for line in lines_of(jumps) if line.state in plane.axes),
        jumps=_arrows(plane, jumps, limits),
        steady=tuple(frozen.names[k] for k in plane.steady),
        held=tuple(s.name for k, s in enumerate(frozen.states) if s.shown and k not in (*plane.axes, *plane.steady)),
        discrete=frozen.discrete,
        time_unit=describe(frozen.system.time_unit),
        notes=(
            *frozen.notes,
            *jumps.notes,
            *remarks(p for p, _ in inside),
            *notes,
            *(f"left out after {seconds:g} s: {what}" for what in deadline.left_out),
        ),
    )


def points_of(frozen: Frozen, deadline: Deadline) -> list[tuple[FixedPoint, Floats]]:
    """Return the fixed points, each also as a state of shape (n,); none where they are not found within half of the time."""
    try:
        found = bounded(0.5 * deadline.seconds, lambda: fixed_points(frozen))
    except Exceeded:
        deadline.left_out.append("fixed points")
        return []
    return [(p, np.array([p.state[name] for name in frozen.names])) for p in found.points]


def box_of(
    plane: Plane, jumps: Jumps, orbit: Orbit, points: Sequence[Floats], duration: float, deadline: Deadline, given: Mapping[int, Range]
) -> Box:
    """Return the box that is asked for, with what is not given of it chosen."""
    if all(k in given for k in plane.axes):
        return given[plane.x], given[plane.y]
    chosen = default_box(plane, jumps, orbit, points, duration, deadline)
    return given.get(plane.x, chosen[0]), given.get(plane.y, chosen[1])


def bounds_of(plane: Plane, box: Box, orbit: Orbit, targets: Sequence[Floats], deadline: Deadline) -> Bounds:
    """Return where orbits end: far outside of the box, and at points that attract them."""
    scale = np.maximum(np.ptp(orbit.y, axis=0), 0.1 * np.abs(plane.start) + 1e-3)
    low, high = -1e6 * scale - np.abs(plane.start), 1e6 * scale + np.abs(plane.start)
    for k, limits in zip(plane.axes, box, strict=True):
        scale[k] = limits[1] - limits[0]
        low[k], high[k] = with_margin(limits, 1.0)
    return Bounds(scale, deadline, low, high, np.array(targets) if len(targets) else np.empty((0, len(scale))))


def orbit_of(jumps: Jumps, start: Floats, duration: float, bounds: Bounds) -> Orbit:
    """Return the orbit from a point; that of a map consists of its steps."""
    if not jumps.frozen.discrete:
        return jumps.orbit(start, duration, bounds, DRAWN)
    points = [np.asarray(start)]
    for _ in range(int(min(duration, 10_000))):
        ahead = jumps.frozen.slopes(points[-1])
        if bounds.end(ahead) in ("failed", "outside", "late"):
            break
        points.append(ahead)
    return Orbit(np.arange(float(len(points))), np.array(points), "time")


def axis_of(frozen: Frozen, k: int, limits: Range) -> Axis:
    """Return an axis."""
    state = frozen.states[k]
    return Axis(k, state.name, state.doc, describe(state.unit), *limits)


def _given(plane: Plane, starts: Sequence[Mapping[int, float]]) -> list[Floats]:
    """Return the states at which trajectories begin that were asked for."""
    found = []
    for given in starts:
        state = plane.point(given.get(plane.x, plane.start[plane.x]), given.get(plane.y, plane.start[plane.y]))
        state = np.where(np.isfinite(state), state, plane.start)
        for k, value in given.items():
            state[k] = value
        found.append(state)
    return found


def _corners(plane: Plane, jumps: Jumps, box: Box) -> list[Floats]:
    """Return states near the corners of a box and below the thresholds."""
    found = []
    for parts in STARTS if not jumps.used else STARTS[::2]:
        state = plane.point(*(limits[0] + part * (limits[1] - limits[0]) for part, limits in zip(parts, box, strict=True)))
        if np.all(np.isfinite(state)) and not (jumps.used and max(jumps.levels(state)) > 0):
            found.append(state)
    return found


def _separatrices(plane: Plane, jumps: Jumps, points: Sequence[tuple[FixedPoint, Floats]], duration: float, bounds: Bounds) -> tuple[Separatrix, ...]:
    """Return the four orbits that begin or end in each saddle of a model with two states, along its eigenvectors."""
    frozen, found = plane.frozen, list[Separatrix]()
    if len(frozen.states) != 2 or frozen.discrete:
        return ()

    def backward(y: Floats) -> Floats:
        return -frozen.slopes(y)

    for _, at in points:
        values, vectors = np.linalg.eig(frozen.matrix(at))
        if np.any(np.imag(values) != 0) or not values.real.min() < 0 < values.real.max():
            continue
        for value, vector in zip(values.real, vectors.real.T, strict=True):
            if bounds.deadline.leaves_out("separatrices"):
                return tuple(found)
            aside = STEP_ASIDE * vector / np.max(np.abs(vector) / bounds.scale)
            surfaces = jumps.levels if jumps.used else None
            flow = frozen.slopes if value > 0 else backward
            for start in (at + aside, at - aside):
                orbit = integrate(flow, start, SETTLING * duration, bounds, surfaces, 1e-10)
                found.append(Separatrix(orbit, bool(value < 0)))
    return tuple(found)


def _cycles(
    plane: Plane, jumps: Jumps, orbits: Sequence[Orbit], points: Sequence[tuple[FixedPoint, Floats]], duration: float, bounds: Bounds
) -> tuple[LimitCycle, ...]:
    """Return the limit cycles on which trajectories settle forward, and in two dimensions backward in time."""
    frozen = plane.frozen
    if frozen.discrete:
        return ()

    def beside(at: Floats, part: float) -> Floats:
        moved = at.copy()
        moved[plane.x] += part * bounds.scale[plane.x]
        return moved

    forward = [o.y[-1] for o in orbits if o.stopped in ("time", "surface")] + [beside(at, BESIDE[0]) for p, at in points if not p.attracts]
    backward = [beside(at, part) for p, at in points if p.attracts for part in BESIDE] + [o.y[0] for o in orbits]
    return limit_cycles(frozen, jumps, forward, backward if len(frozen.states) == 2 and not jumps.used else [], SETTLING * duration, bounds)


def _arrows(plane: Plane, jumps: Jumps, box: Box) -> Floats:
    """Return from where to where events put points on a threshold that is a line across the box, of shape (k, 2, 2)."""
    found = []
    for line in lines_of(jumps):
        if line.kind != "threshold" or line.state not in plane.axes or not jumps.used:
            continue
        axis = plane.axes.index(line.state)
        low, high = box[1 - axis]
        for part in np.linspace(0.0, 1.0, ARROWS + 2)[1:-1]:
            place = [line.value, line.value]
            place[1 - axis] = low + part * (high - low)
            state = plane.point(*place)
            crossed = int(np.argmin(np.abs(jumps.levels(state))))
            done = jumps.fire(state, crossed) if np.all(np.isfinite(state)) else None
            if done is not None and not np.array_equal(done[0], state):
                found.append((place, done[0][list(plane.axes)].tolist()))
    return np.array(found, dtype=np.float64).reshape(-1, 2, 2)
