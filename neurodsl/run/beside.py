"""Many copies of a model side by side in lanes: what comes of them is put where runs of copies one after the other put it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from neurodsl.codegen import kernel
from neurodsl.options import Options
from neurodsl.plan import Plan
from neurodsl.progress import Progress
from neurodsl.run.copies import BEGUN, CHUNK_SECONDS, CONSTANTS, DONE, SPIKE_COUNT, STATUS, STEP, STEPS, Work
from neurodsl.run.lanes import Points, SideBySide
from neurodsl.run.outcome import REJECTED
from neurodsl.run.start import places_of


def run_beside(work: Work, path: Path, plan: Plan, options: Options, progress: Progress | None) -> bool | None:
    """Run the copies of a work side by side.

    Parameters
    ----------
    work : Work
        Takes what comes of the copies.
    path : Path
        The generated file that runs them.

    Returns
    -------
    bool or None
        Whether it was interrupted: then those before the first that did not stay finite are kept. None where one did not: then nothing has come of
        any, and they run one after the other.
    """
    began = time.perf_counter()
    module = kernel.load(path)
    work.compile_s = time.perf_counter() - began
    parts = [
        SideBySide(module, _points(work, plan, options, part), work.arguments, [plan.element(k) for k in range(module.STATES)], places_of(work.plain),
                   rows=work.rows[part.start : part.stop])
        for part in _parts(work.copies, module.WIDTH, options.threads)
    ]  # fmt: skip
    interrupted = _run(parts, work.copies, progress)
    first, good = 0, True
    for part in parts:
        lost = np.flatnonzero(part.lost[: part.done])
        if lost.size and not interrupted:
            return None
        part.done = int(lost[0]) if good and lost.size else part.done * good
        good = good and not lost.size
        _put(work, part, first, len(plan.triggers))
        first += part.count
    return interrupted


def _parts(copies: int, width: int, threads: int) -> list[range]:
    """Return the copies of each thread: whole blocks, but for the last."""
    blocks = -(-copies // width)
    bounds = [min(copies, width * (blocks * k // min(threads, blocks))) for k in range(min(threads, blocks) + 1)]
    return [range(a, b) for a, b in pairwise(bounds)]


def _points(work: Work, plan: Plan, options: Options, part: range) -> Points:
    """Return copies as they run side by side."""

    def begin(point: int) -> list[Any]:
        copy = part[point]
        arguments = work.arguments if work.draw is None else work.draw(copy)
        work.constants[copy] = work.tell(arguments[CONSTANTS])
        return arguments

    seeds = np.full(len(part), options.seed, np.uint64)
    return Points(np.empty((len(part), 0)), seeds, np.array(part, np.int64), options.initial, begin)


def _run(parts: Sequence[SideBySide], copies: int, progress: Progress | None) -> bool:
    """Run parts, each in a thread where there are several; return whether it was interrupted."""
    halted = Event()

    def look(done: float = 0.0) -> None:
        if progress is not None:
            progress(sum(part.running for part in parts) / copies)

    try:
        if len(parts) == 1:
            parts[0].run(look, lambda: False)
            return False
        _share(parts, halted, look)
    except KeyboardInterrupt:
        return True
    return False


def _share(parts: Sequence[SideBySide], halted: Event, look: Callable[[], None]) -> None:
    """Run each part in a thread of its own."""
    from concurrent.futures import ThreadPoolExecutor, wait

    with ThreadPoolExecutor(len(parts)) as pool:
        running = [pool.submit(part.run, lambda done: None, halted.is_set) for part in parts]
        try:
            while wait(running, timeout=CHUNK_SECONDS).not_done:
                look()
        except BaseException:
            halted.set()
            raise
    for ended in running:
        ended.result()


def _put(work: Work, part: SideBySide, first: int, events: int) -> None:
    """Put what has come of the copies from ``first`` on, those that are at their end, where it belongs."""
    whole = slice(first, first + part.done)
    work.state[whole], work.clock[whole] = part.state[: part.done], part.end
    work.flags[whole, STEP] = part.steps
    work.flags[whole, STEPS], work.flags[whole, REJECTED] = part.taken
    work.flags[whole, STATUS], work.flags[whole, BEGUN] = DONE, 1
    times, origin = np.concatenate([np.empty(0), *part.times]), np.concatenate([np.empty(0, np.int64), *part.origin])
    order = np.lexsort((origin, times, origin // max(events, 1)))
    times, origin = times[order], origin[order]
    copy, event = np.divmod(origin, max(events, 1))
    counts = np.bincount(copy, minlength=part.count)[: part.done]
    ends = np.cumsum(counts)
    work.flags[whole, SPIKE_COUNT] = counts
    for k, (end, count) in enumerate(zip(ends.tolist(), counts.tolist(), strict=True)):
        work.spikes[first + k] = times[end - count : end], event[end - count : end]
    work.kept += part.done
