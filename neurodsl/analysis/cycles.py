"""Limit cycles by shooting: the period, one round, and the multipliers that say whether it attracts.

References
----------
Kuznetsov, 2004, Elements of Applied Bifurcation Theory, section 10.2. doi:10.1007/978-1-4757-3978-7
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from neurodsl import rules
from neurodsl.analysis.flight import Flight, Flown, Lost, Piece
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.hybrid import Hybrid, hybrid_of, spikes
from neurodsl.analysis.starts import initial_state
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.units import describe

Floats = NDArray[np.float64]

SECONDS = 30.0
"""How long the search for a cycle may take."""
ATTEMPTS = 8
"""How often the transient is doubled."""
NEAR = 0.02
"""How near a solution comes back, relative to its extent, for shooting to start there."""
CLOSED = 1e-8
"""How well a round closes, relative to its extent."""
BEYOND = 1.37
"""How far beyond a release a search starts, so that a round does not begin on a jump."""
AT_REST = 1e-5
"""How near a fixed point, relative to its extent, a solution counts as being there."""
SAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Cycle:
    """A limit cycle.

    Attributes
    ----------
    period : float
        In the unit of the time.
    multipliers : array of complex, of shape (m,)
        Of the states that move, the largest first; one of them is 1, along the cycle.
    origin : float
        When, from the start of the pieces, the phase is 0: at a spike, else where the first state is largest.
    pieces : list of Piece
        One round.
    error : float
        How far the round is from closing, relative to its extent.
    """

    flight: Flight
    moving: tuple[int, ...]
    period: float
    monodromy: Floats
    origin: float
    pieces: list[Piece]
    extent: Floats
    error: float

    @cached_property
    def multipliers(self) -> NDArray[np.complex128]:
        """Return the eigenvalues of the monodromy matrix, the largest first."""
        found = np.linalg.eigvals(self.monodromy)
        return np.asarray(found[np.argsort(-np.abs(found), kind="stable")], dtype=np.complex128)

    @property
    def transverse(self) -> NDArray[np.complex128]:
        """Return the multipliers without the one along the cycle."""
        return np.delete(self.multipliers, int(np.argmin(np.abs(self.multipliers - 1))))

    @property
    def stable(self) -> bool:
        """Return whether it attracts its neighbourhood."""
        return bool(np.all(np.abs(self.transverse) < 1))

    @property
    def attracts(self) -> bool:
        """Return whether one multiplier is 1 and none beyond it by more than rounding: the solution that led here may have settled."""
        return bool(np.all(np.abs(self.multipliers) < 1 + 1e-4) and np.min(np.abs(self.multipliers - 1)) < 1e-3)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the states that move."""
        return tuple(self.flight.hybrid.system.states[i].name for i in self.moving)

    def piece(self, t: float) -> Piece:
        """Return the piece that a time from the start of the pieces falls into; at a jump, the one after it."""
        return next((p for p in reversed(self.pieces) if p.start <= t), self.pieces[0])

    def state(self, phase: float) -> Floats:
        """Return the whole state at a time after phase 0."""
        t = (self.origin + phase) % self.period
        return self.piece(t).path(t)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        unit = describe(self.flight.hybrid.system.time_unit)
        return {
            "model": self.flight.hybrid.system.name,
            "period": self.period,
            "unit": unit,
            "multipliers": [[float(m.real), float(m.imag)] for m in self.multipliers],
            "stable": self.stable,
            "closes_to": self.error,
            "notes": [*self.flight.frozen.notes, *self.flight.hybrid.notes],
        }


def find_cycle(frozen: Frozen, seed: int = 0, seconds: float = SECONDS) -> Cycle:
    """Return the limit cycle that a model settles on from its initial state.

    Raises
    ------
    NeuroError
        M115 for maps, noise and equations that depend on the time, M116 where there is no cycle.
    """
    hybrid = hybrid_of(frozen.system, "a limit cycle")
    _require_autonomous(hybrid)
    flight = Flight(frozen, hybrid, time.monotonic() + seconds)
    y = initial_state(frozen, seed)
    try:
        return _search(flight, flight.started(y))
    except Lost as lost:
        if "explicit" not in str(lost):
            raise none_found(hybrid, str(lost)) from lost
    flight.stiff = True
    try:
        return _search(flight, flight.started(y))
    except Lost as lost:
        raise none_found(hybrid, str(lost)) from lost


