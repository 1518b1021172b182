"""A run that goes on from a checkpoint equals the undisturbed one to the last bit, for every method and wherever it was cut."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run.long_runs import CASES, MAP, SPIKING, numbers_of

import neurodsl as nd
from neurodsl import planning, solution
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.integrators import methods
from neurodsl.run import checkpoint as checkpoint_module
from neurodsl.run import copies as copies_module
from neurodsl.run import lasting as lasting_module

SOME = {"duration": 8, "dt": 0.05, "method": "rk4", "seed": 3}

Every = Callable[..., tuple[Any, list[Path]]]


@pytest.fixture(autouse=True)
def _in_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SMALL", 0)


@pytest.fixture
def all_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Every:
    """Run a model step by step with many checkpoints, and keep all of them, with the rows that lie beside them."""
    folder, written, pieces = tmp_path / "checkpoints", list[Path](), count()
    folder.mkdir()
    write = lasting_module.write_checkpoint

    def keep(path: Path, *arguments: Any) -> None:
        if next(pieces) % 7:
            return
        write(path, *arguments)
        copy = folder / str(len(written)) / path.name
        copy.parent.mkdir()
        for file in [path, *path.parent.glob(".*.rows"), *path.parent.glob(".*.spikes")]:
            shutil.copy(file, copy.with_name(file.name))
        written.append(copy)

    def simulate(text: str, seconds: float = 1e-9, **options: Any) -> tuple[Any, list[Path]]:
        with monkeypatch.context() as patch:
            patch.setattr(copies_module, "CHUNK_SECONDS", seconds)
            patch.setattr(lasting_module, "SHARE", np.inf)
            patch.setattr(os, "fsync", lambda file: None)
            patch.setattr(lasting_module, "write_checkpoint", keep)
            return nd.loads(text).simulate(checkpoint=tmp_path / "c.npz", every=1e-9, **options), written

    return simulate


def some_of(found: list[Path], count: int) -> list[Path]:
    """Return the first, the last, and some between them."""
    return [found[k] for k in sorted({*np.linspace(0, len(found) - 1, count).astype(int).tolist()})]


def test_every_method_is_among_the_cases() -> None:
    assert {options["method"] for _, options in CASES.values()} == set(methods())


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_resumed_run_equals_the_undisturbed_one_to_the_last_bit(name: str, all_checkpoints: Every) -> None:
    text, options = CASES[name]
    model = nd.loads(text)
    whole = numbers_of(model.simulate(**options))
    with_checkpoints, found = all_checkpoints(text, **options)
    assert numbers_of(with_checkpoints) == whole
    assert len(found) > 10
    for path in some_of(found, 5):
        assert numbers_of(model.simulate(resume=path, every="1h")) == whole


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_longer_run_from_a_checkpoint_equals_the_one_that_was_as_long_from_the_beginning(name: str, all_checkpoints: Every) -> None:
    text, options = CASES[name]
    model = nd.loads(text)
    whole = numbers_of(model.simulate(**{**options, "duration": 1.5 * options["duration"]}))
    _, found = all_checkpoints(text, **options)
    assert numbers_of(model.simulate(resume=found[len(found) // 2], duration=1.5 * options["duration"])) == whole


@pytest.mark.parametrize("name", ["rk4, grid", "rk45, exact", "exact, exact", "euler_maruyama, grid", "map, grid", "arrays, rk45"])
def test_a_run_that_is_written_to_a_file_goes_on_there(name: str, tmp_path: Path, all_checkpoints: Every, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.solution.stored.NUMBERS_AT_ONCE", 40)
    text, options = CASES[name]
    model = nd.loads(text)
    whole = numbers_of(model.simulate(**options))
    out = tmp_path / "r.h5"
    result, found = all_checkpoints(text, out=out, **options)
    assert (numbers_of(result), numbers_of(nd.load_result(out))) == (whole, whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.npz", "checkpoints", "r.h5"]
    for path in some_of(found, 4):
        out.unlink()
        for file in path.parent.iterdir():
            shutil.copy(file, tmp_path / file.name)
        resumed = model.simulate(resume=tmp_path / "c.npz", every="1h")
        assert (numbers_of(resumed), numbers_of(nd.load_result(out))) == (whole, whole)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["c.npz", "checkpoints", "r.h5"]


def test_what_comes_after_a_checkpoint_is_cut_from_the_rows_beside_the_file(tmp_path: Path, all_checkpoints: Every) -> None:
    whole = numbers_of(nd.loads(SPIKING).simulate(**SOME))
    _, found = all_checkpoints(SPIKING, out=tmp_path / "r.h5", **SOME)
    for file in found[9].parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    for file in [*tmp_path.glob(".*.rows"), *tmp_path.glob(".*.spikes")]:
        with file.open("ab") as stream:
            stream.write(b"\x07" * 999)
    nd.loads(SPIKING).simulate(resume=tmp_path / "c.npz")
    assert numbers_of(nd.load_result(tmp_path / "r.h5")) == whole


def test_plain_python_and_machine_code_go_on_from_each_others_checkpoints(all_checkpoints: Every, monkeypatch: pytest.MonkeyPatch) -> None:
    text, options = CASES["euler_maruyama, grid"]
    model = nd.loads(text)
    whole = numbers_of(model.simulate(**options))
    _, by_python = all_checkpoints(text, **options)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    kernel.load(model.cache.folder / f"{model.plan('euler_maruyama', 'grid', None, ()).kernel}.py")
    before = len(by_python)
    _, both = all_checkpoints(text, **options)
    assert len(both) > before + 10
    assert [numbers_of(model.simulate(resume=path)) == whole for path in some_of(both[:before], 4)] == [True] * 4
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert [numbers_of(model.simulate(resume=path)) == whole for path in some_of(both[before:], 4)] == [True] * 4


def test_a_checkpoint_holds_values_variants_expressions_and_files(tmp_path: Path) -> None:
    text = 'param k = 1, b[2] = load("b.csv")\ninput I = 0\ninit x[2] = 0\nvariant fast: k = 3\ndx[i]/dt = b[i] + I - k*x[i]\n'
    (tmp_path / "m.neuro").write_text(text)
    (tmp_path / "b.csv").write_text("0.5,0.25\n")
    options = {"variant": "fast", "input": {"I": "sin(2*t)"}, "init": {"x": [0.3, 0.1]}, "duration": 4, "dt": 0.1, "method": "rk4"}
    model = nd.load(tmp_path / "m.neuro")
    whole = numbers_of(model.simulate(**options))
    model.simulate(checkpoint=tmp_path / "c.npz", every=1e-9, **options)
    (tmp_path / "b.csv").unlink()
    assert numbers_of(model.simulate(resume=tmp_path / "c.npz")) == whole
    assert numbers_of(model.simulate(resume=tmp_path / "c.npz", **options)) == whole


def test_the_result_tells_where_the_last_checkpoint_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = nd.loads(SPIKING).simulate(checkpoint=tmp_path / "c.npz", every=1e-9, **SOME)
    at = json.loads(str(members(tmp_path / "c.npz")["meta"]))["t"]
    assert result.meta["checkpoint"] == {"file": str(tmp_path / "c.npz"), "t": at}
    assert 0 < at <= 8
    told = (
        f"kept    checkpoint `{tmp_path / 'c.npz'}` at {at:g}; `--resume {tmp_path / 'c.npz'} --out FILE` writes the result of the complete run again"
    )
    assert told in solution.summary(result)
    assert "checkpoint" not in nd.loads(SPIKING).simulate(checkpoint=tmp_path / "d.npz", every="1h", **SOME).meta
    assert not (tmp_path / "d.npz").exists()


def test_checkpoints_become_rarer_where_they_take_long_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies_module, "CHUNK_SECONDS", 1e-9)
    written = []

    def slow(path: Path, *arguments: Any) -> None:
        written.append(path)
        time.sleep(0.05)

    monkeypatch.setattr(lasting_module, "write_checkpoint", slow)
    began = time.monotonic()
    nd.loads(SPIKING).simulate(checkpoint=tmp_path / "c.npz", every=1e-9, **SOME)
    assert 1 <= len(written) <= 1 + (time.monotonic() - began) / 0.5


def test_an_interrupted_run_leaves_a_checkpoint_of_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies_module, "CHUNK_SECONDS", 1e-9)
    model = nd.loads(SPIKING)
    whole = numbers_of(model.simulate(**SOME))

    def stop(done: float) -> None:
        if done >= 0.5:
            signal.raise_signal(signal.SIGINT)

    result = model.simulate(checkpoint=tmp_path / "c.npz", every="1h", progress=stop, **SOME)
    assert (result.meta["stopped"], result.meta["checkpoint"]["t"] == result.meta["reached"]) == ("interrupted", True)
    assert 4 <= result.meta["reached"] < 4.2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert numbers_of(model.simulate(resume=tmp_path / "c.npz")) == whole


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path: Path, all_checkpoints: Every, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_module, "write_arrays", full)
    report = Report()
    result, _ = all_checkpoints(SPIKING, report=report, **SOME)
    assert numbers_of(result) == numbers_of(nd.loads(SPIKING).simulate(**SOME))
    told = f"a checkpoint was not written: cannot write `{tmp_path / 'c.npz'}`: the disk is full"
    assert [(d.rule.code, d.message) for d in report.found] == [("F303", told)]


# --- what is refused -----------------------------------------------------------------------------------------------------


def refused(**options: Any) -> tuple[str, str]:
    """Return the code and the message of what a run of the spiking model is refused for."""
    with pytest.raises(NeuroError) as caught:
        nd.loads(options.pop("text", SPIKING)).simulate(**options)
    assert caught.value.exit_code == 2
    return str(caught.value.report.found[0].rule.code), caught.value.report.found[0].message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"text": SPIKING + "# changed\n"}, "its model is `model`, and the text of `model.neuro` is not the one that the run began with"),
        ({"method": "euler"}, "its `method` is rk4, not euler"),
        ({"events": "grid"}, "its `events` is exact, not grid"),
        ({"dt": 0.1}, "its `dt` is 0.05, not 0.1"),
        ({"seed": 4}, "its `seed` is 3, not 4"),
        ({"record": ["v"]}, "its `record` is n, v, w, not v"),
        ({"init": {"v": 1}}, "its `v` is -1, not 1"),
        ({"duration": 4}, "its duration is 8, and it has come to 2.1; 4 would end it earlier"),
        ({"variant": "fast"}, "its `variant` is none, not fast"),
    ],
)
def test_what_contradicts_the_checkpoint_is_refused_and_named(all_checkpoints: Every, options: dict[str, Any], told: str) -> None:
    found = all_checkpoints(SPIKING, **SOME)[1][6]
    code, message = refused(resume=found, **options)
    assert (code, message) == ("F111", f"`{found}` is a checkpoint of another run: {told}")


def test_what_agrees_with_the_checkpoint_may_be_given_again(all_checkpoints: Every) -> None:
    found = all_checkpoints(SPIKING, **SOME)[1][6]
    resumed = nd.loads(SPIKING).simulate(resume=found, init={"v": -1}, record=["n", "v", "w"], events="exact", **SOME)
    assert numbers_of(resumed) == numbers_of(nd.loads(SPIKING).simulate(**SOME))


def test_samples_may_be_given_again_without_the_step_that_they_are_for(tmp_path: Path) -> None:
    text, options = "input I = 0\ninit x = 0\ndx/dt = I - x\n", {"duration": 2, "dt": 0.1, "method": "euler"}
    values = np.sin(np.arange(21.0))
    whole = nd.loads(text).simulate(input={"I": values}, checkpoint=tmp_path / "c.npz", every=1e-9, **options)
    assert numbers_of(nd.loads(text).simulate(resume=tmp_path / "c.npz", input={"I": values})) == numbers_of(whole)
    told = f"`{tmp_path / 'c.npz'}` is a checkpoint of another run: its `samples of I` are other numbers than those given"
    assert refused(text=text, resume=tmp_path / "c.npz", input={"I": 2 * values}) == ("F111", told)


def test_a_run_whose_last_step_was_chosen_for_its_end_is_not_made_longer(all_checkpoints: Every) -> None:
    text = "init x = 1\ndx/dt = -x\n"
    found = all_checkpoints(text, duration=2, dt=0.5, method="rk45")[1][-1]
    code, message = refused(text=text, resume=found, duration=3)
    told = "its last step was chosen for the end at 2, so that a longer run would have come to other numbers"
    assert (code, message) == ("F111", f"`{found}` is a checkpoint of another run: {told}")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"every": 5}, "V101", "`every` is the time between two checkpoints, and there is no file for them"),
        ({"checkpoint": "c.npz", "every": 0}, "V101", "the time between two checkpoints has to be positive, not `0`"),
        ({"checkpoint": "c.npz", "every": "-3s"}, "V101", "the time between two checkpoints has to be positive, not `-3s`"),
        ({"checkpoint": "c.npz", "every": "3 mV"}, "V101", "every is a time (s), and `3 mV` a voltage (mV)"),
        ({"checkpoint": "c.npz", "copies": 3}, "V101", "a checkpoint is of a single run, and not of copies"),
        ({"checkpoint": "r.h5", "out": "r.h5"}, "V101", "`r.h5` cannot be both the result and the checkpoint"),
        ({"resume": "none.npz"}, "F101", "cannot read `none.npz`: there is no such file"),
        ({"resume": "."}, "F101", "cannot read `.`: is a directory"),
    ],
)
def test_what_cannot_be_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], code: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(**options) == (code, message)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_could_not_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads(SPIKING).simulate(checkpoint=tmp_path / "none" / "c.npz")
    assert (caught.value.report.found[0].rule.code, caught.value.exit_code) == ("F102", 4)


def members(path: Path) -> dict[str, Any]:
    """Return the members of a checkpoint."""
    with np.load(path) as archive:
        return dict(archive)


def rewritten(path: Path, changes: dict[str, Any]) -> Path:
    """Write a checkpoint with other members."""
    with zipfile.ZipFile(path, "r") as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    for name, value in changes.items():
        kept.pop(f"{name}.npy")
        if value is not None:
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(value))
            kept[f"{name}.npy"] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_damaged_checkpoint_is_refused(all_checkpoints: Every, where: float) -> None:
    path = all_checkpoints(SPIKING, **SOME)[1][6]
    data = bytearray(path.read_bytes())
    for cut in (True, False):
        at = int(where * len(data))
        path.write_bytes(data[:at] if cut else bytes([*data[:at], data[at] ^ 255, data[at + 1] ^ 255, *data[at + 2 :]]))
        code = code_of(path)
        # The names and dates of members stand twice in a file; some of it means nothing, and then the run goes on as it should.
        assert code in (("F110",) if cut else ("F110", "done"))


def code_of(path: Path) -> str:
    """Return the code of the error that a checkpoint is refused with, ``done`` where the run goes on as it should."""
    try:
        resumed = nd.loads(SPIKING).simulate(resume=path)
    except NeuroError as error:
        return str(error.report.found[0].rule.code)
    return "done" if numbers_of(resumed) == numbers_of(nd.loads(SPIKING).simulate(**SOME)) else "other numbers"


def changed(name: str, place: Any, value: float) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes a number of a member."""

    def change(found: dict[str, Any]) -> dict[str, Any]:
        array = found[name].copy()
        array[place] = value
        return {name: array}

    return change


