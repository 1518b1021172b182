"""One step of a network after the other, as plainly as it can be written: the reference that kernels are held against.

Step k ends at t = k dt. In each: what flows through synapses, and what equations of synapses see of neurons, is read off at its beginning and carried
on to its middle, everything moves over the step, the conditions of the neurons are tested at its end and their own actions act, what arrives is
delivered projection by projection, then come ``on post`` and what is recorded. Nothing is drawn here: connections, delays, drawn values and the
spikes of emitters are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy
from network.cells import Cells, Given, Row, made
from network.evaluation import value
from network.neurons import Neurons, Wanted

from neurodsl.network import POST, PRE, THIRD, I, J, Network, Projection
from neurodsl.system import RANDOM, Action


@dataclass(frozen=True)
class Wiring:
    """The synapses of a projection: source and target of each, counted in their whole populations, and what is given for each of them."""

    pre: Sequence[int]
    post: Sequence[int]
    delay: Any = None
    values: Given = field(default_factory=dict)


@dataclass
class Outcome:
    """What a run leaves: per population the spikes as (step, neuron); final states by owner and name; traces by owner and name, one row per step."""

    spikes: dict[str, list[tuple[int, int]]]
    final: dict[str, dict[str, Row]]
    traces: dict[tuple[str, str], Row]


@dataclass
class Synapses:
    """The synapses of a projection, sorted by source and target, with the neurons on their two sides."""

    projection: Projection
    cells: Cells
    pre: np.ndarray[Any, Any]
    post: np.ndarray[Any, Any]
    third: np.ndarray[Any, Any]
    delay: np.ndarray[Any, Any]
    order: np.ndarray[Any, Any]
    later: list[np.ndarray[Any, Any]]


def interpret(
    network: Network,
    duration: float,
    dt: float,
    *,
    wiring: Mapping[str, Wiring] | None = None,
    given: Mapping[str, Given] | None = None,
    trains: Mapping[str, Iterable[tuple[int, int]]] | None = None,
    methods: Mapping[str, str] | None = None,
    traced: Iterable[tuple[str, str]] = (),
    draw: Callable[[Wanted], float] | None = None,
) -> Outcome:
    """Run a network.

    Parameters
    ----------
    wiring : mapping of str to Wiring
        For each projection by name; what is missing follows from ``all to all`` and ``one to one``, with their conditions.
    given : mapping of str to mapping
        For each population by name, the values of parameters and initial states that are drawn or come from files.
    trains : mapping
        For each emitter, its spikes as (step, number).
    methods : mapping of str to str
        For each population or synapse by name; without one, ``exact`` where it is linear, ``map`` where it is discrete, else ``rk4``.
    draw : callable
        Called for each random number of an action or a chance.
    """
    run = _Run(network, dt, wiring or {}, given or {}, trains or {}, methods or {}, draw)
    steps = round(duration / dt)
    rows: dict[tuple[str, str], list[Row]] = {key: [] for key in traced}
    run.begin()
    for k in range(steps + 1):
        if k > 0:
            run.step(k)
        for (owner, name), row in rows.items():
            row.append(run.quantity(owner, name, k * dt))
    cells = {p.name: run.neurons[p.name].cells for p in network.populations if p.name in run.neurons}
    final = {name: {**{n: c.row(c.parameters[n]) for owner, n in run.given if owner == name}, **c.y} for name, c in cells.items()}
    shown = {s.projection.name: {q.name for q in s.cells.system.states if "." not in q.name} for s in run.synapses}
    final |= {s.projection.name: {n: y for n, y in s.cells.y.items() if n in shown[s.projection.name]} for s in run.synapses}
    spikes = {name: [(k, n) for k in sorted(found) for n in found[k]] for name, found in run.spikes.items()}
    return Outcome(spikes, final, {key: np.array(row) for key, row in rows.items()})


class _Run:
    def __init__(
        self,
        network: Network,
        dt: float,
        wiring: Mapping[str, Wiring],
        given: Mapping[str, Given],
        trains: Mapping[str, Iterable[tuple[int, int]]],
        methods: Mapping[str, str],
        draw: Callable[[Wanted], float] | None,
    ) -> None:
        self.network, self.dt, self.draw = network, dt, draw
        self.constants: dict[str, Any] = {"dt": dt}
        for p in network.parameters:
            if isinstance(p.default, sympy.Basic):
                self.constants[p.symbol.name] = value(p.default, self.constants)
        for d in network.constants:
            self.constants[d.symbol.name] = value(d.expression, self.constants)
        self.spikes: dict[str, dict[int, list[int]]] = {p.name: {} for p in network.populations}
        self.neurons: dict[str, Neurons] = {}
        for name, train in trains.items():
            for k, n in sorted(train):
                self.spikes[name].setdefault(k, []).append(n)
        for p in network.populations:
            if p.system is not None:
                numbers = {I.name: np.arange(p.size), **self.constants}
                values = {name: value(v, numbers) for name, v in p.values.items() if isinstance(v, sympy.Basic)}
                cells = made(p.system, p.size, dt, methods.get(p.name), {**values, **given.get(p.name, {})}, {})
                cells.inputs = reached(network, p.name)
                self.neurons[p.name] = Neurons(p.name, cells, draw)
        self.pending: dict[str, dict[str, Row]] = {name: {} for name in self.neurons}
        self.flows: dict[tuple[str, str], Row] = {}
        self.past: dict[tuple[str, str], Row] = {}
        self.given: set[tuple[str, str]] = set()
        self.synapses = [self._synapses(p, wiring.get(p.name) or wired(p, self.constants), methods) for p in network.projections]

    def _synapses(self, p: Projection, wiring: Wiring, methods: Mapping[str, str]) -> Synapses:
        order = np.lexsort((np.asarray(wiring.post), np.asarray(wiring.pre)))
        pre, post = np.asarray(wiring.pre, dtype=int)[order], np.asarray(wiring.post, dtype=int)[order]
        size = len(order)
        places = {I.name: pre - p.source.start, J.name: post - p.target.start, **self.constants}
        values = {name: value(v, places) for name, v in p.values.items() if isinstance(v, sympy.Basic)}
        values |= {name: np.broadcast_to(v, (size,))[order] for name, v in wiring.values.items()}
        delay: Any = 0.0
        if wiring.delay is not None:
            delay = np.broadcast_to(wiring.delay, (size,))[order]
        elif p.delay is not None:
            assert isinstance(p.delay, sympy.Basic), f"the delays of {p.name} are drawn: give them"
            delay = value(p.delay, places)
        third = np.zeros(size, dtype=int)
        if p.third is not None:
            third = p.third.start + (post - p.target.start if p.third.size > 1 else third)
        shell = Cells(p.synapse, size, self.dt, "", {})
        made_of = Synapses(p, shell, pre, post, third, whole_steps(shell.row(delay), self.dt), order, [])
        made_of.cells = made(p.synapse, size, self.dt, methods.get(p.synapse_name), values, self.aliases(made_of, 0.0))
        for event in p.synapse.events:
            wait = 0.0 if event.time is None else value(event.time, made_of.cells.values(0.0))
            made_of.later.append(whole_steps(shell.row(wait), self.dt))
        return made_of

    def aliases(self, s: Synapses, t: float) -> dict[str, Row]:
        """Return what ``pre.X``, ``post.X`` and ``third.X`` stand for."""
        found = {}
        for state in s.cells.system.states:
            side, dot, name = state.name.partition(".")
            if dot:
                part = {PRE: s.projection.source, THIRD: s.projection.third}.get(side + dot, s.projection.target)
                assert part is not None
                places = {PRE: s.pre, THIRD: s.third}.get(side + dot, s.post)
                found[state.name] = self.quantity(part.population, name, t)[places]
        return found

    def halfway(self, s: Synapses, t: float) -> dict[str, Row]:
        """Return what ``pre.X`` and the like are in the middle of the step, on the line through what they were one step ago and what they are now."""
        found = {}
        for name, now in self.aliases(s, t).items():
            past = self.past.get((s.projection.name, name), now)
            found[name], self.past[s.projection.name, name] = 1.5 * now - 0.5 * past, now
        return found

    def quantity(self, owner: str, name: str, t: float) -> Row:
        """Return the values of a state, parameter, definition or input of all neurons of a population, or of all synapses of a projection."""
        if owner in self.neurons:
            cells = self.neurons[owner].cells
            return cells.row(cells.values(t)[name])
        s = next(s for s in self.synapses if s.projection.name == owner)
        return s.cells.row(s.cells.values(t)[name])

    def begin(self) -> None:
        """Let happen what happens at time 0, and deliver it."""
        self._events(0)

    def step(self, k: int) -> None:
        """Advance from step k - 1 to step k."""
        t = (k - 1) * self.dt
        pending, self.pending = self.pending, {name: {} for name in self.neurons}
        flows: dict[str, dict[str, Row]] = {name: {} for name in self.neurons}
        for s in self.synapses:
            s.cells.y.update(self.aliases(s, t))
            values, owner = s.cells.values(t), s.projection.target.population
            for target, expression in s.cells.system.contributions:
                amounts = s.cells.row(value(expression, values))
                np.add.at(self._added(flows[owner], owner, target.removeprefix(POST)), s.post, amounts)
        for owner, n in self.neurons.items():
            n.cells.added = pending[owner]  # until here it held what came in the step before, with which derived quantities ended
            for name, now in flows[owner].items():
                self._added(n.cells.added, owner, name)[:] += now if n.cells.system.discrete else self._ahead(owner, name, now)
        for s in self.synapses:
            s.cells.y.update({} if s.cells.system.discrete else self.halfway(s, t))
        for group in (*(n.cells for n in self.neurons.values()), *(s.cells for s in self.synapses)):
            group.advance(t)
        self._events(k)

    def _ahead(self, owner: str, name: str, now: Row) -> Row:
        """Return what flows in halfway through the step, on the line through what it was one step ago and what it is now."""
        past = self.flows.get((owner, name), now)
        self.flows[owner, name] = now
        return 1.5 * now - 0.5 * past

    def _added(self, table: dict[str, Row], owner: str, name: str) -> Row:
        return table.setdefault(name, np.zeros(self.neurons[owner].cells.size))

    def _events(self, k: int) -> None:
        """Let the neurons' own events act at the end of step k, deliver what arrives, then let the synapses act on spikes of their targets."""
        for name, n in self.neurons.items():
            before = {state: row.copy() for state, row in n.cells.y.items()}
            found = n.happen(k * self.dt)
            if found:
                self.spikes[name][k] = found
            self._forget(name, np.any([before[state] != row for state, row in n.cells.y.items()], axis=0), k * self.dt)
        for kind in ("pre", "post"):
            for s in self.synapses:
                for synapse, event in self._due(s, kind, k):
                    self._act(s, synapse, event, k)

    def _forget(self, owner: str, jumped: Row, t: float) -> None:
        """Take what a neuron is after a jump of its own for what it was one step ago."""
        for s in self.synapses:
            sides = {PRE: (s.projection.source, s.pre), POST: (s.projection.target, s.post), THIRD: (s.projection.third, s.third)}
            for name, now in self.aliases(s, t).items() if np.any(jumped) else ():
                part, places = sides[name[: name.index(".") + 1]]
                past = self.past.get((s.projection.name, name))
                if past is not None and part is not None and part.population == owner:
                    past[jumped[places]] = now[jumped[places]]

    def _forget_one(self, owner: str, name: str, n: int) -> None:
        """Take a state of a neuron that a synapse has just changed for what it was one step ago."""
        for s in self.synapses:
            sides = {PRE: (s.projection.source, s.pre), POST: (s.projection.target, s.post), THIRD: (s.projection.third, s.third)}
            for prefix, (part, places) in sides.items():
                past = self.past.get((s.projection.name, f"{prefix}{name}"))
                if past is not None and part is not None and part.population == owner:
                    past[places == n] = self.neurons[owner].cells.y[name][n]

    def _due(self, s: Synapses, kind: str, k: int) -> list[tuple[int, int]]:
        """Return (synapse, number of the event): pathways in the order of the text, each by the time of the spike, its neuron, the one on the other side."""
        side, other = (s.pre, s.post) if kind == "pre" else (s.post, s.pre)
        part = s.projection.source if kind == "pre" else s.projection.target
        found = []
        for number, event in enumerate(s.cells.system.events):
            if event.kind != kind:
                continue
            lags = s.later[number] + (s.delay if kind == "pre" else 0)
            for lag in sorted(set(lags)):
                for fired in self.spikes[part.population].get(k - lag, []):
                    found += [(number, k - lag, fired, int(other[n]), int(n)) for n in np.flatnonzero((lags == lag) & (side == fired))]
        return [(synapse, number) for number, *_, synapse in sorted(found)]

    def _act(self, s: Synapses, synapse: int, number: int, k: int) -> None:
        """Let one synapse act."""
        t = k * self.dt
        actions = s.cells.system.events[number].actions
        drawn = {symbol.name for a in actions for v in ([a.value] if a.value is not None else []) for symbol in v.free_symbols}
        random = {}
        for name in sorted(n for n in drawn if n.startswith(RANDOM)):
            assert self.draw is not None
            random[name] = self.draw(Wanted(name, s.projection.name, number, int(s.order[synapse]), k))
        for action in actions:
            assert action.kind == "set", action.kind
            s.cells.y.update(self.aliases(s, t))
            values = {n: v[synapse] if np.ndim(v) else v for n, v in s.cells.values(t).items()} | random
            state = s.cells.system.states[action.target]
            if state.name.startswith(POST):
                self._reach(s, action, synapse, state.name.removeprefix(POST), values, t)
            else:
                s.cells.y[state.name][synapse] = value(action.value, values)  # type: ignore[arg-type]

    def _reach(self, s: Synapses, action: Action, synapse: int, name: str, values: Mapping[str, Any], t: float) -> None:
        """Let a synapse change a quantity of its target: a state jumps unless it is held, what is added to an input lasts for one step."""
        owner, n = s.projection.target.population, int(s.post[synapse])
        cells = self.neurons[owner].cells
        assert action.value is not None
        symbol = s.cells.system.states[action.target].symbol
        if name in cells.y:
            if not cells.held[name][n] > t + 1e-9 * self.dt:
                cells.y[name][n] = value(action.value, values)
            self._forget_one(owner, name, n)
            return
        increment = sympy.expand(action.value - symbol)
        if symbol not in increment.free_symbols:
            self._added(self.pending[owner], owner, name)[n] += value(increment, values)
        elif name in cells.parameters:
            self.given.add((owner, name))
            cells.parameters[name][n] = value(action.value, values)
        else:
            cells.replaced.setdefault(name, np.full(cells.size, np.nan))[n] = value(action.value, values)


