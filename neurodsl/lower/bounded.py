"""Symbolic work within a time limit."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

AGAIN = 0.01
"""So many seconds later the alarm rings again where it could not be heard."""


class Exceeded(BaseException):
    """The time limit was reached; no ``except Exception`` on the way up takes it for a failure of its own."""


def bounded(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work()`` returns.

    Parameters
    ----------
    seconds : float
        The limit; within another bounded piece of work, the nearer of the two counts.
    work : callable

    Raises
    ------
    Exceeded
        When the work has taken longer, or needed more levels of recursion than there are.
    """
    alarm = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    try:
        with _alarm(seconds) if alarm else _watch(seconds):
            return work()
    except RecursionError as error:
        raise Exceeded from error


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Let a timer of the system interrupt the work; it costs nothing while it runs."""

    def ring(number: int, frame: FrameType | None) -> None:
        if _is_swallowed(frame):
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
            return
        raise Exceeded

    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    outer = signal.getitimer(signal.ITIMER_REAL)[0]
    signal.setitimer(signal.ITIMER_REAL, min(seconds, outer) if outer else seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - began), 1e-3) if outer else 0.0)
        signal.signal(signal.SIGALRM, handler)


@contextmanager
def _watch(seconds: float) -> Iterator[None]:
    """Look at the clock whenever a function is called: for other threads, and systems without such a timer."""
    deadline = time.monotonic() + seconds
    previous = sys.getprofile()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and time.monotonic() > deadline and not _is_swallowed(frame):
            sys.setprofile(previous)
            raise Exceeded

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(previous)


def _is_swallowed(frame: FrameType | None) -> bool:
    """Return whether Python would drop what is raised here: in a finaliser, where a weak reference tells of its end, or what the collector calls."""
    called = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        code = frame.f_code
        if code in called or code.co_name == "__del__" or code.co_filename.endswith(("weakref.py", "_weakrefset.py")):
            return True
        frame = frame.f_back
    return False
