"""Models of arrays: against numpy and scipy, both as loops and with every element written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import expit

import neurodsl as nd
from neurodsl.solution import Result

Run = Callable[..., Result]


MAP = """
param W[3, 3] = ((0, 1, 0.5), (-0.2, 0, 1), (1, 0.3, 0)), b[3] = (0.1, 0, -0.1)
init x[3] = (1, 2, 3)
next x = tanh(W @ x + b)
"""


def test_a_map_of_a_vector_takes_the_steps_that_numpy_takes(run: Run) -> None:
    weights, x = np.array([[0, 1, 0.5], [-0.2, 0, 1], [1, 0.3, 0]]), np.array([1.0, 2.0, 3.0])
    expected = [x]
    for _ in range(20):
        x = np.tanh(weights @ x + np.array([0.1, 0.0, -0.1]))
        expected.append(x)
    assert run(MAP, duration=20)["x"] == pytest.approx(np.array(expected), abs=1e-15)


OSCILLATORS = """
param N = 4, K = 1.5, omega[N] = (0.1, 0.5, -0.3, 1)
init theta[N] = (0, 1, 2, 3)
dtheta[i]/dt = omega[i] + K/N*sum(sin(theta[j] - theta[i]) for j)
order = sqrt(sum(cos(theta))^2 + sum(sin(theta))^2)/N
"""


@pytest.mark.parametrize("method", ["rk45", "rk4"])
def test_coupled_oscillators_follow_scipy(run: Run, method: str) -> None:
    omega, theta = np.array([0.1, 0.5, -0.3, 1.0]), np.array([0.0, 1.0, 2.0, 3.0])

    def slopes(t: float, x: np.ndarray) -> np.ndarray:
        return omega + 1.5 / 4 * np.sin(x[None, :] - x[:, None]).sum(axis=1)

    expected = solve_ivp(slopes, (0, 5), theta, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    result = run(OSCILLATORS, duration=5, method=method, record=["theta", "order"])
    assert result["theta"][-1] == pytest.approx(expected, abs=1e-7)
    assert result["order"][-1] == pytest.approx(abs(np.exp(1j * expected).mean()), abs=1e-7)


ALGEBRA = """
param A[2, 2] = ((1, 2), (3, 4)), B[2, 3] = ((0, 1, 2), (1, 0, -1))
square(x) = sum(x*x)
logistic(x) = 1/(1 + exp(-x))
inverted = inverse(A)
radius = spectral_radius(A)
gain = largest_singular_value(A)
both[i, j] = 1 if i == j else A[i, j]*A[j, i]
init x[2] = (1, 2)
next x = x/2
product = A @ B
row = x @ B
rates = logistic(A @ x) + outer(x, x) @ A[1]
energy = square(x) + max(x) - min(x) + mean(x) + norm(x) + prod(x)
largest = max(A[i, j]*x[j] for i, j)
transposed = transpose(B) @ x
picked = A[mod(t, 2), 1]
"""


def test_the_algebra_of_arrays_is_that_of_numpy(run: Run) -> None:
    a, b, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0, 2.0], [1.0, 0.0, -1.0]]), np.array([1.0, 2.0])
    expected = {
        "inverted": np.linalg.inv(a),
        "radius": abs(np.linalg.eigvals(a)).max(),
        "gain": np.linalg.svd(a)[1].max(),
        "both": np.where(np.eye(2) > 0, 1, a * a.T),
        "product": a @ b,
        "row": x @ b,
        "rates": expit(a @ x) + np.outer(x, x) @ a[1],
        "energy": x @ x + x.max() - x.min() + x.mean() + math.hypot(*x) + x.prod(),
        "largest": (a * x).max(),
        "transposed": b.T @ x,
        "picked": a[0, 1],
    }
    result = run(ALGEBRA, duration=1, record=[*expected])
    assert {name: result[name][0] for name in expected} == {name: pytest.approx(value, abs=1e-14) for name, value in expected.items()}
    assert result["picked"][1] == a[1, 1]


LOSS = """
param eta = 0.3, X[4, 2] = ((0, 0), (0, 1), (1, 0), (1, 1)), T[4] = (0, 1, 1, 0)
init U[3, 2] = ((0.5, -0.4), (0.3, 0.8), (-0.7, 0.2)), b[3] = (0.1, -0.2, 0.3), v[3] = (0.6, -0.5, 0.9), c = 0.05
h[m, k] = tanh(sum(U[k, j]*X[m, j] for j) + b[k])
y[m] = sigmoid(sum(v[k]*h[m, k] for k) + c)
L = 0.5*sum((y[m] - T[m])^2 for m)
next U = U - eta*diff(L, U)
next b = b - eta*diff(L, b)
next v = v - eta*diff(L, v)
next c = c - eta*diff(L, c)
"""


def test_a_gradient_is_that_of_back_propagation_by_hand(run: Run) -> None:
    inputs, targets = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0.0, 1, 1, 0])
    u, b, v, c = np.array([[0.5, -0.4], [0.3, 0.8], [-0.7, 0.2]]), np.array([0.1, -0.2, 0.3]), np.array([0.6, -0.5, 0.9]), 0.05
    for _ in range(10):
        h = np.tanh(inputs @ u.T + b)
        y = expit(h @ v + c)
        delta = (y - targets) * y * (1 - y)
        back = np.outer(delta, v) * (1 - h**2)
        u, b, v, c = u - 0.3 * back.T @ inputs, b - 0.3 * back.sum(axis=0), v - 0.3 * h.T @ delta, c - 0.3 * delta.sum()
    result = run(LOSS, duration=10)
    assert result["U"][-1] == pytest.approx(u, abs=1e-13)
    assert result["b"][-1] == pytest.approx(b, abs=1e-13)
    assert result["v"][-1] == pytest.approx(v, abs=1e-13)
    assert result["c"][-1] == pytest.approx(c, abs=1e-13)


def test_a_long_sum_is_that_of_numpy(run: Run) -> None:
    weights, x = np.random.default_rng(5).normal(0, 0.1, (43, 43)), np.linspace(-1, 1, 43)
    text = "param N = 43, W[N, N] = 0\ninit x[N] = 0\nnext x = W @ x"
    result = run(text, duration=3, set={"W": weights}, init={"x": x})
    assert result["x"][-1] == pytest.approx(weights @ weights @ weights @ x, abs=1e-13)


NOISE = """
param N = 2000, tau = 2, sigma = 0.5
init x[N] = 0
noise xi
tau*dx/dt = -x + sigma*sqrt(2*tau)*xi
"""


def test_noise_is_independent_for_each_element_and_has_its_strength() -> None:
    final = nd.loads(NOISE).simulate(duration=10, dt=0.02, seed=3, record=["x"])["x"][-1]
    step = 0.02 / 2
    variance = 0.25 * 2 * step / (1 - (1 - step) ** 2)
    assert final.var() == pytest.approx(variance, abs=4 * variance * math.sqrt(2 / 2000))
    assert final.mean() == pytest.approx(0, abs=4 * math.sqrt(variance / 2000))
    assert np.corrcoef(final[:-1], final[1:])[0, 1] == pytest.approx(0, abs=4 / math.sqrt(2000))


def test_white_noise_of_an_array_that_is_written_out_has_the_same_strength() -> None:
    final = nd.loads(NOISE.replace("N = 2000", "N = 4")).simulate(duration=2000, dt=0.1, seed=3, record=["x"])["x"][1000:]
    step = 0.1 / 2
    variance = 0.25 * 2 * step / (1 - (1 - step) ** 2)
    samples = 2000 / 2 * 4 / 2
    assert final.var() == pytest.approx(variance, abs=4 * variance * math.sqrt(2 / samples))


CHANCE = """
param N = 5000, p = 0.3
init n[N] = 0, z[N] = 0
next n[i] = n[i] + (1 if rand() < p else 0)
next z[i] = randn()
"""


def test_random_numbers_of_a_map_are_new_for_every_element_and_step() -> None:
    result = nd.loads(CHANCE).simulate(duration=10, seed=1)
    count = result["n"][-1]
    assert count.mean() == pytest.approx(3.0, abs=4 * math.sqrt(10 * 0.21 / 5000))
    assert count.var() == pytest.approx(2.1, abs=4 * 2.1 * math.sqrt(2 / 5000))
    drawn = result["z"][1:].ravel()
    assert drawn.mean() == pytest.approx(0, abs=4 / math.sqrt(drawn.size))
    assert drawn.var() == pytest.approx(1, abs=4 * math.sqrt(2 / drawn.size))
    assert len(np.unique(drawn)) == drawn.size


PULSES = """
param I[3] = (1.5, 2, 0.5), tau = 10, w[3, 3] = ((0, 0.1, 0), (0.1, 0, 0.3), (0, 0.2, 0))
init V[3] = 0, n[3] = 0
tau*dV/dt = -V + I
on V[i] >= 1:
    V = V + w[i]
    V[i] = 0
    n[i] += 1
