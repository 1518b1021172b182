"""The panels below the raster of a network: the rates of its populations, and what was recorded of neurons."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurodsl.plotting.heat import colours_of
from neurodsl.plotting.network_raster import colours_of_populations
from neurodsl.plotting.panels import Floats, drawable, extent, sampled, thin
from neurodsl.plotting.style import MUTED
from neurodsl.plotting.words import name_of
from neurodsl.solution import NetworkResult
from neurodsl.solution.network import rate_unit
from neurodsl.spike_statistics import bin_edges, population_rate
from neurodsl.typesetting import after_space, in_parentheses, number, plain

MOST_BINS, SPIKES_PER_BIN = 500, 20
"""Bins of a rate, and the spikes that each should hold on average."""
NICE = (1.0, 2.0, 5.0, 10.0)
MOST_POINTS = 300
"""Steps of a map up to which its points are joined by a line."""
MOST_LINES = 5
"""Neurons of a trace that are drawn as lines; more have rows in a heat map."""
TONES = (-0.6, 0.0, 0.6)
"""Up to three lines have tones of the colour of their population, from -1, black, to 1, white; more have colours of a map."""
FARTHEST_THRESHOLD = 5.0
"""A threshold farther from the traces than so many times their range is told in words."""


def nice_window(elapsed: float, spikes: int) -> float:
    """Return the width of the bins of a rate: 1, 2 or 5 times a power of ten, in which about enough spikes fall on average."""
    exact = elapsed / min(max(spikes / SPIKES_PER_BIN, 10.0), float(MOST_BINS))
    power = 10.0 ** math.floor(math.log10(exact))
    return min((factor * power for factor in NICE), key=lambda width: abs(math.log(width / exact)))


def draw_network_rate(result: NetworkResult, ax: Axes, window: float | None) -> None:
    """Draw the rate of each population over time, as a histogram; without a window the bins of a population hold enough of its spikes.

    A last bin that would be shorter than half of the others is part of the one before it then: its few spikes would stand out.
    """
    factor, unit = rate_unit(result.time_unit)
    top, widths = 0.0, set[float]()
    for name, colour in colours_of_populations(result).items():
        count = result.spikes[name].count
        width = nice_window(result.elapsed, count) if window is None else window
        widths |= {width} if count or window is not None else set()
        edges = bin_edges(0.0, result.elapsed, width)
        if window is None and len(edges) > 2 and edges[-1] - edges[-2] < 0.5 * width:
            edges = np.delete(edges, -2)
        values = population_rate(result.spikes[name].times, result.sizes[name], edges) * factor
        ax.stairs(values, edges, color=colour, linewidth=1.1 if len(values) <= 200 else 0.8, label=plain(name, 24), baseline=None)
        top = max(top, float(values.max(initial=0.0)))
    ax.set_ylim(0.0, 1.06 * top or 1.0)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    ax.set_ylabel(f"rate{in_parentheses(unit)}")
    ends = dict.fromkeys(number(float(f"{width:.4g}")) for width in (min(widths, default=0.0), max(widths, default=0.0)))
    told = f"bins of\n{'–'.join(ends)}{after_space(result.time_unit)}"
    if widths:
        look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "center", "color": MUTED, "fontsize": 9}
        ax.annotate(told, (1.0, 0.5), xytext=(6, 0), **look)


def legend_of_populations(result: NetworkResult, ax: Axes) -> None:
    """Write which colour is which population, where there are several."""
    if len(result.sizes) > 1:
        ax.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0)


def tones(colour: str, count: int) -> list[str]:
    """Return colours for some lines, from dark to light."""
    if count > len(TONES):
        return [to_hex((r, g, b)) for r, g, b, _ in np.asarray(colormaps["viridis"](np.linspace(0.0, 0.88, count))).tolist()]
    shades = TONES[:count] if count > 1 else (0.0,)
    mixed = [[c * (1 + s) if s < 0 else c + (1 - c) * s for c in to_rgb(colour)] for s in shades]
    return [to_hex((r, g, b)) for r, g, b in mixed]


def draw_network_trace(result: NetworkResult, figure: Figure, ax: Axes, name: str, inches: float) -> None:
    """Draw a recorded quantity of neurons: lines with its thresholds, or where there are many a heat map."""
    trace = result.traces[name]
    population, _, quantity = name.partition(".")
    label = f"{plain(population, 16)}: {name_of(quantity)}{in_parentheses(trace.unit)}"
    if len(trace.index) > MOST_LINES:
        _draw_heat(result, figure, ax, name, label)
        return
    colour = colours_of_populations(result).get(population, MUTED)
    neurons = np.asarray(trace.index).tolist()
    look: dict[str, Any] = {"linewidth": 1.0 if len(neurons) <= 3 else 0.8}
    if is_map(result, population):
        few = len(trace.t) <= MOST_POINTS
        look = {"linewidth": 0.6 if few else 0.0, "marker": "o", "markersize": 3.5 if few else 1.2, "markeredgewidth": 0}
    for k, (neuron, tone) in enumerate(zip(neurons, tones(colour, len(neurons)), strict=True)):
        t, values = thin(np.asarray(trace.t), drawable(trace.values[:, k]))
        ax.plot(t, values, color=tone, label=f"{plain(population, 16)}[{neuron}]" if len(neurons) > 1 else "_", **look)
    ax.margins(y=0.07)
    _draw_thresholds(result, ax, name)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    only = f"[{neurons[0]}]" if len(neurons) == 1 and result.sizes.get(population, 1) > 1 else ""
    ax.set_ylabel(f"{plain(population, 16)}{only}: {name_of(quantity)}{in_parentheses(trace.unit)}")
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="center left", bbox_to_anchor=(1.003, 0.5), borderaxespad=0.2, handlelength=1.0, fontsize=8.5, labelspacing=0.25)


def is_map(result: NetworkResult, population: str) -> bool:
    """Return whether the neurons of a population are maps, which have no values between two steps."""
    method: object = (result.meta.get("populations") or {}).get(population, {}).get("method")
    return method == "map"


def _draw_thresholds(result: NetworkResult, ax: Axes, name: str) -> None:
    """Draw the thresholds of a quantity as dashed lines; one that is far away is told in words."""
    low, high = extent(result[name])
    for value in (result.meta.get("thresholds") or {}).get(name, ()):
        text = f"threshold\n{number(value)}{after_space(result.traces[name].unit)}"
        if max(value - high, low - value) > FARTHEST_THRESHOLD * ((high - low) or abs(value) or 1.0):
            ax.plot([], [], linestyle="none", label=f"{text}\n({'above' if value > high else 'below'})")
            continue
        ax.axhline(value, color=MUTED, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1.5, label=text)


def _draw_heat(result: NetworkResult, figure: Figure, ax: Axes, name: str, label: str) -> None:
    """Draw a quantity of many neurons, a row for each."""
    trace = result.traces[name]
    t = np.asarray(trace.t, dtype=np.float64)
    kept = sampled(len(t))
    values: Floats = drawable(trace.values[kept]).T
    colours, low, high = colours_of(values)
    half = 0.5 * float(t[-1] - t[0]) / max(1, len(t) - 1) or 0.5
    rows = np.asarray(trace.index)
    span = (float(t[0]) - half, float(t[-1]) + half, -0.5, len(values) - 0.5)
    image = ax.imshow(values, cmap=colours, vmin=low, vmax=high, extent=span, origin="lower", aspect="auto", interpolation="nearest")
    ticks = np.array([int(k) for k in MaxNLocator(4, integer=True, min_n_ticks=1).tick_values(0, len(rows) - 1) if 0 <= k < len(rows)])
    ax.set_yticks(ticks.tolist(), labels=[str(k) for k in rows[ticks].tolist()])
    ax.set_ylabel(f"neuron of {plain(name.partition('.')[0], 16)}")
    # Beside the axes and not out of them, so that the times of panels one below the other stay in line.
    bar = figure.colorbar(image, cax=ax.inset_axes((1.012, 0.0, 0.014, 1.0)))
    bar.outline.set_linewidth(0.5)
    bar.set_label(label)
