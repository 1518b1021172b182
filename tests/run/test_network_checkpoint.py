"""A run of a network that goes on from a checkpoint equals the undisturbed one to the last bit, wherever it was cut."""

from __future__ import annotations

import json
import os
import shutil
import signal
import zipfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.run import network as network_module
from neurodsl.run import network_checkpoint as checkpoint_module
from neurodsl.run import network_copies as copies_module
from neurodsl.run import network_lasting as lasting_module
from neurodsl.solution.network import NetworkResult

CELL = """
model cell:
    param taum = 20, taue = 5, taui = 10, El = -49, Vt = -50, Vr = -60
    init v = -60, ge = 0, gi = 0
    taum*dv/dt = ge + gi - (v - El)
    taue*dge/dt = -ge
    taui*dgi/dt = -gi
    on v > Vt: v = Vr; hold v for 5
synapse exc:
    param w = 1.62
    on pre: post.ge += w
synapse inh:
    param w = -9
    on pre: post.gi += w
"""
BALANCED = f"""{CELL}
network balanced:
    population E = cell[24] with v ~ uniform(-60, -50)
    population I = cell[6] with v ~ uniform(-60, -50)
    connect E -> E, I with exc, probability 0.3, delay 0.5
    connect I -> E, I with inh, probability 0.3, no self
    simulate:
        duration 60
        dt 0.1
        record E[0:3].v every 0.7
        record I.gi
"""
UNEVEN = f"""{CELL}
network uneven:
    population E = cell[20] with v ~ uniform(-60, -50)
    connect E -> E with exc, probability 0.4, delay uniform(0.2, 9), w ~ uniform(1, 3)
    simulate:
        duration 60
        dt 0.1
"""
LEARNING = """
model cell:
    param tau = 10, theta = 1
    input I = 0
    init v = 0
    tau*dv/dt = -v + I
    on v >= theta: v = 0; hold v for 1.5
synapse stdp:
    param A_plus = 0.1, A_minus = 0.12, J = 6
    init w ~ uniform(0.2, 1)
    20*dx/dt = -x
    15*dy/dt = -y
    on pre:
        post.I += J*w/dt*0.1
        x += 1
        w -= A_minus*w*y
    on post:
        y += 1
        w += A_plus*(1 - w)*x
network learning:
    population S = poisson[12] with rate = 0.08 + 0.04*sin(t/7)
    population E = cell[5]
    connect S -> E with stdp, probability 0.8, delay uniform(0.1, 3)
    simulate:
        duration 60
        dt 0.1
        record stdp.w every 20
        record stdp.x
"""
NOISY = """
model cell:
    param sigma = 0.4
    noise xi
    init v = 0.5
    10*dv/dt = -v + 0.9 + sigma*3*xi
    on v >= 1: v = 0.2; hold v for 1
synapse release:
    on pre: post.v += 0.15 if rand() < 0.5 else 0
network noisy:
    population E = cell[10] with sigma ~ uniform(0.2, 0.5)
    connect E -> E with release, indegree 3, delay 0.4
    simulate:
        duration 60
        dt 0.1
        record E.v every 0.3
"""
EXACT = f"""{CELL}
synapse stdp:
    init w = 3
    20*dx/dt = -x
    15*dy/dt = -y
    on pre:
        post.ge += w
        x += 1
        w -= 0.1*y
    on post:
        y += 1
        w += 0.2*x
network exact:
    population S = poisson[12] with rate = 0.2 + 0.04*sin(t/7)
    population E = cell[20] with v ~ uniform(-60, -50)
    connect S -> E with exc, probability 0.3, w = 3
    connect S -> E with stdp, probability 0.2, delay uniform(0.1, 4)
    connect E -> E with exc, probability 0.4, delay uniform(0.2, 9), w ~ uniform(1, 3)
    simulate:
        duration 60
        dt 0.1
        events exact
        record E[0:3].v every 0.3
        record stdp.w
"""
NETWORKS = {"balanced": BALANCED, "uneven": UNEVEN, "learning": LEARNING, "noisy": NOISY, "exact": EXACT}

