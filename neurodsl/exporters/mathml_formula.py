"""Expressions as formulas of MathML, which browsers and word processors set themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from html import escape

from neurodsl.diagnostics import printable
from neurodsl.exporters.formula import Formula
from neurodsl.exporters.spelling import LETTERS
from neurodsl.lang.nodes import Derivative, Number
from neurodsl.lang.unparse import ATOM, FACTOR, POWER, SUM, decimal
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


class MathFormula(Formula):
    """Writes expressions as MathML, each as one element."""

    def number(self, node: Number) -> tuple[str, int]:
        text, level = _decimal(node.value)
        if node.unit is None or node.unit == ONE:
            return text, level
        return row(text, THIN, math_unit(node.unit)), min(level, FACTOR)

    def unit(self, unit: Unit) -> str:
        return math_unit(unit)

    def verbatim(self, name: str) -> str:
        return math_verbatim(name)

    def parentheses(self, text: str) -> str:
        return in_parentheses(text)

    def after(self, left: str) -> str:
        return f"<msup>{left}{mo('+')}</msup>"

    def indexed(self, spelled: str, indices: Sequence[str], letters: bool) -> str:
        inner = f"{spelled.removesuffix(CLOSED)}{mo(',')}" if spelled.endswith(CLOSED) else f"<msub>{spelled}<mrow>"
        return f"{inner}{('' if letters else mo(',')).join(indices)}{CLOSED}"

    def derivative(self, node: Derivative) -> str:
        d = '<mi mathvariant="normal">d</mi>'
        above = d if node.order == 1 else f"<msup>{d}{mn(str(node.order))}</msup>"
        variable = f"<mi>{escape(node.variable)}</mi>"
        below = variable if node.order == 1 else f"<msup>{variable}{mn(str(node.order))}</msup>"
        return f"<mfrac>{row(above, self.element(node.name, node.indices))}{row(d, below)}</mfrac>"

    def vector(self, items: Sequence[str]) -> str:
        return in_parentheses(mo(",").join(items))

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        body = "".join(f"<mtr>{''.join(f'<mtd>{item}</mtd>' for item in items)}</mtr>" for items in rows)
        return in_parentheses(f"<mtable>{body}</mtable>")

    def loaded(self, path: str) -> str:
        return words(f'load("{path}")')

    def reduction(self, function: str, variables: Sequence[str], body: str) -> str:
        sign = mo(REDUCTIONS[function]) if function in REDUCTIONS else f"<mi>{function}</mi>"
        return row(f"<munder>{sign}{row(*between(mo(','), variables))}</munder>", body)

    def call(self, function: str, arguments: Sequence[str]) -> str:
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

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{base}{exponent}</msup>"

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac>{above}{below}</mfrac>"

    def side_by_side(self, parts: Sequence[str]) -> str:
        found = [parts[0]]
        for part in parts[1:]:
            found += [DOT if re.match(r"(<(mrow|msup|mfrac)>)*<mn>", part) else TIMES, part]
        return row(*found)

    def sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        (negative, first), *rest = terms
        signed = [part for less, term in rest for part in (mo("−" if less else "+"), term)]
        return row(*([mo("−")] if negative else []), first, *signed)

    def comparison(self, left: str, operator: str, right: str) -> str:
        return row(left, mo(SIGNS.get(operator, operator)), right)

    def negated(self, text: str) -> str:
        return row(words("not "), text)

    def joined(self, operator: str, parts: Sequence[str]) -> str:
        return row(*between(words(f" {operator} "), parts))

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        lines = [*((value, row(words("if "), condition)) for value, condition in rows), (otherwise, words("otherwise"))]
        body = "".join(f'<mtr><mtd style="text-align:left">{v}</mtd><mtd style="text-align:left">{c}</mtd></mtr>' for v, c in lines)
        return row('<mo fence="true" form="prefix">{</mo>', f'<mtable columnalign="left">{body}</mtable>')


def between(sign: str, parts: Sequence[str]) -> list[str]:
    """Return parts with a sign between them, itself one."""
    return [part for k, text in enumerate(parts) for part in ([sign] if k else []) + [text]]


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
