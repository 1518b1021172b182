"""Populations: neurons of a model with values of their own, and sources of spikes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report, nearest
from neurodsl.lang.blocks import Written
from neurodsl.lang.changes import with_samples
from neurodsl.lang.dependencies import Reach, mentioned
from neurodsl.lang.draws import outside
from neurodsl.lang.names import short
from neurodsl.lang.networks.drives import NUMBER, driven, file_followed, is_drive, may_follow
from neurodsl.lang.networks.synapses import Synapse
from neurodsl.lang.networks.values import Given, Surroundings, check_entry
from neurodsl.lang.nodes import Derivative, Expression, Number
from neurodsl.lang.scope import Declarations
from neurodsl.lang.settings import MILLISECOND
from neurodsl.lang.shapes import find_shapes
from neurodsl.lang.tree import Draw, Entry, PathTree, PopulationTree, derivative_text
from neurodsl.manners import split_manner
from neurodsl.model import File, Model, NetworkModel, Population
from neurodsl.units import ONE, Unit

Known = dict[str, Model | Synapse | NetworkModel]
"""What a file knows by name."""
Named = Mapping[str, Model | Synapse | NetworkModel | Written]
"""What the names of a file stand for while its networks are read: its own are written, and no more yet."""


@dataclass(frozen=True)
class Emission:
    """A source of spikes: what it needs and what it may have, each with the power of the time in its unit and the range of its values."""

    name: str
    needed: Mapping[str, tuple[int, str]]
    further: Mapping[str, tuple[int, str]]
    form: str
    reads: bool = False


RATE = (-1, "not negative")
EMITTERS = {
    emission.name: emission
    for emission in (
        Emission("poisson", {"rate": RATE}, {}, "poisson[100] with rate = 20 [Hz]"),
        Emission(
            "correlated_poisson",
            {"rate": RATE, "correlation": (0, "probability")},
            {"jitter": (1, "not negative")},
            "correlated_poisson[100] with rate = 20 [Hz], correlation = 0.3",
        ),
        Emission("spikes", {}, {}, 'spikes[100] from "trains.npy"', reads=True),
    )
}
"""Every kind of population that is no model."""


def file_of(tree: PathTree) -> File:
    """Return a file that the text names."""
    return File(tree.path, None if tree.unit is None else tree.unit.unit, tree.span)


def models_of(declarations: Declarations, known: Named) -> list[Model]:
    """Return the models of the populations of a network, as far as they are known."""
    found = (known.get(tree.model.id) for tree in declarations.populations.values())
    return [model for model in found if isinstance(model, Model)]


def read_population(tree: PopulationTree, known: Named, unclear: Collection[str], around: Surroundings, time: Unit) -> Population | None:
    """Return a population once it is checked; None where an error was reported."""
    report, name = around.report, tree.name.id
    before = len(report.found)
    _check_name(tree, known, around)
    size = _size(tree, around)
    found = known.get(tree.model.id)
    if isinstance(found, Model):
        model, values, samples = _values(tree, found, around)
    elif found is None and tree.model.id in EMITTERS:
        model, values, samples = None, _emission(tree, EMITTERS[tree.model.id], around, time), {}
    else:
        if found is None and tree.model.id not in unclear:
            _unknown_model(tree, known, around)
        elif found is not None:
            what = "synapse" if isinstance(found, Synapse) else "network"
            report.add(
                rules.WRONG_KIND, f"`{tree.model.id}` is a {what} and no model of a neuron", tree.model.span, "a model is a block `model NAME:`"
            )
        return None
    if model is not None and tree.path is not None:
        report.add(rules.SYNTAX, f"`{tree.model.id}` is a model and reads no file", tree.path.span, "spikes of a file are `spikes[10] from ...`")
    if model is not None and model.dimensionless and not around.dimensionless:
        message = f"the model `{model.name}` has no units, and the network has"
        report.add(rules.DIMENSIONS, message, tree.model.span, "give it units, or write the network without brackets")
    if size is None or len(report.found) > before:
        return None
    path = None if tree.path is None else file_of(tree.path)
    return Population(name, size, tree.model.id, model, values, tree.span, path, tree.doc, samples)


def _check_name(tree: PopulationTree, known: Named, around: Surroundings) -> None:
    """Report a population with the name of a synapse, or of another model, of its network: `exc.w` would mean two things."""
    name, declarations = tree.name.id, around.declarations
    synapses = {connection.synapse.id for connection in declarations.connections}
    kinds = {other.model.id for other in declarations.populations.values()}
    if isinstance(known.get(name), Synapse) and name in synapses:
        what = "synapse"
    elif name in kinds and name != tree.model.id:
        what = "model"
    else:
        return
    message = f"`{name}` is a population and a {what} of this network"
    around.report.add(rules.DUPLICATE, message, tree.name.span, f"give one of the two another name: `{name}.x` is a quantity of either")


def in_time(model: Model, time: Unit, dimensionless: bool) -> Model:
    """Return a model whose bare times are in another unit."""
    if model.time_unit == time or model.dimensionless or dimensionless:
        return model
    noises = {name: replace(noise, unit=time ** Fraction(-1, 2)) for name, noise in model.noises.items()}
    return replace(model, time_unit=time, noises=noises)


def _size(tree: PopulationTree, around: Surroundings) -> Expression | None:
    if len(tree.sizes) > 1:
        report = around.report
        report.add(rules.BAD_SIZE, f"the population `{tree.name.id}` has one size", tree.sizes[1].span, "number the neurons in a row")
        return None
    if not tree.sizes:
        return Number(tree.model.span, Fraction(1))
    return around.number(tree.sizes[0], f"the size of `{tree.name.id}`")


def _unknown_model(tree: PopulationTree, known: Named, around: Surroundings) -> None:
    name = tree.model.id
    models = [other for other, found in known.items() if isinstance(found, Model)]
    near = nearest(name, (*models, *EMITTERS))
    listed = ", ".join(f"`{other}`" for other in models) or "none"
    help = f"did you mean `{near}`?" if near else f"models here: {listed}; `import {name}` takes one of the library"
    around.report.add(rules.UNKNOWN_NAME, f"unknown model `{name}`", tree.model.span, help)


def target_of(entry: Entry) -> str:
    """Return what an entry gives a value to, as ``V`` or ``dx/dt``."""
    target = entry.target
    return derivative_text(target.name, target.order) if isinstance(target, Derivative) else target.id


def _values(tree: PopulationTree, model: Model, around: Surroundings) -> tuple[Model, dict[str, Given], dict[str, File]]:
    """Return the values of a population and the files that its inputs follow; a drive that depends on the time becomes that of its model."""
    found: dict[str, Given] = {}
    samples: dict[str, File] = {}
    report, shapes = around.report, find_shapes(model, Report())
    for entry in tree.entries:
        name = target_of(entry)
        check_entry(entry, report)
        if name in found or name in samples:
            report.add(rules.DUPLICATE, f"`{name}` has two values", entry.target.span, "remove one of them")
        unit = unit_of_value(model, name)
        if unit is None:
            _unknown_value(entry, name, model, around)
            continue
        if shapes is not None and shapes.names.get(name):
            message = f"`{name}` of `{model.name}` is an array in each neuron: values of its own for a population are not supported yet"
            report.add(rules.NOT_SUPPORTED, message, entry.target.span, "give it its values in the model")
            continue
        what, drive = f"`{name}` of `{tree.name.id}`", name in model.inputs
        file = file_followed(entry.value)
        if file is not None:
            if may_follow(model, name, file, what, around):
                model = with_samples(model, name, split_manner(file.path)[1])
                samples[name] = file
            continue
        if drive and is_drive(entry.value, around):
            assert not isinstance(entry.value, Draw)
            model, given = driven(model, name, entry.value, around, report)
            found |= given
            continue
        names = set(mentioned(entry.value))
        own = sorted(names & {*model.parameters, *model.definitions, *model.states, *model.inputs} - around.declarations.names.keys())
        if own:
            message = f"`{own[0]}` belongs to the model `{model.name}`, and the network has no `{own[0]}`"
            help = f"declare it in the network: `param {own[0]} = ...`, or let the model say it: `init {name} = ...`"
            report.add(rules.UNKNOWN_NAME, message, entry.value.span, help)
            continue
        value = around.value(entry.value, unit, what, (NUMBER,))
        if value is not None:
            found[name] = value
    return model, found, samples


def unit_of_value(model: Model, name: str) -> Unit | None:
    """Return the unit of what a population can give a value to: a parameter, an input, an initial value; None for anything else."""
    table = {**model.parameters, **model.inputs}
    if name in table:
        return table[name].unit
    for state_name, state in model.states.items():
        for order in range(max(state.order, 1)):
            if name == derivative_text(state_name, order) and "." not in state_name:
                return state.unit / model.time_unit**order
    return None


def _unknown_value(entry: Entry, name: str, model: Model, around: Surroundings) -> None:
    known = [known for known in (*model.parameters, *model.inputs, *model.states) if " " not in known]
    near = nearest(name, known)
    listed = ", ".join(f"`{other}`" for other in known[:12])
    help = f"did you mean `{near}`?" if near else f"it has {listed}"
    message = f"the model `{model.name}` has no parameter, input or state `{name}`"
    if name in model.definitions:
        message, help = f"`{name}` of `{model.name}` is a derived quantity and follows from its definition", "set what it is derived from"
    around.report.add(rules.UNKNOWN_NAME, message, entry.target.span, help)


def emission_unit(emission: Emission, name: str, time: Unit) -> Unit | None:
    """Return the unit of a value of an emitter; None where it has none of that name."""
    known = {**emission.needed, **emission.further}
    return None if name not in known else time ** known[name][0] if known[name][0] else ONE


def _emission(tree: PopulationTree, emission: Emission, around: Surroundings, time: Unit) -> dict[str, Given]:
    report, found = around.report, dict[str, Given]()
    known = {**emission.needed, **emission.further}
    given = {target_of(entry) for entry in tree.entries}
    for name in emission.needed:
        if name not in given:
            message = f"a `{emission.name}` population needs its `{name}`"
            report.add(rules.BAD_VALUE, message, tree.span, f"write `population {tree.name.id} = {emission.form}`")
    if emission.reads != (tree.path is not None):
        message = "spikes are read from a file, which is missing" if emission.reads else f"a `{emission.name}` population reads no file"
        report.add(rules.SYNTAX, message, tree.span, f"write `population {tree.name.id} = {emission.form}`")
    bracket = None if tree.path is None else tree.path.unit
    if bracket is not None and not (bracket.unit or ONE).same_dimension(MILLISECOND):
        report.add(rules.DIMENSIONS, f"the times of spikes are times, and `{bracket.span.text}` is none", bracket.span)
    for entry in tree.entries:
        name = target_of(entry)
        check_entry(entry, report)
        unit = emission_unit(emission, name, time)
        if unit is None:
            near = nearest(name, known)
            listed = " and ".join(f"`{other}`" for other in known) or "no values"
            help = f"did you mean `{near}`?" if near else f"it has {listed}"
            report.add(rules.UNKNOWN_NAME, f"a `{emission.name}` population has no `{name}`", entry.target.span, help)
            continue
        varies = name == "rate" and emission.name == "poisson"
        if isinstance(entry.value, Expression) and (words := outside(entry.value, known[name][1])):
            report.add(rules.BAD_VALUE, f"the {name} of `{tree.name.id}` {words}, not `{short(entry.value)}`", entry.value.span)
        value = around.value(entry.value, unit, f"the {name} of `{tree.name.id}`", ("i",) if varies else (), Reach.TIME if varies else Reach.NOTHING)
        if value is not None:
            found[name] = value
    return found
