"""How differences among neurons that are alike grow or decay at a fixed point at which there are none.

States in which the neurons of a kind are alike stay so: they span a subspace that the Jacobian of all neurons maps into itself. Its eigenvalues there are
those of the network of the kinds; the others are those of its compression to the orthogonal complement, the differences.

References
----------
Golubitsky, Stewart, 2006, Nonlinear dynamics of networks: the groupoid formalism, Bull. Am. Math. Soc. 43:305-364. doi:10.1090/S0273-0979-06-01108-6
Turing, 1952, The chemical basis of morphogenesis, Phil. Trans. R. Soc. B 237:37-72. doi:10.1098/rstb.1952.0012
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.linear_stability import growth_of, ordered, slack_of
from neurodsl.analysis.lumping import Ints
from neurodsl.analysis.points import Shared
from neurodsl.analysis.whole import Whole
from neurodsl.analysis.wording import complex_text

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

MOST_DENSE = 1000
"""States of a network whose eigenvalues are all computed; of a larger one, the leading ones."""
LEADING = 6
EQUAL = 1e-7
"""Eigenvalues that differ by less, relative to the largest, are one of higher multiplicity."""
ALL_OF_IT = 1 - 1e-6
"""The part of a pattern that has to lie in one population, or in one wave, for it to be called after it."""


@dataclass(frozen=True)
class Deviations:
    """The eigenvalues of differences among neurons that are alike.

    Attributes
    ----------
    eigenvalues : tuple of complex
        The first to grow first.
    missing : int
        How many are not computed: those behind the first.
    pattern : str
        What the directions of the first one are, in words; empty where they are of no simple kind.
    """

    eigenvalues: tuple[complex, ...]
    missing: int
    pattern: str


def deviations(frozen: Frozen, point: Floats, moving: Sequence[int]) -> Deviations | None:
    """Return how differences among neurons that are alike grow at a fixed point.

    Parameters
    ----------
    frozen : Frozen
        With `whole`.
    point : array of shape (n,)
        The states of the kinds.
    moving : sequence of int
        The numbers of the states that have an equation.

    Returns
    -------
    Deviations or None
        None where the Jacobian is not finite, or its eigenvalues are not found.
    """
    whole = frozen.whole
    assert whole is not None
    matrix = whole.matrix(frozen.values, frozen.time, point)
    groups = [places for _, places in whole.named([frozen.symbols[k] for k in moving])]
    count = sum(len(g) - 1 for g in groups)
    if not np.all(np.isfinite(matrix.data)):
        return None
    if whole.size <= MOST_DENSE:
        basis = _differences(groups, whole.size)
        values, vectors = np.linalg.eig(basis.T @ (matrix @ basis))
        vectors = basis @ vectors
    else:
        try:
            values, vectors = _leading(matrix, groups, frozen.discrete)
        except ArpackError:
            return None
    found = ordered(values, frozen.discrete)
    alike = np.abs(values - found[0]) <= EQUAL * max(abs(v) for v in found)
    alike |= np.abs(values - found[0].conjugate()) <= EQUAL * max(abs(v) for v in found)
    many = count if np.all(alike) else int(np.sum(alike))
    return Deviations(found, count - len(found), _pattern(whole, vectors[:, alike], many))


def _differences(groups: Sequence[Ints], size: int) -> Floats:
    """Return an orthonormal basis of the differences, of shape (size, differences): Helmert's contrasts of each group."""
    basis = np.zeros((size, sum(len(g) - 1 for g in groups)))
    column = 0
    for group in groups:
        for k in range(1, len(group)):
            basis[group[:k], column] = 1 / np.sqrt(k * (k + 1))
            basis[group[k], column] = -k / np.sqrt(k * (k + 1))
            column += 1
    return basis


