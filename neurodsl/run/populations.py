"""The memory of a population: blocks of lanes, constants, and the spikes that wait to be delivered or put away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.emitters import Spikes
from neurodsl.formulas import evaluate
from neurodsl.network_plan import PopulationPlan
from neurodsl.run.emitting import Emitter, emitter_of
from neurodsl.run.lanes import aligned
from neurodsl.run.values import propagators, values_of

Floats = NDArray[np.float64]


class StartsTrue(Exception):
    """A condition holds at the start, and the kernel relies on that it does not."""


class Population:
    """A population at work.

    Attributes
    ----------
    values : dict
        Its parameters, derived constants and initial values by name: a number, or an array with one for each neuron.
    memory : array of shape (blocks, rows * width)
    who : array of uint32
        The neurons that fired, step by step; ``marks[k & mask]`` is where those of step k begin.
    """

    def __init__(
        self,
        plan: PopulationPlan,
        number: int,
        known: Mapping[str, Any],
        given: Mapping[str, Any],
        seed: int,
        dt: float,
        mask: int,
        folder: Path | None,
    ) -> None:
        self.plan, self.number, self.size, self.mask = plan, number, plan.size, mask
        blocks = -(-plan.size // plan.width)
        self.memory = aligned(blocks, plan.rows * plan.width)
        self.flat = self.memory.reshape(-1)
        self.block = self.memory.reshape(blocks, plan.rows, plan.width)
        self.marks = np.zeros(mask + 1, np.int64)
        self.who = np.zeros(max(2 * plan.size, 4096), np.uint32)
        self.values: dict[str, Any] = {}
        self.constants, self.entries = np.zeros(1), np.zeros(1)
        self.emitter: Emitter | None = None
        self.generated = 0
        self.made: list[Spikes] = []
        if plan.emitter is not None:
            self.emitter = emitter_of(plan.emitter, plan.size, dt, seed, number, known, folder, plan.name)
            return
        numbers = {**known, "i": np.arange(plan.size, dtype=np.float64), "t": 0.0, "_ts": 0.0, "_h": dt}
        self.values = values_of(plan.items, numbers, given, plan.size, seed, 2 * number, folder, f"`{plan.name}`")
        self._fill(dt)

    def _fill(self, dt: float) -> None:
        """Put the values with which the run begins into the memory."""
        plan, values = self.plan, self.values
        found = [np.nan if np.ndim(values[name]) else values[name] for name in plan.constants]
        for name, formula in plan.made:
            values[name] = evaluate(formula, values)
            found.append(values[name])
        self.constants = np.array([*found, 0.0], dtype=np.float64)
        for name, row in plan.given:
            self.put(row, values[name])
        for name, row, formula in plan.own:
            values[name] = evaluate(formula, values)
            self.put(row, values[name])
        for row, formula in plan.was:
            held = evaluate(formula, values)
            if row >= 0:
                self.put(row, np.where(held, 1.0, 0.0))
            elif np.any(held):
                raise StartsTrue(plan.name)
        for row, formula in plan.out:
            self.put(row, evaluate(formula, values))
        for row, first in plan.clocks:
            self.put(row, -np.inf if first is None else evaluate(first, values))
        if plan.flow is not None:
            entries = propagators(plan.flow, values, dt)
            if plan.flow.shared:
                self.entries = np.array([*entries.reshape(-1), 0.0])
            else:
                for row, entry in zip(plan.flow.rows, entries, strict=True):
                    self.put(row, entry)

    def put(self, row: int, value: Any) -> None:
        """Give each neuron a number in a row; the lanes behind the last neuron get that of the last."""
        full = np.empty(self.block.shape[0] * self.plan.width)
        full[: self.size] = value
        full[self.size :] = full[self.size - 1]
        self.block[:, row] = full.reshape(self.block[:, row].shape)

    def row(self, row: int) -> Floats:
        """Return the numbers in a row, one for each neuron."""
        return np.ascontiguousarray(self.block[:, row]).reshape(-1)[: self.size]

    def offsets(self, neurons: NDArray[Any]) -> NDArray[np.uint32]:
        """Return where the numbers of neurons begin in the memory: what is in row r is r times the width behind that."""
        width = self.plan.width
        block, lane = np.divmod(neurons.astype(np.uint32), np.uint32(width))
        return block * np.uint32(self.plan.rows * width) + lane

    def generate(self, begin: int, stop: int) -> None:
        """Make the spikes of a source up to a step."""
        if self.emitter is None or stop <= self.generated:
            return
        first = max(begin, self.generated)
        at = int(self.marks[first & self.mask])
        counts = np.zeros(stop - first, np.int64)
        for steps, index in self.emitter.pieces(first, stop):
            if not len(steps):
                continue
            self._room(at + len(index))
            self.who[at : at + len(index)] = index
            begins, behind = int(steps[0]), int(steps[-1]) + 1
            counts[begins - first : behind - first] += np.bincount(steps - begins)
            at += len(index)
            self.made.append((steps, index))
        self._mark(first, int(self.marks[first & self.mask]) + np.cumsum(counts, out=counts))
        self.generated = stop

    def _mark(self, step: int, ends: NDArray[np.int64]) -> None:
        """Note where the spikes of a step and of those behind it end."""
        place = (step + 1) & self.mask
        straight = min(len(ends), self.mask + 1 - place)
        self.marks[place : place + straight] = ends[:straight]
        self.marks[: len(ends) - straight] = ends[straight:]

    def _room(self, count: int) -> None:
        if count > self.who.size:
            grown = np.zeros(2 * count, np.uint32)
            grown[: self.who.size] = self.who
            self.who = grown

    def fired(self, begin: int, stop: int) -> Sequence[Spikes]:
        """Return the spikes of steps ``begin`` up to ``stop`` in pieces; of a source all that were made since the last call."""
        if self.emitter is not None:
            made, self.made = self.made, []
            return made
        place, behind = begin & self.mask, stop & self.mask
        marks = self.marks[place : behind + 1] if place <= behind else np.concatenate([self.marks[place:], self.marks[: behind + 1]])
        counts = np.diff(marks)
        some = np.flatnonzero(counts)
        return [(np.repeat(some + begin, counts[some]), self.who[marks[0] : marks[-1]].copy())] if len(some) else []

    def forget(self, reached: int, lag: int) -> int:
        """Move the spikes that are still on their way to the front; return by how much they moved."""
        last = max(reached, self.generated)
        first = max(0, reached - lag)
        steps = np.arange(first, last + 1) & self.mask
        moved, end = int(self.marks[first & self.mask]), int(self.marks[last & self.mask])
        if moved == 0 or (moved < self.who.size // 2 and end + self.size <= self.who.size):
            self._room(end + self.size)
            return 0
        self.who[: end - moved] = self.who[moved:end].copy()
        self.marks[steps] -= moved
        self._room(end - moved + self.size)
        return moved

    @property
    def finite(self) -> bool:
        """Return whether all states are finite."""
        rows = [row for _, row, _, _ in self.plan.states] + ([self.plan.lost] if self.plan.lost >= 0 else [])
        return all(bool(np.isfinite(self.block[:, row]).all()) for row in rows)

    @property
    def state(self) -> dict[str, Floats]:
        """Return the states that the author knows."""
        return {name: self.row(row) for name, row, _, shown in self.plan.states if shown}
