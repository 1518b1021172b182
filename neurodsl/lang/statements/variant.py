"""Name a set of values: ``variant bursting "as in Fig. 2": c = -55 [mV], d = 4``, for ``simulate --variant bursting``.

The values are those of parameters, inputs and states (their initial values), with commas between them or on indented lines. An array gets
all of its values, ``w = (1, 2, 3)``, or one number that fills it.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Block, Draw, Entries


def declare(tree: Block, declarations: Declarations) -> None:
    """Add the variant."""
    name = tree.head
    assert isinstance(name, str)
    for entry in (entry for line in tree.body if isinstance(line, Entries) for entry in line.entries):
        if isinstance(entry.value, Draw):
            declarations.report.add(rules.NOT_SUPPORTED, "a distribution in a variant is not supported yet", entry.value.span)
    first = declarations.variants.setdefault(name, tree)
    if first is not tree:
        also = ((first.name_span, "first defined here"),)
        declarations.report.add(rules.DUPLICATE, f"there are two variants `{name}`", tree.name_span, "rename one of them", also)


VARIANT = Statement("variant", "name", declare, pieces="values", homes=("model", "network"))
