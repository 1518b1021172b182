"""Arrays on the pages of a model: elements with their indices, sums over them, sizes behind names."""

from __future__ import annotations

import json

import pytest
from exporters.reading import model_of

from neurodsl.diagnostics import Report
from neurodsl.exporters import exporters
from neurodsl.exporters.plain_formula import PlainFormula
from neurodsl.exporters.tex_formula import TexFormula
from neurodsl.lang import parse_expression
from neurodsl.source import Source

TEXT = """\
# m.neuro - arrays
param N = 3, W[N, N] ~ sparse(0.1, normal(0, 2)) [nS] "weights", tau = 10 [ms], b[2] = (1, 2) [mV], X = ((0, 1), (1, 0)), E_0[2*N] = 0 [mV]
param v_0 = (1, 2)
noise xi[N] "own"
init V[N] = -65 [mV] "potential", y = (1, 2)
G[i, j] = sum(W[i, k]*W[k, j] for k)
h = tanh(X @ y + v_0)
tau*dV[i]/dt = -V[i] + E_0[2*i + 1] + tau/(3 [nS])*sum(W[i, j]*(V[j] - V[i]) for j)/[ms] + tau*xi[i]*[mV/ms^(1/2)]
dy/dt = (-X @ y + h*norm(b)/[mV] - (X @ X) @ y)/tau
on V[i] >= b[0]: V[i] = b[1]; y = (0, 0); y[0] += 1; hold V[i] for 2 [ms]
"""

TEXT_PAGE = """\
Equations
  τ dV[i]/dt = -V[i] + E_0[2 i + 1] + τ/3 [nS]·sum(W[i, j] (V[j] - V[i]) for j)/[ms] + τ ξ[i]·[mV/ms^(1/2)]
       dy/dt = (-X @ y + h norm(b)/[mV] - X @ X @ y)/τ

Derived quantities
  G[i, j] = sum(W[i, k] W[k, j] for k)   [pA^2/mV^2]
        h = tanh(X @ y + v_0)

Events
  on V[i] ≥ b[0]: V[i] ← b[1]; y ← (0, 0); y[0] ← y[0] + 1; hold V[i] for 2 [ms]; emit spike

Parameters
  N         3
  W[N, N]   ~ sparse(0.1, normal(0, 2))  nS  weights
  tau       10                           ms
  b[2]      (1, 2)                       mV
  X         ((0, 1), (1, 0))
  E_0[2*N]  0                            mV
  v_0       (1, 2)

Noises
  xi[N]  1/ms^(1/2)  own

States and their initial values
  V[N]  -65     mV  potential
  y     (1, 2)"""

LATEX = [
    r"\tau\,\frac{dV_{i}}{dt} &= -V_{i} + E_{0,2\,i + 1} + ",
    r"\sum_{j} W_{ij}\,(V_{j} - V_{i})",
    r"G_{ij} &= \sum_{k} W_{ik}\,W_{kj}",
    r"h &= \tanh(X\,y + v_{0})",
    r"\text{if } V_{i} \ge b_{0}\colon && V_{i} \leftarrow b_{1}",
    r"$W \in \mathbb{R}^{N \times N}$ & $\sim \mathrm{sparse}(0.1, \mathrm{normal}(0, 2))$",
    r"$X$ & $\begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}$",
    r"$E_{0} \in \mathbb{R}^{(2\,N)}$",
    r"$\xi \in \mathbb{R}^{N}$",
]


def test_a_page_shows_arrays_with_their_indices() -> None:
    assert TEXT_PAGE in exporters()["text"].render(model_of(TEXT))


@pytest.mark.parametrize("formula", LATEX)
def test_formulas_are_set_with_indices_below_the_line(formula: str) -> None:
    assert formula in exporters()["latex"].render(model_of(TEXT))


def test_the_object_holds_sizes_and_indices() -> None:
    shown = json.loads(exporters()["json"].render(model_of(TEXT)))
    assert [(p["name"], p.get("shape")) for p in shown["parameters"][:3]] == [("N", None), ("W", ["N", "N"]), ("tau", None)]
    assert (shown["states"][0]["shape"], "shape" in shown["states"][1]) == (["N"], False)
    assert [d["text"] for d in shown["derived"]] == ["G[i, j] = sum(W[i, k]*W[k, j] for k)", "h = tanh(X @ y + v_0)"]
    assert shown["events"][0]["actions"][:3] == ["V[i] = b[1]", "y = (0, 0)", "y[0] = y[0] + 1"]


@pytest.mark.parametrize(
    ("text", "plain", "latex"),
    [
        ("a*sum(x[i] for i)*b", "a sum(x[i] for i) b", r"a\,(\sum_{i} x_{i})\,b"),
        ("a*sum(x[i] for i)", "a sum(x[i] for i)", r"a\,\sum_{i} x_{i}"),
        ("sum(x[i] + 1 for i) + mean(x[i] for i)", "sum(x[i] + 1 for i) + mean(x[i] for i)", r"\sum_{i} (x_{i} + 1) + \operatorname{mean}_{i} x_{i}"),
        ("max(W[i, j] for i, j)", "max(W[i, j] for i, j)", r"\max_{i, j} W_{ij}"),
        ("x[0] + W[0, 1]", "x[0] + W[0, 1]", r"x_{0} + W_{0,1}"),
        ("(a*x @ x)^2", "(a x @ x)²", r"(a\,x\,x)^{2}"),
        ("x @ (W @ x)", "x @ (W @ x)", r"x\,(W\,x)"),
    ],
)
def test_an_expression_of_arrays_is_set_as_it_is_read(text: str, plain: str, latex: str) -> None:
    model = model_of(f"param a = 1, b = 2, W[2, 2] = 0\ninit x[2] = 0\ny = {text}\ndx/dt = b*a*(W @ x)")
    assert f"  y = {plain}" in exporters()["text"].render(model)
    assert f"  y &= {latex}" in exporters()["latex"].render(model).split("\n")


def test_a_file_is_named() -> None:
    node = parse_expression(Source("<value>", 'load("a_b.csv") [mV]'), Report())
    assert node is not None
    assert (PlainFormula({})(node), TexFormula({})(node)) == ('load("a_b.csv") [mV]', r"\operatorname{load}(\text{a\_b.csv})\,\mathrm{mV}")
