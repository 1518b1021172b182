"""0/0 in a formula: the generated code is finite and accurate at and around the point, and so is its derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest

import neurodsl as nd
from neurodsl.codegen import kernel
from neurodsl.diagnostics import Report

mp = mpmath.mp.clone()
mp.dps = 60
DISTANCES = [
    0.0,
    *(s * d for d in (1e-15, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.01, 0.03, 0.0499, 0.0501, 0.1, 0.3, 0.7, 1.0, 3.0, 10.0, 40.0) for s in (1, -1)),
]


def module_of(text: str) -> ModuleType:
    model = nd.loads(text)
    plan = model.plan("rosenbrock", None, None, ())
    return kernel.load(model.cache.folder / f"{plan.kernel}.py", plain=True)


def rate_and_slope(text: str, points: list[float]) -> tuple[list[float], list[float]]:
    """Return dV/dt of a model of one state V and its derivative by V at some points, from the generated file."""
    module = module_of(text)
    constants, hold = module._constants({}, 0.1), np.full(1, -np.inf)
    values, slopes = [], []
    for point in points:
        y, a, b = np.array([point]), np.zeros((1, 1)), np.zeros(1)
        with np.errstate(all="ignore"):
            values.append(float(module._rhs(0.0, 0.0, y[0], constants, hold)[0]))
            module._jacobian(0.0, 0.0, y, constants, hold, a, b)
        slopes.append(float(a[0, 0]))
    return values, slopes


def reference(f: Callable[[Any], Any], point: float) -> tuple[Any, Any]:
    """Return a function and its derivative at a point, to 20 digits and more, also where the formula is 0/0: by Cauchy's integral over a circle."""
    n, radius = 64, mp.mpf("0.05")
    roots = [mp.expjpi(mp.mpf(2) * (k + mp.mpf(1) / 3) / n) for k in range(n)]
    samples = [f(mp.mpf(point) + radius * z) for z in roots]
    value = sum(samples) / n
    slope = sum(s / z for s, z in zip(samples, roots, strict=True)) / n / radius
    return value.real, slope.real


CASES: dict[str, tuple[str, Callable[[Any], Any], float]] = {
    "alpha_n of Hodgkin and Huxley": ("0.01*(10 - V)/(exp((10 - V)/10) - 1)", lambda v: (10 - v) / 100 / (mp.exp((10 - v) / 10) - 1), 10),
    "alpha_m of Hodgkin and Huxley": ("0.1*(25 - V)/(exp((25 - V)/10) - 1)", lambda v: (25 - v) / 10 / (mp.exp((25 - v) / 10) - 1), 25),
    "alpha_m in absolute voltage": ("0.1*(V + 40)/(1 - exp(-(V + 40)/10))", lambda v: (v + 40) / 10 / (1 - mp.exp(-(v + 40) / 10)), -40),
    "alpha_n in absolute voltage": ("0.01*(V + 55)/(1 - exp(-0.1*(V + 55)))", lambda v: (v + 55) / 100 / (1 - mp.exp(-(v + 55) / 10)), -55),
    "a rate of Connor and Stevens": ("0.2*(V + 23)/(1 - exp(-0.04*(V + 23)))", lambda v: (v + 23) / 5 / (1 - mp.exp(-(v + 23) / 25)), -23),
    "a rate written with expm1": ("(V - 3)/expm1((V - 3)/4)", lambda v: (v - 3) / mp.expm1((v - 3) / 4), 3),
    "sin x over x": ("sin(V)/V", lambda v: mp.sin(v) / v, 0),
    "x over tanh x": ("V/tanh(V)", lambda v: v / mp.tanh(v), 0),
    "x over sinh x": ("V/sinh(V)", lambda v: v / mp.sinh(v), 0),
    "1 - cos x over x squared": ("(1 - cos(V))/V^2", lambda v: (1 - mp.cos(v)) / v**2, 0),
    "log of 1 + x over x": ("log(1 + V)/V", lambda v: mp.log(1 + v) / v, 0),
    "exp x - 1 over x": ("(exp(V) - 1)/V", lambda v: mp.expm1(v) / v, 0),
    "x over 1 - exp(-x/k)": ("V/(1 - exp(-V/k))", lambda v: v / (1 - mp.exp(-v / 7)), 0),
    "a shift and a scale that are parameters": ("g*(V - k)/(1 - exp(-(V - k)/(2*k)))", lambda v: 3 * (v - 7) / (1 - mp.exp(-(v - 7) / 14)), 7),
    "the Goldman-Hodgkin-Katz current": ("V*(k - g*exp(-V/25))/(1 - exp(-V/25))", lambda v: v * (7 - 3 * mp.exp(-v / 25)) / (1 - mp.exp(-v / 25)), 0),
}
LOGARITHMS = ("log of 1 + x over x",)


@pytest.mark.parametrize("name", CASES)
def test_a_quotient_and_its_derivative_are_accurate_at_and_around_the_point_where_it_is_0_over_0(name: str) -> None:
    formula, exact, at = CASES[name]
    distances = [d for d in DISTANCES if name not in LOGARITHMS or d > -0.9]
    points = [at + d for d in distances]
    values, slopes = rate_and_slope(f"param k = 7, g = 3\ninit V = 0\nf(x) = {formula.replace('V', 'x')}\ndV/dt = f(V) + 0*k*g\n", points)
    for point, value, slope in zip(points, values, slopes, strict=True):
        expected, steepness = reference(exact, point)
        scale = max(abs(float(expected)), abs(float(steepness)) * max(abs(point), 1) * 1e-3)
        assert value == pytest.approx(float(expected), rel=1e-12, abs=1e-12 * scale), point
        assert math.isfinite(slope), point
        assert slope == pytest.approx(float(steepness), rel=1e-9, abs=1e-10 * max(1, abs(float(expected)))), point


def test_the_limits_of_the_rates_are_the_published_ones() -> None:
    values, slopes = rate_and_slope("init V = 0\ndV/dt = 0.01*(10 - V)/(exp((10 - V)/10) - 1)\n", [10.0, 0.0])
    # alpha_n(10) = 0.1, and near it 1/20 + V/200 + (V - 10)^2/12000 + ...
    assert values[0] == pytest.approx(0.1, rel=1e-15)
    assert values[1] == pytest.approx(0.0581977, abs=5e-8)
    assert slopes[0] == pytest.approx(1 / 200, rel=1e-14)


def test_the_report_names_the_points_at_which_a_formula_was_mended() -> None:
    report = nd.loads("init V = 0\na(v) = 0.01*(10 - v)/(exp((10 - v)/10) - 1)\ndV/dt = a(V) - V\n").check()
    assert isinstance(report, Report)
    assert any("V = 10" in d.message for d in report.found)


def test_a_run_crosses_the_singular_point_as_if_nothing_were_there() -> None:
    # V = t steps exactly on 10: the integral of alpha_n from 0 to 20 is that of mpmath
    text = "init V = 0, q = 0\ndV/dt = 1\ndq/dt = 0.01*(10 - V)/(exp((10 - V)/10) - 1)\n"
    result = nd.loads(text).simulate(method="rk4", duration=20, dt=0.5)
    expected = mp.quad(lambda v: (10 - v) / 100 / (mp.exp((10 - v) / 10) - 1), [0, 10, 20])
    assert result.final["q"] == pytest.approx(float(expected), rel=1e-10)


def test_a_true_pole_is_not_mended() -> None:
    with pytest.raises(nd.NeuroError) as caught:
        nd.loads("init V = 1\ndV/dt = -1/V\n").simulate(method="euler", duration=3, dt=1)
    assert caught.value.exit_code == 3
