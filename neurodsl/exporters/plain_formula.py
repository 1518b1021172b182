"""Expressions as a line of text: ``C dV/dt``, ``g_Na m³ h (V - E_Na)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from neurodsl.exporters.contents import is_scaled
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
from neurodsl.lang.tree import derivative_text
from neurodsl.lang.unparse import AND, ATOM, COMPARE, CONDITIONAL, FACTOR, NOT, OR, POWER, PRODUCT, SUM, decimal
from neurodsl.typesetting import SUPERSCRIPTS
from neurodsl.units import describe

SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠"}


class PlainFormula:
    """Writes expressions with the spellings of a model's names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def __call__(self, node: Expression) -> str:
        """Return an expression as a line of text."""
        return self._write(node)[0]

    def name(self, name: str) -> str:
        """Return the spelling of a name."""
        return self.names.get(name, name)

    def inside(self, node: Expression, least: int) -> str:
        """Return a part, in parentheses where it binds less tightly than its place asks for."""
        text, level = self._write(node)
        return text if level >= least else f"({text})"

    def _write(self, node: Expression) -> tuple[str, int]:
        """Return the text of an expression and how tightly it binds."""
        match node:
            case Number():
                return _number(node)
            case Name():
                return self.name(node.id), ATOM
            case Index():
                return f"{self.name(node.id)}[{self.listed(node.indices)}]", ATOM
            case Derivative():
                element = f"{self.name(node.name)}[{self.listed(node.indices)}]" if node.indices else self.name(node.name)
                return derivative_text(element, node.order, node.variable), FACTOR
            case Call():
                return f"{self.name(node.function)}({self.listed(node.arguments)})", ATOM
            case Array():
                return f"({self.listed(node.items)}{',' * (len(node.items) == 1)})", ATOM
            case Load():
                return f'load("{node.path}")', ATOM
            case Dot():
                return f"{self.inside(node.left, PRODUCT)} @ {self.inside(node.right, POWER)}", PRODUCT
            case Reduction():
                return f"{node.function}({self(node.body)} for {', '.join(map(self.name, node.variables))})", ATOM
            case Power():
                return f"{self.inside(node.base, ATOM)}{self._exponent(node.exponent)}", POWER
            case Product():
                text = self._product(node)
                return text, POWER if is_scaled(node) and text[: text.rindex("[")].endswith(") ") else PRODUCT
            case Sum():
                return self._sum(node), SUM
            case Comparison():
                sign = SIGNS.get(node.operator, node.operator)
                return f"{self.inside(node.left, SUM)} {sign} {self.inside(node.right, SUM)}", COMPARE
            case Logic():
                return self._logic(node)
            case Conditional():
                parts = self.inside(node.value, OR), self.inside(node.condition, OR), self.inside(node.otherwise, CONDITIONAL)
                return "{} if {} else {}".format(*parts), CONDITIONAL

    def listed(self, nodes: Sequence[Expression]) -> str:
        """Return expressions with commas between them."""
        return ", ".join(map(self, nodes))

    def _exponent(self, node: Expression) -> str:
        """Return an integer raised, anything else after ``^``."""
        match node:
            case Number(value=Fraction(denominator=1) as value, unit=None):
                return str(value).translate(SUPERSCRIPTS)
            case Sum(terms=((-1, Number(value=Fraction(denominator=1) as value, unit=None)),)) if value > 0:
                return f"-{value}".translate(SUPERSCRIPTS)
        return f"^{self.inside(node, POWER)}"

    def _product(self, node: Product) -> str:
        """Return factors side by side; with a dot where that could be misread, as after a quotient."""
        text, dotted = self.inside(node.factors[0][1], FACTOR), isinstance(node.factors[0][1], Derivative)
        for operator, factor in node.factors[1:]:
            unit = factor.unit if isinstance(factor, Number) and factor.value == 1 else None
            part = self.inside(factor, POWER if operator == "/" else FACTOR) if unit is None else f"[{describe(unit)}]"
            if operator == "/":
                text, dotted = f"{text}/{part}", True
            else:
                index = unit is not None and not text.endswith(")")
                text = f"{text}·{part}" if dotted or index or part[0].isdigit() else f"{text} {part}"
                dotted = dotted or isinstance(factor, Derivative)
        return text

    def _sum(self, node: Sum) -> str:
        sign, first = node.terms[0]
        pieces = [f"{'-' if sign < 0 else ''}{self.inside(first, PRODUCT)}"]
        pieces += [f" {'-' if sign < 0 else '+'} {self.inside(term, PRODUCT)}" for sign, term in node.terms[1:]]
        return "".join(pieces)

    def _logic(self, node: Logic) -> tuple[str, int]:
        if node.operator == "not":
            return f"not {self.inside(node.operands[0], NOT)}", NOT
        level = OR if node.operator == "or" else AND
        return f" {node.operator} ".join(self.inside(operand, level + 1) for operand in node.operands), level


def _number(node: Number) -> tuple[str, int]:
    text = decimal(node.value)
    level = ATOM if node.value >= 0 else SUM
    return (text, level) if node.unit is None else (f"{text} [{describe(node.unit)}]", min(level, POWER))
