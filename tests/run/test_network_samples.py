"""Inputs of the neurons of networks that follow the time: samples of files and arrays, and expressions of the time and of the number of a neuron."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.run import network_lasting as lasting_module
from neurodsl.solution.network import NetworkResult

Floats = np.ndarray[Any, Any]

LINEAR = """
model cell:
    param tau = 10
    input I = 0
    init V = 0
    tau*dV/dt = -V + I
network net:
    population E = cell[3] with tau = (10 + 5*i)
    population F = cell[70]
    simulate:
        duration 30
        dt 0.5
        record E.V, E.I, F.I, F.V
"""
CUBIC = """
model cell:
    input I = 0
    init V = 0
    dV/dt = V - V^3/3 - V + I
network net:
    population E = cell[3]
    simulate:
        duration 10
        dt 0.1
        record E.V
"""
ALONE = "input I = 0\ninit V = 0\ndV/dt = V - V^3/3 - V + I\n"
SPIKING = """
model cell:
    param tau = 10
    input I = 0
    init V ~ uniform(0, 1)
    tau*dV/dt = -V + I
    on V >= 1: V = 0
synapse exc:
    on pre: post.V += 0.1
network net:
    population E = cell[150]
    population F = cell[100]
    connect E -> E, F with exc, probability 0.1, delay 0.3
    simulate:
        duration 30
        dt 0.1
        record E[0:150:30].V, F.I
"""
TIMES, VALUES = [0.5, 4.0, 9.5, 20.0], [1.0, -2.0, 3.0, 0.5]
COLUMNS = np.array([[1.0, 0.0, 2.0], [-2.0, 1.0, 2.0], [3.0, 1.5, -1.0], [0.5, 2.0, 0.0]])
COMMON_KNOTS = [0.0, 5.0, 12.0, 20.0]


def exact_response(tau: float, times: Any, values: Any, t: Floats, held: bool) -> Floats:
    """Return V of tau*dV/dt = -V + I with V(0) = 0, piece by piece in closed form: where I = a + b*s, V - (a + b*s - b*tau) decays."""
    knots = np.unique(np.concatenate([[0.0], np.asarray(times), t]))
    found, v = {0.0: 0.0}, 0.0
    for before, after in pairwise(knots):
        if held:
            a, b = values[max(int(np.searchsorted(times, before, side="right")) - 1, 0)], 0.0
        else:
            a, b = np.interp(before, times, values), (np.interp(after, times, values) - np.interp(before, times, values)) / (after - before)
        h = after - before
        v = a + b * h - b * tau + (v - a + b * tau) * np.exp(-h / tau)
        found[after] = v
    return np.array([found[moment] for moment in t])


def refusal(call: Callable[[], Any]) -> str:
    """Return what is said, after checking that it is a mistake of the input."""
    with pytest.raises(NeuroError) as error:
        call()
    (found,) = error.value.report.found
    assert error.value.exit_code == 2
    return f"{found.rule.code}: {found.message}"


# --- the mathematics ----------------------------------------------------------------------------------------------------------------


def test_held_samples_move_a_linear_neuron_exactly() -> None:
    result = nd.loads(LINEAR).simulate(input={"cell.I": (COMMON_KNOTS, VALUES, "step")})
    assert result.meta["method"] == "exact"
    for k, tau in enumerate((10, 15, 20)):
        expected = exact_response(tau, COMMON_KNOTS, VALUES, result.traces["E.V"].t, held=True)
        assert list(result["E.V"][:, k]) == pytest.approx(list(expected), abs=1e-12)


def errors(method: str, times: list[float]) -> list[float]:
    """Return the largest errors of a neuron that follows samples on lines, with a step and with half of it."""
    found = []
    for dt in (0.5, 0.25):
        result = nd.loads(LINEAR).simulate(input={"E.I": (times, VALUES)}, method=method, dt=dt)
        expected = exact_response(15, times, VALUES, result.traces["E.V"].t, held=False)
        found.append(float(np.max(np.abs(result["E.V"][:, 1] - expected))))
    return found


@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("heun", 2), ("midpoint", 2), ("euler", 1), ("exponential_euler", 1)])
def test_the_order_of_accuracy_with_samples_on_lines(method: str, order: int) -> None:
    coarse, fine = errors(method, COMMON_KNOTS)
    assert round(float(np.log2(coarse / fine))) == order


def test_linear_neurons_follow_lines_exactly_and_with_the_second_order_where_they_bend_within_a_step() -> None:
    assert max(errors("auto", COMMON_KNOTS)) < 1e-13
    coarse, fine = errors("exact", [1 / 3, 5 + 1 / 3, 12 + 2 / 3, 20 + 1 / 3])
    assert round(float(np.log2(coarse / fine))) == 2


def test_a_neuron_that_is_held_follows_lines_with_its_other_states() -> None:
    text = """
