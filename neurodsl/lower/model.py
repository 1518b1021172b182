"""The order in which a model becomes a system."""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl.lang.distributions import DISTRIBUTIONS
from neurodsl.lang.nodes import Expression, Name
from neurodsl.lower.derivatives import derivative_name, next_values, solve_equations
from neurodsl.lower.events import Conditions
from neurodsl.lower.expressions import Translator, Value, time_symbols
from neurodsl.lower.functions import Select
from neurodsl.lower.noise import split
from neurodsl.lower.order import ordered
from neurodsl.lower.steady import solve_steady
from neurodsl.model import STEADY, Distribution, Model, Steady
from neurodsl.system import Draw, Event, Parameter, State, System
from neurodsl.units import ONE, Unit

VALUE, SWITCH = "{} after events", "{} is set"
"""Names of the two states that a time-dependent input has which an event replaces: its new value, and whether it has one."""


def lower(model: Model) -> System:
    """Return a model as a closed first-order system.

    Raises
    ------
    NeuroError
        Where an equation cannot be solved for its derivative, or a steady value cannot be found.
    """
    translator = Translator(model, time_symbols(model.time_unit), set(), set())
    translator.taken.update((*model.parameters, *model.inputs, *model.definitions, *model.states))
    parameters = _parameters(model, translator)
    extra = _declare_states(model, translator)
    if model.discrete:
        extra = tuple(replace(s, derivative=s.symbol) for s in extra)
    for name, noise in model.noises.items():
        translator.symbols[name] = Value(Symbol(name), noise.unit)
    for name in (*model.inputs, *model.definitions):
        translator.add_named(name)
    derivatives = next_values(model, translator) if model.discrete else solve_equations(model, translator)
    noises = tuple(model.noises)
    states, definitions = split((*_states(model, translator, derivatives), *extra), translator.definitions, noises)
    translator.definitions = list(definitions)
    conditions = Conditions(model, translator, states)
    events = tuple(conditions.event(event) for event in model.events)
    definitions = ordered(translator.definitions, model)
    return System(
        model.name, model.doc, model.dimensionless, model.time_unit, parameters, definitions, solve_steady(states, definitions),
        tuple(conditions.surfaces), events, _known_times(translator.edges, events), conditions.thresholds, tuple(translator.mended), model.settings,
        noises, model.discrete,
    )  # fmt: skip


def _known_times(edges: list[Expr], events: tuple[Event, ...]) -> tuple[Expr, ...]:
    """Return the times at which something changes its form or an event of a known time first acts."""
    return tuple(dict.fromkeys([*edges, *(event.time for event in events if event.time is not None)]))


def _names(node: Expression) -> set[str]:
    return {n.id for n in node.walk() if isinstance(n, Name)}


def _names_of(value: Expression | Distribution) -> set[str]:
    return set().union(*(_names(argument) for argument in value.arguments)) if isinstance(value, Distribution) else _names(value)


def _draw(made: Distribution, unit: Unit, translator: Translator) -> Draw:
    """Return a distribution with those of its arguments that are in the unit of the draw as numbers of the declared unit."""
    law = DISTRIBUTIONS[made.name]
    arguments = []
    for i, argument in enumerate(made.arguments):
        value = translator.translate(argument)
        arguments.append(value.within(unit if law.carries(i) else ONE))
    return Draw(made.name, tuple(arguments))


def _replaced(model: Model) -> list[str]:
    """Return the inputs that an event assigns a value to."""
    targets = {action.target for event in model.events for action in event.actions if action.kind == "set"}
    return [name for name in model.inputs if name in targets]


def _parameters(model: Model, translator: Translator) -> tuple[Parameter, ...]:
    """Return the parameters and the constant inputs, each after those its default uses."""
    found: dict[str, Parameter] = {}
    replaced = set(_replaced(model))

    def add(name: str) -> bool:
        """Add a parameter, or an input that turns out to be constant; tell whether the name is a constant."""
        if name in found or name == "pi":
            return True
        is_input = name in model.inputs
        made = model.inputs.get(name) or model.parameters.get(name)
        if made is None or name in replaced or False in {add(other) for other in sorted(_names_of(made.value))}:
            return False
        default: Expr | Draw
        if isinstance(made.value, Distribution):
            default = _draw(made.value, made.unit, translator)
        else:
            default = translator.translate(made.value).within(made.unit)
        found[name] = Parameter(name, Symbol(name), made.unit, made.doc, made.span, default, is_input)
        translator.symbols[name] = Value(Symbol(name), made.unit)
        translator.constants.add(Symbol(name))
        return True

    for name in (*model.parameters, *model.inputs):
        add(name)
    return tuple(found.values())


def _declare_states(model: Model, translator: Translator) -> tuple[State, ...]:
    """Give every state, its derivatives and the inputs that events replace a symbol; return the states the latter need."""
    for name, state in model.states.items():
        unit = state.unit
        for order in range(max(state.order, 1) + 1):
            label = derivative_name(name, order)
            translator.symbols[label] = Value(Symbol(label), unit)
            unit = unit / model.time_unit
            if order < max(state.order, 1):
                translator.states.add(Symbol(label))
    extra: list[State] = []
    for name in _replaced(model):
        made = model.inputs[name]
        constant = _names(made.value) <= {*model.parameters, "pi"}
        label = name if constant else VALUE.format(name)
        translator.states.add(Symbol(label))
        original = translator.translate(made.value).within(made.unit)
        extra.append(State(label, Symbol(label), made.unit, made.doc, made.span, original if constant else Integer(0), Integer(0), constant))
        if constant:
            translator.symbols[name] = Value(Symbol(label), made.unit)
            continue
        switch = Symbol(SWITCH.format(name))
        translator.states.add(switch)
        extra.append(State(switch.name, switch, ONE, None, made.span, Integer(0), Integer(0), False))
        chosen = Select(sympy.Gt(switch, sympy.Rational(1, 2), evaluate=False), Symbol(label), original)
        translator.symbols[name] = translator.define(name, Value(chosen, made.unit), made.span, made.doc, shown=True)
    return tuple(extra)


def _states(model: Model, translator: Translator, derivatives: dict[str, Expr]) -> tuple[State, ...]:
    states = []
    for name, made in model.states.items():
        unit = made.unit
        for order in range(max(made.order, 1)):
            label = derivative_name(name, order)
            given = made.initials[order] if order < len(made.initials) else None
            initial: Expr | Steady | Draw = Integer(0)
            if given is STEADY:
                initial = STEADY
            elif isinstance(given, Distribution):
                initial = _draw(given, unit, translator)
            elif given is not None:
                initial = translator.translate(given).within(unit)
            doc = made.doc if order == 0 else None
            states.append(State(label, Symbol(label), unit, doc, made.span, initial, derivatives.get(label, Integer(0))))
            unit = unit / model.time_unit
    return tuple(states)
