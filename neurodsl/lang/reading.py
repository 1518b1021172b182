"""The whole way from a text to models."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

import neurodsl.lang.statements
from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.building import build
from neurodsl.lang.check import check
from neurodsl.lang.findings import Findings
from neurodsl.lang.maps import check_maps
from neurodsl.lang.nodes import Expression
from neurodsl.lang.parser import Parsed, parse_one, parse_statements
from neurodsl.lang.quantities import find_units, note_zero_starts
from neurodsl.lang.scope import Declarations
from neurodsl.lang.settings import read_settings, time_unit
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Assignment, Block, Entries
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
    if len(models) > 1:
        names = ", ".join(f"`{name}`" for name in models)
        report.add(rules.NO_MODEL, f"the file holds several models: {names}", None, "choose one with `--model`")
        return None
    return next(iter(models.values()), None)


def read_all(source: Source, report: Report) -> dict[str, Model]:
    """Return the models of a text by name, none where an error was reported."""
    found = Findings()
    parsed = parse_statements(source, statements(), found)
    complete = found.ok
    models: dict[str, Model] = {}
    blocks = [tree for tree in parsed.trees if isinstance(tree, Block) and tree.kind == "model"]
    if not blocks:
        name = re.sub(r"[<>]", "", PurePath(source.name).stem) or "model"
        _read_model(name, _title(source.text), source, parsed, parsed.trees, found, complete, models)
    for tree in parsed.trees:
        if blocks and not (isinstance(tree, Block) and tree.kind == "model"):
            help = "put it into one of the `model` blocks"
            found.add(rules.SYNTAX, "this statement belongs to no model", _place(tree), help)
    for block in blocks:
        name = str(block.head)
        if sum(other.head == block.head for other in blocks[: blocks.index(block)]):
            found.add(rules.DUPLICATE, f"there are two models `{name}`", block.name_span, "rename one of them")
        _read_model(name, block.doc, source, parsed, list(block.body), found, complete, models)
    for finding in found.found:
        report.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
    return models if found.ok else {}


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
    if model is not None:
        models[name] = model


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
