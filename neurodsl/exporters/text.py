"""A model as a page for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurodsl.diagnostics import printable
from neurodsl.exporters.contents import Row, actions, added, changed, defined, inputs, is_map, noises, parameters, settings, states, unit_text
from neurodsl.exporters.exporter import Exporter
from neurodsl.exporters.network_contents import connections, models_of, populations, recorded, title_of
from neurodsl.exporters.plain_formula import PlainFormula
from neurodsl.exporters.spelling import line, plain_name, spellings
from neurodsl.lang.unparse import unparse
from neurodsl.model import Action, Event, Model, NetworkModel, Variant

TRIGGERS = {"condition": "on", "rate": "on rate", "chance": "on chance", "at": "at", "every": "every", "pre": "on pre", "post": "on post"}


def render(model: Model | NetworkModel) -> str:
    """Return the equations of a model, and tables of everything in them; of a network its parts, then its models."""
    if isinstance(model, NetworkModel):
        return _network(model)
    title = f"{model.name}: {line(model.doc)}" if model.doc else model.name
    return _page(title, _sections(model))


def _page(title: str, sections: Mapping[str, Sequence[str]]) -> str:
    lines = [title]
    for heading, rows in sections.items():
        if rows:
            lines += ["", heading, *(f"  {row}" for row in rows)]
    return "\n".join(map(printable, lines))


def _network(network: NetworkModel) -> str:
    """Return the populations and connections of a network, and its models and synapses below."""
    own = _sections(network.block)
    joined = [(c.source, "->", c.target, f"with {c.synapse}", c.rule, ", ".join(c.clauses)) for c in connections(network)]
    sections = {
        "Populations": _columns([(p.name, f"{p.kind}[{p.size}]", ", ".join(p.values), line(p.doc)) for p in populations(network)]),
        "Connections": _columns(joined) if joined else [],
        **{heading: own[heading] for heading in ("Derived quantities", "Functions", "Parameters")},
        "Variants": [_variant(variant) for variant in network.variants.values()],
        "Simulation": _columns([*settings(network.block), *(("record", text) for text in recorded(network))] or [("", "")]),
    }
    if not any(sections["Simulation"]):
        sections["Simulation"] = []
    title = f"{network.name}: {line(network.doc)}" if network.doc else network.name
    pages = [_page(title, sections)]
    pages += [_page(line(title_of(network, model)), _sections(model)) for model in models_of(network)]
    return "\n\n".join(pages)


def _sections(model: Model) -> dict[str, list[str]]:
    """Return what there is to say of a model, under headings."""
    formula = PlainFormula(spellings(model, plain_name, str))
    equations = [(f"{'next ' if is_map(e) else ''}{formula(e.left)}", formula(e.right)) for e in model.equations]
    derived = [(formula(defined(d)), _labelled(formula(d.value), unit_text(d.unit), line(d.doc or ""))) for d in model.definitions.values()]
    functions = [(f"{formula.name(f.name)}({', '.join(map(formula.name, f.arguments))})", formula(f.body)) for f in model.functions.values()]
    contributions = [f"{formula(target)} += {formula(value)}" for target, value in map(added, model.contributions)]
    return {
        "Equations": _aligned(equations),
        "Contributions at all times": contributions,
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
    if event.kind in ("pre", "post"):
        head = f"on {event.kind}" + ("" if event.trigger is None else f" after {formula(event.trigger)}")
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
