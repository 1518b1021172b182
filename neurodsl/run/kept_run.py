"""What the checkpoint of a model and that of a network share: whose run they hold, and what is said of a file that cannot be used."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from numpy.typing import NDArray

from neurodsl import __version__, rules
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.solution.reading import DamageError, read_members

Expressions = Sequence[tuple[str, str, str]]
"""What changes a text: set, init or input; the name; the value."""
Made = TypeVar("Made")


class KeptRun:
    """A run that a file holds, abstract in what was run.

    Parameters
    ----------
    path : Path
    meta : mapping
        What the file says of its run.
    arrays : mapping
        The members of the file.
    name : str or None
        What was asked for by ``--model``.
    texts : tuple of str
        The digests of the text and of all that it imports.
    """

    what: ClassVar[str]
    """What was run: ``model`` or ``network``."""
    file: ClassVar[str]
    """What its text stands in."""

    def __init__(self, path: Path, meta: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], name: str | None, texts: tuple[str, ...]) -> None:
        self.path, self.arrays, self.name, self.texts = path, arrays, name, texts
        self.model, self.kernel, self.version = (str(meta[fact]) for fact in ("model", "kernel", "version"))

    def damaged(self, reason: str) -> NeuroError:
        """Return the error for a file that is no checkpoint, or not a whole one."""
        return not_a_checkpoint(self.path, reason)

    def other(self, told: str, help: str) -> NeuroError:
        """Return the error for what is not the run of the checkpoint."""
        return fail(rules.OTHER_RUN, f"`{self.path}` is a checkpoint of another run: {told}", help=help)

    def differs(self, name: str, known: Any, wanted: Any) -> NeuroError:
        """Return the error for an option that is given and is not that of the run."""
        return self.other(f"its `{name}` is {'none' if known is None else known}, not {wanted}", "the checkpoint holds all options; leave it out")

    def require_model(self, name: str | None, source: str, texts: Sequence[str]) -> None:
        """Raise F111 where the run was not that of this text."""
        if self.version != __version__:
            told = f"neurodsl {self.version} wrote it, and this is {__version__}"
            raise self.other(told, "go on with the version that began the run, or run from the beginning")
        if name is not None and name != self.name:
            raise self.other(f"its {self.what} is `{self.model}`, not `{name}`", "leave `--model` out")
        if tuple(texts) != self.texts:
            told = f"its {self.what} is `{self.model}`, and the text of `{source}` is not the one that the run began with"
            raise self.other(told, f"resume with the {self.file} as it was, or run from the beginning")

    def require_kernel(self, kernel: str) -> None:
        """Raise F111 where the equations come out differently now."""
        if kernel != self.kernel:
            raise self.other(f"the compiler writes other code for its {self.what} now", "go on with the installation that began the run")

    def require_expressions(self, given: Expressions, own: Expressions) -> None:
        """Raise F111 where something is given in place of what the text says, and the run had not that."""
        texts = {(name, text) for _, name, text in own}
        for _, name, text in given:
            if (name, text) not in texts:
                raise self.differs(name, next((known for other, known in texts if other == name), None) or "another", text or "given by an array")


def read_kept_run(path: Path, kind: str, made: Callable[[Path, Mapping[str, Any], Mapping[str, NDArray[Any]]], Made]) -> Made:
    """Return what is made of the checkpoint that a file holds; nothing in it is executed.

    Parameters
    ----------
    path : Path
    kind : str
        What the file has to say that it is.
    made : callable
        Makes it of the path, of what the file says of its run, and of its members.

    Raises
    ------
    NeuroError
        F101 where the file cannot be read, F110 where it is no checkpoint of this kind or is damaged.
    """
    try:
        arrays = read_members(path, path.stat().st_size)
        meta = json.loads(str(arrays.pop("meta", "null")))
        if not isinstance(meta, dict) or meta.get("kind") != kind:
            raise DamageError("it is something else")
        return made(path, meta, arrays)
    except FileNotFoundError as error:
        raise fail(rules.UNREADABLE, f"cannot read `{path}`: there is no such file") from error
    except (IsADirectoryError, PermissionError) as error:
        raise fail(rules.UNREADABLE, f"cannot read `{path}`: {(error.strerror or 'refused').lower()}") from error
    except zipfile.BadZipFile as error:
        raise not_a_checkpoint(path, "it is another kind of file, or is damaged") from error
    except DamageError as error:
        raise not_a_checkpoint(path, str(error)) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RuntimeError, ArithmeticError, zlib.error, MemoryError) as error:
        raise not_a_checkpoint(path, "its contents are damaged") from error


def not_a_checkpoint(path: Path, reason: str) -> NeuroError:
    """Return the error for a file that is no checkpoint."""
    return fail(rules.BAD_CHECKPOINT, f"`{path}` is no checkpoint of a run: {reason}", help="`neurodsl simulate MODEL --checkpoint FILE` writes one")
