"""Ranges: what texts, tuples and arrays stand for, and what is said of those that stand for nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError
from neurodsl.plan import Described
from neurodsl.sweep.ranges import MOST_POINTS, axis, box, lengths_of, named, swept

CURRENT = Described("I", "nA", "drive", "input")


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("0..20:5", [0, 5, 10, 15, 20]),
        ("20..0:3", [20, 10, 0]),
        ("-1e-3..1e-3:3", [-1e-3, 0, 1e-3]),
        (" 0 .. 20 : 3 ", [0, 10, 20]),
        ("1..100:3:log", [1, 10, 100]),
        ("-100..-1:3:log", [-100, -10, -1]),
        ("30,36,42", [30, 36, 42]),
        ("7", [7]),
        ("7..7:1", [7]),
        ("0..1000:3 [pA]", [0, 0.5, 1]),
        ("0..1000 [pA]:3", [0, 0.5, 1]),
        ("0 [nA]..1000 [pA]:3", [0, 0.5, 1]),
        ("100,200 [pA]", [0.1, 0.2]),
        ("100 [pA], 2", [0.1, 2]),
        ((0, 20, 5), [0, 5, 10, 15, 20]),
        (("100 [pA]", 1, 2), [0.1, 1]),
        ([30, 36, 42], [30, 36, 42]),
        ([3, 1, 2], [3, 1, 2]),
        (["500 [pA]", 1], [0.5, 1]),
        (np.array([1.5, 2.5]), [1.5, 2.5]),
        (np.arange(3), [0, 1, 2]),
        (range(3), [0, 1, 2]),
        (4, [4]),
    ],
)
def test_a_range_stands_for_its_values(given: Any, values: list[float]) -> None:
    assert axis(CURRENT, "set", given).values == pytest.approx(values, rel=1e-15)


def test_both_ends_of_a_range_are_met_to_the_last_bit() -> None:
    found = axis(CURRENT, "set", "0.1..0.7:7").values
    assert (found[0], found[-1], len(found)) == (0.1, 0.7, 7)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("0..20", "does not say how many values"),
        ((0, 20), "does not say how many values"),
        ("0..20:0", "has 0 values"),
        ((0, 20, -1), "has -1 values"),
        ("0..20:1", "has two ends and one value"),
        ("2..2:3", "starts where it ends"),
        ("0..20:x", "has `x` where the number of values belongs"),
        ("0..20:3.5", "has `3.5` where the number of values belongs"),
        ("0..20:3:4", "has a colon too many"),
        ("0..1:3:log", "reaches 0, and equal ratios do not"),
        ("-1..1:3:log", "reaches 0, and equal ratios do not"),
        ("-1e308..1e308:3", "is wider than numbers are"),
        ("", "is empty"),
        (",", "is empty"),
        ("1,,2", "has a comma too many"),
        ([], "is empty"),
        ("1,2,1", "holds 1 more than once"),
        ((1, 2, 3, 4), "is a tuple of 4"),
        ((0, 20, 2.5), "has no whole number of values"),
        (f"0..1:{MOST_POINTS + 1}", f"a sweep at most {MOST_POINTS} points"),
        ("..:3", "for I: a number is missing"),
        ("a..b:3", "for I: a number is missing"),
        ("nan", "for I: a number is missing"),
        ([float("inf")], "I has to be a finite number"),
        ([None], "I has to be a number"),
        (None, "I has to be a number"),
        ("0..1:3 [mV]", "I is a current (nA)"),
        ([[1, 2]], "I has to be a number"),
    ],
)
def test_what_is_no_range_is_refused_with_the_reason(given: Any, complaint: str) -> None:
    with pytest.raises(NeuroError) as raised:
        axis(CURRENT, "set", given)
    assert complaint in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(("given", "ends"), [("0..20", (0, 20)), ((0, 20), (0, 20)), ("0..1000 [pA]", (0, 1))])
def test_points_are_drawn_in_a_box(given: Any, ends: tuple[float, float]) -> None:
    found = box(CURRENT, given)
    uniform = np.array([0.0, 0.25, 1.0])
    assert found.drawn(uniform) == pytest.approx(ends[0] + (ends[1] - ends[0]) * uniform)


def test_points_of_equal_ratios_are_drawn_by_their_logarithms() -> None:
    assert box(CURRENT, "1..100:log").drawn(np.array([0.0, 0.5, 1.0])) == pytest.approx([1, 10, 100])


@pytest.mark.parametrize(("given", "complaint"), [("0..20:5", "says how many values"), ("1,2,3", "is no range to draw from")])
def test_what_is_no_box_is_refused(given: str, complaint: str) -> None:
    with pytest.raises(NeuroError, match=complaint):
        box(CURRENT, given)


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["I"], "`I` is no range of a parameter"),
        (["I="], "`I=` is no range of a parameter"),
        (["=1..2"], "`=1..2` is no range of a parameter"),
        (["I=1", "I=2"], "`I` is given two ranges"),
    ],
)
def test_arguments_that_are_no_ranges_are_refused(texts: list[str], complaint: str) -> None:
    with pytest.raises(NeuroError, match=complaint):
        named(texts)


def test_arguments_keep_their_order() -> None:
    assert list(named(["b=1,2", " a = 3"]).items()) == [("b", "1,2"), ("a", "3")]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("N", "`N` is the size of an array"),
        ("x[0]", r"an element such as `x\[0\]` cannot be swept"),
        ("tua", "did you mean `tau`?"),
        ("y", "has no parameter, input or initial value `y`"),
    ],
)
def test_what_cannot_vary_is_refused(name: str, complaint: str) -> None:
    plan = nd.loads("param N = 2, tau = 1\ninit x[N] = 1\ny = 2*x[0]\ndx/dt = -x/tau").plan(None, None, None, ())
    with pytest.raises(NeuroError, match=complaint):
        swept(plan, name)


@pytest.mark.parametrize(
    "text",
    [
        "0..20:5",
        " 0 .. 20 : 3 ",
        "1..100:7:log",
        "30,36,42",
        "7",
        "7..7:1",
        "0..1000:3 [pA]",
        "0..1000 [pA]:3",
        "0 [nA]..1000 [pA]:4",
        "100,200 [pA]",
    ],
)
def test_a_text_tells_how_many_values_a_range_has(text: str) -> None:
    assert lengths_of({"I": text}) == [len(axis(CURRENT, "set", text).values)]


@pytest.mark.parametrize("text", ["", "..", "0..20", "0..20:", "0..20:many", "a..b:c:d"])
def test_a_text_that_is_no_range_has_a_length_too_and_is_refused_later(text: str) -> None:
    assert lengths_of({"I": text}) == [1]


@pytest.mark.parametrize("given", ["0..20:99999999", (0, 20, 99_999_999), np.arange(10_000_001)])
def test_more_values_than_a_sweep_has_are_told_with_a_remedy(given: Any) -> None:
    with pytest.raises(NeuroError, match=f"and a sweep at most {MOST_POINTS} points") as caught:
        axis(CURRENT, "set", given)
    assert caught.value.report.found[0].help == "take fewer values, or points at random: `--random N`"
