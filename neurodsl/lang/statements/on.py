"""Say what happens when a condition turns true: ``on V >= V_th: V = V_reset; hold V for 2 [ms]``.

The actions stand on the line, separated by ``;``, or indented below, and are done in order: ``=``, ``+=``, ``-=``, ``*=``, ``/=``,
``hold x for T``, ``wait T``, ``emit spike``, ``stop``. The only such event of a model is a spike by itself; where there are several,
those that are spikes say ``emit spike``. ``on start: ...`` acts once, at the beginning.

Two forms are random: ``on rate phi(V): ...`` with a hazard, in 1/time, and ``on chance p: ...`` with a probability for each step.

``on V[i] >= V_th: V[i] = V_reset; n[i] += 1`` is an event of each element; the index variables of the trigger stand in the actions, which
change an element, ``V[i]`` or ``V[0]``, or a whole array, ``V``.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.nodes import Name
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Block


def declare(tree: Block, declarations: Declarations) -> None:
    """Add the event; those of neurons and those of synapses are refused in the other."""
    report = declarations.report
    if tree.is_pathway and declarations.kind == "model":
        help = "a neuron has conditions, `on V >= V_th: ...`; what it does on spikes of others stands in a block `synapse NAME:`"
        report.add(rules.BAD_TRIGGER, f"`on {tree.sort}` is an event of a synapse, and this is a model", tree.span, help)
    elif declarations.kind == "synapse" and not tree.is_pathway:
        help = "a synapse acts on spikes, `on pre: ...` and `on post: ...`; a condition is an event of a neuron"
        near = declarations.near(tree.head.id, ("pre", "post")) if isinstance(tree.head, Name) else None
        help = help if near is None else f"did you mean `on {near}`?"
        report.add(rules.NOT_SUPPORTED, f"`{tree.span.text}` in a synapse is not supported yet", tree.span, help)
    else:
        declarations.events.append(tree)
    for action in tree.body if declarations.kind == "synapse" else ():
        if action.kind != "set":
            help = "actions of a synapse are `=`, `+=`, `-=`, `*=`, `/=`"
            report.add(rules.BAD_ACTION, f"`{action.kind}` is an action of a neuron", action.span, help)


ON = Statement("on", "trigger", declare, pieces="action", homes=("model", "synapse"))
