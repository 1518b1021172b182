"""A file is written whole or not at all."""

import errno
import os
import stat
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest

from neurodsl.diagnostics import NeuroError
from neurodsl.files import require_writable, write_atomically

UNPRIVILEGED = pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")


def writes(data: bytes) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(data)

    return write


def breaks(error: BaseException) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    return write


def refused(act: Callable[[], None]) -> str:
    with pytest.raises(NeuroError) as caught:
        act()
    assert (caught.value.report.found[0].rule.code, caught.value.exit_code) == ("F102", 4)
    return caught.value.report.found[0].message


def test_a_file_is_written_with_the_permissions_that_the_user_gives_new_files(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", writes(b"new"))
    finally:
        os.umask(old)
    assert ((tmp_path / "a").read_bytes(), stat.S_IMODE((tmp_path / "a").stat().st_mode)) == (b"new", 0o640)
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o600)
    write_atomically(tmp_path / "a", writes(b"new"))
    assert ((tmp_path / "a").read_bytes(), stat.S_IMODE((tmp_path / "a").stat().st_mode)) == (b"new", 0o600)


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "a")
    write_atomically(tmp_path / "link", writes(b"new"))
    assert ((tmp_path / "deep" / "a").read_bytes(), (tmp_path / "link").is_symlink()) == (b"new", True)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("x"), MemoryError()])
def test_a_failure_half_way_leaves_what_stood_there_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(type(error)):
        write_atomically(tmp_path / "a", breaks(error))
    assert ((tmp_path / "a").read_bytes(), os.listdir(tmp_path)) == (b"old", ["a"])


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "input/output error"),
    ],
)
def test_a_disk_that_fails_is_told_in_a_plain_sentence(tmp_path: Path, number: int, reason: str) -> None:
    (tmp_path / "a").write_bytes(b"old")
    failing = breaks(OSError(number, os.strerror(number)))
    assert refused(lambda: write_atomically(tmp_path / "a", failing)) == f"cannot write `{tmp_path / 'a'}`: {reason}"
    assert ((tmp_path / "a").read_bytes(), os.listdir(tmp_path)) == (b"old", ["a"])


@pytest.mark.parametrize("act", [lambda path: write_atomically(path, writes(b"new")), require_writable], ids=["write", "require"])
def test_a_place_that_cannot_be_written_is_told_in_a_plain_sentence(tmp_path: Path, act: Callable[[Path], None]) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    expected = {
        tmp_path / "none" / "deep" / "a": f"there is no directory `{tmp_path / 'none'}`",
        tmp_path / "file" / "a": f"`{tmp_path / 'file'}` is not a directory",
        tmp_path: "it is a directory",
        tmp_path / (300 * "a"): "its name is too long",
        tmp_path / "loop": "its links lead in a circle",
        tmp_path / "a\0b": "its name holds a zero byte",
    }
    for path, reason in expected.items():
        assert refused(partial(act, path)) == f"cannot write `{path}`: {reason}"
    assert sorted(os.listdir(tmp_path)) == ["file", "loop"]


@UNPRIVILEGED
def test_a_protected_file_or_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o400)
    assert refused(lambda: write_atomically(tmp_path / "a", writes(b"new"))) == f"cannot write `{tmp_path / 'a'}`: permission denied"
    tmp_path.chmod(0o500)
    assert refused(lambda: require_writable(tmp_path / "b")) == f"cannot write `{tmp_path / 'b'}`: permission denied"
    tmp_path.chmod(0o700)


def test_asking_whether_a_place_can_be_written_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    require_writable(tmp_path / "a")
    require_writable(tmp_path / "b")
    assert ((tmp_path / "a").read_bytes(), os.listdir(tmp_path)) == (b"old", ["a"])


def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_atomically(tmp_path / "pipe", writes(b"new"))
    reader.join(timeout=10)
    assert (read, os.listdir(tmp_path)) == ([b"new"], ["pipe"])


def test_a_device_is_written_directly() -> None:
    before = os.stat("/dev/null")
    write_atomically(Path("/dev/null"), writes(b"new"))
    assert (os.stat("/dev/null").st_ino, stat.S_ISCHR(os.stat("/dev/null").st_mode)) == (before.st_ino, True)


def test_a_descriptor_that_was_sent_to_a_file_is_added_to(tmp_path: Path) -> None:
    with (tmp_path / "a").open("ab") as file:
        file.write(b"before ")
        file.flush()
        write_atomically(Path(f"/proc/self/fd/{file.fileno()}"), writes(b"new"))
    assert (tmp_path / "a").read_bytes() == b"before new"
