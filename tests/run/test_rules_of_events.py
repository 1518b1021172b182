"""What an event does when: its order, its refractoriness, its cascades, in both modes and for every method."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError

ALL = ("euler", "heun", "midpoint", "rk4", "exponential_euler", "exact", "rk45", "rosenbrock")
MODES = [(method, "exact") for method in ALL] + [(method, "grid") for method in ALL if method not in ("rk4", "rk45", "rosenbrock")]
SOME = [("rk4", "exact"), ("exact", "exact"), ("rk45", "exact"), ("rosenbrock", "exact"), ("euler", "grid"), ("heun", "grid")]


def run(text: str, how: tuple[str, str], **options: Any) -> nd.Result:
    return nd.loads(text).simulate(method=how[0], events=how[1], **options)


# --- on the grid ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["euler", "heun", "midpoint", "rk4", "exponential_euler", "exact"])
def test_on_the_grid_an_event_carries_the_time_of_the_end_of_the_step_and_acts_there(method: str) -> None:
    # x = 2 t passes 1 at 0.5, inside the step from 0.3 to 0.6
    result = run("init x = 0\ndx/dt = 2\non x >= 1: x = 0\n", (method, "grid"), duration=0.9, dt=0.3)
    assert list(result.spikes.times) == [2 * 0.3]
    assert list(result["x"]) == pytest.approx([0, 0.6, 0, 0.6], abs=1e-15)


@pytest.mark.parametrize("method", ["euler", "rk4", "exact"])
def test_on_the_grid_the_times_are_multiples_of_dt_and_not_sums(method: str) -> None:
    result = run("init x = 0\ndx/dt = 1\non x >= 0.95: x = 0\n", (method, "grid"), duration=1000, dt=0.1)
    steps = [round(t / 0.1) for t in result.spikes.times]
    assert list(result.spikes.times) == [k * 0.1 for k in steps]
    assert list(result.t[:-1]) == [k * 0.1 for k in range(10000)]


@pytest.mark.parametrize(
    "how", [("euler", "grid"), ("rk4", "grid"), ("rk4", "exact"), ("exact", "exact"), ("rk45", "exact"), ("rosenbrock", "exact")]
)
def test_a_last_short_step_lands_on_a_duration_that_is_no_multiple_of_dt(how: tuple[str, str]) -> None:
    result = run("init x = 0\ndx/dt = 1\n", how, duration=1.05, dt=0.1)
    assert list(result.t) == [k * 0.1 for k in range(11)] + [1.05]
    assert list(result["x"]) == pytest.approx([k * 0.1 for k in range(11)] + [1.05], abs=1e-14)


def test_a_duration_that_is_a_multiple_of_dt_but_for_rounding_has_no_extra_step() -> None:
    result = run("init x = 0\ndx/dt = 1\n", ("euler", "grid"), duration=0.3, dt=0.1)
    assert len(result.t) == 4
    assert result.t[-1] == 0.3


def test_an_event_in_the_last_short_step_carries_the_end_of_the_run() -> None:
    result = run("init x = 0\ndx/dt = 1\non x >= 1.02: emit spike\n", ("euler", "grid"), duration=1.05, dt=0.1)
    assert list(result.spikes.times) == [1.05]


# --- start -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", MODES)
def test_a_condition_true_at_the_start_waits_until_it_has_been_false_while_on_start_acts_at_once(how: tuple[str, str]) -> None:
    text = """
