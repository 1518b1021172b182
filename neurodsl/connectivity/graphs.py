"""Random graphs with a name: small world, scale free."""

from __future__ import annotations

import numpy as np

from neurodsl.connectivity.blocks import CELLS, Block, Work, of_pairs
from neurodsl.connectivity.degrees import completed
from neurodsl.connectivity.demand import check_count, constants, probability_of, whole
from neurodsl.connectivity.wiring import Wiring


def small_world(work: Work) -> Wiring:
    """Join every neuron of a ring to its k nearest, then move each synapse with probability p to another target.

    The graph is directed: every neuron keeps k targets, k/2 of them on either side where nothing is moved. A synapse that is moved leads to a neuron
    that is neither its own source nor already a target of it, each as likely, so that p = 1 is a random graph of outdegree k. No neuron is joined to
    itself, and no pair twice.

    References
    ----------
    Watts & Strogatz (1998), Collective dynamics of 'small-world' networks, doi:10.1038/30918.
    """
    demand, n = work.demand, _nodes(work)
    neighbours, moving = constants(demand, 2)
    k = whole(demand, neighbours, "the number of neighbours")
    p = probability_of(demand, moving, "the probability of `small world`")
    if k % 2:
        raise demand.refuse(f"the neighbours on a ring lie in equal numbers on both sides, and {k} is odd", f"for example {k - 1} or {k + 1}")
    if k > n - 1:
        raise demand.refuse(f"`small world` joins each neuron to {k} others, and there are {n - 1}")
    check_count(demand, k * n, work.free)
    rows = max(1, 4 * CELLS // max(1, k if 2 * k <= n else n))
    offsets = np.concatenate([np.arange(-(k // 2), 0), np.arange(1, k // 2 + 1)])

    def make(block: int) -> Block:
        random = work.random(block)
        i = np.arange(block * rows, min((block + 1) * rows, n))[:, np.newaxis]
        targets = (i + offsets) % n
        others = targets - (targets > i)  # counted without the neuron itself
        moved = random.random(others.shape) < p
        others[moved] = random.integers(0, n - 1, int(np.count_nonzero(moved))) if n > 1 else 0
        found = completed(random, others, moved, np.full(len(i), n - 1))
        found += found >= i
        return Block(np.full(len(i), k), found.ravel().astype(np.uint32))

    return _left(work, work.by_source(make, -(-n // rows)))


def scale_free(work: Work) -> Wiring:
    """Let a network grow: every new neuron is joined to m others, drawn in proportion to how many each is joined to already.

    Growth starts from m + 1 neurons that are all joined to each other. Where two neurons are joined, there is a synapse in both directions: n neurons
    have 2 (m (m + 1)/2 + (n - m - 1) m) synapses, and each is joined to at least m others.

    References
    ----------
    Barabási & Albert (1999), Emergence of scaling in random networks, doi:10.1126/science.286.5439.509. In time proportional to the number of synapses:
    Batagelj & Brandes (2005), doi:10.1103/PhysRevE.71.036113.
    """
    demand, n = work.demand, _nodes(work)
    (given,) = constants(demand, 1)
    m = whole(demand, given, "the number that a new neuron is joined to", 1)
    if m > n - 1:
        raise demand.refuse(f"`scale free` joins each new neuron to {m} others, and there are {n - 1}")
    check_count(demand, 2 * m * n, work.free)
    first, second = np.triu_indices(m + 1, 1)
    ends = np.stack([first, second], axis=1).ravel().tolist()  # every neuron as often as it is joined
    random = work.random(0)
    for node in range(m + 1, n):
        joined: dict[int, None] = {}
        while len(joined) < m:
            missing = m - len(joined)
            joined.update(dict.fromkeys([ends[int(part * len(ends))] for part in random.random(missing).tolist()][:missing]))
        for other in joined:
            ends += (node, other)
    pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
    return of_pairs(work, pairs.ravel(), pairs[:, ::-1].ravel(), {})


def _nodes(work: Work) -> int:
    """Return how many neurons a graph has, which are sources and targets."""
    sizes = work.sizes
    if sizes.sources != sizes.targets:
        told = f"`{work.demand.kind}` joins the neurons of one population, and here are {sizes.sources} sources and {sizes.targets} targets"
        raise work.demand.refuse(told)
    return sizes.sources


def _left(work: Work, wiring: Wiring) -> Wiring:
    """Return the synapses for which the condition holds."""
    if work.demand.condition is None:
        return wiring
    return of_pairs(work, wiring.sources.astype(np.int64), wiring.targets.astype(np.int64), {})
