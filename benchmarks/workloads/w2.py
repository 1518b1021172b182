"""W2: 10 000 Hodgkin-Huxley neurons with currents from 0 to 20 uA/cm^2, rk4 at dt = 0.01 ms for 100 ms; the spikes of each."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

import neurodsl as nd
from benchmarks.harness import MODELS, Bench, Measured, Missing, Workload

N, HIGHEST = 10_000, 20.0
PROBED = (0, 1500, 3200, 5000, 9999)


def sweep(bench: Bench, threads: int, given: Mapping[str, float]) -> Measured:
    model, cpu = nd.load(MODELS / "w2.neuro"), time.process_time()
    told = model.sweep_table(over={"I": (0.0, HIGHEST, N)}, measure=["spikes"], method="rk4", events="grid", set=given, threads=threads)
    cpu = time.process_time() - cpu
    took, spikes = told.meta["timing"], told["spikes"]
    return Measured(took["run_s"], cpu - took["build_s"] - took["compile_s"], took["compile_s"], {"spikes": int(spikes.sum()), "each": spikes})


def complaint(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """All spikes within 0.1 % of the C program's; those of single neurons as a run of the model alone has them."""
    found = ours.found["spikes"]
    if peer is not None and not given and abs(found - peer.found["spikes"]) > 1e-3 * peer.found["spikes"]:
        return f"{found} spikes, C has {peer.found['spikes']}"
    model = nd.load(MODELS / "w2.neuro")
    for i in PROBED:
        alone = model.simulate(method="rk4", events="grid", record="spikes", set=given, I=float(np.linspace(0.0, HIGHEST, N)[i]))
        if alone.spikes.count != ours.found["each"][i]:
            return f"neuron {i} fires {ours.found['each'][i]:g} times, alone {alone.spikes.count}"
    return None


def brian2(bench: Bench, threads: int) -> Measured:
    if threads > 1:
        raise Missing("Brian2 warns that its threads are not well tested")
    return bench.brian("brian2_w2")


WORKLOAD = Workload(
    name="W2",
    title="10 000 Hodgkin-Huxley neurons, rk4, 10 000 steps",
    ours=sweep,
    peers={
        "C": lambda bench, threads: bench.limit("w2_hh", "shared", threads),
        "Brian2": brian2,
    },
    goal="1.3 x C",
    complaint=complaint,
    constants={"C": 1.0, "g_Na": 120.0, "g_K": 36.0, "g_L": 0.3, "E_Na": 50.0, "E_K": -77.0, "E_L": -54.387},
    threads=(1, 2),
    loop=True,
)
