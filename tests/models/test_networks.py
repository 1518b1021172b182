"""What the shipped networks and synapses do, against independent references that a line of a header cannot hold."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfcx

import neurodsl as nd
from neurodsl.resources import shipped_models

Floats = NDArray[np.float64]
SYNAPSE = """
synapse stdp:
    param A_plus = 0.01, A_minus = 0.012, tau_plus = 20 [ms], tau_minus = 20 [ms], bounded = 1
    init w = 0.5, x = 0, y = 0
    tau_plus*dx/dt = -x
    tau_minus*dy/dt = -y
    on pre:
        x += 1
        w -= A_minus*(w if bounded > 0 else 1)*y
    on post:
        y += 1
        w += A_plus*(1 - w if bounded > 0 else 1)*x
"""
RELAY = """
model relay:
    init u = 0
    on u >= 1: u = 0

synapse carry:
    on pre: post.u += 1

"""


def by_neuron(spikes: Any, size: int) -> list[list[float]]:
    """Return the spike times of each neuron."""
    return [np.asarray(spikes.times)[np.asarray(spikes.index) == k].tolist() for k in range(size)]


def printed_script(drive: Floats, scale: float) -> tuple[list[list[float]], Floats]:
    """Run the printed script of five neurons with a current for each; return the spike times and V, of shape (2001, 5)."""
    dt, weights = 0.1, scale * np.loadtxt(shipped_models()["small_lif_network"].with_suffix(".csv"), delimiter=",").T
    v = np.full((2001, 5), -65.0)
    times: list[list[float]] = [[] for _ in range(5)]
    for i in range(1, 2001):
        for n in range(5):
            current = drive[n] + sum(weights[n, m] * (v[i - 1, m] == -70.0) for m in range(5) if m != n)
            v[i, n] = v[i - 1, n] + dt * (-0.1 * (v[i - 1, n] + 65.0) + current)
            if v[i, n] >= -50.0:
                v[i, n] = -70.0
                times[n].append(i * dt)
    return times, v


@pytest.mark.parametrize(
    ("variant", "drive", "scale"),
    [("driven", np.full(5, 2.0), 1), ("strong", np.full(5, 2.0), 100), ("uneven", 1.6 + 0.2 * np.arange(5), 100)],
)
def test_the_five_neurons_follow_the_printed_script_spike_for_spike(variant: str, drive: Floats, scale: float) -> None:
    times, v = printed_script(drive, scale)
    run = nd.load("small_lif_network").simulate(variant=variant)
    assert [pytest.approx(train, abs=1e-9) for train in times] == by_neuron(run.spikes["N"], 5)
    assert run["N.V"] == pytest.approx(v, abs=1e-10)


def siegert(mu: float, sigma: float) -> float:
    """Return the rate in 1/ms of Brunel's neuron for an input of mean mu and standard deviation sigma, in mV."""
    tau, theta, v_r, refractory = 20.0, 20.0, 10.0, 2.0
    integral, _ = quad(lambda u: erfcx(-u), (v_r - mu) / sigma, (theta - mu) / sigma, epsabs=0, epsrel=1e-9)
    return 1 / (refractory + tau * math.sqrt(math.pi) * integral)


def mean_field(g: float, eta: float) -> float:
    """Return the self-consistent rate in Hz of the network of Brunel with 1000 and 250 inputs of 0.1 mV, equation 21 of the paper."""
    tau, jump, external = 20.0, 0.1, eta * 20 / (0.1 * 20)

    def excess(rate: float) -> float:
        mean = tau * jump * (external + (1000 - g * 250) * rate)
        return siegert(mean, jump * math.sqrt(tau * (external + (1000 + g * g * 250) * rate))) - rate

    return float(1000 * brentq(excess, 1e-5, 0.499))


def strongest_frequency(times: Floats, start: float, stop: float) -> float:
    """Return the frequency in Hz at which the rate of a population, in bins of 0.5 ms, varies most; slower than 5 Hz is left out."""
    counts = np.histogram(times, np.arange(start, stop + 0.1, 0.5))[0]
    power = np.abs(np.fft.rfft(counts - counts.mean())) ** 2
    frequencies = np.fft.rfftfreq(len(counts), 0.5e-3)
    return float(frequencies[np.argmax(np.where(frequencies > 5, power, 0))])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "g", "eta", "within", "lowest", "highest"),
    [
        ("SR", 3, 2, 0.06, 300, 630),  # two groups by turns, or all together
        ("AI", 5, 2, 0.05, 50, 250),
        ("SI_fast", 6, 4, 0.12, 140, 200),  # about a quarter of 1/delay, section 5 of the paper
        ("SI_slow", 4.5, 0.9, 0.25, 5, 60),
    ],
)
def test_each_regime_of_brunel_has_the_rate_of_the_mean_field_and_its_rhythm(
    variant: str, g: float, eta: float, within: float, lowest: float, highest: float
) -> None:
    run = nd.load("brunel").simulate(variant=variant, seed=1, duration=300)
    times = np.asarray(run.spikes["E"].times)
    assert 1000 * (times > 60).sum() / 240 / run.sizes["E"] == pytest.approx(mean_field(g, eta), rel=within)
    assert lowest < strongest_frequency(times, 60, 300) < highest


