"""A system at the values of its file, as proofs see it: each symbol a number or a range of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Basic, Expr, Integer, Symbol

from neurodsl.analysis.enclosure import Enclosure, Unsupported
from neurodsl.integrators.method import Method
from neurodsl.source import Span
from neurodsl.system import LEVEL_TIME, RANDOM, STEP, TIME, Draw, Event, Items, Parameter, State, System
from neurodsl.units import Unit, describe

Floats = NDArray[np.float64]
MOST_BOXES = 4096
"""So many boxes are looked at before a sign is given up."""


class Range(NamedTuple):
    """All numbers from ``low`` to ``high``."""

    low: float
    high: float

    @property
    def is_point(self) -> bool:
        """Return whether it is a single number."""
        return self.low == self.high

    @property
    def is_finite(self) -> bool:
        """Return whether both ends are numbers."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def middle(self) -> float:
        """Return the middle of a finite range."""
        return self.low + (self.high - self.low) / 2

    def hull(self, other: Range) -> Range:
        """Return the smallest range that holds both."""
        return Range(min(self.low, other.low), max(self.high, other.high))


LINE = Range(-math.inf, math.inf)
NOT_NEGATIVE = Range(0.0, math.inf)
Box = Mapping[Symbol, Range]


@dataclass(frozen=True, eq=False)
class Case:
    """What is proved about: a system, the method and step that would run it, and the places of its equations by the names of their states."""

    system: System
    method: Method
    dt: float
    places: Mapping[str, Span] = field(default_factory=dict)
    enclosures: dict[tuple[Basic, ...], tuple[Enclosure | None, tuple[Symbol, ...]]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def values(self) -> Mapping[Symbol, Expr]:
        """Return the exact value of each parameter that is a number."""
        found: dict[Symbol, Expr] = {}
        for parameter in self.system.parameters:
            if not parameter.shape and isinstance(parameter.default, Expr):
                found[parameter.symbol] = parameter.default.xreplace(found)
        return found

    @cached_property
    def inner(self) -> Mapping[Symbol, Expr]:
        """Return what each definition stands for, in states, parameters and the time."""
        found: dict[Symbol, Expr] = {}
        for definition in self.system.definitions:
            found[definition.symbol] = definition.expression.xreplace(found)
        return found

    @cached_property
    def states(self) -> Mapping[Symbol, State]:
        """Return the states by their symbols."""
        return {s.symbol: s for s in self.system.states}

    @cached_property
    def flows(self) -> Mapping[Symbol, Expr]:
        """Return the derivative of each state, in states, drawn parameters and the time."""
        return {s.symbol: self.whole(s.derivative) for s in self.system.states}

    @cached_property
    def moving(self) -> tuple[Symbol, ...]:
        """Return the states that move between events."""
        return tuple(symbol for symbol, flow in self.flows.items() if flow != 0)

    @cached_property
    def noisy(self) -> frozenset[Symbol]:
        """Return the states with noise in their equations."""
        return frozenset(s.symbol for s in self.system.states if any(factor != 0 for factor in s.diffusion))

    def symbolic(self, expression: Basic) -> Any:
        """Return an expression with its definitions put in."""
        return expression.xreplace({s: self.inner[s] for s in expression.free_symbols if s in self.inner})

    def whole(self, expression: Basic) -> Any:
        """Return an expression with its definitions and the values of parameters put in."""
        return self.symbolic(expression).xreplace(self.values)

    def bound(self, expression: Expr, box: Box) -> Range:
        """Return a range that holds every value of an expression, its symbols anywhere in their ranges; the whole line where none is known."""
        if isinstance(expression, sympy.Rational):
            return Range(float(expression), float(expression))
        enclosure, symbols = self._enclosure((expression,))
        if enclosure is None:
            return LINE
        ranges = [self.range_of(s, box) for s in symbols]
        found, _ = enclosure(np.array([[r.low for r in ranges]]), np.array([[r.high for r in ranges]]))
        low, high = float(found.low[0, 0]), float(found.high[0, 0])
        return LINE if math.isnan(low) or math.isnan(high) else Range(low, high)

    def number(self, expression: Basic) -> float | None:
        """Return the value of an expression of parameters alone; None where it has none, or is not finite."""
        whole = self.whole(expression)
        found = LINE if whole.free_symbols or not isinstance(whole, Expr) else self.bound(whole, {})
        return found.middle if found.is_finite else None

    def at(self, expressions: Sequence[Expr], box: Box, points: Mapping[Symbol, Floats]) -> Floats | None:
        """Return values at points, of shape (points, expressions), other symbols in the middle of their ranges; None where that is not known."""
        enclosure, symbols = self._enclosure(tuple(expressions))
        if enclosure is None:
            return None
        size = max((len(p) for p in points.values()), default=1)
        columns = []
        for symbol in symbols:
            chosen = points.get(symbol)
            middle = self.range_of(symbol, box)
            if chosen is None and not middle.is_finite:
                return None
            columns.append(np.full(size, middle.middle) if chosen is None else chosen)
        corner = np.stack(columns, axis=1) if columns else np.zeros((size, 0))
        found, _ = enclosure(corner, corner)
        return np.asarray(found.low + (found.high - found.low) / 2)

    def is_negative(self, expression: Expr, box: Box) -> bool:
        """Return whether an expression is proved to be below 0 in a whole box, by cutting it up until it is below 0 in each piece."""
        enclosure, symbols = self._enclosure((expression,))
        if enclosure is None:
            return False
        ranges = [self.range_of(s, box) for s in symbols]
        low, high = np.array([[r.low for r in ranges]]), np.array([[r.high for r in ranges]])
        for turn in range(40):
            found, _ = enclosure(low, high)
            left = ~(found.high[:, 0] < 0)
            if not left.any():
                return True
            if not symbols or 2 * left.sum() > MOST_BOXES or (found.low[left, 0] >= 0).any():
                return False
            low, high = _halved(low[left], high[left], turn)
        return False

    def range_of(self, symbol: Symbol, box: Box) -> Range:
        """Return where a symbol can be."""
        if symbol in box:
            return box[symbol]
        if symbol in (TIME, LEVEL_TIME, STEP):
            return NOT_NEGATIVE
        if symbol.name.startswith(RANDOM):
            return LINE if symbol.name.startswith(f"{RANDOM}n") else Range(0.0, 1.0)
        return self._constants.get(symbol, LINE)

    @cached_property
    def _constants(self) -> Mapping[Symbol, Range]:
        """Return where drawn parameters and the elements of arrays of parameters are."""
        parameters = {p.name: p for p in self.system.parameters}
        found = {p.symbol: self.support(p.default) for p in parameters.values() if not p.shape and isinstance(p.default, Draw)}
        for symbol, (name, indices) in self.system.elements.items():
            if name in parameters:
                found[symbol] = self._element(parameters[name], indices)
        return found

    def _element(self, parameter: Parameter, indices: Sequence[Expr]) -> Range:
        """Return where an element of an array of parameters is."""
        return self._entry(parameter.default, parameter.shape, parameter.indices, indices)

    def _entry(self, made: Any, shape: Sequence[int], letters: Sequence[Symbol], indices: Sequence[Expr]) -> Range:
        """Return where an element of what an array is given as can be."""
        if isinstance(made, Draw):
            return self.support(made)
        if isinstance(made, Items) and all(isinstance(k, Integer) for k in indices):
            return self.bound(self.whole(made.values[int(np.ravel_multi_index([int(k) for k in indices], tuple(shape)))]), {})
        if isinstance(made, Expr) and len(letters) == len(indices):
            return self.bound(self.whole(made.xreplace(dict(zip(letters, indices, strict=True)))), {})
        return LINE

    def support(self, draw: Draw) -> Range:
        """Return where the draws of a distribution are."""
        arguments = [self.bound(self.whole(a), {}) for a in draw.arguments]
        if draw.name == "sparse":
            inner = self.support(Draw(draw.inner or "normal", draw.arguments[1:]))
            return inner.hull(Range(0.0, 0.0))
        if draw.name == "uniform":
            return arguments[0].hull(arguments[1])
        if draw.name == "choice":
            return Range(min(a.low for a in arguments), max(a.high for a in arguments))
        if draw.name in ("beta", "bernoulli"):
            return Range(0.0, 1.0)
        return LINE if draw.name == "normal" else NOT_NEGATIVE

    @cached_property
    def starts(self) -> Mapping[Symbol, Range]:
        """Return where each state can begin."""
        found: dict[Symbol, Range] = {}
        arrays = {s.name: s for s in self.system.starts}
        for symbol, state in self.states.items():
            name, indices = self.system.elements.get(symbol, (state.name, ()))
            if indices and name in arrays:
                found[symbol] = self._entry(arrays[name].initial, arrays[name].shape, arrays[name].indices, indices)
        pending = [s for s in self.states if s not in found]
        for symbol in [*pending, *pending]:
            initial = self.states[symbol].initial
            if isinstance(initial, Draw):
                found[symbol] = self.support(initial)
            elif isinstance(initial, Expr):
                found[symbol] = self.bound(self.whole(initial), {**found, TIME: Range(0.0, 0.0), LEVEL_TIME: Range(0.0, 0.0)})
        return {symbol: found.get(symbol, LINE) for symbol in self.states}

    @cached_property
    def updates(self) -> Mapping[int, Mapping[Symbol, Expr]]:
        """Return, for each event by its number, the states that it sets and their values after it, in terms of those before it."""
        return {number: {s: v for s, v in self._after(event).items() if v != s} for number, event in enumerate(self.system.events)}

    def _after(self, event: Event) -> dict[Symbol, Expr]:
        """Return what an event makes of each state that its actions set, one after the other, parameters still symbols."""
        now: dict[Symbol, Expr] = {}
        for action in event.actions:
            if action.kind == "set" and action.value is not None:
                pairs = ((action.target, action.value), *action.also)
                now |= {self.system.states[target].symbol: self.symbolic(value).xreplace(now) for target, value in pairs}
            elif action.kind == "draw":
                now[self.system.states[action.target].symbol] = Symbol(f"{RANDOM}n of {action.target}")
        return now

    def setters(self, symbol: Symbol) -> Iterator[tuple[Event, Expr]]:
        """Yield the events that set a state, each with the new value, parameters still symbols."""
        for number, event in enumerate(self.system.events):
            if symbol in self.updates[number]:
                yield event, self.updates[number][symbol]

    def quantity(self, value: float, unit: Unit) -> str:
        """Return a number with its unit, as text."""
        name = describe(unit)
        return f"{value + 0.0:.6g}" if name == "1" else f"{value + 0.0:.6g} {name}"

    def place(self, symbol: Symbol) -> Span | None:
        """Return where the equation of a state stands, else where it is declared."""
        state = self.states[symbol]
        return self.places.get(state.name.partition("[")[0]) or state.span

    def _enclosure(self, expressions: tuple[Expr, ...]) -> tuple[Enclosure | None, tuple[Symbol, ...]]:
        """Return what encloses expressions, and the symbols in the order it takes them; None where a part of them is not known to it."""
        if expressions not in self.enclosures:
            simpler = [_with_quotients(e) for e in expressions]
            symbols = tuple(sorted(set().union(*(e.free_symbols for e in simpler)), key=str))
            try:
                self.enclosures[expressions] = (Enclosure(simpler, symbols), symbols)
            except Unsupported:
                self.enclosures[expressions] = (None, symbols)
        return self.enclosures[expressions]


def _with_quotients(expression: Expr) -> Expr:
    """Return an expression with each a/(a + b) as 1/(1 + b/a), where a range of a and b says more."""
    sums = [p for p in expression.atoms(sympy.Pow) if p.exp == -1 and isinstance(p.base, sympy.Add)]
    if not sums:
        return expression
    changed = {}
    for product in expression.atoms(sympy.Mul):
        for quotient in (f for f in product.args if f in sums):
            part = next((f for f in product.args if f in quotient.base.args and f.free_symbols), None)
            if part is not None:
                rest = quotient.base - part
                changed[product] = (product / part / quotient) / (1 + rest / part)
    return expression.xreplace(changed)


def _halved(low: Floats, high: Floats, turn: int) -> tuple[Floats, Floats]:
    """Return boxes cut in two along one side, in turn; an infinite side where its numbers change their order of magnitude."""
    side = turn % low.shape[1]
    a, b = low[:, side], high[:, side]
    with np.errstate(all="ignore"):
        middle = a + (b - a) / 2
        upwards = np.where(a >= 0, np.maximum(1.0, 2 * a), 0.0)
        downwards = np.where(b <= 0, np.minimum(-1.0, 2 * b), 0.0)
    middle = np.where(np.isposinf(b), np.where(np.isneginf(a), 0.0, upwards), np.where(np.isneginf(a), downwards, middle))
    left, right = high.copy(), low.copy()
    left[:, side] = right[:, side] = middle
    return np.concatenate([low, right]), np.concatenate([left, high])
