"""Put several models into one file: ``model cell "a leaky neuron":`` with the statements of the model indented below.

A file without such blocks is one model, named after the file.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Block


def declare(tree: Block, declarations: Declarations) -> None:
    """Refuse a block within a block; those of a file are taken apart before their statements declare anything."""
    help = "put it beside the other, at the outer indentation"
    declarations.report.add(rules.SYNTAX, f"a {tree.kind} cannot stand within a {declarations.kind}", tree.span, help)


MODEL = Statement("model", "name", declare, pieces="statement", homes=("model", "synapse", "network"))
