"""A system at given values of its parameters: what fixed points, stability and phase planes are asked of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Float, Integer, Rational, Symbol

from neurodsl.arrays import read_numbers
from neurodsl.codegen.functions import functions_of
from neurodsl.lower.chain import total_derivatives
from neurodsl.lower.folding import folded
from neurodsl.system import LEVEL_TIME, TIME, Draw, Items, Loaded, Parameter, State, System

if TYPE_CHECKING:
    from neurodsl.analysis.whole import Whole

Floats = NDArray[np.float64]

MEANS: Mapping[str, Callable[..., Expr]] = {
    "uniform": lambda a, b: (a + b) / 2,
    "normal": lambda mean, _: mean,
    "lognormal": lambda mu, sigma: sympy.exp(mu + sigma**2 / 2),
    "exponential": lambda mean: mean,
    "gamma": lambda shape, scale: shape * scale,
    "beta": lambda a, b: a / (a + b),
    "bernoulli": lambda p: p,
    "poisson": lambda mean: mean,
}
"""The mean of each distribution: the value of a drawn parameter in the analysis."""


@dataclass(frozen=True)
class Frozen:
    """A system whose parameters have values and whose time stands still.

    Attributes
    ----------
    system : System
        Written out, without what the compiler adds for events.
    values : mapping of Symbol to Expr
        The exact value of each parameter that is a number: rational where it was written so.
    folder : Path
        A trusted folder, for generated functions.
    time : float
        The time at which drives that depend on it are frozen.
    notes : tuple of str
        What was assumed: a frozen time, means in the place of drawn values.
    whole : Whole or None
        Of a network whose neurons are analysed by their kinds, all of them.
    each : callable or None
        Returns the same network written out neuron by neuron, where it is small enough for that.
    wiring : str
        Of a network, what its connections are: equal for two values of a parameter where this does not shape them.
    """

    system: System
    values: Mapping[Symbol, Expr]
    folder: Path = field(repr=False)
    time: float = 0.0
    notes: tuple[str, ...] = ()
    whole: Whole | None = field(default=None, repr=False)
    each: Callable[[], Frozen] | None = field(default=None, repr=False)
    wiring: str = field(default="", repr=False)

    @property
    def states(self) -> tuple[State, ...]:
        """Return the states, in the order of every vector and matrix."""
        return self.system.states

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the states."""
        return tuple(s.name for s in self.system.states)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Return the symbols of the states."""
        return tuple(s.symbol for s in self.system.states)

    @property
    def discrete(self) -> bool:
        """Return whether it is a map: then ``slopes`` are next values."""
        return self.system.discrete

    @cached_property
    def jacobian(self) -> list[list[Expr]]:
        """Return the derivatives of the right-hand sides (rows) by the states (columns), in terms of the definitions."""
        varying, rows = self.system.varying, [row.derivative for row in self.states]
        columns = [total_derivatives(rows, column.symbol, varying) for column in self.states]
        return [list(row) for row in zip(*columns, strict=True)]

    @cached_property
    def module(self) -> ModuleType:
        """Return the generated functions: the right-hand side and its Jacobian."""
        entries = [entry for row in self.jacobian for entry in row]
        return functions_of(self.system, {"flow": [s.derivative for s in self.states], "jacobian": entries}, self.folder)

    @cached_property
    def constants(self) -> Floats:
        """Return the numbers of the parameters and of what is derived from them, as the generated functions take them."""
        given = {p.name: float(self.values[p.symbol]) for p in self.system.parameters if p.symbol in self.values}
        return np.asarray(self.module.constants(given), dtype=np.float64)

    def slopes(self, y: Sequence[float] | Floats) -> Floats:
        """Return the derivatives of the states, or their next values, at a point of shape (n,)."""
        with np.errstate(all="ignore"):
            return np.array(self.module.flow(self.time, self.time, np.asarray(y, dtype=np.float64), self.constants), dtype=np.float64)

    def residual(self, y: Sequence[float] | Floats) -> Floats:
        """Return what is 0 at a fixed point: the derivatives, or the next values minus the present ones."""
        return self.slopes(y) - np.asarray(y) if self.discrete else self.slopes(y)

    def matrix(self, y: Sequence[float] | Floats) -> Floats:
        """Return the Jacobian at a point, of shape (n, n)."""
        n = len(self.states)
        with np.errstate(all="ignore"):
            entries = self.module.jacobian(self.time, self.time, np.asarray(y, dtype=np.float64), self.constants)
        return np.array(entries, dtype=np.float64).reshape(n, n)

    def exact(self, expression: Expr, free: Sequence[Symbol] = ()) -> Expr:
        """Return an expression with definitions put in and every parameter but the ``free`` ones replaced by its exact value."""
        table = {d.symbol: d.expression for d in self.system.definitions}
        whole = expression
        while used := {symbol: table[symbol] for symbol in whole.free_symbols if symbol in table}:
            whole = whole.xreplace(used)
        known = {symbol: value for symbol, value in self.values.items() if symbol not in free}
        frozen = {TIME: _number(self.time), LEVEL_TIME: _number(self.time)}
        return whole.xreplace(frozen).xreplace(known)

    def followed(self, parameter: Parameter, moving: Set[Symbol]) -> Expr | None:
        """Return the formula that a parameter has its value from, where that uses one of some others; None where it was given another value."""
        if parameter.shape or isinstance(parameter.default, Items | Loaded):
            return None
        formula = _default(parameter)[0]
        return formula if formula.free_symbols & moving and folded(formula.xreplace(dict(self.values))) == self.values.get(parameter.symbol) else None

    def at(self, values: Mapping[str, float | str | Expr]) -> Frozen:
        """Return the system with other values for some parameters, by name; those follow that have the value of a formula of them."""
        changed = dict(self.values)
        for p in self.system.parameters:
            if p.name in values:
                changed[p.symbol] = _number(values[p.name])
            elif p.symbol in changed and (formula := self.followed(p, {s for s in changed if changed[s] != self.values[s]})) is not None:
                changed[p.symbol] = folded(formula.xreplace(changed))
        found = replace(self, values=changed)
        for name in ("jacobian", "module"):
            if name in self.__dict__:
                found.__dict__[name] = self.__dict__[name]
        return found


def freeze(system: System, folder: Path, given: Mapping[str, float | str] | None = None, time: float = 0.0, path: Path | None = None) -> Frozen:
    """Return a system at values of its parameters.

    Parameters
    ----------
    system : System
        Not rolled.
    folder : Path
        A trusted folder, for generated functions.
    given : mapping of str to float or str
        Values of parameters in their declared units; a text is read exactly. The others have those of the file; drawn ones their means.
    time : float
        Where drives that depend on the time stand still.
    path : Path
        The file of the model, beside which the arrays stand that it loads.
    """
    system = replace(system, parameters=tuple(_loaded(p, path) for p in system.parameters))
    notes: list[str] = []
    values: dict[Symbol, Expr] = {}
    for parameter in system.parameters:
        if parameter.shape:
            continue
        if given is not None and parameter.name in given:
            values[parameter.symbol] = _number(given[parameter.name])
            continue
        value, drawn = _default(parameter)
        if drawn:
            notes.append(f"`{parameter.name}` is drawn; its mean is used")
        values[parameter.symbol] = folded(value.xreplace(values)) if isinstance(value, Expr) else value
    used = set().union(*(s.derivative.free_symbols for s in system.states), *(d.expression.free_symbols for d in system.varying))
    if {TIME, LEVEL_TIME} & used:
        notes.append(f"the drive depends on the time; its value at t = {time:g} is used")
    if system.noises:
        notes.append("the noise is left out: what is analysed is the drift")
    return Frozen(system, values, folder, time, tuple(notes))


def _loaded(parameter: Parameter, path: Path | None) -> Parameter:
    """Return a parameter whose values stand in a file with the values themselves."""
    if not isinstance(parameter.default, Loaded):
        return parameter
    numbers = read_numbers(None if path is None else path.parent, parameter.default.path, parameter.span) * parameter.default.factor
    return replace(parameter, default=Items(tuple(_shortest(float(x)) for x in numbers.ravel())))


def _default(parameter: Parameter) -> tuple[Expr, bool]:
    """Return the value of a parameter in the file, and whether it is the mean of what it is drawn from."""
    made = parameter.default
    if isinstance(made, Draw):
        if made.name == "choice":
            return sympy.Add(*made.arguments) / len(made.arguments), True
        return MEANS[made.name](*made.arguments), True
    assert isinstance(made, Expr)
    return made, False


def _number(value: float | str | Expr) -> Expr:
    """Return a number of sympy: exact for a text, an integer or what is exact already."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, str):
        return Rational(value)
    return Integer(int(value)) if float(value).is_integer() and abs(value) < 10**15 else _shortest(float(value))


def _shortest(value: float) -> Expr:
    """Return the decimal number that is printed for a float, exactly: 0.1 is 1/10."""
    return Rational(repr(value)) if np.isfinite(value) else Float(value)
