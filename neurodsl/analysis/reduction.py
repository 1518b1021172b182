"""Fixed-point equations with those unknowns eliminated that enter an equation linearly: gates, recovery variables, adaptation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Basic, Dummy, Expr, Integer, Symbol
from sympy.core.relational import Relational

from neurodsl.analysis.box_arithmetic import Floats
from neurodsl.analysis.enclosure import Enclosure, Unsupported
from neurodsl.lower.functions import Select

SHORT = 400
"""Operations of a quotient of polynomials that is written over one denominator."""
LARGEST = 6000
"""Operations of an equation beyond which nothing more is put into it."""


@dataclass(frozen=True)
class Domain:
    """What each unknown is known to lie in, in the order of ``symbols``; bounds may be infinite."""

    symbols: tuple[Symbol, ...]
    low: Floats
    high: Floats

    def of(self, symbols: Sequence[Symbol]) -> tuple[Floats, Floats]:
        """Return the bounds of some unknowns."""
        places = [self.symbols.index(s) for s in symbols]
        return self.low[places], self.high[places]


@dataclass(frozen=True)
class Reduction:
    """Equations in the unknowns that are left, and the others as expressions.

    Attributes
    ----------
    solved : tuple of (Symbol, Expr)
        In the order of the elimination: each in terms of those after it and of ``unknowns``.
    """

    unknowns: tuple[Symbol, ...]
    equations: tuple[Expr, ...]
    solved: tuple[tuple[Symbol, Expr], ...]

    def explicit(self) -> dict[Symbol, Expr]:
        """Return each eliminated unknown in terms of those that are left."""
        found: dict[Symbol, Expr] = {}
        for symbol, expression in reversed(self.solved):
            found[symbol] = put_in(expression, found)
        return found

    def complete(self, values: Mapping[Symbol, float]) -> dict[Symbol, float]:
        """Return the values of all unknowns from those of the ones that are left."""
        known = dict(values)
        for symbol, expression in reversed(self.solved):
            used = sorted(expression.free_symbols, key=str)
            known[symbol] = float(Enclosure([expression], used).at(np.array([known[s] for s in used]))[0])
        return known


def decided(expression: Expr) -> Expr:
    """Return an expression without the branches that are not taken, where that is known."""
    if not expression.has(Select):
        return expression
    arguments = [decided(a) if isinstance(a, Expr) else a for a in expression.args]
    if isinstance(expression, Select):
        condition = arguments[0].doit() if arguments[0].args else arguments[0]
        if condition in (sympy.true, sympy.false):
            return arguments[1] if condition == sympy.true else arguments[2]
    return expression.func(*arguments) if tuple(arguments) != expression.args else expression


def put_in(expression: Basic, values: Mapping[Symbol, Expr]) -> Basic:
    """Return an expression with values put in; its comparisons are not evaluated, which sympy refuses where it takes a branch for not real."""
    if not expression.free_symbols & values.keys():
        return expression
    if isinstance(expression, Symbol):
        return values[expression]
    arguments = [put_in(a, values) for a in expression.args]
    return expression.func(*arguments, evaluate=False) if isinstance(expression, Relational) else expression.func(*arguments)


def linear_split(expression: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Return a and b of ``a*symbol + b``, which may hold the symbol inside functions; None where it enters in another way."""
    hidden: dict[Expr, Dummy] = {}
    opened = _hidden(expression, symbol, hidden)
    factor = opened.diff(symbol)
    if factor.has(symbol) or factor == 0:
        return None
    back = {dummy: original for original, dummy in hidden.items()}
    return factor.xreplace(back), put_in(opened, {symbol: Integer(0)}).xreplace(back)


def is_linear(expression: Expr, symbol: Symbol) -> bool:
    """Return whether a symbol enters linearly, and neither a function nor a condition holds it."""
    hidden: dict[Expr, Dummy] = {}
    opened = _hidden(expression, symbol, hidden)
    return not hidden and not opened.diff(symbol).has(symbol)


