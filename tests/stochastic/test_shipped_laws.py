"""The shipped stochastic models have the laws that their headers name, within four standard errors for the seeds used here."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

import neurodsl as nd


def test_the_ornstein_uhlenbeck_process_has_its_variance_and_its_correlation_time() -> None:
    # Bartlett's variance of an estimated covariance at lag l: var^2/T (tau + (2 l + tau) exp(-2 l/tau)).
    tau, sigma, duration, dt = 5.0, 0.5, 20_000.0, 0.01
    x = nd.load("ornstein_uhlenbeck").simulate(duration=duration, dt=dt, seed=1)["x"][5000:]
    variance = sigma**2 * tau / 2
    for lag in (0.0, tau):
        k = round(lag / dt)
        found = float(np.mean(x[k:] * x[: len(x) - k]))
        error = variance * math.sqrt((tau + (2 * lag + tau) * math.exp(-2 * lag / tau)) / duration)
        assert found == pytest.approx(variance * math.exp(-lag / tau), abs=4 * error)


def test_the_poisson_process_has_its_rate_exponential_intervals_and_a_fano_factor_of_one() -> None:
    rate, duration = 20.0, 1000.0
    times = nd.load("poisson").simulate(duration=duration, dt=0.1, seed=3).spikes.times
    assert len(times) == pytest.approx(rate * duration, abs=4 * math.sqrt(rate * duration))
    assert stats.kstest(np.diff(times), "expon", args=(0, 1 / rate)).pvalue > 1e-3
    counts, _ = np.histogram(times, bins=np.arange(0, duration + 0.5))
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(1, abs=4 * math.sqrt(2 / len(counts)))


def test_the_intervals_of_the_poisson_process_are_independent() -> None:
    intervals = np.diff(nd.load("poisson").simulate(duration=1000.0, dt=0.1, seed=4).spikes.times)
    assert np.corrcoef(intervals[:-1], intervals[1:])[0, 1] == pytest.approx(0, abs=4 / math.sqrt(len(intervals)))


@pytest.mark.parametrize("c", [0.0, 0.1, 0.3, 0.8])
def test_the_counts_of_correlated_processes_have_the_correlation_asked_for(c: float) -> None:
    run = nd.load("correlated_poisson").simulate(duration=2000.0, dt=0.1, seed=5, c=c, record=["n_1", "n_2"])
    counts = np.diff([run[name][:: round(0.5 / 0.1)] for name in ("n_1", "n_2")], axis=1)
    found, n = np.corrcoef(counts)[0, 1], counts.shape[1]
    # Fisher's transform, whose standard error is 1/sqrt(n - 3) for counts this large
    assert math.atanh(found) == pytest.approx(math.atanh(c), abs=4 / math.sqrt(n - 3))


def test_each_of_two_correlated_processes_is_a_poisson_process() -> None:
    run = nd.load("correlated_poisson").simulate(duration=2000.0, dt=0.5, seed=6, record=["n_1", "n_2"])
    for name in ("n_1", "n_2"):
        counts = np.diff(run[name])
        assert counts.mean() == pytest.approx(10, abs=4 * math.sqrt(10 / len(counts)))
        assert counts.var(ddof=1) / counts.mean() == pytest.approx(1, abs=4 * math.sqrt(2 / len(counts)))


def test_the_intervals_under_escape_noise_have_the_law_of_the_integrated_hazard() -> None:
    # Gerstner et al. 2014, section 9.1: the survivor is exp of minus the integrated hazard since the last spike.
    tau, v_rest, v_reset, theta, beta, rho, drive = 10.0, -65.0, -70.0, -50.0, 2.0, 1.0, 20.0

    def hazard(s: float) -> float:
        v = v_rest + drive + (v_reset - v_rest - drive) * math.exp(-s / tau)
        return rho * math.exp((v - theta) / beta)

    grid = np.linspace(0, 60, 601)
    integrated = np.cumsum([0.0, *(quad(hazard, a, b)[0] for a, b in pairwise(grid))])
    run = nd.load("escape_noise_lif").simulate(duration=40_000.0, dt=10.0, seed=7)
    law = stats.kstest(np.diff(run.spikes.times), lambda s: 1 - np.exp(-np.interp(s, grid, integrated)))
    assert run.spikes.count > 1000
    assert law.pvalue > 1e-3


def test_all_pairs_of_a_multiple_interaction_process_have_the_correlation_asked_for() -> None:
    c, processes = 0.3, 10
    run = nd.load("multiple_interaction_process").simulate(duration=1000.0, dt=0.5, seed=8, c=c)
    counts = np.diff(run["n"], axis=0).T
    found = np.corrcoef(counts)[np.triu_indices(processes, 1)]
    # 45 pairs: five standard errors instead of four
    assert np.arctanh(found) == pytest.approx(math.atanh(c), abs=5 / math.sqrt(counts.shape[1] - 3))
    assert found.mean() == pytest.approx(c, abs=0.03)
    assert counts.mean(axis=1) == pytest.approx(10, abs=4 * math.sqrt(10 / counts.shape[1]))
