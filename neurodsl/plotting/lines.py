"""Panels of lines over time: traces, elements of an array, the mean and the spread of copies."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.axes import Axes

from neurodsl.plotting.panels import LARGEST_DRAWN, Floats, Panel, drawable, extent, over_copies, sampled, thin
from neurodsl.plotting.style import COLOURS, MUTED
from neurodsl.plotting.words import axis_label, doc, name_of
from neurodsl.solution import Result
from neurodsl.typesetting import after_space, in_parentheses, number

MOST_POINTS = 300
"""Steps of a map up to which the points are joined by a line."""
POINT_SIZES = ((100, 3.5), (MOST_POINTS, 2.2), (2000, 1.6))
"""The sizes of points, each up to a number of steps."""
SHOWN_COPIES = 3
"""Copies that are drawn one by one below their mean."""
FARTHEST_THRESHOLD = 20.0
"""A threshold farther from the trace than so many times its range is told in words."""


def draw_lines(result: Result, ax: Axes, panel: Panel, inches: float, crowded: bool) -> None:
    """Draw the traces of a panel with its thresholds, labels and legend."""
    found = list(_traces(result, panel))
    legend = len(found) > 1 or result.copies is not None
    for colour, (name, trace) in zip(COLOURS, found, strict=False):
        label = name_of(name) + (f"  {doc(result, name, 26)}" if doc(result, name) else "")
        if trace.ndim == 1:
            _draw_trace(result, ax, trace, colour, label, 0.6 if crowded else 1.1)
        elif len(found) == 1:
            _draw_copies(result, ax, panel.names[0], trace, colour)
        else:
            _draw_spread(result, ax, trace, colour, label)
    ax.margins(y=0.07)
    _draw_thresholds(result, ax, panel, inches, legend)
    unit = result.units.get(panel.names[0], "1")
    if len(panel.names) == 1:
        ax.set_ylabel(axis_label(result, panel.names[0], inches))
    else:
        ax.set_ylabel(", ".join(name_of(name) for name in panel.names[:6]) + (", …" if len(panel.names) > 6 else "") + in_parentheses(unit))
    if legend:
        means = result.copies is not None and len(found) > 1
        ax.legend(
            loc="center left",
            bbox_to_anchor=(1.005, 0.5),
            borderaxespad=0.2,
            title="mean of copies\nand 5–95 %" if means and found[0][1].ndim > 1 else "mean of copies" if means else None,
            title_fontsize=9,
            alignment="left",
            markerscale=max(1.0, 3.5 / _point_size(result)),
        )
    ax.locator_params(axis="y", nbins=6 if inches > 2 else 4)


def _traces(result: Result, panel: Panel) -> Iterator[tuple[str, Floats]]:
    """Yield the lines of a panel by their names.

    Each is of shape (n,), or where copies of numbers are drawn (m, copies), at the m times that have a column of their own.
    """
    for name in panel.names:
        shape, values = result.shape(name), result[name]
        if not shape:
            yield name, drawable(values if result.copies is None else values[sampled(len(result.t))])
        for k in range(shape[0] if shape else 0):
            yield f"{name}[{k}]", drawable(values[:, k]) if result.copies is None else over_copies(drawable(values[:, :, k]))[0]


def _point_size(result: Result) -> float:
    """Return the size of the points of a map: smaller where there are more."""
    return next((size for most, size in POINT_SIZES if len(result.t) <= most), 1.0)


def _draw_trace(result: Result, ax: Axes, values: Floats, colour: str, label: str, width: float) -> None:
    """Draw a trace; of a map as points, which a thin line joins where they are few."""
    t, trace = thin(result.t, values)
    if result.meta.get("discrete"):
        few = len(result.t) <= MOST_POINTS
        size = _point_size(result)
        ax.plot(t, trace, color=colour, linewidth=0.6 if few else 0.0, marker="o", markersize=size, markeredgewidth=0, label=label)
        return
    ax.plot(t, trace, color=colour, linewidth=width, label=label, marker="o" if len(t) == 1 else None, solid_joinstyle="round")


def _draw_copies(result: Result, ax: Axes, name: str, values: Floats, colour: str) -> None:
    """Draw the mean of the copies, the band that holds nine of ten, and the first few of them."""
    number_of_copies = values.shape[1]
    count = min(SHOWN_COPIES, number_of_copies)
    for k in range(count if number_of_copies > 1 else 0):
        t, trace = thin(result.t, drawable(result[name][:, k]))
        ax.plot(t, trace, color=MUTED, linewidth=0.5, alpha=0.7, label=f"copies 0–{count - 1}" if k == 0 else "_", zorder=1.8)
    _draw_spread(result, ax, values, colour, f"mean of {number_of_copies}" if number_of_copies > 1 else "copy 0", "5–95 % of copies")


def _draw_spread(result: Result, ax: Axes, values: Floats, colour: str, label: str, band: str = "_") -> None:
    """Draw the mean of the copies and the band from the 5 % to the 95 % quantile."""
    t = result.t[sampled(len(result.t))]
    mean, low, high = over_copies(values)
    if values.shape[1] > 1:
        ax.fill_between(t, low, high, color=colour, alpha=0.2, linewidth=0, label=band, zorder=1.6)
    ax.plot(t, mean, color=colour, linewidth=1.5 if values.shape[1] > 1 else 1.1, label=label, zorder=2.2, marker="o" if len(t) == 1 else None)


def _draw_thresholds(result: Result, ax: Axes, panel: Panel, inches: float, legend: bool) -> None:
    """Draw the thresholds of a panel as dashed lines, each with its value at the right of the axes or in the legend."""
    levels = result.meta.get("thresholds", {})
    wanted = {float(value): name for name in panel.names for value in levels.get(name.partition("[")[0], ()) if abs(value) < LARGEST_DRAWN}
    ranges = [extent(result[name]) for name in panel.names]
    low, high = min(bottom for bottom, _ in ranges), max(top for _, top in ranges)
    labels = []
    for value, name in sorted(wanted.items()):
        text = f"threshold {number(value)}{after_space(result.units.get(name, '1'))}"
        if max(value - high, low - value) > FARTHEST_THRESHOLD * ((high - low) or abs(value)):
            labels.append((value, f"{text}\n({'above' if value > high else 'below'} the axis)"))
            continue
        ax.axhline(value, color=MUTED, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1.5, label=text if legend else "_")
        labels += [] if legend else [(value, text.replace(" ", "\n", 1))]
    bottom, top = ax.get_ylim()
    free = 0.0
    for value, text in labels:
        height = max(min((value - bottom) / (top - bottom), 1.0), free)
        free = height + 0.36 / inches
        ax.annotate(text, (1.008, height), xycoords="axes fraction", va="center", color=MUTED, fontsize=9)
