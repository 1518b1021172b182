"""Which neurons of a network never spike, whatever the others do.

At first nobody has spiked, so no synapse has acted: a population spikes only if its own drive takes it to a threshold, or what flows through synapses
all the time. What such a population may reach by its spikes may be anywhere from then on. The populations that are left when nothing is added any more
never spike, since the first of their spikes would have nothing to come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from neurodsl.analysis.case import Case
from neurodsl.analysis.context import constant_of, exposed, neuron_of
from neurodsl.analysis.reach import reach
from neurodsl.network import POST, PRE, THIRD, Network, Population, Projection
from neurodsl.system import System

MOST_STATES = 60
Cases = Callable[[Population, System], Case]


def touched_by(network: Network, spiking: set[str]) -> Mapping[str, set[str]]:
    """Return the states and inputs of each population that synapses may change while some populations spike."""
    found: dict[str, set[str]] = {p.name: set() for p in network.populations}
    for projection in network.projections:
        for part, prefix in ((projection.source, PRE), (projection.target, POST), (projection.third, THIRD)):
            if part is not None:
                found[part.population] |= {name.removeprefix(prefix) for name in _changed(projection, spiking) if name.startswith(prefix)}
    return found


def _changed(projection: Projection, spiking: set[str]) -> Iterator[str]:
    """Yield what a synapse may change of the neurons it joins, by their names in it."""
    synapse = projection.synapse
    yield from (name for name, expression in synapse.contributions if expression != 0)
    for event in synapse.events:
        part = projection.source if event.kind == "pre" else projection.target
        if part.population in spiking or event.kind not in ("pre", "post"):
            for action in event.actions:
                yield from (synapse.states[number].name for number in (action.target, *(n for n, _ in action.also)) if action.kind != "wait")


def may_spike(case: Case) -> bool:
    """Return whether nothing proves that no event of a system that is a spike ever happens."""
    system = case.system
    if system.discrete or system.rolled or len(system.states) > MOST_STATES:
        return any(event.spikes for event in system.events)
    dormant = reach(case).dormant
    return any(event.spikes and number not in dormant for number, event in enumerate(system.events))


def silent(network: Network, cases: Cases) -> list[tuple[Population, Case]]:
    """Return the populations that never spike although they have events that are spikes, each with the case that shows it.

    Parameters
    ----------
    cases : callable
        Returns the case of a population for a system.
    """
    spiking = {p.name for p in network.populations if p.emitter is not None and not is_quiet(network, p)}
    systems = {p.name: neuron_of(network, p) for p in network.populations if p.system is not None}
    waiting = [p for p in network.populations if p.system is not None and any(event.spikes for event in p.system.events)]
    while True:
        touched = touched_by(network, spiking)
        shown = [(p, cases(p, exposed(systems[p.name], touched[p.name]))) for p in waiting]
        woken = {p.name for p, case in shown if may_spike(case)}
        if not woken:
            return shown
        spiking |= woken
        waiting = [p for p in waiting if p.name not in woken]


def is_quiet(network: Network, population: Population) -> bool:
    """Return whether the rate of a source of spikes is 0."""
    rate = population.emitter.values.get("rate") if population.emitter is not None else None
    return rate is not None and constant_of(network, rate) == 0.0
