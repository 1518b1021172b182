"""The Jacobian of a model with its parameters as symbols, and conditions for stability in closed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import TypeVar

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Integer, Matrix, Symbol

from neurodsl import rules
from neurodsl.analysis.domain import Box
from neurodsl.analysis.equations import exact_number, moving, numbers_of_arrays, size_of
from neurodsl.analysis.fixed_points import fixed_points
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.parted import with_parted
from neurodsl.analysis.points import FixedPoint, FixedPoints
from neurodsl.analysis.reduction import decided, put_in
from neurodsl.analysis.wording import number_text, text_of
from neurodsl.diagnostics import fail
from neurodsl.lang.choice import unknown_name
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.system import LEVEL_TIME, TIME

T = TypeVar("T")
SECONDS = 3.0
MOST_STATES = 30
"""States of a system whose Jacobian is written out as expressions."""
HIGHEST_DIMENSION = 4
SHORT = 150
"""Parts of an expression for which the shortest way to write it is looked for."""
MOST_ENTRIES = 40
"""Entries of the Jacobian that are printed; `--json` has all."""
MOST_INPUTS = 8
LONGEST_ENTRY = 400
"""Characters of an entry of the Jacobian that is still shown."""
LONGEST = 160
"""Characters of a condition that is still shown."""


@dataclass(frozen=True, repr=False)
class Jacobian:
    """The derivatives of the right-hand sides, by name.

    Attributes
    ----------
    states : tuple of str
        Those that have an equation; rows and columns are in this order.
    entries : tuple of tuple of Expr
        In terms of the states, the parameters and the author's derived quantities; what is 0/0 at a point is mended.
    frozen : Frozen
        What gives the numbers.
    """

    states: tuple[str, ...]
    entries: tuple[tuple[Expr, ...], ...]
    frozen: Frozen = field(repr=False)

    def __getitem__(self, place: tuple[str, str]) -> Expr:
        """Return the derivative of the equation of one state by another: ``J["V", "n"]``."""
        row, column = place
        for name in place:
            if name not in self.states:
                raise unknown_name("state with an equation", name, self.states, self.frozen.system.name)
        return self.entries[self.states.index(row)][self.states.index(column)]

    @property
    def matrix(self) -> Matrix:
        """Return the entries as a matrix of sympy."""
        return Matrix(self.entries)

    def at(self, state: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the numbers at a state, given by name, of shape (n, n)."""
        names = self.frozen.names
        point = np.array([float(state.get(name, 0.0)) for name in names])
        chosen = [names.index(name) for name in self.states]
        return self.frozen.matrix(point)[np.ix_(chosen, chosen)]

    def rows(self) -> list[tuple[str, Expr]]:
        """Return the entries that are not 0, each with its name."""
        return [
            (f"J[{row}, {column}]", entry)
            for row, line in zip(self.states, self.entries, strict=True)
            for column, entry in zip(self.states, line, strict=True)
            if entry != 0
        ]

    def __repr__(self) -> str:
        told = "the derivative of the next value of X by Y" if self.frozen.discrete else "the derivative of dX/dt by Y"
        rows = [f"{name} = {_cut(entry, most=LONGEST_ENTRY)}" for name, entry in self.rows()] or ["every entry is 0"]
        rest = [f"and {len(rows) - MOST_ENTRIES} more entries that are not 0"] if len(rows) > MOST_ENTRIES else []
        return "\n".join([f"Jacobian: J[X, Y] is {told}", *(f"  {row}" for row in (*rows[:MOST_ENTRIES], *rest))])


@dataclass(frozen=True)
class Condition:
    """An expression that has to be positive for stability; ``name`` says what it is in terms of the coefficients."""

    name: str
    expression: Expr

    def __str__(self) -> str:
        return f"{self.name} > 0"


