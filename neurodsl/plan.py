"""Everything a run needs to know of a model beside its kernel: what the cache keeps between the text and the machine code."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Described:
    """A name with the text of its unit, its label, and what it is: ``param``, ``input``, ``state``, ``hidden`` or ``derived``.

    ``shape`` is that of an array, empty for a number. ``start`` is the number in the kernel of its first element: of what can be recorded
    (states, then derived quantities) or of a constant; the others follow row by row.
    """

    name: str
    unit: str
    doc: str | None
    role: str
    shape: tuple[int, ...] = ()
    start: int = 0

    @property
    def size(self) -> int:
        """Return the number of its elements."""
        return math.prod(self.shape)


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
        What can be recorded, in the order of the kernel: all states, then the author's derived quantities; each with its shape.
    elements : tuple of int
        For each event the element of an array that it belongs to, 0 for most.
    spiking : bool
        Some of its events are spikes.
    discrete : bool
        The model is a map.
    sizes : tuple of str
        The parameters that sizes of arrays depend on: another value needs another plan.
    files : mapping of str to (str, float)
        The arrays that are read from files: the path beside the model, and the factor that brings the numbers into the declared unit.
    tables : tuple of str
        What a run has to give as samples: ``samples of I``.
    thresholds : tuple of str
        The state of each threshold, in the order of the kernel's ``thresholds``.
    places : mapping of str to (int, int)
        For each state the offsets of its equation in the text; for each event, under ``event 0``, those of its trigger.
    findings : tuple of mapping
        The warnings and notes of the compilation.
    text : str
        The digest of the text in which places and findings are: that of the file, or of one that it imports.
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
    elements: tuple[int, ...]
    spiking: bool
    discrete: bool
    sizes: tuple[str, ...]
    files: dict[str, tuple[str, float]]
    tables: tuple[str, ...]
    places: dict[str, tuple[int, int]]
    findings: tuple[dict[str, Any], ...]
    kernel: str
    text: str = ""

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
            values[name] = tuple(Described(**{**entry, "shape": tuple(entry["shape"])}) for entry in values[name])
        values["files"] = {name: (str(path), float(factor)) for name, (path, factor) in values["files"].items()}
        for name in ("record", "thresholds", "triggers", "elements", "sizes", "tables", "findings"):
            values[name] = tuple(values[name])
        values["places"] = {name: (int(start), int(stop)) for name, (start, stop) in values["places"].items()}
        return cls(**values)

    @property
    def states(self) -> tuple[Described, ...]:
        """Return the states, those that the compiler made included."""
        return tuple(q for q in self.quantities if q.role in ("state", "hidden"))

    def element(self, number: int) -> str:
        """Return the name of what has a number in the kernel: ``V``, ``x[3]``, ``W[0,1]``."""
        found = next(q for q in self.quantities if q.start <= number < q.start + q.size)
        indices, rest = [], number - found.start
        for size in reversed(found.shape):
            indices.append(str(rest % size))
            rest //= size
        return f"{found.name}[{','.join(reversed(indices))}]" if indices else found.name

    @property
    def recordable(self) -> dict[str, Described]:
        """Return each quantity that can be recorded by its name."""
        return {q.name: q for q in self.quantities if q.role != "hidden"}
