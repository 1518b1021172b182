"""Expressions as a page sets them: what binds how tightly, and what stands above, below and beside what, in whichever form it is written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from neurodsl.exporters.contents import is_map, is_scaled
from neurodsl.lang.nodes import (
    Array,
    Call,
    Comparison,
    Conditional,
    Derivative,
    Dot,
    Expression,
    Index,
    Load,
    Logic,
    Name,
    Number,
    Power,
    Product,
    Reduction,
    Sum,
)
from neurodsl.lang.unparse import AND, ATOM, COMPARE, CONDITIONAL, FACTOR, NOT, OR, POWER, PRODUCT, SUM
from neurodsl.model import Equation
from neurodsl.units import ONE, Unit


class Formula(ABC):
    """Writes expressions with the spellings of a model's names; a form says how each part is written.

    Parameters
    ----------
    names : mapping of str to str
        The spelling of each name.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def __call__(self, node: Expression) -> str:
        """Return an expression as a formula."""
        return self._write(node)[0]

    def left(self, equation: Equation) -> str:
        """Return the left side of an equation; of a map the next value, with a plus, while the right side holds the value before."""
        return self.after(self(equation.left)) if is_map(equation) else self(equation.left)

    def inside(self, node: Expression, least: int) -> str:
        """Return a part, in parentheses where it binds less tightly than its place asks for."""
        text, level = self._write(node)
        return text if level >= least else self.parentheses(text)

    def name(self, name: str) -> str:
        """Return the spelling of a name."""
        return self.names.get(name) or self.verbatim(name)

    def element(self, name: str, indices: Sequence[Expression]) -> str:
        """Return an element of an array, its indices below the line, behind those that the name has."""
        if not indices:
            return self.name(name)
        letters = all(isinstance(index, Name) and len(index.id) == 1 for index in indices)
        return self.indexed(self.name(name), [self(index) for index in indices], letters)

    def _write(self, node: Expression) -> tuple[str, int]:
        """Return the formula of an expression and how tightly it binds."""
        match node:
            case Number():
                return self.number(node)
            case Name():
                return self.name(node.id), ATOM
            case Derivative():
                return self.derivative(node), FACTOR
            case Index():
                return self.element(node.id, node.indices), ATOM
            case Array():
                rows = [item.items if isinstance(item, Array) else () for item in node.items]
                return (self.matrix([[self(i) for i in row] for row in rows]) if all(rows) else self.vector([self(i) for i in node.items])), ATOM
            case Load():
                return self.loaded(node.path), ATOM
            case Dot():
                return self.side_by_side([self.inside(node.left, PRODUCT), self.inside(node.right, FACTOR)]), PRODUCT
            case Reduction():
                return self.reduction(node.function, [self.name(v) for v in node.variables], self.inside(node.body, PRODUCT)), PRODUCT
            case Call():
                return self.call(node.function, [self(argument) for argument in node.arguments]), ATOM
            case Power():
                return self.power(self.inside(node.base, ATOM), self(node.exponent)), POWER
            case Product():
                return self._product(node)
            case Sum():
                return self.sum([(sign < 0, self.inside(term, PRODUCT)) for sign, term in node.terms]), SUM
            case Comparison():
                return self.comparison(self.inside(node.left, SUM), node.operator, self.inside(node.right, SUM)), COMPARE
            case Logic():
                return self._logic(node)
            case Conditional():
                return self._cases(node), CONDITIONAL

    def _product(self, node: Product) -> tuple[str, int]:
        """Return factors side by side, and each run of divisors below what precedes it."""
        runs: list[tuple[list[Expression], list[Expression]]] = [([], [])]
        for operator, factor in node.factors:
            if operator == "*" and runs[-1][1]:
                runs.append(([], []))
            runs[-1][0 if operator == "*" else 1].append(factor)
        first, last = node.factors[0][1], node.factors[-1][1]
        parts = [
            self.fraction(self._factors(above, first), self._factors(below, first)) if below else self._factors(above, first, last)
            for above, below in runs
        ]
        return self.side_by_side(parts), FACTOR if (len(parts) == 1 and runs[0][1]) or is_scaled(node) else PRODUCT

    def _factors(self, factors: Sequence[Expression], first: Expression, last: Expression | None = None) -> str:
        """Return some factors of a product, of which ``first`` is the first; ``[mV]`` among the others is written without its 1.

        A sum over an index that is the ``last`` one needs no parentheses.
        """
        alone, found = len(factors) == 1, []
        for factor in factors:
            if isinstance(factor, Number) and factor.value == 1 and factor.unit is not None and factor.unit != ONE and factor is not first:
                found.append(self.unit(factor.unit))
            else:
                open_ended = isinstance(factor, Reduction) and factor is last
                found.append(self(factor) if alone or open_ended else self.inside(factor, FACTOR))
        return self.side_by_side(found)

    def _logic(self, node: Logic) -> tuple[str, int]:
        if node.operator == "not":
            return self.negated(self.inside(node.operands[0], NOT)), NOT
        level = OR if node.operator == "or" else AND
        return self.joined(node.operator, [self.inside(operand, level + 1) for operand in node.operands]), level

    def _cases(self, node: Conditional) -> str:
        """Return a chain of conditionals as one brace."""
        rows: list[tuple[str, str]] = []
        rest: Expression = node
        while isinstance(rest, Conditional):
            rows.append((self(rest.value), self(rest.condition)))
            rest = rest.otherwise
        return self.cases(rows, self(rest))

    @abstractmethod
    def number(self, node: Number) -> tuple[str, int]:
        """Return a literal with its unit, and how tightly it binds."""

    @abstractmethod
    def unit(self, unit: Unit) -> str:
        """Return a unit upright."""

    @abstractmethod
    def verbatim(self, name: str) -> str:
        """Return a name that has no spelling of its own."""

    @abstractmethod
    def parentheses(self, text: str) -> str:
        """Return a formula in parentheses."""

    @abstractmethod
    def after(self, left: str) -> str:
        """Return the next value of what a map steps."""

    @abstractmethod
    def indexed(self, spelled: str, indices: Sequence[str], letters: bool) -> str:
        """Return a name with indices; ``letters`` need nothing between them."""

    @abstractmethod
    def derivative(self, node: Derivative) -> str:
        """Return a derivative."""

    @abstractmethod
    def vector(self, items: Sequence[str]) -> str:
        """Return a vector."""

    @abstractmethod
    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        """Return a matrix."""

    @abstractmethod
    def loaded(self, path: str) -> str:
        """Return the numbers of a file."""

    @abstractmethod
    def reduction(self, function: str, variables: Sequence[str], body: str) -> str:
        """Return a sum, or another reduction, over indices."""

    @abstractmethod
    def call(self, function: str, arguments: Sequence[str]) -> str:
        """Return a function of finished formulas."""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str:
        """Return a power."""

    @abstractmethod
    def fraction(self, above: str, below: str) -> str:
        """Return a fraction."""

    @abstractmethod
    def side_by_side(self, parts: Sequence[str]) -> str:
        """Return a product without a sign, but where two numbers meet."""

    @abstractmethod
    def sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        """Return a sum of terms, each with whether it is subtracted."""

    @abstractmethod
    def comparison(self, left: str, operator: str, right: str) -> str:
        """Return a comparison."""

    @abstractmethod
    def negated(self, text: str) -> str:
        """Return the negation of a condition."""

    @abstractmethod
    def joined(self, operator: str, parts: Sequence[str]) -> str:
        """Return conditions joined by ``and`` or ``or``."""

    @abstractmethod
    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        """Return values, each with its condition, and the value in all other cases."""
