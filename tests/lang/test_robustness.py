"""Whatever the text, there is a report, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lang.strategies import FRAGMENTS, mutated

from neurodsl.diagnostics import Report, render
from neurodsl.lang import parse_expression, read_all
from neurodsl.source import Source

LIF = """\
# lif.neuro - leaky integrate-and-fire
param tau = 10 [ms], R = 10 [MOhm] "resistance", V_rest = -65 [mV], V_th = -50 [mV], V_reset = -70 [mV]
input I = 2*pulse(t, 5 [ms], 30 [ms]) [nA]
init V = V_rest, n = 0
S(x) = 1/(1 + exp(-x))
drive = R*I*S(V/[mV])
tau * dV/dt = -(V - V_rest) + (drive if V > V_th and n < 3 else 0) + V*(n mod 2)
on V >= V_th:
    V = V_reset
    hold V for 2 [ms]; emit spike
    n += 1
at 100 [ms]: V -= 1 [mV]
every 50 [ms]: hold V for 2 [ms]
simulate: duration 200 [ms]; dt 0.1 [ms]; record V, n
variant fast "doc": tau = 5 [ms], V = -60 [mV]
"""


RANDOM = """\
param tau = 10 [ms], g ~ normal(0.1, 0.01) [nS] "drawn", w ~ lognormal(0, 1) [nS], rho = 1 [1/ms]
noise xi "membrane noise", eta
init V ~ uniform(-65, -50) [mV] "potential", n = 0
drive = 2 [mV]*sqrt(2/tau)*xi
dV/dt = -V/tau*(g + w)/g + drive + 1 [mV/ms^(1/2)]*eta
on rate rho*exp(V/[mV]): V = 0
on chance clip(n, 0, 1): n += 1; emit spike
"""

STEPS = """\
param r ~ choice(3.5, 3.9) "growth", s = 2 [mV]
init x ~ uniform(0, 1)
next x = r*x*(1 - x) "population", y = y + s
on chance x: x = 0.5
every 3 [ms]: y *= 0.5
simulate: step 1 [ms]; duration 100 [ms]; record x
variant calm: r = 2
"""


ARRAYS = """\
param N = 3, W[N, N] ~ sparse(0.5, normal(0, 1)) "weights", b[N] = (1, 2, 3), tau = 10, X = ((0, 1), (1, 0))
noise xi
init x[N] = 0, V[2*N] = -65, theta[N] ~ uniform(0, 6)
S(x) = 1/(1 + exp(-x))
h = S(W @ x + b)
C[i, j] = sum(X[m, i]*X[m, j] for m)/2
tau*dx/dt = -x + h + outer(x, b) @ x + norm(x)*transpose(W) @ b
dV[i]/dt = -V[i]/tau + x[mod(i, N)] + (1 if i == 0 else C[0, 1]) + xi
dtheta[i]/dt = sum(sin(theta[j] - theta[i]) for j) - diff(sum(h), x[i])
on V[i] >= -50 and V[i] < 0: V[i] = -70; x[0] += rand(); hold V[i] for 2; theta = b
simulate: record x, W, V[0]
variant other: b = (3, 2, 1), x = 2, N = 3
"""


NETWORK = """\
model cell:
    param tau = 20 [ms], E_L = -60 [mV]
    input I = 0 [mV]
    init V = E_L, g = 0 [mV]
    tau*dV/dt = g - (V - E_L) + I
    dg/dt = -g/5 [ms]
    on V > -50 [mV]: V = E_L

synapse stdp "plastic":
    param w_max = 1 [mV], p = 0.5
    init w ~ uniform(0, 1) [mV]
    20 [ms]*dx/dt = -x
    on pre: post.g += w if rand() < p else 0 [mV]; x += third.V/[mV]
    on post after 1 [ms]:
        w += 0.1*(w_max - w)*x
    post.I -= 0.1*(post.V - pre.V)

