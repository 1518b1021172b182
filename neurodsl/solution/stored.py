"""Arrays that stay in an `.h5` file until they are needed, and how much of one is in memory at a time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail
from neurodsl.rules import MISSING_EXTRA, UNREADABLE

ROWS_OF_A_CHUNK = 2**15
NUMBERS_AT_ONCE = 2**21
"""Numbers that are written at once, and so held in memory."""


def require_h5py() -> None:
    """Raise F109 (exit code 4) where h5py is not installed."""
    if find_spec("h5py") is None:
        told = "`h5py` is not installed, and `.h5` files need it"
        raise fail(MISSING_EXTRA, told, help='`pip install "neurodsl[sweep]"`, or write the result to `.npz` or `.csv`', exit_code=4)


def rows_at_once(width: int) -> int:
    """Return how many rows of numbers are written at once: whole chunks where there are some."""
    rows = max(1, NUMBERS_AT_ONCE // max(1, width))
    return rows if rows < ROWS_OF_A_CHUNK else rows - rows % ROWS_OF_A_CHUNK


class Stored(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that stays in a result file: a slice of it, or an operation on it, reads what it needs.

    Parameters
    ----------
    path : Path
        The file.
    member : str
        What it is called there.
    shape : tuple of int
    kind : type
        Of its numbers.
    lost : (int, int), optional
        At how many times it is not finite, and the number of the first.
    """

    def __init__(self, path: Path, member: str, shape: tuple[int, ...], kind: type = np.float64, lost: tuple[int, int] | None = None) -> None:
        self.path, self.member, self.shape, self.dtype, self.lost = path, member, shape, np.dtype(kind), lost
        self.ndim = len(shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<array of shape {self.shape} in `{self.path}`>"

    def __getitem__(self, key: Any) -> Any:
        import h5py

        try:
            with h5py.File(self.path, "r") as file:
                stored = file[self.member]
                if stored.shape == self.shape:
                    simple = isinstance(key, int | np.integer | slice) and (not isinstance(key, slice) or (key.step or 1) > 0)
                    return stored[key] if simple else stored[...][key]
        except (OSError, KeyError):
            pass
        told = f"cannot read `{self.member}` from `{self.path}`: the file that the run was written to is gone, or is another"
        raise fail(UNREADABLE, told, exit_code=4)

    def tolist(self) -> list[Any]:
        """Return the numbers as nested lists."""
        found: list[Any] = self[:].tolist()
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        read: NDArray[Any] = self[:]
        return read.astype(dtype) if dtype is not None else read

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*(np.asarray(part) if isinstance(part, Stored) else part for part in inputs), **options)
