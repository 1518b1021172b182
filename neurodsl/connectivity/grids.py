"""Rules that ask for each pair of neurons by itself whether there is a synapse: all to all, one to one, with a probability."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurodsl.connectivity.blocks import CELLS, Block, Work, block_of, kept, of_pairs
from neurodsl.connectivity.demand import Demand, check_count, check_pairs, constants, probability_of
from neurodsl.connectivity.wiring import Wiring
from neurodsl.streams import successes

Pairs = NDArray[np.int64]
MOST_TRIALS = 2**46
"""Pairs of a block of rows in which synapses are rare."""


def one_to_one(work: Work) -> Wiring:
    """Join source i to target i."""
    sizes, demand = work.sizes, work.demand
    if sizes.sources != sizes.targets:
        raise demand.refuse(f"`one to one` joins as many sources as targets, and here are {sizes.sources} and {sizes.targets}")
    numbers = np.arange(sizes.sources, dtype=np.int64)
    return of_pairs(work, numbers, numbers, {})


def all_to_all(work: Work) -> Wiring:
    """Join every source to every target."""
    sizes, demand = work.sizes, work.demand
    if demand.condition is None:
        check_count(demand, sizes.sources * sizes.targets, work.free)
    else:
        check_pairs(demand, sizes)
    return _over_grid(work, random=False)


def with_probability(work: Work) -> Wiring:
    """Join each pair with a probability, independently of all others."""
    sizes, demand = work.sizes, work.demand
    if demand.probability is not None:
        check_pairs(demand, sizes)
        return _over_grid(work, random=True)
    (given,) = constants(demand, 1)
    p = probability_of(demand, given)
    pairs = sizes.sources * sizes.targets
    check_count(demand, p * pairs, work.free)
    rows = _rows(sizes.targets, max(p, 1.0 / MOST_TRIALS) * sizes.targets)
    hazard = -np.log1p(-p) if p < 1 else np.inf

    def make(block: int) -> Block:
        first, stop = block * rows, min((block + 1) * rows, sizes.sources)
        found = successes(work.random(block), (stop - first) * sizes.targets, hazard)
        i = found // sizes.targets
        j = found - i * sizes.targets
        i += first
        left = kept(demand, sizes, i, j)
        return block_of(first, stop - first, i, j) if left is None else block_of(first, stop - first, i[left], j[left])

    return work.by_source(make, -(-sizes.sources // rows))


def _rows(targets: int, synapses: float) -> int:
    """Return how many rows a block has, each with so many synapses or pairs that are looked at."""
    return int(max(1, min(CELLS / synapses if synapses else CELLS, MOST_TRIALS / max(1, targets), 2.0**31)))


def _over_grid(work: Work, random: bool) -> Wiring:
    """Return the wiring of a rule that looks at all pairs."""
    sizes = work.sizes
    rows = _rows(sizes.targets, sizes.targets)

    def make(block: int) -> Block:
        first, stop = block * rows, min((block + 1) * rows, sizes.sources)
        drawn = work.random(block) if random else None
        found = [_joined(work.demand, drawn, i, j) for i, j in tiles(first, stop, sizes.targets)]
        pairs = [(i[left], j[left]) for i, j in found for left in (_without_self(work, i, j),)]
        i, j = (np.concatenate(part) for part in zip(*pairs, strict=True))
        return block_of(first, stop - first, i, j)

    return work.by_source(make, -(-sizes.sources // rows))


def _without_self(work: Work, i: Pairs, j: Pairs) -> NDArray[np.bool_] | slice:
    return work.sizes.other(i, j) if work.demand.no_self and work.sizes.same is not None else slice(None)


def tiles(first: int, stop: int, columns: int) -> Iterator[tuple[Pairs, Pairs]]:
    """Yield the numbers of rows, as a column, and of columns, as a row, of pieces of a grid that are not too large, row by row."""
    for row in range(first, stop) if columns > CELLS else (first,):
        rows = np.arange(row, row + 1 if columns > CELLS else stop)[:, np.newaxis]
        for left in range(0, columns, CELLS):
            yield rows, np.arange(left, min(left + CELLS, columns))[np.newaxis, :]


def holds(demand: Demand, i: Pairs, j: Pairs) -> NDArray[np.bool_]:
    """Return for which pairs of a piece of the grid the condition holds."""
    shape = np.broadcast_shapes(i.shape, j.shape)
    if demand.condition is None:
        return np.ones(shape, dtype=np.bool_)
    return np.broadcast_to(np.asarray(demand.condition(i.astype(np.float64), j.astype(np.float64)), dtype=np.bool_), shape)


def _joined(demand: Demand, random: np.random.Generator | None, i: Pairs, j: Pairs) -> tuple[Pairs, Pairs]:
    """Return the pairs of a piece of the grid that are joined, sorted by i, then j."""
    found = holds(demand, i, j)
    if random is not None and demand.probability is not None:
        with np.errstate(all="ignore"):
            p = np.broadcast_to(np.asarray(demand.probability(i.astype(np.float64), j.astype(np.float64)), dtype=np.float64), found.shape)
        wrong = np.flatnonzero(~((p >= 0) & (p <= 1)) & found)
        if len(wrong):
            a, b = divmod(int(wrong[0]), found.shape[1])
            told = f"a probability lies between 0 and 1, and that of i = {i[a, 0]}, j = {j[0, b]} is {p[a, b]:g}"
            raise demand.refuse(told, "`clip(p, 0, 1)` keeps an expression there")
        found = found & (random.random(found.shape) < p)
    places = np.flatnonzero(found)
    rows = places // found.shape[1]
    return rows + i[0, 0], places - rows * found.shape[1] + j[0, 0]