init x = 2, fired = 0, started = 0
dx/dt = -1
on x >= 1: fired += 1; emit spike
on start: started += 1
at 1.5: x = 2
at 2: x = 0
at 2.5: x = 3
"""
    result = run(text, how, duration=3, dt=0.25, record=["x", "started"])
    assert result.final["started"] == 1
    assert result["started"][0] == 1
    assert result.final["fired"] == 2
    assert list(result.spikes.times) == [1.5, 2.5]


@pytest.mark.parametrize("how", SOME)
def test_at_zero_acts_before_the_first_record(how: tuple[str, str]) -> None:
    result = run("init x = 1\ndx/dt = 0*x\nat 0: x = 5\n", how, duration=1, dt=0.5)
    assert list(result["x"]) == [5, 5, 5]


@pytest.mark.parametrize("how", SOME)
def test_what_on_start_makes_true_fires_at_the_start(how: tuple[str, str]) -> None:
    result = run("init x = 0\ndx/dt = 0*x\non start: x = 2\non x >= 1: x = -1\n", how, duration=1, dt=0.5)
    assert list(result.spikes.times) == [0]
    assert list(result["x"]) == [-1, -1, -1]


@pytest.mark.parametrize("how", SOME)
def test_every_first_acts_at_its_period(how: tuple[str, str]) -> None:
    result = run("init n = 0, x = 0\ndx/dt = 1\nevery 0.5: n += 1; emit spike\n", how, duration=2, dt=0.25, record=["n"])
    assert list(result.spikes.times) == [0.5, 1, 1.5, 2]
    assert list(result["n"]) == [0, 0, 1, 1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize("how", SOME)
def test_every_does_not_add_up_its_period(how: tuple[str, str]) -> None:
    result = run("init n = 0, x = 0\ndx/dt = 0*x\nevery 0.1: n += 1; emit spike\n", how, duration=100, dt=0.1)
    assert result.final["n"] == 1000
    assert np.max(np.abs(np.asarray(result.spikes.times) - np.arange(1, 1001) * 0.1)) == pytest.approx(0, abs=1e-13)


# --- at one instant -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", SOME)
def test_simultaneous_events_act_in_the_order_of_the_text(how: tuple[str, str]) -> None:
    text = """
init x = 0, trace = 0
dx/dt = 1
at 0.5: trace = 10*trace + 1
on x >= 0.5: trace = 10*trace + 2; emit spike
every 0.5: trace = 10*trace + 3
on t >= 0.5: trace = 10*trace + 4
"""
    result = run(text, how, duration=0.75, dt=0.25)
    assert result.final["trace"] == 1234


@pytest.mark.parametrize("how", SOME)
def test_an_event_may_set_off_one_that_stands_before_it_and_one_after_it(how: tuple[str, str]) -> None:
    text = """
init x = 0, a = 0, b = 0, trace = 0
dx/dt = 1
on a >= 1: trace = 10*trace + 1; b = 1
on x >= 0.5: trace = 10*trace + 2; a = 1; emit spike
on b >= 1: trace = 10*trace + 3
"""
    result = run(text, how, duration=1, dt=0.25)
    assert result.final["trace"] == 213
    assert list(result.spikes.times) == pytest.approx([0.5], abs=1e-12)


@pytest.mark.parametrize("how", SOME)
def test_the_actions_of_an_event_see_what_those_before_them_did(how: tuple[str, str]) -> None:
    text = "init x = 0, y = 0\ndx/dt = 1\ntwice = 2*x\nat 0.5: x = 10; y = twice; x -= 1; x *= 3; x /= 9\n"
    result = run(text, how, duration=0.5, dt=0.25)
    assert (result.final["x"], result.final["y"]) == (3, 20)


@pytest.mark.parametrize("how", SOME)
def test_an_event_takes_away_the_reason_of_one_that_follows_it(how: tuple[str, str]) -> None:
    text = "init x = 0, n = 0\ndx/dt = 1\non x >= 0.5: x = 0; emit spike\non x >= 0.5: n += 1\n"
    result = run(text, how, duration=0.75, dt=0.25)
    assert result.final["n"] == 0


@pytest.mark.parametrize("how", MODES)
def test_a_condition_still_true_after_its_actions_fires_again_only_after_it_was_false(how: tuple[str, str]) -> None:
    text = """
init x = 0, n = 0
dx/dt = 1
on x >= 1: n += 1; x = 1.5; emit spike
at 3: x = 0
"""
    result = run(text, how, duration=5, dt=0.5)
    assert list(result.spikes.times) == pytest.approx([1, 4], abs=1e-12)


@pytest.mark.parametrize("how", SOME)
def test_an_event_whose_action_makes_its_condition_false_and_another_true_again_fires_again_at_the_same_instant(how: tuple[str, str]) -> None:
    text = """
