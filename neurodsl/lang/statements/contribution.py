"""Let a synapse add to an input of the neuron behind it all the time: ``post.I += g*(pre.V - post.V)``.

It is summed over all synapses of a neuron. ``-=`` takes away. A jump at a spike stands in ``on pre:``.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Contribution


def declare(tree: Contribution, declarations: Declarations) -> None:
    """Add the contribution."""
    if tree.operator not in ("+=", "-="):
        message = f"`{tree.operator}` outside of an event: contributions of synapses add up"
        declarations.report.add(rules.BAD_ACTION, message, tree.span, f"write `{tree.target.id} += ...`, or an action of `on pre:`")
    elif not tree.target.id.startswith("post."):
        message = f"`{tree.target.id}` is no input of the neuron behind the synapse"
        help = "a synapse contributes to `post.`; what flows the other way is a second connection, with the populations exchanged"
        declarations.report.add(rules.BAD_ACTION, message, tree.target.span, help)
    else:
        declarations.contributions.append(tree)


CONTRIBUTION = Statement("contribution", "never", declare, homes=("synapse",))
