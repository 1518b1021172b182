"""The reservoir foretells the trace better than its present value does, and remembers no more than it can."""

from __future__ import annotations

import numpy as np
import pytest
from examples.scripts import script

EXAMPLE = script("04")


def test_ridge_regression_is_that_of_the_normal_equations() -> None:
    random = np.random.default_rng(1)
    features, targets, penalty = random.normal(size=(50, 3)), random.normal(size=50), 0.7
    design = np.column_stack([features, np.ones(50)])
    rows = np.vstack([design, np.sqrt(penalty) * np.eye(4)])
    expected = np.linalg.lstsq(rows, np.concatenate([targets, np.zeros(4)]))[0]
    assert EXAMPLE.ridge(features, targets, penalty) == pytest.approx(expected, abs=1e-12)


def test_the_states_of_a_row_know_the_drive_up_to_the_row_before() -> None:
    drive = np.random.default_rng(2).uniform(-1, 1, 30)
    changed = drive.copy()
    changed[20] += 0.5
    rows = (EXAMPLE.states(drive, 50, 1) == EXAMPLE.states(changed, 50, 1)).all(axis=1)
    assert list(np.flatnonzero(~rows)) == list(range(21, 31))


def test_the_error_grows_with_the_horizon_and_stays_below_that_of_the_present_value() -> None:
    targets, predicted = EXAMPLE.predictions(200)
    errors = EXAMPLE.relative_errors(targets, predicted)
    assert errors[0] < 1e-3
    assert list(errors) == sorted(errors)
    assert (errors < EXAMPLE.relative_errors(targets, EXAMPLE.present(targets))).all()


def test_the_memory_capacity_is_at_most_the_number_of_units() -> None:
    curve = EXAMPLE.memory(50)
    assert curve[0] == pytest.approx(1, abs=1e-3)
    assert 10 < curve.sum() < 50
