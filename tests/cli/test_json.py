"""`--json` prints one object on standard output and nothing else, also when a run fails."""

from __future__ import annotations

import json
from pathlib import Path

from cli.conftest import Command

PROMISED = {"model", "method", "events", "dt", "duration", "seed", "final", "spikes", "timing"}
"""The fields that the manual names."""


def test_a_run_as_json_has_the_fields_of_the_manual(command: Command) -> None:
    ended = command("simulate", "cell.neuro", "--json", "--method", "euler", "--dt", "0.1")
    told = json.loads(ended.out)
    assert (ended.code, ended.err, PROMISED - told.keys(), ended.out.count("\n")) == (0, "", set(), 1)
    assert {name: told[name] for name in ("model", "method", "events", "dt", "duration", "seed", "complete")} == {
        "model": "cell", "method": "euler", "events": "grid", "dt": 0.1, "duration": 20.0, "seed": None, "complete": True,
    }  # fmt: skip
    assert (set(told["spikes"]), set(told["timing"]), set(told["final"])) == ({"count", "times", "index"}, {"compile_s", "build_s", "run_s"}, {"V"})
    assert (told["spikes"]["count"], told["spikes"]["times"], told["spikes"]["index"]) == (1, [13.8], [0])


def test_a_summary_leaves_out_the_long_lists(command: Command) -> None:
    told = json.loads(command("simulate", "cell.neuro", "--json", "--summary").out)
    assert told["spikes"] == {"count": 1}


def test_a_run_that_fails_still_prints_what_was_good_as_one_object(command: Command, here: Path) -> None:
    (here / "bad.neuro").write_text("init x = 1\ndx/dt = x^2\n")
    ended = command("simulate", "bad.neuro", "--json", "--method", "rk4", "--dt", "0.1", "--duration", "5", "--out", "x.npz")
    told = json.loads(ended.out)
    assert (ended.code, "error[R101]" in ended.err, told["complete"], told["stopped"]) == (3, True, False, "a state is not finite")
    assert (0 < told["reached"] < 5, (here / "x.npz").exists()) == (True, True)


def test_where_nothing_ran_nothing_is_printed_as_json(command: Command) -> None:
    ended = command("simulate", "cell.neuro", "--json", "--dt", "0")
    assert (ended.code, ended.out, "error[V103]" in ended.err) == (2, "", True)


def test_files_can_be_written_beside_json(command: Command, here: Path) -> None:
    ended = command("simulate", "cell.neuro", "--json", "--out", "x.csv", "--plot", "x.svg")
    assert (ended.code, json.loads(ended.out)["model"]) == (0, "cell")
    assert sorted(path.name for path in here.iterdir()) == ["cell.neuro", "x.csv", "x.svg"]


def test_findings_as_json_have_their_place_and_their_remedy(command: Command, here: Path) -> None:
    (here / "bad.neuro").write_text("param tau = 10\ndx/dt = -x/tu\n")
    ended = command("check", "--json", "cell.neuro", "bad.neuro", "nope")
    told = json.loads(ended.out)["files"]
    assert (ended.code, ended.err, [(f["file"], f["ok"]) for f in told]) == (2, "", [("cell.neuro", True), ("bad.neuro", False), ("nope", False)])
    finding = told[1]["findings"][0]
    assert {name: finding[name] for name in ("code", "severity", "file", "line", "column", "stop")} == {
        "code": "N101", "severity": "error", "file": "bad.neuro", "line": 2, "column": 12, "stop": [2, 14],
    }  # fmt: skip
    assert ("tau" in finding["help"], told[2]["findings"][0]["code"]) == (True, "F101")


def test_models_as_json_are_those_of_the_list(command: Command) -> None:
    told = json.loads(command("models", "--json").out)
    listed = command("models").out.splitlines()
    assert [line.split()[0] for line in listed] == [entry["name"] for entry in told]
    assert {"lif", "hodgkin_huxley", "lorenz"} <= {entry["name"] for entry in told}
