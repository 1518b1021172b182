"""From a `network` block to a NetworkModel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from neurodsl import rules
from neurodsl.diagnostics import Report, nearest
from neurodsl.lang.blocks import Written, declare
from neurodsl.lang.building import build, variant_of
from neurodsl.lang.check import check, check_unused, variant_entries
from neurodsl.lang.networks.changes import with_variant
from neurodsl.lang.networks.connections import Connections, named
from neurodsl.lang.networks.figures import find_figures
from neurodsl.lang.networks.populations import Known, Named, in_time, models_of, read_population
from neurodsl.lang.networks.synapses import Synapse
from neurodsl.lang.networks.values import Surroundings, check_entry
from neurodsl.lang.nodes import Name
from neurodsl.lang.quantities import find_units
from neurodsl.lang.scope import Declarations
from neurodsl.lang.settings import MILLISECOND, read_settings, time_in, time_unit
from neurodsl.lang.tree import PartTree, RecordedTree, SettingTree
from neurodsl.model import Definition, Model, NetworkModel, Parameter, Projection, Recorded, State
from neurodsl.units import ONE, Unit

__all__ = ["Known", "Named", "read_network"]


def read_network(written: Written, known: Named, unclear: Collection[str], report: Report) -> NetworkModel | None:
    """Return the network of a block; None where an error was reported.

    Parameters
    ----------
    known : dict
        The models, synapses and networks of the text and what it imports.
    unclear : collection of str
        The names of those in which an error was found, about which nothing more is said.
    """
    before = len(report.found)
    found = Report()
    network = _read(written, known, unclear, found)
    for finding in found.found:
        report.add(finding.rule, finding.message, finding.span, finding.help, finding.also)
    errors = any(finding.rule.severity == "error" for finding in report.found[before:])
    return None if errors else network


def _read(written: Written, known: Named, unclear: Collection[str], report: Report) -> NetworkModel | None:
    declarations = declare(written, report)
    models = models_of(declarations, known)
    declarations.in_steps = bool(models) and all(model.discrete for model in models)
    _check_clocks(declarations, known)
    dimensionless = not written.parsed.brackets and all(model.dimensionless for model in models)
    time = _time(declarations, written, models, dimensionless)
    settings = read_settings(declarations, time)
    if declarations.in_steps and settings.step is None and models[0].settings.step is not None:
        settings = replace(settings, step=models[0].settings.step)
    dependencies = check(declarations, written.complete)
    algebra = find_units(declarations, dependencies, time, dimensionless)
    around = Surroundings(declarations, dependencies, algebra, dimensionless)
    known = {name: in_time(made, time, dimensionless) if isinstance(made, Model) else made for name, made in known.items()}
    read = ((name, read_population(tree, known, unclear, around, time)) for name, tree in declarations.populations.items())
    populations = {name: made for name, made in read if made is not None}
    connections = Connections(around, known, unclear, populations, time)
    projections = named([projection for tree in declarations.connections for projection in connections.read(tree)])
    recorded = tuple(made for setting in declarations.recorded for made in _recorded(setting, connections, projections, time))
    for entry in (entry for variant in declarations.variants.values() for entry in variant_entries(variant)):
        check_entry(entry, report)
    if not declarations.populations and report.ok:
        report.add(rules.NO_MODEL, f"the network `{written.name}` has no population", written.place, "write `population E = cell[100]`")
    if not report.ok:
        return None
    if written.complete:
        check_unused(declarations, dependencies)
    block = build(written.name, written.doc, written.source, dimensionless, declarations, dependencies, algebra, settings)
    if block is None:
        return None
    block = replace(block, discrete=declarations.discrete)
    variants = {name: variant_of(name, tree) for name, tree in declarations.variants.items()}
    head = (written.name, written.doc, written.source, dimensionless, time, block)
    return _checked(NetworkModel(*head, populations, projections, recorded, variants), report)


def _checked(network: NetworkModel, report: Report) -> NetworkModel | None:
    """Return a network whose numbers can be, with the values of its file and with those of each variant; None for any other."""
    find_figures(network, report)
    for name in network.variants:
        with_variant(network, name, report)
    return network if report.ok else None


def _check_clocks(declarations: Declarations, known: Named) -> None:
    """Report models whose steps take different times, and maps beside models in continuous time."""
    first: Model | None = None
    for tree in declarations.populations.values():
        model = known.get(tree.model.id)
        if not isinstance(model, Model):
            continue
        first = first or model
        if model.discrete != first.discrete:
            kinds = ("a map", "no map") if model.discrete else ("no map", "a map")
            message = f"`{model.name}` is {kinds[0]}, and `{first.name}` is {kinds[1]}"
            declarations.report.add(
                rules.MIXED_TIME, message, tree.model.span, "the models of a network all move in steps, or all in continuous time"
            )
        elif model.discrete and _step(model) != _step(first) and "step" not in declarations.settings:
            message = f"a step of `{model.name}` takes another time than one of `{first.name}`"
            declarations.report.add(rules.MIXED_TIME, message, tree.model.span, "say in the network how long a step takes: `simulate: step 1 [ms]`")


def _step(model: Model) -> tuple[float | None, Unit]:
    return model.settings.step, model.time_unit


def _time(declarations: Declarations, written: Written, models: list[Model], dimensionless: bool) -> Unit:
    """Return the unit of bare times of a network: that of its text, or that of its models where the text names none."""
    own = time_unit(declarations, written.parsed.brackets)
    if declarations.in_steps and "step" not in declarations.settings:
        return models[0].time_unit
    if dimensionless or own == ONE:
        return own if dimensionless or not models else models[0].time_unit
    named_here = any(unit.same_dimension(MILLISECOND) for unit in written.parsed.brackets)
    return own if named_here or not models else models[0].time_unit


def _recorded(setting: SettingTree, connections: Connections, projections: tuple[Projection, ...], time: Unit) -> list[Recorded]:
    """Return what a line of ``record`` names."""
    found: list[Recorded] = []
    around = connections.around
    for value in setting.values:
        tree = value if isinstance(value, RecordedTree) else RecordedTree(None, value, None, value.span)
        every = None
        if tree.every is not None:
            every = time_in(around.declarations, SettingTree("every", (tree.every,), tree.every.span, tree.every.span), time)
        quantity = tree.quantity
        if isinstance(quantity, Name) and quantity.id == "spikes" and tree.part is None:
            if tree.every is not None:
                around.report.add(rules.BAD_SETTING, "spikes are recorded whenever they happen", tree.span, "write `record spikes`, or leave it out")
            continue
        owner, _, name = quantity.id.partition(".") if isinstance(quantity, Name) else ("", "", "")
        if tree.part is not None:
            owner, name = tree.part.name.id, quantity.id if isinstance(quantity, Name) else ""
        if not owner or not name or isinstance(value, PartTree):
            help = "name a quantity: `record E.v`, `record E[0:3].v`, and of synapses `record stdp.w`"
            around.report.add(rules.BAD_SETTING, f"`{value.span.text}` cannot be recorded", value.span, help)
            continue
        found += _one(owner, name, tree, every, connections, projections)
    return found


def _one(
    owner: str, name: str, tree: RecordedTree, every: float | None, connections: Connections, projections: tuple[Projection, ...]
) -> list[Recorded]:
    around, populations = connections.around, connections.around.declarations.populations
    report = around.report
    if owner in populations:
        part = None if tree.part is None else connections.part(tree.part)
        population = connections.populations.get(owner)
        if population is None or (tree.part is not None and part is None):
            return []
        model = population.model
        if model is None:
            report.add(rules.UNKNOWN_NAME, f"`{owner}` is a source of spikes and has no `{name}`", tree.span, "its spikes are recorded in any case")
            return []
        if not _is_recordable(model, name, tree, report):
            return []
        return [Recorded(owner, name, part, every, tree.span)]
    joined = [projection for projection in projections if projection.kind == owner]
    if joined and tree.part is not None:
        report.add(rules.NOT_SUPPORTED, "a part of synapses cannot be recorded yet", tree.part.span, f"write `record {owner}.{name}`")
        return []
    if joined:
        return [Recorded(p.name, name, None, every, tree.span) for p in joined if _is_recordable(p.synapse, name, tree, report)]
    if isinstance(connections.known.get(owner), Synapse) and owner not in {c.synapse.id for c in around.declarations.connections}:
        report.add(rules.UNKNOWN_NAME, f"no connection joins neurons by the synapse `{owner}`", tree.span, f"`connect ... with {owner}`")
        return []
    kinds = {c.synapse.id for c in around.declarations.connections}
    if owner not in around.declarations.unclear and owner not in kinds:
        near = nearest(owner, (*populations, *kinds))
        help = f"did you mean `{near}.{name}`?" if near else "name a population or a synapse: `E.v`, `stdp.w`"
        report.add(rules.UNKNOWN_NAME, f"unknown population or synapse `{owner}`", tree.span, help)
    return []


def _is_recordable(model: Model, name: str, tree: RecordedTree, report: Report) -> bool:
    tables = (model.states, model.definitions, model.inputs, model.parameters)
    known = [quantity for table in tables for quantity in table if "." not in quantity and " " not in quantity]
    if name in known:
        why = _stays(model, name)
        if why is not None:
            report.add(rules.BAD_SETTING, f"`{name}` of `{model.name}` is {why[0]}, which is not recorded", tree.span, why[1])
        return why is None
    near = nearest(name, known)
    help = f"did you mean `{near}`?" if near else "it has " + ", ".join(f"`{other}`" for other in known[:12])
    report.add(rules.UNKNOWN_NAME, f"the {model.kind} `{model.name}` has no `{name}`", tree.span, help)
    return False


def _stays(model: Model, name: str) -> tuple[str, str] | None:
    """Return what a quantity is that does not change in a run, or has no value of its own in one, and what to record; None for any other."""
    made, states = model.quantity(name), "what changes is recorded: states, and quantities that are derived of them"
    if model.kind == "synapse":
        return None if isinstance(made, State | Parameter) else ("a derived quantity of a synapse", "record its states and parameters")
    if isinstance(made, Parameter):
        return "a parameter", states
    if isinstance(made, Definition) and made.constant:
        return "a constant", states
    return None
