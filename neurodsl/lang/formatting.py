"""One layout for every text: what `neurodsl fmt` writes.

The words of the author stay as they are, parentheses, decimals and line ends among them; what stands between them is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from neurodsl import resources, rules
from neurodsl.diagnostics import NeuroError, Report, fail, printable
from neurodsl.files import write_bytes
from neurodsl.lang.blocks import statements
from neurodsl.lang.findings import Findings
from neurodsl.lang.parser import Parsed, parse_statements
from neurodsl.lang.spacing import Word, words
from neurodsl.lang.tree import Token
from neurodsl.source import Source, Span
from neurodsl.texts import read_source

INDENT = 4
TAB = 8
CLOSING = frozenset(("close", "element"))
OPENING = frozenset(("open", "index"))
BARE_COMMENT = re.compile(r"\A#(?=[^\s#!])")
"""The sign of a comment whose text follows without a space; `##` and `#!` are left alone."""


@dataclass(slots=True)
class Row:
    """A line that is not blank: its tokens, its comment, the column in which it starts, and whether a blank line stands above it."""

    tokens: list[Token]
    comment: str
    column: int
    blank: bool
    words: list[Word] = field(default_factory=list)

    def text(self, indent: int) -> str:
        """Return the line as it is written."""
        code = "".join(f"{' ' if word.space and i else ''}{word.text}" for i, word in enumerate(self.words))
        return " " * indent + "  ".join(part for part in (code, self.comment) if part)


@dataclass(frozen=True)
class Formatted:
    """A text before and after; ``changed`` where its file would be another, by its line ends or a byte order mark too."""

    name: str
    before: str
    after: str
    changed: bool

    @property
    def diff(self) -> str:
        """Return what changes, as `diff -u` writes it."""
        name = printable(self.name)
        before, after = self.before.removesuffix("\n").split("\n"), self.after.removesuffix("\n").split("\n")
        told = "".join(f"{line}\n" for line in unified_diff(before, after, name, f"{name} formatted", lineterm=""))
        return told or f"{name}: only its line ends, or the mark at its beginning\n"


def format_file(path: str, write: bool) -> Formatted:
    """Return the text of a file, or of standard input for ``-``, in the layout of the language, and write it where it is another.

    Raises
    ------
    NeuroError
        Where it cannot be read (exit code 2) or written (4); the file is as it was.
    """
    file = Path(path)
    if path != "-" and path in resources.shipped_models() and not file.exists():
        told = f"there is no file `{path}`, and the shipped model of that name is not yours to format"
        raise fail(rules.UNREADABLE, told, help=f"name your own file, such as `{path}.neuro`")
    source, report = read_source(path), Report()
    if path != "-" and not file.is_file():
        raise fail(rules.UNREADABLE, f"`{source.name}` is no plain file", help="`neurodsl fmt -` reads standard input and prints the text")
    after = format_text(source, report)
    if after is None:
        raise NeuroError(report)
    changed = after != source.text if path == "-" else after.encode() != file.read_bytes()
    if changed and write and path != "-":
        write_bytes(file, after.encode())
    return Formatted(source.name, source.text, after, changed)


def format_text(source: Source, report: Report) -> str | None:
    """Return a text in the layout of the language, None where it cannot be read.

    Parameters
    ----------
    source : Source
        The text.
    report : Report
        Takes what keeps it from being read; names, units and the like are not looked at.

    Raises
    ------
    RuntimeError
        Where the text would not mean the same any more, which is a defect.
    """
    parsed = _parsed(source, report)
    if parsed is None:
        return None
    text = "".join(f"{line}\n" for line in _lines(list(_rows(parsed.tokens, source.text))))
    again = _parsed(Source(source.name, text), Report())
    if again is None or _meaning(again.trees) != _meaning(parsed.trees):
        raise RuntimeError(f"the formatted text of {source.name} does not mean the same")
    return text


def _parsed(source: Source, report: Report) -> Parsed | None:
    found = Findings()
    parsed = parse_statements(source, statements(), found)
    report.found += found.found
    return parsed if found.ok else None


def _meaning(tree: Any) -> Any:
    """Return a tree without its places."""
    if isinstance(tree, tuple | list):
        return [_meaning(part) for part in tree]
    if isinstance(tree, Span) or not is_dataclass(tree):
        return None if isinstance(tree, Span) else tree
    return [type(tree), *(_meaning(getattr(tree, f.name)) for f in fields(tree))]


def _rows(tokens: Sequence[Token], text: str) -> Iterator[Row]:
    """Yield the lines of a text that are not blank."""
    held: list[Token] = []
    blank, end = False, 0
    for token in [*tokens, None]:
        if token is not None and token.type != "NEWLINE":
            held.append(token)
            end = token.span.stop
            continue
        comment = text[end : token.span.start if token is not None else len(text)].lstrip(" \t\ufeff").rstrip()
        if held or comment:
            start = held[0].span.start if held else text.index("#", end)
            indent = text[text.rfind("\n", 0, start) + 1 : start].removeprefix("\ufeff")
            yield Row(held, BARE_COMMENT.sub("# ", comment), len(indent.expandtabs(TAB)), blank)
            held, blank = [], False
        if token is not None:
            blank = blank or token.text.count("\n") > 1
            end = token.span.stop


def _lines(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the formatted text."""
    written: list[str] = []
    levels, comments = [0], list[Row]()
    opener = True
    for line in _logical(rows):
        if not line[0].tokens:
            comments += line
            continue
        outer, levels = levels, _levels(levels, line[0].column)
        depths = [_depth(comment.column, outer, len(levels) - 1) for comment in comments]
        found = words([token for row in line for token in row.tokens])
        indents = [INDENT * depth for depth in depths] + _indents(line, found, INDENT * (len(levels) - 1))
        for row, indent in zip([*comments, *line], indents, strict=True):
            written += ["", row.text(indent)] if row.blank and not opener else [row.text(indent)]
            opener = False
        opener, comments = found[-1].kind == "colon", []
    for row in comments:
        indent = INDENT * _depth(row.column, levels, 0)
        written += ["", row.text(indent)] if row.blank and written else [row.text(indent)]
    return written


def _logical(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield rows together that make one line, because a parenthesis is open between them; comments by themselves."""
    line, depth = list[Row](), 0
    for row in rows:
        line.append(row)
        depth += sum((token.text in ("(", "[")) - (token.text in (")", "]")) for token in row.tokens)
        if depth <= 0:
            yield line
            line = []


def _levels(levels: Sequence[int], column: int) -> list[int]:
    """Return the columns of the open blocks at a line, given those at the line before it."""
    outer = [level for level in levels if level <= column]
    return outer if column in outer else [*outer, column]


def _depth(column: int, levels: Sequence[int], least: int) -> int:
    """Return the block that a comment belongs to: of those that end there the innermost that starts no deeper."""
    return max((depth for depth, level in enumerate(levels) if depth >= least and level <= column), default=least)


def _indents(line: Sequence[Row], found: Sequence[Word], base: int) -> list[int]:
    """Give the rows of a logical line their words, and return how far each is indented."""
    starts = {token.span.start: row for row in line for token in row.tokens}
    for word in found:
        starts[word.start].words.append(word)
    indents: list[int] = []
    opened: list[int] = []
    for row in line:
        closing = next((i for i, word in enumerate(row.words) if word.kind not in CLOSING), len(row.words))
        indents.append(opened[-closing] if closing else opened[-1] + INDENT if opened else base)
        for word in row.words:
            if word.kind in OPENING:
                opened.append(indents[-1])
            elif word.kind in CLOSING:
                opened.pop()
    return indents
