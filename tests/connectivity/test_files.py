"""Synapses from files: pairs as .csv and .npy, matrices as .npy, .csv and what scipy writes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from neurodsl.connectivity import Demand, Wiring, wire
from neurodsl.diagnostics import NeuroError


def synapses(wiring: Wiring) -> list[tuple[float, ...]]:
    return list(zip(wiring.sources.tolist(), wiring.targets.tolist(), *(c.tolist() for c in wiring.columns.values()), strict=True))


def built(folder: Path, path: str, kind: str = "pairs", n: int = 4, m: int = 5, **more: Any) -> Wiring:
    return wire(Demand(kind, path=path, folder=folder, owner="E -> I", **more), n, m, None, 1, 0)


def refusal(folder: Path, path: str, kind: str = "pairs", **more: Any) -> str:
    with pytest.raises(NeuroError) as found:
        built(folder, path, kind, **more)
    assert found.value.exit_code == 2
    return str(found.value)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=20))
def test_pairs_are_sorted_and_keep_their_columns(pairs: list[tuple[int, int]]) -> None:
    table = np.array([(i, j, k) for k, (i, j) in enumerate(pairs)], dtype=[("i", "u2"), ("j", "i8"), ("w", "f4")])
    wiring = wire(Demand("pairs", table=table), 4, 5, None, 1, 0)
    assert synapses(wiring) == sorted((i, j, float(k)) for k, (i, j) in enumerate(pairs))
    assert wiring.counts.tolist() == [sum(i == a for i, _ in pairs) for a in range(4)]


def test_pairs_of_a_text_may_have_titles_comments_and_parameters(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("# who is joined to whom\nj, i, w\n4, 3, 0.5\n\n1, 0, -2e-1\n0, 3, 7\n")
    wiring = built(tmp_path, "p.csv")
    assert synapses(wiring) == [(0, 1, -0.2), (3, 0, 7.0), (3, 4, 0.5)]
    assert list(wiring.columns) == ["w"]


def test_pairs_without_titles_are_i_and_j(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("3,4\n0,1\n")
    np.save(tmp_path / "p.npy", np.array([[3, 4], [0, 1]], np.uint8))
    np.save(tmp_path / "f.npy", np.array([[3.0, 4.0], [0.0, 1.0]]))
    assert [synapses(built(tmp_path, name)) for name in ("p.csv", "p.npy", "f.npy")] == [[(0, 1), (3, 4)]] * 3


def test_a_pair_that_comes_twice_is_two_synapses_unless_that_is_not_allowed(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("i,j,w\n3,4,1\n0,1,2\n3,4,3\n")
    assert synapses(built(tmp_path, "p.csv")) == [(0, 1, 2.0), (3, 4, 1.0), (3, 4, 3.0)]
    assert "error[F112]: `E -> I`: `p.csv` holds the pair 3, 4 twice" in refusal(tmp_path, "p.csv", multiple=False)


def test_no_self_and_where_take_pairs_away() -> None:
    table = np.array([(0, 0), (1, 2), (2, 1), (3, 3)])
    assert synapses(wire(Demand("pairs", table=table, no_self=True), 4, 4, 0, 1, 0)) == [(1, 2), (2, 1)]
    assert synapses(wire(Demand("pairs", table=table, condition=lambda i, j: i >= j), 4, 4, 0, 1, 0)) == [(0, 0), (2, 1), (3, 3)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("i,j\n0,1\n4,0\n", "`p.csv` holds i = 4 in row 2 of its numbers, and there are 4 sources"),
        ("i,j\n0,-1\n", "`p.csv` holds j = -1 in row 1 of its numbers, and there are 5 targets"),
        ("i,j\n0,1.5\n", "`p.csv` holds j = 1.5 in row 1 of its numbers; the number of a neuron is whole"),
        ("i,j\n0,nan\n", "`p.csv` holds j = nan in row 1 of its numbers; the number of a neuron is whole"),
        ("i,j,w\n0,1,nan\n", "`p.csv` holds w = nan for the pair 0, 1; all numbers have to be finite"),
        ("i,j,w\n0,1,2\n0,1,x\n", "`p.csv` holds `x` in row 3 where a number belongs"),
        ("i,j,w\n0,1,2\n0,1,\n", "`p.csv` holds nothing between two commas in row 3 where a number belongs"),
        ("i,j\n0,1\n0,1,2\n", "`p.csv` holds 3 numbers in row 3 and 2 above"),
        ("i,j,w\n0,1\n", "`p.csv` has 3 titles and 2 columns"),
        ("pre,post\n0,1\n", "`p.csv` has the titles `pre`, `post`"),
        ("i,j,j\n0,1,2\n", "`p.csv` has the titles `i`, `j`, `j`"),
        ("0,1,2\n", "`p.csv` has 3 columns without titles"),
    ],
)
def test_a_text_that_cannot_connect_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    found = refusal(tmp_path, "p.csv")
    assert "error[F112]: " in found
    assert told in found


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "p.npy").write_bytes(b"no array")
    (tmp_path / "p.txt").write_text("0 1\n")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "c.npy", np.ones((2, 2), complex))
    np.save(tmp_path / "s.npy", np.ones(3))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "s.npy").read_bytes()[:-8])
    assert "there is no file `none.csv` beside the model" in refusal(tmp_path, "none.csv")
    assert "`../p.npy` leads out of the folder" in refusal(tmp_path, "../p.npy")
    assert "`p.npy` cannot be read: it is damaged, or no such file" in refusal(tmp_path, "p.npy")
    assert "`cut.npy` cannot be read: it is damaged, or no such file" in refusal(tmp_path, "cut.npy")
    assert "`o.npy` cannot be read" in refusal(tmp_path, "o.npy")
    assert "`p.txt` is neither a .csv nor a .npy file" in refusal(tmp_path, "p.txt")
    assert "`b.csv` cannot be read: it is not a UTF-8 text" in refusal(tmp_path, "b.csv")
    assert "`c.npy` holds `complex128` and no real numbers" in refusal(tmp_path, "c.npy")
    assert "`s.npy` has the shape (3,); wanted are rows and columns" in refusal(tmp_path, "s.npy")


W = np.array([[0, 1.5, 0, 0, -2], [0, 0, 0, 0, 0], [3, 0, 0, 4, 0], [0, 0, 0, 0, 5.0]])
ENTRIES = [(0, 1, 1.5), (0, 4, -2.0), (2, 0, 3.0), (2, 3, 4.0), (3, 4, 5.0)]


def test_a_matrix_joins_where_it_is_not_0_in_every_format(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", W)
    np.savetxt(tmp_path / "w.csv", W, delimiter=",")
    made = []
    for form in ("csr", "csc", "coo"):
        for make in (scipy.sparse.csr_matrix, scipy.sparse.csr_array):
            scipy.sparse.save_npz(tmp_path / f"{form}{len(made)}.npz", make(W).asformat(form))
            made.append(f"{form}{len(made)}.npz")
    for path in ("w.npy", "w.csv", *made):
        wiring = built(tmp_path, path, "matrix", column="weight")
        assert (path, synapses(wiring)) == (path, ENTRIES)
        assert list(wiring.columns) == ["weight"]


def test_a_zero_that_a_sparse_matrix_holds_is_no_synapse(tmp_path: Path) -> None:
    scipy.sparse.save_npz(tmp_path / "w.npz", scipy.sparse.coo_matrix(([0.0, 2.0], ([0, 1], [0, 3])), (4, 5)))
    assert synapses(built(tmp_path, "w.npz", "matrix")) == [(1, 3, 2.0)]


def test_a_large_matrix_is_read(tmp_path: Path) -> None:
    w = scipy.sparse.random(700, 900, 0.01, "csr", random_state=1)
    np.save(tmp_path / "w.npy", w.toarray())
    scipy.sparse.save_npz(tmp_path / "w.npz", w)
    for path in ("w.npy", "w.npz"):
        wiring = built(tmp_path, path, "matrix", 700, 900)
        assert np.array_equal(wiring.pointers, w.indptr)
        assert np.array_equal(wiring.targets, w.indices)
        assert np.array_equal(wiring.columns["matrix"], w.data)


def test_a_matrix_that_cannot_connect_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", W.T)
    np.save(tmp_path / "n.npy", np.where(W == 4, np.nan, W))
    np.save(tmp_path / "v.npy", np.ones(4))
    np.savez(tmp_path / "z.npz", a=W)
    scipy.sparse.save_npz(tmp_path / "n.npz", scipy.sparse.csr_matrix(np.where(W == 4, np.inf, W)))
    scipy.sparse.save_npz(tmp_path / "b.npz", scipy.sparse.bsr_matrix(W))
    scipy.sparse.save_npz(tmp_path / "d.npz", scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 0], [3, 3])), (4, 5)))
    shifted = scipy.sparse.csr_matrix(W)
    shifted.indices = shifted.indices + 3
    scipy.sparse.save_npz(tmp_path / "s.npz", shifted)
    (tmp_path / "x.npz").write_bytes(b"PK")
    for path, told in {
        "t.npy": "`t.npy` has the shape (5, 4), and there are 4 sources and 5 targets",
        "n.npy": "`n.npy` holds nan in row 2, column 3; all numbers have to be finite",
        "v.npy": "`v.npy` has the shape (4,); wanted is a matrix",
        "n.npz": "`n.npz` holds inf in row 2, column 3; all numbers have to be finite",
        "z.npz": "`z.npz` holds a sparse matrix of the form `none that is known`",
        "b.npz": "`b.npz` holds a sparse matrix of the form `bsr`",
        "d.npz": "`d.npz` holds the pair 0, 3 twice",
        "s.npz": "`s.npz` cannot be read: it is damaged, or no such file",
        "x.npz": "`x.npz` cannot be read: it is damaged, or no such file",
    }.items():
        found = refusal(tmp_path, path, "matrix")
        assert "error[F112]" in found
        assert told in found
    assert "transpose it: a row for each source" in refusal(tmp_path, "t.npy", "matrix")


def test_a_header_that_promises_more_than_the_file_holds_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.zeros((10, 10)))
    data = (tmp_path / "w.npy").read_bytes()
    (tmp_path / "w.npy").write_bytes(data.replace(b"(10, 10), }            ", b"(1000000, 1000000), }  "))
    assert "`w.npy` cannot be read" in refusal(tmp_path, "w.npy", "matrix")


@given(st.sampled_from(["w.npy", "c.npz", "d.npz", "p.csv", "f.npy"]), st.integers(0, 10**6), st.integers(1, 255), st.booleans())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(path: str, place: int, flip: int, cut: bool) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "w.npy", W)
        np.save(folder / "f.npy", np.array([(3, 4, 0.5)], dtype=[("i", "u4"), ("j", "u4"), ("w", "f8")]))
        scipy.sparse.save_npz(folder / "c.npz", scipy.sparse.csr_matrix(W))
        scipy.sparse.save_npz(folder / "d.npz", scipy.sparse.coo_matrix(W), compressed=False)
        (folder / "p.csv").write_text("i,j,w\n3,4,0.5\n0,1,1\n")
        data = bytearray((folder / path).read_bytes())
        data[place % len(data)] ^= flip
        (folder / path).write_bytes(data[: place % len(data)] if cut else data)
        kind = "pairs" if path in ("p.csv", "f.npy") else "matrix"
        codes, found = [], []
        try:
            found = synapses(built(folder, path, kind))
        except NeuroError as error:
            codes = [d.rule.code for d in error.report.found]
        assert codes in ([], ["F112"], ["V111"])
        assert all(0 <= i < 4 and 0 <= j < 5 for i, j, *_ in found)
