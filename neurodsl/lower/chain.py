"""Derivatives through definitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    return total_derivatives([expression], symbol, definitions)[0]


def total_derivatives(expressions: Iterable[Expr], symbol: Symbol, definitions: Sequence[Definition]) -> list[Expr]:
    """Return the derivatives of several expressions as `total_derivative` does, with those of the definitions made once."""
    slopes: dict[Symbol, Expr] = {symbol: Integer(1)}
    for definition in definitions:
        slope = _chain(definition.expression, slopes)
        if slope != 0:
            slopes[definition.symbol] = slope
    return [_chain(expression, slopes) for expression in expressions]


def _chain(expression: Expr, slopes: dict[Symbol, Expr]) -> Expr:
    terms = [expression.diff(s) * slopes[s] for s in sorted(expression.free_symbols & slopes.keys(), key=str)]
    return sympy.Add(*terms)
