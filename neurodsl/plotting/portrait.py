"""Figures of phase portraits, phase lines and cobwebs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurodsl.analysis.contours import Floats
from neurodsl.analysis.orbits import Orbit
from neurodsl.analysis.phase_line import PhaseLine
from neurodsl.analysis.portrait import Portrait
from neurodsl.files import write_atomically
from neurodsl.plotting import SUFFIXES, require_figure_destination
from neurodsl.plotting.marks import along, arrow, draw_fixed_points, draw_lines, draw_notes, draw_title, label_of, listed, rate_of
from neurodsl.plotting.phase_line import draw_cobweb, draw_phase_line
from neurodsl.plotting.style import COLOURS, INK, MUTED, style, without_word_of_missing_glyphs
from neurodsl.plotting.words import name_of
from neurodsl.typesetting import after_space, number

INCHES = (8.0, 5.2)
STREAM = "#BCC4CF"
STREAMS, ARROWS = 41, 17
"""Points along each axis of the grid that stream lines follow, and of the arrows of a map."""
CYCLE, MANIFOLD = COLOURS[2], COLOURS[3]
MOST_POINTS = 20_000


def plot(portrait: Portrait | PhaseLine, path: str | Path | None = None) -> Figure:
    """Return the figure of a portrait or a phase line, and write it where a path is given; the same portrait gives the same bytes.

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
        if isinstance(portrait, Portrait):
            draw_portrait(ax, portrait)
        else:
            (draw_cobweb if portrait.discrete else draw_phase_line)(ax, portrait)
        draw_notes(figure, portrait.notes)
        if path is not None:
            suffix = Path(path).suffix.lower()
            write_atomically(Path(path), lambda file: figure.savefig(file, format=suffix[1:], metadata=SUFFIXES[suffix]))
    return figure


def draw_portrait(ax: Axes, portrait: Portrait) -> None:
    """Draw everything that a portrait holds, with the legend beside the axes."""
    ax.set_xlim(portrait.x.low, portrait.x.high)
    ax.set_ylim(portrait.y.low, portrait.y.high)
    ax.set_xlabel(label_of(portrait.x))
    ax.set_ylabel(label_of(portrait.y))
    if portrait.discrete:
        _draw_steps(ax, portrait)
    else:
        _draw_streams(ax, portrait)
    entries = [
        *_draw_nullclines(ax, portrait),
        *draw_lines(ax, portrait.lines, (portrait.x, portrait.y)),
        *_draw_jumps(ax, portrait),
        *_draw_orbits(ax, portrait),
        *_draw_separatrices(ax, portrait),
        *_draw_cycles(ax, portrait),
    ]
    names = (portrait.x.name, portrait.y.name)
    places = [(point[names[0]], point[names[1]]) for point in portrait.fixed_points]
    entries += draw_fixed_points(ax, portrait.fixed_points, places, names)
    ax.legend(handles=entries, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, labelspacing=0.7, handlelength=1.9)
    others = [f"{listed(portrait.steady)} at {'its' if len(portrait.steady) == 1 else 'their'} steady state"] if portrait.steady else []
    others += [f"{listed(portrait.held)} at {'its' if len(portrait.held) == 1 else 'their'} initial value"] if portrait.held else []
    draw_title(ax, portrait.title, portrait.changed, others)


def projected(portrait: Portrait, orbit: Orbit) -> Floats:
    """Return an orbit in the plane of a portrait, of shape (m, 2), with gaps where an event puts it elsewhere and not too many points."""
    points = orbit.y[:, [portrait.x.number, portrait.y.number]]
    kept = np.arange(len(points)) if len(points) <= MOST_POINTS else np.unique(np.linspace(0, len(points) - 1, MOST_POINTS).round().astype(int))
    kept = np.union1d(kept, [k for jump in orbit.jumps for k in (jump - 1, jump)]).astype(int)
    gaps = np.searchsorted(kept, orbit.jumps)
    gapped: Floats = np.insert(points[kept], gaps, np.nan, axis=0)
    return gapped


