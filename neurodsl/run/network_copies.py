"""Independent copies of a network, shared among threads: kernels let go of Python's lock while they run."""

from __future__ import annotations

import hashlib
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from neurodsl import rules
from neurodsl.codegen import kernel
from neurodsl.diagnostics import fail
from neurodsl.network_plan import NetworkPlan
from neurodsl.options import MOST_MEMORY
from neurodsl.run.failure import Failure
from neurodsl.run.network import Request
from neurodsl.run.network_precise import work_of
from neurodsl.solution.network import NetworkResult
from neurodsl.solution.network_copies import NetworkCopies

BYTES_OF_A_COPY = 20_000
"""What is kept of a copy that has no neurons."""
LOOK_SECONDS = 0.05
"""So often the thread that was called looks at the progress, and for Ctrl-C."""


def seed_of_copy(seed: int, copy: int) -> int:
    """Return the seed of a copy: that of the run for copy 0, else 64 bits of a digest of it and the number of the copy."""
    if copy == 0:
        return seed
    return int.from_bytes(hashlib.sha256(b"copy\0" + struct.pack("<QQ", seed, copy)).digest()[:8], "little")


@dataclass
class _Copies:
    """The copies that are to be run, and what has come of them; several threads take from it."""

    plan: NetworkPlan
    path: Path
    request: Request
    count: int
    halted: threading.Event = field(default_factory=threading.Event)
    results: dict[int, NetworkResult] = field(default_factory=dict)
    errors: dict[int, Exception] = field(default_factory=dict)
    done: dict[int, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: {"build_s": 0.0, "compile_s": 0.0})

    def run(self, copy: int) -> None:
        """Run a copy, unless the rest is not to be run any more."""
        if self.halted.is_set():
            return

        def look(done: float) -> None:
            self.done[copy] = done
            if self.halted.is_set():
                raise KeyboardInterrupt

        try:
            work = work_of(self.plan, self.path, replace(self.request, seed=seed_of_copy(self.request.seed, copy)))
            interrupted = work.run(look)
            self.results[copy] = work.result(interrupted)
            self.seconds["build_s"] += work.build_s
        except Exception as error:
            self.errors[copy] = error
            self.halted.set()


def execute(
    plan: NetworkPlan, folder: Path, request: Request, copies: int, threads: int, before_s: float, progress: Callable[[float], None] | None = None
) -> NetworkCopies:
    """Run copies of a network.

    Parameters
    ----------
    plan : NetworkPlan
    folder : Path
        The cache, in which the kernel stands.
    request : Request
    copies, threads : int
        How many; the numbers do not depend on the threads.
    before_s : float
        The time that was spent before.
    progress : callable
        Called with the fraction that is done.

    Raises
    ------
    Failure
        Where the numerics of a copy fail.
    NeuroError
        For numbers that cannot be run, V104 where the results would not fit into memory.
    """
    _require_memory(plan, request, copies)
    began = time.perf_counter()
    path = folder / f"{plan.kernel}.py"
    kernel.load(path, plain=not kernel.compiled())
    work = _Copies(plan, path, request, copies)
    compile_s = time.perf_counter() - began
    began = time.perf_counter()
    interrupted = _run(work, threads, progress)
    found = tuple(work.results[copy] for copy in sorted(work.results))
    timing = {"build_s": before_s + work.seconds["build_s"], "compile_s": compile_s, "run_s": time.perf_counter() - began}
    meta = {
        "model": plan.model, "title": plan.title, "network": True, "seed": request.seed, "asked": copies, "interrupted": interrupted,
        "dt": request.dt, "duration": request.duration, "timing": timing,
    }  # fmt: skip
    if work.errors:
        copy = min(work.errors)
        error = work.errors[copy]
        if isinstance(error, Failure):
            told = error.report.found[0]
            raise Failure(replace(told, message=f"copy {copy}: {told.message}"), None) from error
        raise error
    if not found:
        raise KeyboardInterrupt
    return NetworkCopies(found, meta)


def _require_memory(plan: NetworkPlan, request: Request, copies: int) -> None:
    """Raise V104 where what is kept of the copies, spikes aside, would not fit into memory."""
    size = BYTES_OF_A_COPY + 8 * sum(p.size * len(p.states) for p in plan.populations)
    for wanted in request.recorded:
        interval = request.dt if wanted["every"] is None else max(float(wanted["every"]), request.dt)
        size += int(8 * len(range(wanted["start"], wanted["stop"], wanted["step"])) * (request.duration / interval + 1))
    if copies * size > MOST_MEMORY:
        told = f"{copies} copies keep {copies * size / 2**30:.3g} GiB, more than {MOST_MEMORY / 2**30:g}"
        raise fail(rules.TOO_MUCH_MEMORY, told, help="take fewer copies, or record less; `neurodsl sweep --copies N` keeps numbers alone")


def _run(work: _Copies, threads: int, progress: Callable[[float], None] | None) -> bool:
    """Run all copies; return whether Ctrl-C ended it."""
    with ThreadPoolExecutor(min(threads, work.count)) as pool:
        tasks = [pool.submit(work.run, copy) for copy in range(work.count)]
        try:
            for task in tasks:
                while not wait([task], LOOK_SECONDS).done:
                    if progress is not None:
                        progress(sum(list(work.done.values())) / work.count)
        except KeyboardInterrupt:
            work.halted.set()
            return True
        except BaseException:
            work.halted.set()
            raise
    return False
