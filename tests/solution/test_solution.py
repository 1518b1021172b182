"""A result says what it holds, in Python, in JSON and in words."""

import json

import numpy as np
import pytest
from results import a_result

from neurodsl.solution import Spikes, summary


def test_a_recorded_quantity_is_found_by_its_name() -> None:
    result = a_result({"V": [-65.0, -64.0], "w": [0.0, 1.0]})
    assert (result["w"].tolist(), "V" in result, "u" in result, list(result), len(result)) == ([0.0, 1.0], True, False, ["V", "w"], 2)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("V_rset", "`V_rset` was not recorded; did you mean `V_reset`?"),
        ("conductance", "`conductance` was not recorded; recorded: `V_reset`, `w`"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_one(name: str, message: str) -> None:
    with pytest.raises(KeyError) as caught:
        a_result({"V_reset": [0.0, 1.0], "w": [0.0, 1.0]})[name]
    assert caught.value.args == (message,)


def test_the_rate_of_spikes_is_their_number_over_the_duration() -> None:
    spikes = Spikes(np.array([1.0, 3.0, 4.0]), np.zeros(3, dtype=np.int64))
    assert (spikes.count, spikes.rate(6.0)) == (3, 0.5)
    assert np.isnan(spikes.rate(0.0))


def test_the_json_object_holds_what_the_command_line_promises() -> None:
    result = a_result({"V": [-65.0, -50.0]}, spikes=[0.1], model="lif", method="euler", timing={"run_s": 0.5}, complete=True)
    expected = {
        "model": "lif",
        "method": "euler",
        "timing": {"run_s": 0.5},
        "complete": True,
        "final": {"V": -50.0},
        "spikes": {"count": 1, "times": [0.1], "index": [0]},
        "units": {"t": "ms", "V": "mV"},
    }
    assert result.to_dict() == expected
    assert result.to_dict(summary=True) == {**expected, "spikes": {"count": 1}}


def test_a_number_that_is_not_finite_becomes_null_in_json_and_the_run_is_incomplete() -> None:
    result = a_result({"V": [0.0, np.nan]}, complete=True, parameters={"a": np.float64(2.0), "b": [np.inf]})
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert (told["final"], told["parameters"], told["complete"]) == ({"V": None}, {"a": 2.0, "b": [None]}, False)


def test_tuples_in_the_meta_data_do_not_make_a_run_incomplete() -> None:
    assert a_result({"V": [0.0, 1.0]}, complete=True, notes=("a", "b")).to_dict()["complete"] is True


LIF = """\
lif: leaky integrate-and-fire neuron
  method  euler (asked for), events grid
  steps   2000 of 0.1 ms, 200 ms
  spikes  2 (mean rate 10 Hz), first at 13.8 ms, last at 29.9 ms
  final   V = -55.0171 mV
          w = 2 mV
  seed    7
  time    compile 0.31 s, run 0.002 s"""


def test_the_summary_tells_what_a_run_did() -> None:
    result = a_result(
        {"V": [-65.0] + 1999 * [0.0] + [-55.01711632], "w": 2001 * [2.0]},
        spikes=[13.8, 29.9],
        model="lif",
        title="leaky integrate-and-fire neuron",
        method="euler",
        reason="asked for",
        events="grid",
        steps=2000,
        rejected=0,
        dt=0.1,
        seed=7,
        timing={"compile_s": 0.31, "run_s": 0.002},
        complete=True,
    )
    assert summary(result) == LIF


def test_the_rate_of_a_model_without_units_is_told_per_unit_of_time() -> None:
    result = a_result({"V": [0.0, 1.0, 2.0]}, spikes=[0.1], units={"t": "1", "V": "1"}, model="m")
    assert "  spikes  1 (mean rate 5 per unit of time), at 0.1" in summary(result).splitlines()


def test_the_summary_of_an_interrupted_run_says_so_and_stays_short() -> None:
    states = {f"x{k}": [0.0, float(k)] for k in range(40)}
    lines = summary(a_result(states, model="m\x1b[31m", complete=False, stopped="interrupted at t = 3 ms")).splitlines()
    assert lines[:2] == ["m\\x1b[31m", "  stopped interrupted at t = 3 ms"]
    assert lines[-2].endswith("x11 = 11 mV, and 28 more")
    assert len(lines) <= 12
