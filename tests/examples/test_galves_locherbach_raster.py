"""Neurons without weights fire as the binomial law says, and excitation makes them act together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from examples.scripts import script

EXAMPLE = script("05")


def test_without_weights_the_rate_is_phi_of_zero_and_the_neurons_are_independent() -> None:
    steps = 1000
    spikes = EXAMPLE.raster(0.0, steps)
    p, n = 1 / (1 + math.exp(4)), EXAMPLE.NEURONS
    assert spikes.rate == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / (steps * n)))
    assert spikes.synchrony == pytest.approx(1, abs=4 * math.sqrt(2 / steps))
    assert spikes.dispersion == pytest.approx(1, abs=4 * math.sqrt(2 / n))


def test_excitation_raises_the_rate_and_the_variance_of_the_population() -> None:
    alone, together = (EXAMPLE.raster(w, 500) for w in (0.0, 1.0))
    assert together.rate > 2 * alone.rate
    assert together.synchrony > 2


def test_the_measures_of_a_raster_known_by_hand() -> None:
    # 50 neurons all spike in step 1 and none in step 2: p = 1/2, the counts of the steps are 50 and 0, those of the neurons all 1
    spikes = EXAMPLE.Raster(2, np.ones(50), np.arange(50))
    assert (spikes.rate, spikes.synchrony, spikes.dispersion) == (0.5, 1250 / 12.5, 0)
