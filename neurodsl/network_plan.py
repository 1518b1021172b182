"""Everything a run needs to know of a network beside its kernel: what the cache keeps between the text and the machine code."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from neurodsl.formulas import Formula

CONSTANT = -1
"""The row of what has none, as it does not change in a run."""


@dataclass(frozen=True)
class Item:
    """A value that is computed before the first step, for all or for each neuron or synapse.

    ``kind`` is ``formula``; ``draw``, where ``formula`` is None and ``arguments`` are those of the distribution ``name_of``, of ``inner`` within ``sparse``;
    ``loaded``, from the file ``path`` with numbers times ``factor``; or ``items``, one formula for each.
    """

    name: str
    kind: str
    formula: Formula | None = None
    distribution: str = ""
    inner: str | None = None
    arguments: tuple[Formula, ...] = ()
    path: str = ""
    factor: float = 1.0


@dataclass(frozen=True)
class Flow:
    """The matrix of linear equations and what a run makes of it: see :class:`neurodsl.codegen.network.linear.Propagator`."""

    matrix: tuple[tuple[int, int, Formula], ...]
    size: int
    entries: tuple[str, ...]
    held: int
    shared: bool
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class FollowedPlan:
    """An input that follows samples.

    ``symbol`` is the name of its value in formulas. The file ``path`` that the text names has numbers in the unit ``own``, that of the input where there
    is none.
    """

    name: str
    symbol: str
    unit: str
    held: bool
    path: str | None = None
    own: str | None = None


@dataclass(frozen=True)
class Precise:
    """What exact spike times need to know of linear neurons beside their flow.

    Attributes
    ----------
    levels : tuple of tuple of Formula
        Of the condition of each event, its derivatives by the states.
    edges : tuple of Formula
        The times at which the equations change form.
    """

    levels: tuple[tuple[Formula, ...], ...]
    edges: tuple[Formula, ...]


@dataclass(frozen=True)
class PopulationPlan:
    """A population.

    Attributes
    ----------
    sweep : int
        The number of the function that advances it, -1 for one that only emits.
    rows : int
        Rows of a block of its memory.
    states : tuple of (str, int, str, bool)
        Name, row, unit, and whether the author knows it.
    items : tuple of Item
        Parameters, derived constants and initial values, each after those it uses.
    constants : tuple of str
        What stands in its constants, in order.
    made : tuple of (str, Formula)
        What stands behind them.
    given : tuple of (str, int)
        The values that have a row, by name.
    own : tuple of (str, int, Formula)
        What else has a row.
    was, out : tuple of (int, Formula)
        The rows of conditions and of derived quantities, with what they are at the start; -1 of a condition that has to be false there.
    clocks : tuple of (int, Formula or None)
        The rows of times up to which something is held or waits, or of the next time of an event, with the first.
    quantities : mapping of str to (int, str)
        What can be recorded: its row, `CONSTANT` for what is recorded and does not change, and its unit.
    thresholds : tuple of (str, Formula)
        States, and the levels that conditions compare them with.
    emitter : mapping or None
        Of a source of spikes, its kind, its values as items, its path and the factor of its times.
    samples : tuple of FollowedPlan
        The inputs that follow samples.
    precise : Precise or None
        Of neurons whose spikes have exact times.
    """

    name: str
    size: int
    model: str
    doc: str | None
    method: str
    reason: str | None
    sweep: int
    width: int
    rows: int
    states: tuple[tuple[str, int, str, bool], ...]
    items: tuple[Item, ...]
    constants: tuple[str, ...]
    made: tuple[tuple[str, Formula], ...]
    given: tuple[tuple[str, int], ...]
    own: tuple[tuple[str, int, Formula], ...]
    was: tuple[tuple[int, Formula], ...]
    out: tuple[tuple[int, Formula], ...]
    clocks: tuple[tuple[int, Formula | None], ...]
    flow: Flow | None
    quantities: dict[str, tuple[int, str]]
    thresholds: tuple[tuple[str, Formula], ...]
    lost: int
    stochastic: bool
    emitter: dict[str, Any] | None = None
    place: tuple[int, int] | None = None
    samples: tuple[FollowedPlan, ...] = ()
    precise: Precise | None = None


@dataclass(frozen=True)
class ProjectionPlan:
    """A projection.

    Attributes
    ----------
    source, target, third : (int, int, int) or None
        The number of a population, the first neuron, and the one behind the last.
    rule : mapping
        ``kind``, ``arguments`` (formulas), ``path``, ``condition`` (a formula or None), ``no_self``, ``multiple``, ``matrix_target``,
        ``factor`` (of the numbers of a matrix), ``given`` (the quantities that the connection gives values to), ``time_unit``.
    items : tuple of Item
        Parameters, derived constants and initial values of the synapse.
    constants : tuple of str
        What stands in its constants.
    outside : tuple of (str, int, str)
        Constants of neurons among them: the name, the population, the name there.
    arrays : tuple of str
        What has a value for each synapse.
    placed : tuple of (str, int, int)
        The states that live with the neurons behind the synapses: the name, the population, the row.
    before : tuple of str
        Those that live with the neurons before them.
    scales : tuple of (str, Formula)
        The states that decay, with their rates.
    events : tuple of (str, Formula or None)
        Of each event, ``pre`` or ``post`` and what it waits beyond the delay.
    place : (int, int) or None
        Where it stands in the text.
    """

    name: str
    synapse: str
    source: tuple[int, int, int]
    target: tuple[int, int, int]
    third: tuple[int, int, int] | None
    rule: dict[str, Any]
    delay: Item | None
    delayed: bool
    items: tuple[Item, ...]
    constants: tuple[str, ...]
    outside: tuple[tuple[str, int, str], ...]
    arrays: tuple[str, ...]
    placed: tuple[tuple[str, int, int], ...]
    before: tuple[str, ...]
    scales: tuple[tuple[str, Formula], ...]
    events: tuple[tuple[str, Formula | None], ...]
    flow: Flow | None
    units: dict[str, str]
    backward: bool
    stochastic: bool
    place: tuple[int, int] | None = None


@dataclass(frozen=True)
class NetworkPlan:
    """A network and its methods, ready to run.

    Attributes
    ----------
    items : tuple of Item
        Parameters and derived constants of the network itself.
    arguments : tuple of (str, str)
        The arguments of the kernel and their types, in order.
    recorded : tuple of mapping
        ``owner``, ``quantity``, ``start``, ``stop``, ``step``, ``every``.
    notes : tuple of str
        What the compiler did with the network, in words.
    titles : mapping of str to list of str, or None
        Of the files of pairs by path, the titles of their columns: what a file brings shapes the kernel.
    threads : int
        To so many a step gives enough to do.
    events : str
        ``grid``, or ``exact`` where spikes have exact times.
    """

    model: str
    title: str | None
    time_unit: str
    duration: float
    dt: float
    discrete: bool
    items: tuple[Item, ...]
    populations: tuple[PopulationPlan, ...]
    projections: tuple[ProjectionPlan, ...]
    recorded: tuple[dict[str, Any], ...]
    arguments: tuple[tuple[str, str], ...]
    findings: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    kernel: str
    text: str = ""
    titles: dict[str, list[str] | None] = field(default_factory=dict)
    threads: int = 1
    events: str = "grid"

    @property
    def shared(self) -> bool:
        """Return whether threads can share a run."""
        return ("_meeting", "i8[::1]") in self.arguments

    def to_json(self) -> str:
        """Return the plan as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> NetworkPlan:
        """Return the plan of a text; ValueError, KeyError or TypeError where it is none."""
        values = json.loads(text)
        if set(values) != {f.name for f in fields(cls)}:
            raise ValueError("not the fields of a plan of a network")
        values["items"] = _items(values["items"])
        values["arguments"] = tuple((name, kind) for name, kind in values["arguments"])
        values["populations"] = tuple(_population(v) for v in values["populations"])
        values["projections"] = tuple(_projection(v) for v in values["projections"])
        return cls(**values)


def _items(values: Any) -> tuple[Item, ...]:
    return tuple(Item(**value) for value in values)


def _flow(value: Any) -> Flow | None:
    return None if value is None else Flow(**value)


def _population(value: dict[str, Any]) -> PopulationPlan:
    emitter = value["emitter"]
    if emitter is not None:
        emitter = {**emitter, "values": _items(emitter["values"])}
    samples = tuple(FollowedPlan(**made) for made in value["samples"])
    precise = None if value["precise"] is None else Precise(**value["precise"])
    found = {"items": _items(value["items"]), "flow": _flow(value["flow"]), "emitter": emitter, "samples": samples, "precise": precise}
    return PopulationPlan(**{**value, **found})


def _projection(value: dict[str, Any]) -> ProjectionPlan:
    delay = None if value["delay"] is None else Item(**value["delay"])
    return ProjectionPlan(**{**value, "items": _items(value["items"]), "flow": _flow(value["flow"]), "delay": delay})
