"""Gates that can leave [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Rational, Symbol

from neurodsl import rules
from neurodsl.analysis.case import Box, Case, Range
from neurodsl.analysis.faces import Bounded, gates, is_kept
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.reach import MARGIN, affine, reach
from neurodsl.units import ONE

SAMPLES = 65
NEGLIGIBLE = 1e-12


def find(case: Case) -> Iterator[Finding]:
    """Yield the gates whose flow points outwards at 0 or 1 for a state of the others that is in their range."""
    for gate in gates(case):
        if is_kept(case, gate):
            continue
        for level, side in ((gate.low, -1), (gate.high, 1)):
            found = _outwards(case, gate, level, side)
            if found is not None:
                yield found
                break


def _outwards(case: Case, gate: Bounded, level: float, side: int) -> Finding | None:
    """Return the finding on a level at which the flow points outwards somewhere."""
    symbol, name = gate.state.symbol, gate.state.name
    flow = case.flows[symbol].xreplace({symbol: Rational(level)})
    others = sorted(flow.free_symbols & set(case.states), key=str)
    box = {**reach(case).box, **{s: Range(0.5, 0.5) for s in others if case.states[s].unit == ONE and reach(case).box[s] == Range(0.0, 1.0)}}
    points = {s: _operating(case, s, box) for s in others[:1]}
    slopes = case.at((flow,), box | {s: _fixed(case, s, box) for s in others[1:]}, points)
    if slopes is None:
        return None
    outwards = side * np.nan_to_num(slopes[:, 0])
    worst = int(np.argmax(outwards))
    scale = float(np.max(np.abs(np.nan_to_num(slopes)), initial=0.0))
    if outwards[worst] <= NEGLIGIBLE * max(scale, 1.0):
        return None
    where = "".join(f" and {case.states[s].name} = {case.quantity(float(p[worst]), case.states[s].unit)}" for s, p in points.items())
    slope = case.quantity(float(slopes[worst, 0]), gate.state.unit / case.system.time_unit)
    told = f"`{name}` is a gate and can leave [0, 1]"
    argument = f"at {name} = {level:g}{where} d{name}/dt = {slope}, which points outwards"
    help = f"`d{name}/dt = alpha*(1 - {name}) - beta*{name}` with rates that are never negative stays inside: look at the signs"
    return Finding(told, argument, case.place(symbol), help)


def _fixed(case: Case, symbol: Symbol, box: Box) -> Range:
    """Return a value of a state that it can have: its middle, else its initial value."""
    range_ = box[symbol]
    start = case.starts[symbol]
    middle = start.middle if start.is_finite else range_.middle if range_.is_finite else 0.0
    return Range(middle, middle)


def _operating(case: Case, symbol: Symbol, box: Box) -> NDArray[np.float64]:
    """Return values over the range in which a state works: where it is proved to be, else between the levels that its equation and events name."""
    range_ = box[symbol]
    levels = [*case.starts[symbol], *_levels(case, symbol)]
    known = [level for level in levels if math.isfinite(level)]
    # The ends that are proved lie a margin outside of what the state reaches.
    low = range_.low + 2 * MARGIN * max(1.0, abs(range_.low)) if math.isfinite(range_.low) else min(known, default=0.0)
    high = range_.high - 2 * MARGIN * max(1.0, abs(range_.high)) if math.isfinite(range_.high) else max(known, default=0.0)
    return np.linspace(low, high, SAMPLES) if low < high else np.array([_fixed(case, symbol, box).low])


def _levels(case: Case, symbol: Symbol) -> Iterator[float]:
    """Yield the thresholds of a state, what events set it to, and its reversal potentials."""
    state = case.states[symbol]
    for threshold in case.system.thresholds.get(state.name, ()):
        yield from case.bound(case.whole(threshold), {})
    for _, value in case.setters(symbol):
        if not value.free_symbols & set(case.states):
            yield from case.bound(case.whole(value), {})
    for factor in _sums(case.symbolic(state.derivative), symbol):
        parts = affine(factor, symbol)
        root = None if parts is None or parts[0] == 0 else case.number(-parts[1] / parts[0])
        if root is not None:
            yield root


def _sums(expression: Expr, symbol: Symbol) -> Iterator[Expr]:
    """Yield the factors such as E - V of an expression."""
    for part in expression.atoms(Expr):
        if part.is_Mul:
            yield from (factor for factor in part.args if factor.is_Add and symbol in factor.free_symbols)


GATES = Proof(
    name="gates",
    rule=rules.GATE_LEAVES,
    argument="at x = 1 (or x = 0) the right-hand side is positive (negative) for a state that the others can have",
    find=find,
)
