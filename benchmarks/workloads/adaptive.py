"""2000 points of models that fire, with adaptive steps and located spikes: side by side in lanes beside one after the other, as single runs go.

Every tenth point is run one after the other, and its time counts ten times.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

import neurodsl as nd
from benchmarks.harness import Bench, Measured, Workload
from neurodsl.diagnostics import Report
from neurodsl.run.points import run_points
from neurodsl.sweep.planned import Request, planned

OVER = {
    "fitzhugh_nagumo": ({"I_ext": (0.0, 1.5, 50), "b": (0.5, 1.0, 40)}, 200.0, "v"),
    "hodgkin_huxley": ({"I": (0.0, 50.0, 50), "g_K": (30.0, 42.0, 40)}, 100.0, "V"),
    "adex": ({"I": (200.0, 700.0, 50), "b": (0.0, 100.0, 40)}, 200.0, "V"),
}
TENTH = 10
MEASURES = {"spikes": ["spikes"], "samples": ["spikes", "max({})", "mean({})"]}
APART = 1e-6
"""How far measures may be from those of the points one after the other, relatively; the highest sample of an upstroke is steep."""


def points(bench: Bench, threads: int, given: Mapping[str, float] | None = None, *, name: str, what: str, beside: bool) -> Measured:
    """Run the points of a model side by side, or a tenth of them one after the other."""
    over, duration, state = OVER[name]
    measures = [measure.format(state) for measure in MEASURES[what]]
    made = planned(nd.load(name), Request(over, measures, duration=duration, method="rk45"), Report())
    every = slice(None, None, 1 if beside else TENTH)
    job = made.job if beside else replace(made.job, lanes="")
    values, seeds = made.values[every], made.seeds[every]
    compile_s = run_points(job, made.folder, values[:1], seeds[:1]).compile_s
    began, cpu = time.perf_counter(), time.process_time()
    found = run_points(job, made.folder, values, seeds)
    seconds, cpu = time.perf_counter() - began - found.compile_s, time.process_time() - cpu - found.compile_s
    factor = 1 if beside else TENTH
    return Measured(factor * seconds, factor * cpu, compile_s + found.compile_s, {"table": found.table})


def complaint(ours: Measured, peer: Measured | None, given: Mapping[str, float]) -> str | None:
    """The same numbers of spikes, and measures of samples up to the error of the method."""
    assert peer is not None
    mine, theirs = ours.found["table"][::TENTH], peer.found["table"]
    if not np.array_equal(mine[:, 0], theirs[:, 0]):
        return "other numbers of spikes"
    apart = float(np.max(np.abs(mine - theirs) / np.maximum(1.0, np.abs(theirs))))
    return None if apart < APART else f"measures apart by up to {apart:.1g}"


def workload(name: str, what: str) -> Workload:
    title = f"2000 points of {name}, rk45, {'spikes' if what == 'spikes' else 'spikes, largest and mean value'}"
    ours, alone = (partial(points, name=name, what=what, beside=beside) for beside in (True, False))
    return Workload(f"adaptive {name} {what}", title, ours, {"alone": alone}, "half of alone", complaint, loop=True)


FHN, FHN_SAMPLES = (workload("fitzhugh_nagumo", what) for what in MEASURES)
HH, HH_SAMPLES = (workload("hodgkin_huxley", what) for what in MEASURES)
ADEX, ADEX_SAMPLES = (workload("adex", what) for what in MEASURES)
