"""The machine code of a kernel, kept between runs: a warm run loads it with llvmlite and never imports numba.

numba compiles the step loop once. Its optimised LLVM text becomes an object file, which stands in the private cache folder beside the
generated file, with the symbols it needs and its digest, and is called the way numba's functions call one another. Anything unexpected is a miss.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import re
import threading
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from neurodsl.cache import private, trusted
from neurodsl.files import write_atomically

COMPILER = 2
"""Another number for each change of what becomes of the same text: machine code that was kept before is made again."""
SCALARS = {"i8": ctypes.c_int64, "f8": ctypes.c_double}


def flattened(signature: str) -> list[Any]:
    """Return the types of the arguments of a function of numba's: where the result and an error go, then scalars and the fields of arrays.

    An array is its owner and its parent (none here), the number of its items and their size, its data, its shape and its strides.
    """
    types: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
    for scalar, brackets in re.findall(r"(i8|f8|u4|u2)(\[[^\]]*\])?", signature):
        if brackets:
            dimensions = brackets.count(":") - 1
            types += [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, *[ctypes.c_int64] * (2 * dimensions)]
        else:
            types.append(SCALARS[scalar])
    return types


@cache
def places(signature: str) -> tuple[int, ...]:
    """Return where each argument of a signature begins among those of the function."""
    return tuple(len(flattened(signature[: match.start()])) for match in re.finditer(r"i8|f8|u4|u2", signature))


PACKED = "neurodsl_packed"
"""The function that calls a step loop with arguments that stand one behind the other in memory."""
LLVM_TYPES = {ctypes.c_void_p: "ptr", ctypes.c_int64: "i64", ctypes.c_double: "double"}
NEVER_CALLED = re.compile(r"numba_|NRT_|_?nrt_|Py")
"""Symbols of numba's and Python's that a kernel mentions where it would raise, which it never does."""

Advance = Callable[..., None]


def target() -> tuple[llvm.TargetMachine, str]:
    """Return LLVM's view of this processor and a short digest of it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    machine = llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=3, jit=True)
    version = ".".join(str(part) for part in llvm.llvm_version_info)
    return machine, hashlib.sha256(f"{COMPILER} {cpu} {features} {version} {machine.triple}".encode()).hexdigest()[:12]


def loop_digest(text: str) -> str:
    """Return the digest of what the machine code of a generated file depends on: its compiled functions and their constants.

    Two files that differ in default values alone, as the variants of a model do, share their machine code.
    """
    blocks = re.split(r"\n\n\n(?=\S)", text)
    counts = [line for line in blocks[0].splitlines() if line.startswith("SURFACES")]
    compiled = [block for block in blocks[1:] if not block.startswith(("def ", "if "))]
    return hashlib.sha256(re.sub(r" +# .*", "", "\n".join(counts + compiled)).encode()).hexdigest()[:24]


def build(stem: Path, run: Any, signature: str) -> None:
    """Keep the machine code of a compiled step loop.

    Parameters
    ----------
    stem : Path
        Where, without a suffix; the name is ``loop_digest``'s.
    run : numba dispatcher
        Its step loop, compiled for one signature.
    signature : str
        That signature.
    """
    (text,) = run.inspect_llvm().values()
    defined = [f for f in llvm.parse_assembly(text).functions if not f.is_declaration and f.linkage == llvm.Linkage.external]
    arguments = flattened(signature)
    keep(stem, llvm.parse_assembly(aligned(text) + packed(next(f.name for f in defined if len(list(f.arguments)) == len(arguments)), arguments)))


