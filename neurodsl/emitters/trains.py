"""Spike trains that are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.emitters.blocks import Spikes
from neurodsl.source import Span
from neurodsl.tables import read_table

ROUNDING = 1e-9
"""The part of a step by which a time may miss the end of a step and still belong to it."""
INDICES, TIMES = ("index", "i"), ("time", "t")


@dataclass(frozen=True, eq=False)
class Trains:
    """Given spikes, sorted by step, then neuron; ``offsets`` are their times from the beginnings of their steps."""

    size: int
    steps: NDArray[np.int64]
    index: NDArray[np.uint32]
    offsets: NDArray[np.float64]

    def window(self, begin: int, stop: int) -> Spikes:
        """Return the spikes of the steps from ``begin`` up to, not with, ``stop``."""
        first, last = np.searchsorted(self.steps, (begin, stop))
        return self.steps[first:last], self.index[first:last]

    def pieces(self, begin: int, stop: int) -> Sequence[tuple[int, Spikes]]:
        """Return the same as a piece, with the step behind it."""
        return [(stop, self.window(begin, stop))]


def trains(index: Any, times: Any, size: int, dt: float, owner: str = "spikes", span: Span | None = None, name: str = "the trains") -> Trains:
    """Return given spikes; one at a time t in (k*dt, (k + 1)*dt] belongs to step k.

    Parameters
    ----------
    index, times : array-like of shape (n,)
        The neuron of each spike, counted from 0, and its time, in any order.
    size : int
        How many neurons there are.
    dt : float
        The length of a step in the unit of the times.
    owner, span, name
        What messages call the population, where it stands, and what they call the spikes.

    Raises
    ------
    NeuroError
        F113 for neurons that there are not, times that are not positive, and two spikes of a neuron in a step.
    """
    index, times = np.asarray(index), np.asarray(times, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~((index >= 0) & (index < size) & (index == np.floor(index))))
    if len(wrong):
        value = index[wrong[0]]
        told = f"{name} hold index {value:g} in row {wrong[0] + 1} of its numbers, and `{owner}` has {size} neurons, counted from 0"
        raise fail(rules.BAD_TRAINS, told, span, None if value == np.floor(value) else "the number of a neuron is whole")
    wrong = np.flatnonzero(~((times > 0) & (times <= dt * 2.0**53)))
    if len(wrong):
        told = (
            f"{name} hold the time {times[wrong[0]]:g} in row {wrong[0] + 1} of its numbers; a spike comes later than 0, where the first step begins"
        )
        raise fail(rules.BAD_TRAINS, told, span)
    steps = np.ceil(times / dt - ROUNDING).astype(np.int64) - 1
    order = np.lexsort((index, steps))
    steps, found = np.maximum(steps, 0)[order], np.asarray(index, dtype=np.uint32)[order]
    twice = np.flatnonzero((steps[1:] == steps[:-1]) & (found[1:] == found[:-1]))
    if len(twice):
        raise _twice(name, int(found[twice[0]]), times[order][twice[0]], times[order][twice[0] + 1], dt, span)
    return Trains(size, steps, found, np.clip(times[order] - steps * dt, 0.0, dt))


def read_trains(folder: Path | None, path: str, factor: float, size: int, dt: float, owner: str = "spikes", span: Span | None = None) -> Trains:
    """Return the spikes of a .csv or .npy file in the folder of a model or below it.

    Parameters
    ----------
    folder, path : Path or None and str
        Where it is. Its columns are ``index`` (or ``i``) and ``time`` (or ``t``), in this order where it has neither titles nor named fields.
    factor : float
        What brings its times into the unit of ``dt``.
    size, dt, owner, span
        As :func:`trains` takes them.

    Raises
    ------
    NeuroError
        F105 where the file is not there, F113 where it cannot be used.
    """
    table = read_table(folder, path, rules.BAD_TRAINS, span)
    found = next((named for i in INDICES for t in TIMES if (named := table.named(i, t)) is not None and len(named) == 2), None)
    if found is None:
        titles = "without titles" if table.titles is None else "with the titles " + ", ".join(f"`{title}`" for title in table.titles)
        told = f"`{path}` has {len(table.columns)} columns {titles}"
        raise fail(rules.BAD_TRAINS, told, span, "it has the columns `index` and `time`, without titles in this order")
    index, times = (next(found[name] for name in names if name in found) for names in (INDICES, TIMES))
    return trains(index, times * factor, size, dt, owner, span, f"the numbers of `{path}`")


def _twice(name: str, neuron: int, first: float, second: float, dt: float, span: Span | None) -> NeuroError:
    told = f"{name} hold two spikes of neuron {neuron} in a step of {dt:g}, at {min(first, second):g} and {max(first, second):g}"
    return fail(rules.BAD_TRAINS, told, span, "a smaller `dt`, or leave one out: a neuron has at most one spike in a step")
