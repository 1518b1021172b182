"""The commonest slips of those who come from other languages: one error each, with a remedy that works."""

from __future__ import annotations

import pytest

from neurodsl.diagnostics import Report
from neurodsl.lang import override, parse_expression, read, read_all
from neurodsl.source import Source

ARRAYS = "param W[3, 3] = 1\ninit x[3] = 0\n"


def said(text: str) -> list[tuple[str, str, str | None]]:
    """Return the place, the message and the remedy of every error in a text."""
    report = Report()
    read_all(Source("m.neuro", text), report)
    errors = [finding for finding in report.found if finding.rule.severity == "error"]
    return [(f"{d.rule.code} {d.span.line}:{d.span.column}" if d.span else d.rule.code, d.message, d.help) for d in errors]


HERE = "is written differently here"
NO_IF = "a choice between values is `a if condition else b`"

SLIPS = [
    ("dx/dt = 10*ms - x", "N101 1:12", "unknown name `ms`", "a unit is written `10 [ms]`"),
    ("dx/dt = -65*mV - x", "N101 1:13", "unknown name `mV`", "a unit is written `65 [mV]`"),
    ("dx/dt = 10*s - x", "N101 1:12", "unknown name `s`", "a unit is written `10 [s]`"),
    ("dx/dt = x/mV", "N101 1:11", "unknown name `mV`", "a unit is written in brackets: `[mV]`"),
    ("dx/dt = 10 ms - x", "S101 1:12", "found `ms` after `10`: an operator is missing between them", "a unit is written `10 [ms]`"),
    ("param w = [1, 2, 3]\ndx/dt = sum(w)", "S110 1:11", "an array stands in round parentheses", "write `(1, 2, 3)`"),
    ("param w = [[1,2],[3,4]]\ndx/dt = sum(w)", "S110 1:11", "an array stands in round parentheses", "write `((1, 2), (3, 4))`"),
    ("dx/dt = sum([x, x[0]])", "S110 1:13", "an array stands in round parentheses", "write `(x, x[0])`"),
    (
        ARRAYS + "dx[i]/dt = sum(x[j] for j in range(N))",
        "S110 3:27",
        "the range of `j` is not written",
        "drop `in range(N)`: `j` runs over what it indexes",
    ),
    (
        ARRAYS + "dx[i]/dt = sum(x[j] for j if j != i)",
        "S110 3:27",
        f"a condition behind `for` {HERE}",
        "write `sum(x[j] if j != i else 0 for j)`",
    ),
    (
        ARRAYS + "dx[i]/dt = prod(x[j] for j in range(3) if j != i)",
        "S110 3:40",
        f"a condition behind `for` {HERE}",
        "write `prod(x[j] if j != i else 1 for j)`",
    ),
    (ARRAYS + "dx/dt = W.T @ x", "S110 3:9", f"`W.T` {HERE}", "write `transpose(W)`"),
    (ARRAYS + "dx/dt = np.transpose(W) @ x", "S110 3:9", f"`np.transpose` {HERE}", "write `transpose(W)`"),
    (ARRAYS + "dx/dt = np.dot(W, x)", "S110 3:9", f"`np.dot` {HERE}", "write `W @ x`"),
    (ARRAYS + "dx/dt = W.dot(x)", "S110 3:9", f"`W.dot` {HERE}", "write `W @ x`"),
    (
        "param a = np.random.normal(0, 1)\ndx/dt = a",
        "S110 1:11",
        f"`np.random.normal` {HERE}",
        "what is drawn stands behind `~`: `param w ~ normal(...)`",
    ),
    ("dx/dt = np.exp(-x)", "S110 1:9", f"`np.exp` {HERE}", "write `exp(-x)`"),
    ("dx/dt = np.pi - x", "S110 1:9", f"`np.pi` {HERE}", "write `pi`"),
    ("dx/dt = np.array([1, 2]) - x", "S110 1:9", f"`np.array` {HERE}", "write `(1, 2, 3)`, a matrix as `((1, 2), (3, 4))`"),
    (
        "param w = np.zeros(3)\ndx/dt = sum(w)",
        "S110 1:11",
        f"`np.zeros` {HERE}",
        "an array is declared with its size, and a number fills it: `init x[N] = 0`",
    ),
    (ARRAYS + "dx/dt = x.mean() - x", "S110 3:9", f"`x.mean` {HERE}", "write `mean(x)`"),
    (
        "dx/dt = np.fft(x)",
        "S110 1:9",
        f"`np.fft` {HERE}",
        "the functions of the language are written without a module: `exp(x)`, `W @ x`, `sum(x)`",
    ),
    (
        "dx/dt = post.x",
        "N101 1:9",
        "unknown name `post.x`",
        "`pre.x` and `post.x` stand in a `synapse`, `E.v` of a population in `record` and in a variant of its network",
    ),
    (
        "dx/dt = -x\non x > 1: post.x += 1",
        "N101 2:11",
        "unknown state `post.x`",
        "a neuron changes its own quantities; what its spikes do to others stands in a block `synapse NAME:`",
    ),
    ("param w = load(w.npy)\ndx/dt = sum(w)", "N104 1:16", "`load` takes the name of a file in quotes", 'write `load("w.npy")`'),
    ("param w = load('d/w.npy')\ndx/dt = sum(w)", "N104 1:16", "`load` takes the name of a file in quotes", 'write `load("d/w.npy")`'),
    (ARRAYS + "dx/dt = W' @ x", "S110 3:10", "`'` has no meaning here", "the transposed matrix is `transpose(W)`, a derivative `dW/dt`"),
    ("x' = -x", "S110 1:2", "`'` has no meaning here", "a derivative is written `dx/dt`"),
    (ARRAYS + "dx/dt = W^T @ x", "N101 3:11", "unknown name `T`", "the transposed matrix is `transpose(W)`"),
    (ARRAYS + "dx/dt = dot(W, x)", "N101 3:9", "unknown function `dot`", "write `W @ x`"),
    (ARRAYS + "dx/dt = matmul(W, x)", "N101 3:9", "unknown function `matmul`", "write `W @ x`"),
    ("L = w^2\ndw/dt = -grad(L, w)", "N101 2:10", "unknown function `grad`", "write `diff(L, w)`"),
    (
        "L = w^2\ndw/dt = -dL/dw",
        "S110 2:10",
        "`dL/dw` is no derivative by the time `t`",
        "for the derivative by a parameter or a state write `diff(L, w)`, for a quotient `(dL)/dw`",
    ),
    ("L = W^2\ndW/dt = -dL/dW", "N101 2:10", "unknown name `dL`", "the derivative is `diff(L, W)`"),
    ("param K = np.inf\ndx/dt = -K*x", "S110 1:11", f"`np.inf` {HERE}", "a value is a finite number"),
    ("x(0) = 1\ndx/dt = -x", "S110 1:1", f"an initial value {HERE}", "write `init x = 1`"),
    ("init y = 2, x(0) = 1\ndx/dt = -x\ndy/dt = x", "S110 1:13", f"an initial value {HERE}", "write `init x = 1`"),
    (
        "dv/dt = 1\nif v > 1:\n    v = 0",
        "S110 2:1",
        "there are no `if` statements",
        f"what a condition sets off is an event, `on v > 1: ...`; {NO_IF}",
    ),
    ("dv/dt = 1\nwhile v > 1: v = 0", "S110 2:1", "there are no `while` loops", "what a condition sets off is an event, `on v > 1: ...`"),
    (
        "init x[3] = 0\nfor i in range(3):\n    dx[i]/dt = -x[i]",
        "S110 2:1",
        "there are no `for` loops",
        "an equation with an index holds for every element: `dx[i]/dt = ...`",
    ),
    ("def f(x): 2*x\ndx/dt = -f(x)", "S110 1:1", f"a function {HERE}", "write `f(x) = ...`"),
    (
        "param tau = 10 [ms]\ntau*dv/dt = -v : volt (unless refractory)",
        "S110 2:16",
        f"a unit {HERE}",
        "units stand in brackets behind numbers: `init v = 0 [mV]`",
    ),
    ("dv/dt = -v : 1", "S110 1:12", f"a unit {HERE}", "what has no unit needs no bracket: remove `: 1`"),
    ("tau : second\ndx/dt = -x/tau", "S110 1:5", f"a unit {HERE}", "units stand in brackets behind numbers: `param tau = 1 [ms]`"),
    ("param a = 1\ndx/dt = -a*x\nvariant and: a = 2", "N106 3:9", "`and` is a reserved word", "choose another name, such as `and_0`"),
    ("param a = 1\ndx/dt = -a*x\nvariant or:\n    a = 2", "N106 3:9", "`or` is a reserved word", "choose another name, such as `or_0`"),
    (
        "f(x) = (x, 2*x)\ndx/dt = f(x)[1]",
        "U102 2:13",
        "`[1]` behind a call or a parenthesis is no index but a unit",
        "to take an element of a result name it first: `y = ...`, `y[1]`",
    ),
    (
        ARRAYS + "dx/dt = -W @ x\nsimulate: record x[0:3]",
        "S108 4:18",
        "ranges of elements (`x[0:3]`) are not read",
        "name the elements, `x[0], x[1]`, or the whole array, `x`",
    ),
    (ARRAYS + "dx/dt = -W @ x\nsimulate: record x[7]", "A103 4:18", "`record x[7]`: `x` is of shape (3,)", "the last element is `x[2]`"),
    (
        "param I[3] = 1\ninit x[3] = steady\ndx/dt = -x + I",
        "S108 2:6",
        "`x` is an array, for which `steady` is not supported yet",
        "give it numbers",
    ),
    (
        "init x = 0\ndx/dt = -x/[s]\non chance 5 [Hz]: x = 1",
        "U101 3:11",
        "the probability of `on chance` is dimensionless but `5 [Hz]` is of dimension 1/time (Hz)",
        None,
    ),
    ("param K = inf\ndx/dt = -K*x", "N101 1:11", "unknown name `inf`", "a value is a finite number"),
    (
        "theta[i] = 2*pi*i/3\ndx/dt = -x + sum(theta)",
        "A103 1:1",
        "the range of the index `i` is not determined",
        "a use says it: write `theta[i]` in an equation beside an array of known size, declared as `init x[N] = 0`",
    ),
]


