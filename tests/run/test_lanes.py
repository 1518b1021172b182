"""Points side by side in lanes are the same runs, up to rounding, as points one after the other in the kernel of single runs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.codegen import kernel, lanes
from neurodsl.measures import Column, first_instant, first_sample
from neurodsl.run.lanes import SideBySide
from neurodsl.run.points import Job, Outcome, first_that_begins, points_of, run_points
from neurodsl.run.start import places_of

SPIKES = ("spikes", "first_spike", "last_spike", "interval_squares")
SAMPLES = ("final", "first", "low", "high", "sum", "squares")
RISES = ("rises", "first_rise", "last_rise")
FHN = "param a = 0.7, b = 0.8, tau = 12.5\ninput I = 0.5\ninit v = -1, w = -0.5\ndv/dt = v - v^3/3 - w + I\ndw/dt = (v + a - b*w)/tau\non v >= 1: emit spike\n"
HELD = "param tau = 2, r = 0.35\ninput I = 1.6\ninit V = 0\ndV/dt = (I - V)/tau\non V >= 1: V = 0; hold V for r\n"
WAITS = "param g = 3\ninit x = 0, y = 0\ndx/dt = g - x\ndy/dt = -y\non x >= 1: x = 0.9; y += x; wait 0.5\n"
CHOOSES = "param g = 3\ninit x = 0, n = 0\ndx/dt = g - x\non x >= 1: n += 1; x = 0.2 if n < 3 else -1\n"
CONSTANTS = "param a = 2, b = a/4\nk = a*b\ninit x = k, y = b\nz = x*y\ndx/dt = -k*x + sin(t)\ndy/dt = b - y + z\n"
DRAWN = "param a ~ uniform(1, 2)\nk = a^2\ninit x ~ normal(1, 0.5)\ndx/dt = -k*x\n"
NOISE = "param tau = 2, sigma = 0.5\nnoise xi, eta\ninit x = 0.2, y = 0\ndx/dt = -x/tau + sigma*x*xi\ndy/dt = x - y + 0.3*eta\non x >= 0.5: x = 0.1\n"
MAP = "param r = 3.7\ninit x = 0.4, n = 0\nnext x = r*x*(1 - x)\nnext n = n + x\non x >= 0.8: n = 0; emit spike\n"
ARRAY = "param W = ((0, 1), (-1, 0)), g = 2\ninit x = (0.5, 0.1)\ndx[i]/dt = -x[i] + tanh(g*sum(W[i, j]*x[j] for j))\n"
PULSES = "param w = 1\ninput I = pulse(t, 1, 2)\ninit V = 0\ndV/dt = w*I - V\non V >= 0.4: V = 0\n"
CASES: dict[str, tuple[str, str, dict[str, tuple[float, float]], float, float]] = {
    "explicit": (FHN, "rk4", {"I": (0.3, 0.9), "b": (0.5, 0.9)}, 10.0, 0.1),
    "explicit, a window": (FHN, "heun", {"I": (0.3, 0.9), "v": (-2, 2)}, 10.0, 0.1),
    "explicit, first order": (FHN, "euler", {"tau": (10, 14)}, 5.0, 0.1),
    "a last step that is shorter": (FHN, "midpoint", {"a": (0.6, 0.8)}, 4.95, 0.1),
    "exponential": (FHN, "exponential_euler", {"I": (0.3, 0.9)}, 5.0, 0.1),
    "a state that is held": (HELD, "rk4", {"I": (0.8, 4), "r": (0.2, 0.6)}, 10.0, 0.1),
    "an event that waits": (WAITS, "rk4", {"g": (1.2, 4)}, 5.0, 0.1),
    "an action with a condition": (CHOOSES, "rk4", {"g": (1.2, 6)}, 8.0, 0.1),
    "constants that follow": (CONSTANTS, "rk4", {"a": (1, 3)}, 2.0, 0.1),
    "values that are drawn": (DRAWN, "rk4", {}, 1.0, 0.1),
    "noise": (NOISE, "euler_maruyama", {"tau": (1, 3)}, 5.0, 0.1),
    "noise, milstein": (NOISE, "milstein", {"sigma": (0.2, 0.8)}, 5.0, 0.1),
    "noise, platen": (NOISE, "platen", {"x": (0, 0.4)}, 5.0, 0.1),
    "noise in the sense of stratonovich": (NOISE, "heun_stratonovich", {"tau": (1, 3)}, 5.0, 0.1),
    "a map": (MAP, "map", {"r": (3, 4)}, 30.0, 1.0),
    "arrays": (ARRAY, "rk4", {"g": (1, 3)}, 2.0, 0.1),
    "known times": (PULSES, "rk4", {"w": (0.5, 3)}, 3.0, 0.1),
}


def job_of(text: str, method: str, axes: dict[str, tuple[float, float]], duration: float, dt: float, start: float = 0.0, **given: float) -> Job:
    """Return a job with all columns that the model has, with and without a file that runs points side by side."""
    model = nd.loads(text)
    plan = model.plan(method, None if method == "rk45" else "grid", None, ())
    numbers = [q.start + k for q in plan.quantities if q.role != "hidden" for k in range(q.size)]
    columns = [Column(kind, number) for number in numbers for kind in SAMPLES] + [Column(kind, numbers[-1], 0.55) for kind in RISES]
    columns += [Column("samples"), Column("reached"), *(Column(kind) for kind in SPIKES if plan.spiking)]
    states = {s.name for s in plan.states}
    names = tuple(("init" if name in states else "set", name) for name in axes)
    file = model.lanes(plan, None, (), list(axes), sorted(given), columns)
    assert file is not None
    files = {plan.kernel: (model.cache.folder / f"{plan.kernel}.py").read_text(encoding="ascii"), "lanes": file}
    return Job(plan, files, model.source.text, "model.neuro", names, tuple(columns), start, duration, dt, given=given)


def side_by_side(job: Job, values: Any, seeds: Any, told: list[float] | None = None) -> SideBySide:
    """Return points that have run side by side in plain Python; what they told of their progress is put into ``told``."""
    folder = nd.loads("").cache.folder
    path = kernel.store(folder, kernel.named("lanes", job.files["lanes"]), job.files["lanes"])
    plain = kernel.load(folder / f"{job.plan.kernel}.py", plain=True)
    with np.errstate(all="ignore"):
        module = kernel.load(path, plain=True)
        points = points_of(job, plain, values, seeds)
        work = SideBySide(
            module,
            points,
            first_that_begins(points) or [],
            [job.plan.element(k) for k in range(module.STATES)],
            places_of(plain),
            first_sample(job.start, job.dt or 0.1),
            instant=first_instant(job.start, job.dt or 0.1),
        )
        work.run(lambda done: None if told is None else told.append(done), lambda: False)
    return work


def points(axes: dict[str, tuple[float, float]], count: int) -> tuple[Any, Any]:
    """Return values of points, and their seeds."""
    random = np.random.default_rng(3)
    values = np.stack([random.uniform(*ends, count) for ends in axes.values()], axis=1) if axes else np.empty((count, 0))
    return values, random.integers(0, 2**64, count, dtype=np.uint64)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WIDTH", 2)


@pytest.mark.parametrize("case", CASES)
def test_points_side_by_side_are_those_one_after_the_other(case: str) -> None:
    text, method, axes, duration, dt = CASES[case]
    values, seeds = points(axes, 3)
    for start in (0.0, 0.4 * duration, duration - 0.5 * dt):
        job = job_of(f"# {case}\n{text}", method, axes, duration, dt, start)
        alone = run_points(job, nd.loads("").cache.folder, values, seeds)
        beside = side_by_side(job, values, seeds)
        assert (alone.failed, beside.lost.tolist()) == ({}, [False] * 3)
        for k, column in enumerate(job.columns):
            np.testing.assert_allclose(beside.table[:, k], alone.table[:, k], rtol=2e-11, atol=1e-12, err_msg=str(column))


ADAPTIVE: dict[str, tuple[str, dict[str, tuple[float, float]], float, float]] = {
    "emits": (FHN, {"I": (0.3, 0.9), "b": (0.5, 0.9)}, 30.0, 0.1),
    "a state that is held": (HELD, {"I": (0.8, 4), "r": (0.2, 0.6)}, 10.0, 0.1),
    "a state that is held at its threshold": (HELD.replace("V = 0; hold", "V = 1; hold"), {"I": (1.2, 4)}, 10.0, 0.1),
    "an event that waits": (WAITS, {"g": (1.2, 4)}, 5.0, 0.1),
    "an action with a condition": (CHOOSES, {"g": (1.2, 6)}, 8.0, 0.1),
    "constants that follow": (CONSTANTS, {"a": (1, 3)}, 2.0, 0.1),
    "values that are drawn": (DRAWN, {}, 1.0, 0.1),
    "arrays": (ARRAY, {"g": (1, 3)}, 2.0, 0.1),
    "a last step that is shorter": (FHN, {"a": (0.6, 0.8)}, 4.95, 0.1),
    "several conditions": (
        "param w = 1\ninit x = 0, y = 1\ndx/dt = w*y\ndy/dt = -w*x\non x >= 0.5: emit spike\non x < -0.2: emit spike\n"
        "on y > 0.3 and x > 0.1: emit spike\non not (y > 0.9 or x > 0.9): emit spike; emit spike\n",
        {"w": (0.5, 3)}, 15.0, 0.1,
    ),
    "a threshold that moves": (
        "param k = 1\ninit x = 0, th = 1\ndx/dt = 2 - x\ndth/dt = (1 - th)/3\non x >= th: x = 0; th += k\n", {"k": (0.1, 0.9)}, 10.0, 0.1,
    ),
    "a counter": ("param k = 1\ninit x = 0, n = 0\ndx/dt = 2 - x\ndn/dt = 0\non x >= 1 and n < 3: x = 0; n += k\n", {"k": (0.4, 1.2)}, 10.0, 0.1),
    "a reset to the threshold": ("param k = 1\ninit x = 0\ndx/dt = k - x\non x >= 0.5: x = 0.5\n", {"k": (0.8, 1.2)}, 5.0, 0.1),
    "a condition that holds at the start": (
        "param k = 1\ninit x = 2, y = 0\ndx/dt = -x + y\ndy/dt = k\non x >= 1: emit spike\n", {"k": (0.3, 1.2)}, 8.0, 0.1,
    ),
    "equality at the start": (
        "param k = 1\ninit x = 0\ndx/dt = k*cos(t)\non x > 0: emit spike\non x >= 0: emit spike\non x <= 0: emit spike\n", {"k": (0.3, 1.2)}, 15.0, 0.1,
    ),
    "what is measured is derived": (
        "param k = 1\ninit x = 0, y = 1\nr = x*x + y*y\nl = log(r)\ndx/dt = k*y - 0.1*x\ndy/dt = -k*x\non x >= 0.2: emit spike\n",
        {"k": (0.5, 2)}, 9.95, 0.1,
    ),
    "what grazes": (
        "param a = 0\ninit x = 0, v = 0.3\ndx/dt = v - 0.1*t\ndv/dt = 0\non x >= 0.45 + a: emit spike\n", {"a": (-1e-9, 1e-9)}, 10.0, 0.5,
    ),
    "two crossings in a step": (
        "param a = 0\ninit x = 0, v = 0.3\ndx/dt = v - 0.1*t\ndv/dt = 0\non x >= 0.45 + a: v += 0.01\n", {"a": (-1e-4, -1e-6)}, 10.0, 0.5,
    ),
    "a drive that moves with the time": (
        "param k = 1\ninit x = 0\ndx/dt = -x + k*sin(t)\non x >= 0.3: x = 0\n", {"k": (0.5, 2)}, 10.0, 0.1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ADAPTIVE)
def test_points_with_steps_of_their_own_are_those_one_after_the_other(case: str) -> None:
    text, axes, duration, dt = ADAPTIVE[case]
    values, seeds = points(axes, 3)
    for start in (0.0, 0.37 * duration):
        job = job_of(f"# {case}\n{text}", "rk45", axes, duration, dt, start)
        alone = run_points(job, nd.loads("").cache.folder, values, seeds)
        beside = side_by_side(job, values, seeds)
        assert (alone.failed, beside.lost.tolist()) == ({}, [False] * 3)
        for k, column in enumerate(job.columns):
            np.testing.assert_allclose(beside.table[:, k], alone.table[:, k], rtol=1e-9, atol=1e-10, err_msg=str(column))


MODELS = {
    "adex": ("I", 500, 30.0), "fitzhugh_nagumo": ("I_ext", 0.5, 20.0), "half_centre": ("", 0, 20.0), "hh_reduced": ("I", 10, 8.0),
    "hindmarsh_rose": ("I", 3.25, 10.0), "hodgkin_huxley": ("I", 10, 8.0), "izhikevich": ("I", 10, 15.0), "lorenz": ("rho", 28, 1.0),
    "morris_lecar": ("I", 100, 30.0), "neural_ode": ("", 0, 2.0), "quadratic_if": ("I", 1, 4.0), "two_neurons": ("", 0, 5.0),
    "van_der_pol": ("mu", 1, 6.0), "wilson_cowan": ("I_e", 1.2, 5.0),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_models_run_with_steps_of_their_own_as_exactly_as_alone(name: str) -> None:
    axis, middle, duration = MODELS[name]
    job = job_of(nd.load(name).source.text, "rk45", {axis: (0, 1)} if axis else {}, duration, duration / 50)
    values, seeds = np.array([[0.9], [1.1]])[:, : len(job.axes)] * middle, np.zeros(2, np.uint64)
    folder = nd.loads("").cache.folder
    alone, fine = (run_points(replace(job, rtol=rtol, atol=rtol / 100), folder, values, seeds) for rtol in (1e-8, 1e-11))
    beside = side_by_side(job, values, seeds)
    assert (alone.failed, beside.lost.tolist()) == ({}, [False] * 2)
    for k, column in enumerate(job.columns):
        mine, theirs, best = beside.table[:, k], alone.table[:, k], fine.table[:, k]
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9, err_msg=str(column))
        there = ~np.isnan(best)
        np.testing.assert_array_equal(np.isnan(mine), ~there)
        scale = np.max(np.abs(best[there]), initial=1)
        assert np.max(np.abs(mine - best)[there], initial=0) <= 1.01 * np.max(np.abs(theirs - best)[there], initial=0) + 1e-9 * scale, column


def test_intervals_between_located_spikes_are_those_of_the_closed_form() -> None:
    job = job_of(HELD, "rk45", {"I": (0, 1)}, 20.0, 0.1)
    drives = np.array([1.2, 2.0, 5.0])
    work = side_by_side(job, drives[:, None], np.zeros(3, np.uint64))
    spikes, first, last = (work.table[:, job.columns.index(Column(kind))] for kind in SPIKES[:3])
    rise = 2 * np.log(drives / (drives - 1))
    np.testing.assert_allclose(first, rise, rtol=1e-7)
    np.testing.assert_allclose((last - first) / (spikes - 1), rise + 0.35, rtol=1e-7)
    np.testing.assert_array_equal(spikes, 1 + np.floor((20 - rise) / (rise + 0.35)))


def test_steps_of_their_own_do_not_depend_on_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(FHN, "rk45", {"I": (0.3, 0.9)}, 20.0, 0.1)
    values, seeds = points({"I": (0.3, 0.9)}, 5)
    whole = side_by_side(job, values, seeds)
    monkeypatch.setattr("neurodsl.run.lanes.FIRST_STEPS", 3)
    monkeypatch.setattr("neurodsl.run.lanes.CHUNK_SECONDS", 0.0)
    told: list[float] = []
    pieces = side_by_side(job, values, seeds, told)
    np.testing.assert_array_equal(pieces.table, whole.table)
    assert len(told) > 100
    assert told == sorted(told)
    assert told[-1] == 5


def test_points_whose_steps_shrink_to_nothing_or_are_too_many_are_lost() -> None:
    job = job_of("param a = 1\ninit x = 1\ndx/dt = a*x^2\n", "rk45", {"a": (0, 1)}, 2.0, 0.5)
    work = side_by_side(job, np.array([[0.1], [1.0], [np.nan]]), np.zeros(3, np.uint64))
    assert work.lost.tolist() == [False, True, True]
    assert work.table[0, 0] == pytest.approx(1 / (1 - 0.2), rel=1e-8)
    few = replace(job, files={**job.files, "lanes": job.files["lanes"].replace("100.0*_n + 100000.0", "5.0")})
    assert side_by_side(few, np.array([[0.1], [0.0]]), np.zeros(2, np.uint64)).lost.tolist() == [True, False]


def test_a_value_that_all_points_are_given_is_not_computed_from_what_varies() -> None:
    job = job_of(CONSTANTS, "rk4", {"a": (1, 3)}, 1.0, 0.1, b=0.3)
    values, seeds = points({"a": (1, 3)}, 2)
    alone = run_points(job, nd.loads("").cache.folder, values, seeds)
    np.testing.assert_allclose(side_by_side(job, values, seeds).table, alone.table, rtol=2e-11, atol=1e-12)


def test_points_that_do_not_stay_finite_are_lost_and_their_neighbours_are_not() -> None:
    text = "param k = 1\ninit x = 1\ndx/dt = 1e200*k\non x >= 1e9: x = 0\n"
    job = job_of(text, "euler", {"k": (0, 1)}, 10.0, 0.5)
    work = side_by_side(job, np.array([[-1.0], [1e200], [-2.0], [np.nan]]), np.zeros(4, np.uint64))
    assert work.lost.tolist() == [False, True, False, True]


def test_a_point_whose_constants_are_not_finite_is_lost() -> None:
    job = job_of("param tau = 1\nk = 1/tau\ninit x = 1, y = 0\ndx/dt = -x\ndy/dt = min(k, 1)\n", "euler", {"tau": (0, 1)}, 1.0, 0.5)
    assert side_by_side(job, np.array([[1.0], [0.0]]), np.zeros(2, np.uint64)).lost.tolist() == [False, True]


LOST = {
    "a comparison that cannot be told": "param a = 1\ninit x = 0\ndx/dt = 1\non sin(1e7*a*x) > 0.5: x = 0\n",
    "a derived quantity that is measured": "param a = 1\ninit x = 0\nq = sin(1e7*a*x)\ndx/dt = 1\n",
    "a derived quantity that is not a number": "param a = 1\ninit x = 0\nq = log(x - a)\ndx/dt = 1\n",
    "what an event sets": "param a = 1\ninit x = 0\ndx/dt = 1\non x >= 0.95: x = sqrt(-a)\n",
    "a constant that nothing uses": "param a = 1\nb = sqrt(-a)\ninit x = 0\ndx/dt = 1\n",
    "a default that nothing uses": "param a = 1, b = sqrt(-a)\ninit x = 0\ndx/dt = 1\n",
    "a known time": "param a = 1\ninput I = pulse(t, sqrt(-a), 2)\ninit x = 0\ndx/dt = min(I, 1)\n",
    "an initial value of a map": "param a = 1\ninit x = sqrt(-a)\nnext x = 1\n",
}


@pytest.mark.parametrize("what", LOST)
def test_whatever_is_not_a_number_makes_a_point_lost(what: str) -> None:
    method, dt = ("map", 1.0) if "next" in LOST[what] else ("euler", 0.1)
    job = job_of(LOST[what], method, {"a": (0, 1)}, 10 * dt, dt)
    zero = -1.0 if "log" in LOST[what] else 0.0
    work = side_by_side(job, np.array([[zero], [1.0], [zero]]), np.zeros(3, np.uint64))
    assert work.lost.tolist() == [False, True, False]


def test_a_halt_leaves_the_points_that_are_done() -> None:
    job = job_of(FHN, "euler", {"I": (0, 1)}, 1.0, 0.1)
    folder = nd.loads("").cache.folder
    plain = kernel.load(folder / f"{job.plan.kernel}.py", plain=True)
    module = kernel.load(kernel.store(folder, "lanes_halted", job.files["lanes"]), plain=True)
    values, seeds = points({"I": (0, 1)}, 2100)
    given = points_of(job, plain, values, seeds)
    work = SideBySide(module, given, given.begin(0), ["v", "w"], places_of(plain))
    told: list[float] = []
    work.run(told.append, lambda: bool(told))
    assert told == [work.done]
    assert 0 < work.done < 2100
    assert np.isnan(work.table[work.done :]).all()
    assert not np.isnan(work.table[: work.done, 0]).any()


REFUSED = {
    "on rate x: x += 1": "its rate of events is a chance of every step",
    "every 1: x += 1": "it has events at known times",
    "on x >= 1: stop": "an event ends the run of a point",
    "on x >= 1: x = rand()": "it draws random numbers",
    "on x >= 1: x = 0; emit spike\non x <= -1: x = 0": "several events change the state",
}


@pytest.mark.parametrize("event", REFUSED, ids=REFUSED.values())
def test_what_lanes_cannot_do_runs_one_after_the_other(event: str) -> None:
    model = nd.loads(f"param a = 1\ninit x = 0\ndx/dt = a - x\n{event}\n")
    assert model.lanes(model.plan("euler", "grid", None, ()), None, (), ["a"], [], [Column("final")]) is None


@pytest.mark.parametrize(
    ("method", "events"),
    [("rosenbrock", None), ("exact", "grid"), ("rk4", "exact")],
    ids=["steps that solve equations", "propagators", "events inside of fixed steps"],
)
def test_steps_that_differ_from_point_to_point_run_one_after_the_other(method: str, events: str | None) -> None:
    model = nd.loads("param a = 1\ninit x = 0\ndx/dt = a - x\non x >= 1: x = 0\n")
    assert model.lanes(model.plan(method, events, None, ()), None, (), ["a"], [], [Column("final")]) is None


REFUSED_ADAPTIVE = {
    "input I = pulse(t, 1, 2)\ndx/dt = a*I - x\n": "its steps stop at known times",
    "dx/dt = a*pulse(mod(t, 5), 0, 1) - x\n": "it jumps at times that are not known beforehand",
    "dx/dt = a - x\non x >= sin(t): x = 0\n": "a condition moves with the time",
    "dx/dt = a - x\non x^2 >= 0.5: x = 0\n": "a condition is not linear in the state",
    "dx/dt = a - x\non x >= 1: stop\n": "an event ends the run of a point",
}


@pytest.mark.parametrize("text", REFUSED_ADAPTIVE, ids=REFUSED_ADAPTIVE.values())
def test_what_steps_of_their_own_cannot_do_runs_one_after_the_other(text: str) -> None:
    model = nd.loads(f"param a = 1\ninit x = 0\n{text}")
    assert model.lanes(model.plan("rk45", None, None, ()), None, (), ["a"], [], [Column("final")]) is None


def test_an_array_that_would_differ_from_point_to_point_is_refused() -> None:
    model = nd.loads("param g = 1\nparam W = (g, 2*g)\ninit x = 0\ndx/dt = W[0] - x*W[1]\n")
    assert model.lanes(model.plan("euler", "grid", None, ()), None, (), ["g"], [], [Column("final")]) is None


@pytest.mark.parametrize("name", ["fitzhugh_nagumo", "hodgkin_huxley", "morris_lecar", "stochastic_lif"])
def test_the_compiled_loop_over_lanes_is_made_of_vector_instructions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WIDTH", 64)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    model = nd.load(name)
    method = "euler_maruyama" if name == "stochastic_lif" else "rk4"
    plan = model.plan(method, "grid", None, ())
    axis = plan.parameters[0].name
    file = model.lanes(plan, None, (), [axis], [], [Column("spikes"), Column("high")])
    assert file is not None
    packed, single, code = instructions(file, f"lanes_of_{name}")
    assert packed > 2 * single
    assert re.findall(r"call\w*\s+\*?(?:exp|log|sin|cos|tanh|pow|expm1)\b", code) == []


def test_the_compiled_loop_of_adaptive_steps_is_made_of_vector_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WIDTH", 64)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    model = nd.load("hodgkin_huxley")
    file = model.lanes(model.plan("rk45", None, None, ()), None, (), ["I"], [], [Column("spikes"), Column("high")])
    assert file is not None
    packed, single, code = instructions(file, "lanes_of_steps_of_their_own")
    # What happens at the events of a point is no loop over points.
    assert packed > 1.5 * single
    assert re.findall(r"call\w*\s+\*?(?:exp|log|sin|cos|tanh|pow|expm1)\b", code) == []


def instructions(file: str, name: str) -> tuple[int, int, str]:
    """Return how many arithmetic instructions of the machine code are of vectors and how many of single numbers, and the code."""
    path = kernel.store(nd.loads("").cache.folder, name, file)
    (code,) = kernel._module(path, "compiled", kernel.WITHOUT_WRAPPER)._run.inspect_asm().values()
    packed, single = (len(re.findall(rf"\tv(?:f\w+|mul|add|sub|div)(?:\d+)?{kind}\s", code)) for kind in ("pd", "sd"))
    return packed, single, code


def test_a_compiled_run_gives_what_plain_python_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WIDTH", 64)
    job = job_of(FHN, "rk4", {"I": (0.3, 0.9)}, 5.0, 0.1)
    values, seeds = points({"I": (0.3, 0.9)}, 3)
    plain = side_by_side(job, values, seeds).table
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    compiled: Outcome = run_points(Job(**{**job.__dict__, "lanes": "lanes"}), nd.loads("").cache.folder, values, seeds)
    np.testing.assert_allclose(compiled.table, plain, rtol=1e-12, atol=1e-13)
