"""The network learns XOR with the gradient that the compiler derived."""

from __future__ import annotations

import pytest
from examples.scripts import script

EXAMPLE = script("03")


def test_the_loss_falls_faster_at_a_higher_rate_of_learning() -> None:
    losses = [EXAMPLE.curve(eta)[[0, 100, -1]] for eta in EXAMPLE.RATES]
    assert [course[0] for course in losses] == pytest.approx([1.0391739741211252] * 3, abs=1e-13)
    assert losses[0][1] > losses[1][1] > losses[2][1]
    assert losses[1][-1] == pytest.approx(0.0008984952557311745, abs=1e-9)


def test_the_derived_gradient_is_that_of_finite_differences() -> None:
    taken, differences = EXAMPLE.gradients()
    assert abs(taken).max() > 0.001
    assert taken == pytest.approx(differences, abs=1e-8)


def test_some_random_beginnings_learn_and_some_end_in_a_local_minimum() -> None:
    final = EXAMPLE.from_random_weights(12)[:, -1]
    learnt = final < EXAMPLE.LEARNT
    assert 0 < learnt.sum() < len(final)
    assert final[~learnt] == pytest.approx(0.5, abs=0.05)
