"""Values given by name: those of a variant, of ``--set``, ``--input`` and ``--init``."""

from __future__ import annotations

import pytest

from neurodsl.diagnostics import Report
from neurodsl.lang import override, parse_expression, read, unparse, with_variant
from neurodsl.model import STEADY, Model
from neurodsl.source import Source

TEXT = """\
param tau = 10 [ms], R = 10 [MOhm], V_rest = -65 [mV], n = 2, T = 2*tau
input I = 2 [nA], J = 0 [nA]
k = R*1 [nA]
f(x) = x + 1 [ms]
init V = V_rest, c = 0, dx/dt = 1 [mV/ms]
tau*dV/dt = -(V - V_rest) + R*(I + J) + k*n/f(T)*[ms]
d2x/dt2 = -x/tau^2
on V > 0: c += 1
variant fast: tau = 5 [ms], I = 3 [nA], V = -60 [mV], dx/dt = 2 [mV/ms]
variant circle: tau = T
"""


def model(text: str = TEXT) -> Model:
    """Return the model of a text."""
    found = read(Source("m.neuro", text), Report())
    assert found is not None
    return found


def changed(kind: str, name: str, text: str, base: str = TEXT) -> tuple[Model, list[str]]:
    """Return a model with a value replaced, and the codes of what was found wrong."""
    report = Report()
    value = parse_expression(Source("<value>", text), report)
    assert value is not None, report.found
    return override(model(base), kind, name, value, report), [d.rule.code for d in report.found]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("tau", "20", "20 [ms]"),
        ("tau", "20 [ms]", "20 [ms]"),
        ("tau", "0.02 [s]", "0.02 [s]"),
        ("tau", "2*R + n", "(2*(R/[MOhm]) + n)*[ms]"),
        ("tau", "R/[MOhm]*[ms]", "R/[MOhm]*[ms]"),
        ("n", "3", "3"),
        ("n", "tau + 1", "tau/[ms] + 1"),
        ("R", "k", "(R*1 [nA]/[mV])*[MOhm]"),
        ("tau", "f(3 [ms])", "f(3 [ms])"),
        ("tau", "0", "0 [ms]"),
    ],
)
def test_a_parameter_takes_a_value_in_its_own_unit_or_with_a_unit(name: str, text: str, expected: str) -> None:
    found, codes = changed("set", name, text)
    if name == "R":
        assert codes == ["N103"]
    else:
        assert (unparse(found.parameters[name].value), codes) == (expected, [])


def test_an_input_takes_an_expression_of_the_time() -> None:
    found, codes = changed("input", "I", "10*pulse(t, 5, 30) + 2*J")
    assert (unparse(found.inputs["I"].value), codes) == ("(10*pulse(t/[ms], 5, 30) + 2*(J/[nA]))*[nA]", [])


def test_an_input_takes_an_expression_with_units() -> None:
    found, codes = changed("input", "I", "10*pulse(t, 5 [ms], 30 [ms]) [nA]")
    assert (unparse(found.inputs["I"].value), codes) == ("10*(pulse(t, 5 [ms], 30 [ms])*[nA])", [])


def test_initial_values_are_replaced() -> None:
    value = changed("init", "V", "-60")[0].states["V"].initials[0]
    assert unparse(value) == "(-60)*[mV]"  # type: ignore[arg-type]
    assert changed("init", "V", "steady")[0].states["V"].initials == (STEADY,)
    speed = changed("init", "dx/dt", "3")[0].states["x"].initials
    assert (speed[0], unparse(speed[1])) == (None, "3 [mV/ms]")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "name", "text", "code"),
    [
        ("set", "ta", "3", "V102"),
        ("set", "I", "3", "V102"),
        ("set", "V", "3", "V102"),
        ("set", "k", "3", "V102"),
        ("input", "tau", "3", "V102"),
        ("init", "tau", "3", "V102"),
        ("init", "dV/dt", "3", "V102"),
        ("set", "tau", "3 [mV]", "U101"),
        ("set", "tau", "V_rest + 2 [ms]", "U101"),
        ("set", "tau", "foo", "N101"),
        ("set", "tau", "t", "N112"),
        ("set", "tau", "V", "N112"),
        ("set", "tau", "I", "N112"),
        ("set", "tau", "T", "N103"),
        ("set", "tau", "tau", "N103"),
        ("set", "tau", "2 > 3", "N111"),
        ("set", "tau", "steady", "N101"),
        ("set", "n", "exp(2 [mV])", "U103"),
        ("input", "I", "V", "N112"),
        ("input", "I", "J + 3 [mV]", "U101"),
        ("init", "V", "x", "N112"),
        ("init", "c", "steady", "V101"),
    ],
)
def test_a_value_that_cannot_be_used_leaves_the_model_as_it_is(kind: str, name: str, text: str, code: str) -> None:
    found, codes = changed(kind, name, text)
    assert (codes, found == model()) == ([code], True)


