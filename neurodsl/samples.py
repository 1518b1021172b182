"""A drive that is given by numbers: a file or an array of values at times, or of one value for each step of a run."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.manners import MANNERS, split_manner
from neurodsl.npy import read_npy
from neurodsl.units import UnitError, parse_unit, split_title

Floats = NDArray[np.float64]
Neurons = tuple[str, int] | None

LARGEST_FILE = 2**28
MOST_SAMPLES = 10**7
MOST_NUMBERS = 2**27
"""Of values for each neuron; a gibibyte."""
SUFFIXES = (".csv", ".npy")

GAP = re.compile(r"\s+(?!\[)")
"""What separates columns without commas; the unit behind a title is no column."""

HELP = "a .csv or .npy file of two columns, time and value, or of one column, a value for each step"


@dataclass(frozen=True)
class Samples:
    """The values of a drive at some times; before the first and after the last, the nearest holds.

    Attributes
    ----------
    times : ndarray of shape (n,) or None
        Increasing, in the time unit of the model. None: a value for each step of the run, from time 0 on.
    values : ndarray of shape (n, size)
        In the unit of the input; ``size`` is 1 for a number, else that of the array.
    held : bool
        Each value holds until the next time; else they are joined by straight lines.
    """

    times: Floats | None
    values: Floats
    held: bool = False

    def at(self, time: float) -> Floats:
        """Return the values at a time, in an array of shape (size,); samples without times begin at 0."""
        if self.times is None:
            return np.asarray(self.values[0 if time <= 0 else -1])
        after = int(np.searchsorted(self.times, time, side="right"))
        low, high = max(after - 1, 0), min(after, len(self.times) - 1)
        if self.held or low == high or after == 0:
            return np.asarray(self.values[low])
        part = (time - self.times[low]) / (self.times[high] - self.times[low])
        return np.asarray(self.values[low] + (self.values[high] - self.values[low]) * part)

    def arrays(self, dt: float) -> tuple[Floats, Floats]:
        """Return the times and the values in memory of which a kernel takes hold; samples without times have those of the steps of a run."""
        times = np.arange(len(self.values), dtype=np.float64) * dt if self.times is None else self.times
        return np.require(times, requirements=("C", "W")), np.require(self.values, requirements=("C", "W"))

    def packed(self, dt: float) -> Floats:
        """Return all numbers in a row, as the kernel of a single model reads them: how many samples there are, their times, the values of each."""
        times, values = self.arrays(dt)
        return np.concatenate([[len(values)], times, values.ravel()], dtype=np.float64)


def names_a_file(text: str) -> bool:
    """Return whether the text given for an input names a file and is no expression, which never ends in ``.csv``."""
    return split_manner(text)[0].lower().endswith(SUFFIXES)


def read_samples(text: str, name: str, unit: str, time_unit: str, size: int = 1, neurons: Neurons = None) -> Samples:
    """Return the samples of a file.

    Parameters
    ----------
    text : str
        Its path, with ``:step`` behind where each value holds until the next time.
    name : str
        The input; of a file with titles and more columns, the one of this name is taken.
    unit, time_unit : str
        The units of the input and of the time, into which numbers are brought that have others in their titles.
    size : int
        How many numbers the input has: the columns beside that of the time.
    neurons : (str, int) or None
        The name and the size of a population: there is one column for all of its neurons, or one for each.

    Raises
    ------
    NeuroError
        F106 where the file cannot be used.
    """
    path, held = split_manner(text)
    try:
        file = _plain(path)
        if file.suffix.lower() == ".npy":
            titles, table = list[str](), _binary(path, file)
        else:
            titles, table = _text(path, file)
    except (OSError, ValueError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged, or no such file"
        reason = "it is not a UTF-8 text" if isinstance(error, UnicodeDecodeError) else reason.lower()
        raise fail(rules.BAD_SAMPLES, f"`{path}` cannot be read: {reason}") from error
    titles, table = _chosen(titles, table, name, size)
    if neurons is not None:
        size = _columns_of(f"`{path}`", table.shape[1], [split_title(title)[0] for title in titles], neurons)
    factors = [1.0] * table.shape[1]
    for column, title in enumerate(titles):
        timed = column == 0 and table.shape[1] == size + 1
        factors[column] = _factor(path, title, time_unit if timed else unit)
    return _checked(f"`{path}`", table * factors, size, held)


def samples_of(given: Any, name: str, size: int = 1, neurons: Neurons = None) -> Samples:
    """Return the samples that a program gives: ``values`` or ``(times, values)``, with ``"step"`` as a last item where each value holds.

    The numbers are in the units of the model; values without times are those of the steps of the run. For the neurons of a population, a name and a size,
    there is one column of values for all of them, or one for each.

    Raises
    ------
    NeuroError
        F106 where they cannot be used.
    """
    what, held = f"what is given for `{name}`", False
    parts = given if isinstance(given, tuple) else (given,)
    if len(parts) > 1 and isinstance(parts[-1], str) and parts[-1] in MANNERS:
        parts, held = parts[:-1], MANNERS[parts[-1]]
    if len(parts) > 2:
        raise fail(rules.BAD_SAMPLES, f"{what} is a tuple of {len(parts)}", help="give values, or a pair: times and values")
    columns = [_numbers(what, part) for part in parts]
    columns = [c[:, np.newaxis] if c.ndim == 1 else c for c in columns]
    if any(c.size > MOST_NUMBERS for c in columns):
        told = f"{what} holds {max(c.size for c in columns)} numbers; at most {MOST_NUMBERS} are taken"
        raise fail(rules.BAD_SAMPLES, told, help="give fewer times: between them values are joined by straight lines")
    if any(c.ndim != 2 for c in columns):
        raise fail(rules.BAD_SAMPLES, f"{what} has {max(c.ndim for c in columns)} dimensions", help="give values, or a pair: times and values")
    if len({len(c) for c in columns}) > 1:
        told = f"{what} holds {len(columns[0])} times and {len(columns[1])} values"
        raise fail(rules.BAD_SAMPLES, told, help="give a value for each time")
    if len(columns) == 2 and columns[0].shape[1] != 1:
        raise fail(rules.BAD_SAMPLES, f"the times of {what} are a table", help="give them as a vector")
    values = columns[-1]
    if len(columns) == 1:
        size = size if neurons is None or values.ndim != 2 else _columns_of(what, values.shape[1], [], neurons)
        return _checked(what, values, size, held)
    size = size if neurons is None else _columns_of(what, values.shape[1], [], neurons, timed=True)
    return _made(what, columns[0][:, 0], values, size, held)


def _plain(path: str) -> Path:
    """Return a plain file of a size that is read."""
    file = Path(path)
    if file.is_dir():
        raise fail(rules.BAD_SAMPLES, f"`{path}` is a directory", help=f"name {HELP}")
    if not file.exists():
        raise fail(rules.BAD_SAMPLES, f"there is no file `{path}`", help=f"an input is an expression of t, or {HELP}")
    if not file.is_file():
        raise fail(rules.BAD_SAMPLES, f"`{path}` is no plain file", help=f"name {HELP}")
    if file.stat().st_size > LARGEST_FILE:
        raise fail(rules.BAD_SAMPLES, f"`{path}` is larger than {LARGEST_FILE // 2**20} MiB", help="leave out samples that the run does not need")
    return file


def _binary(path: str, file: Path) -> Floats:
    if zipfile.is_zipfile(file):
        raise fail(rules.BAD_SAMPLES, f"`{path}` is an archive and no .npy file", help=f"name {HELP}")
    table = _numbers(f"`{path}`", read_npy(file))
    if table.ndim not in (1, 2):
        raise fail(rules.BAD_SAMPLES, f"`{path}` has the shape {table.shape}", help=f"name {HELP}")
    return table[:, np.newaxis] if table.ndim == 1 else table


def _numbers(what: str, given: Any) -> Floats:
    """Return real numbers as an array."""
    try:
        found = np.asarray(given)
    except ValueError as error:
        raise fail(rules.BAD_SAMPLES, f"{what} has rows of different lengths") from error
    if found.dtype.kind not in "biuf":
        raise fail(rules.BAD_SAMPLES, f"{what} holds `{found.dtype}` and no real numbers")
    return np.ascontiguousarray(found, dtype=np.float64).reshape(found.shape)


def _text(path: str, file: Path) -> tuple[list[str], Floats]:
    """Return the titles of the columns of a text, if there are any, and its rows; lines that start with ``#`` are left out."""
    lines = [(k, line) for k, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1) if line.strip() and line.lstrip()[0] != "#"]
    separator = next((sign for sign in ";," if lines and sign in lines[0][1]), None)
    titles: list[str] = []
    rows: list[list[float]] = []
    for number, line in lines:
        cells = [cell.strip() for cell in (line.split(separator) if separator else GAP.split(line.strip()))]
        found = [_value(cell) for cell in cells]
        if not rows and not titles and None in found:
            titles = cells
            continue
        if None in found:
            wrong = cells[found.index(None)]
            told = f"`{wrong[:40]}`" if wrong else "nothing"
            raise fail(rules.BAD_SAMPLES, f"`{path}` holds {told} in line {number} where a number belongs", help="0.5 is written with a point")
        rows.append([value for value in found if value is not None])
        first = titles or rows[0]
        if len(cells) != len(first):
            told = f"`{path}` has {len(cells)} columns in line {number} and {len(first)} above"
            raise fail(rules.BAD_SAMPLES, told, help="all rows are equally long")
    return titles, np.array(rows, dtype=np.float64).reshape(len(rows), len(rows[0] if rows else titles) or 1)


