"""The perceptron separates the points, with no more mistakes than Novikoff's theorem allows."""

from __future__ import annotations

import numpy as np
import pytest
from examples.scripts import script

EXAMPLE = script("02")


@pytest.fixture(scope="module")
def learning() -> object:
    return EXAMPLE.learn(seed=1)


def test_all_points_end_on_their_sides(learning: EXAMPLE.Learning) -> None:
    above = learning.points @ learning.weights[-1] + learning.offsets[-1] > 0
    assert np.array_equal(above, learning.sides == 1)
    assert learning.wrong[learning.steps :].max() == 0


def test_the_mistakes_stay_within_the_bound(learning: EXAMPLE.Learning) -> None:
    assert 0 < learning.mistakes[-1] <= learning.bound


def test_the_weights_are_those_of_the_rule_by_hand(learning: EXAMPLE.Learning) -> None:
    weights, offset = np.zeros(2), 0.0
    for k in range(learning.steps):
        x, d = learning.points[k % len(learning.points)], learning.sides[k % len(learning.points)]
        wrong = d - (weights @ x + offset > 0)
        weights, offset = weights + wrong * x, offset + wrong
    assert learning.weights[-1] == pytest.approx(weights, abs=1e-12)
    assert learning.offsets[-1] == offset


def test_the_points_keep_their_margin_from_the_hidden_line(learning: EXAMPLE.Learning) -> None:
    distance = (2 * learning.sides - 1) * (learning.points @ np.array(EXAMPLE.NORMAL) - EXAMPLE.OFFSET)
    assert distance.min() >= 0.1 - 1e-12
