"""The spikes of a population with their exact times: those that wait to be delivered or put away, and those of sources within their steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.emitters import Trains
from neurodsl.run.populations import Population

Floats = NDArray[np.float64]

BESIDE = 4096
"""Spikes in a step for which there is room beside one of every neuron."""
GOLDEN, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""The constants of splitmix64."""


class PreciseSpikes:
    """The spikes of a population on their way.

    Attributes
    ----------
    who : array of uint32
        The neurons that fired, step by step, in the order of their times; ``marks[k & mask]`` is where those of step k begin.
    when : array
        How far behind the beginning of its step each spike is.
    """

    def __init__(self, population: Population, mask: int, dt: float, seed: int) -> None:
        self.population, self.mask, self.dt = population, mask, dt
        self.marks = np.zeros(mask + 1, np.int64)
        self.who, self.when = np.zeros(0, np.uint32), np.zeros(0)
        self.key = np.uint64(np.random.Philox(key=[seed, 2**32 + population.number]).random_raw())
        self.times: list[Floats] = []
        self.index: list[NDArray[np.uint32]] = []
        self._room(0)

    def _room(self, end: int) -> None:
        """Make room for the spikes of a step behind a place."""
        count = end + self.population.size + BESIDE
        if count > self.who.size:
            self.who = np.concatenate([self.who, np.zeros(2 * count - self.who.size, np.uint32)])
            self.when = np.concatenate([self.when, np.zeros(2 * count - self.when.size)])

    def generate(self, begin: int, stop: int) -> None:
        """Make the spikes of a source up to a step."""
        emitter = self.population.emitter
        if emitter is None or stop <= self.population.generated:
            return
        first = max(begin, self.population.generated)
        steps, index = emitter.window(first, stop)
        if isinstance(emitter, Trains):
            when = emitter.offsets[np.searchsorted(emitter.steps, first) : np.searchsorted(emitter.steps, stop)]
        else:
            plan = self.population.plan.emitter or {}
            together = plan["kind"] == "correlated_poisson" and all(item.name != "jitter" for item in plan["values"])
            when = self.dt * uniform(self.key, steps, np.zeros_like(index) if together else index)
        order = np.lexsort((index, when, steps))
        self.put(first, stop, steps, index[order], when[order])
        self.population.generated = stop

    def put(self, first: int, stop: int, steps: NDArray[np.int64], index: NDArray[np.uint32], when: Floats) -> None:
        """Put spikes of steps ``first`` up to ``stop`` behind those that are there, in the order of their times."""
        at = int(self.marks[first & self.mask])
        self._room(at + len(index))
        self.who[at : at + len(index)], self.when[at : at + len(index)] = index, when
        self.marks[np.arange(first + 1, stop + 1) & self.mask] = at + np.cumsum(np.bincount(steps - first, minlength=stop - first))

    def spikes(self, begin: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.uint32], Floats]:
        """Return the steps, the neurons and the offsets of the spikes of steps ``begin`` up to ``stop``."""
        marks = self.marks[np.arange(begin, stop + 1) & self.mask]
        span = slice(int(marks[0]), int(marks[-1]))
        return np.repeat(np.arange(begin, stop), np.diff(marks)), self.who[span].copy(), self.when[span].copy()

    def put_away(self, begin: int, stop: int) -> None:
        """Keep the times and the neurons of the spikes of steps ``begin`` up to ``stop``."""
        steps, index, when = self.spikes(begin, stop)
        self.times.append(steps * self.dt + when)
        self.index.append(index)

    def forget(self, reached: int, lag: int) -> None:
        """Move the spikes that are still on their way to the front."""
        last, first = max(reached, self.population.generated), max(0, reached - lag)
        moved, end = int(self.marks[first & self.mask]), int(self.marks[last & self.mask])
        if moved >= self.who.size // 2:
            self.who[: end - moved], self.when[: end - moved] = self.who[moved:end].copy(), self.when[moved:end].copy()
            self.marks[np.arange(first, last + 1) & self.mask] -= moved
            end -= moved
        self._room(end)

    def all(self) -> tuple[Floats, NDArray[np.uint32]]:
        """Return the times and the neurons of the spikes so far."""
        return np.concatenate([np.empty(0), *self.times]), np.concatenate([np.empty(0, np.uint32), *self.index])


def uniform(key: Any, steps: NDArray[np.int64], index: NDArray[np.uint32]) -> Floats:
    """Return numbers uniform in (0, 1) that a step and a neuron decide, by splitmix64.

    References
    ----------
    Steele, Lea & Flood (2014) Fast splittable pseudorandom number generators. doi:10.1145/2660193.2660195
    """
    with np.errstate(over="ignore"):
        mixed = _mixed(_mixed(key + steps.astype(np.uint64) * GOLDEN) + index.astype(np.uint64) * GOLDEN)
    return ((mixed >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return np.asarray(x ^ (x >> np.uint64(31)))
