"""The command line in this process, as plain Python where a kernel runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from neurodsl import cli

LIF = """\
param tau = 10 [ms], V_th = -50 [mV], V_rest = -65 [mV]
input I = 20 [mV]
init V = V_rest
tau*dV/dt = -(V - V_rest) + I
on V >= V_th: V = V_rest
simulate:
    duration 20 [ms]
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with the model `cell.neuro`, which commands run in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cell.neuro").write_text(LIF)
    return tmp_path


@pytest.fixture
def command(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `neurodsl` with arguments, and bytes on standard input."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")

    def run(*arguments: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return Ended(stop.value.code, out, err)

    return run
