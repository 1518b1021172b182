"""Where the rows and the spikes of a run go while it goes on: into its result file, or beside it until it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from neurodsl.files import replacing
from neurodsl.run.checkpoint import Place
from neurodsl.run.copies import BEGUN, FLAGS, FLUSHED, OFFSET, ORIGIN, ROWS, SPIKE_COUNT, SPIKES, STEP
from neurodsl.solution import Result, Spikes
from neurodsl.solution.hdf5 import RESERVED, Hdf5Writer, Trace
from neurodsl.solution.stored import Stored, rows_at_once
from neurodsl.solution.writing import members_of

Floats = NDArray[np.float64]
Contents = tuple[Floats, dict[str, Floats], Spikes]
SPIKE = np.dtype([("time", np.float64), ("index", np.int64)])
MANY_SPIKES = 2**16
"""So many spikes are written even where there is room for more rows."""


@dataclass(frozen=True)
class Layout:
    """What a run writes: its quantities, at which times, and to which elements its events belong."""

    traces: tuple[Trace, ...]
    time_unit: str
    dt: float
    steps: int
    end: float
    elements: tuple[int, ...]

    @property
    def width(self) -> int:
        """Return how many numbers a time takes."""
        return sum(trace.size for trace in self.traces)

    def times(self, first: int, count: int) -> Floats:
        """Return the times of some rows."""
        times: Floats = np.arange(first, first + count, dtype=np.float64) * self.dt
        if count and first + count == self.steps + 1:
            times[-1] = self.end
        return times

    def split(self, rows: Floats) -> dict[str, Floats]:
        """Return the numbers of each quantity."""
        found, first = {}, 0
        for trace in self.traces:
            found[trace.name] = rows[:, first : first + trace.size].reshape(len(rows), *trace.shape)
            first += trace.size
        return found


class Stream(Protocol):
    """Takes rows and spikes by their numbers from 0 on; what comes twice under the same numbers is there once."""

    layout: Layout

    def put(self, first: int, rows: Floats) -> None:
        """Take rows."""

    def put_spikes(self, first: int, spikes: NDArray[Any]) -> None:
        """Take spikes."""

    def finish(self, result: Result) -> None:
        """Complete the result file."""


def empty(stream: Stream, arguments: list[Any]) -> None:
    """Give the rows and spikes that a kernel has written to a stream, and let it write its next ones in their place.

    That they were given is noted in one assignment, so that an interrupt never finds half of it.
    """
    flags = arguments[FLAGS]
    first, fired, flushed = (int(flags[k]) for k in (OFFSET, SPIKE_COUNT, FLUSHED))
    ready = int(flags[STEP]) + 1 - first if flags[BEGUN] else 0
    spikes = np.empty(fired, SPIKE)
    spikes["time"] = arguments[SPIKES][:fired]
    spikes["index"] = np.array(stream.layout.elements or (0,), np.int64)[arguments[ORIGIN][:fired]]
    stream.put(first, arguments[ROWS][:ready])
    stream.put_spikes(flushed, spikes)
    flags[[OFFSET, SPIKE_COUNT, FLUSHED]] = first + ready, 0, flushed + fired


def is_full(arguments: list[Any]) -> bool:
    """Return whether a kernel can go no further before what it has written is taken."""
    flags = arguments[FLAGS]
    return bool(flags[STEP] + 1 >= flags[OFFSET] + len(arguments[ROWS]) or flags[SPIKE_COUNT] >= MANY_SPIKES)


def contents(out: Path, layout: Layout, rows: int, fired: int) -> Contents:
    """Return the times, the traces and the spikes of a run that is streamed, as arrays that stay in its file."""
    places = members_of([trace.name for trace in layout.traces], RESERVED)
    values = {trace.name: cast(Floats, Stored(out, places[trace.name], (rows, *trace.shape))) for trace in layout.traces}
    times, index = Stored(out, "spikes/times", (fired,)), Stored(out, "spikes/index", (fired,), np.int64)
    return cast(Floats, Stored(out, "t", (rows,))), values, Spikes(cast(Floats, times), cast(NDArray[np.int64], index))


class Direct:
    """Writes straight into the result file."""

    def __init__(self, file: Any, layout: Layout) -> None:
        self.layout = layout
        self.writer = Hdf5Writer(file, layout.traces, layout.time_unit, copies=False, most=layout.steps + 1)

    def put(self, first: int, rows: Floats) -> None:
        """Take rows."""
        self.writer.write(first, self.layout.times(first, len(rows)), self.layout.split(rows))

    def put_spikes(self, first: int, spikes: NDArray[Any]) -> None:
        """Take spikes."""
        self.writer.write_spikes(first, spikes["time"], spikes["index"])

    def finish(self, result: Result) -> None:
        """Complete the result file."""
        self.writer.close(result.meta, result.final, result.units)
        for name, trace in result.values.items():
            cast(Stored, trace).lost = self.writer.lost.get(name)


@contextmanager
def direct(out: Path, layout: Layout) -> Iterator[Direct]:
    """Open a result file that takes its name when it is complete."""
    with replacing(out) as file:
        stream = Direct(file, layout)
        try:
            yield stream
        finally:
            stream.writer.abandon()


class Spool:
    """Keeps rows and spikes beside the result file, bare and in their order, until the run is complete.

    What is there outlives the death of the process, which an HDF5 file that is being written need not, and can be cut back to a checkpoint.
    """

    def __init__(self, place: Place, layout: Layout) -> None:
        self.place, self.layout = place, layout
        self.paths = place.paths
        self.files = [os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666) for path in self.paths]

    def put(self, first: int, rows: Floats) -> None:
        """Take rows."""
        self._write(0, first * 8 * self.layout.width, np.ascontiguousarray(rows))

    def put_spikes(self, first: int, spikes: NDArray[Any]) -> None:
        """Take spikes."""
        self._write(1, first * SPIKE.itemsize, spikes)

    def _write(self, which: int, place: int, data: NDArray[Any]) -> None:
        rest = memoryview(data.tobytes())
        while len(rest):
            written = os.pwrite(self.files[which], rest, place)
            rest, place = rest[written:], place + written

    def secure(self) -> None:
        """Bring everything to the disk."""
        for file in self.files:
            os.fsync(file)

    def cut(self, rows: int, fired: int) -> bool:
        """Drop what came after some rows and spikes; tell whether all of those are there."""
        for file, size in zip(self.files, (rows * 8 * self.layout.width, fired * SPIKE.itemsize), strict=True):
            if os.fstat(file).st_size < size:
                return False
            os.ftruncate(file, size)
        return True

    def finish(self, result: Result) -> None:
        """Write the result file from what was kept."""
        width, count = self.layout.width, rows_at_once(1 + self.layout.width)
        rows, fired = len(result.t), result.spikes.count
        with direct(Path(self.place.out), self.layout) as stream:
            for first in range(0, rows, count):
                some = min(count, rows - first)
                data = os.pread(self.files[0], some * 8 * width, first * 8 * width)
                stream.put(first, np.frombuffer(data).reshape(some, width))
            for first in range(0, fired, MANY_SPIKES):
                data = os.pread(self.files[1], min(MANY_SPIKES, fired - first) * SPIKE.itemsize, first * SPIKE.itemsize)
                stream.put_spikes(first, np.frombuffer(data, SPIKE))
            stream.finish(result)

    def close(self, remove: bool) -> None:
        """Close the files, and remove them where nothing needs them any more."""
        for file in self.files:
            os.close(file)
        for path in self.paths:
            if remove:
                path.unlink(missing_ok=True)
