"""The functions of the language as functions that sympy can solve, expand and simplify."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy import Basic, Expr, Integer, Piecewise, Rational

from neurodsl.lower import functions

HALF = Rational(1, 2)


def standard(expression: Expr) -> Expr:
    """Return an expression with our own functions written as sympy's own.

    What has a branch or a corner becomes a ``Piecewise``. The functions of removable singularities, such as ``Phi(1, x)`` = (exp(x) - 1)/x, come out as
    the quotients that they mend: equal everywhere but at the singular point itself. Keep the original to evaluate numbers.
    """
    done: dict[Basic, Basic] = {}
    stack: list[Basic] = [expression]
    while stack:
        node = stack[-1]
        missing = [a for a in node.args if a not in done]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if node not in done:
            done[node] = _written(node, tuple(done[a] for a in node.args))
    return done[expression]


def _written(node: Basic, arguments: tuple[Basic, ...]) -> Basic:
    """Return a node over arguments that are written already."""
    rule = RULES.get(node.func)
    if rule is not None:
        return rule(*arguments)
    return node if arguments == node.args else node.func(*arguments)


def _phi(order: Expr, x: Expr) -> Expr:
    """Return phi_k(x) = (exp(x) - sum of x^j/j! for j < k)/x^k."""
    k = int(order)
    return (sympy.exp(x) - sum((x**j / sympy.factorial(j) for j in range(k)), Integer(0))) / x**k


def _round(x: Expr) -> Expr:
    """Return the nearest whole number, of two that are as near the even one."""
    whole = sympy.floor(x + HALF)
    odd = sympy.Eq(whole - 2 * sympy.floor(whole / 2), 1)
    return Piecewise((whole - 1, sympy.And(sympy.Eq(x + HALF, whole), odd)), (whole, True))


RULES: Mapping[type, Callable[..., Basic]] = {
    functions.Select: lambda condition, taken, other: Piecewise((taken, condition), (other, True)),
    functions.Phi: _phi,
    functions.InversePhi: lambda x: x / (sympy.exp(x) - 1),
    functions.Absolute: lambda x: Piecewise((x, x >= 0), (-x, True)),
    functions.Signum: lambda x: Piecewise((Integer(1), x > 0), (Integer(-1), x < 0), (Integer(0), True)),
    functions.UnitStep: lambda x: Piecewise((Integer(1), x >= 0), (Integer(0), True)),
    functions.Floor: sympy.floor,
    functions.Ceil: sympy.ceiling,
    functions.Round: _round,
    functions.Modulo: lambda a, b: a - b * sympy.floor(a / b),
    functions.Minimum: lambda a, b: Piecewise((a, a <= b), (b, True)),
    functions.Maximum: lambda a, b: Piecewise((a, a >= b), (b, True)),
    functions.Logistic: lambda x: 1 / (1 + sympy.exp(-x)),
    functions.Expm1: lambda x: sympy.exp(x) - 1,
    functions.Log1p: lambda x: sympy.log(1 + x),
    functions.Log10: lambda x: sympy.log(x) / sympy.log(10),
    functions.Log2: lambda x: sympy.log(x) / sympy.log(2),
    functions.Tanh: sympy.tanh,
}
"""How each of our own functions is written with those of sympy."""
