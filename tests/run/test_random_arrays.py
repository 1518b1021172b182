"""Random models of arrays: as loops, with every element written out, and as numpy and complex steps have them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import neurodsl as nd
from neurodsl import planning

Names = Mapping[str, Any]
Places = Mapping[str, int]

GIVEN = {
    "p": np.array([0.5, -1.25, 2.0]),
    "q": np.array([1.5, -0.75]),
    "W": np.array([[0.25, -0.5], [1.0, 0.75], [-1.5, 0.5]]),
    "s": 0.75,
    "x": np.array([0.3, -0.6, 1.1]),
}
SIZES = {"N": 3, "M": 2}
ARRAYS = {"p": "N", "q": "M", "W": "NM", "x": "N", "c": "N", "u": "N"}
"""The sizes of the dimensions of each array."""
HEAD = """
param N = 3, M = 2, p[N] = (0.5, -1.25, 2), q[M] = (1.5, -0.75), W[N, M] = ((0.25, -0.5), (1, 0.75), (-1.5, 0.5))
init x[N] = (0.3, -0.6, 1.1), s = 0.75
f(a) = a*sum(p[j]*sum(W[j, k]*q[k] + j for k) for j)
g(v, a) = sum(v[j]*(j + a) for j)
"""


@dataclass(frozen=True)
class Formula:
    """An expression as the language writes it, and its value for the values of names and of index variables."""

    text: str
    value: Callable[[Names, Places], Any]


@dataclass(frozen=True)
class Writer:
    """Draws expressions.

    Attributes
    ----------
    names : str
        What they may use.
    smooth : bool
        Whether they are analytic, so that a complex step gives their derivative.
    """

    draw: st.DrawFn
    names: Sequence[str]
    smooth: bool = False

    def pick(self, items: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(items))

    def formula(self, scope: Mapping[str, str], depth: int) -> Formula:
        """Return an expression of a number; ``scope`` maps index variables to the sizes they run over."""
        if depth == 0:
            return self.leaf(scope)
        kinds = [self.arithmetic, self.bounded, self.reduction, self.call] + ([] if self.smooth else [self.conditional, self.largest])
        return self.pick(kinds)(scope, depth - 1)

    def leaf(self, scope: Mapping[str, str]) -> Formula:
        found = [Formula(f"{number}", lambda names, at, number=number: number) for number in (0.5, 2, 3)]
        found += [Formula(name, lambda names, at, name=name: names[name]) for name in self.names if name not in ARRAYS]
        found += [Formula(index, lambda names, at, index=index: at[index]) for index in scope]
        found += [self.element(name, scope) for name in self.names if name in ARRAYS]
        return self.pick(found)

    def element(self, name: str, scope: Mapping[str, str], first: str | None = None) -> Formula:
        """Return an element of an array; its index ``first`` is one of the variables."""
        indices = []
        for size in ARRAYS[name]:
            choices = [self.fixed(k) for k in range(SIZES[size])] + [self.variable(i) for i, along in scope.items() if along == size]
            if not self.smooth:
                choices += [self.computed(i, SIZES[size]) for i in scope]
            indices.append(self.variable(first) if first is not None and scope[first] == size else self.pick(choices))
        text = f"{name}[{', '.join(i.text for i in indices)}]"
        return Formula(text, lambda names, at: names[name][tuple(int(i.value(names, at)) for i in indices)])

    def fixed(self, k: int) -> Formula:
        return Formula(str(k), lambda names, at: k)

    def variable(self, index: str) -> Formula:
        return Formula(index, lambda names, at: at[index])

    def computed(self, index: str, size: int) -> Formula:
        return Formula(f"mod({index} + 1, {size})", lambda names, at: (at[index] + 1) % size)

    def arithmetic(self, scope: Mapping[str, str], depth: int) -> Formula:
        a, b, sign = self.formula(scope, depth), self.formula(scope, depth), self.pick("+-*")
        apply = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y}[sign]
        return Formula(f"({a.text} {sign} {b.text})", lambda names, at: apply(a.value(names, at), b.value(names, at)))

    def bounded(self, scope: Mapping[str, str], depth: int) -> Formula:
        a = self.formula(scope, depth)
        if self.pick([True, False]):
            return Formula(f"tanh({a.text})", lambda names, at: np.tanh(a.value(names, at)))
        return Formula(f"({a.text})/(4 + ({a.text})^2)", lambda names, at: a.value(names, at) / (4 + a.value(names, at) ** 2))

    def reduction(self, scope: Mapping[str, str], depth: int) -> Formula:
        index = next(letter for letter in "ijkmn" if letter not in scope)
        name = self.pick([name for name in self.names if name in ARRAYS])
        size = self.pick(ARRAYS[name])
        inner = {**scope, index: size}
        a, b = self.element(name, inner, index), self.formula(inner, depth)
        kind, join = self.pick([("sum", sum), ("mean", np.mean)] + ([] if self.smooth else [("prod", math.prod), ("max", max), ("min", min)]))
        return Formula(
            f"{kind}({a.text}*{b.text} for {index})",
            lambda names, at: join([a.value(names, {**at, index: k}) * b.value(names, {**at, index: k}) for k in range(SIZES[size])]),
        )

    def call(self, scope: Mapping[str, str], depth: int) -> Formula:
        a = self.formula(scope, depth)
        if self.pick([True, False]):
            return Formula(f"f({a.text})", lambda names, at: a.value(names, at) * SCALE)
        name = self.pick([name for name in self.names if ARRAYS.get(name) in ("N", "M")])
        return Formula(
            f"g({name}*{a.text}, {a.text})",
            lambda names, at: sum(v * a.value(names, at) * (j + a.value(names, at)) for j, v in enumerate(names[name])),
        )

    def conditional(self, scope: Mapping[str, str], depth: int) -> Formula:
        a, b, c, d = (self.formula(scope, depth) for _ in range(4))
        return Formula(
            f"({a.text} if {b.text} < {c.text} else {d.text})",
            lambda names, at: a.value(names, at) if b.value(names, at) < c.value(names, at) else d.value(names, at),
        )

    def largest(self, scope: Mapping[str, str], depth: int) -> Formula:
        a, b = self.formula(scope, depth), self.formula(scope, depth)
        return Formula(f"max({a.text}, {b.text})", lambda names, at: max(a.value(names, at), b.value(names, at)))


SCALE = sum(p * sum(w * q + j for w, q in zip(row, GIVEN["q"], strict=True)) for j, (p, row) in enumerate(zip(GIVEN["p"], GIVEN["W"], strict=True)))
"""What ``f`` multiplies its argument by."""


@st.composite
def models(draw: st.DrawFn) -> dict[str, Formula]:
    """Return what a model computes: constants, quantities on the way to a loss, others, and the next state."""
    constants, before, after = ["p", "q", "W"], ["p", "q", "W", "c", "x", "s"], ["p", "q", "W", "c", "x", "s", "u"]
    along = {"i": "N"}
    return {
        "c": beside_p(Writer(draw, constants).formula(along, 2)),
        "u": beside_p(Writer(draw, before, smooth=True).formula(along, 2)),
        "L": Writer(draw, after, smooth=True).formula({}, 3),
        "y": beside_p(Writer(draw, after).formula(along, 3)),
        "x": Writer(draw, after).formula(along, 2),
    }


def beside_p(formula: Formula) -> Formula:
    """Return a formula that says how far its index runs."""
    return Formula(f"{formula.text} + p[i]", lambda names, at: formula.value(names, at) + names["p"][at["i"]])


def text_of(made: Mapping[str, Formula]) -> str:
    """Return a model of formulas."""
    lines = [*(f"{name}[i] = {made[name].text}" for name in "cuy"), f"L = {made['L'].text}"]
    lines += ["D[i] = diff(L, x[i])", "E = diff(L, s)", f"next x[i] = tanh({made['x'].text})", "next s = s/2"]
    return HEAD + "\n".join(lines) + "\n"


def expected_of(made: Mapping[str, Formula], steps: int) -> dict[str, Any]:
    """Return the values of everything after some steps."""
    names = dict(GIVEN)

    def along(name: str, names: Names) -> Any:
        return np.array([made[name].value(names, {"i": k}) for k in range(3)])

    def loss(names: Names) -> Any:
        return made["L"].value({**names, "u": along("u", names)}, {})

    names["c"] = along("c", names)
    for step in range(steps + 1):
        names["u"] = along("u", names)
        names |= {"y": along("y", names), "L": loss(names)}
        moved = [{**names, "x": names["x"] + 1e-200j * np.eye(3)[k]} for k in range(3)]
        names["D"] = np.array([loss(other).imag for other in moved]) / 1e-200
        names["E"] = loss({**names, "s": names["s"] + 1e-200j}).imag / 1e-200
        if step < steps:
            names |= {"x": np.tanh(along("x", names)), "s": names["s"] / 2}
    return names


@pytest.mark.parametrize("small", [pytest.param(0, id="as loops"), pytest.param(10**9, id="written out")])
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(made=models())
def test_random_models_of_arrays_have_the_values_that_numpy_finds(small: int, made: dict[str, Formula], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SMALL", small)
    expected = expected_of(made, 1)
    recorded = ["c", "u", "y", "L", "D", "E", "x"]
    result = nd.loads(f"# {small}\n{text_of(made)}").simulate(duration=1, record=recorded)
    assert {name: result[name][1] for name in recorded} == {name: pytest.approx(expected[name], rel=1e-9, abs=1e-9) for name in recorded}
