"""Results of networks for the tests of what is done with them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodsl.solution import NetworkResult, Spikes, SynapseTrace, Trace


def spikes_of(times: Sequence[float], index: Sequence[int]) -> Spikes:
    return Spikes(np.asarray(times, dtype=float), np.asarray(index, dtype=np.int64))


def a_network_result(
    sizes: Mapping[str, int] | None = None,
    spikes: Mapping[str, Spikes] | None = None,
    traces: Mapping[str, Trace] | None = None,
    synapses: Mapping[str, SynapseTrace] | None = None,
    final: Mapping[str, Mapping[str, Any]] | None = None,
    time_unit: str = "ms",
    **meta: Any,
) -> NetworkResult:
    """Return a result of 100 ms of two populations, E of three neurons and I of two, and a weight from E to I, unless others are given."""
    if sizes is None:
        sizes = {"E": 3, "I": 2}
        spikes = spikes or {"E": spikes_of([10.0, 20.0, 40.0, 50.5], [0, 0, 0, 2]), "I": spikes_of([], [])}
        traces = {"E.v": voltage([0, 2])} if traces is None else traces
        synapses = {"E -> I.w": weights()} if synapses is None else synapses
        final = final or {"E": {"v": [-60.0, -61.5, 1 / 3], "ge": [0.0, 1.0, 2.0]}, "I": {"v": [-70.0, np.pi]}}
    states = {name: {state: np.asarray(values, dtype=float) for state, values in found.items()} for name, found in (final or {}).items()}
    recorded = {**(traces or {}), **(synapses or {})}
    units = {"t": time_unit, **{f"{name}.{state}": "mV" for name in states for state in states[name]}, **{k: v.unit for k, v in recorded.items()}}
    told = {"model": "net", "method": "exact", "events": "grid", "dt": 0.1, "elapsed": 100.0, "steps": 1000, "seed": 7, **meta}
    silent = {name: spikes_of([], []) for name in sizes}
    return NetworkResult(dict(sizes), {**silent, **(spikes or {})}, traces or {}, synapses or {}, states, units, told)


def voltage(index: Sequence[int], count: int = 1001, elapsed: float = 100.0) -> Trace:
    """Return sines, a neuron half a radian behind the next."""
    t = np.arange(count) * elapsed / (count - 1)
    return Trace(t, np.asarray(index), -60 + 10 * np.sin(t[:, None] / 8 + 0.5 * np.asarray(index)), "mV")


def weights(times: Sequence[float] = (0.0, 100.0)) -> SynapseTrace:
    """Return four synapses whose weights grow."""
    source, target = np.array([0, 0, 1, 2], dtype=np.uint32), np.array([0, 1, 1, 0], dtype=np.uint32)
    values = np.array([[0.1, 0.2, 0.3, 0.4]]) * (1 + np.arange(len(times))[:, None])
    return SynapseTrace(np.asarray(times), source, target, values, "nS")


def contents(result: NetworkResult) -> list[Any]:
    """All that a result holds, as plain values."""
    spikes = {name: (found.times.tolist(), found.index.tolist()) for name, found in result.spikes.items()}
    traces = {name: (t.t.tolist(), t.index.tolist(), t.values.tolist(), t.unit) for name, t in result.traces.items()}
    pairs = {name: (s.t.tolist(), s.source.tolist(), s.target.tolist(), s.values.tolist(), s.unit) for name, s in result.synapses.items()}
    final = {name: {state: values.tolist() for state, values in states.items()} for name, states in result.final.items()}
    return [dict(result.sizes), spikes, traces, pairs, final, dict(result.units), dict(result.meta)]


def changed(path: Path, **members: np.ndarray) -> None:
    """Write a file anew with some members replaced, or without those that are None."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in {**arrays, **members}.items():
            if array is not None:
                with io.BytesIO() as data:
                    np.save(data, array, allow_pickle=False)
                    archive.writestr(f"{name}.npy", data.getvalue())