@dataclass(frozen=True, repr=False)
class Stability:
    """The linear stability of a model.

    Attributes
    ----------
    jacobian : Jacobian
    trace, determinant : Expr or None
    coefficients : tuple of Expr
        a_1, ..., a_n of the characteristic polynomial x^n + a_1 x^(n-1) + ... + a_n; none above dimension 4.
    conditions : tuple of Condition
        All positive exactly where every eigenvalue is on the stable side (Routh and Hurwitz; of maps Jury, up to dimension 2).
    fixed_points : FixedPoints
    margins : tuple of tuple of float
        The conditions at each fixed point.
    closed : tuple of (tuple of Expr or None)
        The conditions at each fixed point as formulas of the parameters, where the point is known as one.
    """

    jacobian: Jacobian
    trace: Expr | None
    determinant: Expr | None
    coefficients: tuple[Expr, ...]
    conditions: tuple[Condition, ...]
    fixed_points: FixedPoints
    margins: tuple[tuple[float, ...], ...]
    closed: tuple[tuple[Expr, ...] | None, ...]

    def __repr__(self) -> str:
        return "\n".join([str(self.fixed_points), "", *self.lines()])

    def _inputs(self) -> list[str]:
        """Return of a network what the inputs of its neurons are that the Jacobian speaks of."""
        system = self.jacobian.frozen.system
        used = set().union(*(e.free_symbols for row in self.jacobian.entries for e in row)) if self.jacobian.frozen.wiring else set()
        found = [f"  {d.name} = {_cut(d.expression)}" for d in system.varying if d.symbol in used]
        return ["  with", *(f"  {line}" for line in found)] if 0 < len(found) <= MOST_INPUTS else []

    def lines(self) -> list[str]:
        """Return the Jacobian and the conditions as lines."""
        named = _coefficients(_names(self.jacobian)) if self.coefficients else ()
        sign = (-1) ** len(named)
        if self.trace is None:
            return [f"Jacobian: its {len(self.jacobian.states)}^2 entries are not written out"] if self.jacobian.states else []
        lines = [str(self.jacobian), *self._inputs(), "", f"trace = {_cut(self.trace, -named[0] if named else None)}"]
        lines += [f"determinant = {_cut(self.determinant, sign * named[-1])}"] if self.determinant is not None else []
        if not self.conditions:
            return lines
        rule = "Jury" if self.jacobian.frozen.discrete else "Routh and Hurwitz"
        against = "" if self.jacobian.frozen.whole is None else " against what neurons that are alike share"
        lines += ["", f"Stable{against} where ({rule})"]
        if len(self.coefficients) > 2:
            lines += [f"  a_{k} = {_cut(a, name)}" for k, (a, name) in enumerate(zip(self.coefficients, named, strict=True), start=1)]
            lines += [f"  {condition}" for condition in self.conditions]
        else:
            lines += [f"  {_cut(condition.expression, Symbol(condition.name))} > 0" for condition in self.conditions]
        for number, (margins, closed) in enumerate(zip(self.margins, self.closed, strict=True), start=1):
            told = ", ".join(f"{c.name} = {number_text(v)}" for c, v in zip(self.conditions, margins, strict=True)) if margins else "no numbers"
            lines += [f"  at fixed point {number}: {told}"]
            lines += [f"    {_cut(e)} > 0" for e in closed or () if e.free_symbols]
        return lines


def _cut(expression: Expr, otherwise: Expr | None = None, most: int = LONGEST) -> str:
    """Return an expression as text; where that would be long another one, or how long it would be."""
    text = text_of(expression)
    if len(text) > most and otherwise is not None:
        text = text_of(otherwise)
    return text if len(text) <= most else f"(an expression of {len(text)} characters)"


def _names(made: Jacobian) -> list[list[Expr]]:
    """Return the entries that are not 0 by their names."""
    symbols = [[Symbol(f"J[{row}, {column}]") for column in made.states] for row in made.states]
    return [[s if e != 0 else e for s, e in zip(names, line, strict=True)] for names, line in zip(symbols, made.entries, strict=True)]


