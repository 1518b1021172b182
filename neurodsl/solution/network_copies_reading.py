"""Copies of a network read from a file: what they share is taken apart again, and each becomes a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsl.solution.network import NetworkResult
from neurodsl.solution.network_copies import NetworkCopies
from neurodsl.solution.reading import DamageError

Get = Callable[[str], NDArray[Any]]
"""Returns a member of a file by its name."""
Made = Callable[[dict[str, Any], Mapping[str, Any], Get], NetworkResult]
"""Makes a result of what a file says of its run, of the names of its members, and of the members."""


def copies_of(meta: dict[str, Any], get: Get, made: Made) -> NetworkCopies:
    """Return the copies that a file holds.

    Parameters
    ----------
    meta : dict
        What the file says of the runs; taken apart.
    get, made : callable

    Raises
    ------
    DamageError
        Where the members do not fit one another.
    """
    told, names = meta.pop("copies"), meta["members"]
    own = {key: meta.pop(key) for key in ("sizes", "units", "members")}
    shared, each = told["shared"], told["each"]
    if not (isinstance(shared, dict) and isinstance(each, list) and each and all(isinstance(one, dict) for one in each)):
        raise DamageError("its member `meta` does not describe copies")
    parts = _parts(names, [one.pop("times") for one in each], get)
    results = (made({**shared, **one, **own}, names, part.__getitem__) for one, part in zip(each, parts, strict=True))
    return NetworkCopies(tuple(results), meta)


def _parts(names: Mapping[str, Any], times: Sequence[Mapping[str, int]], get: Get) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the members of each copy; ``times`` tells how many times of what was recorded each has."""
    count = len(times)
    spikes = {population: (found, _cuts(found["copy"], get, count)) for population, found in names["spikes"].items()}
    synapses = {name: (found, _cuts(found["copy"], get, count)) for name, found in names["synapses"].items()}
    for k in range(count):
        part: dict[str, NDArray[Any]] = {}
        for found, cuts in spikes.values():
            part |= {found[what]: _along(get, found[what], 0)[cuts[k] : cuts[k + 1]] for what in ("times", "index")}
        for name, found in names["traces"].items():
            until = times[k][name]
            part |= {found["t"]: _along(get, found["t"], 0)[:until], found["index"]: get(found["index"])}
            part[found["values"]] = _copy(get, found["values"], k, count)[:until]
        for name, (found, cuts) in synapses.items():
            here, until = slice(cuts[k], cuts[k + 1]), times[k][name]
            part |= {found[what]: _along(get, found[what], 0)[here] for what in ("source", "target")}
            part |= {found["t"]: _along(get, found["t"], 0)[:until], found["values"]: _along(get, found["values"], 1)[:until, here]}
        for states in names["final"].values():
            part |= {member: _copy(get, member, k, count) for member in states.values()}
        yield part


def _cuts(name: str, get: Get, count: int) -> NDArray[np.int64]:
    """Return where the part of each copy begins, and the last ends, in what is ordered by copies."""
    copy = _along(get, name, 0)
    sound = copy.ndim == 1 and copy.dtype.kind in "iu" and bool(np.all(np.diff(copy.astype(np.int64)) >= 0))
    if not sound or (len(copy) and not 0 <= int(copy[0]) <= int(copy[-1]) < count):
        raise DamageError(f"its member `{name}` names copies that there are not")
    return np.searchsorted(copy, np.arange(count + 1)).astype(np.int64)


def _along(get: Get, name: str, axis: int) -> NDArray[Any]:
    """Return a member that has an axis."""
    array = get(name)
    if array.ndim <= axis:
        raise DamageError(f"its member `{name}` has the shape {array.shape}")
    return array


def _copy(get: Get, name: str, copy: int, count: int) -> NDArray[Any]:
    """Return the part of a copy of a member whose first axis is that of the copies."""
    array = _along(get, name, 1)
    if len(array) != count:
        raise DamageError(f"its member `{name}` has the shape {array.shape}, and there are {count} copies")
    found: NDArray[Any] = array[copy]
    return found
