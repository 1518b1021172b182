"""Networks of linear neurons from event to event, in thirty digits: no grid, no kernel, a queue of spikes for the whole network.

The state of a neuron is V and the currents g of its synapses: tau dV/dt = E - V + sum(g), tau_k dg_k/dt = -g_k, which has a closed form. A spike is where
V - theta changes its sign for the first time, searched for on a fine raster and then by bisection.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

RASTER = 0.01


@dataclass
class Neuron:
    """A leaky integrate-and-fire neuron with currents that decay; ``local`` is the time of its state, ``free`` when its voltage moves again."""

    E: mp.mpf
    tau: mp.mpf
    taus: Sequence[mp.mpf]
    theta: mp.mpf
    reset: mp.mpf
    held: mp.mpf
    V: mp.mpf
    g: list[mp.mpf]
    local: mp.mpf = field(default_factory=lambda: mp.mpf(0))
    free: mp.mpf = field(default_factory=lambda: mp.mpf(0))

    def after(self, s: mp.mpf) -> tuple[mp.mpf, list[mp.mpf]]:
        """Return voltage and currents after a time in which the voltage is free, or held, all the time."""
        g = [g * mp.exp(-s / tau) for g, tau in zip(self.g, self.taus, strict=True)]
        if self.local < self.free:
            return self.V, g
        V = self.E + (self.V - self.E) * mp.exp(-s / self.tau)
        for value, tau in zip(self.g, self.taus, strict=True):
            V += value * tau / (self.tau - tau) * (mp.exp(-s / self.tau) - mp.exp(-s / tau))
        return V, g

    def move(self, time: mp.mpf) -> None:
        """Bring the state to a time before which nothing happens."""
        if self.local < self.free < time:
            self.move(self.free)
        self.V, self.g = self.after(time - self.local)
        self.local = time

    def spike(self, until: mp.mpf) -> mp.mpf | None:
        """Return when the neuron fires next if nothing arrives, None for not before a time."""
        if self.free > self.local:
            if self.free >= until:
                return None
            other = Neuron(self.E, self.tau, self.taus, self.theta, self.reset, self.held, self.V, list(self.g), self.local, self.free)
            other.move(self.free)
            return other.spike(until)
        if not self.theta > self.V:
            return self.local
        raster = np.append(np.arange(0.0, float(until - self.local), RASTER), float(until - self.local))
        above = np.flatnonzero(self.voltages(raster) >= float(self.theta))
        return self.local + self.root(mp.mpf(raster[above[0] - 1]), mp.mpf(raster[above[0]])) if len(above) else None

    def voltages(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the voltage after some times in which it is free, with sixteen digits."""
        tau, found = float(self.tau), float(self.E) + float(self.V - self.E) * np.exp(-s / float(self.tau))
        for value, other in zip(map(float, self.g), map(float, self.taus), strict=True):
            found += value * other / (tau - other) * (np.exp(-s / tau) - np.exp(-s / other))
        return np.asarray(found)

    def root(self, low: mp.mpf, high: mp.mpf) -> mp.mpf:
        """Return where the voltage passes the threshold between two times."""
        for _ in range(70):
            middle = (low + high) / 2
            if self.after(middle)[0] >= self.theta:
                high = middle
            else:
                low = middle
        return high

    def fire(self, time: mp.mpf) -> None:
        """Let the neuron fire now."""
        self.move(time)
        self.V, self.free = self.reset, time + self.held


def event_driven(
    neurons: list[Neuron], synapses: Mapping[int, Sequence[tuple[int, int, float, float]]], given: Sequence[tuple[float, int, int, float]], end: float
) -> list[tuple[float, int]]:
    """Return the times and the neurons of all spikes.

    Parameters
    ----------
    synapses : mapping
        Of each neuron, those behind it: the neuron, the number of the current, the weight, the delay.
    given : sequence
        What arrives from outside: when, at which neuron, in which current, by how much. Current -1 is the voltage itself.
    """
    mp.mp.dps = 30
    queue = [(mp.mpf(time), k, n, c, mp.mpf(w)) for k, (time, n, c, w) in enumerate(given)]
    heapq.heapify(queue)
    number, until, found = len(queue), mp.mpf(end), []
    # Of each neuron when it fires next if nothing arrives before: it changes where something arrives at it or where it fires.
    coming = [n.spike(until) for n in neurons]
    while True:
        nearest = min(((time, k) for k, time in enumerate(coming) if time is not None), default=None)
        if queue and (nearest is None or queue[0][0] <= nearest[0]):
            time, _, n, current, weight = heapq.heappop(queue)
            if time >= until:
                return found
            neurons[n].move(time)
            if current >= 0:
                neurons[n].g[current] += weight
            elif time >= neurons[n].free:
                neurons[n].V += weight
            coming[n] = neurons[n].spike(until)
            continue
        if nearest is None:
            return found
        time, n = nearest
        neurons[n].fire(time)
        found.append((float(time), n))
        for target, current, weight, delay in synapses.get(n, ()):
            number += 1
            heapq.heappush(queue, (time + mp.mpf(delay), number, target, current, mp.mpf(weight)))
        coming[n] = neurons[n].spike(until)
