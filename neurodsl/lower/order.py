"""Definitions in the order of their use."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.model import Model
from neurodsl.system import Definition


def ordered(definitions: Iterable[Definition], model: Model) -> tuple[Definition, ...]:
    """Return definitions such that each uses only what stands before it, else in the order they were made.

    Raises
    ------
    NeuroError
        M101 where a derivative depends on itself through a derived quantity.
    """
    table = {d.symbol: d for d in definitions}
    graph = {symbol: sorted(d.expression.free_symbols & table.keys(), key=lambda s: list(table).index(s)) for symbol, d in table.items()}
    try:
        return tuple(table[symbol] for symbol in TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " -> ".join(str(symbol) for symbol in error.args[1])
        raise fail(rules.UNSOLVABLE, f"in model `{model.name}` the derivative depends on itself: {names}") from error
