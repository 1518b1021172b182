"""Networks in which many neurons are alike, with one neuron in the place of each kind.

Neurons are of one kind where they have the same parameters, and get the same from each kind of neurons through synapses of the same weights. Where all
neurons of a kind begin alike they stay so, and the network of the kinds follows the same equations as they do (an equitable partition; it is found by
refinement). What differences among the neurons of a kind do is found from all of them: `whole`.

References
----------
Golubitsky, Stewart, 2006, Nonlinear dynamics of networks: the groupoid formalism, Bull. Am. Math. Soc. 43:305-364. doi:10.1090/S0273-0979-06-01108-6
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from neurodsl.lower.elements import Pick
from neurodsl.lower.members import Numbers, Wires
from neurodsl.network import I, J, Network, Part, Population, Projection, Value

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DIGITS = 12
"""Behind the point, of the largest value: up to there values are equal."""
MOST_CODES = 2**62
MOST_LISTED = 8
"""Kinds whose sizes are told."""
Columns = Mapping[str, Floats]


@dataclass(frozen=True)
class Synapses:
    """The synapses of a projection: ``sources`` and ``targets``, counted in their whole populations, and ``values`` with a number for each of them."""

    sources: Ints
    targets: Ints
    values: Columns


@dataclass(frozen=True)
class Lumped:
    """A network of the kinds of neurons of another one.

    Attributes
    ----------
    numbers : mapping
        Of each population, the values of each kind that are not those of all.
    wires : mapping
        Of each projection, the synapses between the kinds: as many as a neuron has.
    kinds : mapping
        Of each population, the kind of each neuron, numbered in the order of their first neurons.
    first : mapping
        Of each population, these.
    notes : tuple of str
        What stands for what.
    """

    network: Network
    numbers: Mapping[str, Numbers]
    wires: Mapping[str, Wires]
    kinds: Mapping[str, Ints]
    first: Mapping[str, Ints]
    notes: tuple[str, ...]


def lumped(
    network: Network, numbers: Mapping[str, Columns], synapses: Mapping[str, Synapses], shaping: Mapping[str, frozenset[str]],
    formulas: Mapping[str, frozenset[str]],
) -> Lumped:  # fmt: skip
    """Return the network of the kinds of neurons.

    Parameters
    ----------
    network : Network
        Without spikes, delays, and states of synapses.
    numbers : mapping of str to mapping of str to array
        Of each population, the parameters and initial values that each neuron has for itself.
    synapses : mapping of str to Synapses
        Of each projection.
    shaping : mapping of str to set of str
        Of each population, those of its numbers by which neurons differ: initial values are none.
    formulas : mapping of str to set of str
        Of each population and projection, the numbers that stay what the author wrote, an expression of parameters of the network.
    """
    kinds = _kinds(network, numbers, synapses, shaping)
    first = {name: np.unique(column, return_index=True)[1] for name, column in kinds.items()}
    populations = tuple(replace(p, size=len(first[p.name])) for p in network.populations)
    sizes = {p.name: p.size for p in populations}
    projections, wires = [], {}
    for c in network.projections:
        source, target = (Part(part.population, 0, sizes[part.population]) for part in (c.source, c.target))
        projections.append(replace(c, source=source, target=target))
        wires[c.name] = _between(c, synapses[c.name], kinds, first, formulas[c.name])
    shown = {
        name: {key: column[first[name]].tolist() for key, column in columns.items() if key not in formulas[name]} for name, columns in numbers.items()
    }
    notes = tuple(_note(p, kinds[p.name]) for p in network.populations if len(first[p.name]) < p.size)
    return Lumped(replace(network, populations=populations, projections=tuple(projections)), shown, wires, kinds, first, notes)


def is_formula(value: Value) -> bool:
    """Return whether a value follows from parameters of the network, and is no element of an array."""
    return isinstance(value, Expr) and bool(value.free_symbols - {I, J}) and not value.atoms(Pick)


def _kinds(
    network: Network, numbers: Mapping[str, Columns], synapses: Mapping[str, Synapses], shaping: Mapping[str, frozenset[str]]
) -> dict[str, Ints]:  # fmt: skip
    """Return the kind of each neuron of each population, numbered in the order of their first neurons."""
    kinds = {p.name: numbered(stacked([numbers[p.name][k] for k in sorted(shaping[p.name])], p.size)) for p in network.populations}
    while True:
        before = sum(int(k.max()) + 1 for k in kinds.values())
        received: dict[str, list[list[bytes]]] = {p.name: [[] for _ in range(p.size)] for p in network.populations}
        for c in network.projections:
            for neuron, row in enumerate(_received(synapses[c.name], kinds[c.source.population], len(received[c.target.population]))):
                received[c.target.population][neuron].append(row)
        for name, column in kinds.items():
            table: dict[tuple[int, bytes], int] = {}
            kinds[name] = np.array([table.setdefault((int(k), b"|".join(r)), len(table)) for k, r in zip(column, received[name], strict=True)])
        if sum(int(k.max()) + 1 for k in kinds.values()) == before:
            return kinds


def _received(joined: Synapses, kinds: Ints, size: int) -> list[bytes]:
    """Return what each neuron of a target gets through synapses: how many of which kind and weight, as bytes that are equal where that is."""
    rows, counts = _counted(joined, kinds)
    cuts = np.searchsorted(rows[:, 0], np.arange(size + 1))
    table = np.column_stack([rows[:, 1:], counts])
    return [table[a:b].tobytes() for a, b in pairwise(cuts)]


def _counted(joined: Synapses, kinds: Ints) -> tuple[Ints, Ints]:
    """Return rows of a target, a kind of source and a set of values, and how many synapses each stands for."""
    values = numbered(stacked([joined.values[k] for k in sorted(joined.values)], len(joined.sources)))
    if not len(joined.sources):
        return np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
    columns = [joined.targets, kinds[joined.sources], values]
    codes = coded(columns)
    first = np.unique(codes, return_index=True)[1]
    return np.column_stack([c[first] for c in columns]), np.diff(np.searchsorted(np.sort(codes), np.append(codes[first], MOST_CODES)))


def stacked(columns: list[Floats], size: int) -> Floats:
    """Return columns side by side; one of zeros where there are none."""
    return np.column_stack(columns) if columns else np.zeros((size, 1))


def numbered(rows: Floats) -> Ints:
    """Return a number for each row, the same for those that are equal up to rounding."""
    if not len(rows):
        return np.zeros(0, np.int64)
    return coded([_places(column) for column in rows.T])


def _places(column: Floats) -> Ints:
    """Return the places of values among those that differ."""
    if column.min() == column.max():
        return np.zeros(len(column), np.int64)
    rounded = np.round(column / np.max(np.abs(column)), DIGITS) + 0.0
    return np.unique(rounded, return_inverse=True)[1].reshape(-1).astype(np.int64)


def coded(columns: Sequence[Ints]) -> Ints:
    """Return one number for each row of columns of numbers from 0 on, in the order of the rows."""
    found = columns[0]
    for column in columns[1:]:
        width = int(column.max(initial=0)) + 1
        if int(found.max(initial=0)) > MOST_CODES // width:
            found = np.unique(found, return_inverse=True)[1].reshape(-1)
        found = found * width + column
    return found


def _between(c: Projection, joined: Synapses, kinds: Mapping[str, Ints], first: Mapping[str, Ints], formulas: frozenset[str]) -> Wires:
    """Return the synapses of the first neuron of each kind, its sources by their kinds."""
    place = {int(neuron): kind for kind, neuron in enumerate(first[c.target.population])}
    chosen = np.flatnonzero(np.isin(joined.targets, first[c.target.population]))
    sources = [int(kinds[c.source.population][joined.sources[k]]) for k in chosen]
    targets = [place[int(joined.targets[k])] for k in chosen]
    places = [(int(joined.sources[k]) - c.source.start, int(joined.targets[k]) - c.target.start) for k in chosen]
    return Wires(sources, targets, {n: [float(column[k]) for k in chosen] for n, column in joined.values.items() if n not in formulas}, places)


def _note(population: Population, kinds: Ints) -> str:
    """Return in words how many neurons of a population stand for how many."""
    sizes = np.bincount(kinds).tolist()
    many = f" ({', '.join(map(str, sizes))} neurons)" if len(sizes) <= MOST_LISTED else ""
    kinds_of = "are alike" if len(sizes) == 1 else f"are of {len(sizes)} kinds{many}, in the order of their first neurons"
    stands = "one stands for all" if len(sizes) == 1 else "one stands for each kind"
    return f"the {population.size} neurons of `{population.name}` {kinds_of}: {stands}, as where they all do the same; cycles and exponents are those of what they share"
