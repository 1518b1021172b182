"""What all commands share: findings on the terminal, arguments of the form NAME=VALUE, and how a command ends."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
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
