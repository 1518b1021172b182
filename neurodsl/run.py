"""A run: a plan, a kernel and numbers, to a result."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__, rules
from neurodsl.codegen import kernel
from neurodsl.diagnostics import Diagnostic, NeuroError, fail
from neurodsl.options import Options, check_times
from neurodsl.plan import Plan
from neurodsl.solution import Result, Spikes
from neurodsl.source import Source, Span

CHUNK_SECONDS = 0.05
PATIENCE_SECONDS = 2.0
"""What is left of a run in plain Python has to promise to take longer than this, about what the compiler takes, before it is compiled."""
STIFFNESS = 3.0
"""A fastest rate times the output step above this makes an explicit method take steps shorter than the output's."""
STABLE = 2.0
"""A fastest rate times the step above this is outside what explicit methods of fixed step follow."""
DONE, STOPPED, NOT_FINITE, CASCADE, UNDERFLOW, BAD_CHANCE, BAD_TIME = 1, 3, 4, 5, 6, 7, 8
STOPS = {
    STOPPED: "by an event",
    NOT_FINITE: "a state is not finite",
    CASCADE: "an endless cascade of events",
    UNDERFLOW: "the step became too small",
    BAD_CHANCE: "a probability outside [0, 1]",
    BAD_TIME: "a time that is none",
}
"""Why a run ended early, by the status of its kernel."""
RTOL, ATOL = 1e-8, 1e-10

Floats = NDArray[np.float64]
Progress = Callable[[float], None]


class Failure(NeuroError):
    """A run that ended before its time; ``result`` holds what was good until then, None where nothing was."""

    def __init__(self, diagnostic: Diagnostic, result: Result | None) -> None:
        super().__init__(diagnostic, 3)
        self.result = result


def prepared(plan: Plan, plain: ModuleType, options: Options, source: Source) -> tuple[list[Any], tuple[int, ...]]:
    """Return the arguments of the kernel for a run and the numbers of what it records."""
    duration, dt, numbers = check_times(plan, options)
    try:
        with np.errstate(all="ignore"):
            arguments = plain.prepare(
                options.given, options.initial, duration, dt, numbers,
                RTOL if options.rtol is None else options.rtol, ATOL if options.atol is None else options.atol, options.seed,
            )  # fmt: skip
    except (ArithmeticError, ValueError) as error:
        raise fail(rules.BAD_CONSTANT, f"a constant of `{plan.model}` cannot be computed from these parameters: {error}") from error
    except MemoryError as error:
        raise fail(rules.TOO_MUCH_MEMORY, "there is not enough memory for this run", exit_code=4) from error
    constants, y = arguments[7], arguments[10]
    _require_finite(plan, "the constant", plain.CONSTANTS, constants, source)
    if not np.all(np.isfinite(arguments[8])):
        raise fail(
            rules.BAD_CONSTANT,
            f"a known time of `{plan.model}` is not finite for these parameters",
            help="look at the times of its events and pulses",
        )
    names = [s.name for s in plan.states]
    steady = [i for i, name in enumerate(names) if name in plain.STEADY and np.isnan(y[i])]
    given = [i for i in range(len(names)) if i not in steady]
    _require_finite(plan, "the initial value", [names[i] for i in given], y[given], source)
    if steady:
        find_steady(plan, plain, constants, y, source)
    return arguments, numbers


def _require_finite(plan: Plan, what: str, names: Sequence[str], values: Floats, source: Source) -> None:
    """Raise R104 for the first value that is not finite."""
    for name, value in zip(names, values, strict=True):
        if not math.isfinite(value):
            told = f"{what} `{name}` of `{plan.model}` is {value:g} for these parameters"
            raise fail(
                rules.BAD_CONSTANT, told, place_of(plan, name, source), "look at what it is computed from: a division by 0, a logarithm, a root"
            )


