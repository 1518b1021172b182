"""Hopf points as formulas of the parameters."""

from __future__ import annotations

import pytest
import sympy

import neurodsl as nd
from neurodsl.analysis.conditions import HopfCondition, hopf_condition
from neurodsl.analysis.frozen import Frozen
from neurodsl.diagnostics import NeuroError


def symbols(system: Frozen) -> dict[str, sympy.Symbol]:
    return {p.name: p.symbol for p in system.system.parameters}


def test_fitzhugh_nagumo_starts_to_oscillate_under_the_condition_of_the_literature() -> None:
    system = nd.load("fitzhugh_nagumo").frozen()
    a, b, delta = (symbols(system)[name] for name in ("a", "b", "delta"))
    root = sympy.sqrt(1 - b * delta)
    lower, upper = sorted(hopf_condition(system, "I_ext"), key=lambda c: float(c.value.xreplace(dict(system.values))))
    assert sympy.simplify(lower.value - (a - root + b / 3 * (2 + b * delta) * root) / b) == 0
    assert sympy.simplify(upper.value - (a + root - b / 3 * (2 + b * delta) * root) / b) == 0
    assert sympy.expand(lower.omega**2 - delta * (1 - b**2 * delta)) == 0
    assert (sympy.simplify(lower.state["v"] + root), sympy.simplify(upper.state["v"] - root)) == (0, 0)


def test_parameters_that_are_not_free_become_numbers() -> None:
    system = nd.load("fitzhugh_nagumo").frozen()
    for condition in hopf_condition(system, "I_ext", free=["a"]):
        assert condition.value.free_symbols == {symbols(system)["a"]}
        assert condition.value.diff(symbols(system)["a"]) == sympy.Rational(5, 4)


def test_the_condition_can_be_solved_for_another_parameter() -> None:
    system = nd.load("fitzhugh_nagumo").frozen(I_ext="0.5")
    found = [float(c.value.xreplace(dict(system.values))) for c in hopf_condition(system, "a")]
    root = (1 - 0.8 * 0.08) ** 0.5
    w = 0.5 - root + root**3 / 3
    assert pytest.approx(0.8 * w + root, abs=1e-12) in found


def test_lorenz_loses_its_wings_at_the_value_of_the_literature() -> None:
    """rho = sigma (sigma + beta + 3)/(sigma - beta - 1), omega^2 = 2 sigma (sigma + 1) beta/(sigma - beta - 1)."""
    system = nd.load("lorenz").frozen()
    beta, sigma = symbols(system)["beta"], symbols(system)["sigma"]
    found = hopf_condition(system, "rho")
    assert len(found) == 2
    for condition in found:
        assert sympy.simplify(condition.value - sigma * (sigma + beta + 3) / (sigma - beta - 1)) == 0
        assert sympy.simplify(condition.omega**2 - 2 * beta * sigma * (sigma + 1) / (sigma - beta - 1)) == 0


def test_a_condition_that_holds_at_one_fixed_point_is_given_once() -> None:
    assert hopf_condition(nd.load("van_der_pol").frozen(), "mu") == (
        HopfCondition("mu", sympy.Integer(0), {"x": sympy.Integer(0), "dx/dt": sympy.Integer(0)}, sympy.Integer(1)),
    )


@pytest.mark.parametrize(("name", "parameter"), [("hodgkin_huxley", "I"), ("quadratic_if", "I"), ("logistic_map", "r")])
def test_a_system_without_such_a_formula_has_no_condition(name: str, parameter: str) -> None:
    assert hopf_condition(nd.load(name).frozen(), parameter) == ()


def test_a_free_parameter_that_is_not_there_is_answered_by_a_message() -> None:
    with pytest.raises(NeuroError) as caught:
        hopf_condition(nd.load("fitzhugh_nagumo").frozen(), "I_ext", free=["alpha"])
    assert caught.value.report.found[0].message == "`fitzhugh_nagumo` has no parameter `alpha`"
