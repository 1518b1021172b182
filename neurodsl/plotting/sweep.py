"""Figures of sweeps: curves over an axis, heat maps over two, small multiples over three."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neurodsl.diagnostics import fail
from neurodsl.files import write_atomically
from neurodsl.measures import OF_QUANTITIES, Measure
from neurodsl.plotting import SUFFIXES, require_figure_destination
from neurodsl.plotting.heat import colours_of
from neurodsl.plotting.panels import MOST_PANELS, Floats, drawable
from neurodsl.plotting.style import ALERT, COLOURS, MISSING, MUTED, style, without_word_of_missing_glyphs
from neurodsl.plotting.words import name_of
from neurodsl.rules import BAD_VALUE
from neurodsl.sweep.ranges import Axis
from neurodsl.sweep.table import Table
from neurodsl.typesetting import after_space, in_parentheses, number, plain, symbol

FEW = 6
"""An axis of at most so many values is drawn as curves beside one another, or as columns of panels."""
MOST_MARKED = 60
"""Points of a curve up to which each is marked."""
SMALL_POINTS = 300
"""Points drawn at random up to which they are large."""


@dataclass(frozen=True, eq=False)
class _Panel:
    """Part of a table as it is drawn: values over at most two axes, and where points failed; with copies their mean and their spread."""

    measure: Measure
    axes: tuple[Axis, ...]
    values: Floats
    low: Floats | None
    high: Floats | None
    failed: NDArray[np.bool_]
    title: str = ""

    @property
    def spread(self) -> tuple[Floats, Floats | None, Floats | None]:
        """Return the values, and with copies the borders of the band around them."""
        return self.values, self.low, self.high


def plot(table: Table, path: str | Path | None = None) -> Figure:
    """Return the figure of a sweep, and write it where a path is given; the same table gives the same bytes.

    Each measure has a panel, of at most eight. Over one axis it is a curve; over two of which one has at most six values a curve for each of
    them, else a heat map; over three, of which one has at most six values, a column of panels for each of them. Of copies the mean is
    drawn and, in curves, the band from the 5 % to the 95 % quantile. Points that were drawn at random are dots: over what was drawn, or
    coloured by the measure where that is two quantities. Points that failed are marked.

    Raises
    ------
    NeuroError
        V101 for a table that no figure shows, or a suffix other than .png, .svg and .pdf; F102 where the file cannot be written.
    """
    if path is not None:
        require_figure_destination(path)
    with style(), without_word_of_missing_glyphs():
        rows = [_panels(table, measure) for measure in table.measures[:MOST_PANELS]]
        columns = len(rows[0])
        heat = len(rows[0][0].axes) == 2 and _few(rows[0][0].axes) is None
        inches = 3.4 if len(rows) == 1 and columns == 1 else 2.5
        size = ((7.4 if heat else 6.8) if columns == 1 else 1.6 + 3.3 * columns, 0.9 + inches * len(rows))
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(len(rows), columns, squeeze=False, sharex="col", sharey="row" if columns > 1 else False)
        for k, row in enumerate(rows):
            _draw_row(figure, list(grid[k]), row, inches, (k == 0, k == len(rows) - 1))
        if columns == 1:
            grid[0, 0].set_title(_title(table), loc="left")
        else:
            figure.suptitle(_title(table), x=0.01, ha="left", fontsize=11)
        figure.align_ylabels()
        _draw_notes(figure, table)
        if path is not None:
            suffix = Path(path).suffix.lower()
            write_atomically(Path(path), lambda file: figure.savefig(file, format=suffix[1:], metadata=SUFFIXES[suffix]))
        return figure


def require_drawable(lengths: Sequence[int]) -> None:
    """Raise V101 where no figure shows a table whose axes, copies aside, have these lengths."""
    if len(lengths) > 3 or (len(lengths) == 3 and min(lengths) > FEW):
        shown = " x ".join(map(str, lengths))
        told = f"a figure shows one axis, two, or three of which one has at most {FEW} values, and the sweep has {shown}"
        raise fail(BAD_VALUE, told, help="leave out `--plot`, or fix some with `--set`")


def _panels(table: Table, measure: Measure) -> list[_Panel]:
    """Return the panels of a measure, from left to right."""
    values, axes, low, high = drawable(table.values[measure.name]), list(table.axes), None, None
    failed: NDArray[np.bool_] = np.isin(np.arange(table.done.size), list(table.failed)).reshape(values.shape)
    if len(axes) > 1 and axes[-1].kind == "copy":
        values, low, high = _over_copies(values)
        failed, axes = np.any(failed, axis=-1), axes[:-1]
    if table.drawn:
        chosen = [table.drawn] if len(table.drawn) <= 2 else [(axis,) for axis in table.drawn[:FEW]]
        return [_Panel(measure, some, values, None, None, failed) for some in chosen]
    require_drawable([len(axis.values) for axis in axes])
    if len(axes) < 3:
        return [_Panel(measure, tuple(axes), values, low, high, failed)]
    least = int(np.argmin([len(axis.values) for axis in axes]))
    rest = tuple(axis for k, axis in enumerate(axes) if k != least)
    band = (None, None) if low is None or high is None else (np.moveaxis(low, least, 0), np.moveaxis(high, least, 0))
    found = []
    for k, value in enumerate(axes[least].values.tolist()):
        below, above = (None if edge is None else edge[k] for edge in band)
        part, lost = np.moveaxis(values, least, 0)[k], np.moveaxis(failed, least, 0)[k]
        found.append(_Panel(measure, rest, part, below, above, lost, _value(axes[least], value)))
    return found


def _over_copies(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean and the quantiles 5 % and 95 % over the last axis, of what is finite."""
    shape = values.shape[:-1]
    flat = values.reshape(-1, values.shape[-1])
    mean, low, high = (np.full(len(flat), np.nan) for _ in range(3))
    good = np.isfinite(flat).any(axis=1)
    if good.any():
        mean[good] = np.nanmean(flat[good], axis=1)
        low[good], high[good] = np.nanquantile(flat[good], (0.05, 0.95), axis=1)
    return mean.reshape(shape), low.reshape(shape), high.reshape(shape)


