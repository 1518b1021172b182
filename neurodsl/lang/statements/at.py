"""Say what happens once, at a known time: ``at 100 [ms]: I = 0 [nA]``.

The time depends on parameters alone; the actions are those of ``on``.
"""

from __future__ import annotations

from neurodsl.lang.statement import Statement
from neurodsl.lang.statements.on import declare

AT = Statement("at", "trigger", declare, pieces="action")
