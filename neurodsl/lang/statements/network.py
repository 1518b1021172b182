"""Join populations of neurons: ``network cuba "Vogels and Abbott 2005":`` with its statements indented below.

::

    network cuba "Vogels and Abbott 2005":
        population E = cell[3200] with v ~ uniform(-60, -50) [mV]
        population I = cell[800] with v ~ uniform(-60, -50) [mV]
        population P = poisson[100] with rate = 20 [Hz]
        connect E -> E, I with exc, probability 0.02, delay 0.5 [ms]
        connect I -> E, I with inh, probability 0.02, no self
        connect P -> E with exc, indegree 10
        simulate:
            duration 1 [s]
            dt 0.1 [ms]
            record spikes, E[0:3].v

``param`` declares constants of the network, which its sizes, values and rules may use; ``N = N_E + N_I`` derives others, ``f(x) = ...`` is a function.
``variant`` sets parameters of the network, and those of models, populations and synapses with a dot: ``variant slow: J = 0.2 [mV],
cell.taum = 30 [ms], exc.w = 2``. So does ``--set``: ``cell.taum`` is that of every population of the model, ``E.taum`` that of one population.

In ``simulate:`` a network records ``spikes`` in any case, a quantity of a population, ``E.v``, of some of its neurons, ``E[0:3].v``, ``E[0:100:10].v
every 1 [ms]``, and of the synapses of a kind, ``stdp.w every 10 [s]``; without ``every`` the states of neurons are recorded in each step, those
of synapses at the start and at the end. The step is 0.1 ms where nothing else is said. A file may hold several networks; one with a single
network stands for it.
"""

from __future__ import annotations

from neurodsl.lang.statement import Statement
from neurodsl.lang.statements.model import declare

NETWORK = Statement("network", "name", declare, pieces="statement", homes=("model", "synapse", "network"))
