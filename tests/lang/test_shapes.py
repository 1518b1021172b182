"""The shapes of a model, and how far its index variables run."""

from __future__ import annotations

from fractions import Fraction

import pytest

from neurodsl.diagnostics import Report
from neurodsl.lang import override, parse_expression, read, unparse, with_variant
from neurodsl.lang.nodes import Expression, Reduction
from neurodsl.lang.shapes import Shapes, find_shapes
from neurodsl.lang.sizes import Constants
from neurodsl.model import Distribution, Model
from neurodsl.source import Source

TEXT = """\
param N = 3, M = 2*N, P = M - N_0, W[N, N] ~ sparse(0.5, normal(0, 1)), v = (1, 2, 3, 4), X = ((0, 1), (1, 0), (1, 1)), k = 7
N_0 = 1
input I[N] = 2
noise xi, eta[P], zeta
init x[N] = 0, V[P] = 0, s = (1, 2), n = 0
f(x) = tanh(x)*2
g(x) = sum(x[i]*x[j] for i, j)
h = f(W @ x + I)
C[i, j] = sum(X[m, i]*X[m, j] for m)
L = g(h) + k
dx/dt = -x + h + xi
dV[i]/dt = -V[i] + eta[i] + zeta
dq[i]/dt = v[i]
ds/dt = C @ s
on V[i] > n: V[i] = 0; n += 1
"""


def model(text: str = TEXT) -> Model:
    """Return the model of a text."""
    report = Report()
    found = read(Source("m.neuro", text), report)
    assert found is not None, report.found
    return found


def shapes(found: Model) -> Shapes:
    """Return the shapes of a model in which they agree."""
    report = Report()
    result = find_shapes(found, report)
    assert result is not None, report.found
    return result


def expression(text: str) -> Expression:
    """Return the expression that a text consists of."""
    found = parse_expression(Source("<value>", text), Report())
    assert found is not None
    return found


def test_everything_has_a_shape() -> None:
    assert dict(shapes(model()).names) == {
        **{"N": (), "M": (), "P": (), "W": (3, 3), "v": (4,), "X": (3, 2), "k": (), "I": (3,), "xi": (3,), "eta": (5,), "zeta": (5,)},
        **{"N_0": (), "h": (3,), "C": (2, 2), "L": (), "x": (3,), "V": (5,), "s": (2,), "n": (), "q": (4,)},
    }


def test_the_parameters_on_which_sizes_depend_are_known() -> None:
    assert shapes(model()).sizes == {"N", "M", "P"}


def test_a_model_without_arrays_has_numbers_alone() -> None:
    found = shapes(model("param a = 2\ndx/dt = -a*x"))
    assert (dict(found.names), found.sizes) == ({"a": (), "x": ()}, frozenset())


def test_sizes_follow_the_parameters() -> None:
    value = parse_expression(Source("<value>", "5"), Report())
    assert value is not None
    found = shapes(override(model(), "set", "N", value, Report()))
    assert [found.names[name] for name in ("W", "h", "V", "eta", "v")] == [(5, 5), (5,), (9,), (9,), (4,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W @ x + 1", (3,)),
        ("x @ x", ()),
        ("x @ W", (3,)),
        ("transpose(X) @ W", (2, 3)),
        ("outer(x, v)", (3, 4)),
        ("W[0]", (3,)),
        ("W[i, j]", ()),
        ("(x, x)", (2, 3)),
        ("f(X)", (3, 2)),
        ("max(x, 0)", (3,)),
        ("max(x)", ()),
        ("norm(W)", ()),
        ("x if sum(x) > 0 else 1", (3,)),
        ("1 if x > 0 else 0", (3,)),
        ("diff(L, W)", (3, 3)),
        ("diff(L, x[0])", ()),
        ("sum(W[i] for i)", (3,)),
        ("inverse(W)", (3, 3)),
        ("spectral_radius(W)", ()),
        ("rand()", ()),
        ("t + dt + pi", ()),
        ("(2,)", (1,)),
    ],
)
def test_an_expression_has_a_shape(text: str, expected: tuple[int, ...]) -> None:
    assert shapes(model()).of(expression(text)) == expected


def test_the_shape_of_an_argument_is_given() -> None:
    found = shapes(model())
    assert found.of(expression("y @ y + W[0, 0]"), {"y": (7,), "W": (2, 2)}) == ()
    assert found.of(expression("y + k"), {"y": (7,)}) == (7,)


def test_an_index_variable_runs_over_the_dimension_it_stands_for() -> None:
    node = expression("sum(W[i, j]*x[j] + X[i, k] + dV[m]/dt for i, j, k, m)")
    assert isinstance(node, Reduction)
    assert shapes(model()).ranges(node.body, node.variables) == {"i": 3, "j": 3, "k": 2, "m": 5}


def test_an_index_variable_runs_over_an_argument() -> None:
    assert shapes(model()).ranges(expression("y[i]*x[j + i]"), ["i", "j"], {"y": (9,)}) == {"i": 9}


def test_a_noise_without_a_size_is_that_of_the_element() -> None:
    assert unparse(model().equations[1].right) == "-V[i] + eta[i] + zeta[i]"


def test_the_model_keeps_sizes_and_index_variables() -> None:
    found = model()
    assert [unparse(size) for size in found.parameters["W"].shape] == ["N", "N"]
    assert [unparse(size) for size in found.states["V"].shape] == ["P"]
    assert [equation.indices for equation in found.equations] == [(), ("i",), ("i",), ()]
    assert (found.definitions["C"].indices, found.events[0].indices) == (("i", "j"), ("i",))
    assert [unparse(index) for index in found.events[0].actions[0].indices] == ["i"]
    assert found.events[0].actions[1].indices == ()


