"""Poisson processes, independent of each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodsl.emitters.blocks import Blocks, Hazards, Rate, Spikes, steps_of_a_block
from neurodsl.streams import PIECE, SPIKES, arrivals, generator, successes

CELLS = 2**16
"""Steps times neurons of a block for which a rate is computed."""
NEARLY_ONE = 1 - 2.0**-53


def poisson(rate: float | NDArray[np.float64] | Rate, size: int, dt: float, seed: int, number: int, owner: str = "poisson") -> Blocks:
    """Return neurons that fire independently, each in a step with probability rate*dt, so that their mean rate is exact up to one spike in each step.

    Where rates do not change, the time is proportional to the number of spikes. On an axis along which events are a Poisson process of rate 1, each neuron
    and step takes the piece of length -log(1 - rate*dt), and fires when anything falls on it.

    Parameters
    ----------
    rate : float, ndarray of shape (size,), or callable
        Spikes per unit of time. A function takes times, of shape (steps, 1), and neurons, of shape (1, size), and returns what broadcasts with them; it
        is computed at the middle of steps.
    size : int
        How many neurons.
    dt : float
        The length of a step in the unit of time.
    seed, number : int
        Of the run, from 0 to 2^64 - 1, and of the population, from 0 to 2^32 - 1.
    owner : str
        What messages call the population.

    Raises
    ------
    NeuroError
        R105 for a rate that is negative or not a number, or above one spike in a step: exit code 2 for one that is given, 3, while spikes are made, for a
        function.
    """
    hazards = Hazards(rate, size, dt, owner)
    chance = hazards.constant()
    if chance is None:
        return _changing(hazards, seed, number)
    hazard = hazard_of(chance)
    if hazard.ndim == 0 or hazard.min() == hazard.max():
        return _equal(float(hazard.max()), size, seed, number)
    return _unequal(hazard, seed, number)


def hazard_of(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the hazard that makes something happen with a probability; one of 1 stands for as long as no random number can tell from ever."""
    found: NDArray[np.float64] = -np.log1p(-np.minimum(chance, NEARLY_ONE))
    return found


def _equal(hazard: float, size: int, seed: int, number: int) -> Blocks:
    steps, room = steps_of_a_block(hazard * size), np.empty(PIECE)

    def make(block: int) -> Spikes:
        cells = successes(generator(seed, SPIKES, number, block), steps * size, hazard, room)
        found = cells // size
        cells -= np.multiply(found, size, out=room.view(np.int64)[: len(found)]) if len(found) <= PIECE else found * size
        found += block * steps
        return found, cells.astype(np.uint32)

    return Blocks(size, steps, make)


def _unequal(hazard: NDArray[np.float64], seed: int, number: int) -> Blocks:
    size, ends = len(hazard), np.cumsum(hazard)
    total = float(ends[-1])
    steps = steps_of_a_block(total)
    last = int(np.flatnonzero(hazard)[-1])
    guess, guesses = _guide(ends)

    def make(block: int) -> Spikes:
        points = arrivals(generator(seed, SPIKES, number, block), steps * total)
        points *= 1.0 / total
        found = points.astype(np.int64)
        points -= found
        index = guess[(points * guesses).astype(np.int64)]
        points *= total
        behind = np.flatnonzero(ends[index] <= points)
        while len(behind):  # the guess is never too high
            index[behind] += 1
            behind = behind[ends[np.minimum(index[behind], last)] <= points[behind]]
            behind = behind[index[behind] < last]
        np.minimum(index, last, out=index)
        np.minimum(found, steps - 1, out=found)
        keep = first_of_each(found * size + index)
        return found[keep] + block * steps, index[keep].astype(np.uint32)

    return Blocks(size, steps, make)


def _guide(ends: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    """Return, for equal parts of the line that is cut at ``ends``, the piece in which each part begins."""
    guesses = 4 * len(ends)
    begins = np.arange(guesses + 1) * (ends[-1] / guesses) * (1.0 - 1e-12)
    return np.minimum(np.searchsorted(ends, begins, side="right"), len(ends) - 1), guesses


def _changing(hazards: Hazards, seed: int, number: int) -> Blocks:
    size = hazards.size
    steps = max(1, min(2**14, 2**22 // size)) if hazards.same_for_all() else max(1, CELLS // size)

    def make(block: int) -> Spikes:
        pieces = hazard_of(hazards.of_steps(block * steps, (block + 1) * steps))
        cells = fired(generator(seed, SPIKES, number, block), pieces, size)
        found = cells // size
        return found + block * steps, (cells - found * size).astype(np.uint32)

    return Blocks(size, steps, make, hazards)


def fired(random: np.random.Generator, hazards: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Return which cells of a grid of steps and neurons fire, row by row, ascending.

    Parameters
    ----------
    random : Generator
        Where random numbers come from.
    hazards : ndarray of shape (steps, 1) or (steps, size)
        Of the neurons in each step.
    size : int
        How many neurons there are.
    """
    shared = hazards.shape[1] == 1
    widths = hazards.ravel() * size if shared else hazards.ravel()
    ends = np.cumsum(widths)
    points = arrivals(random, float(ends[-1]))
    if 2 * len(points) < len(ends):
        piece = np.searchsorted(ends, points, side="right")
    else:
        piece = np.repeat(np.arange(len(ends)), np.diff(np.searchsorted(points, ends), prepend=0))
    if not shared:
        return piece[first_of_each(piece)]
    begins = ends - widths
    with np.errstate(divide="ignore", invalid="ignore"):
        index = ((points - begins[piece]) / hazards.ravel()[piece]).astype(np.int64)
    cells = piece * size + np.clip(index, 0, size - 1)
    return cells[first_of_each(cells)]


def first_of_each(cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of ascending numbers differ from the one before."""
    new = np.ones(len(cells), dtype=np.bool_)
    np.not_equal(cells[1:], cells[:-1], out=new[1:])
    return new
