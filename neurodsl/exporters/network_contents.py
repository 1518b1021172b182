"""What the pages of a network have in common: its populations and connections in rows, and the models that they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurodsl.exporters.contents import is_own
from neurodsl.lang.nodes import Expression
from neurodsl.lang.unparse import unparse
from neurodsl.model import Distribution, File, Model, NetworkModel, Part, Population, Projection
from neurodsl.units import describe


@dataclass(frozen=True)
class PopulationRow:
    """A population: its name, its size, what its neurons are, the values of their own, its label; as the language writes them."""

    name: str
    size: str
    kind: str
    values: tuple[str, ...]
    doc: str


@dataclass(frozen=True)
class ConnectionRow:
    """A projection: its source and target, its synapse, its clauses; as the language writes them."""

    name: str
    source: str
    target: str
    synapse: str
    rule: str
    clauses: tuple[str, ...]


def populations(network: NetworkModel) -> list[PopulationRow]:
    """Return a row for each population."""
    return [PopulationRow(p.name, unparse(p.size), p.kind, _own_values(p), p.doc or "") for p in network.populations.values()]


def connections(network: NetworkModel) -> list[ConnectionRow]:
    """Return a row for each projection."""
    return [_connection(projection) for projection in network.projections]


def models_of(network: NetworkModel) -> list[Model]:
    """Return the models and the synapses of a network, each once; a population with a drive of its own has a model of its own."""
    made = [p.model for p in network.populations.values() if p.model is not None]
    made += [p.synapse for p in network.projections]
    found: list[Model] = []
    for model in made:
        if model not in found:
            found.append(model)
    return found


def title_of(network: NetworkModel, model: Model) -> str:
    """Return what a model of a network is called: by its name, and where several have it by what it belongs to."""
    alike = [other for other in models_of(network) if other.name == model.name and other.kind == model.kind]
    title = f"{model.kind} {model.name}"
    if len(alike) > 1:
        users = [p.name for p in network.populations.values() if p.model == model]
        users += [p.name for p in network.projections if p.synapse == model]
        title += f" of {', '.join(users)}"
    return f"{title}: {model.doc}" if model.doc else title


def given(value: Expression | Distribution) -> str:
    """Return a value with the sign before it: ``= 3 [mV]``, ``~ uniform(-60, -50) [mV]``."""
    return f"~ {unparse(value)}" if isinstance(value, Distribution) else f"= {unparse(value)}"


def part_text(part: Part) -> str:
    """Return a part of a population as the language writes it."""
    if part.start is None and part.stop is None and part.step is None:
        return part.population
    bounds = ["" if bound is None else unparse(bound) for bound in (part.start, part.stop)]
    inside = bounds[0] if part.single else ":".join(bounds)
    return f"{part.population}[{inside}{'' if part.step is None else f':{unparse(part.step)}'}]"


def recorded(network: NetworkModel) -> list[str]:
    """Return what a network records beside its spikes."""
    unit = "" if network.dimensionless else f" [{describe(network.time_unit)}]"
    found = []
    for made in network.recorded:
        owner = made.owner if made.part is None else part_text(made.part)
        every = "" if made.every is None else f" every {made.every:.15g}{unit}"
        found.append(f"{owner}.{made.quantity}{every}")
    return found


def _own_values(population: Population) -> tuple[str, ...]:
    file = population.file
    path = () if file is None else (f'from "{file.path}"{_bracket(file)}',)
    followed = (f'{name} = samples("{file.path}"){_bracket(file)}' for name, file in population.samples.items())
    return *path, *_values({name: value for name, value in population.values.items() if is_own(name)}), *followed


def _bracket(file: File) -> str:
    return "" if file.unit is None else f" [{describe(file.unit)}]"


def _values(values: Mapping[str, Expression | Distribution]) -> tuple[str, ...]:
    return tuple(f"{name} {given(value)}" for name, value in values.items())


def _connection(projection: Projection) -> ConnectionRow:
    rule = projection.rule
    words = [rule.kind]
    if rule.file is not None:
        words.append(f'"{rule.file.path}"')
        elements = None if rule.target is None else projection.synapse.quantity(rule.target)
        unit = rule.file.unit if rule.file.unit is not None or elements is None else elements.unit
        words += [] if unit is None or unit.is_dimensionless else [f"[{describe(unit)}]"]
    if rule.arguments:
        words.append(", ".join(unparse(argument) for argument in rule.arguments))
    if rule.target not in (None, "w"):
        words.append(f"as {rule.target}")
    clauses = [] if rule.condition is None else [f"where {unparse(rule.condition)}"]
    clauses += ["no self"] if rule.no_self else []
    clauses += ["no multiple"] if rule.kind in ("indegree", "outdegree", "pairs") and not rule.multiple else []
    clauses += [] if projection.delay is None else [f"delay {unparse(projection.delay)}"]
    clauses += [] if projection.third is None else [f"third {part_text(projection.third)}"]
    source, target = part_text(projection.source), part_text(projection.target)
    return ConnectionRow(projection.name, source, target, projection.kind, " ".join(words), (*clauses, *_values(projection.values)))
