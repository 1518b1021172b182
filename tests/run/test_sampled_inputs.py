"""Inputs that are given by numbers: files, and vectors of values with or without times."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodsl as nd

Numbers = np.ndarray[Any, Any]

TEXT = "input I = 0 [nA]\ninit x = 0 [nA]\ndx/dt = I/[ms]\n"
TIMES, VALUES = [0.5, 1.27, 3.3, 4.0], [1.0, -2.0, 0.5, 3.0]
LOCATED = ("heun", "rk4", "midpoint", "rk45", "rosenbrock")


def on_lines(t: Numbers) -> Numbers:
    """Return the integral from 0 to t of the samples joined by straight lines."""
    fine = np.unique(np.concatenate([np.atleast_1d(t), TIMES, [0.0]]))
    drive = np.interp(fine, TIMES, VALUES)
    whole = np.concatenate([[0], np.cumsum(np.diff(fine) * (drive[1:] + drive[:-1]) / 2)])
    return np.asarray(np.interp(t, fine, whole))


def in_steps(t: Numbers) -> Numbers:
    """Return the integral from 0 to t of the samples, each held until the next."""
    edges = np.array([0, *TIMES[1:], 1e9])
    return np.array([sum(v * max(0, min(s, b) - a) for v, a, b in zip(VALUES, edges[:-1], edges[1:], strict=True)) for s in np.atleast_1d(t)])


@pytest.mark.parametrize("method", LOCATED)
def test_samples_are_joined_by_straight_lines_and_no_method_cuts_their_corners(method: str) -> None:
    result = nd.loads(TEXT).simulate(method=method, duration=5, dt=0.25, input={"I": (TIMES, VALUES)}, record=["x", "I"])
    assert list(result["I"]) == pytest.approx(list(np.interp(result.t, TIMES, VALUES)), abs=1e-13)
    assert list(result["x"]) == pytest.approx(list(on_lines(result.t)), abs=1e-8 if method == "rosenbrock" else 1e-12)


@pytest.mark.parametrize("method", [*LOCATED, "exact"])
def test_samples_may_be_held_until_the_next(method: str) -> None:
    result = nd.loads(TEXT).simulate(method=method, duration=5, dt=0.25, input={"I": (TIMES, VALUES, "step")}, record=["x", "I"])
    expected = [VALUES[max(0, int(np.searchsorted(TIMES, t, side="right")) - 1)] for t in result.t]
    assert list(result["I"]) == expected
    assert list(result["x"]) == pytest.approx(list(in_steps(result.t)), abs=1e-12)


def test_a_linear_model_with_held_samples_is_advanced_exactly() -> None:
    text = "input I = 0\ninit V = 0\ndV/dt = (I - V)/10\n"
    result = nd.loads(text).simulate(duration=30, dt=1, input={"I": ([0, 10.5], [1, 0], "step")})
    assert result.meta["method"] == "exact"
    expected = [1 - math.exp(-t / 10) if t <= 10.5 else (1 - math.exp(-1.05)) * math.exp(-(t - 10.5) / 10) for t in result.t]
    assert list(result["V"]) == pytest.approx(expected, abs=1e-12)


def test_values_without_times_are_those_of_the_steps() -> None:
    values = np.sin(np.arange(21) / 3)
    result = nd.loads(TEXT).simulate(method="euler", duration=2, dt=0.1, input={"I": values}, record=["x", "I"])
    assert list(result["I"]) == pytest.approx(list(values), abs=1e-13)
    assert list(result["x"]) == pytest.approx([0, *0.1 * np.cumsum(values)[:-1]], abs=1e-13)
    coarse = nd.loads(TEXT).simulate(method="euler", duration=2, dt=0.2, input={"I": values}, record=["I"])
    assert list(coarse["I"]) == pytest.approx(list(values[:11]), abs=1e-13)


@pytest.mark.parametrize("name", ["drive.csv", "drive.npy", "drive.csv:step"])
def test_a_file_drives_an_input(tmp_path: Path, name: str) -> None:
    table = np.column_stack([TIMES, VALUES])
    np.savetxt(tmp_path / "drive.csv", table, delimiter=",", header="t,I", comments="")
    np.save(tmp_path / "drive.npy", table)
    given = nd.loads(TEXT).simulate(method="rk4", duration=5, dt=0.25, input={"I": str(tmp_path / name)})
    expected = in_steps(given.t) if name.endswith(":step") else on_lines(given.t)
    assert list(given["x"]) == pytest.approx(list(expected), abs=1e-12)


def test_the_result_of_one_run_drives_the_next(tmp_path: Path) -> None:
    first = nd.loads("init V = 0 [nA], I = 1 [nA]\ndV/dt = -V/[ms]\ndI/dt = -I/(2 [ms])\n").simulate(duration=5, dt=0.5)
    first.save(tmp_path / "first.csv")
    second = nd.loads(TEXT).simulate(method="rk4", duration=5, dt=0.5, input={"I": str(tmp_path / "first.csv")}, record=["I"])
    assert list(second["I"]) == pytest.approx(list(first["I"]), abs=1e-14)


def test_several_inputs_are_driven_beside_expressions() -> None:
    text = "input I = 0, J = 0, K = 0\ninit x = 0\ndx/dt = I + 2*J + K\n"
    drives: dict[str, Any] = {"I": (TIMES, VALUES), "J": (TIMES, VALUES, "step"), "K": "3*t"}
    result = nd.loads(text).simulate(method="rk4", duration=5, dt=0.25, input=drives)
    assert list(result["x"]) == pytest.approx(list(on_lines(result.t) + 2 * in_steps(result.t) + 1.5 * result.t**2), abs=1e-12)


def test_each_element_of_an_array_has_its_column() -> None:
    for count in (3, 200):
        text = f"input I[{count}] = 0\ninit x[{count}] = 0\ndx/dt = I\n"
        values = np.array(VALUES)[:, np.newaxis] * np.arange(count)
        result = nd.loads(text).simulate(method="rk4", events="grid", duration=2, dt=0.01, input={"I": (TIMES, values)})
        assert result["x"].shape == (201, count)
        expected = on_lines(result.t)[:, np.newaxis] * np.arange(count)
        assert np.max(np.abs(result["x"] - expected)) < 0.02 * count
        given = nd.loads(text).simulate(method="rk4", duration=2, dt=0.5, set={"I": np.arange(count)})
        assert list(given.final["x"]) == pytest.approx(list(2.0 * np.arange(count)), abs=1e-12)


def test_an_event_on_a_driven_input_is_located() -> None:
    text = "input I = 0\ninit x = 0\ndx/dt = I\non I > 0.25: x = 0\n"
    result = nd.loads(text).simulate(method="rk4", duration=5, dt=0.5, input={"I": ([0, 1.3, 4.1], [0, 1, -1])})
    assert list(result.spikes.times) == pytest.approx([1.3 / 4], abs=1e-10)


def test_numbers_of_another_length_use_the_same_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODSL_CACHE_DIR", str(tmp_path))
    model = nd.loads(TEXT)
    for times, values in (([0, 1], [1, 1]), (TIMES, VALUES)):
        model.simulate(method="rk4", duration=1, dt=0.25, input={"I": (times, values)})
    assert len(list(model.cache.folder.glob("*_rk4_*.py"))) == 1


def test_copies_share_what_drives_them() -> None:
    text = "noise xi\ninput I = 0\ninit x = 0, y ~ normal(0, 1)\ndx/dt = I\ndy/dt = -y + xi\n"
    result = nd.loads(text).simulate(duration=2, dt=0.1, seed=1, copies=3, input={"I": ([0, 1], [2, 0], "step")})
    assert result.final["x"] == pytest.approx([2, 2, 2], abs=1e-12)


@pytest.mark.parametrize(
    ("given", "code"), [("missing.csv", "F106"), (([0, 0], [1, 2]), "F106"), ([1, float("nan")], "F106"), (np.zeros((4, 3)), "F106")]
)
def test_numbers_that_cannot_drive_an_input_are_refused(given: Any, code: str) -> None:
    with pytest.raises(nd.NeuroError) as error:
        nd.loads(TEXT).simulate(duration=1, input={"I": given})
    assert ([d.rule.code for d in error.value.report.found], error.value.exit_code) == ([code], 2)


@pytest.mark.parametrize("name", ["x", "Q"])
def test_only_an_input_is_driven(name: str) -> None:
    with pytest.raises(nd.NeuroError) as error:
        nd.loads(TEXT).simulate(duration=1, input={name: ([0, 1], [1, 2])})
    assert [d.rule.code for d in error.value.report.found] == ["V102"]


def test_samples_are_followed_until_an_event_sets_the_input() -> None:
    text = "input I = 0\ninit V = 0\ndV/dt = I\nat 3: I = 7\n"
    result = nd.loads(text).simulate(method="rk4", duration=5, dt=1, input={"I": ([0, 10], [0, 10])}, record=["I", "V"])
    assert list(result["I"]) == pytest.approx([0, 1, 2, 7, 7, 7], abs=1e-12)
    assert list(result["V"]) == pytest.approx([0, 0.5, 2, 4.5, 11.5, 18.5], abs=1e-9)
