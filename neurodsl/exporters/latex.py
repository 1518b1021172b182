"""A model as LaTeX, for a methods section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurodsl.exporters.contents import Row, actions, added, changed, defined, inputs, noises, parameters, pathway, settings, states, variant_target
from neurodsl.exporters.exporter import Exporter
from neurodsl.exporters.network_contents import connections, models_of, populations, recorded, title_of
from neurodsl.exporters.spelling import spellings, tex_name, tex_text, tex_verbatim
from neurodsl.exporters.tex_formula import TexFormula, in_parentheses, tex_unit
from neurodsl.lang.inference import is_steady
from neurodsl.lang.unparse import ATOM, unparse
from neurodsl.model import Action, Distribution, Event, Model, NetworkModel, Steady, Variant
from neurodsl.units import ONE

TRIGGERS = {"condition": "if", "rate": "at rate", "chance": "with probability", "at": "at", "every": "every"}
VALUES = {"Value": "l", "Unit": "l", "Meaning": "l"}
STEADY = r"\text{steady}"


def render(model: Model | NetworkModel) -> str:
    """Return the equations of a model as ``align*``, its events, and tables of its values; amsmath is needed.

    Of a network there are tables of its populations and connections, and below them its models and synapses.
    """
    head = "% needs \\usepackage{amsmath}"
    if isinstance(model, NetworkModel):
        return "\n\n".join([head, *_network(model)])
    return "\n\n".join([head, *_blocks(model, f"{model.name}: {model.doc}" if model.doc else model.name)])


def _network(network: NetworkModel) -> list[str]:
    """Return the blocks of a network and of its models."""
    title = f"{network.name}: {network.doc}" if network.doc else network.name
    heads = {"From": "l", "To": "l", "Synapse": "l", "Rule": "l", "Further": r"p{0.4\textwidth}"}
    named = [(*map(_typed, (p.name, p.size, p.kind, ", ".join(p.values))), tex_text(p.doc)) for p in populations(network)]
    joined = [tuple(map(_typed, (c.source, c.target, c.synapse, c.rule, ", ".join(c.clauses)))) for c in connections(network)]
    run = [(_typed(name), _typed(text)) for name, text in (*settings(network.block), *(("record", text) for text in recorded(network)))]
    own = _blocks(network.block, title)
    sets = [
        (tex_text(v.name), _typed(", ".join(f"{name} = {unparse(value)}" for name, value in v.values)), tex_text(v.doc or ""))
        for v in network.variants.values()
    ]
    tables = [
        _tabular({"Population": "l", "Size": "l", "Neurons": "l", "Values": r"p{0.4\textwidth}", "Meaning": "l"}, named),
        _tabular(heads, joined),
        _tabular({"Setting": "l", "Value": "l"}, run),
        _tabular({"Variant": "l", "Values": r"p{0.6\textwidth}", "Meaning": "l"}, sets),
    ]
    pages = [block for model in models_of(network) for block in _blocks(model, title_of(network, model))]
    return [*own[:1], *filter(None, tables), *own[1:], *pages]


def _typed(text: str) -> str:
    """Return a text as it is typed, nothing for nothing."""
    return rf"\texttt{{{tex_text(text)}}}" if text else ""


def _blocks(model: Model, title: str) -> list[str]:
    """Return the blocks of a model below its title."""
    formula = TexFormula(spellings(model, tex_name, tex_verbatim))
    equations = [f"{formula.left(e)} &= {formula(e.right)}" for e in model.equations]
    equations += [
        f"{formula(defined(d))} &= {formula(d.value)}" + (rf" && \text{{{tex_text(d.doc)}}}" if d.doc else "") for d in model.definitions.values()
    ]
    equations += [
        f"{formula.call(f.name, [formula.name(argument) for argument in f.arguments])} &= {formula(f.body)}" for f in model.functions.values()
    ]
    equations += [f"{formula(target)} &\\mathrel{{+}}= {formula(value)}" for target, value in map(added, model.contributions)]
    blocks = [
        rf"\subsection*{{{tex_text(title)}}}",
        _align(equations),
        _align([_event(formula, event) for event in model.events]),
        _tabular({"Parameter": "l", **VALUES}, _cells(formula, parameters(model))),
        _tabular({"Input": "l", **VALUES}, _cells(formula, inputs(model))),
        _tabular({"Noise": "l", "Unit": "l", "Meaning": "l"}, [(name, *rest) for name, _, *rest in _cells(formula, noises(model))]),
        _tabular({"State": "l", "Initial value": "l", "Unit": "l", "Meaning": "l"}, _cells(formula, states(model))),
        _tabular(
            {"Variant": "l", "Values": r"p{0.6\textwidth}", "Meaning": "l"},
            [_variant(formula, model, variant) for variant in model.variants.values()],
        ),
    ]
    return list(filter(None, blocks))


def _align(rows: Sequence[str]) -> str:
    """Return formulas below each other."""
    if not rows:
        return ""
    lines = " \\\\\n".join(f"  {row}" for row in rows)
    return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"


def _tabular(head: Mapping[str, str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table, its head a title and a type for each column; a column without a text is left out."""
    if not rows:
        return ""
    kept = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [" & ".join(row[i] for i in kept) for row in (tuple(head), *rows)]
    body = "".join(f"  {line} \\\\\n" for line in lines[1:])
    types = "".join(tuple(head.values())[i] for i in kept)
    return f"\\begin{{tabular}}{{{types}}}\n  \\hline\n  {lines[0]} \\\\\n  \\hline\n{body}  \\hline\n\\end{{tabular}}"


