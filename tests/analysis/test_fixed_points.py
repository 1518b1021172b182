"""Fixed points against published numbers, closed forms and second methods."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from scipy.optimize import brentq, root
from scipy.special import lambertw

import neurodsl as nd
from neurodsl.analysis.linear_stability import classify
from neurodsl.analysis.points import FixedPoints
from neurodsl.diagnostics import NeuroError


def only(found: FixedPoints) -> dict[str, float]:
    assert (len(found), found.proved) == (1, True)
    return dict(found[0].state)


def at(*values: float) -> object:
    return pytest.approx(values, abs=5e-7)


# --- published numbers ------------------------------------------------------------------------------------------------


def test_fitzhugh_nagumo_in_its_oscillation_has_an_unstable_focus() -> None:
    found = nd.load("fitzhugh_nagumo").fixed_points(I_ext=0.5)
    assert at(*only(found).values()) == (-0.8048477, -0.1310597)
    pair = found[0].eigenvalues
    assert at(pair[0].real, pair[0].imag, pair[1].real, pair[1].imag) == (0.144110, 0.191547, 0.144110, -0.191547)
    assert (found[0].type, found[0].stable) == ("unstable focus", False)


def test_fitzhugh_nagumo_at_rest_is_a_stable_focus() -> None:
    found = nd.load("fitzhugh_nagumo").fixed_points(I_ext=0)
    assert at(*only(found).values()) == (-1.199408, -0.624260)
    assert (found[0].type, found[0].stable) == ("stable focus", True)


def test_hodgkin_huxley_rests_where_the_literature_says() -> None:
    # Hodgkin, Huxley, 1952, doi:10.1113/jphysiol.1952.sp004764, with E_L = 10.613 mV.
    state = only(nd.load("hodgkin_huxley").fixed_points(I=0))
    assert at(*(state[name] for name in ("V", "n", "m", "h"))) == (0.003621, 0.317732, 0.052955, 0.595994)


@pytest.mark.parametrize("current", [0.0, 10.0, 160.0])
def test_hodgkin_huxley_has_one_state_and_it_is_proved_for_all_voltages(current: float) -> None:
    found = nd.load("hodgkin_huxley").fixed_points(I=current)
    V = only(found)["V"]

    def total(v: float) -> float:
        def rate(k: float, width: float, top: float) -> float:
            return k * width if abs(top - v) < 1e-9 else k * (top - v) / math.expm1((top - v) / width)

        n = (a := rate(0.01, 10, 10)) / (a + 0.125 * math.exp(-v / 80))
        m = (a := rate(0.1, 10, 25)) / (a + 4 * math.exp(-v / 18))
        h = (a := 0.07 * math.exp(-v / 20)) / (a + 1 / (math.exp((30 - v) / 10) + 1))
        return current - 120 * m**3 * h * (v - 115) - 36 * n**4 * (v + 12) - 0.3 * (v - 10.613)

    grid = np.linspace(-200, 300, 5001) + 1e-4
    signs = np.sign([total(v) for v in grid])
    (place,) = np.flatnonzero(np.diff(signs))
    assert brentq(total, grid[place], grid[place + 1], xtol=1e-13) == pytest.approx(V, abs=1e-10)
    assert "the only real fixed point, proved" in found.guarantee


@pytest.mark.parametrize(
    ("values", "state", "eigenvalues"),
    [
        ({"I_ext": 0}, (89.9219, 0.951648), (-0.9223, -149.44)),
        ({"I_ext": 0, "variant": "sodium_dropped"}, (-12.0, None), (-0.0229, -0.1726)),
        ({"I_ext": 10, "variant": "sodium_dropped"}, (3.2014, None), (-0.4239 + 0.5220j, -0.4239 - 0.5220j)),
    ],
)
def test_the_reduced_model_as_printed_rests(values: dict[str, float], state: tuple[float, float | None], eigenvalues: tuple[complex, ...]) -> None:
    found = nd.load("hh_reduced_as_printed").fixed_points(**values)
    got = only(found)
    assert state[0] == pytest.approx(got["V"], abs=5e-5)
    assert state[1] is None or state[1] == pytest.approx(got["n"], abs=5e-7)
    assert list(eigenvalues) == [pytest.approx(v, abs=6e-3 if abs(v) > 10 else 6e-5) for v in found[0].eigenvalues]


def wilson_cowan(current: float) -> list[tuple[float, float]]:
    """Return the states of Wilson and Cowan's equations: I from the first one by the inverse sigmoid, sign changes of the second over a fine grid."""

    def rest(E: float) -> float:
        I = (16 * E + current - 4 - math.log(E / (1 - E)) / 1.3) / 12
        return 1 / (1 + math.exp(-2 * (15 * E - 3 * I - 3.7))) - I

    grid = np.concatenate([np.geomspace(1e-9, 0.5, 20001), 1 - np.geomspace(0.5, 1e-9, 20001)[1:]])
    values = np.array([rest(E) for E in grid])
    places = np.flatnonzero(np.diff(np.sign(values)))
    found = [brentq(rest, grid[i], grid[i + 1], xtol=1e-15) for i in places]
    return [(E, (16 * E + current - 4 - math.log(E / (1 - E)) / 1.3) / 12) for E in found]


