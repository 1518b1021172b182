"""From checked declarations to a Model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.check import emits, variant_entries
from neurodsl.lang.dependencies import Dependencies
from neurodsl.lang.dimensions import Algebra
from neurodsl.lang.draws import distribution
from neurodsl.lang.inference import is_steady
from neurodsl.lang.limits import DEEPEST
from neurodsl.lang.nodes import Derivative, Expression, Name, Number, Product, Sum
from neurodsl.lang.rewrite import replace_names
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import ActionTree, Block, Draw, Entry, derivative_text
from neurodsl.model import (
    STEADY,
    Action,
    Definition,
    Distribution,
    Equation,
    Event,
    Input,
    Model,
    Noise,
    Parameter,
    Settings,
    State,
    Steady,
    Variant,
)
from neurodsl.source import Source
from neurodsl.units import Unit

LARGEST_VALUE = 2000
"""So many nodes has the value of a parameter at most, once the constants in it are put in."""


def build(
    name: str,
    doc: str | None,
    source: Source,
    dimensionless: bool,
    declarations: Declarations,
    dependencies: Dependencies,
    algebra: Algebra,
    settings: Settings,
) -> Model | None:
    """Return the model of declarations in which nothing is wrong."""

    def unit(name: str) -> Unit:
        found = algebra.names[name]
        if not isinstance(found, Unit):
            message, help = f"the unit of `{name}` cannot be found", "write out the exponents in its definition"
            declarations.report.add(rules.DIMENSIONS, message, declarations.names[name].span, help)
            return algebra.time
        return found

    constants = {n: d.right for n, d in declarations.definitions.items() if not dependencies.reach[n]}
    parameters = {}
    for n in dependencies.order:
        if n in declarations.parameters:
            entry = declarations.parameters[n]
            value = _expanded(declarations, algebra, entry.value, constants)
            parameters[n] = Parameter(n, unit(n), entry.doc, entry.target.span, value)
    inputs = {n: Input(n, unit(n), e.doc, e.target.span, e.value) for n, e in declarations.inputs.items() if not isinstance(e.value, Draw)}
    noises = {n: Noise(n, unit(n), labelled.doc, labelled.name.span) for n, labelled in declarations.noises.items()}
    definitions = {n: Definition(n, unit(n), d.doc, d.left.span, d.right, not dependencies.reach[n]) for n, d in declarations.definitions.items()}
    states = {n: _state(n, unit(n), declarations, algebra) for n in _in_text_order(declarations)}
    equations = tuple(Equation(e.left, e.right, defines, e.span) for e, defines in zip(declarations.equations, declarations.defines, strict=True))
    events = _events(declarations)
    variants = {n: _variant(n, block) for n, block in declarations.variants.items()}
    functions = dict(declarations.functions)
    head = (name, doc, source, dimensionless, algebra.time)
    tail = (settings, noises, bool(declarations.maps))
    model = Model(*head, parameters, inputs, definitions, functions, states, equations, events, variants, *tail)
    return model if declarations.report.ok else None


def _expanded(
    declarations: Declarations, algebra: Algebra, value: Expression | Draw, constants: Mapping[str, Expression]
) -> Expression | Distribution:
    """Return the value of a parameter, or what it is drawn from, as an expression of parameters alone."""
    if not isinstance(value, Draw):
        return expand(declarations.report, value, constants)
    drawn = distribution(algebra, value)
    return replace(drawn, arguments=tuple(expand(declarations.report, argument, constants) for argument in drawn.arguments))


def _in_text_order(declarations: Declarations) -> list[str]:
    return sorted(declarations.orders, key=lambda name: declarations.names[name].span.start)


def _state(name: str, unit: Unit, declarations: Declarations, algebra: Algebra) -> State:
    order = declarations.orders[name]
    entries = [declarations.initials.get((name, k)) for k in range(max(order, 1))]
    equation = next((e for e, d in zip(declarations.equations, declarations.defines, strict=True) if d and d[0][0] == name), None)
    docs = [entries[0].doc if entries[0] is not None else None, equation.doc if equation is not None else None]
    doc = next((text for text in docs if text is not None), None)
    return State(name, unit, doc, declarations.names[name].span, order, tuple(None if e is None else _initial(e, algebra) for e in entries))


def _initial(entry: Entry, algebra: Algebra) -> Expression | Distribution | Steady:
    """Return the value of an ``init``, or what it is drawn from."""
    if isinstance(entry.value, Draw):
        return distribution(algebra, entry.value)
    return STEADY if is_steady(entry.value) else entry.value


def _events(declarations: Declarations) -> tuple[Event, ...]:
    conditions = [event for event in declarations.events if event.kind == "on" and event.head is not None]
    return tuple(_event(block, emits(block) or (len(conditions) == 1 and block is conditions[0])) for block in declarations.events)


def _event(block: Block, spikes: bool) -> Event:
    trigger = None if isinstance(block.head, str) else block.head
    return Event(block.sort, trigger, tuple(_action(action) for action in block.body), spikes, block.span)


def _action(tree: ActionTree) -> Action:
    target = tree.target
    if target is None or tree.kind == "emit":
        return Action(tree.kind, None, 0, tree.value, tree.span)
    value = tree.value if tree.kind != "set" or tree.value is None else _new_value(target, str(tree.operator), tree.value)
    if isinstance(target, Derivative):
        return Action(tree.kind, target.name, target.order, value, tree.span)
    return Action(tree.kind, target.id, 0, value, tree.span)


def _new_value(target: Name | Derivative, operator: str, value: Expression) -> Expression:
    """Return what a target becomes: ``x + 1`` for ``x += 1``."""
    span = target.span.to(value.span)
    if operator in ("+=", "-="):
        return Sum(span, ((1, target), (1 if operator == "+=" else -1, value)))
    return value if operator == "=" else Product(span, (("*", target), (operator[0], value)))


def _variant(name: str, block: Block) -> Variant:
    values = tuple((target_text(entry), entry.value) for entry in variant_entries(block) if not isinstance(entry.value, Draw))
    return Variant(name, block.doc, values, block.span)


def target_text(entry: Entry) -> str:
    """Return the name that an entry gives a value to, as ``V`` or ``dx/dt``."""
    target = entry.target
    return target.id if isinstance(target, Name) else derivative_text(target.name, target.order)


def expand(report: Report, value: Expression, constants: Mapping[str, Expression]) -> Expression:
    """Return the value of a parameter with the derived constants in it put in, so that it depends on parameters alone."""
    sizes = {name: sum(1 for _ in constant.walk()) for name, constant in constants.items()}
    while any(isinstance(node, Name) and node.id in constants for node in value.walk()):
        size = sum(sizes.get(node.id, 1) if isinstance(node, Name) else 1 for node in value.walk())
        if size > LARGEST_VALUE or value.depth > DEEPEST:
            message = "with the constants put in, the value of this parameter is too long"
            report.add(rules.TOO_LARGE, message, value.span, "define it without `param`")
            return Number(value.span, Fraction(0))
        value = replace_names(value, lambda node: constants.get(node.id, node) if isinstance(node, Name) else node)
    return value
