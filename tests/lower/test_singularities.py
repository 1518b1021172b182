"""Quotients that are 0/0 at a point are accurate there and all around it, as generated code evaluates them, and so are their derivatives."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Expr, Rational, Symbol, cos, exp, log, sin, sqrt

from neurodsl.codegen.printer import Printer
from neurodsl.codegen.special import definitions
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.functions import Logistic, Select, Tanh
from neurodsl.lower.singularities import mend

mp = mpmath.mp.clone()
mp.dps = 50
x, y, V, k = (Symbol(name) for name in ("x", "y", "V", "k"))
VARYING = {x, y, V}
SIZES = [0.0, 1e-300, 1e-100, 1e-30, 1e-20, 1e-16, 1e-12, 1e-8, *(float(d) for d in np.geomspace(1e-6, 2.0, 100))]
DISTANCES = [*(-d for d in reversed(SIZES)), *SIZES]


def compiled(expression: Expr, names: tuple[str, ...]) -> Callable[..., float]:
    """Return an expression as a function of Python, through the text that a generated file would have."""
    text = Printer({name: name for name in names})(expression)
    scope: dict[str, Any] = {"math": math, "np": np, "njit": lambda **options: lambda function: function}
    exec("\n".join([*definitions(text), f"def evaluated({', '.join(names)}):\n    return {text}"]), scope)
    return scope["evaluated"]  # type: ignore[no-any-return]


CASES: dict[str, tuple[Expr, Expr, Callable[[Any], Any], float, float, float]] = {
    # numerator, denominator, reference, singular point, where it starts to be defined, k
    "alpha_n at 10": ((10 - V) / 100, exp((10 - V) / 10) - 1, lambda v: (10 - v) / 100 / mp.expm1((10 - v) / 10), 10.0, -9.0, 1.0),
    "alpha_m at -40": ((V + 40) / 10, 1 - exp(-(V + 40) / 10), lambda v: -(v + 40) / 10 / mp.expm1(-(v + 40) / 10), -40.0, -99.0, 1.0),
    "alpha_n at -55": ((V + 55) / 100, 1 - exp(-(V + 55) / 10), lambda v: -(v + 55) / 100 / mp.expm1(-(v + 55) / 10), -55.0, -99.0, 1.0),
    "sin(x)/x": (sin(x), x, lambda v: mp.sin(v) / v, 0.0, -9.0, 1.0),
    "sin(100*x)/x": (sin(100 * x), x, lambda v: mp.sin(100 * v) / v, 0.0, -9.0, 1.0),
    "sin(k*x)/x": (sin(k * x), x, lambda v: mp.sin(300 * v) / v, 0.0, -9.0, 300.0),
    "x/tanh(x)": (x, Tanh(x), lambda v: v / mp.tanh(v), 0.0, -9.0, 1.0),
    "tanh(3*x)/x": (Tanh(3 * x), x, lambda v: mp.tanh(3 * v) / v, 0.0, -9.0, 1.0),
    "(1 - cos(x))/x^2": (1 - cos(x), x**2, lambda v: 2 * (mp.sin(v / 2) / v) ** 2, 0.0, -9.0, 1.0),
    "(1 - cos(50*x))/x^2": (1 - cos(50 * x), x**2, lambda v: 2 * (mp.sin(25 * v) / v) ** 2, 0.0, -9.0, 1.0),
    "(1 - cos(k*x))/x^2": (1 - cos(k * x), x**2, lambda v: 2 * (mp.sin(v * mp.mpf(0.001) / 2) / v) ** 2, 0.0, -9.0, 0.001),
    "log(1 + x)/x": (log(1 + x), x, lambda v: mp.log1p(v) / v, 0.0, -1.0, 1.0),
    "log(1 + 30*x)/x": (log(1 + 30 * x), x, lambda v: mp.log1p(30 * v) / v, 0.0, -1 / 30, 1.0),
    "x/log(1 + 30*x)": (x, log(1 + 30 * x), lambda v: v / mp.log1p(30 * v), 0.0, -1 / 30, 1.0),
    "(sqrt(1 + 50*x) - 1)/x": (sqrt(1 + 50 * x) - 1, x, lambda v: 50 / (mp.sqrt(1 + 50 * v) + 1), 0.0, -1 / 50, 1.0),
    "(sqrt(k + x) - sqrt(k))/x": (sqrt(k + x) - sqrt(k), x, lambda v: 1 / (mp.sqrt(4 + v) + 2), 0.0, -4.0, 4.0),
    "x/(1 - exp(-x/k))": (x, 1 - exp(-x / k), lambda v: -v / mp.expm1(-v / 7), 0.0, -9.0, 7.0),
    "(exp(V/k) - 1)/V": (exp(V / k) - 1, V, lambda v: mp.expm1(v / mp.mpf(0.025)) / v, 0.0, -9.0, 0.025),
    "x/(exp(x) - exp(-x))": (x, exp(x) - exp(-x), lambda v: v / mp.sinh(v) / 2, 0.0, -9.0, 1.0),
    "(x^2 - 1)/(x - 1)": (x**2 - 1, x - 1, lambda v: v + 1, 1.0, -9.0, 1.0),
    "((1 + x)^50 - 1)/x": ((1 + x) ** 50 - 1, x, lambda v: ((1 + v) ** 50 - 1) / v, 0.0, -0.9, 1.0),
}  # fmt: skip


def exact(reference: Callable[[Any], Any], at: float, radius: Any) -> tuple[Any, Any]:
    """Return a function and its derivative at a point by Cauchy's integral, which does not mind a removable singularity."""
    roots = [mp.expjpi(mp.mpf(2) * (j + mp.mpf(1) / 3) / 10) for j in range(10)]
    found = [reference(at + radius * z) for z in roots]
    return (sum(found) / 10).real, (sum(f / z for f, z in zip(found, roots, strict=True)) / 10 / radius).real


