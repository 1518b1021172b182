"""Bifurcations of shipped models and of normal forms, against published values, closed forms and a second method."""

from __future__ import annotations

import time
from itertools import pairwise
from math import acos, pi, sqrt

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import logit

import neurodsl as nd
from neurodsl.analysis import branches as branches_module
from neurodsl.analysis.bifurcations import Bifurcation, bifurcations, branches
from neurodsl.analysis.branches import curves_of
from neurodsl.analysis.frozen import Frozen
from neurodsl.diagnostics import NeuroError


def frozen(text: str) -> Frozen:
    return nd.loads(text).frozen()


def model(name: str, variant: str | None = None) -> Frozen:
    return nd.load(name).frozen(variant=variant)


def kinds(found: tuple[Bifurcation, ...]) -> list[tuple[str, str | None]]:
    return [(b.kind, b.criticality) for b in found]


def values(found: tuple[Bifurcation, ...]) -> list[float]:
    return [b.value for b in found]


def test_fitzhugh_nagumo_has_two_subcritical_hopf_points_where_the_formula_says() -> None:
    lower, upper = bifurcations(model("fitzhugh_nagumo"), "I_ext", 0, 2)
    delta, a, b = 0.08, 0.7, 0.8
    root = sqrt(1 - b * delta)
    assert [(x.kind, x.criticality, x.how) for x in (lower, upper)] == [("hopf", "subcritical", "closed form")] * 2
    assert pytest.approx((a - root + b / 3 * (2 + b * delta) * root) / b, abs=1e-12) == lower.value
    assert pytest.approx((a + root - b / 3 * (2 + b * delta) * root) / b, abs=1e-12) == upper.value
    assert pytest.approx([0.3312813375, 1.4187186625], abs=1e-10) == [lower.value, upper.value]
    assert pytest.approx([-root, root], abs=1e-10) == [lower.state["v"], upper.state["v"]]
    assert pytest.approx([0.275506805723561] * 2, abs=1e-12) == [lower.omega, upper.omega]
    assert pytest.approx([0.9719710819889978] * 2, abs=1e-10) == [lower.first_lyapunov, upper.first_lyapunov]


def test_a_symmetric_switch_has_its_pitchfork_where_both_nullclines_touch() -> None:
    # u (1 + u^2) = alpha on the diagonal, and 2 u^2/(1 + u^2) = 1: u = 1. Gardner, Cantor, Collins, 2000, doi:10.1038/35002131.
    switch = frozen("param alpha = 4\ninit u = 1, v = 0.5\ndu/dt = alpha/(1 + v^2) - u\ndv/dt = alpha/(1 + u^2) - v\n")
    (found,) = bifurcations(switch, "alpha", 0.5, 5)
    assert (found.kind, found.criticality) == ("pitchfork", "supercritical")
    assert pytest.approx([2, 1, 1], abs=1e-9) == [found.value, *found.state.values()]


def test_the_arms_of_a_pitchfork_that_are_followed_across_it_add_no_folds() -> None:
    # On x = y, x = tanh((w - 1) x); the other eigenvalue, (w + 1)(1 - x^2) - 1, is 0 at a second pair of pitchforks.
    rivals = frozen("param w = 2\ninit x = 0.1, y = 0.2\ndx/dt = -x + tanh(w*x - y)\ndy/dt = -y + tanh(w*y - x)\n")
    found = bifurcations(rivals, "w", 0.1, 4)
    second = brentq(lambda w: np.sqrt(w / (w + 1)) - np.tanh((w - 1) * np.sqrt(w / (w + 1))), 2.1, 4)
    assert kinds(found) == [("pitchfork", "supercritical"), ("pitchfork", "subcritical"), ("pitchfork", "subcritical")]
    assert values(found) == pytest.approx([2, second, second], abs=1e-9)


