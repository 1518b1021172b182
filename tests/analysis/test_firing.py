"""Firing rates, rheobases and return maps against closed forms and simulation."""

from __future__ import annotations

from math import atan, inf, log, sqrt
from pathlib import Path

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.analysis.integrate_and_fire import IntegrateAndFire, recognised
from neurodsl.diagnostics import NeuroError
from neurodsl.plotting.firing import plot_firing, save_firing

EXPONENTIAL = """
param tau = 20 [ms], R = 10 [MOhm], E = -65 [mV], D = 2 [mV], V_T = -55 [mV], V_r = -65 [mV], T_r = 2 [ms]
input I = 2 [nA]
init V = E
tau*dV/dt = -(V - E) + D*exp((V - V_T)/D) + R*I
on V >= 0 [mV]: V = V_r; hold V for T_r
"""


@pytest.fixture
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same generated text as plain Python: nothing to compile."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def in_one_variable(text: str, drive: str = "I") -> IntegrateAndFire:
    found = recognised(nd.loads(text).frozen(), drive)
    assert found is not None
    return found


def test_the_rates_of_the_leaky_neuron_are_those_of_the_closed_form() -> None:
    found = nd.load("lif").fi("I", 1.4, 3, points=17)
    by_value = dict(zip(np.round(found.values, 10), found.rates, strict=True))
    assert (by_value[1.4], by_value[1.5]) == (0.0, 0.0)
    assert [round(by_value[I], 2) for I in (1.6, 2.0, 3.0)] == [32.85, 62.13, 118.02]
    assert found.rate_unit == "Hz"
    assert (found.repetitive.value, found.repetitive.expression) == (1.5, "g_L*(-V_rest + V_th)")
    assert found.period == "C*log((I - V_reset*g_L + V_rest*g_L)/(I + V_rest*g_L - V_th*g_L))/g_L"


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize("I", [1.6, 2.0, 3.0])
def test_the_closed_form_of_the_leaky_neuron_is_what_a_simulation_does(I: float) -> None:
    times = nd.load("lif").simulate(I=I, duration=150, method="exact").spikes.times
    found = recognised(nd.load("lif").frozen(), "I")
    assert found is not None
    assert found.time_between(I) == pytest.approx(times[-1] - times[-2], abs=1e-9)
    assert found.integrated(I) == pytest.approx(found.time_between(I), rel=1e-10)


def test_the_neuron_without_units_has_the_rheobase_and_the_rate_of_its_script() -> None:
    found = nd.load("integrate_and_fire").fi("I", 0, 1, points=11)
    assert (found.repetitive.value, found.repetitive.expression) == (pytest.approx(0.1), "V_th/R")
    assert found.rates[-1] == pytest.approx(0.949122, abs=5e-7)
    assert found.rate_unit == "1"
    assert found.rates[1] == 0.0


def test_the_quadratic_neuron_fires_from_0_on() -> None:
    found = nd.load("quadratic_if").fi("I", -1, 1, points=9)
    assert found.repetitive.value == 0.0
    assert found.rates[:5] == pytest.approx(np.zeros(5))
    assert found.rates[-1] == pytest.approx(1 / (atan(100) - atan(-100)), rel=1e-12)
    assert found.rates[5] == pytest.approx(sqrt(0.25) / (2 * atan(200)), rel=1e-12)
    assert found.period == "(atan(V_peak/sqrt(I)) - atan(V_reset/sqrt(I)))/sqrt(I)"


def test_a_quadratic_neuron_with_its_reset_above_the_unstable_point_fires_below_the_fold() -> None:
    model = in_one_variable("input I = -1\ninit V = 2\ndV/dt = V^2 + I\non V >= 10: V = 2")
    expected = 0.5 * log((10 - 1) * (2 + 1) / ((10 + 1) * (2 - 1)))
    assert model.time_between(-1.0) == pytest.approx(expected, rel=1e-10)
    assert model.rheobase is not None
    assert model.rheobase[0] == -4.0
    assert model.time_between(-4.0) == inf


