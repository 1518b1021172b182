"""Phase response curves: the adjoint against closed forms and against pushes."""

from __future__ import annotations

import json
from math import pi
from pathlib import Path

import numpy as np
import pytest

import neurodsl as nd
from neurodsl.diagnostics import NeuroError


def test_the_curve_of_the_leaky_neuron_is_the_exponential_through_the_reset() -> None:
    found = nd.load("lif").prc()
    # 1/f(V(t)) with f = 2.5 exp(-t/10): Ermentrout and Terman, 2010, doi:10.1007/978-0-387-87708-2, chapter 8
    assert found.curves["V"] == pytest.approx(np.exp(found.t / 10) / 2.5, abs=1e-8)
    assert found.difference < 1e-6
    assert (found.t[0], found.t[-1]) == (0.0, found.cycle.period)


def test_the_curve_of_the_quadratic_neuron_is_that_of_its_closed_form() -> None:
    found = nd.load("quadratic_if").prc()
    V = np.tan(found.t - np.arctan(100))
    assert found.curves["V"] == pytest.approx(1 / (V**2 + 1), abs=1e-7)
    assert found.difference < 1e-3


def test_a_push_of_a_held_voltage_has_no_effect() -> None:
    text = "init V = 0\ndV/dt = 2 - V\non V >= 1: V = 0; hold V for 0.5"
    found = nd.loads(text).prc()
    held = found.t[:-1] < 0.5 - 1e-9
    free = found.t[:-1] > 0.5 + 1e-9
    curve = found.curves["V"][:-1]
    assert np.all(curve[held] == 0.0)
    assert curve[free] == pytest.approx(np.exp(found.t[:-1][free] - 0.5) / 2, abs=1e-8)
    assert found.difference < 1e-6


def test_the_curve_of_the_normal_form_of_hopf_is_a_sine() -> None:
    text = "init x = 0.5, y = 0\nr2 = x^2 + y^2\ndx/dt = x - 2*y - x*r2\ndy/dt = 2*x + y - y*r2"
    found = nd.loads(text).prc("y")
    # the phase of a point is its angle over the angular velocity 2, and it is 0 where x is largest
    assert found.curves["x"] == pytest.approx(-np.sin(2 * found.t) / 2, abs=2e-3)
    assert found.curves["y"] == pytest.approx(np.cos(2 * found.t) / 2, abs=2e-3)
    assert found.of == "y"
    assert found.difference < 1e-5
    assert found.cycle.period == pytest.approx(pi)


def test_the_two_ways_agree_for_fitzhugh_and_nagumo() -> None:
    found = nd.load("fitzhugh_nagumo").prc()
    assert found.cycle.period == pytest.approx(39.474415, abs=1e-6)
    assert found.difference < 1e-3
    assert np.sum(np.isfinite(found.direct)) == 16


def test_a_push_along_the_flow_advances_by_its_length() -> None:
    found = nd.load("van_der_pol").prc()
    for t, *z in zip(found.t[:-1:20], *(curve[:-1:20] for curve in found.curves.values()), strict=True):
        assert np.dot(z, found.cycle.flight.flow(found.cycle.state(t))) == pytest.approx(1.0, abs=1e-7)


def test_the_reset_of_two_states_carries_the_curve_across() -> None:
    found = nd.load("izhikevich").prc()
    assert found.difference < 1e-3


def test_what_has_no_phase_is_refused() -> None:
    with pytest.raises(NeuroError, match="does not attract its neighbourhood"):
        nd.load("oscillator").prc()
    with pytest.raises(NeuroError, match="has no state `W`"):
        nd.load("lif").prc("W")
    with pytest.raises(NeuroError, match="`s` does not move on the cycle"):
        nd.loads("init V = 0, s = 1\ndV/dt = 2 - V*s\non V >= 1: V = 0\non start: s = 1").prc("s")


def test_the_curve_is_written_as_json_and_as_a_table(tmp_path: Path) -> None:
    found = nd.load("lif").prc()
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["period"] == pytest.approx(16.09437912)
    assert len(told["prc"]["V"]) == len(told["phase"]) == 201
    found.save(tmp_path / "curve.csv")
    head, first, *rest = (tmp_path / "curve.csv").read_text().splitlines()
    assert head == "phase,t [ms],prc of V [ms per mV]"
    assert [float(v) for v in first.split(",")] == pytest.approx([0.0, 0.0, 0.4])
    assert len(rest) == 200
