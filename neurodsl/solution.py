"""What a run returns: traces, spikes, the final state, and how they came about."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import NeuroError, fail, nearest, printable
from neurodsl.files import require_writable, write_atomically
from neurodsl.rules import BAD_RESULT, BAD_VALUE, UNREADABLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESERVED = ("t", "spike_times", "spike_index", "meta")
"""The members of a result file that are no recorded quantity."""
LARGEST_UNPACKED = 2**30
"""Bytes that a result file may unpack to, unless the file itself is as large."""
MOST_MEMBERS = 100_000
"""Members that a result file may hold."""
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
"""The units of time for which a rate is told in Hz, at hand without loading all units."""
ROWS_AT_ONCE = 8192

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spikes:
    """The spikes of a run, in the order in which they fell.

    Attributes
    ----------
    times : array of shape (count,)
        In the unit of the time of the run.
    index : array of shape (count,)
        The element that fired; 0 where there is one.
    """

    times: Floats
    index: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Return the number of spikes."""
        return len(self.times)

    def rate(self, duration: float) -> float:
        """Return the mean number of spikes per unit of time over a duration; nan where that is 0."""
        return self.count / duration if duration > 0 else math.nan


@dataclass(frozen=True, eq=False)
class Result:
    """A run: ``r["V"]`` is the trace of V at the times ``r.t``.

    Attributes
    ----------
    t : array of shape (n,)
        The times at which was recorded, in the unit ``units["t"]``.
    values : mapping of name to array of shape (n,)
        The recorded quantities, in the order asked for, each in the unit ``units[name]``.
    spikes : Spikes
        When which element fired.
    final : mapping of name to float
        The state at the end, or at the last time that was good.
    units : mapping of name to str
        The unit of each quantity and of ``t``; ``1`` where it is dimensionless.
    meta : mapping
        JSON-ready: model, method and why, step, seed, parameters, labels, timing and the like.
    """

    t: Floats
    values: Mapping[str, Floats]
    spikes: Spikes
    final: Mapping[str, float]
    units: Mapping[str, str]
    meta: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Floats:
        if name not in self.values:
            near = nearest(name, self.values)
            recorded = ", ".join(f"`{known}`" for known in self.values) or "nothing"
            raise KeyError(f"`{name}` was not recorded; " + (f"did you mean `{near}`?" if near else f"recorded: {recorded}"))
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def elapsed(self) -> float:
        """Return the time that was simulated, in the unit of the time."""
        return float(self.t[-1] - self.t[0]) if len(self.t) else 0.0

    def save(self, path: str | Path) -> None:
        """Write the result to a `.npz` or `.csv` file.

        An `.npz` holds `t`, one array for each recorded name, `spike_times`, `spike_index` and `meta` (JSON text), and loads with
        `allow_pickle=False`. A name that cannot be that of a member is changed (`dx/dt` becomes `dx_dt`); `meta["recorded"]` maps each
        recorded name, in order, to its member. A `.csv` holds the traces; what ran and the spikes stand in lines that start with `#`.

        Raises
        ------
        NeuroError
            V101 for another suffix, F102 where the file cannot be written.
        """
        path = Path(path)
        writer = WRITERS[require_suffix(path)]
        write_atomically(path, lambda file: writer(self, file))

    def plot(self, path: str | Path | None = None, names: Sequence[str] | None = None) -> Figure:
        """Draw the recorded quantities, or those named, and write the figure where a path is given.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        NeuroError
            V101 for a suffix other than .png, .svg and .pdf, F102 where the file cannot be written.
        """
        plotting = import_module("neurodsl.plotting")
        if path is not None:
            plotting.save_figure(self, path, names)
        figure: Figure = plotting.plot(self, names)
        return figure

    def to_dict(self, summary: bool = False) -> dict[str, Any]:
        """Return the run as JSON-ready values, without its traces, and with `summary` also without the list of spikes.

        A number that is not finite becomes None, and then ``complete`` is false.
        """
        spikes: dict[str, Any] = {"count": self.spikes.count}
        if not summary:
            spikes |= {"times": self.spikes.times.tolist(), "index": self.spikes.index.tolist()}
        told = {**self.meta, "final": dict(self.final), "spikes": spikes, "units": dict(self.units)}
        lost: list[float] = []
        plain: dict[str, Any] = _finite(told, lost)
        return {**plain, "complete": False} if lost else plain


