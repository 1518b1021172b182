"""Copies of a network are saved to one file and read back, each as it was; a file that is damaged is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network_results import a_network_result, changed, contents, spikes_of, voltage, weights

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.solution import NetworkResult, SynapseTrace, Trace
from neurodsl.solution.network_copies import NetworkCopies

RING = """\
model cell:
    param tau = 10 [ms]
    init v ~ uniform(0, 1)
    tau*dv/dt = 1.5 - v
    on v > 1: v = 0
synapse s:
    param w ~ normal(0.1, 0.02)
    on pre: post.v += w
network ring:
    population E = cell[5]
    connect E -> E with s, probability 0.5
    simulate:
        duration 40 [ms]
        record spikes, E[0:2].v, s.w every 20 [ms]
"""


def copies_of(*results: NetworkResult, **meta: Any) -> NetworkCopies:
    told = {"model": "net", "seed": 7, "asked": len(results), "interrupted": False, "timing": {"run_s": 0.5}, **meta}
    return NetworkCopies(results, told)


def two_copies() -> NetworkCopies:
    """Return a copy of 100 ms, and one of other synapses that was stopped at 50 ms."""
    other = SynapseTrace(np.array([0.0]), np.array([2], np.uint32), np.array([1], np.uint32), np.array([[0.7]]), "nS")
    trace = voltage([0, 2], 1001)
    half = Trace(trace.t[:501], trace.index, trace.values[:501] + 1, "mV")
    stopped = a_network_result(traces={"E.v": half}, synapses={"E -> I.w": other}, spikes={"I": spikes_of([3.0, 4.0], [1, 0])}, elapsed=50.0, seed=8)
    return copies_of(a_network_result(traces={"E.v": trace}), stopped)


def loaded(path: Path) -> NetworkCopies:
    found = nd.load_result(path)
    assert isinstance(found, NetworkCopies)
    return found


@pytest.mark.parametrize(
    "copies",
    [
        two_copies(),
        copies_of(a_network_result()),
        copies_of(*(a_network_result({"E": 2, "P": 1}, seed=k) for k in range(3))),
        copies_of(
            *(a_network_result({"E": 1}, traces={f"E.{name}": voltage([0], 5) for name in ("rates", "spike_copy", "final")}) for _ in range(2))
        ),
    ],
    ids=["one was stopped", "a single one", "nothing recorded", "states with the names of members"],
)
def test_copies_read_back_the_same(tmp_path: Path, copies: NetworkCopies) -> None:
    copies.save(tmp_path / "c.npz")
    again = loaded(tmp_path / "c.npz")
    assert [contents(result) for result in again] == [contents(result) for result in copies]
    assert (dict(again.meta), again.seeds) == (dict(copies.meta), copies.seeds)


def test_copies_that_were_run_read_back_and_go_on_to_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    copies = nd.loads(RING).simulate(copies=3, seed=1)
    copies.save(tmp_path / "c.npz")
    again = loaded(tmp_path / "c.npz")
    assert [contents(result) for result in again] == [contents(result) for result in copies]
    alone = nd.loads(RING).simulate(seed=again.seeds[2])
    assert again[2]["E.v"].tobytes() == alone["E.v"].tobytes()
    again[2].save(tmp_path / "one.npz")
    assert contents(nd.load_result(tmp_path / "one.npz")) == contents(copies[2])  # type: ignore[arg-type]


def test_the_members_are_those_that_the_manual_names(tmp_path: Path) -> None:
    two_copies().save(tmp_path / "c.npz")
    with np.load(tmp_path / "c.npz", allow_pickle=False) as file:
        assert file.files == [
            "seed", "E.rates", "E.spike_times", "E.spike_index", "E.spike_copy", "I.rates", "I.spike_times", "I.spike_index", "I.spike_copy",
            "E.v", "E.v.t", "E.v.index", "E -> I.w", "E -> I.w.t", "E -> I.w.source", "E -> I.w.target", "E -> I.w.copy",
            "E.final.v", "E.final.ge", "I.final.v", "meta",
        ]  # fmt: skip
        assert (file["E.v"].shape, file["E -> I.w"].shape, file["E -> I.w.copy"].tolist()) == ((2, 1001, 2), (2, 5), [0, 0, 0, 0, 1])
        assert np.isnan(file["E.v"][1, 501:]).all()
        assert file["I.spike_copy"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"E.spike_copy": np.array([0, 0, 0, 1, 1, 1, 1, 2])}, "its member `E.spike_copy` names copies that there are not"),
        ({"I.spike_copy": np.array([-1, 1])}, "its member `I.spike_copy` names copies that there are not"),
        ({"I.spike_copy": np.array([0.0, 1.0])}, "its member `I.spike_copy` names copies that there are not"),
        ({"E.spike_index": np.array([0, 0, 0, 3, 0, 0, 0, 0])}, "its member `E.spike_index` names neurons that there are not"),
        ({"E.v": np.zeros((3, 1001, 2))}, "its member `E.v` has the shape (3, 1001, 2), and there are 2 copies"),
        ({"E.v": np.zeros((2, 7, 2))}, "its member `E.v` has the type float64 and the shape (7, 2)"),
        ({"E.v": np.float64(1.0)}, "its member `E.v` has the shape ()"),
        ({"E.final.v": np.zeros((2, 4))}, "its member `E.final.v` has the type float64 and the shape (4,)"),
        ({"E.v.t": None}, "it has no member `E.v.t`"),
    ],
)
def test_a_file_whose_contents_do_not_fit_is_refused(tmp_path: Path, members: dict[str, Any], reason: str) -> None:
    two_copies().save(tmp_path / "c.npz")
    changed(tmp_path / "c.npz", **members)
    with pytest.raises(NeuroError) as caught:
        nd.load_result(tmp_path / "c.npz")
    (found,) = caught.value.report.found
    assert (found.rule.code, found.message, caught.value.exit_code) == ("F103", f"`{tmp_path}/c.npz` is no result of a run: {reason}", 2)


@pytest.mark.parametrize(
    "copies",
    [5, None, [], {"shared": {}, "each": []}, {"shared": 1, "each": [{}]}, {"shared": {}, "each": [{}, {}]}, {"shared": {}, "each": [{"times": 3}]}],
)
def test_what_a_file_says_of_its_copies_is_looked_at(tmp_path: Path, copies: Any) -> None:
    two_copies().save(tmp_path / "c.npz")
    with np.load(tmp_path / "c.npz") as file:
        meta = json.loads(str(file["meta"]))
    changed(tmp_path / "c.npz", meta=np.array(json.dumps({**meta, "copies": copies})))
    with pytest.raises(NeuroError) as caught:
        nd.load_result(tmp_path / "c.npz")
    assert (caught.value.report.found[0].rule.code, caught.value.exit_code) == ("F103", 2)


def test_a_file_that_was_cut_short_or_changed_is_refused_or_read_but_never_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    copies_of(*(a_network_result(traces={"E.v": voltage([0], 5)}, synapses={"E -> I.w": weights()}, seed=k) for k in range(2))).save(path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 53):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x21]) + whole[place + 1 :]):
            path.write_bytes(data)
            try:
                nd.load_result(path)
            except NeuroError as error:
                assert error.exit_code == 2  # noqa: PT017
