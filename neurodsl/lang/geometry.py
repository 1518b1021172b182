"""What shape an expression has, from the shapes of its names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from neurodsl import rules
from neurodsl.arrays import MOST_ELEMENTS, read_array
from neurodsl.diagnostics import NeuroError, Rule
from neurodsl.lang.functions import BUILTINS
from neurodsl.lang.names import short
from neurodsl.lang.nodes import Array, Call, Comparison, Conditional, Derivative, Dot, Expression, Index, Load, Name, Number, Product, Reduction
from neurodsl.lang.sizes import Constants
from neurodsl.model import Function
from neurodsl.source import Source, Span

Shape = tuple[int, ...]
Known = Shape | None
"""A shape, or None where it is not known."""
Local = Mapping[str, Known]

Say = Callable[[Rule, str, Span, str | None], None]


def silent(rule: Rule, message: str, span: Span, help: str | None) -> None:
    """Keep to oneself what is wrong."""


def told(shape: Shape) -> str:
    """Return a shape in words: ``a number``, ``of shape (3,)``."""
    return f"of shape {shape}" if shape else "a number"


@dataclass(slots=True)
class Geometry:
    """The shapes of the names of a model, and what follows from them.

    Attributes
    ----------
    names : dict
        The shape of each quantity; what is missing is not known. Index variables are numbers, and are not in it.
    functions : mapping
        The functions of the author's.
    source : Source
        The text, beside which files lie.
    constants : Constants
        The values of indices that are known beforehand.
    constant : collection of str
        The names of what depends on parameters alone.
    """

    names: dict[str, Shape]
    functions: Mapping[str, Function]
    source: Source
    constants: Constants
    constant: frozenset[str]
    unknown: set[str] = field(default_factory=set)
    calls: dict[tuple[str, tuple[Known, ...], bool], Known] = field(default_factory=dict)

    def shape_of(self, root: Expression, say: Say = silent, local: Local | None = None) -> Known:
        """Return the shape of an expression; what does not fit is told, and the shape then not known."""
        found: dict[int, Known] = {}
        for node in reversed(list(root.walk())):
            found[id(node)] = self._shape(node, [found[id(child)] for child in node.children()], say, local or {})
        return found[id(root)]

    def ranges(self, root: Expression, variables: Iterable[str], say: Say = silent, local: Local | None = None) -> dict[str, int]:
        """Return how far index variables run in an expression, through the dimensions they stand for; two that differ are told."""
        found: dict[str, tuple[int, Index | Derivative]] = {}
        wanted = set(variables)
        for node in root.walk():
            if not isinstance(node, Index | Derivative):
                continue
            shape = self._base(node, local or {}) or ()
            for index, size in zip(node.indices, shape, strict=False):
                if isinstance(index, Name) and index.id in wanted:
                    first, place = found.setdefault(index.id, (size, node))
                    if first != size:
                        message = f"`{index.id}` runs over {first} in `{short(place)}` and over {size} in `{short(node)}`"
                        say(rules.INDEX_RANGE, message, node.span, "an index variable runs over dimensions that are equally long")
        return {name: size for name, (size, _) in found.items()}

    def is_open(self, root: Expression, local: Local | None = None) -> bool:
        """Return whether an element in an expression belongs to an array whose shape is not known."""
        return any(isinstance(node, Index | Derivative) and self._base(node, local or {}) is None for node in root.walk())

    def _base(self, node: Name | Index | Derivative, local: Local) -> Known:
        name = node.name if isinstance(node, Derivative) else node.id
        if name in local:
            return local[name]
        return None if name in self.unknown else self.names.get(name, ())

    def _shape(self, node: Expression, parts: list[Known], say: Say, local: Local) -> Known:
        match node:
            case Number():
                return ()
            case Name():
                return self._base(node, local)
            case Load():
                return self._file(node, say)
            case Index() | Derivative():
                return self._element(node, parts, say, local)
            case Array():
                return self._array(node, parts, say)
            case Dot():
                return _product(node, parts, say)
            case Reduction():
                return self._reduction(node, parts[0], say, local)
            case Call():
                return self._call(node, parts, say)
        return alike(node, node.children(), parts, say)

    def _file(self, node: Load, say: Say) -> Known:
        if node.sampled:
            return None
        try:
            return tuple(int(size) for size in read_array(self.source, node).shape)
        except NeuroError as error:
            (found,) = error.report.found
            say(found.rule, found.message, node.span, found.help)
            return None

    def _element(self, node: Index | Derivative, parts: list[Known], say: Say, local: Local) -> Known:
        shape = self._base(node, local)
        name = node.name if isinstance(node, Derivative) else node.id
        for index, part in zip(node.indices, parts, strict=True):
            if part:
                say(rules.SHAPES, f"an index is a number, but `{short(index)}` is {told(part)}", index.span, None)
        if shape is None:
            return None
        if not shape and node.indices:
            help = "arrays are declared with their sizes: `param w[3]`, `init x[3]`"
            say(rules.SHAPES, f"`{name}` is a number and has no element `{short(node)}`", node.span, help)
            return None
        if len(node.indices) > len(shape):
            say(rules.SHAPES, f"`{name}` has shape {shape}, and `{short(node)}` has {len(node.indices)} indices", node.span, None)
            return None
        for index, size in zip(node.indices, shape, strict=False):
            if not any(isinstance(part, Name) and part.id in local for part in index.walk()):
                self._within(node, index, size, shape, say)
        return shape[len(node.indices) :]

    def _within(self, node: Index | Derivative, index: Expression, size: int, shape: Shape, say: Say) -> None:
        """Tell of an index that is known beforehand and that the array does not have."""
        value = self.constants.number(index)
        if value is None:
            return
        name = node.name if isinstance(node, Derivative) else node.id
        if value.denominator != 1:
            which = "" if isinstance(index, Number) else f", which is {float(value):.6g}"
            say(rules.INDEX_RANGE, f"an index is a whole number, not `{short(index)}`{which}", index.span, None)
        elif not 0 <= value < size:
            message = f"`{short(node)}` is out of range: `{name}` has shape {shape}"
            say(rules.INDEX_RANGE, message, index.span, f"indices run from 0 to {size - 1}")

    def _array(self, node: Array, parts: list[Known], say: Say) -> Known:
        first = next((part for part in parts if part is not None), None)
        for item, part in zip(node.items, parts, strict=True):
            if part is not None and part != first and first is not None:
                message = f"the items of an array have one shape, but `{short(node.items[0])}` is {told(first)} and `{short(item)}` {told(part)}"
                say(rules.SHAPES, message, item.span, None)
                return None
        return None if first is None else (len(node.items), *first)

    def _reduction(self, node: Reduction, part: Known, say: Say, local: Local) -> Known:
        found = self.ranges(node.body, node.variables, say, local)
        for name in node.variables:
            if name not in found:
                if not self.is_open(node.body, local):
                    say(rules.INDEX_RANGE, *undetermined(name), node.span, f"use it as the index of an array: `x[{name}]`")
                return None
        return part

    def _call(self, node: Call, parts: list[Known], say: Say) -> Known:
        function = self.functions.get(node.function)
        if function is not None:
            return self._author_call(function, node, parts, say)
        builtin = BUILTINS.get(node.function)
        kind = builtin.arrays if builtin is not None else "each"
        if kind == "diff":
            return self._derivative(node, parts, say)
        if kind == "either" and len(parts) == 1:
            kind = "all"
        if kind == "each" or kind == "either":
            return alike(node, node.arguments, parts, say)
        if None in parts:
            return () if kind in ("all", "matrix") else None
        return self._of_whole(node, kind, [part for part in parts if part is not None], say)

    def _of_whole(self, node: Call, kind: str, parts: list[Shape], say: Say) -> Known:
        """Return the shape of a function that takes arrays as wholes."""
        wanted, dimensions = {"all": ("an array", 1), "outer": ("two vectors", 1)}.get(kind, ("a matrix", 2))
        for argument, part in zip(node.arguments, parts, strict=True):
            if (not part) if kind == "all" else len(part) != dimensions:
                help = "over an index write `sum(x[i] for i)`" if node.function == "sum" else None
                say(rules.SHAPES, f"`{node.function}` takes {wanted}, and `{short(argument)}` is {told(part)}", argument.span, help)
                return () if kind in ("all", "matrix") else None
        if kind == "all":
            return ()
        if kind == "outer":
            return _bounded(node, parts[0] + parts[1], say)
        if kind == "transpose":
            return parts[0][::-1]
        if parts[0][0] != parts[0][1]:
            message = f"`{node.function}` takes a square matrix, and `{short(node.arguments[0])}` is {told(parts[0])}"
            say(rules.SHAPES, message, node.arguments[0].span, None)
        changing = sorted({n.id for n in node.arguments[0].walk() if isinstance(n, Name | Index)} - self.constant - {"pi"})
        if changing:
            message = f"`{node.function}` takes a matrix of parameters, and `{changing[0]}` changes in a run"
            say(rules.NOT_CONSTANT, message, node.arguments[0].span, None)
        return parts[0] if kind == "inverse" else ()

    def _derivative(self, node: Call, parts: list[Known], say: Say) -> Known:
        if parts[0]:
            message = f"`diff` differentiates a number, and `{short(node.arguments[0])}` is {told(parts[0])}"
            say(rules.SHAPES, message, node.arguments[0].span, "write `sum(...)` of it, or an element of it that has a name")
        return parts[1] if len(parts) > 1 else None

    def _author_call(self, function: Function, node: Call, parts: list[Known], say: Say) -> Known:
        if len(parts) != len(function.arguments):
            return None
        key = (function.name, tuple(parts), say is silent)
        if key not in self.calls:
            shapes = ", ".join(f"`{name}` {told(part)}" for name, part in zip(function.arguments, parts, strict=True) if part is not None)

            def within(rule: Rule, message: str, span: Span, help: str | None) -> None:
                called = message if "in the call" in message else f"{message}, in the call `{short(node)}` with {shapes}"
                say(rule, called, span, help)

            local = dict(zip(function.arguments, parts, strict=True))
            self.calls[key] = self.shape_of(function.body, silent if say is silent else within, local)
        return self.calls[key]


def undetermined(name: str) -> tuple[str]:
    """Return what is said about an index variable that stands for no dimension."""
    return (f"the range of the index `{name}` is not determined",)


def too_large(shape: Shape) -> bool:
    """Return whether an array has more elements than are allowed."""
    return math.prod(shape) > MOST_ELEMENTS


def alike(node: Expression, nodes: Sequence[Expression], parts: Sequence[Known], say: Say) -> Known:
    """Return the shape of what is computed element by element: that of the arrays in it, which have one shape."""
    arrays = [(part, shape) for part, shape in zip(nodes, parts, strict=True) if shape]
    for part, shape in arrays[1:]:
        if shape != arrays[0][1]:
            start = {Comparison: "", Conditional: "the parts differ: ", Call: "the arguments differ: "}.get(type(node), "")
            message = f"{start}`{short(arrays[0][0])}` has shape {arrays[0][1]} but `{short(part)}` has shape {shape}"
            say(rules.SHAPES, message, part.span, _dot_help(node, arrays[0], (part, shape)))
            return None
    if arrays:
        return arrays[0][1]
    return None if None in parts else ()


def _dot_help(node: Expression, first: tuple[Expression, Known], second: tuple[Expression, Known]) -> str | None:
    """Return that a product of matrices is meant, where one fits."""
    if isinstance(node, Product) and all(operator == "*" for operator, _ in node.factors[1:]):
        shapes = (first[1] or (), second[1] or ())
        if shapes[0][-1] == shapes[1][0] and len(node.factors) == 2:
            return f"for the product of matrices write `{short(first[0])} @ {short(second[0])}`"
    return None


def _product(node: Dot, parts: list[Known], say: Say) -> Known:
    left, right = parts
    for side, shape in ((node.left, left), (node.right, right)):
        if shape is not None and len(shape) not in (1, 2):
            help = "write `*` for the product with a number" if not shape else None
            say(rules.SHAPES, f"`@` joins vectors and matrices, and `{short(side)}` is {told(shape)}", side.span, help)
            return None
    if left is None or right is None:
        return None
    if left[-1] != right[0]:
        message = f"`{short(node.left)}` of shape {left} and `{short(node.right)}` of shape {right} have no product: {left[-1]} is not {right[0]}"
        help = None
        if len(left) == 2 and left[0] == right[0]:
            help = f"is `transpose({short(node.left)}) @ {short(node.right)}` meant?"
        say(rules.SHAPES, message, node.span, help)
        return None
    return _bounded(node, left[:-1] + right[1:], say)


def _bounded(node: Expression, shape: Shape, say: Say) -> Known:
    """Return a shape, unless it is that of an array that is too large."""
    if not too_large(shape):
        return shape
    say(rules.BAD_SIZE, f"`{short(node)}` of shape {shape} has more than 10 million elements", node.span, None)
    return None
