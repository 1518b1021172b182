"""What is measured of a run of a network: numbers of its populations and synapses instead of spikes and trajectories."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import fail, nearest
from neurodsl.measures import Column, Measure, first_instant, first_sample, rate_unit_of
from neurodsl.network_plan import NetworkPlan
from neurodsl.options import number_in
from neurodsl.run.network import Work
from neurodsl.spike_statistics import bin_edges, cvs, spike_synchrony, synchrony

Floats = NDArray[np.float64]

OF_POPULATIONS = {
    "spikes": "Number of spikes of",
    "rate": "Mean firing rate of",
    "cv": "Mean CV of the intervals between spikes of",
    "synchrony": "Synchrony of",
}
OF_STATES = {"final": "Final", "mean": "Mean of", "std": "Standard deviation of", "min": "Minimum of", "max": "Maximum of"}
REDUCED: dict[str, Callable[[Floats], Any]] = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}
WRITTEN = re.compile(r"\s*(\w+)\s*(?:\((.*)\)\s*)?", re.DOTALL)
QUANTITY = re.compile(r"(?P<owner>[^.\[\]]+?)\s*(?P<part>\[[^\[\]]*\])?\s*\.\s*(?P<name>\w+)")
BIN = "5 [ms]"
"""The width of the bins for the synchrony of spikes where none is named; 5 where the time has no unit."""


@dataclass(frozen=True)
class Wanted:
    """A measure of a network.

    Attributes
    ----------
    kind : str
        One of `OF_POPULATIONS` and `OF_STATES`.
    owner : str
        A population, a projection or a synapse.
    quantity : str
        Of a state its name; empty for what is of spikes.
    part : str
        Which neurons, ``[0:100]``; empty for all.
    width : float
        Of the bins of a synchrony of spikes, 0 for all else.
    """

    kind: str
    owner: str
    quantity: str = ""
    part: str = ""
    width: float = 0.0

    @property
    def name(self) -> str:
        """Return its normal form."""
        of = f"{self.owner}{self.part}.{self.quantity}" if self.quantity else self.owner
        return f"{self.kind}({of}, {self.width:g})" if self.width else f"{self.kind}({of})"

    @property
    def recorded(self) -> str | None:
        """Return what has to be recorded for it; None where that is nothing."""
        whole = self.kind not in ("final", *OF_POPULATIONS) or (self.kind == "synchrony" and self.quantity)
        return f"{self.owner}{self.part}.{self.quantity}" if whole else None


def read_measure(plan: NetworkPlan, text: str) -> list[Wanted]:
    """Return the measures that a text stands for: ``rate(E)``, ``mean(E.v)``, ``synchrony(E, 2)``; ``rate`` is that of each population.

    Raises
    ------
    NeuroError
        V105 for a measure that there is not, V102 for what the network does not have, V101 for a width that is none.
    """
    matched = WRITTEN.fullmatch(text)
    kind, inside = (matched[1], matched[2]) if matched else (text, None)
    known = (*OF_POPULATIONS, *OF_STATES)
    if kind not in known:
        near, listed = nearest(kind, known), ", ".join(f"`{name}`" for name in known)
        told = f"there is no measure `{text.strip()}` of a network"
        raise fail(rules.BAD_MEASURE, told, help=f"did you mean `{near}`?" if near else f"measures: {listed}")
    example = plan.populations[0].name
    if inside is None:
        if kind in OF_STATES:
            state = next((name for p in plan.populations for name in p.quantities), "v")
            raise fail(rules.BAD_MEASURE, f"`{kind}` needs a quantity", help=f"write `{kind}({example}.{state})`")
        return [Wanted(kind, p.name, width=_bin(plan, None) if kind == "synchrony" else 0.0) for p in plan.populations]
    of, comma, width = (part.strip() for part in inside.partition(","))
    quantity = QUANTITY.fullmatch(of)
    if comma and (kind != "synchrony" or quantity is not None):
        raise fail(rules.BAD_MEASURE, f"`{text.strip()}` is not how a measure is written", help=f"write `{kind}({of})`")
    if quantity is not None and kind in (*OF_STATES, "synchrony"):
        return [_of_quantity(plan, kind, quantity, text)]
    if kind in OF_STATES:
        raise fail(rules.BAD_MEASURE, f"`{text.strip()}` is not how a measure is written", help=f"write `{kind}({of or example}.v)`")
    names = [p.name for p in plan.populations]
    if of not in names:
        near, listed = nearest(of, names), ", ".join(f"`{name}`" for name in names)
        told = f"there is no population `{of}`, for the measure `{text.strip()}`"
        raise fail(rules.UNKNOWN_OPTION_NAME, told, help=f"did you mean `{near}`?" if near else f"populations: {listed}")
    if kind != "synchrony":
        return [Wanted(kind, of)]
    return [Wanted(kind, of, width=_bin(plan, width if comma else None))]


def _bin(plan: NetworkPlan, text: str | None) -> float:
    """Return the width of bins in the unit of the time."""
    width = number_in((BIN if plan.time_unit != "1" else "5") if text is None else text, plan.time_unit, "the width of the bins")
    if not width > 0:
        raise fail(rules.BAD_VALUE, f"the width of the bins is {width:g}", help="it is a positive time")
    return width


def _of_quantity(plan: NetworkPlan, kind: str, found: re.Match[str], text: str) -> Wanted:
    owner, part, name = found["owner"].strip(), "".join((found["part"] or "").split()), found["name"]
    population = next((p for p in plan.populations if p.name == owner), None)
    units = {p.name: p.quantities for p in plan.populations} | {n: j.units for j in plan.projections for n in (j.name, j.synapse)}
    if owner not in units:
        near, listed = nearest(owner, units), ", ".join(f"`{known}`" for known in units)
        told = f"there is no population or synapse `{owner}`, for the measure `{text.strip()}`"
        raise fail(rules.UNKNOWN_OPTION_NAME, told, help=f"did you mean `{near}.{name}`?" if near else f"there are {listed}")
    if name not in units[owner]:
        near, listed = nearest(name, units[owner]), ", ".join(f"`{known}`" for known in units[owner]) or "nothing"
        told = f"`{owner}` has no `{name}`, for the measure `{text.strip()}`"
        raise fail(rules.UNKNOWN_OPTION_NAME, told, help=f"did you mean `{owner}.{near}`?" if near else f"it has {listed}")
    if population is None and kind != "final":
        raise fail(rules.BAD_MEASURE, f"`{kind}` is not measured of synapses", help=f"`final({owner}.{name})` is their mean at the end")
    if part and kind == "final":
        raise fail(rules.BAD_MEASURE, f"`final` is the mean over all neurons of `{owner}`", help=f"write `final({owner}.{name})`")
    return Wanted(kind, owner, name, part)


def network_measures(plan: NetworkPlan, names: Sequence[str] | None) -> tuple[tuple[Measure, ...], tuple[str, ...]]:
    """Return the measures that a user names, or the rates of all populations, and what has to be recorded for them.

    A measure has one column, whose kind is its name.

    Raises
    ------
    NeuroError
        As :func:`read_measure`.
    """
    wanted = {w.name: w for name in (names if names is not None else ("rate",)) for w in read_measure(plan, name)}
    if not wanted:
        raise fail(rules.BAD_MEASURE, "there is nothing to measure", help="name a measure: `rate(E)`, `cv(E)`, `mean(E.v)`")
    recorded = dict.fromkeys(w.recorded for w in wanted.values() if w.recorded is not None)
    return tuple(_measure(plan, w) for w in wanted.values()), tuple(recorded)


def _measure(plan: NetworkPlan, wanted: Wanted) -> Measure:
    unit, factor, of = "1", 1.0, f"{wanted.owner}{wanted.part}.{wanted.quantity}" if wanted.quantity else wanted.owner
    if wanted.kind == "rate":
        unit, factor = rate_unit_of(plan.time_unit)
    elif wanted.kind in OF_STATES:
        rows = {p.name: {name: u for name, (_, u) in p.quantities.items()} for p in plan.populations}
        unit = next(u[wanted.quantity] for u in (rows.get(wanted.owner), *_units(plan, wanted.owner)) if u is not None)
    label = {**OF_POPULATIONS, **OF_STATES}[wanted.kind]
    return Measure(wanted.name, unit, f"{label} {of}", (Column(wanted.name),), _itself, factor)


def _units(plan: NetworkPlan, owner: str) -> list[dict[str, str]]:
    return [j.units for j in plan.projections if owner in (j.name, j.synapse)]


def _itself(x: Floats, start: float) -> Floats:
    return x


def measured(work: Work, columns: Sequence[Column], start: float) -> list[float]:
    """Return the values of columns of a run that has come to its end, from a time on; rates per unit of time."""
    wanted = [read_measure(work.plan, column.kind)[0] for column in columns]
    order = list(dict.fromkeys(w.recorded for w in wanted if w.recorded is not None))
    first = first_sample(start, work.dt)
    traces = {name: r.trace(work.reached).values[first:] for name, r in zip(order, work.recordings, strict=True)}
    with np.errstate(all="ignore"):
        return [_value(work, w, start, traces) for w in wanted]


def _value(work: Work, wanted: Wanted, start: float, traces: dict[str, Floats]) -> float:
    if wanted.recorded is not None:
        values = traces[wanted.recorded]
        if wanted.kind == "synchrony":
            return synchrony(values)
        return float(REDUCED[wanted.kind](values))
    if wanted.kind == "final":
        return _final(work, wanted)
    number, population = next((k, p) for k, p in enumerate(work.populations) if p.plan.name == wanted.owner)
    times, index = work.spikes_of(number)
    end, inside = work.reached * work.dt, times >= first_instant(start, work.dt)
    times, index = times[inside], index[inside]
    if wanted.kind == "spikes":
        return float(len(times))
    if wanted.kind == "rate":
        return len(times) / (population.size * (end - start)) if end > start else np.nan
    if wanted.kind == "cv":
        found = cvs(times, index, population.size)
        good = found[np.isfinite(found)]
        return float(good.mean()) if len(good) else np.nan
    return spike_synchrony(times, index, population.size, bin_edges(start, end, wanted.width))


def _final(work: Work, wanted: Wanted) -> float:
    """Return the mean over neurons, or over all synapses, at the end."""
    for population in work.populations:
        if population.plan.name == wanted.owner:
            return float(population.row(population.plan.quantities[wanted.quantity][0]).mean())
    found = [j.value(wanted.quantity) for j in work.projections if wanted.owner in (j.plan.name, j.plan.synapse)]
    values = np.concatenate(found)
    return float(values.mean()) if values.size else np.nan
