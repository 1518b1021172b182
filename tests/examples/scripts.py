"""The scripts of the folder of examples, as modules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py"))


def script(name: str) -> ModuleType:
    """Return a script of the examples by the start of its name."""
    (path,) = (FOLDER / f"{stem}.py" for stem in SCRIPTS if stem.startswith(name))
    module = f"examples_{path.stem}"
    if module not in sys.modules:
        spec = importlib.util.spec_from_file_location(module, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[module] = importlib.util.module_from_spec(spec)  # dataclasses look their module up there
        spec.loader.exec_module(sys.modules[module])
    return sys.modules[module]
