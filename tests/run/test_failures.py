"""Numerics that fail: exit code 3, a message with the state, the time and the part, and what was good is kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError, Report


def failure(text: str, **options: Any) -> tuple[Any, str, Any]:
    """Return the error of a run, its message and the result that it carries."""
    with pytest.raises(NeuroError) as caught:
        nd.loads(text).simulate(**options)
    assert caught.value.exit_code == 3
    assert len(caught.value.report.found) == 1
    error: Any = caught.value
    return error, error.report.found[0].message, error.result


BLOWUP = "init x = 1, y = 0\nsquare = x^2\ndy/dt = 1\ndx/dt = square\n"


@pytest.mark.parametrize("method", ["euler", "heun", "midpoint", "rk4", "exponential_euler"])
def test_a_state_that_becomes_infinite_is_named_with_the_time_and_the_part(method: str) -> None:
    error, message, result = failure(BLOWUP, method=method, duration=20, dt=0.1)
    assert error.report.found[0].rule.code == "R101"
    assert "`x`" in message
    assert "`square`" in message
    assert f"t = {result.meta['reached']:.6g}" in message
    assert error.report.found[0].span.text == "dx/dt = square"
    assert result.meta["complete"] is False
    assert np.all(np.isfinite(result["x"]))
    assert math.isfinite(result.final["x"])
    assert len(result.t) == round(result.meta["reached"] / 0.1) + 1


def test_a_division_by_zero_in_a_run_names_the_definition_that_made_it() -> None:
    _, message, result = failure("init x = 1, y = 0\nr = 1/(x - 0.5)\ndx/dt = -1\ndy/dt = r\n", method="euler", duration=2, dt=0.25)
    assert "`r`" in message
    assert result.meta["reached"] == 0.5
    assert list(result["x"]) == [1, 0.75, 0.5]


def test_a_logarithm_of_a_negative_number_is_named_too() -> None:
    _, message, result = failure("init x = 1, y = 0\nr = log(x)\ndx/dt = -1\ndy/dt = r\n", method="rk4", duration=2, dt=0.25)
    assert "`y`" in message
    assert "`r`" in message
    assert result.meta["reached"] == 0.75


@pytest.mark.parametrize("method", ["rk45", "rosenbrock"])
def test_a_solution_that_blows_up_ends_an_adaptive_run_at_its_singularity(method: str) -> None:
    # x = 1/(1 - t)
    error, message, result = failure("init x = 1\ndx/dt = x^2\n", method=method, duration=2, dt=0.01)
    assert error.report.found[0].rule.code in ("R102", "R101")
    assert "t = 1" in message or "t = 0.99999" in message
    assert result.meta["reached"] == pytest.approx(1, abs=1e-6)
    assert len(result.t) in (100, 101)
    assert np.max(np.abs(result["x"][:99] * (1 - result.t[:99]) - 1)) < 1e-5


def test_a_constant_that_cannot_be_computed_is_the_fault_of_the_input() -> None:
    for text in ("param C = 1, g = 0\ntau = C/g\ninit x = 1\ndx/dt = -x/tau\n", "param a = -1\ninit x = 1\nb = sqrt(a)\ndx/dt = -b*x\n"):
        with pytest.raises(NeuroError) as caught:
            nd.loads(text).simulate(method="euler", duration=1, dt=0.1)
        assert caught.value.exit_code in (2, 3)
        assert [d.rule.code for d in caught.value.report.found] == ["R104"]


def test_what_an_event_makes_infinite_is_found_in_the_step_after_it() -> None:
    _, message, result = failure("init x = 1, y = 0\ndx/dt = -x\ndy/dt = 1\nat 0.5: x = 1/y - 1/y + 1/(y - y)\n", method="rk4", duration=1, dt=0.25)
    assert "`x`" in message
    assert result.meta["reached"] <= 0.5


def test_the_message_of_a_state_without_a_name_for_its_part_still_says_which() -> None:
    _, message, _ = failure("init V = 1\ndV/dt = exp(V)\n", method="euler", duration=30, dt=1)
    assert "`V`" in message
    assert "`dV/dt`" in message


# --- initial values -----------------------------------------------------------------------------------------------------------------


def test_a_steady_start_of_linear_equations_is_exact() -> None:
    text = "param a = 2, b = 3, V_0 = 5\ninit V = V_0, m = steady, h = steady\ndV/dt = 0*V\ndm/dt = a*V - b*m\ndh/dt = m - 2*h\n"
    result = nd.loads(text).simulate(method="rk4", duration=1, dt=0.5)
    assert result["m"][0] == pytest.approx(10 / 3, rel=1e-15)
    assert result["h"][0] == pytest.approx(10 / 6, rel=1e-15)
    assert np.ptp(result["m"]) < 1e-14


def test_a_gate_starts_at_its_steady_value_for_the_voltage_given() -> None:
    text = """
alpha(v) = 0.01*(10 - v)/(exp((10 - v)/10) - 1)
beta(v) = 0.125*exp(-v/80)
init V = 10, n = steady
dV/dt = 0*V
dn/dt = alpha(V)*(1 - n) - beta(V)*n
"""
    expected = 0.1 / (0.1 + 0.125 * math.exp(-1 / 8))
    assert nd.loads(text).simulate(method="euler", duration=1, dt=0.5)["n"][0] == pytest.approx(expected, rel=1e-14)
    moved = nd.loads(text).simulate(method="euler", duration=1, dt=0.5, init={"V": 0})["n"][0]
    assert moved == pytest.approx(0.0581976706869326 / (0.0581976706869326 + 0.125), rel=1e-12)


def test_a_steady_start_of_nonlinear_equations_is_a_root_of_them() -> None:
    text = "param I = 0.5\ninit v = steady, w = steady\ndv/dt = v - v^3/3 - w + I\ndw/dt = 0.08*(v + 0.7 - 0.8*w)\n"
    result = nd.loads(text).simulate(method="rk4", duration=0.02, dt=0.01)
    # the fixed point of FitzHugh-Nagumo at I = 0.5, to the digits published with the model
    assert result["v"][0] == pytest.approx(-0.8048477, abs=1e-7)
    assert result["w"][0] == pytest.approx(-0.1310597, abs=1e-7)


def test_the_whole_of_hodgkin_huxley_starts_at_rest_where_it_is_told_to() -> None:
    model = nd.load("hodgkin_huxley")
    rest = model.simulate(method="rk4", duration=0.02, dt=0.01, I=0, init={"V": "steady", "n": "steady", "m": "steady", "h": "steady"})
    found = [rest[name][0] for name in ("V", "n", "m", "h")]
    assert found == pytest.approx([0.003621, 0.317732, 0.052955, 0.595994], abs=1e-6)


def test_a_steady_start_that_does_not_exist_is_said() -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads("init x = steady\ndx/dt = x^2 + 1\n").simulate(method="rk4", duration=1, dt=0.1)
    assert [d.rule.code for d in caught.value.report.found] == ["M102"]


def test_a_recorded_quantity_that_is_not_finite_is_told() -> None:
    report = Report()
    nd.loads("init x = 2\ndx/dt = -x\ny = log(x - 1)\n").simulate(duration=2, dt=0.1, record=["y"], report=report)
    assert [d.rule.code for d in report.found] == ["R202"]
    assert "`y` is not finite at 14 of 21 times, first at t = 0.7" in report.found[0].message
