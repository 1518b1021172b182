"""Synapses: read by themselves, then once more for each pair of models that a connection joins by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from neurodsl import rules
from neurodsl.diagnostics import Report, nearest
from neurodsl.lang.blocks import Joined, Written, read_block
from neurodsl.lang.nodes import Name, Sum
from neurodsl.lang.scope import KINDS, ROLES
from neurodsl.lang.shapes import find_shapes
from neurodsl.model import Action, Model, Quantity
from neurodsl.source import Source, Span
from neurodsl.units import Unit


@dataclass(frozen=True)
class Synapse:
    """A synapse that no connection has joined to neurons yet: the units of their quantities are open."""

    name: str
    model: Model
    written: Written = field(repr=False)

    @property
    def source(self) -> Source:
        """Return the text that it stands in."""
        return self.model.source


@dataclass(frozen=True)
class Ends:
    """The neurons that a synapse joins: their models by role, ``pre``, ``post``, ``third``, None for a source of spikes without a model.

    ``names`` says what their populations are called.
    """

    models: Mapping[str, Model | None]
    names: Mapping[str, str]
    span: Span


def bind(synapse: Synapse, ends: Ends, time: Unit, dimensionless: bool, report: Report) -> Model | None:
    """Return a synapse with the units of the neurons that it joins; None where it does not fit them, which is reported."""
    before = len(report.found)
    units: dict[str, Unit] = {}
    for name, state in synapse.model.states.items():
        if "." in name:
            made = _quantity(name, state.span, ends, report)
            if made is not None:
                units[name] = made.unit
    if len(report.found) == before:
        _check_targets(synapse.model, ends, report)
    if len(report.found) > before:
        return None
    found = Report()
    model = read_block(synapse.written, found, Joined(units, time, dimensionless))
    for finding in found.found:
        if finding.rule.severity == "error":
            also = ((ends.span, f"connected here, from `{ends.names['pre']}` to `{ends.names['post']}`"),)
            report.add(finding.rule, finding.message, finding.span, finding.help, (*finding.also, *also))
    return model


def _quantity(name: str, span: Span, ends: Ends, report: Report) -> Quantity | None:
    """Return the quantity of a neuron that a synapse names; None where there is none, which is reported."""
    role, _, own = name.partition(".")
    also = ((ends.span, "connected here"),)
    if role not in ends.names:
        help = "name its population in the connection: `third DA`"
        report.add(
            rules.UNKNOWN_NAME, f"`{name}` belongs to a third population, and this connection names none", ends.span, help, ((span, "used here"),)
        )
        return None
    model, population = ends.models[role], ends.names[role]
    if model is None:
        message = f"`{name}`: the population `{population}` is a source of spikes and has no quantities"
        report.add(rules.UNKNOWN_NAME, message, span, "connect a population of neurons, or leave it out", also)
        return None
    made = model.quantity(own)
    if made is None or own in model.noises:
        known = [*model.states, *model.inputs, *model.parameters, *model.definitions]
        near = nearest(own, known)
        listed = ", ".join(f"`{known}`" for known in known[:12])
        message = f"`{name}`: the model `{model.name}` of `{population}`, {ROLES[role]}, has no `{own}`"
        report.add(rules.UNKNOWN_NAME, message, span, f"did you mean `{role}.{near}`?" if near else f"it has {listed}", also)
        return None
    shapes = find_shapes(model, Report())
    if shapes is not None and shapes.names.get(own):
        report.add(rules.NOT_SUPPORTED, f"`{name}` is an array: a synapse that uses it is not supported yet", span, "use a number", also)
        return None
    return made


def _targets(model: Model) -> Iterator[tuple[str, Span, bool]]:
    """Yield the quantities of neurons that a synapse changes, with whether it does so all the time."""
    for event in model.events:
        for action in event.actions:
            if action.target is not None and "." in action.target:
                yield action.target, action.span, False
    for contribution in model.contributions:
        yield contribution.target, contribution.span, True


def _check_targets(model: Model, ends: Ends, report: Report) -> None:
    """Report what a synapse cannot change: parameters and derived quantities of neurons, outside of events what is no input, inputs that are set."""
    _check_inputs(model, ends, report)
    also = ((ends.span, "connected here"),)
    for name, span, always in _targets(model):
        role, _, own = name.partition(".")
        neuron = ends.models[role]
        assert neuron is not None
        if own in neuron.inputs or (own in neuron.states and not always):
            continue
        kind = next(kind for kind, table in _tables(neuron).items() if own in table)
        if always:
            message = f"`{name}` is a {KINDS[kind]} of `{neuron.name}`; what a synapse adds all the time goes into an input"
            help = f"write `input I_syn = 0` in `{neuron.name}`, use it in its equation, and add to `post.I_syn`"
        else:
            message = f"`{name}` is a {KINDS[kind]} of `{neuron.name}` and cannot be changed by a synapse"
            help = f"a synapse changes states and inputs; make `{own}` a state with `init {own} = ...`, or an input"
        report.add(rules.WRONG_KIND, message, span, help, also)


def _check_inputs(model: Model, ends: Ends, report: Report) -> None:
    """Report what a synapse does to an input and does not add up, and inputs that hold what events of the neuron itself give them."""
    neuron, also = ends.models["post"], ((ends.span, "connected here"),)
    assert neuron is not None
    for event in model.events:
        for action in event.actions:
            if action.target in {f"post.{name}" for name in neuron.inputs} and not _adds(action) and _mentions(action):
                message = f"`{action.span.text}` does more than add to the input `{action.target}`, which is what all synapses add up to in a step"
                help = f"write `{action.target} += ...`, which acts during the next step, or `{action.target} = ...`, which stays"
                report.add(rules.BAD_ACTION, message, action.span, help, also)
    held = {action.target for event in neuron.events for action in event.actions if action.kind == "set" and action.target in neuron.inputs}
    for name, span, _ in _targets(model):
        role, _, own = name.partition(".")
        if role == "post" and own in held:
            message = f"`{own}` is set by the events of `{neuron.name}` itself and keeps its value, so what a synapse adds would stay for good"
            help = f"write `input {own}_syn = 0` in `{neuron.name}`, use `{own} + {own}_syn` in its equation, and add to `post.{own}_syn`"
            report.add(rules.BAD_ACTION, message, span, help, also)


def _adds(action: Action) -> bool:
    """Return whether an action is `x += ...`, whose right side does not know x."""
    value = action.value
    if not isinstance(value, Sum):
        return False
    own = [sign for sign, term in value.terms if isinstance(term, Name) and term.id == action.target]
    return own == [1] and sum(isinstance(node, Name) and node.id == action.target for node in value.walk()) == 1


def _mentions(action: Action) -> bool:
    """Return whether the right side of an action knows what it changes."""
    return action.value is not None and any(isinstance(node, Name) and node.id == action.target for node in action.value.walk())


def _tables(model: Model) -> dict[str, Mapping[str, Quantity]]:
    return {"param": model.parameters, "input": model.inputs, "derived": model.definitions, "state": model.states}


def check_alone(model: Model, report: Report) -> None:
    """Report what is wrong with a synapse whatever it joins."""
    for name, span, _ in _targets(model):
        if name.startswith("third."):
            help = "a synapse changes itself and `post.x`"
            report.add(rules.WRONG_KIND, f"`{name}` cannot be changed: a synapse listens to a third population", span, help)
        elif name.startswith("pre."):
            help = "a synapse changes itself and `post.x`; what acts the other way is a second connection, with the populations exchanged"
            report.add(rules.WRONG_KIND, f"`{name}` cannot be changed: a synapse leads to the neuron behind it", span, help)
