"""Unknowns that enter linearly are eliminated, and the equations bound what is left."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy import Expr, Integer, Symbol

import neurodsl as nd
from neurodsl.analysis.domain import bounds, unbounded
from neurodsl.analysis.equations import equations
from neurodsl.analysis.reduction import is_linear, linear_split, reduce
from neurodsl.lower.functions import Logistic, Select

X, Y, Z = Symbol("x"), Symbol("y"), Symbol("z")


@pytest.mark.parametrize(
    ("expression", "linear"),
    [
        (2 * X + sympy.exp(Y), True),
        (Y * (1 - X) - X / Y, True),
        (X**2 - X, False),
        (sympy.exp(X) + X, False),
        (Select(X < 0, Integer(1), Integer(2)) - X, False),
        (1 / X, False),
    ],
)
def test_linear_is_what_neither_a_function_nor_a_condition_holds(expression: Expr, linear: bool) -> None:
    assert linear == is_linear(expression, X)


def test_an_unknown_inside_a_function_still_leaves_a_factor_outside() -> None:
    assert (Integer(-1), Logistic(3 * X + Y)) == linear_split(Logistic(3 * X + Y) - X, X)


def test_gates_are_eliminated_and_the_voltage_is_left() -> None:
    problem = equations(nd.load("hodgkin_huxley").frozen())
    assert problem is not None
    known = bounds(problem.residuals, problem.symbols, unbounded(problem.symbols))
    assert known is not None
    found = reduce(problem.residuals, known, [Symbol("V")])
    assert ((Symbol("V"),), {"m", "h", "n"}) == (found.unknowns, {s.name for s, _ in found.solved})


def test_gates_are_proved_to_lie_between_0_and_1_and_the_voltage_to_be_bounded() -> None:
    problem = equations(nd.load("hodgkin_huxley").frozen())
    assert problem is not None
    known = bounds(problem.residuals, problem.symbols, unbounded(problem.symbols))
    assert known is not None
    low, high = known.of([Symbol(name) for name in ("m", "h", "n")])
    assert (bool(np.all(low >= 0)), bool(np.all(high <= 1))) == (True, True)
    # By hand: g_total V = I + sum of g E, with the leak alone below and all gates open above.
    voltages = known.of([Symbol("V")])
    assert pytest.approx((voltages[0][0], voltages[1][0]), rel=1e-9) == ((10 - 432 + 3.1839) / 0.3, (10 + 13800 + 3.1839) / 0.3)


def test_bounds_that_exclude_one_another_prove_that_there_is_nothing() -> None:
    assert bounds([Logistic(Y) - X, sympy.tanh(X) + 3 - Y, X - 2], [X, Y, Z], unbounded([X, Y, Z])) is None


def test_a_factor_that_may_vanish_is_not_divided_by() -> None:
    found = reduce([Y * X - 1, Y**2 - X**3 + 1], unbounded([X, Y]))
    assert (found.unknowns, len(found.equations)) == ((X, Y), 2)


def test_a_factor_that_cannot_vanish_is_divided_by() -> None:
    found = reduce([(1 + Y**2) * X - 1, Y**3 - X], unbounded([X, Y]))
    assert (found.unknowns, found.explicit()) == ((Y,), {X: 1 / (1 + Y**2)})


def test_values_come_back_in_the_reverse_order_of_the_elimination() -> None:
    found = reduce([X - Y - 1, Y - Z - 1, Z**3 - 8], unbounded([X, Y, Z]))
    assert found.unknowns == (Z,)
    assert pytest.approx(found.complete({Z: 2.0})) == {X: 4.0, Y: 3.0, Z: 2.0}
