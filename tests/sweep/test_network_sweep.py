"""Sweeps of networks: each point is the run that `simulate` makes of its values and its seed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.run import network_points
from neurodsl.run.jobs import job_of, run_points
from neurodsl.run.network_measures import measured
from neurodsl.solution.network import NetworkResult
from neurodsl.spike_statistics import bin_edges, cvs, spike_synchrony, synchrony
from neurodsl.sweep import Request
from neurodsl.sweep.network_planned import planned_network
from neurodsl.sweep.store import keys_of

SMALL = """
model cell:
    param tau = 10 [ms] "membrane time constant", theta = 1 "threshold"
    input I = 1.3
    init v = 0
    noise xi
    tau*dv/dt = -v + I + 0.3*sqrt(tau)*xi
    on v >= theta: v = 0; hold v for 1 [ms]
synapse exc:
    param w = 0.1 "weight"
    on pre: post.v += w
synapse inh:
    param w = -0.2
    on pre: post.v += w
network small:
    param N = 12, g = 4 "inhibition over excitation", p = 0.3, J = 0.05, d = 1 [ms]
    population E = cell[N] with v ~ uniform(0, 1)
    population I = cell[5] with tau = 8 [ms]
    population P = poisson[4] with rate = 0.1 [1/ms]
    connect E -> E, I with exc, probability p, delay d, w = J
    connect I -> E with inh, all to all, w = -g*J
    connect P -> E with exc, indegree 2
    simulate:
        duration 40 [ms]
        dt 0.1 [ms]
        record E[0].v
    variant strong: g = 9
