"""Values of sympy expressions, found by walking them: numbers and rows of numbers, with nothing of the code generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import scipy.special
import sympy
from sympy.core.relational import Equality, GreaterThan, LessThan, StrictGreaterThan, StrictLessThan, Unequality
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from neurodsl.lower import functions as own

Values = Mapping[str, Any]
"""What each symbol stands for, by its name: a number, or a row of numbers with one entry for each element."""


def phi(order: int, x: Any) -> Any:
    """phi_0(x) = exp(x), phi_(k+1)(x) = (phi_k(x) - 1/k!)/x, by its series near 0."""
    x = np.asarray(x, dtype=float)
    if order == 1:
        return np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x))
    series = sum(x**n / scipy.special.factorial(n + order) for n in range(12))
    safe = np.where(np.abs(x) < 0.1, 1.0, x)
    return np.where(np.abs(x) < 0.1, series, (phi(order - 1, safe) - 1 / scipy.special.factorial(order - 1)) / safe)


UNARY: dict[Any, Callable[[Any], Any]] = {
    sympy.exp: np.exp, sympy.log: np.log, sympy.sin: np.sin, sympy.cos: np.cos, sympy.tan: np.tan, sympy.sinh: np.sinh, sympy.cosh: np.cosh,
    sympy.asin: np.arcsin, sympy.acos: np.arccos, sympy.atan: np.arctan, sympy.erf: scipy.special.erf, sympy.tanh: np.tanh, own.Tanh: np.tanh,
    own.Expm1: np.expm1, own.Log1p: np.log1p, own.Log10: np.log10, own.Log2: np.log2, own.Absolute: np.abs, own.Floor: np.floor,
    own.Ceil: np.ceil, own.Round: np.rint, own.Signum: np.sign, own.Logistic: lambda x: scipy.special.expit(x),
    own.UnitStep: lambda x: np.where(np.asarray(x) >= 0, 1.0, 0.0), own.InversePhi: lambda x: 1 / phi(1, x),
}  # fmt: skip
BINARY: dict[Any, Callable[[Any, Any], Any]] = {
    StrictGreaterThan: np.greater, GreaterThan: np.greater_equal, StrictLessThan: np.less, LessThan: np.less_equal, Equality: np.equal,
    Unequality: np.not_equal, own.Minimum: np.minimum, own.Maximum: np.maximum, own.Modulo: lambda a, b: a - b * np.floor(a / b),
    own.Phi: lambda order, x: phi(int(order), x), sympy.atan2: np.arctan2,
}  # fmt: skip


def value(expression: sympy.Basic, values: Values) -> Any:
    """Return what an expression is worth."""
    with np.errstate(all="ignore"):
        return walked(expression)(values)


@cache
def walked(e: Any) -> Callable[[Values], Any]:
    """Return a function of the values of the symbols for an expression."""
    if isinstance(e, sympy.Symbol):
        name = e.name
        return lambda v: v[name]
    if isinstance(e, BooleanTrue | BooleanFalse):
        truth = bool(e)
        return lambda v: truth
    if not e.args:
        number = float(e)
        return lambda v: number
    parts = [walked(a) for a in e.args]
    if isinstance(e, sympy.Add | sympy.Mul | And | Or):
        join = {sympy.Add: np.add, sympy.Mul: np.multiply, And: np.logical_and, Or: np.logical_or}[type(e)]
        return lambda v: joined(join, [part(v) for part in parts])
    if isinstance(e, sympy.Pow):
        return power(parts[0], e.args[1], parts[1])
    if isinstance(e, Not):
        return lambda v: np.logical_not(parts[0](v))
    if isinstance(e, own.Select):
        return lambda v: chosen(*(part(v) for part in parts))
    if type(e) in UNARY:
        function = UNARY[type(e)]
        return lambda v: function(parts[0](v))
    pair = BINARY[type(e)]
    return lambda v: pair(parts[0](v), parts[1](v))


def joined(join: Callable[[Any, Any], Any], values: list[Any]) -> Any:
    result = values[0]
    for other in values[1:]:
        result = join(result, other)
    return result


def power(base: Callable[[Values], Any], exponent: Any, computed: Callable[[Values], Any]) -> Callable[[Values], Any]:
    if exponent == -1:
        return lambda v: np.divide(1.0, base(v))
    if exponent == sympy.Rational(1, 2):
        return lambda v: np.sqrt(base(v))
    if exponent.is_Integer:
        n = int(exponent)
        return lambda v: np.asarray(base(v), dtype=float) ** n
    return lambda v: np.power(np.asarray(base(v), dtype=float), computed(v))


def chosen(condition: Any, taken: Any, other: Any) -> Any:
    if np.ndim(condition) == 0:
        return taken if condition else other
    return np.where(condition, taken, other)
