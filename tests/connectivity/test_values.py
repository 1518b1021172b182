"""Values that are drawn all at once: their laws, against scipy; the language's distributions, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from neurodsl.connectivity import draw
from neurodsl.connectivity.values import BLOCK, LAWS
from neurodsl.diagnostics import NeuroError
from neurodsl.lang.distributions import DISTRIBUTIONS

CONTINUOUS: list[tuple[str, tuple[float, ...], Any]] = [
    ("uniform", (-65, -50), stats.uniform(-65, 15)),
    ("normal", (3, 0.5), stats.norm(3, 0.5)),
    ("lognormal", (1, 0.5), stats.lognorm(0.5, scale=np.e)),
    ("exponential", (4,), stats.expon(scale=4)),
    ("gamma", (2.5, 3), stats.gamma(2.5, scale=3)),
    ("beta", (2, 5), stats.beta(2, 5)),
]
COUNTED: list[tuple[str, tuple[float, ...], Any]] = [("bernoulli", (0.3,), stats.bernoulli(0.3)), ("poisson", (1.5,), stats.poisson(1.5))]


def test_every_distribution_of_the_language_is_drawn_with_its_own_bounds() -> None:
    named = {name: tuple((a.name, a.domain) for a in law.arguments[: 1 if law.more else None]) for name, law in DISTRIBUTIONS.items()}
    ours = {name: arguments for name, (_, arguments) in LAWS.items()}
    # a scale has to be positive here as everywhere; the names are those of the language
    assert {k: tuple(n for n, _ in v) for k, v in ours.items()} == {k: tuple(n for n, _ in v) for k, v in named.items()}
    assert ours == named


@pytest.mark.parametrize(("name", "arguments", "law"), CONTINUOUS)
def test_values_follow_their_law(name: str, arguments: tuple[float, ...], law: Any) -> None:
    assert stats.kstest(draw(name, arguments, 20_000, 1, 2), law.cdf).pvalue > 1e-3


@pytest.mark.parametrize(("name", "arguments", "law"), COUNTED)
def test_counts_follow_their_law(name: str, arguments: tuple[float, ...], law: Any) -> None:
    found = draw(name, arguments, 20_000, 1, 2)
    observed = np.bincount(found.astype(int), minlength=2)
    expected = 20_000 * law.pmf(np.arange(len(observed)))
    assert np.all(np.abs(observed - expected) < 4 * np.sqrt(expected) + 1)


def test_a_choice_takes_each_value_as_often() -> None:
    found = draw("choice", (2.0, 5.0, 7.0), 30_000, 1, 2)
    counts = [int(np.sum(found == v)) for v in (2.0, 5.0, 7.0)]
    assert sum(counts) == 30_000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_a_sparse_draw_is_0_but_for_a_part_p() -> None:
    found = draw("sparse", (0.2, 5.0, 0.1), 20_000, 1, 2, inner="normal")
    there = found[found != 0]
    assert abs(len(there) - 4000) < 4 * np.sqrt(20_000 * 0.2 * 0.8)
    assert stats.kstest(there, stats.norm(5, 0.1).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("name", "arguments"), [(name, arguments) for name, arguments, _ in CONTINUOUS + COUNTED] + [("choice", (1.0, 2.0))])
def test_arguments_may_differ_from_value_to_value(name: str, arguments: tuple[float, ...]) -> None:
    count = BLOCK + 10
    same = draw(name, arguments, count, 3, 4)
    assert np.array_equal(draw(name, [np.full(count, float(a)) for a in arguments], count, 3, 4), same)
    means = draw("normal", (np.arange(count, dtype=float), 0.0), count, 3, 4)
    assert np.array_equal(means, np.arange(count))


def test_values_depend_on_seed_and_object_alone_and_more_of_them_begin_alike() -> None:
    few, many = draw("uniform", (0, 1), 10, 5, 6), draw("uniform", (0, 1), BLOCK, 5, 6)
    assert np.array_equal(few, many[:10])
    others = [draw("uniform", (0, 1), 10, seed, number) for seed, number in ((6, 6), (5, 7))]
    assert not any(np.array_equal(few, other) for other in others)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("normal", (0, -1), "the sd of `normal` is not negative, not -1"),
        ("exponential", (0,), "the mean of `exponential` is positive, not 0"),
        ("bernoulli", (1.5,), "the p of `bernoulli` is a probability, not 1.5"),
        ("uniform", (np.nan, 1), "the low of `uniform` is finite, not nan"),
        ("poisson", (np.array([1.0, -2.0]),), "the mean of `poisson` is not negative, not -2 for number 1"),
    ],
)
def test_arguments_out_of_bounds_are_named(name: str, arguments: tuple[Any, ...], told: str) -> None:
    with pytest.raises(NeuroError, match="V101") as found:
        draw(name, arguments, 2, 1, 1, owner="E.v")
    assert f"`E.v`: {told}" in str(found.value)
