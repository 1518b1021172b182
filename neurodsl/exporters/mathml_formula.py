"""Expressions as formulas of MathML, which browsers and word processors set themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from html import escape

from neurodsl.diagnostics import printable
from neurodsl.exporters.contents import is_map, is_scaled
from neurodsl.exporters.spelling import LETTERS
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
from neurodsl.typesetting import NAME, after_space
from neurodsl.units import ONE, Unit, describe

SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
CALLED = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "sign": "sgn"}
"""What functions of the language are called in print; any other has its own name."""
BASES = {"log10": "10", "log2": "2"}
BRACKETS = {"abs": ("|", "|"), "floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}
"""The functions of the language that print as brackets."""
REDUCTIONS = {"sum": "∑", "prod": "∏"}
"""What a value over index variables is called in print."""
TIMES = '<mo lspace="0" rspace="0.17em">&#x2062;</mo>'
"""The multiplication of factors that stand side by side."""
THIN = '<mspace width="0.17em"/>'
"""The space between a number and its unit."""
DOT = "<mo>⋅</mo>"
APPLIED = "<mo>&#x2061;</mo>"
CLOSED = "</mrow></msub>"


def mn(digits: str) -> str:
    """Return a number."""
    return f"<mn>{digits}</mn>"


def mo(sign: str) -> str:
    """Return an operator."""
    return f"<mo>{escape(sign)}</mo>"


def row(*parts: str) -> str:
    """Return parts as one."""
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


def words(text: str) -> str:
    """Return a text of anybody's within a formula; spaces at its ends stay."""
    line = " ".join(printable(text).split())
    before, after = ("\u00a0" if line and end.isspace() else "" for end in (text[:1], text[-1:]))
    return f"<mtext>{before}{escape(line)}{after}</mtext>"


def in_parentheses(text: str) -> str:
    """Return a formula in parentheses, which grow only where it is higher than a line: not every font can do that well."""
    grows = "" if any(tall in text for tall in ("<mfrac", "<mtable", "<munder", "<msqrt")) else ' stretchy="false"'
    return f"<mrow><mo{grows}>(</mo>{text}<mo{grows}>)</mo></mrow>"


def math_name(name: str) -> str:
    """Return a name as a paper sets it, with Greek letters and subscripts: ``tau_m``."""
    if name == "dt":
        return row("<mi>Δ</mi>", "<mi>t</mi>")
    base, *rest = name.split("_")
    if not NAME.fullmatch(name) or "" in (base, *rest):
        return math_verbatim(name)
    numbered = re.fullmatch(r"(.*?\D)(\d+)", base)
    if numbered and (len(numbered[1]) == 1 or numbered[1] in LETTERS):
        base, rest = numbered[1], [numbered[2], *rest]
    stem = f"<mi>{LETTERS.get(base, base)}</mi>" if len(LETTERS.get(base, base)) == 1 else f'<mi mathvariant="italic">{base}</mi>'
    below = mo(",").join(mn(part) if part.isdigit() else f"<mi>{LETTERS.get(part, part)}</mi>" for part in rest)
    return f"<msub>{stem}<mrow>{below}{CLOSED}" if rest else stem


def math_verbatim(name: str) -> str:
    """Return a name letter by letter."""
    return f'<mi mathvariant="italic">{escape(name)}</mi>' if NAME.fullmatch(name) else words(name)


def math_unit(unit: Unit) -> str:
    """Return a unit upright: ``mV/ms``, and with powers where there is more than one divisor, or nothing above."""
    text = describe(unit)
    if text.startswith("1/") or text.count("/") > 1:
        first, *below = text.split("/")
        text = "*".join([*([] if first == "1" else [first]), *map(_inverted, below)])
    return f'<mi mathvariant="normal">{escape(after_space(text).strip())}</mi>'


def _inverted(factor: str) -> str:
    """Return a divisor as a factor: ``ms^-1`` for ``ms``, ``cm^-2`` for ``cm^2``."""
    symbol, _, power = factor.partition("^")
    root = power.startswith("(")
    bare = power.strip("()") or "1"
    turned = bare.removeprefix("-") if bare.startswith("-") else f"-{bare}"
    return symbol if turned == "1" else f"{symbol}^({turned})" if root else f"{symbol}^{turned}"