def _few(axes: tuple[Axis, ...]) -> int | None:
    """Return which of two axes is drawn as curves beside one another, None where neither has few values."""
    lengths = [len(axis.values) for axis in axes]
    least = int(np.argmin(lengths)) if len(set(lengths)) > 1 else 1
    return least if lengths[least] <= FEW else None


def _draw_row(figure: Figure, axes: list[Axes], panels: list[_Panel], inches: float, ends: tuple[bool, bool]) -> None:
    """Draw the panels of a measure, which share their range; ``ends`` tells whether they are the first and the last ones."""
    first = panels[0]
    scattered = first.values.ndim == 1 and len(first.axes) == 2
    heat = len(first.axes) == 2 and not scattered and _few(first.axes) is None
    everything = np.concatenate([panel.values.ravel() for panel in panels])
    for k, (ax, panel) in enumerate(zip(axes, panels, strict=True)):
        if scattered:
            _draw_dots_in_plane(figure, ax, panel, inches)
        elif heat:
            _draw_heat(figure, axes, k, panel, everything, inches)
        elif panel.values.ndim == 1 and panel.values.size and panel.axes[0].values.size == panel.values.size and not _is_curve(panel):
            _draw_dots(ax, panel)
        else:
            _draw_curves(ax, panel, legend=k == len(panels) - 1)
        if ends[0] and panel.title:
            ax.set_title(panel.title, fontsize=10)
        if not (scattered or heat) and k == 0:
            ax.set_ylabel(_measure_label(panel.measure, inches))
        if ends[1]:
            ax.set_xlabel(_axis_label(_across(panel)))


def _is_curve(panel: _Panel) -> bool:
    """Return whether the values of an axis stand in an order that a line can follow, not where points were drawn or only counted."""
    values = panel.axes[0].values
    return panel.axes[0].kind != "copy" and (bool(np.all(np.diff(values) > 0)) or bool(np.all(np.diff(values) < 0)) or len(values) <= FEW)


def _across(panel: _Panel) -> Axis:
    """Return the axis of a panel that goes from left to right."""
    few = _few(panel.axes) if len(panel.axes) == 2 and panel.values.ndim == 2 else None
    return panel.axes[1 - few] if few is not None else panel.axes[0]


