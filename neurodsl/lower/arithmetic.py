"""Sums and products with as few operations as their form allows: constants folded, polynomials nested, powers shared.

A sum of terms keeps its value up to a few units in the last place of its largest term. Differences of two quantities that vary are never
multiplied out, so that what is equal stays exactly without effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, Symbol

from neurodsl.lower.program import LARGEST, ONE, OPAQUE, Program, cost_of

MOST_TERMS = 12
"""Terms of a sum up to which all ways of nesting it are compared; of a longer one only the likeliest."""
LONGEST = 60
"""Terms of a sum up to which it is nested at all."""
LARGEST_DEFINITION = 60
"""Operations in a definition up to which it is put where it is used, if it is used once."""
LARGEST_USER = 240
"""Operations in an expression up to which a definition is put in there."""


class Arithmetic:
    """Rewrites sums and products of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.memory: dict[Expr, Expr] = {}

    def fold(self, e: Expr) -> Expr:
        """Return an expression with its constants folded and its sums nested."""
        if e not in self.memory:
            self.memory[e] = self._folded(e)
        return self.memory[e]

    def _folded(self, e: Expr) -> Expr:
        program = self.program
        if e.is_Atom or isinstance(e, OPAQUE):
            return e
        if not program.moves(e):
            return program.constant(e) if isinstance(e, Expr) else e
        if isinstance(e, Add):
            return self._sum(e)
        if isinstance(e, Mul):
            return self._product(e)
        arguments = tuple(self.fold(a) for a in e.args)
        return e if arguments == e.args else e.func(*arguments)

    def _product(self, e: Mul) -> Expr:
        constant = Mul(*(f for f in e.args if not self.program.moves(f)))
        moving = [self.fold(f) for f in e.args if self.program.moves(f)]
        inner = [f for f in moving if isinstance(f, Add)]
        plain = self._scaled(constant, moving)
        if len(moving) != 1 or not inner or constant in (ONE, -ONE):
            return plain
        return cheaper(plain, self._sum(Add(*(constant * term for term in self._terms(e)))))

    def _terms(self, e: Mul) -> tuple[Expr, ...]:
        """Return the terms of the only sum in a product, as they were before they were folded."""
        return tuple(next(f for f in e.args if self.program.moves(f)).args)

    def _scaled(self, constant: Expr, moving: Sequence[Expr]) -> Expr:
        """Return a product of a constant, which is folded with those already in the other factors, and what varies."""
        product = Mul(*moving)
        if isinstance(product, Mul):
            more = [f for f in product.args if not self.program.moves(f)]
            constant, product = constant * self._unfolded(Mul(*more)), Mul(*(f for f in product.args if self.program.moves(f)))
        return self.program.constant(constant) * product

    def _unfolded(self, constant: Expr) -> Expr:
        """Return a constant in terms of those of the author."""
        while used := constant.free_symbols & self.program.constants.keys() - self.program.given:
            constant = constant.xreplace({s: self.program.constants[s] for s in used})
        return constant

    def _sum(self, e: Add) -> Expr:
        terms = [part for term in e.args for part in self._parts(term)]
        best = self._collected(terms)
        if len(terms) > LONGEST:
            return best
        best = cheaper(best, self._nested(best))
        wide = [part for term in terms for part in self._multiplied_out(term)]
        if wide != terms and len(wide) <= LONGEST:
            best = cheaper(best, self._nested(self._collected(wide)))
        return best

    def _parts(self, term: Expr) -> list[Expr]:
        """Return a term, or those of a constant times (what varies + a constant), folded."""
        if not self.program.moves(term):
            return [term]
        if isinstance(term, Mul):
            moving = [f for f in term.args if self.program.moves(f)]
            if len(moving) == 1 and isinstance(moving[0], Add) and sum(self.program.moves(part) for part in moving[0].args) == 1:
                constant = Mul(*(f for f in term.args if not self.program.moves(f)))
                return [piece for part in moving[0].args for piece in self._parts(constant * part)]
        folded = self.fold(term)
        return list(folded.args) if isinstance(folded, Add) else [folded]

    def _multiplied_out(self, term: Expr) -> list[Expr]:
        """Return the terms of a product with a factor of the form (what varies + a constant), else the product."""
        for factor in Mul.make_args(term):
            if isinstance(factor, Add) and self.program.moves(factor) and sum(self.program.moves(part) for part in factor.args) == 1:
                rest = Mul(*(f for f in Mul.make_args(term) if f is not factor))
                return [self._rescaled(rest * part) for part in factor.args]
        return [term]

    def _rescaled(self, term: Expr) -> Expr:
        """Return a product with its constants folded."""
        return self._scaled(ONE, [term]) if isinstance(term, Mul) else term

    def _collected(self, terms: Iterable[Expr]) -> Expr:
        """Return a sum of folded terms in which each product of what varies occurs once."""
        coefficients: dict[Expr, list[Expr]] = {}
        for term in terms:
            moving = Mul(*(f for f in Mul.make_args(term) if self.program.moves(f)))
            coefficients.setdefault(moving, []).append(Mul(*(f for f in Mul.make_args(term) if not self.program.moves(f))))
        parts = []
        for moving, found in coefficients.items():
            total = found[0] if len(found) == 1 else Add(*map(self._unfolded, found))
            parts.append(self.program.constant(total) * moving)
        return Add(*parts)

    def _nested(self, e: Expr) -> Expr:
        """Return a sum with common factors of its terms taken out, the form with the fewest operations."""
        if not isinstance(e, Add):
            return e
        counts: Counter[Expr] = Counter()
        for term in e.args:
            counts.update({base for base, power in map(_base_and_power, Mul.make_args(term)) if power > 0 and self.program.moves(base)})
        bases = sorted((base for base, count in counts.items() if count > 1), key=lambda base: (-counts[base], sympy.default_sort_key(base)))
        best = e
        for base in bases if len(e.args) <= MOST_TERMS and len(bases) <= 4 else bases[:1]:
            best = cheaper(best, self._taken_out(e, base))
        return best

    def _taken_out(self, e: Add, base: Expr) -> Expr:
        """Return a sum with the highest common power of a factor taken out of the terms that hold it."""
        powers = [_power_in(term, base) for term in e.args]
        common = min(power for power in powers if power > 0)
        inside = Add(*(term / base**common for term, power in zip(e.args, powers, strict=True) if power > 0))
        rest = Add(*(term for term, power in zip(e.args, powers, strict=True) if power <= 0))
        return self._nested(rest) + base**common * self._nested(inside)


