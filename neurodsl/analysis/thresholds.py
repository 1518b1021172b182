"""Whether an event resets the state before it gets to a fixed point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from sympy import Basic, Expr, Symbol

from neurodsl.analysis.box_arithmetic import Floats
from neurodsl.analysis.equations import exact_number
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.reduction import put_in
from neurodsl.analysis.wording import number_text, text_of
from neurodsl.system import Event, Surface
from neurodsl.units import ONE, describe

MOST_EVENTS = 20


def reset_before(frozen: Frozen, point: Floats) -> str | None:
    """Return a sentence if a point lies where an event that changes the state would have come first, else None."""
    events = [e for e in frozen.system.events if e.kind == "condition" and e.condition is not None and any(a.kind == "set" for a in e.actions)]
    if not 0 < len(events) <= MOST_EVENTS:
        return None
    at: dict[Symbol, Expr] = {s: exact_number(v) for s, v in zip(frozen.symbols, point, strict=True)}
    surfaces = {s.symbol: s for s in frozen.system.surfaces}
    for event in events:
        held = _holds(frozen, event.condition, surfaces, at)
        if held:
            return f"the fixed point at {place_text(frozen, point)} is not reached: {_told(frozen, event, surfaces)} holds there, so spikes or resets come first"
    return None


def place_text(frozen: Frozen, point: Sequence[float] | Floats) -> str:
    """Return the values of the first states, as many as are given, in words."""
    return ", ".join(
        f"{s.name} = {number_text(v)} {'' if s.unit == ONE else describe(s.unit)}".rstrip() for s, v in zip(frozen.states, point, strict=False)
    )


def _holds(frozen: Frozen, condition: Basic | None, surfaces: Mapping[Symbol, Surface], at: Mapping[Symbol, Expr]) -> bool:
    """Return whether a condition is true at a point."""
    if condition is None:
        return False
    truth: dict[Basic, Basic] = {}
    for symbol in condition.free_symbols:
        if symbol not in surfaces or surfaces[symbol].timed:
            return False
        value = put_in(frozen.exact(surfaces[symbol].expression), at)
        if not value.is_number or value.is_real is False:
            return False
        height = float(value)
        truth[symbol] = sympy.true if (height > 0 or (height == 0 and not surfaces[symbol].strict)) else sympy.false
    return bool(condition.xreplace(truth) == sympy.true)


def _told(frozen: Frozen, event: Event, surfaces: Mapping[Symbol, Surface]) -> str:
    """Return the condition of an event, and the value of a threshold that is a parameter."""
    for symbol in event.condition.free_symbols if event.condition is not None else ():
        for state in frozen.states:
            expression = surfaces[symbol].expression
            level = state.symbol - expression
            if state.symbol not in level.free_symbols and level.free_symbols:
                value = frozen.exact(level)
                unit = "" if state.unit == ONE else f" {describe(state.unit)}"
                if value.is_number:
                    return f"`{event.text}`, above the threshold {text_of(level)} = {number_text(float(value))}{unit},"
    return f"`{event.text}`"
