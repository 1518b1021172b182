"""A sweep of 2000 points that is killed with SIGKILL again and again: its table has to equal the undisturbed one.

Run: ``python benchmarks/kills.py [--kills 200] [--executor processes]``. The real command is started, killed at a random moment, and started again
until the sweep is complete; then its results are compared byte for byte with those of an undisturbed run, and the next sweep begins, until there
were as many kills as asked for. Half of the moments are random times, the others follow a change in the folder: a new temporary file, a finished
chunk, the results file.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

MODEL = """
model lif "a leaky integrate-and-fire neuron in noise":
    param tau = 10, theta = 1, I = 1.2
    noise xi
    init V = 0
    dV/dt = (-V + I)/tau + 0.05*xi
    on V > theta:
        emit spike
        V = 0
"""
POINTS = 2000
SEED = 1
LONGEST_SECONDS = 5.0

Moment = Callable[[float, set[str]], bool]
"""Tells whether it is time, from the seconds since the start and the names of the new files."""


def command(folder: Path, results: str, duration: float, *more: str) -> list[str]:
    """Return the command of a sweep."""
    model = folder / "lif.neuro"
    model.write_text(MODEL)
    over = ["--over", f"I=0.5..3:{POINTS}", "--duration", str(duration), "--dt", "0.1", "--seed", str(SEED), "--measure", "spikes,rate,final"]
    return [sys.executable, "-m", "neurodsl", "sweep", str(model), *over, "-o", str(folder / results), *more]


def entries(results: Path) -> set[str]:
    """Return the names of what a sweep has written so far."""
    folder = results.with_name(f"{results.name}.parts")
    return {path.name for path in results.parent.iterdir()} | ({path.name for path in folder.iterdir()} if folder.is_dir() else set())


def killed(arguments: list[str], results: Path, ready: Moment) -> str | None:
    """Start a sweep and kill it when it is time; return in which state it was, None where it came to its end before."""
    before = entries(results)
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    began = time.monotonic()
    while process.poll() is None:
        if ready(time.monotonic() - began, entries(results) - before):
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    code = process.wait()
    if code == 0:
        return None
    if code != -signal.SIGKILL:
        raise SystemExit(f"the sweep ended with exit code {code}")
    new = entries(results) - before
    if results.name in new:
        return "its results were written"
    return "chunks were finished" if any(name.endswith(".chunk") for name in new) else "nothing was finished"


def after(seconds: float) -> Moment:
    """Return the moment so long after the start."""
    return lambda passed, new: passed > seconds


def when(count: int, suffix: str, pause: float = 0.0) -> Moment:
    """Return the moment at which so many files of a kind have appeared, or a little later."""

    def ready(passed: float, new: set[str]) -> bool:
        if sum(name.endswith(suffix) for name in new) < count:
            return False
        time.sleep(pause)
        return True

    return ready


def at_random(choice: random.Random) -> Moment:
    """Return a moment of a sweep, in most cases one at which few chunks have been finished."""
    if choice.random() < 0.5:
        return after(choice.uniform(0.0, LONGEST_SECONDS))
    kind = choice.choices([".chunk", ".part", ".csv"], [6, 4, 1])[0]
    return when(1 if kind == ".csv" else choice.randint(1, 3), kind, choice.choice([0.0, choice.uniform(0.0, 0.1)]))


def main() -> None:
    """Print how many kills there were, at what moments, and whether every table is the undisturbed one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--duration", type=float, default=200_000.0)
    parser.add_argument("--executor", default="threads")
    parser.add_argument("--threads", default="1")
    options = parser.parse_args()
    more = ("--executor", options.executor, "--threads", options.threads)
    choice, states, sweeps, same = random.Random(SEED), Counter[str](), 0, True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["NEURODSL_CACHE_DIR"] = str(folder / "cache")
        for _ in range(2):
            began = time.monotonic()
            (folder / "undisturbed.csv").unlink(missing_ok=True)
            subprocess.run(command(folder, "undisturbed.csv", options.duration), check=True, stdout=subprocess.DEVNULL)
            seconds = time.monotonic() - began
        expected = (folder / "undisturbed.csv").read_bytes()
        while states.total() < options.kills:
            place = folder / str(sweeps)
            place.mkdir()
            arguments = command(place, "r.csv", options.duration, *more)
            while (state := killed(arguments, place / "r.csv", at_random(choice))) is not None:
                states[state] += 1
            sweeps += 1
            same = same and (place / "r.csv").read_bytes() == expected
            left = sorted(path.name for path in place.iterdir() if path.name not in ("r.csv", "lif.neuro"))
            print(
                f"sweep {sweeps}: {states.total()} kills so far, the tables are {'the same' if same else 'NOT THE SAME'}"
                + (f", left: {left}" if left else "")
            )
    print(f"{states.total()} kills in {sweeps} sweeps of {POINTS} points ({seconds:.1f} s each when undisturbed): ", end="")
    print(", ".join(f"{count} when {state}" for state, count in states.items()), end="; ")
    print(f"tables: {'all equal the undisturbed one to the last byte' if same else 'NOT THE SAME'}")


if __name__ == "__main__":
    main()
