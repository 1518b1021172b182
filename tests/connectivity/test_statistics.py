"""What is drawn has the law that it is said to have: bounds of four standard deviations, for fixed seeds."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from neurodsl.connectivity import Demand, wire

RUNS = 4000


def frequencies(demand: Demand, n: int, m: int, same: int | None = None) -> np.ndarray:
    """How often each pair is joined in many networks."""
    found = np.zeros((n, m))
    for seed in range(RUNS):
        wiring = wire(demand, n, m, same, seed, 0)
        np.add.at(found, (wiring.sources, wiring.targets), 1)
    return found / RUNS


def within(found: np.ndarray, wanted: np.ndarray | float) -> bool:
    """Whether frequencies of independent runs are as wanted, by four and a half standard deviations for the worst of some dozens."""
    return bool(np.all(np.abs(found - wanted) <= 4.5 * np.sqrt(np.asarray(wanted) * (1 - np.asarray(wanted)) / RUNS) + 1e-12))


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 0.9])
def test_every_pair_has_the_probability(p: float) -> None:
    assert within(frequencies(Demand("probability", (p,)), 5, 6), p)


def test_every_pair_has_the_probability_that_is_written_for_it() -> None:
    i, j = np.arange(5.0)[:, None], np.arange(6.0)
    demand = Demand("probability", probability=lambda i, j: np.exp(-((i - j) ** 2) / 4), condition=lambda i, j: i != 2, no_self=True)
    wanted = np.exp(-((i - j) ** 2) / 4) * (i != 2) * (i != j)
    assert within(frequencies(demand, 5, 6, 0), wanted)


def test_the_number_of_synapses_is_binomial() -> None:
    n, m, p = 40, 50, 0.03
    counts = [len(wire(Demand("probability", (p,)), n, m, None, seed, 0).targets) for seed in range(RUNS)]
    law = stats.binom(n * m, p)
    edges = [-1, *law.ppf(np.linspace(0, 1, 11)[1:-1]), n * m]
    observed = np.histogram(counts, np.array(edges) + 0.5)[0]
    expected = RUNS * np.diff(law.cdf(edges))
    assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_a_large_network_has_the_expected_number_of_synapses() -> None:
    n, p = 4000, 0.02
    count = len(wire(Demand("probability", (p,)), n, n, None, 5, 1).targets)
    assert abs(count - n * n * p) < 4 * np.sqrt(n * n * p * (1 - p))


@pytest.mark.parametrize("kind", ["indegree", "outdegree"])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_every_set_of_partners_is_equally_likely(kind: str, k: int) -> None:
    found: Counter[tuple[int, ...]] = Counter()
    for seed in range(RUNS // 8):
        wiring = wire(Demand(kind, (k,), multiple=False), 5, 5, None, seed, 0)
        rows, columns = (wiring.targets, wiring.sources) if kind == "indegree" else (wiring.sources, wiring.targets)
        found.update(tuple(columns[rows == row].tolist()) for row in range(5))
    sets = list(combinations(range(5), k))
    assert set(found) <= set(sets)
    assert stats.chisquare([found[s] for s in sets]).pvalue > 1e-3


def test_partners_are_equally_likely_where_self_and_a_condition_take_some_away() -> None:
    demand = Demand("indegree", (2,), condition=lambda i, j: i != 3, no_self=True, multiple=False)
    found = frequencies(demand, 6, 4, 1)
    wanted = np.array([[0 if i == 3 or j == i + 1 else 2 / (4 if j >= 1 else 5) for j in range(4)] for i in range(6)])
    wanted[3] = 0
    assert within(found, wanted)


def test_with_replacement_the_synapses_of_a_pair_are_binomial() -> None:
    n, k = 50, 20
    counts = np.zeros((n, 2000))
    wiring = wire(Demand("indegree", (k,)), n, 2000, None, 3, 0)
    np.add.at(counts, (wiring.sources, wiring.targets), 1)
    observed = np.bincount(counts.astype(int).ravel(), minlength=6)
    observed = np.append(observed[:4], observed[4:].sum())
    law = stats.binom(k, 1 / n)
    expected = counts.size * np.append(law.pmf(range(4)), law.sf(3))
    assert np.all(np.abs(observed - expected) < 4 * np.sqrt(expected) + 1)


def test_a_small_world_moves_a_part_p_of_its_synapses_to_any_other_neuron() -> None:
    n, k, p = 12, 4, 0.3
    found = frequencies(Demand("small world", (k, p)), n, n, 0)
    distance = (np.arange(n) - np.arange(n)[:, None]) % n
    near, far = (distance <= k // 2) | (distance >= n - k // 2), distance > k // 2
    far &= ~near
    near &= distance > 0
    assert found.diagonal().max() == 0
    # s synapses of a neuron are moved to s of the n - 1 - k + s neurons that are no targets, of which n - 1 - k are far
    moved = sum(stats.binom(k, p).pmf(s) * s / (n - 1 - k + s) for s in range(k + 1))
    assert within(found[far], moved)
    assert within(found[near], (k - (n - 1 - k) * moved) / k)


def test_every_set_of_targets_is_equally_likely_in_a_small_world_without_order() -> None:
    found: Counter[tuple[int, ...]] = Counter()
    for seed in range(RUNS // 4):
        wiring = wire(Demand("small world", (2, 1.0)), 5, 5, 0, seed, 0)
        found.update(tuple(((wiring.targets[wiring.sources == i].astype(int) - i) % 5).tolist()) for i in range(5))
    folded = Counter(tuple(sorted(s)) for s in found.elements())
    assert set(folded) == set(combinations(range(1, 5), 2))
    assert stats.chisquare(list(folded.values())).pvalue > 1e-3


def test_a_new_neuron_of_a_scale_free_network_prefers_those_that_are_joined_to_many() -> None:
    """With m = 1 the fourth neuron meets a path a - b - c: the middle one has half of all ends, the others a quarter each."""
    joined = np.zeros(3)
    for seed in range(RUNS):
        wiring = wire(Demand("scale free", (1,)), 4, 4, 0, seed, 0)
        pairs = set(zip(wiring.sources.tolist(), wiring.targets.tolist(), strict=True))
        middle = next(j for i, j in pairs if i == 2 and j < 2)
        last = next(j for i, j in pairs if i == 3)
        joined[0 if last == middle else 1 if last == 2 else 2] += 1
    assert within(joined / RUNS, np.array([0.5, 0.25, 0.25]))


def test_the_degrees_of_a_scale_free_network_fall_off_with_the_third_power() -> None:
    """The exact law for large n is P(k) = 2 m (m + 1)/(k (k + 1) (k + 2)): Dorogovtsev et al. (2000), doi:10.1103/PhysRevLett.85.4633."""
    m, n = 3, 20_000
    degrees = wire(Demand("scale free", (m,)), n, n, 0, 1, 0).counts
    for k in (3, 4, 6, 10):
        p = 2 * m * (m + 1) / (k * (k + 1) * (k + 2))
        assert abs(np.mean(degrees == k) - p) < 5 * np.sqrt(p / n)
    tail = m * (m + 1) / (100 * 101)
    assert abs(np.mean(degrees >= 100) - tail) < 5 * np.sqrt(tail / n)
