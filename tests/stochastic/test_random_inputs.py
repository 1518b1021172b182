"""Inputs that are random: Ornstein-Uhlenbeck processes have their law, and draws are one number for a run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import neurodsl as nd

CURRENT = "input I = {}\ninit V = 0 [nA]\ndV/dt = (I - V)/(20 [ms])\n"
DRAWN = "param mu = 2 [nA]\ninput I ~ normal(mu, 0.1 [nA])\ninit x = 0 [nA]\ndx/dt = I/[ms]\n"

Numbers = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def as_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def autocorrelation(x: Numbers, lag: int) -> float:
    deviation = x - x.mean()
    return float((deviation[:-lag] * deviation[lag:]).mean() / (deviation**2).mean())


# --- ou -----------------------------------------------------------------------------------------------------------------------------


def test_the_process_has_its_mean_its_variance_and_its_correlation_time() -> None:
    mean, sigma, tau, dt = 0.5, 0.1, 5.0, 0.1
    text = CURRENT.format("ou(0.5 [nA], 0.1 [nA], 5 [ms])")
    found = nd.loads(text).simulate(duration=4000, dt=dt, seed=3, record=["I", "V"])
    x, count = found["I"], len(found.t)
    a = math.exp(-dt / tau)
    assert abs(x.mean() - mean) < 4 * sigma * math.sqrt((1 + a) / (1 - a) / count)
    assert abs(x.var() / sigma**2 - 1) < 4 * math.sqrt(2 * (1 + a**2) / (1 - a**2) / count)
    for lag in (20, 50, 100):
        # Bartlett's formula for the standard error of an autocorrelation
        error = math.sqrt(((1 + a**2) * (1 - a ** (2 * lag)) / (1 - a**2) - 2 * lag * a ** (2 * lag)) / count)
        assert abs(autocorrelation(x, lag) - math.exp(-lag * dt / tau)) < 4 * error, lag


def test_what_follows_the_process_has_the_variance_of_the_theory() -> None:
    # dV/dt = (I - V)/tau_m has the stationary variance sigma^2 tau/(tau + tau_m)
    found = nd.loads(CURRENT.format("ou(0 [nA], 0.1 [nA], 5 [ms])")).simulate(duration=8000, dt=0.2, seed=5)
    settled = found["V"][1000:]
    independent = len(settled) * 0.2 / (2 * 25)
    assert abs(settled.var() / (0.01 * 5 / 25) - 1) < 4 * math.sqrt(2 / independent)


def test_the_process_starts_in_its_stationary_distribution() -> None:
    model = nd.loads("input I = ou(2, 0.5, 10)\ninit x = 0\ndx/dt = I\n")
    first = [model.simulate(duration=0.1, dt=0.1, seed=seed, record=["I"])["I"][0] for seed in range(120)]
    assert stats.kstest(first, stats.norm(2, 0.5).cdf).pvalue > 0.01


def test_a_process_may_stand_beside_and_inside_other_terms() -> None:
    text = "input I = 3*pulse(t, 1, 2) + ou(0, 1, 5), J = max(ou(0, 1, 5), 0) - 2*ou(0, 1, 5), K = 2*I\ninit x = 0\ndx/dt = I + J + K\n"
    found = nd.loads(text).simulate(duration=20, dt=0.1, seed=1, record=["I", "J", "K"])
    pulse = np.where((found.t >= 0.999) & (found.t < 1.999), 3, 0)
    assert np.array_equal(found["K"], 2 * found["I"])
    assert np.max(np.abs(np.diff(found["I"] - pulse))) < 1.5
    assert abs(float(np.corrcoef(found["I"] - pulse, found["J"])[0, 1])) < 0.9


def test_the_processes_of_a_model_are_independent() -> None:
    text = "input I = ou(0, 1, 0.5), J = ou(0, 1, 0.5)\ninit x = 0\ndx/dt = I - J\n"
    found = nd.loads(text).simulate(duration=1000, dt=0.1, seed=2, record=["I", "J"])
    assert abs(float(np.corrcoef(found["I"], found["J"])[0, 1])) < 4 / math.sqrt(1000 / 0.5)


def test_the_same_seed_gives_the_same_process_and_another_seed_another() -> None:
    model = nd.loads(CURRENT.format("ou(0.5 [nA], 0.1 [nA], 5 [ms])"))
    runs = [model.simulate(duration=5, seed=seed, record=["I"])["I"] for seed in (7, 7, 8)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_a_random_input_is_an_input_and_no_state_of_the_result() -> None:
    model = nd.loads(CURRENT.format("ou(0.5 [nA], 0.1 [nA], 5 [ms])"))
    result = model.simulate(duration=1, seed=1)
    assert (list(result.values), list(result.final), result.meta["method"]) == (["V"], ["V"], "euler_maruyama")
    assert "I  ou(0.5 [nA], 0.1 [nA], 5 [ms])" in model.show()


def test_a_random_input_that_is_replaced_is_not_random_any_more() -> None:
    model = nd.loads(CURRENT.format("ou(0.5 [nA], 0.1 [nA], 5 [ms])"))
    result = model.simulate(duration=20, input={"I": 1})
    assert result.final["V"] == pytest.approx(1 - math.exp(-1), abs=1e-12)
    assert result.meta["seed"] is None


def test_an_input_given_as_a_process_is_in_the_declared_units() -> None:
    model = nd.loads(CURRENT.format("0 [nA]"))
    given = [model.simulate(duration=5, seed=4, input={"I": text})["V"] for text in ("ou(2, 0.5, 3)", "ou(2 [nA], 500 [pA], 0.003 [s])")]
    declared = nd.loads(CURRENT.format("ou(2 [nA], 0.5 [nA], 3 [ms])")).simulate(duration=5, seed=4)["V"]
    assert given[0] == pytest.approx(declared, abs=1e-12)
    assert given[1] == pytest.approx(declared, abs=1e-12)


def test_an_event_replaces_a_random_input_for_good() -> None:
    text = "input I = ou(5, 1, 2)\ninit x = 0\ndx/dt = I\nat 1: I = 0\n"
    found = nd.loads(text).simulate(duration=2, dt=0.1, seed=1, record=["I", "x"])
    assert np.all(found["I"][:10] != 0)
    assert np.all(found["I"][10:] == 0)


def test_a_standard_deviation_that_is_negative_in_a_run_is_refused() -> None:
    with pytest.raises(nd.NeuroError) as error:
        nd.loads("param s = 1\ninput I = ou(0, s, 1)\ninit x = 0\ndx/dt = I\n").simulate(duration=1, s=-1)
    assert (error.value.report.found[0].rule.code, error.value.exit_code) == ("R104", 2)


# --- draws --------------------------------------------------------------------------------------------------------------------------


def test_an_input_that_is_drawn_is_one_number_for_a_run() -> None:
    model = nd.loads(DRAWN)
    drawn = [model.simulate(duration=10, dt=1, seed=seed).final["x"] / 10 for seed in range(80)]
    assert stats.kstest(drawn, stats.norm(2, 0.1).cdf).pvalue > 0.01
    assert len(set(drawn)) == 80
    slopes = np.diff(model.simulate(duration=10, dt=1, seed=0)["x"])
    assert list(slopes) == pytest.approx([drawn[0]] * 10, rel=1e-9)


def test_an_input_that_is_drawn_may_be_given() -> None:
    model = nd.loads(DRAWN)
    finals = [
        model.simulate(duration=10, dt=1, input={"I": 3}).final["x"],
        model.simulate(duration=10, dt=1, set={"I": "3000 [pA]"}).final["x"],
        model.simulate(duration=10, dt=1, input={"I": "mu + step(t, 5)"}).final["x"],
    ]
    assert finals == pytest.approx([30, 30, 25], abs=1e-9)


def test_an_event_replaces_an_input_that_is_drawn() -> None:
    text = DRAWN + "at 5 [ms]: I = 0 [nA]\n"
    result = nd.loads(text).simulate(duration=10, dt=1, seed=1, record=["I"])
    same = nd.loads(DRAWN).simulate(duration=1, dt=1, seed=1).final["x"]
    assert list(result["I"]) == pytest.approx([same] * 5 + [0] * 6, rel=1e-12)


def test_an_input_that_is_drawn_is_shown_as_it_is_written() -> None:
    assert "I  ~ normal(mu, 0.1 [nA])" in nd.loads(DRAWN).show()
