"""Chunks in processes of their own, which are started anew where one dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from neurodsl import __version__, resources, rules
from neurodsl.diagnostics import fail
from neurodsl.sweep.chunks import TRIES, Chunk, Finished
from neurodsl.sweep.executors.executor import Executor, Task
from neurodsl.sweep.executors.sharing import share
from neurodsl.sweep.frames import Arrays, receive, send
from neurodsl.sweep.work import finished, order_of

START = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("neurodsl", sys.argv[1], submodule_search_locations=[sys.argv[2]])
sys.modules["neurodsl"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["neurodsl"])
from neurodsl.sweep.serving import serve
serve()
"""
"""What a worker runs: this very package, wherever it stands, with the libraries that are installed."""
PATIENCE_SECONDS = 2.0
"""So long a worker may take to end when there is no more to do."""


class Died(Exception):
    """A worker process ended while it ran a chunk."""


class Worker:
    """A process that runs chunks, started when it gets its first, and again after it died."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.order = order_of(task.job)
        self.process: subprocess.Popen[bytes] | None = None
        self.messages: Any = None
        self.lock = Lock()

    def __call__(self, chunk: Chunk) -> Finished | None:
        """Run a chunk; None where the worker died over it, and somebody else is to try."""
        try:
            reply = self._ask(chunk)
        except Died as died:
            return None if self.task.halted.is_set() else self.task.chunks.died(chunk, str(died))
        return finished(chunk, reply, self.task.chunks.columns)

    def kill(self) -> None:
        """End the process at once, or see to it that it does not begin."""
        with self.lock:
            process = self.process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Let the process end."""
        if self.process is None:
            return
        with suppress(BrokenPipeError):
            self.process.stdin.close()  # type: ignore[union-attr]
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()  # type: ignore[union-attr]
        self.messages.close()
        self.process = None

    def _ask(self, chunk: Chunk) -> dict[str, Any]:
        process = self.process or self._start()
        head, arrays = self._exchange(process, {}, {"values": chunk.values, "seeds": chunk.seeds})
        return {**head, **arrays}

    def _start(self) -> subprocess.Popen[bytes]:
        """Start the process and give it its order.

        Raises
        ------
        NeuroError
            F108 where it does not come up, or is of another version.
        """
        for _ in range(TRIES):
            process = self._spawned()
            greeting = receive(process.stdout)  # type: ignore[arg-type]
            if greeting is not None:
                break
            reason = self._reason(process)
            if process.returncode >= 0:
                raise self._not_started(reason)
        else:
            raise self._not_started(reason)
        if greeting[0]["version"] != __version__:
            raise self._not_started(f"it is neurodsl {greeting[0]['version']}, and this is {__version__}")
        self._send(process, {"order": self.order}, {})
        return process

    def _spawned(self) -> subprocess.Popen[bytes]:
        package = Path(resources.__file__).parent
        command = [sys.executable, "-P", "-c", START, str(package / "__init__.py"), str(package)]
        with self.lock:
            if self.task.halted.is_set():
                raise Died
            self.messages = tempfile.TemporaryFile()  # noqa: SIM115
            # A session of its own: Ctrl-C reaches this process alone, which knows what to do.
            process = self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.messages, start_new_session=True
            )  # fmt: skip
        return process

    def _not_started(self, reason: str) -> Exception:
        if self.task.halted.is_set():
            return Died()
        return fail(rules.NO_WORKERS, f"a worker process cannot be started: {reason}", help="`--executor threads` needs none", exit_code=4)

    def _exchange(self, process: subprocess.Popen[bytes], head: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        self._send(process, head, arrays)
        reply = receive(process.stdout)  # type: ignore[arg-type]
        if reply is None:
            raise Died(f"its worker process died: {self._reason(process)}")
        return reply

    def _send(self, process: subprocess.Popen[bytes], head: dict[str, Any], arrays: Arrays) -> None:
        try:
            send(process.stdin, head, arrays)  # type: ignore[arg-type]
        except BrokenPipeError as error:
            raise Died(f"its worker process died: {self._reason(process)}") from error

    def _reason(self, process: subprocess.Popen[bytes]) -> str:
        """Return how a process ended, and put it away."""
        code = process.wait()
        self.messages.seek(0)
        last = self.messages.read().decode(errors="replace").strip().rpartition("\n")[2]
        self.close()
        if code < 0:
            return f"signal {-code} ({signal.Signals(-code).name})"
        return f"exit code {code}" + (f", `{last}`" if last else "")


class Processes(Executor):
    """Processes of this machine."""

    name = "processes"
    title = "processes of this machine"

    def run(self, task: Task) -> None:
        workers = [Worker(task) for _ in range(task.number)]

        def stop() -> None:
            for worker in workers:
                worker.kill()

        try:
            share(task, workers, stop)
        finally:
            for worker in workers:
                worker.close()


PROCESSES = Processes()
