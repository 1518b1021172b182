"""Points of a sweep: runs of a model at many values, of each of which some numbers are kept and no trajectory.

A job is all that a worker needs, as text; a point depends on its values and its seed alone, not on who runs it, when, or beside which others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.cache import trusted
from neurodsl.codegen import kernel
from neurodsl.diagnostics import Diagnostic, NeuroError
from neurodsl.measures import Column, first_instant, first_sample
from neurodsl.options import Options, check_times
from neurodsl.plan import Plan
from neurodsl.run.copies import FLAGS, PATIENCE_SECONDS, SECONDS_OF_A_LINE, SPIKE_COUNT, SPIKES, STATUS, STEP, STOPPED, Desk
from neurodsl.run.failure import diagnosis_of
from neurodsl.run.lanes import Points, SideBySide
from neurodsl.run.start import places_of, prepared, prepared_copy
from neurodsl.run.windows import Window
from neurodsl.source import Source

SURROUNDINGS = 4
"""The exit code of what ends a sweep and not a point of it."""
DT = 2
"""Where the step stands among the arguments of a kernel."""
SEED = slice(9, 11)
"""Where the two halves of the seed stand among the flags."""
LOADING = Lock()
"""Threads load and compile one after the other, so that each kernel is compiled once."""
SPENT: dict[str, float] = {}
"""The seconds that each kernel has run as plain Python in this process: points come in chunks, none of which would pay for the compiler."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Job:
    """A sweep without its points.

    Attributes
    ----------
    plan : Plan
    files : mapping of str to str
        The texts of generated files by name, without ``.py``; that of ``plan.kernel`` is among them.
    text, name : str
        The text that the model stands in and what it is called, for places in messages.
    duration, dt, rtol, atol : float or None
        None where the plan decides.
    given, initial : mapping
        Values of parameters and of initial states that are the same in all points: numbers, or nested lists.
    axes : tuple of (str, str)
        What each column of the values is: ``set``, a parameter or input, or ``init``, an initial state; and its name.
    columns : tuple of Column
        What is kept of each point.
    start : float
        From which time on it is looked at.
    lanes : str
        The name of the file that runs points side by side; empty where there is none.
    """

    plan: Plan
    files: Mapping[str, str]
    text: str
    name: str
    axes: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    start: float = 0.0
    duration: float | None = None
    dt: float | None = None
    rtol: float | None = None
    atol: float | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    lanes: str = ""

    def to_json(self) -> str:
        """Return the job as text; the same job gives the same text."""
        values = {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "plan": asdict(self.plan)}
        return json.dumps(values, sort_keys=True, default=np.ndarray.tolist)

    @property
    def stochastic(self) -> bool:
        """Return whether a point depends on its seed."""
        return self.plan.stochastic

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Return the job of a text; ValueError, KeyError or TypeError where it is none."""
        values = json.loads(text)
        values["plan"] = Plan.from_json(json.dumps(values["plan"]))
        values["axes"] = tuple((str(kind), str(name)) for kind, name in values["axes"])
        values["columns"] = tuple(Column(str(kind), int(number), float(level)) for kind, number, level in values["columns"])
        return cls(**values)

    def options(self, point: Sequence[float], seed: int, record: tuple[str, ...] = ()) -> Options:
        """Return the numbers of the run at a point."""
        given, initial = dict(self.given), dict(self.initial)
        for (kind, name), value in zip(self.axes, point, strict=True):
            (given if kind == "set" else initial)[name] = value
        return Options(self.duration, self.dt, self.rtol, self.atol, record, given, initial, seed)


@dataclass(eq=False)
class Outcome:
    """What has come of points.

    Attributes
    ----------
    table : array of shape (points, columns)
        The values of the columns; nan in points that failed or were not run.
    failed : dict
        Why the points that failed did, by their number.
    ran : array of shape (points,)
        Which points were run, to their end or to a failure; not all where the work was halted.
    compile_s : float
        The time that the compiler took.
    """

    table: Floats
    failed: dict[int, str]
    ran: NDArray[np.bool_]
    compile_s: float = 0.0


def run_points(
    job: Job,
    folder: Path,
    values: Floats,
    seeds: NDArray[np.uint64],
    progress: Callable[[int], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Outcome:
    """Run points: side by side where the job has a file for that, else one after the other.

    A point that does not stay finite side by side is run by itself, which tells why, or does better.

    Parameters
    ----------
    job : Job
    folder : Path
        The private folder in which kernels and their machine code are kept.
    values : array of shape (points, axes)
        In the declared units.
    seeds : array of shape (points,)
    progress : callable
        Called with the number of points that are done.
    halted : callable
        Asked at least every tenth of a second whether to stop; the point that is running then is not kept.

    Raises
    ------
    NeuroError
        Where the surroundings (exit code 4) fail. What fails at a point alone is recorded.
    """
    found = Outcome(np.full((len(values), len(job.columns)), np.nan), {}, np.zeros(len(values), np.bool_))
    halted = halted or (lambda: False)
    path = stored(job, folder, job.plan.kernel)
    if job.lanes and kernel.compiled():
        _side_by_side(job, path, stored(job, folder, job.lanes), values, seeds, found, progress, halted)
    left = [] if halted() else np.flatnonzero(~found.ran).tolist()
    if not left:
        return found
    road = Scalar(job, path, len(left))
    for point in left:
        if halted():
            break
        try:
            numbers = road.run(values[point].tolist(), int(seeds[point]), halted)
        except NeuroError as error:
            if error.exit_code == SURROUNDINGS:
                raise
            found.failed[point] = reason_of(error.report.found[0])
        else:
            if numbers is None:
                break
            found.table[point] = numbers
        found.ran[point] = True
        if progress is not None:
            progress(int(found.ran.sum()))
    road.close()
    found.compile_s += road.compile_s
    return found


def _side_by_side(
    job: Job,
    path: Path,
    lanes: Path,
    values: Floats,
    seeds: NDArray[np.uint64],
    found: Outcome,
    progress: Callable[[int], None] | None,
    halted: Callable[[], bool],
) -> None:
    """Run points side by side and put away those that came to a good end."""
    began = time.perf_counter()
    with LOADING:
        plain, module = kernel.load(path, plain=True), kernel.load(lanes)
    found.compile_s = time.perf_counter() - began
    states = [job.plan.element(number) for number in range(module.STATES)]
    points = points_of(job, plain, values, seeds)
    shared = first_that_begins(points)
    if shared is None:
        return
    first, instant = first_sample(job.start, shared[DT]), first_instant(job.start, shared[DT])
    work = SideBySide(module, points, shared, states, places_of(plain), first, instant=instant)
    work.run(lambda done: None if progress is None else progress(int(done)), halted)
    found.ran[: work.done] = ~work.lost[: work.done]
    found.table[found.ran] = work.table[found.ran]


def points_of(job: Job, plain: ModuleType, values: Floats, seeds: NDArray[np.uint64]) -> Points:
    """Return the points of a job as they run side by side."""
    source = Source(job.name, job.text)

    def begin(point: int) -> list[Any]:
        return prepared(job.plan, plain, job.options(values[point].tolist(), int(seeds[point])), source)[0]

    return Points(values, seeds, np.zeros(len(values), np.int64), job.initial, begin)


def first_that_begins(points: Points) -> list[Any] | None:
    """Return the arguments of a run at the first point that has any, None where no point can begin."""
    for point in range(len(points.values)):
        try:
            return points.begin(point)
        except NeuroError as error:
            if error.exit_code == SURROUNDINGS:
                raise
    return None


def stored(job: Job, folder: Path, name: str) -> Path:
    """Return where a generated file of a job stands in a folder, and put it there unless it does."""
    path, data = folder / f"{name}.py", job.files[name].encode("ascii")
    if trusted(path) and path.read_bytes() == data:
        return path
    return kernel.store(folder, name, job.files[name])


def reason_of(found: Diagnostic) -> str:
    """Return a finding on one line: its code, its sentence and its place."""
    return f"{found.rule.code}: {found.message}" + ("" if found.span is None else f" ({found.span})")


class Scalar:
    """One run after the other in the kernel that also serves single runs, so that the numbers are theirs to the last bit.

    Where no machine code is kept, the same text runs as plain Python, until it has taken as long as the compiler does, or shows that it will.
    """

    def __init__(self, job: Job, path: Path, points: int) -> None:
        self.points = points
        self.job, self.path, self.source = job, path, Source(job.name, job.text)
        duration, dt, _ = check_times(job.plan, Options(job.duration, job.dt, job.rtol, job.atol, ()))
        self.window = Window(job.columns, job.start, dt, duration)
        self.numbers = self.window.recorded(sum(s.size for s in job.plan.states))
        self.record = tuple(job.plan.element(number) for number in self.numbers)
        with LOADING:
            self.plain = kernel.load(path, plain=True)
            self.module: ModuleType = (kernel.kept(path) if kernel.compiled() else None) or self.plain
        self.patience = max(PATIENCE_SECONDS, SECONDS_OF_A_LINE * job.files[job.plan.kernel].count("\n"))
        self.compile_s, self.seconds, self.done = 0.0, 0.0, 0
        self.desk: Desk | None = None
        self.rows = np.empty((0, 0))

    def run(self, point: Sequence[float], seed: int, halted: Callable[[], bool]) -> list[float] | None:
        """Return the columns of a point, None where the work was halted.

        Raises
        ------
        NeuroError
            Where the point fails.
        """
        self._consider(0.0, 0.0)
        began = time.perf_counter()
        try:
            with np.errstate(all="ignore"):
                desk = self._begin(point, seed)
                while desk.advance(self.module) == 0:
                    if halted():
                        return None
                    self._consider(time.perf_counter() - began, desk.fraction())
                return self._ended(desk)
        finally:
            self.seconds += time.perf_counter() - began
            self.done += 1

    def _begin(self, point: Sequence[float], seed: int) -> Desk:
        """Return the desk with all arrays at the start of a point."""
        plan, options = self.job.plan, self.job.options(point, seed, self.record)
        if self.desk is None:
            arguments, _ = prepared(plan, self.plain, options, self.source)
            self.desk, self.rows = Desk(arguments), arguments[22]
        arguments = prepared_copy(plan, self.plain, options, self.source, 0)
        self.desk.begin(0, self.rows, arguments)
        self.desk.flags[SEED] = arguments[FLAGS][SEED]
        return self.desk

    def _ended(self, desk: Desk) -> list[float]:
        """Return the columns of a run that is at its end."""
        flags, arguments = desk.flags, desk.arguments
        if flags[STATUS] > STOPPED:
            raise NeuroError(diagnosis_of(self.job.plan, self.plain, arguments, self.source), 3)
        samples = int(flags[STEP]) + 1
        spikes = arguments[SPIKES][: int(flags[SPIKE_COUNT])]
        return self.window.row(self.rows[:samples], self.numbers, samples == len(self.rows), desk.state, spikes, float(desk.clock[0]))

    def _consider(self, running: float, part: float) -> None:
        """Compile where the points of this process take plain Python longer than the compiler, as far as can be told."""
        if self.module is not self.plain or not kernel.compiled():
            return
        seconds, done = self.seconds + running, self.done + part
        if SPENT.get(self.path.stem, 0.0) * done + seconds * self.points > self.patience * done:
            began = time.perf_counter()
            with LOADING:
                self.module = kernel.load(self.path)
            self.compile_s += time.perf_counter() - began

    def close(self) -> None:
        """Note what was spent in plain Python."""
        if self.module is self.plain:
            with LOADING:
                SPENT[self.path.stem] = SPENT.get(self.path.stem, 0.0) + self.seconds
