"""Times that are known beforehand: pulses, `at`, `every`, switches, and inputs that events replace."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import Report

LOCATED = ("heun", "rk4", "midpoint", "exact", "rk45", "rosenbrock")
SOME = [("rk4", "exact"), ("exact", "exact"), ("rk45", "exact"), ("rosenbrock", "exact"), ("euler", "grid"), ("exact", "grid")]


def run(text: str, how: tuple[str, str] = ("rk4", "exact"), **options: Any) -> nd.Result:
    return nd.loads(text).simulate(method=how[0], events=how[1], **options)


# --- pulses ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["rk45", "rosenbrock", "rk4", "exact"])
def test_no_method_jumps_over_a_pulse_of_1_in_1000(method: str) -> None:
    text = "init x = 0\ndx/dt = pulse(t, 500.3, 501.3) - x/100\n"
    result = run(text, (method, "exact"), duration=1000, dt=50)
    expected = 100 * (1 - math.exp(-1 / 100)) * math.exp(-(1000 - 501.3) / 100)
    assert result.final["x"] == pytest.approx(expected, rel=1e-2 if method == "rk4" else 1e-6)


@pytest.mark.parametrize("method", ["rk45", "rosenbrock"])
def test_an_adaptive_solution_is_accurate_through_the_edges_of_its_drive(method: str) -> None:
    text = "init x = 0\ndx/dt = -x + 3*pulse(t, 0.7, 2.1) - 2*pulse(t, 1.3, 1.31)\n"
    result = run(text, (method, "exact"), duration=5, dt=0.01, rtol=1e-10, atol=1e-12)
    t = result.t

    def response(a: float, b: float) -> np.ndarray[Any, Any]:
        return np.where(t < a, 0, np.where(t < b, 1 - np.exp(-(t - a)), (1 - np.exp(-(b - a))) * np.exp(-(t - b))))

    assert np.max(np.abs(result["x"] - (3 * response(0.7, 2.1) - 2 * response(1.3, 1.31)))) < 1e-8


@pytest.mark.parametrize("method", LOCATED)
def test_a_pulse_whose_edges_lie_inside_steps_brings_in_exactly_its_area(method: str) -> None:
    result = run("init x = 0\ndx/dt = pulse(t, 0.123, 0.456)\n", (method, "exact"), duration=1, dt=0.1)
    assert result.final["x"] == pytest.approx(0.456 - 0.123, abs=1e-12)
    assert result["x"][1] == 0
    assert result["x"][2] == pytest.approx(0.2 - 0.123, abs=1e-12)


@pytest.mark.parametrize("how", SOME)
def test_an_edge_on_a_grid_point_is_no_earlier_or_later_by_rounding(how: tuple[str, str]) -> None:
    # 3*0.1 is 0.30000000000000004, above the literal 0.3, and 7*0.1 is 0.7000000000000001
    result = run("init x = 0\nu = pulse(t, 0.3, 0.7)\ndx/dt = u\n", how, duration=1, dt=0.1, record=["x", "u"])
    assert list(result["u"]) == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert list(result["x"]) == pytest.approx([0, 0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4], abs=1e-13)


def test_every_edge_on_the_grid_of_many_steps_takes_its_own_step() -> None:
    for k in range(1, 200):
        text = f"init x = 0\ndx/dt = pulse(t, {k}/10, {k + 1}/10)\n"
        assert run(text, ("euler", "grid"), duration=20.1, dt=0.1).final["x"] == pytest.approx(0.1, abs=1e-14)
        break
    text = "param a = 0.1\ninit x = 0\ndx/dt = pulse(t, a, a + 0.1)\n"
    model = nd.loads(text)
    for k in (3, 6, 7, 12, 14, 17, 19, 23, 28, 29, 31, 33, 35, 46, 51, 57, 58, 59, 102, 199):
        value = model.simulate(method="euler", duration=20.1, dt=0.1, a=k / 10).final["x"]
        assert value == pytest.approx(0.1, abs=1e-14), k


@pytest.mark.parametrize("method", ["euler", "rk4", "exact"])
def test_on_the_grid_an_edge_inside_a_step_acts_from_the_end_of_that_step(method: str) -> None:
    result = run("init x = 0\ndx/dt = pulse(t, 0.25, 0.55)\n", (method, "grid"), duration=1, dt=0.1)
    assert list(result["x"]) == pytest.approx([0, 0, 0, 0, 0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3], abs=1e-13)


def test_on_the_grid_a_known_time_off_the_grid_draws_a_note() -> None:
    report = Report()
    text = "init x = 0\ndx/dt = pulse(t, 0.25, 0.6)\n"
    nd.loads(text).simulate(method="euler", duration=1, dt=0.1, report=report)
    assert [d.rule.code for d in report.found if d.rule.code == "V201"] == ["V201"]
    silent = Report()
    nd.loads(text).simulate(method="euler", duration=1, dt=0.05, report=silent)
    nd.loads(text).simulate(method="rk4", duration=1, dt=0.1, report=silent)
    assert [d.rule.code for d in silent.found if d.rule.code == "V201"] == []


@pytest.mark.parametrize("statement", ["at 0.25: x += 1", "every 0.25: x += 1", "on t >= 0.25: x += 1"])
def test_on_the_grid_an_event_at_a_time_off_the_grid_draws_a_note(statement: str) -> None:
    report = Report()
    result = nd.loads(f"init x = 0\ndx/dt = 0*x\n{statement}\n").simulate(method="euler", duration=0.3, dt=0.1, report=report)
    assert [d.rule.code for d in report.found if d.rule.code == "V201"] == ["V201"]
    assert list(result["x"]) == [0, 0, 0, 1]


def test_a_switch_by_a_condition_of_the_time_is_met_exactly_too() -> None:
    text = "init x = 0\ndx/dt = (2 if t >= 0.123 and t < 0.5 else 0) + heaviside(t - 0.777)\n"
    result = run(text, ("rk4", "exact"), duration=1, dt=0.1)
    assert result.final["x"] == pytest.approx(2 * (0.5 - 0.123) + 1 - 0.777, abs=1e-12)


def test_a_switch_through_a_derived_time_is_met_exactly_too() -> None:
    text = "param delay = 0.1\ninit x = 0\ns = 2*(t - delay)\ndx/dt = pulse(s, 0.1, 0.7)\n"
    # s in [0.1, 0.7) is t in [0.15, 0.45)
    assert run(text, ("rk45", "exact"), duration=1, dt=0.5).final["x"] == pytest.approx(0.3, abs=1e-12)


def test_a_pulse_is_1_on_its_start_and_0_on_its_stop() -> None:
    result = run("init x = 0\nu = pulse(t, 0.25, 0.5)\ndx/dt = u\n", ("rk4", "exact"), duration=1, dt=0.25, record=["u"])
    assert list(result["u"]) == [0, 1, 0, 0, 0]


def test_a_pulse_from_the_start_on_is_there_from_the_first_step() -> None:
    result = run("init x = 0\nu = pulse(t, 0, 0.25)\ndx/dt = u\n", ("rk45", "exact"), duration=1, dt=0.25, record=["u", "x"])
    assert list(result["u"]) == [1, 0, 0, 0, 0]
    assert result.final["x"] == pytest.approx(0.25, abs=1e-14)


def test_the_edges_of_a_pulse_follow_its_parameters() -> None:
    model = nd.loads("param a = 0.2, width = 0.1\ninit x = 0\ndx/dt = pulse(t, a, a + width)\n")
    finals = [model.simulate(method="rk4", duration=1, dt=0.25, a=a, width=w).final["x"] for a, w in ((0.2, 0.1), (0.33, 0.01), (0.95, 0.5), (2, 1))]
    assert finals == pytest.approx([0.1, 0.01, 0.05, 0], abs=1e-12)


def test_a_pulse_written_in_seconds_in_a_file_of_milliseconds_is_where_it_says() -> None:
    text = """
