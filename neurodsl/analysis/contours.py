"""Where functions of two variables vanish: curves through points that are zeros to the last digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]
Scalar = Callable[[float, float], float]
Range = tuple[float, float]
Edge = tuple[int, int, int]
"""An edge of the grid: the column and the row of its first corner, and 0 where it runs along x, 1 where it runs along y."""

FIRST, ROUNDS, FINEST = 201, 14, 0.01
"""Points of a curve y = g(x) to begin with, rounds in which gaps are halved, and the gap, in parts of the box, that is left."""
JUMP = 1e-6
"""A change of sign at which the function stays larger than so many parts of the values on both sides is a jump or a pole and no zero."""


def zeros(function: Scalar, xs: Floats, ys: Floats, values: Floats) -> tuple[Floats, ...]:
    """Return the curves on which a function is 0, each of shape (m, 2), by marching squares.

    Where the function changes its sign along an edge of the grid, the zero on the edge is found to the precision of the numbers; a cell with
    four of them is decided by the sign in its middle. Two zeros on one edge are not seen.

    Parameters
    ----------
    function : callable
        A number at (x, y).
    xs, ys : array of shape (p,), (q,)
        The grid.
    values : array of shape (q, p)
        The function on the grid.

    References
    ----------
    Lorensen, Cline, 1987, Comput. Graph. 21:163-169. doi:10.1145/37402.37422
    """
    above = values > 0
    good = np.isfinite(values)
    along_x = (above[:, 1:] != above[:, :-1]) & good[:, 1:] & good[:, :-1]
    along_y = (above[1:, :] != above[:-1, :]) & good[1:, :] & good[:-1, :]
    places: dict[Edge, tuple[float, float]] = {}
    for row, column in np.argwhere(along_x).tolist():
        found = _zero(partial(_second, function, float(ys[row])), xs[column], xs[column + 1], values[row, column], values[row, column + 1])
        if found is not None:
            places[column, row, 0] = (found, float(ys[row]))
    for row, column in np.argwhere(along_y).tolist():
        found = _zero(partial(function, float(xs[column])), ys[row], ys[row + 1], values[row, column], values[row + 1, column])
        if found is not None:
            places[column, row, 1] = (float(xs[column]), found)
    joins: dict[Edge, list[Edge]] = {edge: [] for edge in places}
    for column, row in sorted({cell for edge in places for cell in _cells(edge, len(xs), len(ys))}):
        for a, b in _pairs(column, row, places, function, xs, ys, bool(above[row, column])):
            joins[a].append(b)
            joins[b].append(a)
    return tuple(np.array([places[edge] for edge in line]) for line in _lines(joins) if len(line) > 1)


def _second(function: Scalar, y: float, x: float) -> float:
    """Return a function with its arguments the other way round."""
    return function(x, y)


def _zero(function: Callable[[float], float], a: float, b: float, at_a: float, at_b: float) -> float | None:
    """Return the zero between two points with values of different signs, None at a jump and where the function has no value."""
    if at_a == 0 or at_b == 0:
        return float(a if at_a == 0 else b)
    try:
        found = float(brentq(function, a, b, xtol=1e-300, rtol=1e-15, maxiter=200, disp=False))
    except ValueError:  # it is not a number, or where steady values jump its signs at the ends have become the same
        return None
    value = abs(function(found))
    return found if value <= JUMP * max(abs(at_a), abs(at_b)) else None


def _cells(edge: Edge, p: int, q: int) -> Iterator[tuple[int, int]]:
    """Yield the cells on both sides of an edge."""
    column, row, kind = edge
    for cell in ((column, row), (column, row - 1) if kind == 0 else (column - 1, row)):
        if 0 <= cell[0] < p - 1 and 0 <= cell[1] < q - 1:
            yield cell


def _pairs(
    column: int, row: int, places: dict[Edge, tuple[float, float]], function: Scalar, xs: Floats, ys: Floats, corner: bool
) -> list[tuple[Edge, Edge]]:
    """Return which zeros on the edges of a cell are joined; ``corner`` is the sign at its first corner."""
    bottom, right, top, left = (column, row, 0), (column + 1, row, 1), (column, row + 1, 0), (column, row, 1)
    crossed = [edge for edge in (bottom, right, top, left) if edge in places]
    if len(crossed) == 2:
        return [(crossed[0], crossed[1])]
    if len(crossed) < 4:
        return []
    middle = function(float(xs[column] + xs[column + 1]) / 2, float(ys[row] + ys[row + 1]) / 2) > 0
    return [(bottom, right), (top, left)] if middle == corner else [(bottom, left), (top, right)]


def _lines(joins: dict[Edge, list[Edge]]) -> Iterator[list[Edge]]:
    """Yield chains of joined zeros, open ones from their ends, then closed ones."""
    left = dict.fromkeys(sorted(joins))
    for begin in [*(edge for edge in left if len(joins[edge]) < 2), *left]:
        if begin not in left:
            continue
        line, here = [begin], begin
        del left[begin]
        while ahead := next((edge for edge in joins[here] if edge in left), None):
            line.append(ahead)
            del left[ahead]
            here = ahead
        closed = len(line) > 2 and begin in joins[here]
        yield [*line, begin] if closed else line


def graph(function: Scalar, across: Range, up: Range, swapped: bool = False) -> tuple[Floats, ...]:
    """Return the curve on which a function that is linear in y is 0, as y = g(x), in pieces of shape (m, 2).

    Parameters
    ----------
    function : callable
        A number at (x, y); with ``swapped`` it is linear in x, and the curve is x = g(y).
    across, up : tuple of float
        The range of x, and that of y: pieces that leave it by more than its size are cut.
    """
    height = up[1] - up[0]

    def solved(x: float) -> float:
        return _linear_zero(partial(_second, function, x) if swapped else partial(function, x), *up)

    xs = np.linspace(*across, FIRST)
    ys = np.array([solved(float(x)) for x in xs])
    for _ in range(ROUNDS):
        near = (ys > up[0] - height) & (ys < up[1] + height)
        gap = (np.abs(np.diff(ys)) > FINEST * height) & (near[1:] | near[:-1])
        if not gap.any() or len(xs) > 20 * FIRST:
            break
        middles = (xs[1:][gap] + xs[:-1][gap]) / 2
        more = np.array([solved(float(x)) for x in middles])
        order = np.argsort(np.concatenate([xs, middles]), kind="stable")
        xs, ys = np.concatenate([xs, middles])[order], np.concatenate([ys, more])[order]
    inside = (ys >= up[0] - height) & (ys <= up[1] + height)
    steep = np.abs(np.diff(ys)) > height / 2
    return tuple(piece[:, ::-1] if swapped else piece for piece in _pieces(np.column_stack([xs, ys]), inside, steep))


def _linear_zero(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the zero of a function that is linear; not a number where it is constant."""
    at_low, at_high = function(low), function(high)
    if not np.isfinite(at_low) or not np.isfinite(at_high) or at_low == at_high:
        return float("nan")
    slope = (at_high - at_low) / (high - low)
    found = low - at_low / slope
    # A second step takes back what the first one lost where the zero lies far outside.
    return float(found - function(found) / slope) if np.isfinite(found) else float("nan")


def _pieces(points: Floats, inside: NDArray[np.bool_], steep: NDArray[np.bool_]) -> Iterator[Floats]:
    """Yield the runs of points that are inside, cut where the curve jumps."""
    begin = None
    for k in range(len(points) + 1):
        ends = k == len(points) or not inside[k] or (k > 0 and begin is not None and k > begin and steep[k - 1])
        if ends and begin is not None:
            if k - begin > 1:
                yield points[begin:k]
            begin = None
        if k < len(points) and inside[k] and begin is None:
            begin = k
