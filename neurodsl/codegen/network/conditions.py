"""Conditions of events with everything in them written out."""

from __future__ import annotations

import sympy
from sympy import Basic

from neurodsl.system import LEVEL_TIME, TIME, Surface, System


def surfaced(system: System, condition: Basic) -> Basic:
    """Return a condition with its comparisons written out."""
    return expanded(system, condition.xreplace({s.symbol: _comparison(s) for s in system.surfaces}))


def _comparison(surface: Surface) -> Basic:
    relation = sympy.Eq if surface.equality else sympy.Gt if surface.strict else sympy.Ge
    return relation(surface.expression, 0, evaluate=False)


def expanded(system: System, expression: Basic) -> Basic:
    """Return an expression with the definitions that vary written out."""
    table = {d.symbol: d.expression for d in system.varying}
    while used := {s: table[s] for s in expression.free_symbols if s in table}:
        expression = expression.xreplace(used)
    return expression


def condition_left(system: System, number: int) -> Basic | None:
    """Return the condition of an event after its actions, None where that depends on more than constants or where the event may wait."""
    event = system.events[number]
    if event.condition is None or any(a.kind == "wait" or a.also for a in event.actions):
        return None
    changed: dict[Basic, Basic] = {}
    for action in event.actions:
        if action.kind == "set" and action.value is not None:
            changed[system.states[action.target].symbol] = expanded(system, action.value).xreplace(changed)
    try:
        left = surfaced(system, event.condition).xreplace(changed)
    except TypeError:
        # sympy compares what it takes for complex numbers.
        return None
    moving = {s.symbol for s in system.states} | {TIME, LEVEL_TIME}
    return None if left.free_symbols & moving else left