Every = Callable[..., tuple[NetworkResult, list[Path]]]


@pytest.fixture(autouse=True)
def _renewed_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "LARGEST_EXPONENT", 0.3)


@pytest.fixture
def all_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Every:
    """Run a network step by step with many checkpoints, and keep all of them."""
    written, pieces = list[Path](), count()
    write = checkpoint_module.write_checkpoint

    def keep(path: Path, *arguments: Any) -> None:
        if next(pieces) % 29 == 0:
            write(path, *arguments)
            written.append(Path(shutil.copy(path, tmp_path / f"{len(written)}.npz")))

    def simulate(text: str, **options: Any) -> tuple[NetworkResult, list[Path]]:
        with monkeypatch.context() as patch:
            patch.setattr(network_module, "CHUNK_SECONDS", 1e-9)
            patch.setattr(lasting_module, "SHARE", np.inf)
            patch.setattr(os, "fsync", lambda file: None)
            patch.setattr(lasting_module, "write_checkpoint", keep)
            return nd.loads(text).simulate(checkpoint=tmp_path / "c.npz", every=1e-9, **options), written

    return simulate


def numbers_of(result: NetworkResult) -> dict[str, Any]:
    """Return all numbers of a run, to be compared to the last bit."""
    found: dict[str, Any] = {f"{name} {part}": getattr(spikes, part) for name, spikes in result.spikes.items() for part in ("times", "index")}
    found |= {f"{name} {part}": getattr(trace, part) for name, trace in result.traces.items() for part in ("t", "index", "values")}
    found |= {f"{name} {part}": getattr(trace, part) for name, trace in result.synapses.items() for part in ("t", "source", "target", "values")}
    found |= {f"{name} final {state}": values for name, states in result.final.items() for state, values in states.items()}
    told = {name: result.meta[name] for name in ("steps", "seed", "elapsed", "duration", "projections", "interrupted")}
    return {name: np.asarray(array).tobytes() for name, array in found.items()} | told


