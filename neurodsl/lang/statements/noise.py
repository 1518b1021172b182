"""Declare independent Gaussian white noises: ``noise xi, eta "synaptic noise"``.

Each has the unit 1/sqrt(time) and stands in differential equations, as in ``dV/dt = -V/tau + sigma*sqrt(2/tau)*xi``, or in a derived
quantity that they use. The equations are read in the sense of Ito. White noise has no value at an instant, so conditions, actions and
initial values cannot use it.

In an equation of arrays each element has a noise of its own; ``noise xi[N]`` says of how many elements it consists.
"""

from __future__ import annotations

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Listing


def declare(tree: Listing, declarations: Declarations) -> None:
    """Add the noises of a statement."""
    for labelled in tree.names:
        if declarations.define(labelled.name.id, "noise", labelled.name.span):
            declarations.noises[labelled.name.id] = labelled
        else:
            declarations.unclear.add(labelled.name.id)


NOISE = Statement("noise", "name", declare)