def _cells(formula: TexFormula, rows: Sequence[Row]) -> list[tuple[str, ...]]:
    return [
        (
            f"${formula(row.target)}{_space(formula, row)}$",
            f"${_value(formula, row)}$",
            "" if row.unit == ONE else f"${tex_unit(row.unit)}$",
            tex_text(row.doc),
        )
        for row in rows
    ]


def _space(formula: TexFormula, row: Row) -> str:
    r"""Return of which shape an array is: ``\in \mathbb{R}^{N \times N}``."""
    sizes = r" \times ".join(formula.inside(size, ATOM) for size in row.shape)
    return rf" \in \mathbb{{R}}^{{{sizes}}}" if sizes else ""


def _value(formula: TexFormula, row: Row) -> str:
    if row.value is None:
        return "0"
    if isinstance(row.value, Distribution):
        arguments = [formula(argument) for argument in row.value.arguments]
        if row.value.inner is not None:
            arguments = [arguments[0], rf"\mathrm{{{row.value.inner}}}{in_parentheses(', '.join(arguments[1:]))}"]
        return rf"\sim \mathrm{{{row.value.name}}}{in_parentheses(', '.join(arguments))}"
    return STEADY if isinstance(row.value, Steady) else formula(row.value)


def _event(formula: TexFormula, event: Event) -> str:
    """Return an event with its actions below each other, in the order in which they act."""
    head = r"\text{at the start}" if event.trigger is None else rf"\text{{{TRIGGERS.get(event.kind)} }} {formula(event.trigger)}"
    spike = pathway(event)
    if spike is not None:
        head = rf"\text{{on {spike}}}" if event.trigger is None else rf"{formula(event.trigger)} \text{{ after {spike}}}"
    changes = [_action(formula, action) for action in actions(event)]
    return " \\\\\n  &&& ".join([rf"&{head}\colon && {changes[0]}", *changes[1:]])


def _action(formula: TexFormula, action: Action) -> str:
    if action.kind in ("emit", "stop"):
        return r"\text{emit spike}" if action.kind == "emit" else r"\text{stop}"
    value, node = "" if action.value is None else formula(action.value), changed(action)
    if action.kind == "wait" or node is None:
        return rf"\text{{wait }} {value}"
    place = formula(node)
    return rf"{place} \leftarrow {value}" if action.kind == "set" else rf"\text{{hold }} {place} \text{{ for }} {value}"


def _variant(formula: TexFormula, model: Model, variant: Variant) -> tuple[str, ...]:
    values = (
        f"${formula(variant_target(model, name, variant.span))} = {STEADY if is_steady(value) else formula(value)}$" for name, value in variant.values
    )
    return tex_text(variant.name), ", ".join(values), tex_text(variant.doc or "")


LATEX = Exporter("latex", "LaTeX, for a methods section", render)
