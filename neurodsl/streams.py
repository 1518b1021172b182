"""Random numbers that depend on what they are for, and not on the order in which they are drawn.

Everything that is drawn at large is drawn in blocks: the synapses of some rows, the spikes of some steps. Each block has a generator of its own,
keyed by the seed, by the object and by the number of the block, so that blocks may be made by any number of threads, in any order, and again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIRING, VALUES, SPIKES = 1, 2, 3
"""What a stream is for. They differ in the highest word of the counter of Philox, which no stream ever counts up to."""

PIECE = 2**16
"""How many numbers are drawn at a time: arrays of this size stay in the cache."""


def generator(seed: int, purpose: int, number: int, block: int) -> np.random.Generator:
    """Return the generator of a block.

    Parameters
    ----------
    seed : int
        From 0 to 2^64 - 1.
    purpose : int
        ``WIRING``, ``VALUES`` or ``SPIKES``.
    number, block : int
        Of the object and of its block, each from 0 to 2^32 - 1.

    References
    ----------
    Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3, doi:10.1145/2063384.2063405.
    """
    key = np.array([seed, (number << 32) | block], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, 0, purpose], dtype=np.uint64)))


def successes(random: np.random.Generator, trials: int, hazard: float, room: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """Return which of independent trials succeed, in time proportional to how many do.

    Parameters
    ----------
    random : Generator
        Where random numbers come from.
    trials : int
        How many there are, at most 2^60.
    hazard : float
        -log(1 - p), of the probability p of each: from 0 to infinity.
    room : ndarray of float64, of ``PIECE`` items
        Where to draw, for who asks often: fresh memory costs as much as the numbers in it.

    Returns
    -------
    ndarray of int64
        Their numbers, ascending.

    References
    ----------
    Skipping from one success to the next: Batagelj & Brandes (2005), Efficient generation of large random networks, doi:10.1103/PhysRevE.71.036113.
    """
    if not hazard > 0 or trials <= 0:
        return np.empty(0, dtype=np.int64)
    parts, last = [], -1
    piece = min(PIECE, 2**62 // trials)  # their sum does not overflow
    expected = trials * -np.expm1(-hazard)
    while True:
        left = expected * (1.0 - (last + 1) / trials)
        count = int(min(piece, left + 4.0 * np.sqrt(left) + 8.0))
        gaps = random.standard_exponential(out=room[:count]) if room is not None else random.standard_exponential(count)
        with np.errstate(over="ignore"):
            np.divide(gaps, hazard, out=gaps)
        places = np.minimum(gaps, trials, out=gaps).astype(np.int64)
        places += 1
        places[0] += last
        np.cumsum(places, out=places)
        last = int(places[-1])
        if last >= trials:
            parts.append(places[: np.searchsorted(places, trials)])
            return parts[0] if len(parts) == 1 else np.concatenate(parts)
        parts.append(places)


def arrivals(random: np.random.Generator, length: float) -> NDArray[np.float64]:
    """Return the points of a Poisson process of rate 1 on [0, length), ascending."""
    parts, last = [np.empty(0)], 0.0
    while True:
        left = length - last
        points = random.standard_exponential(int(min(PIECE, left + 4.0 * np.sqrt(left) + 8.0)))
        points[0] += last
        np.cumsum(points, out=points)
        last = float(points[-1])
        if last >= length:
            parts.append(points[: np.searchsorted(points, length)])
            return np.concatenate(parts)
        parts.append(points)