def test_a_fixed_point_that_no_value_of_the_parameter_moves_is_followed_to_its_flip() -> None:
    # Ricker, 1954, doi:10.1139/f54-039: the eigenvalue at N = K is 1 - r.
    (found,) = bifurcations(frozen("param r = 1.5, K = 100\ninit N = 20\nnext N = N*exp(r*(1 - N/K))\n"), "r", 0.1, 3)
    assert (found.kind, found.criticality) == ("flip", "supercritical")
    assert pytest.approx([2, 100], abs=1e-9) == [found.value, found.state["N"]]


def test_the_closed_form_of_fitzhugh_nagumo_is_that_of_the_literature() -> None:
    system = model("fitzhugh_nagumo")
    a, b, delta = (next(p.symbol for p in system.system.parameters if p.name == name) for name in ("a", "b", "delta"))
    root = sympy.sqrt(1 - b * delta)
    expected = (a - root + b / 3 * (2 + b * delta) * root) / b
    found = bifurcations(system, "I_ext", 0, 1)[0].closed_form
    assert sympy.simplify(found - expected) == 0


def test_hodgkin_huxley_loses_its_rest_subcritically_and_regains_it_supercritically() -> None:
    """Hassard, 1978, J. Theor. Biol. 71:401-420 (doi:10.1016/0022-5193(78)90168-6): 9.78 and 154.5, for E_L = 10.613 computed with scipy."""
    lower, upper = bifurcations(model("hodgkin_huxley"), "I", 0, 200)
    assert kinds((lower, upper)) == [("hopf", "subcritical"), ("hopf", "supercritical")]
    assert pytest.approx([9.775438, 154.522434], abs=5e-7) == [lower.value, upper.value]
    assert pytest.approx([5.345856, 21.941908], abs=5e-7) == [lower.state["V"], upper.state["V"]]
    assert pytest.approx([0.586234, 1.062922], abs=5e-7) == [lower.omega, upper.omega]
    assert {"numerically, to 1e-10"} == {lower.how, upper.how}


def test_hodgkin_huxley_is_analysed_within_five_seconds() -> None:
    system = model("hodgkin_huxley")
    began = time.process_time()
    bifurcations(system, "I", 0, 200)
    assert time.process_time() - began < 5


def test_morris_lecar_fires_between_two_subcritical_hopf_points() -> None:
    """Rinzel and Ermentrout, 1998, in Methods in Neuronal Modeling, 2nd ed., chapter 7: about 94 and 212 (93.86 and 212.0)."""
    found = bifurcations(model("morris_lecar", "hopf"), "I", 0, 300)
    assert kinds(found) == [("hopf", "subcritical")] * 2
    assert pytest.approx([93.858, 212.019], abs=1e-3) == values(found)


def test_morris_lecar_begins_to_fire_at_a_saddle_node_in_its_other_regime() -> None:
    """Ermentrout and Terman, 2010, chapter 3 (doi:10.1007/978-0-387-87708-2): the saddle-node on the circle at 39.96, the Hopf point at 97.65."""
    found = bifurcations(model("morris_lecar", "snic"), "I", -50, 200)
    assert kinds(found) == [("fold", None), ("fold", None), ("hopf", "subcritical")]
    assert pytest.approx([-9.9486, 39.9632, 97.6462], abs=5e-4) == values(found)


@pytest.mark.parametrize(("sign", "criticality"), [("-", "supercritical"), ("+", "subcritical")])
def test_the_normal_form_of_a_hopf_point_tells_its_criticality(sign: str, criticality: str) -> None:
    text = f"param mu = 0\nparam w = 2\ninit x = 0.1, y = 0\ndx/dt = mu*x - w*y {sign} x*(x^2 + y^2)\ndy/dt = mu*y + w*x {sign} y*(x^2 + y^2)\n"
    (found,) = bifurcations(frozen(text), "mu", -1, 1)
    assert (0.0, "hopf", criticality, sympy.Integer(0)) == (found.value, found.kind, found.criticality, found.closed_form)
    assert pytest.approx(2.0, rel=1e-12) == found.omega
    # x = z q + conj with |q| = 1 makes x^2 + y^2 = 2 |z|^2, so l1 = -+2/omega
    assert pytest.approx(-1.0 if sign == "-" else 1.0, rel=1e-12) == found.first_lyapunov