def require_destination(path: str | Path) -> None:
    """Raise, before a run, what saving its result would raise afterwards.

    Raises
    ------
    NeuroError
        V101 for a suffix that is not supported, F102 where the file cannot be written.
    """
    require_suffix(Path(path))
    require_writable(Path(path))


def require_suffix(path: Path) -> str:
    """Return the suffix, in small letters, of a file that a result can be saved to."""
    suffix = path.suffix.lower()
    if suffix in WRITERS:
        return suffix
    if suffix in (".h5", ".hdf5", ".nwb"):
        raise fail(BAD_VALUE, f"cannot save to `{path}`: `{suffix}` is not supported yet", help="use `.npz` or `.csv`")
    named = f"`{suffix}` is no format for results" if suffix else "the name has no suffix that tells the format"
    raise fail(BAD_VALUE, f"cannot save to `{path}`: {named}", help="use `.npz` or `.csv`")


def _finite(value: Any, lost: list[float]) -> Any:
    """Return JSON-ready values with None in place of every number that is not finite; those are added to `lost`."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item, lost) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item, lost) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        lost.append(value)
        return None
    return value


# --- .npz ---------------------------------------------------------------------------------------------------------------


def _members(names: Mapping[str, Any]) -> dict[str, str]:
    """Return the member of a `.npz` that holds each name: the name itself where it can be, else one like it that is free."""
    kept = {name: name for name in names if name.isidentifier() and name not in RESERVED}
    taken = {*RESERVED, *kept}
    members: dict[str, str] = {}
    for name in names:
        stem = "".join(c if c.isalnum() else "_" for c in name)
        free = (stem if k == 1 else f"{stem}_{k}" for k in range(1, len(names) + len(RESERVED) + 2))
        members[name] = kept.get(name) or next(member for member in free if member not in taken)
        taken.add(members[name])
    return members


def _write_npz(result: Result, file: BinaryIO) -> None:
    """Write a result as uncompressed arrays; the bytes depend on the result alone."""
    members = _members(result.values)
    meta = {**result.meta, "final": dict(result.final), "units": dict(result.units), "recorded": members}
    arrays: dict[str, NDArray[Any]] = {"t": result.t}
    arrays |= {members[name]: trace for name, trace in result.values.items()}
    arrays |= {"spike_times": result.spikes.times, "spike_index": result.spikes.index}
    arrays["meta"] = np.array(json.dumps(_finite(meta, []), ensure_ascii=True, allow_nan=False))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for member, array in arrays.items():
            with archive.open(f"{member}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)


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

    def member(name: object, kind: str, shape: tuple[int, ...] | None) -> NDArray[Any]:
        entry = entries.get(f"{name}.npy")
        if entry is None:
            raise _DamageError(f"it has no member `{name}`")
        array = _read_array(archive, entry)
        if array.dtype.kind != kind or array.ndim != (0 if kind == "U" else 1) or (shape is not None and array.shape != shape):
            raise _DamageError(f"its member `{name}` has the type {array.dtype} and the shape {array.shape}")
        return array.astype({"f": np.float64, "i": np.int64}.get(kind, array.dtype), copy=False)

    meta = json.loads(str(member("meta", "U", None)))
    tables = [meta.pop(key, None) for key in ("recorded", "final", "units")] if isinstance(meta, dict) else []
    mappings = [table for table in tables if isinstance(table, dict)]
    if len(mappings) != 3:
        raise _DamageError("its member `meta` does not describe a run")
    recorded, final, units = mappings
    t = member("t", "f", None)
    values = {name: member(stored, "f", t.shape) for name, stored in recorded.items()}
    times = member("spike_times", "f", None)
    spikes = Spikes(times, member("spike_index", "i", times.shape))
    if not all(isinstance(value, int | float | None) for value in final.values()):
        raise _DamageError("its final state is not made of numbers")
    state = {name: math.nan if value is None else float(value) for name, value in final.items()}
    return Result(t, values, spikes, state, {name: str(unit) for name, unit in units.items()}, meta)


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


# --- .csv ---------------------------------------------------------------------------------------------------------------


def _write_csv(result: Result, file: BinaryIO) -> None:
    """Write the traces as a table that reads back to the same numbers."""
    meta, unit = result.meta, result.units.get("t", "1")
    title = f" ({meta['title']})" if meta.get("title") else ""
    lines = [f"model: {meta.get('model')}{title}", f"method: {meta.get('method')}, events: {meta.get('events')}"]
    if not meta.get("complete", True):
        lines.append(f"incomplete: {meta.get('stopped')}")
    lines.append(f"spikes{_bracket(unit)}: {' '.join(map(repr, result.spikes.times.tolist()))}".rstrip())
    if result.spikes.index.any():
        lines.append(f"spike_index: {' '.join(map(str, result.spikes.index.tolist()))}")
    names = ["t", *result.values]
    header = ",".join(f"{name}{_bracket(unit if k == 0 else result.units.get(name, '1'))}" for k, name in enumerate(names))
    file.write("".join(f"# {printable(line)}\n" for line in lines).encode() + f"{header}\n".encode())
    columns = [np.asarray(column, dtype=np.float64) for column in (result.t, *result.values.values())]
    for first in range(0, len(result.t), ROWS_AT_ONCE):
        rows = zip(*(map(repr, column[first : first + ROWS_AT_ONCE].tolist()) for column in columns), strict=True)
        file.write("".join(f"{','.join(row)}\n" for row in rows).encode())


def _bracket(unit: str) -> str:
    """Return a unit in brackets after a space, nothing where there is none."""
    return "" if unit == "1" else f" [{unit}]"


WRITERS = {".npz": _write_npz, ".csv": _write_csv}


# --- in words -----------------------------------------------------------------------------------------------------------


def summary(result: Result) -> str:
    """Return the lines that tell a person what a run did."""
    meta, unit = result.meta, result.units.get("t", "1")
    time = "" if unit == "1" else f" {unit}"
    title = meta.get("title")
    reason = f" ({meta['reason']})" if meta.get("reason") else ""
    rejected = f", {meta['rejected']} rejected" if meta.get("rejected") else ""
    step = f" of {meta['dt']:g}{time}" if meta.get("dt") and not meta.get("adaptive") else ""
    rows = [
        ("method", f"{meta.get('method')}{reason}, events {meta.get('events')}"),
        ("steps", f"{meta.get('steps')}{step}{rejected}, {result.elapsed:g}{time}"),
        ("spikes", _spikes_in_words(result, unit)),
        *_final_in_words(result),
        ("seed", "none" if meta.get("seed") is None else str(meta["seed"])),
        ("time", ", ".join(f"{key.removesuffix('_s')} {seconds:.3g} s" for key, seconds in meta.get("timing", {}).items())),
    ]
    if not meta.get("complete", True):
        rows.insert(0, ("stopped", str(meta.get("stopped") or "before the end")))
    head = f"{meta.get('model')}: {title}" if title else str(meta.get("model"))
    return "\n".join(printable(line) for line in [head, *(f"  {key:<8}{text}" for key, text in rows if text)])


def _spikes_in_words(result: Result, unit: str) -> str:
    """Return the number of spikes, their mean rate, the first and the last."""
    spikes = result.spikes
    if spikes.count == 0:
        return "none"
    rate = spikes.rate(result.elapsed)
    told = f"{rate / SECONDS[unit]:.4g} Hz" if unit in SECONDS else f"{rate:.4g} per {'unit of time' if unit == '1' else unit}"
    time = "" if unit == "1" else f" {unit}"
    times = [f"{value:.6g}{time}" for value in (spikes.times[0], spikes.times[-1])]
    where = f"at {times[0]}" if spikes.count == 1 else f"first at {times[0]}, last at {times[1]}"
    return f"{spikes.count} (mean rate {told}), {where}"


def _final_in_words(result: Result) -> list[tuple[str, str]]:
    """Return the rows of the final state: a state each, or up to four on a line where there are many."""
    units = {name: result.units.get(name, "1") for name in result.final}
    entries = [f"{name} = {value:.6g}{'' if units[name] == '1' else ' ' + units[name]}" for name, value in result.final.items()]
    shown = entries[:12]
    width = 1 if len(shown) <= 4 else 4
    lines = [", ".join(shown[k : k + width]) for k in range(0, len(shown), width)]
    if len(entries) > len(shown):
        lines[-1] += f", and {len(entries) - len(shown)} more"
    return [("final" if k == 0 else "", line) for k, line in enumerate(lines)]
