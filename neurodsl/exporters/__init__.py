"""Models in other forms: one file for each form, found by scanning this package."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache

from neurodsl.exporters.exporter import Exporter
from neurodsl.registry import collect


@cache
def exporters() -> Mapping[str, Exporter]:
    """Return every exporter by its name."""
    return collect(sys.modules[__name__], Exporter, "neurodsl.exporters")
