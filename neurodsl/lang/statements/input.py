"""Declare a drive: ``input I = 10*pulse(t, 5 [ms], 30 [ms]) [uA/cm^2] "injected current"``.

Its value is an expression of the time and of parameters, which ``--input``, an array or a file may replace. An event may set it with ``=``.
``input I[N] = 2 [nA]`` is an array, which a number fills.
Stimuli are ``pulse``, ``step``, ``ramp``, ``sine``, ``chirp`` and ``train``, each with the time first. An input alone may be random in time,
``input I = 0.2 [nA] + ou(0 [nA], 0.1 [nA], 5 [ms])``, and ``input I ~ normal(2, 0.1) [nA]`` is drawn once per neuron.
"""

from __future__ import annotations

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.statements.entries import quantities
from neurodsl.lang.tree import Entries


def declare(tree: Entries, declarations: Declarations) -> None:
    """Add the inputs of a statement."""
    quantities(tree, "input", declarations, declarations.inputs)


INPUT = Statement("input", "name", declare)
