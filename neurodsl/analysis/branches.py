"""All curves of fixed points over an interval of a parameter."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sympy.polys.polyerrors import BasePolynomialError

from neurodsl import rules
from neurodsl.analysis.breaking import growth
from neurodsl.analysis.continuation import Region, correct, follow, lies_on, newton, whole
from neurodsl.analysis.critical import Point, branch_point, crossings, points_of, singular
from neurodsl.analysis.explicit import Explicit, explicit
from neurodsl.analysis.family import Family, Floats, family
from neurodsl.analysis.fixed_points import fixed_points
from neurodsl.analysis.frozen import Frozen
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lang.choice import unknown_name
from neurodsl.lower.bounded import Exceeded, bounded

Box = Mapping[str, tuple[float, float]] | None
MARGIN = 1e-3
"""How far beyond the interval curves are drawn, relative to its length: what happens at its very end is seen."""
SECONDS = 6.0
"""The time for following curves; explicit ones need none."""
PLACES = 5
"""At so many values of the parameter fixed points are searched for."""
STARTS = 12
SCALES = (0.1, 1.0, 10.0, 100.0)
ASIDE = 5e-3


@dataclass(frozen=True)
class Branch:
    """A curve of fixed points.

    Attributes
    ----------
    parameter : str
    names : tuple of str
        The states.
    values : array of shape (points,)
        The parameter along the curve.
    states : array of shape (points, n)
    stable : array of bool of shape (points,)
    """

    parameter: str
    names: tuple[str, ...]
    values: Floats
    states: Floats
    stable: NDArray[np.bool_]


@dataclass(frozen=True)
class Curves:
    """The curves of a family, as points with their eigenvalues.

    Attributes
    ----------
    made : Explicit or None
        Where they are explicit.
    how : str
        What is known of their completeness.
    """

    family: Family
    low: float
    high: float
    points: tuple[tuple[Point, ...], ...]
    made: Explicit | None
    how: str

    @cached_property
    def growth(self) -> tuple[Floats, ...]:
        """Return of each curve how fast differences among neurons that are alike grow at its points; not a number where none stand for others."""
        return tuple(growth(points) for points in self.points)

    @property
    def told(self) -> str:
        """Return how complete they are, and of a network whether differences among neurons that are alike were looked at."""
        blind = self.family.frozen.whole is not None and any(np.all(np.isnan(g)) for g in self.growth)
        return self.how + ("; whether differences among neurons that are alike grow was not followed, for want of time" if blind else "")


def curves_of(frozen: Frozen, parameter: str, low: float, high: float, box: Box = None) -> Curves:
    """Return all curves of fixed points that are found over an interval of a parameter.

    Parameters
    ----------
    frozen : Frozen
        The values of the other parameters.
    low, high : float
        The interval, in the declared unit of the parameter.
    box : mapping of str to (float, float)
        Bounds of some states.

    Raises
    ------
    NeuroError
        When there is no such parameter or state, or an interval is empty.
    """
    found = family(frozen, parameter)
    frozen = found.frozen
    _require_interval(parameter, low, high)
    bounds = _bounds(found, box)
    beyond = MARGIN * (high - low)
    edges = low - beyond, high + beyond
    made = explicit(found) if frozen.states else None
    if made is not None:
        free = frozen.symbols.index(made.elimination.free)
        given = (float(bounds[0, free]), float(bounds[1, free])) if np.all(np.isfinite(bounds[:, free])) else made.reach
        raw = made.curves(*edges, given)
        unit = _unit(raw, found, high - low)
        points = tuple(tuple(p) for p in (points_of(found, curve, unit) for curve in raw) if len(p) > 1)
        how = f"every fixed point is an explicit function of `{frozen.names[free]}`, which was looked at from {given[0]:g} to {given[1]:g}"
        return Curves(found, low, high, points, made, how)
    points = tuple(_followed(found, edges, bounds)) if frozen.states else ()
    return Curves(found, low, high, points, None, "found by search: fixed points at some values of the parameter, and the curves followed from them")


def _require_interval(parameter: str, low: float, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high)):
        raise fail(rules.BAD_VALUE, f"the interval of `{parameter}` has to have two finite ends, not {low:g} and {high:g}")
    if low >= high:
        told = f"the interval of `{parameter}` is empty: it goes from {low:g} to {high:g}"
        raise fail(rules.BAD_VALUE, told, help="give the lower end first, then a higher one")


def _bounds(found: Family, box: Box) -> Floats:
    """Return the lowest and highest value of each state, of shape (2, n)."""
    frozen = found.frozen
    bounds = np.array([[-np.inf] * len(frozen.states), [np.inf] * len(frozen.states)])
    for name, (least, most) in (box or {}).items():
        if name not in (*frozen.names, *found.held):
            raise unknown_name("state", name, (*frozen.names, *found.held), frozen.system.name)
        _require_interval(name, least, most)
        if name not in found.held:
            bounds[:, frozen.names.index(name)] = least, most
    return bounds


def _unit(curves: list[Floats], found: Family, width: float) -> Floats:
    """Return how far each coordinate reaches along the curves, not counting the outermost quarters; the parameter's is its interval."""
    points = np.concatenate(curves) if curves else np.zeros((1, found.size + 1))
    low, high = np.percentile(points, (25, 75), axis=0)
    reach = 2 * (high - low)
    unit = np.where(reach > 1e-9 * (1 + np.abs(high)), reach, 1.0)
    unit[-1] = width
    return np.asarray(unit, dtype=np.float64)


