"""A network that keeps itself active: rates and irregularity of its neurons, and how inhibition keeps them out of step.

The shipped network ``cuba`` (Vogels, Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005; Brette et al. 2007, doi:10.1007/s10827-007-0038-6) has 3200 excitatory
and 800 inhibitory integrate-and-fire neurons, joined at random. Nothing drives them but a leak that ends 1 mV above the threshold; inhibition keeps them
below it on average, so that they fire when the fluctuations of their input let them, at a few Hz, and each at times of its own. With weaker inhibition they
fire faster, more regularly, and in the end all together.

The script makes the inhibitory synapses weaker and weaker and prints what the spikes tell: the rate; the coefficient of variation of the intervals of a neuron,
1 for a Poisson process and 0 for a clock; the Fano factor of the counts of a neuron in 100 ms, 1 and 0 again; and how synchronous the population is, the
standard deviation of its rate in bins of 5 ms over that of independent neurons.

Run it as ``python 06_balanced_network.py``, with ``--plot network.png`` for a figure, with ``--duration 5000`` for longer runs.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd
from neurodsl.solution.network import NetworkResult
from neurodsl.spike_statistics import bin_edges, cvs, fano_factor, population_rate, spike_counts, spike_synchrony

WEIGHTS = (-9.0, -6.0, -3.0)
"""Of the inhibitory synapses, in mV; the first is the one of the papers."""
SHOWN = 80
"""Neurons in a raster, four excitatory to each inhibitory one."""


@dataclass(frozen=True)
class Activity:
    """The spikes of the excitatory neurons in the part of a run behind its start, times in ms."""

    times: NDArray[np.float64]
    index: NDArray[np.int64]
    size: int
    start: float
    stop: float

    @property
    def rate(self) -> float:
        """Return the mean rate of a neuron in Hz."""
        return 1000 * len(self.times) / (self.size * (self.stop - self.start))

    @property
    def irregularity(self) -> float:
        """Return the mean coefficient of variation of the intervals, over the neurons that have some."""
        return float(np.nanmean(cvs(self.times, self.index, self.size)))

    @property
    def fano(self) -> float:
        """Return the mean Fano factor of the counts of a neuron in 100 ms."""
        counts = spike_counts(self.times, self.index, self.size, bin_edges(self.start, self.stop, 100))
        return float(np.mean([fano_factor(row) for row in counts if row.any()]))

    @property
    def synchrony(self) -> float:
        """Return the standard deviation of the rate in bins of 5 ms, over that of independent neurons."""
        return spike_synchrony(self.times, self.index, self.size, bin_edges(self.start, self.stop, 5)) * math.sqrt(self.size)


def simulated(w: float, duration: float) -> NetworkResult:
    """Return a run with a weight of inhibition."""
    return nd.load("cuba").simulate(duration=duration, seed=1, set={"inhibitory.w": w})


def activity(run: NetworkResult, start: float = 100) -> Activity:
    """Return the spikes of the excitatory neurons of a run from some time on."""
    spikes = run.spikes["E"]
    late = np.asarray(spikes.times) >= start
    return Activity(np.asarray(spikes.times)[late], np.asarray(spikes.index)[late], run.sizes["E"], start, run.elapsed)


def draw(runs: dict[float, NetworkResult], path: str) -> None:
    """Draw a raster and the rate below it for each weight."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6), layout="constrained")
    axes = figure.subplots(2, len(runs), sharex=True, height_ratios=(3, 1), squeeze=False)
    for (upper, lower), (w, run) in zip(axes.T, runs.items(), strict=True):
        rows = {"E": (0, SHOWN * 4 // 5, "C0"), "I": (SHOWN * 4 // 5, SHOWN // 5, "C3")}
        for name, (first, count, colour) in rows.items():
            spikes = run.spikes[name]
            some = np.asarray(spikes.index) < count
            upper.plot(np.asarray(spikes.times)[some], np.asarray(spikes.index)[some] + first, ".", color=colour, markersize=2)
            edges = bin_edges(0, run.elapsed, 5)
            rates = 1000 * population_rate(spikes.times, run.sizes[name], edges)
            lower.stairs(rates, edges, color=colour, label=name)
        found = activity(run)
        upper.set_title(f"w = {w:g} mV: {found.rate:.1f} Hz, CV {found.irregularity:.2f}", loc="left", fontsize=10)
        upper.set(ylim=(-1, SHOWN), xlim=(0, min(500, run.elapsed)))
        lower.set_xlabel("time (ms)")
    axes[0, 0].set_ylabel("neuron")
    axes[1, 0].set_ylabel("rate (Hz)")
    axes[1, 0].set_ylim(0, 1.3 * axes[1, 0].get_ylim()[1])
    axes[1, 0].legend(frameon=False, ncols=2, loc="upper right", borderaxespad=0.1)
    figure.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print what the spikes tell for each weight, and draw them where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=1000, help="of each run, in ms")
    parser.add_argument("--plot", metavar="FILE", help="draw the figure")
    asked = parser.parse_args(arguments)

    runs = {w: simulated(w, asked.duration) for w in WEIGHTS}
    print("inhibition (mV)   rate (Hz)   CV      Fano factor   synchrony")
    for w, run in runs.items():
        found = activity(run)
        print(f"{w:<17g} {found.rate:<11.2f} {found.irregularity:<7.2f} {found.fano:<13.2f} {found.synchrony:.2f}")
    if asked.plot:
        draw(runs, asked.plot)


if __name__ == "__main__":
    main()
