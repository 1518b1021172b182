"""W6: 100 000 FitzHugh-Nagumo neurons, 400 values of I by 250 of b, rk4 at dt = 0.05 for 200; where they end, and how often v crosses 0."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd
from benchmarks.harness import MODELS, Bench, Measured, Missing, Workload

Floats = NDArray[np.float64]

OVER = {"I": (0.0, 1.5, 400), "b": (0.5, 1.0, 250)}
MEASURES = ["final(v)", "final(w)", "crossings(v, 0)"]
DT, STEPS = 0.05, 4000
PROBED = slice(0, None, 997)


def sweep(bench: Bench, threads: int, given: Mapping[str, float]) -> Measured:
    model, cpu = nd.load(MODELS / "w6.neuro"), time.process_time()
    told = model.sweep_table(over=OVER, measure=MEASURES, method="rk4", set=given, threads=threads)
    cpu = time.process_time() - cpu
    v, w, crossings = (told[name].ravel() for name in MEASURES)
    found = {"crossings": int(crossings.sum()), "sum_v": float(v.sum()), "sum_w": float(w.sum()), "v": v, "each": crossings}
    took = told.meta["timing"]
    return Measured(took["run_s"], cpu - took["build_s"] - took["compile_s"], took["compile_s"], found)


def reference(I: Floats, b: Floats, a: float, tau: float) -> tuple[Floats, Floats]:
    """Return where v ends and how often it crosses 0 upwards, by the classical Runge-Kutta method in numpy."""

    def slopes(y: Floats) -> Floats:
        v, w = y
        return np.array([v - v**3 / 3 - w + I, (v + a - b * w) / tau])

    y, crossings = np.array([np.full_like(I, -1.0), np.full_like(I, -0.5)]), np.zeros_like(I)
    for _ in range(STEPS):
        k1 = slopes(y)
        k2 = slopes(y + DT / 2 * k1)
        k3 = slopes(y + DT / 2 * k2)
        k4 = slopes(y + DT * k3)
        before, y = y[0], y + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        crossings += (before < 0) & (y[0] >= 0)
    return y[0], crossings


def complaint(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """The crossings within 0.01 % of the C program's, and v of single points within 1e-6 of numpy's."""
    found = ours.found
    if peer is not None and not given and abs(found["crossings"] - peer.found["crossings"]) > 1e-4 * peer.found["crossings"]:
        return f"{found['crossings']} crossings, C has {peer.found['crossings']}"
    I, b = (axis.ravel()[PROBED] for axis in np.meshgrid(*(np.linspace(*OVER[name]) for name in ("I", "b")), indexing="ij"))
    v, crossings = reference(I, b, given.get("a", 0.7), given.get("tau", 12.5))
    apart = float(np.max(np.abs(found["v"][PROBED] - v)))
    if apart > 1e-6:
        return f"v ends {apart:.1g} from where numpy's rk4 ends"
    return None if np.array_equal(found["each"][PROBED], crossings) else "other crossings than numpy's rk4"


def brian2(bench: Bench, threads: int) -> Measured:
    if threads > 1:
        raise Missing("Brian2 warns that its threads are not well tested")
    return bench.brian("brian2_w6")


WORKLOAD = Workload(
    name="W6",
    title="100 000 points of FitzHugh-Nagumo, rk4, 4000 steps",
    ours=sweep,
    peers={
        "C": lambda bench, threads: bench.limit("w6_fhn", threads),
        "Brian2": brian2,
    },
    goal="1.3 x C",
    complaint=complaint,
    constants={"a": 0.7, "tau": 12.5},
    threads=(1, 2),
    loop=True,
)
