"""Nullclines in a plane: the curves on which one of two states stands still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr, Poly, Symbol
from sympy.polys.polyerrors import PolynomialError

from neurodsl.analysis.contours import Floats, Range, Scalar, graph, zeros
from neurodsl.analysis.orbits import Deadline
from neurodsl.analysis.plane import SECONDS, Plane
from neurodsl.lower.bounded import Exceeded, bounded

Box = tuple[Range, Range]


@dataclass(frozen=True, eq=False)
class Nullcline:
    """The points at which a state does not change, as curves of shape (m, 2).

    ``how`` says how they were found: ``y = g(x)``, ``x = g(y)`` where the equation is linear in one of the variables, else ``contour``.
    """

    state: int
    curves: tuple[Floats, ...]
    how: str


@dataclass(frozen=True)
class Grid:
    """The field on a grid: ``u`` and ``v`` of shape (q, p) at the points of ``xs`` of shape (p,) and ``ys`` of shape (q,)."""

    xs: Floats
    ys: Floats
    u: Floats
    v: Floats


def grid_of(plane: Plane, box: Box, count: int, deadline: Deadline) -> Grid:
    """Return the derivatives of both states on a grid of count times count points; not a number where there was no time for them."""
    xs, ys = np.linspace(*box[0], count), np.linspace(*box[1], count)
    values = np.full((count, count, 2), np.nan)
    for row, y in enumerate(ys.tolist()):
        if deadline.leaves_out("a part of the field and of the nullclines"):
            break
        # To and fro, so that a search for steady values goes on from a neighbour.
        for column in range(count) if row % 2 == 0 else reversed(range(count)):
            values[row, column] = plane.field(float(xs[column]), y)
    return Grid(xs, ys, values[..., 0], values[..., 1])


def nullcline(plane: Plane, axis: int, box: Box, grid: Grid) -> Nullcline:
    """Return where the state on an axis, 0 for x and 1 for y, stands still within a box."""
    state = plane.axes[axis]

    def function(x: float, y: float) -> float:
        return float(plane.field(x, y)[axis])

    values = grid.u if axis == 0 else grid.v
    expression = plane.expression(state)
    if expression is None:
        return Nullcline(state, zeros(function, grid.xs, grid.ys, values), "contour")
    x, y = (plane.frozen.symbols[k] for k in plane.axes)
    factors = _factors(expression, x, y)
    if not factors or (len(factors) == 1 and factors[0][1] == 1):
        curves, how = _curves(expression, function, values, (x, y), box, grid) if expression.has(x, y) else ((), "contour")
        return Nullcline(state, curves, how)
    found = []
    for factor, _ in factors:
        part = _polynomial(factor, x, y)
        on_grid = np.array([[part(float(a), float(b)) for a in grid.xs] for b in grid.ys])
        found.append(_curves(factor, part, on_grid, (x, y), box, grid))
    return Nullcline(state, tuple(curve for curves, _ in found for curve in curves), ", ".join(dict.fromkeys(how for _, how in found)))


def _curves(
    expression: Expr, function: Scalar, values: Floats, symbols: tuple[Symbol, Symbol], box: Box, grid: Grid
) -> tuple[tuple[Floats, ...], str]:
    """Return where a function with a known expression is 0, and how that was found."""
    if _is_linear(expression, symbols[1]):
        return graph(function, box[0], box[1]), "y = g(x)"
    if _is_linear(expression, symbols[0]):
        return graph(function, box[1], box[0], swapped=True), "x = g(y)"
    return zeros(function, grid.xs, grid.ys, values), "contour"


def _is_linear(expression: Expr, symbol: Symbol) -> bool:
    """Return whether an expression is linear in a symbol, and uses it."""
    try:
        slope = bounded(SECONDS, lambda: expression.diff(symbol))
    except Exceeded:
        return False
    # The derivative of a step is 0: what has one is not linear though its slope is constant.
    hidden = any(f.has(symbol) for f in expression.atoms(sympy.Function))
    return bool(slope != 0 and not hidden and symbol not in slope.free_symbols)


def _factors(expression: Expr, x: Symbol, y: Symbol) -> list[tuple[Expr, int]]:
    """Return the factors with their multiplicities of an expression that is a polynomial; empty for any other."""
    try:
        return bounded(SECONDS, lambda: [(base.as_expr(), count) for base, count in Poly(expression, x, y).factor_list()[1]])
    except (PolynomialError, Exceeded, NotImplementedError):
        return []


def _polynomial(expression: Expr, x: Symbol, y: Symbol) -> Scalar:
    """Return a polynomial as a function of two numbers."""
    terms = [(i, j, float(c)) for (i, j), c in Poly(expression, x, y).terms()]
    return lambda a, b: sum(c * a**i * b**j for i, j, c in terms)