@pytest.mark.parametrize("name", NETWORKS)
def test_a_resumed_run_equals_the_undisturbed_one_to_the_last_bit(name: str, all_checkpoints: Every) -> None:
    model = nd.loads(NETWORKS[name])
    result = model.simulate(seed=3)
    whole = numbers_of(result)
    assert result.count > 10
    with_checkpoints, found = all_checkpoints(NETWORKS[name], seed=3)
    assert numbers_of(with_checkpoints) == whole
    assert len(found) > 10
    for path in (found[0], found[len(found) // 2], found[-1]):
        assert numbers_of(model.simulate(resume=path, every="1h")) == whole


@pytest.mark.parametrize("name", NETWORKS)
def test_a_longer_run_from_a_checkpoint_equals_the_one_that_was_as_long_from_the_beginning(name: str, all_checkpoints: Every) -> None:
    model = nd.loads(NETWORKS[name])
    whole = numbers_of(model.simulate(seed=3, duration=80))
    _, found = all_checkpoints(NETWORKS[name], seed=3)
    assert numbers_of(model.simulate(resume=found[-2], duration=80)) == whole


@pytest.mark.parametrize("text", [LEARNING, EXACT])
def test_the_numbers_do_not_depend_on_how_long_the_pieces_of_a_run_are(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = numbers_of(nd.loads(text).simulate(seed=3))
    monkeypatch.setattr(network_module, "CHUNK_SECONDS", 1e-9)
    assert numbers_of(nd.loads(text).simulate(seed=3)) == whole


def test_an_interrupted_run_leaves_a_checkpoint_of_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "CHUNK_SECONDS", 1e-9)
    model = nd.loads(LEARNING)
    whole = numbers_of(model.simulate(seed=3))

    def stop(done: float) -> None:
        if done >= 0.5:
            signal.raise_signal(signal.SIGINT)

    result = model.simulate(checkpoint=tmp_path / "c.npz", every="1h", progress=stop, seed=3)
    assert (result.meta["interrupted"], result.meta["checkpoint"]) == (True, {"file": str(tmp_path / "c.npz"), "t": result.elapsed})
    assert result.elapsed == 30
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert numbers_of(model.simulate(resume=tmp_path / "c.npz")) == whole


def test_what_agrees_with_the_checkpoint_may_be_given_again(all_checkpoints: Every) -> None:
    options = {
        "seed": 3,
        "dt": 0.25,
        "duration": 40,
        "record": ["E.v"],
        "method": "euler",
        "set": {"cell.taum": 15},
        "init": {"cell.ge": 1},
        "every_step": True,
    }
    found = all_checkpoints(BALANCED, **options)[1][4]
    whole = numbers_of(nd.loads(BALANCED).simulate(**options))
    assert [numbers_of(nd.loads(BALANCED).simulate(resume=found, **again)) for again in ({}, options)] == [whole, whole]


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path: Path, all_checkpoints: Every, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_module, "write_arrays", full)
    report = Report()
    result, _ = all_checkpoints(NOISY, report=report, seed=3)
    assert numbers_of(result) == numbers_of(nd.loads(NOISY).simulate(seed=3))
    told = f"a checkpoint was not written: cannot write `{tmp_path / 'c.npz'}`: the disk is full"
    assert [(d.rule.code, d.message) for d in report.found] == [("F303", told)]


# --- what is refused -----------------------------------------------------------------------------------------------------


def refused(text: str, **options: Any) -> tuple[str, str]:
    """Return the code and the message of what a run is refused for."""
    with pytest.raises(NeuroError) as caught:
        nd.loads(text).simulate(**options)
    assert caught.value.exit_code == 2
    return str(caught.value.report.found[0].rule.code), caught.value.report.found[0].message


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        (NOISY + "# changed\n", {}, "its network is `noisy`, and the text of `model.neuro` is not the one that the run began with"),
        (NOISY, {"method": "milstein"}, "its `method` is auto, not milstein"),
        (NOISY, {"events": "exact"}, "its `events` is grid, not exact"),
        (NOISY, {"dt": 0.2}, "its `dt` is 0.1, not 0.2"),
        (NOISY, {"seed": 4}, "its `seed` is 3, not 4"),
        (NOISY, {"record": ["E[0].v"]}, "its `record` is none, not E[0].v"),
        (NOISY, {"set": {"cell.sigma": 1}}, "its `cell.sigma` is another, not 1"),
        (NOISY, {"duration": 40}, "its duration is 60, and it has come to 11.7; 40 would end it earlier"),
        (NOISY, {"variant": "fast"}, "its `variant` is none, not fast"),
    ],
)
def test_what_contradicts_the_checkpoint_is_refused_and_named(text: str, options: dict[str, Any], told: str, all_checkpoints: Every) -> None:
    found = all_checkpoints(NOISY, seed=3)[1][4]
    assert refused(text, resume=found, **options) == ("F111", f"`{found}` is a checkpoint of another run: {told}")


