"""Stiff models: the choice of `auto`, and agreement with SciPy's Radau at a tight tolerance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neurodsl as nd
from neurodsl.diagnostics import Report

VAN_DER_POL = "param mu = 1000\ninit x = 2, y = 0\ndx/dt = y\ndy/dt = mu*(1 - x^2)*y - x\n"
PERIOD = 1614.40112581
"""Of the cycle for mu = 1000: upward crossings of x = 0 by SciPy's Radau at rtol 1e-11."""


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    """x at 0, 5, 10, ..., 1700 by Radau IIA at rtol 1e-10, with the Jacobian."""

    def field(t: float, s: np.ndarray) -> list[float]:
        return [s[1], 1000 * (1 - s[0] ** 2) * s[1] - s[0]]

    def jacobian(t: float, s: np.ndarray) -> list[list[float]]:
        return [[0, 1], [-2000 * s[0] * s[1] - 1, 1000 * (1 - s[0] ** 2)]]

    times = np.arange(0, 1701, 5.0)
    return solve_ivp(field, (0, 1700), [2, 0], method="Radau", rtol=1e-10, atol=1e-12, jac=jacobian, t_eval=times).y[0]


def test_auto_takes_the_stiff_method_for_van_der_pol_and_agrees_with_radau(reference: np.ndarray) -> None:
    result = nd.loads(VAN_DER_POL).simulate(duration=1700, dt=5)
    assert result.meta["method"] == "rosenbrock"
    assert "stiff" in str(result.meta["reason"])
    jumps = np.abs(np.gradient(reference)) > 0.1
    quiet = ~(jumps | np.roll(jumps, 1) | np.roll(jumps, -1))
    assert np.count_nonzero(quiet) > 320
    assert np.max(np.abs(result["x"] - reference)[quiet]) < 2e-5
    assert result.meta["steps"] < 5000


def test_its_error_follows_the_tolerance(reference: np.ndarray) -> None:
    model = nd.loads(VAN_DER_POL)
    errors = []
    for rtol in (1e-4, 1e-6, 1e-8):
        result = model.simulate(method="rosenbrock", duration=700, dt=5, rtol=rtol, atol=rtol * 1e-2)
        errors.append(np.max(np.abs(result["x"] - reference[:141])))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-5


def test_the_period_of_the_relaxation_oscillation_is_met() -> None:
    result = nd.loads(VAN_DER_POL + "on x >= 0: emit spike\n").simulate(method="rosenbrock", duration=3300, dt=100, rtol=1e-7)
    assert result.spikes.count == 2
    assert result.spikes.times[1] - result.spikes.times[0] == pytest.approx(PERIOD, abs=2e-3)


def test_a_stiff_decay_to_a_moving_target_is_followed() -> None:
    # y = sin t is a solution of y' = -1e6 (y - sin t) + cos t
    text = "init y = 0\ndy/dt = -1e6*(y - sin(t)) + cos(t)\n"
    result = nd.loads(text).simulate(duration=3, dt=0.1)
    assert result.meta["method"] == "rosenbrock"
    # between the steps too, where the cubic continuous extension is what limits them
    assert np.max(np.abs(result["y"] - np.sin(result.t))) < 1e-7
    assert result.meta["steps"] < 500


def test_robertsons_kinetics_conserve_mass_and_reach_the_published_end() -> None:
    text = """
init a = 1, b = 0, c = 0
da/dt = -0.04*a + 1e4*b*c
db/dt = 0.04*a - 1e4*b*c - 3e7*b^2
dc/dt = 3e7*b^2
"""
    result = nd.loads(text).simulate(method="rosenbrock", duration=40, dt=4, rtol=1e-9, atol=1e-14)
    # Hairer and Wanner, Solving Ordinary Differential Equations II: the values at t = 40
    expected = [0.7158270688, 0.9185534764e-5, 0.2841637457]
    assert [result.final[n] for n in "abc"] == pytest.approx(expected, rel=1e-7)
    assert result.final["a"] + result.final["b"] + result.final["c"] == pytest.approx(1, abs=1e-12)


def test_a_model_that_is_not_stiff_is_left_to_the_explicit_method() -> None:
    report = Report()
    result = nd.loads("init x = 1\ndx/dt = -x^3\n").simulate(duration=1, dt=0.1, report=report)
    assert result.meta["method"] == "rk45"
    assert [d.rule.code for d in report.found if d.rule.code == "R201"] == []


def test_an_explicit_method_named_for_a_stiff_model_runs_with_a_warning() -> None:
    report = Report()
    result = nd.loads("init x = 1\ndx/dt = -1000*(x - cos(t))\n").simulate(method="rk45", duration=1, dt=0.1, report=report)
    assert result.meta["method"] == "rk45"
    assert [d.rule.code for d in report.found if d.rule.code == "R201"] == ["R201"]
    assert result.final["x"] == pytest.approx((1e6 * np.cos(1) + 1e3 * np.sin(1)) / (1e6 + 1), abs=1e-7)
