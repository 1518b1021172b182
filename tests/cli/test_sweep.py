"""`sweep`: a table of runs from the shell."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.conftest import Command

from neurodsl.sweep.chunks import TRIES
from neurodsl.sweep.executors.executor import Task
from neurodsl.sweep.executors.threads import Threads
from neurodsl.sweep.store import Store

POLE = """\
param a = 1
init x = 1
dx/dt = a*x^2 - x
simulate: duration 5; dt 0.01; method rk4
"""
NOISY = """\
param k = 1
noise xi
init x = 0
dx/dt = -k*x + xi
simulate: duration 1; dt 0.1
"""


def rows_of(out: str) -> dict[str, str]:
    """Return the lines of a summary by their first word."""
    return dict(line.split(None, 1) for line in out.splitlines()[1:] if line.startswith("  ") and line[2] != " ")


def test_a_sweep_is_told_in_a_summary_and_a_table(command: Command) -> None:
    ended = command("sweep", "cell.neuro", "--over", "I=10..30:3", "--measure", "spikes,final(V)", "--where", "steady")
    rows = rows_of(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert (rows["over"], rows["points"], rows["window"]) == ("I: 10, 20, 30 mV", "3", "from 10 ms to 20 ms")
    assert rows["method"].startswith("exact (auto: the equations are linear), events exact, dt 0.1 ms")
    table = [line.split() for line in ended.out.splitlines()[-4:]]
    assert table[0] == ["I", "[mV]", "spikes", "final(V)", "[mV]"]
    # Nothing fires within 20 ms below I = 15 mV; above, a spike comes every tau*log(I/(I - 15)).
    assert [(row[0], row[1]) for row in table[1:]] == [("10", "0"), ("20", "1"), ("30", "1")]
    assert float(table[1][2]) == pytest.approx(-65 + 10 * (1 - np.exp(-2)), rel=1e-5)


def test_a_sweep_over_two_axes_is_a_table_for_each_measure(command: Command) -> None:
    ended = command("sweep", "cell.neuro", "--over", "I=10,20", "--over", "tau=5,10,20", "--measure", "max(V)")
    lines = ended.out.splitlines()[-4:]
    assert lines[0] == "  max(V) [mV], tau from left to right"
    assert [line.split()[0] for line in lines[1:]] == ["I", "10", "20"]
    assert lines[1].split()[-3:] == ["5", "10", "20"]


def test_a_sweep_as_json_is_one_object(command: Command) -> None:
    ended = command("sweep", "cell.neuro", "--over", "I=10..30:3", "--over", "tau=5,10", "--measure", "spikes", "--json")
    told = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert [(axis["name"], axis["unit"], axis["values"]) for axis in told["axes"]] == [("I", "mV", [10, 20, 30]), ("tau", "ms", [5, 10])]
    assert told["measures"] == [{"name": "spikes", "unit": "1", "label": "Number of spikes"}]
    assert np.array(told["values"]["spikes"]).shape == (3, 2)
    assert (told["failed"], told["complete"], told["points"]) == ([], True, 6)
    assert set(told["timing"]) == {"build_s", "compile_s", "run_s"}


def test_measures_that_are_named_one_by_one_are_all_taken(command: Command) -> None:
    ended = command("sweep", "cell.neuro", "--over", "I=10,20", "--measure", "rate", "--measure", "spikes,max(V)", "--json")
    assert [measure["name"] for measure in json.loads(ended.out)["measures"]] == ["rate", "spikes", "max(V)"]


def test_parts_of_a_sweep_with_other_measures_are_told_and_the_sweep_goes_on(command: Command, here: Path) -> None:
    command("sweep", "cell.neuro", "--over", "I=10..30:4", "--measure", "spikes,rate", "--shard", "1/2", "-o", "s.csv")
    ended = command("sweep", "cell.neuro", "--over", "I=10..30:4", "--measure", "spikes", "-o", "s.csv")
    assert (ended.code, "another sweep" in ended.err, (here / "s.csv").exists()) == (0, True, True)


def test_results_that_another_process_writes_meanwhile_are_not_overwritten(command: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command("sweep", "cell.neuro", "--over", "I=10,20", "-o", "other.csv")
    run = Threads.run

    def overtaken(self: Threads, task: Task) -> None:
        run(self, task)
        (here / "s.csv").write_bytes((here / "other.csv").read_bytes())

    monkeypatch.setattr(Threads, "run", overtaken)
    ended = command("sweep", "cell.neuro", "--over", "I=10,30", "-o", "s.csv")
    assert (ended.code, "error[F107]" in ended.err) == (2, True)
    assert (here / "s.csv").read_bytes() == (here / "other.csv").read_bytes()


def test_points_that_fail_end_the_command_with_3_and_the_rest_is_written(command: Command, here: Path) -> None:
    (here / "pole.neuro").write_text(POLE)
    ended = command("sweep", "pole.neuro", "--over", "a=0.5,1.5", "-o", "r.csv", "--plot", "r.png")
    assert ended.code == 3
    assert ended.err.startswith("error[R107]: 1 of 2 points failed; the first, at a = 1.5: R101: state `x` became infinite")
    assert rows_of(ended.out)["points"] == "2, 1 failed"
    assert [line for line in ended.out.splitlines() if "written" in line] == ["  written r.csv", "  written r.png"]
    rows = list(csv.reader((here / "r.csv").read_text().splitlines()[1:]))
    assert float(rows[1][1]) == pytest.approx(1 / (0.5 + 0.5 * np.exp(5)), rel=1e-7)
    assert rows[2][1] == "nan"
    again = command("sweep", "pole.neuro", "--over", "a=0.5,1.5", "-o", "r.csv", "--json")
    assert (again.code, json.loads(again.out)["ran"]) == (3, 0)
    assert json.loads(again.out)["failed"][0]["at"] == {"a": 1.5}


def test_a_stochastic_point_is_repeated_by_simulate_with_its_seed(command: Command, here: Path) -> None:
    (here / "noisy.neuro").write_text(NOISY)
    told = json.loads(command("sweep", "noisy.neuro", "--over", "k=1,2", "--copies", "2", "--seed", "3", "--json").out)
    assert told["seed"] == 3
    single = json.loads(command("simulate", "noisy.neuro", "--set", "k=2", "--seed", str(told["seeds"][1][1]), "--json").out)
    assert single["final"]["x"] == told["values"]["final(x)"][1][1]


def test_points_are_drawn_at_random(command: Command) -> None:
    ended = command("sweep", "cell.neuro", "--over", "I=10..30", "--over", "tau=5..20", "--random", "4", "--seed", "1", "--json")
    told = json.loads(ended.out)
    assert [(axis["name"], axis["values"]) for axis in told["axes"]] == [("point", [0, 1, 2, 3])]
    assert [axis["name"] for axis in told["drawn"]] == ["I", "tau"]
    shown = command("sweep", "cell.neuro", "--over", "I=10..30", "--random", "4", "--seed", "1")
    assert shown.out.splitlines()[-5].split() == ["I", "[mV]", "spikes", "rate", "[Hz]", "final(V)", "[mV]"]


def test_a_shard_says_what_is_missing(command: Command, here: Path) -> None:
    first = command("sweep", "cell.neuro", "--over", "I=10..30:5", "-o", "r.csv", "--shard", "1/2")
    assert (first.code, rows_of(first.out)["points"]) == (0, "3 of 5 finished")
    assert first.err == "3 of 5 points are finished and kept in `r.csv.parts`; the shard that finds all of them writes the results\n"
    second = command("sweep", "cell.neuro", "--over", "I=10..30:5", "-o", "r.csv", "--shard", "2/2")
    assert (second.code, second.err, rows_of(second.out)["points"]) == (0, "", "5, 3 found from before")
    assert sorted(path.name for path in here.iterdir()) == ["cell.neuro", "r.csv"]


def test_a_shard_whose_last_points_another_finds_says_nothing_of_missing_ones(command: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load, loads = Store.load, []
    arguments = ("sweep", "cell.neuro", "--over", "I=10..30:5", "-o", "r.csv", "--shard")

    def last(store: Store, *given: Any) -> Any:
        loads.append(store)
        if len(loads) == 2:
            assert command(*arguments, "2/2").code == 0
        return load(store, *given)

    monkeypatch.setattr(Store, "load", last)
    ended = command(*arguments, "1/2")
    assert (ended.code, ended.err, rows_of(ended.out)["points"]) == (0, "", "5, 2 found from before")
    assert ended.out.endswith("  written r.csv\n")
    assert sorted(path.name for path in here.iterdir()) == ["cell.neuro", "r.csv"]


@pytest.mark.parametrize(
    ("out", "told"),
    [
        (["-o", "r.csv"], "2 of 3 points are finished and kept in `r.csv.parts`; the same command tries the others again\n"),
        ([], "2 of 3 points are finished; with `-o FILE` they are kept, and the same command tries the others again\n"),
    ],
)
def test_points_whose_workers_died_end_the_command_with_3_and_are_tried_again(
    command: Command, here: Path, monkeypatch: pytest.MonkeyPatch, out: list[str], told: str
) -> None:
    def lose(executor: Threads, task: Task, run: Any = Threads.run) -> None:
        queue = task.chunks
        for deaths in range(TRIES):
            lost = queue.died(replace(queue.points.cut(0, 1), deaths=deaths), "its worker died")
            queue.again.clear()
        assert lost is not None
        task.done(lost)
        queue.first = 1
        run(executor, task)

    arguments = ("sweep", "cell.neuro", "--over", "I=10,20,30", *out)
    with monkeypatch.context() as patch:
        patch.setattr(Threads, "run", lose)
        ended = command(*arguments)
    assert (ended.code, rows_of(ended.out)["points"]) == (3, "2 of 3 finished, 1 failed")
    assert ended.err.startswith("error[R107]: 1 of 3 points failed; the first, at I = 10: its worker died, 3 times\n")
    assert ended.err.endswith(told)
    assert not (here / "r.csv").exists()
    again = command(*arguments)
    assert (again.code, again.err, rows_of(again.out)["points"]) == (0, "", "3, 2 found from before" if out else "3")


@pytest.mark.parametrize(
    "overs", [("I=1..10:7", "tau=1..10:7", "V_th=-50..-40:7"), ("I=1,2", "tau=1,2", "V_th=-50,-40", "V_rest=-65,-66")], ids=["heat", "four"]
)
def test_a_sweep_that_no_figure_shows_is_refused_before_it_runs(
    command: Command, here: Path, monkeypatch: pytest.MonkeyPatch, overs: tuple[str, ...]
) -> None:
    monkeypatch.setattr(Threads, "run", None)
    ended = command("sweep", "cell.neuro", *(part for over in overs for part in ("--over", over)), "--plot", "r.png", "-o", "r.csv")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error[V101]: a figure shows one axis, two, or three of which one has at most 6 values, and the sweep has ")
    assert [path.name for path in here.iterdir()] == ["cell.neuro"]


def test_points_drawn_in_many_ranges_are_drawn(command: Command, here: Path) -> None:
    overs = [part for over in ("I=1..10", "tau=1..10", "V_th=-50..-40", "V_rest=-66..-65") for part in ("--over", over)]
    assert command("sweep", "cell.neuro", *overs, "--random", "3", "--seed", "1", "--plot", "r.png").code == 0
    assert (here / "r.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("--over", "I"), 2, "error[V101]: `I` is no range of a parameter"),
        (("--over", "I=1..4"), 2, "does not say how many values"),
        (("--over", "I=1..4:0"), 2, "has 0 values"),
        (("--over", "I=1,2", "--over", "I=3"), 2, "`I` is given two ranges"),
        (("--over", "I=1,2", "--set", "I=3"), 2, "`I` is given a value and a range"),
        (("--over", "J=1,2"), 2, "has no parameter, input or initial value `J`"),
        (("--over", "tua=1,2"), 2, "did you mean `tau`?"),
        (("--over", "I=1,2 [ms]"), 2, "I is a voltage (mV)"),
        (("--over", "I=1,2", "--measure", "speed"), 2, "error[V105]: there is no measure `speed`"),
        (("--over", "I=1,2", "--measure", "max(W)"), 2, "has no quantity `W`, for the measure `max(W)`"),
        (("--over", "I=1,2", "--measure", "rate,"), 2, "there is no measure ``"),
        (("--over", "I=1,2", "--where", "soon"), 2, "`--where steady` for the second half of the run"),
        (("--over", "I=1..2", "--random", "0"), 2, "the number of points"),
        (("--over", "I=1,2", "--copies", "-1"), 2, "the number of copies"),
        (("--over", "I=1,2", "--threads", "0"), 2, "the number of threads"),
        (("--over", "I=1,2", "--executor", "cluster"), 2, "there is no executor `cluster`"),
        (("--over", "I=1,2", "--shard", "5/4", "-o", "r.csv"), 2, "is no shard of a sweep"),
        (("--over", "I=1,2", "--shard", "1/4"), 2, "beside the file of the results"),
        (("--over", "I=1,2", "-o", "r.txt"), 2, "is no format for the results of a sweep"),
        (("--over", "I=1,2", "-o", "nowhere/r.csv"), 4, "there is no directory `nowhere`"),
        (("--over", "I=1,2", "--plot", "r.gif"), 2, "is no format for figures"),
        (("--over", "I=1,2", "--method", "magic"), 2, "there is no method `magic`"),
        (("--over", "I=1,2", "--set", "tau"), 2, "--set takes NAME=VALUE"),
        ((), 2, "a sweep needs something that varies"),
    ],
)
def test_wrong_input_is_told_and_nothing_is_written(command: Command, here: Path, arguments: tuple[str, ...], code: int, complaint: str) -> None:
    ended = command("sweep", "cell.neuro", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert complaint in ended.err
    assert [path.name for path in here.iterdir()] == ["cell.neuro"]


def test_an_interrupted_sweep_keeps_what_is_finished_and_goes_on_from_there(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    (here / "slow.neuro").write_text("param k = 1\ninit x = 1\ndx/dt = -k*x\nsimulate: duration 40; dt 0.01; method rk4")
    command = [sys.executable, "-m", "neurodsl", "sweep", "slow.neuro", "--over", "k=0..0.5:30", "-o", "r.csv"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(here.glob("r.csv.parts/*.chunk")) and time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "points are finished and kept in `r.csv.parts`; the same command goes on from there" in err
    finished = int(rows_of(out)["points"].split()[0])
    assert 1 <= finished < 30
    assert not (here / "r.csv").exists()
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert rows_of(again.stdout)["points"] == f"30, {finished} found from before"
    rows = list(csv.reader((here / "r.csv").read_text().splitlines()[2:]))
    np.testing.assert_allclose([float(row[1]) for row in rows], np.exp(-40 * np.linspace(0, 0.5, 30)), rtol=1e-8)
