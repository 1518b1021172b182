"""A run that stays in its file, small enough to be drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurodsl.solution.result import Result, Spikes
from neurodsl.solution.stored import Stored, rows_at_once

MOST_NUMBERS = 4_000_000
"""Numbers that are read as they are."""
MOST_BINS = 5000
"""Stretches of time that are told apart in a longer run, more than a figure has columns of pixels."""
MOST_SPIKES = 2_000_000
"""Spikes of a figure; of more, every other one, or every third and so on, is drawn."""

Floats = NDArray[np.float64]


def stored_in(result: Result) -> Path | None:
    """Return the file that a run was written to while it went on, None where it is in memory."""
    return result.t.path if isinstance(result.t, Stored) else None


def view(result: Result) -> Result:
    """Return a result that can be drawn as the given one, with all of its numbers in memory.

    Of a run that was written to a file while it went on and is long, each stretch of time has two points: of a number the smallest and the
    largest value, so that no spike is lost, and of an array two of its rows.
    """
    if not isinstance(result.t, Stored):
        return result
    rows, width = len(result.t), 1 + sum(int(np.prod(trace.shape[1:])) for trace in result.values.values())
    every = max(1, -(-result.spikes.count // MOST_SPIKES))
    spikes = Spikes(result.spikes.times[:][::every], result.spikes.index[:][::every])
    if rows * width <= MOST_NUMBERS:
        return replace(result, t=result.t[:], values={name: result[name] for name in result}, spikes=spikes)
    bins = max(1, min(MOST_BINS, rows // 2, MOST_NUMBERS // (2 * width)))
    edges = np.linspace(0, rows, bins + 1).astype(np.int64)
    kept = np.stack([edges[:-1], (edges[:-1] + edges[1:]) // 2], axis=1).ravel()
    values = {name: (_extremes if trace.ndim == 1 else _rows)(trace, edges, kept) for name, trace in result.values.items()}
    return replace(result, t=_rows(result.t, edges, kept), values=values, spikes=spikes)


def _extremes(trace: Floats, edges: NDArray[np.int64], kept: NDArray[np.int64]) -> Floats:
    """Return the smallest and the largest value of each stretch."""
    found = np.empty(len(kept))
    for first, part, block in _blocks(trace, edges):
        finite = np.where(np.isfinite(block), block, np.nan)
        for k, extreme in enumerate((np.fmin, np.fmax)):
            found[2 * part.start + k : 2 * part.stop : 2] = extreme.reduceat(finite, edges[part] - first)
    return found


def _rows(trace: Floats, edges: NDArray[np.int64], kept: NDArray[np.int64]) -> Floats:
    """Return two rows of each stretch."""
    found = np.empty((len(kept), *trace.shape[1:]))
    for first, part, block in _blocks(trace, edges):
        here = slice(2 * part.start, 2 * part.stop)
        found[here] = block[kept[here] - first]
    return found


def _blocks(trace: Floats, edges: NDArray[np.int64]) -> Iterator[tuple[int, slice, Floats]]:
    """Yield the rows of some stretches at a time: the number of the first row, which stretches, and the rows."""
    most = rows_at_once(int(np.prod(trace.shape[1:])))
    begin = 0
    while begin < len(edges) - 1:
        end = max(begin + 1, int(np.searchsorted(edges, edges[begin] + most, side="right")) - 1)
        yield int(edges[begin]), slice(begin, end), trace[int(edges[begin]) : int(edges[end])]
        begin = end
