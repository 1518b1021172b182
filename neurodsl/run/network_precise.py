"""A run of a network whose spikes have exact times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.codegen.signature import LAGS
from neurodsl.diagnostics import Diagnostic, fail
from neurodsl.formulas import evaluate
from neurodsl.network_plan import NetworkPlan
from neurodsl.run.failure import Failure
from neurodsl.run.network import Request, Work
from neurodsl.run.populations import Population
from neurodsl.run.precise_spikes import PreciseSpikes
from neurodsl.run.projections import Projection

Floats = NDArray[np.float64]

MOST_TERMS = 40
"""Terms of a power series at most: where it takes more, they cancel each other."""
LARGEST = 5.0
"""So many of the shortest time constants a step has at most, roughly: the sums of a power series keep sixteen digits, less those of exp of this."""


class PreciseWork(Work):
    """A network with exact spike times at work; see :class:`neurodsl.run.network.Work`."""

    def __init__(self, plan: NetworkPlan, path: Path, request: Request) -> None:
        super().__init__(plan, path, request)
        for projection in self.projections:
            self._made(projection.plan.place, require_delay, projection, self.dt, plan.time_unit)
        self.trains = [PreciseSpikes(p, self.ring - 1, self.dt, request.seed) for p in self.populations]
        told = [self._made(p.plan.place, series_of, p, self.dt, self.steps) for p in self.populations]
        self.bounds, self.orders = [bound for bound, _ in told], np.array([terms for _, terms in told], np.int64)
        rows = max((len(p.plan.states) + len(p.plan.precise.levels) for p in self.populations if p.plan.precise), default=1)
        self.work = np.zeros((rows, MOST_TERMS + 2))
        self.tops = np.zeros(len(self.populations), np.int64)
        self.late = np.zeros(max((p.size for p in self.populations), default=1), np.uint32)
        self.rates = np.concatenate([*(j.rates for j in self.projections), np.zeros(1)])
        self._fit(64)

    def _fit(self, count: int) -> None:
        """Make room for the spikes that arrive in a step."""
        self.due, self.what, self.spike, self.order = np.zeros(count), *(np.zeros(count, np.int64) for _ in range(3))

    def _advance(self, stop: int) -> None:
        begin = self.reached
        if self._renewal and begin % self._renewal == 0:
            for projection in self.projections:
                projection.renew()
            self.factors[:] = 1.0
        for train in self.trains:
            train.generate(begin, stop)
        with np.errstate(all="ignore"):
            self.module._run(*self._arguments(0, begin, stop))
        self.reached = int(self.status[0])
        if self.status[1] > self.due.size:
            self._fit(2 * int(self.status[1]))
        endless = self.status[1] < 0
        for train in self.trains:
            train.put_away(begin, self.reached)
            train.forget(self.reached, self.lag)
        if endless:
            raise Failure(self._endless(self.populations[-1 - int(self.status[1])]), self.result(interrupted=False))

    def _endless(self, population: Population) -> Diagnostic:
        """Return what is told of neurons that fire again and again at one time."""
        unit = "" if self.plan.time_unit == "1" else f" {self.plan.time_unit}"
        told = f"`{population.plan.name}` fires without end in the step from t = {self.reached * self.dt:g}{unit} on"
        return Diagnostic(rules.CASCADE, told, None, "let its events `hold` or `wait`, or leave their conditions false for a while")

    def _values(self, part: int, begin: int, stop: int) -> dict[str, Any]:
        values = super()._values(part, begin, stop)
        values |= {"_rates": self.rates, "_work": self.work, "_orders": self.orders, "_tops": self.tops, "_late": self.late}
        values |= {"_due": self.due, "_what": self.what, "_spike": self.spike, "_order": self.order}
        for k, train in enumerate(self.trains):
            values |= {f"_who{k}": train.who, f"_marks{k}": train.marks, f"_when{k}": train.when, f"_b{k}": self.bounds[k]}
        return values

    def spikes_of(self, number: int) -> tuple[Floats, NDArray[np.int64]]:
        times, index = self.trains[number].all()
        return times, index.astype(np.int64)


def work_of(plan: NetworkPlan, path: Path, request: Request) -> Work:
    """Return a network at work, in the way that its plan has."""
    return (PreciseWork if plan.events == "exact" else Work)(plan, path, request)


def require_delay(projection: Projection, dt: float, unit: str) -> None:
    """Raise M103 for synapses that act on spikes of neurons without a delay: such a spike would act within its own step."""
    lags = [projection.lags[LAGS + 3 * n] for n, (kind, _) in enumerate(projection.plan.events) if kind == "pre"]
    if projection.source.emitter is None and lags and min(lags) < 1 and projection.count:
        least = f"{dt:g}" if unit == "1" else f"{dt:g} [{unit}]"
        told = f"`{projection.plan.name}` has no exact spike times: spikes arrive without a delay, and they need one of at least a step"
        raise fail(rules.METHOD_REFUSED, told, help=f"`delay {least}`, which is what the grid does; or `--events grid`")


def series_of(population: Population, dt: float, steps: int) -> tuple[Floats, int]:
    """Return what bounds the curvature of the levels of a population, and how many terms its power series take.

    Of a level with the slopes l the second derivative within a step is at most abs(l A) exp(abs(A) dt) times the sizes of the first ones at its beginning.

    Raises
    ------
    NeuroError
        V101 for a step that is too long, M103 where the equations change form between two points of the grid.
    """
    plan = population.plan
    if plan.precise is None or plan.flow is None:
        return np.zeros(1), 0
    for edge in plan.precise.edges:
        times = np.unique(np.asarray(evaluate(edge, population.values), dtype=np.float64))
        off = [t for t in times if 0 < t < steps * dt and abs(t / dt - round(t / dt)) > 1e-9 * max(1.0, t / dt)]
        if off:
            told = f"an input of `{plan.name}` changes at t = {off[0]:.12g}, which is no whole number of steps of {dt:g}"
            raise fail(rules.METHOD_REFUSED, told, help="exact times need a `dt` that divides it")
    size = plan.flow.size
    largest = np.zeros((size, size))
    for i, j, entry in plan.flow.matrix:
        largest[i, j] = np.max(np.abs(evaluate(entry, population.values)))
    term, total, terms = np.eye(size), np.eye(size), 0
    while terms < 2 or np.any(term > 1e-17 * total):
        terms += 1
        if terms > MOST_TERMS:
            fastest = float(np.max(np.abs(np.linalg.eigvals(largest))))
            told = f"a step of {dt:g} is too long for exact spike times of `{plan.name}`: it is {fastest * dt:.3g} times its shortest time constant"
            raise fail(rules.BAD_VALUE, told, help=f"a `dt` of at most {LARGEST / fastest:.2g}")
        term = term @ largest * (dt / terms)
        total = total + term
    bounds = []
    for level in plan.precise.levels:
        slopes = np.array([np.max(np.abs(evaluate(slope, population.values))) for slope in level])
        bounds.append(slopes @ largest @ total)
    return np.array([*np.ravel(bounds), 0.0]), terms
