"""What events do to the state of a frozen system: where they fire, and where they put it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sympy import Symbol, false, true

from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.orbits import Bounds, Floats, Orbit, integrate
from neurodsl.analysis.values import Values, values_of
from neurodsl.system import RANDOM, Event

MOST_JUMPS = 12
"""Jumps of an orbit: more make a picture no clearer."""


@dataclass(frozen=True)
class Jumps:
    """The events of a system with a condition on its state, as far as they change it.

    Attributes
    ----------
    events : tuple of Event
        Those that set or hold a state.
    notes : tuple of str
        The events that an orbit does not follow.
    """

    frozen: Frozen
    events: tuple[Event, ...]
    notes: tuple[str, ...]

    @cached_property
    def values(self) -> Values:
        """Return the generated functions: the surfaces, and the values of the actions of each event."""
        named = {"surfaces": [s.expression for s in self.frozen.system.surfaces]}
        for number, event in enumerate(self.events):
            for k, action in enumerate(event.actions):
                given = [] if action.value is None else [action.value]
                named[f"action_{number}_{k}"] = [*given, *(value for _, value in action.also)]
        return values_of(self.frozen, named)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Return the numbers of the surfaces that the conditions of the events use."""
        symbols = set().union(*(e.condition.free_symbols for e in self.events if e.condition is not None))
        return tuple(k for k, s in enumerate(self.frozen.system.surfaces) if s.symbol in symbols and not s.timed)

    def levels(self, y: Floats) -> Sequence[float]:
        """Return the values of the surfaces in use, positive where the comparison is true."""
        levels = self.values("surfaces", y)
        return [levels[k] for k in self.used]

    def fire(self, y: Floats, crossed: int) -> tuple[Floats, dict[int, float]] | None:
        """Return the state after the events that a crossing sets off and how long which states are held, None where it sets off none.

        Parameters
        ----------
        y : array of shape (n,)
            On the surface.
        crossed : int
            The number of the surface among those in use.
        """
        symbol = self.frozen.system.surfaces[self.used[crossed]].symbol
        truth = {s.symbol: true if level > 0 else false for s, level in zip(self.frozen.system.surfaces, self.values("surfaces", y), strict=True)}
        state, held, fired = np.array(y), dict[int, float](), False
        for number, event in enumerate(self.events):
            if event.condition is None or symbol not in event.condition.free_symbols:
                continue
            if event.condition.xreplace({**truth, symbol: true}) != true:
                continue
            fired = True
            for k, action in enumerate(event.actions):
                values = self.values(f"action_{number}_{k}", state) if action.value is not None else ()
                if action.kind == "set":
                    for target, value in zip((action.target, *(i for i, _ in action.also)), values, strict=True):
                        state[target] = value
                elif action.kind == "hold":
                    held[action.target] = float(values[0])
        return (state, held) if fired else None

    def orbit(self, start: Sequence[float] | Floats, duration: float, bounds: Bounds, rtol: float = 1e-8, most: int = MOST_JUMPS) -> Orbit:
        """Return the orbit from a point with the jumps on its way, of which there are at most so many."""
        parts: list[Orbit] = []
        y, left = np.asarray(start, dtype=np.float64), duration
        for _ in range(most):
            parts.append(integrate(self.frozen.slopes, y, left, bounds, self.levels if self.used else None, rtol))
            left -= parts[-1].t[-1]
            if parts[-1].stopped != "surface":
                break
            y = parts[-1].y[-1]
            done = self.fire(y, parts[-1].surface)
            if done is None:
                continue
            y, held = done
            for wait in sorted({w for w in held.values() if w > 0}):
                parts.append(self._held(y, min(wait, left), {k for k, w in held.items() if w >= wait}, bounds, rtol))
                y, left = parts[-1].y[-1], left - parts[-1].t[-1]
        return joined(parts)

    def _held(self, y: Floats, duration: float, held: set[int], bounds: Bounds, rtol: float) -> Orbit:
        """Return the orbit while some states are held where they are."""
        free = np.array([float(k not in held) for k in range(len(y))])
        return integrate(lambda at: self.frozen.slopes(at) * free, y, duration, replace(bounds, targets=np.empty((0, 0))), None, rtol)


def joined(parts: Sequence[Orbit]) -> Orbit:
    """Return pieces of an orbit, each from where an event put the end of the one before, as one."""
    times, points, jumps, begin, count = [], [], [], 0.0, 0
    for k, part in enumerate(parts):
        if k and not np.array_equal(part.y[0], parts[k - 1].y[-1]):
            jumps.append(count)
        times.append(part.t + begin)
        points.append(part.y)
        begin += float(part.t[-1])
        count += len(part.t)
    return Orbit(np.concatenate(times), np.concatenate(points), parts[-1].stopped, parts[-1].surface, tuple(jumps))


def jumps_of(frozen: Frozen) -> Jumps:
    """Return the events of a system that an orbit follows, and notes on those that it does not."""
    kept, notes = [], []
    for event in frozen.system.events:
        if all(action.kind == "emit" for action in event.actions):
            continue
        if event.kind != "condition":
            notes.append(f"`{event.text}` is not followed: only events with a condition on the state are")
        elif any(isinstance(s, Symbol) and s.name.startswith(RANDOM) for a in event.actions if a.value is not None for s in a.value.free_symbols):
            notes.append(f"`{event.text}` is not followed: its actions are random")
        else:
            kept.append(event)
    return Jumps(frozen, tuple(kept), tuple(notes))
