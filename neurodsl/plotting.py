"""Figures of a run.

Figures are drawn with matplotlib's objects and never with its ``pyplot``, in the settings below and not in the user's: a figure looks the
same everywhere, and no text of a model is ever handed to TeX.
"""

from __future__ import annotations

import logging
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neurodsl.diagnostics import fail
from neurodsl.files import require_writable, write_atomically
from neurodsl.rules import BAD_VALUE
from neurodsl.solution import Result
from neurodsl.typesetting import after_space, in_parentheses, number, plain, symbol

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F6A00")
"""Okabe and Ito's palette, which colour-blind readers can tell apart, with its yellow darkened."""
INK, MUTED, ALERT = "#262626", "#6B6B6B", "#B3261E"
STYLE: dict[Any, object] = {
    "axes.edgecolor": INK,
    "axes.formatter.useoffset": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.unicode_minus": True,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "mathtext.fontset": "dejavusans",
    "path.simplify_threshold": 0.05,
    "savefig.dpi": 150,
    "svg.hashsalt": "neurodsl",
    "text.color": INK,
    "text.parse_math": True,
    "text.usetex": False,
    "xtick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.color": INK,
    "ytick.major.width": 0.7,
}
SUFFIXES = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
"""The formats of figures, each with what keeps the moment of writing out of the file."""
MOST_PANELS, MOST_LINES = 8, 8
BINS = 2000
"""Columns, about one for each pixel, of which a long trace keeps the extremes."""
MOST_TICKS = 150
"""Spikes that are drawn above the top panel; more have a strip of their own."""
LARGEST_DRAWN = 1e300
FARTHEST_THRESHOLD = 20.0
"""A threshold farther from the trace than so many times its range is told in words."""
VOLTS = re.compile(r"[munµμ]?V")

Floats = NDArray[np.float64]


def plot(result: Result, names: Sequence[str] | None = None) -> Figure:
    """Return the figure of a run: each recorded quantity over time, thresholds dashed, spikes marked.

    Quantities that belong together share a panel. At most eight panels are drawn; a note in the figure names what was left out.

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
    chosen = list(dict.fromkeys(names)) if names is not None else _voltage_first(result)
    traces = {name: result[name] for name in chosen}
    panels = arrange(result, traces)
    crowded = result.spikes.count > MOST_TICKS or bool(result.spikes.index.any()) or (result.spikes.count > 0 and not panels)
    if not panels and not crowded:
        raise fail(BAD_VALUE, "there is nothing to draw: nothing was recorded and nothing spiked")
    shown, left_out = panels[:MOST_PANELS], panels[MOST_PANELS:]
    with _style():
        return _draw(result, shown, crowded, [name for panel in left_out for name in panel])


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
    with _style(), _without_word_of_missing_glyphs():
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


@contextmanager
def _style() -> Iterator[None]:
    """Let the settings above hold, and none of the user's."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


@contextmanager
def _without_word_of_missing_glyphs() -> Iterator[None]:
    """Let a character that the font lacks be drawn as a box, without a warning for the writer of a Chinese label."""
    logger = logging.getLogger("matplotlib.mathtext")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
            yield
    finally:
        logger.setLevel(level)


# --- what goes where ----------------------------------------------------------------------------------------------------


def _voltage_first(result: Result) -> list[str]:
    """Return the recorded names with the membrane potential, or else the first state, in front."""
    states = [name for name in result if name in result.final]
    volts = [name for name in states if VOLTS.fullmatch(result.units.get(name, "1"))]
    named = [name for name in volts if name[0] in "Vv"]
    top = (named or volts or states)[:1]
    return [*top, *(name for name in result if name not in top)]


