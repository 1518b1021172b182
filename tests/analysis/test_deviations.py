"""Fixed points of networks in which many neurons are alike: the eigenvalues of all of them, not of one that stands for many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import root

import neurodsl as nd
from neurodsl.analysis import deviations
from neurodsl.analysis.fixed_points import fixed_points
from neurodsl.analysis.points import FixedPoint
from neurodsl.diagnostics import NeuroError

Floats = NDArray[np.float64]

RING = """
model unit:
    param tau = 10, I_0 = 1
    input h = 0
    init r = 0
    tau*dr/dt = -r + max(I_0 + h, 0)

synapse ring:
    param w = 0
    post.h += w*pre.r

network net:
    param J_0 = -2, J_1 = 4
    population R = unit[{n}] with r = 1/3 + {a}*cos(2*pi*{k}*i/{n})
    connect R -> R with ring, all to all, w = (J_0 + J_1*cos(2*pi*{k}*(i - j)/{n}))/{n}
    simulate:
        duration 30
        dt 0.01
"""
TWO_KINDS = """
model unit:
    param a = 1, tau = 1
    input h = 0.3
    init r = 0.2, s = 0
    y = h + 0.5*r
    tau*dr/dt = -r + tanh(a*y) - 0.4*s
    ds/dt = 0.3*(r - s)

model relay:
    param gain = 2
    input h = 0.1
    init q = 0
    out = gain*h + q
    dq/dt = -q + 0.3

synapse bent:
    param w = 0.1
    post.h += w*(pre.r - 0.5*post.r)^2

synapse plain:
    param w = 0.1
    post.h += w*pre.r

synapse back:
    param w = 0.1
    post.h += w*pre.out

network net:
    param c = 0.05
    population E = unit[10] with a = 1 if i < 4 else 2
    population Q = relay[5]
    connect E -> E with bent, all to all, no self, w = c
    connect E -> Q with plain, all to all, w = 0.07
    connect Q -> E with back, all to all, w = -0.03
