"""Poisson processes with spikes in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.emitters.blocks import Blocks, Hazards, Rate, Spikes, steps_of_a_block
from neurodsl.emitters.poisson import first_of_each
from neurodsl.streams import SPIKES, generator, successes

REACH = 40.0
"""Mean jitters after which a spike is not looked for any more: fewer than one in 1e17 come later."""
CHANGING_STEPS = 2**12
NEGLIGIBLE = 1e-9
"""No run is so long that it tells a correlation below this from 0."""


def correlated_poisson(
    rate: float | Rate, correlation: float, jitter: float, size: int, dt: float, seed: int, number: int, owner: str = "correlated_poisson"
) -> Blocks:
    """Return neurons that copy spikes of a common Poisson process.

    The common process has the rate ``rate/correlation``, and each neuron takes each spike of it with the probability ``correlation``. So each train is a
    Poisson process of ``rate``, and the counts of any two have the correlation coefficient ``correlation`` in any window that is long against the
    jitter. With jitter each copy comes later by a time of its own, exponentially distributed; the cross-covariance of two trains is then
    correlation*rate*exp(-abs(s)/jitter)/(2 jitter).

    Parameters
    ----------
    rate : float or callable
        Spikes per unit of time, the same for all neurons; a function as :func:`~neurodsl.emitters.poisson.poisson` takes it.
    correlation : float
        From 0, which is independent neurons, to 1, which is one train for all.
    jitter : float
        The mean time by which copies are shifted, in the unit of time; 0 for none.
    size, dt, seed, number, owner
        As :func:`~neurodsl.emitters.poisson.poisson` takes them.

    Raises
    ------
    NeuroError
        V101 for a correlation outside [0, 1], a negative jitter, or a rate that differs among neurons; R105 for a rate that cannot be one.

    References
    ----------
    Kuhn, Aertsen & Rotter (2003), Higher-order statistics of input ensembles and the response of simple model neurons, doi:10.1162/089976603321043702,
    the multiple interaction process; Brette (2009), Generation of correlated spike trains, doi:10.1162/neco.2009.12-07-657, for the jitter.
    """
    if not 0 <= correlation <= 1:
        raise fail(rules.BAD_VALUE, f"the correlation of `{owner}` lies between 0 and 1, and this one is {correlation:g}")
    if not (jitter >= 0 and np.isfinite(jitter)):
        raise fail(rules.BAD_VALUE, f"the jitter of `{owner}` is a time that is not negative, not {jitter:g}")
    hazards = Hazards(rate, size, dt, owner)
    if not hazards.same_for_all():
        raise fail(rules.BAD_VALUE, f"the neurons of `{owner}` share spikes, so they have one rate; this one depends on `i`")
    constant = hazards.constant()
    shift = jitter / dt
    expected = np.inf if constant is None else float(constant) * size
    steps = max(CHANGING_STEPS if constant is None else steps_of_a_block(expected), int(np.ceil(REACH * shift)))
    common = _Common(hazards, constant, correlation, steps, shift, size, seed, number)
    return Blocks(size, steps, common.block, hazards)


class _Common:
    """The process that all neurons copy, block by block."""

    def __init__(
        self, hazards: Hazards, constant: NDArray[np.float64] | None, correlation: float, steps: int, shift: float, size: int, seed: int, number: int
    ) -> None:
        self.hazards, self.constant, self.correlation, self.steps, self.shift = hazards, constant, correlation, steps, shift
        self.size, self.seed, self.number = size, seed, number
        self.last: tuple[int, NDArray[np.float64], NDArray[np.int64]] | None = None

    def block(self, number: int) -> Spikes:
        """Return the spikes of a block; with jitter some of them were copied in the block before."""
        first = number * self.steps
        times, index = self.copies(number)
        if self.shift > 0:
            earlier, others = self.last[1:] if self.last is not None and self.last[0] == number - 1 else self.copies(number - 1)
            self.last = number, times, index
            times, index = np.concatenate([earlier, times]), np.concatenate([others, index])
        inside = (times >= first) & (times < first + self.steps)
        cells = (times[inside].astype(np.int64) - first) * self.size + index[inside]
        cells.sort()
        cells = cells[first_of_each(cells)]
        step = cells // self.size
        return step + first, (cells - step * self.size).astype(np.uint32)

    def copies(self, number: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return times, in steps, and neurons of what is copied from a block; block -1 is there so that a run does not begin with a gap."""
        random = generator(self.seed, SPIKES, self.number, number + 1)
        ends = self._ends(number)
        if not ends[-1] > 0:
            return np.empty(0), np.empty(0, dtype=np.int64)
        if self.correlation > NEGLIGIBLE:
            hazard = -np.log1p(-self.correlation) if self.correlation < 1 else np.inf
            cells = successes(random, int(random.poisson(ends[-1] / self.correlation)) * self.size, hazard)
            copied = cells // self.size
            index, new = cells - copied * self.size, first_of_each(copied)
        else:  # ever more common spikes with ever fewer copies: each has one
            index = random.integers(0, self.size, int(random.poisson(ends[-1] * self.size)))
            new = np.ones(len(index), dtype=np.bool_)
        times = self._within(random.random(int(np.count_nonzero(new))) * ends[-1], ends)[np.cumsum(new) - 1]
        if self.shift > 0:
            times = times + self.shift * random.standard_exponential(len(times))
        return times + float(number * self.steps), index

    def _within(self, points: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the times, in steps, at which points on the axis of expected spikes lie in a block."""
        if len(ends) == 1:
            return points * (self.steps / float(ends[0]))
        return np.asarray(np.interp(points, np.concatenate([[0.0], ends]), np.arange(len(ends) + 1.0)), dtype=np.float64)

    def _ends(self, number: int) -> NDArray[np.float64]:
        """Return the expected number of spikes of a neuron up to the ends of the steps of a block, or of a block of constant rate."""
        if self.constant is not None:
            return np.array([self.steps * float(self.constant)])
        first = max(0, number * self.steps)
        hazards = self.hazards.of_steps(first, first + (self.steps if number >= 0 else 1))[:, 0]
        return np.cumsum(hazards if number >= 0 else np.full(self.steps, hazards[0]))
