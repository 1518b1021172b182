"""Equations with noise, split into drift and diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.lower.chain import total_derivative
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
        diffusion = tuple(whole.diff(symbol) for symbol in symbols)
        for name, factor in zip(noises, diffusion, strict=True):
            if factor.free_symbols & set(symbols):
                raise fail(
                    rules.BAD_NOISE,
                    f"the noise `{name}` does not enter the equation of `{state.name}` linearly",
                    state.span,
                    f"write `+ sigma*{name}`",
                )
        result.append(replace(state, derivative=whole.xreplace({s: Integer(0) for s in symbols}), diffusion=diffusion))
    moving = [j for j in range(len(noises)) if any(state.diffusion[j] != 0 for state in result)]
    result = [replace(state, diffusion=tuple(state.diffusion[j] for j in moving)) for state in result]
    return tuple(result), tuple(kept), tuple(noises[j] for j in moving)


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