init x = 0, k = 3, n = 0
dx/dt = 1
on x >= 1: x = 0; n += 1; emit spike
on n > 0 and x < 0.5 and k > 0: k -= 1; x = 2
"""
    result = run(text, how, duration=1.25, dt=0.25)
    # the second event does not fire again while it stays true: it turns false with x = 2 and true with the reset
    assert result.final["k"] == 0
    assert list(result.spikes.times) == pytest.approx([1, 1, 1, 1], abs=1e-12)


@pytest.mark.parametrize("how", SOME)
def test_two_events_that_set_each_other_off_for_ever_are_an_error_and_not_a_hang(how: tuple[str, str]) -> None:
    text = "init x = 0\ndx/dt = 1\non x >= 0.9: x = -1; emit spike\non x <= -1: x = 1; emit spike\n"
    with pytest.raises(NeuroError) as caught:
        run(text, how, duration=2, dt=0.25)
    assert caught.value.exit_code == 3
    assert [d.rule.code for d in caught.value.report.found] == ["R103"]
    assert f"t = {1 if how[1] == 'grid' else 0.9}" in caught.value.report.found[0].message
    assert caught.value.result.t[-1] == 0.75


@pytest.mark.parametrize(
    ("method", "restitution", "instant"),
    [
        *((method, "0.5", "1.35457") for method in ("exact", "rk4", "heun", "midpoint", "rk45", "rosenbrock")),
        *((method, "0.1", "0.551862") for method in ("rk4", "rosenbrock")),
        *((method, "0.01", "0.460645") for method in ("rk4", "rk45", "rosenbrock")),
    ],
)
def test_a_bouncing_ball_ends_with_the_instant_at_which_its_bounces_accumulate(method: str, restitution: str, instant: str) -> None:
    # the bounces end at sqrt(2/g) (1 + r)/(1 - r)
    assert f"{math.sqrt(2 / 9.81) * (1 + float(restitution)) / (1 - float(restitution)):.6g}" == instant
    text = f"init x = 1, v = 0\ndx/dt = v\ndv/dt = -9.81\non x <= 0: v = -{restitution}*v\n"
    with pytest.raises(NeuroError) as caught:
        run(text, (method, "exact"), duration=2, dt=0.05)
    assert [d.rule.code for d in caught.value.report.found] == ["R103"]
    assert f"t = {instant};" in caught.value.report.found[0].message
    assert min(caught.value.result["x"]) >= -1e-12


@pytest.mark.parametrize("method", ["exact", "rk4", "rk45"])
def test_a_ball_that_loses_nothing_bounces_for_ever(method: str) -> None:
    text = "init x = 1, v = 0\ndx/dt = v\ndv/dt = -9.81\non x <= 0: v = -v\n"
    result = run(text, (method, "exact"), duration=10, dt=0.05)
    fall = math.sqrt(2 / 9.81)
    assert list(result.spikes.times) == pytest.approx([fall * (1 + 2 * k) for k in range(11)], abs=1e-8)


# --- hold, wait, stop -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ALL)
def test_a_hold_that_ends_inside_a_step_is_over_there(method: str) -> None:
    # V = 1 - exp(-t) reaches 1/2 at ln 2, is held at 0 for 0.25 and rises again from ln 2 + 0.25 on
    tolerances = {"rtol": 1e-11, "atol": 1e-12} if method in ("rk45", "rosenbrock") else {}
    dt = 0.1 if method in ("exact", "exponential_euler", "rk45", "rosenbrock") else 0.005
    result = run("init V = 0\ndV/dt = 1 - V\non V >= 0.5: V = 0; hold V for 0.25\n", (method, "exact"), duration=2, dt=dt, **tolerances)
    error = {"euler": 2e-3, "heun": 1e-5, "midpoint": 1e-5}.get(method, 1e-9)
    assert list(result.spikes.times) == pytest.approx([math.log(2), 2 * math.log(2) + 0.25], abs=2 * error)
    assert result.final["V"] == pytest.approx(1 - math.exp(-(2 - 2 * math.log(2) - 0.5)), abs=2 * error)
    held = (result.t > math.log(2) + 2 * error) & (result.t < math.log(2) + 0.25 - 2 * error)
    assert np.all(result["V"][held] == 0)


@pytest.mark.parametrize("how", [("euler", "grid"), ("heun", "grid"), ("exact", "grid")])
def test_on_the_grid_a_hold_keeps_the_state_for_its_steps(how: tuple[str, str]) -> None:
    result = run("init V = 0\ndV/dt = 1\non V >= 0.5: V = 0; hold V for 0.5\n", how, duration=2, dt=0.25)
    assert list(result["V"]) == pytest.approx([0, 0.25, 0, 0, 0, 0.25, 0, 0, 0], abs=1e-15)


@pytest.mark.parametrize("how", SOME)
def test_jumps_of_other_events_to_a_held_state_are_ignored_and_those_to_other_states_are_not(how: tuple[str, str]) -> None:
    text = """