def find_steady(plan: Plan, plain: ModuleType, constants: Floats, y: Floats, source: Source) -> None:
    """Put in the initial values at which the derivatives of the states that are nan are 0.

    Raises
    ------
    NeuroError
        M102 where none is found.
    """
    from scipy.optimize import root

    unknown = np.flatnonzero(np.isnan(y))
    hold = np.full(len(y), -np.inf)

    def residual(x: Floats) -> Floats:
        trial = y.copy()
        trial[unknown] = x
        with np.errstate(all="ignore"):
            slopes = np.array(plain._rhs(0.0, 0.0, *trial, constants, hold))
        return np.where(np.isfinite(slopes[unknown]), slopes[unknown], 1e300)

    for start in (0.0, 0.5, -65.0, 1.0, -50.0, -1.0, 10.0, 100.0):
        found = root(residual, np.full(len(unknown), start), tol=1e-13)
        scale = np.max(np.abs(residual(found.x + 1e-3)))
        if found.success and np.all(np.abs(residual(found.x)) <= 1e-9 * max(1.0, scale)):
            y[unknown] = found.x
            return
    names = ", ".join(f"`{plan.states[i].name}`" for i in unknown)
    raise fail(
        rules.NO_STEADY,
        f"no steady initial value was found for {names}",
        place_of(plan, plan.states[unknown[0]].name, source),
        "give it a number with `init`",
    )


