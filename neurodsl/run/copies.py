"""The copies of a model, one after the other or shared among threads; a run without copies is one of them.

A copy is keyed by its number alone, so its numbers do not depend on who runs it, when, or in how many parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.progress import Progress

CHUNK_SECONDS = 0.05
PATIENCE_SECONDS = 2.0
"""What is left of a run in plain Python has to promise to take longer than this, about what the compiler takes, before it is compiled."""
SECONDS_OF_A_LINE = 0.015
"""So long the compiler takes for a line of a long kernel."""
DONE, STOPPED, NOT_FINITE, CASCADE, UNDERFLOW, BAD_CHANCE, BAD_TIME = 1, 3, 4, 5, 6, 7, 8
CONSTANTS, EDGES, PICK, STATE, CLOCK, FLAGS, ROWS, SPIKES, ORIGIN = 7, 8, 9, 10, 19, 20, 22, 23, 24
"""Where these arrays stand among the arguments of a kernel."""
STEP, SPIKE_COUNT, STATUS, STEPS, BEGUN, ELEMENT = 0, 1, 2, 3, 6, 8
EDGE, OFFSET, PENDING, ENDED, FLUSHED, FLAG_COUNT = 12, 13, 14, 16, 17, 18
"""Where these numbers stand among the flags, and how many there are.

