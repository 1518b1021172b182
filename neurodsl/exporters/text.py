"""A model as a page for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from neurodsl.diagnostics import printable
from neurodsl.exporters.contents import Row, actions, changed, defined, inputs, is_map, noises, parameters, settings, states, unit_text
from neurodsl.exporters.exporter import Exporter
from neurodsl.exporters.plain_formula import PlainFormula
from neurodsl.exporters.spelling import line, plain_name, spellings
from neurodsl.lang.unparse import unparse
from neurodsl.model import Action, Event, Model, Variant

TRIGGERS = {"condition": "on", "rate": "on rate", "chance": "on chance", "at": "at", "every": "every"}


def render(model: Model) -> str:
    """Return the equations of a model, and tables of everything in them."""
    formula = PlainFormula(spellings(model, plain_name, str))
    equations = [(f"{'next ' if is_map(e) else ''}{formula(e.left)}", formula(e.right)) for e in model.equations]
    derived = [(formula(defined(d)), _labelled(formula(d.value), unit_text(d.unit), line(d.doc or ""))) for d in model.definitions.values()]
    functions = [(f"{formula.name(f.name)}({', '.join(map(formula.name, f.arguments))})", formula(f.body)) for f in model.functions.values()]
    sections = {
        "Equations": _aligned(equations),
        "Derived quantities": _aligned(derived),
        "Functions": _aligned(functions),
        "Events": [_event(formula, event) for event in model.events],
        "Parameters": _table(parameters(model)),
        "Inputs": _table(inputs(model)),
        "Noises": _columns([(row.name_text, row.unit_text, line(row.doc)) for row in noises(model)]),
        "States and their initial values": _table(states(model)),
        "Variants": [_variant(variant) for variant in model.variants.values()],
        "Simulation": _columns(settings(model)),
    }
    lines = [f"{model.name}: {line(model.doc)}" if model.doc else model.name]
    for title, rows in sections.items():
        if rows:
            lines += ["", title, *(f"  {row}" for row in rows)]
    return "\n".join(map(printable, lines))


def _aligned(sides: Sequence[tuple[str, str]]) -> list[str]:
    """Return ``left = right``, the equals signs below each other."""
    width = max((len(left) for left, _ in sides), default=0)
    return [f"{left:>{width}} = {right}" for left, right in sides]


def _labelled(text: str, unit: str, doc: str) -> str:
    """Return a formula with its unit and its label."""
    return "   ".join(filter(None, (text, unit and f"[{unit}]", doc)))


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows of cells in columns; a column without a text is left out."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True) if width).rstrip() for row in rows]


def _table(rows: Sequence[Row]) -> list[str]:
    """Return names, values, units and labels; the names as a user types them."""
    return _columns([(row.name_text, row.value_text or "0", row.unit_text, line(row.doc)) for row in rows])


def _event(formula: PlainFormula, event: Event) -> str:
    head = "on start" if event.trigger is None else f"{TRIGGERS[event.kind]} {formula(event.trigger)}"
    return f"{head}: {'; '.join(_action(formula, action) for action in actions(event))}"


def _action(formula: PlainFormula, action: Action) -> str:
    if action.kind == "emit":
        return "emit spike"
    value = "" if action.value is None else formula(action.value)
    node = changed(action)
    place = "" if node is None else formula(node)
    return {"set": f"{place} ← {value}", "hold": f"hold {place} for {value}", "wait": f"wait {value}", "stop": "stop"}[action.kind]


def _variant(variant: Variant) -> str:
    head = f"{variant.name} ({line(variant.doc)})" if variant.doc else variant.name
    return f"{head}: {', '.join(f'{name} = {unparse(value)}' for name, value in variant.values)}"


TEXT = Exporter("text", "a page for the terminal", render)
