"""The whole state of a run in a file, from which the run goes on as if nothing had happened.

A kernel keeps nothing outside of its arguments, so its arrays and what made them are all that there is. The file is an ``.npz`` without
pickle, whose members carry checksums.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__
from neurodsl.files import write_atomically
from neurodsl.options import SPIKES as SPIKES_ALONE
from neurodsl.options import Options, recorded_of
from neurodsl.plan import Described, Plan
from neurodsl.run.copies import (
    BEGUN,
    CLOCK,
    CONSTANTS,
    EDGE,
    EDGES,
    ENDED,
    FLAG_COUNT,
    FLAGS,
    FLUSHED,
    OFFSET,
    ORIGIN,
    PENDING,
    ROWS,
    SPIKE_COUNT,
    SPIKES,
    STATE,
    STATUS,
    STEP,
)
from neurodsl.run.kept_run import KeptRun, read_kept_run
from neurodsl.run.start import ATOL, RTOL
from neurodsl.solution.reading import DamageError
from neurodsl.solution.writing import HDF5, write_arrays

KIND = "checkpoint of a neurodsl run"
ARRAYS = {
    "state": STATE, "hold": 11, "next": 12, "when": 13, "burst": 14, "count": 15, "was": 16, "side": 17, "near": 18, "clock": CLOCK,
    "flags": FLAGS, "derived": 21, "work": 25, "stages": 26, "matrix": 27, "stack": 28,
}  # fmt: skip
"""Where the arrays that change in a run stand among the arguments of its kernel; rows, spikes and their origins are kept as far as they go."""
FIRST = {"flags": np.int64, "clock": np.float64, "first_constants": np.float64, "first_state": np.float64, "edges": np.float64}
"""What is looked at before a kernel is at hand, with the type of its numbers."""
KEYS = slice(8, 11)
"""Where the element and the seed stand among the flags."""

Expressions = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Request:
    """What is asked for, so that the plan is found again: ``texts`` are the digests of the model and of all that it imports."""

    name: str | None
    texts: tuple[str, ...]
    method: str | None
    events: str | None
    variant: str | None
    expressions: Expressions


@dataclass(frozen=True)
class Place:
    """The result file of a run that is streamed, and the mark of the files beside it that keep its rows until it is complete."""

    out: str
    token: str

    @property
    def paths(self) -> tuple[Path, Path]:
        """Return the files of its rows and of its spikes."""
        out = Path(self.out)
        return out.with_name(f".{out.name}.{self.token}.rows"), out.with_name(f".{out.name}.{self.token}.spikes")


def started(arguments: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Return, before the first step, what all of a run follows from."""
    return {"first_constants": arguments[CONSTANTS].copy(), "first_state": arguments[STATE].copy(), "edges": arguments[EDGES].copy()}


def write_checkpoint(
    path: Path, plan: Plan, request: Request, options: Options, place: Place | None, every: float, start: Mapping[str, Any], arguments: list[Any]
) -> None:
    """Write the state of a run.

    Raises
    ------
    NeuroError
        F102 where it cannot be written; the last checkpoint is still there.
    """
    flags = arguments[FLAGS]
    fired = int(flags[SPIKE_COUNT])
    arrays = {name: arguments[number] for name, number in ARRAYS.items()} | dict(start)
    arrays |= {"spikes": arguments[SPIKES][:fired], "origin": arguments[ORIGIN][:fired]}
    if place is None:
        arrays["rows"] = arguments[ROWS][: int(flags[STEP]) + 1 if flags[BEGUN] else 0]
    for kind, values in (("given", options.given), ("initial", options.initial)):
        arrays |= {f"{kind}_{k}": np.asarray(value, dtype=np.float64) for k, value in enumerate(values.values())}
    meta = {
        "kind": KIND,
        "version": __version__,
        "model": plan.model,
        "kernel": plan.kernel,
        "method": plan.method,
        "events": plan.events,
        "reason": plan.reason,
        "request": asdict(request),
        "options": {
            "duration": plan.duration if options.duration is None else options.duration,
            "dt": plan.dt if options.dt is None else options.dt,
            "rtol": options.rtol,
            "atol": options.atol,
            "record": options.record,
            "seed": options.seed,
        },
        "given": list(options.given),
        "initial": list(options.initial),
        "place": None if place is None else asdict(place),
        "every": every,
        "steps": arguments[1],
        "t": float(arguments[CLOCK][0]),
    }
    arrays["meta"] = np.array(json.dumps(meta, allow_nan=False))
    write_atomically(path, lambda file: write_arrays(arrays, file))


