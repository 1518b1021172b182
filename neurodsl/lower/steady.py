"""Initial values ``steady``: where a derivative is zero given the other initial values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.chain import total_derivative
from neurodsl.model import STEADY
from neurodsl.system import Definition, State

SECONDS = 3.0


def solve_steady(states: Sequence[State], definitions: Sequence[Definition]) -> tuple[State, ...]:
    """Return the states with each ``steady`` replaced by an expression where the equations are linear in the steady states together.

    What stays ``steady`` is left to the numbers of a run.
    """
    unknown = [s for s in states if s.initial is STEADY]
    if not unknown:
        return tuple(states)
    solution = _linear(unknown, states, [d for d in definitions if not d.constant])
    if solution is None:
        for state in unknown:
            if _highest(state, states) is not state:
                told = f"the steady value of `{state.name}`, whose equation is of higher order, is not found symbolically"
                raise fail(rules.NO_STEADY, told, state.span, "give it a number with `init`")
        return tuple(states)
    return tuple(replace(s, initial=solution.get(s.symbol, s.initial)) for s in states)


def _highest(state: State, states: Sequence[State]) -> State:
    """Return the state whose derivative is the equation of a state: itself, or the highest lower derivative of an equation of higher order."""
    table = {s.symbol: s for s in states}
    while state.derivative in table and "/dt" in state.derivative.name:
        state = table[state.derivative]
    return state


def _linear(unknown: Sequence[State], states: Sequence[State], definitions: Sequence[Definition]) -> dict[Symbol, Expr] | None:
    symbols = [s.symbol for s in unknown]
    touched = {d.symbol for d in definitions if any(total_derivative(d.symbol, s, definitions) != 0 for s in symbols)}
    rows = []
    for state in unknown:
        expression = _highest(state, states).derivative
        for definition in reversed(definitions):
            if definition.symbol in touched:
                expression = expression.subs(definition.symbol, definition.expression)
        rows.append(expression)
    if any(row.diff(s).free_symbols & set(symbols) for row in rows for s in symbols):
        return None
    try:
        matrix, right = sympy.linear_eq_to_matrix(rows, symbols)
        values = bounded(SECONDS, lambda: matrix.LUsolve(right))
    except (ValueError, Exceeded, sympy.matrices.exceptions.NonInvertibleMatrixError):
        return None
    return dict(zip(symbols, (sympy.simplify(v) if v.count_ops() < 30 else v for v in values), strict=True))
