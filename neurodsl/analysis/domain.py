"""Where fixed points can lie: bounds that follow from the equations, and boxes to search where none do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.analysis.box_arithmetic import Floats
from neurodsl.analysis.enclosure import Enclosure, Unsupported
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.reduction import Domain, linear_split
from neurodsl.diagnostics import fail
from neurodsl.lang.choice import unknown_name
from neurodsl.options import number_in
from neurodsl.system import State
from neurodsl.units import describe, parse_unit

Box = Mapping[str, tuple[float | str, float | str]]
"""Between which values of states something is looked for."""

MILLIVOLT = parse_unit("mV")
VOLTAGES = 150.0
"""How far from 0 voltages are searched, in mV."""
NUMBERS = 100.0
"""How far from 0 everything else is searched, in its declared unit."""
ROUNDS = 12
LONGEST = 2000
"""Operations of an equation that is still looked at."""


@dataclass(frozen=True)
class _Split:
    """An equation a*x + b = 0 for one unknown, and expressions whose signs bound x = -b/a to [0, 1].

    Attributes
    ----------
    pairs : tuple of (Expr, Expr)
        P and S - P of each way to write -b/a as P/S.
    """

    symbol: int
    factor: Expr
    rest: Expr
    quotient: Expr
    pairs: tuple[tuple[Expr, Expr], ...]

    def expressions(self) -> list[Expr]:
        """Return everything that is enclosed."""
        return [self.factor, self.rest, self.quotient, *(e for pair in self.pairs for e in pair)]


def bounds(equations: Sequence[Expr], symbols: Sequence[Symbol], given: Domain) -> Domain | None:
    """Return where all solutions in a domain lie, narrowed by the equations themselves; None where there is proved to be none.

    An equation ``a*x + b = 0`` with a away from 0 bounds x by -b/a. In the equation of a gate, ``alpha*(1 - x) = beta*x`` or ``x = x_inf``, with rates that
    are not negative, x lies in [0, 1].
    """
    splits = [s for e in equations if e.count_ops() <= LONGEST for s in _splits(e, symbols)]
    if not splits:
        return given
    low, high = given.low.copy(), given.high.copy()
    try:
        enclosure = Enclosure([e for s in splits for e in s.expressions()], symbols)
    except Unsupported:
        return given
    for _ in range(ROUNDS):
        before = np.concatenate([low, high])
        found, _ = enclosure(low[None, :], high[None, :])
        place = 0
        for split in splits:
            width = len(split.expressions())
            part = slice(place, place + width)
            place += width
            _narrow(split.symbol, found.low[0, part], found.high[0, part], low, high)
        if np.any(low > high):
            return None
        if np.array_equal(before, np.concatenate([low, high])):
            break
    return Domain(given.symbols, low, high)


def _splits(equation: Expr, symbols: Sequence[Symbol]) -> list[_Split]:
    """Return the ways in which an equation bounds an unknown."""
    found = []
    for number, symbol in enumerate(symbols):
        parts = linear_split(equation, symbol) if equation.has(symbol) else None
        if parts is None:
            continue
        factor, rest = parts
        quotient = -rest / factor
        ways = [(rest, -factor)]
        ways += [(quotient * s.base, s.base) for s in sympy.Mul.make_args(quotient) if isinstance(s, sympy.Pow) and s.exp == -1]
        pairs = tuple((p, sympy.expand_mul(s - p, deep=False)) for p, s in ways)
        found.append(_Split(number, factor, rest, quotient, pairs))
    return found


def _narrow(symbol: int, low: Floats, high: Floats, lows: Floats, highs: Floats) -> None:
    """Narrow the bounds of one unknown by the enclosures of its split."""
    if not (low[0] > 0 or high[0] < 0):
        return
    with np.errstate(all="ignore"):
        corners = np.array([-b / a for b in (low[1], high[1]) for a in (low[0], high[0])])
    if np.all(np.isfinite(corners)):
        slack = 1e-15 * np.max(np.abs(corners))
        lows[symbol], highs[symbol] = max(lows[symbol], np.min(corners) - slack), min(highs[symbol], np.max(corners) + slack)
    if not np.isnan(low[2]):
        lows[symbol], highs[symbol] = max(lows[symbol], low[2]), min(highs[symbol], high[2])
    for k in range(3, len(low), 2):
        not_negative = low[k] >= 0 and low[k + 1] >= 0
        not_positive = high[k] <= 0 and high[k + 1] <= 0
        if not_negative or not_positive:
            lows[symbol], highs[symbol] = max(lows[symbol], 0.0), min(highs[symbol], 1.0)


def box_of(frozen: Frozen, box: Box) -> dict[str, tuple[float, float]]:
    """Return a box as numbers in the declared units of the states.

    Raises
    ------
    NeuroError
        V102 for an unknown state, V101 for a value of another dimension and for a box without interior.
    """
    units = {s.name: s.unit for s in frozen.states}
    found = {}
    for name, ends in box.items():
        if name not in units:
            raise unknown_name("state", name, units, frozen.system.name)
        low, high = (number_in(v, describe(units[name]), name) for v in ends)
        if not low < high:
            told = f"the box {name} = {low:g}..{high:g} has no interior"
            raise fail(rules.BAD_VALUE, told, help=f"give the smaller end first, as in `{name}=-1..1`")
        found[name] = (low, high)
    return found


def default_box(state: State, near: float) -> tuple[float, float]:
    """Return where a state is searched whose bounds are not known: around 0, and around a value that it has."""
    if state.unit.same_dimension(MILLIVOLT):
        reach = VOLTAGES * float(MILLIVOLT.factor_to(state.unit))
        return min(-reach, near - reach / 3), max(reach, near + reach / 3)
    reach = max(NUMBERS, 2 * abs(near))
    return -reach, reach


def unbounded(symbols: Sequence[Symbol]) -> Domain:
    """Return the domain of all numbers."""
    return Domain(tuple(symbols), np.full(len(symbols), -np.inf), np.full(len(symbols), np.inf))
