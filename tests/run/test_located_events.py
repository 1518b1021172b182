"""`--events exact`: where events fall, for every method, when the steps are much longer than what happens in them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from run.own_solution import STEPS, changes
from scipy.optimize import brentq

import neurodsl as nd

ALL = ("euler", "heun", "midpoint", "rk4", "exponential_euler", "exact", "rk45", "rosenbrock")
NONLINEAR = tuple(name for name in ALL if name != "exact")
ADAPTIVE = ("rk45", "rosenbrock")
LOOSE = {"rtol": 1e-3, "atol": 1e-2}


def run(text: str, method: str, **options: Any) -> nd.Result:
    return nd.loads(text).simulate(method=method, events="exact", **options)


LEAK = """
init x = 0, seen = 0
dx/dt = 2 - x
on x >= 1: seen = x; emit spike
"""


@pytest.mark.parametrize("method", ALL)
def test_an_event_acts_where_its_condition_turns_true_on_the_own_solution_of_the_method(method: str) -> None:
    result = run(LEAK, method, duration=1, dt=0.5, record=["x", "seen"])
    assert result.spikes.count == 1
    assert result["seen"][-1] == pytest.approx(1, abs=1e-14)
    assert result["seen"][-1] >= 1


@pytest.mark.parametrize("method", tuple(STEPS))
def test_the_own_solution_of_a_fixed_step_method_is_the_method_taken_with_a_shorter_step(method: str) -> None:
    expected = changes(method, lambda t, y: np.array([2 - y[0]]), np.zeros(1), lambda t, y: y[0] - 1, 0.5, 2)
    assert list(run(LEAK, method, duration=1, dt=0.5).spikes.times) == pytest.approx([t for t, _ in expected], abs=1e-13)


@pytest.mark.parametrize("method", ["exact", *ADAPTIVE])
def test_a_method_that_follows_the_true_solution_finds_the_true_time(method: str) -> None:
    tolerances = {} if method == "exact" else {"rtol": 1e-12, "atol": 1e-13}
    assert list(run(LEAK, method, duration=1, dt=0.5, **tolerances).spikes.times) == pytest.approx([math.log(2)], abs=1e-11)


LIF = """
param tau = 10, drive = 20, theta = 15
init V = 0
dV/dt = (drive - V)/tau
on V >= theta: V = -5
"""


@pytest.mark.parametrize("dt", [0.1, 3, 40, 200])
def test_the_lif_fires_at_its_closed_form_times_however_long_the_exact_steps_are(dt: float) -> None:
    result = run(LIF, "exact", duration=200, dt=dt)
    expected = 10 * math.log(4) + 10 * math.log(5) * np.arange(12)
    assert list(result.spikes.times) == pytest.approx(list(expected), abs=1e-10)
    end = 20 + (-5 - 20) * math.exp(-(200 - expected[-1]) / 10)
    assert result.final["V"] == pytest.approx(end, abs=1e-10)


@pytest.mark.parametrize("method", ADAPTIVE)
def test_an_adaptive_method_meets_the_closed_form_times_to_its_tolerance(method: str) -> None:
    result = run(LIF, method, duration=200, dt=40, rtol=1e-11, atol=1e-11)
    assert list(result.spikes.times) == pytest.approx(list(10 * math.log(4) + 10 * math.log(5) * np.arange(12)), abs=1e-8)


def test_a_lif_fires_more_than_once_within_one_step_of_every_method() -> None:
    counts = {method: run(LIF, method, duration=50, dt=50).spikes.count for method in ("exact", "rk45", "rosenbrock")}
    assert counts == {"exact": 3, "rk45": 3, "rosenbrock": 3}


def test_two_conditions_that_turn_true_in_one_step_act_in_the_order_of_time() -> None:
    text = """
