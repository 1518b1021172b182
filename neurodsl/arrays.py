"""The numbers of a file beside a model: ``load("w.npy")``, ``load("w.csv")``.

Only plain files in the folder of the model, or below it, are read, and nothing in them is run.
"""

from __future__ import annotations

import math
import os
import stat
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.npy import MAGIC, read_header
from neurodsl.source import Source, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neurodsl.lang.nodes import Load

MOST_ELEMENTS = 10**7
LARGEST_CSV = 2**28
"""Bytes that a .csv file may have."""


def read_array(source: Source, node: Load) -> NDArray[np.float64]:
    """Return the numbers that ``load`` in a text stands for.

    Returns
    -------
    ndarray
        Read-only and in the order of C. A .csv file of one row, or of one column, is a vector.

    Raises
    ------
    NeuroError
        F105, at the place of the node.
    """
    return read_numbers(None if source.path is None else source.path.parent, node.path, node.span)


def read_numbers(folder: Path | None, path: str, span: Span | None = None) -> NDArray[np.float64]:
    """Return the numbers of a file, named relative to the folder of a model; :func:`read_array` says more."""
    try:
        file, stamp = locate(folder, path)
        return _numbers(str(file), path, stamp)
    except NeuroError as error:
        (found,) = error.report.found
        raise fail(found.rule, found.message, span, found.help) from None


def locate(folder: Path | None, path: str) -> tuple[Path, tuple[int, ...]]:
    """Return a plain file within a folder, and the stamp of what it holds; F105 for any other."""
    if folder is None:
        help = "save the model in a file: what it loads lies beside it"
        raise fail(rules.BAD_ARRAY, f"`{path}` is looked for beside the model, and this text stands in no file", help=help)
    _refuse_foreign(path)
    file = folder / path
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise fail(rules.BAD_ARRAY, f"`{path}` leads out of the folder of the model", help="put the file into that folder, or below it")
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise fail(rules.BAD_ARRAY, f"there is no file `{path}` beside the model", help="paths are relative to the folder of the model") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a directory" if stat.S_ISDIR(status.st_mode) else "no plain file"
        raise fail(rules.BAD_ARRAY, f"`{path}` is {kind}", help="name a .npy or .csv file")
    return file, (status.st_ino, status.st_size, status.st_mtime_ns)


def _refuse_foreign(path: str) -> None:
    """Raise for a path that is empty or absolute, or whose ``..`` leave the folder it starts in."""
    written, foreign = PurePosixPath(path), PureWindowsPath(path)
    help = "name a file in the folder of the model, or below it, with `/` between folders"
    if not path.strip() or "\0" in path:
        raise fail(rules.BAD_ARRAY, '`load` names a file: `load("w.npy")`', help=help)
    if written.is_absolute() or foreign.drive or foreign.root:
        raise fail(rules.BAD_ARRAY, f"`{path}` is an absolute path", help=help)
    depth = 0
    for part in written.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise fail(rules.BAD_ARRAY, f"`{path}` leads out of the folder of the model", help=help)


@lru_cache(maxsize=8)
def _numbers(file: str, path: str, stamp: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the numbers of a file; ``stamp`` tells a file that was written anew from the one before."""
    import numpy as np

    kind = PurePosixPath(path).suffix.lower()
    if kind not in (".npy", ".csv"):
        raise fail(rules.BAD_ARRAY, f"`{path}` is neither a .npy nor a .csv file", help='save it with `numpy.save("w.npy", w)`')
    try:
        found: Any = _binary(file, path) if kind == ".npy" else _table(file, path, stamp[1])
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    _check(path, found.dtype, found.size)
    numbers = np.ascontiguousarray(found, dtype=np.float64).reshape(found.shape)
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        place = ", ".join(str(k) for k in wrong[0])
        raise fail(rules.BAD_ARRAY, f"`{path}` holds {numbers[tuple(wrong[0])]} at [{place}]; all numbers have to be finite")
    numbers.setflags(write=False)
    return numbers


def _binary(file: str, path: str) -> NDArray[Any]:
    """Return what a .npy file holds; what it says about itself is looked at first."""
    import numpy as np

    with open(file, "rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise fail(rules.BAD_ARRAY, f"`{path}` is no .npy file", help='save it with `numpy.save("w.npy", w)`')
        stream.seek(0)
        shape, _, dtype = read_header(stream)
    _check(path, dtype, math.prod(shape))
    found: NDArray[Any] = np.load(file, allow_pickle=False)
    return found


def _check(path: str, dtype: np.dtype[Any], size: int) -> None:
    """Raise where an array holds no real numbers, none at all, or too many."""
    if dtype.kind not in "biuf":
        raise fail(rules.BAD_ARRAY, f"`{path}` holds `{dtype}` and no real numbers", help="save it with `dtype=float`")
    if not 1 <= size <= MOST_ELEMENTS:
        raise fail(rules.BAD_ARRAY, f"`{path}` holds {size} numbers; an array has from 1 to {MOST_ELEMENTS}")


def _table(file: str, path: str, size: int) -> NDArray[np.float64]:
    """Return the numbers of a .csv file; what is one row or one column is a vector."""
    import numpy as np

    if size > LARGEST_CSV:
        raise fail(rules.BAD_ARRAY, f"`{path}` is larger than {LARGEST_CSV // 2**20} MiB", help="save it as .npy")
    with open(file, encoding="utf-8-sig") as stream:
        lines = [line for line in stream.read().splitlines() if line.strip()]
    rows: list[list[float]] = []
    for number, line in enumerate(lines):
        cells = line.split(",")
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            if number:
                wrong = next(cell.strip() for cell in cells if not _is_number(cell))
                told = f"`{wrong[:40]}`" if wrong else "nothing between two commas"
                raise fail(rules.BAD_ARRAY, f"`{path}` holds {told} in row {number + 1} where a number belongs") from None
            continue
        if len(rows[-1]) != len(rows[0]):
            told = f"{len(rows[-1])} numbers in row {number + 1} and {len(rows[0])} in the first"
            raise fail(rules.BAD_ARRAY, f"`{path}` holds {told}; all rows have to be equally long")
    found = np.array(rows, dtype=np.float64)
    return found.reshape(-1) if 1 in found.shape else found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unreadable(path: str, error: Exception) -> NeuroError:
    if isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
    else:
        reason = "it is not a UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error).split("\n")[0].lower()
    return fail(rules.BAD_ARRAY, f"`{path}` cannot be read: {reason}")