def stiffness(plan: Plan, plain: ModuleType, options: Options, source: Source) -> float:
    """Return the fastest decay rate at the start times the step of the output, by differences of the right-hand side."""
    arguments, _ = prepared(plan, plain, replace(options, duration=plan.dt if options.dt is None else options.dt, record=()), source)
    constants, y = arguments[7], arguments[10]
    hold = np.full(len(y), -np.inf)

    def slopes(state: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.array(plain._rhs(0.0, 0.0, *state, constants, hold), dtype=np.float64)

    base = slopes(y)
    columns = []
    for i in range(len(y)):
        step = 1e-7 * max(1.0, abs(y[i]))
        moved = y.copy()
        moved[i] += step
        with np.errstate(all="ignore"):
            columns.append((slopes(moved) - base) / step)
    matrix = np.array(columns).T
    if not np.all(np.isfinite(matrix)):
        return 0.0
    return float(np.max(-np.linalg.eigvals(matrix).real) * arguments[2])


def place_of(plan: Plan, name: str, source: Source) -> Span | None:
    """Return where the text says what moves a state, or when an event fires."""
    found = plan.places.get(name)
    return None if found is None else Span(source, *found)


def execute(plan: Plan, folder: Path, options: Options, source: Source, build_s: float, progress: Progress | None = None) -> Result:
    """Run a plan.

    Raises
    ------
    Failure
        Where the numerics fail; it carries what was good until then.
    NeuroError
        For numbers that cannot be run.
    """
    path = folder / f"{plan.kernel}.py"
    plain = kernel.load(path, plain=True)
    arguments, numbers = prepared(plan, plain, options, source)
    status, interrupted, timing = _advance(path, plain, arguments, progress)
    result = _result(plan, plain, arguments, numbers, status, interrupted, {"build_s": build_s, **timing}, options)
    if status in (NOT_FINITE, CASCADE, UNDERFLOW, BAD_CHANCE, BAD_TIME):
        raise Failure(_failure(plan, plain, arguments, status, source), result)
    return result


def _advance(path: Path, plain: ModuleType, arguments: list[Any], progress: Progress | None) -> tuple[int, bool, dict[str, float]]:
    """Run a kernel to its end; return its status, whether it was interrupted, and the times of compiling and running.

    It runs in chunks short enough for an interrupt and a progress bar. Where no machine code is kept, the same text runs as plain Python,
    until it shows that it would take longer than the compiler does; both give the same numbers to the last bit.
    """
    module = (kernel.kept(path) if kernel.compiled() else None) or plain
    compile_s, status, limit = 0.0, 0, 1000 if module is not plain else 100
    began = last = time.perf_counter()
    try:
        while status == 0:
            with np.errstate(all="ignore"):
                status = module.advance(arguments, limit)
            now = time.perf_counter()
            limit = int(min(max(limit * CHUNK_SECONDS / max(now - last, 1e-6), 10), 50 * limit, 10**9))
            done = float(arguments[19][0]) / arguments[4]
            if module is plain and status == 0 and kernel.compiled() and (now - began) * (1.0 - done) > PATIENCE_SECONDS * done:
                module, limit = kernel.load(path), 1000
                compile_s = time.perf_counter() - now
            last = time.perf_counter()
            if progress is not None:
                progress(done)
    except KeyboardInterrupt:
        last, interrupted = time.perf_counter(), True
    else:
        interrupted = False
    return status, interrupted, {"compile_s": compile_s, "run_s": last - began - compile_s}


def _result(
    plan: Plan,
    plain: ModuleType,
    arguments: list[Any],
    numbers: Sequence[int],
    status: int,
    interrupted: bool,
    timing: dict[str, float],
    options: Options,
) -> Result:
    steps, dt, last, end = arguments[1], arguments[2], arguments[3], arguments[4]
    flags, rows, reached = arguments[20], arguments[22], float(arguments[19][0])
    good = int(flags[0]) + 1
    times = np.arange(good) * dt
    if good == steps + 1:
        times[-1] = end
    count = int(flags[1])
    names = [plan.quantities[i].name for i in numbers]
    values = {name: np.ascontiguousarray(rows[:good, j]) for j, name in enumerate(names)}
    constants = [float(c) for c in arguments[7]]
    parameters = {p.name: constants[i] for i, p in enumerate(plan.parameters)}
    defaults = dict(zip(parameters, (float(c) for c in plain._constants({}, dt, options.seed)), strict=False))
    thresholds: dict[str, list[float]] = {}
    for name, level in zip(plan.thresholds, plain.thresholds(arguments[7]), strict=True):
        thresholds.setdefault(name, []).append(float(level))
    stopped = STOPS.get(status)
    described = {q.name: q for q in (*plan.quantities, *plan.parameters)}
    meta = {
        "model": plan.model,
        "title": plan.title,
        "method": plan.method,
        "reason": plan.reason,
        "events": plan.events,
        "adaptive": plan.adaptive,
        "dt": dt,
        "duration": end,
        "reached": reached,
        "last_step": last,
        "seed": options.seed if plan.stochastic else None,
        "steps": int(flags[3]),
        "rejected": int(flags[4]),
        "parameters": parameters,
        "defaults": defaults,
        "labels": {name: q.doc for name, q in described.items() if q.doc},
        "thresholds": thresholds,
        "timing": timing,
        "version": __version__,
        "complete": status in (DONE, STOPPED) and not interrupted,
        "stopped": "interrupted" if interrupted else stopped,
        "interrupted": interrupted,
    }
    final = {q.name: float(arguments[10][i]) for i, q in enumerate(plan.states) if q.role == "state"}
    units = {name: q.unit for name, q in described.items() if q.role != "hidden"} | {"t": plan.time_unit}
    spikes = Spikes(arguments[23][:count].copy(), np.zeros(count, np.int64))
    return Result(times, values, spikes, final, units, meta)


def _failure(plan: Plan, plain: ModuleType, arguments: list[Any], status: int, source: Source) -> Diagnostic:
    """Return what went wrong, at the state, the time and the place in the text."""
    t, y, flags = float(arguments[19][0]), arguments[10], arguments[20]
    at = f"t = {t:.6g}" + ("" if plan.time_unit == "1" else f" {plan.time_unit}")
    if status == BAD_CHANCE:
        number, chance = int(flags[5]), float(arguments[25][7, 0])
        told = f"the probability of `{plan.triggers[number]}` is {chance:.6g} at {at}, outside [0, 1]"
        return Diagnostic(rules.BAD_CHANCE, told, place_of(plan, f"event {number}", source), "clip it, or use `on rate` for a hazard per time")
    if status == BAD_TIME:
        number, value = int(flags[5]), float(arguments[25][7, 0])
        told = f"a time in `{plan.triggers[number]}` is {value:g} at {at}; it has to be a finite number, not negative, and a period is positive"
        return Diagnostic(
            rules.BAD_TIME,
            told,
            place_of(plan, f"event {number}", source),
            "look at what the time of the event, or of its `hold` or `wait`, is computed from",
        )
    if status == CASCADE:
        number = int(flags[5])
        told = f"`{plan.triggers[number]}` fires again and again without progress in time at {at}"
        if plan.events == "exact":
            told += "; its firings accumulate there"
        return Diagnostic(rules.CASCADE, told, place_of(plan, f"event {number}", source), "give the event a `wait`, or end the run with `stop`")
    moved, slopes, dt = arguments[25][1][: len(y)], arguments[25][0][: len(y)], arguments[2]
    with np.errstate(all="ignore"):
        along = (np.where(np.isfinite(y), y, np.nan), y + 0.5 * dt * slopes, y + dt * slopes, moved)
        terms = [plain.terms(t, t, trial, arguments[7], np.full(len(y), -np.inf)) for trial in along]
    bad = next((name for found in terms for name, value in found.items() if not math.isfinite(value)), None)
    state = next((plan.states[i].name for i in range(len(y)) if not math.isfinite(moved[i])), plan.states[0].name)
    values = ", ".join(f"{s.name} = {v:.6g}" for s, v in zip(plan.states[:6], y, strict=False))
    where = place_of(plan, state, source)
    part = f"; the first part that is not finite is `{bad}`" if bad else ""
    if status == NOT_FINITE:
        told = f"state `{state}` became infinite or not a number in the step after {at}{part}; the last good state is {values}"
        return Diagnostic(
            rules.NOT_FINITE, told, where, "a shorter `--dt`, an adaptive method (`--method rk45`), or a look at that part of the equation"
        )
    told = f"`{plan.method}` cannot meet its tolerance with any step at {at}{part}; the state is {values}"
    return Diagnostic(
        rules.STEP_UNDERFLOW,
        told,
        where,
        "a solution that is singular there, or a larger `--rtol` and `--atol`; `--method rosenbrock` for a stiff model",
    )


def advise(plan: Plan, folder: Path, options: Options, source: Source) -> list[Diagnostic]:
    """Return what is known of these numbers before the run: stiffness, and known times off the grid."""
    found: list[Diagnostic] = []
    plain = kernel.load(folder / f"{plan.kernel}.py", plain=True)
    dt = plan.dt if options.dt is None else options.dt
    unit = "" if plan.time_unit == "1" else f" {plan.time_unit}"
    ratio = stiffness(plan, plain, options, source) if plan.explicit else 0.0
    if ratio > (STIFFNESS if plan.adaptive else STABLE):
        told = f"the fastest time constant at the start, {dt / ratio:.2g}{unit}, is far below dt = {dt:g}{unit}: `{plan.method}` is "
        told += "forced to steps as short as that" if plan.adaptive else "not stable with such a step"
        found.append(Diagnostic(rules.STIFF, told, None, "`--method rosenbrock`, or a shorter `--dt`"))
    if plan.events == "grid":
        edges = plain._known_times(plain._constants(options.given, dt))
        off = [e for e in edges if e > 0 and abs(np.rint(e / dt) * dt - e) > 1e-9 * dt]
        if off:
            told = f"the known time {off[0]:g}{unit} is no multiple of dt = {dt:g}{unit}; it acts at the end of the step that reaches it"
            found.append(Diagnostic(rules.OFF_GRID, told, None, "`--events exact` stops there"))
    return found


def unsound(plan: Plan, result: Result, source: Source) -> list[Diagnostic]:
    """Return a warning for each recorded quantity that is not finite somewhere."""
    found = []
    for name in result:
        bad = np.flatnonzero(~np.isfinite(result[name]))
        if bad.size:
            at = f"t = {result.t[bad[0]]:.6g}" + ("" if plan.time_unit == "1" else f" {plan.time_unit}")
            told = f"the recorded quantity `{name}` is not finite at {bad.size} of {len(result.t)} times, first at {at}"
            found.append(
                Diagnostic(
                    rules.NOT_A_NUMBER, told, place_of(plan, name, source), "look at what it is computed from: a division by 0, a logarithm, a root"
                )
            )
    return found