def other_meta(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes the description."""
    return lambda found: {"meta": json.dumps(json.loads(str(found["meta"])) | values)}


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (changed("flags", 0, 10**6), "F110", "its numbers contradict one another"),
        (changed("flags", 0, -1), "F110", "its numbers contradict one another"),
        (changed("flags", 2, 1), "F110", "its numbers contradict one another"),
        (changed("flags", 1, 10**9), "F110", "its numbers contradict one another"),
        (changed("flags", 9, 77), "F110", "its numbers contradict one another"),
        (changed("flags", 12, 10**6), "F110", "its known times are not those of the run"),
        (changed("flags", 13, -5), "F110", "its numbers contradict one another"),
        (changed("origin", 0, 99), "F110", "its numbers contradict one another"),
        (changed("clock", 0, np.nan), "F110", "its numbers contradict one another"),
        (lambda found: {"state": found["state"][:1]}, "F110", "its member `state` has the type float64 and the shape (1,)"),
        (lambda found: {"flags": found["flags"][:9]}, "F110", "its member `flags` has the type int64 and the shape (9,)"),
        (lambda found: {"work": found["work"].astype(np.float32)}, "F110", "its member `work` has the type float32 and the shape (10, 5)"),
        (lambda found: {"rows": found["rows"][:-1]}, "F110", "its rows are not all there"),
        (lambda found: {"stack": None}, "F110", "it has no member `stack`"),
        (lambda found: {"meta": None}, "F110", "it is something else"),
        (lambda found: {"meta": "[1, 2]"}, "F110", "it is something else"),
        (lambda found: {"meta": "{"}, "F110", "its contents are damaged"),
        (other_meta(request=3), "F110", "its contents are damaged"),
        (other_meta(given=["a"]), "F110", "it has no member `given_0`"),
        (other_meta(place={"out": "r.h5", "token": "../../x"}), "F110", "it does not say where its rows are"),
        (changed("first_constants", 0, 0.1), "F111", "it began from other numbers: `dt` was 0.10000000000000001, and is 0.050000000000000003"),
        (changed("first_state", 0, 0.5), "F111", "it began from other numbers"),
        (other_meta(version="0.0.1"), "F111", f"neurodsl 0.0.1 wrote it, and this is {nd.__version__}"),
        (other_meta(kernel="another"), "F111", "the compiler writes other code for its model now"),
    ],
)
def test_a_checkpoint_that_was_tampered_with_never_reaches_the_kernel(
    all_checkpoints: Every, change: Callable[[dict[str, Any]], dict[str, Any]], code: str, told: str
) -> None:
    path = all_checkpoints(SPIKING, **SOME)[1][16]
    rewritten(path, change(members(path)))
    head = {"F110": "is no checkpoint of a run", "F111": "is a checkpoint of another run"}[code]
    assert refused(resume=path) == (code, f"`{path}` {head}: {told}")


def test_a_file_of_another_kind_is_no_checkpoint(tmp_path: Path) -> None:
    nd.loads(SPIKING).simulate(**SOME).save(tmp_path / "r.npz")
    assert refused(resume=tmp_path / "r.npz") == ("F110", f"`{tmp_path / 'r.npz'}` is no checkpoint of a run: it is something else")
    (tmp_path / "t.npz").write_text("text")
    told = f"`{tmp_path / 't.npz'}` is no checkpoint of a run: it is another kind of file, or is damaged"
    assert refused(resume=tmp_path / "t.npz") == ("F110", told)


def test_the_rows_of_a_run_that_is_complete_are_gone(tmp_path: Path, all_checkpoints: Every) -> None:
    all_checkpoints(SPIKING, out=tmp_path / "r.h5", **SOME)
    code, message = refused(resume=tmp_path / "c.npz")
    told = f"the files beside `{tmp_path / 'r.h5'}` that kept its rows are gone, as they are when a run is complete"
    assert (code, message) == ("F111", f"`{tmp_path / 'c.npz'}` cannot be resumed: {told}")
    code, message = refused(resume=tmp_path / "c.npz", out=tmp_path / "s.h5")
    told = f"it is written to `{tmp_path / 'r.h5'}`, not to `{tmp_path / 's.h5'}`"
    assert (code, message) == ("F111", f"`{tmp_path / 'c.npz'}` is a checkpoint of another run: {told}")


# --- the command, killed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["npz", "h5"])
def test_a_command_that_is_killed_goes_on_as_if_nothing_had_happened(tmp_path: Path, form: str) -> None:
    (tmp_path / "m.neuro").write_text(MAP)
    command = [sys.executable, "-m", "neurodsl", "simulate", "m.neuro"]
    surroundings = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    begin = [*command, "--duration", "60000", "--seed", "5", "--checkpoint", "c.npz", "--every", "0.1s"]
    killed = subprocess.Popen(begin + (["--out", "r.h5"] if form == "h5" else []), cwd=tmp_path, env=surroundings)
    for _ in range(3):
        first = stamp(tmp_path / "c.npz")
        while stamp(tmp_path / "c.npz") == first and killed.poll() is None:
            time.sleep(0.01)
        killed.kill()
        assert killed.wait() == -signal.SIGKILL
        killed = subprocess.Popen([*command, "--resume", "c.npz"], cwd=tmp_path, env=surroundings)
    killed.kill()
    killed.wait()
    last = subprocess.run(
        [*command, "--resume", "c.npz", "--json", "--summary", *(["--out", "r.npz"] if form == "npz" else [])],
        cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(last.stdout)["complete"] is True
    resumed = nd.load_result(tmp_path / f"r.{form}")
    assert numbers_of(resumed) == numbers_of(nd.load(tmp_path / "m.neuro").simulate(duration=60000, seed=5))
    assert {path.name for path in tmp_path.iterdir()} == {"m.neuro", "c.npz", f"r.{form}"}


def stamp(path: Path) -> float:
    """Return when a file was written, 0 where there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0


def test_a_checkpoint_is_not_written_over_a_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "result.npz"
    nd.loads(SPIKING).simulate(duration=1).save(path)
    before = path.read_bytes()
    with pytest.raises(NeuroError, match="is no checkpoint, and one would be written over it") as caught:
        nd.loads(SPIKING).simulate(duration=1, checkpoint=path)
    assert (caught.value.exit_code, path.read_bytes()) == (2, before)
