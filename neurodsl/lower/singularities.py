"""Removable singularities: quotients that are 0/0 at a point and have a limit there.

What vanishes once is written as an affine expression times a factor that does not vanish: ``a*exp(u) + b`` with the help of
phi_1(w) = (exp(w) - 1)/w, which is accurate everywhere. Then the affine expressions of numerator and denominator cancel, and so do common
factors of polynomials. Every other quotient that is 0/0 gets its Taylor polynomial close to the point.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import product

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol

from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.functions import Absolute, Expm1, Log1p, Phi, Select, Tanh
from neurodsl.lower.taylor import LARGEST_NATURAL, Expander, Unsupported, is_zero, plain, samples

ODD = (sympy.sin, sympy.tan, sympy.sinh, Tanh, Expm1, Log1p, sympy.asin, sympy.atan, sympy.asinh, sympy.atanh, sympy.erf)
"""Functions that vanish at 0, once."""
NEAR = (Rational(1, 20), Rational(1, 10), Rational(1, 4), Rational(1, 2))
"""Within this distance of the point, in the arguments of the functions, the Taylor polynomial is taken: for a denominator that vanishes
once, twice, ... Further out the formula as written loses no more than three digits."""
TERMS = 13
HALVINGS = 4
TOLERANCE = Rational(1, 10**14)
"""What the polynomial may be wrong by, relatively, at the ends of its interval; the interval is halved until it is not."""
NEGLIGIBLE = Rational(1, 10**19)
LARGEST = 200
"""Operations in an expression up to which it is looked at."""
LARGEST_POLYNOMIAL = 2000
"""Operations in all coefficients of a Taylor polynomial up to which it is used."""
SECONDS = 1.0
DISTANCE = Symbol("_w")


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
    quotient = Quotient(numerator, denominator, varying)
    try:
        return bounded(SECONDS, quotient.mend)
    except (Exceeded, Unsupported):
        return None


class Quotient:
    """A quotient as the factors of its numerator and of its denominator, and what has been mended already."""

    def __init__(self, numerator: Expr, denominator: Expr, varying: Collection[Symbol]) -> None:
        self.varying = set(varying)
        above, inverted = _factors(numerator)
        self.below, more = _factors(denominator)
        self.above, self.below = above + more, self.below + inverted
        self.mended: list[Expr] = []
        self.points: list[Expr] = []

    def mend(self) -> tuple[Expr, str] | None:
        """Remove what is 0/0, the safest way first; None where nothing is, or where a pole is left."""
        self._cancel_polynomials()
        self._cancel_once_vanishing()
        for w in self._candidates():
            self._by_taylor(w)
        if not self.points or any(self._vanishes(factor, w) for factor in self.below for w in self.points):
            return None
        where = " and ".join(dict.fromkeys(map(self._where, self.points)))
        return Mul(*self.mended, *self.above) / Mul(*self.below), where

    def _moving(self, expression: Expr) -> list[Symbol]:
        return sorted(expression.free_symbols & self.varying, key=str)

    def _affine(self, expression: Expr) -> bool:
        symbols = self._moving(expression)
        return bool(symbols) and expression.count_ops() <= LARGEST and all(not self._moving(expression.diff(s)) for s in symbols)

    def _proportional(self, expression: Expr, affine: Expr) -> Expr | None:
        """Return the constant r with expression = r*affine, or None; both are affine in what varies."""
        symbol = self._moving(affine)[0]
        ratio = sympy.cancel(expression.diff(symbol) / affine.diff(symbol))
        return ratio if ratio != 0 and is_zero(expression - ratio * affine) else None

    def _where(self, affine: Expr) -> str:
        """Return the equation of the point at which an affine expression vanishes, as text."""
        symbol, point = self._point(affine)
        return f"{symbol} = {point}".replace("**", "^")

    def _point(self, affine: Expr) -> tuple[Symbol, Expr]:
        symbol = self._moving(affine)[0]
        return symbol, sympy.expand(symbol - affine / affine.diff(symbol))

    def _replace(self, f: Expr, g: Expr, by: tuple[Expr, Expr], points: list[Expr]) -> None:
        """Put two factors in the place of one of the numerator and one of the denominator."""
        self.above.remove(f)
        self.below.remove(g)
        self.above.append(by[0])
        self.below.append(by[1])
        self.points.extend(points)

    def _cancel_polynomials(self) -> None:
        """Take common factors out of the polynomials in what varies."""
        for f in [f for f in self.above if isinstance(f, Add) and self._moving(f) and f.count_ops() <= LARGEST]:
            parts = sympy.factor_terms(f)
            if isinstance(parts, Mul):
                self.above.remove(f)
                self.above.extend(_factors(parts)[0])
                self.below.extend(_factors(parts)[1])
        for f, g in product(list(self.above), list(self.below)):
            if f not in self.above or g not in self.below or not set(self._moving(f)) & set(self._moving(g)):
                continue
            if f == g or (_small_polynomial(f, self.varying) and _small_polynomial(g, self.varying)):
                shared = f if f == g else sympy.gcd(f, g)
                if self._moving(shared):
                    by = (Integer(1), Integer(1)) if f == g else (sympy.cancel(f / shared), sympy.cancel(g / shared))
                    self._replace(f, g, by, self._zeros(shared))

    def _zeros(self, shared: Expr) -> list[Expr]:
        """Return affine expressions that vanish where a cancelled factor does, as far as that is known."""
        once = self._vanishing(shared)
        if once is not None:
            return [once]
        if len(shared.free_symbols) == 1 and shared.is_polynomial():
            return [self._moving(shared)[0] - root for root in sorted(set(sympy.Poly(shared).real_roots()))]
        return []

    def _once_vanishing(self, factor: Expr) -> tuple[Expr, Expr] | None:
        """Return w and r with factor = w*r, where w is affine and r does not vanish with it; None where the form does not show it."""
        if self._affine(factor):
            return factor, Integer(1)
        if isinstance(factor, Expm1) and self._affine(factor.args[0]):
            return factor.args[0], Phi(Integer(1), factor.args[0])
        if not (isinstance(factor, Add) and len(factor.args) == 2 and factor.has(sympy.exp) and factor.count_ops() <= LARGEST):
            return None
        first, second = (self._exponential(term) for term in sorted(factor.args, key=lambda term: not self._moving(term)))
        if first is None or second is None:
            return None
        level = -second[0] / first[0]
        w = sympy.expand(first[1] - second[1] - sympy.log(level))
        if level.is_positive is not True or not self._affine(w):
            return None
        return w, self._difference(first, second, w)

    def _exponential(self, term: Expr) -> tuple[Expr, Expr] | None:
        """Return c and u with term = c*exp(u), where c does not vary and u is affine or 0."""
        c, moving = term.as_independent(*self.varying, as_Add=False)
        if moving == 1:
            exponents = [f.args[0] for f in Mul.make_args(c) if isinstance(f, sympy.exp)]
            u = Add(*exponents)
            return c / sympy.exp(u), u
        return (c, moving.args[0]) if isinstance(moving, sympy.exp) and self._affine(moving.args[0]) else None

    def _difference(self, first: tuple[Expr, Expr], second: tuple[Expr, Expr], w: Expr) -> Expr:
        """Return (c1*exp(u1) + c2*exp(u2))/w, which does not vanish: w is u1 - u2 - log(-c2/c1).

        Where the exponents run in opposite directions it is a sum of two positive terms, so that neither overflows against the other;
        otherwise the exponential that changes less is a factor.
        """
        (c1, u1), (c2, u2) = first, second
        symbol = self._moving(w)[0]
        share = sympy.cancel(u1.diff(symbol) / w.diff(symbol))
        common = sympy.expand(u1 - share * w)
        if share.is_Rational and 0 < share < 1 and not self._moving(common):
            return c1 * sympy.exp(common) * (share * Phi(Integer(1), share * w) + (1 - share) * Phi(Integer(1), (share - 1) * w))
        if share.is_Rational and share <= 0:
            return c1 * sympy.exp(u1) * Phi(Integer(1), -w)
        return -c2 * sympy.exp(u2) * Phi(Integer(1), w)

    def _cancel_once_vanishing(self) -> None:
        for f, g in product(list(self.above), list(self.below)):
            if f not in self.above or g not in self.below or not set(self._moving(f)) & set(self._moving(g)):
                continue
            top, bottom = self._once_vanishing(f), self._once_vanishing(g)
            if top is None or bottom is None or not self._moving(top[0]) or self._moving(top[0]) != self._moving(bottom[0]):
                continue
            ratio = self._proportional(top[0], bottom[0])
            if ratio is not None:
                self._replace(f, g, (ratio * top[1], bottom[1]), [bottom[0]])

    def _vanishing(self, factor: Expr) -> Expr | None:
        """Return an affine expression at whose zero a factor is 0, where its form shows one."""
        once = self._once_vanishing(factor)
        if once is not None:
            return once[0]
        if isinstance(factor, ODD) and self._affine(factor.args[0]):
            return factor.args[0]
        if isinstance(factor, sympy.log) and self._affine(factor.args[0]):
            return factor.args[0] - 1
        return None

    def _candidates(self) -> list[Expr]:
        return [w for w in dict.fromkeys(map(self._vanishing, self.below + self.above)) if w is not None]

    def _shifted(self, factor: Expr, w: Expr) -> Expr:
        """Return a factor as a function of the distance from w = 0."""
        symbol, point = self._point(w)
        return plain(factor).xreplace({symbol: point + DISTANCE / w.diff(symbol)})

    def _vanishes(self, factor: Expr, w: Expr) -> bool:
        if self._moving(w)[0] not in factor.free_symbols or factor.count_ops() > LARGEST:
            return False
        try:
            return is_zero(Expander(DISTANCE, 1).series(self._shifted(factor, w))[0])
        except Unsupported:
            return False

    def _by_taylor(self, w: Expr) -> None:
        """Take the Taylor polynomial near w = 0, if the numerator vanishes there to the order of the denominator or higher."""
        below = [factor for factor in self.below if self._vanishes(factor, w)]
        above = [factor for factor in self.above if self._vanishes(factor, w)] if below else []
        if not above:
            return
        top, bottom = Mul(*above), Mul(*below)
        if top.count_ops() > LARGEST or bottom.count_ops() > LARGEST:
            return
        try:
            polynomial = _polynomial(self._shifted(top, w), self._shifted(bottom, w))
        except Unsupported:
            return
        if polynomial is None:
            return
        coefficients, scale, near = polynomial
        inside = Absolute(w) < near / scale if scale.is_number else Absolute(w) * scale < near
        self.mended.append(Select(inside, _horner(coefficients, w), top / bottom))
        self.above = [factor for factor in self.above if factor not in above]
        self.below = [factor for factor in self.below if factor not in below]
        self.points.append(w)


def _factors(expression: Expr) -> tuple[list[Expr], list[Expr]]:
    """Return the factors of an expression and those of its reciprocal, small powers written out."""
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in Mul.make_args(expression):
        if isinstance(factor, Pow) and factor.exp.is_Integer and abs(factor.exp) <= LARGEST_NATURAL:
            (above if factor.exp > 0 else below).extend([factor.base] * abs(int(factor.exp)))
        else:
            above.append(factor)
    return above, below


def _small_polynomial(expression: Expr, varying: Collection[Symbol]) -> bool:
    """Tell whether an expression is a polynomial that is cheap to write out."""
    if expression.count_ops() > LARGEST // 4 or not expression.is_polynomial(*expression.free_symbols):
        return False
    return all(power.exp <= LARGEST_NATURAL and not power.base.has(Pow) for power in expression.atoms(Pow))


def _horner(coefficients: list[Expr], w: Expr) -> Expr:
    result = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = coefficient + w * result
    return result


def _polynomial(top: Expr, bottom: Expr) -> tuple[list[Expr], Expr, Expr] | None:
    """Return the Taylor coefficients of top/bottom at 0, the scale of what it is made of, and how near 0, on that scale, they suffice."""
    expander = Expander(DISTANCE, TERMS + len(NEAR))
    below = expander.series(bottom)
    order = next((n for n, c in enumerate(below) if not is_zero(c)), len(below))
    if not 0 < order <= len(NEAR):
        return None
    above = expander.series(top)
    if not all(is_zero(c) for c in above[:order]) or not expander.scales:
        return None
    coefficients = expander.quotient(above[order:], below[order:])[:TERMS]
    if sum(c.count_ops() for c in coefficients) > LARGEST_POLYNOMIAL:
        return None
    scales = list(dict.fromkeys(expander.scales))
    numbers = [s.replace(Absolute, abs) for s in scales if s.is_number]
    scale = Add(*([max(numbers)] if numbers else []), *(s for s in scales if not s.is_number))
    near = _verified(top / bottom, coefficients, scale, NEAR[order - 1])
    if near is None:
        return None
    if scale.is_number:
        scale = scale if scale.is_Rational else sympy.Float(scale, 17)
        coefficients = _shortened(coefficients, near / scale)
    return [c if not c.is_number or c.is_Rational else sympy.Float(c, 17) for c in coefficients], scale, near


def _verified(formula: Expr, coefficients: list[Expr], scale: Expr, near: Expr) -> Expr | None:
    """Return the largest of near, near/2, ... at whose ends polynomial and formula agree; None where there is none."""
    polynomial = _horner(coefficients, DISTANCE)
    for _ in range(HALVINGS + 1):
        if all(_agree(formula, polynomial, sample, side * near / scale) for sample in samples(scale + Add(*coefficients)) for side in (1, -1)):
            return near
        near = near / 2
    return None


def _agree(formula: Expr, polynomial: Expr, sample: dict[Symbol, Expr], at: Expr) -> bool:
    distance = at.xreplace(sample).replace(Absolute, abs)
    values = [e.xreplace(sample).xreplace({DISTANCE: distance}).evalf(30) for e in (formula, polynomial)]
    return all(v.is_number and v.is_finite for v in values) and bool(abs(values[0] - values[1]) <= TOLERANCE * abs(values[0]))


def _shortened(coefficients: list[Expr], radius: Expr) -> list[Expr]:
    """Return the coefficients less those at the end that do not count within a radius."""
    sizes = [abs(c) * radius**n for n, c in enumerate(coefficients)]
    last = max((n for n, size in enumerate(sizes) if size > NEGLIGIBLE * max(sizes)), default=0)
    return coefficients[: last + 1]