@pytest.mark.parametrize(
    ("current", "types"),
    [
        (0.0, ["stable node"]),
        (0.5, ["stable node"]),
        (1.0, ["unstable focus"]),
        (1.5, ["unstable focus"]),
        (2.0, ["unstable focus"]),
        (3.0, ["unstable focus"]),
        (4.0, ["unstable focus", "saddle", "stable node"]),
    ],
)
def test_wilson_cowan_has_the_states_of_a_second_method(current: float, types: list[str]) -> None:
    found = nd.load("wilson_cowan").fixed_points(I_e=current)
    expected = wilson_cowan(current)
    assert len(expected) == len(found)
    assert np.array(expected) == pytest.approx(np.array([list(p.state.values()) for p in found]), abs=1e-9)
    assert (types, True) == ([p.type for p in found], found.proved)


def test_working_memory_has_three_stable_states_and_two_saddles_between() -> None:
    # Wong, Wang, 2006, doi:10.1523/JNEUROSCI.3733-05.2006: without a cue the low state and one for each memory.
    found = nd.load("working_memory").fixed_points()
    assert [p.type for p in found] == ["stable node", "saddle", "stable node", "saddle", "stable node"]
    assert pytest.approx((found[4]["S_1"], found[4]["S_2"]), abs=1e-5) == (0.5669887, 0.0318911)


# --- closed forms -----------------------------------------------------------------------------------------------------


def test_lorenz_has_three_states_in_closed_form() -> None:
    # Lorenz, 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2
    found = nd.load("lorenz").fixed_points()
    root = math.sqrt(72)
    assert [(-root, -root, 27), (0, 0, 0), (root, root, 27)] == [pytest.approx(tuple(p.state.values()), abs=1e-13) for p in found]
    assert [p.type for p in found] == ["saddle-focus", "saddle", "saddle-focus"]
    assert found[2].closed_form == {"x": "sqrt(beta*(rho - 1))", "y": "sqrt(beta*(rho - 1))", "z": "rho - 1"}


def test_the_eigenvalues_of_lorenz_at_the_origin_are_those_of_the_closed_form() -> None:
    values = nd.load("lorenz").fixed_points()[1].eigenvalues
    root = math.sqrt(11**2 - 40 * (1 - 28))
    assert [(-11 + root) / 2, -8 / 3, (-11 - root) / 2] == pytest.approx([v.real for v in values], rel=1e-13)


def test_the_logistic_map_has_its_two_fixed_points() -> None:
    found = nd.load("logistic_map").fixed_points(r=3.2)
    assert [pytest.approx(p["x"], abs=1e-15) for p in found] == [0.0, 1 - 1 / 3.2]
    assert (found[1].closed_form or {})["x"] == "1 - 1/r"
    assert pytest.approx([p.eigenvalues[0].real for p in found]) == [3.2, 2 - 3.2]
    assert [p.stable for p in found] == [False, False]
    assert "flip" in found[1].type


