"""Independent copies of a network: a list of results, and what they are together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl.diagnostics import fail, printable
from neurodsl.files import require_writable, write_atomically
from neurodsl.rules import BAD_VALUE
from neurodsl.solution.network import NetworkResult, mean_rate, rate_unit
from neurodsl.solution.result import Floats
from neurodsl.solution.writing import finite, write_arrays

MOST_ROWS = 12
"""Populations that are told one by one."""


@dataclass(frozen=True, eq=False, repr=False)
class NetworkCopies:
    """Copies of a network: ``copies[2]`` is the result of one, ``copies.mean_rates("E")`` has a number for each.

    Each copy has synapses, draws and noise of its own; ``simulate(seed=copies.seeds[k])`` is copy k.

    Attributes
    ----------
    results : tuple of NetworkResult
    meta : mapping
        JSON-ready: model, title, seed, how many copies were asked for, timing and the like.
    """

    results: tuple[NetworkResult, ...]
    meta: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        return f"<neurodsl {len(self)} copies of {self.meta.get('model')}: {', '.join(f'{name}[{size}]' for name, size in self.sizes.items())}>"

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, copy: int) -> NetworkResult:
        return self.results[copy]

    def __iter__(self) -> Iterator[NetworkResult]:
        return iter(self.results)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Return how many neurons each population has."""
        return self.results[0].sizes

    @property
    def seeds(self) -> list[int]:
        """Return the seed of each copy."""
        return [int(result.meta["seed"]) for result in self.results]

    def rates(self, population: str) -> Floats:
        """Return the mean number of spikes per unit of time of each neuron, of shape (copies, size).

        Raises
        ------
        KeyError
            For an unknown population.
        """
        return np.array([result.rates(population) for result in self.results])

    def mean_rates(self, population: str) -> Floats:
        """Return the number of spikes per neuron and unit of time, of shape (copies,).

        Raises
        ------
        KeyError
            For an unknown population.
        """
        return np.array([result.rates(population).mean() for result in self.results])

    def save(self, path: str | Path) -> tuple[Path, ...]:
        """Write the copies to an `.npz` file, and return the files that were written.

        It loads with `allow_pickle=False`, and holds `seed`, of shape (copies,); of each population `E.rates`, of shape (copies, size), and
        `E.spike_times`, `E.spike_index` and `E.spike_copy`; of each recorded quantity `E.v`, of shape (copies, times, neurons), `E.v.t` and `E.v.index`;
        of one of synapses `E -> E.w`, of shape (times, synapses of all copies), with `.t`, `.source`, `.target` and `.copy`; of each state at the end
        `E.final.v`, of shape (copies, size); and `meta` (JSON text). Where a copy was stopped, its values behind are nan. `neurodsl.load_result` reads it
        again.

        Raises
        ------
        NeuroError
            V101 for another suffix, F102 where the file cannot be written.
        """
        path = Path(path)
        require_copies_destination(path)
        write_atomically(path, lambda file: _write(self, file))
        return (path,)

    def to_dict(self, summary: bool = False) -> dict[str, Any]:
        """Return the copies as JSON-ready values: ``copies``, each as :meth:`NetworkResult.to_dict` tells it."""
        plain: dict[str, Any] = finite(dict(self.meta), [])
        return {**plain, "copies": [result.to_dict(summary) for result in self.results]}

    def to_json(self, summary: bool = False) -> str:
        """Return :meth:`to_dict` as JSON text."""
        return json.dumps(self.to_dict(summary), allow_nan=False)


