"""Steps that are too long for the fastest time constant, and stiff models with an explicit method."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from neurodsl import rules
from neurodsl.analysis.case import Case, Range
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.reach import reach
from neurodsl.integrators.method import ExplicitRungeKutta, Method, Stochastic
from neurodsl.source import Span
from neurodsl.system import LEVEL_TIME, TIME

Floats = NDArray[np.float64]
STIFFNESS = 3.0
"""A fastest rate times the output step above this makes an adaptive explicit method take steps shorter than the output's; a run warns there too."""
MOST_STATES = 20
STEPS = 25
"""Of Newton's method, from the initial state to rest."""


def too_long(case: Case) -> Iterator[Finding]:
    """Yield the step of a fixed-step method with which a deviation grows that the model lets decay."""
    if case.method.adaptive or not isinstance(case.method, ExplicitRungeKutta | Stochastic):
        return
    dt, unit = case.dt, case.system.time_unit
    for where, matrix in _places(case):
        values, vectors = np.linalg.eig(matrix)
        factors = [abs(_amplification(case.method, z * dt)) if z.real < 0 else 0.0 for z in values]
        if max(factors) > 1.0 + 1e-6:
            fastest = int(np.argmax(factors))
            z = values[fastest]
            told = f"dt = {case.quantity(dt, unit)} is too long for `{case.method.name}`: the fastest time constant {where} is "
            told += case.quantity(-1.0 / z.real, unit)
            argument = f"each step multiplies a deviation by {max(factors):.3g}, while in the model it decays with the eigenvalue {_number(z)}"
            yield Finding(
                told,
                argument,
                _equation(case, vectors[:, fastest]),
                f"a dt below {case.quantity(_longest(case.method, z), unit)}, or a method such as `rosenbrock`",
            )
            return


def stiff(case: Case) -> Iterator[Finding]:
    """Yield the adaptive explicit method that a stiff model names."""
    if case.system.settings.method != case.method.name or not case.method.adaptive or not isinstance(case.method, ExplicitRungeKutta):
        return
    for where, matrix in _places(case):
        values, vectors = np.linalg.eig(matrix)
        fastest = float(np.max(-values.real))
        if fastest * case.dt > STIFFNESS:
            unit = case.system.time_unit
            told = f"the model is stiff and names the explicit method `{case.method.name}`: the fastest time constant {where} is "
            told += f"{case.quantity(1.0 / fastest, unit)}, dt = {case.quantity(case.dt, unit)}"
            argument = "an explicit method is stable with steps of a few fastest time constants alone, whatever accuracy is asked for"
            yield Finding(told, argument, _equation(case, vectors[:, int(np.argmin(values.real))]), "`method rosenbrock`, or leave it to `auto`")
            return


def _equation(case: Case, vector: NDArray[np.complex128]) -> Span | None:
    """Return the equation of the state that moves most along an eigenvector."""
    return case.place(case.moving[int(np.argmax(np.abs(vector)))])


def _places(case: Case) -> Iterator[tuple[str, Floats]]:
    """Yield the Jacobian at rest, where it is found, and at the initial state, each with its name."""
    symbols = list(case.moving)
    if case.system.discrete or not symbols or len(symbols) > MOST_STATES:
        return
    box = {**reach(case).box, **{s: Range(0.0, 0.0) for s in (TIME, LEVEL_TIME)}}
    box |= {s: Range(r.middle, r.middle) for s, r in case.starts.items() if r.is_finite}
    start = np.array([case.starts[s].middle if case.starts[s].is_finite else math.nan for s in symbols])
    if not np.all(np.isfinite(start)):
        return
    rest = _rest(case, symbols, start, box)
    for where, y in (("at rest", rest), ("at the start", start)):
        matrix = None if y is None else _jacobian(case, symbols, y, box)
        if matrix is not None and np.all(np.isfinite(matrix)):
            yield where, matrix


def _slopes(case: Case, symbols: Sequence[Symbol], points: Floats, box: dict[Symbol, Range]) -> Floats | None:
    """Return the flow at points of shape (k, n)."""
    return case.at([case.flows[s] for s in symbols], box, {s: points[:, i] for i, s in enumerate(symbols)})


def _jacobian(case: Case, symbols: Sequence[Symbol], y: Floats, box: dict[Symbol, Range]) -> Floats | None:
    """Return the Jacobian by central differences."""
    steps = 1e-6 * np.maximum(1.0, np.abs(y))
    found = _slopes(case, symbols, np.concatenate([y + np.diag(steps), y - np.diag(steps)]), box)
    return None if found is None else ((found[: len(y)] - found[len(y) :]) / (2 * steps)[:, None]).T


def _rest(case: Case, symbols: Sequence[Symbol], start: Floats, box: dict[Symbol, Range]) -> Floats | None:
    """Return a fixed point by Newton's method from the initial state; None where it finds none."""
    y = start.copy()
    for _ in range(STEPS):
        flow, matrix = _slopes(case, symbols, y[None, :], box), _jacobian(case, symbols, y, box)
        if flow is None or matrix is None or not np.all(np.isfinite(matrix)) or not np.all(np.isfinite(flow)):
            return None
        move: Floats = np.linalg.lstsq(matrix, -flow[0], rcond=None)[0]
        y += move
        if np.all(np.abs(move) <= 1e-9 * np.maximum(1.0, np.abs(y))):
            return y
    return None


def _amplification(method: Method, z: complex) -> complex:
    """Return what a step makes of a deviation where the model has the eigenvalue z/dt: 1 + z b (1 - z a)^-1 1."""
    if not isinstance(method, ExplicitRungeKutta):
        return 1 + z
    stages: list[complex] = []
    for row in method.a:
        stages.append(1 + z * sum(float(a) * k for a, k in zip(row, stages, strict=True)))
    return 1 + z * sum(float(b) * k for b, k in zip(method.b, stages, strict=True))


def _longest(method: Method, z: complex) -> float:
    """Return a step, to two digits, with which a deviation still decays."""
    step = 4.0 / abs(z)
    for _ in range(200):
        if abs(_amplification(method, z * step)) < 1.0:
            break
        step *= 0.95
    return float(f"{0.95 * step:.2g}")


def _number(z: complex) -> str:
    """Return an eigenvalue as text."""
    return f"{z.real:.4g}" if abs(z.imag) < 1e-9 * abs(z) else f"{z.real:.4g} + {abs(z.imag):.4g} i"


TOO_LONG = Proof(
    name="step",
    rule=rules.STEP_TOO_LONG,
    argument="the stability function of the method exceeds 1 at dt times an eigenvalue with negative real part",
    find=too_long,
)
STIFF = Proof(
    name="stiffness",
    rule=rules.STIFF,
    argument="dt times the fastest rate exceeds what an explicit method is stable with",
    find=stiff,
)
