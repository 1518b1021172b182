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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import Diagnostic, Report, fail
from neurodsl.measures import OF_QUANTITIES, Column
from neurodsl.options import count_of
from neurodsl.sweep.dataset import read_dataset
from neurodsl.sweep.executors import Workers, workers_of
from neurodsl.sweep.planned import Planned, Planner, Request, planned
from neurodsl.sweep.ranges import named
from neurodsl.sweep.running import Swept, run_all
from neurodsl.sweep.store import SUFFIX, Store, keys_digest, keys_of
from neurodsl.sweep.table import Table, require_destination
from neurodsl.sweep.writing import Stored, read_csv, written_in

__all__ = ["SUFFIX", "Request", "Table", "named", "require_destination", "sweep"]

Floats = NDArray[np.float64]
Shard = tuple[int, int]

READERS: dict[str, Callable[[Path], Stored]] = {".nc": read_dataset, ".h5": read_dataset, ".csv": read_csv}


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
    if part is not None and out is None:
        raise fail(
            rules.BAD_VALUE, "the points of a shard are kept beside the file of the results, and there is none", help="name it: `-o results.nc`"
        )
    if out is not None:
        require_destination(out)
    workers = workers_of(executor, count_of(threads, "threads"))
    path = None if out is None else Path(out)
    plan = _planned(model, wanted, path, report)
    keys = [] if path is None else keys_of(plan.job, plan.values, plan.seeds)
    if path is not None:
        plan.meta["digest"] = _digest(plan, keys)
        stored = _found(path, plan)
        if stored is not None:
            Store(path).clear_left(keys, len(plan.job.columns))
            return _from_file(plan, stored, report, time.perf_counter() - began)
    table = _run(plan, keys, workers, path, part, progress, report, began)
    _tell(table, report)
    return table


def _run(
    plan: Planned,
    keys: Sequence[str],
    workers: Workers,
    path: Path | None,
    part: Shard | None,
    progress: Callable[[float], None] | None,
    report: Report,
    began: float,
) -> Table:
    """Run what is not kept, and write the results where all are there."""
    store = None if path is None else Store(path, report)
    told = None if progress is None else lambda done, number: progress(done / max(number, 1))
    start = time.perf_counter()
    swept = run_all(plan.job, plan.folder, plan.values, plan.seeds, keys, workers, store, told, part)
    run_s = time.perf_counter() - start - swept.compile_s
    timing = {"build_s": start - began, "compile_s": swept.compile_s, "run_s": run_s}
    table = _table(plan, _measured(plan, swept), swept, {"timing": timing, "interrupted": swept.interrupted, "ran": swept.ran})
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


def _planned(model: Planner, wanted: Request, path: Path | None, report: Report) -> Planned:
    """Return the plan of a sweep; one for which no seed is given has the seed with which its results, or its finished points, were begun."""
    plan = planned(model, wanted, report)
    drawn = plan.meta["seed"]
    if path is None or wanted.seed is not None or drawn is None:
        return plan
    stored = _read(path)
    seed = Store(path).seed(drawn) if stored is None else int(stored.about.get("seed") or drawn)
    return plan if seed == drawn else planned(model, replace(wanted, seed=seed), Report())


def _read(path: Path) -> Stored | None:
    """Return what stands in a results file, None where there is none."""
    return READERS[path.suffix.lower()](path) if path.is_file() and path.stat().st_size else None


def _found(path: Path, plan: Planned) -> Stored | None:
    """Return the results of this sweep that stand in their file, None where there are none.

    Raises
    ------
    NeuroError
        F107 where it holds another sweep, F103 where it holds something else.
    """
    stored = _read(path)
    if stored is None:
        return None
    if stored.about.get("digest") == plan.meta["digest"]:
        return stored
    told = f"`{path}` holds the results of another sweep, of `{stored.about.get('model')}`"
    raise fail(rules.OTHER_SWEEP, told, help="name another file, or remove that one; another model, value, option or version makes another sweep")


def _from_file(plan: Planned, stored: Stored, report: Report, build_s: float) -> Table:
    """Return the table that stands in its file."""
    points = len(plan.values)
    values = {measure.name: stored.values[measure.name] for measure in plan.measures}
    swept = Swept(np.empty((points, 0)), stored.failed, np.ones(points, np.bool_), 0, False)
    timing = {"build_s": build_s, "compile_s": 0.0, "run_s": 0.0}
    table = _table(plan, values, swept, {"timing": timing, "interrupted": False, "ran": 0})
    _tell(table, report)
    return table


def _measured(plan: Planned, swept: Swept) -> dict[str, Floats]:
    """Return the values of each measure, point by point."""
    places = {column: i for i, column in enumerate(plan.job.columns)}

    def get(column: Column) -> Floats:
        return swept.table[:, places[column]]

    return {measure.name: measure.value(get, plan.job.start) for measure in plan.measures}


def _table(plan: Planned, values: Mapping[str, Floats], swept: Swept, more: Mapping[str, Any]) -> Table:
    """Return the table of values that are told point by point."""
    shape = tuple(len(axis.values) for axis in plan.axes)
    shaped = {name: np.asarray(found, dtype=np.float64).reshape(shape) for name, found in values.items()}
    seeds = plan.seeds.reshape(shape) if plan.job.plan.stochastic else None
    return Table(plan.axes, plan.drawn, plan.measures, shaped, seeds, swept.failed, swept.done, {**plan.meta, **more})


def _tell(table: Table, report: Report) -> None:
    """Say in the report which points failed, and which numbers are not finite though the run did not fail."""
    total = len(table.done)
    if table.failed:
        first = min(table.failed)
        told = f"{len(table.failed)} of {total} points failed; the first, at {written_in(table.at(first))}: {table.failed[first]}"
        help = "the others are as they should be; where a point failed the table holds nan, and `failed` says so"
        report.found.append(Diagnostic(rules.POINTS_FAILED, told, None, help))
    good = table.done.copy()
    good[list(table.failed)] = False
    for measure in table.measures:
        bad = np.flatnonzero(good & ~np.isfinite(table.values[measure.name].ravel()))
        if len(bad) and measure.name.partition("(")[0] in OF_QUANTITIES:
            told = f"`{measure.name}` is not finite at {len(bad)} of {total} points, first at {written_in(table.at(int(bad[0])))}"
            help = "the quantity is not finite there, or the run ended before the window"
            report.found.append(Diagnostic(rules.NOT_A_NUMBER, told, None, help))
