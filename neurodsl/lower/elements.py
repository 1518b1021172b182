"""Elements of arrays, and sums over them, as sympy.

An element is a plain symbol, ``x[3]`` or ``W[i,j]``, so that everything that works on symbols works on arrays. A table says what it is an
element of. Where a system is rolled its equations hold for index symbols and sums are :class:`Reduce`; else each element has its own equation
and sums are written out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count, product
from math import prod
from typing import Any

import sympy
from sympy import Basic, Expr, Function, Integer, Symbol

from neurodsl.lang.shapes import Shape, Shapes
from neurodsl.lower.functions import Maximum, Minimum, Round, Select
from neurodsl.system import Site

At = tuple[Expr, ...]
"""The indices of an element."""
REDUCTIONS = {Symbol("_sum"), Symbol("_prod"), Symbol("_min"), Symbol("_max")}
"""What the first argument of a :class:`Reduce` says."""
LETTERS = ("i", "j", "k", "l", "m", "n", "p", "q")


class Reduce(Function):  # type: ignore[misc]
    """``Reduce(name, body, index, size)``: the sum, the product, the smallest or the largest value over an index from 0 to size - 1."""

    nargs = 4


class Pick(Function):  # type: ignore[misc]
    """``Pick(array, k, ...)``: the element of an array whose indices are computed in a run; not a number where there is none."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(0)


class Sampled(Function):  # type: ignore[misc]
    """``Sampled(t, samples, element, size, held)``: the value that samples have at a time, of an element of an array of that size."""

    nargs = 5

    def fdiff(self, argindex: int = 1) -> Expr:
        return Integer(0)


class OfMatrix(Function):  # type: ignore[misc]
    """``OfMatrix(name, array)``: a number, or an array, that linear algebra finds for a constant matrix."""

    nargs = 2


def label(name: str, at: Iterable[Basic]) -> str:
    """Return the name of an element."""
    indices = ",".join(str(k) for k in at)
    return f"{name}[{indices}]" if indices else name


