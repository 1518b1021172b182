"""Take models, synapses and networks from other files, or from the shipped library: ``import lif from "cells/lif.neuro"``, ``import hodgkin_huxley``.

Several models of one file stand in one statement with commas between them; ``import lif as cell`` gives a model another name here. A path is
relative to the file that imports and stays in its folder and those below. What is imported is one more model of the file:
``neurodsl simulate net.neuro --model lif`` runs it. A shipped synapse goes by its own name, not that of its file: ``import stdp`` is that of
``models/synapses/stdp_window.neuro``, and ``connect A -> B with stdp`` joins neurons by it. Imports stand at the top of a file, also where its own models are blocks.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Import


def declare(tree: Import, declarations: Declarations) -> None:
    """Refuse an import within a model; those of a file are taken out before its statements declare anything."""
    help = "put it at the top of the file, at the outer indentation"
    declarations.report.add(rules.SYNTAX, f"an import cannot stand within a {declarations.kind}", tree.span, help)


IMPORT = Statement("import", "name", declare, homes=("model", "synapse", "network"))
