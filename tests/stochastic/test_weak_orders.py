"""Methods for equations with noise converge in law at weak order one, and along the mean as their drift does.

On a linear equation one step is x -> A(dW) x + B(dW) with polynomials A and B. The moments of the chain then follow a recursion whose coefficients are
expectations of polynomials, which Gauss-Hermite quadrature gives to rounding: no sampling, and no error of sampling.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from stochastic.one_step import Step, one_step

from neurodsl.integrators import methods
from neurodsl.integrators.method import Stochastic

NAMES = [name for name, method in methods().items() if isinstance(method, Stochastic)]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(10)
TAU, SIGMA = 2.0, 0.5
OU = f"param tau = {TAU}, sigma = {SIGMA}\nnoise xi\ninit x = 1\ndx/dt = -x/tau + sigma*xi\n"
GEOMETRIC = "noise xi\ninit x = 1\ndx/dt = -0.7*x + 0.4*x*xi\n"
"""The second moment of x falls as exp((-2*0.7 + 0.4^2) t), Kloeden and Platen 1992, section 4.4."""


@pytest.fixture(autouse=True)
def as_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def recursion(step: Step, h: float) -> np.ndarray:
    """Return the matrix that takes the moments (1, E x, E x^2) one step of size h on, where the step is affine in x."""
    increments = math.sqrt(h) * NODES
    b = np.array([step(0.0, h, dw) for dw in increments])
    a = np.array([step(1.0, h, dw) for dw in increments]) - b
    mean = WEIGHTS / WEIGHTS.sum()
    return np.array([[1, 0, 0], [mean @ b, mean @ a, 0], [mean @ b**2, 2 * mean @ (a * b), mean @ a**2]])


def moments(step: Step, count: int) -> np.ndarray:
    """Return E x and E x^2 at time 1 after a number of steps from x = 1."""
    return (np.linalg.matrix_power(recursion(step, 1 / count), count) @ np.ones(3))[1:]


def orders(step: Step, exact: np.ndarray) -> np.ndarray:
    """Return the slopes of the errors of both moments."""
    errors = [np.abs(moments(step, count) - exact) for count in (64, 128)]
    return np.log2(errors[0] / errors[1])


def test_the_steps_are_affine_and_polynomial_in_the_noise() -> None:
    step = one_step(GEOMETRIC, "platen")
    assert step(3.0, 0.1, 0.2) == pytest.approx(3 * step(1.0, 0.1, 0.2), abs=1e-14)


@pytest.mark.parametrize("method", NAMES)
def test_the_moments_of_multiplicative_noise_converge_at_weak_order_one(method: str) -> None:
    exact = np.exp([-0.7, -1.4 + 0.16])
    assert orders(one_step(GEOMETRIC, method), exact) == pytest.approx([1, 1], abs=0.05)


@pytest.mark.parametrize("method", NAMES)
def test_the_moments_of_additive_noise_converge_at_the_weak_order_of_the_drift(method: str) -> None:
    mean, variance = math.exp(-1 / TAU), SIGMA**2 * TAU / 2 * (1 - math.exp(-2 / TAU))
    expected = 2 if method == "heun_stratonovich" else 1
    assert orders(one_step(OU, method), np.array([mean, mean**2 + variance])) == pytest.approx([expected] * 2, abs=0.05)


def test_the_stationary_variance_of_euler_maruyama_has_its_closed_form() -> None:
    h = 0.1
    chain = recursion(one_step(OU, "euler_maruyama"), h)
    assert chain[2, 0] / (1 - chain[2, 2]) == pytest.approx(SIGMA**2 * TAU / 2 / (1 - h / (2 * TAU)), rel=1e-12)


@pytest.mark.parametrize("method", NAMES)
def test_the_stationary_variance_tends_to_that_of_the_process(method: str) -> None:
    errors = []
    for h in (0.02, 0.01):
        chain = recursion(one_step(OU, method), h)
        errors.append(abs(chain[2, 0] / (1 - chain[2, 2]) - SIGMA**2 * TAU / 2))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2 if method == "heun_stratonovich" else 1, abs=0.05)
