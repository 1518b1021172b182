"""A run: a plan, a kernel and numbers, to a result."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.codegen import kernel
from neurodsl.diagnostics import Diagnostic
from neurodsl.options import Options
from neurodsl.plan import Plan
from neurodsl.progress import Progress, begin
from neurodsl.run.beside import run_beside
from neurodsl.run.copies import EDGES, Work
from neurodsl.run.failure import Failure, diagnosis
from neurodsl.run.outcome import constants_to_keep, result_of
from neurodsl.run.start import place_of, prepared, prepared_copy, stiffness, with_files
from neurodsl.solution import Result
from neurodsl.solution.stored import Stored
from neurodsl.source import Source

if TYPE_CHECKING:
    from neurodsl.run.lasting import Lasting

__all__ = ["STIFFNESS", "Failure", "advise", "execute", "stiffness", "unsound", "with_files"]

STIFFNESS = 3.0
"""A fastest rate times the output step above this makes an explicit method take steps shorter than the output's."""
STABLE = 2.0
"""A fastest rate times the step above this is outside what explicit methods of fixed step follow."""


def execute(
    plan: Plan,
    folder: Path,
    options: Options,
    source: Source,
    build_s: float,
    progress: Progress | None = None,
    lasting: Lasting | None = None,
    lanes: str | None = None,
) -> Result:
    """Run a plan; what is ``lasting`` writes files while it goes on, and ``lanes`` is the text that runs many copies side by side.

    Raises
    ------
    Failure
        Where the numerics fail; it carries what was good until then.
    NeuroError
        For numbers that cannot be run.
    """
    path = folder / f"{plan.kernel}.py"
    plain = kernel.load(path, plain=True)
    arguments, recorded = prepared(plan, plain, options, source, None if lasting is None else lasting.window)
    drawn = options.copies is not None and hasattr(plain, "_draw")
    begin(progress, plan.duration if options.duration is None else options.duration, plan.time_unit, options.copies)
    draw = (lambda copy: prepared_copy(plan, plain, options, source, copy)) if drawn else None
    with nullcontext() if lasting is None else lasting.looked_after(plan, plain, options, recorded, arguments) as keeper:
        work = Work(path, plain, arguments, options.copies, draw, constants_to_keep(plan, plain, options.copies or 1), keeper)
        began = time.perf_counter()
        interrupted = None
        if lanes is not None and keeper is None and kernel.compiled():
            interrupted = run_beside(work, kernel.store(folder, kernel.named("lanes", lanes), lanes), plan, options, progress)
        if interrupted is None:
            interrupted = work.run(1 if keeper is not None else options.threads, progress)
        run_s = time.perf_counter() - began - work.compile_s
        timing = {"build_s": build_s, "compile_s": work.compile_s, "run_s": run_s}
        result = result_of(plan, plain, work, recorded, options, interrupted, timing, keeper)
        if keeper is not None:
            keeper.complete(result)
    if work.failed:
        raise Failure(diagnosis(plan, plain, work, source, options.copies is not None), result)
    return result


def advise(plan: Plan, folder: Path, options: Options, source: Source) -> list[Diagnostic]:
    """Return what is known of these numbers before the run: stiffness, known times off the grid, and copies that are all alike."""
    found: list[Diagnostic] = []
    plain = kernel.load(folder / f"{plan.kernel}.py", plain=True)
    dt = plan.dt if options.dt is None else options.dt
    unit = "" if plan.time_unit == "1" else f" {plan.time_unit}"
    ratio = stiffness(plan, plain, options, source) if plan.explicit else 0.0
    if ratio > (STIFFNESS if plan.adaptive else STABLE):
        told = f"the fastest time constant at the start, {dt / ratio:.2g}{unit}, is far below dt = {dt:g}{unit}: `{plan.method}` is "
        told += "forced to steps as short as that" if plan.adaptive else "not stable with such a step"
        found.append(Diagnostic(rules.STIFF, told, None, "`--method rosenbrock`, or a shorter `--dt`"))
    if plan.events == "grid" and (plain.EDGES or plan.tables):
        edges = prepared_copy(plan, plain, options, source, 0)[EDGES]
        off = [e for e in edges if e > 0 and abs(np.rint(e / dt) * dt - e) > 1e-9 * dt]
        if off:
            told = f"the known time {off[0]:g}{unit} is no multiple of dt = {dt:g}{unit}; it acts at the end of the step that reaches it"
            found.append(Diagnostic(rules.OFF_GRID, told, None, "`--events exact` stops there"))
    if options.copies is not None and options.copies > 1 and not plan.stochastic:
        told = f"nothing in `{plan.model}` is drawn at random: its {options.copies} copies are all alike"
        found.append(Diagnostic(rules.COPIES_ALIKE, told, None, "give it noise, stochastic events, or values that are drawn with `~`"))
    return found


def unsound(plan: Plan, result: Result, source: Source) -> list[Diagnostic]:
    """Return a warning for each recorded quantity that is not finite somewhere; a copy that has ended is not looked at."""
    found = []
    ended = None
    if result.copies is not None:
        reached = np.broadcast_to(np.asarray(result.meta["reached"], dtype=np.float64), (result.copies,))
        ended = ~(result.t[:, np.newaxis] <= reached + 1e-9 * result.meta["dt"])
    for name, trace in result.values.items():
        count, first = trace.lost or (0, 0) if isinstance(trace, Stored) else _lost(trace, ended)
        if count:
            at = f"t = {result.t[first]:.6g}" + ("" if plan.time_unit == "1" else f" {plan.time_unit}")
            told = f"the recorded quantity `{name}` is not finite at {count} of {len(result.t)} times, first at {at}"
            help = "look at what it is computed from: a division by 0, a logarithm, a root"
            found.append(Diagnostic(rules.NOT_A_NUMBER, told, place_of(plan, name, source), help))
    return found


def _lost(trace: NDArray[np.float64], ended: NDArray[np.bool_] | None) -> tuple[int, int]:
    """Return at how many times a trace is not finite, and the number of the first; copies that have ended are not looked at."""
    good = np.isfinite(trace)
    whole = np.all(good.reshape(*good.shape[: 1 if ended is None else 2], -1), axis=-1)
    bad = np.flatnonzero(~whole if ended is None else ~np.all(whole | ended, axis=1))
    return bad.size, int(bad[0]) if bad.size else 0
