"""The copies of a model are independent runs, each keyed by its number: the same numbers whoever runs them, and in whatever parts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.run import copies as copies_module

OU = "param tau = 2, sigma = 0.5\nnoise xi\ninit x = 0\ndx/dt = -x/tau + sigma*xi\non x >= 0.5: x = 0\n"
DRAWN = "param a ~ uniform(1, 2), b = 3\nk = a*b\ninit x ~ normal(1, 0.5)\ndx/dt = -k*x\n"
HAZARD = "param r = 3\ninit n = 0, x = 1\ndx/dt = -x\non rate r*x: n += 1; x = 1\n"
MAP = "param p = 0.3\ninit n = 0\nnext n = 0.5*n\non chance p: n += 1\n"
LINEAR = "init x ~ uniform(-1, 1), y = 0\ndx/dt = -y\ndy/dt = x\non y >= 0.5: y = 0\n"
MODELS = {
    "noise": (OU, {"duration": 5, "dt": 0.1}),
    "draws": (DRAWN, {"duration": 1, "dt": 0.1, "method": "rk4"}),
    "draws, adaptive": (DRAWN, {"duration": 1, "dt": 0.1, "method": "rk45"}),
    "hazard": (HAZARD, {"duration": 3, "dt": 0.1, "method": "rk45", "events": "exact"}),
    "chance": (MAP, {"duration": 30}),
    "propagator": (LINEAR, {"duration": 6, "dt": 0.1, "method": "exact"}),
}


def alone(text: str, copy: int, seed: int, duration: float, dt: float = 1.0, method: str | None = None, events: str | None = None) -> Any:
    """Return the rows, the spikes and the last state of a copy from a kernel of its own, run as plain Python from beginning to end."""
    model = nd.loads(text)
    plan = model.plan(method, events, None, ())
    module = kernel.load(model.cache.folder / f"{plan.kernel}.py", plain=True)
    shown = [s.start for s in plan.states if s.role == "state"]
    arguments = module.prepare({}, {}, duration, dt, shown, seed=seed, element=copy)
    while module.advance(arguments, 1000) == 0:
        pass
    return arguments[22], arguments[23][: arguments[20][1]], arguments[10][shown]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_each_copy_is_the_run_of_its_number_to_the_last_bit(name: str) -> None:
    text, options = MODELS[name]
    result = nd.loads(text).simulate(seed=7, copies=4, **options)
    for copy in range(4):
        rows, spikes, final = alone(text, copy, 7, **options)
        assert [result[q][:, copy].tolist() for q in result] == rows.T.tolist()
        assert result.spikes.times[result.spikes.copy == copy].tolist() == spikes.tolist()
        assert [result.final[q][copy] for q in result.final] == final.tolist()  # type: ignore[index]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_first_copy_is_the_run_without_copies_and_the_others_differ(name: str) -> None:
    text, options = MODELS[name]
    one, many = nd.loads(text).simulate(seed=3, **options), nd.loads(text).simulate(seed=3, copies=3, **options)
    assert (one.copies, many.copies, many.t.tolist() == one.t.tolist()) == (None, 3, True)
    for quantity in one:
        assert many[quantity].shape == (len(one.t), 3)
        assert many[quantity][:, 0].tolist() == one[quantity].tolist()
    assert many.spikes.times[many.spikes.index == 0].tolist() == one.spikes.times.tolist()
    ends = [json.dumps([many.final[q][copy] for q in many.final]) for copy in range(3)]  # type: ignore[index]
    assert len(set(ends)) == 3 or name == "chance"


@pytest.mark.parametrize("seconds", [1e-9, 1e-4])
def test_a_run_does_not_depend_on_the_parts_it_is_run_in(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    text, options = MODELS["noise"]
    whole = nd.loads(text).simulate(seed=3, copies=3, **options)
    monkeypatch.setattr(copies_module, "CHUNK_SECONDS", seconds)
    assert nd.loads(text).simulate(seed=3, copies=3, **options)["x"].tolist() == whole["x"].tolist()


FAILING = "param a ~ bernoulli(0.15)\ninit x = 1\nnoise xi\ndx/dt = a*x^3 + 0.01*xi\n"


def test_threads_share_copies_without_changing_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"seed": 5, "copies": 23, "duration": 5, "dt": 0.1}
    plain = nd.loads(OU).simulate(**options)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    monkeypatch.setattr(copies_module, "CHUNK_SECONDS", 1e-6)
    model = nd.loads(OU)
    kernel.load(model.cache.folder / f"{model.plan(None, None, None, ()).kernel}.py")
    runs = [plain, *(model.simulate(threads=threads, **options) for threads in (1, 2, 5))]
    assert [r.meta["threads"] for r in runs] == [1, 1, 2, 5]
    assert [r["x"].tobytes() == plain["x"].tobytes() for r in runs] == [True] * 4
    assert [r.spikes.times.tolist() == plain.spikes.times.tolist() for r in runs] == [True] * 4
    assert [r.spikes.index.tolist() == plain.spikes.index.tolist() for r in runs] == [True] * 4
    assert [r.final == plain.final for r in runs] == [True] * 4


def test_a_failure_is_that_of_the_first_copy_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"seed": 2, "copies": 40, "duration": 20, "dt": 0.1}
    plain = failure(nd.loads(FAILING), **options)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    model = nd.loads(FAILING)
    kernel.load(model.cache.folder / f"{model.plan(None, None, None, ()).kernel}.py")
    advance, first = copies_module.Desk.advance, plain.result.meta["copies_complete"]

    def late(desk: copies_module.Desk, module: ModuleType) -> int:
        """Let the other threads finish copies behind the one that fails."""
        time.sleep(0.2 if desk.copy == first else 0.0)
        return advance(desk, module)

    monkeypatch.setattr(copies_module.Desk, "advance", late)
    for threads in (1, 3):
        error = failure(model, threads=threads, **options)
        assert str(error) == str(plain)
        assert np.array_equal(error.result["x"], plain.result["x"], equal_nan=True)
        assert error.result.meta["copies_complete"] == plain.result.meta["copies_complete"]


def failure(model: nd.Model, **options: Any) -> Any:
    """Return the error of a run that fails in a copy."""
    with pytest.raises(NeuroError) as caught:
        model.simulate(**options)
    assert caught.value.exit_code == 3
    return caught.value


def test_a_copy_that_fails_is_named_and_what_was_good_is_kept() -> None:
    model = nd.loads(FAILING)
    drawn = nd.loads("param a ~ bernoulli(0.15)\ninit x = 1\nnoise xi\ndx/dt = 0.01*a*xi\n").simulate(seed=2, copies=40, duration=1, dt=1)
    first = drawn.meta["parameters"]["a"].index(1.0)
    assert first > 0
    error = failure(model, seed=2, copies=40, duration=20, dt=0.1)
    found, result = error.report.found[0], error.result
    assert (found.rule.code, found.message.startswith(f"copy {first}: state `x` became infinite")) == ("R101", True)
    assert (result.meta["copies_complete"], result.meta["complete"], result.meta["stopped"]) == (first, False, "a state is not finite")
    good = np.isfinite(result["x"])
    assert (good[:, :first].all(), good[:, first + 1 :].any()) == (True, False)
    assert 1 < good[:, first].sum() < len(result.t)
    assert good[: good[:, first].sum(), first].all()
    assert np.isnan(result.final["x"][first + 1 :]).all()
    told = result.to_dict()
    assert (told["final"]["x"][-1], told["complete"], told["reached"][first] == result.meta["reached"][first]) == (None, False, True)


def test_a_constant_that_a_draw_makes_infinite_is_a_failure_of_its_copy() -> None:
    text = "param g ~ bernoulli(0.7)\ninit x = 1\nr = 1/g\ndx/dt = -r*x\n"
    drawn = nd.loads("param g ~ bernoulli(0.7)\ninit x = 1\ndx/dt = -g*x\n").simulate(seed=4, copies=20, duration=1, dt=1)
    first = drawn.meta["parameters"]["g"].index(0.0)
    assert first > 0
    error = failure(nd.loads(text), seed=4, copies=20, duration=1, dt=0.5)
    found = error.report.found[0]
    assert (found.rule.code, found.message) == (
        "R104",
        f"copy {first}: a constant of `model` cannot be computed from these parameters: float division by zero",
    )
    assert (error.result.meta["copies_complete"], error.result.meta["stopped"]) == (first, "a value that was drawn")


def test_what_is_drawn_for_each_copy_is_told_and_what_is_not_is_told_once() -> None:
    result = nd.loads(DRAWN).simulate(seed=9, copies=3, duration=1, dt=0.5, method="rk4")
    model = nd.loads(DRAWN)
    module = kernel.load(model.cache.folder / f"{model.plan('rk4', None, None, ()).kernel}.py", plain=True)
    assert result.meta["parameters"] == {"a": [float(module._constants({}, 0.5, 9, k)[0]) for k in range(3)], "b": 3.0}
    assert model.simulate(seed=9, copies=2, duration=1, dt=0.5, method="rk4", a=1.5).meta["parameters"] == {"a": 1.5, "b": 3.0}


def test_a_threshold_that_is_drawn_is_not_told_as_that_of_all() -> None:
    text = "param V_th ~ uniform(1, 2), V_top = 9\ninit V = 0\ndV/dt = 1\non V >= V_th: V = 0; emit spike\non V >= V_top: stop\n"
    assert nd.loads(text).simulate(seed=1, copies=3, duration=3, dt=0.5).meta["thresholds"] == {"V": [9.0]}


def test_the_spikes_of_all_copies_stand_in_the_order_of_time() -> None:
    text, options = MODELS["noise"]
    spikes = nd.loads(text).simulate(seed=7, copies=60, **options).spikes
    assert spikes.count > 30
    assert spikes.index is spikes.copy
    assert (np.diff(spikes.times) >= 0).all()
    same = np.diff(spikes.times) == 0
    assert (np.diff(spikes.index)[same] > 0).all()


def test_copies_that_an_event_ends_at_different_times_are_complete() -> None:
    text, report = "param k ~ uniform(0.5, 1.5)\ninit x = 0\ndx/dt = k\non x >= 1: stop\n", Report()
    result = nd.loads(text).simulate(seed=1, copies=5, duration=2, dt=0.01, method="rk4", report=report)
    expected = [1 / k for k in result.meta["parameters"]["k"]]
    assert result.meta["reached"] == pytest.approx(expected, abs=1e-9)
    assert (result.meta["complete"], result.meta["copies_complete"], result.meta["stopped"]) == (True, 5, "by an event")
    assert [int(np.isfinite(result["x"][:, k]).sum()) for k in range(5)] == pytest.approx([end / 0.01 + 1 for end in expected], abs=1.01)
    assert (len(result.t) - 1) * 0.01 == pytest.approx(max(expected), abs=0.011)
    assert [d.rule.code for d in report.found] == []


def test_a_quantity_that_is_not_finite_in_a_copy_that_runs_is_told() -> None:
    report = Report()
    text = "init x ~ uniform(-1, 1)\ndx/dt = 0*x\ny = log(x)\n"
    result = nd.loads(text).simulate(seed=1, copies=8, duration=1, dt=0.5, record="y", report=report)
    assert 0 < np.isnan(result["y"][0]).sum() < 8
    assert [d.message[:63] for d in report.found] == ["the recorded quantity `y` is not finite at 3 of 3 times, first "]


def test_a_model_without_chance_runs_in_copies_that_are_all_alike_and_says_so() -> None:
    report = Report()
    result = nd.loads("init x = 1\ndx/dt = -x\n").simulate(copies=3, duration=1, dt=0.5, report=report)
    assert [(d.rule.code, d.rule.severity) for d in report.found] == [("V202", "note")]
    assert (result["x"][:, 0].tolist() == result["x"][:, 2].tolist(), result.meta["seed"]) == (True, None)


def interrupting(after: int) -> Callable[[float], None]:
    """Return a progress that interrupts the run at its n-th call."""
    calls = []

    def progress(done: float) -> None:
        calls.append(done)
        assert sorted(calls) == calls
        if len(calls) == after:
            raise KeyboardInterrupt

    return progress


def test_an_interrupt_keeps_the_copies_that_are_complete_and_the_part_of_the_one_that_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies_module, "CHUNK_SECONDS", 1e-9)
    options: dict[str, Any] = {"seed": 3, "copies": 6, "duration": 5, "dt": 0.1}
    whole = nd.loads(OU).simulate(**options)
    result = nd.loads(OU).simulate(progress=interrupting(120), **options)
    done = result.meta["copies_complete"]
    assert (result.meta["interrupted"], result.meta["complete"], 0 < done < 6) == (True, False, True)
    assert result["x"][:, :done].tolist() == whole["x"][:, :done].tolist()
    count = int(np.isfinite(result["x"][:, done]).sum())
    assert 0 < count < len(whole.t)
    assert result["x"][:count, done].tolist() == whole["x"][:count, done].tolist()
    assert np.isnan(result["x"][:, done + 1 :]).all()


def test_an_interrupt_ends_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    model = nd.loads(OU)
    kernel.load(model.cache.folder / f"{model.plan(None, None, None, ()).kernel}.py")
    result = model.simulate(seed=3, copies=10**5, threads=2, duration=1000, dt=0.01, record="spikes", progress=interrupting(1))
    assert (result.meta["interrupted"], result.meta["copies_complete"] < 10**5) == (True, True)


def test_progress_is_that_of_all_copies() -> None:
    seen: list[float] = []
    nd.loads(OU).simulate(seed=3, copies=4, duration=1, dt=0.1, progress=seen.append)
    assert (sorted(seen) == seen, seen[-1], [part for part in (0.25, 0.5, 0.75) if part in seen]) == (True, 1.0, [0.25, 0.5, 0.75])


def test_whether_to_compile_is_decided_by_the_time_of_all_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    asked: list[Path] = []
    load = kernel.load

    def watched(path: Path, plain: bool = False) -> Any:
        asked.extend([] if plain else [path])
        return load(path, plain=True)

    monkeypatch.setattr(kernel, "load", watched)
    monkeypatch.setattr(kernel, "kept", lambda path: None)
    text = OU.replace("0.5: x", "0.625: x")
    nd.loads(text).simulate(seed=3, copies=2, duration=5, dt=0.1)
    assert asked == []
    nd.loads(text).simulate(seed=3, copies=10**6, duration=5, dt=0.1, record="spikes", progress=interrupting(3))
    assert len(asked) >= 1


# --- bounds and names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"copies": 0}, "V101", "the number of copies has to be a whole number of at least 1, not `0`"),
        ({"copies": -3}, "V101", "the number of copies has to be a whole number of at least 1, not `-3`"),
        ({"copies": 2.5}, "V101", "the number of copies has to be a whole number of at least 1, not `2.5`"),
        ({"copies": True}, "V101", "the number of copies has to be a whole number of at least 1, not `True`"),
        ({"threads": 0}, "V101", "the number of threads has to be a whole number of at least 1, not `0`"),
        ({"copies": 10**7, "dt": 0.1}, "V104", "recording 1 number at 50 times of 10000000 copies takes 8.46 GiB, more than 4"),
        ({"copies": 10**9, "record": "spikes"}, "V104", "recording 0 numbers at 50 times of 1000000000 copies takes 473 GiB, more than 4"),
    ],
)
def test_numbers_of_copies_are_held_within_bounds(options: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads(OU).simulate(**{"duration": 5, "dt": 0.1, "seed": 1, **options})
    assert (caught.value.report.found[0].rule.code, caught.value.report.found[0].message, caught.value.exit_code) == (code, message, 2)


def test_one_copy_has_an_axis_too() -> None:
    result = nd.loads(OU).simulate(seed=3, copies=1, duration=1, dt=0.1)
    assert (result["x"].shape, len(result.final["x"]), result.copies) == ((11, 1), 1, 1)


@pytest.mark.parametrize("record", ["spikes", ["spikes"], []])
def test_spikes_alone_can_be_recorded(record: Any) -> None:
    result = nd.loads(OU).simulate(seed=3, copies=2, duration=5, dt=0.1, record=record)
    everything = nd.loads(OU).simulate(seed=3, copies=2, duration=5, dt=0.1, record=["spikes", "x"])
    assert (list(result), list(everything)) == ([], ["x"])
    assert (result.spikes.times.tolist(), result.final, len(result.t)) == (everything.spikes.times.tolist(), everything.final, 51)


def test_a_quantity_of_that_name_is_recorded_as_any_other() -> None:
    assert list(nd.loads("init spikes = 1\ndspikes/dt = -spikes\n").simulate(duration=1, dt=0.5, record="spikes")) == ["spikes"]
