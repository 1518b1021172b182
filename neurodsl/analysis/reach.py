"""Where the states of a model can get: ranges that the flow does not leave and no event leads out of, and the events that never fire there.

A range of one state holds if at its ends the flow does not point outwards, whatever the other states and the drive are (Nagumo), and if no
event sets the state to a value outside. An event whose condition is false all over these ranges, which were made without what it does, never fires:
up to its first firing nothing else could have led out of them.

References
----------
Blanchini, 1999, Set invariance in control, Automatica 35:1747-1767. doi:10.1016/S0005-1098(99)00113-2
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy
from sympy import Basic, Expr, Symbol

from neurodsl.analysis.case import LINE, Box, Case, Range
from neurodsl.lower.functions import Ceil, Floor, Modulo, Round, Select, Signum, UnitStep
from neurodsl.system import LEVEL_TIME, TIME, Event, Surface

JUMPING = (Select, UnitStep, Signum, Floor, Ceil, Round, Modulo)
"""Functions whose value may jump."""
MARGIN = 1e-9
"""How far outside a level, relative to it, the flow is looked at, so that rounding cannot hide where it points."""
CLOSE = 1e-14
SWEEPS = 3
MOST_PIECES = 200
"""Edges of a drive between which a linear equation is solved piece by piece."""


@dataclass(frozen=True)
class Reach:
    """Ranges of all states that hold for all time, and the numbers of the events that never fire."""

    box: Mapping[Symbol, Range]
    dormant: frozenset[int]


@lru_cache(maxsize=4)
def reach(case: Case) -> Reach:
    """Return where the states of a case can get."""
    events = case.system.events
    dormant = frozenset(i for i, event in enumerate(events) if event.condition is not None)
    while True:
        box = ranges(case, [i for i in range(len(events)) if i not in dormant])
        awake = {i for i in dormant if may_hold(case, events[i], box)}
        if not awake:
            return Reach(box, dormant)
        dormant -= awake


def ranges(case: Case, active: Sequence[int]) -> dict[Symbol, Range]:
    """Return a range for each state that it never leaves while no events but the active ones fire."""
    box = dict.fromkeys(case.states, LINE)
    values = {s: [case.whole(case.updates[i][s]) for i in active if s in case.updates[i]] for s in case.states}
    for _ in range(SWEEPS):
        before = dict(box)
        for symbol in case.states:
            if symbol not in case.noisy:
                for side in (1, -1):
                    box[symbol] = _narrowed(case, symbol, side, values[symbol], box)
        if box == before:
            break
    return box


def _narrowed(case: Case, symbol: Symbol, side: int, values: Sequence[Expr], box: Box) -> Range:
    """Return the range of a state with a better upper (``side`` 1) or lower (-1) end, where one is found."""
    low, high = box[symbol]
    end = high if side > 0 else low
    start = case.starts[symbol].high if side > 0 else case.starts[symbol].low
    best = end
    for level in sorted({start, *_levels(case, symbol, side, values, box)}, key=lambda c: c * side):
        if level * side >= best * side:
            break
        if level * side >= start * side and (held := _held(case, symbol, side, level, values, box)) is not None:
            best = held
            break
    if not values and math.isfinite(start) and (reached := _piecewise(case, symbol, side, start, box)) is not None:
        best = min(best, reached) if side > 0 else max(best, reached)
    return Range(low, best) if side > 0 else Range(best, high)


def _levels(case: Case, symbol: Symbol, side: int, values: Sequence[Expr], box: Box) -> Iterator[float]:
    """Yield levels that may hold a state: 0 and 1, its thresholds and reversal potentials, what events set it to, where its flow comes to rest."""
    yield from (0.0, 1.0)
    state = case.states[symbol]
    yield from (v for p in case.system.parameters if p.unit == state.unit and p.symbol in case.values and (v := case.number(p.symbol)) is not None)
    for value in values:
        if symbol not in value.free_symbols:
            found = case.bound(value, box)
            yield found.high if side > 0 else found.low
    parts = affine(case.flows[symbol], symbol)
    if parts is not None:
        slope, rest = parts
        if slope != 0 and case.bound(slope, box).high < 0:
            found = case.bound(-rest / slope, box)
            yield found.high if side > 0 else found.low


def _held(case: Case, symbol: Symbol, side: int, level: float, values: Sequence[Expr], box: Box) -> float | None:
    """Return a level at which a state is held, the given one or one just outside of it; None where it is not."""
    if not math.isfinite(level):
        return None
    outside = level + side * MARGIN * max(1.0, abs(level))
    kept = next((c for c, exact in ((outside, False), (level, True)) if points_inwards(case, symbol, side, c, exact, box)), None)
    if kept is None:
        return None
    inside = Range(box[symbol].low, kept) if side > 0 else Range(kept, box[symbol].high)
    for value in values:
        found = case.bound(value, {**box, symbol: inside})
        if (found.high if side > 0 else -found.low) > side * outside:
            return None
    return outside if values else kept


def points_inwards(case: Case, symbol: Symbol, side: int, level: float, exactly: bool, box: Box) -> bool:
    """Return whether the flow of a state at a level does not point outwards; ``exactly``: with the level put in as an exact number."""
    flow = case.flows[symbol]
    if flow == 0:
        return True
    if exactly:
        if not _is_smooth(flow, symbol):
            return False
        found = case.bound(flow.xreplace({symbol: sympy.Rational(repr(level))}), box)
    else:
        found = case.bound(flow, {**box, symbol: Range(level, level)})
    return (found.high if side > 0 else -found.low) <= 0


def _is_smooth(flow: Expr, symbol: Symbol) -> bool:
    """Return whether a flow has no jump and no root in a state, so that a solution that begins at a zero of it stays there."""
    rough = [*flow.atoms(*JUMPING), *(p for p in flow.atoms(sympy.Pow) if not p.exp.is_Integer)]
    return not any(symbol in part.free_symbols for part in rough)


def affine(flow: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Return a and b of a flow a*x + b in x; None where it is not of that form."""
    slope = flow.diff(symbol)
    if symbol in slope.free_symbols or any(symbol in f.free_symbols for f in flow.atoms(sympy.Function)):
        return None
    return slope, flow.xreplace({symbol: sympy.Integer(0)})


