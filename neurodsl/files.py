"""Writing a file whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from neurodsl.diagnostics import NeuroError, fail
from neurodsl.rules import UNWRITABLE

REASONS = {
    errno.EISDIR: "it is a directory",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than is allowed here",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "its links lead in a circle",
    errno.EPIPE: "its reader has gone away",
}


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that its name only ever stands for all of the data; see `write_atomically`."""

    def write(file: BinaryIO) -> None:
        file.write(data)

    write_atomically(path, write)


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file so that its name only ever stands for a complete one.

    What `write` writes goes into a temporary file in the same directory, which takes the name once it is complete and on the disk. On
    any failure the temporary file is removed and what stood there before is untouched. A device or a pipe is written directly.

    Parameters
    ----------
    path : Path
        The destination; a symbolic link is followed.
    write : callable
        Called once with the open binary file.

    Raises
    ------
    NeuroError
        F102 (exit code 4) where the surroundings do not let it be written.
    """
    try:
        if is_stream(path):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "wb") as stream:
                write(stream)
            return
    except OSError as error:
        raise unwritable(path, error) from error
    with replacing(path) as file:
        write(file)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside a destination, whose name it takes at the end; on any failure it is removed.

    Parameters
    ----------
    path : Path
        The destination, which is no device or pipe; a symbolic link is followed.

    Raises
    ------
    NeuroError
        F102 (exit code 4) where the surroundings do not let it be written.
    """
    try:
        target = path.resolve()
        mode = _existing_mode(target)
        temporary = target.with_name(f".neurodsl-{os.urandom(8).hex()}.part")
        try:
            with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), "w+b") as file:
                if mode is not None:
                    temporary.chmod(mode)
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def require_writable(path: Path) -> None:
    """Raise now what :func:`write_atomically` would raise for a destination later, and leave no trace.

    Raises
    ------
    NeuroError
        F102 (exit code 4).
    """
    try:
        if is_stream(path):
            return
        target = path.resolve()
        _existing_mode(target)
        temporary = target.with_name(f".neurodsl-{os.urandom(8).hex()}.part")
        try:
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def is_stream(path: Path) -> bool:
    """Return whether a destination is a device, a pipe or an open descriptor, which cannot be replaced by a rename."""
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "its name holds a zero byte")
    if path.absolute().parts[1:2] in (("dev",), ("proc",)):
        return path.exists()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _existing_mode(target: Path) -> int | None:
    """Return the permissions of the file that stands there, which its successor keeps, or None; refuse what may not be overwritten."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not target.exists():
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(target.stat().st_mode)


def unwritable(path: Path, error: OSError) -> NeuroError:
    """Return the error for a destination in a plain sentence."""
    reason = REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        missing = next((p for p in reversed((path.parent, *path.parent.parents)) if not p.is_dir()), path.parent)
        reason = f"`{missing}` is not a directory" if missing.exists() else f"there is no directory `{missing}`"
    return fail(UNWRITABLE, f"cannot write `{path}`: {reason}", exit_code=4)