model cell:
    input I = 0
    init V = 0, u = 0
    10*dV/dt = -V + 3*I
    5*du/dt = V - u + I
    on V >= 1: V = 0; hold V for 4
network net:
    population E = cell[2]
    simulate:
        duration 20
        dt 0.25
        record E.V, E.u
"""
    exact, stages = (nd.loads(text).simulate(input={"E.I": ([0, 20], [0, 2])}, method=method) for method in ("exact", "rk4"))
    assert len(exact.spikes["E"].times) == len(stages.spikes["E"].times) >= 4
    for name in ("E.V", "E.u"):
        np.testing.assert_allclose(exact[name], stages[name], atol=2e-7)


def test_a_sampled_input_agrees_with_another_program() -> None:
    result = nd.loads(CUBIC).simulate(input={"E.I": (TIMES, VALUES)}, method="rk4", dt=0.01)

    def slope(t: float, v: Floats) -> Floats:
        return v - v**3 / 3 - v + np.interp(t, TIMES, VALUES)

    expected = solve_ivp(slope, (0, 10), [0.0], t_eval=[3.0, 10.0], rtol=1e-11, atol=1e-12, max_step=0.05).y[0]
    assert list(result["E.V"][[300, 1000], 2]) == pytest.approx(list(expected), abs=1e-8)


@pytest.mark.parametrize("method", ["euler", "rk4", "heun", "exponential_euler"])
@pytest.mark.parametrize("manner", ["linear", "step"])
def test_a_neuron_of_a_network_does_what_its_model_does_alone(method: str, manner: str) -> None:
    given = (TIMES, VALUES, manner)
    net = nd.loads(CUBIC).simulate(input={"E.I": given}, method=method)
    alone = nd.loads(ALONE).simulate(input={"I": given}, method=method, duration=10, dt=0.1, events="grid")
    assert list(net["E.V"][:, 1]) == pytest.approx(list(alone["V"]), abs=1e-13)


def test_each_neuron_follows_a_column_of_its_own() -> None:
    result = nd.loads(LINEAR).simulate(input={"E.I": (COMMON_KNOTS, COLUMNS, "step")})
    for k, tau in enumerate((10, 15, 20)):
        expected = exact_response(tau, COMMON_KNOTS, COLUMNS[:, k], result.traces["E.V"].t, held=True)
        assert list(result["E.V"][:, k]) == pytest.approx(list(expected), abs=1e-12)


@pytest.mark.parametrize("size", [1, 7, 64, 70, 130])
def test_columns_come_to_their_neurons_whatever_the_size_of_blocks(size: int) -> None:
    values = np.arange(2.0 * size).reshape(2, size)
    text = LINEAR.replace("cell[70]", f"cell[{size}]")
    result = nd.loads(text).simulate(input={"F.I": ([0, 10], values)}, duration=5)
    assert result["F.I"][0].tolist() == values[0].tolist()
    assert result["F.I"][10].tolist() == pytest.approx(list((values[0] + values[1]) / 2))


@pytest.mark.parametrize("manner", ["linear", "step"])
def test_outside_of_their_times_samples_keep_their_first_and_last_value(manner: str) -> None:
    result = nd.loads(LINEAR).simulate(input={"E.I": ([5, 10], [2, 3], manner)})
    t, recorded = result.traces["E.I"].t, result["E.I"][:, 0]
    assert (set(recorded[t < 5]), set(recorded[t >= 10])) == ({2.0}, {3.0})


def test_values_without_times_are_those_of_the_steps() -> None:
    values = np.sin(np.arange(61) / 3)
    result = nd.loads(LINEAR).simulate(input={"E.I": values}, method="euler")
    assert list(result["E.I"][:, 2]) == pytest.approx(list(values), abs=1e-13)
    v = [0.0]
    for drive in values[:-1]:
        v.append(v[-1] + 0.5 * (drive - v[-1]) / 20)
    assert list(result["E.V"][:, 2]) == pytest.approx(v, abs=1e-13)


def test_samples_that_are_finer_than_the_steps_are_seen_at_the_stages() -> None:
    times, values = np.arange(0, 30.1, 0.25), np.arange(121) % 2
    result = nd.loads(LINEAR).simulate(input={"E.I": (times, values)}, method="midpoint", duration=1)
    v = [0.0]
    for _ in range(2):
        half = v[-1] + 0.25 * (0 - v[-1]) / 10
        v.append(v[-1] + 0.5 * (1 - half) / 10)
    assert list(result["E.V"][:, 0]) == pytest.approx(v, abs=1e-14)


def test_a_map_follows_samples() -> None:
    text = "model unit:\n    input u = 0\n    init x = 0\n    next x = 0.5*x + u\n"
    text += "network net:\n    population E = unit[2]\n    simulate:\n        duration 4\n        record E.x\n"
    result = nd.loads(text).simulate(input={"E.u": ([0, 1, 2, 3], [[1, 0], [0, 2], [4, 0], [0, 0]])})
    assert result["E.x"].tolist() == [[0, 0], [1, 0], [0.5, 2], [4.25, 1], [2.125, 0.5]]


def test_noise_and_samples_go_together() -> None:
    text = LINEAR.replace("    tau*dV/dt = -V + I\n", "    noise xi\n    tau*dV/dt = -V + I + 1e-30*xi\n")
    result = nd.loads(text).simulate(input={"E.I": (COMMON_KNOTS, COLUMNS)}, method="euler_maruyama", seed=1)
    plain = nd.loads(LINEAR).simulate(input={"E.I": (COMMON_KNOTS, COLUMNS)}, method="euler")
    np.testing.assert_allclose(result["E.V"], plain["E.V"], atol=1e-13)


def test_a_condition_sees_the_samples_at_the_end_of_a_step() -> None:
    text = "model cell:\n    input I = 0\n    init V = 0\n    dV/dt = 0*I\n    on I >= 1: V += 1\n"
    text += "network net:\n    population E = cell[2]\n    simulate:\n        duration 10\n        dt 1\n"
    result = nd.loads(text).simulate(input={"E.I": ([0, 4, 8], [[0, 0], [1, 0], [1, 2]])})
    spikes = result.spikes["E"]
    assert (spikes.times.tolist(), spikes.index.tolist()) == ([4, 6], [0, 1])


# --- expressions of the time and of the number of a neuron -------------------------------------------------------------------------


def test_a_drive_may_depend_on_the_time_and_on_the_neuron() -> None:
    text = LINEAR.replace("with tau = (10 + 5*i)", "with I = A*i*pulse(t, 5, 10 + 2*i)").replace("network net:\n", "network net:\n    param A = 3\n")
    result = nd.loads(text).simulate()
    assert result.meta["method"] == "exact"
    for k in range(3):
        expected = exact_response(10, [0, 5, 10 + 2 * k], [0, 3.0 * k, 0], result.traces["E.V"].t, held=True)
        assert list(result["E.V"][:, k]) == pytest.approx(list(expected), abs=1e-12)
    again = nd.loads(LINEAR.replace("network net:\n", "network net:\n    param A = 3\n")).simulate(
        input={"E.I": "A*i*pulse(t, 5, 10 + 2*i)"}, set={"E.tau": 10}
    )
    np.testing.assert_array_equal(again["E.V"], result["E.V"])


def test_an_expression_of_a_model_reaches_the_neurons_of_all_its_populations() -> None:
    result = nd.loads(LINEAR).simulate(input={"cell.I": "i*sine(t, 0.01)"}, method="rk4")
    t = result.traces["F.I"].t
    np.testing.assert_allclose(result["F.I"], np.outer(np.sin(0.02 * np.pi * t), np.arange(70)), atol=1e-12)
    np.testing.assert_allclose(result["E.I"], result["F.I"][:, :3], atol=0)


def test_constants_of_the_network_go_before_those_of_the_model() -> None:
    text = LINEAR.replace("with tau = (10 + 5*i)", "with I = tau*step(t, 1)").replace("network net:\n", "network net:\n    param tau = 3\n")
    assert set(nd.loads(text).simulate()["E.I"][4]) == {3.0}
    assert set(nd.loads(text.replace("    param tau = 3\n", "")).simulate()["E.I"][4]) == {10.0}


def test_a_constant_of_the_network_is_not_taken_for_one_of_a_model_or_a_synapse() -> None:
    text = """
