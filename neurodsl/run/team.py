"""The threads that share one run: each advances its part of a network, and they meet within every step."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

from neurodsl.codegen.waiting import end, meeting


class Team:
    """Some threads; one alone is the thread that asks.

    Attributes
    ----------
    meeting : ndarray of int64
        Where the threads wait for one another.
    """

    def __init__(self, count: int) -> None:
        self.count, self.meeting = count, meeting()
        self._pool: ThreadPoolExecutor | None = None

    def run(self, work: Callable[[int], None]) -> None:
        """Let every thread do its part, whose number ``work`` is given, and wait for all of them.

        Raises
        ------
        Exception
            What one of them raised; the others are let go.
        """
        if self.count == 1:
            _quietly(work, 0)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count)
        tasks = [self._pool.submit(self._member, work, part) for part in range(self.count)]
        try:
            wait(tasks)
        finally:
            # Ctrl-C ends the wait above, and the memory of the run is theirs until they are done.
            wait(tasks)
        for task in tasks:
            task.result()

    def _member(self, work: Callable[[int], None], part: int) -> None:
        try:
            _quietly(work, part)
        except BaseException:
            end(self.meeting)
            raise

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _quietly(work: Callable[[int], None], part: int) -> None:
    with np.errstate(all="ignore"):
        work(part)
