"""How long whole commands take to start and to end, and what a warm `simulate` spends its time on.

Run: ``python benchmarks/startup.py [--brian2 PYTHON]``. Medians, beside `python -c "import numba"` and the same neuron in Brian2.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks.harness import MODELS, Bench, bench, environment, process  # noqa: E402

RUNS, FIRST_RUNS = 11, 5
NEURODSL = [sys.executable, "-m", "neurodsl"]
GROUPS = ("neurodsl", "numpy", "llvmlite", "click")


def commands(around: Bench) -> Iterator[tuple[str, list[str], bool]]:
    """Yield what is measured: its name, its command, and whether the cache is emptied before each run."""
    w1 = [*NEURODSL, "simulate", str(MODELS / "w1.neuro"), "--out", str(around.scratch / "w1.npz")]
    yield "python -c pass", [sys.executable, "-c", "pass"], False
    yield "python -c 'import numpy'", [sys.executable, "-c", "import numpy"], False
    yield "python -c 'import numba'", [sys.executable, "-c", "import numba"], False
    yield "python -c 'import neurodsl'", [sys.executable, "-c", "import neurodsl"], False
    yield "neurodsl --help", [*NEURODSL, "--help"], False
    yield "neurodsl --version", [*NEURODSL, "--version"], False
    yield "neurodsl check lif", [*NEURODSL, "check", "lif"], False
    yield "neurodsl simulate lif, first", [*NEURODSL, "simulate", "lif"], True
    yield "neurodsl simulate lif, again", [*NEURODSL, "simulate", "lif"], False
    yield "W1, first", [*w1, "--events", "grid"], True
    yield "W1, again", [*w1, "--events", "grid"], False
    if around.brian2 is None:
        print("missing: Brian2 (--brian2 PYTHON)\n")
        return
    yield "python -c 'import brian2'", [around.brian2, "-c", "import brian2"], False
    yield "Brian2, W1 with Cython, again", around.brian_command("brian2_w1", "cython"), False


def median(run: Callable[[], tuple[float, float]], runs: int) -> tuple[float, float]:
    """Return the medians of seconds on the clock and of the processor, after a run that does not count."""
    run()
    found = [run() for _ in range(runs)]
    return statistics.median(clock for clock, _ in found), statistics.median(cpu for _, cpu in found)


def once(command: Sequence[str], around: Bench, first: bool) -> tuple[float, float]:
    """Run a command, with an empty cache where it is the first time."""
    if first:
        shutil.rmtree(around.scratch / "cache", ignore_errors=True)
    ended = process(command, environment(around) | {"HOME": str(around.scratch)})
    assert ended.cpu is not None
    return ended.seconds, ended.cpu


def imports(around: Bench) -> dict[str, float]:
    """Return the milliseconds that a warm `simulate` spends importing, by what it imports."""
    command = [sys.executable, "-X", "importtime", "-m", "neurodsl", "simulate", str(MODELS / "w1.neuro"), "--events", "grid"]
    told = [subprocess.run(command, env=environment(around), capture_output=True, text=True, check=True).stderr for _ in range(RUNS)]
    runs = []
    for text in told:
        spent: dict[str, float] = defaultdict(float)
        for microseconds, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)$", text, re.MULTILINE):
            root = name.partition(".")[0]
            spent[root if root in GROUPS else "Python's own library"] += int(microseconds) / 1000
        runs.append(spent)
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="How long whole commands take, and what a warm `simulate` spends its time on.")
    parser.add_argument("--brian2", metavar="PYTHON", help="a Python that has Brian2")
    with bench(None, parser.parse_args().brian2, 0.0) as around:
        rows = {}
        for name, command, first in commands(around):
            rows[name] = median(lambda command=command, first=first: once(command, around, first), FIRST_RUNS if first else RUNS)  # type: ignore[misc]
        spent = imports(around)
    numba = rows["python -c 'import numba'"][1]
    print(f"{'':<32} {'clock s':>8} {'CPU s':>8} {'/ numba':>8}")
    for name, (clock, cpu) in rows.items():
        print(f"{name:<32} {clock:>8.3f} {cpu:>8.3f} {cpu / numba:>8.2f}")
    print("\nA warm `simulate` of W1 imports, in ms:")
    for name, milliseconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"  {name:<22} {milliseconds:>6.1f}")


if __name__ == "__main__":
    main()
