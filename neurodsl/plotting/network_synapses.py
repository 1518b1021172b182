"""Figures of synapses: what was recorded of them as matrices and histograms before and after, and the window of plasticity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from neurodsl.diagnostics import fail
from neurodsl.plotting.heat import colours_of
from neurodsl.plotting.network import WIDTH, draw_network_notes, network_title
from neurodsl.plotting.panels import Floats, drawable
from neurodsl.plotting.style import COLOURS, INK, MUTED, style
from neurodsl.plotting.words import name_of
from neurodsl.rules import BAD_VALUE
from neurodsl.solution import NetworkResult, SynapseTrace
from neurodsl.typesetting import after_space, in_parentheses, number, plain

MOST_SHOWN = 4
"""Recorded quantities of synapses in a figure."""
MOST_CELLS = 200
"""Cells of a matrix along an axis; of more neurons the mean over blocks is drawn."""
MOST_BINS, FEWEST_BINS = 40, 8
MOST_POINTS = 2000
"""Points above which they are an image also in a `.pdf` or `.svg`."""
ROW, OVER_TIME = 3.3, 2.2
"""Inches of the matrices and the histogram, and of what is drawn over time."""
NARROW = 0.5
"""Neurons that span less than this part of a population have the axis for themselves."""


def synapses_figure(result: NetworkResult, name: str | None = None) -> Figure:
    """Return the figure of what was recorded of synapses: a matrix before and after, and histograms of both.

    A row of the matrix is a neuron before the synapse, a column one behind it; where there are no synapses it is grey. Of large populations a cell is the
    mean over a block of neurons; synapses from or to a single neuron are points over the neurons at their other end. What was recorded at more than two
    times is also drawn over time, as its mean and the band from the 5 % to the 95 % quantile.

    Parameters
    ----------
    result : NetworkResult
    name : str, optional
        What to draw, such as ``E -> E.w``; by default all, four at most.

    Raises
    ------
    NeuroError
        V101 where nothing of synapses was recorded.
    KeyError
        For a name that was not recorded.
    """
    if name is not None and name not in result.synapses:
        raise KeyError(f"`{name}` was not recorded of synapses")
    chosen = [key for key, found in result.synapses.items() if found.values.size and name in (None, key)]
    if not chosen:
        raise fail(BAD_VALUE, "there is nothing to draw: nothing was recorded of synapses", help="`record E -> E.w` records a weight")
    shown = chosen[:MOST_SHOWN]
    heights = [ROW + (OVER_TIME if len(result.synapses[key].t) > 2 else 0.0) for key in shown]
    with style():
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.5), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(network_title(result), x=0.01, ha="left", fontsize=11)
        parts = figure.subfigures(len(shown), 1, height_ratios=heights, squeeze=False)[:, 0]
        for key, part in zip(shown, parts, strict=True):
            _draw(result, part, key)
        draw_network_notes(result, figure, chosen[MOST_SHOWN:])
        return figure


def stdp_figure(delta_t: ArrayLike, delta_w: ArrayLike, time_unit: str = "ms", unit: str = "1", title: str = "") -> Figure:
    """Return the figure of a window of plasticity: the change of a weight over the time from the spike before the synapse to that behind it.

    Parameters
    ----------
    delta_t : array of shape (n,)
        t_post - t_pre; the two sides of 0 have colours of their own.
    delta_w : array of shape (n,)
        The change of the weight by one pair of spikes.
    time_unit, unit : str
        Of the two; ``1`` for none.
    title : str

    Raises
    ------
    NeuroError
        V101 where the two are no arrays of one length.
    """
    x, y = np.asarray(delta_t, dtype=np.float64), np.asarray(delta_w, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not x.size:
        raise fail(BAD_VALUE, f"times of shape {x.shape} and changes of shape {y.shape} are no window", help="both are arrays of one length")
    order = np.argsort(x, kind="stable")
    x, y = x[order], drawable(y[order])
    with style():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        ax = figure.add_subplot()
        for place in (ax.axhline, ax.axvline):
            place(0.0, color=MUTED, linewidth=0.8, zorder=1.5)
        marker = "o" if len(x) <= 200 else ""
        for side, colour, label in ((x < 0, COLOURS[1], "post before pre"), (x == 0, INK, "_same time"), (x > 0, COLOURS[0], "pre before post")):
            if side.any():
                ax.plot(x[side], y[side], color=colour, linewidth=1.4, marker=marker or ("o" if side.sum() == 1 else ""), markersize=3.5, label=label)
        ax.set_xlabel(rf"$\Delta t = t_\mathrm{{post}} - t_\mathrm{{pre}}${in_parentheses(time_unit)}")
        ax.set_ylabel(rf"change of the weight $\Delta w${in_parentheses(unit)}")
        ax.set_title(plain(title, 70), loc="left")
        ax.legend(loc="best")
        return figure


@dataclass(frozen=True)
class _Side:
    """One axis of a matrix: the neurons from ``first`` on, ``cells`` cells of ``block`` neurons each."""

    population: str
    first: int
    block: int
    cells: int

    def cell(self, neurons: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the cells that some neurons belong to."""
        return (neurons - self.first) // self.block

    @property
    def ends(self) -> tuple[float, float]:
        """Return where the axis begins and ends, in numbers of neurons."""
        return self.first - 0.5, self.first + self.cells * self.block - 0.5


