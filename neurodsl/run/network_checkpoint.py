"""The whole state of a run of a network in a file, from which the run goes on as if nothing had happened.

What follows from the seed and from files, the synapses above all, is made again; a digest tells whether it came out as it was. The rest is the
memory of populations and synapses, the spikes that are on their way, and what was recorded. The file is an ``.npz`` without pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__
from neurodsl.diagnostics import NeuroError
from neurodsl.emitters import Trains
from neurodsl.files import write_atomically
from neurodsl.manners import MANNERS
from neurodsl.network_plan import NetworkPlan
from neurodsl.run.kept_run import Expressions, KeptRun, read_kept_run
from neurodsl.run.network import Request, Work
from neurodsl.run.network_precise import PreciseWork
from neurodsl.run.projections import Projection
from neurodsl.solution.reading import DamageError
from neurodsl.solution.writing import write_arrays

KIND = "checkpoint of a neurodsl run of a network"
SPIKES_LOOKED_AT = 256
"""Steps whose spikes tell one source of spikes from another."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Asked:
    """What the plan of a run was made from, so that it is found again: ``texts`` are the digests of the model and of all that it imports."""

    name: str | None
    texts: tuple[str, ...]
    method: str | None
    variant: str | None
    expressions: tuple[tuple[str, str, str], ...]
    record: tuple[str, ...] | None
    every_step: bool
    armed: bool
    events: str | None


# --- the state of a run ----------------------------------------------------------------------------------------------------


def began(work: Work) -> dict[str, str]:
    """Return, before the first step, digests of what each population and each projection begins with."""
    found = {}
    for p in work.populations:
        found[p.plan.name] = _digest(
            [p.constants, p.entries, p.memory, *chain.from_iterable(p.samples)] if p.emitter is None else _of_emitter(p.emitter)
        )
    for j in work.projections:
        arrays: list[NDArray[Any]] = [
            j.pointers,
            j.wiring.targets,
            j.delays,
            j.lags,
            j.constants,
            j.entries,
            j.decays,
            np.array(j.rests, dtype=np.float64),
            j.before,
            *j.arrays,
        ]
        found[j.plan.name] = _digest(arrays)
    return found


def _of_emitter(emitter: Any) -> list[NDArray[Any]]:
    if isinstance(emitter, Trains):
        return [emitter.steps, emitter.index]
    try:
        return list(emitter.window(0, SPIKES_LOOKED_AT))
    except NeuroError:
        # A rate that is none is told when the run comes there.
        return []