@dataclass
class Arrays:
    """The arrays of one model.

    Attributes
    ----------
    shapes : Shapes
        The shape of every name.
    rolled : bool
        Whether equations are kept as they are for index symbols.
    table : dict
        What each symbol of an element stands for.
    sizes : dict
        How far each index symbol runs.
    scope : list of Symbol
        The index symbols that are in use at the place that is translated.
    sites : list of Site
        The random numbers of every step.
    """

    shapes: Shapes
    rolled: bool = False
    table: dict[Symbol, tuple[str, At]] = field(default_factory=dict)
    sizes: dict[Symbol, int] = field(default_factory=dict)
    scope: list[Symbol] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)

    @property
    def present(self) -> bool:
        """Return whether the model has any array."""
        return any(self.shapes.names.values())

    def shape(self, name: str) -> Shape:
        """Return the shape of a name."""
        return self.shapes.names.get(name, ())

    def element(self, name: str, at: At) -> Symbol:
        """Return the symbol of an element whose indices are numbers or index symbols."""
        symbol = Symbol(label(name, at))
        if at:
            self.table[symbol] = (name, at)
        return symbol

    def fresh(self, size: int, wanted: str | None = None) -> Symbol:
        """Return an index symbol that nothing in scope uses."""
        letters = chain((wanted,) if wanted else LETTERS, (f"{wanted or 'i'}_{k}" for k in count(2)))
        taken = {s.name for s in self.scope} | self.shapes.names.keys()
        symbol = Symbol(next(letter for letter in letters if letter not in taken and self.sizes.get(Symbol(letter), size) == size))
        self.sizes[symbol] = size
        return symbol

    def renamed(self, index: Symbol) -> Symbol:
        """Return an index symbol that nothing uses yet and that runs as far as another."""
        taken = self.sizes.keys() | {Symbol(name) for name in self.shapes.names}
        stem = index.name.partition("_")[0]
        symbol = next(s for k in count(1) if (s := Symbol(f"{stem}_{k}")) not in taken)
        self.sizes[symbol] = self.sizes[index]
        return symbol

    @contextmanager
    def within(self, *symbols: Symbol) -> Iterator[None]:
        """Let index symbols be in scope."""
        self.scope += symbols
        try:
            yield
        finally:
            del self.scope[len(self.scope) - len(symbols) :]

    @contextmanager
    def only(self, *symbols: Symbol) -> Iterator[None]:
        """Let index symbols be in scope, and no others."""
        before, self.scope = self.scope, list(symbols)
        try:
            yield
        finally:
            self.scope = before

    @contextmanager
    def kept_rolled(self, rolled: bool = True) -> Iterator[None]:
        """Translate what is constant in the form of arrays, whatever the form of the equations."""
        before, self.rolled = self.rolled, rolled
        try:
            yield
        finally:
            self.rolled = before

    def instances(self, shape: Shape, names: Sequence[str] = ()) -> list[At]:
        """Return the indices for which an equation is written: index symbols, or those of each element."""
        if not shape:
            return [()]
        if not self.rolled:
            return [tuple(Integer(k) for k in at) for at in product(*(range(size) for size in shape))]
        found: list[Symbol] = []
        for number, size in enumerate(shape):
            with self.within(*found):
                found.append(self.fresh(size, names[number] if names else None))
        return [tuple(found)]

    def over(self, function: str, sizes: Mapping[str, int], body: Callable[[dict[str, Expr]], Expr]) -> Expr:
        """Return a sum, or another reduction, of a body over index variables."""
        kind = "sum" if function == "mean" else function
        if self.rolled:
            symbols: list[Symbol] = []
            for name, size in sizes.items():
                with self.within(*symbols):
                    symbols.append(self.fresh(size, name if name.isidentifier() else None))
            with self.within(*symbols):
                result = body(dict(zip(sizes, symbols, strict=True)))
            for symbol in reversed(symbols):
                result = Reduce(Symbol(f"_{kind}"), result, symbol, Integer(self.sizes[symbol]))
        else:
            places = product(*(range(size) for size in sizes.values()))
            terms = [body(dict(zip(sizes, map(Integer, at), strict=True))) for at in places]
            result = joined(kind, terms)
        return result / prod(sizes.values()) if function == "mean" else result

    def chosen(self, items: Sequence[Expr], index: Expr) -> Expr:
        """Return the item of an index that is an index symbol or computed in a run; not a number where there is none."""
        known = self.is_place(index)
        result, others = (items[-1], items[:-1]) if known else (sympy.nan, items)
        for number, item in reversed(list(enumerate(others))):
            result = Select(sympy.Eq(index if known else Round(index), Integer(number), evaluate=False), item, result)
        return result

    def is_place(self, index: Expr) -> bool:
        """Return whether an index is a number, or an index symbol in scope, and not computed in a run."""
        return isinstance(index, Integer) or index in self.scope

    def site(self, kind: str) -> Symbol:
        """Return the symbol of a random number that each step draws anew, for each element in scope."""
        name = f"{kind} {len(self.sites)}"
        at = tuple(self.scope)
        self.sites.append(Site(name, kind, tuple(self.sizes[s] for s in at)))
        return self.element(name, at)


def joined(kind: str, terms: list[Expr]) -> Expr:
    """Return the sum, the product, the smallest or the largest of some terms."""
    if kind == "sum":
        return sympy.Add(*terms)
    if kind == "prod":
        return sympy.Mul(*terms)
    pair = {"min": Minimum, "max": Maximum}[kind]
    result = terms[0]
    for term in terms[1:]:
        result = pair(result, term)
    return result


def outermost(expression: Basic, kinds: type | tuple[type, ...]) -> list[Any]:
    """Return the parts of some kinds that stand in no other such part, in a fixed order."""
    found: dict[Basic, None] = {}
    stack: list[Any] = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, kinds):
            found[part] = None
        else:
            stack.extend(reversed(part.args))
    return list(found)


def index_symbols(expression: Basic, table: Mapping[Symbol, tuple[str, At]], sizes: Mapping[Symbol, int]) -> set[Symbol]:
    """Return the index symbols that an expression depends on and no sum in it binds."""
    if isinstance(expression, Reduce):
        return index_symbols(expression.args[1], table, sizes) - {expression.args[2]}
    if isinstance(expression, Symbol):
        if expression in table:
            return set().union(*(k.free_symbols & sizes.keys() for k in table[expression][1]))
        return {expression} & sizes.keys()
    return set().union(*(index_symbols(part, table, sizes) for part in outermost(expression, (Reduce, Symbol))))
