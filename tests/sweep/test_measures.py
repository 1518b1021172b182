"""Measures: how they are written, and their numbers against numpy on a trajectory that was recorded whole."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import neurodsl as nd
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.measures import asked_for, columns_of, measures_of
from neurodsl.plan import Plan
from neurodsl.run.windows import rises
from neurodsl.solution import Result

CYCLE = """
param a = 1
init x = 0.5, y = 0
E = x^2 + y^2
dx/dt = a*x - y - x*E
dy/dt = x + a*y - y*E
on x >= 0: emit spike
simulate: duration 30; dt 0.05; record x, E
"""
STOPPED = """
init x = 0
dx/dt = 1
on x >= 2.03: stop
simulate: duration 5; dt 0.1
"""
STILL = "init x = 1\ndx/dt = -x\nsimulate: duration 1; dt 0.1"
VECTOR = """
param tau = 1
init x[3] = 1, W[2, 2] = 2
dx/dt = -x/tau
dW/dt = -W
simulate: duration 1; dt 0.1
"""
SEVERAL = """
param I[2] = 1.5
init V[2] = 0
dV/dt = -V + I
on V[i] >= 1: V[i] = 0
simulate: duration 20; dt 0.1
"""


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


@pytest.fixture(scope="module")
def cycle() -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        return nd.loads(CYCLE).simulate()


def plan_of(text: str) -> Plan:
    return nd.loads(text).plan(None, None, None, ())


def measured(text: str, *names: str, **options: object) -> dict[str, float]:
    """Return the measures of a single run."""
    table = nd.loads(text).sweep_table(copies=1, measure=names, **options)
    return {name: float(values[0]) for name, values in table.values.items()}


@pytest.mark.parametrize("where", [None, 10.0, "steady"])
def test_measures_of_samples_are_those_of_the_recorded_trace(cycle: Result, where: float | str | None) -> None:
    x = cycle["x"][{None: 0, 10.0: 200, "steady": 300}[where] :]
    found = measured(CYCLE, "final(x)", "min(x)", "max(x)", "mean(x)", "std(x)", "amplitude(x)", where=where)
    assert (found["final(x)"], found["min(x)"], found["max(x)"], found["amplitude(x)"]) == (x[-1], x.min(), x.max(), x.max() - x.min())
    assert found["mean(x)"] == pytest.approx(x.mean(), rel=1e-12, abs=1e-15)
    assert found["std(x)"] == pytest.approx(x.std(), rel=1e-12)


@pytest.mark.parametrize("where", [None, 10.0, "steady"])
def test_measures_of_spikes_are_those_of_the_recorded_times(cycle: Result, where: float | str | None) -> None:
    start = {None: 0.0, 10.0: 10.0, "steady": 15.0}[where]
    times = cycle.spikes.times[cycle.spikes.times >= start]
    intervals = np.diff(times)
    found = measured(CYCLE, "spikes", "rate", "period", "cv", "latency", where=where)
    assert (found["spikes"], found["latency"]) == (len(times), times[0] - start)
    assert found["rate"] == pytest.approx(len(times) / (30 - start), rel=1e-15)
    assert found["period"] == pytest.approx(intervals.mean(), rel=1e-14)
    assert found["cv"] == pytest.approx(intervals.std() / intervals.mean(), rel=1e-6, abs=4e-7)


def test_the_cv_of_uneven_intervals_is_that_of_numpy() -> None:
    text = "init x = 0\ndx/dt = 0\nat 1: emit spike\nat 2: emit spike\nat 5: emit spike\nsimulate: duration 6; dt 0.5"
    intervals = np.array([1.0, 3.0])
    assert measured(text, "cv")["cv"] == pytest.approx(intervals.std() / intervals.mean(), rel=1e-14)


def test_crossings_of_a_level_are_counted_and_timed_between_the_samples(cycle: Result) -> None:
    x, t = cycle["x"], cycle.t
    above = x >= 0.2
    upward = np.flatnonzero(~above[:-1] & above[1:])
    times = np.array([np.interp(0.2, x[k : k + 2], t[k : k + 2]) for k in upward])
    found = measured(CYCLE, "crossings(x, 0.2)", "period(x, 0.2)")
    assert found["crossings(x, 0.2)"] == len(upward)
    assert found["period(x, 0.2)"] == pytest.approx(np.diff(times).mean(), rel=1e-12)


def test_a_level_that_is_met_exactly_is_crossed_once() -> None:
    x = np.array([0.0, 1.0, 1.0, 0.0, 2.0])
    assert rises(x, np.arange(5.0), 1.0).tolist() == [1.0, 3.5]


def test_the_period_of_the_cycle_is_that_of_its_closed_form() -> None:
    # In polar coordinates the angle grows by 1 in a unit of time, and the radius tends to sqrt(a).
    found = measured(CYCLE, "period", "period(x, 0)", "max(x)", "cv", where="steady", dt=0.01)
    assert found["period"] == pytest.approx(2 * np.pi, abs=1e-7)
    assert found["period(x, 0)"] == pytest.approx(2 * np.pi, abs=1e-4)
    assert found["max(x)"] == pytest.approx(1.0, abs=2e-5)
    assert found["cv"] == pytest.approx(0.0, abs=1e-6)


def test_a_derived_quantity_is_measured_as_a_state_is(cycle: Result) -> None:
    found = measured(CYCLE, "max(E)", "final(E)")
    assert found == {"max(E)": cycle["E"].max(), "final(E)": cycle["E"][-1]}


def test_a_run_that_stops_ends_where_it_stops() -> None:
    found = measured(STOPPED, "final(x)", "max(x)", "mean(x)")
    assert found["final(x)"] == pytest.approx(2.03, abs=1e-12)
    assert found["max(x)"] == pytest.approx(2.0, abs=1e-12)
    assert found["mean(x)"] == pytest.approx(1.0, abs=1e-12)


def test_a_rate_counts_the_time_that_was_run() -> None:
    text = f"{STOPPED}on x >= 1: emit spike\n"
    assert measured(text, "rate", "spikes", where=0.5) == {"rate": pytest.approx(1 / 1.53, rel=1e-12), "spikes": 1.0}


def test_what_is_not_defined_is_not_a_number() -> None:
    found = measured(STOPPED, "max(x)", "mean(x)", "final(x)", where="3")
    assert np.isnan([found["max(x)"], found["mean(x)"]]).all()
    assert found["final(x)"] == pytest.approx(2.03)
    lone = "init x = 0\ndx/dt = 0\nat 1: emit spike\nsimulate: duration 6; dt 0.5"
    lone_found = measured(lone, "cv", "period", "spikes")
    assert np.isnan([lone_found["cv"], lone_found["period"]]).all()
    assert lone_found["spikes"] == 1.0


def test_a_measure_of_an_array_is_one_of_each_element() -> None:
    found = measured(VECTOR, "final", "max(x[1])", "min(W[0])")
    assert list(found) == [
        *(f"final(x[{i}])" for i in range(3)), *(f"final(W[{i},{j}])" for i in range(2) for j in range(2)), "max(x[1])", "min(W[0,0])", "min(W[0,1])",
    ]  # fmt: skip
    assert found["final(x[2])"] == pytest.approx(np.exp(-1), rel=1e-7)
    assert found["final(W[1,0])"] == pytest.approx(2 * np.exp(-1), rel=1e-7)
    assert (found["max(x[1])"], found["min(W[0,1])"]) == (1.0, found["final(W[0,1])"])


def test_the_rate_of_several_elements_is_that_of_each() -> None:
    # From 0 each takes log(I/(I - 1)) to the threshold.
    found = measured(SEVERAL, "spikes", "rate", "period(V[0], 0.5)")
    each = np.floor(20 / np.log(3))
    assert found["spikes"] == 2 * each
    assert found["rate"] == pytest.approx(each / 20, rel=1e-14)


def test_intervals_between_spikes_of_several_elements_are_not_those_of_one() -> None:
    with pytest.raises(NeuroError, match="`cv` is of the spikes of one element, and `model` has 2 that fire"):
        measured(SEVERAL, "cv")


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        (CYCLE, None, [("spikes", "1"), ("rate", "1"), ("final(x)", "1"), ("final(E)", "1")]),
        (STILL, None, [("final(x)", "1")]),
        (CYCLE, ["max"], [("max(x)", "1"), ("max(E)", "1")]),
        (CYCLE, ["max(x)", " max( x ) "], [("max(x)", "1")]),
        (CYCLE, ["crossings(x,0.50)", "period( x , .5 )"], [("crossings(x, 0.5)", "1"), ("period(x, 0.5)", "1")]),
    ],
)
def test_names_have_a_normal_form(text: str, names: list[str] | None, expected: list[tuple[str, str]]) -> None:
    assert [(m.name, m.unit) for m in measures_of(plan_of(text), names)] == expected


def test_units_are_those_of_what_is_measured() -> None:
    plan = nd.load("lif").plan(None, None, None, ())
    names = ["spikes", "rate", "period", "cv", "latency", "std(V)", "crossings(V, -60)", 'period(V, "-0.06 [V]")']
    units = ["1", "Hz", "ms", "1", "ms", "mV", "1", "ms"]
    found = measures_of(plan, names)
    assert ([m.unit for m in found], found[-1].name) == (units, "period(V, -60)")


@pytest.mark.parametrize(
    ("text", "name", "complaint", "help"),
    [
        (CYCLE, "rat", "there is no measure `rat`", "did you mean `rate`?"),
        (CYCLE, "", "there is no measure ``", "measures: `spikes`"),
        (CYCLE, "max(z)", "has no quantity `z`, for the measure `max(z)`", "it has: `x`, `y`, `E`"),
        (CYCLE, "max(x, 1)", "`max(x, 1)` is not how a measure is written", "write `max(V)`"),
        (CYCLE, "crossings(x)", "`crossings(x)` is not how a measure is written", "write `crossings(V, -20)`"),
        (CYCLE, "crossings", "`crossings` needs a quantity and a level", "write `crossings(x, 0)`"),
        (CYCLE, "rate(x)", "`rate(x)` is not how a measure is written", "write `rate`"),
        (CYCLE, "crossings(x, up)", "for the level of `crossings`", "a number"),
        (STILL, "rate", "has no event that is a spike, and so no `rate`", "crossings(x, LEVEL)"),
        (STILL, "cv", "has no event that is a spike, and so no `cv`", "period(x, LEVEL)"),
    ],
)
def test_a_measure_that_there_is_not_is_refused(text: str, name: str, complaint: str, help: str) -> None:
    with pytest.raises(NeuroError) as raised:
        measures_of(plan_of(text), [name])
    (found,) = raised.value.report.found
    assert complaint in found.message
    assert help in (found.help or "")
    assert raised.value.exit_code == 2


def test_columns_are_shared_between_measures() -> None:
    measures = measures_of(plan_of(CYCLE), ["amplitude(x)", "min(x)", "max(x)", "mean(x)", "std(x)"])
    assert [c.kind for c in columns_of(measures)] == ["low", "high", "first", "sum", "samples", "squares"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate", ["rate"]),
        ("rate, max(W[0,2]),period(V, -20 [mV])", ["rate", "max(W[0,2])", "period(V, -20 [mV])"]),
        ("", [""]),
        ("max(V", ["max(V"]),
    ],
)
def test_commas_within_parentheses_belong_to_a_name(text: str, expected: list[str]) -> None:
    assert asked_for(text) == expected


def test_the_values_of_an_overflowing_quantity_are_told_as_not_finite() -> None:
    report = Report()
    text = "param k = 1\ninit x = 1\ny = log(x - 0.5)\ndx/dt = -k*x\nsimulate: duration 2; dt 0.1; record x, y"
    table = nd.loads(text).sweep_table({"k": [0.1, 1.0]}, measure=["min(y)"], report=report)
    values: NDArray[np.float64] = table["min(y)"]
    assert values[0] == pytest.approx(np.log(np.exp(-0.2) - 0.5), rel=1e-6)
    assert np.isnan(values[1])
    assert "`min(y)` is not finite at 1 of 2 points, first at k = 1" in report.found[-1].message
