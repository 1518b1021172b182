"""Results as `.h5` files, written in one go or while a run goes on."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.solution.stored import ROWS_OF_A_CHUNK, rows_at_once
from neurodsl.solution.writing import finite, members_of

RESERVED = ("t", "spikes", "final")
"""The members that are no recorded quantity."""
SPIKES_OF_A_CHUNK = 2**12

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """A recorded quantity: its shape without the time, its unit and its label."""

    name: str
    shape: tuple[int, ...]
    unit: str
    label: str

    @property
    def size(self) -> int:
        """Return how many numbers a time takes."""
        return int(np.prod(self.shape, dtype=np.int64))


class Hdf5Writer:
    """A result file that takes what a run records piece by piece.

    Rows and spikes have numbers from 0 on; what is written twice under the same numbers stands there once.

    Parameters
    ----------
    file : binary file
        Open for reading and writing, and empty.
    traces : sequence of Trace
    time_unit : str
    copies : bool
        Whether spikes belong to copies.
    most : int
        The rows that come at most.

    Attributes
    ----------
    lost : dict of str to (int, int)
        Of each quantity that is not finite at some times, at how many, and the number of the first.
    """

    def __init__(self, file: BinaryIO, traces: Sequence[Trace], time_unit: str, copies: bool, most: int) -> None:
        import h5py

        self.traces = tuple(traces)
        self.members = members_of([trace.name for trace in traces], RESERVED)
        self.lost: dict[str, tuple[int, int]] = {}
        self._steady = Steady(file.fileno())
        self._h5: Any = h5py.File(self._steady, "w", libver=("v110", "v110"))
        rows = min(ROWS_OF_A_CHUNK, max(1, most), rows_at_once(1 + sum(trace.size for trace in traces)))
        self._new("t", (), rows, time_unit, "time")
        for trace in traces:
            self._new(self.members[trace.name], trace.shape, rows, trace.unit, trace.label)
        self._new("spikes/times", (), SPIKES_OF_A_CHUNK, time_unit, "times of the spikes")
        self._new("spikes/index", (), SPIKES_OF_A_CHUNK, "1", "element that fired", np.int64)
        if copies:
            self._new("spikes/copy", (), SPIKES_OF_A_CHUNK, "1", "copy that fired", np.int64)

    def _new(self, name: str, shape: tuple[int, ...], rows: int, unit: str, label: str, kind: type = np.float64) -> None:
        """Make a dataset that grows along the time."""
        chunks = (rows, *(max(1, n) for n in shape))
        made = self._h5.create_dataset(name, (0, *shape), kind, maxshape=(None, *shape), chunks=chunks)
        made.attrs["units"] = unit
        made.attrs["label"] = label

    def write(self, first: int, times: Floats, values: Mapping[str, NDArray[Any]]) -> None:
        """Write rows from number ``first`` on: their times, and of each quantity an array of shape (n, ...)."""
        if not len(times):
            return
        self._put("t", first, times)
        for name, rows in values.items():
            self._put(self.members[name], first, rows)
            bad = np.flatnonzero(~np.isfinite(rows.reshape(len(rows), -1)).all(axis=1))
            if bad.size:
                count, at = self.lost.get(name, (0, first + int(bad[0])))
                self.lost[name] = count + bad.size, at

    def write_spikes(self, first: int, times: Floats, index: NDArray[np.int64], copy: NDArray[np.int64] | None = None) -> None:
        """Write spikes from number ``first`` on."""
        if not len(times):
            return
        self._put("spikes/times", first, times)
        self._put("spikes/index", first, index)
        if copy is not None:
            self._put("spikes/copy", first, copy)

    def _put(self, name: str, first: int, rows: NDArray[Any]) -> None:
        """Write rows of a dataset, which grows where need be."""
        dataset = self._h5[name]
        if dataset.shape[0] < first + len(rows):
            dataset.resize(first + len(rows), axis=0)
        dataset[first : first + len(rows)] = rows
        self._steady.require_sound()

    def close(self, meta: Mapping[str, Any], final: Mapping[str, Any], units: Mapping[str, str]) -> None:
        """Write what is known at the end of a run, and close the file.

        Raises
        ------
        OSError
            Where it cannot be written, as on a full disk.
        """
        places = members_of(list(final), ())
        group = self._h5.create_group("final")
        for name, value in final.items():
            group.create_dataset(places[name], data=np.asarray(value, dtype=np.float64)).attrs["units"] = units.get(name, "1")
        told = {**meta, "final": places, "units": dict(units), "recorded": self.members}
        self._h5.attrs["meta"] = np.bytes_(json.dumps(finite(told, []), ensure_ascii=True, allow_nan=False))
        self.abandon()
        self._steady.require_sound()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._h5.close()


class Steady(io.RawIOBase):
    """A file that never fails: the first error is kept, and nothing is written after it.

    HDF5 brings the whole process down where it cannot write at the end what it still holds.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.position = 0
        self.error: OSError | None = None

    def require_sound(self) -> None:
        """Raise what went wrong."""
        if self.error is not None:
            raise self.error

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place from the beginning or the end, and return it."""
        self.position = offset + (os.fstat(self.descriptor).st_size if whence == os.SEEK_END else 0)
        return self.position

    def tell(self) -> int:
        """Return the place."""
        return self.position

    def readinto(self, buffer: Any) -> int:
        """Read what stands at the place."""
        found = os.pread(self.descriptor, len(buffer), self.position)
        buffer[: len(found)] = found
        self.position += len(found)
        return len(found)

    def write(self, data: Any) -> int:
        """Write all of the data, unless an error came before."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while len(rest) and self.error is None:
                written = os.pwrite(self.descriptor, rest, self.position)
                rest, self.position = rest[written:], self.position + written
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        size = self.position if size is None else size
        try:
            if self.error is None:
                os.ftruncate(self.descriptor, size)
        except OSError as error:
            self.error = error
        return size
