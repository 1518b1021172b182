"""The plane of two states of a frozen system, with the others at their steady state or where they start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import sympy
from sympy import Expr, Symbol

from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.orbits import Deadline, Floats
from neurodsl.analysis.starts import initial_state
from neurodsl.analysis.values import Values, values_of
from neurodsl.lower.bounded import Exceeded, bounded

SECONDS = 2.0
"""The limit of each piece of symbolic work; beyond it numbers do the same."""
LARGEST = 2000
"""Operations of an expression that is still solved symbolically."""
MOST_ITERATIONS = 30


@dataclass
class Plane:
    """Two states of a system and what becomes of the others.

    Attributes
    ----------
    frozen : Frozen
    x, y : int
        The numbers of the states on the axes; in one dimension ``y`` is ``x``.
    start : array of shape (n,)
        The initial values of the file.
    steady : tuple of int
        The other states that stand where their derivative is zero.
    solved : mapping of Symbol to Expr
        Of those, the ones whose steady value is known as an expression of x, y and the parameters.
    """

    frozen: Frozen
    x: int
    y: int
    start: Floats
    steady: tuple[int, ...]
    solved: dict[Symbol, Expr]
    _last: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._last = self.start.copy()

    @property
    def axes(self) -> tuple[int, int]:
        """Return the numbers of the states on the axes."""
        return self.x, self.y

    @cached_property
    def searched(self) -> tuple[int, ...]:
        """Return the other states whose steady value is found by numbers alone."""
        return tuple(k for k in self.steady if self.frozen.symbols[k] not in self.solved)

    @cached_property
    def values(self) -> Values:
        """Return the generated function of the steady values that are known as expressions."""
        return values_of(self.frozen, {"steady": list(self.solved.values())})

    def point(self, x: float, y: float) -> Floats:
        """Return the state over a point of the plane; not a number where a steady value is not found."""
        state = self.start.copy()
        if self.searched:
            state[list(self.searched)] = self._last[list(self.searched)]
        state[self.x], state[self.y] = x, y
        self._put(state)
        if self.searched:
            self._search(state)
        return state

    def field(self, x: float, y: float) -> Floats:
        """Return the derivatives of the two states there, in a map how far they move in a step."""
        if not self.steady:
            state = self.start.copy()
            state[self.x], state[self.y] = x, y
            return self.frozen.residual(state)[[self.x, self.y]]
        return self.frozen.residual(self.point(x, y))[[self.x, self.y]]

    def expression(self, component: int) -> Expr | None:
        """Return the right-hand side of one of the two equations, of the two states alone; None where it is not known as one."""
        if self.searched:
            return None
        state = self.frozen.states[component]
        others = {s.symbol: self.start[k] for k, s in enumerate(self.frozen.states) if k not in (*self.axes, *self.steady)}
        residual = state.derivative - state.symbol if self.frozen.discrete else state.derivative
        try:
            whole = self.frozen.exact(self.frozen.exact(residual).xreplace(self.solved))
        except TypeError:
            return None
        found: Expr = whole.xreplace({symbol: sympy.Rational(repr(float(value))) for symbol, value in others.items()})
        return found if found.free_symbols <= {self.frozen.symbols[k] for k in self.axes} else None

    def _put(self, state: Floats) -> None:
        """Put in the steady values that are known as expressions."""
        if self.solved:
            numbers = [self.frozen.symbols.index(symbol) for symbol in self.solved]
            state[numbers] = self.values("steady", state)

    def _search(self, state: Floats) -> None:
        """Find the other steady values by Newton's method, from where it last ended."""
        wanted = list(self.steady)
        for _ in range(MOST_ITERATIONS):
            residual = self.frozen.residual(state)[wanted]
            matrix = self.frozen.matrix(state)[np.ix_(wanted, wanted)] - (np.eye(len(wanted)) if self.frozen.discrete else 0.0)
            if not (np.all(np.isfinite(residual)) and np.all(np.isfinite(matrix))):
                break
            step: Floats = np.asarray(np.linalg.lstsq(matrix, -residual, rcond=None)[0], dtype=np.float64)
            state[wanted] += self._damped(state, wanted, step, residual)
            if np.all(np.abs(step) <= 1e-10 * (1 + np.abs(state[wanted]))):
                self._last = state.copy()
                return
        state[wanted] = np.nan

    def _damped(self, state: Floats, wanted: list[int], step: Floats, residual: Floats) -> Floats:
        """Return a step of Newton's method, halved until the residual becomes smaller."""
        for _ in range(6):
            ahead = state.copy()
            ahead[wanted] += step
            if np.linalg.norm(self.frozen.residual(ahead)[wanted]) < np.linalg.norm(residual):
                break
            step = step / 2
        return step


def plane_of(frozen: Frozen, x: int, y: int, deadline: Deadline) -> Plane:
    """Return the plane of two states; the steady values of the others come as expressions where their equations are linear in them.

    Where none are found over the initial values, the others are held at these.
    """
    start = initial_state(frozen)[: len(frozen.states)]
    moving = [k for k, s in enumerate(frozen.states) if k not in (x, y) and s.shown and not _stands_still(frozen, k)]
    solved: dict[Symbol, Expr] = {}
    if moving and not deadline.passed:
        try:
            solved = bounded(SECONDS, lambda: _solve(frozen, moving))
        except (Exceeded, TypeError):  # a TypeError is sympy's word for a comparison that it cannot build
            solved = {}
    plane = Plane(frozen, x, y, start, tuple(moving), solved)
    if moving and not np.all(np.isfinite(plane.point(float(start[x]), float(start[y])))):
        return Plane(frozen, x, y, start, (), {})
    return plane


def _stands_still(frozen: Frozen, k: int) -> bool:
    """Return whether nothing but events changes a state."""
    state = frozen.states[k]
    return bool(state.derivative == (state.symbol if frozen.discrete else 0))


def _solve(frozen: Frozen, numbers: Sequence[int]) -> dict[Symbol, Expr]:
    """Return steady values of states, each linear in its own equation, in terms of the other states and the parameters."""
    parameters = tuple(p.symbol for p in frozen.system.parameters)
    wanted = {frozen.symbols[k]: frozen.exact(frozen.states[k].derivative, parameters) for k in numbers}
    if frozen.discrete:
        wanted = {symbol: expression - symbol for symbol, expression in wanted.items()}
    solved: dict[Symbol, Expr] = {}
    while wanted:
        for symbol, equation in wanted.items():
            whole = equation.xreplace(solved)
            slope = whole.diff(symbol)
            if symbol in slope.free_symbols or slope == 0 or whole.count_ops() > LARGEST:
                continue
            value = -whole.xreplace({symbol: sympy.Integer(0)}) / slope
            solved = {known: expression.xreplace({symbol: value}) for known, expression in solved.items()} | {symbol: value}
            del wanted[symbol]
            break
        else:
            # What is left is found by numbers, and so is all that depends on it.
            return {symbol: value for symbol, value in solved.items() if not value.free_symbols & set(wanted)}
    return solved
