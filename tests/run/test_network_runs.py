"""Runs of networks: what they are given, what they refuse, and what is left of one that ends early."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.network_plan import Flow
from neurodsl.run import network as run_module
from neurodsl.run.failure import Failure
from neurodsl.run.projections import runs_of, whole_steps
from neurodsl.run.values import propagators

TEXT = """
model cell:
    param tau = 10 [ms]
    input I = {drive}
    init V = 0
    tau*dV/dt = -V + I
    on V >= 1: V = 0

synapse exc:
    param w = 0.5
    on pre: post.V += w

network n:
    {network}
    population A = cell[2] with I = 2
    population B = cell[3]
    connect A -> B with exc, {clauses}
    simulate: duration 20 [ms]; dt 0.1 [ms]; record B.V, exc.w
"""


@pytest.fixture(autouse=True)
def _plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def text_of(clauses: str, network: str = "", drive: str = "0") -> str:
    return TEXT.format(clauses=clauses, network=network, drive=drive)


def weights(result: Any) -> list[tuple[int, int, float]]:
    """Return the synapses with their weights at the end."""
    trace = result.synapses["A -> B.w"]
    return [(int(i), int(j), float(w)) for i, j, w in zip(trace.source, trace.target, trace.values[-1], strict=True)]


def message_of(model: nd.Model, **options: Any) -> str:
    with pytest.raises(NeuroError) as caught:
        model.simulate(seed=1, **options)
    return caught.value.report.found[0].message


def test_a_jump_from_synapses_acts_from_the_next_step_on() -> None:
    result = nd.loads(text_of("one to one").replace("cell[3]", "cell[2]")).simulate(seed=1)
    first = round(result.spikes["A"].times[0] / 0.1)
    assert first == 70
    trace = result["B.V"][:, 0]
    assert trace[first - 1] == 0.0
    np.testing.assert_allclose(trace[first : first + 2], [0.5, 0.5 * np.exp(-0.01)], rtol=1e-12)


def test_a_delay_shifts_the_jump_by_whole_steps() -> None:
    at_once = nd.loads(text_of("all to all")).simulate(seed=1)["B.V"]
    later = nd.loads(text_of("all to all, delay 1.5 [ms]")).simulate(seed=1)["B.V"]
    np.testing.assert_allclose(later[15:], at_once[:-15], rtol=1e-12)


def test_a_matrix_in_the_text_gives_each_synapse_its_weight() -> None:
    model = nd.loads(text_of("matrix W", network="param W[2, 3] = ((0, 0.5, 0.2), (0.1, 0, 0.3))"))
    assert weights(model.simulate(seed=1)) == [(0, 1, 0.5), (0, 2, 0.2), (1, 0, 0.1), (1, 2, 0.3)]


def test_a_file_of_pairs_brings_weights_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("i,j,w\n0,1,0.25\n1,2,0.75\n", encoding="utf-8")
    (tmp_path / "n.neuro").write_text(text_of('pairs "p.csv"'), encoding="utf-8")
    assert weights(nd.load(tmp_path / "n.neuro").simulate(seed=1)) == [(0, 1, 0.25), (1, 2, 0.75)]


def test_values_of_synapses_may_be_written_in_the_numbers_of_their_neurons() -> None:
    result = nd.loads(text_of("all to all, w = 0.1*(i + 1) + 0.01*j")).simulate(seed=1)
    assert weights(result) == [(i, j, pytest.approx(0.1 * (i + 1) + 0.01 * j, rel=1e-15)) for i in range(2) for j in range(3)]


@pytest.mark.parametrize("delay", ["", ", delay 0.5", ", delay uniform(0.1, 1)", ", delay 0.1*(1 + i)"])
def test_a_connection_may_make_no_synapse_although_their_values_are_drawn(delay: str) -> None:
    text = f"""
model cell:
    init g = 0.5
    5*dg/dt = -g
    on g < 0.1: g = 0.5

synapse drawn:
    param a ~ normal(0, 1)
    init w ~ uniform(0, 1)
    on pre: post.g += a*w
    on post: w = 0

network net:
    population A = cell[3]
    connect A -> A with drawn, probability 0{delay}
    simulate:
        duration 10
        dt 0.1
        record drawn.w
