"""Threads of this process that take chunk after chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from neurodsl.sweep.chunks import Chunk, Finished
from neurodsl.sweep.executors.executor import LOOK_SECONDS, Task

Taker = Callable[[Chunk], Finished | None]
"""Runs a chunk; None where it was given back or its run was halted."""


def share(task: Task, takers: Sequence[Taker], stop: Callable[[], None]) -> None:
    """Let each taker have the next chunk until none is left, in a thread of its own.

    The first chunk is run before the other takers begin: its kernel is compiled once, and its time says how long the others may be.

    Parameters
    ----------
    task : Task
    takers : sequence of callable
    stop : callable
        Makes every taker that runs a chunk come back soon.
    """

    def follow(taker: Taker, first: bool) -> None:
        while not task.halted.is_set() and (chunk := task.chunks.take()) is not None:
            finished = taker(chunk)
            if finished is not None:
                task.done(finished)
                if first:
                    return

    with ThreadPoolExecutor(len(takers)) as pool:
        try:
            _watch(task, [pool.submit(follow, takers[0], True)])
            _watch(task, [pool.submit(follow, taker, False) for taker in takers])
        except BaseException:
            task.halted.set()
            stop()
            raise


def _watch(task: Task, running: Sequence[Future[None]]) -> None:
    """See to progress until all have ended; raise what one of them raised."""
    left = set(running)
    while left:
        ended, left = wait(left, timeout=LOOK_SECONDS, return_when=FIRST_EXCEPTION)
        for taker in ended:
            taker.result()
        task.look()
