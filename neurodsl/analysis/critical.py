"""Where along a curve of fixed points eigenvalues meet the boundary of stability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from neurodsl.analysis.continuation import correct, tangent
from neurodsl.analysis.family import Complexes, Family, Floats

NEGLIGIBLE = 1e-9
"""A test function is taken for 0 below this, relative to the largest eigenvalue: its sign is noise."""
HALVINGS = 8
LONGEST_ZERO = 3
"""A test function that is 0 at more neighbouring points is so everywhere, as the trace of an oscillator without friction."""
SINGULAR = 1e-4
"""A matrix has no full rank below this, relative to its largest singular value there and nearby."""
ASIDE = 0.05
STEP = 1e-6
POLISHED = 1e-10


@dataclass(frozen=True)
class Point:
    """A fixed point on a curve.

    Attributes
    ----------
    z : array of shape (n + 1,)
        The states and the parameter.
    direction : array of shape (n + 1,)
        The tangent of the curve, oriented along it, of length 1 in the ``unit`` of each coordinate.
    """

    family: Family
    z: Floats
    direction: Floats
    unit: Floats

    @cached_property
    def eigenvalues(self) -> Complexes:
        """Return the eigenvalues of the Jacobian of the flow, or of the map."""
        return eigenvalues(self.family, self.z)

    @property
    def unstable(self) -> int:
        """Return how many eigenvalues are on the unstable side."""
        values = self.eigenvalues
        return int(np.sum(np.abs(values) > 1)) if self.family.frozen.discrete else int(np.sum(values.real > 0))

    @cached_property
    def tests(self) -> Mapping[str, float]:
        """Return the functions that change their sign at each kind of point; 0 where it cannot be told.

        The one of Hopf points is the determinant of the bialternate product 2 J (.) 1, the product of the sums of all pairs of eigenvalues; of
        Neimark-Sacker points, the product of all products of pairs minus 1. Kuznetsov, 2004, section 10.2 (doi:10.1007/978-1-4757-3978-7).
        """
        values, discrete = self.eigenvalues, self.family.frozen.discrete
        first, second = np.triu_indices(len(values), 1)
        scale = max(float(np.max(np.abs(values))), 1e-300)
        gradient = self.family.gradient(self.z) * self.unit
        found = {"fold": _significant(float(self.direction[-1])), "branch": _determinant(np.vstack([gradient, self.direction]))}
        if discrete:
            found["neimark-sacker"] = _product(values[first] * values[second] - 1, 1.0)
            found["flip"] = _product(values + 1, 1.0)
            found["zero"] = _product(values - 1, 1.0)
        else:
            found["hopf"] = _product(values[first] + values[second], scale)
            found["zero"] = _product(values, scale)
        return found


def eigenvalues(family: Family, z: Floats) -> Complexes:
    """Return the eigenvalues of the Jacobian at a point."""
    return np.linalg.eigvals(family.matrix(z)).astype(np.complex128)


def _significant(value: float) -> float:
    return value if abs(value) > NEGLIGIBLE else 0.0


def _product(values: Complexes, scale: float) -> float:
    """Return a product that is real, as its sign times its geometric mean over ``scale``."""
    sizes = np.abs(values) / scale
    if not len(values) or np.min(sizes) < NEGLIGIBLE:
        return 0.0
    return float(np.sign(np.prod(values / np.abs(values)).real) * np.exp(np.mean(np.log(sizes))))


def _determinant(matrix: Floats) -> float:
    sizes = np.linalg.svd(matrix, compute_uv=False)
    if sizes[-1] <= 1e-12 * sizes[0]:
        return 0.0
    sign, log = np.linalg.slogdet(matrix)
    return float(sign * np.exp(log / len(matrix)))


def points_of(family: Family, curve: Floats, unit: Floats) -> list[Point]:
    """Return the points of a curve with their tangents, closer where eigenvalues cross faster than they can be told apart."""
    points: list[Point] = []
    for k, z in enumerate(curve):
        gradient = family.gradient(z)
        if not (np.all(np.isfinite(gradient)) and np.all(np.isfinite(z))):
            continue
        run = (curve[min(k + 1, len(curve) - 1)] - curve[max(k - 1, 0)]) / unit
        points.append(Point(family, z, tangent(gradient, unit, run), unit))
    if not points:
        return []
    refined = points[:1]
    for point in points[1:]:
        refined += _between(refined[-1], point, HALVINGS)
    return refined


def _between(a: Point, b: Point, depth: int) -> list[Point]:
    """Return the points after ``a`` up to ``b``, with more between them until each change of stability has a test function that tells of it."""
    told = 0
    for name, count in (("zero", 1), ("hopf", 2), ("neimark-sacker", 2), ("flip", 1)):
        if name in a.tests and a.tests[name] * b.tests[name] <= 0:
            told += count
    if abs(a.unstable - b.unstable) <= told or depth == 0:
        return [b]
    middle = _on_chord(a, b, 0.5)
    return [*_between(a, middle, depth - 1), *_between(middle, b, depth - 1)] if middle is not None else [b]


def _on_chord(a: Point, b: Point, at: float) -> Point | None:
    """Return the point of the curve beside a point of its chord from ``a`` to ``b``."""
    chord = (b.z - a.z) / a.unit
    length = float(np.linalg.norm(chord))
    if length == 0:
        return None
    z = correct(a.family, a.z + at * (b.z - a.z), chord / length, a.unit)
    if z is None or np.linalg.norm((z - a.z) / a.unit) > 2 * length:
        return None
    return Point(a.family, z, tangent(a.family.gradient(z), a.unit, chord), a.unit)


def crossings(points: list[Point]) -> list[tuple[str, Point]]:
    """Return each test function that changes its sign along a curve and the point at which it does, before any polishing."""
    found = []
    for name in points[0].tests if points else ():
        if name == "zero":
            continue
        last = None
        for k, point in enumerate(points):
            value = point.tests[name]
            if value == 0:
                continue
            if last is not None and value * points[last].tests[name] < 0 and k - last <= LONGEST_ZERO:
                found.append((name, _meet(points[last], point, name)))
            last = k
    return found


def _meet(a: Point, b: Point, name: str) -> Point:
    """Return the point between two others at which a test function is 0, by Brent's method along the chord.

    Where curves cross, points beside the crossing itself cannot be told apart; the nearest one that was reached is returned, to be polished.
    """
    reached = [a, b]

    def value(at: float) -> float:
        point = a if at == 0 else b if at == 1 else _on_chord(a, b, at)
        if point is None:
            raise ArithmeticError
        reached.append(point)
        return point.tests[name]

    with suppress(ArithmeticError):
        brentq(value, 0.0, 1.0, xtol=1e-13, rtol=1e-13)
    return min(reached, key=lambda p: abs(p.tests[name]))


def singular(point: Point) -> bool:
    """Return whether curves cross at a point: the derivatives by states and parameter have no full rank there."""
    family, unit = point.family, point.unit
    near = [family.gradient(point.z + side * ASIDE * unit * point.direction) * unit for side in (-1, 0, 1)]
    sizes = np.linalg.svd(near[1], compute_uv=False)
    return bool(sizes[-1] < SINGULAR * np.nanmax([np.linalg.norm(g) for g in near]))


def polished(point: Point, quantity: Callable[[Floats], float]) -> tuple[Floats, float] | None:
    """Return the fixed point at which a quantity is 0 and how far the last step of Newton's method changed the parameter, or None."""
    family, unit, z, change = point.family, point.unit, point.z, np.inf
    for _ in range(12):
        row = [(quantity(z + h) - quantity(z - h)) / (2 * STEP) for h in np.diag(STEP * unit)]
        full = np.vstack([family.gradient(z) * unit, row])
        right = np.append(family.residual(z), quantity(z))
        if not (np.all(np.isfinite(full)) and np.all(np.isfinite(right))):
            return None
        step = np.linalg.lstsq(full, right, rcond=1e-15)[0]
        z, before, change = z - unit * step, change, abs(step[-1] * unit[-1])
        if np.max(np.abs(step)) < 1e-14 or (change <= POLISHED * 1e-3 and change >= before):
            break
    return (z, float(change)) if np.linalg.norm((z - point.z) / unit) < 0.05 else None


