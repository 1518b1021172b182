"""Where the two forms of models of arrays could differ from mathematics: captured indices, derivatives, known times, computed indices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.codegen.events import random_lines
from neurodsl.solution import Result

Run = Callable[..., Result]

B = np.array([1.0, 2.0, 3.0])
HEAD = "param b[3] = (1, 2, 3), w = 2\ninit x[3] = (1, 2, 3), s = 1\n"
STILL = "next x = x\nnext s = s\n"


def test_a_function_with_nested_sums_is_the_same_inside_another_sum(run: Run) -> None:
    text = "f(a) = a*sum(b[j]*sum(b[k] + j for k) for j)\ny = f(2)\nz[j] = f(2)*b[j]\nv[j] = sum(f(2)*x[k] for k)*b[j]\n"
    result = run(HEAD + text + STILL, duration=1, record=["y", "z", "v"])
    scale = 2 * sum(b * sum(c + j for c in B) for j, b in enumerate(B))
    assert (result["y"][0], result["z"][0].tolist(), result["v"][0].tolist()) == (scale, list(scale * B), list(6 * scale * B))


def test_a_function_serves_constants_and_equations(run: Run) -> None:
    result = run(HEAD + "f(a) = a*sum(b)\nc[i] = f(2)*b[i]\nnext x[i] = f(2)*x[i]\nnext s = f(2)\n", duration=1, record=["x", "s", "c"])
    assert (result["x"][1].tolist(), result["s"][1], result["c"][1].tolist()) == ([12, 24, 36], 12, [12, 24, 36])


def test_the_default_of_a_parameter_may_use_functions_and_inverses(run: Run) -> None:
    text = "S(z) = z^2 + k\nparam k = 1, a = S(3), A[2, 2] = ((2, 0), (0, 4)), C[2, 2] = a*inverse(A)\ninit u[2] = 8\nnext u = C @ u\n"
    assert run(text, duration=1)["u"][1].tolist() == [40, 20]
    assert run(text, duration=1, set={"a": 1})["u"][1].tolist() == [4, 2]


def test_derivatives_of_elements_stand_in_other_equations(run: Run) -> None:
    text = "dx[i]/dt = b[i] + i\nds/dt = dx[1]/dt + sum(dx[j]/dt*x[j] for j)/sum(x) + dx[mod(w, 3)]/dt\ny[i] = dx[i]/dt\n"
    result = run(HEAD + text, duration=0.5, dt=0.5, method="euler", record=["y", "s"])
    assert result["y"][0].tolist() == [1, 3, 5]
    assert result["s"][-1] == pytest.approx(1 + 0.5 * (3 + (1 * 1 + 3 * 2 + 5 * 3) / 6 + 5), abs=1e-14)


def test_edges_of_pulses_of_elements_are_known_times(run: Run) -> None:
    text = "dx[i]/dt = pulse(t, b[i], b[i] + 0.1) + pulse(t, sum(b), sum(b) + b[i])\nds/dt = train(t, 4*w, 0.1, w) + sum(step(t, b[i]) for i)\n"
    result = run(HEAD + text, duration=12, dt=12, method="rk45")
    assert result["x"][-1] == pytest.approx([2.1, 4.1, 6.1], abs=1e-12)
    assert result["s"][-1] == pytest.approx(1 + 0.2 + 11 + 10 + 9, abs=1e-12)


def test_an_adaptive_method_sees_the_switches_of_elements(run: Run) -> None:
    text = "param b[2] = (0, 1)\ninit x[2] = 0\np[i] = sin(0.2*t + b[i])\ndx[i]/dt = (1 if p[i] > 0.999 else 0)\n"
    exact = [2 * np.arccos(0.999) / 0.2 * 3, 2 * np.arccos(0.999) / 0.2 * 3]
    assert run(text, duration=90, dt=0.1, method="rk45")["x"][-1] == pytest.approx(exact, abs=0.1)


def test_an_element_with_computed_indices_of_an_array_of_three_dimensions(run: Run) -> None:
    text = (
        "param T[2, 3, 2] = 0.5\ninit u[2, 3, 2] = 0\nnext u[i, j, k] = i + 10*j + 100*k\nz[i] = u[i, mod(i + t, 3), mod(t, 2)]*T[i, 1, mod(t, 2)]\n"
    )
    assert run(text, duration=1, record=["z"])["z"][1].tolist() == [0.5 * 110, 0.5 * 121]


def test_a_literal_array_has_no_element_out_of_range(run: Run) -> None:
    result = run(HEAD + STILL + "f(v, k) = v[k]\nz = f((1, 2, 3), t + 1.2)\n", duration=2, record=["z"])
    assert np.array_equal(result["z"], [2, 3, np.nan], equal_nan=True)


def test_a_quotient_of_sums_that_is_0_over_0_has_its_limit(run: Run) -> None:
    result = run(HEAD + STILL + "y[i] = (sum(x) - 6)*x[i]/(exp(sum(x) - 6) - 1)\n", duration=1, record=["y"])
    assert result["y"][0].tolist() == [1, 2, 3]


def test_a_quotient_of_an_element_with_a_computed_index_is_looked_at(run: Run) -> None:
    result = run(HEAD + STILL + "y = (b[mod(t, 3)] - 1)/(exp(b[mod(t, 3)] - 1) - 1)\n", duration=1, record=["y"])
    assert result["y"] == pytest.approx([1, 1 / (np.e - 1)], abs=1e-14)


def test_many_arrays_of_different_sizes_have_index_symbols(run: Run) -> None:
    sizes = range(1, 60)
    text = "".join(f"param a{n}[{n}] = 1\ny{n} = sum(a{n}[i]*i for i)*s\n" for n in sizes) + "init s = 1\nnext s = s\n"
    result = run(text, duration=1, record=[f"y{n}" for n in sizes])
    assert [result[f"y{n}"][0] for n in sizes] == [n * (n - 1) / 2 for n in sizes]


def test_what_functions_do_counts_for_the_form_of_a_model() -> None:
    text = "param N = 30, W[N, N] = 0.01\ninit x[N] = 1\nf(v) = sum(W[i, j]*v[i]*v[j] for i, j)\nnext x[i] = x[i]/2 + f(x)\n"
    assert nd.loads(text).simulate(duration=1)["x"][-1] == pytest.approx(np.full(30, 9.5), abs=1e-12)


NOISE = HEAD + "noise xi[3]\nq[i] = xi[i]*s\n"


def test_noise_has_to_enter_linearly(run: Run) -> None:
    for term in ("xi[i]^2", "x[i]*q[i]*xi[i]", "exp(q[i])", "max(xi)", "(1 if q[i] > 0 else 0)"):
        with pytest.raises(nd.NeuroError, match=r"does not enter the equation of .* linearly"):
            run(NOISE + f"dx[i]/dt = -x[i] + {term}\nds/dt = -s\n", duration=1)


def test_noise_may_enter_through_definitions_and_sums_and_these_cannot_be_recorded(run: Run) -> None:
    text = NOISE + "dx[i]/dt = (q[i] if s > 0 else 2*xi[i])*1e-9*x[i] - x[i]\nds/dt = (sum(q)/sum(x) + mean(xi))*1e-9 - s\n"
    assert run(text, duration=0.1, dt=0.1, method="euler_maruyama")["x"][-1] == pytest.approx(0.9 * B, abs=1e-7)
    with pytest.raises(nd.NeuroError, match="no quantity `q` to record"):
        run(text, duration=1, record=["q"])


def test_a_jacobian_is_a_derivative_of_each_element(run: Run) -> None:
    text = "u[i] = x[i]^2/10\ny[i] = tanh(u[i]*sum(u))\nJ[i, j] = diff(y[i], x[j])\nK[i, j] = diff(y[j], x[i])\n"
    result = run(HEAD + text + STILL, duration=1, record=["J", "K"])
    u = B**2 / 10
    inner = (np.eye(3) * u.sum() + u[:, None]) * B / 5
    expected = (1 - np.tanh(u * u.sum()) ** 2)[:, None] * inner
    assert result["J"][0] == pytest.approx(expected, abs=1e-14)
    assert result["K"][0] == pytest.approx(expected.T, abs=1e-14)


def test_a_second_derivative_goes_through_definitions_of_the_first(run: Run) -> None:
    text = "y[i] = tanh(x[i]*b[i]/9)\nL = sum(y)^2\ng[i] = diff(L, x[i])\nH[i, j] = diff(g[i], x[j])\n"
    result = run(HEAD + text + STILL, duration=1, record=["H"])
    y = np.tanh(B * B / 9)
    first = (1 - y**2) * B / 9
    second = -2 * y * (1 - y**2) * (B / 9) ** 2
    assert result["H"][0] == pytest.approx(2 * np.outer(first, first) + np.diag(2 * y.sum() * second), abs=1e-14)


def test_a_derivative_by_a_parameter_goes_through_constants(run: Run) -> None:
    text = "c[i] = b[i]^2*w\nd = sum(c)\nL = sum(c*x) + d*s\nD[i] = diff(L, b[i])\nE = diff(L, w)\n"
    result = run(HEAD + text + STILL, duration=1, record=["D", "E"])
    assert result["D"][0].tolist() == list(2 * B * 2 * (B + 1))
    assert result["E"][0] == sum(B**2 * (B + 1))


def test_a_derivative_through_what_hides_its_target_is_refused(run: Run) -> None:
    matrix = "param A[2, 2] = ((1, 2), (3, 5)), v[2] = 1\ninit u[2] = 1\nnext u = u\n"
    with pytest.raises(nd.NeuroError, match="`diff` is not supported through `inverse` of a matrix"):
        run(matrix + "L = sum(inverse(A) @ u)\ng = diff(L, A)\n", duration=1)
    with pytest.raises(nd.NeuroError, match="`diff` by `v` meets an element of it whose index is computed in a run"):
        run(matrix + "L = sum(u)*v[mod(t, 2)]\ng = diff(L, v)\n", duration=1)


def test_random_numbers_of_events_with_many_draws_are_different() -> None:
    calls = {random_lines(f"_rand{place}", number, 3)[0].partition("]")[2] for place in range(1500) for number in range(3)}
    assert len(calls) == 1500 * 3
