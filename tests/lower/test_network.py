"""Networks as mathematics: numbers where they are known, expressions of constants and of i and j elsewhere."""

from __future__ import annotations

import pytest
from sympy import Integer, Rational, Symbol, exp

from neurodsl.diagnostics import NeuroError, Report
from neurodsl.lang import override, parse_expression, read
from neurodsl.lower import lower_network
from neurodsl.lower.elements import Pick
from neurodsl.model import NetworkModel
from neurodsl.network import I, J, Network, Part, Recorded
from neurodsl.source import Source
from neurodsl.system import Draw, Items, Loaded
from neurodsl.units import describe

TEXT = """\
model cell:
    param C = 200 [pF], g_L = 10 [nS], E_L = -70 [mV]
    input I_syn = 0 [nA]
    init V = -70 [mV], g_e = 0 [nS]
    C*dV/dt = -g_L*(V - E_L) - g_e*V + I_syn
    dg_e/dt = -g_e/5 [ms]
    on V > -50 [mV]: V = E_L; hold V for 2 [ms]

model source:
    init D = 0
    dD/dt = -D/20 [ms]

synapse stdp:
    param tau = 20 [ms], w_max = 2 [nS], p = 0.3
    init w = 1 [nS]
    tau*dx/dt = -x
    on pre: post.g_e += w if rand() < p else 0 [nS]; x += 1 + third.D
    on post after 0.5 [ms]: w += 0.1*(w_max - w)*x

synapse gap:
    param g = 1 [nS]
    post.I_syn += g*(pre.V - post.V)

network net:
    param N = 100, J = 300 [pS], sigma = 10, W[2, 2] = ((0, 1), (2, 0)) [uS], G = (1, 2) [nS], C_T[2] = 100 [pF]
    N_I = N/4
    f(x) = exp(-(x/sigma)^2)
    population E = cell[N] with V ~ uniform(-0.07, -0.05) [V], C = (200 + 0.1*i) [pF]
    population I = cell[N_I] with g_e = load("g.npy") [uS]
    population T = cell[2] with V = (-60, -61) [mV], g_L = 2*G, C = C_T[i] + 1 [pF]
    population D = source
    population P = poisson[10] with rate = (20 + i)*(1 + t/[s]) [Hz]
    population S = spikes[7] from "trains.npy" [s]
    connect E[10:20] -> I[5] with stdp, probability f(i - j), delay (100 + 10*abs(i - j)) [us], w = J, third D
    connect E -> I with gap, where abs(i - j) <= 2, no self
    connect I[:2] -> I[2:4] with gap, matrix W as g
    connect E -> E with gap, small world 10, 0.1
    connect S -> E with stdp, pairs "pairs.csv", third D, delay uniform(1, 5) [ms]
    connect I -> T with gap, matrix "g.npy" [pS] as g
    simulate:
        duration 200 [ms]
        record E.V, E[0:10:2].g_e every 0.5 [ms], stdp.w every 10 [ms]
"""


def model(text: str = TEXT) -> NetworkModel:
    """Return the network of a text as the language reads it."""
    report = Report()
    found = read(Source("net.neuro", text), report)
    assert isinstance(found, NetworkModel), report.found
    return found


@pytest.fixture(scope="module")
def network() -> Network:
    """Return the network of the text."""
    return lower_network(model())


def test_constants_of_a_network_stay_symbols(network: Network) -> None:
    assert [(p.name, p.default) for p in network.parameters[:3]] == [("N", 100), ("J", 300), ("sigma", 10)]
    assert [(d.name, d.expression, d.constant) for d in network.constants] == [("N_I", Symbol("N") / 4, True)]
    assert describe(network.time_unit) == "ms"


def test_sizes_and_parts_are_numbers(network: Network) -> None:
    assert [(p.name, p.size) for p in network.populations] == [("E", 100), ("I", 25), ("T", 2), ("D", 1), ("P", 10), ("S", 7)]
    first, _, third, *_ = network.projections
    assert (first.source, first.target, first.third) == (Part("E", 10, 20), Part("I", 5, 6), Part("D", 0, 1))
    assert (third.source, third.target) == (Part("I", 0, 2), Part("I", 2, 4))


def test_populations_of_one_model_share_its_system(network: Network) -> None:
    excitatory, inhibitory, _, modulator, *emitters = network.populations
    assert excitatory.system is inhibitory.system
    assert excitatory.system is not modulator.system
    assert [p.system for p in emitters] == [None, None]


def test_values_are_in_the_units_that_the_model_declares(network: Network) -> None:
    excitatory, inhibitory, pair, *_ = network.populations
    assert excitatory.values == {"V": Draw("uniform", (Integer(-70), Integer(-50))), "C": 200 + I / 10}
    assert inhibitory.values == {"g_e": Loaded("g.npy", 1000.0)}
    assert pair.values == {
        "V": Items((Integer(-60), Integer(-61))),
        "g_L": 2 * Pick(Symbol("G"), I),
        "C": Pick(Symbol("C_T"), I) + 1,
    }


def test_emitters_are_in_the_time_unit_of_the_network(network: Network) -> None:
    poisson, spikes = (p.emitter for p in network.populations[4:])
    assert poisson is not None
    assert spikes is not None
    t = Symbol("t")
    assert (poisson.values["rate"] - (20 + I) * (1 + t / 1000) / 1000).expand() == 0
    assert (spikes.kind, spikes.path, describe(spikes.unit) if spikes.unit else None) == ("spikes", "trains.npy", "s")


