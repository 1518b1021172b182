"""Synapses compete for a neuron: spike-timing-dependent plasticity parts their weights and keeps the rate of the neuron in bounds.

In the shipped network ``song_abbott`` (Song, Miller, Abbott 2000, doi:10.1038/78829) a thousand Poisson inputs drive one neuron. A synapse whose spikes come
shortly before those of the neuron grows, one whose spikes come after them shrinks. The rule is additive and depression a little stronger: spikes that come by
chance weaken a synapse, those that made the neuron fire strengthen it. So the weights part into weak and strong ones. Faster inputs leave fewer of them strong,
and the rate of the neuron hardly follows that of its inputs.

The script prints the rate of the neuron and the weights at the end for several rates of the inputs. What the rate would be if the weights stayed as they were at
the start, half of the largest on average, stands beside it.

Run it as ``python 07_stdp_competition.py``, with ``--plot weights.png`` for a figure, with ``--duration 300`` for longer runs.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd

RATES = (15.0, 20.0, 25.0, 30.0)
"""Of an input, in Hz."""
LARGEST = 0.01
"""The largest weight."""


@dataclass(frozen=True)
class Outcome:
    """The rate of the neuron in the last half of a run, in Hz, and the weights over the largest one at the start and at the end."""

    rate: float
    before: NDArray[np.float64]
    after: NDArray[np.float64]

    @property
    def weak(self) -> float:
        """Return the fraction of weights below a fifth of the largest."""
        return float(np.mean(self.after < 0.2))


def outcome(rate: float, duration: float, plastic: bool = True) -> Outcome:
    """Return what inputs of a rate in Hz make of the neuron in some seconds."""
    values = {"r": f"{rate} [Hz]"} | ({} if plastic else {"stdp.A_plus": 0, "stdp.A_minus": 0})
    run = nd.load("song_abbott").simulate(duration=f"{duration} [s]", seed=1, set=values)
    weights = run["inputs -> neuron.w"] / LARGEST
    late = np.asarray(run.spikes["neuron"].times) > run.elapsed / 2
    return Outcome(float(late.sum()) / (duration / 2), weights[0], weights[-1])


def draw(plastic: dict[float, Outcome], fixed: dict[float, Outcome], path: str) -> None:
    """Draw the weights before and after, and the rate of the neuron over that of its inputs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    shown = plastic[15.0]
    bins = np.linspace(0, 1, 26)
    left.hist(shown.before, bins, color="0.8", label="before")
    left.hist(shown.after, bins, histtype="step", color="C0", linewidth=1.5, label="after")
    left.set(xlabel="weight over the largest", ylabel="synapses", title="inputs of 15 Hz")
    left.legend(frameon=False)
    right.plot(list(plastic), [run.rate for run in plastic.values()], "o-", label="plastic")
    right.plot(list(fixed), [run.rate for run in fixed.values()], "s--", color="0.5", label="weights as at the start")
    right.set(xlabel="rate of an input (Hz)", ylabel="rate of the neuron (Hz)", ylim=(0, None))
    right.legend(frameon=False)
    figure.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print the rates and the weights, and draw them where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=100, help="of each run, in s")
    parser.add_argument("--plot", metavar="FILE", help="draw the figure")
    asked = parser.parse_args(arguments)

    plastic = {rate: outcome(rate, asked.duration) for rate in RATES}
    fixed = {rate: outcome(rate, asked.duration, plastic=False) for rate in RATES}
    print("inputs (Hz)   neuron (Hz)   with the weights of the start   mean weight   weak")
    for rate, run in plastic.items():
        print(f"{rate:<13g} {run.rate:<13.1f} {fixed[rate].rate:<31.1f} {run.after.mean():<13.3f} {run.weak:.3f}")
    if asked.plot:
        draw(plastic, fixed, asked.plot)


if __name__ == "__main__":
    main()
