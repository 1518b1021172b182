"""From checked declarations to a Model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.check import conditions_of, emits, variant_entries
from neurodsl.lang.dependencies import Dependencies
from neurodsl.lang.dimensions import Algebra
from neurodsl.lang.draws import distribution
from neurodsl.lang.inference import is_steady
from neurodsl.lang.limits import DEEPEST
from neurodsl.lang.names import free_indices
from neurodsl.lang.nodes import Derivative, Expression, Index, Name, Number, Product, Sum
from neurodsl.lang.rewrite import replace_names
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import ActionTree, Assignment, Block, Draw, Entry, derivative_text
from neurodsl.lang.tree import Contribution as ContributionTree
from neurodsl.model import (
    STEADY,
    Action,
    Contribution,
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
from neurodsl.units import ONE, Unit

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
        return _unit(name, declarations, algebra)

    constants = {n: None if index_variables(d.left) else d.right for n, d in declarations.definitions.items() if not dependencies.reach[n]}

    def sizes(indices: tuple[Expression, ...]) -> tuple[Expression, ...]:
        return tuple(expand(declarations.report, index, constants) for index in indices)

    parameters = {}
    for n in dependencies.order:
        if n in declarations.parameters:
            entry = declarations.parameters[n]
            value = _expanded(declarations, algebra, entry.value, constants)
            parameters[n] = Parameter(n, unit(n), entry.doc, entry.target.span, value, shape=sizes(entry.indices))
    inputs = {
        n: Input(n, unit(n), e.doc, e.target.span, _drive(declarations, algebra, e.value, constants), shape=sizes(e.indices))
        for n, e in declarations.inputs.items()
    }
    noises = {n: Noise(n, unit(n), labelled.doc, labelled.name.span, shape=sizes(labelled.indices)) for n, labelled in declarations.noises.items()}
    definitions = {n: _definition(n, d, unit(n), not dependencies.reach[n], declarations) for n, d in declarations.definitions.items()}
    states = {n: _state(n, unit(n), declarations, algebra) for n in _in_text_order(declarations)}
    states = {n: replace(state, shape=sizes(state.shape)) for n, state in states.items()}
    equations, events = _equations(declarations), _events(declarations)
    named = declarations.variants if declarations.kind == "model" else {}
    variants = {n: variant_of(n, block) for n, block in named.items()}
    functions = dict(declarations.functions)
    head = (name, doc, source, dimensionless, algebra.time)
    tail = (settings, noises, bool(declarations.maps))
    contributions = tuple(_contribution(tree) for tree in declarations.contributions)
    model = Model(
        *head, parameters, inputs, definitions, functions, states, equations, events, variants, *tail,
        kind=declarations.kind, contributions=contributions,
    )  # fmt: skip
    return model if declarations.report.ok else None


def _unit(name: str, declarations: Declarations, algebra: Algebra) -> Unit:
    """Return the unit of a name; in a synapse that no connection joins to neurons it may be open, and is taken as 1."""
    found = algebra.names.get(name)
    if isinstance(found, Unit):
        return found
    if declarations.kind == "synapse" and declarations.joined is None:
        return ONE
    message, help = f"the unit of `{name}` cannot be found", "write out the exponents in its definition"
    declarations.report.add(rules.DIMENSIONS, message, declarations.names[name].span, help)
    return algebra.time


def _expanded(
    declarations: Declarations, algebra: Algebra, value: Expression | Draw, constants: Mapping[str, Expression | None]
) -> Expression | Distribution:
    """Return the value of a parameter, or what it is drawn from, as an expression of parameters alone."""
    if not isinstance(value, Draw):
        return expand(declarations.report, value, constants)
    drawn = distribution(algebra, value)
    return replace(drawn, arguments=tuple(expand(declarations.report, argument, constants) for argument in drawn.arguments))


def _drive(
    declarations: Declarations, algebra: Algebra, value: Expression | Draw, constants: Mapping[str, Expression | None]
) -> Expression | Distribution:
    """Return the value of an input as written, or what it is drawn from as an expression of parameters alone."""
    return _expanded(declarations, algebra, value, constants) if isinstance(value, Draw) else value


def index_variables(left: Expression) -> tuple[str, ...]:
    """Return the index variables on the left side of an equation or a definition, in the order of the text."""
    if isinstance(left, Index):
        brackets = left.indices
    else:
        brackets = tuple(index for node in left.walk() if isinstance(node, Derivative) for index in node.indices)
    return tuple(dict.fromkeys(index.id for index in brackets if isinstance(index, Name)))


def _equations(declarations: Declarations) -> tuple[Equation, ...]:
    trees = zip(declarations.equations, declarations.defines, strict=True)
    return tuple(Equation(e.left, _right(declarations, e), defines, e.span, indices=index_variables(e.left)) for e, defines in trees)


def _right(declarations: Declarations, tree: Assignment) -> Expression:
    """Return the right side of an equation; with an index variable on the left, ``xi`` is the noise of the element, ``xi[i]``."""
    indices = index_variables(tree.left)
    noises = {name for name, labelled in declarations.noises.items() if not labelled.indices}
    if not indices or not any(isinstance(node, Name) and node.id in noises for node in tree.right.walk()):
        return tree.right

    def element(node: Name | Index | Derivative) -> Expression:
        if isinstance(node, Name) and node.id in noises:
            return Index(node.span, node.id, tuple(Name(node.span, index) for index in indices))
        return node

    return replace_names(tree.right, element)


def _definition(name: str, tree: Assignment, unit: Unit, constant: bool, declarations: Declarations) -> Definition:
    indices = index_variables(tree.left)
    return Definition(name, unit, tree.doc, tree.left.span, _right(declarations, tree), constant, indices=indices)


def _in_text_order(declarations: Declarations) -> list[str]:
    """Return the states; the quantities of neurons follow those of a synapse itself."""
    return sorted(declarations.orders, key=lambda name: ("." in name, declarations.names[name].span.start))


def _state(name: str, unit: Unit, declarations: Declarations, algebra: Algebra) -> State:
    order = declarations.orders[name]
    entries = [declarations.initials.get((name, k)) for k in range(max(order, 1))]
    equation = next((e for e, d in zip(declarations.equations, declarations.defines, strict=True) if d and d[0][0] == name), None)
    docs = [entries[0].doc if entries[0] is not None else None, equation.doc if equation is not None else None]
    doc = next((text for text in docs if text is not None), None)
    initials = tuple(None if e is None else _initial(e, algebra) for e in entries)
    shape = next((e.indices for e in entries if e is not None and e.indices), ())
    return State(name, unit, doc, declarations.names[name].span, order, initials, shape=shape)


def _initial(entry: Entry, algebra: Algebra) -> Expression | Distribution | Steady:
    """Return the value of an ``init``, or what it is drawn from."""
    if isinstance(entry.value, Draw):
        return distribution(algebra, entry.value)
    return STEADY if is_steady(entry.value) else entry.value


def _contribution(tree: ContributionTree) -> Contribution:
    value = tree.value if tree.operator == "+=" else Sum(tree.value.span, ((-1, tree.value),))
    return Contribution(tree.target.id, value, tree.span)


def _events(declarations: Declarations) -> tuple[Event, ...]:
    conditions = conditions_of(declarations)
    alone = conditions[0] if len(conditions) == 1 else None
    return tuple(_event(declarations, block, emits(block) or block is alone) for block in declarations.events)


def _event(declarations: Declarations, block: Block, spikes: bool) -> Event:
    trigger = None if isinstance(block.head, str) else block.head
    indices = () if trigger is None or block.kind != "on" else free_indices(declarations, trigger)
    return Event(block.sort, trigger, tuple(_action(action) for action in block.body), spikes, block.span, indices=indices)


def _action(tree: ActionTree) -> Action:
    target = tree.target
    if target is None or tree.kind == "emit":
        return Action(tree.kind, None, 0, tree.value, tree.span)
    value = tree.value if tree.kind != "set" or tree.value is None else _new_value(tree, target, tree.value)
    if isinstance(target, Derivative):
        return Action(tree.kind, target.name, target.order, value, tree.span, indices=tree.indices)
    return Action(tree.kind, target.id, 0, value, tree.span, indices=tree.indices)


def _new_value(tree: ActionTree, target: Name | Derivative, value: Expression) -> Expression:
    """Return what a target becomes: ``x + 1`` for ``x += 1``."""
    operator, span = str(tree.operator), target.span.to(value.span)
    element: Expression = target
    if tree.indices:
        element = replace(target, indices=tree.indices) if isinstance(target, Derivative) else Index(target.span, target.id, tree.indices)
    if operator in ("+=", "-="):
        return Sum(span, ((1, element), (1 if operator == "+=" else -1, value)))
    return value if operator == "=" else Product(span, (("*", element), (operator[0], value)))


def variant_of(name: str, block: Block) -> Variant:
    """Return a variant with the names that it gives values to as texts."""
    values = tuple((target_text(entry), entry.value) for entry in variant_entries(block) if not isinstance(entry.value, Draw))
    return Variant(name, block.doc, values, block.span)


def target_text(entry: Entry) -> str:
    """Return the name that an entry gives a value to, as ``V`` or ``dx/dt``."""
    target = entry.target
    return target.id if isinstance(target, Name) else derivative_text(target.name, target.order)


def expand(report: Report, value: Expression, constants: Mapping[str, Expression | None]) -> Expression:
    """Return the value of a parameter with the derived constants in it put in, so that it depends on parameters alone.

    ``constants`` holds the definitions; None for one that is given for index variables, which cannot be put in.
    """
    sizes = {name: sum(1 for _ in constant.walk()) for name, constant in constants.items() if constant is not None}
    while any(isinstance(node, Name) and node.id in sizes for node in value.walk()):
        size = sum(sizes.get(node.id, 1) if isinstance(node, Name) else 1 for node in value.walk())
        if size > LARGEST_VALUE or value.depth > DEEPEST:
            message = "with the constants put in, the value of this parameter is too long"
            report.add(rules.TOO_LARGE, message, value.span, "define it without `param`")
            return Number(value.span, Fraction(0))
        value = replace_names(value, lambda node: (isinstance(node, Name) and constants.get(node.id)) or node)
    for node in value.walk():
        if isinstance(node, Name | Index) and node.id in constants:
            message = f"a parameter that uses elements of the derived quantity `{node.id}` is not supported yet"
            report.add(rules.NOT_SUPPORTED, message, node.span, f"make `{node.id}` a parameter, or define this one without `param`")
            return Number(value.span, Fraction(0))
    return value
