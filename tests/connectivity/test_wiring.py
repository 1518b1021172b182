"""Synapses sorted by target and by delay, and split among threads, against plain sorting."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurodsl.connectivity import Demand, Wiring, by_delay, transpose, wire
from neurodsl.connectivity.wiring import pointers_of, stable_order


@st.composite
def wirings(draw: st.DrawFn) -> tuple[Wiring, int]:
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    pairs = sorted(draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), max_size=40)))
    pointers = pointers_of(np.bincount([i for i, _ in pairs], minlength=n) if pairs else np.zeros(n, int))
    return Wiring(pointers, np.array([j for _, j in pairs], np.uint32), {"w": np.arange(float(len(pairs)))}), m


def synapses(wiring: Wiring) -> list[tuple[int, int]]:
    return list(zip(wiring.sources.tolist(), wiring.targets.tolist(), strict=True))


@given(wirings())
def test_the_transpose_lists_the_synapses_of_each_target(made: tuple[Wiring, int]) -> None:
    wiring, m = made
    pointers, sources, numbers = transpose(wiring, m)
    known = synapses(wiring)
    wanted = [[k for k, (_, j) in enumerate(known) if j == target] for target in range(m)]
    assert [numbers[pointers[j] : pointers[j + 1]].tolist() for j in range(m)] == wanted
    assert sources.tolist() == [known[k][0] for k in numbers]
    assert {a.dtype for a in (pointers, sources, numbers)} == {np.dtype(np.uint32)}


@given(wirings(), st.data())
def test_rows_are_sorted_by_delay_and_equal_delays_stay_in_order(made: tuple[Wiring, int], data: st.DataObject) -> None:
    wiring, _ = made
    count = len(wiring.targets)
    steps = np.array(data.draw(st.lists(st.integers(1, 4), min_size=count, max_size=count)), np.uint16)
    order = by_delay(wiring, steps)
    assert order.dtype == np.uint32
    assert order.tolist() == sorted(range(count), key=lambda k: (wiring.sources[k], steps[k], k))


@given(st.lists(st.integers(0, 2**32 - 1), max_size=60))
def test_the_order_of_large_numbers_is_stable(numbers: list[int]) -> None:
    assert stable_order(np.array(numbers, np.uint32), 2**32).tolist() == sorted(range(len(numbers)), key=lambda k: numbers[k])


def test_populations_beyond_two_bytes_are_sorted_too() -> None:
    n, m = 70_000, 90_000
    wiring = wire(Demand("indegree", (3,)), n, m, None, 1, 0)
    keys = wiring.sources.astype(np.int64) * m + wiring.targets
    assert np.all(np.diff(keys) >= 0)
    pointers, sources, numbers = transpose(wiring, m)
    assert np.all(np.diff(pointers) == 3)
    assert np.array_equal(wiring.sources[numbers], sources)
    assert np.array_equal(wiring.targets[numbers], np.repeat(np.arange(m), 3))
