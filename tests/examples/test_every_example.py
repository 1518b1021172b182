"""Each example runs by itself, prints its numbers, and draws its figure where it is asked to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from examples.scripts import FOLDER, SCRIPTS, script


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_prints_numbers_and_draws_a_figure(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--plot", "figure.png"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(re.findall(r"\d+\.\d+", process.stdout)) >= 3
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert process.stderr == ""


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_teaches_in_its_docstring_and_says_how_it_is_run(name: str) -> None:
    doc = script(name).__doc__ or ""
    assert f"python {name}.py" in doc
    assert len(doc.splitlines()) >= 8


def test_examples_are_numbered_in_order() -> None:
    assert [int(name.partition("_")[0]) for name in SCRIPTS] == list(range(1, len(SCRIPTS) + 1))
