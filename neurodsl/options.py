"""The numbers of a run: read with their units, held within bounds."""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from neurodsl import rules
from neurodsl.diagnostics import fail, nearest
from neurodsl.plan import Described, Plan
from neurodsl.units import UnitError, describe, dimension_text, parse_quantity, parse_unit

MOST_STEPS = 10**10
MOST_MEMORY = 4 * 2**30
"""Bytes that a run may record."""
BYTES_OF_A_COPY = 500
"""What is kept of a copy that records nothing."""
SPIKES = "spikes"
"""What one records to have the spikes alone."""
ELEMENT = re.compile(r"\s*(.*?)\s*\[([^\[\]]*)\]\s*")


@dataclass(frozen=True)
class Options:
    """The numbers of a run, in the units of the model; None where the plan decides, or for ``copies`` where there are none.

    What is ``streamed`` goes to a file while the run goes on, so that memory does not bound it.
    """

    duration: float | None = None
    dt: float | None = None
    rtol: float | None = None
    atol: float | None = None
    record: tuple[str, ...] | None = None
    given: Mapping[str, float] = field(default_factory=dict)
    initial: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    copies: int | None = None
    threads: int = 1
    streamed: bool = False


@dataclass(frozen=True)
class Recorded:
    """What is recorded under a name: a quantity, an element of it, ``x[3]``, or a row, ``W[0]``."""

    name: str
    quantity: Described
    numbers: range
    shape: tuple[int, ...]


def number_in(text: str | float, unit: str, what: str) -> float:
    """Return a number of a unit from a text such as ``0.2 [mS/cm^2]``; a bare number is in that unit.

    Raises
    ------
    NeuroError
        V101 where it is no finite number, or of another dimension.
    """
    if not isinstance(text, str):
        try:
            value, given = float(text), None
        except (TypeError, ValueError, OverflowError) as error:
            raise fail(rules.BAD_VALUE, f"{what} has to be a number, or a text such as `1 [{unit}]`, not `{text!r:.80}`") from error
    else:
        try:
            value, given = parse_quantity(text)
        except UnitError as error:
            near = f"did you mean `{error.nearest}`?" if error.nearest else f"a number, or a number and a unit: `{what}=1 [{unit}]`"
            raise fail(rules.BAD_VALUE, f"`{text}` for {what}: {error.message}", help=near) from error
    if not math.isfinite(value):
        raise fail(rules.BAD_VALUE, f"{what} has to be a finite number, not `{text}`")
    if given is None:
        return value
    wanted = parse_unit(unit)
    if not given.same_dimension(wanted):
        told = f"{what} is a {dimension_text(wanted)} ({unit}), and `{text}` a {dimension_text(given)} ({describe(given)})"
        raise fail(rules.BAD_VALUE, told, help=f"give it in a unit such as `[{unit}]`")
    return value * float(given.factor_to(wanted))


MOST_THREADS, MOST_COUNTED = 1024, 10**9
"""So many threads, and so many copies or points, are taken; what they need is looked at apart."""


def idle_processors() -> int:
    """Return how many of the processors that this process may use have had nothing to do for the last minute, at least one.

    Threads that wait for one another in every step lose more than they gain where they share a processor with something else.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, usable - round(busy))


def count_of(value: Any, what: str) -> int:
    """Return a number of copies or threads.

    Raises
    ------
    NeuroError
        V101 where it is no whole number of at least 1, or more than can be meant.
    """
    try:
        count = operator.index(value)
    except TypeError:
        count = 0
    if count < 1 or isinstance(value, bool):
        raise fail(rules.BAD_VALUE, f"the number of {what} has to be a whole number of at least 1, not `{value!r:.80}`")
    most = MOST_THREADS if what == "threads" else MOST_COUNTED
    if count > most:
        raise fail(
            rules.BAD_VALUE,
            f"the number of {what} is {count:.3g}, and at most {most:g} are taken",
            help="as many threads as the machine has cores" if what == "threads" else "take fewer",
        )
    return count


def threads_of(threads: int | None, copies: int | None) -> int:
    """Return how many threads share the copies of a model.

    Raises
    ------
    NeuroError
        V101 for a number that is none, and for several threads where there are no copies.
    """
    count = 1 if threads is None else count_of(threads, "threads")
    if count > 1 and copies is None:
        told = f"{count} threads would share the copies of a model, and there are none"
        raise fail(rules.BAD_VALUE, told, help="a single run of a model takes one thread; `--copies N` runs several")
    return count


def values_in(value: Any, wanted: Described) -> Any:
    """Return the number that is given for a quantity, or the numbers of its elements as nested lists.

    Raises
    ------
    NeuroError
        V101 where they are not finite numbers, or of another shape.
    """
    if not wanted.shape or isinstance(value, str) or not hasattr(value, "__len__"):
        return number_in(value, wanted.unit, wanted.name)
    found, shape = _nested(value, wanted)
    if shape != wanted.shape:
        told = f"`{wanted.name}` has the shape {wanted.shape}, and what is given for it {shape}"
        raise fail(rules.BAD_VALUE, told, help="give as many numbers as it has elements, row by row, or one number for all")
    return found


def _nested(value: Any, wanted: Described) -> tuple[Any, tuple[int, ...]]:
    """Return numbers as nested lists, with their shape."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return number_in(value, wanted.unit, wanted.name), ()
    parts = [_nested(part, wanted) for part in value]
    shapes = {shape for _, shape in parts}
    if len(shapes) != 1:
        raise fail(rules.BAD_VALUE, f"the rows of what is given for `{wanted.name}` have different lengths")
    return [part for part, _ in parts], (len(parts), *shapes.pop())


