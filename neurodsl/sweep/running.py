"""All points of a sweep: those that were kept, and what an executor makes of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurodsl.sweep.chunks import Chunk, Chunks, Finished
from neurodsl.sweep.executors import Workers
from neurodsl.sweep.executors.executor import Task
from neurodsl.sweep.store import Kept, Store

if TYPE_CHECKING:
    from neurodsl.run.jobs import Job

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Takes how many points are done, and of how many."""


@dataclass(frozen=True)
class Swept:
    """What is known of all points of a sweep.

    Attributes
    ----------
    table : array of shape (points, columns)
        nan in points that failed or have not been run.
    failed : dict
        Why the points that failed did, by their number.
    done : array of bool, shape (points,)
        Which points have been run, to their end or to a failure; not those whose workers died, which are only among the failed.
    ran : int
        How many were run now; the others were kept from before.
    interrupted : bool
        Ctrl-C ended it; what was finished is in the table, and in the store.
    compile_s : float
        The time that the compiler took in this process.
    """

    table: Floats
    failed: dict[int, str]
    done: NDArray[np.bool_]
    ran: int
    interrupted: bool
    compile_s: float = 0.0

    @property
    def complete(self) -> bool:
        """Return whether every point has been run."""
        return bool(self.done.all())


def run_all(
    job: Job,
    folder: Path,
    values: Floats,
    seeds: NDArray[np.uint64],
    keys: Sequence[str],
    workers: Workers,
    store: Store | None = None,
    progress: Progress | None = None,
    shard: tuple[int, int] | None = None,
) -> Swept:
    """Run the points of a sweep that are not in the store, and keep them there.

    The table depends on the points alone: not on who runs them, in what chunks, and how often it was interrupted.

    Parameters
    ----------
    job : Job
    folder : Path
        The cache in which kernels are kept.
    values : array of shape (points, axes)
    seeds : array of shape (points,)
    keys : sequence of str
        What `neurodsl.sweep.store.keys_of` says of the points; looked at only where there is a store.
    workers : Workers
        What `neurodsl.sweep.executors.workers_of` returned.
    store : Store or None
        Where finished points are kept and found; it is not cleared, which is to be done once the results stand in their file.
    progress : callable or None
    shard : (int, int) or None
        ``(i, n)``: run only the points whose number leaves i - 1 when divided by n. The others are taken from the store where they are there.

    Raises
    ------
    NeuroError
        Where the surroundings end it (exit code 4): what was finished until then is in the store.
    """
    kept = Kept.nothing(len(seeds), len(job.columns))
    if store is not None:
        store.open()
        kept = store.load(keys, len(job.columns))
    wanted = np.arange(len(seeds)) if shard is None else np.arange(shard[0] - 1, len(seeds), shard[1])
    missing = wanted[~kept.done[wanted]]
    run = _Run(kept, keys, store, progress, wanted, Chunks(Chunk(missing, values[missing], seeds[missing]), len(job.columns), workers.number))
    interrupted = _is_interrupted(workers, Task(job, folder, run.chunks, workers.number, workers.address, run.done, run.look))
    if store is not None and not kept.done.all() and not interrupted:
        # Another process may have finished what this one was not asked for.
        kept.add(store.load(keys, len(job.columns)))
    return Swept(kept.table, dict(sorted(kept.failed.items())), kept.done, run.ran, interrupted, run.compile_s)


def _is_interrupted(workers: Workers, task: Task) -> bool:
    """Run what there is to run; return whether Ctrl-C ended it."""
    task.look()
    try:
        if task.chunks.left:
            workers.executor.run(task)
    except KeyboardInterrupt:
        return True
    return False


@dataclass
class _Run:
    """Takes what comes of chunks, from any thread."""

    kept: Kept
    keys: Sequence[str]
    store: Store | None
    progress: Progress | None
    wanted: NDArray[np.int64]
    chunks: Chunks

    def __post_init__(self) -> None:
        self.lock = Lock()
        self.before = int(self.kept.done[self.wanted].sum())
        self.ran, self.lost, self.compile_s = 0, 0, 0.0

    def done(self, finished: Finished) -> None:
        """Keep a chunk: in the store first, as a point that is told as done is not lost any more."""
        if finished.lost:
            self._lose(finished)
            return
        outcome = finished.outcome
        chosen = np.flatnonzero(outcome.ran)
        places = {i: j for j, i in enumerate(chosen.tolist())}
        numbers, table = finished.chunk.numbers[chosen], outcome.table[chosen]
        failed = {places[i]: reason for i, reason in outcome.failed.items()}
        if self.store is not None and len(numbers):
            self.store.add([self.keys[number] for number in numbers.tolist()], table, failed)
        self.chunks.learn(finished)
        with self.lock:
            self.kept.take(numbers, table, failed)
            self.ran += len(numbers)
            self.compile_s += outcome.compile_s

    def _lose(self, finished: Finished) -> None:
        """Note why points could not be run, which are not done."""
        with self.lock:
            self.kept.failed |= {int(finished.chunk.numbers[i]): reason for i, reason in finished.outcome.failed.items()}
            self.lost += len(finished.chunk)

    def look(self) -> None:
        """Tell how far it is."""
        if self.progress is not None:
            self.progress(self.before + self.ran + self.lost, len(self.wanted))
