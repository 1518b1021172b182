"""States that add up over the synapses of a neuron, made states of the neuron: one exponential for each, and none for each synapse.

What flows through the synapses becomes a part of the equations of the neuron: it is advanced together with them, by the method of the neuron, where it
else is held for a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sympy import Add, Basic, Expr, Integer, Symbol

from neurodsl.codegen.network.conditions import expanded
from neurodsl.codegen.network.kinetics import Candidate, Kinetics
from neurodsl.codegen.network.substitution import ordered, substituted
from neurodsl.network import POST, PRE, THIRD, Network, Projection, Value
from neurodsl.system import Definition, Parameter, State, System


@dataclass
class _Kind:
    """The synapses of one kind at the neurons of one system.

    ``synapse`` is their name as the file knows it, ``name`` that of their quantities among those of the neuron.
    ``given`` holds for each population behind which values projections give to the parameters: the first of every population share states, and so on.
    """

    synapse: str
    kinetics: Kinetics
    name: str
    given: dict[str, list[dict[str, Value]]] = field(default_factory=dict)

    def slot(self, population: str, values: dict[str, Value]) -> int:
        """Return the number of a choice of values."""
        known = self.given.setdefault(population, [])
        if values not in known:
            known.append(values)
        return known.index(values)

    def values(self, population: str, slot: int) -> dict[str, Value]:
        """Return the values of a choice; a population that no such synapse leads to has those of another."""
        choices = [self.given.get(population, []), *self.given.values()]
        return next(known[slot] for known in choices if len(known) > slot)

    def called(self, slot: int, name: str) -> str:
        """Return the name that a quantity of the synapse has among those of the neuron."""
        return f"{self.title(slot)}.{name}"

    def title(self, slot: int) -> str:
        """Return the name of the synapses with one choice of values."""
        return self.name if slot == 0 else f"{self.name} {slot + 1}"

    @property
    def count(self) -> int:
        """Return how many choices of values a population has at most."""
        return max(map(len, self.given.values()))

    def table(self, slot: int) -> dict[Basic, Expr]:
        """Return the symbols that quantities of the synapse have among those of the neuron."""
        made = self.kinetics
        return {q.symbol: Symbol(self.called(slot, q.name)) for q in (*made.parameters, *made.constants, *made.states)}


def aggregate(network: Network, brought: Mapping[str, Sequence[str]] = MappingProxyType({}), linear: bool = False) -> tuple[Network, tuple[str, ...]]:
    """Return a network in which neurons keep for all of their synapses what adds up, and notes on what was done or could not be.

    Parameters
    ----------
    brought : mapping of str to sequence of str
        Of each projection, the values of synapses that its file brings.
    linear : bool
        Equations of neurons have to stay linear.

    References
    ----------
    Lytton (1996) Optimizing synaptic conductance calculation for network simulations. doi:10.1162/neco.1996.8.3.501
    """
    kinds: dict[int, list[_Kind]] = {}
    chosen: dict[str, tuple[_Kind, int]] = {}
    notes = []
    for p in network.projections:
        target = network.population(p.target.population).system
        if target is None:
            continue
        candidate = Candidate(p, target, {*brought.get(p.name, ()), *([p.rule.matrix_target] if p.rule.matrix_target else [])})
        if not candidate.states:
            continue
        told = ", ".join(f"`{s.name}`" for s in candidate.states)
        if hindrance := next(candidate.hindrances(_reached(network, target), _recorded(network, p), linear), None):
            notes.append(f"{p.name}: {told} of every synapse is kept for itself: {hindrance}")
            continue
        kind = _kind(p.synapse_name, candidate.kinetics(), kinds.setdefault(id(target), []))
        slot = kind.slot(p.target.population, _given(p, kind.kinetics))
        chosen[p.name] = kind, slot
        listed = ", ".join(f"`{kind.called(slot, s.name)}`" for s in candidate.states)
        notes.append(f"{p.name}: {told} adds up over the synapses of a neuron, and is kept once for it, as {listed} in its own equations")
    return (_rewritten(network, kinds, chosen) if chosen else network), tuple(notes)


def _given(p: Projection, kinetics: Kinetics) -> dict[str, Value]:
    """Return the values that a projection gives to parameters, without those that are the defaults."""
    given = {q.name: (p.values[q.name], q.default) for q in kinetics.parameters if q.name in p.values}
    return {name: value for name, (value, default) in given.items() if not (value == default and isinstance(value, Expr) and value.is_number)}


def _reached(network: Network, target: System) -> set[str]:
    """Return the inputs of neurons of a system that synapses change."""
    found: set[str] = set()
    for p in network.projections:
        if network.population(p.target.population).system is target:
            found |= {name for name, _ in p.synapse.contributions}
            found |= {p.synapse.states[a.target].name for e in p.synapse.events for a in e.actions if a.kind == "set"}
    return {name.removeprefix(POST) for name in found if name.startswith(POST)} - {s.name for s in target.states}


def _recorded(network: Network, p: Projection) -> set[str]:
    return {r.quantity for r in network.recorded if r.owner in (p.name, p.synapse_name)}


def _kind(synapse: str, kinetics: Kinetics, known: list[_Kind]) -> _Kind:
    """Return the kind of a synapse among those known at the neurons behind, a new one with a name of its own if it is none of them."""
    same = [kind for kind in known if kind.synapse == synapse]
    for kind in same:
        if kind.kinetics == kinetics:
            return kind
    known.append(_Kind(synapse, kinetics, f"{synapse} of kind {len(same) + 1}" if same else synapse))
    return known[-1]


# --- the network written anew ------------------------------------------------------------------------------------------------


def _rewritten(network: Network, kinds: Mapping[int, list[_Kind]], chosen: Mapping[str, tuple[_Kind, int]]) -> Network:
    systems: dict[int, System] = {}
    populations, projections = [], []
    synapses: dict[tuple[int, str], System] = {}
    for population in network.populations:
        system = population.system
        if system is not None:
            here = kinds.get(id(system), [])
            if here and id(system) not in systems:
                systems[id(system)] = _with_states(system, here)
            values = {**population.values, **{name: v for kind in here for name, v in _values(kind, population.name)}}
            population = replace(population, system=systems.get(id(system), system), values=values)
        populations.append(population)
    for p in network.projections:
        if p.name in chosen:
            kind, slot = chosen[p.name]
            key = id(p.synapse), kind.title(slot)
            if key not in synapses:
                synapses[key] = _without_states(p.synapse, kind, slot)
            p = replace(p, synapse=synapses[key], values={n: v for n, v in p.values.items() if n not in {s.name for s in kind.kinetics.states}})
        projections.append(p)
    return replace(network, populations=tuple(populations), projections=tuple(projections))


def _values(kind: _Kind, population: str) -> Iterator[tuple[str, Value]]:
    """Yield the values of parameters of synapses that the neurons of a population are given."""
    for slot in range(kind.count):
        yield from ((kind.called(slot, name), value) for name, value in kind.values(population, slot).items())


def _with_states(system: System, kinds: Sequence[_Kind]) -> System:
    """Return the system of neurons with what their synapses have together."""
    parameters: list[Parameter] = []
    definitions: list[Definition] = []
    states: list[State] = []
    currents: dict[str, list[Symbol]] = {}
    behind = {Symbol(f"{POST}{q.name}"): q.symbol for q in (*system.parameters, *system.definitions, *system.states)}
    known = {q.name: q for q in (*system.parameters, *system.definitions)}
    still = (Integer(0),) * len(system.noises)
    for kind in kinds:
        for slot in range(kind.count):
            table = {**behind, **kind.table(slot)}
            made = kind.kinetics
            for p in made.parameters:
                default = p.default.xreplace(table) if isinstance(p.default, Expr) else Integer(0)
                parameters.append(replace(p, name=kind.called(slot, p.name), symbol=table[p.symbol], default=default))
            for d in made.constants:
                definitions.append(
                    replace(d, name=kind.called(slot, d.name), symbol=table[d.symbol], expression=d.expression.xreplace(table), shown=False)
                )
            for s in made.states:
                slope = s.derivative.xreplace(table)
                states.append(replace(s, name=kind.called(slot, s.name), symbol=table[s.symbol], derivative=slope, shown=False, diffusion=still))
            for name, value in made.currents:
                into = name.removeprefix(POST)
                current = Symbol(f"{into} through {kind.title(slot)}")
                unit, span = known[into].unit, known[into].span
                definitions.append(Definition(str(current), current, unit, None, span, value.xreplace(table), constant=False, shown=False))
                currents.setdefault(into, []).append(current)
    entering: dict[Symbol, Expr] = {known[name].symbol: Add(known[name].symbol, *more) for name, more in currents.items()}
    made_of = substituted(system, entering, currents)
    return replace(
        made_of,
        parameters=(*system.parameters, *parameters),
        definitions=ordered((*made_of.definitions, *definitions), {s.symbol for s in states} | {d.symbol for d in definitions if not d.constant}),
        states=(*made_of.states, *states),
    )


def _without_states(synapse: System, kind: _Kind, slot: int) -> System:
    """Return a synapse that adds to the states of the neuron behind it in place of its own."""
    names = {s.name: f"{POST}{kind.called(slot, s.name)}" for s in kind.kinetics.states}
    symbols = {s.symbol for s in kind.kinetics.states}
    left = tuple((name, value) for name, value in synapse.contributions if not expanded(synapse, value).free_symbols & symbols)
    made = substituted(synapse, {Symbol(name): Symbol(new) for name, new in names.items()})
    states = tuple(
        State(names[s.name], Symbol(names[s.name]), s.unit, None, s.span, Integer(0), Integer(0), shown=False) if s.name in names else s
        for s in made.states
    )
    return _pruned(replace(made, states=states, contributions=left))


def _pruned(synapse: System) -> System:
    """Return a synapse without the definitions and the quantities of neurons that it has no use for any more."""
    values = [v for e in synapse.events for a in e.actions if (v := a.value) is not None]
    values += [value for _, value in synapse.contributions] + [s.derivative for s in synapse.states]
    values += [s.initial for s in synapse.states if isinstance(s.initial, Expr)]
    definitions = (*synapse.constants, *synapse.needed(*values))
    used = synapse.bases(*values, *(d.expression for d in definitions))
    used |= {synapse.states[a.target].symbol for e in synapse.events for a in e.actions}
    kept = [k for k, s in enumerate(synapse.states) if s.symbol in used or not s.name.startswith((PRE, POST, THIRD))]
    places = {k: place for place, k in enumerate(kept)}
    events = tuple(replace(e, actions=tuple(replace(a, target=places[a.target]) for a in e.actions)) for e in synapse.events)
    return replace(
        synapse, states=tuple(synapse.states[k] for k in kept), events=events, definitions=tuple(d for d in synapse.definitions if d in definitions)
    )
