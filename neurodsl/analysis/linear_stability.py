"""What the eigenvalues at a fixed point say: stable or not, and of which type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

NEUTRAL = 1e-9
"""The real part, or the distance from the unit circle, relative to the largest eigenvalue, below which the linear terms do not decide."""


def eigenvalues_of(matrix: NDArray[np.float64], discrete: bool = False) -> tuple[complex, ...]:
    """Return the eigenvalues of a matrix, the largest real part first, of a map the largest absolute value; of a pair the one above the real axis."""
    if not np.all(np.isfinite(matrix)):
        return ()
    return ordered(np.linalg.eigvals(matrix), discrete)


def ordered(eigenvalues: Iterable[complex], discrete: bool = False) -> tuple[complex, ...]:
    """Return eigenvalues in the order of `eigenvalues_of`; what differs by rounding alone is equal there."""
    found = [complex(v) for v in eigenvalues]
    unit = 1e-12 * max((abs(v) for v in found), default=0.0) or 1.0

    def rank(v: complex) -> tuple[int, ...]:
        return tuple(round(-x / unit) for x in ((abs(v), v.real, v.imag) if discrete else (v.real, v.imag)))

    return tuple(sorted(found, key=rank))


def growth_of(eigenvalue: complex, discrete: bool) -> float:
    """Return how far an eigenvalue lies on the unstable side."""
    return abs(eigenvalue) - 1 if discrete else eigenvalue.real


def unstable_directions(eigenvalues: Sequence[complex], discrete: bool = False) -> int:
    """Return how many eigenvalues lie on the unstable side."""
    slack = slack_of(eigenvalues, discrete)
    return sum(growth_of(v, discrete) > slack for v in eigenvalues)


def slack_of(eigenvalues: Sequence[complex], discrete: bool) -> float:
    """Return how far from the boundary of stability eigenvalues have to lie for the linear terms to decide."""
    return NEUTRAL * max(1.0 if discrete else 0.0, *(abs(v) for v in eigenvalues), 0.0)


def classify(eigenvalues: Sequence[complex], discrete: bool = False, linear: bool = False) -> tuple[str, bool]:
    """Return the type of a fixed point and whether it is asymptotically stable.

    Parameters
    ----------
    eigenvalues : sequence of complex
        Of the Jacobian.
    discrete : bool
        Of a map: their absolute values are compared with 1.
    linear : bool
        The equations are linear, so that a centre is one.

    References
    ----------
    Strogatz, 2015, Nonlinear Dynamics and Chaos, Westview Press, sections 5.2 and 10.1. Kuznetsov, 2004, Elements of Applied Bifurcation Theory, Springer,
    chapter 2. doi:10.1007/978-1-4757-3978-7
    """
    if not eigenvalues:
        return "unknown: the Jacobian is not finite", False
    largest = max(abs(v) for v in eigenvalues)
    growth = [growth_of(v, discrete) for v in eigenvalues]
    slack = slack_of(eigenvalues, discrete)
    rotating = any(abs(v.imag) > NEUTRAL * largest for v in eigenvalues)
    if largest == 0.0 and not discrete:
        return "degenerate: all eigenvalues are 0", False
    if any(g > slack for g in growth) and any(g < -slack for g in growth):
        kind = "saddle-focus" if rotating and len(eigenvalues) > 2 else "saddle"
    elif all(abs(g) > slack for g in growth):
        kind = f"{'stable' if max(growth) < 0 else 'unstable'} {'focus' if rotating else 'node'}"
    else:
        return _neutral([v for v, g in zip(eigenvalues, growth, strict=True) if abs(g) <= slack], max(growth) > slack, discrete, linear), False
    flipping = discrete and any(v.real < 0 and abs(v.imag) <= NEUTRAL * largest and (abs(v) > 1 or len(eigenvalues) == 1) for v in eigenvalues)
    return kind + (" (flip: it is passed from side to side)" if flipping else ""), all(g < -slack for g in growth)


def _neutral(undecided: Sequence[complex], unstable: bool, discrete: bool, linear: bool) -> str:
    """Return the type of a fixed point some of whose eigenvalues decide nothing."""
    if unstable:
        return "degenerate, unstable"
    turning = [v for v in undecided if abs(v.imag) > NEUTRAL * abs(v)]
    if discrete:
        if turning:
            return "degenerate: a pair of eigenvalues on the unit circle"
        return "degenerate: an eigenvalue is -1" if undecided[0].real < 0 else "degenerate: an eigenvalue is 1"
    if len(turning) == len(undecided):
        return "centre" if linear else "centre, to be decided by terms of higher order"
    return "degenerate: an eigenvalue is 0"
