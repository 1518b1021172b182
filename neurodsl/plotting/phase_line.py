"""Phase lines of flows and cobwebs of maps with one state."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from neurodsl.analysis.phase_line import PhaseLine
from neurodsl.plotting.marks import arrow, draw_fixed_points, draw_lines, draw_title, label_of, listed, rate_of
from neurodsl.plotting.style import COLOURS, INK, MUTED
from neurodsl.plotting.words import name_of
from neurodsl.typesetting import in_parentheses

ARROW = 9.0
"""The size of the arrows on the line, in points."""


def draw_phase_line(ax: Axes, line: PhaseLine) -> None:
    """Draw the right-hand side over the state, and on its zero line where the state moves."""
    name = line.x.name
    ax.axhline(0.0, color=INK, linewidth=0.8, zorder=2)
    ax.plot(line.points, line.values, color=COLOURS[0], linewidth=1.8, zorder=3, label="_right-hand side")
    for place, direction in line.arrows:
        marker = ">" if direction > 0 else "<"
        ax.plot([place], [0.0], marker=marker, markersize=ARROW, color=INK, markeredgewidth=0, zorder=4, label="_arrow")
    entries = [Line2D([], [], color=COLOURS[0], linewidth=1.8, label=rate_of(name))]
    entries += draw_lines(ax, line.lines, (line.x,))
    entries += draw_fixed_points(ax, line.fixed_points, [(point[name], 0.0) for point in line.fixed_points], (name,))
    _finish(ax, line, entries, f"{rate_of(name)}{in_parentheses(line.slope_unit)}")
    _draw_reset(ax, line)


def draw_cobweb(ax: Axes, line: PhaseLine) -> None:
    """Draw the next value over the value, the diagonal, and orbits as steps between both."""
    name = name_of(line.x.name)
    ends = (line.x.low, line.x.high)
    ax.plot(ends, ends, color=MUTED, linewidth=0.9, linestyle=(0, (5, 3)), zorder=2, label="_diagonal")
    ax.plot(line.points, line.values, color=COLOURS[0], linewidth=1.8, zorder=4, label="_map")
    for orbit in line.orbits:
        across, up = np.repeat(orbit, 2)[:-1], np.repeat(orbit, 2)[1:]
        ax.plot(across, up, color=INK, linewidth=0.6, alpha=0.8, zorder=3, label="_cobweb")
        ax.plot(orbit[:1], orbit[:1], marker="o", markersize=3.5, color=INK, zorder=5, label="_start")
    entries = [
        Line2D([], [], color=COLOURS[0], linewidth=1.8, label=f"next {name} at {name}"),
        Line2D([], [], color=MUTED, linewidth=0.9, linestyle=(0, (5, 3)), label=f"next {name} = {name}"),
        *([Line2D([], [], color=INK, linewidth=0.6, label="orbit")] if line.orbits else []),
    ]
    places = [(point[line.x.name], point[line.x.name]) for point in line.fixed_points]
    entries += draw_fixed_points(ax, line.fixed_points, places, (line.x.name,))
    ax.set_ylim(*ends)
    ax.set_box_aspect(1)
    _finish(ax, line, entries, f"next {name}{in_parentheses(line.x.unit)}")


def _finish(ax: Axes, line: PhaseLine, entries: list[Line2D], label: str) -> None:
    """Write labels, legend and title."""
    ax.set_xlim(line.x.low, line.x.high)
    ax.set_xlabel(label_of(line.x))
    ax.set_ylabel(label)
    ax.legend(handles=entries, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, labelspacing=0.7, handlelength=1.9)
    held = [f"{listed(line.held)} at {'its' if len(line.held) == 1 else 'their'} initial value"] if line.held else []
    draw_title(ax, line.title, line.changed, held)


def _draw_reset(ax: Axes, line: PhaseLine) -> None:
    """Draw a bow from each threshold to where the state is put, where both are in the picture."""
    inside = [mark for mark in line.lines if line.x.low <= mark.value <= line.x.high]
    thresholds, resets = ([m.value for m in inside if m.kind == kind] for kind in ("threshold", "reset"))
    if len(thresholds) == 1 and len(resets) == 1:
        look: dict[str, Any] = {
            "linestyle": (0, (4, 2)),
            "connectionstyle": "arc3,rad=0.2" if thresholds[0] > resets[0] else "arc3,rad=-0.2",
            "shrinkB": 6,
        }
        arrow(ax, (thresholds[0], 0.0), (resets[0], 0.0), MUTED, **look)
