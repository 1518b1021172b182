"""Runs of networks as the objects of other libraries: a table of pandas, a Dataset of xarray, a Block of Neo."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail
from neurodsl.rules import BAD_VALUE, MISSING_EXTRA
from neurodsl.solution.result import without_long_lists
from neurodsl.solution.writing import finite
from neurodsl.spike_statistics import trains
from neurodsl.units import ONE, parse_unit

if TYPE_CHECKING:
    import neo
    import pandas
    import xarray

    from neurodsl.solution.network import NetworkResult, Trace

BASE_UNITS = ("m", "kg", "s", "A", "K", "mol", "degC")
"""The units of Quantities that belong to the exponents of a dimension."""
KNOWN_UNITS = re.compile(r"[munp]?[VASFM]|[mun]?s|min|h|k?Hz|[mu]?m")
"""Units that Quantities knows by the same symbol."""
EVEN = 1e-6
"""Steps between samples are even up to this part of a step."""


def require_library(name: str, what: str, extra: str) -> None:
    """Raise F109 (exit code 4) where a library is not installed."""
    if find_spec(name) is None:
        told = f"`{name}` is not installed, and {what} needs it"
        raise fail(MISSING_EXTRA, told, help=f'`pip install "neurodsl[{extra}]"`, or save the result to `.npz` or `.csv`', exit_code=4)


def spike_table(result: NetworkResult) -> pandas.DataFrame:
    """Return the spikes as a table; :meth:`NetworkResult.to_pandas` says more."""
    require_library("pandas", "a table of spikes", "pandas")
    import pandas

    found = list(result.spikes.values())
    owner = np.repeat(np.arange(len(found)), [spikes.count for spikes in found])
    times = np.concatenate([np.zeros(0), *(np.asarray(spikes.times, dtype=np.float64) for spikes in found)])
    index = np.concatenate([np.zeros(0, np.int64), *(np.asarray(spikes.index, dtype=np.int64) for spikes in found)])
    order = np.argsort(times, kind="stable")
    population = pandas.Categorical.from_codes(owner[order], categories=list(result.spikes))
    table = pandas.DataFrame({"population": population, "index": index[order], "time": times[order]})
    table.attrs = {"units": {"time": result.time_unit}, "model": result.meta.get("model")}
    return table


# --- xarray ---------------------------------------------------------------------------------------------------------------


class _Dimensions:
    """Gives equal coordinates one dimension: what was recorded at the same times of the same neurons shares them."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[NDArray[Any], dict[str, str]]] = {}

    def of(self, name: str, values: NDArray[Any], **told: str) -> str:
        """Return the dimension of some coordinates: of this name, or where that has others of one like it."""
        number, found = 1, name
        while found in self.known and not (np.array_equal(self.known[found][0], values) and self.known[found][1] == told):
            number += 1
            found = f"{name}_{number}"
        self.known[found] = (values, told)
        return found


def dataset(result: NetworkResult) -> xarray.Dataset:
    """Return what was recorded and the spikes as a Dataset; :meth:`NetworkResult.to_xarray` says more."""
    require_library("xarray", "a Dataset", "sweep")
    import xarray

    dimensions = _Dimensions()
    variables: dict[Hashable, Any] = {}
    coordinates: dict[Hashable, Any] = {}
    time = {"units": result.time_unit, "long_name": "time"}
    for name, trace in result.traces.items():
        neurons = dimensions.of(name.partition(".")[0], np.asarray(trace.index), long_name="neuron")
        variables[name] = ((dimensions.of("t", np.asarray(trace.t), **time), neurons), trace.values, _labels(result, name, trace.unit))
    for name, synapses in result.synapses.items():
        pairs = np.stack([np.asarray(synapses.source), np.asarray(synapses.target)])
        # A coordinate with a space in its name cannot be marked as one in a file.
        along = dimensions.of(name.rpartition(".")[0].replace(" -> ", "->").replace(" ", "_"), pairs)
        when = dimensions.of("t", np.asarray(synapses.t), **time)
        variables[name] = ((when, along), synapses.values, _labels(result, name, synapses.unit))
        coordinates |= {f"{along}.source": (along, pairs[0]), f"{along}.target": (along, pairs[1])}
    coordinates |= {name: (name, values, told) for name, (values, told) in dimensions.known.items() if values.ndim == 1}
    for name, spikes in result.spikes.items():
        variables[f"{name}.spike_times"] = (f"{name}.spike", np.asarray(spikes.times), {**time, "long_name": "times of the spikes"})
        variables[f"{name}.spike_index"] = (f"{name}.spike", np.asarray(spikes.index), {"long_name": "neuron that fired"})
    about = {"model": str(result.meta.get("model")), "sizes": json.dumps(dict(result.sizes)), "meta": json.dumps(_short(result.meta))}
    return xarray.Dataset(variables, coordinates, about)