model cell:
    param tau = 10
    init V = 0
    dV/dt = 10/tau
    on V >= 7: V = -100
synapse s:
    param w = 1, tau = 7
    on pre after tau: post.V += w
network net:
    param tau = 3
    population E = cell[3] with V = 2*tau - 100*i
    connect E[0] -> E[2] with s, all to all, w = tau*10
    simulate:
        duration 9
        dt 0.5
        record E.V, s.w
"""
    result = nd.loads(text).simulate()
    assert result["E.V"][0].tolist() == [6, -94, -194]
    (trace,) = result.synapses.values()
    assert set(trace.values.ravel()) == {30}
    jump = np.diff(result["E.V"][:, 2])
    assert (result.spikes["E"].times.tolist(), np.flatnonzero(jump > 1).tolist()) == ([1], [15])


def test_an_input_that_is_constant_can_be_recorded() -> None:
    result = nd.loads(LINEAR.replace("with tau = (10 + 5*i)", "with I = (2*i)")).simulate()
    assert result["E.I"][7].tolist() == [0, 2, 4]
    assert result["F.I"][7].tolist() == [0] * 70


def test_samples_are_followed_until_an_event_sets_the_input() -> None:
    text = "model cell:\n    input I = 0\n    init V = 0\n    dV/dt = I\n    on V >= 2: I = 7\n"
    text += "network net:\n    population E = cell[2]\n    simulate:\n        duration 5\n        dt 1\n        record E.I\n"
    result = nd.loads(text).simulate(input={"E.I": ([0, 10], [[0, 0], [10, 0]])}, method="midpoint")
    assert result["E.I"].tolist() == [[0, 0], [1, 0], [7, 0], [7, 0], [7, 0], [7, 0]]


def test_what_synapses_add_is_added_to_the_samples() -> None:
    text = (
        SPIKING.replace("post.V += 0.1", "post.I += 3")
        .replace("init V ~ uniform(0, 1)", "init V = 0")
        .replace("cell[150]", "cell[150] with V = i/150")
    )
    constant = nd.loads(text).simulate(seed=1, input={"E.I": 1.4, "F.I": 0.5})
    sampled = nd.loads(text).simulate(seed=1, input={"E.I": [1.4], "F.I": ([0, 9], [[0.5] * 100] * 2)})
    assert len(constant.spikes["F"].times) > 50
    for name, spikes in constant.spikes.items():
        np.testing.assert_array_equal(spikes.times, sampled.spikes[name].times)


def test_a_steady_start_is_that_of_the_first_samples() -> None:
    text = LINEAR.replace("init V = 0", "init V = steady")
    result = nd.loads(text).simulate(input={"E.I": ([-1, 1], [[1, 2, 3], [3, 4, 5]])}, duration=1)
    assert result["E.V"][0].tolist() == [2, 3, 4]


# --- threads, copies, sweeps, checkpoints ------------------------------------------------------------------------------------------


def assert_same(one: NetworkResult, other: NetworkResult) -> None:
    for name, spikes in one.spikes.items():
        np.testing.assert_array_equal(spikes.times, other.spikes[name].times)
        np.testing.assert_array_equal(spikes.index, other.spikes[name].index)
    for name, trace in one.traces.items():
        np.testing.assert_array_equal(trace.values, other.traces[name].values)


def drives() -> dict[str, Any]:
    grow = np.random.default_rng(5)
    return {"E.I": ([0, 3.3, 17, 30], grow.uniform(0.5, 2, (4, 150))), "F.I": ([0, 10.05], [0, 1.5], "step")}


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_number(threads: int) -> None:
    model = nd.loads(SPIKING)
    one = model.simulate(seed=2, input=drives())
    assert len(one.spikes["E"].times) > 200
    assert_same(one, model.simulate(seed=2, input=drives(), threads=threads))


def test_a_compiled_kernel_takes_arrays_of_any_kind_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    given = drives()
    table = np.asfortranarray(given["E.I"][1])
    table.setflags(write=False)
    given["E.I"] = (np.arange(0, 40)[::10], table)
    given["F.I"] = ([0, 10], np.zeros((2, 100), np.int32))
    model = nd.loads(SPIKING)
    plain = model.simulate(seed=2, input=given, duration=20)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    compiled = model.simulate(seed=2, input=given, duration=20, threads=2)
    assert compiled.meta["timing"]["compile_s"] > 0
    assert len(plain.spikes["E"].times) > 100
    for name, spikes in plain.spikes.items():
        np.testing.assert_array_equal(spikes.times, compiled.spikes[name].times)
        np.testing.assert_array_equal(spikes.index, compiled.spikes[name].index)
    np.testing.assert_allclose(plain["E.V"], compiled["E.V"], atol=1e-12)


def test_copies_follow_the_same_samples() -> None:
    model = nd.loads(SPIKING)
    copies = model.simulate(seed=2, input=drives(), copies=2)
    assert_same(model.simulate(seed=2, input=drives()), copies[0])
    np.testing.assert_array_equal(copies[0]["F.I"], copies[1]["F.I"])


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkpoint of a run that was stopped half way, with the samples it followed."""
    path = tmp_path / "half.npz"
    look = lasting_module.Keeper.look

    def stopping(keeper: Any, work: Any) -> None:
        keeper.stopped = work.reached >= 100
        look(keeper, work)

    monkeypatch.setattr(lasting_module.Keeper, "look", stopping)
    result = nd.loads(SPIKING).simulate(seed=2, input=drives(), checkpoint=path)
    assert isinstance(result, NetworkResult)
    assert result.meta["interrupted"] is True
    monkeypatch.setattr(lasting_module.Keeper, "look", look)
    return path


