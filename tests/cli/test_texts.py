"""Hostile and broken texts are answered in a moment with exit code 0 or 2, and nothing of them reaches the terminal or Python."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cli.conftest import Command

LOGISTICS = "s0 = 1/(1 + exp(-x))\n" + "".join(f"s{i} = 1/(1 + exp(-s{i - 1}))\n" for i in range(1, 82)) + "dx/dt = -x + s81\n"
TEXTS: dict[str, tuple[str, list[str]]] = {
    "nothing": ("", ["N114"]),
    "blanks": ("  \n\t\n", ["N114"]),
    "comments only": ("# one\n\n   # two\n", ["N114"]),
    "a byte order mark": ("\ufeffdx/dt = -x\n", []),
    "windows line ends": ("param a = 1\r\ndx/dt = -a*x\r\n", []),
    "a lone carriage return": ("param a = 1 # c\rimport os\ndx/dt = -a*x\n", ["S102"]),
    "a zero byte": ("param a = 1\0\ndx/dt = -a*x\n", ["S102"]),
    "an escape in a name": ("param \x1b[31ma = 1\ndx/dt = -a*x\n", ["S102"]),
    "an escape in a label": ('param a = 1 "\x1b[31mred"\ndx/dt = -a*x\n', ["S102"]),
    "an escape in a comment": ("# \x1b]0;title\x07\ndx/dt = -x\n", ["S102", "S102"]),
    "a reversal of the writing direction": ("param a\u202e = 1\ndx/dt = -a*x\n", ["S102"]),
    "a surrogate": ("param a = '\ud800'\n", ["F101"]),
    "an accent": ("param é = 1\ndx/dt = -é*x\n", ["S112", "S112"]),
    "look-alikes": ("param A = 1, Α = 2\ndx/dt = -A*x*Α\n", ["N107"]),
    "Greek": ("param τ_m = 10 [ms], λ = 1\ninit V = -65 [mV]\nτ_m*dV/dt = -λ*V\n", []),
    "words of Python": ("param lambda = 1, class = 2, True = 3, np = 4, njit = 5\ndself/dt = -lambda*class*True*np*njit*self\n", []),
    "a dunder": ("dx/dt = __import__(1)\n", ["S112"]),
    "a template": ("param a = {{7*7}}\ndx/dt = -a*x\n", ["S110"]),
    "a template in a label": ('param a = 1 "{{7*7}} {% raw %} {# \'\'\' \\"\ndx/dt = -a*x\n', []),
    "an open label": ('model m """:\n    dx/dt = -x\n', ["S105"]),
    "a tower of powers": ("dx/dt = 9^9^9*x\n", ["S106"]),
    "a tower of powers over a state": ("dx/dt = -x^9^9^9\n", ["S106"]),
    "a number out of range": ("param a = 1e999\ndx/dt = -a*x\n", ["S106"]),
    "a number of 5000 digits": (f"param a = {'9' * 5000}\ndx/dt = -a*x\n", ["S106"]),
    "99 parentheses": (f"dx/dt = {'(' * 99}-x{')' * 99}\n", []),
    "200 parentheses": (f"dx/dt = {'(' * 200}-x{')' * 200}\n", ["S107"]),
    "5000 parentheses": (f"dx/dt = {'(' * 5000}-x{')' * 5000}\n", ["S107"]),
    "5000 minus signs": (f"dx/dt = {'-' * 5000}x\n", ["S107"]),
    "5000 times not": (f"dx/dt = 1 if {'not ' * 5000}x > 1 else 0\n", ["S107"]),
    "3000 terms": (f"dx/dt = {' + '.join(['-x'] * 3000)}\n", ["S107"]),
    "5000 statements": ("\n".join(f"x{i} = {i}" for i in range(5000)) + "\ndx/dt = -x\n", ["S107"]),
    "100 functions in one another": (f"dx/dt = {'tanh(' * 100}x{')' * 100}\n", ["S107"]),
    "90 functions in one another": (f"dx/dt = {'tanh(' * 90}x{')' * 90}\n", []),
    "82 logistic definitions": (LOGISTICS, ["S107"]),
    "50 branches in one another": (f"dx/dt = {'1 if x > 0 else (' * 50}-x{')' * 50}\n", []),
    "a circle": ("a = b\nb = a\ndx/dt = -a*x\n", ["N103"]),
    "recursion": ("f(x) = f(x)\ndx/dt = f(x)\n", ["N103"]),
    "a name of 100000 letters": (f"{'a' * 100000} = 1\ndx/dt = -x\n", ["S112"]),
    "a comment of 900000 letters": (f"# {'y' * 900000}\ndx/dt = -x\n", []),
    "what is not built yet": ("space x from 0 to 1\ndx/dt = -x\n", ["S108"]),
    "an unknown method": ("dx/dt = -x\nsimulate:\n    method foo\n", ["V101"]),
    "a method that cannot serve": ("dx/dt = -x^3\nsimulate:\n    method exact\n", ["M103"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_checked_in_a_moment_and_harmlessly(command: Command, here: Path, name: str) -> None:
    text, codes = TEXTS[name]
    (here / "text.neuro").write_bytes(text.encode("utf-8", "surrogatepass"))
    began = time.process_time()
    ended = command("check", "text.neuro")
    assert time.process_time() - began < 6
    errors = [line[6:10] for line in ended.out.splitlines() if line.startswith("error[")]
    assert (ended.code, errors, ended.err) == (2 if codes else 0, codes, "")
    assert [c for c in ended.out if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0] == []
    assert max(len(line) for line in ended.out.splitlines()) < 400


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x7fELF\x02\xff", "is not a UTF-8 text: byte 5 is 0xff"),
        ("é".encode("latin-1"), "is not a UTF-8 text: byte 0 is 0xe9"),
        (b"x = 1\n" * 2_000_000, "is larger than 1024 KiB"),
    ],
    ids=["binary", "latin-1", "12 MB"],
)
def test_what_is_no_text_or_too_large_is_refused(command: Command, here: Path, data: bytes, message: str) -> None:
    (here / "text.neuro").write_bytes(data)
    for verb in ("check", "simulate"):
        ended = command(verb, "text.neuro")
        assert (ended.code, "error[F101]" in ended.out + ended.err, message in ended.out + ended.err) == (2, True, True)


