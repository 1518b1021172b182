"""Methods for equations with noise converge along each path at the strong order that they claim."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.codegen import kernel
from neurodsl.integrators import methods
from neurodsl.integrators.method import Stochastic

FINE, PATHS = 256, 200
NAMES = [name for name, method in methods().items() if isinstance(method, Stochastic)]
GEOMETRIC = "param a = 0.5, s = 0.5\nnoise xi\ninit x = 1\ndx/dt = -a*x + s*x*xi\n"
"""Geometric Brownian motion: x(t) = exp((-a - s^2/2) t + s W(t)), Kloeden and Platen 1992, section 4.4."""
ADDITIVE = "noise xi\ninit x = 1\ndx/dt = -x + 0.5*xi\n"


def mean_errors(text: str, method: str, steps: tuple[int, ...], exact: np.ndarray, paths: np.ndarray) -> list[float]:
    """Return the mean absolute error at time 1 for numbers of steps, all driven by the same Brownian paths."""
    model = nd.loads(text)
    plan = model.plan(method, None, None, ())
    module = kernel.load(model.cache.folder / f"{plan.kernel}.py", plain=True)
    errors = []
    for count in steps:
        h, total = np.float64(1 / count), 0.0
        for path, end in zip(paths, exact, strict=True):
            arguments = module.prepare({}, {}, 1.0, float(h), [0])
            c, y, hold, work, k, matrix = (arguments[i] for i in (7, 10, 11, 25, 26, 27))
            for i, increment in enumerate(path.reshape(count, -1).sum(axis=1)):
                k[0, 0], t = increment, i * h
                work[0][:1] = module._rhs(t, t, *y, c, hold)
                module._step(t, h, t, y, work[0], work[1], c, hold, k, matrix)
                y[:] = work[1][:1]
            total += abs(float(y[0]) - end)
        errors.append(total / len(paths))
    return errors


@pytest.mark.parametrize("method", NAMES)
def test_multiplicative_noise_is_followed_at_the_claimed_strong_order(method: str) -> None:
    paths = np.random.default_rng(1).normal(size=(PATHS, FINE)) / math.sqrt(FINE)
    exact = np.exp(-0.5 - 0.125 + 0.5 * paths.sum(axis=1))
    errors = mean_errors(GEOMETRIC, method, (16, 32, 64, 128), exact, paths)
    order = math.log2(errors[0] / errors[-1]) / 3
    assert methods()[method].order - 0.15 < order < methods()[method].order + 0.25


def test_additive_noise_gives_euler_maruyama_order_one() -> None:
    paths = np.random.default_rng(2).normal(size=(PATHS, FINE)) / math.sqrt(FINE)
    reference = nd.loads(ADDITIVE)
    plan = reference.plan("euler_maruyama", None, None, ())
    assert plan.method == "euler_maruyama"
    decay = np.exp(-(1 - (np.arange(FINE) + 0.5) / FINE))
    exact = math.exp(-1) + 0.5 * (paths * decay).sum(axis=1)
    errors = mean_errors(ADDITIVE, "euler_maruyama", (8, 16, 32, 64), exact, paths)
    assert 0.85 < math.log2(errors[0] / errors[-1]) / 3 < 1.15