def require_copies_destination(path: str | Path) -> None:
    """Raise, before a run, what saving its copies would raise afterwards.

    Raises
    ------
    NeuroError
        V101 for another suffix than `.npz`, F102 where the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        named = f"`{path.suffix}` is no format for copies of a network" if path.suffix else "the name has no suffix that tells the format"
        raise fail(BAD_VALUE, f"cannot save to `{path}`: {named}", help="use `.npz`; a single copy, `copies[0]`, can be saved to all formats")
    require_writable(path)


def _write(copies: NetworkCopies, file: BinaryIO) -> None:
    """Write copies: the parts of all stand in one array, behind one another or along an axis of their own."""
    arrays: dict[str, NDArray[Any]] = {"seed": np.array(copies.seeds, np.uint64)}
    first = copies[0]
    members: dict[str, Any] = {"spikes": {}, "traces": {}, "synapses": {}, "final": {name: {} for name in first.final}}

    def add(name: str, array: NDArray[Any]) -> str:
        """Add an array under a name that is free, and return it: a state may be called `rates`."""
        while name in arrays:
            name += "_"
        arrays[name] = array
        return name

    for name in first.sizes:
        trains = [result.spikes[name] for result in copies]
        add(f"{name}.rates", copies.rates(name))
        members["spikes"][name] = {
            "times": add(f"{name}.spike_times", np.concatenate([spikes.times for spikes in trains])),
            "index": add(f"{name}.spike_index", np.concatenate([np.asarray(spikes.index, np.int64) for spikes in trains])),
            "copy": add(f"{name}.spike_copy", _numbers([spikes.count for spikes in trains])),
        }
    for name, trace in first.traces.items():
        t, values = _padded([(result.traces[name].t, result.traces[name].values) for result in copies])
        members["traces"][name] = {"values": add(name, np.stack(values)), "t": add(f"{name}.t", t), "index": add(f"{name}.index", trace.index)}
    for name in first.synapses:
        found = [result.synapses[name] for result in copies]
        t, values = _padded([(trace.t, trace.values) for trace in found])
        members["synapses"][name] = {"values": add(name, np.concatenate(values, axis=1)), "t": add(f"{name}.t", t)}
        members["synapses"][name] |= {
            part: add(f"{name}.{part}", np.concatenate([getattr(trace, part) for trace in found])) for part in ("source", "target")
        }
        members["synapses"][name]["copy"] = add(f"{name}.copy", _numbers([len(trace.source) for trace in found]))
    for name, states in first.final.items():
        members["final"][name] = {state: add(f"{name}.final.{state}", np.array([result.final[name][state] for result in copies])) for state in states}
    told = {**copies.meta, "sizes": dict(first.sizes), "units": dict(first.units), "members": members, "copies": _told(copies)}
    write_arrays({**arrays, "meta": np.array(json.dumps(finite(told, []), allow_nan=False))}, file)


def _told(copies: NetworkCopies) -> dict[str, Any]:
    """Return what is to be told of each copy, and once what is the same of all."""
    first = dict(copies[0].meta)
    shared = {key: value for key, value in first.items() if all(key in result.meta and result.meta[key] == value for result in copies)}
    each = []
    for result in copies:
        times = {name: len(trace.t) for name, trace in result.traces.items()} | {name: len(trace.t) for name, trace in result.synapses.items()}
        each.append({**{key: value for key, value in result.meta.items() if key not in shared}, "times": times})
    return {"shared": shared, "each": each}


def _padded(found: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, list[Floats]]:
    """Return the times of the copy that came furthest, and the values of each, with nan behind where a copy was stopped."""
    longest = max((t for t, _ in found), key=len)
    padded = [np.full((len(longest), values.shape[1]), np.nan) for _, values in found]
    for whole, (t, values) in zip(padded, found, strict=True):
        whole[: len(t)] = values
    return longest, padded


def _numbers(counts: Sequence[int]) -> NDArray[np.int64]:
    """Return the number of the copy for each of what the copies have."""
    return np.repeat(np.arange(len(counts)), counts)


def copies_summary(copies: NetworkCopies) -> str:
    """Return the lines that tell a person what copies of a network did."""
    meta, first = copies.meta, copies[0]
    factor, unit = rate_unit(first.time_unit)
    time = "" if first.time_unit == "1" else f" {first.time_unit}"
    head = f"{meta['model']}: {meta['title']}" if meta.get("title") else str(meta["model"])
    asked = meta["asked"]
    told = str(len(copies)) if len(copies) == asked else f"{len(copies)} of {asked}"
    rows = [("copies", f"{told}, each with synapses, draws and noise of its own"), ("steps", f"{first.meta['steps']} of {first.meta['dt']:g}{time}")]
    for k, (name, size) in enumerate(list(first.sizes.items())[:MOST_ROWS]):
        found = np.array([mean_rate(result, name) for result in copies]) * factor
        rate = f"{found.mean():.4g} {'per unit of time' if unit == '1' else unit}"
        spread = f" (from {found.min():.4g} to {found.max():.4g})" if len(found) > 1 else ""
        rows.append(("spikes" if k == 0 else "", f"{name}  {size} {'neuron' if size == 1 else 'neurons'}: mean rate {rate}{spread}"))
    rows.append(("seed", f"{meta['seed']}, from which that of each copy follows"))
    rows.append(("time", ", ".join(f"{key.removesuffix('_s')} {seconds:.3g} s" for key, seconds in meta["timing"].items())))
    if meta["interrupted"]:
        rows.insert(0, ("stopped", "interrupted"))
    return "\n".join(printable(line) for line in [head, *(f"  {key:<10}{text}" for key, text in rows)])
