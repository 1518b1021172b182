"""A run of a network tells its spikes, rates and what was recorded, and is saved, read back and handed to other libraries without loss."""

from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network_results import a_network_result, changed, contents, spikes_of, voltage, weights

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.solution import NetworkResult, SynapseTrace, Trace, load_result, network_summary, require_network_destination


def told(call: Any) -> tuple[str, str, int]:
    with pytest.raises(NeuroError) as caught:
        call()
    (found,) = caught.value.report.found
    return found.rule.code, found.message, caught.value.exit_code


# --- what a result says -----------------------------------------------------------------------------------------------------


def test_what_was_recorded_is_found_by_its_name() -> None:
    result = a_network_result()
    assert (result["E.v"].shape, result["E -> I.w"].tolist()) == ((1001, 2), [[0.1, 0.2, 0.3, 0.4], [0.2, 0.4, 0.6, 0.8]])
    assert (list(result), len(result), "E.v" in result, "I.v" in result) == (["E.v", "E -> I.w"], 2, True, False)


def test_a_name_that_was_not_recorded_is_told_with_the_nearest_that_was() -> None:
    with pytest.raises(KeyError, match=r"`E\.V` was not recorded; did you mean `E\.v`"):
        a_network_result()["E.V"]
    with pytest.raises(KeyError, match="there is no population `Q`; populations: `E`, `I`"):
        a_network_result().rates("Q")


def test_the_rates_of_a_population_are_its_spikes_over_its_neurons_and_the_time() -> None:
    result = a_network_result()
    assert result.rates("E").tolist() == [0.03, 0.0, 0.01]
    rate = result.rate("E", window=25.0)
    assert (rate.edges.tolist(), rate.values.tolist(), rate.unit) == ([0.0, 25.0, 50.0, 75.0, 100.0], [2 / 75, 1 / 75, 1 / 75, 0.0], "1/ms")
    assert (len(result.rate("E").values), a_network_result(time_unit="1").rate("E").unit) == (100, "1")


def test_a_window_that_is_none_and_a_run_without_length_are_refused() -> None:
    assert told(lambda: a_network_result().rate("E", window=0.0)) == ("V101", "the width of the bins is 0", 2)
    assert told(lambda: a_network_result(elapsed=0.0).rate("E")) == ("V101", "a run without length has no rate", 2)


def test_the_json_form_has_an_entry_for_each_population() -> None:
    plain = json.loads(a_network_result().to_json())
    assert plain["spikes"]["E"] == {
        "count": 4,
        "rate": pytest.approx(40 / 3),
        "cv": pytest.approx(1 / 3),
        "times": [10.0, 20.0, 40.0, 50.5],
        "index": [0, 0, 0, 2],
    }
    assert plain["spikes"]["I"] == {"count": 0, "rate": 0.0, "cv": None, "times": [], "index": []}
    assert plain["final"] == {"E": {"v": [-60.0, -61.5, 1 / 3], "ge": [0.0, 1.0, 2.0]}, "I": {"v": [-70.0, math.pi]}}
    assert (plain["model"], plain["sizes"], plain["units"]["rate"], "complete" in plain) == ("net", {"E": 3, "I": 2}, "Hz", False)


def test_the_summary_in_json_leaves_long_lists_out() -> None:
    result = a_network_result({"E": 500}, {"E": spikes_of([1.0], [3])}, final={"E": {"v": [0.0] * 500}})
    plain = result.to_dict(summary=True)
    assert (plain["spikes"]["E"]["count"], "times" in plain["spikes"]["E"], plain["final"]) == (1, False, {"E": {}})
    assert len(result.to_dict()["final"]["E"]["v"]) == 500


def test_a_final_state_that_is_not_finite_is_null_and_marked() -> None:
    result = a_network_result({"E": 2}, final={"E": {"v": [math.nan, 1.0]}})
    assert (result.to_dict()["final"], result.to_dict()["complete"]) == ({"E": {"v": [None, 1.0]}}, False)


def test_the_summary_tells_what_ran_and_how_each_population_fired() -> None:
    result = a_network_result(title="a test", projections={"E -> I": 120, "I -> E": 8}, timing={"run_s": 0.5}, reason="linear")
    assert network_summary(result).splitlines() == [
        "net: a test",
        "  method    exact (linear), events grid",
        "  steps     1000 of 0.1 ms, 100 ms",
        "  spikes    E  3 neurons: 4 spikes, mean rate 13.33 Hz, mean CV 0.333",
        "            I  2 neurons: no spikes",
        "  synapses  E -> I  120",
        "            I -> E    8",
        "            in all  128",
        "  seed      7",
        "  time      run 0.5 s",
    ]