init V = 0, u = 0
dV/dt = 1
on V >= 0.5: V = 0; hold V for 1
at 1: V += 100; u += 1
at 2: V += 0.125
"""
    result = run(text, how, duration=2, dt=0.25)
    # held from 0.5 to 1.5, back at 0.5 at the time 2, where it fires: before the jump of the event below
    assert result.final["u"] == 1
    assert result.final["V"] == pytest.approx(0, abs=1e-12)
    assert list(result.spikes.times) == pytest.approx([0.5, 2], abs=1e-12)


@pytest.mark.parametrize("how", SOME)
def test_an_event_may_still_set_what_it_has_just_held(how: tuple[str, str]) -> None:
    text = "init V = 0\ndV/dt = 1\non V >= 0.5: hold V for 0.25; V = -1\n"
    result = run(text, how, duration=0.75, dt=0.25)
    assert result.final["V"] == pytest.approx(-1, abs=1e-12)


@pytest.mark.parametrize("how", SOME)
def test_an_event_is_free_to_set_its_state_again_when_the_hold_is_over(how: tuple[str, str]) -> None:
    text = "init V = 0, n = 0\ndV/dt = 0*V\nat 0.25: V = 1; hold V for 0.5\nat 0.5: V = 2\nat 0.75: V = 3\n"
    result = run(text, how, duration=1, dt=0.25)
    assert list(result["V"]) == [0, 1, 1, 3, 3]


@pytest.mark.parametrize("how", SOME)
def test_wait_silences_the_event_for_its_time_and_no_other(how: tuple[str, str]) -> None:
    text = """
