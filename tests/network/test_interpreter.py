"""The interpreter of networks against closed forms and against runs of single models."""

from __future__ import annotations

import math

import numpy as np
import pytest
from network.by_hand import network, neuron, population, projection, synapse
from network.interpreter import Wiring, interpret
from sympy import Symbol

import neurodsl as nd
from neurodsl.network import Rule

LIF = """
param C = 1, g_L = 0.1, V_rest = -65, theta = -50, V_reset = -70
input I = {drive}
init V = V_rest
C * dV/dt = -g_L*(V - V_rest) + I
on V >= theta: V = V_reset
"""
SEED_SPIKES = [138, 299, 460, 621, 782, 943, 1104, 1265, 1426, 1587, 1748, 1909]
"""The steps at which the single neuron of the seed fires in 200 ms."""


def symbols(names: str) -> list[Symbol]:
    return [Symbol(name) for name in names.split()]


def test_the_seeds_neuron_fires_where_its_script_does() -> None:
    run = interpret(network([population("E", 1, neuron(LIF.format(drive=2)))]), 200, 0.1, methods={"E": "euler"}, traced=[("E", "V")])
    assert [k for k, _ in run.spikes["E"]] == SEED_SPIKES
    voltage = run.traces["E", "V"][:, 0]
    assert voltage[137] == pytest.approx(-50.04721326178691, abs=1e-12)
    assert voltage[2000] == pytest.approx(-55.017116323788514, abs=1e-12)
    assert voltage.max() == pytest.approx(-50.006925671437244, abs=1e-12)


def printed(drive: np.ndarray, W: np.ndarray) -> tuple[list[tuple[int, int]], np.ndarray]:
    """The script of the seed: a neuron that stands at the reset potential acts as a current on the others during the next step."""
    V = np.full((5, 2001), -65.0)
    spikes = []
    for k in range(1, 2001):
        for n in range(5):
            current = drive[n] + sum(W[n, m] for m in range(5) if m != n and V[m, k - 1] == -70.0)
            V[n, k] = V[n, k - 1] + 0.1 * (-0.1 * (V[n, k - 1] + 65.0) + current)
            if V[n, k] >= -50.0:
                V[n, k] = -70.0
                spikes.append((k, n))
    return spikes, V[:, -1]


@pytest.mark.parametrize(
    ("drive", "scale", "counts", "last"),
    [
        (np.zeros(5), 1, [0, 0, 0, 0, 0], -65.0),
        (np.full(5, 2.0), 1, [12, 12, 12, 12, 12], -55.01347717480195),
        (np.full(5, 2.0), 100, [13, 12, 10, 11, 12], -65.24319670553146),
        (1.6 + 0.2 * np.arange(5), 100, [7, 10, 10, 14, 16], -53.04856562601051),
    ],
)
def test_five_neurons_run_as_the_script_of_the_seed(drive: np.ndarray, scale: float, counts: list[int], last: float) -> None:
    w, I = symbols("w post.I")
    W = scale * 0.05 * np.random.RandomState(42).randn(5, 5)
    E = population("E", 5, neuron(LIF.format(drive=0)))
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    wiring = Wiring([i for i, _ in pairs], [j for _, j in pairs], values={"w": [W[j, i] for i, j in pairs]})
    made = network([E], [projection(E, E, synapse(parameters={"w": 0}, pre=[("post.I", I + w)]))])
    run = interpret(made, 200, 0.1, wiring={"E -> E": wiring}, given={"E": {"I": drive}}, methods={"E": "euler"})
    spikes, V = printed(drive, W)
    assert run.spikes["E"] == spikes
    assert [sum(n == m for _, n in spikes) for m in range(5)] == counts
    assert run.final["E"]["V"] == pytest.approx(V, abs=1e-11)
    assert run.final["E"]["V"][0] == pytest.approx(last, abs=1e-11)


@pytest.mark.parametrize("method", ["euler", "rk4", "exact", "exponential_euler"])
def test_a_neuron_alone_moves_as_a_run_of_its_model(method: str) -> None:
    text = """
param tau = 10, V_th = 15, tau_w = 30, b = 0.4
input I = 22 + 3*pulse(t, 20, 40)
dV/dt = (-V + I - w)/tau
tau_w * dw/dt = -w
on V >= V_th: emit spike; V = 2; w += b*V; hold V for 3.07
at 33.3: w += 1
every 21.7: V += 1.5
on w > 3 and V > 5: wait 4; w *= 0.7
"""
    run = interpret(network([population("E", 1, neuron(text))]), 90, 0.1, methods={"E": method}, traced=[("E", "V"), ("E", "w")])
    known = nd.loads(text).simulate(duration=90, dt=0.1, method=method, events="grid")
    assert len(known.spikes.times) > 2
    assert [k for k, _ in run.spikes["E"]] == [round(t / 0.1) for t in known.spikes.times]
    assert run.traces["E", "V"][:, 0] == pytest.approx(known["V"], abs=1e-10)
    assert run.traces["E", "w"][:, 0] == pytest.approx(known["w"], abs=1e-10)


