"""The measured order of every method: steps of equal length with the generated code of small models."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

import neurodsl as nd
from neurodsl.codegen import kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A model text with the exact solution at the end of ``duration``; ``steps`` are those of the coarsest run."""

    name: str
    text: str
    exact: Callable[[], Floats]
    duration: float
    steps: int
    linear: bool


def _driven() -> Floats:
    t = 2.0
    return np.array([math.exp(math.sin(t))])


def _pair() -> Floats:
    # x' = -x + 2y, y' = -2x - y from (1, 0): a decaying rotation
    return math.exp(-2.0) * np.array([math.cos(4.0), -math.sin(4.0)])


def _logistic() -> Floats:
    return np.array([1 / (1 + 9 * math.exp(-3.0))])


PROBLEMS = (
    Problem("logistic", "init x = 0.1\ndx/dt = x*(1 - x)\n", _logistic, 3.0, 12, False),
    Problem("driven", "init x = 1\ndx/dt = x*cos(t)\n", _driven, 2.0, 20, False),
    Problem("rotation", "init x = 1, y = 0\ndx/dt = -x + 2*y\ndy/dt = -2*x - y\n", _pair, 2.0, 16, True),
)


def module_of(text: str, method: str) -> ModuleType:
    """Return the generated file of a model text and a method, as plain Python."""
    model = nd.loads(text)
    plan = model.plan(method, None, None, ())
    return kernel.load(model.cache.folder / f"{plan.kernel}.py", plain=True)


def endpoint(module: ModuleType, duration: float, steps: int) -> Floats:
    """Return the state after a number of equal steps."""
    h = np.float64(duration / steps)
    arguments = module.prepare({}, {}, duration, float(h), [0])
    c, y, hold, work, k, matrix = arguments[7], arguments[10], arguments[11], arguments[25], arguments[26], arguments[27]
    d, z = work[0], work[1]
    for i in range(steps):
        t = i * h
        d[: len(y)] = module._rhs(t, t, *y, c, hold)
        module._step(t, h, t, y, d, z, c, hold, k, matrix)
        y[:] = z[: len(y)]
    return np.array(y)


def measured_order(problem: Problem, method: str) -> float:
    """Return the order that halving the step shows; infinity where the error is rounding alone."""
    module, errors = module_of(problem.text, method), []
    for steps in (problem.steps, 2 * problem.steps, 4 * problem.steps):
        errors.append(float(np.max(np.abs(endpoint(module, problem.duration, steps) - problem.exact()))))
    if errors[0] < 1e-13:
        return math.inf
    return math.log2(errors[1] / errors[2])
