"""What a sweep runs: the points of a model or of a network."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurodsl.run import points
from neurodsl.run.points import Outcome

if TYPE_CHECKING:
    from neurodsl.run.network_points import NetworkJob

    Job = points.Job | NetworkJob


def is_network(job: Job) -> bool:
    """Return whether a job is one of a network."""
    return not isinstance(job, points.Job)


def job_of(text: str, network: bool) -> Job:
    """Return the job of a text; ValueError, KeyError or TypeError where it is none."""
    found: Job = import_module("neurodsl.run.network_points").NetworkJob.from_json(text) if network else points.Job.from_json(text)
    return found


def run_points(
    job: Job,
    folder: Path,
    values: NDArray[np.float64],
    seeds: NDArray[np.uint64],
    progress: Callable[[int], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Outcome:
    """Run points, of a model as :func:`neurodsl.run.points.run_points`, of a network as ``neurodsl.run.network_points.run_network_points``."""
    if isinstance(job, points.Job):
        return points.run_points(job, folder, values, seeds, progress, halted)
    found: Outcome = import_module("neurodsl.run.network_points").run_network_points(job, folder, values, seeds, progress, halted)
    return found
