"""What a sweep runs: the points of a model or of a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurodsl.run import network_points, points
from neurodsl.run.network_points import NetworkJob
from neurodsl.run.points import Outcome

Job = points.Job | NetworkJob


def job_of(text: str, network: bool) -> Job:
    """Return the job of a text; ValueError, KeyError or TypeError where it is none."""
    return NetworkJob.from_json(text) if network else points.Job.from_json(text)


def run_points(
    job: Job,
    folder: Path,
    values: NDArray[np.float64],
    seeds: NDArray[np.uint64],
    progress: Callable[[int], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Outcome:
    """Run points, of a model as :func:`neurodsl.run.points.run_points`, of a network as :func:`neurodsl.run.network_points.run_network_points`."""
    if isinstance(job, NetworkJob):
        return network_points.run_network_points(job, folder, values, seeds, progress, halted)
    return points.run_points(job, folder, values, seeds, progress, halted)
