"""The derivative of a number by a state or a parameter; also by an element whose indices are symbols, so that one formula serves a whole array.

A derivative by ``w[a,b]`` is a sum of terms, each with the condition that indices are equal (a Kronecker delta) and the indices that it is
summed over. A sum over an index that has to be equal to another one is that one term of it, so that what is left are the sums of
back-propagation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy
from sympy import Basic, Dummy, Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lang.geometry import too_large
from neurodsl.lang.nodes import Call, Index, Name
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.elements import Arrays, At, OfMatrix, Pick, Reduce, index_symbols
from neurodsl.lower.functions import Select
from neurodsl.lower.values import Value
from neurodsl.model import Model
from neurodsl.system import Definition
from neurodsl.units import ONE

if TYPE_CHECKING:
    from neurodsl.lower.expressions import Translator

ADJOINT = "slope {} by {}"
"""The names of derivatives of a number by definitions."""


def differentiates_by_parameter(model: Model) -> bool:
    """Return whether a model holds a derivative by anything but a state."""
    roots = [d.value for d in model.definitions.values()] + [e.right for e in model.equations] + [f.body for f in model.functions.values()]
    roots += [action.value for event in model.events for action in event.actions if action.value is not None]
    targets = (node.arguments[1] for root in roots for node in root.walk() if isinstance(node, Call) and node.function == "diff")
    return any(not (isinstance(target, Name | Index) and target.id in model.states) for target in targets)


def gradient(expression: Expr, symbol: Symbol, translator: Translator) -> Expr:
    """Return the derivative of an expression by a symbol, through the definitions of a model.

    Raises
    ------
    NeuroError
        M101 where it is not supported: through the inverse of a matrix, an element whose index is computed, the largest of an array.
    """
    name, at = translator.arrays.table.get(symbol, (symbol.name, ()))
    if translator.arrays.rolled:
        return _Reverse(translator, expression).by(name, at)
    _refuse_hidden(expression, name, translator)
    return total_derivative(expression, symbol, translator.definitions)


def _refuse_hidden(expression: Expr, name: str, translator: Translator) -> None:
    """Refuse a derivative where the target stands behind a computed index, or in a matrix that linear algebra looks at."""
    table = translator.arrays.table
    carriers = {name}
    wholes = [(d.name.partition("[")[0], d.expression) for d in translator.definitions]
    for carrier, whole in (*wholes, ("", expression)):
        if any((table[s][0] if s in table else s.name) in carriers for s in whole.free_symbols):
            carriers.add(carrier)
            for part in whole.atoms(Pick, OfMatrix):
                if part.args[0 if isinstance(part, Pick) else 1].name in carriers:
                    raise _hidden(part, name)


def _hidden(part: Basic, name: str) -> NeuroError:
    if isinstance(part, Pick):
        return fail(rules.UNSOLVABLE, f"`diff` by `{name}` meets an element of it whose index is computed in a run")
    return fail(rules.UNSOLVABLE, f"`diff` is not supported through `{part.args[0].name[1:]}` of a matrix")


class _Reverse:
    """Back-propagation: each definition between a number and what it is differentiated by gets the derivative of the number by it.

    A number that depends on index symbols, as ``y[i]``, has such a derivative for each of their values: they come first among its indices.
    """

    def __init__(self, translator: Translator, expression: Expr) -> None:
        self.translator = translator
        self.expression = expression
        self.users = list(translator.definitions)
        arrays = translator.arrays
        self.outer = tuple(sorted(index_symbols(expression, arrays.table, arrays.sizes), key=str))

    def by(self, name: str, at: At) -> Expr:
        """Return the derivative by an element."""
        arrays = self.translator.arrays
        made = _Gradient(arrays, name, at)
        terms = made.of(self.expression)
        for user in self.users:
            if made.depends(user.expression) and (back := self._adjoint(user)) is not None:
                own = tuple(arrays.renamed(index) for index in user.indices)
                whole = arrays.element(back, (*self.outer, *own)) * made.moved(user.expression, dict(zip(user.indices, own, strict=True)))
                for index in reversed(own):
                    whole = Reduce(Symbol("_sum"), whole, index, Integer(arrays.sizes[index]))
                terms += made.of(whole)
        return sympy.Add(*(made.distinct(_closed(term)) for term in terms))

    def _adjoint(self, definition: Definition) -> str | None:
        """Return the name of the derivative by a definition, which is a definition too; None where it is 0."""
        known, key = self.translator.adjoints, (self.expression, definition.name)
        if key not in known:
            arrays = self.translator.arrays
            own = tuple(arrays.renamed(index) if index in self.outer else index for index in definition.indices)
            indices = (*self.outer, *own)
            shape = tuple(arrays.sizes[index] for index in indices)
            with arrays.only(*indices):
                slope = self.by(definition.name, own)
            known[key] = None
            if slope != 0:
                if too_large(shape):
                    told = f"`diff` through `{definition.name}` takes an array of shape {shape}, of more than 10 million elements"
                    raise fail(rules.TOO_LARGE_MATH, told, None, "make the arrays smaller")
                name = ADJOINT.format(len(known), definition.name)
                made = self.translator.define(name, Value(slope, ONE), definition.span, shape=shape, at=indices)
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
            if isinstance(part, Pick | OfMatrix):
                if self.depends(part):
                    raise _hidden(part, self.name)
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
        own = self.arrays.renamed(index)
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

    def distinct(self, expression: Expr) -> Expr:
        """Return an expression in which no sum binds an index that is in use around it."""
        if isinstance(expression, Reduce):
            kind, body, index, size = expression.args
            if expression not in self.renamed:
                own = self.arrays.renamed(index) if index in self.arrays.scope else index
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
                own = self.arrays.renamed(index)
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