def test_a_file_that_has_changed_meanwhile_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "CHUNK_SECONDS", 1e-9)
    network = 'network g:\n    population E = cell[3]\n    connect E -> E with exc, matrix "w.csv" as w\n    simulate:\n        duration 5\n        dt 0.1\n'
    (tmp_path / "g.neuro").write_text(CELL + network)
    (tmp_path / "w.csv").write_text("0,1,0\n0,0,2\n3,0,0\n")
    model = nd.load(tmp_path / "g.neuro")
    model.simulate(checkpoint=tmp_path / "c.npz", every=1e-9, seed=1)
    assert model.simulate(resume=tmp_path / "c.npz").elapsed == 5
    model.simulate(checkpoint=tmp_path / "c.npz", every=1e-9, seed=1)
    (tmp_path / "w.csv").write_text("0,1,0\n0,0,2\n4,0,0\n")
    with pytest.raises(NeuroError) as caught:
        model.simulate(resume=tmp_path / "c.npz")
    told = "`E -> E` began from other numbers, or with other synapses"
    assert caught.value.report.found[0].message == f"`{tmp_path / 'c.npz'}` is a checkpoint of another run: {told}"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"every": 5}, "V101", "`every` is the time between two checkpoints, and there is no file for them"),
        ({"checkpoint": "c.npz", "every": 0}, "V101", "the time between two checkpoints has to be positive, not `0`"),
        ({"checkpoint": "c.npz", "copies": 3}, "V101", "a checkpoint is of a single run, and not of copies"),
        ({"resume": "none.npz"}, "F101", "cannot read `none.npz`: there is no such file"),
        ({"resume": "."}, "F101", "cannot read `.`: is a directory"),
        ({"checkpoint": "notes.txt"}, "F110", "`notes.txt` is no checkpoint, and one would be written over it"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: dict[str, Any], code: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("mine")
    assert refused(NOISY, **options) == (code, message)
    assert Path("notes.txt").read_text() == "mine"


# --- damaged files -------------------------------------------------------------------------------------------------------


def changed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the members of a checkpoint; ``meta`` as a mapping."""
    with np.load(path) as file:
        members: dict[str, Any] = dict(file)
    members["meta"] = json.loads(str(members["meta"]))
    change(members)
    np.savez(path, **{**members, "meta": np.array(json.dumps(members["meta"]))})


def put(name: str, value: Any, at: Any = ...) -> Callable[[dict[str, Any]], None]:
    """Return what sets numbers of a member."""

    def change(members: dict[str, Any]) -> None:
        members[name][at] = value

    return change


def leave_out(name: str) -> Callable[[dict[str, Any]], None]:
    """Return what removes a member."""
    return lambda members: members.pop(name)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("meta", "something", "kind"), "it is something else"),
        (put("meta", None, "began"), "its contents are damaged"),
        (put("meta", 10**6, "reached"), "its numbers contradict one another"),
        (put("meta", -1, "reached"), "its numbers contradict one another"),
        (leave_out("memory_1"), "it has no member `memory_1`"),
        (put("way_index_0", 99), "its numbers contradict one another"),
        (put("way_steps_0", -5), "its numbers contradict one another"),
        (put("way_steps_0", 10**9), "its numbers contradict one another"),
        (put("index_0", 12), "its numbers contradict one another"),
        (put("generated", 10**9), "its numbers contradict one another"),
        (put("scales", 0.0), "its numbers contradict one another"),
        (lambda members: members.update(scales=np.zeros(7)), "its member `scales` has the type float64 and the shape (7,)"),
        (lambda members: members.update(synapses_0_0=np.zeros(3, np.int64)), "its member `synapses_0_0` has the type int64 and the shape (3,)"),
    ],
)
def test_a_damaged_checkpoint_is_refused_before_anything_runs(change: Callable[[dict[str, Any]], None], told: str, all_checkpoints: Every) -> None:
    found = all_checkpoints(LEARNING, seed=3)[1][5]
    changed(found, change)
    assert refused(LEARNING, resume=found) == ("F110", f"`{found}` is no checkpoint of a run: {told}")


@pytest.mark.parametrize(
    ("member", "value"), [("exact_when_1", 0.2), ("exact_index_1", 20), ("exact_steps_1", -1), ("exact_neurons_0", 12), ("exact_times_1", np.nan)]
)
def test_spikes_with_exact_times_that_cannot_be_are_refused_before_anything_runs(member: str, value: float, all_checkpoints: Every) -> None:
    found = all_checkpoints(EXACT, seed=3)[1][-1]
    changed(found, put(member, value))
    assert refused(EXACT, resume=found) == ("F110", f"`{found}` is no checkpoint of a run: its numbers contradict one another")


def test_a_file_that_is_cut_short_or_has_a_wrong_bit_is_refused(tmp_path: Path, all_checkpoints: Every) -> None:
    found = all_checkpoints(NOISY, seed=3)[1][5]
    whole = found.read_bytes()
    for data in (b"", whole[: len(whole) // 2], b"hello"):
        found.write_bytes(data)
        assert refused(NOISY, resume=found) == ("F110", f"`{found}` is no checkpoint of a run: it is another kind of file, or is damaged")
    with zipfile.ZipFile(shutil.copy(tmp_path / "c.npz", tmp_path / "d.npz")) as archive:
        place = archive.getinfo("memory_0.npy").header_offset + 300
    flipped = bytearray((tmp_path / "d.npz").read_bytes())
    flipped[place] ^= 1
    (tmp_path / "d.npz").write_bytes(flipped)
    assert refused(NOISY, resume=tmp_path / "d.npz")[0] == "F110"


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", meta=np.array([print], dtype=object))
    told = "its member `meta.npy` holds values of the type object"
    assert refused(NOISY, resume=tmp_path / "c.npz") == ("F110", f"`{tmp_path / 'c.npz'}` is no checkpoint of a run: {told}")


# --- copies --------------------------------------------------------------------------------------------------------------


def test_copies_are_runs_with_seeds_of_their_own_whatever_the_number_of_threads() -> None:
    model = nd.loads(NOISY)
    alone, shared = (model.simulate(seed=3, copies=4, threads=threads) for threads in (1, 3))
    assert alone.seeds[0] == 3
    assert len(set(alone.seeds)) == 4
    expected = [numbers_of(model.simulate(seed=seed)) for seed in alone.seeds]
    assert [numbers_of(copy) for copy in alone] == expected
    assert [numbers_of(copy) for copy in shared] == expected
    assert len({copy["E times"] for copy in expected}) == 4


def test_what_copies_tell_together_is_what_each_of_them_tells(tmp_path: Path) -> None:
    copies = nd.loads(LEARNING).simulate(seed=3, copies=3)
    assert copies.rates("S").shape == (3, 12)
    assert copies.mean_rates("S").tolist() == pytest.approx([copy.spikes["S"].count / 12 / 60 for copy in copies], rel=1e-12)
    assert copies.save(tmp_path / "c.npz") == (tmp_path / "c.npz",)
    with np.load(tmp_path / "c.npz", allow_pickle=False) as file:
        for k, copy in enumerate(copies):
            assert file["S.spike_times"][file["S.spike_copy"] == k].tolist() == copy.spikes["S"].times.tolist()
            assert file["S -> E.w"][:, file["S -> E.w.copy"] == k].tolist() == copy["S -> E.w"].tolist()
            assert file["E.final.v"][k].tolist() == copy.final["E"]["v"].tolist()
        assert file["seed"].tolist() == copies.seeds
    assert json.loads(copies.to_json(summary=True))["copies"][2]["spikes"]["S"]["count"] == copies[2].spikes["S"].count


def test_interrupted_copies_keep_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "CHUNK_SECONDS", 1e-9)
    monkeypatch.setattr(copies_module, "LOOK_SECONDS", 1e-4)

    def stop(done: float) -> None:
        if done > 0.34:
            raise KeyboardInterrupt

    copies = nd.loads(NOISY).simulate(seed=3, copies=3, progress=stop)
    assert copies.meta["interrupted"]
    assert len(copies) == 2
    assert numbers_of(copies[0]) == numbers_of(nd.loads(NOISY).simulate(seed=3))


@pytest.mark.parametrize(
    ("copies", "code", "message"),
    [
        (0, "V101", "the number of copies has to be a whole number of at least 1, not `0`"),
        (10**9, "V104", "1000000000 copies keep 3.37e+04 GiB, more than 4"),
    ],
)
def test_too_few_or_too_many_copies_are_refused(copies: int, code: str, message: str) -> None:
    assert refused(NOISY, copies=copies) == (code, message)


def test_a_copy_that_fails_is_named() -> None:
    text = "model m:\n    param k ~ uniform(5, 6)\n    init x = 1\n    dx/dt = k*x^3\nnetwork n:\n    population E = m[2]\n    simulate:\n        duration 5\n"
    with pytest.raises(NeuroError) as caught:
        nd.loads(text).simulate(seed=1, copies=2, dt=0.01, method="euler")
    assert caught.value.exit_code == 3
    assert caught.value.report.found[0].message.startswith("copy 0: `x` of neuron 0 of `E` became infinite or not a number")
