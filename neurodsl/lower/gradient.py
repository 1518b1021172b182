"""The derivative of a number by a state or a parameter; also by an element whose indices are symbols, so that one formula serves a whole array.

A derivative by ``w[a,b]`` is a sum of terms, each with the condition that indices are equal (a Kronecker delta) and the indices that it is
summed over. A sum over an index that has to be equal to another one is that one term of it, so that what is left are the sums of
back-propagation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import sympy
from sympy import Basic, Dummy, Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.elements import Arrays, At, Pick, Reduce
from neurodsl.lower.functions import Select
from neurodsl.lower.values import Value
from neurodsl.system import Definition
from neurodsl.units import ONE

if TYPE_CHECKING:
    from neurodsl.lower.expressions import Translator

ADJOINT = "slope {} by {}"
"""The names of derivatives of a number by definitions."""


def gradient(expression: Expr, symbol: Symbol, translator: Translator) -> Expr:
    """Return the derivative of an expression by a symbol, through the definitions of a model."""
    if not translator.arrays.rolled:
        return total_derivative(expression, symbol, translator.definitions)
    name, at = translator.arrays.table.get(symbol, (symbol.name, ()))
    return _Reverse(translator, expression).by(name, at)


class _Reverse:
    """Back-propagation: each definition between a number and what it is differentiated by gets the derivative of the number by it."""

    def __init__(self, translator: Translator, expression: Expr) -> None:
        self.translator = translator
        self.expression = expression
        self.users = [d for d in translator.definitions if not d.constant and not d.name.startswith("slope ")]

    def by(self, name: str, at: At) -> Expr:
        """Return the derivative by an element."""
        arrays = self.translator.arrays
        made = _Gradient(arrays, name, at)
        terms = made.of(self.expression)
        for user in self.users:
            if made.depends(user.expression) and (back := self._adjoint(user)) is not None:
                own = tuple(made.fresh(index) for index in user.indices)
                whole = arrays.element(back, own) * made.moved(user.expression, dict(zip(user.indices, own, strict=True)))
                for index in reversed(own):
                    whole = Reduce(Symbol("_sum"), whole, index, Integer(arrays.sizes[index]))
                terms += made.of(whole)
        return sympy.Add(*(made.distinct(_closed(term)) for term in terms))

    def _adjoint(self, definition: Definition) -> str | None:
        """Return the name of the derivative by a definition, which is a definition too; None where it is 0."""
        known, key = self.translator.adjoints, (self.expression, definition.name)
        if key not in known:
            with self.translator.arrays.only(*definition.indices):
                slope = self.by(definition.name, definition.indices)
            known[key] = None
            if slope != 0:
                name = ADJOINT.format(len(known), definition.name)
                value = Value(slope, ONE)
                made = self.translator.define(name, value, definition.span, shape=definition.shape, at=definition.indices)
                known[key] = made.expression.name
        return known[key]


@dataclass(frozen=True)
class _Term:
    """``factor`` where each of ``equal`` is a pair of equal indices, summed over ``sums``, indices with their sizes."""

    factor: Expr
    equal: tuple[tuple[Expr, Expr], ...] = ()
    sums: tuple[tuple[Symbol, Expr], ...] = ()


def _closed(term: _Term) -> Expr:
    result = term.factor
    for first, second in term.equal:
        result = Select(sympy.Eq(first, second, evaluate=False), result, Integer(0))
    for index, size in reversed(term.sums):
        result = Reduce(Symbol("_sum"), result, index, size)
    return result


class _Gradient:
    """The derivatives of expressions by the element ``at`` of ``name``."""

    def __init__(self, arrays: Arrays, name: str, at: At) -> None:
        self.arrays = arrays
        self.name = name
        self.at = at
        self.renamed: dict[Expr, Expr] = {}

    def of(self, expression: Expr) -> list[_Term]:
        """Return the terms of the derivative of an expression."""
        if not self.depends(expression):
            return []
        if isinstance(expression, Symbol):
            return self._symbol(expression)
        if isinstance(expression, Reduce):
            return self._sum(expression)
        if isinstance(expression, sympy.Add):
            return [term for part in expression.args for term in self.of(part)]
        leaves = {leaf: Dummy() for leaf in self._leaves(expression)}
        back = {dummy: leaf for leaf, dummy in leaves.items()}
        whole = expression.xreplace(leaves)
        terms = []
        for leaf, dummy in leaves.items():
            slope = whole.diff(dummy).xreplace(back)
            terms += [replace(term, factor=slope * term.factor) for term in self.of(leaf)]
        return terms

    def depends(self, expression: Basic) -> bool:
        """Return whether an expression holds the target."""
        table = self.arrays.table
        return any(self.name == (table[s][0] if s in table else s.name) for s in expression.free_symbols)

    def _leaves(self, expression: Basic) -> list[Expr]:
        """Return the symbols and sums in an expression that depend on the target."""
        found: dict[Expr, None] = {}
        stack: list[Basic] = [expression]
        while stack:
            part = stack.pop()
            if isinstance(part, Pick):
                if self.depends(part):
                    raise fail(rules.UNSOLVABLE, f"`diff` by `{self.name}` meets an element of it whose index is computed in a run")
            elif isinstance(part, Reduce | Symbol):
                if self.depends(part):
                    found[part] = None
            else:
                stack.extend(part.args)
        return sorted(found, key=str)

    def _symbol(self, symbol: Symbol) -> list[_Term]:
        _, indices = self.arrays.table.get(symbol, (symbol.name, ()))
        return [_Term(Integer(1), tuple(zip(indices, self.at, strict=True)))]

    def _sum(self, part: Reduce) -> list[_Term]:
        kind, body, index, size = part.args
        if kind.name != "_sum":
            raise fail(rules.UNSOLVABLE, f"`diff` is not supported through `{kind.name[1:]}` of an array", None, "write it with `sum`")
        own = self.fresh(index)
        result = []
        for term in self.of(self.moved(body, {index: own})):
            pair = next((pair for pair in term.equal if own in pair), None)
            if pair is None:
                result.append(replace(term, sums=(*term.sums, (own, size))))
                continue
            other = pair[1] if pair[0] == own else pair[0]
            rest = tuple(p for p in term.equal if p is not pair)
            moved = {own: other}
            equal = tuple((self.moved(a, moved), self.moved(b, moved)) for a, b in rest)
            result.append(_Term(self.moved(term.factor, moved), equal, term.sums))
        return result

    def fresh(self, like: Symbol) -> Symbol:
        """Return an index symbol that nothing uses yet."""
        taken = self.arrays.sizes.keys() | {Symbol(name) for name in self.arrays.shapes.names}
        stem = like.name.partition("_")[0]
        symbol = next(s for k in count(1) if (s := Symbol(f"{stem}_{k}")) not in taken)
        self.arrays.sizes[symbol] = self.arrays.sizes[like]
        return symbol

    def distinct(self, expression: Expr) -> Expr:
        """Return an expression in which no sum binds an index that is in use around it."""
        if isinstance(expression, Reduce):
            kind, body, index, size = expression.args
            if expression not in self.renamed:
                own = self.fresh(index) if index in self.arrays.scope else index
                inner = self.moved(body, {index: own}) if own != index else body
                self.renamed[expression] = Reduce(kind, self.distinct(inner), own, size)
            return self.renamed[expression]
        if not expression.args or not expression.has(Reduce):
            return expression
        return expression.func(*(self.distinct(part) for part in expression.args))

    def moved(self, expression: Basic, indices: dict[Symbol, Expr]) -> Expr:
        """Return an expression with index symbols replaced; a sum that would bind one of the new ones gets an index of its own."""
        if isinstance(expression, Reduce):
            kind, body, index, size = expression.args
            inner = {old: new for old, new in indices.items() if old != index}
            if any(index in new.free_symbols for new in inner.values()):
                own = self.fresh(index)
                inner[index] = own
                index = own
            return Reduce(kind, self.moved(body, inner), index, size)
        if isinstance(expression, Symbol):
            if expression in indices:
                return indices[expression]
            if expression in self.arrays.table:
                name, at = self.arrays.table[expression]
                return self.arrays.element(name, tuple(k.xreplace(indices) for k in at))
            return expression
        if not expression.args:
            return expression
        return expression.func(*(self.moved(part, indices) for part in expression.args))
