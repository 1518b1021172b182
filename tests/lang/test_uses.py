"""How far the index variables of a definition run whose right side holds no array: as far as its uses say."""

from __future__ import annotations

import pytest

from neurodsl.diagnostics import Report
from neurodsl.lang import read
from neurodsl.lang.shapes import find_shapes
from neurodsl.source import Source

START = """\
param N = 4, W[3, N] = 1
init x[N] = 0, y[3] = 0
theta[i] = 2*pi*i/7
c[i, j] = exp(-abs(i - j)/1.5)
"""


def shapes(text: str) -> dict[str, tuple[int, ...]] | list[str]:
    """Return the shapes of the derived quantities of a text, or the errors in it."""
    report = Report()
    model = read(Source("m.neuro", text), report)
    if model is None:
        return [f"{d.rule.code} {d.span.line}:{d.span.column}" for d in report.found if d.span and d.rule.severity == "error"]
    found = find_shapes(model, report)
    assert found is not None
    return {name: found.names[name] for name in model.definitions}


@pytest.mark.parametrize(
    ("use", "theta", "c"),
    [
        ("dx[i]/dt = theta[i] + sum(c[i, j]*x[j] for j)", (4,), (4, 4)),
        ("dx[k]/dt = theta[k] + sum(c[m, k]*y[m] for m)", (4,), (3, 4)),
        ("dx/dt = -x + cos(theta) + c @ x", (4,), (4, 4)),
        ("dx/dt = (-x + theta + c @ y)/2", (4,), (4, 3)),
        ("dx/dt = theta + x @ c", (4,), (4, 4)),
        ("dx/dt = theta + y @ c", (4,), (3, 4)),
        ("dx/dt = theta + transpose(c) @ y", (4,), (3, 4)),
        ("dx/dt = theta + c @ (W @ x)", (4,), (4, 3)),
        ("dx/dt = x*(theta @ x) + (2*c) @ x", (4,), (4, 4)),
        ("dx/dt = -x + sum(theta*y) + sum(c*W)", (3,), (3, 4)),
        ("dx/dt = theta\ndy[i]/dt = sum(x*c[i])", (4,), (3, 4)),
        ("dx/dt = -x\non x[k] > theta[k]: x[k] = c[k, 0]*y[0]; x[0] = sum(c[0, m]*y[m] for m)", (4,), (4, 3)),
        ("dx/dt = -x\nevery 3: x = theta\non start: y = c @ x", (4,), (3, 4)),
        ("input I[N] = t*theta\ndx/dt = I + sum(c @ x)*c[0, 0] + sum(c[m, 0]*x[m] for m)", (4,), (4, 4)),
        ("dx/dt = min(x, theta) + (c @ x if x > theta else 0)", (4,), (4, 4)),
    ],
)
def test_a_use_says_how_far_an_index_variable_runs(use: str, theta: tuple[int, ...], c: tuple[int, ...]) -> None:
    assert shapes(START + use) == {"theta": theta, "c": c}


def test_definitions_get_their_sizes_through_one_another() -> None:
    text = START + "d[i, j] = cos(theta[i] - theta[j])*c[i, j]\nh[i] = sum(d[i, j]*x[j] for j)\ng = 2*h\ndx/dt = -x + g"
    assert shapes(text) == {"theta": (4,), "c": (4, 4), "d": (4, 4), "h": (4,), "g": (4,)}


def test_a_chain_of_definitions_is_followed_from_its_end() -> None:
    chain = "".join(f"a{k}[i] = a{k + 1}[i] + 1\n" for k in range(20))
    found = shapes(f"param N = 4\ninit x[N] = 0\n{chain}a20[i] = i\ndx/dt = a0")
    assert found == {f"a{k}": (4,) for k in range(21)}


def test_the_right_side_and_the_uses_together_say_the_sizes() -> None:
    assert shapes("param N = 4, w[5] = 1\ninit x[N] = 0\nc[i, j] = w[i]*j\ndx/dt = -x + sum(c @ x)") == {"c": (5, 4)}


def test_an_initial_value_says_the_size_of_what_it_holds() -> None:
    assert shapes("param N = 4\ntheta[i] = i/N\ninit x[N] = sin(theta)\ndx/dt = -x") == {"theta": (4,)}


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("dx/dt = -x + theta[0]\ndy/dt = c[0, 1]*y", ["A103 3:1", "A103 4:1", "A103 4:1"]),
        ("dx/dt = -x + theta + c @ x\ndy/dt = -y + theta", ["A101 6:14"]),
        ("dx[i]/dt = theta[i] + sum(c[i, j]*x[j] for j) + sum(c[i, j]*y[j] for j)", ["A103 5:61"]),
        ("dz[i]/dt = theta[i]\ndx/dt = c @ x", ["A103 3:1"]),
    ],
)
def test_uses_that_differ_or_say_nothing_are_errors(use: str, expected: list[str]) -> None:
    assert shapes(START + use) == expected


def test_the_remedy_for_a_range_that_is_not_determined_works() -> None:
    text = "param N = 3\ntheta[i] = 2*pi*i/N\ninit x[N] = 0\n"
    assert shapes(text + "dx/dt = -x + sum(theta)") == ["A103 2:1"]
    assert shapes(text + "dx[i]/dt = -x[i] + theta[i]") == {"theta": (3,)}
