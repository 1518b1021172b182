"""Spikes that are drawn in blocks of steps, whatever windows are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail

Spikes = tuple[NDArray[np.int64], NDArray[np.uint32]]
"""The steps at whose ends spikes fall, and the neurons; sorted by step, then neuron."""

Rate = Callable[[NDArray[np.float64], NDArray[np.float64]], Any]
"""A rate as a function of time and neuron, arrays that broadcast against each other."""

SPIKES_OF_A_BLOCK = 2**16
MOST_STEPS = 2**20
"""Steps of a block."""


class Emitter(Protocol):
    """A source of spikes."""

    def window(self, begin: int, stop: int) -> Spikes:
        """Return the spikes of the steps from ``begin`` up to, not with, ``stop``; they do not depend on what was asked before."""

    def pieces(self, begin: int, stop: int) -> Sequence[tuple[int, Spikes]]:
        """Return the same in pieces as they lie in memory, each with the step behind it, where the next one begins."""


def joined(pieces: Sequence[Spikes]) -> Spikes:
    """Return spikes in one piece."""
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate([np.empty(0, np.int64), *(s for s, _ in pieces)]), np.concatenate([np.empty(0, np.uint32), *(i for _, i in pieces)])


def steps_of_a_block(spikes: float) -> int:
    """Return how many steps a block has when so many spikes fall into one step on the average."""
    return int(min(MOST_STEPS, max(1.0, SPIKES_OF_A_BLOCK / spikes))) if spikes > 0 else MOST_STEPS


@dataclass(eq=False)
class Hazards:
    """Rates as numbers of spikes per step, from 0 to 1, checked.

    ``rate`` is a number, one for each neuron, or a function of time and neuron, per unit of time; ``dt`` is the length of a step in that unit. A function
    is computed at the middle of steps, where a stimulus that begins or ends on the grid has no rounding to fear.

    ``wrong`` is the first step that was seen with a rate that is none, and the error to raise when a run comes there: blocks reach beyond its end.
    """

    rate: float | NDArray[np.float64] | Rate
    size: int
    dt: float
    owner: str
    wrong: tuple[int, NeuroError] | None = field(default=None, init=False)

    def constant(self) -> NDArray[np.float64] | None:
        """Return the hazard as a number, or as one for each neuron, where it does not depend on time."""
        if callable(self.rate):
            found = self._at(0, 2)
            if found.ndim == 2 and found.shape[0] == 2:
                return None
            rates = found.reshape(() if found.size == 1 else -1)
        else:
            rates = np.asarray(self.rate, dtype=np.float64)
            if rates.shape not in ((), (self.size,)):
                raise fail(rules.BAD_VALUE, f"`{self.owner}` has {self.size} neurons, and its rates have the shape {rates.shape}")
        wrong = np.flatnonzero(~self._good(np.atleast_1d(rates) * self.dt))
        if len(wrong):
            raise self._refuse(float(np.atleast_1d(rates)[wrong[0]]), int(wrong[0]) if rates.ndim else None, None)
        return rates * self.dt

    def same_for_all(self) -> bool:
        """Return whether all neurons have one rate at any time."""
        found = self._at(0, 2) if callable(self.rate) else np.asarray(self.rate)
        return found.ndim == 0 or found.shape[-1] == 1

    def of_steps(self, first: int, stop: int) -> NDArray[np.float64]:
        """Return the hazards of some steps, of shape (steps, 1) where all neurons have the same, else (steps, size); 0 from a wrong one on."""
        found = self._at(first, stop)
        columns = 1 if found.ndim == 0 or found.shape[-1] == 1 else self.size
        rates = np.broadcast_to(found, (stop - first, columns))
        hazards = np.multiply(rates, self.dt)
        good = self._good(hazards)
        if not good.all():
            step, neuron = (int(k) for k in np.argwhere(~good)[0])
            hazards[step:] = 0.0
            if self.wrong is None or first + step < self.wrong[0]:
                self.wrong = first + step, self._refuse(float(rates[step, neuron]), neuron if columns > 1 else None, first + step)
        return hazards

    @staticmethod
    def _good(hazards: NDArray[np.float64]) -> NDArray[np.bool_]:
        return (hazards >= 0) & (hazards <= 1)

    def _at(self, first: int, stop: int) -> NDArray[np.float64]:
        """Return what the function of the rate gives for some steps, in whatever shape."""
        assert callable(self.rate)
        t = (np.arange(first, stop, dtype=np.float64)[:, np.newaxis] + 0.5) * self.dt
        with np.errstate(all="ignore"):
            return np.asarray(self.rate(t, np.arange(self.size, dtype=np.float64)[np.newaxis, :]), dtype=np.float64)

    def _refuse(self, value: float, neuron: int | None, step: int | None) -> NeuroError:
        which = "" if neuron is None else f" of neuron {neuron}"
        when = "" if step is None else f" at t = {(step + 0.5) * self.dt:g}"
        code = 3 if callable(self.rate) else 2
        if value > 0 and np.isfinite(value):
            told = f"the rate{which} of `{self.owner}` is {value:g}{when}: {value * self.dt:.3g} spikes in a step of {self.dt:g}, and there is at most one"
            return fail(rules.BAD_CHANCE, told, help="a smaller `dt`, or more neurons of a lower rate", exit_code=code)
        told = f"the rate{which} of `{self.owner}` is {value:g}{when}; a rate is a number that is not negative"
        return fail(rules.BAD_CHANCE, told, help="bound it from below: `max(..., 0)`" if value < 0 else None, exit_code=code)


@dataclass(eq=False)
class Blocks:
    """Spikes that are made block by block.

    Any window may be asked for at any time. One that begins where the last one ended costs what it holds; any other costs the rest of its blocks too.
    There is no state to be kept: an emitter that is made again from the same numbers goes on where the first one stopped.

    Attributes
    ----------
    size : int
        How many neurons there are.
    steps : int
        How many steps a block has.
    make : callable
        Takes the number of a block and returns its spikes, steps counted from the start of the run.
    hazards : Hazards or None
        The rates that are computed on the way; a wrong one is told when a window reaches it.
    """

    size: int
    steps: int
    make: Callable[[int], Spikes]
    hazards: Hazards | None = None
    _last: tuple[int, Spikes] | None = field(default=None, init=False, repr=False)

    def window(self, begin: int, stop: int) -> Spikes:
        return joined([spikes for _, spikes in self.pieces(begin, stop)])

    def pieces(self, begin: int, stop: int) -> Sequence[tuple[int, Spikes]]:
        if stop <= begin:
            return []
        parts = []
        for block in range(begin // self.steps, (stop - 1) // self.steps + 1):
            steps, index = self._block(block)
            first, last = np.searchsorted(steps, (begin, stop))
            parts.append((min(stop, (block + 1) * self.steps), (steps[first:last], index[first:last])))
        if self.hazards is not None and self.hazards.wrong is not None and self.hazards.wrong[0] < stop:
            raise self.hazards.wrong[1]
        return parts

    def _block(self, number: int) -> Spikes:
        if self._last is None or self._last[0] != number:
            self._last = number, self.make(number)
        return self._last[1]
