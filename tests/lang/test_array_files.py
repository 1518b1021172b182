"""The numbers of files beside a model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurodsl.arrays import read_array, read_numbers
from neurodsl.diagnostics import NeuroError, Report
from neurodsl.lang import read
from neurodsl.lang.nodes import Load
from neurodsl.lang.shapes import find_shapes
from neurodsl.source import Source, Span


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder of a model with files in and below it, and one beside the folder."""
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    np.save(home / "w.npy", np.arange(6.0).reshape(2, 3))
    np.save(home / "data" / "v.npy", np.array([1, 2, 3], dtype=">i4"))
    np.save(tmp_path / "outside.npy", np.zeros(3))
    return home


def source(desk: Path, text: str = "dx/dt = 1") -> Source:
    """Return a text that stands in the folder."""
    return Source("m.neuro", text, desk / "m.neuro")


def numbers(desk: Path, path: str) -> np.ndarray:
    """Return the numbers of a file, as a text in the folder names it."""
    text = source(desk)
    return read_array(text, Load(Span(text, 0, 5), path))


def refusal(desk: Path, path: str) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(NeuroError) as caught:
        numbers(desk, path)
    (found,) = caught.value.report.found
    assert (found.rule.code, found.span and (found.span.start, found.span.stop)) == ("F105", (0, 5))
    return found.message


def test_a_file_of_numpy_is_read(desk: Path) -> None:
    found = numbers(desk, "w.npy")
    assert (found.tolist(), found.dtype, found.flags.writeable) == ([[0, 1, 2], [3, 4, 5]], np.float64, False)


def test_integers_of_another_byte_order_become_numbers(desk: Path) -> None:
    assert numbers(desk, "data/v.npy").tolist() == [1.0, 2.0, 3.0]


def test_columns_of_fortran_become_rows(desk: Path) -> None:
    np.save(desk / "f.npy", np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]))
    found = numbers(desk, "f.npy")
    assert (found.tolist(), found.flags.c_contiguous) == ([[1, 2], [3, 4]], True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("1\n2\n3\n", [1, 2, 3]),
        ("weight\n1\n2\n", [1, 2]),
        ("1, 2e-3 ,-3", [1, 0.002, -3]),
        ("\ufeff1,2\r\n\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ("7", [7]),
    ],
)
def test_a_file_with_commas_is_read(desk: Path, text: str, expected: list[float]) -> None:
    (desk / "w.csv").write_text(text, encoding="utf-8", newline="")
    assert numbers(desk, "w.csv").tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3,x\n", "`w.csv` holds `x` in row 2 where a number belongs"),
        ("1,2\n3,\n", "`w.csv` holds nothing between two commas in row 2 where a number belongs"),
        ("1,2\n3\n", "`w.csv` holds 1 numbers in row 2 and 2 in the first; all rows have to be equally long"),
        ("1,2\n3,nan\n", "`w.csv` holds nan at [1, 1]; all numbers have to be finite"),
        ("inf", "`w.csv` holds inf at [0]; all numbers have to be finite"),
        ("", "`w.csv` holds 0 numbers; an array has from 1 to 10000000"),
        ("a,b", "`w.csv` holds 0 numbers; an array has from 1 to 10000000"),
    ],
)
def test_a_file_with_commas_that_holds_something_else_is_refused(desk: Path, text: str, message: str) -> None:
    (desk / "w.csv").write_text(text)
    assert refusal(desk, "w.csv") == message


def test_a_file_with_commas_that_is_no_text_is_refused(desk: Path) -> None:
    (desk / "w.csv").write_bytes(b"\xff\xfe1,2")
    assert refusal(desk, "w.csv") == "`w.csv` cannot be read: it is not a UTF-8 text"


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (np.array([1.0, np.nan]), "`a.npy` holds nan at [1]; all numbers have to be finite"),
        (np.array([1j]), "`a.npy` holds `complex128` and no real numbers"),
        (np.array(["a"]), "`a.npy` holds `<U1` and no real numbers"),
        (np.array([None]), "`a.npy` holds `object` and no real numbers"),
        (np.zeros((0, 3)), "`a.npy` holds 0 numbers; an array has from 1 to 10000000"),
    ],
)
def test_an_array_of_something_else_is_refused(desk: Path, made: np.ndarray, message: str) -> None:
    np.save(desk / "a.npy", made, allow_pickle=True)
    assert refusal(desk, "a.npy") == message


