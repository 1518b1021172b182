"""Right-hand sides are rewritten so that they cost less and have the same values."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from lower.arithmetic import DOUBLE, Values, rounding, run
from sympy import Expr, Rational, Symbol, exp

from neurodsl.diagnostics import Report
from neurodsl.lang import read, read_all
from neurodsl.lower import lower
from neurodsl.lower.economy import Economy, cost, economise
from neurodsl.lower.functions import Expm1, Floor, InversePhi, Logistic, Maximum, Phi, Select, Tanh
from neurodsl.lower.program import Cost
from neurodsl.model import Model
from neurodsl.planning import compile_system
from neurodsl.source import Source
from neurodsl.system import LEVEL_TIME, STEP, TIME, System
from neurodsl.texts import read_source
from neurodsl.units import describe

MODELS = Path(__file__).resolve().parents[2] / "models"
V, W, X, Y, A, B = (Symbol(name) for name in ("V", "W", "X", "Y", "A", "B"))
MOVING = frozenset({V, W, X, Y, TIME})
PRECISION = 200
"""Bits of the reference."""

SQUID = """
param C = 1, g_Na = 120, g_K = 36, g_L = 0.3, E_Na = 50, E_K = -77, E_L = -54.387
input I = 10
init V = -65, m = 0.0529, h = 0.5961, n = 0.3177
a_m = 0.1*(V + 40)/(1 - exp(-(V + 40)/10))
b_m = 4*exp(-(V + 65)/18)
a_h = 0.07*exp(-(V + 65)/20)
b_h = 1/(1 + exp(-(V + 35)/10))
a_n = 0.01*(V + 55)/(1 - exp(-(V + 55)/10))
b_n = 0.125*exp(-(V + 65)/{rate})
C*dV/dt = I - g_Na*m^3*h*(V - E_Na) - g_K*n^4*(V - E_K) - g_L*(V - E_L)
dm/dt = a_m*(1 - m) - b_m*m
dh/dt = a_h*(1 - h) - b_h*h
dn/dt = a_n*(1 - n) - b_n*n
"""
INTERNEURON = """
param g_Na = 35, g_K = 9, g_L = 0.1, E_Na = 55, E_K = -90, E_L = -65, phi = 5
input I = 1
init V = -64, h = 0.78, n = 0.09
a_m = 0.1*(V + 35)/(1 - exp(-0.1*(V + 35)))
b_m = 4*exp(-(V + 60)/18)
a_h = 0.07*exp(-(V + 58)/20)
b_h = 1/(exp(-0.1*(V + 28)) + 1)
a_n = 0.01*(V + 34)/(1 - exp(-0.1*(V + 34)))
b_n = 0.125*exp(-(V + 44)/80)
m_inf = a_m/(a_m + b_m)
tau_h = 1/(a_h + b_h)
h_inf = a_h*tau_h
tau_n = 1/(a_n + b_n)
n_inf = a_n/(a_n + b_n)
dV/dt = -g_Na*m_inf^3*h*(V - E_Na) - g_K*n^4*(V - E_K) - g_L*(V - E_L) + I
dh/dt = phi*(h_inf - h)/tau_h
dn/dt = phi*(n_inf - n)/tau_n
"""

Parts = tuple[list[tuple[Symbol, Expr]], list[Expr], frozenset[Symbol]]


def system_of(text: str) -> System:
    report = Report()
    model = read(Source("m.neuro", text), report)
    assert model is not None, report.found
    return lower(model)


def parts(system: System, *more: Expr) -> Parts:
    """Return what the derivatives of a system and more expressions are made of."""
    results = [*(s.derivative for s in system.states), *more]
    definitions = [(d.symbol, d.expression) for d in system.needed(*results)]
    sites = frozenset(Symbol(site.name) for site in system.sites)
    return definitions, results, frozenset({s.symbol for s in system.states} | {TIME, LEVEL_TIME} | sites)


def plain_cost(definitions: list[tuple[Symbol, Expr]], results: list[Expr]) -> Cost:
    return cost(Economy((), tuple(definitions), tuple(results)))


def error(made: Economy, definitions: list[tuple[Symbol, Expr]], results: list[Expr], values: Values) -> float:
    """Return the largest error of a program in double precision, relative to the size of the terms that a result is made of."""
    with mpmath.workprec(53):
        found = run((*made.constants, *made.lines), made.results, {s: +mpmath.mpf(v) for s, v in values.items()})
    with mpmath.workprec(PRECISION):
        exact: Values = {s: mpmath.mpf(v) for s, v in values.items()}
        bounds = {s: abs(v) for s, v in exact.items()}
        for symbol, e in definitions:
            exact[symbol], bounds[symbol] = run([], [e], exact)[0], rounding(e, exact, bounds)
        wanted = run([], results, exact)
        sizes = [rounding(e, exact, bounds) for e in results]
        return max((float(abs(a - b) / size) if size else float(abs(a - b)) for a, b, size in zip(found, wanted, sizes, strict=True)), default=0.0)


def single(*results: Expr, moving: frozenset[Symbol] = MOVING) -> Economy:
    return economise([], list(results), moving)


def named(system: System) -> dict[Symbol, float]:
    """Return the defaults of the parameters that are numbers."""
    return {p.symbol: float(p.default) for p in system.parameters if isinstance(p.default, Expr) and p.default.is_number}


def test_hodgkin_and_huxley_take_two_exponentials_and_one_division() -> None:
    shipped = compiled("neurons/hodgkin_huxley.neuro")
    for definitions, results, moving in (parts(shipped), parts(system_of(SQUID.format(rate=80)))):
        found = cost(economise(definitions, results, moving))
        assert (found.exponentials, found.divisions) == (2, 1)
        assert found.operations <= 60


def compiled(path: str, name: str | None = None) -> System:
    """Return the system of a shipped model; ``name`` is that of one of several in a file."""
    report = Report()
    models = read_all(read_source(str(MODELS / path)), report)
    assert report.ok, report.found
    model = models[name or Path(path).stem]
    assert isinstance(model, Model)
    return compile_system(model, report)


def neurons(path: Path) -> list[str]:
    """Return the names of the models in a file, those that it imports and its networks left out."""
    source = read_source(str(path))
    return [name for name, model in read_all(source, Report()).items() if isinstance(model, Model) and model.source is source]


def test_rates_that_are_not_commensurate_keep_their_exponentials_and_share_the_division() -> None:
    system = system_of(SQUID.format(rate=80.3))
    definitions, results, moving = parts(system)
    made = economise(definitions, results, moving)
    assert (cost(made).exponentials, cost(made).divisions) == (3, 1)
    for v in (-90.0, -55.0, -40.0, 0.0, 40.0):
        values: Values = {**named(system), **{s.symbol: x for s, x in zip(system.states, (v, 0.1, 0.6, 0.3), strict=True)}}
        assert error(made, definitions, results, values) < 1e-13


def test_steady_values_and_time_constants_need_no_division_of_their_own() -> None:
    system = system_of(INTERNEURON)
    definitions, results, moving = parts(system)
    made = economise(definitions, results, moving)
    assert (cost(made).exponentials, cost(made).divisions) == (2, 1)
    for v in (-90.0, -65.0, -35.001, -34.0, 20.0):
        values: Values = {**named(system), **{s.symbol: x for s, x in zip(system.states, (v, 0.6, 0.3), strict=True)}}
        assert error(made, definitions, results, values) < 1e-12


def test_an_exponential_step_shares_the_divisions_of_its_gates() -> None:
    system = system_of(SQUID.format(rate=80))
    definitions, rates, moving = parts(system)
    table = dict(definitions)
    slopes = [f.xreplace(table).diff(s.symbol) for s, f in zip(system.states, rates, strict=True)]
    results = [s.symbol + STEP * f * Phi(1, STEP * a) for s, f, a in zip(system.states, rates, slopes, strict=True)]
    made = economise(definitions, results, moving)
    assert (cost(made).exponentials, cost(made).divisions) == (6, 2)
    values: Values = {**named(system), STEP: 0.05, **{s.symbol: x for s, x in zip(system.states, (-60.0, 0.1, 0.6, 0.3), strict=True)}}
    assert error(made, definitions, results, values) < 1e-12


def test_fitzhugh_nagumo_takes_six_operations() -> None:
    definitions, results, moving = parts(compiled("neurons/fitzhugh_nagumo.neuro"))
    assert cost(economise(definitions, results, moving)) == Cost(0, 0, 6)


def test_what_does_not_depend_on_the_state_is_computed_once() -> None:
    made = single((A - V) / B)
    assert made.results == (Symbol("_r1") - Symbol("_r0") * V,)
    assert made.constants == ((Symbol("_r0"), 1 / B), (Symbol("_r1"), A / B))


SHIPPED = sorted((str(path.relative_to(MODELS)), name) for path in MODELS.rglob("*.neuro") for name in neurons(path))


@pytest.mark.parametrize(("path", "name"), SHIPPED)
def test_every_model_keeps_its_values_and_costs_no_more(path: str, name: str) -> None:
    system = compiled(path, name)
    if system.rolled:
        return
    definitions, results, moving = parts(system)
    made = economise(definitions, results, moving)
    before, after = plain_cost(definitions, results), cost(made)
    assert after.exponentials <= before.exponentials
    assert after.divisions <= before.divisions
    assert after.total <= before.total
    defined = {s for s, _ in definitions}
    free = sorted(set().union(*(e.free_symbols for e in (*dict(definitions).values(), *results))) - defined, key=str)
    potentials = {s.symbol for s in system.states if describe(s.unit) == "mV"}
    generator = random.Random(path)
    for _ in range(3 if before.operations > 300 else 20):
        values: Values = {s: named(system).get(s, 1.0) for s in free}
        values |= {s: generator.uniform(-1, 1) * (80 if s in potentials else 1) for s in free if s in moving or s not in named(system)}
        assert error(made, definitions, results, values) < 1e-11


@pytest.mark.parametrize("function", [InversePhi, Expm1, Tanh, Logistic, sympy.sinh, sympy.cosh, lambda x: Phi(1, x), lambda x: 1 + Tanh(x)])
@pytest.mark.parametrize("sign", [1, -1])
def test_functions_that_share_an_exponential_are_accurate_around_zero_and_far_from_it(function: object, sign: int) -> None:
    e = function(sign * V / 5 + 3)  # type: ignore[operator]
    made = single(e, exp(V / 40), exp(V / 20))
    assert cost(made).exponentials == 1
    for u in [*np.linspace(-30.0, 30.0, 61), *(side * 10.0**-k for k in range(1, 17) for side in (1, -1)), 0.0199, -0.0201, 0.0]:
        v = float(sign * 5 * (u - 3))
        with mpmath.workprec(PRECISION):
            wanted = run([], [e], {V: mpmath.mpf(v)})[0]
            # V is a double number of its own: its last place moves the argument, and a function that vanishes with it
            moved = abs(mpmath.diff(lambda x: run([], [e], {V: x})[0], mpmath.mpf(v))) * max(abs(v), 15) * 2.0**-52
        with mpmath.workprec(53):
            found = run((*made.constants, *made.lines), made.results, {V: mpmath.mpf(v)})[0]
        assert abs(found - wanted) <= 1e-12 * abs(wanted) + 4 * moved


def test_a_thousand_millivolts_from_rest_nothing_overflows() -> None:
    system = system_of(SQUID.format(rate=80))
    definitions, results, moving = parts(system)
    made = economise(definitions, results, moving)
    for v in (-1000.0, -500.0, 500.0, 1000.0):
        values: Values = {**named(system), **{s.symbol: x for s, x in zip(system.states, (v, 0.1, 0.6, 0.3), strict=True)}}
        found = run((*made.constants, *made.lines), made.results, {s: np.float64(x) for s, x in values.items()}, DOUBLE)
        with mpmath.workprec(PRECISION):
            wanted = run(definitions, results, {s: mpmath.mpf(x) for s, x in values.items()})
        np.testing.assert_allclose(found, [float(x) for x in wanted], rtol=1e-11)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("size", [10.0, 100.0, 118.0, 125.0, 180.0, 300.0, 500.0, 2000.0])
@pytest.mark.parametrize("functions", [(Tanh, Tanh, Tanh), (Logistic, Logistic, Logistic), (InversePhi, Logistic, Tanh)])
def test_a_product_of_denominators_that_overflows_gives_no_number_and_never_a_wrong_one(size: float, functions: tuple[type, ...]) -> None:
    for signs in ((1, 1, 1), (1, -1, 1), (-1, -1, -1), (1, 1, 0)):
        results = [f(x) for f, x in zip(functions, (V, W, X), strict=True)] + [Logistic(-5 - Y)]
        made = single(*results)
        assert cost(made).divisions == 1
        values = {s: sign * size for s, sign in zip((V, W, X), signs, strict=True)} | {Y: 0.0}
        found = run((*made.constants, *made.lines), made.results, {s: np.float64(x) for s, x in values.items()}, DOUBLE)
        with mpmath.workprec(PRECISION):
            wanted = [float(x) for x in run([], results, {s: mpmath.mpf(x) for s, x in values.items()})]
        for a, b in zip(found, wanted, strict=True):
            assert np.isnan(a) or abs(a - b) <= 1e-12 * abs(b) + 1e-100


def test_a_denominator_that_a_condition_protects_does_not_spoil_the_others() -> None:
    made = single(Select(V > 0, 1 / V, 0), 1 / (1 + W**2), Select(V > 0, 1, X / (V - 1)))
    assert cost(made).divisions == 1
    assert run(made.lines, made.results, {V: 0.0, W: 1.0, X: 3.0}) == [0.0, 0.5, -3.0]
    assert run(made.lines, made.results, {V: 1.0, W: 1.0, X: 3.0}) == [1.0, 0.5, 1.0]


def test_what_is_rounded_down_is_computed_as_it_is_written() -> None:
    k = Symbol("k")
    made = economise([(k, TIME / A)], [Floor(k) + V / A, Select(k >= 1, V, W)], MOVING)
    assert run((*made.constants, *made.lines), made.results, {TIME: 49.0, A: 49.0, V: 0.0, W: 1.0}) == [1.0, 0.0]


def test_a_difference_of_two_states_stays_exactly_zero_where_they_are_equal() -> None:
    made = single(A * (V - W) + B * X, (V - W) / A - V * X)
    for v in (0.1, -63.7, 1e5 / 3):
        assert run((*made.constants, *made.lines), made.results[:1], {V: v, W: v, X: 0.0, A: 0.3, B: 1.0}) == [0.0]


def test_decays_from_times_far_apart_do_not_share_an_exponential() -> None:
    made = single(exp(-TIME / 5), exp(-(TIME - 9000) / 5), exp(-(TIME - A) / 10))
    assert cost(made).exponentials == 3
    near = single(exp(-TIME / 5), exp(-(TIME - 3) / 5), exp(-TIME / 10))
    assert cost(near).exponentials == 1


def test_rates_that_are_parameters_share_too() -> None:
    made = single(exp((V - A) / B), Tanh((V - A) / (2 * B)), 1 / (1 + exp(-(V - X) / B)))
    assert cost(made).exponentials == 2
    assert error(made, [], [exp((V - A) / B), Tanh((V - A) / (2 * B)), 1 / (1 + exp(-(V - X) / B))], {V: 3.0, A: -2.0, B: 1.7, X: 0.3}) < 1e-14


def test_powers_of_a_number_are_exponentials() -> None:
    results = [3 ** (V / 10), 3 ** (V / 5)]
    made = single(*results)
    assert cost(made).exponentials == 1
    assert error(made, [], results, {V: 7.3}) < 1e-14


def test_one_exponential_stays_the_accurate_function() -> None:
    e = InversePhi(V / 10)
    assert single(e).results == (e,)
    assert single(Tanh(V)).results == (Tanh(V),)


def test_integer_powers_share_squares() -> None:
    assert cost(single(V**4)) == Cost(0, 0, 2)
    assert cost(single(V**8 * A, V**4)) == Cost(0, 0, 4)
    assert cost(single(V**3)) == Cost(0, 0, 2)


def test_a_state_that_relaxes_takes_two_operations() -> None:
    made = single(W * (1 - V) - X * V)
    assert cost(made) == Cost(0, 0, 2)
    assert run(made.lines, made.results, {V: 0.25, W: 2.0, X: 3.0}) == [0.75]


def test_reciprocals_of_reciprocals_vanish() -> None:
    tau = Symbol("tau")
    made = economise([(tau, 1 / (V + A))], [(W - X) / tau], MOVING)
    assert cost(made).divisions == 0
    assert run(made.lines, made.results, {V: 2.0, A: 1.0, W: 3.0, X: 1.0}) == [6.0]


def test_definitions_keep_their_names_where_they_are_used_twice() -> None:
    u = Symbol("u")
    made = economise([(u, V * W + exp(V))], [u * V, u**2], MOVING)
    assert u in dict(made.lines)


def test_a_definition_that_varies_with_nothing_is_a_constant() -> None:
    u = Symbol("u")
    made = economise([(u, A + B)], [u * V], MOVING)
    assert made == Economy(((u, A + B),), (), (u * V,))


def test_lines_stand_after_what_they_use() -> None:
    definitions, results, moving = parts(system_of(INTERNEURON))
    made = economise(definitions, results, moving)
    known = {s for e in (*dict(definitions).values(), *results) for s in e.free_symbols} - {s for s, _ in definitions}
    for symbol, e in (*made.constants, *made.lines):
        assert e.free_symbols <= known
        known.add(symbol)
    assert all(e.free_symbols <= known for e in made.results)
    assert not set().union(*(e.free_symbols for _, e in made.constants)) & moving


def test_the_cost_counts_products_within_sums_once() -> None:
    assert cost(Economy((), (), (A * V + B,))) == Cost(0, 0, 1)
    assert cost(Economy((), ((X, exp(V) / W),), (1 / (1 + X),))) == Cost(1, 2, 1)


PROGRAM = """
from sympy import Symbol, exp
from neurodsl.lower.economy import economise
from neurodsl.lower.functions import InversePhi, Tanh
v, w, a, b = (Symbol(n) for n in "vwab")
print(economise([], [InversePhi(a - v/10)*w - v*w*b + a*(b - v), exp(-v/80)/(w + exp(v/20)), Tanh(v/40)**4/(1 + w*v)], frozenset({v, w})))
"""


def test_the_program_does_not_depend_on_the_order_of_hashes() -> None:
    texts = {
        subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1


def coupled(count: int) -> list[Expr]:
    """Return equations in which every state acts on every other."""
    states = [Symbol(f"x{j}") for j in range(count)]
    return [sympy.Add(*(Symbol(f"w{i}_{j}") * Tanh(x * (i % 7 + 1)) for j, x in enumerate(states)), -states[i]) for i in range(count)]


def chain(length: int) -> Expr:
    """Return a logistic function of one of one ..."""
    e: Expr = V
    for k in range(length):
        e = 1 / (1 + exp(-e * (k % 3 + 1)))
    return e


@pytest.mark.parametrize(
    "results",
    [coupled(12), coupled(60), [chain(40)], [sympy.Add(*(Rational(1, k + 1) * V**k * W ** (k % 5) for k in range(800)))]],
    ids=["coupled", "all coupled", "deep", "wide"],
)
def test_large_systems_end_soon(results: list[Expr]) -> None:
    moving = MOVING | {Symbol(f"x{j}") for j in range(60)}
    began = time.perf_counter()
    made = economise([], results, moving)
    assert time.perf_counter() - began < 30
    assert cost(made).total <= plain_cost([], results).total


LEAVES = st.sampled_from([V, W, X, A, B, Rational(1, 3), Rational(-7, 2), sympy.Integer(2)])


def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    slope = st.sampled_from([Rational(1, 10), Rational(-1, 10), Rational(1, 20), Rational(1, 80), Rational(-1, 18), 1 / (4 * B), 1 / (2 * B), 1 / B])
    argument = st.builds(lambda r, s, u: r * u + s, slope, st.sampled_from([A, Rational(3, 4), sympy.Integer(0)]), st.sampled_from([V, W, V - W]))
    function = st.sampled_from([exp, Tanh, Logistic, InversePhi, Expm1, sympy.cosh, sympy.sinh, lambda u: Phi(1, u)])
    return st.one_of(
        st.builds(lambda f, u: f(u), function, argument),
        st.builds(lambda f, u: f(u), st.sampled_from([Tanh, Logistic]), inner),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a / (1 + b**2), inner, inner),
        st.builds(lambda a, b: Select(sympy.StrictGreaterThan(a, b, evaluate=False), a, b / (2 + a**2)), inner, inner),
        st.builds(lambda a, b: Maximum(a, b), inner, inner),
        st.builds(lambda a, n: a**n, inner, st.integers(2, 5)),
    )


NUMBERS = st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3)


@given(st.lists(st.recursive(LEAVES, larger, max_leaves=8), min_size=1, max_size=4), st.lists(NUMBERS, min_size=5, max_size=5))
def test_random_expressions_keep_their_values(results: list[Expr], numbers: list[float]) -> None:
    results = [sympy.sympify(e) for e in results]
    values: Values = dict(zip((V, W, X, A, B), numbers, strict=True))
    made = single(*results)
    assert cost(made).total <= plain_cost([], results).total
    assert error(made, [], results, values) < 1e-11
