"""What a report is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """The values that are not those of the file, and what is asked for.

    Attributes
    ----------
    variant : str
        A named set of values of the file.
    set, input : mapping of str to float or str
        Values of parameters and inputs.
    over : (str, float or str, float or str)
        A parameter and the interval over which bifurcations are looked for.
    duration : float or str
        Of the run; default: that of the file.
    seed : int
        Of the random numbers of the run.
    """

    variant: str | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, Any] = field(default_factory=dict)
    over: tuple[str, float | str, float | str] | None = None
    duration: float | str | None = None
    seed: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """Return what the methods of a model take."""
        return {"variant": self.variant, "set": self.set, "input": self.input}