def _draw_curves(ax: Axes, panel: _Panel, legend: bool) -> None:
    """Draw a measure over one axis, a curve for each value of the other where there are two."""
    few = _few(panel.axes) if len(panel.axes) == 2 else None
    across = _across(panel)
    order = np.argsort(across.values, kind="stable")
    marker = "." if len(across.values) <= MOST_MARKED else ""
    other = None if few is None else panel.axes[few]
    for k in range(1 if other is None else len(other.values)):
        curve, low, high = (None if part is None else (part if few is None else np.moveaxis(part, few, 0)[k])[order] for part in panel.spread)
        assert curve is not None
        label = "_curve" if other is None else _value(other, float(other.values[k]))
        colour = COLOURS[k % len(COLOURS)]
        if low is not None and high is not None:
            ax.fill_between(across.values[order], low, high, color=colour, alpha=0.2, linewidth=0)
        alone = _alone(curve)
        ax.plot(across.values[order], curve, color=colour, linewidth=1.4, marker=marker, label=label)
        if not marker and alone.any():
            ax.plot(across.values[order][alone], curve[alone], color=colour, marker=".", linestyle="none", label="_alone")
    lost = panel.failed if few is None else np.any(panel.failed, axis=few)
    _mark_failed(ax, across.values[lost])
    if across.log:
        ax.set_xscale("log")
    ax.margins(x=0.02, y=0.07)
    if other is not None and legend:
        ax.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), borderaxespad=0.2)


def _alone(curve: Floats) -> NDArray[np.bool_]:
    """Return which values of a curve have no finite neighbour, so that no line shows them."""
    good = np.isfinite(curve)
    padded = np.concatenate([[False], good, [False]])
    alone: NDArray[np.bool_] = good & ~padded[:-2] & ~padded[2:]
    return alone


def _mark_failed(ax: Axes, values: Floats) -> None:
    """Mark where runs failed, at the foot of the axes."""
    if len(values):
        ax.plot(
            values,
            np.zeros(len(values)),
            transform=ax.get_xaxis_transform(),
            color=ALERT,
            marker="x",
            linestyle="none",
            clip_on=False,
            label="_failed",
        )


def _draw_dots(ax: Axes, panel: _Panel) -> None:
    """Draw a measure at points that follow no order."""
    values = panel.axes[0].values
    size = 4.0 if len(values) <= SMALL_POINTS else 1.5
    ax.plot(values, panel.values, color=COLOURS[0], marker="o", markersize=size, markeredgewidth=0, linestyle="none", label="_points")
    _mark_failed(ax, values[panel.failed])
    if panel.axes[0].log:
        ax.set_xscale("log")
    ax.margins(x=0.02, y=0.07)


def _draw_dots_in_plane(figure: Figure, ax: Axes, panel: _Panel, inches: float) -> None:
    """Draw points in the plane of what was drawn at random, coloured by the measure."""
    x, y = panel.axes
    colours, low, high = colours_of(panel.values)
    size = 22.0 if len(x.values) <= SMALL_POINTS else 5.0
    dots = ax.scatter(x.values, y.values, c=panel.values, cmap=colours, vmin=low, vmax=high, s=size, linewidth=0, plotnonfinite=True)
    ax.plot(x.values[panel.failed], y.values[panel.failed], color=ALERT, marker="x", linestyle="none", label="_failed")
    for axis, scale in ((x, ax.set_xscale), (y, ax.set_yscale)):
        if axis.log:
            scale("log")
    ax.set_ylabel(_axis_label(y))
    bar = figure.colorbar(dots, ax=ax, pad=0.02, fraction=0.05)
    bar.outline.set_linewidth(0.5)
    bar.set_label(_measure_label(panel.measure, inches))


def _draw_heat(figure: Figure, row: list[Axes], place: int, panel: _Panel, everything: Floats, inches: float) -> None:
    """Draw a measure over two axes as a heat map; the maps of a row share their colours."""
    x, y = panel.axes
    ax = row[place]
    across, up = np.argsort(x.values), np.argsort(y.values)
    colours, low, high = colours_of(everything)
    values = np.ma.masked_invalid(panel.values[np.ix_(across, up)].T)
    image = ax.pcolormesh(_edges(x), _edges(y), values, cmap=colours, vmin=low, vmax=high, rasterized=True)
    ax.set_facecolor(MISSING)
    at = np.argwhere(panel.failed)
    ax.plot(x.values[at[:, 0]], y.values[at[:, 1]], color=ALERT, marker="x", markersize=4, linestyle="none", label="_failed")
    for axis, scale in ((x, ax.set_xscale), (y, ax.set_yscale)):
        if axis.log:
            scale("log")
    for spine in ("top", "right"):
        ax.spines[spine].set_visible(True)
    if place == 0:
        ax.set_ylabel(_axis_label(y))
    if place == len(row) - 1:
        bar = figure.colorbar(image, ax=row, pad=0.02, fraction=0.05)
        bar.outline.set_linewidth(0.5)
        bar.set_label(_measure_label(panel.measure, inches))


