"""Results read from files; nothing in them is executed."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import NeuroError, fail
from neurodsl.npy import read_header
from neurodsl.rules import BAD_RESULT, UNREADABLE
from neurodsl.solution.result import Result, Spikes, Value
from neurodsl.solution.stored import require_h5py

LARGEST_UNPACKED = 2**30
"""Bytes that a result file may unpack to, unless the file itself is as large."""
MOST_MEMBERS = 100_000
"""Members that a result file may hold."""
MOST_AXES = 32
"""Axes of a recorded quantity."""
SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""What an `.h5` file begins with."""
CHECKED = 2
"""The first version of its format in which what HDF5 follows has checksums; damage in the older ones can keep HDF5 busy for ever."""
TYPES = {"f": np.float64, "i": np.int64}

Member = Callable[[str, str, tuple[int, ...] | None, int], NDArray[Any]]
"""Returns a member of a file: its name, the kind of its numbers, its leading axes where they are known, and how many axes it may have."""


def load_result(path: str | Path) -> Result:
    """Return the result that was saved to a `.npz` or `.h5` file.

    Nothing in the file is executed. It may unpack to at most 1 GiB, unless the file itself is as large.

    Raises
    ------
    NeuroError
        F101 where the file cannot be read, F103 where it is no result of a run, F109 where it is an `.h5` file and h5py is not installed.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            begin = file.read(len(SIGNATURE) + 1)
        if begin.startswith(SIGNATURE):
            if path.suffix.lower() == ".nwb":
                raise DamageError("it is a file for other programs; save to `.npz` to load it again")
            require_h5py()
            if begin[-1] < CHECKED:
                raise DamageError("it is an `.h5` file of the old format, which has no checksums")
            return _read_hdf5(path, max(size, LARGEST_UNPACKED))
        with zipfile.ZipFile(path) as archive:
            return _read(archive, max(size, LARGEST_UNPACKED))
    except FileNotFoundError as error:
        raise fail(UNREADABLE, f"cannot read `{path}`: there is no such file") from error
    except (IsADirectoryError, PermissionError) as error:
        raise fail(UNREADABLE, f"cannot read `{path}`: {(error.strerror or 'refused').lower()}") from error
    except zipfile.BadZipFile as error:
        csv = path.suffix.lower() == ".csv"
        reason = "it is a table for other programs; save to `.npz` to load it again" if csv else "it is no `.npz` or `.h5` file, or it is cut short"
        raise _no_result(path, reason) from error
    except DamageError as error:
        raise _no_result(path, str(error)) from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, ArithmeticError, zlib.error, MemoryError) as error:
        raise _no_result(path, "its contents are damaged") from error


class DamageError(Exception):
    """What is wrong with a result file, in words."""


def _no_result(path: Path, reason: str) -> NeuroError:
    """Return the error for a file that is no result."""
    return fail(BAD_RESULT, f"`{path}` is no result of a run: {reason}", help="`neurodsl simulate MODEL --out FILE.npz` writes one")


def _entries(archive: zipfile.ZipFile, limit: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members of an archive by their names, none of which is larger than it should be."""
    entries = {info.filename: info for info in archive.infolist()}
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in entries.values()):
        raise DamageError("it is compressed in a way that is not known")
    if len(entries) > MOST_MEMBERS:
        raise DamageError(f"it has more than {MOST_MEMBERS} members")
    if sum(info.file_size for info in entries.values()) > limit:
        raise DamageError(f"it unpacks to more than {limit // 2**20} MiB")
    return entries


