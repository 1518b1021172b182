"""All real solutions of polynomial equations."""

from __future__ import annotations

import pytest
import sympy
from sympy import Expr, Rational, Symbol, sqrt

from neurodsl.analysis.polynomial import NotPolynomial, real_solutions

X, Y, Z = Symbol("x"), Symbol("y"), Symbol("z")


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        (X**3 - X, [-1, 0, 1]),
        (X**2 + 1, []),
        ((X - 2) ** 2 * (X + 1), [-1, 2]),
        ((X**2 - 1) / (X - 1), [-1]),
        (X**2 - 2, [-sqrt(2), sqrt(2)]),
    ],
)
def test_the_real_roots_of_one_equation_are_exact(equation: Expr, expected: list[Expr]) -> None:
    assert [(e,) for e in expected] == real_solutions([equation], [X])


def test_the_roots_of_wilkinsons_polynomial_are_the_whole_numbers() -> None:
    wilkinson = sympy.prod([X - k for k in range(1, 21)])
    assert [(k,) for k in range(1, 21)] == real_solutions([wilkinson], [X])


def test_all_solutions_of_three_equations_solve_them() -> None:
    equations = [X**3 * Y - Y**2 + X - 1, X**2 + Y**3 - 3, Z**2 - X * Y - 2]
    found = real_solutions(equations, [X, Y, Z])
    # Elimination by hand: the resultant of the first two in y has three real roots x, and to each belong two z.
    resultant = sympy.Poly(sympy.resultant(equations[0], equations[1], Y), X)
    assert (len(found), len(resultant.real_roots()) >= 3) == (6, True)
    assert pytest.approx([float(e.subs(dict(zip((X, Y, Z), s, strict=True))).evalf(20)) for s in found for e in equations], abs=1e-15) == [0.0] * 18


@pytest.mark.parametrize("equations", [[X * Y, X * Y], [sympy.exp(X) - Y, X], [X * sympy.pi - Y, X - Y]])
def test_what_is_no_polynomial_or_has_infinitely_many_solutions_is_refused(equations: list[Expr]) -> None:
    with pytest.raises(NotPolynomial):
        real_solutions(equations, [X, Y])


def test_contradictions_have_no_solution() -> None:
    assert real_solutions([X + Y - 1, X + Y - 2], [X, Y]) == []


def test_a_coefficient_is_read_exactly() -> None:
    assert [(Rational(1, 3),)] == real_solutions([Rational(3, 10) * X - Rational(1, 10)], [X])
