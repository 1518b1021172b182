"""Results with axes: arrays and copies in files, in JSON and in words."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from results import a_result

from neurodsl.diagnostics import NeuroError
from neurodsl.solution import Result, load_result, summary
from neurodsl.solution.result import over_copies

T, COPIES = 4, 3
NUMBERS = np.random.default_rng(1).normal(size=T * COPIES * 6)
V = NUMBERS[: T * COPIES].reshape(T, COPIES)
W = NUMBERS.reshape(T, COPIES, 2, 3)
X = NUMBERS[: T * 2].reshape(T, 2)


def ensemble(**meta: Any) -> Result:
    told = {"copies": COPIES, "copies_complete": COPIES, "model": "m", "reached": 0.3, "complete": True} | meta
    return a_result({"V": V, "W": W}, spikes=[0.1, 0.1, 0.2], index=[0, 2, 2], **told)


def arrays(**meta: Any) -> Result:
    return a_result({"x": X, "y": X[:, 0]}, model="m", complete=True, **meta)


def contents(result: Result) -> list[Any]:
    spikes = result.spikes
    copy = None if spikes.copy is None else spikes.copy.tolist()
    traces = [(name, result[name].tolist()) for name in result]
    return [result.t.tolist(), traces, spikes.times.tolist(), spikes.index.tolist(), copy, result.final, result.units, result.meta]


@pytest.mark.parametrize(
    "result",
    [
        ensemble(),
        arrays(),
        a_result({"W": W}, spikes=[0.1, 0.2], index=[5, 6], copy=[1, 0], copies=COPIES),
        a_result({"V": V.T.copy().T}, copies=COPIES),
    ],
    ids=["copies", "arrays", "copies of arrays", "another order in memory"],
)
def test_a_result_with_axes_reads_back_the_same(tmp_path: Path, result: Result) -> None:
    result.save(tmp_path / "r.npz")
    again = load_result(tmp_path / "r.npz")
    assert contents(again) == contents(result)
    assert (again.copies, [again.shape(name) for name in again]) == (result.copies, [result.shape(name) for name in result])


def test_a_number_of_the_final_state_that_is_not_finite_reads_back_as_nan(tmp_path: Path) -> None:
    values = V.copy()
    values[-1, 1] = np.nan
    a_result({"V": values}, copies=COPIES).save(tmp_path / "r.npz")
    final: Any = load_result(tmp_path / "r.npz").final["V"]
    assert (final[0], np.isnan(final[1])) == (values[-1, 0], True)


def test_the_copy_of_a_spike_has_a_member_of_its_own_only_beside_its_element(tmp_path: Path) -> None:
    ensemble().save(tmp_path / "a.npz")
    a_result({"W": W}, spikes=[0.1], index=[5], copy=[1], copies=COPIES).save(tmp_path / "b.npz")
    members = [np.load(tmp_path / name, allow_pickle=False).files for name in ("a.npz", "b.npz")]
    assert members == [["t", "V", "W", "spike_times", "spike_index", "meta"], ["t", "W", "spike_times", "spike_index", "spike_copy", "meta"]]


@pytest.mark.parametrize(
    ("result", "meta", "reason"),
    [
        (ensemble(), {"copies": 4}, "its member `V` has the type float64 and the shape (4, 3)"),
        (ensemble(), {"copies": "3"}, "its member `meta` does not describe a run"),
        (ensemble(), {"copies": -3}, "its member `meta` does not describe a run"),
        (a_result({}, spikes=[0.1], index=[7], copies=9), {"copies": 5}, "its spikes belong to copies that it does not have"),
        (ensemble(), {"final": {"V": [1, [2, "x"]]}}, "its final state is not made of numbers"),
    ],
)
def test_axes_that_do_not_fit_are_refused(tmp_path: Path, result: Result, meta: dict[str, Any], reason: str) -> None:
    result.save(tmp_path / "r.npz")
    with np.load(tmp_path / "r.npz", allow_pickle=False) as file:
        members = {name: file[name] for name in file.files}
    np.savez(tmp_path / "r.npz", **members | {"meta": np.array(json.dumps(json.loads(str(members["meta"])) | meta))})
    with pytest.raises(NeuroError) as caught:
        load_result(tmp_path / "r.npz")
    assert caught.value.report.found[0].message == f"`{tmp_path / 'r.npz'}` is no result of a run: {reason}"


def test_a_table_has_a_column_for_each_element_of_each_copy(tmp_path: Path) -> None:
    ensemble(method="euler", events="grid").save(tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert [line[0] for line in lines[:5]] == ["# model: m", "# method: euler", "# copies: 3", "# spikes [ms]: 0.1 0.1 0.2", "# spike_index: 0 2 2"]
    header, *rows = lines[5:]
    elements = [f"W[{i},{j}]" for i in range(2) for j in range(3)]
    expected = ["t [ms]", *(f"V copy {k} [mV]" for k in range(3)), *(f"{e} copy {k} [mV]" for k in range(3) for e in elements)]
    assert header == expected
    table = np.array(rows, dtype=float)
    assert (table[:, 1:4].tolist(), table[:, 4:].tolist()) == (V.tolist(), W.reshape(T, -1).tolist())


def test_a_table_of_an_array_without_copies_names_its_elements(tmp_path: Path) -> None:
    arrays().save(tmp_path / "r.csv")
    lines = (tmp_path / "r.csv").read_text().splitlines()
    assert lines[3] == "t [ms],x[0] [mV],x[1] [mV],y [mV]"
    assert np.loadtxt(tmp_path / "r.csv", delimiter=",", skiprows=4)[:, 1:3].tolist() == X.tolist()


def test_the_statistics_over_copies_are_those_of_a_sample() -> None:
    found = over_copies([[1.0, 10.0], [2.0, np.nan], [6.0, 14.0]])
    assert found == {"mean": [3.0, 12.0], "sd": pytest.approx([np.std([1, 2, 6], ddof=1), np.std([10, 14], ddof=1)])}
    assert np.isnan(over_copies([1.0])["sd"])


def test_the_json_of_an_ensemble_is_nested_and_tells_means_and_deviations() -> None:
    told = json.loads(json.dumps(ensemble().to_dict(), allow_nan=False))
    assert (told["copies"], told["complete"], told["spikes"]) == (
        3,
        True,
        {"count": 3, "times": [0.1, 0.1, 0.2], "index": [0, 2, 2], "copy": [0, 2, 2]},
    )
    assert (told["final"]["V"], told["final"]["W"]) == (V[-1].tolist(), W[-1].tolist())
    assert told["ensemble"]["final"]["V"] == pytest.approx({"mean": V[-1].mean(), "sd": V[-1].std(ddof=1)})
    assert np.array(told["ensemble"]["final"]["W"]["mean"]) == pytest.approx(W[-1].mean(axis=0))
    rates = np.array([1, 0, 2]) / 0.3
    assert told["ensemble"]["rate"] == pytest.approx({"mean": rates.mean(), "sd": rates.std(ddof=1)})


def test_one_copy_has_no_deviation_and_is_complete() -> None:
    told = a_result({"V": V[:, :1]}, copies=1, reached=0.3, complete=True).to_dict()
    assert (told["ensemble"]["final"]["V"], told["complete"]) == ({"mean": V[-1, 0], "sd": None}, True)


def test_the_short_form_leaves_out_what_is_longer_than_a_hundred_numbers() -> None:
    many = a_result({"V": np.zeros((2, 101)), "W": np.zeros((2, 101, 2))}, copies=101, reached=0.1, parameters={"a": [1.0] * 101, "b": 2.0})
    told = many.to_dict(summary=True)
    assert (told["final"], told["parameters"], told["spikes"]) == ({}, {"b": 2.0}, {"count": 0})
    assert told["ensemble"]["final"] == {"V": {"mean": 0.0, "sd": 0.0}, "W": {"mean": [0.0, 0.0], "sd": [0.0, 0.0]}}
    assert ensemble().to_dict(summary=True)["final"]["V"] == V[-1].tolist()


def test_the_rate_of_a_copy_is_over_the_time_that_it_ran() -> None:
    assert ensemble(reached=[0.1, 0.0, 0.4]).rates() == pytest.approx([10.0, np.nan, 5.0], nan_ok=True)


def test_the_summary_of_an_ensemble_tells_the_spread() -> None:
    result = ensemble(method="euler", events="grid", steps=9, dt=0.1, seed=7, threads=2, timing={"run_s": 0.5})
    lines = summary(result).splitlines()
    V_words = f"V = {V[-1].mean():.5g} ± {V[-1].std(ddof=1):.3g} mV"
    W_words = ", ".join(f"{m:.4g} ± {s:.3g}" for m, s in zip(W[-1].mean(axis=0).ravel(), W[-1].std(axis=0, ddof=1).ravel(), strict=True))
    assert lines == [
        "m",
        "  method  euler, events grid",
        "  copies  3, on 2 threads",
        "  steps   9 of 0.1 ms, 0.3 ms each",
        "  spikes  3 in all, rate of a copy 3333 ± 3.33e+03 Hz",
        f"  final   {V_words}",
        f"          W = ({W_words}) mV",
        "          (mean ± standard deviation over copies)",
        "  seed    7",
        "  time    run 0.5 s",
    ]


def test_the_summary_of_arrays_tells_few_elements_and_the_range_of_many() -> None:
    lines = summary(a_result({"x": [[0.0, 0.0], [1.5, -2.0]], "z": np.arange(24.0).reshape(2, 3, 4)}, model="m")).splitlines()
    assert lines[4:6] == ["  final   x = (1.5, -2) mV", "          z = 3 x 4 numbers, mean 17.5, from 12 to 23 mV"]


def test_copies_that_did_not_come_to_their_end_are_counted() -> None:
    lines = summary(ensemble(copies_complete=2, complete=False, stopped="interrupted")).splitlines()
    assert (lines[1], lines[3]) == ("  stopped interrupted", "  copies  2 of 3 complete")


def test_a_result_says_in_a_line_what_it_holds() -> None:
    assert repr(ensemble()) == "<neurodsl result of m: 0.3 ms, copies: 3, spikes: 3, recorded: V [mV] of shape (4, 3), W [mV] of shape (4, 3, 2, 3)>"
    assert repr(a_result({}, model="m", units={"t": "1"})) == "<neurodsl result of m: 0.1, spikes: 0, recorded: nothing>"
