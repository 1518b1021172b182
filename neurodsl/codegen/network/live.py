"""What synapses see of neurons and what follows at once from states that other synapses change: they compute it themselves.

A derived quantity is else written down at the end of the step of its neuron, before spikes are delivered: it would miss what these do to the neuron.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Basic, Symbol

from neurodsl.codegen.network.conditions import expanded
from neurodsl.codegen.network.substitution import substituted
from neurodsl.network import POST, PRE, THIRD, Network, Projection
from neurodsl.system import State, System


def live(network: Network) -> Network:
    """Return a network whose synapses look at states where they looked at derived quantities of states that synapses change."""
    changed: dict[str, set[str]] = {}
    for p in network.projections:
        changed.setdefault(p.target.population, set()).update(_changed(p))
    return replace(network, projections=tuple(_looking(network, p, changed) for p in network.projections))


def _changed(p: Projection) -> set[str]:
    """Return what a synapse changes of the neurons behind."""
    names = {p.synapse.states[a.target].name for e in p.synapse.events for a in e.actions if a.kind == "set"}
    return {name.removeprefix(POST) for name in (*names, *(name for name, _ in p.synapse.contributions)) if name.startswith(POST)}


def _looking(network: Network, p: Projection, changed: dict[str, set[str]]) -> Projection:
    table: dict[Symbol, Basic] = {}
    more: dict[str, State] = {}
    for prefix, part in ((PRE, p.source), (POST, p.target), (THIRD, p.third)):
        system = None if part is None else network.population(part.population).system
        if part is None or system is None:
            continue
        for state, whole in _followed(system, p.synapse, prefix, changed.get(part.population, set())):
            table[state.symbol] = whole.xreplace({s: Symbol(f"{prefix}{s.name}") for s in whole.free_symbols})
            for name in (f"{prefix}{s.name}" for s in whole.free_symbols):
                more[name] = replace(state, name=name, symbol=Symbol(name))
    if not table:
        return p
    known = {s.name for s in p.synapse.states}
    synapse = substituted(p.synapse, table)
    return replace(p, synapse=replace(synapse, states=(*synapse.states, *(s for name, s in sorted(more.items()) if name not in known))))


def _followed(system: System, synapse: System, prefix: str, changed: set[str]) -> Iterator[tuple[State, Basic]]:
    """Yield what a synapse sees of a neuron that is derived from states that synapses change, with what it is in states and constants."""
    states = {s.name for s in system.states}
    still = {q.name for q in (*system.parameters, *system.constants)}
    derived = {d.name: d.symbol for d in system.varying}
    for state in synapse.states:
        inner = state.name.removeprefix(prefix)
        if state.name.startswith(prefix) and inner in derived:
            whole = expanded(system, derived[inner])
            names = {s.name for s in whole.free_symbols}
            if names & changed & states and names <= states | (still - changed):
                yield state, whole
