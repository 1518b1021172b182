"""Finished points are kept in files, and no file is believed that is not as it was written."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sweep.jobs import LIF, Sweep, lif

from neurodsl.diagnostics import NeuroError, Report
from neurodsl.measures import Column
from neurodsl.sweep.chunks import Chunk, Chunks, Finished
from neurodsl.sweep.executors import workers_of
from neurodsl.sweep.running import Swept, run_all
from neurodsl.sweep.store import Kept, Store, keys_digest, keys_of

THREADS = workers_of("threads", 2)
POINTS = 60
pytestmark = pytest.mark.usefixtures("plain")


@pytest.fixture
def sweep() -> Sweep:
    return lif(POINTS)


@pytest.fixture
def keys(sweep: Sweep) -> list[str]:
    return sweep.keys


def run(sweep: Sweep, store: Store | None, shard: tuple[int, int] | None = None) -> Swept:
    return run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, sweep.keys, THREADS, store, shard=shard)


def files(store: Store) -> list[Path]:
    return sorted(store.folder.iterdir())


def notes(store: Store) -> list[str]:
    return [found.message for found in store.report.found]


def bits(table: NDArray[np.float64]) -> bytes:
    return table.tobytes()


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_is_of_all_that_a_point_depends_on(sweep: Sweep, keys: list[str]) -> None:
    job, values, seeds = sweep.job, sweep.values, sweep.seeds
    others = [
        keys_of(job, LIF, values + 1e-12, seeds),
        keys_of(job, LIF, values, seeds + np.uint64(POINTS)),
        keys_of(replace(job, columns=(Column("final", 0),)), LIF, values, seeds),
        keys_of(replace(job, dt=0.05), LIF, values, seeds),
        keys_of(replace(job, given={"tau": 12.0}), LIF, values, seeds),
        keys_of(replace(job, initial={"V": 0.1}), LIF, values, seeds),
        keys_of(replace(job, axes=(("set", "theta"),)), LIF, values, seeds),
        keys_of(replace(job, plan=replace(job.plan, method="heun")), LIF, values, seeds),
        keys_of(replace(job, plan=replace(job.plan, events="exact")), LIF, values, seeds),
        lif(POINTS, text=LIF.replace("0.05*xi", "0.06*xi")).keys,
    ]
    assert len({key for found in [keys, *others] for key in found}) == (1 + len(others)) * POINTS
    assert {len(key) for key in keys} == {32}


def test_a_key_is_not_of_the_name_of_the_file_nor_of_the_other_points(sweep: Sweep, keys: list[str]) -> None:
    job = replace(sweep.job, name="moved/lif.neuro", plan=replace(sweep.job.plan, model="moved", kernel="moved_rk4_0", places={"V": (7, 9)}))
    assert keys_of(job, LIF, sweep.values[10:20], sweep.seeds[10:20]) == keys[10:20]


def test_a_key_is_not_of_generated_text_which_a_busy_machine_simplifies_less(sweep: Sweep, keys: list[str]) -> None:
    files = {name: f"{text}\n# another order of operations" for name, text in sweep.job.files.items()}
    assert keys_of(replace(sweep.job, files={**files, "lanes_0": "# some"}, lanes="lanes_0"), LIF, sweep.values, sweep.seeds) == keys


def test_a_key_is_of_the_version(sweep: Sweep, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.sweep.store.__version__", "0.0.0")
    assert set(sweep.keys).isdisjoint(keys)


def test_a_sweep_of_another_order_has_another_digest(keys: list[str]) -> None:
    assert keys_digest(keys) != keys_digest(keys[::-1])


# --- what was kept ----------------------------------------------------------------------------------------------------


def test_what_was_kept_comes_back_to_the_last_bit(tmp_path: Path, keys: list[str]) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    table = np.array([[0.1, -0.0], [np.inf, np.nan], [5e-324, -1.7976931348623157e308]])
    store.add(keys[3:6], table, {1: 'it failed: `V` is "inf" — at\nt = 3'})
    kept = Store(tmp_path / "r.nc").load(keys, 2)
    assert bits(kept.table[3:6]) == bits(table)
    assert kept.failed == {4: 'it failed: `V` is "inf" — at\nt = 3'}
    assert np.flatnonzero(kept.done).tolist() == [3, 4, 5]


def test_a_sweep_that_is_repeated_runs_nothing(tmp_path: Path, sweep: Sweep) -> None:
    first = run(sweep, Store(tmp_path / "r.nc"))
    second = run(sweep, Store(tmp_path / "r.nc"))
    assert (first.ran, second.ran, second.complete) == (POINTS, 0, True)
    assert bits(second.table) == bits(first.table) == bits(run(sweep, None).table)


def test_a_larger_sweep_takes_over_the_points_that_it_shares(tmp_path: Path) -> None:
    small, large = lif(POINTS), lif(POINTS)
    small = replace(small, values=small.values[:20], seeds=small.seeds[:20])
    run(small, Store(tmp_path / "r.nc"))
    found = run(large, Store(tmp_path / "r.nc"))
    assert found.ran == POINTS - 20
    assert bits(found.table) == bits(run(large, None).table)


def test_points_that_stand_in_two_files_are_taken_once(tmp_path: Path, keys: list[str]) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    rows = np.arange(8.0).reshape(4, 2)
    store.add(keys[:3], rows[:3], {2: "why"})
    store.add(keys[1:4], rows[1:], {1: "why"})
    kept = store.load(keys, 2)
    assert len(files(store)) == 2
    assert (int(kept.done.sum()), kept.failed) == (4, {2: "why"})
    assert bits(kept.table[:4]) == bits(rows)


def test_points_that_are_alike_share_what_was_kept(tmp_path: Path, keys: list[str]) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    store.add(keys[:1], np.array([[1.0, 2.0]]), {0: "why"})
    kept = store.load([keys[1], keys[0], keys[0]], 2)
    assert (kept.done.tolist(), kept.failed) == ([False, True, True], {1: "why", 2: "why"})


# --- what is not believed ---------------------------------------------------------------------------------------------


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def nested(data: bytes) -> bytes:
    """Return the head of a file, with the right checksum, before failures that no reader of JSON follows."""
    points, columns = data.split()[3:5]
    counts = b"%s %s %d" % (points, columns, 100_000)
    body = bytes(int(points) * (16 + 8 * int(columns))) + b"[" * 100_000
    return b"neurodsl sweep 1 %s %s\n%s" % (counts, hashlib.sha256(counts + body).hexdigest().encode(), body)


DAMAGE = {
    "one bit of a number is another": lambda data: flipped(data, len(data) - 20),
    "one bit of a key is another": lambda data: flipped(data, data.index(b"\n") + 5),
    "one digit of the head is another": lambda data: flipped(data, data.index(b" 2 ") + 1),
    "one digit of the checksum is another": lambda data: flipped(data, data.index(b"\n") - 1),
    "it is cut": lambda data: data[: len(data) // 2],
    "its last byte is missing": lambda data: data[:-1],
    "it goes on": lambda data: data + b"\0",
    "it is empty": lambda data: b"",
    "it is of another layout": lambda data: data.replace(b"sweep 1", b"sweep 2", 1),
    "it is a pickle": lambda data: pickle.dumps(print),
    "its failures are nested without end": lambda data: nested(data),
    "it claims more than there is": lambda data: re.sub(rb"sweep 1 \d+", b"sweep 1 999999999", data, count=1),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_noted_and_its_points_are_run_again(tmp_path: Path, sweep: Sweep, damage: str) -> None:
    store = Store(tmp_path / "r.nc")
    first = run(sweep, store)
    largest = max(files(store), key=lambda path: path.stat().st_size)
    count = int(largest.read_bytes().split()[3])
    largest.write_bytes(DAMAGE[damage](largest.read_bytes()))
    again = Store(tmp_path / "r.nc")
    found = run(sweep, again)
    assert (found.ran, found.complete) == (count, True)
    assert bits(found.table) == bits(first.table)
    (note,) = notes(again)
    assert note.startswith(f"a file in `{again.folder}` cannot be used, `{largest.name}`: it")
    assert note.endswith("; its points are run again")
    again.clear()
    assert list(tmp_path.iterdir()) == []


def test_points_of_another_model_are_left_alone_and_told(tmp_path: Path, sweep: Sweep) -> None:
    other = lif(7, text=LIF.replace("tau = 10", "tau = 11"))
    run(other, Store(tmp_path / "r.nc"))
    store = Store(tmp_path / "r.nc")
    found = run(sweep, store)
    assert found.ran == POINTS
    assert notes(store) == [f"`{store.folder}` holds 7 points of another sweep, which are left where they are"]
    store.clear()
    assert run(other, Store(tmp_path / "r.nc")).ran == 0


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "folder", "link to a device"])
def test_what_is_no_file_is_passed_over(tmp_path: Path, keys: list[str], make: object) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    make(store.folder / f"{'0' * 32}.chunk")  # type: ignore[operator]
    assert (store.load(keys, 2).done.any(), notes(store)) == (np.False_, [])


def test_a_file_of_another_name_is_not_read_and_not_removed(tmp_path: Path, keys: list[str]) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    mine = store.folder / "mine.chunk"
    mine.write_text("mine")
    assert (store.load(keys, 2).done.any(), notes(store)) == (np.False_, [])
    store.clear()
    assert mine.read_text() == "mine"


# --- the surroundings -------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_told_before_anything_runs(tmp_path: Path, sweep: Sweep) -> None:
    (tmp_path / "r.nc.parts").write_text("a file")
    with pytest.raises(NeuroError, match=r"cannot make the folder `.*r\.nc\.parts`: it is no directory") as caught:
        run(sweep, Store(tmp_path / "r.nc"))
    assert caught.value.exit_code == 4


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_runs(tmp_path: Path, sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    (tmp_path / "r.nc.parts").mkdir()
    monkeypatch.setattr("neurodsl.files.os.open", refuse)
    monkeypatch.setattr("neurodsl.sweep.executors.threads.run_points", None)
    with pytest.raises(NeuroError, match="the file system is read-only") as caught:
        run(sweep, Store(tmp_path / "r.nc"))
    assert caught.value.exit_code == 4


def test_a_full_disk_ends_the_sweep_and_loses_nothing(tmp_path: Path, sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def fill(file: int) -> None:
        written.append(file)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("neurodsl.files.os.fsync", fill)
        with pytest.raises(NeuroError, match="the disk is full") as caught:
            run(sweep, Store(tmp_path / "r.nc"))
    assert caught.value.exit_code == 4
    assert "the same command goes on from there" in str(caught.value)
    store = Store(tmp_path / "r.nc")
    assert len(files(store)) == 2
    kept = int(store.load(sweep.keys, 2).done.sum())
    found = run(sweep, store)
    assert (found.ran, bits(found.table)) == (POINTS - kept, bits(run(sweep, None).table))
    assert 0 < kept < POINTS


def test_temporary_files_are_removed_when_they_are_old(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    old, new = store.folder / ".neurodsl-0.part", store.folder / ".neurodsl-1.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    Store(tmp_path / "r.nc").open()
    assert files(store) == [new]


def test_a_folder_that_another_process_removed_is_made_again(tmp_path: Path, keys: list[str]) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    store.folder.rmdir()
    store.add(keys[:1], np.ones((1, 2)), {})
    assert store.load(keys, 2).done.sum() == 1


def test_what_is_left_of_a_sweep_that_is_complete_can_be_removed_later(tmp_path: Path, sweep: Sweep, keys: list[str]) -> None:
    run(sweep, Store(tmp_path / "r.nc"))
    (tmp_path / "r.nc.parts" / ".neurodsl-0.part").write_bytes(b"half")
    Store(tmp_path / "r.nc").clear_left(keys, 2)
    assert list(tmp_path.iterdir()) == []
    Store(tmp_path / "r.nc").clear_left(keys, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_keeps_the_seed_with_which_it_was_begun(tmp_path: Path, keys: list[str]) -> None:
    store = Store(tmp_path / "r.nc")
    assert [store.seed(17), store.seed(18), Store(tmp_path / "r.nc").seed(19)] == [17, 17, 17]
    assert [path.name for path in files(store)] == ["seed"]
    store.add(keys[:1], np.ones((1, 2)), {})
    store.clear()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [b"", b"none", b"-3", b"1" * 100])
def test_a_seed_that_is_none_is_replaced(tmp_path: Path, text: bytes) -> None:
    store = Store(tmp_path / "r.nc")
    store.open()
    (store.folder / "seed").write_bytes(text)
    assert [store.seed(18), store.seed(19)] == [18, 18]


# --- shards -----------------------------------------------------------------------------------------------------------


def test_shards_run_their_own_points_and_the_last_finds_all(tmp_path: Path, sweep: Sweep) -> None:
    found = [run(sweep, Store(tmp_path / "r.nc"), (i, 7)) for i in range(1, 8)]
    assert [part.ran for part in found] == [len(range(i, POINTS, 7)) for i in range(7)]
    assert [part.complete for part in found] == [False] * 6 + [True]
    assert bits(found[-1].table) == bits(run(sweep, None).table)
    assert np.flatnonzero(found[0].done).tolist() == list(range(0, POINTS, 7))


def test_a_later_run_without_a_shard_assembles_what_the_shards_left(tmp_path: Path, sweep: Sweep) -> None:
    for i in (1, 3):
        run(sweep, Store(tmp_path / "r.nc"), (i, 3))
    found = run(sweep, Store(tmp_path / "r.nc"))
    assert (found.ran, found.complete) == (20, True)
    assert bits(found.table) == bits(run(sweep, None).table)


def test_a_shard_finds_what_another_process_finishes_meanwhile(tmp_path: Path, sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = sweep.keys
    whole = run(sweep, None)
    other = Store(tmp_path / "r.nc")
    other.open()

    def meanwhile(done: int, total: int) -> None:
        if done == total:
            other.add(keys[1::2], whole.table[1::2], {})

    found = run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, keys, THREADS, Store(tmp_path / "r.nc"), meanwhile, (1, 2))
    assert (found.ran, found.complete, bits(found.table)) == (30, True, bits(whole.table))


def test_a_point_that_another_process_could_run_has_not_failed() -> None:
    kept, other = Kept.nothing(3, 1), Kept.nothing(3, 1)
    kept.failed = {0: "its worker died", 1: "its worker died"}
    other.take([1], np.array([[2.5]]), {})
    kept.add(other)
    assert (kept.failed, kept.done.tolist(), kept.table[1].tolist()) == ({0: "its worker died"}, [False, True, False], [2.5])


# --- chunks -----------------------------------------------------------------------------------------------------------


def chunks(points: int, workers: int) -> Chunks:
    return Chunks(Chunk(np.arange(points), np.zeros((points, 1)), np.zeros(points, np.uint64)), 1, workers)


def sizes(queue: Chunks, seconds: Callable[[Chunk], float]) -> list[int]:
    """Return the sizes of all chunks where each takes so long."""
    found, numbers = [], []
    while (chunk := queue.take()) is not None:
        found.append(len(chunk))
        numbers += chunk.numbers.tolist()
        queue.learn(Finished(chunk, None, seconds(chunk)))  # type: ignore[arg-type]
    assert numbers == list(range(len(queue.points)))
    return found


@pytest.mark.parametrize(("points", "workers", "each"), [(1, 1, 1.0), (1000, 2, 0.001), (5000, 3, 1e-6), (50, 8, 4.0), (100_000, 1, 1e-5)])
def test_chunks_hold_each_point_once_and_about_a_second_of_work(points: int, workers: int, each: float) -> None:
    found = sizes(chunks(points, workers), lambda chunk: len(chunk) * each)
    assert found[0] == 1
    assert max(found) * each <= max(1.0, 4 * each)
    # Small ones are there to learn from, and towards the end for an even load.
    assert len(found) <= points * each + 6 + workers * 2 * np.log2(points + 1) + points / 4096


@pytest.mark.parametrize(
    ("block", "points", "waste"), [(0.05, 50_000, 1.05), (0.3, 50_000, 1.05), (2.0, 50_000, 1.05), (2.0, 2000, 1.7), (10.0, 50_000, 1.1)]
)
def test_points_that_run_side_by_side_are_put_together(block: float, points: int, waste: float) -> None:
    found = sizes(chunks(points, 1), lambda chunk: -(-len(chunk) // 256) * block)
    assert sum(-(-size // 256) for size in found) <= waste * -(-points // 256)
    assert max(-(-size // 256) for size in found) * block <= max(1.2, 4 * block)


def test_slow_points_behind_fast_ones_make_small_chunks_again() -> None:
    queue = chunks(100_000, 1)
    found = sizes(queue, lambda chunk: len(chunk) * (0.1 if 10_000 < chunk.numbers[0] < 30_000 else 1e-6))
    starts = np.cumsum([0, *found[:-1]])
    slow = [size for size, start in zip(found, starts, strict=True) if 10_000 < start < 30_000]
    fast = [size for size, start in zip(found, starts, strict=True) if start >= 30_000]
    assert max(slow[1:]) == 8
    assert max(fast) > 1000


def test_a_point_that_ends_its_workers_is_told_apart_from_its_neighbours() -> None:
    queue = chunks(64, 1)
    run, lost, deaths = [], [], 0
    while (chunk := queue.take()) is not None:
        if 5 not in chunk.numbers:
            run += chunk.numbers.tolist()
            queue.learn(Finished(chunk, None, 1e-6))  # type: ignore[arg-type]
            continue
        deaths += 1
        given_up = queue.died(chunk, "its worker died")
        lost += [] if given_up is None else [(given_up.chunk.numbers.tolist(), given_up.outcome.failed, given_up.lost)]
    assert lost == [([5], {0: "its worker died, 3 times"}, True)]
    assert sorted(run) == [number for number in range(64) if number != 5]
    assert deaths == 6


def test_a_report_holds_a_note_once(tmp_path: Path, sweep: Sweep) -> None:
    report = Report()
    run(lif(7, text=LIF.replace("tau = 10", "tau = 11")), Store(tmp_path / "r.nc"))
    run(sweep, Store(tmp_path / "r.nc", report), (1, 2))
    assert len(report.found) == 1
