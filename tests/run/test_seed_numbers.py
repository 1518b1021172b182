"""The numbers that the printed scripts of the documents give when they are run (source of each: seed script run)."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurodsl as nd

LIF = """
param C = 1 [uF/cm^2], gL = 0.1 [mS/cm^2], V_rest = -65 [mV], theta = -50 [mV], V_reset = -70 [mV]
input I_syn = 2 [uA/cm^2]
init V = V_rest
C*dV/dt = -gL*(V - V_rest) + I_syn
on V >= theta: V = V_reset
simulate: duration 200 [ms]; dt 0.1 [ms]
"""
IF = "param R = 10, V_th = 1, V_reset = 0\ninput I = 1\ninit V = 0\ndV/dt = I - V/R\n"
SPIKES = [138, 299, 460, 621, 782, 943, 1104, 1265, 1426, 1587, 1748, 1909]
VOLTAGES = {
    0: -65.0, 1: -64.8, 2: -64.602, 10: -63.08764150017608, 100: -52.32064682546456, 137: -50.04721326178691, 138: -70.0, 139: -69.75, 299: -70.0,
    1000: -59.09762976130968, 1999: -55.118299316958094, 2000: -55.017116323788514,
}  # fmt: skip


@pytest.mark.parametrize("model", ["text", "lif"])
def test_the_leaky_integrate_and_fire_script_is_reproduced(model: str) -> None:
    source = nd.loads(LIF) if model == "text" else nd.load(model)
    result = source.simulate(method="euler")
    assert [round(t / 0.1) for t in result.spikes.times] == SPIKES
    assert list(result.spikes.times) == [k * 0.1 for k in SPIKES]
    assert [result["V"][k] for k in VOLTAGES] == pytest.approx(list(VOLTAGES.values()), abs=1e-12)
    assert np.max(result["V"]) == pytest.approx(-50.006925671437244, abs=1e-12)
    assert np.mean(result["V"]) == pytest.approx(-57.52178376553366, abs=1e-12)
    assert len(result.t) == 2001
    assert result.meta["events"] == "grid"


def test_the_script_written_again_gives_the_same_voltages_everywhere() -> None:
    v, expected = -65.0, [-65.0]
    for _ in range(2000):
        v += 0.1 * (-0.1 * (v + 65) + 2) / 1
        v = -70.0 if v >= -50 else v
        expected.append(v)
    assert np.max(np.abs(nd.loads(LIF).simulate(method="euler")["V"] - expected)) < 1e-12


def test_the_exact_solution_of_its_model_is_met() -> None:
    result = nd.loads(LIF).simulate(method="exact", events="exact")
    assert list(result.spikes.times[:2]) == pytest.approx([13.862943611198906, 29.95732273553991], abs=1e-9)
    assert list(result.spikes.times) == pytest.approx([10 * math.log(4) + 10 * math.log(5) * k for k in range(12)], abs=1e-9)
    assert result.final["V"] == pytest.approx(-55.06422667206327, abs=1e-8)


def test_the_frequency_of_the_model_follows_its_closed_form() -> None:
    model = nd.loads(LIF)
    for current, hertz in ((1.6, 32.85), (2, 62.13), (3, 118.02)):
        times = model.simulate(method="exact", duration=300, I_syn=current).spikes.times
        assert 1000 / (times[-1] - times[-2]) == pytest.approx(hertz, abs=5e-3)
    assert model.simulate(method="exact", duration=1000, dt=1, I_syn=1.5).spikes.count == 0


def test_the_integrate_and_fire_script_is_reproduced() -> None:
    result = nd.loads(IF + "on V >= V_th: V = V_reset\n").simulate(method="euler", duration=4.99, dt=0.01)
    assert [round(t / 0.01) for t in result.spikes.times] == [106, 212, 318, 424]
    assert result["V"][105] == pytest.approx(0.9972277474378679, abs=1e-12)
    assert result["V"][250] == pytest.approx(0.3730536268419389, abs=1e-12)
    assert result.final["V"] == pytest.approx(0.7229132660999854, abs=1e-12)
    assert np.mean(result["V"]) == pytest.approx(0.4857751368087898, abs=1e-12)
    assert len(result.t) == 500


def test_its_exact_spikes_are_met() -> None:
    result = nd.loads(IF + "on V >= V_th: V = V_reset\n").simulate(method="exact", duration=4.99, dt=0.01)
    isi = 1.0536051565782636
    assert list(result.spikes.times) == pytest.approx([isi, 2 * isi, 3 * isi, 4 * isi], abs=1e-9)
    assert result.final["V"] == pytest.approx(0.7462659085689716, abs=1e-9)


def test_the_comparison_of_euler_and_rk4_prints_its_difference() -> None:
    model = nd.loads(IF)
    euler = model.simulate(method="euler", duration=4.99, dt=0.01)["V"]
    rk4 = model.simulate(method="rk4", duration=4.99, dt=0.01)["V"]
    assert len(euler) == len(rk4) == 500
    assert np.max(np.abs(euler - rk4)) == pytest.approx(0.0015156294681508697, abs=1e-13)
    assert euler[-1] == pytest.approx(3.9301406920802293, abs=1e-12)
    assert rk4[-1] == pytest.approx(3.9286250626120784, abs=1e-12)


def test_the_errors_at_the_end_fall_with_the_orders_of_the_methods() -> None:
    model = nd.loads(IF)
    exact = 10 * (1 - math.exp(-0.5))
    for method, expected in (("euler", [1.604e-1, 7.79e-2, 3.84e-2]), ("rk4", [2.747e-6, 1.647e-7, 1.008e-8])):
        errors = [abs(model.simulate(method=method, duration=5, dt=dt).final["V"] - exact) for dt in (1, 0.5, 0.25)]
        assert errors == pytest.approx(expected, rel=2e-3)
