"""Divisions by what varies go over one common reciprocal: with r = 1/(a b c) the reciprocal of a is r (b c).

A product of denominators overflows long after each of its factors is beyond ordinary size. Where that might pass unseen, because one factor
is ordinary while the others grow exponentially, the common reciprocal is not a number there, and so is every result.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, Pow, Symbol

from neurodsl.lower.functions import Select
from neurodsl.lower.program import LARGEST, ONE, OPAQUE, Program, near_zero, rebuilt, walk

TOGETHER = 4
"""The most denominators that are inverted together: each takes three products, and with more of them overflow comes near."""
OVERFLOW = sympy.Float("1e300")
LARGEST_QUOTIENT = 30
"""Operations in a definition up to which it is put into a denominator to be cancelled there."""


def cancel_reciprocals(program: Program) -> None:
    """Multiply denominators that hold quotients through, so that a division does not wait for another one."""
    memory: dict[Basic, Basic] = {}
    quotients: dict[Symbol, Expr] = {}
    for symbol, e in program.lines.items():
        if symbol not in program.exact and _is_quotient(inlined := _inlined(e, quotients), program):
            quotients[symbol] = inlined
    if not quotients and not any(isinstance(n, Pow) and _below(n) for e in program.rewritable() for n in walk(e)):
        return

    def change(e: Basic) -> Basic | None:
        if isinstance(e, Pow) and _below(e) and program.moves(e.base):
            flat = _multiplied_through(e.base, quotients, program)
            return None if flat is None else flat ** (-e.exp)
        if isinstance(e, Mul):
            flat = _cancelled(e, quotients)
            return _distributed(e if flat is None else flat, quotients)
        return None

    program.rewrite(lambda e: rebuilt(e, change, memory))


def _below(e: Pow) -> bool:
    return bool(e.exp.is_Rational and e.exp.is_negative)


def _is_quotient(e: Expr, program: Program) -> bool:
    """Return whether an expression is a product of which a factor divides."""
    factors = Mul.make_args(e)
    return e.count_ops() <= LARGEST_QUOTIENT and any(isinstance(f, Pow) and _below(f) and program.moves(f.base) for f in factors)


def _multiplied_through(base: Expr, quotients: dict[Symbol, Expr], program: Program) -> Expr | None:
    """Return the reciprocal of a denominator that holds quotients as a quotient without any inside, None where it holds none."""
    if isinstance(base, Symbol) and base in program.own and base not in program.exact and isinstance(program.lines[base], Add):
        inner = program.lines[base]
        if not inner.free_symbols & quotients.keys() or inner.count_ops() > LARGEST_QUOTIENT:
            return None
        base = inner
    terms = [_inlined(term, quotients) for term in Add.make_args(base)]
    below: dict[Expr, Expr] = {}
    for term in terms:
        for factor in Mul.make_args(term):
            if isinstance(factor, Pow) and _below(factor) and program.moves(factor.base):
                below[factor.base] = max(below.get(factor.base, Integer(0)), -factor.exp)
    if not below or len(below) > TOGETHER:
        return None
    common = Mul(*(b**power for b, power in below.items()))
    return common / Add(*(term * common for term in terms))


def _inlined(term: Expr, quotients: dict[Symbol, Expr]) -> Expr:
    """Return a product with the quotients among its factors written out."""
    parts = (factor.as_base_exp() if isinstance(factor, Pow) else (factor, ONE) for factor in Mul.make_args(term))
    return Mul(*(quotients.get(base, base) ** power for base, power in parts))


def _cancelled(e: Mul, quotients: dict[Symbol, Expr]) -> Expr | None:
    """Return a product with those quotients written out whose denominators cancel."""
    parts = [factor.as_base_exp() if isinstance(factor, Pow) else (factor, ONE) for factor in e.args]
    bases = {base for base, power in parts if not power.is_negative}
    wanted = {base for base, _ in parts if base in quotients and _denominators(quotients[base]) & bases}
    return Mul(*(quotients[base] ** power if base in wanted else base**power for base, power in parts)) if wanted else None


def _denominators(e: Expr) -> set[Expr]:
    """Return what the factors of a product divide by."""
    return {factor.base for factor in Mul.make_args(e) if isinstance(factor, Pow) and _below(factor)}


def _distributed(e: Expr, quotients: dict[Symbol, Expr]) -> Expr:
    """Return (a/b - c) b as a - c b: b is a sum as it stands, and a quotient in another factor has it for a denominator."""
    sums = [f for f in Mul.make_args(e) if isinstance(f, Add)]
    for b in sums:
        for other in sums:
            terms = [_inlined(term, quotients) for term in other.args]
            if other is not b and any(Pow(b, -1) in Mul.make_args(term) for term in terms):
                rest = Mul(*(f for f in Mul.make_args(e) if f not in (b, other)))
                return rest * Add(*(new * b if Pow(b, -1) in Mul.make_args(new) else term * b for new, term in zip(terms, other.args, strict=True)))
    return e


class Reciprocals:
    """Gives the denominators of a program their reciprocals, those that can be known at the same time together."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.guards: dict[Expr, list[tuple[tuple[Basic, bool], ...]]] = {}
        self.symbols: dict[Expr, Symbol] = {}
        self.together: dict[Basic, int] = {}

    def share(self) -> None:
        """Rewrite the program."""
        for e in self.program.rewritable():
            self._look(e, ())
        self.program.rewrite(lambda e: self._replaced(e, ()))
        self._invert_together()

    def _split(self, e: Basic) -> tuple[list[Expr], list[tuple[Expr, Expr]]]:
        """Return the factors of a product or a power that do not divide by what varies, and the (denominator, power) of those that do."""
        above: list[Expr] = []
        below: list[tuple[Expr, Expr]] = []
        for factor in Mul.make_args(e):
            if isinstance(factor, Pow) and _below(factor) and self.program.moves(factor.base):
                if factor.exp.is_Integer:
                    below.append((factor.base, -factor.exp))
                else:
                    below.append((Pow(factor.base, -factor.exp), ONE))
            else:
                above.append(factor)
        return above, below

    def _look(self, e: Basic, guard: tuple[tuple[Basic, bool], ...]) -> None:
        """Note the denominators with the conditions under which they count."""
        if isinstance(e, OPAQUE) or not e.args:
            return
        if isinstance(e, Select):
            self._look(e.args[1], (*guard, (e.args[0], True)))
            self._look(e.args[2], (*guard, (e.args[0], False)))
            return
        above, below = self._split(e) if isinstance(e, Mul | Pow) else (list(e.args), [])
        for base, _ in below:
            guards = self.guards.setdefault(base, [])
            if guard not in guards:
                guards.append(guard)
            self._look(base, guard)
        for part in above if below or isinstance(e, Mul) else e.args:
            self._look(part, guard)

    def _replaced(self, e: Basic, guard: tuple[tuple[Basic, bool], ...]) -> Expr:
        if isinstance(e, OPAQUE) or not e.args:
            return e
        if isinstance(e, Select):
            return Select(e.args[0], self._replaced(e.args[1], (*guard, (e.args[0], True))), self._replaced(e.args[2], (*guard, (e.args[0], False))))
        above, below = self._split(e) if isinstance(e, Mul | Pow) else ([], [])
        if below:
            return Mul(*(self._replaced(part, guard) for part in above), *(self._reciprocal(base, guard) ** power for base, power in below))
        arguments = tuple(self._replaced(a, guard) for a in e.args)
        return e if arguments == e.args else e.func(*arguments)

    def _reciprocal(self, base: Expr, guard: tuple[tuple[Basic, bool], ...]) -> Symbol:
        """Return the symbol of a reciprocal; where it counts under conditions alone, the denominator is 1 elsewhere."""
        denominator = self._replaced(base, guard)
        if () not in self.guards[base]:
            for condition, side in reversed(guard):
                denominator = Select(condition, denominator, ONE) if side else Select(condition, ONE, denominator)
        symbol = self.program.temporary(Pow(self.program.temporary(denominator), -1))
        self.symbols[denominator] = symbol
        return symbol

    def _invert_together(self) -> None:
        program = self.program
        depths: dict[Basic, int] = {}
        reciprocals = {s: e.base for s, e in program.lines.items() if isinstance(e, Pow) and e.exp == -1 and s in self.symbols.values()}

        def depth(symbol: Basic) -> int:
            if symbol not in depths:
                depths[symbol] = 0
                expression = program.lines.get(symbol)
                inside = max((depth(s) for s in sorted(expression.free_symbols, key=str)), default=0) if expression is not None else 0
                depths[symbol] = inside + (symbol in reciprocals)
            return depths[symbol]

        awaited = {s for symbol in reciprocals for s in self._dependencies(reciprocals[symbol]) if s in reciprocals}
        last = max(map(depth, reciprocals), default=0)
        waiting: list[Symbol] = []
        for level in range(1, last + 1):
            here = [s for s in reciprocals if depth(s) == level and s in awaited]
            waiting += [s for s in reciprocals if depth(s) == level and s not in awaited]
            room = len(waiting) if level == last else -len(here) % TOGETHER
            here, waiting = here + waiting[:room], waiting[room:]
            parts = -(-len(here) // TOGETHER)
            for k in range(parts):
                group = here[k * len(here) // parts : (k + 1) * len(here) // parts]
                if len(group) > 1:
                    self._invert(group, [reciprocals[s] for s in group])

    def _invert(self, symbols: Sequence[Symbol], denominators: Sequence[Expr]) -> None:
        """Give several denominators their reciprocals by one division."""
        product = self._product(denominators)
        inverse: Expr = 1 / product
        if self._needs_guard(denominators):
            inverse = Select(near_zero(product, OVERFLOW), inverse, sympy.nan)
        self._spread(symbols, denominators, self.program.temporary(inverse))

    def _product(self, factors: Sequence[Expr]) -> Expr:
        if len(factors) == 1:
            return factors[0]
        half = (len(factors) + 1) // 2
        return self.program.temporary(self._product(factors[:half]) * self._product(factors[half:]))

    def _spread(self, symbols: Sequence[Symbol], denominators: Sequence[Expr], inverse: Expr) -> None:
        """Give each denominator its reciprocal, from that of their product."""
        if len(symbols) == 1:
            self.program.lines[symbols[0]] = inverse
            return
        half = (len(symbols) + 1) // 2
        for mine, other in ((slice(None, half), slice(half, None)), (slice(half, None), slice(None, half))):
            part = inverse * self._product(denominators[other])
            self._spread(symbols[mine], denominators[mine], part if len(symbols[mine]) == 1 else self.program.temporary(part))

    def _needs_guard(self, denominators: Sequence[Expr]) -> bool:
        """Return whether the product may overflow while one of its factors is ordinary, or a numerator grows with it."""
        growing = [self._exponentials(d) for d in denominators]
        driving = set().union(*growing)
        return bool(driving) and (any(g != growing[0] for g in growing) or len(driving) > 1 or bool(driving & self.program.growing))

    def _exponentials(self, e: Expr) -> set[Symbol]:
        """Return the symbols of the exponentials that an expression depends on."""
        return {s for s in self._dependencies(e) if self.program.lines[s].has(sympy.exp)}

    def _dependencies(self, e: Expr) -> set[Symbol]:
        """Return the lines that an expression depends on."""
        found: set[Symbol] = set()
        stack: list[Basic] = list(e.free_symbols)
        while stack:
            symbol = stack.pop()
            if symbol not in found and symbol in self.program.lines:
                found.add(symbol)
                stack.extend(self.program.lines[symbol].free_symbols)
        return found


def share_reciprocals(program: Program) -> None:
    """Rewrite a program so that it divides by what varies as rarely as it can."""
    if sum(e.count_ops() for e in program.rewritable()) <= 3 * LARGEST:
        Reciprocals(program).share()
