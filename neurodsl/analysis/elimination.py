"""Fixed points as explicit functions of one of the states: each equation is solved for one unknown, until one state is left that chooses them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Symbol

from neurodsl.lower.functions import Expm1, Log1p, Logistic, Tanh

INVERSES: Mapping[type, Callable[[Expr], Expr]] = {
    sympy.exp: sympy.log,
    sympy.log: sympy.exp,
    Expm1: Log1p,
    Log1p: Expm1,
    Logistic: lambda y: sympy.log(y / (1 - y)),
    Tanh: sympy.atanh,
    sympy.tanh: sympy.atanh,
    sympy.sinh: sympy.asinh,
    sympy.asinh: sympy.sinh,
    sympy.atanh: sympy.tanh,
}
"""The inverse of each function that has one everywhere."""


@dataclass(frozen=True)
class Solved:
    """An unknown as an expression of what stands before it.

    Attributes
    ----------
    pivots : tuple of Expr
        What was divided by: where one of them is 0, the equation says nothing of the unknown.
    """

    symbol: Symbol
    expression: Expr
    equation: Expr
    pivots: tuple[Expr, ...]


@dataclass(frozen=True)
class Elimination:
    """All unknowns of a system of equations, each from the ``free`` one and those before it."""

    free: Symbol
    steps: tuple[Solved, ...]

    def step(self, symbol: Symbol) -> Solved:
        """Return how an unknown is found."""
        return next(s for s in self.steps if s.symbol == symbol)

    def whole(self, symbol: Symbol, known: Mapping[Symbol, Expr] | None = None) -> Expr:
        """Return an unknown as an expression of the free one alone; ``known`` replaces steps."""
        found: dict[Symbol, Expr] = dict(known or {})
        for step in self.steps:
            if step.symbol not in found:
                found[step.symbol] = step.expression.xreplace(found)
        return found.get(symbol, symbol)


def eliminate(equations: Sequence[Expr], states: Sequence[Symbol], parameter: Symbol) -> Elimination | None:
    """Return all unknowns as explicit functions of one state, or None where no order of solving does that.

    Parameters
    ----------
    equations : sequence of Expr
        What is 0, one for each state.
    states : sequence of Symbol
    parameter : Symbol
        It is an unknown too, and solved for.
    """
    found = [e for e in (_from(free, equations, states, parameter) for free in states) if e is not None]
    return min(found, key=_divisions, default=None)


def _divisions(e: Elimination) -> int:
    """Return how many states are solved by a division through what may vanish."""
    return sum(bool(p.free_symbols) for step in e.steps[:-1] for p in step.pivots)


def _from(free: Symbol, equations: Sequence[Expr], states: Sequence[Symbol], parameter: Symbol) -> Elimination | None:
    """Return the unknowns as functions of a given one: a state wherever an equation gives one, the parameter only where none does."""
    unknown, left = {*states, parameter} - {free}, list(equations)
    steps: list[Solved] = []
    while left:
        solved = None
        for last in (False, True):
            for equation in left:
                missing = equation.free_symbols & unknown
                if len(missing) == 1 and (missing == {parameter}) == last:
                    (symbol,) = missing
                    solved = isolate(equation, symbol)
                    if solved is not None:
                        break
            if solved is not None:
                break
        if solved is None and unknown == {parameter} and not left[0].has(parameter):
            solved = Solved(parameter, sympy.nan, left[0], (Integer(0),))
        if solved is None:
            return None
        steps.append(solved)
        unknown.discard(solved.symbol)
        left.remove(solved.equation)
    return Elimination(free, tuple(steps)) if not unknown else None


def isolate(equation: Expr, symbol: Symbol) -> Solved | None:
    """Return the one solution of ``equation = 0`` for a symbol, or None where it is not plain that there is just one."""
    expression, value, pivots = equation, Integer(0), []
    while expression != symbol:
        slope = expression.diff(symbol)
        if not slope.has(symbol):
            pivots.append(slope)
            value = (value - expression.xreplace({symbol: Integer(0)})) / slope
            break
        apart = _outermost(expression, symbol, value)
        if apart is None:
            return None
        expression, value, pivot = apart
        pivots += [pivot] if pivot is not None else []
    return Solved(symbol, value, equation, tuple(pivots))


def _outermost(expression: Expr, symbol: Symbol, value: Expr) -> tuple[Expr, Expr, Expr | None] | None:
    """Return what is inside the outermost operation on a symbol, what it equals, and what was divided by."""
    if isinstance(expression, Add | Mul):
        beside, inside = expression.as_independent(symbol, as_Add=isinstance(expression, Add))
        if isinstance(expression, Add):
            return (inside, value - beside, None) if not isinstance(inside, Add) else None
        return (inside, value / beside, beside) if beside != 1 and not isinstance(inside, Mul) else None
    if isinstance(expression, Pow) and not expression.exp.has(symbol) and expression.exp.is_Integer and expression.exp % 2:
        power = expression.exp
        return (expression.base, 1 / value, None) if power == -1 else None
    inverse = INVERSES.get(expression.func)
    return (expression.args[0], inverse(value), None) if inverse is not None and len(expression.args) == 1 else None
