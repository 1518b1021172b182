"""Lyapunov exponents: how fast small deviations from a solution grow, in as many directions as there are states.

The variational equation, with the saltation matrices of resets, is compiled as a system of its own; the frame of deviations is made
orthonormal every few steps, and the exponents are the mean logarithms of what it had grown by.

References
----------
Benettin, Galgani, Giorgilli, Strelcyn, 1980, Meccanica 15:9-30. doi:10.1007/BF02128236, doi:10.1007/BF02128237
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import rules
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.hybrid import hybrid_of
from neurodsl.analysis.starts import STATE, loaded, numbers_of, steady_start
from neurodsl.analysis.tangent import variational
from neurodsl.codegen import kernel
from neurodsl.codegen.build import generate
from neurodsl.diagnostics import fail
from neurodsl.integrators import methods
from neurodsl.system import State
from neurodsl.units import describe

Floats = NDArray[np.float64]

LARGEST = 10
"""States of a model whose spectrum is computed: the compiled system has n + n^2 of them."""
BLOCKS = 20
MOST_TIMES = 1e9
"""Steps of a run at most."""
RTOL, ATOL = 1e-9, 1e-11
SECONDS = 60.0
"""How long a run may take; what was reached by then is the answer."""
MOST_STEPS = 200
"""Steps between two orthonormalisations at most."""
LARGE, SMALL = 8.0, 3.0
"""The frame is made orthonormal more often where a logarithm of its growth is beyond the first, less often below the second."""
TOUCHED = 7
"""Where a kernel is told that its state was changed."""
EDGES, TIMES, STATUS = 8, 19, 20
"""Where a kernel keeps the times at which it stops, the time and its status among its arguments."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The Lyapunov exponents of a model, the largest first.

    Attributes
    ----------
    exponents, errors : array of shape (n,)
        Per unit of time, or per step of a map; an error is the standard error of the mean of 20 blocks.
    duration, transient : float
        Over how much time was averaged, and what was left out before.
    method : str
        What integrated it.
    unit : str
        The unit of the exponents.
    notes : tuple of str
        What was assumed or left out.
    """

    model: str
    exponents: Floats
    errors: Floats
    duration: float
    transient: float
    method: str
    unit: str
    notes: tuple[str, ...]

    @property
    def sum(self) -> float:
        """Return the mean rate at which volumes of the state space grow."""
        return float(np.sum(self.exponents))

    @property
    def verdict(self) -> str:
        """Return what the largest exponent says."""
        largest, error = float(self.exponents[0]), float(self.errors[0])
        zero = 4 * error + 10 / self.duration if math.isfinite(error) else math.inf
        if largest > zero:
            return "chaotic: the largest exponent is positive"
        return "stable: nearby solutions come together" if largest < -zero else "neutral: nearby solutions keep their distance, as on a cycle"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values; an exponent that is minus infinity is None."""
        return {
            "model": self.model,
            "exponents": [_finite(v) for v in self.exponents],
            "errors": [_finite(v) for v in self.errors],
            "sum": _finite(self.sum),
            "unit": self.unit,
            "verdict": self.verdict,
            "duration": self.duration,
            "transient": self.transient,
            "method": self.method,
            "notes": list(self.notes),
        }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def spectrum(
    frozen: Frozen, duration: float | None = None, dt: float | None = None, transient: float | None = None, seed: int = 0, seconds: float = SECONDS
) -> Spectrum:
    """Return the Lyapunov exponents of a model.

    Parameters
    ----------
    duration : float
        Over which is averaged, in the unit of the time; default: 50 times that of the file.
    dt : float
        Steps of this length of the classical Runge-Kutta method; default: an adaptive method.
    transient : float
        What is left out at the start; default: a tenth of the duration.
    seed : int
        Of what is drawn for the initial state.
    seconds : float
        After which a run ends with what it has.

    Raises
    ------
    NeuroError
        M115 for noise, M104 for too many states, R101 where the solution runs away.
    """
    system = frozen.system
    hybrid = hybrid_of(system, "a Lyapunov exponent")
    if hybrid.size > LARGEST:
        told = f"`{system.name}` has {hybrid.size} states; the Lyapunov exponents of up to {LARGEST} are computed"
        raise fail(rules.TOO_LARGE_MATH, told, help="make its arrays smaller with `--set`")
    settings = system.settings
    duration = 50 * (settings.duration or 100.0) if duration is None else duration
    transient = duration / 10 if transient is None else transient
    _require_times(duration, dt, transient)
    name = "map" if system.discrete else "rk45" if dt is None else "rk4"
    step = 1.0 if system.discrete else dt if dt is not None else min(settings.dt or duration / 1e4, duration)
    text = generate(variational(hybrid), methods()[name], "grid" if system.discrete else "exact", duration, step)
    module = loaded(frozen, text, plain=not kernel.compiled())
    arguments = module.prepare(numbers_of(frozen), steady_start(frozen, module, step, seed), transient + duration, step, (), RTOL, ATOL, seed)
    run = Run(module, arguments, hybrid.size, len(hybrid.system.states), transient, duration)
    run.follow(seconds)
    _require_sound(run, hybrid.system.states, seconds)
    notes = [note for note in (*frozen.notes, *hybrid.notes) if "the drive depends on the time" not in note]
    if run.status == 0:
        notes.append(
            f"stopped after {seconds:g} s of work: {run.averaged:g} of {duration:g} were averaged over, after a transient of {run.transient:g}"
        )
    exponents, errors = run.exponents()
    unit = "1" if describe(system.time_unit) == "1" or system.discrete else f"1/{describe(system.time_unit)}"
    return Spectrum(system.name, exponents, errors, run.averaged, run.transient, name, unit, tuple(notes))


