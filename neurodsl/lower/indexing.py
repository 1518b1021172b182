"""Arrays, their elements and what is summed over them, as values."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.lang.nodes import Array, Call, Dot, Expression, Index, Name, Reduction
from neurodsl.lang.shapes import Shape
from neurodsl.lower.elements import Arrays, At, OfMatrix, label
from neurodsl.lower.gradient import gradient
from neurodsl.lower.values import Argument, Local, Value
from neurodsl.model import Function
from neurodsl.system import RANDOM
from neurodsl.units import ONE

if TYPE_CHECKING:
    from neurodsl.lower.expressions import Translator

LONGEST_LITERAL = 16
"""So many items has an array that an equation writes out at most, where the equation is kept for index symbols."""
WHOLE = ("sum", "prod", "mean", "min", "max")
ARRAY_FUNCTIONS = (*WHOLE, "spectral_radius", "largest_singular_value", "inverse", "norm", "transpose", "outer", "diff", "rand", "randn")
"""Functions that look at an array as a whole, or at more than the value of their arguments."""


def local_shapes(local: Local) -> dict[str, Shape]:
    """Return the shapes of arguments and index variables."""
    return {name: known.shape if isinstance(known, Argument) else () for name, known in local.items()}


def takes_arrays(function: Function) -> bool:
    """Return whether a function of the author's looks at an argument as a whole array."""
    arguments = set(function.arguments)
    for node in function.body.walk():
        if isinstance(node, Index) and node.id in arguments:
            return True
        whole = isinstance(node, Dot | Reduction) or (isinstance(node, Call) and node.function in ARRAY_FUNCTIONS)
        if whole and arguments & {part.id for part in node.walk() if isinstance(part, Name | Index)}:
            return True
    return False


def derivative_name(name: str, order: int) -> str:
    """Return ``x``, ``dx/dt``, ``d2x/dt2``, ..."""
    return name if order == 0 else f"d{name}/dt" if order == 1 else f"d{order}{name}/dt{order}"


def derivative_symbol(arrays: Arrays, name: str, at: At, order: int) -> Symbol:
    """Return the symbol of a state or its derivative, or of an element: ``x[3]``, ``dx[3]/dt``."""
    symbol = Symbol(derivative_name(label(name, at), order))
    if at:
        arrays.table[symbol] = (derivative_name(name, order), at)
    return symbol


def array_value(translator: Translator, node: Expression, local: Local, at: At) -> Value:
    """Return an element of what only arrays have: an index, a literal array, a product of matrices, a sum over indices."""
    match node:
        case Index():
            return _index(translator, node, local, at)
        case Array():
            return _literal(translator, node, local, at)
        case Dot():
            return _dot(translator, node, local, at)
        case Reduction():
            return _reduction(translator, node, local, at)
    raise AssertionError(node)


def _index(translator: Translator, node: Index, local: Local, at: At) -> Value:
    indices = tuple(translator.translate(k, local).within(ONE) for k in node.indices)
    known = local.get(node.id)
    if isinstance(known, Argument):
        rest = at if len(known.shape) > len(indices) else ()
        return translator.translate(known.node, known.local, (*indices, *rest))
    rest = at if len(translator.arrays.shape(node.id)) > len(indices) else ()
    return translator.element(node.id, (*indices, *rest))


def _literal(translator: Translator, node: Array, local: Local, at: At) -> Value:
    if len(node.items) > LONGEST_LITERAL and not isinstance(at[0], Integer):
        told = f"an array of {len(node.items)} items stands in an equation"
        raise fail(rules.TOO_LARGE_MATH, told, node.span, "give it a name with `param`")
    if isinstance(at[0], Integer):
        inside = 0 <= at[0] < len(node.items)
        return translator.translate(node.items[int(at[0])], local, at[1:]) if inside else Value(sympy.nan, ONE)
    values = [translator.translate(item, local, at[1:]) for item in node.items]
    unit = next((value.unit for value in values if value.expression != 0), ONE)
    return Value(translator.arrays.chosen([value.within(unit) for value in values], at[0]), unit)


def _dot(translator: Translator, node: Dot, local: Local, at: At) -> Value:
    arrays, shapes = translator.arrays, local_shapes(local)
    left, right = arrays.shapes.of(node.left, shapes), arrays.shapes.of(node.right, shapes)
    at = at if len(left) + len(right) > 2 else ()
    before, after = at[: len(left) - 1], at[len(left) - 1 :]
    unit = ONE

    def body(indices: dict[str, Expr]) -> Expr:
        nonlocal unit
        inner = indices["0"]
        first = translator.translate(node.left, local, (*before, inner))
        second = translator.translate(node.right, local, (inner, *after))
        unit = first.unit * second.unit
        return first.expression * second.expression

    return Value(arrays.over("sum", {"0": right[0]}, body), unit)


