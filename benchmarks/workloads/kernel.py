"""One Hodgkin-Huxley neuron, 1 s at dt = 0.01 ms with rk4, V at every step: the generated kernel beside the same loop written by hand in numba."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial

import numpy as np
from numba import njit

import neurodsl as nd
from benchmarks.harness import Bench, Measured, Workload

DT, STEPS = 0.01, 100_000
START = {"V": 0.0036206688079482, "m": 0.05295508681300816, "h": 0.5959941247398636, "n": 0.31773239976086587}


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
def loop(V, m, h, n, current, dt, steps, trace, spikes):  # type: ignore[no-untyped-def]
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


def simulate(bench: Bench, threads: int, given: Mapping[str, float], *, events: str) -> Measured:
    model = nd.load("hodgkin_huxley")
    result = model.simulate(duration=DT * STEPS, dt=DT, method="rk4", events=events, record=["V"], init=START)
    took = result.meta["timing"]
    return Measured(took["run_s"], None, took["compile_s"], {"V": result["V"], "spikes": result.spikes.count})


def by_hand(bench: Bench, threads: int) -> Measured:
    trace, spikes = np.empty(STEPS + 1), np.empty(1000)
    loop(*START.values(), 10.0, DT, 10, trace, spikes)
    began = time.perf_counter()
    count = loop(*START.values(), 10.0, DT, STEPS, trace, spikes)
    return Measured(time.perf_counter() - began, found={"V": trace, "spikes": count})


def complaint(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """The same spikes, and traces that rounding alone keeps apart."""
    assert peer is not None
    apart = float(np.max(np.abs(ours.found["V"] - peer.found["V"])))
    return None if ours.found["spikes"] == peer.found["spikes"] and apart < 1e-4 else f"traces apart by up to {apart:.1g} mV"


def workload(events: str) -> Workload:
    what = f"one Hodgkin-Huxley neuron, rk4, 100 000 steps, V at each, events {events}"
    return Workload(f"kernel {events}", what, partial(simulate, events=events), {"numba by hand": by_hand}, "", complaint)


GRID, EXACT = workload("grid"), workload("exact")
