"""Stimuli against their closed forms, at and between the points of the grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import neurodsl as nd
from neurodsl.diagnostics import Report

LOCATED = ("heun", "rk4", "midpoint", "exact", "rk45", "rosenbrock")
MOVING = ("heun", "rk4", "rk45", "rosenbrock")
"""The methods that stop at known times, and those of them that serve a drive that moves within a step."""

Numbers = np.ndarray[Any, Any]


def integral(drive: str, method: str, duration: float = 1, dt: float = 0.1, **options: Any) -> nd.Result:
    """Return the run that integrates a drive from 0 on and records both."""
    text = f"input I = {drive}\ninit x = 0\ndx/dt = I\n"
    return nd.loads(text).simulate(method=method, events="exact", duration=duration, dt=dt, record=["x", "I"], **options)


def on_the_grid(drive: str, duration: float = 1, dt: float = 0.1) -> nd.Result:
    text = f"input I = {drive}\ninit x = 0\ndx/dt = I\n"
    return nd.loads(text).simulate(method="euler", duration=duration, dt=dt, record=["x", "I"])


# --- step ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", LOCATED)
def test_a_step_inside_a_step_of_the_run_brings_in_exactly_its_area(method: str) -> None:
    result = integral("step(t, 0.123)", method)
    assert list(result["x"]) == pytest.approx([max(0, t - 0.123) for t in result.t], abs=1e-12)
    assert list(result["I"]) == [0, 0] + [1] * 9


def test_a_step_is_1_from_its_start_on() -> None:
    assert list(on_the_grid("step(t, 0.3)")["I"]) == [0, 0, 0] + [1] * 8
    assert list(on_the_grid("step(t, 0)")["I"]) == [1] * 11


# --- ramp ---------------------------------------------------------------------------------------------------------------------------


def ramp(t: Numbers, start: float, stop: float) -> Numbers:
    return np.clip((t - start) / (stop - start), 0, 1)


def ramp_area(t: Numbers, start: float, stop: float) -> Numbers:
    rising = np.clip(t, start, stop) - start
    return rising**2 / (2 * (stop - start)) + np.maximum(0, t - stop)


@pytest.mark.parametrize("method", MOVING)
def test_a_ramp_rises_on_a_straight_line_and_stays_up(method: str) -> None:
    result = integral("ramp(t, 0.123, 0.678)", method)
    assert list(result["I"]) == pytest.approx(list(ramp(result.t, 0.123, 0.678)), abs=1e-14)
    assert list(result["x"]) == pytest.approx(list(ramp_area(result.t, 0.123, 0.678)), abs=1e-12)


def test_a_ramp_on_the_grid_is_never_above_1_or_below_0() -> None:
    text = "init x = 0\nu = ramp(t, 0.15, 0.55)\ndx/dt = sqrt(u) + sqrt(1 - u)\n"
    result = nd.loads(text).simulate(method="rk4", events="grid", duration=1, dt=0.1, record=["u", "x"])
    assert np.all((result["u"] >= 0) & (result["u"] <= 1))
    assert np.all(np.isfinite(result["x"]))


@pytest.mark.parametrize("stop", ["0.35", "b"])
def test_a_ramp_that_takes_no_time_is_a_step(stop: str) -> None:
    text = f"param b = 0.35\ninput I = ramp(t, 0.35, {stop})\ninit x = 0\ndx/dt = I + 0*b\n"
    result = nd.loads(text).simulate(method="rk4", events="exact", duration=1, dt=0.1)
    assert result.final["x"] == pytest.approx(0.65, abs=1e-12)


# --- sine and chirp -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["rk45", "rosenbrock"])
def test_a_sine_has_its_frequency_and_phase(method: str) -> None:
    result = integral("sine(t, 1.3, 0.4)", method, duration=3, rtol=1e-10, atol=1e-12)
    turn = 2 * np.pi * 1.3
    assert list(result["I"]) == pytest.approx(list(np.sin(turn * result.t + 0.4)), abs=1e-13)
    assert list(result["x"]) == pytest.approx(list((math.cos(0.4) - np.cos(turn * result.t + 0.4)) / turn), abs=1e-8)


def test_a_frequency_in_hertz_is_one_in_a_file_of_milliseconds() -> None:
    text = "input I = 2*sine(t, 10 [Hz]) [nA]\ninit V = 0 [nA]\ndV/dt = I/[ms]\n"
    result = nd.loads(text).simulate(method="rk45", duration=100, dt=25, record=["I"])
    assert list(result["I"]) == pytest.approx([0, 2, 0, -2, 0], abs=1e-12)


def chirp(first: float, last: float, duration: float) -> Callable[[float], float]:
    """Return the sine of the integral of the frequency, found by quadrature."""

    def frequency(t: float) -> float:
        return first + (last - first) * min(max(t / duration, 0), 1)

    def value(t: float) -> float:
        return math.sin(2 * math.pi * quad(frequency, 0, t, points=[min(t, duration)])[0])

    return value


@pytest.mark.parametrize(("first", "last", "duration"), [(1, 3, 2), (4, 0.5, 1.23), (2, 2, 1)])
def test_the_frequency_of_a_chirp_goes_from_the_first_to_the_last_and_stays(first: float, last: float, duration: float) -> None:
    result = integral(f"chirp(t, {first}, {last}, {duration})", "rk45", duration=3)
    expected = [chirp(first, last, duration)(t) for t in result.t]
    assert list(result["I"]) == pytest.approx(expected, abs=1e-9)


def test_a_chirp_that_starts_later_has_its_first_frequency_until_then() -> None:
    result = integral("chirp(t - 1, 2, 5, 1)", "rk45", duration=0.9)
    assert list(result["I"]) == pytest.approx(list(np.sin(4 * np.pi * (result.t - 1))), abs=1e-12)


# --- train --------------------------------------------------------------------------------------------------------------------------


def train(t: float, period: float, width: float, start: float = 0, count: float = math.inf) -> float:
    k = math.floor((t - start) / period)
    return 1.0 if 0 <= k < count and t - start - k * period < width else 0.0


def train_area(t: float, period: float, width: float, start: float = 0, count: int = 10**6) -> float:
    begins = [start + k * period for k in range(min(count, int((t - start) / period) + 1 if t > start else 0))]
    return sum(min(t, begin + width) - begin for begin in begins)


@pytest.mark.parametrize("method", LOCATED)
def test_each_pulse_of_a_counted_train_brings_in_exactly_its_area(method: str) -> None:
    result = integral("train(t, 0.173, 0.031, 0.05, 4)", method, duration=1.5)
    expected = [train_area(t, 0.173, 0.031, 0.05, 4) for t in result.t]
    assert list(result["x"]) == pytest.approx(expected, abs=1e-12)
    assert list(result["I"]) == [train(t, 0.173, 0.031, 0.05, 4) for t in result.t]


def test_no_adaptive_method_jumps_over_the_pulses_of_a_counted_train() -> None:
    for method in ("rk45", "rosenbrock"):
        result = integral("train(t, 100, 0.1, 50.3, 7)", method, duration=1000, dt=100)
        assert result.final["x"] == pytest.approx(0.7, abs=1e-12), method
        assert result.meta["steps"] < 200, method


@pytest.mark.parametrize("method", ["euler", *LOCATED])
def test_an_endless_train_with_edges_on_the_grid_is_exact(method: str) -> None:
    # 0.7 and 0.1 have no finite binary form: no pulse may start a step early or late
    events = "grid" if method == "euler" else "exact"
    text = "init x = 0\nu = train(t, 0.7, 0.2, 0.1)\ndx/dt = u\n"
    result = nd.loads(text).simulate(method=method, events=events, duration=60, dt=0.1, record=["u", "x"])
    steps = np.arange(601)
    expected = ((steps >= 1) & ((steps - 1) % 7 < 2)).astype(float)
    assert list(result["u"]) == list(expected)
    assert list(result["x"]) == pytest.approx(list(np.concatenate([[0], np.cumsum(0.1 * expected[:-1])])), abs=1e-12)


@pytest.mark.parametrize("method", LOCATED)
def test_an_endless_train_with_edges_inside_steps_brings_in_exactly_its_area(method: str) -> None:
    result = integral("train(t, 0.173, 0.031, 0.05)", method, duration=5)
    assert list(result["x"]) == pytest.approx([train_area(t, 0.173, 0.031, 0.05) for t in result.t], abs=1e-12)


def test_no_adaptive_method_jumps_over_the_pulses_of_an_endless_train() -> None:
    for method in ("rk45", "rosenbrock"):
        result = integral("train(t, 100, 0.1, 50.3)", method, duration=1000, dt=100)
        assert result.final["x"] == pytest.approx(1, abs=1e-12), method
        assert result.meta["steps"] < 200, method


def test_a_train_that_began_long_ago_goes_on() -> None:
    # the pulses after 0 start at 0.1, 0.4, 0.7
    assert integral("train(t, 0.3, 0.1, -1e6 - 0.1)", "rk4").final["x"] == pytest.approx(0.3, abs=1e-9)


def test_a_period_that_makes_too_many_edges_is_refused() -> None:
    with pytest.raises(nd.NeuroError) as error:
        nd.loads("param p = 1\ninit x = 0\ndx/dt = train(t, p, 0)\n").simulate(method="rk4", duration=100, dt=1, p=1e-9)
    assert (error.value.report.found[0].rule.code, error.value.exit_code) == ("R104", 2)


def test_each_copy_has_the_known_times_that_were_drawn_for_it() -> None:
    text = "param p ~ uniform(0.3, 0.5)\ninit x = 0\ny = p\ndx/dt = train(t, p, 0.1)\n"
    result = nd.loads(text).simulate(method="rk4", events="exact", duration=5, dt=0.25, seed=1, copies=4, record=["x", "y"])
    expected = [train_area(5, p, 0.1) for p in result["y"][0]]
    assert list(result["x"][-1]) == pytest.approx(expected, abs=1e-12)


def test_on_the_grid_the_edges_of_a_train_act_at_the_end_of_their_step() -> None:
    result = on_the_grid("train(t, 0.5, 0.1, 0.05)", duration=1.2)
    assert list(result["I"]) == [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]


def test_a_train_follows_its_parameters() -> None:
    model = nd.loads("param p = 0.3, w = 0.1, s = 0\ninit x = 0\ndx/dt = train(t, p, w, s, 3)\n")
    for p, w, s in ((0.3, 0.1, 0), (0.21, 0.2, 0.13), (0.5, 0.5, 0.011), (0.4, 0, 0)):
        result = model.simulate(method="rk4", events="exact", duration=2, dt=0.1, p=p, w=w, s=s)
        assert result.final["x"] == pytest.approx(train_area(2, p, w, s, 3), abs=1e-12), (p, w, s)


def test_a_train_of_a_shifted_and_scaled_time_is_where_it_says() -> None:
    # 2*(t - 0.1) in [0.2 + k, 0.5 + k) is t in [0.2 + k/2, 0.35 + k/2)
    result = integral("train(2*(t - 0.1), 1, 0.3, 0.2, 2)", "rk45", duration=2, dt=0.5)
    assert result.final["x"] == pytest.approx(0.3, abs=1e-12)
    assert list(result["I"]) == [0, 0, 0, 0, 0]


def test_on_the_grid_an_edge_of_a_counted_train_off_the_grid_draws_a_note() -> None:
    report = Report()
    model = nd.loads("init x = 0\ndx/dt = train(t, 0.5, 0.125, 0, 2)\n")
    model.simulate(method="euler", duration=1, dt=0.1, report=report)
    assert [d.rule.code for d in report.found if d.rule.code == "V201"] == ["V201"]
    silent = Report()
    model.simulate(method="euler", duration=1, dt=0.125, report=silent)
    assert [d.rule.code for d in silent.found if d.rule.code == "V201"] == []


# --- given by name ------------------------------------------------------------------------------------------------------------------


def test_every_stimulus_may_be_given_for_an_input() -> None:
    model = nd.loads("input I = 0 [nA]\ninit x = 0 [nA]\ndx/dt = I/[ms]\n")
    found = {}
    for drive in ("step(t, 2)", "ramp(t, 0, 8)", "4*train(t, 5, 1)", "pulse(t, 1, 2.5)", "train(t, 5, 1, 0.5, 1)"):
        found[drive] = model.simulate(duration=8, dt=0.5, input={"I": drive}).final["x"]
    expected = {"step(t, 2)": 6, "ramp(t, 0, 8)": 4, "4*train(t, 5, 1)": 8, "pulse(t, 1, 2.5)": 1.5, "train(t, 5, 1, 0.5, 1)": 1}
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("drive", "code"),
    [
        ("train(t, 0, 1)", "V101"),
        ("step(t, x)", "N112"),
        ("step(t)", "N104"),
        ("1 [nA]*sine(t, 10 [nA])", "U101"),
        ("ou(0, 1, 0)", "V101"),
        ("ou(t, 1, 1)", "N112"),
        ("ou(0 [nA], 1 [nA], 5 [nA])", "U101"),
    ],
)
def test_a_stimulus_given_for_an_input_is_checked(drive: str, code: str) -> None:
    model = nd.loads("input I = 0 [nA]\ninit x = 0 [nA]\ndx/dt = I/[ms]\n")
    with pytest.raises(nd.NeuroError) as error:
        model.simulate(duration=1, input={"I": drive})
    assert [d.rule.code for d in error.value.report.found] == [code]


def test_a_random_process_is_no_value_of_a_parameter() -> None:
    with pytest.raises(nd.NeuroError) as error:
        nd.loads("param a = 0\ninit x = 0\ndx/dt = a - x\n").simulate(duration=1, set={"a": "ou(0, 1, 1)"})
    assert [d.rule.code for d in error.value.report.found] == ["N108"]
