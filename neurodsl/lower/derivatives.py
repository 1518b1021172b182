"""Equations solved for their derivatives of highest order, and derivatives through definitions."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.expressions import Translator, not_a_number
from neurodsl.model import Equation, Model
from neurodsl.system import Definition

SECONDS = 5.0


def derivative_name(name: str, order: int) -> str:
    """Return ``x``, ``dx/dt``, ``d2x/dt2``, ..."""
    return name if order == 0 else f"d{name}/dt" if order == 1 else f"d{order}{name}/dt{order}"


def solve_equations(model: Model, translator: Translator) -> dict[str, Expr]:
    """Return the derivative of each first-order state.

    Raises
    ------
    NeuroError
        M101 where an equation is not linear in its derivative, or its factor is 0.
    """
    unknowns = {Symbol(derivative_name(*defined)) for equation in model.equations for defined in equation.defines}
    solved: dict[Symbol, Expr] = {}
    coupled: list[tuple[Equation, Expr]] = []
    for equation in model.equations:
        left = translator.translate(equation.left)
        right = translator.translate(equation.right).within(left.unit)
        if right is sympy.nan:
            raise not_a_number(equation.right)
        own = {Symbol(derivative_name(*defined)) for defined in equation.defines}
        if len(own) == 1 and not right.free_symbols & unknowns and left.expression.free_symbols & unknowns == own:
            symbol = own.pop()
            solved[symbol] = _solve_one(left.expression, right, symbol, equation)
        else:
            coupled.append((equation, left.expression - right))
    solved |= _solve_coupled(coupled, unknowns - solved.keys(), solved)
    _define_used(translator, solved)
    result: dict[str, Expr] = {}
    for name, state in model.states.items():
        for order in range(state.order):
            following = Symbol(derivative_name(name, order + 1))
            result[derivative_name(name, order)] = solved.get(following, following)
    return result


def next_values(model: Model, translator: Translator) -> dict[str, Expr]:
    """Return the next value of each state of a map."""
    found: dict[str, Expr] = {}
    for equation in model.equations:
        state = model.states[equation.defines[0][0]]
        found[state.name] = translator.translate(equation.right).within(state.unit)
    return {name: found.get(name, Symbol(name)) for name in model.states}


def _unsolvable(equation: Equation, why: str) -> NeuroError:
    state, order = equation.defines[0]
    return fail(
        rules.UNSOLVABLE,
        f"the equation cannot be solved for `{derivative_name(state, order)}`: {why}",
        equation.span,
        "write the derivative once, with a factor that is not 0: `C*dV/dt = ...`",
    )


def _solve_one(left: Expr, right: Expr, symbol: Symbol, equation: Equation) -> Expr:
    factor = left.diff(symbol)
    if factor.has(symbol):
        raise _unsolvable(equation, "it is not linear in it")
    if factor == 0 or factor.has(sympy.nan):
        raise _unsolvable(equation, "its factor is 0")
    rest = left.subs(symbol, 0)
    return (right - rest) / factor


def _solve_coupled(coupled: Sequence[tuple[Equation, Expr]], unknowns: set[Symbol], solved: dict[Symbol, Expr]) -> dict[Symbol, Expr]:
    if not coupled:
        return {}
    symbols = sorted(unknowns, key=str)
    residuals = [residual.xreplace(solved) for _, residual in coupled]
    for (equation, _), residual in zip(coupled, residuals, strict=True):
        if any(residual.diff(symbol).free_symbols & unknowns for symbol in symbols):
            raise _unsolvable(equation, "it is not linear in the derivatives it contains")
    if len(symbols) != len(residuals):
        raise _unsolvable(coupled[0][0], f"{len(residuals)} such equations hold {len(symbols)} unknown derivatives")
    try:
        matrix, right = sympy.linear_eq_to_matrix(residuals, symbols)
        values = bounded(SECONDS, lambda: matrix.LUsolve(right))
    except (ValueError, Exceeded, sympy.matrices.exceptions.NonInvertibleMatrixError) as error:
        raise _unsolvable(coupled[0][0], "the derivatives that these equations share are not determined") from error
    return dict(zip(symbols, values, strict=True))


def _define_used(translator: Translator, solved: dict[Symbol, Expr]) -> None:
    """Make a definition of each derivative that a derived quantity or another equation uses."""
    used = set().union(*(d.expression.free_symbols for d in translator.definitions), *(e.free_symbols for e in solved.values()))
    for symbol in sorted(solved.keys() & used, key=str):
        unit = next(value.unit for value in translator.symbols.values() if value.expression == symbol)
        translator.definitions.append(Definition(symbol.name, symbol, unit, None, None, solved[symbol], False, False))
        solved[symbol] = symbol


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
