"""A sweep on a scheduler and workers that are started on this machine, one of which is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sweep.jobs import lif

import neurodsl as nd
from neurodsl import __version__
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError
from neurodsl.sweep import chunks
from neurodsl.sweep.executors import dask, workers_of
from neurodsl.sweep.executors.executor import Task
from neurodsl.sweep.running import Swept, run_all
from neurodsl.sweep.store import Store

pytestmark = [
    pytest.mark.usefixtures("plain"),
    pytest.mark.skipif(find_spec("distributed") is None, reason="`distributed` is not installed: pip install neurodsl[dask]"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@dataclass
class Cluster:
    """A scheduler and its workers, as processes."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]
    logs: Path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(logs: Path, name: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:], "--no-dashboard"]
    with (logs / name).open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=logs, env={**os.environ, "NUMBA_DISABLE_JIT": "1", **environment})


def start_worker(logs: Path, address: str, name: str) -> subprocess.Popen[bytes]:
    return start(logs, name, "worker", address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(logs))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    logs, port = tmp_path_factory.mktemp("cluster"), free_port()
    address = f"127.0.0.1:{port}"
    scheduler = start(logs, "scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(port))
    workers = [start_worker(logs, address, f"worker{i}") for i in range(2)]
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (logs / "scheduler").read_text().count("Register worker") < 2:
            time.sleep(0.05)
        yield Cluster(address, scheduler, workers, logs)
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


def hold_back(monkeypatch: pytest.MonkeyPatch, most: int, ready: Callable[[], bool]) -> None:
    """Hand out few more than so many points before something is ready."""
    take = chunks.Chunks.take
    monkeypatch.setattr(chunks.Chunks, "take", lambda queue: take(queue) if queue.first < most or ready() else None)


NETWORK = """
model cell:
    param tau = 10 [ms], theta = 1
    input I = 1.3
    init v = 0
    tau*dv/dt = -v + I
    on v >= theta: v = 0; hold v for 1 [ms]
synapse exc:
    param w = 0.1
    on pre: post.v += w
network small:
    param J = 0.05
    population E = cell[6] with v ~ uniform(0, 1)
    population P = poisson[4] with rate = 0.1 [1/ms]
    connect E -> E with exc, probability 0.3, delay 1 [ms], w = J
    connect P -> E with exc, pairs "pairs.csv"
    simulate:
        duration 20 [ms]
"""


def test_a_sweep_of_a_network_that_reads_files_is_the_same_on_workers(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers run in a folder of their own, and the model is named relative to that of the caller."""
    (tmp_path / "net.neuro").write_text(NETWORK)
    (tmp_path / "pairs.csv").write_text("i,j,w\n0,1,0.2\n1,2,0.1\n3,5,0.4\n")
    monkeypatch.chdir(tmp_path)
    wanted = {"over": {"J": [0.0, 0.1], "cell.tau": [8.0, 12.0]}, "copies": 2, "measure": ["rate(E)", "mean(E.v)", "synchrony(E)"], "seed": 1}
    model = nd.load("net.neuro")
    here, there = (model.sweep_table(**wanted, executor=who) for who in ("threads", f"dask://{cluster.address}"))  # type: ignore[arg-type]
    assert (dict(here.failed), dict(there.failed)) == ({}, {})
    assert all(np.isfinite(here.values[name]).all() for name in ("rate(E)", "mean(E.v)"))
    assert {name: found.tobytes() for name, found in there.values.items()} == {name: found.tobytes() for name, found in here.values.items()}


def test_a_worker_that_is_killed_in_mid_sweep_changes_nothing(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SECONDS", 0.1)
    sweep = lif(400)
    keys = sweep.keys
    told: list[int] = []

    def progress(done: int, total: int) -> None:
        told.append(done)
        if done and cluster.workers[0].poll() is None:
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.workers[0].wait()

    hold_back(monkeypatch, 40, lambda: cluster.workers[0].poll() is not None)

    def run(who: str, store: Store | None) -> Swept:
        return run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, keys, workers_of(who), store, progress)

    found = run(f"dask://{cluster.address}", Store(tmp_path / "r.nc"))
    assert cluster.workers[0].returncode == -signal.SIGKILL
    assert cluster.workers[1].poll() is None
    assert (found.complete, found.failed, found.ran) == (True, {}, 400)
    assert (told[0], told[-1], told == sorted(told)) == (0, 400, True)
    assert found.table.tobytes() == run("threads", None).table.tobytes()
    assert run(f"dask://{cluster.address}", Store(tmp_path / "r.nc")).ran == 0


def test_an_interrupt_leaves_the_workers(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SECONDS", 0.1)
    sweep = lif(400)

    def progress(done: int, total: int) -> None:
        if done:
            os.kill(os.getpid(), signal.SIGINT)

    hold_back(monkeypatch, 40, lambda: False)
    found = run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, [], workers_of(f"dask://{cluster.address}"), None, progress)
    assert found.interrupted
    assert 0 < found.ran < 400


def test_workers_of_another_version_are_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.sweep.work.__version__", "9.9.9")
    sweep = lif(4)
    with pytest.raises(NeuroError) as caught:
        run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, [], workers_of(f"dask://{cluster.address}"))
    told = f"a worker has neurodsl {__version__}, and the sweep was started by neurodsl 9.9.9"
    assert (caught.value.report.found[0].message, caught.value.exit_code) == (told, 4)


class Broken:
    """A future whose worker ended with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def result(self) -> None:
        raise self.error


@pytest.mark.parametrize("error", [kernel.Suspicious("line 1"), KeyError("job"), ValueError("a value"), MemoryError(), ImportError("no numba")])
def test_any_other_error_of_a_worker_is_told(error: Exception) -> None:
    sweep = lif(2)
    queue = chunks.Chunks(chunks.Chunk(np.arange(2), sweep.values, sweep.seeds), 2, 1)
    dispatch = dask.Dispatch(Task(sweep.job, sweep.folder, queue, 1, "here:1", lambda finished: None, lambda: None), None)
    with pytest.raises(NeuroError) as caught:
        dispatch._take(Broken(error), queue.points)
    told = f"a worker of `here:1` cannot run neurodsl: {type(error).__name__}: {error}"
    assert (caught.value.report.found[0].message, caught.value.report.found[0].rule.code, caught.value.exit_code) == (told, "F108", 4)


def refusal(address: str) -> tuple[str, int]:
    """Return what is told where a sweep cannot be run at an address, and its exit code."""
    sweep = lif(4)
    with pytest.raises(NeuroError) as caught:
        run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, [], workers_of(f"dask://{address}"))
    return caught.value.report.found[0].message, caught.value.exit_code


def test_an_address_at_which_nobody_listens_is_told() -> None:
    address = f"127.0.0.1:{free_port()}"
    assert refusal(address) == (f"no scheduler of dask.distributed answers at `{address}`: connection refused", 4)


def test_a_port_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "ANSWER_SECONDS", 0.5)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        told, code = refusal(address)
    assert told.startswith(f"no scheduler of dask.distributed answers at `{address}`: ")
    assert code == 4


