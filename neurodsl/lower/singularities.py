"""Removable singularities: quotients that are 0/0 at a point and have a limit there.

Two forms are enough for the rates of the field. A denominator ``a*exp(u) + b`` that vanishes where an affine factor of the numerator does is
rewritten with phi_1(w) = (exp(w) - 1)/w, which is accurate everywhere. Every other quotient of that kind gets its Taylor polynomial close to
the point.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sympy
from sympy import Add, Expr, Function, Integer, Mul, Symbol

from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.functions import Absolute, Expm1, Log1p, Phi, Select, Tanh

ODD = (sympy.sin, sympy.tan, sympy.sinh, Tanh, Expm1, Log1p, sympy.asin, sympy.atan, sympy.asinh, sympy.atanh, sympy.erf)
"""Functions that vanish at 0, once."""
NEAR = sympy.Rational(1, 20)
"""Within this distance of the point, in the argument of the function that vanishes, the Taylor polynomial is taken."""
TERMS = 9
"""Terms of the polynomial: its error at NEAR is below 1e-15 where the nearest pole is at a distance of 1 or more."""
SECONDS = 3.0


def mend(numerator: Expr, denominator: Expr, varying: Collection[Symbol]) -> tuple[Expr, str] | None:
    """Return a quotient in a form that is finite at its removable singularity, and where that lies.

    Parameters
    ----------
    numerator, denominator : Expr
        The quotient as the author wrote it.
    varying : collection of Symbol
        The states and the time; everything else is constant in a run.

    Returns
    -------
    tuple of (Expr, str) or None
        The mended quotient and the condition for the singular point (``V = 10``), or None where there is nothing to mend.
    """
    for factor in Mul.make_args(denominator):
        others = denominator / factor
        base, power = factor.as_base_exp()
        found = _by_phi(numerator, base, varying) if power == 1 else None
        if found is None:
            found = _by_taylor(numerator, base, power, varying)
        if found is not None:
            return found[0] / others, found[1]
    return None


def _moving(expression: Expr, varying: Collection[Symbol]) -> list[Symbol]:
    return sorted(expression.free_symbols & set(varying), key=str)


def _proportional(expression: Expr, affine: Expr, varying: Collection[Symbol]) -> Expr | None:
    """Return the constant r with expression = r*affine, or None; both are affine in what varies."""
    symbols = _moving(affine, varying)
    if not symbols or not _moving(expression, varying):
        return None
    slope, reference = expression.diff(symbols[0]), affine.diff(symbols[0])
    if _moving(slope, varying) or _moving(reference, varying) or reference == 0:
        return None
    ratio = slope / reference
    return ratio if ratio != 0 and sympy.expand(expression - ratio * affine) == 0 else None


def _where(affine: Expr, varying: Collection[Symbol]) -> str:
    """Return the equation of the point at which an affine expression vanishes, as text."""
    symbol = _moving(affine, varying)[0]
    slope = affine.diff(symbol)
    point = sympy.expand(symbol - affine / slope)
    return f"{symbol} = {point}"


def _affine(expression: Expr, varying: Collection[Symbol]) -> bool:
    return bool(_moving(expression, varying)) and all(not _moving(expression.diff(s), varying) for s in _moving(expression, varying))


def _by_phi(numerator: Expr, base: Expr, varying: Collection[Symbol]) -> tuple[Expr, str] | None:
    """Rewrite N/(a*exp(u) + b), with N containing a factor proportional to u - log(-b/a)."""
    if not isinstance(base, Add):
        return None
    constant: list[Expr] = []
    moving: list[Expr] = []
    for term in base.args:
        (moving if _moving(term, varying) else constant).append(term)
    if len(moving) != 1:
        return None
    rest = Add(*constant)
    scale, exponential = moving[0].as_independent(*varying, as_Add=False)
    if not isinstance(exponential, sympy.exp) or rest == 0:
        return None
    level = -rest / scale
    if level.is_positive is not True:
        return None
    w = sympy.expand(exponential.args[0] - sympy.log(level))
    if not _affine(w, varying):
        return None
    factors = list(Mul.make_args(numerator))
    for i, factor in enumerate(factors):
        ratio = _proportional(factor, w, varying)
        if ratio is not None:
            remaining = Mul(*factors[:i], *factors[i + 1 :])
            return -ratio * remaining / (rest * Phi(Integer(1), w)), _where(w, varying)
    return None


def _vanishing(base: Expr, varying: Collection[Symbol]) -> Expr | None:
    """Return the affine w for which the base is 0 at w = 0, where its form says so."""
    if isinstance(base, ODD) and _affine(base.args[0], varying):
        return base.args[0]
    if _affine(base, varying):
        return base
    return None


def _by_taylor(numerator: Expr, base: Expr, power: Any, varying: Collection[Symbol]) -> tuple[Expr, str] | None:
    """Take the Taylor polynomial near the point where base = 0, if the numerator vanishes there to the same order."""
    w = _vanishing(base, varying)
    if w is None or not (power.is_Integer and 0 < power <= 4) or len(_moving(w, varying)) != 1:
        return None
    if not (numerator.has(Function) or base.has(Function)) and not _moving(numerator, varying):
        return None
    symbol = _moving(w, varying)[0]
    slope = w.diff(symbol)
    distance = Symbol("_w")
    there = {symbol: symbol + (distance - w) / slope}
    top = sympy.expand(numerator.subs(symbol, sympy.expand(there[symbol])))
    if _moving(top, varying):
        return None
    bottom = base.subs(symbol, sympy.expand(there[symbol])) ** power
    try:
        if bounded(SECONDS, lambda: sympy.simplify(top.subs(distance, 0))) != 0:
            return None
        plain = (
            (top / bottom).replace(Tanh, sympy.tanh).replace(Expm1, lambda x: sympy.exp(x) - 1).replace(Log1p, lambda x: sympy.log(1 + x))
        )
        series = bounded(SECONDS, lambda: sympy.series(plain, distance, 0, TERMS).removeO())
    except (Exceeded, NotImplementedError, ValueError, AttributeError, TypeError):
        return None
    if series.has(sympy.zoo, sympy.nan, sympy.log(distance)) or any(
        t.as_coeff_exponent(distance)[1] < 0 for t in Add.make_args(sympy.expand(series))
    ):
        return None
    polynomial = sympy.horner(series, distance).subs(distance, w)
    return Select(sympy.Lt(Absolute(w), NEAR, evaluate=False), polynomial, numerator / base**power), _where(w, varying)