def reached(network: Network, population: str) -> frozenset[str]:
    """Return the names of all that synapses add to, or set, in a population."""
    found = set()
    for p in network.projections:
        if p.target.population == population:
            found |= {name for name, _ in p.synapse.contributions}
            found |= {p.synapse.states[a.target].name for e in p.synapse.events for a in e.actions if a.kind == "set"}
    return frozenset(name.removeprefix(POST) for name in found if name.startswith(POST))


def wired(p: Projection, constants: Given) -> Wiring:
    """Return the synapses of a rule that needs no random numbers and no file."""
    sources, targets = range(p.source.size), range(p.target.size)
    assert p.rule.kind in ("all to all", "one to one"), f"give the wiring of {p.name}"
    pairs = [(i, j) for i in sources for j in targets] if p.rule.kind == "all to all" else [(i, i) for i in sources]
    if p.rule.no_self and p.source.population == p.target.population:
        pairs = [(i, j) for i, j in pairs if p.source.start + i != p.target.start + j]
    if p.rule.condition is not None:
        pairs = [(i, j) for i, j in pairs if value(p.rule.condition, {I.name: i, J.name: j, **constants})]
    return Wiring([p.source.start + i for i, _ in pairs], [p.target.start + j for _, j in pairs])


def whole_steps(times: Row, dt: float) -> np.ndarray[Any, Any]:
    """Return times as numbers of steps."""
    steps = np.rint(times / dt)
    assert np.all(np.abs(steps - times / dt) < 1e-6), "a delay is a whole number of steps"
    return steps.astype(int)
