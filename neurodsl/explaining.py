"""What the compiler derived from the equations of a model or a network, in words."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from neurodsl.network_plan import NetworkPlan, PopulationPlan, ProjectionPlan

if TYPE_CHECKING:
    from neurodsl.api import Model


def explained(model: Model, method: str | None, events: str | None, variant: str | None) -> list[str]:
    """Return which method serves a model and why; of a network for each population, and how its synapses are advanced.

    Raises
    ------
    NeuroError
        For a wrong text, an unknown variant, or a method that cannot serve the model.
    """
    if model.network:
        return list(_network(import_module("neurodsl.networking").plan_of(model, method, variant, (), events=events)))
    plan = model.plan(method, events, variant, ())
    return [plan.model, f"  method {_chosen(plan.method, plan.reason)}", f"  events on {plan.events}" if plan.triggers else "  no events"]


def _chosen(method: str, reason: str | None) -> str:
    return f"`{method}`, as it was named" if reason is None else f"`{method}` ({reason})"


def _network(plan: NetworkPlan) -> Iterator[str]:
    yield plan.model
    unit = "" if plan.time_unit == "1" else f" {plan.time_unit}"
    yield f"  {plan.duration:g}{unit} in steps of {plan.dt:g}{unit}" + (", spikes at exact times between them" if plan.events == "exact" else "")
    yield "Populations"
    for population in plan.populations:
        yield from _population(population)
    if plan.projections:
        yield "Projections"
    for projection in plan.projections:
        yield from _projection(projection, plan)
    marks = tuple(f"{projection.name}: " for projection in plan.projections)
    yield from (f"  {note}" for note in plan.notes if not note.startswith(marks))


def _population(population: PopulationPlan) -> Iterator[str]:
    number = f"{population.size} neuron{'s' if population.size > 1 else ''}"
    if population.emitter is not None:
        yield f"  {population.name}, {number}: a source of spikes, `{population.model}`, made some steps ahead"
        return
    yield f"  {population.name}, {number} of `{population.model}`: {_chosen(population.method, population.reason)}"
    if population.flow is not None:
        whose = "one for all its neurons" if population.flow.shared else "one for each neuron, since their parameters differ"
        yield f"    the exponential of the matrix of its linear equations is computed before the first step, {whose}"
    kept = ", ".join(f"`{name}`" for name, _, _, _ in population.states)
    if kept:
        yield f"    kept for each neuron: {kept}"
    for made in population.samples:
        manner = "each held until the next" if made.held else "joined by straight lines"
        yield f"    `{made.name}` follows samples, {manner}"


def _projection(projection: ProjectionPlan, plan: NetworkPlan) -> Iterator[str]:
    arrays = ", ".join(f"`{name}`" for name in projection.arrays)
    when = "at spikes" if projection.events else "in every step"
    yield f"  {projection.name} with {projection.synapse}: acts {when}; kept for each synapse: {arrays or 'nothing but its target'}"
    mark = f"{projection.name}: "
    own = [note.removeprefix(mark) for note in plan.notes if note.startswith(mark)]
    yield from (f"    {note}" for note in own)
