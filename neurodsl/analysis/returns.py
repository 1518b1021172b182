"""The return map of a model with resets: from the state after one spike to that after the next.

References
----------
Touboul, Brette, 2009, SIAM J. Appl. Dyn. Syst. 8:1462-1506. doi:10.1137/080742762
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from neurodsl import rules
from neurodsl.analysis.flight import Flight, Lost
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.hybrid import Hybrid, hybrid_of, spikes
from neurodsl.analysis.starts import initial_state
from neurodsl.diagnostics import fail

Floats = NDArray[np.float64]

SECONDS = 30.0
SPIKES = 40
"""Spikes that are followed to see where the map lives."""
PATIENCE = 20
"""The next spike is waited for so many times the duration of the file."""
NONE: Floats = np.zeros(0)
STEP = 1e-5
"""For the slope of the map, relative to its range."""


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """A fixed point of a return map: the model fires periodically.

    ``state`` is that just after each spike, ``period`` the time between them, and ``multiplier`` the slope of the map: below 1 in size it attracts.
    """

    state: Mapping[str, float]
    period: float
    multiplier: float

    @property
    def stable(self) -> bool:
        """Return whether neighbouring trains come to it."""
        return abs(self.multiplier) < 1


@dataclass(frozen=True, eq=False)
class ReturnMap:
    """The return map after a reset.

    Attributes
    ----------
    of : str or None
        The state whose values after a reset are followed; None where a reset leaves nothing free, and the map is a point.
    before, after : array of shape (n,)
        Its value just after a spike, and just after the next; nan where there is no next.
    periods : array of shape (n,)
        The time in between.
    fixed_points : tuple of FixedPoint
    fires : bool
        Whether the model fires from its initial state.
    """

    of: str | None
    before: Floats
    after: Floats
    periods: Floats
    fixed_points: tuple[FixedPoint, ...]
    fires: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        points = [{"state": dict(p.state), "period": p.period, "multiplier": p.multiplier, "stable": p.stable} for p in self.fixed_points]
        table = {
            name: [v if math.isfinite(v) else None for v in values.tolist()]
            for name, values in (("before", self.before), ("after", self.after), ("periods", self.periods))
        }
        return {"of": self.of, "fires": self.fires, "fixed_points": points, **table}


def return_map(frozen: Frozen, points: int = 41, seed: int = 0, seconds: float = SECONDS) -> ReturnMap:
    """Return the map from the state after a spike to that after the next, and where it stays: periodic firing.

    Raises
    ------
    NeuroError
        M115 for a model without resets, with several states that a reset leaves free, or that depends on the time.
    """
    hybrid = hybrid_of(frozen.system, "a return map")
    free = _free(hybrid)
    flight = Flight(frozen, hybrid, time.monotonic() + seconds)
    try:
        seen = _seen(flight, flight.started(initial_state(frozen, seed)))
    except Lost as lost:
        raise fail(rules.NO_CYCLE, f"the spikes of `{frozen.system.name}` cannot be followed: {lost}", exit_code=3) from lost
    if not seen:
        return ReturnMap(frozen.names[free[0]] if free else None, NONE, NONE, NONE, (), False)
    if not free:
        _, wait = _next(flight, seen[-1])
        state = {n: float(seen[-1][i]) for i, n in enumerate(frozen.names)}
        found = () if math.isnan(wait) else (FixedPoint(state, wait, 0.0),)
        return ReturnMap(None, NONE, NONE, NONE, found, True)
    return _sampled(flight, seen, free[0], points)


def _free(hybrid: Hybrid) -> list[int]:
    """Return the numbers of the moving states that a reset does not give a constant value."""
    system = hybrid.system
    resets = [j for j in hybrid.jumps if j.surface is not None and spikes(j.event)]
    reason = None
    if system.discrete or not hybrid.autonomous:
        reason = "is a map" if system.discrete else "depends on the time itself"
    elif len(resets) != 1:
        reason = "has no spike that resets a state" if not resets else "has several spikes that reset a state"
    known = {s.symbol for s in system.states}
    free = [i for i, s in enumerate(system.states[: hybrid.size]) if s.derivative != 0 and (not resets or resets[0].values[i].free_symbols & known)]
    if reason is None and len(free) > 1:
        reason = "has several states that a reset leaves free: " + ", ".join(f"`{system.states[i].name}`" for i in free)
    if reason is not None:
        told = f"the return map is drawn for a model with one spike that resets all states but one at most, and `{system.name}` {reason}"
        raise fail(rules.NOT_SERVED, told)
    return [i for i in free if i not in hybrid.held or resets[0].values[i] == system.states[i].symbol]


def _next(flight: Flight, y: Floats) -> tuple[Floats, float]:
    """Return the state after the next spike and the time until then; nan where there is none."""
    wait = PATIENCE * (flight.hybrid.system.settings.duration or 100.0)
    try:
        flown = flight.fly(y, wait, rtol=1e-9, one_spike=True)
    except Lost:
        return np.full(len(y), np.nan), math.nan
    return (flown.y, flown.t) if flown.crossed else (np.full(len(y), np.nan), math.nan)


def _seen(flight: Flight, y: Floats) -> list[Floats]:
    """Return the states after the spikes that follow an initial state."""
    found: list[Floats] = []
    for _ in range(SPIKES):
        y, wait = _next(flight, y)
        if math.isnan(wait) or time.monotonic() > flight.deadline:
            break
        found.append(y)
    return found


def _sampled(flight: Flight, seen: Sequence[Floats], number: int, points: int) -> ReturnMap:
    """Return the map over the values that were seen and somewhat beyond."""
    values = [float(y[number]) for y in seen]
    width = max(max(values) - min(values), 0.1 * abs(values[-1]), 1e-6)
    before = np.linspace(min(values) - 0.25 * width, max(values) + 0.25 * width, points)

    def image(value: float) -> tuple[float, float]:
        y = seen[-1].copy()
        y[number] = value
        after, wait = _next(flight, y)
        return float(after[number]), wait

    pairs = np.array([image(v) for v in before])
    fixed = []
    for i in range(points - 1):
        gaps = pairs[i : i + 2, 0] - before[i : i + 2]
        if np.all(np.isfinite(gaps)) and gaps[0] * gaps[1] <= 0 and gaps[1] != 0 and abs(gaps[1] - gaps[0]) < 10 * width:
            at = float(brentq(lambda v: image(v)[0] - v, before[i], before[i + 1], xtol=1e-12 * width))
            near, period = image(at)
            if abs(near - at) < 1e-6 * width:
                slope = (image(at + STEP * width)[0] - image(at - STEP * width)[0]) / (2 * STEP * width)
                state = {n: float(at if k == number else seen[-1][k]) for k, n in enumerate(flight.frozen.names)}
                fixed.append(FixedPoint(state, period, slope))
    return ReturnMap(flight.frozen.names[number], before, pairs[:, 0], pairs[:, 1], tuple(fixed), True)