def _digest(arrays: Sequence[NDArray[Any]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def state_of(work: Work) -> dict[str, NDArray[Any]]:
    """Return the arrays that change in a run, as they are between two steps."""
    found: dict[str, NDArray[Any]] = {"scales": work.scales, "generated": np.array([p.generated for p in work.populations], np.int64)}
    for k, p in enumerate(work.populations):
        steps = np.concatenate([np.empty(0, np.int64), *(s for s, _ in work.spikes[k])])
        index = np.concatenate([np.empty(0, np.uint32), *(i for _, i in work.spikes[k])])
        found |= {f"memory_{k}": p.memory, f"steps_{k}": steps, f"index_{k}": index}
        on_steps, on_their_way, beside = p.queue.spikes(*_under_way(work, p.generated))
        found |= {f"way_steps_{k}": on_steps, f"way_index_{k}": on_their_way}
        for j in work.projections:
            cursors = [beside[place] for place in j.cursors[0] if place >= 0] if j.source is p else []
            found |= {f"cursor_{j.number}_{n}": cursor for n, cursor in enumerate(cursors)}
    for k, j in enumerate(work.projections):
        found |= {f"synapses_{k}_{n}": array for n, array in enumerate(j.arrays)} | {f"before_{k}": j.before}
    if isinstance(work, PreciseWork):
        found |= _precise_state(work)
    for k, r in enumerate(work.recordings):
        found[f"rows_{k}"] = r.rows[: work.reached // r.every + 1]
    for k, noted in enumerate(work.noted):
        found[f"noted_{k}"] = np.array(noted.taken, dtype=np.float64).reshape(len(noted.taken), noted.projection.count)
    return found


def _precise_state(work: PreciseWork) -> dict[str, NDArray[Any]]:
    """Return the spikes with exact times: those under way, within their steps, and those that are known."""
    found: dict[str, NDArray[Any]] = {}
    for k, train in enumerate(work.trains):
        steps, index, when = train.spikes(*_under_way(work, train.population.generated))
        times, neurons = train.all()
        found |= {
            f"exact_steps_{k}": steps,
            f"exact_index_{k}": index,
            f"exact_when_{k}": when,
            f"exact_times_{k}": times,
            f"exact_neurons_{k}": neurons,
        }
    return found


def _under_way(work: Work, generated: int) -> tuple[int, int]:
    """Return the first step whose spikes may be under way, and the one behind the last."""
    return max(0, work.reached - work.lag), max(work.reached, generated)


def write_checkpoint(path: Path, work: Work, asked: Asked, every: float, first: Mapping[str, str]) -> None:
    """Write the state of a run.

    Parameters
    ----------
    path : Path
    work : Work
        Between two steps.
    asked : Asked
    every : float
        Seconds between two checkpoints.
    first : mapping
        What :func:`began` returned before the first step.

    Raises
    ------
    NeuroError
        F102 where it cannot be written; the last checkpoint is still there.
    """
    meta = {
        "kind": KIND, "version": __version__, "model": work.plan.model, "kernel": work.plan.kernel, "asked": asdict(asked),
        "duration": work.request.duration, "dt": work.dt, "seed": work.request.seed, "reached": work.reached, "every": every, "began": dict(first),
    }  # fmt: skip
    arrays = {**state_of(work), "meta": np.array(json.dumps(meta, allow_nan=False))}
    write_atomically(path, lambda file: write_arrays(arrays, file))


# --- a file ------------------------------------------------------------------------------------------------------------------


class NetworkCheckpoint(KeptRun):
    """The state of a run of a network, as a file has it.

    Attributes
    ----------
    asked : Asked
    duration, dt : float
    seed : int
    every : float
        Seconds between two checkpoints.
    reached : int
        The step at which it was written.
    """

    what, file = "network", "file"

    def __init__(self, path: Path, meta: Mapping[str, Any], arrays: Arrays) -> None:
        told = meta["asked"]
        expressions = tuple((str(kind), str(name), str(text)) for kind, name, text in told["expressions"])
        record = None if told["record"] is None else tuple(map(str, told["record"]))
        name, method, variant, events = (None if told[key] is None else str(told[key]) for key in ("name", "method", "variant", "events"))
        every_step, armed = (bool(told[key]) for key in ("every_step", "armed"))
        self.asked = Asked(name, tuple(map(str, told["texts"])), method, variant, expressions, record, every_step, armed, events)
        super().__init__(path, meta, arrays, name, self.asked.texts)
        self.duration, self.dt, self.every = (float(meta[key]) for key in ("duration", "dt", "every"))
        self.seed, self.reached = int(meta["seed"]), int(meta["reached"])
        self.began = {str(owner): str(digest) for owner, digest in meta["began"].items()}
        if not (0 <= self.seed < 2**64 and self.reached >= 0):
            raise DamageError("its numbers contradict one another")

    @property
    def t(self) -> float:
        """Return the time at which it was written."""
        return self.reached * self.dt

    def require_samples(self, given: Collection[str]) -> None:
        """Raise F111 where inputs follow samples that are not given again."""
        for kind, name, _ in self.asked.expressions:
            if kind in MANNERS and name not in given:
                raise self.other(f"its input `{name}` follows samples, which a checkpoint does not hold", f"give them again: `--input {name}=FILE`")

    def agreed(self, plan: NetworkPlan, given: Mapping[str, Any], expressions: Expressions, folder: Path | None) -> Request:
        """Return the request of the run, with a later end where a longer duration is asked for.

        Parameters
        ----------
        plan : NetworkPlan
        given : mapping
            What the caller gives beside the checkpoint: ``method``, ``events``, ``variant``, ``dt``, ``seed``, ``record``, ``every_step``, ``duration``;
            None for what is left out.
        expressions : sequence
            What the caller gives in place of what the file says.

        Raises
        ------
        NeuroError
            F111 where something is not as it was.
        """
        own = self.asked
        methods = {own.method or "auto", ", ".join(dict.fromkeys(p.method for p in plan.populations if p.sweep >= 0))}
        if given["method"] is not None and given["method"] not in methods:
            raise self.differs("method", own.method or "auto", given["method"])
        recorded = None if own.record is None else ", ".join(own.record)
        asked = None if given["record"] is None else ", ".join(given["record"])
        facts: tuple[tuple[str, Any, Any], ...] = (
            ("events", plan.events, given["events"]),
            ("variant", own.variant, given["variant"]),
            ("dt", self.dt, given["dt"]),
            ("seed", self.seed, given["seed"]),
        )
        for name, known, value in (*facts, ("record", recorded, asked), ("every_step", own.every_step, given["every_step"] or None)):
            if value is not None and value != known:
                raise self.differs(name, known, value)
        self.require_expressions(expressions, own.expressions)
        request = Request(self.duration, self.dt, self.seed, plan.recorded, folder)
        longer, unit = given["duration"], "" if plan.time_unit == "1" else f" {plan.time_unit}"
        if longer is None or longer == self.duration:
            return request
        if longer < self.duration:
            told = f"its duration is {self.duration:g}{unit}, and it has come to {self.t:g}{unit}; {longer:g}{unit} would end it earlier"
            raise self.other(told, "a run can be made longer, not shorter")
        return replace(request, duration=longer)

    # --- back into a run -----------------------------------------------------------------------------------------------------

    def restore(self, work: Work, first: Mapping[str, str]) -> None:
        """Put the state of the run into one that has been built and not begun.

        Raises
        ------
        NeuroError
            F110 where it does not fit, F111 where the run would begin from other numbers.
        """
        for owner, digest in first.items():
            if self.began.get(owner) != digest:
                told = f"`{owner}` began from other numbers, or with other synapses"
                raise self.other(told, "it can go on where it began: with the same files, libraries and kind of machine")
        if self.reached > work.steps:
            raise self.damaged("its numbers contradict one another")
        generated = self._array("generated", np.int64, (len(work.populations),))
        scales = self._array("scales", np.float64, work.scales.shape)
        self._require(bool(np.all(np.isfinite(scales) & (scales > 0))))
        work.factors[:], work.reached = scales, self.reached
        for k in range(len(work.populations)):
            self._restore_population(work, k, int(generated[k]))
        for k, j in enumerate(work.projections):
            for n, array in enumerate(j.arrays):
                array[:] = self._array(f"synapses_{k}_{n}", np.float64, array.shape)
            for before in j.befores:
                before[:] = self._array(f"before_{k}", np.float64, before.shape)
        if isinstance(work, PreciseWork):
            self._restore_trains(work)
        for k, r in enumerate(work.recordings):
            count = self.reached // r.every + 1
            r.rows[:count] = self._array(f"rows_{k}", np.float64, (count, r.index.size))
        for k, noted in enumerate(work.noted):
            taken = self._array(f"noted_{k}", np.float64, (sum(step <= self.reached for step in noted.steps), noted.projection.count))
            noted.taken = list(taken)

    def _restore_population(self, work: Work, k: int, generated: int) -> None:
        """Restore what a population has; a kernel relies on that neurons and places of spikes are within their bounds."""
        p = work.populations[k]
        memory = self._array(f"memory_{k}", np.float64, p.memory.shape)
        steps, index = self._array(f"steps_{k}", np.int64, (None,)), self._array(f"index_{k}", np.uint32, (None,))
        way_steps, way_index = self._array(f"way_steps_{k}", np.int64, (None,)), self._array(f"way_index_{k}", np.uint32, (None,))
        self._require(generated == 0 if p.emitter is None else self.reached <= generated <= self.reached + work.ring)
        first, last = _under_way(work, generated)
        for found, neurons, least in ((steps, index, 0), (way_steps, way_index, first)):
            self._require(found.shape == neurons.shape and bool(np.all(np.diff(found) >= 0)) and bool(np.all(neurons < p.size)))
            self._require(not len(found) or bool(found[0] >= least and found[-1] < last))
        p.memory[:], p.generated, work.spikes[k] = memory, generated, [(steps, index)]
        p.queue.put(first, last, way_steps, way_index)
        for j in work.projections:
            if j.source is p and j.plan.delayed:
                self._restore_cursors(j, first, last, way_index.shape)

    def _restore_trains(self, work: PreciseWork) -> None:
        """Restore spikes with exact times; a kernel relies on that they lie within their steps and are of neurons that there are."""
        for k, train in enumerate(work.trains):
            first, last = _under_way(work, train.population.generated)
            steps, when = self._array(f"exact_steps_{k}", np.int64, (None,)), self._array(f"exact_when_{k}", np.float64, (None,))
            index, times = self._array(f"exact_index_{k}", np.uint32, steps.shape), self._array(f"exact_times_{k}", np.float64, (None,))
            neurons = self._array(f"exact_neurons_{k}", np.uint32, times.shape)
            self._require(when.shape == steps.shape and bool(np.all((when >= 0) & (when <= work.dt)) and np.all(np.diff(steps) >= 0)))
            self._require(not len(steps) or bool(first <= steps[0] and steps[-1] < last))
            self._require(bool(np.all(index < train.population.size) and np.all(neurons < train.population.size) and np.all(np.isfinite(times))))
            train.put(first, last, steps, index, when)
            train.times, train.index = [times], [neurons]

    def _restore_cursors(self, j: Projection, first: int, last: int, shape: tuple[int, ...]) -> None:
        """Restore how far spikes under way have come through delays that differ; a kernel relies on that they are within the rows of their neurons."""
        for n in range(len(j.plan.events)):
            cursor = self._array(f"cursor_{j.number}_{n}", np.uint32, shape)
            self._require(bool(np.all(cursor <= j.count)))
            for places in j.cursors:
                j.source.queue.put_beside(places[n], first, last, cursor)

    def _require(self, sound: bool) -> None:
        if not sound:
            raise self.damaged("its numbers contradict one another")

    def _array(self, name: str, kind: Any, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """Return a member of a type and a shape, None for any length."""
        if name not in self.arrays:
            raise self.damaged(f"it has no member `{name}`")
        array = self.arrays[name]
        fits = array.ndim == len(shape) and all(n is None or n == m for n, m in zip(shape, array.shape, strict=True))
        if array.dtype != kind or not fits:
            raise self.damaged(f"its member `{name}` has the type {array.dtype} and the shape {array.shape}")
        return array


def read_network_checkpoint(path: Path) -> NetworkCheckpoint:
    """Return the checkpoint that a file holds; nothing in it is executed.

    Raises
    ------
    NeuroError
        F101 where the file cannot be read, F110 where it is no checkpoint or is damaged.
    """
    return read_kept_run(path, KIND, NetworkCheckpoint)
