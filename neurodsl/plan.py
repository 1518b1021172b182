"""Everything a run needs to know of a model beside its kernel: what the cache keeps between the text and the machine code."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Described:
    """A name with the text of its unit, its label, and what it is: ``param``, ``input``, ``state``, ``hidden`` or ``derived``."""

    name: str
    unit: str
    doc: str | None
    role: str


@dataclass(frozen=True)
class Plan:
    """A model and a method, ready to run.

    Attributes
    ----------
    kernel : str
        The name of the generated file; it holds the digest of its text.
    probe : bool
        The method was chosen by ``auto`` and a stiff model should be run with another.
    explicit : bool
        The method is an explicit one, which a stiff model forces to short steps.
    stochastic : bool
        A run depends on its seed.
    quantities : tuple of Described
        What can be recorded, in the order of the kernel: all states, then the author's derived quantities.
    thresholds : tuple of str
        The state of each threshold, in the order of the kernel's ``thresholds``.
    places : mapping of str to (int, int)
        For each state the offsets of its equation in the text; for each event, under ``event 0``, those of its trigger.
    findings : tuple of mapping
        The warnings and notes of the compilation.
    """

    model: str
    title: str | None
    time_unit: str
    method: str
    reason: str | None
    events: str
    probe: bool
    adaptive: bool
    explicit: bool
    stochastic: bool
    duration: float
    dt: float
    record: tuple[str, ...]
    parameters: tuple[Described, ...]
    quantities: tuple[Described, ...]
    thresholds: tuple[str, ...]
    triggers: tuple[str, ...]
    places: dict[str, tuple[int, int]]
    findings: tuple[dict[str, Any], ...]
    kernel: str

    def to_json(self) -> str:
        """Return the plan as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Return the plan of a text; ValueError, KeyError or TypeError where it is none."""
        values = json.loads(text)
        if set(values) != {f.name for f in fields(cls)}:
            raise ValueError("not the fields of a plan")
        for name in ("parameters", "quantities"):
            values[name] = tuple(Described(**entry) for entry in values[name])
        for name in ("record", "thresholds", "triggers", "findings"):
            values[name] = tuple(values[name])
        values["places"] = {name: (int(start), int(stop)) for name, (start, stop) in values["places"].items()}
        return cls(**values)

    @property
    def states(self) -> tuple[Described, ...]:
        """Return the states, those that the compiler made included."""
        return tuple(q for q in self.quantities if q.role in ("state", "hidden"))

    @property
    def recordable(self) -> dict[str, int]:
        """Return the number in the kernel of each quantity that can be recorded."""
        return {q.name: i for i, q in enumerate(self.quantities) if q.role != "hidden"}
