"""The statements of one block: what they declare, checked, and the model that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import neurodsl.lang.statements
from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.building import build
from neurodsl.lang.changes import with_variant
from neurodsl.lang.check import check
from neurodsl.lang.maps import check_maps
from neurodsl.lang.nodes import Array, Load, Name, Node
from neurodsl.lang.parser import Parsed
from neurodsl.lang.quantities import find_units, note_zero_starts
from neurodsl.lang.scope import ROLES, Declarations, Declared
from neurodsl.lang.settings import read_settings, time_unit
from neurodsl.lang.shapes import find_shapes
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Assignment, Entries, derivative_text
from neurodsl.lang.unparse import unparse
from neurodsl.model import Model
from neurodsl.registry import collect
from neurodsl.source import Source, Span
from neurodsl.units import Unit


@cache
def statements() -> MappingProxyType[str, Statement]:
    """Return the statements of the language by name."""
    return MappingProxyType(collect(neurodsl.lang.statements, Statement))


@dataclass(frozen=True)
class Written:
    """A block of a text, or a text that is one model: its name, its label, its statements, and the text that it stands in.

    ``kind`` is ``model``, ``synapse`` or ``network``; ``complete`` is false where a statement of the text could not be read. ``changed`` and ``used``
    are the quantities of neurons that the synapses of the text change and use: ``g_e`` of ``post.g_e``.
    """

    kind: str
    name: str
    doc: str | None
    source: Source
    trees: tuple[Any, ...] = field(repr=False)
    parsed: Parsed = field(repr=False, compare=False)
    complete: bool
    place: Span = field(repr=False, compare=False)
    changed: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Joined:
    """What a connection says about the neurons that a synapse joins: the units of their quantities, and of the time."""

    units: Mapping[str, Unit]
    time: Unit
    dimensionless: bool


def declare(written: Written, report: Report) -> Declarations:
    """Return what the statements of a block declare, closed."""
    declarations = Declarations(report, set(written.parsed.unclear), kind=written.kind)
    for tree in written.trees:
        statement = statements()[kind_of(tree)]
        if written.kind in statement.homes:
            statement.declare(tree, declarations)
        else:
            _refuse(tree, statement, declarations)
    if written.kind == "synapse":
        _declare_neurons(written.trees, declarations)
    declarations.close()
    return declarations


def read_block(written: Written, report: Report, joined: Joined | None = None) -> Model | None:
    """Return the model, or the synapse, that a block makes; None where an error was reported, or a statement of its text cannot be read.

    Parameters
    ----------
    joined : Joined
        The neurons that a synapse joins, where a connection says so.
    """
    brackets = written.parsed.brackets
    declarations = declare(written, report)
    check_maps(declarations)
    unit = time_unit(declarations, brackets) if joined is None else joined.time
    dimensionless = not brackets and (joined is None or joined.dimensionless)
    declarations.joined = None if joined is None else joined.units
    settings = read_settings(declarations, unit)
    declarations.used |= written.used & declarations.names.keys()
    dependencies = check(declarations, written.complete, written.changed)
    algebra = find_units(declarations, dependencies, unit, dimensionless)
    if not written.complete:
        return None
    if not declarations.orders and report.ok and written.kind == "model":
        help = "write an equation, such as `dV/dt = -V/tau`, or a state that events change, `init n = 0`"
        report.add(rules.NO_MODEL, f"the model `{written.name}` has no state", Span(written.source, 0, 1), help)
    if not report.ok:
        return None
    note_zero_starts(declarations, algebra)
    model = build(written.name, written.doc, written.source, dimensionless, declarations, dependencies, algebra, settings)
    return model if model is not None and _shapes_agree(model, _places(declarations), report) else None


def touched(trees: tuple[Any, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the quantities of neurons that the statements of synapses change, and those that they use or change."""
    used = {node.id.partition(".")[2] for node in _nodes(trees) if isinstance(node, Name) and "." in node.id}
    pieces = [piece for tree in trees for piece in (getattr(tree, "body", None) or (tree,))]
    targets = (getattr(piece, "target", None) for piece in pieces)
    changed = {target.id.partition(".")[2] for target in targets if isinstance(target, Name) and "." in target.id}
    return frozenset(changed), frozenset(used)


def _refuse(tree: Any, statement: Statement, declarations: Declarations) -> None:
    """Report a statement that has no meaning in a block of this kind."""
    kind = declarations.kind
    held = {
        "model": "a model has no connections: `population` and `connect` stand in a block `network NAME:`",
        "synapse": "a synapse holds `param`, `init`, equations, derived quantities, functions, `on pre:`, `on post:` and `post.x += ...`",
        "network": "a network holds `population`, `connect`, `param`, derived constants, functions, `simulate:` and `variant`",
    }
    what = f"`{tree.span.text}`" if statement.name == "contribution" else f"`{statement.name}`"
    declarations.report.add(rules.SYNTAX, f"{what} cannot stand in a {kind}", place_of(tree), held[kind])
    declarations.unclear.update(node.id for node in _nodes(tree) if isinstance(node, Name))


def _declare_neurons(trees: tuple[Any, ...], declarations: Declarations) -> None:
    """Declare the quantities of neurons that a synapse mentions, ``post.g_e``, as states that it does not advance."""
    for node in _nodes(trees):
        if not isinstance(node, Name) or "." not in node.id or node.id in declarations.names:
            continue
        role = node.id.partition(".")[0]
        if role not in ROLES:
            near = declarations.near(role, ROLES)
            help = f"did you mean `{near}.{node.id.partition('.')[2]}`?" if near else "a synapse knows `pre.x`, `post.x` and `third.x`"
            declarations.report.add(rules.UNKNOWN_NAME, f"unknown name `{node.id}`", node.span, help)
            declarations.unclear.add(node.id)
            continue
        declarations.names[node.id] = Declared(node.id, "state", node.span)
        declarations.orders[node.id] = 0


def _nodes(tree: Any) -> list[Any]:
    """Return the nodes of expressions in a tree, in the order of the text."""
    if isinstance(tree, Node):
        return list(tree.walk())
    if isinstance(tree, tuple):
        return [node for part in tree for node in _nodes(part)]
    names = getattr(type(tree), "__slots__", ())
    return [node for name in names for node in _nodes(getattr(tree, name))]


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


def kind_of(tree: Any) -> str:
    """Return the name of the statement that a tree belongs to."""
    return "assignment" if isinstance(tree, Assignment) else str(tree.kind)


def place_of(tree: Any) -> Span:
    """Return the place of a statement."""
    if isinstance(tree, Entries):
        return tree.entries[0].span
    span: Span = tree.span
    return span