def _edges(axis: Axis) -> Floats:
    """Return the borders of the cells around the values of an axis, in their order: half-way between neighbours."""
    values = np.sort(axis.values)
    if axis.log:
        values = np.log(np.abs(values)) * np.sign(values[0])
    middle = 0.5 * (values[:-1] + values[1:])
    edges = np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])
    return np.sign(axis.values[0]) * np.exp(edges * np.sign(axis.values[0])) if axis.log else edges


def _value(axis: Axis, value: float) -> str:
    """Return a value of an axis as text: ``g_K = 36 mS/cm^2``."""
    return f"{symbol(axis.name)} = {number(value)}{after_space(axis.unit)}"


def _axis_label(axis: Axis) -> str:
    if axis.counts:
        return "Copy" if axis.kind == "copy" else "Point"
    start = "Initial " if axis.kind == "init" else ""
    label = f"{plain(axis.label, 40)} " if axis.label else ""
    text = f"{label[:1].lower()}{label[1:]}" if start and label[1:2].islower() else label
    return f"{start}{text}{symbol(axis.name)}{in_parentheses(axis.unit)}"


def _measure_label(measure: Measure, inches: float) -> str:
    """Return the label of a measure: what it is, of what, and its unit, on as many lines as the height asks for."""
    kind, _, inside = measure.name.partition("(")
    if kind in OF_QUANTITIES and inside:
        return f"{OF_QUANTITIES[kind].label} {name_of(inside.removesuffix(')'))}{in_parentheses(measure.unit)}"
    lines = textwrap.wrap(plain(measure.label, 80) + in_parentheses(measure.unit), max(12, int(9 * inches)))
    return "\n".join(lines)


def _title(table: Table) -> str:
    """Return the title of the model and, below it, how many copies there are and from which time on is measured."""
    meta, told = table.meta, []
    copies = [len(axis.values) for axis in table.axes if axis.kind == "copy"]
    if copies and len(table.axes) > 1:
        told.append(f"mean of {copies[0]} copies and 5–95 %" if _few_axes(table) else f"mean of {copies[0]} copies")
    if meta.get("start"):
        told.append(f"from {number(meta['start'])}{after_space(str(meta.get('time_unit', '1')))} on")
    head = plain(str(meta.get("title") or meta.get("model") or ""), 70)
    return f"{head}\n{', '.join(told)}" if told else head


def _few_axes(table: Table) -> bool:
    """Return whether the table is drawn as curves, which have room for the spread over copies."""
    axes = tuple(axis for axis in table.axes if axis.kind != "copy")
    return not table.drawn and (len(axes) == 1 or (len(axes) == 2 and _few(axes) is not None))


def _draw_notes(figure: Figure, table: Table) -> None:
    """Write below the figure what it does not show."""
    notes, total = [], math.prod(table.shape)
    undone = total - int(table.done.sum()) - len(table.lost)
    if undone:
        notes.append(f"{undone} of {total} points have not been run")
    if table.failed:
        notes.append(f"× {len(table.failed)} of {total} points failed")
    undefined = table.done & ~np.isin(np.arange(total), list(table.failed))
    if any(np.isnan(table.values[measure.name].ravel()[undefined]).any() for measure in table.measures[:MOST_PANELS]):
        notes.append("left out, or grey: where a measure is not defined")
    left_out = [measure.name for measure in table.measures[MOST_PANELS:]]
    if left_out:
        notes.append(plain(f"not shown: {', '.join(left_out[:12])}", 120))
    if notes:
        figure.supxlabel("\n".join(notes), fontsize=8.5, color=ALERT if table.failed or undone else MUTED, x=0.01, ha="left", linespacing=1.4)
