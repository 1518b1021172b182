"""The step loop of a generated file as machine code, straight from its text to LLVM.

numba does the same in five to ten times the time: it has to find out what a file may mean, and a generated file means only what templates write. What
this compiler does not know with certainty it refuses, and numba takes the file; both give the same numbers but for the rounding of sums that a file lets
LLVM reorder.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from neurodsl.codegen import llvm_meeting
from neurodsl.codegen.llvm_expressions import parts
from neurodsl.codegen.llvm_values import LLVM, Array, Kind, Unknown, Value, real
from neurodsl.codegen.llvm_writer import FunctionWriter
from neurodsl.codegen.machine import LLVM_TYPES, PACKED, flattened, keep, optimised, places

FLAGS = ("nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc", "fast")
MEETING = (Array("i8", 1), "i8")
"""What the function by which threads wait for one another takes."""
ALIGNED = "alignstack(64) nounwind"
"""The stack at a line of the cache: what functions put there is vectors, which then lie in one line each."""


def build(stem: Path, text: str, signature: str) -> None:
    """Keep the machine code of the step loop of a generated file.

    Parameters
    ----------
    stem : Path
        Where, without a suffix.
    text : str
        The file, which ``inspect`` has let through.
    signature : str
        The types of the arguments of its step loop.

    Raises
    ------
    Unknown
        For what only numba knows.
    """
    keep(stem, optimised(translated(text, signature)))


def translated(text: str, signature: str) -> str:
    """Return the step loop of a generated file as LLVM's text, with the function ``machine.PACKED`` that calls it.

    Raises
    ------
    Unknown
        For what only numba knows.
    """
    return _Module(text).written(signature)


def kinds_of(signature: str) -> tuple[Kind, ...]:
    """Return the kinds of the arguments of a signature."""
    found = re.findall(r"(i8|f8|u4|u2)(\[[^\]]*\])?", signature)
    return tuple(Array(item, brackets.count(":") - 1) if brackets else item for item, brackets in found)


def literals(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Yield the numbers and the arrays that a file names outside of functions; arrays as nested lists."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "np.array" and len(value.args) == 1:
                value = value.args[0]
            with suppress(ValueError):
                found = ast.literal_eval(value)
                if isinstance(target, ast.Name):
                    yield target.id, found
                elif isinstance(target, ast.Tuple) and isinstance(found, tuple):
                    yield from zip((ast.unparse(name) for name in target.elts), found, strict=True)


def constant(name: str, literal: Any) -> tuple[Value, str] | None:
    """Return a literal as a value, with the line that puts it into memory where it is an array; None for what is no number."""
    if type(literal) is float:
        return real(literal), ""
    if type(literal) is int:
        return Value("i8", str(literal), literal), ""
    shape: list[int] = []
    flat = [literal]
    while flat and all(isinstance(item, list) for item in flat):
        sizes = {len(item) for item in flat}
        if len(sizes) != 1:
            return None
        shape += sizes
        flat = [one for item in flat for one in item]
    if not shape or not flat or not all(type(one) in (int, float) for one in flat):
        return None
    item = "i8" if all(type(one) is int for one in flat) else "f8"
    texts = ", ".join(f"{LLVM[item]} {one if item == 'i8' else real(float(one)).text}" for one in flat)
    line = f"@{name} = internal constant [{len(flat)} x {LLVM[item]}] [{texts}]"
    return Value(Array(item, len(shape)), fields=(f"@{name}", *map(str, shape))), line


class _Module:
    """A generated file on its way to LLVM."""

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
        known = {name: made for name, literal in literals(tree) if (made := constant(name, literal)) is not None}
        self.constants = {name: value for name, (value, _) in known.items()}
        self.arrays = [line for _, line in known.values() if line]
        self.made: dict[tuple[str, tuple[Kind, ...]], tuple[str, Kind]] = {}
        self.texts: list[str] = []
        self.declared: set[str] = set()

    def written(self, signature: str) -> str:
        """Return the whole text."""
        given = kinds_of(signature)
        symbol, _ = self.function("_run", given)
        loads, texts = [], []
        kinds = [LLVM_TYPES[kind] for kind in flattened(signature)]
        for place, kind in zip(places(signature), given, strict=True):
            words = [place + 4, *range(place + 5, place + 5 + kind.dimensions)] if isinstance(kind, Array) else [place]
            for word, what in zip(words, parts(kind), strict=True):
                assert kinds[word] == what
                loads += [f"  %p{word} = getelementptr i64, ptr %block, i64 {word}", f"  %a{word} = load {what}, ptr %p{word}"]
                texts.append(f"{what} %a{word}")
        packed = [f"define i32 @{PACKED}(ptr %block) {{", *loads, f"  call void {symbol}({', '.join(texts)})", "  ret i32 0", "}", ""]
        return "\n".join([*sorted(self.declared), *self.arrays, "", *self.texts, *packed])

    def function(self, name: str, given: tuple[Kind, ...]) -> tuple[str, Kind]:
        """Return the symbol of a function for arguments of some kinds, and what it returns."""
        if (name, given) in self.made:
            return self.made[name, given]
        if name == "meet" and given == MEETING:
            self.texts.append(llvm_meeting.definition())
            self.made[name, given] = llvm_meeting.SYMBOL, "i8"
            return self.made[name, given]
        if name not in self.functions:
            raise Unknown(f"the function `{name}`")
        node = self.functions[name]
        options = {k.arg: k.value for d in node.decorator_list if isinstance(d, ast.Call) for k in d.keywords}
        fast = options.get("fastmath")
        flags = {e.value for e in fast.elts if isinstance(e, ast.Constant)} if isinstance(fast, ast.Set) else set()
        writer = FunctionWriter(node, given, " ".join(f for f in FLAGS if f in flags), self.function, self.constants)
        symbol = f"@{name}.{len(self.made)}"
        text = writer.written(symbol, f"alwaysinline {ALIGNED}" if "forceinline" in options else ALIGNED)
        self.texts.append(text)
        self.declared |= writer.used
        self.made[name, given] = symbol, writer.returned
        return symbol, writer.returned
