"""The table of figures: on the terminal, and in the README of the project between two comments."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.harness import Row

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"


def processor() -> str:
    """Return what this machine computes with."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.is_file() else ""
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    wide = " with AVX-512" if " avx512f" in text else " with AVX2" if " avx2" in text else ""
    return f"{name[1] if name else platform.processor() or platform.machine()}{wide}, {os.cpu_count()} cores"


def seconds(value: float) -> str:
    """Return a time in seconds with three figures."""
    return f"{value:.3g} s" if value < 100 else f"{value:.0f} s"


def peer(row: Row, name: str) -> str:
    """Return what a peer took and the ratio of ours to it; nothing where it has no such program."""
    if name not in row.peers:
        return ""
    took, ratio = row.peers[name]
    return f"{seconds(took)} ({ratio:.2f} x)"


def table(rows: Sequence[Row], repetitions: int, perturbation: float, today: date) -> str:
    """Return the rows as a Markdown table, with a sentence on how they came about."""
    names = list(dict.fromkeys(name for row in rows for name in row.peers))
    lines = [f"| | | threads | neurodsl | compiled before in | {' | '.join([*names, 'wanted', 'checked'])} |"]
    lines += [f"|{'---|' * (7 + len(names))}"]
    for row in rows:
        told = [peer(row, name) for name in names]
        before = seconds(row.compile_s) if row.compile_s else ""
        took = seconds(row.seconds) + (f", {seconds(row.cpu)} of the processor" if row.cpu is not None else "")
        lines.append(f"| {' | '.join([row.name, row.title, str(row.threads), took, before, *told, row.goal, row.verdict])} |")
    moved = f", with the constants of the models moved by up to {100 * perturbation:g} % in each" if perturbation else ""
    how = "Time loops on one thread (W2 to W6) in seconds of the processor, the rest in seconds of the clock."
    lines += [
        "",
        f"Medians of {repetitions} runs in turn{moved}; in brackets the median ratio of ours to theirs. {how} {processor()}, {today:%B %Y}.",
    ]
    return "\n".join(lines)


def written(text: str, figures: str, begin: str = BEGIN, end: str = END) -> str:
    """Return a text with what stands between two comments replaced.

    Raises
    ------
    ValueError
        Where the comments do not stand in it once each, in this order.
    """
    before, first, rest = text.partition(begin)
    _, second, after = rest.partition(end)
    if not first or not second or begin in after or end in before + after:
        raise ValueError(f"`{begin}` and `{end}` have to stand in the text once each, in this order")
    return f"{before}{begin}\n{figures}\n{end}{after}"
