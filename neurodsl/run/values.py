"""The values with which a network begins: items of a plan as numbers and arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.arrays import read_numbers
from neurodsl.connectivity.values import draw
from neurodsl.diagnostics import fail
from neurodsl.formulas import Formula, evaluate
from neurodsl.network_plan import Flow, Item

Floats = NDArray[np.float64]


def values_of(
    items: Sequence[Item],
    known: Mapping[str, Any],
    given: Mapping[str, Any],
    count: int | None,
    seed: int,
    number: int,
    folder: Path | None,
    what: str,
) -> dict[str, Any]:
    """Return the values of items, each a number or an array with one for each of ``count`` neurons or synapses, with those known before.

    Without a count an array is a value of any size.

    Parameters
    ----------
    known : mapping
        What the items may use beside one another: network constants, ``i``, ``j``, ``dt``.
    given : mapping
        Values that stand in place of those of the items.
    seed, number : int
        What random numbers are keyed by; each item has its own.
    what : str
        Whose values these are, for messages.
    """
    found = dict(known)
    for place, item in enumerate(items):
        value = given.get(item.name)
        if value is None:
            value = _value(item, found, count, seed, 4096 * number + place, folder)
        found[item.name] = _checked(value, item.name, count, what)
    return found


def _value(item: Item, known: Mapping[str, Any], count: int | None, seed: int, number: int, folder: Path | None) -> Any:
    if item.kind == "formula":
        return evaluate(_present(item.formula), known)
    if item.kind == "loaded":
        return np.ravel(read_numbers(folder, item.path)) * item.factor
    if item.kind == "items":
        return np.array([float(evaluate(f, known)) for f in item.arguments])
    arguments = [evaluate(f, known) for f in item.arguments]
    drawn: Floats = draw(
        item.distribution if item.inner is None else "bernoulli", arguments if item.inner is None else arguments[:1], count or 1, seed, number
    )
    if item.inner is not None:
        drawn = np.multiply(drawn, draw(item.inner, arguments[1:], count or 1, seed, number + 2048))
    return drawn[0] if count is None else drawn


def _present(formula: Formula | None) -> Formula:
    assert formula is not None
    return formula


def _checked(value: Any, name: str, count: int | None, what: str) -> Any:
    """Return a value as a number or an array of the right size; NeuroError for one that is not finite."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        if not np.isfinite(array):
            raise fail(rules.BAD_VALUE, f"`{name}` of {what} is {float(array):g}", help="look at what it is computed from")
        return float(array)
    if count is not None and array.shape != (count,):
        raise fail(rules.SHAPES, f"`{name}` of {what} has {array.size} values, and there are {count} of them")
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise fail(rules.BAD_VALUE, f"`{name}` of {what} is {array[wrong[0]]:g} at number {wrong[0]}", help="all numbers have to be finite")
    return array


def propagators(flow: Flow, values: Mapping[str, Any], dt: float) -> Floats:
    """Return the entries that the step of linear equations uses, of shape (entries,) or (entries, neurons).

    The exponential of the matrix with the integrals of its flow beside it: Taylor polynomial of degree 18 of the matrix scaled below 1/2, squared back.

    References
    ----------
    Van Loan (1978), Computing integrals involving the matrix exponential, doi:10.1109/TAC.1978.1101743
    """
    entries = [(i, j, np.asarray(evaluate(formula, values), dtype=np.float64)) for i, j, formula in flow.matrix]
    shape = np.broadcast_shapes(*(e.shape for _, _, e in entries)) if entries else ()
    full = np.zeros((*shape, flow.size, flow.size))
    for i, j, entry in entries:
        full[..., i, j] = entry
    if not np.isfinite(full).all():
        raise fail(rules.BAD_VALUE, "a rate in these equations is not finite", help="a time constant or a capacitance is not 0")
    blocks = 3 if any(name[1] in "RS" for name in flow.entries) else 2
    whole, free = full.copy(), _exponential(full, dt, blocks)
    still = free
    if flow.held >= 0:
        full[..., flow.held, :] = 0.0
        still = _exponential(full, dt, blocks)
    tables = {**dict(zip("PFR", free, strict=False)), **dict(zip("QGS", still, strict=False)), "A": whole}
    chosen = []
    for name in flow.entries:
        i, j = map(int, name[2:].split("_"))
        chosen.append(tables[name[1]][..., i, j])
    return np.array(chosen, dtype=np.float64).reshape(len(chosen), *shape)


def _exponential(matrix: Floats, dt: float, blocks: int) -> list[Floats]:
    """Return exp(A dt), its integral over s from 0 to dt, and of three blocks that of (dt - s)/dt exp(A s), for one matrix or many."""
    size = matrix.shape[-1]
    whole = np.zeros((*matrix.shape[:-2], blocks * size, blocks * size))
    whole[..., :size, :size] = matrix * dt
    whole[..., range(size), range(size, 2 * size)] = dt
    whole[..., range(size, (blocks - 1) * size), range(2 * size, blocks * size)] = 1.0
    norm = float(np.max(np.abs(whole).sum(axis=-1), initial=0.0))
    squarings = max(0, int(np.ceil(np.log2(norm / 0.5)))) if norm > 0.5 else 0
    scaled, identity = whole / 2.0**squarings, np.eye(blocks * size)
    result = np.broadcast_to(identity, whole.shape)
    for term in range(18, 0, -1):
        result = identity + scaled @ result / term
    for _ in range(squarings):
        result = result @ result
    return [result[..., :size, k * size : (k + 1) * size] for k in range(blocks)]
