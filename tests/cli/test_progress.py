"""The bar of a run on a terminal: how far the time of the model has come."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli.conftest import LIF

from neurodsl import cli, console, loads
from neurodsl.console import Bar

NETWORK = """\
model cell:
    param tau = 10 [ms]
    init v = 1 [mV]
    tau*dv/dt = -v
network pair:
    population A = cell[2]
    simulate: duration 40 [ms]
"""


class Terminal(io.StringIO):
    """Standard error as a terminal has it."""

    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return the standard error of a terminal, at which every piece of work takes two seconds; pytest sets its own again after a fixture."""
    found, clock = Terminal(), count(step=2)
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setattr(console, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    return found


def shown(terminal: Terminal) -> list[str]:
    """Return what stands behind the bar in what a terminal was sent, in order and each text once."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    return list(dict.fromkeys(re.findall(r"\d+% (.*?) +(?:-:--:--|\d+:\d\d:\d\d) left", plain)))


def drive(bar: Bar, *done: float) -> None:
    for fraction in done:
        bar(fraction)
        if bar.shown is not None:
            bar.shown.refresh()
    bar.close()


@pytest.mark.parametrize(
    ("begun", "wanted"),
    [
        ((1000.0, "ms", None), ["350 of 1000 ms", "1000 of 1000 ms"]),
        ((0.25, "s", None), ["0.0875 of 0.25 s", "0.2500 of 0.25 s"]),
        ((100.0, "1", None), ["35.0 of 100", "100.0 of 100"]),
        ((100.0, "ms", 20), ["700 of 2000 ms in 20 copies", "2000 of 2000 ms in 20 copies"]),
        ((3e7, "ms", None), ["10500000 of 30000000 ms", "30000000 of 30000000 ms"]),
    ],
)
def test_the_bar_shows_the_time_reached_of_the_whole_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, begun: tuple[float, str, int | None], wanted: list[str]
) -> None:
    terminal = at_a_terminal(monkeypatch)
    bar = Bar("simulating", hidden=False)
    bar.begin(*begun)
    drive(bar, 0.35, 1.0)
    assert shown(terminal) == wanted


def test_work_that_has_no_time_shows_its_fraction_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch)
    drive(Bar("sweeping", hidden=False), 0.1, 0.35)
    assert shown(terminal) == [""]


def test_a_bar_is_drawn_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch)
    drive(Bar("simulating", hidden=True), 0.1, 0.35)
    monkeypatch.setattr(sys, "stderr", piped := io.StringIO())
    drive(Bar("simulating", hidden=False), 0.1, 0.35)
    assert (terminal.getvalue(), piped.getvalue()) == ("", "")


@pytest.mark.parametrize(
    ("arguments", "of"),
    [
        (["net.neuro"], "of 40 ms"),
        (["net.neuro", "--duration", "0.03 [s]"], "of 30 ms"),
        (["cell.neuro"], "of 20 ms"),
        (["cell.neuro", "--copies", "2", "--duration", "5"], "of 10 ms in 2 copies"),
    ],
)
def test_networks_and_models_alike_tell_how_long_they_run(monkeypatch: pytest.MonkeyPatch, here: Path, arguments: list[str], of: str) -> None:
    terminal = at_a_terminal(monkeypatch)
    (here / "net.neuro").write_text(NETWORK)
    with pytest.raises(SystemExit) as stop:
        cli.main(["simulate", *arguments])
    told = shown(terminal)
    assert (stop.value.code, bool(told), all(line.endswith(of) for line in told)) == (0, True, True)


class Told:
    """A progress of a program that wants to know how long a run is."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def begin(self, duration: float, unit: str, copies: int | None) -> None:
        self.told.append((duration, unit, copies))

    def __call__(self, done: float) -> None:
        self.told.append(done)


@pytest.mark.parametrize("text", [NETWORK, LIF])
@pytest.mark.parametrize("copies", [None, 3])
def test_a_progress_is_told_the_duration_before_the_first_fraction(monkeypatch: pytest.MonkeyPatch, text: str, copies: int | None) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    progress = Told()
    loads(text).simulate(duration="0.03 [s]", copies=copies, progress=progress)
    assert (progress.told[0], all(isinstance(done, float) for done in progress.told[1:])) == ((30.0, "ms", copies), True)


def test_a_callable_of_a_program_is_told_the_fraction_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    told: list[float] = []
    take: Callable[[float], None] = told.append
    loads(NETWORK).simulate(progress=take)
    assert (told, told[-1]) == (sorted(told), 1.0)
