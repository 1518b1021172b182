"""All real solutions of polynomial equations, proved: exact isolation of the real roots of their eliminants.

References
----------
Cox, Little, O'Shea, 2015, Ideals, Varieties, and Algorithms, 4th edition, Springer, chapters 2 and 3. doi:10.1007/978-3-319-16721-3
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import sympy
from sympy import Expr, Float, Poly, Symbol

from neurodsl.analysis.reduction import is_rational

DIGITS = 60
"""Digits with which solutions of several equations are told from mere combinations of their coordinates."""
MOST_COMBINATIONS = 4000
HIGHEST = 60
"""The degree up to which real roots are isolated exactly."""


class NotPolynomial(Exception):
    """The equations are no polynomials, or have infinitely many solutions."""


def numerators(equations: Sequence[Expr], unknowns: Sequence[Symbol]) -> list[Poly]:
    """Return the numerators of equations with rational coefficients.

    Raises
    ------
    NotPolynomial
    """
    found = []
    for equation in equations:
        if not is_rational(equation):
            raise NotPolynomial
        above, _ = sympy.fraction(sympy.cancel(equation))
        found.append(Poly(above, *unknowns, domain="QQ"))
    return found


def real_roots(poly: Poly) -> list[Expr]:
    """Return the distinct real roots of a polynomial in one unknown, in increasing order: as numbers, radicals or isolated roots.

    Raises
    ------
    NotPolynomial
        For one that is 0 everywhere, or of a degree that is not served.
    """
    if poly.is_zero or poly.degree() > HIGHEST:
        raise NotPolynomial
    found = [root for factor, _ in poly.factor_list()[1] for root in factor.real_roots(multiple=True)]
    return sorted(set(found), key=lambda root: root.evalf(DIGITS))


def real_solutions(equations: Sequence[Expr], unknowns: Sequence[Symbol]) -> list[tuple[Expr, ...]]:
    """Return all real solutions of equations, exactly.

    Raises
    ------
    NotPolynomial
        Where they are no quotients of polynomials with rational coefficients, or do not have finitely many solutions.
    """
    if not unknowns:
        if any(not e.is_number for e in equations):
            raise NotPolynomial
        return [()] if all(e == 0 for e in equations) else []
    polys = numerators(equations, unknowns)
    if len(unknowns) == 1:
        if not polys:
            raise NotPolynomial
        found = [(root,) for root in real_roots(sympy.gcd_list(polys) if len(polys) > 1 else polys[0])]
    else:
        found = _combined(polys, unknowns)
    return [solution for solution in found if _defined(equations, unknowns, solution)]


def _combined(polys: Sequence[Poly], unknowns: Sequence[Symbol]) -> list[tuple[Expr, ...]]:
    """Return the real solutions of several equations: those combinations of the roots of their eliminants that solve them."""
    basis = sympy.groebner([p.as_expr() for p in polys], *unknowns, order="grevlex", domain="QQ")
    if basis.exprs == [1]:
        return []
    if not basis.is_zero_dimensional:
        raise NotPolynomial
    roots = []
    for last in unknowns:
        order = [u for u in unknowns if u != last] + [last]
        turned = sympy.groebner(basis.exprs, *order, order="grevlex", domain="QQ").fglm("lex")
        roots.append(real_roots(Poly(turned.exprs[-1], last, domain="QQ")))
    count = 1
    for found in roots:
        count *= len(found)
    if count > MOST_COMBINATIONS:
        raise NotPolynomial
    return [point for point in product(*roots) if all(_vanishes(p, point) for p in polys)]


def _vanishes(poly: Poly, point: tuple[Expr, ...]) -> bool:
    """Return whether a polynomial is 0 at a point, by 60 digits."""
    values = [root.evalf(2 * DIGITS) for root in point]
    size, total = Float(0, 2 * DIGITS), Float(0, 2 * DIGITS)
    for powers, coefficient in poly.terms():
        term = sympy.Mul(coefficient.evalf(2 * DIGITS), *(v**k for v, k in zip(values, powers, strict=True)))
        size, total = size + abs(term), total + term
    return bool(abs(total) <= Float(10) ** -DIGITS * (1 + size))


def _defined(equations: Sequence[Expr], unknowns: Sequence[Symbol], point: tuple[Expr, ...]) -> bool:
    """Return whether no denominator is 0 at a solution of the numerators."""
    at = dict(zip(unknowns, point, strict=True))
    bottoms = [sympy.fraction(sympy.cancel(e))[1] for e in equations]
    return all(b.is_number or abs(b.xreplace(at).evalf(30)) > Float(10) ** -25 for b in bottoms)