init x = 0, trace = 0
dx/dt = 1
on x >= 0.7: trace = 10*trace + 2; emit spike
on x >= 0.3: trace = 10*trace + 1; emit spike
"""
    result = run(text, "rk4", duration=1, dt=1)
    assert list(result.spikes.times) == pytest.approx([0.3, 0.7], abs=1e-15)
    assert result.final["trace"] == 12


# --- every crossing inside a step -----------------------------------------------------------------------------------------

# x = (t - 0.2)(t - 0.5)(t - 0.8) crosses 0 upwards at 0.2 and 0.8, downwards at 0.5
CUBIC = """
init x = -0.08
dx/dt = 3*t^2 - 3*t + 0.66
on x > 0: emit spike
on x < 0: emit spike
"""


@pytest.mark.parametrize("method", ["rk4", "rk45", "rosenbrock"])
def test_all_three_crossings_of_a_cubic_in_one_step_are_found(method: str) -> None:
    options = LOOSE if method in ADAPTIVE else {}
    result = run(CUBIC, method, duration=1, dt=1, **options)
    assert list(result.spikes.times) == pytest.approx([0.2, 0.5, 0.8], abs=1e-12)


@pytest.mark.parametrize("method", ["euler", "heun", "midpoint", "exponential_euler"])
def test_the_crossings_of_a_method_of_low_order_are_those_of_its_own_solution(method: str) -> None:
    expected = changes(method, lambda t, y: np.array([3 * t**2 - 3 * t + 0.66]), np.array([-0.08]), lambda t, y: y[0], 1.0, 1)
    assert list(run(CUBIC, method, duration=1, dt=1).spikes.times) == pytest.approx([t for t, _ in expected], abs=1e-12)


@pytest.mark.parametrize("method", ["exact", "rk45", "rosenbrock", "rk4"])
def test_every_crossing_of_an_oscillation_is_found_when_output_is_rare(method: str) -> None:
    # x = cos(t) falls through 0 at pi/2, 5 pi/2, ...; the exact step spans a quarter of the run
    text = "init x = 1, v = 0\ndx/dt = v\ndv/dt = -x\non x <= 0: emit spike\n"
    options: dict[str, Any] = {"dt": 0.01} if method == "rk4" else {"dt": 5}
    if method in ADAPTIVE:
        options |= {"rtol": 1e-10, "atol": 1e-10}
    result = run(text, method, duration=20, **options)
    assert list(result.spikes.times) == pytest.approx([math.pi / 2 + 2 * math.pi * k for k in range(3)], abs=1e-7)


@pytest.mark.parametrize("method", ["rk4", "rk45", "rosenbrock", "midpoint", "heun"])
@pytest.mark.parametrize(("miss", "count"), [(-1e-9, 1), (1e-9, 0)])
def test_a_maximum_that_just_reaches_the_threshold_fires_and_one_that_just_misses_it_does_not(method: str, miss: float, count: int) -> None:
    # x = 1 - (t - 0.37)^2, a parabola: each of these methods follows it without an error
    text = f"init x = {1 - 0.37**2!r}\ndx/dt = -2*(t - 0.37)\non x >= {1 + miss!r}: emit spike\n"
    options = LOOSE if method in ADAPTIVE else {}
    result = run(text, method, duration=1, dt=1, **options)
    assert result.spikes.count == count
    assert list(result.spikes.times) == pytest.approx([0.37 - math.sqrt(1e-9)][:count], abs=1e-10)


@pytest.mark.parametrize(("miss", "count"), [(-1e-9, 1), (1e-9, 0)])
def test_a_grazing_maximum_of_a_linear_system_is_found_inside_a_long_exact_step(miss: float, count: int) -> None:
    # the difference of two exponentials, 4 (exp(-t) - exp(-2 t)), has its maximum 1 at t = ln 2
    text = f"init a = 4, b = 4\nx = a - b\nda/dt = -a\ndb/dt = -2*b\non x >= {1 + miss!r}: emit spike\n"
    result = run(text, "exact", duration=4, dt=4)
    assert result.spikes.count == count
    if count:
        expected = brentq(lambda t: 4 * (math.exp(-t) - math.exp(-2 * t)) - 1 + 1e-9, 0, math.log(2), xtol=1e-15)
        assert result.spikes.times[0] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("dt", [1, 2, 5])
def test_an_oscillation_that_looks_alike_at_both_ends_of_an_exact_step_hides_nothing(dt: float) -> None:
    # x = cos(2 pi t): at every grid point 1 with slope 0, in between down to -1
    text = "init x = 1, v = 0\ndx/dt = v\ndv/dt = -(2*pi)^2*x\non x < -0.9: emit spike\n"
    times = run(text, "exact", duration=5, dt=dt).spikes.times
    assert list(times) == pytest.approx([math.acos(-0.9) / (2 * math.pi) + k for k in range(5)], abs=1e-10)


@pytest.mark.parametrize("method", ["rk4", "exact", "rk45", "rosenbrock"])
@pytest.mark.parametrize(
    ("rate", "operator", "times"),
    [("1", ">=", [0.5]), ("1", ">", [0.5]), ("-1", ">=", [0.5]), ("-1", ">", []), ("0", ">=", [0.5]), ("0", ">", [])],
)
def test_a_jump_exactly_onto_a_threshold_counts_as_the_comparison_says(method: str, rate: str, operator: str, times: list[float]) -> None:
    text = f"init x = 0, y = 0\ndx/dt = {rate}*(1 if t >= 0.5 else 0)\ndy/dt = 1\non x {operator} 1: emit spike\nat 0.5: x = 1\n"
    assert list(run(text, method, duration=1, dt=0.2).spikes.times) == pytest.approx(times, abs=1e-12)


@pytest.mark.parametrize("method", ["rk4", "exact", "rk45", "rosenbrock"])
def test_a_state_that_rests_on_its_threshold_neither_fires_nor_hangs(method: str) -> None:
    text = "init x = 1, y = 0\ndx/dt = 0*x\ndy/dt = -y\non x > 1: emit spike\non x < 1: emit spike\n"
    assert run(text, method, duration=1, dt=0.1).spikes.count == 0


# --- the ends of steps ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", NONLINEAR)
def test_an_event_exactly_on_a_grid_point_fires_once_at_that_point(method: str) -> None:
    result = run("init x = 0, n = 0\ndx/dt = 1\non x >= 0.5: n += 1; emit spike\n", method, duration=1, dt=0.25)
    assert list(result.spikes.times) == pytest.approx([0.5], abs=1e-12)
    assert result.final["n"] == 1


@pytest.mark.parametrize("operator", [">", ">="])
@pytest.mark.parametrize("method", ["rk4", "exact", "rk45"])
def test_a_neuron_that_is_reset_on_a_grid_point_fires_again_on_the_next_ones(method: str, operator: str) -> None:
    result = run(f"init x = 0\ndx/dt = 1\non x {operator} 0.5: x = 0\n", method, duration=2.25, dt=0.25)
    assert list(result.spikes.times) == pytest.approx([0.5, 1, 1.5, 2], abs=1e-12)
    assert result.final["x"] == pytest.approx(0.25, abs=1e-12)


@pytest.mark.parametrize("method", NONLINEAR)
def test_a_condition_that_is_true_at_the_start_does_not_fire_there(method: str) -> None:
    # it is true until ln 2, and again from the rise through 1 on
    result = run("init x = 2\ndx/dt = -x + (4 if t >= 2 else 0)\non x >= 1: emit spike\n", method, duration=4, dt=0.5)
    assert result.spikes.count == 1
    assert 2 < result.spikes.times[0] < 3


@pytest.mark.parametrize("method", ["rk4", "exact", "rk45", "rosenbrock"])
def test_a_condition_at_equality_at_the_start_fires_once_it_has_been_false(method: str) -> None:
    # x = sin(t) starts at the threshold: >= holds there and does not fire; > turns true at once
    held = run("init x = 0, v = 1\ndx/dt = v\ndv/dt = -x\non x >= 0: emit spike\n", method, duration=7, dt=0.1)
    assert list(held.spikes.times) == pytest.approx([2 * math.pi], abs=1e-5)
    strict = run("init x = 0, v = 1\ndx/dt = v\ndv/dt = -x\non x > 0: emit spike\n", method, duration=7, dt=0.1)
    assert list(strict.spikes.times) == pytest.approx([0, 2 * math.pi], abs=1e-5)


@pytest.mark.parametrize("method", NONLINEAR)
def test_the_grid_of_results_does_not_move_with_the_events(method: str) -> None:
    result = run(LIF, method, duration=50, dt=0.1, record=["V"])
    assert list(result.t) == [k * 0.1 for k in range(500)] + [50.0]


def test_located_events_leave_no_error_behind_them_in_an_exact_run() -> None:
    result = run(LIF, "exact", duration=200, dt=0.1, record=["V"])
    spikes = np.array([0, *result.spikes.times])
    last = spikes[np.searchsorted(spikes, result.t, side="right") - 1]
    start = np.where(last == 0, 0.0, -5.0)
    assert np.max(np.abs(result["V"] - (20 + (start - 20) * np.exp(-(result.t - last) / 10)))) < 1e-10
