"""Sweeps: a model at many values of its parameters, and of each run some numbers.

>>> import neurodsl as nd
>>> data = nd.load("lif").sweep(over={"I": (1.5, 2.5, 3)}, measure=["rate"], where="steady")  # doctest: +SKIP
>>> data["rate"].values  # doctest: +SKIP
array([ 0., 60., 90.])
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import Diagnostic, Report, fail
from neurodsl.measures import OF_QUANTITIES, Column
from neurodsl.options import count_of
from neurodsl.sweep.executors import Workers, workers_of
from neurodsl.sweep.planned import Planned, Planner, Request, planned
from neurodsl.sweep.ranges import lengths_of, named
from neurodsl.sweep.results import Results, look
from neurodsl.sweep.running import Swept, run_all
from neurodsl.sweep.store import SUFFIX, Store, keys_digest, keys_of
from neurodsl.sweep.table import Table, require_destination
from neurodsl.sweep.writing import written_in

__all__ = ["SUFFIX", "Request", "Table", "lengths_of", "named", "require_destination", "sweep"]

Floats = NDArray[np.float64]
Shard = tuple[int, int]
Make = Callable[[Planner, Request, Report], Planned]


def sweep(
    model: Planner,
    wanted: Request,
    *,
    threads: int = 1,
    executor: str = "threads",
    out: str | Path | None = None,
    shard: str | Shard | None = None,
    progress: Callable[[float], None] | None = None,
    report: Report | None = None,
) -> Table:
    """Run a model at the points of a sweep.

    Parameters
    ----------
    model : Planner
        A model, as :func:`neurodsl.load` returns it.
    wanted : Request
    threads : int
        How many threads or processes of this machine share the points; the numbers do not depend on it.
    executor : str
        ``threads``, ``processes`` or ``dask://HOST:PORT``.
    out : str or Path
        The file of the results. Finished points are kept beside it until all are there, and a sweep that is repeated goes on from them; where
        the file holds the results already, nothing is run.
    shard : str or (int, int)
        ``i/n``: run only every n-th point from the i-th on. The process that finds all points finished writes the results.
    progress : callable
        Called with the fraction of the points that is done.
    report : Report
        Takes the findings, that points failed among them.

    Raises
    ------
    NeuroError
        For wrong names and values (exit code 2) and for surroundings (4). Points that fail are recorded, and told in the report.
    """
    began = time.perf_counter()
    report = Report() if report is None else report
    part = shard_of(shard)
    path = _destination(out, part)
    workers, results = workers_of(executor, count_of(threads, "threads")), look(path)
    plan = _planned(model, wanted, path, results, report)
    keys = [] if path is None else keys_of(plan.job, plan.origin, plan.values, plan.seeds)
    if path is not None:
        plan.meta["digest"] = _digest(plan, keys)
    whole = _Whole(plan, keys, path, began)
    table = _run(whole, workers, part, progress, report) if results is None else whole.found(results)
    _tell(table, report)
    return table


def _destination(out: str | Path | None, part: Shard | None) -> Path | None:
    """Return the file of the results.

    Raises
    ------
    NeuroError
        V101 where a shard has none, and what saving the results would raise after the sweep.
    """
    if out is not None:
        require_destination(out)
    elif part is not None:
        told = "the points of a shard are kept beside the file of the results, and there is none"
        raise fail(rules.BAD_VALUE, told, help="name it: `-o results.nc`")
    return None if out is None else Path(out)


@dataclass(frozen=True)
class _Whole:
    """A sweep that is planned, the keys of its points, the file of its results, and when it began."""

    plan: Planned
    keys: Sequence[str]
    path: Path | None
    began: float

    def found(self, results: Results, ran: int = 0) -> Table:
        """Return the table that stands in its file, of which so many points were run just now; remove what was left beside it.

        Raises
        ------
        NeuroError
            F107 where it holds another sweep, F103 where it holds something else.
        """
        plan, stored = self.plan, results.contents(self.plan)
        Store(results.path).clear_left(self.keys, len(plan.job.columns))
        points = len(plan.values)
        swept = Swept(np.empty((points, 0)), stored.failed, np.ones(points, np.bool_), ran, False)
        timing = {"build_s": time.perf_counter() - self.began, "compile_s": 0.0, "run_s": 0.0}
        return _table(plan, {measure.name: stored.values[measure.name] for measure in plan.measures}, swept, timing)


def _run(whole: _Whole, workers: Workers, part: Shard | None, progress: Callable[[float], None] | None, report: Report) -> Table:
    """Run what is not kept, and write the results where all are there."""
    plan, path = whole.plan, whole.path
    store = None if path is None else Store(path, report)
    told = None if progress is None else lambda done, number: progress(done / max(number, 1))
    start = time.perf_counter()
    swept = run_all(plan.job, plan.folder, plan.values, plan.seeds, whole.keys, workers, store, told, part)
    if not swept.interrupted and (results := look(path)) is not None:
        # Another process has written results meanwhile: those of this sweep, or of another, which are not overwritten.
        return whole.found(results, swept.ran)
    run_s = time.perf_counter() - start - swept.compile_s
    timing = {"build_s": start - whole.began, "compile_s": swept.compile_s, "run_s": run_s}
    table = _table(plan, _measured(plan, swept), swept, timing)
    if path is not None and store is not None and swept.complete and not swept.interrupted:
        table.save(path)
        store.clear()
    return table


def shard_of(text: str | Shard | None) -> Shard | None:
    """Return which part ``2/8`` stands for.

    Raises
    ------
    NeuroError
        V101 where it is none.
    """
    if text is None:
        return None
    matched = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text, re.ASCII) if isinstance(text, str) else None
    first, count = (int(matched[1]), int(matched[2])) if matched else (0, 0) if isinstance(text, str) else text
    if not 1 <= first <= count:
        raise fail(rules.BAD_VALUE, f"`{text}` is no shard of a sweep", help="`1/4` to `4/4` are its four parts")
    return first, count


def _digest(plan: Planned, keys: Sequence[str]) -> str:
    """Return by what the results of a sweep are recognised: its points, its axes and what is measured."""
    axes = [(axis.name, len(axis.values)) for axis in plan.axes]
    return hashlib.sha256(json.dumps([keys_digest(keys), axes, [m.name for m in plan.measures]]).encode()).hexdigest()


def _planned(model: Planner, wanted: Request, path: Path | None, results: Results | None, report: Report) -> Planned:
    """Return the plan of a sweep; one for which no seed is given has the seed with which its results, or its finished points, were begun."""
    if wanted.seed is None and results is not None:
        wanted = replace(wanted, seed=results.seed)
    make: Make = import_module("neurodsl.sweep.network_planned").planned_network if model.network else planned
    plan = make(model, wanted, report)
    drawn = plan.meta["seed"]
    if path is None or results is not None or wanted.seed is not None or drawn is None:
        return plan
    seed = Store(path).seed(drawn)
    return plan if seed == drawn else make(model, replace(wanted, seed=seed), Report())


def _measured(plan: Planned, swept: Swept) -> dict[str, Floats]:
    """Return the values of each measure, point by point."""
    places = {column: i for i, column in enumerate(plan.job.columns)}

    def get(column: Column) -> Floats:
        return swept.table[:, places[column]]

    return {measure.name: measure.value(get, plan.job.start) for measure in plan.measures}


def _table(plan: Planned, values: Mapping[str, Floats], swept: Swept, timing: Mapping[str, float]) -> Table:
    """Return the table of values that are told point by point."""
    shape = tuple(len(axis.values) for axis in plan.axes)
    shaped = {name: np.asarray(found, dtype=np.float64).reshape(shape) for name, found in values.items()}
    seeds = plan.seeds.reshape(shape) if plan.job.stochastic else None
    meta = {**plan.meta, "timing": timing, "interrupted": swept.interrupted, "ran": swept.ran}
    return Table(plan.axes, plan.drawn, plan.measures, shaped, seeds, swept.failed, swept.done, meta)


def _tell(table: Table, report: Report) -> None:
    """Say in the report which points failed, and which numbers are not finite though the run did not fail."""
    total = len(table.done)
    if table.failed:
        first = min(table.failed)
        told = f"{len(table.failed)} of {total} points failed; the first, at {written_in(table.at(first))}: {table.failed[first]}"
        help = "the others are as they should be; where a point failed the table holds nan, and `failed` says so"
        if table.lost:
            help += "; points whose workers died are run again by the same command"
        report.found.append(Diagnostic(rules.POINTS_FAILED, told, None, help))
    good = table.done.copy()
    good[list(table.failed)] = False
    for measure in table.measures:
        bad = np.flatnonzero(good & ~np.isfinite(table.values[measure.name].ravel()))
        if len(bad) and measure.name.partition("(")[0] in OF_QUANTITIES:
            told = f"`{measure.name}` is not finite at {len(bad)} of {total} points, first at {written_in(table.at(int(bad[0])))}"
            help = "the quantity is not finite there, or the run ended before the window"
            report.found.append(Diagnostic(rules.NOT_A_NUMBER, told, None, help))