def test_a_hopf_point_whose_first_lyapunov_coefficient_vanishes_has_no_criticality() -> None:
    (found,) = bifurcations(model("van_der_pol"), "mu", -1, 1)
    assert (found.kind, found.value, found.criticality, found.omega) == ("hopf", 0.0, None, 1.0)


ONE_STATE = [
    ("mu + x^2", "fold", None, 1.0),
    ("mu*x - x^2", "transcritical", None, 1.0),
    ("mu*x - x^3", "pitchfork", "supercritical", -1.0),
    ("mu*x + x^3", "pitchfork", "subcritical", 1.0),
    ("mu*x - 2*x^2 + x^3", "transcritical", None, 2.0),
]


@pytest.mark.parametrize(("right", "kind", "criticality", "coefficient"), ONE_STATE)
def test_the_normal_forms_of_one_state_are_told_apart(right: str, kind: str, criticality: str | None, coefficient: float) -> None:
    found = bifurcations(frozen(f"param mu = 0.3\ninit x = 0\ndx/dt = {right}\n"), "mu", -0.5, 0.7)
    expected = (kind, criticality, 0.0, {"x": 0.0}, "closed form")
    assert expected == (found[0].kind, found[0].criticality, found[0].value, found[0].state, found[0].how)
    assert pytest.approx(coefficient, rel=1e-9) == found[0].coefficient
    assert len(found) == 1


def test_a_quadratic_neuron_starts_to_fire_at_a_saddle_node() -> None:
    (found,) = bifurcations(model("quadratic_if"), "I", -1, 1)
    assert (found.kind, found.value, found.state, found.closed_form) == ("fold", 0.0, {"V": 0.0}, 0)


def test_the_izhikevich_neuron_has_its_saddle_node_where_the_parabola_touches() -> None:
    """Fixed points: 0.04 V^2 + (5 - b) V + 140 + I = 0, a double root at I = (5 - b)^2/0.16 - 140."""
    found = bifurcations(model("izhikevich"), "I", 0, 10)
    system = model("izhikevich")
    b = float(system.values[next(p.symbol for p in system.system.parameters if p.name == "b")])
    assert [pytest.approx((5 - b) ** 2 / 0.16 - 140, abs=1e-9)] == [x.value for x in found if x.kind == "fold"]


def test_lorenz_has_a_pitchfork_at_1_and_loses_both_wings_in_subcritical_hopf_points() -> None:
    """Kuznetsov, 2004, exercise 5.1; rho_H = sigma (sigma + beta + 3)/(sigma - beta - 1) = 470/19."""
    found = bifurcations(model("lorenz"), "rho", 0, 30)
    assert kinds(found) == [("pitchfork", "supercritical"), ("hopf", "subcritical"), ("hopf", "subcritical")]
    assert pytest.approx([1, 470 / 19, 470 / 19], abs=1e-9) == values(found)
    assert pytest.approx(sqrt(2 * 8 / 3 * 10 * 11 / (10 - 8 / 3 - 1)), abs=1e-9) == found[1].omega
    system = model("lorenz")
    assert {sympy.Rational(470, 19)} == {b.closed_form.xreplace(dict(system.values)) for b in found[1:] if b.closed_form is not None}


def test_the_logistic_map_exchanges_stability_at_1_and_doubles_its_period_at_3() -> None:
    """May, 1976 (doi:10.1038/261459a0)."""
    found = bifurcations(model("logistic_map"), "r", 0, 4)
    assert [(b.kind, b.criticality, round(b.value, 12), b.closed_form) for b in found] == [
        ("transcritical", None, 1.0, 1),
        ("flip", "supercritical", 3.0, 3),
    ]


