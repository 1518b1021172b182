"""The elementary functions for lanes are accurate to three units in the last place everywhere, and loops over them hold vector instructions."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import mpmath
import numpy as np
import pytest
from numba import njit

from neurodsl.codegen.elementary import FUNCTIONS, FURTHEST, definitions
from neurodsl.codegen.kernel import PLAIN_MATH, inspect, plain_njit

NAMES = [head.split("(")[0] for head in FUNCTIONS]
ULPS = {"_phi3": 5.0, "_phi4": 10.0}
"""What is allowed where it is more than 3; these overflow with phi_2, where the last of their own values are still numbers."""
SPECIAL = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-310, 1e300, -1e300, 1.7e308, -1.7e308, 1.0, -1.0, 0.5, -0.5])
Array = np.ndarray[Any, np.dtype[np.float64]]
POINTS = 350


class Selects(ast.NodeTransformer):
    """Turns `a if c else b` into numpy's select, so that a text runs over whole arrays."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        where = ast.Attribute(ast.Name("np", ast.Load()), "where", ast.Load())
        return ast.Call(where, [node.test, node.body, node.orelse], [])


def load(tree: ast.AST | str, decorator: Callable[..., Any], mathematics: Any) -> dict[str, Any]:
    names: dict[str, Any] = {"np": np, "math": mathematics, "njit": decorator}
    exec(compile(tree, "<elementary>", "exec"), names)  # type: ignore[arg-type]
    return names


TEXT = "\n".join(definitions(" ".join(f"{name}(" for name in NAMES)))
PLAIN = load(TEXT, plain_njit, PLAIN_MATH)
OVER_ARRAYS = load(ast.fix_missing_locations(Selects().visit(ast.parse(TEXT))), plain_njit, np)


def arguments(name: str) -> Array:
    """Return arguments of all sizes and those in the hard places of a function."""
    random = np.random.default_rng(11)

    def even(low: float, high: float) -> Array:
        return random.uniform(low, high, POINTS)

    sizes = 10.0 ** even(-323, 308)
    small = 10.0 ** even(-20, 0)
    common = [sizes, -sizes, small, -small, even(-3, 3), even(-50, 50), SPECIAL]
    if name in ("_sin", "_cos", "_tan"):
        turns = random.integers(-636_000, 636_000, POINTS)
        near = np.concatenate([np.arange(-40, 41), turns]) * (math.pi / 2)
        return np.concatenate([*common, near, np.nextafter(near, np.inf), even(-FURTHEST, FURTHEST), np.array([FURTHEST, -FURTHEST])])
    if "log" in name:
        near_one = np.concatenate([1 + small, 1 - small, even(0.5, 2.0), 2.0 ** random.integers(-1074, 1023, POINTS)])
        return np.concatenate([*common, near_one, near_one - 1.0])
    if name in ("_atan", "_asin", "_acos"):
        return np.concatenate([*common, even(-1, 1), 1 - small, small - 1])
    all_sizes = np.concatenate([*common, even(-750, -700), even(700, 725), even(735, 760), even(-700, 700), even(-0.36, 0.36)])
    return all_sizes[~((all_sizes > 722) & (all_sizes < 740))] if name in ULPS else all_sizes


def phi(order: int, x: mpmath.mpf) -> mpmath.mpf:
    if abs(x) < 1e-25:
        return 1 / mpmath.factorial(order)
    with mpmath.workdps(200):
        terms = mpmath.fsum(x**k / mpmath.factorial(k) for k in range(order))
        return (mpmath.exp(x) - terms) / x**order


def logarithm(x: mpmath.mpf, base: int | None = None) -> mpmath.mpf:
    if x <= 0:
        return -mpmath.inf if x == 0 else mpmath.nan
    return mpmath.log(x) / (mpmath.log(base) if base else 1)


def log1p(x: mpmath.mpf) -> mpmath.mpf:
    if abs(x) < 1e-30:
        return x
    with mpmath.workdps(80):
        return logarithm(1 + x)


def near(function: Callable[[mpmath.mpf], mpmath.mpf]) -> Callable[[mpmath.mpf], mpmath.mpf]:
    return lambda x: function(x) if abs(x) <= FURTHEST else mpmath.nan


def bounded(function: Callable[[mpmath.mpf], mpmath.mpf]) -> Callable[[mpmath.mpf], mpmath.mpf]:
    """Return a function of exponentials, taken at +-5000 beyond, where it has saturated or lies out of range."""
    return lambda x: function(max(min(x, mpmath.mpf(5000)), mpmath.mpf(-5000)))