network net:
    param N = 10, W = ((0, 1), (1, 0)) [mV]
    f(x) = exp(-x^2)
    population E = cell[2*N] "all" with V ~ uniform(-60, -50) [mV], tau = (10 + i) [ms]
    population P = poisson[N] with rate = 20*(1 + sin(t/[ms])) [Hz]
    population S = spikes[3] from "trains.npy" [ms]
    connect E[0:10], E[12] -> E[:N] with stdp, probability f(i - j), no self, delay uniform(1, 5) [ms], w = 1 [mV], third E[0]
    connect E -> E with stdp:
        small world 4, 0.1
        third E; w ~ normal(1, 0.1) [mV]
    connect E[0:2] -> E[2:4] with stdp, matrix W, third E[3]
    simulate: duration 20 [ms]; record E[0:4:2].V every 1 [ms], stdp.w
    variant other: N = 12, E.tau = 5 [ms], stdp.p = 1
"""


def findings(text: str) -> Report:
    """Return what is said about a text, with every message rendered."""
    report = Report()
    models = read_all(Source("random.neuro", text), report)
    assert report.ok or not models
    for diagnostic in report.sorted():
        shown = render(diagnostic)
        assert shown.startswith(f"{diagnostic.rule.severity}[{diagnostic.rule.code}]: ")
        assert "\x1b" not in shown
        assert "\x00" not in shown
    return report


@pytest.mark.parametrize("text", [LIF, RANDOM, STEPS, ARRAYS, NETWORK], ids=["lif", "random", "steps", "arrays", "network"])
def test_the_model_that_is_mutated_is_right(text: str) -> None:
    assert findings(text).ok


@given(st.text(max_size=200))
def test_random_text_is_reported_and_never_crashes(text: str) -> None:
    findings(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60).map(" ".join))
def test_random_fragments_of_the_language_never_crash(text: str) -> None:
    findings(text)


@given(st.one_of(mutated(LIF), mutated(RANDOM), mutated(STEPS), mutated(ARRAYS), mutated(NETWORK)))
def test_a_mutated_model_never_crashes(text: str) -> None:
    findings(text)


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join)))
def test_a_random_value_is_an_expression_or_an_error(text: str) -> None:
    report = Report()
    found = parse_expression(Source("<value>", text), report)
    assert (found is None) == (not report.ok)


MONSTERS = {
    "parentheses": "dx/dt = " + "(" * 50_000 + "x" + ")" * 50_000,
    "open parentheses": "dx/dt = (\n" * 5000,
    "closing parentheses": "dx/dt = )\n" * 5000,
    "minus signs": "dx/dt = " + "-" * 90_000 + "x",
    "not": "dx/dt = 1 if " + "not " * 20_000 + "x > 2 else 3",
    "powers": "dx/dt = x" + "^2" * 20_000,
    "conditionals": "dx/dt = " + "1 if x > 2 else " * 8000 + "3",
    "terms": "dx/dt = x" + " + x" * 20_000,
    "calls": "dx/dt = " + "exp(" * 20_000 + "x" + ")" * 20_000,
    "statements": "x = 3\n" * 20_000,
    "unknown names": "".join(f"a{i} = b{i}\n" for i in range(4000)),
    "chain of definitions": "".join(f"a{i} = a{i + 1}\n" for i in range(4000)) + "a4000 = 3\ndx/dt = a0*x",
    "chain of states": "".join(f"da{i}/dt = a{i + 1}/[ms]\n" for i in range(1500)) + "init a1500 = 2 [mV]\non a1500 > 2 [mV]: a1500 = 0",
    "chain of functions": "".join(f"f{i}(x) = f{i + 1}(x) + f{i + 1}(x + 1)\n" for i in range(900)) + "f900(x) = x\ndx/dt = f0(x/[mV])",
    "doubling functions": "".join(f"f{i}(x) = f{i + 1}(x) + f{i + 1}(2*x)\n" for i in range(50)) + "f50(x) = x\ndx/dt = f0(x)/[ms]",
    "doubling constants": "".join(f"a{i} = a{i + 1} + a{i + 1}\n" for i in range(50)) + "a50 = 3\nparam p = a0\ndx/dt = p*x",
    "semicolons": ";" * 200_000,
    "newlines": "\n" * 900_000,
    "a long name": "dx/dt = " + "x" * 500_000,
    "a long number": "dx/dt = " + "9" * 500_000,
    "a long label": 'param a = 3 "' + "x" * 500_000 + '"\ndx/dt = a',
    "a long comment": "#" + " x" * 400_000 + "\ndx/dt = 1",
    "a long unit": "dx/dt = 1 [" + "mV*" * 50_000 + "mV]",
    "units to high powers": "param a = 1 [m^100]\ndx/dt = a^100*a^100/[ms]\ny = x^(1/64)^(1/64)",
    "a large text": "x" * 2_000_000,
    "deep blocks": "".join(" " * i + "on x > 1:\n" for i in range(500)),
    "brackets": "dx/dt = " + "[mV " * 20_000,
    "binary": bytes(range(256)).decode("latin-1") * 100,
    "noises in a chain": "noise xi\n" + "".join(f"dx{i}/dt = dx{i + 1}/dt\n" for i in range(1200)) + "dx1200/dt = xi",
    "draws in a chain": "".join(f"param a{i} ~ normal(a{i + 1}, 1)\n" for i in range(1200)) + "param a1200 = 1\ndx/dt = a0",
    "a distribution of many": "param a ~ choice(" + "1, " * 20_000 + "1)\ndx/dt = a",
    "distributions in each other": "param a ~ " + "normal(" * 20_000 + "1",
    "maps": "".join(f"next x{i} = x{i} + 1\n" for i in range(4000)),
    "indices": "dx/dt = x" + "[0]" * 8000,
    "indices in each other": "dx/dt = " + "x[" * 9000 + "0" + "]" * 9000,
    "arrays in each other": "param a = " + "(" * 9000 + "1" + ",)" * 9000,
    "a long array": "param a = (" + "1, " * 20_000 + "1)\ndx/dt = a[0]",
    "sums in each other": "init x[2] = 0\ndx/dt = " + "sum(" * 40 + "x[i0]" + "".join(f" for i{k})" for k in range(40)),
    "products of matrices": "param W[9, 9] = 0\ndx/dt = (" + " @ ".join(["W"] * 900) + ")[0, 0]",
    "large sizes": "param N = 10^300, W[N^60, N] = 0, v[2^1000] = 0\ndx/dt = W[0, 0]",
    "sizes in a chain": "".join(f"param a{i} = a{i + 1} + 1\n" for i in range(50)) + "param a50 = 1, w[a0] = 0\ndx/dt = w[50]",
    "shapes in a chain": "".join(f"dx{i}[j]/dt = x{i + 1}[j]\n" for i in range(1500)) + "init x1500[3] = 0\ndx1500/dt = 0",
    "derived arrays in a chain": "".join(f"a{i} = a{i + 1}\n" for i in range(58)) + "a58 = (1, 2)\ndx/dt = sum(a0)",
    "doubling functions of arrays": "".join(f"f{i}(x) = f{i + 1}(x) + f{i + 1}(2*x)\n" for i in range(50))
    + "f50(x) = x\ninit x[2] = 0\ndx/dt = f0(x)",
    "look-alikes": "".join(f"v{i} = 1\nν{i} = 2\n" for i in range(1000)) + "dx/dt = 1",
}


@pytest.mark.parametrize("text", MONSTERS.values(), ids=MONSTERS)
def test_a_monster_is_answered_within_two_seconds(text: str) -> None:
    start = time.process_time()
    assert len(findings(text).found) <= 202
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize("name", ["__import__", "{{7*7}}", "os.system('x')", "\x1b[31m", "V\nimport os"])
def test_a_name_that_means_something_elsewhere_is_an_error(name: str) -> None:
    assert not findings(f"param {name} = 3\ndx/dt = 2\n").ok
