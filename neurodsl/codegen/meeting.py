"""The place where the threads that share a run wait for one another, inside of a compiled kernel, without Python's lock.

They spin for a moment, since the others come soon, and then let the operating system run something else: on a machine that is busy, waiting would
otherwise take the time of the one that is waited for. See Mellor-Crummey & Scott 1991, doi:10.1145/103727.103729, on barriers that turn their sense.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from neurodsl.codegen.waiting import ARRIVED, ENDED, PAUSES, SPINS, TURN, YIELD


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Return a pointer to a number of an array."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


@intrinsic
def _add(typing: Any, array: Any, place: Any, amount: Any) -> Any:
    """Add to a number of an array at once, and return what it was."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.atomic_rmw("add", _place(context, builder, signature, arguments), arguments[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), generate


@intrinsic
def _look(typing: Any, array: Any, place: Any) -> Any:
    """Return a number of an array as it is now for all threads."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_place(context, builder, signature, arguments), "seq_cst", 8)

    return types.int64(array, types.int64), generate


@intrinsic
def _pause(typing: Any) -> Any:
    """Tell the processor that this thread only waits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if platform.machine() in PAUSES:
            name, given = PAUSES[platform.machine()]
            kind = ir.IntType(32)
            function = builder.module.declare_intrinsic(name, [], ir.FunctionType(ir.VoidType(), [kind] * len(given)))
            builder.call(function, [kind(value) for value in given])
        return context.get_dummy_value()

    return types.none(), generate


@intrinsic
def _yield(typing: Any, address: Any) -> Any:
    """Call the system's function at an address, which lets another thread run."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function = builder.inttoptr(arguments[0], ir.FunctionType(ir.IntType(32), []).as_pointer())
        builder.call(function, [])
        return context.get_dummy_value()

    return types.none(types.int64), generate


@njit("i8(i8[::1], i8)", error_model="numpy", nogil=True)
def meet(met: Any, count: int) -> int:
    """Wait until as many threads have arrived; return 0, or 1 where one of them does not come."""
    turn: Any = _look(met, TURN)  # type: ignore[call-arg]
    if _add(met, ARRIVED, 1) == count - 1:
        _add(met, ARRIVED, -count)
        _add(met, TURN, 1)
        return 0
    spins = 0
    while _look(met, TURN) == turn:
        if _look(met, ENDED) != 0:
            return 1
        spins += 1
        if spins < SPINS:
            _pause()
        else:
            _yield(met[YIELD])
    return 0
