"""Elements of one kind, neurons or synapses: their values, and how they move over a step between events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.linalg
import sympy
from network.evaluation import phi, value

from neurodsl.system import State, System

Row = np.ndarray[Any, np.dtype[np.float64]]
Given = Mapping[str, Any]


@dataclass
class Cells:
    """``size`` elements of a system.

    Attributes
    ----------
    parameters : dict
        For each parameter the values of all elements.
    y : dict
        For each state the values of all elements.
    held : dict
        Until when each element of a state stands still.
    inputs : frozenset of str
        The names of what synapses may add to.
    added : dict
        What is added to inputs for the step that is under way.
    replaced : dict
        Inputs that follow the time and that a synapse has set: the values, not a number where it has not.
    """

    system: System
    size: int
    dt: float
    method: str
    parameters: dict[str, Row]
    y: dict[str, Row] = field(default_factory=dict)
    held: dict[str, Row] = field(default_factory=dict)
    inputs: frozenset[str] = frozenset()
    added: dict[str, Row] = field(default_factory=dict)
    replaced: dict[str, Row] = field(default_factory=dict)
    matrices: dict[bytes, tuple[Row, Row]] = field(default_factory=dict)

    def row(self, given: Any) -> Row:
        """Return one number for each element."""
        return np.array(np.broadcast_to(np.asarray(given, dtype=float), (self.size,)))

    def values(self, t: float, ts: float | None = None, y: Mapping[str, Row] | None = None) -> dict[str, Any]:
        """Return what every symbol stands for at a time and a state."""
        found: dict[str, Any] = {"t": t, "dt": self.dt, "_ts": t + 1e-9 * self.dt if ts is None else ts}

        def note(name: str, symbol: sympy.Symbol, plain: Any) -> None:
            found[symbol.name] = plain + self.added[name] if name in self.added else plain

        for parameter in self.system.parameters:
            note(parameter.name, parameter.symbol, self.parameters[parameter.name])
        for state in self.system.states:
            note(state.name, state.symbol, (self.y if y is None else y)[state.name])
        for definition in self.system.definitions:
            plain = value(definition.expression, found)
            if definition.name in self.replaced:
                plain = np.where(np.isnan(self.replaced[definition.name]), plain, self.replaced[definition.name])
            note(definition.name, definition.symbol, plain)
        return found

    def start(self, given: Mapping[str, Any], aliases: Mapping[str, Row]) -> None:
        """Give every state its initial value: what is given, else what the file says."""
        self.y = {s.name: self.row(0.0) for s in self.system.states}
        self.y.update({name: self.row(x) for name, x in aliases.items()})
        for state in self.system.states:
            if state.name in given:
                self.y[state.name] = self.row(given[state.name])
            elif state.name not in aliases:
                assert isinstance(state.initial, sympy.Expr), f"the initial value of {state.name} is drawn: give it"
                self.y[state.name] = self.row(value(state.initial, self.values(0.0)))
        self.held = {s.name: np.full(self.size, -np.inf) for s in self.system.states}

    def slopes(self, t: float, ts: float, y: Mapping[str, Row]) -> dict[str, Row]:
        """Return the derivatives, 0 of what is held; of a map the next values."""
        values = self.values(t, ts, y)
        found = {s.name: self.row(value(s.derivative, values)) for s in self.system.states}
        still = {name: y[name] for name in found} if self.system.discrete else dict.fromkeys(found, 0.0)
        return {name: np.where(self.held[name] > ts, still[name], slope) for name, slope in found.items()}

    def advance(self, t: float) -> None:
        """Move all states over a step that begins at a time."""
        if self.size == 0 or not self.system.states:
            return
        h, ts, y = self.dt, t + 1e-9 * self.dt, self.y
        if self.method == "exact":
            self.y = self.propagated(t, ts)
        elif self.method == "map":
            self.y = self.slopes(t, ts, y)
        elif self.method == "euler":
            k1 = self.slopes(t, ts, y)
            self.y = {n: y[n] + h * k1[n] for n in y}
        elif self.method == "exponential_euler":
            k1, values = self.slopes(t, ts, y), self.values(t, ts, y)
            growth = {s.name: phi(1, h * self.row(value(self.expanded(s).diff(s.symbol), values))) for s in self.system.states}
            self.y = {n: y[n] + h * k1[n] * growth[n] for n in y}
        else:
            assert self.method == "rk4", self.method
            k1 = self.slopes(t, ts, y)
            k2 = self.slopes(t + h / 2, ts, {n: y[n] + h / 2 * k1[n] for n in y})
            k3 = self.slopes(t + h / 2, ts, {n: y[n] + h / 2 * k2[n] for n in y})
            k4 = self.slopes(t + h, ts, {n: y[n] + h * k3[n] for n in y})
            self.y = {n: y[n] + h * (k1[n] + 2 * k2[n] + 2 * k3[n] + k4[n]) / 6 for n in y}

    def expanded(self, state: State) -> Any:
        """Return the derivative of a state with the definitions put in."""
        table = {d.symbol: d.expression for d in self.system.varying if d.name not in self.inputs}
        whole: Any = state.derivative
        while used := {s: table[s] for s in whole.free_symbols if s in table}:
            whole = whole.xreplace(used)
        return whole

    @cached_property
    def linear(self) -> tuple[list[list[Any]], list[Any]]:
        """Return A and b of dy/dt = A y + b."""
        states = [s.symbol for s in self.system.states]
        whole = [self.expanded(s) for s in self.system.states]
        zero = {symbol: sympy.Integer(0) for symbol in states}
        return [[f.diff(s) for s in states] for f in whole], [f.xreplace(zero) for f in whole]

    def propagated(self, t: float, ts: float) -> dict[str, Row]:
        """Return the exact solution of dy/dt = A y + b at the end of the step: exp(hA) y + h phi_1(hA) b; the rows of what is held are 0."""
        names = [s.name for s in self.system.states]
        values = self.values(t, ts)
        move = np.array([np.where(self.held[name] > ts, 0.0, 1.0) for name in names])
        A = np.array([[self.row(value(e, values)) * move[i] for e in row] for i, row in enumerate(self.linear[0])])
        b = np.array([self.row(value(e, values)) * move[i] for i, e in enumerate(self.linear[1])])
        y = np.array([self.y[name] + self.added.get(name, 0.0) for name in names])
        after = np.empty_like(y)
        for k in range(self.size):
            E, P = self.propagator(np.ascontiguousarray(A[:, :, k]))
            after[:, k] = E @ y[:, k] + P @ b[:, k]
        return {name: self.y[name] if name in self.added else row for name, row in zip(names, after, strict=True)}

    def propagator(self, A: Row) -> tuple[Row, Row]:
        """Return exp(hA) and h phi_1(hA), both from the exponential of one matrix."""
        if A.tobytes() not in self.matrices:
            n = len(A)
            whole = np.zeros((2 * n, 2 * n))
            whole[:n, :n], whole[:n, n:] = A, np.eye(n)
            full = scipy.linalg.expm(self.dt * whole)
            self.matrices[A.tobytes()] = full[:n, :n], full[:n, n:]
        return self.matrices[A.tobytes()]


def is_linear(system: System) -> bool:
    """Return whether dy/dt = A y + b with an A that nothing in a run changes, and a b that does not hold the time."""
    cells = Cells(system, 0, 1.0, "exact", {})
    states = {s.symbol for s in system.states}
    fixed = {p.symbol for p in system.parameters} | {d.symbol for d in system.constants} | {sympy.Symbol("_ts"), sympy.Symbol("dt")}
    matrix, rest = cells.linear
    whole = [cells.expanded(s) for s in system.states]
    rebuilt = all(
        sympy.expand(f - sum((a * s.symbol for a, s in zip(row, system.states, strict=True)), b)) == 0
        for f, row, b in zip(whole, matrix, rest, strict=True)
    )
    return rebuilt and not any(e.free_symbols - fixed for row in matrix for e in row) and not any(b.free_symbols - fixed - states for b in rest)


def made(system: System, size: int, dt: float, method: str | None, given: Given, aliases: Mapping[str, Row]) -> Cells:
    """Return elements with their parameters and initial values."""
    chosen = method or ("map" if system.discrete else "exact" if is_linear(system) else "rk4")
    cells = Cells(system, size, dt, chosen, {})
    known: dict[str, Any] = {"dt": dt}
    for parameter in system.parameters:
        plain = given[parameter.name] if parameter.name in given else value(parameter.default, known)
        cells.parameters[parameter.name] = known[parameter.symbol.name] = cells.row(plain)
    cells.start(given, aliases)
    return cells
