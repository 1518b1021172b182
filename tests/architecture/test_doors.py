"""Heavy libraries have one door each, and what does not need them does not load them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from architecture.imports import imports, module_name

DOORS = {
    "lark": ("neurodsl.lang.parser",),
    "jinja2": ("neurodsl.codegen.render",),
    "numba": ("neurodsl.codegen.kernel", "neurodsl.codegen.meeting"),
    "llvmlite": ("neurodsl.codegen.machine", "neurodsl.codegen.meeting"),
    "matplotlib": ("neurodsl.plotting",),
    "sympy": (
        "neurodsl.system",
        "neurodsl.network",
        "neurodsl.network_planning",
        "neurodsl.lower",
        "neurodsl.codegen",
        "neurodsl.analysis",
        "neurodsl.exporters",
    ),
    "click": ("neurodsl.cli", "neurodsl.console", "neurodsl.commands"),
    "rich": ("neurodsl.console",),
}
"""A library and the modules, or packages, that may import it."""

ONLY_WHEN_CALLED = ("scipy", "rich")
"""Libraries that are imported inside the functions that need them: they are slow to load and rarely needed."""

LOADED_WITH_THEM = ("neurodsl.analysis",)
"""Packages that are themselves loaded only when they are asked for."""

HEAVY = ("jinja2", "lark", "matplotlib", "numba", "rich", "scipy", "sympy")


def trespasses(package: Path) -> list[str]:
    """Return a sentence for each import of a heavy library that does not go through its door."""
    found = []
    for path in sorted(package.rglob("*.py")):
        module = module_name(path, package.parent)
        for line in imports(path.read_text(encoding="utf-8")):
            library = line.module.split(".")[0]
            doors = DOORS.get(library)
            if doors is not None and not any(module == door or module.startswith(f"{door}.") for door in doors):
                found.append(f"{module}:{line.line} imports {library}; its door is {', '.join(doors)}")
            if library in ONLY_WHEN_CALLED and not line.inside_function and not module.startswith(LOADED_WITH_THEM):
                found.append(f"{module}:{line.line} imports {library} where it is loaded at once")
    return found


def loaded(code: str, *arguments: str) -> list[str]:
    """Run code in a fresh interpreter and return the libraries it loaded."""
    watched = (*HEAVY, "numpy")
    report = f"import json, sys; sys.stderr.write('\\n' + json.dumps([m for m in {watched!r} if m in sys.modules]))"
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit as end:\n    assert end.code in (0, None), end.code\n{report}"
    process = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return list(json.loads(process.stderr.splitlines()[-1]))


COMMAND_LINE = "from neurodsl.cli import main; main()"


def test_each_heavy_library_is_imported_behind_its_door_only(root: Path) -> None:
    assert trespasses(root / "neurodsl") == []


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("api.py", "import sympy", "neurodsl.api:1 imports sympy; its door is " + ", ".join(DOORS["sympy"])),
        (
            "codegen/pages.py",
            "from numba.core import types",
            "neurodsl.codegen.pages:1 imports numba; its door is neurodsl.codegen.kernel, neurodsl.codegen.meeting",
        ),
        ("lower/steady.py", "from scipy.optimize import brentq", "neurodsl.lower.steady:1 imports scipy where it is loaded at once"),
    ],
)
def test_a_library_that_does_not_come_through_its_door_is_found(tmp_path: Path, path: str, text: str, complaint: str) -> None:
    file = tmp_path / "neurodsl" / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert trespasses(tmp_path / "neurodsl") == [complaint]


def test_importing_the_package_loads_no_heavy_library() -> None:
    assert loaded("import neurodsl; neurodsl.__version__") == []


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("simulate", "--help")])
def test_help_and_version_load_no_heavy_library(arguments: tuple[str, ...]) -> None:
    assert loaded(COMMAND_LINE, *arguments) == []


def test_the_language_is_read_without_sympy_and_numba() -> None:
    code = (
        "import importlib, pkgutil, neurodsl.lang as package; "
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(package.__path__, 'neurodsl.lang.')]"
    )
    assert {"sympy", "numba", "scipy", "matplotlib", "jinja2"}.isdisjoint(loaded(code))


def test_a_second_simulation_of_a_model_loads_nothing_that_only_compiling_needs() -> None:
    loaded(COMMAND_LINE, "simulate", "lif", "--method", "euler")
    again = loaded(COMMAND_LINE, "simulate", "lif", "--method", "euler")
    assert {"sympy", "lark", "jinja2", "scipy", "matplotlib"}.isdisjoint(again)