def jacobian(frozen: Frozen, free: Sequence[str] | None = None) -> Jacobian:
    """Return the Jacobian of a system.

    Parameters
    ----------
    free : sequence of str
        The parameters that stay symbols; the others are replaced by their exact values. Default: all stay.

    Raises
    ------
    NeuroError
        V102 for an unknown parameter, M104 for a system of more than 30 states.
    """
    kept = _symbols(frozen, free)
    numbers = moving(frozen)
    if len(numbers) > MOST_STATES:
        told = (
            f"the Jacobian of `{frozen.system.name}` has {len(numbers)}^2 entries, and expressions are written out for at most {MOST_STATES} states"
        )
        raise fail(rules.TOO_LARGE_MATH, told, help="`m.frozen().matrix(y)` gives its numbers at a point")
    arrays = numbers_of_arrays(frozen) if free is not None else {}
    still = {TIME: exact_number(frozen.time), LEVEL_TIME: exact_number(frozen.time)}

    def entry(i: int, j: int) -> Expr:
        found = frozen.jacobian[i][j]
        return decided(found.xreplace(still) if kept is None else frozen.exact(found, kept).xreplace(arrays))

    entries = tuple(tuple(entry(i, j) for j in numbers) for i in numbers)
    return Jacobian(tuple(frozen.names[i] for i in numbers), entries, frozen)


def _symbols(frozen: Frozen, free: Sequence[str] | None) -> list[Symbol] | None:
    """Return the symbols of parameters by name; None where all stay."""
    if free is None:
        return None
    known = {p.name: p.symbol for p in frozen.system.parameters if not p.shape}
    for name in free:
        if name not in known:
            raise unknown_name("parameter", name, known, frozen.system.name)
    return [known[name] for name in free]


def stability(frozen: Frozen, free: Sequence[str] | None = None, box: Box | None = None) -> Stability:
    """Return the stability of the fixed points of a system, and the conditions for it with parameters as symbols.

    Parameters
    ----------
    free : sequence of str
        The parameters that stay symbols; default: all.
    box : mapping of str to (float, float)
        Where fixed points are looked for.

    References
    ----------
    Murray, 2002, Mathematical Biology I, Springer, appendix B. doi:10.1007/b98868; for maps Elaydi, 2005, An Introduction to Difference Equations, Springer,
    section 4.3. doi:10.1007/0-387-27602-5
    """
    found = with_parted(frozen, fixed_points(frozen, box), box)
    written = len(moving(frozen)) <= MOST_STATES
    made = jacobian(frozen, free) if written else Jacobian(tuple(frozen.names[i] for i in moving(frozen)), (), frozen)
    n = len(made.entries)
    coefficients = _coefficients(made.entries) if 0 < n <= HIGHEST_DIMENSION else ()
    trace = _tidy(sympy.Add(*(made.entries[i][i] for i in range(n)))) if n else None
    determinant = _tidy(coefficients[-1] * (-1) ** n) if coefficients else None
    conditions = _jury(coefficients) if frozen.discrete else _routh_hurwitz(coefficients)
    margins = tuple(_margins(made, conditions, coefficients, point) for point in found)
    closed = tuple(_closed(frozen, conditions, point, free) for point in found)
    return Stability(made, trace, determinant, tuple(map(_tidy, coefficients)), conditions, found, margins, closed)


def _coefficients(entries: Sequence[Sequence[Expr]]) -> tuple[Expr, ...]:
    """Return a_1, ..., a_n: sums of the principal minors, with alternating signs."""
    n = len(entries)
    return tuple((-1) ** k * sympy.Add(*(_determinant(entries, rows, rows) for rows in combinations(range(n), k))) for k in range(1, n + 1))


