"""What an expression is worth: float64, as a reader of the formula expects it."""

from __future__ import annotations

import math
from typing import Any

import pytest

import neurodsl as nd

CONSTANTS = [
    ("1/2", 0.5), ("7/2*2", 7.0), ("2^-1", 0.5), ("2**3", 8.0), ("2^3^2", 512.0), ("-2^2", -4.0), ("(-2)^2", 4.0), ("0^0", 1.0),
    ("V^0", 1.0), ("-7.5 mod 2", 0.5), ("mod(-7.5, 2)", 0.5), ("7.5 mod 2", 1.5), ("7.5 mod -2", -0.5), ("10 - 2 - 3", 5.0),
    ("8/4/2", 1.0), ("1e3", 1000.0), (".5 + 5.", 5.5), ("1/3", 1 / 3), ("0.1 + 0.2", 0.3), ("pi", math.pi), ("1 if V > 0 else 2", 1.0),
    ("1 if V < 0 else 2 if V < 1 else 3", 2.0), ("1/0 if V < -1 else 1", 1.0), ("1 if V > -1 else 1/0", 1.0),
    ("log(V - 1) if V < -1 else 1", 1.0), ("V/(V - V) if V < -1 else 1", 1.0), ("1 if not V > 0 else 2", 2.0),
    ("1 if V > 0 and V < 1 else 2", 1.0), ("1 if V > 1 or V == 0.25 else 2", 1.0), ("1 if V != 0.25 else 2", 2.0),
    ("1 if not (V > 1 or V < 0) else 2", 1.0), ("1 if V > 1 or not V > 1 and V > 0 else 2", 1.0), ("sqrt(16)", 4.0), ("exp(0)", 1.0),
    ("-V", -0.25), ("+V", 0.25), ("- -V", 0.25), ("2*-V", -0.5), ("2 - -V", 2.25), ("V^-2", 16.0), ("V^0.5", 0.5), ("V^(1/2)", 0.5),
]  # fmt: skip


@pytest.fixture(scope="module")
def constants() -> list[float]:
    """The values of all CONSTANTS, in one model of a parameter V = 0.25."""
    names = [f"q{k}" for k in range(len(CONSTANTS))]
    lines = [f"{name} = {expression}" for name, (expression, _) in zip(names, CONSTANTS, strict=True)]
    result = nd.loads("\n".join(["param V = 0.25", "init x = 0", "dx/dt = 1", *lines, ""])).simulate(method="euler", duration=1, dt=1, record=names)
    return [float(result[name][0]) for name in names]


@pytest.mark.parametrize("k", range(len(CONSTANTS)), ids=[e for e, _ in CONSTANTS])
def test_an_expression_of_parameters_is_worth_what_it_says(k: int, constants: list[float]) -> None:
    assert constants[k] == pytest.approx(CONSTANTS[k][1], rel=1e-15)


FUNCTIONS: list[tuple[str, float, float]] = [
    ("min(x, 2)", 1.5, 1.5), ("min(x, 2)", 2.5, 2), ("max(x, 2)", 1.5, 2), ("max(x, 2, 3)", 1.5, 3), ("min(3, x, -1)", 1.5, -1),
    ("clip(x, 0, 1)", -3, 0), ("clip(x, 0, 1)", 0.5, 0.5), ("clip(x, 0, 1)", 3, 1), ("abs(x)", -2, 2), ("abs(x)", 2, 2),
    ("floor(x)", -0.5, -1), ("floor(x)", 2.9, 2), ("ceil(x)", -0.5, 0), ("ceil(x)", 2.1, 3), ("round(x)", 2.5, 2), ("round(x)", 3.5, 4),
    ("round(x)", -0.6, -1), ("sign(x)", -7, -1), ("sign(x)", 0, 0), ("sign(x)", 7, 1), ("heaviside(x)", -1e-300, 0),
    ("heaviside(x)", 0, 1), ("heaviside(x)", 3, 1), ("x mod 3", -1, 2), ("x mod 3", 7.5, 1.5), ("x mod -3", 7.5, -1.5),
    ("mod(x, 0.25)", 1.125, 0.125), ("sigmoid(x)", 0, 0.5), ("sigmoid(x)", 800, 1), ("sigmoid(x)", -800, 0),
    ("sigmoid(x)", 2, 1 / (1 + math.exp(-2))), ("exprel(x)", 0, 1), ("exprel(x)", 1e-9, 1 + 0.5e-9), ("exprel(x)", 1, math.e - 1),
    ("expm1(x)", 1e-12, 1e-12 + 0.5e-24), ("log1p(x)", 1e-12, 1e-12 - 0.5e-24), ("log(x)", math.e, 1), ("ln(x)", math.e, 1),
    ("log10(x)", 1000, 3), ("log2(x)", 8, 3), ("sqrt(x)", 2, math.sqrt(2)), ("sin(x)", 1, math.sin(1)), ("cos(x)", 1, math.cos(1)),
    ("tan(x)", 1, math.tan(1)), ("asin(x)", 0.5, math.asin(0.5)), ("acos(x)", 0.5, math.acos(0.5)), ("atan(x)", 2, math.atan(2)),
    ("atan2(x, -1)", 1, 3 * math.pi / 4), ("sinh(x)", 1, math.sinh(1)), ("cosh(x)", 1, math.cosh(1)), ("tanh(x)", 1, math.tanh(1)),
    ("tanh(x)", 1000, 1), ("asinh(x)", 2, math.asinh(2)), ("acosh(x)", 2, math.acosh(2)), ("atanh(x)", 0.5, math.atanh(0.5)),
    ("erf(x)", 0.5, math.erf(0.5)), ("exp(x)", -1, math.exp(-1)), ("x^0", 0, 1), ("0^x", 0, 1), ("x^x", 0, 1), ("x^2", -3, 9),
    ("x^3", -3, -27), ("x^5", 2, 32), ("x^-1", 4, 0.25), ("x^-2", 4, 0.0625), ("x^0.5", 9, 3), ("x^(-1/2)", 4, 0.5), ("(x + 1)^2", 2, 9),
    ("(x + 1)^-1", 3, 0.25), ("2^x", -1, 0.5), ("1/x*x", 3, 1), ("x/2/4", 8, 1), ("-x^2", 3, -9), ("x - 1 - 1", 3, 1),
    ("1/0 if x < -1 else 1", 0, 1), ("1/x if x != 0 else 7", 0, 7), ("sqrt(x) if x > 0 else 0", -4, 0),
    ("log(x) if x > 0 else -1", 0, -1), ("1 if x < 0 else 2 if x < 1 else 3", 0.5, 2), ("1 if x < 0 and x > -1 or x > 5 else 0", 6, 1),
    ("1 if not x < 0 else 0", 1, 1), ("(1 if x > 0 else 2)*3", 1, 3), ("(1 if x > 0 else 2)*3", -1, 6), ("1 - (1 if x > 0 else 2)", 1, 0),
    ("1 if x >= 2 else 0", 2, 1), ("1 if x > 2 else 0", 2, 0), ("1 if x == 2 else 0", 2, 1), ("1 if x != 2 else 0", 2, 0),
    ("exp(-(x + 65)/18)*4", -65, 4), ("tanh(sin(exp(cos(sqrt(x)))))", 4, math.tanh(math.sin(math.exp(math.cos(2))))),
]  # fmt: skip