def test_weights_between_poisson_neurons_settle_where_the_drifts_of_soft_bounds_cancel() -> None:
    text = (
        f"{SYNAPSE}{RELAY}network pairs:\n    population A = poisson[100] with rate = 40 [Hz]\n    population P = poisson[100] with rate = 40 [Hz]\n"
    )
    text += "    population B = relay[100]\n    connect P -> B with carry, one to one\n    connect A -> B with stdp, all to all, w = 0.45\n"
    text += "    simulate: duration 20000 [ms]; dt 0.1 [ms]; record stdp.w every 100 [ms]\n"
    weights = nd.loads(text, "pairs").simulate(seed=1)["A -> B.w"]
    assert weights.min() > 0
    assert weights.max() < 1
    assert weights[50:].mean() == pytest.approx(0.01 / (0.01 + 0.012), rel=0.01)


def test_trace_stdp_is_the_sum_over_all_pairs_of_spikes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.choice(np.arange(2, 10000), 200, replace=False)) * 0.1 for _ in range(8)]
    # a relay spikes a step after its source
    for name, part in (("a", trains[:4]), ("b", [train - 0.1 for train in trains[4:]])):
        rows = sorted((float(time), k) for k, train in enumerate(part) for time in train)
        np.save(tmp_path / f"{name}.npy", np.array([(k, time) for time, k in rows]))
    text = f'{SYNAPSE}{RELAY}network pairs:\n    population A = spikes[4] from "a.npy" [ms]\n    population S = spikes[4] from "b.npy" [ms]\n'
    text += "    population B = relay[4]\n    connect S -> B with carry, one to one\n    connect A -> B with stdp, all to all, w = 0, bounded = 0\n"
    text += "    simulate: duration 1000 [ms]; dt 0.1 [ms]; record stdp.w\n"
    (tmp_path / "pairs.neuro").write_text(text, encoding="utf-8")
    run = nd.load(tmp_path / "pairs.neuro").simulate()
    expected = np.zeros(16)
    for row, (i, j) in enumerate((i, j) for i in range(4) for j in range(4)):
        ahead = trains[4 + j][:, np.newaxis] - trains[i]
        tied = np.abs(ahead) < 1e-6
        expected[row] = 0.01 * np.exp(-ahead[(ahead > 0) | tied] / 20).sum() - 0.012 * np.exp(ahead[(ahead < 0) & ~tied] / 20).sum()
    assert run["A -> B.w"][-1] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=10)
