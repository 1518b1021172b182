"""The functions of generated files are accurate to a few units in the last place."""

from __future__ import annotations

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodsl.codegen.special import definitions


def functions() -> dict[str, object]:
    """Return the functions, run as plain Python."""
    import numpy as np

    text = "\n".join(definitions("_phi1( _phi2( _phi3( _phi4( _inverse_phi1( _sigmoid( _sign( _heaviside( _round( _mod("))
    names: dict[str, object] = {"math": math, "np": np, "njit": lambda **options: lambda function: function}
    exec(compile(text, "<special>", "exec"), names)
    return names


FUNCTIONS = functions()
EXACT = {
    "_phi1": lambda x: mpmath.expm1(x) / x,
    "_phi2": lambda x: (mpmath.expm1(x) / x - 1) / x,
    "_phi3": lambda x: ((mpmath.expm1(x) / x - 1) / x - mpmath.mpf(1) / 2) / x,
    "_phi4": lambda x: (((mpmath.expm1(x) / x - 1) / x - mpmath.mpf(1) / 2) / x - mpmath.mpf(1) / 6) / x,
    "_inverse_phi1": lambda x: x / mpmath.expm1(x),
    "_sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
}


@pytest.mark.parametrize("name", sorted(EXACT))
@given(x=st.floats(-30, 30) | st.floats(-0.6, 0.6) | st.floats(-1e-6, 1e-6))
def test_a_function_agrees_with_mpmath(name: str, x: float) -> None:
    with mpmath.workdps(60):
        at_zero = {"_phi1": 1.0, "_phi2": 0.5, "_phi3": 1 / 6, "_phi4": 1 / 24, "_inverse_phi1": 1.0, "_sigmoid": 0.5}[name]
        exact = float(EXACT[name](mpmath.mpf(x))) if abs(x) > 1e-20 else at_zero
    assert FUNCTIONS[name](x) == pytest.approx(exact, rel={"_phi2": 4e-15, "_phi3": 2e-14, "_phi4": 1e-13}.get(name, 1.2e-14))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("_mod", (-7.5, 2.0), 0.5), ("_mod", (7.5, -2.0), -0.5), ("_sign", (-3.0,), -1.0), ("_sign", (0.0,), 0.0), ("_heaviside", (0.0,), 1.0),
        ("_heaviside", (-1e-300,), 0.0), ("_round", (2.5,), 2.0), ("_round", (3.5,), 4.0),
    ],
)  # fmt: skip
def test_a_step_function_has_the_value_the_language_gives_it(name: str, arguments: tuple[float, ...], value: float) -> None:
    assert FUNCTIONS[name](*arguments) == value  # type: ignore[operator]


def test_only_what_is_called_is_defined() -> None:
    assert [text.split("def ")[1].split("(")[0] for text in definitions("y = _phi2(x)")] == ["_phi1", "_phi2"]