def test_a_run_that_goes_on_is_the_same(cut: Path) -> None:
    model = nd.loads(SPIKING)
    assert_same(model.simulate(seed=2, input=drives()), model.simulate(input=drives(), resume=cut))


def test_a_run_goes_on_with_the_samples_it_began_with_alone(cut: Path) -> None:
    model = nd.loads(SPIKING)
    assert refusal(lambda: model.simulate(resume=cut)).endswith("its input `E.I` follows samples, which a checkpoint does not hold")
    other = drives()
    other["F.I"] = ([0, 10.05], [0, 1.6], "step")
    assert refusal(lambda: model.simulate(input=other, resume=cut)).endswith("`F` began from other numbers, or with other synapses")


# --- wrong input ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"E.J": [1, 2]}, "V102: the model `cell` has no input `J`"),
        ({"G.I": [1, 2]}, "V102: the network `net` has no population, model or synapse `G`"),
        ({"I": [1, 2]}, "V102: the network `net` has no parameter `I`"),
        ({"E.I": np.zeros((5, 4))}, "F106: the times of what is given for `E.I` do not increase: 0 follows 0 in row 2"),
        ({"E.I": ([0, 1], np.zeros((2, 2)))}, "F106: what is given for `E.I` has 2 columns of values, and `E` has 3 neurons"),
        ({"E.I": np.zeros((5, 9))}, "F106: what is given for `E.I` has 9 columns, and `E` has 3 neurons"),
        ({"E.I": ([0, 1], [1, float("nan")])}, "F106: what is given for `E.I` holds nan in row 2, column 2; all numbers have to be finite"),
        ({"E.I": ([0, 2, 1], [1, 2, 3])}, "F106: the times of what is given for `E.I` do not increase: 1 follows 2 in row 3"),
        ({"E.I": []}, "F106: what is given for `E.I` holds no numbers"),
        ({"E.I": ["a"]}, "F106: what is given for `E.I` holds `<U1` and no real numbers"),
        ({"E.I": "none.csv"}, "F106: there is no file `none.csv`"),
    ],
)
def test_what_cannot_be_followed_is_told(given: dict[str, Any], message: str) -> None:
    assert refusal(lambda: nd.loads(LINEAR).simulate(input=given)) == message


