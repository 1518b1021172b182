"""A sweep that is killed with SIGKILL again and again ends with the table of an undisturbed one; ``benchmarks/kills.py`` does it 200 times."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.kills import Moment, after, command, killed, when

MOMENTS = [after(0.1), when(1, ".chunk"), when(1, ".part"), when(2, ".chunk", 0.05), when(3, ".chunk"), when(1, ".csv")]
pytestmark = pytest.mark.usefixtures("plain")


def finished(arguments: list[str], results: Path) -> bytes:
    """Return what a sweep writes when it is left alone."""
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return results.read_bytes()


@pytest.mark.parametrize(("executor", "moments"), [("threads", MOMENTS), ("processes", MOMENTS[1:3])], ids=["threads", "processes"])
def test_the_table_of_a_killed_sweep_is_that_of_an_undisturbed_one(tmp_path: Path, executor: str, moments: list[Moment]) -> None:
    expected = finished(command(tmp_path, "undisturbed.csv", 0.5), tmp_path / "undisturbed.csv")
    (tmp_path / "killed").mkdir()
    results = tmp_path / "killed" / "r.csv"
    arguments = command(tmp_path / "killed", "r.csv", 0.5, "--executor", executor)
    states = [killed(arguments, results, moment) for moment in moments]
    assert finished(arguments, results) == expected
    assert "chunks were finished" in states
