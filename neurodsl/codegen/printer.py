"""sympy expressions as Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, Symbol
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from neurodsl.lower.functions import (
    Absolute,
    Ceil,
    Expm1,
    Floor,
    InversePhi,
    Log1p,
    Log2,
    Log10,
    Logistic,
    Maximum,
    Minimum,
    Modulo,
    Phi,
    Round,
    Select,
    Signum,
    Tanh,
    UnitStep,
)  # fmt: skip

CONDITION, OR, AND, NOT, COMPARE, ADD, MUL, UNARY, POWER, ATOM = range(10)

MATH: dict[Any, str] = {
    sympy.exp: "math.exp",
    sympy.log: "math.log",
    sympy.sin: "math.sin",
    sympy.cos: "math.cos",
    sympy.tan: "math.tan",
    sympy.asin: "math.asin",
    sympy.acos: "math.acos",
    sympy.atan: "math.atan",
    sympy.atan2: "math.atan2",
    sympy.sinh: "math.sinh",
    sympy.cosh: "math.cosh",
    Tanh: "math.tanh",
    sympy.tanh: "math.tanh",
    sympy.asinh: "math.asinh",
    sympy.acosh: "math.acosh",
    sympy.atanh: "math.atanh",
    sympy.erf: "math.erf",
    Expm1: "math.expm1",
    Log1p: "math.log1p",
    Log10: "math.log10",
    Log2: "math.log2",
    Absolute: "abs",
    Floor: "np.floor",
    Ceil: "np.ceil",
    Round: "_round",
    Signum: "_sign",
    UnitStep: "_heaviside",
    Logistic: "_sigmoid",
    Modulo: "_mod",
    InversePhi: "_inverse_phi1",
    Minimum: "_min",
    Maximum: "_max",
}
RELATION = {sympy.Gt: ">", sympy.Ge: ">=", sympy.Lt: "<", sympy.Le: "<=", sympy.Eq: "==", sympy.Ne: "!="}


class Printer:
    """Prints expressions with the identifiers of one file.

    Parameters
    ----------
    names : mapping of str to str
        What each symbol is called in the file; the compiler's own symbols, which start with ``_``, stand for themselves.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def __call__(self, expression: Basic, level: int = CONDITION) -> str:
        """Return an expression as text, in parentheses where it binds less than ``level``."""
        text, own = self._print(expression)
        return text if own >= level else f"({text})"

    def _print(self, e: Any) -> tuple[str, int]:
        if isinstance(e, Symbol):
            return (e.name if e.name.startswith("_") and not e.name.startswith("_flow") else self.names[e.name]), ATOM
        if (isinstance(e, Expr) and e.is_Number) or e in (sympy.pi, sympy.E):
            return _number(e)
        if isinstance(e, Add):
            return self._sum(e)
        if isinstance(e, Mul):
            return self._product(e)
        if isinstance(e, Pow):
            return self._power(e)
        if isinstance(e, Select):
            condition, taken, other = e.args
            return f"{self(taken, OR)} if {self(condition, OR)} else {self(other, CONDITION)}", CONDITION
        if isinstance(e, Phi):
            return f"_phi{int(e.args[0])}({self(e.args[1])})", ATOM
        if type(e) in RELATION:
            return f"{self(e.args[0], ADD)} {RELATION[type(e)]} {self(e.args[1], ADD)}", COMPARE
        if isinstance(e, And):
            return " and ".join(self(a, NOT) for a in e.args), AND
        if isinstance(e, Or):
            return " or ".join(self(a, AND) for a in e.args), OR
        if isinstance(e, Not):
            return f"not {self(e.args[0], NOT)}", NOT
        if isinstance(e, BooleanTrue | BooleanFalse):
            return str(bool(e)), ATOM
        return f"{MATH[type(e)]}({', '.join(self(a) for a in e.args)})", ATOM

    def _sum(self, e: Add) -> tuple[str, int]:
        terms = [self._signed(term) for term in e.as_ordered_terms()]
        terms.sort(key=lambda term: term[0] == "-")
        first = terms[0][1] if terms[0][0] == "+" else f"-{terms[0][1]}"
        return first + "".join(f" {sign} {text}" for sign, text in terms[1:]), ADD

    def _signed(self, term: Expr) -> tuple[str, str]:
        coefficient, _ = term.as_coeff_Mul()
        if coefficient.is_Number and coefficient.is_negative:
            return "-", self(-term, MUL)
        return "+", self(term, MUL)

    def _product(self, e: Mul) -> tuple[str, int]:
        coefficient, rest = e.as_coeff_Mul()
        if coefficient.is_negative:
            return f"-{self(-e, MUL)}", UNARY
        above, below = [], []
        for factor in Mul.make_args(rest):
            base, power = factor.as_base_exp() if isinstance(factor, Pow) else (factor, sympy.Integer(1))
            if power == -1 and isinstance(base, Phi) and base.args[0] == 1:
                above.append(InversePhi(base.args[1]))
            elif power.is_Rational and power.is_negative:
                below.append(base if power == -1 else Pow(base, -power))
            else:
                above.append(factor)
        parts = [] if coefficient == 1 and above else [_number(coefficient)[0]]
        parts += [self(factor, UNARY) for factor in above]
        text = "*".join(parts)
        if below:
            text += f"/{self(below[0], POWER)}" if len(below) == 1 else f"/({'*'.join(self(f, UNARY) for f in below)})"
        return text, MUL

    def _power(self, e: Pow) -> tuple[str, int]:
        base, power = e.args
        if power == -1 and isinstance(base, Phi) and base.args[0] == 1:
            return f"_inverse_phi1({self(base.args[1])})", ATOM
        if power.is_Rational and power.is_negative:
            return f"1.0/{self(Pow(base, -power), POWER)}", MUL
        if power == sympy.Rational(1, 2):
            return f"math.sqrt({self(base)})", ATOM
        if isinstance(base, Symbol) and power.is_Integer and 2 <= power <= 4:
            return "*".join([self(base, ATOM)] * int(power)), MUL
        if power.is_Integer:
            return f"{self(base, ATOM)}**{int(power)}", POWER
        return f"{self(base, ATOM)}**{self(power, ATOM)}", POWER


def _number(value: Expr) -> tuple[str, int]:
    if value is sympy.nan:
        return "math.nan", ATOM
    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else -float("inf")
    if number in (float("inf"), -float("inf")):
        return ("math.inf", ATOM) if number > 0 else ("-math.inf", UNARY)
    text = repr(abs(number))
    return (text, ATOM) if number >= 0 else (f"-{text}", UNARY)
