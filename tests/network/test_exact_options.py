"""Networks with exact spike times beside the options of a run: what goes with them, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from network.exact_cells import CELL, run

import neurodsl as nd
from neurodsl.explaining import explained
from neurodsl.run.failure import Failure


def test_copies_and_points_of_a_sweep_have_exact_times_too() -> None:
    text = CELL + "network n:\n    population A = cell[1] with E = 1.5\n    simulate: duration 100 [ms]; dt 0.1 [ms]\n"
    model = nd.loads(text)
    single = model.simulate(events="exact", seed=1).spikes["A"].times
    copies = model.simulate(events="exact", seed=1, copies=2, threads=2)
    assert [copies[k].spikes["A"].times.tolist() for k in range(2)] == [single.tolist()] * 2
    swept = model.sweep({"A.tau": [5, 10]}, events="exact", measure="spikes(A)")
    assert np.ravel(swept["spikes(A)"]).tolist() == [math.floor((100 + 2.03) / (2.03 + tau * math.log(3))) for tau in (5, 10)]


REFUSED = {
    "no delay": ("", "all to all", {}, "arrive without a delay"),
    "a delay of 0": ("", "all to all, delay 0 [ms]", {}, "arrive without a delay"),
    "an input": ("post.I += w", "all to all, delay 1 [ms]", {}, "add to the input `I`"),
    "another method": ("", "all to all, delay 1 [ms]", {"method": "rk4"}, "not from `rk4`"),
    "another word": ("", "all to all, delay 1 [ms]", {"events": "precise"}, "cannot be `precise`"),
    "a long step": ("", "all to all, delay 400 [ms]", {"dt": 400, "duration": 800}, "too long for exact spike times"),
    "a drive that changes between two points": (
        "",
        "all to all, delay 1 [ms]",
        {"input": {"A.E": "step(t, 3.14159 [ms])"}},
        "changes at t = 3.14159",
    ),
    "what changes before the synapse": ("post.V += w*pre.V", "all to all, delay 1 [ms]", {}, "looks at `pre.V`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_have_exact_times_is_refused_by_name(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    action, clauses, options, told = REFUSED[case]
    text = CELL.replace("E = 0,", "").replace("init V", "input E = 0, I = 0\n    init V").replace("-V + E", "-V + E + I")
    text = text.replace("post.V += w", action or "post.V += w")
    text += f"network n:\n    population A = cell[2]\n    connect A -> A with jump, {clauses}\n    simulate: duration 100 [ms]; dt 0.1 [ms]\n"
    with pytest.raises(nd.NeuroError) as caught:
        run(text, **options)
    assert told in caught.value.report.found[0].message
    assert caught.value.report.found[0].help


def test_a_neuron_that_fires_without_end_ends_the_run_with_what_was_good() -> None:
    text = CELL.replace("V >= theta: V = 0; hold V for refractory", "V > theta: V = theta")
    text += "network n:\n    population A = cell[2] with E = 1.5 - i\n    simulate: duration 30 [ms]; dt 0.1 [ms]; record A.V\n"
    with pytest.raises(Failure) as caught:
        run(text)
    assert caught.value.report.found[0].message == "`A` fires without end in the step from t = 10.9 ms on"
    assert caught.value.report.found[0].rule.code == "R103"
    assert caught.value.result is not None
    assert caught.value.result.elapsed == pytest.approx(10.9)


def test_one_thread_runs_what_has_exact_times_and_the_explanation_says_so() -> None:
    text = CELL + "network n:\n    population A = cell[2000] with E = 1.5 + i/1000\n    simulate: duration 20 [ms]; dt 0.1 [ms]\n"
    found = run(text, threads=2)
    assert found.meta["threads"] == 1
    first = [10 * math.log((1.5 + i / 1000) / (0.5 + i / 1000)) for i in range(2000)]
    times = [t + k * (t + 2.03) for t in first for k in range(int((20 - t) / (t + 2.03)) + 1)]
    assert found.spikes["A"].times == pytest.approx(sorted(times), abs=1e-12)
    told = "\n".join(explained(nd.loads(text), None, "exact", None))
    assert "20 ms in steps of 0.1 ms, spikes at exact times between them" in told
    assert "spikes at exact times act one after the other, so that threads cannot share a run" in told


def test_synapses_that_are_advanced_in_every_step_are_refused() -> None:
    text = CELL + "synapse slow:\n    init w = 1\n    dw/dt = -w^2/[ms]\n    on pre: post.V += w\n"
    text += "network n:\n    population A = cell[2]\n    connect A -> A with slow, all to all, delay 1 [ms]\n    simulate: duration 10 [ms]; dt 0.1 [ms]\n"
    with pytest.raises(nd.NeuroError) as caught:
        run(text)
    assert caught.value.report.found[0].message == "`A -> A` has no exact spike times: `w` of `slow` is advanced step by step at every synapse"


def test_a_file_that_asks_for_exact_times_and_cannot_have_them_is_told_by_check() -> None:
    text = CELL + "network n:\n    population A = cell[2] with E = 1.5\n    connect A -> A with jump, all to all{}\n    simulate: events exact\n"
    told = [[d.message for d in nd.loads(text.format(clause)).check().found] for clause in (", delay 1 [ms]", "")]
    assert told[0] == []
    assert told[1] == [
        "`A -> A` has no exact spike times: spikes arrive without a delay, and they need one of at least a step, which is what the grid does"
    ]
