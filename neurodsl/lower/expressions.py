"""Expressions of the tree as sympy, in the units that the file declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

import sympy
from sympy import Dummy, Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.lang.dimensions import result_unit
from neurodsl.lang.functions import BUILTINS
from neurodsl.lang.nodes import Call, Comparison, Conditional, Derivative, Expression, Logic, Name, Number, Power, Product, Sum
from neurodsl.lang.shapes import Shape
from neurodsl.lang.stimuli import STIMULI
from neurodsl.lower.elements import REDUCTIONS, Arrays, At, Pick, Reduce, Sampled, index_symbols, outermost
from neurodsl.lower.functions import Select, apply_builtin, nesting, rational
from neurodsl.lower.indexing import ARRAY_FUNCTIONS, array_call, array_value, derivative_name, derivative_symbol, local_shapes, takes_arrays
from neurodsl.lower.singularities import mend
from neurodsl.lower.stimuli import stimulus
from neurodsl.lower.values import Argument, Local, Value
from neurodsl.model import Definition as ModelDefinition
from neurodsl.model import Distribution, Function, Model
from neurodsl.source import Span
from neurodsl.system import LEVEL_TIME, STEP, TIME, Definition
from neurodsl.units import ONE, Unit

DEEPEST = 3
"""Functions nested deeper than this become definitions, so that sympy never sees a tower of them."""

LARGEST_EXPANSION = 300
"""Operations in an expression up to which definitions are put in to look for singularities."""

RELATIONS = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq, "!=": sympy.Ne}


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
    arrays : Arrays
        The arrays of the model, and whether their equations are kept for index symbols.
    drawn : list of Symbol or None
        The random numbers of the action that is translated; None outside of actions.
    letters : dict
        The index variables that the author writes for the elements of a state.
    adjoints : dict
        The names of the derivatives of a number by definitions, None for 0.
    matrices : dict
        The names of what linear algebra found for constant matrices.
    by_parameter : bool
        Whether something is differentiated by a parameter, so that constants are written out like the equations that use them.
    """

    model: Model
    symbols: dict[str, Value]
    constants: set[Symbol]
    states: set[Symbol]
    arrays: Arrays
    definitions: list[Definition] = field(default_factory=list)
    edges: list[Expr] = field(default_factory=list)
    mended: list[tuple[str, Span | None]] = field(default_factory=list)
    calls: dict[tuple[str, tuple[Value, ...], bool, At], Value] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    drawn: list[Symbol] | None = None
    letters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    adjoints: dict[tuple[Expr, str], str | None] = field(default_factory=dict)
    matrices: dict[tuple[str, Shape, Expr], str] = field(default_factory=dict)
    by_parameter: bool = False

    def translate(self, node: Expression, local: Local | None = None, at: At = ()) -> Value:
        """Return an expression of the tree as a value.

        Parameters
        ----------
        local : mapping
            The arguments of the function it stands in, and the index variables.
        at : tuple
            Which element is wanted of an expression that is an array; a number is the same for all.
        """
        value = self._dispatch(node, local or {}, at)
        expression = value.expression
        if expression.is_number and expression.is_extended_real is False:
            return Value(sympy.nan, value.unit)
        if expression.has(sympy.zoo, sympy.oo, -sympy.oo):
            return Value(sympy.nan, value.unit)
        return value

    def condition(self, node: Expression, local: Local | None = None, at: At = ()) -> sympy.Basic:
        """Return a condition of the tree as a boolean of sympy."""
        local = local or {}
        if isinstance(node, Logic):
            operands = [self.condition(operand, local, at) for operand in node.operands]
            join = {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[node.operator]
            return join(*operands, evaluate=False)
        assert isinstance(node, Comparison)
        left, right = self.compared(node, local, at)
        level = self.level(left, right)
        if level is not None:
            left, right = level
        return RELATIONS[node.operator](left, right, evaluate=False)

    def compared(self, node: Comparison, local: Local, at: At = ()) -> tuple[Expr, Expr]:
        """Return both sides of a comparison in the unit of the left one."""
        left, right = self.translate(node.left, local, at), self.translate(node.right, local, at)
        unit = right.unit if left.expression == 0 else left.unit
        return left.within(unit), right.within(unit)

    def level(self, left: Expr, right: Expr) -> tuple[Expr, Expr] | None:
        """Return a comparison of the time with a constant as one of the level time, and note its edge; None for any other."""
        difference = self.expand(left - right)
        if TIME not in difference.free_symbols or not self.is_constant(difference.xreplace({TIME: Integer(0)})):
            return None
        if any(TIME in part.free_symbols for part in outermost(difference, (Reduce, Pick, Sampled))):
            return None
        slope = difference.diff(TIME)
        if not (slope.is_number and slope != 0):
            return None
        edge = sympy.expand(TIME - difference / slope)
        if TIME in edge.free_symbols:
            return None
        if edge.has(Reduce):
            edge = self._constant_edge(edge)
        self.edges.append(edge)
        return (LEVEL_TIME, edge) if slope > 0 else (edge, LEVEL_TIME)

    def _constant_edge(self, edge: Expr) -> Expr:
        """Make a definition of a known time that holds sums over arrays, and return what stands for it."""
        indices = tuple(sorted(index_symbols(edge, self.arrays.table, self.arrays.sizes), key=str))
        value = Value(edge, self.model.time_unit)
        shape = tuple(self.arrays.sizes[k] for k in indices)
        symbol = self.arrays.element(self.define("edge", value, None, shape=shape, at=indices).expression.name, indices)
        self.constants.add(symbol)
        return symbol

    def expand(self, expression: Expr) -> Expr:
        """Return an expression with the definitions that use the time or a state put in."""
        table = {d.symbol: d.expression for d in self.definitions if not d.constant and not d.expression.has(Reduce)}
        whole = expression
        while used := {symbol: table[symbol] for symbol in whole.free_symbols if symbol in table}:
            whole = whole.xreplace(used)
            if whole.count_ops() > LARGEST_EXPANSION:
                return expression
        return whole

    def define(
        self, name: str, value: Value, span: Span | None, doc: str | None = None, shown: bool = False, shape: Shape = (), at: At = ()
    ) -> Value:
        """Make a definition and return the value that its symbol has; an array has its shape and the index symbols of its elements."""
        symbol = Symbol(self._free(name) if not shown else name)
        self.taken.add(symbol.name)
        constant = self.is_constant(value.expression)
        if constant:
            self.constants.add(symbol)
        made = Definition(symbol.name, symbol, value.unit, doc, span, value.expression, constant, shown, shape=shape, indices=at)
        self.definitions.append(made)
        return Value(symbol, value.unit)

    def is_constant(self, expression: sympy.Basic) -> bool:
        """Return whether an expression depends on parameters alone."""
        return bool(expression.free_symbols - self.arrays.sizes.keys() - REDUCTIONS <= self.constants)

    def _free(self, name: str) -> str:
        if name not in self.taken:
            return name
        number = 2
        while f"{name}_{number}" in self.taken:
            number += 1
        return f"{name}_{number}"

    def _dispatch(self, node: Expression, local: Local, at: At) -> Value:
        match node:
            case Number():
                return Value(rational(node.value), node.unit or ONE)
            case Name():
                return self._name(node, local, at)
            case Derivative():
                indices = tuple(self.translate(k, local).expression for k in node.indices)
                return self.element(node.name, (*indices, *at) if self.arrays.shape(node.name) else (), node.order)
            case Sum():
                return self._sum(node, local, at)
            case Product():
                return self._product(node, local, at)
            case Power():
                return self._power(node, local, at)
            case Conditional():
                return self._conditional(node, local, at)
            case Call() if node.function in ARRAY_FUNCTIONS:
                return array_call(self, node, local, at)
            case Call():
                return self._call(node, local, at)
        return array_value(self, node, local, at)

    def _name(self, node: Name, local: Local, at: At) -> Value:
        known = local.get(node.id)
        if isinstance(known, Argument):
            return self.translate(known.node, known.local, at)
        if known is not None:
            return known
        if node.id in self.model.tables:
            return self._sampled(node.id, at)
        if self.arrays.shape(node.id):
            return self.element(node.id, at)
        if node.id not in self.symbols:
            self.add_named(node.id)
        return self.symbols[node.id]

    def _sampled(self, name: str, at: At) -> Value:
        """Return what samples say of the time: between two of them a straight line, or the value of the first."""
        shape, held, place = self.arrays.shape(name), self.model.tables[name], Integer(0)
        for k, size in zip(at, shape, strict=True):
            place = place * size + k
        self.constants.add(Symbol(name))
        time = LEVEL_TIME if held else TIME
        return Value(Sampled(time, Symbol(name), place, Integer(prod(shape)), Integer(held)), self.model.parameters[name].unit)

    def element(self, name: str, at: At, order: int = 0) -> Value:
        """Return an element of an array, or of a derivative of one; not a number where there is no such element."""
        if name not in self.symbols:
            self.add_named(name)
        unit = self.symbols[name].unit / self.model.time_unit**order
        shape = self.arrays.shape(name)
        if all(self.arrays.is_place(k) for k in at):
            if any(isinstance(k, Integer) and not 0 <= k < size for k, size in zip(at, shape, strict=True)):
                return Value(sympy.nan, unit)
            symbol = derivative_symbol(self.arrays, name, at, order)
            kinds = self.states, self.constants
            for kind in kinds:
                if Symbol(name) in kind:
                    kind.add(symbol)
            return Value(symbol, unit)
        if self.arrays.rolled or Symbol(name) in self.constants:
            return Value(Pick(Symbol(derivative_name(name, order)), *at), unit)
        number = next(n for n, k in enumerate(at) if not isinstance(k, Integer))
        items = [self.element(name, (*at[:number], Integer(k), *at[number + 1 :]), order).expression for k in range(shape[number])]
        return Value(self.arrays.chosen(items, at[number]), unit)

    def add_named(self, name: str) -> None:
        """Define a derived quantity or an input of the author's, unless it is there already."""
        if name in self.symbols:
            return
        made = self.model.definitions.get(name) or self.model.inputs[name]
        fixed = isinstance(made, ModelDefinition) and made.constant
        indices = made.indices if isinstance(made, ModelDefinition) else ()
        shape = self.arrays.shape(name)
        with self.arrays.kept_rolled(self.arrays.rolled or (fixed and self.arrays.present and not self.by_parameter)):
            for at in self.arrays.instances(shape, indices):
                local = {variable: Value(k, ONE) for variable, k in zip(indices, at, strict=False)}
                assert not isinstance(made.value, Distribution)
                with self.arrays.only(*(k for k in at if isinstance(k, Symbol))):
                    value = Value(self.translate(made.value, local, () if indices else at).within(made.unit), made.unit)
                if value.expression is sympy.nan:
                    raise not_a_number(made.value)
                if at and not self.arrays.rolled:
                    self.define(self.arrays.element(name, at).name, value, made.span, made.doc, shown=True)
                else:
                    self.define(name, value, made.span, made.doc, True, shape, at)
        self.symbols[name] = Value(Symbol(name), made.unit)

    def _sum(self, node: Sum, local: Local, at: At) -> Value:
        values = [(sign, self.translate(term, local, at)) for sign, term in node.terms]
        unit = next((value.unit for _, value in values if value.expression != 0), values[0][1].unit)
        return Value(sympy.Add(*(sign * value.within(unit) for sign, value in values)), unit)

    def _product(self, node: Product, local: Local, at: At) -> Value:
        numerator: list[Expr] = []
        denominator: list[Expr] = []
        unit = ONE
        for operator, factor in node.factors:
            value = self.translate(factor, local, at)
            unit = unit * value.unit if operator == "*" else unit / value.unit
            (numerator if operator == "*" else denominator).append(value.expression)
        below = sympy.Mul(*denominator)
        if below == 0:
            return Value(sympy.nan, unit)
        return Value(self._quotient(sympy.Mul(*numerator), below, node.span), unit)

    def _quotient(self, above: Expr, below: Expr, span: Span) -> Expr:
        """Return a quotient, mended where it is 0/0; a sum, a computed element and a sample are each one quantity there."""
        wholes = self.expand(above), self.expand(below)
        parts = {part: Dummy() for whole in wholes for part in outermost(whole, (Reduce, Pick, Sampled)) if not self.is_constant(part)}
        moving = self.states | {TIME, *parts.values()}
        numerator, denominator = (whole.xreplace(parts) for whole in wholes)
        found = mend(numerator, denominator, moving) if denominator.free_symbols & moving else None
        if found is None:
            return above / below
        where = "where its denominator is 0" if parts or "_ts" in found[1] or "Select(" in found[1] else f"at {found[1]}"
        self.mended.append((f"`{span.text}` is 0/0 {where}", span))
        return found[0].xreplace({dummy: part for part, dummy in parts.items()})

    def _power(self, node: Power, local: Local, at: At) -> Value:
        base, exponent = self.translate(node.base, local, at), self.translate(node.exponent, local, at)
        power = exponent.within(ONE)
        if base.unit.is_dimensionless:
            whole = base.within(ONE)
            if whole == 0 and power.is_number and power.is_negative:
                return Value(sympy.nan, ONE)
            return Value(whole**power, ONE)
        return Value(base.expression**power, base.unit ** Fraction(int(power.p), int(power.q)))

    def _conditional(self, node: Conditional, local: Local, at: At) -> Value:
        taken, other = self.translate(node.value, local, at), self.translate(node.otherwise, local, at)
        unit = other.unit if taken.expression == 0 else taken.unit
        return Value(Select(self.condition(node.condition, local, at), taken.within(unit), other.within(unit)), unit)

    def _call(self, node: Call, local: Local, at: At) -> Value:
        function = self.model.functions.get(node.function)
        if function is not None and takes_arrays(function):
            shapes = local_shapes(local)
            given = {n: Argument(a, local, self.arrays.shapes.of(a, shapes)) for n, a in zip(function.arguments, node.arguments, strict=True)}
            return self.translate(function.body, given, at)
        arguments = tuple(self.translate(argument, local, at) for argument in node.arguments)
        if function is not None:
            return self._author_call(function, arguments, node.span)
        if node.function in STIMULI:
            arguments = tuple(Value(self._shallow(a.expression, node.span), a.unit) for a in arguments)
            return Value(stimulus(node.function, arguments, self), ONE)
        builtin = BUILTINS[node.function]
        unit = result_unit(builtin, tuple(a.unit for a in arguments))
        shared = ONE if builtin.units == "plain" else next((a.unit for a in arguments if a.expression != 0), ONE)
        numbers = [a.within(shared) for a in arguments]
        if node.function == "heaviside" and (level := self.level(numbers[0], Integer(0))) is not None:
            return Value(Select(sympy.Ge(*level, evaluate=False), Integer(1), Integer(0)), ONE)
        numbers = [self._shallow(number, node.span) for number in numbers]
        result = apply_builtin(node.function, numbers)
        return Value(result, unit)

    def _shallow(self, expression: Expr, span: Span) -> Expr:
        if self.arrays.rolled or nesting(expression) < DEEPEST:
            return expression
        return self.define("part", Value(expression, ONE), span).expression

    def _author_call(self, function: Function, arguments: tuple[Value, ...], span: Span) -> Value:
        key = (function.name, arguments, self.arrays.rolled, tuple(self.arrays.scope))
        if key not in self.calls:
            local = dict(zip(function.arguments, arguments, strict=True))
            value = self.translate(function.body, local)
            whole = value if value.expression.is_Atom or self.arrays.rolled else self.define(function.name, value, function.span)
            self.calls[key] = whole
        return self.calls[key]


def time_symbols(time_unit: Unit) -> dict[str, Value]:
    """Return the names that every model knows."""
    return {"t": Value(TIME, time_unit), "dt": Value(STEP, time_unit), "pi": Value(sympy.pi, ONE)}