"""


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def expected(measure: str, result: NetworkResult, start: float) -> float:
    """Return a measure of a whole result, by the functions for a single run."""
    kind, _, inside = measure.removesuffix(")").partition("(")
    population, _, quantity = inside.partition(".")
    size = result.sizes.get(population, 0)
    if quantity and kind != "final":
        values = result[inside][round(start / 0.1) :]
        if kind == "synchrony":
            return synchrony(values)
        return {"mean": float(values.mean()), "std": float(values.std()), "min": float(values.min()), "max": float(values.max())}[kind]
    if kind == "final":
        return float(result.final[population][quantity].mean())
    spikes = result.spikes[population]
    later = spikes.times >= start - 1e-6
    times, index = spikes.times[later], np.asarray(spikes.index)[later]
    found = cvs(times, index, size)
    good = found[np.isfinite(found)]
    return {
        "spikes": float(len(times)),
        "rate": 1000 * len(times) / size / (result.elapsed - start),
        "cv": float(good.mean()) if len(good) else np.nan,
        "synchrony": spike_synchrony(times, index, size, bin_edges(start, result.elapsed, 5.0)),
    }[kind]


@pytest.mark.parametrize(
    ("over", "options"),
    [
        ({"g": [2, 6]}, {}),
        ({"cell.tau": (7, 20, 2), "J": [0.0, 0.2]}, {"where": 10}),
        ({"E.v": [-1, 0.5]}, {"variant": "strong"}),
        ({"E.I": [0, 2]}, {"set": {"p": 0.5}}),
        ({"p": [0, 1]}, {}),
        ({"d": "0.5,2 [ms]"}, {}),
        ({"exc.w": [0, 0.3]}, {"init": {"I.v": 0.2}}),
        ({"P.rate": [0, 1]}, {"method": "euler_maruyama", "where": "steady"}),
        ({"cell.theta": [-0.5, 1]}, {}),
    ],
)
def test_each_point_is_the_run_that_simulate_makes_of_it(over: dict[str, Any], options: dict[str, Any]) -> None:
    measures = ["spikes(E)", "rate(I)", "cv(E)", "synchrony(E)", "mean(E.v)", "std(E.v)", "min(E.v)", "max(E.v)", "synchrony(E.v)", "final(I.v)"]
    model = nd.loads(SMALL)
    table = model.sweep_table(over, measure=measures, seed=7, **options)
    assert table.failed == {}
    assert table.seeds is not None
    start = {"steady": 20.0}.get(str(options.get("where")), float(options.get("where", 0) if options.get("where") != "steady" else 20))
    given = {name: value for name, value in options.items() if name not in ("where", "set", "init")}
    for point in range(table.done.size):
        at = table.at(point)
        values = {kind: dict(options.get(kind, {})) for kind in ("set", "init")}
        for name, value in at.items():
            values["init" if name == "E.v" else "set"][name] = value
        result = model.simulate(seed=int(table.seeds.ravel()[point]), record=["E.v"], **values, **given)
        told = {name: float(found.ravel()[point]) for name, found in table.values.items()}
        wanted = {m.name: expected(m.name.replace(", 5)", ")"), result, start) for m in table.measures}
        assert told == pytest.approx(wanted, rel=1e-12, abs=1e-12, nan_ok=True)
    assert len({tuple(found.ravel()[k] for found in table.values.values()) for k in range(table.done.size)}) == table.done.size


def test_all_points_share_a_plan_and_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = []
    store = kernel.store

    def noted(folder: Path, name: str, text: str) -> Path:
        stored.append(name)
        return store(folder, name, text)

    monkeypatch.setattr(kernel, "store", noted)
    nd.loads(SMALL + "# another digest\n").sweep_table({"g": (1, 9, 30)}, measure="rate(E)", duration=1, seed=1)
    assert len(set(stored)) <= 2


def test_copies_have_seeds_of_their_own_and_random_points_are_drawn() -> None:
    model = nd.loads(SMALL)
    table = model.sweep_table({"g": (2, 8)}, random=3, copies=2, measure="rate", duration=5, seed=1)
    assert [axis.name for axis in table.axes] == ["point", "copy"]
    assert list(table.values) == ["rate(E)", "rate(I)", "rate(P)"]
    assert table.seeds is not None
    assert len(set(table.seeds.ravel().tolist())) == 6
    assert all(2 <= value <= 8 for value in table.drawn[0].values)


def test_a_network_without_anything_drawn_has_no_seeds() -> None:
    text = "model m:\n    init v = 0.5\n    dv/dt = 1 - v\nsynapse s:\n    param w = 1\n    post.v += w*pre.v\n"
    text = text.replace("    dv/dt = 1 - v", "    input h = 0\n    dv/dt = h - v").replace("post.v +=", "post.h +=")
    text += (
        "network n:\n    population A = m[2]\n    connect A -> A with s, all to all, no self\n    simulate:\n        duration 2\n        dt 0.01\n"
    )
    table = nd.loads(text).sweep_table({"s.w": [-1, 0.5]}, measure="final(A.v)")
    assert table.seeds is None
    assert table["final(A.v)"].tolist() == pytest.approx([0.5 * np.exp(-4), 0.5 * np.exp(-1)], rel=2e-2)


def test_axes_and_measures_have_units_and_labels() -> None:
    table = nd.loads(SMALL).sweep_table({"cell.tau": "8..12:2", "g": [1]}, measure="rate(E),final(E.v),synchrony(E, 2 [ms])", duration=2, seed=1)
    assert [(a.name, a.kind, a.unit, a.label) for a in table.axes] == [
        ("cell.tau", "set", "ms", "membrane time constant"),
        ("g", "set", "1", "inhibition over excitation"),
    ]
    assert [(m.name, m.unit, m.label) for m in table.measures] == [
        ("rate(E)", "Hz", "Mean firing rate of E"),
        ("final(E.v)", "1", "Final E.v"),
        ("synchrony(E, 2)", "1", "Synchrony of E"),
    ]


def test_parts_of_a_population_are_measured_apart() -> None:
    table = nd.loads(SMALL).sweep_table({"g": [2, 6]}, measure="max(E[0].v),mean(E.v),max(E[1:12:2].v),max(E.v)", duration=3, seed=1)
    assert table.seeds is not None
    for k, seed in enumerate(table.seeds.tolist()):
        values = nd.loads(SMALL).simulate(set={"g": [2, 6][k]}, duration=3, seed=seed, record=["E.v"])["E.v"]
        wanted = [values[:, 0].max(), values.mean(), values[:, 1::2].max(), values.max()]
        assert [float(found[k]) for found in table.values.values()] == wanted


def test_weights_at_the_end_are_averaged_over_the_synapses() -> None:
    table = nd.loads(SMALL).sweep_table({"J": [0.1, 0.2]}, measure=["final(inh.w)", "final(I -> E.w)", "final(exc.w)"], duration=1, seed=1)
    assert table["final(inh.w)"].tolist() == pytest.approx([-0.4, -0.8], rel=1e-12)
    assert table["final(I -> E.w)"].tolist() == pytest.approx([-0.4, -0.8], rel=1e-12)
    assert table["final(exc.w)"][0] == pytest.approx(0.1, rel=1e-12)
    assert 0.1 < table["final(exc.w)"][1] < 0.2


def test_a_job_is_the_same_after_its_way_through_text() -> None:
    plan = planned_network(nd.loads(SMALL), Request({"g": [1, 5], "cell.tau": [7, 9]}, "rate,mean(E.v)", duration=5, seed=1), Report())
    job = plan.job
    again = job_of(job.to_json(), network=True)
    assert again.to_json() == job.to_json()
    one, other = (run_points(j, plan.folder, plan.values, plan.seeds).table for j in (job, again))
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("options", [{"executor": "threads", "threads": 3}, {"executor": "processes", "threads": 2}])
def test_who_runs_the_points_does_not_matter(options: dict[str, Any]) -> None:
    wanted: dict[str, Any] = {"over": {"g": (1, 9, 5)}, "measure": "rate,cv(E)", "duration": 5, "seed": 1}
    one, other = nd.loads(SMALL).sweep_table(**wanted), nd.loads(SMALL).sweep_table(**wanted, **options)
    assert {name: found.tobytes() for name, found in one.values.items()} == {name: found.tobytes() for name, found in other.values.items()}


def test_a_sweep_that_was_interrupted_goes_on_from_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: dict[str, Any] = {"over": {"g": (1, 9, 6)}, "measure": "rate(E),final(I.v)", "duration": 5, "seed": 1}

    def stop(done: float) -> None:
        if done >= 0.3:
            raise KeyboardInterrupt

    def slow(*arguments: Any) -> list[float]:
        time.sleep(0.2)
        return measured(*arguments)

    model = nd.loads(SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(network_points, "measured", slow)
        first = model.sweep_table(**wanted, out=tmp_path / "r.csv", progress=stop)
    assert first.meta["interrupted"]
    assert 1 <= int(first.done.sum()) < 6
    second = model.sweep_table(**wanted, out=tmp_path / "r.csv")
    assert second.meta["ran"] == 6 - int(first.done.sum())
    assert second["rate(E)"].tobytes() == model.sweep_table(**wanted)["rate(E)"].tobytes()
    assert model.sweep_table(**wanted, out=tmp_path / "r.csv").meta["ran"] == 0
    assert (tmp_path / "r.csv").is_file()
    assert not (tmp_path / "r.csv.parts").exists()


def test_points_of_other_contents_of_a_file_are_other_points(tmp_path: Path) -> None:
    network = 'network n:\n    param k = 1\n    population A = cell[2]\n    connect A -> A with exc, pairs "p.csv", w = k\n'
    (tmp_path / "n.neuro").write_text(SMALL.partition("network")[0] + network + "    simulate:\n        duration 2 [ms]\n        dt 0.1 [ms]\n")
    keys = []
    for pair in ("0,1", "1,0"):
        (tmp_path / "p.csv").write_text(f"i,j\n{pair}\n")
        model = nd.load(tmp_path / "n.neuro")
        plan = planned_network(model, Request({"k": [1, 2]}, seed=1), Report())
        keys.append(keys_of(plan.job, plan.origin, plan.values, plan.seeds))
    assert not set(keys[0]) & set(keys[1])


def test_points_that_fail_are_told_and_the_others_are_as_they_should_be() -> None:
    report = Report()
    table = nd.loads(SMALL).sweep_table({"cell.tau": [10, -1]}, measure="rate(E)", method="euler_maruyama", duration=100, seed=1, report=report)
    assert list(table.failed) == [1]
    assert np.isfinite(table["rate(E)"][0])
    assert [d.rule.code for d in report.found] == ["R107"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"over": {"N": [10, 20]}}, "V102", "`N` shapes the network `small`: each of its values makes another one"),
        ({"over": {"k": [10, 20]}}, "V102", "the network `small` has no parameter `k`"),
        ({"over": {"cell.k": [10, 20]}}, "V102", "the model `cell` has no parameter `k`"),
        ({"over": {"g": [1, 2]}, "measure": "rat(E)"}, "V105", "there is no measure `rat(E)` of a network"),
        ({"over": {"g": [1, 2]}, "measure": "rate(X)"}, "V102", "there is no population `X`, for the measure `rate(X)`"),
        ({"over": {"g": [1, 2]}, "measure": "mean(E.u)"}, "V102", "`E` has no `u`, for the measure `mean(E.u)`"),
        ({"over": {"g": [1, 2]}, "measure": "mean(E)"}, "V105", "`mean(E)` is not how a measure is written"),
        ({"over": {"g": [1, 2]}, "measure": "mean"}, "V105", "`mean` needs a quantity"),
        ({"over": {"g": [1, 2]}, "measure": "mean(exc.w)"}, "V105", "`mean` is not measured of synapses"),
        ({"over": {"g": [1, 2]}, "measure": "synchrony(E, 0)"}, "V101", "the width of the bins is 0"),
        ({"over": {"g": [1, 2]}, "set": {"g": 3}}, "V102", "`g` is given a value and a range"),
        ({"over": {"g": [1, 2]}, "rtol": 1e-3}, "V101", "a network has no `rtol`"),
        ({"over": {"cell.tau": "1..2:2 [mV]"}}, "V101", "cell.tau is a time (ms), and `1 [mV]` a voltage (mV)"),
        ({}, "V101", "a sweep needs something that varies"),
    ],
)
def test_what_cannot_be_swept_or_measured_is_refused_before_anything_runs(options: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads(SMALL).sweep_table(**{"seed": 1, **options})
    assert (caught.value.report.found[0].rule.code, caught.value.report.found[0].message, caught.value.exit_code) == (code, message, 2)