"""


def ring(n: int = 24, k: int = 1, a: float = 0.0) -> nd.Model:
    return nd.loads(RING.format(n=n, k=k, a=a), "net")


def only(model: nd.Model) -> FixedPoint:
    """The only fixed point at which neurons that are alike do the same."""
    (point,) = fixed_points(model.frozen())
    return point


def differences(slopes: Callable[[Floats], Floats], at: Floats) -> Floats:
    """The Jacobian by central differences."""
    steps = 1e-6 * np.eye(len(at))
    return np.array([(slopes(at + step) - slopes(at - step)) / 2e-6 for step in steps]).T


def matched(found: tuple[complex, ...], known: Floats, tolerance: float) -> bool:
    """Whether two sets of eigenvalues are one, whatever their order."""
    rest = list(known)
    for value in found:
        nearest = int(np.argmin(np.abs(np.array(rest) - value)))
        if abs(rest.pop(nearest) - value) > tolerance:
            return False
    return not rest


def two_kinds(x: Floats) -> Floats:
    """The equations of TWO_KINDS, written by hand: 10 neurons with two states, 5 with one."""
    r, s, q = x[:20:2], x[1:20:2], x[20:]
    bent = 0.05 * (r[:, None] - 0.5 * r[None, :]) ** 2
    relayed = 2 * (0.1 + 0.07 * r.sum()) + q
    y = 0.3 + bent.sum(0) - np.diag(bent) - 0.03 * relayed.sum() + 0.5 * r
    found = np.empty_like(x)
    found[:20:2] = -r + np.tanh(np.where(np.arange(10) < 4, 1, 2) * y) - 0.4 * s
    found[1:20:2] = 0.3 * (r - s)
    found[20:] = -q + 0.3
    return found


def test_the_uniform_state_of_the_ring_attractor_is_unstable_against_one_wave() -> None:
    point = only(nd.load("ring_attractor"))
    assert point["R.r"] == pytest.approx(1 / 3, abs=1e-12)
    assert sorted(v.real for v in point.eigenvalues) == pytest.approx([-0.3, *[-0.1] * 117, 0.1, 0.1], abs=1e-12)
    assert (point.stable, point.type, point.unstable) == (False, "saddle", 2)
    assert point.shared is not None
    assert (point.shared.stable, point.shared.type, point.shared.eigenvalues) == (True, "stable node", (pytest.approx(-0.3),))
    assert "differences among them grow, the fastest with eigenvalue 0.1: one wave along the 120 neurons of `R`" in point.remark
    assert "gives way to a pattern, as in a Turing instability" in point.remark


def test_below_the_threshold_of_the_bump_it_is_stable() -> None:
    (point,) = nd.load("ring_attractor").fixed_points(variant="no_memory")
    assert (point.stable, point.type, point.unstable) == (True, "stable node", 0)
    assert point.eigenvalues[:2] == pytest.approx([-0.025, -0.025], abs=1e-12)


def test_its_eigenvalues_are_those_of_all_equations_by_differences() -> None:
    i = np.arange(120)
    weights = (-2 + 4 * np.cos(2 * np.pi * (i[:, None] - i) / 120)) / 120
    known = np.linalg.eigvals(differences(lambda r: (-r + np.maximum(1 + weights @ r, 0)) / 10, np.full(120, 1 / 3)))
    assert matched(only(nd.load("ring_attractor")).eigenvalues, known, 1e-8)


def test_a_run_leaves_the_uniform_state_as_fast_as_the_leading_eigenvalue_says() -> None:
    size = 1e-7
    model = ring(a=size)
    leading = only(model).eigenvalues[0]
    final = np.asarray(model.simulate().final["R"]["r"])
    grown = np.abs(np.fft.fft(final - 1 / 3)) * 2 / 24
    assert leading == pytest.approx(0.1, abs=1e-12)
    assert grown[1] == pytest.approx(size * np.exp(30 * leading.real), rel=1e-4)
    assert np.max(grown[2:23]) < 1e-3 * grown[1]


def test_the_number_of_waves_is_that_of_the_weights() -> None:
    assert "3 waves along the 24 neurons of `R`" in only(ring(k=3)).remark


def test_kinds_pairs_of_states_bent_synapses_and_quantities_without_delay_are_all_in_the_jacobian() -> None:
    model = nd.loads(TWO_KINDS, "net")
    assert model.frozen().names == ("E.r[0]", "E.s[0]", "E.r[1]", "E.s[1]", "Q.q")
    point = only(model)
    rest = root(two_kinds, np.full(25, 0.2), tol=1e-13).x
    assert [point["E.r[0]"], point["E.r[1]"], point["Q.q"]] == pytest.approx([rest[0], rest[18], rest[24]], abs=1e-9)
    assert matched(point.eigenvalues, np.linalg.eigvals(differences(two_kinds, rest)), 1e-7)
    assert len(point.eigenvalues) == 25


def test_a_network_of_maps_is_unstable_beyond_the_unit_circle() -> None:
    text = """
model cell:
    param a = 2.9
    input h = 0
    init x = 0.4
    next x = a*x*(1 - x) + h

synapse diffuse:
    param g = 0.1
    post.h += g*(pre.x - post.x)

network net:
    population C = cell[16]
    connect C -> C with diffuse, all to all, no self, where abs(i - j) == 1 or abs(i - j) == 15
