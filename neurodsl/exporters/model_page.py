"""A model as a page: its equations and events, and tables of everything in them."""

from __future__ import annotations

from collections.abc import Sequence

from neurodsl.exporters.contents import Row, actions, added, changed, defined, inputs, noises, parameters, pathway, states, variant_target
from neurodsl.exporters.page import (
    Block,
    Cell,
    Code,
    Equations,
    Formula,
    Function,
    Heading,
    Line,
    Part,
    Sign,
    Space,
    Table,
    Word,
    formula,
    left_of,
    on_lines,
    with_commas,
)
from neurodsl.lang.inference import is_steady
from neurodsl.model import Action, Distribution, Event, Model, Steady
from neurodsl.units import ONE

TRIGGERS = {"condition": "if ", "rate": "at rate ", "chance": "with probability ", "at": "at ", "every": "every "}
STEADY = Word("steady")
VALUES: tuple[Cell, ...] = (("Value",), ("Unit",), ("Meaning",))


def model_page(model: Model, level: int = 2) -> list[Block]:
    """Return the blocks of a model, below headings of a level."""
    return [*equations_of(model, level), *tables_of(model, level)]


def equations_of(model: Model, level: int = 2) -> list[Block]:
    """Return the equations of a model, what is derived, its functions and its events."""
    dynamics = [Line(left_of(e), on_lines(e.right)) for e in model.equations]
    derived = [Line(formula(defined(d)), on_lines(d.value), _note(d.doc)) for d in model.definitions.values()]
    functions = [Line(formula(Function(f.name, f.arguments)), on_lines(f.body)) for f in model.functions.values()]
    events = [_event(event) for event in model.events]
    flowing = [Line(formula(target), on_lines(value), sign="+=") for target, value in map(added, model.contributions)]
    found: list[Block] = []
    titled = (
        ("Equations", dynamics),
        ("Contributions at all times", flowing),
        ("Derived quantities", derived),
        ("Functions", functions),
        ("Events", events),
    )
    for title, lines in titled:
        if lines:
            found += [Heading(title, level), Equations(tuple(lines))]
    return found


def tables_of(model: Model, level: int = 2) -> list[Block]:
    """Return the parameters, inputs, noises, states and variants of a model as tables."""
    noisy = tuple((name, unit, doc) for name, _, unit, doc in _rows(noises(model)))
    variants = tuple(
        ((Code(v.name),), with_commas([_given(model, name, value, v.span) for name, value in v.values]), _note(v.doc))
        for v in model.variants.values()
    )
    tables = (
        Table(("Parameters.",), (("Parameter",), *VALUES), _rows(parameters(model))),
        Table(("Inputs.",), (("Input",), *VALUES), _rows(inputs(model))),
        Table(("Gaussian white noises.",), (("Noise",), ("Unit",), ("Meaning",)), noisy),
        Table(("State variables and their initial values.",), (("State",), ("Initial value",), ("Unit",), ("Meaning",)), _rows(states(model))),
        Table(("Named sets of values.",), (("Variant",), ("Values",), ("Meaning",)), variants),
    )
    found = [table for table in tables if table.rows]
    return [Heading("Parameters and variables", level), *found] if found else []


def _note(doc: str | None) -> Cell:
    return (doc,) if doc else ()


def _rows(rows: Sequence[Row]) -> tuple[tuple[Cell, Cell, Cell, Cell], ...]:
    """Return the cells of rows: name, value, unit and meaning."""
    return tuple((_named(row), _value(row), () if row.unit == ONE else (formula(row.unit),), _note(row.doc)) for row in rows)


def _named(row: Row) -> Cell:
    return (Formula((row.target, Space(row.shape)) if row.shape else (row.target,)),)


def _value(row: Row) -> Cell:
    if row.value is None:
        return ("0",)
    if isinstance(row.value, Distribution):
        return (formula(Sign("∼"), row.value),)
    return (formula(STEADY if isinstance(row.value, Steady) else row.value),)


def _given(model: Model, name: str, value: object, span: object) -> Cell:
    node = variant_target(model, name, span)  # type: ignore[arg-type]
    return (formula(node, Sign("="), STEADY if is_steady(value) else value),)  # type: ignore[arg-type]


def _event(event: Event) -> Line:
    """Return an event with its actions below each other, in the order in which they act."""
    parts: tuple[Part, ...] = (Word("at the start"),) if event.trigger is None else (Word(TRIGGERS.get(event.kind, "")), event.trigger)
    spike = pathway(event)
    if spike is not None:
        parts = (Word(f"on {spike}"),) if event.trigger is None else (event.trigger, Word(f" after {spike}"))
    return Line(Formula(parts), tuple(_action(action) for action in actions(event)), sign="")


def _action(action: Action) -> Formula:
    if action.kind in ("emit", "stop"):
        return formula(Word("emit spike" if action.kind == "emit" else "stop"))
    node, value = changed(action), action.value
    assert value is not None
    if action.kind == "wait" or node is None:
        return formula(Word("wait "), value)
    return formula(node, Sign("←"), value) if action.kind == "set" else formula(Word("hold "), node, Word(" for "), value)
