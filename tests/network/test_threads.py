"""Threads share a run: each advances neurons and synapses of its own, and the numbers are those of one thread, bit for bit."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from network.test_random_networks import networks

import neurodsl as nd
from neurodsl.codegen.waiting import end, meet, meeting
from neurodsl.connectivity import cuts
from neurodsl.diagnostics import NeuroError
from neurodsl.run.spike_queue import SpikeQueue
from neurodsl.run.team import Team
from neurodsl.solution import network_summary
from neurodsl.solution.network import NetworkResult

NEURON = """
model cell:
    param tau = 10, drive = 1.4
    input I = 0
    init v = 0, g = 0
    tau*dv/dt = -v + drive + I + g
    5*dg/dt = -g
    on v >= 1: v = 0; hold v for 2
"""
PLASTIC = """
synapse stdp:
    param A = 0.02, tau = 20
    init w ~ uniform(0, 0.2), x = 0, y = 0
    tau*dx/dt = -x
    tau*dy/dt = -y
    on pre: post.g += w if rand() < 0.7 else 0; x += 1; w = max(w - A*y, 0)
    on post: y += 1; w = min(w + A*x, 0.4)
"""
DRAWN = f"""{NEURON}{PLASTIC}
network net:
    population E = cell[20] with v ~ uniform(0, 1)
    population I = cell[11] with v ~ uniform(0, 1), drive = 1.3 + 0.02*i
    population P = poisson[9] with rate = 0.05
    connect E -> E, I with stdp, probability 0.5, delay {{delay}}, no self
    connect I -> E[3:17] with stdp, indegree 3
    connect P -> E with stdp, all to all
    simulate:
        duration 60
        dt 0.1
        record E[0:20:3].v, I.g every 0.5, stdp.w every 10
"""
PEEKING = """
synapse peeking:
    on pre: post.v += 0.1*pre.v