def test_two_columns_for_two_neurons_need_a_word() -> None:
    model = nd.loads(LINEAR.replace("cell[70]", "cell[2]"))
    told = refusal(lambda: model.simulate(input={"F.I": np.zeros((5, 2))}))
    assert told.endswith("which may be times and the values of all neurons of `F`, or the values of each of its 2 neurons")


def test_files_of_two_columns_for_two_neurons_are_told_apart_by_their_titles(tmp_path: Path) -> None:
    model = nd.loads(LINEAR.replace("cell[70]", "cell[2]"))
    (tmp_path / "all.csv").write_text("t,I\n0,1\n10,3\n")
    (tmp_path / "each.csv").write_text("left,right\n1,2\n3,4\n")
    assert model.simulate(input={"F.I": str(tmp_path / "all.csv")})["F.I"][10].tolist() == [2, 2]
    assert model.simulate(input={"F.I": str(tmp_path / "each.csv")})["F.I"][1].tolist() == [3, 4]


def test_units_in_titles_are_brought_into_those_of_the_network(tmp_path: Path) -> None:
    text = "model cell:\n    input I = 0 [nA]\n    init V = 0 [nA]\n    10 [ms]*dV/dt = -V + I\n"
    text += "network net:\n    population E = cell[3]\n    simulate:\n        duration 10 [ms]\n        record E.I\n"
    (tmp_path / "drive.csv").write_text("t [s],a [pA],b [pA],c [uA]\n0,0,0,0\n0.01,1000,2000,3\n")
    result = nd.loads(text).simulate(input={"E.I": str(tmp_path / "drive.csv")})
    assert result["E.I"][50].tolist() == pytest.approx([0.5, 1, 1500])
    (tmp_path / "drive.csv").write_text("t [s],I [mV]\n0,0\n")
    assert refusal(lambda: nd.loads(text).simulate(input={"E.I": str(tmp_path / "drive.csv")})).endswith("gives `I` in `mV`, and it is in `nA` here")


