"""What neurons do of themselves at the end of a step: their conditions, known times and actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from network.cells import Cells
from network.evaluation import value

from neurodsl.system import RANDOM, Event

MOST = 1000
"""So many firings of one event at one instant are a cascade."""


@dataclass(frozen=True)
class Wanted:
    """A random number: its symbol in the actions, ``_rand0`` or ``_randn0`` and so on, or ``chance``; whose, of which event, of which neuron or synapse, when."""

    name: str
    owner: str
    event: int
    element: int
    step: int


class Neurons:
    """A population of a model, with the memory of its events."""

    def __init__(self, name: str, cells: Cells, draw: Callable[[Wanted], float] | None) -> None:
        self.name, self.cells, self.draw = name, cells, draw
        count = len(cells.system.events)
        self.was = np.zeros((count, cells.size), dtype=bool)
        self.next = np.full((count, cells.size), -np.inf)
        self.count = np.zeros((count, cells.size), dtype=int)
        self.begun = False

    def happen(self, t: float) -> list[int]:
        """Let everything happen that is due at the end of a step; return the numbers of the neurons that spike, in order."""
        dt, events = self.cells.dt, self.cells.system.events
        first, self.begun = not self.begun, True
        if not events:
            return []
        values = self._values(t)
        for number, event in enumerate(events):
            if first and event.kind == "condition":
                self.was[number] = self._holds(event, values)
            elif first and event.kind in ("at", "every"):
                self.next[number] = self._snapped(value(event.time, values))  # type: ignore[arg-type]
        spikes: list[int] = []
        may = np.full(self.cells.size, first)
        for number, event in enumerate(events):
            may |= self._may(event, number, values, t + 1e-9 * dt)
        for n in np.flatnonzero(may):
            spikes += self._one(int(n), t, first)
        return spikes

    def _may(self, event: Event, number: int, values: dict[str, Any], ts: float) -> Any:
        """Return for which neurons an event has to be looked at."""
        if event.kind == "condition":
            return self._holds(event, values) != self.was[number]
        return event.kind == "chance" or (event.kind in ("at", "every") and self.next[number] <= ts)

    def _one(self, n: int, t: float, first: bool) -> list[int]:
        """Let everything happen to one neuron, events in the order of the text, until nothing is left; return its number for each spike."""
        events, ts = self.cells.system.events, t + 1e-9 * self.cells.dt
        starting = {number for number, event in enumerate(events) if first and event.kind == "start"}
        for number, event in enumerate(events):
            if event.kind == "chance" and not first:
                assert event.chance is not None
                if self._drawn("chance", number, n, t) < value(event.chance, self._of(n, t)):
                    starting.add(number)
            assert event.kind in ("condition", "start", "at", "every", "chance"), event.kind
        spikes: list[int] = []
        fired = 1
        rounds = 0
        while fired:
            fired = 0
            rounds += 1
            assert rounds < MOST, "a cascade"
            for number, event in enumerate(events):
                if self._due(event, number, n, t, ts, starting):
                    fired += 1
                    spikes += [n] * self._act(event, number, n, t)
                    if event.kind == "condition":
                        self.was[number, n] = self._holds(event, self._of(n, t))
        return spikes

    def _due(self, event: Event, number: int, n: int, t: float, ts: float, starting: set[int]) -> bool:
        if event.kind in ("start", "chance"):
            due = number in starting and not self.next[number, n] > ts
            starting.discard(number)
            return due
        if event.kind == "condition":
            now = bool(self._holds(event, self._of(n, t)))
            due = now and not self.was[number, n] and not self.next[number, n] > ts
            self.was[number, n] = now
            return due
        due = bool(self.next[number, n] <= ts)
        if due:
            self.count[number, n] += 1
            period = value(event.time, self._of(n, t))  # type: ignore[arg-type]
            self.next[number, n] = self._snapped((self.count[number, n] + 1) * period) if event.kind == "every" else np.inf
        return due

    def _act(self, event: Event, number: int, n: int, t: float) -> int:
        """Let an event act on one neuron and return how many spikes it is."""
        y, held, ts = self.cells.y, self.cells.held, t + 1e-9 * self.cells.dt
        names = [s.name for s in self.cells.system.states]
        before = {name: bool(held[name][n] > ts) for name in names}
        random: dict[str, float] = {}
        emitted = 0
        for action in event.actions:
            parts = [] if action.value is None else [(action.target, action.value), *action.also]
            for name in sorted(s.name for _, v in parts for s in v.free_symbols if s.name.startswith(RANDOM)):
                if name not in random:
                    random[name] = self._drawn(name, number, n, t)
            values = self._of(n, t) | random
            computed = [(target, float(value(v, values))) for target, v in parts]
            if action.kind == "set":
                for target, x in computed:
                    if not before[names[target]]:
                        y[names[target]][n] = x
            elif action.kind == "hold":
                held[names[action.target]][n] = max(held[names[action.target]][n], self._snapped(t + computed[0][1]))
            elif action.kind == "wait":
                self.next[number, n] = self._snapped(t + computed[0][1])
            else:
                assert action.kind == "emit", action.kind
                emitted += 1
        return emitted or int(event.spikes and not any(a.kind == "emit" for a in event.actions))

    def _drawn(self, name: str, number: int, n: int, t: float) -> float:
        assert self.draw is not None
        return self.draw(Wanted(name, self.name, number, n, round(t / self.cells.dt)))

    def _values(self, t: float) -> dict[str, Any]:
        """Return the values of all symbols, the truth of comparisons among them."""
        values = self.cells.values(t)
        for surface in self.cells.system.surfaces:
            level = value(surface.expression, values)
            values[surface.symbol.name] = level == 0 if surface.equality else level > 0 if surface.strict else level >= 0
        return values

    def _of(self, n: int, t: float) -> dict[str, Any]:
        return {name: v[n] if np.ndim(v) else v for name, v in self._values(t).items()}

    def _holds(self, event: Event, values: dict[str, Any]) -> Any:
        assert isinstance(event.condition, sympy.Basic)
        return value(event.condition, values)

    def _snapped(self, time: Any) -> Any:
        """Return a time, moved to the grid point that it misses by rounding alone."""
        dt = self.cells.dt
        grid = np.rint(np.asarray(time) / dt) * dt
        return np.where(np.abs(grid - time) <= 1e-9 * dt, grid, time)
