"""Bifurcations in closed form, where the equations are quotients of polynomials and the condition can be solved by square roots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr, Integer, Poly, PolynomialError, Symbol

from neurodsl.analysis.elimination import Elimination, eliminate
from neurodsl.analysis.family import Family
from neurodsl.lower.bounded import Exceeded, bounded

SECONDS = 1.5
"""The time for the conditions with the other parameters as letters, and again with them as numbers."""
SECONDS_SIMPLER = 0.5
LARGEST = 4
"""The most states: from the fifth on the conditions have too many terms."""
LONGEST = 120
"""Operations in a formula that is still one to be read."""
AGREES = 1e-8
STABILITY = {"hopf": "hopf", "neimark-sacker": "hopf", "flip": "flip"}
"""The condition for each kind; that of all others is that an eigenvalue is 0, for maps a multiplier 1."""


@dataclass(frozen=True)
class _Curve:
    """Fixed points as expressions of one ``variable``: a state, or the parameter itself."""

    variable: Symbol
    states: Mapping[Symbol, Expr]
    parameter: Expr


@dataclass(frozen=True)
class _Exact:
    """The equations of a family with some parameters as letters, and its fixed points as far as they are formulas."""

    family: Family
    letters: tuple[Symbol, ...]
    equations: tuple[Expr, ...]

    def curves(self, order: Elimination | None) -> Iterator[_Curve]:
        """Yield the curves of fixed points that are formulas."""
        states, p = self.family.frozen.symbols, self.family.parameter.symbol
        origin = dict.fromkeys(states, Integer(0))
        if all(sympy.cancel(e.xreplace(origin)) == 0 for e in self.equations):
            yield _Curve(p, origin, p)
        if order is None:
            return
        found = eliminate(self.equations, states, p)
        if found is None:
            return
        yield _Curve(found.free, {s: found.whole(s) for s in states}, found.whole(p))
        last = found.step(p)
        if len(last.pivots) == 1:
            whole = {s: found.whole(s) for s in states}
            pieces = [sympy.fraction(sympy.together(e.xreplace(whole)))[0] for e in (last.equation.xreplace({p: Integer(0)}), last.pivots[0])]
            for root in _roots(sympy.gcd(*pieces), found.free):
                yield _Curve(p, {s: e.xreplace({found.free: root}) for s, e in whole.items()}, p)

    def characteristic(self) -> list[Expr]:
        """Return a_1 .. a_n of the characteristic polynomial of the Jacobian, by the recursion of Faddeev and LeVerrier."""
        states = self.family.frozen.symbols
        J = sympy.Matrix([[e.diff(s) for s in states] for e in self.equations])
        M, found = sympy.eye(len(states)), []
        for k in range(1, len(states) + 1):
            product = J * M
            found.append(-product.trace() / k)
            M = product + found[-1] * sympy.eye(len(states))
        return found

    def condition(self, kind: str) -> Expr | None:
        """Return what is 0 at a bifurcation, as an expression of the states and parameters, or None where no formula is known.

        The matrix is that of the residual: for a map its eigenvalues are the multipliers minus 1.
        """
        a, discrete = self.characteristic(), self.family.frozen.discrete
        n = len(a)
        if kind == "flip":
            return sympy.Add(Integer((-2) ** n), *(c * (-2) ** (n - k) for k, c in enumerate(a, 1)))
        if kind != "hopf":
            return a[-1]
        if discrete:
            return a[1] - a[0] if n == 2 else None
        hurwitz = {2: lambda: a[0], 3: lambda: a[0] * a[1] - a[2], 4: lambda: a[0] * a[1] * a[2] - a[2] ** 2 - a[0] ** 2 * a[3]}
        return hurwitz[n]() if n in hurwitz else None

    def solutions(self, kind: str, order: Elimination | None) -> Iterator[tuple[Expr, dict[Symbol, Expr]]]:
        """Yield the values of the parameter that fulfil a condition, with the states there."""
        condition = self.condition(kind)
        if condition is None:
            return
        for curve in self.curves(order):
            here = condition.xreplace({**curve.states, self.family.parameter.symbol: curve.parameter})
            for root in _roots(sympy.fraction(sympy.together(here))[0], curve.variable):
                at = {curve.variable: root}
                yield curve.parameter.xreplace(at), {s: e.xreplace(at) for s, e in curve.states.items()}


def _exact(found: Family, letters: Sequence[Symbol]) -> _Exact | None:
    """Return the equations with some parameters as letters, or None where they are no quotients of polynomials."""
    frozen, p = found.frozen, found.parameter.symbol
    if not 0 < len(frozen.states) <= LARGEST or any(d.symbol in frozen.values for d in found.system.definitions):
        return None
    equations = tuple(frozen.exact(s.derivative, [p, *letters]) - (s.symbol if frozen.discrete else 0) for s in frozen.states)
    if not all(e.is_rational_function(*frozen.symbols, p) for e in equations):
        return None
    return _Exact(found, tuple(letters), equations)


def _roots(numerator: Expr, variable: Symbol) -> list[Expr]:
    """Return the zeros of a polynomial that need no more than square roots; none where it is no polynomial."""
    try:
        return list(sympy.roots(Poly(numerator, variable), cubics=False, quartics=False)) if numerator.has(variable) else []
    except PolynomialError:
        return []


def _simpler(expression: Expr) -> Expr:
    """Return the shorter one of an expression and its simplification."""
    try:
        return min(expression, bounded(SECONDS_SIMPLER, lambda: sympy.simplify(expression)), key=lambda e: e.count_ops())
    except Exceeded:
        return expression


def _number(expression: Expr, values: Mapping[Symbol, Expr]) -> complex:
    """Return an expression of parameters as a number."""
    try:
        return complex(expression.xreplace(dict(values)))
    except (TypeError, ZeroDivisionError):
        return complex(np.nan)


def closed_forms(found: Family, order: Elimination | None, points: Sequence[tuple[str, Mapping[str, float], float]]) -> list[Expr | None]:
    """Return the value of the parameter at each bifurcation as a formula of the other parameters, else as an exact number, else None.

    Parameters
    ----------
    found : Family
    order : Elimination or None
        How its fixed points are found as functions of a state.
    points : sequence of (str, mapping, float)
        The kind, the state and the value of each bifurcation; a formula has to agree with them.
    """
    forms: list[Expr | None] = [None] * len(points)
    values, p = found.frozen.values, found.parameter.symbol
    for letters in ([s for s in values if s != p], []):
        if None not in forms:
            break

        def work(letters: Sequence[Symbol] = letters) -> None:
            exact = _exact(found, letters)
            if exact is None:
                return
            for kind in {STABILITY.get(k, "zero") for k, _, _ in points}:
                for value, state in exact.solutions(kind, order):
                    _enter(forms, points, kind, value, state, found)

        try:
            bounded(SECONDS, work)
        except (Exceeded, PolynomialError, NotImplementedError):
            continue
    return forms


def _enter(
    forms: list[Expr | None],
    points: Sequence[tuple[str, Mapping[str, float], float]],
    kind: str,
    value: Expr,
    state: Mapping[Symbol, Expr],
    found: Family,
) -> None:
    """Write a formula to the bifurcations that it gives."""
    values = found.frozen.values
    number = _number(value, values)
    for k, (name, at, there) in enumerate(points):
        if forms[k] is None and STABILITY.get(name, "zero") == kind and abs(number - there) <= AGREES * (1 + abs(there)):
            near = [abs(_number(e, {**values, found.parameter.symbol: sympy.Float(there)}) - at[s.name]) for s, e in state.items()]
            if max(near) <= 1e-3 * (1 + max(map(abs, at.values()))):
                shorter = _simpler(value)
                forms[k] = shorter if shorter.count_ops() <= LONGEST else None
