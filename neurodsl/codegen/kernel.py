"""Generated files as running code: the one place that lets numba in.

A file is held against a list of what generated code may contain before it is loaded. With numba its step loop is compiled, and the
machine code is kept beside it; without, the same text runs as plain Python over numpy's functions, which is slow and needs no compiler.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import math
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from neurodsl.cache import private, trusted
from neurodsl.codegen import machine, signature
from neurodsl.codegen.names import RESERVED
from neurodsl.diagnostics import NeuroError
from neurodsl.files import write_atomically

DISABLE = "NUMBA_DISABLE_JIT"
"""The environment variable of numba's that asks for plain Python."""
NODES = (
    ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign, ast.Expr,
    ast.For, ast.While, ast.If, ast.Continue, ast.Pass, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword,
    ast.Starred, ast.Attribute, ast.Subscript, ast.Slice, ast.Name, ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.ListComp,
    ast.comprehension,
    ast.boolop, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
)  # fmt: skip
IMPORTS = {"import math", "import numpy as np", "from numba import njit", "from neurodsl.codegen.meeting import meet"}
BUILTINS = {"abs", "float", "int", "len", "max", "meet", "min", "print", "range", "round", "zip"}
GIVEN = {"math", "njit", "np", "__name__"} | BUILTINS
"""Names that a file uses and does not define."""
FOREIGN = RESERVED - GIVEN - {"_", "main"}
"""Names of Python's that no file has, not even as its own: none that the author chooses becomes one of them."""
KEYWORDS = {"_nrt", "cache", "dtype", "error_model", "fastmath", "forceinline", "key", "no_cfunc_wrapper", "no_cpython_wrapper", "nogil"}
FUNCTIONS = {
    "math.acos", "math.acosh", "math.asin", "math.asinh", "math.atan", "math.atan2", "math.atanh", "math.cos", "math.cosh", "math.erf",
    "math.exp", "math.expm1", "math.log", "math.log10", "math.log1p", "math.log2", "math.sin", "math.sinh", "math.sqrt", "math.tan", "math.tanh",
    "np.abs", "np.any", "np.array", "np.ceil", "np.concatenate", "np.empty", "np.empty_like", "np.floor", "np.full", "np.linalg.eigvals",
    "np.linalg.inv", "np.linalg.norm", "np.max", "np.ravel", "np.reshape", "np.rint", "np.size", "np.sort", "np.split", "np.zeros",
    "np.random.Generator", "np.random.Philox", "_given.get",
    "_generator.beta", "_generator.exponential", "_generator.gamma", "_generator.lognormal", "_generator.normal", "_generator.poisson",
    "_generator.uniform", "np.float64", "np.int64", "np.uint64",
}  # fmt: skip
SIGNED = re.compile(r'^@njit\("([^"]*)"', re.MULTILINE)
"""Where a file has the types of the arguments of its step loop."""
WORDS = {"np.float64", "np.int64"}
"""The types of the 64 bits that a file reads as the other of the two."""
VALUES = {"math.inf", "math.nan", "np.float64", "np.inf", "np.int64", "np.nan"}
FIELDS = {"shape", "size"}
"""What a file asks of its own arrays."""


class Suspicious(Exception):
    """A generated file holds something that no template writes."""


def inspect(text: str) -> None:
    """Raise Suspicious unless a generated file consists of what templates write: arithmetic, loops, and names that are all on the lists above."""
    tree = ast.parse(text)
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    callable_names = BUILTINS | own
    nodes = list(ast.walk(tree))
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    usable = GIVEN | own | stored | {node.arg for node in nodes if isinstance(node, ast.arg)}
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    decorators = {id(d.func) for node in nodes if isinstance(node, ast.FunctionDef) for d in node.decorator_list if isinstance(d, ast.Call)}
    flags = {id(node.value) for node in nodes if isinstance(node, ast.keyword) and node.arg == "fastmath"}
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        match node:
            case ast.Import() | ast.ImportFrom():
                known = ast.unparse(node) in IMPORTS
            case ast.FunctionDef():
                known = node in tree.body and _may_bind(node.name) and _only_compiled(node)
            case ast.arg():
                known = _may_bind(node.arg)
            case ast.keyword(arg="fastmath"):
                known = isinstance(node.value, ast.Set)
            case ast.keyword():
                known = node.arg in KEYWORDS
            case ast.Set():
                known = id(node) in flags and all(isinstance(e, ast.Constant) and isinstance(e.value, str) for e in node.elts)
            case ast.Call(func=ast.Name(id="njit")):
                # numba evaluates the text of a signature as Python.
                known = id(node.func) in decorators and all(isinstance(a, ast.Constant) and signature.known(a.value) for a in node.args)
            case ast.Call(func=ast.Attribute(attr="view")):
                known = _reads_bits(node)
            case ast.Call():
                known = isinstance(node.func, ast.Attribute) or (isinstance(node.func, ast.Name) and node.func.id in callable_names)
            case ast.Attribute() if id(node) not in inner:
                known = isinstance(node.ctx, ast.Load) and _known_attribute(node, id(node) in called)
            case ast.Name(id="math" | "np"):
                known = id(node) in inner
            case ast.Name(id="njit"):
                known = id(node) in decorators
            case ast.Name():
                known = _may_bind(node.id) if isinstance(node.ctx, ast.Store) else node.id in usable
            case _:
                known = isinstance(node, NODES)
        if not known:
            raise Suspicious(f"line {getattr(node, 'lineno', 0)}: {type(node).__name__} `{ast.unparse(node)[:80]}`")


