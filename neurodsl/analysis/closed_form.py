"""Fixed points as formulas of the parameters, where there are short ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy
from sympy import Dummy, Expr, Integer, Poly, Symbol

from neurodsl.analysis.domain import unbounded
from neurodsl.analysis.equations import Equations, numbers_of_arrays
from neurodsl.analysis.points import FixedPoint
from neurodsl.analysis.reduction import Reduction, decided, is_linear, put_in, reduce
from neurodsl.analysis.standard import standard
from neurodsl.analysis.wording import text_of
from neurodsl.lower.bounded import Exceeded, bounded

SECONDS = 3.0
LONGEST = 60
"""Operations of a formula that is still shown."""
WIDEST = 250
"""Characters of one."""
LARGEST = 300
"""Operations of an equation that is still solved for its unknown."""
MOST_UNKNOWNS = 3
"""Unknowns of a system of polynomials that is still solved."""
AGREE = 1e-8
"""The relative difference up to which a formula is that of a point found by numbers."""


def closed_forms(problem: Equations, points: Sequence[FixedPoint]) -> list[FixedPoint]:
    """Return fixed points with their formulas, each of which gives the numbers of its point."""
    formulas = formulas_of(problem)
    known = {p.symbol: problem.frozen.values[p.symbol] for p in problem.frozen.system.parameters if p.symbol in problem.frozen.values}
    found = []
    for point in points:
        for solution in formulas:
            if all(_agree(e, known, point.state[s.name]) for s, e in solution.items()):
                named = {s.name: e for s, e in solution.items()}
                point = replace(point, formulas={name: named[name] for name in point.state if name in named})
                break
        found.append(point)
    return found


def formulas_of(problem: Equations) -> list[dict[Symbol, Expr]]:
    """Return the solutions of the fixed-point equations with the parameters as symbols; none where they are long or not found in time."""
    try:
        return bounded(SECONDS, lambda: _formulas(problem))
    except (Exceeded, NotImplementedError, sympy.PolynomialError, ValueError, TypeError, ZeroDivisionError):
        return []


def _formulas(problem: Equations) -> list[dict[Symbol, Expr]]:
    """Return the solutions as formulas."""
    frozen = problem.frozen
    free = [p.symbol for p in frozen.system.parameters]
    arrays = numbers_of_arrays(frozen)
    equations = []
    for i in problem.moving:
        state = frozen.states[i]
        right = decided(frozen.exact(state.derivative, free).xreplace(arrays))
        equations.append(right - (state.symbol if frozen.discrete else Integer(0)))
    if sum(e.count_ops() for e in equations) > LARGEST:
        return []
    reduction = reduce(equations, unbounded(problem.symbols), values=frozen.values)
    roots = _roots(reduction)
    explicit = reduction.explicit()
    found = []
    for root in roots:
        solution = {**root, **{s: put_in(e, root) for s, e in explicit.items()}}
        short = {s: _shortest(e) for s, e in solution.items()}
        if all(e.count_ops() <= LONGEST and len(text_of(e)) <= WIDEST for e in short.values()):
            found.append(short)
    return found


def _roots(reduction: Reduction) -> list[dict[Symbol, Expr]]:
    """Return the solutions of reduced equations: for one unknown, or of a few polynomials."""
    if not reduction.unknowns:
        return [{}] if not reduction.equations else []
    if len(reduction.unknowns) != len(reduction.equations):
        return []
    if len(reduction.unknowns) > 1:
        return _of_polynomials(reduction)
    unknown, equation = reduction.unknowns[0], standard(reduction.equations[0])
    above, _ = sympy.fraction(sympy.together(equation))
    if above.is_polynomial(unknown):
        factors = Poly(above, unknown).factor_list()[1]
        found = [root for factor, _ in factors for root in sympy.roots(factor, unknown, cubics=False, quartics=False)]
    else:
        found = _lambert(equation, unknown)
    return [{unknown: root} for root in found]


def _of_polynomials(reduction: Reduction) -> list[dict[Symbol, Expr]]:
    """Return the solutions of a few polynomials in as many unknowns, as of two species that compete or feed on one another."""
    if len(reduction.unknowns) > MOST_UNKNOWNS:
        return []
    above = [sympy.fraction(sympy.together(standard(e)))[0] for e in reduction.equations]
    if not all(e.is_polynomial(*reduction.unknowns) for e in above):
        return []
    found = sympy.solve(above, reduction.unknowns, dict=True)
    return [root for root in found if len(root) == len(reduction.unknowns)]


def _lambert(equation: Expr, unknown: Symbol) -> list[Expr]:
    """Return the solutions of p*x + q + r*exp(s*x + u) = 0, as of the exponential integrate-and-fire model, by both branches of Lambert's W.

    References
    ----------
    Corless, Gonnet, Hare, Jeffrey, Knuth, 1996, Adv. Comput. Math. 5:329-359. doi:10.1007/BF02124750
    """
    powers = [e for e in equation.atoms(sympy.exp) if e.has(unknown)]
    if len(powers) != 1:
        return []
    (power,) = powers
    name = Dummy()
    opened = sympy.expand(equation.xreplace({power: name}))
    inside = power.args[0]
    if not all(is_linear(e, unknown) for e in (opened, inside)) or not is_linear(opened, name) or opened.diff(name).has(unknown):
        return []
    r, p, s = opened.diff(name), opened.diff(unknown), inside.diff(unknown)
    q, u = opened.xreplace({name: Integer(0), unknown: Integer(0)}), inside.xreplace({unknown: Integer(0)})
    if p == 0:
        return []
    base = -q / p
    argument = sympy.simplify(r * s / p) * sympy.exp(sympy.simplify(u + s * base))
    return [_shortest(base) - sympy.LambertW(argument, k) / s for k in (0, -1)]


def _shortest(expression: Expr) -> Expr:
    """Return the shortest of a few ways to write an expression."""
    if expression.has(sympy.LambertW):
        return expression
    ways = [expression, sympy.expand(expression), sympy.factor(expression)]
    if expression.count_ops() < 100:
        ways.append(sympy.simplify(expression))
    return min(ways, key=lambda e: len(text_of(e)))


def _agree(expression: Expr, values: Mapping[Symbol, Expr], number: float) -> bool:
    """Return whether a formula gives a number."""
    try:
        found = complex(expression.xreplace(dict(values)).evalf(20))
    except (TypeError, ValueError):
        return False
    return abs(found - number) <= AGREE * (1 + abs(number))
