"""Symbolic work within a time limit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


class Exceeded(Exception):
    """The time limit was reached."""


def bounded(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work()`` returns.

    The limit is looked at whenever a function is called, in any thread and on any system; sympy calls one every microsecond.

    Raises
    ------
    Exceeded
        When the work has taken longer than ``seconds``, or needed more levels of recursion than there are.
    """
    deadline = time.monotonic() + seconds
    previous = sys.getprofile()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and time.monotonic() > deadline:
            sys.setprofile(previous)
            raise Exceeded

    sys.setprofile(watch)
    try:
        return work()
    except RecursionError as error:
        raise Exceeded from error
    finally:
        sys.setprofile(previous)
