"""Integrate-and-fire models of one variable: the period between spikes and the rheobase, in closed form where there is one.

The period is T = T_ref + the integral of dV/f(V; I) from the reset to the threshold.

References
----------
Gerstner, Kistler, Naud, Paninski, 2014, Neuronal Dynamics, sections 1.3 and 5.3. doi:10.1017/CBO9781107447615
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
from scipy.integrate import quad
from scipy.optimize import brentq
from sympy import Expr, Integer, Symbol

from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.hybrid import hybrid_of
from neurodsl.analysis.standard import standard
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.system import State, System

SECONDS = 4.0
SAMPLES = 4001
"""Where between reset and threshold a right-hand side is looked at."""


@dataclass(frozen=True, eq=False)
class IntegrateAndFire:
    """A model dV/dt = f(V; I) with a threshold, a reset and perhaps a refractory time, in terms of its parameters.

    Attributes
    ----------
    voltage, drive : Symbol
        The variable, and the parameter whose rates are asked for.
    slope : Expr
        f.
    threshold, reset, refractory : Expr
    """

    frozen: Frozen
    voltage: Symbol
    drive: Symbol
    slope: Expr
    threshold: Expr
    reset: Expr
    refractory: Expr

    def number(self, expression: Expr, drive: float) -> complex:
        """Return the value of an expression of the parameters at a value of the drive."""
        whole = self.frozen.exact(expression, (self.drive, self.voltage)).subs(self.drive, sympy.Float(drive, 30))
        return complex(sympy.N(whole, 20))

    @cached_property
    def degree(self) -> int | None:
        """Return the degree of f as a polynomial in V, None where it is none."""
        try:
            polynomial = bounded(SECONDS, lambda: sympy.Poly(standard(self.slope), self.voltage))
        except (sympy.PolynomialError, Exceeded):
            return None
        free = any(self.voltage in c.free_symbols for c in polynomial.coeffs())
        return None if free else int(polynomial.degree())

    @cached_property
    def coefficients(self) -> list[Expr]:
        """Return the coefficients of f, the highest power first."""
        return [sympy.factor(c) for c in sympy.Poly(standard(self.slope), self.voltage).all_coeffs()]

    @cached_property
    def period(self) -> Expr | None:
        """Return the period as an expression of the parameters, where f is linear or quadratic and positive; else None."""
        at = {self.voltage: self.threshold}, {self.voltage: self.reset}
        if self.degree == 1:
            rate = self.coefficients[0]
            top, bottom = (standard(self.slope).subs(v) for v in (at[1], at[0]))
            ratio = _cleared(top, bottom)
            return self.refractory + sympy.log(ratio) / (-rate)
        if self.degree == 2:
            a, b, c = self.coefficients
            root = sympy.sqrt(sympy.factor(4 * a * c - b**2))
            ends = [sympy.atan(sympy.cancel((2 * a * v + b) / root)) for v in (self.threshold, self.reset)]
            return self.refractory + 2 / root * (ends[0] - ends[1])
        return None

    @cached_property
    def needed(self) -> Callable[[float], float] | None:
        """Return the smallest drive at which f is above 0 at a voltage, where f is linear in the drive and grows with it; else None."""
        gain = standard(self.slope).diff(self.drive)
        if gain.free_symbols & {self.drive, self.voltage} or not self.number(gain, 0.0).real > 0:
            return None
        rest = self.frozen.exact(-standard(self.slope).subs(self.drive, 0) / gain)
        return lambda v: float(rest.subs(self.voltage, sympy.Float(v)))

    @cached_property
    def rheobase(self) -> tuple[float, Expr | None] | None:
        """Return the drive above which it fires repetitively, as a number and, where it is found, as an expression; None where f is not linear in it."""
        if self.needed is None:
            return None
        ends = [self.number(v, 0.0).real for v in (self.reset, self.threshold)]
        grid = np.linspace(ends[0], ends[1], SAMPLES)
        numbers = [self.needed(v) for v in grid[:: 1 if self.degree is None else 400]]
        highest = max(numbers)
        solved = standard(self.slope)
        gain = solved.diff(self.drive)
        wanted = -solved.subs(self.drive, 0) / gain
        for place in (self.threshold, self.reset, *self._extremes(wanted)):
            expression = wanted.subs(self.voltage, place)
            at = self.number(place, 0.0)
            value = self.number(expression, 0.0)
            inside = abs(at.imag) < 1e-12 and min(ends) - 1e-12 <= at.real <= max(ends) + 1e-12
            if inside and abs(value.imag) < 1e-12 and value.real >= highest - 1e-12 * (1 + abs(highest)):
                return value.real, _tidy(expression)
        return highest, None

    def _extremes(self, wanted: Expr) -> list[Expr]:
        """Return the voltages at which the drive that is needed is extreme, those that sympy finds in time."""
        try:
            return list(bounded(SECONDS, lambda: sympy.solve(wanted.diff(self.voltage), self.voltage)))
        except (Exceeded, NotImplementedError, ValueError, TypeError):
            return []

    def fires(self, drive: float) -> bool:
        """Return whether it fires again and again: f is above 0 all the way from the reset to the threshold."""
        if self.rheobase is not None:
            return drive > self.rheobase[0]
        flow = self._flow(drive)
        low, high = (self.number(v, drive).real for v in (self.reset, self.threshold))
        return all(flow(v) > 0 for v in np.linspace(low, high, SAMPLES))

    def settles(self, drive: float) -> float | None:
        """Return the voltage at which it stays on its way up from the reset; None where it does not."""
        flow = self._flow(drive)
        grid = np.linspace(self.number(self.reset, drive).real, self.number(self.threshold, drive).real, SAMPLES)
        if not flow(grid[0]) > 0:
            return None
        stuck = next((k for k, v in enumerate(grid) if flow(v) <= 0), None)
        return None if stuck is None else float(brentq(flow, grid[stuck - 1], grid[stuck], xtol=1e-13))

    def _flow(self, drive: float) -> Callable[[float], float]:
        frozen = self.frozen.at({self.drive.name: drive})
        number = frozen.symbols.index(self.voltage)
        y = np.zeros(len(frozen.states))

        def flow(v: float) -> float:
            y[number] = v
            return float(frozen.slopes(y)[number])

        return flow

    def time_between(self, drive: float) -> float:
        """Return the time between spikes, infinity where it does not fire again and again: from the closed form, else by quadrature."""
        if not self.fires(drive):
            return math.inf
        if self.period is not None:
            value = self.number(self.period, drive)
            if math.isfinite(value.real) and abs(value.imag) < 1e-9 * abs(value.real) and value.real > 0:
                return value.real
        return self.integrated(drive)

    def integrated(self, drive: float) -> float:
        """Return the time between spikes by quadrature."""
        flow = self._flow(drive)
        low, high = (self.number(v, drive).real for v in (self.reset, self.threshold))
        grid = np.linspace(low, high, SAMPLES)
        slowest = float(grid[int(np.argmin([flow(v) for v in grid]))])
        total = sum(quad(lambda v: 1 / flow(v), a, b, epsabs=0, epsrel=1e-11, limit=400)[0] for a, b in ((low, slowest), (slowest, high)) if a < b)
        return float(total + self.number(self.refractory, drive).real)


def _cleared(top: Expr, bottom: Expr) -> Expr:
    """Return a quotient of two right-hand sides without the factors that they share."""
    first, second = (sympy.fraction(sympy.together(e)) for e in (top, bottom))
    return sympy.cancel(first[0] / second[0]) if first[1] == second[1] else sympy.cancel(top / bottom)


def _tidy(expression: Expr) -> Expr:
    """Return an expression in its shortest form that is found in time."""
    try:
        return bounded(SECONDS, lambda: min((expression, sympy.factor(expression), sympy.simplify(expression)), key=lambda e: e.count_ops()))
    except Exceeded:
        return expression


def recognised(frozen: Frozen, drive: str) -> IntegrateAndFire | None:
    """Return a model as one of integrate-and-fire type in one variable, or None where it is something else."""
    system = frozen.system
    if system.discrete or system.noises or system.sites or len(_moving(system)) != 1 or len(system.events) != 1:
        return None
    (event,), (voltage,) = system.events, _moving(system)
    if (
        event.kind != "condition"
        or not (event.spikes or any(a.kind == "emit" for a in event.actions))
        or any(a.kind in ("wait", "stop", "draw") for a in event.actions)
    ):
        return None
    hybrid = hybrid_of(system, "a firing rate")
    number = system.states.index(voltage)
    sets = [a for a in event.actions if a.kind == "set"]
    if not hybrid.autonomous or [a.target for a in sets] != [number] or sets[0].also:
        return None
    surface, value = hybrid.jumps[0].surface, sets[0].value
    others = {s.symbol for s in system.states}
    assert surface is not None
    assert value is not None
    table = {d.symbol: d.expression for d in system.definitions}
    surface, value, slope = (_written_out(e, table) for e in (surface, value, voltage.derivative))
    if value.free_symbols & others or surface.diff(voltage.symbol) != 1 or (surface - voltage.symbol).free_symbols & others:
        return None
    holds = [a.value for a in event.actions if a.kind == "hold" and a.target == number]
    refractory = _written_out(holds[0], table) if holds and holds[0] is not None else Integer(0)
    drives = {p.name: p.symbol for p in system.parameters}
    found = IntegrateAndFire(frozen, voltage.symbol, drives[drive], slope, voltage.symbol - surface, value, refractory)
    return found if _is_in_order(found) else None


def _moving(system: System) -> list[State]:
    return [s for s in system.states if s.derivative != 0]


def _written_out(expression: Expr, table: dict[Symbol, Expr]) -> Expr:
    """Return an expression with all definitions put in."""
    while used := {symbol: table[symbol] for symbol in expression.free_symbols if symbol in table}:
        expression = expression.xreplace(used)
    return expression


def _is_in_order(model: IntegrateAndFire) -> bool:
    """Return whether the reset is below the threshold, and neither depends on the drive or on another state."""
    fixed = (model.threshold, model.reset, model.refractory)
    if any(model.drive in e.free_symbols for e in fixed) or model.slope.free_symbols & {s for s in model.frozen.symbols if s != model.voltage}:
        return False
    return model.number(model.reset, 0.0).real < model.number(model.threshold, 0.0).real
