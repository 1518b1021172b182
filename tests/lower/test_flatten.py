"""Networks without spikes as one system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from network.both import network_of
from network.by_hand import network, neuron, population, projection, synapse
from network.cells import made
from network.interpreter import Wiring, interpret
from sympy import Eq, Integer, Rational, Symbol

import neurodsl as nd
from neurodsl.analysis.fixed_points import fixed_points
from neurodsl.analysis.frozen import Frozen, freeze
from neurodsl.diagnostics import NeuroError
from neurodsl.lower.elements import Pick
from neurodsl.lower.flatten import flatten
from neurodsl.lower.functions import Maximum, Modulo, Select
from neurodsl.lower.members import Wires
from neurodsl.network import I, J, Network, Part, Projection
from neurodsl.system import Definition, Draw, Items, Parameter, System
from neurodsl.units import ONE

UNIT = """
param a = 1, theta = 0, tau = 1
input I = 0
init r = 0
S(x) = 1/(1 + exp(-a*(x - theta)))
tau * dr/dt = -r + S(I)
"""
FHN = """
param a = 0.7, b = 0.8, delta = 0.08
input I = 0.5
dv/dt = v - v^3/3 - w + I
dw/dt = delta*(v + a - b*w)
"""


def symbols(names: str) -> list[Symbol]:
    return [Symbol(name) for name in names.split()]


def all_pairs(c: Projection) -> Wires:
    pairs = [(i, j) for i in range(c.source.start, c.source.stop) for j in range(c.target.start, c.target.stop)]
    return Wires([i for i, _ in pairs], [j for _, j in pairs])


def rate_synapse() -> System:
    w, r = symbols("w pre.r")
    return synapse(parameters={"w": 0}, contributions={"post.I": w * r})


def wilson_cowan() -> Network:
    unit = neuron(UNIT, "unit")
    E = population("E", 1, unit, a=Rational("1.3"), theta=4, I=Rational("1.5"), r=Rational("0.1"))
    N = population("I", 1, unit, a=2, theta=Rational("3.7"), r=Rational("0.05"))
    rate = rate_synapse()
    weights = ((E, E, 16), (N, E, -12), (E, N, 15), (N, N, -3))
    return network([E, N], [projection(source, target, rate, w=w) for source, target, w in weights])


def frozen_at(system: System, folder: Path) -> Frozen:
    return freeze(system, folder)


def slopes(system: System, y: dict[str, float]) -> dict[str, float]:
    cells = made(system, 1, 1.0, "euler", y, {})
    return {name: float(row[0]) for name, row in cells.slopes(0.0, 0.0, cells.y).items()}


def stepped(net: Network, wiring: dict[str, Wiring], given: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, np.ndarray]]:
    """The derivatives of a network, from one step of Euler's method of its interpreter."""
    names = {p.name: "euler" for p in net.populations} | {p.synapse_name: "euler" for p in net.projections}
    start = interpret(net, 0, 1e-3, wiring=wiring, given=given, methods=names).final
    end = interpret(net, 1e-3, 1e-3, wiring=wiring, given=given, methods=names).final
    return {owner: {n: (end[owner][n] - y) / 1e-3 for n, y in states.items()} for owner, states in start.items()}


def test_two_rate_units_are_the_model_of_wilson_and_cowan(tmp_path: Path) -> None:
    flat = frozen_at(flatten(wilson_cowan(), all_pairs), tmp_path)
    model = nd.load("wilson_cowan")
    known, found = model.fixed_points(), fixed_points(flat)
    assert flat.names == ("E.r", "I.r")
    assert [p.name for p in flat.system.parameters if "." in p.name and p.name.startswith("E.")] == ["E.a", "E.theta", "E.I"]
    assert len(found.points) == len(known.points) == 1
    for a, b in zip(found.points, known.points, strict=True):
        assert list(a.state.values()) == pytest.approx(list(b.state.values()), abs=1e-12)
        assert a.type == b.type
        y = list(b.state.values())
        assert flat.matrix(y) == pytest.approx(model.frozen().matrix(y), rel=1e-13)


