"""The claims in the header of a model: what it does under given options, by how much it may differ, and where the number is from.

A claim is a comment line with the options of the command line, the quantities with their tolerances, and their source::

    # claim: simulate --method euler --set I=2 | spikes = 12 ± 0; spike[0] = 13.8 ± 1e-9 | closed form

Quantities are ``spikes`` (their number), ``spike[k]`` (a time), ``rate`` (spikes over the duration, in Hz where the time is in ms),
``period`` (the mean interval of the spikes in the last half of them), ``final x``, ``min x``, ``max x``, ``mean x`` (over the last half of
the run), ``x at TIME`` (recorded), and ``period x`` (the mean interval between upward crossings of the middle of its range, in the last half
of the run). An ``x`` may be an element of an array, ``x[3]`` or ``W[0, 2]``.

Of a network they are ``spikes E`` (of a population), ``spikes E[3]`` (of a neuron), ``spike E[k]`` (a time), ``rate E`` (of a neuron of it, as above), and
the others for an ``x`` that is a neuron's, ``E.v[3]``. ``final A -> B.w[7]`` is that of a synapse and ``average A -> B.w`` the mean over the synapses at
the end, as ``average E.v`` is that over the neurons.

A model that is meant to show a mistake names the codes of what ``neurodsl check`` finds in it, warnings and worse::

    # expects M202
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.solution.network import NetworkResult

LINE = re.compile(r"# claim: simulate\b(?P<options>[^|]*)\|(?P<quantities>[^|]+)\|(?P<source>.+)")
QUANTITY = re.compile(r"(?P<quantity>.+?) = (?P<value>\S+) ± (?P<tolerance>\S+)")
EXPECTS = re.compile(r"expects( [A-Z]\d{3})+")
NAME = r"(\w+(?:\[[\d, ]+\])?)"
NUMBERS = ("--duration", "--dt", "--rtol", "--atol")
TEXTS = ("--method", "--events", "--variant")
COUNTS = ("--seed",)
MAPPINGS = ("--set", "--init", "--input")


@dataclass(frozen=True)
class Claim:
    """One quantity of one model under some options."""

    path: Path
    options: str
    quantity: str
    value: float
    tolerance: float
    source: str

    def __str__(self) -> str:
        return f"{self.path.stem} {self.options}: {self.quantity}"


def header(text: str) -> list[str]:
    """Return the comment lines that a file starts with, without the sign."""
    lines = text.splitlines()
    first = next((k for k, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return [line.removeprefix("#").strip() for line in lines[:first]]


def read_expected(path: Path) -> set[str]:
    """Return the codes that a model expects of ``neurodsl check``; none where its header says nothing."""
    lines = [line for line in header(path.read_text(encoding="utf-8")) if line.startswith("expects")]
    if not all(EXPECTS.fullmatch(line) for line in lines):
        raise ValueError(f"{path.name}: not a list of codes: {'; '.join(lines)}")
    return {code for line in lines for code in line.split()[1:]}


def read_claims(path: Path) -> list[Claim]:
    """Return the claims of a model, in the order of its header."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# claim"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{path.name}: not a claim: {line}")
        for text in match["quantities"].split(";"):
            part = QUANTITY.fullmatch(text.strip())
            if part is None:
                raise ValueError(f"{path.name}: not a quantity with its tolerance: {text.strip()}")
            value, tolerance = float(part["value"]), float(part["tolerance"])
            found.append(Claim(path, match["options"].strip(), part["quantity"], value, tolerance, match["source"].strip()))
    return found


def keywords(options: str) -> dict[str, Any]:
    """Return the options of the command line as arguments of ``Model.simulate``."""
    words = shlex.split(options)
    arguments: dict[str, Any] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        key = option.removeprefix("--")
        if option in NUMBERS:
            arguments[key] = float(value)
        elif option in TEXTS:
            arguments[key] = value
        elif option in COUNTS:
            arguments[key] = int(value)
        elif option in MAPPINGS:
            name, _, given = value.partition("=")
            arguments.setdefault(key, {})[name] = given if given.startswith("(") else float(given)
        else:
            raise ValueError(f"an option that claims do not use: {option}")
    return arguments


def measure(result: Any, quantity: str) -> float:
    """Return a quantity of a run."""
    for pattern, value in (NETWORK_MEASURES if isinstance(result, NetworkResult) else MEASURES).items():
        match = re.fullmatch(pattern, quantity)
        if match is not None:
            return value(result, *match.groups())
    raise ValueError(f"a quantity that claims do not use: {quantity}")