``EDGE`` is the next known time; the rows at hand begin with number ``OFFSET``, and the spikes with ``FLUSHED``; ``PENDING`` tells that the rows of
a step are not all written, and ``ENDED`` that the end of the run has cut a step of an adaptive method.
"""


class Between(Protocol):
    """What is done between the pieces of a run without copies."""

    def look(self, desk: Desk, status: int) -> None:
        """See to a run after a piece, whose status is 0 while there is more to do."""

    def interrupted(self, desk: Desk) -> None:
        """Take what is there of a run that was interrupted."""

    def interrupts(self) -> AbstractContextManager[None]:
        """Return what holds back Ctrl-C while a piece runs."""


class Desk:
    """The arrays in which a thread runs its copies, laid out so that two copies of memory bring all of them back to the start."""

    def __init__(self, arguments: list[Any]) -> None:
        self.arguments = list(arguments)
        self.copy: int | None = None
        self.limit = 1
        self.blocks = []
        changing = [i for i, a in enumerate(arguments) if isinstance(a, np.ndarray) and i not in (EDGES, PICK, ROWS, SPIKES, ORIGIN)]
        for kind in (np.float64, np.int64):
            chosen = [i for i in changing if arguments[i].dtype == kind]
            start = np.concatenate([arguments[i].ravel() for i in chosen])
            block, first = start.copy(), 0
            for i in chosen:
                self.arguments[i] = block[first : first + arguments[i].size].reshape(arguments[i].shape)
                first += arguments[i].size
            self.blocks.append((block, start))
        for i in (SPIKES, ORIGIN):
            self.arguments[i] = arguments[i].copy()
        self.constants, self.state, self.clock, self.flags = (self.arguments[i] for i in (CONSTANTS, STATE, CLOCK, FLAGS))

    def begin(self, copy: int, rows: NDArray[np.float64], drawn: list[Any] | None) -> None:
        """Take up a copy: clean arrays, its number, its rows, and what was drawn for it."""
        for block, start in self.blocks:
            block[:] = start
        self.flags[ELEMENT] = copy
        self.arguments[ROWS] = rows
        if drawn is not None:
            self.constants[:], self.state[:] = drawn[CONSTANTS], drawn[STATE]
            self.arguments[EDGES] = drawn[EDGES]
        self.copy = copy

    def advance(self, module: ModuleType) -> int:
        """Advance the copy for about as long as an interrupt may wait; return its status, 0 while there is more to do."""
        before, began = int(self.flags[STEPS]), time.perf_counter()
        status: int = module.advance(self.arguments, self.limit)
        seconds, steps = max(time.perf_counter() - began, 1e-6), max(int(self.flags[STEPS]) - before, 1)
        self.limit = int(min(max(steps * CHUNK_SECONDS / seconds, 1), 50 * self.limit, 10**9))
        return status

    def fraction(self) -> float:
        """Return how much of the copy is done."""
        return 0.0 if self.copy is None else float(self.clock[0]) / float(self.arguments[4])


class Work:
    """What is to be run, and what has come of it.

    Parameters
    ----------
    path : Path
        The generated file.
    plain : module
        The same as plain Python.
    arguments : list
        Of its kernel, for the first copy.
    copies : int or None
        How many; None for a run without copies.
    draw : callable or None
        Returns arguments that hold what is drawn for a copy; None where nothing is.
    tell : callable
        Returns what to keep of the constants of a copy where something is drawn.
    between : Between, optional
        Looks after a run without copies between its pieces.

    Attributes
    ----------
    rows : array of shape (copies, times, width)
        What was recorded; of each copy at its first ``good`` times.
    flags, clock, state, constants : arrays of shape (copies, ...)
        What the kernel left behind of each; the constants only of what is drawn.
    spikes : list of (times, origins) or None
        Of each copy.
    failed : dict
        The arguments, or the error before the first step, of the copies that failed.
    """

    def __init__(
        self,
        path: Path,
        plain: ModuleType,
        arguments: list[Any],
        copies: int | None,
        draw: Callable[[int], list[Any]] | None,
        tell: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        between: Between | None = None,
    ) -> None:
        number = copies or 1
        self.between = between
        self.path, self.plain, self.arguments, self.copies, self.draw, self.tell = path, plain, arguments, number, draw, tell
        self.module = (kernel.kept(path) if kernel.compiled() else None) or plain
        self.compile_s = 0.0
        self.patience = max(PATIENCE_SECONDS, SECONDS_OF_A_LINE * path.read_bytes().count(b"\n"))
        try:
            rows = arguments[ROWS]
            self.rows = rows[np.newaxis] if copies is None else np.empty((number, *rows.shape))
            self.flags, self.clock = np.zeros((number, arguments[FLAGS].size), np.int64), np.zeros(number)
            self.state = np.full((number, arguments[STATE].size), np.nan)
            self.constants: list[NDArray[np.float64] | None] = [None] * number
            self.spikes: list[tuple[NDArray[np.float64], NDArray[np.int64]] | None] = [None] * number
        except MemoryError as error:
            raise fail(rules.TOO_MUCH_MEMORY, "there is not enough memory for this run", exit_code=4) from error
        self.failed: dict[int, list[Any] | NeuroError] = {}
        self.bound, self.halted, self.kept = number, False, 0
        self._numbers, self._lock = count(), Lock()

    def run(self, threads: int, progress: Progress | None) -> bool:
        """Run all copies to their end, or to the first that fails; return whether it was interrupted.

        Where no machine code is kept, the same text runs as plain Python, until it shows that all copies would take longer than the compiler
        does; both give the same numbers to the last bit.
        """
        desks = [Desk(self.arguments)]
        began, interrupted = time.perf_counter(), False
        before = float(self.arguments[CLOCK][0]) / float(self.arguments[4])

        def done() -> float:
            return min(1.0, (self.kept + sum(desk.fraction() for desk in desks)) / self.copies)

        def look() -> None:
            """See to progress, and to whether it is time to compile; called in the main thread."""
            if self.module is self.plain and kernel.compiled():
                now, part = time.perf_counter(), (done() - before) / max(1.0 - before, 1e-9)
                if not self.failed and (now - began) * (1.0 - part) > self.patience * part:
                    self.module = kernel.load(self.path)
                    self.compile_s = time.perf_counter() - now
            if progress is not None:
                progress(done())

        try:
            with nullcontext() if self.between is None else self.between.interrupts():
                self._work(desks[0], look, alone=threads == 1)
            desks += [Desk(self.arguments) for _ in range(min(threads, self.copies - self.kept) - 1)]
            if threads > 1:
                self._share(desks, look)
        except KeyboardInterrupt:
            interrupted = True
            if desks[0].copy is not None:
                if self.between is not None:
                    self.between.interrupted(desks[0])
                self._keep(desks[0])
        for copy in range(self.bound + 1, self.copies):
            self._forget(copy)
        return interrupted

    def _share(self, desks: list[Desk], look: Callable[[], None]) -> None:
        """Let each thread take the next copy until none is left."""
        # It takes longer to import than most runs take that share nothing.
        from concurrent.futures import ThreadPoolExecutor, wait

        with ThreadPoolExecutor(len(desks)) as pool:
            try:
                running = [pool.submit(self._work, desk) for desk in desks]
                while wait(running, timeout=CHUNK_SECONDS).not_done:
                    look()
            except BaseException:
                self.halted = True
                raise
        for ended in running:
            ended.result()

    def _work(self, desk: Desk, look: Callable[[], None] | None = None, alone: bool = True) -> None:
        """Run one copy after the other; where it is not ``alone``, only until there is machine code and its copy is at its end."""
        try:
            with np.errstate(all="ignore"):
                while alone or self.module is self.plain:
                    copy = next(self._numbers)
                    if copy >= self.bound or self.halted or not self._begin(desk, copy):
                        return
                    while desk.copy is not None:
                        status = desk.advance(self.module)
                        if self.between is not None:
                            self.between.look(desk, status)
                        if status != 0 or self.halted or copy > self.bound:
                            self._keep(desk)
                        if look is not None:
                            look()
        except BaseException:
            self.halted = True
            raise

    def _begin(self, desk: Desk, copy: int) -> bool:
        """Take up a copy, and tell whether it can run."""
        try:
            drawn = self.draw(copy) if self.draw is not None and copy > 0 else None
        except NeuroError as error:
            self._fail(copy, error)
            return False
        desk.begin(copy, self.rows[copy] if self.rows.shape[2] else self.arguments[ROWS], drawn)
        return True

    def _keep(self, desk: Desk) -> None:
        """Put away what has come of a copy."""
        assert desk.copy is not None
        copy, flags = desk.copy, desk.flags
        fired = int(flags[SPIKE_COUNT])
        self.flags[copy], self.clock[copy], self.state[copy] = flags, desk.clock[0], desk.state
        self.spikes[copy] = (desk.arguments[SPIKES][:fired].copy(), desk.arguments[ORIGIN][:fired].copy())
        if self.draw is not None:
            self.constants[copy] = self.tell(desk.constants)
        desk.copy = None
        with self._lock:
            self.kept += 1
        if flags[STATUS] > STOPPED:
            self._fail(copy, desk.arguments)

    def _fail(self, copy: int, failed: list[Any] | NeuroError) -> None:
        """Note that a copy failed: those after it are not run."""
        with self._lock:
            self.failed[copy] = failed
            self.bound = min(self.bound, copy)

    def _forget(self, copy: int) -> None:
        """Drop what came of a copy that another thread ran after the one that failed, so that the result does not depend on the threads."""
        self.flags[copy], self.clock[copy], self.state[copy] = 0, 0.0, np.nan
        self.spikes[copy] = self.constants[copy] = None

    @property
    def good(self) -> NDArray[np.int64]:
        """Return how many times of each copy were recorded."""
        good: NDArray[np.int64] = np.where(self.flags[:, BEGUN] != 0, self.flags[:, STEP] + 1, 0)
        return good