def test_a_spike_without_delay_acts_from_the_next_step_on_and_a_delay_counts_from_there() -> None:
    cell = neuron("init g = 0\ndg/dt = -g")
    S, E = population("S", 1, None), population("E", 2, cell)
    g = Symbol("post.g")
    made = network([S, E], [projection(S, E, synapse(pre=[("post.g", g + 1)]))])
    wiring = {"S -> E": Wiring([0, 0], [0, 1], delay=[0.0, 0.3])}
    run = interpret(made, 1, 0.1, wiring=wiring, trains={"S": [(4, 0)]}, traced=[("E", "g")])
    trace = run.traces["E", "g"]
    assert list(trace[:5, 0]) == [0, 0, 0, 0, 1]
    assert trace[5, 0] == pytest.approx(math.exp(-0.1))
    assert list(trace[:8, 1]) == [0, 0, 0, 0, 0, 0, 0, 1]


def test_what_is_added_to_an_input_lasts_for_one_step_and_what_is_set_stays() -> None:
    cell = neuron("input I = 0\ninit x = 0\ndx/dt = I")
    S, E = population("S", 2, None), population("E", 2, cell)
    I = Symbol("post.I")
    for actions, expected in (([("post.I", I + 3)], [0, 0, 0, 0.3, 0.3, 0.3]), ([("post.I", 3)], [0, 0, 0, 0.3, 0.6, 0.9])):
        run = interpret(
            network([S, E], [projection(S, E, synapse(pre=actions), rule=Rule("one to one"))]), 0.5, 0.1, trains={"S": [(2, 0)]}, traced=[("E", "x")]
        )
        assert run.traces["E", "x"][:, 0] == pytest.approx(expected)
        assert list(run.traces["E", "x"][:, 1]) == [0] * 6


def test_a_held_state_ignores_jumps_until_its_time_is_over() -> None:
    cell = neuron("init V = 0\ndV/dt = 0*V + 1\non V >= 0.95: V = 0; hold V for 0.4")
    S, E = population("S", 1, None), population("E", 1, cell)
    V = Symbol("post.V")
    made = network([S, E], [projection(S, E, synapse(pre=[("post.V", V + 5)]))])
    run = interpret(made, 1.7, 0.1, trains={"S": [(k, 0) for k in (10, 11, 13, 14)]}, traced=[("E", "V")])
    trace = run.traces["E", "V"][:, 0]
    assert run.spikes["E"] == [(10, 0), (15, 0)]
    assert trace[[10, 11, 13, 14]] == pytest.approx([0, 0, 0, 5])
    assert list(trace[15:]) == [0, 0, 0]


def test_stdp_of_one_pair_is_that_of_the_window() -> None:
    for lag, expected in ((10.0, 0.0060653066), (-10.0, -0.012 * math.exp(-0.5)), (25.0, 0.01 * math.exp(-1.25))):
        pre, post = (5.0, 5.0 + lag) if lag > 0 else (5.0 - lag, 5.0)
        trains = {"S": [(round(pre / 0.1), 0)], "T": [(round(post / 0.1), 0)]}
        run = interpret(stdp(1, 1), 60, 0.1, trains=trains)
        assert run.final["S -> T"]["w"][0] - 0.5 == pytest.approx(expected, abs=1e-10)


def stdp(sources: int, targets: int) -> nd.network.Network:  # type: ignore[name-defined]
    x, y, w = symbols("x y w")
    made = synapse(
        {"w": (0.5, 0), "x": (0, -x / 20), "y": (0, -y / 20)},
        pre=[("x", x + 1), ("w", w - 0.012 * y)],
        post=[("y", y + 1), ("w", w + 0.01 * x)],
    )
    S, T = population("S", sources, None), population("T", targets, None)
    return network([S, T], [projection(S, T, made)])


def test_traces_add_up_to_the_sum_over_all_pairs() -> None:
    rng = np.random.default_rng(1)
    trains = {name: sorted({(int(k), int(n)) for k, n in zip(rng.integers(1, 2000, 60), rng.integers(0, 3, 60), strict=True)}) for name in "ST"}
    run = interpret(stdp(3, 3), 200, 0.1, trains=trains)
    change = np.zeros((3, 3))
    for k, i in trains["S"]:
        for m, j in trains["T"]:
            lag = 0.1 * (m - k)
            change[i, j] += 0.01 * math.exp(-lag / 20) if lag >= 0 else -0.012 * math.exp(lag / 20)
    assert run.final["S -> T"]["w"].reshape(3, 3) - 0.5 == pytest.approx(change, abs=1e-12)


