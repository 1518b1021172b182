"""Figures of a run.

Figures are drawn with matplotlib's objects and never with its ``pyplot``, in settings of their own and not in the user's: a figure looks the
same everywhere, and no text of a model is ever handed to TeX.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from neurodsl.diagnostics import fail
from neurodsl.files import require_writable, write_atomically
from neurodsl.plotting.heat import draw_heat, draw_matrix, draw_return_map
from neurodsl.plotting.lines import draw_lines
from neurodsl.plotting.panels import MOST_PANELS, Panel, arrange, panels_of, returns, thin, voltage_first
from neurodsl.plotting.spikes import MOST_TICKS, draw_raster, draw_rate, draw_ticks, raster_of
from neurodsl.plotting.style import style, without_word_of_missing_glyphs
from neurodsl.plotting.words import draw_notes, time_label, title
from neurodsl.rules import BAD_VALUE
from neurodsl.solution import Result

__all__ = ["arrange", "plot", "require_figure_destination", "save_figure", "thin"]

SUFFIXES = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
"""The formats of figures, each with what keeps the moment of writing out of the file."""
WIDTH, MATRIX_INCHES = 10.0, 3.4
FEWEST_FOR_RATE = 50
"""Spikes of which the rate over time is drawn."""


def plot(result: Result, names: Sequence[str] | None = None) -> Figure:
    """Return the figure of a run: each recorded quantity over time, thresholds dashed, spikes marked.

    Quantities that belong together share a panel. Of copies the mean is drawn, the band from the 5 % to the 95 % quantile and the first few,
    and their spikes as a raster; the elements of a vector as lines or, where there are more than eight, as a heat map over time; a matrix at its
    first and its last time; the values of a map as points, and those of a map in one dimension also against the value before. At most eight
    panels are drawn; a note in the figure names what was left out.

    Parameters
    ----------
    result : Result
        The run.
    names : sequence of str, optional
        What to draw, in this order; by default everything that was recorded, the voltage or the first state on top.

    Raises
    ------
    NeuroError
        V101 where there is nothing to draw.
    KeyError
        For a name that was not recorded.
    """
    chosen = list(dict.fromkeys(names)) if names is not None else voltage_first(result)
    panels = panels_of(result, chosen)
    if not panels and not result.spikes.count:
        raise fail(BAD_VALUE, "there is nothing to draw: nothing was recorded and nothing spiked")
    shown, left_out = panels[:MOST_PANELS], panels[MOST_PANELS:]
    with style():
        figure = _draw(result, shown)
        draw_notes(result, figure, [name for panel in shown for name in panel.names], [name for panel in left_out for name in panel.names])
        return figure


def save_figure(result: Result, path: str | Path, names: Sequence[str] | None = None) -> None:
    """Write the figure of a run to a `.png`, `.svg` or `.pdf` file; the same run gives the same bytes.

    Raises
    ------
    NeuroError
        V101 for another suffix or where there is nothing to draw, F102 where the file cannot be written.
    """
    path = Path(path)
    suffix = _suffix(path)
    figure = plot(result, names)
    with style(), without_word_of_missing_glyphs():
        write_atomically(path, lambda file: figure.savefig(file, format=suffix[1:], metadata=SUFFIXES[suffix]))


def require_figure_destination(path: str | Path) -> None:
    """Raise, before a run, what saving its figure would raise afterwards.

    Raises
    ------
    NeuroError
        V101 for a suffix that is not supported, F102 where the file cannot be written.
    """
    _suffix(Path(path))
    require_writable(Path(path))


def _suffix(path: Path) -> str:
    """Return the suffix, in small letters, of a file that a figure can be saved to."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        named = f"`{suffix}` is no format for figures" if suffix else "the name has no suffix that tells the format"
        raise fail(BAD_VALUE, f"cannot save the figure to `{path}`: {named}", help="use `.png`, `.svg` or `.pdf`")
    return suffix


@dataclass(frozen=True)
class _Row:
    """A panel over time, or without one the spikes (``raster``) or their ``rate``, with its share of the height."""

    kind: str
    panel: Panel | None
    share: float


