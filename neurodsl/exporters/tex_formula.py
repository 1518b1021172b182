"""Expressions as formulas of LaTeX, set as a paper sets them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from neurodsl.exporters.formula import Formula
from neurodsl.exporters.spelling import tex_text
from neurodsl.lang.nodes import Derivative, Number
from neurodsl.lang.unparse import ATOM, FACTOR, POWER, SUM, decimal
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

LINE_END = r" \\ "
SUBSCRIPT = re.compile(r"(?<!\\)_\{.*\}$")
FACTORS = re.compile(r"([*/]?)([^*/^]+)(?:\^(?:\(([^)]*)\)|(-?\d+)))?")


class TexFormula(Formula):
    """Writes expressions as LaTeX."""

    def number(self, node: Number) -> tuple[str, int]:
        text, level = _decimal(node.value)
        if node.unit is None or node.unit == ONE:
            return text, level
        return rf"{text}\,{tex_unit(node.unit)}", min(level, FACTOR)

    def unit(self, unit: Unit) -> str:
        return tex_unit(unit)

    def verbatim(self, name: str) -> str:
        return rf"\text{{{tex_text(name)}}}"

    def parentheses(self, text: str) -> str:
        return in_parentheses(text)

    def after(self, left: str) -> str:
        return f"{left}^{{+}}"

    def indexed(self, spelled: str, indices: Sequence[str], letters: bool) -> str:
        written = ("" if letters else ",").join(indices)
        return f"{spelled[:-1]},{written}}}" if SUBSCRIPT.search(spelled) else f"{spelled}_{{{written}}}"

    def derivative(self, node: Derivative) -> str:
        above, below = ("", "") if node.order == 1 else (f"^{{{node.order}}}",) * 2
        return rf"\frac{{d{above}{self.element(node.name, node.indices)}}}{{d{node.variable}{below}}}"

    def vector(self, items: Sequence[str]) -> str:
        return in_parentheses(", ".join(items))

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return rf"\begin{{pmatrix}} {LINE_END.join(' & '.join(row) for row in rows)} \end{{pmatrix}}"

    def loaded(self, path: str) -> str:
        return rf"\operatorname{{load}}(\text{{{tex_text(path)}}})"

    def reduction(self, function: str, variables: Sequence[str], body: str) -> str:
        sign = REDUCTIONS.get(function, rf"\operatorname{{{function}}}")
        return rf"{sign}_{{{', '.join(variables)}}} {body}"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        joined = ", ".join(arguments)
        if function in self.names:
            return self.names[function] + in_parentheses(joined)
        if function in BRACKETS:
            return joined.join(BRACKETS[function])
        return COMMANDS.get(function, rf"\operatorname{{{tex_text(function)}}}") + in_parentheses(joined)

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def side_by_side(self, parts: Sequence[str]) -> str:
        text = parts[0]
        for part in parts[1:]:
            text += (r" \cdot " if part[0].isdigit() else " " if part.startswith(r"\left") else r"\,") + part
        return text

    def sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        (negative, first), *rest = terms
        return f"{'-' if negative else ''}{first}" + "".join(f" {'-' if less else '+'} {term}" for less, term in rest)

    def comparison(self, left: str, operator: str, right: str) -> str:
        return f"{left} {SIGNS.get(operator, operator)} {right}"

    def negated(self, text: str) -> str:
        return rf"\text{{not }} {text}"

    def joined(self, operator: str, parts: Sequence[str]) -> str:
        return rf" \text{{ {operator} }} ".join(parts)

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        lines = [*(rf"{value} & \text{{if }} {condition}" for value, condition in rows), rf"{otherwise} & \text{{otherwise}}"]
        return rf"\begin{{cases}} {LINE_END.join(lines)} \end{{cases}}"


def in_parentheses(text: str) -> str:
    """Return a formula in parentheses, which grow where it is higher than a line."""
    tall = r"\frac" in text or r"\begin" in text or r"\left" in text
    return rf"\left({text}\right)" if tall else f"({text})"


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
