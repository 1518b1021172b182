"""Functions of the state as running code: what the analysis evaluates, printed like the kernels and held against the same list."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from sympy import Basic

from neurodsl.codegen import kernel
from neurodsl.codegen.bodies import Writer, plain
from neurodsl.codegen.pages import Function, Functions
from neurodsl.codegen.render import render
from neurodsl.codegen.special import definitions
from neurodsl.system import System


def functions_of(system: System, named: Mapping[str, Sequence[Basic]], folder: Path) -> ModuleType:
    """Return a module of functions ``name(t, _ts, _y, _c)`` of the state ``_y`` and the constants ``_c``, in plain Python.

    Each returns a tuple of floats, one for each of its expressions; ``constants(given)`` returns ``_c`` for values of the parameters.

    Parameters
    ----------
    system : System
        Written out, not rolled.
    named : mapping of str to sequence of Expr
        The expressions of each function, of the states, constants, definitions, the time and the level time.
    folder : Path
        A trusted folder, where the text is kept.
    """
    writer = Writer(system)
    bodies = tuple(Function(name, writer.body(list(expressions))) for name, expressions in named.items())
    parameters, constants = writer.preparation()
    page = Functions(
        title=plain(f"{system.name}: functions of the state"),
        constants=(*parameters, *constants),
        packed_constants=writer.packed([name for name, _ in writer.constants]),
        helpers=definitions(repr(bodies)),
        functions=bodies,
        arrays=any(q.shape for q in (*system.parameters, *system.starts)),
        draws=writer.objects > 0,
    )
    text = render(page, "numba/functions.py.j2")
    name = f"functions_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return kernel.load(kernel.store(folder, name, text), plain=True)
