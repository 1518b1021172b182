"""Drives of populations: inputs that follow the time, also by the number of the neuron and by constants of the network.

An input that depends on the time is part of the equations of a model, which knows neither. So each of them becomes a parameter of the model, under
a name that no text can write, and the population gives it its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from neurodsl import rules
from neurodsl.diagnostics import Report
from neurodsl.lang.agreement import phrase, usual
from neurodsl.lang.changes import override
from neurodsl.lang.dependencies import Reach, mentioned
from neurodsl.lang.networks.values import Given, Surroundings
from neurodsl.lang.nodes import Derivative, Expression, Index, Load, Name, Number, Product
from neurodsl.lang.rewrite import replace_names
from neurodsl.lang.stimuli import PROCESS
from neurodsl.lang.tree import Draw
from neurodsl.manners import split_manner
from neurodsl.model import File, Model, Parameter
from neurodsl.units import ONE, Unit

NUMBER = "i"
"""The number of a neuron."""


def is_drive(value: Expression | Draw, around: Surroundings) -> bool:
    """Return whether a value of an input depends on the time."""
    return isinstance(value, Expression) and bool(around.dependencies.of(value) or {"t", PROCESS} & set(mentioned(value)))


def driven(model: Model, name: str, value: Expression, around: Surroundings, report: Report, bare: bool = False) -> tuple[Model, dict[str, Given]]:
    """Return a model whose input follows an expression, and what each population of it has to give for that.

    Names stand for constants of the network, and else for parameters of the model.

    Parameters
    ----------
    name : str
        The input.
    value : Expression
        Of the time ``t``, of ``i``, of constants of the network and of the model.
    bare : bool
        Whether a value without any unit is read in the declared units.
    """
    units = _units(around)
    given: dict[str, Given] = {}
    parameters = dict(model.parameters)

    def inner(node: Name | Index | Derivative) -> Expression:
        if not isinstance(node, Name) or node.id not in units:
            return node
        around.declarations.used.add(node.id)
        called = OUTER.format(node.id)
        start = Number(node.span, Fraction(0), None if model.dimensionless else units[node.id])
        parameters[called] = Parameter(called, units[node.id], None, node.span, start)
        given[called] = node
        return replace(node, id=called)

    moved = replace_names(value, inner)
    return override(replace(model, parameters=parameters), "input", name, moved, report, bare), given


def file_followed(value: Expression | Draw) -> File | None:
    """Return the file of ``samples("stimulus.csv") [nA]``, None for any other value."""
    match value:
        case Load(sampled=True):
            return File(value.path, None, value.span)
        case Product(factors=(("*", Load(sampled=True) as load), ("*", Number(value=1, unit=unit)))):
            return File(load.path, unit, value.span)
    return None


def may_follow(model: Model, name: str, file: File, what: str, around: Surroundings) -> bool:
    """Return whether a value of a population may follow a file; what is wrong is reported."""
    if name not in model.inputs:
        kind = "a parameter" if name in model.parameters else "an initial value"
        help = 'numbers for its neurons are `load("v.npy")`'
        around.report.add(rules.WRONG_KIND, f"{what} is {kind}, and inputs alone follow samples", file.span, help)
        return False
    path = split_manner(file.path)[0]
    if not path.lower().endswith((".csv", ".npy")):
        message = f"samples stand in a .csv or .npy file, not in `{path}`"
        around.report.add(rules.BAD_SAMPLES, message, file.span, 'write `samples("stimulus.csv")`, or `samples("stimulus.csv:step")`')
        return False
    unit = model.inputs[name].unit
    if file.unit is not None and not file.unit.same_dimension(unit):
        message = f"{what} is {phrase(unit)}, and the numbers of this file are {phrase(file.unit)}"
        around.report.add(
            rules.DIMENSIONS, message, file.span, f"write `[{usual(unit)}]` behind it, or nothing: then they are in the unit of the input"
        )
        return False
    return True


OUTER = "{} from outside"
"""The name in a model of what belongs to the network."""


def as_written(value: Expression) -> Expression:
    """Return the value of an input with names as they stand in the text of its network."""

    def outer(node: Name | Index | Derivative) -> Expression:
        return replace(node, id=node.id.removesuffix(OUTER.format(""))) if isinstance(node, Name) else node

    return replace_names(value, outer)


def _units(around: Surroundings) -> Mapping[str, Unit]:
    """Return what a drive may use of a network, with its units."""
    known = {name: around.algebra.names.get(name) for name in (*around.declarations.parameters, *around.declarations.definitions)}
    constant = {name: unit for name, unit in known.items() if isinstance(unit, Unit) and not around.dependencies.reach.get(name, Reach.NOTHING)}
    return constant | {NUMBER: ONE}
