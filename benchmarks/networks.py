"""Run networks beside the same ones in C, in Brian2 and in NEST, and print what each takes: first run, compile time, time loop, memory, spikes.

``python benchmarks/networks.py [--limits DIR] [--brian2 PYTHON] [--nest PYTHON] [--repeat N] [--write-readme] [W3a W3b W4 W5a W5b ...]``
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks.figures import processor, seconds, written  # noqa: E402
from benchmarks.harness import Measured, Row, bench, compare  # noqa: E402
from benchmarks.run import chosen  # noqa: E402

NETWORKS = ("W3a", "W3b", "W4", "W5a", "W5b")
BEGIN, END = "<!-- networks:begin -->", "<!-- networks:end -->"
HEAD = ("", "threads", "program", "first run", "compiled in", "again", "built in", "time loop", "ours to theirs", "memory", "spikes")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description="Run networks beside the same ones in C, in Brian2 and in NEST, and print what each takes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NETWORKS)}; all by default")
    parser.add_argument("--limits", type=Path, metavar="DIR", help="a folder with programs in C, in its folder `c`; they are copied and compiled")
    parser.add_argument("--brian2", metavar="PYTHON", help="a Python that has Brian2")
    parser.add_argument("--nest", metavar="PYTHON", help="a Python that has NEST")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="how often; 5 by default")
    parser.add_argument("--write-readme", action="store_true", help="write the table into the README of the project")
    given = parser.parse_args(arguments)
    lines = [line(HEAD), line(["---"] * len(HEAD))]
    with bench(given.limits, given.brian2, 0.0, given.nest) as around:
        wanted = chosen(given.names or NETWORKS)
        # An installed package has its bytecode: what makes it here counts for nobody.
        wanted[0].ours(around, 1, {})
        for workload in wanted:
            shutil.rmtree(around.scratch / "cache", ignore_errors=True)
            for threads in workload.threads:
                row = compare(workload, threads, around, given.repeat)
                lines += told(row)
                print(f"{row.name}, threads {threads}: {row.verdict}", *(f"; no {name}: {why}" for name, why in row.missing.items()), flush=True)
    lines += ["", how(given.repeat)]
    print("", *lines, sep="\n")
    if given.write_readme:
        readme = ROOT / "README.md"
        readme.write_text(written(readme.read_text(encoding="utf-8"), "\n".join(lines), BEGIN, END), encoding="utf-8")


def told(row: Row) -> list[str]:
    """Return the lines of a workload: ours, and each of its peers."""
    return [
        line([row.name, str(row.threads), name, *figures(runs, row.threads == 1), ratio(row, name), *last(runs)]) for name, runs in row.runs.items()
    ]


def figures(runs: Sequence[Measured], processor: bool) -> list[str]:
    """Return what a first run takes, how long it compiles, what another run takes, building and its time loop, of the processor or on the clock."""
    again = runs[1:] or runs
    compiled, build = runs[0].compile_s, statistics.median(run.build_s for run in again)
    return [
        whole(runs[:1]) if compiled else "",
        seconds(compiled) if compiled else "",
        whole(again),
        seconds(build) if build else "",
        seconds(statistics.median(run.cost(processor) for run in again)),
    ]


def whole(runs: Sequence[Measured]) -> str:
    """Return what whole processes take, on the clock and of the processor; nothing where they are not known."""
    clock = [run.whole_s for run in runs if run.whole_s is not None]
    processor = [run.whole_cpu_s for run in runs if run.whole_cpu_s is not None]
    return f"{seconds(statistics.median(clock))} ({seconds(statistics.median(processor))})" if clock and processor else ""


def ratio(row: Row, name: str) -> str:
    """Return the median ratio of our time loop to that of a peer."""
    return f"{row.peers[name][1]:.2f}" if name in row.peers else ""


def last(runs: Sequence[Measured]) -> list[str]:
    """Return the memory of the last run, and its spikes."""
    memory, spikes = runs[-1].memory_mb, runs[-1].found.get("spikes")
    return ["" if memory is None else f"{memory:.0f} MB", "" if spikes is None else f"{spikes}"]


def line(cells: Sequence[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def how(repetitions: int) -> str:
    """Return how the figures came about."""
    return (
        f"Medians of {repetitions} runs in turn, each in a process of its own. The time loop of one thread is in seconds of the processor where a program "
        f"tells them. The first run and `again` are whole processes, on the clock and in brackets of the processor; memory is their largest. {processor()}."
    )


if __name__ == "__main__":
    main()
