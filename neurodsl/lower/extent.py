"""How much the equations of arrays are, once they are written out for every element."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from neurodsl.lang.nodes import Call, Dot, Expression, Reduction
from neurodsl.lang.shapes import Shape, Shapes
from neurodsl.lower.indexing import WHOLE
from neurodsl.model import Action, Model


def operations(model: Model, shapes: Shapes) -> int:
    """Return about how many operations the equations of a model take in each step."""
    total = 0
    work = _Work(model, shapes)
    for equation in model.equations:
        total += prod(shapes.names.get(equation.defines[0][0], ())) * work.of(equation.right)
    for name, definition in model.definitions.items():
        if not definition.constant:
            total += prod(shapes.names.get(name, ())) * work.of(definition.value)
    for event in model.events:
        times = prod(shapes.ranges(event.trigger, event.indices).values()) if event.trigger is not None else 1
        total += times * sum(work.in_action(action) for action in event.actions)
    return total


class _Work:
    """Counts the operations in one element of an expression, those in the functions that it calls included."""

    def __init__(self, model: Model, shapes: Shapes) -> None:
        self.functions = model.functions
        self.shapes = shapes
        self.calls: dict[tuple[str, tuple[Shape, ...]], int] = {}

    def in_action(self, action: Action) -> int:
        """Return the number of operations in an action."""
        elements = prod(self.shapes.names.get(action.target or "", ())[len(action.indices) :])
        return elements * (1 + (0 if action.value is None else self.of(action.value)))

    def of(self, root: Expression, local: Mapping[str, Shape] | None = None) -> int:
        """Return the number of operations in an expression; ``local`` holds the shapes of a function's arguments."""
        total = 0
        stack: list[tuple[Expression, int]] = [(root, 1)]
        while stack:
            node, times = stack.pop()
            inner = times
            total += times
            if isinstance(node, Reduction):
                inner *= prod(self.shapes.ranges(node.body, node.variables, local).values())
            elif isinstance(node, Dot):
                inner *= self.shapes.of(node.right, local)[0]
            elif isinstance(node, Call) and node.function in self.functions:
                total += times * self._in_function(node, local)
            elif isinstance(node, Call) and node.function in (*WHOLE, "norm") and len(node.arguments) == 1:
                inner *= prod(self.shapes.of(node.arguments[0], local))
            stack.extend((child, inner) for child in node.children())
        return total

    def _in_function(self, node: Call, local: Mapping[str, Shape] | None) -> int:
        """Return the number of operations in a function for arguments of these shapes."""
        function = self.functions[node.function]
        given = tuple(self.shapes.of(argument, local) for argument in node.arguments)
        key = (function.name, given)
        if key not in self.calls:
            self.calls[key] = self.of(function.body, dict(zip(function.arguments, given, strict=True)))
        return self.calls[key]
