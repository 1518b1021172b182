"""Exact derivatives of a system up to the third order, against differences of the lower ones."""

from __future__ import annotations

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.analysis.family import Family, family
from neurodsl.diagnostics import NeuroError

CASES = [
    ("fitzhugh_nagumo", "I_ext"),
    ("hodgkin_huxley", "g_K"),
    ("wilson_cowan", "w_EE"),
    ("morris_lecar", "V_3"),
    ("lorenz", "rho"),
    ("logistic_map", "r"),
]


def of(name: str, parameter: str) -> tuple[Family, np.ndarray]:
    found = family(nd.load(name).frozen(), parameter)
    return found, np.linspace(0.3, 0.7, found.size + 1)


def difference(function, z: np.ndarray, along: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Return the derivative along a direction, by Richardson's extrapolation of central differences."""
    coarse, fine = ((function(z + h * along) - function(z - h * along)) / (2 * h) for h in (2e-3, 1e-3))
    return np.asarray((4 * fine - coarse) / 3)


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_the_first_derivatives_are_those_of_the_residual(name: str, parameter: str) -> None:
    found, z = of(name, parameter)
    expected = np.array([difference(found.residual, z, e) for e in np.eye(len(z))]).T
    assert found.gradient(z) == pytest.approx(expected, rel=1e-6, abs=1e-8 * np.max(np.abs(expected)))


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_the_second_and_third_derivatives_are_those_of_the_ones_before(name: str, parameter: str) -> None:
    found, z = of(name, parameter)
    u, v, w = np.random.default_rng(1).normal(size=(3, len(z)))
    second = difference(lambda x: found.gradient(x) @ u, z, v)
    assert found.second(z, u + 0j, v + 0j).real == pytest.approx(second, rel=1e-6, abs=1e-8 * np.max(np.abs(second)))
    third = difference(lambda x: found.second(x, u + 0j, v + 0j).real, z, w)
    assert found.third(z, u + 0j, v + 0j, w + 0j).real == pytest.approx(third, rel=1e-5, abs=1e-7 * np.max(np.abs(third)) + 1e-12)


def test_the_derivatives_are_linear_in_complex_directions() -> None:
    found, z = of("fitzhugh_nagumo", "I_ext")
    q = np.array([0.6, 0.8j])
    v = z[0]
    assert found.second(z, q, q.conj()) == pytest.approx(np.array([-2 * v * 0.36, 0]), abs=1e-14)
    assert found.third(z, q, q, q.conj()) == pytest.approx(np.array([-2 * 0.216, 0]), abs=1e-14)


def test_an_array_is_no_parameter_to_follow() -> None:
    system = nd.loads("param a[3] = 1\ninit x[3] = 0\ndx[i]/dt = a[i] - x[i]\n").frozen()
    with pytest.raises(NeuroError) as caught:
        family(system, "a")
    assert caught.value.report.found[0].message == "`a` is an array: one number has to change, not many"


def test_a_system_of_many_states_is_refused_with_the_limit() -> None:
    system = nd.loads("param a = 1\ninit x[50] = 0\ndx[i]/dt = a - x[i]\n").frozen()
    with pytest.raises(NeuroError) as caught:
        family(system, "a")
    assert caught.value.report.found[0].message == "`model` has 50 states; branches of fixed points are followed for up to 40"


def test_a_parameter_whose_default_a_condition_chooses_follows_the_one_that_it_depends_on() -> None:
    model = nd.loads("param a = 1, b = 2 if a > 0 else 3\ninit x = 0\ndx/dt = b*a - x", "m")
    frozen = model.frozen()
    moved = [frozen.at({"a": value}).slopes([0.0])[0] for value in (-1, -0.5, 0.5, 1)]
    assert moved == pytest.approx([-3, -1.5, 1, 2])
    values, states = zip(*((b.values, b.states[:, 0]) for b in model.bifurcation_diagram("a", -1, 1).branches), strict=True)
    a, x = np.concatenate(values), np.concatenate(states)
    assert x == pytest.approx(np.where(a > 0, 2 * a, 3 * a))


def test_a_parameter_that_was_given_a_value_of_its_own_does_not_follow() -> None:
    frozen = nd.loads("param a = 1, b = 2*a\ndx/dt = b - x", "m").frozen(b=5)
    assert frozen.at({"a": 7}).slopes([0.0])[0] == 5


def test_the_mean_of_a_drawn_parameter_follows() -> None:
    frozen = nd.loads("param mu = 1, a ~ normal(2*mu, 1)\ndx/dt = a - x", "m").frozen()
    assert frozen.at({"mu": 3}).slopes([0.0])[0] == 6
