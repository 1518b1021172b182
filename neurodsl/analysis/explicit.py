"""All fixed points over an interval of a parameter, where they are explicit functions of one state: nothing has to be followed or found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.optimize import brentq
from sympy import Expr, Integer, Symbol

from neurodsl.analysis.elimination import Elimination, eliminate
from neurodsl.analysis.equations import numbers_of_arrays
from neurodsl.analysis.family import Family, Floats
from neurodsl.codegen.functions import functions_of
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.system import Definition, Quantity, State

SECONDS = 3.0
LARGEST = 20_000
"""The most points of all curves of a parameter."""
FAR = np.geomspace(1e-4, 1e7, 660)
START = np.concatenate([-FAR[::-1], [0.0], FAR])
"""Where the free state is looked at first: everywhere, on a scale of its own at each distance from 0."""
STEPS = 240
"""Into how many steps a piece of a curve is cut at least."""
ANGLE = 4 * float(np.pi)
HALVINGS = 40
TURNS = 6
NEGLIGIBLE = 1e-7
PLACES = 5
"""At so many values of the parameter a state is tried that may rest at all of them."""


@dataclass(frozen=True)
class Explicit:
    """The curves of fixed points of a family, by an elimination of all unknowns but one state."""

    family: Family
    elimination: Elimination

    @cached_property
    def module(self) -> ModuleType:
        """Return the generated functions of the free state and the parameter: the parameter, the states, and what stands in the equation for it."""
        family, e = self.family, self.elimination
        quantities: dict[Symbol, Quantity] = {q.symbol: q for q in family.system.states}
        order = [s.symbol for s in e.steps if s.symbol != family.parameter.symbol]
        definitions = [_definition(quantities[symbol], e.step(symbol).expression) for symbol in order]
        states = [_state(quantities[symbol]) for symbol in (e.free, family.parameter.symbol)]
        last = e.step(family.parameter.symbol)
        pivots = [p for s in e.steps for p in s.pivots if s is not last]
        empty = replace(
            family.system, parameters=(), definitions=tuple(definitions), states=tuple(states), starts=(), sites=(), tables=(), edges=(), elements={}
        )
        named = {
            "parameter": [last.expression],
            "point": list(family.frozen.symbols),
            "pieces": [last.equation.xreplace({last.symbol: Integer(0)}), *last.pivots],
            "pivots": pivots or [Integer(1)],
        }
        return functions_of(empty, named, family.frozen.folder)

    def _call(self, name: str, s: float, p: float = 0.0) -> Floats:
        time = self.family.frozen.time
        with np.errstate(all="ignore"):
            try:
                return np.array(getattr(self.module, name)(time, time, np.array([s, p]), ()), dtype=np.float64)
            except (ZeroDivisionError, OverflowError, ValueError, TypeError):
                return np.full({"point": self.family.size}.get(name, 1), np.nan)

    def parameter(self, s: float) -> float:
        """Return the value of the parameter at which the free state rests at ``s``; nan where there is none."""
        return float(self._call("parameter", s)[0])

    def point(self, s: float, p: float) -> Floats:
        """Return the states and the parameter, of shape (n + 1,)."""
        return np.append(self._call("point", s, p), p)

    @property
    def reach(self) -> tuple[float, float]:
        """Return from where to where the free state is looked at where nothing else is said: a few turns where it is an angle."""
        turns = any(
            s.expression.has(sympy.sin, sympy.cos, sympy.tan) or s.equation.has(sympy.sin, sympy.cos, sympy.tan) for s in self.elimination.steps
        )
        return (-ANGLE, ANGLE) if turns else (float(START[0]), float(START[-1]))

    def curves(self, low: float, high: float, bounds: tuple[float, float]) -> list[Floats]:
        """Return every curve of fixed points with the parameter from ``low`` to ``high``, each of shape (points, n + 1).

        Parameters
        ----------
        bounds : (float, float)
            From where to where the free state is looked at.
        """
        start = START
        if bounds != (START[0], START[-1]):
            start = np.union1d(np.linspace(*bounds, 1200), START[(bounds[0] < START) & (bounds[1] > START)])
        found = [np.array([self.point(s, p) for s, p in piece]) for piece in _pieces(self.parameter, low, high, start)]
        for s in self._everywhere(low, high, start):
            found.append(np.array([self.point(s, p) for p in np.linspace(low, high, 2 * STEPS + 1)]))
        return [curve for curve in found if len(curve) > 1 and self._rests(curve[len(curve) // 2])]

    def _rests(self, z: Floats) -> bool:
        """Return whether a point is a fixed point: not where a pivot that vanishes hides others."""
        scale = np.abs(self.family.slopes(z)) @ (np.abs(z) + 1)
        return bool(np.all(np.abs(self.family.residual(z)) <= 1e-6 * (scale + 1)))

    def _everywhere(self, low: float, high: float, start: Floats) -> list[float]:
        """Return the values of the free state that rest whatever the parameter is: its equation does not hold it there."""
        rows = 1 + len(self.elimination.step(self.family.parameter.symbol).pivots)

        def pieces(s: float) -> Floats:
            return np.resize(self._call("pieces", s), rows)

        found = sorted(r for row in range(rows) for r in _roots(lambda s, row=row: float(pieces(s)[row]), start))  # type: ignore[misc]
        kept: list[float] = []
        for s in found:
            if rows == 2:
                away = 1e-3 * (abs(s) + 1e-3)
                near = np.maximum(np.abs(pieces(s - away)), np.abs(pieces(s + away)))
                held = bool(np.all(np.abs(pieces(s)) <= NEGLIGIBLE * near + 1e-300))
            else:
                held = all(self._rests(self.point(s, p)) for p in np.linspace(low, high, PLACES))
            if held and not any(abs(s - k) < 1e-9 * (1 + abs(s)) for k in kept):
                kept.append(s)
        return kept

    def complete(self, start: Floats = START) -> bool:
        """Return whether no division on the way to the states hides fixed points."""
        signs = np.array([np.sign(self._call("pivots", s)) for s in start[::4]])
        return all(len(set(column[np.isfinite(column)]) - {0.0}) <= 1 and not np.any(column == 0) for column in signs.T)


def _definition(quantity: Quantity, expression: Expr) -> Definition:
    return Definition(quantity.name, quantity.symbol, quantity.unit, quantity.doc, quantity.span, expression=expression, constant=False, shown=False)


def _state(quantity: Quantity) -> State:
    return State(quantity.name, quantity.symbol, quantity.unit, quantity.doc, quantity.span, initial=Integer(0), derivative=Integer(0))


def explicit(family: Family) -> Explicit | None:
    """Return the explicit curves of a family, or None where its equations cannot be solved one after the other in time."""
    frozen, p = family.frozen, family.parameter.symbol

    def work() -> Elimination | None:
        following = {d.symbol: d.expression for d in family.system.definitions}
        arrays = numbers_of_arrays(frozen)
        moving = [q.symbol for q in family.system.definitions if q.symbol in frozen.values]
        equations = []
        for state in frozen.states:
            expression = frozen.exact(state.derivative, [p, *moving])
            while used := {s: following[s] for s in expression.free_symbols & set(moving)}:
                expression = expression.xreplace(used)
            expression = frozen.exact(expression, [p]).xreplace(arrays)
            equations.append(_without_factor(expression - state.symbol if frozen.discrete else expression, p, frozen.symbols))
        return eliminate(equations, frozen.symbols, p)

    try:
        found = bounded(SECONDS, work)
    except Exceeded:
        return None
    if found is None:
        return None
    made = Explicit(family, found)
    try:
        return made if made.complete() else None
    except KeyError:
        return None


def _without_factor(equation: Expr, p: Symbol, states: Sequence[Symbol]) -> Expr:
    """Return an equation without a factor of the parameter alone, such as a rate: it does not move fixed points."""
    factor, rest = equation.as_independent(*states, as_Add=False)
    return rest if factor.has(p) and rest != 1 else equation


def _roots(function: Callable[[float], float], start: Floats) -> list[float]:
    """Return the zeros of a function, between neighbours at which its sign differs; none where it is 0 everywhere."""
    grid = _Sampled(function, start)
    zeros = grid.p == 0
    if zeros.mean() > 0.1:
        return []
    for _ in range(TURNS):
        grid.halve(grid.turning())
    found = [float(s) for s in grid.s[grid.p == 0]]
    for k in np.flatnonzero(np.sign(grid.p[:-1]) * np.sign(grid.p[1:]) < 0):
        found.append(float(brentq(function, grid.s[k], grid.s[k + 1], xtol=1e-300, rtol=1e-15)))
    return found


class _Sampled:
    """A function on a grid that is made finer where that is asked for."""

    def __init__(self, function: Callable[[float], float], start: Floats) -> None:
        self.function = function
        self.s = np.array(start, dtype=np.float64)
        self.p = self._values(self.s)

    def _values(self, at: Floats) -> Floats:
        """Return the values of the function, nan where they are not finite."""
        found = np.array([self.function(s) for s in at], dtype=np.float64)
        return np.where(np.isfinite(found), found, np.nan)

    def add(self, more: Floats) -> None:
        """Take more points, as far as there is room."""
        more = np.setdiff1d(more, self.s)[: max(0, LARGEST - len(self.s))]
        s, p = np.append(self.s, more), np.append(self.p, self._values(more))
        order = np.argsort(s)
        self.s, self.p = s[order], p[order]

    def halve(self, cells: NDArray[np.bool_]) -> None:
        """Take the middle of each cell."""
        self.add((self.s[:-1] + self.s[1:])[cells] / 2)

    def crossing(self, low: float, high: float) -> NDArray[np.bool_]:
        """Return the cells on which the function is finite and may take values of the interval."""
        a, b = self.p[:-1], self.p[1:]
        return np.isfinite(a) & np.isfinite(b) & (np.fmax(a, b) >= low) & (np.fmin(a, b) <= high)

    def turning(self) -> NDArray[np.bool_]:
        """Return the cells beside a point at which the function turns."""
        steps = np.sign(np.diff(self.p))
        turns = steps[:-1] * steps[1:] < 0
        return np.append(turns, False) | np.insert(turns, 0, False)


def _pieces(function: Callable[[float], float], low: float, high: float, start: Floats) -> list[list[tuple[float, float]]]:
    """Return the curves on which a function takes values from ``low`` to ``high``, as points that lie close enough to be joined."""
    grid, width = _Sampled(function, start), high - low
    for _ in range(HALVINGS):
        finite = np.isfinite(grid.p)
        grid.halve(finite[:-1] != finite[1:])
    for _ in range(TURNS):
        grid.halve(grid.turning())
    for _ in range(14):
        grid.halve(grid.crossing(low, high) & (np.abs(np.diff(grid.p)) > width / STEPS))
    for first, last in _runs(grid, low, high):
        grid.add(np.linspace(first, last, STEPS + 1))
    return [_thinned(grid, first, last, width) for first, last in _runs(grid, low, high)]


def _runs(grid: _Sampled, low: float, high: float) -> list[tuple[float, float]]:
    """Return where the pieces begin and end: cells that follow one another without a jump, and are not all at one value of the parameter."""
    inside = grid.crossing(low, high) & (np.abs(np.diff(grid.p)) < (high - low) / 10)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(float(grid.s[a]), float(grid.s[b])) for a, b in runs if np.ptp(grid.p[a : b + 1]) > 1e-12 * (abs(low) + abs(high))]


def _thinned(grid: _Sampled, first: float, last: float, width: float) -> list[tuple[float, float]]:
    """Return the points of a piece without those that lie closer than is of use."""
    near_s, near_p = (last - first) / (4 * STEPS), width / (4 * STEPS)
    kept: list[tuple[float, float]] = []
    for s, p in zip(grid.s, grid.p, strict=True):
        if first <= s <= last and (not kept or s == last or s - kept[-1][0] >= near_s or abs(p - kept[-1][1]) >= near_p):
            kept.append((float(s), float(p)))
    return kept
