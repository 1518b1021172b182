"""Normal forms of the bifurcations of one parameter: which side a new solution is on, and whether it is stable.

The formulas are those of Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed. 2004, chapter 5 (doi:10.1007/978-1-4757-3978-7), invariant
expressions in the Jacobian A and the second and third derivatives B and C at the point. The critical eigenvector q has <q, q> = 1, the adjoint
one p has <p, q> = 1: coefficients depend on that, their signs do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurodsl.analysis.family import Complexes, Family, Floats

Second = Callable[[Complexes, Complexes], Complexes]
Third = Callable[[Complexes, Complexes, Complexes], Complexes]
RESONANCE = 1e-4
"""Within this of exp(i k theta) = 1 for k = 1 .. 4, a multiplier on the unit circle is in a strong resonance: another normal form rules."""


@dataclass(frozen=True)
class Expansion:
    """The Taylor polynomial of degree 3 of a flow or a map at a fixed point.

    Attributes
    ----------
    A : array of shape (n, n)
    B, C : callable
        The second and third derivatives as symmetric functions of two and three directions.
    """

    A: Floats
    B: Second
    C: Third


def expansion(family: Family, z: Floats) -> Expansion | None:
    """Return the Taylor polynomial at a point, or None where the higher derivatives cannot be had."""
    if family.higher is None:
        return None
    return Expansion(family.matrix(z), lambda u, v: family.second(z, u, v), lambda u, v, w: family.third(z, u, v, w))


def inner(p: Complexes, x: Complexes) -> complex:
    """Return <p, x>, conjugate in the first."""
    return complex(np.sum(np.conj(p) * x))


def solve(M: Floats | Complexes, right: Complexes) -> Complexes:
    """Return the solution of M x = right."""
    return np.asarray(np.linalg.solve(M.astype(np.complex128), right), dtype=np.complex128)


def critical(A: Floats, eigenvalue: complex) -> tuple[Complexes, Complexes]:
    """Return the vectors q and p of the eigenvalue nearest a given one: A q = lambda q, A^T p = conj(lambda) p, <q, q> = <p, q> = 1."""
    q, p = (_vector(M, value) for M, value in ((A, eigenvalue), (A.T, np.conj(eigenvalue))))
    return q, np.asarray(p / np.conj(inner(p, q)), dtype=np.complex128)


def _vector(M: Floats, eigenvalue: complex) -> Complexes:
    """Return the eigenvector, of length 1, of the eigenvalue nearest a given one; a real one where that is real."""
    values, vectors = np.linalg.eig(M)
    found = np.asarray(vectors[:, np.argmin(abs(values - eigenvalue))], dtype=np.complex128)
    found = np.asarray(found.real if np.imag(eigenvalue) == 0 else found, dtype=np.complex128)
    return np.asarray(found / np.linalg.norm(found), dtype=np.complex128)


def first_lyapunov(at: Expansion, omega: float) -> float:
    """Return the first Lyapunov coefficient of a Hopf point with eigenvalues +-i omega.

    l1 = Re[<p, C(q, q, q')> - 2 <p, B(q, A^-1 B(q, q'))> + <p, B(q', (2 i omega - A)^-1 B(q, q))>]/(2 omega), with q' the conjugate of q: equation
    (5.39) there. Negative: supercritical, a stable cycle on the centre manifold; positive: subcritical, an unstable one.
    """
    A, B = at.A, at.B
    q, p = critical(A, 1j * omega)
    other = q.conj()
    straight = inner(p, at.C(q, q, other))
    mean = inner(p, B(q, solve(A, B(q, other))))
    double = inner(p, B(other, solve(np.asarray(2j * omega * np.eye(len(A)) - A, dtype=np.complex128), B(q, q))))
    return float((straight - 2 * mean + double).real / (2 * omega))


def quadratic(at: Expansion, multiplier: float = 0.0) -> float:
    """Return <p, B(q, q)>/2: x' = a x^2 on the centre manifold of a fold; for a map, ``multiplier`` is 1. The sign is that of q, which is free."""
    q, p = critical(at.A, multiplier)
    return float(inner(p, at.B(q, q)).real / 2)


def cubic(at: Expansion, multiplier: float = 0.0) -> float:
    """Return the coefficient of x^3 on the centre manifold of a point where that of x^2 vanishes: negative at a supercritical pitchfork."""
    q, p = critical(at.A, multiplier)
    lifted = _solve_beside(at.A - multiplier * np.eye(len(at.A)), q, p, at.B(q, q))
    return float(inner(p, at.C(q, q, q) - 3 * at.B(q, lifted)).real / 6)


def flip(at: Expansion) -> float:
    """Return the coefficient of a flip, <p, C(q, q, q) + 3 B(q, (1 - A)^-1 B(q, q))>/6; positive: supercritical, a stable cycle of period 2."""
    q, p = critical(at.A, -1.0)
    lifted = solve(np.eye(len(at.A)) - at.A, at.B(q, q))
    return float(inner(p, at.C(q, q, q) + 3 * at.B(q, lifted)).real / 6)


def neimark_sacker(at: Expansion, theta: float) -> float | None:
    """Return the first Lyapunov coefficient of a map with multipliers exp(+-i theta), or None in a strong resonance; negative: supercritical."""
    turn = complex(np.exp(1j * theta))
    if min(abs(turn**k - 1) for k in range(1, 5)) < RESONANCE:
        return None
    q, p = critical(at.A, turn)
    other, one = q.conj(), np.eye(len(at.A))
    straight = inner(p, at.C(q, q, other))
    mean = inner(p, at.B(q, solve(one - at.A, at.B(q, other))))
    double = inner(p, at.B(other, solve(np.asarray(turn**2 * one - at.A, dtype=np.complex128), at.B(q, q))))
    return float((np.conj(turn) * (straight + 2 * mean + double)).real / 2)


def _solve_beside(M: Floats, q: Complexes, p: Complexes, right: Complexes) -> Complexes:
    """Return the solution of M x = right - <p, right> q with <p, x> = 0 where M q = 0 and M^T p = 0, by a bordered system."""
    n = len(M)
    bordered = np.zeros((n + 1, n + 1), dtype=np.complex128)
    bordered[:n, :n], bordered[:n, n], bordered[n, :n] = M, q, p.conj()
    return solve(bordered, np.append(right - inner(p, right) * q, 0))[:n]
