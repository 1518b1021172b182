"""Families are found by scanning, shipped data by looking where they lie."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from neurodsl import resources
from neurodsl.registry import RegistryError, collect


@dataclass(frozen=True)
class Member:
    """What the families of these tests consist of."""

    name: str


MAKE = "import test_registry_members\n{} = test_registry_members.Member({!r})\n"


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> tuple[ModuleType, Path]:
    """An importable package without a module, and its folder."""
    members = ModuleType("test_registry_members")
    members.Member = Member  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "test_registry_members", members)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"family_of_{request.node.name.partition('[')[0]}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text("")
    (tmp_path / "offered.py").write_text(MAKE.format("GIFT", "gift") + "NUMBER = 1\n")
    monkeypatch.delitem(sys.modules, "offered", raising=False)
    return importlib.import_module(name), package


def offer(tmp_path: Path, target: str) -> None:
    """Write the metadata of a distribution with one entry point of the group ``members``."""
    info = tmp_path / "offering-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[members]\nany = {target}\n")


def test_members_are_found_in_every_module_and_sorted_by_name(family: tuple[ModuleType, Path]) -> None:
    package, path = family
    (path / "one.py").write_text(MAKE.format("B", "b") + MAKE.format("D", "d"))
    (path / "two.py").write_text(MAKE.format("A", "a") + "other = 'not a member'\n")
    assert list(collect(package, Member).items()) == [("a", Member("a")), ("b", Member("b")), ("d", Member("d"))]


def test_a_package_without_modules_has_no_members(family: tuple[ModuleType, Path]) -> None:
    assert collect(family[0], Member) == {}


def test_modules_below_a_subpackage_are_left_alone(family: tuple[ModuleType, Path]) -> None:
    package, path = family
    (path / "inner").mkdir()
    (path / "inner" / "__init__.py").write_text("raise RuntimeError")
    (path / "one.py").write_text(MAKE.format("B", "b"))
    assert list(collect(package, Member)) == ["b"]


def test_two_members_of_one_name_are_an_error_that_names_both_modules(family: tuple[ModuleType, Path]) -> None:
    package, path = family
    (path / "one.py").write_text(MAKE.format("B", "b"))
    (path / "two.py").write_text(MAKE.format("C", "b"))
    with pytest.raises(RegistryError) as caught:
        collect(package, Member)
    assert str(caught.value) == f"'b' stands in {package.__name__}.one and in {package.__name__}.two"


def test_a_member_that_another_module_imports_counts_once(family: tuple[ModuleType, Path]) -> None:
    package, path = family
    (path / "one.py").write_text(MAKE.format("B", "b"))
    (path / "two.py").write_text(f"from {package.__name__}.one import B\n")
    assert list(collect(package, Member)) == ["b"]


def test_members_of_other_distributions_join_through_entry_points(family: tuple[ModuleType, Path], tmp_path: Path) -> None:
    package, path = family
    (path / "one.py").write_text(MAKE.format("Z", "z"))
    offer(tmp_path, "offered:GIFT")
    assert list(collect(package, Member, "members")) == ["gift", "z"]


def test_entry_points_are_not_read_where_no_group_is_given(family: tuple[ModuleType, Path], tmp_path: Path) -> None:
    offer(tmp_path, "offered:GIFT")
    assert collect(family[0], Member) == {}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("offered:NUMBER", "the entry point 'offered:NUMBER' of 'members' is no Member"),
        ("offered:MISSING", "the entry point 'offered:MISSING' of 'members' cannot be loaded: module 'offered' has no attribute 'MISSING'"),
        ("nowhere:X", "the entry point 'nowhere:X' of 'members' cannot be loaded: No module named 'nowhere'"),
    ],
)
def test_an_entry_point_that_holds_no_member_is_an_error(family: tuple[ModuleType, Path], tmp_path: Path, target: str, message: str) -> None:
    offer(tmp_path, target)
    with pytest.raises(RegistryError) as caught:
        collect(family[0], Member, "members")
    assert str(caught.value) == message


def test_the_import_of_the_registry_leaves_metadata_alone(root: Path) -> None:
    code = "import sys, neurodsl.registry; print('importlib.metadata' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the installed package."""
    path = tmp_path / "neurodsl"
    path.mkdir()
    monkeypatch.setattr(resources, "PACKAGE", path)
    return path


def test_data_of_an_installed_package_lie_within_it(package: Path) -> None:
    assert resources.folder("templates") == package / "templates"


def test_data_of_a_checkout_lie_beside_the_package(package: Path) -> None:
    (package.parent / "pyproject.toml").write_text("")
    assert resources.folder("models") == package.parent / "models"


def test_shipped_models_are_found_by_name_in_alphabetical_order(package: Path) -> None:
    (package / "models" / "a").mkdir(parents=True)
    for name in ("z.neuro", "notes.txt", "a/m.neuro", "b.neuro"):
        (package / "models" / name).write_text("")
    expected = [("b", package / "models/b.neuro"), ("m", package / "models/a/m.neuro"), ("z", package / "models/z.neuro")]
    assert list(resources.shipped_models().items()) == expected


def test_no_two_shipped_models_have_one_name() -> None:
    files = list(resources.folder("models").rglob("*.neuro"))
    assert len(resources.shipped_models()) == len(files)
