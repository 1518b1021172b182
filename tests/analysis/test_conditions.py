"""Bifurcations as formulas of the parameters."""

from __future__ import annotations

import pytest
import sympy

import neurodsl as nd


def symbols(model: nd.Model) -> dict[str, sympy.Symbol]:
    return {p.name: p.symbol for p in model.frozen().system.parameters}


def test_fitzhugh_nagumo_starts_to_oscillate_under_the_condition_of_the_literature() -> None:
    model = nd.load("fitzhugh_nagumo")
    a, b, delta = (symbols(model)[name] for name in ("a", "b", "delta"))
    root = sympy.sqrt(1 - b * delta)
    lower, upper = (found for found in model.bifurcations("I_ext", 0, 2) if found.kind == "hopf")
    assert sympy.simplify(lower.closed_form - (a - root + b / 3 * (2 + b * delta) * root) / b) == 0
    assert sympy.simplify(upper.closed_form - (a + root - b / 3 * (2 + b * delta) * root) / b) == 0
    assert lower.omega == pytest.approx((0.08 * (1 - 0.8**2 * 0.08)) ** 0.5, abs=1e-12)


def test_the_condition_can_be_solved_for_another_parameter() -> None:
    found = [b for b in nd.load("fitzhugh_nagumo").bifurcations("a", 0, 2, I_ext="0.5") if b.kind == "hopf"]
    root = (1 - 0.8 * 0.08) ** 0.5
    w = 0.5 - root + root**3 / 3
    assert [(b.value, b.how) for b in found] == [(pytest.approx(0.8 * w + root, abs=1e-12), "closed form")]


def test_lorenz_loses_its_wings_at_the_value_of_the_literature() -> None:
    """rho = sigma (sigma + beta + 3)/(sigma - beta - 1), omega^2 = 2 sigma (sigma + 1) beta/(sigma - beta - 1)."""
    model = nd.load("lorenz")
    beta, sigma = symbols(model)["beta"], symbols(model)["sigma"]
    found = [b for b in model.bifurcations("rho", 20, 30) if b.kind == "hopf"]
    assert len(found) == 2
    for b in found:
        assert sympy.simplify(b.closed_form - sigma * (sigma + beta + 3) / (sigma - beta - 1)) == 0
        assert b.omega**2 == pytest.approx(2 * 8 / 3 * 10 * 11 / (10 - 8 / 3 - 1), rel=1e-10)
