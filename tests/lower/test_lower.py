"""What an author wrote becomes ordered, closed, first-order mathematics."""

from __future__ import annotations

import pytest
import sympy
from sympy import Symbol

import neurodsl as nd
from neurodsl.diagnostics import Report
from neurodsl.lang import read
from neurodsl.lower import lower
from neurodsl.source import Source
from neurodsl.system import System


def system(text: str) -> System:
    """Return the system of a text."""
    report = Report()
    model = read(Source("m.neuro", text), report)
    assert model is not None, report.found
    return lower(model)


def derivative(text: str, state: str) -> sympy.Expr:
    """Return the derivative of a state with the definitions put in."""
    made = system(text)
    expression = next(s.derivative for s in made.states if s.name == state)
    for definition in reversed(made.definitions):
        expression = expression.subs(definition.symbol, definition.expression)
    return expression


def sym(names: str) -> tuple[Symbol, ...]:
    return tuple(Symbol(name) for name in names.split())


def test_a_factor_on_the_left_divides_the_right() -> None:
    C, g, V, E = sym("C g V E")
    assert sympy.expand(derivative("param C = 2, g = 3, E = 1\nC*dV/dt = -g*(V - E)\n", "V") - (-g * (V - E) / C)) == 0


def test_a_left_side_may_hold_more_than_the_derivative() -> None:
    a, x = sym("a x")
    assert sympy.simplify(derivative("param a = 2\n(1 + a)*dx/dt + x - 1 = 3*x\n", "x") - (2 * x + 1) / (1 + a)) == 0


def test_two_derivatives_on_one_side_are_solved_together() -> None:
    x, y = sym("x y")
    text = "init x = 1, y = 0\ndx/dt + dy/dt = x\ndx/dt - dy/dt = y\n"
    assert sympy.expand(derivative(text, "x") - (x + y) / 2) == 0
    assert sympy.expand(derivative(text, "y") - (x - y) / 2) == 0


def test_an_equation_of_second_order_becomes_two() -> None:
    made = system("param k = 4\ninit x = 1, dx/dt = 0.5\nd2x/dt2 = -k*x\n")
    assert [(s.name, s.initial, s.derivative) for s in made.states] == [
        ("x", 1, Symbol("dx/dt")),
        ("dx/dt", sympy.Rational(1, 2), -Symbol("k") * Symbol("x")),
    ]


def test_the_derivative_of_another_state_may_be_used() -> None:
    x, y = sym("x y")
    assert sympy.expand(derivative("init x = 1, y = 1\ndx/dt = -x\ndy/dt = dx/dt - y\n", "y") - (-x - y)) == 0


def test_decimals_stay_exact() -> None:
    assert derivative("init x = 1\ndx/dt = -0.08*x\n", "x") == -sympy.Rational(2, 25) * Symbol("x")


def test_a_coherent_file_gets_no_conversion_factor() -> None:
    text = (
        "param C = 1 [uF/cm^2], g = 0.1 [mS/cm^2], E = -65 [mV]\ninput I = 2 [uA/cm^2]\ninit V = -65 [mV]\n"
        "simulate: duration 1 [ms]\nC*dV/dt = -g*(V - E) + I\n"
    )
    C, g, V, E, current = sym("C g V E I")
    assert sympy.expand(derivative(text, "V") - (-g * (V - E) + current) / C) == 0


def test_a_file_of_mixed_scales_gets_constant_factors() -> None:
    text = "param tau = 0.01 [s]\ninit V = 1 [mV]\nsimulate: duration 1 [ms]\ntau*dV/dt = -V\n"
    tau, V = sym("tau V")
    assert sympy.simplify(derivative(text, "V") - (-V / (1000 * tau))) == 0


def test_steady_initial_values_are_found_together() -> None:
    made = system("param a = 2, b = 3\ninit x = steady, y = steady\ndx/dt = a - x + y\ndy/dt = b - 2*y\n")
    a, b = sym("a b")
    assert [sympy.simplify(s.initial - e) for s, e in zip(made.states, (a + b / 2, b / 2), strict=True)] == [0, 0]


def test_definitions_stand_before_what_uses_them() -> None:
    made = system("init x = 1\nz = 2*y\ny = x + 1\ndx/dt = -z\n")
    assert [d.name for d in made.definitions] == ["y", "z"]


def test_known_times_are_collected() -> None:
    made = system("param a = 5\ninput I = pulse(t, a, 2*a + 1)\ninit x = 0\ndx/dt = I + (1 if t > 3 else 0)\n")
    assert set(made.edges) == {Symbol("a"), 2 * Symbol("a") + 1, sympy.Integer(3)}


def test_a_function_is_defined_once_for_each_argument() -> None:
    made = system("init x = 1, y = 2\nS(u) = 1/(1 + exp(-u))\ndx/dt = S(x) + S(x) - x\ndy/dt = S(x) + S(y) - y\n")
    assert [d.name for d in made.definitions] == ["S", "S_2"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("init x = 1\n(dx/dt)^2 = x\n", "M101"),
        ("init x = 1\n0*dx/dt = x\n", "M101"),
        ("init x = 1, y = 1\ndx/dt + dy/dt = x\n2*dx/dt + 2*dy/dt = y\n", "M101"),
        ("init x = 1\ny = dx/dt\ndx/dt = -x + y\n", "M101"),
        ("init x = 1\ndx/dt = (-8)^(1/3)*x\n", "M101"),
        ("init x = 1\ndx/dt = 1\non x == 2: x = 0\n", "M105"),
    ],
)
def test_what_cannot_be_solved_is_said(text: str, code: str) -> None:
    found = nd.loads(text).check().found
    assert [d.rule.code for d in found if d.rule.severity == "error"] == [code]
