"""Sweeps to try executors and stores with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd
from neurodsl.measures import Column
from neurodsl.run.points import Job
from neurodsl.sweep.store import keys_of

LIF = """
model lif "a leaky integrate-and-fire neuron in noise":
    param tau = 10, theta = 1, I = 1.2
    noise xi
    init V = 0
    dV/dt = (-V + I)/tau + 0.05*xi
    on V > theta:
        emit spike
        V = 0
    simulate:
        duration 50
        dt 0.1
"""


@dataclass(frozen=True)
class Sweep:
    """A job, the folder of its kernel, its points, and what its kernel is made from."""

    job: Job
    folder: Path
    values: NDArray[np.float64]
    seeds: NDArray[np.uint64]
    origin: str

    @property
    def keys(self) -> list[str]:
        """Return the keys of the points."""
        return keys_of(self.job, self.origin, self.values, self.seeds)


def lif(points: int, duration: float = 5.0, text: str = LIF, folder: Path | None = None) -> Sweep:
    """Return a sweep over the drive of a neuron in noise: two columns, its last state and the count of its spikes."""
    model = nd.loads(text, "lif")
    plan = model.plan(None, None, None, ())
    kernel = (model.cache.folder / f"{plan.kernel}.py").read_text(encoding="ascii")
    columns = (Column("final", 0), Column("spikes"))
    job = Job(plan, {plan.kernel: kernel}, text, "lif.neuro", (("set", "I"),), columns, duration=duration)
    values = np.linspace(0.5, 3.0, points)[:, np.newaxis]
    return Sweep(job, model.cache.folder if folder is None else folder, values, np.arange(points, dtype=np.uint64), text)
