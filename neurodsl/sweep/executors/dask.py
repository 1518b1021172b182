"""Chunks on the workers of a scheduler of dask.distributed, which may be other machines."""

from __future__ import annotations

import logging
import re
import socket
import time
from contextlib import suppress
from importlib.util import find_spec
from threading import Thread
from typing import Any

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.sweep.chunks import Chunk
from neurodsl.sweep.executors.executor import LOOK_SECONDS, Executor, Task
from neurodsl.sweep.work import finished, order_of, work

ANSWER_SECONDS = 10.0
"""So long a scheduler may take to answer."""
WORKERLESS_SECONDS = 60.0
"""So long it may be without workers: those of a batch system come and go."""
COUNT_SECONDS = 1.0
"""So often it is asked for its workers."""
PORT = 8786
RETRIES = 2
PLACE = re.compile(r"([\w.-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?", re.ASCII)


class Dask(Executor):
    """The workers of a scheduler."""

    name = "dask"
    title = "the workers of a scheduler of dask.distributed"
    address = "HOST:PORT"

    def run(self, task: Task) -> None:
        client = connected(task.address)
        # It tells of a scheduler that is gone by tracebacks; the message that ends the sweep says so in a sentence.
        log = logging.getLogger("distributed.client")
        level = log.level
        log.setLevel(logging.CRITICAL)
        try:
            Dispatch(task, client).run()
        finally:
            with suppress(Exception):
                client.close(timeout=1)
            log.setLevel(level)


def connected(address: str) -> Any:
    """Return a client of a scheduler.

    Raises
    ------
    NeuroError
        F109 where the library is missing, V101 for an address that is none, F108 where no scheduler answers within `ANSWER_SECONDS`.
    """
    if find_spec("distributed") is None:
        told = "`distributed` is not installed, and `--executor dask://HOST:PORT` needs it"
        raise fail(rules.MISSING_EXTRA, told, help='`pip install "neurodsl[dask]"`', exit_code=4)
    place = PLACE.fullmatch(address)
    if place is None or int(place[2] or PORT) > 65535:
        raise fail(rules.BAD_VALUE, f"`{address}` is no address of a scheduler", help="write `dask://HOST:PORT`, as `dask://localhost:8786`")
    host, port = place[1].strip("[]"), int(place[2] or PORT)
    try:
        # A client of distributed's goes on trying where nobody listens.
        socket.create_connection((host, port), ANSWER_SECONDS).close()
    except OSError as error:
        raise _silent(address, (error.strerror or str(error)).lower()) from error
    found: list[Any] = []
    # Where something that is no scheduler listens, a client never comes back.
    trying = Thread(target=_connect, args=(f"tcp://{place[1]}:{port}", found), daemon=True)
    trying.start()
    trying.join(ANSWER_SECONDS)
    if not found:
        raise _silent(address, f"what listens there has not answered within {ANSWER_SECONDS:g} s")
    if isinstance(found[0], Exception):
        raise _silent(address, str(found[0])) from found[0]
    return found[0]


def _connect(address: str, found: list[Any]) -> None:
    from distributed import Client

    try:
        make: Any = Client
        found.append(make(address, timeout=ANSWER_SECONDS, set_as_default=False))
    except Exception as error:
        found.append(error)


def _silent(address: str, reason: str) -> Exception:
    told = f"no scheduler of dask.distributed answers at `{address}`: {reason}"
    return fail(rules.NO_WORKERS, told, help="start one with `dask scheduler` and workers with `dask worker HOST:PORT`", exit_code=4)


class Dispatch:
    """Keeps the workers of a scheduler busy with the chunks of a sweep."""

    def __init__(self, task: Task, client: Any) -> None:
        self.task, self.client = task, client
        self.order = order_of(task.job)
        self.running: dict[Any, Chunk] = {}
        self.threads = 0
        self.counted = float("-inf")
        self.seen = time.monotonic()

    def run(self) -> None:
        """Submit chunks and take what comes of them, until none is left; what a client has submitted ends with it."""
        while self._fill():
            for future in [future for future in self.running if future.done()]:
                self._take(future, self.running.pop(future))
            self.task.look()
            time.sleep(LOOK_SECONDS)

    def _fill(self) -> bool:
        """Submit as many chunks as keep all workers busy; return whether any are under way."""
        self._count()
        while len(self.running) < 2 * self.threads and (chunk := self.task.chunks.take()) is not None:
            future = self.client.submit(work, self.order, chunk.values, chunk.seeds, pure=False, retries=RETRIES)
            self.running[future] = chunk
        return bool(self.running) or self.task.chunks.left

    def _count(self) -> None:
        """Ask for the threads of the workers, now and then.

        Raises
        ------
        NeuroError
            F108 where the scheduler has gone, or has been without workers for long.
        """
        now = time.monotonic()
        if self.client.status != "running":
            raise self._gone("the connection was lost")
        if now - self.counted < COUNT_SECONDS:
            return
        self.counted = now
        try:
            self.threads = sum(self.client.nthreads().values())
        except (OSError, TimeoutError) as error:
            raise self._gone(str(error)) from error
        if self.threads:
            self.seen = now
            self.task.chunks.workers = self.threads
        elif now - self.seen > WORKERLESS_SECONDS:
            told = f"the scheduler at `{self.task.address}` has had no workers for {WORKERLESS_SECONDS:g} s"
            raise fail(rules.NO_WORKERS, told, help=f"start some: `dask worker {self.task.address}`", exit_code=4)

    def _take(self, future: Any, chunk: Chunk) -> None:
        """Take what came of a chunk; one whose workers died is handed out again.

        Raises
        ------
        NeuroError
            F108 where the scheduler has gone, or a worker cannot do what it is asked to.
        """
        from distributed import CancelledError, KilledWorker

        try:
            reply = future.result()
        except KilledWorker as error:
            lost = self.task.chunks.died(chunk, f"the workers that took it up died, at last `{error.last_worker.address}`")
            if lost is not None:
                self.task.done(lost)
            return
        except CancelledError as error:
            raise self._gone("the connection was lost") from error
        except (OSError, TimeoutError) as error:
            raise self._gone(str(error)) from error
        except Exception as error:
            # Whatever is wrong there: another version, a library that is missing, a disk that is full.
            told = f"a worker of `{self.task.address}` cannot run neurodsl: {type(error).__name__}: {error}"
            raise fail(rules.NO_WORKERS, told, help="install the same version of neurodsl where its workers run", exit_code=4) from error
        self.task.done(finished(chunk, reply, self.task.chunks.columns))

    def _gone(self, reason: str) -> Exception:
        told = f"the scheduler at `{self.task.address}` has gone away: {reason}"
        help = "the points that were finished are kept where `-o` was given: the same command goes on from there"
        return fail(rules.NO_WORKERS, told, help=help, exit_code=4)


DASK = Dask()