"""


def test_events_of_elements_act_on_their_own_element_and_on_the_whole_array() -> None:
    result = nd.loads(PULSES).simulate(duration=50, events="exact")
    v, n, t, spikes = np.zeros(3), np.zeros(3), 0.0, []
    drive, weights = np.array([1.5, 2, 0.5]), np.array([[0, 0.1, 0], [0.1, 0, 0.3], [0, 0.2, 0]])
    while True:
        waits = [10 * math.log((i - x) / (i - 1)) if i > 1 else math.inf for i, x in zip(drive, v, strict=True)]
        first = int(np.argmin(waits))
        if t + waits[first] > 50:
            break
        t += waits[first]
        v = drive + (v - drive) * math.exp(-waits[first] / 10)
        due = [first]
        while due:
            k = due.pop(0)
            spikes.append((t, k))
            v = v + weights[k]
            v[k] = 0
            n[k] += 1
            due += [j for j in range(3) if v[j] >= 1]
    assert result.spikes.index.tolist() == [k for _, k in spikes]
    assert result.spikes.times == pytest.approx([t for t, _ in spikes], abs=1e-9)
    assert result["n"][-1].tolist() == n.tolist()


def test_a_size_that_is_set_makes_another_model() -> None:
    model = nd.loads("param N = 3\ninit x[N] = 1\nnext x = 2*x")
    assert model.simulate(duration=1, set={"N": 5})["x"].shape == (2, 5)


def test_an_array_is_given_from_python_by_its_values() -> None:
    model = nd.loads("param N = 2, W[N, N] = 0\ninit x[N] = 1\nnext x = W @ x")
    result = model.simulate(duration=1, set={"W": np.array([[1.0, 2.0], [3.0, 4.0]])}, init={"x": [1.0, 10.0]})
    assert result["x"][-1].tolist() == [21.0, 43.0]


def test_an_element_whose_index_is_out_of_range_in_a_run_is_not_a_number() -> None:
    model = nd.loads("param v[3] = (1, 2, 3)\ninit x = 0\nnext x = v[t]")
    with pytest.raises(nd.NeuroError, match="not a number in the step after t = 3"):
        model.simulate(duration=5)


def test_a_product_of_two_vectors_is_a_number_inside_an_equation_of_arrays(run: Run) -> None:
    result = run("param a[3] = (1, 2, 3)\ninit w[3] = (1, 1, 2)\nnext w = w*(a @ w) + 0*a", duration=1)
    assert result["w"][1].tolist() == [9.0, 9.0, 18.0]


def test_more_noises_than_states_have_room() -> None:
    result = nd.loads("noise eta, xi[2]\ninit x[2] = 0\ndx/dt = -x + eta + xi").simulate(duration=200, dt=0.1, seed=2, method="euler_maruyama")
    samples = result["x"][200:]
    assert samples.var() == pytest.approx(1 / (1 - 0.05), rel=0.25)


@pytest.mark.parametrize("method", ["rk45", "rk4"])
def test_an_array_of_a_file_reaches_every_kind_of_run(tmp_path: Path, method: str) -> None:
    np.save(tmp_path / "a.npy", np.array([[2.0, 0.0], [0.0, 3.0]]))
    (tmp_path / "model.neuro").write_text('param A[2, 2] = load("a.npy")\ninit x[2] = 1\ndx/dt = -A @ x + 0*x^3\n')
    model = nd.load(tmp_path / "model.neuro")
    assert model.simulate(duration=1, dt=0.01, method=method)["x"][-1] == pytest.approx([math.exp(-2), math.exp(-3)], abs=1e-8)
    assert model.frozen().matrix([0.0, 0.0]).tolist() == [[-2.0, 0.0], [0.0, -3.0]]
