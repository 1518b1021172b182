"""From a rule and the sizes of two populations to the synapses between them."""

from __future__ import annotations

import numpy as np

from neurodsl.connectivity.blocks import Work
from neurodsl.connectivity.degrees import indegree, outdegree
from neurodsl.connectivity.demand import Demand, Sizes, free_memory
from neurodsl.connectivity.graphs import scale_free, small_world
from neurodsl.connectivity.grids import all_to_all, one_to_one, with_probability
from neurodsl.connectivity.lists import matrix, pairs
from neurodsl.connectivity.wiring import Wiring

KINDS = {
    "all to all": all_to_all,
    "one to one": one_to_one,
    "probability": with_probability,
    "indegree": indegree,
    "outdegree": outdegree,
    "pairs": pairs,
    "matrix": matrix,
    "small world": small_world,
    "scale free": scale_free,
}


def wire(rule: Demand, sources: int, targets: int, same: int | None, seed: int, number: int, threads: int = 1) -> Wiring:
    """Return the synapses of a projection.

    Parameters
    ----------
    rule : Demand
        Which synapses there are.
    sources, targets : int
        How many neurons there are on both sides, below 2^32.
    same : int or None
        Source i is the same neuron as target i + ``same``; None where no source is a target.
    seed : int
        From 0 to 2^64 - 1.
    number : int
        Of the projection in its network: it has random numbers of its own.
    threads : int
        How many make the synapses; what they make does not depend on it.

    Raises
    ------
    NeuroError
        V110 where the rule cannot be met, V111 where there are more synapses than fit, F105 and F112 where a file cannot be used; all of exit code 2.
    """
    if not sources or not targets:
        return Wiring(np.zeros(sources + 1, dtype=np.uint32), np.empty(0, dtype=np.uint32))
    return KINDS[rule.kind](Work(rule, Sizes(sources, targets, same), seed, number, threads, free_memory()))
