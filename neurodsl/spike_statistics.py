"""Statistics of spike trains: rates, irregularity, correlation, synchrony and distances.

Times may be in any unit; rates are in one over that unit, widths and costs belong to it. A spike train is an array of times of shape (n,) in
any order; the spikes of a population are ``times`` and ``index``, arrays of shape (n,) that tell when which of ``size`` neurons fired, as
those of a result: ``r.spikes["E"].times``, ``r.spikes["E"].index``, ``r.sizes["E"]``. What is not defined, as the regularity of a train with one
spike, is nan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurodsl.diagnostics import fail
from neurodsl.rules import BAD_VALUE

Floats = NDArray[np.float64]

PAIRS_AT_ONCE = 2**22
"""Pairs of spikes that are looked at together."""
MOST_BINS = 10**8
FARTHEST = 9.0
"""Standard deviations after which a Gaussian is nothing beside its peak."""
ROUNDING = 1e-9
"""Widths of a bin within which a spike is at its edge, and so in the bin that ends there: times are multiples of a step, up to rounding."""


def trains(times: ArrayLike, index: ArrayLike, size: int) -> list[Floats]:
    """Return the spike train of each neuron of a population, sorted."""
    times, index = _spikes(times, index, size)
    order = np.lexsort((times, index))
    return np.split(times[order], np.cumsum(np.bincount(index, minlength=size))[:-1]) if size else []


def bin_edges(start: float, stop: float, width: float) -> Floats:
    """Return the edges of bins of one width from start to stop; the last bin is shorter where the width does not fit.

    Raises
    ------
    NeuroError
        V101 where the width is not positive, the span is negative or not finite, or there would be more than 1e8 bins.
    """
    if not width > 0 or not math.isfinite(width):
        raise fail(BAD_VALUE, f"the width of the bins is {width:g}", help="it is a positive time")
    if not (math.isfinite(start) and math.isfinite(stop) and start <= stop):
        raise fail(BAD_VALUE, f"bins from {start:g} to {stop:g} are none", help="the stop is not before the start")
    if (stop - start) / width > MOST_BINS:
        raise fail(BAD_VALUE, f"bins of {width:g} from {start:g} to {stop:g} are more than {MOST_BINS:.0e}", help="take wider ones")
    count = math.floor((stop - start) / width * (1 + 1e-12) + ROUNDING)
    edges: Floats = start + width * np.arange(count + 1.0)
    if stop - edges[-1] > ROUNDING * width:
        return np.append(edges, stop)
    edges[-1] = stop
    return edges


# --- rates ----------------------------------------------------------------------------------------------------------------


def mean_rates(times: ArrayLike, index: ArrayLike, size: int, start: float, stop: float) -> Floats:
    """Return the number of spikes per unit of time of each neuron over start <= t <= stop, of shape (size,); nan where that is empty."""
    times, index = _spikes(times, index, size)
    inside = (times >= start) & (times <= stop)
    counts = np.bincount(index[inside], minlength=size).astype(np.float64)
    return counts / (stop - start) if stop > start else np.full(size, np.nan)


def population_rate(times: ArrayLike, size: int, edges: ArrayLike) -> Floats:
    """Return the spikes of a population per neuron and unit of time in each bin, of shape (bins,).

    Bins are (a, b], the first one [a, b], so that each holds the same number of steps of a run on a grid, whose spikes carry the time of the end of
    their step. Spikes outside of all bins are not counted.
    """
    edges = _edges(edges)
    _, place = _bins(np.asarray(times, dtype=np.float64), edges)
    counts = np.bincount(place, minlength=len(edges) - 1)
    return counts / (np.diff(edges) * size) if size else np.full(len(counts), np.nan)


def smoothed_rate(times: ArrayLike, size: int, at: ArrayLike, width: float) -> Floats:
    """Return the rate of a population per neuron and unit of time at some times, smoothed by a Gaussian, of shape (len(at),).

    Parameters
    ----------
    width : float
        The standard deviation of the Gaussian, whose integral over all times is 1; near the ends of a run a part of it lies outside.

    References
    ----------
    Nawrot, Aertsen, Rotter (1999), doi:10.1016/S0165-0270(99)00127-2.
    """
    _require_positive("the width of the Gaussian", width)
    at = np.asarray(at, dtype=np.float64)
    times = np.sort(np.asarray(times, dtype=np.float64))
    found = np.zeros(len(at))
    for first, _, lag in _near(at, times, FARTHEST * width):
        weight = np.exp(-0.5 * (lag / width) ** 2)
        found += np.bincount(first, weight, minlength=len(at))
    return found / (math.sqrt(2 * math.pi) * width * size) if size else np.full(len(at), np.nan)


# --- irregularity -----------------------------------------------------------------------------------------------------------


def intervals(train: ArrayLike) -> Floats:
    """Return the intervals between successive spikes of a train, of shape (n - 1,)."""
    return np.diff(np.sort(np.asarray(train, dtype=np.float64)))


def cv(isi: ArrayLike) -> float:
    """Return the standard deviation of intervals over their mean: 0 for a clock, 1 for a Poisson process.

    The deviation has the number of intervals below the sum. nan for fewer than two intervals.

    References
    ----------
    Softky, Koch (1993), doi:10.1523/JNEUROSCI.13-01-00334.1993.
    """
    isi = np.asarray(isi, dtype=np.float64)
    return float(isi.std() / isi.mean()) if len(isi) > 1 and isi.mean() > 0 else math.nan


def cv2(isi: ArrayLike) -> float:
    """Return the mean of 2 abs(a - b)/(a + b) over neighbouring intervals a and b, which a slow change of the rate does not raise.

    nan for fewer than two intervals.

    References
    ----------
    Holt, Softky, Koch, Douglas (1996), doi:10.1152/jn.1996.75.5.1806.
    """
    before, after = _neighbours(isi)
    return float(np.mean(2 * np.abs(after - before) / (after + before))) if len(before) else math.nan


def local_variation(isi: ArrayLike) -> float:
    """Return the mean of 3 ((a - b)/(a + b))^2 over neighbouring intervals a and b: 0 for a clock, 1 for a Poisson process; nan for fewer than two.

    References
    ----------
    Shinomoto, Shima, Tanji (2003), doi:10.1162/089976603322518759.
    """
    before, after = _neighbours(isi)
    return float(np.mean(3 * ((after - before) / (after + before)) ** 2)) if len(before) else math.nan


def cvs(times: ArrayLike, index: ArrayLike, size: int) -> Floats:
    """Return :func:`cv` of the intervals of each neuron of a population, of shape (size,); nan for fewer than three spikes."""
    times, index = _spikes(times, index, size)
    order = np.lexsort((times, index))
    sorted_index = index[order]
    same = sorted_index[1:] == sorted_index[:-1]
    owner, isi = sorted_index[1:][same], np.diff(times[order])[same]
    count = np.bincount(owner, minlength=size)
    with np.errstate(all="ignore"):
        mean = np.bincount(owner, isi, minlength=size) / count
        deviation = np.sqrt(np.bincount(owner, (isi - mean[owner]) ** 2, minlength=size) / count)
        return np.where((count > 1) & (mean > 0), deviation / mean, np.nan)


def spike_counts(times: ArrayLike, index: ArrayLike, size: int, edges: ArrayLike) -> NDArray[np.int64]:
    """Return how often each neuron fired in each bin, of shape (size, bins); bins as in :func:`population_rate`."""
    times, index = _spikes(times, index, size)
    edges = _edges(edges)
    bins = len(edges) - 1
    if size * bins > MOST_BINS:
        raise fail(BAD_VALUE, f"{bins} bins of {size} neurons are more than {MOST_BINS:.0e} counts", help="take wider bins, or fewer neurons")
    inside, place = _bins(times, edges)
    return np.bincount(index[inside] * bins + place, minlength=size * bins).reshape(size, bins)


def fano_factor(counts: ArrayLike) -> float:
    """Return the variance of spike counts over their mean: 1 for a Poisson process, 0 for a clock. nan where no spike fell.

    Parameters
    ----------
    counts : array of shape (n,)
        Spikes in windows of one length, or in repeated trials. The variance has the number of counts below the sum.

    References
    ----------
    Fano (1947), doi:10.1103/PhysRev.72.26.
    """
    counts = np.asarray(counts, dtype=np.float64)
    return float(counts.var() / counts.mean()) if counts.size and counts.mean() > 0 else math.nan


# --- correlation and synchrony ----------------------------------------------------------------------------------------------


def cross_correlogram(first: ArrayLike, second: ArrayLike, longest: float, width: float) -> tuple[Floats, NDArray[np.int64]]:
    """Return how often a spike of the second train falls at which time after one of the first.

    Returns
    -------
    edges : array of shape (bins + 1,)
        Of the bins of the lag t_second - t_first. One is centred at 0, so that their number is odd; the outermost are those whose centre lies
        within the longest lag.
    counts : array of shape (bins,)
        Pairs of spikes; a bin is [a, b).

    References
    ----------
    Perkel, Gerstein, Moore (1967), doi:10.1016/S0006-3495(67)86597-4.
    """
    _require_positive("the width of the bins", width)
    reach = longest / width
    if not 0 <= reach < MOST_BINS:
        raise fail(BAD_VALUE, f"the longest lag is {longest:g} with bins of {width:g}", help="it is a time that is not negative, of 1e8 bins at most")
    side = math.floor(reach * (1 + 1e-12) + 1e-9)
    edges: Floats = width * (np.arange(2.0 * side + 2) - side - 0.5)
    counts = np.zeros(2 * side + 1, dtype=np.int64)
    first, second = (np.sort(np.asarray(train, dtype=np.float64)) for train in (first, second))
    for _, _, lag in _near(first, second, (side + 1) * width):
        place = np.floor(lag / width + 0.5 + ROUNDING).astype(np.int64) + side
        counts += np.bincount(place[(place >= 0) & (place <= 2 * side)], minlength=2 * side + 1)
    return edges, counts


def autocorrelogram(train: ArrayLike, longest: float, width: float) -> tuple[Floats, NDArray[np.int64]]:
    """Return how often a spike of a train falls at which time after another one of it; a spike is not paired with itself.

    See :func:`cross_correlogram` for what is returned.
    """
    train = np.asarray(train, dtype=np.float64)
    edges, counts = cross_correlogram(train, train, longest, width)
    counts[len(counts) // 2] -= len(train)
    return edges, counts


def count_correlation(counts: ArrayLike) -> Floats:
    """Return the correlation coefficient of Pearson of the spike counts of each pair of neurons, of shape (size, size).

    Parameters
    ----------
    counts : array of shape (size, bins)
        From :func:`spike_counts`; the width of the bins is the time scale that is looked at. A neuron whose counts are all equal, as one that is
        silent, has no correlation: nan.

    References
    ----------
    Cohen, Kohn (2011), doi:10.1038/nn.2842.
    """
    centred = _table(counts)
    centred = centred - centred.mean(axis=1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=1))
    with np.errstate(all="ignore"):
        found: Floats = np.clip(centred @ centred.T / np.outer(length, length), -1.0, 1.0)
    return found


def synchrony(traces: ArrayLike) -> float:
    """Return the measure chi of Golomb and Rinzel: 1 where all neurons do the same, of the order 1/sqrt(k) where k neurons are independent.

    It is the standard deviation over time of the mean over neurons, over the root of the mean over neurons of the variance of each over time.

    Parameters
    ----------
    traces : array of shape (n, k)
        A state of k neurons at n times, as ``r["E.v"]``. nan where nothing moves.

    References
    ----------
    Golomb, Rinzel (1993), doi:10.1103/PhysRevE.48.4810; (1994), doi:10.1016/0167-2789(94)90214-3.
    """
    values = _table(traces)
    own = values.var(axis=0).mean()
    return float(np.sqrt(values.mean(axis=1).var() / own)) if own > 0 else math.nan


def spike_synchrony(times: ArrayLike, index: ArrayLike, size: int, edges: ArrayLike) -> float:
    """Return chi of :func:`synchrony` of the spike counts of a population in bins: 1 where all fire in the same bins.

    Independent neurons have 1/sqrt(size). Silent neurons count as neurons. nan where the counts never change.

    References
    ----------
    Golomb (2007), doi:10.4249/scholarpedia.1347.
    """
    return synchrony(spike_counts(times, index, size, edges).T)


# --- distances --------------------------------------------------------------------------------------------------------------


def van_rossum_distance(first: ArrayLike, second: ArrayLike, tau: float) -> float:
    """Return the distance of van Rossum between two spike trains, whose spikes leave traces that decay with a time constant.

    D^2 is the integral of (f - g)^2 over time, over tau, where f and g are the sums of exp(-(t - t_k)/tau) over the spikes before t. A spike more or
    less adds 1/2 to D^2, far from all others.

    References
    ----------
    van Rossum (2001), doi:10.1162/089976601300014321; in closed form Houghton, Kreuz (2012), doi:10.3109/0954898X.2012.673048.
    """
    _require_positive("the time constant", tau)
    times = np.concatenate([np.asarray(train, dtype=np.float64) for train in (first, second)])
    signs = np.concatenate([np.ones(np.size(first)), -np.ones(np.size(second))])
    order = np.argsort(times, kind="stable")
    decays = np.exp(-np.diff(times[order]) / tau).tolist()
    total, trace = 0.0, 0.0
    for sign, decay in zip(signs[order].tolist(), [0.0, *decays], strict=False):
        trace = trace * decay
        total += 0.5 + sign * trace
        trace += sign
    return math.sqrt(max(total, 0.0))


def victor_purpura_distance(first: ArrayLike, second: ArrayLike, cost: float) -> float:
    """Return the distance of Victor and Purpura: the least that it costs to turn one spike train into the other.

    To add or to remove a spike costs 1, to move it by s costs ``cost``*s; ``cost`` is in one over the unit of the times.

    References
    ----------
    Victor, Purpura (1996), doi:10.1152/jn.1996.76.2.1310.
    """
    if not cost >= 0:
        raise fail(BAD_VALUE, f"the cost of moving a spike is {cost:g}", help="it is a number per time that is not negative")
    first, second = (np.sort(np.asarray(train, dtype=np.float64)) for train in (first, second))
    places = np.arange(len(second) + 1, dtype=np.float64)
    least = places
    with np.errstate(invalid="ignore"):
        for done, time in enumerate(first.tolist(), start=1):
            moved = np.where(second == time, 0.0, cost * np.abs(second - time))
            best = np.minimum(least[1:] + 1, least[:-1] + moved)
            # What is added to the left of a place costs 1 each: the smallest of best[k] + (place - k).
            least = np.minimum.accumulate(np.concatenate([[float(done)], best]) - places) + places
    return float(least[-1])


# --- what is given ------------------------------------------------------------------------------------------------------------


def _spikes(times: ArrayLike, index: ArrayLike, size: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return the spikes of a population as arrays; neurons have numbers below its size."""
    when, which = np.asarray(times, dtype=np.float64), np.asarray(index).astype(np.int64)
    if when.ndim != 1 or when.shape != which.shape:
        told = f"times of shape {when.shape} and neurons of shape {which.shape}"
        raise fail(BAD_VALUE, f"{told} are no spikes", help="both are arrays of one length")
    if len(which) and not 0 <= int(which.min()) <= int(which.max()) < size:
        told = f"neuron {int(which.max() if which.max() >= size else which.min())} fired in a population of {size}"
        raise fail(BAD_VALUE, told, help="neurons are counted from 0")
    return when, which


