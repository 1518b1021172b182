"""Conductances of synapses that add up: kept once for each neuron, they do what each synapse does for itself."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.network_plan import NetworkPlan
from neurodsl.networking import plan_of
from neurodsl.solution.network import NetworkResult

CELL = """
model cell:
    param tau = 10, theta = 1
    input I = 0
    init v = 0{states}
    tau*dv/dt = -v + I{current}
{equations}    on v >= theta: v = 0; hold v for 1.5
"""
SLOW = """
synapse slow:
    param tau = 5, E = 3, w = 0.2
    tau*dg/dt = -g
    post.I += g*(E - post.v)
    on pre: g += w
"""
CLOCK = """
model clock:
    param first = 3, every = 10
    init left = first
    dleft/dt = -1
    on left <= dt/2: left += every
"""
NETWORK = """
network net:
    population P = clock[6] with first = 1 + i, every = 4 + i
    population E = cell[4]
    {connect}
    simulate: duration {duration}; dt {dt}; record E.v
"""


def network(*synapses: str, connect: str = "connect P -> E with slow, all to all", cell: str = "", duration: float = 60, dt: float = 0.1) -> str:
    """Return the text of a network of clocks and cells."""
    plain = cell or CELL.format(states="", current="", equations="")
    return plain + "".join(synapses) + CLOCK + NETWORK.format(connect=connect, duration=duration, dt=dt)


def by_hand(states: str, current: str, equations: str) -> str:
    return CELL.format(states=states, current=f" + {current}", equations="".join(f"    {line}\n" for line in equations.splitlines()))


def planned(text: str, method: str | None = None, every_step: bool = False) -> NetworkPlan:
    return plan_of(nd.loads(text), method, None, (), every_step=every_step)


def ran(text: str, **options: object) -> NetworkResult:
    result = nd.loads(text).simulate(seed=1, **options)
    assert isinstance(result, NetworkResult)
    return result


def kept(text: str, population: str = "E") -> list[str]:
    """Return the states of a population that hold what adds up."""
    plan = next(p for p in planned(text).populations if p.name == population)
    return [name for name, _, _, shown in plan.states if not shown and "." in name]


def assert_same(first: NetworkResult, second: NetworkResult, least: int) -> None:
    """Assert that spikes are the same and voltages agree but for rounding."""
    assert len(first.spikes["E"].times) >= least
    assert list(first.spikes["E"].times) == list(second.spikes["E"].times)
    assert list(first.spikes["E"].index) == list(second.spikes["E"].index)
    np.testing.assert_allclose(first.traces["E.v"].values, second.traces["E.v"].values, rtol=1e-12, atol=1e-12)


# --- the same as a neuron that was written with the conductance in it --------------------------------------------------------

NMDA = """
synapse slow:
    param tau = 5, tau_r = 1, E = 3, w = 2, k = 0.5
    scale = 1/tau
    B = 1/(1 + k*exp(-post.v))
    tau_r*dx/dt = -x
    dg/dt = (x - g)*scale
    post.I += g*B*(E - post.v)
    on pre: x += w
"""
PLASTIC = """
synapse slow:
    param tau = 5, E = 3, U = 0.4, tau_R = 30
    init R = 1, w = 2
    tau_R*dR/dt = 1 - R
    {own}
    on pre:
        {add} += w*U*R*(0.5 + rand())
        R -= U*R
    on post: w += 0.01*(1 - w)
