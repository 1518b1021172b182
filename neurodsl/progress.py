"""What is told of a run while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

Progress = Callable[[float], None]
"""Takes the fraction that is done."""


@runtime_checkable
class TimedProgress(Protocol):
    """A progress that wants to know how long a run is: it is told before the first fraction."""

    def begin(self, duration: float, unit: str, copies: int | None) -> None:
        """Take the duration of the run, the unit of its time, ``1`` for none, and how many copies there are."""

    def __call__(self, done: float) -> None:
        """Take the fraction that is done."""


def begin(progress: Progress | None, duration: float, unit: str, copies: int | None = None) -> None:
    """Tell a progress that wants to know it how long a run is."""
    if isinstance(progress, TimedProgress):
        progress.begin(duration, unit, copies)
