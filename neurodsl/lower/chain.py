"""Derivatives through definitions."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl.system import Definition


def total_derivative(expression: Expr, symbol: Symbol, definitions: Sequence[Definition]) -> Expr:
    """Return the derivative of an expression with respect to a symbol, through the definitions it uses.

    Parameters
    ----------
    definitions : sequence of Definition
        In an order in which each uses only what stands before it.
    """
    slopes: dict[Symbol, Expr] = {symbol: Integer(1)}
    for definition in definitions:
        slope = _chain(definition.expression, slopes)
        if slope != 0:
            slopes[definition.symbol] = slope
    return _chain(expression, slopes)


def _chain(expression: Expr, slopes: dict[Symbol, Expr]) -> Expr:
    terms = [expression.diff(s) * slopes[s] for s in sorted(expression.free_symbols & slopes.keys(), key=str)]
    return sympy.Add(*terms)
