"""The text an author wrote, and places in it."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Source:
    r"""A text with the name it is reported under.

    Parameters
    ----------
    name : str
        The path as the user typed it, or a name in angle brackets such as ``<stdin>``.
    text : str
        The whole text, with ``\n`` line ends.
    path : Path or None
        The file it was read from; None for a text that stands in no folder.
    """

    name: str
    text: str = field(repr=False)
    path: Path | None = field(default=None, repr=False, compare=False)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Return the offset at which each line starts."""
        return (0, *(i + 1 for i, char in enumerate(self.text) if char == "\n"))

    def line(self, number: int) -> str:
        """Return a line, counted from 1, without its line end."""
        start = self.starts[number - 1]
        stop = self.text.find("\n", start)
        return self.text[start:] if stop < 0 else self.text[start:stop]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, both counted from 1, of an offset."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source: offsets ``start`` (included) to ``stop`` (excluded)."""

    source: Source = field(repr=False, compare=False)
    start: int
    stop: int

    @property
    def line(self) -> int:
        """Return the line on which the span starts, counted from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Return the column at which the span starts, counted from 1."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """Return the text the span covers."""
        return self.source.text[self.start : self.stop]

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def to(self, other: Span) -> Span:
        """Return the span that reaches from the start of this one to the end of another."""
        return Span(self.source, min(self.start, other.start), max(self.stop, other.stop))
