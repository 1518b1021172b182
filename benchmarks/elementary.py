"""Measure what an elementary function costs in a loop over 64 lanes, in nanoseconds per value, beside the one of the mathematical library."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numba import njit

from neurodsl.codegen.elementary import FUNCTIONS, definitions

LIBRARY = {
    "_sigmoid": "1.0/(1.0 + math.exp(-{x}))", "_phi1": "(math.exp({x}) - 1.0)/{x}", "_inverse_phi1": "{x}/(math.exp({x}) - 1.0)", "_pow": "{x}**{y}",
}  # fmt: skip
PASSES = 2000
ROUNDS = 15


def loop(call: str) -> Callable[[np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a compiled loop of many passes over 64 lanes."""
    head = f'@njit("void(f8[::1], f8[::1], f8[::1])", error_model="numpy")\ndef loop(a, c, b):\n    for _ in range({PASSES}):\n'
    body = f"        for _l in range(64):\n            b[_l] = {call}\n        a[0] += 1e-12\n"
    names = {"np": np, "math": math, "njit": njit}
    exec("\n".join([*definitions(call), head + body]), names)
    return names["loop"]  # type: ignore[return-value]


def rows(high: float) -> np.ndarray:
    """Return arguments up to a number, exponents, and room for values: rows of 64 in one page, where neither caches nor stores get in the way."""
    room = np.empty(1024)
    start = -room.ctypes.data % 4096 // 8
    table = room[start : start + 192].reshape(3, 64)
    table[0], table[1] = np.linspace(0.3 * min(high, 1.0), high, 64), np.linspace(-3.0, 7.0, 64)
    return table


def nanoseconds(run: Callable[..., None], high: float) -> float:
    a, c, b = rows(high)
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run(a, c, b)
        seconds.append(time.perf_counter() - began)
    return min(seconds) / PASSES / 64 * 1e9


def main() -> None:
    print("function         ns  library  ratio")
    for head in FUNCTIONS:
        name = head.split("(")[0]
        high = 0.95 if name in ("_asin", "_acos") else 5.0
        ours = nanoseconds(loop(f"{name}(a[_l], c[_l])" if name == "_pow" else f"{name}(a[_l])"), high)
        formula = LIBRARY.get(name, f"math.{name[1:]}({{x}})" if hasattr(math, name[1:]) else "")
        theirs = nanoseconds(loop(formula.format(x="a[_l]", y="c[_l]")), high) if formula else math.nan
        print(f"{name:14s} {ours:5.2f} {theirs:8.2f} {theirs / ours:6.1f}")


if __name__ == "__main__":
    main()