def _rows_of(result: Result, panels: Sequence[Panel]) -> list[_Row]:
    """Return what is drawn over time, from top to bottom."""
    spikes, timed = result.spikes, [panel for panel in panels if panel.kind != "matrix"]
    rows = [_Row(panel.kind, panel, 1.5 if k == 0 else 1.0) for k, panel in enumerate(timed)]
    if spikes.count and (spikes.count > MOST_TICKS or spikes.index.any() or result.copies is not None or not rows):
        many = result.copies is not None and result.copies > 1 and not rows and spikes.count >= FEWEST_FOR_RATE
        rows.insert(0, _Row("raster", None, 0.25 if raster_of(result)[2] == 1 else 1.0))
        rows += [_Row("rate", None, 0.7)] if many else []
    return rows


def _height_of(rows: Sequence[_Row]) -> float:
    """Return the inches that the panels over time take, their title and the label of their axis included."""
    panels = sum(row.panel is not None for row in rows)
    raster = sum(row.share for row in rows if row.kind == "raster")
    if not panels:
        return 0.0 if not rows else 2.4 if raster < 1 else 3.6 + 1.4 * (len(rows) - 1)
    return 4.0 + (1.5 if panels < 6 else 1.35) * (panels - 1) + (0.0 if not raster else 0.4 if raster < 1 else 1.4)


def _draw(result: Result, panels: Sequence[Panel]) -> Figure:
    """Return the figure of the panels."""
    rows, matrices = _rows_of(result, panels), [panel.names[0] for panel in panels if panel.kind == "matrix"]
    height, returning = _height_of(rows), returns(result, panels)
    heights = [*([height] if rows else []), *(MATRIX_INCHES for _ in matrices)]
    figure = Figure(figsize=(WIDTH, sum(heights) + (0.0 if rows else 0.4)), layout="constrained")
    FigureCanvasAgg(figure)
    outer = figure.add_gridspec(len(heights), 2 if returning else 1, height_ratios=heights, width_ratios=[1.9, 1] if returning else [1])
    if rows:
        _draw_over_time(result, figure, outer, rows, height)
    else:
        figure.suptitle(title(result), x=0.01, ha="left", fontsize=11)
    if returning:
        draw_return_map(result, figure.add_subplot(outer[0, 1]), returning)
    for k, name in enumerate(matrices, start=len(heights) - len(matrices)):
        pair = outer[k, :].subgridspec(1, 2)
        draw_matrix(result, figure, (figure.add_subplot(pair[0, 0]), figure.add_subplot(pair[0, 1])), name, MATRIX_INCHES)
    return figure


def _draw_over_time(result: Result, figure: Figure, outer: GridSpec, rows: Sequence[_Row], height: float) -> None:
    """Draw what has the time as its axis, one below the other."""
    shares = [row.share for row in rows]
    grid = outer[0, 0].subgridspec(len(rows), 1, height_ratios=shares)
    axes: list[Axes] = []
    for k, row in enumerate(rows):
        ax = figure.add_subplot(grid[k, 0], sharex=axes[0] if axes else None)
        axes.append(ax)
        _draw_row(result, figure, ax, row, height * row.share / sum(shares), any(row.kind == "raster" for row in rows))
    if len(result.t) > 1:
        half = 0.5 * float(result.t[1] - result.t[0]) if result.meta.get("discrete") else 0.0
        axes[0].set_xlim(float(result.t[0]) - half, float(result.t[-1]) + half)
    for ax in axes[:-1]:
        ax.tick_params(axis="x", length=2.5, labelbottom=False)
    if rows[0].share < 1 and len(rows) > 1:
        axes[0].spines["bottom"].set_visible(False)
        axes[0].tick_params(axis="x", length=0)
    marked = bool(result.spikes.count) and rows[0].kind != "raster"
    if marked:
        draw_ticks(result, axes[0])
    axes[-1].set_xlabel(time_label(result))
    axes[0].set_title(title(result), loc="left", pad=18 if marked else 9)
    figure.align_ylabels(axes)


def _draw_row(result: Result, figure: Figure, ax: Axes, row: _Row, inches: float, crowded: bool) -> None:
    """Draw one of them."""
    if row.panel is None:
        (draw_raster if row.kind == "raster" else draw_rate)(result, ax)
    elif row.kind == "heat":
        draw_heat(result, figure, ax, row.panel.names[0], inches)
    else:
        draw_lines(result, ax, row.panel, inches, crowded)
