"""Sources of spikes: the law of what they draw, the windows in which they tell it, the trains that are given."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurodsl.diagnostics import NeuroError
from neurodsl.emitters import Blocks, Emitter, correlated_poisson, poisson, read_trains, trains

DT = 0.1
EMITTERS: dict[str, Callable[[int], Emitter]] = {
    "equal": lambda seed: poisson(0.5, 20, DT, seed, 1),
    "dense": lambda seed: poisson(9.0, 2000, DT, seed, 1),
    "unequal": lambda seed: poisson(np.linspace(0, 9, 2000), 2000, DT, seed, 1),
    "in time": lambda seed: poisson(lambda t, i: 1 + np.sin(t), 700, DT, seed, 1),
    "in time and by neuron": lambda seed: poisson(lambda t, i: 1 + np.sin(t + i), 700, DT, seed, 1),
    "correlated": lambda seed: correlated_poisson(0.5, 0.2, 0.0, 2000, DT, seed, 1),
    "jittered": lambda seed: correlated_poisson(0.5, 0.2, 0.3, 2000, DT, seed, 1),
    "correlated in time": lambda seed: correlated_poisson(lambda t, i: 1 + np.sin(t), 0.2, 0.3, 50, DT, seed, 1),
    "given": lambda seed: trains([3, 1, 2, 1], [0.05, 7.0, 2.15, 3.1], 4, DT),
}


def all_of(emitter: Emitter, steps: int) -> list[tuple[int, int]]:
    found, index = emitter.window(0, steps)
    return list(zip(found.tolist(), index.tolist(), strict=True))


def raster(emitter: Emitter, size: int, steps: int) -> np.ndarray:
    """Which neuron fires in which step, of shape (steps, size)."""
    made = np.zeros((steps, size), dtype=bool)
    made[emitter.window(0, steps)] = True
    return made


@pytest.mark.parametrize("name", EMITTERS)
def test_windows_tell_the_same_spikes_however_they_are_cut(name: str) -> None:
    steps = 3 * (many.steps if isinstance(many := EMITTERS[name](5), Blocks) and many.steps < 2000 else 40)
    whole = all_of(many, steps)
    assert whole == sorted(set(whole))
    assert all(0 <= step < steps for step, _ in whole)
    rng = np.random.default_rng(1)
    for _ in range(3):
        again, found = EMITTERS[name](5), []
        bounds = [0, *np.sort(rng.integers(0, steps, 5)).tolist(), steps]
        for begin, stop in pairwise(bounds):
            step, index = again.window(begin, stop)
            assert (step.dtype, index.dtype) == (np.int64, np.uint32)
            found += list(zip(step.tolist(), index.tolist(), strict=True))
        assert found == whole


@pytest.mark.parametrize("name", EMITTERS)
def test_the_pieces_of_a_window_follow_one_another_and_hold_its_spikes(name: str) -> None:
    emitter = EMITTERS[name](5)
    length = emitter.steps if isinstance(emitter, Blocks) and emitter.steps < 2000 else 40
    begin, found = length // 2, []
    for behind, (steps, index) in emitter.pieces(begin, 3 * length):
        assert begin < behind
        assert all(begin <= step < behind for step in steps)
        found += list(zip(steps.tolist(), index.tolist(), strict=True))
        begin = behind
    assert begin == 3 * length
    assert found == [spike for spike in all_of(emitter, 3 * length) if spike[0] >= length // 2]


@pytest.mark.parametrize("name", [name for name in EMITTERS if name != "given"])
def test_a_window_may_be_asked_for_at_any_time(name: str) -> None:
    emitter = EMITTERS[name](5)
    assert isinstance(emitter, Blocks)
    begin, stop = 2 * emitter.steps - 3, 2 * emitter.steps + 3
    later = emitter.window(begin, stop)
    again = EMITTERS[name](5)
    for block in range(3):
        again.window(block * emitter.steps, (block + 1) * emitter.steps)
    again.window(0, 3)
    assert [a.tolist() for a in again.window(begin, stop)] == [a.tolist() for a in later]
    assert [len(a) for a in emitter.window(7, 7)] == [0, 0]


def test_another_seed_or_population_has_other_spikes() -> None:
    found = [poisson(0.5, 20, DT, seed, number).window(0, 100)[1].tolist() for seed, number in ((1, 1), (1, 1), (2, 1), (1, 2))]
    assert [found.index(one) for one in found] == [0, 0, 2, 3]


def as_given(t: Any, i: Any) -> Any:
    return 4.0 + 0.0 * t


@pytest.mark.parametrize("rate", [4.0, np.array([4.0, 4.0, 4.0000001, 4.0]), as_given, lambda t, i: 4.0 + 0.0 * t * i])
def test_a_neuron_fires_in_a_step_with_the_probability_that_keeps_its_rate(rate: Any) -> None:
    steps = 60_000
    found = raster(poisson(rate, 4, DT, 2, 0), 4, steps)
    p = 0.4
    assert np.all(np.abs(found.mean(axis=0) - p) < 4 * np.sqrt(p * (1 - p) / steps))
    together = (found[:, 0] & found[:, 1]).mean(), (found[1:, 2] & found[:-1, 2]).mean()
    assert np.all(np.abs(np.array(together) - p * p) < 4 * np.sqrt(p * p * (1 - p * p) / steps) * 1.5)


@pytest.mark.parametrize(
    "rate", [1 / DT, np.array([1 / DT, 1 / DT]), np.array([1 / DT, 0.0]), lambda t, i: 1 / DT + 0 * t, lambda t, i: 1 / DT + 0 * t * i]
)
def test_a_rate_of_one_spike_in_each_step_is_that(rate: Any) -> None:
    found = raster(poisson(rate, 2, DT, 2, 0), 2, 5000)
    assert found[:, 0].all()
    assert found[:, 1].all() == (np.ndim(rate) == 0 or rate[1] > 0)


def test_intervals_are_exponential_and_counts_have_a_fano_factor_of_1() -> None:
    steps, rate, size = 400_000, 0.02, 50
    found, index = poisson(rate, size, DT, 3, 0).window(0, steps)
    intervals = np.concatenate([np.diff(found[index == k]) for k in range(size)]) * DT
    assert stats.kstest(intervals, stats.expon(scale=1 / rate).cdf).pvalue > 1e-3
    counts = np.zeros((400, size))
    np.add.at(counts, (found // 1000, index), 1)
    fano = counts.var(axis=0, ddof=1) / counts.mean(axis=0)
    assert abs(fano.mean() - 1) < 4 * np.sqrt(2 / (400 * size))
    assert abs(counts.mean() - rate * 100) < 4 * np.sqrt(rate * 100 / counts.size)


def test_trains_of_different_neurons_are_uncorrelated() -> None:
    counts = raster(poisson(0.2, 6, DT, 4, 0), 6, 200_000).reshape(2000, 100, 6).sum(axis=1)
    found = np.corrcoef(counts.T)[np.triu_indices(6, 1)]
    assert np.all(np.abs(found) < 4 / np.sqrt(2000))


def test_each_neuron_has_its_own_rate_and_one_without_never_fires() -> None:
    rates = np.array([0.0, 0.5, 0.0, 9.0, 0.001, 3.0, 0.0])
    steps = 200_000
    found = raster(poisson(rates, 7, DT, 5, 0), 7, steps).sum(axis=0)
    p = rates * DT
    assert found[p == 0].tolist() == [0, 0, 0]
    assert np.all(np.abs(found - steps * p) <= 4 * np.sqrt(steps * p * (1 - p)))


@pytest.mark.parametrize("by_neuron", [False, True])
def test_a_rate_that_changes_is_followed_step_by_step(by_neuron: bool) -> None:
    """400 neurons and a rate of period 2: the steps at one phase are alike."""

    def rate(t: Any, i: Any) -> Any:
        return 4 + 4 * np.sin(np.pi * t) + (0 * i if by_neuron else 0)

    size, steps = 400, 2000
    found = raster(poisson(rate, size, DT, 6, 0), size, steps).reshape(100, 20, size).sum(axis=(0, 2))
    p = rate((np.arange(20) + 0.5) * DT, 0) * DT
    assert np.all(np.abs(found - 100 * size * p) < 4 * np.sqrt(100 * size * p * (1 - p)))


def test_a_rate_that_is_switched_on_and_off_holds_from_the_first_step_to_the_last() -> None:
    steps, _ = poisson(lambda t, i: np.where((t >= 0.3) & (t < 0.7), 9.99, 0.0), 200, DT, 7, 0).window(0, 20)
    assert sorted(set(steps.tolist())) == [3, 4, 5, 6]


def test_no_rate_is_no_spike() -> None:
    emitters = (poisson(0.0, 5, DT, 1, 1), poisson(lambda t, i: 0 * t, 5, DT, 1, 1), correlated_poisson(0.0, 0.5, 1.0, 5, DT, 1, 1))
    assert [len(e.window(0, 10_000)[0]) for e in emitters] == [0, 0, 0]


def counts_of(emitter: Emitter, size: int, windows: int, width: int) -> np.ndarray:
    counts = np.zeros((windows, size))
    found, index = emitter.window(0, windows * width)
    np.add.at(counts, (found // width, index), 1)
    return counts


@pytest.mark.parametrize("c", [0.0, 0.05, 0.3, 0.8])
@pytest.mark.parametrize("jitter", [0.0, 2.0])
def test_correlated_trains_have_their_rate_and_their_correlation(c: float, jitter: float) -> None:
    """With jitter a part of the pairs straddles the ends of a window T: c (1 - (1 - exp(-T/tau)) tau/T) is left."""
    rate, size, windows, width = 0.02, 12, 6000, 500
    counts = counts_of(correlated_poisson(rate, c, jitter, size, DT, 8, 0), size, windows, width)
    length = width * DT
    # counts of different neurons vary together, so the mean of all is known less well than if they were independent
    assert abs(counts.mean() - rate * length) < 4 * np.sqrt(rate * length * (1 + (size - 1) * c) / (windows * size))
    assert np.all(np.abs(counts.var(axis=0) / counts.mean(axis=0) - 1) < 5 * np.sqrt(2 / windows + 1 / (windows * rate * length)))
    wanted = c * (1 - (1 - np.exp(-length / jitter)) * jitter / length) if jitter else c
    found = np.corrcoef(counts.T)[np.triu_indices(size, 1)]
    assert abs(found.mean() - wanted) < 0.02
    assert np.all(np.abs(found - wanted) < 5 * np.sqrt((1 + 1 / (rate * length)) / windows))


def test_jittered_pairs_fall_off_with_the_distance_as_they_should() -> None:
    """The covariance of two trains at a distance s is c r exp(-|s|/tau)/(2 tau)."""
    rate, c, tau, steps, size = 0.05, 0.5, 2.0, 1_000_000, 10
    found = raster(correlated_poisson(rate, c, tau, size, DT, 9, 0), size, steps)
    together = found.sum(axis=1)
    for lag in (0, 10, 40):
        pairs = together[: steps - lag] @ together[lag:] - np.count_nonzero(found[: steps - lag] & found[lag:])
        both = pairs / (steps * size * (size - 1))
        wanted = (rate * DT) ** 2 + c * rate * np.exp(-lag * DT / tau) / (2 * tau) * DT * DT
        assert abs(both - wanted) < 8 * np.sqrt(wanted / (steps * size * (size - 1)))


def test_a_correlation_of_1_is_one_train_for_all() -> None:
    found = raster(correlated_poisson(0.5, 1.0, 0.0, 6, DT, 10, 0), 6, 20_000)
    assert np.array_equal(found, np.repeat(found[:, :1], 6, axis=1))
    p = 1 - np.exp(-0.05)
    assert abs(found[:, 0].mean() - p) < 4 * np.sqrt(p * (1 - p) / 20_000)


@pytest.mark.parametrize("rate", [2.0, lambda t, i: 2.0 + 0 * t])
def test_jittered_trains_begin_with_their_full_rate(rate: Any) -> None:
    size = 3000
    found, _ = correlated_poisson(rate, 0.01, 5.0, size, DT, 11, 0).window(0, 20)
    p = 1 - np.exp(-0.2)
    assert abs(len(found) - 20 * size * p) < 4 * np.sqrt(20 * size * p * (1 + 0.01 * size * 0.05))


def test_correlated_trains_follow_a_rate_that_changes() -> None:
    size, steps = 50, 40_000
    emitter = correlated_poisson(lambda t, i: 1 + np.sin(np.pi * t), 0.1, 0.0, size, DT, 12, 0)
    found = raster(emitter, size, steps).reshape(steps // 20, 20, size).sum(axis=(0, 2))
    p = 1 - np.exp(-(1 + np.sin(np.pi * (np.arange(20) + 0.5) * DT)) * DT)
    n = steps // 20 * size
    assert np.all(np.abs(found - n * p) < 4 * np.sqrt(n * p * (1 + 0.1 * size)))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 300)), max_size=30, unique=True), st.sampled_from([0.1, 0.05, 0.3, 1 / 3, 1.0]))
def test_a_given_spike_at_the_end_of_a_step_belongs_to_it(spikes: list[tuple[int, int]], dt: float) -> None:
    index, steps = [i for i, _ in spikes], np.array([k for _, k in spikes], dtype=float)
    wanted = sorted((k, i) for i, k in spikes)
    for times in ((steps + 1) * dt, (steps + 0.5) * dt, steps * dt + 1e-3 * dt):
        assert all_of(trains(index, times, 5, dt), 301) == wanted


@pytest.mark.parametrize(
    ("index", "times", "told"),
    [
        ([0, 5], [1.0, 2.0], "the trains hold index 5 in row 2 of its numbers, and `P` has 5 neurons, counted from 0"),
        ([0, -1], [1.0, 2.0], "hold index -1 in row 2"),
        ([0.5], [1.0], "hold index 0.5 in row 1"),
        ([0], [0.0], "hold the time 0 in row 1 of its numbers; a spike comes later than 0"),
        ([0], [-3.0], "hold the time -3 in row 1"),
        ([0], [np.nan], "hold the time nan in row 1"),
        ([0], [np.inf], "hold the time inf in row 1"),
        ([1, 3, 1], [1.14, 1.0, 1.11], "hold two spikes of neuron 1 in a step of 0.1, at 1.11 and 1.14"),
    ],
)
def test_given_trains_that_cannot_be_used_are_told(index: Any, times: Any, told: str) -> None:
    with pytest.raises(NeuroError, match="F113") as found:
        trains(index, times, 5, DT, "P")
    assert told in str(found.value)
    assert found.value.exit_code == 2


def test_trains_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,index\n0.0031,1\n0.0002,3\n")
    (tmp_path / "b.csv").write_text("1,0.0031\n3,0.0002\n")
    np.save(tmp_path / "c.npy", np.array([(1, 0.0031), (3, 0.0002)], dtype=[("i", "u2"), ("t", "f8")]))
    for name in ("a.csv", "b.csv", "c.npy"):
        assert (name, all_of(read_trains(tmp_path, name, 1000.0, 4, DT), 100)) == (name, [(1, 3), (30, 1)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("neuron,time\n1,2\n", "`s.csv` has 2 columns with the titles `neuron`, `time`"),
        ("1,2,3\n", "`s.csv` has 3 columns without titles"),
        ("index,time\n1,2\n9,2\n", "the numbers of `s.csv` hold index 9 in row 2"),
        ("index,time\n1,\n", "`s.csv` holds nothing between two commas in row 2"),
    ],
)
def test_a_file_that_holds_no_trains_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(NeuroError, match="F113") as found:
        read_trains(tmp_path, "s.csv", 1.0, 4, DT, "P")
    assert told in str(found.value)


@pytest.mark.parametrize(
    ("rate", "code", "told"),
    [
        (-1.0, 2, "the rate of `P` is -1; a rate is a number that is not negative"),
        (np.array([1.0, 2.0, np.nan]), 2, "the rate of neuron 2 of `P` is nan"),
        (20.0, 2, "the rate of `P` is 20: 2 spikes in a step of 0.1, and there is at most one"),
        (lambda t, i: 1 - t, 3, "the rate of `P` is -0.05 at t = 1.05; a rate"),
        (lambda t, i: np.where((t > 2) & (i == 1), np.nan, 1.0), 3, "the rate of neuron 1 of `P` is nan at t = 2.05; a rate"),
        (lambda t, i: 8 + t, 3, "the rate of `P` is 10.05 at t = 2.05: 1.01 spikes in a step"),
        (lambda t, i: 1.0 - i, 3, "the rate of neuron 2 of `P` is -1; a rate"),
    ],
)
def test_a_rate_that_is_none_is_told_with_neuron_time_and_value(rate: Any, code: int, told: str) -> None:
    with pytest.raises(NeuroError, match="R105") as found:
        poisson(rate, 3, DT, 1, 1, "P").window(0, 100)
    assert told in str(found.value)
    assert found.value.exit_code == code


@pytest.mark.parametrize("make", [poisson, lambda rate, *rest: correlated_poisson(rate, 0.5, 0.5, *rest)])
def test_a_rate_that_is_wrong_only_behind_the_end_of_a_run_does_no_harm(make: Callable[..., Blocks]) -> None:
    emitter = make(lambda t, i: 5 - t, 3, DT, 1, 1, "P")
    assert len(emitter.window(0, 50)[0]) > 0
    with pytest.raises(NeuroError, match=r"the rate of `P` is -0\.05 at t = 5\.05"):
        emitter.window(50, 51)


@pytest.mark.parametrize(
    ("correlation", "jitter", "rate", "told"),
    [
        (1.2, 0.0, 1.0, "the correlation of `P` lies between 0 and 1, and this one is 1.2"),
        (np.nan, 0.0, 1.0, "the correlation of `P` lies between 0 and 1"),
        (0.5, -1.0, 1.0, "the jitter of `P` is a time that is not negative, not -1"),
        (0.5, 0.0, lambda t, i: 1.0 + i, "the neurons of `P` share spikes, so they have one rate"),
        (0.5, 0.0, np.array([1.0, 2.0, 3.0]), "the neurons of `P` share spikes, so they have one rate"),
    ],
)
def test_what_correlated_trains_cannot_have_is_told(correlation: float, jitter: float, rate: Any, told: str) -> None:
    with pytest.raises(NeuroError, match="V101") as found:
        correlated_poisson(rate, correlation, jitter, 3, DT, 1, 1, "P")
    assert told in str(found.value)


def test_rates_of_another_length_are_told() -> None:
    with pytest.raises(NeuroError, match=r"`P` has 3 neurons, and its rates have the shape \(2,\)"):
        poisson(np.array([1.0, 2.0]), 3, DT, 1, 1, "P")
