"""Rules that name the synapses one by one: pairs, and the entries of a matrix."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.arrays import locate
from neurodsl.connectivity.blocks import Work, of_pairs
from neurodsl.connectivity.demand import Demand, check_count, free_memory
from neurodsl.connectivity.wiring import Wiring
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.npy import check_header, read_npy
from neurodsl.tables import read_table, reason_of, table_of

Numbers = NDArray[np.int64]

COLUMNS = "the columns `i` and `j`, then parameters of the synapse by name; without titles or named fields, `i` and `j` alone"
DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a file raises that is not what it should be."""


def pairs(work: Work) -> Wiring:
    """Join the pairs of a file or an array, whose further columns become those of the wiring."""
    demand, sizes = work.demand, work.sizes
    if demand.path is None:
        table = table_of(np.asarray(demand.table), demand.name, rules.BAD_CONNECTIONS, demand.span)
    else:
        table = read_table(demand.folder, demand.path, rules.BAD_CONNECTIONS, demand.span)
    found = table.named("i", "j")
    if found is None:
        has = (
            f"the titles {', '.join(f'`{t}`' for t in table.titles)}" if table.titles is not None else f"{len(table.columns)} columns without titles"
        )
        raise _refuse(demand, f"{demand.name} has {has}", f"it has {COLUMNS}")
    check_count(demand, len(found["i"]), work.free)
    i = _numbered(demand, "i", found["i"], sizes.sources, "sources")
    j = _numbered(demand, "j", found["j"], sizes.targets, "targets")
    if not demand.multiple:
        _check_once(demand, i, j, sizes.targets)
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in found.items() if name not in ("i", "j")}
    for name, values in columns.items():
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            told = f"{demand.name} holds {name} = {values[wrong[0]]} for the pair {i[wrong[0]]}, {j[wrong[0]]}; all numbers have to be finite"
            raise _refuse(demand, told)
    return of_pairs(work, i, j, columns)


def matrix(work: Work) -> Wiring:
    """Join source i to target j where the entry in row i and column j of a matrix is not 0; the entries become a column of the wiring."""
    demand, sizes = work.demand, work.sizes
    shape, i, j, values = _entries(demand)
    if shape != (sizes.sources, sizes.targets):
        turned = shape == (sizes.targets, sizes.sources)
        help = "transpose it: " if turned else ""
        told = f"{demand.name} has the shape {shape}, and there are {sizes.sources} sources and {sizes.targets} targets"
        raise _refuse(demand, told, f"{help}a row for each source, a column for each target")
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        told = f"{demand.name} holds {values[wrong[0]]} in row {i[wrong[0]]}, column {j[wrong[0]]}; all numbers have to be finite"
        raise _refuse(demand, told, "0 is no synapse")
    there = values != 0
    if not there.all():
        i, j, values = i[there], j[there], values[there]
    check_count(demand, len(values), work.free)
    return of_pairs(work, i, j, {demand.column: values})


def _refuse(demand: Demand, message: str, help: str | None = None) -> NeuroError:
    return demand.refuse(message, help, rules.BAD_CONNECTIONS)


def _numbered(demand: Demand, name: str, values: NDArray[Any], count: int, side: str) -> Numbers:
    """Return a column of numbers of neurons; raise where one of them is none."""
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~((values >= 0) & (values < count) & (values == np.floor(values))))
    if len(wrong):
        value = values[wrong[0]]
        told = f"{demand.name} holds {name} = {value:g} in row {wrong[0] + 1} of its numbers"
        if not np.isfinite(value) or value != np.floor(value):
            raise _refuse(demand, f"{told}; the number of a neuron is whole")
        raise _refuse(demand, f"{told}, and there are {count} {side}", "they are counted from 0, within the part that `connect` names")
    return np.ascontiguousarray(values, dtype=np.int64)


def _check_once(demand: Demand, i: Numbers, j: Numbers, targets: int) -> None:
    """Raise where a pair comes twice."""
    keys = np.sort(i * targets + j)
    twice = np.flatnonzero(keys[1:] == keys[:-1])
    if len(twice):
        a, b = divmod(int(keys[twice[0]]), targets)
        raise _refuse(demand, f"{demand.name} holds the pair {a}, {b} twice", "leave one out, or allow multiple synapses")


