"""All roots in a box."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy import Expr, Integer, Rational, Symbol

from neurodsl.analysis.roots import Equations, Isolation, isolate
from neurodsl.lower.functions import Absolute, Logistic, Phi, Select, Tanh

X, Y = Symbol("x"), Symbol("y")


def roots(equations: list[Expr], low: list[float], high: list[float]) -> Isolation:
    return isolate(Equations(equations, [X, Y][: len(low)]), np.array(low, dtype=float), np.array(high, dtype=float), 20.0)


def test_all_roots_of_the_sine_are_found() -> None:
    found = roots([sympy.sin(X)], [-100], [100])
    assert found.complete
    assert [k * np.pi for k in range(-31, 32)] == pytest.approx([p[0] for p in found.points], abs=1e-12)


def test_two_roots_that_almost_meet_are_told_apart() -> None:
    found = roots([(X - 1) ** 2 - Rational(1, 10**10)], [-10], [20])
    assert pytest.approx([p[0] for p in found.points], abs=1e-12) == [1 - 1e-5, 1 + 1e-5]
    assert found.doubtful == ()


def test_a_double_root_is_not_proved_but_its_place_is_named() -> None:
    found = roots([(X - Rational(1, 3)) ** 2], [-1], [2])
    assert (found.points, found.complete) == ((), True)
    assert pytest.approx([p[0] for p in found.doubtful], abs=1e-5) == [1 / 3]


def test_a_jump_across_0_is_no_root() -> None:
    found = roots([Select(X < 0, Integer(-1), Integer(1)) * (Absolute(X) + 1)], [-10], [10])
    assert (found.points, len(found.doubtful)) == ((), 1)


def test_a_removable_singularity_is_no_obstacle() -> None:
    found = roots([Phi(Integer(1), X) - 1], [-5], [7])
    assert pytest.approx([p[0] for p in found.points], abs=1e-14) == [0.0]


def test_no_root_is_proved() -> None:
    assert Isolation((), (), True) == roots([sympy.exp(X) - X], [-50], [50])


def test_the_crossings_of_two_curves_are_all_found() -> None:
    found = roots([X**2 + Y**2 - 1, X * Y - Rational(1, 4)], [-10, -10], [10, 10])
    s, c = np.sin(np.pi / 12), np.cos(np.pi / 12)
    assert np.array([[-c, -s], [-s, -c], [s, c], [c, s]]) == pytest.approx(np.array(found.points), abs=1e-12)


def test_three_states_of_two_populations_are_found_among_steep_functions() -> None:
    excite = Logistic(Rational(13, 10) * (16 * X - 12 * Y + 4 - 4))
    inhibit = Logistic(2 * (15 * X - 3 * Y - Rational(37, 10)))
    found = roots([excite - X, inhibit - Y], [0, 0], [1, 1])
    assert (len(found.points), found.complete) == (3, True)


def test_a_network_without_other_states_than_0_is_proved_to_have_none() -> None:
    found = roots([Tanh(X) / 2 - Tanh(Y) - X, Tanh(X) - Y], [-20, -20], [20, 20])
    assert (len(found.points), found.complete) == (1, True)


def test_the_root_of_a_wide_box_from_whose_middle_newtons_method_goes_astray_is_the_root() -> None:
    """A ring of three rates, one of which inhibits: the slope of what is 0 is -14 at its root and -1 where the rates saturate."""
    y = Symbol("y")
    ring = Tanh(2 * Tanh(Rational(1, 2) - 4 * Tanh(2 * y + Rational(1, 2))) + Rational(1, 2)) - y
    found = isolate(Equations([ring], [y]), np.array([-0.9044083]), np.array([0.9865753]), 5.0)
    assert [float(p[0]) for p in found.points] == pytest.approx([-0.1441314794915775], abs=1e-12)
