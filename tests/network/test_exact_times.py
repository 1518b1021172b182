"""Networks whose spikes fall and arrive where they fall: held against closed forms and against a program that goes from event to event."""

from __future__ import annotations

import math
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from network.event_driven import Neuron, event_driven
from network.exact_cells import CELL, run, trains

import neurodsl as nd

CURRENTS = """
model cell:
    param tau = 12 [ms], tau_e = 3 [ms], tau_i = 7 [ms], theta = 1, E = 0, V_r = -0.1, refractory = 2.03 [ms]
    init V = 0, g_e = 0, g_i = 0
    tau*dV/dt = E - V + g_e + g_i
    tau_e*dg_e/dt = -g_e
    tau_i*dg_i/dt = -g_i
    on V >= theta: V = V_r; hold V for refractory

synapse exc:
    param w = 0
    on pre: post.g_e += w

synapse inh:
    param w = 0
    on pre: post.g_i += w
"""


def test_a_driven_neuron_fires_where_the_closed_form_says() -> None:
    text = CELL + "network n:\n    population A = cell[3] with E = 1.2 + 0.3*i\n    simulate: duration 100 [ms]; dt 0.1 [ms]; record A.V\n"
    found = run(text)
    for k in range(3):
        wait = -10 * math.log(1 - 1 / (1.2 + 0.3 * k))
        times = found.spikes["A"].times[found.spikes["A"].index == k]
        expected = np.array([wait + n * (wait + 2.03) for n in range(len(times))])
        assert len(times) == int((100 - wait) / (wait + 2.03)) + 1
        assert np.abs(times - expected).max() < 1e-12
    assert found.meta["events"] == "exact"
    last = found.spikes["A"].times[found.spikes["A"].index == 0][-1] + 2.03
    assert found.traces["A.V"].values[-1, 0] == pytest.approx(1.2 * (1 - math.exp(-(100 - last) / 10)), abs=1e-12)


def test_a_spike_arrives_after_its_delay_at_its_own_time() -> None:
    text = (
        CELL
        + """
network n:
    population A = cell[1] with E = 1.5
    population B = cell[1] with E = 0.9
    connect A -> B with jump, delay 1.3 [ms], w = 0.2
    simulate: duration 30 [ms]; dt 0.1 [ms]
"""
    )
    found = trains(run(text), "A", "B")
    first = 10 * math.log(3)
    second = 2 * first + 2.03
    # The first one lifts B, the second one takes it over its threshold.
    v = 0.9 + (0.9 * (1 - math.exp(-(first + 1.3) / 10)) + 0.2 - 0.9) * math.exp(-(second - first) / 10)
    assert v + 0.2 > 1 > v
    assert [(name, k) for _, name, k in found] == [("A", 0), ("A", 0), ("B", 0)]
    assert [t for t, _, _ in found] == pytest.approx([first, second, second + 1.3], abs=1e-12)


def recurrent(folder: Path, seed: int, size: int = 14, dt: float = 0.1) -> tuple[str, list[Neuron], dict[int, list[tuple[int, int, float, float]]]]:
    """Return a random network of excitatory and inhibitory neurons: as a text, and as what goes from event to event."""
    random = np.random.default_rng(seed)
    drive, start = random.uniform(1.1, 1.7, size), random.uniform(-0.5, 0.9, size)
    synapses: dict[int, list[tuple[int, int, float, float]]] = {}
    rows: dict[str, list[str]] = {"exc": ["i,j,w,delay"], "inh": ["i,j,w,delay"]}
    for i in range(size):
        current, kind = (0, "exc") if i < 3 * size // 4 else (1, "inh")
        for j in random.choice(size, 5, replace=False):
            w, delay = float(random.uniform(0.1, 0.35)) * (-2.0 if current else 1.0), float(random.integers(1, 20)) / 10
            synapses.setdefault(i, []).append((int(j), current, w, delay))
            rows[kind].append(f"{i},{j},{w!r},{delay!r}")
    for kind, lines in rows.items():
        (folder / f"{kind}.csv").write_text("\n".join(lines) + "\n")
    np.save(folder / "drive.npy", drive)
    np.save(folder / "start.npy", start)
    text = (
        CURRENTS
        + f"""
network n:
    population N = cell[{size}] with E = load("drive.npy"), V = load("start.npy")
    connect N -> N with exc, pairs "exc.csv"
    connect N -> N with inh, pairs "inh.csv"
    simulate: duration 150 [ms]; dt {dt} [ms]
"""
    )
    taus = [mp.mpf(3), mp.mpf(7)]
    neurons = [
        Neuron(mp.mpf(e), mp.mpf(12), taus, mp.mpf(1), mp.mpf("-0.1"), mp.mpf("2.03"), mp.mpf(v), [mp.mpf(0), mp.mpf(0)])
        for e, v in zip(drive, start, strict=True)
    ]
    exact = {i: [(j, c, w, mp.mpf(round(10 * d)) / 10) for j, c, w, d in targets] for i, targets in synapses.items()}
    return text, neurons, exact


