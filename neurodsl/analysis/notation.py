"""Expressions of the mathematics as an author would write them, so that every form of a page can set them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr

from neurodsl.analysis.wording import readable
from neurodsl.lang.nodes import Call, Comparison, Conditional, Derivative, Expression, Index, Logic, Name, Number, Power, Product, Sum
from neurodsl.lang.unparse import decimal
from neurodsl.lower import functions
from neurodsl.source import Source, Span

NOWHERE = Span(Source("<analysis>", ""), 0, 0)
"""The place of nodes that no author wrote."""
FUNCTIONS: dict[Any, str] = {kind: called for called, kind in functions.ONE_ARGUMENT.items() if isinstance(kind, type)} | {
    sympy.log: "ln", functions.Modulo: "mod", functions.Minimum: "min", functions.Maximum: "max", sympy.atan2: "atan2",
}  # fmt: skip
"""What the functions of the mathematics are called in the language."""
RELATIONS = {sympy.Lt: "<", sympy.Le: "<=", sympy.Gt: ">", sympy.Ge: ">=", sympy.Eq: "==", sympy.Ne: "!="}
ELEMENT = re.compile(r"([^\[\]]+)\[([\d,]+)\]")
DERIVATIVE = re.compile(r"d(.+)/dt")
PHI = "_phi"
"""How the names of the entire functions of exponential integrators begin: ``_phi1`` is (exp(x) - 1)/x."""
LARGEST_DIVISOR = 12
"""A number with a larger one is written as a decimal where it has finitely many digits."""


def name(text: str) -> Name:
    """Return a name as a node."""
    return Name(NOWHERE, text)


def number(value: float, digits: int = 6) -> Expression:
    """Return a number with so many digits as a node."""
    exact = Fraction(f"{value:.{digits}g}")
    return Number(NOWHERE, exact) if exact >= 0 else Sum(NOWHERE, ((-1, Number(NOWHERE, -exact)),))


def named(text: str) -> Expression:
    """Return what a name in a result stands for: ``V``, the element ``x[2]``, the derivative ``dx/dt``."""
    if found := DERIVATIVE.fullmatch(text):
        inner = named(found[1])
        return Derivative(NOWHERE, inner.id, indices=inner.indices) if isinstance(inner, Index) else Derivative(NOWHERE, found[1])
    if found := ELEMENT.fullmatch(text):
        return Index(NOWHERE, found[1], tuple(Number(NOWHERE, Fraction(k)) for k in found[2].split(",")))
    return name(text)


def node_of(expression: Expr) -> Expression:
    """Return an expression of sympy as a node of the language."""
    sign, term = _signed(readable(expression))
    return term if sign > 0 else Sum(NOWHERE, ((-1, term),))


def _signed(e: Any) -> tuple[int, Expression]:
    """Return an expression without a minus in front, and its sign."""
    match e:
        case sympy.Symbol():
            return 1, named(e.name)
        case sympy.Rational():
            return (-1, _rational(-e)) if e < 0 else (1, _rational(e))
        case sympy.Float():
            return (-1 if e < 0 else 1), number(abs(float(e)), 9)
        case sympy.Add():
            return 1, _sum(e)
        case sympy.Mul():
            return _product(e)
        case sympy.Pow():
            return 1, _power(e)
    return 1, _applied(e)


def _applied(e: Any) -> Expression:
    """Return a function, a comparison or a condition."""
    if e.func in FUNCTIONS:
        return Call(NOWHERE, FUNCTIONS[e.func], _each(e.args))
    if e.func in RELATIONS:
        return Comparison(NOWHERE, RELATIONS[e.func], *_each(e.args))
    if e.func is functions.Select:
        condition, taken, other = _each(e.args)
        return Conditional(NOWHERE, taken, condition, other)
    if e.func is functions.Phi:
        order, x = e.args
        return Call(NOWHERE, f"{PHI}{order}", (node_of(x),))
    if e.func is functions.InversePhi:
        x = node_of(e.args[0])
        below = Sum(NOWHERE, ((1, Call(NOWHERE, "exp", (x,))), (-1, Number(NOWHERE, Fraction(1)))))
        return Product(NOWHERE, (("*", x), ("/", below)))
    if e.func in (sympy.And, sympy.Or):
        return Logic(NOWHERE, "and" if e.func is sympy.And else "or", _each(sorted(e.args, key=sympy.default_sort_key)))
    if e.func is sympy.Not:
        return Logic(NOWHERE, "not", _each(e.args))
    constants = {sympy.pi: "pi", sympy.I: "i", sympy.oo: "∞"}
    if e in constants or not e.args:
        return name(constants.get(e, str(e)))
    return Call(NOWHERE, e.func.__name__, _each(e.args))


def _each(items: Iterable[Any]) -> Any:
    return tuple(map(node_of, items))


def _rational(value: Any) -> Expression:
    """Return a positive number: as a quotient where its divisor is small, else as a decimal."""
    exact = Fraction(int(value.p), int(value.q))
    if decimal(exact).startswith("("):
        return Product(NOWHERE, (("*", Number(NOWHERE, Fraction(exact.numerator))), ("/", Number(NOWHERE, Fraction(exact.denominator)))))
    return Number(NOWHERE, exact)


def _sum(e: Any) -> Expression:
    """Return a sum, with a term that is added in front where there is one."""
    terms = [_signed(term) for term in e.as_ordered_terms()]
    first = next((k for k, (sign, _) in enumerate(terms) if sign > 0), 0)
    return Sum(NOWHERE, (terms[first], *terms[:first], *terms[first + 1 :]))


def _product(e: Any) -> tuple[int, Expression]:
    """Return a product as a quotient, and its sign."""
    coefficient, rest = e.as_coeff_Mul()
    sign = -1 if coefficient.is_negative else 1
    above: list[Expression] = []
    below: list[Expression] = []
    if coefficient.is_Rational:
        size = abs(coefficient)
        whole = size.q <= LARGEST_DIVISOR or decimal(Fraction(int(size.p), int(size.q))).startswith("(")
        factor = Fraction(int(size.p), 1 if whole else int(size.q))
        above += [Number(NOWHERE, factor)] if factor != 1 else []
        below += [Number(NOWHERE, Fraction(int(size.q)))] if whole and size.q != 1 else []
    else:
        above.append(node_of(abs(coefficient)))
    for part in rest.as_ordered_factors() if rest.is_Mul else [rest]:
        divides = isinstance(part, sympy.Pow) and part.exp.is_Rational and part.exp < 0
        (below if divides else above).append(node_of(1 / part if divides else part))
    above = above or [Number(NOWHERE, Fraction(1))]
    if len(above) == 1 and not below:
        return sign, above[0]
    return sign, Product(NOWHERE, (*(("*", factor) for factor in above), *(("/", factor) for factor in below)))


def _power(e: Any) -> Expression:
    """Return a power; a root where the exponent is a half, a quotient where it is negative."""
    if e.exp.is_Rational and e.exp < 0:
        return Product(NOWHERE, (("*", Number(NOWHERE, Fraction(1))), ("/", node_of(1 / e))))
    if e.exp == sympy.Rational(1, 2):
        return Call(NOWHERE, "sqrt", (node_of(e.base),))
    return Power(NOWHERE, node_of(e.base), node_of(e.exp))