def _only_compiled(function: ast.FunctionDef) -> bool:
    """Return whether a function has no decorator but calls of numba's."""
    return all(isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == "njit" for d in function.decorator_list)


def _may_bind(name: str) -> bool:
    """Return whether a file may have a name of its own."""
    return name not in GIVEN and name not in FOREIGN and not name.startswith("__")


def _reads_bits(call: ast.Call) -> bool:
    """Return whether a call of `view` reads a number of 64 bits as another one: any other type could make a pointer of them."""
    return len(call.args) == 1 and not call.keywords and ast.unparse(call.args[0]) in WORDS


def _known_attribute(node: ast.Attribute, called: bool) -> bool:
    """Return whether a chain of attributes is on the lists, as a whole."""
    names = [node.attr]
    value = node.value
    if called and node.attr == "view":
        return isinstance(value, ast.Call) and ast.unparse(value.func) in WORDS
    while isinstance(value, ast.Attribute):
        names.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name):
        return False
    chain = ".".join([value.id, *reversed(names)])
    field = len(names) == 1 and node.attr in FIELDS and value.id not in GIVEN
    return chain in FUNCTIONS if called else chain in VALUES or field


def named(kind: str, text: str) -> str:
    """Return the name of a generated file that its text decides."""
    return f"{kind}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"


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

    Machine code that was kept is taken as it is. Otherwise the step loop is compiled and its machine code is kept: by our own compiler, or by numba where
    that does not know what the file holds; where the code cannot be kept, numba's own cache serves.

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
        # What our own compiler stumbles over, numba takes. A warm run, as nearly all are, loads neither.
        with suppress(AssertionError, AttributeError, LookupError, NeuroError, OSError, RuntimeError, TypeError, ValueError):
            importlib.import_module("neurodsl.codegen.native").build(_stem(path), path.read_text(encoding="ascii"), signature_of(path))
            module = kept(path)
    if module is None:
        start_compiler()
        try:
            machine.build(_stem(path), _module(path, "compiled", WITHOUT_WRAPPER)._run, signature_of(path))
            module = kept(path)
        except (AttributeError, NeuroError, OSError, RuntimeError, StopIteration, TypeError, ValueError):
            module = None
    return module or _with_numbas_cache(path)


def start_compiler() -> None:
    """Load numba as far as kernels need it.

    It would load scipy's linear algebra, for as long as it takes itself, only to know whether there is one; there is, since scipy comes with
    this package. What is compiled with it loads it then.
    """
    if "numba.np.arraymath" not in sys.modules:
        with suppress(ImportError, AttributeError):
            linalg: Any = importlib.import_module("numba.np.linalg")
            ensure = linalg.ensure_blas
            linalg.ensure_blas = lambda: None
            try:
                importlib.import_module("numba.np.arraymath").ensure_blas = ensure  # type: ignore[attr-defined]
            finally:
                linalg.ensure_blas = ensure


def kept(path: Path) -> ModuleType | None:
    """Return the module of a generated file with its step loop from kept machine code, or None where there is none."""
    run = machine.load(_stem(path), signature_of(path))
    if run is None:
        return None
    module = _module(path, "machine", AS_PYTHON)
    module._run = run  # type: ignore[attr-defined]
    return module


def signature_of(path: Path) -> str:
    """Return the types of the arguments of the step loop of a generated file, which ``inspect`` has held against those that there are."""
    written: list[str] = SIGNED.findall(path.read_text(encoding="ascii"))
    return next(types for types in written if signature.known(types))


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
AS_PYTHON = (
    ("\nfrom numba import njit\n", f"\n{HERE}plain_njit as njit\n"),
    ("\nimport math\n", f"\n{HERE}PLAIN_MATH as math\n"),
    ("\nfrom neurodsl.codegen.meeting import meet\n", "\nfrom neurodsl.codegen.waiting import meet\n"),
)
WITHOUT_WRAPPER = ((" cache=True, no_cfunc_wrapper=True, _nrt=False)\ndef ", " no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)\ndef "),)
"""What is replaced in the text of a file: to run as plain Python; to compile the step loop for its machine code alone.

Each holds an end of a line, so that it is never found in the name or the title of a model."""


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
        return _changed_text(self.path, self.replacements)

    def get_code(self, fullname: str) -> CodeType:
        return _changed_code(self.path, self.replacements)

    def is_package(self, fullname: str) -> bool:
        return False


def _changed_text(path: Path, replacements: tuple[tuple[str, str], ...]) -> str:
    text = path.read_text(encoding="ascii")
    for old, new in replacements:
        text = text.replace(old, new, 1)
    return text


@cache
def _changed_code(path: Path, replacements: tuple[tuple[str, str], ...]) -> CodeType:
    """Return the code of a changed file: the one that stands in for all of it and the one around the machine code are the same."""
    return importlib.abc.InspectLoader.source_to_code(_changed_text(path, replacements))


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
