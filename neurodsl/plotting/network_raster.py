"""The raster of a network: a dot for each spike, the populations one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neurodsl.plotting.panels import Floats
from neurodsl.plotting.style import COLOURS, INK, MUTED
from neurodsl.plotting.words import count_of
from neurodsl.solution import NetworkResult
from neurodsl.solution.network import mean_rate, rate_unit
from neurodsl.typesetting import plain

MOST_MARKS = 30_000
"""Spikes that are drawn; where there are more, some of the neurons are."""
COLUMNS = 2500
"""Columns, more than a figure has pixels: of the spikes of a neuron in one of them one is drawn."""
FEWEST_NEURONS = 60
"""Neurons of a population that are drawn however many spikes there are."""
POINTS_OF_A_LINE = 3.5
"""The height of a row, in points, from which on a spike is a line as high as the row."""
DENSE = 6000
"""Lines above which they are thin."""
SMALLEST_BAND, GAP = 0.09, 0.02
"""The height of the smallest population and of the gap between two, as parts of the whole."""
LOWEST = 0.22
"""Inches of the smallest population at least, where there is room: its name has to fit beside it."""
RASTERIZED = 2000
"""Marks above which they are an image also in a `.pdf` or `.svg`."""


@dataclass(frozen=True)
class Band:
    """Where a population is drawn: from ``bottom`` to ``top``, ``every`` so many neurons."""

    name: str
    size: int
    bottom: float
    top: float
    colour: str
    every: int

    def place(self, index: NDArray[np.int64]) -> Floats:
        """Return the heights of some neurons."""
        return np.asarray(self.bottom + (index // self.every + 0.5) * self.row, dtype=np.float64)

    @property
    def row(self) -> float:
        """Return the height of a neuron that is drawn."""
        return (self.top - self.bottom) / self.shown

    @property
    def shown(self) -> int:
        """Return how many neurons are drawn."""
        return max(1, -(-self.size // self.every))


def colours_of_populations(result: NetworkResult) -> dict[str, str]:
    """Return a colour for each population."""
    return {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(result.sizes)}


def bands_of(result: NetworkResult, every: dict[str, int], inches: float) -> list[Band]:
    """Return where each population is drawn; small ones are higher than their part, so that they are seen, and those that are silent beside others lower."""
    shown = [max(1, size) if result.spikes[name].count or not result.count else 0 for name, size in result.sizes.items()]
    sizes = np.array(shown, dtype=np.float64)
    shares = np.maximum(sizes / sizes.sum(), min(max(SMALLEST_BAND, LOWEST / inches), 1 / len(sizes)))
    shares *= (1 - GAP * (len(sizes) - 1)) / shares.sum() if GAP * len(sizes) < 0.5 else 1 / shares.sum()
    bottoms = np.concatenate([[0.0], np.cumsum(shares + (GAP if GAP * len(sizes) < 0.5 else 0.0))])
    colours = colours_of_populations(result)
    return [
        Band(name, size, float(bottom), float(bottom + share), colours[name], every[name])
        for (name, size), bottom, share in zip(result.sizes.items(), bottoms[:-1], shares, strict=True)
    ]


def marks_of(result: NetworkResult, name: str) -> tuple[Floats, NDArray[np.int64]]:
    """Return the times and neurons of the spikes of a population that can be told apart in a figure."""
    spikes = result.spikes[name]
    times, index = np.asarray(spikes.times, dtype=np.float64), np.asarray(spikes.index, dtype=np.int64)
    if len(times) <= 1000:
        return times, index
    columns = np.clip(times / result.elapsed * COLUMNS, 0, COLUMNS).astype(np.int64)
    kept = np.unique(index * (COLUMNS + 1) + columns, return_index=True)[1]
    return times[kept], index[kept]


def thinning(result: NetworkResult, marks: dict[str, tuple[Floats, NDArray[np.int64]]]) -> dict[str, int]:
    """Return of which population every how many neurons are drawn: all, or so few that not too many spikes are."""
    count = sum(len(times) for times, _ in marks.values())
    every = -(-count // MOST_MARKS)
    return {name: max(1, min(every, size // FEWEST_NEURONS)) for name, size in result.sizes.items()}


def draw_network_raster(result: NetworkResult, ax: Axes, inches: float) -> None:
    """Draw the spikes of all populations."""
    marks = {name: marks_of(result, name) for name in result.sizes}
    every = thinning(result, marks)
    bands = bands_of(result, every, inches)
    drawn = {name: (times[index % every[name] == 0], index[index % every[name] == 0]) for name, (times, index) in marks.items()}
    total = sum(len(times) for times, _ in drawn.values())
    for band in bands:
        times, index = drawn[band.name]
        y, points, label = band.place(index), 72 * inches * band.row, f"_{band.name}"
        if points >= POINTS_OF_A_LINE:
            width, half = 1.2 if len(times) <= 1500 else 0.6 if len(times) <= DENSE else 0.3, 0.4 * band.row
            ax.vlines(times, y - half, y + half, color=band.colour, linewidth=width, label=label, rasterized=total > RASTERIZED)
            continue
        size = float(np.clip(points, 1.1, 3.0)) if total <= 4000 else 1.5 if total <= 12_000 else 1.1
        look: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": size, "markeredgewidth": 0, "color": band.colour}
        ax.plot(times, y, **look, label=label, rasterized=total > RASTERIZED)
    ax.set_ylim(-0.01, 1.01)
    _draw_axis(result, ax, bands, inches)


def _draw_axis(result: NetworkResult, ax: Axes, bands: Sequence[Band], inches: float) -> None:
    """Name the populations at the left, their rates at the right; of one population number the neurons."""
    if len(bands) == 1:
        _number_neurons(ax, bands[0])
    else:
        _name_populations(ax, bands, inches)
    factor, unit = rate_unit(result.time_unit)
    crowded = len(bands) > 5 * inches
    for band in () if crowded else bands:
        count, rate = result.spikes[band.name].count, mean_rate(result, band.name) * factor
        told = f"{rate:.3g} {chr(10) + 'per unit of time' if unit == '1' else unit}" if count else "no spikes"
        look: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "annotation_clip": False}
        ax.annotate(told, (1.0, (band.bottom + band.top) / 2), xytext=(6, 0), color=MUTED, fontsize=9, **look)


def _number_neurons(ax: Axes, band: Band) -> None:
    """Write the numbers of the neurons of the only population."""
    ticks = [int(k) for k in MaxNLocator(5, integer=True, min_n_ticks=1).tick_values(0, band.size - 1) if 0 <= k <= band.size - 1]
    ax.set_yticks(band.place(np.array(ticks)).tolist(), labels=[str(k) for k in ticks])
    ax.set_ylabel(f"neuron of {plain(band.name, 24)}{_part(band, chr(10))}")


def _name_populations(ax: Axes, bands: Sequence[Band], inches: float) -> None:
    """Write the name and the size of each population at the middle of its band, in its colour; a line marks what belongs to it."""
    room = inches * min(band.top - band.bottom for band in bands)
    ax.set_yticks([(band.bottom + band.top) / 2 for band in bands])
    ax.spines["left"].set_visible(False)
    labels = []
    for band in bands:
        tall = inches * (band.top - band.bottom)
        size = count_of(band.size, "neuron", "neurons")
        part = _part(band, "\n" if tall > 0.55 else ", ")
        labels.append(f"{plain(band.name, 24)}{chr(10) if tall > 0.36 else ', '}{size}{part}" if room > 0.12 else plain(band.name, 24))
        ax.plot(
            [0, 0], [band.bottom, band.top], color=band.colour, linewidth=3, transform=ax.get_yaxis_transform(), clip_on=False, solid_capstyle="butt"
        )
    ax.set_yticklabels(labels)
    ax.tick_params(axis="y", length=0, pad=6, labelsize=9 if room > 0.16 else max(5.0, 60 * room))
    for label, band in zip(ax.get_yticklabels(), bands, strict=True):
        label.set_color(band.colour if band.colour != COLOURS[6] else INK)


def _part(band: Band, between: str) -> str:
    """Return which part of the neurons is drawn, where it is not all of them."""
    return "" if band.every == 1 else f"{between}1 in {band.every} shown"