def test_the_summary_of_a_run_that_ended_early_says_so_first() -> None:
    lines = network_summary(
        a_network_result(
            complete=False,
            stopped="a state is not finite",
            populations={"E": {"method": "exact", "reason": "linear"}, "I": {"method": "rk4"}, "P": {"method": ""}},
        )
    ).splitlines()
    assert lines[1:3] == ["  stopped   a state is not finite", "  method    E exact (linear), I rk4, events grid"]


def test_a_run_that_was_interrupted_says_so_where_it_is_told_and_in_its_table(tmp_path: Path) -> None:
    result = a_network_result({"E": 1}, interrupted=True)
    result.save(tmp_path / "r.csv")
    assert (result.stopped, a_network_result(interrupted=False).stopped) == ("interrupted", "")
    assert "# incomplete: interrupted" in (tmp_path / "r.csv").read_text().splitlines()
    assert network_summary(result).splitlines()[1] == "  stopped   interrupted"


def test_a_result_shows_itself_in_a_line() -> None:
    shown = "<neurodsl result of net: E[3], I[2], 100 ms, spikes: 4, recorded: E.v of shape (1001, 2), E -> I.w of shape (2, 4)>"
    assert repr(a_network_result()) == shown


# --- files --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_a_result_reads_back_the_same(tmp_path: Path, suffix: str) -> None:
    result = a_network_result(title="a $ b", seed=None)
    assert result.save(tmp_path / f"r{suffix}") == (tmp_path / f"r{suffix}",)
    loaded = nd.load_result(tmp_path / f"r{suffix}")
    assert isinstance(loaded, NetworkResult)
    assert contents(loaded) == contents(result)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_a_network_that_recorded_nothing_reads_back_the_same(tmp_path: Path, suffix: str) -> None:
    result = a_network_result({"E": 0, "P": 1})
    result.save(tmp_path / f"r{suffix}")
    assert contents(load_result(tmp_path / f"r{suffix}")) == contents(result)  # type: ignore[arg-type]


def test_the_members_of_the_file_are_those_that_the_manual_names(tmp_path: Path) -> None:
    a_network_result().save(tmp_path / "r.npz")
    with np.load(tmp_path / "r.npz", allow_pickle=False) as file:
        assert file.files == [
            "E.spike_times", "E.spike_index", "I.spike_times", "I.spike_index", "E.v", "E.v.t", "E.v.index",
            "E -> I.w", "E -> I.w.t", "E -> I.w.source", "E -> I.w.target", "E.final.v", "E.final.ge", "I.final.v", "meta",
        ]  # fmt: skip
        assert (file["E.v"].shape, file["E.spike_index"].tolist()) == ((1001, 2), [0, 0, 0, 2])
        assert json.loads(str(file["meta"]))["sizes"] == {"E": 3, "I": 2}