def _reduction(translator: Translator, node: Reduction, local: Local, at: At) -> Value:
    sizes = translator.arrays.shapes.ranges(node.body, node.variables, local_shapes(local))
    return _reduced(translator, node.function, sizes, lambda at_: translator.translate(node.body, {**local, **at_}, at))


def _reduced(translator: Translator, function: str, sizes: dict[str, int], element: Callable[[dict[str, Value]], Value]) -> Value:
    unit = None

    def body(indices: dict[str, Expr]) -> Expr:
        nonlocal unit
        value = element({name: Value(index, ONE) for name, index in indices.items()})
        unit = value.unit if unit is None or value.expression != 0 else unit
        return value.expression

    result = translator.arrays.over(function, sizes, body)
    assert unit is not None
    return Value(result, unit if function != "prod" else ONE)


def array_call(translator: Translator, node: Call, local: Local, at: At) -> Value:
    """Return an element of a function that looks at arrays as a whole, or that is no function of numbers."""
    shapes = local_shapes(local)
    match node.function:
        case "rand" | "randn":
            return Value(_random(translator, node.function), ONE)
        case "diff":
            return _derivative(translator, node, local, at)
        case "transpose":
            return translator.translate(node.arguments[0], local, at[::-1])
        case "outer":
            first = translator.translate(node.arguments[0], local, at[:1])
            second = translator.translate(node.arguments[1], local, at[1:])
            return Value(first.expression * second.expression, first.unit * second.unit)
        case "spectral_radius" | "largest_singular_value" | "inverse":
            return _of_matrix(translator, node, local, at)
    shape = translator.arrays.shapes.of(node.arguments[0], shapes)
    if node.function in ("min", "max") and (len(node.arguments) > 1 or not shape):
        return translator._call(node, local, at)
    sizes = {str(number): size for number, size in enumerate(shape)}

    def element(indices: dict[str, Value]) -> Value:
        value = translator.translate(node.arguments[0], local, tuple(index.expression for index in indices.values()))
        return Value(value.expression**2, value.unit**2) if node.function == "norm" else value

    if node.function == "norm":
        squared = _reduced(translator, "sum", sizes, element)
        return Value(sympy.sqrt(squared.expression), squared.unit ** Fraction(1, 2))
    return _reduced(translator, node.function, sizes, element)


def _random(translator: Translator, kind: str) -> Expr:
    if translator.drawn is None:
        return translator.arrays.site(kind)
    symbol = Symbol(f"{RANDOM}{'n' if kind == 'randn' else ''}{len(translator.drawn)}")
    translator.drawn.append(symbol)
    return symbol


def _of_matrix(translator: Translator, node: Call, local: Local, at: At) -> Value:
    """Return what linear algebra finds for a constant matrix; both the matrix and the result are definitions of their own."""
    (argument,) = node.arguments
    shape = translator.arrays.shapes.of(argument, local_shapes(local))
    with translator.arrays.kept_rolled(), translator.arrays.only():
        (indices,) = translator.arrays.instances(shape)
        with translator.arrays.only(*(k for k in indices if isinstance(k, Symbol))):
            entry = translator.translate(argument, local, indices)
    translator.constants.add(Symbol(f"_{node.function}"))
    inverted = node.function == "inverse"
    unit = ONE / entry.unit if inverted else entry.unit
    key = node.function, shape, entry.expression
    if key not in translator.matrices:
        matrix = translator.define("matrix", entry, node.span, shape=shape, at=indices)
        whole = OfMatrix(Symbol(f"_{node.function}"), matrix.expression)
        made = translator.define(node.function, Value(whole, unit), node.span, shape=shape if inverted else (), at=indices if inverted else ())
        translator.matrices[key] = made.expression.name
    name = translator.matrices[key]
    symbol = translator.arrays.element(name, at) if inverted else Symbol(name)
    translator.constants.add(symbol)
    return Value(symbol, unit)


def _derivative(translator: Translator, node: Call, local: Local, at: At) -> Value:
    """Return the derivative of a number by a state, a parameter or an element of one, through the definitions it uses."""
    loss, target = node.arguments
    above = translator.translate(loss, local)
    below = translator.translate(target, local, at)
    assert isinstance(below.expression, Symbol)
    slope = gradient(above.expression, below.expression, translator)
    return Value(slope, above.unit / below.unit)
