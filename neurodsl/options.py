"""The numbers of a run: read with their units, held within bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from neurodsl import rules
from neurodsl.diagnostics import fail, nearest
from neurodsl.plan import Plan
from neurodsl.units import UnitError, describe, dimension_text, parse_quantity, parse_unit

MOST_STEPS = 10**10
MOST_MEMORY = 4 * 2**30
"""Bytes that a run may record."""


@dataclass(frozen=True)
class Options:
    """The numbers of a run, in the units of the model; None where the plan decides."""

    duration: float | None = None
    dt: float | None = None
    rtol: float | None = None
    atol: float | None = None
    record: tuple[str, ...] | None = None
    given: Mapping[str, float] = field(default_factory=dict)
    initial: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0


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


def check_times(plan: Plan, options: Options) -> tuple[float, float, tuple[int, ...]]:
    """Return the duration, the step and the numbers of the recorded quantities, all within bounds."""
    duration = plan.duration if options.duration is None else options.duration
    dt = plan.dt if options.dt is None else options.dt
    unit = "" if plan.time_unit == "1" else f" {plan.time_unit}"
    if not duration > 0:
        raise fail(rules.BAD_DURATION, f"the duration has to be positive, not {duration:g}{unit}")
    if not dt > 0:
        raise fail(rules.BAD_DURATION, f"the step dt has to be positive, not {dt:g}{unit}")
    if dt > duration:
        raise fail(rules.BAD_DURATION, f"the step dt, {dt:g}{unit}, is longer than the duration, {duration:g}{unit}", help="give a smaller `--dt`")
    steps = duration / dt
    if steps > MOST_STEPS:
        raise fail(
            rules.BAD_DURATION,
            f"{steps:.3g} steps are more than the {MOST_STEPS:.0g} a run may take",
            help="a longer `--dt`, or a shorter `--duration`",
        )
    names = plan.record or tuple(q.name for q in plan.states if q.role == "state") if options.record is None else options.record
    numbers = tuple(recorded(plan, name) for name in dict.fromkeys(names))
    size = 8 * steps * max(1, len(numbers))
    if size > MOST_MEMORY:
        told = f"recording {len(numbers)} quantities at {steps:.3g} times takes {size / 2**30:.3g} GiB, more than {MOST_MEMORY / 2**30:g}"
        raise fail(rules.TOO_MUCH_MEMORY, told, help="record less with `--record`, or take a longer `--dt`")
    for name, value in (("rtol", options.rtol), ("atol", options.atol)):
        if value is not None and not (0 < value < 1 and (name == "atol" or value >= 1e-14)):
            raise fail(rules.BAD_VALUE, f"{name} has to lie between {'1e-14' if name == 'rtol' else '0'} and 1, not {value:g}")
        if value is not None and not plan.adaptive:
            raise fail(
                rules.BAD_VALUE,
                f"`{plan.method}` has a fixed step and no {name}",
                help="its accuracy is set by `--dt`; adaptive methods: rk45, rosenbrock",
            )
    return float(duration), float(dt), numbers


def recorded(plan: Plan, name: str) -> int:
    """Return the number of a quantity in the kernel."""
    table = plan.recordable
    if name not in table:
        near = nearest(name, table)
        listed = ", ".join(f"`{known}`" for known in table)
        raise fail(
            rules.UNKNOWN_OPTION_NAME,
            f"`{plan.model}` has no quantity `{name}` to record",
            help=f"did you mean `{near}`?" if near else f"it has: {listed}",
        )
    return table[name]
