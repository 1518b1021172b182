"""What a text becomes: the model that the rest of the program starts from."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from neurodsl.diagnostics import Report
from neurodsl.lang import parse_expression, read, read_all, unparse
from neurodsl.lang.dimensions import result_unit
from neurodsl.lang.functions import BUILTINS
from neurodsl.lang.nodes import Number
from neurodsl.model import STEADY, Distribution, Model, Settings
from neurodsl.source import Source
from neurodsl.units import ONE, describe, parse_unit

HODGKIN_HUXLEY = """\
# hh.neuro - Hodgkin and Huxley 1952
param C = 1 [uF/cm^2], g_Na = 120 [mS/cm^2], g_K = 36 [mS/cm^2], g_L = 0.3 [mS/cm^2] "leak conductance"
param E_Na = 115 [mV], E_K = -12 [mV], E_L = 10.613 [mV]
input I = 10 [uA/cm^2]
alpha_n(V) = 0.01 [1/ms] * (10 - V/[mV]) / (exp((10 - V/[mV])/10) - 1)
beta_n(V) = 0.125 [1/ms] * exp(-V/80 [mV])
alpha_m(V) = 0.1 [1/ms] * (25 - V/[mV]) / (exp((25 - V/[mV])/10) - 1)
beta_m(V) = 4 [1/ms] * exp(-V/18 [mV])
alpha_h(V) = 0.07 [1/ms] * exp(-V/20 [mV])
beta_h(V) = 1 [1/ms] / (exp((30 - V/[mV])/10) + 1)
init V = 0 "membrane potential", m = steady, h = steady, n = steady
I_ion = g_Na*m^3*h*(V - E_Na) + g_K*n^4*(V - E_K) + g_L*(V - E_L) "ionic current"
C*dV/dt = I - I_ion
dm/dt = alpha_m(V)*(1 - m) - beta_m(V)*m
dh/dt = alpha_h(V)*(1 - h) - beta_h(V)*h
dn/dt = alpha_n(V)*(1 - n) - beta_n(V)*n
on V > 50 [mV]: wait 2 [ms]
simulate:
    duration 0.2 [s]
    dt 10 [us]
    method rk4
    events exact
    record V, n, I_ion, spikes
