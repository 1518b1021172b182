"""Results of networks read from files; nothing in them is executed."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import NeuroError, fail
from neurodsl.rules import BAD_RESULT
from neurodsl.solution.network import NetworkResult, SynapseTrace, Trace
from neurodsl.solution.network_copies import NetworkCopies
from neurodsl.solution.network_copies_reading import copies_of
from neurodsl.solution.reading import CHECKED, LARGEST_UNPACKED, SIGNATURE, DamageError, read_members
from neurodsl.solution.reading import load_result as load_single
from neurodsl.solution.result import Result, Spikes
from neurodsl.solution.stored import require_h5py

LARGEST_POPULATION = 2**40

Get = Callable[[str], NDArray[Any]]
"""Returns a member of a file by its name."""


def load_result(path: str | Path) -> Result | NetworkResult | NetworkCopies:
    """Return the result, of a model or of a network, or of copies of one, that was saved to a `.npz` or `.h5` file.

    Nothing in the file is executed. It may unpack to at most 1 GiB, unless the file itself is as large.

    Raises
    ------
    NeuroError
        F101 where the file cannot be read, F103 where it is no result of a run, F109 where it is an `.h5` file and h5py is not installed.
    """
    path = Path(path)
    found: NetworkResult | NetworkCopies | None
    try:
        limit = max(path.stat().st_size, LARGEST_UNPACKED)
        with path.open("rb") as file:
            begin = file.read(len(SIGNATURE) + 1)
        if begin.startswith(SIGNATURE):
            require_h5py()
            found = _read_hdf5(path, limit) if begin[-1] >= CHECKED else None
        else:
            found = _read_npz(path, limit)
    except NeuroError:
        raise
    except DamageError as error:
        raise _no_result(path, str(error)) from error
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        RuntimeError,
        ArithmeticError,
        AttributeError,
        zlib.error,
        zipfile.BadZipFile,
        MemoryError,
    ):
        # What it is, and what is wrong with it, is for the reader of the results of models to say.
        found = None
    return load_single(path) if found is None else found


def _no_result(path: Path, reason: str) -> NeuroError:
    """Return the error for a file that is no result."""
    return fail(BAD_RESULT, f"`{path}` is no result of a run: {reason}", help="`neurodsl simulate NETWORK --out FILE.npz` writes one")


def _read_npz(path: Path, limit: int) -> NetworkResult | NetworkCopies | None:
    """Return the result of a network, or its copies, that a `.npz` file holds; None where it holds none."""
    with zipfile.ZipFile(path) as archive:
        if "meta.npy" not in archive.namelist() or not any(name.endswith(".spike_times.npy") for name in archive.namelist()):
            return None
    members = read_members(path, limit)
    meta = _meta_of(str(members["meta"]))
    if meta is None:
        return None

    def get(name: str) -> NDArray[Any]:
        if name not in members:
            raise DamageError(f"it has no member `{name}`")
        return members[name]

    told = meta["members"]
    if "copies" in meta:
        return copies_of(meta, get, _copy_of)
    spikes = {name: (f"{name}.spike_times", f"{name}.spike_index") for name in meta["sizes"]}
    return _result_of(meta, spikes, told["traces"], told["synapses"], told["final"], get)


def _copy_of(meta: dict[str, Any], names: Mapping[str, Any], get: Get) -> NetworkResult:
    """Return a copy of a network from its members."""
    spikes = {name: (names["spikes"][name]["times"], names["spikes"][name]["index"]) for name in meta["sizes"]}
    return _result_of(meta, spikes, names["traces"], names["synapses"], names["final"], get)


def _read_hdf5(path: Path, limit: int) -> NetworkResult | None:
    """Return the result of a network that an `.h5` file holds; None where it holds none."""
    import h5py

    with h5py.File(path, "r") as file:
        text = file.attrs.get("meta")
        meta = _meta_of(text.decode() if isinstance(text, bytes) else "null")
        if meta is None:
            return None

        def inside(place: str) -> list[str]:
            """Return the names in a group of this very file."""
            for k in range(1, len(place.split("/")) + 1):
                if not isinstance(file.get("/".join(place.split("/")[:k]), getlink=True), h5py.HardLink):
                    raise DamageError(f"it has no group `{place}`")
            return list(file[place]) if isinstance(file[place], h5py.Group) else []

        def get(name: str) -> NDArray[Any]:
            group, _, last = name.rpartition("/")
            if last not in inside(group) or not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise DamageError(f"it has no member `{name}`")
            stored = file[name]
            if not isinstance(stored, h5py.Dataset) or stored.external or stored.is_virtual:
                raise DamageError(f"its member `{name}` is no array, or stands in another file")
            if stored.nbytes > limit:
                raise DamageError(f"it unpacks to more than {limit // 2**20} MiB")
            return np.asarray(stored[...])

        spikes = {name: (f"spikes/{name}/times", f"spikes/{name}/index") for name in meta["sizes"]}
        found = {
            group: {name: {part: f"{group}/{name}/{part}" for part in inside(f"{group}/{name}")} for name in inside(group)}
            for group in ("traces", "synapses", "final")
        }
        return _result_of(meta, spikes, found["traces"], found["synapses"], found["final"], get)


def _meta_of(text: str) -> dict[str, Any] | None:
    """Return what a file says of its run; None where that is none of a network."""
    meta = json.loads(text)
    if not isinstance(meta, dict) or "sizes" not in meta:
        return None
    if not all(isinstance(meta.get(key), dict) for key in ("sizes", "units", "members")):
        raise DamageError("its member `meta` does not describe a run")
    if not all(type(size) is int and 0 <= size < LARGEST_POPULATION for size in meta["sizes"].values()):
        raise DamageError("the sizes of its populations are none")
    return meta


def _result_of(
    meta: dict[str, Any],
    spikes: Mapping[str, tuple[str, str]],
    traces: Mapping[str, Mapping[str, str]],
    synapses: Mapping[str, Mapping[str, str]],
    final: Mapping[str, Mapping[str, str]],
    get: Get,
) -> NetworkResult:
    """Return a result from its members, whose names are given."""
    sizes: dict[str, int] = meta.pop("sizes")
    units = {str(name): str(unit) for name, unit in meta.pop("units").items()}
    del meta["members"]
    fired: dict[str, Spikes] = {}
    for name, (when, which) in spikes.items():
        times = _fit(when, get(when), "f", (None,))
        fired[name] = Spikes(times, _numbers(which, get(which), times.shape, sizes[name]))
    recorded: dict[str, Trace] = {}
    for name, parts in traces.items():
        size = sizes.get(name.partition(".")[0], 0)
        t, index = _fit(parts["t"], get(parts["t"]), "f", (None,)), _numbers(parts["index"], get(parts["index"]), (None,), size)
        values = _fit(parts["values"], get(parts["values"]), "f", (len(t), len(index)))
        recorded[name] = Trace(t, index, values, units.get(name, "1"))
    joined: dict[str, SynapseTrace] = {}
    for name, parts in synapses.items():
        t = _fit(parts["t"], get(parts["t"]), "f", (None,))
        source = _numbers(parts["source"], get(parts["source"]), (None,), LARGEST_POPULATION)
        target = _numbers(parts["target"], get(parts["target"]), source.shape, LARGEST_POPULATION)
        values = _fit(parts["values"], get(parts["values"]), "f", (len(t), len(source)))
        joined[name] = SynapseTrace(t, source, target, values, units.get(name, "1"))
    state = {
        str(name): {str(state): _fit(member, get(member), "f", (sizes.get(name, 0),)) for state, member in states.items()}
        for name, states in final.items()
    }
    return NetworkResult(sizes, fired, recorded, joined, state, units, meta)


def _fit(name: str, array: NDArray[Any], kinds: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Return an array whose numbers are of one of the kinds and whose shape is the given one, None for any number."""
    if array.dtype.kind not in kinds or array.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, array.shape, strict=True)):
        raise DamageError(f"its member `{name}` has the type {array.dtype} and the shape {array.shape}")
    return array


def _numbers(name: str, array: NDArray[Any], shape: tuple[int | None, ...], size: int) -> NDArray[Any]:
    """Return an array of numbers of neurons of a population."""
    found = _fit(name, array, "iu", shape)
    if len(found) and not 0 <= int(found.min()) <= int(found.max()) < size:
        raise DamageError(f"its member `{name}` names neurons that there are not")
    return found