def test_an_array_that_claims_to_be_huge_is_refused_before_it_is_read(desk: Path) -> None:
    with (desk / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    assert refusal(desk, "a.npy") == "`a.npy` holds 1000000000000 numbers; an array has from 1 to 10000000"


def test_an_array_that_is_cut_off_is_refused(desk: Path) -> None:
    data = (desk / "w.npy").read_bytes()
    (desk / "a.npy").write_bytes(data[:-8])
    assert refusal(desk, "a.npy").startswith("`a.npy` cannot be read: ")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x.npy", "there is no file `x.npy` beside the model"),
        ("w.npy/x.npy", "there is no file `w.npy/x.npy` beside the model"),
        ("data", "`data` is a directory"),
        ("m.txt", "`m.txt` is neither a .npy nor a .csv file"),
        ("fake.npy", "`fake.npy` is no .npy file"),
        ("", '`load` names a file: `load("w.npy")`'),
        ("../outside.npy", "`../outside.npy` leads out of the folder of the model"),
        ("data/../../outside.npy", "`data/../../outside.npy` leads out of the folder of the model"),
        ("link.npy", "`link.npy` leads out of the folder of the model"),
        ("out/outside.npy", "`out/outside.npy` leads out of the folder of the model"),
        ("/etc/passwd", "`/etc/passwd` is an absolute path"),
        ("C:\\w.npy", "`C:\\w.npy` is an absolute path"),
        ("pipe.npy", "`pipe.npy` is no plain file"),
        ("loop.npy", "`loop.npy` cannot be read: too many levels of symbolic links"),
    ],
)
def test_only_plain_files_below_the_model_are_read(desk: Path, path: str, message: str) -> None:
    (desk / "m.txt").write_text("1")
    (desk / "fake.npy").write_text("1,2")
    (desk / "link.npy").symlink_to("../outside.npy")
    (desk / "out").symlink_to("..")
    (desk / "loop.npy").symlink_to("loop.npy")
    os.mkfifo(desk / "pipe.npy")
    assert refusal(desk, path) == message


def test_a_path_may_go_down_and_up_within_the_folder(desk: Path) -> None:
    assert numbers(desk, "data/../w.npy").shape == (2, 3)


def test_a_file_that_is_written_anew_is_read_anew(desk: Path) -> None:
    before = numbers(desk, "w.npy")
    np.save(desk / "w.npy", np.zeros(7))
    assert (before.shape, numbers(desk, "w.npy").shape) == ((2, 3), (7,))


def test_a_text_without_a_file_loads_nothing() -> None:
    with pytest.raises(NeuroError, match=r"`w\.npy` is looked for beside the model, and this text stands in no file"):
        read_numbers(None, "w.npy")


@pytest.fixture
def check(desk: Path) -> Callable[[str], list[str]]:
    """Return the messages about a text in the folder, or its shapes where there are none."""

    def findings(text: str) -> list[str]:
        report = Report()
        model = read(source(desk, text), report)
        if model is None:
            return [f"{d.rule.code} {d.span.line}:{d.span.column}" for d in report.found if d.span]
        shapes = find_shapes(model, report)
        assert shapes is not None
        return [f"{name} {shape}" for name, shape in shapes.names.items()]

    return findings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('param W = load("w.npy")\ninit x[3] = load("data/v.npy")\ndx/dt = transpose(W) @ W @ x', ["W (2, 3)", "x (3,)"]),
        ('param W[2, 3] = load("w.npy") [nS], E = 1 [mV]\ndx/dt = W[1, 2]*E/[pF]', ["W (2, 3)", "E ()", "x ()"]),
        ('param W[3, 3] = load("w.npy")\ndx/dt = W[0, 0]', ["A101 1:17"]),
        ('param W = load("w.npy")\ndx/dt = W[2, 0]', ["A103 2:11"]),
        ('param W = load("u.npy")\ninit y = load("data")\ndx/dt = W[0]\ndy/dt = y', ["F105 1:11", "F105 2:10"]),
        (
            'param s = 2\nvariant v: s = load("w.npy")\nvariant w: s = load("data/v.npy")\ndx/dt = s*W[0, 0]\nparam W = load("w.npy")',
            ["A101 2:16", "A101 3:16"],
        ),
    ],
)
def test_what_is_loaded_has_to_fit(check: Callable[[str], list[str]], text: str, expected: list[str]) -> None:
    assert check(text) == expected