def _labels(result: NetworkResult, name: str, unit: str) -> dict[str, str]:
    """Return the attributes of a variable."""
    return {"units": unit, "long_name": str(result.meta.get("labels", {}).get(name) or name)}


# --- neo ------------------------------------------------------------------------------------------------------------------


def block(result: NetworkResult) -> neo.Block:
    """Return a run as a Block; :meth:`NetworkResult.to_neo` says more."""
    require_library("neo", "a Block", "neo")
    require_time(result, "Neo")
    import neo

    time = _quantity_unit(result.time_unit)
    segment = neo.Segment(name=str(result.meta.get("model")))
    found: list[Any] = []
    for population, spikes in result.spikes.items():
        of_neurons = trains(spikes.times, spikes.index, result.sizes[population])
        found += [_train(neo, train, time, result.elapsed, population, k) for k, train in enumerate(of_neurons)]
    # All at once: each that is appended is compared with all before it.
    segment.spiketrains.extend(found)
    for name, trace in result.traces.items():
        signal = _signal(neo, name, trace, time)
        (segment.analogsignals if isinstance(signal, neo.AnalogSignal) else segment.irregularlysampledsignals).append(signal)
    whole = neo.Block(name=str(result.meta.get("model")), description=str(result.meta.get("title") or ""))
    whole.annotate(**_annotations(result.meta))
    whole.segments.append(segment)
    return whole


def _train(neo: Any, train: NDArray[np.float64], time: Any, stop: float, population: str, index: int) -> Any:
    """Return a spike train; one that was found at the end of a step may lie a rounding error behind the end of the run."""
    end = max(stop, float(train[-1])) if len(train) else stop
    return neo.SpikeTrain(train, units=time, t_start=0.0, t_stop=end, name=f"{population}[{index}]", population=population, index=index)


def _signal(neo: Any, name: str, trace: Trace, time: Any) -> Any:
    """Return a recorded quantity as a signal."""
    t, unit = np.asarray(trace.t, dtype=np.float64), _quantity_unit(trace.unit)
    told = {"name": name, "array_annotations": {"index": np.asarray(trace.index)}}
    values = np.asarray(trace.values, dtype=np.float64)
    step = step_of(t)
    if step is None:
        return neo.IrregularlySampledSignal(t, values, units=unit, time_units=time, **told)
    return neo.AnalogSignal(values, units=unit, t_start=t[0] * time, sampling_period=step * time, **told)


def step_of(t: NDArray[np.float64]) -> float | None:
    """Return the step between samples; None where it is not even, as that before a last sample at the end of a run."""
    if len(t) < 2:
        return None
    step = float(t[-1] - t[0]) / (len(t) - 1)
    return step if step > 0 and np.all(np.abs(np.diff(t) - step) <= EVEN * step) else None


def require_time(result: NetworkResult, what: str) -> None:
    """Raise V101 where the time of a run is none."""
    if seconds(result.time_unit) is None:
        told = f"the time of `{result.meta.get('model')}` has no unit, and {what} takes real times"
        raise fail(BAD_VALUE, told, help="give the model units, or save the result to `.npz`, `.h5` or `.csv`")


def seconds(time_unit: str) -> float | None:
    """Return how many seconds a unit of time is; None where it is none."""
    unit, second = parse_unit(time_unit), parse_unit("s")
    return float(unit.factor_to(second)) if unit.same_dimension(second) else None


def _quantity_unit(text: str) -> Any:
    """Return a unit as Quantities has it: its own where it knows the symbol, else one of that name with its value in SI units."""
    import quantities

    if KNOWN_UNITS.fullmatch(text):
        return getattr(quantities, text)
    unit = parse_unit(text)
    if unit == ONE:
        return quantities.dimensionless
    value: Any = float(math.prod(prime ** float(e) for prime, e in unit.scale))
    for base, exponent in zip(BASE_UNITS, unit.dimension, strict=True):
        value = value * getattr(quantities, base) ** float(exponent) if exponent else value
    return quantities.UnitQuantity(text, value * quantities.dimensionless, symbol=text)


def _annotations(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Neo can hold of what is told of a run: numbers and texts, and JSON for the rest."""
    told = {key: value for key, value in _short(meta).items() if value is not None and key not in ("name", "description")}
    return {key: value if isinstance(value, str | int | float) else json.dumps(value) for key, value in told.items()}


def _short(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a run without long lists, which attributes cannot hold."""
    return without_long_lists(finite(meta, []))
