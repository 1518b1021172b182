"""Chunks in the threads of this process: kernels let go of Python's lock while they run."""

from __future__ import annotations

import time

from neurodsl.run.jobs import run_points
from neurodsl.sweep.chunks import Chunk, Finished
from neurodsl.sweep.executors.executor import Executor, Task
from neurodsl.sweep.executors.sharing import share


class Threads(Executor):
    """Threads of this process."""

    name = "threads"
    title = "threads of this process"

    def run(self, task: Task) -> None:
        def take(chunk: Chunk) -> Finished:
            began = time.perf_counter()
            outcome = run_points(task.job, task.folder, chunk.values, chunk.seeds, halted=task.halted.is_set)
            return Finished(chunk, outcome, time.perf_counter() - began - outcome.compile_s)

        share(task, [take] * task.number, lambda: None)


THREADS = Threads()
