"""A run that is written to its file while it goes on is the run in memory to the last bit, and its memory does not grow with it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from run.long_runs import CASES, SPIKING, numbers_of

import neurodsl as nd
from neurodsl import planning
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.run import copies as copies_module
from neurodsl.run.failure import Failure
from neurodsl.solution import stored_in, view

SOME = {"duration": 8, "dt": 0.05, "method": "rk4", "seed": 3}


@pytest.fixture(autouse=True)
def _in_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SMALL", 0)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let a run write so many numbers at once."""
    return lambda numbers: monkeypatch.setattr("neurodsl.solution.stored.NUMBERS_AT_ONCE", numbers)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_streamed_run_is_the_run_in_memory_to_the_last_bit(name: str, tmp_path: Path, narrow: Callable[[int], None]) -> None:
    text, options = CASES[name]
    whole = nd.loads(text).simulate(**options)
    narrow(10)
    streamed = nd.loads(text).simulate(out=tmp_path / "r.h5", **options)
    loaded = nd.load_result(tmp_path / "r.h5")
    assert numbers_of(streamed) == numbers_of(whole)
    assert numbers_of(loaded) == numbers_of(whole)
    assert (loaded.units, list(loaded), repr(loaded)) == (whole.units, list(whole), repr(streamed))
    assert [path.name for path in tmp_path.iterdir()] == ["r.h5"]


def test_one_long_step_is_written_through_many_windows(tmp_path: Path, narrow: Callable[[int], None]) -> None:
    text, options = "init x = 1, y = 1\ndx/dt = -x\ndy/dt = 0\nat 70: y = 2\n", {"duration": 100, "dt": 0.05, "method": "rk45"}
    whole = nd.loads(text).simulate(**options)
    assert whole.meta["steps"] < 300
    narrow(20)
    assert numbers_of(nd.loads(text).simulate(out=tmp_path / "r.h5", **options)) == numbers_of(whole)


def test_spikes_alone_are_streamed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.run.streams.MANY_SPIKES", 3)
    text = "init x = 0\nnext x = x + 1\nevery 1: emit spike\n"
    result = nd.loads(text).simulate(duration=3000, record=["spikes"], out=tmp_path / "r.h5")
    assert result.spikes.times.tolist() == list(range(1, 3001))
    assert nd.load_result(tmp_path / "r.h5").spikes.times.tolist() == list(range(1, 3001))
    assert (len(result.t), list(result), result.spikes.count) == (3001, [], 3000)


def test_the_file_has_the_layout_that_the_manual_names(tmp_path: Path) -> None:
    text = 'param tau = 5 [ms], N = 2\ninit V[N] = (1 [mV], 2 [mV]) "potential"\ndV[i]/dt = -V[i]/tau\nr = V[0]/[mV] "a ratio"\n'
    nd.loads(text).simulate(duration=2, dt=0.5, method="euler", record=["V", "r"], out=tmp_path / "r.h5")
    with h5py.File(tmp_path / "r.h5") as file:
        assert sorted(file) == ["V", "final", "r", "spikes", "t"]
        assert file["t"][:].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
        assert file["V"][:, 1].tolist() == [2 * 0.9**k if k < 2 else pytest.approx(2 * 0.9**k, rel=1e-15) for k in range(5)]
        assert {name: dict(file[name].attrs) for name in ("t", "V", "r")} == {
            "t": {"units": "ms", "label": "time"},
            "V": {"units": "mV", "label": "potential"},
            "r": {"units": "1", "label": "a ratio"},
        }
        assert all(file[name].chunks is not None for name in ("t", "V", "r", "spikes/times", "spikes/index"))
        assert (file["final/V"][:].tolist(), dict(file["final/V"].attrs)) == (file["V"][-1].tolist(), {"units": "mV"})
        meta = json.loads(file.attrs["meta"])
        assert (meta["final"], meta["recorded"], meta["method"]) == ({"V": "V"}, {"V": "V", "r": "r"}, "euler")


def test_the_traces_of_a_streamed_run_stay_in_the_file_until_they_are_asked_for(tmp_path: Path) -> None:
    text, options = SPIKING, SOME
    whole = nd.loads(text).simulate(**options)
    result = nd.loads(text).simulate(out=tmp_path / "r.h5", **options)
    assert (stored_in(result), stored_in(whole)) == (tmp_path / "r.h5", None)
    assert not isinstance(result.values["v"], np.ndarray)
    assert isinstance(result["v"], np.ndarray)
    t, v = result.t, result.values["v"]
    assert (len(t), t[-1], v[3], v[-2:].tolist(), v[whole["v"] > 0].tolist()) == (
        len(whole.t), whole.t[-1], whole["v"][3], whole["v"][-2:].tolist(), whole["v"][whole["v"] > 0].tolist(),
    )  # fmt: skip
    assert ((2 * v + t).tolist(), np.mean(v)) == ((2 * whole["v"] + whole.t).tolist(), np.mean(whole["v"]))
    (tmp_path / "r.h5").unlink()
    with pytest.raises(NeuroError) as caught:
        result["v"]
    told = f"cannot read `v` from `{tmp_path / 'r.h5'}`: the file that the run was written to is gone, or is another"
    assert (caught.value.report.found[0].message, caught.value.exit_code) == (told, 4)


