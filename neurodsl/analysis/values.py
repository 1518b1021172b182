"""Expressions of a frozen system as running code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from sympy import Basic

from neurodsl.analysis.frozen import Frozen
from neurodsl.codegen.functions import functions_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Values:
    """Generated functions with the constants that they take."""

    module: ModuleType
    constants: Floats
    time: float

    def __call__(self, name: str, y: Sequence[float] | Floats) -> tuple[float, ...]:
        """Return the values of the expressions of a function at a point of shape (n,)."""
        with np.errstate(all="ignore"):
            found: tuple[float, ...] = getattr(self.module, name)(self.time, self.time, np.asarray(y, dtype=np.float64), self.constants)
        return found


def values_of(frozen: Frozen, named: Mapping[str, Sequence[Basic]]) -> Values:
    """Return functions ``values(name, y)`` of the state, each a list of expressions of the states, definitions and parameters."""
    module = functions_of(frozen.system, named, frozen.folder)
    given = {p.name: float(frozen.values[p.symbol]) for p in frozen.system.parameters if p.symbol in frozen.values}
    return Values(module, np.asarray(module.constants(given), dtype=np.float64), frozen.time)
