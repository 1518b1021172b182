"""The variational equation: a system together with small deviations from its solution, as a system of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl.analysis.hybrid import Hybrid, Matrix, jacobian_of
from neurodsl.system import Action, Definition, Event, State, System
from neurodsl.units import ONE


def variational(hybrid: Hybrid) -> System:
    """Return a system of the states, then of a deviation from them for each state of the author's.

    Deviation k starts as the k-th unit vector; it grows by the Jacobian between events and is multiplied with the saltation matrix at each.
    """
    system = hybrid.system
    symbols = [[Symbol(f"deviation {k} of {s.name}") for s in system.states] for k in range(hybrid.size)]
    definitions = list(system.definitions)
    growth = _named(jacobian_of(system), "growth", definitions)
    deviations = []
    for k, column in enumerate(symbols):
        for i, (state, symbol) in enumerate(zip(system.states, column, strict=True)):
            slope = _product(growth[i], column)
            deviations.append(State(symbol.name, symbol, ONE, None, state.span, Integer(int(i == k)), slope, False))
    events = []
    for number, (event, jump) in enumerate(zip(system.events, hybrid.jumps, strict=True)):
        matrix = _named(jump.saltation, f"saltation {number}", definitions)
        events.append(_extended(event, matrix, symbols, len(system.states)))
    states = (*system.states, *deviations)
    starts = (*system.starts, *deviations) if system.starts else ()
    return replace(system, states=states, starts=starts, definitions=tuple(definitions), events=tuple(events))


def _named(matrix: Matrix | Sequence[Sequence[Expr]], what: str, definitions: list[Definition]) -> list[list[Expr]]:
    """Return a matrix with a definition for each entry that is more than a number or a symbol."""
    found = []
    for i, row in enumerate(matrix):
        found.append(list(row))
        for j, entry in enumerate(row):
            if not (entry.is_number or entry.is_Symbol):
                symbol = Symbol(f"{what} {i} {j}")
                definitions.append(Definition(symbol.name, symbol, ONE, None, None, expression=entry, constant=False, shown=False))
                found[i][j] = symbol
    return found


def _product(row: Sequence[Expr], column: Sequence[Symbol]) -> Expr:
    return sympy.Add(*(entry * part for entry, part in zip(row, column, strict=True) if entry != 0))


def _extended(event: Event, matrix: Sequence[Sequence[Expr]], columns: Sequence[Sequence[Symbol]], size: int) -> Event:
    """Return an event that also carries the deviations across, all from the values before it."""
    (action,) = event.actions
    assert action.value is not None
    more = list(action.also)
    for k, column in enumerate(columns):
        for i, row in enumerate(matrix):
            value = _product(row, column)
            if value != column[i]:
                more.append((size * (k + 1) + i, value))
    return replace(event, actions=(Action("set", action.target, action.value, action.text, action.span, tuple(more)),))
