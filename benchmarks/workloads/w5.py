"""W5: plasticity. A neuron whose 1000 inputs compete (Song and Abbott) for 100 s, and a recurrent network for 10 s, at dt = 0.1 ms; spikes and weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmarks.harness import Bench, Measured, Workload
from benchmarks.networking import alone, brian2, nest, simulate, spikes_like

WEAK, MEAN = 0.347, 0.162788
"""Of the programs in C: the fraction of weights below a fifth of the largest in W5a, and the mean weight in mV in W5b."""


def song_abbott(bench: Bench) -> Measured:
    """Run W5a in C, which names what it finds in its own way."""
    run = bench.limit("w5_stdp", "a")
    return replace(run, found={"spikes": run.found["post_spikes"], "low": run.found["frac_low"]})


def competition(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """The spikes within 5 %, and the fraction of weak synapses within 0.1: the inputs are other ones."""
    low = WEAK if peer is None else peer.found["low"]
    apart = f"{ours.found['low']:.3f} of the weights are low, elsewhere {low:.3f}"
    return spikes_like(ours, peer, 2517) or (None if abs(ours.found["low"] - low) <= 0.1 else apart)


def recurrent(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """The spikes and the mean weight within 5 %."""
    mean = MEAN if peer is None else peer.found["mean_w"]
    apart = f"the mean weight is {ours.found['mean_w']:.4f} mV, elsewhere {mean:.4f}"
    return spikes_like(ours, peer, 154_277) or (None if abs(ours.found["mean_w"] - mean) <= 0.05 * mean else apart)


W5A = Workload(
    name="W5a",
    title="a neuron behind 1000 plastic synapses with Poisson inputs, a million steps",
    ours=lambda bench, threads, given: simulate(bench, threads, "w5a", "w5a", weights="P -> N.w"),
    peers={"C": alone(song_abbott, "the C program runs on one thread"), "Brian2": brian2("brian2_w5a", "w5a")},
    goal="2 x C, 1/10 of Brian2",
    complaint=competition,
    loop=True,
)
W5B = Workload(
    name="W5b",
    title="1000 LIF neurons, 639 200 plastic synapses, 100 000 steps",
    ours=lambda bench, threads, given: simulate(bench, threads, "w5b", "w5b", weights="E -> E.w"),
    peers={
        "C": alone(lambda bench: bench.limit("w5_stdp", "b"), "the C program runs on one thread"),
        "Brian2": brian2("brian2_w5b", "w5b"),
        "NEST": nest("w5b", "w5b"),
    },
    goal="1.5 x C, 1/10 of Brian2",
    complaint=recurrent,
    loop=True,
)
