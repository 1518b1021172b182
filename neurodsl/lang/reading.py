"""The whole way from a text to models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

import neurodsl.lang.statements
from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.building import build
from neurodsl.lang.changes import with_variant
from neurodsl.lang.check import check
from neurodsl.lang.findings import Findings
from neurodsl.lang.imports import Imports
from neurodsl.lang.maps import check_maps
from neurodsl.lang.nodes import Array, Expression, Load
from neurodsl.lang.parser import Parsed, parse_one, parse_statements
from neurodsl.lang.quantities import find_units, note_zero_starts
from neurodsl.lang.scope import Declarations
from neurodsl.lang.settings import read_settings, time_unit
from neurodsl.lang.shapes import find_shapes
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Assignment, Block, Entries, Import, derivative_text
from neurodsl.lang.unparse import unparse
from neurodsl.model import Model
from neurodsl.registry import collect
from neurodsl.source import Source, Span

TITLE = re.compile(r"#\s*(?:\S+\.neuro\s*(?:[-–—:]+\s*|$))?(.*)")
LONGEST_TITLE, LOWEST_TITLE = 200, 50
"""The characters of a title that are shown, and the lines in which it is looked for."""


@cache
def statements() -> MappingProxyType[str, Statement]:
    """Return the statements of the language by name."""
    return MappingProxyType(collect(neurodsl.lang.statements, Statement))


def read(source: Source, report: Report) -> Model | None:
    """Return the model of a text that holds one.

    Parameters
    ----------
    source : Source
        The text.
    report : Report
        Takes the findings.

    Returns
    -------
    Model or None
        None where an error was reported.
    """
    models = read_all(source, report)
    if not models:
        return None
    model = only(models, source)
    if model is None:
        names = ", ".join(f"`{name}`" for name in models)
        report.add(rules.NO_MODEL, f"the file holds several models: {names}", None, "choose one with `--model`")
    return model


def only(models: Mapping[str, Model], source: Source) -> Model | None:
    """Return the model that a text stands for where none is named: its only own one, or the only one of a text of imports alone."""
    own = [model for model in models.values() if model.source is source] or list(models.values())
    return own[0] if len(own) == 1 else None


def read_all(source: Source, report: Report) -> dict[str, Model]:
    """Return the models of a text by name, its own first, none where an error was reported."""
    found = Findings()
    models = _read_file(source, Imports(_read_file), found)
    for finding in found.found:
        report.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
    return models or {}


def _read_file(source: Source, imports: Imports, found: Findings) -> dict[str, Model] | None:
    """Return the models of a text and those that it imports, None where an error was reported."""
    parsed = parse_statements(source, statements(), found)
    complete = found.ok
    taken = [tree for tree in parsed.trees if isinstance(tree, Import)]
    trees = [tree for tree in parsed.trees if not isinstance(tree, Import)]
    models = _own_models(source, parsed, trees, found, complete) if trees or not taken else {}
    places = {model.name: Span(source, 0, 1) for model in models.values()}
    places |= {str(tree.head): tree.name_span for tree in trees if isinstance(tree, Block) and tree.kind == "model"}
    imports.chain.append(source)
    complete = imports.add(taken, models, places, found)
    imports.chain.pop()
    return models if complete and found.ok else None


def _own_models(source: Source, parsed: Parsed, trees: list[Any], found: Findings, complete: bool) -> dict[str, Model]:
    """Return the models whose statements stand in a text, without those in which an error was found."""
    models: dict[str, Model] = {}
    blocks = [tree for tree in trees if isinstance(tree, Block) and tree.kind == "model"]
    if not blocks:
        name = re.sub(r"[<>]", "", PurePath(source.name).stem) or "model"
        _read_model(name, _title(source.text), source, parsed, trees, found, complete, models)
    for tree in trees:
        if blocks and not (isinstance(tree, Block) and tree.kind == "model"):
            help = "put it into one of the `model` blocks"
            found.add(rules.SYNTAX, "this statement belongs to no model", _place(tree), help)
    for block in blocks:
        name = str(block.head)
        if sum(other.head == block.head for other in blocks[: blocks.index(block)]):
            found.add(rules.DUPLICATE, f"there are two models `{name}`", block.name_span, "rename one of them")
        _read_model(name, block.doc, source, parsed, list(block.body), found, complete, models)
    return models


def _read_model(
    name: str, doc: str | None, source: Source, parsed: Parsed, trees: list[Any], report: Report, complete: bool, models: dict[str, Model]
) -> None:
    """Check the statements of one model, and add the model where nothing is wrong."""
    declarations = Declarations(report, set(parsed.unclear))
    for tree in trees:
        statements()[_kind(tree)].declare(tree, declarations)
    declarations.close()
    check_maps(declarations)
    unit = time_unit(declarations, parsed.brackets)
    settings = read_settings(declarations, unit)
    dependencies = check(declarations, complete)
    algebra = find_units(declarations, dependencies, unit, not parsed.brackets)
    if not declarations.orders and report.ok:
        help = "write an equation, such as `dV/dt = -V/tau`, or a state that events change, `init n = 0`"
        report.add(rules.NO_MODEL, f"the model `{name}` has no state", Span(source, 0, 1), help)
    if not report.ok:
        return
    note_zero_starts(declarations, algebra)
    model = build(name, doc, source, not parsed.brackets, declarations, dependencies, algebra, settings)
    if model is not None and _shapes_agree(model, _places(declarations), report):
        models[name] = model


def _places(declarations: Declarations) -> dict[str, Span]:
    """Return where initial values and the names of ``record`` stand, by the words of the text."""
    found = {f"init {derivative_text(name, order)}": entry.span for (name, order), entry in declarations.initials.items()}
    setting = declarations.settings.get("record")
    return found | {f"record {unparse(node)}": node.span for node in (setting.values if setting is not None else ())}


def _shapes_agree(model: Model, places: Mapping[str, Span], report: Report) -> bool:
    """Report shapes that do not agree in a model, or with the values of one of its variants; return whether they do."""
    shapes = find_shapes(model, report, places)
    if shapes is None:
        return False
    given = (node for variant in model.variants.values() for _, value in variant.values for node in value.walk())
    if not any(shapes.names.values()) and not any(isinstance(node, Array | Load) for node in given):
        return True
    before = len(report.found)
    for name in model.variants:
        found = Report()
        changed = with_variant(model, name, found)
        if changed is not model:
            find_shapes(changed, found, places)
        for finding in found.found:
            if finding.rule in (rules.SHAPES, rules.INDEX_RANGE, rules.BAD_SIZE, rules.BAD_ARRAY):
                report.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
    return len(report.found) == before


def _kind(tree: Any) -> str:
    """Return the name of the statement that a tree belongs to."""
    return "assignment" if isinstance(tree, Assignment) else str(tree.kind)


def _place(tree: Any) -> Span:
    """Return the place of a statement."""
    if isinstance(tree, Entries):
        return tree.entries[0].span
    span: Span = tree.span
    return span


def _title(text: str) -> str | None:
    """Return what the first comment at the top of a text says, without the name of the file."""
    for line in text.removeprefix("\ufeff").split("\n", LOWEST_TITLE)[:LOWEST_TITLE]:
        match = TITLE.match(line.strip())
        if match is None:
            if line.strip():
                return None
        elif match[1].strip():
            return match[1].strip()[:LONGEST_TITLE]
    return None


def parse_expression(source: Source, report: Report) -> Expression | None:
    """Return the expression that a text consists of, None where an error was reported; names are not looked at."""
    found = Findings()
    expression = parse_one(source, found)
    for finding in found.found:
        report.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
    return expression
