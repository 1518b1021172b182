"""Neurons and synapses of a network that is written out as one system: what all of them share, and what each has for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Rational, Symbol

from neurodsl.network import I, J, Value
from neurodsl.system import System

SHARED, OWN, EACH = range(3)
"""What has a value for all populations of a model, for one population, for each neuron of it; with synapses for each projection and synapse."""
Numbers = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Wires:
    """The synapses of a projection.

    Attributes
    ----------
    sources, targets : sequence of int
        The neurons that each joins, counted in their whole populations.
    values : mapping of str to sequence of float
        Parameters and initial states of each synapse that are drawn or read from a file.
    places : sequence of (int, int)
        What i and j are for each of them, where its neurons stand for others; empty where they stand for themselves.
    """

    sources: Sequence[int]
    targets: Sequence[int]
    values: Numbers = field(default_factory=dict)
    places: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Flat:
    """A network as one system, and what everything is called in it.

    Attributes
    ----------
    system : System
    neurons : mapping of str to tuple of (mapping, mapping)
        Of each population, for each neuron: what stands for each symbol of its model, and the same with inputs as they are without synapses.
    synapses : mapping of str to mapping
        Of each projection that has synapses: what stands for each parameter, in the first of them.
    """

    system: System
    neurons: Mapping[str, tuple[tuple[Mapping[Symbol, Expr], Mapping[Symbol, Expr]], ...]]
    synapses: Mapping[str, Mapping[Symbol, Expr]]


@dataclass
class Kind:
    """A system with the values that its neurons or synapses have in common.

    Attributes
    ----------
    shared, owner : str
        The names of the model and of the population, or of the synapse and of the projection.
    given : mapping
        The values of ``with``, by name.
    numbers : mapping
        Those that are given for each one.
    written_out : bool
        What each one has for itself stands in the equations as a number and is no parameter.
    reached : set of str
        The inputs that synapses contribute to.
    levels : dict
        Of each parameter and constant whether it has one value in all, one here, or one for each.
    """

    system: System
    shared: str
    owner: str
    size: int
    given: Mapping[str, Value]
    numbers: Numbers
    written_out: bool = False
    reached: set[str] = field(default_factory=set)
    levels: dict[Symbol, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the levels; a constant that depends on an input which synapses contribute to is none."""
        self.named = {q.symbol: q.name for q in (*self.system.parameters, *self.system.definitions)}
        self.defaults = {p.symbol: self.given.get(p.name, p.default) for p in self.system.parameters}
        self.constants = {d.symbol: d for d in self.system.constants}
        self.touched = {s for s, name in self.named.items() if name in self.reached}
        for d in self.system.constants:
            if d.expression.free_symbols & self.touched:
                self.touched.add(d.symbol)
        for symbol in (*self.defaults, *self.constants):
            self._level(symbol)

    def _level(self, symbol: Symbol) -> int:
        if symbol not in self.levels:
            name = self.named[symbol]
            value = self.constants[symbol].expression if symbol in self.constants else self.defaults[symbol]
            inner = value.free_symbols if isinstance(value, Expr) else set()
            if symbol in self.defaults and (name in self.numbers or not isinstance(value, Expr)):
                level = EACH
            elif name in self.given:
                level = EACH if inner & {I, J} else OWN
            else:
                level = max((self._level(s) for s in inner if s in self.defaults or s in self.constants), default=SHARED)
            self.levels[symbol] = level
        return self.levels[symbol]


@dataclass
class Member:
    """One neuron or synapse: what each symbol of its system is called in the whole; ``alone`` has the inputs without contributions.

    ``stands``: it stands for others, and numbers in its expressions are decimals, whose sums are short.
    """

    kind: Kind
    number: int
    places: Mapping[Symbol, Expr]
    stands: bool = False
    alone: dict[Symbol, Expr] = field(default_factory=dict)
    table: dict[Symbol, Expr] = field(default_factory=dict)


def in_decimals(expression: Expr) -> Expr:
    """Return an expression in which what is known is a decimal of 15 digits: roots of numbers, sines of angles."""
    if expression.is_Rational:
        return expression
    if not expression.free_symbols and expression.is_number:
        return Rational(f"{expression.evalf(20):.15g}") if expression.is_real else expression
    return expression.func(*(in_decimals(a) if isinstance(a, Expr) else a for a in expression.args)) if expression.args else expression


def number(value: float) -> Expr:
    """Return the decimal number that is printed for a float, exactly: 0.1 is 1/10."""
    return Rational(repr(float(value)))