def test_the_logistic_map_settles_below_r_3() -> None:
    assert [
        (p.type if i == 0 else p.type.startswith("stable node"), p.stable) for i, p in enumerate(nd.load("logistic_map").fixed_points(r=2.5))
    ] == [("unstable node", False), (True, True)]


def test_the_oscillator_has_a_centre() -> None:
    found = nd.load("oscillator").fixed_points(k=4)
    assert (dict(found[0].state), found[0].type, found[0].stable) == ({"x": 0.0, "dx/dt": 0.0}, "centre", False)
    assert [pytest.approx(v) for v in found[0].eigenvalues] == [2j, -2j]


def test_a_quadratic_neuron_has_two_states_or_none() -> None:
    below, above = (nd.load("quadratic_if").fixed_points(I=current) for current in (-4, 1))
    assert [(p["V"], p.type) for p in below] == [(-2.0, "stable node"), (2.0, "unstable node")]
    assert (len(above), above.proved) == (0, True)
    assert "no real fixed point, proved" in above.guarantee


def test_the_exponential_neuron_rests_at_both_branches_of_lamberts_function() -> None:
    # C = 200, g_L = 10, E_L = -70, V_T = -50, Delta_T = 2, a = 2, I = 100: 12 (V - V_0) = 20 exp((V + 50)/2), V_0 = E_L + I/12.
    base = -70 + 100 / 12
    argument = -(10 / 12) * math.exp((base + 50) / 2)
    expected = [base - 2 * lambertw(argument, k).real for k in (0, -1)]
    found = nd.load("adex").fixed_points(I=100)
    assert expected == pytest.approx([p["V"] for p in found], abs=1e-11)
    assert ["LambertW" in (p.closed_form or {"V": ""})["V"] for p in found] == [True, True]


CONNOR_STEVENS = """
param C = 1 [uF/cm^2], g_Na = 120 [mS/cm^2], g_K = 20 [mS/cm^2], g_A = 47.7 [mS/cm^2], g_L = 0.3 [mS/cm^2]
param E_Na = 55 [mV], E_K = -72 [mV], E_A = -75 [mV], E_L = -17 [mV]
init V = -68 [mV], m = 0.01, h = 0.96, n = 0.16, a = 0.54, b = 0.28
a_m = 0.38 [1/ms]*(V/[mV] + 29.7)/(1 - exp(-0.1*(V/[mV] + 29.7)))
b_m = 15.2 [1/ms]*exp(-0.0556*(V/[mV] + 54.7))
a_h = 0.266 [1/ms]*exp(-0.05*(V/[mV] + 48))
b_h = 3.8 [1/ms]/(1 + exp(-0.1*(V/[mV] + 18)))
a_n = 0.02 [1/ms]*(V/[mV] + 45.7)/(1 - exp(-0.1*(V/[mV] + 45.7)))
b_n = 0.25 [1/ms]*exp(-0.0125*(V/[mV] + 55.7))
a_inf = (0.0761*exp(0.0314*(V/[mV] + 94.22))/(1 + exp(0.0346*(V/[mV] + 1.17))))^(1/3)
b_inf = (1/(1 + exp(0.0688*(V/[mV] + 53.3))))^4
C*dV/dt = -g_Na*m^3*h*(V - E_Na) - g_K*n^4*(V - E_K) - g_A*a^3*b*(V - E_A) - g_L*(V - E_L)
dm/dt = a_m*(1 - m) - b_m*m
dh/dt = a_h*(1 - h) - b_h*h
dn/dt = a_n*(1 - n) - b_n*n
da/dt = (a_inf - a)/(0.3632 [ms] + 1.158 [ms]/(1 + exp(0.0497*(V/[mV] + 55.96))))
db/dt = (b_inf - b)/(1.24 [ms] + 2.678 [ms]/(1 + exp(0.0624*(V/[mV] + 50))))
"""