def _determinant(entries: Sequence[Sequence[Expr]], rows: Sequence[int], columns: Sequence[int]) -> Expr:
    """Return a minor by expansion along its first row; nothing is multiplied out."""
    if not rows:
        return Integer(1)
    terms = []
    for place, column in enumerate(columns):
        entry = entries[rows[0]][column]
        if entry != 0:
            rest = [c for c in columns if c != column]
            terms.append((-1) ** place * entry * _determinant(entries, rows[1:], rest))
    return sympy.Add(*terms)


def _routh_hurwitz(a: Sequence[Expr]) -> tuple[Condition, ...]:
    """Return the conditions under which all roots of a polynomial have negative real parts."""
    if not a:
        return ()
    names = [f"a_{k}" for k in range(1, len(a) + 1)]
    if len(a) <= 2:
        plain = ["-trace", "determinant"] if len(a) == 2 else ["-eigenvalue"]
        return tuple(Condition(name, _tidy(e)) for name, e in zip(plain, a, strict=True))
    found = [Condition(name, e) for name, e in zip(names, a, strict=True) if name != "a_2"]
    second = a[0] * a[1] - a[2]
    if len(a) == 3:
        return (*found, Condition("a_1*a_2 - a_3", second))
    third = a[2] * second - a[0] ** 2 * a[3]
    return (*found, Condition("a_3*(a_1*a_2 - a_3) - a_1^2*a_4", third))


def _jury(a: Sequence[Expr]) -> tuple[Condition, ...]:
    """Return the conditions under which all roots of a polynomial of degree 1 or 2 lie inside the unit circle."""
    if len(a) == 1:
        return Condition("1 - lambda", _tidy(1 + a[0])), Condition("1 + lambda", _tidy(1 - a[0]))
    if len(a) == 2:
        ways = (("1 - trace + determinant", 1 + a[0] + a[1]), ("1 + trace + determinant", 1 - a[0] + a[1]), ("1 - determinant", 1 - a[1]))
        return tuple(Condition(name, _tidy(e)) for name, e in ways)
    return ()


def _margins(made: Jacobian, conditions: Sequence[Condition], coefficients: Sequence[Expr], point: FixedPoint) -> tuple[float, ...]:
    """Return the conditions at a fixed point, from the numbers of the Jacobian there."""
    if not conditions or not point.eigenvalues:
        return ()
    poly = np.real(np.poly(np.array(point.written_eigenvalues)))[1:]
    numbers = [sympy.Float(v) for v in poly]
    found = _jury(numbers) if made.frozen.discrete else _routh_hurwitz(numbers)
    return tuple(float(c.expression) for c in found)


def _closed(frozen: Frozen, conditions: Sequence[Condition], point: FixedPoint, free: Sequence[str] | None) -> tuple[Expr, ...] | None:
    """Return the conditions at a fixed point that is known in closed form."""
    if point.formulas is None or not conditions:
        return None
    every = [p.symbol for p in frozen.system.parameters]
    kept = _symbols(frozen, free)
    symbols = {s.name: s.symbol for s in frozen.states}
    at = {symbols[name]: e for name, e in point.formulas.items()}

    def formula(condition: Condition) -> Expr:
        found = put_in(frozen.exact(condition.expression, every), at)
        return _tidy(found if kept is None else frozen.exact(found, kept), seconds=1.0)

    return _timed(lambda: tuple(formula(c) for c in conditions), None)


@lru_cache(maxsize=64)
def _tidy(expression: Expr, seconds: float = SECONDS) -> Expr:
    """Return the shortest of a few ways to write an expression."""
    if expression.is_number or size_of(expression) > SHORT:
        return expression

    def ways() -> list[Expr]:
        found = [expression, sympy.expand(expression), sympy.factor(expression)]
        return [*found, sympy.simplify(expression)] if size_of(expression) < SHORT // 2 else found

    return min(_timed(ways, [expression]), key=lambda e: len(text_of(e)))


def _timed(work: Callable[[], T], otherwise: T) -> T:
    """Return what symbolic work returns, or something else where it takes too long."""
    try:
        return bounded(SECONDS, work)
    except (Exceeded, sympy.PolynomialError):
        return otherwise
