"""The real command, in a process of its own: what it imports, how it ends, and two of it at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

COMMAND = [sys.executable, "-m", "neurodsl"]
SLOW = "param a = 1\ninit x = 1\ndx/dt = -a*x + sin(t)\n"
HEAVY = ("lark", "sympy", "jinja2", "scipy", "matplotlib", "numba")


def start(*arguments: str, before: str = "", **options: object) -> subprocess.Popen[str]:
    """Start a command; `before` is run in its process first."""
    if not before:
        return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]
    script = f"{before}\nfrom neurodsl import cli\ncli.main({list(arguments)!r})"
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def shell(line: str, **environment: str) -> tuple[int, str, str]:
    """Run a line of the shell in which `neurodsl` is the command."""
    script = f'set -o pipefail; neurodsl() {{ "{sys.executable}" -m neurodsl "$@"; }}\n{line}'
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, check=False)
    return ended.returncode, ended.stdout, ended.stderr


IMPORTED = f"""
import atexit, sys
atexit.register(lambda: print("imported:", *(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr))
"""


def test_a_second_run_imports_neither_the_language_nor_the_mathematics(tmp_path: Path) -> None:
    environment = {**os.environ, "NEURODSL_CACHE_DIR": str(tmp_path / "cache")}
    first, second = (end(start("simulate", "lif", "--json", before=IMPORTED, env=environment)) for _ in range(2))
    assert (first[0], second[0], "imported: lark sympy jinja2" in first[2], second[2]) == (0, 0, True, "imported:\n")
    assert json.loads(first[1])["final"] == json.loads(second[1])["final"]


FREE = [(["--help"], ""), (["--version"], ""), (["models"], ""), (["explain"], ""), (["check", "lif"], "lark")]


@pytest.mark.parametrize(("arguments", "allowed"), FREE)
def test_what_needs_no_mathematics_imports_none(arguments: list[str], allowed: str) -> None:
    end(start(*arguments))
    assert end(start(*arguments, before=IMPORTED))[2].split() == ["imported:", *allowed.split()]


def test_an_interrupt_saves_what_was_computed_and_exits_with_130(tmp_path: Path) -> None:
    (tmp_path / "slow.neuro").write_text(SLOW)
    before = """
import os, signal, threading
from neurodsl.run import copies
run = copies.Work.run
def interrupted(*arguments):
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    return run(*arguments)
copies.Work.run = interrupted
"""
    options = ["--method", "rk4", "--duration", "1e6", "--out", "x.npz", "--json", "--summary"]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    code, out, err = end(start("simulate", "slow.neuro", *options, before=before, cwd=tmp_path, env=environment))
    told = json.loads(out)
    assert (code, told["complete"], told["stopped"], err) == (130, False, "interrupted", "")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as file:
        assert (file["t"][-1], json.loads(str(file["meta"]))["complete"]) == (pytest.approx(told["reached"], abs=0.02), False)
        assert (len(file["t"]) > 100, bool(np.isfinite(file["x"]).all())) == (True, True)


def test_two_processes_compile_the_same_model_at_once_and_a_damaged_kernel_is_a_miss(tmp_path: Path) -> None:
    (tmp_path / "slow.neuro").write_text(SLOW)
    environment = {**os.environ, "NEURODSL_CACHE_DIR": str(tmp_path / "cache")}
    options = ("simulate", "slow.neuro", "--method", "rk4", "--json")
    twins = [start(*options, "--duration", "20000", cwd=tmp_path, env=environment) for _ in range(2)]
    ends = [end(twin) for twin in twins]
    assert [(code, err) for code, _, err in ends] == [(0, ""), (0, "")]
    first, second = (json.loads(out) for _, out, _ in ends)
    assert (first["final"], first["timing"]["compile_s"] > 0) == (second["final"], True)
    (machine_code,) = (tmp_path / "cache").glob("*.o")
    again = json.loads(end(start(*options, "--duration", "20", cwd=tmp_path, env=environment))[1])["final"]
    machine_code.write_bytes(machine_code.read_bytes()[:1000])
    code, out, err = end(start(*options, "--duration", "20", cwd=tmp_path, env=environment))
    assert (code, json.loads(out)["final"], err, [p.name for p in (tmp_path / "cache").glob(".*")]) == (0, again, "", [])


def test_a_compiled_kernel_reproduces_the_run_without_this_package(tmp_path: Path) -> None:
    assert end(start("compile", "lif", "-o", str(tmp_path / "m.py")))[:2] == (0, "")
    code, out, _ = end(start("simulate", "lif", "--json"))
    told = json.loads(out)
    script = f"""
import sys, runpy
sys.modules["neurodsl"] = None
sys.path = [p for p in sys.path if p != {str(Path(__file__).parents[2])!r}]
runpy.run_path({str(tmp_path / "m.py")!r}, run_name="__main__")
"""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment, check=True)
    assert (code, f"{told['final']['V']!r}" in ended.stdout, str(told["spikes"]["count"]) in ended.stdout) == (0, True, True), ended.stdout
    imports = [line.split()[1] for line in (tmp_path / "m.py").read_text().splitlines() if line.startswith(("import ", "from "))]
    assert sorted(imports) == ["math", "numba", "numpy"]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("neurodsl models | head -1", 0, ""),
        ("neurodsl models | true", 0, ""),
        ("neurodsl --help | true", 0, ""),
        ("neurodsl simulate lif | true", 0, ""),
        ("neurodsl compile lif | head -1", 0, ""),
        ("neurodsl models > /dev/full", 4, "error: no space left on device\n"),
        ("neurodsl models >&-", 0, ""),
        ("neurodsl simulate nope 2>&-", 2, ""),
        ("neurodsl check - <&-", 2, ""),
    ],
)
def test_pipes_and_closed_streams_are_no_crash(line: str, code: int, message: str) -> None:
    ended = shell(line)
    assert (ended[0], ended[2]) == (code, message)


def test_greek_is_printed_in_any_locale(tmp_path: Path) -> None:
    (tmp_path / "g.neuro").write_text("param τ = 1\ndx/dt = -τ*x + σ\n", encoding="utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    code, out, err = shell(f"neurodsl check {tmp_path}/g.neuro", **ascii_only)
    assert (code, err, "unknown name `\\u03c3`" in out) == (2, "", True)
    code, out, err = shell(f"neurodsl check {tmp_path}/g.neuro", LC_ALL="C")
    assert (code, err, "unknown name `σ`" in out) == (2, "", True)


def test_a_narrow_terminal_and_no_home_are_enough(tmp_path: Path) -> None:
    assert [shell(f"env -u HOME {sys.executable} -m neurodsl {line}", COLUMNS="3", TERM="dumb")[0] for line in ("--help", "check lif")] == [0, 0]


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_the_shell_is_given_its_completion(shell_name: str) -> None:
    code, out, err = shell("neurodsl", _NEURODSL_COMPLETE=f"{shell_name}_source")
    assert (code, "_NEURODSL_COMPLETE" in out, err) == (0, True, "")


def test_completion_knows_the_commands_and_their_options() -> None:
    typed = [("neurodsl si", "1"), ("neurodsl simulate lif --me", "3")]
    told = [shell("neurodsl", _NEURODSL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=word)[1] for words, word in typed]
    assert told == ["plain,simulate\n", "plain,--method\n"]
