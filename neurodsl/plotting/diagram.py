"""Figures of bifurcation diagrams."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from neurodsl.analysis.bifurcations import Bifurcation
from neurodsl.analysis.diagram import Coordinate, Diagram
from neurodsl.files import write_atomically
from neurodsl.plotting import SUFFIXES, require_figure_destination
from neurodsl.plotting.marks import draw_notes
from neurodsl.plotting.style import COLOURS, INK, style, without_word_of_missing_glyphs
from neurodsl.plotting.words import name_of
from neurodsl.typesetting import after_space, in_parentheses, number, plain

INCHES = (8.0, 4.6)
LINES: dict[bool, dict[str, Any]] = {
    True: {"color": INK, "linewidth": 2.0, "linestyle": "-"},
    False: {"color": INK, "linewidth": 1.2, "linestyle": (0, (4, 2.5))},
}
"""How stable and unstable fixed points are drawn."""
CYCLE = COLOURS[2]
MARKS = {"hopf": ("o", COLOURS[1]), "fold": ("s", COLOURS[0]), "neimark-sacker": ("o", COLOURS[1]), "flip": ("D", COLOURS[3])}
OTHER = ("^", COLOURS[4])
SHORT = {
    "hopf": "H",
    "fold": "F",
    "transcritical": "TC",
    "pitchfork": "PF",
    "flip": "FL",
    "neimark-sacker": "NS",
    "branch point": "BP",
    "symmetry breaking": "SB",
}
WORDS = {"hopf": "Hopf", "fold": "fold (saddle-node)", "neimark-sacker": "Neimark–Sacker", "flip": "flip (period doubling)"}
TAIL, FAR = 0.04, 4.0
"""What lies beyond these quantiles is cut off where it makes the picture so many times higher."""
MOST_LISTED = 8
"""Bifurcations that the legend lists one by one."""


def plot(found: Diagram, path: str | Path | None = None) -> Figure:
    """Return the figure of a bifurcation diagram, and write it where a path is given; the same diagram gives the same bytes.

    Raises
    ------
    NeuroError
        V101 for a suffix other than .png, .svg and .pdf, F102 where the file cannot be written.
    """
    if path is not None:
        require_figure_destination(path)
    with style(), without_word_of_missing_glyphs():
        figure = Figure(figsize=INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        ax = figure.add_subplot()
        entries = [*_draw_branches(ax, found), *_draw_cycles(ax, found), *_draw_points(ax, found)]
        ax.set_xlim(found.low, found.high)
        low, high = _height(found)
        ax.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
        ax.set_xlabel(_label(found.parameter))
        ax.set_ylabel(_label(found.state))
        ax.set_title(plain(found.title, 90), loc="left")
        if entries:
            ax.legend(handles=entries, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, labelspacing=0.8, handlelength=2.2)
        draw_notes(figure, found.notes)
        if path is not None:
            suffix = Path(path).suffix.lower()
            write_atomically(Path(path), lambda file: figure.savefig(file, format=suffix[1:], metadata=SUFFIXES[suffix]))
    return figure


def _label(axis: Coordinate) -> str:
    doc = f"{plain(axis.doc, 48)} " if axis.doc else ""
    return f"{doc}{name_of(axis.name)}{in_parentheses(axis.unit)}"


def _height(found: Diagram) -> tuple[float, float]:
    """Return the range of the state: of everything, unless branches run far out over a small part of the interval."""
    marked = [b.state[found.state.name] for b in found.bifurcations] + found.cycles[:, 1:].ravel().tolist()
    values = [np.array(marked)]
    passed = [np.zeros(len(marked))]
    for branch in found.branches:
        values.append(found.values_of(branch))
        passed.append(np.abs(np.gradient(branch.values)) if len(branch.values) > 1 else np.zeros(1))
    every, weight = np.concatenate(values), np.concatenate(passed)
    if not len(every):
        return 0.0, 1.0
    order = np.argsort(every)
    share = np.cumsum(weight[order]) / max(float(weight.sum()), 1e-300)
    usual = every[order][(share >= TAIL) & (share <= 1 - TAIL)]
    low, high = (float(f([*usual, *marked])) if len(usual) or marked else float(f(every)) for f in (min, max))
    least, most = float(every.min()), float(every.max())
    if most - least <= FAR * (high - low) or high == low:
        low, high = least, most
    return (low, high) if high > low else (low - (abs(low) or 1.0) / 10, high + (abs(high) or 1.0) / 10)


def runs(stable: NDArray[np.bool_]) -> Iterator[tuple[int, int, bool]]:
    """Yield where stability stays the same: the first and the last number, and whether it is stable; neighbours share a point."""
    edges = np.flatnonzero(np.diff(stable.astype(np.int8)))
    starts = [0, *(int(k) + 1 for k in edges)]
    for first, stop in zip(starts, [*starts[1:], len(stable)], strict=True):
        yield max(first - 1, 0), stop - 1, bool(stable[first])


def _draw_branches(ax: Axes, found: Diagram) -> list[Line2D]:
    """Draw the fixed points, stable ones as solid lines."""
    kinds: set[bool] = set()
    for branch in found.branches:
        values = found.values_of(branch)
        for first, last, stable in runs(branch.stable):
            part = slice(first, last + 1)
            ax.plot(branch.values[part], values[part], **LINES[stable], zorder=3, solid_capstyle="butt", label="_branch")
            kinds.add(stable)
    words = {True: "stable fixed points", False: "unstable fixed points"}
    return [Line2D([], [], **LINES[kind], label=words[kind]) for kind in (True, False) if kind in kinds]


def _draw_cycles(ax: Axes, found: Diagram) -> list[Line2D]:
    """Draw the extremes of the cycles."""
    if not len(found.cycles):
        return []
    look: dict[str, Any] = {"color": CYCLE, "linestyle": "none", "marker": ".", "markersize": 6}
    for column in (1, 2):
        ax.plot(found.cycles[:, 0], found.cycles[:, column], **look, zorder=2, label="_cycle")
    return [Line2D([], [], **look, label=f"smallest and largest {name_of(found.state.name)}\non the stable cycle")]


def _draw_points(ax: Axes, found: Diagram) -> list[Line2D]:
    """Mark the bifurcations, each with its short name."""
    entries: list[Line2D] = []
    shown: set[str] = set()
    for number_of, point in enumerate(found.bifurcations):
        marker, colour = MARKS.get(point.kind, OTHER)
        look: dict[str, Any] = {"marker": marker, "linestyle": "none", "markersize": 7, "color": colour, "markeredgecolor": "white"}
        place = point.value, point.state[found.state.name]
        ax.plot(*place, **look, zorder=6, clip_on=False, label="_bifurcation")
        ax.annotate(SHORT.get(point.kind, ""), place, xytext=(6, 6), textcoords="offset points", color=colour, fontsize=9, zorder=7)
        if len(found.bifurcations) <= MOST_LISTED:
            text = f"{_kind(point)}\n{name_of(point.parameter)} = {number(float(f'{point.value:.7g}'))}{after_space(found.parameter.unit)}"
            entries.append(Line2D([], [], **look, label=text))
        elif point.kind not in shown:
            same = sum(other.kind == point.kind for other in found.bifurcations[number_of:])
            entries.append(Line2D([], [], **look, label=f"{same} × {WORDS.get(point.kind, point.kind)}"))
            shown.add(point.kind)
    return entries


def _kind(point: Bifurcation) -> str:
    """Return what a bifurcation is called."""
    word = WORDS.get(point.kind, point.kind)
    return f"{point.criticality} {word}" if point.criticality else word