def test_bounds_as_far_as_an_exponential_reaches_do_not_hide_the_rest_of_connor_and_stevens() -> None:
    # Connor, Walter, McKown, 1977, doi:10.1016/S0006-3495(77)85598-7, as in Dayan and Abbott, 2001, section 6.6.
    def current(v: float) -> float:
        am, an = 0.38 * (v + 29.7) / -math.expm1(-0.1 * (v + 29.7)), 0.02 * (v + 45.7) / -math.expm1(-0.1 * (v + 45.7))
        bm, bn = 15.2 * math.exp(-0.0556 * (v + 54.7)), 0.25 * math.exp(-0.0125 * (v + 55.7))
        ah, bh = 0.266 * math.exp(-0.05 * (v + 48)), 3.8 / (1 + math.exp(-0.1 * (v + 18)))
        a3 = 0.0761 * math.exp(0.0314 * (v + 94.22)) / (1 + math.exp(0.0346 * (v + 1.17)))
        b = (1 + math.exp(0.0688 * (v + 53.3))) ** -4
        sodium, potassium = 120 * (am / (am + bm)) ** 3 * ah / (ah + bh) * (v - 55), 20 * (an / (an + bn)) ** 4 * (v + 72)
        return sodium + potassium + 47.7 * a3 * b * (v + 75) + 0.3 * (v + 17)

    found = nd.loads(CONNOR_STEVENS).fixed_points()
    assert pytest.approx(brentq(current, -75, -60), abs=1e-9) == only(found)["V"]
    assert (found[0].type, found.guarantee.startswith("the only fixed point in the box V = -150..150 mV")) == ("stable node", True)


def test_bounds_that_run_away_say_that_there_is_no_fixed_point() -> None:
    text = "param D = 2 [mV], I = 20 [mV]\ninit V = -65 [mV]\ndV/dt = (-(V + 65 [mV]) + D*exp((V + 50 [mV])/D) + I)/10 [ms]\n"
    found = nd.loads(text).fixed_points()
    assert (len(found), found.proved) == (0, True)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("param a = 1.1, b = 0.4, c = 0.4, d = 0.1\ndx/dt = a*x - b*x*y\ndy/dt = d*x*y - c*y\n", {"x": "c/d", "y": "a/b"}),
        ("param A = 1, B = 3\ndx/dt = A + x^2*y - (B + 1)*x\ndy/dt = B*x - x^2*y\n", {"x": "A", "y": "B/A"}),
    ],
    ids=["lotka_volterra", "brusselator"],
)
def test_a_system_of_polynomials_has_its_rest_in_closed_form(text: str, forms: dict[str, str]) -> None:
    assert forms == nd.loads(text).fixed_points()[-1].closed_form


def test_a_fixed_point_is_polished_to_the_last_digits() -> None:
    for name in ("hodgkin_huxley", "wilson_cowan", "lorenz", "working_memory", "epileptor"):
        found = nd.load(name).fixed_points()
        assert (name, True) == (name, all(p.residual < 1e-12 for p in found))


# --- integrate and fire, drives, noise, events -------------------------------------------------------------------------


def test_a_fixed_point_above_the_threshold_is_said_not_to_be_reached() -> None:
    found = nd.load("lif").fixed_points(I=2)
    assert (only(found)["V"], found[0].reached, found[0].type) == (-45.0, False, "stable node")
    assert found[0].closed_form == {"V": "I/g_L + V_rest"}
    assert any("at V = -45 mV is not reached" in note and "V_th = -50 mV" in note and "spikes or resets come first" in note for note in found.notes)


def test_a_fixed_point_below_the_threshold_is_reached() -> None:
    found = nd.load("lif").fixed_points(I=1)
    assert (only(found)["V"], found[0].reached, found.notes) == (-55.0, True, ())


