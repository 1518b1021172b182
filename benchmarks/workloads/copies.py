"""10 000 copies of the stochastic LIF neuron, 1 s at dt = 0.1 ms: an ensemble beside the same loop written by hand in numba.

Both record spikes alone and draw from the same generator with the same keys, so that the spikes have to be the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
from numba import njit

import neurodsl as nd
from benchmarks.harness import Bench, Measured, Workload

COPIES, DT, STEPS, SEED = 10_000, 0.1, 10_000, 1
MASK = 0xFFFFFFFF


@njit(error_model="numpy")
def philox(step, draw, element, key):  # type: ignore[no-untyped-def]
    a, b, c, d, low, high = step & MASK, step >> 32, element, draw, key & MASK, key >> 32
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = ((q >> 32) & MASK) ^ b ^ low, q & MASK, ((p >> 32) & MASK) ^ d ^ high, p & MASK
        low, high = (low + 0x9E3779B9) & MASK, (high + 0xBB67AE85) & MASK
    return (((a << 21) ^ (b >> 11)) + 0.5) * 2.0**-53, (((c << 21) ^ (d >> 11)) + 0.5) * 2.0**-53


@njit(error_model="numpy")
def loop(copies, steps, dt, key, times, origins):  # type: ignore[no-untyped-def]
    tau, mu, sigma, threshold, reset = 10.0, -52.0, 3.0, -50.0, -70.0
    noise, root = sigma * math.sqrt(2.0) / math.sqrt(tau), math.sqrt(dt)
    count = 0
    for copy in range(copies):
        v, second = -65.0, 0.0
        above = v >= threshold
        for k in range(steps):
            if k % 2 == 0:
                first, other = philox(k >> 1, 0, copy, key)
                radius, angle = math.sqrt(-2.0 * math.log(first)), 6.283185307179586 * other
                xi, second = radius * math.cos(angle), radius * math.sin(angle)
            else:
                xi = second
            v = v + dt * ((mu - v) / tau) + noise * (root * xi)
            if v >= threshold and not above:
                times[count], origins[count] = (k + 1) * dt, copy
                count += 1
                v = reset
            above = v >= threshold
    return count


def simulate(bench: Bench, threads: int, given: Mapping[str, float]) -> Measured:
    result = nd.load("stochastic_lif").simulate(duration=DT * STEPS, dt=DT, seed=SEED, copies=COPIES, record="spikes")
    took = result.meta["timing"]
    return Measured(took["run_s"], None, took["compile_s"], {"times": result.spikes.times, "index": result.spikes.index})


def by_hand(bench: Bench, threads: int) -> Measured:
    times, origins = np.empty(100 * COPIES), np.empty(100 * COPIES, np.int64)
    loop(1, STEPS, DT, SEED, times, origins)
    began = time.perf_counter()
    count = loop(COPIES, STEPS, DT, SEED, times, origins)
    seconds = time.perf_counter() - began
    order = np.lexsort((origins[:count], times[:count]))
    return Measured(seconds, found={"times": times[order], "index": origins[order]})


def complaint(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """The very same spikes."""
    assert peer is not None
    return None if all(np.array_equal(ours.found[name], peer.found[name]) for name in ("times", "index")) else "other spikes"


WORKLOAD = Workload("copies", "10 000 copies of a LIF neuron in noise, 10 000 steps", simulate, {"numba by hand": by_hand}, "", complaint)