def mean_interval(times: NDArray[np.float64]) -> float:
    """Return the mean interval between the later half of some instants."""
    late = times[len(times) // 2 :]
    if len(late) < 2:
        raise ValueError(f"{len(times)} instants are too few for a period")
    return float(np.mean(np.diff(late)))


def series_period(t: NDArray[np.float64], x: NDArray[np.float64]) -> float:
    """Return the mean interval between upward crossings of the middle of the range of a series, in its last half."""
    t, x = t[len(t) // 2 :], x[len(x) // 2 :] - (np.max(x[len(x) // 2 :]) + np.min(x[len(x) // 2 :])) / 2
    at = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    crossings = t[at] - x[at] * (t[at + 1] - t[at]) / (x[at + 1] - x[at])
    if len(crossings) < 2:
        raise ValueError("the series does not cross the middle of its range twice")
    return float(np.mean(np.diff(crossings)))


def element(values: Mapping[str, Any], name: str) -> NDArray[np.float64]:
    """Return what a name such as ``x`` or ``W[0, 2]`` stands for: a number, or a series of numbers."""
    base, _, indices = name.rstrip("]").partition("[")
    return np.asarray(values[base], dtype=float)[..., *(int(index) for index in indices.split(",") if index)]


def at_time(t: NDArray[np.float64], x: NDArray[np.float64], time: str) -> float:
    """Return the value of a series at a time at which it was recorded."""
    k = int(np.argmin(np.abs(t - float(time))))
    if abs(t[k] - float(time)) > 1e-9:
        raise ValueError(f"nothing is recorded at t = {time}")
    return float(x[k])


def neuron(result: NetworkResult, name: str, index: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times and the recorded values of a quantity of one neuron of a network."""
    trace = result.traces[name]
    return trace.t, trace.values[:, list(trace.index).index(int(index))]


def _final(result: NetworkResult, name: str, index: str) -> float:
    if name in result.synapses:
        return float(result.synapses[name].values[-1, int(index)])
    population, _, state = name.partition(".")
    return float(result.final[population][state][int(index)])


def per_second(rate: float, time_unit: str) -> float:
    """Return a rate in Hz where the time is in ms."""
    return rate * 1000 if time_unit == "ms" else rate


MEASURES: dict[str, Callable[..., float]] = {
    r"spikes": lambda result: float(result.spikes.count),
    r"spike\[(-?\d+)\]": lambda result, k: float(result.spikes.times[int(k)]),
    r"rate": lambda result: per_second(result.spikes.count / float(result.t[-1]), str(result.units.get("t", ""))),
    r"period": lambda result: mean_interval(np.asarray(result.spikes.times)),
    rf"period {NAME}": lambda result, name: series_period(result.t, element(result, name)),
    rf"final {NAME}": lambda result, name: float(element(result.final, name)),
    rf"min {NAME}": lambda result, name: float(np.min(element(result, name))),
    rf"max {NAME}": lambda result, name: float(np.max(element(result, name))),
    rf"mean {NAME}": lambda result, name: float(np.mean(element(result, name)[len(result.t) // 2 :])),
    rf"{NAME} at (\S+)": lambda result, name, time: at_time(result.t, element(result, name), time),
}
NEURON = r"(\w+\.\w+)\[(\d+)\]"
SYNAPSES = r"(\w+ -> \w+\.\w+)"
NETWORK_MEASURES: dict[str, Callable[..., float]] = {
    r"spikes (\w+)": lambda result, name: float(result.spikes[name].count),
    r"spikes (\w+)\[(\d+)\]": lambda result, name, k: float(np.sum(result.spikes[name].index == int(k))),
    r"spike (\w+)\[(-?\d+)\]": lambda result, name, k: float(result.spikes[name].times[int(k)]),
    r"rate (\w+)": lambda result, name: per_second(float(np.mean(result.rates(name))), result.time_unit),
    rf"final {NEURON}": _final,
    rf"final {SYNAPSES}\[(\d+)\]": _final,
    r"average (\w+)\.(\w+)": lambda result, name, state: float(np.mean(result.final[name][state])),
    rf"average {SYNAPSES}": lambda result, name: float(np.mean(result.synapses[name].values[-1])),
    rf"period {NEURON}": lambda *named: series_period(*neuron(*named)),
    rf"min {NEURON}": lambda *named: float(np.min(neuron(*named)[1])),
    rf"max {NEURON}": lambda *named: float(np.max(neuron(*named)[1])),
    rf"{NEURON} at (\S+)": lambda result, name, index, time: at_time(*neuron(result, name, index), time),
}