def test_numbers_that_do_not_fit_into_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.samples.MOST_NUMBERS", 10)
    assert refusal(lambda: nd.loads(LINEAR).simulate(input={"E.I": np.zeros((4, 3))})).endswith("holds 12 numbers; at most 10 are taken")


# --- samples that the text names ----------------------------------------------------------------------------------------------------


def beside(folder: Path, value: str) -> nd.Model:
    """Return a network with units whose neurons follow a value, in a file of its own."""
    text = "model cell:\n    param tau = 10 [ms]\n    input I = 0 [nA]\n    init V = 0 [nA]\n    tau*dV/dt = -V + I\n"
    text += f"network net:\n    population E = cell[3] with {value}\n    population F = cell[2]\n"
    text += "    simulate:\n        duration 20 [ms]\n        dt 0.5 [ms]\n        record E.V, E.I, F.I\n"
    path = folder / "net.neuro"
    path.write_text(text)
    return nd.load(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the texts name."""
    table = np.column_stack([COMMON_KNOTS, COLUMNS])
    np.savetxt(tmp_path / "each.csv", table, delimiter=",", header="t,a,b,c", comments="")
    np.save(tmp_path / "each.npy", table)
    np.savetxt(tmp_path / "one.csv", table[:, :2], delimiter=",", header="t [s],I [pA]", comments="")
    return tmp_path


@pytest.mark.parametrize(("unit", "factor"), [("", 1), (" [nA]", 1), (" [pA]", 1e-3)])
@pytest.mark.parametrize("name", ["each.csv", "each.npy", "each.csv:step"])
def test_a_text_names_the_file_that_an_input_follows(folder: Path, name: str, unit: str, factor: float) -> None:
    result = beside(folder, f'I = samples("{name}"){unit}').simulate()
    manner = ("step",) if name.endswith("step") else ()
    expected = beside(folder, "I = 0 [nA]").simulate(input={"E.I": (COMMON_KNOTS, COLUMNS * factor, *manner)})
    for recorded in ("E.I", "E.V"):
        np.testing.assert_allclose(result[recorded], expected[recorded], atol=1e-13)
    assert result["F.I"].tolist() == [[0, 0]] * 41


def test_the_unit_of_a_title_goes_before_that_of_the_text(folder: Path) -> None:
    (folder / "one.csv").write_text("t [s],I [pA]\n0,1000\n0.02,3000\n")
    result = beside(folder, 'I = samples("one.csv") [uA]').simulate()
    assert result["E.I"][20].tolist() == pytest.approx([2, 2, 2])


def test_a_run_replaces_what_the_text_names(folder: Path) -> None:
    model = beside(folder, 'I = samples("each.csv")')
    assert model.simulate(input={"E.I": 2})["E.I"][7].tolist() == [2, 2, 2]
    assert model.simulate(input={"E.I": [5.0]})["E.I"][7].tolist() == [5, 5, 5]
    assert model.simulate(input={"cell.I": "i*step(t, 1)"})["E.I"][7].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('I = samples("each.csv") [mV]', "U101: `I` of `E` is a current (nA), and the numbers of this file are a voltage (mV)"),
        ('I = 2*samples("each.csv")', "N108: `samples` is the whole value of an input of a population"),
        ('tau = samples("each.csv")', "N108: `tau` of `E` is a parameter, and inputs alone follow samples"),
        ('V = samples("each.csv") [nA]', "N108: `V` of `E` is an initial value, and inputs alone follow samples"),
        ('I = samples("each.txt")', "F106: samples stand in a .csv or .npy file, not in `each.txt`"),
        ("I = samples(each.csv)", "N104: `samples` takes the name of a file in quotes"),
        ('I = samples("none.csv")', "F105: there is no file `none.csv` beside the model"),
        ('I = samples("../each.csv")', "F105: `../each.csv` leads out of the folder of the model"),
        ('I = samples("each.csv"), I = 2 [nA]', "N102: `I` has two values"),
    ],
)
def test_files_that_cannot_be_followed_are_told_at_their_place(folder: Path, value: str, message: str) -> None:
    with pytest.raises(NeuroError) as error:
        beside(folder, value).simulate()
    found = error.value.report.found[0]
    assert (f"{found.rule.code}: {found.message}", error.value.exit_code) == (message, 2)
    assert found.span is not None
    assert found.span.line == 7


def test_spikes_have_no_exact_times_where_inputs_follow_samples() -> None:
    text = LINEAR.replace("    tau*dV/dt = -V + I\n", "    tau*dV/dt = -V + I\n    on V >= 1: V = 0\n")
    told = refusal(lambda: nd.loads(text).simulate(input={"E.I": [1.0]}, events="exact"))
    assert told == "M103: spikes of `cell` have no exact times: its input follows samples"


def test_columns_that_do_not_fit_are_told_with_both_figures(folder: Path) -> None:
    told = refusal(lambda: beside(folder, "I = 0 [nA]").simulate(input={"F.I": str(folder / "each.npy")}))
    assert told == f"F106: `{folder / 'each.npy'}` has 4 columns, and `F` has 2 neurons"


def test_samples_stay_a_name_for_anything_else() -> None:
    text = "param samples = 2\ninit x = 1\ndx/dt = -samples*x\n"
    assert nd.loads(text).simulate(duration=1, dt=0.5, method="exact")["x"][-1] == pytest.approx(np.exp(-2))


def test_the_points_of_a_sweep_follow_files(folder: Path) -> None:
    for model, given in ((beside(folder, 'I = samples("each.csv")'), {}), (beside(folder, "I = 0 [nA]"), {"E.I": str(folder / "each.csv")})):
        table = model.sweep({"cell.tau": [5, 10]}, measure="max(E.V)", input=given)
        expected = [model.simulate(set={"cell.tau": tau}, input=given)["E.V"].max() for tau in (5, 10)]
        assert list(np.asarray(table["max(E.V)"])) == pytest.approx(expected, abs=1e-12)


def test_a_sweep_takes_no_numbers_of_a_program(folder: Path) -> None:
    model = beside(folder, "I = 0 [nA]")
    told = refusal(lambda: model.sweep({"cell.tau": [5, 10]}, measure="max(E.V)", input={"E.I": [1.0, 2.0]}))
    assert told == "V101: `E.I` of a network follows a file in a sweep, and no numbers of a program"
