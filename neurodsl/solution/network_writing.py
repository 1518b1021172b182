"""Results of networks as files: `.npz` for this program and numpy, `.h5` for large ones, `.csv` for any other program, `.nwb` for archives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail, printable
from neurodsl.files import is_stream, require_writable, write_atomically
from neurodsl.rules import BAD_VALUE
from neurodsl.solution.hdf5 import Steady
from neurodsl.solution.stored import require_h5py
from neurodsl.solution.writing import finite, write_arrays

if TYPE_CHECKING:
    from neurodsl.solution.network import NetworkResult, SynapseTrace, Trace

HDF5 = (".h5", ".hdf5")
SUFFIXES = (".npz", *HDF5, ".csv", ".nwb")
FORMATS = "use `.npz`, `.h5`, `.nwb` or `.csv`"
NUMBERS_AT_ONCE = 2**20
"""Numbers of a table that are turned into text at once."""


def require_network_destination(path: str | Path, recorded: bool = False) -> None:
    """Raise, before a run of a network, what saving its result would raise afterwards.

    Parameters
    ----------
    path : str or Path
    recorded : bool
        Whether the run records more than spikes.

    Raises
    ------
    NeuroError
        V101 for a suffix that is not supported, F102 where the file cannot be written, F109 where a library that it takes is not installed.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        named = f"`{suffix}` is no format for results" if suffix else "the name has no suffix that tells the format"
        raise fail(BAD_VALUE, f"cannot save to `{path}`: {named}", help=FORMATS)
    require_writable(path)
    if suffix in (*HDF5, ".nwb") and is_stream(path):
        told = f"cannot save to `{path}`: a `{suffix}` file is no stream, it is written here and there"
        raise fail(BAD_VALUE, told, help="use `.npz` or `.csv`")
    if suffix == ".csv" and recorded and is_stream(path):
        told = f"cannot save to `{path}`: what was recorded beside the spikes stands in files of its own beside a `.csv` file, and there is no beside"
        raise fail(BAD_VALUE, told, help="use `.npz`, or record the spikes alone")
    if suffix in HDF5:
        require_h5py()
    if suffix == ".nwb":
        import_module("neurodsl.solution.network_nwb").require_pynwb()


def save(result: NetworkResult, path: Path) -> tuple[Path, ...]:
    """Write a result to a file of a format that its suffix names, and return the files that were written."""
    require_network_destination(path, bool(len(result)))
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _save_csv(result, path)
    nwb = import_module("neurodsl.solution.network_nwb") if suffix == ".nwb" else None
    if nwb is not None:
        nwb.require_seconds(result)
    writer = nwb.write_nwb if nwb is not None else write_hdf5 if suffix in HDF5 else write_npz
    write_atomically(path, lambda file: writer(result, file))
    return (path,)


def about(result: NetworkResult, members: Mapping[str, Any]) -> str:
    """Return what a file tells of a run beside its numbers, as JSON text."""
    told = {**result.meta, "sizes": dict(result.sizes), "units": dict(result.units), "members": members}
    return json.dumps(finite(told, []), ensure_ascii=True, allow_nan=False)


# --- .npz and .h5 -------------------------------------------------------------------------------------------------------


def write_npz(result: NetworkResult, file: BinaryIO) -> None:
    """Write a result as uncompressed arrays; the bytes depend on the result alone."""
    arrays: dict[str, NDArray[Any]] = {}
    members: dict[str, Any] = {"traces": {}, "synapses": {}, "final": {name: {} for name in result.final}}

    def add(name: str, array: Any) -> str:
        """Add an array under a name that is free, and return it: a state may be called `spike_times`."""
        while name in arrays:
            name += "_"
        arrays[name] = np.asarray(array)
        return name

    for population, spikes in result.spikes.items():
        add(f"{population}.spike_times", spikes.times)
        add(f"{population}.spike_index", np.asarray(spikes.index, dtype=np.int64))
    for name, trace in result.traces.items():
        members["traces"][name] = {part: add(_member(name, part), array) for part, array in parts_of(trace).items()}
    for name, synapses in result.synapses.items():
        members["synapses"][name] = {part: add(_member(name, part), array) for part, array in parts_of(synapses).items()}
    for population, states in result.final.items():
        members["final"][population] = {state: add(f"{population}.final.{state}", values) for state, values in states.items()}
    write_arrays({**arrays, "meta": np.array(about(result, members))}, file)


def _member(name: str, part: str) -> str:
    """Return the member that holds a part of what was recorded: the values have its own name."""
    return name if part == "values" else f"{name}.{part}"


def parts_of(recorded: Trace | SynapseTrace) -> dict[str, NDArray[Any]]:
    """Return the arrays of what was recorded by their names."""
    return {part: getattr(recorded, part) for part in ("values", "t", "index", "source", "target") if hasattr(recorded, part)}


