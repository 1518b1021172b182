"""Our own functions written with those of sympy: the same numbers, by the generated code and by sympy itself."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy import Expr, Integer, Rational, Symbol

from neurodsl.analysis.enclosure import Enclosure
from neurodsl.analysis.standard import RULES, standard
from neurodsl.lower import functions
from neurodsl.lower.functions import Maximum, Phi, Select, Tanh

X = Symbol("x")
POINTS = (Rational(-7, 2), Rational(-1, 2), Rational(1, 3), Rational(5, 2), Rational(9, 4))
ONE_ARGUMENT = [f for f in RULES if getattr(f, "nargs", None) == sympy.FiniteSet(1)]


@pytest.mark.parametrize("function", ONE_ARGUMENT, ids=lambda f: f.__name__)
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_function_of_one_argument_keeps_its_value(function: type, point: Rational) -> None:
    x = abs(point) if function in (functions.Log10, functions.Log2, functions.Log1p) else point
    if function is functions.InversePhi:
        expected = float(x) / np.expm1(float(x))
    else:
        expected = float(Enclosure([function(X)], [X]).at(np.array([float(x)]))[0])
    assert expected == pytest.approx(float(standard(function(X)).xreplace({X: x}).evalf(30)), rel=1e-14)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_functions_of_exponential_integrators_become_their_quotients(order: int) -> None:
    quotient = (sympy.exp(X) - sum(X**j / sympy.factorial(j) for j in range(order))) / X**order
    assert quotient == standard(Phi(Integer(order), X))


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (Select(X < 1, X**2, 3 * X), {0: 0, 1: 3, 2: 6}),
        (Maximum(X, Integer(1)), {0: 1, 1: 1, 2: 2}),
        (functions.Minimum(X, Integer(1)), {0: 0, 1: 1, 2: 1}),
        (functions.Modulo(X, Integer(3)), {-1: 2, 3: 0, 4: 1}),
        (functions.Round(X / 2), {1: 0, 2: 1, 3: 2, 5: 2, 7: 4, -1: 0, -3: -2}),
        (functions.Floor(X / 2), {1: 0, -1: -1}),
    ],
)
def test_branches_corners_and_steps_keep_their_values(expression: Expr, values: dict[int, int]) -> None:
    assert values == {x: int(standard(expression).subs(X, x)) for x in values}


def test_what_is_inside_is_written_too() -> None:
    assert sympy.tanh(1 / (1 + sympy.exp(-X))) == standard(Tanh(functions.Logistic(X)))


def test_an_expression_of_sympy_stays_as_it_is() -> None:
    expression = sympy.sin(X) ** 2 + X / 3
    assert expression is standard(expression)
