"""Statistics of spike trains agree with closed forms, with direct definitions and with Elephant."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodsl.diagnostics import NeuroError
from neurodsl.spike_statistics import (
    autocorrelogram,
    bin_edges,
    count_correlation,
    cross_correlogram,
    cv,
    cv2,
    cvs,
    fano_factor,
    intervals,
    local_variation,
    mean_rates,
    population_rate,
    smoothed_rate,
    spike_counts,
    spike_synchrony,
    synchrony,
    trains,
    van_rossum_distance,
    victor_purpura_distance,
)

SIZE, STOP = 12, 2000.0


def poisson(seed: int, rate: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of a population at the middles of bins of 1 ms, no two of a neuron in one."""
    fired = np.random.default_rng(seed).random((SIZE, int(STOP))) < rate
    index, bins = np.nonzero(fired)
    order = np.argsort(bins, kind="stable")
    return bins[order] + 0.5, index[order]


times_of_trains = st.lists(st.floats(0, 100, allow_nan=False).map(lambda t: round(t, 3)), max_size=12)


of_elephant = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::UserWarning")
"""Elephant and Neo use what their libraries are about to drop."""


@pytest.fixture
def elephant() -> Any:
    pytest.importorskip("elephant")
    import elephant.conversion
    import elephant.kernels
    import elephant.spike_train_correlation
    import elephant.spike_train_dissimilarity
    import elephant.statistics
    import neo
    import quantities

    class Peer:
        correlation, dissimilarity = elephant.spike_train_correlation, elephant.spike_train_dissimilarity
        statistics, kernels, pq = elephant.statistics, elephant.kernels, quantities

        @staticmethod
        def train(times: Any) -> Any:
            return neo.SpikeTrain(np.sort(times), units="ms", t_stop=STOP)

        @staticmethod
        def binned(*of: Any) -> Any:
            return elephant.conversion.BinnedSpikeTrain(list(of), bin_size=1 * quantities.ms)

    return Peer()


# --- trains, bins and rates -------------------------------------------------------------------------------------------------


def test_the_spikes_of_a_population_are_sorted_into_the_trains_of_its_neurons() -> None:
    found = trains([3.0, 1.0, 2.0, 0.5], [0, 2, 0, 0], 4)
    assert [train.tolist() for train in found] == [[0.5, 2.0, 3.0], [], [1.0], []]


def test_bins_fill_a_run_and_the_last_one_is_shorter_where_the_width_does_not_fit() -> None:
    assert bin_edges(0.0, 1.0, 0.25).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert bin_edges(0.0, 1.0, 0.4).tolist() == [0.0, 0.4, 0.8, 1.0]
    assert len(bin_edges(0.0, 1.0, 0.1)) == 11


def test_the_mean_rate_is_the_number_of_spikes_over_the_time() -> None:
    assert mean_rates([1.0, 2.0, 10.0, 11.0], [0, 0, 2, 2], 3, 0.0, 10.0).tolist() == [0.2, 0.0, 0.1]
    assert np.isnan(mean_rates([], [], 2, 0.0, 0.0)).all()


def test_the_rate_of_a_population_is_per_neuron_and_its_sum_gives_back_the_spikes() -> None:
    times, _ = poisson(1)
    edges = bin_edges(0.0, STOP, 30.0)
    rate = population_rate(times, SIZE, edges)
    assert (rate * np.diff(edges) * SIZE).sum() == pytest.approx(len(times), abs=1e-9)
    assert rate == pytest.approx(np.histogram(times, edges)[0] / np.diff(edges) / SIZE, abs=1e-15)


def test_each_bin_holds_the_same_number_of_steps_whatever_rounding_did_to_the_times_of_their_ends() -> None:
    ends = np.arange(1, 1001) * 0.1
    edges = bin_edges(0.0, 100.0, 5.0)
    assert (population_rate(ends, 1, edges) * 5.0).round(9).tolist() == [50.0] * 20
    assert spike_counts(ends, np.zeros(1000, int), 1, edges).tolist() == [[50] * 20]
    assert spike_counts([0.0, 100.0, 100.1], [0, 0, 0], 1, edges)[0, [0, -1]].tolist() == [1, 1]


def test_a_smoothed_rate_is_the_sum_of_gaussians_of_area_one() -> None:
    at = np.linspace(-50, 150, 2001)
    found = smoothed_rate([20.0, 60.0], 2, at, 5.0)
    expected = sum(np.exp(-0.5 * ((at - t) / 5.0) ** 2) for t in (20.0, 60.0)) / (math.sqrt(2 * math.pi) * 5.0) / 2
    assert found == pytest.approx(expected, abs=1e-15)
    assert np.trapezoid(found, at) == pytest.approx(1.0, abs=1e-9)


