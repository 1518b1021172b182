"""What is installed is what stands in the checkout: as a wheel, as an sdist, and as a wheel made from that sdist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from architecture.imports import imports


def build(tree: Path, target: str, folder: Path) -> Path:
    """Build a distribution of a source tree without a network and return its file."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)], cwd=tree, capture_output=True, check=True)
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(root, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(root, "sdist", tmp_path_factory.mktemp("sdist"))


def contents(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel that belong to the package."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def checkout(root: Path) -> dict[str, bytes]:
    """Return the files that a wheel must hold, by their names in it."""
    files = {}
    for folder, inside, patterns in (
        ("neurodsl", "neurodsl", ("*.py", "*.lark", "py.typed")),
        ("models", "neurodsl/models", ("*",)),
        ("templates", "neurodsl/templates", ("*",)),
    ):
        for pattern in patterns:
            for path in (root / folder).rglob(pattern):
                if path.is_file() and "__pycache__" not in path.parts:
                    files[f"{inside}/{path.relative_to(root / folder).as_posix()}"] = path.read_bytes()
    return files


def test_the_wheel_holds_the_package_and_its_data_byte_for_byte(root: Path, wheel: Path) -> None:
    assert contents(wheel) == checkout(root)


def test_the_data_and_the_mark_of_types_are_among_what_is_compared(root: Path) -> None:
    suffixes = {Path(name).suffix for name in checkout(root)}
    assert {".py", ".lark", ".neuro", ".j2", ".typed"} <= suffixes


def test_the_wheel_names_the_command_the_version_and_the_license(root: Path, wheel: Path) -> None:
    version = re.search(r'^__version__ = "(.+)"$', (root / "neurodsl" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    info = f"neurodsl-{version[1]}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(f"{info}/entry_points.txt").decode().split("\n")[:2] == ["[console_scripts]", "neurodsl = neurodsl.cli:main"]
        assert archive.read(f"{info}/licenses/LICENSE") == (root / "LICENSE").read_bytes()
        assert "License-Expression: BSD-3-Clause" in archive.read(f"{info}/METADATA").decode().splitlines()


def test_the_sdist_makes_the_same_wheel_and_holds_the_tests(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            if content is not None:
                (tmp_path / "tree" / member.name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "tree" / member.name).write_bytes(content.read())
    (tree,) = (tmp_path / "tree").iterdir()
    assert contents(build(tree, "wheel", tmp_path / "wheel")) == contents(wheel)
    assert (tree / "tests" / "architecture" / "test_packaging.py").read_bytes() == Path(__file__).read_bytes()


def test_the_installed_wheel_finds_its_models(wheel: Path, root: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    code = "import neurodsl; print(neurodsl.__file__); from neurodsl.cli import main; main()"
    process = subprocess.run([sys.executable, "-c", code, "models"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    origin, *lines = process.stdout.splitlines()
    assert Path(origin) == tmp_path / "site" / "neurodsl" / "__init__.py"
    shipped = {path.stem for path in (root / "models").rglob("*.neuro")}
    assert shipped - {word for line in lines for word in line.split()} == set()


def test_every_library_that_the_package_imports_is_declared(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra, lines in project["optional-dependencies"].items() if extra != "test" for line in lines]
    needed, optional = ({re.split(r"[><=\[ ]", line)[0].lower() for line in lines} for lines in (project["dependencies"], extras))
    lines = [line for path in (root / "neurodsl").rglob("*.py") for line in imports(path.read_text(encoding="utf-8"))]
    everywhere, inside = ({line.module.split(".")[0] for line in lines if line.inside_function == lazy} for lazy in (False, True))
    unasked = {"llvmlite"}  # numba's own, in the version that it needs
    own = set(sys.stdlib_module_names) | {"neurodsl", ""} | unasked
    assert everywhere - own - needed == set()
    assert inside - own - needed - optional == set()
