"""Results as files: `.npz` for this program and numpy, `.h5` for large ones, `.csv` for any other program."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail, printable
from neurodsl.files import is_stream, require_writable
from neurodsl.rules import BAD_VALUE

if TYPE_CHECKING:
    from neurodsl.solution.result import Result

RESERVED = ("t", "spike_times", "spike_index", "spike_copy", "meta")
"""The members of a result file that are no recorded quantity."""
NUMBERS_AT_ONCE = 2**20
"""Numbers of a table that are turned into text at once."""
HDF5 = (".h5", ".hdf5")
FORMATS = "use `.npz`, `.h5` or `.csv`"

Floats = NDArray[np.float64]


def require_destination(path: str | Path) -> None:
    """Raise, before a run, what saving its result would raise afterwards.

    Raises
    ------
    NeuroError
        V101 for a suffix that is not supported, F102 where the file cannot be written, F109 where the library for it is not installed.
    """
    suffix = require_suffix(Path(path))
    require_writable(Path(path))
    if suffix in HDF5:
        import_module("neurodsl.solution.stored").require_h5py()


def require_suffix(path: Path) -> str:
    """Return the suffix, in small letters, of a file that a result can be saved to."""
    suffix = path.suffix.lower()
    if suffix in HDF5:
        require_writable(path)
    if suffix in HDF5 and is_stream(path):
        raise fail(BAD_VALUE, f"cannot save to `{path}`: a `{suffix}` file is no stream, it is written here and there", help="use `.npz` or `.csv`")
    if suffix in WRITERS:
        return suffix
    if suffix == ".nwb":
        raise fail(BAD_VALUE, f"cannot save to `{path}`: `{suffix}` is not supported yet", help=FORMATS)
    named = f"`{suffix}` is no format for results" if suffix else "the name has no suffix that tells the format"
    raise fail(BAD_VALUE, f"cannot save to `{path}`: {named}", help=FORMATS)


def finite(value: Any, lost: list[float]) -> Any:
    """Return JSON-ready values with None in place of every number that is not finite; those are added to `lost`."""
    if isinstance(value, Mapping):
        return {str(key): finite(item, lost) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item, lost) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        lost.append(value)
        return None
    return value


# --- .npz ---------------------------------------------------------------------------------------------------------------


def members_of(names: Sequence[str], reserved: Sequence[str]) -> dict[str, str]:
    """Return the member of a file that holds each name: the name itself where it can be, else one like it that is free."""
    kept = {name: name for name in names if name.isidentifier() and name not in reserved}
    taken = {*reserved, *kept}
    members: dict[str, str] = {}
    for name in names:
        stem = "".join(c if c.isalnum() else "_" for c in name) or "_"
        free = (stem if k == 1 else f"{stem}_{k}" for k in range(1, len(names) + len(reserved) + 2))
        members[name] = kept.get(name) or next(member for member in free if member not in taken)
        taken.add(members[name])
    return members


def _write_npz(result: Result, file: BinaryIO) -> None:
    """Write a result as uncompressed arrays; the bytes depend on the result alone."""
    members = members_of(list(result.values), RESERVED)
    meta = {**result.meta, "final": dict(result.final), "units": dict(result.units), "recorded": members}
    arrays: dict[str, NDArray[Any]] = {"t": result.t}
    arrays |= {members[name]: trace for name, trace in result.values.items()}
    arrays |= {"spike_times": result.spikes.times, "spike_index": result.spikes.index}
    if result.spikes.copy is not None and result.spikes.copy is not result.spikes.index:
        arrays["spike_copy"] = result.spikes.copy
    arrays["meta"] = np.array(json.dumps(finite(meta, []), ensure_ascii=True, allow_nan=False))
    write_arrays(arrays, file)


def write_arrays(arrays: Mapping[str, NDArray[Any]], file: BinaryIO) -> None:
    """Write arrays as an uncompressed `.npz` that holds no pickle and, for the same arrays, the same bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for member, array in arrays.items():
            with archive.open(f"{member}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)


# --- .h5 ----------------------------------------------------------------------------------------------------------------


def _write_hdf5(result: Result, file: BinaryIO) -> None:
    """Write a result in the format for large ones, some rows at once."""
    hdf5, stored = import_module("neurodsl.solution.hdf5"), import_module("neurodsl.solution.stored")
    stored.require_h5py()
    labels = result.meta.get("labels", {})
    traces = [hdf5.Trace(name, trace.shape[1:], result.units.get(name, "1"), labels.get(name, "")) for name, trace in result.values.items()]
    spikes = result.spikes
    writer = hdf5.Hdf5Writer(file, traces, result.units.get("t", "1"), spikes.copy is not None, len(result.t))
    try:
        count = stored.rows_at_once(1 + sum(trace.size for trace in traces))
        for first in range(0, len(result.t), count):
            part = slice(first, first + count)
            writer.write(first, result.t[part], {name: trace[part] for name, trace in result.values.items()})
        writer.write_spikes(0, *(None if part is None else np.asarray(part) for part in (spikes.times, spikes.index, spikes.copy)))
        writer.close(result.meta, result.final, result.units)
    finally:
        writer.abandon()


# --- .csv ---------------------------------------------------------------------------------------------------------------


def _write_csv(result: Result, file: BinaryIO) -> None:
    """Write the traces as a table that reads back to the same numbers, an element of an array and a copy in a column."""
    meta, unit, copy = result.meta, result.units.get("t", "1"), result.spikes.copy
    times, index = np.asarray(result.spikes.times), np.asarray(result.spikes.index)
    title = f" ({meta['title']})" if meta.get("title") else ""
    lines = [f"model: {meta.get('model')}{title}", f"method: {meta.get('method')}, events: {meta.get('events')}"]
    if meta.get("seed") is not None:
        lines.append(f"seed: {meta['seed']}")
    if result.copies is not None:
        lines.append(f"copies: {result.copies}")
    if not meta.get("complete", True):
        lines.append(f"incomplete: {meta.get('stopped')}")
    lines.append(f"spikes{_bracket(unit)}: {' '.join(map(repr, times.tolist()))}".rstrip())
    if index.any():
        lines.append(f"spike_index: {' '.join(map(str, index.tolist()))}")
    if copy is not None and copy is not result.spikes.index and copy.any():
        lines.append(f"spike_copy: {' '.join(map(str, copy.tolist()))}")
    file.write("".join(f"# {printable(line)}\n" for line in lines).encode())
    names = [f"t{_bracket(unit)}", *_columns(result)]
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow([printable(name) for name in names])
    file.write(header.getvalue().encode())
    count = max(1, NUMBERS_AT_ONCE // len(names))
    for first in range(0, len(result.t), count):
        part = slice(first, first + count)
        traces = (np.asarray(trace[part], dtype=np.float64).reshape(len(result.t[part]), -1) for trace in result.values.values())
        block = np.column_stack([result.t[part], *traces])
        file.write("".join(f"{','.join(map(repr, row))}\n" for row in block.tolist()).encode())


def _columns(result: Result) -> Iterator[str]:
    """Yield the names of the columns beside the time, in the order of the numbers of each trace."""
    copies = [""] if result.copies is None else [f" copy {k}" for k in range(result.copies)]
    for name in result:
        shape, unit = result.shape(name), _bracket(result.units.get(name, "1"))
        elements = [f"{name}[{','.join(map(str, at))}]" for at in product(*map(range, shape))] if shape else [name]
        yield from (f"{element}{copy}{unit}" for copy in copies for element in elements)


def _bracket(unit: str) -> str:
    """Return a unit in brackets after a space, nothing where there is none."""
    return "" if unit == "1" else f" [{unit}]"


WRITERS = {".npz": _write_npz, ".h5": _write_hdf5, ".hdf5": _write_hdf5, ".csv": _write_csv}
