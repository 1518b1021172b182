"""Tables of sweeps as CSV: one row for each point, for every program that reads tables, and read back where a sweep is repeated."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import NeuroError, fail, printable
from neurodsl.files import write_atomically
from neurodsl.rules import BAD_RESULT

if TYPE_CHECKING:
    from neurodsl.sweep.table import Table

Floats = NDArray[np.float64]

ROWS_AT_ONCE = 10_000
ABOUT = "# about: "
"""What starts the line that holds the description of the sweep as JSON."""


@dataclass(frozen=True, eq=False)
class Stored:
    """What a results file holds of a sweep: the values of each measure, point by point, why points failed, and the description."""

    values: dict[str, Floats]
    failed: dict[int, str]
    about: dict[str, Any]


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

    Raises
    ------
    NeuroError
        F102 where the file cannot be written.
    """

    def write(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        text.write(f"{ABOUT}{json.dumps(about(table), allow_nan=False)}\n")
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(_titles(table))
        rows.writerows(_rows(table))
        text.detach()

    write_atomically(path, write)


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


def read_csv(path: Path) -> Stored:
    """Return what a file holds that :func:`write_csv` wrote.

    Raises
    ------
    NeuroError
        F103 where it is no results file of a sweep.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head = file.readline()
            if not head.startswith(ABOUT):
                raise foreign(path, "its first line is of another layout")
            described = json.loads(head.removeprefix(ABOUT))
            rows = csv.reader(file)
            titles = next(rows)
            body = list(rows)
        columns = list(zip(*body, strict=True))
        if not isinstance(described, dict) or len(body) != described.get("points") or len(columns) != len(titles) or titles[-1] != "failed":
            raise foreign(path, "it is cut short")
        values = {title.partition(" [")[0]: np.array(column, dtype=np.float64) for title, column in zip(titles[:-1], columns, strict=False)}
    except (OSError, ValueError, StopIteration, csv.Error) as error:
        raise foreign(path, "it is damaged") from error
    return Stored(values, {number: reason for number, reason in enumerate(columns[-1]) if reason}, described)


def foreign(path: Path, reason: str) -> NeuroError:
    """Return the error for a file that holds no results of a sweep."""
    return fail(BAD_RESULT, f"`{path}` holds no results of a sweep: {reason}", help="name another file, or remove that one")
