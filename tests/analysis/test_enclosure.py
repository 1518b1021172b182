"""Interval arithmetic never leaves a value out."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Expr, Integer, Rational, Symbol

from neurodsl.analysis.enclosure import Enclosure, Unsupported
from neurodsl.analysis.standard import standard
from neurodsl.lower import functions as own

X, Y = Symbol("x"), Symbol("y")
EXPRESSIONS: tuple[Expr, ...] = (
    sympy.exp(X), own.Phi(Integer(1), X), own.Phi(Integer(2), X), own.Phi(Integer(3), X), own.Tanh(X), own.Logistic(X), X**3, X**-2, X**4, 1 / X,
    sympy.sin(X), sympy.cos(X), sympy.tan(X), sympy.sqrt(X), X ** Rational(3, 2), sympy.log(X), sympy.atan(X), sympy.cosh(X), sympy.sinh(X), sympy.erf(X),
    sympy.acos(X), sympy.asinh(X), own.Log1p(X), own.Expm1(X), own.Absolute(X), own.Modulo(X, Integer(2)), own.Floor(X), own.Round(X), own.Signum(X),
    own.Maximum(X, Integer(1)), own.Minimum(X, -X), own.Select(X > 0, X, sympy.exp(X)), own.Select(sympy.And(X > -1, X < 1), X**2, Integer(7)),
    X**2 - 3 * X + Rational(1, 7), X * sympy.exp(-X) / (1 + X**2),
)  # fmt: skip
ENCLOSURE = Enclosure(EXPRESSIONS, [X])


@given(low=st.floats(-30, 30), width=st.floats(0, 20), fraction=st.floats(0, 1))
def test_every_value_inside_lies_between_the_bounds(low: float, width: float, fraction: float) -> None:
    high, inside = low + width, min(low + width * fraction, low + width)
    bounds, _ = ENCLOSURE(np.array([[low]]), np.array([[high]]))
    point, _ = ENCLOSURE(np.array([[inside]]), np.array([[inside]]))
    for i, expression in enumerate(EXPRESSIONS):
        value = point.mid[0, i]
        if np.isfinite(value):
            assert (expression, True) == (expression, bounds.low[0, i] <= value <= bounds.high[0, i])


@pytest.mark.parametrize("place", [Rational(-9, 4), Rational(-1, 3), Rational(1, 10), Rational(7, 2)], ids=str)
@pytest.mark.parametrize("number", range(len(EXPRESSIONS)), ids=lambda i: str(EXPRESSIONS[i]))
def test_the_enclosure_of_a_point_is_narrow_and_holds_the_value_that_sympy_gives(number: int, place: Rational) -> None:
    value = standard(EXPRESSIONS[number]).xreplace({X: place}).evalf(40)
    if not value.is_real:
        pytest.skip("not defined there")
    bounds, _ = ENCLOSURE(np.array([[float(place)]]), np.array([[float(place)]]))
    low, high = bounds.low[0, number], bounds.high[0, number]
    assert (low - 1e-13 * abs(low) <= value <= high + 1e-13 * abs(high), high - low <= 1e-11 * (1 + abs(float(value)))) == (True, True)


def test_what_is_positive_everywhere_has_a_positive_bound() -> None:
    rates = [sympy.exp(X) / 8, 1 / own.Phi(Integer(1), X), sympy.exp(X) + sympy.exp(-X), 1 / (1 + sympy.exp(X))]
    bounds, _ = Enclosure(rates, [X])(np.array([[-np.inf]]), np.array([[np.inf]]))
    assert (bounds.low[0] > 0).tolist() == [True] * 4


def test_a_box_with_a_jump_is_rough_and_one_beside_it_is_not() -> None:
    _, rough = Enclosure([own.Select(X < 0, Integer(1), Integer(2))], [X])(np.array([[-1.0], [1.0]]), np.array([[0.5], [2.0]]))
    assert rough.tolist() == [True, False]


def test_a_function_that_is_not_known_is_refused() -> None:
    with pytest.raises(Unsupported):
        Enclosure([sympy.Function("f")(X)], [X])


def test_a_symbol_that_has_no_value_is_refused() -> None:
    with pytest.raises(Unsupported):
        Enclosure([X + Y], [X])
