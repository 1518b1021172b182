"""Who runs the points of a sweep changes nothing about them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep.jobs import Sweep, lif

from neurodsl import __version__
from neurodsl.codegen.kernel import Suspicious
from neurodsl.diagnostics import NeuroError
from neurodsl.sweep import chunks
from neurodsl.sweep.executors import Workers, executors, processes, workers_of
from neurodsl.sweep.executors.executor import Executor, Task
from neurodsl.sweep.running import Progress, Swept, run_all
from neurodsl.sweep.store import Store
from neurodsl.sweep.work import finished, order_of, work

POINTS = 120
pytestmark = pytest.mark.usefixtures("plain")


@pytest.fixture
def sweep() -> Sweep:
    return lif(POINTS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make chunks small."""
    monkeypatch.setattr(chunks, "SECONDS", 0.02)


def run(sweep: Sweep, workers: Workers, store: Store | None = None, progress: Progress | None = None) -> Swept:
    return run_all(sweep.job, sweep.folder, sweep.values, sweep.seeds, sweep.keys, workers, store, progress)


def hold(monkeypatch: pytest.MonkeyPatch, most: int, wait: Callable[[], object]) -> None:
    """Let those that take chunks wait for something once so many points have been handed out."""
    take = chunks.Chunks.take

    def held(queue: chunks.Chunks) -> chunks.Chunk | None:
        if queue.first > most:
            wait()
        return take(queue)

    monkeypatch.setattr(chunks.Chunks, "take", held)


def test_the_executors_are_those_of_the_manual() -> None:
    assert list(executors()) == ["dask", "processes", "threads"]


@pytest.mark.parametrize("who", [workers_of("threads", 3), workers_of("processes", 2)], ids=["threads", "processes"])
def test_the_table_is_the_same_to_the_last_bit_whoever_makes_it(sweep: Sweep, who: Workers, quick: None) -> None:
    one = run(sweep, workers_of("threads", 1))
    told: list[tuple[int, int]] = []
    many = run(sweep, who, progress=lambda done, total: told.append((done, total)))
    assert (many.ran, many.complete, many.failed) == (POINTS, True, {})
    assert many.table.tobytes() == one.table.tobytes()
    assert told[0] == (0, POINTS)
    assert told[-1] == (POINTS, POINTS)
    assert told == sorted(told)


