"""`check` on networks: neurons are judged in their places, synapses too, and populations that never spike are found."""

from __future__ import annotations

import pytest

import neurodsl as nd
from neurodsl.analysis.case import Case, Range
from neurodsl.analysis.context import neuron_of, synapse_of
from neurodsl.diagnostics import Diagnostic, Report
from neurodsl.integrators import methods
from neurodsl.lang import read_model
from neurodsl.lower import lower_network
from neurodsl.model import NetworkModel
from neurodsl.network import Network

CELL = """
model cell:
    param tau = 20 [ms], V_th = 20 [mV], V_r = 0 [mV]
    input I = 10 [mV]
    init V = 0 [mV], g = 0 [mV]
    tau*dV/dt = -V + I + g
    5 [ms] * dg/dt = -g
    on V >= V_th: V = V_r

synapse exc:
    param w = 1 [mV]
    on pre: post.V += w

synapse gap:
    post.I += 0.1*(pre.V - post.V)

network net:
"""
STDP = """
    param A_plus = 0.01, A_minus = 0.012, tau_plus = 20 [ms], tau_minus = 20 [ms], w_min = 0, w_max = 1
    init w ~ uniform(0, 1)
    tau_plus*dx/dt = -x
    tau_minus*dy/dt = -y
    on pre: x += 1; post.g += w*[mV]; w -= A_minus*(w - w_min)*y
    on post: y += 1; w += A_plus*(w_max - w)*x
"""
PAIR = f"{CELL.replace('network net:', '')}synapse stdp:{STDP}\nnetwork net:\n"
RUN = "\n    simulate: duration 100 [ms]; dt 0.1 [ms]\n"


def net(*lines: str, text: str = CELL) -> str:
    return text + "\n".join(f"    {line}" for line in lines) + RUN


def found(text: str, code: str = "M") -> list[Diagnostic]:
    """Return what the mathematics finds; a synapse that a text does not use is no matter here."""
    return [d for d in nd.loads(text, "net").check().sorted() if d.rule.severity != "note" and d.rule.code.startswith(code)]


def network_of(text: str) -> Network:
    made = read_model(nd.loads(text, "net").source, "net", Report())
    assert isinstance(made, NetworkModel)
    return lower_network(made)


def names(text: str) -> list[str]:
    return [d.message.partition(" ever spikes")[0] for d in found(text, "M201")]


def test_a_network_without_a_first_spike_is_found_with_its_figures_and_its_place() -> None:
    (told,) = found(net("population E = cell[4]", "connect E -> E with exc, all to all"))
    assert (told.rule.code, told.span.text if told.span else "") == ("M201", "population E = cell[4]")
    assert told.message.startswith("no neuron of `E` ever spikes: V_th = 20 mV is never reached: sup V = 10 mV; proof: ")
    assert told.message.endswith("its synapses act on a spike, and there is no first one")
    assert told.help is not None
    assert "add a source of spikes" in told.help


def test_two_populations_that_wait_for_each_other_are_told_once() -> None:
    text = net("population E = cell[4]", "population F = cell[2]", "connect E -> F with exc, all to all", "connect F -> E with exc, all to all")
    assert names(text) == ["no neuron of `net`"]


def test_a_source_of_spikes_with_the_rate_0_is_none() -> None:
    lines = (
        "population P = poisson[9] with rate = 0 [Hz]",
        "population E = cell[4]",
        "population F = cell[2]",
        "connect P -> E, F with exc, all to all",
    )
    assert names(net(*lines)) == ["no neuron of `net`"]


