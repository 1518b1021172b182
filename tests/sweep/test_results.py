"""Results that stand in their file are taken where they are those of the same sweep, and as they were written."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray

import neurodsl as nd
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.lower import economy
from neurodsl.sweep import Request, chunks
from neurodsl.sweep.chunks import Chunk
from neurodsl.sweep.executors import threads
from neurodsl.sweep.executors.executor import Task
from neurodsl.sweep.planned import Planned, planned
from neurodsl.sweep.store import Store, keys_of
from neurodsl.sweep.table import Table
from neurodsl.sweeping import Sweeping, SweepOptions

CELL = """
param k = 1, reason = 2
noise xi
init x = 0
dx/dt = -k*x + reason + xi
simulate: duration 1; dt 0.1
"""
POLE = "param a = 1\ninit x = 1\ndx/dt = a*x^2 - x\nsimulate: duration 5; dt 0.01; method rk4"
OVER = {"k": [0.5, 1.0, 2.0], "reason": [1, 2]}
FILES = pytest.mark.parametrize("suffix", [".csv", ".nc", ".h5"])


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def swept(out: Path, **options: Any) -> Table:
    given: dict[str, Any] = {"over": OVER, "measure": ["final(x)", "max(x)"], "out": out, "seed": 5}
    return nd.loads(CELL).sweep_table(**{**given, **options})


def told(out: Path, **options: Any) -> str:
    """Return what is told instead of results; the file stays as it is."""
    before = out.read_bytes()
    with pytest.raises(NeuroError) as caught:
        swept(out, **options)
    (found,) = caught.value.report.found
    assert (found.rule.code, caught.value.exit_code, out.read_bytes() == before) == ("F103", 2, True)
    assert found.help == "name another file, or remove that one and run the sweep again"
    assert found.message.startswith(f"`{out}` holds no results of a sweep: ")
    return found.message.removeprefix(f"`{out}` holds no results of a sweep: ")


# --- the same sweep ---------------------------------------------------------------------------------------------------


def keys(model: Path) -> list[str]:
    plan = plan_of(model)
    return keys_of(plan.job, plan.origin, plan.values, plan.seeds)


def plan_of(model: Path, **options: Any) -> Planned:
    return planned(nd.load(model), Request({"k": [0.5, 1.0]}, seed=1, **options), Report())


def test_a_model_under_another_name_has_the_same_points(tmp_path: Path) -> None:
    for name in ("one.neuro", "two.neuro"):
        (tmp_path / name).write_text(CELL)
    assert keys(tmp_path / "one.neuro") == keys(tmp_path / "two.neuro")
    out = tmp_path / "r.csv"
    ran = [nd.load(tmp_path / name).sweep_table({"k": [0.5, 1.0]}, seed=1, out=out).meta["ran"] for name in ("one.neuro", "two.neuro")]
    assert ran == [2, 0]


def test_a_model_whose_import_has_changed_has_other_points(tmp_path: Path) -> None:
    (tmp_path / "cell.neuro").write_text(CELL)
    (tmp_path / "all.neuro").write_text('import cell from "cell.neuro"\n')
    first = keys(tmp_path / "all.neuro")
    (tmp_path / "cell.neuro").write_text(CELL.replace("-k*x", "-k*x^3"))
    assert set(first).isdisjoint(keys(tmp_path / "all.neuro"))


def test_the_models_and_variants_of_a_file_have_other_points(tmp_path: Path) -> None:
    text = "model {}:\n    param k = 1\n    init x = {}\n    dx/dt = -k*x\n    simulate: duration 1\n"
    text += "    variant fast:\n        k = 2\n"
    (tmp_path / "two.neuro").write_text(text.format("a", 1) + text.format("b", 2))
    found = [
        planned(nd.load(tmp_path / "two.neuro", name), Request({"x": [1.0]}, variant=variant), Report())
        for name, variant in (("a", None), ("b", None), ("a", "fast"))
    ]
    assert len({keys_of(plan.job, plan.origin, plan.values, plan.seeds)[0] for plan in found}) == 3


def test_a_machine_that_is_busy_has_the_same_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "param k = 1\ninit x = 1, y = 0\ndx/dt = exp(-x/k) - x*exp(-x/k) + y/(1 + exp(-x/k))\ndy/dt = 1/(1 + exp(-x/k)) - y\nsimulate: duration 1"
    (tmp_path / "m.neuro").write_text(text)

    def busy(seconds: float, run: Callable[[], Any]) -> Any:
        raise economy.Exceeded

    monkeypatch.setattr(sys.modules["neurodsl.sweep.planned"], "LEAST_STEPS", 0)
    found = []
    for name, bounded in (("idle", economy.bounded), ("busy", busy)):
        monkeypatch.setenv("NEURODSL_CACHE_DIR", str(tmp_path / name))
        monkeypatch.setattr(economy, "bounded", bounded)
        plan = plan_of(tmp_path / "m.neuro", method="rk4", events="grid")
        found.append((plan.job.files, keys_of(plan.job, plan.origin, plan.values, plan.seeds)))
    assert found[0][0] != found[1][0]
    assert found[0][1] == found[1][1]


# --- seeds ------------------------------------------------------------------------------------------------------------


@FILES
@pytest.mark.parametrize("seed", [0, 2**64 - 1])
def test_a_sweep_without_a_seed_has_that_of_its_results(suffix: str, seed: int, tmp_path: Path) -> None:
    out = tmp_path / f"r{suffix}"
    first = swept(out, seed=seed)
    again = swept(out, seed=None)
    assert (again.meta["seed"], again.meta["ran"]) == (seed, 0)
    assert again["final(x)"].tolist() == first["final(x)"].tolist()


def with_about(out: Path, **changes: Any) -> None:
    """Change what the first line of a `.csv` file says."""
    line, rest = out.read_text().split("\n", 1)
    out.write_text(f"# about: {json.dumps({**json.loads(line.removeprefix('# about: ')), **changes})}\n{rest}")


@pytest.mark.parametrize("seed", ["abc", -1, 2**64, 1.5, [1], True, "\u0664"])
def test_a_seed_that_is_none_is_told(seed: Any, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    swept(out)
    with_about(out, seed=seed)
    assert told(out, seed=None) == f"its seed is {str(seed)!r}"


# --- damage -----------------------------------------------------------------------------------------------------------

CHANGED = "its table is not as it was written: it was edited, or is cut short"


def without_a_column(lines: list[str]) -> list[str]:
    return [lines[0], *(",".join(line.split(",")[:2] + line.split(",")[3:]) for line in lines[1:])]


EDITS: dict[str, Callable[[list[str]], list[str]]] = {
    "a column is missing": without_a_column,
    "a number is another": lambda lines: [*lines[:2], lines[2].replace(lines[2].split(",")[2], "0.25"), *lines[3:]],
    "a value of an axis is another": lambda lines: [*lines[:2], lines[2].replace("0.5", "0.6", 1), *lines[3:]],
    "a row is missing": lambda lines: lines[:-1],
    "a row is there twice": lambda lines: [*lines, lines[-1]],
    "a reason is there": lambda lines: [*lines[:-1], lines[-1] + "it failed"],
    "a title is another": lambda lines: [lines[0], lines[1].replace("max(x)", "min(x)"), *lines[2:]],
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_table_that_was_edited_is_told(edit: str, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    swept(out)
    lines = out.read_text().split("\n")[:-1]
    assert EDITS[edit](lines) != lines
    out.write_text("\n".join(EDITS[edit](lines)) + "\n")
    assert told(out) == CHANGED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"# about: " + b"[" * 100_000 + b"\n", "it is damaged"),
        (b"# about: " + b"9" * 10_000 + b"\n", "it is damaged"),
        (b"# about: \xff\n", "it is damaged"),
        (b"# about: [1]\nI,failed\n", "its first line is of another layout"),
        (b"I,failed\n1,\n", "its first line is of another layout"),
        (b'# about: {"digest": "0"}\n', "it was written by another program or another version"),
        (b'# about: {"digest": 1, "table": 1}\n', "it was written by another program or another version"),
    ],
)
def test_a_file_of_something_else_is_told(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(content)
    assert told(tmp_path / "r.csv") == reason


def test_a_table_of_another_length_is_told(tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    swept(out)
    body = "k,reason,final(x),max(x),seed,failed\n"
    for rows, names, reason in ((1, body, "it has 1 rows, and the sweep 6 points"), (6, body.replace("max", "min"), "`max(x)` is not in it")):
        text = names + "1,1,1,1,1,\n" * rows
        out.write_text(out.read_text().split("\n")[0] + "\n" + text)
        with_about(out, table=hashlib.sha256(text.encode()).hexdigest())
        assert told(out).startswith(reason)


@FILES
def test_a_table_that_is_not_complete_is_told(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"r{suffix}"
    part = swept(out, shard="1/2")
    part.save(out)
    assert told(out) == "the sweep in it did not come to its end"


def changed(out: Path, change: Callable[[h5py.File], None]) -> None:
    with h5py.File(out, "r+", libver=("v110", "v110")) as file:
        change(file)


def set_number(file: h5py.File) -> None:
    file["final(x)"][0, 0] = 0.25


def set_axis(file: h5py.File) -> None:
    file["k"][0] = 0.6


def bomb(file: h5py.File) -> None:
    file.create_dataset("bomb", (2 * 10**9,), "f8", chunks=(10**6,), compression="gzip", fillvalue=1.0)


def bombs(file: h5py.File) -> None:
    del file["k"]
    file["k"] = h5py.ExternalLink("elsewhere.h5", "/k")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (set_number, CHANGED),
        (set_axis, CHANGED),
        (lambda file: file.attrs.__setitem__("table", "0" * 64), CHANGED),
        (lambda file: file.__delitem__("final(x)"), CHANGED),
        (bomb, "its member `bomb` has the type float64 and the shape (2000000000,), and the sweep 6 points"),
        (bombs, "its member `k` is no variable, or stands in another file"),
        (lambda file: file.create_group("more"), "its member `more` is no variable, or stands in another file"),
        (lambda file: file.attrs.__delitem__("digest"), "it was written by another program or another version"),
        (lambda file: file["max(x)"].attrs.__delitem__("measure"), "`max(x)` is not in it for each of 6 points"),
        (lambda file: file.attrs.__setitem__("seed", "abc"), "its seed is 'abc'"),
    ],
)
def test_a_netcdf_file_that_was_changed_is_told(change: Callable[[h5py.File], None], reason: str, tmp_path: Path) -> None:
    out = tmp_path / "r.nc"
    swept(out)
    changed(out, change)
    assert told(out, seed=None) == reason


def test_a_small_file_cannot_fill_the_memory(tmp_path: Path) -> None:
    out = tmp_path / "r.nc"
    swept(out)
    changed(out, bomb)
    program = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32)); from neurodsl import cli; cli.main(sys.argv[1:])"
    (tmp_path / "cell.neuro").write_text(CELL)
    over = ["--over", "k=0.5,1,2", "--over", "reason=1,2", "--measure", "final(x),max(x)", "--seed", "5"]
    command = [sys.executable, "-c", program, "sweep", str(tmp_path / "cell.neuro"), *over, "-o", str(out)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"error[F103]: `{out}` holds no results of a sweep: its member `bomb` has the type float64")


def test_a_file_of_the_old_format_is_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "r.nc", "w") as file:
        file.attrs["digest"] = "0"
    assert told(tmp_path / "r.nc") == "it is no NetCDF file, or it was written by another program"


@pytest.mark.filterwarnings("error")
def test_any_byte_of_a_netcdf_file_may_be_another(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.nc"
    first = swept(out)
    data, random = out.read_bytes(), np.random.default_rng(1)
    ways = set()
    for place in random.choice(len(data), 60, replace=False).tolist():
        out.write_bytes(data[:place] + bytes([data[place] ^ (1 << int(random.integers(8)))]) + data[place + 1 :])
        try:
            again = swept(out)
            assert (again["final(x)"].tobytes(), again["max(x)"].tobytes()) == (first["final(x)"].tobytes(), first["max(x)"].tobytes())
            ways.add("taken")
        except NeuroError as error:
            ways.add(error.report.found[0].rule.code)
    assert ways <= {"taken", "F103", "F107"}
    assert "F103" in ways
    assert capfd.readouterr() == ("", "")


def test_why_a_point_failed_comes_back_where_an_axis_is_called_reason(tmp_path: Path) -> None:
    text = POLE.replace("param a = 1", "param a = 1, reason = 1").replace("a*x^2", "a*reason*x^2")
    found = [nd.loads(text).sweep_table({"reason": [0.5, 1.5]}, out=tmp_path / "r.nc") for _ in range(2)]
    assert found[0].failed[1].startswith("R101: state `x` became infinite")
    assert (found[1].failed, found[1].meta["ran"]) == (found[0].failed, 0)


def test_a_netcdf_file_is_read_by_other_programs_without_a_word(tmp_path: Path) -> None:
    table = swept(tmp_path / "r.nc")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xarray.open_dataset(tmp_path / "r.nc") as found:
            assert found["final(x)"].values.tolist() == table["final(x)"].tolist()


# --- points that were lost, and shards that end at the same time ------------------------------------------------------


def test_a_point_whose_worker_died_is_run_again_by_the_same_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, report = tmp_path / "r.csv", Report()
    with monkeypatch.context() as patch:
        lose(patch, 4)
        first = swept(out, report=report)
    assert (first.complete, first.lost, int(first.done.sum()), first.meta["ran"]) == (False, [4], 5, 5)
    assert first.failed == {4: "its worker died, 3 times"}
    assert np.flatnonzero(np.isnan(first["final(x)"].ravel())).tolist() == [4]
    (found,) = report.found
    assert found.message.startswith("1 of 6 points failed; the first, at k = 2, reason = 1: its worker died, 3 times")
    assert found.help is not None
    assert found.help.endswith("; points whose workers died are run again by the same command")
    assert not out.exists()
    again = swept(out)
    assert (again.complete, again.failed, again.meta["ran"]) == (True, {}, 1)
    assert again["final(x)"].tolist() == swept(tmp_path / "whole.csv")["final(x)"].tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "whole.csv"]


def lose(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let a point end each worker that takes it up."""
    run = threads.Threads.run

    def losing(executor: threads.Threads, task: Task) -> None:
        queue = task.chunks
        (place,) = np.flatnonzero(queue.points.numbers == number)
        point = queue.points.cut(place, place + 1)
        kept = [i for i in range(len(queue.points)) if i != place]
        queue.points = Chunk(queue.points.numbers[kept], queue.points.values[kept], queue.points.seeds[kept])
        lost = queue.died(Chunk(point.numbers, point.values, point.seeds, chunks.TRIES - 1), "its worker died")
        assert lost is not None
        task.done(lost)
        run(executor, task)

    monkeypatch.setattr(threads.Threads, "run", losing)


@FILES
def test_a_shard_takes_the_results_that_another_has_just_written(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, load, loads = tmp_path / f"r{suffix}", Store.load, []

    def last(store: Store, *arguments: Any) -> Any:
        loads.append(store)
        if len(loads) == 2:
            # This one has run its points and is about to look for those of the other, which finds all at this moment.
            assert swept(out, shard="2/2").complete
        return load(store, *arguments)

    monkeypatch.setattr(Store, "load", last)
    table = swept(out, shard="1/2")
    assert (table.complete, table.meta["ran"]) == (True, 3)
    assert table["final(x)"].tolist() == swept(tmp_path / "whole.csv")["final(x)"].tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, "whole.csv"]


# --- options ----------------------------------------------------------------------------------------------------------


def test_the_options_of_a_sweep_are_those_of_its_table() -> None:
    names = {name: kind.__forward_arg__ for name, kind in inspect.get_annotations(SweepOptions).items()}
    assert names == {name: kind for name, kind in inspect.get_annotations(Sweeping.sweep_table).items() if name not in ("over", "return")}