@of_elephant
def test_a_smoothed_rate_is_that_of_elephant(elephant: Any) -> None:
    times, _ = poisson(2)
    kernel = elephant.kernels.GaussianKernel(sigma=20 * elephant.pq.ms)
    theirs = elephant.statistics.instantaneous_rate(elephant.train(times), sampling_period=1 * elephant.pq.ms, kernel=kernel, border_correction=False)
    ours = smoothed_rate(times, 1, np.arange(int(STOP)) + 0.5, 20.0)
    # Theirs is binned and its kernel is cut off: the middle of a run, to a part in a thousand.
    assert ours[200:1800] * 1000 == pytest.approx(theirs.magnitude[200:1800, 0], rel=2e-3)


# --- irregularity -------------------------------------------------------------------------------------------------------------


def test_a_clock_is_regular_and_an_alternation_has_the_closed_forms_of_its_two_intervals() -> None:
    clock, alternating = intervals(np.arange(10.0)), np.array([1.0, 3.0] * 20)
    assert (cv(clock), cv2(clock), local_variation(clock)) == (0.0, 0.0, 0.0)
    assert (cv(alternating), cv2(alternating), local_variation(alternating)) == pytest.approx((0.5, 1.0, 0.75), abs=1e-12)


def test_a_poisson_process_has_a_cv_cv2_and_local_variation_of_one() -> None:
    isi = np.random.default_rng(3).exponential(10.0, 200_000)
    assert (cv(isi), cv2(isi), local_variation(isi)) == pytest.approx((1.0, 1.0, 1.0), abs=0.01)


def test_what_too_few_spikes_cannot_tell_is_nan() -> None:
    assert [math.isnan(f(np.array([1.0]))) for f in (cv, cv2, local_variation)] == [True] * 3
    assert (math.isnan(fano_factor([0, 0, 0])), math.isnan(fano_factor([]))) == (True, True)


@of_elephant
def test_irregularity_is_that_of_elephant(elephant: Any) -> None:
    times, index = poisson(4)
    for train in trains(times, index, SIZE):
        isi = intervals(train)
        peers = elephant.statistics
        expected = (peers.cv(isi), peers.cv2(isi), peers.lv(isi))
        assert (cv(isi), cv2(isi), local_variation(isi)) == pytest.approx(expected, rel=1e-12)


def test_the_cv_of_all_neurons_at_once_is_that_of_each() -> None:
    times, index = poisson(5, 0.002)
    each = [cv(intervals(train)) for train in trains(times, index, SIZE)]
    assert cvs(times, index, SIZE) == pytest.approx(each, rel=1e-12, nan_ok=True)
    assert cvs([1.0, 2.0], [0, 0], 2).tolist() == pytest.approx([math.nan] * 2, nan_ok=True)


def test_counts_are_those_of_a_histogram_of_each_train() -> None:
    times, index = poisson(6)
    edges = bin_edges(0.0, STOP, 100.0)
    assert spike_counts(times, index, SIZE, edges).tolist() == [np.histogram(train, edges)[0].tolist() for train in trains(times, index, SIZE)]


@of_elephant
def test_the_fano_factor_is_that_of_elephant_and_one_for_a_poisson_process(elephant: Any) -> None:
    times, index = poisson(7)
    of = trains(times, index, SIZE)
    assert fano_factor([len(train) for train in of]) == pytest.approx(
        elephant.statistics.fanofactor([elephant.train(train) for train in of]), rel=1e-12
    )
    assert fano_factor(np.random.default_rng(8).poisson(5.0, 100_000)) == pytest.approx(1.0, abs=0.02)
    assert fano_factor([4, 4, 4]) == 0.0


# --- correlation and synchrony ------------------------------------------------------------------------------------------------


def test_a_correlogram_counts_the_pairs_at_each_lag() -> None:
    edges, counts = cross_correlogram([10.0, 20.0], [12.0, 19.0, 25.0], 6.0, 2.0)
    assert edges.tolist() == [-7.0, -5.0, -3.0, -1.0, 1.0, 3.0, 5.0, 7.0]
    lags = [second - first for first in (10.0, 20.0) for second in (12.0, 19.0, 25.0)]
    assert counts.tolist() == np.histogram(lags, edges)[0].tolist()


