"""How much the equations of arrays are, once they are written out for every element."""

from __future__ import annotations

from math import prod

from neurodsl.lang.nodes import Call, Dot, Expression, Reduction
from neurodsl.lang.shapes import Shapes
from neurodsl.model import Action, Model


def operations(model: Model, shapes: Shapes) -> int:
    """Return about how many operations the equations of a model take in each step."""
    total = 0
    for equation in model.equations:
        total += prod(shapes.names.get(equation.defines[0][0], ())) * _work(equation.right, shapes)
    for name, definition in model.definitions.items():
        if not definition.constant:
            total += prod(shapes.names.get(name, ())) * _work(definition.value, shapes)
    for event in model.events:
        times = prod(shapes.ranges(event.trigger, event.indices).values()) if event.trigger is not None else 1
        total += times * sum(_action(action, shapes) for action in event.actions)
    return total


def _action(action: Action, shapes: Shapes) -> int:
    """Return the number of operations in an action."""
    elements = prod(shapes.names.get(action.target or "", ())[len(action.indices) :])
    return elements * (1 + (0 if action.value is None else _work(action.value, shapes)))


def _work(root: Expression, shapes: Shapes) -> int:
    """Return the number of operations in one element of an expression."""
    total = 0
    stack: list[tuple[Expression, int]] = [(root, 1)]
    while stack:
        node, times = stack.pop()
        total += times
        inner = times
        if isinstance(node, Reduction):
            inner *= prod(shapes.ranges(node.body, node.variables).values())
        elif isinstance(node, Dot):
            inner *= shapes.of(node.right)[0]
        elif isinstance(node, Call) and node.function in ("sum", "mean", "prod", "norm", "min", "max") and len(node.arguments) == 1:
            inner *= prod(shapes.of(node.arguments[0]))
        stack.extend((child, inner) for child in node.children())
    return total