@pytest.mark.parametrize("seed", [1, 2])
def test_a_recurrent_network_fires_when_the_events_say(tmp_path: Path, seed: int) -> None:
    text, neurons, synapses = recurrent(tmp_path, seed)
    (tmp_path / "n.neuro").write_text(text)
    found = nd.load(tmp_path / "n.neuro").simulate(events="exact", seed=1)
    expected = event_driven(neurons, synapses, [], 150.0)
    assert len(expected) > 80
    assert found.spikes["N"].index.tolist() == [n for _, n in expected]
    assert np.abs(found.spikes["N"].times - [t for t, _ in expected]).max() < 1e-11


def test_the_times_do_not_depend_on_the_step_and_those_of_the_grid_approach_them(tmp_path: Path) -> None:
    text, _, _ = recurrent(tmp_path, 3)
    (tmp_path / "n.neuro").write_text(text)
    model = nd.load(tmp_path / "n.neuro")
    coarse, fine = (model.simulate(events="exact", dt=dt, duration=40).spikes["N"] for dt in (0.1, 0.05))
    assert coarse.index.tolist() == fine.index.tolist()
    assert np.abs(coarse.times - fine.times).max() < 1e-11
    misses = []
    for dt in (0.1, 0.01):
        first = [model.simulate(dt=dt, duration=8).spikes["N"].times[k] - coarse.times[k] for k in range(2)]
        misses.append(max(first))
        assert all(0 <= miss <= 2 * dt for miss in first)
    assert misses[1] < 0.3 * misses[0]


PEAK = """
model cell:
    param tau = 10 [ms], tau_e = 0.3 [ms], theta = {theta}
    init V = 0, g = 0
    tau*dV/dt = -V + g
    tau_e*dg/dt = -g
    on V >= theta: V = 0

synapse exc:
    param w = 1
    on pre: post.g += w

network n:
    population A = spikes[1] from "a.csv"
    population B = cell[1]
    connect A -> B with exc, all to all
    simulate: duration 20 [ms]; dt 1 [ms]; record B.V
"""


@pytest.mark.parametrize("share", [0.99, 1 - 1e-9, 1 + 1e-9])
def test_a_threshold_that_is_met_and_left_between_two_points_of_the_grid_is_found(tmp_path: Path, share: float) -> None:
    (tmp_path / "a.csv").write_text("index,time\n0,5.51\n")
    rise = lambda s: 0.3 / 9.7 * (math.exp(-s / 10) - math.exp(-s / 0.3))  # noqa: E731
    peak = math.log(10 / 0.3) / (1 / 0.3 - 1 / 10)
    theta = share * rise(peak)
    assert rise(math.ceil(5.51 + peak) - 5.51) < 0.985 * rise(peak) > rise(math.floor(5.51 + peak) - 5.51)
    (tmp_path / "n.neuro").write_text(PEAK.format(theta=repr(theta)))
    low, high = 0.0, peak
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if rise(middle) >= theta else (middle, high)
    found = nd.load(tmp_path / "n.neuro").simulate(events="exact", seed=1).spikes["B"].times
    assert found == pytest.approx([5.51 + high] if share < 1 else [], abs=1e-10 if share > 0.999 else 1e-12)


def test_a_jump_over_the_threshold_fires_when_it_arrives_and_all_that_arrives_at_one_time_acts_before() -> None:
    text = (
        CELL
        + """
network n:
    population A = cell[2] with E = 1.5
    population C = cell[1] with E = 1.5
    population B = cell[2]
    connect A -> B with jump, all to all, delay 1 [ms], w = 0.4
    connect C -> B with jump, all to all, delay 1 [ms], w = 0.3 - 0.6*j
    simulate: duration 14 [ms]; dt 0.1 [ms]
"""
    )
    found = run(text)
    # The three jumps add up to 1.1 at the first neuron and to 0.5 at the second.
    assert trains(found, "B") == [(pytest.approx(10 * math.log(3) + 1, abs=1e-12), "B", 0)]


