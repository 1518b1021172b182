"""A threshold that the drive cannot reach."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.analysis.case import Case
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.reach import MARGIN, affine, points_inwards, reach, waiting
from neurodsl.system import Event, State


def find(case: Case) -> Iterator[Finding]:
    """Yield the events whose condition no solution from the initial values meets, but for those that wait for what others are to raise."""
    if case.system.discrete:
        return
    for event, expression in dormant(case):
        used = _upstream(case, case.whole(expression).free_symbols)
        if used & set(case.moving) and not used & waiting(case) - _compared(case, expression):
            yield _found(case, event, expression)


def unmet(case: Case) -> Iterator[Finding]:
    """Yield the spikes whose condition no solution from the initial values meets, in a system in which nobody else raises anything."""
    yield from (_found(case, event, expression) for event, expression in dormant(case) if event.spikes)


def dormant(case: Case) -> Iterator[tuple[Event, Expr]]:
    """Yield the events with a single comparison that never fire, each with what stays below 0."""
    surfaces = {s.symbol: s for s in case.system.surfaces}
    for number in sorted(reach(case).dormant):
        event = case.system.events[number]
        if event.condition in surfaces:
            yield event, surfaces[event.condition].expression


def _found(case: Case, event: Event, expression: Expr) -> Finding:
    """Return the finding on an event whose surface stays below 0."""
    state, side = _single(case, expression)
    if state is None:
        found = case.bound(case.whole(expression), reach(case).box)
        told = f"the condition of `{event.text}` never turns true: its two sides stay at least {-found.high:.6g} apart"
        return Finding(told, "the ranges that the states never leave keep them apart", event.span, "change the drive, or remove the event")
    threshold = side * (side * state.symbol - expression)
    range_ = reach(case).box[state.symbol]
    extreme, word = (range_.high, "sup") if side > 0 else (range_.low, "inf")
    start = case.starts[state.symbol].high if side > 0 else case.starts[state.symbol].low
    points_back = any(points_inwards(case, state.symbol, side, extreme, exactly, reach(case).box) for exactly in (False, True))
    extreme = start if abs(extreme - start) <= 2 * MARGIN * max(1.0, abs(start)) else extreme
    level, reached = case.quantity(case.number(threshold) or 0.0, state.unit), case.quantity(extreme, state.unit)
    name = f"{threshold} = {level}" if isinstance(threshold, Symbol) else f"the threshold {level} of `{state.name}`"
    argument = f"solved from edge to edge of its drive, {state.name} gets no further"
    if points_back:
        argument = f"at {state.name} = {reached} the flow points back, whatever the other states are and whenever the drive acts"
    return Finding(f"{name} is never reached: {word} {state.name} = {reached}", argument, event.span, _remedy(case, state, threshold))


def _single(case: Case, expression: Expr) -> tuple[State | None, int]:
    """Return the state that a surface compares with a constant, and 1 where it is reached from below, -1 from above."""
    used = case.whole(expression).free_symbols & set(case.states)
    if len(used) == 1:
        (symbol,) = used
        slope = expression.diff(symbol)
        constant = case.number(expression - slope * symbol)
        if slope in (1, -1) and constant is not None and symbol in expression.free_symbols:
            return case.states[symbol], int(slope)
    return None, 0


def _remedy(case: Case, state: State, threshold: Expr) -> str:
    """Return the drive with which a state would come to rest at its threshold, where one constant input is its drive."""
    flow = case.symbolic(state.derivative)
    for parameter in case.system.parameters:
        if parameter.is_input and parameter.symbol in flow.free_symbols and parameter.symbol in case.values:
            known = {s: v for s, v in case.values.items() if s != parameter.symbol}
            parts = affine(flow.xreplace({state.symbol: threshold}).xreplace(known), parameter.symbol)
            needed = None if parts is None or parts[0] == 0 else case.number(-parts[1] / parts[0])
            present = case.number(parameter.symbol)
            if needed is not None and present is not None:
                return f"`{parameter.name}` has to pass {case.quantity(needed, parameter.unit)}; it is {case.quantity(present, parameter.unit)}"
    return "raise the drive or move the threshold; `--set` and `--input` change both for a run"


def _compared(case: Case, expression: Expr) -> set[Symbol]:
    """Return the states that a surface compares."""
    return {s for s in case.states if s in case.whole(expression).free_symbols}


def _upstream(case: Case, symbols: set[Symbol]) -> set[Symbol]:
    """Return the states that some symbols depend on through the flow."""
    found = symbols & set(case.states)
    while True:
        more = set().union(*(case.flows[s].free_symbols & set(case.states) for s in found)) - found if found else set()
        if not more:
            return found
        found |= more


THRESHOLD = Proof(
    name="threshold",
    rule=rules.UNREACHABLE,
    argument="at a level between the initial value and the threshold the flow does not point towards the threshold, whatever else happens",
    find=find,
    in_every_variant=True,
)
