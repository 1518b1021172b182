"""A system with one parameter let free: its fixed points form curves in the space of the states and that parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from types import ModuleType

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.analysis.equations import exact_number, moving, start_of
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.starts import numbers_of
from neurodsl.codegen.functions import functions_of
from neurodsl.diagnostics import fail
from neurodsl.lang.choice import unknown_name
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.system import Definition, Parameter, State, System

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

LARGEST = 40
"""The most states of a system whose branches are followed: each step takes the eigenvalues of its Jacobian."""
SECONDS_FIRST = 5.0
"""The time for the first derivatives."""
SECONDS = 8.0
"""The time for the second and third ones."""


@dataclass(frozen=True)
class Family:
    """The right-hand side and its derivatives as functions of a point ``z``: the n states, then the parameter.

    Attributes
    ----------
    frozen : Frozen
        The values of all other parameters.
    parameter : Parameter
        The one that is free.
    system : System
        With the parameter as a last state, and what depends on it as definitions that vary.
    held : mapping of str to float
        The states that events alone change, at their initial values; ``frozen`` has them as constants.
    """

    frozen: Frozen
    parameter: Parameter
    system: System = field(repr=False)
    held: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return the number of states."""
        return len(self.frozen.states)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Return the symbols of the states, then that of the parameter."""
        return (*self.frozen.symbols, self.parameter.symbol)

    @cached_property
    def module(self) -> ModuleType:
        """Return the generated functions: the right-hand side and its derivatives by the states and the parameter."""
        try:
            return bounded(SECONDS_FIRST, self._first)
        except Exceeded:
            told = f"the derivatives of `{self.system.name}` were not done within {SECONDS_FIRST:g} s"
            raise fail(rules.TOO_LARGE_MATH, told, help="split long expressions into derived quantities") from None

    def _first(self) -> ModuleType:
        rows, definitions = self.system.states[:-1], list(self.system.definitions)
        columns = []
        for k, column in enumerate(self.symbols):
            slopes: dict[Symbol, Expr] = {column: Integer(1)}
            for number, definition in enumerate(self.system.varying):
                slope = _slope(definition.expression, slopes)
                if slope.is_Atom and slope != 0:
                    slopes[definition.symbol] = slope
                elif slope != 0:
                    symbol = slopes[definition.symbol] = Symbol(f"_j{number}_{k}")
                    definitions.append(replace(definition, name=symbol.name, symbol=symbol, expression=slope, shown=False))
            columns.append([_slope(row.derivative, slopes) for row in rows])
        named = {"flow": [row.derivative for row in rows], "jacobian": [column[i] for i in range(len(rows)) for column in columns]}
        return functions_of(replace(self.system, definitions=tuple(definitions)), named, self.frozen.folder)

    @cached_property
    def higher(self) -> ModuleType | None:
        """Return the generated second and third derivatives along a direction, or None where they cannot be had in time."""
        try:
            return bounded(SECONDS, self._higher)
        except (Exceeded, KeyError, NotImplementedError):
            return None

    def _higher(self) -> ModuleType:
        directions = [Symbol(f"_u{k}") for k in range(len(self.symbols))]
        orders: list[dict[Symbol, Symbol]] = [dict(zip(self.symbols, directions, strict=True)), {}, {}]
        definitions = list(self.system.definitions)
        for number, definition in enumerate(self.system.varying):
            for order, slope in enumerate(_along(definition.expression, orders)):
                if slope != 0:
                    symbol = Symbol(f"_d{number}_{order}")
                    orders[order][definition.symbol] = symbol
                    definitions.append(replace(definition, name=symbol.name, symbol=symbol, expression=slope, shown=False))
        extra = [replace(self.system.states[-1], name=u.name, symbol=u, derivative=Integer(0)) for u in directions]
        system = replace(self.system, states=(*self.system.states, *extra), definitions=tuple(definitions))
        slopes = [_along(row.derivative, orders) for row in self.system.states[:-1]]
        return functions_of(system, {"second": [s[1] for s in slopes], "third": [s[2] for s in slopes]}, self.frozen.folder)

    @cached_property
    def constants(self) -> Floats:
        """Return the numbers of the other parameters, as the generated functions take them."""
        return self.constants_of(self.module)

    def constants_of(self, module: ModuleType) -> Floats:
        """Return the constants of a module of generated functions."""
        values = self.frozen.values
        given = {p.name: float(values[p.symbol]) for p in self.system.parameters if p.symbol in values}
        return np.asarray(module.constants(given), dtype=np.float64)

    def residual(self, z: Floats) -> Floats:
        """Return what is 0 at a fixed point, of shape (n,)."""
        with np.errstate(all="ignore"):
            found = np.array(self.module.flow(self.frozen.time, self.frozen.time, z, self.constants), dtype=np.float64)
        return found - z[:-1] if self.frozen.discrete else found

    def slopes(self, z: Floats) -> Floats:
        """Return the derivatives of the right-hand side by the states and the parameter, of shape (n, n + 1)."""
        with np.errstate(all="ignore"):
            found = self.module.jacobian(self.frozen.time, self.frozen.time, z, self.constants)
        return np.array(found, dtype=np.float64).reshape(self.size, self.size + 1)

    def gradient(self, z: Floats) -> Floats:
        """Return the derivatives of ``residual``, of shape (n, n + 1)."""
        found = self.slopes(z)
        if self.frozen.discrete:
            found[:, :-1] -= np.eye(self.size)
        return found

    def matrix(self, z: Floats) -> Floats:
        """Return the Jacobian of the flow or of the map, of shape (n, n)."""
        return self.slopes(z)[:, :-1]

    def second(self, z: Floats, u: Complexes, v: Complexes) -> Complexes:
        """Return B(u, v), the second derivative along two directions of shape (n,) or (n + 1,), complex ones by its linearity in each."""
        parts = [(1, u.real, v.real), (-1, u.imag, v.imag), (1j, u.real, v.imag), (1j, u.imag, v.real)]
        return np.asarray(
            sum(factor * self._second(z, a, b) for factor, a, b in parts if a.any() and b.any()) + np.zeros(self.size), dtype=np.complex128
        )

    def third(self, z: Floats, u: Complexes, v: Complexes, w: Complexes) -> Complexes:
        """Return C(u, v, w), the third derivative along three directions."""
        total = np.zeros(self.size, dtype=np.complex128)
        for i, a in enumerate((u.real, u.imag)):
            for j, b in enumerate((v.real, v.imag)):
                for k, c in enumerate((w.real, w.imag)):
                    if a.any() and b.any() and c.any():
                        total += 1j ** (i + j + k) * self._third(z, a, b, c)
        return total

    def _second(self, z: Floats, a: Floats, b: Floats) -> Floats:
        """Return B of real directions, by polarisation."""
        return (self._along("second", z, a + b) - self._along("second", z, a - b)) / 4

    def _third(self, z: Floats, a: Floats, b: Floats, c: Floats) -> Floats:
        """Return C of real directions, by polarisation."""
        signs = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
        return np.asarray(sum(self._along("third", z, p * a + q * b + r * c) for p, q, r in signs) / 24, dtype=np.float64)

    def _along(self, name: str, z: Floats, direction: Floats) -> Floats:
        """Return d^k f(z + s u)/ds^k at s = 0 for k = 2 or 3."""
        assert self.higher is not None
        padded = np.zeros(self.size + 1)
        padded[: len(direction)] = direction
        with np.errstate(all="ignore"):
            found = getattr(self.higher, name)(self.frozen.time, self.frozen.time, np.concatenate([z, padded]), self.constants_of(self.higher))
        return np.array(found, dtype=np.float64)


def _along(expression: Expr, orders: Sequence[Mapping[Symbol, Symbol]]) -> list[Expr]:
    """Return the first three derivatives of an expression along a line; ``orders`` holds those of its symbols, missing ones are 0."""
    slopes: dict[Symbol, Expr] = dict(orders[0])
    for lower, upper in pairwise(orders):
        slopes |= {lower[symbol]: slope for symbol, slope in upper.items()}
    found = []
    for _ in orders:
        expression = _slope(expression, slopes)
        found.append(expression)
    return found


def _slope(expression: Expr, slopes: Mapping[Symbol, Expr]) -> Expr:
    """Return the derivative of an expression whose symbols have the given ones."""
    return sympy.Add(*(expression.diff(s) * slopes[s] for s in sorted(expression.free_symbols & slopes.keys(), key=str)))


def family(frozen: Frozen, parameter: str) -> Family:
    """Return a system with one parameter let free.

    Parameters
    ----------
    frozen : Frozen
        The values of all others.
    parameter : str
        A parameter or an input that is a number.

    Raises
    ------
    NeuroError
        When there is no such parameter, it is an array, another one stands in a file, or the system has more than 40 states.
    """
    system = frozen.system
    known = {p.name: p for p in system.parameters if not p.shape}
    if parameter not in known:
        arrays = {p.name for p in system.parameters if p.shape}
        if parameter in arrays:
            raise fail(
                rules.BAD_VALUE, f"`{parameter}` is an array: one number has to change, not many", help="scale it with a parameter and change that"
            )
        raise unknown_name("parameter", parameter, known, system.name)
    if len(system.states) > LARGEST:
        told = f"`{system.name}` has {len(system.states)} states; branches of fixed points are followed for up to {LARGEST}"
        raise fail(rules.TOO_LARGE_MATH, told, help="make its arrays smaller")
    numbers_of(frozen)
    still, held = _still(frozen)
    return Family(still, known[parameter], _with_free(still, known[parameter]), held)


def _still(frozen: Frozen) -> tuple[Frozen, Mapping[str, float]]:
    """Return the system without the states that have no equation, and those with their initial values."""
    kept = set(moving(frozen))
    if len(kept) == len(frozen.states):
        return frozen, {}
    held = {s: float(x) for k, (s, x) in enumerate(zip(frozen.states, start_of(frozen), strict=True)) if k not in kept}
    constants = [Definition(s.name, s.symbol, s.unit, s.doc, s.span, expression=exact_number(x), constant=True, shown=False) for s, x in held.items()]
    states = tuple(s for k, s in enumerate(frozen.states) if k in kept)
    system = replace(frozen.system, states=states, definitions=(*constants, *frozen.system.definitions))
    return replace(frozen, system=system), {s.name: x for s, x in held.items()}


def _with_free(frozen: Frozen, chosen: Parameter) -> System:
    """Return the system with a parameter as its last state; what depends on it varies with it."""
    system = frozen.system
    moving = {chosen.symbol}
    kept, following = [], []
    for p in system.parameters:
        if p is chosen:
            continue
        formula = frozen.followed(p, moving)
        if formula is not None:
            moving.add(p.symbol)
            following.append(Definition(p.name, p.symbol, p.unit, p.doc, p.span, expression=formula, constant=False, shown=False))
        else:
            kept.append(p)
    definitions = []
    for d in system.definitions:
        varies = not d.constant or bool(moving & system.bases(d.expression))
        if varies:
            moving.add(d.symbol)
        definitions.append(replace(d, constant=not varies))
    last = State(chosen.name, chosen.symbol, chosen.unit, chosen.doc, chosen.span, initial=Integer(0), derivative=Integer(0))
    return replace(system, parameters=tuple(kept), definitions=(*following, *definitions), states=(*system.states, last))
