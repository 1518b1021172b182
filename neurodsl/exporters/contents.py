"""What the pages of a model have in common: its values in rows, each in the unit of its column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from neurodsl.lang.networks.drives import as_written
from neurodsl.lang.nodes import Derivative, Expression, Index, Name, Number, Product
from neurodsl.lang.tree import derivative_text
from neurodsl.lang.unparse import bare, bare_arguments, unparse
from neurodsl.model import Action, Contribution, Definition, Distribution, Equation, Event, Model, Quantity, State, Steady
from neurodsl.source import Span
from neurodsl.units import ONE, Unit, describe


@dataclass(frozen=True)
class Row:
    """A name with its value, its unit and its label; ``value`` is None where an initial value is left at its default, 0.

    A value that is drawn is a distribution, its arguments without their unit where that is the unit of the column. ``shape`` holds the sizes
    that an array is declared with.
    """

    target: Name | Derivative
    value: Expression | Distribution | Steady | None
    unit: Unit
    doc: str
    shape: tuple[Expression, ...] = ()

    @property
    def name_text(self) -> str:
        """Return what has the value as the language writes it, with its sizes: ``W[N, N]``."""
        if isinstance(self.target, Derivative):
            return unparse(replace(self.target, indices=self.shape))
        return unparse(Index(self.target.span, self.target.id, self.shape) if self.shape else self.target)

    @property
    def unit_text(self) -> str:
        """Return the unit as the language writes it, nothing for 1."""
        return unit_text(self.unit)

    @property
    def value_text(self) -> str | None:
        """Return the value as the language writes it, what is drawn with the ``~`` before it."""
        if self.value is None:
            return None
        if isinstance(self.value, Distribution):
            return f"~ {unparse(self.value)}"
        return self.value.value if isinstance(self.value, Steady) else unparse(self.value)


def unit_text(unit: Unit) -> str:
    """Return a unit as the language writes it, nothing for 1."""
    return "" if unit == ONE else describe(unit)


def target(name: str, order: int, span: Span) -> Name | Derivative:
    """Return a state, or its derivative of an order, as a node."""
    return Derivative(span, name, order) if order else Name(span, name)


def changed(action: Action) -> Expression | None:
    """Return what an action changes or holds as a node; None where it has no target."""
    if action.target is None:
        return None
    if action.order:
        return Derivative(action.span, action.target, action.order, indices=action.indices)
    return Index(action.span, action.target, action.indices) if action.indices else Name(action.span, action.target)


def defined(definition: Definition) -> Name | Index:
    """Return the left side of a definition."""
    if not definition.indices:
        return Name(definition.span, definition.name)
    return Index(definition.span, definition.name, tuple(Name(definition.span, index) for index in definition.indices))


def values(quantities: Iterable[tuple[Quantity, Expression | Distribution]]) -> list[Row]:
    """Return a row for each parameter or input."""
    return [Row(target(q.name, 0, q.span), in_column(value, q.unit), q.unit, q.doc or "", q.shape) for q, value in quantities]


def parameters(model: Model) -> list[Row]:
    """Return the parameters of a model with their values."""
    return values((parameter, parameter.value) for parameter in model.parameters.values() if is_own(parameter.name))


def inputs(model: Model) -> list[Row]:
    """Return the inputs of a model with their drives."""
    return values((drive, drive.value if isinstance(drive.value, Distribution) else as_written(drive.value)) for drive in model.inputs.values())


def is_own(name: str) -> bool:
    """Return whether a text can hold a name; those with spaces stand for what a population gives its model."""
    return " " not in name


def noises(model: Model) -> list[Row]:
    """Return the noises of a model, which have no value."""
    return [Row(target(noise.name, 0, noise.span), None, noise.unit, noise.doc or "", noise.shape) for noise in model.noises.values()]


def states(model: Model) -> list[Row]:
    """Return the states of a model with their initial values; a state of second order has a second row for ``dx/dt``.

    The quantities of neurons in a synapse, ``post.g_e``, are states of the neurons.
    """
    return [row for state in own_states(model) for row in initials(model, state)]


def own_states(model: Model) -> list[State]:
    """Return the states of a model; of a synapse without those of the neurons that it joins."""
    return [state for state in model.states.values() if "." not in state.name]


def added(contribution: Contribution) -> tuple[Name, Expression]:
    """Return what a synapse adds to all the time, and what it adds."""
    return Name(contribution.span, contribution.target), contribution.value


def pathway(event: Event) -> str | None:
    """Return what sets off an event of a synapse, ``a presynaptic spike``; None for an event of a neuron."""
    return {"pre": "a presynaptic spike", "post": "a postsynaptic spike"}.get(event.kind)


def initials(model: Model, state: State) -> list[Row]:
    """Return the initial values of a state and of its derivatives below the order of its equation."""
    rows = []
    for order, value in enumerate(state.initials):
        unit = state.unit / model.time_unit**order
        shown = value if value is None or isinstance(value, Steady) else in_column(value, unit)
        rows.append(Row(target(state.name, order, state.span), shown, unit, "" if order else state.doc or "", state.shape))
    return rows


def in_column(value: Expression | Distribution, unit: Unit) -> Expression | Distribution:
    """Return numbers without their unit where that is the unit of the column; any other value as it is."""
    if not isinstance(value, Distribution):
        return bare(value, unit)
    return replace(value, arguments=bare_arguments(value), unit=ONE) if value.unit == unit else value


def is_map(equation: Equation) -> bool:
    """Return whether an equation is that of a map."""
    return isinstance(equation.left, Name | Index)


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
    times = (("duration", found.duration), ("dt", found.dt), ("step", found.step))
    words = (("method", found.method), ("events", found.events), ("record", ", ".join(found.record)))
    shown = [(name, f"{value:.15g} {unit}".rstrip()) for name, value in times if value is not None]
    return shown + [(name, word) for name, word in words if word]