def _require_autonomous(hybrid: Hybrid) -> None:
    system, reason = hybrid.system, None
    if system.discrete:
        reason = "is a map, which has periodic orbits of whole steps and no phase between them"
    elif not hybrid.autonomous:
        reason = "depends on the time itself, which sets its rhythm from outside"
    if reason is not None:
        raise fail(
            rules.NOT_SERVED,
            f"a limit cycle belongs to an autonomous model in continuous time, and `{system.name}` {reason}",
            help="give its inputs constant values, as with `--input I=2`",
        )


def none_found(hybrid: Hybrid, reason: str) -> NeuroError:
    """Return M116."""
    return fail(
        rules.NO_CYCLE,
        f"`{hybrid.system.name}` settles on no limit cycle from its initial state: {reason}",
        help="other values of its parameters, as with `--set`, may make it oscillate",
        exit_code=3,
    )


def _search(flight: Flight, y: Floats) -> Cycle:
    """Return the cycle that a solution settles on."""
    moving = _moving(flight.hybrid)
    duration = flight.hybrid.system.settings.duration or 100.0
    flown = flight.fly(y, duration, rtol=1e-7)
    total, followed = flown.high - flown.low, flown.t
    for attempt in range(ATTEMPTS):
        y = _released(flight, flown.y)
        extent = np.maximum(flown.high - flown.low, 1e-300)
        _require_motion(flight, y, np.maximum(extent, total), moving)
        guess, flown = _return_time(flight, y, extent, duration * 2**attempt, moving)
        followed += flown.t
        if guess is None:
            continue
        shot = _shoot(flight, y, guess, np.maximum(flown.high - flown.low, 1e-300), moving)
        if shot is not None and (cycle := _cycle(flight, *shot, moving)).attracts:
            return cycle
        flown = flight.fly(flown.y, duration * 2**attempt, rtol=1e-7)
        followed += flown.t
    raise Lost(f"in {followed:.6g} units of time it never stays on one, so that its motion is not periodic or has not settled")


def _moving(hybrid: Hybrid) -> tuple[int, ...]:
    """Return the numbers of the author's states that anything moves."""
    states = hybrid.system.states[: hybrid.size]
    jumping = {i for j in hybrid.jumps if j.surface is not None for i, v in enumerate(j.values[: hybrid.size]) if v != states[i].symbol}
    return tuple(i for i, s in enumerate(states) if s.derivative != 0 or i in jumping)


def _released(flight: Flight, y: Floats) -> Floats:
    """Return a later state at which nothing is held."""
    for _ in range(100):
        left = y[flight.hybrid.size + 1 :: 2].max(initial=0.0)
        if not left > 0:
            break
        y = flight.fly(y, left * BEYOND).y
    return y


def _require_motion(flight: Flight, y: Floats, extent: Floats, moving: Sequence[int]) -> None:
    """Raise Lost where a solution has come to rest: near a fixed point, by a step of Newton's method, that attracts it."""
    kept = list(moving)
    flow, matrix = flight.flow(y)[kept], flight.matrix(y)[np.ix_(kept, kept)]
    if not kept:
        raise Lost("nothing moves its states")
    step = np.linalg.lstsq(matrix, flow, rcond=None)[0]
    away, reached = np.abs(step), np.allclose(matrix @ step, flow, rtol=1e-6, atol=0)
    if reached and np.all(away <= AT_REST * (extent[kept] + np.abs(y[kept]) + 1e-12)) and np.all(np.linalg.eigvals(matrix).real <= 0):
        at = ", ".join(f"{flight.hybrid.system.states[i].name} = {y[i]:.6g}" for i in kept[:6])
        raise Lost(f"it comes to rest at {at}")


