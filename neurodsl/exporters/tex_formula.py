"""Expressions as formulas of LaTeX, set as a paper sets them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from neurodsl.exporters.contents import is_map, is_scaled
from neurodsl.exporters.spelling import tex_text
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
from neurodsl.lang.unparse import AND, ATOM, COMPARE, CONDITIONAL, FACTOR, NOT, OR, POWER, PRODUCT, SUM, decimal
from neurodsl.model import Equation
from neurodsl.units import ONE, Unit, describe

SIGNS = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
COMMANDS = {
    **{name: rf"\{name}" for name in ("exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max")},
    **{"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log10": r"\log_{10}", "log2": r"\log_{2}"},
    "sign": r"\operatorname{sgn}",
}
"""What the functions of the language are called in print; any other is written with its name, upright."""

BRACKETS = {
    "sqrt": (r"\sqrt{", "}"),
    "abs": (r"\left|", r"\right|"),
    "floor": (r"\left\lfloor ", r"\right\rfloor"),
    "ceil": (r"\left\lceil ", r"\right\rceil"),
}
"""The functions of the language that print as brackets."""

REDUCTIONS = {"sum": r"\sum", "prod": r"\prod", "min": r"\min", "max": r"\max"}
"""What a value over index variables is called in print."""

SUBSCRIPT = re.compile(r"(?<!\\)_\{.*\}$")
FACTORS = re.compile(r"([*/]?)([^*/^]+)(?:\^(?:\(([^)]*)\)|(-?\d+)))?")


class TexFormula:
    """Writes expressions with the spellings of a model's names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def __call__(self, node: Expression) -> str:
        """Return an expression as a formula."""
        return self._write(node)[0]

    def left(self, equation: Equation) -> str:
        """Return the left side of an equation; of a map ``x^+``, the next value, while ``x`` on the right is the value before."""
        return f"{self(equation.left)}^{{+}}" if is_map(equation) else self(equation.left)

    def inside(self, node: Expression, least: int) -> str:
        """Return a part, in parentheses where it binds less tightly than its place asks for."""
        text, level = self._write(node)
        return text if level >= least else in_parentheses(text)

    def name(self, name: str) -> str:
        """Return the spelling of a name."""
        return self.names.get(name) or rf"\text{{{tex_text(name)}}}"

    def _write(self, node: Expression) -> tuple[str, int]:
        """Return the formula of an expression and how tightly it binds."""
        match node:
            case Number():
                return _number(node)
            case Name():
                return self.name(node.id), ATOM
            case Derivative():
                above, below = ("", "") if node.order == 1 else (f"^{{{node.order}}}",) * 2
                return rf"\frac{{d{above}{self.element(node.name, node.indices)}}}{{d{node.variable}{below}}}", FACTOR
            case Index():
                return self.element(node.id, node.indices), ATOM
            case Array():
                return self._array(node), ATOM
            case Load():
                return rf"\operatorname{{load}}(\text{{{tex_text(node.path)}}})", ATOM
            case Dot():
                return _side_by_side([self.inside(node.left, PRODUCT), self.inside(node.right, FACTOR)]), PRODUCT
            case Reduction():
                sign = REDUCTIONS.get(node.function, rf"\operatorname{{{node.function}}}")
                return rf"{sign}_{{{', '.join(map(self.name, node.variables))}}} {self.inside(node.body, PRODUCT)}", PRODUCT
            case Call():
                return self.call(node.function, [self(argument) for argument in node.arguments]), ATOM
            case Power():
                return f"{self.inside(node.base, ATOM)}^{{{self(node.exponent)}}}", POWER
            case Product():
                return self._product(node)
            case Sum():
                return self._sum(node), SUM
            case Comparison():
                sign = SIGNS.get(node.operator, node.operator)
                return f"{self.inside(node.left, SUM)} {sign} {self.inside(node.right, SUM)}", COMPARE
            case Logic():
                return self._logic(node)
            case Conditional():
                return self._cases(node), CONDITIONAL

    def element(self, name: str, indices: Sequence[Expression]) -> str:
        """Return an element of an array, its indices below the line, behind those that the name has."""
        letters = all(isinstance(index, Name) and len(index.id) == 1 for index in indices)
        written = ("" if letters else ",").join(map(self, indices))
        spelled = self.name(name)
        if not indices:
            return spelled
        return f"{spelled[:-1]},{written}}}" if SUBSCRIPT.search(spelled) else f"{spelled}_{{{written}}}"

    def _array(self, node: Array) -> str:
        """Return a vector in parentheses, a matrix in rows."""
        rows = [item.items if isinstance(item, Array) else () for item in node.items]
        if all(rows):
            body = r" \\ ".join(" & ".join(map(self, row)) for row in rows)
            return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"
        return in_parentheses(", ".join(map(self, node.items)))

    def call(self, function: str, arguments: list[str]) -> str:
        """Return a function of finished formulas."""
        joined = ", ".join(arguments)
        if function in self.names:
            return self.names[function] + in_parentheses(joined)
        if function in BRACKETS:
            return joined.join(BRACKETS[function])
        return COMMANDS.get(function, rf"\operatorname{{{tex_text(function)}}}") + in_parentheses(joined)

    def _product(self, node: Product) -> tuple[str, int]:
        """Return factors side by side, and each run of divisors below what precedes it."""
        runs: list[tuple[list[Expression], list[Expression]]] = [([], [])]
        for operator, factor in node.factors:
            if operator == "*" and runs[-1][1]:
                runs.append(([], []))
            runs[-1][0 if operator == "*" else 1].append(factor)
        first, last = node.factors[0][1], node.factors[-1][1]
        parts = [
            rf"\frac{{{self._factors(above, first)}}}{{{self._factors(below, first)}}}" if below else self._factors(above, first, last)
            for above, below in runs
        ]
        return _side_by_side(parts), FACTOR if (len(parts) == 1 and runs[0][1]) or is_scaled(node) else PRODUCT

    def _factors(self, factors: list[Expression], first: Expression, last: Expression | None = None) -> str:
        """Return some factors of a product, of which ``first`` is the first; ``[mV]`` among the others is written without its 1.

        A sum over an index that is the ``last`` one needs no parentheses.
        """
        alone = len(factors) == 1
        texts = []
        for factor in factors:
            if isinstance(factor, Number) and factor.value == 1 and factor.unit not in (None, ONE) and factor is not first:
                texts.append(tex_unit(factor.unit))
            else:
                open_ended = isinstance(factor, Reduction) and factor is last
                texts.append(self(factor) if alone or open_ended else self.inside(factor, FACTOR))
        return _side_by_side(texts)

    def _sum(self, node: Sum) -> str:
        sign, first = node.terms[0]
        pieces = [f"{'-' if sign < 0 else ''}{self.inside(first, PRODUCT)}"]
        pieces += [f" {'-' if sign < 0 else '+'} {self.inside(term, PRODUCT)}" for sign, term in node.terms[1:]]
        return "".join(pieces)

    def _logic(self, node: Logic) -> tuple[str, int]:
        if node.operator == "not":
            return rf"\text{{not }} {self.inside(node.operands[0], NOT)}", NOT
        level = OR if node.operator == "or" else AND
        return rf" \text{{ {node.operator} }} ".join(self.inside(operand, level + 1) for operand in node.operands), level

    def _cases(self, node: Conditional) -> str:
        """Return a chain of conditionals as one brace."""
        rows = []
        rest: Expression = node
        while isinstance(rest, Conditional):
            rows.append(rf"{self(rest.value)} & \text{{if }} {self(rest.condition)}")
            rest = rest.otherwise
        rows.append(rf"{self(rest)} & \text{{otherwise}}")
        body = r" \\ ".join(rows)
        return rf"\begin{{cases}} {body} \end{{cases}}"


