"""Files of numbers in columns: ``.csv`` with or without a line of titles, ``.npy`` of two dimensions or with named fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.arrays import locate
from neurodsl.diagnostics import NeuroError, Rule, fail
from neurodsl.npy import read_header, read_npy
from neurodsl.source import Span

LARGEST_TEXT = 2**28
"""Bytes that a .csv file may have."""
LONGEST_LINE = 2**20
"""Characters of a line of titles."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length, with their titles where there are any."""

    titles: tuple[str, ...] | None
    columns: tuple[NDArray[Any], ...]

    def named(self, *names: str) -> Mapping[str, NDArray[Any]] | None:
        """Return the columns by name, the first ones by the names given where there are no titles; None where that does not fit."""
        if self.titles is None:
            return dict(zip(names, self.columns, strict=True)) if len(self.columns) == len(names) else None
        known = dict(zip(self.titles, self.columns, strict=True))
        return known if set(names) <= set(known) and len(known) == len(self.titles) else None


def read_table(folder: Path | None, path: str, rule: Rule, span: Span | None = None) -> Table:
    """Return the columns of a .csv or .npy file in the folder of a model or below it.

    Raises
    ------
    NeuroError
        F105 where the file is not there; ``rule`` where it cannot be used.
    """
    file = _located(folder, path, span)
    try:
        if file.suffix.lower() == ".npy":
            return table_of(read_npy(file), f"`{path}`", rule, span)
        if file.suffix.lower() == ".csv":
            return _read_text(file, path, rule, span)
    except (OSError, ValueError, EOFError) as error:
        raise fail(rule, f"`{path}` cannot be read: {reason_of(error)}", span) from error
    raise fail(rule, f"`{path}` is neither a .csv nor a .npy file", span, "save it with `numpy.save`")


def read_titles(folder: Path | None, path: str, rule: Rule, span: Span | None = None) -> list[str] | None:
    """Return the titles of the columns of a .csv file, or the names of the fields of a .npy file, and nothing else; None where there are none.

    Raises
    ------
    NeuroError
        F105 where the file is not there; ``rule`` where it cannot be used.
    """
    file = _located(folder, path, span)
    try:
        if file.suffix.lower() == ".npy":
            with open(file, "rb") as stream:
                names = read_header(stream)[2].names
            return None if names is None else list(names)
        with open(file, encoding="utf-8-sig") as text:
            first = next((line for line in iter(lambda: text.readline(LONGEST_LINE), "") if _counts(line)), "")
    except (OSError, ValueError, EOFError) as error:
        raise fail(rule, f"`{path}` cannot be read: {reason_of(error)}", span) from error
    return _titles_in(first.rstrip("\r\n"))


def table_of(found: NDArray[Any], what: str, rule: Rule, span: Span | None = None) -> Table:
    """Return the columns of an array of shape (rows, columns), or of one with named fields."""
    if found.dtype.names is not None and found.ndim == 1:
        columns = tuple(found[name] for name in found.dtype.names)
        for name, column in zip(found.dtype.names, columns, strict=True):
            if column.dtype.kind not in "biuf" or column.ndim != 1:
                raise fail(rule, f"the field `{name}` of {what} holds `{column.dtype}` and no real numbers", span)
        return Table(found.dtype.names, columns)
    if found.dtype.kind not in "biuf":
        raise fail(rule, f"{what} holds `{found.dtype}` and no real numbers", span)
    if found.ndim != 2:
        raise fail(rule, f"{what} has the shape {found.shape}; wanted are rows and columns", span)
    return Table(None, tuple(found.T))


def _located(folder: Path | None, path: str, span: Span | None) -> Path:
    """Return where a file lies; what is wrong with its name gets its place in the text."""
    try:
        return locate(folder, path)[0]
    except NeuroError as error:
        (found,) = error.report.found
        raise fail(found.rule, found.message, span, found.help) from None


def reason_of(error: Exception) -> str:
    """Return in a few words why a file cannot be read."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return "it is not a UTF-8 text" if isinstance(error, UnicodeDecodeError) else "it is damaged, or no such file"


def _read_text(file: Path, path: str, rule: Rule, span: Span | None) -> Table:
    if file.stat().st_size > LARGEST_TEXT:
        raise fail(rule, f"`{path}` is larger than {LARGEST_TEXT // 2**20} MiB", span, "save it as .npy")
    lines = [line for line in file.read_text(encoding="utf-8-sig").splitlines() if _counts(line)]
    separator, titles = _separator(lines[0] if lines else ""), None
    if lines and (named := _titles_in(lines[0])) is not None:
        titles = tuple(named)
        del lines[0]
    if not lines:
        return Table(titles, tuple(np.empty((len(titles or ()), 0))))
    try:
        numbers = np.loadtxt(lines, delimiter=separator, ndmin=2, comments=None, dtype=np.float64)
    except ValueError:
        raise _wrong_line(lines, separator, path, titles is not None, rule, span) from None
    if titles is not None and numbers.shape[1] != len(titles):
        raise fail(rule, f"`{path}` has {len(titles)} titles and {numbers.shape[1]} columns", span)
    return Table(titles, tuple(numbers.T.copy()))


def _counts(line: str) -> bool:
    """Return whether a line is neither empty nor a comment."""
    return bool(line.strip()) and line.lstrip()[0] != "#"


def _separator(first: str) -> str:
    return ";" if ";" in first else ","


def _titles_in(first: str) -> list[str] | None:
    """Return the titles that the first line of a file holds, None where it holds numbers or nothing."""
    cells = first.split(_separator(first))
    return None if not first or all(_is_number(cell) for cell in cells) else [cell.strip().strip('"') for cell in cells]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _wrong_line(lines: list[str], separator: str, path: str, titled: bool, rule: Rule, span: Span | None) -> NeuroError:
    """Return the error for the first line that is not as all lines are."""
    width = len(lines[0].split(separator))
    for number, line in enumerate(lines, 2 if titled else 1):
        cells = [cell.strip() for cell in line.split(separator)]
        wrong = next((cell for cell in cells if not _is_number(cell)), None)
        if wrong is not None:
            told = f"`{wrong[:40]}`" if wrong else "nothing between two commas"
            return fail(rule, f"`{path}` holds {told} in row {number} where a number belongs", span)
        if len(cells) != width:
            return fail(rule, f"`{path}` holds {len(cells)} numbers in row {number} and {width} above; all rows are equally long", span)
    return fail(rule, f"`{path}` cannot be read: it holds a number that is written in an unknown way", span)
