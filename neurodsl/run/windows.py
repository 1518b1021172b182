"""The columns of a measure, from what a run has recorded: the meaning of each, which kernels that measure as they go have to agree with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurodsl.measures import OF_SAMPLES, Column, first_instant, first_sample

Floats = NDArray[np.float64]


def rises(x: Floats, t: Floats, level: float) -> Floats:
    """Return the times of the upward crossings of a level, each between two samples by a straight line."""
    at = np.flatnonzero((x[:-1] < level) & (x[1:] >= level))
    found: Floats = t[at] + (level - x[at]) / (x[at + 1] - x[at]) * (t[at + 1] - t[at])
    return found


def _first(times: Floats) -> float:
    return float(times[0]) if len(times) else np.nan


def _last(times: Floats) -> float:
    return float(times[-1]) if len(times) else np.nan


SAMPLES: dict[str, Callable[[Floats, Floats, float], float]] = {
    "first": lambda x, t, level: _first(x),
    "low": lambda x, t, level: float(x.min()) if len(x) else np.nan,
    "high": lambda x, t, level: float(x.max()) if len(x) else np.nan,
    "sum": lambda x, t, level: float((x - _first(x)).sum()),
    "squares": lambda x, t, level: float(((x - _first(x)) ** 2).sum()),
    "samples": lambda x, t, level: float(len(t)),
    "rises": lambda x, t, level: float(len(rises(x, t, level))) if not np.isnan(x).any() else np.nan,
    "first_rise": lambda x, t, level: _first(rises(x, t, level)) if not np.isnan(x).any() else np.nan,
    "last_rise": lambda x, t, level: _last(rises(x, t, level)) if not np.isnan(x).any() else np.nan,
}
"""Of the samples of a quantity in the window and their times."""
TRAINS: dict[str, Callable[[Floats], float]] = {
    "spikes": lambda times: float(len(times)),
    "first_spike": _first,
    "last_spike": _last,
    "interval_squares": lambda times: float((np.diff(times) ** 2).sum()),
}
"""Of the times of the spikes in the window."""


class Window:
    """Where a run is looked at.

    Parameters
    ----------
    columns : sequence of Column
        What is asked for.
    start : float
        From which time on.
    dt, end : float
        The grid of the samples, and the time of the last one.
    """

    def __init__(self, columns: tuple[Column, ...], start: float, dt: float, end: float) -> None:
        self.columns, self.dt, self.end = columns, dt, end
        self.sample, self.instant = first_sample(start, dt), first_instant(start, dt)

    def recorded(self, states: int) -> tuple[int, ...]:
        """Return the numbers of the quantities that have to be recorded: not those of states of which the end is all that is asked for."""
        wanted = {c.number for c in self.columns if (c.kind in OF_SAMPLES and c.kind != "samples") or (c.kind == "final" and c.number >= states)}
        return tuple(sorted(wanted))

    def row(self, rows: Floats, numbers: tuple[int, ...], complete: bool, state: Floats, spikes: Floats, reached: float) -> list[float]:
        """Return the values of the columns of a run.

        Parameters
        ----------
        rows : array of shape (samples, len(numbers))
            What was recorded at 0, dt, ... until the run ended.
        numbers : tuple of int
            Of the quantities in the kernel.
        complete : bool
            The last sample is that at the end of the duration.
        state : array of shape (states,)
            At the end of the run.
        spikes : array of shape (count,)
            Their times.
        reached : float
            The time of the end.
        """
        times = np.arange(self.sample, len(rows), dtype=np.float64) * self.dt
        if complete and len(times):
            times[-1] = self.end
        fired = spikes[spikes >= self.instant]
        place = {number: i for i, number in enumerate(numbers)}
        found = []
        for kind, number, level in self.columns:
            if kind == "reached":
                found.append(reached)
            elif kind == "final":
                found.append(float(state[number] if number < len(state) else rows[-1, place[number]]))
            elif kind in TRAINS:
                found.append(TRAINS[kind](fired))
            else:
                column = rows[self.sample :, place[number]] if kind != "samples" else times
                found.append(SAMPLES[kind](column, times, level))
        return found
