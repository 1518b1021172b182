"""Each proof by itself: what it says, with numbers checked by another road, and where it keeps silent."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from sympy import Symbol

import neurodsl as nd
from neurodsl import rules
from neurodsl.analysis.case import Case
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.proofs import proofs
from neurodsl.analysis.prove import prove
from neurodsl.analysis.reach import reach
from neurodsl.diagnostics import Diagnostic, Report
from neurodsl.integrators import methods
from neurodsl.lang import read
from neurodsl.planning import compile_system
from neurodsl.resources import shipped_models
from neurodsl.source import Source
from neurodsl.system import System

LIF = """
param tau = 10 [ms], R = 10 [MOhm], V_rest = -65 [mV], V_th = -50 [mV]
input I = {drive}
init V = {start}
tau*dV/dt = -(V - V_rest) + R*I
on V >= V_th: V = {reset}
{rest}
"""
CHANNEL = """
param C = 1 [uF/cm^2], g = 36 [mS/cm^2], E_K = -77 [mV], a = 0.1 [1/ms], b = 0.125 [1/ms]
init V = -65 [mV], n {start}
C*dV/dt = g*n^4*(E_K - V) + 0.3 [mS/cm^2] * (-54 [mV] - V)
dn/dt = {flow}
"""


def found(text: str, code: str | None = None) -> list[Diagnostic]:
    """Return the warnings of `check`, those of one code where it is given."""
    return [d for d in nd.loads(text).check().sorted() if d.rule.severity != "note" and code in (None, d.rule.code)]


def lif(drive: str, start: str = "V_rest", reset: str = "V_rest", rest: str = "") -> str:
    """Return an integrate-and-fire neuron."""
    return LIF.format(drive=drive, start=start, reset=reset, rest=rest)


def system_of(name: str) -> System:
    """Return a shipped model as a system."""
    path = shipped_models()[name]
    model = read(Source(path.name, path.read_text(encoding="utf-8")), Report())
    assert model is not None
    return compile_system(model, Report(), written_out=True)


def test_every_proof_states_its_argument_in_a_line_and_can_be_explained() -> None:
    assert [p.name for p in proofs().values() if not p.argument or "\n" in p.argument or len(p.rule.explanation) < 80] == []
    assert {"counted_twice", "domain", "gates", "kernels", "leak", "oscillation", "step", "stiffness", "threshold", "weights"} == set(proofs())


@pytest.mark.parametrize(
    ("drive", "supremum"),
    [
        ("0 [nA]", -65.0),
        ("1 [nA]", -55.0),
        ("1.4999 [nA]", -50.001),
        ("1 [nA] * sin(0.1*t/[ms])", -55.0),
        ("2 [nA] * pulse(t, 5 [ms], 15 [ms])", -65 + 20 * (1 - math.exp(-1))),
        ("2 [nA] * pulse(t, 0 [ms], 10 [ms]) + 2 [nA] * pulse(t, 20 [ms], 22 [ms])", -65 + 20 * (1 - math.exp(-1))),
        ("-1 [nA]", -65.0),
    ],
)
def test_the_supremum_of_a_leaky_neuron_is_that_of_its_closed_form(drive: str, supremum: float) -> None:
    (told,) = found(lif(drive), "M201")
    assert f"V_th = -50 mV is never reached: sup V = {supremum:.6g} mV" in told.message


@pytest.mark.parametrize(
    "text",
    [
        lif("1.5 [nA]"),
        lif("1.6 [nA]"),
        lif("2 [nA] * pulse(t, 5 [ms], 25 [ms])"),
        lif("0.1 [nA/ms] * t"),
        lif("0 [nA]", start="-45 [mV]"),
        lif("0 [nA]", rest="at 10 [ms]: V = -40 [mV]"),
        lif("0 [nA]", rest="at 10 [ms]: I = 2 [nA]").replace("V = V_rest\n", "V = V_rest; emit spike\n", 1),
        lif("0 [nA]", rest="variant driven: I = 2 [nA]"),
        lif("0 [nA]", start="-65 [mV]", rest="").replace("+ R*I", "+ R*I + 10 [mV] * sqrt(2*tau)*xi").replace("param", "noise xi\nparam"),
        "init x = 0\ndx/dt = sqrt(abs(x)) + (0.1 if x >= 0 else 0)\non x >= 1: x = 0\n",
        "init V = 0\ndV/dt = 1 - V + (exp(V - 1) if V >= 1 else 0)\non V >= 3: V = 0\n",
        "param r ~ normal(0, 1)\ninit x = 0\ndx/dt = r - x\non x >= 1: x = 0\n",
    ],
)
def test_a_threshold_that_may_be_reached_is_not_reported(text: str) -> None:
    assert found(text, "M201") == []


def test_the_remedy_names_the_current_that_reaches_the_threshold() -> None:
    (told,) = found(lif("1 [nA]"), "M201")
    assert told.help == "`I` has to pass 1.5 nA; it is 1 nA"


def test_a_threshold_from_above_has_an_infimum() -> None:
    (told,) = found("init x = 1\ndx/dt = 2 - x\non x <= 0.5: x = 3\n", "M201")
    assert "the threshold 0.5 of `x` is never reached: inf x = 1" in told.message


def test_an_event_that_waits_for_another_dormant_one_sleeps_too() -> None:
    text = "init x = 0, y = 0\ndx/dt = -x\ndy/dt = -y\non x >= 1: x = 0; y = 5; emit spike\non y >= 2: y = 0\n"
    assert [d.span.line for d in found(text, "M201") if d.span is not None] == [4, 5]


@pytest.mark.parametrize("name", ["hodgkin_huxley", "hh_reduced", "morris_lecar", "wilson_cowan", "half_centre", "working_memory"])
def test_solutions_stay_in_the_ranges_that_are_proved(name: str) -> None:
    system = system_of(name)
    box = reach(Case(system, methods()["rk45"], 0.1)).box
    frozen = nd.load(name).frozen()

    def flow(t: float, y: NDArray[np.float64]) -> NDArray[np.float64]:
        return frozen.slopes(y)

    start = [Case(system, methods()["rk45"], 0.1).starts[s].middle for s in frozen.symbols]
    solution = solve_ivp(flow, (0.0, 60.0), start, method="LSODA", rtol=1e-8, atol=1e-10)
    bounds = [(box[s].low, box[s].high) for s in frozen.symbols]
    outside = [n for n, y, (low, high) in zip(frozen.names, solution.y, bounds, strict=True) if y.min() < low - 1e-7 or y.max() > high + 1e-7]
    assert outside == []
    assert any(math.isfinite(low) and math.isfinite(high) for low, high in bounds)


def test_the_trace_that_is_proved_negative_is_so_at_random_points() -> None:
    frozen = nd.load("hh_reduced_as_printed").frozen()
    chance = np.random.default_rng(1)
    points = np.stack([chance.uniform(-300, 300, 500), chance.uniform(0, 1, 500)], axis=1)
    assert max(float(np.trace(frozen.matrix(y))) for y in points) < 0


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("init V = 0\ndV/dt = 2 - V\non V >= 1: emit spike\n", ["M202"]),
        ("init V = 0\ndV/dt = 2 - V\non V >= 1: emit spike; stop\n", []),
        ("init V = 0\ndV/dt = 2 - V\non V >= 1: V = 0\n", []),
        ("init V = 0\ndV/dt = 2 + sin(t) - V\non V >= 1: emit spike\n", []),
        ("init V = 0\ndV/dt = 1 + V\non sin(V) >= 0.5: emit spike\n", []),
        ("init V = 0, w = 0\ndV/dt = 2 - V - w\ndw/dt = 0.1*(V - w)\non V >= 1: emit spike\n", ["M202"]),
        ("init V = 0, w = 0\ndV/dt = 2 - V - w\ndw/dt = 0.1*(V - w)\non V >= 1: emit spike\nevery 10: w = 0\n", []),
        ("init V = 0, w = 0\ndV/dt = V - V^3/3 - w + 0.5\ndw/dt = 0.08*(V + 0.7 - 0.8*w)\non V >= 1: emit spike\n", []),
        ("init V = 0, w = 0\ndV/dt = w\ndw/dt = 1 - V\non V >= 1: emit spike\n", []),
        ("init V = 0, level = 0.5\ndV/dt = 2 - V\non V >= level: level += 0.2\n", []),
        ("init V = 0, w = 0\ndV/dt = (1 if w > 0 else -1) - V\ndw/dt = 0.5 - V - w\non V >= 0.2: emit spike\n", []),
    ],
)
def test_a_flow_that_cannot_oscillate_is_told_from_one_that_may(text: str, codes: list[str]) -> None:
    assert codes == [d.rule.code for d in found(text)]


@pytest.mark.parametrize(
    ("flow", "argument"),
    [
        ("a*(1 - n) + b*n", "at n = 1 dn/dt = 0.125 1/ms"),
        ("a*(1 - n) - b*exp(V/20 [mV])*n", None),
        ("a*(V + 60 [mV])/[mV]*(1 - n) - b*n", "at n = 0 and V = -77 mV dn/dt = -1.7 1/ms"),
        ("-a*(1 - n) - b*n", "at n = 0 dn/dt = -0.1 1/ms"),
    ],
)
def test_a_gate_that_leaves_its_interval_is_shown_where(flow: str, argument: str | None) -> None:
    told = found(CHANNEL.format(start="= 0.3", flow=flow), "M203")
    assert ([] if argument is None else [argument]) == [argument for d in told if argument is not None and argument in d.message]
    assert len(told) == (argument is not None)


def test_a_gate_that_opens_with_a_trace_that_cannot_be_negative_raises_no_alarm() -> None:
    # The NMDA synapse of Wang, 1999, doi:10.1523/JNEUROSCI.19-21-09587.1999: the trace is proved to stay above 0 only up to a margin.
    gate = "param tau_r = 2, tau_d = 80, a = 0.5\ninit s = 0, x = 0\ndx/dt = -x/tau_r\nds/dt = a*x*(1 - s) - s/tau_d\n"
    assert found(f"{gate}at 20: x += 1\n") == []
    assert [d.rule.code for d in found(f"{gate}at 20: x = -1\n")] == ["M203"]


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("~ uniform(0, 2)", "`n` is drawn outside of its domain [0, 1] with probability 0.5"),
        ("~ normal(0.5, 0.5)", f"with probability {math.erfc(1 / math.sqrt(2)):.3g}"),
        ("~ exponential(0.5)", f"with probability {math.exp(-2):.3g}"),
        ("~ choice(0.2, 1.5)", "with probability 0.5"),
        ("= 1.3", "`n` begins at 1.3, outside of its domain [0, 1]"),
        ("~ uniform(0.2, 1)", None),
        ("~ normal(0.5, 0.05)", None),
        ("~ beta(2, 3)", None),
        ("= steady", None),
    ],
)
def test_an_initial_value_outside_of_the_domain_is_reported(start: str, message: str | None) -> None:
    told = found(CHANNEL.format(start=start, flow="a*(1 - n) - b*exp(V/20 [mV])*n"))
    assert [True] * (message is not None) == [message is not None and message in d.message for d in told]
    assert ["M207"] * (message is not None) == [d.rule.code for d in told]


def test_a_weight_without_a_lower_bound_leaves_its_interval() -> None:
    text = "param hi = 1, lo = 0\ninit w = 0.5, x = 0\ndx/dt = -x\nevery 1: x += 1; w = clip(w + 0.1*x, lo, hi)\nevery 1.5: w -= 0.2*x\n"
    (told,) = found(text)
    assert told.rule is rules.WEIGHT_LEAVES
    assert "from w = lo, x = 1 `every 1.5` leads to w = -0.2, below lo" in told.message


@pytest.mark.parametrize(("step", "expected"), [("1.5", ["from w = 0, x = 0 `every 1` leads to w = 1.5, above hi"]), ("0.5", [])])
def test_a_soft_bound_that_is_overshot_is_reported(step: str, expected: list[str]) -> None:
    text = f"param hi = 1\ninit w = 0.5, x = 0\ndx/dt = -x\nevery 1: x += 1; w += {step}*(hi - w)*x\nevery 1.5: w -= 0.2*w*x\n"
    assert expected == [d.message.partition("proof: ")[2] for d in found(text)]


def test_weights_drawn_beyond_their_bound_are_reported() -> None:
    text = "param hi = 1, lo = 0.1\ninit w ~ uniform(0, 1), x = 0\ndx/dt = -x\nevery 1: x += 1; w += 0.1*(hi - w)*x\nevery 1.5: w -= 0.2*(w - lo)*x\n"
    (told,) = found(text)
    assert "`w` is drawn outside of its domain [lo, hi] with probability 0.1" in told.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("init d = -50, w = 0\ndd/dt = 1\nevery 1: w += exp(d/20) if d > 0 else 0\n", "where `d > 0` its exponent is 0.05 times (d)"),
        ("init d = -50, w = 0\ndd/dt = 1\nevery 1: w += exp(-d/20) if d > 0 else 0\n", None),
        ("init d = -50, w = 0\ndd/dt = 1\nevery 1: w += exp(-d/20) if d > 0 else exp(-d/20)\n", "where `d <= 0` its exponent is 0.05 times (-d)"),
        ("init d = -50, w = 0\ndd/dt = 1\nevery 1: w += 1/(1 + exp(d/20)) if d > 0 else 0\n", None),
        ("init s = 0, w = 0\nevery 7: s = t\nevery 10: w += exp((t - s)/20)\n", "`s` is the time of a past event"),
        ("init s = 0, w = 0\nevery 7: s = t\nevery 10: w += exp((s - t)/20)\n", None),
        ("param tau = 5 [ms]\ninit x = 0\ntau*dx/dt = x\nevery 10 [ms]: x += 1\n", "dx/dt = x/5, and the events only raise it"),
        ("param tau = 5 [ms]\ninit x = 0\ntau*dx/dt = -x\nevery 10 [ms]: x += 1\n", None),
        ("init V = 0\ndV/dt = 2 - V + (exp(V - 1) if V > 1 else 0)\non V >= 3: V = 0\n", None),
    ],
)
def test_a_kernel_that_grows_is_told_from_one_that_decays(text: str, expected: str | None) -> None:
    told = found(text, "M205")
    assert [True] * (expected is not None) == [expected is not None and expected in d.message for d in told]


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        ("(s - t)/10", "together they go as exp(-0.2*s), where a window of pairs goes as exp(-s/10)"),
        ("(t - s)/10", "the two cancel, so the interval has no influence"),
        ("(t - s)/5", "together they go as exp(0.1*s)"),
    ],
)
def test_an_interval_that_is_counted_twice_has_the_rate_of_both(exponent: str, expected: str) -> None:
    text = f"init x = 0, s = 0, w = 0\n10*dx/dt = -x\nevery 7: x += 1; s = t\nevery 10: w += 0.1*exp({exponent})*x\n"
    assert [expected in d.message for d in found(text, "M206")] == [True]


@pytest.mark.parametrize(
    ("method", "rate", "dt", "codes"),
    [
        ("euler", 20, 0.099, []),
        ("euler", 20, 0.101, ["M208"]),
        ("rk4", 1, 2.78, []),
        ("rk4", 1, 2.79, ["M208"]),
        ("heun", 1, 1.99, []),
        ("heun", 1, 2.01, ["M208"]),
        ("exponential_euler", 20, 1, []),
        ("rk45", 100, 0.02, []),
        ("rk45", 100, 0.1, ["R201"]),
        ("rosenbrock", 100, 0.1, []),
    ],
)
def test_the_longest_step_is_that_of_the_stability_function(method: str, rate: float, dt: float, codes: list[str]) -> None:
    # Euler and Heun are stable up to 2/rate, the classical Runge-Kutta method up to 2.7853/rate.
    text = f"init x = 1\ndx/dt = -{rate}*x + 0.01*x^2\nsimulate: method {method}; dt {dt}; duration 100\n"
    assert codes == [d.rule.code for d in found(text)]


def test_a_step_that_is_too_long_is_placed_at_the_fast_equation() -> None:
    (told,) = found("init x = 1, y = 1\ndx/dt = -x\ndy/dt = -50*y + x^2\nsimulate: method euler; dt 0.1; duration 10\n")
    assert (
        told.span and told.span.line,
        told.message.partition("proof: ")[2],
    ) == (3, "each step multiplies a deviation by 4, while in the model it decays with the eigenvalue -50")


def test_elements_of_an_array_give_one_message() -> None:
    text = "param N = 3, theta = 1\ninit V[N] = 0\ndV[i]/dt = -V[i]\non V[i] >= theta: V[i] = 0\n"
    assert [d.rule.code for d in found(text)] == ["M201"]


def test_a_proof_that_takes_too_long_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(case: Case) -> list[Finding]:
        while True:
            pass

    slow = Proof("endless", rules.GROWS, "it never ends", endless)  # type: ignore[arg-type]
    monkeypatch.setattr("neurodsl.analysis.prove.proofs", lambda: {"endless": slow})
    monkeypatch.setattr("neurodsl.analysis.prove.SECONDS", 0.05)
    assert prove(system_of("lif"), methods()["exact"], 0.1, {}, lambda: iter(())) == []


def test_a_proof_that_is_done_says_the_same_from_what_was_kept() -> None:
    text = lif("1 [nA]") + "# kept\n"
    first, second = found(text), found(text)
    assert first == second
    assert [(d.span.line, d.help) for d in first if d.span] == [(d.span.line, d.help) for d in second if d.span]


def test_an_unknown_symbol_may_be_anything() -> None:
    case = Case(system_of("lif"), methods()["exact"], 0.1)
    assert (-math.inf, math.inf) == tuple(case.bound(Symbol("nothing of the model"), {}))