@pytest.mark.usefixtures("_plain")
def test_the_exponential_neuron_has_a_rheobase_in_closed_form_and_rates_by_quadrature() -> None:
    found = nd.loads(EXPONENTIAL).fi("I", 0, 2, points=9)
    assert found.how == "quadrature"
    # the rheobase is where the nullcline just touches 0, at V = V_T: R I = V_T - E - D
    assert found.repetitive.value == pytest.approx((-55 + 65 - 2) / 10, abs=1e-12)
    times = nd.loads(EXPONENTIAL).simulate(duration=200, method="rk45", rtol=1e-10, atol=1e-12).spikes.times
    assert 1000 / found.rates[-1] == pytest.approx(times[-1] - times[-2], abs=1e-6)


def test_a_refractory_time_is_added_to_the_period() -> None:
    text = "param T_r = 3, R = 10\ninput I = 1\ninit V = 0\ndV/dt = I - V/R\non V >= 1: V = 0; hold V for T_r"
    model = in_one_variable(text)
    assert model.time_between(1.0) == pytest.approx(3 + 10 * log(10 / 9), rel=1e-12)
    assert str(model.period) == "R*log(I*R/(I*R - 1)) + T_r"


@pytest.mark.parametrize(
    "text",
    [
        "input I = 1\ninit V = 0, u = 0\ndV/dt = I - V - u\ndu/dt = -u\non V >= 1: V = 0; u += 1",
        "input I = 1\ninit V = 0\ndV/dt = I - V + sin(t)\non V >= 1: V = 0",
        "input I = 1\ninit V = 0\ndV/dt = I - V\non V >= 1: V = V/2",
        "input I = 1\ninit V = 0\ndV/dt = I - V\non V >= 1: V = 0; wait 3",
        "input I = 1\ninit V = 0\ndV/dt = I - V\non V <= -1: V = 0",
        "input I = 1\ninit V = 0\ndV/dt = I - V\non V >= I: V = 0",
        "input I = 1\ninit V = 0\nnext V = I - V\non V >= 1: V = 0",
    ],
)
def test_what_is_not_integrate_and_fire_in_one_variable_is_not_taken_for_it(text: str) -> None:
    assert recognised(nd.loads(text).frozen(), "I") is None


def test_the_axon_of_hodgkin_and_huxley_fires_once_and_then_for_good() -> None:
    found = nd.load("hodgkin_huxley").fi("I", 1, 10, points=7)
    assert found.how == "simulation"
    assert found.onset.value == pytest.approx(2.24033, abs=1e-5)  # scipy, as in the header of the model
    # A train lasts where a stable cycle exists, and near the fold in which it appears, 1 - multiplier goes as the square root of the distance.
    gaps = {I: (1 - abs(nd.load("hodgkin_huxley").cycle(I=I).transverse[0])) ** 2 for I in (6.261, 6.2625)}
    fold = 6.261 - gaps[6.261] * 0.0015 / (gaps[6.2625] - gaps[6.261])
    assert found.repetitive.value == pytest.approx(fold, abs=5e-4)
    assert found.rates[-1] == pytest.approx(1000 / 14.636210, rel=1e-6)
    assert found.rates[0] == 0.0


@pytest.mark.usefixtures("_plain")
def test_a_drive_that_depends_on_the_time_is_replaced_by_constants() -> None:
    text = "input I = pulse(t, 1, 2)\ninit V = 0\ndV/dt = I - V/10\non V >= 1: V = 0\nsimulate: duration 20"
    assert nd.loads(text).fi("I", 0, 1, points=3).rates[-1] == pytest.approx(1 / (10 * log(10 / 9)), rel=1e-12)


@pytest.mark.usefixtures("_plain")
def test_a_noisy_neuron_has_rates_and_no_rheobase() -> None:
    text = "param s = 1\ninput I = 1\nnoise xi\ninit V = 0\ndV/dt = I - V + s*xi\non V >= 1: V = 0\nsimulate: duration 20; dt 0.05"
    found = nd.loads(text).fi("I", 0, 20, points=3)
    assert found.rates[-1] > found.rates[0] > 0
    assert found.onset.value is None
    assert "no value is the first" in found.onset.how


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize(
    ("name", "low", "high", "points", "said"),
    [
        ("J", 0, 1, 5, "no input or parameter `J`"),
        ("I", 1, 1, 5, "from a smaller number to a larger one"),
        ("I", 0, inf, 5, "from a smaller number to a larger one"),
        ("I", 0, 1, 1, "from 2 to 10000 points"),
    ],
)
def test_a_range_that_is_none_is_refused(name: str, low: float, high: float, points: int, said: str) -> None:
    with pytest.raises(NeuroError, match=said):
        nd.load("lif").fi(name, low, high, points)


