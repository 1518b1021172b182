"""A run of a network: its memory, its steps in pieces, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.codegen import kernel
from neurodsl.diagnostics import Diagnostic, NeuroError, fail
from neurodsl.formulas import evaluate
from neurodsl.network_plan import CONSTANT, NetworkPlan
from neurodsl.run.copies import CHUNK_SECONDS
from neurodsl.run.failure import Failure, placed
from neurodsl.run.followed import Followed, followed
from neurodsl.run.interrupts import Interrupts
from neurodsl.run.populations import Population, StartsTrue
from neurodsl.run.projections import Projection, recording_interval
from neurodsl.run.team import Team
from neurodsl.run.values import values_of
from neurodsl.solution.network import NetworkResult, SynapseTrace, Trace
from neurodsl.solution.result import Spikes
from neurodsl.source import Source

__all__ = ["Request", "StartsTrue", "Work", "execute"]

Floats = NDArray[np.float64]
T = TypeVar("T")

LEAST_MARKS = 32768
"""Steps whose spikes are at hand at least."""
LARGEST_EXPONENT = 140.0
"""So far, as an exponent of e, a factor that decays moves from 1; then what it stands for is written anew."""
LINE = 8
"""Numbers in a line of the cache."""
LOW = np.uint64(0xFFFFFFFF)
MOST_RECORDED = 2 * 10**9
"""Bytes of what is recorded."""


@dataclass(frozen=True)
class Request:
    """What a run of a network is asked for; the numbers do not depend on how many ``threads`` share it.

    ``given`` are values by the names of populations, synapses and, under "", of the network. ``source`` is the text, for the places
    of messages. ``samples`` are what inputs follow; without them the files of the text are read.
    """

    duration: float
    dt: float
    seed: int
    recorded: Sequence[Mapping[str, Any]]
    folder: Path | None
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source: Source | None = None
    threads: int = 1
    samples: Followed | None = None


class Recording:
    """A quantity of chosen neurons while it is recorded."""

    def __init__(self, population: Population, wanted: Mapping[str, Any], steps: int, dt: float) -> None:
        row, self.unit = population.plan.quantities[wanted["quantity"]]
        self.name = f"{wanted['owner']}.{wanted['quantity']}"
        self.every = 1 if wanted["every"] is None else recording_interval(float(wanted["every"]), dt, self.name)
        self.index = np.arange(wanted["start"], wanted["stop"], wanted["step"])
        self.pick = population.offsets(self.index) + np.uint32(max(row, 0) * population.plan.width)
        self.population = population
        self.times: Floats = np.arange(0, steps + 1, self.every, dtype=np.float64) * dt
        if 8 * self.times.size * self.index.size > MOST_RECORDED:
            told = f"recording `{self.name}` of {self.index.size} neurons at {self.times.size} times takes {8e-9 * self.times.size * self.index.size:.1f} GB"
            raise fail(rules.TOO_LARGE, told, help="record fewer neurons, `E[0:100:10].v`, or less often, `every 1 [ms]`")
        self.rows = np.full((self.times.size, self.index.size), np.nan)
        if row == CONSTANT:
            value = np.asarray(population.values[wanted["quantity"]])
            self.rows[:] = value[self.index] if value.ndim else value
            self.pick = self.pick[:0]
        else:
            self.rows[0] = population.flat[self.pick]

    def arguments(self, number: int, part: int) -> dict[str, Any]:
        """Return what a kernel is told of what a thread records: its own neurons."""
        bounds = self.population.queue.bounds
        first, last = np.searchsorted(self.index, bounds[part : part + 2])
        return {f"_pick{number}": self.pick[first:last], f"_rows{number}": self.rows, f"_g{number}": np.array([self.every, first])}

    def trace(self, reached: int) -> Trace:
        """Return what was recorded up to a step."""
        count = reached // self.every + 1
        return Trace(self.times[:count], self.index, self.rows[:count], self.unit)


class SynapseRecording:
    """A quantity of synapses at chosen times."""

    def __init__(self, projection: Projection, wanted: Mapping[str, Any], steps: int, dt: float) -> None:
        self.projection, self.quantity, self.dt = projection, wanted["quantity"], dt
        self.name = f"{projection.plan.name}.{self.quantity}"
        every = wanted["every"]
        interval = max(steps, 1) if every is None else recording_interval(float(every), dt, self.name)
        self.steps = list(range(0, steps + 1, interval))
        if 8 * len(self.steps) * projection.count > MOST_RECORDED:
            raise fail(
                rules.TOO_LARGE, f"recording `{self.name}` at {len(self.steps)} times takes {8e-9 * len(self.steps) * projection.count:.1f} GB"
            )
        self.taken: list[Floats] = []

    def take(self, step: int) -> None:
        """Note the values, if it is time."""
        if len(self.taken) < len(self.steps) and self.steps[len(self.taken)] == step:
            self.taken.append(self.projection.value(self.quantity))

    def trace(self) -> SynapseTrace:
        """Return what was noted."""
        p = self.projection
        times = np.array(self.steps[: len(self.taken)]) * self.dt
        wiring = p.wiring
        source, target = wiring.sources + p.plan.source[1], wiring.targets + p.plan.target[1]
        return SynapseTrace(times, source, target, np.array(self.taken).reshape(len(self.taken), p.count), p.plan.units[self.quantity])


class Work:
    """A network at work.

    Parameters
    ----------
    plan : NetworkPlan
    path : Path
        The generated file.
    request : Request
    """

    def __init__(self, plan: NetworkPlan, path: Path, request: Request) -> None:
        began = time.perf_counter()
        self.plan, self.request = plan, request
        self.dt, self.steps = request.dt, steps_of(request)
        known = values_of(
            plan.items, {"pi": np.pi, "dt": self.dt}, request.given.get("", {}), None, request.seed, 0, request.folder, f"`{plan.model}`"
        )
        samples = followed(plan, {}, request.folder, request.source) if request.samples is None else request.samples
        self.populations = [
            self._made(
                p.place,
                Population,
                p,
                k,
                known,
                given_for(request.given, p.model, p.name),
                request.seed,
                self.dt,
                request.folder,
                samples.get(p.name, ()),
            )
            for k, p in enumerate(plan.populations)
        ]
        self.projections = [
            self._made(
                p.place, Projection, p, k, self.populations, known, given_for(request.given, p.synapse, p.name), request.seed, self.dt, request.folder
            )
            for k, p in enumerate(plan.projections)
        ]
        self.lag = max((p.longest for p in self.projections), default=0)
        self.ring = LEAST_MARKS
        while self.ring < 2 * self.lag + 3:
            self.ring *= 2
        self.parts = min(request.threads, max((p.block.shape[0] for p in self.populations if p.emitter is None), default=1)) if plan.shared else 1
        self.team = Team(self.parts)
        for population in self.populations:
            population.share(self.parts, self.ring)
        for projection in self.projections:
            projection.share(self.parts)
        self._share_factors()
        self.recordings, self.noted = self._recordings()
        self.spikes: list[list[tuple[NDArray[np.int64], NDArray[np.uint32]]]] = [[] for _ in self.populations]
        self.reached = 0
        self.keys = self._keys_of()
        self.build_s = time.perf_counter() - began
        began = time.perf_counter()
        self.module = kernel.load(path, plain=not kernel.compiled())
        self.compile_s = time.perf_counter() - began
        self.status = np.zeros(2, np.int64)

    def _share_factors(self) -> None:
        """Give each thread the factors of all states that decay, in lines of the cache of its own."""
        slots = np.cumsum([0, *(len(p.plan.scales) for p in self.projections)])
        count = max(int(slots[-1]), 1)
        self.factors = np.ones((self.parts, -(-count // LINE) * LINE))[:, :count]
        self.scales = self.factors[0]
        for projection, first in zip(self.projections, slots, strict=False):
            projection.scales = self.scales[first : first + len(projection.plan.scales)]
        self.decays = np.concatenate([*(p.decays for p in self.projections), np.ones(1)])[:count]

    def _made(self, place: Sequence[int] | None, kind: Callable[..., T], *given: Any) -> T:
        """Return a population or a projection; what is wrong with it gets its place in the text."""
        try:
            return kind(*given)
        except NeuroError as error:
            raise placed(error, self.request.source, place) from None

    def _recordings(self) -> tuple[list[Recording], list[SynapseRecording]]:
        by_name = {p.plan.name: p for p in self.populations}
        first, second = [], []
        for wanted in self.request.recorded:
            if wanted["owner"] in by_name:
                first.append(Recording(by_name[wanted["owner"]], wanted, self.steps, self.dt))
                continue
            for projection in self.projections:
                if wanted["owner"] in (projection.plan.name, projection.plan.synapse):
                    second.append(SynapseRecording(projection, wanted, self.steps, self.dt))
        return first, second

    def run(self, progress: Callable[[float], None] | None = None, between: Callable[[Work], None] | None = None) -> bool:
        """Run to the end, in pieces as long as an interrupt may wait; return whether it was interrupted.

        ``between`` is called after each piece.
        """
        limit = 1
        longest = self._longest()
        try:
            for noted in self.noted:
                noted.take(0)
            while self.reached < self.steps:
                stop = min(
                    self.reached + min(limit, longest),
                    self._next_renewal(),
                    self.steps,
                    *(n.steps[len(n.taken)] for n in self.noted if len(n.taken) < len(n.steps)),
                )
                began = time.perf_counter()
                before = self.reached
                self._advance(stop)
                seconds = max(time.perf_counter() - began, 1e-6)
                limit = int(min(max((self.reached - before) * CHUNK_SECONDS / seconds, 1), 50 * limit, 10**9))
                for noted in self.noted:
                    noted.take(self.reached)
                if not all(p.finite for p in self.populations):
                    raise Failure(self._diagnosis(before), self.result(interrupted=False))
                if progress is not None:
                    progress(self.reached / self.steps)
                if between is not None:
                    between(self)
        except KeyboardInterrupt:
            return True
        finally:
            self.team.close()
        return False

    def _longest(self) -> int:
        """Return how many steps may pass before spikes have to be looked after."""
        return max(1, self.ring - self.lag - 2)

    @property
    def _renewal(self) -> int:
        """Return after how many steps, always the same, factors have to be looked after; 0 where there are none that change."""
        speed = float(np.max(np.abs(np.log(np.maximum(self.decays, 1e-300))), initial=0.0))
        return max(1, int(LARGEST_EXPONENT / speed)) if speed > 0 else 0

    def _next_renewal(self) -> int:
        """Return the step at which factors have to be looked after next: on a grid of their own, as how long the pieces are depends on the clock."""
        every = self._renewal
        return (self.reached // every + 1) * every if every else self.steps

    def _advance(self, stop: int) -> None:
        """Advance as far as the spikes have room, up to a step."""
        begin = self.reached
        if self._renewal and begin % self._renewal == 0:
            for projection in self.projections:
                projection.renew()
            self.factors[:] = 1.0
        for p in self.populations:
            p.generate(begin, stop)
        self.team.run(lambda part: self.module._run(*self._arguments(part, begin, stop)))
        self.reached = int(self.status[0])
        for k, p in enumerate(self.populations):
            self.spikes[k] += p.fired(begin, self.reached)
            p.queue.forget(max(0, self.reached - self.lag), max(self.reached, p.generated))

    def _arguments(self, part: int, begin: int, stop: int) -> list[Any]:
        """Return the arguments of the kernel of a thread."""
        values = self._values(part, begin, stop)
        return [values[name] for name, _ in self.plan.arguments]

    def _values(self, part: int, begin: int, stop: int) -> dict[str, Any]:
        """Return what the kernel of a thread may ask for, by the names of its arguments."""
        values: dict[str, Any] = {
            "_begin": begin, "_stop": stop, "_dt": self.dt, "_mask": self.ring - 1, "_q": self.status, "_s": self.factors[part], "_decays": self.decays,
            "_keys": self.keys, "_sizes": self._sizes, "_team": self._teams[part], "_meeting": self.team.meeting,
        }  # fmt: skip
        for given in (*(p.arguments(part) for p in self.populations), *(j.arguments(part) for j in self.projections)):
            values |= given
        for k, r in enumerate(self.recordings):
            values |= r.arguments(k, part)
        return values

    def _keys_of(self) -> NDArray[np.int64]:
        """Return the keys of the random numbers of populations and projections: two halves of 64 bits that the seed and the number decide."""
        count = len(self.populations) + len(self.projections)
        words = [np.random.Philox(key=[self.request.seed, k + 1]).random_raw() for k in range(count)]
        return np.array([half for word in words for half in (int(word) & int(LOW), int(word) >> 32)], np.int64)

    @cached_property
    def _teams(self) -> list[NDArray[np.int64]]:
        """Return what each thread knows of itself: its number, how many there are, and of each population its first block and how many fit into a part."""
        own = [[n for p in self.populations for n in (p.cuts[part], p.queue.largest)] for part in range(self.parts)]
        return [np.array([part, self.parts, *numbers], np.int64) for part, numbers in enumerate(own)]

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        return np.array([p.size for p in self.populations], np.int64)

    def _diagnosis(self, before: int) -> Diagnostic:
        """Return which state of which neuron was lost."""
        unit = "" if self.plan.time_unit == "1" else f" {self.plan.time_unit}"
        for p in self.populations:
            for name, row, _, _ in p.plan.states:
                lost = np.flatnonzero(~np.isfinite(p.row(row)))
                if lost.size:
                    told = f"`{name}` of neuron {lost[0]} of `{p.plan.name}` became infinite or not a number between t = {before * self.dt:g} and "
                    told += f"{self.reached * self.dt:g}{unit}"
                    return Diagnostic(rules.NOT_FINITE, told, None, "a shorter `--dt`, or another `--method`")
        name = next(p.plan.name for p in self.populations if not p.finite)
        return Diagnostic(rules.BAD_CHANCE, f"a chance or a time of an event of `{name}` is outside of its range", None, "bound it")

    def result(self, interrupted: bool, timing: Mapping[str, float] | None = None) -> NetworkResult:
        """Return what has come of the run."""
        plan, unit = self.plan, self.plan.time_unit
        spikes = {}
        for k, p in enumerate(self.populations):
            spikes[p.plan.name] = Spikes(*self.spikes_of(k))
        units = {"t": unit}
        units |= {f"{p.plan.name}.{name}": u for p in self.populations for name, (_, u) in p.plan.quantities.items()}
        synapses = {n.name: n.trace() for n in self.noted}
        units |= {name: trace.unit for name, trace in synapses.items()}
        meta = {
            "model": plan.model, "title": plan.title, "network": True, "dt": self.dt, "duration": self.steps * self.dt, "elapsed": self.reached * self.dt,
            "steps": self.reached, "seed": self.request.seed, "events": plan.events, "interrupted": interrupted, "threads": self.parts,
            "threads_asked": self.request.threads,
            "method": ", ".join(dict.fromkeys(p.method for p in plan.populations if p.sweep >= 0)),
            "populations": {p.name: {"size": p.size, "model": p.model, "method": p.method, "reason": p.reason} for p in plan.populations},
            "projections": {j.plan.name: j.count for j in self.projections},
            "timing": dict(timing or {}), "notes": list(plan.notes), "thresholds": self._thresholds(),
        }  # fmt: skip
        final = {p.plan.name: p.state for p in self.populations if p.plan.sweep >= 0}
        return NetworkResult(
            {p.plan.name: p.size for p in self.populations},
            spikes,
            {r.name: r.trace(self.reached) for r in self.recordings},
            synapses,
            final,
            units,
            meta,
        )

    def spikes_of(self, number: int) -> tuple[Floats, NDArray[np.int64]]:
        """Return the times and the neurons of the spikes of a population so far."""
        steps = np.concatenate([np.empty(0, np.int64), *(s for s, _ in self.spikes[number])])
        index = np.concatenate([np.empty(0, np.uint32), *(i for _, i in self.spikes[number])])
        until = len(steps) if self.populations[number].emitter is None else int(np.searchsorted(steps, self.reached))
        return (steps[:until] + 1) * self.dt, index[:until].astype(np.int64)

    def _thresholds(self) -> dict[str, list[float]]:
        """Return the levels that conditions compare recorded states with, where all neurons share them."""
        found: dict[str, list[float]] = {}
        for p in self.populations:
            for state, level in p.plan.thresholds:
                value = evaluate(level, p.values)
                if np.ndim(value) == 0:
                    found.setdefault(f"{p.plan.name}.{state}", []).append(float(value))
        return found


def given_for(given: Mapping[str, Mapping[str, Any]], kind: str, name: str) -> dict[str, Any]:
    """Return the values that are given to what has a kind and a name."""
    return {**given.get(kind, {}), **given.get(name, {})}


def steps_of(request: Request) -> int:
    """Return the number of steps of a run; NeuroError where the duration is no whole number of them."""
    if not (request.dt > 0 and np.isfinite(request.dt)):
        raise fail(rules.BAD_VALUE, f"dt is {request.dt:g}", help="a step is positive")
    if not (request.duration >= 0 and np.isfinite(request.duration)):
        raise fail(rules.BAD_VALUE, f"the duration is {request.duration:g}", help="it is not negative")
    steps = round(request.duration / request.dt)
    if abs(request.duration / request.dt - steps) > 1e-6 * max(steps, 1):
        low = int(np.floor(request.duration / request.dt)) * request.dt
        told = f"the duration {request.duration:g} is no whole number of steps of {request.dt:g}"
        raise fail(rules.BAD_VALUE, told, help=f"write {low:g} or {low + request.dt:g}, or change `dt`")
    if steps > 10**12:
        raise fail(rules.BAD_VALUE, f"{steps:.3g} steps are too many", help="a longer `dt`")
    return steps


def execute(
    plan: NetworkPlan, folder: Path, request: Request, before_s: float, progress: Callable[[float], None] | None = None,
    kind: type[Work] | None = None,
) -> NetworkResult:  # fmt: skip
    """Run a plan of a network, in a kind of work that is not the usual one where one is given.

    Raises
    ------
    Failure
        Where the numerics fail; it carries what was good until then.
    NeuroError
        For numbers that cannot be run.
    """
    work = (kind or Work)(plan, folder / f"{plan.kernel}.py", request)
    began, held = time.perf_counter(), Interrupts()
    with held.interrupts():
        interrupted = work.run(progress, lambda _: held.let_through())
    run_s = time.perf_counter() - began
    return work.result(interrupted, {"build_s": before_s + work.build_s, "compile_s": work.compile_s, "run_s": run_s})
