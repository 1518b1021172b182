"""The whole way from a text to models and networks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.blocks import Written, place_of, read_block, statements, touched
from neurodsl.lang.findings import Findings
from neurodsl.lang.imports import Imports
from neurodsl.lang.networks.network import Known, Named, read_network
from neurodsl.lang.networks.synapses import Synapse, check_alone
from neurodsl.lang.nodes import Expression
from neurodsl.lang.parser import Parsed, parse_one, parse_statements
from neurodsl.lang.tree import Block, ConnectTree, Import
from neurodsl.model import Model, NetworkModel
from neurodsl.source import Source, Span

TITLE = re.compile(r"#\s*(?:\S+\.neuro\s*(?:[-–—:]+\s*|$))?(.*)")
LONGEST_TITLE, LOWEST_TITLE = 200, 50
"""The characters of a title that are shown, and the lines in which it is looked for."""
BLOCKS = ("model", "synapse", "network")


def read(source: Source, report: Report) -> Model | NetworkModel | None:
    """Return the model, or the network, of a text that holds one.

    Parameters
    ----------
    source : Source
        The text.
    report : Report
        Takes the findings.

    Returns
    -------
    Model or NetworkModel or None
        None where an error was reported.
    """
    models = read_all(source, report)
    if not models:
        if report.ok:
            report.add(rules.NO_MODEL, "the file holds synapses alone", None, "a `network` joins neurons by them")
        return None
    model = only(models, source)
    if model is None:
        names = ", ".join(f"`{name}`" for name in models)
        report.add(rules.NO_MODEL, f"the file holds several models: {names}", None, "choose one with `--model`")
    return model


def only(models: Mapping[str, Model | NetworkModel], source: Source) -> Model | NetworkModel | None:
    """Return what a text stands for where nothing is named: its only own network, its only own model, or the only one of a text of imports alone."""
    own = [model for model in models.values() if model.source is source] or list(models.values())
    networks = [model for model in own if isinstance(model, NetworkModel)]
    if len(networks) == 1:
        return networks[0]
    return own[0] if len(own) == 1 else None


def read_all(source: Source, report: Report) -> dict[str, Model | NetworkModel]:
    """Return the models and networks of a text by name, its own first, none where an error was reported."""
    found = Findings()
    models = _read_file(source, Imports(_read_file), found)
    for finding in found.found:
        report.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
    return {name: model for name, model in (models or {}).items() if not isinstance(model, Synapse)}


def _read_file(source: Source, imports: Imports, found: Findings) -> Known | None:
    """Return the models, synapses and networks of a text and those that it imports, None where an error was reported."""
    parsed = parse_statements(source, statements(), found)
    complete = found.ok
    taken = [tree for tree in parsed.trees if isinstance(tree, Import)]
    written = _blocks(source, parsed, [tree for tree in parsed.trees if not isinstance(tree, Import)], found, complete, bool(taken))
    own: Known = {}
    for block in written:
        if block.kind == "network":
            continue
        theirs = Findings()
        alone = sum(other.name == block.name for other in written) == 1
        if (model := read_block(block, theirs)) is not None and alone:
            own[block.name] = model if block.kind == "model" else Synapse(block.name, model, block)
            check_alone(model, theirs)
        for finding in theirs.found:
            found.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
    places = {block.name: block.place for block in written}
    named = places.keys() | {imported.own.id for tree in taken for imported in tree.models}
    models = dict(own)
    imports.chain.append(source)
    complete = imports.add(taken, models, places, found)
    imports.chain.pop()
    networks: Known = {}
    heads = [block.name for block in written]
    known: Named = {**{block.name: block for block in written if block.kind == "network" and heads.count(block.name) == 1}, **models}
    for block in written:
        if block.kind == "network" and (network := read_network(block, known, named - known.keys(), found)) is not None:
            networks[block.name] = network
    joined = {tree.synapse.id for block in written for tree in block.trees if isinstance(tree, ConnectTree)}
    for name, made in own.items() if networks else ():
        if isinstance(made, Synapse) and name not in joined:
            found.add(rules.UNUSED, f"the synapse `{name}` is never used", made.written.place, "`connect ... with` joins neurons by it")
    return {**own, **networks, **models} if complete and found.ok else None


def _blocks(source: Source, parsed: Parsed, trees: list[Any], found: Findings, complete: bool, imports: bool) -> list[Written]:
    """Return the blocks of a text; a text without any is one model."""
    blocks = [tree for tree in trees if isinstance(tree, Block) and tree.kind in BLOCKS]
    if not blocks:
        name = re.sub(r"[<>]", "", PurePath(source.name).stem) or "model"
        own = Written("model", name, _title(source.text), source, tuple(trees), parsed, complete, Span(source, 0, 1))
        return [own] if trees or not imports else []
    for tree in trees:
        if not (isinstance(tree, Block) and tree.kind in BLOCKS):
            kinds = " or ".join(dict.fromkeys(f"`{block.kind}`" for block in blocks))
            found.add(rules.SYNTAX, "this statement belongs to no model", place_of(tree), f"put it into one of the {kinds} blocks")
    for i, block in enumerate(blocks):
        first = next((other for other in blocks[:i] if other.head == block.head), None)
        if first is not None:
            kinds = f"two {block.kind}s `{block.head}`" if first.kind == block.kind else f"a {first.kind} and a {block.kind} `{block.head}`"
            found.add(rules.DUPLICATE, f"there are {kinds}", block.name_span, "rename one of them")
    changed, used = touched(tuple(piece for block in blocks if block.kind == "synapse" for piece in block.body))
    return [Written(block.kind, str(block.head), block.doc, source, block.body, parsed, complete, block.name_span, changed, used) for block in blocks]


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
