"""Figures of a run of a network: the spikes of its populations, their rates, and what was recorded of neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neurodsl.diagnostics import fail
from neurodsl.files import write_atomically
from neurodsl.plotting import SUFFIXES, require_figure_destination
from neurodsl.plotting.network_panels import draw_network_rate, draw_network_trace, legend_of_populations
from neurodsl.plotting.network_raster import draw_network_raster
from neurodsl.plotting.style import ALERT, MUTED, style, without_word_of_missing_glyphs
from neurodsl.rules import BAD_VALUE
from neurodsl.solution import NetworkResult
from neurodsl.typesetting import after_space, in_parentheses, number, plain

WIDTH = 10.0
FEWEST_FOR_RATE = 20
"""Spikes of which the rates over time are drawn."""
MOST_TRACES = 6
"""Recorded quantities that have a panel."""


@dataclass(frozen=True)
class _Row:
    """What is drawn over time: the ``raster``, the ``rate``, or the recorded quantity of that name; and its height in inches."""

    kind: str
    inches: float


def figure_of(result: NetworkResult) -> Figure:
    """Return the figure of a run: the spikes as a raster, the rate of each population, and below each recorded quantity of neurons.

    Populations have colours of their own and are stacked in the order of the file, the first at the bottom; of large ones some neurons are drawn,
    and the axis says which part. Where nothing fired a note says so, and what was recorded is drawn
    alone. At most six recorded quantities are drawn; a note names what was left out.

    Raises
    ------
    NeuroError
        V101 where there is nothing to draw: the run has no length.
    """
    _require_length(result)
    few = 0.55 + 0.2 * sum(min(size, 8) if result.spikes[name].count else 1 for name, size in result.sizes.items())
    traces = [_Row(name, 1.6) for name, trace in result.traces.items() if trace.values.size][:MOST_TRACES]
    raster = _Row("raster", min(max(few, 1.2), 3.6 + 0.16 * max(0, len(result.sizes) - 4)))
    rate = [_Row("rate", 1.5)] if result.count >= FEWEST_FOR_RATE else []
    rows = [*([raster, *rate] if result.count or not traces else []), *traces]
    with style():
        figure = _new(sum(row.inches for row in rows) + 0.9)
        axes = _draw_over_time(result, figure, rows)
        axes[0].set_title(network_title(result), loc="left", pad=9)
        left_out = [name for name in result.traces if name not in [row.kind for row in rows]]
        draw_network_notes(result, figure, left_out, () if result.count else ("no spikes",))
        return figure


def rate_figure(result: NetworkResult, window: float | None = None) -> Figure:
    """Return the figure of the rates of the populations over time alone.

    Parameters
    ----------
    result : NetworkResult
    window : float, optional
        The width of the bins in the unit of the time; by default one in which enough spikes fall.

    Raises
    ------
    NeuroError
        V101 where there is nothing to draw, or the window is not positive.
    """
    _require_length(result)
    with style():
        figure = _new(3.6)
        ax = figure.add_subplot()
        draw_network_rate(result, ax, window)
        _finish_time(result, [ax])
        legend_of_populations(result, ax)
        ax.set_title(network_title(result), loc="left", pad=9)
        draw_network_notes(result, figure, [])
        return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure to a `.png`, `.svg` or `.pdf` file; the same figure gives the same bytes.

    Raises
    ------
    NeuroError
        V101 for another suffix, F102 where the file cannot be written.
    """
    require_figure_destination(path)
    suffix = Path(path).suffix.lower()
    with style(), without_word_of_missing_glyphs():
        write_atomically(Path(path), lambda file: figure.savefig(file, format=suffix[1:], metadata=SUFFIXES[suffix]))


def _require_length(result: NetworkResult) -> None:
    if not result.elapsed > 0 or not result.sizes:
        raise fail(BAD_VALUE, "there is nothing to draw: the run has no length, or no populations")


def _new(height: float) -> Figure:
    """Return an empty figure of a height in inches."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_over_time(result: NetworkResult, figure: Figure, rows: Sequence[_Row]) -> list[Axes]:
    """Draw what has the time as its axis, one below the other."""
    grid = figure.add_gridspec(len(rows), 1, height_ratios=[row.inches for row in rows])
    axes: list[Axes] = []
    for k, row in enumerate(rows):
        ax = figure.add_subplot(grid[k, 0], sharex=axes[0] if axes else None)
        axes.append(ax)
        if row.kind == "raster":
            draw_network_raster(result, ax, row.inches)
        elif row.kind == "rate":
            draw_network_rate(result, ax, None)
        else:
            draw_network_trace(result, figure, ax, row.kind, row.inches)
    _finish_time(result, axes)
    return axes


def _finish_time(result: NetworkResult, axes: Sequence[Axes]) -> None:
    """Give panels one axis of the time."""
    axes[0].set_xlim(0.0, result.elapsed)
    for ax in axes[:-1]:
        ax.tick_params(axis="x", length=2.5, labelbottom=False)
    axes[0].figure.align_ylabels(axes[1:])
    axes[-1].set_xlabel(f"Time{in_parentheses(result.time_unit)}")


def network_title(result: NetworkResult) -> str:
    """Return the title of the network and, below it, the parameters that differ from what the file says."""
    meta = result.meta
    head = plain(str(meta.get("title") or meta.get("model") or ""), 90)
    defaults, given = meta.get("defaults") or {}, meta.get("parameters") or {}
    changed = [(name, value) for name, value in given.items() if name in defaults and defaults[name] != value]
    shown = [
        f"{plain(name, 40)} changed" if isinstance(value, list) else f"{plain(name, 40)} = {number(value)}{after_space(result.units.get(name, '1'))}"
        for name, value in changed[:6]
    ]
    if len(changed) > len(shown):
        shown.append(f"{len(changed) - len(shown)} more changed")
    return f"{head}\n{', '.join(shown)}" if shown else head


def draw_network_notes(result: NetworkResult, figure: Figure, left_out: Sequence[str], more: Sequence[str] = ()) -> None:
    """Write below the figure what it does not show."""
    notes = [*([plain(f"incomplete: {result.stopped}", 110)] if result.stopped else []), *more]
    if left_out:
        others = f" and {len(left_out) - 12} more" if len(left_out) > 12 else ""
        notes.append(plain(f"not shown: {', '.join(left_out[:12])}{others}", 160))
    if notes:
        figure.supxlabel("\n".join(notes), fontsize=8.5, color=ALERT if result.stopped else MUTED, x=0.01, ha="left", linespacing=1.4)
