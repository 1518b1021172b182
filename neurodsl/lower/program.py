"""A right-hand side as a straight-line program that passes of algebra rewrite, and what evaluating it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, Pow, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom, BooleanFunction

from neurodsl.lower.elements import Pick, Reduce, Sampled
from neurodsl.lower.functions import Absolute, Ceil, Expm1, Floor, InversePhi, Logistic, Modulo, Phi, Round, Select, Signum, Tanh, UnitStep

OPAQUE = (Relational, BooleanAtom, BooleanFunction, Floor, Ceil, Round, Signum, UnitStep, Modulo, Pick, Reduce, Sampled)
"""What jumps, or looks something up: a last place more or less inside may change its value by a whole number, so nothing inside is rewritten."""
WITH_EXPONENTIAL = (sympy.exp, Expm1, sympy.sinh, sympy.cosh, sympy.tanh, Tanh, Logistic, InversePhi, Phi)
WITH_DIVISION = (sympy.sinh, sympy.cosh, sympy.tanh, Tanh, Logistic, InversePhi, Phi, Modulo)
LARGEST = 3000
"""Operations in an expression up to which it is rewritten."""


@dataclass(frozen=True)
class Cost:
    """How many exponentials, divisions and other operations one evaluation takes; an operation of a sum and a product together counts once."""

    exponentials: int = 0
    divisions: int = 0
    operations: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.exponentials + other.exponentials, self.divisions + other.divisions, self.operations + other.operations)

    @property
    def total(self) -> int:
        """Return the cost in operations, as measured on lanes of 512 bits: a division is 16 of them, an exponential 22."""
        return 22 * self.exponentials + 16 * self.divisions + self.operations


def cost_of(expressions: Iterable[Basic]) -> Cost:
    """Return the cost of evaluating expressions once each; what occurs twice counts twice."""
    total = Cost()
    stack = list(expressions)
    while stack:
        e = stack.pop()
        total += _own_cost(e)
        stack.extend(e.args)
    return total


def _own_cost(e: Basic) -> Cost:
    """Return the cost of a node without that of its arguments."""
    if not e.args or isinstance(e, sympy.Rational):
        return Cost()
    if isinstance(e, Add):
        fused = sum(1 for term in e.args if isinstance(term, Mul) and (len(term.args) > 2 or term.args[0] is not sympy.S.NegativeOne))
        return Cost(operations=len(e.args) - 1 - min(fused, len(e.args) - 1))
    if isinstance(e, Mul):
        factors = [f for f in e.args if f is not sympy.S.NegativeOne]
        below = sum(1 for f in factors if _is_reciprocal(f))
        return Cost(0, 0, len(factors) - 1 - (1 if below and len(factors) > 1 else 0))
    if isinstance(e, Pow):
        return _cost_of_power(e)
    if isinstance(e, WITH_EXPONENTIAL):
        return Cost(1, 1 if isinstance(e, WITH_DIVISION) else 0, 0 if isinstance(e, sympy.exp) else 6)
    return Cost(0, 1 if isinstance(e, WITH_DIVISION) else 0, 1)


def _is_reciprocal(e: Basic) -> bool:
    return isinstance(e, Pow) and e.exp.is_Rational and bool(e.exp.is_negative)


def _cost_of_power(e: Pow) -> Cost:
    if e.exp.is_Integer:
        n = abs(int(e.exp))
        return Cost(0, 1 if e.exp.is_negative else 0, n.bit_length() - 1 + n.bit_count() - 1)
    if abs(e.exp) == sympy.Rational(1, 2):
        return Cost(0, 2 if e.exp.is_negative else 1, 0)
    return Cost(2, 1, 10)


class Program:
    """Lines that assign expressions to symbols, and results.

    Attributes
    ----------
    lines : dict
        What varies: the author's definitions and temporaries, in any order.
    constants : dict
        What is computed once in a run.
    results : list of Expr
    moving : set of Symbol
        The symbols that change during a run.
    own, given : frozenset of Symbol
        The author's definitions that vary and those that do not.
    growing : set of Symbol
        The exponentials that stand in numerators too: where they overflow in a denominator, 0 is not the limit of the quotient.
    exact : set of Symbol
        The definitions that something opaque looks at: they are computed as the author wrote them.
    """

    def __init__(self, definitions: Sequence[tuple[Symbol, Expr]], results: Sequence[Expr], varying: frozenset[Symbol]) -> None:
        self.moving = set(varying)
        self.lines: dict[Symbol, Expr] = {}
        self.constants: dict[Symbol, Expr] = {}
        self.results = list(results)
        self._moves: dict[Basic, bool] = {}
        self._known: dict[Expr, Symbol] = {}
        self._written: dict[Symbol, Expr] = {}
        self._numbers = count()
        self._known_constants: dict[Expr, Symbol] = {}
        self.growing: set[Symbol] = set()
        for symbol, expression in definitions:
            if self.moves(expression):
                self.lines[symbol] = expression
                self.moving.add(symbol)
            else:
                self.constants[symbol] = expression
        self.own = frozenset(self.lines)
        self.given = frozenset(self.constants)
        self.exact = self._exact()

    def _exact(self) -> set[Symbol]:
        found: set[Symbol] = set()
        for e in (*self.lines.values(), *self.results):
            found |= _inside_opaque(e)
        for symbol, e in reversed(list(self.lines.items())):
            if symbol in found:
                found |= {s for s in e.free_symbols if s in self.lines}
        return found & self.lines.keys()

    def moves(self, e: Basic) -> bool:
        """Return whether an expression changes during a run."""
        if isinstance(e, Symbol):
            return e in self.moving
        known = self._moves.get(e)
        if known is None:
            known = isinstance(e, Pick | Sampled) or any(self.moves(a) for a in e.args)
            self._moves[e] = known
        return known

    def temporary(self, e: Expr) -> Expr:
        """Return a symbol that stands for an expression that varies, the same one for the same expression."""
        if isinstance(e, Symbol) or e.is_Number:
            return e
        if e not in self._known:
            symbol = Symbol(f"_x{next(self._numbers)}")
            self._known[e], self._written[symbol] = symbol, e
            self.lines[symbol] = e
            self.moving.add(symbol)
        return self._known[e]

    def prune(self) -> None:
        """Remove the lines that nothing uses."""
        wanted: set[Basic] = set()
        stack: list[Basic] = list(self.results)
        while stack:
            for symbol in stack.pop().free_symbols:
                if symbol in self.lines and symbol not in wanted:
                    wanted.add(symbol)
                    stack.append(self.lines[symbol])
        self.lines = {s: e for s, e in self.lines.items() if s in wanted}
        self._known = {e: s for e, s in self._known.items() if s in wanted}

    def remove(self, symbol: Symbol) -> Expr:
        """Remove a line that nothing uses any more and return it."""
        self._known.pop(self._written.get(symbol, symbol), None)
        return self.lines.pop(symbol)

    def constant(self, e: Expr) -> Expr:
        """Return a constant as a number, a symbol, or the negative of one."""
        if e.is_Rational or isinstance(e, Symbol) or e.is_Float:
            return e
        if e.could_extract_minus_sign():
            return -self.constant(-e)
        if e not in self._known_constants:
            symbol = Symbol(f"_r{len(self._known_constants)}")
            self._known_constants[e] = symbol
            self.constants[symbol] = e
        return self._known_constants[e]

    def rewritable(self) -> list[Expr]:
        """Return the expressions that may be rewritten."""
        return [e for s, e in self.lines.items() if s not in self.exact] + self.results

    def rewrite(self, change: Callable[[Expr], Expr]) -> None:
        """Put what ``change`` makes of each expression in its place; lines that it adds meanwhile are not visited."""
        for symbol, e in list(self.lines.items()):
            if symbol not in self.exact:
                self.lines[symbol] = change(e)
        self.results = [change(e) for e in self.results]


def walk(e: Basic) -> Iterator[Basic]:
    """Yield an expression and what is inside it, each once, without what is inside something opaque."""
    seen: set[Basic] = set()
    stack = [e]
    while stack:
        node = stack.pop()
        if node in seen or isinstance(node, OPAQUE):
            continue
        seen.add(node)
        yield node
        stack.extend(node.args)


def rebuilt(e: Basic, change: Callable[[Basic], Basic | None], memory: dict[Basic, Basic]) -> Basic:
    """Return an expression with each node replaced, from the leaves on, by what ``change`` makes of it; None keeps it."""
    if e in memory:
        return memory[e]
    if isinstance(e, OPAQUE) or not e.args:
        made: Basic = e
    else:
        made = e.func(*arguments) if (arguments := tuple(rebuilt(a, change, memory) for a in e.args)) != e.args else e
    if not isinstance(e, OPAQUE):
        changed = change(made)
        made = made if changed is None else changed
    memory[e] = made
    return made


def substituted(e: Basic, table: Mapping[Basic, Basic]) -> Basic:
    """Return an expression with symbols replaced; comparisons are not looked into, since sympy may take an expression for one that is not real."""
    if e in table:
        return table[e]
    if not e.args:
        return e
    arguments = tuple(substituted(a, table) for a in e.args)
    if arguments == e.args:
        return e
    return e.func(*arguments, evaluate=False) if isinstance(e, Relational) else e.func(*arguments)


def _inside_opaque(e: Basic) -> set[Symbol]:
    """Return the symbols that stand inside something opaque."""
    found: set[Symbol] = set()
    stack = [e]
    while stack:
        node = stack.pop()
        if isinstance(node, OPAQUE):
            found |= node.free_symbols
        else:
            stack.extend(node.args)
    return found


def near_zero(w: Expr, distance: Expr) -> Relational:
    """Return the condition that an expression is nearer to 0 than a distance."""
    return sympy.StrictLessThan(Absolute(w), distance, evaluate=False)


def select(condition: Boolean, taken: Expr, other: Expr) -> Expr:
    """Return a choice, or the value itself where both are the same."""
    return taken if taken == other else Select(condition, taken, other)


ONE = Integer(1)
