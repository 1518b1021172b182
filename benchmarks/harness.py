"""What a benchmark is made of: a workload, what runs it, and how the runs are compared.

A time says something only next to another one from the same machine and minute. So ours and what it is held against run in turn, and what is
told is the median of the ratios of neighbours.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import neurodsl

HERE = Path(__file__).resolve().parent
MODELS = HERE / "models"


class Missing(Exception):
    """What a workload is held against is not on this machine; the text says what."""


@dataclass(frozen=True)
class Measured:
    """A run: seconds of its time loop, on the clock and of the processor, what was compiled before, and what it found.

    ``whole_s``, ``whole_cpu_s`` and ``memory_mb`` are the seconds and the largest memory of the process, where it had one of its own.
    """

    seconds: float
    cpu: float | None = None
    compile_s: float = 0.0
    found: Mapping[str, Any] = field(default_factory=dict)
    build_s: float = 0.0
    whole_s: float | None = None
    whole_cpu_s: float | None = None
    memory_mb: float | None = None

    def cost(self, processor: bool) -> float:
        """Return the seconds that count: those of the processor, where they are wanted and known, else those of the clock."""
        return self.cpu if processor and self.cpu is not None else self.seconds


@dataclass(frozen=True)
class Bench:
    """What the runs of a workload have at hand.

    Attributes
    ----------
    scratch : Path
        A folder that is removed at the end; what is compiled for peers stands there, and our cache.
    limits : Path or None
        The folder of compiled C programs.
    brian2 : str or None
        A Python that has Brian2.
    perturbation : float
        How far constants of the models are moved in each repetition, relative to themselves.
    nest : str or None
        A Python that has NEST.
    """

    scratch: Path
    limits: Path | None = None
    brian2: str | None = None
    perturbation: float = 0.0
    nest: str | None = None

    def limit(self, program: str, *arguments: object) -> Measured:
        """Run a C program."""
        if self.limits is None:
            raise Missing("no C programs (--limits DIR)")
        path = self.limits / "c" / program
        if not path.is_file():
            raise Missing(f"no C program {program}")
        return result_of([str(path), *map(str, arguments)])

    def brian(self, script: str, *arguments: object) -> Measured:
        """Run a script of Brian2's; what it compiles stays in the scratch folder."""
        return result_of(self.brian_command(script, *arguments))

    def brian_command(self, script: str, *arguments: object) -> list[str]:
        """Return the command of a script of Brian2's, whose first argument is a folder for what it compiles."""
        if self.brian2 is None:
            raise Missing("no Brian2 (--brian2 PYTHON)")
        folder = self.scratch / "-".join([script, *(Path(str(argument)).stem for argument in arguments)])
        return [self.brian2, str(HERE / "peers" / f"{script}.py"), str(folder), *map(str, arguments)]

    def nest_networks(self, *arguments: object) -> Measured:
        """Run the script of NEST's."""
        if self.nest is None:
            raise Missing("no NEST (--nest PYTHON)")
        return result_of([self.nest, str(HERE / "peers" / "nest_networks.py"), str(self.scratch), *map(str, arguments)])


Ours = Callable[[Bench, int, Mapping[str, float]], Measured]
Peer = Callable[[Bench, int], Measured]


@dataclass(frozen=True)
class Workload:
    """Something to be run, by us and by others.

    Attributes
    ----------
    name, title : str
    ours : callable
        Runs it with a number of threads and values for constants of the model.
    peers : mapping of str to callable
        What it is held against, by the name of its column: ``C``, ``Brian2``.
    goal : str
        What we want to reach, in words.
    complaint : callable
        Returns what is wrong with our run, given that of the first peer or None, and the constants that were moved; None where nothing is.
    constants : mapping of str to float
        Those of the model that can be moved, with their values.
    threads : sequence of int
    loop : bool
        A time loop: with one thread seconds of the processor count, which other programs on the machine do not change.
    """

    name: str
    title: str
    ours: Ours
    peers: Mapping[str, Peer]
    goal: str
    complaint: Callable[[Measured, Measured | None, Mapping[str, float]], str | None]
    constants: Mapping[str, float] = field(default_factory=dict)
    threads: Sequence[int] = (1,)
    loop: bool = False


@dataclass(frozen=True)
class Row:
    """What is told of a workload and a number of threads: medians, in seconds, and medians of ratios; of whole commands also the processor's."""

    name: str
    title: str
    threads: int
    seconds: float
    compile_s: float
    peers: Mapping[str, tuple[float, float]]
    """Seconds, and the ratio of ours to them."""
    missing: Mapping[str, str]
    goal: str
    verdict: str
    cpu: float | None = None
    runs: Mapping[str, Sequence[Measured]] = field(default_factory=dict, compare=False, repr=False)
    """All runs by the name of the column, ours as ``neurodsl``; the first of a program is the one for which it was compiled."""


