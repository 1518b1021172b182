"""Define a map, one discrete step: ``next x = a*x + tanh(u) "activity"``.

All maps of a model read the values before the step, also those that stand below each other. A model is a map or has differential
equations, not both. Its time counts steps, unless ``simulate: step 1 [ms]`` says how long one takes.

``next x = tanh(W @ x)`` is the map of a whole array, ``next V[i] = mu*V[i] + sum(W[i, j]*X[j] for j)`` that of each element. ``rand()`` and
``randn()`` are drawn in each step anew, for each element by itself; ``diff(L, w)`` is the derivative of L by a state, a parameter or an
input, with the shape of w: ``next w = w - eta*diff(L, w)``.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.nodes import Derivative, Index
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Assignment, Draw, Entries, derivative_text


def declare(tree: Entries, declarations: Declarations) -> None:
    """Add the maps of a statement."""
    for entry in tree.entries:
        target, value = entry.target, entry.value
        if isinstance(target, Derivative):
            text = derivative_text(target.name, target.order)
            message = f"`next` gives the next value of a state, and `{text}` is a derivative"
            declarations.report.add(rules.WRONG_KIND, message, target.span, f"write `next {target.name} = ...`, or `{text} = ...`")
            declarations.unclear.add(target.name)
        elif isinstance(value, Draw):
            declarations.report.add(rules.NOT_SUPPORTED, "a draw in each step (`next x ~ ...`) is not supported yet", value.span)
            declarations.unclear.add(target.id)
        else:
            left = Index(target.span, target.id, entry.indices) if entry.indices else target
            declarations.equations.append(Assignment(left, value, entry.doc, entry.span))
            declarations.maps.setdefault(target.id, entry)


NEXT = Statement("next", "name", declare)
