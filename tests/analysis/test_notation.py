"""Expressions of the mathematics are written as an author would write them."""

from __future__ import annotations

import pytest
import sympy
from sympy import Expr, Float, Rational, Symbol

from neurodsl.analysis.notation import PHI, named, node_of, number
from neurodsl.analysis.wording import text_of
from neurodsl.lang.nodes import Derivative, Index, Name
from neurodsl.lang.unparse import unparse
from neurodsl.lower.functions import Absolute, InversePhi, Logistic, Maximum, Phi, Select, Tanh

a, b, v = (Symbol(name) for name in ("a", "b", "v"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (-b * a - v**2 + 1, "1 - a*b - v^2"),
        (-a - b, "-a - b"),
        (a / b, "a/b"),
        (-a / (b * v), "-a/b/v"),
        (1 / b, "1/b"),
        (v / 3, "v/3"),
        (2 * v / 3, "2*v/3"),
        (Rational(2, 25) * v, "0.08*v"),
        (v / 18, "v/18"),
        (v * Rational(1, 80), "0.0125*v"),
        (sympy.sqrt(1 - a * b), "sqrt(1 - a*b)"),
        (1 / sympy.sqrt(a), "1/sqrt(a)"),
        (a**b, "a^b"),
        (a ** (-2), "1/a^2"),
        (sympy.exp(-v / 10), "exp(-v/10)"),
        (sympy.log(a), "ln(a)"),
        (Tanh(v) + Logistic(a) * Absolute(b), "abs(b)*sigmoid(a) + tanh(v)"),
        (Maximum(a, b), "max(a, b)"),
        (Select(sympy.Gt(v, 0, evaluate=False), a, b), "a if v > 0 else b"),
        (InversePhi(v), "v/(exp(v) - 1)"),
        (Rational(-1, 3), "-1/3"),
        (Rational(1, 2), "0.5"),
        (Float(0.25) * a, "0.25*a"),
        (sympy.pi * a, "pi*a"),
        (-(a + b), "-a - b"),
        (a * (b - 1), "a*(b - 1)"),
        ((a + b) / (a - b), "(a + b)/(a - b)"),
    ],
)
def test_an_expression_is_written_with_its_plus_in_front_and_its_quotients_as_quotients(expression: Expr, expected: str) -> None:
    assert unparse(node_of(expression)) == expected


def test_the_entire_functions_have_names_that_no_author_can_give() -> None:
    assert unparse(node_of(Phi(2, v))) == f"{PHI}2(v)"


def test_names_of_results_are_states_elements_and_derivatives() -> None:
    assert [type(named(text)) for text in ("V", "x[2]", "W[0,1]", "dx/dt", "dx[3]/dt")] == [Name, Index, Index, Derivative, Derivative]
    assert [unparse(named(text)) for text in ("V", "x[2]", "W[0,1]", "dx/dt", "dx[3]/dt")] == ["V", "x[2]", "W[0, 1]", "dx/dt", "dx[3]/dt"]


@pytest.mark.parametrize(("value", "expected"), [(0.1, "0.1"), (-2.0, "-2"), (1 / 3, "0.333333"), (1.5e-9, "15e-10"), (0.0, "0")])
def test_a_number_has_as_many_digits_as_one_reads(value: float, expected: str) -> None:
    assert unparse(number(value)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Rational(500000000000000043065276524023193, 250000000000000000000000000000000) * v, "2*v"),
        (v - Rational("-0.0832717283948571093"), "v + 0.08327172839"),
        (Rational(2, 25) * v + Rational(1, 3), "2*v/25 + 1/3"),
        (Rational(10) ** 300 / 7, "1.428571429e+299"),
        (40 * Symbol("E -> I.w") * Symbol("E -> I.w[3]") * Symbol("E.r"), "40*(E -> I).w*(E -> I).w[3]*E.r"),
    ],
)
def test_numbers_that_nobody_wrote_are_decimals_and_names_with_arrows_stand_in_parentheses(expression: Expr, expected: str) -> None:
    assert text_of(expression) == expected


def test_a_number_that_nobody_wrote_is_a_decimal_in_a_node_too() -> None:
    assert unparse(node_of(Rational(500000000000000043065276524023193, 250000000000000000000000000000000) * v)) == "2*v"
