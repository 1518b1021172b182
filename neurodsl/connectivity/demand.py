"""What is asked of a projection, in numbers, and the bounds that hold for every rule."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, Rule, fail
from neurodsl.source import Span

OfPair = Callable[[NDArray[np.float64], NDArray[np.float64]], Any]
"""A function of the numbers of source and target, arrays that broadcast against each other."""

MOST_SYNAPSES = 2 * 10**9
MOST_PAIRS = 10**11
"""Pairs of neurons for which an expression of i and j is computed: 1e9 take some ten seconds."""
BYTES_OF_A_SYNAPSE = 32
"""While it is made: its number, its place in the order, its target."""


@dataclass(frozen=True, eq=False)
class Demand:
    """A connection rule.

    Attributes
    ----------
    kind : str
        ``all to all``, ``one to one``, ``probability``, ``indegree``, ``outdegree``, ``pairs``, ``matrix``, ``small world``, ``scale free``.
    numbers : tuple of float
        The probability, where it is a constant; the degree; of a small world k and p; of a scale-free network m.
    probability : callable or None
        The probability as a function of i and j, where it is one.
    condition : callable or None
        A boolean function of i and j: there are only synapses for which it holds. A degree counts among those.
    path, folder : str and Path or None
        The file of pairs or of a matrix, and the folder in or below which it lies.
    table : ndarray or None
        Pairs or a matrix as an array, in the place of a file.
    column : str
        The name that the entries of a matrix get among the columns of the wiring.
    no_self : bool
        No neuron is joined to itself.
    multiple : bool
        A rule that chooses by degree does so with replacement, and a file may name a pair twice.
    owner : str
        What messages call the projection.
    span : Span or None
        Where it stands in the text.
    """

    kind: str
    numbers: tuple[float, ...] = ()
    probability: OfPair | None = None
    condition: OfPair | None = None
    path: str | None = None
    folder: Path | None = None
    table: Any = None
    column: str = "matrix"
    no_self: bool = False
    multiple: bool = True
    owner: str = "the projection"
    span: Span | None = field(default=None, repr=False)

    def refuse(self, message: str, help: str | None = None, rule: Rule = rules.BAD_WIRING) -> NeuroError:
        """Return, to be raised, that the rule cannot be met."""
        return fail(rule, f"`{self.owner}`: {message}" if self.owner else message, self.span, help)

    @property
    def name(self) -> str:
        """Return what messages call the file or the array."""
        return "the array" if self.path is None else f"`{self.path}`"


@dataclass(frozen=True)
class Sizes:
    """How many neurons there are on both sides, and which of them are the same: source i and target i + ``same``.

    ``same`` is None where none are, or where it does not matter.
    """

    sources: int
    targets: int
    same: int | None

    def own_target(self, i: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which target each source is itself, -1 where it is none."""
        own = np.full_like(i, -1) if self.same is None else i + self.same
        return np.where((own >= 0) & (own < self.targets), own, -1)

    def own_source(self, j: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which source each target is itself, -1 where it is none."""
        own = np.full_like(j, -1) if self.same is None else j - self.same
        return np.where((own >= 0) & (own < self.sources), own, -1)

    def other(self, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which pairs are of two different neurons."""
        return np.ones(np.broadcast_shapes(i.shape, j.shape), dtype=np.bool_) if self.same is None else j != i + self.same


def constants(demand: Demand, count: int) -> tuple[float, ...]:
    """Return the numbers of a rule that takes so many, none of which depends on i and j."""
    if len(demand.numbers) != count or demand.probability is not None:
        raise demand.refuse(
            f"`{demand.kind}` takes {count} constant{'' if count == 1 else 's'}", "only a probability may be an expression of `i` and `j`"
        )
    return demand.numbers


def whole(demand: Demand, value: float, what: str, least: int = 0) -> int:
    """Return a number that has to be whole."""
    if not (np.isfinite(value) and value == np.floor(value) and value >= least):
        raise demand.refuse(f"{what} is a whole number from {least} on, not {value:g}")
    return int(value)


def probability_of(demand: Demand, value: float, what: str = "a probability") -> float:
    """Return a number that has to be a probability."""
    if not 0 <= value <= 1:
        raise demand.refuse(f"{what} lies between 0 and 1, and this one is {value:g}")
    return float(value)


def check_count(demand: Demand, synapses: float, free: float | None = None) -> None:
    """Raise V111 where there are more synapses than a projection may have, or than fit into the memory that is free."""
    if synapses > MOST_SYNAPSES:
        told = f"{synapses:.4g} synapses are more than the {MOST_SYNAPSES:.0g} that a projection may have"
        raise demand.refuse(told, "a smaller population, probability or degree", rules.TOO_MANY_SYNAPSES)
    size = BYTES_OF_A_SYNAPSE * synapses
    available = (free_memory() if free is None else free) if size > 2**28 else np.inf
    if size > available:
        told = f"making {synapses:.4g} synapses takes {size / 2**30:.3g} GiB of memory, and {available / 2**30:.3g} are free"
        raise demand.refuse(told, "a smaller population, probability or degree", rules.TOO_MANY_SYNAPSES)


def check_pairs(demand: Demand, sizes: Sizes) -> None:
    """Raise V111 where an expression would be computed for too many pairs."""
    pairs = sizes.sources * sizes.targets
    if pairs > MOST_PAIRS:
        told = f"an expression of `i` and `j` is computed for each of {pairs:.4g} pairs, and at most {MOST_PAIRS:.0g} are looked at"
        raise demand.refuse(told, "name the pairs in a file, or join smaller parts", rules.TOO_MANY_SYNAPSES)


def free_memory() -> float:
    """Return how many bytes of memory can be had, as far as the system tells; infinite where it does not."""
    found = []
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            found += [1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        pass
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as most, open("/sys/fs/cgroup/memory.current", encoding="ascii") as used:
            found.append(float(most.read()) - float(used.read()))  # `max` is no number: there is no bound
    except (OSError, ValueError):
        pass
    if not found and "SC_AVPHYS_PAGES" in os.sysconf_names:
        found.append(float(os.sysconf("SC_AVPHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=np.inf)
