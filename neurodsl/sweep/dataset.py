"""Tables of sweeps as xarray Datasets, and as NetCDF files in HDF5."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail
from neurodsl.files import write_atomically
from neurodsl.rules import MISSING_EXTRA
from neurodsl.solution.reading import CHECKED, LARGEST_UNPACKED, SIGNATURE, DamageError
from neurodsl.sweep.ranges import Axis
from neurodsl.sweep.writing import CHANGED, Stored, about

if TYPE_CHECKING:
    import xarray

    from neurodsl.sweep.table import Table

LIBRARIES = ("xarray", "h5netcdf", "h5py")
LONGEST_ATTRIBUTE = 60_000
"""Bytes of an attribute; HDF5 holds at most 64 KiB beside a variable."""
FORMAT = ("v110", "v110")
"""The oldest and the newest HDF5 that can read a file; what came before has no checksums, and damage in it can keep HDF5 busy for ever."""
TOLD = ("complete", "digest", "model", "seed", "table")
"""The attributes of a file by which its sweep is recognised."""
WHY = "why it failed"


def require_libraries(names: Iterable[str] = LIBRARIES) -> None:
    """Raise F109 (exit code 4) where a library that is needed for a Dataset or its file is not installed."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        told = f"`{missing[0]}` is not installed, and a Dataset and its NetCDF file need it"
        raise fail(MISSING_EXTRA, told, help='`pip install "neurodsl[sweep]"`, or write the results to a `.csv` file', exit_code=4)


def dataset_of(table: Table) -> xarray.Dataset:
    """Return a table as a Dataset.

    The dimensions are the axes, with units and labels; points that were drawn have the dimension ``point`` and what was drawn as coordinates
    along it. Each measure is a variable, ``failed`` says where a point failed, ``reason`` why where one did, and ``seed``, where something is
    random, with which seed ``simulate`` repeats a point. A name that stands for something else already gets ``measured_`` in front, and
    a slash, which a file cannot have in a name, becomes an underscore. Attributes that are no number or text are JSON.

    Raises
    ------
    NeuroError
        F109 (exit code 4) where xarray is missing.
    """
    require_libraries(("xarray",))
    import xarray

    dims = [axis.name for axis in table.axes]
    coordinates = {axis.name: (axis.name, _counted(axis), _attributes(axis)) for axis in table.axes}
    coordinates |= {axis.name: (dims[0], axis.values, _attributes(axis)) for axis in table.drawn}
    taken = set(coordinates)
    variables: dict[str, Any] = {}
    for measure in table.measures:
        attributes = {"long_name": measure.label, "units": measure.unit, "measure": measure.name}
        variables[_free(measure.name, taken)] = (dims, table.values[measure.name], attributes)
    if table.seeds is not None:
        told = {"long_name": "seed with which `simulate` repeats the point"}
        variables[_free("seed", taken)] = (dims, table.seeds.reshape(table.shape), told)
    failed = np.zeros(table.done.size, np.bool_)
    failed[list(table.failed)] = True
    variables[_free("failed", taken)] = (dims, failed.reshape(table.shape), {"long_name": "the run of the point failed"})
    if table.failed:
        reasons: NDArray[Any] = np.full(failed.size, "", dtype=object)
        reasons[list(table.failed)] = list(table.failed.values())
        variables[_free("reason", taken)] = (dims, reasons.reshape(table.shape), {"long_name": WHY})
    return xarray.Dataset(variables, coordinates, attributes_of(table))


def attributes_of(table: Table) -> dict[str, Any]:
    """Return the description of a sweep as attributes that a file can hold: texts and numbers, and JSON for the rest."""
    found: dict[str, Any] = {}
    for key, value in {**about(table), "failed": len(table.failed)}.items():
        if isinstance(value, bool):
            found[key] = int(value)
        elif isinstance(value, str | int | float):
            found[key] = value
        elif value is not None:
            text = json.dumps(value)
            found[key] = text if len(text.encode()) <= LONGEST_ATTRIBUTE else json.dumps("too long to tell")
    # A seed may need all 64 bits, which a number of HDF5 has only without its sign.
    return {key: str(value) if key == "seed" else value for key, value in found.items()}


def _counted(axis: Axis) -> NDArray[Any]:
    return axis.values.astype(np.int64) if axis.counts else axis.values


def _attributes(axis: Axis) -> dict[str, str]:
    return {"long_name": axis.label or axis.name} | ({} if axis.counts else {"units": axis.unit})


