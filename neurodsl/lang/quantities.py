"""The units of a model: found, then checked everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from neurodsl import rules
from neurodsl.lang.agreement import Complaints, phrase, usual
from neurodsl.lang.check import declared_sizes, short_target, variant_entries
from neurodsl.lang.dependencies import Dependencies
from neurodsl.lang.dimensions import UNKNOWN, Algebra, Measure
from neurodsl.lang.draws import value_unit
from neurodsl.lang.inference import Constraint, infer, is_steady
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Name
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import ActionTree, Block, Draw, Entry, derivative_text
from neurodsl.model import Function
from neurodsl.units import ONE, Unit

TRIGGERS = {
    **{"at": "the time of `at`", "every": "the period of `every`"},
    **{"rate": "the hazard of `on rate`", "chance": "the probability of `on chance`"},
    **{"pre": "the delay of `on pre after`", "post": "the delay of `on post after`"},
}
"""What the triggers of events with a unit of their own are called."""


def find_units(declarations: Declarations, dependencies: Dependencies, time: Unit, dimensionless: bool) -> Algebra:
    """Return the units of all quantities of a model; what does not fit is reported."""
    functions = {name: f for name, f in declarations.functions.items() if name not in declarations.unclear}
    algebra = Algebra({}, time, functions, declarations.indices)
    if dimensionless:
        algebra.names = dict.fromkeys((*declarations.names, *declarations.orders), ONE)
        return algebra
    algebra.names.update(dict.fromkeys(declarations.noises, time ** Fraction(-1, 2)))
    algebra.names.update(declarations.joined or {})
    infer(algebra, declarations, _constraints(declarations, time), dependencies.order)
    _check_units(declarations, dependencies, algebra)
    return algebra


def _constraints(declarations: Declarations, time: Unit) -> Iterator[Constraint]:
    """Yield what the statements say about units."""
    for equation in declarations.equations:
        yield Constraint((equation.left, equation.right))
    for entry in declarations.inputs.values():
        if not isinstance(entry.value, Draw):
            yield Constraint((entry.value,))
    for (name, _), entry in declarations.initials.items():
        if not isinstance(entry.value, Draw) and not is_steady(entry.value) and name not in declarations.unclear:
            yield Constraint((entry.target, entry.value))
    for event in declarations.events:
        if event.head is not None and not isinstance(event.head, str):
            yield Constraint((event.head,), _trigger_unit(event, time) or UNKNOWN)
        for action in event.body:
            yield from _action_constraints(action, time)
    for contribution in declarations.contributions:
        yield Constraint((contribution.target, contribution.value))


def _trigger_unit(event: Block, time: Unit) -> Unit | None:
    """Return the unit that the trigger of an event has to have; None for a condition."""
    return {"rate": ONE / time, "chance": ONE, "condition": None}.get(event.sort, time)


def _action_constraints(action: ActionTree, time: Unit) -> Iterator[Constraint]:
    if action.value is None:
        return
    if action.kind != "set" or action.target is None:
        yield Constraint((action.value,), time)
    elif action.operator in ("*=", "/="):
        yield Constraint((action.value,), ONE)
    else:
        yield Constraint((action.target, action.value))


def _check_units(declarations: Declarations, dependencies: Dependencies, algebra: Algebra) -> None:
    entries = {**declarations.parameters, **declarations.inputs}
    complaints = Complaints(declarations.report, entries, algebra)
    for name in dependencies.order:
        if name in entries:
            value_unit(algebra, entries[name].value, complaints)
        elif name in declarations.definitions:
            algebra.unit_of(declarations.definitions[name].right, complaints)
    for name, size in declared_sizes(declarations):
        complaints.expect(size, algebra.unit_of(size, complaints), ONE, f"a size of `{name}`")
    for equation in declarations.equations:
        left, right = algebra.unit_of(equation.left, complaints), algebra.unit_of(equation.right, complaints)
        if isinstance(left, Unit) and isinstance(right, Unit) and not left.same_dimension(right):
            complaints.mismatch(equation.right, equation.left, equation.right, (left, right))
    for entry in declarations.initials.values():
        check_value(declarations, algebra, complaints, entry)
    for event in declarations.events:
        _check_event(event, algebra, complaints)
    for contribution in declarations.contributions:
        wanted = algebra.unit_of(contribution.target)
        if isinstance(wanted, Unit):
            complaints.expect(contribution.value, algebra.unit_of(contribution.value, complaints), wanted, f"`{contribution.target.id}`")
    for variant in declarations.variants.values() if declarations.kind == "model" else ():
        for entry in variant_entries(variant):
            check_value(declarations, algebra, complaints, entry)
    called = {name for name, _, _ in algebra.calls}
    for name, function in algebra.functions.items():
        if name not in called:
            _check_uncalled(function, algebra, complaints)


def check_value(declarations: Declarations, algebra: Algebra, complaints: Complaints, entry: Entry) -> None:
    """Report an initial value, or one of a variant, that has another unit than what it is for."""
    if is_steady(entry.value):
        return
    target = entry.target
    wanted = algebra.unit_of(target)
    actual = value_unit(algebra, entry.value, complaints)
    if not (isinstance(wanted, Unit) and isinstance(actual, Unit)) or wanted.same_dimension(actual):
        return
    if isinstance(entry.value, Draw):
        message = f"`{short_target(entry)}` is {phrase(wanted)} but a draw of `{short(entry.value.call)}` is {phrase(actual)}"
        help = f"write `{short(entry.value.call)} [{usual(wanted)}]`" if actual.is_dimensionless and entry.value.unit is None else None
        complaints.say(rules.DIMENSIONS, message, entry.value.span, help)
        return
    complaints.expect(entry.value, actual, wanted, f"`{short_target(entry)}`")


def _check_event(event: Block, algebra: Algebra, complaints: Complaints) -> None:
    if event.head is not None and not isinstance(event.head, str):
        unit, wanted = algebra.unit_of(event.head, complaints), _trigger_unit(event, algebra.time)
        if wanted is not None:
            complaints.expect(event.head, unit, wanted, _counted(TRIGGERS[event.sort], algebra, event.sort))
    for action in event.body:
        _check_action(action, algebra, complaints)


def _counted(what: str, algebra: Algebra, sort: str = "") -> str:
    """Return what a time is called; in a map whose steps have no duration it counts them."""
    return f"{what}, counted in steps," if algebra.time == ONE and sort != "chance" else what


def _check_action(action: ActionTree, algebra: Algebra, complaints: Complaints) -> None:
    if action.value is None:
        return
    actual = algebra.unit_of(action.value, complaints)
    if action.kind != "set" or action.target is None:
        complaints.expect(action.value, actual, algebra.time, _counted(f"the time of `{action.kind}`", algebra))
    elif action.operator in ("*=", "/="):
        complaints.expect(action.value, actual, ONE, f"what follows `{action.operator}`")
    else:
        target = action.target
        wanted = algebra.unit_of(target)
        name = target.id if isinstance(target, Name) else derivative_text(target.name, target.order)
        if isinstance(wanted, Unit):
            complaints.expect(action.value, actual, wanted, f"`{name}`")


def _check_uncalled(function: Function, algebra: Algebra, complaints: Complaints) -> None:
    local: dict[str, Measure] = dict.fromkeys(function.arguments, UNKNOWN)
    algebra.unit_of(function.body, complaints, local)


def note_zero_starts(declarations: Declarations, algebra: Algebra) -> None:
    """Point out states with a unit that start at 0 because no ``init`` says otherwise."""
    for name, order in declarations.orders.items():
        unit = algebra.names.get(name)
        if order and (name, 0) not in declarations.initials and isinstance(unit, Unit) and not unit.is_dimensionless:
            message = f"`{name}`, {phrase(unit)}, has no initial value and starts at 0"
            declarations.report.add(rules.STARTS_AT_ZERO, message, declarations.names[name].span, f"write `init {name} = ...`")