def test_states_with_the_names_of_members_are_kept_apart(tmp_path: Path) -> None:
    trace = voltage([0], 5)
    traces = {name: Trace(trace.t, trace.index, trace.values + k, "mV") for k, name in enumerate(["E.spike_times", "E.spike_index", "E.final"])}
    result = a_network_result({"E": 1}, {"E": spikes_of([1.0], [0])}, traces)
    result.save(tmp_path / "r.npz")
    assert contents(load_result(tmp_path / "r.npz")) == contents(result)  # type: ignore[arg-type]


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for suffix in (".npz", ".csv"):
            a_network_result().save(tmp_path / f"{name}{suffix}")
    for suffix in (".npz", ".csv", ".E.v.csv", ".E-to-I.w.csv"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_a_csv_file_is_the_table_of_the_spikes_and_what_was_recorded_stands_beside_it(tmp_path: Path) -> None:
    written = a_network_result().save(tmp_path / "r.csv")
    assert [path.name for path in written] == ["r.csv", "r.E.v.csv", "r.E-to-I.w.csv"]
    rows = {path.name: [line for line in path.read_text().splitlines() if not line.startswith("#")] for path in written}
    assert rows["r.csv"] == ["population,index,time [ms]", "E,0,10.0", "E,0,20.0", "E,0,40.0", "E,2,50.5"]
    assert rows["r.E-to-I.w.csv"][:2] == ["source,target,w at 0.0 ms [nS],w at 100.0 ms [nS]", "0,0,0.1,0.2"]
    assert rows["r.E.v.csv"][0] == "t [ms],E[0].v [mV],E[2].v [mV]"
    table = np.array([[float(cell) for cell in row] for row in csv.reader(rows["r.E.v.csv"][1:])])
    assert (table[:, 0].tolist(), table[:, 1:].tolist()) == (a_network_result().traces["E.v"].t.tolist(), a_network_result()["E.v"].tolist())


def test_the_spikes_of_all_populations_are_in_the_order_of_time(tmp_path: Path) -> None:
    result = a_network_result({"E": 2, "I": 1}, {"E": spikes_of([1.0, 5.0], [1, 0]), "I": spikes_of([0.5, 5.0], [0, 0])})
    result.save(tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_text().splitlines()[-4:] == ["I,0,0.5", "E,1,1.0", "E,0,5.0", "I,0,5.0"]


def test_a_destination_that_cannot_be_is_refused_before_the_run(tmp_path: Path) -> None:
    code, message, _ = told(lambda: require_network_destination(tmp_path / "r.txt"))
    assert (code, message) == ("V101", f"cannot save to `{tmp_path}/r.txt`: `.txt` is no format for results")
    assert told(lambda: require_network_destination(tmp_path / "no" / "r.npz"))[::2] == ("F102", 4)


def test_a_stream_takes_what_is_written_from_front_to_back(tmp_path: Path) -> None:
    for suffix in (".csv", ".h5", ".nwb"):
        os.mkfifo(tmp_path / f"r{suffix}")
    require_network_destination(tmp_path / "r.csv")
    assert told(lambda: require_network_destination(tmp_path / "r.csv", recorded=True))[1].endswith("and there is no beside")
    for suffix in (".h5", ".nwb"):
        assert "is no stream" in told(lambda suffix=suffix: require_network_destination(tmp_path / f"r{suffix}"))[1]  # type: ignore[misc]


def test_a_library_that_is_missing_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.solution.network_exchange.find_spec", lambda name: None)
    for call, library, extra in (
        (lambda: a_network_result().save(tmp_path / "r.nwb"), "pynwb", "nwb"),
        (a_network_result().to_neo, "neo", "neo"),
        (a_network_result().to_pandas, "pandas", "pandas"),
        (a_network_result().to_xarray, "xarray", "sweep"),
    ):
        with pytest.raises(NeuroError) as caught:
            call()
        (found,) = caught.value.report.found
        assert (found.rule.code, caught.value.exit_code, found.message.split()[0]) == ("F109", 4, f"`{library}`")
        assert found.help is not None
        assert found.help.startswith(f'`pip install "neurodsl[{extra}]"`')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"E.spike_index": np.array([0, 0, 0, 3])}, "its member `E.spike_index` names neurons that there are not"),
        ({"E.spike_index": np.array([0, 0])}, "its member `E.spike_index` has the type int64 and the shape (2,)"),
        ({"E.spike_times": np.array([1, 2, 3, 4])}, "its member `E.spike_times` has the type int64 and the shape (4,)"),
        ({"E.v": np.zeros((3, 2))}, "its member `E.v` has the type float64 and the shape (3, 2)"),
        ({"E.final.v": np.zeros(7)}, "its member `E.final.v` has the type float64 and the shape (7,)"),
        ({"E.v.t": None}, "it has no member `E.v.t`"),
        ({"meta": np.array('{"sizes": {"E": 3}, "units": {}, "members": 5}')}, "its member `meta` does not describe a run"),
        ({"meta": np.array('{"sizes": {"E": -3}, "units": {}, "members": {}}')}, "the sizes of its populations are none"),
    ],
)
def test_a_file_whose_contents_do_not_fit_is_refused(tmp_path: Path, members: dict[str, Any], reason: str) -> None:
    a_network_result().save(tmp_path / "r.npz")
    changed(tmp_path / "r.npz", **members)
    assert told(lambda: load_result(tmp_path / "r.npz")) == ("F103", f"`{tmp_path}/r.npz` is no result of a run: {reason}", 2)


def test_a_file_that_was_cut_short_or_changed_is_refused_or_read_but_never_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    a_network_result(traces={"E.v": voltage([0], 11)}).save(path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 37):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x21]) + whole[place + 1 :]):
            path.write_bytes(data)
            try:
                load_result(path)
            except NeuroError as error:
                assert error.exit_code == 2  # noqa: PT017


# --- other libraries ----------------------------------------------------------------------------------------------------------


def test_the_spikes_are_a_table_of_pandas() -> None:
    pytest.importorskip("pandas")
    result = a_network_result({"E": 2, "I": 1}, {"E": spikes_of([1.0, 5.0], [1, 0]), "I": spikes_of([0.5], [0])})
    table = result.to_pandas()
    assert table.to_dict("list") == {"population": ["I", "E", "E"], "index": [0, 1, 0], "time": [0.5, 1.0, 5.0]}
    assert table.groupby("population", observed=False).size().to_dict() == {"E": 2, "I": 1}