def test_a_flat_network_takes_other_values_of_its_parameters(tmp_path: Path) -> None:
    flat = frozen_at(flatten(wilson_cowan(), all_pairs), tmp_path)
    known = nd.load("wilson_cowan").fixed_points(I_e=0)
    found = fixed_points(flat.at({"E.I": 0}))
    assert [list(p.state.values()) for p in found.points] == [pytest.approx(list(p.state.values()), abs=1e-10) for p in known.points]


def test_a_shipped_pair_with_a_gap_junction_has_its_coupling_coefficient_and_its_rates(tmp_path: Path) -> None:
    net = network_of(nd.load("gap_junction_pair"))
    flat = frozen_at(flatten(net, lambda _: Wires([0, 1], [1, 0])), tmp_path)
    (point,) = fixed_points(flat).points
    first, second = (V + 65 for V in point.state.values())
    assert (first, second) == pytest.approx((11.25, 3.75), abs=1e-12)
    assert second / first == pytest.approx(5 / (10 + 5))
    assert sorted(e.real for e in point.eigenvalues) == pytest.approx([-0.2, -0.1])


def test_weights_that_hebb_teaches_rest_at_the_direction_of_the_input(tmp_path: Path) -> None:
    net = network_of(nd.load("hebbian_network"))
    flat = frozen_at(flatten(net, all_pairs), tmp_path)
    x = 0.2 + 0.1 * np.arange(10)
    rest = np.array([*x, np.linalg.norm(x), *(x / np.linalg.norm(x))])
    assert [s.name for s in flat.states][9:12] == ["X.x[9]", "Y.y", "X -> Y.w[0]"]
    assert np.abs(flat.slopes(rest)).max() < 1e-12
    assert max(np.linalg.eigvals(flat.matrix(rest)).real) == pytest.approx(-1, abs=1e-9)


def test_initial_values_are_those_of_the_populations() -> None:
    assert {s.name: s.initial for s in flatten(wilson_cowan(), all_pairs).states} == {"E.r": Rational("0.1"), "I.r": Rational("0.05")}


def test_a_gap_junction_couples_two_oscillators_as_written_by_hand() -> None:
    g, V, W = symbols("g pre.v post.v")
    C = population("C", 2, neuron(FHN, "fhn"))
    net = network([C], [projection(C, C, synapse(parameters={"g": Rational("0.2")}, contributions={"post.I": g * (V - W)}))])
    flat = flatten(net, lambda _: Wires([0, 1], [1, 0]))
    assert [s.name for s in flat.states] == ["C.v[0]", "C.w[0]", "C.v[1]", "C.w[1]"]
    assert [p.name for p in flat.parameters] == ["fhn.a", "fhn.b", "fhn.delta", "fhn.I", "synapse.g"]
    rng = np.random.default_rng(0)
    for v, w, x, y in rng.normal(size=(20, 4)):
        found = slopes(flat, {"C.v[0]": v, "C.w[0]": w, "C.v[1]": x, "C.w[1]": y})
        assert found["C.v[0]"] == pytest.approx(v - v**3 / 3 - w + 0.5 + 0.2 * (x - v), rel=1e-12)
        assert found["C.v[1]"] == pytest.approx(x - x**3 / 3 - y + 0.5 + 0.2 * (v - x), rel=1e-12)
        assert found["C.w[1]"] == pytest.approx(0.08 * (x + 0.7 - 0.8 * y), rel=1e-12)