@given(
    trains=st.lists(st.lists(st.integers(2, 200), unique=True, max_size=60), min_size=4, max_size=4),
    amounts=st.tuples(*(st.floats(0, most, allow_subnormal=False) for most in (1 / 60, 1 / 60, 1))),  # a trace of 60 spikes is below 60
)
def test_soft_bounds_hold_for_all_trains_of_spikes(
    tmp_path_factory: pytest.TempPathFactory, trains: list[list[int]], amounts: tuple[float, ...]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name, part in (("a", trains[:2]), ("b", trains[2:])):
        rows = sorted((0.1 * step, k) for k, train in enumerate(part) for step in train)
        np.save(folder / f"{name}.npy", np.array([(k, time) for time, k in rows]).reshape(-1, 2))
    text = f'{SYNAPSE}{RELAY}network bounds:\n    population A = spikes[2] from "a.npy" [ms]\n    population S = spikes[2] from "b.npy" [ms]\n'
    text += "    population B = relay[2]\n    connect S -> B with carry, one to one\n    connect A -> B with stdp, all to all\n"
    text += "    simulate: duration 25 [ms]; dt 0.1 [ms]; record stdp.w every 0.1 [ms]\n"
    (folder / "bounds.neuro").write_text(text, encoding="utf-8")
    values = dict(zip(("stdp.A_plus", "stdp.A_minus", "stdp.w"), amounts, strict=True))
    start = {"stdp.w": values.pop("stdp.w")}
    weights = nd.load(folder / "bounds.neuro").simulate(set=values, init=start)["A -> B.w"]
    assert weights.min() >= 0
    assert weights.max() <= 1 + 1e-12


def band_equilibrium(correlated: float) -> float:
    """Return the weight at which the drifts cancel between neurons of 0.02 1/ms that share spikes at the rate `correlated`, in 1/ms, delayed by 1 ms."""
    potentiation = 0.01 * 0.02**2 * 20
    return potentiation / (potentiation + 0.012 * (0.02**2 * 20 + correlated * math.exp(-1 / 20)))


def test_synapses_between_correlated_neighbours_are_depressed_in_a_band() -> None:
    run = nd.load("stdp_soft_correlated").simulate(seed=1)
    synapses = run.synapses["N -> N.w"]
    apart = np.abs(synapses.source - synapses.target)
    apart = np.minimum(apart, 60 - apart)
    weights = {distance: synapses.values[-1, apart == distance].mean() for distance in (1, 2)}
    shared = 0.01 * 0.6**2
    assert weights[1] == pytest.approx(band_equilibrium(2 * shared), abs=0.01)
    assert weights[2] == pytest.approx(band_equilibrium(shared), abs=0.01)
    assert synapses.values[-1, apart > 2].mean() == pytest.approx(band_equilibrium(0), abs=0.01)


def test_without_shared_sources_the_band_is_like_the_rest() -> None:
    synapses = nd.load("stdp_soft_correlated").simulate(seed=1, variant="uncorrelated").synapses["N -> N.w"]
    apart = np.abs(synapses.source - synapses.target)
    band = np.minimum(apart, 60 - apart) <= 2
    assert synapses.values[-1, band].mean() == pytest.approx(synapses.values[-1, ~band].mean(), abs=0.01)


def test_the_weights_of_song_and_abbott_part_into_weak_and_strong_ones() -> None:
    weights = nd.load("song_abbott").simulate(seed=1)["inputs -> neuron.w"][-1] / 0.01
    assert weights.min() >= 0
    assert weights.max() <= 1
    # 7 runs by a program in C: from 0.327 to 0.361 below a fifth of the largest weight
    assert np.mean(weights < 0.2) == pytest.approx(0.345, abs=0.06)
    assert np.mean((weights > 0.4) & (weights < 0.6)) < np.mean(weights < 0.2)


def test_the_resources_of_a_depressing_synapse_under_poisson_spikes_are_those_of_the_mean() -> None:
    # d<x>/dt = (1 - <x>)/tau_r - U*r*<x> is exact, because a Poisson spike is independent of the resources that it finds.
    text = "synapse dynamic:\n    param U = 0.5, tau_r = 200 [ms]\n    init x = 1\n    tau_r*dx/dt = 1 - x\n    on pre: x -= U*x\n"
    text += "model cell:\n    init V = 0\n    dV/dt = -V/(10 [ms])\n"
    text += "network depression:\n    population P = poisson[500] with rate = 20 [Hz]\n    population C = cell[500]\n    connect P -> C with dynamic, one to one\n"
    text += "    simulate: duration 4000 [ms]; dt 0.1 [ms]; record dynamic.x every 100 [ms]\n"
    x = nd.loads(text, "depression").simulate(seed=1)["P -> C.x"][10:]
    assert x.mean() == pytest.approx(1 / (1 + 0.5 * 0.02 * 200), abs=4 * x.std() / math.sqrt(x.size / 3))


def test_galves_locherbach_neurons_forget_at_their_own_spikes() -> None:
    # The definition, Galves and Löcherbach 2013, equation 1.1, computed from the raster alone.
    text = shipped_models()["galves_locherbach_network"].read_text(encoding="utf-8").replace("record N.V", "record N.V, excitatory.w")
    run = nd.loads(text, "galves_locherbach_network").simulate(seed=2, duration=150)
    synapses, mu = run.synapses["N -> N.w"], 0.8
    weights = np.zeros((50, 50))
    weights[synapses.target, synapses.source] = synapses.values[0]
    spiked = np.zeros((151, 50))
    spiked[np.asarray(run.spikes["N"].times).astype(int), run.spikes["N"].index] = 1
    expected = np.zeros((151, 50))
    for t in range(1, 151):
        for i in range(50):
            last = max(np.flatnonzero(spiked[: t + 1, i]), default=0)
            expected[t, i] = sum(mu ** (t - 1 - s) * (weights[i] @ spiked[s]) for s in range(last, t))
    assert run["N.V"] == pytest.approx(expected, abs=1e-12)


def test_a_hebbian_output_grows_at_the_rate_of_the_linear_system() -> None:
    y = nd.load("hebbian_network").simulate(seed=1, variant="hebb", duration=6, dt=0.001)["Y.y"][:, 0]
    rates, tau, eta = 0.2 + 0.1 * np.arange(10), 0.1, 0.5
    growth = (-1 + math.sqrt(1 + 4 * tau * eta * (rates @ rates))) / (2 * tau)
    assert math.log(y[6000] / y[5000]) == pytest.approx(growth, rel=2e-3)


def test_the_neurons_of_two_scales_fire_in_the_rhythm_of_the_population() -> None:
    run = nd.load("two_scale").simulate()
    period = 104.16614
    phase = np.exp(2j * math.pi * np.asarray(run.spikes["N"].times) / period)
    field = run.traces["field_source.E"]
    at_peak = np.exp(2j * math.pi * field.t[2000:] / period) @ field.values[2000:, 0]
    assert abs(phase.mean()) > 0.4
    assert abs(np.angle(phase.mean() / at_peak)) < math.pi / 4
