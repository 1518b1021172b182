"""Say what happens when a condition turns true: ``on V >= V_th: V = V_reset; hold V for 2 [ms]``.

The actions stand on the line, separated by ``;``, or indented below, and are done in order: ``=``, ``+=``, ``-=``, ``*=``, ``/=``,
``hold x for T``, ``wait T``, ``emit spike``, ``stop``. The only such event of a model is a spike by itself; where there are several,
those that are spikes say ``emit spike``. ``on start: ...`` acts once, at the beginning.

Two forms are random: ``on rate phi(V): ...`` with a hazard, in 1/time, and ``on chance p: ...`` with a probability for each step.
"""

from __future__ import annotations

from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Block


def declare(tree: Block, declarations: Declarations) -> None:
    """Add the event."""
    declarations.events.append(tree)


ON = Statement("on", "trigger", declare, pieces="action")
