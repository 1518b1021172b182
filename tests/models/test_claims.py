"""Every shipped model says what it does, and does it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from models.claims import Claim, header, keywords, mean_interval, measure, read_claims, series_period

import neurodsl as nd
from neurodsl.diagnostics import Report, render
from neurodsl.lang import read
from neurodsl.resources import shipped_models
from neurodsl.solution import Spikes
from neurodsl.solution.network import NetworkResult, SynapseTrace, Trace
from neurodsl.source import Source

MODELS = shipped_models()
CLAIMS = [claim for path in MODELS.values() for claim in read_claims(path)]
REQUIRED = {
    "lif", "lif_tau", "integrate_and_fire", "hodgkin_huxley", "hodgkin_huxley_as_printed", "hh_reduced", "hh_reduced_as_printed",
    "fitzhugh_nagumo", "wilson_cowan", "decay", "oscillator", "two_neurons", "charge", "izhikevich", "adex", "morris_lecar",
    "hindmarsh_rose", "lorenz", "quadratic_if", "van_der_pol", "stochastic_lif", "escape_noise_lif", "poisson", "correlated_poisson",
    "ornstein_uhlenbeck", "mcculloch_pitts", "perceptron", "galves_locherbach", "gradient_descent", "xor_network", "layer", "echo_state",
    "hopfield", "kuramoto", "neural_ode", "hebbian_rate", "oja", "logistic_map", "working_memory", "epileptor", "half_centre",
    "small_lif_network", "cuba", "coba", "cobahh", "brunel", "stdp_window", "song_abbott", "stdp_soft_correlated", "hebbian_network",
    "tsodyks_markram", "gap_junction_pair", "ei_rate_network", "ring_attractor", "galves_locherbach_network", "mcculloch_pitts_xor",
    "two_scale", "triplet_stdp", "synaptic_kernels", "release_probability", "dopamine_stdp",
}  # fmt: skip


@cache
def run(path: Path, options: str) -> Any:
    """Run a model once for all claims under the same options."""
    return nd.load(path).simulate(**keywords(options))


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_model_does_what_its_header_claims(claim: Claim) -> None:
    assert measure(run(claim.path, claim.options), claim.quantity) == pytest.approx(claim.value, rel=0, abs=claim.tolerance)


def test_the_models_that_the_documentation_names_are_shipped() -> None:
    assert set() == REQUIRED - set(MODELS)


@pytest.mark.parametrize("path", MODELS.values(), ids=list(MODELS))
def test_a_model_reads_without_errors_and_warnings(path: Path) -> None:
    report = Report()
    model = read(Source(path.name, path.read_text(encoding="utf-8")), report)
    assert [render(d) for d in report.sorted() if d.rule.severity != "note"] == []
    assert model is not None
    assert model.name == path.stem


@pytest.mark.parametrize("path", MODELS.values(), ids=list(MODELS))
def test_a_model_has_a_title_a_reference_and_a_claim(path: Path) -> None:
    lines = header(path.read_text(encoding="utf-8"))
    assert not re.match(r"(reference|claim):", lines[0])
    assert [line for line in lines if line.startswith("reference:")] != []
    assert read_claims(path) != []


class Recorded(SimpleNamespace):
    """A result with two recorded series, x, a sine of period 20, and W, whose element [1, 0] is that sine."""

    def __getitem__(self, name: str) -> Any:
        x = np.sin(np.pi * self.t / 10)
        return {"x": x, "W": np.stack([[0 * x, 0 * x], [x, 0 * x]]).transpose(2, 0, 1)}[name]


RESULT = Recorded(
    t=np.arange(0.0, 100.5, 0.5),
    spikes=SimpleNamespace(count=4, times=np.array([1.0, 5.0, 9.0, 14.0])),
    final={"x": 0.25, "W": [[1.0, 2.0], [3.0, 4.0]]},
    units={"t": "ms"},
)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("spikes", 4.0),
        ("spike[0]", 1.0),
        ("spike[-1]", 14.0),
        ("rate", 40.0),
        ("period", 5.0),
        ("period x", 20.0),
        ("final x", 0.25),
        ("min x", -1.0),
        ("max x", 1.0),
        ("mean x", -1 / (101 * math.tan(math.pi / 40))),
        ("x at 5", 1.0),
        ("final W[1, 0]", 3.0),
        ("max W[1, 0]", 1.0),
        ("max W[1, 1]", 0.0),
        ("W[1,0] at 5", 1.0),
        ("period W[1, 0]", 20.0),
    ],
)
def test_a_quantity_of_a_run_is_measured(quantity: str, expected: float) -> None:
    assert expected == pytest.approx(measure(RESULT, quantity), abs=1e-9)


T = np.arange(0.0, 100.5, 0.5)
NETWORK = NetworkResult(
    sizes={"E": 4},
    spikes={"E": Spikes(np.array([1.0, 5.0, 9.0]), np.array([0, 3, 3]))},
    traces={"E.v": Trace(T, np.array([1, 3]), np.stack([0 * T, np.sin(np.pi * T / 10)], axis=1), "mV")},
    synapses={"A -> E.w": SynapseTrace(np.array([0.0, 100.0]), np.arange(3), np.arange(3), np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 6.0]]), "1")},
    final={"E": {"v": np.array([1.0, 2.0, 3.0, 6.0])}},
    units={"t": "ms", "E.v": "mV"},
    meta={"model": "net", "elapsed": 100.0},
)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("spikes E", 3.0),
        ("spikes E[3]", 2.0),
        ("spike E[-1]", 9.0),
        ("rate E", 7.5),
        ("final E.v[2]", 3.0),
        ("average E.v", 3.0),
        ("final A -> E.w[1]", 2.0),
        ("average A -> E.w", 3.0),
        ("E.v[3] at 5", 1.0),
        ("min E.v[3]", -1.0),
        ("max E.v[1]", 0.0),
        ("period E.v[3]", 20.0),
    ],
)
def test_a_quantity_of_a_run_of_a_network_is_measured(quantity: str, expected: float) -> None:
    assert expected == pytest.approx(measure(NETWORK, quantity), abs=1e-9)


@pytest.mark.parametrize(
    "fails",
    [
        lambda: measure(NETWORK, "final v"),
        lambda: measure(NETWORK, "E.v[3] at 0.2"),
        lambda: measure(RESULT, "median x"),
        lambda: measure(RESULT, "x at 0.2"),
        lambda: keywords("--threads 2"),
        lambda: mean_interval(np.array([1.0])),
        lambda: series_period(np.arange(10.0), np.zeros(10)),
    ],
)
def test_a_claim_that_cannot_be_checked_is_an_error(fails: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"claims do not use|nothing is recorded|too few|does not cross"):
        fails()


def test_options_become_arguments() -> None:
    expected = {"method": "rk45", "rtol": 1e-10, "set": {"I": 2.0, "d": "(0, 1)"}, "init": {"x": -1.0}, "variant": "stiff", "seed": 3}
    assert expected == keywords("--method rk45 --rtol 1e-10 --set I=2 --set 'd=(0, 1)' --init x=-1 --variant stiff --seed 3")