init x = 0
dx/dt = 1
on x >= 0.5: x = 0; wait 0.75; emit spike
on x >= 1.5: x = -10
"""
    # fires at 0.5; x reaches 0.5 again at 1, within the wait, and stays above: nothing until it has been false
    result = run(text, how, duration=3, dt=0.25)
    assert list(result.spikes.times) == pytest.approx([0.5], abs=1e-12)
    assert result.final["x"] == pytest.approx(-9, abs=1e-12)


@pytest.mark.parametrize("how", SOME)
def test_stop_ends_the_run_at_the_event_with_what_was_recorded_until_then(how: tuple[str, str]) -> None:
    result = run("init x = 0\ndx/dt = 1\non x >= 0.55: x = 7; stop\n", how, duration=2, dt=0.25)
    instant = 0.75 if how[1] == "grid" else 0.55
    assert list(result.spikes.times) == pytest.approx([instant], abs=1e-12)
    assert result.final["x"] == 7
    assert result.meta["stopped"] == "by an event"
    assert result.meta["reached"] == pytest.approx(instant, abs=1e-12)
    assert list(result["x"]) == pytest.approx([0, 0.25, 0.5, 7] if how[1] == "grid" else [0, 0.25, 0.5], abs=1e-12)


# --- which events spike -----------------------------------------------------------------------------------------------------------


def test_the_only_condition_of_a_model_spikes_by_itself_and_known_times_do_not() -> None:
    result = run("init x = 0\ndx/dt = 1\non x >= 0.5: x = 0\nat 0.25: x += 0\nevery 0.25: x += 0\n", ("rk4", "exact"), duration=1.25, dt=0.25)
    assert list(result.spikes.times) == pytest.approx([0.5, 1], abs=1e-12)


def test_an_event_that_says_emit_spike_emits_one_and_not_two() -> None:
    result = run("init x = 0\ndx/dt = 1\non x >= 0.5: x = 0; emit spike\n", ("rk4", "exact"), duration=0.75, dt=0.25)
    assert result.spikes.count == 1


# --- conditions of several parts -----------------------------------------------------------------------------------------------------

PARTS = "init x = 0, v = 1\ndx/dt = v\ndv/dt = -x\non {}: emit spike\n"
PI = math.pi


@pytest.mark.parametrize(
    ("condition", "times"),
    [
        # x = sin t, v = cos t on [0, 7]
        ("x > 0.5 and v < 0", [PI / 2]),
        ("x > 0.5 or v < -0.5", [PI / 6, 2 * PI + PI / 6]),
        ("not x > 0.5", [5 * PI / 6]),
        ("not (x > 0.5 or x < -0.5)", [5 * PI / 6, 11 * PI / 6]),
        ("x > 0.5 and not v > 0", [PI / 2]),
        ("x < -0.5 or (x > 0.5 and t > 3)", [7 * PI / 6, 2 * PI + PI / 6]),
        ("x >= 0.5 and t >= 1", [1, 2 * PI + PI / 6]),
        ("abs(x) > 0.5", [PI / 6, 7 * PI / 6, 2 * PI + PI / 6]),
        ("x*v > 0.25", [PI / 12, PI + PI / 12, 2 * PI + PI / 12]),
        ("max(x, v) < 0", [PI]),
        ("x > v", [PI / 4]),
        ("2*x >= 1", [PI / 6, 2 * PI + PI / 6]),
        ("0.5 <= x", [PI / 6, 2 * PI + PI / 6]),
    ],
)
def test_a_condition_of_several_parts_turns_true_where_its_whole_does(condition: str, times: list[float]) -> None:
    result = run(PARTS.format(condition), ("exact", "exact"), duration=7, dt=0.35)
    assert list(result.spikes.times) == pytest.approx(times, abs=1e-10)


def test_the_adaptive_method_finds_the_same_instants() -> None:
    text = PARTS.format("not (x > 0.5 or x < -0.5)")
    result = run(text, ("rk45", "exact"), duration=7, dt=0.35, rtol=1e-12, atol=1e-12)
    assert list(result.spikes.times) == pytest.approx([5 * PI / 6, 11 * PI / 6], abs=1e-9)


def test_a_condition_may_look_at_derived_quantities_and_functions() -> None:
    text = "S(z) = 1/(1 + exp(-z))\ninit x = -2\nr = S(x)\ndrive = 2*r\ndx/dt = 1\non drive >= 1: emit spike\n"
    assert list(run(text, ("rk4", "exact"), duration=4, dt=0.3).spikes.times) == pytest.approx([2], abs=1e-10)


def test_a_second_order_equation_may_be_kicked_in_its_velocity() -> None:
    # a quarter period of cos t, then x = -3 sin(t - pi/2) with dx/dt = -1 - 2
    text = "init x = 1\nd2x/dt2 = -x\non x <= 0: dx/dt -= 2\n"
    result = run(text, ("exact", "exact"), duration=3, dt=0.1, record=["x"])
    assert list(result.spikes.times) == pytest.approx([PI / 2], abs=1e-10)
    assert result.final["x"] == pytest.approx(-3 * math.sin(3 - PI / 2), abs=1e-10)
    assert result.final["dx/dt"] == pytest.approx(-3 * math.cos(3 - PI / 2), abs=1e-10)


def test_a_condition_on_a_velocity_finds_the_turning_points() -> None:
    result = run("init x = 1\nd2x/dt2 = -4*x\non dx/dt >= 0: emit spike\n", ("exact", "exact"), duration=5, dt=0.1)
    assert list(result.spikes.times) == pytest.approx([PI / 2, 3 * PI / 2], abs=1e-10)
