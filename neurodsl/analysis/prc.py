"""Phase response curves: by how much a small push at each phase of a cycle advances it.

By the adjoint equation, with the saltation matrices of resets, and directly, by pushing the solution and waiting; the two know nothing of
each other but the cycle.

References
----------
Ermentrout, Kopell, 1991, J. Math. Biol. 29:195-217. doi:10.1007/BF00160535
Brown, Moehlis, Holmes, 2004, Neural Comput. 16:673-715. doi:10.1162/089976604322860668
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from neurodsl import rules
from neurodsl.analysis.cycles import Cycle, find_cycle
from neurodsl.analysis.flight import ATOL, RTOL, Lost
from neurodsl.analysis.frozen import Frozen
from neurodsl.diagnostics import fail, nearest
from neurodsl.files import write_bytes
from neurodsl.units import describe

Floats = NDArray[np.float64]

POINTS = 201
PUSHES = 16
"""Phases at which the curve is measured directly."""
PUSH = 1e-4
"""A push of the direct measurement, relative to the extent of the cycle."""
FADED = 1e-5
"""A push is waited for until what it does across the cycle has faded to this; at most for 30 rounds."""
MOST_ROUNDS = 30
ACCURATE = 1e-9
"""The relative tolerance of the direct measurement."""
SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class Response:
    """The phase response curve of a cycle.

    A curve is the advance, in units of time, per unit by which a state is pushed up: an infinitesimal push, by the adjoint.

    Attributes
    ----------
    cycle : Cycle
    t : array of shape (n,)
        The time since phase 0, from 0 to the period.
    curves : mapping of str to array of shape (n,)
        For each state that moves.
    of : str
        The state that was pushed for the direct measurement.
    direct_t, direct : array of shape (k,)
        The direct measurement, nan where it did not settle.
    rounds : int
        For so many rounds each push was followed.
    """

    cycle: Cycle
    t: Floats
    curves: Mapping[str, Floats]
    of: str
    direct_t: Floats
    direct: Floats
    adjoint_there: Floats
    rounds: int
    notes: tuple[str, ...]

    @property
    def phase(self) -> Floats:
        """Return the phase, from 0 to 1."""
        return self.t / self.cycle.period

    @property
    def difference(self) -> float:
        """Return the largest difference between the two ways, relative to the largest value of the curve; nan where nothing was measured."""
        if not np.any(np.isfinite(self.direct)):
            return math.nan
        largest = max(float(np.max(np.abs(self.curves[self.of]))), 1e-300)
        return float(np.nanmax(np.abs(self.direct - self.adjoint_there))) / largest

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        units = {s.name: describe(s.unit) for s in self.cycle.flight.hybrid.system.states}
        return {
            **self.cycle.to_dict(),
            "of": self.of,
            "units": {name: units[name] for name in self.curves},
            "phase": self.phase.tolist(),
            "t": self.t.tolist(),
            "prc": {name: curve.tolist() for name, curve in self.curves.items()},
            "direct": {
                "phase": (self.direct_t / self.cycle.period).tolist(),
                "prc": [v if math.isfinite(v) else None for v in self.direct.tolist()],
                "rounds": self.rounds,
            },
            "largest_difference": self.difference if math.isfinite(self.difference) else None,
            "notes": list(self.notes),
        }

    def save(self, path: str | Path) -> None:
        """Write the curves to a `.csv` file: the phase, the time, and a column for each state."""
        units = self.to_dict()["units"]
        unit = describe(self.cycle.flight.hybrid.system.time_unit)
        head = ["phase", f"t [{unit}]", *(f"prc of {name} [{unit} per {units[name]}]" for name in self.curves)]
        columns = np.column_stack([self.phase, self.t, *self.curves.values()])
        rows = [",".join(head), *(",".join(repr(float(v)) for v in row) for row in columns)]
        write_bytes(Path(path), ("\n".join(rows) + "\n").encode())


def phase_response(frozen: Frozen, of: str | None = None, seed: int = 0, seconds: float = SECONDS) -> Response:
    """Return the phase response curve of the cycle that a model settles on.

    Parameters
    ----------
    of : str
        The state that is pushed for the direct measurement; default: the first that moves.
    seed : int
        Of what is drawn for the initial state.

    Raises
    ------
    NeuroError
        M115, M116 where there is no cycle, V102 for an unknown state.
    """
    _require_state(frozen, of, frozen.names)
    deadline = time.monotonic() + seconds
    cycle = find_cycle(frozen, seed)
    _require_state(frozen, of, cycle.names)
    _require_phase(cycle)
    cycle.flight.deadline = deadline
    name = cycle.names[0] if of is None else of
    pushes = (np.arange(PUSHES) + 0.5) / PUSHES * cycle.period
    grid = np.linspace(0.0, cycle.period, POINTS)
    adjoint = Adjoint(cycle)
    values = np.array([adjoint.at(t) for t in grid[:-1]] + [adjoint.before_origin()])
    curves = {state: values[:, k] for k, state in enumerate(cycle.names)}
    column = cycle.names.index(name)
    rounds = _rounds(cycle)
    notes = [*frozen.notes, *cycle.flight.hybrid.notes]
    direct = np.full(PUSHES, np.nan)
    try:
        for k, t in enumerate(pushes):
            direct[k] = pushed(cycle, cycle.moving[column], t, rounds)
    except Lost as lost:
        notes.append(f"the direct measurement ended early: {lost}")
    slow = float(np.max(np.abs(cycle.transverse), initial=0.0)) ** rounds
    if slow > 1e-3:
        notes.append(f"pushes across the cycle fade slowly: {slow:.2g} of one is left after {rounds} rounds, and the direct measurement is as rough")
    there = np.array([adjoint.at(t)[column] for t in pushes])
    return Response(cycle, grid, curves, name, pushes, direct, there, rounds, tuple(notes))


def _require_state(frozen: Frozen, of: str | None, names: Sequence[str]) -> None:
    if of is not None and of not in names:
        near = nearest(of, names)
        told = f"`{of}` does not move on the cycle" if of in frozen.names else f"`{frozen.system.name}` has no state `{of}`"
        raise fail(rules.UNKNOWN_OPTION_NAME, told, help=f"did you mean `{near}`?" if near else f"states: {', '.join(f'`{n}`' for n in names)}")


def _require_phase(cycle: Cycle) -> None:
    """Raise M116 for a cycle that its neighbourhood does not come back to."""
    largest = float(np.max(np.abs(cycle.transverse), initial=0.0))
    if largest > 1 - 1e-6:
        told = f"the cycle of `{cycle.flight.hybrid.system.name}` does not attract its neighbourhood, so that a push has no lasting phase: "
        told += f"a second multiplier is {largest:.9g}"
        raise fail(rules.NO_CYCLE, told, help="a conservative model has a whole family of cycles; some damping and drive single one out", exit_code=3)


def _rounds(cycle: Cycle) -> int:
    """Return after how many rounds what a push does across the cycle has faded."""
    largest = float(np.max(np.abs(cycle.transverse), initial=0.0))
    if largest < FADED:
        return 1
    return MOST_ROUNDS if largest >= 1 else min(MOST_ROUNDS, math.ceil(math.log(FADED) / math.log(largest)))


class Adjoint:
    """The solution of dZ/dt = -J^T Z along a cycle with Z . f = 1, backwards in time, in which it settles by itself."""

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle
        flight = cycle.flight
        self.kept = list(cycle.moving)
        end = np.zeros(len(flight.hybrid.system.states))
        end[self.kept] = self._at_the_end()
        self.paths: list[Any] = []
        for piece in reversed(cycle.pieces):
            if piece.jump is not None:
                end = flight.saltation(piece.jump, piece.path(piece.stop)).T @ end

            def slopes(s: float, z: Floats, piece: Any = piece) -> Floats:
                return np.asarray(flight.matrix(piece.path(piece.stop - s)).T @ z)

            found = solve_ivp(slopes, (0.0, piece.stop - piece.start), end, method="DOP853", rtol=RTOL, atol=ATOL, dense_output=True)
            if not found.success or time.monotonic() > flight.deadline:
                raise fail(rules.NO_CYCLE, "the adjoint equation cannot be followed around the cycle", exit_code=3)
            end = found.y[:, -1]
            self.paths.append(found.sol)
        self.paths.reverse()

    def _at_the_end(self) -> Floats:
        """Return the left eigenvector of the monodromy matrix for the multiplier 1, normalised."""
        flow = self.cycle.flight.flow(self.cycle.pieces[0].path(self.cycle.pieces[0].start))[self.kept]
        values, vectors = np.linalg.eig(self.cycle.monodromy.T)
        vector = vectors[:, int(np.argmin(np.abs(values - 1)))].real
        return np.asarray(vector / (vector @ flow), dtype=np.float64)

    def at(self, phase: float) -> Floats:
        """Return Z, of the states that move, at a time after phase 0; 0 for a state that is held."""
        t = (self.cycle.origin + phase) % self.cycle.period
        return self._on(self.cycle.pieces.index(self.cycle.piece(t)), t)

    def before_origin(self) -> Floats:
        """Return Z at the end of the round, before the jump where one stands there."""
        t = self.cycle.origin % self.cycle.period
        number = next((k for k, p in enumerate(self.cycle.pieces) if p.start < t <= p.stop), 0)
        return self._on(number, t)

    def _on(self, number: int, t: float) -> Floats:
        piece = self.cycle.pieces[number]
        z = self.paths[number](piece.stop - t)
        y = piece.path(t)
        held = {i for i, switch in self.cycle.flight.hybrid.held.items() if y[switch] > 0.5}
        return np.array([0.0 if i in held else z[i] for i in self.kept])


def pushed(cycle: Cycle, state: int, phase: float, rounds: int) -> float:
    """Return by how much a small push of a state advances the cycle, per unit of the push: the mean of one up and one down."""
    flight = cycle.flight
    y = cycle.state(phase)
    switch = flight.hybrid.held.get(state)
    if switch is not None and y[switch] > 0.5:
        return 0.0
    size = PUSH * float(cycle.extent[state])
    later = []
    for sign in (1.0, -1.0):
        moved = y.copy()
        moved[state] += sign * size
        later.append(_lateness(cycle, moved, y, phase, rounds))
    return (later[1] - later[0]) / (2 * size)


def _lateness(cycle: Cycle, moved: Floats, y: Floats, phase: float, rounds: int) -> float:
    """Return how late a solution from a state passes through the start of the pieces after some rounds, compared with the cycle."""
    flight, kept = cycle.flight, list(cycle.moving)
    start = cycle.pieces[0].path(cycle.pieces[0].start)
    scale = np.where(cycle.extent[kept] > 0, cycle.extent[kept], 1.0)
    normal = flight.flow(start)[kept] / scale**2
    due = rounds * cycle.period - (cycle.origin + phase) % cycle.period + cycle.period
    early = due - 0.05 * cycle.period

    def section(t: float, z: Floats) -> tuple[float, bool]:
        return float(normal @ (z[kept] - start[kept])), True

    near = flight.fly(moved, early, rtol=ACCURATE, fired=(flight.surfaces(y) >= 0).tolist())
    flown = flight.fly(near.y, 0.5 * cycle.period, rtol=ACCURATE, section=section)
    if not flown.crossed:
        raise Lost("a push leads away from the cycle")
    return early + flown.t - due