def _entries(demand: Demand) -> tuple[tuple[int, ...], Numbers, Numbers, NDArray[np.float64]]:
    """Return the shape of a matrix, and row, column and value of its entries; zeros may be among them."""
    if demand.path is None:
        return _of_dense(demand, np.asarray(demand.table))
    try:
        file = locate(demand.folder, demand.path)[0]
    except NeuroError as error:
        (found,) = error.report.found
        raise fail(found.rule, found.message, demand.span, found.help) from None
    kind = file.suffix.lower()
    try:
        if kind == ".npz":
            return _of_sparse(demand, _read_npz(demand, file))
        if kind == ".npy":
            return _of_dense(demand, read_npy(file))
        if kind == ".csv":
            table = read_table(demand.folder, demand.path, rules.BAD_CONNECTIONS, demand.span)
            return _of_dense(demand, np.stack(table.columns, axis=1))
    except DAMAGED as error:
        raise _refuse(demand, f"{demand.name} cannot be read: {reason_of(error)}") from error
    raise _refuse(demand, f"{demand.name} is neither a .npy nor a .npz nor a .csv file", "save it with `numpy.save` or `scipy.sparse.save_npz`")


def _read_npz(demand: Demand, file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a .npz file, none of which is larger than it says."""
    with zipfile.ZipFile(file) as archive:
        size, free = sum(member.file_size for member in archive.infolist()), free_memory()
        if size > free:
            raise _refuse(demand, f"{demand.name} holds {size / 2**30:.3g} GiB, and {free / 2**30:.3g} GiB of memory are free")
        for member in archive.infolist():
            with archive.open(member) as stream:
                check_header(stream, member.file_size)
    with np.load(file, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def _of_dense(demand: Demand, found: NDArray[Any]) -> tuple[tuple[int, ...], Numbers, Numbers, NDArray[np.float64]]:
    if found.dtype.kind not in "biuf":
        raise _refuse(demand, f"{demand.name} holds `{found.dtype}` and no real numbers")
    if found.ndim != 2:
        raise _refuse(demand, f"{demand.name} has the shape {found.shape}; wanted is a matrix", "a row for each source, a column for each target")
    check_count(demand, int(np.count_nonzero(found)))
    i, j = np.nonzero(found)
    return found.shape, i, j, found[i, j].astype(np.float64)


def _of_sparse(demand: Demand, held: dict[str, NDArray[Any]]) -> tuple[tuple[int, ...], Numbers, Numbers, NDArray[np.float64]]:
    """Return the entries of what ``scipy.sparse.save_npz`` writes."""
    form = held["format"].item() if "format" in held else "none that is known"
    form = form.decode("ascii", "replace") if isinstance(form, bytes) else str(form)
    if form not in ("csr", "csc", "coo"):
        raise _refuse(
            demand, f"{demand.name} holds a sparse matrix of the form `{form}`", "csr, csc and coo are read: `scipy.sparse.save_npz(path, m.tocsr())`"
        )
    shape, values = tuple(int(size) for size in held["shape"]), held["data"]
    if values.ndim != 1 or values.dtype.kind not in "biuf" or len(shape) != 2:
        raise _refuse(demand, f"{demand.name} holds `{values.dtype}` in a shape {shape}; wanted are real numbers in a matrix")
    if form == "coo":
        i, j = (held["coords"] if "coords" in held else np.stack([held["row"], held["col"]])).astype(np.int64)
    else:
        pointers, minor = held["indptr"].astype(np.int64), held["indices"].astype(np.int64)
        major = shape[form == "csc"]
        if len(pointers) != major + 1 or pointers[0] != 0 or pointers[-1] != len(minor) or (np.diff(pointers) < 0).any():
            raise ValueError("its pointers do not fit")
        along = np.repeat(np.arange(major), np.diff(pointers))
        i, j = (along, minor) if form == "csr" else (minor, along)
    if not len(i) == len(j) == len(values):
        raise ValueError("its columns differ in length")
    if len(i) and not (i.min() >= 0 and i.max() < shape[0] and j.min() >= 0 and j.max() < shape[1]):
        raise ValueError("its indices do not fit")
    _check_once(demand, i, j, shape[1])
    return shape, i, j, values.astype(np.float64)
