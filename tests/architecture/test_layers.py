"""Imports go down only."""

from __future__ import annotations

from pathlib import Path

import pytest
from architecture.imports import imports, module_name

LAYERS = (
    ("source",),
    ("diagnostics",),
    ("npy", "rules"),
    ("arrays", "cache", "files", "findings", "manners", "plan", "progress", "registry", "resources", "streams", "typesetting", "units"),
    ("formulas", "kept", "options", "samples", "tables", "texts"),
    ("connectivity", "emitters", "measures", "network_plan", "spike_statistics"),
    ("model",),
    ("system",),
    ("network",),
    ("lang",),
    ("lower", "integrators"),
    ("codegen", "solution"),
    ("analysis", "exporters", "planning", "run"),
    ("given", "network_planning"),
    ("networking",),
    ("sweep",),
    ("checking", "explaining", "mathematics", "network_mathematics", "sweeping"),
    ("api", "plotting"),
    ("console", "report"),
    ("network_console",),
    ("commands",),
    ("cli",),
    ("__main__", "__init__"),
)
"""From the bottom to the top; those on one line are siblings, which do not see each other."""

RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

FORBIDDEN = {
    ("lang", "system"): "`check` and an editor are instant: the text is read without sympy",
}

LAZY = {
    "neurodsl": "`import neurodsl` costs nothing: the public names are loaded when they are asked for, in its `__getattr__`",
    "neurodsl.api": "a run that was compiled before loads neither the language nor the mathematics",
    "neurodsl.checking": "what was checked before is found again without the language and the mathematics",
    "neurodsl.explaining": "what is told of a plan that is known needs neither the language nor the mathematics",
    "neurodsl.networking": "a run of a network that was compiled before loads neither the language nor the mathematics",
    "neurodsl.network_console": "the command line draws and prints what a run returns, and loads no more of it than is asked for",
    "neurodsl.mathematics": "a run of a model never loads its analysis",
    "neurodsl.given": "samples need numpy, and most of what is given is no samples",
    "neurodsl.solution.result": "a result that nobody draws never loads matplotlib",
    "neurodsl.solution.writing": "the module of a format imports what all formats share",
    "neurodsl.solution.network": "a result that nobody draws or hands to another library loads neither matplotlib nor that library",
    "neurodsl.solution.network_writing": "the module of a format imports what all formats share",
    "neurodsl.cli": "a command line that answers `--help` at once cannot import its commands",
    "neurodsl.commands.analyze": "`--help` is answered without the mathematics, which is loaded when the command runs",
    "neurodsl.commands.check": "`--help` is answered without the language, which is loaded when the command runs",
    "neurodsl.commands.compile": "`--help` is answered without the language, which is loaded when the command runs",
    "neurodsl.commands.fmt": "`--help` is answered without the language, which is loaded when the command runs",
    "neurodsl.commands.show": "`--help` is answered without the language, which is loaded when the command runs",
    "neurodsl.commands.bifurcate": "`--help` is answered without the mathematics, which is loaded when the command runs",
    "neurodsl.codegen.kernel": "a run whose machine code is there never loads a compiler",
    "neurodsl.run.jobs": "a sweep of a model never loads what networks need",
    "neurodsl.sweep": "a sweep of a model never loads what networks need",
    "neurodsl.sweeping": "a run of a model never loads its sweeps",
    "neurodsl.commands.sweep": "`--help` is answered without the sweeps, which are loaded when the command runs",
    "neurodsl.commands.report": "`--help` is answered without the mathematics, which is loaded when the command runs",
    "neurodsl.commands.fi": "`--help` is answered without the mathematics, which is loaded when the command runs",
    "neurodsl.commands.lyapunov": "`--help` is answered without the mathematics, which is loaded when the command runs",
    "neurodsl.analysis.drawn": "what nobody draws never loads matplotlib",
    "neurodsl.analysis.portrait": "a film that nobody asks for never loads matplotlib",
    "neurodsl.commands.phase": "`--help` is answered without the mathematics, which is loaded when the command runs",
    "neurodsl.commands.prc": "`--help` is answered without the mathematics, which is loaded when the command runs",
}
"""The only modules that may import our own inside a function, each with its reason."""

