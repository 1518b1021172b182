"""What a sweep is to run: from what a user asks for to a job, its points and their seeds."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__, rules
from neurodsl.cache import Cache
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError, Report, fail
from neurodsl.findings import diagnostics_of
from neurodsl.given import Given, options_of, sorted_out
from neurodsl.measures import Measure, asked_for, columns_of, measures_of
from neurodsl.options import MOST_MEMORY, Options, check_times, count_of, number_in
from neurodsl.plan import Plan
from neurodsl.run import STIFFNESS, advise, stiffness, with_files
from neurodsl.run.copies import CONSTANTS
from neurodsl.run.points import Job
from neurodsl.run.start import prepared_copy
from neurodsl.run.windows import Window
from neurodsl.source import Source
from neurodsl.sweep.ranges import Axis, axis, box, require_few, swept
from neurodsl.texts import with_imports

if TYPE_CHECKING:
    from neurodsl.run.network_points import NetworkJob

Floats = NDArray[np.float64]

STEADY = "steady"
"""The window that is the second half of a run."""
MOST_CORNERS = 16
"""Corners of the ranges at which a model is looked at for stiffness."""
LEAST_STEPS = 20_000
"""Points that take fewer steps together are done in plain Python before the compiler has begun."""
LARGEST_TOLD = 100
"""Elements of an array whose values a sweep tells."""


class Planner(Protocol):
    """A model as a sweep needs it."""

    source: Source
    name: str | None

    @property
    def network(self) -> bool:
        """Return whether the text means a network."""

    @property
    def cache(self) -> Cache:
        """Return the folder in which plans and kernels are kept."""

    def plan(self, method: str | None, events: str | None, variant: str | None, expressions: Sequence[tuple[str, str, str]]) -> Plan:
        """Return the plan of a run."""

    def lanes(
        self,
        plan: Plan,
        variant: str | None,
        expressions: Sequence[tuple[str, str, str]],
        varied: Sequence[str],
        given: Sequence[str],
        columns: Sequence[Sequence[Any]],
    ) -> str | None:
        """Return the generated file that runs points side by side, None where they run one after the other."""


@dataclass(frozen=True)
class Request:
    """What a user asks of a sweep; see :func:`neurodsl.sweep.sweep`."""

    over: Mapping[str, Any]
    measure: Sequence[str] | str | None = None
    where: float | str | None = None
    random: int | None = None
    copies: int | None = None
    given: Given | None = None
    variant: str | None = None
    method: str | None = None
    events: str | None = None
    dt: float | str | None = None
    duration: float | str | None = None
    rtol: float | None = None
    atol: float | None = None
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class Planned:
    """A sweep that is ready to run.

    Attributes
    ----------
    axes : tuple of Axis
        Those of the table; their values multiply to the points, the last axis fastest.
    drawn : tuple of Axis
        Of points that are drawn at random, what each of their values is.
    values : array of shape (points, axes of the job)
    seeds : array of shape (points,)
    meta : mapping
        What the sweep is, JSON-ready.
    origin : str
        What the generated files are made from; see `origin_of`.
    """

    job: Job | NetworkJob
    folder: Path
    axes: tuple[Axis, ...]
    drawn: tuple[Axis, ...]
    measures: tuple[Measure, ...]
    values: Floats
    seeds: NDArray[np.uint64]
    meta: dict[str, Any]
    origin: str


def planned(model: Planner, wanted: Request, report: Report) -> Planned:
    """Return the job and the points of a sweep.

    Raises
    ------
    NeuroError
        For wrong names, ranges, measures and numbers (exit code 2), before anything runs.
    """
    given = wanted.given or sorted_out(None, None, None, {})
    plan = _plan(model, wanted, given)
    varied = [(*swept(plan, name), values) for name, values in wanted.over.items()]
    options = given.within(plan, options_of(plan, wanted.duration, wanted.dt, wanted.rtol, wanted.atol, (), wanted.seed))
    texts = with_imports(model.source)
    source = next((text for text in texts if text.digest == plan.text), model.source)
    options = with_files(plan, options, source)
    copies = None if wanted.copies is None else count_of(wanted.copies, "copies")
    axes, drawn, values = points_in(varied, wanted.random, options.seed)
    if copies is not None:
        axes = (*axes, Axis("copy", "copy", np.arange(copies, dtype=np.float64)))
    require_few({axis.name: len(axis.values) for axis in axes})
    names = tuple((kind, described.name) for kind, described, _ in varied)
    if plan.probe:
        plan = _without_stiffness(model, wanted, given, plan, _corners(options, names, values), source)
    duration, dt = _times(plan, options)
    measures = measures_of(plan, asked_for(wanted.measure) if isinstance(wanted.measure, str) else wanted.measure)
    job = Job(
        plan, {plan.kernel: (model.cache.folder / f"{plan.kernel}.py").read_text(encoding="ascii")}, source.text, source.name, names,
        columns_of(measures), window_start(plan.time_unit, wanted.where, duration), options.duration, options.dt, options.rtol, options.atol,
        options.given, options.initial,
    )  # fmt: skip
    _require_memory(job, options, len(values) * (copies or 1), dt, duration)
    if len(values) * (copies or 1) * duration / dt >= LEAST_STEPS:
        job = _side_by_side(model, wanted, given, job)
    values, seeds = seeded(job, values, copies, options.seed)
    report.found += [d for d in diagnostics_of(plan.findings, source) if d.rule.severity != "note"]
    folder = model.cache.folder
    with suppress(NeuroError):
        report.found += advise(plan, folder, replace(job.options(values[0], options.seed), copies=copies), source)
    meta = _meta(job, folder, values, seeds, source) | {"dt": dt, "duration": duration}
    if plan.stochastic or wanted.random is not None:
        meta["seed"] = options.seed
    return Planned(job, folder, axes, drawn, measures, values, seeds, meta, origin_of(texts, model.name, wanted.variant, given))


def origin_of(texts: Sequence[Source], name: str | None, variant: str | None, given: Given) -> str:
    """Return what the generated files of a model are made from: its text and all that it imports, and how a caller changes it.

    The names of files are no part of it, nor what is generated, which depends on how far it could be simplified in a given time.
    """
    return json.dumps([[text.digest for text in texts], name, variant, sorted(given.expressions)])


def _side_by_side(model: Planner, wanted: Request, given: Given, job: Job) -> Job:
    """Return a job with the file that runs its points side by side, where there is one."""
    lanes = model.lanes(job.plan, wanted.variant, given.expressions, [name for _, name in job.axes], sorted(job.given), job.columns)
    if lanes is None:
        return job
    name = kernel.named("lanes", lanes)
    return replace(job, files={**job.files, name: lanes}, lanes=name)


def _times(plan: Plan, options: Options) -> tuple[float, float]:
    """Return the duration and the step.

    Raises
    ------
    NeuroError
        V103 where they do not go together, V104 where a run that records what it is asked to would not fit into memory.
    """
    try:
        return check_times(plan, options)[:2]
    except NeuroError as error:
        if error.report.found[0].rule is not rules.TOO_MUCH_MEMORY:
            raise
        told = "what a point keeps of its samples until it is at its end does not fit into memory: they are too many"
        raise fail(rules.TOO_MUCH_MEMORY, told, help="take a longer `--dt` or a shorter `--duration`, or measure less") from error


def _plan(model: Planner, wanted: Request, given: Given) -> Plan:
    """Return the plan in which everything that varies is a number."""
    require_variation(wanted, given)
    plan = model.plan(wanted.method, wanted.events, wanted.variant, given.expressions)
    if given.settle(plan):
        plan = model.plan(wanted.method, wanted.events, wanted.variant, given.expressions)
    for name in wanted.over:
        if name in plan.recordable and plan.recordable[name].role == "derived":
            # An input that follows an expression of the time becomes a number; anything else that is derived is no input.
            number = ("input", name, "0.0")
            with suppress(NeuroError):
                plan = model.plan(wanted.method, wanted.events, wanted.variant, [*given.expressions, number])
                given.expressions.append(number)
    return plan


def require_variation(wanted: Request, given: Given) -> None:
    """Raise V101 or V102 where nothing varies, or something has a value too."""
    known = {name for numbers in given.numbers.values() for name in numbers} | {name for _, name, _ in given.expressions}
    twice = [name for name in wanted.over if name in known]
    if twice:
        raise fail(rules.UNKNOWN_OPTION_NAME, f"`{twice[0]}` is given a value and a range", help="give it one of the two")
    if not wanted.over and wanted.copies is None:
        raise fail(rules.BAD_VALUE, "a sweep needs something that varies", help="`--over NAME=0..20:21`, or `--copies N` of a stochastic model")
    if not wanted.over and wanted.random is not None:
        raise fail(rules.BAD_VALUE, "points are drawn at random in ranges, and there are none", help="`--over NAME=0..20`")


def points_in(varied: Sequence[tuple[str, Any, Any]], random: int | None, seed: int) -> tuple[tuple[Axis, ...], tuple[Axis, ...], Floats]:
    """Return the axes of the table, what is drawn along them, and the values of the points."""
    if random is None:
        axes = tuple(axis(described, kind, values) for kind, described, values in varied)
        points = require_few({a.name: len(a.values) for a in axes})
        grid = np.meshgrid(*(a.values for a in axes), indexing="ij")
        return axes, (), np.stack([g.ravel() for g in grid], axis=1) if axes else np.empty((points, 0))
    count = count_of(random, "points")
    require_few({"point": count})
    boxes = [box(described, values) for _, described, values in varied]
    uniform = np.random.Generator(np.random.Philox(seed)).random((count, len(boxes)))
    values = np.stack([b.drawn(uniform[:, i]) for i, b in enumerate(boxes)], axis=1)
    drawn = tuple(Axis(d.name, kind, values[:, i], d.unit, d.doc, boxes[i].log) for i, (kind, d, _) in enumerate(varied))
    return (Axis("point", "point", np.arange(count, dtype=np.float64)),), drawn, values


def _corners(options: Options, names: Sequence[tuple[str, str]], values: Floats) -> Iterator[Options]:
    """Yield the numbers of the run at corners of the points."""
    ends = [sorted({float(column.min()), float(column.max())}) for column in values.T]
    for i, corner in enumerate(product(*ends)):
        if i == MOST_CORNERS:
            return
        point = {("given" if kind == "set" else "initial", name): value for (kind, name), value in zip(names, corner, strict=True)}
        yield replace(
            options,
            given={**options.given, **{name: value for (where, name), value in point.items() if where == "given"}},
            initial={**options.initial, **{name: value for (where, name), value in point.items() if where == "initial"}},
        )


def _without_stiffness(model: Planner, wanted: Request, given: Given, plan: Plan, corners: Iterator[Options], source: Source) -> Plan:
    """Return the plan for the method that ``auto`` takes: for stiff equations where they are at any corner, one method for all points."""
    plain = kernel.load(model.cache.folder / f"{plan.kernel}.py", plain=True)
    fastest = 0.0
    for options in corners:
        with suppress(NeuroError):
            fastest = max(fastest, stiffness(plan, plain, options, source))
    if fastest <= STIFFNESS:
        return plan
    stiff = model.plan("rosenbrock", wanted.events, wanted.variant, given.expressions)
    return replace(stiff, reason=f"auto: stiff, the fastest time constant at a corner of the ranges is {1 / fastest:.2g} of dt")


def window_start(time_unit: str, where: float | str | None, duration: float) -> float:
    """Return the start of the window in which is measured.

    Raises
    ------
    NeuroError
        V101 for a time that is none, or none of the run.
    """
    if where is None:
        return 0.0
    if isinstance(where, str) and where.strip() == STEADY:
        return duration / 2
    try:
        start = number_in(where, time_unit, "the start of the window")
    except NeuroError as error:
        (found,) = error.report.found
        raise fail(
            rules.BAD_VALUE, found.message, help="`--where steady` for the second half of the run, `--where 200` for what follows that time"
        ) from error
    if not 0 <= start < duration:
        unit = "" if time_unit == "1" else f" {time_unit}"
        told = f"the window starts at {start:g}{unit}, and the run goes from 0 to {duration:g}{unit}"
        raise fail(rules.BAD_VALUE, told, help="start it earlier, or let the run last longer with `--duration`")
    return start


def _require_memory(job: Job, options: Options, points: int, dt: float, duration: float) -> None:
    """Raise V104 where a run or the table would not fit into memory."""
    numbers = Window(job.columns, job.start, dt, duration).recorded(sum(s.size for s in job.plan.states))
    _times(job.plan, replace(options, record=tuple(job.plan.element(number) for number in numbers)))
    size = 8.0 * points * (2 * len(job.columns) + len(job.axes) + 20)
    if size > MOST_MEMORY:
        told = f"{points} points with {len(job.columns)} numbers each take {size / 2**30:.3g} GiB, more than {MOST_MEMORY / 2**30:g}"
        raise fail(rules.TOO_MUCH_MEMORY, told, help="take fewer points or measures, or make several sweeps of parts of the ranges")


def seed_of_point(seed: int, axes: Sequence[tuple[str, str]], point: Sequence[float], copy: int) -> int:
    """Return the seed of a point: 64 bits of a digest of the seed of the sweep, the values by name, and the number of the copy."""
    order = sorted(range(len(axes)), key=lambda i: axes[i])
    text = ";".join(f"{axes[i][0]} {axes[i][1]}" for i in order)
    # Adding 0.0 makes of -0.0, which equals 0.0, the same bytes.
    data = struct.pack(f"<Q{len(order)}dQ", seed, *(point[i] + 0.0 for i in order), copy)
    return int.from_bytes(hashlib.sha256(text.encode() + b"\0" + data).digest()[:8], "little")


def seeded(job: Job | NetworkJob, values: Floats, copies: int | None, seed: int) -> tuple[Floats, NDArray[np.uint64]]:
    """Return the values with a row for each copy, and the seed of each row; 0 where nothing is random."""
    repeated = np.repeat(values, copies or 1, axis=0)
    if not job.stochastic:
        return repeated, np.zeros(len(repeated), np.uint64)
    seeds = [seed_of_point(seed, job.axes, point, copy) for point in values.tolist() for copy in range(copies or 1)]
    return repeated, np.array(seeds, dtype=np.uint64)


def _meta(job: Job, folder: Path, values: Floats, seeds: NDArray[np.uint64], source: Source) -> dict[str, Any]:
    """Return what a sweep is: model, method, and the parameters that are the same in all points."""
    plan = job.plan
    return {
        "model": plan.model,
        "title": plan.title or plan.model,
        "method": plan.method,
        "reason": plan.reason,
        "events": plan.events,
        "time_unit": plan.time_unit,
        "start": job.start,
        "seed": None,
        "parameters": _fixed(job, folder, values, seeds, source),
        "version": __version__,
    }


def _fixed(job: Job, folder: Path, values: Floats, seeds: NDArray[np.uint64], source: Source) -> dict[str, Any]:
    """Return the parameters that are the same in all points, as far as the first and the last tell."""
    plain, ends = kernel.load(folder / f"{job.plan.kernel}.py", plain=True), []
    for i in (0, -1):
        with suppress(NeuroError):
            options = job.options(values[i].tolist(), int(seeds[i]) + (i == 0))
            ends.append(prepared_copy(job.plan, plain, options, source, 0)[CONSTANTS])
    found: dict[str, Any] = {}
    varied = {name for _, name in job.axes}
    for p in job.plan.parameters:
        parts = [end[p.start : p.start + p.size] for end in ends]
        if parts and p.name not in varied and p.size <= LARGEST_TOLD and np.array_equal(parts[0], parts[-1]):
            shaped = parts[0].reshape(p.shape).tolist()
            found[p.name] = shaped if not isinstance(shaped, float) or math.isfinite(shaped) else None
    return found
