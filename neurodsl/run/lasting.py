"""Long runs: what is recorded goes to a file while the run goes on, and its state to a checkpoint from time to time."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import Diagnostic, NeuroError, fail
from neurodsl.files import require_writable, unwritable
from neurodsl.options import Options, Recorded, number_in
from neurodsl.plan import Plan
from neurodsl.run.checkpoint import Checkpoint, Expressions, Place, Request, read_checkpoint, started, write_checkpoint
from neurodsl.run.copies import CLOCK, FLAGS, FLUSHED, OFFSET, Desk
from neurodsl.run.interrupts import Interrupts
from neurodsl.run.streams import Contents, Direct, Layout, Spool, contents, direct, empty, is_full
from neurodsl.solution import Result, require_destination
from neurodsl.solution.hdf5 import Trace
from neurodsl.solution.stored import rows_at_once
from neurodsl.solution.writing import HDF5

EVERY = 60.0
"""Seconds between two checkpoints."""
SHARE = 0.1
"""So much of the time goes at most into checkpoints; where they take longer to write they become rarer."""


@dataclass(frozen=True)
class Lasting:
    """What is asked of a long run.

    Attributes
    ----------
    out : Path or None
        The `.h5` file that takes what is recorded while the run goes on.
    checkpoint : Path or None
        Where its state is written.
    every : float
        Seconds between two checkpoints.
    kept : Checkpoint or None
        Where it goes on.
    request : Request or None
        What makes its plan again.
    notes : list of Diagnostic
        What went wrong without ending the run.
    """

    out: Path | None
    checkpoint: Path | None
    every: float
    kept: Checkpoint | None
    request: Request | None = None
    notes: list[Diagnostic] = field(default_factory=list)

    @property
    def streamed(self) -> bool:
        """Return whether what is recorded goes to a file; the run of a checkpoint goes on as it began."""
        return self.out is not None and (self.kept is None or self.kept.place is not None)

    def asked_for(self, name: str | None, texts: Sequence[str], chosen: Mapping[str, str | None], expressions: Expressions) -> Lasting:
        """Return the same with what makes the plan of the run again; ``chosen`` are its method, its events and its variant."""
        return replace(self, request=Request(name, tuple(texts), **chosen, expressions=expressions) if self.kept is None else self.kept.request)

    def window(self, width: int) -> int | None:
        """Return how many rows of so many numbers are kept at a time, None where all are."""
        return rows_at_once(1 + width) if self.streamed else None

    @contextmanager
    def looked_after(self, plan: Plan, plain: ModuleType, options: Options, recorded: tuple[Recorded, ...], arguments: list[Any]) -> Iterator[Keeper]:
        """Open what the run writes to, and bring its arguments to where it goes on.

        Raises
        ------
        NeuroError
            F102 (exit code 4) where what it writes does not fit on the disk, F110 or F111 for a checkpoint that cannot be used.
        """
        keeper = Keeper(self, plan, options, arguments)
        if self.kept is not None:
            self.kept.restore(arguments, plain.CONSTANTS, max(plain.EVENTS, 1))
        if self.out is None or not self.streamed:
            yield keeper
            return
        traces = tuple(Trace(r.name, r.shape, r.quantity.unit, r.quantity.doc or "") for r in recorded)
        layout = Layout(traces, plan.time_unit, arguments[2], arguments[1], arguments[4], plan.elements)
        _require_room(self.out, layout, twice=self.checkpoint is not None)
        if self.checkpoint is None:
            with direct(self.out, layout) as keeper.stream:
                yield keeper
        else:
            with _spooled(self.out, self.kept, layout, keeper, arguments):
                yield keeper


def lasting(out: Any, checkpoint: Any, every: Any, resume: Any, copies: Any) -> Lasting:
    """Return what is asked of a long run, looked over before it begins.

    Raises
    ------
    NeuroError
        V101 for values that do not go together, F101, F110 or F111 for a checkpoint that cannot be used, F102 for files that cannot be written.
    """
    if copies is not None and (checkpoint is not None or resume is not None):
        told = "a checkpoint is of a single run, and not of copies"
        raise fail(rules.BAD_VALUE, told, help="run without `--copies`; `neurodsl sweep` keeps each point that is finished")
    if every is not None and checkpoint is None and resume is None:
        raise fail(
            rules.BAD_VALUE, "`every` is the time between two checkpoints, and there is no file for them", help="name one: `--checkpoint FILE`"
        )
    kept = None if resume is None else read_checkpoint(Path(resume))
    seconds = seconds_of(every) if every is not None else EVERY if kept is None else kept.every
    target = None if out is None else Path(out)
    if target is not None:
        _require_hdf5(target, copies)
    if kept is not None and kept.place is not None:
        if target is not None and str(target.resolve()) != kept.place.out:
            raise kept.other(f"it is written to `{kept.place.out}`, not to `{target}`", "leave `--out` out")
        target = Path(kept.place.out)
        require_destination(target)
    file = Path(checkpoint) if checkpoint is not None else None if kept is None else kept.path
    if file is not None:
        if target is not None and file.resolve() == target.resolve():
            raise fail(rules.BAD_VALUE, f"`{file}` cannot be both the result and the checkpoint", help="name two files")
        require_writable(file)
        if kept is None or file != kept.path:
            _require_no_other(file)
    return Lasting(target, file, seconds, kept)


def _require_no_other(file: Path) -> None:
    """Raise F110 for a file that stands where a checkpoint is to be written and is none."""
    if not file.is_file() or file.stat().st_size == 0:
        return
    try:
        read_checkpoint(file)
    except NeuroError as error:
        told = f"`{file}` is no checkpoint, and one would be written over it"
        raise fail(rules.BAD_CHECKPOINT, told, help="name another file with `--checkpoint`, or remove that one") from error


def seconds_of(every: Any) -> float:
    """Return the time between two checkpoints in seconds; V101 where it is none."""
    seconds = number_in(every, "s", "every")
    if not seconds > 0:
        raise fail(rules.BAD_VALUE, f"the time between two checkpoints has to be positive, not `{every}`", help="for example `--every 60s`")
    return seconds


def _require_hdf5(out: Path, copies: Any) -> None:
    """Raise V101 for a file that cannot take a run while it goes on."""
    if copies is not None:
        told = "the copies of a run are kept in memory, and `out` is written while a run goes on"
        raise fail(rules.BAD_VALUE, told, help="save the result when it is there: `result.save(...)`")
    require_destination(out)
    if out.suffix.lower() not in HDF5:
        told = f"`out` is written while the run goes on, which a `{out.suffix}` file cannot be"
        raise fail(rules.BAD_VALUE, told, help="name an `.h5` file, or save the result when it is there: `result.save(...)`")


class Keeper(Interrupts):
    """Looks after a long run between its pieces: empties its window, writes checkpoints, and lets Ctrl-C through where all is consistent.

    Attributes
    ----------
    stream : Direct, Spool or None
        What takes the rows, None where they stay in memory.
    whole : bool
        The run has come to its end, and nothing needs what was kept for going on.
    """

    def __init__(self, asked: Lasting, plan: Plan, options: Options, arguments: list[Any]) -> None:
        super().__init__()
        self.asked, self.plan, self.options = asked, plan, options
        self.stream: Direct | Spool | None = None
        self.start = started(arguments)
        self.whole = False
        self.written: float | None = None if asked.kept is None or asked.checkpoint != asked.kept.path else asked.kept.t
        self._due = time.monotonic() + asked.every

    def look(self, desk: Desk, status: int) -> None:
        """See to a run after a piece, whose status is 0 while there is more to do.

        Raises
        ------
        KeyboardInterrupt
            Where Ctrl-C came during the piece.
        """
        due = self.asked.checkpoint is not None and status == 0 and (self.stopped or time.monotonic() >= self._due)
        if self.stream is not None and (due or status != 0 or self.stopped or is_full(desk.arguments)):
            empty(self.stream, desk.arguments)
        if due:
            self._write(desk.arguments)
        if self.stopped:
            raise KeyboardInterrupt

    def interrupted(self, desk: Desk) -> None:
        """Take what is there of a run that was interrupted; its rows are good even where that was in the middle of a step."""
        if self.stream is not None:
            empty(self.stream, desk.arguments)

    def _write(self, arguments: list[Any]) -> None:
        """Write a checkpoint, and choose when the next one is due."""
        began = time.monotonic()
        assert self.asked.checkpoint is not None
        assert self.asked.request is not None
        place = None
        try:
            if isinstance(self.stream, Spool):
                self.stream.secure()
                place = self.stream.place
            write_checkpoint(self.asked.checkpoint, self.plan, self.asked.request, self.options, place, self.asked.every, self.start, arguments)
            self.written = float(arguments[CLOCK][0])
        except (NeuroError, OSError) as error:
            told = error.report.found[0].message if isinstance(error, NeuroError) else str(error)
            note = Diagnostic(rules.NO_CHECKPOINT, f"a checkpoint was not written: {told}", None, "the last one that was written is still there")
            self.asked.notes[:] = [note]
        now = time.monotonic()
        self._due = now + max(self.asked.every, (now - began) / SHARE)

    def told(self) -> dict[str, Any]:
        """Return what a result tells of its checkpoints: where the last one is, and at which time."""
        return {} if self.written is None else {"checkpoint": {"file": str(self.asked.checkpoint), "t": self.written}}

    def contents(self, flags: NDArray[np.int64]) -> Contents | None:
        """Return the times, the traces and the spikes of a run that was streamed, None where they are in memory."""
        if self.stream is None or self.asked.out is None:
            return None
        return contents(self.asked.out, self.stream.layout, int(flags[OFFSET]), int(flags[FLUSHED]))

    def complete(self, result: Result) -> None:
        """Write what is left to write of a run that has ended."""
        if self.stream is not None:
            self.stream.finish(result)
        elif self.asked.out is not None:
            result.save(self.asked.out)
        self.whole = not result.meta["interrupted"]


@contextmanager
def _spooled(out: Path, kept: Checkpoint | None, layout: Layout, keeper: Keeper, arguments: list[Any]) -> Iterator[None]:
    """Keep rows beside the result file; they stay there for the next attempt where the run did not come to its end."""
    place = Place(str(out.resolve()), os.urandom(8).hex()) if kept is None or kept.place is None else kept.place
    try:
        if kept is not None and not all(path.is_file() for path in place.paths):
            told = f"`{kept.path}` cannot be resumed: the files beside `{out}` that kept its rows are gone, as they are when a run is complete"
            raise fail(rules.OTHER_RUN, told, help="run from the beginning")
        spool = Spool(place, layout)
        try:
            if kept is not None and not spool.cut(int(arguments[FLAGS][OFFSET]), int(arguments[FLAGS][FLUSHED])):
                raise kept.damaged(f"the files beside `{out}` that keep its rows are shorter than it says")
            keeper.stream = spool
            yield
        finally:
            spool.close(remove=keeper.whole or (keeper.written is None and kept is None))
    except OSError as error:
        raise unwritable(out, error) from error


def _require_room(out: Path, layout: Layout, twice: bool) -> None:
    """Raise F102 (exit code 4) where the disk has not the room for all rows, ``twice`` where they are also kept until the run is complete."""
    need = 8 * (layout.steps + 1) * (layout.width + 1 + (layout.width if twice else 0))
    free = shutil.disk_usage(out.resolve().parent).free
    if need > free:
        told = f"cannot write `{out}`: the run takes {need / 2**30:.3g} GiB, and {free / 2**30:.3g} GiB are free there"
        raise fail(rules.UNWRITABLE, told, help="another disk, a longer `--dt`, or less to `--record`", exit_code=4)
