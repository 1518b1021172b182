"""`exact`: linear systems advanced by their propagators, held against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

import neurodsl as nd
from neurodsl.diagnostics import NeuroError


def run(text: str, **options: Any) -> nd.Result:
    return nd.loads(text).simulate(method="exact", **options)


@pytest.mark.parametrize("dt", [0.1, 1, 5])
def test_two_equal_decays_make_an_alpha_function(dt: float) -> None:
    result = run("param tau = 5\ninit g = 0, h = 1\ndh/dt = -h/tau\ndg/dt = h - g/tau\n", duration=20, dt=dt)
    assert np.max(np.abs(result["g"] - result.t * np.exp(-result.t / 5))) < 1e-13


def test_three_equal_decays_make_the_square_of_it() -> None:
    result = run("init a = 1, b = 0, c = 0\nda/dt = -a\ndb/dt = a - b\ndc/dt = b - c\n", duration=4, dt=0.5)
    assert np.max(np.abs(result["c"] - result.t**2 / 2 * np.exp(-result.t))) < 1e-14


def test_nearly_equal_decays_lose_no_digits() -> None:
    eps = 1e-9
    result = run(f"init g = 0, h = 1\ndh/dt = -h\ndg/dt = h - {1 + eps!r}*g\n", duration=4, dt=0.5)
    # (exp(-t) - exp(-(1 + eps) t))/eps = t exp(-t) phi_1(-eps t)
    expected = result.t * np.exp(-result.t) * (1 - eps * result.t / 2)
    assert np.max(np.abs(result["g"] - expected)) < 1e-14


def test_complex_eigenvalues_make_a_damped_rotation() -> None:
    result = run("param a = 0.3, w = 2\ninit x = 1, y = 0\ndx/dt = -a*x - w*y\ndy/dt = w*x - a*y\n", duration=10, dt=0.25)
    assert np.max(np.abs(result["x"] - np.exp(-0.3 * result.t) * np.cos(2 * result.t))) < 1e-12
    assert np.max(np.abs(result["y"] - np.exp(-0.3 * result.t) * np.sin(2 * result.t))) < 1e-12


def test_an_undamped_oscillator_keeps_its_energy_over_ten_thousand_steps() -> None:
    result = run("param k = 2\ninit x = 1\nd2x/dt2 = -k*x\nE = x^2/2*k + (dx/dt)^2/2\n", duration=1000, dt=0.1, record=["x", "E"])
    assert np.max(np.abs(result["E"] - 1)) < 1e-11
    assert np.max(np.abs(result["x"] - np.cos(math.sqrt(2) * result.t))) < 1e-10


def test_a_nilpotent_matrix_makes_a_polynomial() -> None:
    result = run("init x = 0, v = 0, a = 6\ndx/dt = v\ndv/dt = a\nda/dt = 0*a + 6\n", duration=2, dt=0.25)
    assert list(result["x"]) == pytest.approx(list(3 * result.t**2 + result.t**3), abs=1e-13)


def test_a_matrix_of_zeros_keeps_or_adds_up() -> None:
    result = run("init x = 3, y = 1\ndx/dt = 0\ndy/dt = 2\n", duration=2, dt=0.25)
    assert list(result["x"]) == [3] * 9
    assert list(result["y"]) == pytest.approx(list(1 + 2 * result.t), abs=1e-15)


@pytest.mark.parametrize("rate", [1e3, 1e6, 1e9])
def test_a_very_stiff_pair_follows_its_slow_manifold(rate: float) -> None:
    # y' = -rate (y - x), x' = -x: y = rate/(rate - 1) (exp(-t) - exp(-rate t)) from y = 0
    result = run(f"init x = 1, y = 0\ndx/dt = -x\ndy/dt = -{rate!r}*(y - x)\n", duration=2, dt=0.1)
    expected = rate / (rate - 1) * (np.exp(-result.t) - np.exp(-rate * result.t))
    assert np.max(np.abs(result["y"] - expected)) < 1e-15 * rate + 1e-13


def test_a_diagonal_system_takes_any_step() -> None:
    result = run("init x = 1, y = 1\ndx/dt = -1e12*x\ndy/dt = -1e-12*y + 1\n", duration=3, dt=1)
    assert list(result["x"]) == [1, 0, 0, 0]
    assert list(result["y"]) == pytest.approx([1, 2, 3, 4], rel=1e-11)


def test_a_growing_mode_grows_as_its_exponential() -> None:
    result = run("init x = 1e-3, y = 0\ndx/dt = x + y\ndy/dt = x - y\n", duration=10, dt=2.5)
    expected = [(expm(np.array([[1, 1], [1, -1]]) * t) @ [1e-3, 0])[0] for t in result.t]
    assert list(result["x"]) == pytest.approx(expected, rel=1e-12)


def test_a_random_matrix_and_a_constant_drive_agree_with_scipy() -> None:
    rng = np.random.default_rng(3)
    a = np.round(rng.normal(size=(5, 5)), 3)
    b = np.round(rng.normal(size=5), 3)
    lines = [f"init x{i} = {i - 2}" for i in range(5)]
    lines += [f"dx{i}/dt = " + " + ".join(f"({float(a[i, j])!r})*x{j}" for j in range(5)) + f" + ({float(b[i])!r})" for i in range(5)]
    result = run("\n".join(lines) + "\n", duration=3, dt=0.3)
    whole = np.zeros((6, 6))
    whole[:5, :5], whole[:5, 5] = a, b
    expected = (expm(3 * whole) @ [-2, -1, 0, 1, 2, 1])[:5]
    assert [result.final[f"x{i}"] for i in range(5)] == pytest.approx(list(expected), rel=1e-11)


def test_a_hold_takes_a_state_out_of_the_system_and_puts_it_back() -> None:
    # x is held at 1 from 0 to 0.25: y relaxes to it alone; then both go on
    text = "init x = 1, y = 0\ndx/dt = -x - y\ndy/dt = x - y\non start: hold x for 0.25\n"
    result = run(text, duration=1, dt=0.1)
    middle = np.array([1, 1 - math.exp(-0.25)])
    expected = expm(0.75 * np.array([[-1, -1], [1, -1]])) @ middle
    assert [result.final["x"], result.final["y"]] == pytest.approx(list(expected), abs=1e-13)
    assert result["y"][2] == pytest.approx(1 - math.exp(-0.2), abs=1e-14)
    assert list(result["x"][:3]) == [1, 1, 1]


def test_a_diagonal_system_may_be_held_too() -> None:
    result = run("init x = 1, y = 1\ndx/dt = -x\ndy/dt = -2*y\non start: hold x for 0.33\n", duration=1, dt=0.1)
    assert result.final["x"] == pytest.approx(math.exp(-0.67), abs=1e-14)
    assert result.final["y"] == pytest.approx(math.exp(-2), abs=1e-14)


def test_a_switched_drive_is_followed_exactly_from_edge_to_edge() -> None:
    result = run("init x = 0, y = 0\ndx/dt = pulse(t, 0.33, 0.77) - x\ndy/dt = x - y\n", duration=2, dt=0.5)
    a = np.array([[-1, 0, 1], [1, -1, 0], [0, 0, 0]])
    on = expm(0.44 * a) @ [0, 0, 1]
    off = expm((2 - 0.77) * a[:2, :2]) @ on[:2]
    assert [result.final["x"], result.final["y"]] == pytest.approx(list(off), abs=1e-14)


def test_a_switched_matrix_is_followed_exactly_too() -> None:
    result = run("init x = 1\ndx/dt = -(3 if t < 0.45 else 1)*x\n", duration=1, dt=0.1)
    assert result.final["x"] == pytest.approx(math.exp(-3 * 0.45 - 0.55), abs=1e-14)


@pytest.mark.parametrize(
    "equation", ["-x^2", "-x*t", "sin(t) - x", "-x*y", "-abs(x)", "1 if x > 0 else 0", "-max(x, y)", "-x*(1 if y > 0 else 2)", "floor(x)", "x mod 2"]
)
def test_exact_is_refused_where_it_would_not_be(equation: str) -> None:
    with pytest.raises(NeuroError) as caught:
        run(f"init x = 1, y = 1\ndx/dt = {equation}\ndy/dt = -y\n", duration=1, dt=0.1)
    assert [d.rule.code for d in caught.value.report.found] == ["M103"]
    assert "rk45" in (caught.value.report.found[0].help or "")


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("init x = 1\ndx/dt = -x\n", "exact"),
        ("init x = 1\nd2x/dt2 = -x\n", "exact"),
        ("init x = 1\ndx/dt = pulse(t, 1, 2) - x\n", "exact"),
        ("init x = 1\ndx/dt = -x^3\n", "rk45"),
        ("init x = 1\ndx/dt = sin(t) - x\n", "rk45"),
    ],
)
def test_auto_is_exact_where_the_equations_are_linear(text: str, method: str) -> None:
    result = nd.loads(text).simulate(duration=1, dt=0.01)
    assert result.meta["method"] == method
    assert str(result.meta["reason"]).startswith("auto")


def test_equal_thresholds_of_states_of_one_system_fire_at_one_instant() -> None:
    text = """
init x = 0, y = 0, trace = 0
dx/dt = 1 - x
dy/dt = 1 - y
on x >= 0.5: trace = 10*trace + 1; emit spike
on y >= 0.5: trace = 10*trace + 2
"""
    result = run(text, duration=2, dt=0.3)
    assert result.final["trace"] == 12
    assert list(result.spikes.times) == pytest.approx([math.log(2)], abs=1e-12)
