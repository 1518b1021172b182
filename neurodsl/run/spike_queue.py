"""The spikes of a population between the step in which they are found and the one in which the last synapse has had them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_ROOM = 4096
"""Spikes that each part has room for at least."""

Indices = NDArray[np.uint32]
Steps = NDArray[np.int64]


class SpikeQueue:
    """The neurons that fired, step by step, in parts: each part of the population has a list of its own.

    Attributes
    ----------
    bounds : ndarray of int64, shape (parts + 1,)
        The neurons at which the parts begin, and the one behind the last.
    who : ndarray of uint32, shape (parts * room,)
        The neurons, part by part.
    marks : ndarray of int64, shape (parts * ring,)
        ``marks[p * ring + k % ring]`` is where the spikes that part p had in step k begin in ``who``; those of the next step begin where they end.
    beside : list of ndarray of uint32, shape (parts * room,)
        What is kept beside each spike.
    """

    def __init__(self, bounds: Sequence[int], ring: int) -> None:
        self.bounds, self.ring = np.array(bounds, np.int64), ring
        self.parts, self.room = len(bounds) - 1, max(2 * self.largest, LEAST_ROOM)
        self.who = np.zeros(self.parts * self.room, np.uint32)
        self.beside: list[Indices] = []
        self.marks = np.repeat(np.arange(self.parts, dtype=np.int64) * self.room, ring)

    @property
    def largest(self) -> int:
        """Return how many neurons the largest part has: so many spikes fit at least when a step begins."""
        return int(np.diff(self.bounds).max())

    def add_beside(self) -> int:
        """Make room for a number beside each spike; return which of ``beside`` it is."""
        self.beside.append(np.zeros_like(self.who))
        return len(self.beside) - 1

    def _marks(self, first: int, last: int) -> Steps:
        """Return where the spikes of steps begin, of each part, ``last`` being the step behind them."""
        rows, begin = self.marks.reshape(self.parts, self.ring), first % self.ring
        behind = begin + last + 1 - first
        return rows[:, begin:behind] if behind <= self.ring else np.concatenate([rows[:, begin:], rows[:, : behind - self.ring]], axis=1)

    def put(self, first: int, last: int, steps: Steps, neurons: Indices) -> None:
        """Put spikes of steps ``first`` up to, not with, ``last`` behind those that are there.

        Parameters
        ----------
        steps : ndarray of int64
            The step of each, ascending.
        neurons : ndarray of uint32
        """
        for p in range(self.parts):
            mine = slice(None) if self.parts == 1 else (neurons >= self.bounds[p]) & (neurons < self.bounds[p + 1])
            who, behind = neurons[mine], np.bincount(steps[mine] - first, minlength=last - first)
            self._fit(int(self._marks(first, first)[p, 0]) - p * self.room + who.size)
            begin = int(self._marks(first, first)[p, 0])
            self.who[begin : begin + who.size] = who
            np.cumsum(behind, out=behind)
            behind += begin
            row, at = self.marks[p * self.ring : (p + 1) * self.ring], (first + 1) % self.ring
            straight = min(last - first, self.ring - at)
            row[at : at + straight] = behind[:straight]
            row[: last - first - straight] = behind[straight:]

    def spikes(self, first: int, last: int) -> tuple[Steps, Indices, list[Indices]]:
        """Return the spikes of steps ``first`` up to, not with, ``last``: the step of each, its neuron, and what is kept beside it."""
        steps, places = self._places(first, last)
        return steps, self.who[places], [numbers[places] for numbers in self.beside]

    def put_beside(self, number: int, first: int, last: int, numbers: Indices) -> None:
        """Keep numbers beside the spikes of steps ``first`` up to, not with, ``last``, in the order in which ``spikes`` returns them."""
        self.beside[number][self._places(first, last)[1]] = numbers

    def _places(self, first: int, last: int) -> tuple[Steps, Steps]:
        """Return the step of each spike and its place, ordered by steps and by neurons."""
        marks = self._marks(first, last)
        parts = []
        for row in marks:
            some = np.flatnonzero(row[1:] != row[:-1])
            parts.append(np.repeat(some + first, row[some + 1] - row[some]))
        steps = np.concatenate(parts)
        places = np.concatenate([np.arange(row[0], row[-1]) for row in marks])
        if self.parts == 1:
            return steps, places
        order = np.argsort(steps, kind="stable")
        return steps[order], places[order]

    def forget(self, first: int, last: int) -> None:
        """Drop what was before step ``first`` if there is little room behind step ``last``."""
        marks = self._marks(first, last)
        starts = np.arange(self.parts) * self.room
        if np.any((marks[:, 0] - starts >= self.room // 2) | (marks[:, -1] + self.largest > starts + self.room)):
            for p, row in enumerate(marks):
                for numbers in (self.who, *self.beside):
                    numbers[starts[p] : starts[p] + row[-1] - row[0]] = numbers[row[0] : row[-1]].copy()
            steps = np.arange(first, last + 1) % self.ring
            self.marks.reshape(self.parts, self.ring)[:, steps] -= (marks[:, 0] - starts)[:, None]
            marks = self._marks(first, last)
        self._fit(int((marks[:, -1] - starts).max()) + self.largest)

    def _fit(self, count: int) -> None:
        """Make room for so many spikes of each part."""
        if count <= self.room:
            return
        more = 2 * count - self.room
        self.who = np.pad(self.who.reshape(self.parts, self.room), ((0, 0), (0, more))).reshape(-1)
        self.beside = [np.pad(numbers.reshape(self.parts, self.room), ((0, 0), (0, more))).reshape(-1) for numbers in self.beside]
        self.marks += np.repeat(np.arange(self.parts) * more, self.ring)
        self.room += more
