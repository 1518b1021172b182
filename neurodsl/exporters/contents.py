"""What the pages of a model have in common: its values in rows, each in the unit of its column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurodsl.lang.nodes import Derivative, Expression, Name, Number, Product, Sum
from neurodsl.lang.tree import derivative_text
from neurodsl.lang.unparse import unparse
from neurodsl.model import Action, Event, Model, Quantity, State, Steady
from neurodsl.source import Span
from neurodsl.units import ONE, Unit, describe


@dataclass(frozen=True)
class Row:
    """A name with its value, its unit and its label; ``value`` is None where an initial value is left at its default, 0."""

    target: Name | Derivative
    value: Expression | Steady | None
    unit: Unit
    doc: str

    @property
    def unit_text(self) -> str:
        """Return the unit as the language writes it, nothing for 1."""
        return unit_text(self.unit)

    @property
    def value_text(self) -> str | None:
        """Return the value as the language writes it."""
        if self.value is None:
            return None
        return self.value.value if isinstance(self.value, Steady) else unparse(self.value)


def unit_text(unit: Unit) -> str:
    """Return a unit as the language writes it, nothing for 1."""
    return "" if unit == ONE else describe(unit)


def target(name: str, order: int, span: Span) -> Name | Derivative:
    """Return a state, or its derivative of an order, as a node."""
    return Derivative(span, name, order) if order else Name(span, name)


def values(quantities: Iterable[tuple[Quantity, Expression]]) -> list[Row]:
    """Return a row for each parameter or input."""
    return [Row(target(q.name, 0, q.span), bare(value, q.unit), q.unit, q.doc or "") for q, value in quantities]


def parameters(model: Model) -> list[Row]:
    """Return the parameters of a model with their values."""
    return values((parameter, parameter.value) for parameter in model.parameters.values())


def inputs(model: Model) -> list[Row]:
    """Return the inputs of a model with their drives."""
    return values((drive, drive.value) for drive in model.inputs.values())


def states(model: Model) -> list[Row]:
    """Return the states of a model with their initial values; a state of second order has a second row for ``dx/dt``."""
    return [row for state in model.states.values() for row in initials(model, state)]


def initials(model: Model, state: State) -> list[Row]:
    """Return the initial values of a state and of its derivatives below the order of its equation."""
    rows = []
    for order, value in enumerate(state.initials):
        unit = state.unit / model.time_unit**order
        shown = value if value is None or isinstance(value, Steady) else bare(value, unit)
        rows.append(Row(target(state.name, order, state.span), shown, unit, "" if order else state.doc or ""))
    return rows


def bare(value: Expression, unit: Unit) -> Expression:
    """Return a number without its unit where that is the unit of the column; any other expression as it is."""
    match value:
        case Number(unit=own) if own == unit:
            return Number(value.span, value.value)
        case Sum(terms=((-1, Number(unit=own) as number),)) if own == unit:
            return Sum(value.span, ((-1, Number(number.span, number.value)),))
    return value


def is_scaled(node: Product) -> bool:
    """Return whether a product is something with its unit, such as ``exp(x) [mV]``."""
    last = node.factors[-1]
    return len(node.factors) == 2 and last[0] == "*" and isinstance(last[1], Number) and last[1].value == 1 and last[1].unit is not None


def variant_target(model: Model, name: str, span: Span) -> Name | Derivative:
    """Return what a variant gives a value to, as a node."""
    for state in model.states.values():
        for order in range(1, state.order):
            if name == derivative_text(state.name, order):
                return target(state.name, order, span)
    return target(name, 0, span)


def actions(event: Event) -> tuple[Action, ...]:
    """Return the actions of an event; where its firing is a spike, ``emit spike`` is one of them."""
    if event.spikes and all(action.kind != "emit" for action in event.actions):
        return *event.actions, Action("emit", None, 0, None, event.span)
    return event.actions


def settings(model: Model) -> list[tuple[str, str]]:
    """Return what ``simulate:`` says, each setting with its text."""
    found = model.settings
    unit = unit_text(model.time_unit)
    times = (("duration", found.duration), ("dt", found.dt))
    words = (("method", found.method), ("events", found.events), ("record", ", ".join(found.record)))
    shown = [(name, f"{value:.15g} {unit}".rstrip()) for name, value in times if value is not None]
    return shown + [(name, word) for name, word in words if word]
