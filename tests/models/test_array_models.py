"""What the shipped models of arrays do, against independent references that a line of a header cannot hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import neurodsl as nd


def test_galves_locherbach_potentials_are_the_sums_over_the_spikes_since_the_own_last_one() -> None:
    # The definition, Galves and Löcherbach 2013, equation 1.1, computed from the raster alone.
    mu, steps, n = 0.8, 150, 50
    run = nd.load("galves_locherbach").simulate(seed=2, duration=steps, record=["V", "W"])
    spiked = np.zeros((steps + 1, n))
    spiked[run.spikes.times.astype(int), run.spikes.index] = 1
    expected = np.zeros((steps + 1, n))
    for t in range(1, steps + 1):
        for i in range(n):
            last = max(np.flatnonzero(spiked[: t + 1, i]), default=0)
            expected[t, i] = sum(mu ** (t - 1 - s) * (run["W"][0, i] @ spiked[s]) for s in range(last, t))
    assert run["V"] == pytest.approx(expected, abs=1e-12)


def test_galves_locherbach_neurons_without_weights_are_independent_bernoulli_processes() -> None:
    steps, n, p = 1000, 50, 1 / (1 + math.exp(4))
    spikes = nd.load("galves_locherbach").simulate(seed=3, duration=steps, w=0, record=["spikes"]).spikes
    counts = np.bincount(spikes.index, minlength=n)
    assert counts == pytest.approx(np.full(n, steps * p), abs=4 * math.sqrt(steps * p * (1 - p)))
    at_once = np.bincount(spikes.times.astype(int), minlength=steps + 1)[1:]
    assert at_once.var(ddof=1) == pytest.approx(n * p * (1 - p), rel=4 * math.sqrt(2 / steps))


def test_each_stored_pattern_is_an_attractor_of_a_hopfield_network_below_its_capacity() -> None:
    # 0.138 N patterns, Amit, Gutfreund, Sompolinsky 1985, doi:10.1103/PhysRevLett.55.1530
    below, above = (nd.load("hopfield").simulate(seed=1, P=p, copies=20, record=["m"])["m"][-1, :, 0] for p in (5, 50))
    assert below == pytest.approx(1, abs=0.05)
    assert above.mean() < 0.5


def test_the_kuramoto_order_parameter_is_that_of_the_self_consistent_state() -> None:
    # r = K r * integral of cos(x)^2 g(K r sin x) from -pi/2 to pi/2; scipy.optimize.brentq gives 0.92518 for K = 3, and none below 1.596.
    def mean_r(k: float) -> Any:
        return nd.load("kuramoto").simulate(seed=1, K=k, copies=8, duration=40, dt=0.1)["r"][200:].mean()

    assert mean_r(3.0) == pytest.approx(0.92518, abs=0.02)
    assert mean_r(0.8) < 2 / math.sqrt(100)


def test_two_states_of_an_echo_state_network_approach_one_another_as_its_largest_singular_value_says() -> None:
    matrix = np.random.default_rng(1).normal(size=(100, 100)) * (np.random.default_rng(2).random((100, 100)) < 0.1)
    scaled = 0.4 / np.abs(np.linalg.eigvals(matrix)).max() * matrix
    bound = np.linalg.svd(scaled, compute_uv=False)[0]
    model = nd.load("echo_state")
    runs = [model.simulate(seed=1, variant="contracting", duration=40, set={"M": matrix}, init={"x": x}, record=["x", "W"]) for x in (-0.9, 0.9)]
    assert runs[0]["W"][0] == pytest.approx(scaled, abs=1e-12)
    apart = np.linalg.norm(runs[0]["x"] - runs[1]["x"], axis=1)
    assert bound < 1
    assert (apart[1:] / apart[:-1]).max() <= bound
    assert apart[-1] < 1e-5


def test_ojas_neuron_finds_the_first_principal_component_with_norm_one() -> None:
    root = np.array([[1.5, 0.5], [0.5, 1.5]])
    first = np.linalg.eigh(root @ root.T)[1][:, -1]
    final = nd.load("oja").simulate(seed=1, copies=40, record=["w"])["w"][-1]
    assert np.abs(final @ first).mean() == pytest.approx(1, abs=0.01)
    assert np.linalg.norm(final, axis=1).mean() == pytest.approx(1, abs=0.01)


def test_gradient_descent_contracts_each_eigenvector_by_its_predicted_factor() -> None:
    run = nd.load("gradient_descent").simulate(eta=0.17, duration=30)
    away = run["w"] - np.array([1, -2])
    for direction, eigenvalue in (((1, 1), 4), ((1, -1), 2)):
        along = away @ np.array(direction)
        assert along[1:] == pytest.approx((1 - 0.17 * eigenvalue) * along[:-1], abs=1e-12)


def test_hebbian_weights_across_the_inputs_stay_and_those_along_them_grow_exponentially() -> None:
    run = nd.load("hebbian_rate").simulate(duration=5, dt=0.5)
    x = np.array([1, 0.5, 0])
    along = run["w"] @ x
    assert along == pytest.approx(along[0] * np.exp(0.1 * (x @ x) * run.t), rel=1e-9)
    assert run["w"][:, 2] == pytest.approx(0.3, abs=1e-12)