UPWARD = {
    ("analysis", "plotting"): "a user types `m.phase_portrait().save(path)`; the method is a door to the room above and nothing more",
    ("solution", "plotting"): "a user types `r.plot()`; the method is a door to the room above and nothing more",
}
"""The only imports that go up, each inside a function and with its reason."""


def room(module: str) -> str:
    """Return the part of the house a module belongs to: ``lang`` of ``neurodsl.lang.parser``."""
    return module.split(".")[1] if "." in module else "__init__"


def target(module: str, name: str | None) -> str:
    """Return the room an import reaches into; ``from neurodsl import source`` reaches into ``source``."""
    if module == "neurodsl" and name is not None:
        return name if name in RANK else "__init__"
    return room(module)


def violations(package: Path) -> list[str]:
    """Return a sentence for each import that goes up, sideways, or hides in a function."""
    found = []
    for path in sorted(package.rglob("*.py")):
        module = module_name(path, package.parent)
        here = room(module)
        if here not in RANK:
            found.append(f"{module} has no place in LAYERS")
            continue
        for line in imports(path.read_text(encoding="utf-8")):
            place = f"{module}:{line.line}"
            if line.module.startswith("."):
                found.append(f"{place} imports relatively, `{line.module}`")
            if line.module.split(".")[0] != "neurodsl" or (line.module, line.name) == ("neurodsl", "__version__"):
                continue
            there = target(line.module, line.name)
            if line.inside_function and module not in LAZY:
                found.append(f"{place} imports {line.module} inside a function")
            if there not in RANK:
                found.append(f"{place} imports {there}, which has no place in LAYERS")
            elif (here, there) in FORBIDDEN:
                found.append(f"{place}: {here} must not import {there}: {FORBIDDEN[here, there]}")
            elif here != there and RANK[there] >= RANK[here] and not (line.inside_function and (here, there) in UPWARD):
                side = "beside" if RANK[here] == RANK[there] else "above"
                found.append(f"{place}: {here} must not import {there}, which stands {side} it")
    return found


def test_imports_go_down_only(root: Path) -> None:
    assert violations(root / "neurodsl") == []


def test_every_module_that_may_load_lazily_does_so(root: Path) -> None:
    lazy = set()
    for path in (root / "neurodsl").rglob("*.py"):
        if any(i.inside_function and i.module.split(".")[0] in ("neurodsl", "") for i in imports(path.read_text(encoding="utf-8"))):
            lazy.add(module_name(path, root))
    assert set(LAZY) - lazy == set()


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("units.py", "from neurodsl.model import Model", "neurodsl.units:1: units must not import model, which stands above it"),
        ("api.py", "import neurodsl.plotting", "neurodsl.api:1: api must not import plotting, which stands beside it"),
        ("api.py", "from neurodsl import plotting", "neurodsl.api:1: api must not import plotting, which stands beside it"),
        ("lang/scope.py", "import neurodsl.system", "neurodsl.lang.scope:1: lang must not import system: " + FORBIDDEN["lang", "system"]),
        ("run.py", "def f():\n    from neurodsl.source import Source", "neurodsl.run:2 imports neurodsl.source inside a function"),
        ("run.py", "def f():\n    import_module('neurodsl.source')", "neurodsl.run:2 imports neurodsl.source inside a function"),
        ("api.py", "from . import source", "neurodsl.api:1 imports relatively, `.`"),
        ("helpers.py", "", "neurodsl.helpers has no place in LAYERS"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, path: str, text: str, complaint: str) -> None:
    file = tmp_path / "neurodsl" / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert violations(tmp_path / "neurodsl") == [complaint]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("units.py", "if TYPE_CHECKING:\n    from neurodsl.model import Model"),
        ("lang/scope.py", "from neurodsl.lang.nodes import Number\nfrom neurodsl.model import Model"),
        ("codegen/kernel.py", "from neurodsl import __version__"),
    ],
)
def test_a_right_import_is_let_through(tmp_path: Path, path: str, text: str) -> None:
    file = tmp_path / "neurodsl" / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert violations(tmp_path / "neurodsl") == []
