"""Tables of sweeps as CSV: one row for each point, for every program that reads tables, and read back where a sweep is repeated."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import printable
from neurodsl.files import write_bytes
from neurodsl.solution.reading import DamageError

if TYPE_CHECKING:
    from neurodsl.sweep.table import Table

Floats = NDArray[np.float64]

ABOUT = "# about: "
"""What starts the line that holds the description of the sweep as JSON."""
CHANGED = "its table is not as it was written: it was edited, or is cut short"


@dataclass(frozen=True, eq=False)
class Stored:
    """What a results file holds of a sweep: numbers point by point, those of each measure among them, and why points failed."""

    values: dict[str, Floats]
    failed: dict[int, str]


def about(table: Table) -> dict[str, Any]:
    """Return the description of a sweep that its files hold, without what differs from one run to the next."""
    return {key: value for key, value in table.meta.items() if key not in ("timing", "interrupted", "ran")} | {
        "points": math.prod(table.shape),
        "complete": table.complete,
    }


def written_in(values: Mapping[str, float]) -> str:
    """Return values by name as text."""
    return ", ".join(f"{name} = {value:.6g}" for name, value in values.items())


def titled(name: str, unit: str) -> str:
    """Return the title of a column: a name and its unit in brackets."""
    return name if unit == "1" else f"{name} [{unit}]"


def write_csv(table: Table, path: Path) -> None:
    """Write a table with a row for each point: its values, the measures, the seed where there is one, and why it failed where it did.

    The first line tells what the sweep is, and holds the digest of the others.

    Raises
    ------
    NeuroError
        F102 where the file cannot be written.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_titles(table))
    rows.writerows(_rows(table))
    body = text.getvalue().encode()
    described = json.dumps({**about(table), "table": hashlib.sha256(body).hexdigest()}, allow_nan=False)
    write_bytes(path, f"{ABOUT}{described}\n".encode() + body)


def _titles(table: Table) -> list[str]:
    axes = [titled(axis.name, axis.unit) for axis in (*table.axes, *table.drawn)]
    measures = [titled(measure.name, measure.unit) for measure in table.measures]
    seeds = [] if table.seeds is None else ["seed"]
    return [printable(title) for title in (*axes, *measures, *seeds, "failed")]


def _rows(table: Table) -> Iterator[list[Any]]:
    """Yield the row of each point; floats as Python writes them, which reads back to the same number."""
    grid = np.indices(table.shape).reshape(len(table.shape), -1)
    columns: list[list[Any]] = []
    for axis, numbers in zip(table.axes, grid, strict=True):
        columns.append(numbers.tolist() if axis.counts else axis.values[numbers].tolist())
    columns += [axis.values[grid[0]].tolist() for axis in table.drawn]
    columns += [table.values[measure.name].ravel().tolist() for measure in table.measures]
    columns += [] if table.seeds is None else [table.seeds.ravel().tolist()]
    reasons = table.failed
    for number, row in enumerate(zip(*columns, strict=True)):
        yield [*row, printable(reasons.get(number, ""))]


def read_csv_about(path: Path) -> dict[str, Any]:
    """Return what the first line of a file says that :func:`write_csv` wrote.

    Raises
    ------
    DamageError, OSError, ValueError, RecursionError
        Where it says nothing of a sweep.
    """
    with path.open("rb") as file:
        return _about_in(file.readline())


def _about_in(line: bytes) -> dict[str, Any]:
    text = line.decode()
    described = json.loads(text.removeprefix(ABOUT)) if text.startswith(ABOUT) else None
    if not isinstance(described, dict):
        raise DamageError("its first line is of another layout")
    return described


def read_csv(path: Path, points: int) -> Stored:
    """Return what the rows of a file hold that :func:`write_csv` wrote for so many points.

    Raises
    ------
    DamageError, OSError, ValueError, csv.Error
        Where they are not as they were written.
    """
    head, _, body = path.read_bytes().partition(b"\n")
    if _about_in(head).get("table") != hashlib.sha256(body).hexdigest():
        raise DamageError(CHANGED)
    titles, *rows = csv.reader(io.StringIO(body.decode(), newline=""))
    columns = list(zip(*rows, strict=True))
    if len(rows) != points or len(columns) != len(titles):
        raise DamageError(f"it has {len(rows)} rows, and the sweep {points} points")
    values = {title.partition(" [")[0]: np.array(column, dtype=np.float64) for title, column in zip(titles[:-1], columns, strict=False)}
    return Stored(values, {number: reason for number, reason in enumerate(columns[-1]) if reason})