def test_input_without_end_is_not_read_to_its_end(command: Command) -> None:
    assert [command("check", "/dev/zero").code, command("check", "-", stdin=b"x\n" * 2**20).code] == [2, 2]


def test_a_dash_reads_standard_input(command: Command) -> None:
    ended = command("simulate", "-", "--duration", "1", "--dt", "0.5", stdin=b"init x = 1\ndx/dt = 0*x\n")
    assert (ended.code, "final   x = 1" in ended.out) == (0, True)


@pytest.mark.parametrize("name", ["with space", "new\nline", "esc\x1b[31m", "'quote\"", "{{7*7}}", '"""+b', "-dash", "ünï", "\udcff", "a" * 240])
def test_any_name_of_a_file_is_a_name(command: Command, here: Path, name: str) -> None:
    (here / f"{name}.neuro").write_text("init x = 1\ndx/dt = 0*x\n")
    ends = [command("check", f"./{name}.neuro"), command("simulate", f"./{name}.neuro", "--duration", "1", "--out", f"./{name}.csv")]
    assert [end.code for end in ends] == [0, 0], ends
    assert ["\x1b" in end.out + end.err or "new\n" in end.out + end.err for end in ends] == [False, False]
    assert (here / f"{name}.csv").stat().st_size > 0


@pytest.mark.parametrize("option", ["--set", "--record", "--method", "--events", "--variant", "--model", "--duration", "--out", "--plot", "--init"])
def test_escapes_on_the_command_line_do_not_reach_the_terminal(command: Command, option: str) -> None:
    ended = command("simulate", "cell.neuro", option, "\x1b[31m\n=\x071")
    assert (ended.code, [c for c in ended.out + ended.err if ord(c) < 32 and c != "\n"]) == (2, [])
