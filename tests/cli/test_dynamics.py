"""The commands fi, lyapunov and prc."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest
from cli.conftest import Command


def test_fi_prints_the_rheobase_and_the_period_as_expressions(command: Command) -> None:
    ended = command("fi", "lif", "--over", "I=1..3", "--points", "5")
    assert ended.code == 0
    assert "rheobase: I = g_L*(-V_rest + V_th) = 1.5 [uA/cm^2]" in ended.out
    assert "62.13349" in ended.out
    assert "a periodic train, attracting: after each spike V = -70; period 16.0943" in ended.out


def test_fi_writes_json_a_table_and_a_figure(command: Command, here: Path) -> None:
    ended = command("fi", "cell.neuro", "--over", "I=0..30", "--points", "4", "--json", "--out", "fi.csv", "--plot", "fi.svg")
    told = json.loads(ended.out)
    assert ended.code == 0
    assert told["rates"][-1] == pytest.approx(1000 / (10 * log(2)))
    assert told["rheobase"]["repetitive"]["value"] == 15.0
    assert told["return_map"]["fixed_points"][0]["period"] == pytest.approx(10 * log(4), abs=1e-6)
    assert len((here / "fi.csv").read_text().splitlines()) == 5
    assert (here / "fi.svg").read_text().startswith("<?xml")


def test_the_figure_of_fi_is_named_after_the_file(command: Command, here: Path) -> None:
    ended = command("fi", "cell.neuro", "--over", "I=0..30", "--points", "4", "--plot")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "  written cell_fi.png")
    assert (here / "cell_fi.png").read_bytes().startswith(b"\x89PNG")


def test_lyapunov_prints_the_spectrum(command: Command, here: Path) -> None:
    (here / "plane.neuro").write_text("init x = 1, y = 1\ndx/dt = -x + 2*y\ndy/dt = -3*y\n")
    ended = command("lyapunov", "plane.neuro", "--duration", "30", "--transient", "30")
    assert ended.code == 0
    assert ended.out.splitlines()[0].startswith("plane: Lyapunov exponents (rk45, mean over 30 after a transient of 30)")
    assert [line.split()[1] for line in ended.out.splitlines()[1:3]] == ["-1", "-3"]
    told = json.loads(command("lyapunov", "plane.neuro", "--duration", "20", "--dt", "0.05", "--json").out)
    assert told["sum"] == pytest.approx(-4, abs=1e-4)
    assert told["method"] == "rk4"


def test_times_may_have_a_unit(command: Command) -> None:
    told = json.loads(command("lyapunov", "cell.neuro", "--duration", "0.1 [s]", "--transient", "10 [ms]", "--json").out)
    assert told["duration"] == pytest.approx(100)


def test_prc_prints_both_ways_and_writes_the_curves(command: Command, here: Path) -> None:
    ended = command("prc", "cell.neuro", "--out", "prc.csv")
    assert ended.code == 0
    assert ended.out.startswith("cell: a limit cycle of period 13.8629436 ms\n  multipliers  1")
    assert "of the largest value at most" in ended.out
    assert len((here / "prc.csv").read_text().splitlines()) == 202
    assert json.loads(command("prc", "cell.neuro", "--json").out)["largest_difference"] < 1e-5


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("fi", "cell.neuro"), 2, "Missing option '--over'"),
        (("fi", "cell.neuro", "--over", "I=5"), 2, "--over takes NAME=FROM..TO, not `I=5`"),
        (("fi", "cell.neuro", "--over", "i=0..5"), 2, "did you mean `I`?"),
        (("fi", "cell.neuro", "--over", "I=0..5", "--set", "I=3"), 2, "`I` is given a value and a range"),
        (("fi", "cell.neuro", "--over", "I=0..5", "--out", "x.txt"), 2, "--out takes a .csv or .npz file"),
        (("fi", "lorenz", "--over", "rho=0..5"), 2, "has no event that is a spike"),
        (("lyapunov", "ornstein_uhlenbeck"), 2, "has noise"),
        (("lyapunov", "cell.neuro", "--duration", "0"), 2, "the duration has to be positive"),
        (("lyapunov", "cell.neuro", "--duration", "3 [mV]"), 2, "duration is a time"),
        (("lyapunov", "cell.neuro", "--seed", "-1"), 2, "a seed is a whole number"),
        (("prc", "logistic_map"), 2, "is a map"),
        (("prc", "cell.neuro", "--of", "W"), 2, "has no state `W`"),
        (("prc", "cell.neuro", "--set", "I=1"), 3, "comes to rest at V = -64"),
        (("prc", "cell.neuro", "--out", "x.png"), 2, "--out takes a .csv file"),
    ],
)
def test_wrong_input_is_named(command: Command, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended = command(*arguments)
    assert said in ended.err
    assert (ended.code, ended.out) == (code, "")