def cheaper(first: Expr, second: Expr) -> Expr:
    """Return the expression that costs less, the first where they cost the same."""
    return second if cost_of([second]).total < cost_of([first]).total else first


def _base_and_power(factor: Expr) -> tuple[Expr, int]:
    return (factor.base, int(factor.exp)) if isinstance(factor, Pow) and factor.exp.is_Integer else (factor, 1)


def _power_in(term: Expr, base: Expr) -> int:
    return next((power for factor, power in map(_base_and_power, Mul.make_args(term)) if factor == base), 0)


def fold(program: Program) -> None:
    """Rewrite the sums and products of a program, and put definitions where they are used if they are used once and that costs less."""
    arithmetic = Arithmetic(program)
    _put_in(program, arithmetic)
    program.rewrite(lambda e: arithmetic.fold(e) if e.count_ops() <= LARGEST else e)


def _put_in(program: Program, arithmetic: Arithmetic) -> None:
    """Put definitions where they are used, if they are used once and fewer operations are left."""
    places: dict[Symbol | int, Expr] = {**program.lines, **dict(enumerate(program.results))}
    users: dict[Basic, set[Symbol | int]] = {}
    for place, e in places.items():
        for symbol in e.free_symbols:
            users.setdefault(symbol, set()).add(place)
    for symbol in list(program.lines):
        if len(users.get(symbol, ())) != 1 or symbol in program.exact:
            continue
        (place,) = users[symbol]
        definition, user = places[symbol], places[place]
        if (
            definition.count_ops() > LARGEST_DEFINITION
            or user.count_ops() > LARGEST_USER
            or place in program.exact
            or _occurrences(user, symbol) != 1
        ):
            continue
        inside = user.xreplace({symbol: definition})
        if cost_of([arithmetic.fold(inside)]).total < cost_of([arithmetic.fold(user), arithmetic.fold(definition)]).total:
            places[place] = inside
            program.remove(symbol)
            for used in definition.free_symbols:
                users[used] = users[used] - {symbol} | {place}
    program.lines = {s: places[s] for s in program.lines}
    program.results = [places[k] for k in range(len(program.results))]