@pytest.mark.parametrize("name", CASES)
def test_a_quotient_and_its_derivative_are_accurate_at_every_distance_from_the_singular_point(name: str) -> None:
    above, below, reference, at, start, parameter = CASES[name]
    symbol = V if V in (above / below).free_symbols else x
    found = mend(above, below, VARYING)
    assert found is not None
    value = compiled(found[0], (symbol.name, "k"))
    slope = compiled(total_derivative(found[0], symbol, ()), (symbol.name, "k"))
    largest = abs(float(exact(reference, at, mp.mpf("1e-4"))[1])) + abs(float(reference(mp.mpf(at) + mp.mpf("1e-40"))))
    for point in (at + d for d in DISTANCES if at + d > start + 1e-3):
        expected, steepness = map(float, exact(reference, mp.mpf(point), mp.mpf("1e-5")))
        # what a rounding of the argument alone changes is no error of the formula
        conditioning = 4e-16 * abs(steepness) * max(abs(point), 1e-300) * (1 + 50 * (name.startswith(("sin", "(1 - cos"))))
        assert value(point, parameter) == pytest.approx(expected, rel=1e-12, abs=conditioning), point
        assert slope(point, parameter) == pytest.approx(steepness, rel=1e-9, abs=1e-9 * largest), point


@pytest.mark.parametrize(
    ("above", "below", "where"),
    [((10 - V) / 100, exp((10 - V) / 10) - 1, "V = 10"), (V + 40, 1 - exp(-(V + 40) / 10), "V = -40"), (x - k, 1 - exp(k - x), "x = k"),
     (x - y, x**2 - y**2, "x = y"), (x * y * sin(x), x * sin(y), "x = 0 and y = 0"), (x**2 - 1, (x - 1) * (x + 1), "x = 1 and x = -1")],
)  # fmt: skip
def test_the_place_of_the_singularity_is_named(above: Expr, below: Expr, where: str) -> None:
    found = mend(above, Symbol("g") * below, VARYING)
    assert found is not None
    assert set(where.split(" and ")) == set(found[1].split(" and "))


@pytest.mark.parametrize(
    ("above", "below"),
    [(sympy.Integer(1), x), (exp(x), x), (cos(x), x), (sin(x), x**2), (x, x**2), (x**2 - 1, (x - 1) ** 2), (x, (exp(x) - 1) ** 2), (x, 1 + exp(-x)),
     (sqrt(k**2 + x) - k, x), (x, k + x), (V - k, 1 + exp((V - k) / 5)), (x, cos(x))],
)  # fmt: skip
def test_what_has_no_limit_or_needs_none_is_left_alone(above: Expr, below: Expr) -> None:
    assert mend(above, below, VARYING) is None


@pytest.mark.parametrize(
    ("above", "below", "quotient"),
    [(Logistic(100 * x) * x, x, Logistic(100 * x)), (x**2 - 1, x - 1, x + 1), (x - y, x**2 - y**2, 1 / (x + y)), (x * y + x * sin(y), x, y + sin(y)),
     (x - k, x**2 - k**2, 1 / (x + k))],
)  # fmt: skip
def test_common_factors_cancel(above: Expr, below: Expr, quotient: Expr) -> None:
    found = mend(above, below, VARYING)
    assert found is not None
    assert found[0] == quotient


def test_what_overflows_in_one_exponential_stays_finite() -> None:
    found = mend(x, exp(x) - exp(-x), VARYING)
    assert found is not None
    assert compiled(found[0], ("x",))(-700.0) == pytest.approx(700 * math.exp(-700), rel=1e-12)
    assert compiled(found[0], ("x",))(700.0) == pytest.approx(700 * math.exp(-700), rel=1e-12)


def test_an_exponential_is_never_approximated_by_a_polynomial() -> None:
    found = mend(exp(V / k) - exp(y / k), V - y, VARYING)
    assert found is not None
    assert not found[0].has(Select)


@pytest.mark.parametrize(
    "above", [((y + 1) ** 50 + 2) ** 50, ((y + 1) ** 50 + 2) ** 50 - Rational(3) ** 50, (exp(sin(y + k) ** 30) + y * k) ** 40 - 1]
)
def test_large_powers_cost_no_time(above: Expr) -> None:
    began = time.monotonic()
    mend(above, y, VARYING)
    assert time.monotonic() - began < 1.5