@pytest.mark.parametrize(("text", "place", "message", "remedy"), SLIPS, ids=[text.rpartition("\n")[2] for text, *_ in SLIPS])
def test_a_slip_gets_one_error_with_its_remedy(text: str, place: str, message: str, remedy: str | None) -> None:
    assert said(text) == [(place, message, remedy)]


@pytest.mark.parametrize(
    "text",
    [
        "param T = 2\ndx/dt = -x^T",
        "param ms = 3\ndx/dt = 10*ms - x",
        "param dL = 1, dw = 2\ndx/dt = (dL)/dw - x",
        "while = 3\ndx/dt = -while*x",
        "param np = 2, volt = 1\ndx/dt = -np*x/volt",
        "param tau = 2\ndx/dt = -x\non x > 1: hold x for tau if tau > 1 else 1",
        "param a = 2 [1], b = 1 [ms]\ndx/dt = -(a*x) [1]/b",
    ],
)
def test_what_only_looks_like_a_slip_is_none(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize("text", ["inf", "nan"])
def test_a_value_of_the_command_line_is_finite(text: str) -> None:
    report = Report()
    model, value = read(Source("m.neuro", "param K = 1\ndx/dt = -K*x"), report), parse_expression(Source("<value>", text), report)
    assert model is not None
    assert value is not None
    assert override(model, "set", "K", value, report) is model
    assert [(d.message, d.help) for d in report.found] == [(f"unknown name `{text}`", "a value is a finite number")]
