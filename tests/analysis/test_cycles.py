"""Limit cycles against published periods, closed forms, and Liouville's formula."""

from __future__ import annotations

from math import exp, log, pi

import numpy as np
import pytest
from scipy.integrate import quad

import neurodsl as nd
from neurodsl.analysis import flight as flight_module
from neurodsl.analysis.cycles import Cycle, find_cycle
from neurodsl.analysis.hybrid import hybrid_of
from neurodsl.diagnostics import NeuroError

LIF = """
param tau = 10 [ms], V_th = -50 [mV], V_rest = -65 [mV], V_reset = -70 [mV]
input I = 20 [mV]
init V = V_rest
tau*dV/dt = -(V - V_rest) + I
on V >= V_th: V = V_reset
"""


def of(text: str, **options: float) -> Cycle:
    return find_cycle(nd.loads(text).frozen(), **options)


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("fitzhugh_nagumo", 39.474415),  # scipy DOP853, rtol 1e-12, as in the header of the model
        ("hodgkin_huxley", 14.636210),  # the same
        ("van_der_pol", 6.6632868593),  # the same; published: 6.663287
        ("lif", 10 * log(5)),
        ("integrate_and_fire", 10 * log(10 / 9)),
        ("quadratic_if", 3.121593320216463),  # atan(V_peak) - atan(V_reset)
    ],
)
def test_periods_are_the_known_ones(name: str, period: float) -> None:
    cycle = nd.load(name).cycle()
    assert cycle.period == pytest.approx(period, abs=5e-7)
    assert np.min(np.abs(cycle.multipliers - 1)) < 1e-6
    assert cycle.stable


def test_the_implicit_method_takes_over_where_the_explicit_one_takes_too_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    explicit = nd.load("van_der_pol").cycle(mu=20)
    monkeypatch.setattr(flight_module, "MOST_STEPS", 400)
    implicit = nd.load("van_der_pol").cycle(mu=20)
    assert (explicit.flight.stiff, implicit.flight.stiff) == (False, True)
    assert implicit.period == pytest.approx(explicit.period, rel=1e-6)
    # Hairer and Wanner, 1996, doi:10.1007/978-3-642-05221-7: the period is (3 - 2 ln 2) mu + 7.014 mu^(-1/3) - ...
    assert explicit.period == pytest.approx((3 - 2 * log(2)) * 20 + 7.014 / 20 ** (1 / 3), rel=0.03)


def test_the_multipliers_of_a_smooth_cycle_multiply_to_the_integral_of_the_trace() -> None:
    cycle = nd.load("van_der_pol").cycle()
    trace, _ = quad(lambda t: 1 - cycle.state(t)[0] ** 2, 0, cycle.period, epsabs=1e-9, limit=200)
    assert np.prod(cycle.multipliers).real == pytest.approx(exp(trace), rel=1e-6)


def test_the_multiplier_of_the_leaky_neuron_is_the_leak_times_the_saltation_of_the_reset() -> None:
    cycle = of(LIF)
    flight = cycle.flight
    before = np.array([-50.0])
    saltation = float(flight.saltation(0, before)[0, 0])
    assert saltation == pytest.approx(5.0, abs=1e-12)  # f(V_reset)/f(V_th) = 2.5/0.5
    assert exp(-cycle.period / 10) * saltation == pytest.approx(1.0, abs=1e-9)
    assert cycle.multipliers[0].real == pytest.approx(1.0, abs=1e-9)


def test_the_saltation_matrix_of_a_reset_of_two_states_is_the_closed_form() -> None:
    system = nd.load("izhikevich").frozen().system
    (jump,) = hybrid_of(system, "this").jumps
    cycle = nd.load("izhikevich").cycle()
    v, u = 30.0, 0.7
    before, after = (0.04 * x * x + 5 * x + 140 - w + 10 for x, w in ((30.0, u), (-65.0, u + 8)))
    rows = cycle.flight.saltation(0, np.array([v, u]))
    slope = 0.02 * (0.2 * -65 - (u + 8)) - 0.02 * (0.2 * v - u)
    assert [v.name for v in jump.surface.free_symbols] == ["v"]
    assert rows == pytest.approx(np.array([[after / before, 0], [slope / before, 1]]), rel=1e-12)


def test_a_refractory_time_lengthens_the_period_and_leaves_the_train_neutral() -> None:
    cycle = of(LIF.replace("V = V_reset", "V = V_reset; hold V for 2 [ms]"))
    assert cycle.period == pytest.approx(10 * log(5) + 2, abs=1e-8)
    assert cycle.multipliers[0].real == pytest.approx(1.0, abs=1e-8)


def test_a_waiting_event_does_not_fire_again() -> None:
    cycle = of("init x = 1, y = 0\ndx/dt = y\ndy/dt = (1 - x^2)*y - x\non x >= 0: y = y + 1; wait 1")
    assert cycle.stable
    assert len([p for p in cycle.pieces if p.jump == 0]) == 1


def test_the_phase_is_0_at_the_spike() -> None:
    assert nd.load("lif").cycle().state(0.0) == pytest.approx([-70.0], abs=1e-9)
    assert nd.load("fitzhugh_nagumo").cycle().state(0.0)[0] == pytest.approx(1.0, abs=1e-9)


def test_the_normal_form_of_hopf_has_the_multiplier_of_its_amplitude() -> None:
    cycle = of("init x = 0.5, y = 0\nr2 = x^2 + y^2\ndx/dt = x - 2*y - x*r2\ndy/dt = 2*x + y - y*r2")
    assert cycle.period == pytest.approx(pi, abs=1e-9)
    assert cycle.transverse[0].real == pytest.approx(exp(-2 * pi), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("init x = 1\ndx/dt = -x", 3, "comes to rest at x = "),
        (LIF.replace("I = 20", "I = 10"), 3, "comes to rest at V = -55"),
        ("init x = 1\ndx/dt = x^2", 3, "it cannot be followed beyond t = 1"),
        ("init x = 1\ndx/dt = 1", 3, "never stays on one"),
        ("init x = 0.3\nnext x = 3.2*x*(1 - x)", 2, "is a map"),
        ("noise xi\ninit x = 1\ndx/dt = -x + xi", 2, "has noise"),
        ("init x = 1\ndx/dt = -x + sin(t)", 2, "depends on the time itself"),
        ("init x = 1\ndx/dt = -x\nevery 3: x = 1", 2, "depends on the time itself"),
        ("init x = 0\ndx/dt = -x\non rate 1: x = 1", 2, "fire by chance"),
    ],
)
def test_a_model_without_a_cycle_says_why(text: str, code: int, said: str) -> None:
    with pytest.raises(NeuroError) as error:
        of(text)
    assert error.value.exit_code == code
    assert said in str(error.value)


def test_chaos_ends_the_search_when_its_time_is_up() -> None:
    with pytest.raises(NeuroError, match=r"M116.*has not settled by the time") as error:
        find_cycle(nd.load("lorenz").frozen(), seconds=1.5)
    assert error.value.exit_code == 3
