"""A model as JSON, for other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from neurodsl.exporters.contents import Row, actions, changed, defined, initials, inputs, is_map, noises, own_states, parameters
from neurodsl.exporters.exporter import Exporter
from neurodsl.exporters.network_contents import connections, models_of, populations, recorded
from neurodsl.exporters.spelling import spellings, tex_name, tex_verbatim
from neurodsl.exporters.tex_formula import TexFormula
from neurodsl.lang.nodes import Expression
from neurodsl.lang.unparse import unparse
from neurodsl.model import Action, Definition, Equation, Event, Function, Model, NetworkModel, State, Variant
from neurodsl.units import describe


def render(model: Model | NetworkModel) -> str:
    """Return a model, or a network with its models and synapses, as one object.

    Every expression is a text that the language reads, a number is in the unit beside it; what is drawn begins with ``~``.
    """
    shown = _network(model) if isinstance(model, NetworkModel) else _model(model)
    return json.dumps(shown, indent=2, allow_nan=False)


def _network(network: NetworkModel) -> dict[str, Any]:
    block = _model(network.block)
    models = models_of(network)
    return {
        "network": network.name,
        "title": network.doc,
        "populations": [
            {"name": p.name, "size": p.size, "model": p.kind, "values": list(p.values), "doc": p.doc or None} for p in populations(network)
        ],
        "connections": [
            {"name": c.name, "source": c.source, "target": c.target, "synapse": c.synapse, "rule": c.rule, "clauses": list(c.clauses)}
            for c in connections(network)
        ],
        **{part: block[part] for part in ("parameters", "derived", "functions")},
        "variants": _variants(network.variants),
        "settings": {**block["settings"], "record": recorded(network)},
        "models": [_model(model) for model in models if model.kind == "model"],
        "synapses": [_model(model) for model in models if model.kind == "synapse"],
    }


def _variants(variants: Mapping[str, Variant]) -> list[dict[str, Any]]:
    return [{"name": v.name, "doc": v.doc, "values": {name: unparse(value) for name, value in v.values}} for v in variants.values()]


def _model(model: Model) -> dict[str, Any]:
    formula = TexFormula(spellings(model, tex_name, tex_verbatim))
    settings = model.settings
    contributions = [{"target": c.target, "value": unparse(c.value)} for c in model.contributions]
    return {
        model.kind: model.name,
        "title": model.doc,
        "discrete": model.discrete,
        "equations": [_equation(formula, equation) for equation in model.equations],
        "parameters": _rows(parameters(model)),
        "inputs": _rows(inputs(model)),
        "noises": [{"name": unparse(row.target), **_shape(row.shape), "unit": describe(row.unit), "doc": row.doc or None} for row in noises(model)],
        "derived": [_definition(formula, definition) for definition in model.definitions.values()],
        "functions": [_function(formula, function) for function in model.functions.values()],
        "states": [_state(model, state) for state in own_states(model)],
        "events": [_event(event) for event in model.events],
        "variants": _variants(model.variants),
        **({"contributions": contributions} if model.kind == "synapse" else {}),
        "settings": {
            "duration": settings.duration,
            "dt": settings.dt,
            "step": settings.step,
            "time_unit": describe(model.time_unit),
            "method": settings.method,
            "events": settings.events,
            "record": list(settings.record),
        },
    }


def _equation(formula: TexFormula, equation: Equation) -> dict[str, Any]:
    return {
        "text": f"{'next ' if is_map(equation) else ''}{unparse(equation.left)} = {unparse(equation.right)}",
        "latex": f"{formula.left(equation)} = {formula(equation.right)}",
        "defines": [{"state": name, "order": order} for name, order in equation.defines],
    }


def _rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {"name": unparse(row.target), **_shape(row.shape), "value": row.value_text, "unit": describe(row.unit), "doc": row.doc or None}
        for row in rows
    ]


def _shape(shape: Sequence[Expression]) -> dict[str, list[str]]:
    """Return the sizes that an array is declared with, nothing for what is not declared as one."""
    return {"shape": [unparse(size) for size in shape]} if shape else {}


def _definition(formula: TexFormula, definition: Definition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "text": f"{unparse(defined(definition))} = {unparse(definition.value)}",
        "latex": f"{formula(defined(definition))} = {formula(definition.value)}",
        "unit": describe(definition.unit),
        "doc": definition.doc,
        "constant": definition.constant,
    }


def _function(formula: TexFormula, function: Function) -> dict[str, Any]:
    head = formula.call(function.name, [formula.name(argument) for argument in function.arguments])
    return {
        "name": function.name,
        "arguments": list(function.arguments),
        "text": f"{function.name}({', '.join(function.arguments)}) = {unparse(function.body)}",
        "latex": f"{head} = {formula(function.body)}",
    }


def _state(model: Model, state: State) -> dict[str, Any]:
    """Return a state; its initial values are null where the file leaves them at 0."""
    return {
        "name": state.name,
        **_shape(state.shape),
        "unit": describe(state.unit),
        "doc": state.doc,
        "order": state.order,
        "initial": {unparse(row.target): row.value_text for row in initials(model, state)},
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "trigger": None if event.trigger is None else unparse(event.trigger),
        "actions": [_action(action) for action in actions(event)],
        "spikes": event.spikes,
    }


def _action(action: Action) -> str:
    """Return an action as the language writes it."""
    if action.kind == "emit":
        return "emit spike"
    value = "" if action.value is None else unparse(action.value)
    node = changed(action)
    place = "" if node is None else unparse(node)
    return {"set": f"{place} = {value}", "hold": f"hold {place} for {value}", "wait": f"wait {value}", "stop": "stop"}[action.kind]


JSON = Exporter("json", "JSON, for other programs", render)
