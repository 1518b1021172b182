"""Run workloads beside what they are held against, and print the ratios.

``python benchmarks/run.py [--limits DIR] [--brian2 PYTHON] [--nest PYTHON] [--perturb] [--write-readme] [W1 W2 ...]``; without names, all of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks import workloads  # noqa: E402
from benchmarks.figures import table, written  # noqa: E402
from benchmarks.harness import Row, Workload, bench, compare  # noqa: E402
from neurodsl.registry import collect  # noqa: E402

PERTURBATION = 0.02


def chosen(names: Sequence[str]) -> list[Workload]:
    """Return the workloads of some names; ``W1`` stands for all whose first word it is."""
    family = collect(workloads, Workload)
    known = list(dict.fromkeys(name.split()[0] for name in family))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"error: there is no workload `{unknown[0]}`; there are {', '.join(known)}")
    return [workload for name, workload in family.items() if not names or name.split()[0] in names]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description="Run workloads beside what they are held against, and print the ratios.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which workloads; all by default")
    parser.add_argument("--limits", type=Path, metavar="DIR", help="a folder with programs in C, in its folder `c`; they are copied and compiled")
    parser.add_argument("--brian2", metavar="PYTHON", help="a Python that has Brian2")
    parser.add_argument("--nest", metavar="PYTHON", help="a Python that has NEST")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="how often; 5 by default")
    parser.add_argument("--perturb", action="store_true", help=f"move the constants of the models by up to {100 * PERTURBATION:g} %% each time")
    parser.add_argument("--write-readme", action="store_true", help="write the table into the README of the project")
    given = parser.parse_args(arguments)
    wanted, rows = chosen(given.names), list[Row]()
    perturbation = PERTURBATION if given.perturb else 0.0
    with bench(given.limits, given.brian2, perturbation, given.nest) as around:
        for workload in wanted:
            for threads in workload.threads:
                rows.append(compare(workload, threads, around, given.repeat))
                show(rows[-1])
    told = table(rows, given.repeat, perturbation, date.today())
    print(f"\n{told}")
    if given.write_readme:
        readme = ROOT / "README.md"
        readme.write_text(written(readme.read_text(encoding="utf-8"), told), encoding="utf-8")


def show(row: Row) -> None:
    """Print a workload as soon as it is done."""
    processor = "" if row.cpu is None else f" ({row.cpu:.4g} s of the processor)"
    print(f"{row.name}, threads {row.threads}: {row.seconds:.4g} s{processor}, compiled before in {row.compile_s:.3g} s, {row.verdict}")
    for name, (took, ratio) in row.peers.items():
        print(f"  {name:<8} {took:.4g} s, ratio {ratio:.3g}")
    for name, reason in row.missing.items():
        print(f"  {name:<8} missing: {reason}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
