"""The memory of a projection: which neurons its synapses join, and what each of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.codegen.signature import LAGS
from neurodsl.connectivity import Demand, Wiring, by_delay, cuts, transpose, wire
from neurodsl.diagnostics import fail
from neurodsl.formulas import Formula, evaluate, names_in
from neurodsl.network_plan import Item, ProjectionPlan
from neurodsl.run.columns import DELAY, with_columns
from neurodsl.run.populations import Population
from neurodsl.run.values import propagators, values_of

Floats = NDArray[np.float64]
LONGEST_DELAY = 60_000
"""Steps: a delay stands in two bytes."""
LONGEST_INTERVAL = 2**53
"""So many steps may lie between two times of a recording: as far as numbers count them."""
LONG_RUN = 8
"""Synapses of a run on the average from which on runs are worth their while."""


class Projection:
    """A projection at work.

    Attributes
    ----------
    arrays : list of array of shape (synapses,)
        What has a value for each synapse.
    before : array of shape (neurons before, states)
        The states that live with the neurons before the synapses. Threads have one each: all of them change the same.
    scales : array
        The factors of the states that decay, a part of those of the network.
    lags : array
        First neuron, and the one behind the last, of the source and of the target; the places in memory, and the neurons, between which the targets of a
        thread lie; then of each event the least and the most steps that its spikes take, and how many of them are beyond the delay.
    """

    def __init__(
        self, plan: ProjectionPlan, number: int, populations: Sequence[Population], known: Mapping[str, Any], given: Mapping[str, Any], seed: int,
        dt: float, folder: Path | None,
    ) -> None:  # fmt: skip
        self.plan, self.number = plan, number
        self.source, self.target = populations[plan.source[0]], populations[plan.target[0]]
        self.populations = populations
        self.known = {**known, "t": 0.0, "_ts": 0.0, "_h": dt}
        wiring = with_columns(self._wired(seed, folder), plan)
        delays = self._delays(wiring, seed, dt, folder)
        self.delays = np.zeros(1, np.uint16)
        if plan.delayed and isinstance(delays, np.ndarray):
            order = by_delay(wiring, delays)
            wiring = Wiring(wiring.pointers, wiring.targets[order], {name: column[order] for name, column in wiring.columns.items()})
            self.delays = np.ascontiguousarray(delays[order])
        self.count = wiring.targets.size
        values = self._values(wiring, given, seed, folder)
        self.targets = self.target.offsets(wiring.targets + np.uint32(plan.target[1]))
        self.pointers = wiring.pointers.astype(np.uint32)
        self.columns, self.column, self.origins = (np.zeros(1, np.uint32),) * 3
        if plan.backward:
            self.columns, self.origins, self.column = transpose(wiring, plan.target[2] - plan.target[1])
        rates = np.array([float(evaluate(rate, values)) for _, rate in plan.scales], dtype=np.float64)
        if not np.isfinite(rates).all():
            raise fail(rules.BAD_VALUE, f"a rate in the equations of `{plan.synapse}` is not finite", help="a time constant is not 0")
        self.rates, self.decays = rates, np.exp(-rates * dt)
        self.scales: Floats = np.ones(len(plan.scales))
        self.rests = [float(values[f"rest of {name}"]) for name, _ in plan.scales]
        self.lags = self._lags(delays, values, dt)
        self.entries = np.zeros(1)
        if plan.flow is not None:
            self.entries = np.array([*propagators(plan.flow, values, dt).reshape(-1), 0.0])
        self._place(values)
        self.values = {name: value for name, value in values.items() if not np.ndim(value)}

    @property
    def wiring(self) -> Wiring:
        """Return which neurons the synapses join, made from what the kernel has of them: it stands in memory once."""
        block, rest = np.divmod(self.targets, np.uint32(self.target.plan.rows * self.target.plan.width))
        numbers = block * np.uint32(self.target.plan.width) + rest % np.uint32(self.target.plan.width)
        return Wiring(self.pointers, (numbers - np.uint32(self.plan.target[1])).astype(np.uint32, copy=False), {})

    @property
    def sources(self) -> NDArray[Any]:
        """Return the numbers of the neurons before the synapses within their part."""
        return self.wiring.sources

    def _wired(self, seed: int, folder: Path | None) -> Wiring:
        """Return which synapses there are."""
        plan, rule = self.plan, self.plan.rule
        arguments = [None if {"i", "j"} & names_in(a) else float(evaluate(a, self.known)) for a in rule["arguments"]]
        sizes = plan.source[2] - plan.source[1], plan.target[2] - plan.target[1]
        table = None
        if rule["kind"] == "matrix" and rule["path"] is None:
            table = np.array([np.nan if a is None else a for a in arguments], dtype=np.float64)
            if table.size != sizes[0] * sizes[1]:
                told = f"the matrix of `{plan.name}` has {table.size} entries, and it joins {sizes[0]} neurons to {sizes[1]}"
                raise fail(rules.BAD_CONNECTIONS, told, help="a row for each source, a column for each target")
            table, arguments = table.reshape(sizes), []
        demand = Demand(
            rule["kind"], tuple(a for a in arguments if a is not None), self._of_pair(rule["arguments"][0]) if None in arguments else None,
            None if rule["condition"] is None else self._of_pair(rule["condition"]), rule["path"], folder, table=table, column=rule["matrix_target"] or "matrix",
            no_self=rule["no_self"], multiple=rule["multiple"], owner=plan.name,
        )  # fmt: skip
        same = plan.source[1] - plan.target[1] if plan.source[0] == plan.target[0] else None
        return wire(demand, *sizes, same, seed, self.number)

    def _of_pair(self, formula: Formula) -> Any:
        return lambda i, j: evaluate(formula, {**self.known, "i": i, "j": j})

    def _pairs(self, wiring: Wiring, items: Sequence[Item]) -> dict[str, Any]:
        """Return what items of synapses may use: the numbers of the neurons within their parts only where they are asked for."""
        used = set().union(*(names_in(f) for item in items for f in (item.formula, *item.arguments) if f is not None))
        sources = {"i": wiring.sources.astype(np.float64)} if "i" in used else {}
        return {**self.known, **sources, **({"j": wiring.targets.astype(np.float64)} if "j" in used else {})}

    def _delays(self, wiring: Wiring, seed: int, dt: float, folder: Path | None) -> NDArray[np.uint16] | int:
        """Return the delays in steps, one for all or one for each synapse."""
        plan = self.plan
        if plan.delay is None and (DELAY not in wiring.columns or DELAY in plan.units):
            return 0
        if plan.delay is None:
            value: Any = wiring.columns[DELAY]
        else:
            value = values_of(
                (plan.delay,), self._pairs(wiring, (plan.delay,)), {}, wiring.targets.size, seed, 8191 - self.number, folder, f"`{plan.name}`"
            )["delay"]
        if np.ndim(value) == 0:
            return whole_steps(float(value), dt, f"the delay of `{plan.name}`", self._unit)
        steps = np.maximum(np.rint(np.asarray(value) / dt), 1.0)
        if np.min(value, initial=0.0) < 0 or np.max(steps, initial=0.0) > LONGEST_DELAY:
            worst = float(np.min(value)) if np.min(value) < 0 else float(np.max(value))
            told = f"a delay of `{plan.name}` is {worst:g}{self._unit}"
            raise fail(rules.BAD_VALUE, told, help=f"delays lie between dt, {dt:g}{self._unit}, and {LONGEST_DELAY * dt:g}{self._unit}")
        return steps.astype(np.uint16)

    @property
    def _unit(self) -> str:
        """Return the unit of times as messages have it behind a number."""
        unit = self.plan.rule["time_unit"]
        return "" if unit == "1" else f" {unit}"

    def _lags(self, delays: NDArray[np.uint16] | int, values: Mapping[str, Any], dt: float) -> NDArray[np.int64]:
        plan = self.plan
        least, most = (int(delays.min(initial=1)), int(delays.max(initial=1))) if isinstance(delays, np.ndarray) and delays.size else (0, 0)
        if not isinstance(delays, np.ndarray):
            least = most = delays
        found = [plan.source[1], plan.source[2], plan.target[1], plan.target[2], 0, self.target.flat.size, plan.target[1], plan.target[2]]
        for kind, after in plan.events:
            more = (
                0 if after is None else whole_steps(float(evaluate(after, {**self.known, **values})), dt, f"`after` of `{plan.synapse}`", self._unit)
            )
            found += [least + more, most + more, more] if kind == "pre" else [more, more, more]
        return np.array(found, np.int64)

    def _values(self, wiring: Wiring, given: Mapping[str, Any], seed: int, folder: Path | None) -> dict[str, Any]:
        """Return parameters, derived constants and initial values of the synapses."""
        plan = self.plan
        found = self._pairs(wiring, plan.items)
        for name, population, inner in plan.outside:
            found[name] = self.populations[population].values[inner]
        brought = {name: column for name, column in wiring.columns.items() if name in {item.name for item in plan.items}}
        if unknown := sorted(set(brought) - set(plan.arrays)):
            told = f"the file of `{plan.name}` brings `{unknown[0]}`, which it did not when the network was compiled"
            raise fail(rules.BAD_VALUE, told, help="run it again")
        return values_of(plan.items, found, {**brought, **given}, self.count, seed, 2 * self.number + 1, folder, f"`{plan.name}`")

    def _place(self, values: Mapping[str, Any]) -> None:
        """Put the values with which the run begins where the kernel looks for them."""
        plan = self.plan
        self.constants = np.array([*(np.nan if np.ndim(values[n]) else values[n] for n in plan.constants), 0.0], dtype=np.float64)
        rest = {name: value for (name, _), value in zip(plan.scales, self.rests, strict=True)}
        self.arrays = [np.array(np.broadcast_to(values[name], self.count), dtype=np.float64) - rest.get(name, 0.0) for name in plan.arrays]
        for name, population, row in plan.placed:
            self.populations[population].put(row, values[name] - rest.get(name, 0.0))
        self.before = np.empty((plan.source[2] - plan.source[1], len(plan.before)))
        for k, name in enumerate(plan.before):
            self.before[:, k] = values[name] - rest.get(name, 0.0)

    def share(self, parts: int) -> None:
        """Divide the synapses among threads by their targets; where delays differ, rows are not sorted by them, and a thread looks which are its own."""
        plan, target, k = self.plan, self.target, self.number
        places = [cut * target.plan.rows * target.plan.width for cut in target.cuts]
        rows = np.stack([self.pointers[:-1], self.pointers[1:]])
        if parts > 1 and not plan.delayed:
            rows = cuts(self.pointers, self.targets, places)
        run_rows, runs = runs_of(rows, self.targets)
        self.befores = [self.before, *(self.before.copy() for _ in range(parts - 1))]
        self.cursors = [[self.source.queue.add_beside() if plan.delayed else -1 for _ in plan.events] for _ in range(parts)]
        self._given = []
        for p in range(parts):
            q = 0 if plan.delayed else p
            lags, neurons = self.lags.copy(), [cut * target.plan.width for cut in target.cuts[p : p + 2]]
            lags[4:8] = [*places[p : p + 2], max(neurons[0], plan.target[1]), min(neurons[1], plan.target[2])]
            self._given.append({
                f"_k{k}": lags, f"_begins{k}": rows[q], f"_ends{k}": rows[q + 1], f"_tgt{k}": self.targets, f"_cs{k}": self.constants, f"_ps{k}": self.entries,
                f"_before{k}": self.befores[p].reshape(-1), f"_first_run{k}": run_rows[q], f"_last_run{k}": run_rows[q + 1], f"_runs{k}": runs,
                f"_delays{k}": self.delays, f"_columns{k}": self.columns, f"_column{k}": self.column, f"_src{k}": self.origins,
                **{f"_x{k}_{n}": array for n, array in enumerate(self.arrays)},
            })  # fmt: skip

    def arguments(self, part: int) -> dict[str, Any]:
        """Return what a kernel is told of a part of the projection."""
        beside = self.source.queue.beside
        cursors = {f"_cursor{self.number}_{n}": beside[place] for n, place in enumerate(self.cursors[part]) if place >= 0}
        return {**self._given[part], **cursors}

    @property
    def longest(self) -> int:
        """Return the steps that the slowest spike takes."""
        return int(max(self.lags[LAGS + 1 :: 3], default=0))

    def value(self, name: str) -> Floats:
        """Return a quantity of every synapse."""
        plan = self.plan
        factor, rest = 1.0, 0.0
        for k, (scaled, _) in enumerate(plan.scales):
            if scaled == name:
                factor, rest = float(self.scales[k]), self.rests[k]
        if name in plan.arrays:
            stored: Any = self.arrays[plan.arrays.index(name)]
        elif name in plan.before:
            stored = self.before[self.sources, plan.before.index(name)]
        elif name in {n for n, _, _ in plan.placed}:
            _, population, row = next(place for place in plan.placed if place[0] == name)
            stored = self.populations[population].row(row)[self.wiring.targets.astype(np.int64) + plan.target[1]]
        else:
            stored = np.full(self.count, self.values[name])
        return np.asarray(stored * factor + rest, dtype=np.float64)

    def renew(self) -> None:
        """Write what decays anew, for factors of 1."""
        for k, (name, _) in enumerate(self.plan.scales):
            if name in self.plan.arrays:
                self.arrays[self.plan.arrays.index(name)] *= self.scales[k]
            if name in self.plan.before:
                for before in self.befores:
                    before[:, self.plan.before.index(name)] *= self.scales[k]
            for placed, population, row in self.plan.placed:
                if placed == name:
                    self.populations[population].block[:, row] *= self.scales[k]


def runs_of(rows: NDArray[np.uint32], targets: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the runs of synapses whose targets follow one another.

    Parameters
    ----------
    rows : array of shape (parts + 1, sources)
        Where the parts of rows begin, and where the last one ends.
    targets : array of shape (synapses,)

    Returns
    -------
    array of shape (parts + 1, sources)
        The same in runs.
    array of shape (runs + 1,)
        Where each run begins, and the end of the last one. One run alone, an empty one, stands for rows whose runs are short.
    """
    none = np.zeros_like(rows), np.zeros(1, np.uint32)
    if targets.size < LONG_RUN:
        return none
    begins = np.ones(targets.size, np.bool_)
    begins[1:] = np.diff(targets) != 1
    begins[rows[rows < targets.size]] = True
    starts = np.flatnonzero(begins)
    if targets.size < LONG_RUN * starts.size:
        return none
    return np.searchsorted(starts, rows).astype(np.uint32), np.append(starts, targets.size).astype(np.uint32)


