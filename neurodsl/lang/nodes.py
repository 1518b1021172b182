"""The nodes of an expression, as the author wrote it.

Sums and products are flat, so a sum of a thousand terms is one node and not a thousand levels deep.
Every node knows its ``depth``, computed when it is built, so that a text nested too deeply is refused before anything recurses into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from neurodsl.source import Span
from neurodsl.units import Unit


@dataclass(frozen=True, slots=True)
class Node:
    """What all expressions have: a place, and the number of levels below it."""

    span: Span = field(repr=False, compare=False)
    depth: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max((child.depth for child in self.children()), default=0))

    def children(self) -> tuple[Expression, ...]:
        """Return the expressions this one is built from, left to right."""
        return ()

    def walk(self) -> Iterator[Expression]:
        """Yield this node and all below it, in the order of the text."""
        stack: list[Expression] = [self]  # type: ignore[list-item]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children()))


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal, exact; ``unit`` is None where no bracket follows it. A lone ``[mV]`` is 1 with that unit."""

    value: Fraction
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name (NFC)."""

    id: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``W[i, j]``: an element of an array, counted from 0; with fewer indices than dimensions a row of it."""

    id: str
    indices: tuple[Expression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.indices


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    """``dV/dt``, ``d2x/dt2``, ``dtheta[i]/dt``: the derivative of ``name``, or of an element, of an order with respect to ``variable``."""

    name: str
    order: int = 1
    variable: str = "t"
    indices: tuple[Expression, ...] = ()

    def children(self) -> tuple[Expression, ...]:
        return self.indices


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function applied to arguments."""

    function: str
    arguments: tuple[Expression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Array(Node):
    """``(1, 2, 3)``: an array of its items; items that are arrays make rows."""

    items: tuple[Expression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Load(Node):
    """``load("w.npy")``: the numbers of a file beside the model; ``sampled``: ``samples("stimulus.csv")``, what they are in time."""

    path: str
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Dot(Node):
    """``left @ right``: the matrix product, the product of a matrix and a vector, or the inner product of two vectors."""

    left: Expression
    right: Expression

    def children(self) -> tuple[Expression, ...]:
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Reduction(Node):
    """``sum(W[i, j]*x[j] for j)``: ``function`` (``sum``, ``prod``, ``mean``, ``min``, ``max``) over all values of index variables."""

    function: str
    body: Expression
    variables: tuple[str, ...]

    def children(self) -> tuple[Expression, ...]:
        return (self.body,)


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Terms with their signs, +1 or -1, left to right. At least one term; ``-x`` is a sum of one."""

    terms: tuple[tuple[int, Expression], ...]

    def children(self) -> tuple[Expression, ...]:
        return tuple(term for _, term in self.terms)


@dataclass(frozen=True, slots=True)
class Product(Node):
    """Factors with their operators, ``*`` or ``/``, left to right; the first is always ``*``."""

    factors: tuple[tuple[str, Expression], ...]

    def children(self) -> tuple[Expression, ...]:
        return tuple(factor for _, factor in self.factors)


@dataclass(frozen=True, slots=True)
class Power(Node):
    """``base ^ exponent``."""

    base: Expression
    exponent: Expression

    def children(self) -> tuple[Expression, ...]:
        return self.base, self.exponent


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """``left op right`` with op one of ``< <= > >= == !=``."""

    operator: str
    left: Expression
    right: Expression

    def children(self) -> tuple[Expression, ...]:
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``and`` or ``or`` of two or more conditions, or ``not`` of one."""

    operator: str
    operands: tuple[Expression, ...]

    def children(self) -> tuple[Expression, ...]:
        return self.operands


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """``value if condition else otherwise``."""

    value: Expression
    condition: Expression
    otherwise: Expression

    def children(self) -> tuple[Expression, ...]:
        return self.value, self.condition, self.otherwise


Expression = Number | Name | Index | Derivative | Call | Array | Load | Dot | Reduction | Sum | Product | Power | Comparison | Logic | Conditional
