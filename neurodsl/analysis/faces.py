"""States that are meant to stay between two levels: gates in [0, 1], weights in [w_min, w_max]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sympy
from sympy import Expr, Symbol

from neurodsl.analysis.case import Case
from neurodsl.analysis.reach import MARGIN, affine, reach
from neurodsl.lower.functions import Maximum, Minimum
from neurodsl.system import State
from neurodsl.units import ONE

GATE = re.compile(r"\b(gate|gating|activation|inactivation|open|probability)\b", re.IGNORECASE)
"""Words of a label that say that a state is a fraction of channels."""


@dataclass(frozen=True)
class Bounded:
    """A state with the levels it is meant to stay between, and their texts."""

    state: State
    low: float
    high: float
    texts: tuple[str, str]

    @property
    def interval(self) -> str:
        """Return the levels as an interval."""
        return f"[{self.texts[0]}, {self.texts[1]}]"


def gates(case: Case) -> Iterator[Bounded]:
    """Yield the gates: dimensionless states with a linear equation, in which a factor 1 - x or a label says what they are."""
    for symbol in case.moving:
        state = case.states[symbol]
        if state.unit != ONE or symbol in case.noisy or case.system.discrete or affine(case.flows[symbol], symbol) is None:
            continue
        labelled = state.doc is not None and GATE.search(state.doc) is not None
        if labelled or any(abs(level - 1.0) < 1e-12 for level, _, _ in _factors(case, case.symbolic(state.derivative), symbol)):
            yield Bounded(state, 0.0, 1.0, ("0", "1"))


def weights(case: Case) -> Iterator[Bounded]:
    """Yield the states that events alone change, and whose changes name the two levels: by a factor or by ``min`` and ``max``."""
    for symbol, state in case.states.items():
        if case.flows[symbol] != 0 or case.system.discrete:
            continue
        levels: dict[float, str] = {}
        for _, value in case.setters(symbol):
            if symbol in value.free_symbols:
                found = [*_factors(case, value - symbol, symbol), *_clipped(case, value)]
                levels |= {level: text for level, text, _ in found}
        if len(levels) == 2:
            low, high = sorted(levels)
            yield Bounded(state, low, high, (levels[low], levels[high]))


def _factors(case: Case, expression: Expr, symbol: Symbol) -> Iterator[tuple[float, str, Expr]]:
    """Yield the levels c of factors c - x or x - c of the terms of an expression."""
    for product in expression.atoms(sympy.Mul) | {expression}:
        for factor in product.args:
            if factor == symbol and (product / factor).free_symbols:
                yield 0.0, "0", factor
            if isinstance(factor, sympy.Add) and symbol in factor.free_symbols:
                parts = affine(factor, symbol)
                level = None if parts is None or parts[0] == 0 else -parts[1] / parts[0]
                root = None if level is None else case.number(level)
                if level is not None and root is not None:
                    yield root, _text(case, level), factor


def _clipped(case: Case, value: Expr) -> Iterator[tuple[float, str, Expr]]:
    """Yield the levels that an expression is cut off at."""
    while isinstance(value, Minimum | Maximum):
        first, second = value.args
        level = next((part for part in (first, second) if case.number(part) is not None), None)
        if level is None or (found := case.number(level)) is None:
            return
        yield found, _text(case, level), value
        value = second if level == first else first


def _text(case: Case, level: Expr) -> str:
    """Return a level as text: a name, else a number."""
    return level.name if isinstance(level, Symbol) else f"{case.number(level):.6g}"


def is_kept(case: Case, bounded: Bounded) -> bool:
    """Return whether the flow is proved to keep a state between its levels, and no event to lead it out."""
    symbol = bounded.state.symbol
    box = dict(reach(case).box)
    for level, side in ((bounded.low, -1), (bounded.high, 1)):
        outside = level + side * MARGIN * max(1.0, abs(level))
        flow = case.flows[symbol].xreplace({symbol: sympy.Rational(repr(outside))})
        if flow != 0 and not case.is_negative(side * flow, box):
            return False
    return True
