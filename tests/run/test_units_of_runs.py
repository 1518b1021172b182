"""Units in runs: a file that mixes them is the coherent file, and values come and go in the declared units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import neurodsl as nd

COHERENT = """
param C = 1 [uF/cm^2], g = 0.1 [mS/cm^2], E = -65 [mV], theta = -50 [mV], V_0 = -70 [mV]
input I = 2 [uA/cm^2]
init V = -65 [mV]
C*dV/dt = -g*(V - E) + I
on V >= theta: V = V_0
"""
MIXED = """
param C = 0.01 [F/m^2], g = 1e-4 [S/cm^2], E = -0.065 [V], theta = -50000 [uV], V_0 = -70 [mV]
input I = 20 [mA/m^2]
init V = -65 [mV]
C*dV/dt = -g*(V - E) + I
on V >= theta: V = V_0
simulate: duration 200 [ms]; dt 0.1 [ms]
"""


def final(text: str, **options: Any) -> nd.Result:
    return nd.loads(text).simulate(**options)


@pytest.mark.parametrize("method", ["euler", "rk4", "exact", "exponential_euler"])
def test_a_file_that_mixes_units_runs_as_the_coherent_one(method: str) -> None:
    one = final(COHERENT, method=method, duration=200, dt=0.1)
    two = final(MIXED, method=method)
    assert len(one.spikes.times) == len(two.spikes.times) == 12
    assert np.max(np.abs(one.spikes.times - two.spikes.times)) < 1e-10
    late = one["V"] if method == "euler" else one["V"][:130]
    assert np.max(np.abs(late - two["V"][: len(late)])) < 1e-12 * 70
    assert two.units["V"] == "mV"
    assert two.units["t"] == "ms"


def test_a_coherent_file_computes_what_the_bare_numbers_compute() -> None:
    bare = COHERENT.replace("on V >= theta: V = V_0", "on V >= theta: V = V_0\n")
    for unit in (" [uF/cm^2]", " [mS/cm^2]", " [mV]", " [uA/cm^2]"):
        bare = bare.replace(unit, "")
    one = final(COHERENT, method="euler", duration=200, dt=0.1)
    two = final(bare, method="euler", duration=200, dt=0.1)
    assert list(one["V"]) == list(two["V"])


def test_a_state_in_volts_is_recorded_in_volts() -> None:
    result = final("param tau = 10 [ms]\ninit V = 1 [V]\ntau*dV/dt = -V\n", method="exact", duration=10, dt=1)
    assert result.units["V"] == "V"
    assert result.final["V"] == pytest.approx(math.exp(-1), abs=1e-14)


@pytest.mark.parametrize(
    ("option", "tau"),
    [("0.01 [s]", 10), ("10 [ms]", 10), ("5", 5), (5, 5), (np.float64(5), 5), ("20000 [us]", 20)],
)
def test_a_parameter_may_be_given_in_another_unit(option: Any, tau: float) -> None:
    model = nd.loads("param tau = 7 [ms]\ninit V = 1 [mV]\ntau*dV/dt = -V\n")
    result = model.simulate(method="exact", duration=10, dt=1, set={"tau": option})
    assert result.final["V"] == pytest.approx(math.exp(-10 / tau), abs=1e-14)
    assert result.meta["parameters"]["tau"] == pytest.approx(tau, rel=1e-15)


def test_the_duration_and_the_step_may_be_given_in_another_unit() -> None:
    result = final("param tau = 7 [ms]\ninit V = 1 [mV]\ntau*dV/dt = -V\n", method="exact", duration="0.014 [s]", dt="500 [us]")
    assert result.t[-1] == pytest.approx(14, rel=1e-15)
    assert len(result.t) == 29
    assert result.final["V"] == pytest.approx(math.exp(-2), abs=1e-14)


def test_initial_values_and_inputs_may_be_given_in_another_unit() -> None:
    model = nd.loads("param tau = 10 [ms]\ninput u = 0 [mV]\ninit V = 1 [mV]\ntau*dV/dt = u - V\n")
    assert model.simulate(method="exact", duration=10, dt=1, init={"V": "0.002 [V]"}).final["V"] == pytest.approx(2 * math.exp(-1), abs=1e-14)
    assert model.simulate(method="exact", duration=10, dt=1, u="3000 [uV]").final["V"] == pytest.approx(3 + (1 - 3) * math.exp(-1), abs=1e-13)
    pulsed = model.simulate(method="exact", duration=10, dt=1, input={"u": "2 [V]*pulse(t, 0, 5 [ms])/1000"}, init={"V": 0})
    assert pulsed.final["V"] == pytest.approx(2 * (1 - math.exp(-0.5)) * math.exp(-0.5), abs=1e-13)


def test_conversions_inside_functions_of_the_file_are_made() -> None:
    text = """
param V_half = -40 [mV], k = 0.005 [V]
S(x) = 1/(1 + exp(-(x - V_half)/k))
init V = -35 [mV], m = 0
m_inf = S(V)
dV/dt = 0 [mV/ms]*m
(2 [ms])*dm/dt = m_inf - m
"""
    result = final(text, method="rk45", duration=2, dt=0.5, record=["m_inf", "m"])
    assert result["m_inf"][0] == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-15)
    assert result.final["m"] == pytest.approx((1 - math.exp(-1)) / (1 + math.exp(-1)), rel=1e-7)


def test_a_rate_in_hertz_and_a_time_in_milliseconds_meet() -> None:
    text = "param r = 200 [Hz]\ninit x = 1\ndx/dt = -r*x\nsimulate: duration 5 [ms]; dt 1 [ms]\n"
    assert final(text, method="exact").final["x"] == pytest.approx(math.exp(-1), rel=1e-13)


def test_hold_wait_and_periods_in_other_units_last_as_long_as_they_say() -> None:
    text = """
init V = 0 [mV]
dV/dt = 1 [mV/ms]
on V >= 5 [mV]: V = 0 [mV]; hold V for 0.002 [s]
every 3000 [us]: V += 0.25 [mV]
simulate: duration 10 [ms]; dt 0.5 [ms]
"""
    # kicks at 3 and at 6: 4.75 ms to the threshold; held until 6.75, where the kick at 6 is ignored; the kick at 9 counts
    result = final(text, method="rk4")
    assert list(result.spikes.times) == pytest.approx([4.75], abs=1e-12)
    assert result.final["V"] == pytest.approx(10 - 6.75 + 0.25, abs=1e-12)
