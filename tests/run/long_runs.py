"""Models for long runs, one for each kind of method, in which much is pending at any time."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodsl.integrators import methods
from neurodsl.integrators.method import Method, Stochastic
from neurodsl.solution import Result

SPIKING = """
init v = -1, w = 0.2, n = 0
dv/dt = v - v^3/3 - w + 0.4 + pulse(t, 3, 4.25)
dw/dt = (v + 0.7 - 0.8*w)/3
on v >= 0.5: emit spike; w += 0.1; hold v for 0.7
on w >= 0.4: n += 1; wait 1.3
on rate max(v, 0) + 0.2: emit spike; n += 0.5
every 2.3: v -= 0.1
at 5.1: w *= 0.9
"""
LINEAR = """
init V = 0, g = 0, n = 0
dV/dt = -V/5 + g + pulse(t, 2, 5.25)
dg/dt = -g/2
on V >= 1: emit spike; V = 0; hold V for 0.6; g -= 0.1
on g >= 0.3: n += 1; wait 0.4
every 1.7: g += 0.5
at 4.2: V -= 0.2
"""
NOISY = """
param I ~ uniform(1, 2), p = 0.2
noise xi, eta
init V ~ uniform(0, 0.5), u = 0.3
dV/dt = -V + I + 0.4*V*xi
du/dt = -0.5*(u - 0.3) + 0.1*u*eta
on V >= 1: emit spike; V = 0.1*rand(); hold V for 0.3
on chance p*dt: emit spike; u += 0.1
every 1.7: V -= 0.2
"""
MAP = """
init x = 0.3, y = 0.1, n = 0
next x = 1 - 1.2*x^2 + y + 0.05*rand()
next y = 0.3*x
on chance 0.3: emit spike; n += 1
on x >= 0.9: emit spike; hold y for 2
every 7: y = 0
"""
ARRAYS = """
param N = 4, W[N, N] ~ sparse(0.5, normal(0, 0.6)), b[N] ~ uniform(0.4, 1)
init x[N] ~ uniform(0, 0.4), g[N] = 0
dx[i]/dt = -x[i] + b[i] + sum(W[i, j]*g[j] for j)
dg[i]/dt = -g[i]/0.5
on x[i] >= 0.6: emit spike; x[i] = 0; g[i] += 0.7; hold x[i] for 0.25
"""
DRIVEN = "input I = 0\ninit x = 0.2\ndx/dt = -x^3 + I\non x >= 0.6: x = 0.1\n"
SAMPLES = (np.linspace(0, 8, 33), 0.6 + 0.5 * np.sin(np.arange(33.0)))

Case = tuple[str, dict[str, Any]]


def case_of(method: Method) -> Case:
    """Return a model that suits a method, and the numbers of its run."""
    if method.name == "map":
        return MAP, {"duration": 150}
    if isinstance(method, Stochastic):
        return NOISY, {"duration": 8, "dt": 0.05}
    return (LINEAR, {"duration": 8, "dt": 0.05}) if method.name == "exact" else (SPIKING, {"duration": 8, "dt": 0.05})


def cases() -> dict[str, Case]:
    """Return a run for each method and each way to take events, and runs of arrays and of samples."""
    found: dict[str, Case] = {}
    for name, method in methods().items():
        text, numbers = case_of(method)
        modes = ("grid",) if method.name == "map" or isinstance(method, Stochastic) else ("exact",) if method.adaptive else ("grid", "exact")
        for events in modes:
            found[f"{name}, {events}"] = text, {**numbers, "method": name, "events": events, "seed": 3}
    for name in ("rk4", "rk45"):
        found[f"arrays, {name}"] = ARRAYS, {"duration": 4, "dt": 0.05, "method": name, "events": "exact", "seed": 1}
        found[f"samples, {name}"] = DRIVEN, {"duration": 8, "dt": 0.05, "method": name, "events": "exact", "input": {"I": SAMPLES}}
    return found


CASES = cases()


def numbers_of(result: Result) -> dict[str, Any]:
    """Return all numbers of a run, to be compared to the last bit."""
    arrays = {"t": result.t, **result.values, "spikes": result.spikes.times, "index": result.spikes.index}
    told = {name: result.meta[name] for name in ("steps", "rejected", "reached", "stopped", "complete", "seed", "parameters", "method", "duration")}
    return {name: np.asarray(array).tobytes() for name, array in arrays.items()} | told | {"final": repr(dict(result.final))}
