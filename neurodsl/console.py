"""What all commands share: findings on the terminal, arguments of the form NAME=VALUE, and how a command ends."""

from __future__ import annotations

import math
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import click

from neurodsl.diagnostics import Report, printable, render


class Stop(Exception):
    """Ends a command with an exit code after its messages were shown."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


def show_report(report: Report, stream: Any = None) -> None:
    """Print findings as text, in colour on a terminal that wants it."""
    target = stream or sys.stderr
    colour = target.isatty() and "NO_COLOR" not in os.environ
    for diagnostic in report.sorted():
        print(render(diagnostic, colour), file=target)


def pairs(option: str, values: Sequence[str]) -> dict[str, str]:
    """Return ``NAME=VALUE`` arguments as a mapping."""
    found: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip() or not text.strip():
            told = f'{option} takes NAME=VALUE, not `{value}`, for example {option} I=2.5 or {option} "g_L=0.2 [mS/cm^2]".'
            raise click.UsageError(printable(told))
        if name.strip() in found:
            raise click.UsageError(printable(f"{option} gives `{name.strip()}` twice."))
        found[name.strip()] = text.strip()
    return found


def names(text: str | None) -> list[str] | None:
    """Return the names of ``A,B``; a comma between the indices of ``W[0,2]`` is part of the name."""
    if text is None:
        return None
    found = [name.strip() for name in re.split(r",(?![^\[\]]*\])", text)]
    if not all(found):
        raise click.UsageError(printable(f"--record takes names with commas between them, not `{text}`, for example --record V,n."))
    return found


class Bar:
    """A progress bar on standard error, which appears on a terminal when the work takes longer than a second.

    It shows the fraction, of a run the time that the model has reached, and the time left.
    """

    def __init__(self, doing: str, hidden: bool) -> None:
        self.doing = doing
        self.hidden = hidden or not sys.stderr.isatty()
        self.shown: Any = None
        self.task: Any = None
        self.began: float | None = None
        self.reached: Callable[[float], str] = lambda done: ""

    def begin(self, duration: float, unit: str, copies: int | None) -> None:
        """Take how long a run is, in a unit, and of how many copies; theirs add up."""
        whole = duration * (copies or 1)
        if not whole > 0:
            return
        digits = max(0, 3 - math.floor(math.log10(whole)))
        of = f" of {whole:.12g}{'' if unit == '1' else f' {unit}'}{'' if copies is None else f' in {copies} copies'}"
        self.reached = lambda done: f"{done * whole:.{digits}f}{of}"

    def __call__(self, done: float) -> None:
        """Take the fraction that is done."""
        if self.hidden:
            return
        self.began = self.began if self.began is not None else time.monotonic()
        if self.shown is None and time.monotonic() - self.began > 1.0:
            progress = import_module("rich.progress")
            columns = [progress.TextColumn("{task.description}"), progress.BarColumn(), progress.TaskProgressColumn()]
            columns += [progress.TextColumn("{task.fields[reached]}", markup=False), progress.TimeRemainingColumn(), progress.TextColumn("left")]
            self.shown = progress.Progress(*columns, console=import_module("rich.console").Console(stderr=True), transient=True)
            self.task = self.shown.add_task(self.doing, total=1.0, completed=done, reached=self.reached(done))
            self.shown.start()
        if self.shown is not None:
            self.shown.update(self.task, completed=done, reached=self.reached(done))

    def close(self) -> None:
        """Remove the bar."""
        if self.shown is not None:
            self.shown.stop()