def test_an_event_that_changes_nothing_does_not_stand_in_the_way() -> None:
    assert nd.loads("dx/dt = 2 - x\non x >= 1: emit spike\n").fixed_points()[0].reached


def test_a_drive_of_time_stands_still_and_that_is_said() -> None:
    found = nd.loads("input I = 2*pulse(t, 0, 5)\ndx/dt = -x + I\n").fixed_points()
    assert (dict(found[0].state), any("its value at t = 0 is used" in note for note in found.notes)) == ({"x": 2.0}, True)


def test_a_state_that_events_alone_change_is_left_out() -> None:
    found = nd.loads("init n = 3\ndx/dt = n - x\non x >= 10: n += 1\n").fixed_points()
    assert (dict(found[0].state), found[0].eigenvalues) == ({"n": 3.0, "x": 3.0}, (-1 + 0j,))
    assert any("`n`: changed by events alone" in note for note in found.notes)


def test_a_model_of_events_alone_has_nothing_to_find() -> None:
    found = nd.load("poisson").fixed_points()
    assert (len(found), "no state has an equation" in found.guarantee) == (0, True)


def test_noise_is_left_out_and_that_is_said() -> None:
    found = nd.load("ornstein_uhlenbeck").fixed_points()
    assert (dict(found[0].state), found.notes[0]) == ({"x": 0.0}, "the noise is left out: what is analysed is the drift")


# --- every road -------------------------------------------------------------------------------------------------------


def test_equations_that_contradict_one_another_have_no_fixed_point() -> None:
    assert nd.load("charge").fixed_points().guarantee == "no real fixed point, proved: the equations contradict one another"


def test_a_line_of_fixed_points_is_called_one() -> None:
    found = nd.loads("init x = 1, y = 5\ndx/dt = y - 2*x\ndy/dt = 2*x - y\n").fixed_points()
    assert (len(found), found[0].type) == (1, "degenerate: an eigenvalue is 0")
    assert "the fixed points form a line, proved" in found.guarantee
    assert found[0]["y"] == pytest.approx(2 * found[0]["x"])


def test_hebbian_weights_rest_on_a_surface() -> None:
    found = nd.load("hebbian_rate").fixed_points()
    assert "the fixed points form a surface, proved: `w[1]`, `w[2]` are free" in found.guarantee


def test_a_double_root_of_a_polynomial_is_one_point_and_degenerate() -> None:
    found = nd.loads("dx/dt = (x - 2)^2\n").fixed_points()
    assert (only(found), found.proved, found[0].type) == ({"x": 2.0}, True, "degenerate: all eigenvalues are 0")


def test_a_double_root_that_is_no_polynomial_is_found_but_not_proved() -> None:
    found = nd.loads("dx/dt = 1 + x - exp(x)\n").fixed_points()
    assert (len(found), found.proved) == (1, False)
    assert pytest.approx(found[0]["x"], abs=1e-5) == 0.0
    assert any("roots meet" in note for note in found.notes)
    assert (
        found.guarantee
        == "1 fixed point found in the box x = -100..100; proved to be all but near the places that the notes name: interval arithmetic"
    )


def test_a_fixed_point_on_the_edge_of_a_jump_is_found_but_not_proved() -> None:
    found = nd.loads("dx/dt = heaviside(x - 1) - x\n").fixed_points()
    assert ([p["x"] for p in found], found.proved) == ([0.0, 1.0], False)


def test_a_jump_across_0_is_named_and_no_proof_is_claimed() -> None:
    found = nd.loads("dx/dt = 1 if x < 0 else -1\n").fixed_points()
    assert (len(found), found.proved) == (0, False)
    assert any("jumps across 0" in note for note in found.notes)


def test_all_roots_in_the_default_box_are_found_and_the_box_is_named() -> None:
    found = nd.loads("dx/dt = sin(x)\n").fixed_points()
    assert (len(found), found.guarantee) == (63, "all fixed points in the box x = -100..100, proved: interval arithmetic")


