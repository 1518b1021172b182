"""What a run of a network records: quantities of neurons step by step, and of synapses at chosen times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.network_plan import CONSTANT
from neurodsl.run.populations import Population
from neurodsl.run.projections import Projection, recording_interval
from neurodsl.solution.network import SynapseTrace, Trace

Floats = NDArray[np.float64]

MOST_RECORDED = 2 * 10**9
"""Bytes of what is recorded."""


class Recording:
    """A quantity of chosen neurons while it is recorded."""

    def __init__(self, population: Population, wanted: Mapping[str, Any], steps: int, dt: float) -> None:
        row, self.unit = population.plan.quantities[wanted["quantity"]]
        self.name = f"{wanted['owner']}.{wanted['quantity']}"
        self.every = 1 if wanted["every"] is None else recording_interval(float(wanted["every"]), dt, self.name)
        self.index = np.arange(wanted["start"], wanted["stop"], wanted["step"])
        self.pick = population.offsets(self.index) + np.uint32(max(row, 0) * population.plan.width)
        self.population = population
        self.times: Floats = np.arange(0, steps + 1, self.every, dtype=np.float64) * dt
        if 8 * self.times.size * self.index.size > MOST_RECORDED:
            told = f"recording `{self.name}` of {self.index.size} neurons at {self.times.size} times takes {8e-9 * self.times.size * self.index.size:.1f} GB"
            raise fail(rules.TOO_LARGE, told, help="record fewer neurons, `E[0:100:10].v`, or less often, `every 1 [ms]`")
        self.rows = np.full((self.times.size, self.index.size), np.nan)
        if row == CONSTANT:
            value = np.asarray(population.values[wanted["quantity"]])
            self.rows[:] = value[self.index] if value.ndim else value
            self.pick = self.pick[:0]
        else:
            self.rows[0] = population.flat[self.pick]

    def arguments(self, number: int, part: int) -> dict[str, Any]:
        """Return what a kernel is told of what a thread records: its own neurons."""
        bounds = self.population.queue.bounds
        first, last = np.searchsorted(self.index, bounds[part : part + 2])
        return {f"_pick{number}": self.pick[first:last], f"_rows{number}": self.rows, f"_g{number}": np.array([self.every, first])}

    def trace(self, reached: int) -> Trace:
        """Return what was recorded up to a step."""
        count = reached // self.every + 1
        return Trace(self.times[:count], self.index, self.rows[:count], self.unit)


class SynapseRecording:
    """A quantity of synapses at chosen times."""

    def __init__(self, projection: Projection, wanted: Mapping[str, Any], steps: int, dt: float) -> None:
        self.projection, self.quantity, self.dt = projection, wanted["quantity"], dt
        self.name = f"{projection.plan.name}.{self.quantity}"
        every = wanted["every"]
        interval = max(steps, 1) if every is None else recording_interval(float(every), dt, self.name)
        self.steps = list(range(0, steps + 1, interval))
        if 8 * len(self.steps) * projection.count > MOST_RECORDED:
            raise fail(
                rules.TOO_LARGE, f"recording `{self.name}` at {len(self.steps)} times takes {8e-9 * len(self.steps) * projection.count:.1f} GB"
            )
        self.taken: list[Floats] = []

    def take(self, step: int) -> None:
        """Note the values, if it is time."""
        if len(self.taken) < len(self.steps) and self.steps[len(self.taken)] == step:
            self.taken.append(self.projection.value(self.quantity))

    def trace(self) -> SynapseTrace:
        """Return what was noted."""
        p = self.projection
        times = np.array(self.steps[: len(self.taken)]) * self.dt
        wiring = p.wiring
        source, target = wiring.sources + p.plan.source[1], wiring.targets + p.plan.target[1]
        return SynapseTrace(times, source, target, np.array(self.taken).reshape(len(self.taken), p.count), p.plan.units[self.quantity])