def _side(result: NetworkResult, population: str, neurons: NDArray[np.int64]) -> _Side:
    """Return the axis of a matrix for the neurons of synapses: the whole population, or the part that they span where that is small."""
    low, high = int(neurons.min()), int(neurons.max()) + 1
    size = max(result.sizes.get(population, high), high)
    first, last = (low, high) if high - low < NARROW * size else (0, size)
    block = -(-(last - first) // MOST_CELLS)
    return _Side(population, first, block, -(-(last - first) // block))


def _draw(result: NetworkResult, part: SubFigure, key: str) -> None:
    """Draw a recorded quantity: its matrices, its histograms, and where there are more than two times, what became of it."""
    synapses = result.synapses[key]
    over_time = len(synapses.t) > 2
    times = [0, -1] if len(synapses.t) > 1 else [0]
    grid = part.add_gridspec(2 if over_time else 1, 1, height_ratios=[ROW, OVER_TIME] if over_time else None)
    upper = grid[0].subgridspec(1, len(times) + 1, width_ratios=[*(1.0 for _ in times), 1.15])
    rows, columns = _sides(result, key)
    if min(rows.cells, columns.cells) == 1:
        _draw_points(result, part.add_subplot(upper[:-1]), key, times, of_sources=columns.cells == 1)
    else:
        _draw_matrices(result, part, [part.add_subplot(upper[k]) for k in range(len(times))], key, times)
    _draw_histograms(result, part.add_subplot(upper[-1]), key, times)
    if over_time:
        _draw_over_time(result, part.add_subplot(grid[1]), key)


def _at(result: NetworkResult, t: float) -> str:
    """Return a time in words."""
    return f"$t$ = {number(t)}{after_space(result.time_unit)}"


def _named(key: str, synapses: SynapseTrace) -> str:
    """Return the name of a quantity as a paper sets it, with its unit."""
    return f"{name_of(key.rpartition('.')[2])}{in_parentheses(synapses.unit)}"


def _sides(result: NetworkResult, key: str) -> tuple[_Side, _Side]:
    """Return the two axes of a matrix: the neurons before the synapses and those behind them."""
    synapses, found = result.synapses[key], re.match(r"(\w+).*? -> (\w+)", key)
    before, behind = (found[1], found[2]) if found else ("", "")
    return _side(result, before, synapses.source.astype(np.int64)), _side(result, behind, synapses.target.astype(np.int64))


def _draw_points(result: NetworkResult, ax: Axes, key: str, times: list[int], of_sources: bool) -> None:
    """Draw the values of synapses from or to a single neuron over the neurons at their other end."""
    synapses, (rows, columns) = result.synapses[key], _sides(result, key)
    what, side, neurons = ("source", rows, synapses.source) if of_sources else ("target", columns, synapses.target)
    size = 4.5 if len(neurons) <= 100 else 2.5 if len(neurons) <= 1000 else 1.2
    for k in times:
        after, label = k == times[-1], _at(result, float(synapses.t[k]))
        look: dict[str, Any] = {
            "linestyle": "none",
            "marker": "o",
            "markersize": size,
            "markeredgewidth": 0,
            "rasterized": len(neurons) > MOST_POINTS,
        }
        ax.plot(neurons, drawable(synapses.values[k]), color=COLOURS[0] if after else MUTED, alpha=1.0 if after else 0.6, label=f"_{label}", **look)
    ax.set_xlim(*side.ends)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    ax.set_title(plain(key.replace("->", "→"), 60), fontsize=10, loc="left")
    ax.set_xlabel(f"{what} in {plain(side.population, 16)}")
    ax.set_ylabel(_named(key, synapses))


def _draw_matrices(result: NetworkResult, part: SubFigure, axes: list[Axes], key: str, times: list[int]) -> None:
    """Draw the matrices at some times in the same colours."""
    synapses, (rows, columns) = result.synapses[key], _sides(result, key)
    source, target = synapses.source.astype(np.int64), synapses.target.astype(np.int64)
    place = rows.cell(source) * columns.cells + columns.cell(target)
    matrices = [_mean(place, drawable(synapses.values[k]), (rows.cells, columns.cells)) for k in times]
    colours, low, high = colours_of(np.stack(matrices))
    for k, (ax, matrix, time) in enumerate(zip(axes, matrices, times, strict=True)):
        extent = (*columns.ends, *rows.ends[::-1])
        image = ax.imshow(matrix, cmap=colours, vmin=low, vmax=high, extent=extent, aspect="auto", interpolation="nearest")
        ax.set_box_aspect(1)
        for spine in ("top", "right"):
            ax.spines[spine].set_visible(True)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
        ax.tick_params(labelleft=k == 0)
        of = f"{plain(key.replace('->', '→'), 30)} at " if k == 0 else ""
        ax.set_title(f"{of}{_at(result, float(synapses.t[time]))}", fontsize=10, loc="left")
        ax.set_xlabel(f"target in {plain(columns.population, 16)}")
    axes[0].set_ylabel(f"source in {plain(rows.population, 16)}")
    bar = part.colorbar(image, cax=axes[-1].inset_axes((1.04, 0.0, 0.045, 1.0)))
    bar.outline.set_linewidth(0.5)
    blocks = f"\nmean over {rows.block} × {columns.block} neurons" if rows.block * columns.block > 1 else ""
    bar.set_label(f"{_named(key, synapses)}{blocks}")


def _mean(place: NDArray[np.int64], values: Floats, shape: tuple[int, int]) -> Floats:
    """Return the mean of the finite values in each cell of a matrix; nan where there are none."""
    good = np.isfinite(values)
    size = shape[0] * shape[1]
    count = np.bincount(place[good], minlength=size)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.bincount(place[good], values[good], minlength=size) / count
    return mean.reshape(shape)


def _draw_histograms(result: NetworkResult, ax: Axes, key: str, times: list[int]) -> None:
    """Draw how the values are spread before, as an outline, and after; values that are all equal are a line."""
    synapses = result.synapses[key]
    values = [row[np.isfinite(row)] for row in (drawable(synapses.values[k]) for k in times)]
    whole = np.concatenate(values) if values else np.zeros(0)
    low, high = (float(whole.min()), float(whole.max())) if whole.size else (0.0, 1.0)
    bins = int(np.clip(2 * np.sqrt(whole.size / len(times)), FEWEST_BINS, MOST_BINS))
    edges = np.linspace(low, high, bins + 1) if high > low else np.linspace(low - 0.5, low + 0.5, bins + 1)
    for k, (row, time) in enumerate(zip(values, times, strict=True)):
        after, label = k == len(times) - 1, _at(result, float(synapses.t[time]))
        colour = COLOURS[0] if after else MUTED
        if row.size and np.ptp(row) == 0 and not (after and len(times) == 1):
            text = f"{label}: all {number(float(f'{row[0]:.4g}'))}"
            ax.axvline(float(row[0]), color=colour, linewidth=1.6, linestyle="-" if after else (0, (4, 2)), label=text)
            continue
        counts = np.histogram(row, edges)[0]
        if after:
            ax.stairs(counts, edges, color=colour, fill=True, alpha=0.45, linewidth=0, label=label)
        else:
            ax.stairs(counts, edges, color=colour, linewidth=1.4, label=label)
    ax.set_ylim(bottom=0.0)
    ax.margins(x=0.02)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel(_named(key, synapses))
    ax.set_ylabel("synapses")
    ax.set_title(f"{synapses.values.shape[1]} synapses", fontsize=10, loc="left", color=MUTED)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2, columnspacing=1.2, handlelength=1.1)


def _draw_over_time(result: NetworkResult, ax: Axes, key: str) -> None:
    """Draw the mean over the synapses and the band that holds nine of ten of them."""
    synapses = result.synapses[key]
    values = drawable(synapses.values)
    good = np.isfinite(values).any(axis=1)
    t, values = np.asarray(synapses.t)[good], values[good]
    low, high = np.nanquantile(values, (0.05, 0.95), axis=1)
    ax.fill_between(t, low, high, color=COLOURS[0], alpha=0.2, linewidth=0)
    ax.plot(t, np.nanmean(values, axis=1), color=COLOURS[0], linewidth=1.5, marker="o" if len(t) <= 30 else None, markersize=3)
    ax.margins(x=0)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.set_title("mean over the synapses, and the band from the 5 % to the 95 % quantile", fontsize=9.5, loc="left", color=MUTED)
    ax.set_xlabel(f"Time{in_parentheses(result.time_unit)}")
    ax.set_ylabel(_named(key, synapses))
