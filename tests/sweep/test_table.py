"""Tables of sweeps: as Datasets, as files that read back, and found again where a sweep is repeated."""

from __future__ import annotations

import csv
import io
import json
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.run import points
from neurodsl.sweep import shard_of
from neurodsl.sweep.table import Table

CELL = """
model cell "a cell":
    param tau = 10 [ms] "time constant", w = 0.5
    input I = 20 [mV] "drive"
    init V = 0 [mV]
    rate = V/tau
    tau*dV/dt = -V + I
    on V >= 15 [mV]: V = 0 [mV]
    simulate: duration 100 [ms]; dt 1 [ms]
"""
POLE = "param a = 1\ninit x = 1\ndx/dt = a*x^2 - x\nsimulate: duration 5; dt 0.01; method rk4"
NOISY = "noise xi\ninit x = 0\ndx/dt = -x + xi\nsimulate: duration 1; dt 0.1"
FILES = pytest.mark.parametrize("suffix", [".csv", ".nc", ".h5"])


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def rows_of(path: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return the description and the rows of a table, read as any program would."""
    first, rest = path.read_text().split("\n", 1)
    return json.loads(first.removeprefix("# about: ")), list(csv.DictReader(io.StringIO(rest)))


def test_a_dataset_has_an_axis_for_each_thing_that_varies() -> None:
    found = nd.loads(CELL).sweep({"I": (10, 30, 3), "tau": [5, 10]}, measure=["rate", "max(V)"], where="steady")
    assert dict(found.sizes) == {"I": 3, "tau": 2}
    assert (found["I"].values.tolist(), found["tau"].values.tolist()) == ([10, 20, 30], [5, 10])
    assert found["I"].attrs == {"long_name": "drive", "units": "mV"}
    assert found["tau"].attrs == {"long_name": "time constant", "units": "ms"}
    assert found["rate"].attrs == {"long_name": "Firing rate", "units": "Hz", "measure": "rate"}
    assert found["max(V)"].attrs["units"] == "mV"
    assert list(found.data_vars) == ["rate", "max(V)", "failed"]
    # From 0 the potential takes tau*log(I/(I - 15)) to the threshold; a window of 50 ms holds whole intervals only.
    period = 10 * np.log(30 / 15)
    assert abs(float(found["rate"].sel(I=30, tau=10)) - 1000 / period) <= 1000 / 50
    assert found.attrs["model"] == "cell"
    assert (found.attrs["start"], found.attrs["duration"], found.attrs["complete"], found.attrs["failed"]) == (50.0, 100.0, 1, 0)
    assert json.loads(found.attrs["parameters"]) == {"w": 0.5}


def test_copies_and_drawn_points_are_axes_of_their_own() -> None:
    copies = nd.loads(NOISY).sweep(copies=3, seed=2**64 - 1)
    assert (dict(copies.sizes), copies["copy"].values.tolist()) == ({"copy": 3}, [0, 1, 2])
    assert copies["seed"].dtype == np.uint64
    assert copies.attrs["seed"] == str(2**64 - 1)
    drawn = nd.loads(CELL).sweep({"I": (10, 30), "tau": (5, 10)}, random=4, seed=1)
    assert (dict(drawn.sizes), list(drawn.coords)) == ({"point": 4}, ["point", "I", "tau"])
    assert drawn["I"].dims == ("point",)


def test_a_measure_with_the_name_of_an_axis_is_told_apart() -> None:
    text = "param rate = 1\ninit x = 0\ndx/dt = rate\non x >= 1: x = 0\nsimulate: duration 10.5"
    found = nd.loads(text).sweep({"rate": [1, 2]}, measure=["rate"])
    assert found["measured_rate"].values == pytest.approx([10 / 10.5, 21 / 10.5])


def test_a_slash_in_a_name_becomes_an_underscore(tmp_path: Path) -> None:
    table = nd.loads("init x = 1, dx/dt = 0\nd2x/dt2 = -x\nsimulate: duration 1").sweep_table({"x": [1.0, 2.0]}, measure=["final(dx/dt)"])
    np.testing.assert_allclose(table["final(dx/dt)"], [-np.sin(1), -2 * np.sin(1)], rtol=1e-8)
    assert table.to_dataset()["final(dx_dt)"].attrs["measure"] == "final(dx/dt)"
    table.save(tmp_path / "t.nc")
    with xarray.open_dataset(tmp_path / "t.nc") as found:
        assert found["final(dx_dt)"].values.tolist() == table["final(dx/dt)"].tolist()


def test_points_that_failed_are_marked_in_the_dataset() -> None:
    found = nd.loads(POLE).sweep({"a": [0.5, 1.5]})
    assert found["failed"].values.tolist() == [False, True]
    assert found["reason"].values[0] == ""
    assert found["reason"].values[1].startswith("R101: state `x` became infinite")
    assert np.isnan(found["final(x)"].values).tolist() == [False, True]


def test_a_csv_has_a_row_for_each_point(tmp_path: Path) -> None:
    table = nd.loads(CELL).sweep_table({"I": [10, 30], "tau": ["5 [ms]", 10]}, measure=["spikes", "max(V)"])
    table.save(tmp_path / "t.csv")
    about, rows = rows_of(tmp_path / "t.csv")
    assert (about["model"], about["method"], about["points"], about["complete"]) == ("cell", "exact", 4, True)
    assert [(float(r["I [mV]"]), float(r["tau [ms]"])) for r in rows] == [(10, 5), (10, 10), (30, 5), (30, 10)]
    assert [float(r["spikes"]) for r in rows] == table["spikes"].ravel().tolist()
    assert [float(r["max(V) [mV]"]) for r in rows] == table["max(V)"].ravel().tolist()
    assert [r["failed"] for r in rows] == [""] * 4


def test_a_csv_tells_seeds_drawn_values_and_reasons(tmp_path: Path) -> None:
    noisy = nd.loads(NOISY).sweep_table(copies=2, seed=1)
    noisy.save(tmp_path / "n.csv")
    assert noisy.seeds is not None
    assert [(int(r["copy"]), int(r["seed"])) for r in rows_of(tmp_path / "n.csv")[1]] == list(enumerate(noisy.seeds.tolist()))
    drawn = nd.loads(POLE).sweep_table({"a": (1.2, 1.5)}, random=2, seed=1)
    drawn.save(tmp_path / "d.csv")
    rows = rows_of(tmp_path / "d.csv")[1]
    assert [(int(r["point"]), float(r["a"])) for r in rows] == list(enumerate(drawn.drawn[0].values.tolist()))
    assert [r["failed"] for r in rows] == list(drawn.failed.values())
    assert [r["final(x)"] for r in rows] == ["nan", "nan"]


def test_a_netcdf_file_reads_back_as_the_dataset(tmp_path: Path) -> None:
    table = nd.loads(POLE).sweep_table({"a": [0.5, 1.5], "x": "0.5,1"}, measure=["final(x)", "max(x)"])
    table.save(tmp_path / "t.nc")
    with xarray.open_dataset(tmp_path / "t.nc", engine="h5netcdf") as found:
        xarray.testing.assert_equal(found.load(), table.to_dataset())
        assert found.attrs["model"] == "model"
        assert found["max(x)"].attrs == table.to_dataset()["max(x)"].attrs
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.nc"]


def same(table: Table, other: Table) -> bool:
    """Return whether two tables hold the same numbers and reasons."""
    assert list(table.values) == list(other.values)
    alike = all(np.array_equal(table[name], other[name], equal_nan=True) for name in table.values)
    return alike and dict(table.failed) == dict(other.failed)


@FILES
def test_a_sweep_that_is_repeated_finds_its_results_and_runs_nothing(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / f"r{suffix}"

    def sweep() -> Table:
        return nd.loads(POLE).sweep_table({"a": [0.5, 0.9, 1.5], "x": [0.5, 1]}, measure=["amplitude(x)", "final(x)"], out=out)

    first = sweep()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    before = out.read_bytes()
    monkeypatch.setattr(points, "Scalar", None)
    again = sweep()
    assert same(first, again)
    assert (first.meta["ran"], again.meta["ran"], again.complete) == (6, 0, True)
    assert out.read_bytes() == before


@FILES
@pytest.mark.parametrize(
    "options", [{"over": {"I": [11, 20]}}, {"measure": ["max(V)"]}, {"dt": 0.5}, {"set": {"w": 1}}, {"where": "steady"}, {"method": "rk4"}]
)
def test_the_results_of_another_sweep_are_not_overwritten(suffix: str, options: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / f"r{suffix}"
    given: dict[str, Any] = {"over": {"I": [10, 20]}, "measure": ["min(V)"], "out": out}
    nd.loads(CELL).sweep_table(**given)
    before = out.read_bytes()
    with pytest.raises(NeuroError, match="holds the results of another sweep, of `cell`") as raised:
        nd.loads(CELL).sweep_table(**{**given, **options})
    assert (raised.value.exit_code, out.read_bytes()) == (2, before)


def test_measures_of_the_same_columns_are_told_apart(tmp_path: Path) -> None:
    nd.loads(CELL).sweep_table({"I": [10, 20]}, measure=["amplitude(V)"], out=tmp_path / "r.csv")
    with pytest.raises(NeuroError, match="another sweep"):
        nd.loads(CELL).sweep_table({"I": [10, 20]}, measure=["min(V)", "max(V)"], out=tmp_path / "r.csv")


@FILES
@pytest.mark.parametrize("content", [b"I,rate\n1,2\n", b"\x89HDF\r\n\x1a\nxxxx", b"# about: {}\n", b"# about: [1]\nI,failed\n", b"\xff\xfe"])
def test_a_file_that_holds_something_else_is_not_overwritten(suffix: str, content: bytes, tmp_path: Path) -> None:
    out = tmp_path / f"r{suffix}"
    out.write_bytes(content)
    with pytest.raises(NeuroError, match="holds no results of a sweep") as raised:
        nd.loads(CELL).sweep_table({"I": [10, 20]}, out=out)
    assert (raised.value.exit_code, out.read_bytes()) == (2, content)


@FILES
def test_results_that_were_cut_short_are_refused(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"r{suffix}"
    nd.loads(CELL).sweep_table({"I": [10, 20, 30]}, out=out)
    out.write_bytes(out.read_bytes()[:-60])
    with pytest.raises(NeuroError, match="holds no results of a sweep"):
        nd.loads(CELL).sweep_table({"I": [10, 20, 30]}, out=out)


def test_shards_put_their_points_together(tmp_path: Path) -> None:
    whole = nd.loads(CELL).sweep_table({"I": (10, 40, 7)}, measure=["spikes", "final(V)"])
    parts = [
        nd.loads(CELL).sweep_table({"I": (10, 40, 7)}, measure=["spikes", "final(V)"], out=tmp_path / "r.csv", shard=shard)
        for shard in ("1/3", "3/3", (2, 3))
    ]
    assert [int(part.done.sum()) for part in parts] == [3, 5, 7]
    assert [part.complete for part in parts] == [False, False, True]
    assert same(parts[-1], whole)
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]
    assert len(rows_of(tmp_path / "r.csv")[1]) == 7


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/2/3", "", (0, 1), "-1/2"])
def test_what_is_no_shard_is_refused(text: Any) -> None:
    with pytest.raises(NeuroError, match="is no shard of a sweep"):
        shard_of(text)


def test_a_shard_needs_a_file_for_the_results() -> None:
    with pytest.raises(NeuroError, match="the points of a shard are kept beside the file of the results"):
        nd.loads(CELL).sweep_table({"I": [10, 20]}, shard="1/2")


@pytest.mark.parametrize(("name", "code"), [("r.txt", 2), ("r", 2), ("missing/r.csv", 4)])
def test_a_place_that_cannot_be_written_is_told_before_the_sweep(name: str, code: int, tmp_path: Path) -> None:
    with pytest.raises(NeuroError) as raised:
        nd.loads(CELL).sweep_table({"I": [10, 20]}, out=tmp_path / name)
    assert raised.value.exit_code == code


def test_a_missing_library_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    monkeypatch.setattr("neurodsl.sweep.dataset.find_spec", lambda name: None)
    for run in (lambda: nd.loads(CELL).sweep({"I": [10]}), lambda: nd.loads(CELL).sweep_table({"I": [10]}, out=tmp_path / "r.nc")):
        with pytest.raises(NeuroError, match=r'pip install "neurodsl\[sweep\]"') as raised:
            run()
        assert raised.value.exit_code == 4
    nd.loads(CELL).sweep_table({"I": [10]}, out=tmp_path / "r.csv")
    assert (tmp_path / "r.csv").exists()


def test_a_table_tells_what_was_measured() -> None:
    table = nd.loads(CELL).sweep_table({"I": [10, 20]}, measure=["max(V)"])
    assert repr(table) == "<neurodsl sweep of cell: I: 2, measured: max(V)>"
    with pytest.raises(KeyError, match=r"`max` was not measured; did you mean `max\(V\)`"):
        table["max"]
    assert table.at(1) == {"I": 20.0}


def test_a_table_as_json_nests_the_axes_and_holds_no_number_that_is_not_finite() -> None:
    table = nd.loads(POLE).sweep_table({"a": [0.5, 1.5], "x": [0.5, 1]}, measure=["final(x)"])
    told = json.loads(json.dumps(table.to_dict(), allow_nan=False))
    assert [axis["name"] for axis in told["axes"]] == ["a", "x"]
    assert told["values"]["final(x)"][0] == table["final(x)"][0].tolist()
    assert told["values"]["final(x)"][1][1] is None
    assert [(f["point"], f["at"]) for f in told["failed"]] == [(3, {"a": 1.5, "x": 1.0})]
    assert set(told["timing"]) == {"build_s", "compile_s", "run_s"}