"""
SINGLE = ("", "g*(3 - v)", "5*dg/dt = -g")


@pytest.mark.parametrize("delay", ["", ", delay 0.7", ", delay 0.2 + 0.1*((i + 2*j) mod 5)"])
def test_a_conductance_is_that_of_a_neuron_written_with_it(delay: str) -> None:
    connect = f"connect P -> E with slow, all to all, w = 0.1 + 0.02*i + 0.01*j{delay}"
    jump = "\nsynapse slow:\n    param w = 0.2\n    on pre: post.g += w\n"
    mine = ran(network(SLOW, connect=connect))
    assert_same(mine, ran(network(jump, connect=connect, cell=by_hand(", g = 0", "g*(3 - v)", "5*dg/dt = -g"))), 12)


def test_coupled_kinetics_with_a_factor_of_the_voltage_are_those_of_a_neuron_written_with_them() -> None:
    cell = by_hand(", x = 0, g = 0", "g*(3 - v)/(1 + 0.5*exp(-v))", "dx/dt = -x\n5*dg/dt = x - g")
    jump = "\nsynapse slow:\n    on pre: post.x += 2\n"
    assert_same(ran(network(NMDA)), ran(network(jump, cell=cell)), 12)


def test_amounts_may_be_plastic_and_random() -> None:
    mine = network(PLASTIC.format(own="tau*dg/dt = -g\n    post.I += g*(E - post.v)", add="g"))
    other = network(PLASTIC.format(own="", add="post.g").replace("tau = 5, E = 3, ", ""), cell=by_hand(", g = 0", "g*(3 - v)", "5*dg/dt = -g"))
    assert kept(mine) == ["slow.g"]
    assert_same(ran(mine), ran(other), 12)


def test_several_contributions_to_several_inputs_add_up() -> None:
    several = SLOW.replace("on pre:", "post.I += 0.1*g\n    post.J += g*post.v\n    on pre:")
    plain = CELL.format(states="", current=" + 2*J", equations="").replace("input I = 0", "input I = 0.1*sin(t), J = 0")
    jump = "\nsynapse slow:\n    param w = 0.2\n    on pre: post.g += w\n"
    other = by_hand(", g = 0", "g*(3 - v) + 0.1*g + 2*g*v", "5*dg/dt = -g").replace("input I = 0", "input I = 0.1*sin(t)")
    assert_same(ran(network(several, cell=plain)), ran(network(jump, cell=other)), 12)


def test_a_neuron_with_noise_draws_the_same() -> None:
    noisy = "noise xi\n    tau*dv/dt = 0.5*xi - v + I"
    jump = "\nsynapse slow:\n    on pre: post.g += 0.2\n"
    cells = (CELL.format(states="", current="", equations=""), by_hand(", g = 0", "g*(3 - v)", "5*dg/dt = -g"))
    first, second = (ran(network(s, cell=c.replace("tau*dv/dt = -v + I", noisy))) for s, c in zip((SLOW, jump), cells, strict=True))
    assert_same(first, second, 8)


def test_recurrent_synapses_with_other_values_have_states_of_their_own() -> None:
    connect = "connect P -> E with slow, all to all\n    connect E -> E with slow, all to all, tau = 2*c, w = 0.05"
    mine = network(SLOW, connect=connect).replace("network net:", "network net:\n    param c = 4")
    jump = "\nsynapse {0}:\n    on pre: post.{0} += {1}\n"
    other = network(
        jump.format("g", 0.2), jump.format("h", 0.05), connect="connect P -> E with g, all to all\n    connect E -> E with h, all to all",
        cell=by_hand(", g = 0, h = 0", "(g + h)*(3 - v)", "5*dg/dt = -g\n8*dh/dt = -h"),
    )  # fmt: skip
    assert kept(mine) == ["slow.g", "slow 2.g"]
    assert_same(ran(mine), ran(other), 12)


# --- closed form, and the plain way ------------------------------------------------------------------------------------------

INTEGRATOR = "\nmodel cell:\n    input I = 0\n    init v = 0\n    dv/dt = I\n"
ALPHA = """
synapse slow:
    param tau = 5, w = 2
    tau*dx/dt = -x
    tau*dg/dt = x - g
    post.I += g
    on pre: x += w