def arrange(result: Result, names: Sequence[str] | dict[str, Floats]) -> list[tuple[str, ...]]:
    """Return which quantities share which panel, in the order of the names.

    States that are fractions between 0 and 1 share one; so do derived quantities of one unit (the currents), and states of one unit
    whose names differ by their number alone.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        key = _role(result, name)
        while len(groups.get(key, ())) >= MOST_LINES:
            key = (*key, "more")
        groups.setdefault(key, []).append(name)
    return [tuple(group) for group in groups.values()]


def _role(result: Result, name: str) -> tuple[str, ...]:
    """Return what the quantities that share a panel have in common."""
    unit, state = result.units.get(name, "1"), name in result.final
    low, high = _range(result[name])
    if unit == "1" and low >= -0.05 and high <= 1.05:
        return ("fractions", "state" if state else "derived")
    if unit == "1":
        return ("alone", name)
    return ("state", unit, re.sub(r"_?\d+$", "", name)) if state else ("derived", unit)


def _range(trace: Floats) -> tuple[float, float]:
    """Return the smallest and the largest finite value of a trace, or 0 and 0."""
    drawable = _drawable(trace)
    finite = drawable[np.isfinite(drawable)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def _drawable(trace: Floats) -> Floats:
    """Return a trace without the values that no axis can hold."""
    return np.where(np.abs(trace) < LARGEST_DRAWN, trace, np.nan)


def thin(t: Floats, trace: Floats, bins: int = BINS) -> tuple[Floats, Floats]:
    """Return a trace that draws like the given one, with at most four points for each column of pixels.

    Of each column the first, the smallest, the largest and the last value are kept, in their order, so no spike is lost.
    """
    if len(t) <= 4 * bins:
        return t, trace
    size = len(t) // bins
    starts = np.arange(bins) * size
    columns = trace[: bins * size].reshape(bins, size)
    finite = np.isfinite(columns)
    lowest = starts + np.where(finite, columns, np.inf).argmin(axis=1)
    highest = starts + np.where(finite, columns, -np.inf).argmax(axis=1)
    kept = np.unique(np.concatenate([starts, lowest, highest, starts + size - 1, np.arange(bins * size, len(t))]))
    return t[kept], trace[kept]


# --- drawing ------------------------------------------------------------------------------------------------------------


def _draw(result: Result, panels: Sequence[tuple[str, ...]], crowded: bool, left_out: Sequence[str]) -> Figure:
    """Return the figure of the panels, with a strip for the spikes where there are many."""
    ratios = [
        *([0.25 if result.spikes.index.max() == 0 else 1.0] if crowded else []),
        *([1.5] if panels else []),
        *([1.0] * (len(panels) - 1)),
    ]
    height = 4.0 + (1.5 if len(panels) < 6 else 1.35) * max(0, len(panels) - 1) + (0.4 if crowded else 0.0)
    figure = Figure(figsize=(10, height if panels else 2.4), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios)
    axes: list[Axes] = list(grid[:, 0])
    if len(result.t) > 1:
        axes[0].set_xlim(float(result.t[0]), float(result.t[-1]))
    for ax, panel in zip(axes[len(axes) - len(panels) :], panels, strict=True):
        _draw_panel(result, ax, panel, height * 1.5 / sum(ratios) if ax is axes[-len(panels)] else height / sum(ratios))
    if crowded:
        _draw_strip(result, axes[0])
    elif result.spikes.count:
        _draw_ticks(result, axes[0])
    for ax in axes[:-1]:
        ax.tick_params(axis="x", length=2.5)
    if crowded and panels:
        axes[0].spines["bottom"].set_visible(False)
        axes[0].tick_params(axis="x", length=0)
    axes[-1].set_xlabel(f"Time{in_parentheses(result.units.get('t', '1'))}")
    axes[0].set_title(_title(result), loc="left", pad=18 if result.spikes.count and not crowded else 9)
    figure.align_ylabels(axes)
    _draw_notes(result, figure, [name for panel in panels for name in panel], left_out)
    return figure


def _draw_panel(result: Result, ax: Axes, panel: tuple[str, ...], inches: float) -> None:
    """Draw the traces of a panel with its thresholds, labels and legend."""
    width = 1.1 if result.spikes.count <= MOST_TICKS else 0.6
    for colour, name in zip(COLOURS, panel, strict=False):
        t, trace = thin(result.t, _drawable(result[name]))
        label = symbol(name) + (f"  {_doc(result, name, 26)}" if _doc(result, name) else "")
        ax.plot(t, trace, color=colour, linewidth=width, label=label, marker="o" if len(t) == 1 else None, solid_joinstyle="round")
    ax.margins(y=0.07)
    _draw_thresholds(result, ax, panel, inches)
    unit = result.units.get(panel[0], "1")
    if len(panel) == 1:
        ax.set_ylabel(_axis_label(result, panel[0], inches))
    else:
        ax.set_ylabel(", ".join(symbol(name) for name in panel[:6]) + (", …" if len(panel) > 6 else "") + in_parentheses(unit))
        ax.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), borderaxespad=0.2)
    ax.locator_params(axis="y", nbins=6 if inches > 2 else 4)


def _draw_thresholds(result: Result, ax: Axes, panel: tuple[str, ...], inches: float) -> None:
    """Draw the thresholds of a panel as dashed lines, each with its value at the right of the axes or in the legend."""
    wanted = {float(value): name for name in panel for value in result.meta.get("thresholds", {}).get(name, ()) if abs(value) < LARGEST_DRAWN}
    low, high = min(_range(result[name])[0] for name in panel), max(_range(result[name])[1] for name in panel)
    labels = []
    for value, name in sorted(wanted.items()):
        text = f"threshold {number(value)}{after_space(result.units.get(name, '1'))}"
        if max(value - high, low - value) > FARTHEST_THRESHOLD * ((high - low) or abs(value)):
            labels.append((value, f"{text}\n({'above' if value > high else 'below'} the axis)"))
            continue
        ax.axhline(value, color=MUTED, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1.5, label=text if len(panel) > 1 else "_")
        labels += [(value, text.replace(" ", "\n", 1))] if len(panel) == 1 else []
    bottom, top = ax.get_ylim()
    free = 0.0
    for value, text in labels:
        height = max(min((value - bottom) / (top - bottom), 1.0), free)
        free = height + 0.36 / inches
        ax.annotate(text, (1.008, height), xycoords="axes fraction", va="center", color=MUTED, fontsize=9)


def _draw_ticks(result: Result, ax: Axes) -> None:
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
    ax.annotate(_spike_count(count), (1.008, 1.045), xycoords="axes fraction", va="center", color=MUTED, fontsize=9)


def _draw_strip(result: Result, ax: Axes) -> None:
    """Draw the spikes as a raster, one row for each element."""
    times, rows = result.spikes.times, result.spikes.index
    if len(result.t) > 1:
        span = float(result.t[-1] - result.t[0]) or 1.0
        columns = np.rint((times - result.t[0]) / span * 2 * BINS).astype(np.int64)
        kept = np.unique(np.column_stack([rows, columns]), axis=0, return_index=True)[1]
        times, rows = times[kept], rows[kept]
    ax.vlines(times, rows - 0.4, rows + 0.4, color=INK, linewidth=0.5, label="_spikes")
    ax.set_ylim(-0.6, int(rows.max()) + 0.6)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_ylabel("spikes", rotation=0, ha="right", va="center")
    ax.annotate(_spike_count(result.spikes.count), (1.008, 0.5), xycoords="axes fraction", va="center", color=MUTED, fontsize=9)


def _draw_notes(result: Result, figure: Figure, drawn: Sequence[str], left_out: Sequence[str]) -> None:
    """Write below the figure what it does not show."""
    notes = []
    complete = result.meta.get("complete", True)
    if not complete:
        notes.append(plain(f"incomplete: {result.meta.get('stopped') or 'the run ended early'}", 110))
    endless = [name for name in drawn if np.isnan(_drawable(result[name])).any()]
    for found, names in (("not shown", left_out), ("in part not finite, or too large to draw", endless)):
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        notes += [plain(f"{found}: {', '.join(names[:12])}{more}", 160)] if names else []
    if notes:
        figure.supxlabel("\n".join(notes), fontsize=8.5, color=MUTED if complete else ALERT, x=0.01, ha="left", linespacing=1.4)


# --- words --------------------------------------------------------------------------------------------------------------


def _doc(result: Result, name: str, longest: int = 60) -> str:
    """Return the label that the author gave a quantity, or the empty text."""
    return plain(str(result.meta.get("labels", {}).get(name) or ""), longest)


def _axis_label(result: Result, name: str, inches: float) -> str:
    """Return the label of an axis: what the author calls the quantity, its symbol and its unit, on as many lines as the height asks for."""
    unit = in_parentheses(result.units.get(name, "1"))
    room = int(11 * inches)
    doc = result.meta.get("labels", {}).get(name)
    if not doc:
        return symbol(name) + unit
    if len(doc) + len(name) + len(unit) + 1 <= room:
        return f"{plain(doc, room)} {symbol(name)}{unit}"
    lines = textwrap.wrap(doc, room, max_lines=2, placeholder=" …")
    return "\n".join([*(plain(line, room) for line in lines), symbol(name) + unit])


def _title(result: Result) -> str:
    """Return the title of the model and, below it, the parameters that differ from what the file says."""
    meta = result.meta
    title = plain(str(meta.get("title") or meta.get("model") or ""), 90)
    defaults = meta.get("defaults", {})
    changed = [(name, value) for name, value in meta.get("parameters", {}).items() if name in defaults and defaults[name] != value]
    shown = [f"{symbol(name)} = {number(value)}{after_space(result.units.get(name, '1'))}" for name, value in changed[:6]]
    if len(changed) > len(shown):
        shown.append(f"{len(changed) - len(shown)} more changed")
    return f"{title}\n{', '.join(shown)}" if shown else title


def _spike_count(count: int) -> str:
    """Return the number of spikes in words."""
    return "1 spike" if count == 1 else f"{count} spikes"
