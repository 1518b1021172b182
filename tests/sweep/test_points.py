"""Points of a sweep against closed forms and against single runs of the same numbers."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.measures import Column
from neurodsl.run.points import Job, run_points
from neurodsl.run.windows import Window
from neurodsl.sweep import Request
from neurodsl.sweep.planned import Planned, planned, seed_of_point

FITZHUGH_NAGUMO = """
param a = 0.7, b = 0.8, delta = 0.08
input I = 0.5
init v = -1.2, w = -0.62
dv/dt = v - v^3/3 - w + I
dw/dt = delta*(v + a - b*w)
simulate: duration 20; dt 0.1
"""
NOISY = """
param tau = 10, mu = 1, g ~ normal(1, 0.1)
noise xi
init V = 0
tau*dV/dt = -g*V + mu + xi
on V >= 1.2: V = 0
simulate: duration 20; dt 0.1
"""
POLE = """
param a = 1
init x = 1
dx/dt = a*x^2 - x
simulate: duration 5; dt 0.01; method rk4
"""


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def plan_of(text: str, over: dict[str, Any], **options: Any) -> Planned:
    return planned(nd.loads(text), Request(over, **options), Report())


def test_the_rates_of_the_leaky_neuron_are_those_of_the_closed_form() -> None:
    table = nd.load("lif").sweep_table({"I": (1.2, 4.0, 15), "g_L": [0.1, 0.2]}, measure=["period", "latency", "spikes"])
    currents, leaks = np.meshgrid(table.axes[0].values, table.axes[1].values, indexing="ij")
    with np.errstate(all="ignore"):
        rest = -65 + currents / leaks
        period = np.where(rest > -50, np.log((rest + 70) / (rest + 50)) / leaks, np.nan)
        first = np.where(rest > -50, np.log((rest + 65) / (rest + 50)) / leaks, np.nan)
    fires = first <= 200
    np.testing.assert_allclose(table["latency"], np.where(fires, first, np.nan), rtol=1e-9)
    counts = np.where(fires, 1 + np.floor((200 - np.nan_to_num(first)) / np.nan_to_num(period, nan=1.0)), 0)
    assert table["spikes"].tolist() == counts.tolist()
    np.testing.assert_allclose(table["period"][counts >= 2], period[counts >= 2], rtol=1e-9)
    assert np.isnan(table["period"][counts < 2]).all()


@pytest.mark.parametrize("method", ["rk45", "rk4"])
def test_points_are_single_runs_to_the_last_bit(method: str) -> None:
    model = nd.loads(FITZHUGH_NAGUMO)
    table = model.sweep_table({"I": (0.0, 1.0, 4), "v": [-1.2, 1.0]}, measure=["amplitude(v)", "max(w)", "final"], where="steady", method=method)
    for (i, current), (j, start) in itertools.product(enumerate(table.axes[0].values.tolist()), enumerate([-1.2, 1.0])):
        run = model.simulate(set={"I": current}, init={"v": start}, method=method)
        v, w = run["v"][100:], run["w"][100:]
        single = [v.max() - v.min(), w.max(), run.final["v"], run.final["w"]]
        assert [table[name][i, j] for name in ("amplitude(v)", "max(w)", "final(v)", "final(w)")] == single


def test_a_point_is_the_single_run_with_the_seed_that_the_table_tells() -> None:
    model = nd.loads(NOISY)
    table = model.sweep_table({"mu": [0.5, 1.5]}, copies=2, measure=["final(V)", "spikes"], seed=7)
    assert table.seeds is not None
    for i, mu in enumerate([0.5, 1.5]):
        for copy in range(2):
            run = model.simulate(set={"mu": mu}, seed=int(table.seeds[i, copy]))
            assert (table["final(V)"][i, copy], table["spikes"][i, copy]) == (run.final["V"], run.spikes.count)
    assert len(set(table["final(V)"].ravel().tolist())) == 4


def test_a_random_point_depends_on_its_values_and_not_on_its_place() -> None:
    model = nd.loads(NOISY)
    all_of_them = model.sweep_table({"mu": [0.5, 1.0, 1.5], "tau": [5, 10]}, measure=["final(V)"], seed=7)["final(V)"]
    some = model.sweep_table({"tau": [10, 5], "mu": [1.5]}, measure=["final(V)"], seed=7)["final(V)"]
    assert some[:, 0].tolist() == all_of_them[2, ::-1].tolist()
    other = model.sweep_table({"tau": [10], "mu": [1.5]}, measure=["final(V)"], seed=8)["final(V)"]
    assert other[0, 0] != some[0, 0]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_table_does_not_depend_on_the_threads(threads: int) -> None:
    table = nd.loads(NOISY).sweep_table({"mu": (0.5, 1.5, 9)}, measure=["final(V)"], seed=3, threads=threads, duration=2)
    alone = [nd.loads(NOISY).sweep_table({"mu": [mu]}, measure=["final(V)"], seed=3, duration=2)["final(V)"][0] for mu in (0.5, 1.0, 1.5)]
    assert table["final(V)"][::4].tolist() == alone


def test_seeds_of_points_use_all_of_their_bits_and_no_two_are_alike() -> None:
    axes = (("set", "a"), ("init", "x"))
    seeds = {seed_of_point(s, axes, (a, x), c) for s in range(3) for a in (0.0, 1.0) for x in (0.0, 1.0) for c in range(3)}
    assert len(seeds) == 36
    assert max(seeds) > 2**63
    assert seed_of_point(1, axes, (0.0, 2.0), 0) == seed_of_point(1, axes[::-1], (2.0, -0.0), 0)
    assert seed_of_point(1, axes, (0.0, 2.0), 0) != seed_of_point(1, axes, (2.0, 0.0), 0)


def test_points_that_are_drawn_lie_in_their_box_and_are_the_same_again() -> None:
    over = {"I": "0..0.4", "a": "0.1..10:log"}
    first, again, fewer = (nd.loads(FITZHUGH_NAGUMO).sweep_table(over, random=n, seed=5, duration=1) for n in (40, 40, 10))
    drawn = {axis.name: axis.values for axis in first.drawn}
    assert first["final(v)"].shape == (40,)
    assert ((drawn["I"] >= 0) & (drawn["I"] <= 0.4)).all()
    assert ((drawn["a"] >= 0.1) & (drawn["a"] <= 10)).all()
    assert 10 <= (drawn["a"] < 1).sum() <= 30
    assert first["final(v)"].tolist() == again["final(v)"].tolist()
    assert fewer["final(v)"].tolist() == first["final(v)"][:10].tolist()
    assert first.meta["seed"] == 5


def test_points_that_fail_are_told_and_the_others_go_on() -> None:
    report = Report()
    table = nd.loads(POLE).sweep_table({"a": [0.5, 1.5, 0.8]}, measure=["final(x)"], report=report)
    # 1/x obeys a linear equation: x = 1/(a + (1 - a)*exp(t)).
    exact = [1 / (a + (1 - a) * np.exp(5.0)) for a in (0.5, 0.8)]
    np.testing.assert_allclose(table["final(x)"][[0, 2]], exact, rtol=1e-7)
    assert np.isnan(table["final(x)"][1])
    assert list(table.failed) == [1]
    assert table.failed[1].startswith("R101: state `x` became infinite or not a number in the step after t = 1.")
    assert table.failed[1].endswith("(model.neuro:4:1)")
    (found,) = report.found
    assert found.message.startswith("1 of 3 points failed; the first, at a = 1.5: R101")
    assert (found.rule.code, found.rule.severity, table.complete) == ("R107", "error", True)


def test_a_constant_that_cannot_be_computed_fails_at_its_point_alone() -> None:
    table = nd.loads("param a = 1\ng = 1/a\ninit x = g\ndx/dt = -x\nsimulate: duration 1").sweep_table({"a": [-1, 0, 1]})
    assert list(table.failed) == [1]
    assert "R104" in table.failed[1]
    np.testing.assert_allclose(table["final(x)"][[0, 2]], [-np.exp(-1), np.exp(-1)], rtol=1e-9)


def test_an_input_that_follows_the_time_is_swept_as_a_number() -> None:
    model = nd.loads("input I = sin(t)\ninit x = 0\ndx/dt = I - x\nsimulate: duration 1; dt 0.1")
    np.testing.assert_allclose(model.sweep_table({"I": [0.5, 2]})["final(x)"], [0.5 * (1 - np.exp(-1)), 2 * (1 - np.exp(-1))], rtol=1e-9)


def test_one_method_serves_all_points_of_a_sweep_that_is_stiff_somewhere() -> None:
    model = nd.loads("param k = 1\ninit x = 1, y = 0\ndx/dt = -k*x*(1 + y^2)\ndy/dt = x - y\nsimulate: duration 1; dt 0.1")
    plans = [model.sweep_table({"k": values}, measure=["final(x)"]).meta for values in ([1, 2], [1, 1e4])]
    assert [meta["method"] for meta in plans] == ["rk45", "rosenbrock"]
    assert "at a corner of the ranges" in plans[1]["reason"]


def test_a_job_reads_back_from_its_text() -> None:
    found = plan_of(NOISY, {"mu": [0.5, 1.5]}, measure=["final(V)", "crossings(V, 0.3)"], where=5, seed=1)
    job = replace(found.job, given={"W": np.array([[1.0, 0.1]]), "tau": 0.1})
    again = Job.from_json(job.to_json())
    assert again.to_json() == job.to_json()
    assert (again.plan, again.columns, again.axes, again.start) == (job.plan, job.columns, job.axes, 5.0)
    assert again.given == {"W": [[1.0, 0.1]], "tau": 0.1}
    wanted = run_points(found.job, found.folder, found.values, found.seeds)
    same = run_points(Job.from_json(found.job.to_json()), found.folder, found.values, found.seeds)
    assert same.table.tolist() == wanted.table.tolist()


def test_work_that_is_halted_keeps_the_points_that_are_done() -> None:
    found = plan_of(FITZHUGH_NAGUMO, {"I": (0.0, 1.0, 5)}, measure=["final(v)"])
    done: list[int] = []
    outcome = run_points(found.job, found.folder, found.values, found.seeds, done.append, lambda: len(done) >= 2)
    assert done == [1, 2]
    assert outcome.ran.tolist() == [True, True, False, False, False]
    assert np.isnan(outcome.table[2:]).all()
    assert np.isfinite(outcome.table[:2]).all()


def test_a_point_records_no_more_than_its_measures_need() -> None:
    found = plan_of(FITZHUGH_NAGUMO, {"I": [0.5]}, measure=["final(v)", "final(w)"])
    assert found.job.columns == (Column("final", 0), Column("final", 1))
    assert Window(found.job.columns, 0.0, 0.1, 20.0).recorded(states=2) == ()
    assert Window((Column("high", 1), Column("final", 0), Column("final", 2)), 0.0, 0.1, 20.0).recorded(states=2) == (1, 2)
    with pytest.raises(NeuroError, match="what a point keeps of its samples until it is at its end does not fit"):
        plan_of(FITZHUGH_NAGUMO, {"I": [0.5]}, measure=["max(v)"], duration=1e8)


@pytest.mark.parametrize(
    ("over", "options", "complaint"),
    [
        ({}, {}, "a sweep needs something that varies"),
        ({}, {"random": 3}, "a sweep needs something that varies"),
        ({}, {"random": 3, "copies": 2}, "points are drawn at random in ranges, and there are none"),
        ({"I": [1]}, {"where": 20}, "the window starts at 20, and the run goes from 0 to 20"),
        ({"I": [1]}, {"where": -1}, "the window starts at -1"),
        ({"I": [1]}, {"where": "late"}, "`late` for the start of the window"),
        ({"I": [1]}, {"where": "5 [mV]"}, "the start of the window is"),
        ({"I": [1]}, {"copies": 0}, "the number of copies has to be a whole number of at least 1"),
        ({"I": "0..1"}, {"random": 0}, "the number of points has to be a whole number of at least 1"),
        ({"I": (0, 1, 4000), "a": (0, 1, 4000)}, {}, "4000 of `I` x 4000 of `a` are 16000000 points"),
        ({"I": (0, 1, 10**6)}, {"copies": 100}, "are 100000000 points"),
        ({"Q": [1]}, {}, "has no parameter, input or initial value `Q`"),
        ({"I": [1]}, {"seed": -1}, "a seed is a whole number from 0"),
        ({"I": [1]}, {"dt": 100}, "the step dt, 100, is longer than the duration, 20"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_it_runs(over: dict[str, Any], options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(NeuroError) as raised:
        plan_of(FITZHUGH_NAGUMO, over, **options)
    assert complaint in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_name_is_given_a_value_or_a_range() -> None:
    with pytest.raises(NeuroError, match="`I` is given a value and a range"):
        nd.loads(FITZHUGH_NAGUMO).sweep_table({"I": [1]}, set={"I": 2})
