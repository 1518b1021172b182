"""Fixed points as explicit functions of one state."""

from __future__ import annotations

import pytest
import sympy
from sympy import Symbol, exp

from neurodsl.analysis.elimination import eliminate, isolate
from neurodsl.lower.functions import Logistic, Tanh

x, y, z, p = (Symbol(name) for name in "xyzp")


@pytest.mark.parametrize(
    ("equation", "solution"),
    [
        (2 * p - x, x / 2),
        (x * p - y, y / x),
        (exp(p) - x, sympy.log(x)),
        (Logistic(p - y) - x, sympy.log(x / (1 - x)) + y),
        (Tanh(3 * p) / 2 - x, sympy.atanh(2 * x) / 3),
        (1 / (1 + exp(-p)) - x, -sympy.log(1 / x - 1)),
    ],
)
def test_an_equation_is_solved_where_it_has_one_solution(equation: sympy.Expr, solution: sympy.Expr) -> None:
    found = isolate(equation, p)
    assert found is not None
    at = {x: sympy.Rational(3, 10), y: sympy.Rational(7, 10)}
    assert float(found.expression.xreplace(at)) == pytest.approx(float(solution.xreplace(at)), rel=1e-14)


@pytest.mark.parametrize("equation", [p**2 - x, sympy.sin(p) - x, p + exp(p) - x, p**3 - p - x])
def test_an_equation_that_may_have_several_solutions_is_left(equation: sympy.Expr) -> None:
    assert isolate(equation, p) is None


def test_unknowns_are_found_one_after_the_other() -> None:
    found = eliminate([10 * (y - x), x * (p - z) - y, x * y - 3 * z], [x, y, z], p)
    assert found is not None
    assert found.free == x
    assert [s.symbol for s in found.steps] == [y, z, p]
    assert sympy.simplify(found.whole(p) - (1 + x**2 / 3)) == 0


def test_unknowns_that_stand_only_together_are_not_solved_for() -> None:
    assert eliminate([x**2 + y**2 + p, x**2 - y**2 + sympy.sin(x * y)], [x, y], p) is None