@pytest.mark.parametrize(
    "lines",
    [
        ("population E = cell[4] with I = 21 [mV]", "connect E -> E with exc, all to all"),
        ("population E = cell[4] with I = 18 [mV] + i*1 [mV]", "connect E -> E with exc, all to all"),
        ("population E = cell[4] with I ~ normal(10, 1) [mV]", "connect E -> E with exc, all to all"),
        ("population E = cell[4] with V ~ uniform(0, 25) [mV]", "connect E -> E with exc, all to all"),
        ("population E = cell[4]", "population P = poisson[9] with rate = 5 [Hz]", "connect P -> E with exc, all to all"),
        ("population E = cell[4]", "population F = cell[1] with I = 30 [mV]", "connect F -> E with exc, all to all"),
        ("population E = cell[4]", "connect E -> E with gap, all to all"),
        ("param drive[4] = (0, 0, 21, 0) [mV]", "population E = cell[4] with I = drive[i]", "connect E -> E with exc, all to all"),
    ],
)  # fmt: skip
def test_a_population_that_something_may_drive_to_its_threshold_is_not_reported(lines: tuple[str, ...]) -> None:
    assert found(net(*lines)) == []


@pytest.mark.parametrize(
    ("lines", "silent"),
    [
        (("population E = cell[4] with I = 16 [mV] + i*1 [mV]",), ["no neuron of `E`"]),
        (("population E = cell[4] with I ~ uniform(0, 19) [mV]",), ["no neuron of `E`"]),
        (("population E = cell[4]", "population P = poisson[9] with rate = 0 [Hz]", "connect P -> E with exc, all to all"), ["no neuron of `E`"]),
        (("population E = cell[4]", "population F = cell[2] with I = 30 [mV]", "connect E -> F with exc, all to all"), ["no neuron of `E`"]),
    ],
)  # fmt: skip
def test_a_population_below_its_threshold_whoever_else_spikes_is_reported(lines: tuple[str, ...], silent: list[str]) -> None:
    assert names(net(*lines)) == silent


def test_what_is_called_silent_is_silent_in_a_run_and_what_is_not_may_spike() -> None:
    assert nd.loads(net("population E = cell[4] with I = 16 [mV] + i*1 [mV]"), "net").simulate(seed=1).spikes["E"].count == 0
    assert nd.loads(net("population E = cell[4] with I = 18 [mV] + i*1 [mV]"), "net").simulate(seed=1).spikes["E"].count > 0


def test_a_variant_that_spikes_is_named() -> None:
    text = net("param I_0 = 10 [mV]", "population E = cell[4] with I = I_0", "connect E -> E with exc, all to all", "variant driven: I_0 = 25 [mV]")
    (told,) = found(text)
    assert told.help is not None
    assert told.help.endswith("; variant `driven` spikes")
    assert found(text.replace("I_0 = 10", "I_0 = 25", 1)) == []


def test_a_model_is_not_judged_alone_where_a_network_uses_it() -> None:
    alone = CELL.partition("synapse")[0].replace(" + g", "").replace("    5 [ms] * dg/dt = -g\n", "").replace(", g = 0 [mV]", "")
    assert [d.rule.code for d in found(alone)] == ["M201"]
    assert found(net("population E = cell[4] with I = 30 [mV]")) == []


def test_soft_bounds_keep_a_weight_and_a_wrong_sign_does_not() -> None:
    lines = ("population E = cell[4] with I = 30 [mV]", "connect E -> E with stdp, all to all")
    assert found(net(*lines, text=PAIR)) == []
    (told,) = found(net(*lines, text=PAIR.replace("w -= A_minus*(w - w_min)*y", "w += A_minus*(w - w_min)*y")))
    assert (told.rule.code, told.message) == (
        "M204",
        "`w` can leave [w_min, w_max]; proof: from w = w_max, y = 1 `on pre` leads to w = 1.012, above w_max",
    )


def test_a_trace_of_a_synapse_that_grows_is_found_at_its_equation() -> None:
    lines = ("population E = cell[4] with I = 30 [mV]", "connect E -> E with stdp, all to all")
    (told,) = found(net(*lines, text=PAIR.replace("tau_plus*dx/dt = -x", "tau_plus*dx/dt = x")))
    assert (told.rule.code, told.span.text if told.span else "") == ("M205", "tau_plus*dx/dt = x")


