"""Inputs of neurons that follow samples: what samples say of the time becomes a symbol, which stands for a number of each neuron at that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import Basic, Expr, Symbol

from neurodsl.lang.changes import TABLE
from neurodsl.lower.elements import Sampled
from neurodsl.manners import split_manner
from neurodsl.model import File, Model
from neurodsl.network import Samples
from neurodsl.system import System


def followed(system: System) -> System:
    """Return a system whose inputs follow symbols in place of samples; ``tables`` holds those that it uses."""
    definitions = tuple(replace(d, expression=_told(d.expression)) for d in system.definitions)
    states = tuple(replace(s, initial=_told(s.initial)) if isinstance(s.initial, Expr) else s for s in system.states)
    used = {symbol for d in definitions for symbol in d.expression.free_symbols}
    return replace(system, definitions=definitions, states=states, tables=tuple(name for name in system.tables if Symbol(name) in used))


def _told(expression: Expr) -> Expr:
    table: dict[Basic, Basic] = {sampled: sampled.args[1] for sampled in expression.atoms(Sampled)}
    return expression.xreplace(table) if table else expression


def samples_of(model: Model, system: System, files: Mapping[str, File]) -> dict[str, Samples]:
    """Return what the inputs of a population follow, by their names, in the order of its ``tables``."""
    names = {TABLE.format(name): name for name in model.inputs}
    found = {}
    for table in system.tables:
        name = names[table]
        file = files.get(name)
        path, own = (None, None) if file is None else (split_manner(file.path)[0], file.unit)
        found[name] = Samples(Symbol(table), model.inputs[name].unit, model.tables[table], path, own)
    return found
