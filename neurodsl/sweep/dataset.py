"""Tables of sweeps as xarray Datasets, and as NetCDF files in HDF5."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail
from neurodsl.files import write_atomically
from neurodsl.rules import MISSING_EXTRA
from neurodsl.sweep.ranges import Axis
from neurodsl.sweep.writing import Stored, about, foreign

if TYPE_CHECKING:
    import xarray

    from neurodsl.sweep.table import Table

LIBRARIES = ("xarray", "h5netcdf", "h5py")
LONGEST_ATTRIBUTE = 60_000
"""Bytes of an attribute; HDF5 holds at most 64 KiB beside a variable."""


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
        variables[_free("reason", taken)] = (dims, reasons.reshape(table.shape), {"long_name": "why it failed"})
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
    """Write a table as a NetCDF file in HDF5.

    Raises
    ------
    NeuroError
        F102 where the file cannot be written, F109 where a library is missing.
    """
    require_libraries()
    dataset = dataset_of(table)

    def write(file: BinaryIO) -> None:
        with TemporaryDirectory(prefix=".neurodsl-", dir=path.resolve().parent) as folder:
            made = Path(folder) / "table.nc"
            dataset.to_netcdf(made, engine="h5netcdf")
            with made.open("rb") as whole:
                shutil.copyfileobj(whole, file)

    write_atomically(path, write)


def read_dataset(path: Path) -> Stored:
    """Return what a file holds that :func:`write_dataset` wrote.

    Raises
    ------
    NeuroError
        F103 where it is no results file of a sweep, F109 where a library is missing.
    """
    require_libraries()
    import xarray

    try:
        with xarray.open_dataset(path, engine="h5netcdf") as dataset:
            dataset.load()
    except Exception as error:
        # What the libraries raise for a damaged file is of many kinds.
        raise foreign(path, "it is no NetCDF file, or it is damaged") from error
    values = {str(variable.attrs["measure"]): variable.values.ravel() for variable in dataset.data_vars.values() if "measure" in variable.attrs}
    if not values or "failed" not in dataset.attrs:
        raise foreign(path, "it was written by another program")
    reasons = dataset["reason"].values.ravel().tolist() if "reason" in dataset else []
    return Stored(values, {number: reason for number, reason in enumerate(reasons) if reason}, dict(dataset.attrs))
