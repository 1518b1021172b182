"""Whatever a newcomer types wrongly is answered by one message with a remedy, and nothing is left behind."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from cli.conftest import Command


def words(value: str | list[str]) -> str:
    """Return what a parameter is called in the name of a test."""
    return value[:40] if isinstance(value, str) else " ".join(value)[:60]


COMMAND_LINES = [
    ([], "Usage: neurodsl"),
    (["lif"], "did you mean `neurodsl simulate lif`?"),
    (["run", "lif"], "did you mean `neurodsl simulate lif`?"),
    (["cell.neuro"], "did you mean `neurodsl simulate cell.neuro`?"),
    (["simulat", "lif"], "did you mean `neurodsl simulate`?"),
    (["draw"], "commands: analyze, bifurcate, check, compile, explain, fi, fmt, lyapunov, models, phase, prc, report, show, simulate, sweep"),
    (["simulate"], "Missing argument 'FILE'"),
    (["check"], "Missing argument 'FILE...'"),
    (["simulate", "lif", "--bogus"], "No such option '--bogus'"),
    (["explain", "X1"], "`neurodsl explain` lists them"),
    (["simulate", "cell.neuro", "--set", "I="], "takes NAME=VALUE, not `I=`"),
    (["simulate", "cell.neuro", "--set", "I"], "takes NAME=VALUE, not `I`"),
    (["simulate", "cell.neuro", "--set", "=2"], "takes NAME=VALUE, not `=2`"),
    (["simulate", "cell.neuro", "--set", "I=1", "--set", "I=2"], "--set gives `I` twice"),
    (["simulate", "cell.neuro", "--record", "V,,"], "--record takes names with commas between them, not `V,,`"),
    (["simulate", "cell.neuro", "--record", ""], "--record takes names"),
    (["simulate", "cell.neuro", "--rtol", "small"], "'small' is not a valid float"),
]
"""Usage: what `click` and the command line itself refuse."""

FINDINGS = [
    (["simulate", "nope.neuro"], "F101", "`neurodsl models` lists the shipped models"),
    (["simulate", "cell"], "F101", "did you mean `cell.neuro`?"),
    (["simulate", "lif.neuro"], "F101", "did you mean `lif`?"),
    (["simulate", ""], "F101", "`neurodsl models` lists"),
    (["simulate", "x" * 5000], "F101", "file name too long"),
    (["simulate", "."], "F101", "name a .neuro file in it"),
    (["simulate", "cell.neuro/x"], "F101", "there is no file"),
    (["simulate", "cell.neuro", "--set", "tu=5ms"], "V102", "no parameter `tu`"),
    (["simulate", "cell.neuro", "--set", "tau=5mV"], "V101", "give it in a unit such as `[ms]`"),
    (["simulate", "cell.neuro", "--set", "tau=5 furlong"], "V101", "unknown unit `furlong`"),
    (["simulate", "cell.neuro", "--set", "tau=1e999"], "V101", "out of range"),
    (["simulate", "cell.neuro", "--set", "tau=nan"], "N101", "unknown name `nan`"),
    (["simulate", "cell.neuro", "--set", "tau=9^9^9"], "S106", "the exponent `9^9` is out of range"),
    (["simulate", "cell.neuro", "--set", "I=1 +"], "S101", "the line ends where a value"),
    (["simulate", "cell.neuro", "--set", "V=1"], "V102", "use `--init V=...`"),
    (["simulate", "cell.neuro", "--set", "I=1", "--input", "I=2"], "V102", "`I` is given twice"),
    (["simulate", "cell.neuro", "--input", "tau=2"], "V102", "use `--set tau=...`"),
    (["simulate", "cell.neuro", "--input", "I=x"], "N101", "unknown name `x`"),
    (["simulate", "cell.neuro", "--input", "I=__import__(1)"], "S112", "names that start with `_` belong to the compiler"),
    (["simulate", "cell.neuro", "--init", "tau=2"], "V102", "`--set tau=...`"),
    (["simulate", "cell.neuro", "--init", "W=2"], "V102", "it has: `V`"),
    (["simulate", "cell.neuro", "--duration", "soon"], "V101", "a number is missing"),
    (["simulate", "cell.neuro", "--duration", "200 [mV]"], "V101", "give it in a unit such as `[ms]`"),
    (["simulate", "cell.neuro", "--duration", "-5"], "V103", "the duration has to be positive"),
    (["simulate", "cell.neuro", "--duration", "0"], "V103", "the duration has to be positive"),
    (["simulate", "cell.neuro", "--duration", "1e12"], "V103", "a longer `--dt`, or a shorter `--duration`"),
    (["simulate", "cell.neuro", "--duration", "1e308", "--dt", "1e-300"], "V103", "a longer `--dt`"),
    (["simulate", "cell.neuro", "--duration", "3e8"], "V104", "record less with `--record`"),
    (["simulate", "cell.neuro", "--dt", "0"], "V103", "the step dt has to be positive"),
    (["simulate", "cell.neuro", "--dt", "-1"], "V103", "the step dt has to be positive"),
    (["simulate", "cell.neuro", "--dt", "1e-300"], "V103", "a longer `--dt`"),
    (["simulate", "cell.neuro", "--dt", "300"], "V103", "give a smaller `--dt`"),
    (["simulate", "cell.neuro", "--method", "rk"], "V101", "did you mean `rk4`?"),
    (["simulate", "hodgkin_huxley", "--method", "exact"], "M103", "methods that can serve it: euler"),
    (["simulate", "cell.neuro", "--events", "foo"], "V101", "--events grid or --events exact"),
    (["simulate", "cell.neuro", "--events", "grid", "--method", "rk45"], "M103", "leave out `--events grid`"),
    (["simulate", "cell.neuro", "--record", "x"], "V102", "it has: `V`"),
    (["simulate", "cell.neuro", "--rtol", "1e-6"], "V101", "adaptive methods: rk45, rosenbrock"),
    (["simulate", "cell.neuro", "--method", "rk45", "--rtol", "0"], "V101", "rtol has to lie between 1e-14 and 1, not 0"),
    (["simulate", "cell.neuro", "--method", "rk45", "--rtol", "nan"], "V101", "rtol has to lie between"),
    (["simulate", "cell.neuro", "--method", "rk45", "--atol", "inf"], "V101", "atol has to lie between"),
    (["simulate", "cell.neuro", "--out", "x.foo"], "V101", "use `.npz`, `.h5` or `.csv`"),
    (["simulate", "cell.neuro", "--out", "x"], "V101", "use `.npz`, `.h5` or `.csv`"),
    (["simulate", "cell.neuro", "--plot", "x.txt"], "V101", "use `.png`, `.svg` or `.pdf`"),
    (["simulate", "cell.neuro", "--variant", "x"], "V102", "no variant `x`"),
    (["simulate", "izhikevich", "--variant", "chatering"], "V102", "did you mean `chattering`?"),
    (["simulate", "cell.neuro", "--model", "x"], "V102", "it has: `cell`"),
    (["compile", "cell.neuro", "--method", "bogus"], "V101", "methods: auto, euler"),
    (["show", "nope"], "F101", "`neurodsl models` lists the shipped models"),
]
"""What the input is at fault for: exit code 2."""

SURROUNDINGS = [
    (["simulate", "cell.neuro", "--out", "nowhere/x.npz"], "there is no directory `nowhere`"),
    (["simulate", "cell.neuro", "--out", "cell.neuro/x.npz"], "`cell.neuro` is not a directory"),
    (["simulate", "cell.neuro", "--out", "/proc/x.npz"], "cannot write `/proc/x.npz`"),
    (["simulate", "cell.neuro", "--out", "folder.npz"], "it is a directory"),
    (["simulate", "cell.neuro", "--plot", "nowhere/x.png"], "there is no directory `nowhere`"),
    (["compile", "cell.neuro", "-o", "nowhere/m.py"], "there is no directory `nowhere`"),
    (["compile", "cell.neuro", "-o", "folder.npz"], "it is a directory"),
]
"""What the surroundings are at fault for: exit code 4, before the run."""


@pytest.mark.parametrize(("arguments", "message"), COMMAND_LINES, ids=words)
def test_a_wrong_command_line_is_answered_with_the_usage_and_a_remedy(command: Command, arguments: list[str], message: str) -> None:
    ended = command(*arguments)
    assert (ended.code, ended.out, message in " ".join(ended.err.split())) == (2, "", True)


@pytest.mark.parametrize(("arguments", "code", "message"), FINDINGS, ids=words)
def test_a_wrong_file_name_or_value_is_one_error_with_its_code_and_a_remedy(
    command: Command, here: Path, arguments: list[str], code: str, message: str
) -> None:
    (here / "folder.npz").mkdir()
    began = time.process_time()
    ended = command(*arguments)
    assert (ended.code, ended.out, ended.err.count("error[")) == (2, "", 1)
    assert (f"error[{code}]: " in ended.err, message in ended.err) == (True, True), ended.err
    assert time.process_time() - began < 2
    assert sorted(path.name for path in here.iterdir()) == ["cell.neuro", "folder.npz"]


@pytest.mark.parametrize(("arguments", "message"), SURROUNDINGS, ids=words)
def test_a_destination_that_cannot_be_written_is_told_before_the_run(command: Command, here: Path, arguments: list[str], message: str) -> None:
    (here / "folder.npz").mkdir()
    ended = command(*arguments)
    assert (ended.code, ended.out, ended.err.count("error[F102]"), message in ended.err) == (4, "", 1, True), ended.err
    assert sorted(path.name for path in here.iterdir()) == ["cell.neuro", "folder.npz"]


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("init x = 1\ndx/dt = x^2\n", ["--duration", "5", "--method", "rk4", "--dt", "0.1"], "R101"),
        ("init x = 1\ndx/dt = x^2\n", ["--duration", "5", "--method", "rk45"], "R102"),
        ("init x = 1\ndx/dt = v\ndv/dt = -1\non x <= 0 and v < 0: v = -v/2; x = 0\n", ["--duration", "5"], "R103"),
    ],
)
def test_numerics_that_fail_exit_with_3_and_keep_what_was_good(command: Command, here: Path, text: str, options: list[str], code: str) -> None:
    (here / "bad.neuro").write_text(text)
    ended = command("simulate", "bad.neuro", *options, "--out", "kept.csv")
    assert (ended.code, ended.out, f"error[{code}]: " in ended.err) == (3, "", True), ended.err
    assert "# incomplete: " in (here / "kept.csv").read_text()
    assert "written kept.csv" in ended.err


def test_what_stood_at_the_destination_survives_a_mistake(command: Command, here: Path) -> None:
    (here / "x.npz").write_text("precious")
    assert (command("simulate", "cell.neuro", "--out", "x.npz", "--dt", "0").code, (here / "x.npz").read_text()) == (2, "precious")


def test_times_and_values_are_read_with_and_without_units_and_brackets(command: Command) -> None:
    ended = [
        json.loads(command("simulate", "cell.neuro", "--json", "--duration", duration, "--set", value).out)
        for duration, value in [("5", "tau=20"), ("5ms", "tau=20 ms"), ("5 [ms]", "tau=20 [ms]"), ("0.005 [s]", "tau=0.02s")]
    ]
    assert [(e["duration"], e["parameters"]["tau"], e["final"]) for e in ended] == [(5.0, 20.0, ended[0]["final"])] * 4
