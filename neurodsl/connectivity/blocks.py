"""Synapses made in blocks of rows, by one thread or by several, and put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsl.connectivity.demand import Demand, Sizes, check_count
from neurodsl.connectivity.wiring import Wiring, pointers_of, stable_order
from neurodsl.streams import WIRING, generator

CELLS = 2**18
"""Pairs of neurons that are looked at together, and synapses of a block: arrays of this size stay in the cache."""


@dataclass(frozen=True, eq=False)
class Block:
    """The synapses of some rows: how many each row has, and their columns in one row after the other, ascending."""

    counts: NDArray[np.int64]
    columns: NDArray[np.uint32]


@dataclass(frozen=True)
class Work:
    """What all blocks of a projection share."""

    demand: Demand
    sizes: Sizes
    seed: int
    number: int
    threads: int
    free: float
    """Bytes of memory that can be had."""

    def random(self, block: int) -> np.random.Generator:
        """Return where the random numbers of a block come from."""
        return generator(self.seed, WIRING, self.number, block)

    def made(self, make: Callable[[int], Block], blocks: int) -> Iterator[Block]:
        """Make blocks and yield them in their order; raise V111 as soon as there are too many synapses."""
        total = 0
        if self.threads == 1 or blocks == 1:
            for block in map(make, range(blocks)):
                total += len(block.columns)
                check_count(self.demand, total, self.free)
                yield block
            return
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                for block in pool.map(make, range(blocks)):
                    total += len(block.columns)
                    check_count(self.demand, total, self.free)
                    yield block
            finally:
                pool.shutdown(cancel_futures=True)

    def by_source(self, make: Callable[[int], Block], blocks: int) -> Wiring:
        """Return the wiring of blocks whose rows are sources."""
        made = list(self.made(make, blocks))
        counts = np.concatenate([block.counts for block in made])
        return Wiring(pointers_of(counts), np.concatenate([block.columns for block in made]))

    def by_target(self, make: Callable[[int], Block], blocks: int, rows: int) -> Wiring:
        """Return the wiring of blocks of ``rows`` targets each, whose columns are sources."""

        def turned(block: int) -> Block:
            found = make(block)
            order = stable_order(found.columns, self.sizes.sources)
            targets = np.repeat(np.arange(len(found.counts), dtype=np.uint32), found.counts)[order]
            return Block(np.bincount(found.columns, minlength=self.sizes.sources), targets + np.uint32(block * rows))

        return merged(list(self.made(turned, blocks)))


def merged(blocks: list[Block]) -> Wiring:
    """Return the wiring of blocks that hold some synapses of every row each, those of a later block behind those of an earlier."""
    pointers = pointers_of(np.sum([block.counts for block in blocks], axis=0))
    if len(blocks) == 1:
        return Wiring(pointers, blocks[0].columns)
    targets = np.empty(int(pointers[-1]), dtype=np.uint32)
    filled = pointers[:-1].astype(np.int64)
    for block in blocks:
        begins = np.cumsum(block.counts) - block.counts
        targets[np.arange(len(block.columns)) + np.repeat(filled - begins, block.counts)] = block.columns
        filled += block.counts
    return Wiring(pointers, targets)


def block_of(first: int, rows: int, i: NDArray[np.int64], j: NDArray[np.int64]) -> Block:
    """Return the block of ``rows`` rows from ``first`` on whose synapses are pairs sorted by i, then j."""
    return Block(np.bincount(i - first, minlength=rows), j.astype(np.uint32))


def kept(demand: Demand, sizes: Sizes, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """Return which pairs ``no self`` and ``where`` leave; None where they leave all."""
    left = None
    if demand.no_self and sizes.same is not None:
        left = sizes.other(i, j)
    if demand.condition is not None:
        holds = np.broadcast_to(np.asarray(demand.condition(i.astype(np.float64), j.astype(np.float64)), dtype=np.bool_), i.shape)
        left = holds if left is None else left & holds
    return left


def of_pairs(work: Work, i: NDArray[np.int64], j: NDArray[np.int64], columns: dict[str, NDArray[np.float64]]) -> Wiring:
    """Return the wiring of pairs in any order, without those that ``no self`` and ``where`` take away."""
    left = kept(work.demand, work.sizes, i, j)
    if left is not None:
        i, j, columns = i[left], j[left], {name: values[left] for name, values in columns.items()}
    order = stable_order(j.astype(np.uint32), work.sizes.targets)
    order = order[stable_order(i.astype(np.uint32)[order], work.sizes.sources)]
    pointers = pointers_of(np.bincount(i, minlength=work.sizes.sources))
    return Wiring(pointers, j[order].astype(np.uint32), {name: values[order] for name, values in columns.items()})
