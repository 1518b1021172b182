"""What a run starts from: the arguments of its kernel, looked over before the first step."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from traceback import walk_tb
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.arrays import read_numbers
from neurodsl.diagnostics import fail
from neurodsl.options import Options, Recorded, check_times
from neurodsl.plan import Described, Plan
from neurodsl.source import Source, Span

RTOL, ATOL = 1e-8, 1e-10
MOST_PROBED = 50
"""States of a model that is looked at for stiffness before a run: the differences take a right-hand side for each, in plain Python."""

Floats = NDArray[np.float64]


def prepared(
    plan: Plan, plain: ModuleType, options: Options, source: Source, window: Callable[[int], int | None] | None = None
) -> tuple[list[Any], tuple[Recorded, ...]]:
    """Return the arguments of the kernel for a run, or for the first of its copies, and what it records.

    ``window`` tells how many rows are kept at a time, by how many numbers are in each; all are where it says
    None, or where there is none.
    """
    duration, dt, recorded = check_times(plan, options)
    numbers = [number for quantity in recorded for number in quantity.numbers]
    rows = None if window is None else window(len(numbers))
    return _arguments(plan, plain, options, source, (duration, dt, numbers), 0, rows=rows), recorded


def prepared_copy(plan: Plan, plain: ModuleType, options: Options, source: Source, copy: int) -> list[Any]:
    """Return arguments of the kernel that hold what is drawn for a copy: its constants, its known times and its initial state."""
    duration, dt, _ = check_times(plan, options)
    return _arguments(plan, plain, options, source, (dt, dt, ()), copy, duration)


def with_files(plan: Plan, options: Options, source: Source) -> Options:
    """Return options that also hold the arrays that the model takes from files beside it, where they are not given otherwise.

    Raises
    ------
    NeuroError
        F105 where a file cannot be read, or no longer has the shape of its array.
    """
    given, initial = ({**_from_files(plan, described, source)} for described in (plan.parameters, plan.states))
    return replace(options, given={**given, **options.given}, initial={**initial, **options.initial})


def _from_files(plan: Plan, described: Sequence[Described], source: Source) -> dict[str, Any]:
    """Return the arrays among some quantities that stand in files."""
    found = {}
    for quantity in described:
        if quantity.name not in plan.files:
            continue
        path, factor = plan.files[quantity.name]
        numbers = read_numbers(None if source.path is None else source.path.parent, path)
        if numbers.shape != quantity.shape:
            told = f"`{path}` has the shape {numbers.shape}, and `{quantity.name}` the shape {quantity.shape}"
            raise fail(rules.BAD_ARRAY, told, place_of(plan, quantity.name, source), "change the file, or the sizes in the model")
        found[quantity.name] = numbers * factor
    return found


def _arguments(
    plan: Plan,
    plain: ModuleType,
    options: Options,
    source: Source,
    grid: tuple[float, float, Sequence[int]],
    copy: int,
    until: float | None = None,
    rows: int | None = None,
) -> list[Any]:
    """Return the arguments of the kernel for a duration, a step and what is recorded; known times reach to ``until``, ``rows`` are kept at a time."""
    rtol, atol = RTOL if options.rtol is None else options.rtol, ATOL if options.atol is None else options.atol
    try:
        with np.errstate(all="ignore"):
            arguments: list[Any] = plain.prepare(options.given, options.initial, *grid, rtol, atol, options.seed, copy, until, rows)
    except (ArithmeticError, ValueError) as error:
        reason = str(error).lower()
        told = f"a constant of `{plan.model}` cannot be computed from these parameters: {reason}"
        help = "look at what it is computed from: a division by 0, a matrix that has no inverse"
        raise fail(rules.BAD_CONSTANT, told, line_of(error, plain, source), help) from error
    except MemoryError as error:
        raise fail(rules.TOO_MUCH_MEMORY, "there is not enough memory for this run", exit_code=4) from error
    constants, y = arguments[7], arguments[10]
    if not np.all(np.isfinite(constants)):
        bad = int(np.flatnonzero(~np.isfinite(constants))[0])
        name = next(name for (name, size), end in zip(plain.CONSTANTS, accumulate(size for _, size in plain.CONSTANTS), strict=True) if bad < end)
        raise _not_finite(plan, "the constant", name, constants[bad], source)
    if not np.all(np.isfinite(arguments[8])):
        raise fail(
            rules.BAD_CONSTANT,
            f"a known time of `{plan.model}` is not finite for these parameters",
            help="look at the times of its events and pulses",
        )
    lost = {i: plan.element(i) for i in np.flatnonzero(~np.isfinite(y)).tolist()}
    for i, name in lost.items():
        if not (np.isnan(y[i]) and {name, name.partition("[")[0]}.intersection(plain.STEADY)):
            raise _not_finite(plan, "the initial value", name, y[i], source)
    if lost:
        find_steady(plan, plain, constants, y, source)
    return arguments


def places_of(plain: ModuleType) -> dict[str, int]:
    """Return where each constant begins among the constants of a kernel."""
    sizes = [size for _, size in plain.CONSTANTS]
    return dict(zip((name for name, _ in plain.CONSTANTS), accumulate(sizes, initial=0), strict=False))


def line_of(error: Exception, plain: ModuleType, source: Source) -> Span | None:
    """Return the line of a model that the line of a generated file says it comes from, where an error arose in it."""
    loader: Any = plain.__loader__
    text = loader.get_source(plain.__name__).splitlines()
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_globals is plain.__dict__ and (found := re.search(r"# (?:\[.*\], )?line (\d+)$", text[line - 1])):
            lines = source.text.split("\n")
            number = int(found[1])
            start = sum(len(before) + 1 for before in lines[: number - 1])
            return Span(source, start, start + len(lines[number - 1].partition("#")[0].rstrip()))
    return None


def _not_finite(plan: Plan, what: str, name: str, value: float, source: Source) -> Exception:
    """Return R104 for a value that is not finite."""
    told = f"{what} `{name}` of `{plan.model}` is {value:g} for these parameters"
    return fail(rules.BAD_CONSTANT, told, place_of(plan, name, source), "look at what it is computed from: a division by 0, a logarithm, a root")


def slopes(plain: ModuleType, y: Floats, constants: Floats) -> Floats:
    """Return the derivatives of a state at the start of a run."""
    with np.errstate(all="ignore"):
        return np.asarray(plain.slopes(0.0, y, constants, np.full(len(y), -np.inf)), dtype=np.float64)


def find_steady(plan: Plan, plain: ModuleType, constants: Floats, y: Floats, source: Source) -> None:
    """Put in the initial values at which the derivatives of the states that are nan are 0.

    Raises
    ------
    NeuroError
        M102 where none is found.
    """
    from scipy.optimize import root

    unknown = np.flatnonzero(np.isnan(y))

    def residual(x: Floats) -> Floats:
        trial = y.copy()
        trial[unknown] = x
        found = slopes(plain, trial, constants)[unknown]
        return np.where(np.isfinite(found), found, 1e300)

    for start in (0.0, 0.5, -65.0, 1.0, -50.0, -1.0, 10.0, 100.0):
        found = root(residual, np.full(len(unknown), start), tol=1e-13)
        scale = np.max(np.abs(residual(found.x + 1e-3)))
        if found.success and np.all(np.abs(residual(found.x)) <= 1e-9 * max(1.0, scale)):
            y[unknown] = found.x
            return
    names = [plan.element(i) for i in unknown.tolist()]
    listed = ", ".join(f"`{name}`" for name in names[:6]) + (" and others" if len(names) > 6 else "")
    told = f"no steady initial value was found for {listed}"
    raise fail(rules.NO_STEADY, told, place_of(plan, names[0], source), "give it a number with `init`")


def stiffness(plan: Plan, plain: ModuleType, options: Options, source: Source) -> float:
    """Return the fastest decay rate at the start times the step of the output, by differences of the right-hand side; 0 for many states."""
    short = replace(options, duration=plan.dt if options.dt is None else options.dt, record=(), copies=None)
    arguments, _ = prepared(plan, plain, short, source)
    constants, y = arguments[7], arguments[10]
    if len(y) > MOST_PROBED:
        return 0.0
    base = slopes(plain, y, constants)
    columns = []
    for i in range(len(y)):
        step = 1e-7 * max(1.0, abs(y[i]))
        moved = y.copy()
        moved[i] += step
        with np.errstate(all="ignore"):
            columns.append((slopes(plain, moved, constants) - base) / step)
    matrix = np.array(columns).T
    if not np.all(np.isfinite(matrix)):
        return 0.0
    return float(np.max(-np.linalg.eigvals(matrix).real) * arguments[2])


def place_of(plan: Plan, name: str, source: Source) -> Span | None:
    """Return where the text says what moves a state, or when an event fires; of an element, what moves its array."""
    found = plan.places.get(name) or plan.places.get(name.partition("[")[0])
    return None if found is None else Span(source, *found)
