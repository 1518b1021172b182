"""Files and arrays that drive an input: what is read from them, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodsl.diagnostics import NeuroError
from neurodsl.manners import split_manner
from neurodsl.samples import Samples, names_a_file, read_samples, samples_of

Write = Callable[[str, Any], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a text or an array to a file; return its path."""

    def write(name: str, content: Any) -> str:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            np.save(path, content)
        return str(path)

    return write


def read(path: str, size: int = 1) -> Samples:
    return read_samples(path, "I", "nA", "ms", size)


def shown(samples: Samples) -> tuple[list[float] | None, list[list[float]], bool]:
    return None if samples.times is None else samples.times.tolist(), samples.values.tolist(), samples.held


def refusal(call: Callable[[], Any]) -> str:
    """Return what is said, after checking that it is a mistake of the input."""
    with pytest.raises(NeuroError) as error:
        call()
    (found,) = error.value.report.found
    assert (found.rule.code, error.value.exit_code) == ("F106", 2)
    return found.message


# --- what is read -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "0,1\n2,3\n",
        "t,I\n0,1\n2,3\n",
        "# a note\nt [ms],I [nA]\n0, 1\n\n2 , 3",
        "0;1\n2;3",
        "0\t1\n2\t3\n",
        "time value\n0 1\n2 3\n",
        "\ufeff0,1\r\n2,3\r\n",
    ],
)
def test_two_columns_are_times_and_values(write: Write, text: str) -> None:
    assert shown(read(write("a.csv", text))) == ([0, 2], [[1], [3]], False)


@pytest.mark.parametrize("text", ["1\n3\n", "I\n1\n3\n", "I [nA]\n1\n3"])
def test_one_column_is_a_value_for_each_step(write: Write, text: str) -> None:
    found = read(write("a.csv", text))
    assert shown(found) == (None, [[1], [3]], False)
    assert found.packed(0.5).tolist() == [2, 0, 0.5, 1, 3]


def test_samples_with_times_keep_them_whatever_the_step() -> None:
    assert samples_of(([0, 2], [[1, 7], [3, 8]]), "I", 2).packed(0.5).tolist() == [2, 0, 2, 1, 7, 3, 8]


@pytest.mark.parametrize("dtype", ["f8", ">f4", "i2", "?"])
def test_a_binary_file_holds_one_column_or_two(write: Write, dtype: str) -> None:
    assert shown(read(write("a.npy", np.array([0, 1], dtype)))) == (None, [[0], [1]], False)
    assert shown(read(write("b.npy", np.array([[0, 1], [1, 0]], dtype)))) == ([0, 1], [[1], [0]], False)
    assert shown(read(write("c.npy", np.asfortranarray(np.array([[0, 1], [1, 0]], dtype))))) == ([0, 1], [[1], [0]], False)


def test_units_in_titles_are_brought_into_those_of_the_model(write: Write) -> None:
    assert shown(read(write("a.csv", "t [s],I [pA]\n0,500\n0.002,1000\n"))) == ([0, 2], [[0.5], [1]], False)
    assert shown(read(write("b.csv", "I [uA]\n0.002\n"))) == (None, [[2]], False)


def test_of_a_table_with_titles_the_column_of_the_input_is_taken(write: Write) -> None:
    text = "# model: x\n# spikes [ms]: 1.5\nt [ms],V [mV],I [nA],x[0]\n0,-65,1,7\n2,-60,3,8\n"
    assert shown(read(write("a.csv", text))) == ([0, 2], [[1], [3]], False)


def test_an_input_that_is_an_array_takes_a_column_for_each_number(write: Write) -> None:
    assert shown(read(write("a.csv", "0,1,2\n1,3,4\n"), 2)) == ([0, 1], [[1, 2], [3, 4]], False)
    assert shown(read(write("b.csv", "1,2\n3,4\n"), 2)) == (None, [[1, 2], [3, 4]], False)


def test_a_file_may_be_held_in_steps(write: Write) -> None:
    path = write("a.csv", "0,1\n2,3\n")
    assert shown(read(f"{path}:step")) == ([0, 2], [[1], [3]], True)
    assert shown(read(f"{path}:linear")) == ([0, 2], [[1], [3]], False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.csv", True), ("a b/c.NPY", True), ("a.csv:step", True), ("C:\\x.csv", True), ("2*t", False), ("a.txt", False), ("x if t > 1 else y", False)],
)
def test_a_file_is_told_from_an_expression_by_its_suffix(text: str, expected: bool) -> None:
    assert names_a_file(text) == expected


def test_a_colon_in_a_path_is_no_manner() -> None:
    assert [split_manner(text) for text in ("C:\\x.csv", "a:b.csv:step", " x.csv ")] == [("C:\\x.csv", False), ("a:b.csv", True), ("x.csv", False)]


def test_a_program_gives_values_or_times_and_values() -> None:
    assert shown(samples_of([1, 2], "I")) == (None, [[1], [2]], False)
    assert shown(samples_of(np.array([1, 2]), "I")) == (None, [[1], [2]], False)
    assert shown(samples_of(([0, 1], np.array([1, 2])), "I")) == ([0, 1], [[1], [2]], False)
    assert shown(samples_of(([0, 1], [1, 2], "step"), "I")) == ([0, 1], [[1], [2]], True)
    assert shown(samples_of(([1, 2], "step"), "I")) == (None, [[1], [2]], True)
    assert shown(samples_of(([0, 1], [[1, 2], [3, 4]]), "I", 2)) == ([0, 1], [[1, 2], [3, 4]], False)