def read_members(path: Path, limit: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a `.npz` file by their names; nothing in it is executed.

    Raises
    ------
    DamageError, OSError, ValueError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile
        Where it is none, or damaged.
    """
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): _read_array(archive, entry) for name, entry in _entries(archive, limit).items()}


def _read(archive: zipfile.ZipFile, limit: int) -> Result:
    """Return the result that an archive holds."""
    entries = _entries(archive, limit)

    def member(name: str, kind: str, leading: tuple[int, ...] | None, most: int) -> NDArray[Any]:
        entry = entries.get(f"{name}.npy")
        if entry is None:
            raise DamageError(f"it has no member `{name}`")
        array = _read_array(archive, entry)
        _require_fit(name, array, kind, leading, most)
        return array.astype(TYPES.get(kind, array.dtype), copy=False)

    meta = _meta_of(str(member("meta", "U", None, 0)))
    state = {name: _number(value) for name, value in meta.pop("final").items()}
    spikes = ("spike_times", "spike_index", "spike_copy" if "spike_copy.npy" in entries else "spike_index")
    return _result_of(meta, state, member, spikes)


def _read_hdf5(path: Path, limit: int) -> Result:
    """Return the result that an `.h5` file holds."""
    import h5py

    with h5py.File(path, "r") as file:

        def member(name: str, kind: str, leading: tuple[int, ...] | None, most: int) -> NDArray[Any]:
            for k in range(1, len(name.split("/")) + 1):
                if not isinstance(file.get("/".join(name.split("/")[:k]), getlink=True), h5py.HardLink):
                    raise DamageError(f"it has no member `{name}`")
            stored = file[name]
            if not isinstance(stored, h5py.Dataset) or stored.external or stored.is_virtual:
                raise DamageError(f"its member `{name}` is no array, or stands in another file")
            if stored.nbytes > limit:
                raise DamageError(f"it unpacks to more than {limit // 2**20} MiB")
            _require_fit(name, stored, kind, leading, most)
            return np.asarray(stored[...], dtype=TYPES[kind])

        text = file.attrs.get("meta")
        meta = _meta_of(text.decode() if isinstance(text, bytes) else "null")
        state = {str(name): member(f"final/{stored}", "f", (), MOST_AXES).tolist() for name, stored in meta.pop("final").items()}
        return _result_of(meta, state, member, ("spikes/times", "spikes/index", "spikes/copy"))


def _require_fit(name: str, array: Any, kind: str, leading: tuple[int, ...] | None, most: int) -> None:
    """Raise where an array is not of a kind of numbers, or not of a shape."""
    least = len(leading) if leading is not None else min(most, 1)
    fits = leading is None or array.shape[: len(leading)] == leading
    if array.dtype.kind != kind or not least <= array.ndim <= most or not fits:
        raise DamageError(f"its member `{name}` has the type {array.dtype} and the shape {array.shape}")


def _meta_of(text: str) -> dict[str, Any]:
    """Return what a file says of its run."""
    meta = json.loads(text)
    copies = meta.get("copies") if isinstance(meta, dict) else None
    mappings = isinstance(meta, dict) and all(isinstance(meta.get(key), dict) for key in ("recorded", "final", "units"))
    if not mappings or not (copies is None or (isinstance(copies, int) and copies >= 1)):
        raise DamageError("its member `meta` does not describe a run")
    found: dict[str, Any] = meta
    return found


def _result_of(meta: dict[str, Any], state: Mapping[str, Value], member: Member, spikes: tuple[str, str, str]) -> Result:
    """Return a result from its members: the names of its times, of the elements and of the copies of its spikes are given."""
    copies: int | None = meta.get("copies")
    recorded, units = meta.pop("recorded"), meta.pop("units")
    t = member("t", "f", None, 1)
    leading = t.shape if copies is None else (*t.shape, copies)
    values = {name: member(str(stored), "f", leading, MOST_AXES) for name, stored in recorded.items()}
    times = member(spikes[0], "f", None, 1)
    index = member(spikes[1], "i", times.shape, 1)
    copy = None if copies is None else member(spikes[2], "i", times.shape, 1) if spikes[2] != spikes[1] else index
    if copy is not None and len(copy) and not 0 <= copy.min() <= copy.max() < (copies or 0):
        raise DamageError("its spikes belong to copies that it does not have")
    return Result(t, values, Spikes(times, index, copy), state, {name: str(unit) for name, unit in units.items()}, meta)


def _number(value: Any) -> Value:
    """Return a number, or nested lists of numbers, with nan for each None."""
    if isinstance(value, list):
        return [_number(item) for item in value]
    if not isinstance(value, int | float | None):
        raise DamageError("its final state is not made of numbers")
    return math.nan if value is None else float(value)


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return the array of a member; what its header says has to agree with its size."""
    with archive.open(entry) as stream:
        shape, fortran, dtype = read_header(stream)
        if dtype.hasobject or dtype.kind not in "fiuU":
            raise DamageError(f"its member `{entry.filename}` holds values of the type {dtype}")
        data = stream.read()
        if math.prod(shape) * dtype.itemsize != len(data):
            raise DamageError(f"its member `{entry.filename}` is cut short")
    return np.frombuffer(data, dtype, math.prod(shape)).reshape(shape, order="F" if fortran else "C").copy()
