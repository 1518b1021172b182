"""Rasters of Galves-Löcherbach neurons: chance, memory, and what excitation among them makes of it.

In the shipped model ``galves_locherbach`` (Galves, Löcherbach 2013, doi:10.1007/s10955-013-0733-9) time goes in steps. A neuron spikes with a probability that
depends on the spikes of the others since its own last one, and forgets them when it spikes. Without weights that probability is phi(0) in every step, so the
neurons are independent Bernoulli processes; the script checks their rate and that their counts vary as the binomial law says.

The variance of the number of spikes in a step, over that of independent neurons of the same rate, tells how far they act together: it is 1 without weights.
With strong ones the population goes over, by chance, from a quiet state to an active one.

Run it as ``python 05_galves_locherbach_raster.py``, with ``--plot raster.png`` for a figure, with ``--steps 1000`` for longer runs.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd

NEURONS = 50
SCALES = (0.0, 0.8, 1.0)
"""Of the weights."""
SILENT = 1 / (1 + math.exp(4))
"""phi(0)."""


@dataclass(frozen=True)
class Raster:
    """The spikes of a run of so many steps: when, and of which neuron."""

    steps: int
    times: NDArray[np.float64]
    index: NDArray[np.int64]

    @property
    def rate(self) -> float:
        """Return the mean number of spikes of a neuron in a step."""
        return len(self.times) / (self.steps * NEURONS)

    @property
    def synchrony(self) -> float:
        """Return the variance of the number of spikes in a step, over that of independent neurons."""
        counts = np.bincount(self.times.astype(int), minlength=self.steps + 1)[1:]
        return float(counts.var(ddof=1) / (NEURONS * self.rate * (1 - self.rate)))

    @property
    def dispersion(self) -> float:
        """Return the variance of the counts of the neurons, over that of the binomial law."""
        counts = np.bincount(self.index, minlength=NEURONS)
        return float(counts.var(ddof=1) / (self.steps * self.rate * (1 - self.rate)))


def raster(w: float, steps: int, seed: int = 1) -> Raster:
    """Return the spikes for a scale of the weights."""
    spikes = nd.load("galves_locherbach").simulate(duration=steps, seed=seed, set={"w": w, "N": NEURONS}, record=["spikes"]).spikes
    return Raster(steps, np.asarray(spikes.times), np.asarray(spikes.index))


def draw(rasters: dict[float, Raster], path: str) -> None:
    """Draw the first steps of the rasters, one above the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    for axes, (w, spikes) in zip(figure.subplots(len(rasters), 1, sharex=True), rasters.items(), strict=True):
        axes.plot(spikes.times, spikes.index, "|", color="C0", markersize=4)
        axes.set(ylabel="neuron", xlim=(0, min(300, spikes.steps)), ylim=(-1, NEURONS))
        axes.set_title(f"w = {w:g}: {spikes.rate:.3f} spikes in a step, synchrony {spikes.synchrony:.2f}", loc="left", fontsize=10)
    axes.set_xlabel("step")
    figure.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print the rates and the synchrony, and draw the rasters where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=500, help="of each run")
    parser.add_argument("--plot", metavar="FILE", help="draw the figure")
    asked = parser.parse_args(arguments)

    rasters = {w: raster(w, asked.steps) for w in SCALES}
    print("scale of the weights   rate     synchrony   counts over binomial")
    for w, spikes in rasters.items():
        print(f"{w:<22g} {spikes.rate:<8.4f} {spikes.synchrony:<11.2f} {spikes.dispersion:.2f}")
    error = math.sqrt(SILENT * (1 - SILENT) / (asked.steps * NEURONS))
    print(f"\nphi(0) = {SILENT:.4f}: the rate without weights differs by {(rasters[0.0].rate - SILENT) / error:+.1f} standard errors")
    if asked.plot:
        draw(rasters, asked.plot)


if __name__ == "__main__":
    main()