def _followed(found: Family, edges: tuple[float, float], bounds: Floats) -> Iterator[tuple[Point, ...]]:
    """Yield the curves through fixed points that are searched for, and those that cross them."""
    deadline = time.monotonic() + SECONDS
    starts = list(_starts(found, edges, bounds, deadline))
    if not starts:
        return
    sizes = np.max(np.abs(np.array(starts)), axis=0)
    unit = np.where(sizes > 1e-6, sizes, 1.0)
    unit[-1] = edges[1] - edges[0]
    region = Region(np.append(bounds[0], edges[0]), np.append(bounds[1], edges[1]), unit)
    curves: list[Floats] = []
    waiting = [(z, np.append(np.zeros(found.size), 1.0), True) for z in starts]
    while waiting and time.monotonic() < deadline:
        z, direction, both = waiting.pop(0)
        if lies_on(found, z, curves, unit):
            continue
        curve = (whole if both else follow)(found, z, direction, region, deadline)
        if len(curve) < 2:
            continue
        points = points_of(found, curve, unit)
        curves.append(curve)
        yield tuple(points)
        for name, point in crossings(points):
            if name == "branch" or (name == "fold" and singular(point)):
                waiting += [(other, away, False) for other, away in _aside(found, point)]


def _aside(found: Family, point: Point) -> Iterator[tuple[Floats, Floats]]:
    """Yield a fixed point on each arm of the curves that cross at a branch point, and the direction away from it.

    Their tangents t solve <psi, F_zz(t, t)> = 0 in the null space of F_z: Kuznetsov, 2004, section 10.2.3 (doi:10.1007/978-1-4757-3978-7).
    """
    at = branch_point(point)
    if at is None or found.higher is None:
        return
    z, psi, _ = at
    unit = point.unit
    basis = np.linalg.svd(found.gradient(z) * unit)[2][-2:]
    a, b, c = (float(psi @ found.second(z, unit * basis[i] + 0j, unit * basis[j] + 0j).real) for i, j in ((0, 0), (0, 1), (1, 1)))
    size = max(abs(a), abs(b), abs(c))
    inside = b * b - a * c
    if size == 0 or inside <= 0:
        return
    root = -b - np.copysign(np.sqrt(inside), b)
    for x, y in ((root, a), (c, root)):
        direction = x * basis[0] + y * basis[1]
        direction = direction / np.linalg.norm(direction)
        for away in (direction, -direction):
            start = correct(found, z + ASIDE * unit * away, away, unit)
            if start is not None:
                yield start, away


