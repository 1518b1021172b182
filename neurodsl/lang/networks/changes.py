"""Models and networks with other values, as variants and options give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import overload

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, Report, nearest
from neurodsl.lang import changes
from neurodsl.lang.dependencies import Dependencies, Reach, find_dependencies
from neurodsl.lang.dimensions import Algebra
from neurodsl.lang.networks.drives import NUMBER, driven, is_drive
from neurodsl.lang.networks.figures import find_figures
from neurodsl.lang.networks.populations import EMITTERS, emission_unit, unit_of_value
from neurodsl.lang.networks.values import Given, Surroundings
from neurodsl.lang.nodes import Expression, Name, Number
from neurodsl.manners import MANNERS
from neurodsl.model import Model, NetworkModel, Population, Projection
from neurodsl.source import Span
from neurodsl.units import Unit


@overload
def override(model: Model, kind: str, name: str, expression: Expression, report: Report) -> Model: ...
@overload
def override(model: NetworkModel, kind: str, name: str, expression: Expression, report: Report) -> NetworkModel: ...
def override(model: Model | NetworkModel, kind: str, name: str, expression: Expression, report: Report) -> Model | NetworkModel:
    """Return a model, or a network, with another value for a parameter, an input or an initial value.

    Parameters
    ----------
    model : Model or NetworkModel
        What is changed.
    kind : str
        ``set`` for a parameter, ``input``, or ``init``.
    name : str
        What gets the value; in a network a parameter of its own, or with a dot that of a model, a population or a synapse: ``cell.taum``.
    expression : Expression
        The value. Where there are units, one without any unit is read in the declared units.
    report : Report
        Takes the findings.

    Returns
    -------
    Model or NetworkModel
        What is changed; the same one where an error was reported.
    """
    if isinstance(model, Model):
        return changes.override(model, kind, name, expression, report)
    found = Report()
    changed = _Change(kind, expression, found).of(model, name)
    if found.ok:
        find_figures(changed, found)
    report.found += found.found
    return changed if found.ok else model


@overload
def with_samples(model: Model, name: str, held: bool) -> Model: ...
@overload
def with_samples(model: NetworkModel, name: str, held: bool) -> NetworkModel: ...
def with_samples(model: Model | NetworkModel, name: str, held: bool) -> Model | NetworkModel:
    """Return a model, or a network, in which an input follows samples that a run gives; in a network that of a population or of a model: ``E.I``.

    Raises
    ------
    NeuroError
        O101 where there is no such input.
    """
    if isinstance(model, Model):
        return changes.with_samples(model, name, held)
    found = Report()
    changed = _Change("step" if held else "linear", Number(Span(model.source, 0, 0), Fraction(0)), found).of(model, name)
    if not found.ok:
        raise NeuroError(found)
    return changed


@overload
def with_variant(model: Model, name: str, report: Report) -> Model: ...
@overload
def with_variant(model: NetworkModel, name: str, report: Report) -> NetworkModel: ...
def with_variant(model: Model | NetworkModel, name: str, report: Report) -> Model | NetworkModel:
    """Return a model, or a network, with the values of one of its variants; unchanged where an error was reported."""
    if isinstance(model, Model):
        return changes.with_variant(model, name, report)
    variant = model.variants.get(name)
    if variant is None:
        near = nearest(name, model.variants)
        known = ", ".join(f"`{other}`" for other in model.variants)
        help = f"did you mean `{near}`?" if near else f"its variants are {known}" if known else "it has no variants"
        report.add(rules.UNKNOWN_OPTION_NAME, f"the network `{model.name}` has no variant `{name}`", None, help)
        return model
    changed, whole = model, Report()
    for target, value in variant.values:
        found = Report()
        kind = _kind_of(changed, target, found)
        changed = changed if kind is None else _Change(kind, value, found, bare=False).of(changed, target)
        for finding in found.found:
            whole.add(finding.rule, finding.message, finding.span or value.span, finding.help, finding.also)
    if whole.ok:
        found = Report()
        find_figures(changed, found)
        told = {(finding.rule, finding.span) for finding in report.found}
        also = ((variant.span, f"with the variant `{name}`"),)
        for finding in found.found:
            if (finding.rule, finding.span) not in told:
                whole.add(finding.rule, finding.message, finding.span or variant.span, finding.help, (*finding.also, *also))
    report.found += whole.found
    return changed if whole.ok else model


def _kind_of(network: NetworkModel, name: str, report: Report) -> str | None:
    """Return what a name stands for: a parameter, an input, or the initial value of a state; None, reported, where it stands for nothing."""
    owner, dot, own = name.partition(".")
    models = [model for model in models_of(network, owner) if model is not None]
    if not dot or not models or any(own in model.parameters for model in models):
        return "set"
    if any(own in model.inputs for model in models):
        return "input"
    if any(unit_of_value(model, own) is not None for model in models):
        return "init"
    known = [known for known in (*models[0].parameters, *models[0].inputs, *models[0].states) if " " not in known]
    near = nearest(own, known)
    help = f"did you mean `{owner}.{near}`?" if near else f"it has {', '.join(f'`{other}`' for other in known[:12])}"
    report.add(rules.UNKNOWN_OPTION_NAME, f"`{owner}` has no parameter, input or state `{own}`", None, help)
    return None


def models_of(network: NetworkModel, owner: str) -> list[Model | None]:
    """Return the models that a name before a dot stands for: of a population, of all populations of a model, of a synapse."""
    if owner in network.populations:
        return [network.populations[owner].model]
    found: list[Model | None] = [population.model for population in network.populations.values() if population.kind == owner]
    return found or [projection.synapse for projection in network.projections if projection.kind == owner]


def _owners(network: NetworkModel) -> list[str]:
    kinds: Iterable[str] = (population.kind for population in network.populations.values())
    return list(dict.fromkeys((*network.populations, *kinds, *(projection.kind for projection in network.projections))))


@dataclass(frozen=True)
class _Change:
    """A value that something in a network gets; ``bare``: one without a unit is read in the declared one."""

    kind: str
    value: Expression
    report: Report
    bare: bool = True

    def of(self, network: NetworkModel, name: str) -> NetworkModel:
        """Return a network in which a name has the value."""
        owner, dot, own = name.partition(".")
        if not dot:
            return replace(network, block=self._block(network, name))
        if owner in network.populations:
            made = self._population(network, network.populations[owner], own)
            return replace(network, populations={**network.populations, owner: made})
        if any(population.kind == owner for population in network.populations.values()):
            return self._populations(network, owner, own)
        if any(projection.kind == owner for projection in network.projections):
            return replace(network, projections=self._projections(network.projections, owner, own))
        names = _owners(network)
        near = nearest(owner, names)
        listed = ", ".join(f"`{known}`" for known in names)
        help = f"did you mean `{near}.{own}`?" if near else f"there are {listed}"
        message = f"the network `{network.name}` has no population, model or synapse `{owner}`"
        self.report.add(rules.UNKNOWN_OPTION_NAME, message, None, help)
        return network

    def _block(self, network: NetworkModel, name: str) -> Model:
        """Return the block of a network with another value of a parameter of its own."""
        block = network.block
        if name in block.parameters:
            return changes.override(block, self.kind, name, self.value, self.report, self.bare)
        owners = [
            owner for owner in _owners(network) for model in models_of(network, owner) if model is not None and model.quantity(name) is not None
        ]
        near = nearest(name, block.parameters)
        help = f"did you mean `{near}`?" if near else f"its parameters are {', '.join(f'`{known}`' for known in block.parameters) or 'none'}"
        if owners:
            help = f"a quantity of a model, a population or a synapse is `{owners[0]}.{name}`"
        self.report.add(rules.UNKNOWN_OPTION_NAME, f"the network `{network.name}` has no parameter `{name}`", None, help)
        return block

    def _model(self, model: Model, own: str) -> Model:
        kind = "input" if self.kind == "set" and own in model.inputs else self.kind
        if kind in MANNERS:
            return changes.with_samples(model, own, MANNERS[kind])
        return changes.override(model, kind, own, self.value, self.report, self.bare)

    def _populations(self, network: NetworkModel, owner: str, own: str) -> NetworkModel:
        """Return a network in which every population of a model has another value, also those that gave it one of their own."""
        made: dict[int, Model] = {}
        populations = dict(network.populations)
        for name, population in network.populations.items():
            if population.kind != owner:
                continue
            if population.model is None or (own in population.model.inputs and self._is_spread):
                populations[name] = self._population(network, population, own)
                continue
            key = id(population.model)
            if key not in made:
                made[key] = self._model(population.model, own)
            populations[name] = replace(population, model=made[key], values=_without(population.values, own))
        return replace(network, populations=populations)

    def _projections(self, projections: tuple[Projection, ...], owner: str, own: str) -> tuple[Projection, ...]:
        made: dict[int, Model] = {}
        found = []
        for projection in projections:
            if projection.kind != owner:
                found.append(projection)
                continue
            key = id(projection.synapse)
            if key not in made:
                made[key] = self._model(projection.synapse, own)
            found.append(replace(projection, synapse=made[key], values=_without(projection.values, own)))
        return tuple(found)

    def _population(self, network: NetworkModel, population: Population, own: str) -> Population:
        """Return a population with another value, which may depend on the number ``i`` of the neuron."""
        model = population.model
        if model is None:
            return self._emitter(network, population, own)
        if self.kind in MANNERS:
            return replace(population, model=self._model(model, own), values=_without(population.values, own))
        kind = "input" if self.kind == "set" and own in model.inputs else self.kind
        unit = changes.target_unit(model, kind, own, self.report)
        if unit is None:
            return population
        around, rest = surroundings(network, self.report), _without(population.values, own)
        if kind == "input" and is_drive(self.value, around):
            moved, given = driven(model, own, self.value, around, self.report, self.bare)
            return replace(population, model=moved, values={**rest, **given})
        steady = kind == "init" and isinstance(self.value, Name) and self.value.id == "steady"
        if steady or (kind == "input" and not self._is_spread):
            return replace(population, model=self._model(model, own), values=rest)
        return self._with_value(network, population, own, unit)

    @property
    def _is_spread(self) -> bool:
        """Return whether the value differs from neuron to neuron."""
        return any(isinstance(node, Name) and node.id == NUMBER for node in self.value.walk())

    def _emitter(self, network: NetworkModel, population: Population, own: str) -> Population:
        emission = EMITTERS[population.kind]
        unit = emission_unit(emission, own, network.time_unit)
        if unit is not None:
            return self._with_value(network, population, own, unit)
        known = {**emission.needed, **emission.further}
        near = nearest(own, known)
        help = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{name}`' for name in known) or 'none'}"
        message = f"the {population.kind} population `{population.name}` has no `{own}`"
        self.report.add(rules.UNKNOWN_OPTION_NAME, message, None, help)
        return population

    def _with_value(self, network: NetworkModel, population: Population, own: str, unit: Unit) -> Population:
        around, value = surroundings(network, self.report), self.value
        if self.bare:
            value = changes.in_declared_units(network.block, value, unit, self.report)
        drawn = own == "rate" and population.kind == "poisson"
        numbers = ("i",) if drawn or population.model is not None else ()
        made = around.value(value, unit, f"`{own}` of `{population.name}`", numbers, Reach.TIME if drawn else Reach.NOTHING)
        return population if made is None else replace(population, values={**population.values, own: made})


def _without(values: Mapping[str, Given], name: str) -> dict[str, Given]:
    return {known: value for known, value in values.items() if known != name}


def surroundings(network: NetworkModel, report: Report) -> Surroundings:
    """Return what the expressions of a network that has been read may use."""
    declarations = changes.declarations_of(network.block, report)
    dependencies: Dependencies = find_dependencies(declarations)
    units = {name: quantity.unit for name, quantity in {**network.block.parameters, **network.block.definitions}.items()}
    algebra = Algebra(dict(units), network.time_unit, network.block.functions, declarations.indices)
    return Surroundings(declarations, dependencies, algebra, network.dimensionless)
