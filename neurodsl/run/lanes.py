"""Runs side by side, in lanes of the processor, by the same steps for all or each by its own: points of a sweep, copies of a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.codegen.signature import REACHED, SAMPLES
from neurodsl.diagnostics import NeuroError
from neurodsl.run.copies import CHUNK_SECONDS, CONSTANTS, STATE

FIRST_STEPS = 2000
"""Steps of a block in the first call, which tells how long they take."""
LINE = 64
"""Bytes of a line of the cache, and of a vector."""
LOW = np.uint64(0xFFFFFFFF)
"""The lower half of a seed."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Points:
    """What runs side by side.

    Attributes
    ----------
    values : array of shape (points, axes)
        What each is given.
    seeds : array of shape (points,)
    elements : array of shape (points,)
        The third key of its random numbers.
    initial : mapping of str to float
        The initial values that all are given, by the names of the states.
    begin : callable
        Returns arguments of the kernel of a run by itself that hold the constants and the state of a point at its start; NeuroError where it
        has none.
    """

    values: Floats
    seeds: NDArray[np.uint64]
    elements: NDArray[np.int64]
    initial: Mapping[str, Any]
    begin: Callable[[int], list[Any]]


def aligned(blocks: int, size: int) -> Floats:
    """Return zeros of shape (blocks, size) that begin where a line of the cache does, so that no vector lies across two."""
    room = np.zeros(blocks * size + LINE // 8)
    first = -room.ctypes.data % LINE // 8
    return room[first : first + blocks * size].reshape(blocks, size)


class SideBySide:
    """A kernel in lanes at work on points.

    Parameters
    ----------
    module : module
        The kernel in lanes.
    points : Points
    shared : list
        The arguments of a run by itself: what all points share is taken from them.
    states : sequence of str
        The names of the states by their numbers.
    places : mapping of str to int
        Where each constant stands among those of a run by itself.
    first : int
        The number of the first sample that counts.
    instant : float
        The time from which on spikes count, where the steps are not those of the grid.
    rows : array of shape (points, times, width)
        Takes what is recorded in every step.

    Attributes
    ----------
    table : array of shape (points, columns)
        What was measured.
    lost : array of shape (points,)
        The points that did not stay finite, or could not begin; a run by itself tells why, or does better.
    running : float
        How many points are done, with the parts of those that are running.
    done : int
        How many of the first points are at their end.
    times, origins : list of array
        The spikes, in no order: when they fell, and the number of the point times that of the events, plus that of the event.
    """

    def __init__(
        self,
        module: ModuleType,
        points: Points,
        shared: list[Any],
        states: list[str],
        places: Mapping[str, int],
        first: int = 0,
        rows: Floats | None = None,
        instant: float = -np.inf,
    ) -> None:
        self.module, self.points, self.names, self.places = module, points, states, places
        self.count = len(points.values)
        self.table = np.full((self.count, len(module.COLUMNS)), np.nan)
        self.lost = np.zeros(self.count, np.bool_)
        self.done, self.running = 0, 0.0
        self.constants = shared[CONSTANTS]
        self.steps, self.dt, self.last, self.end, self.rtol, self.atol = shared[1:7]
        self.first, self.instant = first, instant
        self.given = np.array([points.initial.get(name, np.nan) for name in states] or [np.nan], dtype=np.float64)
        blocks = -(-self.count // module.WIDTH)
        self.memory = aligned(blocks, module.ROWS * module.WIDTH)
        self.block = self.memory.reshape(blocks, module.ROWS, module.WIDTH)
        self.rows = np.empty((0, 0, 0)) if rows is None else rows
        self.spikes, self.origins = np.empty(2**16), np.empty(2**16, np.int64)
        self.full = np.array([0, -1, 0, self.count])
        self.times: list[Floats] = []
        self.origin: list[NDArray[np.int64]] = []
        self._fill()

    def _fill(self) -> None:
        """Put what each point is given into its rows; a block that is not full ends in copies of the last point."""
        columns = [*self.points.values.T, *(self._drawn().T if self.module.DRAWN else ())]
        if self.module.KEYS:
            columns += [self.points.seeds & LOW, self.points.seeds >> np.uint64(32), self.points.elements]
        for row, column in zip([*self.module.GIVEN, *self.module.KEYS], columns, strict=True):
            padded = np.full(self.memory.shape[0] * self.module.WIDTH, column[-1], dtype=np.float64)
            padded[: self.count] = column
            self.block[:, row] = padded.reshape(self.block[:, row].shape)

    def _drawn(self) -> Floats:
        """Return what is computed for each point by itself: values that are drawn, initial values that are searched."""
        found = np.full((self.count, len(self.module.DRAWN)), np.nan)
        numbers = {name: number for number, name in enumerate(self.names)}
        for point in range(self.count):
            try:
                arguments = self.points.begin(point)
            except NeuroError:
                self.lost[point] = True
                continue
            for k, name in enumerate(self.module.DRAWN):
                found[point, k] = arguments[STATE][numbers[name]] if name in numbers else arguments[CONSTANTS][self.places[name]]
        return found

    def run(self, progress: Callable[[float], None], halted: Callable[[], bool]) -> None:
        """Run all points to the end, or until it is halted, in pieces as long as an interrupt may wait.

        ``progress`` is told how many points are done, with the parts of those that are running.
        """
        if self.module.CLOCK < 0:
            self._run_in_step(progress, halted)
        else:
            self._run_freely(progress, halted)

    def _run_freely(self, progress: Callable[[float], None], halted: Callable[[], bool]) -> None:
        """Run blocks one after the other, each until all of its points have come to the end with steps of their own."""
        limit, first, blocks = FIRST_STEPS, 0, len(self.memory)
        while first < blocks:
            began = time.perf_counter()
            self.module._run(
                first, limit, self.steps, self.first, self.dt, self.end, self.instant, self.rtol, self.atol, self.constants, self.given,
                self.memory, self.rows, self.spikes, self.origins, self.full,
            )  # fmt: skip
            seconds = max(time.perf_counter() - began, 1e-6)
            stopped, rounds = int(self.full[1]), limit - int(self.full[2])
            limit = int(min(max(rounds * CHUNK_SECONDS / seconds, 1), 50 * limit, 10**12))
            if stopped > first:
                self._keep(first, stopped)
            else:
                self._put_away()
            first, self.running = stopped, self.done
            if first < blocks:
                self.running += float(self.block[first, self.module.CLOCK].mean()) / self.end * min(self.module.WIDTH, self.count - self.done)
            progress(self.running)
            if halted():
                return

    def _run_in_step(self, progress: Callable[[float], None], halted: Callable[[], bool]) -> None:
        """Run groups of blocks, all points by the same steps."""
        limit, first = FIRST_STEPS, 0
        blocks = len(self.memory)
        bounds = [bound for bound in (self.first - 1, self.first, self.steps) if bound > 0]
        while first < blocks:
            last = min(blocks, first + max(1, limit // self.steps))
            begin = 0
            while begin < self.steps:
                stop = min(begin + max(1, limit // (last - first)), next(bound for bound in bounds if bound > begin))
                began = time.perf_counter()
                self._advance(first, last, begin, stop)
                seconds = max(time.perf_counter() - began, 1e-6)
                limit = int(min(max((stop - begin) * (last - first) * CHUNK_SECONDS / seconds, 1), 50 * limit, 10**12))
                begin = stop
                if halted() and (begin < self.steps or last < blocks):
                    return
                if begin == self.steps:
                    if self.first == self.steps:
                        # The window holds the last sample alone.
                        self._advance(first, last, begin, begin)
                    self._keep(first, last)
                    self.running = self.done
                else:
                    self.running = self.done + (last - first) * self.module.WIDTH * begin / self.steps
                progress(self.running)
            first = last

    def _advance(self, first: int, last: int, begin: int, stop: int) -> None:
        """Advance blocks from a step to another; where the spikes have no room left, they are put away and it goes on from there."""
        at = begin
        while first < last:
            self.full[1] = -1
            # A block that was stopped goes on by itself, the others from where all began.
            self._call(first, first + 1 if at > begin else last, at, stop)
            stopped = int(self.full[1])
            if stopped >= 0:
                first, at = stopped, int(self.full[2])
                self._put_away()
            elif at > begin:
                first, at = first + 1, begin
            else:
                return

    def _call(self, first: int, last: int, begin: int, stop: int) -> None:
        self.module._run(
            first, last, begin, stop, self.steps, self.first, self.dt, self.last, self.end, max(self.first - 1, 0), self.constants, self.given,
            self.memory, self.rows, self.spikes, self.origins, self.full,
        )  # fmt: skip

    def _put_away(self) -> None:
        """Keep the spikes so far, and make room."""
        count = int(self.full[0])
        self.times.append(self.spikes[:count].copy())
        self.origin.append(self.origins[:count].copy())
        self.full[0] = 0

    def _keep(self, first: int, last: int) -> None:
        """Put away what was measured in blocks that are at their end."""
        self._put_away()
        width = self.module.WIDTH
        points = slice(first * width, min(last * width, self.count))
        count = points.stop - points.start
        for k, row in enumerate(self.module.COLUMNS):
            if row == SAMPLES:
                self.table[points, k] = self.steps - self.first + 1
            elif row == REACHED:
                self.table[points, k] = self.end
            else:
                self.table[points, k] = self.block[first:last, row].ravel()[:count]
        self.lost[points] |= ~np.isfinite(self.block[first:last, self.module.LOST].ravel()[:count])
        self.done = points.stop

    @property
    def taken(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many steps each point that is done has attempted, and how many of them were rejected."""
        if self.module.CLOCK < 0:
            return np.full(self.done, self.steps), np.zeros(self.done, np.int64)
        steps, rejected = (self.block[:, row].ravel()[: self.done].astype(np.int64) for row in self.module.TAKEN)
        return steps, rejected

    @property
    def state(self) -> Floats:
        """Return the states, of shape (points, states)."""
        found = self.block[:, : self.module.STATES].transpose(0, 2, 1).reshape(-1, self.module.STATES)
        return np.ascontiguousarray(found[: self.count])
