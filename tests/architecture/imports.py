"""Read the imports of a Python file without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One imported module: ``name`` of ``from module import name``, None for ``import module``."""

    module: str
    name: str | None
    line: int
    inside_function: bool


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a file of a package that stands in ``root``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(text: str) -> Iterator[Import]:
    """Yield what a module imports, also through ``importlib``; what only a type checker sees is left out."""
    yield from _walk(ast.parse(text), inside_function=False)


def _walk(node: ast.AST, inside_function: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        for child in node.orelse:
            yield from _walk(child, inside_function)
        return
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, None, node.lineno, inside_function)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield Import("." * node.level + (node.module or ""), alias.name, node.lineno, inside_function)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__") and node.args:
        yield Import(_start(node.args[0]), None, node.lineno, inside_function)
    inside_function = inside_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, inside_function)


def _start(argument: ast.expr) -> str:
    """Return the text of a string, or what an f-string starts with; empty where it is not known."""
    if isinstance(argument, ast.JoinedStr):
        return _start(argument.values[0]) if argument.values else ""
    if isinstance(argument, ast.BinOp):
        return _start(argument.left)
    return str(argument.value) if isinstance(argument, ast.Constant) else ""
