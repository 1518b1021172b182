"""Noise, chances, hazards and draws have the laws they should, and a seed gives the same run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import neurodsl as nd
from neurodsl.codegen import kernel

OU = "param tau = 2, sigma = 0.5\nnoise xi\ninit x = 0\ndx/dt = -x/tau + sigma*xi\n"
POISSON = "param r = 0.5\ninit n = 0\non rate r: n += 1\n"
ESCAPE = (
    "param tau = 10 [ms], V_th = -50 [mV], V_r = -65 [mV]\ninput RI = 20 [mV]\ninit V ~ uniform(-65, -60) [mV]\n"
    "tau*dV/dt = -(V - V_r) + RI\non rate 1 [1/ms]*exp((V - V_th)/[mV]): V = V_r\nsimulate: duration 100 [ms]\n"
)


@pytest.fixture(autouse=True)
def as_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def random_words(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[float, float]:
    """Return the two uniform numbers of a generated file for a counter (step, step >> 32, element, draw) and a key."""
    model = nd.loads(OU)
    plan = model.plan(None, None, None, ())
    module = kernel.load(model.cache.folder / f"{plan.kernel}.py", plain=True)
    state, out = np.zeros(11, np.int64), np.zeros(2)
    state[8], state[9], state[10] = counter[2], key[0], key[1]
    module._random(counter[0] + (counter[1] << 32), counter[3], state, out)
    return float(out[0]), float(out[1])


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ],
)
def test_the_generator_gives_the_published_vectors_of_philox(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, int, int, int]
) -> None:
    # Random123, kat_vectors, philox 4x32 10 rounds; doi:10.1145/2063384.2063405
    a, b, c, d = words
    expected = ((((a << 21) ^ (b >> 11)) + 0.5) * 2.0**-53, (((c << 21) ^ (d >> 11)) + 0.5) * 2.0**-53)
    assert random_words(counter, key) == expected


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    runs = [nd.loads(OU).simulate(duration=5, dt=0.1, seed=seed)["x"] for seed in (7, 7, 8)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_a_run_does_not_depend_on_what_is_recorded() -> None:
    text = OU + "y = 2*x\n"
    assert np.array_equal(
        nd.loads(text).simulate(duration=5, dt=0.1, seed=7, record=["x"])["x"],
        nd.loads(text).simulate(duration=5, dt=0.1, seed=7, record=["y", "x"])["x"],
    )


def test_the_seed_is_in_the_result_and_reproduces_the_run() -> None:
    first = nd.loads(OU).simulate(duration=5, dt=0.1)
    assert np.array_equal(nd.loads(OU).simulate(duration=5, dt=0.1, seed=first.meta["seed"])["x"], first["x"])


def test_compiled_code_gives_the_same_path_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = nd.loads(OU).simulate(duration=50, dt=0.1, seed=3)["x"]
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    model = nd.loads(OU)
    plan = model.plan(None, None, None, ())
    kernel.load(model.cache.folder / f"{plan.kernel}.py")
    assert np.array_equal(model.simulate(duration=50, dt=0.1, seed=3)["x"], plain)


def test_an_ornstein_uhlenbeck_process_has_its_stationary_variance() -> None:
    # Euler-Maruyama of step h has variance sigma^2 tau/2 / (1 - h/(2 tau)), exactly.
    tau, sigma, h, n = 2.0, 0.5, 0.1, 40_000
    x = nd.loads(OU).simulate(duration=n * h, dt=h, seed=5)["x"][200:]
    expected = sigma**2 * tau / 2 / (1 - h / (2 * tau))
    independent = len(x) * h / (2 * tau)
    assert abs(x.var() - expected) < 4 * expected * math.sqrt(2 / independent)


@pytest.mark.parametrize("events", ["exact", "grid"])
def test_a_constant_hazard_fires_as_a_poisson_process(events: str) -> None:
    spikes = nd.loads(POISSON).simulate(duration=4000, dt=0.2, events=events, seed=11).spikes
    rate = 0.5 if events == "exact" else (1 - math.exp(-0.5 * 0.2)) / 0.2
    assert abs(spikes.count - 4000 * rate) < 4 * math.sqrt(4000 * rate)
    if events == "exact":
        assert stats.kstest(np.diff(spikes.times), "expon", args=(0, 2.0)).pvalue > 1e-3


def test_hazards_in_continuous_time_do_not_depend_on_the_output_step() -> None:
    times = [nd.loads(ESCAPE).simulate(dt=dt, seed=4, method="rk45").spikes.times for dt in (0.1, 1.0)]
    assert times[0] == pytest.approx(times[1], abs=1e-5)


def test_a_chance_per_step_is_binomial() -> None:
    result = nd.loads("param p = 0.3\ninit n = 0\nnext n = n\non chance p: n += 1\n").simulate(duration=5000, seed=2)
    assert abs(result.spikes.count - 1500) < 4 * math.sqrt(5000 * 0.3 * 0.7)
    assert result.final["n"] == result.spikes.count


def test_a_probability_outside_its_range_is_an_error_that_names_it() -> None:
    with pytest.raises(nd.NeuroError, match=r"R105.*`on chance p` is 1\.5 at t = 0, outside \[0, 1\]") as found:
        nd.loads("param p = 1.5\ninit n = 0\nnext n = n\non chance p: n += 1\n").simulate(duration=5, seed=2)
    assert found.value.exit_code == 3


LAWS = {
    "uniform(2, 5)": stats.uniform(2, 3), "normal(1, 2)": stats.norm(1, 2), "lognormal(0, 0.5)": stats.lognorm(0.5), "exponential(2)": stats.expon(0, 2),
    "gamma(2, 3)": stats.gamma(2, 0, 3), "beta(2, 3)": stats.beta(2, 3),
}  # fmt: skip


@pytest.mark.parametrize("law", sorted(LAWS))
def test_a_drawn_parameter_has_its_law(law: str) -> None:
    model = nd.loads(f"param g ~ {law}\ninit x = 0\nnext x = g\n")
    drawn = [model.simulate(duration=1, seed=seed).meta["parameters"]["g"] for seed in range(150)]
    assert stats.kstest(drawn, LAWS[law].cdf).pvalue > 1e-3


def test_two_draws_of_one_law_are_independent_and_a_given_value_replaces_one() -> None:
    model = nd.loads("param a ~ normal(0, 1), b ~ normal(0, 1)\ninit x = 0\nnext x = a + b\n")
    drawn = np.array([list(model.simulate(duration=1, seed=seed).meta["parameters"].values()) for seed in range(150)])
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.3
    assert model.simulate(duration=1, seed=1, a=5).meta["parameters"]["a"] == 5.0


def test_a_map_reads_the_old_values_only() -> None:
    result = nd.loads("init a = 1, b = 0\nnext a = b\nnext b = a\n").simulate(duration=3)
    assert (list(result["a"]), list(result["b"]), list(result.t)) == ([1, 0, 1, 0], [0, 1, 0, 1], [0, 1, 2, 3])


def test_the_logistic_map_at_four_follows_its_closed_form() -> None:
    # x_k = sin^2(2^k theta), May 1976, doi:10.1038/261459a0
    theta = 0.7
    result = nd.loads(f"param r = 4\ninit x = {math.sin(theta) ** 2!r}\nnext x = r*x*(1 - x)\n").simulate(duration=10)
    assert list(result["x"]) == pytest.approx([math.sin(2**k * theta) ** 2 for k in range(11)], abs=1e-11)


def test_the_steps_of_a_map_may_have_a_time() -> None:
    result = nd.loads("init x = 0\nnext x = x + 1\nsimulate:\n    step 2 [ms]\n    duration 10 [ms]\n").simulate()
    assert (list(result.t), result.final["x"], result.units["t"]) == ([0, 2, 4, 6, 8, 10], 5, "ms")


@pytest.mark.parametrize(
    ("text", "method", "message"),
    [
        (OU, "rk4", "M103.*`rk4` is for differential equations without noise"),
        ("init x = 1\ndx/dt = -x\n", "milstein", "M103.*`milstein` is for equations with noise"),
        ("init x = 1\nnext x = x\n", "euler", "M103.*is a map"),
        ("noise u\ninit x = 1, y = 1\ndx/dt = -x + y*u\ndy/dt = -y + x*u\n", "milstein", "M103.*that several equations share"),
        ("noise u\ninit x = 1\ndx/dt = -x + u^2\n", None, "M106.*does not enter the equation of `x` linearly"),
    ],
)
def test_a_method_that_cannot_serve_is_refused(text: str, method: str | None, message: str) -> None:
    with pytest.raises(nd.NeuroError, match=message):
        nd.loads(text).simulate(duration=1, method=method)


def test_events_inside_a_step_are_refused_with_noise() -> None:
    with pytest.raises(nd.NeuroError, match=r"M103.*has noise, so its path crosses a threshold infinitely often"):
        nd.loads(OU + "on x >= 1: x = 0\n").simulate(duration=1, events="exact")


@pytest.mark.parametrize(("method", "events"), [("exact", "exact"), ("rk4", "exact"), ("rk45", "exact"), ("rk4", "grid"), ("rosenbrock", "exact")])
def test_a_negative_hazard_ends_the_run_in_every_mode(method: str, events: str) -> None:
    model = nd.loads("param f = 0.5\ninit x = 1\ndx/dt = -1\non rate f*x: x = x")
    with pytest.raises(nd.NeuroError, match=r"R105.*the hazard of `on rate f\*x` is -.* it must not be negative") as found:
        model.simulate(duration=300, seed=9, method=method, events=events)
    assert found.value.exit_code == 3


def test_a_hazard_that_is_zero_up_to_rounding_is_none() -> None:
    model = nd.loads("init x = 1\ndx/dt = -x\non rate (1/3 - x)*1e-17 + 1e-18*x: x = x")
    assert [model.simulate(duration=5, seed=1, method="rk4", events=mode).spikes.count for mode in ("grid", "exact")] == [0, 0]
