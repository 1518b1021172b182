"""Arrays in ``.npy`` files and in the members of ``.npz`` files: what they say of themselves is looked at before anything is allocated."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"
"""What an array begins with."""
MOST_NUMBERS = 2**32
MAPPED = 2**20
"""Bytes from which on a file is looked into where it lies."""


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return the shape of the array that begins here, whether its first index runs fastest, and its type.

    Raises
    ------
    ValueError
        Where none begins. numpy parses a header as Python, and lets out whatever that raises: TokenError, SyntaxError, RecursionError and others.
    """
    import numpy as np

    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        with warnings.catch_warnings(action="error"):
            shape, fortran, dtype = readers[np.lib.format.read_magic(stream)](stream)
    except Exception as error:
        raise ValueError("its header is damaged") from error
    if any(type(size) is not int or size < 0 for size in shape):
        raise ValueError("its header is damaged")
    return shape, fortran, dtype


def check_header(stream: IO[bytes], size: int) -> None:
    """Raise ValueError where what begins here is no array of so many bytes."""
    shape, _, dtype = read_header(stream)
    if dtype.hasobject or dtype.itemsize == 0 or math.prod(shape) > MOST_NUMBERS or math.prod(shape) * dtype.itemsize > size:
        raise ValueError("it does not hold what it says")


def read_npy(file: Path) -> NDArray[Any]:
    """Return the array of a .npy file; ValueError where it is none, or does not hold as much as it says."""
    import numpy as np

    size = file.stat().st_size
    with open(file, "rb") as stream:
        check_header(stream, size)
    found: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False) if size > MAPPED else np.load(file, allow_pickle=False)
    return found
