"""Phase lines of flows with one state, and cobwebs of maps with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from neurodsl.analysis.contours import Floats
from neurodsl.analysis.drawn import Drawn
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.jumps import Jumps, jumps_of
from neurodsl.analysis.orbits import Deadline
from neurodsl.analysis.plane import Plane, plane_of
from neurodsl.analysis.points import FixedPoint, remarks
from neurodsl.analysis.portrait import DEFAULT_DURATION, SECONDS, Axis, axis_of, orbit_of, points_of
from neurodsl.analysis.viewport import Line, lines_of, range_of, run_bounds, with_margin, with_points
from neurodsl.units import describe

POINTS = 1001
"""Points of the graph of the right-hand side."""
MOST_STEPS = 200
"""Steps of a cobweb."""


@dataclass(frozen=True, eq=False)
class PhaseLine(Drawn):
    """The line of the one state of a flow, or of a map (``discrete``).

    Attributes
    ----------
    title : str
        What the author calls the model.
    changed : mapping of str to (str, str)
        The values that are not those of the file, each with its unit.
    x : Axis
    points, values : array of shape (m,)
        The derivative, or the next value, over the line.
    fixed_points : tuple of FixedPoint
        Inside of the range.
    lines : tuple of Line
        Thresholds and resets.
    arrows : tuple of (float, int)
        A place between two points at which the state stands still, and the direction in which it moves there, 1 or -1.
    orbits : tuple of array of shape (k,)
        Of a map, the values from each start.
    held : tuple of str
        The other states, which only events change: they are at their initial value.
    slope_unit : str
        The unit of the derivative.
    notes : tuple of str
        What was assumed, and what was left out.
    """

    drawing: ClassVar[str] = "portrait"

    title: str
    changed: Mapping[str, tuple[str, str]]
    x: Axis
    points: Floats
    values: Floats
    fixed_points: tuple[FixedPoint, ...]
    lines: tuple[Line, ...]
    arrows: tuple[tuple[float, int], ...]
    orbits: tuple[Floats, ...]
    held: tuple[str, ...]
    discrete: bool
    slope_unit: str
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Return what the line holds as lines of text."""
        told = [self.title, f"  {self.x.name} = {self.x.said(f'{self.x.low:.6g} to {self.x.high:.6g}')}"]
        for point in self.fixed_points:
            value = self.x.said(f"{point[self.x.name]:.7g}")
            told.append(f"  {point.type} at {self.x.name} = {value}" + ("" if point.reached else ", not reached"))
        told += [] if self.fixed_points else ["  no fixed point in the picture"]
        return "\n".join([*told, *(f"  note: {note}" for note in self.notes)])


def phase_line(
    frozen: Frozen,
    x: int,
    low: float | None = None,
    high: float | None = None,
    starts: Sequence[float] = (),
    duration: float | None = None,
    changed: Mapping[str, tuple[str, str]] | None = None,
    title: str | None = None,
    seconds: float = SECONDS,
) -> PhaseLine:
    """Return the phase line of a system with one state, or the cobweb of a map with one.

    Parameters
    ----------
    frozen : Frozen
        Its other states, if it has any, are changed by events alone; they stay at their initial value.
    x : int
        The number of the state.
    low, high : float
        The range, where it is given.
    starts : sequence of float
        Where the orbits of a cobweb begin; by default at the initial value.
    duration : float
        The steps of a cobweb; by default those of the file, at most 200.
    changed : mapping of str to (str, str)
        For the title: values that are not those of the file, each with its unit.
    title : str
        By default what the author calls the model.
    seconds : float
        How long the work may take.

    References
    ----------
    Strogatz, 2015, Nonlinear Dynamics and Chaos, Westview Press, sections 2.1 and 10.1.
    """
    deadline = Deadline(seconds)
    plane, jumps = plane_of(frozen, x, x, deadline), jumps_of(frozen)
    length = duration or frozen.system.settings.duration or DEFAULT_DURATION
    found = points_of(frozen, deadline)
    marks = tuple(line for line in lines_of(jumps) if line.state == x)
    if low is None or high is None:
        orbit = orbit_of(jumps, plane.start, length, run_bounds(plane, deadline))
        shown = range_of([plane.start[x], *starts], [line.value for line in marks], orbit.y[:, x], orbit.t)
        chosen = with_margin(with_points(shown, [float(at[x]) for _, at in found]))
        low, high = chosen[0] if low is None else low, chosen[1] if high is None else high
    inside = [(p, float(at[x])) for p, at in found if low <= at[x] <= high]
    at = np.unique(np.concatenate([np.linspace(low, high, POINTS), [place for _, place in inside]]))
    residuals = np.array([plane.field(float(value), float(value))[0] for value in at])
    return PhaseLine(
        title=title or frozen.system.doc or frozen.system.name,
        changed=dict(changed or {}),
        x=axis_of(frozen, x, (low, high)),
        points=at,
        values=residuals + at if frozen.discrete else residuals,
        fixed_points=tuple(p for p, _ in inside),
        lines=marks,
        arrows=() if frozen.discrete else _arrows(at, residuals),
        orbits=_cobwebs(plane, jumps, starts, length, deadline) if frozen.discrete else (),
        held=tuple(s.name for k, s in enumerate(frozen.states) if s.shown and k != x),
        discrete=frozen.discrete,
        slope_unit=describe(frozen.states[x].unit / frozen.system.time_unit),
        notes=(
            *frozen.notes, *jumps.notes, *remarks(p for p, _ in inside), *(f"left out after {seconds:g} s: {what}" for what in deadline.left_out)
        ),
    )  # fmt: skip


def _cobwebs(plane: Plane, jumps: Jumps, starts: Sequence[float], length: float, deadline: Deadline) -> tuple[Floats, ...]:
    """Return the values of a map from each start on, by default from the initial value."""
    chosen = np.arange(len(plane.start)) == plane.x
    steps, bounds = int(min(length, MOST_STEPS)), run_bounds(plane, deadline)
    return tuple(orbit_of(jumps, np.where(chosen, at, plane.start), steps, bounds).y[:, plane.x] for at in starts or [float(plane.start[plane.x])])


def _arrows(at: Floats, residuals: Floats) -> tuple[tuple[float, int], ...]:
    """Return where an arrow stands between changes of the sign, and its direction."""
    signs = np.sign(np.where(np.abs(residuals) <= 1e-12 * np.nanmax(np.abs(residuals), initial=0.0), 0.0, np.nan_to_num(residuals)))
    edges = [0, *(np.flatnonzero(np.diff(signs) != 0) + 1).tolist(), len(at)]
    span = at[-1] - at[0]
    found = []
    for begin, end in pairwise(edges):
        width = at[end - 1] - at[begin]
        if signs[begin] == 0 or width < 0.02 * span:
            continue
        count = max(1, round(4 * width / span))
        found += [(float(at[begin] + (k + 0.5) / count * width), int(signs[begin])) for k in range(count)]
    return tuple(found)