def _return_time(flight: Flight, y: Floats, extent: Floats, horizon: float, moving: Sequence[int]) -> tuple[float | None, Flown]:
    """Return after how long a solution is back where it was, nearly, and what was followed for that."""
    kept = list(moving)
    scale = extent[kept] + 1e-9 * np.abs(y[kept]) + 1e-300
    normal = flight.flow(y)[kept] / scale**2
    norm = float(np.linalg.norm(normal * scale))

    def section(t: float, z: Floats) -> tuple[float, bool]:
        away = z[kept] - y[kept]
        return float(normal @ away) / norm, bool(np.linalg.norm(away / scale) < NEAR and t > 0)

    flown = flight.fly(y, horizon, rtol=1e-8, section=section)
    return (flown.t if flown.crossed else None), flown


def _shoot(flight: Flight, y: Floats, period: float, extent: Floats, moving: Sequence[int]) -> tuple[Floats, float, Floats, Floats, float] | None:
    """Return a point of a cycle, its period, its monodromy matrix, its extent and how well it closes, by Newton's method; None without luck."""
    kept = list(moving)
    unit = np.eye(len(y))[:, kept]
    scale = np.where(extent[kept] > 0, extent[kept], 1.0)
    best: tuple[Floats, float, Floats, Floats, float] | None = None
    for _ in range(12):
        flown = flight.fly(y, period, deviations=unit)
        miss = (flown.y - y)[kept]
        error = float(np.linalg.norm(miss / scale))
        if best is None or error < best[4]:
            best = (y, period, flown.deviations[kept], flown.high - flown.low, error)
        elif best[4] < CLOSED:
            break
        speed, arrival = flight.flow(y)[kept], flight.flow(flown.y)[kept]
        matrix = np.block(
            [
                [(flown.deviations[kept] - np.eye(len(kept))) * scale / scale[:, None], (arrival / scale)[:, None]],
                [(speed / scale)[None, :], np.zeros((1, 1))],
            ]
        )
        change = np.linalg.lstsq(matrix, -np.concatenate([miss / scale, [0.0]]), rcond=1e-13)[0]
        longer = period + change[-1]
        if not 0.5 * period < longer < 2 * period:
            break
        y, period = y.copy(), float(longer)
        y[kept] += change[:-1] * scale
        if error < 1e-12:
            break
    return best if best is not None and best[4] < CLOSED and _is_a_round(best[3][kept], extent[kept]) else None


def _is_a_round(extent: Floats, before: Floats) -> bool:
    """Return whether shooting has not fallen into a fixed point."""
    return bool(np.max(extent / np.where(before > 0, before, 1.0)) > 1e-3)


def _cycle(flight: Flight, y: Floats, period: float, monodromy: Floats, extent: Floats, error: float, moving: tuple[int, ...]) -> Cycle:
    flown = flight.fly(y, period, keep=True)
    return Cycle(flight, moving, period, monodromy, _origin(flight, flown.pieces, period), flown.pieces, extent, error)


def _origin(flight: Flight, pieces: list[Piece], period: float) -> float:
    """Return when the phase is 0: at the spike after the longest silence, else where the first state is largest."""
    times = [p.stop for p in pieces if p.jump is not None and spikes(flight.hybrid.jumps[p.jump].event)]
    if flight.hybrid.markers:
        times += _markings(flight, pieces, period)
    if times:
        ordered = sorted(t % period for t in times)
        silences = [ordered[i] - ordered[i - 1] + (period if i == 0 else 0) for i in range(len(ordered))]
        return ordered[int(np.argmax(silences))]
    samples = [(float(p.path(t)[0]), t) for p in pieces for t in np.linspace(p.start, p.stop, SAMPLES)]
    return float(max(samples)[1]) % period


def _markings(flight: Flight, pieces: list[Piece], period: float) -> list[float]:
    """Return when a quantity that marks a spike turns positive."""
    found: list[float] = []

    def marker(piece: Piece, number: int, t: float) -> float:
        return float(flight.call("markers", piece.path(t))[number])

    for piece in pieces:
        grid = np.linspace(piece.start, piece.stop, SAMPLES)
        values = np.array([flight.call("markers", piece.path(t)) for t in grid])
        for i, k in zip(*np.nonzero((values[:-1] < 0) & (values[1:] >= 0)), strict=True):
            found.append(float(brentq(partial(marker, piece, int(k)), grid[i], grid[i + 1], xtol=1e-14 * period)))
    return found
