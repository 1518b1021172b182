"""A sweep cut into chunks of about a second of work each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from neurodsl.run.points import Outcome

Floats = NDArray[np.float64]

MOST_POINTS = 4096
GROWTH = 8
"""A chunk has at most so many times the points of the largest that was timed."""
SECONDS = 1.0
"""The work in a chunk: this much is lost where a run is killed, and a file is written for it."""
LEAST = 0.5
"""Towards the end chunks become smaller, down to so much of a whole one."""
NEARLY = 1.25
"""A size is as good as another where its points take at most so many times as long."""
TRIES = 3
"""So often the points of a chunk are run again on a new worker before those that end their worker are told apart."""
PIECES = 16


@dataclass(frozen=True)
class Chunk:
    """Some points of a sweep.

    Attributes
    ----------
    numbers : array of shape (points,)
        Which points of the sweep they are.
    values : array of shape (points, varied)
    seeds : array of shape (points,)
    deaths : int
        How many workers have died over it.
    """

    numbers: NDArray[np.int64]
    values: Floats
    seeds: NDArray[np.uint64]
    deaths: int = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def cut(self, first: int, stop: int) -> Chunk:
        """Return those of its points from one place to another, as a chunk of its own."""
        return Chunk(self.numbers[first:stop], self.values[first:stop], self.seeds[first:stop])


@dataclass(frozen=True)
class Finished:
    """A chunk with what came of it.

    Attributes
    ----------
    seconds : float
        How long it took.
    lost : bool
        It is a point that ended every worker that took it up. That is told, and the point is not done: another run of the sweep tries it again.
    """

    chunk: Chunk
    outcome: Outcome
    seconds: float
    lost: bool = False


Done = Callable[[Finished], None]


class Pace:
    """How many points make up a second of work, as far as the chunks so far tell.

    Points that run side by side take together as long as one of them. So where the points of the largest chunk that was timed took less time
    each than those of all smaller ones, a larger one is tried, though it may take longer than a second.
    """

    def __init__(self) -> None:
        self.known: dict[int, float] = {}
        """The seconds that a point takes in a chunk of so many, which never rise with the size."""

    def learn(self, points: int, seconds: float) -> None:
        """Note how long a chunk took; the last word is right, as points of one place in a sweep may take longer than those of another."""
        each = seconds / points
        self.known = {n: max(known, each) if n < points else min(known, each) for n, known in self.known.items()} | {points: each}

    def wanted(self) -> int:
        """Return how many points the next chunk should have: those of a second, and no fewer than can be had for nearly the same time."""
        if not self.known:
            return 1
        largest = max(self.known)
        best = max(self.known[largest], 1e-9)
        good = min(n for n, each in self.known.items() if each <= NEARLY * best)
        if good == largest:
            good *= 4 if largest * best < 4 * SECONDS else 2
        return int(min(max(min(SECONDS / best, GROWTH * largest), good), MOST_POINTS))

    def least(self) -> int:
        """Return how many points a chunk should have at least, though others wait for work."""
        return int(LEAST * self.wanted()) if self.known else 1


@dataclass
class Chunks:
    """Hands out the points that are left to run, in their order; several threads may take at the same time.

    The first is a single point, and no chunk has much more than its share of what is left, so that no worker runs on long after the others.

    Parameters
    ----------
    points : Chunk
        All that are to be run.
    columns : int
        The width of the table.
    workers : int
        How many take chunks at the same time.
    """

    points: Chunk
    columns: int
    workers: int
    first: int = 0
    pace: Pace = field(default_factory=Pace)
    again: deque[Chunk] = field(default_factory=deque)
    lock: Lock = field(default_factory=Lock)

    def take(self) -> Chunk | None:
        """Return the next chunk, None where nothing is left to hand out."""
        with self.lock:
            if self.again:
                return self.again.popleft()
            left = len(self.points) - self.first
            if left == 0:
                return None
            share = max(-(-left // (2 * self.workers)), self.pace.least())
            # Blocks in which points run side by side hold a power of two.
            size = 1 << max(1, min(self.pace.wanted(), share)).bit_length() - 1
            stop = self.first + min(size, left)
            chunk = self.points.cut(self.first, stop)
            self.first = stop
            return chunk

    @property
    def left(self) -> bool:
        """Return whether there is anything left to hand out."""
        return bool(self.again) or self.first < len(self.points)

    def learn(self, finished: Finished) -> None:
        """Note how long a chunk took."""
        if len(finished.chunk) and not finished.lost:
            with self.lock:
                self.pace.learn(len(finished.chunk), finished.seconds)

    def died(self, chunk: Chunk, reason: str) -> Finished | None:
        """Hand out a chunk again whose worker died; in the end point by point.

        Returns
        -------
        Finished or None
            The failure of a single point that was tried often enough, else None.
        """
        deaths = chunk.deaths + 1
        with self.lock:
            if deaths < TRIES:
                self.again.append(Chunk(chunk.numbers, chunk.values, chunk.seeds, deaths))
                return None
            if len(chunk) > 1:
                size = -(-len(chunk) // PIECES)
                self.again.extend(chunk.cut(first, first + size) for first in range(0, len(chunk), size))
                return None
        table = np.full((1, self.columns), np.nan)
        return Finished(chunk, Outcome(table, {0: f"{reason}, {deaths} times"}, np.ones(1, np.bool_)), 0.0, lost=True)
