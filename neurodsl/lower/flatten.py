"""Small networks without spikes as one system: rate units, gap junctions, whatever acts all the time and at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

import sympy
from sympy import Expr, Integer, Rational, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lower.elements import Pick, label
from neurodsl.lower.folding import folded
from neurodsl.model import Steady
from neurodsl.network import POST, PRE, THIRD, I, J, Network, Part, Population, Projection, Value
from neurodsl.system import Definition, Draw, Items, Loaded, Parameter, State, System

MOST_STATES = 200
"""States that are written out and analysed together."""
MOST_SYNAPSES = 5000
SHARED, OWN, EACH = range(3)
"""What has a value for all populations of a model, for one population, for each neuron of it; with synapses for each projection and synapse."""
Numbers = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Wires:
    """The synapses of a projection.

    Attributes
    ----------
    sources, targets : sequence of int
        The neurons that each joins, counted in their whole populations.
    values : mapping of str to sequence of float
        Parameters and initial states of each synapse that are drawn or read from a file.
    """

    sources: Sequence[int]
    targets: Sequence[int]
    values: Numbers = field(default_factory=dict)


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
    require_flat(network)
    joined = {p.name: wires(p) for p in network.projections}
    _require_few(network, sum(own_states(p.synapse) * len(joined[p.name].sources) for p in network.projections))
    count = sum(len(w.sources) for w in joined.values())
    if count > MOST_SYNAPSES:
        told = f"the network `{network.name}` has {count} synapses; up to {MOST_SYNAPSES} are analysed"
        raise fail(rules.TOO_LARGE_MATH, told, help="analyse a smaller network of the same kind")
    return _Sheet(network, joined, numbers or {}).system()


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


@dataclass
class _Kind:
    """A system with the values that its neurons or synapses have in common.

    Attributes
    ----------
    shared, owner : str
        The names of the model and of the population, or of the synapse and of the projection.
    given : mapping
        The values of ``with``, by name.
    numbers : mapping
        Those that are given for each one.
    written_out : bool
        What each one has for itself stands in the equations as a number and is no parameter.
    reached : set of str
        The inputs that synapses contribute to.
    levels : dict
        Of each parameter and constant whether it has one value in all, one here, or one for each.
    """

    system: System
    shared: str
    owner: str
    size: int
    given: Mapping[str, Value]
    numbers: Numbers
    written_out: bool = False
    reached: set[str] = field(default_factory=set)
    levels: dict[Symbol, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the levels; a constant that depends on an input which synapses contribute to is none."""
        self.named = {q.symbol: q.name for q in (*self.system.parameters, *self.system.definitions)}
        self.defaults = {p.symbol: self.given.get(p.name, p.default) for p in self.system.parameters}
        self.constants = {d.symbol: d for d in self.system.constants}
        self.touched = {s for s, name in self.named.items() if name in self.reached}
        for d in self.system.constants:
            if d.expression.free_symbols & self.touched:
                self.touched.add(d.symbol)
        for symbol in (*self.defaults, *self.constants):
            self._level(symbol)

    def _level(self, symbol: Symbol) -> int:
        if symbol not in self.levels:
            name = self.named[symbol]
            value = self.constants[symbol].expression if symbol in self.constants else self.defaults[symbol]
            inner = value.free_symbols if isinstance(value, Expr) else set()
            if symbol in self.defaults and (name in self.numbers or not isinstance(value, Expr)):
                level = EACH
            elif name in self.given:
                level = EACH if inner & {I, J} else OWN
            else:
                level = max((self._level(s) for s in inner if s in self.defaults or s in self.constants), default=SHARED)
            self.levels[symbol] = level
        return self.levels[symbol]


@dataclass
class _Member:
    """One neuron or synapse: what each symbol of its system is called in the whole; ``alone`` has the inputs without contributions."""

    kind: _Kind
    number: int
    places: Mapping[Symbol, Expr]
    alone: dict[Symbol, Expr] = field(default_factory=dict)
    table: dict[Symbol, Expr] = field(default_factory=dict)


class _Sheet:
    """The equations of a network, collected one neuron and one synapse after the other."""

    def __init__(self, network: Network, wires: Mapping[str, Wires], numbers: Mapping[str, Numbers]) -> None:
        self.network, self.wires = network, wires
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

    def system(self) -> System:
        """Return the whole."""
        members = [m for p in self.network.populations for m in self.neurons[p.name]]
        for projection in self.network.projections:
            members += self._synapses(projection)
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

    def _neurons(self, p: Population, numbers: Numbers) -> list[_Member]:
        assert p.system is not None
        into = [c for c in self.network.projections if c.target.population == p.name]
        reached = {name.removeprefix(POST) for c in into for name, _ in c.synapse.contributions}
        kind = _Kind(p.system, p.model, p.name, p.size, p.values, numbers, reached=reached)
        return [self._named(_Member(kind, n, {I: Integer(n)})) for n in range(p.size)]

    def _synapses(self, c: Projection) -> list[_Member]:
        wires, found = self.wires[c.name], []
        kind = _Kind(c.synapse, c.synapse_name, c.name, len(wires.sources), c.values, wires.values, written_out=True)
        for k, (source, target) in enumerate(zip(wires.sources, wires.targets, strict=True)):
            i, j = int(source) - c.source.start, int(target) - c.target.start
            member = _Member(kind, k, {I: Integer(i), J: Integer(j)})
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

    def _named(self, member: _Member) -> _Member:
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

    def _symbol(self, member: _Member, level: int, name: str) -> Symbol:
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

    def _value(self, member: _Member, name: str, value: Value) -> Expr | Draw:
        """Return the value of a parameter or an initial state of a neuron or synapse; ``value`` is that of its system."""
        kind = member.kind
        if name in kind.numbers:
            return _number(kind.numbers[name][member.number])
        table = {**self.constants, **member.places} if name in kind.given else member.alone
        value = kind.given.get(name, value)
        if isinstance(value, Items):
            value = value.values[member.number]
        if isinstance(value, Draw):
            return replace(value, arguments=tuple(a.xreplace(table) for a in value.arguments))
        if isinstance(value, Loaded):
            raise fail(rules.NOT_FLAT, f"the numbers of `{name}` in `{value.path}` are not at hand")
        found = value.xreplace(table)
        found = found.xreplace({pick: self._picked(pick) for pick in found.atoms(Pick)})
        return folded(found) if name in kind.given else found

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

    def _equations(self, member: _Member) -> None:
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
                whole = sympy.Add(member.alone[q.symbol], *terms)
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


def _number(value: float) -> Expr:
    """Return the decimal number that is printed for a float, exactly: 0.1 is 1/10."""
    return Rational(repr(float(value)))