EXACT: dict[str, Callable[[mpmath.mpf], mpmath.mpf]] = {
    "_exp": bounded(mpmath.exp),
    "_expm1": bounded(mpmath.expm1),
    "_tanh": bounded(mpmath.tanh),
    "_sigmoid": bounded(lambda x: 1 / (1 + mpmath.exp(-x))),
    "_inverse_phi1": lambda x: 1 / phi(1, x) if abs(x) < 5000 else -min(x, mpmath.mpf(0)),
    **{f"_phi{k}": lambda x, k=k: phi(k, x) if -1e40 < x < 5000 else mpmath.inf if x > 0 else -1 / x / mpmath.factorial(k - 1) for k in range(1, 5)},
    "_sinh": bounded(mpmath.sinh),
    "_cosh": bounded(mpmath.cosh),
    "_log": logarithm,
    "_log2": lambda x: logarithm(x, 2),
    "_log10": lambda x: logarithm(x, 10),
    "_log1p": log1p,
    "_sin": near(mpmath.sin),
    "_cos": near(mpmath.cos),
    "_tan": near(mpmath.tan),
    "_atan": mpmath.atan,
    "_asin": lambda x: mpmath.asin(x) if abs(x) <= 1 else mpmath.nan,
    "_acos": lambda x: mpmath.acos(x) if abs(x) <= 1 else mpmath.nan,
}


def exact(name: str, x: Array) -> list[mpmath.mpf]:
    with mpmath.workdps(50):
        return [EXACT[name](mpmath.mpf(float(value))) if value == value else mpmath.nan for value in x]


def distance(value: float, truth: mpmath.mpf) -> float:
    """Return how far a value is from the truth, in units of the last place of the float64 nearest to it."""
    nearest = float(truth)
    if math.isnan(nearest) or math.isnan(value) or math.isinf(nearest) or math.isinf(value):
        return 0.0 if value == nearest or (math.isnan(value) and math.isnan(nearest)) else math.inf
    return float(abs(mpmath.mpf(value) - truth) / mpmath.mpf(math.ulp(nearest)))


def worst(values: Array, truth: list[mpmath.mpf], x: Array) -> tuple[float, float]:
    """Return the largest distance, and where it is."""
    with mpmath.workdps(50):
        return max((distance(float(value), t), float(at)) for value, t, at in zip(values, truth, x, strict=True))


def compiled_loop(name: str) -> Any:
    call = f"{name}(_a[_l], _c[_l])" if name == "_pow" else f"{name}(_a[_l])"
    head = '@njit("void(f8[:, ::1], f8[:, ::1], f8[:, ::1])", error_model="numpy")\n'
    loop = f"def loop(a, c, b):\n    for i in range(len(a)):\n        _a, _c, _b = a[i], c[i], b[i]\n        for _l in range(64):\n            _b[_l] = {call}\n"
    return load("\n".join([*definitions(call), head + loop]), njit, math)["loop"]


def in_lanes(name: str, x: Array, y: Array) -> tuple[Array, str]:
    """Return the values of a compiled loop over 64 lanes, and its assembly."""
    loop = compiled_loop(name)
    a, c = (np.concatenate([v, np.ones(-len(v) % 64)]).reshape(-1, 64) for v in (x, y))
    b = np.empty_like(a)
    loop(a, c, b)
    return b.ravel()[: len(x)], next(iter(loop.inspect_asm().values()))


