"""Results are saved as `.h5` files and read back the same, and a file that is none is refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import a_result

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.solution import Result, load_result

TRICKY = ["dx/dt", "dx_dt", "t", "meta", "spikes", "final", "τ_m", "../../x", "lambda", "", ".", "a\0b"]


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(NeuroError) as caught:
        load_result(path)
    assert caught.value.exit_code == 2
    return str(caught.value.report.found[0].rule.code), caught.value.report.found[0].message


def contents(result: Result) -> list[Any]:
    traces = [(name, result[name].tolist()) for name in result]
    copy = None if result.spikes.copy is None else result.spikes.copy.tolist()
    return [result.t.tolist(), traces, result.spikes.times.tolist(), result.spikes.index.tolist(), copy, result.final, result.units, result.meta]


def test_a_result_reads_back_the_same(tmp_path: Path) -> None:
    values = {"V": [0.1, 1e-308, -0.0], "w": [1 / 3, np.pi, np.inf]}
    result = a_result(values, spikes=[0.1, 0.2], model="lif", title="a \u2028 b $", seed=None)
    result.save(tmp_path / "r.H5")
    assert contents(load_result(tmp_path / "r.H5")) == contents(result)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("init x = 1\ndx/dt = -x\non x <= 0.5: emit spike\n", {"duration": 2, "dt": 0.1}),
        ("init x[2, 3] = 1, y = 2\ndx[i, j]/dt = -(i + j)*x[i, j]\ndy/dt = -y\n", {"duration": 2, "dt": 0.1, "record": ["x", "x[1,2]", "y"]}),
        (
            "init x[2] ~ uniform(0, 1)\nnoise xi\ndx[i]/dt = -x[i] + xi\non x[0] >= 0.5: x[0] = 0\n",
            {"duration": 2, "dt": 0.1, "copies": 3, "seed": 1},
        ),
        ("init x = 0\nnext x = x + 1\nevery 2: emit spike\n", {"duration": 9, "record": ["spikes"], "copies": 2}),
    ],
)
def test_an_h5_file_holds_what_an_npz_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, options: dict[str, Any]) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setattr("neurodsl.solution.stored.NUMBERS_AT_ONCE", 20)
    result = nd.loads(text).simulate(**options)
    result.save(tmp_path / "r.npz")
    result.save(tmp_path / "r.h5")
    assert contents(load_result(tmp_path / "r.h5")) == contents(load_result(tmp_path / "r.npz"))


@given(names=st.lists(st.one_of(st.text(max_size=4), st.sampled_from(TRICKY)), unique=True, max_size=12))
def test_no_name_of_a_quantity_is_lost_or_takes_the_place_of_another(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "names.h5"
    result = a_result({name: [float(k), k + 0.5] for k, name in enumerate(names)})
    result.save(path)
    assert contents(load_result(path))[1] == contents(result)[1]


def test_what_a_run_says_of_itself_may_be_long(tmp_path: Path) -> None:
    result = a_result({"V": [0.0]}, parameters={"w": [0.1] * 200_000})
    result.save(tmp_path / "r.h5")
    assert load_result(tmp_path / "r.h5").meta["parameters"]["w"] == [0.1] * 200_000


def test_a_small_result_is_a_small_file(tmp_path: Path) -> None:
    a_result({"V": [0.0, 1.0]}).save(tmp_path / "r.h5")
    assert (tmp_path / "r.h5").stat().st_size < 100_000


def test_an_h5_file_is_no_stream(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.h5")
    with pytest.raises(NeuroError) as caught:
        a_result({}).save(tmp_path / "r.h5")
    told = f"cannot save to `{tmp_path / 'r.h5'}`: a `.h5` file is no stream, it is written here and there"
    assert caught.value.report.found[0].message == told


# --- files that are no results -----------------------------------------------------------------------------------------


def good(path: Path) -> Path:
    a_result({"V": [0.0, 1.0]}, spikes=[0.1]).save(path)
    return path


def without(name: str) -> Callable[[h5py.File], None]:
    return lambda file: file.__delitem__(name)


def instead(name: str, **options: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, **options)

    return change


def linked(name: str, link: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = link

    return change


def virtual(file: h5py.File) -> None:
    del file["V"]
    layout = h5py.VirtualLayout((2,), np.float64)
    layout[:] = h5py.VirtualSource("/etc/passwd.h5", "V", (2,))
    file.create_virtual_dataset("V", layout)


def told(text: str) -> Callable[[h5py.File], None]:
    return lambda file: file.attrs.__setitem__("meta", np.bytes_(text))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without("t"), "it has no member `t`"),
        (without("V"), "it has no member `V`"),
        (without("spikes"), "it has no member `spikes/times`"),
        (without("final"), "it has no member `final/V`"),
        (instead("V", data=[0.0, 1.0, 2.0]), "its member `V` has the type float64 and the shape (3,)"),
        (instead("V", data=[1, 2]), "its member `V` has the type int64 and the shape (2,)"),
        (instead("V", data=np.array([b"a", b"b"])), "its member `V` has the type |S1 and the shape (2,)"),
        (instead("V", data=["a", "b"], dtype=h5py.string_dtype()), "its member `V` has the type object and the shape (2,)"),
        (instead("V", shape=(2,), dtype="f8", external=[("/etc/hostname", 0, 16)]), "its member `V` is no array, or stands in another file"),
        (virtual, "its member `V` is no array, or stands in another file"),
        (linked("V", h5py.ExternalLink("/etc/passwd.h5", "V")), "it has no member `V`"),
        (linked("V", h5py.SoftLink("/t")), "it has no member `V`"),
        (instead("t", shape=(10**12,), dtype="f8", chunks=(1000,)), "it unpacks to more than 1024 MiB"),
        (told("[1]"), "its member `meta` does not describe a run"),
        (told('{"recorded": {"V": "../V"}, "final": {}, "units": {}}'), "it has no member `../V`"),
        (told('{"recorded": {"V": "spikes"}, "final": {}, "units": {}}'), "its member `spikes` is no array, or stands in another file"),
        (told("{"), "its contents are damaged"),
        (lambda file: file.attrs.__delitem__("meta"), "its member `meta` does not describe a run"),
    ],
)
def test_a_member_that_does_not_fit_is_named(tmp_path: Path, change: Callable[[h5py.File], None], reason: str) -> None:
    path = good(tmp_path / "r.h5")
    with h5py.File(path, "r+") as file:
        change(file)
    assert refused(path) == ("F103", f"`{path}` is no result of a run: {reason}")


def test_a_file_of_the_format_without_checksums_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "r.h5", "w", libver=("earliest", "v108")) as file:
        file.attrs["meta"] = json.dumps({"recorded": {}, "final": {}, "units": {}})
    reason = "it is an `.h5` file of the old format, which has no checksums"
    assert refused(tmp_path / "r.h5") == ("F103", f"`{tmp_path / 'r.h5'}` is no result of a run: {reason}")


def test_an_nwb_file_is_told_from_a_result(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "r.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.8.0"
    reason = "it is a file for other programs; save to `.npz` to load it again"
    assert refused(tmp_path / "r.nwb") == ("F103", f"`{tmp_path / 'r.nwb'}` is no result of a run: {reason}")


def test_a_file_that_was_cut_short_or_changed_anywhere_is_refused_or_read_but_never_a_crash(tmp_path: Path) -> None:
    path = good(tmp_path / "r.h5")
    whole, random = path.read_bytes(), np.random.default_rng(1)
    codes, began = set(), time.process_time()
    for k in range(500):
        data = bytearray(whole)
        if k % 5:
            for at in random.integers(len(data) if k % 2 else 2000, size=3):
                data[at] = random.integers(256)
        path.write_bytes(data if k % 5 else data[: random.integers(len(data))])
        try:
            load_result(path)
        except NeuroError as error:
            codes.add(error.report.found[0].rule.code)
    assert (codes, time.process_time() - began < 20) == ({"F103"}, True)