def compare(workload: Workload, threads: int, bench: Bench, repetitions: int) -> Row:
    """Run a workload and its peers in turn."""
    random = np.random.default_rng(threads)
    ours: list[Measured] = []
    peers: dict[str, list[Measured]] = {}
    missing: dict[str, str] = {}
    complaints: list[str] = []
    before = workload.ours(bench, threads, {})
    compile_s = before.compile_s
    for _ in range(repetitions):
        moved = {name: value * (1.0 + bench.perturbation * random.uniform(-1, 1)) for name, value in workload.constants.items()}
        given = moved if bench.perturbation else {}
        if given:
            # What has to be compiled for these constants is compiled here.
            compile_s = max(compile_s, workload.ours(bench, threads, given).compile_s)
        ours.append(workload.ours(bench, threads, given))
        for name, run in workload.peers.items():
            if name not in missing:
                try:
                    peers.setdefault(name, []).append(run(bench, threads))
                except Missing as reason:
                    missing[name] = str(reason)
        first = next((peers[name][-1] for name in workload.peers if peers.get(name)), None)
        told = workload.complaint(ours[-1], first, given)
        complaints += [] if told is None or told in complaints else [told]
    costs = [run.cost(workload.loop and threads == 1) for run in ours]
    compared = {}
    for name, runs in peers.items():
        if runs:
            theirs = [run.cost(workload.loop and threads == 1) for run in runs]
            compared[name] = (statistics.median(theirs), statistics.median(a / b for a, b in zip(costs, theirs, strict=True)))
    verdict = "; ".join(complaints) or "correct"
    whole = [run.cpu for run in ours if run.cpu is not None and not workload.loop]
    cpu = statistics.median(whole) if whole else None
    runs = {"neurodsl": [before, *ours], **{name: found for name, found in peers.items() if found}}
    return Row(workload.name, workload.title, threads, statistics.median(costs), compile_s, compared, missing, workload.goal, verdict, cpu, runs)


def result_of(command: Sequence[str], environment: Mapping[str, str] = os.environ) -> Measured:
    """Run a program that prints ``RESULT`` and a JSON object."""
    launcher = [sys.executable, "-IS", str(HERE / "launch.py")]
    ended = subprocess.run([*launcher, *command], env=environment, capture_output=True, text=True, check=False)
    told = {name: json.loads(rest) for name, _, rest in (line.partition(" ") for line in ended.stdout.splitlines()) if name in ("RESULT", "PROCESS")}
    if ended.returncode != 0 or "RESULT" not in told:
        raise Missing(f"`{Path(command[0]).name}` failed: {(ended.stderr or ended.stdout).strip().splitlines()[-1:]}")
    run = told["RESULT"]
    times = {"cpu": run.get("run_cpu_s"), "compile_s": run.get("compile_s", 0.0), "build_s": run.get("build_s", 0.0)}
    return Measured(run["run_s"], found=run.get("check", {}), **times, **told["PROCESS"])


def process(command: Sequence[str], environment: Mapping[str, str], out: str | Path = os.devnull) -> Measured:
    """Run a program from its start to its end, with what it prints in a file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    streams = [(os.POSIX_SPAWN_OPEN, 1, str(out), flags, 0o600), (os.POSIX_SPAWN_OPEN, 2, os.devnull, flags, 0o600)]
    began = time.perf_counter()
    _, status, usage = os.wait4(os.posix_spawnp(command[0], command, environment, file_actions=streams), 0)
    seconds = time.perf_counter() - began
    if status != 0:
        raise RuntimeError(f"`{' '.join(command)}` ended with {os.waitstatus_to_exitcode(status)}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime)


def environment(bench: Bench) -> dict[str, str]:
    """Return the environment of our own commands: the package that is imported here, a cache of its own, and bytecode as installed packages have it."""
    ours = {
        "NEURODSL_CACHE_DIR": str(bench.scratch / "cache"),
        "PYTHONPATH": str(Path(neurodsl.__file__).parents[1]),
        "PYTHONPYCACHEPREFIX": str(bench.scratch / "bytecode"),
    }
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | ours


@contextmanager
def bench(limits: Path | None, brian2: str | None, perturbation: float, nest: str | None = None) -> Iterator[Bench]:
    """Yield what the runs need, with the C programs compiled and the cache empty."""
    with TemporaryDirectory(prefix="neurodsl-bench-") as folder:
        scratch = Path(folder)
        os.environ["NEURODSL_CACHE_DIR"] = str(scratch / "cache")
        yield Bench(scratch, None if limits is None else compiled(limits, scratch / "limits"), brian2, perturbation, nest)


def compiled(limits: Path, folder: Path) -> Path:
    """Copy a folder of C programs, make their data and compile them; what does not compile is missing later."""
    shutil.copytree(limits, folder)
    subprocess.run([sys.executable, "gen_data.py"], cwd=folder, capture_output=True, check=False)
    # The programs may have been compiled on another machine.
    subprocess.run(["make", "-B", "-k", "-C", "c"], cwd=folder, capture_output=True, check=False)
    return folder