"""
    points = nd.loads(text, "net").fixed_points()
    point = next(p for p in points if p["C.x"] > 0.1)
    x = 1 - 1 / 2.9
    assert point["C.x"] == pytest.approx(x, abs=1e-12)
    known = 2.9 * (1 - 2 * x) + 2 * 0.1 * (np.cos(2 * np.pi * np.arange(16) / 16) - 1)
    assert matched(point.eigenvalues, known, 1e-12)
    assert (point.stable, point.attracts) == (False, True)
    assert "8 waves along the 16 neurons of `C`" in point.remark


def test_the_leading_eigenvalues_of_a_large_network_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deviations, "MOST_DENSE", 30)
    point = only(nd.load("ring_attractor"))
    assert [v.real for v in point.eigenvalues[:2]] == pytest.approx([0.1, 0.1], abs=1e-9)
    assert (point.stable, point.type) == (False, "saddle")
    assert "left out" in point.remark


def test_neurons_that_only_share_their_input_differ_in_any_direction() -> None:
    point = only(nd.load("ei_rate_network"))
    assert matched(point.eigenvalues, np.array([*point.written_eigenvalues, *[-1] * 48]), 1e-9)
    assert (point.type, point.shared and point.shared.type) == ("saddle-focus", "unstable focus")


def test_the_ring_breaks_its_symmetry_where_the_first_wave_begins_to_grow() -> None:
    model = ring()
    (found,) = model.bifurcations("J_1", 1, 3)
    assert (found.kind, found.value, found.state["R.r"]) == ("symmetry breaking", pytest.approx(2, abs=1e-9), pytest.approx(1 / 3))
    (branch,) = model.bifurcation_diagram("J_1", 1, 3).branches
    assert np.array_equal(branch.stable, branch.values < 2)


def test_a_weight_that_follows_a_parameter_of_the_network_follows_it_over_an_interval() -> None:
    (branch,) = ring().bifurcation_diagram("J_0", -3, 0).branches
    assert branch.states[:, 0] == pytest.approx(1 / (1 - branch.values), rel=1e-9)


def test_what_shapes_the_connections_is_refused_over_an_interval() -> None:
    text = RING.format(n=6, k=1, a=0).replace("all to all", "probability 0.2 + 0.1*J_1")
    with pytest.raises(NeuroError) as raised:
        nd.loads(text, "net").bifurcations("J_1", 1, 6)
    (found,) = raised.value.report.found
    assert (found.rule.code, raised.value.exit_code) == ("M115", 2)
    assert "`J_1` shapes which synapses there are" in found.message
    assert "--set J_1=" in str(found.help)


def test_the_answer_says_among_which_states_it_was_looked_for() -> None:
    found = nd.load("ring_attractor").fixed_points()
    assert found.guarantee.endswith("among the states in which neurons that are alike do the same")
    told = "one stands for all, as where they all do the same; cycles and exponents are those of what they share"
    assert found.notes == (f"the 120 neurons of `R` are alike: {told}",)


def test_every_eigenvalue_and_what_is_shared_stand_in_the_json() -> None:
    (point,) = nd.load("ring_attractor").fixed_points().to_dict()["fixed_points"]
    assert (len(point["eigenvalues"]), point["unstable_directions"], point["stable"]) == (120, 2, False)
    assert point["shared"] == {"eigenvalues": [[pytest.approx(-0.3), 0.0]], "type": "stable node", "stable": True}
    assert "one wave" in point["remark"]


def test_equal_eigenvalues_are_printed_once() -> None:
    assert "eigenvalues 0.1 (2 times), -0.1 (117 times), -0.3" in nd.load("ring_attractor").fixed_points().text()


def stored(n: int = 16) -> tuple[Floats, Floats]:
    """Two patterns, and Hopfield's weights for them, without those of a neuron on itself."""
    patterns = np.sign(np.random.default_rng(0).normal(size=(2, n)))
    return patterns, (patterns.T @ patterns / n) * (1 - np.eye(n))


