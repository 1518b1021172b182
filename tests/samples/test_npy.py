"""Headers of arrays in files: whatever stands there, every reader reads it or refuses it in words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neurodsl.arrays import read_numbers
from neurodsl.connectivity import Demand, wire
from neurodsl.diagnostics import NeuroError
from neurodsl.npy import read_header, read_npy
from neurodsl.rules import BAD_CONNECTIONS
from neurodsl.samples import read_samples
from neurodsl.solution import load_result
from neurodsl.tables import read_table


def load_member(folder: Path) -> Any:
    """Read the file as a member of a result."""
    with zipfile.ZipFile(folder / "r.npz", "w") as archive:
        archive.writestr("meta.npy", (folder / "a.npy").read_bytes())
    return load_result(folder / "r.npz")


READERS: dict[str, Callable[[Path], Any]] = {
    "load": lambda folder: read_numbers(folder, "a.npy"),
    "samples": lambda folder: read_samples(str(folder / "a.npy"), "I", "mV", "ms"),
    "pairs": lambda folder: read_table(folder, "a.npy", BAD_CONNECTIONS),
    "matrix": lambda folder: wire(Demand("matrix", path="a.npy", folder=folder, owner="E -> I"), 2, 3, None, 1, 0),
    "result": load_member,
}
HEADERS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n\\\x00",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (10**9, 10**9), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 6), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (6,), }",
    "{'descr': '<f9', 'fortran_order': False, 'shape': (6,), }",
    "{'descr': '<M8[3.5s]', 'fortran_order': False, 'shape': (6,), }",
    "{'descr': [('i', '<f8'), ('i', '<f8')], 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000,), }",
    "[" * 5000,
    "-" * 5000 + "1",
    "'''",
    "\x00",
    "    1",
    "__import__('os').abort()",
    "",
]


def write(folder: Path, data: bytes) -> None:
    (folder / "a.npy").write_bytes(data)


def array_of(header: bytes, version: int = 1) -> bytes:
    """Return a file of six numbers behind a header."""
    return b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(2 if version == 1 else 4, "little") + header + np.arange(6.0).tobytes()


def refused_or_read(read: Callable[[Path], Any], folder: Path) -> str:
    """Return the message of a reader, the empty one where it reads the file."""
    try:
        read(folder)
    except NeuroError as error:
        assert error.exit_code == 2  # noqa: PT017
        return error.report.found[0].message
    return ""


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("version", [1, 2])
def test_a_header_that_is_none_is_refused_in_words(tmp_path: Path, name: str, header: str, version: int) -> None:
    write(tmp_path, array_of(header.encode("latin-1"), version))
    told = refused_or_read(READERS[name], tmp_path)
    assert told
    assert "Traceback" not in told


@pytest.mark.parametrize("name", READERS)
@given(place=st.integers(0, 130), change=st.binary(min_size=1, max_size=3), cut=st.booleans())
@example(place=76, change=b"(", cut=False)
@example(place=6, change=b"\x02", cut=False)
@example(place=6, change=b"\x03", cut=False)
def test_a_damaged_header_is_read_or_refused_and_nothing_else(name: str, place: int, change: bytes, cut: bool) -> None:
    data = io.BytesIO()
    np.save(data, np.arange(6.0).reshape(2, 3))
    whole = data.getvalue()
    with TemporaryDirectory() as folder:
        write(Path(folder), whole[:place] + change + (b"" if cut else whole[place + len(change) :]))
        refused_or_read(READERS[name], Path(folder))


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_sound_header_tells_shape_order_and_type(order: str) -> None:
    data = io.BytesIO()
    np.save(data, np.asarray(np.zeros((2, 3), np.float32), order=order))  # type: ignore[call-overload]
    data.seek(0)
    assert read_header(data) == ((2, 3), order == "F", np.dtype(np.float32))


def test_a_large_array_is_looked_into_where_it_lies(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(2**18, dtype=float))
    found = read_npy(tmp_path / "a.npy")
    assert (isinstance(found, np.memmap), float(found[-1])) == (True, 2.0**18 - 1)