class Checkpoint(KeptRun):
    """The state of a run, as a file has it.

    Attributes
    ----------
    request : Request
    place : Place or None
        None where the rows are kept in memory, and so in the checkpoint itself.
    options : Options
        Of the run.
    every : float
        Seconds between two checkpoints.
    """

    what, file = "model", "model file"

    def __init__(self, path: Path, meta: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        request, options, place = meta["request"], meta["options"], meta["place"]
        expressions = tuple((str(kind), str(name), str(text)) for kind, name, text in request["expressions"])
        method, events, variant = (request[name] for name in ("method", "events", "variant"))
        self.request = Request(request["name"], tuple(request["texts"]), method, events, variant, expressions)
        super().__init__(path, meta, arrays, self.request.name, self.request.texts)
        self.place = None if place is None else _place(place)
        given, initial = ({str(name): self._value(f"{kind}_{k}") for k, name in enumerate(meta[kind])} for kind in ("given", "initial"))
        record = None if options["record"] is None else tuple(map(str, options["record"]))
        rtol, atol = (None if options[name] is None else float(options[name]) for name in ("rtol", "atol"))
        duration, dt = float(options["duration"]), float(options["dt"])
        self.options = Options(duration, dt, rtol, atol, record, given, initial, int(options["seed"]), streamed=place is not None)
        self.every, self.steps, self.t = float(meta["every"]), int(meta["steps"]), float(meta["t"])
        self.reason = None if meta["reason"] is None else str(meta["reason"])
        for name, kind in FIRST.items():
            array = self._array(name)
            if array.dtype != kind or array.ndim != 1 or (name == "flags" and array.size != FLAG_COUNT):
                raise DamageError(f"its member `{name}` has the type {array.dtype} and the shape {array.shape}")

    def _value(self, name: str) -> Any:
        """Return a number, or an array."""
        array = self._array(name)
        return array if array.ndim else float(array)

    def _array(self, name: str) -> NDArray[Any]:
        if name not in self.arrays:
            raise self.damaged(f"it has no member `{name}`")
        return self.arrays[name]

    def agreed(
        self, plan: Plan, asked: Options, seed: int | None, chosen: Mapping[str, str | None], expressions: Sequence[tuple[str, str, str]]
    ) -> Options:
        """Return the options of the run, with a later end where a longer duration is asked for.

        Parameters
        ----------
        plan : Plan
        asked : Options
            What the caller gives beside the checkpoint; None and nothing for what is left out.
        seed : int or None
            The seed that the caller gives.
        chosen : mapping
            The ``method``, the ``events`` and the ``variant`` that the caller gives.
        expressions : sequence
            The expressions that the caller gives, in place of what the file says.

        Raises
        ------
        NeuroError
            F111 where something is not as it was.
        """
        own = self.options
        facts = {"method": plan.method, "events": plan.events, "variant": self.request.variant}
        for name, value in chosen.items():
            if value is not None and value not in (facts[name], "auto"):
                raise self.differs(name, facts[name], value)
        numbers: tuple[tuple[str, Any, Any], ...] = (
            ("dt", own.dt, asked.dt),
            ("rtol", own.rtol or RTOL, asked.rtol),
            ("atol", own.atol or ATOL, asked.atol),
            ("record", self._recorded(plan, own.record), None if asked.record is None else self._recorded(plan, asked.record)),
            ("seed", own.seed, seed),
        )
        for name, known, value in numbers:
            if value is not None and value != known:
                raise self.differs(name, known, value)
        self.require_expressions(expressions, self.request.expressions)
        self._require_values(asked.given, own.given, plan.parameters, self._array("first_constants"))
        self._require_values(asked.initial, own.initial, plan.states, self._array("first_state"))
        return own if asked.duration in (None, own.duration) else self._extended(asked.duration, plan)

    def _recorded(self, plan: Plan, names: tuple[str, ...] | None) -> str:
        """Return the names of what is recorded."""
        return ", ".join(r.name for r in recorded_of(plan, names)) or SPIKES_ALONE

    def _require_values(self, asked: Mapping[str, Any], own: Mapping[str, Any], described: Sequence[Described], begun: NDArray[np.float64]) -> None:
        """Raise F111 where a value is given that is not the one that the run began with."""
        places = {q.name: slice(q.start, q.start + q.size) for q in described}
        for name, value in asked.items():
            known = np.asarray(own[name] if name in own else begun[places[name]], dtype=np.float64).ravel()
            wanted = np.asarray(value, dtype=np.float64).ravel()
            if not (wanted.size in (1, known.size) and bool(np.all(known == wanted))):
                if known.size == wanted.size == 1:
                    raise self.differs(name, f"{known[0]:.17g}", f"{wanted[0]:.17g}")
                raise self.other(f"its `{name}` are other numbers than those given", "the checkpoint holds all options; leave it out")

    def _extended(self, duration: float | None, plan: Plan) -> Options:
        """Return the options with a later end, where nothing that was done so far depends on where the end was."""
        assert duration is not None
        flags, unit = self._array("flags"), "" if plan.time_unit == "1" else f" {plan.time_unit}"
        if duration < self.options.duration:  # type: ignore[operator]
            told = f"its duration is {self.options.duration:g}{unit}, and it has come to {self.t:g}{unit}"
            raise self.other(f"{told}; {duration:g}{unit} would end it earlier", "a run can be made longer, not shorter")
        if flags[ENDED] != 0 or flags[STEP] + 1 >= self.steps:
            told = f"its last step was chosen for the end at {self.options.duration:g}{unit}, so that a longer run would have come to other numbers"
            raise self.other(told, "leave `--duration` out, or run from the beginning")
        return replace(self.options, duration=duration)

    def restore(self, arguments: list[Any], names: Sequence[tuple[str, int]], events: int) -> None:
        """Put the state of the run into the arguments of its kernel, as prepared for its first step.

        Parameters
        ----------
        arguments : list
        names : sequence of (str, int)
            What the constants are called, and how many numbers each is.
        events : int
            How many events the kernel has.

        Raises
        ------
        NeuroError
            F110 where it does not fit, F111 where the run would begin from other numbers.
        """
        flags, spikes, origin = self._array("flags"), self._array("spikes"), self._array("origin")
        for name, number in ARRAYS.items():
            array, wanted = self._array(name), arguments[number]
            if array.dtype != wanted.dtype or array.shape != wanted.shape:
                raise self.damaged(f"its member `{name}` has the type {array.dtype} and the shape {array.shape}")
        self._require_start(arguments, names)
        self._require_sound(flags, arguments, events)
        for name, number in ARRAYS.items():
            arguments[number][...] = self._array(name)
        if self.place is None:
            rows = self._array("rows")
            arguments[ROWS][: len(rows)] = rows
        for number, array in ((SPIKES, spikes), (ORIGIN, origin)):
            arguments[number] = np.concatenate([array, arguments[number]])

    def _require_start(self, arguments: list[Any], names: Sequence[tuple[str, int]]) -> None:
        """Raise F111 where the run would begin from other numbers here."""
        labels = [name for name, size in names for _ in range(size)]
        for kept, number in (("first_constants", CONSTANTS), ("first_state", STATE)):
            known, now = self._array(kept), arguments[number]
            if known.shape != now.shape or known.tobytes() != now.tobytes():
                told = "it began from other numbers"
                if known.shape == now.shape and kept == "first_constants":
                    first = int(np.flatnonzero(known != now)[0])
                    told += f": `{labels[first]}` was {known[first]:.17g}, and is {now[first]:.17g}" if first < len(labels) else ""
                raise self.other(told, "it can go on where it began: with the same files, libraries and kind of machine")
        passed = int(self._array("flags")[EDGE])
        known, now = self._array("edges"), arguments[EDGES]
        end = len(known) if self.steps == arguments[1] else passed
        if not 0 <= passed <= len(known) or known[:end].tobytes() != now[:end].tobytes():
            raise self.damaged("its known times are not those of the run")

    def _require_sound(self, flags: NDArray[np.int64], arguments: list[Any], events: int) -> None:
        """Raise F110 where numbers that a kernel counts with are outside of what it has."""
        spikes, origin, clock = self._array("spikes"), self._array("origin"), self._array("clock")
        step, offset = int(flags[STEP]), int(flags[OFFSET])
        sound = (
            flags[STATUS] == 0 and flags[BEGUN] in (0, 1) and 0 <= step < arguments[1] + 1 and flags[PENDING] in (0, 1, 2),
            flags[KEYS].tolist() == arguments[FLAGS][KEYS].tolist(),
            spikes.dtype == np.float64 and origin.dtype == np.int64 and spikes.shape == origin.shape == (int(flags[SPIKE_COUNT]),),
            bool(np.all((origin >= 0) & (origin < events))),
            bool(0 <= clock[0] <= arguments[4] and 0 <= clock[5] <= arguments[4]),
            offset == (step + 1 if self.place is not None and flags[BEGUN] else 0) and flags[FLUSHED] >= 0,
        )
        if not all(sound):
            raise self.damaged("its numbers contradict one another")
        if self.place is None:
            rows = self._array("rows")
            if rows.dtype != np.float64 or rows.shape != (step + 1 if flags[BEGUN] else 0, arguments[ROWS].shape[1]) or flags[FLUSHED] != 0:
                raise self.damaged("its rows are not all there")


def _place(told: Mapping[str, Any]) -> Place:
    """Return where a run is streamed to; a mark that leads elsewhere is none of ours."""
    if re.fullmatch(r"[0-9a-f]{16}", told["token"]) is None or not Path(told["out"]).is_absolute() or Path(told["out"]).suffix.lower() not in HDF5:
        raise DamageError("it does not say where its rows are")
    return Place(told["out"], told["token"])


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint that a file holds; nothing in it is executed.

    Raises
    ------
    NeuroError
        F101 where the file cannot be read, F110 where it is no checkpoint or is damaged.
    """
    return read_kept_run(path, KIND, Checkpoint)
