"""Generated files as running code: the one place that lets numba in.

A file is held against a list of what generated code may contain before it is loaded. With numba its step loop is compiled, and the
machine code is kept beside it; without, the same text runs as plain Python over numpy's functions, which is slow and needs no compiler.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from neurodsl.cache import private, trusted
from neurodsl.codegen import machine
from neurodsl.diagnostics import NeuroError
from neurodsl.files import write_atomically

DISABLE = "NUMBA_DISABLE_JIT"
"""The environment variable of numba's that asks for plain Python."""
FORBIDDEN_NODES = (
    ast.Lambda, ast.ClassDef, ast.AsyncFunctionDef, ast.Await, ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal, ast.Delete, ast.With, ast.Try,
    ast.Raise, ast.Assert, ast.JoinedStr, ast.NamedExpr,
)  # fmt: skip
IMPORTS = {"math", "numpy", "numba"}
CALLS = {
    "abs", "advance", "bool", "float", "int", "len", "main", "max", "min", "njit", "prepare", "print", "range", "round", "zip",
}  # fmt: skip
METHODS = {"get"}
RECEIVERS = {"math", "np", "np.random", "_generator"}


class Suspicious(Exception):
    """A generated file holds something that no template writes."""


def inspect(text: str) -> None:
    """Raise Suspicious unless a generated file consists of what templates write: arithmetic, loops, calls of numpy, math and its own functions."""
    tree = ast.parse(text)
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, FORBIDDEN_NODES):
            raise Suspicious(f"line {line}: {type(node).__name__}")
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else {node.module}
            if not names <= IMPORTS:
                raise Suspicious(f"line {line}: import of {names - IMPORTS}")
        if isinstance(node, ast.Name | ast.Attribute) and _dunder(node):
            raise Suspicious(f"line {line}: a name with two underscores")
        if isinstance(node, ast.Call) and not _known_call(node, own):
            raise Suspicious(f"line {line}: a call of {ast.unparse(node.func)}")


def _dunder(node: ast.Name | ast.Attribute) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr
    return name.startswith("__") and name != "__name__"


def _known_call(node: ast.Call, own: set[str]) -> bool:
    function = node.func
    if isinstance(function, ast.Name):
        return function.id in CALLS or function.id in own
    if not isinstance(function, ast.Attribute):
        return False
    return function.attr in METHODS or ast.unparse(function.value) in RECEIVERS


def store(folder: Path, name: str, text: str) -> Path:
    """Write a generated file into a trusted folder unless it stands there already, and return its path."""
    inspect(text)
    path, data = folder / f"{name}.py", text.encode("ascii")
    if not (trusted(path) and path.read_bytes() == data):
        write_atomically(path, private(data))
    return path


def compiled() -> bool:
    """Return whether kernels are compiled, as they are unless the environment says otherwise."""
    return os.environ.get(DISABLE, "0") in ("", "0")


def load(path: Path, plain: bool = False) -> ModuleType:
    """Return the module of a generated file in a trusted folder, with its step loop ready.

    Machine code that was kept is taken as it is. Otherwise numba compiles the step loop and its machine code is kept; where that cannot
    be done, numba's own cache serves.

    Parameters
    ----------
    path : Path
        What ``store`` returned; the name of the file holds the digest of its text.
    plain : bool
        Run it as plain Python, without a compiler.
    """
    if plain:
        return _module(path, "plain", AS_PYTHON)
    module = kept(path)
    if module is None:
        try:
            machine.build(_stem(path), _module(path, "compiled", WITHOUT_WRAPPER)._run)
            module = kept(path)
        except (AttributeError, NeuroError, OSError, RuntimeError, StopIteration, TypeError, ValueError):
            module = None
    return module or _with_numbas_cache(path)


def kept(path: Path) -> ModuleType | None:
    """Return the module of a generated file with its step loop from kept machine code, or None where there is none."""
    run = machine.load(_stem(path))
    if run is None:
        return None
    module = _module(path, "machine", AS_PYTHON)
    module._run = run  # type: ignore[attr-defined]
    return module


def _stem(path: Path) -> Path:
    return path.parent / machine.loop_digest(path.read_text(encoding="ascii"))


def _with_numbas_cache(path: Path) -> ModuleType:
    try:
        return _module(path, "kernel", ())
    except Exception:
        # Its files are pickles: whatever a damaged one raises, it is a miss.
        for kept in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            kept.unlink(missing_ok=True)
        return _module(path, "kernel", ())


HERE = f"from {__name__} import "
AS_PYTHON = (("from numba import njit", HERE + "plain_njit as njit"), ("import math\n", HERE + "PLAIN_MATH as math\n"))
WITHOUT_WRAPPER = (("cache=True", "no_cpython_wrapper=True"),)
"""What is replaced in the text of a file: to run as plain Python; to compile the step loop for its machine code alone."""


def _module(path: Path, kind: str, replacements: tuple[tuple[str, str], ...]) -> ModuleType:
    name = f"neurodsl_{kind}_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    changed = importlib.util.spec_from_loader(name, _Changed(path, replacements)) if replacements else None
    spec = changed or importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _Changed(importlib.abc.InspectLoader):
    """Loads a generated file with some of its text replaced."""

    def __init__(self, path: Path, replacements: tuple[tuple[str, str], ...]) -> None:
        self.path = path
        self.replacements = replacements

    def get_source(self, fullname: str) -> str:
        text = self.path.read_text(encoding="ascii")
        for old, new in self.replacements:
            text = text.replace(old, new, 1)
        return text

    def is_package(self, fullname: str) -> bool:
        return False


def plain_njit(*arguments: Any, **options: Any) -> Callable[[Any], Any]:
    """Stand in for numba's decorator: return the function as it is."""
    return lambda function: function


def _guarded(name: str, exact: Callable[..., float]) -> Callable[..., Any]:
    """Return a function of ``math``, the very one that compiled code calls, with numpy's answer where Python would raise."""
    special = getattr(np, NUMPY_NAMES.get(name, name))

    def guarded(*arguments: float) -> Any:
        try:
            return np.float64(exact(*arguments))
        except (ValueError, OverflowError):
            with np.errstate(all="ignore"):
                return special(*(np.float64(a) for a in arguments))

    return guarded


NUMPY_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
GUARDED = (
    "exp", "expm1", "log", "log10", "log2", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", *NUMPY_NAMES,
)  # fmt: skip
PLAIN_MATH = SimpleNamespace(inf=math.inf, nan=math.nan, erf=math.erf, **{name: _guarded(name, getattr(math, name)) for name in GUARDED})
"""The functions of ``math`` with the answers of compiled code: infinity and nan where Python would raise."""