def _draw_streams(ax: Axes, portrait: Portrait) -> None:
    """Draw light stream lines, wider where the state moves faster."""
    grid = portrait.grid
    every = max(1, (len(grid.xs) - 1) // (STREAMS - 1))
    u, v = (np.ma.masked_invalid(a[::every, ::every]) for a in (grid.u, grid.v))
    x, y = portrait.x, portrait.y
    speed = np.ma.filled(np.hypot(u / (x.high - x.low), v / (y.high - y.low)), 0.0)
    usual = float(np.median(speed[speed > 0])) if np.any(speed > 0) else 1.0
    if not np.any(speed > 0):
        return
    width = 0.35 + 0.8 * speed / (speed + usual)
    xs, ys = (np.linspace(axis.low, axis.high, len(values[::every])) for axis, values in ((x, grid.xs), (y, grid.ys)))
    ax.streamplot(xs, ys, u, v, color=STREAM, linewidth=width, density=1.05, arrowsize=0.65, zorder=1)


def _draw_steps(ax: Axes, portrait: Portrait) -> None:
    """Draw for a map in which direction each point moves in a step, as arrows of one length."""
    grid = portrait.grid
    every = max(1, (len(grid.xs) - 1) // (ARROWS - 1))
    u, v = (a[::every, ::every] / (axis.high - axis.low) for a, axis in ((grid.u, portrait.x), (grid.v, portrait.y)))
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.hypot(u, v)
        u, v = np.where(size > 0, u / size, 0.0), np.where(size > 0, v / size, 0.0)
    xs, ys = grid.xs[::every], grid.ys[::every]
    ax.quiver(xs, ys, u, v, color=STREAM, angles="uv", scale=32, width=0.0025, pivot="mid", zorder=1)


def _draw_nullclines(ax: Axes, portrait: Portrait) -> list[Line2D]:
    """Draw both nullclines; of a map, where a state stays what it is."""
    entries = []
    for colour, nullcline, axis in zip(COLOURS, portrait.nullclines, (portrait.x, portrait.y), strict=False):
        for curve in nullcline.curves:
            ax.plot(*curve.T, color=colour, linewidth=1.6, zorder=3, label=f"_nullcline {axis.name}")
        name = name_of(axis.name)
        label = f"next {name} = {name}" if portrait.discrete else f"{rate_of(axis.name)} = 0"
        entries.append(Line2D([], [], color=colour, linewidth=1.6, label=label if nullcline.curves else f"{label}\n(not in the picture)"))
    return entries


def _draw_jumps(ax: Axes, portrait: Portrait) -> list[Line2D]:
    """Draw from where to where an event puts the state."""
    drawn = False
    for begin, end in portrait.jumps:
        if all(axis.low <= value <= axis.high for point in (begin, end) for axis, value in zip((portrait.x, portrait.y), point, strict=True)):
            arrow(ax, begin, end, MUTED, linestyle=(0, (4, 2)), linewidth=0.8, connectionstyle="arc3,rad=0.06")
            drawn = True
    return [Line2D([], [], color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)), marker=">", markersize=4, label="jump")] if drawn else []


def _draw_orbits(ax: Axes, portrait: Portrait) -> list[Line2D]:
    """Draw the trajectories, each with its first point and arrows; of a map as points."""
    if not portrait.orbits:
        return []
    look: dict[str, Any] = {"color": INK, "linewidth": 0.8}
    if portrait.discrete:
        look |= {"linewidth": 0.3, "marker": ".", "markersize": 4, "markeredgewidth": 0}
    for orbit in portrait.orbits:
        curve = projected(portrait, orbit)
        ax.plot(*curve.T, **look, alpha=0.85, zorder=4, label="_trajectory")
        ax.plot(*curve[0], marker="o", markersize=3, color=INK, zorder=4)
        if not portrait.discrete:
            along(ax, curve, 0.2, INK)
    return [Line2D([], [], **look, label="trajectory" if len(portrait.orbits) == 1 else "trajectories")]


def _draw_separatrices(ax: Axes, portrait: Portrait) -> list[Line2D]:
    """Draw the stable and the unstable manifolds of saddles."""
    looks: dict[bool, dict[str, Any]] = {
        True: {"color": MANIFOLD, "linewidth": 1.8, "label": "stable manifold (separatrix)"},
        False: {"color": MANIFOLD, "linewidth": 1.2, "linestyle": (0, (4, 1.5)), "label": "unstable manifold"},
    }
    for separatrix in portrait.separatrices:
        look = looks[separatrix.stable] | {"label": "_separatrix"}
        curve = projected(portrait, separatrix.orbit)
        curve = curve[::-1] if separatrix.stable else curve
        ax.plot(*curve.T, **look, zorder=5)
        along(ax, curve, 0.25, MANIFOLD, 12, 5)
    kinds = sorted({s.stable for s in portrait.separatrices}, reverse=True)
    return [Line2D([], [], **looks[kind]) for kind in kinds]


def _draw_cycles(ax: Axes, portrait: Portrait) -> list[Line2D]:
    """Draw the limit cycles, those that repel dashed."""
    entries = []
    for cycle in portrait.cycles:
        look: dict[str, Any] = {"color": CYCLE, "linewidth": 2.4, "linestyle": "-" if cycle.stable else (0, (3.5, 1.5))}
        curve = projected(portrait, cycle.orbit)
        ax.plot(*curve.T, **look, zorder=6, label="_cycle")
        along(ax, curve, 0.45, CYCLE, 20, 6.5)
        for k in cycle.orbit.jumps:
            begin, end = cycle.orbit.y[k - 1 : k + 1, [portrait.x.number, portrait.y.number]]
            arrow(ax, begin, end, CYCLE, linestyle=(0, (3.5, 1.5)), linewidth=1.4, zorder=6.5, connectionstyle="arc3,rad=0.06")
        period = f"period {number(float(f'{cycle.period:.5g}'))}{after_space(portrait.time_unit)}"
        entries.append(Line2D([], [], **look, label=f"{'stable' if cycle.stable else 'unstable'} cycle\n{period}"))
    return entries
