"""Bifurcation diagrams: the fixed points over a parameter, where they bifurcate, and the cycles of systems in the plane."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize_scalar

from neurodsl import rules
from neurodsl.analysis.bifurcations import Bifurcation, of_curves
from neurodsl.analysis.branches import Branch, along, curves_of
from neurodsl.analysis.cycles import find_cycle
from neurodsl.analysis.drawn import Drawn
from neurodsl.analysis.equations import moving
from neurodsl.analysis.family import Floats
from neurodsl.analysis.flight import Piece
from neurodsl.analysis.frozen import Frozen
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lang.choice import unknown_name
from neurodsl.system import Quantity
from neurodsl.units import describe

Bounds = Mapping[str, tuple[float, float]] | None
VALUES = 25
"""At so many values of the parameter a cycle is looked for."""
SECONDS = 12.0
"""The time for all of them."""
SECONDS_EACH = 3.0
SMALLEST = 5e-3
"""The extent of a cycle, in parts of the largest, below which it is none."""
SAMPLES = 400
"""Points of a piece of a cycle between which its extremes are looked for."""


@dataclass(frozen=True)
class Coordinate:
    """What stands on an axis: its name, label and unit."""

    name: str
    doc: str | None
    unit: str


@dataclass(frozen=True, eq=False)
class Diagram(Drawn):
    """The fixed points of a system over an interval of a parameter.

    Attributes
    ----------
    model, title : str
    parameter, state : Coordinate
    low, high : float
        The interval.
    branches : tuple of Branch
    bifurcations : tuple of Bifurcation
    cycles : array of shape (k, 3)
        A value of the parameter, and the smallest and the largest value of the state on the stable cycle that a run settles on there.
    discrete : bool
        Of a map.
    notes : tuple of str
        What was assumed or left out.
    """

    drawing: ClassVar[str] = "diagram"

    model: str
    title: str
    parameter: Coordinate
    state: Coordinate
    low: float
    high: float
    branches: tuple[Branch, ...]
    bifurcations: tuple[Bifurcation, ...]
    cycles: Floats
    discrete: bool
    notes: tuple[str, ...] = ()

    def values_of(self, branch: Branch) -> Floats:
        """Return the state that is drawn, along a branch, of shape (points,)."""
        return branch.states[:, branch.names.index(self.state.name)]

    def to_dict(self) -> dict[str, Any]:
        """Return the diagram as JSON-ready values."""
        return {
            "model": self.model,
            "parameter": self.parameter.name,
            "state": self.state.name,
            "low": self.low,
            "high": self.high,
            "branches": [
                {"values": b.values.tolist(), "states": dict(zip(b.names, b.states.T.tolist(), strict=True)), "stable": b.stable.tolist()}
                for b in self.branches
            ],
            "bifurcations": [
                {"value": b.value, "kind": b.kind, "criticality": b.criticality, "omega": b.omega, "state": dict(b.state)} for b in self.bifurcations
            ],
            "cycles": [{"value": value, "low": low, "high": high} for value, low, high in self.cycles.tolist()],
            "notes": list(self.notes),
        }


def diagram(frozen: Frozen, parameter: str, low: float, high: float, of: str | None = None, box: Bounds = None) -> Diagram:
    """Return the bifurcation diagram of a system over an interval of a parameter.

    Parameters
    ----------
    frozen : Frozen
        The values of the other parameters.
    parameter : str
    low, high : float
        The interval, in the declared unit of the parameter.
    of : str
        The state that is drawn; default: the first that has an equation.
    box : mapping of str to (float, float)
        Bounds of some states.

    Raises
    ------
    NeuroError
        V102 when there is no such parameter or state, V101 for an empty interval, M104 for more than 40 states.
    """
    shown = [frozen.states[k] for k in moving(frozen) if frozen.states[k].shown]
    if not shown:
        told = f"no state of `{frozen.system.name}` has an equation: events alone change them, so there are no fixed points to follow"
        raise fail(rules.NOT_SERVED, told, help="choose a model with an equation, such as `dV/dt = ...`")
    if of is not None and of not in {s.name for s in shown}:
        raise unknown_name("state with an equation", of, [s.name for s in shown], frozen.system.name)
    curves = curves_of(frozen, parameter, low, high, box)
    found, points = along(curves, box), of_curves(curves, box)
    axes: dict[str, Quantity] = {q.name: q for q in (*frozen.system.parameters, *frozen.states)}
    cycles, notes = _cycles(frozen, parameter, low, high, (of or shown[0].name)) if _may_cycle(frozen, points) else (np.empty((0, 3)), ())
    return Diagram(
        frozen.system.name,
        frozen.system.doc or frozen.system.name,
        _coordinate(axes[parameter]),
        _coordinate(axes[of] if of is not None else shown[0]),
        low,
        high,
        found,
        points,
        cycles,
        frozen.discrete,
        (*frozen.notes, curves.told, *notes),
    )


def _coordinate(quantity: Quantity) -> Coordinate:
    return Coordinate(quantity.name, quantity.doc, describe(quantity.unit))


def _may_cycle(frozen: Frozen, points: tuple[Bifurcation, ...]) -> bool:
    """Return whether cycles are looked for: in the plane, where a Hopf point gives rise to some."""
    return not frozen.discrete and len(frozen.states) == len(moving(frozen)) == 2 and any(b.kind == "hopf" for b in points)


def _cycles(frozen: Frozen, parameter: str, low: float, high: float, of: str) -> tuple[Floats, tuple[str, ...]]:
    """Return the extremes of a state on the stable cycles that runs from the initial state settle on."""
    deadline = time.monotonic() + SECONDS
    found: list[tuple[float, float, float]] = []
    number = frozen.names.index(of)
    for k, value in enumerate(np.linspace(low, high, VALUES)):
        if time.monotonic() > deadline:
            return _table(found), (
                f"cycles were looked for up to `{parameter}` = {np.linspace(low, high, VALUES)[k - 1]:.6g} only, for want of time",
            )
        try:
            cycle = find_cycle(frozen.at({parameter: float(value)}), seconds=SECONDS_EACH)
        except NeuroError:
            continue  # at rest there: the branches show where
        if cycle.stable:
            lowest = min(_lowest(piece, number, 1.0) for piece in cycle.pieces)
            found.append((float(value), lowest, -min(_lowest(piece, number, -1.0) for piece in cycle.pieces)))
    return _table(found), ()


def _lowest(piece: Piece, number: int, sign: float) -> float:
    """Return the smallest value of a state, or with sign -1 of its negative, on a piece of a cycle."""

    def value(t: float) -> float:
        return sign * float(piece.path(t)[number])

    grid = np.linspace(piece.start, piece.stop, SAMPLES)
    k = int(np.argmin([value(t) for t in grid]))
    around = grid[max(k - 1, 0)], grid[min(k + 1, SAMPLES - 1)]
    best = minimize_scalar(value, bounds=around, method="bounded", options={"xatol": 1e-6 * (around[1] - around[0])})
    return min(value(grid[k]), float(best.fun))


def _table(rows: list[tuple[float, float, float]]) -> Floats:
    """Return the extremes as an array, without cycles so small that they are a decay that takes for ever, as at a Hopf point itself."""
    found = np.array(rows, dtype=np.float64).reshape(-1, 3)
    extent = found[:, 2] - found[:, 1]
    return np.asarray(found[extent > SMALLEST * extent.max(initial=0.0)], dtype=np.float64)
