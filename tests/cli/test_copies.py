"""`simulate --copies`: an ensemble from the shell."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Command

NOISY = """\
param g ~ normal(1, 0.1)
noise xi
init V = 0, W[2, 2] = 1
dV/dt = -g*V + 2*xi
dW/dt = -W
on V >= 1: V = 0
simulate: duration 10; dt 0.1; record V
"""


@pytest.fixture
def noisy(here: Path) -> str:
    (here / "noisy.neuro").write_text(NOISY)
    return "noisy.neuro"


def test_an_ensemble_is_told_in_a_summary(command: Command, noisy: str) -> None:
    ended = command("simulate", noisy, "--copies", "5", "--seed", "1")
    rows = dict(line.split(None, 1) for line in ended.out.splitlines()[1:] if line[2] != " ")
    assert (ended.code, ended.err, rows["copies"], rows["steps"]) == (0, "", "5", "500 of 0.1, 10 each")
    assert rows["spikes"].split(" in all, rate of a copy ")[1].split()[1:4:2] == ["±", "per"]
    assert "V = " in rows["final"]


def test_an_ensemble_as_json_is_nested_and_the_same_on_any_number_of_threads(command: Command, noisy: str) -> None:
    told = [json.loads(command("simulate", noisy, "--copies", "3", "--seed", "1", "--threads", n, "--json").out) for n in ("1", "2")]
    first = told[0]
    assert (first["copies"], first["copies_complete"], np.shape(first["final"]["W"]), len(first["parameters"]["g"])) == (3, 3, (3, 2, 2), 3)
    assert (len(first["spikes"]["copy"]), set(first["spikes"]["copy"])) == (first["spikes"]["count"], {0, 1, 2})
    assert first["ensemble"]["final"]["V"]["mean"] == pytest.approx(np.mean(first["final"]["V"]))
    assert [first[key] == told[1][key] for key in ("final", "spikes", "parameters", "seed")] == [True] * 4
    short = json.loads(command("simulate", noisy, "--copies", "101", "--seed", "1", "--duration", "1", "--json", "--summary").out)
    assert (short["final"], short["spikes"].keys(), short["parameters"]) == ({}, {"count"}, {})
    assert short["ensemble"]["final"].keys() == {"V", "W"}


def test_elements_and_spikes_can_be_recorded_and_written(command: Command, noisy: str, here: Path) -> None:
    ended = command("simulate", noisy, "--copies", "2", "--seed", "1", "--record", "V,W[1,0]", "--out", "r.csv", "--plot", "r.png")
    assert (ended.code, ended.err) == (0, "")
    with (here / "r.csv").open(newline="") as file:
        header = next(row for row in csv.reader(file) if not row[0].startswith("#"))
    assert header == ["t", "V copy 0", "V copy 1", "W[1,0] copy 0", "W[1,0] copy 1"]
    assert (here / "r.png").read_bytes()[:4] == b"\x89PNG"
    ended = command("simulate", noisy, "--copies", "2", "--seed", "1", "--record", "spikes", "--out", "s.npz", "--plot", "s.png")
    assert (ended.code, ended.err, (here / "s.png").exists()) == (0, "", True)
    with np.load(here / "s.npz", allow_pickle=False) as file:
        assert file.files == ["t", "spike_times", "spike_index", "meta"]
        assert len(file["spike_times"]) > 0


def test_a_figure_of_nothing_is_not_written_and_no_mistake(command: Command, here: Path) -> None:
    (here / "still.neuro").write_text("init x = 1\ndx/dt = -x\n")
    ended = command("simulate", "still.neuro", "--record", "spikes", "--plot")
    assert (ended.code, sorted(path.name for path in here.iterdir())) == (0, ["cell.neuro", "still.neuro"])


def test_a_failure_names_the_copy_and_keeps_what_was_good(command: Command, here: Path) -> None:
    (here / "bad.neuro").write_text("param a ~ choice(0, 1)\ninit x = 1\ndx/dt = a*x^2\n")
    options = ("--copies", "20", "--seed", "3", "--method", "rk4", "--duration", "5", "--dt", "0.1")
    ended = command("simulate", "bad.neuro", *options, "--json", "--out", "x.npz")
    told = json.loads(ended.out)
    first = told["copies_complete"]
    assert (ended.code, ended.err.splitlines()[0].split(":")[:2]) == (3, ["error[R101]", f" copy {first}"])
    with np.load(here / "x.npz", allow_pickle=False) as file:
        assert np.isfinite(file["x"]).all(axis=0).tolist() == [True] * first + [False] * (20 - first)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--copies", "0"), "error[V101]: the number of copies has to be a whole number of at least 1, not `0`"),
        (("--copies", "2", "--threads", "-1"), "error[V101]: the number of threads has to be a whole number of at least 1, not `-1`"),
        (("--copies", "many"), "Error: Invalid value for '--copies': 'many' is not a valid integer."),
        (("--copies", "9000000"), "error[V104]: recording 1 number at 100 times of 9000000 copies takes 11.2 GiB, more than 4"),
        (("--record", "W[2,0]"), "error[V102]: there is no element `W[2,0]`: `W` has the shape (2, 2), and its elements count from 0"),
    ],
)
def test_numbers_that_cannot_be_are_refused(command: Command, noisy: str, options: tuple[str, ...], message: str) -> None:
    ended = command("simulate", noisy, "--seed", "1", *options)
    assert (ended.code, message in ended.err.splitlines()) == (2, True), ended.err


def test_a_model_without_chance_is_told_that_its_copies_are_alike(command: Command) -> None:
    ended = command("simulate", "cell.neuro", "--copies", "2")
    assert (ended.code, ended.err.splitlines()[0]) == (0, "note[V202]: nothing in `cell` is drawn at random: its 2 copies are all alike")
