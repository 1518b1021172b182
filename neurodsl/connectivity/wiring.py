"""The synapses of a projection as numbers: sorted by their sources, by their targets, by their delays, split among threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Wiring:
    """Synapses in compressed rows, one row for each source.

    Attributes
    ----------
    pointers : ndarray of uint32, shape (sources + 1,)
        The synapses of source i are those from ``pointers[i]`` up to, not with, ``pointers[i + 1]``.
    targets : ndarray of uint32, shape (synapses,)
        Counted within the part of the population; ascending in each row.
    columns : mapping of str to ndarray of float64, shape (synapses,)
        What the rule itself brings for each synapse: the entries of a matrix, the further columns of a file.
    """

    pointers: Indices
    targets: Indices
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many sources there are."""
        return len(self.pointers) - 1

    @property
    def counts(self) -> Indices:
        """Return how many synapses each source has."""
        return np.diff(self.pointers)

    @property
    def sources(self) -> Indices:
        """Return the source of each synapse; it is made anew each time."""
        return np.repeat(np.arange(self.rows, dtype=np.uint32), self.counts)


def stable_order(numbers: NDArray[np.unsignedinteger], bound: int) -> NDArray[np.int64]:
    """Return the order that sorts whole numbers below a bound and keeps equal ones as they stand, in time proportional to their count."""
    if bound <= 2**16:
        return np.argsort(numbers.astype(np.uint16), kind="stable")
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    return order[np.argsort((numbers >> 16).astype(np.uint16)[order], kind="stable")]


def pointers_of(counts: NDArray[np.integer]) -> Indices:
    """Return where rows of given lengths begin, and where the last one ends."""
    pointers = np.zeros(len(counts) + 1, dtype=np.uint32)
    np.cumsum(counts, out=pointers[1:])
    return pointers


def transpose(wiring: Wiring, targets: int) -> tuple[Indices, Indices, Indices]:
    """Return the synapses sorted by their targets.

    Parameters
    ----------
    wiring : Wiring
        Sorted by sources.
    targets : int
        How many there are.

    Returns
    -------
    pointers : ndarray of uint32, shape (targets + 1,)
        The synapses onto target j are those from ``pointers[j]`` up to, not with, ``pointers[j + 1]``.
    sources : ndarray of uint32, shape (synapses,)
        The source of each, ascending for each target.
    numbers : ndarray of uint32, shape (synapses,)
        The number of each in the wiring.
    """
    order = stable_order(wiring.targets, targets)
    pointers = pointers_of(np.bincount(wiring.targets, minlength=targets))
    return pointers, wiring.sources[order], order.astype(np.uint32)


def by_delay(wiring: Wiring, steps: NDArray[np.unsignedinteger]) -> Indices:
    """Return the order that sorts each row by delay and keeps synapses of equal delays as they stand.

    Parameters
    ----------
    wiring : Wiring
        The synapses.
    steps : ndarray of uint8 or uint16, shape (synapses,)
        The delay of each, in steps.

    Returns
    -------
    ndarray of uint32, shape (synapses,)
        ``targets[order]`` and ``steps[order]`` are sorted; the pointers stay as they are.
    """
    order = np.argsort(steps, kind="stable")
    return order[stable_order(wiring.sources[order], wiring.rows)].astype(np.uint32)


def cuts(pointers: Indices, targets: Indices, bounds: Sequence[int]) -> Indices:
    """Return where rows are to be cut so that each part holds the synapses onto some of the targets.

    Parameters
    ----------
    pointers : ndarray of uint32, shape (sources + 1,)
    targets : ndarray of uint32, shape (synapses,)
        Ascending in each row.
    bounds : sequence of int
        Ascending targets.

    Returns
    -------
    ndarray of uint32, shape (bounds, sources)
        The first synapse of each row whose target is not below the bound.
    """
    found = np.empty((len(bounds), len(pointers) - 1), np.uint32)
    for k, bound in enumerate(bounds):
        low, high = pointers[:-1].astype(np.int64), pointers[1:].astype(np.int64)
        while np.any(searched := low < high):
            middle = (low + high) // 2
            below = np.zeros(len(low), np.bool_)
            below[searched] = targets[middle[searched]] < bound
            low, high = np.where(below, middle + 1, low), np.where(searched & ~below, middle, high)
        found[k] = low
    return found
