"""The private folder in which plans and kernels are kept between runs.

A kernel is code, so its folder is a door: it has to belong to the user, nobody else may write to it, and nobody else may be able to put
another in its place, wherever on the path to it. Where that cannot be had, a temporary folder serves this process alone.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

VARIABLE = "NEURODSL_CACHE_DIR"
MOST_LINKS = 40
"""As many links as Linux follows on the way to a file."""


@dataclass(frozen=True)
class Cache:
    """A folder and, where it is a temporary one, the reason why."""

    folder: Path
    reason: str | None


def place() -> Path:
    """Return where the cache should be: ``NEURODSL_CACHE_DIR``, else ``neurodsl`` in the user's cache directory."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "neurodsl"


def open_cache() -> Cache:
    """Return the cache, made if need be, or a temporary folder that is removed at exit."""
    try:
        folder = place()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = unsafe(folder)
        if reason is None:
            return Cache(folder, None)
    except FileExistsError:
        reason = f"`{folder}` is no directory"
    except OSError as error:
        reason = f"`{folder}` cannot be made: {(error.strerror or str(error)).lower()}"
    except RuntimeError:
        reason = "the user has no home directory"
    return temporary_cache(reason)


def temporary_cache(reason: str) -> Cache:
    """Return a temporary folder that is removed at exit, with the reason why it serves."""
    # A run that has its cache, as nearly all have, does not load them.
    import shutil
    import tempfile

    temporary = Path(tempfile.mkdtemp(prefix="neurodsl-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return Cache(temporary, reason)


def unsafe(folder: Path) -> str | None:
    """Return why a folder cannot be trusted with code, or None where it can.

    Nobody but the user and root may be able to change it, nor to put something else in its place: what holds of the folder holds, less
    strictly, of every folder on the way to it, and of the links among them with all that they lead through.
    """
    status = folder.lstat()
    if stat.S_ISLNK(status.st_mode):
        return f"`{folder}` is a link"
    if not stat.S_ISDIR(status.st_mode):
        return f"`{folder}` is no directory"
    if hasattr(os, "getuid"):
        if status.st_uid != os.getuid():
            return f"`{folder}` belongs to somebody else"
        if status.st_mode & 0o022:
            return f"others may write to `{folder}`"
        for part in way_to(folder):
            reason = _unsafe_on_the_way(part)
            if reason is not None:
                return reason
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"`{folder}` is not writable"
    return None


def way_to(folder: Path) -> Iterator[Path]:
    """Yield the root, and every folder and link that the system goes through from there to a folder, as it meets them.

    Raises
    ------
    OSError
        Where something is missing on the way, or the links lead in a circle.
    """
    here = Path(folder.absolute().anchor)
    pending = [*reversed(folder.absolute().parts[1:])]
    links = 0
    yield here
    while pending:
        part = pending.pop()
        if part == "..":
            here = here.parent
            continue
        step = here / part
        yield step
        if not step.is_symlink():
            here = step
            continue
        links += 1
        if links > MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
        target = Path(os.readlink(step))
        if target.is_absolute():
            here = Path(target.anchor)
            yield here
        pending += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def _unsafe_on_the_way(path: Path) -> str | None:
    """Return why a folder or a link on the way to the cache can be replaced by somebody else, or None.

    In a folder with the sticky bit, such as ``/tmp``, only its owner moves what is there. A folder of the user's own group is the user's
    where each user has a group, and there home directories are often writable for it.
    """
    status = path.lstat()
    if status.st_uid not in (os.getuid(), 0):
        return f"`{path}` belongs to somebody else"
    if stat.S_ISLNK(status.st_mode) or status.st_mode & stat.S_ISVTX:
        return None
    shared = status.st_mode & stat.S_IWGRP and status.st_gid != os.getgid()
    return f"others may write to `{path}`" if shared or status.st_mode & stat.S_IWOTH else None


def private(data: bytes) -> Callable[[BinaryIO], None]:
    """Return what writes data to a file that nobody else may write, whatever the umask, so that it is trusted later."""

    def write(file: BinaryIO) -> None:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)

    return write


def sealed(text: str) -> bytes:
    """Return a text to be kept, behind its digest."""
    return f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}".encode()


def unsealed(data: bytes) -> str | None:
    """Return the text that was sealed, None where it is damaged."""
    digest, _, text = data.partition(b"\n")
    return text.decode() if hashlib.sha256(text).hexdigest().encode() == digest else None


def trusted(path: Path) -> bool:
    """Return whether a file in the cache is a plain file of ours that nobody else may write."""
    try:
        status = path.lstat()
    except OSError:
        return False
    owned = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return stat.S_ISREG(status.st_mode) and owned and not status.st_mode & 0o022
