"""Neurons and synapses as systems of their own, in the place that they have in a network: with its values, and with what the rest of it may do to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import sympy
from sympy import Expr, Integer, Rational, Symbol

from neurodsl.analysis.frozen import MEANS
from neurodsl.lower.elements import Pick
from neurodsl.model import STEADY
from neurodsl.network import POST, PRE, THIRD, I, J, Network, Population, Projection, Value
from neurodsl.system import Action, Draw, Event, Items, Loaded, Parameter, State, System
from neurodsl.units import ONE

DOTTED = (PRE, POST, THIRD)
ANYTHING = Draw("normal", (Integer(0), Integer(1)))
"""What may be any number: a draw whose values have no bounds."""


def neuron_of(network: Network, population: Population) -> System:
    """Return the system of a neuron of a population, whichever it is, with the values that it has there."""
    assert population.system is not None
    return _Place(network, population.size, 1).put(population.system, population.values)


def synapse_of(network: Network, projection: Projection) -> System:
    """Return the system of a synapse of a projection, whichever it is; what it reads of the neurons it joins may be anything."""
    place = _Place(network, projection.source.size, projection.target.size)
    column = projection.rule.matrix_target if projection.rule.kind == "matrix" else None
    given: dict[str, Value] = {**projection.values, **({} if column is None else {column: ANYTHING})}
    system = place.put(projection.synapse, given)
    states = tuple(replace(s, initial=STEADY) if s.name.startswith(DOTTED) else s for s in system.states)
    return replace(system, states=states)


def exposed(system: System, touched: Collection[str]) -> System:
    """Return a system in which states and inputs may get any value at any time."""
    parameters = tuple(replace(p, default=ANYTHING) if p.name in touched else p for p in system.parameters)
    definitions = tuple(replace(d, expression=Symbol(f"_any of {d.name}"), constant=False) if d.name in touched else d for d in system.definitions)
    events = [
        Event("every", None, Integer(0), (Action("draw", number, None, "", None),), False, "a spike arrives", None)
        for number, state in enumerate(system.states)
        if state.name in touched
    ]
    return replace(system, parameters=parameters, definitions=definitions, events=(*system.events, *events))


def typical(system: System) -> System:
    """Return a system that begins where the means of its initial values are."""
    return replace(system, states=tuple(replace(s, initial=_mean(s)) for s in system.states))


def _mean(state: State) -> Any:
    made = state.initial
    if not isinstance(made, Draw) or made.inner is not None:
        return made
    return sympy.Add(*made.arguments) / len(made.arguments) if made.name == "choice" else MEANS[made.name](*made.arguments)


class _Place:
    """What the values of a population or projection stand for: numbers, and ranges where they differ."""

    def __init__(self, network: Network, first: int, second: int) -> None:
        self.known: dict[Symbol, Expr] = {}
        self.arrays = {p.symbol: p for p in network.parameters if p.shape}
        self.extra: list[Parameter] = []
        for parameter in network.parameters:
            if isinstance(parameter.default, Expr):
                self.known[parameter.symbol] = parameter.default.xreplace(self.known)
            elif isinstance(parameter.default, Draw):
                self.known[parameter.symbol] = self._drawn(self._law(parameter.default))
        for constant in network.constants:
            self.known[constant.symbol] = constant.expression.xreplace(self.known)
        for symbol, size in ((I, first), (J, second)):
            self.known[symbol] = Integer(0) if size == 1 else self._drawn(Draw("uniform", (Integer(0), Integer(size - 1))))

    def put(self, system: System, values: Mapping[str, Value]) -> System:
        """Return a system with values in the place of its own."""
        given = {name: self._value(value) for name, value in values.items()}
        parameters = [p if p.name not in given else replace(p, default=given[p.name]) for p in system.parameters]
        states = tuple(s if s.name not in given else replace(s, initial=self._start(given[s.name])) for s in system.states)
        return replace(system, parameters=(*self.extra, *parameters), states=states)

    def _start(self, value: Any) -> Any:
        return STEADY if isinstance(value, Loaded) or value == ANYTHING else value

    def _value(self, value: Value) -> Any:
        if isinstance(value, Draw):
            return self._law(value)
        if isinstance(value, Items):
            return self._law(Draw("choice", value.values))
        return ANYTHING if isinstance(value, Loaded) else self._number(value)

    def _law(self, made: Draw) -> Draw:
        """Return a distribution with numbers for arguments; one without bounds where they differ from neuron to neuron."""
        arguments = tuple(self._number(a) for a in made.arguments)
        return ANYTHING if any(a.free_symbols for a in arguments) else replace(made, arguments=arguments)

    def _number(self, value: Expr) -> Expr:
        value = value.xreplace({pick: self._picked(pick) for pick in value.atoms(Pick)})
        found: Expr = value.xreplace(self.known)
        return found

    def _picked(self, pick: Expr) -> Expr:
        """Return what stands for an element of an array of the network, whichever it is."""
        made = self.arrays[pick.args[0]].default
        if isinstance(made, Items):
            return self._drawn(self._law(Draw("choice", made.values)))
        return self._drawn(self._law(made) if isinstance(made, Draw) else ANYTHING)

    def _drawn(self, made: Draw) -> Symbol:
        symbol = Symbol(f"_any {len(self.extra)}")
        self.extra.append(Parameter(symbol.name, symbol, ONE, None, None, default=made))
        return symbol


def constant_of(network: Network, value: Value) -> float | None:
    """Return the value of what is one number for all; None for what is not."""
    if not isinstance(value, Expr):
        return None
    found = _Place(network, 2, 2)._number(value)
    return float(found) if isinstance(found, Rational) or found.is_number else None
