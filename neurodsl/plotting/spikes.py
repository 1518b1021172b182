"""Spikes: marks above a trace, a raster with a row for each element or copy, the rate of many copies."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neurodsl.plotting.panels import BINS, Floats
from neurodsl.plotting.style import COLOURS, INK, MUTED
from neurodsl.plotting.words import count_of
from neurodsl.solution import Result
from neurodsl.solution.words import SECONDS

MOST_TICKS = 150
"""Spikes that are drawn above the top panel; more have a strip of their own."""
MOST_ROWS = 60
"""Copies that have a row in a raster."""
DENSE = 3000
"""Spikes of a raster above which they are drawn with thinner lines."""
MOST_BINS, SPIKES_PER_BIN = 200, 50
"""Bins of a histogram, and the spikes that each should hold on average."""


def draw_ticks(result: Result, ax: Axes) -> None:
    """Mark each spike above the top panel; a voltage that was not computed is not drawn."""
    count = result.spikes.count
    ax.plot(
        result.spikes.times,
        np.full(count, 1.045),
        linestyle="none",
        marker="v" if count <= 60 else "|",
        markersize=4.5 if count <= 60 else 6,
        markeredgewidth=0 if count <= 60 else 0.8,
        color=INK,
        transform=ax.get_xaxis_transform(),
        clip_on=False,
        label="_spikes",
    )
    ax.annotate(count_of(count, "spike", "spikes"), (1.008, 1.045), xycoords="axes fraction", va="center", color=MUTED, fontsize=9)


def raster_of(result: Result) -> tuple[Floats, NDArray[np.int64], int, str]:
    """Return the times and rows of a raster, how many rows it has and what a row is.

    Rows are the elements of an array, with copies those of copy 0; else the copies, the first sixty where there are more.
    """
    spikes, copies = result.spikes, result.copies
    times, index = spikes.times, spikes.index
    if copies is None or spikes.copy is None:
        return times, index, int(index.max(initial=0)) + 1, "element"
    if index is not spikes.copy:
        first = spikes.copy == 0
        return times[first], index[first], int(index.max(initial=0)) + 1, "element of copy 0"
    shown = index < MOST_ROWS
    return times[shown], index[shown], min(copies, MOST_ROWS), "copy"


def draw_raster(result: Result, ax: Axes) -> None:
    """Draw the spikes as a raster."""
    times, rows, count, what = raster_of(result)
    if len(result.t) > 1:
        span = float(result.t[-1] - result.t[0]) or 1.0
        columns = np.rint((times - result.t[0]) / span * 2 * BINS).astype(np.int64)
        kept = np.unique(np.column_stack([rows, columns]), axis=0, return_index=True)[1]
        times, rows = times[kept], rows[kept]
    width = 0.5 if len(times) > DENSE or count == 1 else 1.0
    ax.vlines(times, rows - 0.4, rows + 0.4, color=INK, linewidth=width, label="_spikes")
    ax.set_ylim(-0.6, count - 0.4)
    if count == 1:
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_ylabel("spikes", rotation=0, ha="right", va="center")
    else:
        ax.yaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
        ax.set_ylabel(what)
    told = count_of(result.spikes.count, "spike", "spikes")
    if what != "element" and result.copies is not None:
        told += f" of\n{count_of(result.copies, 'copy', 'copies')}"
        told += f",\n{count} of them\nshown" if what == "copy" and count < result.copies else ""
    ax.annotate(told, (1.008, 0.5), xycoords="axes fraction", va="center", color=MUTED, fontsize=9)


def draw_rate(result: Result, ax: Axes) -> None:
    """Draw the rate of all copies together over time, as a histogram."""
    unit, copies = result.units.get("t", "1"), result.copies or 1
    bins = int(np.clip(result.spikes.count / SPIKES_PER_BIN, 10, MOST_BINS))
    counts, edges = np.histogram(result.spikes.times, bins, (float(result.t[0]), float(result.t[-1])))
    rate = counts / (copies * np.diff(edges)) / SECONDS.get(unit, 1.0)
    ax.stairs(rate, edges, color=COLOURS[0], fill=True, alpha=0.35, linewidth=0)
    ax.stairs(rate, edges, color=COLOURS[0], linewidth=1.1)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("rate of a copy (Hz)" if unit in SECONDS else f"rate of a copy{'' if unit == '1' else f' (1/{unit})'}")