def _edges(edges: ArrayLike) -> Floats:
    """Return the edges of bins, which increase."""
    found = np.asarray(edges, dtype=np.float64)
    if found.ndim != 1 or len(found) < 2 or not np.all(np.diff(found) > 0):
        raise fail(BAD_VALUE, "the edges of bins are at least two times that increase", help="`bin_edges(0, 1000, 5)` makes them")
    return found


def _bins(times: Floats, edges: Floats) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which times fall into bins, and into which."""
    margin = ROUNDING * float(np.diff(edges).min())
    inside = (times >= edges[0] - margin) & (times <= edges[-1] + margin)
    place = np.searchsorted(edges + margin, times[inside], side="left") - 1
    return inside, np.maximum(place, 0)


def _table(values: ArrayLike) -> Floats:
    """Return an array of two dimensions."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or not found.size:
        raise fail(BAD_VALUE, f"an array of shape {found.shape} is no table", help="it has two dimensions, and numbers in it")
    return found


def _neighbours(isi: ArrayLike) -> tuple[Floats, Floats]:
    """Return the intervals that have one behind them, and those, without pairs of empty ones."""
    found = np.asarray(isi, dtype=np.float64)
    before, after = found[:-1], found[1:]
    counts = before + after > 0
    return before[counts], after[counts]


def _require_positive(what: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise fail(BAD_VALUE, f"{what} is {value:g}", help="it is a positive time")


def _near(first: Floats, second: Floats, farthest: float) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]:
    """Yield the pairs of two trains, the second of which is sorted, that are not farther apart: their numbers and the lag between them."""
    low = np.searchsorted(second, first - farthest, side="left")
    counts = np.searchsorted(second, first + farthest, side="right") - low
    passed = np.concatenate([[0], np.cumsum(counts)])
    begin = 0
    while begin < len(first):
        end = max(begin + 1, int(np.searchsorted(passed, passed[begin] + PAIRS_AT_ONCE, side="right")) - 1)
        here = counts[begin:end]
        one = np.repeat(np.arange(begin, end), here)
        other = np.arange(len(one)) + np.repeat(low[begin:end] - (passed[begin:end] - passed[begin]), here)
        yield one, other, second[other] - first[one]
        begin = end
