"""Who runs the chunks of a sweep: one file for each executor, found by scanning this package."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neurodsl import rules
from neurodsl.diagnostics import fail, nearest
from neurodsl.registry import collect
from neurodsl.sweep.executors.executor import Executor
from neurodsl.sweep.work import work

__all__ = ["Workers", "executors", "work", "workers_of"]


@dataclass(frozen=True)
class Workers:
    """Who is to run a sweep: an executor, how many threads or processes it may have, and where its workers are."""

    executor: Executor
    number: int = 1
    address: str = ""


@cache
def executors() -> Mapping[str, Executor]:
    """Return every executor by its name."""
    return collect(sys.modules[__name__], Executor, "neurodsl.executors")  # type: ignore[type-abstract]


def workers_of(text: str = "threads", number: int = 1) -> Workers:
    """Return who ``threads``, ``processes`` or ``dask://HOST:PORT`` stands for.

    Parameters
    ----------
    text : str
        The name of an executor, and behind ``://`` the place of its workers where it needs one.
    number : int
        How many threads or processes may run.

    Raises
    ------
    NeuroError
        V101 where there is no such executor, or its address is missing or not wanted.
    """
    name, slashes, address = text.partition("://")
    known = executors()
    if name not in known:
        near = nearest(name, known)
        ways = ", ".join(f"`{_spelled(executor)}`" for executor in known.values())
        help = f"did you mean `{_spelled(known[near])}`?" if near else f"it is one of {ways}"
        raise fail(rules.BAD_VALUE, f"there is no executor `{name}`", help=help)
    executor = known[name]
    if bool(address) != bool(executor.address) or bool(slashes) != bool(address):
        told = f"an executor `{name}` takes an address" if executor.address else f"the executor `{name}` takes no address"
        raise fail(rules.BAD_VALUE, f"{told}, and `{text}` is given", help=f"write `{_spelled(executor)}`")
    return Workers(executor, number, address)


def _spelled(executor: Executor) -> str:
    return f"{executor.name}://{executor.address}" if executor.address else executor.name
