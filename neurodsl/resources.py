"""Where the data that come with the package lie: models and templates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SYNAPSE = re.compile(r"^synapse[ \t]+(\w+)", re.MULTILINE)
"""The head of a synapse in a file."""
PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder ``models`` or ``templates``.

    In a checkout, where a ``pyproject.toml`` stands beside the package, it is beside the package too; installed, it is within.
    """
    top = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").is_file() else PACKAGE
    return top / name


def stamp() -> list[int]:
    """Return what changes when the compiler does: how many files it has and when the last of them was written."""
    written = [time for top in (PACKAGE, folder("templates")) for time in _written(os.fspath(top))]
    return [len(written), max(written)]


def _written(top: str) -> Iterator[int]:
    """Yield when each file of the compiler in a folder was written, in nanoseconds; it is asked for before every run."""
    with os.scandir(top) as entries:
        for entry in entries:
            if entry.name.endswith((".py", ".j2", ".lark")):
                yield entry.stat().st_mtime_ns
            elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                yield from _written(entry.path)


def shipped_models() -> dict[str, Path]:
    """Return the path of every model that comes with the package, by name, in alphabetical order."""
    return {path.stem: path for path in sorted(folder("models").rglob("*.neuro"), key=lambda path: path.stem)}


@cache
def shipped_synapses() -> dict[str, list[Path]]:
    """Return the files that hold a synapse, by its name: of several, those in the folder of synapses where there are any."""
    found: dict[str, list[Path]] = {}
    for path in shipped_models().values():
        for name in SYNAPSE.findall(path.read_text(encoding="utf-8")):
            found.setdefault(name, []).append(path)
    library = folder("models") / "synapses"
    return {name: [path for path in paths if path.parent == library] or paths for name, paths in sorted(found.items())}


def title(path: Path) -> str:
    """Return the title of a model file: the text of its first comment line, empty where it has none."""
    with path.open(encoding="utf-8") as file:
        first = file.readline().strip()
    return first.lstrip("# ").removeprefix(f"{path.name} - ") if first.startswith("#") else ""
