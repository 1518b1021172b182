"""Lyapunov exponents against published values, closed forms and other ways to the same number."""

from __future__ import annotations

from math import exp, log, pi

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.analysis.cycles import find_cycle
from neurodsl.analysis.lyapunov import Spectrum, spectrum
from neurodsl.diagnostics import NeuroError

LIF = """
param tau = 10, V_th = -50, V_rest = -65, V_reset = -70
input I = 20
init V = V_rest
tau*dV/dt = -(V - V_rest) + I
on V >= V_th: V = V_reset
"""


@pytest.fixture
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same generated text as plain Python: nothing to compile."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def of(text: str, **options: float) -> Spectrum:
    return spectrum(nd.loads(text).frozen(), **options)


def test_the_spectrum_of_lorenz_is_the_published_one() -> None:
    # Sprott, 2003, Chaos and Time-Series Analysis. doi:10.1093/oso/9780198508397.001.0001: 0.9056, 0, -14.5723
    found = nd.load("lorenz").lyapunov(duration=1500, transient=50)
    assert found.exponents == pytest.approx([0.9056, 0, -14.5723], abs=0.03)
    assert found.errors[0] < 0.01
    assert found.verdict == "chaotic: the largest exponent is positive"


@pytest.mark.usefixtures("_plain")
def test_the_exponents_of_lorenz_add_up_to_the_constant_trace() -> None:
    assert nd.load("lorenz").lyapunov(duration=10, transient=1).sum == pytest.approx(-41 / 3, abs=1e-7)


def test_the_chaotic_bursts_of_hindmarsh_and_rose_have_one_positive_exponent() -> None:
    found = nd.load("hindmarsh_rose").lyapunov(duration=4000, transient=500)
    assert found.exponents[0] > max(0.006, 2 * found.errors[0])
    assert abs(found.exponents[1]) < 0.003
    assert found.exponents[2] < -5


@pytest.mark.usefixtures("_plain")
def test_the_exponent_of_the_logistic_map_at_4_is_the_logarithm_of_2() -> None:
    found = nd.load("logistic_map").lyapunov(r=4, duration=5000, transient=100)
    assert found.exponents == pytest.approx([log(2)], abs=1e-3)


@pytest.mark.usefixtures("_plain")
def test_the_exponents_of_a_map_of_two_states_add_up_to_the_logarithm_of_its_determinant() -> None:
    found = of("param a = 1.4, b = 0.3\ninit x = 0.1, y = 0.1\nnext x = 1 - a*x^2 + y\nnext y = b*x", duration=4000, transient=100)
    # Henon, 1976, doi:10.1007/BF01608556; the largest exponent 0.419 from Sprott, 2003
    assert found.sum == pytest.approx(log(0.3), abs=1e-9)
    assert found.exponents[0] == pytest.approx(0.419, abs=0.03)


@pytest.mark.usefixtures("_plain")
def test_the_exponents_of_a_linear_system_are_the_real_parts_of_its_eigenvalues() -> None:
    assert of("init x = 1, y = 1\ndx/dt = -x + 2*y\ndy/dt = -3*y", duration=60, transient=40).exponents == pytest.approx([-1, -3], abs=1e-7)
    turning = of("init x = 1\ndx/dt = -0.1*x - 2*y\ndy/dt = 2*x - 0.1*y", duration=20 * pi, transient=10)
    assert turning.exponents == pytest.approx([-0.1, -0.1], abs=1e-7)


@pytest.mark.usefixtures("_plain")
def test_the_exponents_of_a_cycle_are_the_logarithms_of_its_multipliers_over_its_period() -> None:
    cycle = find_cycle(nd.load("van_der_pol").frozen())
    expected = log(abs(cycle.transverse[0])) / cycle.period
    found = nd.load("van_der_pol").lyapunov(duration=10 * cycle.period, transient=3 * cycle.period)
    assert found.exponents == pytest.approx([0, expected], abs=0.03)
    assert found.verdict.startswith("neutral")


