"""Threads of this process that take chunk after chunk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from neurodsl.sweep.chunks import Chunk, Finished
from neurodsl.sweep.executors.executor import LOOK_SECONDS, Task

Lane = Callable[[Chunk], Finished | None]
"""Runs a chunk; None where it was given back or its run was halted."""


def share(task: Task, lanes: Sequence[Lane], stop: Callable[[], None]) -> None:
    """Let each lane take the next chunk until none is left.

    The first chunk is run before the other lanes begin: its kernel is compiled once, and its time says how long the others may be.

    Parameters
    ----------
    task : Task
    lanes : sequence of callable
    stop : callable
        Makes every lane that runs a chunk come back soon.
    """

    def follow(lane: Lane, first: bool) -> None:
        while not task.halted.is_set() and (chunk := task.chunks.take()) is not None:
            finished = lane(chunk)
            if finished is not None:
                task.done(finished)
                if first:
                    return

    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            _watch(task, [pool.submit(follow, lanes[0], True)])
            _watch(task, [pool.submit(follow, lane, False) for lane in lanes])
        except BaseException:
            task.halted.set()
            stop()
            raise


def _watch(task: Task, running: Sequence[Future[None]]) -> None:
    """See to progress until all have ended; raise what one of them raised."""
    left = set(running)
    while left:
        ended, left = wait(left, timeout=LOOK_SECONDS, return_when=FIRST_EXCEPTION)
        for lane in ended:
            lane.result()
        task.look()
