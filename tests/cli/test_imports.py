"""Imports through the real command: which model runs, where findings stand, and what a change of an imported file does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.conftest import Command

from neurodsl import api

CELL = """\
param tau = 10 [ms], unused = 3
init V = -65 [mV]
tau*dV/dt = -V + 0*V/unused
"""


@pytest.fixture
def net(here: Path) -> Path:
    """A file with a dimensionless model of its own, and two imports."""
    (here / "cells").mkdir()
    (here / "cells" / "lif.neuro").write_text(CELL)
    (here / "net.neuro").write_text('import lif from "cells/lif.neuro"\nimport hodgkin_huxley as hh\n\ninit x = 1\ndx/dt = -x\n')
    return here


def run(command: Command, *arguments: str) -> tuple[str, dict[str, float]]:
    """Run a model for one unit of time and return its name and its final state."""
    ended = command("simulate", *arguments, "--duration", "1", "--dt", "0.5", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    return told["model"], told["final"]


def test_a_file_runs_its_own_model_or_the_one_that_is_named(command: Command, net: Path) -> None:
    assert [run(command, "net.neuro"), run(command, "net.neuro", "--model", "lif")] == [
        ("net", {"x": pytest.approx(0.36787944117144233)}),
        ("lif", {"V": pytest.approx(-65 * 0.9048374180359595)}),
    ]
    assert run(command, "net.neuro", "--model", "hh") == ("hh", run(command, "hodgkin_huxley")[1])


def test_a_file_of_one_import_runs_that(command: Command, net: Path) -> None:
    (net / "only.neuro").write_text('# a link\nimport lif as cell from "cells/lif.neuro"\n')
    assert run(command, "only.neuro", "--set", "tau=5")[1] == {"V": pytest.approx(-65 * 0.8187307530779818)}
    assert command("show", "only.neuro").out.startswith("cell\n")
    assert json.loads(command("simulate", "-", "--duration", "1", "--json", stdin=b"import lif").out)["model"] == "lif"


def test_two_imports_and_no_own_model_are_a_choice(command: Command, net: Path) -> None:
    (net / "two.neuro").write_text('import lif from "cells/lif.neuro"\nimport izhikevich\n')
    ended = command("simulate", "two.neuro")
    assert (ended.code, "error[V102]: `two.neuro` holds 2 models: `lif`, `izhikevich`" in ended.err, "--model" in ended.err) == (2, True, True)


def test_a_check_tells_what_is_wrong_in_the_imported_file_at_its_place(command: Command, net: Path) -> None:
    fine = command("check", "net.neuro")
    assert (fine.code, fine.out.count("note[M301]"), fine.out.splitlines()[-1]) == (0, 2, "net.neuro: ok, 2 notes")
    assert command("check", "net.neuro").out == fine.out
    assert "--> hodgkin_huxley.neuro:" in fine.out
    (net / "cells" / "lif.neuro").write_text(CELL.replace("0*V", "0*W"))
    ended = command("check", "net.neuro")
    assert (ended.code, ended.out.count("error["), " --> cells/lif.neuro:3:20\n" in ended.out) == (2, 1, True), ended.out
    assert command("simulate", "net.neuro").code == 2


def test_a_run_that_fails_in_an_imported_model_names_its_place(command: Command, net: Path) -> None:
    (net / "cells" / "lif.neuro").write_text("init x = -1\ndx/dt = log(x)\n")
    for _ in range(2):
        ended = command("simulate", "net.neuro", "--model", "lif", "--method", "rk4", "--duration", "1")
        assert (ended.code, "error[R101]" in ended.err, " --> cells/lif.neuro:2:1\n" in ended.err) == (3, True, True), ended.err


def test_a_warning_belongs_to_the_model_that_runs(command: Command, net: Path) -> None:
    (net / "cells" / "lif.neuro").write_text("param idle = 1\n" + CELL)
    ended = [command("simulate", "net.neuro", "--duration", "1", *model) for model in ([], ["--model", "lif"]) for _ in range(2)]
    assert [e.err.count("warning[N201]: the parameter `idle`") for e in ended] == [0, 0, 1, 1]
    assert ended[3].err == ended[2].err
    assert " --> cells/lif.neuro:1:7\n" in ended[3].err


def test_a_change_of_an_imported_file_is_seen_and_else_nothing_is_read_again(command: Command, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (net / "mid.neuro").write_text('import lif from "cells/lif.neuro"\n')
    (net / "top.neuro").write_text('import lif from "mid.neuro"\n')
    before = run(command, "top.neuro")
    (net / "cells" / "lif.neuro").write_text(CELL.replace("-65", "-130"))
    after = run(command, "top.neuro")
    assert after[1]["V"] == 2 * before[1]["V"]
    with monkeypatch.context() as patch:
        patch.delattr(api, "_planning")
        assert run(command, "top.neuro") == after
        (net / "cells" / "lif.neuro").write_text(CELL)
        assert run(command, "top.neuro") == before


WRONG = [
    ('import lif from "cells/lif"', "F101", "did you mean `cells/lif.neuro`?"),
    ('import lif from "cells"', "F101", "`cells` is a directory"),
    ('import lif from "../net.neuro"', "F104", "stay in its folder and those below"),
    ('import lif from "link.neuro"', "F104", "leads, by a symbolic link, out of the folder"),
    ('import lif from "/dev/zero"', "F104", "is an absolute path"),
    ('import lif from "zero"', "F104", "leads, by a symbolic link, out of the folder"),
    ('import lif from "wrong.neuro"', "N117", "`wrong.neuro` imports itself"),
    ('import lif from "a.neuro"', "N117", "circle: wrong.neuro -> a.neuro -> wrong.neuro"),
    ('import lfi from "cells/lif.neuro"', "N116", "did you mean `lif`?"),
    ("import lfi", "N116", "did you mean `lif`?"),
    ("import lif; import lif", "N102", "`import lif as lif_2`"),
]


@pytest.mark.parametrize(("text", "code", "message"), WRONG)
def test_a_wrong_import_is_one_error_with_its_place_for_every_command(command: Command, net: Path, text: str, code: str, message: str) -> None:
    (net / "a.neuro").write_text('import x from "wrong.neuro"\n')
    (net / "wrong.neuro").write_text(f"{text}\n")
    (net.parent / "outside.neuro").write_text(CELL)
    (net / "link.neuro").symlink_to(net.parent / "outside.neuro")
    (net / "zero").symlink_to("/dev/zero")
    for verb in ("check", "simulate", "show", "compile"):
        ended = command(verb, "wrong.neuro")
        told = ended.out + ended.err
        assert (ended.code, told.count("error["), f"error[{code}]: " in told, message in told) == (2, 1, True, True), told
        assert ".neuro:1:" in told.splitlines()[1]


def test_a_path_that_shows_escapes_does_not_reach_the_terminal(command: Command, net: Path) -> None:
    (net / "wrong.neuro").write_bytes(b'import lif from "\x1b[31m.neuro"\n')
    ended = command("check", "wrong.neuro")
    assert (ended.code, "\x1b" in ended.out + ended.err) == (2, False)
