"""Fixed-step methods with located events, written again in the plainest way, to hold the engine against.

The solution of a method inside a step is the method taken with a shorter step; changes of a condition are sought on 4001 points of it and
located by Brent's method; the step goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]
Field = Callable[[float, Floats], Floats]
POINTS = 4001


def euler(f: Field, t: float, y: Floats, h: float) -> Floats:
    return y + h * f(t, y)


def heun(f: Field, t: float, y: Floats, h: float) -> Floats:
    k = f(t, y)
    return y + h / 2 * (k + f(t + h, y + h * k))


def midpoint(f: Field, t: float, y: Floats, h: float) -> Floats:
    return y + h * f(t + h / 2, y + h / 2 * f(t, y))


def rk4(f: Field, t: float, y: Floats, h: float) -> Floats:
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h / 2 * k1)
    k3 = f(t + h / 2, y + h / 2 * k2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def exponential_euler(f: Field, t: float, y: Floats, h: float) -> Floats:
    """Return the step with the diagonal of the Jacobian by central differences of a field that is polynomial of degree 2 at most."""
    k, result = f(t, y), y.copy()
    for i in range(len(y)):
        up, down = y.copy(), y.copy()
        up[i] += 0.5
        down[i] -= 0.5
        slope = f(t, up)[i] - f(t, down)[i]
        result[i] += k[i] * (math.expm1(slope * h) / slope if slope != 0 else h)
    return result


STEPS = {"euler": euler, "heun": heun, "midpoint": midpoint, "rk4": rk4, "exponential_euler": exponential_euler}


def changes(method: str, f: Field, y: Floats, level: Callable[[float, Floats], float], dt: float, steps: int) -> list[tuple[float, bool]]:
    """Return the times at which ``level`` changes its sign, and whether it does so upwards, when nothing else happens there."""
    found = []
    step = STEPS[method]
    for k in range(steps):
        t, end = k * dt, (k + 1) * dt
        while True:
            h = end - t
            thetas = np.linspace(0, 1, POINTS)
            values = np.array([level(t + x * h, step(f, t, y, x * h)) for x in thetas])
            first = 1 if found and t == found[-1][0] else 0
            at = np.flatnonzero(np.sign(values[first:-1]) != np.sign(values[first + 1 :]))
            if len(at) == 0:
                y = step(f, t, y, h)
                break
            i = at[0] + first
            theta = brentq(lambda x, t=t, y=y, h=h: level(t + x * h, step(f, t, y, x * h)), thetas[i], thetas[i + 1], xtol=1e-15, rtol=1e-14)
            y = step(f, t, y, theta * h)
            t += theta * h
            found.append((t, bool(values[i + 1] > values[i])))
    return found
