"""The sources of spikes of a network: from what a plan says of one to its trains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurodsl.emitters import Emitter, correlated_poisson, poisson, read_trains
from neurodsl.formulas import evaluate, names_in
from neurodsl.network_plan import Item
from neurodsl.run.values import values_of

__all__ = ["Emitter", "emitter_of"]


def emitter_of(
    plan: Mapping[str, Any], size: int, dt: float, seed: int, number: int, known: Mapping[str, Any], folder: Path | None, name: str
) -> Emitter:
    """Return a source of spikes.

    Parameters
    ----------
    plan : mapping
        ``kind``, ``values`` (items), ``path`` and ``factor``, as a plan holds them.
    known : mapping
        The constants of the network.
    """
    if plan["kind"] == "spikes":
        return read_trains(folder, plan["path"], plan["factor"], size, dt, name)
    items = {item.name: item for item in plan["values"]}
    neurons = np.arange(size, dtype=np.float64)
    numbers = {**known, "i": neurons, "t": 0.0, "_ts": 0.0}
    rate = _rate(items["rate"], size, seed, number, numbers, folder, name)
    if plan["kind"] == "poisson":
        return poisson(rate, size, dt, seed, number, name)
    others = tuple(item for item in plan["values"] if item.name != "rate")
    values = values_of(others, numbers, {}, size, seed, 2 * number, folder, f"`{name}`")
    return correlated_poisson(rate, values["correlation"], values.get("jitter", 0.0), size, dt, seed, number, name)


def _rate(item: Item, size: int, seed: int, number: int, known: Mapping[str, Any], folder: Path | None, name: str) -> Any:
    """Return a rate: a number, one for each neuron, or a function of the time and the number of the neuron."""
    if item.kind == "formula" and item.formula is not None and {"t", "_ts"} & names_in(item.formula):
        formula = item.formula
        return lambda t, i: evaluate(formula, {**known, "t": t, "_ts": t, "i": i})
    return values_of((item,), known, {}, size, seed, 2 * number, folder, f"`{name}`")[item.name]