@of_elephant
def test_a_correlogram_is_that_of_elephant(elephant: Any) -> None:
    times, index = poisson(9)
    first, second, *_ = trains(times, index, SIZE)
    binned = [elephant.binned(elephant.train(train)) for train in (first, second)]
    theirs, lags = elephant.correlation.cross_correlation_histogram(*binned, window=[-50, 50])
    edges, counts = cross_correlogram(first, second, 50.0, 1.0)
    assert counts.tolist() == theirs.magnitude[:, 0].astype(int).tolist()
    assert ((edges[:-1] + edges[1:]) / 2).round().tolist() == lags.tolist()


def test_an_autocorrelogram_is_even_and_leaves_out_each_spike_with_itself() -> None:
    edges, counts = autocorrelogram([0.0, 10.0, 20.0], 20.0, 1.0)
    found = {round(float(edges[k] + 0.5)): int(counts[k]) for k in np.flatnonzero(counts)}
    assert found == {-20: 1, -10: 2, 10: 2, 20: 1}
    assert autocorrelogram([5.0, 5.0], 3.0, 1.0)[1].tolist() == [0, 0, 0, 2, 0, 0, 0]


def test_many_pairs_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    times, _ = poisson(10)
    whole = cross_correlogram(times, times, 100.0, 1.0)[1]
    monkeypatch.setattr("neurodsl.spike_statistics.PAIRS_AT_ONCE", 7)
    assert cross_correlogram(times, times, 100.0, 1.0)[1].tolist() == whole.tolist()


@of_elephant
def test_the_correlation_of_counts_is_that_of_numpy_and_of_elephant(elephant: Any) -> None:
    times, index = poisson(11)
    counts = spike_counts(times, index, SIZE, bin_edges(0.0, STOP, 1.0))
    found = count_correlation(counts)
    theirs = elephant.correlation.correlation_coefficient(elephant.binned(*(elephant.train(train) for train in trains(times, index, SIZE))))
    assert found == pytest.approx(np.corrcoef(counts), abs=1e-12)
    assert found == pytest.approx(theirs, abs=1e-12)


def test_a_silent_neuron_has_no_correlation_and_one_that_does_the_opposite_minus_one() -> None:
    found = count_correlation([[0, 1, 0, 1], [1, 0, 1, 0], [0, 0, 0, 0]])
    assert found[:2, :2] == pytest.approx(np.array([[1.0, -1.0], [-1.0, 1.0]]), abs=1e-12)
    assert np.isnan(found[2]).all()


def test_synchrony_is_one_for_one_rhythm_and_the_root_of_one_over_n_for_independent_neurons() -> None:
    rng = np.random.default_rng(12)
    wave = np.sin(np.arange(1000) / 7)
    assert synchrony(np.column_stack([wave] * 5)) == pytest.approx(1.0, abs=1e-12)
    assert synchrony(np.column_stack([wave, -wave])) == pytest.approx(0.0, abs=1e-12)
    assert synchrony(rng.standard_normal((20_000, 25))) == pytest.approx(0.2, rel=0.05)
    assert math.isnan(synchrony(np.ones((10, 3))))


def test_synchrony_of_spikes_is_one_where_all_fire_together() -> None:
    volleys = np.arange(5.0, 1000.0, 25.0)
    together = (np.repeat(volleys, 10), np.tile(np.arange(10), len(volleys)))
    edges = bin_edges(0.0, 1000.0, 5.0)
    assert spike_synchrony(*together, 10, edges) == pytest.approx(1.0, abs=1e-12)
    times, index = poisson(13)
    assert spike_synchrony(times, index, SIZE, bin_edges(0.0, STOP, 5.0)) == pytest.approx(1 / math.sqrt(SIZE), rel=0.15)


# --- distances ----------------------------------------------------------------------------------------------------------------


def test_the_distance_of_van_rossum_has_its_closed_forms() -> None:
    assert van_rossum_distance([], [], 10.0) == 0.0
    assert van_rossum_distance([5.0], [], 10.0) == pytest.approx(math.sqrt(0.5), rel=1e-12)
    assert van_rossum_distance([5.0], [12.0], 10.0) == pytest.approx(math.sqrt(1 - math.exp(-0.7)), rel=1e-12)
    assert van_rossum_distance([3.0, 5.0], [5.0, 3.0], 10.0) == 0.0


@given(times_of_trains, times_of_trains, st.floats(0.5, 50))
def test_the_distance_of_van_rossum_is_the_double_sum_over_the_spikes(first: list[float], second: list[float], tau: float) -> None:
    def product(one: list[float], other: list[float]) -> float:
        return 0.5 * sum(math.exp(-abs(a - b) / tau) for a in one for b in other)

    squared = product(first, first) + product(second, second) - 2 * product(first, second)
    assert van_rossum_distance(first, second, tau) ** 2 == pytest.approx(squared, abs=1e-9)


