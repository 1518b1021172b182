"""Populations and projections on the way into the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurodsl.codegen.lane_writer import hold
from neurodsl.codegen.network.linear import Propagator
from neurodsl.codegen.network.placement import Placement
from neurodsl.codegen.network.sweep import WIDTH, Sweep, export, then
from neurodsl.codegen.network.synapse import Side
from neurodsl.codegen.network.synapse_events import SynapseWriter
from neurodsl.codegen.steps import held_states
from neurodsl.network import Population, Projection


@dataclass
class Cell:
    """A population on the way into the kernel."""

    number: int
    population: Population
    sweep: Sweep | None
    names: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    exported: tuple[str, ...] = ()
    followed: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Return the lanes of a block."""
        return self.sweep.page.width if self.sweep is not None else WIDTH

    def add(self, name: str) -> int:
        """Return the row of something more that lives with the neurons."""
        return self.rows.setdefault(name, (len(self.sweep.rows) if self.sweep is not None else 0) + len(self.rows))

    @property
    def count(self) -> int:
        """Return the rows of a block."""
        return max((len(self.sweep.rows) if self.sweep is not None else 0) + len(self.rows), 1)

    def side(self) -> Side:
        """Return the population as its synapses see it."""
        if self.sweep is None:
            return Side(self.width, {}, {}, (), (), {}, self.number)
        system, rows, names = self.sweep.system, self.sweep.rows, self.sweep.names
        known = {s.name: rows[names[s.name]] for s in system.states}
        known |= {n: rows[names[n]] for n in self.sweep.given}
        known |= {n: rows[export(names[n])] for n in self.exported}
        holds = {system.states[i].name: rows[hold(names[system.states[i].name])] for i in held_states(system)}
        shared = {q.name for q in (*system.parameters, *system.constants)} - known.keys()
        past = {n: rows[then(export(names[n]) if n in self.exported else names[n])] for n in self.followed}
        return Side(self.width, known, holds, shared, self.inputs, past, self.number)


@dataclass
class Joint:
    """A projection on the way into the kernel."""

    number: int
    projection: Projection
    writer: SynapseWriter
    placement: Placement
    sides: dict[str, Cell]
    differing: list[str]
    rows: dict[str, int]
    propagator: Propagator | None
    calls: dict[str, str]
    slot: int
