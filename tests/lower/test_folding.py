"""Functions of numbers are numbers."""

from __future__ import annotations

import math

import pytest
import sympy
from network.evaluation import value
from sympy import Eq, Gt, Rational, Symbol

from neurodsl.lower import functions
from neurodsl.lower.folding import EXACT, folded

x = Symbol("x")


@pytest.mark.parametrize("function", EXACT, ids=lambda f: f.__name__)
def test_a_function_of_numbers_is_its_value(function: type[sympy.Function]) -> None:
    for number in (Rational("-0.375"), Rational("2.5"), Rational("0.5"), Rational("1.5"), Rational(7)):
        pair = function in (functions.Modulo, functions.Minimum, functions.Maximum)
        arguments = (number, Rational("1.25")) if pair else (2, number) if function is functions.Phi else (number,)
        if function in (functions.Log10, functions.Log2) and number < 0:
            continue
        found = folded(function(*arguments, evaluate=False))
        assert not found.atoms(function)
        assert float(found) == pytest.approx(float(value(function(*arguments), {})), rel=1e-14, abs=1e-15)


def test_a_branch_that_is_known_is_taken() -> None:
    chosen = functions.Select(sympy.Or(Eq(3, 3, evaluate=False), Gt(x, 1), evaluate=False), x + functions.Floor(Rational(5, 2)), 1 / x)
    assert folded(chosen) == x + 2
    assert folded(functions.Select(Gt(2, 3, evaluate=False), x, functions.Maximum(x, 1))) == functions.Maximum(x, 1)


def test_what_is_not_known_stays() -> None:
    kept = functions.Select(Gt(x, 0), functions.Modulo(x, 2), functions.Tanh(x))
    assert folded(kept) == kept
    assert folded(functions.Round(Rational(5, 2))) == 2
    assert folded(functions.Phi(3, 0)) == Rational(1, 6)
    assert math.isclose(float(folded(functions.Logistic(Rational(1, 3)))), 1 / (1 + math.exp(-1 / 3)))
