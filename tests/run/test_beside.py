"""Many copies side by side are the copies one after the other, up to rounding, with the same spikes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neurodsl as nd
from neurodsl import api
from neurodsl.codegen import lanes
from neurodsl.diagnostics import NeuroError
from neurodsl.run.lanes import SideBySide
from neurodsl.solution import Result

OU = "param tau = 2, sigma = 0.5\nnoise xi\ninit x = 0\nhalf = x/2\ndx/dt = -x/tau + sigma*xi\non x >= 0.5: x = 0\n"
DRAWN = "param a ~ uniform(1, 2), b = 3\nk = a*b\ninit x ~ normal(1, 0.5)\ndx/dt = -k*x\n"


@pytest.fixture(autouse=True)
def _compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    monkeypatch.setattr(lanes, "WIDTH", 8)
    monkeypatch.setattr(api, "MANY", 8)


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Result, Result]]:
    """Run copies side by side, and one after the other."""

    def run(text: str, **options: Any) -> tuple[Result, Result]:
        beside = nd.loads(text).simulate(**options)
        monkeypatch.setattr(api, "MANY", 10**9)
        return beside, nd.loads(text).simulate(**options)

    return run


def told(result: Result) -> dict[str, Any]:
    return {name: value for name, value in result.meta.items() if name not in ("timing", "threads")}


@pytest.mark.parametrize("record", ["spikes", ["half", "x"]])
def test_copies_with_noise_have_the_same_spikes_and_traces(record: Any, both: Callable[..., tuple[Result, Result]]) -> None:
    beside, alone = both(OU, duration=20, dt=0.05, seed=5, copies=21, record=record)
    assert told(beside) == told(alone)
    for name in ("times", "index", "copy"):
        np.testing.assert_array_equal(getattr(beside.spikes, name), getattr(alone.spikes, name))
    assert alone.spikes.count > 50
    np.testing.assert_allclose(beside.final["x"], alone.final["x"], rtol=0, atol=1e-13)
    for name in beside:
        np.testing.assert_allclose(beside[name], alone[name], rtol=0, atol=1e-13)


def test_copies_with_values_that_are_drawn_are_told_them(both: Callable[..., tuple[Result, Result]]) -> None:
    beside, alone = both(DRAWN, duration=1, dt=0.1, seed=5, copies=9, method="rk4")
    assert told(beside) == told(alone)
    np.testing.assert_allclose(beside["x"], alone["x"], rtol=1e-13)


FIRES = """
param a ~ uniform(0.5, 1.5), tau = 12.5
init v ~ normal(-1, 0.3), w = -0.5
sum = v + w
dv/dt = v - v^3/3 - w + a
dw/dt = (v + 0.7 - 0.8*w)/tau
on v >= 1: emit spike
"""


@pytest.mark.parametrize("record", ["spikes", ["sum", "v"]])
def test_copies_with_steps_of_their_own_have_the_same_spikes_steps_and_traces(record: Any, both: Callable[..., tuple[Result, Result]]) -> None:
    beside, alone = both(FIRES, duration=60, dt=0.1, seed=5, copies=21, record=record)
    assert told(beside) == told(alone)
    assert alone.meta["method"] == "rk45"
    for name in ("index", "copy"):
        np.testing.assert_array_equal(getattr(beside.spikes, name), getattr(alone.spikes, name))
    assert alone.spikes.count > 20
    np.testing.assert_allclose(beside.spikes.times, alone.spikes.times, rtol=1e-11)
    np.testing.assert_allclose(beside.final["v"], alone.final["v"], rtol=1e-10)
    for name in beside:
        np.testing.assert_allclose(beside[name], alone[name], rtol=1e-9, atol=1e-10)


def test_spikes_that_outgrow_their_room_are_all_kept(both: Callable[..., tuple[Result, Result]]) -> None:
    often = "init x = 0, n = 0\ndx/dt = 1\ndn/dt = 0\non mod(x, 1) >= 0.5: n += 1\n"
    beside, alone = both(often, duration=6000, dt=0.5, copies=17, record="spikes", method="euler")
    assert beside.spikes.count == alone.spikes.count == 17 * 6000
    np.testing.assert_array_equal(beside.spikes.times, alone.spikes.times)
    np.testing.assert_array_equal(beside.spikes.copy, alone.spikes.copy)


def test_the_numbers_do_not_depend_on_the_threads() -> None:
    model = nd.loads(OU)
    one, two = (model.simulate(duration=5, dt=0.05, seed=5, copies=37, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one["x"], two["x"])
    np.testing.assert_array_equal(one.spikes.times, two.spikes.times)
    np.testing.assert_array_equal(one.spikes.copy, two.spikes.copy)


def test_a_copy_that_fails_is_told_as_in_a_run_by_itself() -> None:
    model = nd.loads("param a ~ uniform(0, 2)\ninit x = 1\ndx/dt = a*x^2\n")
    with pytest.raises(NeuroError, match="copy 0: state `x` became infinite") as caught:
        model.simulate(duration=20, dt=0.1, seed=1, copies=16, method="euler")
    assert caught.value.exit_code == 3


def test_an_interrupt_keeps_the_copies_that_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = SideBySide._keep

    def interrupted(self: SideBySide, first: int, last: int) -> None:
        keep(self, first, last)
        raise KeyboardInterrupt

    monkeypatch.setattr(SideBySide, "_keep", interrupted)
    monkeypatch.setattr("neurodsl.run.lanes.FIRST_STEPS", 1)
    result = nd.loads(OU).simulate(duration=5, dt=0.05, seed=5, copies=24)
    assert (result.meta["interrupted"], result.meta["copies_complete"]) == (True, 8)
    assert np.isfinite(result["x"][:, :8]).all()
    assert np.isnan(result["x"][:, 8:]).all()


def test_an_interrupt_keeps_the_copies_before_the_first_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = SideBySide._keep

    def interrupted(self: SideBySide, first: int, last: int) -> None:
        keep(self, first, last)
        self.lost[3] = True
        raise KeyboardInterrupt

    monkeypatch.setattr(SideBySide, "_keep", interrupted)
    monkeypatch.setattr("neurodsl.run.lanes.FIRST_STEPS", 1)
    result = nd.loads(OU).simulate(duration=5, dt=0.05, seed=5, copies=24)
    assert (result.meta["interrupted"], result.meta["copies_complete"]) == (True, 3)