def branch_point(point: Point) -> tuple[Floats, Floats, float] | None:
    """Return a point at which curves cross, the left null vector there, and how far the last step changed the parameter.

    Newton's method for F + beta psi = 0, F_z^T psi = 0, |psi| = 1 in the point, beta and psi, which is regular at a simple branch point.
    """
    family, unit, n = point.family, point.unit, point.family.size
    left = np.linalg.svd(family.gradient(point.z) * unit)[0][:, -1]
    unknown, change = np.concatenate([point.z, [0.0], left]), np.inf
    for _ in range(15):
        z, beta, psi = unknown[: n + 1], unknown[n + 1], unknown[n + 2 :]
        gradient = family.gradient(z) * unit
        right = np.concatenate([family.residual(z) + beta * psi, gradient.T @ psi, [psi @ psi - 1]])
        bend = [(family.gradient(z + h) - family.gradient(z - h)).T @ psi * unit / (2 * STEP) for h in np.diag(STEP * unit)]
        full = np.zeros((2 * n + 2, 2 * n + 2))
        full[:n, : n + 1], full[:n, n + 1], full[:n, n + 2 :] = gradient, psi, beta * np.eye(n)
        full[n:-1, : n + 1], full[n:-1, n + 2 :], full[-1, n + 2 :] = np.array(bend).T, gradient.T, 2 * psi
        if not (np.all(np.isfinite(full)) and np.all(np.isfinite(right))):
            return None
        step = np.linalg.lstsq(full, right, rcond=1e-13)[0]
        before, change = change, abs(step[n] * unit[-1])
        step[: n + 1] *= unit
        unknown = unknown - step
        if change < 1e-15 or (change <= POLISHED * 1e-3 and change >= before):
            break
    z, psi = unknown[: n + 1], unknown[n + 2 :]
    return (z, psi, float(change)) if np.linalg.norm((z - point.z) / unit) < 0.05 and abs(unknown[n + 1]) < 1e-8 else None