variant strong "20 uA": I = 20 [uA/cm^2], V = 3 [mV]
"""


def model(text: str, name: str = "test.neuro") -> Model:
    """Return the model of a text without errors."""
    report = Report()
    found = read(Source(name, text), report)
    assert found is not None, report.found
    return found


def units(found: Model) -> dict[str, str]:
    """Return the units of all quantities of a model as text."""
    quantities = {**found.parameters, **found.inputs, **found.definitions, **found.states}
    return {name: describe(quantity.unit) for name, quantity in quantities.items()}


def test_the_units_of_hodgkin_and_huxley_are_found() -> None:
    found = units(model(HODGKIN_HUXLEY))
    assert {name: found[name] for name in ("V", "m", "I_ion", "I")} == {"V": "mV", "m": "1", "I_ion": "uA/cm^2", "I": "uA/cm^2"}


def test_the_title_is_the_first_comment_without_the_name_of_the_file() -> None:
    assert model(HODGKIN_HUXLEY).doc == "Hodgkin and Huxley 1952"
    assert model("\n#\n#  A title \n# more\ndx/dt = 1").doc == "A title"
    assert model("dx/dt = 1\n# no title").doc is None


def test_a_model_is_named_after_its_file() -> None:
    assert [model("dx/dt = 1", name).name for name in ("a/b/lif.neuro", "<stdin>", "my model.neuro")] == ["lif", "stdin", "my model"]


def test_labels_belong_to_their_quantities() -> None:
    found = model(HODGKIN_HUXLEY)
    docs = (found.parameters["g_L"].doc, found.parameters["C"].doc, found.states["V"].doc, found.definitions["I_ion"].doc)
    assert docs == ("leak conductance", None, "membrane potential", "ionic current")


def test_the_label_of_an_equation_is_that_of_its_state() -> None:
    assert model('dx/dt = -x "position"').states["x"].doc == "position"


def test_settings_are_in_the_unit_of_the_duration() -> None:
    found = model(HODGKIN_HUXLEY)
    assert (describe(found.time_unit), found.settings) == ("s", Settings(0.2, 1e-5, "rk4", "exact", ("V", "n", "I_ion")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dx/dt = 1", "1"),
        ("param V = 3 [mV]\ndx/dt = V/[mV*s]\nsimulate: duration 3", "ms"),
        ("param V = 3 [mV*s], tau = 3 [s], T = 2 [us]\ndx/dt = V/tau/T/[mV]*[us]", "s"),
        ("param tau = 3 [s]\ndx/dt = 1/tau\nsimulate: duration 3 [min]", "min"),
    ],
)
def test_the_time_of_a_file_has_its_unit_from_the_duration_or_the_first_time(text: str, expected: str) -> None:
    assert describe(model(text).time_unit) == expected


def test_initial_values_are_expressions_or_steady_or_absent() -> None:
    found = model("init x = 2, m = steady, dy/dt = 3\ndx/dt = -x\ndm/dt = -m\nd2y/dt2 = -y\ndz/dt = -z")
    assert found.states["x"].initials == (Number(found.states["x"].span, Fraction(2)),)
    assert [found.states[name].initials for name in ("m", "z")] == [(STEADY,), (None,)]
    assert found.states["y"].initials[0] is None
    assert (found.states["y"].order, unparse(found.states["y"].initials[1])) == (2, "3")  # type: ignore[arg-type]


def test_an_action_holds_the_whole_new_value() -> None:
    found = model("init n = 0\nd2x/dt2 = -x\non x > n: x += 1; n *= 2; dx/dt -= 3; x /= 2; hold x for 2; wait 3; emit spike; stop")
    shown = [(a.kind, a.target, a.order, None if a.value is None else unparse(a.value)) for a in found.events[0].actions]
    assert shown == [
        ("set", "x", 0, "x + 1"),
        ("set", "n", 0, "n*2"),
        ("set", "x", 1, "dx/dt - 3"),
        ("set", "x", 0, "x/2"),
        ("hold", "x", 0, "2"),
        ("wait", None, 0, "3"),
        ("emit", None, 0, None),
        ("stop", None, 0, None),
    ]


def test_an_action_multiplies_by_the_whole_of_what_follows() -> None:
    found = model("init n = 1\ndx/dt = 1\non x > n: n *= 1 + x; n /= x*2; n -= 1 - x")
    assert [unparse(a.value) for a in found.events[0].actions if a.value] == ["n*(1 + x)", "n/(x*2)", "n - (1 - x)"]


def test_kinds_of_events_and_what_is_a_spike() -> None:
    text = "dx/dt = 1\non start: x = 1\nat 3: x = 2\nevery 2: x = 3; emit spike\non x > 1: x = 0\n"
    assert [(e.kind, e.spikes) for e in model(text).events] == [("start", False), ("at", False), ("every", True), ("condition", True)]
    several = model(text + "on x > 2: x = 0\n")
    assert [e.spikes for e in several.events] == [False, False, True, False, False]


def test_equations_say_what_they_define() -> None:
    found = model("2*dx/dt + dy/dt = -x\ndx/dt - dy/dt = -y\nd2z/dt2 + dz/dt = -z\ndw/dt + dz/dt = 2")
    assert [e.defines for e in found.equations] == [(("x", 1), ("y", 1)), (("x", 1), ("y", 1)), (("z", 2),), (("w", 1),)]


def test_parameters_stand_after_those_they_use_with_derived_constants_put_in() -> None:
    found = model("param a = 2*k, b = f(c), c = 3\nk = b + c\nf(x) = x*c\ndx/dt = -a*x")
    shown = {name: unparse(parameter.value) for name, parameter in found.parameters.items()}
    assert list(shown.items()) == [("c", "3"), ("b", "f(c)"), ("a", "2*(b + c)")]


def test_a_derived_quantity_is_constant_if_it_depends_on_parameters_alone() -> None:
    found = model("param a = 2\ninput I = 3\nb = 2*a\nc = b^2\nd = I\ne = t\ng = f(b)\nf(x) = x + h\nh = x\ndx/dt = c + d + e + g")
    assert {n: d.constant for n, d in found.definitions.items()} == {"b": True, "c": True, "d": False, "e": False, "g": False, "h": False}


def test_a_derived_quantity_has_the_scale_of_its_first_term() -> None:
    found = model("param a = 2 [mV], b = 3 [V], R = 2 [MOhm], I = 1 [nA]\nc = a + b\nd = b + a\ne = R*I + b\ndx/dt = (c + d + e)/[V*s]")
    assert {name: describe(d.unit) for name, d in found.definitions.items()} == {"c": "mV", "d": "V", "e": "mV"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("param E = 3 [mV], tau = 2 [ms]\ntau*dV/dt = E - V", "mV"),
        ("param g = 3 [nS], C = 2 [pF]\ninput I = 2 [pA]\nC*dU/dt = I - g*V\ninit U = 3 [mV]\ndV/dt = -V/[ms]", "mV"),
        ("param tau = 2 [ms]\ntau*dV/dt = -V\non V > 3 [nS]: V += 1 [nS]", "nS"),
        ("param tau = 2 [ms]\ntau*dV/dt = -V + max(V, 0 [um])", "um"),
        ("param tau = 2 [ms], E = 3 [mV]\ntau*dV/dt = (E if V > 0 else V)", "mV"),
        ("param tau = 2 [ms]\ntau*dV/dt = -V\nx = sqrt(V)\ny = x + 2 [mV]", "mV^2"),
        ("param tau = 2 [ms]\ntau*dV/dt = -V\nx = V^3\ny = x + 8 [mV^3]", "mV"),
        ("param tau = 2 [ms]\ntau*dV/dt = -V\nx = exp(V/[mV])", "mV"),
        ("param tau = 2 [ms]\nd2V/dt2 = -V/tau^2\ninit dV/dt = 3 [um/ms]", "um"),
        ("param tau = 2 [ms]\ntau*dV/dt = -V + w\ndw/dt = (2 [mV] - w)/tau", "mV"),
        ("param tau = 2 [ms]\ntau*dV/dt = -V", "1"),
        ("param k = 2 [mV/ms]\ndV/dt = k*u\ndu/dt = -u/[ms]", "mV"),
    ],
)
def test_the_unit_of_a_state_is_inferred(text: str, expected: str) -> None:
    assert units(model(text))["V"] == expected


def test_several_models_are_read_from_one_file() -> None:
    text = 'model a "first":\n    dx/dt = 1\nmodel b:\n    dy/dt = 2 [mV/s]\n'
    report = Report()
    found = read_all(Source("both.neuro", text), report)
    assert [(name, m.doc, list(m.states)) for name, m in found.items()] == [("a", "first", ["x"]), ("b", None, ["y"])]
    assert read(Source("both.neuro", text), report) is None
    assert [d.rule.code for d in report.found if d.rule.severity == "error"] == ["N114"]


def test_names_are_normalised() -> None:
    ohm_sign, omega = "\u2126", "\u03a9"
    assert list(model(f"d{ohm_sign}/dt = -{omega}").states) == [omega]


def test_a_text_with_a_byte_order_mark_and_crlf_is_read() -> None:
    assert list(model("\ufeffparam a = 1\r\n\r\ndx/dt = -a*x\r\non x > 1:\r\n    x = 0\r\n").states) == ["x"]


@pytest.mark.parametrize(
    ("text", "place"), [("dx/dt = 1 # \a", (1, 13)), ("dx/dt = 1\r# 2", (1, 10)), ('dx/dt = 1 "\0"', (1, 12)), ("# \u202e", (1, 3))]
)
def test_a_control_character_is_refused_at_its_place(text: str, place: tuple[int, int]) -> None:
    report = Report()
    assert read(Source("x", text), report) is None
    assert [(d.rule.code, d.span and (d.span.line, d.span.column)) for d in report.found] == [("S102", place)]


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("exp", ["1"], "1"),
        ("sqrt", ["mV^2"], "mV"),
        ("abs", ["mV"], "mV"),
        ("max", ["1", "mV"], "mV"),
        ("sign", ["mV"], "1"),
        ("pulse", ["ms", "ms", "s"], "1"),
    ],
)
def test_the_unit_of_a_call(function: str, arguments: list[str], expected: str) -> None:
    assert result_unit(BUILTINS[function], [parse_unit(text) for text in arguments]) == parse_unit(expected)


def test_a_dimensionless_file_is_not_checked() -> None:
    found = model("param a = 1\ndx/dt = exp(t)*x + a\nsimulate: duration 10")
    assert (found.dimensionless, found.time_unit, units(found)) == (True, ONE, {"a": "1", "x": "1"})


def test_a_value_is_parsed_alone() -> None:
    report = Report()
    assert parse_expression(Source("<--set>", "2 +"), report) is None
    assert parse_expression(Source("<--set>", ""), report) is None
    assert parse_expression(Source("<--set>", "2; 3"), report) is None
    assert parse_expression(Source("<--set>", "a = 3"), report) is None
    assert [d.rule.code for d in report.found] == ["S101", "S101", "S101", "S110"]


def test_a_noise_has_the_unit_of_one_over_the_root_of_the_time() -> None:
    found = model('noise xi "first", eta\ninit x = 0 [mV]\ndx/dt = -x/[s] + 2 [mV/s^(1/2)]*(xi + eta)')
    assert {name: (describe(noise.unit), noise.doc) for name, noise in found.noises.items()} == {
        "xi": ("1/s^(1/2)", "first"),
        "eta": ("1/s^(1/2)", None),
    }
    assert model("noise xi\ndx/dt = xi").noises["xi"].unit == ONE
    assert found.quantity("xi") is found.noises["xi"]


def test_a_derived_quantity_with_noise_is_not_constant() -> None:
    assert not model("param a = 2\nnoise xi\nb = a*xi\ndx/dt = b").definitions["b"].constant


def test_the_unit_of_a_state_is_found_from_its_noise() -> None:
    assert units(model("param D = 2 [mV^2/ms]\nnoise xi\ndV/dt = sqrt(D)*xi"))["V"] == "mV"


def test_what_is_drawn_holds_its_arguments_with_their_units() -> None:
    text = "param a ~ normal(1, 0.5) [mV], b ~ lognormal(0, 1) [nS], c ~ choice(1 [V], 2 [mV])\nk = 2\nparam d ~ gamma(k, 3) [ms]\n"
    found = model(text + "init x ~ uniform(-1, 1) [mV], y = 3\ndx/dt = (a + c)/d*b/[nS]\ndy/dt = 1/d")
    drawn = {n: p.value for n, p in found.parameters.items() if isinstance(p.value, Distribution)}
    shown = {n: (d.name, [unparse(a) for a in d.arguments], describe(d.unit)) for n, d in drawn.items()}
    assert shown == {
        "a": ("normal", ["1 [mV]", "0.5 [mV]"], "mV"),
        "b": ("lognormal", ["0", "1"], "nS"),
        "c": ("choice", ["1 [V]", "2 [mV]"], "V"),
        "d": ("gamma", ["2", "3 [ms]"], "ms"),
    }
    assert {n: describe(p.unit) for n, p in found.parameters.items()} == {n: unit for n, (_, _, unit) in shown.items()}
    start = found.states["x"].initials[0]
    assert isinstance(start, Distribution)
    assert [unparse(a) for a in start.arguments] == ["-1 [mV]", "1 [mV]"]
    assert unparse(found.states["y"].initials[0]) == "3"  # type: ignore[arg-type]


def test_parameters_stand_after_those_their_distribution_uses() -> None:
    found = model("param a ~ normal(b, s), s = 2*k, b ~ uniform(0, 1)\nk = 3\ndx/dt = -a*x")
    assert list(found.parameters) == ["b", "s", "a"]


def test_a_map_is_discrete_and_its_equations_define_their_states() -> None:
    found = model('param r = 3.9\ninit x = 0.3\nnext x = r*x*(1 - x) "population", y = x')
    assert found.discrete
    shown = [(unparse(e.left), unparse(e.right), e.defines) for e in found.equations]
    assert shown == [("x", "r*x*(1 - x)", (("x", 1),)), ("y", "x", (("y", 1),))]
    assert {n: (s.order, s.doc) for n, s in found.states.items()} == {"x": (1, "population"), "y": (1, None)}
    assert not model("dx/dt = -x").discrete
    assert not model("init n = 0\nevery 2: n += 1").discrete


def test_the_time_of_a_map_counts_steps_unless_a_step_has_a_duration() -> None:
    text = "init V = 1 [mV]\nnext V = V/2\nat 3{}: V = 2 [mV]\nsimulate: duration 100{}{}"
    steps, timed = model(text.format("", "", "")), model(text.format(" [s]", " [s]", "; step 2 [ms]"))
    assert (steps.time_unit, steps.settings) == (ONE, Settings(duration=100.0))
    assert (describe(timed.time_unit), timed.settings) == ("s", Settings(duration=100.0, step=0.002))


def test_events_at_random_are_spikes_where_they_are_alone() -> None:
    found = model("dx/dt = 1 - x\non rate 2*x: x = 0\non start: x = 1")
    assert [(e.kind, None if e.trigger is None else unparse(e.trigger), e.spikes) for e in found.events] == [
        ("rate", "2*x", True),
        ("start", None, False),
    ]
    found = model("init x = 1\nnext x = x/2\non chance x: x = 1\non x > 2: x = 0; emit spike")
    assert [(e.kind, e.spikes) for e in found.events] == [("chance", False), ("condition", True)]


def test_every_model_of_the_library_is_read(root: Path) -> None:
    for path in sorted((root / "models").rglob("*.neuro")):
        report = Report()
        assert read_all(Source(str(path), path.read_text(encoding="utf-8")), report), [str(d) for d in report.sorted()]
