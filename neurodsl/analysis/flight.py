"""Solutions of a hybrid system as smooth pieces between jumps, to high accuracy, with the deviations from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DOP853, OdeSolution, Radau
from scipy.optimize import brentq

from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.hybrid import Hybrid, jacobian_of, spikes
from neurodsl.codegen.functions import functions_of

Floats = NDArray[np.float64]

RTOL, ATOL = 1e-10, 1e-13
MOST_STEPS = 20_000
"""Steps that the explicit method may take before the implicit one takes over, and jumps of a solution."""
INSIDE = (0.25, 0.5, 0.75, 1.0)
"""Where in a step the surfaces of events are looked at."""


class Lost(Exception):
    """A solution cannot be followed: it runs away, jumps without end, or takes too long."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A smooth part of a solution: ``path(t)`` from ``start`` to ``stop``, where jump number ``jump`` acts, or none."""

    start: float
    stop: float
    path: Callable[[float], Floats]
    jump: int | None


@dataclass(eq=False)
class Flown:
    """What a solution has come to.

    Attributes
    ----------
    t : float
    y : array of shape (n,)
    deviations : array of shape (n, k)
    pieces : list of Piece
        Where they were asked for.
    low, high : array of shape (n,)
        The smallest and largest value of each state.
    crossed : bool
        It ended because it crossed the section.
    """

    t: float
    y: Floats
    deviations: Floats
    low: Floats
    high: Floats
    pieces: list[Piece] = field(default_factory=list)
    crossed: bool = False


