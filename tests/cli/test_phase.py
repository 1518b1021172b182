"""``neurodsl phase`` writes a figure and tells what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.conftest import Command


def test_the_figure_of_a_file_is_named_after_it(command: Command, here: Path) -> None:
    ended = command("phase", "cell.neuro")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "cell",
        "  V = -67 to -43 mV",
        "  stable node at V = -45 mV, not reached",
        "  written cell_phase.png",
    ]
    assert (here / "cell_phase.png").read_bytes()[:4] == b"\x89PNG"


def test_axes_box_starts_and_destination_can_be_chosen(command: Command, here: Path) -> None:
    ended = command(
        "phase", "fitzhugh_nagumo", "w", "v", "--set", "I_ext=0.5", "--box", "v=-2.5..2.5", "--box", "w=-1..2", "--from", "v=1,w=0", "--duration", "30",
        "--out", "f.svg",
    )  # fmt: skip
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "FitzHugh-Nagumo neuron",
        "  w = -1 to 2, v = -2.5 to 2.5",
        "  unstable focus at w = -0.1310597, v = -0.8048477",
        "  stable cycle of period 39.474415: w from -0.2457418 to 1.393773, v from -1.970407 to 1.852117",
        "  written f.svg",
    ]
    assert (here / "f.svg").read_text().startswith("<?xml")


def test_a_drive_that_depends_on_time_stands_still_when_it_is_told_to(command: Command, here: Path) -> None:
    (here / "driven.neuro").write_text("input I = 2*pulse(t, 5, 10)\ninit x = 0\ndx/dt = I - x\n")
    assert "stable node at x = 0\n" in command("phase", "driven.neuro").out
    assert "stable node at x = 2\n" in command("phase", "driven.neuro", "--time", "7").out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("fitzhugh_nagumo", "v", "W"), 2, "did you mean `w`?"),
        (("fitzhugh_nagumo", "v", "v"), 2, "both axes are `v`"),
        (("cell.neuro", "V", "V"), 2, "a plane needs two"),
        (("fitzhugh_nagumo", "--box", "v=1"), 2, "--box takes NAME=FROM..TO"),
        (("fitzhugh_nagumo", "--box", "v=2..1"), 2, "has no interior"),
        (("fitzhugh_nagumo", "--from", "v"), 2, "--from takes NAME=VALUE"),
        (("fitzhugh_nagumo", "--out", "f.jpg"), 2, "`.jpg` is no format for figures"),
        (("fitzhugh_nagumo", "--out", "missing/f.png"), 4, "there is no directory `missing`"),
        (("cell.neuro", "--animate", "f.avi"), 2, "`.avi` is no format for films"),
        (("cell.neuro", "--animate", "f.gif"), 2, "--animate follows a trajectory in a plane"),
    ],
)
def test_bad_arguments_are_told_and_nothing_is_written(command: Command, here: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    ended = command("phase", *arguments)
    assert (ended.code, told in ended.err) == (code, True)
    assert [path.name for path in here.iterdir()] == ["cell.neuro"]
