"""Symbolic work ends when its time is up, in any thread."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Callable

import pytest

from neurodsl.lower.bounded import Exceeded, bounded


def endless() -> None:
    """Call functions for ever, and swallow every exception on the way."""
    while True:
        try:
            list(map(abs, (lambda: range(10))()))
        except Exception:
            continue


def in_another_thread(work: Callable[[], None]) -> str:
    found: list[str] = []

    def run() -> None:
        try:
            work()
        except Exceeded:
            found.append("exceeded")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    return found[0]


def test_what_ends_in_time_returns_its_value() -> None:
    assert bounded(1.0, lambda: 42) == 42


def test_endless_work_is_stopped() -> None:
    began = time.monotonic()
    with pytest.raises(Exceeded):
        bounded(0.05, endless)
    assert time.monotonic() - began < 2.0


def test_endless_work_is_stopped_in_another_thread() -> None:
    assert in_another_thread(lambda: bounded(0.05, endless)) == "exceeded"


def test_the_nearer_of_two_limits_counts() -> None:
    began = time.monotonic()
    with pytest.raises(Exceeded):
        bounded(0.05, lambda: bounded(60.0, endless))
    assert time.monotonic() - began < 2.0


def test_an_inner_limit_leaves_the_outer_one_in_force() -> None:
    def work() -> None:
        with pytest.raises(Exceeded):
            bounded(0.02, endless)
        endless()

    with pytest.raises(Exceeded):
        bounded(0.2, work)


def test_the_handler_of_the_signal_is_given_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    bounded(1.0, lambda: None)
    assert (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]) == (before, 0.0)


def test_too_deep_a_recursion_counts_as_exceeded() -> None:
    def deeper(n: int) -> int:
        return deeper(n + 1)

    with pytest.raises(Exceeded):
        bounded(5.0, lambda: deeper(0))


class Slow:
    """Its end takes a while."""

    def __del__(self) -> None:
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            list(map(abs, (lambda: range(10))()))


def with_a_slow_end() -> None:
    Slow()
    endless()


def test_a_limit_that_is_reached_where_python_drops_exceptions_still_counts() -> None:
    with pytest.raises(Exceeded):
        bounded(0.05, with_a_slow_end)
    assert in_another_thread(lambda: bounded(0.05, with_a_slow_end)) == "exceeded"


def test_time_that_is_up_while_the_collector_calls_back_is_told_after_that() -> None:
    heard: list[str] = []

    def slow(phase: str, info: dict[str, int]) -> None:
        try:
            time.sleep(0.2)
        except Exceeded:
            heard.append("inside")

    gc.callbacks.append(slow)
    try:
        with pytest.raises(Exceeded):
            bounded(0.05, lambda: (gc.collect(), endless()))
    finally:
        gc.callbacks.remove(slow)
    assert heard == []
