"""What phase portraits, phase lines and cobwebs have in common: words, fixed points, thresholds and arrows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurodsl.analysis.contours import Floats
from neurodsl.analysis.points import FixedPoint
from neurodsl.analysis.portrait import Axis
from neurodsl.analysis.viewport import Line
from neurodsl.plotting.style import INK, MISSING, MUTED
from neurodsl.plotting.words import name_of
from neurodsl.typesetting import after_space, in_parentheses, number, plain

FIXED = 8.0
"""The size of the mark of a fixed point, in points."""
MOST_LISTED = 5
"""Fixed points that the legend lists one by one."""
LONGEST_LINE, NARROW = 74, 26
"""Letters of a line of the title, and of the legend."""
DASHES: Mapping[str, Any] = {"threshold": (0, (5, 3)), "reset": (0, (1, 2))}


def label_of(axis: Axis) -> str:
    """Return the label of an axis: what the author calls the state, its symbol and its unit."""
    doc = f"{plain(axis.doc, 48)} " if axis.doc else ""
    return f"{doc}{name_of(axis.name)}{in_parentheses(axis.unit)}"


def rate_of(name: str) -> str:
    """Return the derivative of a state as a paper sets it."""
    inner = name.removeprefix("d").removesuffix("/dt")
    order, base = (2, inner) if name == f"d{inner}/dt" else (1, name)
    body = name_of(base)
    if not body.startswith("$"):
        return f"d{body}/dt"
    power = "^2" if order == 2 else ""
    return rf"$\mathrm{{d}}{power}{body[1:-1]}/\mathrm{{d}}t{power}$"


def draw_title(ax: Axes, title: str, changed: Mapping[str, tuple[str, str]], others: Sequence[str]) -> None:
    """Write the model, the values that are not those of the file, and what becomes of the other states."""
    values = ", ".join(f"{name_of(name)} = {_value(value)}{after_space(unit)}" for name, (value, unit) in list(changed.items())[:6])
    more = f", {len(changed) - 6} more changed" if len(changed) > 6 else ""
    lines = textwrap.wrap(plain(title, 150), LONGEST_LINE) + ([values + more] if values else []) + list(others)
    ax.set_title("\n".join(lines), loc="left", linespacing=1.35)


def _value(text: str) -> str:
    """Return a value that was given, a number with a true minus sign."""
    try:
        return number(float(text))
    except ValueError:
        return plain(text, 40)


def listed(names: Sequence[str], most: int = 6) -> str:
    """Return names with commas between them, not too many."""
    return ", ".join(name_of(name) for name in names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def draw_notes(figure: Figure, notes: Iterable[str]) -> None:
    """Write notes below the figure."""
    lines = [line for note in notes for line in textwrap.wrap(plain(note, 300), 120)]
    if lines:
        figure.supxlabel("\n".join(lines), fontsize=8, color=MUTED, x=0.01, ha="left", linespacing=1.4)


def draw_fixed_points(ax: Axes, points: Sequence[FixedPoint], places: Sequence[tuple[float, float]], names: Sequence[str]) -> list[Line2D]:
    """Mark fixed points, filled where they are stable, half filled where they are saddles, else open; return entries of the legend."""
    entries: dict[str, Line2D] = {}
    counts: dict[str, int] = {}
    for point, (x, y) in zip(points, places, strict=True):
        half, neutral = point.type.startswith("saddle"), point.type.startswith("centre")
        look: dict[str, Any] = {
            "marker": "o",
            "linestyle": "none",
            "markersize": FIXED,
            "markeredgecolor": INK if point.reached else MUTED,
            "markeredgewidth": 1.3,
            "fillstyle": "left" if half else "full",
            "markerfacecolor": INK if point.stable or half else MISSING if neutral or not point.reached else "white",
            "markerfacecoloralt": "white",
        }
        ax.plot([x], [y], **look, zorder=8, clip_on=False, label="_fixed point")
        counts[point.type] = counts.get(point.type, 0) + 1
        values = ", ".join(number(float(f"{point[name]:.4g}")) for name in names)
        kind = textwrap.fill(plain(point.type if point.reached else f"{point.type}, not reached", 80), NARROW)
        key = f"{kind}\n({values})" if len(points) <= MOST_LISTED else kind
        entries.setdefault(key, Line2D([], [], **look))
    return [_with_label(line, key if len(points) <= MOST_LISTED else f"{counts.get(key, 1)} × {key}") for key, line in entries.items()]


def _with_label(line: Line2D, label: str) -> Line2D:
    line.set_label(label)
    return line


def draw_lines(ax: Axes, lines: Sequence[Line], axes: Sequence[Axis]) -> list[Line2D]:
    """Draw thresholds and resets across the axes, x first; return entries of the legend, also for those outside."""
    entries = []
    for line in lines:
        axis = next(a for a in axes if a.number == line.state)
        look: dict[str, Any] = {"color": MUTED, "linewidth": 1.1, "linestyle": DASHES[line.kind]}
        inside = axis.low <= line.value <= axis.high
        if inside:
            (ax.axvline if axis is axes[0] else ax.axhline)(line.value, **look, zorder=2.5, label=f"_{line.kind}")
        text = f"{line.kind} {name_of(axis.name)} = {number(line.value)}{after_space(axis.unit)}"
        entries.append(Line2D([], [], **look, label=text if inside else f"{text}\n(outside)"))
    return entries


def arrow(ax: Axes, begin: Sequence[float], end: Sequence[float], colour: str, zorder: float = 4, **look: Any) -> None:
    """Draw an arrow between two points of the axes."""
    properties = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0, "linewidth": 0.9, "mutation_scale": 9, **look}
    ax.annotate("", (float(end[0]), float(end[1])), (float(begin[0]), float(begin[1])), arrowprops=properties, zorder=zorder)


def along(ax: Axes, curve: Floats, length: float, colour: str, size: float = 10, zorder: float = 4) -> None:
    """Draw the head of an arrow on a curve of shape (m, 2), at a length from its beginning, in parts of the axes, or in its middle."""
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    scaled = (curve - low) / (high - low)
    with np.errstate(invalid="ignore"):
        inside = np.all((scaled > 0) & (scaled < 1), axis=1)
    steps = np.where(inside[1:] & inside[:-1], np.hypot(*np.diff(scaled, axis=0).T), 0.0)
    passed = np.cumsum(steps)
    if len(steps) == 0 or not passed[-1] > 0.03:
        return
    k = min(int(np.searchsorted(passed, min(length, 0.5 * passed[-1]))), len(steps) - 1)
    ahead = curve[k] + 1e-3 * (curve[k + 1] - curve[k]) / max(steps[k], 1e-9)
    if np.all(np.isfinite(ahead)):
        arrow(ax, curve[k], ahead, colour, zorder, mutation_scale=size, linewidth=0)
