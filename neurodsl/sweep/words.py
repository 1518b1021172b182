"""A sweep in words, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import printable
from neurodsl.measures import Measure
from neurodsl.sweep.ranges import Axis
from neurodsl.sweep.table import Table
from neurodsl.sweep.writing import titled

Floats = NDArray[np.float64]

MOST_ROWS, MOST_COLUMNS, MOST_TABLES = 21, 8, 3
"""How much of a table is printed: rows and columns, of more evenly spread ones, and tables below one another."""
FEW = 8
"""An axis of at most so many values is told value by value."""
WIDTH = 12


def summary(table: Table) -> str:
    """Return the lines that tell a person what a sweep found."""
    meta = table.meta
    unit = "" if meta["time_unit"] == "1" else f" {meta['time_unit']}"
    reason = f" ({meta['reason']})" if meta.get("reason") else ""
    step = f", dt {meta['dt']:g}{unit}" if meta.get("dt") else ""
    rows = [
        *(("over" if k == 0 else "", _axis_in_words(axis)) for k, axis in enumerate((*table.axes, *table.drawn))),
        ("points", _points_in_words(table)),
        ("method", f"{meta['method']}{reason}, events {meta['events']}{step}"),
        ("window", f"from {meta['start']:g}{unit} to {meta['duration']:g}{unit}"),
        *(("measure" if k == 0 else "", _measure_in_words(table, measure)) for k, measure in enumerate(table.measures[:MOST_ROWS])),
        ("seed", "none" if meta.get("seed") is None else str(meta["seed"])),
        ("time", ", ".join(f"{key.removesuffix('_s')} {seconds:.3g} s" for key, seconds in meta["timing"].items())),
    ]
    head = f"{meta['model']}: {meta['title']}" if meta["title"] != meta["model"] else str(meta["model"])
    lines = [head, *(f"  {key:<8}{text}" for key, text in rows if text), *(f"  {line}".rstrip() for line in _tables(table))]
    return "\n".join(printable(line) for line in lines)


def _axis_in_words(axis: Axis) -> str:
    unit, count = "" if axis.unit == "1" else f" {axis.unit}", len(axis.values)
    if axis.kind == "copy":
        return f"{count} {'copy' if count == 1 else 'copies'}"
    if axis.kind == "point":
        return f"{count} {'point' if count == 1 else 'points'} drawn at random"
    start = "initial " if axis.kind == "init" else ""
    if count <= FEW:
        return f"{start}{axis.name}: {', '.join(f'{value:.6g}' for value in axis.values.tolist())}{unit}"
    low, high = (axis.values[0], axis.values[-1]) if np.all(np.diff(axis.values) > 0) else (axis.values.min(), axis.values.max())
    return f"{start}{axis.name}: {count} values from {low:.6g} to {high:.6g}{unit}{' in equal ratios' if axis.log else ''}"


def _points_in_words(table: Table) -> str:
    total, done = math.prod(table.shape), int(table.done.sum())
    told = str(total) if done == total else f"{done} of {total} finished"
    told += f", {len(table.failed)} failed" if table.failed else ""
    kept = done - int(table.meta.get("ran", done))
    return told + (f", {kept} found from before" if kept > 0 else "")


def _measure_in_words(table: Table, measure: Measure) -> str:
    """Return the range of a measure."""
    values = table.values[measure.name]
    good = values[np.isfinite(values)]
    unit = "" if measure.unit == "1" else f" {measure.unit}"
    if not good.size:
        return f"{measure.name}: not defined at any point"
    where = "" if good.size == values.size else f", at {good.size} of {values.size} points"
    low, high = float(good.min()), float(good.max())
    return f"{measure.name}: {low:.6g}{unit}{where}" if low == high else f"{measure.name}: from {low:.6g} to {high:.6g}{unit}{where}"


def _thinned(count: int, most: int) -> range:
    return range(0, count, max(1, -(-count // most)))


def _cell(text: str) -> str:
    return f" {text:>{WIDTH}}"


def _number(value: float) -> str:
    return _cell("-" if math.isnan(value) else f"{value:.6g}")


def _tables(table: Table) -> Iterator[str]:
    """Yield the lines of the table over one axis, or of one for each measure over two; of copies the mean."""
    axes, values = list(table.axes), {measure.name: table.values[measure.name] for measure in table.measures}
    if len(axes) > 1 and axes[-1].kind == "copy":
        axes.pop()
        values = {name: _mean_over_copies(found) for name, found in values.items()}
        yield f"means of {table.shape[-1]} copies"
    if len(axes) == 1:
        yield from _columns(table, axes[0], values)
    elif len(axes) == 2:
        for measure in table.measures[:MOST_TABLES]:
            yield f"{titled(measure.name, measure.unit)}, {axes[1].name} from left to right"
            yield from _matrix(axes[0], axes[1], values[measure.name])


def _mean_over_copies(values: Floats) -> Floats:
    good = np.isfinite(values)
    count = good.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(count > 0, np.where(good, values, 0.0).sum(axis=-1) / count, np.nan)
    return mean


def _columns(table: Table, axis: Axis, values: dict[str, Floats]) -> Iterator[str]:
    """Yield the measures side by side, and what was drawn at random before them."""
    found = [(titled(a.name, a.unit), a.values) for a in (table.drawn or (axis,))][:MOST_COLUMNS]
    found += [(titled(m.name, m.unit), values[m.name]) for m in table.measures[: max(1, MOST_COLUMNS - len(found))]]
    widths = [max(WIDTH, len(title)) for title, _ in found]
    yield "".join(f" {title:>{width}}" for (title, _), width in zip(found, widths, strict=True))
    for k in _thinned(len(axis.values), MOST_ROWS):
        yield "".join(f"{_number(float(column[k])):>{width + 1}}" for (_, column), width in zip(found, widths, strict=True))


def _matrix(down: Axis, across: Axis, values: Floats) -> Iterator[str]:
    """Yield a measure with one axis down and the other across."""
    chosen = _thinned(len(across.values), MOST_COLUMNS)
    yield _cell(titled(down.name, down.unit)[:WIDTH]) + "".join(_number(float(across.values[j])) for j in chosen)
    for i in _thinned(len(down.values), MOST_ROWS):
        yield _number(float(down.values[i])) + "".join(_number(float(values[i, j])) for j in chosen)
