"""Evaluates expressions to any precision, or in double precision, with a bound of what rounding may do to them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy import Basic, Expr, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Not, Or

from neurodsl.lower.functions import (
    Absolute,
    Ceil,
    Expm1,
    Floor,
    InversePhi,
    Log1p,
    Logistic,
    Maximum,
    Minimum,
    Modulo,
    Phi,
    Select,
    Signum,
    Tanh,
)  # fmt: skip

Lines = Sequence[tuple[Symbol, Expr]]
Values = dict[Symbol, Any]
RELATIONS: dict[Any, Any] = {
    sympy.Gt: operator.gt, sympy.Ge: operator.ge, sympy.Lt: operator.lt, sympy.Le: operator.le, sympy.Eq: operator.eq, sympy.Ne: operator.ne,
}  # fmt: skip
DOUBLE = SimpleNamespace(
    mpf=np.float64, exp=np.exp, log=np.log, sin=np.sin, cos=np.cos, tanh=np.tanh, sinh=np.sinh, cosh=np.cosh, expm1=np.expm1, log1p=np.log1p,
    floor=np.floor, ceil=np.ceil, sign=np.sign, pi=np.pi,
)  # fmt: skip
"""Double precision: what overflows is infinite."""


def precise_phi(order: int, x: Any, m: Any) -> Any:
    if order == 0:
        return m.exp(x)
    if x == 0:
        return 1 / m.mpf(int(sympy.factorial(order)))
    return m.expm1(x) / x if order == 1 else (precise_phi(order - 1, x, m) - 1 / m.mpf(int(sympy.factorial(order - 1)))) / x


FUNCTIONS: dict[Any, Any] = {
    sympy.exp: lambda m, x: m.exp(x), sympy.log: lambda m, x: m.log(x), sympy.sin: lambda m, x: m.sin(x), sympy.cos: lambda m, x: m.cos(x),
    sympy.sinh: lambda m, x: m.sinh(x), sympy.cosh: lambda m, x: m.cosh(x), Tanh: lambda m, x: m.tanh(x), Expm1: lambda m, x: m.expm1(x),
    Log1p: lambda m, x: m.log1p(x), Logistic: lambda m, x: 1 / (1 + m.exp(-x)), Absolute: lambda m, x: abs(x), Signum: lambda m, x: m.sign(x),
    Floor: lambda m, x: m.floor(x), Ceil: lambda m, x: m.ceil(x), Modulo: lambda m, x, y: x - m.floor(x / y) * y,
    Minimum: lambda m, x, y: min(x, y), Maximum: lambda m, x, y: max(x, y), InversePhi: lambda m, x: 1 / precise_phi(1, x, m),
    Phi: lambda m, order, x: precise_phi(int(order), x, m),
}  # fmt: skip


def value(e: Basic, values: Mapping[Symbol, Any], m: Any = mpmath.mp) -> Any:
    """Return the value of an expression in the arithmetic of ``m``."""
    if isinstance(e, Symbol):
        return values[e]
    if e is sympy.nan:
        return m.mpf("nan")
    if e.is_Rational:
        return m.mpf(int(e.p)) / m.mpf(int(e.q))
    if e.is_Float:
        return m.mpf(float(e))
    if e is sympy.E:
        return m.exp(m.mpf(1))
    if e is sympy.pi:
        return +m.pi
    if e in (sympy.true, sympy.false):
        return bool(e)
    if isinstance(e, Select):
        return value(e.args[1] if value(e.args[0], values, m) else e.args[2], values, m)
    if isinstance(e, sympy.Mul):
        below = [f for f in e.args if isinstance(f, sympy.Pow) and f.exp.is_negative]
        above = _product([value(f, values, m) for f in e.args if f not in below], m)
        return above / _product([value(1 / f, values, m) for f in below], m) if below else above
    arguments = [value(a, values, m) for a in e.args]
    if isinstance(e, sympy.Add):
        return sum(arguments[1:], arguments[0])
    if isinstance(e, sympy.Pow):
        return arguments[0] ** (int(e.exp) if e.exp.is_Integer else arguments[1])
    if isinstance(e, Relational):
        return RELATIONS[type(e)](*arguments)
    if isinstance(e, And | Or | Not):
        return {And: all, Or: any, Not: lambda a: not a[0]}[type(e)](arguments)
    return FUNCTIONS[type(e)](m, *arguments)


def _product(factors: Sequence[Any], m: Any) -> Any:
    result = m.mpf(1)
    for factor in factors:
        result = result * factor
    return result


def run(lines: Iterable[tuple[Symbol, Expr]], results: Sequence[Expr], values: Values, m: Any = mpmath.mp) -> list[Any]:
    """Return the values of results after those of lines."""
    found = dict(values)
    for symbol, e in lines:
        found[symbol] = value(e, found, m)
    return [value(e, found, m) for e in results]


def rounding(e: Basic, values: Values, bounds: Values) -> Any:
    """Return to first order what a relative change by 1 of every number and of every intermediate result may do to an expression."""
    if isinstance(e, Symbol):
        return bounds[e]
    if not e.args:
        return abs(value(e, values))
    if isinstance(e, Select):
        return rounding(e.args[1] if value(e.args[0], values) else e.args[2], values, bounds)
    own = abs(value(e, values))
    if isinstance(e, sympy.Add):
        return sum(rounding(a, values, bounds) for a in e.args)
    if isinstance(e, sympy.Mul):
        parts = [value(a, values) for a in e.args]
        inner = [rounding(a, values, bounds) for a in e.args]
        return own + sum(inner[k] * abs(mpmath.fprod(p for j, p in enumerate(parts) if j != k)) for k in range(len(parts)))
    total = own
    arguments = [value(a, values) for a in e.args]
    for k, a in enumerate(e.args):
        if a.free_symbols and not isinstance(e, Floor | Ceil | Signum | Modulo):
            x, step = arguments[k], mpmath.mpf(2) ** -60
            ends = [_with(e, [*arguments[:k], x + side * step, *arguments[k + 1 :]]) for side in (1, -1)]
            total += abs(ends[0] - ends[1]) / (2 * step) * rounding(a, values, bounds)
    return total


def _with(e: Basic, arguments: Sequence[Any]) -> Any:
    """Return the value of a function or a power of arguments that are numbers."""
    if isinstance(e, sympy.Pow):
        return arguments[0] ** (int(e.exp) if e.exp.is_Integer else arguments[1])
    return FUNCTIONS[type(e)](mpmath.mp, *arguments)
