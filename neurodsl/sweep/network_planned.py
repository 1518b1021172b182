"""What is run in a sweep of a network: the points, and where their values enter the plan that they share."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__, rules
from neurodsl.arrays import locate
from neurodsl.diagnostics import NeuroError, Report, fail
from neurodsl.findings import diagnostics_of
from neurodsl.given import Given, seed_of, sorted_out
from neurodsl.manners import split_manner
from neurodsl.measures import asked_for
from neurodsl.network_plan import NetworkPlan
from neurodsl.networking import described, expressions_of, plan_of
from neurodsl.options import count_of, number_in
from neurodsl.plan import Described
from neurodsl.run.network import Request as RunRequest
from neurodsl.run.network import steps_of
from neurodsl.run.network_measures import network_measures
from neurodsl.run.network_points import NetworkJob, Place, items_of
from neurodsl.sweep.planned import Planned, Request, origin_of, points_in, require_variation, seeded, window_start
from neurodsl.sweep.ranges import Axis, require_few
from neurodsl.texts import with_imports

Floats = NDArray[np.float64]
UNTOLD = ("findings", "notes", "text")
"""What of a plan changes no number."""


def planned_network(model: Any, wanted: Request, report: Report) -> Planned:
    """Return the job and the points of a sweep of a network.

    Raises
    ------
    NeuroError
        For wrong names, ranges, measures and numbers (exit code 2), before anything runs.
    """
    _refuse(wanted)
    given = wanted.given or sorted_out(None, None, None, {})
    require_variation(wanted, given)
    expressions = _expressions(given)
    plain = plan_of(model, wanted.method, wanted.variant, expressions, (), armed=True, events=wanted.events)
    measures, recorded = network_measures(plain, asked_for(wanted.measure) if isinstance(wanted.measure, str) else wanted.measure)
    seed = seed_of(wanted.seed)
    varied = [(*_swept(model, plain, name), values) for name, values in wanted.over.items()]
    copies = None if wanted.copies is None else count_of(wanted.copies, "copies")
    axes, drawn, values = points_in(varied, wanted.random, seed)
    if copies is not None:
        axes = (*axes, Axis("copy", "copy", np.arange(copies, dtype=np.float64)))
    require_few({axis.name: len(axis.values) for axis in axes})
    names = tuple((kind, wanted_.name) for kind, wanted_, _ in varied)

    def plan_at(point: Floats) -> NetworkPlan:
        chosen = [(kind, name, repr(float(value))) for (kind, name), value in zip(names, point, strict=True)]
        return plan_of(model, wanted.method, wanted.variant, [*expressions, *chosen], recorded, armed=True, events=wanted.events)

    plan = plan_at(values[0])
    places = tuple(_places(plan, plan_at, names, values, k) for k in range(len(names)))
    times = [None if v is None else number_in(v, plan.time_unit, what) for v, what in ((wanted.duration, "duration"), (wanted.dt, "dt"))]
    duration, dt = plan.duration if times[0] is None else times[0], plan.dt if times[1] is None else times[1]
    steps_of(RunRequest(duration, dt, seed, (), None))
    inputs = tuple((name, os.path.abspath(value)) for name, value in given.sampled.items())
    folder, cache = None if model.source.path is None else str(model.source.path.parent.resolve()), model.cache.folder
    job = NetworkJob(
        plan, {plan.kernel: (cache / f"{plan.kernel}.py").read_text(encoding="ascii")}, names, places, tuple(m.columns[0] for m in measures),
        window_start(plan.time_unit, wanted.where, duration), duration, dt, folder, _data(plan, folder, inputs), inputs,
    )  # fmt: skip
    repeated, seeds = seeded(job, values, copies, seed)
    report.found += [d for d in diagnostics_of(plan.findings, model.source) if d.rule.severity != "note"]
    meta: dict[str, Any] = {
        "model": plan.model, "title": plan.title or plan.model, "method": ", ".join(dict.fromkeys(p.method for p in plan.populations if p.sweep >= 0)),
        "reason": None, "events": plan.events, "time_unit": plan.time_unit, "start": job.start, "dt": dt, "duration": duration, "parameters": {},
        "seed": seed if job.stochastic or wanted.random is not None else None, "version": __version__,
    }  # fmt: skip
    origin = origin_of(with_imports(model.source), model.name, wanted.variant, replace(given, expressions=list(expressions)))
    return Planned(job, cache, axes, drawn, measures, repeated, seeds, meta, origin)


def _refuse(wanted: Request) -> None:
    """Raise for options of a sweep that networks do not have."""
    for name, value in (("rtol", wanted.rtol), ("atol", wanted.atol)):
        if value is not None:
            raise fail(rules.BAD_VALUE, f"a network has no `{name}`", help="leave it out")


def _expressions(given: Given) -> list[tuple[str, str, str]]:
    """Return what is the same in all points, as changes of the text."""
    arrays = [name for name, value in given.sampled.items() if not isinstance(value, str)]
    if arrays:
        told = f"`{arrays[0]}` of a network follows a file in a sweep, and no numbers of a program"
        raise fail(rules.BAD_VALUE, told, help="save them as .npy: in the columns, first the times, then the values")
    if any(kind.startswith("given") for kind, _, _ in given.expressions):
        name = next(name for kind, name, _ in given.expressions if kind.startswith("given"))
        raise fail(rules.BAD_VALUE, f"`{name}` of a network takes a number or an expression", help='arrays come from files: `load("v.npy")`')
    return [*given.expressions, *expressions_of(given.numbers)]


def _swept(model: Any, plan: NetworkPlan, name: str) -> tuple[str, Described]:
    """Return how a run takes a value for a name, and what the name stands for.

    Raises
    ------
    NeuroError
        V102 for a name that the network does not have.
    """
    found = described(model, name)
    if found is None:
        plan_of(model, None, None, [("set", name, "1")], ())
        help = "parameters of the network, or `cell.tau`, `E.v` and `synapse.w` of models, populations and synapses"
        raise fail(rules.UNKNOWN_OPTION_NAME, f"`{plan.model}` has no `{name}` that can vary", help=help)
    kind, unit, doc = found
    return kind, Described(name, unit, doc, "state" if kind == "init" else "param")


def _places(plan: NetworkPlan, plan_at: Any, names: Sequence[tuple[str, str]], values: Floats, axis: int) -> tuple[Place, ...]:
    """Return where the values of an axis enter the plan, as its plans at two values tell.

    Raises
    ------
    NeuroError
        V102 where other values make another network, and not only other numbers.
    """
    base = values[0]
    other = base.copy()
    other[axis] = values[np.argmax(np.abs(values[:, axis] - base[axis])), axis]
    first, second = float(base[axis]), float(other[axis])
    if first == second:
        return ()
    found = []
    for path, old, new in _differences(json.loads(plan.to_json()), json.loads(plan_at(other).to_json())):
        if path[0] in UNTOLD:
            continue
        if not (isinstance(old, float) and isinstance(new, float) and (old, new) == (first, second)):
            name = names[axis][1]
            told = f"`{name}` shapes the network `{plan.model}`: each of its values makes another one"
            raise fail(rules.UNKNOWN_OPTION_NAME, told, help=f"run a sweep for each: `--set {name}=...`")
        found.append(path)
    return tuple(found)


def _differences(one: Any, other: Any, path: Place = ()) -> Iterator[tuple[Place, Any, Any]]:
    """Yield where two JSON values differ, and what stands there."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from _differences(one[key], other[key], (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for k, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, (*path, k))
    elif one != other or type(one) is not type(other):
        yield path, one, other


def _data(plan: NetworkPlan, folder: str | None, inputs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the files that a network reads, with digests of what is in them; what cannot be read is told by the points."""
    paths = {item.path for item in items_of(plan) if item.path} | {j.rule["path"] for j in plan.projections if j.rule["path"]}
    paths |= {p.emitter["path"] for p in plan.populations if p.emitter is not None and p.emitter.get("path")}
    paths |= {made.path for p in plan.populations for made in p.samples if made.path is not None}
    found = []
    for path in sorted(paths):
        try:
            found.append((path, hashlib.sha256(locate(None if folder is None else Path(folder), path)[0].read_bytes()).hexdigest()))
        except (NeuroError, OSError):
            found.append((path, ""))
    for _, text in inputs:
        path = split_manner(text)[0]
        try:
            found.append((path, hashlib.sha256(Path(path).read_bytes()).hexdigest()))
        except OSError:
            found.append((path, ""))
    return tuple(found)