def _known(found: Family, p: float, bounds: Floats) -> list[Floats]:
    """Return the fixed points at one value of the parameter, by all that is known of finding them, as far as there is time."""
    box = {name: (float(a), float(b)) for name, a, b in zip(found.frozen.names, *bounds, strict=True) if np.isfinite(a) and np.isfinite(b)}
    try:
        points = bounded(SECONDS / 2, lambda: fixed_points(found.frozen.at({found.parameter.name: p}), box))
    except (Exceeded, NeuroError, BasePolynomialError):
        return []  # the search from many starts goes on without them
    return [np.array([point.state[name] for name in found.frozen.names]) for point in points]


def _starts(found: Family, edges: tuple[float, float], bounds: Floats, deadline: float) -> Iterator[Floats]:
    """Yield fixed points at some values of the parameter, by Newton's method from many starts; those that fill more than a curve are left out."""
    random = np.random.default_rng(0)
    n = found.size
    low, high = (np.where(np.isfinite(b), b, s) for b, s in zip(bounds, (-1.0, 1.0), strict=True))
    boxed = np.all(np.isfinite(bounds))
    places = np.linspace(*edges, PLACES + 2)[1:-1]
    for p in places:
        known: list[Floats] = []
        scales = (1.0,) if boxed else SCALES
        sure = _known(found, float(p), bounds) if p == places[PLACES // 2] else []
        guesses = [*sure, np.zeros(n), *(random.uniform(low * scale, high * scale) for scale in scales for _ in range(STARTS))]
        for guess in guesses:
            z = newton(found, guess, float(p)) if time.monotonic() < deadline else None
            if z is None or not _is_on_a_curve(found, z) or not all(np.linalg.norm(z - k) > 1e-7 * (1 + np.linalg.norm(z)) for k in known):
                continue
            if np.all(z[:-1] >= bounds[0]) and np.all(z[:-1] <= bounds[1]):
                known.append(z)
                yield z


def _is_on_a_curve(found: Family, z: Floats) -> bool:
    """Return whether the fixed points around one form a curve, and not a surface."""
    sizes = np.linalg.svd(found.gradient(z), compute_uv=False)
    return bool(sizes[-1] > 1e-10 * sizes[0])


def branches(frozen: Frozen, parameter: str, low: float, high: float, box: Box = None) -> tuple[Branch, ...]:
    """Return the curves of fixed points over an interval of a parameter, with their stability: the data of a bifurcation diagram.

    Parameters
    ----------
    frozen : Frozen
        The values of the other parameters.
    parameter : str
    low, high : float
        The interval, in the declared unit of the parameter.
    box : mapping of str to (float, float)
        Bounds of some states.
    """
    return along(curves_of(frozen, parameter, low, high, box), box)


def along(curves: Curves, box: Box = None) -> tuple[Branch, ...]:
    """Return the parts of curves of fixed points that lie inside their interval and a box."""
    bounds = _bounds(curves.family, box)
    return tuple(piece for points, grown in zip(curves.points, curves.growth, strict=True) for piece in _pieces(curves, points, grown, bounds))


def _pieces(curves: Curves, points: tuple[Point, ...], grown: Floats, bounds: Floats) -> Iterator[Branch]:
    """Yield the parts of a curve inside the interval and the box."""
    inside = [curves.low <= p.z[-1] <= curves.high and bool(np.all((p.z[:-1] >= bounds[0]) & (p.z[:-1] <= bounds[1]))) for p in points]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        z = np.array([p.z for p in points[first:last]])
        stable = np.array([_stable(p) for p in points[first:last]]) & ~(grown[first:last] > 0)
        yield Branch(curves.family.parameter.name, curves.family.frozen.names, z[:, -1], z[:, :-1], stable)


def _stable(point: Point) -> bool:
    """Return whether all eigenvalues are on the stable side."""
    values = point.eigenvalues
    return bool(np.all(np.abs(values) < 1)) if point.family.frozen.discrete else bool(np.all(values.real < 0))
