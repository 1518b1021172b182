"""Results read from files; nothing in them is executed."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import NeuroError, fail
from neurodsl.rules import BAD_RESULT, UNREADABLE
from neurodsl.solution.result import Result, Spikes, Value

LARGEST_UNPACKED = 2**30
"""Bytes that a result file may unpack to, unless the file itself is as large."""
MOST_MEMBERS = 100_000
"""Members that a result file may hold."""
MOST_AXES = 32
"""Axes of a recorded quantity."""


def load_result(path: str | Path) -> Result:
    """Return the result that was saved to a `.npz` file.

    Nothing in the file is executed. It may unpack to at most 1 GiB, unless the file itself is as large.

    Raises
    ------
    NeuroError
        F101 where the file cannot be read, F103 where it is no result of a run.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            return _read(archive, max(size, LARGEST_UNPACKED))
    except FileNotFoundError as error:
        raise fail(UNREADABLE, f"cannot read `{path}`: there is no such file") from error
    except (IsADirectoryError, PermissionError) as error:
        raise fail(UNREADABLE, f"cannot read `{path}`: {(error.strerror or 'refused').lower()}") from error
    except zipfile.BadZipFile as error:
        csv = path.suffix.lower() == ".csv"
        reason = "it is a table for other programs; save to `.npz` to load it again" if csv else "it is no `.npz` file, or it is cut short"
        raise _no_result(path, reason) from error
    except _DamageError as error:
        raise _no_result(path, str(error)) from error
    except (OSError, ValueError, EOFError, RuntimeError, ArithmeticError, zlib.error, MemoryError) as error:
        raise _no_result(path, "its contents are damaged") from error


class _DamageError(Exception):
    """What is wrong with a result file, in words."""


def _no_result(path: Path, reason: str) -> NeuroError:
    """Return the error for a file that is no result."""
    return fail(BAD_RESULT, f"`{path}` is no result of a run: {reason}", help="`neurodsl simulate MODEL --out FILE.npz` writes one")


def _read(archive: zipfile.ZipFile, limit: int) -> Result:
    """Return the result that an archive holds."""
    entries = {info.filename: info for info in archive.infolist()}
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in entries.values()):
        raise _DamageError("it is compressed in a way that is not known")
    if len(entries) > MOST_MEMBERS:
        raise _DamageError(f"it has more than {MOST_MEMBERS} members")
    if sum(info.file_size for info in entries.values()) > limit:
        raise _DamageError(f"it unpacks to more than {limit // 2**20} MiB")

    def member(name: object, kind: str, leading: tuple[int, ...] | None, most: int = 1) -> NDArray[Any]:
        entry = entries.get(f"{name}.npy")
        if entry is None:
            raise _DamageError(f"it has no member `{name}`")
        array = _read_array(archive, entry)
        axes = (0, 0) if kind == "U" else (max(1, len(leading or ())), most)
        fits = leading is None or array.shape[: len(leading)] == leading
        if array.dtype.kind != kind or not axes[0] <= array.ndim <= axes[1] or not fits:
            raise _DamageError(f"its member `{name}` has the type {array.dtype} and the shape {array.shape}")
        return array.astype({"f": np.float64, "i": np.int64}.get(kind, array.dtype), copy=False)

    meta = json.loads(str(member("meta", "U", None)))
    tables = [meta.pop(key, None) for key in ("recorded", "final", "units")] if isinstance(meta, dict) else []
    mappings = [table for table in tables if isinstance(table, dict)]
    copies = meta.get("copies") if isinstance(meta, dict) else None
    if len(mappings) != 3 or not (copies is None or (isinstance(copies, int) and copies >= 1)):
        raise _DamageError("its member `meta` does not describe a run")
    recorded, final, units = mappings
    t = member("t", "f", None)
    leading = t.shape if copies is None else (*t.shape, copies)
    values = {name: member(stored, "f", leading, MOST_AXES) for name, stored in recorded.items()}
    times = member("spike_times", "f", None)
    index = member("spike_index", "i", times.shape)
    copy = None if copies is None else member("spike_copy", "i", times.shape) if "spike_copy.npy" in entries else index
    if copy is not None and len(copy) and not 0 <= copy.min() <= copy.max() < copies:
        raise _DamageError("its spikes belong to copies that it does not have")
    state = {name: _number(value) for name, value in final.items()}
    return Result(t, values, Spikes(times, index, copy), state, {name: str(unit) for name, unit in units.items()}, meta)


def _number(value: Any) -> Value:
    """Return a number, or nested lists of numbers, with nan for each None."""
    if isinstance(value, list):
        return [_number(item) for item in value]
    if not isinstance(value, int | float | None):
        raise _DamageError("its final state is not made of numbers")
    return math.nan if value is None else float(value)


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return the array of a member; what its header says has to agree with its size."""
    with archive.open(entry) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise _DamageError(f"its member `{entry.filename}` is of a format that is not known")
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read_header(stream)
        if dtype.hasobject or dtype.kind not in "fiU":
            raise _DamageError(f"its member `{entry.filename}` holds values of the type {dtype}")
        data = stream.read()
        if math.prod(shape) * dtype.itemsize != len(data):
            raise _DamageError(f"its member `{entry.filename}` is cut short")
    return np.frombuffer(data, dtype, math.prod(shape)).reshape(shape, order="F" if fortran else "C").copy()
