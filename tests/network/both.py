"""One network run twice: by its kernel, and by the interpreter with the same connections, the same drawn values and the same random numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from network.cells import Row
from network.interpreter import Outcome, Wiring, interpret
from network.neurons import Wanted

import neurodsl as nd
from neurodsl.diagnostics import Report
from neurodsl.lang import read_model
from neurodsl.lower import lower_network
from neurodsl.network import Network
from neurodsl.networking import plan_of
from neurodsl.planning import apply_options
from neurodsl.run.network import Request, Work
from neurodsl.solution.network import NetworkResult


@dataclass
class Both:
    """The two results; ``spikes`` of the kernel as (step, neuron), ``synapses`` its states at the end, both as the interpreter has them."""

    kernel: NetworkResult
    known: Outcome
    dt: float
    synapses: dict[str, dict[str, Row]]

    @property
    def spikes(self) -> dict[str, list[tuple[int, int]]]:
        return {name: trains_of(self.kernel, name, self.dt) for name in self.kernel.sizes}

    @property
    def count(self) -> int:
        """How many spikes there are of neurons that are no mere source."""
        return sum(len(self.spikes[name]) for name in self.kernel.final)


def network_of(model: nd.Model, variant: str | None = None) -> Network:
    report = Report()
    found = read_model(model.source, model.name, report)
    assert report.ok, [d.message for d in report.found]
    return lower_network(apply_options(found, variant, (), report))


def trains_of(result: NetworkResult, name: str, dt: float) -> list[tuple[int, int]]:
    spikes = result.spikes[name]
    return [(round(t / dt), int(n)) for t, n in zip(spikes.times, spikes.index, strict=True)]


def both(
    text: str | nd.Model,
    *,
    variant: str | None = None,
    duration: float | None = None,
    method: str | None = None,
    methods: Mapping[str, str] | None = None,
    seed: int = 1,
    every_step: bool = False,
    traced: Iterable[tuple[str, str]] = (),
) -> Both:
    """Run a network in both ways.

    Parameters
    ----------
    method : str
        Of the kernel; by default, the one that it takes by itself.
    methods : mapping
        Of the interpreter, for synapses that are not linear.
    traced : iterable of (str, str)
        What is recorded in every step, by population and name.
    """
    traced = list(traced)
    model = nd.loads(text) if isinstance(text, str) else text
    folder = None if model.source.path is None else model.source.path.parent
    network, wiring, synapses = network_of(model, variant), {}, {}
    own = {p.name: [s.name for s in p.synapse.states if "." not in s.name] for p in network.projections}
    recorded = [f"{owner}.{name}" for owner, name in (*traced, *((owner, name) for owner, names in own.items() for name in names))]
    plan = plan_of(model, method, variant, (), recorded, every_step)
    work = Work(plan, model.cache.folder / f"{plan.kernel}.py", Request(duration or plan.duration, plan.dt, seed, plan.recorded, folder))
    begun = {
        j.plan.name: {item.name: j.value(item.name).copy() for item in j.plan.items if item.name in (*j.plan.arrays, *j.values)}
        for j in work.projections
    }
    work.run()
    kernel = work.result(interrupted=False)
    for j, projection in zip(work.projections, network.projections, strict=True):
        names = (*own[projection.name], *(p.name for p in projection.synapse.parameters))
        values = {name: begun[projection.name][name] for name in names if name in begun[projection.name]}
        delay = j.delays * plan.dt if j.plan.delayed else None
        made = Wiring(j.sources.astype(int) + j.plan.source[1], j.wiring.targets.astype(int) + j.plan.target[1], delay, values)
        wiring[projection.name], order = made, np.lexsort((made.post, made.pre))
        synapses[projection.name] = {n: kernel.synapses[f"{projection.name}.{n}"].values[-1][order] for n in own[projection.name]}
    given = {p.plan.name: dict(p.values) for p in work.populations}
    trains = {p.plan.name: trains_of(kernel, p.plan.name, plan.dt) for p in work.populations if p.emitter is not None}
    chosen = {p.plan.name: p.plan.method for p in work.populations} | dict(methods or {})
    known = interpret(
        network, work.steps * plan.dt, plan.dt, wiring=wiring, given=given, trains=trains, methods=chosen, traced=traced, draw=Draws(work)
    )
    return Both(kernel, known, plan.dt, synapses)


class Draws:
    """The random numbers of a kernel: each a function of the seed, of whose it is, of the draw and of the step."""

    def __init__(self, work: Work) -> None:
        self.uniform = getattr(work.module, "_uniform", None)
        self.keys = work.keys.reshape(-1, 2)
        self.places = {p.plan.name: k for k, p in enumerate((*work.populations, *work.projections))}

    def __call__(self, wanted: Wanted) -> float:
        assert self.uniform is not None
        kind = 1000000 if wanted.name == "chance" else 2000000 + 99 * wanted.event + int("".join(filter(str.isdigit, wanted.name)))
        function: Any = getattr(self.uniform, "py_func", self.uniform)
        first, second = function(wanted.step - 1, kind + wanted.event, wanted.element, *map(int, self.keys[self.places[wanted.owner]]))
        if wanted.name.startswith("_randn"):
            return math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second)
        return float(first)


def assert_same(run: Both, tolerance: float = 1e-9) -> None:
    """Assert that spikes and what is recorded, and at the end all states, agree."""
    for name, spikes in run.known.spikes.items():
        assert run.spikes[name] == spikes, name
    for (owner, name), rows in run.known.traces.items():
        np.testing.assert_allclose(run.kernel.traces[f"{owner}.{name}"].values, rows, rtol=tolerance, atol=tolerance, err_msg=f"{owner}.{name}")
    for owner, states in (*run.kernel.final.items(), *run.synapses.items()):
        for name, row in states.items():
            np.testing.assert_allclose(row, run.known.final[owner][name], rtol=tolerance, atol=tolerance, err_msg=f"{owner}.{name}")
