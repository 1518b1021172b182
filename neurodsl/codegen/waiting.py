"""The place where the threads that share a run wait for one another, as both kinds of kernels have it: as plain Python, and what callers prepare.

A meeting is an array of numbers that stand far apart, each in a line of the cache of its own.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from functools import cache

import numpy as np
from numpy.typing import NDArray

ARRIVED, TURN, ENDED, YIELD = 0, 16, 32, 48
"""Where in a meeting stand how many have arrived, how many times all have, whether it is over, and the address of the system's way to let others run."""
SIZE = 64
SPINS = 200
"""So many looks, some microseconds, before a thread lets others run."""
PAUSES = {
    "x86_64": ("llvm.x86.sse2.pause", ()),
    "AMD64": ("llvm.x86.sse2.pause", ()),
    "aarch64": ("llvm.aarch64.hint", (1,)),
    "arm64": ("llvm.aarch64.hint", (1,)),
}
"""The instruction by which a processor learns that a thread only waits, where it has one."""
_LOCK = threading.Lock()


def meeting() -> NDArray[np.int64]:
    """Return a meeting that nobody has come to."""
    made = np.zeros(SIZE, np.int64)
    made[YIELD] = _address_of_yield()
    return made


@cache
def _address_of_yield() -> int:
    """Return the address of the function of the operating system that lets another thread run."""
    library = ctypes.CDLL("kernel32" if sys.platform == "win32" else None)
    function = library.SwitchToThread if sys.platform == "win32" else library.sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def end(met: NDArray[np.int64]) -> None:
    """Let nobody wait any longer: one of the threads does not come."""
    met[ENDED] = 1


def meet(met: NDArray[np.int64], count: int) -> int:
    """Wait until as many threads have arrived; return 0, or 1 where one of them does not come.

    Here in Python, for kernels that run without a compiler.
    """
    with _LOCK:
        turn = met[TURN]
        met[ARRIVED] += 1
        if met[ARRIVED] == count:
            met[ARRIVED] = 0
            met[TURN] += 1
    while met[TURN] == turn:
        if met[ENDED]:
            return 1
        time.sleep(0)
    return 0
