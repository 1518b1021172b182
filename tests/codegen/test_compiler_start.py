"""What numba is kept from loading when it starts, and that nothing is lost by that."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from neurodsl.codegen.kernel import start_compiler
start_compiler()
import numpy as np
from numba import njit
from numba.np import arraymath, linalg
print("scipy.linalg" in sys.modules, arraymath.ensure_blas is linalg.ensure_blas, linalg.ensure_blas.__name__)
product = njit(lambda a, b: a @ b)
print(product(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])).tolist())
"""


def test_numba_starts_without_the_linear_algebra_of_scipy_and_still_multiplies_matrices() -> None:
    ended = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.splitlines() == ["False True ensure_blas", "[[2.0, 1.0], [4.0, 3.0]]"]
