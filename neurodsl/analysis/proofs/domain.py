"""Initial values outside the domain of a model."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sympy import Expr

from neurodsl import rules
from neurodsl.analysis.case import Case, Range
from neurodsl.analysis.faces import Bounded, gates, is_kept, weights
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.system import Draw

LIKELY = 1e-3
"""The probability of a value outside from which on a distribution without ends is reported."""


def find(case: Case) -> Iterator[Finding]:
    """Yield the gates and weights that begin, or may begin, outside of the levels between which they then stay."""
    for bounded in (*(g for g in gates(case) if is_kept(case, g)), *weights(case)):
        found = _outside(case, bounded)
        if found is not None:
            yield found


def _outside(case: Case, bounded: Bounded) -> Finding | None:
    """Return the finding on a state whose initial value is outside."""
    state = bounded.state
    start = case.starts[state.symbol]
    slack = 1e-9 * max(1.0, abs(bounded.low), abs(bounded.high))
    if start.low >= bounded.low - slack and start.high <= bounded.high + slack:
        return None
    why = f"an end of {bounded.interval} is never crossed from inside, so values outside have no meaning"
    help = f"draw it from {bounded.interval}" if isinstance(state.initial, Draw) else f"begin in {bounded.interval}"
    if start.is_point:
        return Finding(f"`{state.name}` begins at {start.low:.6g}, outside of its domain {bounded.interval}", why, state.span, help)
    if not isinstance(state.initial, Draw):
        return None
    share = _share(case, state.initial, start, bounded)
    if share is None or share < LIKELY:
        return None
    return Finding(f"`{state.name}` is drawn outside of its domain {bounded.interval} with probability {share:.3g}", why, state.span, help)


def _share(case: Case, draw: Draw, start: Range, bounded: Bounded) -> float | None:
    """Return the probability that a draw lies outside; None where that is not known."""
    numbers = [case.bound(case.whole(a), {}).middle for a in draw.arguments if isinstance(a, Expr)]
    if draw.name == "uniform" and start.high > start.low:
        inside = min(start.high, bounded.high) - max(start.low, bounded.low)
        return 1.0 - max(inside, 0.0) / (start.high - start.low)
    if draw.name == "normal":
        mean, deviation = numbers
        if deviation == 0:
            return None
        below, above = ((level - mean) / deviation / math.sqrt(2) for level in (bounded.low, bounded.high))
        return 0.5 * math.erfc(-below) + 0.5 * math.erfc(above)
    if draw.name == "exponential":
        return math.exp(-bounded.high / numbers[0]) + (1.0 - math.exp(-max(bounded.low, 0.0) / numbers[0]))
    if draw.name == "choice":
        return sum(not bounded.low <= n <= bounded.high for n in numbers) / len(numbers)
    return None


DOMAIN = Proof(
    name="domain",
    rule=rules.OUTSIDE_DOMAIN,
    argument="the flow at 0 and 1 points inwards, so a state that begins inside stays there, and one that begins outside is no gate or weight",
    find=find,
)
