"""Equations with noise, split into drift and diffusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy
from sympy import Basic, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.elements import Pick, Reduce
from neurodsl.lower.functions import Select
from neurodsl.lower.order import Elements
from neurodsl.system import Definition, State, System

Split = tuple[tuple[State, ...], tuple[Definition, ...], tuple[str, ...]]


def split(states: Sequence[State], definitions: Sequence[Definition], noises: Sequence[str]) -> Split:
    """Return the states with drift and diffusion apart, the definitions without those that hold noise, and the noises that move a state.

    A definition that holds noise has no value; a noise with the factor 0 moves nothing.

    Raises
    ------
    NeuroError
        M106 where a noise does not enter linearly.
    """
    if not noises:
        return tuple(states), tuple(definitions), ()
    symbols = [Symbol(name) for name in noises]
    noisy: dict[Symbol, sympy.Expr] = {}
    kept = []
    for definition in definitions:
        expression = definition.expression.xreplace(noisy)
        if expression.free_symbols & set(symbols):
            noisy[definition.symbol] = expression
        else:
            kept.append(definition)
    result = []
    for state in states:
        whole = state.derivative.xreplace(noisy)
        if _degree(whole, dict.fromkeys(symbols, 1), {}) > 1:
            raise _not_linear(next(name for name in noises if Symbol(name) in whole.free_symbols), state)
        diffusion = tuple(whole.diff(symbol) for symbol in symbols)
        result.append(replace(state, derivative=whole.xreplace({s: Integer(0) for s in symbols}), diffusion=diffusion))
    moving = [j for j in range(len(noises)) if any(state.diffusion[j] != 0 for state in result)]
    result = [replace(state, diffusion=tuple(state.diffusion[j] for j in moving)) for state in result]
    return tuple(result), tuple(kept), tuple(noises[j] for j in moving)


def check_linear(states: Sequence[State], definitions: Sequence[Definition], noises: Sequence[str], elements: Elements) -> tuple[Definition, ...]:
    """Return the definitions of arrays, those that hold noise not shown: they have no value.

    Raises
    ------
    NeuroError
        M106 where a noise does not enter linearly.
    """
    degrees = dict.fromkeys((Symbol(name) for name in noises), 1)
    kept = []
    for definition in definitions:
        degree = _degree(definition.expression, degrees, elements)
        degrees[definition.symbol] = degree
        kept.append(replace(definition, shown=definition.shown and degree == 0))
    for state in states:
        if _degree(state.derivative, degrees, elements) > 1:
            raise _not_linear("`, `".join(noises), state)
    return tuple(kept)


def _not_linear(name: str, state: State) -> NeuroError:
    told = f"the noise `{name}` does not enter the equation of `{state.name}` linearly"
    return fail(rules.BAD_NOISE, told, state.span, f"write `+ sigma*{name}`")


def _degree(expression: Basic, degrees: Mapping[Symbol, int], elements: Elements) -> int:
    """Return 0 for an expression without noise, 1 for one in which it enters linearly, 2 for any other."""
    if isinstance(expression, Symbol):
        return degrees.get(Symbol(elements[expression][0]) if expression in elements else expression, 0)
    parts = [_degree(part, degrees, elements) for part in expression.args]
    if not any(parts):
        return 0
    match expression:
        case sympy.Mul():
            return min(sum(parts), 2)
        case sympy.Add():
            return max(parts)
        case Reduce():
            return parts[1] if expression.args[0] == Symbol("_sum") else 2
        case Pick():
            return 2 if any(parts[1:]) else parts[0]
        case Select():
            return 2 if parts[0] else max(parts)
    return 2


def is_additive(system: System) -> bool:
    """Return whether no factor of a noise depends on a state."""
    return all(total_derivative(g, s.symbol, system.varying) == 0 for state in system.states for g in state.diffusion for s in system.states)


def is_diagonal(system: System) -> bool:
    """Return whether each noise enters one equation alone, with a factor that depends on no other state with noise."""
    noisy = [s for s in system.states if any(g != 0 for g in s.diffusion)]
    for j in range(len(system.noises)):
        users = [s for s in noisy if s.diffusion[j] != 0]
        if len(users) > 1:
            return False
        for state in users:
            if sum(g != 0 for g in state.diffusion) > 1:
                return False
            if any(total_derivative(state.diffusion[j], other.symbol, system.varying) != 0 for other in noisy if other is not state):
                return False
    return True


def stratonovich(system: System) -> System:
    """Return the system with its drift in the sense of Stratonovich: ``f_i - 1/2 sum_jk g_kj dg_ij/dx_k``."""
    states = []
    for state in system.states:
        terms = [
            other.diffusion[j] * total_derivative(g, other.symbol, system.varying)
            for j, g in enumerate(state.diffusion)
            for other in system.states
            if other.diffusion[j] != 0
        ]
        states.append(replace(state, derivative=state.derivative - sympy.Add(*terms) / 2))
    return replace(system, states=tuple(states))
