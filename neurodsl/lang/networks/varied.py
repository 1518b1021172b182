"""What a name of a network stands for, where a value is to vary from run to run."""

from __future__ import annotations

from neurodsl.diagnostics import Report
from neurodsl.lang.changes import target_unit
from neurodsl.lang.networks.changes import models_of
from neurodsl.lang.networks.populations import EMITTERS, emission_unit
from neurodsl.model import NetworkModel
from neurodsl.units import Unit


def varied(network: NetworkModel, name: str) -> tuple[str, Unit, str | None] | None:
    """Return how a run takes a value for a name, ``set`` or ``init``, its unit and its label; None where it stands for nothing.

    Parameters
    ----------
    network : NetworkModel
    name : str
        A parameter of the network, or with a dot a parameter, an input or a state of a model, a population or a synapse: ``cell.taum``, ``E.v``.
    """
    owner, dot, own = name.partition(".")
    if not dot:
        quantity = network.block.parameters.get(name)
        return None if quantity is None else ("set", quantity.unit, quantity.doc)
    population = network.populations.get(owner)
    if population is not None and population.model is None:
        unit = emission_unit(EMITTERS[population.kind], own, network.time_unit)
        return None if unit is None else ("set", unit, None)
    for model in models_of(network, owner):
        known = None if model is None else {**model.parameters, **model.inputs}.get(own)
        if known is not None:
            return "set", known.unit, known.doc
        if model is not None and own in model.states:
            unit = target_unit(model, "init", own, Report())
            return None if unit is None else ("init", unit, model.states[own].doc)
    return None