@dataclass(eq=False)
class Flight:
    """A hybrid system whose solutions are followed; ``deadline`` is when that has to end, on the monotonic clock."""

    frozen: Frozen
    hybrid: Hybrid
    deadline: float
    stiff: bool = False

    @cached_property
    def module(self) -> ModuleType:
        """Return the generated functions of the system and its jumps."""
        system, hybrid = self.hybrid.system, self.hybrid
        named = {
            "flow": [s.derivative for s in system.states],
            "jacobian": [entry for row in jacobian_of(system) for entry in row],
            **({"surfaces": [j.surface for j in self._located]} if self._located else {}),
            **({"markers": hybrid.markers} if hybrid.markers else {}),
        }
        for number, jump in enumerate(hybrid.jumps):
            named[f"jump{number}"] = list(jump.values)
            named[f"saltation{number}"] = [entry for row in jump.saltation for entry in row]
        return functions_of(system, named, self.frozen.folder)

    @property
    def _located(self) -> list[Any]:
        return [j for j in self.hybrid.jumps if j.surface is not None]

    @cached_property
    def numbers(self) -> list[int]:
        """Return which jump belongs to each surface."""
        return [number for number, jump in enumerate(self.hybrid.jumps) if jump.surface is not None]

    @cached_property
    def constants(self) -> list[float]:
        """Return the numbers of the parameters as the generated functions take them."""
        given = {p.name: float(self.frozen.values[p.symbol]) for p in self.hybrid.system.parameters if p.symbol in self.frozen.values}
        return [float(c) for c in self.module.constants(given)]

    def call(self, name: str, y: Sequence[float] | Floats) -> Floats:
        """Return what a generated function says of a state; nan where it has no value."""
        point = y.tolist() if isinstance(y, np.ndarray) else list(y)
        try:
            return np.array(getattr(self.module, name)(0.0, 0.0, point, self.constants), dtype=np.float64)
        except (ArithmeticError, ValueError):
            return np.full(len(self.hybrid.system.states), np.nan)

    def flow(self, y: Floats) -> Floats:
        """Return the derivatives of the states."""
        return self.call("flow", y)

    def matrix(self, y: Floats) -> Floats:
        """Return the Jacobian, of shape (n, n)."""
        return self.call("jacobian", y).reshape(len(y), len(y))

    def saltation(self, number: int, y: Floats) -> Floats:
        """Return the saltation matrix of a jump from a state."""
        return self.call(f"saltation{number}", y).reshape(len(y), len(y))

    def surfaces(self, y: Floats) -> Floats:
        """Return what turns positive at each located jump."""
        return self.call("surfaces", y) if self.numbers else np.zeros(0)

    def started(self, y: Floats) -> Floats:
        """Return an initial state after the events ``on start``."""
        whole = np.concatenate([y, np.zeros(len(self.hybrid.system.states) - len(y))])
        for number, jump in enumerate(self.hybrid.jumps):
            if jump.event.kind == "start":
                whole = self.call(f"jump{number}", whole)
        return whole

    def fly(
        self,
        y: Floats,
        duration: float,
        *,
        deviations: Floats | None = None,
        rtol: float = RTOL,
        keep: bool = False,
        section: Callable[[float, Floats], tuple[float, bool]] | None = None,
        fired: Sequence[bool] | None = None,
        one_spike: bool = False,
    ) -> Flown:
        """Follow a solution.

        Parameters
        ----------
        y : array of shape (n,)
        duration : float
        deviations : array of shape (n, k)
            Carried along where they are given.
        rtol : float
        keep : bool
            Whether to keep the pieces.
        section : callable
            Of the time and the state: a number, and whether the solution ends where it turns positive.
        fired : sequence of bool
            Which conditions held before the start; default: those that hold at it.
        one_spike : bool
            End after the first jump that is a spike, and count that as crossing.
        """
        carried = np.zeros((len(y), 0)) if deviations is None else deviations
        flown = Flown(0.0, y.copy(), carried, y.copy(), y.copy())
        holds = self.surfaces(flown.y) >= 0 if fired is None else np.array(fired, dtype=bool)
        self._settle(flown, holds)
        jumps = 0
        while flown.t < duration and not flown.crossed:
            number = self._piece(flown, duration, holds, rtol, keep, section)
            if number is not None:
                place = self.numbers.index(number)
                before = self.surfaces(flown.y)[place]
                self._jump(flown, number)
                holds[place] = True
                self._settle(flown, holds, place if self.surfaces(flown.y)[place] == before else None)
                flown.crossed = flown.crossed or (one_spike and spikes(self.hybrid.jumps[number].event))
            jumps += 1
            if jumps > MOST_STEPS:
                raise Lost("it jumps without end")
        return flown

    def _jump(self, flown: Flown, number: int) -> None:
        flown.deviations = self.saltation(number, flown.y) @ flown.deviations
        flown.y = self.call(f"jump{number}", flown.y)

    def _settle(self, flown: Flown, holds: NDArray[np.bool_], kept: int | None = None) -> None:
        """Let every jump act whose condition has turned true at once, until none is left; one that left its surface untouched holds."""
        for _ in range(1000):
            now = self.surfaces(flown.y) >= 0
            if kept is not None:
                now[kept] = True
            due = np.flatnonzero(now & ~holds)
            holds[:] = now
            if not due.size:
                return
            self._jump(flown, self.numbers[int(due[0])])
            holds[due[1:]] = False
        raise Lost("its events set off one another without end")

    def _piece(self, flown: Flown, duration: float, holds: NDArray[np.bool_], rtol: float, keep: bool, section: Any) -> int | None:
        """Follow a solution to its next jump, which is returned, or to its end."""
        n = len(flown.y)
        columns = flown.deviations.shape[1]
        start, times, parts = flown.t, [flown.t], []
        solver = self._solver(flown, duration, rtol)
        value = section(flown.t, flown.y)[0] if section is not None else 0.0
        number = None
        while solver.status == "running" and number is None and not flown.crossed:
            solver.step()
            if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                raise Lost(f"it cannot be followed beyond t = {solver.t:.6g}")
            if time.monotonic() > self.deadline:
                raise Lost("it has not settled by the time that the search may take, as where its motion is chaotic")
            if not self.stiff and len(times) + solver.nfev // 100 > MOST_STEPS:
                raise Lost("the explicit method takes too many steps")
            end, path = solver.t, None
            if self.numbers or keep or section is not None:
                path = solver.dense_output()
                parts.append(path)
                end, number = self._first(path, solver.t_old, solver.t, holds, n)
                if section is not None:
                    value = self._section(flown, path, solver.t_old, end, value, section, n)
                    end, number = (flown.t, None) if flown.crossed else (end, number)
            z = solver.y if end == solver.t or path is None else path(end)
            flown.t, flown.y, flown.deviations = end, z[:n].copy(), z[n:].reshape(n, columns).copy()
            flown.low, flown.high = np.minimum(flown.low, flown.y), np.maximum(flown.high, flown.y)
            times.append(end)
            if path is not None and not keep:
                parts.clear()
        if keep:
            whole = OdeSolution(times, parts)
            flown.pieces.append(Piece(start, flown.t, lambda t: np.asarray(whole(t), dtype=np.float64)[:n], number))
        return number

    def _solver(self, flown: Flown, duration: float, rtol: float) -> Any:
        n, columns = len(flown.y), flown.deviations.shape[1]
        flow, matrix = self.flow, self.matrix

        def slopes(t: float, z: Floats) -> Floats:
            if not columns:
                return flow(z)
            y = z[:n]
            return np.concatenate([flow(y), (matrix(y) @ z[n:].reshape(n, columns)).ravel()])

        z = np.concatenate([flown.y, flown.deviations.ravel()])
        if self.stiff:
            jacobian = {} if columns else {"jac": lambda t, z: matrix(z)}
            return Radau(slopes, flown.t, z, duration, rtol=max(rtol, 1e-9), atol=ATOL, **jacobian)
        return DOP853(slopes, flown.t, z, duration, rtol=rtol, atol=ATOL)

    def _first(self, path: Any, t0: float, t1: float, holds: NDArray[np.bool_], n: int) -> tuple[float, int | None]:
        """Return where in a step the first condition turns true, and its jump; note which hold."""
        before = t0
        for fraction in INSIDE if self.numbers else ():
            after = t0 + fraction * (t1 - t0) if fraction < 1 else t1
            values = self.surfaces(path(after)[:n])
            found = []
            for i in np.flatnonzero((values >= 0) & ~holds).tolist():
                found.append((self._root(partial(self._surface_along, path, n, i), before, after), i))
            if found:
                at, i = min(found)
                return at, self.numbers[i]
            holds[:] = values >= 0
            before = after
        return t1, None

    def _surface_along(self, path: Any, n: int, number: int, t: float) -> float:
        return float(self.surfaces(path(t)[:n])[number])

    @staticmethod
    def _root(g: Callable[[float], float], a: float, b: float) -> float:
        """Return where a function turns positive between two points; the first where rounding hides the change of sign."""
        if g(a) >= 0:
            return a
        return float(brentq(g, a, b, xtol=1e-15 * max(1.0, abs(b)), rtol=1e-15)) if g(b) > 0 else b

    def _section(self, flown: Flown, path: Any, t0: float, t1: float, value: float, section: Any, n: int) -> float:
        """Note whether a step crosses the section; return the value at its end."""
        after, _ = section(t1, path(t1)[:n])
        if value < 0 <= after:
            at = self._root(lambda t: float(section(t, path(t)[:n])[0]), t0, t1)
            if section(at, path(at)[:n])[1]:
                flown.t, flown.crossed = at, True
        return float(after)
