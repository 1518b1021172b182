"""The rate of the noisy neuron agrees with Siegert's formula."""

from __future__ import annotations

import math

import pytest
from examples.scripts import script
from scipy.integrate import quad
from scipy.special import erf

EXAMPLE = script("01")


def test_the_formula_is_the_integral_that_the_docstring_prints() -> None:
    low, high = (-70 + 52) / (math.sqrt(2) * 3), (-50 + 52) / (math.sqrt(2) * 3)
    integral, _ = quad(lambda x: math.exp(x**2) * (1 + erf(x)), low, high)
    assert EXAMPLE.siegert() == pytest.approx(1000 / (10 * math.sqrt(math.pi) * integral), rel=1e-9)


def test_the_plain_rate_is_too_low_as_the_shifted_threshold_predicts() -> None:
    rate = EXAMPLE.simulated(0.05, trials=4)
    predicted = EXAMPLE.siegert(EXAMPLE.V_TH + EXAMPLE.shift(0.05))
    assert EXAMPLE.percent(predicted, EXAMPLE.siegert()) == pytest.approx(-3.78, abs=0.01)
    assert rate.hz == pytest.approx(predicted, abs=4 * rate.error)


def test_both_ways_to_continuous_time_agree_with_the_formula() -> None:
    plain = {dt: EXAMPLE.simulated(dt, trials=16) for dt in EXAMPLE.STEPS}
    corrected = {dt: EXAMPLE.simulated(dt, 16, EXAMPLE.V_TH - EXAMPLE.shift(dt)) for dt in EXAMPLE.STEPS}
    exact = EXAMPLE.siegert()
    limit = EXAMPLE.extrapolated(plain, EXAMPLE.PLAIN)
    assert limit.hz == pytest.approx(exact, abs=4 * limit.error)
    limit = EXAMPLE.extrapolated(corrected, EXAMPLE.CORRECTED)
    assert 4 * limit.error < 0.01 * exact
    assert limit.hz == pytest.approx(exact, abs=4 * limit.error)


def test_an_extrapolation_finds_the_constant_of_a_sum_of_powers() -> None:
    series = {dt: EXAMPLE.Rate(30 - 4 * math.sqrt(dt) + dt, 0.1) for dt in EXAMPLE.STEPS}
    assert EXAMPLE.extrapolated(series, EXAMPLE.PLAIN).hz == pytest.approx(30, abs=1e-9)
