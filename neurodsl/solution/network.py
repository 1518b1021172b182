"""What a run of a network returns: the spikes of its populations, what was recorded, the final state, and how they came about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail, nearest
from neurodsl.rules import BAD_VALUE
from neurodsl.solution.result import Floats, Spikes, without_long_lists
from neurodsl.solution.words import SECONDS
from neurodsl.solution.writing import finite
from neurodsl.spike_statistics import bin_edges, cvs, mean_rates, population_rate

if TYPE_CHECKING:
    import neo
    import pandas
    import xarray
    from matplotlib.figure import Figure

BINS_OF_A_RUN = 100
"""Bins of a population rate where no window is named."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A quantity of chosen neurons over time.

    Attributes
    ----------
    t : array of shape (n,)
        In the unit of the time of the run.
    index : array of shape (k,)
        The numbers of the neurons in their population.
    values : array of shape (n, k)
    unit : str
        Of the values; ``1`` where they are dimensionless.
    """

    t: Floats
    index: NDArray[Any]
    values: Floats
    unit: str


@dataclass(frozen=True, eq=False)
class SynapseTrace:
    """A quantity of the synapses of a projection at chosen times.

    Attributes
    ----------
    t : array of shape (m,)
        In the unit of the time of the run.
    source, target : array of shape (s,)
        The numbers of the two neurons that each synapse joins, in their populations.
    values : array of shape (m, s)
    unit : str
        Of the values; ``1`` where they are dimensionless.
    """

    t: Floats
    source: NDArray[Any]
    target: NDArray[Any]
    values: Floats
    unit: str


@dataclass(frozen=True, eq=False)
class PopulationRate:
    """The rate of a population over time.

    Attributes
    ----------
    edges : array of shape (bins + 1,)
        Of the bins, in the unit of the time of the run; the last bin is shorter where the window does not fit.
    values : array of shape (bins,)
        Spikes per neuron and unit of time.
    unit : str
        ``1/ms``; ``1`` where the time has no unit.
    """

    edges: Floats
    values: Floats
    unit: str


@dataclass(frozen=True, eq=False, repr=False)
class NetworkResult:
    """A run of a network: ``r.spikes["E"]`` are the spikes of a population, ``r["E.v"]`` is what was recorded of one, ``r["E -> E.w"]`` of synapses.

    Attributes
    ----------
    sizes : mapping of population to int
        How many neurons each has, in the order of the file.
    spikes : mapping of population to Spikes
        When which neuron fired, in the order of time.
    traces : mapping of name to Trace
        The recorded quantities of neurons, ``E.v``.
    synapses : mapping of name to SynapseTrace
        The recorded quantities of synapses: the name of the projection, a dot and that of the quantity.
    final : mapping of population to mapping of state to array of shape (size,)
        The state at the end, or at the last time that was good.
    units : mapping of name to str
        Of the time, ``t``, and of each state and recorded quantity, ``E.v``; ``1`` where it is dimensionless.
    meta : mapping
        JSON-ready: model, title, method, step, seed, ``elapsed`` (the time that was simulated), ``projections`` (how many synapses each has), timing
        and the like.
    """

    sizes: Mapping[str, int]
    spikes: Mapping[str, Spikes]
    traces: Mapping[str, Trace]
    synapses: Mapping[str, SynapseTrace]
    final: Mapping[str, Mapping[str, NDArray[Any]]]
    units: Mapping[str, str]
    meta: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        unit = "" if self.time_unit == "1" else f" {self.time_unit}"
        populations = ", ".join(f"{name}[{size}]" for name, size in self.sizes.items()) or "no populations"
        recorded = ", ".join(f"{name} of shape {self[name].shape}" for name in self) or "spikes alone"
        return f"<neurodsl result of {self.meta.get('model')}: {populations}, {self.elapsed:g}{unit}, spikes: {self.count}, recorded: {recorded}>"

    def __getitem__(self, name: str) -> Floats:
        found: Trace | SynapseTrace | None = self.traces.get(name) or self.synapses.get(name)
        if found is not None:
            return found.values
        near = nearest(name, self)
        recorded = ", ".join(f"`{known}`" for known in self) or "spikes alone"
        raise KeyError(f"`{name}` was not recorded; " + (f"did you mean `{near}`?" if near else f"recorded: {recorded}"))

    def __contains__(self, name: object) -> bool:
        return name in self.traces or name in self.synapses

    def __iter__(self) -> Iterator[str]:
        yield from self.traces
        yield from self.synapses

    def __len__(self) -> int:
        return len(self.traces) + len(self.synapses)

    @property
    def time_unit(self) -> str:
        """Return the unit of the time; ``1`` where it has none."""
        return self.units.get("t", "1")

    @property
    def elapsed(self) -> float:
        """Return the time that was simulated, in the unit of the time."""
        return float(self.meta.get("elapsed", self.meta.get("duration", 0.0)))

    @property
    def stopped(self) -> str:
        """Return why the run ended early; the empty text where it came to its end."""
        if self.meta.get("complete", not self.meta.get("interrupted")):
            return ""
        return str(self.meta.get("stopped") or ("interrupted" if self.meta.get("interrupted") else "before the end"))

    @property
    def count(self) -> int:
        """Return the number of spikes of all populations."""
        return sum(spikes.count for spikes in self.spikes.values())

    def rate(self, population: str, window: float | None = None) -> PopulationRate:
        """Return the rate of a population over time: spikes per neuron and unit of time in bins.

        Parameters
        ----------
        population : str
        window : float, optional
            The width of the bins in the unit of the time; a hundredth of the run by default.

        Raises
        ------
        KeyError
            For an unknown population.
        NeuroError
            V101 where the window is not positive, or the run has no length.
        """
        size, spikes = self._population(population)
        if not self.elapsed > 0:
            raise fail(BAD_VALUE, "a run without length has no rate", help="simulate for a positive `duration`")
        edges = bin_edges(0.0, self.elapsed, self.elapsed / BINS_OF_A_RUN if window is None else window)
        return PopulationRate(edges, population_rate(spikes.times, size, edges), "1" if self.time_unit == "1" else f"1/{self.time_unit}")

    def rates(self, population: str) -> Floats:
        """Return the mean number of spikes per unit of time of each neuron, of shape (size,); nan for a run without length."""
        size, spikes = self._population(population)
        return mean_rates(spikes.times, spikes.index, size, 0.0, self.elapsed)

    def _population(self, name: str) -> tuple[int, Spikes]:
        """Return the size and the spikes of a population."""
        if name not in self.sizes:
            near = nearest(name, self.sizes)
            known = ", ".join(f"`{population}`" for population in self.sizes)
            raise KeyError(f"there is no population `{name}`; " + (f"did you mean `{near}`?" if near else f"populations: {known}"))
        return self.sizes[name], self.spikes[name]

    def save(self, path: str | Path) -> tuple[Path, ...]:
        """Write the result to a `.npz`, `.h5`, `.nwb` or `.csv` file, and return the files that were written.

        An `.npz` loads with `allow_pickle=False`. It holds of each population `E.spike_times` and `E.spike_index`; of each recorded quantity `E.v`
        (time first), `E.v.t` and `E.v.index`; of one of synapses `E -> E.w` (time first), `E -> E.w.t`, `E -> E.w.source` and `E -> E.w.target`; of each
        state at the end `E.final.v`; and `meta` (JSON text), whose `sizes`, `units` and `members` tell populations, units and what each member is.

        An `.h5` holds the same in the groups `spikes/E`, `traces/E.v`, `synapses/E -> E.w` and `final/E`, with units as attributes; it takes
        h5py: `pip install "neurodsl[sweep]"`. An `.nwb` (Neurodata Without Borders 2) holds the spikes in seconds as a table of units and what was
        recorded as time series; it takes pynwb: `pip install "neurodsl[nwb]"`.

        A `.csv` is the table of the spikes: population, index, time. What else was recorded stands beside it, in `F.E.v.csv` a column for each neuron, in
        `F.E-to-I.w.csv` (of the synapses of `E -> I`) a row for each synapse.

        Raises
        ------
        NeuroError
            V101 for another suffix or a run that the format cannot hold, F102 where the file cannot be written, F109 where a library that it takes
            is not installed.
        """
        written: tuple[Path, ...] = import_module("neurodsl.solution.network_writing").save(self, Path(path))
        return written

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the spikes as a raster, the rates of the populations and what was recorded of neurons; write the figure where a path is given.

        Raises
        ------
        NeuroError
            V101 for a suffix other than .png, .svg and .pdf, F102 where the file cannot be written.
        """
        plotting = import_module("neurodsl.plotting.network")
        figure: Figure = plotting.figure_of(self)
        if path is not None:
            plotting.save(figure, path)
        return figure

    def plot_synapses(self, path: str | Path | None = None) -> Figure:
        """Draw what was recorded of synapses, as matrices and histograms at the first and the last time; write the figure where a path is given.

        Raises
        ------
        NeuroError
            V101 where nothing of synapses was recorded, and for a suffix other than .png, .svg and .pdf; F102 where the file cannot be written.
        """
        figure: Figure = import_module("neurodsl.plotting.network_synapses").synapses_figure(self)
        if path is not None:
            import_module("neurodsl.plotting.network").save(figure, path)
        return figure

    def to_dict(self, summary: bool = False) -> dict[str, Any]:
        """Return the run as JSON-ready values, without what was recorded, and with `summary` also without the lists of spikes and other long lists.

        ``final`` and ``spikes`` hold an entry for each population, that of the spikes their ``count``, ``rate`` (the mean over the neurons, in the unit
        ``units["rate"]``), ``cv`` (of the intervals, the mean over neurons with three spikes at least), ``times`` and ``index``. A number that is not
        finite becomes None; where that is one of the final state, ``complete`` is false.
        """
        factor, unit = rate_unit(self.time_unit)
        spikes: dict[str, Any] = {}
        for name, found in self.spikes.items():
            spikes[name] = {"count": found.count, "rate": mean_rate(self, name) * factor, "cv": mean_cv(self, name)}
            if not summary:
                spikes[name] |= {"times": np.asarray(found.times).tolist(), "index": np.asarray(found.index).tolist()}
        lost: list[float] = []
        final = finite({name: {state: np.asarray(values).tolist() for state, values in states.items()} for name, states in self.final.items()}, lost)
        told = {**self.meta, "sizes": dict(self.sizes), "spikes": spikes, "units": {**self.units, "rate": unit}}
        plain = {**finite(told, []), "final": final}
        shown = without_long_lists(plain) if summary else plain
        return {**shown, "complete": False} if lost else shown

    def to_json(self, summary: bool = False) -> str:
        """Return :meth:`to_dict` as JSON text."""
        return json.dumps(self.to_dict(summary), allow_nan=False)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the spikes as a table with the columns ``population``, ``index`` and ``time``, sorted by the time.

        Raises
        ------
        NeuroError
            F109 (exit code 4) where pandas is missing.
        """
        found: pandas.DataFrame = import_module("neurodsl.solution.network_exchange").spike_table(self)
        return found

    def to_xarray(self) -> xarray.Dataset:
        """Return what was recorded and the spikes as a Dataset, with units as attributes.

        ``E.v`` has the dimensions of its times (``t``) and neurons (``E``), ``E -> I.w`` those of its times and synapses (``E->I``), with the
        coordinates ``E->I.source`` and ``E->I.target``. ``E.spike_times`` and ``E.spike_index`` have the dimension ``E.spike``.

        Raises
        ------
        NeuroError
            F109 (exit code 4) where xarray is missing.
        """
        found: xarray.Dataset = import_module("neurodsl.solution.network_exchange").dataset(self)
        return found

    def to_neo(self) -> neo.Block:
        """Return the run as a Block of Neo with one Segment: a SpikeTrain for each neuron, silent ones included, and a signal for each recorded quantity.

        Each train has the annotations ``population`` and ``index``; a signal is an AnalogSignal where its times are evenly spaced, else an
        IrregularlySampledSignal. What was recorded of synapses is not part of it.

        Raises
        ------
        NeuroError
            F109 (exit code 4) where neo is missing, V101 where the time has no unit.
        """
        found: neo.Block = import_module("neurodsl.solution.network_exchange").block(self)
        return found


def mean_rate(result: NetworkResult, population: str) -> float:
    """Return the spikes per neuron and unit of time of a population; nan for a run without length or a population without neurons."""
    whole = result.elapsed * result.sizes[population]
    return result.spikes[population].count / whole if whole > 0 else float("nan")


def mean_cv(result: NetworkResult, population: str) -> float:
    """Return the mean of the CV of the intervals over the neurons that fired three times at least; nan where there is none."""
    spikes = result.spikes[population]
    found = cvs(spikes.times, spikes.index, result.sizes[population])
    good = found[np.isfinite(found)]
    return float(good.mean()) if len(good) else float("nan")


def rate_unit(time_unit: str) -> tuple[float, str]:
    """Return the factor that brings rates per unit of time into the unit in which they are told, and that unit: Hz where the time has one."""
    if time_unit in SECONDS:
        return 1 / SECONDS[time_unit], "Hz"
    return 1.0, "1" if time_unit == "1" else f"1/{time_unit}"
