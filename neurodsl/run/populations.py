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
from neurodsl.run.spike_queue import SpikeQueue
from neurodsl.run.values import propagators, values_of
from neurodsl.samples import Samples

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
    cuts : list of int
        The blocks at which the parts begin that threads have, and the one behind the last.
    """

    def __init__(
        self,
        plan: PopulationPlan,
        number: int,
        known: Mapping[str, Any],
        given: Mapping[str, Any],
        seed: int,
        dt: float,
        folder: Path | None,
        samples: Sequence[Samples] = (),
    ) -> None:
        self.plan, self.number, self.size = plan, number, plan.size
        blocks = -(-plan.size // plan.width)
        self.memory = aligned(blocks, plan.rows * plan.width)
        self.flat = self.memory.reshape(-1)
        self.block = self.memory.reshape(blocks, plan.rows, plan.width)
        self.share(1, 1)
        self.values: dict[str, Any] = {}
        self.constants, self.entries = np.zeros(1), np.zeros(1)
        self.samples = [s.arrays(dt) for s in samples]
        self.emitter: Emitter | None = None
        self.generated = 0
        self.made: list[Spikes] = []
        if plan.emitter is not None:
            self.emitter = emitter_of(plan.emitter, plan.size, dt, seed, number, known, folder, plan.name)
            return
        numbers = {**known, "i": np.arange(plan.size, dtype=np.float64), "t": 0.0, "_ts": 0.0, "_h": dt}
        for made, s in zip(plan.samples, samples, strict=True):
            start = s.at(0.0)
            numbers[made.symbol] = float(start[0]) if start.size == 1 else start
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

    def share(self, parts: int, ring: int) -> None:
        """Divide the neurons into parts, and make room for the spikes of ``ring`` steps."""
        blocks = self.block.shape[0]
        self.cuts = [blocks * p // parts for p in range(parts + 1)]
        bounds = [min(cut * self.plan.width, self.size) for cut in self.cuts]
        self.queue = SpikeQueue(bounds if self.plan.emitter is None else [0, self.size], ring)

    def arguments(self, part: int) -> dict[str, Any]:
        """Return what a kernel is told of a part of the population."""
        k, queue = self.number, self.queue
        mine = self.memory[self.cuts[part] : self.cuts[part + 1]]
        followed = {f"_{what}{k}_{n}": part for n, pair in enumerate(self.samples) for what, part in zip(("times", "values"), pair, strict=True)}
        return {
            **followed,
            f"_a{k}": mine,
            f"_f{k}": self.flat,
            f"_c{k}": self.constants,
            f"_p{k}": self.entries,
            f"_who{k}": queue.who,
            f"_marks{k}": queue.marks,
        }

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
        for behind, (steps, index) in self.emitter.pieces(first, stop):
            self.queue.put(first, behind, steps, index)
            self.made.append((steps, index))
            first = behind
        self.generated = stop

    def fired(self, begin: int, stop: int) -> Sequence[Spikes]:
        """Return the spikes of steps ``begin`` up to ``stop`` in pieces; of a source all that were made since the last call."""
        if self.emitter is not None:
            made, self.made = self.made, []
            return made
        return [self.queue.spikes(begin, stop)[:2]]

    @property
    def finite(self) -> bool:
        """Return whether all states are finite."""
        rows = [row for _, row, _, _ in self.plan.states] + ([self.plan.lost] if self.plan.lost >= 0 else [])
        return all(bool(np.isfinite(self.block[:, row]).all()) for row in rows)

    @property
    def state(self) -> dict[str, Floats]:
        """Return the states that the author knows."""
        return {name: self.row(row) for name, row, _, shown in self.plan.states if shown}