class MathFormula:
    """Writes expressions with the spellings of a model's names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def __call__(self, node: Expression) -> str:
        """Return an expression as one element."""
        return self._write(node)[0]

    def left(self, equation: Equation) -> str:
        """Return the left side of an equation; of a map the next value, with a plus."""
        return f"<msup>{self(equation.left)}{mo('+')}</msup>" if is_map(equation) else self(equation.left)

    def inside(self, node: Expression, least: int) -> str:
        """Return a part, in parentheses where it binds less tightly than its place asks for."""
        text, level = self._write(node)
        return text if level >= least else in_parentheses(text)

    def name(self, name: str) -> str:
        """Return the spelling of a name."""
        return self.names.get(name) or math_verbatim(name)

    def _write(self, node: Expression) -> tuple[str, int]:
        """Return the formula of an expression and how tightly it binds."""
        match node:
            case Number():
                return self._number(node)
            case Name():
                return self.name(node.id), ATOM
            case Derivative():
                return self._derivative(node), FACTOR
            case Index():
                return self.element(node.id, node.indices), ATOM
            case Array():
                return self._array(node), ATOM
            case Load():
                return words(f'load("{node.path}")'), ATOM
            case Dot():
                return row(self.inside(node.left, PRODUCT), TIMES, self.inside(node.right, FACTOR)), PRODUCT
            case Reduction():
                sign = mo(REDUCTIONS[node.function]) if node.function in REDUCTIONS else f"<mi>{node.function}</mi>"
                return row(f"<munder>{sign}{row(*self._listed(node.variables, self.name))}</munder>", self.inside(node.body, PRODUCT)), PRODUCT
            case Call():
                return self.call(node.function, [self(argument) for argument in node.arguments]), ATOM
            case Power():
                return f"<msup>{self.inside(node.base, ATOM)}{self(node.exponent)}</msup>", POWER
            case Product():
                return self._product(node)
            case Sum():
                return self._sum(node), SUM
            case Comparison():
                sign = SIGNS.get(node.operator, node.operator)
                return row(self.inside(node.left, SUM), mo(sign), self.inside(node.right, SUM)), COMPARE
            case Logic():
                return self._logic(node)
            case Conditional():
                return self._cases(node), CONDITIONAL

    def element(self, name: str, indices: Sequence[Expression]) -> str:
        """Return an element of an array, its indices below the line, behind those that the name has."""
        spelled = self.name(name)
        if not indices:
            return spelled
        letters = all(isinstance(index, Name) and len(index.id) == 1 for index in indices)
        written = ("" if letters else mo(",")).join(map(self, indices))
        inner = f"{spelled.removesuffix(CLOSED)}{mo(',')}" if spelled.endswith(CLOSED) else f"<msub>{spelled}<mrow>"
        return f"{inner}{written}{CLOSED}"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        """Return a function of finished formulas."""
        inside = mo(",").join(arguments)
        if function in self.names:
            return row(self.names[function], APPLIED, in_parentheses(inside))
        if function == "sqrt":
            return f"<msqrt>{inside}</msqrt>"
        if function in BRACKETS:
            opened, closed = BRACKETS[function]
            return f'<mrow><mo fence="true" form="prefix">{opened}</mo>{inside}<mo fence="true" form="postfix">{closed}</mo></mrow>'
        head = f"<mi>{escape(CALLED.get(function, function))}</mi>"
        if function in BASES:
            head = f"<msub><mi>log</mi>{mn(BASES[function])}</msub>"
        return row(head, APPLIED, in_parentheses(inside))

    def _listed(self, items: Sequence[str], write: Callable[[str], str]) -> list[str]:
        """Return items with commas between them, each as a part."""
        return [part for k, item in enumerate(items) for part in ([mo(",")] if k else []) + [write(item)]]

    def _derivative(self, node: Derivative) -> str:
        d = '<mi mathvariant="normal">d</mi>'
        above = d if node.order == 1 else f"<msup>{d}{mn(str(node.order))}</msup>"
        variable = f"<mi>{escape(node.variable)}</mi>"
        below = variable if node.order == 1 else f"<msup>{variable}{mn(str(node.order))}</msup>"
        return f"<mfrac>{row(above, self.element(node.name, node.indices))}{row(d, below)}</mfrac>"

    def _array(self, node: Array) -> str:
        """Return a vector in parentheses, a matrix in rows."""
        rows = [item.items if isinstance(item, Array) else () for item in node.items]
        if not all(rows):
            return in_parentheses(mo(",").join(map(self, node.items)))
        body = "".join(f"<mtr>{''.join(f'<mtd>{self(item)}</mtd>' for item in items)}</mtr>" for items in rows)
        return in_parentheses(f"<mtable>{body}</mtable>")

    def _product(self, node: Product) -> tuple[str, int]:
        """Return factors side by side, and each run of divisors below what precedes it."""
        runs: list[tuple[list[Expression], list[Expression]]] = [([], [])]
        for operator, factor in node.factors:
            if operator == "*" and runs[-1][1]:
                runs.append(([], []))
            runs[-1][0 if operator == "*" else 1].append(factor)
        first, last = node.factors[0][1], node.factors[-1][1]
        parts = [
            f"<mfrac>{self._factors(above, first)}{self._factors(below, first)}</mfrac>" if below else self._factors(above, first, last)
            for above, below in runs
        ]
        return _side_by_side(parts), FACTOR if (len(parts) == 1 and runs[0][1]) or is_scaled(node) else PRODUCT

    def _factors(self, factors: Sequence[Expression], first: Expression, last: Expression | None = None) -> str:
        """Return some factors of a product, of which ``first`` is the first; ``[mV]`` among the others is written without its 1."""
        alone, found = len(factors) == 1, []
        for factor in factors:
            if isinstance(factor, Number) and factor.value == 1 and factor.unit is not None and factor.unit != ONE and factor is not first:
                found.append(math_unit(factor.unit))
            else:
                open_ended = isinstance(factor, Reduction) and factor is last
                found.append(self(factor) if alone or open_ended else self.inside(factor, FACTOR))
        return _side_by_side(found)

    def _sum(self, node: Sum) -> str:
        sign, first = node.terms[0]
        parts = [mo("−")] if sign < 0 else []
        parts.append(self.inside(first, PRODUCT))
        for sign, term in node.terms[1:]:
            parts += [mo("−" if sign < 0 else "+"), self.inside(term, PRODUCT)]
        return row(*parts)

    def _logic(self, node: Logic) -> tuple[str, int]:
        if node.operator == "not":
            return row(words("not "), self.inside(node.operands[0], NOT)), NOT
        level = OR if node.operator == "or" else AND
        parts = [self.inside(operand, level + 1) for operand in node.operands]
        return row(*(part for k, text in enumerate(parts) for part in ([words(f" {node.operator} ")] if k else []) + [text])), level

    def _cases(self, node: Conditional) -> str:
        """Return a chain of conditionals as one brace."""
        rows: list[tuple[str, str]] = []
        rest: Expression = node
        while isinstance(rest, Conditional):
            rows.append((self(rest.value), row(words("if "), self(rest.condition))))
            rest = rest.otherwise
        rows.append((self(rest), words("otherwise")))
        body = "".join(f'<mtr><mtd style="text-align:left">{v}</mtd><mtd style="text-align:left">{c}</mtd></mtr>' for v, c in rows)
        return row('<mo fence="true" form="prefix">{</mo>', f'<mtable columnalign="left">{body}</mtable>')

    def _number(self, node: Number) -> tuple[str, int]:
        """Return a literal with its unit."""
        text, level = _decimal(node.value)
        if node.unit is None or node.unit == ONE:
            return text, level
        return row(text, THIN, math_unit(node.unit)), min(level, FACTOR)


def _side_by_side(parts: Sequence[str]) -> str:
    """Return a product; before a digit with a dot."""
    found = [parts[0]]
    for part in parts[1:]:
        digit = re.match(r"(<(mrow|msup|mfrac)>)*<mn>", part)
        found += [DOT if digit else TIMES, part]
    return row(*found)


def _decimal(value: Fraction) -> tuple[str, int]:
    """Return a number: very large and very small ones with a power of ten."""
    if value < 0:
        return row(mo("−"), _decimal(-value)[0]), SUM
    text = decimal(value)
    if text.startswith("("):
        return f"<mfrac>{mn(str(value.numerator))}{mn(str(value.denominator))}</mfrac>", FACTOR
    digits, _, exponent = text.partition("e")
    if not exponent:
        return mn(text), ATOM
    power = int(exponent) + len(digits) - 1
    raised = f"<msup>{mn('10')}{mn(str(power)) if power >= 0 else row(mo('−'), mn(str(-power)))}</msup>"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return (raised, POWER) if digits == "1" else (row(mn(mantissa), DOT, raised), FACTOR)
