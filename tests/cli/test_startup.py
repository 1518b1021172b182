"""What keeps the command line quick: what it does not import, and what it tells the libraries that it does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from neurodsl import cli, resources

LISTED = """
import atexit, sys
atexit.register(lambda: print(*sorted(name for name in sys.modules if name.startswith("neurodsl")), file=sys.stderr))
sys.argv = ["neurodsl", "--help"]
from neurodsl.cli import main
main()
"""
BLAS = """
import os, sys
sys.argv = ["neurodsl", "--version"]
from neurodsl.cli import main
try:
    main()
except SystemExit:
    print(os.environ["OPENBLAS_NUM_THREADS"])
"""


def process(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, without a number of threads for OpenBLAS unless one is given."""
    inherited = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**inherited, **environment}, check=True)


def test_commands_are_listed_without_being_imported_as_click_lists_them() -> None:
    context = click.Context(cli.commands, info_name="neurodsl")
    ours, clicks = click.HelpFormatter(width=100), click.HelpFormatter(width=100)
    cli.commands.format_commands(context, ours)
    click.Group.format_commands(cli.commands, context, clicks)
    assert ours.getvalue() == clicks.getvalue()
    assert process(LISTED).stderr.split() == ["neurodsl", "neurodsl.cli"]


def test_the_threads_of_a_matrix_library_are_one_unless_the_user_says_otherwise() -> None:
    assert [process(BLAS, **given).stdout.splitlines()[-1] for given in ({}, {"OPENBLAS_NUM_THREADS": "2"})] == ["1", "2"]


def test_the_stamp_of_the_compiler_knows_every_file_that_shapes_a_kernel_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("neurodsl/lang/grammar.lark", "neurodsl/a.py", "neurodsl/__pycache__/a.py", "templates/numba/rk4.j2", "neurodsl/py.typed"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("")
        os.utime(tmp_path / place, ns=(0, 5))
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "neurodsl")
    assert resources.stamp() == [3, 5]
    for place, number in (("templates/numba/rk4.j2", 7), ("neurodsl/py.typed", 9)):
        os.utime(tmp_path / place, ns=(0, number))
    assert resources.stamp() == [3, 7]
