"""W4: 4000 neurons of the Hodgkin-Huxley type with synaptic conductances, exponential Euler at dt = 0.05 ms for 1 s; the spikes of each."""

from __future__ import annotations

from benchmarks.harness import Workload
from benchmarks.networking import brian2, nest, simulate, spikes_like

WORKLOAD = Workload(
    name="W4",
    title="4000 Hodgkin-Huxley neurons, 319 000 synapses, 20 000 steps",
    ours=lambda bench, threads, given: simulate(bench, threads, "w4", "w4", pairs="w3a"),
    peers={
        "C": lambda bench, threads: bench.limit("w4_cobahh", threads, "shared"),
        "Brian2": brian2("brian2_w4", "w3a", "w4"),
        "NEST": nest("w4", "w3a", "w4"),
    },
    goal="1.3 x C, 1/10 of Brian2",
    complaint=lambda ours, peer, given: spikes_like(ours, peer, 140_759),
    loop=True,
    threads=(1, 2),
)
