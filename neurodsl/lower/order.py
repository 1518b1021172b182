"""Definitions in the order of their use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.model import Model
from neurodsl.system import Definition

Elements = Mapping[Symbol, tuple[str, tuple[Expr, ...]]]


def ordered(definitions: Iterable[Definition], model: Model, elements: Elements) -> tuple[Definition, ...]:
    """Return definitions such that each uses only what stands before it, else in the order they were made.

    Raises
    ------
    NeuroError
        M101 where a derivative depends on itself through a derived quantity.
    """
    table = {d.symbol: d for d in definitions}
    places = {symbol: number for number, symbol in enumerate(table)}
    graph = {}
    for symbol, definition in table.items():
        used = definition.expression.free_symbols
        bases = {Symbol(elements[s][0]) for s in used if s in elements}
        graph[symbol] = sorted((used | bases) & table.keys(), key=lambda s: places[s])
    try:
        return tuple(table[symbol] for symbol in TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " -> ".join(str(symbol) for symbol in error.args[1])
        raise fail(rules.UNSOLVABLE, f"in model `{model.name}` the derivative depends on itself: {names}") from error
