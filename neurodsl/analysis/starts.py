"""The initial state of a model, with values that are ``steady`` solved for."""

from __future__ import annotations

import hashlib
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from neurodsl import rules
from neurodsl.analysis.frozen import Frozen
from neurodsl.codegen import kernel
from neurodsl.codegen.build import generate
from neurodsl.diagnostics import fail
from neurodsl.integrators import methods
from neurodsl.system import Loaded

Floats = NDArray[np.float64]

GUESSES = (0.0, 0.5, -65.0, 1.0, -50.0, -1.0, 10.0, 100.0)
STATE = 10
"""Where a kernel keeps the state among its arguments."""


def loaded(frozen: Frozen, text: str, plain: bool) -> ModuleType:
    """Return a generated file as running code."""
    name = f"analysis_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return kernel.load(kernel.store(frozen.folder, name, text), plain=plain)


def numbers_of(frozen: Frozen) -> dict[str, float]:
    """Return the values of the parameters as a kernel takes them.

    Raises
    ------
    NeuroError
        M115 for a parameter that stands in a file.
    """
    values = [(p, p.default) for p in frozen.system.parameters] + [(s, s.initial) for s in (*frozen.system.starts, *frozen.states)]
    for made, value in values:
        if isinstance(value, Loaded):
            told = f"`{made.name}` of `{frozen.system.name}` stands in the file `{value.path}`, which the analysis does not read"
            raise fail(rules.NOT_SERVED, told, made.span, "write the numbers into the text")
    return {p.name: float(frozen.values[p.symbol]) for p in frozen.system.parameters if p.symbol in frozen.values}


def initial_state(frozen: Frozen, seed: int = 0) -> Floats:
    """Return the initial state of a model at the frozen values of its parameters.

    Raises
    ------
    NeuroError
        M102 where a steady value is not found, R104 where a value is not finite.
    """
    system = frozen.system
    method = methods()["map" if system.discrete else "rk4"]
    module = loaded(frozen, generate(system, method, "grid", 1.0, 1.0), plain=True)
    y = np.array(module.prepare(numbers_of(frozen), steady_start(frozen, module, 1.0, seed), 1.0, 1.0, (), seed=seed)[STATE])
    if not np.all(np.isfinite(y)):
        name = frozen.names[int(np.flatnonzero(~np.isfinite(y))[0])]
        raise fail(rules.BAD_CONSTANT, f"the initial value of `{name}` is not finite for these parameters")
    return y


def steady_start(frozen: Frozen, module: ModuleType, dt: float, seed: int) -> dict[str, float]:
    """Return the initial values that were left to the numbers: those at which the derivatives of their states are 0."""
    y = np.array(module.prepare(numbers_of(frozen), {}, dt, dt, (), seed=seed)[STATE][: len(frozen.states)])
    unknown = [i for i in np.flatnonzero(np.isnan(y)).tolist() if frozen.names[i] in module.STEADY]
    if not unknown:
        return {}

    def residual(x: Floats) -> Floats:
        trial = y.copy()
        trial[unknown] = x
        found = frozen.residual(trial)[unknown]
        return np.where(np.isfinite(found), found, 1e300)

    for guess in GUESSES:
        found = root(residual, np.full(len(unknown), guess), tol=1e-13)
        scale = float(np.max(np.abs(residual(found.x + 1e-3))))
        if found.success and np.all(np.abs(residual(found.x)) <= 1e-9 * max(1.0, scale)):
            return {frozen.names[i]: float(v) for i, v in zip(unknown, found.x, strict=True)}
    listed = ", ".join(f"`{frozen.names[i]}`" for i in unknown)
    raise fail(rules.NO_STEADY, f"no steady initial value was found for {listed}", help="give it a number with `init`")
