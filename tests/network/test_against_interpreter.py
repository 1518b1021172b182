"""Kernels of networks against the interpreter: the same spikes, the same states."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from network.both import assert_same, both
from scipy.integrate import solve_ivp

import neurodsl as nd

CELL = """
model cell:
    param taum = 20, taue = 5, taui = 10, El = -49, Vt = -50, Vr = -60
    init v = -60, ge = 0, gi = 0
    taum*dv/dt = ge + gi - (v - El)
    taue*dge/dt = -ge
    taui*dgi/dt = -gi
    on v > Vt: v = Vr; hold v for 5
"""
LEAKY = """
model cell:
    param tau = 10, theta = 1
    input I = 0
    init v = 0
    tau*dv/dt = -v + I
    on v >= theta: v = 0; hold v for 1.5
"""
SOURCES = """
model clock:
    param first = 3, every = 10
    init left = first
    dleft/dt = -1
    on left <= dt/2: left += every
"""
STDP = """
synapse stdp:
    param eta = 1, A_plus = 0.1, A_minus = 0.12, tau_plus = 20, tau_minus = 15, w_min = 0, w_max = 1, J = 0.6
    init w ~ uniform(0, 1)
    tau_plus*dx/dt = -x
    tau_minus*dy/dt = -y
    on pre:
        post.I += J*w/dt
        x += 1
        w -= eta*A_minus*(w - w_min)*y
    on post:
        y += 1
        w += eta*A_plus*(w_max - w)*x
"""


def simulate(duration: float, dt: float = 0.1, *more: str) -> str:
    lines = [f"duration {duration}", f"dt {dt}", *more]
    return "    simulate:\n" + "".join(f"        {line}\n" for line in lines)


@pytest.mark.parametrize(("variant", "count"), [(None, 0), ("driven", 60), ("strong", 58), ("uneven", 57)])
def test_five_neurons_of_the_seed(variant: str | None, count: int) -> None:
    run = both(nd.load("small_lif_network"), variant=variant, traced=[("N", "V")])
    assert run.count == count
    assert_same(run, 1e-11)


def test_fifty_neurons_with_two_kinds_of_synapses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    run = both(f"""
synapse exc:
    on pre: post.ge += 1.62
synapse inh:
    on pre: post.gi -= 9
{CELL}
network fifty:
    population E = cell[40] with v ~ uniform(-60, -50)
    population I = cell[10]  with v ~ uniform(-60, -50), taum = 15
    connect E -> E, I with exc, probability 0.2, delay 0.5
    connect I -> E, I with inh, probability 0.2, no self
{simulate(200)}""", traced=[("E", "v"), ("I", "gi")])  # fmt: skip
    assert run.count > 90
    assert_same(run)


@pytest.mark.parametrize("delay", ["", ", delay 0.3", ", delay 0.2 + 0.1*((i + 2*j) mod 5)", ", delay uniform(0.2, 3)"])
def test_plastic_synapses_with_delays_of_every_kind(delay: str) -> None:
    run = both(f"""
{LEAKY}
{STDP}
network net:
    population P = poisson[8] with rate = 0.1
    population E = cell[5] with I = 0.9 + 0.05*i
    connect P -> E with stdp, all to all{delay}
    connect E -> E with stdp, no self, all to all, w = 0.5, J = 0.2{delay}
{simulate(80)}""")  # fmt: skip
    assert run.count > 12
    assert_same(run)


def test_all_ways_of_advancing_synapses_agree() -> None:
    text = f"""
{LEAKY}
{STDP}
network net:
    population P = poisson[8] with rate = 0.1
    population E = cell[5] with I = 0.9 + 0.05*i
    connect P -> E with stdp, all to all, delay 0.5
{simulate(80)}"""
    runs = [both(text, every_step=every) for every in (False, True)]
    assert_same(runs[1])
    assert runs[0].spikes == runs[1].spikes
    for name, row in runs[0].synapses["P -> E"].items():
        assert row == pytest.approx(runs[1].synapses["P -> E"][name], abs=1e-12)


def test_triplets_of_spikes() -> None:
    run = both(f"""
{LEAKY}
synapse triplet:
    param A_plus = 0.065, A_minus = 0.071, tau_plus = 16.8, tau_minus = 33.7, tau_y = 114
    init w = 0.5, r_1 = 0, o_1 = 0, o_2 = 0
    tau_plus*dr_1/dt = -r_1
    tau_minus*do_1/dt = -o_1
    tau_y*do_2/dt = -o_2
    on pre: w -= A_minus*o_1; r_1 += 1; post.I += 3*w
    on post: w += A_plus*r_1*o_2; o_1 += 1; o_2 += 1
