"""One Hodgkin-Huxley neuron, 1 s at dt = 0.01 ms with rk4: the generated kernel beside the same loop written by hand in numba.

Run: ``python benchmarks/kernel.py``. Both record V at every step and find the spikes; medians of the ratio over nine runs in turn.
"""

from __future__ import annotations

import math
import statistics
import time

import numpy as np
from numba import njit

import neurodsl as nd

DT, STEPS = 0.01, 100_000


@njit(error_model="numpy")
def rates(V, m, h, n, current):  # type: ignore[no-untyped-def]
    x, y = (25.0 - V) / 10.0, (10.0 - V) / 10.0
    am = x / (math.exp(x) - 1.0) if x != 0.0 else 1.0
    an = 0.1 * y / (math.exp(y) - 1.0) if y != 0.0 else 0.1
    bm, ah = 4.0 * math.exp(-V / 18.0), 0.07 * math.exp(-V / 20.0)
    bh, bn = 1.0 / (math.exp((30.0 - V) / 10.0) + 1.0), 0.125 * math.exp(-V / 80.0)
    dV = current - 120.0 * m * m * m * h * (V - 115.0) - 36.0 * n * n * n * n * (V + 12.0) - 0.3 * (V - 10.613)
    return dV, am * (1.0 - m) - bm * m, ah * (1.0 - h) - bh * h, an * (1.0 - n) - bn * n


@njit(error_model="numpy")
def by_hand(V, m, h, n, current, dt, steps, trace, spikes):  # type: ignore[no-untyped-def]
    count = 0
    trace[0] = V
    for k in range(steps):
        a1, b1, c1, d1 = rates(V, m, h, n, current)
        a2, b2, c2, d2 = rates(V + 0.5 * dt * a1, m + 0.5 * dt * b1, h + 0.5 * dt * c1, n + 0.5 * dt * d1, current)
        a3, b3, c3, d3 = rates(V + 0.5 * dt * a2, m + 0.5 * dt * b2, h + 0.5 * dt * c2, n + 0.5 * dt * d2, current)
        a4, b4, c4, d4 = rates(V + dt * a3, m + dt * b3, h + dt * c3, n + dt * d3, current)
        before = V
        V += dt / 6.0 * (a1 + 2.0 * (a2 + a3) + a4)
        m += dt / 6.0 * (b1 + 2.0 * (b2 + b3) + b4)
        h += dt / 6.0 * (c1 + 2.0 * (c2 + c3) + c4)
        n += dt / 6.0 * (d1 + 2.0 * (d2 + d3) + d4)
        trace[k + 1] = V
        if before < 50.0 <= V:
            spikes[count] = (k + 1) * dt
            count += 1
    return count


def main() -> None:
    """Print the times, the ratio, and how far the two traces are apart."""
    model = nd.load("hodgkin_huxley")
    start = model.simulate(duration=DT, dt=DT, method="rk4").values
    initial = [float(start[name][0]) for name in ("V", "m", "h", "n")]
    trace, spikes = np.empty(STEPS + 1), np.empty(1000)
    by_hand(*initial, 10.0, DT, 10, trace, spikes)
    for events in ("grid", "exact"):
        ratios, ours, theirs = [], [], []
        for _ in range(9):
            began = time.perf_counter()
            count = by_hand(*initial, 10.0, DT, STEPS, trace, spikes)
            theirs.append(time.perf_counter() - began)
            result = model.simulate(duration=DT * STEPS, dt=DT, method="rk4", events=events, record=["V"])
            ours.append(result.meta["timing"]["run_s"])
            ratios.append(ours[-1] / theirs[-1])
        apart = float(np.max(np.abs(result["V"] - trace)))
        print(
            f"events {events:<5}: generated {statistics.median(ours):.4f} s, by hand {statistics.median(theirs):.4f} s, "
            f"ratio {statistics.median(ratios):.2f}; spikes {result.spikes.count} and {count}, traces apart by at most {apart:.1e} mV"
        )


if __name__ == "__main__":
    main()
