"""The order in which a model becomes a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, Report, fail
from neurodsl.lang.shapes import Shapes, find_shapes
from neurodsl.lower.derivatives import next_values, solve_equations
from neurodsl.lower.elements import Arrays, label
from neurodsl.lower.events import Conditions
from neurodsl.lower.expressions import Translator, time_symbols
from neurodsl.lower.functions import Select
from neurodsl.lower.gradient import differentiates_by_parameter
from neurodsl.lower.indexing import derivative_name, derivative_symbol
from neurodsl.lower.noise import check_linear, split
from neurodsl.lower.order import ordered
from neurodsl.lower.processes import with_processes
from neurodsl.lower.starts import initial_value, names_of, parameters_of
from neurodsl.lower.steady import solve_steady
from neurodsl.lower.values import Value
from neurodsl.model import Distribution, Model
from neurodsl.system import Event, Site, State, System
from neurodsl.units import ONE

VALUE, SWITCH = "{} after events", "{} is set"
"""Names of the two states that a time-dependent input has which an event replaces: its new value, and whether it has one."""


def lower(model: Model, rolled: bool = False) -> System:
    """Return a model as a closed first-order system.

    Parameters
    ----------
    rolled : bool
        Keep the equations of arrays as they are, for index symbols; else each element has its own.

    Raises
    ------
    NeuroError
        Where an equation cannot be solved for its derivative, or a steady value cannot be found.
    """
    model, processes = with_processes(model)
    shapes = shapes_of(model)
    arrays = Arrays(shapes, rolled and any(shapes.names.values()))
    translator = Translator(model, time_symbols(model.time_unit), set(), set(), arrays)
    translator.taken.update((*model.parameters, *model.inputs, *model.definitions, *model.states))
    translator.by_parameter = differentiates_by_parameter(model)
    translator.letters = {e.defines[0][0]: e.indices for e in model.equations if e.indices}
    parameters = parameters_of(model, translator, _replaced(model))
    extra = _declare_states(model, translator)
    if model.discrete:
        extra = tuple(replace(s, derivative=s.symbol) for s in extra)
    noises = _declare_noises(model, translator)
    for name in (*model.inputs, *model.definitions):
        translator.add_named(name)
    derivatives = next_values(model, translator) if model.discrete else solve_equations(model, translator)
    starts = [(name, order, replace(s, shown=name not in processes and "." not in name)) for name, order, s in _starts(model, translator)]
    states: tuple[State, ...] = (*_states(starts, translator, derivatives), *extra)
    if not arrays.rolled:
        states, definitions, noises = split(states, translator.definitions, noises)
        translator.definitions = list(definitions)
    elif noises:
        translator.definitions = list(check_linear(states, ordered(translator.definitions, model, arrays.table), noises, arrays.table))
    conditions = Conditions(model, translator, states)
    events = tuple(made for event in model.events for made in conditions.events(event))
    contributions = tuple((c.target, translator.translate(c.value).within(model.states[c.target].unit)) for c in model.contributions)
    definitions = ordered(translator.definitions, model, arrays.table)
    states = solve_steady(states, definitions)
    known = {s.name: s for s in states}
    written = (*(start for _, _, start in starts), *extra) if arrays.present and not arrays.rolled else ()
    return System(
        model.name, model.doc, model.dimensionless, model.time_unit, parameters, definitions, states, tuple(conditions.surfaces), events,
        _known_times(translator.edges, events), conditions.thresholds, tuple(translator.mended), model.settings, noises, model.discrete,
        elements=arrays.table, sizes=arrays.sizes, rolled=arrays.rolled, starts=tuple(known.get(s.name, s) for s in written),
        sites=tuple(arrays.sites), tables=tuple(model.tables), contributions=contributions,
    )  # fmt: skip


def shapes_of(model: Model) -> Shapes:
    """Return the shape of every name of a model.

    Raises
    ------
    NeuroError
        Where shapes do not fit, as after a size was changed.
    """
    report = Report()
    shapes = find_shapes(model, report)
    if shapes is None or not report.ok:
        raise NeuroError(report)
    return shapes


def _known_times(edges: list[Expr], events: tuple[Event, ...]) -> tuple[Expr, ...]:
    """Return the times at which something changes its form or an event of a known time first acts."""
    known = (event.time for event in events if event.time is not None and event.kind in ("at", "every"))
    return tuple(dict.fromkeys([*edges, *known]))


def _replaced(model: Model) -> list[str]:
    """Return the inputs that an event assigns a value to."""
    targets = {action.target for event in model.events for action in event.actions if action.kind == "set"}
    return [name for name in model.inputs if name in targets]


def _declare_noises(model: Model, translator: Translator) -> tuple[str, ...]:
    """Give every noise, and each of its elements, a symbol; return their names."""
    arrays = translator.arrays
    found: list[str] = []
    for name, noise in model.noises.items():
        translator.symbols[name] = Value(Symbol(name), noise.unit)
        shape = arrays.shape(name)
        if arrays.rolled:
            arrays.sites.append(Site(name, "noise", shape))
            found.append(name)
        else:
            found += [label(name, at) for at in arrays.instances(shape)]
    return tuple(found)


def _declare_states(model: Model, translator: Translator) -> tuple[State, ...]:
    """Give every state, its derivatives and the inputs that events replace a symbol; return the states the latter need."""
    for name, state in model.states.items():
        unit = state.unit
        for order in range(max(state.order, 1) + 1):
            made = derivative_name(name, order)
            translator.symbols[made] = Value(Symbol(made), unit)
            unit = unit / model.time_unit
            if order < max(state.order, 1):
                translator.states.add(Symbol(made))
    return tuple(state for name in _replaced(model) for state in _replaced_input(model, translator, name))


def _replaced_input(model: Model, translator: Translator, name: str) -> list[State]:
    """Return the states of an input that events assign a value to."""
    made = model.inputs[name]
    if translator.arrays.shape(name):
        told = f"an event sets the input `{name}`, which is an array"
        raise fail(rules.BAD_ACTION, told, made.span, f"make it a state: `init {name}[...] = ...`")
    constant = names_of(made.value) <= {*model.parameters, "pi"} - model.tables.keys()
    changed = name if constant else VALUE.format(name)
    translator.states.add(Symbol(changed))
    start = initial_value(made.value, made.unit, (), translator)[0] if constant else Integer(0)
    first = State(changed, Symbol(changed), made.unit, made.doc, made.span, start, Integer(0), constant)
    if constant:
        translator.symbols[name] = Value(Symbol(changed), made.unit)
        return [first]
    switch = Symbol(SWITCH.format(name))
    translator.states.add(switch)
    second = State(switch.name, switch, ONE, None, made.span, Integer(0), Integer(0), False)
    assert not isinstance(made.value, Distribution)
    original = translator.translate(made.value).within(made.unit)
    chosen = Select(sympy.Gt(switch, sympy.Rational(1, 2), evaluate=False), Symbol(changed), original)
    translator.symbols[name] = translator.define(name, Value(chosen, made.unit), made.span, made.doc, shown=True)
    return [first, second]


def _starts(model: Model, translator: Translator) -> list[tuple[str, int, State]]:
    """Return each state and each derivative that is one, with its initial value: the name, the order, and the state, an array as a whole."""
    arrays = translator.arrays
    found = []
    for name, made in model.states.items():
        unit, shape = made.unit, arrays.shape(name)
        for order in range(max(made.order, 1)):
            written = derivative_name(name, order)
            given = made.initials[order] if order < len(made.initials) else None
            initial, at = initial_value(given, unit, shape, translator, translator.letters.get(name, ()))
            doc = made.doc if order == 0 else None
            state = State(written, Symbol(written), unit, doc, made.span, initial, Integer(0), shape=shape, indices=at)
            found.append((name, order, state))
            unit = unit / model.time_unit
    return found


def _states(starts: Sequence[tuple[str, int, State]], translator: Translator, derivatives: dict[Symbol, Expr]) -> list[State]:
    """Return the states with their derivatives; where equations are written for each element, each element is one."""
    arrays = translator.arrays
    found = []
    for name, order, start in starts:
        for at in arrays.instances(start.shape, translator.letters.get(name, ())):
            symbol = derivative_symbol(arrays, name, at, order)
            slope = derivatives.get(symbol, Integer(0))
            if at and not arrays.rolled:
                found.append(replace(start, name=symbol.name, symbol=symbol, initial=Integer(0), derivative=slope, shape=(), indices=()))
            else:
                found.append(replace(start, derivative=slope, indices=at))
    return found