def test_rules_hold_expressions_of_i_and_j_without_the_functions_of_the_network(network: Network) -> None:
    first, second, third, fourth, fifth, sixth = (p.rule for p in network.projections)
    assert (first.kind, first.arguments, first.multiple) == ("probability", (exp(-(((I - J) / Symbol("sigma")) ** 2)),), False)
    assert (second.kind, str(second.condition), second.no_self) == ("all to all", "Absolute(i - j) <= 2", True)
    assert (third.kind, third.arguments, third.matrix_target) == ("matrix", (0, 1000, 2000, 0), "g")
    assert (fourth.kind, fourth.arguments) == ("small world", (Integer(10), Rational(1, 10)))
    assert (fifth.kind, fifth.path, fifth.multiple) == ("pairs", "pairs.csv", True)
    assert (sixth.kind, sixth.path, sixth.matrix_target, sixth.factor, third.factor) == ("matrix", "g.npy", "g", 0.001, 1.0)


def test_delays_and_values_of_synapses_are_in_declared_units(network: Network) -> None:
    first, second, _, _, fifth, _ = network.projections
    assert str(first.delay) == "Absolute(i - j)/100 + 1/10"
    assert first.values == {"w": Symbol("J") / 1000}
    assert fifth.delay == Draw("uniform", (Integer(1), Integer(5)))
    assert second.delay is None


def test_a_synapse_is_a_system_that_knows_its_neurons_as_states_it_does_not_advance(network: Network) -> None:
    synapse = network.projections[0].synapse
    states = [(s.name, s.derivative, s.shown, describe(s.unit)) for s in synapse.states]
    assert states == [
        ("w", 0, True, "nS"),
        ("x", -Symbol("x") / Symbol("tau"), True, "1"),
        ("post.g_e", 0, False, "nS"),
        ("third.D", 0, False, "1"),
    ]
    pre, post = synapse.events
    assert (pre.kind, pre.time, [(a.target, str(a.value)) for a in pre.actions]) == (
        "pre",
        None,
        [(2, "post.g_e + Select(_rand0 < p, w, 0)"), (1, "third.D + x + 1")],
    )
    assert (post.kind, post.time, [a.target for a in post.actions]) == ("post", Rational(1, 2), [0])
    assert synapse.edges == ()
    assert synapse.stochastic


def test_what_a_synapse_adds_all_the_time_is_a_contribution_in_the_unit_of_the_input(network: Network) -> None:
    gap = network.projections[1].synapse
    g, before, behind = (Symbol(name) for name in ("g", "pre.V", "post.V"))
    ((target, value),) = gap.contributions
    assert target == "post.I_syn"
    assert (value - g * (before - behind) / 1000).expand() == 0
    assert gap.events == ()


def test_projections_with_one_synapse_and_one_pair_of_models_share_its_system(network: Network) -> None:
    assert network.projections[1].synapse is network.projections[2].synapse is network.projections[3].synapse
    assert network.projections[0].synapse is network.projections[0].synapse


def test_what_is_recorded_has_numbers(network: Network) -> None:
    assert network.recorded == (
        Recorded("E", "V", 0, 100),
        Recorded("E", "g_e", 0, 10, 2, 0.5),
        Recorded("E -> I with stdp", "w", 0, -1, 1, 10.0),
        Recorded("S -> E", "w", 0, -1, 1, 10.0),
    )


def test_a_network_in_seconds_has_systems_in_seconds() -> None:
    made = lower_network(model(TEXT.replace("duration 200 [ms]", "duration 1 [s]")))
    assert describe(made.time_unit) == "s"
    system = made.populations[0].system
    assert system is not None
    assert describe(system.time_unit) == "s"
    assert [str(s.derivative) for s in system.states if s.name == "g_e"] == ["-200*g_e"]
    assert str(made.projections[0].delay) == "Absolute(i - j)/100000 + 1/10000"
    assert made.projections[0].synapse.events[1].time == Rational(1, 2000)
    assert made.recorded[1].every == 0.0005


def test_sizes_that_do_not_come_out_are_refused_before_anything_is_made() -> None:
    report = Report()
    value = parse_expression(Source("<--set N>", "102"), report)
    assert value is not None
    changed = override(model(), "set", "N", value, report)
    assert [d.message for d in report.found] == ["the size of `I` is a whole number from 1 on, not `N/4`, which is 25.5"]
    assert lower_network(changed).populations[0].size == 100
    text = TEXT.replace("cell[N_I]", "cell[5e8 + 0*N_I]")
    broken = Report()
    assert read(Source("net.neuro", text), broken) is None
    assert [d.message for d in broken.found] == ["`I` has 5e8 neurons; at most 5e7 are made"]


def test_a_drive_of_one_population_makes_a_system_of_its_own() -> None:
    text = TEXT.replace("population I = cell[N_I] with ", "population I = cell[N_I] with I_syn = 0.1 [nA] * pulse(t, 5 [ms], 30 [ms]), ")
    excitatory, inhibitory, *_ = lower_network(model(text)).populations
    assert excitatory.system is not None
    assert inhibitory.system is not None
    assert [p.name for p in excitatory.system.parameters if p.is_input] == ["I_syn"]
    assert [d.name for d in inhibitory.system.definitions] == ["I_syn"]
    assert inhibitory.system.edges == (5, 30)


def test_an_error_of_the_mathematics_of_a_model_is_that_of_its_network() -> None:
    text = "model cell:\n    init x = 0\n    dx/dt*dx/dt = 1\n\nnetwork net:\n    population A = cell[3]\n"
    with pytest.raises(NeuroError, match="it is not linear"):
        lower_network(model(text))