def test_what_adds_to_an_element_uses_the_element() -> None:
    found = model("init x[2] = 0\ndx/dt = -x\non x[i] > 1: x[i] -= 1; x[0] *= 2")
    assert [unparse(action.value) for action in found.events[0].actions if action.value is not None] == ["x[i] - 1", "x[0]*2"]


def test_the_elements_of_a_map_stand_on_its_left_side() -> None:
    found = model("init x[2] = 0, y[2] = 0\nnext x[i] = -x[i], y = -y")
    assert [(unparse(e.left), e.indices, e.defines) for e in found.equations] == [("x[i]", ("i",), (("x", 1),)), ("y", (), (("y", 1),))]


def test_a_sparse_draw_keeps_its_inner_distribution() -> None:
    value = model("param W[2, 2] ~ sparse(0.1, normal(0, 2)) [nS], E = 1 [mV]\ndx/dt = W[0, 0]*E/[pF]").parameters["W"].value
    assert isinstance(value, Distribution)
    assert (value.name, value.inner, [unparse(a) for a in value.arguments]) == ("sparse", "normal", ["0.1", "0 [nS]", "2 [nS]"])
    assert unparse(value) == "sparse(0.1, normal(0, 2)) [nS]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2^3 - 1/2", Fraction(15, 2)),
        ("floor(7/2) + ceil(7/2) + round(2.4)", Fraction(9)),
        ("abs(-3) + min(1, 2) + max(1, 2) + mod(7, 4)", Fraction(9)),
        ("a*b", Fraction(6)),
        ("T/(2 [ms])", Fraction(5)),
        ("T", None),
        ("c", None),
        ("sin(1)", None),
        ("1/0", None),
        ("2^65", None),
        ("mod(1, 0)", None),
        ("x", None),
    ],
)
def test_a_number_is_known_where_it_follows_from_parameters(text: str, expected: Fraction | None) -> None:
    constants = Constants(model("param a = 2, b = a + 1, c ~ normal(0, 1), T = 10 [ms]\ndx/dt = (a + b + c - x)/T"))
    assert constants.number(expression(text)) == expected


CHANGED = """\
param N = 2, w[N] = 0 [mV], W[2, 2] = 1, tau = 10 [ms]
input I[N] = 0 [mV]
init V[N] = 0 [mV]
tau*dV/dt = W @ V + w + I
variant one: w = 1 [mV]
variant two: w = (1, 2) [mV], V = (3, 4) [mV]
"""


@pytest.mark.parametrize(
    ("kind", "name", "text", "expected"),
    [
        ("set", "w", "(1, 2)", "((1, 2))*[mV]"),
        ("set", "w", "(1, 2) [V]", "(1, 2)*[V]"),
        ("set", "w", "3", "3 [mV]"),
        ("set", "W", "((1, 2), (3, 4))", "((1, 2), (3, 4))"),
        ("set", "w", 'load("w.npy")', '(load("w.npy"))*[mV]'),
        ("input", "I", "(t, 2)", "((t/[ms], 2))*[mV]"),
        ("init", "V", "2*w", "(2*(w/[mV]))*[mV]"),
    ],
)
def test_an_array_takes_values_by_name(kind: str, name: str, text: str, expected: str) -> None:
    report = Report()
    found = override(model(CHANGED), kind, name, expression(text), report)
    value = {"set": found.parameters, "input": found.inputs}.get(kind, {}).get(name)
    shown = found.states[name].initials[0] if value is None else value.value  # type: ignore[attr-defined]
    assert (report.found, unparse(shown)) == ([], unparse(expression(expected)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "name", "text"), [("set", "w", "(1, 2, 3)"), ("set", "W", "w/[mV]"), ("init", "V", "steady"), ("set", "N", "1/2")])
def test_a_value_of_another_shape_is_found(kind: str, name: str, text: str) -> None:
    report = Report()
    found = override(model(CHANGED), kind, name, expression(text), report)
    assert report.found == []
    assert find_shapes(found, report) is None
    assert {d.rule.code for d in report.found} == {{"steady": "S108", "1/2": "A104"}.get(text, "A101")}


UNSIZED = """\
param v = (1, 2, 3), s = 2, M = ((1, 2), (3, 4))
init x = (1, 2), y = 0
dx/dt = M @ x*s - sum(v)
dy/dt = sum(v)
variant zero: v = 0, x = 0
variant long: v = (1, 2, 3, 4)
"""


def test_a_number_fills_an_array_whose_value_said_its_size() -> None:
    found = model(UNSIZED)
    for kind, name in (("set", "v"), ("init", "x"), ("set", "M")):
        found = override(found, kind, name, expression("0"), Report())
    assert [shapes(found).names[name] for name in ("v", "x", "M")] == [(3,), (2,), (2, 2)]
    assert [shapes(with_variant(model(UNSIZED), "zero", Report())).names[name] for name in ("v", "x")] == [(3,), (2,)]


def test_an_array_that_is_not_declared_with_a_size_takes_that_of_its_new_value() -> None:
    assert shapes(with_variant(model(UNSIZED), "long", Report())).names["v"] == (4,)


@pytest.mark.parametrize(("kind", "name", "text"), [("set", "s", "(1, 2)"), ("set", "v", "M"), ("init", "y", "(1, 2)"), ("init", "x", "M")])
def test_a_value_does_not_change_the_number_of_dimensions(kind: str, name: str, text: str) -> None:
    report = Report()
    found = override(model(UNSIZED), kind, name, expression(text), report)
    assert ([d.rule.code for d in report.found], found == model(UNSIZED)) == (["A101"], True)
