"""Results of networks as files of Neurodata Without Borders."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from neurodsl.solution.hdf5 import Steady
from neurodsl.solution.network_exchange import require_library, require_time, seconds, step_of
from neurodsl.solution.network_writing import about
from neurodsl.spike_statistics import trains

if TYPE_CHECKING:
    from neurodsl.solution.network import NetworkResult, SynapseTrace, Trace


def require_pynwb() -> None:
    """Raise F109 (exit code 4) where pynwb is not installed."""
    require_library("pynwb", "an `.nwb` file", "nwb")


def require_seconds(result: NetworkResult) -> None:
    """Raise V101 where the time of a run cannot be told in seconds."""
    require_time(result, "an `.nwb` file")


def write_nwb(result: NetworkResult, file: BinaryIO) -> None:
    """Write the spikes, in seconds, as a table of units and what was recorded as time series; what is told of the run stands in the notes."""
    import h5py
    import pynwb

    model, told = str(result.meta.get("model")), about(result, {})
    title = str(result.meta.get("title") or model)
    steady = Steady(file.fileno())
    session = pynwb.NWBFile(
        session_description=f"simulation of the network {model}: {title}",
        identifier=hashlib.sha256(told.encode()).hexdigest(),
        session_start_time=datetime.now(UTC),
        notes=told,
        keywords=["simulation"],
    )
    session.units = _units(pynwb, result)
    factor = seconds(result.time_unit) or 1.0
    for name, trace in result.traces.items():
        session.add_acquisition(_series(pynwb, result, name, trace, factor))
    if result.synapses:
        module = session.create_processing_module("synapses", "quantities of synapses, and which neurons they join")
        for name, synapses in result.synapses.items():
            module.add(_series(pynwb, result, name, synapses, factor))
            module.add(_pairs(pynwb, name, synapses))
    with h5py.File(steady, "w") as h5, pynwb.NWBHDF5IO(file=h5, mode="w") as writer:
        writer.write(session)
    steady.require_sound()


def _units(pynwb: Any, result: NetworkResult) -> Any:
    """Return the table of all neurons with their spikes."""
    factor = seconds(result.time_unit) or 1.0
    found = [train * factor for name, spikes in result.spikes.items() for train in trains(spikes.times, spikes.index, result.sizes[name])]
    column, ends = pynwb.core.VectorData, np.cumsum([len(train) for train in found]) if found else np.zeros(0, np.int64)
    times = column(name="spike_times", description="the spikes of a neuron in seconds", data=np.concatenate([np.zeros(0), *found]))
    population = [name for name in result.spikes for _ in range(result.sizes[name])]
    number = np.concatenate([np.zeros(0, np.int64), *(np.arange(result.sizes[name]) for name in result.spikes)])
    columns = [
        times,
        pynwb.core.VectorIndex(name="spike_times_index", data=ends.astype(np.uint64), target=times),
        column(name="population", description="the population that a neuron belongs to", data=population),
        column(name="index", description="the number of a neuron in its population", data=number),
    ]
    return pynwb.misc.Units(name="units", description="all neurons of the network", columns=columns)


def _series(pynwb: Any, result: NetworkResult, name: str, recorded: Trace | SynapseTrace, factor: float) -> Any:
    """Return what was recorded as a time series."""
    t = np.asarray(recorded.t, dtype=np.float64)
    step = step_of(t)
    when = {"timestamps": t * factor} if step is None else {"starting_time": float(t[0]) * factor, "rate": 1 / (step * factor)}
    label = str(result.meta.get("labels", {}).get(name) or name)
    of = f"of the neurons {np.asarray(recorded.index).tolist()}" if hasattr(recorded, "index") else f"of the synapses in `{name} synapses`"
    unit = "n/a" if recorded.unit == "1" else recorded.unit
    return pynwb.TimeSeries(name=name, data=np.asarray(recorded.values), unit=unit, description=f"{label}, {of}", **when)


def _pairs(pynwb: Any, name: str, synapses: SynapseTrace) -> Any:
    """Return the table of the neurons that synapses join."""
    column = pynwb.core.VectorData
    columns = [
        column(name=part, description=f"the number of the {part} in its population", data=np.asarray(getattr(synapses, part)))
        for part in ("source", "target")
    ]
    return pynwb.core.DynamicTable(name=f"{name} synapses", description="the neurons that each synapse joins", columns=columns)