network net:
    population P = poisson[6] with rate = 0.15
    population E = cell[4] with I = 1.1
    connect P -> E with triplet, all to all
{simulate(100)}""")  # fmt: skip
    assert run.count > 12
    assert_same(run)


def test_short_term_plasticity_with_resources_that_recover() -> None:
    run = both(f"""
{SOURCES}
model cell:
    init g = 0
    dg/dt = -g/3
synapse dynamic:
    param A = 1, U = 0.5, tau_r = 80, tau_f = 20
    init R = 1, u = 0
    tau_r*dR/dt = 1 - R
    tau_f*du/dt = U - u
    on pre:
        u += U*(1 - u)
        post.g += A*u*R
        R -= u*R
network net:
    population S = clock[3] with every = 7 + i
    population E = cell[4]
    connect S -> E with dynamic, all to all, U = 0.2 + 0.1*j
    connect S -> E[1:4] with dynamic, one to one, delay 0.7
{simulate(100)}""", traced=[("E", "g")])  # fmt: skip
    assert_same(run, 1e-11)


def test_synapses_that_release_by_chance() -> None:
    run = both(f"""
{SOURCES}
model cell:
    init g = 0, n = 0
    dg/dt = -g/3
synapse unreliable:
    param p = 0.3, w = 1
    init through = 0
    on pre:
        through = 1 if rand() < p else 0
        post.g += through*w*(1 + 0.1*randn())
        post.n += through
network net:
    population S = clock[5] with every = 2 + i
    population E = cell[3]
    connect S -> E with unreliable, all to all, p = 0.3 + 0.1*i, delay 0.2
{simulate(60)}""")  # fmt: skip
    assert 0 < sum(run.kernel.final["E"]["n"]) < 3 * 5 * 60 / 2
    assert_same(run)


def test_gap_junctions_between_neurons_that_spike() -> None:
    run = both(f"""
{LEAKY}
synapse gap:
    param g = 0.3
    post.I += g*(pre.v - post.v)
network net:
    population E = cell[6] with I = 0.8 + 0.2*i, v = 0.1*i
    connect E -> E with gap, all to all, where abs(i - j) == 1
    connect E[0:2] -> E[3:6] with gap, all to all, g = 0.1
{simulate(100)}""", traced=[("E", "v")])  # fmt: skip
    assert run.count > 15
    assert_same(run)


def test_rates_learn_by_the_rule_of_oja() -> None:
    run = both(f"""
model source:
    param rate = 1
    init x = 0
    dx/dt = rate - x
model unit:
    input h = 0
    init y = 0
    0.1*dy/dt = -y + h
synapse oja:
    param eta = 0.5
    init w ~ uniform(0, 0.2)
    post.h += w*pre.x
    dw/dt = eta*post.y*(pre.x - post.y*w)
network net:
    population X = source[4] with rate = 0.2 + 0.1*i
    population Y = unit[2]
    connect X -> Y with oja, all to all
{simulate(5, 0.02, "method rk4")}""", methods={"oja": "rk4"}, traced=[("Y", "y")])  # fmt: skip
    assert_same(run)


def test_a_third_factor_gates_learning() -> None:
    run = both(f"""
{SOURCES}
model modulator:
    init D = 0.2
    dD/dt = -D/30