def test_a_neuron_that_is_held_does_not_jump_until_the_very_time_at_which_it_is_free() -> None:
    text = (
        CELL
        + """
network n:
    population A = cell[1] with E = 1.5
    population B = cell[2] with E = 1.5, refractory = {}
    connect A -> B with jump, all to all, delay 1 [ms], w = 0.3
    simulate: duration 13 [ms]; dt 0.1 [ms]; record B.V
"""
    )
    first = 10 * math.log(3)
    for refractory, lifted in ((0.999, True), (1.001, False)):
        v = run(text.format(f"{refractory} [ms]")).traces["B.V"].values[-1, 0]
        moved = 1.5 * (1 - math.exp(-(13 - first - refractory) / 10)) + (0.3 * math.exp(-(13 - first - 1) / 10) if lifted else 0.0)
        assert v == pytest.approx(moved, abs=1e-12)


def test_a_condition_that_stays_true_fires_once_and_again_after_it_was_false() -> None:
    text = """
model cell:
    init x = 1, y = 0
    dx/dt = -y/[ms]
    dy/dt = x/[ms]
    on y > 0.5: emit spike

network n:
    population A = cell[1]
    simulate: duration 20 [ms]; dt 0.1 [ms]
"""
    assert run(text).spikes["A"].times == pytest.approx([math.pi / 6 + 2 * math.pi * k for k in range(4)][:4], abs=1e-12)


@pytest.mark.parametrize(("delay", "delays"), [("1.3 [ms]", (1.3, 1.3)), ("(1 + 0.3*i + 0.5*j) [ms]", (1.0, 1.3))])
def test_plastic_synapses_see_the_very_times_of_both_spikes(delay: str, delays: tuple[float, float]) -> None:
    text = (
        CELL
        + """
synapse stdp:
    param tau_p = 20 [ms], tau_m = 15 [ms]
    init w = 0, x = 0, y = 0
    tau_p*dx/dt = -x
    tau_m*dy/dt = -y
    on pre:
        x += 1
        w -= 0.3*y
    on post:
        y += 1
        w += 0.2*x

network n:
    population A = cell[2] with E = 1.5 + 0.25*i
    population B = cell[3] with E = 1.35 + 0.2*i
    connect A -> B with stdp, all to all, delay DELAY
    simulate: duration 80 [ms]; dt 0.1 [ms]; record stdp.w
"""
    )
    found = run(text.replace("DELAY", delay))
    trace = found.synapses["A -> B.w"]
    for i, j, w in zip(trace.source, trace.target, trace.values[-1], strict=True):
        late = delays[i] + (0.5 * j if "j" in delay else 0.0)
        pre = [t + late for t in found.spikes["A"].times[found.spikes["A"].index == i] if t + late < 80]
        post = found.spikes["B"].times[found.spikes["B"].index == j]
        assert len(pre) > 4
        assert len(post) > 3
        expected = sum(0.2 * math.exp(-(b - a) / 20) if b > a else -0.3 * math.exp(-(a - b) / 15) for a in pre for b in post)
        assert w == pytest.approx(expected, abs=1e-12)


