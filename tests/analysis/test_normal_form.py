"""Coefficients of normal forms, of systems whose coefficients can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from neurodsl.analysis.normal_form import Expansion, cubic, first_lyapunov, flip, neimark_sacker, quadratic


def one_state(slope: float, second: float, third: float) -> Expansion:
    return Expansion(np.array([[slope]]), lambda u, v: second * u * v, lambda u, v, w: third * u * v * w)


def test_a_fold_has_half_the_second_derivative() -> None:
    assert abs(quadratic(one_state(0, 6, 0))) == pytest.approx(3)


def test_a_pitchfork_has_a_sixth_of_the_third_derivative() -> None:
    assert cubic(one_state(0, 0, -6)) == pytest.approx(-1)


def test_a_pitchfork_feels_the_states_that_follow_at_once() -> None:
    """x' = x y, y' = -y + x^2: on y = x^2 + ..., x' = x^3."""
    second = lambda u, v: np.array([u[0] * v[1] + u[1] * v[0], 2 * u[0] * v[0]])  # noqa: E731
    at = Expansion(np.array([[0.0, 0], [0, -1]]), second, lambda u, v, w: np.zeros(2, dtype=complex))
    assert cubic(at) == pytest.approx(1)


def test_the_flip_of_the_logistic_map_has_the_coefficient_nine() -> None:
    """f = 3 x (1 - x) at x = 2/3: f'' = -6, f''' = 0, and f''^2/4 + f'''/6 = 9."""
    assert flip(one_state(-1, -6, 0)) == pytest.approx(9)


def test_the_first_lyapunov_coefficient_is_that_of_bautins_formula() -> None:
    """Guckenheimer and Holmes, 1983, (3.4.11) (doi:10.1007/978-1-4612-1140-2): a; with <q, q> = 1, l1 = 2 a/omega for x' = -omega y + f, y' = omega x + g."""
    random = np.random.default_rng(2)
    second = random.normal(size=(2, 2, 2))
    second = second + second.transpose(0, 2, 1)
    third = random.normal(size=(2, 2, 2, 2))
    third = sum(third.transpose(0, *order) for order in ((1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)))
    omega = 1.7
    f, g = second
    a = (third[0, 0, 0, 0] + third[0, 0, 1, 1] + third[1, 0, 0, 1] + third[1, 1, 1, 1]) / 16
    a += (f[0, 1] * (f[0, 0] + f[1, 1]) - g[0, 1] * (g[0, 0] + g[1, 1]) - f[0, 0] * g[0, 0] + f[1, 1] * g[1, 1]) / (16 * omega)
    at = Expansion(
        np.array([[0, -omega], [omega, 0]]),
        lambda u, v: np.einsum("ijk,j,k->i", second, u, v),
        lambda u, v, w: np.einsum("ijkl,j,k,l->i", third, u, v, w),
    )
    assert first_lyapunov(at, omega) == pytest.approx(2 * a / omega, rel=1e-12)


def test_a_map_in_a_strong_resonance_has_no_first_lyapunov_coefficient() -> None:
    turn = lambda angle: np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])  # noqa: E731
    cube = lambda u, v, w: -(u * np.sum(v * w) + v * np.sum(u * w) + w * np.sum(u * v))  # noqa: E731
    none = lambda u, v: np.zeros(2, dtype=complex)  # noqa: E731
    assert neimark_sacker(Expansion(turn(np.pi / 2), none, cube), np.pi / 2) is None
    assert neimark_sacker(Expansion(turn(1.0), none, cube), 1.0) is not None
