"""The mathematics of small networks without spikes: one system of differential equations, as the analysis takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.analysis.frozen import Frozen, freeze
from neurodsl.analysis.lumping import Columns, Lumped, Synapses, is_formula, lumped
from neurodsl.analysis.whole import Whole
from neurodsl.diagnostics import Report, fail
from neurodsl.given import as_text
from neurodsl.lang import read_model
from neurodsl.lower import lower_network
from neurodsl.lower.flatten import MOST_SYNAPSES, flatten, flattened, own_states, require_without_spikes
from neurodsl.lower.members import Wires
from neurodsl.model import NetworkModel
from neurodsl.network import I, Network, Projection
from neurodsl.network_plan import NetworkPlan
from neurodsl.networking import plan_of
from neurodsl.planning import apply_options
from neurodsl.run.network import Request, Work
from neurodsl.system import Draw, Loaded

if TYPE_CHECKING:
    from neurodsl.api import Model

SEED = 0
"""What draws the connections, and the weights of the synapses, of the network that is analysed."""
FEW = 12
"""Up to so many states the neurons of a network are analysed one by one; of more, those that are alike as one."""
MOST_EACH = 40
"""Of so many states, those in which neurons that are alike differ are looked for too."""
MOST_NEURONS = 2000
MOST_WRITTEN = 500
"""Synapses of a neuron whose weights, formulas of the parameters of the network, are written out."""


def frozen(model: Model, variant: str | None, given: Mapping[str, Any], time: float) -> Frozen:
    """Return the mathematics of a network at given values.

    Parameters
    ----------
    variant : str
        A named set of values of the file.
    given : mapping
        Values of parameters and inputs by name: ``I_e``, ``unit.a``, ``E.drive``.
    time : float
        Where drives that depend on the time stand still.

    Raises
    ------
    NeuroError
        M117 where the network has events or delays, M104 where it is too large.
    """
    expressions = tuple(("set", name, as_text(value)) for name, value in given.items())
    read = read_model(model.source, model.name, Report())
    assert isinstance(read, NetworkModel)
    network = lower_network(changed(read, variant, expressions))
    require_without_spikes(network)
    neurons = sum(p.size for p in network.populations)
    if neurons > MOST_NEURONS:
        told = f"the network `{network.name}` has {neurons} neurons; up to {MOST_NEURONS} are analysed"
        raise fail(rules.TOO_LARGE_MATH, told, help="analyse a smaller network of the same kind")
    made = _Made(network, plan_of(model, None, variant, expressions), model)
    notes = made.notes()
    states = sum(p.size * len(p.system.states) for p in network.populations if p.system is not None)
    alike, whole, small = None, None, False
    alone = any(c.third is not None or own_states(c.synapse) for c in network.projections)
    if states <= FEW or alone:
        system = flatten(network, made.wires, made.unknown())
    else:
        alike = lumped(network, made.numbers(), made.synapses, made.shaping(), made.formulas())
        flat = flattened(alike.network, lambda c: alike.wires[c.name], alike.numbers, {name: f.tolist() for name, f in alike.first.items()})
        notes, system = (*notes, *alike.notes), flat.system
        joined = sum(len(synapses.sources) for synapses in made.synapses.values())
        small = states <= MOST_EACH and joined <= MOST_SYNAPSES
        whole = Whole(network, flat, alike.kinds, made.synapses, made.formulas(), model.cache.folder) if alike.notes else None
    found = freeze(system, model.cache.folder, None, time, model.source.path)

    def each() -> Frozen:
        return freeze(flatten(network, made.numbered_wires, made.unknown()), model.cache.folder, None, time, model.source.path)

    return replace(found, notes=(*notes, *found.notes), whole=whole, wiring=made.wiring(alike), each=each if whole is not None and small else None)


def changed(read: NetworkModel, variant: str | None, expressions: tuple[tuple[str, str, str], ...]) -> NetworkModel:
    """Return a network with a variant chosen and values replaced by expressions."""
    made: Any = apply_options(read, variant, expressions, Report())  # type: ignore[arg-type]
    assert isinstance(made, NetworkModel)
    return made


class _Made:
    """The connections and the values of a network as a run makes them."""

    def __init__(self, network: Network, plan: NetworkPlan, model: Model) -> None:
        self.network, self.plan, self.model = network, plan, model

    @cached_property
    def work(self) -> Work:
        """Return the network at work, before its first step."""
        folder = None if self.model.source.path is None else self.model.source.path.parent
        path = self.model.cache.folder / f"{self.plan.kernel}.py"
        return Work(self.plan, path, Request(self.plan.dt, self.plan.dt, SEED, (), folder))

    @cached_property
    def synapses(self) -> dict[str, Synapses]:
        """Return the synapses of each projection, with all values that differ among them."""
        found = {}
        for c, made in zip(self.network.projections, self.work.projections, strict=True):
            sources = made.sources.astype(np.int64) + c.source.start
            targets = made.wiring.targets.astype(np.int64) + c.target.start
            quantities = (*c.synapse.parameters, *(q for q in c.synapse.states if "." not in q.name))
            values = {q.name: made.value(q.name) for q in quantities if q.name not in made.values and q.name in made.plan.arrays}
            found[c.name] = Synapses(sources, targets, values)
        return found

    def wires(self, c: Projection) -> Wires:
        """Return the synapses of a projection for a network that is written out; what is an expression stays one."""
        made = self.synapses[c.name]
        known: dict[str, Any] = {q.name: c.values.get(q.name, q.default) for q in c.synapse.parameters}
        known |= {q.name: c.values.get(q.name, q.initial) for q in c.synapse.states}
        listed = c.rule.kind in ("matrix", "pairs")
        kept = {name: column.tolist() for name, column in made.values.items() if listed or _is_made(known[name])}
        return Wires(made.sources.tolist(), made.targets.tolist(), kept)

    def numbered_wires(self, c: Projection) -> Wires:
        """Return the synapses of a projection with numbers in the place of all expressions."""
        made = self.synapses[c.name]
        return Wires(made.sources.tolist(), made.targets.tolist(), {name: column.tolist() for name, column in made.values.items()})

    def numbers(self) -> dict[str, Columns]:
        """Return what each neuron of a population has for itself; what is drawn alike for all stays drawn."""
        found: dict[str, Columns] = {}
        for p, made in zip(self.network.populations, self.work.populations, strict=True):
            values: dict[str, Any] = {} if p.system is None else {q.name: p.values.get(q.name, q.default) for q in p.system.parameters}
            values |= {} if p.system is None else {q.name: p.values.get(q.name, q.initial) for q in p.system.states}
            found[p.name] = {n: made.values[n] for n, v in values.items() if np.ndim(made.values.get(n, 0.0)) and not _is_drawn_alike(v)}
        return found

    def shaping(self) -> dict[str, frozenset[str]]:
        """Return of each population the names of its parameters among its numbers."""
        parameters = {p.name: {q.name for q in p.system.parameters} for p in self.network.populations if p.system is not None}
        return {name: frozenset(columns.keys() & parameters[name]) for name, columns in self.numbers().items()}

    def formulas(self) -> dict[str, frozenset[str]]:
        """Return of each population and projection the numbers that are formulas of parameters of the network, not too many to be written out."""
        found = {p.name: frozenset(name for name, value in p.values.items() if is_formula(value)) for p in self.network.populations}
        for c in self.network.projections:
            few = len(self.synapses[c.name].sources) <= MOST_WRITTEN * c.target.size
            column = c.rule.matrix_target
            found[c.name] = frozenset(name for name, value in c.values.items() if few and name != column and is_formula(value))
        return found

    def wiring(self, alike: Lumped | None) -> str:
        """Return a digest of what stays as it was made: the synapses, the numbers of neurons and synapses, which neurons are alike."""
        found, formulas, numbers = hashlib.sha256(), self.formulas(), self.numbers() if alike is not None else self.unknown()
        columns: list[NDArray[Any]] = [] if alike is None else list(alike.kinds.values())
        for c in self.network.projections:
            made = self.synapses[c.name]
            kept = made.values.keys() - formulas[c.name] if alike is not None else self.wires(c).values.keys()
            columns += [made.sources, made.targets, *(made.values[name] for name in sorted(kept))]
        for p in self.network.populations:
            columns += [np.asarray(numbers[p.name][name]) for name in sorted(numbers[p.name].keys() - formulas[p.name])]
        for column in columns:
            found.update(column.tobytes())
        return found.hexdigest()

    def unknown(self) -> dict[str, dict[str, Any]]:
        """Return the numbers of neurons that stand in files."""
        values = {p.name: p.values for p in self.network.populations}
        numbers = self.numbers()
        return {name: {k: v.tolist() for k, v in columns.items() if isinstance(values[name].get(k), Loaded)} for name, columns in numbers.items()}

    def notes(self) -> tuple[str, ...]:
        """Return what was drawn."""
        drawn = [c.name for c in self.network.projections if self._is_random(c)]
        named = ", ".join(f"`{name}`" for name in drawn)
        return (f"the synapses {named} are those of a run with the seed {SEED}",) if drawn else ()

    def _is_random(self, c: Projection) -> bool:
        values = [c.values.get(q.name, q.default) for q in c.synapse.parameters]
        return c.rule.kind in ("probability", "indegree", "outdegree", "small world", "scale free") or any(isinstance(v, Draw) for v in values)


def _is_made(value: Any) -> bool:
    """Return whether a value is drawn, or read from a file."""
    return isinstance(value, Draw | Loaded)


def _is_drawn_alike(value: Any) -> bool:
    """Return whether a value is drawn from one distribution for all neurons."""
    return isinstance(value, Draw) and not any(I in a.free_symbols for a in value.arguments)
