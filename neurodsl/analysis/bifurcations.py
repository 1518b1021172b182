"""The values of a parameter at which fixed points appear, vanish, meet, or change their stability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sympy import Expr

from neurodsl.analysis.branches import Box, Branch, Curves, branches, curves_of
from neurodsl.analysis.breaking import Breaking, breakings
from neurodsl.analysis.conditions import closed_forms
from neurodsl.analysis.critical import POLISHED, Point, branch_point, crossings, eigenvalues, polished, singular
from neurodsl.analysis.family import Floats
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.normal_form import Expansion, cubic, expansion, first_lyapunov, flip, neimark_sacker, quadratic

__all__ = ["Bifurcation", "Bifurcations", "Branch", "bifurcations", "branches"]

NOTHING = 1e-14
"""A coordinate below this, in its unit, is 0."""
CROSSED = ("pitchfork", "transcritical", "branch point")
"""The kinds at which curves cross: an arm of a pitchfork turns back there, which is no fold of its own."""
BREAKING = "symmetry breaking"
SAME = 1e-4
VANISHES = 1e-7
"""A coefficient of a normal form is taken for 0 below this, in the units that the other terms make."""


@dataclass(frozen=True)
class Bifurcation:
    """A point at which the fixed points of a system, or their stability, change as a parameter passes a value.

    Attributes
    ----------
    parameter : str
    value : float
        In the declared unit of the parameter.
    kind : str
        ``hopf``, ``fold``, ``transcritical``, ``pitchfork``; for maps also ``flip``, ``neimark-sacker``. ``branch point``: curves of fixed points
        cross, and terms up to the third order do not say how. ``symmetry breaking``: in a network, differences among neurons that are alike begin
        to grow.
    criticality : str or None
        ``supercritical`` or ``subcritical``: of a Hopf or Neimark-Sacker point, a flip or a pitchfork whose coefficient is not 0.
    first_lyapunov : float or None
        The first Lyapunov coefficient of a Hopf or Neimark-Sacker point: Kuznetsov's l1 with <q, q> = <p, q> = 1 (see ``normal_form``).
    omega : float or None
        The angular frequency at a Hopf point, per unit of time; at a Neimark-Sacker point the angle per step.
    state : mapping of str to float
    closed_form : Expr or None
        The value as an expression of the other parameters, or as an exact number.
    how : str
        ``closed form``, or ``numerically, to 1e-10`` with what the last step of Newton's method changed at most.
    coefficient : float or None
        The coefficient of the normal form on the centre manifold: of x^2 (fold, transcritical), of x^3 (pitchfork, flip).
    """

    parameter: str
    value: float
    kind: str
    criticality: str | None
    first_lyapunov: float | None
    omega: float | None
    state: Mapping[str, float]
    closed_form: Expr | None
    how: str
    coefficient: float | None = None


class Bifurcations(tuple[Bifurcation, ...]):
    """Bifurcations by the value of the parameter; ``how`` says how complete they are."""

    how: str

    def __new__(cls, found: Iterable[Bifurcation], how: str) -> Bifurcations:
        made = super().__new__(cls, found)
        made.how = how
        return made


def bifurcations(frozen: Frozen, parameter: str, low: float, high: float, box: Box = None) -> Bifurcations:
    """Return the bifurcations of the fixed points over an interval of a parameter, by its value.

    Parameters
    ----------
    frozen : Frozen
        The values of the other parameters.
    parameter : str
        A parameter or an input that is a number.
    low, high : float
        The interval, in the declared unit of the parameter.
    box : mapping of str to (float, float)
        Bounds of some states; without, all values.

    Raises
    ------
    NeuroError
        When there is no such parameter or state, an interval is empty, or the system has more than 40 states.

    References
    ----------
    Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed. 2004. doi:10.1007/978-1-4757-3978-7
    """
    return of_curves(curves_of(frozen, parameter, low, high, box), box)


def of_curves(curves: Curves, box: Box = None) -> Bifurcations:
    """Return the bifurcations on curves of fixed points, by the value of the parameter."""
    found: list[tuple[Bifurcation, Floats]] = []
    margin = 1e-9 * (curves.high - curves.low)
    for points, grown in zip(curves.points, curves.growth, strict=True):
        broken = [(b.point, _broken(b)) for b in breakings(points, grown)]
        for point, made in (*((point, _made(name, point)) for name, point in crossings(list(points))), *broken):
            if made is None or not curves.low - margin <= made.value <= curves.high + margin or _outside(made, box):
                continue
            here = np.array([*(made.state[name] for name in curves.family.frozen.names), made.value])
            if not any(made.kind == b.kind and np.max(np.abs(here - z) / point.unit) < 1e-6 for b, z in found):
                found.append((made, here))
    crossed = [z for b, z in found if b.kind in CROSSED]
    ordered = sorted((b for b, here in found if b.kind != "fold" or not _is_near(here, crossed)), key=lambda b: (b.value, b.kind, *b.state.values()))
    return Bifurcations(_exactly(ordered, curves), curves.told)


def _broken(found: Breaking) -> Bifurcation:
    """Return the point at which differences among neurons that are alike begin to grow."""
    return replace(_bifurcation(found.point, found.z, POLISHED, BREAKING), omega=found.omega)


def _is_near(here: Floats, others: Sequence[Floats]) -> bool:
    """Return whether a point is one of others up to the error of a fold that is looked for where curves cross."""
    return any(bool(np.all(np.abs(here - z) < SAME * (1 + np.abs(z)))) for z in others)


def _outside(made: Bifurcation, box: Box) -> bool:
    return any(not least <= made.state[name] <= most for name, (least, most) in (box or {}).items())


def _exactly(found: Sequence[Bifurcation], curves: Curves) -> list[Bifurcation]:
    """Return bifurcations with their closed forms, where those are found and agree."""
    if not found:
        return []
    forms = closed_forms(curves.family, None if curves.made is None else curves.made.elimination, [(b.kind, b.state, b.value) for b in found])
    return [
        b if form is None or b.kind == BREAKING else replace(b, closed_form=form, how="closed form") for b, form in zip(found, forms, strict=True)
    ]


def _made(name: str, point: Point) -> Bifurcation | None:
    """Return the bifurcation at a point where a test function is 0, or None where it is none."""
    if name == "branch":
        return _branching(point)
    if name == "fold":
        return None if singular(point) else _simple(point, "fold", 1.0 if point.family.frozen.discrete else 0.0)
    return _simple(point, "flip", -1.0) if name == "flip" else _rotating(point)


def _bifurcation(point: Point, z: Floats, change: float, kind: str) -> Bifurcation:
    """Return a bifurcation without its normal form."""
    family, unit = point.family, point.unit
    size = POLISHED if change <= POLISHED * max(1.0, abs(z[-1])) else change
    value, *state = (0.0 if abs(x) < NOTHING * scale else float(x) for x, scale in zip(np.roll(z, 1), np.roll(unit, 1), strict=True))
    named = {**dict(zip(family.frozen.names, state, strict=True)), **family.held}
    return Bifurcation(family.parameter.name, value, kind, None, None, None, named, None, f"numerically, to {size:.0e}")


def _simple(point: Point, kind: str, target: float) -> Bifurcation | None:
    """Return a fold or a flip: one real eigenvalue meets ``target``."""
    family = point.family

    def quantity(z: Floats) -> float:
        values = eigenvalues(family, z)
        return float(values[np.argmin(np.abs(values - target))].real) - target

    at = polished(point, quantity)
    if at is None or abs(quantity(at[0])) > 1e-6 * (1 + float(np.max(np.abs(point.eigenvalues)))):
        return None
    made = _bifurcation(point, *at, kind)
    near = expansion(family, at[0])
    if near is None:
        return made
    if kind == "fold":
        return replace(made, coefficient=abs(quadratic(near, target)))
    coefficient = flip(near)
    return replace(made, coefficient=coefficient, criticality=_side(-coefficient, near))


def _rotating(point: Point) -> Bifurcation | None:
    """Return a Hopf or a Neimark-Sacker point, or None at a neutral saddle, where two real eigenvalues balance."""
    family, discrete = point.family, point.family.frozen.discrete
    values = point.eigenvalues
    first, second = np.triu_indices(len(values), 1)
    balance = values[first] * values[second] - 1 if discrete else values[first] + values[second]
    critical = values[first[np.argmin(np.abs(balance))]]
    if abs(critical.imag) < 1e-7 * abs(critical):
        return None

    def tracked(z: Floats) -> complex:
        found = eigenvalues(family, z)
        found = found[found.imag * np.sign(critical.imag) > 0]
        return complex(found[np.argmin(np.abs(found - critical))]) if len(found) else complex(np.nan)

    at = polished(point, lambda z: abs(tracked(z)) - 1 if discrete else tracked(z).real)
    if at is None:
        return None
    there = tracked(at[0])
    if not abs(abs(there) - 1 if discrete else there.real) <= 1e-8 * (1 + abs(there)):
        return None
    omega = abs(float(np.angle(there))) if discrete else abs(there.imag)
    made = replace(_bifurcation(point, *at, "neimark-sacker" if discrete else "hopf"), omega=omega)
    near = expansion(family, at[0])
    if near is None:
        return made
    coefficient = neimark_sacker(near, omega) if discrete else first_lyapunov(near, omega)
    return made if coefficient is None else replace(made, first_lyapunov=coefficient, criticality=_side(coefficient, near))


def _branching(point: Point) -> Bifurcation | None:
    """Return the point at which two curves of fixed points cross."""
    found = branch_point(point)
    if found is None:
        return None
    z, _, change = found
    family = point.family
    made = _bifurcation(point, z, change, "branch point")
    near = expansion(family, z)
    if near is None:
        return made
    target = 1.0 if family.frozen.discrete else 0.0
    if np.min(np.abs(eigenvalues(family, z) - target)) > 1e-4 * (1 + np.max(np.abs(near.A))):
        return None
    a, c = quadratic(near, target), cubic(near, target)
    rate = float(np.max(np.abs(near.A))) + 1e-300
    if a * a > VANISHES * (abs(c) * rate + VANISHES * rate * rate):
        return replace(made, kind="transcritical", coefficient=abs(a))
    side = _side(c, near)
    return made if side is None else replace(made, kind="pitchfork", coefficient=c, criticality=side)


def _side(coefficient: float, near: Expansion) -> str | None:
    """Return the criticality that the sign of a cubic coefficient says, or None where it is 0 to rounding."""
    if not abs(coefficient) > VANISHES * float(np.max(np.abs(near.A))) * 1e-3:
        return None
    return "supercritical" if coefficient < 0 else "subcritical"