def test_a_given_box_narrows_the_answer() -> None:
    found = nd.loads("dx/dt = sin(x)\n").fixed_points(box={"x": (1, 7)})
    assert [math.pi, 2 * math.pi] == pytest.approx([p["x"] for p in found])
    assert found.guarantee == "all fixed points in the box x = 1..7, proved: interval arithmetic"


def test_a_box_takes_units() -> None:
    found = nd.load("lif").fixed_points(box={"V": ("-0.05 [V]", "0 [V]")})
    assert found.guarantee == "the only fixed point in the box V = -50..0 mV, proved: linear equations, solved exactly"


def test_a_box_without_a_fixed_point_says_so() -> None:
    assert (
        nd.load("hodgkin_huxley").fixed_points(box={"V": (20, 50)}).guarantee
        == "no fixed point in the box V = 20..50 mV, proved: interval arithmetic"
    )


def test_a_network_of_tanh_units_is_proved_without_a_box() -> None:
    found = nd.loads("param a = 3\ninit x = 1\ndx/dt = -x + tanh(a*x + y)\ndy/dt = -y + tanh(x)/2\n").fixed_points()
    upper = brentq(lambda x: math.tanh(3 * x + math.tanh(x) / 2) - x, 0.5, 1)
    assert [-upper, 0.0, upper] == pytest.approx([p["x"] for p in found], abs=1e-12)
    assert "all real fixed points, proved" in found.guarantee


def test_what_cannot_be_enclosed_is_searched_and_said_to_be() -> None:
    found = nd.loads("init x = 1\ndx/dt = atan2(x, 1) - x/2\n").fixed_points()
    root = brentq(lambda x: math.atan(x) - x / 2, 1, 5)
    assert [-root, 0.0, root] == pytest.approx([p["x"] for p in found], abs=1e-12)
    assert (found.proved, "found by search" in found.guarantee) == (False, True)


def test_a_map_of_many_units_is_searched() -> None:
    text = "param N = 20\nparam W[N, N] ~ normal(0, 0.1)\ninit x[N] = 0.2\nnext x = tanh(W @ x)\n"
    found = nd.loads(text).fixed_points()
    assert (max(abs(v) for v in found[0].state.values()), found[0].stable) == (0.0, True)
    assert any("`W`: drawn" in note for note in found.notes)


def test_an_array_of_numbers_is_exact() -> None:
    found = nd.loads("param A[2, 2] = ((2, 1), (1, 3))\nparam b[2] = (3, 5)\ninit x[2] = 0\ndx/dt = b - A @ x\n").fixed_points()
    assert (pytest.approx(list(found[0].state.values()), abs=1e-15), found.proved) == ([0.8, 1.4], True)


def test_piecewise_cubics_are_proved() -> None:
    found = nd.load("epileptor").fixed_points()
    assert (len(found), found.proved) == (4, True)
    # Jirsa et al., 2014, doi:10.1093/brain/awu133: y_1 = 1 - 5 x_1^2 and z = 4 (x_1 - x_0) at every one of them.
    assert [pytest.approx((1 - 5 * p["x_1"] ** 2, 4 * (p["x_1"] + 1.6))) for p in found] == [(p["y_1"], p["z"]) for p in found]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ({"U": (0, 1)}, "`lif` has no state `U`"),
        ({"V": (1, 0)}, "the box V = 1..0 has no interior"),
        ({"V": (1, 1)}, "the box V = 1..1 has no interior"),
        ({"V": (0, float("inf"))}, "V has to be a finite number, not `inf`"),
        ({"V": ("1 [nA]", 2)}, "V is a voltage (mV), and `1 [nA]` a current (nA)"),
    ],
)
def test_a_box_that_makes_no_sense_is_refused(box: dict[str, tuple[float, float]], message: str) -> None:
    with pytest.raises(NeuroError) as error:
        nd.load("lif").fixed_points(box=box)
    assert (message, 2) == (error.value.report.found[0].message, error.value.exit_code)