def test_weights_that_a_connection_draws_outside_of_their_interval_are_told_there() -> None:
    lines = ("population E = cell[4] with I = 30 [mV]", "connect E -> E with stdp, all to all, w ~ uniform(0, 4)")
    (told,) = found(net(*lines, text=PAIR))
    assert told.message.startswith("`w` is drawn outside of its domain [w_min, w_max] with probability 0.75")
    assert (told.span.text if told.span else "").startswith("connect E -> E with stdp")


def test_a_step_that_is_too_long_for_one_population_names_it() -> None:
    lines = ("population E = cell[4] with I = 30 [mV]", "population F = cell[4] with I = 30 [mV], tau = 0.04 [ms]")
    (told,) = found(net(*lines).replace("dt 0.1 [ms]", "dt 0.1 [ms]; method euler"))
    assert told.rule.code == "M208"
    assert told.message.startswith("in `F` dt = 0.1 ms is too long for `euler`: the fastest time constant at rest is 0.04 ms")


def test_a_sum_that_lacks_the_neuron_before_the_synapse_is_found() -> None:
    lines = ("population E = cell[4] with I = 30 [mV]", "connect E -> E with gap, all to all")
    assert found(net(*lines)) == []
    (told,) = found(net(*lines, text=CELL.replace("pre.V - post.V", "post.V - 1 [mV]")))
    assert told.rule.code == "M209"
    assert told.message.startswith("`post.I` is a sum over the synapses `E -> E` of what does not depend on the neuron before them")


@pytest.mark.parametrize(
    "change", ["init s = 0\n    5 [ms] * ds/dt = -s\n    on pre: s += 1\n    post.I += s*[mV]", "param k = 1 [mV]\n    post.I += k*third.V/[mV]"]
)
def test_what_a_spike_before_the_synapse_or_a_third_neuron_sets_is_no_such_sum(change: str) -> None:
    third = ", third E" if "third" in change else ""
    text = CELL.replace("post.I += 0.1*(pre.V - post.V)", change)
    assert found(net("population E = cell[4] with I = 30 [mV]", f"connect E -> E with gap, all to all{third}", text=text), "M209") == []


def test_a_neuron_in_its_place_has_the_range_of_values_of_its_population() -> None:
    lines = ("param I_0 = 2 [mV]", "population E = cell[5] with I = I_0 + i*0.5 [mV], V ~ uniform(-3, -1) [mV]")
    network = network_of(net(*lines))
    case = Case(neuron_of(network, network.populations[0]), methods()["rk4"], 0.1)
    symbols = {p.name: p.symbol for p in case.system.parameters}
    assert case.bound(case.whole(symbols["I"]), {}) == pytest.approx(Range(2.0, 4.0))
    assert [case.starts[s.symbol] for s in case.system.states] == [Range(-3.0, -1.0), Range(0.0, 0.0)]


def test_what_a_synapse_reads_of_its_neurons_may_be_anything() -> None:
    network = network_of(net("population E = cell[5]", "connect E -> E with gap, all to all"))
    case = Case(synapse_of(network, network.projections[0]), methods()["euler"], 0.1)
    assert {r.is_finite for r in case.starts.values()} == {False}


def test_weights_that_a_matrix_brings_are_not_taken_for_drawn_ones() -> None:
    text = """
synapse s:
    param w_max = 1, A = 0.1
    init w = 0, x = 0
    dx/dt = -x
    on pre: x += 1; w = clip(w + A*x, 0, w_max); post.V += w
model cell:
    init V = 0
    dV/dt = -V
    on V >= 1: V = 0
network n:
    population P = poisson[2] with rate = 1
    population N = cell[1]
    connect P -> N with s, matrix "w.npy"
    simulate: duration 1
"""
    assert [d.rule.code for d in nd.loads(text).check().found if d.rule.code == "M207"] == []
