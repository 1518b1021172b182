"""The Jacobian as expressions, and conditions for stability in closed form."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import sympy
from sympy import Symbol

import neurodsl as nd
from neurodsl.analysis.equations import start_of
from neurodsl.analysis.stability import _jury, _routh_hurwitz, stability
from neurodsl.diagnostics import NeuroError

MODELS = ("fitzhugh_nagumo", "hodgkin_huxley", "morris_lecar", "wilson_cowan", "lorenz", "adex", "izhikevich", "working_memory", "half_centre")


@pytest.mark.parametrize("name", MODELS)
def test_the_jacobian_is_that_of_difference_quotients(name: str) -> None:
    model = nd.load(name)
    found, frozen = model.jacobian(), model.frozen()
    point = start_of(frozen) + np.array([0.31 + 0.17 * i for i in range(len(found.states))])
    columns = []
    for i in range(len(point)):
        ahead, back = point.copy(), point.copy()
        ahead[i] += 1e-5
        back[i] -= 1e-5
        columns.append((frozen.slopes(ahead) - frozen.slopes(back)) / 2e-5)
    matrix = found.at(dict(zip(found.states, point, strict=True)))
    assert pytest.approx(matrix, rel=1e-6, abs=1e-6) == np.array(columns).T


def test_an_entry_is_found_by_its_names() -> None:
    found = nd.load("fitzhugh_nagumo").jacobian()
    v, delta, b = sympy.symbols("v delta b")
    assert (1 - v**2, -1, delta, -b * delta) == (found["v", "v"], found["v", "w"], found["w", "v"], found["w", "w"])


def test_a_removable_singularity_has_its_limit_in_the_jacobian() -> None:
    # alpha_n(V) = 1/10 + (V - 10)/200 + ..., so at V = 10 mV and n = 0 its slope is 1/200 (Hodgkin, Huxley, 1952, doi:10.1113/jphysiol.1952.sp004764).
    matrix = nd.load("hodgkin_huxley").jacobian().at({"V": 10.0, "m": 0.0, "h": 0.0, "n": 0.0})
    assert pytest.approx((matrix[3, 0], nd.load("hodgkin_huxley").jacobian().at({"V": 25.0})[1, 0]), rel=1e-12) == (1 / 200, 1 / 20)


def test_a_parameter_that_is_not_free_is_replaced_by_its_exact_value() -> None:
    found = nd.load("fitzhugh_nagumo").jacobian(free=["b"])
    assert -sympy.Rational(2, 25) * Symbol("b") == found["w", "w"]


def test_fitzhugh_nagumo_is_stable_under_its_textbook_conditions() -> None:
    found = nd.load("fitzhugh_nagumo").stability()
    v, delta, b = sympy.symbols("v delta b")
    trace, determinant = 1 - v**2 - b * delta, delta * (1 - b * (1 - v**2))
    assert (sympy.expand(found.trace - trace), sympy.expand(found.determinant - determinant)) == (0, 0)
    assert tuple(sympy.expand(c.expression - e) for c, e in zip(found.conditions, (-trace, determinant), strict=True)) == (0, 0)


def test_lorenz_loses_stability_where_lorenz_says() -> None:
    # Lorenz, 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2: rho = sigma (sigma + beta + 3)/(sigma - beta - 1) = 470/19.
    found = nd.load("lorenz").stability()
    closed = found.closed[2]
    assert closed is not None
    sigma, rho, beta = sympy.symbols("sigma rho beta")
    (critical,) = sympy.solve(closed[2], rho)
    assert sympy.simplify(critical - sigma * (sigma + beta + 3) / (sigma - beta - 1)) == 0
    assert sympy.Rational(470, 19) == critical.subs({sigma: 10, beta: sympy.Rational(8, 3)})
    assert [min(nd.load("lorenz").stability(rho=r).margins[2]) > 0 for r in (25, 24)] == [False, True]


def test_the_logistic_map_is_stable_between_r_1_and_r_3() -> None:
    closed = nd.load("logistic_map").stability().closed[1]
    r = Symbol("r")
    assert closed == (r - 1, 3 - r)


def test_the_quadratic_neuron_has_the_square_root_of_its_current_as_its_rate() -> None:
    closed = nd.load("quadratic_if").stability(I=-4).closed
    assert [2 * sympy.sqrt(-Symbol("I")), -2 * sympy.sqrt(-Symbol("I"))] == [e[0] for e in closed if e is not None]


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_routh_and_hurwitz_agree_with_the_roots(degree: int) -> None:
    generator = np.random.default_rng(degree)
    agreed = []
    for _ in range(200):
        pair = complex(generator.normal(), generator.normal())
        roots = (
            [pair, pair.conjugate(), *generator.normal(size=2)]
            if generator.random() < 0.5
            else [*generator.normal(size=2), *generator.normal(size=2) - 0.7]
        )
        chosen = roots[:degree] if degree != 1 and degree != 3 else [*roots[: degree - 1], float(generator.normal())]
        coefficients = [sympy.Float(c) for c in np.real(np.poly(chosen))[1:]]
        agreed.append(all(c.expression > 0 for c in _routh_hurwitz(coefficients)) == (max(complex(r).real for r in chosen) < 0))
    assert agreed == [True] * 200


@pytest.mark.parametrize("degree", [1, 2])
def test_jury_agrees_with_the_roots(degree: int) -> None:
    places = [-1.3, -0.4, 0.2, 0.9, 1.1]
    pairs = [*product(places, repeat=degree), *([(0.5 + 0.7j, 0.5 - 0.7j), (0.8 + 0.9j, 0.8 - 0.9j)] if degree == 2 else [])]
    conditions = [all(c.expression > 0 for c in _jury([sympy.Float(c) for c in np.real(np.poly(p))[1:]])) for p in pairs]
    assert [max(abs(r) for r in p) < 1 for p in pairs] == conditions


@pytest.mark.parametrize("name", ["fitzhugh_nagumo", "lorenz", "hodgkin_huxley", "wilson_cowan", "logistic_map"])
def test_the_margins_at_the_fixed_points_have_the_sign_of_stability(name: str) -> None:
    found = nd.load(name).stability()
    assert [p.stable for p in found.fixed_points] == [min(m) > 0 for m in found.margins]


def test_the_margins_are_the_conditions_at_the_point() -> None:
    frozen = nd.load("lorenz").frozen()
    found = stability(frozen)
    state = {s: sympy.Float(found.fixed_points[2][s.name], 30) for s in frozen.symbols}
    assert list(found.margins[2]) == [pytest.approx(float(frozen.exact(c.expression).xreplace(state)), rel=1e-9) for c in found.conditions]


def test_many_states_have_no_conditions_but_fixed_points() -> None:
    found = nd.loads("param N = 40\ninit x[N] = 0.1\ndx/dt = -x + tanh(x)/2\n").stability()
    assert (found.conditions, found.trace, found.fixed_points[0].stable) == ((), None, True)
    assert "its 40^2 entries are not written out" in str(found)


@pytest.mark.parametrize(("names", "message"), [(["g"], "`lif` has no parameter `g`"), (["V"], "`lif` has no parameter `V`")])
def test_a_name_that_is_no_parameter_cannot_be_free(names: list[str], message: str) -> None:
    with pytest.raises(NeuroError) as error:
        nd.load("lif").stability(free=names)
    assert message == error.value.report.found[0].message


def test_a_jacobian_of_unknown_names_is_refused() -> None:
    with pytest.raises(NeuroError) as error:
        nd.load("lif").jacobian()["V", "w"]
    assert error.value.report.found[0].message == "`lif` has no state with an equation `w`"


def test_the_frequency_at_the_hopf_point_of_hodgkin_and_huxley_is_that_of_the_pair() -> None:
    # Rinzel, Miller, 1980, doi:10.1016/0025-5564(80)90109-1, give 9.78; with the frequency: I = 9.775438, omega = 0.586234.
    pair = nd.load("hodgkin_huxley").fixed_points(I=9.775438)[0].eigenvalues[0]
    assert (pytest.approx(pair.real, abs=1e-6), pytest.approx(pair.imag, abs=1e-6)) == (0.0, 0.586234)


def test_a_point_without_a_jacobian_has_no_margins() -> None:
    found = nd.loads("dx/dt = sqrt(x) - x\n").stability()
    assert (found.margins[0], found.fixed_points[0].type) == ((), "unknown: the Jacobian is not finite")
    assert "at fixed point 1: no numbers" in str(found)


def test_a_jacobian_of_many_entries_is_printed_in_part() -> None:
    text = repr(nd.load("hebbian_network").jacobian())
    assert (len(text.splitlines()), text.splitlines()[-1]) == (42, "  and 21 more entries that are not 0")


def test_a_jacobian_without_entries_says_so() -> None:
    assert repr(nd.loads("next x = 3", "m").jacobian()).splitlines()[1:] == ["  every entry is 0"]


def test_the_inputs_of_a_network_are_written_below_its_jacobian() -> None:
    lines = nd.load("ring_attractor").stability().lines()
    assert "J[R.r, R.r] = J_0*(1 if R.h_total + unit.I_0 >= 0 else 0)/unit.tau - 1/unit.tau" in lines[0]
    assert lines[1:3] == ["  with", "    R.h_total = J_0*R.r + unit.h"]
