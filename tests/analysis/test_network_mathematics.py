"""The mathematics of networks of rate units: fixed points, Jacobian, nullclines, and neurons that are alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import root

import neurodsl as nd
from neurodsl.diagnostics import NeuroError

UNITS = """
model unit:
    param a = 1, theta = 0
    input h = 0
    init r = 0.2
    dr/dt = -r + 1/(1 + exp(-a*(h - theta)))

synapse weight:
    param w = 0.1
    post.h += w*pre.r

network net:
"""
CELLS = "\nmodel cell:\n    init V = 0\n    dV/dt = -V\n    on V >= 1: V = 0\nsynapse exc:\n    on pre: post.V += 0.1\nnetwork net:\n"
STATES = ("E", "I")


def net(*lines: str) -> nd.Model:
    return nd.loads(UNITS + "\n".join(f"    {line}" for line in lines), "net")


def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("drive", [0, 1.5, 4])
def test_the_shipped_network_rests_where_the_equations_of_wilson_and_cowan_do(drive: float) -> None:
    found = nd.load("ei_rate_network").fixed_points(I_e=drive)
    known = nd.load("wilson_cowan").fixed_points(I_e=drive)
    rows = [[*(p.state[f"{n}.r"] for n in STATES), *np.sort_complex(p.written_eigenvalues)] for p in found]
    assert rows == [pytest.approx([*(p.state[n] for n in STATES), *np.sort_complex(p.eigenvalues)], rel=1e-9) for p in known]
    assert [p.shared and p.shared.type for p in found] == [p.type for p in known]


def test_its_fixed_point_is_one_of_all_fifty_units() -> None:
    (point,) = nd.load("ei_rate_network").fixed_points()
    weights = np.block([[np.full((40, 40), 16 / 40), np.full((40, 10), -12 / 10)], [np.full((10, 40), 15 / 40), np.full((10, 10), -3 / 10)]])
    gain, theta, drive = np.repeat([1.3, 2.0], [40, 10]), np.repeat([4, 3.7], [40, 10]), np.repeat([1.5, 0.0], [40, 10])
    rest = root(lambda r: logistic(gain * (weights @ r + drive - theta)) - r, np.repeat([0.2, 0.2], [40, 10]), tol=1e-13).x
    assert [point.state["E.r"], point.state["I.r"]] == pytest.approx([rest[7], rest[47]], abs=1e-9)
    assert np.ptp(rest[:40]) < 1e-9


def test_its_nullclines_are_those_of_the_two_equations() -> None:
    box = {"E.r": (0, 1), "I.r": (0, 1)}
    found = nd.load("ei_rate_network").phase_portrait("E.r", "I.r", box=box)
    (line,) = (n for n in found.nullclines if n.state == 0)
    points = np.concatenate([np.asarray(c) for c in line.curves])
    x, y = points.T
    assert np.max(np.abs(logistic(1.3 * (16 * x - 12 * y + 1.5 - 4)) - x)) < 1e-6


def test_the_analysis_says_that_units_stand_for_many() -> None:
    notes = nd.load("ei_rate_network").frozen().notes
    assert [n.partition(":")[0] for n in notes] == ["the 40 neurons of `E` are alike", "the 10 neurons of `I` are alike"]


def test_neurons_of_two_kinds_are_two_and_rest_where_all_twenty_do() -> None:
    model = net("population R = unit[20] with a = 1 if i < 8 else 3", "connect R -> R with weight, all to all, no self, w = -0.2")
    frozen = model.frozen()
    assert frozen.names == ("R.r[0]", "R.r[1]")
    assert "`R` are of 2 kinds" in frozen.notes[0]
    (point,) = model.fixed_points()
    weights, gain = -0.2 * (1 - np.eye(20)), np.where(np.arange(20) < 8, 1.0, 3.0)
    rest = root(lambda r: logistic(gain * (weights @ r)) - r, np.full(20, 0.2), tol=1e-13).x
    assert [point.state["R.r[0]"], point.state["R.r[1]"]] == pytest.approx([rest[0], rest[19]], abs=1e-9)


def test_a_ring_whose_weights_differ_by_distance_alone_is_of_one_kind() -> None:
    model = net("population R = unit[15]", "connect R -> R with weight, all to all, w = (cos(2*pi*(i - j)/15) - 1)/15")
    assert model.frozen().names == ("R.r",)
    (point,) = model.fixed_points()
    assert point.state["R.r"] == pytest.approx(root(lambda r: logistic(-r) - r, 0.3, tol=1e-13).x[0], abs=1e-9)


def test_a_few_neurons_are_analysed_one_by_one() -> None:
    model = net("population R = unit[2] with a = 10", "connect R -> R with weight, all to all, no self, w = -2")
    assert model.frozen().names == ("R.r[0]", "R.r[1]")
    assert model.frozen().notes == ()


def test_connections_by_chance_are_those_of_a_run_with_seed_0() -> None:
    model = net("population R = unit[6]", "connect R -> R with weight, probability 0.5, w ~ normal(0, 0.3)")
    assert model.frozen().notes == ("the synapses `R -> R` are those of a run with the seed 0",)
    (point,) = model.fixed_points()
    final = model.simulate(seed=0, duration=60).final["R"]["r"]
    assert [point.state[f"R.r[{k}]"] for k in range(6)] == pytest.approx(list(final), abs=1e-7)


def test_weights_from_a_file_are_used(tmp_path: Path) -> None:
    text = UNITS + '    population R = unit[3]\n    connect R -> R with weight, matrix "w.csv"\n'
    (tmp_path / "w.csv").write_text("0,1,0\n0,0,-2\n0.5,0,0\n")
    (tmp_path / "net.neuro").write_text(text)
    (point,) = nd.load(tmp_path / "net.neuro").fixed_points()
    weights = np.array([[0, 1, 0], [0, 0, -2], [0.5, 0, 0]]).T
    rest = root(lambda r: logistic(weights @ r) - r, np.full(3, 0.5), tol=1e-13).x
    assert [point.state[f"R.r[{k}]"] for k in range(3)] == pytest.approx(list(rest), abs=1e-9)


def test_bifurcations_over_a_parameter_of_the_network_are_those_of_the_two_equations() -> None:
    found = nd.load("ei_rate_network").bifurcations("I_e", 0, 4)
    known = nd.load("wilson_cowan").bifurcations("I_e", 0, 4)
    assert [(b.kind, b.value) for b in found] == [(b.kind, pytest.approx(b.value, rel=1e-8)) for b in known]
    assert len(found) > 0


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (CELLS + "    population E = cell[3]\n    connect E -> E with exc, all to all\n", "M117", "`E` has events: `on V >= 1`"),
        (UNITS + "    population R = unit[3]\n    connect R -> R with weight, all to all, delay 1\n", "S108", "delay"),
        (UNITS + "    population R = unit[3000]\n", "M104", "has 3000 neurons; up to 2000 are analysed"),
        (UNITS + "    population R = unit[300] with a = 1 + i\n", "M104", "has 300 states; up to 200 are analysed"),
    ],
)  # fmt: skip
def test_a_network_that_is_not_analysed_says_why(text: str, code: str, told: str) -> None:
    with pytest.raises(NeuroError) as raised:
        nd.loads(text, "net").fixed_points()
    (found,) = raised.value.report.found
    assert (found.rule.code, raised.value.exit_code) == (code, 2)
    assert told in found.message
