"""The trace-determinant plane: where the eigenvalues of a two-dimensional system lie, and of which type its fixed points are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neurodsl.analysis.points import FixedPoint
from neurodsl.plotting.marks import draw_fixed_points
from neurodsl.plotting.style import COLOURS, INK, MUTED, style
from neurodsl.typesetting import in_parentheses

INCHES = (7.4, 4.4)
SHADE = "#EAF2F8"
CLEAR = 0.11
"""How far from a fixed point a word has to be, in parts of the picture."""
MARGIN = 1.35
"""How far the axes reach beyond the farthest fixed point."""


def plot_trace_determinant(points: Sequence[FixedPoint], discrete: bool, rate_unit: str = "1") -> Figure:
    """Return the trace-determinant plane with the fixed points of a two-dimensional system marked and its regions named.

    Parameters
    ----------
    points : sequence of FixedPoint
        Each with two eigenvalues.
    discrete : bool
        Of a map: the region of stability is the triangle in which both eigenvalues lie inside of the unit circle.
    rate_unit : str
        The unit of the eigenvalues.

    References
    ----------
    Strogatz, 2015, Nonlinear Dynamics and Chaos, Westview Press, section 5.2; of maps Elaydi, 2005, An Introduction to Difference Equations, Springer,
    section 4.3. doi:10.1007/0-387-27602-5
    """
    known = [point for point in points if len(point.written_eigenvalues) == 2]
    places = [(float(np.real(sum(p.written_eigenvalues))), float(np.real(np.prod(p.written_eigenvalues)))) for p in known]
    with style():
        figure = Figure(figsize=INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        ax = figure.add_subplot()
        width, low, high = _extent(places, discrete)
        ax.set_xlim(-width, width)
        ax.set_ylim(low, high)
        if discrete:
            _draw_triangle(ax, width, low, high)
        else:
            _draw_regions(ax, places, width, low, high)
        names = tuple(known[0].state)[:2] if known else ()
        entries = draw_fixed_points(ax, known, places, names)
        if entries:
            ax.legend(handles=entries, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, labelspacing=0.7)
        ax.set_xlabel(f"Trace of the Jacobian{in_parentheses(rate_unit)}")
        ax.set_ylabel(f"Determinant{in_parentheses('1' if rate_unit == '1' else f'{rate_unit}^2')}")
    return figure


def _extent(places: Sequence[tuple[float, float]], discrete: bool) -> tuple[float, float, float]:
    """Return how far the axes reach: in trace to both sides, in determinant from and to."""
    width = MARGIN * max((abs(t) for t, _ in places), default=0.0)
    top = MARGIN * max((d for _, d in places), default=0.0)
    bottom = MARGIN * min((d for _, d in places), default=0.0)
    if discrete:
        return max(width, 2.6), min(bottom, -1.5), max(top, 1.5)
    # The parabola has to cross the picture, so that nodes and foci have room.
    top = max(top, 0.45 * width**2 / 4, -0.5 * bottom)
    width = max(width, 1.6 * np.sqrt(top)) or 1.0
    return width, min(bottom, -0.45 * top) or -1.0, top or 1.0


def _draw_regions(ax: Axes, places: Sequence[tuple[float, float]], width: float, low: float, high: float) -> None:
    """Draw the axes and the parabola on which both eigenvalues agree, shade where a fixed point is stable, and name the regions."""
    trace = np.linspace(-width, width, 401)
    ax.fill_between([-width, 0], 0, high, color=SHADE, linewidth=0, zorder=0)
    ax.plot(trace, trace**2 / 4, color=COLOURS[0], linewidth=1.4, zorder=2)
    ax.axhline(0, color=INK, linewidth=0.8, zorder=2)
    ax.plot([0, 0], [0, high], color=INK, linewidth=0.8, zorder=2)
    edge = min(width, 2 * np.sqrt(high))
    below = min(0.16 * high, 0.5 * (0.86 * width) ** 2 / 4)
    look: dict[str, Any] = {"color": MUTED, "fontsize": 9, "ha": "center", "va": "center", "zorder": 3}
    for side, word in ((-1, "stable"), (1, "unstable")):
        foci = [(side * x * edge, y * high) for x, y in ((0.3, 0.72), (0.24, 0.48), (0.45, 0.9), (0.15, 0.9))]
        nodes = [(side * x * width, y * below) for x, y in ((0.86, 1.0), (0.7, 0.6), (0.9, 1.6))]
        ax.text(*_free(foci, places, width, high - low), f"{word}\nfoci", **look)
        ax.text(*_free(nodes, places, width, high - low), f"{word}\nnodes", **look)
    saddles = [(x * width, 0.5 * low) for x in (0.0, 0.5, -0.5, 0.75)]
    ax.text(*_free(saddles, places, width, high - low), "saddles", **look)
    ax.text(0.0, high, "centres", **{**look, "va": "bottom", "fontsize": 8.5}, clip_on=False)
    at = 0.62 * edge
    ax.annotate("trace² = 4 determinant", (at, at**2 / 4), xytext=(-6, 3), textcoords="offset points", color=COLOURS[0], fontsize=8.5, ha="right")


def _free(candidates: Sequence[tuple[float, float]], places: Sequence[tuple[float, float]], width: float, height: float) -> tuple[float, float]:
    """Return the first place for a word that is far enough from all fixed points, or the farthest."""

    def distance(at: tuple[float, float]) -> float:
        return min((float(np.hypot((at[0] - x) / (2 * width), (at[1] - y) / height)) for x, y in places), default=1.0)

    return next((at for at in candidates if distance(at) > CLEAR), max(candidates, key=distance))


def _draw_triangle(ax: Axes, width: float, low: float, high: float) -> None:
    """Draw the triangle inside of which a fixed point of a map is stable, and name its sides."""
    ax.fill([-2, 2, 0], [1, 1, -1], color=SHADE, linewidth=0, zorder=0)
    trace = np.linspace(-width, width, 401)
    ax.plot(trace, trace**2 / 4, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    ax.plot([-2, 2], [1, 1], color=COLOURS[0], linewidth=1.4, zorder=2)
    ax.plot(trace, trace - 1, color=COLOURS[1], linewidth=1.2, zorder=2)
    ax.plot(trace, -trace - 1, color=COLOURS[2], linewidth=1.2, zorder=2)
    ax.axhline(0, color=INK, linewidth=0.6, zorder=1)
    ax.text(0, 0.1 * (high - low) / 3, "stable", color=MUTED, ha="center", va="bottom", fontsize=9)
    for (x, y), text, colour in (
        ((0, 1), "Neimark–Sacker", COLOURS[0]),
        ((1.1, 0.1), "an eigenvalue is 1", COLOURS[1]),
        ((-1.1, 0.1), "an eigenvalue is −1", COLOURS[2]),
    ):
        side = 1 if x > 0 else -1 if x < 0 else 0
        ax.annotate(
            text,
            (x, y),
            xytext=(6 * side, 4),
            textcoords="offset points",
            color=colour,
            fontsize=8.5,
            ha={1: "left", 0: "center", -1: "right"}[side],
            va="bottom" if side == 0 else "top",
        )
