"""Expressions survive the way to text and back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from lang.strategies import NOWHERE, expressions

from neurodsl.diagnostics import Report
from neurodsl.lang import parse_expression, read, unparse
from neurodsl.lang.distributions import DISTRIBUTIONS
from neurodsl.lang.limits import within_limits
from neurodsl.lang.nodes import Call, Expression, Name, Number, Power, Product, Sum
from neurodsl.model import Distribution
from neurodsl.source import Source
from neurodsl.units import parse_unit


def parsed(text: str) -> Expression:
    """Return the expression that a text consists of."""
    report = Report()
    found = parse_expression(Source("<value>", text), report)
    assert report.found == []
    assert found is not None
    return found


def name(text: str) -> Name:
    return Name(NOWHERE, text)


def number(value: int | str, unit: str | None = None) -> Number:
    return Number(NOWHERE, Fraction(value), None if unit is None else parse_unit(unit))


@given(expressions)
def test_what_is_written_is_read_back(expression: Expression) -> None:
    assume(within_limits(expression, Report()))
    assert parsed(unparse(expression)) == expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 [mV]", number(10, "mV")),
        ("[mV]", number(1, "mV")),
        ("0.08", number("2/25")),
        ("1/20 [ms]", Product(NOWHERE, (("*", number(1)), ("/", number(20, "ms"))))),
        ("(x)[mV]", Product(NOWHERE, (("*", name("x")), ("*", number(1, "mV"))))),
        ("f(x) [mV]", Product(NOWHERE, (("*", Call(NOWHERE, "f", (name("x"),))), ("*", number(1, "mV"))))),
        ("-x^2", Sum(NOWHERE, ((-1, Power(NOWHERE, name("x"), number(2))),))),
        ("2^-1", Power(NOWHERE, number(2), Sum(NOWHERE, ((-1, number(1)),)))),
        ("2**3^4", Power(NOWHERE, number(2), Power(NOWHERE, number(3), number(4)))),
        ("-x*y + 1", Sum(NOWHERE, ((-1, Product(NOWHERE, (("*", name("x")), ("*", name("y"))))), (1, number(1))))),
        ("(-x) + 1", Sum(NOWHERE, ((1, Sum(NOWHERE, ((-1, name("x")),))), (1, number(1))))),
        ("a mod b", Call(NOWHERE, "mod", (name("a"), name("b")))),
        ("-7.5 mod 2", Call(NOWHERE, "mod", (Sum(NOWHERE, ((-1, number("7.5")),)), number(2)))),
        (
            "a*b mod c*d",
            Product(
                NOWHERE,
                (("*", Call(NOWHERE, "mod", (Product(NOWHERE, (("*", name("a")), ("*", name("b")))), name("c")))), ("*", name("d"))),
            ),
        ),
        ("a - b - c", Sum(NOWHERE, ((1, name("a")), (-1, name("b")), (-1, name("c"))))),
        ("a - (b - c)", Sum(NOWHERE, ((1, name("a")), (-1, Sum(NOWHERE, ((1, name("b")), (-1, name("c")))))))),
    ],
)
def test_an_expression_is_read_as_mathematics_reads_it(text: str, expected: Expression) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-(V-V_rest)+R*I", "-(V - V_rest) + R*I"),
        ("V/[mV]", "V/[mV]"),
        ("0.01[1/ms]*(10-V/[mV])/(exp((10-V/[mV])/10)-1)", "0.01 [1/ms]*(10 - V/[mV])/(exp((10 - V/[mV])/10) - 1)"),
        ("1e-3 + .5 + 1e9 + 120", "0.001 + 0.5 + 1e9 + 120"),
        ("a if not (b<c) else d if b==c and a!=2 or c>3 else e", "a if not b < c else d if b == c and a != 2 or c > 3 else e"),
        ("x**2**y", "x^2^y"),
        ("(x**2)**y", "(x^2)^y"),
        ("a/(b*c)/d", "a/(b*c)/d"),
        ("d2x/dt2 + dx /dt", "d2x/dt2 + dx/dt"),
    ],
)
def test_an_expression_is_written_as_a_paper_prints_it(text: str, expected: str) -> None:
    assert unparse(parsed(text)) == expected


def drawn(text: str) -> Distribution:
    """Return the distribution of a parameter."""
    report = Report()
    found = read(Source("<draw>", f"param m = 2, M = 3 [mV], a ~ {text}\ndx/dt = 2 [1/ms]"), report)
    assert found is not None, report.found
    value = found.parameters["a"].value
    assert isinstance(value, Distribution)
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("normal(0.10,.01)[mS/cm^2]", "normal(0.1, 0.01) [mS/cm^2]"),
        ("uniform(-65 [mV], -50 [mV])", "uniform(-65, -50) [mV]"),
        ("uniform(-65 [mV], -0.05 [V])", "uniform(-65 [mV], -0.05 [V])"),
        ("uniform(0, 1 [mV])", "uniform(0, 1 [mV])"),
        ("normal(M, 1 [mV])", "normal(M, 1 [mV])"),
        ("normal(2*m, 1) [mV]", "normal((2*m)*[mV], 1 [mV])"),
        ("lognormal(-1, m) [nS]", "lognormal(-1, m) [nS]"),
        ("gamma(m, 2) [mV]", "gamma(m, 2) [mV]"),
        ("beta(1, 2)", "beta(1, 2)"),
        ("exponential(3) [ms]", "exponential(3) [ms]"),
        ("bernoulli(0.5) [nS]", "bernoulli(0.5) [nS]"),
        ("poisson(m)", "poisson(m)"),
        ("choice(1, 2, 3) [mV]", "choice(1, 2, 3) [mV]"),
    ],
)
def test_a_distribution_is_written_as_it_is_read(text: str, expected: str) -> None:
    found = drawn(text)
    assert (unparse(found), drawn(unparse(found))) == (expected, found)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_distribution_survives_the_way_to_text(name: str) -> None:
    law = DISTRIBUTIONS[name]
    found = drawn(f"{name}({', '.join(f'0.{i}' for i in range(1, law.least + 1))}) [mV]")
    carried = [isinstance(a, Number) and a.unit is not None for a in found.arguments]
    assert (drawn(unparse(found)), carried) == (found, [law.carries(i) for i in range(law.least)])


def test_the_span_of_an_expression_covers_its_text() -> None:
    found = parsed("2*(a + b)^2 - f(x) [mV]")
    assert [node.span.text for node in found.walk()][:3] == ["2*(a + b)^2 - f(x) [mV]", "2*(a + b)^2", "2"]
