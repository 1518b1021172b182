"""`neurodsl fmt` through the real command: which files it writes, and which it leaves alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli.conftest import LIF, Command

UGLY = b"param  a=1 ;\n\n\ninit x=1\ndx/dt = - a * x#end"
NICE = "param a = 1\n\ninit x = 1\ndx/dt = -a*x  # end\n"


def test_a_file_is_written_in_the_layout_and_a_second_time_left_alone(command: Command, here: Path) -> None:
    file = here / "ugly.neuro"
    file.write_bytes(UGLY)
    first = command("fmt", "ugly.neuro", "cell.neuro")
    assert (first.code, first.out, first.err, file.read_text()) == (0, "ugly.neuro: formatted\n", "", NICE)
    written = file.stat().st_mtime_ns, file.stat().st_ino
    second = command("fmt", "ugly.neuro")
    assert (second.code, second.out, (file.stat().st_mtime_ns, file.stat().st_ino)) == (0, "", written)
    assert ((here / "cell.neuro").read_text(), sorted(p.name for p in here.iterdir())) == (LIF, ["cell.neuro", "ugly.neuro"])


@pytest.mark.parametrize(
    "data",
    [NICE.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + NICE.encode(), NICE[:-1].encode()],
    ids=["line ends", "mark", "end"],
)
def test_line_ends_a_byte_order_mark_and_a_missing_end_are_part_of_the_layout(command: Command, here: Path, data: bytes) -> None:
    (here / "a.neuro").write_bytes(data)
    assert (command("fmt", "--check", "a.neuro").code, (here / "a.neuro").read_bytes()) == (2, data)
    assert command("fmt", "--diff", "a.neuro").out == "a.neuro: only its line ends, or the mark at its beginning\n"
    assert (command("fmt", "a.neuro").code, (here / "a.neuro").read_bytes()) == (0, NICE.encode())


def test_a_check_writes_nothing_and_names_what_would_change(command: Command, here: Path) -> None:
    (here / "ugly.neuro").write_bytes(UGLY)
    ended = command("fmt", "--check", "cell.neuro", "ugly.neuro")
    assert (ended.code, ended.out, (here / "ugly.neuro").read_bytes()) == (2, "ugly.neuro: would be formatted\n", UGLY)
    assert command("fmt", "--check", "cell.neuro").code == 0


def test_a_difference_is_printed_and_nothing_written(command: Command, here: Path) -> None:
    (here / "ugly.neuro").write_bytes(b"a=1\ninit x = 1\ndx/dt = -a*x\n")
    ended = command("fmt", "--diff", "ugly.neuro", "cell.neuro")
    expected = "--- ugly.neuro\n+++ ugly.neuro formatted\n@@ -1,3 +1,3 @@\n-a=1\n+a = 1\n init x = 1\n dx/dt = -a*x\n"
    assert (ended.code, ended.out, (here / "ugly.neuro").read_bytes()[:3]) == (0, expected, b"a=1")
    assert command("fmt", "--diff", "--check", "ugly.neuro").code == 2


def test_standard_input_is_printed_in_the_layout(command: Command) -> None:
    assert (command("fmt", "-", stdin=UGLY).out, command("fmt", "-", stdin="τ=1".encode()).out) == (NICE, "τ = 1\n")
    checked = command("fmt", "--check", "-", stdin=UGLY)
    assert (checked.code, checked.out) == (2, "<stdin>: would be formatted\n")
    wrong = command("fmt", "-", stdin=b"x = (")
    assert (wrong.code, wrong.out, "error[S103]" in wrong.err) == (2, "", True)


def test_a_text_that_cannot_be_read_is_reported_and_left_as_it_is(command: Command, here: Path) -> None:
    (here / "bad.neuro").write_bytes(b"x=(1\ny  =  2\n")
    (here / "ugly.neuro").write_bytes(UGLY)
    ended = command("fmt", "bad.neuro", "ugly.neuro")
    assert (ended.code, ended.out, " --> bad.neuro:1:3\n" in ended.err) == (2, "ugly.neuro: formatted\n", True)
    assert ((here / "bad.neuro").read_bytes(), (here / "ugly.neuro").read_text()) == (b"x=(1\ny  =  2\n", NICE)


def test_a_text_with_unknown_names_or_missing_imports_has_a_layout_too(command: Command, here: Path) -> None:
    (here / "a.neuro").write_text('import  b from"nowhere.neuro"\ndx/dt=-k *x\n')
    assert (command("fmt", "a.neuro").code, (here / "a.neuro").read_text()) == (0, 'import b from "nowhere.neuro"\ndx/dt = -k*x\n')


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lif", "the shipped model of that name is not yours to format"),
        ("nope.neuro", "there is no file `nope.neuro`"),
        (".", "`.` is a directory"),
        ("/dev/null", "`/dev/null` is no plain file"),
        ("", "there is no file ``"),
        ("latin.neuro", "is not a UTF-8 text"),
    ],
)
def test_what_is_no_text_of_the_user_is_refused(command: Command, here: Path, name: str, message: str) -> None:
    (here / "latin.neuro").write_bytes(b"\xe9=1")
    ended = command("fmt", name)
    assert (ended.code, ended.out, ended.err.count("error[F101]"), message in ended.err) == (2, "", 1, True), ended.err


def test_a_link_stays_a_link_and_a_mode_stays(command: Command, here: Path) -> None:
    (here / "real.neuro").write_bytes(UGLY)
    (here / "real.neuro").chmod(0o640)
    (here / "link.neuro").symlink_to("real.neuro")
    assert (command("fmt", "link.neuro").code, (here / "link.neuro").is_symlink(), (here / "real.neuro").read_text()) == (0, True, NICE)
    assert (here / "real.neuro").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_cannot_be_written_is_the_fault_of_the_surroundings(command: Command, here: Path) -> None:
    (here / "ugly.neuro").write_bytes(UGLY)
    (here / "ugly.neuro").chmod(0o444)
    ended = command("fmt", "ugly.neuro")
    assert (ended.code, "error[F102]" in ended.err, (here / "ugly.neuro").read_bytes()) == (4, True, UGLY)