def in_parentheses(text: str) -> str:
    """Return a formula in parentheses, which grow where it is higher than a line."""
    tall = r"\frac" in text or r"\begin" in text or r"\left" in text
    return rf"\left({text}\right)" if tall else f"({text})"


def _side_by_side(parts: list[str]) -> str:
    """Return a product; before a digit with a dot."""
    text = parts[0]
    for part in parts[1:]:
        text += (r" \cdot " if part[0].isdigit() else " " if part.startswith(r"\left") else r"\,") + part
    return text


def _number(node: Number) -> tuple[str, int]:
    """Return a literal with its unit."""
    text, level = _decimal(node.value)
    if node.unit is None or node.unit == ONE:
        return text, level
    return rf"{text}\,{tex_unit(node.unit)}", min(level, FACTOR)


def _decimal(value: Fraction) -> tuple[str, int]:
    """Return a number: very large and very small ones with a power of ten."""
    if value < 0:
        return f"-{_decimal(-value)[0]}", SUM
    text = decimal(value)
    if text.startswith("("):
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}", FACTOR
    digits, _, exponent = text.partition("e")
    if not exponent:
        return text, ATOM
    power = f"10^{{{int(exponent) + len(digits) - 1}}}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return (power, POWER) if digits == "1" else (rf"{mantissa} \cdot {power}", FACTOR)


def tex_unit(unit: Unit) -> str:
    r"""Return a unit upright: ``\mathrm{mV/ms}``, and with powers where there is more than one divisor, or nothing above."""
    text = describe(unit)
    slash = text.count("/") == 1 and not text.startswith("1/")
    written = ""
    for operator, symbol, root, power in FACTORS.findall(text.removeprefix("1/") if text.startswith("1/") else text):
        below = operator == "/" or (not operator and text.startswith("1/"))
        exponent = root or power or "1"
        if below and not slash:
            exponent = exponent.removeprefix("-") if exponent.startswith("-") else f"-{exponent}"
        written += (r"\," if operator else "") if not (below and slash) else "/"
        written += _unit_symbol(symbol) + ("" if exponent == "1" else f"^{{{exponent}}}")
    return rf"\mathrm{{{written}}}"


def _unit_symbol(symbol: str) -> str:
    """Return a symbol of a unit, with its micro sign, its ohm, its degree."""
    if symbol in ("%", "degC"):
        return {"%": r"\%", "degC": r"{}^{\circ}C"}[symbol]
    if symbol.endswith("Ohm"):
        symbol = symbol.removesuffix("Ohm") + r"\Omega"
    return rf"\mu {symbol[1:]}" if symbol[0] == "u" and len(symbol) > 1 else symbol
