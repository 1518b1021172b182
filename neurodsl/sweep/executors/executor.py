"""What an executor is: who takes the chunks of a sweep, and where they run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from neurodsl.sweep.chunks import Chunks, Done

if TYPE_CHECKING:
    from neurodsl.run.jobs import Job

LOOK_SECONDS = 0.05
"""So often an executor sees to progress, and to Ctrl-C."""


@dataclass(frozen=True)
class Task:
    """A sweep as its executor sees it.

    Attributes
    ----------
    job : Job
    folder : Path
        The cache, in which the kernel stands.
    chunks : Chunks
        What is left to run.
    number : int
        How many threads or processes are to run it.
    address : str
        Where its workers are, for an executor that asks for it.
    done : callable
        Takes what came of a chunk; from any thread.
    look : callable
        Shows progress; to be called in the thread that called ``run``, every `LOOK_SECONDS` or so.
    halted : Event
        Set where the rest is not to be run.
    """

    job: Job
    folder: Path
    chunks: Chunks
    number: int
    address: str
    done: Done
    look: Callable[[], None]
    halted: Event = field(default_factory=Event)


class Executor(ABC):
    """A way to run the chunks of a sweep.

    Attributes
    ----------
    name : str
        What a user asks for.
    title : str
        One line for tables and help.
    address : str
        An example of what has to follow the name and ``://``; empty where nothing may.
    """

    name: str
    title: str
    address: str = ""

    @abstractmethod
    def run(self, task: Task) -> None:
        """Run chunks until none is left, and hand what comes of each to ``task.done``.

        Where a KeyboardInterrupt or an error ends it, all workers have stopped when it leaves, and no more calls of ``done`` follow.

        Raises
        ------
        NeuroError
            Where the surroundings do not let it run (exit code 4).
        """
