"""Functions of numbers as the numbers that they are, exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Basic, Expr, Integer

from neurodsl.lower import functions

EXACT: dict[Any, Callable[..., Expr]] = {
    functions.Absolute: sympy.Abs,
    functions.Signum: sympy.sign,
    functions.UnitStep: lambda x: Integer(1) if x >= 0 else Integer(0),
    functions.Floor: sympy.floor,
    functions.Ceil: sympy.ceiling,
    functions.Round: lambda x: Integer(round(x)) if x.is_Rational else sympy.floor(x + sympy.Rational(1, 2)),
    functions.Modulo: lambda a, b: a - b * sympy.floor(a / b),
    functions.Minimum: sympy.Min,
    functions.Maximum: sympy.Max,
    functions.Logistic: lambda x: 1 / (1 + sympy.exp(-x)),
    functions.Tanh: sympy.tanh,
    functions.Expm1: lambda x: sympy.exp(x) - 1,
    functions.Log1p: lambda x: sympy.log(1 + x),
    functions.Log10: lambda x: sympy.log(x, 10),
    functions.Log2: lambda x: sympy.log(x, 2),
    functions.Phi: lambda order, x: _phi(int(order), x),
    functions.InversePhi: lambda x: 1 / _phi(1, x),
}
"""What each function of our own, which never evaluates itself, is for numbers."""


def folded(expression: Basic) -> Any:
    """Return an expression in which functions of numbers, comparisons and branches that are known are evaluated."""
    if not expression.args:
        return expression
    arguments = [folded(a) for a in expression.args]
    if isinstance(expression, functions.Select):
        condition, taken, other = arguments
        return taken if condition == sympy.true else other if condition == sympy.false else functions.Select(*arguments)
    if type(expression) in EXACT and not any(a.free_symbols for a in arguments):
        return EXACT[type(expression)](*arguments)
    return expression.func(*arguments)


def _phi(order: int, x: Expr) -> Expr:
    """Return phi_order(x): phi_0 = exp, phi_(k+1) = (phi_k - 1/k!)/x."""
    if order == 0:
        return sympy.exp(x)
    return 1 / sympy.factorial(order) if x == 0 else (_phi(order - 1, x) - 1 / sympy.factorial(order - 1)) / x
