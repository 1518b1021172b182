"""Whether the shapes of a model agree: everywhere in its text, each message with both shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neurodsl import rules
from neurodsl.diagnostics import Report, Rule
from neurodsl.lang.geometry import Geometry, Shape, told, too_large, undetermined
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Array, Derivative, Dot, Expression, Index, Name, Reduction
from neurodsl.lang.tree import derivative_text
from neurodsl.lang.unparse import unparse
from neurodsl.model import Action, Definition, Distribution, Equation, Event, Model, Noise, Quantity, State, Steady
from neurodsl.source import Span

ELEMENT = re.compile(r"(.+?)\[([0-9, ]+)\]")
"""An element as ``record`` names it."""

USED = "a use says it: write `{}` in an equation beside an array of known size, declared as `init x[N] = 0`"
"""How the index variable of a definition gets its range, where the right side holds no array."""

NOWHERE: Mapping[str, Span] = MappingProxyType({})


def check_shapes(model: Model, geometry: Geometry, declared: Mapping[str, Shape], report: Report, places: Mapping[str, Span] = NOWHERE) -> None:
    """Report every place of a model at which shapes do not agree.

    ``declared`` holds the shapes that the text gives, ``places`` where ``record x[7]`` and ``init x`` stand, by these words.
    """
    checks = _Checks(model, geometry, declared, report, places)
    for parameter in model.parameters.values():
        checks.value(parameter, parameter.value, f"`{parameter.name}`")
    for drive in model.inputs.values():
        checks.value(drive, drive.value, f"`{drive.name}`")
    for definition in model.definitions.values():
        checks.definition(definition)
    for state in model.states.values():
        checks.state(state)
    for noise in model.noises.values():
        checks.noise(noise)
    for equation in model.equations:
        checks.equation(equation)
    for event in model.events:
        checks.event(event)
    for name in model.settings.record:
        checks.record(name)


@dataclass(slots=True)
class _Checks:
    model: Model
    geometry: Geometry
    declared: Mapping[str, Shape]
    report: Report
    places: Mapping[str, Span]

    def say(self, rule: Rule, message: str, span: Span, help: str | None) -> None:
        self.report.add(rule, message, span, help)

    def shape(self, node: Expression) -> Shape | None:
        """Return the shape of an expression; what does not fit in it is reported."""
        return self.geometry.shape_of(node, self.say)

    def number(self, node: Expression, what: str, help: str | None = None) -> None:
        """Report an expression that is an array where a number belongs."""
        shape = self.shape(node)
        if shape:
            self.say(rules.SHAPES, f"{what} is a number, but `{short(node)}` has shape {shape}", node.span, help)

    def value(self, owner: Quantity, value: Expression | Distribution, what: str) -> None:
        """Report a value that fits neither as the array that is declared nor as the number that fills it."""
        if isinstance(value, Distribution):
            for argument in value.arguments:
                self.number(argument, f"an argument of `{value.name}`", "each element is drawn by itself, with the same arguments")
            if value.inner is not None and not self.geometry.names.get(owner.name, ()):
                message = f"`sparse` draws the elements of an array, and `{owner.name}` is a number"
                self.say(rules.SHAPES, message, value.span, f"declare its size: `{owner.name}[N, N] ~ ...`")
            return
        shape = self.shape(value)
        wanted = self.geometry.names.get(owner.name)
        if shape and wanted is not None and shape != wanted:
            help = None if wanted or self.declared.get(owner.name) else f"declare its size: `{owner.name}[{', '.join(map(str, shape))}]`"
            self.say(rules.SHAPES, f"{what} is {told(wanted)}, and its value `{short(value)}` {told(shape)}", value.span, help)

    def definition(self, definition: Definition) -> None:
        known = self.geometry.names.get(definition.name)
        if definition.indices:
            element = f"{definition.name}[{', '.join(definition.indices)}]"
            self.ranges((definition.value,), definition.indices, definition.span, known is None, USED.format(element))
            self.number(definition.value, f"an element of `{definition.name}`")
        else:
            self.shape(definition.value)
        if known is not None and too_large(known):
            self.say(rules.BAD_SIZE, f"`{definition.name}` of shape {known} has more than 10 million elements", definition.span, None)

    def ranges(self, sides: tuple[Expression, ...], indices: tuple[str, ...], place: Span, missing: bool, help: str = "") -> None:
        """Report index variables of a left side that run over different lengths, or over none, with how to mend that."""
        found: dict[str, tuple[int, Expression]] = {}
        for side in sides:
            for name, size in self.geometry.ranges(side, indices, self.say).items():
                first, node = found.setdefault(name, (size, side))
                if first != size:
                    message = f"`{name}` runs over {first} in `{short(node)}` and over {size} in `{short(side)}`"
                    self.say(rules.INDEX_RANGE, message, side.span, "an index variable runs over dimensions that are equally long")
        for name in indices:
            if name not in found and missing and not any(self.geometry.is_open(side) for side in sides[:1]):
                self.say(rules.INDEX_RANGE, *undetermined(name), place, help)

    def state(self, state: State) -> None:
        shape = self.geometry.names.get(state.name)
        readable = True
        for order, value in enumerate(state.initials):
            if isinstance(value, Steady) and shape:
                message = f"`{state.name}` is an array, for which `steady` is not supported yet"
                place = self.places.get(f"init {derivative_text(state.name, order)}", state.span)
                self.say(rules.NOT_SUPPORTED, message, place, "give it numbers")
            elif value is not None and not isinstance(value, Steady):
                self.value(state, value, f"`{derivative_text(state.name, order)}`")
                readable = readable and (isinstance(value, Distribution) or self.geometry.shape_of(value) is not None)
        equation = next((e for e in self.model.equations if state.name in dict(e.defines)), None)
        if shape is None and readable and equation is not None and not self.geometry.unknown & self._elements(equation.right) - {state.name}:
            help = f"declare it: `init {state.name}[N] = 0`"
            self.say(rules.INDEX_RANGE, f"the size of `{state.name}` is not known", state.span, help)

    def _elements(self, root: Expression) -> set[str]:
        """Return the names of the arrays of which an expression holds elements."""
        return {node.id if isinstance(node, Index) else node.name for node in root.walk() if isinstance(node, Index | Derivative)}

    def noise(self, noise: Noise) -> None:
        """Report a noise without a declared size that equations of different shapes use."""
        shape = self.geometry.names.get(noise.name)
        if noise.shape or shape is None:
            return
        for equation in self.model.equations:
            bare = next((n for n in equation.right.walk() if isinstance(n, Name) and n.id == noise.name), None)
            own = next((self.geometry.names.get(name) for name, _ in equation.defines), None)
            if bare is not None and own is not None and own != shape and not equation.indices:
                state = equation.defines[0][0]
                message = f"the noise `{noise.name}` is {told(shape)} in another equation, and `{state}` is {told(own)}"
                help = f"declare its size, `noise {noise.name}[N]`, or take a noise of its own for each"
                self.say(rules.SHAPES, message, bare.span, help)
                self.geometry.unknown.add(noise.name)

    def equation(self, equation: Equation) -> None:
        right, left = equation.right, equation.left
        if not equation.defines:
            return
        name = equation.defines[0][0]
        own = self.geometry.names.get(name)
        if own is None:
            self.shape(right)
            return
        for node in left.walk():
            if isinstance(node, Dot | Reduction | Array) and any(isinstance(part, Derivative) for part in node.walk()):
                message = f"`{short(node)}` joins derivatives of several elements: the equation cannot be solved for one"
                self.say(rules.BAD_EQUATION, message, node.span, "write the equation of each element: `dx[i]/dt = ...`")
                return
        if equation.indices:
            self.indexed(equation, name, own)
            return
        shape = self.shape(left)
        if shape is not None and shape != own:
            state = next((n for n in left.walk() if isinstance(n, Derivative) and n.name == name), left)
            message = f"the left side has shape {shape}, and `{short(state)}` is {told(own)}"
            self.say(rules.SHAPES, message, left.span, f"declare the size of `{name}`: `init {name}{list(shape)} = 0`")
            return
        shape = self.shape(right)
        if shape and shape != own:
            help = None if own else f"declare its size: `init {name}{list(shape)} = 0`"
            self.say(rules.SHAPES, f"`{name}` is {told(own)}, but `{short(right)}` is {told(shape)}", right.span, help)

    def indexed(self, equation: Equation, name: str, own: Shape) -> None:
        """Check an equation with index variables on its left side."""
        if len(equation.indices) != len(own):
            message = f"`{name}` is {told(own)}, and its equation has {len(equation.indices)} index variable{'s' * (len(equation.indices) > 1)}"
            self.say(rules.SHAPES, message, equation.left.span, f"write one for each dimension, or declare the size: `init {name}[N] = 0`")
            return
        help = f"use it as the index of an array on the right side, or declare `{name}` with its size: `init {name}[N] = 0`"
        self.ranges((equation.left, equation.right), equation.indices, equation.left.span, True, help)
        if not isinstance(equation.left, Name | Index):
            self.number(equation.left, "the left side of an equation with an index", f"write `{name}[{', '.join(equation.indices)}]` for an element")
        self.number(equation.right, f"an element of `{name}`", "write the index behind each array: `x[i]`")

    def event(self, event: Event) -> None:
        if event.trigger is not None:
            what = {"condition": "a condition", "at": "the time of `at`", "every": "the period of `every`"}.get(event.kind, f"`on {event.kind}`")
            found = next((n for n in event.trigger.walk() if isinstance(n, Name) and self.geometry.names.get(n.id)), None)
            help = f"name the element: `on {found.id}[i] ...: {found.id}[i] = ...`" if found is not None and event.kind == "condition" else None
            self.number(event.trigger, what, help)
        sides = [side for side in (event.trigger, *(self._changed(a) for a in event.actions), *(a.value for a in event.actions)) if side is not None]
        if event.trigger is not None and event.indices:
            self.ranges(tuple(sides), event.indices, event.trigger.span, missing=False)
            for name in set(event.indices) - self.geometry.ranges(event.trigger, event.indices).keys():
                if not self.geometry.is_open(event.trigger):
                    help = f"name an element with it in the trigger: `x[{name}]`"
                    self.say(rules.INDEX_RANGE, *undetermined(name), event.trigger.span, help)
        for action in event.actions:
            self.action(action)

    def _changed(self, action: Action) -> Expression | None:
        """Return what an action changes, as an expression."""
        if action.target is None:
            return None
        if action.order:
            return Derivative(action.span, action.target, action.order, indices=action.indices)
        return Index(action.span, action.target, action.indices) if action.indices else Name(action.span, action.target)

    def action(self, action: Action) -> None:
        changed = self._changed(action)
        if action.value is None:
            return
        if changed is None or action.target is None:
            self.number(action.value, f"the time of `{action.kind}`")
            return
        own = self.shape(changed)
        if own is None:
            return
        text = unparse(changed)
        if action.indices and own:
            message = f"`{text}` is a part of an array {told(own)}: an action changes an element or the whole array"
            self.say(rules.NOT_SUPPORTED, message, action.span, "write an index for each dimension")
            return
        if action.kind == "hold":
            self.number(action.value, "the time of `hold`")
            return
        shape = self.shape(action.value)
        if shape and shape != own:
            self.say(rules.SHAPES, f"`{text}` is {told(own)}, but `{short(action.value)}` is {told(shape)}", action.value.span, None)

    def record(self, name: str) -> None:
        match = ELEMENT.fullmatch(name)
        if match is None:
            return
        shape = self.geometry.names.get(match[1], ())
        indices = tuple(int(index) for index in match[2].split(","))
        if len(indices) != len(shape) or any(index >= size for index, size in zip(indices, shape, strict=True)):
            place = self.places.get(f"record {name}") or self.model.quantity(match[1]).span  # type: ignore[union-attr]
            last = ", ".join(str(size - 1) for size in shape)
            help = f"the last element is `{match[1]}[{last}]`" if shape else f"write `record {match[1]}`"
            self.report.add(rules.INDEX_RANGE, f"`record {name}`: `{match[1]}` is {told(shape)}", place, help)
