"""W3: integrate-and-fire neurons with synaptic currents (Vogels and Abbott), exact at dt = 0.1 ms for 1 s; the spikes of each."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness import Workload
from benchmarks.networking import brian2, nest, simulate, spikes_like


def workload(name: str, title: str, goal: str, spikes: int, threads: Sequence[int]) -> Workload:
    network = name.lower()
    return Workload(
        name=name,
        title=title,
        ours=lambda bench, threads, given: simulate(bench, threads, network, "w3"),
        peers={
            "C": lambda bench, threads: bench.limit("w3_cuba", network[-1], threads, "scaled"),
            "Brian2": brian2("brian2_w3", network),
            "NEST": nest("w3", network),
        },
        goal=goal,
        complaint=lambda ours, peer, given: spikes_like(ours, peer, spikes),
        loop=True,
        threads=threads,
    )


W3A = workload("W3a", "4000 LIF neurons, 319 000 synapses, 10 000 steps", "2 x C, 1/3 of Brian2", 21_504, (1,))
W3B = workload("W3b", "20 000 LIF neurons, 1.6 million synapses, 10 000 steps", "1.5 x C, 1/3 of Brian2", 102_854, (1, 2))