@pytest.fixture(scope="module")
def functions() -> list[float]:
    """The values of all FUNCTIONS, in one model of a state for each, so that nothing is known beforehand."""
    names = [f"q{k}" for k in range(len(FUNCTIONS))]
    lines = []
    for k, (expression, x, _) in enumerate(FUNCTIONS):
        lines += [f"init x{k} = {float(x)!r}", f"dx{k}/dt = 1", f"f{k}(x) = {expression}", f"q{k} = f{k}(x{k})"]
    result = nd.loads("\n".join([*lines, ""])).simulate(method="euler", duration=1, dt=1, record=names)
    return [float(result[name][0]) for name in names]


@pytest.mark.parametrize("k", range(len(FUNCTIONS)), ids=[f"{e} at {x}" for e, x, _ in FUNCTIONS])
def test_a_function_of_the_state_is_worth_what_it_says(k: int, functions: list[float]) -> None:
    assert functions[k] == pytest.approx(FUNCTIONS[k][2], rel=1e-15, abs=1e-300)


def test_functions_of_the_author_take_their_arguments_and_not_the_names_around_them() -> None:
    text = """
param a = 2
init x = 3
f(a, b) = a - b
g(x) = f(x, a)*x
dx/dt = 0*x
q = f(10, g(x + 1))
"""
    result = nd.loads(text).simulate(method="euler", duration=1, dt=1, record=["q"])
    assert result["q"][0] == 10 - (4 - 2) * 4


def test_decimal_numbers_are_those_that_the_file_writes() -> None:
    result = nd.loads("param a = 0.08, b = 1e-7, c = 123456789.123456789\ninit x = 0\ndx/dt = a + b + c\n").simulate(method="euler", duration=1, dt=1)
    assert result.meta["parameters"] == {"a": 0.08, "b": 1e-7, "c": 123456789.123456789}


@pytest.mark.parametrize("expression", ["min(x, 0.5)", "max(x, 0.5)", "clip(x, 0.2, 0.8)", "abs(x - 0.5)", "x mod 0.3", "floor(3*x)"])
def test_the_jacobian_of_a_function_with_corners_serves_the_stiff_method(expression: str) -> None:
    text = f"init x = 0, y = 0\ndx/dt = 1\ndy/dt = {expression} - y\n"
    model = nd.loads(text)
    found = model.simulate(method="rosenbrock", duration=1, dt=0.1, rtol=1e-9, atol=1e-10).final["y"]
    expected = model.simulate(method="rk4", duration=1, dt=0.0005).final["y"]
    assert found == pytest.approx(expected, abs=1e-3 if "floor" in expression or "mod" in expression else 1e-6)


NAMES = [
    "E",
    "I",
    "S",
    "N",
    "Q",
    "O",
    "beta",
    "gamma",
    "zeta",
    "lambda",
    "class",
    "in",
    "on",
    "next",
    "rate",
    "np",
    "math",
    "abs_",
    "τ",
    "λ",
    "τ_m",
    "y",
    "t_end",
    "exec",
]


@pytest.mark.parametrize("first", range(0, len(NAMES), 6))
def test_any_name_of_a_paper_runs(first: int) -> None:
    names = NAMES[first : first + 6]
    lines = [f"param p_{name} = {k + 1}\ninit {name} = 1\nd{name}/dt = -p_{name}*{name}" for k, name in enumerate(names)]
    lines.append(f"on {names[1]} < 0.5: {names[1]} += 1")
    result: Any = nd.loads("\n".join([*lines, ""])).simulate(method="exact", duration=0.5, dt=0.25)
    assert result.spikes.times[0] == pytest.approx(math.log(2) / 2, abs=1e-12)
    assert list(result) == names
    assert [result[name][1] for name in names] == pytest.approx([math.exp(-0.25 * (k + 1)) for k in range(6)], rel=1e-13)
