"""Give states their initial values: ``init V = -65 [mV] "membrane potential", n = 0.3, m = steady``.

``init V ~ uniform(-65, -50) [mV]`` is drawn for each neuron. The default is 0. ``steady`` is the value at which the derivative is 0,
given the other initial values. Of a second-order equation there is also ``init dx/dt = 0``. A name without an equation becomes a state
that events alone change. The value uses parameters and constants derived from them.

``init x[N] = 0`` makes the state an array of N elements, ``init W[N, N] ~ normal(0, 1)`` a matrix; a number fills it. Without a size it
has that of its value, ``init x = (1, 2)``, or of what stands in its equation with an index: ``dx[i]/dt = a[i]``.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.nodes import Derivative, Name
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Entries, derivative_text


def declare(tree: Entries, declarations: Declarations) -> None:
    """Add the initial values of a statement."""
    for entry in tree.entries:
        target = entry.target
        if isinstance(target, Name) and "." in target.id:
            declarations.refuse_dotted(target.id, target.span)
            continue
        key = (target.name, target.order) if isinstance(target, Derivative) else (target.id, 0)
        first = declarations.initials.setdefault(key, entry)
        if first is not entry:
            also = ((first.target.span, "first given here"),)
            message = f"`{derivative_text(*key)}` has two initial values"
            declarations.report.add(rules.DUPLICATE, message, target.span, "remove one of them", also)


INIT = Statement("init", "name", declare, homes=("model", "synapse"))
