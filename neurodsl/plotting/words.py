"""What a figure says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.figure import Figure

from neurodsl.plotting.panels import LARGEST_DRAWN, drawable, sampled
from neurodsl.plotting.style import ALERT, MUTED
from neurodsl.solution import Result
from neurodsl.typesetting import after_space, in_parentheses, number, plain, symbol


def name_of(name: str) -> str:
    """Return a name as a paper sets it, an element with its indices below: `W[0,2]`."""
    base, bracket, rest = name.partition("[")
    return symbol("_".join([base, *rest.rstrip("]").split(",")])) if bracket else symbol(name)


def doc(result: Result, name: str, longest: int = 60) -> str:
    """Return the label that the author gave a quantity, or the empty text."""
    return plain(str(result.meta.get("labels", {}).get(name) or ""), longest)


def axis_label(result: Result, name: str, inches: float) -> str:
    """Return the label of an axis: what the author calls the quantity, its symbol and its unit, on as many lines as the height asks for."""
    unit = in_parentheses(result.units.get(name, "1"))
    room = int(11 * inches)
    label = result.meta.get("labels", {}).get(name)
    if not label:
        return name_of(name) + unit
    if len(label) + len(name) + len(unit) + 1 <= room:
        return f"{plain(label, room)} {name_of(name)}{unit}"
    lines = textwrap.wrap(label, room, max_lines=2, placeholder=" …")
    return "\n".join([*(plain(line, room) for line in lines), name_of(name) + unit])


def time_label(result: Result) -> str:
    """Return the label of the axis of the time, or of the steps of a map that has no unit of time."""
    unit = result.units.get("t", "1")
    return "Step" if result.meta.get("discrete") and unit == "1" else f"Time{in_parentheses(unit)}"


def title(result: Result) -> str:
    """Return the title of the model and, below it, how many copies there are and the parameters that differ from what the file says."""
    meta = result.meta
    head = plain(str(meta.get("title") or meta.get("model") or ""), 90)
    defaults = meta.get("defaults", {})
    changed = [(name, value) for name, value in meta.get("parameters", {}).items() if name in defaults and defaults[name] != value]
    shown = [
        f"{symbol(name)} changed" if isinstance(value, list) else f"{symbol(name)} = {number(value)}{after_space(result.units.get(name, '1'))}"
        for name, value in changed[:6]
    ]
    if len(changed) > len(shown):
        shown.append(f"{len(changed) - len(shown)} more changed")
    if result.copies is not None:
        shown.insert(0, count_of(result.copies, "copy", "copies"))
    return f"{head}\n{', '.join(shown)}" if shown else head


def count_of(count: int, one: str, many: str) -> str:
    """Return a number of things in words."""
    return f"{count} {one if count == 1 else many}"


def draw_notes(result: Result, figure: Figure, drawn: Iterable[str], left_out: Sequence[str]) -> None:
    """Write below the figure what it does not show."""
    notes = []
    complete = result.meta.get("complete", True)
    if not complete:
        done = "" if result.copies is None else f" ({result.meta.get('copies_complete', 0)} of {result.copies} copies complete)"
        notes.append(plain(f"incomplete: {result.meta.get('stopped') or 'the run ended early'}{done}", 110))
    lost = [name for name in drawn if _is_lost(result, name)]
    for found, names in (("not shown", left_out), ("in part not finite, or too large to draw", lost)):
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        notes += [plain(f"{found}: {', '.join(names[:12])}{more}", 160)] if names else []
    if notes:
        figure.supxlabel("\n".join(notes), fontsize=8.5, color=MUTED if complete else ALERT, x=0.01, ha="left", linespacing=1.4)


def _is_lost(result: Result, name: str) -> bool:
    """Return whether values of a trace cannot be drawn; a copy that has ended has none."""
    if result.copies is None:
        return bool(np.isnan(drawable(result[name])).any())
    return bool((np.abs(result[name][sampled(len(result.t))]) >= LARGEST_DRAWN).any())
