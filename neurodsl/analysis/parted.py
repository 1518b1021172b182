"""Fixed points of a network at which neurons that are alike differ: bumps, winners, stored patterns. They are searched for among all neurons.

Neurons that are alike may be exchanged where their synapses allow it, so that such states come in many copies: of many, one of each is told.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.integrate import solve_ivp

from neurodsl.analysis.box_arithmetic import Floats
from neurodsl.analysis.domain import Box, box_of, default_box
from neurodsl.analysis.equations import moving, start_of
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.linear_stability import classify, eigenvalues_of, unstable_directions
from neurodsl.analysis.points import MOST_OTHERS, FixedPoint, FixedPoints
from neurodsl.analysis.search import Field, is_known, polish, search

SECONDS = 4.0
RUNS, ASIDE = 6, 1e-2
"""Runs from near a state that gives way, and how far from it they begin."""
DURATION = 60.0
"""Of a run, in units of the time in which a difference grows by e."""
RESTS = 1e-9
"""The residual of a state of rest, in units of the size of the state and the rate at which differences grow."""
NEAR = 1e-4
"""So near to the end of a run lies the state on which it settles."""
ALIKE = 1e-6
"""Values that differ by less, relative to the largest, are equal."""


def with_parted(frozen: Frozen, found: FixedPoints, box: Box | None = None) -> FixedPoints:
    """Return fixed points with those at which neurons that are alike differ, where one of them is unstable against such differences.

    Parameters
    ----------
    frozen : Frozen
        The network of the kinds of neurons.
    found : FixedPoints
        Those of that network.
    box : mapping of str to (float, float)
        Where they are looked for; the range of a state of a kind is that of all its neurons.
    """
    if frozen.whole is None or not any(p.parts for p in found):
        return found
    if frozen.each is None:
        told = f"not looked for among {frozen.whole.size} states; a run that begins in such a state shows where it goes: `neurodsl simulate`"
        return replace(found, others_told=told)
    each = frozen.each()
    field, start, numbers = Field(each), start_of(each), moving(each)
    given = {} if box is None else box_of(frozen, box)
    kinds = _kinds(frozen, each)
    low, high = np.full(len(start), -np.inf), np.full(len(start), np.inf)
    for i in numbers:
        low[i], high[i] = given.get(kinds[i]) or default_box(each.states[i], float(start[i]))
    settled = [s for p in found if p.parts for s in _settled(each, field, _spread(p, kinds), p, numbers)]
    searched, tried = search(field, low, high, start, numbers, SECONDS)
    points: list[Floats] = []
    for point in (*settled, *searched):
        points += [] if is_known(point, points) else [point]
    tried += RUNS * sum(p.parts for p in found)
    others = [_point(each, field, point, numbers) for point in points if not _is_alike(point, kinds)]
    shown = _told_apart(others, kinds)
    told = f"{len(others) or 'none'} found by search from {tried} starts and runs: there may be others"
    if len(shown) < len(others):
        told += f"; of those that an exchange of neurons or a continuum joins one is told, {len(shown)} in all"
    return replace(found, others=tuple(shown), others_told=told)


def _told_apart(others: Sequence[FixedPoint], kinds: list[str]) -> list[FixedPoint]:
    """Return states, the stable ones first: of those of a continuum one, and where they are many, of those that an exchange of neurons joins."""
    found: dict[tuple[float, ...], FixedPoint] = {}
    for number, point in enumerate(others):
        rates = _rounded(np.array([v.real for v in point.eigenvalues]))
        continuum, many = point.type.startswith("degenerate"), len(others) > MOST_OTHERS
        key = rates if continuum else (*_exchanged(point, kinds), *rates) if many else (float(number),)
        found.setdefault(key, point)
    return sorted(found.values(), key=lambda p: (not p.stable, p.unstable))


def _spread(point: FixedPoint, kinds: list[str]) -> Floats:
    """Return a state of the kinds as one of all neurons."""
    return np.array([point.state[name] for name in kinds])


def _settled(each: Frozen, field: Field, at: Floats, point: FixedPoint, numbers: tuple[int, ...]) -> list[Floats]:
    """Return where runs come to rest that begin near a state which they leave; of a map `search` does as much."""
    found: list[Floats] = []
    if each.discrete:
        return found

    def flow(_: float, y: Floats) -> Floats:
        return field.slopes(y)

    def slopes(_: float, y: Floats) -> Floats:
        return field.matrix(y)

    random = np.random.default_rng(0)
    rate = max(v.real for v in point.eigenvalues)
    duration = DURATION / rate
    deadline = time.monotonic() + SECONDS
    for _ in range(RUNS):
        start = at.copy()
        start[list(numbers)] += ASIDE * (1 + np.max(np.abs(at))) * random.standard_normal(len(numbers))
        with np.errstate(all="ignore"):
            run = solve_ivp(flow, (0.0, duration), start, "LSODA", [duration], jac=slopes, rtol=1e-10, atol=1e-12)
        if run.success and np.all(np.isfinite(run.y)):
            end = run.y[:, -1]
            rest, arrived = polish(field, end, numbers)
            size = 1 + float(np.max(np.abs(end)))
            if arrived and float(np.max(np.abs(rest - end))) <= NEAR * size:
                found.append(rest)
            elif float(np.max(np.abs(field.residual(end)))) <= RESTS * rate * size:
                found.append(end)  # one of a continuum, as a bump that may stand anywhere, where Newton's method does not end
        if time.monotonic() > deadline:
            break
    return found


def _kinds(frozen: Frozen, each: Frozen) -> list[str]:
    """Return of each state of all neurons the name of the state of its kind."""
    assert frozen.whole is not None
    found: Mapping[int, str] = {place: symbol.name for symbol, places in frozen.whole.named(frozen.symbols) for place in places.tolist()}
    return [found[k] for k in range(len(each.states))]


def _is_alike(point: Floats, kinds: list[str]) -> bool:
    names = np.array(kinds)
    size = ALIKE * (1 + float(np.max(np.abs(point))))
    return all(float(np.ptp(point[names == name])) <= size for name in set(kinds))


def _exchanged(point: FixedPoint, kinds: list[str]) -> tuple[float, ...]:
    """Return what states have in common that differ by an exchange of neurons: the values of each kind in their order."""
    values, names = np.array(list(point.state.values())), np.array(kinds)
    return tuple(v for name in dict.fromkeys(kinds) for v in _rounded(np.sort(values[names == name])))


def _rounded(values: Floats) -> tuple[float, ...]:
    """Return numbers with so many digits that equal ones are equal."""
    return tuple(float(v) + 0.0 for v in np.round(values / (float(np.max(np.abs(values))) or 1.0), 5))


def _point(each: Frozen, field: Field, point: Floats, numbers: tuple[int, ...]) -> FixedPoint:
    values = eigenvalues_of(field.matrix(point)[np.ix_(list(numbers), list(numbers))], each.discrete)
    kind, stable = classify(values, each.discrete)
    residual = float(np.max(np.abs(field.residual(point)[list(numbers)])))
    state = dict(zip(each.names, map(float, point), strict=True))
    return FixedPoint(state, residual, values, stable, kind, unstable=unstable_directions(values, each.discrete))
