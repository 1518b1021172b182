"""Declare constants that a run may change: ``param g_L = 0.1 [mS/cm^2] "leak conductance", tau = C/g_L``.

Several stand on a line with commas between them; a label in quotes is for plots and tables. The value may use other parameters and
constants derived from them. The unit of the value is the unit of the parameter; a bare number in ``--set`` is read in that unit.
``param g ~ normal(0.1, 0.01) [mS/cm^2]`` is drawn once per neuron; the bracket is the unit of the arguments and of the draw.

An array is declared with its sizes, expressions of parameters: ``param W[N, N] ~ normal(0, 0.05)`` draws each element by itself,
``param b[N] = 0`` fills it, ``param w[3] = (1, 2, 3) [mV]`` gives its values, row by row in a matrix, ``((0, 1), (1, 0))``, and
``param W[N, N] = load("w.npy")`` reads them from a .npy or .csv file beside the model. ``~ sparse(p, normal(0, 1))`` leaves elements at 0,
except with the probability p. The size may be left out where the value says it. Elements are counted from 0: ``w[0]``, ``W[i, j]``.
"""

from __future__ import annotations

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.statements.entries import quantities
from neurodsl.lang.tree import Entries


def declare(tree: Entries, declarations: Declarations) -> None:
    """Add the parameters of a statement."""
    quantities(tree, "param", declarations, declarations.parameters)


PARAM = Statement("param", "name", declare, homes=("model", "synapse", "network"))