def test_a_model_without_units_takes_numbers_alone() -> None:
    text = "param a = 1\ndx/dt = -a*x"
    assert unparse(changed("set", "a", "2 + 1", text)[0].parameters["a"].value) == "2 + 1"
    assert changed("set", "a", "2 [mV]", text)[1] == ["V101"]


def test_a_variant_sets_parameters_inputs_and_initial_values() -> None:
    report = Report()
    found = with_variant(model(), "fast", report)
    assert report.found == []
    values = (found.parameters["tau"].value, found.inputs["I"].value, found.states["V"].initials[0], found.states["x"].initials[1])
    assert [unparse(value) for value in values] == ["5 [ms]", "3 [nA]", "-60 [mV]", "2 [mV/ms]"]  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "code"), [("fsat", "V102"), ("circle", "N103")])
def test_a_variant_that_cannot_be_used_leaves_the_model_as_it_is(name: str, code: str) -> None:
    report = Report()
    found = with_variant(model(), name, report)
    assert ([d.rule.code for d in report.found], found == model()) == ([code], True)


DRAWN = """\
param g ~ normal(0.1, 0.01) [nS], h ~ normal(g, k), k = 2*g, C = 1 [pF]
noise xi
init V ~ uniform(-65, -50) [mV], n = 0.3
C*dV/dt = -(g + h)*V + 1 [pA*ms^(1/2)]*xi
dn/dt = -n/[ms]
variant fixed: g = 0.2 [nS], V = -60 [mV]
"""


def test_a_value_that_is_given_replaces_a_distribution() -> None:
    found, codes = changed("set", "g", "0.3", DRAWN)
    assert (unparse(found.parameters["g"].value), unparse(found.parameters["h"].value), codes) == ("0.3 [nS]", "normal(g, k)", [])
    value = changed("init", "V", "-60", DRAWN)[0].states["V"].initials[0]
    assert unparse(value) == "(-60)*[mV]"  # type: ignore[arg-type]


def test_a_variant_replaces_distributions() -> None:
    found = with_variant(model(DRAWN), "fixed", Report())
    values = (found.parameters["g"].value, found.states["V"].initials[0])
    assert [unparse(value) for value in values] == ["0.2 [nS]", "-60 [mV]"]  # type: ignore[arg-type]


def test_what_is_drawn_keeps_its_place_in_the_order() -> None:
    assert list(changed("set", "g", "C/[ms]", DRAWN)[0].parameters) == ["C", "g", "k", "h"]


@pytest.mark.parametrize(
    ("kind", "name", "text", "code"),
    [
        ("set", "C", "xi*[pF*ms^(1/2)]", "N112"),
        ("set", "xi", "3", "V102"),
        ("set", "g", "k", "N103"),
        ("set", "C", "normal(0, 1)", "N105"),
    ],
)
def test_a_value_cannot_use_a_noise_or_draw(kind: str, name: str, text: str, code: str) -> None:
    found, codes = changed(kind, name, text, DRAWN)
    assert (codes, found == model(DRAWN)) == ([code], True)


def test_a_map_takes_values_but_no_steady_state_and_no_derivative() -> None:
    text = "param r = 3.9\ninit x = 0.3\nnext x = r*x*(1 - x)"
    assert unparse(changed("set", "r", "2", text)[0].parameters["r"].value) == "2"
    assert changed("init", "x", "steady", text)[1] == ["S108"]
    assert changed("set", "r", "dx/dt", text)[1] == ["N110"]


def test_parameters_keep_an_order_in_which_each_can_be_computed() -> None:
    assert list(changed("set", "tau", "n*[ms]")[0].parameters) == ["n", "tau", "R", "V_rest", "T"]
