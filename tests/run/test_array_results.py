"""What a run of a model with arrays returns: axes behind the time, elements by their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError

ARRAYS = """
param k[3] = (1, 2, 4), a = 2
init x[3] = 1, W[2, 3] = 5, y = 0
s = x[0] + x[1]
dx[i]/dt = -k[i]*x[i]
dW[i, j]/dt = -k[j]*W[i, j]
dy/dt = 1
simulate: duration 1; dt 0.25
"""
SPIKING = """
param I[3] = (1, 2, 4)
init V[3] = 0
dV[i]/dt = I[i]
on V[i] >= 1: V[i] = 0
simulate: duration 1.1; dt 0.05
"""
NOISY = "param g[2] ~ normal(0, 1)\nnoise xi[2]\ninit x[2] ~ uniform(0, 1), y = 0\ndx[i]/dt = -x[i] + g[i]*xi[i]\ndy/dt = -y\n"
K = np.array([1.0, 2.0, 4.0])


def test_the_axes_of_an_array_stand_behind_the_time() -> None:
    result = nd.loads(ARRAYS).simulate(method="rk4", record=["y", "x", "W", "s"])
    exact = np.exp(-np.outer(result.t, K))
    assert [(name, result[name].shape, result.shape(name)) for name in result] == [
        ("y", (5,), ()), ("x", (5, 3), (3,)), ("W", (5, 2, 3), (2, 3)), ("s", (5,), ()),
    ]  # fmt: skip
    assert result["x"] == pytest.approx(exact, abs=1e-2)
    assert result["W"] == pytest.approx(5 * exact[:, np.newaxis, :].repeat(2, axis=1), abs=5e-2)
    assert result["s"].tolist() == (result["x"][:, 0] + result["x"][:, 1]).tolist()
    assert (result.final["x"], result.final["W"], result.final["y"]) == (result["x"][-1].tolist(), result["W"][-1].tolist(), result["y"][-1])
    assert (result.meta["parameters"]["k"], result.meta["parameters"]["a"]) == ([1.0, 2.0, 4.0], 2.0)


def test_elements_and_rows_are_recorded_by_their_names() -> None:
    whole = nd.loads(ARRAYS).simulate(method="rk4", record=["x", "W"])
    result = nd.loads(ARRAYS).simulate(method="rk4", record=["x[2]", "W[1, 0]", "W[0]", "x[2]"])
    assert [(name, result[name].tolist()) for name in result] == [
        ("x[2]", whole["x"][:, 2].tolist()), ("W[1,0]", whole["W"][:, 1, 0].tolist()), ("W[0]", whole["W"][:, 0].tolist()),
    ]  # fmt: skip
    assert result.units["W[1,0]"] == "1"


@pytest.mark.parametrize(
    ("name", "message", "help"),
    [
        ("x[3]", "there is no element `x[3]`: `x` has 3 elements", "the last one is `x[2]`"),
        ("x[-1]", "there is no element `x[-1]`: `x` has 3 elements", "the last one is `x[2]`"),
        ("x[]", "there is no element `x[]`: `x` has 3 elements", "the last one is `x[2]`"),
        ("x[1e1]", "there is no element `x[1e1]`: `x` has 3 elements", "the last one is `x[2]`"),
        ("x[0,0]", "there is no element `x[0,0]`: `x` has 3 elements", "the last one is `x[2]`"),
        (f"x[{'9' * 5000}]", f"there is no element `x[{'9' * 5000}]`: `x` has 3 elements", "the last one is `x[2]`"),
        ("W[1,3]", "there is no element `W[1,3]`: `W` has the shape (2, 3), and its elements count from 0", "the last one is `W[1,2]`"),
        ("y[0]", "`y` is a number and has no element `y[0]`", "record `y`"),
        ("Ww[0]", "`model` has no quantity `Ww` to record", "did you mean `W`?"),
        ("x[0", "`model` has no quantity `x[0` to record", "it has: `x`, `W`, `y`, `s`"),
    ],
)
def test_an_element_that_is_not_there_is_refused(name: str, message: str, help: str) -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads(ARRAYS).simulate(record=name)
    found = caught.value.report.found[0]
    assert (found.rule.code, found.message, found.help) == ("V102", message, help)


def test_the_spikes_of_elements_tell_which_one_fired() -> None:
    result = nd.loads(SPIKING).simulate(method="rk4", events="exact")
    fired = sorted(zip(result.spikes.index.tolist(), np.round(result.spikes.times, 9).tolist(), strict=True))
    assert fired == [(0, 1.0), (1, 0.5), (1, 1.0), (2, 0.25), (2, 0.5), (2, 0.75), (2, 1.0)]
    assert result.spikes.copy is None


def test_copies_of_arrays_have_both_axes_the_copies_first() -> None:
    model = nd.loads(NOISY)
    one = model.simulate(seed=3, duration=2, dt=0.1)
    many = model.simulate(seed=3, duration=2, dt=0.1, copies=4)
    assert (many["x"].shape, many["y"].shape, many.shape("x"), many.shape("y")) == ((21, 4, 2), (21, 4), (2,), ())
    assert (many["x"][:, 0].tolist(), many.final["x"]) == (one["x"].tolist(), many["x"][-1].tolist())
    assert np.shape(many.meta["parameters"]["g"]) == (4, 2)
    assert many.meta["parameters"]["g"][0] == one.meta["parameters"]["g"]


def test_spikes_of_copies_of_arrays_have_their_copy_and_their_element() -> None:
    text = SPIKING.replace("init V[3] = 0", "init V[3] ~ uniform(0, 0.9)")
    one, many = (nd.loads(text).simulate(method="euler", seed=2, **options) for options in ({}, {"copies": 3}))
    spikes: Any = many.spikes
    first = spikes.copy == 0
    assert set(spikes.copy.tolist()) == {0, 1, 2}
    assert (spikes.times[first].tolist(), spikes.index[first].tolist()) == (one.spikes.times.tolist(), one.spikes.index.tolist())
    assert many.rates() == pytest.approx(np.bincount(spikes.copy) / 1.1)


def test_large_arrays_are_left_out_of_what_is_told_of_parameters() -> None:
    text = "param W[40, 40] ~ normal(0, 1), b = 1\ninit x[40] = 1\ndx/dt = -b*x + 0.1*W @ x\n"
    result = nd.loads(text).simulate(seed=1, duration=0.2, dt=0.1, method="euler")
    assert (set(result.meta["parameters"]), set(result.meta["defaults"])) == ({"b"}, {"b"})


def test_a_state_that_fails_is_named_with_its_index() -> None:
    with pytest.raises(NeuroError) as caught:
        nd.loads("init x[3] = (0, 1, 0)\ndx[i]/dt = x[i]^2\n").simulate(duration=5, dt=0.1, method="euler")
    assert "state `x[1]` became infinite" in caught.value.report.found[0].message
