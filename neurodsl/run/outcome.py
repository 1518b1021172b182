"""What has come of a run, as a result."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__
from neurodsl.options import Options, Recorded
from neurodsl.plan import Described, Plan
from neurodsl.run.copies import BAD_CHANCE, BAD_TIME, CASCADE, CONSTANTS, DONE, NOT_FINITE, STATUS, STEPS, STOPPED, UNDERFLOW, Work
from neurodsl.solution import Result, Spikes
from neurodsl.solution.result import Value

if TYPE_CHECKING:
    from neurodsl.run.lasting import Keeper

STOPS = {
    STOPPED: "by an event",
    NOT_FINITE: "a state is not finite",
    CASCADE: "an endless cascade of events",
    UNDERFLOW: "the step became too small",
    BAD_CHANCE: "a probability outside [0, 1]",
    BAD_TIME: "a time that is none",
}
"""Why a run ended early, by the status of its kernel."""
REJECTED = 4
"""Where the number of rejected steps stands among the flags."""
LARGEST_TOLD, MOST_TOLD = 1000, 100_000
"""Elements of an array, and numbers of all copies together, that a result tells of a parameter."""

Floats = NDArray[np.float64]


def told_parameters(plan: Plan, copies: int) -> tuple[Described, ...]:
    """Return the parameters whose values a result tells: not those of large arrays."""
    return tuple(p for p in plan.parameters if p.size <= LARGEST_TOLD and p.size * copies <= max(MOST_TOLD, p.size))


def result_of(
    plan: Plan,
    plain: ModuleType,
    work: Work,
    recorded: tuple[Recorded, ...],
    options: Options,
    interrupted: bool,
    timing: dict[str, float],
    keeper: Keeper | None = None,
) -> Result:
    """Return the result of a run that has ended, of all its copies or of the only one."""
    dt, last, end = work.arguments[2:5]
    streamed = None if keeper is None else keeper.contents(work.flags[0])
    times, values, spikes = streamed or _in_memory(plan, work, recorded, options.copies)
    described = {q.name: q for q in (*plan.quantities, *plan.parameters)}
    units = {name: q.unit for name, q in described.items() if q.role != "hidden"} | {"t": plan.time_unit}
    units |= {r.name: r.quantity.unit for r in recorded}
    final = {q.name: _values(q, work.state, options.copies) for q in plan.states if q.role == "state"}
    meta = {
        "model": plan.model,
        "title": plan.title,
        "method": plan.method,
        "reason": plan.reason,
        "events": plan.events,
        "adaptive": plan.adaptive,
        "discrete": plan.discrete,
        "elements": 1 + max(plan.elements, default=0),
        "dt": dt,
        "duration": end,
        **_progress_of(work, options, interrupted),
        "last_step": last,
        "seed": options.seed if plan.stochastic else None,
        "steps": int(work.flags[:, STEPS].sum()),
        "rejected": int(work.flags[:, REJECTED].sum()),
        **_parameters(plan, plain, work, options, dt),
        "labels": {name: q.doc for name, q in described.items() if q.doc} | {r.name: r.quantity.doc for r in recorded if r.quantity.doc},
        "timing": timing,
        "version": __version__,
        **({} if keeper is None else keeper.told()),
    }
    return Result(times, values, spikes, final, units, meta)


def _in_memory(plan: Plan, work: Work, recorded: tuple[Recorded, ...], copies: int | None) -> tuple[Floats, dict[str, Floats], Spikes]:
    """Return the times, the traces and the spikes of a run whose rows were kept in memory."""
    steps, dt, _, end = work.arguments[1:5]
    good = work.good
    count = max(1, int(good.max()))
    times = np.arange(count) * dt
    if count == steps + 1:
        times[-1] = end
    for copy in np.flatnonzero(good < count):
        work.rows[copy, good[copy] : count] = np.nan
    values, first = {}, 0
    for quantity in recorded:
        values[quantity.name] = _trace(work.rows[:, :count, first : first + len(quantity.numbers)], quantity.shape, copies)
        first += len(quantity.numbers)
    return times, values, _spikes(plan, work, copies)


def _trace(rows: Floats, shape: tuple[int, ...], copies: int | None) -> Floats:
    """Return recorded numbers with the time as the first axis, then the copies, then those of the quantity."""
    if copies is None:
        return np.ascontiguousarray(rows[0]).reshape(rows.shape[1], *shape)
    return rows.transpose(1, 0, 2).reshape(rows.shape[1], copies, *shape)


def _values(quantity: Described, numbers: Floats, copies: int | None) -> Value:
    """Return the values of a quantity, given the numbers of all for each copy: a number or nested lists, the copies first."""
    own = numbers[:, quantity.start : quantity.start + quantity.size].reshape(len(numbers), *quantity.shape)
    found: Value = (own[0] if copies is None else own).tolist()
    return found


def _progress_of(work: Work, options: Options, interrupted: bool) -> dict[str, Any]:
    """Return how far a run came, and why it ended where that was not the end."""
    statuses = work.flags[:, STATUS]
    whole = np.isin(statuses, (DONE, STOPPED))
    reached = work.clock.tolist()
    stops = [STOPS[status] for status in statuses.tolist() if status in STOPS]
    stopped = STOPS.get(int(statuses[min(work.failed)]), "a value that was drawn") if work.failed else next(iter(stops), None)
    told: dict[str, Any] = {"reached": reached[0] if len(set(reached)) == 1 else reached}
    if options.copies is not None:
        told |= {"copies": options.copies, "copies_complete": int(whole.sum()), "threads": min(options.threads, options.copies)}
    told["complete"] = bool(whole.all()) and not interrupted
    told["stopped"] = "interrupted" if interrupted else stopped
    told["interrupted"] = interrupted
    return told


def _parameters(plan: Plan, plain: ModuleType, work: Work, options: Options, dt: float) -> dict[str, Any]:
    """Return the values of the parameters, what they are by default, and the thresholds, which are told where all copies share them."""
    constants = work.arguments[CONSTANTS]
    try:
        with np.errstate(all="ignore"):
            default = np.asarray(plain._constants({}, dt, options.seed))
    except (ArithmeticError, ValueError):
        # The file's own values need not be computable where others are given.
        default = constants
    parameters = {p.name: _values(p, constants[np.newaxis], None) for p in plan.parameters if p.size <= LARGEST_TOLD}
    defaults = {p.name: _values(p, default[np.newaxis], None) for p in plan.parameters if p.size <= LARGEST_TOLD}
    # An array from a file has no default of its own.
    defaults |= {p.name: parameters[p.name] for p in plan.parameters if p.name in plan.files and p.name in parameters}
    levels = plain.thresholds(constants)
    if work.draw is not None:
        kept = [c for c in work.constants if c is not None]
        table = np.array([np.full(kept[0].size, np.nan) if c is None else c for c in work.constants])
        alike = np.all(np.array(kept) == kept[0], axis=0)
        first = 0
        for p in plan.parameters:
            told = p in told_parameters(plan, work.copies)
            part = slice(first, first + p.size)
            first += p.size if told else 0
            if not told:
                parameters.pop(p.name, None)
                defaults.pop(p.name, None)
            elif not alike[part].all():
                parameters[p.name] = defaults[p.name] = table[:, part].reshape(work.copies, *p.shape).tolist()
        levels = np.where(alike[first:], levels, np.nan)
    thresholds: dict[str, list[float]] = {}
    for name, level in zip(plan.thresholds, levels.tolist(), strict=True):
        if not np.isnan(level):
            thresholds.setdefault(name, []).append(level)
    return {"parameters": parameters, "defaults": defaults, "thresholds": thresholds}


def _spikes(plan: Plan, work: Work, copies: int | None) -> Spikes:
    """Return the spikes of all copies in the order of time, those of one instant in the order of the copies."""
    fired = [found for found in work.spikes if found is not None]
    times = np.concatenate([found[0] for found in fired] or [np.empty(0)])
    elements = np.array(plan.elements or (0,), dtype=np.int64)
    index = elements[np.concatenate([found[1] for found in fired] or [np.empty(0, np.int64)])]
    if copies is None:
        return Spikes(times, index)
    copy = np.repeat(np.arange(copies), [0 if found is None else len(found[0]) for found in work.spikes])
    order = np.argsort(times, kind="stable")
    times, copy = times[order], copy[order]
    return Spikes(times, index[order] if elements.any() else copy, copy)


def constants_to_keep(plan: Plan, plain: ModuleType, copies: int) -> Callable[[Floats], Floats]:
    """Return what picks from the constants of a copy those that the result tells, and the thresholds that follow from them."""
    numbers = np.array([n for p in told_parameters(plan, copies) for n in range(p.start, p.start + p.size)], dtype=np.int64)
    return lambda constants: np.concatenate([constants[numbers], plain.thresholds(constants)])