def test_derivatives_are_those_of_the_interpreter() -> None:
    rng = np.random.default_rng(2)
    w, r, q, u, eta, third = symbols("w pre.r post.r u eta third.r")
    unit = neuron(UNIT.replace("S(I)", "S(R*I)").replace("tau = 1", "tau = 1, R = 2, k = R*tau").replace("tau * ", "k * "), "unit")
    E, N = population("E", 3, unit, tau=1 + I / 2), population("I", 2, unit, theta=Rational("0.3"))
    rate = synapse(parameters={"w": 0}, contributions={"post.I": w * r})
    hebb = synapse(
        {"u": (0, eta * r * q - u * third), "z": (1, u - q)}, parameters={"eta": Rational("0.7"), "w": 1}, contributions={"post.I": w * u * r**2}
    )
    net = network(
        [E, N],
        [projection(E, N, rate, w=Rational("0.1") + I - 2 * J), replace(projection(E, E, hebb), third=Part("I", 1, 2)), projection(N, E, rate)],
    )
    joins = {"E -> I": ([0, 0, 1, 2], [0, 1, 1, 0], {}), "E -> E": ([0, 1, 2, 2], [1, 1, 0, 1], {"u": rng.normal(size=4), "w": rng.normal(size=4)})}
    joins["I -> E"] = ([0, 1, 1], [2, 2, 0], {"w": rng.normal(size=3)})
    flat = flatten(net, lambda c: Wires(*joins[c.name]))
    given = {"E": {"r": rng.normal(size=3)}, "I": {"r": rng.normal(size=2)}}
    known = stepped(net, {name: Wiring(i, j, values=v) for name, (i, j, v) in joins.items()}, given)
    y = {f"{p}.r[{n}]": x for p, rows in given.items() for n, x in enumerate(rows["r"])}
    y |= {f"E -> E.u[{k}]": x for k, x in enumerate(joins["E -> E"][2]["u"])}
    found = slopes(flat, y)
    expected = {f"{owner}.{name}[{n}]": x for owner, rows in known.items() for name, row in rows.items() for n, x in enumerate(row)}
    assert found == pytest.approx(expected, abs=1e-9)
    assert len(found) == 3 + 2 + 2 * 4


def test_an_input_that_follows_the_time_is_added_to() -> None:
    E = population("E", 2, neuron("input I = 3*t\nx = 2*I\ndr/dt = -r + x"))
    flat = flatten(network([E], [projection(E, E, rate_synapse(), w=5)]), lambda _: Wires([0], [1]))
    values = made(flat, 1, 1.0, "euler", {"E.r[0]": 0.5}, {}).values(7.0)
    assert [float(values[name][0]) for name in ("E.I_total[1]", "E.x[1]")] == [23.5, 47]
    assert values["E.I_total[0]"] == values["E.I[1]"] == 21


def test_noise_of_each_neuron_is_its_own() -> None:
    E = population("E", 2, neuron("noise xi\nparam s = 0.3\ndr/dt = -r + s*xi"))
    flat = flatten(network([E]), all_pairs)
    assert flat.noises == ("E.xi[0]", "E.xi[1]")
    assert [s.diffusion for s in flat.states] == [(Symbol("cell.s"), Integer(0)), (Integer(0), Symbol("cell.s"))]


def test_what_is_drawn_stays_drawn_unless_its_numbers_are_given() -> None:
    E = population("E", 2, neuron("param tau ~ uniform(1, 2)\ninit r = 1\ndr/dt = -r/tau"))
    drawn = flatten(network([E]), all_pairs)
    assert [(p.name, p.default) for p in drawn.parameters] == [(f"E.tau[{n}]", Draw("uniform", (Integer(1), Integer(2)))) for n in range(2)]
    given = flatten(network([E]), all_pairs, {"E": {"tau": [1.25, 1.5], "r": [0.1, 0.2]}})
    assert [p.default for p in given.parameters] == [Rational("1.25"), Rational("1.5")]
    assert [s.initial for s in given.states] == [Rational("0.1"), Rational("0.2")]


def test_values_of_each_neuron_are_numbers_where_they_are_known() -> None:
    i = Symbol("i")
    values = {"a": Select(Eq(i, 0), 5, Modulo(i, 2)), "b": Pick(Symbol("row"), 2 - i), "c": Maximum(i - 1, Symbol("x"))}
    unit = neuron("param a = 1, b = 1, c = 1\ndr/dt = a + b + c - r", "unit")
    net = network([replace(population("E", 3, unit), values=values)])
    row = Parameter("row", Symbol("row"), ONE, None, None, shape=(3,), indices=(i,), default=Items((Integer(7), Integer(8), Integer(9))))
    flat = flatten(replace(net, parameters=(row, Parameter("x", Symbol("x"), ONE, None, None, default=Integer(3)))), all_pairs)
    known = {p.name: p.default for p in flat.parameters}
    assert [known[f"E.a[{n}]"] for n in range(3)] == [5, 1, 0]
    assert [known[f"E.b[{n}]"] for n in range(3)] == [9, 8, 7]
    assert known["E.c[2]"] == Maximum(1, Symbol("x"))
    assert "row" not in known
    with pytest.raises(NeuroError) as error:
        flatten(replace(net, parameters=(replace(row, shape=(2,), default=Items((Integer(7), Integer(8)))),)), all_pairs)
    assert error.value.report.found[0].message == "`row` has no element 2: its size is 2"


