"""Join populations by synapses: ``connect E -> E, I with exc, probability 0.02, delay 0.5 [ms], w = 1.5``.

On both sides stand populations, or parts of them, ``E[0:100]``, ``E[5]``; each source is joined to each target. Behind the synapse stand clauses,
in any order, separated by commas or on indented lines below a ``:``. One of them says which neurons are joined:

- ``all to all`` (the default), ``one to one``,
- ``probability 0.02``, or an expression of ``i`` and ``j``: ``probability exp(-((i - j)/sigma)^2)``,
- ``indegree 100``, ``outdegree 100``: so many, drawn with replacement, or each at most once with ``no multiple``,
- ``pairs "pairs.csv"``: a file with the columns i, j, then quantities of the synapse and the ``delay`` by name, in the units that the network
  declares, or in one that the title of the column tells, ``w [pS]``,
- ``matrix "w.npy"``: a row for each source, a column for each target, whose elements become ``w`` where they are not 0, as numbers in the unit of
  ``w`` or in that of a bracket, ``matrix "w.npy" [pS]``; ``matrix "g.npy" as g`` names another quantity, ``matrix W`` takes an array of the network,
- ``small world 10, 0.1``: 10 neighbours on a ring, rewired with probability 0.1; ``scale free 3``.

``where abs(i - j) <= 2`` leaves out pairs for which a condition does not hold, ``no self`` those of a neuron with itself. ``i`` is the number of the
source and ``j`` that of the target, each counted within the part that is named. ``delay 1 [ms]`` is the time from a spike to what ``on pre`` does,
a whole number of steps; also ``delay uniform(1, 5) [ms]`` or an expression of ``i`` and ``j``. ``w = 0.3 [nS]``, ``w ~ normal(1, 0.1) [nS]`` give
parameters and initial states of the synapse their values. ``third DA`` names the neurons whose quantities the synapse reads as ``third.x``: one for
all, or as many as there are targets.
"""

from __future__ import annotations

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import ConnectTree


def declare(tree: ConnectTree, declarations: Declarations) -> None:
    """Add the connection."""
    declarations.connections.append(tree)


CONNECT = Statement("connect", "name", declare, pieces="clauses", homes=("network",))
