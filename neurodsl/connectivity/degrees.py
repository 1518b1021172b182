"""Rules that give every neuron a number of synapses: indegree and outdegree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodsl.connectivity.blocks import CELLS, Block, Work
from neurodsl.connectivity.demand import Demand, Sizes, check_count, check_pairs, constants, whole
from neurodsl.connectivity.grids import holds, tiles
from neurodsl.connectivity.wiring import Wiring

Numbers = NDArray[np.int64]


def indegree(work: Work) -> Wiring:
    """Give every target k synapses from sources that are drawn, with or without replacement."""
    return _of_degree(work, inward=True)


def outdegree(work: Work) -> Wiring:
    """Give every source k synapses onto targets that are drawn, with or without replacement."""
    return _of_degree(work, inward=False)


def _of_degree(work: Work, inward: bool) -> Wiring:
    demand, sizes = work.demand, work.sizes
    neurons, others = (sizes.targets, sizes.sources) if inward else (sizes.sources, sizes.targets)
    (given,) = constants(demand, 1)
    k = whole(demand, given, f"the {demand.kind}")
    check_count(demand, k * neurons, work.free)
    if neurons and k > others:
        raise demand.refuse(f"`{demand.kind} {k}`, and there are {others} {'sources' if inward else 'targets'}")
    if demand.condition is not None:
        check_pairs(demand, sizes)
    looked_at = k if demand.condition is None and (demand.multiple or 2 * k <= others) else others
    least = 8 * others if inward else 0  # a block of targets also holds a count for every source
    rows = max(1, 4 * CELLS // max(1, looked_at), least // max(1, looked_at))

    def make(block: int) -> Block:
        numbers = np.arange(block * rows, min((block + 1) * rows, neurons))
        candidates = Candidates(demand, sizes, numbers, inward)
        candidates.check(k)
        picks = chosen(work.random(block), k, candidates.limits, not demand.multiple)
        return Block(np.full(len(numbers), k), candidates.named(picks).ravel().astype(np.uint32))

    blocks = max(1, -(-neurons // rows))
    return work.by_target(make, blocks, rows) if inward else work.by_source(make, blocks)


class Candidates:
    """The neurons among which each of some neurons may choose: all, or all but itself, or those for which the condition holds.

    Attributes
    ----------
    limits : ndarray of int64, shape (neurons,)
        How many there are for each.
    """

    def __init__(self, demand: Demand, sizes: Sizes, numbers: Numbers, inward: bool) -> None:
        self.demand, self.numbers, self.side = demand, numbers, "source" if inward else "target"
        self.own = (sizes.own_source if inward else sizes.own_target)(numbers) if demand.no_self else np.full(len(numbers), -1)
        others = sizes.sources if inward else sizes.targets
        self.listed: Numbers | None = None
        if demand.condition is None:
            self.limits = others - (self.own >= 0)
            return
        counts, listed = [], []
        for rows, columns in tiles(0, len(numbers), others):
            mine = numbers[rows]
            allowed = (holds(demand, columns, mine) if inward else holds(demand, mine, columns)) & (columns != self.own[rows])
            counts.append(np.bincount(np.nonzero(allowed)[0] + rows[0, 0], minlength=len(numbers)))
            listed.append(np.nonzero(allowed)[1] + columns[0, 0])
        self.limits = np.sum(counts, axis=0)
        self.listed = np.concatenate(listed)

    def check(self, k: int) -> None:
        """Raise where a neuron has fewer candidates than it is to choose."""
        short = np.flatnonzero(self.limits < k)
        if len(short):
            one, left = int(self.numbers[short[0]]), int(self.limits[short[0]])
            mine = "target" if self.side == "source" else "source"
            told = f"`{self.demand.kind} {k}`, and {mine} {one} has {left} {self.side}{'' if left == 1 else 's'} to choose from"
            raise self.demand.refuse(told, "a smaller degree, or drop `no self` or `where`")

    def named(self, picks: Numbers) -> Numbers:
        """Return which neurons picks are, counted among the candidates of each row."""
        if self.listed is not None:
            begins = np.cumsum(self.limits) - self.limits
            return self.listed[picks + begins[:, np.newaxis]] if picks.size else picks
        own = self.own[:, np.newaxis]
        return picks + ((picks >= own) & (own >= 0)) if (self.own >= 0).any() else picks


def chosen(random: np.random.Generator, k: int, limits: Numbers, distinct: bool) -> Numbers:
    """Return k whole numbers for each row, ascending, uniform from 0 up to, not with, the limit of the row.

    Parameters
    ----------
    random : Generator
        Where random numbers come from.
    k : int
        How many.
    limits : ndarray of int64, shape (rows,)
        Of each row; at least k where the numbers are distinct.
    distinct : bool
        No number comes twice in a row: every set of k is equally likely.
    """
    values = _uniform(random, limits[:, np.newaxis], (len(limits), k))
    if distinct:
        return completed(random, values, np.ones(values.shape, dtype=np.bool_), limits)
    values.sort(axis=1)
    return values


def completed(random: np.random.Generator, values: Numbers, new: NDArray[np.bool_], limits: Numbers) -> Numbers:
    """Return rows in which new numbers are drawn again until all are distinct, ascending.

    Those that are not new are distinct and stay. The law does not change when numbers change places, so every set that the new ones can form is
    equally likely. Where half of all numbers or more are wanted, they are taken in a random order instead.

    Parameters
    ----------
    random : Generator
        Where random numbers come from.
    values : ndarray of int64, shape (rows, k)
        The numbers of each row, where ``new`` holds a first draw of them.
    new : ndarray of bool, shape (rows, k)
        Which are drawn.
    limits : ndarray of int64, shape (rows,)
        Numbers lie below the limit of their row, which is at least k.
    """
    k = values.shape[1]
    found = np.empty_like(values)
    dense = 2 * k > limits
    if dense.any():
        found[dense] = _ordered(random, values[dense], new[dense], limits[dense])
    at = np.flatnonzero(~dense)
    keys = values[at] * 2 + new[at]
    while len(at):
        keys.sort(axis=1)
        twice = np.zeros(keys.shape, dtype=np.bool_)
        np.equal(keys[:, 1:] >> 1, keys[:, :-1] >> 1, out=twice[:, 1:])
        again = twice.any(axis=1)
        found[at[~again]] = keys[~again] >> 1
        at, keys, twice = at[again], keys[again], twice[again]
        row = np.nonzero(twice)[0]
        keys[twice] = _uniform(random, limits[at][row], (len(row),)) * 2 + 1
    return found


def _uniform(random: np.random.Generator, limits: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Return whole numbers below limits; the relative error of a probability is below limit/2^53."""
    return (random.random(shape) * limits).astype(np.int64)


def _ordered(random: np.random.Generator, values: Numbers, new: NDArray[np.bool_], limits: Numbers) -> Numbers:
    """Return the rows of :func:`completed` by a random order of all numbers, the ones that stay in front."""
    rows, k = values.shape
    order = random.random((rows, int(limits.max(initial=0))))
    order[np.arange(order.shape[1]) >= limits[:, np.newaxis]] = 2.0
    row = np.broadcast_to(np.arange(rows)[:, np.newaxis], values.shape)[~new]
    order[row, values[~new]] = -1.0
    found = np.argpartition(order, k - 1, axis=1)[:, :k] if 0 < k < order.shape[1] else np.argsort(order, axis=1)[:, :k]
    return np.sort(found, axis=1)