def write_hdf5(result: NetworkResult, file: BinaryIO) -> None:
    """Write a result in groups: `spikes/E/times`, `traces/E.v/values`, `synapses/E -> E.w/values`, `final/E/v`."""
    import h5py

    steady = Steady(file.fileno())
    with h5py.File(steady, "w", libver=("v110", "v110")) as h5:
        for group in ("spikes", "traces", "synapses", "final"):
            h5.create_group(group)
        for population, spikes in result.spikes.items():
            _put(h5, f"spikes/{population}/times", spikes.times, result.time_unit)
            _put(h5, f"spikes/{population}/index", np.asarray(spikes.index, dtype=np.int64), "1")
        for group, recorded in (("traces", result.traces), ("synapses", result.synapses)):
            for name, found in recorded.items():
                for part, array in parts_of(found).items():
                    unit = {"values": found.unit, "t": result.time_unit}.get(part, "1")
                    _put(h5, f"{group}/{name}/{part}", array, unit)
        for population, states in result.final.items():
            h5.create_group(f"final/{population}")
            for state, values in states.items():
                _put(h5, f"final/{population}/{state}", values, result.units.get(f"{population}.{state}", "1"))
        h5.attrs["meta"] = np.bytes_(about(result, {}))
    steady.require_sound()


def _put(h5: Any, place: str, array: Any, unit: str) -> None:
    """Write an array with its unit."""
    h5.create_dataset(place, data=np.asarray(array)).attrs["units"] = unit


# --- .csv ---------------------------------------------------------------------------------------------------------------


def _save_csv(result: NetworkResult, path: Path) -> tuple[Path, ...]:
    """Write the spikes as a table, and what was recorded as tables beside it."""
    written = [path]
    write_atomically(path, lambda file: _write(file, spike_rows(result)))
    for name, trace in result.traces.items():
        written.append(beside(path, name))
        write_atomically(written[-1], lambda file, name=name, trace=trace: _write(file, _trace_rows(result, name, trace)))  # type: ignore[misc]
    for name, synapses in result.synapses.items():
        written.append(beside(path, name))
        write_atomically(written[-1], lambda file, name=name, synapses=synapses: _write(file, _synapse_rows(result, name, synapses)))  # type: ignore[misc]
    return tuple(written)


def beside(path: Path, name: str) -> Path:
    """Return the file in which something recorded stands beside a `.csv` file: `F.E.v.csv`, `F.E-to-I.w.csv`."""
    part = re.sub(r"[^\w.]+", "-", name.replace("->", "to"))
    return path.with_name(f"{path.stem}.{part}{path.suffix}")


def _write(file: BinaryIO, lines: Iterator[str]) -> None:
    """Write lines."""
    for line in lines:
        file.write(f"{line}\n".encode())


def _head(result: NetworkResult) -> Iterator[str]:
    """Yield the lines that tell what ran."""
    meta = result.meta
    title = f" ({meta['title']})" if meta.get("title") else ""
    lines = [f"model: {meta.get('model')}{title}"]
    lines += [f"{key}: {meta[key]}" for key in ("method", "events", "seed") if isinstance(meta.get(key), str | int | float)]
    lines.append("populations: " + ", ".join(f"{name}[{size}]" for name, size in result.sizes.items()))
    lines.append(f"duration: {result.elapsed!r}{_bracket(result.time_unit)}")
    if result.stopped:
        lines.append(f"incomplete: {result.stopped}")
    yield from (f"# {printable(line)}" for line in lines)


def spike_rows(result: NetworkResult) -> Iterator[str]:
    """Yield the table of the spikes of all populations in the order of time; numbers read back to the same."""
    yield from _head(result)
    yield f"population,index,time{_bracket(result.time_unit)}"
    names = list(result.spikes)
    found = list(result.spikes.values())
    owner = np.repeat(np.arange(len(found)), [spikes.count for spikes in found])
    times = np.concatenate([np.asarray(spikes.times, dtype=np.float64) for spikes in found]) if found else np.zeros(0)
    index = np.concatenate([np.asarray(spikes.index, dtype=np.int64) for spikes in found]) if found else np.zeros(0, np.int64)
    order = np.argsort(times, kind="stable")
    for first in range(0, len(order), NUMBERS_AT_ONCE):
        part = order[first : first + NUMBERS_AT_ONCE]
        rows = zip(owner[part].tolist(), index[part].tolist(), times[part].tolist(), strict=True)
        yield from (f"{names[k]},{neuron},{time!r}" for k, neuron, time in rows)


def _trace_rows(result: NetworkResult, name: str, trace: Trace) -> Iterator[str]:
    """Yield a table with a row for each time and a column for each neuron."""
    yield from _head(result)
    unit = _bracket(trace.unit)
    population, _, quantity = name.partition(".")
    yield ",".join([f"t{_bracket(result.time_unit)}", *(f"{population}[{k}].{quantity}{unit}" for k in np.asarray(trace.index).tolist())])
    for time, row in zip(np.asarray(trace.t).tolist(), trace.values, strict=True):
        yield ",".join(map(repr, [time, *row.tolist()]))


def _synapse_rows(result: NetworkResult, name: str, synapses: SynapseTrace) -> Iterator[str]:
    """Yield a table with a row for each synapse and a column for each time."""
    yield from _head(result)
    quantity, unit, time_unit = name.rpartition(".")[2], _bracket(synapses.unit), "" if result.time_unit == "1" else f" {result.time_unit}"
    yield ",".join(["source", "target", *(f"{quantity} at {time!r}{time_unit}{unit}" for time in np.asarray(synapses.t).tolist())])
    for source, target, column in zip(synapses.source.tolist(), synapses.target.tolist(), synapses.values.T, strict=True):
        yield ",".join(map(repr, [source, target, *column.tolist()]))


def _bracket(unit: str) -> str:
    """Return a unit in brackets after a space, nothing where there is none."""
    return "" if unit == "1" else f" [{unit}]"
