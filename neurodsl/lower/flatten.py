"""Small networks without spikes as one system: rate units, gap junctions, whatever acts all the time and at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lower.elements import Pick, label
from neurodsl.lower.folding import folded
from neurodsl.lower.members import EACH, SHARED, Flat, Kind, Member, Numbers, Wires, in_decimals, number
from neurodsl.model import Steady
from neurodsl.network import POST, PRE, THIRD, I, J, Network, Part, Population, Projection, Value
from neurodsl.system import Definition, Draw, Items, Loaded, Parameter, State, System

MOST_STATES = 200
"""States that are written out and analysed together."""
MOST_SYNAPSES = 5000


def flatten(network: Network, wires: Callable[[Projection], Wires], numbers: Mapping[str, Numbers] | None = None) -> System:
    """Return a network as one system.

    A state ``r`` of the population ``E`` is called ``E.r`` where the population has one neuron, else ``E.r[0]``, ``E.r[1]``, ...; a parameter of the
    model ``cell`` that all its neurons share is called ``cell.tau``, one that a population has for itself ``E.tau``. What an input is together with
    the contributions of synapses is a derived quantity, ``E.I_total``. States of synapses are named after their projection: ``E -> I.w[3]``.

    Parameters
    ----------
    network : Network
        Without spikes and delays.
    wires : callable
        Called for each projection, once it is known that the network can be flattened.
    numbers : mapping of str to mapping of str to sequence of float
        For each population, parameters and initial states of each neuron that are drawn or read from a file. What is drawn and not given here keeps
        its distribution.

    Raises
    ------
    NeuroError
        M117 for events, sources of spikes, delays and inputs that follow each other without any state between, M104 for more than 200 states or 5000 synapses.
    """
    return flattened(network, wires, numbers).system


def flattened(
    network: Network, wires: Callable[[Projection], Wires], numbers: Mapping[str, Numbers] | None = None,
    indices: Mapping[str, Sequence[int]] | None = None,
) -> Flat:  # fmt: skip
    """Return a network as one system, with what everything is called in it.

    Parameters
    ----------
    network, wires, numbers
        As in :func:`flatten`.
    indices : mapping of str to sequence of int
        Of each population, what i is for each neuron, where it stands for others.

    Raises
    ------
    NeuroError
    """
    require_flat(network)
    joined = {p.name: wires(p) for p in network.projections}
    _require_few(network, sum(own_states(p.synapse) * len(joined[p.name].sources) for p in network.projections))
    count = sum(len(w.sources) for w in joined.values())
    if count > MOST_SYNAPSES:
        told = f"the network `{network.name}` has {count} synapses; up to {MOST_SYNAPSES} are analysed"
        raise fail(rules.TOO_LARGE_MATH, told, help="analyse a smaller network of the same kind")
    return _Sheet(network, joined, numbers or {}, indices or {}).flat()


def require_flat(network: Network) -> None:
    """Raise M117 or M104 for a network that cannot be one system, whatever its connections are.

    Raises
    ------
    NeuroError
    """
    require_without_spikes(network)
    _require_few(network)


def require_without_spikes(network: Network) -> None:
    """Raise M117 for a network in which not everything acts all the time and at once.

    Raises
    ------
    NeuroError
    """
    for p in network.populations:
        if p.system is None or p.system.events:
            what = f"is a source of spikes, `{p.model}`" if p.system is None else f"has events: `{p.system.events[0].text}`"
            raise _refusal(f"`{p.name}` {what}", p)
        if p.system.sites or p.system.tables or any(q.shape for q in (*p.system.parameters, *p.system.starts)):
            raise _refusal(f"the neurons of `{p.name}` have arrays, samples or random numbers of each step", p)
    for c in network.projections:
        if c.synapse.events:
            raise _refusal(f"the synapses `{c.name}` act on spikes", c)
        if c.delay is not None and c.delay != 0:
            raise _refusal(f"the synapses `{c.name}` have a delay", c)


def _refusal(told: str, at: Population | Projection) -> NeuroError:
    help = "write a network of rate units, simulate this one, `neurodsl simulate FILE`, or look at one of its models alone, `--model NAME`"
    return fail(rules.NOT_FLAT, f"{told}, so the network is not one system of equations", at.span, help)


def _require_few(network: Network, more: int = 0) -> None:
    count = more + sum(p.size * len(p.system.states) for p in network.populations if p.system is not None)
    if count > MOST_STATES:
        told = f"the network `{network.name}` has {count} states; up to {MOST_STATES} are analysed"
        raise fail(rules.TOO_LARGE_MATH, told, help="analyse a smaller network of the same kind")


def own_states(synapse: System) -> int:
    """Return how many states of its own a synapse has."""
    return sum("." not in s.name for s in synapse.states)


class _Sheet:
    """The equations of a network, collected one neuron and one synapse after the other."""

    def __init__(
        self, network: Network, wires: Mapping[str, Wires], numbers: Mapping[str, Numbers], indices: Mapping[str, Sequence[int]]
    ) -> None:  # fmt: skip
        self.network, self.wires, self.indices = network, wires, indices
        self.parameters: list[Parameter] = [p for p in network.parameters if not p.shape]
        self.arrays = {p.symbol: p for p in network.parameters if p.shape}
        self.definitions: list[Definition] = list(network.constants)
        self.states: list[tuple[State, int]] = []
        self.noises: list[str] = []
        self.edges: dict[Expr, None] = {}
        self.elements: dict[Symbol, tuple[str, tuple[Expr, ...]]] = {}
        self.stems: dict[tuple[int, str, str], str] = {}
        self.made: set[Symbol] = set()
        self.constants: dict[Symbol, Expr] = {}
        for d in network.constants:
            self.constants[d.symbol] = d.expression.xreplace(self.constants)
        self.sums: dict[tuple[str, int, str], list[Expr]] = {}
        self.neurons = {p.name: self._neurons(p, numbers.get(p.name, {})) for p in network.populations}

    def flat(self) -> Flat:
        """Return the whole."""
        synapses = {projection.name: self._synapses(projection) for projection in self.network.projections}
        neurons = {name: tuple((m.table, m.alone) for m in members) for name, members in self.neurons.items()}
        system = self._system(
            [*(m for p in self.network.populations for m in self.neurons[p.name]), *(m for found in synapses.values() for m in found)]
        )
        return Flat(system, neurons, {name: found[0].alone for name, found in synapses.items() if found})

    def _system(self, members: Sequence[Member]) -> System:
        for member in members:
            self._equations(member)
        width = len(self.noises)
        states = []
        for state, start in self.states:
            before, after = (Integer(0),) * start, (Integer(0),) * (width - start - len(state.diffusion))
            states.append(replace(state, diffusion=(*before, *state.diffusion, *after) if width else ()))
        systems = [m.kind.system for m in members]
        return System(
            self.network.name, self.network.doc, self.network.dimensionless, self.network.time_unit, tuple(self.parameters), self._ordered(),
            tuple(states), (), (), tuple(self.edges), {}, tuple(dict.fromkeys(m for s in systems for m in s.mended)),
            replace(self.network.settings, record=()), tuple(self.noises), any(s.discrete for s in systems), self.elements,
        )  # fmt: skip

    def _neurons(self, p: Population, numbers: Numbers) -> list[Member]:
        assert p.system is not None
        into = [c for c in self.network.projections if c.target.population == p.name]
        reached = {name.removeprefix(POST) for c in into for name, _ in c.synapse.contributions}
        kind = Kind(p.system, p.model, p.name, p.size, p.values, numbers, reached=reached)
        places = self.indices.get(p.name)
        return [self._named(Member(kind, n, {I: Integer(n if places is None else places[n])}, places is not None)) for n in range(p.size)]

    def _synapses(self, c: Projection) -> list[Member]:
        wires, found = self.wires[c.name], []
        kind = Kind(c.synapse, c.synapse_name, c.name, len(wires.sources), c.values, wires.values, written_out=True)
        for k, (source, target) in enumerate(zip(wires.sources, wires.targets, strict=True)):
            i, j = int(source) - c.source.start, int(target) - c.target.start
            place = wires.places[k] if wires.places else (i, j)
            member = Member(kind, k, {I: Integer(place[0]), J: Integer(place[1])}, bool(wires.places))
            for state in c.synapse.states:
                for side, part, n in ((PRE, c.source, i), (POST, c.target, j), (THIRD, c.third, j if c.third and c.third.size > 1 else 0)):
                    if state.name.startswith(side) and part is not None:
                        member.alone[state.symbol] = self._quantity(part, n, state.name.removeprefix(side))
            self._named(member)
            for name, expression in c.synapse.contributions:
                self.sums.setdefault((c.target.population, int(target), name.removeprefix(POST)), []).append(expression.xreplace(member.table))
            found.append(member)
        return found

    def _quantity(self, part: Part, number: int, name: str) -> Expr:
        """Return what stands for a quantity of a neuron."""
        member = self.neurons[part.population][part.start + number]
        system = member.kind.system
        quantity = next(q for q in (*system.parameters, *system.definitions, *system.states) if q.name == name)
        return member.table[quantity.symbol]

    def _named(self, member: Member) -> Member:
        """Give every symbol of a neuron or synapse its name in the whole, and make the parameters and constants that are new."""
        kind, alone = member.kind, member.alone
        levels, constants = kind.levels, kind.constants
        for q in (*kind.system.parameters, *kind.system.definitions):
            level = EACH if q.symbol in kind.touched and q.symbol in constants else levels.get(q.symbol, EACH)
            alone[q.symbol] = self._symbol(member, level, q.name)
        for state in kind.system.states:
            alone.setdefault(state.symbol, self._symbol(member, EACH, state.name) if "." not in state.name else state.symbol)
        for parameter in kind.system.parameters:
            symbol = alone[parameter.symbol]
            # What a population gives its drives has a name that no text can write.
            if symbol not in self.made or " " in parameter.name:
                self.made.add(symbol)
                value = self._value(member, parameter.name, parameter.default)
                if isinstance(value, Expr) and (" " in parameter.name or (kind.written_out and levels[parameter.symbol] == EACH)):
                    alone[parameter.symbol] = value
                    continue
                self.parameters.append(replace(parameter, name=symbol.name, symbol=symbol, default=value))
        totals = {s: self._symbol(member, EACH, f"{name}_total") for s, name in kind.named.items() if name in kind.reached}
        member.table = {**alone, **totals}
        return member

    def _symbol(self, member: Member, level: int, name: str) -> Symbol:
        """Return the symbol of a quantity; where there is one for each neuron it is an element of an array."""
        kind = member.kind
        owner = kind.shared if level == SHARED else kind.owner
        key = (level, owner, name)
        if key not in self.stems:
            taken = {*self.stems.values(), *(q.name for q in (*self.network.parameters, *self.network.constants))}
            wanted = f"{owner}.{name}"
            self.stems[key] = wanted + "_" * next(k for k in range(len(taken) + 1) if wanted + "_" * k not in taken)
        at = (Integer(member.number),) if level == EACH and kind.size > 1 else ()
        symbol = Symbol(label(self.stems[key], at))
        if at:
            self.elements[symbol] = (self.stems[key], at)
        return symbol

    def _value(self, member: Member, name: str, value: Value) -> Expr | Draw:
        """Return the value of a parameter or an initial state of a neuron or synapse; ``value`` is that of its system."""
        kind = member.kind
        if name in kind.numbers:
            return number(kind.numbers[name][member.number])
        table = {**self.constants, **member.places} if name in kind.given else member.alone
        value = kind.given.get(name, value)
        if isinstance(value, Items):
            value = value.values[int(member.places[I]) if member.stands else member.number]
        if isinstance(value, Draw):
            return replace(value, arguments=tuple(a.xreplace(table) for a in value.arguments))
        if isinstance(value, Loaded):
            raise fail(rules.NOT_FLAT, f"the numbers of `{name}` in `{value.path}` are not at hand")
        found = value.xreplace(table)
        found = found.xreplace({pick: self._picked(pick) for pick in found.atoms(Pick)})
        found = folded(found) if name in kind.given else found
        return in_decimals(found) if member.stands else found

    def _picked(self, pick: Expr) -> Expr:
        """Return an element of an array of the network."""
        array, *at = pick.args
        items = self.arrays[array].default
        at = [folded(k) for k in at]
        shape, span = self.arrays[array].shape, self.arrays[array].span
        if not isinstance(items, Items) or not all(isinstance(k, Integer) for k in at):
            raise fail(rules.NOT_FLAT, f"`{array}` of the network `{self.network.name}` is no row of numbers with a known index", span)
        place = 0
        for k, size in zip(at, shape, strict=True):
            if not 0 <= k < size:
                raise fail(rules.INDEX_RANGE, f"`{array}` has no element {k}: its size is {size}", span, "indices count from 0")
            place = place * size + int(k)
        return items.values[place]

    def _equations(self, member: Member) -> None:
        """Write down the definitions and the states of a neuron or synapse."""
        kind, system, table = member.kind, member.kind.system, member.table
        for d in system.definitions:
            symbol = member.alone[d.symbol]
            if symbol not in self.made:
                self.made.add(symbol)
                constant = d.constant and d.symbol not in kind.touched
                expression = d.expression.xreplace(member.alone if constant else table)
                self.definitions.append(replace(d, name=symbol.name, symbol=symbol, expression=expression, constant=constant))
        for q in (*system.parameters, *system.definitions):
            if q.name in kind.reached:
                symbol, terms = table[q.symbol], self.sums.get((kind.owner, member.number, q.name), [])
                whole = sympy.Add(member.alone[q.symbol], *(map(sympy.expand_mul, terms) if member.stands else terms))
                self.definitions.append(Definition(symbol.name, symbol, q.unit, q.doc, q.span, whole, False, True))
        for s in system.states:
            if "." in s.name:
                continue
            symbol = table[s.symbol]
            assert not isinstance(s.initial, Steady)
            initial = self._value(member, s.name, s.initial)
            diffusion = tuple(factor.xreplace(table) for factor in s.diffusion)
            made = replace(s, name=symbol.name, symbol=symbol, initial=initial, derivative=s.derivative.xreplace(table), diffusion=diffusion)
            self.states.append((made, len(self.noises)))
        self.noises += [self._symbol(member, EACH, noise).name for noise in system.noises]
        self.edges.update({e.xreplace(member.alone): None for e in system.edges})

    def _ordered(self) -> tuple[Definition, ...]:
        """Return the definitions such that each uses only what stands before it."""
        table = {d.symbol: d for d in self.definitions}
        places = {symbol: number for number, symbol in enumerate(table)}
        graph = {symbol: sorted(d.expression.free_symbols & table.keys(), key=lambda s: places[s]) for symbol, d in table.items()}
        try:
            return tuple(table[symbol] for symbol in TopologicalSorter(graph).static_order())
        except CycleError as error:
            told = "quantities of neurons follow one another at the same instant: " + " -> ".join(f"`{s}`" for s in error.args[1])
            help = "let a synapse read a state, `pre.r` of `tau*dr/dt = -r + ...`"
            raise fail(rules.NOT_FLAT, told, self.network.populations[0].span, help) from None