def check_times(plan: Plan, options: Options) -> tuple[float, float, tuple[Recorded, ...]]:
    """Return the duration, the step and what is recorded, all within bounds."""
    duration = plan.duration if options.duration is None else options.duration
    dt = plan.dt if options.dt is None else options.dt
    unit = "" if plan.time_unit == "1" else f" {plan.time_unit}"
    if not duration > 0:
        raise fail(rules.BAD_DURATION, f"the duration has to be positive, not {duration:g}{unit}")
    if not dt > 0:
        raise fail(rules.BAD_DURATION, f"the step dt has to be positive, not {dt:g}{unit}")
    if plan.discrete and abs(round(duration / dt) * dt - duration) > 1e-9 * dt:
        told = f"a map takes whole steps: the duration {duration:g}{unit} is no multiple of its step, {dt:g}{unit}"
        raise fail(rules.BAD_DURATION, told, help=f"for example `--duration {max(1, round(duration / dt)) * dt:g}`")
    if dt > duration:
        raise fail(rules.BAD_DURATION, f"the step dt, {dt:g}{unit}, is longer than the duration, {duration:g}{unit}", help="give a smaller `--dt`")
    steps = duration / dt
    if steps > MOST_STEPS:
        raise fail(
            rules.BAD_DURATION,
            f"{steps:.3g} steps are more than the {MOST_STEPS:.0g} a run may take",
            help="a longer `--dt`, or a shorter `--duration`",
        )
    chosen = recorded_of(plan, options.record)
    if not options.streamed:
        check_memory(plan, steps, sum(len(r.numbers) for r in chosen), options.copies)
    for name, value in (("rtol", options.rtol), ("atol", options.atol)):
        if value is not None and not (0 < value < 1 and (name == "atol" or value >= 1e-14)):
            raise fail(rules.BAD_VALUE, f"{name} has to lie between {'1e-14' if name == 'rtol' else '0'} and 1, not {value:g}")
        if value is not None and not plan.adaptive:
            raise fail(
                rules.BAD_VALUE,
                f"`{plan.method}` has a fixed step and no {name}",
                help="its accuracy is set by `--dt`; adaptive methods: rk45, rosenbrock",
            )
    return float(duration), float(dt), chosen


def check_memory(plan: Plan, steps: float, width: int, copies: int | None) -> None:
    """Raise V104 where a run would record more than fits."""
    size = 8 * steps * max(1, width * (copies or 1)) + (copies or 0) * (BYTES_OF_A_COPY + 8 * sum(s.size for s in plan.states))
    if size > MOST_MEMORY:
        each = "" if copies is None else f" of {copies} copies"
        told = f"recording {width} number{'' if width == 1 else 's'} at {steps:.3g} times{each} takes {size / 2**30:.3g} GiB, more than {MOST_MEMORY / 2**30:g}"
        less = "record less with `--record`" + ("" if copies is None else " (`--record spikes` for the spikes alone)")
        rest = ", or write it to a file while the run goes on, `--out F.h5`" if copies is None else " or fewer copies"
        raise fail(rules.TOO_MUCH_MEMORY, told, help=f"{less}, or take a longer `--dt`{rest}")


def recorded_of(plan: Plan, names: tuple[str, ...] | None) -> tuple[Recorded, ...]:
    """Return what is recorded: what is asked for, else what the file says, else every state. ``spikes`` is recorded in any case."""
    if names is None:
        names = plan.record or tuple(q.name for q in plan.states if q.role == "state")
    found = {r.name: r for r in (recorded(plan, name) for name in names if name != SPIKES or name in plan.recordable)}
    return tuple(found.values())


def recorded(plan: Plan, name: str) -> Recorded:
    """Return what a name such as ``x``, ``x[3]`` or ``W[0, 2]`` stands for.

    Raises
    ------
    NeuroError
        V102 where there is no such quantity or element.
    """
    table = plan.recordable
    element = None if name in table else ELEMENT.fullmatch(name)
    base = element[1] if element else name
    if base not in table:
        near = nearest(base, table)
        listed = ", ".join(f"`{known}`" for known in table)
        raise fail(
            rules.UNKNOWN_OPTION_NAME,
            f"`{plan.model}` has no quantity `{base}` to record",
            help=f"did you mean `{near}`?" if near else f"it has: {listed}",
        )
    quantity = table[base]
    if element is None:
        return Recorded(name, quantity, range(quantity.start, quantity.start + quantity.size), quantity.shape)
    return _element(quantity, name, [text.strip() for text in element[2].split(",")])


def _element(quantity: Described, name: str, texts: list[str]) -> Recorded:
    """Return an element of a quantity, or with fewer indices than dimensions a row of it."""
    shape = quantity.shape
    if not shape:
        raise fail(rules.UNKNOWN_OPTION_NAME, f"`{quantity.name}` is a number and has no element `{name}`", help=f"record `{quantity.name}`")
    known = (
        f"`{quantity.name}` has the shape {shape}, and its elements count from 0" if len(shape) > 1 else f"`{quantity.name}` has {shape[0]} elements"
    )
    last = f"`{quantity.name}[{','.join(str(n - 1) for n in shape)}]`"
    fits = len(texts) <= len(shape) and all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts)
    at = [int(text) for text in texts] if fits else []
    if not fits or any(index >= size for index, size in zip(at, shape, strict=False)):
        remedy = "ranges of elements are not read: name elements, or the whole array" if ":" in name else f"the last one is {last}"
        raise fail(rules.UNKNOWN_OPTION_NAME, f"there is no element `{name}`: {known}", help=remedy)
    rest = shape[len(at) :]
    size = math.prod(rest)
    first = quantity.start + size * sum(index * math.prod(shape[k + 1 : len(at)]) for k, index in enumerate(at))
    return Recorded(f"{quantity.name}[{','.join(map(str, at))}]", quantity, range(first, first + size), rest)