param tau = 10 [ms]
init V = 0 [mV]
tau*dV/dt = 5 [mV]*pulse(t, 0.02 [s], 0.0307 [s])
at 0.05 [s]: V += 1000 [uV]
every 0.04 [s]: V += 1 [mV]
"""
    result = run(text, ("rk4", "exact"), duration=100, dt=1)
    assert result.units["t"] == "ms"
    assert result.final["V"] == pytest.approx(0.5 * 10.7 + 1 + 2, abs=1e-12)
    assert result["V"][39] == pytest.approx(0.5 * 10.7, abs=1e-12)
    assert result["V"][40] == pytest.approx(0.5 * 10.7 + 1, abs=1e-12)
    assert result["V"][50] == pytest.approx(0.5 * 10.7 + 2, abs=1e-12)


# --- at, every --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", LOCATED)
def test_at_acts_exactly_there_between_grid_points(method: str) -> None:
    # x grows by 1 per time, from 0.123 on by 2
    result = run("init x = 0, s = 1\ndx/dt = s\nds/dt = 0*s\nat 0.123: s = 2\n", (method, "exact"), duration=0.5, dt=0.1)
    assert list(result["x"]) == pytest.approx([t if t < 0.123 else 2 * t - 0.123 for t in result.t], abs=1e-12)


def test_every_may_have_a_period_that_is_no_multiple_of_dt_and_shorter_than_it() -> None:
    result = run("init x = 0\ndx/dt = 0*x\nevery 0.03: x += 1; emit spike\n", ("rk45", "exact"), duration=1, dt=0.1)
    assert list(result.spikes.times) == pytest.approx([0.03 * k for k in range(1, 34)], abs=1e-14)
    assert list(result["x"]) == [math.floor(t / 0.03 + 1e-9) for t in result.t]


def test_on_the_grid_every_acts_at_the_end_of_the_first_step_that_reaches_it() -> None:
    result = run("init x = 0\ndx/dt = 0*x\nevery 0.25: x += 1; emit spike\n", ("euler", "grid"), duration=1, dt=0.1)
    assert list(result.spikes.times) == pytest.approx([0.3, 0.5, 0.8, 1.0], abs=1e-14)


def test_a_decay_that_is_kicked_periodically_reaches_its_closed_form() -> None:
    result = run("init x = 0\ndx/dt = -x\nevery 0.7: x += 1\n", ("exact", "exact"), duration=7, dt=0.2)
    expected = sum(math.exp(-(7 - 0.7 * k)) for k in range(1, 11))
    assert result.final["x"] == pytest.approx(expected, abs=1e-12)


# --- inputs that events replace -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", SOME)
def test_an_event_replaces_a_constant_input_for_good(how: tuple[str, str]) -> None:
    result = run("input I = 2\ninit x = 0\ndx/dt = I\nat 1: I = -1\n", how, duration=3, dt=0.25)
    assert result.final["x"] == pytest.approx(2 - 2, abs=1e-12)
    assert list(result["x"][[4, 8]]) == pytest.approx([2, 1], abs=1e-12)


@pytest.mark.parametrize("how", [(m, e) for m, e in SOME if m != "exact"])
def test_an_event_replaces_an_input_that_depends_on_the_time_for_good(how: tuple[str, str]) -> None:
    result = run("input I = 2*t\ninit x = 0\ndx/dt = I\nat 1: I = 5\n", how, duration=2, dt=0.125, record=["x", "I"])
    assert result["I"][4] == 1
    assert result["I"][8] == 5
    assert result["I"][-1] == 5
    assert result.final["x"] == pytest.approx(1 + 5, abs=0.13 if how[0] == "euler" else 1e-12)


def test_an_input_that_an_event_replaces_may_be_set_before_the_run() -> None:
    model = nd.loads("input I = 2\ninit x = 0\ndx/dt = I\nat 1: I = -1\n")
    assert model.simulate(method="rk4", duration=2, dt=0.25, I=7).final["x"] == pytest.approx(7 - 1, abs=1e-12)
    assert model.simulate(method="rk4", duration=2, dt=0.25, input={"I": "4*t"}).final["x"] == pytest.approx(2 - 1, abs=1e-12)


def test_an_input_may_be_given_as_an_expression_of_the_time() -> None:
    model = nd.loads("input I = 2\ninit x = 0\ndx/dt = I\n")
    assert model.simulate(method="rk4", duration=2, dt=0.25, input={"I": "3*t^2"}).final["x"] == pytest.approx(8, abs=1e-12)
    assert model.simulate(method="rk45", duration=2, dt=0.25, input={"I": "10*pulse(t, 0.1, 0.15)"}).final["x"] == pytest.approx(0.5, abs=1e-12)


def test_a_conditional_event_may_switch_an_input_off() -> None:
    # x rises with 1 until it reaches 0.75, then decays with exp(-(t - 0.75))
    text = "input I = 1\ninit x = 0, leak = 0\ndx/dt = I - leak*x\ndleak/dt = 0*leak\non x >= 0.75: I = 0; leak = 1\n"
    result = run(text, ("rk45", "exact"), duration=2, dt=0.25, rtol=1e-11, atol=1e-12)
    assert result.final["x"] == pytest.approx(0.75 * math.exp(-1.25), abs=1e-9)


# --- the time and the step in expressions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["heun", "rk4", "rk45", "rosenbrock"])
def test_the_time_may_stand_in_an_equation(method: str) -> None:
    tolerances = {"rtol": 1e-11, "atol": 1e-12} if method in ("rk45", "rosenbrock") else {}
    result = run("init x = 1\ndx/dt = x*cos(t)\n", (method, "exact"), duration=2, dt=0.001 if method == "heun" else 0.01, **tolerances)
    assert result.final["x"] == pytest.approx(math.exp(math.sin(2)), abs=1e-6 if method == "heun" else 1e-9)


def test_the_step_may_stand_in_an_expression() -> None:
    result = run("init x = 0\ny = 10*dt\ndx/dt = dt\n", ("euler", "grid"), duration=1, dt=0.25, record=["x", "y"])
    assert result.final["x"] == 0.25
    assert list(result["y"]) == [2.5] * 5


def test_derived_quantities_are_recorded_as_they_are_at_each_time() -> None:
    text = "param k = 3\ninit x = 1\nscale = 2*k\nenergy = x^2/2\nwave = sin(t)\ndx/dt = -x\n"
    result = run(text, ("exact", "exact"), duration=1, dt=0.25, record=["scale", "energy", "wave", "x"])
    assert list(result.values) == ["scale", "energy", "wave", "x"]
    assert list(result["scale"]) == [6] * 5
    assert list(result["energy"]) == pytest.approx(list(np.exp(-2 * result.t) / 2), abs=1e-14)
    assert list(result["wave"]) == pytest.approx(list(np.sin(result.t)), abs=1e-15)
