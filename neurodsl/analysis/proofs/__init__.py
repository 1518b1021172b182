"""What can be proved to be wrong with a model before a run: one file for each proof, found by scanning this package."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache

from neurodsl.analysis.proof import Proof
from neurodsl.registry import collect


@cache
def proofs() -> Mapping[str, Proof]:
    """Return every proof by its name."""
    return collect(sys.modules[__name__], Proof, "neurodsl.proofs")