def test_the_henon_map_has_a_fold_and_a_flip_where_its_formulas_say() -> None:
    """Henon, 1976, Commun. Math. Phys. 50:69-77 (doi:10.1007/BF01608556): a = -(1 - b)^2/4 and a = 3 (1 - b)^2/4."""
    text = "param a = 1.4\nparam b = 0.3\ninit x = 0, y = 0\nnext x = 1 - a*x^2 + y\nnext y = b*x\n"
    found = bifurcations(frozen(text), "a", -1, 1)
    assert kinds(found) == [("fold", None), ("flip", "supercritical")]
    assert pytest.approx([-(0.7**2) / 4, 3 * 0.7**2 / 4], abs=1e-11) == values(found)


def test_the_delayed_logistic_map_has_a_supercritical_neimark_sacker_point() -> None:
    """Kuznetsov, 2004, example 4.2: x' = r x (1 - y) at r = 2, with the multipliers exp(+-i pi/3)."""
    found = bifurcations(frozen("param r = 1.5\ninit x = 0.3, y = 0.3\nnext x = r*x*(1 - y)\nnext y = x\n"), "r", 0.5, 2.5)
    assert kinds(found) == [("transcritical", None), ("neimark-sacker", "supercritical")]
    assert pytest.approx([1, 2], abs=1e-10) == values(found)
    assert pytest.approx(pi / 3, abs=1e-10) == found[1].omega


def rest_of_wilson_cowan(system: Frozen, I: float) -> tuple[float, float]:
    """Return E and I_e at which both populations rest, from the inverse of the responses."""
    names = {p.name: float(system.values[p.symbol]) for p in system.system.parameters}
    E = (names["theta_I"] + logit(I) / names["a_I"] + names["w_II"] * I - names["I_i"]) / names["w_IE"]
    return float(E), float(names["theta_E"] + logit(E) / names["a_E"] - names["w_EE"] * E + names["w_EI"] * I)


@pytest.mark.parametrize("w_EE", [12, 13, 14])
def test_the_hopf_points_of_wilson_and_cowan_are_where_numpy_finds_imaginary_eigenvalues(w_EE: float) -> None:
    shipped = model("wilson_cowan")
    assert shipped.matrix([0.1, 0.1]).shape == (2, 2)  # the generated functions are made once, and taken along by `at`
    system = shipped.at({"w_EE": w_EE})

    def matrix(I: float) -> np.ndarray:
        E, drive = rest_of_wilson_cowan(system, I)
        return system.at({"I_e": drive}).matrix([E, I])

    grid = [I for I in np.linspace(0.002, 0.995, 800) if np.isfinite(rest_of_wilson_cowan(system, I)[1])]
    expected = []
    for a, b in pairwise(grid):
        if np.trace(matrix(a)) * np.trace(matrix(b)) < 0 and np.linalg.det(matrix(a)) > 0:
            I = brentq(lambda x: np.linalg.eigvals(matrix(x)).real.sum(), a, b, xtol=1e-14)
            expected.append([rest_of_wilson_cowan(system, I)[1], float(np.max(np.linalg.eigvals(matrix(I)).imag))])
    found = [[b.value, b.omega] for b in bifurcations(system, "I_e", -2, 8) if b.kind == "hopf"]
    assert pytest.approx(np.array(sorted(expected)), abs=1e-8) == np.array(found)
    assert len(found) >= 1


def test_the_shipped_wilson_cowan_model_has_folds_and_no_hopf_point_along_its_drive() -> None:
    """The trace vanishes only where the determinant is negative: a neutral saddle."""
    found = bifurcations(model("wilson_cowan"), "I_e", 0, 5)
    assert [b.kind for b in found] == ["fold"] * 3
    for b in found:
        matrix = model("wilson_cowan").at({"I_e": b.value}).matrix(list(b.state.values()))
        assert pytest.approx(0, abs=1e-7) == np.linalg.det(matrix)


