"""From Python: load a model, run it with other values, look at what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodsl as nd

LIF = """\
param tau = 10 [ms], V_th = -50 [mV], V_rest = -65 [mV]
input I = 20 [mV]
init V = V_rest
u = V - V_rest
tau*dV/dt = -u + I
on V >= V_th: V = V_rest
simulate:
    duration 20 [ms]
variant slow: tau = 40 [ms]
"""
TAU = 10.0


@pytest.fixture(autouse=True)
def _plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def refused(**options: Any) -> tuple[str, str, int]:
    """Return the code, the message and the exit code of a run that is refused."""
    with pytest.raises(nd.NeuroError) as caught:
        nd.loads(LIF, "cell").simulate(**options)
    found = caught.value.report.found[0]
    return found.rule.code, found.message, caught.value.exit_code


def test_a_shipped_model_runs_as_the_manual_shows() -> None:
    r = nd.load("lif").simulate(duration=200, I=2.5)
    assert (r.t[-1], r.units["V"], r.units["t"], len(r["V"]) == len(r.t)) == (200.0, "mV", "ms", True)
    first = 10*np.log(2.5 / (2.5 - 1.5))  # fmt: skip
    assert (r.spikes.times[0], r.meta["parameters"]["I"]) == (pytest.approx(first, abs=1e-9), 2.5)


def test_a_text_is_a_model_of_that_name() -> None:
    m = nd.loads(LIF, "cell")
    assert (repr(m), m.check().ok, m.simulate(duration=1).meta["model"]) == ("<neurodsl model cell>", True, "cell")


def test_a_file_is_found_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "cell.neuro").write_text(LIF)
    ran = [nd.load(path).simulate(duration=1).final["V"] for path in (tmp_path / "cell.neuro", str(tmp_path / "cell.neuro"))]
    assert ran == [pytest.approx(-65 + 20*(1 - np.exp(-1 / TAU)), abs=1e-9)] * 2  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {"tau": 20}, {"tau": "20"}, {"tau": "20 ms"}, {"tau": "0.02 [s]"}, {"tau": np.float64(20)}, {"tau": np.int64(20)}, {"set": {"tau": 20}},
        {"set": {"tau": "2*10 [ms]"}},
    ],
)  # fmt: skip
def test_a_parameter_is_set_by_its_name_in_any_spelling(options: dict[str, Any]) -> None:
    r = nd.loads(LIF).simulate(duration=5, **options)
    assert (r.meta["parameters"]["tau"], r.meta["defaults"]["V_th"]) == (20.0, -50.0)
    assert r.final["V"] == pytest.approx(-65 + 20*(1 - np.exp(-5 / 20)), abs=1e-9)  # fmt: skip


def test_inputs_initial_values_and_variants_reach_the_run() -> None:
    m = nd.loads(LIF)
    ramp = m.simulate(duration=2, input={"I": "2*t"}).final["V"]
    exact = 2*(2 - TAU*(1 - np.exp(-2 / TAU)))  # fmt: skip
    assert ramp == pytest.approx(-65 + exact, abs=1e-7)
    assert m.simulate(duration=2, I="2*t").final["V"] == ramp
    assert m.simulate(duration=1, init={"V": "-60"}, I=0).final["V"] == pytest.approx(-65 + 5*np.exp(-1 / TAU), abs=1e-9)  # fmt: skip
    assert m.simulate(duration=1, variant="slow").final["V"] == pytest.approx(-65 + 20*(1 - np.exp(-1 / 40)), abs=1e-9)  # fmt: skip


def test_a_single_name_to_record_may_stand_alone() -> None:
    m = nd.loads(LIF)
    assert [list(m.simulate(duration=1, record=names)) for names in ("u", ["u"], ["V", "u"], [])] == [["u"], ["u"], ["V", "u"], []]
    r = m.simulate(duration=1, record=["u", "V"])
    assert r["u"] == pytest.approx(r["V"] + 65, abs=1e-12)


def test_what_was_not_recorded_is_said(tmp_path: Path) -> None:
    r = nd.loads(LIF).simulate(duration=1)
    with pytest.raises(KeyError, match="did you mean `V`"):
        r["v"]
    assert ("V" in r, "u" in r, list(r), len(r)) == (True, False, ["V"], 1)


def test_a_result_is_saved_and_loaded(tmp_path: Path) -> None:
    r = nd.load("lif").simulate(duration=20)
    r.save(tmp_path / "r.npz")
    again = nd.load_result(tmp_path / "r.npz")
    assert (again["V"].tolist(), again.spikes.times.tolist(), again.final, again.meta) == (r["V"].tolist(), r.spikes.times.tolist(), r.final, r.meta)
    assert (again.spikes.count, again.meta["complete"]) == (1, True)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"tu": 5}, "V102", "no parameter `tu`"),
        ({"V": 5}, "V102", "`V` is a"),
        ({"set": {"I": 1}, "I": 2}, "V102", "`I` is given twice"),
        ({"set": {"I": 1}, "input": {"I": 2}}, "V102", "`I` is given twice"),
        ({"tau": "5 mV"}, "V101", "tau is a time (ms)"),
        ({"tau": float("nan")}, "V101", "finite"),
        ({"tau": float("inf")}, "V101", "finite"),
        ({"tau": 10**400}, "V101", "tau has to be a number"),
        ({"tau": [1, 2]}, "V101", "tau has to be a number"),
        ({"tau": None}, "V101", "tau has to be a number"),
        ({"tau": 1j}, "V101", "tau has to be a number"),
        ({"duration": float("nan")}, "V101", "finite"),
        ({"duration": -1}, "V103", "positive"),
        ({"record": ["w"]}, "V102", "no quantity `w`"),
        ({"variant": "fast"}, "V102", "no variant `fast`"),
        ({"method": "rk5"}, "V101", "no method `rk5`"),
    ],
)
def test_a_wrong_value_is_one_error(options: dict[str, Any], code: str, message: str) -> None:
    found = refused(**options)
    assert (found[0], message in found[1], found[2]) == (code, True, 2), found


def test_a_constant_that_is_not_finite_is_told_before_the_run() -> None:
    with pytest.raises(nd.NeuroError) as caught:
        nd.loads("param g = 0\nr = 1/g\ndx/dt = -r*x\n").simulate()
    assert caught.value.report.found[0].rule.code == "R104"


def test_a_run_that_fails_carries_what_was_good() -> None:
    with pytest.raises(nd.NeuroError) as caught:
        nd.loads("init x = 1\ndx/dt = x^2\n").simulate(duration=5, dt=0.1, method="rk4")
    result = caught.value.result  # type: ignore[attr-defined]
    assert (caught.value.exit_code, result.meta["complete"], bool(np.isfinite(result["x"]).all()), result.t[-1] > 0.9) == (3, False, True, True)


def test_a_report_takes_the_warnings() -> None:
    report = nd.Report()
    nd.loads("param a = 1, unused = 2\ndx/dt = -a*x\n").simulate(duration=1, report=report)
    assert [d.rule.code for d in report.found] == ["N201"]


def test_an_error_is_a_readable_exception() -> None:
    with pytest.raises(nd.NeuroError) as caught:
        nd.loads("param tau = 10\ndx/dt = -x/tu\n").simulate()
    assert str(caught.value).splitlines()[:2] == ["error[N101]: unknown name `tu`", " --> model.neuro:2:12"]


def test_a_run_gives_the_same_numbers_twice_and_beside_another() -> None:
    m = nd.loads(LIF)
    first, other, second = m.simulate(), m.simulate(tau=20), m.simulate()
    assert (first["V"].tolist() == second["V"].tolist(), first["V"].tolist() == other["V"].tolist()) == (True, False)
