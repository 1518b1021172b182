"""Points of a sweep of a network: runs at many values, of each of which some numbers are kept.

Values enter a plan where its numbers stand, so that all points share a plan and a kernel; synapses and initial values are made anew at each point.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.cache import trusted
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError
from neurodsl.measures import Column
from neurodsl.network_plan import Item, NetworkPlan
from neurodsl.run.followed import Followed, followed
from neurodsl.run.network import Request
from neurodsl.run.network_measures import measured
from neurodsl.run.network_precise import work_of
from neurodsl.run.points import LOADING, SURROUNDINGS, Outcome, reason_of

Floats = NDArray[np.float64]
Place = tuple[str | int, ...]
"""Where a value stands in the JSON of a plan: keys and numbers, from the outermost on."""
SURE_RULES = ("all to all", "one to one", "pairs", "matrix")
"""Ways to connect that draw nothing."""


@dataclass(frozen=True)
class NetworkJob:
    """A sweep of a network without its points.

    Attributes
    ----------
    plan : NetworkPlan
        Of the first point; it records what the columns need and nothing else.
    files : mapping of str to str
        The text of the kernel by its name, without ``.py``.
    axes : tuple of (str, str)
        What each column of the values is: ``set`` or ``init``, and its name.
    places : tuple of tuple of Place
        For each axis, where its values enter the plan.
    columns : tuple of Column
        Measures; the kind of each is its name.
    start, duration, dt : float
    folder : str or None
        Where the files of the network lie.
    data : tuple of (str, str)
        These files, with digests of what is in them.
    inputs : tuple of (str, str)
        The files that inputs follow which the caller names: ``E.I``, and where the file lies.
    """

    plan: NetworkPlan
    files: Mapping[str, str]
    axes: tuple[tuple[str, str], ...]
    places: tuple[tuple[Place, ...], ...]
    columns: tuple[Column, ...]
    start: float
    duration: float
    dt: float
    folder: str | None = None
    data: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def stochastic(self) -> bool:
        """Return whether a point depends on its seed: synapses, values, spikes or noise are drawn."""
        plan = self.plan
        drawn = any(item.kind == "draw" for item in items_of(plan))
        wired = any(j.rule["kind"] not in SURE_RULES for j in plan.projections)
        emitted = any(p.emitter is not None and p.emitter["kind"] != "spikes" for p in plan.populations)
        return drawn or wired or emitted or any(p.stochastic for p in plan.populations) or any(j.stochastic for j in plan.projections)

    @cached_property
    def _text(self) -> str:
        """Return the plan as text."""
        return self.plan.to_json()

    def plan_at(self, point: Sequence[float]) -> NetworkPlan:
        """Return the plan of a point."""
        told = json.loads(self._text)
        for value, places in zip(point, self.places, strict=True):
            for place in places:
                inner: Any = told
                for key in place[:-1]:
                    inner = inner[key]
                inner[place[-1]] = value
        return NetworkPlan.from_json(json.dumps(told))

    def to_json(self) -> str:
        """Return the job as text; the same job gives the same text."""
        return json.dumps({**{name: getattr(self, name) for name in self.__dataclass_fields__}, "plan": asdict(self.plan)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> NetworkJob:
        """Return the job of a text; ValueError, KeyError or TypeError where it is none."""
        values = json.loads(text)
        values["plan"] = NetworkPlan.from_json(json.dumps(values["plan"]))
        values["axes"] = tuple((str(kind), str(name)) for kind, name in values["axes"])
        values["places"] = tuple(tuple(tuple(place) for place in places) for places in values["places"])
        values["columns"] = tuple(Column(str(kind), int(number), float(level)) for kind, number, level in values["columns"])
        for name in ("data", "inputs"):
            values[name] = tuple((str(first), str(second)) for first, second in values[name])
        return cls(**values)


def items_of(plan: NetworkPlan) -> list[Item]:
    """Return all values that a plan makes before the first step."""
    found = [*plan.items]
    for p in plan.populations:
        found += [*p.items, *(() if p.emitter is None else p.emitter["values"])]
    for j in plan.projections:
        found += [*j.items, *(() if j.delay is None else (j.delay,))]
    return found


def run_network_points(
    job: NetworkJob,
    folder: Path,
    values: Floats,
    seeds: NDArray[np.uint64],
    progress: Callable[[int], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Outcome:
    """Run points of a network one after the other.

    Parameters
    ----------
    job : NetworkJob
    folder : Path
        The private folder in which kernels and their machine code are kept.
    values : array of shape (points, axes)
    seeds : array of shape (points,)
    progress, halted : callable
        As :func:`neurodsl.run.points.run_points` takes them.

    Raises
    ------
    NeuroError
        Where the surroundings (exit code 4) fail. What fails at a point alone is recorded.
    """
    found = Outcome(np.full((len(values), len(job.columns)), np.nan), {}, np.zeros(len(values), np.bool_))
    path, text = folder / f"{job.plan.kernel}.py", job.files[job.plan.kernel]
    began = time.perf_counter()
    with LOADING:
        if not (trusted(path) and path.read_bytes() == text.encode("ascii")):
            path = kernel.store(folder, job.plan.kernel, text)
        kernel.load(path, plain=not kernel.compiled())
    found.compile_s = time.perf_counter() - began
    samples = followed(job.plan, dict(job.inputs), None if job.folder is None else Path(job.folder))
    asked = halted or (lambda: False)
    for point in range(len(values)):
        if asked():
            break
        try:
            numbers = _numbers(job, path, samples, values[point].tolist(), int(seeds[point]), asked)
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
            progress(point + 1)
    return found


def _numbers(job: NetworkJob, path: Path, samples: Followed, point: Sequence[float], seed: int, halted: Callable[[], bool]) -> list[float] | None:
    """Return the columns of a point, None where the work was halted."""
    plan = job.plan_at(point)
    folder = None if job.folder is None else Path(job.folder)
    work = work_of(plan, path, Request(job.duration, job.dt, seed, plan.recorded, folder, samples=samples))

    def look(done: float) -> None:
        if halted():
            raise KeyboardInterrupt

    return None if work.run(look) else measured(work, job.columns, job.start)