@pytest.mark.usefixtures("_plain")
def test_a_reset_carries_a_deviation_across_so_that_a_regular_train_is_neutral() -> None:
    period = 10 * log(5)
    assert of(LIF, duration=20 * period, transient=period, dt=0.05).exponents == pytest.approx([0], abs=6e-3)
    without = of(LIF.replace("on V >= V_th: V = V_reset", ""), duration=100, transient=10)
    assert without.exponents == pytest.approx([-0.1], abs=1e-9)


@pytest.mark.usefixtures("_plain")
def test_a_refractory_time_leaves_a_regular_train_neutral() -> None:
    held = LIF.replace("V = V_reset", "V = V_reset; hold V for 3")
    assert of(held, duration=20 * (10 * log(5) + 3), transient=20).exponents == pytest.approx([0], abs=6e-3)


@pytest.mark.usefixtures("_plain")
def test_the_exponent_of_a_driven_neuron_is_the_leak_and_the_kicks_of_its_spikes() -> None:
    driven = LIF.replace("input I = 20", "input I = 18 + 6*sin(t/3)")
    found = of(driven, duration=900, transient=100)
    spikes = nd.loads(driven).simulate(duration=1000, method="rk45", rtol=1e-10, atol=1e-12, dt=0.1).spikes.times
    drive = 18 + 6 * np.sin(spikes[spikes > 100] / 3)
    expected = -1 / 10 + np.sum(np.log((drive + 5) / (drive - 15))) / 900
    assert found.exponents == pytest.approx([expected], abs=2e-3)
    assert found.exponents[0] < -0.005


@pytest.mark.usefixtures("_plain")
def test_a_reset_of_two_states_keeps_the_two_exponents_of_the_train() -> None:
    found = nd.load("adex").lyapunov(duration=8 * 9.585249, transient=8 * 9.585249)
    multiplier = nd.load("adex").return_map(points=9).fixed_points[0].multiplier
    assert found.exponents == pytest.approx([0, log(multiplier) / 9.585249], abs=2e-3)


@pytest.mark.usefixtures("_plain")
@pytest.mark.usefixtures("_plain")
def test_fixed_steps_and_the_adaptive_method_agree() -> None:
    text = "init x = 1, y = 0\ndx/dt = y\ndy/dt = (1 - x^2)*y - x"
    by_steps, adaptive = (of(text, duration=60, transient=20, dt=dt) for dt in (0.01, None))
    assert by_steps.method == "rk4"
    assert by_steps.exponents == pytest.approx(adaptive.exponents, abs=5e-3)


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize(
    ("text", "options", "code", "said"),
    [
        ("noise xi\ninit x = 0\ndx/dt = -x + xi", {}, 2, "has noise"),
        ("init x = 0\nnext x = 0.5*x + rand()", {}, 2, "has noise"),
        ("init x = 1\ndx/dt = x^2", {"duration": 10.0}, 3, "cannot be followed beyond t = 1"),
        ("init x = 1\ndx/dt = -x", {"duration": -1.0}, 2, "the duration has to be positive, not -1"),
        ("init x = 1\ndx/dt = -x", {"dt": 1e-12}, 2, "steps of 1e-12"),
        ("param N = 20\ninit x[N] = 1\ndx/dt = -x", {}, 2, "has 20 states; the Lyapunov exponents of up to 10"),
        ("init x = 0, y = 0\ndx/dt = 1\ndy/dt = 1\non x > 1 and y > 2: x = 0", {}, 2, "joins several comparisons"),
    ],
)
def test_what_has_no_exponents_is_refused_with_the_reason(text: str, options: dict[str, float], code: int, said: str) -> None:
    with pytest.raises(NeuroError) as error:
        of(text, **options)
    assert error.value.exit_code == code
    assert said in str(error.value)


@pytest.mark.usefixtures("_plain")
def test_a_run_ends_with_what_it_has_when_its_time_is_up() -> None:
    found = of("init x = 1, y = 0\ndx/dt = y\ndy/dt = (1 - x^2)*y - x", duration=1e6, transient=0, seconds=0.3)
    assert found.duration < 1e6
    assert found.notes[-1].startswith("stopped after 0.3 s of work")
    assert exp(found.exponents[1]) < 1
