"""What the commands print when all is well, and when it is our fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.conftest import Command

from neurodsl import __version__, api, rules


def test_a_check_that_finds_nothing_says_ok(command: Command) -> None:
    assert (command("check", "cell.neuro").out, command("check", "cell.neuro").code) == ("cell.neuro: ok\n", 0)


def test_several_files_are_checked_in_one_go_and_one_error_fails_all(command: Command) -> None:
    ended = command("check", "cell.neuro", "nope", "lif")
    assert (ended.code, ended.out.count("error[F101]"), ended.out.splitlines()[-1]) == (2, 1, "lif: ok")


def test_the_version_is_that_of_the_package(command: Command) -> None:
    assert command("--version").out == f"neurodsl, version {__version__}\n"


def test_every_command_has_a_help(command: Command) -> None:
    listed = re.findall(r"^  (\w+)  ", command("--help").out.split("Commands:")[1], re.MULTILINE)
    analysis = {"analyze", "bifurcate", "fi", "lyapunov", "phase", "prc", "report"}
    assert set(listed) == {"check", "compile", "explain", "fmt", "models", "show", "simulate", "sweep"} | analysis
    assert [command(name, "-h").out.startswith(f"Usage: neurodsl {name}") for name in listed] == [True] * len(listed)


def test_a_run_writes_only_what_it_is_asked_to(command: Command, here: Path) -> None:
    ended = command("simulate", "cell.neuro")
    assert (ended.code, ended.err, [path.name for path in here.iterdir()]) == (0, "", ["cell.neuro"])
    assert [line.split()[0] for line in ended.out.splitlines()] == ["cell", "method", "steps", "spikes", "final", "seed", "time"]
    assert command("simulate", "cell.neuro", "--out", "a b.npz", "--plot").out.splitlines()[-2:] == ["  written a b.npz", "  written cell.png"]


def test_a_kernel_is_printed_or_written_the_same(command: Command, here: Path) -> None:
    printed = command("compile", "cell.neuro", "--method", "rk4").out
    assert (command("compile", "cell.neuro", "--method", "rk4", "-o", "m.py").out, (here / "m.py").read_text()) == ("", printed)


@pytest.mark.parametrize("code", sorted(rules.all_rules()))
def test_every_code_is_explained(command: Command, code: str) -> None:
    rule = rules.all_rules()[code]
    ended = command("explain", code.lower())
    assert (ended.code, ended.out) == (0, f"{rule.severity}[{code}]: {rule.title}\n\n{rule.explanation}\n")
    assert len(rule.explanation) > 20


def test_codes_are_unique_and_all_listed(command: Command) -> None:
    written = re.findall(r'Rule\(\s*"([A-Z]\d{3})"', Path(rules.__file__).read_text(encoding="utf-8"))
    assert [line.split()[0] for line in command("explain").out.splitlines()] == sorted(written)
    assert len(written) == len(set(written))


def break_it(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(api.Model, "check", broken)


def test_a_defect_of_ours_says_so_and_exits_with_1(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    break_it(monkeypatch, ZeroDivisionError("oh\x1b[31m"))
    ended = command("check", "cell.neuro")
    assert (ended.code, ended.out, ended.err.splitlines()[0]) == (1, "", "error: internal error: ZeroDivisionError: oh\\x1b[31m")
    assert ("report it" in ended.err, "--debug" in ended.err, "Traceback" in ended.err) == (True, True, False)


@pytest.mark.parametrize("arguments", [("--debug", "check", "cell.neuro"), ("check", "cell.neuro", "--debug")])
def test_debug_shows_where_it_arose(command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    break_it(monkeypatch, ZeroDivisionError("oh"))
    ended = command(*arguments)
    assert (ended.code, ended.err.startswith("Traceback"), "internal error" in ended.err) == (1, True, True)


def test_debug_keeps_the_exit_code_of_an_error_of_the_user(command: Command) -> None:
    ended = command("simulate", "nope", "--debug")
    assert (ended.code, ended.err.startswith("Traceback"), "\nerror[F101]" in ended.err) == (2, True, True)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError(), 4, "error: out of memory\n"),
        (OSError(28, "No space left on device", "/x/y"), 4, "error: `/x/y`: no space left on device\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_what_the_surroundings_do_has_an_exit_code(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
) -> None:
    break_it(monkeypatch, error)
    ended = command("check", "cell.neuro")
    assert (ended.code, ended.err) == (code, message)


def test_warnings_are_shown_on_standard_error_also_beside_json(command: Command, here: Path) -> None:
    (here / "w.neuro").write_text("param a = 1, unused = 2\ndx/dt = -a*x\n")
    ends = [command("simulate", "w.neuro", "--duration", "1", *json) for json in ([], ["--json"])]
    assert [(end.code, end.err.count("warning[N201]"), "N201" in end.out) for end in ends] == [(0, 1, False)] * 2
