"""Results are saved whole, read back the same, and a file that is none is refused."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import a_result

from neurodsl.diagnostics import NeuroError
from neurodsl.solution import WRITERS, Result, load_result, require_destination

TRICKY = ["dx/dt", "dx_dt", "t", "meta", "spike_times", "spike_index", "file", "τ_m", "../../x", "lambda", "recorded", "final"]


def refused(path: Path) -> tuple[str, str, int]:
    with pytest.raises(NeuroError) as caught:
        load_result(path)
    return caught.value.report.found[0].rule.code, caught.value.report.found[0].message, caught.value.exit_code


def contents(result: Result) -> list[Any]:
    traces = [(name, result[name].tolist()) for name in result]
    return [result.t.tolist(), traces, result.spikes.times.tolist(), result.spikes.index.tolist(), result.final, result.units, result.meta]


def test_a_result_reads_back_the_same(tmp_path: Path) -> None:
    values = {"V": [0.1, 1e-308, -0.0], "w": [1 / 3, np.pi, 1e300]}
    result = a_result(values, spikes=[0.1, 0.2], model="lif", title="a \u2028 b $", seed=None)
    result.save(tmp_path / "r.NPZ")
    assert contents(result) == contents(load_result(tmp_path / "r.NPZ"))


@pytest.mark.parametrize("names", [TRICKY, TRICKY[::-1]])
def test_no_name_of_a_quantity_is_lost_or_takes_the_place_of_another(tmp_path: Path, names: list[str]) -> None:
    result = a_result({name: [float(k), k + 0.5] for k, name in enumerate(names)})
    result.save(tmp_path / "r.npz")
    assert contents(result) == contents(load_result(tmp_path / "r.npz"))


def test_the_members_of_the_file_are_those_that_the_manual_names(tmp_path: Path) -> None:
    a_result({"V": [0.0, 1.0], "dx/dt": [2.0, 3.0]}, spikes=[0.1]).save(tmp_path / "r.npz")
    with np.load(tmp_path / "r.npz", allow_pickle=False) as file:
        assert file.files == ["t", "V", "dx_dt", "spike_times", "spike_index", "meta"]
        assert file["dx_dt"].tolist() == [2.0, 3.0]
        assert json.loads(str(file["meta"]))["recorded"] == {"V": "V", "dx/dt": "dx_dt"}


@given(st.lists(st.text(max_size=4), unique=True, max_size=8))
def test_any_set_of_names_gives_as_many_members(names: list[str]) -> None:
    with io.BytesIO() as file:
        WRITERS[".npz"](a_result({name: [0.0] for name in names}), file)
        members = zipfile.ZipFile(file).namelist()
    assert (len(set(members)), [m for m in members if "/" in m or "\\" in m]) == (len(names) + 4, [])


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for suffix in (".npz", ".csv"):
            a_result({"V": [0.0, 1.0]}, spikes=[0.1]).save(tmp_path / f"{name}{suffix}")
    for suffix in (".npz", ".csv"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_a_final_state_that_is_not_finite_reads_back_as_nan(tmp_path: Path) -> None:
    a_result({"V": [0.0, np.inf]}).save(tmp_path / "r.npz")
    assert np.isnan(load_result(tmp_path / "r.npz").final["V"])


def test_a_table_holds_the_run_the_spikes_and_every_digit(tmp_path: Path) -> None:
    values, units = {"V": [0.1, 1 / 3], "h": [1.0, 0.5]}, {"t": "ms", "V": "mV", "h": "1"}
    result = a_result(values, spikes=[0.1], units=units, model="m", title="two\nlines", method="rk4", events="exact")
    result.save(tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_text(encoding="utf-8").splitlines() == [
        "# model: m (two\\x0alines)",
        "# method: rk4, events: exact",
        "# spikes [ms]: 0.1",
        "t [ms],V [mV],h",
        "0.0,0.1,1.0",
        "0.1,0.3333333333333333,0.5",
    ]
    assert np.loadtxt(tmp_path / "r.csv", delimiter=",", skiprows=4)[:, 1].tolist() == result["V"].tolist()


def test_a_table_of_a_hundred_thousand_rows_is_written_in_a_moment(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    result = a_result({name: random.normal(size=100_000) for name in ("V", "m", "h")})
    start = time.process_time()
    result.save(tmp_path / "r.csv")
    assert time.process_time() - start < 2.0
    assert np.loadtxt(tmp_path / "r.csv", delimiter=",", skiprows=4)[-1, 3] == result["h"][-1]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("r.txt", "`.txt` is no format for results"),
        ("r", "the name has no suffix that tells the format"),
        ("r.nwb", "`.nwb` is not supported yet"),
    ],
)
def test_a_suffix_that_is_not_supported_is_refused_before_and_after_the_run(tmp_path: Path, name: str, message: str) -> None:
    for act in (a_result({}).save, require_destination):
        with pytest.raises(NeuroError) as caught:
            act(tmp_path / name)
        found = caught.value.report.found[0]
        assert (found.rule.code, found.message) == ("V101", f"cannot save to `{tmp_path / name}`: {message}")
        assert found.help == "use `.npz`, `.h5` or `.csv`"
    assert list(tmp_path.iterdir()) == []


def test_a_destination_in_no_directory_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(NeuroError) as caught:
        require_destination(tmp_path / "none" / "r.npz")
    assert (caught.value.report.found[0].rule.code, caught.value.exit_code) == ("F102", 4)


# --- files that are no results -----------------------------------------------------------------------------------------


def write_members(path: Path, members: dict[str, Any], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, value in members.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(value), allow_pickle=True)
            archive.writestr(f"{name}.npy", buffer.getvalue())
    return path


def good_members(**other: Any) -> dict[str, Any]:
    meta = json.dumps({"recorded": {"V": "V"}, "final": {"V": 1.0}, "units": {"t": "ms"}})
    return {"t": [0.0, 1.0], "V": [0.0, 1.0], "spike_times": np.zeros(0), "spike_index": np.zeros(0, np.int64), "meta": meta} | other


def test_the_reference_for_the_broken_files_is_itself_read(tmp_path: Path) -> None:
    assert load_result(write_members(tmp_path / "r.npz", good_members(), zipfile.ZIP_DEFLATED))["V"].tolist() == [0.0, 1.0]


DEEP = json.dumps({"recorded": {}, "final": {}, "units": {}})[:-1] + ', "x": ' + 100_000 * "[" + 100_000 * "]" + "}"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"t": np.array([None, "a"], dtype=object)}, "its member `t.npy` holds values of the type object"),
        ({"t": np.array([1j, 2j])}, "its member `t.npy` holds values of the type complex128"),
        ({"V": [[0.0, 1.0]]}, "its member `V` has the type float64 and the shape (1, 2)"),
        ({"V": [0.0, 1.0, 2.0]}, "its member `V` has the type float64 and the shape (3,)"),
        ({"spike_times": [1.0]}, "its member `spike_index` has the type int64 and the shape (0,)"),
        ({"meta": "[1]"}, "its member `meta` does not describe a run"),
        ({"meta": '{"final": {}, "units": {}}'}, "its member `meta` does not describe a run"),
        ({"meta": '{"recorded": {"V": "../V"}, "final": {}, "units": {}}'}, "it has no member `../V`"),
        ({"meta": '{"recorded": {}, "final": {"V": "x"}, "units": {}}'}, "its final state is not made of numbers"),
        ({"meta": '{"recorded": {}, "final": {"V": 1' + 400 * "0" + '}, "units": {}}'}, "its contents are damaged"),
        ({"meta": "{"}, "its contents are damaged"),
        ({"meta": DEEP}, "its contents are damaged"),
    ],
)
def test_a_member_that_does_not_fit_is_named(tmp_path: Path, other: dict[str, Any], reason: str) -> None:
    path = write_members(tmp_path / "r.npz", good_members(**other))
    assert refused(path) == ("F103", f"`{path}` is no result of a run: {reason}", 2)


@pytest.mark.parametrize("missing", ["t", "V", "spike_times", "spike_index", "meta"])
def test_a_missing_member_is_named(tmp_path: Path, missing: str) -> None:
    members = good_members()
    del members[missing]
    path = write_members(tmp_path / "r.npz", members)
    assert refused(path) == ("F103", f"`{path}` is no result of a run: it has no member `{missing}`", 2)


def test_a_file_that_unpacks_to_far_more_than_it_is_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("t.npy", "w", force_zip64=True) as stream:
        for _ in range(1025):
            stream.write(bytes(2**20))
    start = time.process_time()
    assert refused(path)[1] == f"`{path}` is no result of a run: it unpacks to more than 1024 MiB"
    assert time.process_time() - start < 0.5


def test_a_header_that_promises_more_than_the_member_holds_takes_no_memory(tmp_path: Path) -> None:
    path = write_members(tmp_path / "r.npz", good_members())
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | {"t.npy": header.getvalue() + bytes(16)}).items():
            archive.writestr(name, data)
    assert refused(path)[1] == f"`{path}` is no result of a run: its member `t.npy` is cut short"


def test_what_is_no_archive_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.npz").touch()
    (tmp_path / "r.csv").write_text("t,V\n0,1\n", encoding="utf-8")
    assert refused(tmp_path / "empty.npz")[1].endswith("it is no `.npz` or `.h5` file, or it is cut short")
    assert refused(tmp_path / "r.csv")[1].endswith("it is a table for other programs; save to `.npz` to load it again")
    assert refused(tmp_path / "none.npz") == ("F101", f"cannot read `{tmp_path / 'none.npz'}`: there is no such file", 2)
    assert refused(tmp_path) == ("F101", f"cannot read `{tmp_path}`: is a directory", 2)


def test_a_file_that_was_cut_short_or_changed_anywhere_is_refused_or_read_but_never_a_crash(tmp_path: Path) -> None:
    a_result({"V": [0.0, 1.0]}, spikes=[0.1]).save(tmp_path / "r.npz")
    whole = (tmp_path / "r.npz").read_bytes()
    random = np.random.default_rng(1)
    codes = []
    for k in range(600):
        data = bytearray(whole[: random.integers(len(whole))] if k % 3 == 0 else whole)
        if k % 3 and data:
            for _ in range(k % 3):
                data[random.integers(len(data))] = random.integers(256)
        (tmp_path / "x.npz").write_bytes(data)
        try:
            load_result(tmp_path / "x.npz")
        except NeuroError as error:
            codes.append(error.report.found[0].rule.code)
    assert set(codes) == {"F103"}
    assert len(codes) > 300
