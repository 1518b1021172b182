"""Expressions are printed as Python that means the same."""

from __future__ import annotations

import math

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, Symbol

from neurodsl.codegen.names import identifiers
from neurodsl.codegen.printer import Printer
from neurodsl.lower.functions import Select, Signum

x, y = Symbol("x"), Symbol("lambda")
PRINT = Printer({"x": "x", "lambda": "lambda_"})


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (x + 1, "x + 1.0"),
        (-x + y, "lambda_ - x"),
        (-(x + y), "-lambda_ - x"),
        (x - (y - 1), "x + 1.0 - lambda_"),
        (x / y, "x/lambda_"),
        (x / (y * 3), "0.3333333333333333*x/lambda_"),
        (x**2 * y, "lambda_*(x*x)"),
        (x**-1, "1.0/x"),
        (x ** Rational(1, 2), "math.sqrt(x)"),
        (x ** Rational(-3, 2), "1.0/x**1.5"),
        ((x + 1) ** 3, "(x + 1.0)**3"),
        (-(x**2), "-x*x"),
        (Rational(1, 10) * x, "0.1*x"),
        (sympy.exp(-x), "math.exp(-x)"),
        (sympy.Integer(10) ** 400, "math.inf"),
        (sympy.nan, "math.nan"),
        (Select(sympy.Gt(x, 0, evaluate=False), 1, -y), "1.0 if x > 0.0 else -lambda_"),
        (2 * Select(sympy.Gt(x, 0, evaluate=False), 1, y), "2.0*(1.0 if x > 0.0 else lambda_)"),
        (Signum(x), "_sign(x)"),
    ],
)
def test_an_expression_is_printed_as_expected(expression: sympy.Expr, text: str) -> None:
    assert PRINT(expression) == text


def test_conditions_keep_their_precedence() -> None:
    a, b, c = sympy.Gt(x, 1, evaluate=False), sympy.Lt(y, 2, evaluate=False), sympy.Ge(x, y, evaluate=False)
    assert PRINT(sympy.And(sympy.Or(a, b, evaluate=False), sympy.Not(c, evaluate=False), evaluate=False)).count("(") == 1


LEAVES = st.sampled_from([x, y]) | st.fractions(min_value=-5, max_value=5, max_denominator=7).map(lambda f: Rational(f.numerator, f.denominator))


def _combined(children: st.SearchStrategy[sympy.Expr]) -> st.SearchStrategy[sympy.Expr]:
    pairs = st.tuples(children, children)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: p[0] / (p[1] ** 2 + 1)),
        children.map(lambda e: e**3),
        children.map(lambda e: -e),
        pairs.map(lambda p: Select(sympy.Lt(p[0], p[1], evaluate=False), p[0], 2 * p[1])),
    )


def value(expression: sympy.Basic, at: dict[Symbol, float]) -> float:
    """Return the value of an expression, computed on its tree and not on the text."""
    if isinstance(expression, Select):
        condition, taken, other = expression.args
        return value(taken if value(condition.lhs, at) < value(condition.rhs, at) else other, at)
    if isinstance(expression, Symbol):
        return at[expression]
    if expression.is_Number:
        return float(expression)
    parts = [value(argument, at) for argument in expression.args]
    if expression.is_Add:
        return math.fsum(parts)
    if expression.is_Mul:
        return math.prod(parts)
    return float(parts[0] ** parts[1])


@given(st.recursive(LEAVES, _combined, max_leaves=12), st.floats(-3, 3), st.floats(-3, 3))
def test_the_printed_text_has_the_value_of_the_expression(expression: sympy.Expr, a: float, b: float) -> None:
    code = compile(PRINT(expression), "<printed>", "eval")
    names = {"x": a, "lambda_": b, "math": math}
    expected = value(expression, {x: a, y: b})
    printed = eval(code, {"__builtins__": {}}, names)
    assert printed == pytest.approx(expected, rel=1e-9, abs=1e-9 * max(1.0, abs(expected)))


def test_names_become_identifiers_of_their_own() -> None:
    names = ["lambda", "λ", "tau_m", "τ_m", "class", "dx/dt", "d2x/dt2", "dx_dt", "print", "V", "I", "math", "E"]
    assert identifiers(names) == {
        "lambda": "lambda_", "λ": "lamda", "tau_m": "tau_m", "τ_m": "tau_m_2", "class": "class_", "dx/dt": "dx_dt", "d2x/dt2": "d2x_dt2",
        "dx_dt": "dx_dt_2", "print": "print_", "V": "V", "I": "I", "math": "math_", "E": "E",
    }  # fmt: skip
