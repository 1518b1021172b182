"""One step of a method on a model with one state and one noise, as a function of the state and the Brownian increment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import neurodsl as nd
from neurodsl.codegen import kernel

Step = Callable[[float, float, float], float]
"""From the state, the step and the increment of the Brownian motion to the next state."""


def one_step(text: str, method: str) -> Step:
    """Return the step of the generated file."""
    model = nd.loads(text)
    plan = model.plan(method, None, None, ())
    module = kernel.load(model.cache.folder / f"{plan.kernel}.py", plain=True)

    def step(x: float, h: float, increment: float) -> float:
        dt = np.float64(h)
        arguments = module.prepare({}, {}, 1.0, h, [0])
        c, y, hold, work, k, matrix = (arguments[i] for i in (7, 10, 11, 25, 26, 27))
        y[0], k[0, 0] = x, increment
        work[0][:1] = module._rhs(0.0, 0.0, *y, c, hold)
        module._step(0.0, dt, 0.0, y, work[0], work[1], c, hold, k, matrix)
        return float(work[1][0])

    return step