def _piecewise(case: Case, symbol: Symbol, side: int, start: float, box: Box) -> float | None:
    """Return the end of the range of x where x' = -x/tau + b, with a drive b that changes at known times alone, solved from edge to edge."""
    parts = affine(case.flows[symbol], symbol)
    rate = None if parts is None else case.number(parts[0])
    if parts is None or rate is None or rate >= 0:
        return None
    drive = parts[1]
    edges = [case.bound(case.whole(e), {}) for e in case.system.edges]
    if len(edges) > MOST_PIECES or not all(e.is_finite for e in edges):
        return None
    times = sorted({0.0, *(e.middle for e in edges if e.middle > 0)})
    x = worst = start
    for begin, end in zip(times, [*times[1:], math.inf], strict=True):
        # An edge such as 1/200 is no float: the comparisons are decided just inside of the piece.
        inside = Range(begin * (1.0 + CLOSE), end * (1.0 - CLOSE))
        found = case.bound(drive, {**box, TIME: Range(begin, end), LEVEL_TIME: inside})
        limit = -(found.high if side > 0 else found.low) / rate
        if math.isinf(limit):
            return None
        x = limit + (x - limit) * math.exp(rate * (end - begin))
        worst = max(worst, x) if side > 0 else min(worst, x)
    return worst + side * MARGIN * max(1.0, abs(worst))


def waiting(case: Case) -> set[Symbol]:
    """Return the states that begin where they rest and that no event sets, such as a conductance without a synapse: others are to raise them."""
    found = set()
    for symbol in case.moving:
        initial = case.states[symbol].initial
        start = case.whole(initial) if isinstance(initial, Expr) else None
        if (
            start is not None
            and not start.free_symbols
            and next(case.setters(symbol), None) is None
            and case.flows[symbol].xreplace({symbol: start}) == 0
        ):
            found.add(symbol)
    return found


def may_hold(case: Case, event: Event, box: Box) -> bool:
    """Return whether the condition of an event can hold somewhere in a box."""
    assert event.condition is not None
    surfaces = {s.symbol: s for s in case.system.surfaces}
    return _truth(case, event.condition, surfaces, box)[1]


def _truth(case: Case, condition: Basic, surfaces: Mapping[Symbol, Surface], box: Box) -> tuple[bool, bool]:
    """Return whether a condition surely holds in a box, and whether it may."""
    parts = [_truth(case, part, surfaces, box) for part in condition.args]
    if isinstance(condition, sympy.And):
        return all(p[0] for p in parts), all(p[1] for p in parts)
    if isinstance(condition, sympy.Or):
        return any(p[0] for p in parts), any(p[1] for p in parts)
    if isinstance(condition, sympy.Not):
        return not parts[0][1], not parts[0][0]
    surface = surfaces.get(condition)
    if surface is None:
        return condition == sympy.true, condition != sympy.false
    low, high = case.bound(case.whole(surface.expression), box)
    if surface.equality:
        return low == high == 0, low <= 0 <= high
    return (low > 0, high > 0) if surface.strict else (low >= 0, high >= 0)