def keep(stem: Path, module: llvm.ModuleRef) -> None:
    """Keep the machine code of a module of LLVM's that has the function ``PACKED``."""
    machine, digest = target()
    code = machine.emit_object(module)
    meta = {
        "externals": sorted(f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")),
        "digest": hashlib.sha256(code).hexdigest(),
    }
    write_atomically(stem.with_suffix(f".{digest}.o"), private(code))
    write_atomically(stem.with_suffix(f".{digest}.json"), private(json.dumps(meta).encode()))


def optimised(text: str) -> llvm.ModuleRef:
    """Return the module of LLVM's text, optimised as far as LLVM does, with vectors where loops allow them."""
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization, options.slp_vectorization = True, False
    builder = llvm.create_pass_builder(target()[0], options)
    builder.getModulePassManager().run(module, builder)
    return module


def aligned(text: str) -> str:
    """Return LLVM's text with the stack of its functions at a line of the cache: what they put there is vectors, which then lie in one line each."""
    return re.sub(r"^(define .*?)( #\d+)? \{$", r"\1 alignstack(64)\2 {", text, flags=re.MULTILINE)


def packed(symbol: str, arguments: list[Any]) -> str:
    """Return, as LLVM's text, a function that calls a step loop with the arguments that stand in a block of words of 8 bytes."""
    kinds = [LLVM_TYPES[kind] for kind in arguments]
    loads = [f"  %p{i} = getelementptr i64, ptr %block, i64 {i}\n  %a{i} = load {kind}, ptr %p{i}" for i, kind in enumerate(kinds)]
    given = ", ".join(f"{kind} %a{i}" for i, kind in enumerate(kinds))
    return "\n".join([f"\ndefine i32 @{PACKED}(ptr %block) {{", *loads, f'  %r = call i32 @"{symbol}"({given})', "  ret i32 %r", "}", ""])


def load(stem: Path, signature: str) -> Advance | None:
    """Return the step loop of a signature that ``build`` kept, or None where there is none that fits."""
    machine, digest = target()
    object_file, meta_file = stem.with_suffix(f".{digest}.o"), stem.with_suffix(f".{digest}.json")
    if not (trusted(object_file) and trusted(meta_file)):
        return None
    try:
        meta = json.loads(meta_file.read_text(encoding="utf-8"))
        code = object_file.read_bytes()
        if hashlib.sha256(code).hexdigest() != meta["digest"] or not all(_resolve(name) for name in meta["externals"]):
            return None
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        address = engine.get_function_address(PACKED)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None
    return _caller(engine, address, signature) if address else None


def _resolve(name: str) -> bool:
    """Make a symbol known to LLVM; tell whether that was possible."""
    if llvm.address_of_symbol(name):
        return True
    source: Any = ctypes.pythonapi.Py_IncRef if NEVER_CALLED.match(name) else getattr(ctypes.CDLL(None), name, None)
    if source is None:
        return False
    llvm.add_symbol(name, ctypes.cast(source, ctypes.c_void_p).value)
    return True


class _Block(threading.local):
    """The arguments of a step loop, as it takes them; a thread writes down only what is not what it was in its last call."""

    def __init__(self, signature: str) -> None:
        self.places = places(signature)
        self.words = np.zeros(len(flattened(signature)), np.int64)
        self.reals = self.words.view(np.float64)
        self.results = ctypes.c_void_p(), ctypes.c_void_p()
        self.words[:2] = [ctypes.addressof(result) for result in self.results]
        self.address = self.words.ctypes.data
        self.known: list[Any] = [None] * len(self.places)

    def take(self, arguments: tuple[Any, ...]) -> int:
        """Write down the arguments and return where they stand."""
        for i, value in enumerate(arguments):
            place, known = self.places[i], self.known[i]
            if isinstance(value, np.ndarray):
                if known is None or known() is not value:
                    self.known[i] = weakref.ref(value)
                    self.words[place + 2 : place + 5 + 2 * value.ndim] = [
                        value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides,
                    ]  # fmt: skip
            elif value != known:
                self.known[i] = value
                (self.reals if isinstance(value, float) else self.words)[place] = value
        return self.address


def _caller(engine: llvm.ExecutionEngine, address: int, signature: str) -> Advance:
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)
    block = _Block(signature)

    def run(*arguments: Any) -> None:
        """Advance the run that the arguments hold; the engine lives as long as this function."""
        assert engine is not None
        if function(block.take(arguments)) != 0:
            raise RuntimeError("a kernel raised")

    return run