class Run:
    """A run of a system with its deviations, and the growth of their frame block by block."""

    def __init__(self, module: ModuleType, arguments: list[Any], columns: int, size: int, transient: float, duration: float) -> None:
        self.module = module
        self.arguments = arguments
        self.columns, self.size = columns, size
        self.transient, self.duration = transient, duration
        self.growth = np.zeros((BLOCKS, columns))
        self.lengths = np.zeros(BLOCKS)
        self.status = 0

    @property
    def time(self) -> float:
        """Return how far the run has come."""
        return float(self.arguments[TIMES][0])

    @property
    def averaged(self) -> float:
        """Return over how much time was averaged."""
        return float(self.lengths.sum())

    def follow(self, seconds: float) -> None:
        """Advance to the end, or as long as the clock allows; one step ends where the transient does."""
        self.arguments[EDGES] = np.sort(np.append(self.arguments[EDGES], self.transient))
        deadline = time.monotonic() + seconds
        limit = 1
        while self.status == 0 and time.monotonic() < deadline:
            began = self.time
            if began < self.transient and time.monotonic() > deadline - seconds / 2:
                self.transient = began
            with np.errstate(all="ignore"):
                self.status = self.module.advance(self.arguments, limit)
            if self.status not in (0, self.module.DONE):
                return
            limit = self._counted(began, limit)

    def _counted(self, began: float, limit: int) -> int:
        """Count what the frame has grown by since a time; return how many steps to take next."""
        grown, passed = self._orthonormal(), self.time - began
        with np.errstate(divide="ignore"):
            logs = np.log(grown)
        if began >= self.transient and passed > 0:
            block = min(int((0.5 * (began + self.time) - self.transient) / self.duration * BLOCKS), BLOCKS - 1)
            self.growth[block] += logs
            self.lengths[block] += passed
        elif self.time + 3 * passed > self.transient:
            return 1
        change = np.max(np.abs(logs[np.isfinite(logs)]), initial=0.0)
        if change > LARGE:
            return max(1, limit // 2)
        return min(MOST_STEPS, 2 * limit) if change < SMALL else limit

    def _orthonormal(self) -> Floats:
        """Make the frame orthonormal; return by what each direction had grown."""
        state = self.arguments[STATE]
        frame = state[self.size :].reshape(self.columns, self.size).T
        orthonormal, triangle = np.linalg.qr(frame)
        state[self.size :] = orthonormal.T.ravel()
        self.arguments[STATUS][TOUCHED] = 1
        return np.abs(np.diag(triangle))

    def exponents(self) -> tuple[Floats, Floats]:
        """Return the exponents and their standard errors."""
        used = self.lengths > 0
        with np.errstate(invalid="ignore"):
            blocks = self.growth[used] / self.lengths[used, np.newaxis]
            mean = self.growth.sum(axis=0) / self.averaged
            spread = blocks.std(axis=0, ddof=1) / math.sqrt(len(blocks)) if len(blocks) > 1 else np.full(self.columns, math.nan)
        order = np.argsort(-mean, kind="stable")
        return mean[order], spread[order]


def _require_times(duration: float, dt: float | None, transient: float) -> None:
    """Raise V103 for times that cannot be."""
    for what, value, least in (("duration", duration, "positive"), ("step dt", dt, "positive"), ("transient", transient, "0 or more")):
        if value is not None and not (value > 0 or (value == 0 and least != "positive")):
            raise fail(rules.BAD_DURATION, f"the {what} has to be {least}, not {value:g}")
    if dt is not None and not dt <= duration <= MOST_TIMES * dt:
        told = f"a duration of {duration:g} takes {duration / dt:.3g} steps of {dt:g}"
        raise fail(rules.BAD_DURATION, told, help=f"from 1 to {MOST_TIMES:g} steps can be taken")


def _require_sound(run: Run, states: tuple[State, ...], seconds: float) -> None:
    """Raise R101 and its kin for a run that ended early, V103 for one that never came to count."""
    module = run.module
    if run.status not in (0, module.DONE):
        rule = {module.CASCADE: rules.CASCADE, module.UNDERFLOW: rules.STEP_UNDERFLOW, module.BAD_TIME: rules.BAD_TIME}.get(
            run.status, rules.NOT_FINITE
        )
        largest = int(np.argmax(np.abs(np.nan_to_num(run.arguments[STATE][: run.size], nan=math.inf))))
        told = f"the solution cannot be followed beyond t = {run.time:.6g}: {rule.title}; `{states[largest].name}` is {run.arguments[STATE][largest]:.6g} there"
        raise fail(rule, told, help="exponents belong to solutions that stay bounded; try another initial state, or a shorter `--dt`", exit_code=3)
    if run.averaged == 0:
        told = f"after {seconds:g} s of work the run has come to t = {run.time:.6g}, too little to average over"
        raise fail(rules.BAD_DURATION, told, help="the model may be too stiff for explicit methods", exit_code=3)