def test_parameters_of_the_network_stay_parameters(tmp_path: Path) -> None:
    c, x = symbols("c x")
    E = replace(population("E", 2, neuron("input I = 0\ndr/dt = I - r")), values={"I": c * (1 + I)})
    net = replace(network([E]), parameters=(Parameter("x", x, ONE, None, None, default=Integer(3)),))
    net = replace(net, constants=(Definition("c", c, ONE, None, None, 2 * x, True, True),))
    flat = frozen_at(flatten(net, all_pairs), tmp_path)
    assert [list(p.state.values()) for p in fixed_points(flat).points] == [[6, 12]]
    assert [list(p.state.values()) for p in fixed_points(freeze(flat.system, tmp_path, {"x": 1})).points] == [[2, 4]]


def test_a_model_and_a_population_of_one_name_keep_their_values_apart() -> None:
    unit = neuron("param a = 1\ndr/dt = a - r", "E")
    flat = flatten(network([population("E", 1, unit, a=5), population("F", 1, unit)]), all_pairs)
    assert {p.name: p.default for p in flat.parameters} == {"E.a": 5, "E.a_": 1}


SPIKING = neuron("dV/dt = 1\non V > 1: V = 0")
RATE = neuron(UNIT)


@pytest.mark.parametrize(
    ("net", "code", "told"),
    [
        (network([population("E", 1, SPIKING)]), "M117", "`E` has events: `on V > 1`"),
        (network([population("P", 3, None)]), "M117", "`P` is a source of spikes, `spikes`"),
        (network([population("E", 201, RATE)]), "M104", "201 states; up to 200"),
    ],
)
def test_a_network_that_is_not_one_system_is_refused_before_it_is_built(net: Network, code: str, told: str) -> None:
    with pytest.raises(NeuroError) as error:
        flatten(net, lambda _: pytest.fail("built"))
    assert [d.rule.code for d in error.value.report.found] == [code]
    assert told in error.value.report.found[0].message


def test_delays_and_synapses_that_wait_for_spikes_are_refused() -> None:
    E = population("E", 2, RATE)
    for made_of, delay, told in ((rate_synapse(), Rational("0.5"), "have a delay"), (synapse({"n": (0, 0)}, pre=[("n", 1)]), None, "act on spikes")):
        with pytest.raises(NeuroError) as error:
            flatten(network([E], [projection(E, E, made_of, delay=delay)]), lambda _: pytest.fail("built"))
        assert told in error.value.report.found[0].message


def test_too_many_states_of_synapses_are_refused() -> None:
    E = population("E", 20, RATE)
    u, r = symbols("u pre.r")
    net = network([E], [projection(E, E, synapse({"u": (0, r - u)}, contributions={"post.I": u}))])
    with pytest.raises(NeuroError) as error:
        flatten(net, all_pairs)
    assert "420 states" in error.value.report.found[0].message


def test_too_many_synapses_are_refused() -> None:
    E = population("E", 80, RATE)
    with pytest.raises(NeuroError) as error:
        flatten(network([E], [projection(E, E, rate_synapse())]), all_pairs)
    assert "6400 synapses" in error.value.report.found[0].message


def test_a_circle_of_inputs_without_a_state_is_refused_and_a_chain_is_not() -> None:
    y = Symbol("pre.y")
    E = population("E", 2, neuron("input I = 1\ny = 3*I\ndr/dt = y - r"))
    net = network([E], [projection(E, E, synapse(contributions={"post.I": y}))])
    chain = flatten(net, lambda _: Wires([0], [1]))
    assert slopes(chain, {"E.r[0]": 0, "E.r[1]": 0}) == {"E.r[0]": 3, "E.r[1]": 12}
    with pytest.raises(NeuroError) as error:
        flatten(net, lambda _: Wires([0, 1], [1, 0]))
    assert error.value.report.found[0].rule.code == "M117"
    assert "`E.I_total[0]`" in error.value.report.found[0].message
