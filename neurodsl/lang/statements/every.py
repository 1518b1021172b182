"""Say what happens periodically: ``every 50 [ms]: w *= 0.99``. It acts first after one period; the actions are those of ``on``."""

from __future__ import annotations

from neurodsl.lang.statement import Statement
from neurodsl.lang.statements.on import declare

EVERY = Statement("every", "trigger", declare, pieces="action")