@of_elephant
def test_the_distance_of_van_rossum_is_that_of_elephant_in_the_norm_of_the_paper(elephant: Any) -> None:
    times, index = poisson(14)
    of = trains(times, index, SIZE)[:3]
    theirs = elephant.dissimilarity.van_rossum_distance([elephant.train(train) for train in of], 15 * elephant.pq.ms)
    assert [[van_rossum_distance(a, b, 15.0) for a in of] for b in of] == pytest.approx(theirs / math.sqrt(2), rel=1e-9, abs=1e-6)


def victor_purpura(first: list[float], second: list[float], cost: float) -> float:
    """The recursion as the paper prints it."""
    first, second = sorted(first), sorted(second)
    row = [float(k) for k in range(len(second) + 1)]
    for i, a in enumerate(first, start=1):
        following = [float(i)]
        for j, b in enumerate(second, start=1):
            following.append(min(row[j] + 1, following[j - 1] + 1, row[j - 1] + cost * abs(a - b)))
        row = following
    return row[-1]


@given(times_of_trains, times_of_trains, st.sampled_from([0.0, 0.01, 0.1, 1.0, 50.0]))
def test_the_distance_of_victor_and_purpura_is_that_of_its_recursion(first: list[float], second: list[float], cost: float) -> None:
    assert victor_purpura_distance(first, second, cost) == pytest.approx(victor_purpura(first, second, cost), abs=1e-9)


def test_the_distance_of_victor_and_purpura_has_its_limits() -> None:
    first, second = [1.0, 2.0, 3.0], [1.0, 2.5]
    assert victor_purpura_distance(first, second, 0.0) == 1.0
    assert victor_purpura_distance(first, second, math.inf) == 3.0
    assert victor_purpura_distance([1.0], [1.4], 0.5) == pytest.approx(0.2, rel=1e-12)


@of_elephant
def test_the_distance_of_victor_and_purpura_is_that_of_elephant(elephant: Any) -> None:
    times, index = poisson(15, 0.01)
    of = trains(times, index, SIZE)[:3]
    theirs = elephant.dissimilarity.victor_purpura_distance([elephant.train(train) for train in of], 0.05 / elephant.pq.ms)
    assert [[victor_purpura_distance(a, b, 0.05) for a in of] for b in of] == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_distances_are_symmetric_and_obey_the_triangle_inequality() -> None:
    times, index = poisson(16)
    for distance, parameter in ((van_rossum_distance, 12.0), (victor_purpura_distance, 0.1)):
        for (a, b), c in zip(pairwise(trains(times, index, SIZE)), trains(times, index, SIZE)[2:], strict=False):
            assert distance(a, b, parameter) == pytest.approx(distance(b, a, parameter), rel=1e-12)
            assert distance(a, c, parameter) <= distance(a, b, parameter) + distance(b, c, parameter) + 1e-9


# --- wrong input --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: bin_edges(0.0, 1.0, 0.0), "the width of the bins is 0"),
        (lambda: bin_edges(0.0, 1.0, 1e-12), "bins of 1e-12 from 0 to 1 are more than 1e+08"),
        (lambda: bin_edges(1.0, 0.0, 0.1), "bins from 1 to 0 are none"),
        (lambda: mean_rates([1.0], [5], 3, 0.0, 1.0), "neuron 5 fired in a population of 3"),
        (lambda: mean_rates([1.0, 2.0], [0], 3, 0.0, 1.0), "times of shape (2,) and neurons of shape (1,) are no spikes"),
        (lambda: population_rate([1.0], 1, [3.0, 2.0]), "the edges of bins are at least two times that increase"),
        (lambda: spike_counts([], [], 10**9, [0.0, 1.0]), "1 bins of 1000000000 neurons are more than 1e+08 counts"),
        (lambda: smoothed_rate([1.0], 1, [0.0], -1.0), "the width of the Gaussian is -1"),
        (lambda: cross_correlogram([1.0], [1.0], math.inf, 1.0), "the longest lag is inf with bins of 1"),
        (lambda: count_correlation([1, 2]), "an array of shape (2,) is no table"),
        (lambda: van_rossum_distance([1.0], [2.0], 0.0), "the time constant is 0"),
        (lambda: victor_purpura_distance([1.0], [2.0], -1.0), "the cost of moving a spike is -1"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(call: Any, told: str) -> None:
    with pytest.raises(NeuroError) as caught:
        call()
    (found,) = caught.value.report.found
    assert (found.rule.code, found.message) == ("V101", told)
