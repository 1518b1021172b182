"""Build what a script has described to Brian2's C++ standalone mode, run it and tell how long that took.

Run: ``python standalone.py FOLDER``; runs what was built in the folder before. The scripts of Brian2 beside this one call :func:`told` instead.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

FLAGS = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11"]


def told(folder: Path, build: Callable[[], object], check: Callable[[], Mapping[str, float]]) -> None:
    """Build a program where the folder holds none, run it, and print what is to be told, with what a check finds in its results."""
    compile_s = 0.0
    if not (folder / "main").is_file():
        began = time.perf_counter()
        build()
        compile_s = time.perf_counter() - began
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(folder / "main")], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = float((folder / "results" / "last_run_info.txt").read_text().split()[0])
    # The process also builds the network: the loop took no more of the processor than the process, and no more than its own time.
    cpu = min(seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    print("RESULT", json.dumps({"run_s": seconds, "run_cpu_s": cpu, "compile_s": compile_s, "check": check()}))


def spikes(folder: Path) -> int:
    """Return how many spikes all monitors hold together."""
    return sum(file.stat().st_size // 4 for file in (folder / "results").glob("_dynamic_array_spikemonitor*_i_*"))


if __name__ == "__main__":
    told(Path(sys.argv[1]), lambda: sys.exit("error: nothing is built there"), dict)
