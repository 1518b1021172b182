"""Say what happens when a condition turns true: ``on V >= V_th: V = V_reset; hold V for 2 [ms]``.

The actions stand on the line, separated by ``;``, or indented below, and are done in order: ``=``, ``+=``, ``-=``, ``*=``, ``/=``,
``hold x for T``, ``wait T``, ``emit spike``, ``stop``. The only such event of a model is a spike by itself; where there are several,
those that are spikes say ``emit spike``. ``on start: ...`` acts once, at the beginning.

Two forms are random: ``on rate phi(V): ...`` with a hazard, in 1/time, and ``on chance p: ...`` with a probability for each step.

``on V[i] >= V_th: V[i] = V_reset; n[i] += 1`` is an event of each element; the index variables of the trigger stand in the actions, which
change an element, ``V[i]`` or ``V[0]``, or a whole array, ``V``.
"""

from __future__ import annotations

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Block


def declare(tree: Block, declarations: Declarations) -> None:
    """Add the event."""
    declarations.events.append(tree)


ON = Statement("on", "trigger", declare, pieces="action")