synapse reward:
    init w = 0, c = 0, x = 0, y = 0
    dx/dt = -x/20
    dy/dt = -y/20
    dc/dt = -c/50
    dw/dt = 0.1*c*third.D
    on pre: x += 1; c -= 0.01*y
    on post: y += 1; c += 0.01*x
network net:
    population before = clock[2] with every = 9 + i
    population after = clock[3] with first = 4 + i, every = 8 + i
    population dopamine = modulator[1]
    population each = modulator[3] with D = 0.1*(i + 1)
    connect before -> after with reward, all to all, third dopamine
    connect before -> after[1:3] with reward, one to one, third each[0:2]
{simulate(60, 0.1, "method rk4")}""", methods={"reward": "rk4"})  # fmt: skip
    assert_same(run)


def test_pathways_of_a_synapse_wait_for_times_of_their_own() -> None:
    run = both(f"""
{SOURCES}
model cell:
    init g = 0, h = 0
    dg/dt = -g/3
    dh/dt = -h/3
synapse late:
    init n = 0, m = 0
    on pre: post.g += 1; n += 1
    on pre after 1.5: post.h += n
    on post after 0.4: m += post.h
    on post: m += 1
network net:
    population S = clock[3] with every = 4 + i
    population E = cell[2]
    population T = clock[2] with first = 2, every = 5
    connect S -> E with late, all to all, delay 0.3
    connect S[0:2] -> E[1:2] with late, all to all, delay uniform(0.1, 2)
{simulate(40)}""".replace("m += post.h", "m += 2"), traced=[("E", "g"), ("E", "h")])  # fmt: skip
    assert_same(run)


def test_a_derived_quantity_that_synapses_read_follows_the_input_of_the_last_step() -> None:
    run = both(f"""
model unit:
    param a = 1
    input I = 0
    init r = 0.2
    y = a*(r + I)
    dr/dt = 0.2 - 0.1*r + 0.3*y
    on r > 0.5: r = 0.1
synapse pass:
    param w = 0.4
    post.I += w*pre.y
network net:
    population U = unit[4] with a = 1 + 0.2*i
    connect U -> U with pass, all to all, no self, w = 0.3 - 0.2*i
{simulate(20, 0.05, "method rk4")}""", traced=[("U", "y"), ("U", "r")])  # fmt: skip
    assert run.count > 3
    assert_same(run)


def test_a_condition_on_the_input_sees_what_synapses_add() -> None:
    run = both(f"""
{SOURCES}
model unit:
    input h = 0
    init n = 0
    dn/dt = -0.01*n
    on h >= 1.5: n += 1
synapse pulse:
    on pre: post.h += 1
network net:
    population S = clock[3] with every = 4 + i
    population U = unit[2]
    connect S -> U with pulse, all to all
{simulate(70)}""")  # fmt: skip
    assert run.count > 2
    assert_same(run)


def test_maps_as_neurons() -> None:
    run = both(nd.load("mcculloch_pitts_xor"), traced=[("Y", "y")])
    assert list(run.known.traces["Y", "y"][3:7, 0]) == [0, 1, 1, 0]
    assert_same(run)


def test_spikes_by_chance() -> None:
    run = both(nd.load("galves_locherbach_network"), duration=60)
    assert run.count > 50
    assert_same(run)


def test_a_held_neuron_ignores_jumps() -> None:
    run = both(f"""
{SOURCES}
{LEAKY}
synapse jump:
    init seen = 0
    on pre: post.v += 0.45; seen = post.v
network net:
    population S = clock[4] with every = 1.3 + 0.3*i, first = 0.1 + 0.4*i
    population E = cell[3] with I = 0.2*i
    connect S -> E with jump, all to all
{simulate(30)}""", traced=[("E", "v")])  # fmt: skip
    assert run.count > 12
    assert_same(run)


def test_nonlinear_neurons_with_conductances() -> None:
    for method in ("rk4", "euler", "exponential_euler"):
        run = both(f"""