def test_the_patterns_that_a_network_stores_are_among_its_states(tmp_path: Path) -> None:
    patterns, weights = stored()
    np.savetxt(tmp_path / "w.csv", weights, delimiter=",")
    text = (
        "model unit:\n    input h = 0\n    init x ~ uniform(-1, 1)\n    dx/dt = -x + tanh(2*h)\n"
        "synapse s:\n    param w = 0\n    post.h += w*pre.x\n"
        'network net:\n    population N = unit[16]\n    connect N -> N with s, matrix "w.csv"\n'
    )
    (tmp_path / "net.neuro").write_text(text)
    found = nd.load(tmp_path / "net.neuro", "net").fixed_points()
    alike = [p for p in found if p.stable]
    states = [*(np.array(list(p.state.values())) for p in found.others if p.stable)]
    rests = [root(lambda x: np.tanh(2 * weights @ x) - x, 0.9 * pattern, tol=1e-13).x for pattern in patterns]
    known = [sign * rest for rest in rests for sign in (1, -1)]
    assert alike == []
    assert all(np.array_equal(np.sign(rest), pattern) for rest, pattern in zip(rests, patterns, strict=True))
    assert states != []
    assert all(min(np.max(np.abs(state - k)) for k in known) < 1e-8 for state in states)
    assert "6 found by search" in found.others_told


def test_a_small_ring_rests_in_a_bump_that_may_stand_anywhere() -> None:
    found = ring().fixed_points()
    i = np.arange(24)
    weights = (-2 + 4 * np.cos(2 * np.pi * (i[:, None] - i) / 24)) / 24
    bump = np.array(list(found.others[0].state.values()))
    assert np.max(np.abs(np.maximum(1 + weights @ bump, 0) - bump)) < 1e-9
    assert np.max(bump) == pytest.approx(1.5711552941512057, rel=0.02)
    assert found.others[0].eigenvalues[0] == pytest.approx(0, abs=1e-9)
    assert found.others[0].type == "degenerate: an eigenvalue is 0"


def test_where_a_large_network_goes_is_left_to_a_run() -> None:
    found = nd.load("ring_attractor").fixed_points()
    assert found.others == ()
    assert found.others_told.startswith("not looked for among 120 states")


def test_states_in_which_neurons_differ_are_not_looked_for_where_differences_decay() -> None:
    assert nd.load("ei_rate_network").fixed_points().others_told == ""


def test_pairs_that_inhibit_each_other_fall_out_of_step_before_they_begin_to_oscillate_together() -> None:
    text = (
        "model unit:\n    param a = 1.2, theta = 2.8\n    input h = 0\n    init x = 0.1\n    dx/dt = -x + 1/(1 + exp(-a*(h - theta)))\n"
        "synapse s:\n    param w = 1\n    post.h += w*pre.x\n"
        "network net:\n    param P = 1.25\n    population E = unit[8] with h = P\n    population I = unit[8] with a = 1, theta = 4\n"
        "    connect E -> E with s, one to one, w = 16\n    connect I -> E with s, one to one, w = -12\n"
        "    connect E -> I with s, one to one, w = 15\n    connect I -> I with s, one to one, w = -3\n"
        "    connect E -> E with s, all to all, no self, w = -0.1\n"
    )

    def logistic(x: float) -> float:
        return float(1 / (1 + np.exp(-x)))

    def begins(w: float) -> tuple[float, float]:
        """The drive and the frequency at which a pair whose excitatory unit acts on itself with a weight has a trace of 0."""

        def residual(z: Floats) -> list[float]:
            e, i, drive = z
            E, I = logistic(1.2 * (15.3 * e - 12 * i + drive - 2.8)), logistic(15 * e - 3 * i - 4)
            return [E - e, I - i, 1.2 * w * e * (1 - e) - 3 * i * (1 - i) - 2]

        e, i, drive = root(residual, [0.14, 0.1, 0.35], tol=1e-13).x
        own = np.array([[1.2 * w * e * (1 - e) - 1, -14.4 * e * (1 - e)], [15 * i * (1 - i), -3 * i * (1 - i) - 1]])
        return float(drive), float(np.sqrt(np.linalg.det(own)))

    breaking, together = nd.loads(text, "net").bifurcations("P", 0.2, 0.6)
    assert (breaking.kind, breaking.value, breaking.omega) == ("symmetry breaking", *(pytest.approx(v, rel=1e-8) for v in begins(16.1)))
    assert (together.kind, together.value, together.omega) == ("hopf", *(pytest.approx(v, rel=1e-8) for v in begins(15.3)))
