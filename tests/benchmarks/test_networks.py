"""The networks of the benchmarks: the same for all programs, split as the models read them, and held to what others count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import neurodsl as nd
from benchmarks import connectivity, networks
from benchmarks.harness import Bench, Measured, Missing, Row
from benchmarks.networking import alone, spikes_like


def small() -> dict[str, np.ndarray]:
    return {"pre": np.array([0, 0, 3, 4]), "post": np.array([4, 1, 3, 2]), "v0": np.arange(5.0)}


def test_pairs_are_counted_within_the_populations_that_they_join() -> None:
    found = dict(connectivity.split(small(), small()))
    assert {name: array.tolist() for name, array in found.items()} == {
        "v0_E": [0.0, 1.0, 2.0, 3.0],
        "v0_I": [4.0],
        "EE": [[0, 1], [3, 3]],
        "EI": [[0, 0]],
        "IE": [[0, 2]],
    }


def test_weights_that_lead_to_one_neuron_become_a_matrix() -> None:
    ((name, weights),) = connectivity.split({"w0": np.arange(3.0)}, {"w0": np.arange(3.0)})
    assert (name, weights.tolist()) == ("w0", [[0.0], [1.0], [2.0]])


def test_every_neuron_has_the_indegree_that_was_asked_for() -> None:
    net = connectivity.with_indegree(50, 4, 2, 1)
    from_excitatory = np.bincount(net["post"][net["pre"] < 40], minlength=50)
    assert (set(from_excitatory), set(np.bincount(net["post"]))) == ({4}, {6})


def test_pairs_are_joined_with_the_probability_that_was_asked_for() -> None:
    net = connectivity.with_probability(400, 0.1, 1)
    assert abs(len(net["pre"]) - 16_000) < 5 * np.sqrt(160_000 * 0.1 * 0.9)


def test_excitatory_neurons_are_joined_by_plastic_synapses_alone() -> None:
    net = connectivity.plastic(100)
    both = (net["pre"] < 80) & (net["post"] < 80)
    assert (both.sum(), net["w0"].shape, np.count_nonzero(net["w0"])) == (0, (80, 80), 80 * 79)


def test_the_numbers_beside_the_programs_in_c_come_first(tmp_path: Path) -> None:
    (tmp_path / "limits" / "data").mkdir(parents=True)
    np.savez(tmp_path / "limits" / "data" / "w3a.npz", **small())
    path = connectivity.files(Bench(tmp_path), "w3a", "w3")
    assert (np.load(path.parent / "EI.npy").tolist(), path.name) == ([[0, 0]], "w3.neuro")


@pytest.mark.parametrize(("name", "model", "pairs"), [("w3a", "w3", None), ("w4", "w4", "w3a"), ("w5a", "w5a", None), ("w5b", "w5b", None)])
def test_nothing_is_wrong_with_a_model_beside_its_files(tmp_path: Path, name: str, model: str, pairs: str | None) -> None:
    path = connectivity.files(Bench(tmp_path), name, model, pairs)
    assert [f"{found.rule.code}: {found.message}" for found in nd.load(path, name).check().found if found.rule.severity == "error"] == []


@pytest.mark.parametrize(("found", "wanted"), [(95, None), (105, None), (94, "94 spikes, others have 100")])
def test_spikes_may_be_five_percent_from_those_of_others(found: int, wanted: str | None) -> None:
    assert spikes_like(Measured(1.0, found={"spikes": found}), None, 100) == wanted
    assert spikes_like(Measured(1.0, found={"spikes": found}), Measured(1.0, found={"spikes": 100}), 1) == wanted


def test_a_program_on_one_thread_says_why_there_is_none_on_two(tmp_path: Path) -> None:
    peer = alone(lambda bench: Measured(2.0), "why")
    assert peer(Bench(tmp_path), 1) == Measured(2.0)
    with pytest.raises(Missing, match="why"):
        peer(Bench(tmp_path), 2)


def test_the_table_tells_the_first_run_and_the_others_apart() -> None:
    first, again = Measured(0.5, 0.4, 1.0, {"spikes": 7}, 0.1, 2.0, 1.5, 90.0), Measured(0.5, 0.25, 0.0, {"spikes": 7}, 0.1, 0.75, 0.5, 80.0)
    row = Row("W3a", "", 1, 0.25, 1.0, {"C": (0.2, 1.25)}, {}, "", "correct", None, {"neurodsl": [first, again], "C": [Measured(0.2)]})
    assert networks.told(row) == [
        "| W3a | 1 | neurodsl | 2 s (1.5 s) | 1 s | 0.75 s (0.5 s) | 0.1 s | 0.25 s |  | 80 MB | 7 |",
        "| W3a | 1 | C |  |  |  |  | 0.2 s | 1.25 |  |  |",
    ]