# --- what is refused ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no numbers"),
        ("t,I\n", "holds no numbers"),
        ("# nothing\n", "holds no numbers"),
        ("t,I\n0,1\n1,x\n", "holds `x` in line 3 where a number belongs"),
        ("0,1\n1,\n", "holds nothing in line 2 where a number belongs"),
        ("0;1\n1;2,5\n", "holds `2,5` in line 2 where a number belongs"),
        ("0,1\n1\n", "has 1 columns in line 2 and 2 above"),
        ("0,1,2\n1,2,3\n2,3,4\n", "has 3 rows and 3 columns; wanted are one, or two with the time"),
        ("0,1\n1,nan\n", "holds nan in row 2, column 2; all numbers have to be finite"),
        ("0,1\n-inf,2\n", "holds -inf in row 2, column 1; all numbers have to be finite"),
        ("0,1\n2,1\n2,2\n", "do not increase: 2 follows 2 in row 3"),
        ("0,1\n2,1\n1,2\n", "do not increase: 1 follows 2 in row 3"),
        ("t [s],I [mV]\n0,1\n", "gives `I` in `mV`, and it is in `nA` here"),
        ("t [s],I [bar]\n0,1\n", "has the title `I [bar]`"),
        ("t [mV],I\n0,1\n", "gives `t` in `mV`, and it is in `ms` here"),
    ],
)
def test_a_text_that_holds_no_samples_is_refused(write: Write, text: str, message: str) -> None:
    path = write("a.csv", text)
    assert message in refusal(lambda: read(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((3, 4)), "has 3 rows and 4 columns"),
        (np.zeros((2, 500)), "has 2 rows and 500 columns"),
        (np.zeros((2, 2, 2)), "has the shape (2, 2, 2)"),
        (np.array(3.0), "has the shape ()"),
        (np.zeros(0), "holds no numbers"),
        (np.array([1j]), "holds `complex128` and no real numbers"),
        (np.array(["1", "2"]), "holds `<U1` and no real numbers"),
        (np.array([0, np.nan]), "holds nan in row 2, column 1"),
        (b"", "cannot be read"),
        (b"\x93NUMPY\x01\x00", "cannot be read"),
        (b"no numbers", "cannot be read"),
    ],
)
def test_a_binary_file_that_holds_no_samples_is_refused(write: Write, content: Any, message: str) -> None:
    path = write("a.npy", content)
    assert message in refusal(lambda: read(path))


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "cannot be read" in refusal(lambda: read(str(path)))


def test_a_file_that_is_shorter_than_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(1000))
    path.write_bytes(path.read_bytes()[:-8])
    assert "cannot be read" in refusal(lambda: read(str(path)))


def test_an_archive_under_a_wrong_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    (tmp_path / "a.npz").rename(path)
    assert "is an archive and no .npy file" in refusal(lambda: read(str(path)))


def test_a_file_that_is_not_there_a_directory_and_a_text_in_another_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").mkdir()
    (tmp_path / "u.csv").write_bytes(b"0,1\n\xff\xfe,2\n")
    told = [re.sub(r"`.*?`", "FILE", refusal(lambda name=name: read(str(tmp_path / name)))) for name in ("x.csv", "d.csv", "u.csv")]  # type: ignore[misc]
    assert told == ["there is no file FILE", "FILE is a directory", "FILE cannot be read: it is not a UTF-8 text"]


def test_a_file_too_large_to_read_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.csv", "0,1\n2,3\n")
    monkeypatch.setattr("neurodsl.samples.LARGEST_FILE", 4)
    assert "is larger than 0 MiB" in refusal(lambda: read(path))
    monkeypatch.undo()
    monkeypatch.setattr("neurodsl.samples.MOST_SAMPLES", 1)
    assert "holds 2 samples; at most 1 are read" in refusal(lambda: read(path))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "what is given for `I` holds no numbers"),
        (([0, 1], [1, 2, 3]), "what is given for `I` holds 2 times and 3 values"),
        (([1, 0], [1, 2]), "the times of what is given for `I` do not increase: 0 follows 1 in row 2"),
        (([0, 1], [1, np.inf]), "what is given for `I` holds inf in row 2, column 2; all numbers have to be finite"),
        ([[1, 2, 3], [1, 2, 3]], "what is given for `I` has 2 rows and 3 columns; wanted are one, or two with the time"),
        (["a", "b"], "what is given for `I` holds `<U1` and no real numbers"),
        ([[1], [1, 2]], "what is given for `I` has rows of different lengths"),
        (([0], [1], [2]), "what is given for `I` is a tuple of 3"),
        ((0.0, 1.0), "what is given for `I` has 0 dimensions"),
        (None, "what is given for `I` holds `object` and no real numbers"),
        (([[0, 1], [2, 3]], [1, 2]), "the times of what is given for `I` are a table"),
    ],
)
def test_what_a_program_gives_wrongly_is_refused(given: Any, message: str) -> None:
    assert refusal(lambda: samples_of(given, "I")) == message