def swing(system: Frozen, rest: dict[str, float], push: float, duration: float) -> float:
    """Return how far the potential still swings some time after it was pushed from near its rest."""
    start = np.array(list(rest.values())) + np.array([push, 0, 0, 0])
    run = solve_ivp(lambda t, y: system.slopes(y), (0, duration), start, rtol=1e-6, atol=1e-8, t_eval=np.linspace(duration - 20, duration, 200))
    return float(np.ptp(run.y[0]))


def test_runs_beside_the_hopf_points_of_hodgkin_and_huxley_agree_with_their_criticality() -> None:
    """Before the lower one a small push dies out and a large one does not; below the upper one all pushes end in one small cycle."""
    lower, upper = bifurcations(model("hodgkin_huxley"), "I", 0, 200)
    before = model("hodgkin_huxley").at({"I": 9})
    assert swing(before, dict(lower.state), 0.0, 300) < 0.1
    assert swing(before, dict(lower.state), 6.0, 100) > 90
    beyond = model("hodgkin_huxley").at({"I": 145})
    small, large = (swing(beyond, dict(upper.state), push, 200) for push in (1.0, 8.0))
    assert pytest.approx(small, rel=0.05) == large
    assert 5 < small < 30


TWICE = [("fitzhugh_nagumo", "I_ext", 0, 2), ("morris_lecar", "I", 0, 300), ("lorenz", "rho", 0.1, 30), ("logistic_map", "r", 0.5, 4)]


@pytest.mark.parametrize(("name", "parameter", "low", "high"), TWICE)
def test_following_curves_finds_what_the_explicit_curves_give(
    monkeypatch: pytest.MonkeyPatch, name: str, parameter: str, low: float, high: float
) -> None:
    expected = bifurcations(model(name), parameter, low, high)
    monkeypatch.setattr(branches_module, "explicit", lambda found: None)
    found = bifurcations(model(name), parameter, low, high)
    assert kinds(expected) == kinds(found)
    assert pytest.approx(values(expected), abs=1e-9) == values(found)
    assert curves_of(model(name), parameter, low, high).how.startswith("found by search")


def test_branches_of_lorenz_meet_at_the_pitchfork_and_carry_their_stability() -> None:
    found = branches(model("lorenz"), "rho", 0, 20)
    origin = [b for b in found if np.all(b.states == 0)]
    wings = [b for b in found if not np.all(b.states == 0)]
    assert (len(origin), len(wings)) == (1, 2)
    assert np.array_equal(origin[0].values < 1, origin[0].stable)
    for b in wings:
        assert pytest.approx(np.sqrt(8 / 3 * (b.values - 1)), abs=1e-9) == np.abs(b.states[:, 0])
        assert bool(np.all(b.stable[1:-1]))
    assert origin[0].names == ("x", "y", "z")


def test_a_closed_curve_of_fixed_points_is_followed_around() -> None:
    found = bifurcations(frozen("param p = 0\ninit x = 1, y = 0\ndx/dt = x^2 + p^2 - 1 + sin(y*x)\ndy/dt = -y + sin(x*y)/2\n"), "p", -2, 2)
    folds = [b.value for b in found if b.kind == "fold" and b.state["y"] == 0]
    assert pytest.approx([-1, 1], abs=1e-9) == folds


def test_a_parameter_that_does_not_move_the_fixed_points_may_still_change_their_stability() -> None:
    """A faster recovery stabilises the rest of FitzHugh and Nagumo: the trace 1 - v^2 - b delta is 0 at delta = (1 - v^2)/b."""
    (found,) = bifurcations(model("fitzhugh_nagumo"), "delta", 0.01, 1)
    v = float(np.real(next(r for r in np.roots([1 / 3, 0, 1 / 0.8 - 1, 0.7 / 0.8 - 0.5]) if abs(r.imag) < 1e-12)))
    assert found.kind == "hopf"
    assert pytest.approx((1 - v * v) / 0.8, abs=1e-10) == found.value