"""


def assert_equal(one: NetworkResult, other: NetworkResult) -> None:
    """Assert that two runs are the same, bit for bit."""
    for name, spikes in one.spikes.items():
        np.testing.assert_array_equal(spikes.times, other.spikes[name].times, name)
        np.testing.assert_array_equal(spikes.index, other.spikes[name].index, name)
    for name, trace in (*one.traces.items(), *one.synapses.items()):
        known = (*other.traces.items(), *other.synapses.items())
        np.testing.assert_array_equal(trace.values, dict(known)[name].values, name)
    for name, states in one.final.items():
        for state, row in states.items():
            np.testing.assert_array_equal(row, other.final[name][state], f"{name}.{state}")


@settings(max_examples=8, phases=[Phase.generate])
@given(networks(9, 20), st.integers(2, 3))
def test_a_network_put_together_at_random_does_not_depend_on_the_threads(text: str, threads: int) -> None:
    model = nd.loads(text)
    one, several = (model.simulate(seed=3, duration=10, threads=n) for n in (1, threads))
    assert_equal(one, several)


@pytest.mark.parametrize("delay", ["0.5", "uniform(0.1, 3)"])
def test_plasticity_chance_delays_and_recordings_do_not_depend_on_the_threads(delay: str) -> None:
    model = nd.loads(DRAWN.format(delay=delay))
    one, two, many = (model.simulate(seed=5, threads=n) for n in (1, 2, 100))
    assert (one.meta["threads"], two.meta["threads"], many.meta["threads"]) == (1, 2, 3)
    assert min(len(spikes.times) for spikes in one.spikes.values()) > 20
    assert_equal(one, two)
    assert_equal(one, many)


@pytest.mark.parametrize("method", [None, "rk4"])
def test_compiled_threads_give_what_one_thread_gives(method: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    model = nd.loads(DRAWN.format(delay="uniform(0.1, 3)"))
    one, *several = (model.simulate(seed=5, threads=n, method=method) for n in (1, 2, 3))
    assert len(one.spikes["E"].times) > 100
    for other in several:
        assert_equal(one, other)


def test_a_run_goes_on_with_another_number_of_threads(tmp_path: Path) -> None:
    model, file = nd.loads(DRAWN.format(delay="uniform(0.1, 3)")), tmp_path / "run.ckpt"
    whole = model.simulate(seed=5, threads=1)
    for first, second in ((1, 2), (2, 3), (2, 1)):
        stopped = model.simulate(seed=5, threads=first, checkpoint=file, every=1e-9, progress=_Halt(0.4))
        assert stopped.meta["interrupted"]
        resumed = model.simulate(resume=file, threads=second, progress=_Halt(0.7))
        assert (stopped.meta["threads"], resumed.meta["threads"]) == (first, second)
        assert_equal(whole, model.simulate(resume=file, threads=first))
        file.unlink()


class _Halt:
    """Ends a run when a fraction of it is done."""

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction

    def __call__(self, done: float) -> None:
        if done >= self.fraction:
            raise KeyboardInterrupt


def test_a_neuron_that_others_change_while_a_synapse_looks_at_it_keeps_the_run_on_one_thread() -> None:
    text = f"{NEURON}{PEEKING}\nnetwork net:\n    population N = cell[20]\n    connect N -> N with peeking, probability 0.5\n"
    result = nd.loads(text).simulate(threads=2, duration=20, dt=0.1)
    assert result.meta["threads"] == 1
    assert "N -> N: `peeking` looks at `pre.v`, which synapses change at the same time, so that threads cannot share a run" in result.meta["notes"]


def test_a_small_network_runs_on_one_thread_unless_it_is_told() -> None:
    model = nd.loads(DRAWN.format(delay="0.5"))
    assert [model.simulate(duration=1, threads=n).meta["threads"] for n in (None, 2)] == [1, 2]
    assert ", events grid, 3 of 5 threads: it cannot be divided among more\n" in network_summary(model.simulate(duration=1, threads=5))


def test_threads_without_copies_are_refused_for_a_model() -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads("model m:\n    dx/dt = -x\n").simulate(threads=2)
    assert caught.value.report.found[0].message == "2 threads would share the copies of a model, and there are none"


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_a_run_at_a_step_whose_states_and_spikes_it_tells(threads: int) -> None:
    model = nd.loads(DRAWN.format(delay="0.5"))
    stopped = model.simulate(seed=5, threads=threads, duration=600, progress=lambda done: signal.raise_signal(signal.SIGINT))
    assert stopped.meta["interrupted"]
    assert 0 < stopped.meta["elapsed"] < 600
    whole = model.simulate(seed=5, threads=1, duration=stopped.meta["elapsed"])
    np.testing.assert_array_equal(whole.final["E"]["v"], stopped.final["E"]["v"])
    np.testing.assert_array_equal(whole.spikes["E"].times, stopped.spikes["E"].times)


# --- what carries it ---------------------------------------------------------------------------------------------------------


def test_threads_wait_for_one_another() -> None:
    met, seen = meeting(), []

    def work(part: int) -> None:
        for turn in range(5):
            seen.append((turn, part))
            assert meet(met, 3) == 0

    members = [threading.Thread(target=work, args=(part,)) for part in range(3)]
    for member in members:
        member.start()
    for member in members:
        member.join()
    assert [turn for turn, _ in seen] == sorted(turn for turn, _ in seen)


def test_nobody_waits_for_a_thread_that_does_not_come() -> None:
    met = meeting()
    threading.Thread(target=lambda: (time.sleep(0.05), end(met))).start()
    assert meet(met, 2) == 1


def test_what_a_thread_raises_is_raised() -> None:
    team = Team(2)

    def work(part: int) -> None:
        if part == 1:
            raise ValueError("no")
        assert meet(team.meeting, 2) == 1

    with pytest.raises(ValueError, match="no"):
        team.run(work)
    team.close()


def test_rows_are_cut_where_targets_pass_a_bound() -> None:
    pointers, targets = np.array([0, 4, 4, 7], np.uint32), np.array([0, 3, 3, 9, 1, 4, 8], np.uint32)
    assert cuts(pointers, targets, [0, 3, 4, 100]).tolist() == [[0, 4, 4], [1, 4, 5], [3, 4, 5], [4, 4, 7]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=40, unique=True), st.integers(0, 9))
def test_spikes_come_out_of_a_queue_as_they_went_in(spikes: list[tuple[int, int]], first: int) -> None:
    spikes = sorted(spikes)
    steps, neurons = (np.array([s[k] for s in spikes], kind) for k, kind in ((0, np.int64), (1, np.uint32)))
    whole, divided = SpikeQueue([0, 8], 16), SpikeQueue([0, 3, 3, 8], 16)
    for queue in (whole, divided):
        place = queue.add_beside()
        queue.put(0, 10, steps, neurons)
        queue.put_beside(place, 0, 10, neurons + np.uint32(5))
        queue.forget(first, 10)
        found: list[Any] = [*queue.spikes(first, 10)[:2], *queue.spikes(first, 10)[2]]
        later = steps >= first
        assert [array.tolist() for array in found] == [steps[later].tolist(), neurons[later].tolist(), (neurons[later] + 5).tolist()]


def test_a_queue_grows_and_moves_what_is_under_way_to_the_front() -> None:
    queue = SpikeQueue([0, 2, 3], 8)
    place = queue.add_beside()
    for k in range(6):
        neurons = np.tile(np.array([0, 1, 2], np.uint32), 1500)
        neurons.sort()
        queue.put(k, k + 1, np.full(neurons.size, k), neurons)
        queue.put_beside(place, k, k + 1, neurons + np.uint32(k))
        queue.forget(max(0, k - 1), k + 1)
    steps, found, (beside,) = queue.spikes(4, 6)
    assert np.bincount(steps).tolist() == [0, 0, 0, 0, 4500, 4500]
    np.testing.assert_array_equal(beside, found + steps)
    assert queue.room < 20000


def test_a_queue_tells_the_spikes_of_steps_that_go_over_the_end_of_its_ring() -> None:
    queue, random = SpikeQueue([0, 5], 16), np.random.default_rng(1)
    for first in range(0, 100, 7):
        steps = np.sort(random.integers(first, first + 7, 9))
        neurons = random.integers(0, 5, 9).astype(np.uint32)
        queue.put(first, first + 7, steps, neurons)
        assert [array.tolist() for array in queue.spikes(first, first + 7)[:2]] == [steps.tolist(), neurons.tolist()]
        queue.forget(first + 5, first + 7)
        late = steps >= first + 5
        assert queue.spikes(first + 5, first + 7)[1].tolist() == neurons[late].tolist()
