"""Which states of a synapse the synapses of one neuron can have together.

The conductance of a synapse that follows a linear equation, grows by spikes alone and reaches the neuron behind as a factor of a current adds up: the
sum over the synapses of a neuron follows the same equation, so one exponential for each neuron does for all of its synapses (Lytton 1996,
doi:10.1162/neco.1996.8.3.501).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sympy
from sympy import Add, Basic, Expr, Integer, Symbol

from neurodsl.codegen.network.conditions import expanded
from neurodsl.codegen.network.items import differing
from neurodsl.codegen.network.placement import own_states
from neurodsl.codegen.network.weave import added
from neurodsl.network import POST, PRE, THIRD, Projection
from neurodsl.system import RANDOM, STEP, TIME, Definition, Parameter, State, System

LONGEST = 500
"""So many operations are the most in a current that becomes part of the equations of the neurons."""


@dataclass(frozen=True)
class Kinetics:
    """What the synapses of a neuron have together.

    Attributes
    ----------
    states : tuple of State
        Those that add up, with their derivatives free of definitions that vary.
    currents : tuple of (str, Expr)
        What flows into each input by them, ``post.I``, free of definitions that vary.
    parameters, constants : tuple
        What both use.
    """

    states: tuple[State, ...]
    currents: tuple[tuple[str, Expr], ...]
    parameters: tuple[Parameter, ...]
    constants: tuple[Definition, ...]


class Candidate:
    """A projection whose synapses contribute to their targets all the time by states that move.

    Parameters
    ----------
    projection : Projection
    target : System
        Of the neurons behind.
    brought : collection of str
        The values of synapses that the rule of the connection brings.

    Attributes
    ----------
    states : tuple of State
        The states that move and that the contributions depend on, directly or through one another; empty where there are none.
    """

    def __init__(self, projection: Projection, target: System, brought: Collection[str]) -> None:
        self.projection, self.target, self.brought = projection, target, brought
        self.synapse = synapse = projection.synapse
        self.moving = {s.symbol: s for s in own_states(synapse) if s.derivative != 0}
        wanted = self._seen(value for _, value in synapse.contributions) & self.moving.keys()
        while more := self._seen(self.moving[s].derivative for s in wanted) & self.moving.keys() - wanted:
            wanted |= more
        self.states = tuple(s for s in self.moving.values() if s.symbol in wanted)
        self.symbols = frozenset(s.symbol for s in self.states)

    def _seen(self, expressions: Iterator[Expr]) -> set[Symbol]:
        """Return what expressions use, directly or through definitions that vary."""
        whole = list(expressions)
        return self.synapse.bases(*whole, *(d.expression for d in self.synapse.needed(*whole)))

    def kinetics(self) -> Kinetics:
        """Return what the synapses of a neuron have together; there has to be no hindrance."""
        states = tuple(State(s.name, s.symbol, s.unit, s.doc, s.span, Integer(0), self._whole(s.derivative)) for s in self.states)
        names = dict.fromkeys(name for name, _ in self._currents())
        currents = tuple((name, Add(*(self._whole(value) for other, value in self._currents() if other == name))) for name in names)
        used = set().union(*(e.free_symbols for e in (*(s.derivative for s in states), *(value for _, value in currents))))
        constants = []
        for d in reversed(self.synapse.constants):
            if d.symbol in used:
                constants.append(d)
                used |= d.expression.free_symbols
        parameters = []
        for p in reversed(self.synapse.parameters):
            if p.symbol in used:
                parameters.append(p)
                used |= p.default.free_symbols if isinstance(p.default, Expr) else set()
        return Kinetics(states, currents, tuple(reversed(parameters)), tuple(reversed(constants)))

    def hindrances(self, reached: Collection[str], recorded: Collection[str], linear: bool) -> Iterator[str]:
        """Yield why the synapses of a neuron cannot have their states together.

        Parameters
        ----------
        reached : collection of str
            The inputs of the neurons behind that synapses change.
        recorded : collection of str
            What is recorded of the projection.
        linear : bool
            The equations of the neurons have to stay linear.
        """
        if self.target.discrete or self.synapse.discrete:
            yield "a map has no equation that could be advanced with that of the synapse"
        yield from (f"`{s.name}` is recorded" for s in self.states if s.name in recorded)
        yield from (f"`{s.name}` does not start at 0 everywhere" for s in self.states if self._start(s) != 0)
        yield from self._equations()
        yield from self._actions()
        yield from self._others()
        for name, value in self._currents():
            yield from self._current(name.removeprefix(POST), self._whole(value), reached, linear)
        yield from self._shadowed()

    def _currents(self) -> list[tuple[str, Expr]]:
        """Return the contributions that depend on the states."""
        return [(name, value) for name, value in self.synapse.contributions if self._seen(iter([value])) & self.symbols]

    def _whole(self, value: Expr) -> Expr:
        """Return an expression with the definitions that vary written out."""
        whole = expanded(self.synapse, value)
        assert isinstance(whole, Expr)
        return whole

    def _start(self, state: State) -> object:
        return "given" if state.name in self.brought else self.projection.values.get(state.name, state.initial)

    def _apart(self) -> set[Basic]:
        """Return what differs from synapse to synapse: parameters, states, and constants that follow from them."""
        found: set[Basic] = {Symbol(name) for name in differing(self.synapse, self.projection.values, self.brought)}
        for d in self.synapse.constants:
            if d.expression.free_symbols & found:
                found.add(d.symbol)
        return found - self.symbols

    def _equations(self) -> Iterator[str]:
        own = {s.symbol for s in self.synapse.states} | {TIME, STEP}
        for state in self.states:
            factors = self._factors(state.derivative)
            if factors is None:
                yield f"the equation of `{state.name}` is not linear and homogeneous"
            elif factors & own:
                yield f"the equation of `{state.name}` has factors that are not constant"
            elif factors & self._apart():
                yield f"the equation of `{state.name}` differs from synapse to synapse"

    def _factors(self, value: Expr) -> set[Basic] | None:
        """Return what the factors of the states use in an expression that is linear in them and 0 with them, None for any other."""
        whole = self._whole(value)
        if whole.count_ops() > LONGEST:
            return None
        factors = {s: whole.diff(s) for s in sorted(self.symbols, key=str)}
        rest = sympy.expand(whole - sum(s * factor for s, factor in factors.items()))
        used = set().union(*(factor.free_symbols for factor in factors.values()))
        return None if rest != 0 or used & self.symbols else used

    def _actions(self) -> Iterator[str]:
        for event in self.synapse.events:
            for action in event.actions:
                if action.value is None:
                    continue
                state, value = self.synapse.states[action.target], self._whole(action.value)
                changes = state.symbol in self.symbols
                if changes and event.kind != "pre":
                    yield f"`on {event.kind}` changes `{state.name}`"
                amount = added(value, state.symbol) if changes else value
                if amount is None:
                    yield f"`{action.text}` does more than add to `{state.name}`"
                elif read := sorted(s.name for s in amount.free_symbols & self.symbols):
                    yield f"`{action.text}` reads `{read[0]}`"

    def _others(self) -> Iterator[str]:
        for state in own_states(self.synapse):
            if state.symbol not in self.symbols and (read := self._seen(iter([state.derivative])) & self.symbols):
                yield f"the equation of `{state.name}` reads `{min(s.name for s in read)}`"

    def _current(self, name: str, value: Expr, reached: Collection[str], linear: bool) -> Iterator[str]:
        if name not in {q.name for q in (*self.target.parameters, *self.target.definitions)}:
            yield f"the neurons behind have no input `{name}`"
        factors = self._factors(value)
        if factors is None:
            yield f"what flows into `{name}` is not linear in {', '.join(f'`{s.name}`' for s in self.states)}"
            return
        apart = self._apart() | {s.symbol for s in own_states(self.synapse)}
        for symbol in sorted(factors, key=str):
            if symbol in apart:
                yield f"what flows into `{name}` has the factor `{symbol}` of every synapse"
            if str(symbol).startswith((PRE, THIRD, RANDOM)) or symbol == STEP:
                yield f"what flows into `{name}` depends on `{symbol}`"
            if str(symbol).startswith(POST):
                yield from self._seen_behind(str(symbol).removeprefix(POST), name, reached, linear)
        if linear and TIME in factors:
            yield f"what flows into `{name}` depends on the time, and the method `exact` needs linear equations"

    def _seen_behind(self, name: str, entered: str, reached: Collection[str], linear: bool) -> Iterator[str]:
        """Yield why a quantity of the neurons behind cannot be a factor of what flows into them."""
        known = {q.name: q.symbol for q in (*self.target.parameters, *self.target.definitions, *self.target.states)}
        if name not in known:
            yield f"the neurons behind have no `{name}`"
            return
        definitions = self.target.needed(known[name], among=self.target.definitions)
        used = {str(s) for s in self.target.bases(known[name], *(d.expression for d in definitions))}
        if more := sorted(used & set(reached)):
            yield f"what flows into `{entered}` depends on `{more[0]}`, which synapses change"
        if linear and used & {s.name for s in self.target.states}:
            yield f"what flows into `{entered}` has the factor `{name}`, and the method `exact` needs linear equations"

    def _shadowed(self) -> Iterator[str]:
        """Yield the names in values of the projection that mean something else in the neurons behind."""
        taken = {q.name for q in (*self.target.parameters, *self.target.definitions, *self.target.states)}
        for p in self.kinetics().parameters:
            value = self.projection.values.get(p.name)
            if isinstance(value, Expr) and (names := sorted({s.name for s in value.free_symbols} & taken)):
                yield f"`{names[0]}`, the value of `{p.name}`, means something else in the neurons behind"