def _occurrences(e: Basic, symbol: Symbol) -> int:
    """Return how often a symbol is used, a power of it counted as two; what stands inside something opaque counts as many."""
    if e == symbol:
        return 1
    if isinstance(e, OPAQUE):
        return 2 if symbol in e.free_symbols else 0
    if isinstance(e, Pow) and symbol in e.free_symbols:
        return 2
    return sum(_occurrences(a, symbol) for a in e.args)


def share_powers(program: Program) -> None:
    """Write integer powers as products of shared ones."""
    found: dict[Expr, set[int]] = {}

    def look(e: Basic) -> None:
        if isinstance(e, OPAQUE):
            return
        if isinstance(e, Pow) and e.exp.is_Integer and e.exp > 1 and program.moves(e.base):
            found.setdefault(e.base, set()).add(int(e.exp))
        for a in e.args:
            look(a)

    for e in program.rewritable():
        look(e)
    made: dict[Basic, Basic] = {}
    products: dict[Symbol, Expr] = {}
    for base, powers in found.items():
        if isinstance(base, Symbol) and powers in ({2}, {3}):
            continue
        chain = {1: program.temporary(base)}
        for n in sorted(powers):
            made[Pow(base, n)] = _power(program, chain, n)
        products |= {s: program.lines[s] for n, s in chain.items() if n > 1}
    program.rewrite(lambda e: _with_powers(e, made))
    program.lines |= products


def _power(program: Program, chain: dict[int, Symbol], n: int) -> Symbol:
    """Return a power from those that are there, by as few products as repeated squaring needs."""
    if n not in chain:
        known = [k for k in chain if n - k in chain]
        half = max(known) if known else (n - 1 if n % 2 else n // 2)
        chain[n] = program.temporary(Mul(_power(program, chain, half), _power(program, chain, n - half)))
    return chain[n]


def _with_powers(e: Expr, made: dict[Basic, Basic]) -> Expr:
    if e in made:
        return made[e]
    if isinstance(e, OPAQUE) or not e.args:
        return e
    arguments = tuple(_with_powers(a, made) for a in e.args)
    return e if arguments == e.args else e.func(*arguments)


def share_subexpressions(program: Program) -> None:
    """Give what several expressions hold a line of its own."""
    uses: Counter[Basic] = Counter()
    seen: set[Basic] = set()
    stack: list[Basic] = list(dict.fromkeys(program.rewritable()))
    while stack:
        node = stack.pop()
        if node in seen or isinstance(node, OPAQUE):
            continue
        seen.add(node)
        uses.update(node.args)
        stack.extend(node.args)
    uses.update(program.results)
    there = {e: s for s, e in reversed(program.lines.items()) if s not in program.exact}
    memory: dict[Basic, Basic] = {}

    def shared(e: Basic, top: bool) -> Basic:
        if isinstance(e, OPAQUE) or not e.args:
            return e
        if not top and e in there:
            return there[e]
        if e not in memory:
            arguments = tuple(shared(a, False) for a in e.args)
            memory[e] = e if arguments == e.args else e.func(*arguments)
        made = memory[e]
        if not top and uses[e] > 1 and _is_work(e, program):
            return program.temporary(made)
        return made

    program.rewrite(lambda e: shared(e, True))


def _is_work(e: Basic, program: Program) -> bool:
    """Return whether an expression takes an operation that a sum around it would not take in."""
    if not isinstance(e, Expr) or not e.args or not program.moves(e):
        return False
    return not (isinstance(e, Mul) and sum(program.moves(f) for f in e.args) == 1 and all(f.is_Atom or f.is_Rational for f in e.args))
