"""The text of a model: a file, a shipped model by its name, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from neurodsl import resources, rules
from neurodsl.diagnostics import fail, nearest
from neurodsl.source import Source

LARGEST_FILE = 2**20
"""Bytes that a model file may have."""


def read_source(path: str | Path) -> Source:
    """Return the text of a model file, of a shipped model by its name, or of standard input for ``-``.

    Raises
    ------
    NeuroError
        F101 where it cannot be read.
    """
    name = str(path).encode("utf-8", "backslashreplace").decode()
    if name == "-":
        return source_of(b"" if sys.stdin is None else sys.stdin.buffer.read(LARGEST_FILE + 1), "<stdin>")
    file = Path(path)
    try:
        there = bool(str(path)) and file.exists()
    except OSError as error:
        raise fail(rules.UNREADABLE, f"`{name[:80]}` cannot be read: {(error.strerror or str(error)).lower()}") from error
    if not there:
        shipped = resources.shipped_models()
        if name in shipped:
            file, name = shipped[name], f"{name}.neuro"
        else:
            beside = {path.stem: path.name for path in Path().glob("*.neuro")}
            near = nearest(name.removesuffix(".neuro"), [*shipped, *beside])
            near = beside.get(near or "", near)
            hint = f"did you mean `{near}`?" if near else "`neurodsl models` lists the shipped models"
            raise fail(rules.UNREADABLE, f"there is no file `{name}` and no shipped model of that name", help=hint)
    if file.is_dir():
        raise fail(rules.UNREADABLE, f"`{name}` is a directory", help="name a .neuro file in it")
    try:
        with file.open("rb") as stream:
            return source_of(stream.read(LARGEST_FILE + 1), name)
    except OSError as error:
        raise fail(rules.UNREADABLE, f"`{name}` cannot be read: {(error.strerror or str(error)).lower()}", exit_code=4) from error


def source_of(data: bytes, name: str) -> Source:
    """Return the source of bytes of a file."""
    if len(data) > LARGEST_FILE:
        raise fail(
            rules.UNREADABLE, f"`{name}` is larger than {LARGEST_FILE // 1024} KiB", help="a model is a short text; data belong in files of their own"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail(
            rules.UNREADABLE, f"`{name}` is not a UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}", help="is it a binary file?"
        ) from error
    return Source(name, text.replace("\r\n", "\n"))
