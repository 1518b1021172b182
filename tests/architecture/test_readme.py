"""README cannot rot: its files, commands, Python lines and tables are run, read and compared."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

KINDS = {"first-command", "test-command", "file", "console", "python"}


@dataclass(frozen=True)
class Block:
    """A block of README: its text and the comment on the line before it, split at the colon."""

    kind: str
    detail: str
    text: str


def blocks(readme: str) -> list[Block]:
    found = re.findall(r"(?:^<!-- ([\w-]+)(?:: (.+?))? -->\n)?^```\w*\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    return [Block(*parts) for parts in found]


def only(readme: str, kind: str) -> Block:
    (block,) = (b for b in blocks(readme) if b.kind == kind)
    return block


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def desk(readme: str, tmp_path: Path) -> Path:
    """A folder with the model files that README shows."""
    for block in blocks(readme):
        if block.kind == "file":
            (tmp_path / block.detail).write_text(block.text, encoding="utf-8")
    return tmp_path


def shell(command: str, folder: Path) -> tuple[str, int]:
    """Run a line as a user would, with the command that belongs to this interpreter; return all that it says and its exit code."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return process.stdout, process.returncode


def sessions(text: str) -> list[tuple[str, str]]:
    """Return the commands of a console block, each with what it prints."""
    return re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)


def same(expected: str, actual: str, rough: bool = False) -> bool:
    """Compare as doctest does: `...` stands for anything; roughly means that numbers may be a tenth off."""
    if rough:
        lines, found = expected.splitlines(), actual.splitlines()
        return len(lines) == len(found) and all(map(alike, lines, found))
    return doctest.OutputChecker().check_output(expected, actual, doctest.ELLIPSIS)


def alike(expected: str, actual: str) -> bool:
    """Compare lines whose numbers another processor may make others, as chaos grows from a last bit."""
    wanted, found = (re.split(r"(\d+(?:\.\d+)?)", line) for line in (expected, actual))
    if same(expected, actual) or len(wanted) != len(found):
        return same(expected, actual)
    near = all(abs(float(a) - float(b)) <= 0.1 * float(a) for a, b in zip(wanted[1::2], found[1::2], strict=True))
    return near and [" ".join(part.split()) for part in wanted[::2]] == [" ".join(part.split()) for part in found[::2]]


def updated(expected: str, actual: str) -> str:
    """Return the actual text, `...` for wall times, with the lines of the expected one that agree with it, so that their `...` stay."""
    timeless = re.sub(r"^(  time +).+ s$", r"\1...", actual, flags=re.MULTILINE)
    pairs = zip_longest(expected.splitlines(), timeless.splitlines())
    return "".join(f"{old if old is not None and same(old, new) else new}\n" for old, new in pairs if new is not None)


def table(root: Path) -> str:
    """Return the table of shipped models: their names and titles, a folder after the other."""
    rows = ["| model | |", "|---|---|"]
    for folder in sorted(path for path in (root / "models").iterdir() if path.is_dir()):
        rows.append(f"| **{folder.name}** | |")
        for path in sorted(folder.rglob("*.neuro")):
            title = path.read_text(encoding="utf-8").splitlines()[0]
            assert title.startswith("# "), f"{path} does not start with its title"
            rows.append(f"| [`{path.stem}`]({path.relative_to(root).as_posix()}) | {title[2:].strip().rstrip('.')} |")
    return "\n".join(rows)


def test_every_block_says_what_it_is(readme: str) -> None:
    assert {b.kind for b in blocks(readme)} == KINDS


def test_the_first_command_leaves_a_figure(readme: str, desk: Path) -> None:
    install, _, run = only(readme, "first-command").text.strip().rpartition(" && ")
    assert install == "python3 -m venv .venv && .venv/bin/pip install ."
    output, code = shell(run.removeprefix(".venv/bin/"), desk)
    assert (code, (desk / "lif.png").read_bytes()[:8]) == (0, b"\x89PNG\r\n\x1a\n"), output


def test_the_test_command_is_one_line_that_ends_in_the_tests(readme: str) -> None:
    (line,) = only(readme, "test-command").text.splitlines()
    assert line.split(" && ")[-1] == ".venv/bin/pytest -n auto"


def test_what_the_commands_print_is_what_is_shown(readme: str, desk: Path, root: Path, update_golden: bool) -> None:
    new = readme
    for block in blocks(readme):
        if block.kind != "console":
            continue
        text = ""
        for command, expected in sessions(block.text):
            actual, code = shell(command, desk)
            rough = block.detail == "rough"
            assert code == int("0" if rough else block.detail.removeprefix("exit ") or 0), actual
            text += f"$ {command}\n" + (expected if same(expected, actual, rough) else updated(expected, actual))
        new = new.replace(block.text, text)
    if update_golden:
        (root / "README.md").write_text(new, encoding="utf-8")
    else:
        assert new == readme


def test_the_python_lines_do_what_is_shown(readme: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    text = "\n".join(b.text for b in blocks(readme) if b.kind == "python")
    example = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    said: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert (results.failed, results.attempted) == (0, len(example.examples)), "".join(said)


def test_the_table_of_models_is_that_of_the_folder(readme: str, root: Path, update_golden: bool) -> None:
    new = re.sub(r"(?<=<!-- models:begin -->\n).*(?=^<!-- models:end -->)", lambda _: table(root) + "\n", readme, flags=re.DOTALL | re.MULTILINE)
    if update_golden:
        (root / "README.md").write_text(new, encoding="utf-8")
    else:
        assert new == readme


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ("spikes  E  101 neurons, 5.5 Hz", True),
        ("spikes  E   91 neurons, 5.0 Hz", True),
        ("spikes  E  100 neurons, 5.9 Hz", False),
        ("spikes  E  100 neurons", False),
        ("spikes  I  100 neurons, 5.0 Hz", False),
    ],
)
def test_numbers_that_are_told_roughly_may_be_a_tenth_off(actual: str, expected: bool) -> None:
    assert same("spikes  E  100 neurons, 5.0 Hz\ntime ...\n", f"{actual}\ntime 3.1 s\n", rough=True) == expected


def test_the_files_that_are_linked_to_exist(readme: str, root: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", readme) if "://" not in link]
    assert [link for link in links if not (root / link).is_file()] == []
