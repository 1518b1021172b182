"""Spike trains of a model at constant values of an input, from its compiled kernel."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.starts import loaded, numbers_of, steady_start
from neurodsl.codegen import kernel
from neurodsl.codegen.build import generate
from neurodsl.integrators import methods
from neurodsl.lower.hazards import integrate_hazards

Floats = NDArray[np.float64]

RTOL, ATOL = 1e-8, 1e-10
STEPS = 100_000
"""Steps between two looks at the clock."""
STATUS, SPIKES = 20, 23
"""Where a kernel keeps its status and the times of its spikes among its arguments."""
SILENCE = 1.5
"""A train that stops earlier than so many of its intervals before the end of a run has ended."""


@dataclass(eq=False)
class Spiking:
    """A model whose spikes are asked for at values of a constant input.

    Attributes
    ----------
    deadline : float
        When that ends, on the monotonic clock.
    longer : int
        A run takes so many times the duration of the file; a rate is that of its second half.
    """

    frozen: Frozen
    name: str
    deadline: float
    longer: int = 5
    known: dict[float, Floats | None] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Return the length of a run."""
        return self.longer * (self.frozen.system.settings.duration or 100.0)

    @cached_property
    def step(self) -> float:
        """Return the step of a fixed method, and of the grid on which an adaptive one is told to stop."""
        system = self.frozen.system
        return system.settings.step or 1.0 if system.discrete else system.settings.dt or self.duration / 1e4

    @cached_property
    def module(self) -> ModuleType:
        """Return the kernel: adaptive with exact events where the model allows it."""
        system = self.frozen.system
        if system.discrete:
            name, mode = "map", "grid"
        elif system.noises:
            name, mode = "euler_maruyama", "grid"
        elif system.sites or any(e.chance is not None and e.kind != "rate" for e in system.events):
            name, mode = "rk4", "grid"
        else:
            name, mode, system = "rk45", "exact", integrate_hazards(system)
        return loaded(self.frozen, generate(system, methods()[name], mode, 1.0, 1.0), plain=not kernel.compiled())

    def times(self, value: float) -> Floats:
        """Return when it fires at a value of the input."""
        found = self._run(value)
        return np.zeros(0) if found is None else found

    def rate(self, value: float) -> float:
        """Return the rate at a value of the input, in the second half of a run; 0 for a train that has ended, nan where the run failed."""
        found = self._run(value)
        if found is None:
            return math.nan
        late = found[found >= self.duration / 2]
        if len(late) < 2:
            return 0.0
        interval = float(late[-1] - late[0]) / (len(late) - 1)
        longest = float(np.max(np.diff(late)))
        return 1 / interval if self.duration - late[-1] <= SILENCE * longest else 0.0

    def fires(self, value: float) -> bool:
        """Return whether its train does not end."""
        return self.rate(value) > 0

    def _run(self, value: float) -> Floats | None:
        if value not in self.known:
            self.known[value] = self._simulated(value)
        return self.known[value]

    def _simulated(self, value: float) -> Floats | None:
        frozen = self.frozen.at({self.name: value})
        start = steady_start(frozen, self.module, self.step, 0)
        arguments = self.module.prepare(numbers_of(frozen), start, self.duration, self.step, (), RTOL, ATOL, 0)
        status = 0
        while status == 0:
            if time.monotonic() > self.deadline:
                return None
            with np.errstate(all="ignore"):
                status = self.module.advance(arguments, STEPS)
        if status not in (self.module.DONE, self.module.STOPPED):
            return None
        return np.array(arguments[SPIKES][: int(arguments[STATUS][1])])
