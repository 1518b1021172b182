"""Whatever state the cache is in, a model runs; only a private folder is used, and damage is a miss."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.conftest import Command

from neurodsl import cache, rules
from neurodsl.codegen import kernel
from neurodsl.diagnostics import fail


@pytest.fixture
def kept(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test keeps its cache, which does not exist yet."""
    folder = tmp_path_factory.mktemp("kept") / "neurodsl"
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(folder))
    return folder


def final(command: Command) -> tuple[int, str, str]:
    """Run a model; return the exit code, its final state and the notes."""
    ended = command("simulate", "cell.neuro", "--method", "euler", "--dt", "0.1")
    return ended.code, "".join(line for line in ended.out.splitlines() if "final" in line), ended.err


EXPECTED = "  final   V = -55.7254 mV"
"""-65 + 20*(1 - 0.99^62): 62 steps after the reset at 13.8 ms."""


def world_writable(folder: Path) -> str:
    folder.mkdir()
    folder.chmod(0o777)
    return "others may write to"


def link(folder: Path) -> str:
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to(folder.parent / "elsewhere")
    return "is a link"


def file(folder: Path) -> str:
    folder.touch()
    return "is no directory"


def foreign(folder: Path) -> str:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    return "belongs to somebody else"


def below_a_file(folder: Path) -> str:
    folder.parent.joinpath("file").touch()
    os.environ["NEURODSL_CACHE_DIR"] = str(folder.parent / "file" / "cache")
    return "cannot be made: not a directory"


@pytest.mark.parametrize("prepare", [world_writable, link, file, foreign, below_a_file], ids=lambda prepare: prepare.__name__)
def test_a_folder_that_cannot_be_trusted_is_left_alone_and_the_model_runs_with_a_note(command: Command, kept: Path, prepare: object) -> None:
    assert callable(prepare)
    reason = prepare(kept)
    code, told, notes = final(command)
    assert (code, told, notes.count("note[F301]"), reason in notes) == (0, EXPECTED, 1, True), notes
    assert (list(kept.iterdir()) if kept.is_dir() else []) == []


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(command: Command, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = kernel.store

    def full(folder: Path, name: str, text: str) -> Path:
        if folder == kept:
            raise fail(rules.UNWRITABLE, "the disk quota is used up", exit_code=4)
        return store(folder, name, text)

    monkeypatch.setattr(kernel, "store", full)
    code, told, notes = final(command)
    assert (code, told, "note[F301]" in notes, "the disk quota is used up" in notes) == (0, EXPECTED, True, True)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scramble(path: Path) -> None:
    path.write_bytes(bytes(255 - byte for byte in path.read_bytes()))


def open_to_all(path: Path) -> None:
    path.chmod(0o666)


def remove(path: Path) -> None:
    path.unlink()


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [truncate, empty, scramble, open_to_all, remove, replace_by_a_folder], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("suffix", [".plan", ".py", ".findings"])
def test_a_damaged_file_in_the_cache_is_a_miss(command: Command, kept: Path, suffix: str, damage: object) -> None:
    assert callable(damage)
    assert (command("check", "cell.neuro").code, final(command)[:2]) == (0, (0, EXPECTED))
    (path,) = kept.glob(f"*{suffix}")
    damage(path)
    assert (command("check", "cell.neuro").out, final(command)[:2]) == ("cell.neuro: ok\n", (0, EXPECTED))
    assert final(command)[:2] == (0, EXPECTED)


@pytest.fixture
def lax_umask() -> Iterator[None]:
    """What many distributions set: the user's group may write."""
    before = os.umask(0o002)
    yield
    os.umask(before)


@pytest.mark.usefixtures("lax_umask")
def test_what_is_kept_is_private_whatever_the_umask(command: Command, kept: Path) -> None:
    command("check", "cell.neuro")
    assert final(command)[:2] == (0, EXPECTED)
    assert (cache.unsafe(kept), kept.stat().st_mode & 0o777) == (None, 0o700)
    assert {path.suffix: cache.trusted(path) for path in kept.iterdir() if path.is_file()} == {".plan": True, ".py": True, ".findings": True}


def test_the_place_of_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NEURODSL_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    places = [cache.place()]
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    places.append(cache.place())
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    places.append(cache.place())
    assert places == [tmp_path / ".cache/neurodsl", tmp_path / ".cache/neurodsl", Path("/x/neurodsl")]


def test_a_user_without_a_home_runs_models_too(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NEURODSL_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    code, told, notes = final(command)
    assert (code, told, "the user has no home directory" in notes) == (0, EXPECTED, True)