def whole_steps(time: float, dt: float, what: str, unit: str = "", most: int = LONGEST_DELAY) -> int:
    """Return a time as a number of steps, at most ``most``; ``unit`` stands behind numbers in messages.

    Raises
    ------
    NeuroError
        V101 where it is none, with the two nearest.
    """
    if time < 0 or not np.isfinite(time):
        raise fail(rules.BAD_VALUE, f"{what} is {time:g}{unit}", help="a time is finite and not negative")
    if time / dt >= most + 0.5:
        raise fail(rules.BAD_VALUE, f"{what} is {time:g}{unit}, more than {most} steps of {dt:g}{unit}", help="a longer `dt`")
    steps = round(time / dt)
    if time == 0.0 or (steps >= 1 and abs(time / dt - steps) <= 1e-6 * steps):
        return steps
    low, high = max(int(np.floor(time / dt)), 1) * dt, max(int(np.ceil(time / dt)), 1) * dt
    near = f"{low:g}{unit}" if low == high else f"{low:g} or {high:g}{unit}"
    raise fail(rules.BAD_VALUE, f"{what} is {time:g}{unit}, no whole number of steps of {dt:g}{unit}", help=f"write {near}, or change `dt`")


def recording_interval(every: float, dt: float, name: str) -> int:
    """Return every how many steps a quantity is recorded.

    Raises
    ------
    NeuroError
        V101 for none at all, or no whole number.
    """
    if every == 0.0:
        raise fail(rules.BAD_VALUE, f"the interval of `{name}` is 0", help=f"an interval is a step, {dt:g}, or several")
    return whole_steps(every, dt, f"the interval of `{name}`", most=LONGEST_INTERVAL)
