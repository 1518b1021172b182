"""Weights that can leave the interval that their rule names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product

import numpy as np
from sympy import Expr, Rational, Symbol

from neurodsl import rules
from neurodsl.analysis.case import Case, Range
from neurodsl.analysis.faces import Bounded, weights
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.reach import reach
from neurodsl.source import Span
from neurodsl.system import TIME, Event

MOST_COMBINATIONS = 64
NEGLIGIBLE = 1e-9


def find(case: Case) -> Iterator[Finding]:
    """Yield the updates that take a weight from inside its interval to outside."""
    for weight in weights(case):
        for event, value in case.setters(weight.state.symbol):
            if weight.state.symbol in value.free_symbols and (found := _leaves(case, weight, event, case.whole(value))) is not None:
                yield found
                break


def _leaves(case: Case, weight: Bounded, event: Event, value: Expr) -> Finding | None:
    """Return the finding on an update that leads out from one end of the interval, for values of the other states that they have after their events."""
    symbol, name = weight.state.symbol, weight.state.name
    slack = NEGLIGIBLE * max(1.0, abs(weight.low), abs(weight.high))
    for level, text in ((weight.high, weight.texts[1]), (weight.low, weight.texts[0])):
        for others in _combinations(case, event, value, symbol):
            after = case.bound(value.xreplace({symbol: Rational(repr(level))}), {**reach(case).box, **others})
            if after.low > weight.high + slack or after.high < weight.low - slack:
                side, end = ("above", weight.texts[1]) if after.low > weight.high else ("below", weight.texts[0])
                where = "".join(f", {case.states[s].name} = {r.low:.6g}" for s, r in others.items() if s in case.states)
                to = case.quantity((after.low if side == "above" else after.high), weight.state.unit)
                argument = f"from {name} = {text}{where} `{event.text}` leads to {name} = {to}, {side} {end}"
                help = f"a term that raises `{name}` takes the factor ({weight.texts[1]} - {name}), one that lowers it ({name} - {weight.texts[0]}), or `clip` it"
                return Finding(f"`{name}` can leave {weight.interval}", argument, _place(event, case, symbol), help)
    return None


def _combinations(case: Case, event: Event, value: Expr, symbol: Symbol) -> Iterator[Mapping[Symbol, Range]]:
    """Yield values of the states in an update: each at its start and as its events leave it once; and the time at which the event first fires."""
    others = sorted((value.free_symbols & set(case.states)) - {symbol}, key=str)
    known = [case.bound(case.whole(e.time), {}) for e in (event, *case.system.events) if e.time is not None]
    time = {TIME: next((r for r in known if r.is_finite), Range(0.0, 0.0))}
    for chosen in islice(product(*(_after_once(case, s) for s in others)), MOST_COMBINATIONS):
        yield {**dict(zip(others, chosen, strict=True)), **time}


def _after_once(case: Case, symbol: Symbol) -> list[Range]:
    """Return a state at its start and after each of its events, fired once."""
    start = case.starts[symbol]
    if not start.is_finite:
        return [Range(0.0, 0.0)]
    box = {**dict.fromkeys(case.states, Range(0.0, 0.0)), **{s: r for s, r in case.starts.items() if r.is_finite}, TIME: Range(0.0, 0.0)}
    found = [Range(start.middle, start.middle)]
    for _, value in case.setters(symbol):
        after = case.bound(case.whole(value), box)
        if after.is_finite and not np.isclose(after.middle, start.middle):
            found.append(Range(after.middle, after.middle))
    return found


def _place(event: Event, case: Case, symbol: Symbol) -> Span | None:
    """Return where an event changes a state."""
    return next((a.span for a in event.actions if a.kind == "set" and case.system.states[a.target].symbol == symbol), event.span)


WEIGHTS = Proof(
    name="weights",
    rule=rules.WEIGHT_LEAVES,
    argument="from an end of the interval an event leads to a value outside, for values that the other states have after their own events",
    find=find,
)
