"""Expressions of the tree as sympy, in the units that the file declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lang.dimensions import result_unit
from neurodsl.lang.functions import BUILTINS
from neurodsl.lang.nodes import Call, Comparison, Conditional, Derivative, Expression, Logic, Name, Number, Power, Product, Sum
from neurodsl.lower.functions import Select, apply_builtin, nesting, rational
from neurodsl.lower.singularities import mend
from neurodsl.model import Function, Model
from neurodsl.source import Span
from neurodsl.system import LEVEL_TIME, STEP, TIME, Definition
from neurodsl.units import ONE, Unit

DEEPEST = 3
"""Functions nested deeper than this become definitions, so that sympy never sees a tower of them."""

LARGEST_EXPANSION = 300
"""Operations in an expression up to which definitions are put in to look for singularities."""

RELATIONS = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq, "!=": sympy.Ne}


@dataclass(frozen=True)
class Value:
    """A sympy expression that is a number of ``unit``."""

    expression: Expr
    unit: Unit

    def within(self, unit: Unit) -> Expr:
        """Return the number of another unit of the same dimension; a 0 has any."""
        if self.expression == 0 or self.unit == unit:
            return self.expression
        factor = self.unit.factor_to(unit)
        return self.expression * (rational(factor) if isinstance(factor, Fraction) else sympy.Float(factor))


def not_a_number(node: Expression) -> NeuroError:
    """Return the error of an expression that has no real value whatever the state: 1/0, the root of -1."""
    return fail(
        rules.UNSOLVABLE,
        f"`{node.span.text}` is not a real number",
        node.span,
        "look for a division by 0, the root or the logarithm of a negative number",
    )


@dataclass
class Translator:
    """Turns expressions of one model into sympy, collecting what they bring with them.

    Attributes
    ----------
    constants, states : set of Symbol
        What does not change in a run (it grows with the constant definitions), and what the equations and events change.
    symbols : dict
        What each name stands for; definitions enter as they are met.
    definitions : list of Definition
        In an order in which each uses only what stands before it.
    edges : list of Expr
        Known times at which something changes its form.
    mended : list
        The removable singularities found so far.
    """

    model: Model
    symbols: dict[str, Value]
    constants: set[Symbol]
    states: set[Symbol]
    definitions: list[Definition] = field(default_factory=list)
    edges: list[Expr] = field(default_factory=list)
    mended: list[tuple[str, Span | None]] = field(default_factory=list)
    calls: dict[tuple[str, tuple[Value, ...]], Value] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def translate(self, node: Expression, local: Mapping[str, Value] | None = None) -> Value:
        """Return an expression of the tree as a value; ``local`` holds the arguments of the function it stands in."""
        value = self._dispatch(node, local or {})
        expression = value.expression
        if expression.is_number and expression.is_extended_real is False:
            return Value(sympy.nan, value.unit)
        if expression.has(sympy.zoo, sympy.oo, -sympy.oo):
            return Value(sympy.nan, value.unit)
        return value

    def condition(self, node: Expression, local: Mapping[str, Value] | None = None) -> sympy.Basic:
        """Return a condition of the tree as a boolean of sympy."""
        local = local or {}
        if isinstance(node, Logic):
            operands = [self.condition(operand, local) for operand in node.operands]
            join = {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[node.operator]
            return join(*operands, evaluate=False)
        assert isinstance(node, Comparison)
        left, right = self.compared(node, local)
        level = self.level(left, right)
        if level is not None:
            left, right = level
        return RELATIONS[node.operator](left, right, evaluate=False)

    def compared(self, node: Comparison, local: Mapping[str, Value]) -> tuple[Expr, Expr]:
        """Return both sides of a comparison in the unit of the left one."""
        left, right = self.translate(node.left, local), self.translate(node.right, local)
        unit = right.unit if left.expression == 0 else left.unit
        return left.within(unit), right.within(unit)

    def level(self, left: Expr, right: Expr) -> tuple[Expr, Expr] | None:
        """Return a comparison of the time with a constant as one of the level time, and note its edge; None for any other."""
        difference = self.expand(left - right)
        if TIME not in difference.free_symbols or not difference.free_symbols - {TIME} <= self.constants:
            return None
        slope = difference.diff(TIME)
        if not (slope.is_number and slope != 0):
            return None
        edge = sympy.expand(TIME - difference / slope)
        if TIME in edge.free_symbols:
            return None
        self.edges.append(edge)
        return (LEVEL_TIME, edge) if slope > 0 else (edge, LEVEL_TIME)

    def expand(self, expression: Expr) -> Expr:
        """Return an expression with the definitions that use the time or a state put in."""
        table = {d.symbol: d.expression for d in self.definitions if not d.constant}
        whole = expression
        while used := {symbol: table[symbol] for symbol in whole.free_symbols if symbol in table}:
            whole = whole.xreplace(used)
            if whole.count_ops() > LARGEST_EXPANSION:
                return expression
        return whole

    def define(self, name: str, value: Value, span: Span | None, doc: str | None = None, shown: bool = False) -> Value:
        """Make a definition and return the value that its symbol has."""
        symbol = Symbol(self._free(name) if not shown else name)
        self.taken.add(symbol.name)
        constant = value.expression.free_symbols <= self.constants
        if constant:
            self.constants.add(symbol)
        self.definitions.append(Definition(symbol.name, symbol, value.unit, doc, span, value.expression, constant, shown))
        return Value(symbol, value.unit)

    def _free(self, name: str) -> str:
        if name not in self.taken:
            return name
        number = 2
        while f"{name}_{number}" in self.taken:
            number += 1
        return f"{name}_{number}"

    def _dispatch(self, node: Expression, local: Mapping[str, Value]) -> Value:
        match node:
            case Number():
                return Value(rational(node.value), node.unit or ONE)
            case Name():
                return self._name(node, local)
            case Derivative():
                return self.symbols[f"d{node.name}/dt" if node.order == 1 else f"d{node.order}{node.name}/dt{node.order}"]
            case Sum():
                return self._sum(node, local)
            case Product():
                return self._product(node, local)
            case Power():
                return self._power(node, local)
            case Conditional():
                return self._conditional(node, local)
            case Call():
                return self._call(node, local)
        raise AssertionError(node)

    def _name(self, node: Name, local: Mapping[str, Value]) -> Value:
        if node.id in local:
            return local[node.id]
        if node.id not in self.symbols:
            self.add_named(node.id)
        return self.symbols[node.id]

    def add_named(self, name: str) -> None:
        """Define a derived quantity or an input of the author's, unless it is there already."""
        if name in self.symbols:
            return
        made = self.model.definitions.get(name) or self.model.inputs[name]
        value = Value(self.translate(made.value).within(made.unit), made.unit)
        if value.expression is sympy.nan:
            raise not_a_number(made.value)
        self.symbols[name] = self.define(name, value, made.span, made.doc, shown=True)

    def _sum(self, node: Sum, local: Mapping[str, Value]) -> Value:
        values = [(sign, self.translate(term, local)) for sign, term in node.terms]
        unit = next((value.unit for _, value in values if value.expression != 0), values[0][1].unit)
        return Value(sympy.Add(*(sign * value.within(unit) for sign, value in values)), unit)

    def _product(self, node: Product, local: Mapping[str, Value]) -> Value:
        numerator: list[Expr] = []
        denominator: list[Expr] = []
        unit = ONE
        for operator, factor in node.factors:
            value = self.translate(factor, local)
            unit = unit * value.unit if operator == "*" else unit / value.unit
            (numerator if operator == "*" else denominator).append(value.expression)
        below = sympy.Mul(*denominator)
        if below == 0:
            return Value(sympy.nan, unit)
        return Value(self._quotient(sympy.Mul(*numerator), below, node.span), unit)

    def _quotient(self, above: Expr, below: Expr, span: Span) -> Expr:
        moving = self.states | {TIME}
        whole = self.expand(below)
        found = mend(self.expand(above), whole, moving) if whole.free_symbols & moving else None
        if found is None:
            return above / below
        self.mended.append((f"`{span.text}` is 0/0 at {found[1]}", span))
        return found[0]

    def _power(self, node: Power, local: Mapping[str, Value]) -> Value:
        base, exponent = self.translate(node.base, local), self.translate(node.exponent, local)
        power = exponent.within(ONE)
        if base.unit.is_dimensionless:
            whole = base.within(ONE)
            if whole == 0 and power.is_number and power.is_negative:
                return Value(sympy.nan, ONE)
            return Value(whole**power, ONE)
        return Value(base.expression**power, base.unit ** Fraction(int(power.p), int(power.q)))

    def _conditional(self, node: Conditional, local: Mapping[str, Value]) -> Value:
        taken, other = self.translate(node.value, local), self.translate(node.otherwise, local)
        unit = other.unit if taken.expression == 0 else taken.unit
        return Value(Select(self.condition(node.condition, local), taken.within(unit), other.within(unit)), unit)

    def _call(self, node: Call, local: Mapping[str, Value]) -> Value:
        arguments = tuple(self.translate(argument, local) for argument in node.arguments)
        if node.function in self.model.functions:
            return self._author_call(self.model.functions[node.function], arguments, node.span)
        builtin = BUILTINS[node.function]
        unit = result_unit(builtin, tuple(a.unit for a in arguments))
        shared = ONE if builtin.units == "plain" else next((a.unit for a in arguments if a.expression != 0), ONE)
        numbers = [a.within(shared) for a in arguments]
        if node.function == "pulse":
            return Value(self._pulse(*numbers), ONE)
        if node.function == "heaviside" and (level := self.level(numbers[0], Integer(0))) is not None:
            return Value(Select(sympy.Ge(*level, evaluate=False), Integer(1), Integer(0)), ONE)
        numbers = [self._shallow(number, node.span) for number in numbers]
        result = apply_builtin(node.function, numbers)
        return Value(result, unit)

    def _pulse(self, time: Expr, start: Expr, stop: Expr) -> Expr:
        lower, upper = self.level(time, start) or (time, start), self.level(time, stop) or (time, stop)
        inside = sympy.And(sympy.Ge(*lower, evaluate=False), sympy.Lt(*upper, evaluate=False), evaluate=False)
        return Select(inside, Integer(1), Integer(0))

    def _shallow(self, expression: Expr, span: Span) -> Expr:
        if nesting(expression) < DEEPEST:
            return expression
        return self.define("part", Value(expression, ONE), span).expression

    def _author_call(self, function: Function, arguments: tuple[Value, ...], span: Span) -> Value:
        key = (function.name, arguments)
        if key not in self.calls:
            local = dict(zip(function.arguments, arguments, strict=True))
            value = self.translate(function.body, local)
            whole = value if value.expression.is_Atom else self.define(function.name, value, function.span)
            self.calls[key] = whole
        return self.calls[key]


def time_symbols(time_unit: Unit) -> dict[str, Value]:
    """Return the names that every model knows."""
    return {"t": Value(TIME, time_unit), "dt": Value(STEP, time_unit), "pi": Value(sympy.pi, ONE)}