def test_a_parameter_that_others_depend_on_takes_them_with_it() -> None:
    (found,) = bifurcations(frozen("param a = 1\nparam b = 2*a - 1\ninit x = 0\ndx/dt = b + x^2\n"), "a", -1, 2)
    assert ("fold", pytest.approx(0.5, abs=1e-12)) == (found.kind, found.value)


def test_an_oscillator_without_friction_has_no_bifurcation_made_of_rounding() -> None:
    assert bifurcations(model("oscillator"), "k", 0.5, 4) == ()


def test_a_state_that_only_events_change_is_held() -> None:
    text = "param I = 1\ninit V = 0, n = 3\ndV/dt = V^2 + I*n\non V >= 10:\n    V = -10\n    n = n + 1\n"
    (found,) = bifurcations(frozen(text), "I", -1, 1)
    assert (found.kind, found.value, found.state) == ("fold", 0.0, {"V": 0.0, "n": 3.0})


def test_a_box_leaves_out_what_lies_outside_it() -> None:
    found = bifurcations(model("lorenz"), "rho", 0, 30, {"x": (1.0, 20.0)})
    assert [b.kind for b in found] == ["hopf"]
    assert found[0].state["x"] > 1


BAD = [
    ("I_ex", 0.0, 1.0, None, "`model` has no parameter `I_ex`"),
    ("I", 1.0, 0.0, None, "the interval of `I` is empty: it goes from 1 to 0"),
    ("I", 0.0, 0.0, None, "the interval of `I` is empty: it goes from 0 to 0"),
    ("I", 0.0, float("inf"), None, "the interval of `I` has to have two finite ends, not 0 and inf"),
    ("I", 0.0, 1.0, {"W": (0.0, 1.0)}, "`model` has no state `W`"),
    ("I", 0.0, 1.0, {"V": (1.0, 1.0)}, "the interval of `V` is empty: it goes from 1 to 1"),
]


@pytest.mark.parametrize(("parameter", "low", "high", "box", "message"), BAD)
def test_wrong_input_is_answered_by_a_message(
    parameter: str, low: float, high: float, box: dict[str, tuple[float, float]] | None, message: str
) -> None:
    with pytest.raises(NeuroError) as caught:
        bifurcations(frozen("param I = 1\ninit V = 0\ndV/dt = I - V\n"), parameter, low, high, box)
    assert message == caught.value.report.found[0].message


def test_a_map_that_is_piecewise_linear_ends_without_a_traceback() -> None:
    assert bifurcations(frozen("param a = 0.5\ninit x = 0.2\nnext x = a*min(x, 1 - x) + 0.1\n"), "a", 0.1, 0.9) == ()


def test_the_angle_of_a_neimark_sacker_point_is_that_of_its_multipliers() -> None:
    """A rotation by acos(c) and a factor a, damped by a cubic term."""
    text = "param a = 1\nparam c = 0.6\nparam s = 0.8\ninit x = 0.1, y = 0\n"
    text += "next x = a*(c*x - s*y)*(1 - x^2 - y^2)\nnext y = a*(s*x + c*y)*(1 - x^2 - y^2)\n"
    (found,) = bifurcations(frozen(text), "a", 0.5, 1.2)
    assert (found.kind, found.criticality) == ("neimark-sacker", "supercritical")
    assert pytest.approx((1.0, acos(0.6)), abs=1e-10) == (found.value, found.omega)


def test_a_root_among_the_numbers_of_a_map_does_not_stop_the_search() -> None:
    text = "param a = 1\nparam c = 0.3\nparam s = sqrt(1 - c^2)\ninit x = 0.1, y = 0\n"
    text += "next x = a*(c*x - s*y)*(1 - x^2 - y^2)\nnext y = a*(s*x + c*y)*(1 - x^2 - y^2)\n"
    (found,) = bifurcations(frozen(text), "a", 0.5, 1.2)
    assert (found.kind, found.criticality) == ("neimark-sacker", "supercritical")
    assert (found.value, found.omega) == pytest.approx((1.0, acos(0.3)), abs=1e-10)
