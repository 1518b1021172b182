"""Long runs of networks: their state goes to a checkpoint from time to time, and a run goes on from one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from neurodsl import rules
from neurodsl.diagnostics import Diagnostic, NeuroError, fail
from neurodsl.files import require_writable
from neurodsl.network_plan import NetworkPlan
from neurodsl.run.checkpoint import read_checkpoint
from neurodsl.run.interrupts import Interrupts
from neurodsl.run.lasting import EVERY, SHARE, seconds_of
from neurodsl.run.network import Request, Work
from neurodsl.run.network_checkpoint import Asked, NetworkCheckpoint, began, read_network_checkpoint, write_checkpoint
from neurodsl.run.network_precise import work_of
from neurodsl.solution.network import NetworkResult


@dataclass(frozen=True)
class Lasting:
    """What is asked of a long run of a network.

    Attributes
    ----------
    checkpoint : Path
        Where its state is written.
    every : float
        Seconds between two checkpoints.
    kept : NetworkCheckpoint or None
        Where it goes on.
    notes : list of Diagnostic
        What went wrong without ending the run.
    """

    checkpoint: Path
    every: float
    kept: NetworkCheckpoint | None
    notes: list[Diagnostic] = field(default_factory=list)


def lasting(checkpoint: Any, every: Any, resume: Any, copies: Any) -> Lasting | None:
    """Return what is asked of a long run, looked over before it begins; None where nothing is.

    Raises
    ------
    NeuroError
        V101 for values that do not go together, F101 or F110 for a checkpoint that cannot be used, F102 for a file that cannot be written.
    """
    if checkpoint is None and resume is None:
        if every is not None:
            told = "`every` is the time between two checkpoints, and there is no file for them"
            raise fail(rules.BAD_VALUE, told, help="name one: `--checkpoint FILE`")
        return None
    if copies is not None:
        told = "a checkpoint is of a single run, and not of copies"
        raise fail(rules.BAD_VALUE, told, help="run without `--copies`; `neurodsl sweep` keeps each point that is finished")
    kept = None if resume is None else read_network_checkpoint(Path(resume))
    seconds = seconds_of(every) if every is not None else EVERY if kept is None else kept.every
    file = Path(checkpoint if checkpoint is not None else resume)
    require_writable(file)
    if kept is None or file != kept.path:
        _require_no_other(file)
    return Lasting(file, seconds, kept)


def _require_no_other(file: Path) -> None:
    """Raise F110 for a file that stands where a checkpoint is to be written and is none."""
    if not file.is_file() or file.stat().st_size == 0:
        return
    readers: tuple[Callable[[Path], Any], ...] = (read_network_checkpoint, read_checkpoint)
    for read in readers:
        try:
            read(file)
        except NeuroError as error:
            refused = error
        else:
            return
    told = f"`{file}` is no checkpoint, and one would be written over it"
    raise fail(rules.BAD_CHECKPOINT, told, help="name another file with `--checkpoint`, or remove that one") from refused


class Keeper(Interrupts):
    """Looks after a long run between its pieces: writes checkpoints, and lets Ctrl-C through where all is consistent."""

    def __init__(self, asked: Lasting, made_from: Asked, first: dict[str, str]) -> None:
        super().__init__()
        self.asked, self.made_from, self.first = asked, made_from, first
        kept = asked.kept
        self.written: float | None = None if kept is None or asked.checkpoint != kept.path else kept.t
        self._due = time.monotonic() + asked.every

    def look(self, work: Work) -> None:
        """See to a run after a piece.

        Raises
        ------
        KeyboardInterrupt
            Where Ctrl-C came during the piece.
        """
        if work.reached < work.steps and (self.stopped or time.monotonic() >= self._due):
            self._write(work)
        self.let_through()

    def _write(self, work: Work) -> None:
        """Write a checkpoint, and choose when the next one is due."""
        start = time.monotonic()
        try:
            write_checkpoint(self.asked.checkpoint, work, self.made_from, self.asked.every, self.first)
            self.written = work.reached * work.dt
        except (NeuroError, OSError) as error:
            told = error.report.found[0].message if isinstance(error, NeuroError) else str(error)
            note = Diagnostic(rules.NO_CHECKPOINT, f"a checkpoint was not written: {told}", None, "the last one that was written is still there")
            self.asked.notes[:] = [note]
        now = time.monotonic()
        self._due = now + max(self.asked.every, (now - start) / SHARE)

    def told(self, result: NetworkResult) -> NetworkResult:
        """Return a result that tells where the last checkpoint is, and of which time."""
        if self.written is None:
            return result
        return replace(result, meta={**result.meta, "checkpoint": {"file": str(self.asked.checkpoint), "t": self.written}})


def execute(
    plan: NetworkPlan, folder: Path, request: Request, asked: Lasting, made_from: Asked, before_s: float, progress: Callable[[float], None] | None
) -> NetworkResult:
    """Run a plan of a network whose state is kept, from the beginning or from a checkpoint.

    Raises
    ------
    Failure
        Where the numerics fail; it carries what was good until then.
    NeuroError
        For numbers that cannot be run, F110 or F111 for a checkpoint that cannot be used.
    """
    work = work_of(plan, folder / f"{plan.kernel}.py", request)
    keeper = Keeper(asked, made_from, began(work))
    if asked.kept is not None:
        asked.kept.restore(work, keeper.first)
    start = time.perf_counter()
    with keeper.interrupts():
        interrupted = work.run(progress, keeper.look)
    timing = {"build_s": before_s + work.build_s, "compile_s": work.compile_s, "run_s": time.perf_counter() - start}
    return keeper.told(work.result(interrupted, timing))
