"""Expressions and numbers of the analysis as text, in the notation of the language, and as LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Basic, Expr, Float, Rational
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from neurodsl.lower import functions

CALLS: dict[type, str] = {
    functions.Tanh: "tanh", functions.Logistic: "sigmoid", functions.Expm1: "expm1", functions.Log1p: "log1p", functions.Log10: "log10",
    functions.Log2: "log2", functions.Absolute: "abs", functions.Signum: "sign", functions.UnitStep: "heaviside", functions.Floor: "floor",
    functions.Ceil: "ceil", functions.Round: "round", functions.Modulo: "mod", functions.Minimum: "min", functions.Maximum: "max",
}  # fmt: skip
"""What our own functions are called in the language."""
DIGITS = 10
LONGEST_NUMBER = 20
"""Characters of a number or quotient that is written exactly."""
LARGEST = 1e300


class _Text(StrPrinter):  # type: ignore[misc]
    """Writes expressions as the language does, so that they can be read back."""

    def _print_Function(self, node: Any) -> str:
        name = CALLS.get(node.func, node.func.__name__)
        return f"{name}({', '.join(self._print(a) for a in node.args)})"

    def _print_Symbol(self, node: Any) -> str:
        owner, arrow, rest = node.name.partition(" -> ")
        return f"({owner}{arrow}{rest.replace('.', ').', 1)}" if arrow and "." in rest else str(node.name)

    def _print_Float(self, node: Any) -> str:
        return f"{float(node):.{DIGITS}g}"

    def _print_Phi(self, node: Any) -> str:
        order, x = node.args
        return f"exprel({self._print(x)})" if order == 1 else f"phi_{order}({self._print(x)})"

    def _print_Select(self, node: Any) -> str:
        condition, taken, other = map(self._print, node.args)
        return f"({taken} if {condition} else {other})"


class _Tex(LatexPrinter):  # type: ignore[misc]
    """Writes expressions as LaTeX, with the names as a paper sets them."""

    def __init__(self, spell: Callable[[str], str]) -> None:
        super().__init__()
        self.spell = spell

    def _print_Float(self, node: Any) -> str:
        mantissa, e, exponent = f"{float(node):.{DIGITS}g}".partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else mantissa

    def _print_Symbol(self, node: Any, style: str = "plain") -> str:
        return self.spell(node.name)

    def _print_Function(self, node: Any, exp: str | None = None) -> str:
        if node.func not in CALLS:
            return str(super()._print_Function(node, exp))
        arguments = ", ".join(self._print(a) for a in node.args)
        return rf"\operatorname{{{CALLS[node.func]}}}" + (f"^{{{exp}}}" if exp else "") + rf"\left({arguments}\right)"

    def _print_Phi(self, node: Any, exp: str | None = None) -> str:
        order, x = node.args
        return rf"\varphi_{{{order}}}" + (f"^{{{exp}}}" if exp else "") + rf"\left({self._print(x)}\right)"

    def _print_Select(self, node: Any, exp: str | None = None) -> str:
        condition, taken, other = map(self._print, node.args)
        body = rf"\begin{{cases}} {taken} & \text{{if }} {condition} \\ {other} & \text{{otherwise}} \end{{cases}}"
        return rf"\left({body}\right)^{{{exp}}}" if exp else body


def text_of(expression: Basic) -> str:
    """Return an expression in the notation of the language; numbers of many digits as decimals."""
    return str(_Text().doprint(readable(expression))).replace("**", "^")


def readable(expression: Basic) -> Basic:
    """Return an expression in which exact numbers that nobody wrote, such as a sum of weights, are decimals of 10 digits."""
    long = {r: _decimal(r) for r in expression.atoms(Rational) if len(str(r)) > LONGEST_NUMBER}
    return expression.xreplace(long) if long else expression


def _decimal(exact: Rational) -> Expr:
    short = Rational(f"{float(exact):.{DIGITS}g}") if abs(exact) < LARGEST else exact
    return short if len(str(short)) <= LONGEST_NUMBER else Float(exact, DIGITS)


def latex_of(expression: Expr, spell: Callable[[str], str]) -> str:
    """Return an expression as LaTeX; ``spell`` writes a name."""
    return str(_Tex(spell).doprint(readable(expression)))


def number_text(value: float) -> str:
    """Return a number with the digits that one reads."""
    return f"{value + 0.0:.7g}"


def complex_text(value: complex) -> str:
    """Return an eigenvalue."""
    if value.imag == 0:
        return number_text(value.real)
    return f"{number_text(value.real)} {'-' if value.imag < 0 else '+'} {number_text(abs(value.imag))}i"