model cell:
    param a = 0.02, b = 0.2, c = -65, d = 8
    input I = 0
    init v = -65, u = -13, g = 0
    dv/dt = 0.04*v^2 + 5*v + 140 - u + I - g*(v + 80)
    du/dt = a*(b*v - u)
    dg/dt = -g/5
    on v >= 30: v = c; u += d
synapse s:
    param w = 0.03
    on pre: post.g += w
network net:
    population E = cell[6] with I = 8 + i, d = 8 - 0.5*i
    connect E -> E with s, all to all, no self, delay 1
{simulate(80, 0.1, f"method {method}")}""", traced=[("E", "v")])  # fmt: skip
        assert run.count > 10
        assert_same(run, 1e-7)


def test_synapses_of_two_kinds_add_to_inputs_of_their_own() -> None:
    run = both(f"""
{SOURCES}
{LEAKY.replace("input I = 0", "input I = 0.9, K = 0, L = 0").replace("-v + I", "-v + I + K - L/2")}
synapse excite:
    param w = 2
    on pre: post.K += w
synapse inhibit:
    param w = 1.5
    on pre: post.L += w; post.K -= w/4
network net:
    population S = clock[4] with every = 2.3 + 0.3*i, first = 0.1 + 0.4*i
    population E = cell[3] with tau = 8 + i
    connect S[:2] -> E with excite, all to all, w = 20
    connect S[2:] -> E with inhibit, all to all
{simulate(60)}""", traced=[("E", "v")])  # fmt: skip
    assert run.count > 12
    assert_same(run)


GRADED = """
model {name}:
    param tau = 10
    input I = 0
    init v = 0
    tau*dv/dt = -v + {drive} + I
    r = tanh(v)
{events}

synapse graded:
    param w = 0.8, a = 0.5, b = 0.1
    init s = 0.1
    f(u) = 1/(1 + exp(-4*(u - 0.5)))
    ds/dt = a*f(pre.v)*(1 - s) - b*s*(1 + post.r^2)
    post.I += w*s*(1.5 - post.v)

network net:
    population A = cell[2] with v = 0.3 + 0.1*i
    population B = cell[1] with v = -0.2
    connect A -> B with graded, all to all
    connect B -> A with graded, all to all
    simulate:
        duration 40
        dt 0.1
"""


def test_graded_synapses_see_neurons_halfway_through_a_step_and_jumps_as_jumps() -> None:
    run = both(GRADED.format(name="cell", drive="1.4", events="    on v >= 1: v = -0.5; hold v for 1\n"), traced=[("A", "v"), ("B", "r")])
    assert run.count > 5
    assert_same(run, 1e-7)


def test_networks_of_graded_synapses_converge_with_the_second_order() -> None:
    def slopes(t: float, y: Any) -> Any:
        v, u, s, z = y
        drive, opened = 1.2 * np.sin(0.3 * t), 1 / (1 + np.exp(-4 * (y[:2] - 0.5)))
        kept = 0.1 * (1 + np.tanh(y[1::-1]) ** 2)
        return [
            (drive - v + 0.8 * z * (1.5 - v)) / 10, (drive - u + 0.8 * s * (1.5 - u)) / 10,
            0.5 * opened[0] * (1 - s) - kept[0] * s, 0.5 * opened[1] * (1 - z) - kept[1] * z,
        ]  # fmt: skip

    known = solve_ivp(slopes, (0, 20), [0.3, -0.2, 0.1, 0.1], rtol=1e-11, atol=1e-12).y[:, -1]
    model = nd.loads(GRADED.format(name="cell", drive="1.2*sin(0.3*t)", events="").replace("cell[2]", "cell[1]"))
    errors = []
    for dt in (0.2, 0.1, 0.05):
        r = model.simulate(duration=20, dt=dt, record=["graded.s"])
        found = [r.final["A"]["v"][0], r.final["B"]["v"][0], r["A -> B.s"][-1, 0], r["B -> A.s"][-1, 0]]
        errors.append(np.abs(found - known).max())
    assert [round(float(np.log2(e / f)), 1) for e, f in pairwise(errors)] == [2.0, 2.0]


JUMPING = f"""
{SOURCES}
model cell:
    param tau = 10, h = 0.2
    input I = 0
    init v = 0.1
    tau*dv/dt = -v + 0.5 + I
    r = tanh(v) + h
    on v > 1.3: v = 0
