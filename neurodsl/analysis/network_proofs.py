"""All proofs on a network, within a bounded time: on its neurons and synapses in their places, and on which of them ever spike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from sympy import Symbol

from neurodsl import rules
from neurodsl.analysis.case import Case
from neurodsl.analysis.context import DOTTED, exposed, neuron_of, synapse_of, typical
from neurodsl.analysis.proof import Finding
from neurodsl.analysis.proofs import proofs
from neurodsl.analysis.proofs.threshold import THRESHOLD, unmet
from neurodsl.analysis.prove import MOST_STATES, timely
from neurodsl.analysis.silence import is_quiet, silent, touched_by
from neurodsl.diagnostics import Diagnostic, Rule
from neurodsl.integrators import methods
from neurodsl.integrators.method import Method
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.network import PRE, THIRD, Network, Population, Projection
from neurodsl.source import Span
from neurodsl.system import Draw, System

SECONDS = 3.0
"""For all proofs on a network together."""
ALONE = ("gates", "leak", "kernels", "counted_twice", "weights", "domain")
"""What holds of a neuron whatever its synapses do to it, and of a synapse whatever its neurons do."""
STEPS = ("step", "stiffness")
IN_PLACE = ("oscillation",)
"""What holds of a neuron only where nothing else moves it."""
Places = Mapping[str, Mapping[str, Span]]
Variants = Callable[[], Iterator[tuple[str, Network]]]
Told = tuple[Rule, Finding]


def prove_network(network: Network, served: Mapping[str, Method], dt: float, places: Places, variants: Variants) -> list[Diagnostic]:
    """Return what is proved to be wrong with a network at the values of its file.

    Parameters
    ----------
    network : Network
    served : mapping of str to Method
        The method of each population.
    dt : float
        The step of a run, in the time unit of the network.
    places : mapping of str to mapping of str to Span
        Of each population and projection, where the equation of each state stands.
    variants : callable
        Yields the names of the variants of the network, each with the network at its values.
    """
    return _Proving(network, served, dt, places, variants, time.monotonic() + SECONDS).findings()


class _Proving:
    """The proofs on one network."""

    def __init__(
        self, network: Network, served: Mapping[str, Method], dt: float, places: Places, variants: Variants, deadline: float
    ) -> None:  # fmt: skip
        self.network, self.served, self.dt, self.places, self.variants, self.deadline = network, served, dt, places, variants, deadline

    def findings(self) -> list[Diagnostic]:
        """Return every finding, the same one at one place once."""
        found: dict[tuple[str, Span | None], Diagnostic] = {}
        for rule, made in self._all():
            message = f"{made.message}; proof: {made.argument}"
            found.setdefault((rule.code, made.span), Diagnostic(rule, message, made.span, made.help))
        return list(found.values())

    def _all(self) -> Iterator[Told]:
        quiet = self._silent(self.network)
        yield from self._told_silent(quiet)
        spiking = {p.name for p in self.network.populations} - {p.name for p, _ in quiet}
        touched = touched_by(self.network, spiking)
        for p in self.network.populations:
            if p.system is not None and _is_small(p.system):
                plain = neuron_of(self.network, p)
                yield from self._with(ALONE, self._case(p, plain), p)
                yield from self._with(STEPS, self._case(p, typical(plain)), p)
                if not self.varies:
                    yield from self._with(IN_PLACE, self._case(p, exposed(plain, touched[p.name])), p)
        for c in self.network.projections:
            if _is_small(c.synapse):
                yield from self._synapse(c)

    @cached_property
    def varies(self) -> bool:
        """Return whether the network has variants: what rests in one and moves in another is no mistake."""
        return next(self.variants(), None) is not None

    def _silent(self, network: Network) -> list[tuple[Population, Case]]:
        """Return the populations that never spike; none where that takes too long to prove."""
        left = self.deadline - time.monotonic()
        try:
            return bounded(left, lambda: silent(network, self._case)) if left > 0 else []
        except Exceeded:
            return []

    def _told_silent(self, quiet: Sequence[tuple[Population, Case]]) -> Iterator[Told]:
        """Yield what is said of populations that never spike: once where that are all that could."""
        sources = sum(p.emitter is not None and not is_quiet(self.network, p) for p in self.network.populations)
        able = sum(p.system is not None and any(e.spikes for e in p.system.events) for p in self.network.populations)
        everyone = len(quiet) > 1 and len(quiet) == able + sources
        awake = [name for name, other in self.variants() if len(self._silent(other)) < len(quiet)] if quiet else []
        for population, case in quiet[:1] if everyone else quiet:
            shown = next(iter(timely(replace(THRESHOLD, find=unmet), case, self.deadline)), None)
            why = "its conditions stay false" if shown is None else shown.message
            argument = "the ranges that its states never leave keep them apart" if shown is None else shown.argument
            argument += "; its synapses act on a spike, and there is no first one" if self._into(population) else ""
            whose = f"`{self.network.name}`" if everyone else f"`{population.name}`"
            help = "raise the drive, begin above the threshold, or add a source of spikes: `population P = poisson[100] with rate = 20 [Hz]`"
            if awake:
                named = ", ".join(f"`{name}`" for name in awake)
                help += f"; {'variant' if len(awake) == 1 else 'variants'} {named} {'spikes' if len(awake) == 1 else 'spike'}"
            yield THRESHOLD.rule, Finding(f"no neuron of {whose} ever spikes: {why}", argument, population.span, help)

    def _into(self, population: Population) -> bool:
        return any(c.target.population == population.name for c in self.network.projections)

    def _case(self, p: Population, system: System) -> Case:
        return Case(system, self.served[p.name], self.dt, self.places.get(p.name, {}))

    def _with(self, names: tuple[str, ...], case: Case, at: Population | Projection) -> Iterator[Told]:
        """Yield what some proofs find; at the population or connection what its values are to blame for, and what stands in another text."""
        given = {s.span for s in case.system.states if s.name in at.values}
        for name in names:
            for made in timely(proofs()[name], case, self.deadline):
                if name in STEPS:
                    made = replace(made, message=f"in `{at.name}` {made.message}")
                elsewhere = made.span is None or at.span is None or made.span.source is not at.span.source
                yield proofs()[name].rule, replace(made, span=at.span) if elsewhere or (name == "domain" and made.span in given) else made

    def _synapse(self, c: Projection) -> Iterator[Told]:
        case = Case(synapse_of(self.network, c), methods()["euler"], self.dt, self.places.get(c.name, {}))
        own = {s for s, state in case.states.items() if not state.name.startswith(DOTTED)}
        foreign = set(case.states) - own
        # What a weight becomes is not known where it depends on what the neurons are.
        depends = any(value.free_symbols & foreign for update in case.updates.values() for s, value in update.items() if s in own)
        yield from self._with(tuple(n for n in ALONE if not (depends and n == "weights") and n != "leak"), case, c)
        yield from self._sums(c, case)

    def _sums(self, c: Projection, case: Case) -> Iterator[Told]:
        """Yield what a synapse passes on all the time although it does not depend on the neuron before it."""
        for name, expression in c.synapse.contributions:
            used = _upstream(case, case.symbolic(expression).free_symbols)
            own = {p.name for p in c.synapse.parameters if p.symbol in used}
            differs = own & {*c.values, c.rule.matrix_target} or any(isinstance(p.default, Draw) for p in c.synapse.parameters if p.symbol in used)
            if not used or differs or any(s.name.startswith((PRE, THIRD)) for s in used):
                continue
            told = f"`{name}` is a sum over the synapses `{c.name}` of what does not depend on the neuron before them"
            argument = f"`{expression}` holds nothing of `pre`, so each synapse of a neuron adds the same, whoever it comes from"
            place = self.places.get(c.name, {}).get(name)
            span = place if place is not None and c.span is not None and place.source is c.span.source else c.span
            yield rules.NO_SOURCE, Finding(told, argument, span, "read the neuron before the synapse: `pre.x`")


def _upstream(case: Case, symbols: set[Symbol]) -> set[Symbol]:
    """Return what symbols depend on: through equations, and through events, of which one on a spike of the neuron before makes it depend on that."""
    found = set(symbols)
    while True:
        more: set[Symbol] = set()
        for s in found & set(case.states):
            more |= case.symbolic(case.states[s].derivative).free_symbols
            for number, update in case.updates.items():
                if s in update:
                    more |= update[s].free_symbols | ({Symbol(f"{PRE}spike")} if case.system.events[number].kind == "pre" else set())
        if more <= found:
            return found
        found |= more


def _is_small(system: System) -> bool:
    return not system.rolled and len(system.states) <= MOST_STATES
