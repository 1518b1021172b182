"""Make a population of neurons: ``population E = cell[3200] "excitatory" with v ~ uniform(-60, -50) [mV], taum = (10 + 0.1*i) [ms]``.

The size stands in brackets, a number or an expression of parameters of the network; without it there is one neuron. Behind ``with``, or on
indented lines below a ``:``, stand values of parameters, inputs and initial states of the model: numbers, distributions, expressions of the
number ``i`` of a neuron, counted from 0, arrays ``(1, 2, 3)`` and files ``load("v.npy")``. An input may also follow the time: in an expression,
``I = A*i*pulse(t, 5 [ms], 30 [ms])``, or as a file of times and values says, ``I = samples("stimulus.csv") [nA]``, joined by straight lines or held
(``"stimulus.csv:step"``), with one column for all neurons or one for each.

Three kinds of population are sources of spikes and no models: ``poisson[100] with rate = 20 [Hz]``, whose rate may depend on ``t`` and ``i``, and
whose neurons fire in each step with the probability ``rate*dt``: at most once in a step, so that a rate above ``1/dt`` is refused (drive a neuron
with the sum of several slower sources, ``poisson[10]``, joined ``all to all``);
``correlated_poisson[100] with rate = 20 [Hz], correlation = 0.3``, of which all pairs are correlated, with spikes shifted by ``jitter = 5 [ms]``
where that is given; and ``spikes[100] from "trains.npy" [ms]``, whose file has the columns index and time.
"""

from __future__ import annotations

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import PopulationTree


def declare(tree: PopulationTree, declarations: Declarations) -> None:
    """Add the population."""
    if declarations.define(tree.name.id, "population", tree.name.span):
        declarations.populations[tree.name.id] = tree
    else:
        declarations.unclear.add(tree.name.id)


POPULATION = Statement("population", "name", declare, pieces="values", homes=("network",))