def test_sources_send_spikes_at_times_within_the_steps(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("index,time\n1,3.337\n0,5.2\n0,7.0001\n")
    (tmp_path / "n.neuro").write_text(
        CELL
        + """
network n:
    population A = spikes[2] from "a.csv"
    population B = cell[2]
    connect A -> B with jump, one to one, w = 0.3
    connect A -> B with jump, one to one, w = 0.1, delay 0.4 [ms]
    simulate: duration 10 [ms]; dt 0.1 [ms]; record B.V
"""
    )
    found = nd.load(tmp_path / "n.neuro").simulate(events="exact")
    assert trains(found, "A") == [(3.337, "A", 1), (5.2, "A", 0), (7.0001, "A", 0)]
    last = found.traces["B.V"].values[-1]
    decayed = [sum(w * math.exp(-(10 - t - d) / 10) for t in times for w, d in ((0.3, 0), (0.1, 0.4))) for times in ((5.2, 7.0001), (3.337,))]
    assert last == pytest.approx(decayed, abs=1e-14)


def test_poisson_spikes_fall_anywhere_in_their_steps_and_the_same_ones_again() -> None:
    text = (
        CELL
        + """
network n:
    population P = poisson[50] with rate = 200 [Hz]
    population C = correlated_poisson[20] with rate = 20 [Hz], correlation = 0.5
    population B = cell[1]
    connect P -> B with jump, all to all, w = 0.001
    simulate: duration 1000 [ms]; dt 0.5 [ms]
"""
    )
    first, second, grid = run(text), run(text), run(text, events="grid")
    assert first.spikes["P"].times.tolist() == second.spikes["P"].times.tolist()
    offsets = first.spikes["P"].times / 0.5 % 1
    assert len(offsets) == len(grid.spikes["P"].times)
    # Kolmogorov's distance of a uniform sample, at a level of 0.001.
    assert np.abs(np.sort(offsets) - (np.arange(len(offsets)) + 0.5) / len(offsets)).max() < 1.95 / math.sqrt(len(offsets))
    assert sorted(first.spikes["P"].times) == first.spikes["P"].times.tolist()
    together = first.spikes["C"].times
    assert len(np.unique(together)) < 0.3 * len(together)


def test_what_waits_does_not_fire_until_then_and_only_where_its_condition_turns_true_again() -> None:
    text = """
model cell:
    init x = 1, y = 0
    dx/dt = -y/[ms]
    dy/dt = x/[ms]
    on y > 0.5: wait {} [ms]

network n:
    population A = cell[1]
    simulate: duration 20 [ms]; dt 0.1 [ms]
"""
    rises = [math.pi / 6 + 2 * math.pi * k for k in range(4)]
    assert run(text.format(6.2)).spikes["A"].times == pytest.approx([t for t in rises if t < 20], abs=1e-12)
    assert run(text.format(6.3)).spikes["A"].times == pytest.approx([t for t in rises[::2] if t < 20], abs=1e-12)


def test_several_events_of_a_neuron_act_where_each_falls() -> None:
    text = """
model cell:
    param tau = 10 [ms]
    init V = 0, theta = 1, n = 0
    u = 2*V "twice"
    tau*dV/dt = -V + 2
    5*tau*dtheta/dt = 1 - theta
    on V >= theta: V = 0; theta += 0.5; emit spike
    on V >= 0.5: n += 1; hold theta for 1 [ms]; emit spike

network n:
    population A = cell[1]
    simulate: duration 40 [ms]; dt 0.1 [ms]; record A.u, A.n
"""
    found, t, theta, expected, half = run(text), 0.0, 1.0, [], 10 * math.log(2 / 1.5)
    while t < 40:
        # The threshold stands still for 1 ms once the voltage has passed 0.5.
        level = lambda s, theta=theta: 1 + (theta - 1) * math.exp(-(s if s < half else max(half, s - 1)) / 50)  # noqa: E731
        low, high = half, 40.0
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if 2 * (1 - math.exp(-middle / 10)) >= level(middle) else (middle, high)
        expected += [t + half, t + high]
        t, theta = t + high, level(high) + 0.5
    times = found.spikes["A"].times
    assert times == pytest.approx([e for e in expected if e < 40], abs=1e-11)
    assert found.traces["A.u"].values[100, 0] == pytest.approx(
        4 * (1 - math.exp(-(10 - max([0, *expected[1::2]], key=lambda e: e * (e < 10))) / 10)), abs=1e-12
    )
    assert found.traces["A.n"].values[-1, 0] == sum(e < 40 for e in expected[::2])


def test_currents_of_synapses_that_flow_all_the_time_arrive_between_the_points_too() -> None:
    text = """
model cell:
    param tau = 10 [ms]
    input I = 0
    init V = 0
    tau*dV/dt = -V + I
    on V >= 1: V = 0

synapse alpha:
    param w = 3, tau_s = 2 [ms]
    init g = 0, h = 0
    tau_s*dg/dt = h - g
    tau_s*dh/dt = -h
    on pre: h += w
    post.I += g

network n:
    population A = cell[1] with I = 1.5
    population B = cell[1]
    connect A -> B with alpha, delay 2 [ms]
    simulate: duration 19 [ms]; dt 0.1 [ms]; record B.V
"""
    s = 19 - 10 * math.log(3) - 2
    # g = 3*s/tau_s*exp(-s/tau_s), and V its convolution with exp(-s/tau)/tau.
    rate = 1 / 2 - 1 / 10
    expected = 3 / (2 * 10) * math.exp(-s / 10) * (1 - (1 + rate * s) * math.exp(-rate * s)) / rate**2
    assert run(text).traces["B.V"].values[-1, 0] == pytest.approx(expected, abs=1e-14)


RICH = """
model cell:
    param tau = 9 [ms], theta = 1, E = 0, c = 0.2
    init V = 0, a = 0, g = 0
    tau*dV/dt = E - V + g - c*a
    7.3 [ms]*da/dt = -a + 0.1*V
    2.7 [ms]*dg/dt = -g
    on V >= theta + 0.3*a: V = V - 1; a += 0.2; {refractory}

synapse delta:
    param w = 0.1
    on pre: post.V += w

synapse stdp:
    init w = 0.3, x = 0, y = 0
    20 [ms]*dx/dt = -x
    15 [ms]*dy/dt = -y
    on pre:
        post.g += w
        x += 1
        w -= 0.1*y
    on post:
        y += 1
        w += 0.05*x

network n:
    population S = spikes[10] from "s.csv"
    population A = cell[9] with E ~ uniform(0.8, 1.4), V ~ uniform(0, 0.9), tau ~ uniform(5, 15) [ms], theta ~ uniform(0.9, 1.1)
    population B = cell[5] with E = 1.1
    connect S -> A with delta, probability 0.4
    connect S -> B with stdp, all to all
    connect A -> B, A with delta, probability 0.4, delay (0.2 + 0.1*(i + j)) [ms], w ~ uniform(-0.3, 0.5)
    connect B -> A with stdp, all to all, delay 0.7 [ms]
    simulate: duration 25 [ms]; record stdp.w, A.V
"""


@pytest.mark.parametrize("refractory", ["hold V for 1.37 [ms]", "wait 2.11 [ms]", "hold V for 0.33 [ms]; hold a for 2.2 [ms]"])
def test_whatever_neurons_and_synapses_do_they_do_it_at_times_that_the_step_does_not_change(tmp_path: Path, refractory: str) -> None:
    random = np.random.default_rng(5)
    drawn = zip(random.uniform(0, 25, 150).tolist(), random.integers(0, 10, 150).tolist(), strict=True)
    rows = {(neuron, math.ceil(10 * t)): f"{neuron},{t!r}" for t, neuron in drawn}
    (tmp_path / "s.csv").write_text("\n".join(["index,time", *rows.values()]) + "\n")
    (tmp_path / "n.neuro").write_text(RICH.format(refractory=refractory))
    model = nd.load(tmp_path / "n.neuro")
    coarse, fine = (model.simulate(events="exact", seed=4, dt=dt) for dt in (0.1, 0.05))
    for name, least in (("A", 25), ("B", 4)):
        assert len(coarse.spikes[name].times) > least
        assert coarse.spikes[name].index.tolist() == fine.spikes[name].index.tolist()
        assert np.abs(coarse.spikes[name].times - fine.spikes[name].times).max() < 1e-11
    assert np.abs(coarse.traces["A.V"].values - fine.traces["A.V"].values[::2]).max() < 1e-11
    for name, trace in coarse.synapses.items():
        assert np.abs(trace.values[-1] - fine.synapses[name].values[-1]).max() < 1e-11


def test_many_spikes_of_one_time_all_arrive() -> None:
    text = (
        CELL
        + """
network n:
    population A = cell[300] with E = 1.5
    population B = cell[2] with E = 0.5, theta = 100
    connect A -> B with jump, all to all, delay 1 [ms], w = 0.01*(1 + j)
    simulate: duration 13 [ms]; dt 0.1 [ms]; record B.V
"""
    )
    late = 13 - 10 * math.log(3) - 1
    expected = [0.5 * (1 - math.exp(-1.3)) + 3 * (1 + j) * math.exp(-late / 10) for j in range(2)]
    assert run(text).traces["B.V"].values[-1] == pytest.approx(expected, abs=1e-12)


def test_what_a_spike_does_to_its_own_neuron_through_a_synapse_is_done_at_once() -> None:
    text = (
        CELL.replace("hold V for refractory", "wait 0.5 [ms]")
        + """
synapse back:
    param w = 0.25
    on pre: post.V += 0
    on post: post.V += w

network n:
    population A = cell[1]
    population B = cell[1] with E = 1.5
    connect A -> B with back, delay 1 [ms]
    simulate: duration 30 [ms]; dt 0.1 [ms]
"""
    )
    first, again = 10 * math.log(3), 10 * math.log(1.25 / 0.5)
    assert run(text).spikes["B"].times == pytest.approx([first, first + again, first + 2 * again], abs=1e-12)
    # Above the threshold at once, while the neuron waits: the condition turns true no more.
    assert run(text, set={"back.w": 1.2}).spikes["B"].times == pytest.approx([first], abs=1e-12)
    assert run(text, set={"back.w": 1.2}, events="grid").spikes["B"].times == pytest.approx([first], abs=0.1)


def test_a_drive_that_changes_at_a_point_of_the_grid_acts_from_there_on() -> None:
    text = CELL.replace("-V + E", "-V + (1.5 if t >= 5 [ms] else 0.5)")
    text += "network n:\n    population A = cell[1]\n    simulate: duration 20 [ms]; dt 0.1 [ms]\n"
    before = 0.5 * (1 - math.exp(-0.5))
    assert run(text).spikes["A"].times == pytest.approx([5 + 10 * math.log((1.5 - before) / 0.5)], abs=1e-12)


def test_long_steps_lose_no_digits() -> None:
    text = (
        CELL.replace("init V = 0", "init V = 0, g = 0")
        .replace("-V + E", "-V + E + g\n    0.03 [ms]*dg/dt = -g")
        .replace("post.V += w", "post.g += w")
    )
    text += """
network n:
    population A = cell[3] with E = 1.3 + 0.1*i
    connect A -> A with jump, all to all, delay 0.2 [ms], w = 40
    simulate: duration 40 [ms]
"""
    long, short = (run(text, dt=dt).spikes["A"].times for dt in (0.2, 0.01))
    assert len(long) > 5
    assert long == pytest.approx(short, abs=1e-11)


def test_each_spike_draws_its_own_random_numbers_at_each_synapse(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("index,time\n0,1.25\n1,1.75\n")
    (tmp_path / "n.neuro").write_text(
        CELL
        + """
synapse release:
    param p = 0.3
    on pre: post.V += 1 if rand() < p else 0

network n:
    population A = spikes[2] from "a.csv"
    population B = cell[2000] with theta = 100
    connect A -> B with release, all to all
    simulate: duration 2 [ms]; dt 1 [ms]; record B.V
"""
    )
    model = nd.load(tmp_path / "n.neuro")
    found = [model.simulate(events="exact", seed=seed).traces["B.V"].values[-1] for seed in (1, 1, 2)]
    assert found[0].tolist() == found[1].tolist()
    assert found[0].tolist() != found[2].tolist()
    # Both spikes fall into one step; what each of them has left tells them apart.
    first, second = math.exp(-0.075), math.exp(-0.025)
    kinds = np.array([0, first, second, first + second])
    which = np.abs(found[0][:, np.newaxis] - kinds).argmin(axis=1)
    assert np.abs(found[0] - kinds[which]).max() < 1e-14
    counts, expected = np.bincount(which, minlength=4), 2000 * np.array([0.49, 0.21, 0.21, 0.09])
    # The 0.999 quantile of chi-square with 3 degrees of freedom.
    assert ((counts - expected) ** 2 / expected).sum() < 16.27


def test_neurons_without_a_flow_of_their_own_fire_when_what_reaches_them_arrives(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("index,time\n0,1.237\n1,3.5\n0,7.0001\n")
    (tmp_path / "n.neuro").write_text(
        """
model relay:
    init u = 0
    on u >= 1: u = 0

synapse carry:
    on pre: post.u += 0.5

network n:
    population A = spikes[2] from "a.csv"
    population B = relay[1]
    population C = relay[1]
    connect A -> B with carry, all to all
    connect A -> C with carry, all to all, delay 0.4
    connect A -> C with carry, all to all
    simulate: duration 10; dt 0.1; record B.u
"""
    )
    found = nd.load(tmp_path / "n.neuro").simulate(events="exact")
    assert trains(found, "B") == [(3.5, "B", 0)]
    assert [t for t, _, _ in trains(found, "C")] == pytest.approx([1.637, 3.9, 7.4001], abs=1e-12)
    assert found.traces["B.u"].values[-1] == [0.5]