def test_more_than_200_states_are_refused() -> None:
    with pytest.raises(NeuroError) as error:
        nd.loads("param N = 201\ninit x[N] = 0.1\ndx/dt = -x\n").fixed_points()
    assert error.value.exit_code == 2


def test_a_model_without_states_is_refused() -> None:
    with pytest.raises(NeuroError) as error:
        nd.loads("param a = 1\n").fixed_points()
    assert error.value.exit_code == 2


# --- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("eigenvalues", "kind", "stable"),
    [
        ((-1, -2), "stable node", True),
        ((2, 1), "unstable node", False),
        ((-1 + 1j, -1 - 1j), "stable focus", True),
        ((1 + 1j, 1 - 1j), "unstable focus", False),
        ((1, -1), "saddle", False),
        ((1, -1 + 2j, -1 - 2j), "saddle-focus", False),
        ((1j, -1j), "centre, to be decided by terms of higher order", False),
        ((0, -1), "degenerate: an eigenvalue is 0", False),
        ((1, 0), "degenerate, unstable", False),
        ((), "unknown: the Jacobian is not finite", False),
    ],
)
def test_a_type_follows_from_the_eigenvalues_of_a_flow(eigenvalues: tuple[complex, ...], kind: str, stable: bool) -> None:
    assert (kind, stable) == classify([complex(v) for v in eigenvalues])


@pytest.mark.parametrize(
    ("eigenvalues", "kind", "stable"),
    [
        ((0.5, 0.2), "stable node", True),
        ((-0.5,), "stable node (flip: it is passed from side to side)", True),
        ((-1.5,), "unstable node (flip: it is passed from side to side)", False),
        ((2, 0.5), "saddle", False),
        ((cmath.rect(0.9, 1), cmath.rect(0.9, -1)), "stable focus", True),
        ((cmath.rect(1, 1), cmath.rect(1, -1)), "degenerate: a pair of eigenvalues on the unit circle", False),
        ((1, 0.3), "degenerate: an eigenvalue is 1", False),
        ((-1, 0.3), "degenerate: an eigenvalue is -1", False),
        ((0, 0), "stable node", True),
    ],
)
def test_a_type_follows_from_the_eigenvalues_of_a_map(eigenvalues: tuple[complex, ...], kind: str, stable: bool) -> None:
    assert (kind, stable) == classify([complex(v) for v in eigenvalues], discrete=True)


@pytest.mark.parametrize(("a", "expected"), [(1, 2.0), (-1, 3.0)])
def test_a_default_that_a_condition_chooses_is_the_one_chosen(a: float, expected: float) -> None:
    model = nd.loads("param a = 1, b = 2 if a > 0 else 3\ninit x = 0\ndx/dt = b - x\n")
    assert [dict(p.state) for p in model.fixed_points(a=a)] == [{"x": expected}]


@pytest.mark.parametrize("seed", range(6))
def test_every_state_of_a_random_network_of_rates_is_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 3
    weights, drives = np.round(random.normal(0, 3, (n, n)), 2), np.round(random.normal(size=n), 2)
    rows = [f"dx{i}/dt = -x{i} + tanh({drives[i]} {' '.join(f'{weights[i, j]:+} * x{j}' for j in range(n))})" for i in range(n)]
    found = nd.loads("\n".join(["init x0 = 0, x1 = 0, x2 = 0", *rows]), "rates").fixed_points()
    points = np.array([list(p.state.values()) for p in found])
    assert np.max(np.abs(np.tanh(points @ weights.T + drives) - points)) < 1e-9
    starts = [root(lambda x: np.tanh(weights @ x + drives) - x, random.uniform(-1, 1, n), tol=1e-13) for _ in range(60)]
    known = [s.x for s in starts if s.success and np.max(np.abs(np.tanh(weights @ s.x + drives) - s.x)) < 1e-10]
    assert [k for k in known if np.min(np.max(np.abs(points - k), axis=1)) > 1e-6 and found.proved] == []
