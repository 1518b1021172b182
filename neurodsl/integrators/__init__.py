"""Methods as data: one file for each, found by scanning this package."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache

from neurodsl.integrators.method import Method
from neurodsl.registry import collect


@cache
def methods() -> Mapping[str, Method]:
    """Return every method by its name."""
    return collect(sys.modules[__name__], Method, "neurodsl.integrators")