def _value(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _chosen(titles: list[str], table: Floats, name: str, size: int) -> tuple[list[str], Floats]:
    """Return the column of the time and that of an input, where a table with titles has others too."""
    names = [split_title(title)[0] for title in titles]
    if size != 1 or len(names) <= 2 or name not in names or not {"t", "time"} & set(names):
        return titles, table
    columns = [next(k for k, found in enumerate(names) if found in ("t", "time")), names.index(name)]
    return [titles[k] for k in columns], table[:, columns]


def _factor(path: str, title: str, wanted: str) -> float:
    """Return what brings a column into a unit, where its title names another."""
    name, text = split_title(title)
    if text is None:
        return 1.0
    try:
        unit, own = parse_unit(wanted), parse_unit(text)
    except UnitError as error:
        raise fail(rules.BAD_SAMPLES, f"`{path}` has the title `{title}`: {error.message}") from error
    if not own.same_dimension(unit):
        raise fail(rules.BAD_SAMPLES, f"`{path}` gives `{name}` in `{text}`, and it is in `{wanted}` here", help="a unit of the same dimension")
    return float(own.factor_to(unit))


def _columns_of(what: str, columns: int, names: Sequence[str], neurons: tuple[str, int], timed: bool | None = None) -> int:
    """Return how many columns of values there are for the neurons of a population: one for all, or one for each.

    ``timed`` tells whether times stand beside the table; None where its first column may hold them, which a title says, or their number.
    """
    name, count = neurons
    if timed is None and names and names[0] in ("t", "time"):
        columns, timed = columns - 1, True
    if timed is None and names and columns == count:
        return count
    if timed is None and columns == count == 2:
        told = f"{what} has 2 columns, which may be times and the values of all neurons of `{name}`, or the values of each of its 2 neurons"
        help = "name the columns in the first line, that of the time `t`; from Python give a pair: times and values"
        raise fail(rules.BAD_SAMPLES, told, help=help)
    fitting = {1, count} if timed is not None else {1, 2, count, count + 1}
    if columns not in fitting:
        told = f"{what} has {columns} columns{' of values' if timed else ''}, and `{name}` has {count} neurons"
        raise fail(rules.BAD_SAMPLES, told, help="give one column for all of them, or one for each; a first one may hold the times")
    return 1 if columns == 1 or (timed is None and columns == 2) else count


def _checked(what: str, table: Floats, size: int, held: bool) -> Samples:
    """Return the samples of a table, whose first column is the time where there is one more than the input has numbers."""
    if table.shape[1] == size + 1:
        return _made(what, table[:, 0], table[:, 1:], size, held)
    return _made(what, None, table, size, held)


def _made(what: str, times: Floats | None, values: Floats, size: int, held: bool) -> Samples:
    """Return samples once they are checked."""
    rows, before = len(values), 0 if times is None else 1
    columns = values.shape[1] + before
    if rows == 0 or columns == before:
        raise fail(rules.BAD_SAMPLES, f"{what} holds no numbers", help=f"an input takes {HELP}")
    if columns - before != size:
        raise fail(rules.BAD_SAMPLES, _told_columns(what, rows, columns, size), help=_help_columns(rows, columns, size))
    if rows > MOST_SAMPLES:
        raise fail(rules.BAD_SAMPLES, f"{what} holds {rows} samples; at most {MOST_SAMPLES} are read")
    _require_finite(what, values, before)
    if times is None:
        return Samples(None, np.ascontiguousarray(values), held)
    _require_finite(what, times[:, np.newaxis], 0)
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        raise _not_increasing(what, times, int(back[0]))
    return Samples(np.ascontiguousarray(times), np.ascontiguousarray(values), held)


def _require_finite(what: str, table: Floats, before: int) -> None:
    """Raise F106 where numbers are not finite; ``before`` is how many columns stand before the first."""
    wrong = np.argwhere(~np.isfinite(table))
    if len(wrong):
        row, column = wrong[0]
        told = f"{what} holds {table[row, column]} in row {row + 1}, column {before + column + 1}"
        raise fail(rules.BAD_SAMPLES, f"{told}; all numbers have to be finite")


def _told_columns(what: str, rows: int, columns: int, size: int) -> str:
    wanted = "one, or two with the time" if size == 1 else f"{size}, or {size + 1} with the time"
    return f"{what} has {rows} rows and {columns} columns; wanted are {wanted}"


def _help_columns(rows: int, columns: int, size: int) -> str | None:
    if rows in (size, size + 1):
        return "transpose it: a row for each time"
    return "name the columns in the first line, the time `t` and the input by its name" if size == 1 and columns > 2 else None


def _not_increasing(what: str, times: Floats, row: int) -> NeuroError:
    told = f"the times of {what} do not increase: {times[row + 1]:g} follows {times[row]:g} in row {row + 2}"
    return fail(rules.BAD_SAMPLES, told, help="sort them; for a jump give two times that are close, or `:step`")