@pytest.mark.parametrize("who", [workers_of("threads", 2), workers_of("processes", 2)], ids=["threads", "processes"])
def test_a_point_that_fails_is_told_with_its_reason_and_kept(tmp_path: Path, who: Workers) -> None:
    sweep = lif(6, text="model m:\n    param I = 1\n    init V = 0\n    dV/dt = V^2 + I\n    simulate:\n        method rk4\n")
    found = run(sweep, who, Store(tmp_path / "r.nc"))
    assert len(found.failed) == 6
    assert all(reason.startswith("R101: ") for reason in found.failed.values())
    assert np.isnan(found.table).all()
    again = run(sweep, who, Store(tmp_path / "r.nc"))
    assert (again.ran, again.failed) == (0, found.failed)


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [workers_of("threads", 2), workers_of("processes", 2)], ids=["threads", "processes"])
def test_an_interrupt_ends_the_sweep_and_keeps_what_is_finished(
    tmp_path: Path, sweep: Sweep, who: Workers, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_chunks, halted_by = type(who.executor).run, []

    def note(executor: Executor, task: Task) -> None:
        halted_by.append(task.halted)
        run_chunks(executor, task)

    def progress(done: int, total: int) -> None:
        if done > 10 and not halted_by[0].is_set():
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(type(who.executor), "run", note)
    hold(monkeypatch, 10, lambda: halted_by[0].wait(60))
    store = Store(tmp_path / "r.nc")
    halted = run(sweep, who, store, progress)
    assert (halted.interrupted, halted.complete) == (True, False)
    kept = store.load(sweep.keys, 2)
    assert int(kept.done.sum()) == halted.ran == int(halted.done.sum()) > 10
    rest = run(sweep, workers_of("threads", 1), store)
    assert (rest.ran, rest.complete, rest.interrupted) == (POINTS - halted.ran, True, False)
    assert rest.table.tobytes() == run(sweep, workers_of("threads", 1)).table.tobytes()


def test_a_terminal_sends_its_interrupt_to_the_caller_alone(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    started = watched(monkeypatch)
    groups: set[int] = set()
    run(sweep, workers_of("processes", 1), progress=lambda done, total: groups.update(os.getpgid(p.pid) for p in started if p.poll() is None))
    assert groups
    assert os.getpgid(0) not in groups


# --- processes that die -----------------------------------------------------------------------------------------------


def watched(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Return a list to which each worker process is added that is started from now on."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(processes.subprocess, "Popen", start)
    return started


def test_a_worker_that_is_killed_is_started_again_and_the_table_is_the_same(sweep: Sweep, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    started, killed = watched(monkeypatch), threading.Event()

    def kill(done: int, total: int) -> None:
        if done and not killed.is_set():
            started[-1].kill()
            killed.set()

    hold(monkeypatch, 10, lambda: killed.wait(60))
    found = run(sweep, workers_of("processes", 2), progress=kill)
    assert (killed.is_set(), len(started)) == (True, 3)
    assert found.failed == {}
    assert found.table.tobytes() == run(sweep, workers_of("threads", 1)).table.tobytes()
    assert all(p.poll() is not None for p in started)


def worker_that(does: str) -> str:
    """Return the program of a worker in which something else is done before it serves."""
    before, serve = processes.START.split("from neurodsl.sweep.serving import serve\n")
    return f"{before}from neurodsl.sweep import serving\n{does}\nserving.{serve}"


DIES_OF_POINT_3 = """
import os, signal
def work(order, values, seeds, run=serving.work):
    if 3 in seeds:
        os.kill(os.getpid(), signal.SIGKILL)
    return run(order, values, seeds)
serving.work = work
"""


def test_a_point_that_kills_its_worker_is_told_and_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep, told = lif(8), []
    with monkeypatch.context() as patch:
        patch.setattr(chunks, "TRIES", 2)
        patch.setattr(processes, "START", worker_that(DIES_OF_POINT_3))
        found = run(sweep, workers_of("processes", 2), Store(tmp_path / "r.nc"), lambda done, total: told.append((done, total)))
    assert found.failed == {3: "its worker process died: signal 9 (SIGKILL), 2 times"}
    assert (found.complete, found.ran, np.flatnonzero(~found.done).tolist(), np.isnan(found.table[3]).all()) == (False, 7, [3], True)
    assert told[-1] == (8, 8)
    again = run(sweep, workers_of("threads", 1), Store(tmp_path / "r.nc"))
    assert (again.ran, again.failed) == (1, {})
    assert again.table.tobytes() == run(sweep, workers_of("threads", 1)).table.tobytes()


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit('there is no numba here')", "a worker process cannot be started: exit code 1, `there is no numba here`"),
        (worker_that("serving.__version__ = '0.0.1'"), f"a worker process cannot be started: it is neurodsl 0.0.1, and this is {__version__}"),
    ],
)
def test_a_worker_that_does_not_come_up_is_told(sweep: Sweep, monkeypatch: pytest.MonkeyPatch, program: str, reason: str) -> None:
    monkeypatch.setattr(processes, "START", program)
    with pytest.raises(NeuroError) as caught:
        run(sweep, workers_of("processes", 2))
    assert (caught.value.report.found[0].message, caught.value.exit_code) == (reason, 4)


def test_what_a_worker_prints_does_not_get_between_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = lif(8)
    printing = "import os\nwork = serving.work\nserving.work = lambda *a: (print('hello'), os.system('echo hello'), work(*a))[2]"
    monkeypatch.setattr(processes, "START", worker_that(printing))
    assert run(sweep, workers_of("processes", 1)).table.tobytes() == run(sweep, workers_of("threads", 1)).table.tobytes()


def test_a_worker_ends_where_its_caller_is_killed(sweep: Sweep) -> None:
    slow = worker_that("import time\nserving.work = lambda *a: time.sleep(60)")
    program = (
        "import subprocess, sys, time\nimport neurodsl, numpy as np\nfrom neurodsl.sweep.frames import receive, send\n"
        f"p = subprocess.Popen([sys.executable, '-P', '-c', {slow!r}, neurodsl.__file__, *neurodsl.__path__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "receive(p.stdout)\nsend(p.stdin, {'order': ''}, {})\nsend(p.stdin, {}, {'values': np.zeros((1, 1)), 'seeds': np.zeros(1, np.uint64)})\n"
        "print(p.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([processes.sys.executable, "-c", program], stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        worker = int(caller.stdout.readline())
        caller.kill()
    deadline = time.monotonic() + 10
    while running(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(worker)


def running(pid: int) -> bool:
    """Return whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- orders -----------------------------------------------------------------------------------------------------------


def test_a_worker_of_another_version_refuses(sweep: Sweep) -> None:
    order = order_of(sweep.job).replace(f'"version": "{__version__}"', '"version": "9.9.9"', 1)
    reply = work(order, sweep.values, sweep.seeds)
    assert (reply["error"], reply["code"], reply["exit_code"]) == (
        f"a worker has neurodsl {__version__}, and the sweep was started by neurodsl 9.9.9", "F108", 4,
    )  # fmt: skip


def test_a_worker_runs_no_kernel_that_no_template_writes(tmp_path: Path, sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(tmp_path / "cache"))
    given = json.loads(order_of(sweep.job))
    job = json.loads(given["job"])
    (name,) = job["files"]
    job["files"] = {name: job["files"][name] + f"\nimport os\nos.mkdir({str(tmp_path / 'mine')!r})\n"}
    with pytest.raises(Suspicious):
        work(json.dumps({**given, "job": json.dumps(job)}), sweep.values, sweep.seeds)
    assert not (tmp_path / "mine").exists()


def test_a_worker_writes_no_file_outside_its_cache(tmp_path: Path, sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(tmp_path / "cache"))
    given = json.loads(order_of(sweep.job))
    job = json.loads(given["job"])
    (text,) = job["files"].values()
    job["plan"]["kernel"] = "../mine"
    job["files"] = {"../mine": text}
    with pytest.raises(Suspicious):
        work(json.dumps({**given, "job": json.dumps(job)}), sweep.values, sweep.seeds)
    assert not (tmp_path / "mine.py").exists()


REPLY = {"table": np.zeros((2, 1)), "failed": {}, "seconds": 0.1}


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ({**REPLY, "failed": {"2": "why"}}, "a worker answered with failures of the points [2], and it was given 2"),
        ({**REPLY, "failed": {"-1": "why"}}, "a worker answered with failures of the points [-1], and it was given 2"),
        ({**REPLY, "failed": {"first": "why"}}, "a worker answered with something that is no result: ValueError: "),
        ({**REPLY, "failed": ["why"]}, "a worker answered with something that is no result: AttributeError: "),
        ({**REPLY, "table": np.zeros((1, 2))}, "a worker answered with numbers of the shape (1, 2), not (2, 1)"),
        ({**REPLY, "table": "numbers"}, "a worker answered with something that is no result: ValueError: "),
        ({"table": np.zeros((2, 1))}, "a worker answered with something that is no result: KeyError: 'failed'"),
        (None, "a worker answered with something that is no result: TypeError: "),
        ({"error": "it is broken"}, "it is broken"),
    ],
)
def test_a_reply_that_is_none_is_told(reply: Any, told: str) -> None:
    with pytest.raises(NeuroError) as caught:
        finished(chunks.Chunk(np.arange(2), np.zeros((2, 1)), np.zeros(2, np.uint64)), reply, 1)
    (found,) = caught.value.report.found
    assert found.message.startswith(told)
    assert (found.rule.code, caught.value.exit_code) == ("F108", 4)


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("thread", "there is no executor `thread`", "did you mean `threads`?"),
        ("slurm", "there is no executor `slurm`", "it is one of `dask://HOST:PORT`, `processes`, `threads`"),
        ("", "there is no executor ``", "it is one of `dask://HOST:PORT`, `processes`, `threads`"),
        ("dask", "an executor `dask` takes an address, and `dask` is given", "write `dask://HOST:PORT`"),
        ("dask://", "an executor `dask` takes an address, and `dask://` is given", "write `dask://HOST:PORT`"),
        ("threads://4", "the executor `threads` takes no address, and `threads://4` is given", "write `threads`"),
        ("processes://", "the executor `processes` takes no address, and `processes://` is given", "write `processes`"),
    ],
)
def test_an_executor_that_there_is_not_is_told(text: str, message: str, help: str) -> None:
    with pytest.raises(NeuroError) as caught:
        workers_of(text)
    (found,) = caught.value.report.found
    assert (found.message, found.help, caught.value.exit_code) == (message, help, 2)


def test_an_error_in_one_thread_ends_the_others(sweep: Sweep, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    from neurodsl.sweep.executors import threads

    original, began = threads.run_points, threading.Semaphore(2)

    def failing(*arguments: Any, **options: Any) -> Any:
        if not began.acquire(blocking=False):
            raise RuntimeError("a defect")
        return original(*arguments, **options)

    monkeypatch.setattr(threads, "run_points", failing)
    with pytest.raises(RuntimeError, match="a defect"):
        run(sweep, workers_of("threads", 3))