"""
    result = nd.loads(text).simulate(seed=1)
    assert result.synapses["A -> A.w"].values.shape == (2, 0)
    assert result.meta["projections"] == {"A -> A": 0}


def test_a_delay_between_two_steps_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads(text_of("all to all, delay 0.25 [ms]")).simulate(seed=1)
    found = caught.value.report.found[0]
    told = "the delay of `A -> B` is 0.25 ms, no whole number of steps of 0.1 ms"
    assert (found.message, found.help) == (told, "write 0.2 or 0.3 ms, or change `dt`")
    assert found.span is not None
    assert found.span.text.startswith("connect A -> B")


def test_a_duration_between_two_steps_is_refused() -> None:
    assert message_of(nd.loads(text_of("all to all")), duration=10.05) == "the duration 10.05 is no whole number of steps of 0.1"


def test_a_time_constant_of_zero_is_refused_before_the_first_step() -> None:
    assert message_of(nd.loads(text_of("all to all")), set={"cell.tau": 0}) == "a rate in these equations is not finite"


def test_options_of_single_models_are_refused_by_name() -> None:
    assert message_of(nd.loads(text_of("all to all")), rtol=1e-6) == "a network has no `rtol`"
    assert message_of(nd.loads(text_of("all to all")), events="somewhere") == "the events of `n` cannot be `somewhere`"


def test_a_state_that_runs_away_is_told_with_its_neuron_and_leaves_what_was_good() -> None:
    text = (
        text_of("all to all")
        .replace("tau*dV/dt = -V + I", "tau*dV/dt = V^3 + I")
        .replace("on V >= 1: V = 0", "on V <= -1e300: V = 0")
        .replace("    simulate:", "    simulate: method rk4;")
    )
    with pytest.raises(Failure) as caught:
        nd.loads(text).simulate(seed=1, duration=100)
    assert caught.value.report.found[0].message.startswith("`V` of neuron 0 of `A` became infinite or not a number between t = ")
    assert caught.value.exit_code == 3
    assert caught.value.result is not None


def test_a_run_that_is_interrupted_keeps_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "CHUNK_SECONDS", 1e-6)
    calls: list[float] = []

    def stop(done: float) -> None:
        calls.append(done)
        if len(calls) == 5:
            raise KeyboardInterrupt

    result = nd.loads(text_of("all to all")).simulate(seed=1, progress=stop)
    assert result.meta["interrupted"]
    assert 0 < result.elapsed < 20
    assert np.isfinite(result["B.V"]).all()
    assert len(result["B.V"]) == round(result.elapsed / 0.1) + 1


def test_what_is_recorded_may_be_chosen_with_neurons_and_an_interval() -> None:
    result = nd.loads(text_of("all to all")).simulate(seed=1, record=["B[1:3].V every 2 [ms]"])
    trace = result.traces["B.V"]
    assert trace.index.tolist() == [1, 2]
    np.testing.assert_allclose(trace.t, np.arange(11) * 2.0)


def test_a_recording_may_be_rarer_than_a_delay_may_be_long() -> None:
    result = nd.loads(text_of("all to all")).simulate(seed=1, record=["B.V every 10 [s]"])
    assert result.traces["B.V"].t.tolist() == [0.0]


def test_the_same_seed_gives_the_same_run_however_it_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of("probability 0.5, w ~ uniform(0, 1)", network="population P = poisson[5] with rate = 200 [Hz]\n    connect P -> B with exc")
    whole = nd.loads(text).simulate(seed=7)
    monkeypatch.setattr(run_module, "CHUNK_SECONDS", 1e-6)
    cut = nd.loads(text).simulate(seed=7)
    assert whole.spikes["B"].times.tolist() == cut.spikes["B"].times.tolist()
    assert whole["B.V"].tolist() == cut["B.V"].tolist()
    assert whole.spikes["P"].count > 0


@pytest.mark.parametrize(("time", "steps"), [(0.0, 0), (0.1, 1), (1.5, 15), (0.30000000000000004, 3)])
def test_a_time_on_the_grid_is_a_number_of_steps(time: float, steps: int) -> None:
    assert whole_steps(time, 0.1, "a delay") == steps


def test_runs_of_targets_are_found_where_they_are_long() -> None:
    pointers, targets = np.array([0, 16, 16, 32], np.uint32), np.concatenate([np.arange(16), np.arange(8), np.arange(64, 72)]).astype(np.uint32)
    first, runs = runs_of(pointers, targets)
    assert (first.tolist(), runs.tolist()) == ([0, 1, 1, 3], [0, 16, 24, 32])
    assert runs_of(np.array([0, 20], np.uint32), np.arange(0, 40, 2).astype(np.uint32))[1].size == 1


def test_the_propagator_of_a_held_state_stands_still_and_the_integral_follows_a_constant_drive() -> None:
    flow = Flow(((0, 0, -0.1), (0, 1, 1.0), (1, 1, -0.5)), 2, ("_P0_0", "_P0_1", "_F0_0", "_Q1_1", "_Q0_0"), 0, True)
    found = propagators(flow, {}, 2.0)
    a, b = np.exp(-0.2), np.exp(-1.0)
    np.testing.assert_allclose(found, [a, (b - a) / (-0.5 + 0.1), (1 - a) / 0.1, b, 1.0], rtol=1e-14)
