"""What goes where: which quantities share a panel, and how each is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsl.solution import Result

MOST_PANELS, MOST_LINES = 8, 8
BINS = 2000
"""Columns, about one for each pixel, of which a long trace keeps the extremes."""
LARGEST_DRAWN = 1e300
LARGEST_WHOLE = 10**7
"""Numbers of which all are looked at for a range."""
VOLTS = re.compile(r"[munµμ]?V")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """``kind``: ``lines`` over time, a ``heat`` map of the elements of one vector over time, or a ``matrix`` at its first and last time."""

    kind: str
    names: tuple[str, ...]


def voltage_first(result: Result) -> list[str]:
    """Return the recorded names with the membrane potential, or else the first state, in front."""
    states = [name for name in result if is_state(result, name)]
    volts = [name for name in states if VOLTS.fullmatch(result.units.get(name, "1"))]
    named = [name for name in volts if name[0] in "Vv"]
    top = (named or volts or states)[:1]
    return [*top, *(name for name in result if name not in top)]


def panels_of(result: Result, names: Iterable[str]) -> list[Panel]:
    """Return the panels of a figure in the order of the names, those of matrices last."""
    single = [name for name in names if not result.shape(name)]
    lines = arrange(result, single)
    found: list[Panel] = []
    matrices: list[Panel] = []
    for name in names:
        shape = result.shape(name)
        if len(shape) > 1:
            matrices.append(Panel("matrix", (name,)))
        elif shape:
            few = shape[0] <= MOST_LINES and not is_binary(result, name)
            found.append(Panel("lines" if few else "heat", (name,)))
        else:
            found += [Panel("lines", group) for group in lines if group[0] == name]
    return [panel for panel in found + matrices if all(result[name].size for name in panel.names)]


def arrange(result: Result, names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return which quantities that are numbers share which panel, in the order of the names.

    States that are fractions between 0 and 1 share one; so do derived quantities of one unit (the currents), states of one unit whose names
    differ by their number alone, and elements of one array.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        key = _role(result, name)
        while len(groups.get(key, ())) >= MOST_LINES:
            key = (*key, "more")
        groups.setdefault(key, []).append(name)
    return [tuple(group) for group in groups.values()]


def _role(result: Result, name: str) -> tuple[str, ...]:
    """Return what the quantities that share a panel have in common."""
    unit, state = result.units.get(name, "1"), is_state(result, name)
    low, high = extent(result[name])
    if "[" in name:
        return ("elements", name.partition("[")[0])
    if unit == "1" and low >= -0.05 and high <= 1.05:
        return ("fractions", "state" if state else "derived")
    if unit == "1":
        return ("alone", name)
    return ("state", unit, re.sub(r"_?\d+$", "", name)) if state else ("derived", unit)


def is_state(result: Result, name: str) -> bool:
    """Return whether a recorded name is that of a state, or of an element of one."""
    return name.partition("[")[0] in result.final


def is_binary(result: Result, name: str) -> bool:
    """Return whether a quantity of a map has two values alone: 0 and 1, or -1 and 1."""
    if not result.meta.get("discrete"):
        return False
    values = set(np.unique(result[name]).tolist())
    return values <= {0.0, 1.0} or values <= {-1.0, 1.0}


def returns(result: Result, panels: Iterable[Panel]) -> str | None:
    """Return the state of a map in one dimension, whose next value is drawn against the last one; None for other models."""
    shown = [name for panel in panels if panel.kind == "lines" for name in panel.names]
    (only, *more) = result.final or (None,)
    one = result.meta.get("discrete") and not more and only in shown and not result.shape(str(only)) and not is_binary(result, str(only))
    return only if one and len(result.t) > 2 else None


def drawable(trace: Floats) -> Floats:
    """Return a trace without the values that no axis can hold."""
    return np.where(np.abs(trace) < LARGEST_DRAWN, trace, np.nan)


def extent(trace: Floats) -> tuple[float, float]:
    """Return the smallest and the largest finite value of a trace, or 0 and 0; of a huge one, of what is drawn of it."""
    values = drawable(trace if trace.size <= LARGEST_WHOLE else trace[sampled(len(trace))])
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def thin(t: Floats, trace: Floats, bins: int = BINS) -> tuple[Floats, Floats]:
    """Return a trace that draws like the given one, with at most four points for each column of pixels.

    Of each column the first, the smallest, the largest and the last value are kept, in their order, so no spike is lost.
    """
    if len(t) <= 4 * bins:
        return t, trace
    size = len(t) // bins
    starts = np.arange(bins) * size
    columns = trace[: bins * size].reshape(bins, size)
    finite = np.isfinite(columns)
    lowest = starts + np.where(finite, columns, np.inf).argmin(axis=1)
    highest = starts + np.where(finite, columns, -np.inf).argmax(axis=1)
    kept = np.unique(np.concatenate([starts, lowest, highest, starts + size - 1, np.arange(bins * size, len(t))]))
    return t[kept], trace[kept]


def sampled(count: int, most: int = BINS) -> NDArray[np.int64]:
    """Return at most so many of the numbers from 0 to count - 1, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def over_copies(trace: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean over the second axis and the quantiles 5 % and 95 %, of the values that are finite."""
    values = np.where(np.isfinite(trace), trace, np.nan)
    good = np.isfinite(values).any(axis=1)
    mean, low, high = (np.full(len(values), np.nan) for _ in range(3))
    if good.any():
        mean[good] = np.nanmean(values[good], axis=1)
        low[good], high[good] = np.nanquantile(values[good], (0.05, 0.95), axis=1)
    return mean, low, high
