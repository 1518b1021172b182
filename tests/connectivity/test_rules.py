"""Each rule against a reference that asks pair by pair, and what holds of every row whatever is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodsl.connectivity import Demand, Wiring, wire
from neurodsl.connectivity.blocks import Block, merged
from neurodsl.diagnostics import NeuroError

SEEDS = st.integers(0, 2**64 - 1)
SIZES = st.integers(1, 12)
SAMES = st.one_of(st.none(), st.integers(-6, 6))

CONDITIONS: dict[str, Callable[[Any, Any], Any]] = {
    "near": lambda i, j: np.abs(i - j) <= 2,
    "even": lambda i, j: (i + j) % 2 == 0,
    "of the target alone": lambda i, j: j > 1,
    "always": lambda i, j: True,
}


def pairs_of(wiring: Wiring) -> list[tuple[int, int]]:
    return list(zip(wiring.sources.tolist(), wiring.targets.tolist(), strict=True))


def is_sorted(wiring: Wiring) -> bool:
    return pairs_of(wiring) == sorted(pairs_of(wiring)) and wiring.pointers.dtype == wiring.targets.dtype == np.uint32


def allowed(demand: Demand, n: int, m: int, same: int | None) -> list[tuple[int, int]]:
    """All pairs that `where` and `no self` leave, one by one."""
    condition = demand.condition or (lambda i, j: True)
    return [
        (i, j) for i in range(n) for j in range(m) if condition(float(i), float(j)) and not (demand.no_self and same is not None and j == i + same)
    ]


@given(SIZES, SIZES, SAMES, st.booleans(), st.sampled_from([None, *CONDITIONS]))
def test_all_to_all_joins_every_pair_that_is_left(n: int, m: int, same: int | None, no_self: bool, condition: str | None) -> None:
    demand = Demand("all to all", condition=CONDITIONS.get(condition or ""), no_self=no_self)
    assert pairs_of(wire(demand, n, m, same, 1, 0)) == allowed(demand, n, m, same)


@given(SIZES, SAMES, st.booleans(), st.sampled_from([None, *CONDITIONS]))
def test_one_to_one_joins_equal_numbers(n: int, same: int | None, no_self: bool, condition: str | None) -> None:
    demand = Demand("one to one", condition=CONDITIONS.get(condition or ""), no_self=no_self)
    assert pairs_of(wire(demand, n, n, same, 1, 0)) == [(i, j) for i, j in allowed(demand, n, n, same) if i == j]


@given(SIZES, SIZES, SAMES, st.booleans(), st.sampled_from([None, *CONDITIONS]), st.booleans(), st.sampled_from([0.0, 0.3, 1.0]), SEEDS)
def test_a_probability_joins_some_of_the_pairs_that_are_left_and_1_all(
    n: int, m: int, same: int | None, no_self: bool, condition: str | None, written: bool, p: float, seed: int
) -> None:
    rule = CONDITIONS.get(condition or "")
    demand = Demand("probability", () if written else (p,), (lambda i, j: p + 0 * i * j) if written else None, rule, no_self=no_self)
    found, left = pairs_of(wire(demand, n, m, same, seed, 0)), allowed(demand, n, m, same)
    assert found == sorted(set(found))
    assert set(found) <= set(left)
    if p in (0.0, 1.0):
        assert found == (left if p else [])


@settings(max_examples=200)
@given(SIZES, SIZES, SAMES, st.booleans(), st.sampled_from([None, None, None, *CONDITIONS]), st.booleans(), st.booleans(), st.integers(0, 12), SEEDS)
def test_a_degree_is_what_every_neuron_gets(
    n: int, m: int, same: int | None, no_self: bool, condition: str | None, multiple: bool, inward: bool, k: int, seed: int
) -> None:
    neurons, others = (m, n) if inward else (n, m)
    k %= others + 2
    demand = Demand("indegree" if inward else "outdegree", (k,), None, CONDITIONS.get(condition or ""), no_self=no_self, multiple=multiple)
    left = allowed(demand, n, m, same)
    candidates = Counter(j if inward else i for i, j in left)
    if k > min(candidates[a] for a in range(neurons)):
        with pytest.raises(NeuroError, match=r"V110.*`(in|out)degree \d+`, and "):
            wire(demand, n, m, same, seed, 0)
        return
    wiring = wire(demand, n, m, same, seed, 0)
    found = pairs_of(wiring)
    assert is_sorted(wiring)
    assert set(found) <= set(left)
    assert Counter(j if inward else i for i, j in found) == Counter(dict.fromkeys(range(neurons), k) if k else {})
    if not multiple:
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("kind", ["indegree", "outdegree"])
@pytest.mark.parametrize(("n", "m", "same"), [(6, 6, 0), (5, 9, -3), (9, 5, 3), (4, 8, 2)])
def test_every_neuron_but_itself_is_chosen_where_parts_overlap(kind: str, n: int, m: int, same: int) -> None:
    demand = Demand(kind, (3,), no_self=True)
    found = {pair for seed in range(150) for pair in pairs_of(wire(demand, n, m, same, seed, 0))}
    assert found == set(allowed(demand, n, m, same))


@given(st.integers(1, 15), st.integers(0, 16), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([None, *CONDITIONS]), SEEDS)
def test_a_small_world_has_k_targets_for_each_neuron(n: int, k: int, p: float, condition: str | None, seed: int) -> None:
    demand = Demand("small world", (k, p), None, CONDITIONS.get(condition or ""))
    if k % 2 or k > n - 1:
        with pytest.raises(NeuroError, match="V110"):
            wire(demand, n, n, 0, seed, 0)
        return
    wiring = wire(demand, n, n, 0, seed, 0)
    found = pairs_of(wiring)
    assert is_sorted(wiring)
    assert len(set(found)) == len(found)
    assert all(i != j for i, j in found)
    if condition is None:
        assert wiring.counts.tolist() == [k] * n
    else:
        assert set(found) <= set(allowed(demand, n, n, 0))
    if p == 0 and condition is None:
        assert found == sorted((i, (i + d) % n) for i in range(n) for d in range(-(k // 2), k // 2 + 1) if d)


@given(st.integers(2, 30), st.integers(1, 6), SEEDS)
def test_a_scale_free_network_grows_by_m_neighbours_of_each_new_neuron(n: int, m: int, seed: int) -> None:
    demand = Demand("scale free", (m,))
    if m > n - 1:
        with pytest.raises(NeuroError, match=r"`scale free` joins each new neuron to \d+ others"):
            wire(demand, n, n, 0, seed, 0)
        return
    wiring = wire(demand, n, n, 0, seed, 0)
    found = set(pairs_of(wiring))
    assert is_sorted(wiring)
    assert len(found) == len(wiring.targets) == 2 * (m * (m + 1) // 2 + (n - m - 1) * m)
    assert found == {(j, i) for i, j in found}
    assert all(i != j for i, j in found)
    earlier = Counter(i for i, j in found if j < i)
    assert [earlier[i] for i in range(n)] == [*range(m + 1), *[m] * (n - m - 1)]


@pytest.mark.parametrize(
    "demand",
    [
        Demand("probability", (0.05,), no_self=True),
        Demand("probability", probability=lambda i, j: np.exp(-np.abs(i - j) / 30)),
        Demand("all to all", condition=lambda i, j: (i * j) % 7 == 1),
        Demand("indegree", (1500,)),
        Demand("indegree", (5,), condition=lambda i, j: np.abs(i - j) < 200, multiple=False),
        Demand("outdegree", (300,), no_self=True, multiple=False),
        Demand("outdegree", (1400,), multiple=False),
        Demand("small world", (400, 0.2)),
    ],
    ids=lambda d: f"{d.kind} {d.numbers}",
)
def test_the_synapses_do_not_depend_on_the_number_of_threads(demand: Demand) -> None:
    one, three = wire(demand, 1500, 1500, 0, 7, 3), wire(demand, 1500, 1500, 0, 7, 3, threads=3)
    assert np.array_equal(one.pointers, three.pointers)
    assert np.array_equal(one.targets, three.targets)
    assert is_sorted(one)


def test_another_seed_or_projection_has_other_synapses_and_the_same_the_same() -> None:
    demand = Demand("indegree", (10,))
    found = [
        wire(demand, 100, 100, None, seed, number).targets.tobytes() for seed, number in ((1, 0), (1, 0), (2, 0), (1, 1), (2**64 - 1, 2**32 - 1))
    ]
    assert [found.index(one) for one in found] == [0, 0, 2, 3, 4]


def test_blocks_of_targets_are_put_together_row_by_row() -> None:
    parts = [Block(np.array([2, 0, 1]), np.array([0, 1, 1], np.uint32)), Block(np.array([0, 1, 2]), np.array([2, 2, 3], np.uint32))]
    wiring = merged(parts)
    assert pairs_of(wiring) == [(0, 0), (0, 1), (1, 2), (2, 1), (2, 2), (2, 3)]


def test_rows_longer_than_a_block_are_looked_at_piece_by_piece() -> None:
    n = 600_000
    demand = Demand("all to all", condition=lambda i, j: (j + i) % 100_000 == 0)
    assert pairs_of(wire(demand, 2, n, None, 1, 0)) == [(0, j) for j in range(0, n, 100_000)] + [(1, j) for j in range(99_999, n, 100_000)]


def test_no_neurons_have_no_synapses() -> None:
    wiring = wire(Demand("all to all"), 3, 0, None, 1, 0)
    assert (wiring.pointers.tolist(), wiring.targets.tolist()) == ([0, 0, 0, 0], [])


@pytest.mark.parametrize(
    ("demand", "n", "m", "told"),
    [
        (Demand("one to one"), 3, 4, "`one to one` joins as many sources as targets, and here are 3 and 4"),
        (Demand("probability", (1.5,)), 3, 4, "a probability lies between 0 and 1, and this one is 1.5"),
        (Demand("probability", (float("nan"),)), 3, 4, "and this one is nan"),
        (Demand("probability", probability=lambda i, j: i - j), 3, 4, "that of i = 0, j = 1 is -1"),
        (Demand("probability", probability=lambda i, j: np.where(j == 2, np.nan, 0 * i)), 3, 4, "that of i = 0, j = 2 is nan"),
        (Demand("indegree", (2.5,)), 3, 4, "the indegree is a whole number from 0 on, not 2.5"),
        (Demand("indegree", (-1,)), 3, 4, "the indegree is a whole number from 0 on, not -1"),
        (Demand("indegree", (), lambda i, j: i), 3, 4, "`indegree` takes 1 constant"),
        (Demand("indegree", (4,)), 3, 4, "`indegree 4`, and there are 3 sources"),
        (Demand("outdegree", (5,)), 3, 4, "`outdegree 5`, and there are 4 targets"),
        (Demand("indegree", (3,), no_self=True), 3, 3, "`indegree 3`, and target 0 has 2 sources to choose from"),
        (Demand("outdegree", (1,), condition=lambda i, j: i + j < 3), 9, 3, "`outdegree 1`, and source 3 has 0 targets to choose from"),
        (Demand("small world", (2, 0.1)), 3, 4, "`small world` joins the neurons of one population, and here are 3 sources and 4 targets"),
        (Demand("small world", (3, 0.1)), 5, 5, "and 3 is odd"),
        (Demand("small world", (2, 1.1)), 5, 5, "the probability of `small world` lies between 0 and 1"),
        (Demand("small world", (2,)), 5, 5, "`small world` takes 2 constants"),
        (Demand("scale free", (0,)), 5, 5, "a whole number from 1 on, not 0"),
    ],
)
def test_what_cannot_be_met_is_told_with_its_figures(demand: Demand, n: int, m: int, told: str) -> None:
    with pytest.raises(NeuroError, match=r"V110.*`the projection`") as found:
        wire(demand, n, m, 0, 1, 0)
    assert told in str(found.value)
    assert found.value.exit_code == 2


@pytest.mark.parametrize(
    ("demand", "told"),
    [
        (Demand("all to all"), "1e+12 synapses are more than the 2e+09 that a projection may have"),
        (Demand("probability", (0.5,)), "5e+11 synapses"),
        (Demand("indegree", (900_000,)), "9e+11 synapses"),
        (Demand("outdegree", (900_000,), multiple=False), "9e+11 synapses"),
        (Demand("small world", (90_000, 0.1)), "9e+10 synapses"),
        (Demand("scale free", (90_000,)), "1.8e+11 synapses"),
        (Demand("probability", probability=lambda i, j: 0 * i), "is computed for each of 1e+12 pairs, and at most 1e+11 are looked at"),
        (Demand("all to all", condition=lambda i, j: i == j), "is computed for each of 1e+12 pairs"),
        (Demand("indegree", (1,), condition=lambda i, j: i == j), "is computed for each of 1e+12 pairs"),
    ],
)
def test_too_many_synapses_are_refused_before_anything_is_made(demand: Demand, told: str) -> None:
    with pytest.raises(NeuroError, match=r"V111") as found:
        wire(demand, 10**6, 10**6, 0, 1, 0)
    assert told in str(found.value)
    assert found.value.exit_code == 2


def test_what_does_not_fit_into_the_free_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.connectivity.build.free_memory", lambda: 2.0**28)
    with pytest.raises(NeuroError, match=r"V111.*making 1e\+07 synapses takes 0\.298 GiB of memory, and 0\.25 are free"):
        wire(Demand("indegree", (10,)), 10**6, 10**6, 0, 1, 0)


def test_an_expression_that_makes_too_many_synapses_stops_when_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodsl.connectivity.demand.MOST_SYNAPSES", 10**5)
    looked_at = []

    def always(i: Any, j: Any) -> Any:
        looked_at.append(i.size * j.size)
        return 1.0 + 0 * i * j

    with pytest.raises(NeuroError, match=r"V111.*synapses are more than"):
        wire(Demand("probability", probability=always), 3000, 3000, 0, 1, 0)
    assert sum(looked_at) < 2**19