def test_a_streamed_run_saves_to_every_format(tmp_path: Path) -> None:
    whole = nd.loads(SPIKING).simulate(**SOME)
    result = nd.loads(SPIKING).simulate(out=tmp_path / "r.h5", **SOME)
    for name in ("s.npz", "s.h5"):
        result.save(tmp_path / name)
        assert numbers_of(nd.load_result(tmp_path / name)) == numbers_of(whole)
    result.save(tmp_path / "s.csv")
    head = sum(line.startswith("#") for line in (tmp_path / "s.csv").read_text().splitlines())
    table = np.loadtxt(tmp_path / "s.csv", delimiter=",", skiprows=1 + head)
    assert table.tolist() == np.column_stack([whole.t, *whole.values.values()]).tolist()


# --- runs that end early ---------------------------------------------------------------------------------------------------


def test_what_was_good_of_a_run_that_fails_is_kept(tmp_path: Path, narrow: Callable[[int], None]) -> None:
    text, options = "init x = 1\ndx/dt = x^2\n", {"duration": 3, "dt": 0.05, "method": "euler"}
    found = []
    narrow(10)
    for more in ({}, {"out": tmp_path / "r.h5"}):
        with pytest.raises(Failure) as caught:
            nd.loads(text).simulate(**options, **more)
        found.append(caught.value)
    assert str(found[0]) == str(found[1])
    assert numbers_of(nd.load_result(tmp_path / "r.h5")) == numbers_of(found[0].result) == numbers_of(found[1].result)
    assert found[1].result.meta["complete"] is False


def test_an_event_may_stop_a_streamed_run(tmp_path: Path) -> None:
    text = "init x = 0\ndx/dt = 1\non x >= 1.025: stop\n"
    result = nd.loads(text).simulate(duration=1e6, dt=0.1, method="rk4", out=tmp_path / "r.h5")
    loaded = nd.load_result(tmp_path / "r.h5")
    assert (result.meta["stopped"], len(loaded.t), loaded.t[-1]) == ("by an event", 11, 1.0)
    assert (tmp_path / "r.h5").stat().st_size < 3_000_000


@pytest.mark.parametrize("kind", ["signal", "exception"])
def test_what_an_interrupted_run_has_come_to_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(copies_module, "CHUNK_SECONDS", 1e-9)
    whole = nd.loads(SPIKING).simulate(**SOME)

    def stop(done: float) -> None:
        if done >= 0.5 and kind == "signal":
            signal.raise_signal(signal.SIGINT)
        elif done >= 0.5:
            raise KeyboardInterrupt

    result = nd.loads(SPIKING).simulate(out=tmp_path / "r.h5", progress=stop, **SOME)
    loaded = nd.load_result(tmp_path / "r.h5")
    assert (result.meta["stopped"], numbers_of(loaded)) == ("interrupted", numbers_of(result))
    assert 80 <= len(loaded.t) < 86
    assert loaded["v"].tolist() == whole["v"][: len(loaded.t)].tolist()


def test_a_run_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    for options, code in (({"duration": -1}, "V103"), ({"set": {"k": 1}}, "V102"), ({"record": ["zz"]}, "V102")):
        with pytest.raises(NeuroError) as caught:
            nd.loads(SPIKING).simulate(out=tmp_path / "r.h5", **options)
        assert caught.value.report.found[0].rule.code in (code, "N101")
    assert list(tmp_path.iterdir()) == []


def test_a_quantity_that_is_not_finite_is_told_of_a_streamed_run_too(tmp_path: Path, narrow: Callable[[int], None]) -> None:
    text, found = "init x = 0.95\ndx/dt = -1\nr = 1/0 if x > 0.22 and x < 0.42 else log(x)\n", []
    narrow(3)
    for more in ({}, {"out": tmp_path / "r.h5"}):
        report = Report()
        nd.loads(text).simulate(duration=2, dt=0.1, method="euler", record=["x", "r"], report=report, **more)
        found.append([d.message for d in report.found if d.rule.code == "R202"])
    assert found[0] == found[1] == ["the recorded quantity `r` is not finite at 13 of 21 times, first at t = 0.6"]


# --- what does not fit -----------------------------------------------------------------------------------------------------


def test_a_run_that_the_disk_has_no_room_for_is_refused_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.run.lasting.shutil.disk_usage", lambda path: shutil._ntuple_diskusage(2**40, 2**40, 2**20))  # type: ignore[attr-defined]
    with pytest.raises(NeuroError) as caught:
        nd.loads(SPIKING).simulate(duration=50_000, dt=0.05, method="rk4", out=tmp_path / "r.h5")
    told = f"cannot write `{tmp_path / 'r.h5'}`: the run takes 0.0298 GiB, and 0.000977 GiB are free there"
    assert (caught.value.report.found[0].message, caught.value.exit_code) == (told, 4)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_into_memory_is_told_to_be_streamed(tmp_path: Path) -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads(SPIKING).simulate(duration=1e8, dt=0.05, method="rk4")
    assert "`--out F.h5`" in (caught.value.report.found[0].help or "")