def test_a_model_without_spikes_has_no_rate() -> None:
    with pytest.raises(NeuroError, match="has no event that is a spike"):
        nd.load("lorenz").fi("rho", 0, 1)


def test_the_curve_is_written_and_drawn(tmp_path: Path) -> None:
    found = nd.load("lif").fi("I", 0, 3, points=4)
    found.save(tmp_path / "curve.csv")
    assert (tmp_path / "curve.csv").read_text().splitlines()[:2] == ["I [uA/cm^2],rate [Hz]", "0.0,0.0"]
    found.save(tmp_path / "curve.npz")
    with np.load(tmp_path / "curve.npz", allow_pickle=False) as kept:
        assert sorted(kept) == ["rates", "values"]
        assert kept["rates"] == pytest.approx(found.rates)
    (axes,) = plot_firing(found).axes
    (line,) = [li for li in axes.lines if li.get_label() == "_rate"]
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True))[2] == (pytest.approx(1.5, abs=1e-12), 0.0)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("injected current $I$ (µA/cm²)", "Firing rate (Hz)")
    save_firing(found, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(NeuroError, match=r"\.csv or \.npz"):
        found.save(tmp_path / "curve.xls")


def test_the_return_map_of_the_leaky_neuron_is_a_point() -> None:
    found = nd.load("lif").return_map()
    (point,) = found.fixed_points
    assert found.of is None
    assert (point.state["V"], point.multiplier) == (-70.0, 0.0)
    assert point.period == pytest.approx(10 * log(5), abs=1e-7)
    silent = nd.load("lif").return_map(I=1)
    assert (silent.fires, silent.fixed_points) == (False, ())


def test_the_slope_of_the_adaptation_map_is_the_multiplier_of_the_cycle() -> None:
    found = nd.load("adex").return_map(points=9)
    cycle = nd.load("adex").cycle()
    (point,) = found.fixed_points
    assert found.of == "w"
    assert point.period == pytest.approx(cycle.period, abs=1e-6)
    assert point.multiplier == pytest.approx(cycle.transverse[0].real, abs=1e-5)
    assert point.state["w"] == pytest.approx(cycle.state(0.0)[1], abs=1e-5)
    assert point.stable


def test_a_linear_neuron_with_adaptation_has_the_return_map_of_its_closed_form() -> None:
    # u decays and does not move V, which reaches 1 after ln 2: u -> u/2 + 1 has the fixed point 2 and the slope 1/2
    found = nd.loads("init V = 0, u = 0\ndV/dt = 2 - V\ndu/dt = -u\non V >= 1: V = 0; u += 1").return_map(points=5)
    (point,) = found.fixed_points
    assert point.state == pytest.approx({"V": 0.0, "u": 2.0})
    assert point.multiplier == pytest.approx(0.5, abs=1e-6)
    assert found.after == pytest.approx(found.before / 2 + 1, abs=1e-7)
    assert found.periods == pytest.approx(np.full(5, log(2)), abs=1e-8)


@pytest.mark.parametrize(
    ("name", "said"),
    [("fitzhugh_nagumo", "no spike that resets a state"), ("logistic_map", "is a map"), ("poisson", "fire by chance")],
)
def test_a_model_without_resets_has_no_return_map(name: str, said: str) -> None:
    with pytest.raises(NeuroError, match=said):
        nd.load(name).return_map()


def test_a_threshold_that_is_not_reached_is_told_with_where_the_voltage_stays() -> None:
    assert nd.load("lif").fi("I", 1, 3, points=3).notes == ("at I = 1 the threshold -50 is not reached: `V` stays at -55",)
    assert nd.load("lif").fi("I", 2, 3, points=3).notes == ()
