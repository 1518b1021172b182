"""Heat maps: the elements of a vector over time, a matrix before and after; and the return map of a map in one dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurodsl.plotting.panels import Floats, drawable, extent, is_binary, sampled
from neurodsl.plotting.style import COLOURS, INK, MISSING, MUTED
from neurodsl.plotting.words import axis_label, name_of
from neurodsl.solution import Result
from neurodsl.typesetting import after_space, number

BALANCED = 0.1
"""Values of both signs, the weaker at least so strong beside the other, have colours that meet in white at 0."""
MOST_RETURNS = 20_000
"""Points of a return map."""


def _mean_over_copies(result: Result, name: str, times: Any) -> Floats:
    """Return a quantity at some times, of shape (times, ...): with copies their mean."""
    values = drawable(result[name][times])
    if result.copies is None:
        return values
    good = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(good, values, 0.0).sum(axis=1) / good.sum(axis=1)
    return mean


def colours_of(values: Floats) -> tuple[Colormap, float, float]:
    """Return the colours for some values and the range they stand for."""
    low, high = extent(values)
    largest = max(-low, high)
    if low < 0 < high and min(-low, high) >= BALANCED * largest:
        chosen, low, high = colormaps["RdBu_r"], -largest, largest
    else:
        chosen = colormaps["viridis"]
    if low == high:
        low, high = low - 0.5, high + 0.5
    return chosen.with_extremes(bad=MISSING), low, high


def _suffix(result: Result) -> str:
    """Return what a heat map says of the copies whose mean it shows."""
    return "" if result.copies is None else f"\nmean of {result.copies} copies"


def draw_heat(result: Result, figure: Figure, ax: Axes, name: str, inches: float) -> None:
    """Draw the elements of a vector over time, a row for each; of a map with two values in black and white."""
    kept = sampled(len(result.t))
    values = _mean_over_copies(result, name, kept).T
    half = 0.5 * float(result.t[1] - result.t[0]) if len(result.t) > 1 else 0.5
    span = (float(result.t[0]) - half, float(result.t[-1]) + half, -0.5, len(values) - 0.5)
    binary = is_binary(result, name) and result.copies is None
    colours, low, high = (ListedColormap(["white", INK]), min(0.0, extent(values)[0]), 1.0) if binary else colours_of(values)
    image = ax.imshow(values, cmap=colours, vmin=low, vmax=high, extent=span, origin="lower", aspect="auto", interpolation="nearest")
    for spine in ("top", "right"):
        ax.spines[spine].set_visible(True)
    ax.yaxis.set_major_locator(MaxNLocator(6 if inches > 2 else 4, integer=True, min_n_ticks=1))
    ax.set_ylabel("element")
    # Beside the axes and not out of them, so that the times of panels one below the other stay in line.
    bar = figure.colorbar(image, cax=ax.inset_axes((1.012, 0.0, 0.014, 1.0)))
    bar.outline.set_linewidth(0.5)
    bar.set_label(axis_label(result, name, inches) + _suffix(result))
    if binary:
        bar.set_ticks([low + 0.25 * (high - low), low + 0.75 * (high - low)], labels=[number(low), number(high)])


def draw_matrix(result: Result, figure: Figure, axes: tuple[Axes, Axes], name: str, inches: float) -> None:
    """Draw a matrix at its first and at its last time, in the same colours; an array of more dimensions with the last ones in a row."""
    both = _mean_over_copies(result, name, [0, -1])
    both = both.reshape(2, both.shape[1], -1)
    colours, low, high = colours_of(both)
    for ax, values, t in zip(axes, both, (result.t[0], result.t[-1]), strict=True):
        image = ax.imshow(values, cmap=colours, vmin=low, vmax=high, interpolation="nearest", aspect="equal")
        for spine in ("top", "right"):
            ax.spines[spine].set_visible(True)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        time = f"step {number(float(t))}" if result.meta.get("discrete") else f"$t$ = {number(float(t))}{after_space(result.units.get('t', '1'))}"
        ax.set_title(f"{name_of(name)} at {time}", fontsize=10)
        ax.set_xlabel("column")
    axes[0].set_ylabel("row")
    bar = figure.colorbar(image, ax=list(axes), pad=0.02, fraction=0.04, aspect=14)
    bar.outline.set_linewidth(0.5)
    bar.set_label(axis_label(result, name, inches) + _suffix(result))


def draw_return_map(result: Result, ax: Axes, name: str) -> None:
    """Draw each value of a map against the one before it, with the diagonal, on which it would not change."""
    values = drawable(result[name])
    before, after = values[:-1].ravel(), values[1:].ravel()
    kept = sampled(len(before), MOST_RETURNS)
    low, high = extent(values)
    margin = 0.05 * ((high - low) or 1.0)
    ends = (low - margin, high + margin)
    ax.plot(ends, ends, color=MUTED, linewidth=0.9, linestyle=(0, (5, 3)), label="_diagonal", zorder=1.5)
    size = 3.0 if len(kept) <= 300 else 1.2
    ax.plot(before[kept], after[kept], linestyle="none", marker="o", markersize=size, markeredgewidth=0, color=COLOURS[0], label="_returns")
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal")
    ax.locator_params(nbins=5)
    stem = name_of(name)
    ax.set_xlabel(f"{stem} at step $n$")
    ax.set_ylabel(f"{stem} at step $n+1$")