def _leading(matrix: Any, groups: Sequence[Ints], discrete: bool) -> tuple[Complexes, Complexes]:
    """Return the eigenvalues of the differences that grow fastest, by Arnoldi's method, with their directions."""
    size = matrix.shape[0]
    behind = 0.0 if discrete else float(abs(matrix).sum(axis=1).max()) + 1.0

    def apart(x: Complexes) -> Complexes:
        found = np.zeros_like(x)
        for group in groups:
            found[group] = x[group] - x[group].mean()
        return found

    def product(x: Complexes) -> Complexes:
        inner = apart(x)
        return apart(matrix @ inner) - behind * (x - inner)

    start = apart(np.random.default_rng(0).standard_normal(size))
    values, vectors = eigs(LinearOperator((size, size), product, dtype=np.float64), LEADING, which="LM" if discrete else "LR", v0=start)
    return values, vectors


def _pattern(whole: Whole, vectors: Complexes, count: int) -> str:
    """Return what some directions are: where they lie, and whether they are waves along the neurons."""
    power = np.abs(vectors) ** 2
    shares = {
        p.name: sum(float(power[at].sum()) for owner, _, at in whole.states if owner == p.name) / float(power.sum())
        for p in whole.network.populations
    }
    name = max(shares, key=lambda n: shares[n])
    if shares[name] < ALL_OF_IT:
        waves = {n: _wave(whole, vectors, n) for n, share in shares.items() if share > 1 - ALL_OF_IT}
        numbers = set(waves.values())
        listed = " and ".join(f"`{n}`" for n in waves)
        (wave,) = numbers if len(numbers) == 1 else (0,)
        return f"{_waves(wave)} along {listed}" if wave else f"differences within {listed}"
    size, kinds = len(whole.kinds[name]), whole.kinds[name]
    if int(kinds.max()) == 0 and count >= size - 1 > 1:
        return f"any difference among the {size} neurons of `{name}`"
    wave = _wave(whole, vectors, name)
    return f"{_waves(wave)} along the {size} neurons of `{name}`" if wave else f"differences within `{name}`"


def _waves(number: int) -> str:
    return "one wave" if number == 1 else f"{number} waves"


def _wave(whole: Whole, vectors: Complexes, name: str) -> int:
    """Return how many waves along the neurons of a population some directions are; 0 where they are none, or it is of several kinds."""
    size = len(whole.kinds[name])
    if size < 3 or int(whole.kinds[name].max()) > 0:
        return 0
    power = np.zeros(size)
    for owner, _, at in whole.states:
        if owner == name:
            power += np.sum(np.abs(np.fft.fft(vectors[at], axis=0)) ** 2, axis=1)
    total = power + power[-np.arange(size)]
    number = int(np.argmax(power[: size // 2 + 1]))
    share = power[number] if 2 * number == size else total[number]
    return number if share >= ALL_OF_IT * float(power.sum()) else 0


def told(shared: Shared, apart: Deviations | None, discrete: bool) -> str:
    """Return in words whether a fixed point is stable against what neurons that are alike share, and against differences among them."""
    if apart is None:
        return "how differences among neurons that are alike grow was not found: stability is meant against what they share"
    leading = apart.eigenvalues[0]
    slack, growth = slack_of((*shared.eigenvalues, *apart.eigenvalues), discrete), growth_of(leading, discrete)
    does = "grow" if growth > slack else "decay" if growth < -slack else "neither grow nor decay to first order"
    slowest = "the slowest " if growth < -slack else "the fastest " if growth > slack else ""
    alone = f"{shared.type} for what neurons that are alike share, leading eigenvalue {complex_text(shared.eigenvalues[0])}"
    found = f"{alone}; differences among them {does}, {slowest}with eigenvalue {complex_text(leading)}: {apart.pattern}"
    if growth > slack and shared.stable:
        found += "; so the state gives way to a pattern, as in a Turing instability"
    return found + (f"; {apart.missing} eigenvalues of differences behind these are left out" if apart.missing else "")