@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_disk_that_is_full_in_the_middle_of_a_run_is_told_and_nothing_stays(tmp_path: Path, checkpoint: bool) -> None:
    (tmp_path / "m.neuro").write_text("init x = 0.3\nnext x = 3.9*x*(1 - x)\n")
    command = [sys.executable, "-m", "neurodsl", "simulate", "m.neuro", "--duration", "3000000", "--out", "r.h5"]
    command += ["--checkpoint", "c.npz", "--every", "1h"] if checkpoint else []

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    surroundings = {**os.environ, "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, preexec_fn=small_files, capture_output=True, text=True)
    assert done.returncode == 4
    assert done.stderr == "error[F102]: cannot write `r.h5`: the file would be larger than is allowed here\n"
    assert [path.name for path in tmp_path.iterdir()] == ["m.neuro"]


def test_memory_stays_flat_while_a_run_becomes_longer(tmp_path: Path) -> None:
    (tmp_path / "m.neuro").write_text("init x = 0.3\nnext x = 3.9*x*(1 - x)\n")
    most = []
    for duration in (10**6, 10**6, 10**7):
        command = [sys.executable, "-m", "neurodsl", "simulate", "m.neuro", "--duration", str(duration), "--out", "r.h5"]
        process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "NUMBA_DISABLE_JIT": "0"}, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        most.append(used.ru_maxrss / 2**10)
    assert (tmp_path / "r.h5").stat().st_size > 160_000_000
    assert most[2] - most[1] < 40


# --- figures -----------------------------------------------------------------------------------------------------------------


def test_the_view_of_a_long_run_keeps_its_extremes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.solution.viewing.MOST_NUMBERS", 500)
    monkeypatch.setattr("neurodsl.solution.viewing.rows_at_once", lambda width: 700)
    text = "init x = 0, y[2] = 0\nnext x = 5 if t >= 1234 and t < 1235 else -7 if t >= 3001 and t < 3002 else mod(x + 1, 3)\nnext y[i] = y[i] + i\n"
    result = nd.loads(text).simulate(duration=4000, out=tmp_path / "r.h5")
    shown = view(result)
    assert (len(shown.t) <= 500, len(shown.t) > 100, shown["y"].shape, float(shown["x"].max()), float(shown["x"].min())) == (
        True, True, (len(shown.t), 2), 5.0, -7.0,
    )  # fmt: skip
    assert abs(shown.t[np.argmax(shown["x"])] - 1235) < 4001 / (len(shown.t) / 2)
    assert shown["y"][:, 1].tolist() == shown.t.tolist()
    assert (np.diff(shown.t) > 0).all()


def test_a_short_run_is_shown_as_it_is(tmp_path: Path) -> None:
    result = nd.loads(SPIKING).simulate(out=tmp_path / "r.h5", **SOME)
    assert numbers_of(view(result)) == numbers_of(nd.loads(SPIKING).simulate(**SOME))
    result.plot(tmp_path / "r.png")
    assert (tmp_path / "r.png").stat().st_size > 10_000


# --- wrong input ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "exit_code", "message"),
    [
        ({"out": "r.npz"}, "V101", 2, "`out` is written while the run goes on, which a `.npz` file cannot be"),
        ({"out": "r.nwb"}, "V101", 2, "cannot save to `r.nwb`: `.nwb` is not supported yet"),
        ({"out": "r.h5", "copies": 2}, "V101", 2, "the copies of a run are kept in memory, and `out` is written while a run goes on"),
        ({"out": "none/r.h5"}, "F102", 4, "cannot write `none/r.h5`: there is no directory `none`"),
        ({"out": "/dev/null/r.h5"}, "F102", 4, "cannot write `/dev/null/r.h5`: `/dev/null` is not a directory"),
    ],
)
def test_a_destination_that_cannot_be_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], code: str, exit_code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NeuroError) as caught:
        nd.loads(SPIKING).simulate(**options)
    assert (caught.value.report.found[0].rule.code, caught.value.exit_code) == (code, exit_code)
    assert caught.value.report.found[0].message == message
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.solution.stored.find_spec", lambda name: None)
    (tmp_path / "r.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    for act in (
        lambda: nd.loads(SPIKING).simulate(out=tmp_path / "s.h5"),
        lambda: nd.loads(SPIKING).simulate(**SOME).save(tmp_path / "s.h5"),
        lambda: nd.load_result(tmp_path / "r.h5"),
    ):
        with pytest.raises(NeuroError) as caught:
            act()
        found = caught.value.report.found[0]
        assert (found.rule.code, caught.value.exit_code, '`pip install "neurodsl[sweep]"`' in (found.help or "")) == ("F109", 4, True)
    assert [path.name for path in tmp_path.iterdir()] == ["r.h5"]
