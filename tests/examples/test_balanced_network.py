"""Poisson neurons read as such, and the network of the example is irregular until inhibition is weak."""

from __future__ import annotations

import numpy as np
import pytest
from examples.scripts import script

EXAMPLE = script("06")


def test_independent_poisson_neurons_are_read_as_irregular_and_not_synchronous() -> None:
    rng = np.random.default_rng(1)
    count = rng.poisson(200 * 20 * 0.01 * 1000)
    times, index = np.sort(rng.uniform(100, 10100, count)), rng.integers(0, 400, count)
    found = EXAMPLE.Activity(times, index, 400, 100.0, 10100.0)
    assert found.rate == pytest.approx(count / 4000)
    assert found.irregularity == pytest.approx(1, abs=0.05)
    assert found.fano == pytest.approx(1, abs=0.05)
    assert found.synchrony == pytest.approx(1, abs=0.1)


def test_weak_inhibition_makes_the_network_fast_and_regular() -> None:
    balanced, weak = (EXAMPLE.activity(EXAMPLE.simulated(w, 400)) for w in (-9.0, -3.0))
    assert weak.rate > 3 * balanced.rate
    assert weak.irregularity < balanced.irregularity
