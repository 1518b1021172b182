"""A folder serves as the cache only where nobody but the user and root can change it or put another in its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from neurodsl.cache import open_cache, unsafe, way_to

SOMEBODY = 12345

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="the owners of files are a matter of POSIX")
as_root = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="only root can give a folder away")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache three folders below one that is ours."""
    folder = tmp_path / "home" / ".cache" / "neurodsl"
    folder.mkdir(mode=0o700, parents=True)
    for part in (tmp_path / "home", tmp_path / "home" / ".cache"):
        part.chmod(0o755)
    return folder


def give_away(path: Path) -> None:
    os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)


def test_a_private_folder_below_a_sticky_one_is_safe(cache: Path) -> None:
    assert unsafe(cache) is None


@pytest.mark.parametrize("above", [0, 1])
@pytest.mark.parametrize(("mode", "safe"), [(0o755, True), (0o700, True), (0o757, False), (0o777, False), (0o1777, True), (0o2755, True)])
def test_a_folder_on_the_way_that_others_may_write_to_is_refused_unless_it_is_sticky(cache: Path, above: int, mode: int, safe: bool) -> None:
    folder = cache.parents[above]
    folder.chmod(mode)
    assert unsafe(cache) == (None if safe else f"others may write to `{folder}`")


@pytest.mark.parametrize(("difference", "safe"), [(0, True), (1, False)])
def test_a_folder_that_a_group_may_write_to_is_accepted_for_the_users_own_group_alone(
    cache: Path, difference: int, safe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = cache.parents[1]
    home.chmod(0o775)
    group = home.stat().st_gid + difference
    monkeypatch.setattr(os, "getgid", lambda: group)
    assert unsafe(cache) == (None if safe else f"others may write to `{home}`")


def test_the_cache_itself_is_for_no_group(cache: Path) -> None:
    cache.chmod(0o770)
    assert unsafe(cache) == f"others may write to `{cache}`"


@as_root
@pytest.mark.parametrize("above", [0, 1])
def test_a_folder_on_the_way_that_belongs_to_somebody_else_is_refused(cache: Path, above: int) -> None:
    folder = cache.parents[above]
    give_away(folder)
    assert unsafe(cache) == f"`{folder}` belongs to somebody else"


@as_root
def test_the_cache_of_somebody_else_is_refused_even_below_folders_of_ours(cache: Path) -> None:
    give_away(cache)
    assert unsafe(cache) == f"`{cache}` belongs to somebody else"


def relative(link: Path, target: Path) -> str:
    return os.path.relpath(target, link.parent)


@pytest.mark.parametrize("spelt", [lambda link, target: str(target), relative], ids=["absolute", "relative"])
def test_a_link_of_ours_on_the_way_is_followed(cache: Path, tmp_path: Path, spelt: Callable[[Path, Path], str]) -> None:
    link = tmp_path / "moved"
    link.symlink_to(spelt(link, cache.parents[1]))
    through = link / ".cache" / "neurodsl"
    assert (unsafe(through), unsafe(link / ".cache" / ".." / ".cache" / "neurodsl")) == (None, None)
    cache.parent.chmod(0o777)
    assert unsafe(through) == f"others may write to `{cache.parent}`"


@as_root
def test_a_link_of_somebody_elses_is_refused_wherever_it_leads(cache: Path, tmp_path: Path) -> None:
    link = tmp_path / "moved"
    link.symlink_to(cache.parents[1])
    give_away(link)
    assert unsafe(link / ".cache" / "neurodsl") == f"`{link}` belongs to somebody else"


@as_root
def test_a_link_that_leads_through_a_link_of_somebody_elses_is_refused(cache: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    foreign, ours = shared / "foreign", tmp_path / "ours"
    foreign.symlink_to(cache.parents[1])
    ours.symlink_to(foreign)
    give_away(foreign)
    assert unsafe(ours / ".cache" / "neurodsl") == f"`{foreign}` belongs to somebody else"


def test_a_link_in_a_folder_that_others_may_write_to_is_refused(cache: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "link").symlink_to(cache.parents[1])
    assert unsafe(shared / "link" / ".cache" / "neurodsl") == f"others may write to `{shared}`"


def test_the_cache_itself_is_no_link(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(cache)
    assert unsafe(tmp_path / "link") == f"`{tmp_path / 'link'}` is a link"


def test_links_in_a_circle_end_in_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        list(way_to(tmp_path / "a" / "c"))


def test_the_way_starts_at_the_root_and_holds_links_and_what_they_lead_to(tmp_path: Path) -> None:
    physical = tmp_path.resolve()
    (physical / "target").mkdir()
    (physical / "link").symlink_to("target")
    (physical / "target" / "end").mkdir()
    found = list(way_to(physical / "link" / "end"))
    assert found == [*reversed(physical.parents), physical, physical / "link", physical / "target", physical / "target" / "end"]


def test_a_relative_folder_is_judged_from_the_root_on(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cache.parent)
    cache.parent.chmod(0o777)
    assert unsafe(Path("neurodsl")) == f"others may write to `{cache.parent}`"


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_a_cache_below_a_folder_open_to_all_is_replaced_by_a_temporary_one(cache: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(cache / "new" / "kept"))
    cache.chmod(mode)
    opened = open_cache()
    expected = (True, None) if mode == 0o755 else (False, f"others may write to `{cache}`")
    assert ((opened.folder == cache / "new" / "kept"), opened.reason) == expected


def test_a_home_made_under_a_lax_umask_keeps_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(tmp_path / "home" / ".cache" / "neurodsl"))
    before = os.umask(0o002)
    try:
        opened = open_cache()
    finally:
        os.umask(before)
    assert (opened.reason, opened.folder.parent.stat().st_mode & 0o777, opened.folder.stat().st_mode & 0o777) == (None, 0o775, 0o700)
