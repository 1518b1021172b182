"""Taylor polynomials of expressions about 0, by arithmetic on truncated power series: nothing is expanded, the work is linear in the expression."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol

from neurodsl.lower.functions import Absolute, Expm1, Log1p, Logistic, Tanh

DIGITS = 50
"""Digits of coefficients that are not rational; what is below 1e-40 then is taken for 0."""
SAMPLES = ("0.37", "-1.9", "5.3", "-0.083", "0.71", "-3.1", "0.024", "41.7")
"""Values of the parameters at which an identity or an error is checked: both signs, several orders of magnitude."""
TRIALS = 3
LARGEST_NATURAL = 8

PLAIN: dict[Any, Any] = {
    Tanh: lambda u: 2 / (1 + sympy.exp(-2 * u)) - 1,
    Logistic: lambda u: 1 / (1 + sympy.exp(-u)),
    Expm1: lambda u: sympy.exp(u) - 1,
    Log1p: lambda u: sympy.log(1 + u),
    sympy.sinh: lambda u: (sympy.exp(u) - sympy.exp(-u)) / 2,
    sympy.cosh: lambda u: (sympy.exp(u) + sympy.exp(-u)) / 2,
    sympy.tan: lambda u: sympy.sin(u) / sympy.cos(u),
}
"""Functions by way of those whose series have a recurrence."""
INTEGRATED = (sympy.log, sympy.asin, sympy.atan, sympy.asinh, sympy.atanh, sympy.erf)
"""Functions whose derivative is one of simpler functions."""


class Unsupported(Exception):
    """An expression has no power series here, or none that this module finds."""


def plain(expression: Expr) -> Expr:
    """Return an expression in functions that have a recurrence, and that sympy can evaluate."""
    for function, rewritten in PLAIN.items():
        expression = expression.replace(function, rewritten)
    return expression


def samples(expression: Expr) -> list[dict[Symbol, Expr]]:
    """Return a few assignments of numbers to the symbols of an expression; a single empty one where there are none."""
    symbols = sorted(expression.free_symbols, key=str)
    if not symbols:
        return [{}]
    return [{s: Rational(SAMPLES[(3 * k + i) % len(SAMPLES)]) for i, s in enumerate(symbols)} for k in range(TRIALS)]


def is_zero(expression: Expr) -> bool:
    """Tell whether an expression is 0 whatever its symbols are, by its value at a few points to many digits."""
    if expression.is_Rational:
        return bool(expression == 0)
    return all(_tidy(expression.xreplace(sample)) == 0 for sample in samples(expression))


def _tidy(value: Expr) -> Expr:
    """Return a coefficient in a short form: a rational number, a number to many digits, or an expanded expression."""
    if value.is_Rational:
        return value
    if not value.is_number:
        return sympy.expand(value)
    number = value.evalf(DIGITS)
    if number.has(sympy.zoo, sympy.nan, sympy.oo):
        raise Unsupported
    return Integer(0) if abs(number) < Rational(1, 10**40) else number


@dataclass
class Expander:
    """Expands expressions in powers of one symbol.

    Attributes
    ----------
    symbol : Symbol
    terms : int
        How many coefficients are kept.
    scales : list of Expr
        Reciprocals of the lengths on which the functions met so far change.
    """

    symbol: Symbol
    terms: int
    scales: list[Expr] = field(default_factory=list)

    def series(self, e: Expr) -> list[Expr]:
        """Return the coefficients of an expression, from the constant on."""
        if self.symbol not in e.free_symbols:
            return self._constant(_tidy(e))
        if e == self.symbol:
            return [Integer(int(n == 1)) for n in range(self.terms)]
        if isinstance(e, Add):
            return [_tidy(Add(*column)) for column in zip(*(self.series(a) for a in e.args), strict=True)]
        if isinstance(e, Mul):
            result = self.series(e.args[0])
            for factor in e.args[1:]:
                result = self.product(result, self.series(factor))
            return result
        if isinstance(e, Pow) and self.symbol not in e.exp.free_symbols:
            return self._power(self.series(e.base), e.exp)
        if isinstance(e, sympy.exp):
            return self._exponential(self._noted(self.series(e.args[0])))
        if isinstance(e, sympy.sin | sympy.cos):
            return self._circular(e, self._noted(self.series(e.args[0])))
        if isinstance(e, INTEGRATED):
            return self._integrated(e)
        raise Unsupported

    def _constant(self, value: Expr) -> list[Expr]:
        return [value] + [Integer(0)] * (self.terms - 1)

    def _noted(self, u: list[Expr], relative: Expr | None = None) -> list[Expr]:
        """Note the scale of an argument; ``relative`` is the distance of its constant from where the function is singular."""
        found = [(k, c) for k, c in enumerate(u) if k and c != 0][:2]
        for k, c in found:
            slope = c if relative is None else c / relative
            self.scales.append(Absolute(-slope if slope.could_extract_minus_sign() else slope) ** Rational(1, k))
        return u

    def product(self, a: list[Expr], b: list[Expr]) -> list[Expr]:
        """Return the coefficients of a product."""
        return [_tidy(Add(*(a[i] * b[n - i] for i in range(n + 1) if a[i] != 0 and b[n - i] != 0))) for n in range(self.terms)]

    def _power(self, u: list[Expr], p: Expr) -> list[Expr]:
        natural = p.is_Integer and p > 0
        if u[0] == 0 or (natural and p <= LARGEST_NATURAL):
            if not (natural and p <= 4 * LARGEST_NATURAL):
                raise Unsupported
            result = u
            for _ in range(int(p) - 1):
                result = self.product(result, u)
            return result
        self._noted(u, u[0] / p if natural else u[0])
        result = [_tidy(u[0] ** p)]
        for n in range(1, self.terms):
            total = Add(*((i * p - n + i) * u[i] * result[n - i] for i in range(1, n + 1) if u[i] != 0))
            result.append(_tidy(total / (n * u[0])))
        return result

    def _exponential(self, u: list[Expr]) -> list[Expr]:
        result = [_tidy(sympy.exp(u[0]))]
        for n in range(1, self.terms):
            result.append(_tidy(Add(*(i * u[i] * result[n - i] for i in range(1, n + 1) if u[i] != 0)) / n))
        return result

    def _circular(self, e: Expr, u: list[Expr]) -> list[Expr]:
        sine, cosine = [_tidy(sympy.sin(u[0]))], [_tidy(sympy.cos(u[0]))]
        for n in range(1, self.terms):
            terms = [(i * u[i], n - i) for i in range(1, n + 1) if u[i] != 0]
            sine.append(_tidy(Add(*(c * cosine[k] for c, k in terms)) / n))
            cosine.append(_tidy(-Add(*(c * sine[k] for c, k in terms)) / n))
        return sine if isinstance(e, sympy.sin) else cosine

    def _integrated(self, e: Expr) -> list[Expr]:
        u = self.series(e.args[0])
        if not isinstance(e, sympy.log):
            self._noted(u)
        inner = Symbol("_u")
        slope = e.func(inner).diff(inner).xreplace({inner: e.args[0]})
        rate = self.product(self.series(slope), [*(n * c for n, c in enumerate(u[1:], 1)), Integer(0)])
        return [_tidy(e.func(u[0]))] + [_tidy(c / n) for n, c in enumerate(rate[:-1], 1)]

    def quotient(self, a: list[Expr], b: list[Expr]) -> list[Expr]:
        """Return the coefficients of a quotient whose denominator is not 0 at 0."""
        result: list[Expr] = []
        for n in range(min(len(a), len(b))):
            total = a[n] - Add(*(b[i] * result[n - i] for i in range(1, n + 1) if b[i] != 0))
            result.append(_tidy(total / b[0]))
        return result
