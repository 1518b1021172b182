"""The equations of the fixed points of a frozen system, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sympy import Basic, Expr, Integer, Rational, Symbol

from neurodsl.analysis.box_arithmetic import Floats
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.reduction import decided, is_linear
from neurodsl.analysis.starts import initial_state
from neurodsl.diagnostics import NeuroError
from neurodsl.system import Items, State

MOST_STATES = 12
"""States of a system that is treated symbolically."""
LARGEST = 8000
"""Parts of its equations, with everything put in."""


@dataclass(frozen=True)
class Equations:
    """What is 0 at the fixed points of a system.

    Attributes
    ----------
    frozen : Frozen
    residuals : tuple of Expr
        Of the states that move, in terms of these alone.
    moving : tuple of int
        Their numbers; the others keep their initial values, since only events change them.
    """

    frozen: Frozen
    residuals: tuple[Expr, ...]
    moving: tuple[int, ...]

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Return the unknowns."""
        return tuple(self.frozen.symbols[i] for i in self.moving)

    @cached_property
    def start(self) -> Floats:
        """Return the initial state; 0 for what has none that can be computed."""
        return start_of(self.frozen)

    @property
    def linear(self) -> bool:
        """Return whether the equations are linear in the unknowns."""
        unknowns = set(self.symbols)
        return all(is_linear(e, s) and not e.diff(s).free_symbols & unknowns for e in self.residuals for s in self.symbols)


def start_of(frozen: Frozen) -> Floats:
    """Return the initial state of a system; 0 for everything where it cannot be computed."""
    written = [_initial(frozen, s) for s in frozen.states]
    if all(v is not None for v in written):
        return np.array(written, dtype=np.float64)
    if len(frozen.states) <= MOST_STATES:
        with suppress(NeuroError):
            return initial_state(frozen)[: len(frozen.states)]
    return np.array([0.0 if v is None else v for v in written])


def _initial(frozen: Frozen, state: State) -> float | None:
    """Return an initial value that is written in the file as a formula of the parameters, else None."""
    if not isinstance(state.initial, Expr):
        return None
    value = frozen.exact(state.initial)
    return float(value) if value.is_number and value.is_real else None


def size_of(*expressions: Basic) -> int:
    """Return the number of parts of expressions."""
    stack, count = list(expressions), 0
    while stack:
        count += 1
        stack.extend(stack.pop().args)
    return count


def moving(frozen: Frozen) -> tuple[int, ...]:
    """Return the numbers of the states that have an equation; events alone change the others."""
    return tuple(i for i, s in enumerate(frozen.states) if s.derivative != (s.symbol if frozen.discrete else 0))


def equations(frozen: Frozen) -> Equations | None:
    """Return the equations of the fixed points, or None for a system too large to put everything into them."""
    numbers = moving(frozen)
    if len(numbers) > MOST_STATES:
        return None
    arrays = numbers_of_arrays(frozen)
    found = []
    for i in numbers:
        state = frozen.states[i]
        found.append(decided(frozen.exact(state.derivative).xreplace(arrays)) - (state.symbol if frozen.discrete else Integer(0)))
    if size_of(*found) > LARGEST:
        return None
    used: set[Basic] = set().union(*(e.free_symbols for e in found)) if found else set()
    held = [i for i, s in enumerate(frozen.symbols) if i not in numbers and s in used]
    if held:
        start = start_of(frozen)
        found = [e.xreplace({frozen.symbols[i]: exact_number(start[i]) for i in held}) for e in found]
    known = {frozen.symbols[i] for i in numbers}
    return Equations(frozen, tuple(found), numbers) if used - {frozen.symbols[i] for i in held} <= known else None


def numbers_of_arrays(frozen: Frozen) -> dict[Symbol, Expr]:
    """Return the value of each element of an array of constants: exact where the author listed it, else as the generated functions have it."""
    exact: dict[str, Sequence[Expr]] = {
        p.name: [frozen.exact(v) for v in p.default.values] for p in frozen.system.parameters if isinstance(p.default, Items)
    }
    floats = _stored(frozen) if any(p.shape for p in frozen.system.parameters) else {}
    shapes = {q.name: q.shape for q in (*frozen.system.parameters, *frozen.system.constants)}
    found = {}
    for symbol, (name, indices) in frozen.system.elements.items():
        if name not in shapes or not all(k.is_Integer for k in indices):
            continue
        place = int(np.ravel_multi_index(tuple(int(k) for k in indices), shapes[name]))
        if name in exact:
            found[symbol] = exact[name][place]
        elif name in floats:
            found[symbol] = exact_number(floats[name][place])
    return found


def _stored(frozen: Frozen) -> Mapping[str, Floats]:
    """Return the arrays among the constants of the generated functions."""
    found, place = {}, 0
    for quantity in (*frozen.system.parameters, None, *frozen.system.constants):
        size = 1 if quantity is None else quantity.size
        if quantity is not None and quantity.shape:
            found[quantity.name] = frozen.constants[place : place + size]
        place += size
    return found


def exact_number(value: float) -> Rational:
    """Return the number that is printed for a float, exactly."""
    return Rational(repr(float(value)))
