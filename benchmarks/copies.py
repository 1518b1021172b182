"""10 000 copies of the stochastic LIF neuron, 1 s at dt = 0.1 ms: an ensemble beside the same loop written by hand in numba.

Run: ``python benchmarks/copies.py``. Both record spikes alone and draw from the same generator with the same keys, so that the spikes have to
be the same; medians of the ratio over five runs in turn, each on one thread.
"""

from __future__ import annotations

import math
import statistics
import time

import numpy as np
from numba import njit

import neurodsl as nd

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
def by_hand(copies, steps, dt, key, times, origins):  # type: ignore[no-untyped-def]
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


def main() -> None:
    """Print the times, the ratio, and whether the spikes are the same."""
    model = nd.load("stochastic_lif")
    model.simulate(duration=DT * STEPS, dt=DT, seed=SEED, copies=200, record="spikes")
    times, origins = np.empty(100 * COPIES), np.empty(100 * COPIES, np.int64)
    by_hand(1, STEPS, DT, SEED, times, origins)
    ratios, ours, theirs = [], [], []
    for _ in range(5):
        began = time.perf_counter()
        count = by_hand(COPIES, STEPS, DT, SEED, times, origins)
        theirs.append(time.perf_counter() - began)
        result = model.simulate(duration=DT * STEPS, dt=DT, seed=SEED, copies=COPIES, record="spikes")
        ours.append(result.meta["timing"]["run_s"])
        ratios.append(ours[-1] / theirs[-1])
    order = np.lexsort((origins[:count], times[:count]))
    same = np.array_equal(result.spikes.times, times[order]) and np.array_equal(result.spikes.index, origins[order])
    print(
        f"{COPIES} copies: generated {statistics.median(ours):.3f} s, by hand {statistics.median(theirs):.3f} s, "
        f"ratio {statistics.median(ratios):.2f}; {count} spikes, {'the same' if same else 'NOT THE SAME'}"
    )


if __name__ == "__main__":
    main()