def powers() -> tuple[Array, Array, list[mpmath.mpf]]:
    """Return bases, exponents and their powers: from the smallest number to the largest, bases near 1, integer powers of negative numbers."""
    random = np.random.default_rng(12)
    bases = [10.0 ** random.uniform(-323, 308, POINTS), 1 + random.uniform(-0.3, 0.5, POINTS), 1 + random.uniform(-1e-9, 1e-9, POINTS)]
    wide = np.concatenate(bases)
    x = np.concatenate([wide, wide, random.uniform(-20, 20, POINTS)])
    y = np.concatenate([random.uniform(-745, 709.7, len(wide)) / np.log(wide), random.uniform(-4, 4, len(wide)), random.integers(-60, 60, POINTS)])
    with mpmath.workdps(60):
        exact = [mpmath.mpf(a) ** int(b) if a < 0 else mpmath.mpf(a) ** mpmath.mpf(b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return x, y, exact


def edges(values: Iterable[float]) -> list[str]:
    """Return numbers as text of twelve digits, where -0.0 differs from 0.0 and nan equals nan."""
    return [f"{value:.12g}" for value in values]


@pytest.mark.parametrize("name", sorted(EXACT))
def test_a_function_is_good_to_three_units_in_the_last_place_in_plain_python_and_in_lanes(name: str) -> None:
    x = arguments(name)
    truth = exact(name, x)
    with np.errstate(all="ignore"):
        plain, at = worst(OVER_ARRAYS[name](x), truth, x)
    assert plain <= ULPS.get(name, 3.0), at
    lanes, assembly = in_lanes(name, x, x)
    distance, at = worst(lanes, truth, x)
    assert distance <= ULPS.get(name, 3.0), at
    assert in_vectors(assembly)


def in_vectors(assembly: str) -> bool:
    """Return whether a loop computes in vector registers (the scalar form stands beside it, for rows that overlap) and calls no library."""
    packed = re.findall(r"\b(?:v?(?:mul|add|sub)pd|vf\w+pd)\b|\bf(?:mul|add|sub|mla|mls)\b.*\.2d", assembly)
    library = re.findall(r"\b(?:exp|expm1|log|log1p|log2|log10|tanh|sinh|cosh|sin|cos|tan|atan|asin|acos|sqrt|pow|rint|floor|fmod)\b", assembly)
    return len(packed) > 10 and not library


def test_a_power_is_good_to_three_units_in_the_last_place() -> None:
    x, y, truth = powers()
    with np.errstate(all="ignore"):
        plain, at = worst(OVER_ARRAYS["_pow"](x, y), truth, x)
    assert plain <= 3.0, at
    values, assembly = in_lanes("_pow", x, y)
    lanes, at = worst(values, truth, x)
    assert lanes <= 3.0, at
    assert in_vectors(assembly)


def test_a_power_has_the_special_values_of_the_c_standard_but_keeps_nan() -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(np.append(SPECIAL, [2.0, -2.0, 3.0, -3.0]), np.append(SPECIAL, [2.0, -2.0, 3.0, -3.0, 1e17])))
    with np.errstate(all="ignore"):
        expected = np.where((x == 1.0) & np.isnan(y), np.nan, np.power(x, y))
        plain = np.array([PLAIN["_pow"](a, b) for a, b in zip(x, y, strict=True)])
    assert edges(plain) == edges(expected)
    assert edges(in_lanes("_pow", x, y)[0]) == edges(expected)


@pytest.mark.parametrize("name", sorted(EXACT))
def test_python_floats_and_numpys_scalars_and_arrays_give_the_same(name: str) -> None:
    x = np.concatenate([SPECIAL, arguments(name)[::97]])
    with np.errstate(all="ignore"):
        expected = edges(OVER_ARRAYS[name](x))
        assert edges([PLAIN[name](value) for value in x]) == expected
        assert edges([PLAIN[name](value) for value in x.tolist()]) == expected


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("_exp(0.0)", 1.0), ("_tanh(0.0)", 0.0), ("_sigmoid(0.0)", 0.5), ("_phi1(0.0)", 1.0), ("_phi2(0.0)", 0.5), ("_inverse_phi1(0.0)", 1.0),
        ("_log(1.0)", 0.0), ("_log2(1024.0)", 10.0), ("_log10(1000.0)", 3.0), ("_cos(0.0)", 1.0), ("_sin(0.0)", 0.0), ("_cosh(0.0)", 1.0),
        ("_pow(-2.0, 3.0)", -8.0), ("_pow(4.0, 0.5)", 2.0), ("_tanh(1e3)", 1.0), ("_tanh(-1e3)", -1.0), ("_atan(1.0)", math.pi / 4),
    ],
)  # fmt: skip
def test_a_round_value_is_exact(call: str, value: float) -> None:
    assert eval(call, PLAIN) == value


@pytest.mark.parametrize("name", ["_sin", "_cos", "_tan"])
def test_beyond_the_reach_of_its_reduction_an_angle_has_no_value(name: str) -> None:
    assert math.isnan(PLAIN[name](math.nextafter(FURTHEST, math.inf)))
    assert math.isnan(PLAIN[name](-1e300))


@pytest.mark.parametrize("name", ["_exp", "_expm1", "_tanh", "_sigmoid", "_phi1", "_log", "_atan"])
def test_an_increasing_function_never_falls_by_more_than_its_error(name: str) -> None:
    x = np.linspace(0.001 if name == "_log" else -30.0, 30.0, 20_001)
    values = OVER_ARRAYS[name](x)
    assert np.all(np.diff(values) >= -3.0 * np.spacing(np.abs(values[1:])))


def test_a_generated_file_may_hold_every_function() -> None:
    inspect("import math\nimport numpy as np\nfrom numba import njit\n" + TEXT)


def test_only_what_is_called_is_defined() -> None:
    assert [text.split("def ")[1].split("(")[0] for text in definitions("y = _phi3(x)")] == ["_phi2", "_phi3"]
    assert [text.split("def ")[1].split("(")[0] for text in definitions("y = _pow(x, y) + math.exp(x)")] == ["_pow"]