def test_what_was_recorded_is_a_dataset_of_xarray(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    result = a_network_result()
    found = result.to_xarray()
    assert found["E.v"].sel(t=50.0, E=2).item() == result["E.v"][500, 1]
    assert (found["E.v"].attrs["units"], found["t"].attrs["units"]) == ("mV", "ms")
    assert (found["E -> I.w"].dims, found["E->I.source"].values.tolist()) == (("t_2", "E->I"), [0, 0, 1, 2])
    assert (found["E.spike_times"].values.tolist(), found["E.spike_index"].values.tolist()) == ([10.0, 20.0, 40.0, 50.5], [0, 0, 0, 2])
    found.to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    assert (tmp_path / "r.nc").stat().st_size > 16_000


def test_quantities_recorded_of_the_same_neurons_share_their_dimensions() -> None:
    pytest.importorskip("xarray")
    a, b = voltage([0, 2]), voltage([1])
    found = a_network_result({"E": 3}, traces={"E.v": a, "E.ge": a, "E.gi": b}).to_xarray()
    assert [found[name].dims for name in ("E.v", "E.ge", "E.gi")] == [("t", "E"), ("t", "E"), ("t", "E_2")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_block_of_neo_has_a_train_for_each_neuron_with_its_units() -> None:
    pytest.importorskip("neo")
    block = a_network_result(title="a test").to_neo()
    (segment,) = block.segments
    trains = [(train.annotations["population"], train.annotations["index"], train.rescale("s").magnitude.tolist()) for train in segment.spiketrains]
    assert trains == [("E", 0, [0.01, 0.02, 0.04]), ("E", 1, []), ("E", 2, [0.0505]), ("I", 0, []), ("I", 1, [])]
    assert ([float(train.t_stop) for train in segment.spiketrains], block.description) == ([100.0] * 5, "a test")
    (signal,) = segment.analogsignals
    assert (signal.name, signal.array_annotations["index"].tolist(), str(signal.units.dimensionality)) == ("E.v", [0, 2], "mV")
    assert signal.magnitude.tolist() == a_network_result()["E.v"].tolist()
    assert (float(signal.sampling_rate.rescale("Hz")), float(signal.t_stop.rescale("ms"))) == pytest.approx((10_000.0, 100.1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("unit", "in_si"), [("uA/cm^2", 1e-2), ("nS", 1e-9), ("MOhm", 1e6), ("1", 1.0), ("mM", 1.0), ("1/ms", 1e3)])
def test_any_unit_of_a_model_has_its_value_in_neo(unit: str, in_si: float) -> None:
    pytest.importorskip("neo")
    trace = Trace(np.array([0.0, 1.0, 2.5]), np.array([0]), np.array([[1.0], [2.0], [3.0]]), unit)
    (signal,) = a_network_result({"E": 1}, traces={"E.x": trace}).to_neo().segments[0].irregularlysampledsignals
    assert signal.rescale(signal.units.simplified.units).magnitude[:, 0] == pytest.approx([in_si, 2 * in_si, 3 * in_si], rel=1e-12)


def test_a_run_whose_time_has_no_unit_is_no_block_and_no_nwb_file(tmp_path: Path) -> None:
    for call in (a_network_result(time_unit="1").to_neo, lambda: a_network_result(time_unit="1").save(tmp_path / "r.nwb")):
        code, message, exit_code = told(call)
        assert (code, message.split(", and")[0], exit_code) == ("V101", "the time of `net` has no unit", 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_nwb_file_is_valid_and_holds_spikes_in_seconds_and_what_was_recorded(tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    result = a_network_result(title="a test")
    result.save(tmp_path / "r.nwb")
    with pynwb.NWBHDF5IO(str(tmp_path / "r.nwb"), "r") as reader:
        file = reader.read()
        units = file.units.to_dataframe()
        assert (units["population"].tolist(), units["index"].tolist()) == (["E"] * 3 + ["I"] * 2, [0, 1, 2, 0, 1])
        assert [times.tolist() for times in units["spike_times"]] == [[0.01, 0.02, 0.04], [], [0.0505], [], []]
        series = file.acquisition["E.v"]
        assert (series.data[:].tolist(), series.unit, series.rate) == (result["E.v"].tolist(), "mV", pytest.approx(10_000.0))
        synapses = file.processing["synapses"]
        assert (synapses["E -> I.w"].data[:].tolist(), synapses["E -> I.w synapses"]["target"].data[:].tolist()) == (
            result["E -> I.w"].tolist(),
            [0, 1, 1, 0],
        )
        assert json.loads(file.notes)["sizes"] == {"E": 3, "I": 2}
        assert pynwb.validate(io=reader) == []


def test_synapses_at_many_times_keep_their_order() -> None:
    trace: SynapseTrace = weights([0.0, 50.0, 100.0])
    assert a_network_result({"E": 3, "I": 2}, synapses={"E -> I.w": trace})["E -> I.w"][:, 3].tolist() == pytest.approx([0.4, 0.8, 1.2])