@pytest.mark.parametrize("address", ["localhost:99999", "localhost:8786/status", "host name:1", "tcp://localhost:8786", ":8786"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    assert refusal(address) == (f"`{address}` is no address of a scheduler", 2)


def test_a_scheduler_without_workers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "WORKERLESS_SECONDS", 0.5)
    monkeypatch.setattr(dask, "COUNT_SECONDS", 0.1)
    port = free_port()
    scheduler = start(tmp_path, "scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(port))
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and "Scheduler at" not in (tmp_path / "scheduler").read_text():
            time.sleep(0.05)
        assert refusal(f"127.0.0.1:{port}") == (f"the scheduler at `127.0.0.1:{port}` has had no workers for 0.5 s", 4)
    finally:
        scheduler.kill()
        scheduler.wait()


def test_a_scheduler_that_goes_away_ends_the_sweep_with_a_message(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SECONDS", 0.1)
    sweep = lif(400)
    keys = sweep.keys

    def progress(done: int, total: int) -> None:
        if done:
            cluster.scheduler.kill()

    hold_back(monkeypatch, 40, lambda: cluster.scheduler.poll() is not None)
    store = Store(tmp_path / "r.nc")
    with pytest.raises(NeuroError, match=f"the scheduler at `{cluster.address}` has gone away") as caught:
        run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, keys, workers_of(f"dask://{cluster.address}"), store, progress)
    assert caught.value.exit_code == 4
    assert store.load(keys, 2).done.any()
