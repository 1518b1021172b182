"""Equations solved for their derivatives of highest order."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.elements import At
from neurodsl.lower.expressions import Translator, not_a_number
from neurodsl.lower.indexing import derivative_name, derivative_symbol
from neurodsl.lower.values import Value
from neurodsl.model import Equation, Model
from neurodsl.system import Definition
from neurodsl.units import ONE

SECONDS = 5.0


def solve_equations(model: Model, translator: Translator) -> dict[Symbol, Expr]:
    """Return the derivative of each first-order state, and of each element of an array.

    Raises
    ------
    NeuroError
        M101 where an equation is not linear in its derivative, or its factor is 0.
    """
    arrays = translator.arrays
    unknowns = {s for equation in model.equations for name, order in equation.defines for s in _symbols(translator, name, order)}
    solved: dict[Symbol, Expr] = {}
    coupled: list[tuple[Equation, Expr]] = []
    for equation in model.equations:
        for local, at in instances(translator, equation):
            with arrays.within(*(k for k in at if isinstance(k, Symbol))):
                whole = () if equation.indices else at
                left = translator.translate(equation.left, local, whole)
                right = translator.translate(equation.right, local, whole).within(left.unit)
            if right is sympy.nan:
                raise not_a_number(equation.right)
            own = {derivative_symbol(arrays, name, at if arrays.shape(name) else (), order) for name, order in equation.defines}
            if len(own) == 1 and not right.free_symbols & unknowns and left.expression.free_symbols & unknowns == own:
                symbol = own.pop()
                solved[symbol] = _solve_one(left.expression, right, symbol, equation)
            else:
                coupled.append((equation, left.expression - right))
    solved |= _solve_coupled(coupled, unknowns - solved.keys(), solved)
    _define_used(translator, solved)
    result: dict[Symbol, Expr] = {}
    for name, state in model.states.items():
        for order in range(state.order):
            for symbol, following in zip(_symbols(translator, name, order), _symbols(translator, name, order + 1), strict=True):
                result[symbol] = solved.get(following, following)
    return result


def _symbols(translator: Translator, name: str, order: int) -> list[Symbol]:
    """Return the symbols of a state or of a derivative, one for each equation that is written for it."""
    arrays = translator.arrays
    return [derivative_symbol(arrays, name, at, order) for at in arrays.instances(arrays.shape(name), translator.letters.get(name, ()))]


def instances(translator: Translator, equation: Equation) -> list[tuple[dict[str, Value], At]]:
    """Return, for each time an equation is written, what its index variables stand for and which elements it is about."""
    shape = translator.arrays.shape(equation.defines[0][0])
    found = translator.arrays.instances(shape, translator.letters.get(equation.defines[0][0], ()))
    return [({name: Value(k, ONE) for name, k in zip(equation.indices, at, strict=False)}, at) for at in found]


def next_values(model: Model, translator: Translator) -> dict[Symbol, Expr]:
    """Return the next value of each state of a map, and of each element of an array."""
    found: dict[Symbol, Expr] = {}
    for equation in model.equations:
        state = model.states[equation.defines[0][0]]
        for local, at in instances(translator, equation):
            with translator.arrays.within(*(k for k in at if isinstance(k, Symbol))):
                value = translator.translate(equation.right, local, () if equation.indices else at)
            found[translator.arrays.element(state.name, at)] = value.within(state.unit)
    return {symbol: found.get(symbol, symbol) for name in model.states for symbol in _symbols(translator, name, 0)}


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
    """Make a definition of each derivative that a derived quantity or another equation uses; of an array, where it is one equation, as a whole."""
    arrays = translator.arrays
    used = set().union(*(d.expression.free_symbols for d in translator.definitions), *(e.free_symbols for e in solved.values()))
    used |= {Symbol(arrays.table[symbol][0]) for symbol in used if symbol in arrays.table}
    for symbol in sorted(solved, key=str):
        base, at = arrays.table.get(symbol, (symbol.name, ()))
        whole = Symbol(base) if arrays.rolled else symbol
        if whole in used:
            indices = tuple(k for k in at if isinstance(k, Symbol))
            shape, unit = tuple(arrays.sizes[k] for k in indices), translator.symbols[base].unit
            translator.definitions.append(Definition(whole.name, whole, unit, None, None, solved[symbol], False, False, shape=shape, indices=indices))
            solved[symbol] = symbol