synapse jump:
    param w = 0.3
    on pre: post.v += w
synapse rate:
    param w = 0.8
    init n = 0, s = 0.1
    4*ds/dt = pre.v*post.v - s
    post.I += w*pre.r*(1 - post.r)
    on pre: n += post.r
network net:
    population S = clock[3] with every = 6.3 + 2*i, first = 2 + 3*i
    population E = cell[3] with h = 0.1*i
    connect S -> E with jump, one to one
    connect S -> E with jump, all to all, delay 0.7, w = -0.1
    connect E -> E with rate, all to all, no self
{simulate(40)}
"""


@pytest.mark.parametrize("every_step", [False, True])
def test_what_follows_from_a_state_that_a_synapse_changes_is_seen_at_once(every_step: bool) -> None:
    run = both(JUMPING, traced=[("E", "v")], every_step=every_step)
    assert run.count > 3
    assert_same(run, 1e-7)


@pytest.mark.parametrize("kind", ["exact", "rk4"])
def test_an_input_that_a_synapse_sets_keeps_what_it_was_given_and_others_add_to_it_for_a_step(kind: str) -> None:
    text = f"""
{SOURCES}
{LEAKY.replace("I = 0", "I = 0.4")}
synapse switch:
    param level = 1.5
    on pre: post.I = level*(1 + 0.1*post.v)
synapse kick:
    param w = 4
    on pre: post.I += w
network net:
    population S = clock[3] with every = 6.3 + 2*i, first = 2 + 3*i
    population E = cell[9] with tau = 8 + i, I = 0.3 + 0.01*i
    connect S[0:2] -> E[1:] with switch, probability 0.7, level = 1.1 + 0.2*i
    connect S -> E with kick, all to all, delay 0.4
{simulate(60)}"""
    run = both(text, method=kind, methods={"E": kind}, traced=[("E", "v")])
    assert run.count > 12
    assert_same(run, 1e-7)
    model = nd.loads(text)
    np.testing.assert_array_equal(model.simulate(seed=1, threads=1).final["E"]["I"], model.simulate(seed=1, threads=2).final["E"]["I"])


LOOKING = """
model cell:
    param tau = 10
    init v = 0.1
    tau*dv/dt = -v + 1.4
    on v > 1: v = 0
synapse looking:
    param w = 0.5
    init n = 0, m = 0
    on pre: m += w*pre.v*post.v + third.v
    on post: n += w*pre.v + third.v - post.v
network net:
    population A = cell[12] with v = 0.05*i, tau = 8 + 0.3*i
    population E = cell[10] with v = 0.03*i
    population M = cell[10] with v = 0.02*i, tau = 7
    connect A[3:12] -> E[2:9] with looking, all to all, third M[1:8], delay {delay}
    simulate:
        duration 40
        dt 0.1
"""


@pytest.mark.parametrize("delay", ["0.4", "0.2 + 0.1*((i + j) mod 4)"])
def test_events_of_synapses_between_parts_of_populations_see_all_neurons_that_take_part(delay: str) -> None:
    text = LOOKING.format(delay=delay)
    run = both(text)
    assert run.count > 60
    assert_same(run)
    one, two = (nd.loads(text).simulate(record=["looking.n", "looking.m"], threads=n) for n in (1, 2))
    for name in ("A -> E.n", "A -> E.m"):
        np.testing.assert_array_equal(one[name], two[name])