def test_a_second_order_synapse_is_an_alpha_function() -> None:
    cell = neuron("param tau = 5\ninit g = 0, s = 0\ndg/dt = (s - g)/tau\nds/dt = -s/tau")
    S, E = population("S", 1, None), population("E", 1, cell)
    s = Symbol("post.s")
    run = interpret(network([S, E], [projection(S, E, synapse(pre=[("post.s", s + math.e)]))]), 40, 0.1, trains={"S": [(20, 0)]}, traced=[("E", "g")])
    t = 0.1 * np.arange(401) - 2
    expected = np.where(t > 0, t / 5 * np.exp(1 - t / 5), 0)
    assert run.traces["E", "g"][:, 0] == pytest.approx(expected, abs=1e-12)
    assert run.traces["E", "g"].max() == pytest.approx(1, abs=1e-12)


def test_a_depressing_synapse_settles_where_tsodyks_and_markram_say() -> None:
    u, R, g = symbols("u R post.g")
    U, tau_f, tau_d, period = 0.15, 50.0, 120.0, 20.0
    made = synapse({"u": (U, (U - u) / tau_f), "R": (1, (1 - R) / tau_d)}, pre=[("u", u + U * (1 - u)), ("post.g", g + u * R), ("R", R - u * R)])
    S, E = population("S", 1, None), population("E", 1, neuron("init g = 0\ndg/dt = -g/0.5"))
    run = interpret(network([S, E], [projection(S, E, made)]), 2005, 0.5, trains={"S": [(k, 0) for k in range(40, 4001, 40)]}, traced=[("E", "g")])
    a, b = math.exp(-period / tau_f), math.exp(-period / tau_d)
    low = (U * (1 - a) + U * a) / (1 - a * (1 - U))
    high = low + U * (1 - low)
    recovered = (1 - b) / (1 - b * (1 - high))
    trace = run.traces["E", "g"][:, 0]
    assert trace[4000] - trace[3999] * math.exp(-1) == pytest.approx(high * recovered, abs=1e-9)


def test_two_neurons_with_a_gap_junction_meet_at_their_mean() -> None:
    V, W, g = symbols("pre.V post.V g")
    E = population("E", 2, neuron("input I = 0\ninit V = 0\ndV/dt = I"), V="i")
    made = synapse(parameters={"g": 0.05}, contributions={"post.I": g * (V - W)})
    run = interpret(network([E], [projection(E, E, made)]), 10, 0.1, traced=[("E", "V")])
    difference = run.traces["E", "V"][:, 1] - run.traces["E", "V"][:, 0]
    expected = [1.0, 1 - 0.01]
    for _ in range(99):
        expected.append(expected[-1] - 0.01 * (1.5 * expected[-1] - 0.5 * expected[-2]))
    assert difference == pytest.approx(expected, abs=1e-12)
    assert difference == pytest.approx(np.exp(-2 * 0.05 * 0.1 * np.arange(101)), abs=1e-4)
    assert run.traces["E", "V"].mean(axis=1) == pytest.approx(np.full(101, 0.5), abs=1e-12)


def test_pathways_of_one_synapse_have_delays_of_their_own() -> None:
    n, m, z = symbols("n m z")
    made = synapse({"n": (0, 0), "m": (0, 0), "z": (0, 0)}, pre={None: [("n", n + 1)], 0.5: [("m", m + n)]}, post={0.2: [("z", z + 1)]})
    S, T = population("S", 1, None), population("T", 1, None)
    run = interpret(
        network([S, T], [projection(S, T, made, delay=0.3)]), 2, 0.1, trains={"S": [(5, 0), (7, 0)], "T": [(4, 0)]},
        traced=[("S -> T", x) for x in "nmz"],
    )  # fmt: skip
    first = {x: [int(np.argmax(run.traces["S -> T", x][:, 0] >= level)) for level in (1, 2)] for x in "nmz"}
    assert first == {"n": [8, 10], "m": [13, 13], "z": [6, 0]}


def test_what_arrives_is_delivered_in_the_order_of_spike_time_and_source() -> None:
    x, y = symbols("post.x y")
    made = synapse(parameters={"y": 0}, pre=[("post.x", 10 * x + y)])
    S, E = population("S", 3, None), population("E", 1, neuron("init x = 0\ndx/dt = 0*x"))
    wiring = {"S -> E": Wiring([0, 1, 2], [0, 0, 0], delay=[0.1, 0.2, 0.1], values={"y": [1, 2, 3]})}
    run = interpret(network([S, E], [projection(S, E, made)]), 1, 0.1, wiring=wiring, trains={"S": [(5, 0), (5, 2), (4, 1)]})
    assert run.final["E"]["x"][0] == 213
