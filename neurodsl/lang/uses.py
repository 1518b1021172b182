"""How far the index variables on the left side of a definition run, where only the uses of the definition say it.

``c[i, j] = exp(-abs(i - j)/1.5)`` holds no array; in ``sum(c[i, j]*x[j] for j)`` or ``c @ x`` its dimensions stand beside those of ``x``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from neurodsl.lang.functions import BUILTINS
from neurodsl.lang.geometry import Geometry, Shape
from neurodsl.lang.nodes import (
    Call,
    Comparison,
    Conditional,
    Dot,
    Expression,
    Index,
    Logic,
    Name,
    Power,
    Product,
    Reduction,
    Sum,
)
from neurodsl.model import Definition, Distribution, Model, Steady

Ranges = Mapping[str, int]
Expected = Mapping[int, tuple[int | None, ...]]
"""What an array has to be for its place: for a number of dimensions how long each is, as far as it is known."""

NOTHING: Expected = {}


@dataclass
class Uses:
    """Finds the lengths of the dimensions of definitions in the expressions that use them.

    Attributes
    ----------
    model : Model
        The model.
    geometry : Geometry
        The shapes that are known; the lengths that follow from the right side of a definition are asked of it.
    found : callable
        Is told the name and the shape of each definition that becomes known.
    """

    model: Model
    geometry: Geometry
    found: Callable[[str, Shape], None]
    lengths: dict[str, dict[int, int]] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Go through the model once, each definition after those that use it."""
        self.followed.clear()
        for root, ranges, expected in self._places():
            self._visit(root, ranges, expected)

    def _places(self) -> Iterator[tuple[Expression, Ranges, Expected]]:
        """Yield every expression with how far its index variables run, and with the shape that its place has."""
        model, geometry = self.model, self.geometry
        for equation in model.equations:
            ranges = {**geometry.ranges(equation.right, equation.indices), **geometry.ranges(equation.left, equation.indices)}
            own = geometry.names.get(equation.defines[0][0]) if equation.defines and not equation.indices else None
            yield equation.right, ranges, _exactly(own)
        for event in model.events:
            ranges = {} if event.trigger is None else geometry.ranges(event.trigger, event.indices)
            if event.trigger is not None:
                yield event.trigger, ranges, NOTHING
            for action in event.actions:
                if action.value is not None:
                    own = geometry.names.get(action.target or "")
                    yield action.value, ranges, _exactly(None if action.indices else own)
        values: list[tuple[str, Expression | Distribution | Steady | None]] = [(made.name, made.value) for made in model.parameters.values()]
        values += [(drive.name, drive.value) for drive in model.inputs.values()]
        values += [(state.name, value) for state in model.states.values() for value in state.initials]
        for name, value in values:
            if value is not None and not isinstance(value, Distribution | Steady):
                yield value, {}, _exactly(geometry.names.get(name))
        for name, definition in reversed(tuple(model.definitions.items())):
            own = geometry.names.get(name)
            ranges = {**geometry.ranges(definition.value, definition.indices), **dict(zip(definition.indices, own or (), strict=False))}
            yield definition.value, ranges, NOTHING if definition.indices else _exactly(own)

    def _visit(self, node: Expression, ranges: Ranges, expected: Expected) -> None:
        """Look for definitions in an expression; it is never deep."""
        match node:
            case Name() | Index():
                self._use(node, ranges, expected)
            case Reduction():
                inner = {**ranges, **self.geometry.ranges(node.body, node.variables)}
                self._visit(node.body, inner, expected)
                return
            case Dot():
                left, right = self.geometry.shape_of(node.left), self.geometry.shape_of(node.right)
                first = next((e[0] for n, e in expected.items() if n), None)
                last = next((e[-1] for n, e in expected.items() if n), None)
                inside = right[0] if right else None
                self._visit(node.left, ranges, {1: (inside,), 2: (first, inside)})
                inside = left[-1] if left else None
                self._visit(node.right, ranges, {1: (inside,), 2: (inside, last)})
                return
            case Call(function="transpose"):
                expected = {n: e[::-1] for n, e in expected.items()}
        each = self._acts_on_each(node)
        if each and any(isinstance(part, Name | Index) and part.id in self.geometry.unknown for part in node.walk()):
            shapes = (self.geometry.shape_of(child) for child in node.children())
            expected = next((_exactly(shape) for shape in shapes if shape), expected)
        for child in node.children():
            keeps = each or (isinstance(node, Call) and node.function == "transpose")
            self._visit(child, ranges, expected if keeps else NOTHING)

    def _acts_on_each(self, node: Expression) -> bool:
        """Return whether a node joins its children element by element."""
        if isinstance(node, Call):
            builtin = BUILTINS.get(node.function)
            own = node.function in self.model.functions or builtin is None
            return not own and builtin is not None and (builtin.arrays == "each" or (builtin.arrays == "either" and len(node.arguments) > 1))
        return isinstance(node, Sum | Product | Power | Comparison | Conditional | Logic)

    def _use(self, node: Name | Index, ranges: Ranges, expected: Expected) -> None:
        """Take from one use of a definition what it says about its dimensions."""
        definition = self.model.definitions.get(node.id)
        if definition is None or node.id not in self.geometry.unknown:
            return
        indices = node.indices if isinstance(node, Index) else ()
        if not definition.indices:
            if expected and not indices and node.id not in self.followed:
                self.followed.add(node.id)
                self._visit(definition.value, {}, expected)
            return
        known = [ranges.get(index.id) if isinstance(index, Name) else None for index in indices]
        known += expected.get(len(definition.indices) - len(indices), ())
        lengths = self.lengths.setdefault(node.id, {})
        for position, length in enumerate(known):
            if length is not None:
                lengths.setdefault(position, length)
        self._settle(definition, lengths)

    def _settle(self, definition: Definition, lengths: Mapping[int, int]) -> None:
        """Tell the shape of a definition, where all of its dimensions are known."""
        own = self.geometry.ranges(definition.value, definition.indices)
        shape = [own.get(index, lengths.get(position)) for position, index in enumerate(definition.indices)]
        if None not in shape:
            self.found(definition.name, tuple(length for length in shape if length is not None))


def _exactly(shape: Shape | None) -> Expected:
    return {len(shape): shape} if shape else NOTHING
