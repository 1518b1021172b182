"""What ``param`` and ``input`` have in common: names with values."""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.nodes import Name
from neurodsl.lang.scope import KINDS, Declarations
from neurodsl.lang.tree import Entries, Entry


def quantities(tree: Entries, kind: str, declarations: Declarations, table: dict[str, Entry]) -> None:
    """Add the entries of a statement to a table of the declarations."""
    for entry in tree.entries:
        if not isinstance(entry.target, Name):
            message = f"a derivative cannot be a {KINDS[kind]}"
            help = "an equation stands without a word before it: `dV/dt = ...`"
            declarations.report.add(rules.WRONG_KIND, message, entry.target.span, help)
        elif declarations.define(entry.target.id, kind, entry.target.span):
            table[entry.target.id] = entry
        else:
            declarations.unclear.add(entry.target.id)
