"""Ctrl-C during a run whose state is kept or told: it waits until the piece is done that runs then."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Holds back the first Ctrl-C; the second one ends the run at once.

    Attributes
    ----------
    stopped : bool
        Ctrl-C came.
    """

    def __init__(self) -> None:
        self.stopped = False

    def let_through(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C has come: called between two pieces."""
        if self.stopped:
            raise KeyboardInterrupt

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Hold back the first Ctrl-C until the piece is done that runs then; the second one ends it at once."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            signal.signal(signal.SIGINT, before)
            self.stopped = True

        signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
