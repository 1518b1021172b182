"""CPU seconds of whole commands, medians of ten, beside `python -c "import numba"` on the same machine.

Run: ``python benchmarks/startup.py``. The first `simulate` of a model is measured with an empty cache each time.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

RUNS = 10


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return the user and system time of a command."""
    before = os.times()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def median(command: list[str], environment: dict[str, str], runs: int = RUNS, before: Callable[[], None] | None = None) -> float:
    """Return the median over runs, after one that does not count unless something is to be undone before each."""
    if before is None:
        cpu_seconds(command, environment)
    times = []
    for _ in range(runs):
        if before is not None:
            before()
        times.append(cpu_seconds(command, environment))
    return statistics.median(times)


def main() -> None:
    """Print a table of medians and their ratios to the import of numba."""
    cache = tempfile.mkdtemp(prefix="neurodsl-startup-")
    environment = {**os.environ, "NEURODSL_CACHE_DIR": cache}
    neurodsl = [sys.executable, "-m", "neurodsl"]
    reference = median([sys.executable, "-c", "import numba"], environment)
    rows = [
        ("python -c 'import numba'", reference),
        ("neurodsl --help", median([*neurodsl, "--help"], environment)),
        ("neurodsl --version", median([*neurodsl, "--version"], environment)),
        ("neurodsl check lif", median([*neurodsl, "check", "lif"], environment)),
        ("neurodsl simulate lif, again", median([*neurodsl, "simulate", "lif"], environment)),
        ("neurodsl simulate lif, first", median([*neurodsl, "simulate", "lif"], environment, 5, lambda: _empty(cache))),
    ]
    shutil.rmtree(cache, ignore_errors=True)
    print(f"{'command':<32} {'CPU s':>7} {'/ numba':>8}")
    for name, seconds in rows:
        print(f"{name:<32} {seconds:>7.3f} {seconds / reference:>8.2f}")


def _empty(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder, 0o700)


if __name__ == "__main__":
    main()
