"""Formulas, the expressions that a plan keeps as data, have the values of the expressions that they are made of."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import sympy
from sympy import Integer, Rational, Symbol

from neurodsl.codegen.network.formula import formula
from neurodsl.formulas import FUNCTIONS, evaluate, names_in
from neurodsl.lower.functions import (
    Absolute,
    Ceil,
    Expm1,
    Floor,
    InversePhi,
    Log1p,
    Log2,
    Log10,
    Logistic,
    Maximum,
    Minimum,
    Modulo,
    Phi,
    Round,
    Select,
    Signum,
    Tanh,
    UnitStep,
)  # fmt: skip

X, Y = Symbol("x"), Symbol("y")
POINTS = np.array([-7.5, -1.0, -1e-6, 0.25, 2.0, 7.5])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (X + 2 * Y - Rational(1, 3), lambda x, y: x + 2 * y - 1 / 3),
        (X**2 / Y, lambda x, y: x**2 / y),
        (sympy.exp(-X) * sympy.sin(Y), lambda x, y: math.exp(-x) * math.sin(y)),
        (Select(sympy.Gt(X, Y, evaluate=False), X, -Y), lambda x, y: x if x > y else -y),
        (sympy.Or(sympy.Lt(X, 0, evaluate=False), sympy.Ge(Y, 3, evaluate=False)), lambda x, y: float(x < 0 or y >= 3)),
        (sympy.Not(sympy.Le(X, Y, evaluate=False), evaluate=False), lambda x, y: float(not x <= y)),
        (Modulo(X, Integer(2)), lambda x, y: x - math.floor(x / 2) * 2),
        (Minimum(X, Y) + Maximum(X, Integer(0)), lambda x, y: min(x, y) + max(x, 0)),
        (
            Absolute(X) + Floor(X) + Ceil(X) + Round(X) + Signum(X),
            lambda x, y: abs(x) + math.floor(x) + math.ceil(x) + round(x) + math.copysign(1, x),
        ),
        (UnitStep(X), lambda x, y: float(x >= 0)),
        (Expm1(X) + Tanh(X) + Logistic(X), lambda x, y: math.expm1(x) + math.tanh(x) + 1 / (1 + math.exp(-x))),
        (Log1p(X * X) + Log10(Y) + Log2(Y) + sympy.log(Y), lambda x, y: math.log1p(x * x) + math.log10(y) + math.log2(y) + math.log(y)),
        (Phi(Integer(1), X), lambda x, y: math.expm1(x) / x),
        (InversePhi(X), lambda x, y: x / math.expm1(x)),
        (sympy.atan2(X, Y) + sympy.pi, lambda x, y: math.atan2(x, y) + math.pi),
    ],
)
def test_a_formula_has_the_value_of_its_expression(expression: sympy.Basic, expected: object) -> None:
    assert callable(expected)
    made = json.loads(json.dumps(formula(expression)))
    found = evaluate(made, {"x": POINTS, "y": 1.5})
    np.testing.assert_allclose(np.broadcast_to(found, POINTS.shape), [expected(x, 1.5) for x in POINTS.tolist()], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_functions_of_exponential_integrators_keep_their_digits_near_zero(order: int) -> None:
    x = np.array([-1e-3, 1e-8, 0.0, 0.3])
    expected = [sum(v**n / math.factorial(n + order) for n in range(30)) for v in x]
    np.testing.assert_allclose(evaluate(["phi", order, "x"], {"x": x}), expected, rtol=1e-15)


def test_a_formula_tells_the_names_it_uses() -> None:
    assert names_in(formula(X * sympy.exp(Y) + Select(sympy.Gt(Symbol("t"), 1, evaluate=False), X, 0))) == {"x", "y", "t"}


def test_an_operation_that_is_not_known_has_no_value() -> None:
    with pytest.raises(KeyError):
        evaluate(["__import__", "os"], {})
    assert "__import__" not in FUNCTIONS
