"""Which quantities run with the time: spike times that events write down, the time since them, and traces that decay from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy
from sympy import Basic, Expr, Symbol
from sympy.core.relational import Relational

from neurodsl.analysis.case import Case
from neurodsl.analysis.reach import affine
from neurodsl.lower.functions import Select
from neurodsl.system import LEVEL_TIME, TIME, State
from neurodsl.units import ONE

Line = Mapping[Symbol, float]
"""The coefficients of a linear expression of clocks; that of the symbol ``_1`` is its constant."""
CONSTANT = Symbol("_1")


def clocks(case: Case) -> frozenset[Symbol]:
    """Return the time, the states that run with it or hold times of events, and the parameters that are times and are compared."""
    found = {TIME, LEVEL_TIME}
    for symbol in case.states:
        values = [value for _, value in case.setters(symbol)]
        timed = not values or all(v.free_symbols <= {TIME, *case.values} for v in values)
        written = any(TIME in v.free_symbols for v in values)
        flow = case.flows[symbol]
        if timed and _may_be_time(case, case.states[symbol]) and ((flow == 0 and written) or (case.number(flow) or 0.0) > 0):
            found.add(symbol)
    compared = {s for e in expressions(case) for r in e.atoms(Relational) for s in r.free_symbols}
    return frozenset(found | {p.symbol for p in case.system.parameters if p.symbol in compared and _may_be_time(case, p)})


def _may_be_time(case: Case, quantity: State | object) -> bool:
    """Return whether a quantity measures a time; in a model without units any may."""
    unit = getattr(quantity, "unit", ONE)
    return case.system.dimensionless or bool(unit.same_dimension(case.system.time_unit))


def expressions(case: Case) -> Iterator[Expr]:
    """Yield everything that a model computes, definitions put in, parameters still symbols."""
    yield from (case.symbolic(d.expression) for d in case.system.definitions if d.shown)
    yield from (case.symbolic(s.derivative) for s in case.system.states)
    for changes in case.updates.values():
        yield from changes.values()


def spike_times(case: Case) -> frozenset[Symbol]:
    """Return the states that hold the time of the last firing of an event: none is ever later than now."""
    found = set()
    for symbol in case.states:
        values = [value for _, value in case.setters(symbol)]
        if values and case.flows[symbol] == 0 and all(v == TIME for v in values) and case.starts[symbol].high <= 0:
            found.add(symbol)
    return frozenset(found)


def line(case: Case, expression: Expr, known: frozenset[Symbol]) -> Line | None:
    """Return the coefficients of an expression that is linear in clocks; None for any other."""
    used = sorted(expression.free_symbols & known, key=str)
    whole = expression.xreplace({s: v for s, v in case.values.items() if s not in known}).xreplace({LEVEL_TIME: TIME})
    found: dict[Symbol, float] = {}
    for symbol in sorted({TIME if s == LEVEL_TIME else s for s in used}, key=str):
        parts = affine(whole, symbol)
        slope = None if parts is None else case.number(parts[0])
        if parts is None or slope is None:
            return None
        found[symbol] = slope
        whole = parts[1]
    constant = case.number(whole)
    return None if constant is None else {**found, CONSTANT: constant}


def factor(first: Line, second: Line) -> float | None:
    """Return k where the first of two expressions is k times the second and a constant; None where it is not."""
    symbols = {s for s in {*first, *second} if s != CONSTANT and (first.get(s, 0.0) or second.get(s, 0.0))}
    ratios = [first.get(s, 0.0) / second[s] if second.get(s, 0.0) else None for s in symbols]
    if not ratios or None in ratios or ratios[0] is None:
        return None
    k = ratios[0]
    return k if all(r is not None and abs(r - k) <= 1e-12 * abs(k) for r in ratios) else None


@dataclass(frozen=True)
class Growth:
    """An exponential inside a term, and what is known to be not negative where it is used, with the words for that."""

    exponential: Expr
    known: tuple[tuple[Expr, str], ...]
    term: Expr


def exponentials(expression: Basic, known: tuple[tuple[Expr, str], ...] = (), term: Expr | None = None) -> Iterator[Growth]:
    """Yield the exponentials that an expression grows with: those in its terms, factors and branches, not those in denominators and functions."""
    if isinstance(expression, sympy.exp):
        yield Growth(expression, known, expression if term is None else term)
    elif isinstance(expression, sympy.Add):
        for part in expression.args:
            yield from exponentials(part, known, None)
    elif isinstance(expression, sympy.Mul):
        for part in expression.args:
            yield from exponentials(part, known, expression if term is None else term * expression / part)
    elif isinstance(expression, Select):
        condition, taken, other = expression.args
        yield from exponentials(taken, (*known, *_sides(condition, True)), term)
        yield from exponentials(other, (*known, *_sides(condition, False)), term)


def _sides(condition: Basic, holds: bool) -> Iterator[tuple[Expr, str]]:
    """Yield what a condition says to be not negative, with its words."""
    if isinstance(condition, sympy.Not):
        yield from _sides(condition.args[0], not holds)
    elif isinstance(condition, sympy.And if holds else sympy.Or):
        for part in condition.args:
            yield from _sides(part, holds)
    elif isinstance(condition, sympy.StrictLessThan | sympy.LessThan | sympy.StrictGreaterThan | sympy.GreaterThan):
        held = condition if holds else condition.negated
        yield held.gts - held.lts, written(held)


@dataclass(frozen=True)
class Trace:
    """A state that decays with a time constant (grows with a negative one) from where its events put it."""

    state: State
    tau: float


def traces(case: Case) -> dict[Symbol, Trace]:
    """Return the states with x' = -x/tau that events raise."""
    found = {}
    for symbol in case.moving:
        flow = case.flows[symbol]
        raised = [case.whole(value) for _, value in case.setters(symbol)]
        parts = affine(flow, symbol)
        slope = None if parts is None or parts[1] != 0 else case.number(parts[0])
        jumps = [case.number(value - symbol if symbol in value.free_symbols else value) for value in raised]
        if slope and raised and all(j is not None and j > 0 for j in jumps):
            found[symbol] = Trace(case.states[symbol], -1.0 / slope)
    return found


def written(expression: Basic) -> str:
    """Return an expression as the language writes it."""
    return str(expression.xreplace({LEVEL_TIME: TIME})).replace("**", "^")
