"""Expressions as lists of interval operations: what they may be on each of many boxes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import NamedTuple

import numpy as np
import sympy
from sympy import Basic, Expr, Symbol
from sympy.core.relational import Relational

from neurodsl.analysis import box_arithmetic
from neurodsl.analysis.box_arithmetic import Booleans, Floats, Interval
from neurodsl.lower import functions


class Unsupported(Exception):
    """An expression has a part whose values cannot be enclosed."""


class Truth(NamedTuple):
    """Where a condition surely holds, and where it may."""

    surely: Booleans
    maybe: Booleans


Value = Interval | Truth
Operation = Callable[..., Value]

NAMES: dict[type, str] = {
    **{getattr(sympy, name): name for name in ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh")},
    sympy.tanh: "tanh", sympy.erf: "erf", functions.Tanh: "tanh", functions.Logistic: "logistic", functions.Expm1: "expm1", functions.Log1p: "log1p",
    functions.Log10: "log10", functions.Log2: "log2", functions.Absolute: "absolute", functions.Signum: "signum", functions.UnitStep: "unit_step",
    functions.Floor: "floor", functions.Ceil: "ceil", functions.Round: "round",
}  # fmt: skip
"""The interval form of each function of one argument."""


class Enclosure:
    """Encloses the values of expressions over boxes.

    Parameters
    ----------
    expressions : sequence of Expr
        Of the symbols and numbers alone.
    symbols : sequence of Symbol
        The coordinates of a box.

    Raises
    ------
    Unsupported
        Where an expression has a part that is not known here.
    """

    def __init__(self, expressions: Sequence[Expr], symbols: Sequence[Symbol]) -> None:
        self.places: dict[Basic, int] = {symbol: i for i, symbol in enumerate(symbols)}
        self.width = len(symbols)
        self.steps: list[tuple[Operation, tuple[int, ...]]] = []
        self.rough: Booleans = np.zeros(0, dtype=np.bool_)
        self.results = [self._place(expression) for expression in expressions]

    def __call__(self, low: Floats, high: Floats) -> tuple[Interval, Booleans]:
        """Return the enclosures over boxes with bounds of shape (k, n), of shape (k, m), and which boxes hold a jump or an edge of a domain."""
        self.rough = np.zeros(len(low), dtype=np.bool_)
        held: list[Value] = [Interval(low[:, i], high[:, i]) for i in range(self.width)]
        with np.errstate(all="ignore"):
            for operation, arguments in self.steps:
                held.append(operation(*(held[i] for i in arguments)))
        found = [held[i] for i in self.results]
        shape = (len(low),)
        lows = [np.broadcast_to(v.low, shape) for v in found if isinstance(v, Interval)]
        highs = [np.broadcast_to(v.high, shape) for v in found if isinstance(v, Interval)]
        return Interval(np.stack(lows, axis=1), np.stack(highs, axis=1)), self.rough

    def at(self, point: Floats) -> Floats:
        """Return the values at one point, of shape (m,)."""
        found, _ = self(point[None, :], point[None, :])
        return np.asarray(found.mid[0], dtype=np.float64)

    def _place(self, expression: Basic) -> int:
        """Return where the value of an expression stands, after everything that it needs."""
        stack = [expression]
        while stack:
            node = stack[-1]
            if node in self.places:
                stack.pop()
                continue
            needed = _operands(node)
            missing = [a for a in needed if a not in self.places]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            self.steps.append((self._operation(node), tuple(self.places[a] for a in needed)))
            self.places[node] = self.width + len(self.steps) - 1
        return self.places[expression]

    def _operation(self, node: Basic) -> Operation:
        """Return what computes a node from its operands."""
        if isinstance(node, sympy.logic.boolalg.BooleanAtom):
            return partial(_constantly, node == sympy.true)
        if not node.args and isinstance(node, Expr):
            return self._number(node)
        if isinstance(node, sympy.Add | sympy.Mul):
            return partial(_folded, box_arithmetic.add if isinstance(node, sympy.Add) else box_arithmetic.multiply)
        if isinstance(node, sympy.Pow):
            return self._power(node)
        if isinstance(node, Relational):
            return COMPARISONS[node.func]
        if isinstance(node, sympy.And | sympy.Or | sympy.Not):
            return CONNECTIVES[node.func]
        return self._function(node)

    def _number(self, node: Expr) -> Operation:
        """Return a constant."""
        try:
            value = float(node)
        except (TypeError, ValueError):
            raise Unsupported(str(node)) from None
        kept = box_arithmetic.exactly(value) if sympy.Rational(value) == node else box_arithmetic.around(value)
        return lambda: kept

    def _function(self, node: Basic) -> Operation:
        """Return a function of the language."""
        if node.func in NAMES:
            name = NAMES[node.func]
            return partial(
                self._of_one, box_arithmetic.ELEMENTARY[name], *box_arithmetic.DOMAINS.get(name, (-np.inf, np.inf)), name in box_arithmetic.JUMPS
            )
        if isinstance(node, functions.Phi):
            return box_arithmetic.phi(int(node.args[0]))
        if isinstance(node, functions.Select):
            return self._selected
        if isinstance(node, functions.Modulo):
            return self._remainder
        if isinstance(node, functions.Minimum | functions.Maximum):
            return box_arithmetic.minimum if isinstance(node, functions.Minimum) else box_arithmetic.maximum
        raise Unsupported(str(node.func))

    def _of_one(self, function: Callable[[Interval], Interval], least: float, most: float, jumps: bool, a: Interval) -> Interval:
        """Return a function of one argument, and note where it is not smooth."""
        self.rough = self.rough | (a.low < least) | (a.high > most)
        found = function(a)
        if jumps:
            self.rough = self.rough | (found.low != found.high)
        return found

    def _power(self, node: Expr) -> Operation:
        exponent = node.exp
        if exponent.is_Integer:
            return lambda a: box_arithmetic.whole_power(a, int(exponent))
        if exponent == sympy.Rational(1, 2):
            return partial(self._of_one, box_arithmetic.monotone_on(np.sqrt, 0.0, np.inf), 0.0, np.inf, False)
        return self._real_power

    def _real_power(self, base: Interval, exponent: Interval) -> Interval:
        """Return base^exponent = exp(exponent log(base)) where the base is not negative."""
        self.rough = self.rough | (base.low < 0)
        found = box_arithmetic.ELEMENTARY["exp"](box_arithmetic.multiply(exponent, box_arithmetic.ELEMENTARY["log"](base)))
        return Interval(np.where(base.low <= 0, np.minimum(found.low, 0.0), found.low), found.high)

    def _selected(self, condition: Truth, taken: Interval, other: Interval) -> Interval:
        """Return the branch that holds, or what holds both where it is not decided."""
        self.rough = self.rough | (condition.maybe & ~condition.surely)
        both = box_arithmetic.hull(taken, other)
        low = np.where(condition.surely, taken.low, np.where(condition.maybe, both.low, other.low))
        return Interval(low, np.where(condition.surely, taken.high, np.where(condition.maybe, both.high, other.high)))

    def _remainder(self, a: Interval, b: Interval) -> Interval:
        """Return a - b floor(a/b)."""
        whole = self._of_one(box_arithmetic.ELEMENTARY["floor"], -np.inf, np.inf, True, box_arithmetic.multiply(a, box_arithmetic.reciprocal(b)))
        product = box_arithmetic.multiply(b, whole)
        return box_arithmetic.add(a, Interval(-product.high, -product.low))


def _operands(node: Basic) -> tuple[Basic, ...]:
    """Return the parts of a node that are computed first."""
    if isinstance(node, sympy.Pow):
        plain = node.exp.is_Integer or node.exp == sympy.Rational(1, 2)
        return (node.base,) if plain else (node.base, node.exp)
    operands: tuple[Basic, ...] = node.args[1:] if isinstance(node, functions.Phi) else node.args
    return operands


def _folded(function: Callable[[Interval, Interval], Interval], *arguments: Interval) -> Interval:
    return reduce(function, arguments)


def _constantly(held: bool) -> Truth:
    return Truth(np.asarray(held), np.asarray(held))


def _both(*parts: Truth) -> Truth:
    return Truth(reduce(np.logical_and, (p.surely for p in parts)), reduce(np.logical_and, (p.maybe for p in parts)))


def _either(*parts: Truth) -> Truth:
    return Truth(reduce(np.logical_or, (p.surely for p in parts)), reduce(np.logical_or, (p.maybe for p in parts)))


def _neither(part: Truth) -> Truth:
    return Truth(~part.maybe, ~part.surely)


def _less(a: Interval, b: Interval) -> Truth:
    return Truth(a.high < b.low, a.low < b.high)


def _at_most(a: Interval, b: Interval) -> Truth:
    return Truth(a.high <= b.low, a.low <= b.high)


def _equal(a: Interval, b: Interval) -> Truth:
    return Truth((a.low == a.high) & (b.low == b.high) & (a.low == b.low), (a.low <= b.high) & (b.low <= a.high))


COMPARISONS: dict[type, Operation] = {
    sympy.StrictLessThan: _less,
    sympy.LessThan: _at_most,
    sympy.StrictGreaterThan: lambda a, b: _less(b, a),
    sympy.GreaterThan: lambda a, b: _at_most(b, a),
    sympy.Equality: _equal,
    sympy.Unequality: lambda a, b: _neither(_equal(a, b)),
}
"""The interval form of each comparison."""

CONNECTIVES: dict[type, Operation] = {sympy.And: _both, sympy.Or: _either, sympy.Not: _neither}
"""What joins conditions."""