def _free(name: str, taken: set[str]) -> str:
    """Return a name for a variable that nothing else has, and note it."""
    found = name.replace("/", "_")
    while found in taken:
        found = f"measured_{found}"
    taken.add(found)
    return found


def write_dataset(table: Table, path: Path) -> None:
    """Write a table as a NetCDF file in HDF5; one of its attributes is the digest of all its numbers.

    Raises
    ------
    NeuroError
        F102 where the file cannot be written, F109 where a library is missing.
    """
    require_libraries()
    import h5netcdf
    import h5py
    from xarray.backends import H5NetCDFStore

    dataset = dataset_of(table)

    def write(file: BinaryIO) -> None:
        with TemporaryDirectory(prefix=".neurodsl-", dir=path.resolve().parent) as folder:
            made = Path(folder) / "table.nc"
            with h5netcdf.File(made, "w", libver=FORMAT) as empty:
                dataset.dump_to_store(H5NetCDFStore(empty))
            with h5py.File(made, "r+", libver=FORMAT) as full:
                full.attrs["table"] = _digest(_contents(full, table.done.size, made.stat().st_size))
            with made.open("rb") as whole:
                shutil.copyfileobj(whole, file)

    write_atomically(path, write)


def read_dataset_about(path: Path) -> dict[str, Any]:
    """Return by what the sweep of a file is recognised that :func:`write_dataset` wrote; none of its numbers is read.

    Raises
    ------
    NeuroError
        F109 where a library is missing.
    Exception
        Of many kinds, where the file is damaged or was written by another program.
    """
    require_libraries()
    import h5py

    with path.open("rb") as file:
        begin = file.read(len(SIGNATURE) + 1)
    if not begin.startswith(SIGNATURE) or begin[-1] < CHECKED:
        raise DamageError("it is no NetCDF file, or it was written by another program")
    with h5py.File(path, "r") as stored:
        attributes = stored.attrs
        return {name: _plain(attributes[name]) for name in TOLD if name in attributes and attributes.get_id(name).shape in ((), (1,))}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.size == 1 else value


def read_dataset(path: Path, points: int) -> Stored:
    """Return what a file holds that :func:`write_dataset` wrote for so many points; no more is read than such a sweep has numbers.

    Raises
    ------
    DamageError
        Where it is not as it was written.
    Exception
        Of many other kinds, where it is damaged.
    """
    import h5py

    with h5py.File(path, "r") as file:
        contents = _contents(file, points, path.stat().st_size)
        if file.attrs.get("table") != _digest(contents):
            raise DamageError(CHANGED)
        told = {name: (file[name].attrs.get("measure"), file[name].attrs.get("long_name")) for name in contents}
    values = {str(measure): contents[name] for name, (measure, _) in told.items() if measure is not None}
    reasons: list[str] = next((contents[name].tolist() for name, (_, title) in told.items() if title == WHY), [])
    return Stored(values, {number: reason for number, reason in enumerate(reasons) if reason})


def _contents(file: Any, points: int, size: int) -> dict[str, NDArray[Any]]:
    """Return the variables of an open file by their names, flat; each is looked at before it is read.

    Raises
    ------
    DamageError
        Where one is of no sweep of so many points, or all together are larger than a file of this size should be.
    """
    import h5py

    left, found = max(size, LARGEST_UNPACKED), {}
    for name in sorted(file):
        stored = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
        if not isinstance(stored, h5py.Dataset) or stored.external or stored.is_virtual:
            raise DamageError(f"its member `{name}` is no variable, or stands in another file")
        text = h5py.check_string_dtype(stored.dtype) is not None
        if not (text or stored.dtype.kind in "fiu") or stored.size is None or stored.size > points:
            raise DamageError(f"its member `{name}` has the type {stored.dtype} and the shape {stored.shape}, and the sweep {points} points")
        left -= stored.nbytes
        if left < 0:
            raise DamageError(f"it unpacks to more than {max(size, LARGEST_UNPACKED) // 2**20} MiB")
        found[name] = np.ravel((stored.asstr() if text else stored)[...])
    return found


def _digest(contents: Mapping[str, NDArray[Any]]) -> str:
    """Return the digest of variables."""
    digest = hashlib.sha256()
    for name, values in contents.items():
        data = json.dumps(values.tolist()).encode() if values.dtype.kind == "O" else values.tobytes()
        digest.update(json.dumps([name, values.dtype.str, len(data)]).encode() + data)
    return digest.hexdigest()
