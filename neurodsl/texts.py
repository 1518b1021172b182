"""The text of a model: a file, a shipped model by its name, standard input, or what another text imports."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath, PureWindowsPath

from neurodsl import resources, rules
from neurodsl.diagnostics import NeuroError, fail, nearest
from neurodsl.source import Source

LARGEST_FILE = 2**20
"""Bytes that a model file may have."""

MOST_FILES = 100
"""So many files, the first included, make up a text with its imports."""

FROM_FILE = re.compile(r'import[^;"\n]*"[^"\n]*"')
"""A statement that imports from a file."""
QUOTED = re.compile(r'"([^"\n]*)"')


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
            return read_shipped(name)
        beside = {path.stem: path.name for path in Path().glob("*.neuro")}
        near = nearest(name.removesuffix(".neuro"), [*shipped, *beside])
        near = beside.get(near or "", near)
        hint = f"did you mean `{near}`?" if near else "`neurodsl models` lists the shipped models"
        raise fail(rules.UNREADABLE, f"there is no file `{name}` and no shipped model of that name", help=hint)
    if file.is_dir():
        raise fail(rules.UNREADABLE, f"`{name}` is a directory", help="name a .neuro file in it")
    return _read(file, name)


def read_shipped(name: str) -> Source:
    """Return the text of a shipped model.

    Raises
    ------
    NeuroError
        N116 where there is none of that name.
    """
    shipped = resources.shipped_models()
    if name not in shipped:
        near = nearest(name, shipped)
        hint = f'did you mean `{near}`? for a file write `import {name} from "{name}.neuro"`'
        if near is None:
            hint = f'`neurodsl models` lists them; for a file write `import {name} from "{name}.neuro"`'
        raise fail(rules.NOT_IMPORTED, f"there is no shipped model `{name}`", help=hint)
    return _read(shipped[name], f"{name}.neuro")


def read_library(name: str) -> Source:
    """Return the text that a name stands for where it is imported: that of a shipped model, or of the one shipped file that holds such a synapse.

    Raises
    ------
    NeuroError
        N116 where there is none of that name, or more than one synapse.
    """
    shipped = resources.shipped_models()
    synapses = {} if name in shipped else resources.shipped_synapses()
    files = synapses.get(name, [])
    if len(files) == 1:
        return _read(files[0], files[0].name)
    if files:
        listed = ", ".join(f"`{path.stem}`" for path in files)
        raise fail(rules.NOT_IMPORTED, f"several shipped files hold a synapse `{name}`: {listed}", help="copy the one that is meant into this file")
    if name not in shipped and (near := nearest(name, [*shipped, *synapses])) in synapses:
        told = f"there is no shipped model or synapse `{name}`"
        raise fail(rules.NOT_IMPORTED, told, help=f'did you mean `{near}`? for a file write `import {name} from "{name}.neuro"`')
    return read_shipped(name)


def read_beside(source: Source, path: str) -> Source:
    """Return the text of a file that another one names, relative to its own folder.

    Raises
    ------
    NeuroError
        F104 where the path leads out of that folder, F101 where no plain file stands there, or it cannot be read.
    """
    name = os.path.normpath(os.path.join(os.path.dirname(source.name), path))
    file = _inside(source, path)
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise fail(rules.UNREADABLE, f"there is no file `{name}`", help=_meant(file, path)) from None
    except OSError as error:
        raise fail(rules.UNREADABLE, f"`{name[:80]}` cannot be read: {(error.strerror or str(error)).lower()}") from error
    if stat.S_ISDIR(mode):
        raise fail(rules.UNREADABLE, f"`{name}` is a directory", help="name a .neuro file in it")
    if not stat.S_ISREG(mode):
        raise fail(rules.UNREADABLE, f"`{name}` is no plain file", help="models are imported from plain files")
    return _read(file, name)


def _inside(source: Source, path: str) -> Path:
    """Return the file that a path names, which stands in the folder of a text or below."""
    if source.path is None:
        help = "save it as a file; a shipped model is imported without a path, as in `import lif`"
        raise fail(rules.IMPORT_PLACE, f"`{path}` is looked for beside the file that imports it, and this text is no file", help=help)
    written, help = PurePosixPath(path), f"paths are relative to `{source.name}`, and stay in its folder and those below"
    foreign = PureWindowsPath(path)
    if not path.strip() or written.is_absolute() or foreign.drive or foreign.root:
        what = "is an absolute path" if path.strip() else "is no path"
        raise fail(rules.IMPORT_PLACE, f"`{path}` {what}", help=help)
    depth = 0
    for part in written.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise fail(rules.IMPORT_PLACE, f"`{path}` leads out of the folder of `{source.name}`", help=help)
    file = source.path.parent / path
    home = os.path.realpath(source.path.parent)
    if not Path(os.path.realpath(file)).is_relative_to(home):
        raise fail(rules.IMPORT_PLACE, f"`{path}` leads, by a symbolic link, out of the folder of `{source.name}`", help=help)
    return file


def _meant(file: Path, path: str) -> str:
    """Return what was probably meant by a path at which there is no file."""
    if "\\" in path:
        return "folders are separated by `/`"
    if not file.parent.is_dir():
        return f"there is no folder `{PurePosixPath(path).parent}`"
    beside = {other.stem: other.name for other in sorted(file.parent.glob("*.neuro"))}
    near = nearest(file.name.removesuffix(".neuro"), beside)
    if near is not None:
        return f"did you mean `{PurePosixPath(path).with_name(beside[near])}`?"
    if file.stem in resources.shipped_models():
        return f"the shipped model is imported without a path: `import {file.stem}`"
    return "the path is relative to the file that imports"


def with_imports(source: Source) -> list[Source]:
    """Return a text and all those that it may import, itself first: what has to be the same for it to mean the same.

    The language is not asked. Each line with the word `import` counts, whatever it says, and what cannot be read is left out.
    """
    found = [source]
    seen = {_identity(source)}
    for text in found:
        for other in _mentioned(text):
            if _identity(other) not in seen and len(found) < MOST_FILES:
                seen.add(_identity(other))
                found.append(other)
    return found


def _mentioned(source: Source) -> Iterator[Source]:
    """Yield the texts that the lines of a text name which hold the word `import`."""
    lines = "\n".join(line for line in source.text.split("\n") if "import" in line)
    if not lines:
        return
    if source.path is not None:
        for path in dict.fromkeys(QUOTED.findall(lines)):
            # Whatever is quoted is looked at, so a missing file has to be told at once.
            if os.path.isfile(source.path.parent / path):
                with suppress(NeuroError):
                    yield read_beside(source, path)
    known = set(resources.shipped_models())
    for name in sorted(set(re.findall(r"\w+", lines)) & known):
        yield read_shipped(name)
    # The files of the library are looked into for synapses only where a name is neither that of one of them nor taken from a file.
    for name in sorted(set(re.findall(r"\w+", FROM_FILE.sub("", lines))) - known - {"import", "as"}):
        with suppress(NeuroError):
            yield read_library(name)


def _identity(source: Source) -> str:
    """Return what is the same for two texts that stand in the same file."""
    return source.name if source.path is None else os.path.realpath(source.path)


def _read(file: Path, name: str) -> Source:
    try:
        with file.open("rb") as stream:
            return source_of(stream.read(LARGEST_FILE + 1), name, file)
    except OSError as error:
        raise fail(rules.UNREADABLE, f"`{name}` cannot be read: {(error.strerror or str(error)).lower()}", exit_code=4) from error


def source_of(data: bytes, name: str, path: Path | None = None) -> Source:
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
    return Source(name, text.replace("\r\n", "\n"), path)