def _hidden(node: Expr, symbol: Symbol, hidden: dict[Expr, Dummy]) -> Expr:
    """Return a polynomial in a symbol, everything else that holds it replaced by a new name."""
    if node == symbol or symbol not in node.free_symbols:
        return node
    plain = isinstance(node, sympy.Add | sympy.Mul) or (isinstance(node, sympy.Pow) and node.exp.is_Integer and node.exp > 0)
    if not plain:
        return hidden.setdefault(node, Dummy())
    return node.func(*(_hidden(a, symbol, hidden) for a in node.args))


def nonzero(expression: Expr, domain: Domain) -> bool:
    """Return whether an expression is proved to be different from 0 everywhere in a domain."""
    if expression.is_number:
        return expression != 0 and bool(abs(float(expression)) > 0)
    used = sorted(expression.free_symbols, key=str)
    if not set(used) <= set(domain.symbols):
        return False
    low, high = domain.of(used)
    try:
        found, _ = Enclosure([expression], used)(low[None, :], high[None, :])
    except Unsupported:
        return False
    return bool(found.low[0, 0] > 0 or found.high[0, 0] < 0)


def reduce(equations: Sequence[Expr], domain: Domain, kept: Sequence[Symbol] = (), values: Mapping[Symbol, Expr] | None = None) -> Reduction:
    """Return equations with those unknowns eliminated that can be, wherever in the domain the others are.

    Parameters
    ----------
    equations : sequence of Expr
        One for each symbol of the domain, in its order; an unknown is rather taken from its own.
    kept : sequence of Symbol
        Unknowns that are eliminated last.
    values : mapping of Symbol to Expr
        What other symbols of the equations stand for where it is asked whether something is 0.
    """
    left = {owner: e for owner, e in zip(domain.symbols, equations, strict=True) if e != 0}
    unknowns, solved = list(domain.symbols), list[tuple[Symbol, Expr]]()
    while True:
        candidates = sorted((c for c in _candidates(left, unknowns, kept) if c.factor != 0), key=lambda c: c.order)
        chosen = next((c for c in candidates if nonzero(put_in(c.factor, values or {}), domain)), None)
        if chosen is None:
            return Reduction(tuple(unknowns), tuple(left.values()), tuple(solved))
        value = -chosen.rest / chosen.factor
        del left[chosen.owner]
        unknowns.remove(chosen.symbol)
        solved.append((chosen.symbol, value))
        left = {owner: _substituted(e, chosen.symbol, value) for owner, e in left.items()}
        left = {owner: e for owner, e in left.items() if e != 0}


@dataclass(frozen=True)
class _Candidate:
    """An unknown that an equation, that of the state ``owner``, could give: factor*symbol + rest = 0. The first in ``order`` is taken."""

    order: tuple[int, ...]
    owner: Symbol
    symbol: Symbol
    factor: Expr
    rest: Expr


def _candidates(equations: Mapping[Symbol, Expr], unknowns: Sequence[Symbol], kept: Sequence[Symbol]) -> Iterator[_Candidate]:
    """Yield what could be eliminated: first what depends on the fewest others."""
    for number, (owner, equation) in enumerate(equations.items()):
        present = [s for s in unknowns if equation.has(s)]
        length = int(equation.count_ops())
        for symbol in present if length <= LARGEST else ():
            if not is_linear(equation, symbol):
                continue
            factor = equation.diff(symbol)
            order = (len(present) - 1, symbol in kept, symbol != owner, length, number, unknowns.index(symbol))
            yield _Candidate(order, owner, symbol, factor, put_in(equation, {symbol: Integer(0)}))


def _substituted(equation: Expr, symbol: Symbol, value: Expr) -> Expr:
    """Return an equation with an unknown put in; 0 where nothing is left of it."""
    if not equation.has(symbol):
        return equation
    found = put_in(equation, {symbol: value})
    return sympy.cancel(found) if is_rational(found) and found.count_ops() < SHORT else found


def is_rational(expression: Basic) -> bool:
    """Return whether an expression is a quotient of polynomials with rational coefficients."""
    plain = all(isinstance(a, Symbol | sympy.Rational) for a in expression.atoms())
    return plain and bool(expression.is_rational_function(*expression.free_symbols))