"""


def test_an_alpha_synapse_carries_the_charge_of_its_closed_form() -> None:
    text = network(ALPHA, connect="connect P[0:1] -> E with slow, all to all", cell=INTEGRATOR, duration=30).replace("every = 4 + i", "every = 100")
    result = ran(text)
    t = result.traces["E.v"].t - 1
    expected = np.where(t > 0, 2 * (5 - (5 + t) * np.exp(-t / 5)), 0.0)
    assert [p.method for p in planned(text).populations] == ["exact", "exact"]
    np.testing.assert_allclose(result.traces["E.v"].values, np.tile(expected[:, None], 4), atol=1e-11)


def test_the_plain_way_comes_closer_with_the_step() -> None:
    """A conductance that jumps is held at its value for a step there: the first order."""
    distances = []
    for dt in (0.2, 0.1, 0.05):
        text = network(SLOW, cell=CELL.format(states="", current="", equations="").replace("theta = 1", "theta = 100"), dt=dt, duration=40)
        first, second = (ran(text, every_step=every).traces["E.v"].values[-1, 0] for every in (False, True))
        distances.append(abs(first - second))
    assert [a / b for a, b in pairwise(distances)] == pytest.approx([2, 2], rel=0.15)


def test_the_step_between_jumps_has_the_order_of_the_method_of_the_neuron() -> None:
    quiet = CELL.format(states="", current="", equations="").replace("theta = 1", "theta = 100")
    last = [ran(network(SLOW, cell=quiet, dt=dt, duration=40)).traces["E.v"].values[-1, 0] for dt in (0.5, 0.25, 0.03125)]
    assert math.log2(abs(last[0] - last[2]) / abs(last[1] - last[2])) == pytest.approx(4, abs=0.4)


# --- what is shared, and what is told ----------------------------------------------------------------------------------------


def test_the_compiler_tells_what_it_did() -> None:
    told = "P -> E: `g` adds up over the synapses of a neuron, and is kept once for it, as `slow.g` in its own equations"
    assert told in planned(network(SLOW)).notes
    assert told not in planned(network(SLOW), every_step=True).notes
    assert [list(p.arrays) for p in planned(network(SLOW)).projections] == [[]]


def test_projections_with_the_same_values_share_a_state_and_populations_of_a_model_their_code() -> None:
    connect = """population F = cell[3] with tau = 12
    connect P -> E with slow, all to all
    connect E -> E with slow, all to all, w = 0.01, tau = 5
    connect P -> F with slow, all to all, tau = 7
    connect E -> F with slow, all to all, tau = 7"""
    text = network(SLOW, connect=connect)
    assert kept(text, "E") == kept(text, "F") == ["slow.g"]
    plans = {p.name: p for p in planned(text).populations}
    assert plans["E"].sweep == plans["F"].sweep
    flat = network(SLOW, connect=connect.replace("cell[3] with tau = 12", "cell[3] with tau = 12, v = 0"))
    assert len(ran(flat).spikes["F"].times) > 0


def test_two_synapses_of_one_neuron_have_a_state_each() -> None:
    fast = SLOW.replace("slow", "fast").replace("tau = 5", "tau = 2").replace("E = 3", "E = -1")
    text = network(SLOW, fast, connect="connect P -> E with slow, all to all\n    connect E -> E with fast, all to all")
    assert kept(text) == ["slow.g", "fast.g"]


def test_what_else_a_synapse_contributes_stays_with_it() -> None:
    both = SLOW.replace("on pre:", "post.I += 0.1*(pre.v - post.v)\n    on pre:")
    plan = planned(network(both, connect="connect E -> E with slow, all to all, no self"))
    assert [name for name, _, _, _ in plan.populations[1].states] == ["v", "slow.g", "I flowing in"]


def test_exact_steps_keep_what_makes_the_equations_linear() -> None:
    current = SLOW.replace("g*(E - post.v)", "g").replace(", E = 3", "")
    assert "slow.g" in " ".join(planned(network(current), "exact").notes)
    note = "P -> E: `g` of every synapse is kept for itself: what flows into `I` has the factor `v`, and the method `exact` needs linear equations"
    assert note in planned(network(SLOW), "exact").notes


UNFIT = [
    ("tau*dg/dt = -g", "tau*dg/dt = -g^2", "the equation of `g` is not linear and homogeneous"),
    ("tau*dg/dt = -g", "tau*dg/dt = 1 - g", "the equation of `g` is not linear and homogeneous"),
    ("tau*dg/dt = -g", "tau*dg/dt = -g*(1 + post.v^2)", "the equation of `g` has factors that are not constant"),
    ("tau*dg/dt = -g", "tau*dg/dt = -g*(1 + exp(-t))", "the equation of `g` has factors that are not constant"),
    ("tau*dg/dt = -g", "init g = 0.1\n    tau*dg/dt = -g", "`g` does not start at 0 everywhere"),
    ("on pre: g += w", "on pre: g += w*(1 - g)", "`g = g + w*(1 - g)` does more than add to `g`"),
    ("on pre: g += w", "on pre: g = w", "`g = w` does more than add to `g`"),
    ("on pre: g += w", "on pre: g += w\n    on post: g += w", "`on post` changes `g`"),
    ("on pre: g += w", "init n = 0\n    on pre: g += w; n = g", "`n = g` reads `g`"),
    ("on pre: g += w", "init n = 0\n    on pre: g += w\n    on post: n = g", "`n = g` reads `g`"),
    ("on pre: g += w", "dm/dt = g - m\n    on pre: g += w", "the equation of `m` reads `g`"),
    ("g*(E - post.v)", "g^2*(E - post.v)", "what flows into `I` is not linear in `g`"),
    ("g*(E - post.v)", "max(g, 0)*(E - post.v)", "what flows into `I` is not linear in `g`"),
    ("g*(E - post.v)", "g*(E - post.v) + 1", "what flows into `I` is not linear in `g`"),
    ("g*(E - post.v)", "g*pre.left", "what flows into `I` depends on `pre.left`"),
    ("g*(E - post.v)", "g*post.I", "what flows into `I` depends on `I`, which synapses change"),
    ("post.I += g*(E - post.v)", "init a = 1\n    post.I += a*g\n    on post: a += 1", "what flows into `I` has the factor `a` of every synapse"),
]


@pytest.mark.parametrize(("old", "new", "told"), UNFIT)
def test_a_state_that_does_not_add_up_stays_with_its_synapse(old: str, new: str, told: str) -> None:
    assert old in SLOW
    assert f"P -> E: `g` of every synapse is kept for itself: {told}" in planned(network(SLOW.replace(old, new)), "rk4").notes


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("tau = 5 + i", "the equation of `g` differs from synapse to synapse"),
        ("E ~ uniform(2, 3)", "what flows into `I` has the factor `E` of every synapse"),
        ("g = 0.1*j", "`g` does not start at 0 everywhere"),
        ("tau = 2*v", "`v`, the value of `tau`, means something else in the neurons behind"),
    ],
)
def test_values_that_differ_stay_with_their_synapses(values: str, told: str) -> None:
    text = network(SLOW, connect=f"connect P -> E with slow, all to all, {values}").replace("network net:", "network net:\n    param v = 2")
    assert f"P -> E: `g` of every synapse is kept for itself: {told}" in planned(text, "rk4").notes


def test_a_state_that_is_recorded_stays_with_its_synapse() -> None:
    plan = plan_of(nd.loads(network(SLOW)), None, None, (), ["slow.g"])
    assert "P -> E: `g` of every synapse is kept for itself: `g` is recorded" in plan.notes


def test_values_from_a_file_stay_with_their_synapses(tmp_path: object) -> None:
    path = f"{tmp_path}/pairs.csv"
    with open(path, "w", encoding="utf-8") as file:
        file.write("i,j,tau\n0,0,5\n1,2,6\n")
    with open(f"{tmp_path}/net.neuro", "w", encoding="utf-8") as file:
        file.write(network(SLOW, connect='connect P -> E with slow, pairs "pairs.csv"'))
    plan = plan_of(nd.load(f"{tmp_path}/net.neuro"), "rk4", None, ())
    assert "P -> E: `g` of every synapse is kept for itself: the equation of `g` differs from synapse to synapse" in plan.notes


def test_maps_keep_what_flows_into_them_at_the_synapses() -> None:
    text = network(SLOW, cell="\nmodel cell:\n    input I = 0\n    init v = 0\n    next v = 0.5*v + I\n", dt=1)
    text = text.replace("P = clock[6] with first = 1 + i, every = 4 + i", "P = poisson[6] with rate = 0.1").replace("dt 1", "step 1")
    assert "`g` of every synapse is kept for itself: a map has no equation" in " ".join(planned(text).notes)
