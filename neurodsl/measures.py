"""What is measured of a run while it goes on: numbers instead of trajectories.

A measure such as ``rate`` or ``max(V)`` is a formula over columns, which are sums, extremes and counts that a run can keep as it goes.
Columns over samples look at the grid points ``t_k = k*dt`` of the output from the start of the window on, the end of the run included;
those over spikes at the spikes from there on. A measure is nan where it is not defined: the interval between spikes of a run with one spike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail, nearest
from neurodsl.options import ELEMENT, Recorded, number_in, recorded, recorded_of
from neurodsl.plan import Plan
from neurodsl.units import ONE, describe, parse_unit

Floats = NDArray[np.float64]

FEW_STATES = 4
"""A model that fires and has so many states at most is also asked for where they end, where nothing else is."""
UNTOLD = 1e-13
"""Below this the relative variance of intervals is the rounding of its sums."""
MOST_MEASURES = 10_000
"""Measures of a sweep, elements of arrays counted."""
NAME = re.compile(r"\s*(\w+)\s*(?:\((.*)\)\s*)?", re.DOTALL)


class Column(NamedTuple):
    """A number that is kept while a run goes on.

    Of samples: ``final``, ``first`` (at the start of the window), ``low``, ``high``, ``sum`` (of x - first), ``squares`` (of (x - first)^2),
    ``samples`` (their number); ``rises``, ``first_rise`` and ``last_rise``, the upward crossings of a level, x_(k-1) < level <= x_k, both
    samples in the window, at a time between the two that a straight line gives. Of spikes: ``spikes``, ``first_spike``, ``last_spike``,
    ``interval_squares`` (the sum of squares of the intervals between successive ones). Of the run: ``reached``, the time at its end.

    ``final`` of a state is its value at the end of the run, also where an event stopped that between two samples. The times of crossings and
    of spikes that there are not are nan; sums of none are 0. A sample that is not a number makes what is summed or compared nan.
    """

    kind: str
    number: int = 0
    """Of a recordable quantity in the kernel: states, then derived quantities; 0 where the kind says all."""
    level: float = 0.0


OF_SAMPLES = ("first", "low", "high", "sum", "squares", "samples", "rises", "first_rise", "last_rise")
OF_SPIKES = ("spikes", "first_spike", "last_spike", "interval_squares")
KINDS = ("final", *OF_SAMPLES, *OF_SPIKES, "reached")


def first_sample(start: float, dt: float) -> int:
    """Return the number of the first sample of a window: the first grid point that is not before its start, rounding aside."""
    return max(0, int(np.ceil(start / dt - 1e-9)))


def first_instant(start: float, dt: float) -> float:
    """Return the time from which on a spike counts: the start of the window, rounding aside."""
    return start - 1e-9 * dt if start > 0 else -np.inf


@dataclass(frozen=True)
class Measure:
    """A number that is told of each run.

    Attributes
    ----------
    name : str
        In its normal form: ``rate``, ``max(V)``, ``period(V, -20)``.
    unit, label : str
    columns : tuple of Column
        What it is computed from.
    """

    name: str
    unit: str
    label: str
    columns: tuple[Column, ...]
    formula: Callable[..., Floats] = field(repr=False, compare=False)
    factor: float = 1.0

    def value(self, get: Callable[[Column], Floats], start: float) -> Floats:
        """Return the values, of shape (points,), from those of the columns for a window from ``start`` on."""
        with np.errstate(all="ignore"):
            return self.formula(*(get(column) for column in self.columns), start=start) * self.factor


def _itself(x: Floats, start: float) -> Floats:
    return x


def _amplitude(low: Floats, high: Floats, start: float) -> Floats:
    return high - low


def _mean(first: Floats, total: Floats, samples: Floats, start: float) -> Floats:
    return first + total / samples


def _std(total: Floats, squares: Floats, samples: Floats, start: float) -> Floats:
    """Return the root of the mean square deviation from the mean over the samples."""
    return np.sqrt(np.maximum(squares / samples - (total / samples) ** 2, 0.0))


def _rate(spikes: Floats, reached: Floats, start: float) -> Floats:
    length = reached - start
    return np.where(length > 0, spikes / np.where(length > 0, length, 1.0), np.nan)


def _period(count: Floats, first: Floats, last: Floats, start: float) -> Floats:
    return np.where(count >= 2, (last - first) / np.maximum(count - 1, 1), np.nan)


def _cv(spikes: Floats, first: Floats, last: Floats, squares: Floats, start: float) -> Floats:
    """Return the standard deviation of the intervals, with their number below the sum, over their mean; 0 where the sums cannot tell it from 0."""
    number = np.maximum(spikes - 1, 1)
    mean = (last - first) / number
    variance = squares / number / mean**2 - 1
    return np.where(spikes >= 3, np.sqrt(np.where(variance > UNTOLD, variance, 0.0)), np.nan)


def _latency(first: Floats, start: float) -> Floats:
    return first - start


class _Kind(NamedTuple):
    """A measure without what it is of: its label, its unit (``1``, ``time``, ``rate``, or that of the ``quantity``), columns and formula."""

    label: str
    unit: str
    columns: tuple[str, ...]
    formula: Callable[..., Floats]


OF_TRAINS = {
    "spikes": _Kind("Number of spikes", "1", ("spikes",), _itself),
    "rate": _Kind("Firing rate", "rate", ("spikes", "reached"), _rate),
    "period": _Kind("Mean interval between spikes", "time", ("spikes", "first_spike", "last_spike"), _period),
    "cv": _Kind("CV of the intervals between spikes", "1", ("spikes", "first_spike", "last_spike", "interval_squares"), _cv),
    "latency": _Kind("Time to the first spike", "time", ("first_spike",), _latency),
}
OF_QUANTITIES = {
    "final": _Kind("Final", "quantity", ("final",), _itself),
    "min": _Kind("Minimum of", "quantity", ("low",), _itself),
    "max": _Kind("Maximum of", "quantity", ("high",), _itself),
    "mean": _Kind("Mean of", "quantity", ("first", "sum", "samples"), _mean),
    "std": _Kind("Standard deviation of", "quantity", ("sum", "squares", "samples"), _std),
    "amplitude": _Kind("Amplitude of", "quantity", ("low", "high"), _amplitude),
}
OF_CROSSINGS = {
    "crossings": _Kind("Upward crossings of", "1", ("rises",), _itself),
    "period": _Kind("Mean interval between crossings of", "time", ("rises", "first_rise", "last_rise"), _period),
}
KNOWN = tuple(dict.fromkeys((*OF_TRAINS, *OF_QUANTITIES, *OF_CROSSINGS)))


def measures_of(plan: Plan, names: Sequence[str] | None) -> tuple[Measure, ...]:
    """Return the measures that a user names, or those that go with a model where none are named.

    Parameters
    ----------
    plan : Plan
    names : sequence of str or None
        Such as ``rate``, ``max(V)``, ``final(x[3])``, ``crossings(V, -20)``, ``period(V, "-20 [mV]")``; ``max`` alone means that of all recorded
        quantities, and of an array that of each element.

    Raises
    ------
    NeuroError
        V105 for a measure that there is not or that the model lacks, V102 for an unknown quantity, V101 for a level that is none.
    """
    if names is None:
        states = sum(s.size for s in plan.states if s.role == "state")
        names = ("spikes", "rate", *(("final",) if states <= FEW_STATES else ())) if plan.spiking else ("final",)
    found: dict[str, Measure] = {}
    for name in names:
        for measure in _read(plan, name):
            found.setdefault(measure.name, measure)
            if len(found) > MOST_MEASURES:
                raise fail(
                    rules.BAD_MEASURE,
                    f"more than {MOST_MEASURES} measures, since one of an array is one of each of its elements",
                    help="name elements: `max(x[0])`",
                )
    if not found:
        raise fail(rules.BAD_MEASURE, "there is nothing to measure", help="name a measure: `final`, `max(V)`, `rate`")
    return tuple(found.values())


def columns_of(measures: Sequence[Measure]) -> tuple[Column, ...]:
    """Return what some measures are computed from, each once."""
    return tuple(dict.fromkeys(column for measure in measures for column in measure.columns))


def _read(plan: Plan, text: str) -> list[Measure]:
    """Return the measures that a text such as ``max(V)`` stands for."""
    matched = NAME.fullmatch(text)
    kind, inside = (matched[1], matched[2]) if matched else (text, None)
    if kind not in KNOWN:
        near = nearest(kind, KNOWN)
        listed = ", ".join(f"`{known}`" for known in KNOWN)
        raise fail(rules.BAD_MEASURE, f"there is no measure `{text.strip()}`", help=f"did you mean `{near}`?" if near else f"measures: {listed}")
    if inside is None:
        return [_of_trains(plan, kind)] if kind in OF_TRAINS else _of_all(plan, kind)
    arguments = [part.strip() for part in re.split(r",(?![^\[\]]*\])", inside)]
    if kind in OF_QUANTITIES and len(arguments) == 1:
        return _of_quantity(plan, kind, _quantity(plan, arguments[0], text))
    if kind in OF_CROSSINGS and len(arguments) == 2:
        return _of_crossings(plan, kind, _quantity(plan, arguments[0], text), arguments[1])
    wanted = f"`{kind}`" if kind not in (*OF_QUANTITIES, *OF_CROSSINGS) else f"`{kind}(V, -20)`" if kind in OF_CROSSINGS else f"`{kind}(V)`"
    raise fail(rules.BAD_MEASURE, f"`{text.strip()}` is not how a measure is written", help=f"write {wanted}")


def _quantity(plan: Plan, name: str, text: str) -> Recorded:
    """Return the quantity that a measure is of."""
    try:
        return recorded(plan, name)
    except NeuroError as error:
        (found,) = error.report.found
        told = found.message.replace(" to record", "")
        raise fail(rules.UNKNOWN_OPTION_NAME, f"{told}, for the measure `{text.strip()}`", help=found.help) from error


def _of_all(plan: Plan, kind: str) -> list[Measure]:
    """Return a measure of each recorded quantity."""
    if kind not in OF_QUANTITIES:
        raise fail(rules.BAD_MEASURE, f"`{kind}` needs a quantity and a level", help=f"write `{kind}({_voltage(plan)}, 0)`")
    return [measure for quantity in recorded_of(plan, None) for measure in _of_quantity(plan, kind, quantity)]


def _elements(quantity: Recorded) -> list[tuple[str, int]]:
    """Return the name and the number in the kernel of each element of what was named."""
    found = ELEMENT.fullmatch(quantity.name)
    base, before = (found[1], f"{found[2]},") if found else (quantity.name, "")
    if not quantity.shape:
        return [(quantity.name, quantity.numbers[0])]
    return [(f"{base}[{before}{','.join(map(str, at))}]", number) for at, number in zip(np.ndindex(quantity.shape), quantity.numbers, strict=True)]


def _of_quantity(plan: Plan, kind: str, quantity: Recorded) -> list[Measure]:
    label, _, columns, formula = OF_QUANTITIES[kind]
    found = []
    for name, number in _elements(quantity):
        chosen = tuple(Column(column, 0 if column == "samples" else number) for column in columns)
        found.append(Measure(f"{kind}({name})", quantity.quantity.unit, f"{label} {name}", chosen, formula))
    return found


def _of_crossings(plan: Plan, kind: str, quantity: Recorded, text: str) -> list[Measure]:
    label, unit, columns, formula = OF_CROSSINGS[kind]
    own = quantity.quantity.unit
    level = number_in(text.strip("\"'"), own, f"the level of `{kind}`")
    told = f"{level:.12g}" if float(f"{level:.12g}") == level else repr(level)
    found = []
    for name, number in _elements(quantity):
        chosen = tuple(Column(column, number, level) for column in columns)
        at = f"{label} {name} = {told}{'' if own == '1' else f' {own}'}"
        found.append(Measure(f"{kind}({name}, {told})", plan.time_unit if unit == "time" else "1", at, chosen, formula))
    return found


def _of_trains(plan: Plan, kind: str) -> Measure:
    if not plan.spiking:
        name = _voltage(plan)
        other = f"count upward crossings: `{'period' if kind in ('period', 'cv') else 'crossings'}({name}, LEVEL)`"
        told = f"`{plan.model}` has no event that is a spike, and so no `{kind}`"
        raise fail(rules.BAD_MEASURE, told, help=f"{other}, or mark spikes in the model: `on {name} > LEVEL: emit spike`")
    elements = 1 + max(plan.elements, default=0)
    if elements > 1 and kind in ("period", "cv"):
        told = f"`{kind}` is of the spikes of one element, and `{plan.model}` has {elements} that fire"
        raise fail(rules.BAD_MEASURE, told, help=f"`rate` is their mean rate; `period({_voltage(plan)}[0], LEVEL)` looks at one of them")
    label, unit, columns, formula = OF_TRAINS[kind]
    rate_unit, factor = rate_unit_of(plan.time_unit)
    told_unit = {"time": plan.time_unit, "rate": rate_unit}.get(unit, unit)
    own = factor / elements if unit == "rate" else 1.0
    return Measure(kind, told_unit, label, tuple(Column(column) for column in columns), formula, own)


def rate_unit_of(time_unit: str) -> tuple[str, float]:
    """Return the unit of rates, Hz where the time is one, and the factor that brings numbers per unit of time into it."""
    unit = parse_unit(time_unit)
    if unit.same_dimension(ONE):
        return describe(ONE), 1.0
    return "Hz", 1 / float(unit.factor_to(parse_unit("s")))


def _voltage(plan: Plan) -> str:
    """Return a state for an example: the first."""
    return next((s.name for s in plan.states if s.role == "state"), "x")


def asked_for(text: str) -> list[str]:
    """Return the names in ``rate,max(V),period(V, -20)``: commas within parentheses and brackets are part of a name."""
    found, depth, start = [], 0, 0
    for i, char in enumerate(f"{text},"):
        depth += (char in "([") - (char in ")]")
        if char == "," and (depth <= 0 or i == len(text)):
            found.append(text[start:i].strip())
            start = i + 1
    return found
