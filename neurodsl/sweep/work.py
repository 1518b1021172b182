"""A chunk that runs in another process or on another machine: plain data in, plain data out.

What a worker gets is the text of the job, the text of its kernel and numbers. It holds the kernel against the list of what generated code may
contain before it lets it run, as for any other kernel, and keeps it in its own cache, so that it is compiled once.
"""

from __future__ import annotations

import json
import re
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__, rules
from neurodsl.cache import open_cache
from neurodsl.codegen import kernel
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.run.jobs import is_network, job_of, run_points
from neurodsl.run.points import Outcome
from neurodsl.sweep.chunks import Chunk, Finished

if TYPE_CHECKING:
    from neurodsl.run.jobs import Job

Floats = NDArray[np.float64]

Reply = dict[str, Any]
"""What a worker says: ``table``, ``failed``, ``seconds``; or ``error`` and its ``code``, ``exit_code`` and ``help``."""


def order_of(job: Job) -> str:
    """Return as text all that a worker has to know of a sweep beside the numbers of its chunks."""
    return json.dumps({"version": __version__, "network": is_network(job), "job": job.to_json()})


def work(order: str, values: Floats, seeds: NDArray[np.uint64]) -> Reply:
    """Run points for another process.

    Parameters
    ----------
    order : str
        What `order_of` returned there.
    values : array of shape (points, varied)
    seeds : array of shape (points,)

    Returns
    -------
    dict
        ``table`` of shape (points, columns), ``failed`` with the reasons by the place of the point, and ``seconds``; or an ``error``.
    """
    try:
        job, folder = _opened(order)
        began = time.perf_counter()
        outcome = run_points(job, folder, values, seeds)
    except NeuroError as error:
        first = error.report.sorted()[0]
        return {"error": first.message, "code": first.rule.code, "help": first.help, "exit_code": error.exit_code}
    except MemoryError:
        told = "there is not enough memory for a chunk of the sweep"
        return {"error": told, "code": rules.TOO_MUCH_MEMORY.code, "help": None, "exit_code": 4}
    return {"table": outcome.table, "failed": dict(outcome.failed), "seconds": time.perf_counter() - began - outcome.compile_s}


@lru_cache(maxsize=4)
def _opened(order: str) -> tuple[Job, Path]:
    """Return the job of an order, and the private folder in which its kernel is kept."""
    given = json.loads(order)
    if given["version"] != __version__:
        told = f"a worker has neurodsl {__version__}, and the sweep was started by neurodsl {given['version']}"
        raise fail(rules.NO_WORKERS, told, help="install the same version for both", exit_code=4)
    job = job_of(given["job"], bool(given["network"]))
    for name in job.files:
        # A name becomes that of a file in the cache.
        if re.fullmatch(r"\w+", name, re.ASCII) is None:
            raise kernel.Suspicious(f"a file of the name {name!r}")
    return job, open_cache().folder


def finished(chunk: Chunk, reply: Reply, columns: int) -> Finished:
    """Return a chunk with what a worker said of it.

    Raises
    ------
    NeuroError
        What ended the run there; F108 where the reply is none.
    """
    if isinstance(reply, dict) and "error" in reply:
        rule = rules.all_rules().get(str(reply.get("code")), rules.NO_WORKERS)
        help, code = reply.get("help"), reply.get("exit_code")
        raise fail(rule, str(reply["error"]), help=None if help is None else str(help), exit_code=code if code in (2, 3, 4) else 4)
    try:
        table = np.asarray(reply["table"], dtype=np.float64)
        failed = {int(i): str(reason) for i, reason in reply["failed"].items()}
        seconds = float(reply["seconds"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _no_reply(f"something that is no result: {type(error).__name__}: {error}") from error
    if table.shape != (len(chunk), columns):
        raise _no_reply(f"numbers of the shape {table.shape}, not {(len(chunk), columns)}")
    if not all(0 <= i < len(chunk) for i in failed):
        raise _no_reply(f"failures of the points {sorted(failed)}, and it was given {len(chunk)}")
    return Finished(chunk, Outcome(table, failed, np.ones(len(chunk), np.bool_)), seconds)


def _no_reply(told: str) -> NeuroError:
    """Return F108 for a reply that is none."""
    return fail(rules.NO_WORKERS, f"a worker answered with {told}", help="install the same version of neurodsl where the workers run", exit_code=4)
