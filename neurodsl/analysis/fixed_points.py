"""All fixed points of a model, with what is known of their number.

The road: equations are reduced to few unknowns; polynomials are solved by exact isolation of their real roots, everything else by interval arithmetic, which
finds all roots in a box and proves it; where that does not end, Newton's method searches from many starts. What was done is part of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import TypeVar

import numpy as np
from sympy import Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.analysis.box_arithmetic import Floats
from neurodsl.analysis.closed_form import closed_forms
from neurodsl.analysis.deviations import deviations, told
from neurodsl.analysis.domain import MILLIVOLT, Box, bounds, box_of, default_box, unbounded
from neurodsl.analysis.enclosure import Unsupported
from neurodsl.analysis.equations import Equations, equations, exact_number, moving, start_of
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.linear_stability import classify, eigenvalues_of, ordered, unstable_directions
from neurodsl.analysis.points import FixedPoint, FixedPoints, Shared
from neurodsl.analysis.polynomial import NotPolynomial, real_solutions
from neurodsl.analysis.reduction import Domain, Reduction, reduce
from neurodsl.analysis.roots import Equations as RootEquations
from neurodsl.analysis.roots import isolate
from neurodsl.analysis.search import Field, is_known, polish, search
from neurodsl.analysis.thresholds import place_text, reset_before
from neurodsl.analysis.wording import number_text, text_of
from neurodsl.diagnostics import fail
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.system import Draw, State
from neurodsl.units import ONE, describe

T = TypeVar("T")
Limits = Mapping[str, tuple[float, float]]

SYMBOLIC_SECONDS = 4.0
"""The limit of each piece of exact work; numbers take over from it."""
INTERVAL_SECONDS = 6.0
SEARCH_SECONDS = 5.0
MOST_UNKNOWNS = 4
"""Unknowns of a subdivision: beyond, its boxes are too many."""
MOST_STATES = 200
FAR = 1e6
"""Bounds that lie so many times farther out than the box that is searched by default, such as those of an exponential, count as none."""


@dataclass
class _Found:
    """What a road leads to: points of shape (n,), whether they are all, and the words for it."""

    points: list[Floats] = field_of(default_factory=list)
    guarantee: str = ""
    proved: bool = False
    notes: list[str] = field_of(default_factory=list)


def fixed_points(frozen: Frozen, box: Box | None = None) -> FixedPoints:
    """Return the fixed points of a system, and whether they are all.

    Parameters
    ----------
    frozen : Frozen
        A system at values of its parameters.
    box : mapping of str to (float, float)
        Between which values of a state they are looked for, in its declared unit. Default: everywhere where that can be decided, else -150 to 150 mV for
        voltages and -100 to 100 for other states.

    Raises
    ------
    NeuroError
        V102 for an unknown state, V101 for a box without interior, M104 for a system of more than 200 states.

    References
    ----------
    Moore, Kearfott, Cloud, 2009, Introduction to Interval Analysis, SIAM, chapter 8. doi:10.1137/1.9780898717716
    """
    within = box_of(frozen, box or {})
    if len(frozen.states) > MOST_STATES:
        told = f"`{frozen.system.name}` has {len(frozen.states)} states, and fixed points are looked for among at most {MOST_STATES}"
        raise fail(rules.TOO_LARGE_MATH, told, help="analyse a smaller population of the same kind")
    numbers = moving(frozen)
    if not numbers:
        return _result(
            Field(frozen), None, _Found(guarantee="no state has an equation: every state stays where events leave it", proved=True), numbers
        )
    field, problem = Field(frozen), _timed(lambda: equations(frozen))
    found = None if problem is None else _by_proof(problem, within)
    if found is None:
        found = _by_search(field, within, numbers)
    return _result(field, problem, found, numbers)


def _timed(work: Callable[[], T]) -> T | None:
    """Return what symbolic work returns, None where it takes too long."""
    try:
        return bounded(SYMBOLIC_SECONDS, work)
    except Exceeded:
        return None


def _by_proof(problem: Equations, box: Limits) -> _Found | None:
    """Return all fixed points, by exact roots or by interval arithmetic; None where neither serves."""
    everywhere = unbounded(problem.symbols)
    known = _timed(lambda: bounds(problem.residuals, problem.symbols, everywhere) or Integer(0))
    if known == Integer(0):
        return _Found(guarantee="no real fixed point, proved: the bounds that the equations set to the states exclude one another", proved=True)
    voltages = [s.symbol for s in problem.frozen.states if s.unit.same_dimension(MILLIVOLT)]
    reduction = _timed(lambda: reduce(problem.residuals, known, voltages)) if known is not None else None
    if known is None or reduction is None:
        return None
    if len(reduction.equations) < len(reduction.unknowns):
        return _by_family(problem, reduction, box)
    return _by_exact_roots(problem, reduction, box) or _by_intervals(problem, known, voltages, box)


def _by_exact_roots(problem: Equations, reduction: Reduction, box: Limits) -> _Found | None:
    """Return all fixed points of a system that is reduced to polynomials."""
    try:
        solutions = _timed(lambda: real_solutions(reduction.equations, reduction.unknowns))
    except NotPolynomial:
        return None
    if solutions is None:
        return None
    points = [_point(problem, reduction, dict(zip(reduction.unknowns, s, strict=True))) for s in solutions]
    kept = [p for p in points if _inside(problem.frozen, p, box)]
    if not solutions and any(e.is_number for e in reduction.equations):
        how = "the equations contradict one another"
    elif not reduction.unknowns:
        how = "linear equations, solved exactly" if problem.linear else "the equations were solved one after the other"
    else:
        how = "exact isolation of the real roots of a polynomial" + (" system" if len(reduction.unknowns) > 1 else "")
    return _Found(kept, _all(kept, _named(problem.frozen, box), how), proved=True)


def _all(points: Sequence[Floats], where: str, how: str) -> str:
    """Return the sentence of a proof."""
    number = {0: "no", 1: "the only"}.get(len(points), "all")
    place = f"fixed point{'s' if len(points) > 1 else ''} in the box {where}" if where else f"real fixed point{'s' if len(points) > 1 else ''}"
    return f"{number} {place}, proved: {how}"


def _point(problem: Equations, reduction: Reduction, values: Mapping[Symbol, Expr]) -> Floats:
    """Return a state from the unknowns that were left."""
    known = reduction.complete({s: float(v.evalf(20)) for s, v in values.items()})
    point = problem.start.copy()
    for i, symbol in zip(problem.moving, problem.symbols, strict=True):
        point[i] = known[symbol]
    return point


def _inside(frozen: Frozen, point: Floats, box: Limits) -> bool:
    """Return whether a state lies in a box."""
    return all(low <= point[frozen.names.index(name)] <= high for name, (low, high) in box.items())


def _named(frozen: Frozen, box: Limits) -> str:
    """Return a box in words."""
    units = {s.name: s for s in frozen.states}
    shown = [f"{name} = {number_text(low)}..{number_text(high)} {_unit(units[name])}".rstrip() for name, (low, high) in box.items()]
    return ", ".join(shown[:6]) + (", ..." if len(shown) > 6 else "")


def _unit(state: State) -> str:
    return "" if state.unit == ONE else describe(state.unit)


def _by_family(problem: Equations, reduction: Reduction, box: Limits) -> _Found | None:
    """Return one of infinitely many fixed points: those states that the equations leave open stay at their initial values."""
    frozen = problem.frozen
    held = [u for u in reduction.unknowns if not any(e.has(u) for e in reduction.equations)]
    if len(reduction.unknowns) - len(held) != len(reduction.equations) or (reduction.equations and not held):
        return None
    at = {u: exact_number(problem.start[frozen.symbols.index(u)]) for u in held}
    solved = (*reduction.solved, *at.items())
    rest = Reduction(tuple(u for u in reduction.unknowns if u not in held), reduction.equations, solved)
    found = _by_exact_roots(problem, rest, box)
    if found is None:
        return None
    shape = {1: "a line", 2: "a surface"}.get(len(held), f"a set of {len(held)} dimensions")
    listed = ", ".join(f"`{u.name}`" for u in held)
    forms = [f"{s.name} = {text_of(e)}" for s, e in reduction.explicit().items() if e.count_ops() < 40 and e.free_symbols]
    if not found.points:
        return found
    given = "the one at the initial value" + ("s" if len(held) > 1 else "")
    found.guarantee = f"the fixed points form {shape}, proved: {listed} {'is' if len(held) == 1 else 'are'} free; {given} of {listed} is given"
    found.notes += [f"on {shape} of fixed points: {'; '.join(forms)}"] if forms else []
    return found


def _by_intervals(problem: Equations, known: Domain, voltages: Sequence[Symbol], box: Limits) -> _Found | None:
    """Return all fixed points in a box, by subdivision with interval arithmetic."""
    frozen = problem.frozen
    low, high = known.low.copy(), known.high.copy()
    for i, symbol in enumerate(known.symbols):
        if symbol.name in box:
            low[i], high[i] = max(low[i], box[symbol.name][0]), min(high[i], box[symbol.name][1])
    if np.any(low > high):
        return _outside(frozen, box)
    used = dict(box)
    reduction = _timed(lambda: reduce(problem.residuals, Domain(known.symbols, low, high), voltages))
    for attempt in range(2):
        if reduction is None:
            return None
        for u in reduction.unknowns:
            i = known.symbols.index(u)
            state = frozen.states[frozen.symbols.index(u)]
            given = default_box(state, float(problem.start[frozen.symbols.index(u)]))
            if state.name not in box and not (low[i] >= FAR * given[0] and high[i] <= FAR * given[1]):
                low[i], high[i] = max(low[i], given[0]), min(high[i], given[1])
                used[state.name] = given
        if attempt == 0:
            reduction = _timed(lambda: reduce(problem.residuals, Domain(known.symbols, low, high), voltages))
    if reduction is None:
        return None
    if np.any(low > high):
        return _outside(frozen, used)
    return _subdivided(problem, reduction, Domain(known.symbols, low, high), box, used)


def _outside(frozen: Frozen, box: Limits) -> _Found:
    """Return that a box holds no fixed point, because the bounds that the equations set to the states lie elsewhere."""
    return _Found(guarantee=_all([], _named(frozen, box), "the bounds that the equations set to the states lie outside"), proved=True)


def _subdivided(problem: Equations, reduction: Reduction, domain: Domain, box: Limits, used: Limits) -> _Found | None:
    """Return the roots of reduced equations in a box."""
    frozen = problem.frozen
    if len(reduction.unknowns) != len(reduction.equations) or not 0 < len(reduction.unknowns) <= MOST_UNKNOWNS:
        return None
    low, high = domain.of(reduction.unknowns)
    margin = 1e-9 * (high - low) + 1e-12
    try:
        made = RootEquations(reduction.equations, reduction.unknowns)
        isolation = isolate(made, low - margin, high + margin, INTERVAL_SECONDS)
    except Unsupported:
        return None
    if not isolation.complete:
        return None
    points = [_point(problem, reduction, {u: exact_number(v) for u, v in zip(reduction.unknowns, p, strict=True)}) for p in isolation.points]
    kept = [p for p in points if _inside(frozen, p, box)]
    ranges = ", ".join(f"{u.name} lies in {number_text(a)}..{number_text(b)}" for u, a, b in zip(reduction.unknowns, low, high, strict=True))
    how = "interval arithmetic" + ("" if used else f"; {ranges}")
    found = _Found(kept, _all(kept, _named(frozen, used), how), proved=True)
    if not isolation.doubtful:
        return found
    places = [_point(problem, reduction, {u: exact_number(v) for u, v in zip(reduction.unknowns, p, strict=True)}) for p in isolation.doubtful]
    _decide(problem, places, used, found)
    return found


def _decide(problem: Equations, places: Sequence[Floats], box: Limits, found: _Found) -> None:
    """Look for fixed points where nothing could be proved: double roots, jumps, poles, the edge of where a function is defined."""
    frozen, field = problem.frozen, Field(problem.frozen)
    met, open_places = [], []
    for place in places:
        point, arrived = polish(field, place, problem.moving)
        near = bool(np.all(np.abs(point - place) <= 1e-3 * (1 + np.abs(place))))
        plain = np.array([float(f"{v:.6g}") if abs(v) > 1e-6 else 0.0 for v in place])
        if not (arrived and near) and np.all(field.residual(plain)[list(problem.moving)] == 0.0):
            point, arrived, near = plain, True, True
        if not (arrived and near):
            open_places.append(_place(frozen, place))
        elif not is_known(point, found.points) and _inside(frozen, point, box):
            found.points.append(point)
            met.append(_place(frozen, point))
    where = "" if not box else f" in the box {_named(frozen, box)}"
    if met:
        found.notes.append(f"at {_listed(met)} roots meet, or a right-hand side has an edge: that there is just one fixed point is not proved")
    if open_places:
        found.notes.append(f"near {_listed(open_places)} a right-hand side jumps across 0, has a pole or touches 0: no fixed point was found there")
    if met or open_places:
        found.proved = False
        number = f"{len(found.points)} fixed point{'' if len(found.points) == 1 else 's'}" if found.points else "no fixed point"
        found.guarantee = f"{number} found{where}; proved to be all but near the places that the notes name: {found.guarantee.partition(': ')[2]}"


def _listed(places: Sequence[str]) -> str:
    """Return some places in words."""
    return " and ".join(f"({p})" for p in places[:3]) + (f" and {len(places) - 3} more places" if len(places) > 3 else "")


def _place(frozen: Frozen, point: Floats) -> str:
    """Return a state in words."""
    return place_text(frozen, point[:4])


def _by_search(field: Field, box: Limits, numbers: Sequence[int]) -> _Found:
    """Return the fixed points that Newton's method finds from many starts."""
    frozen = field.frozen
    start = start_of(frozen)
    low, high = np.full(len(start), -np.inf), np.full(len(start), np.inf)
    for i in numbers:
        state = frozen.states[i]
        low[i], high[i] = box.get(state.name) or default_box(state, float(start[i]))
    points, tried = search(field, low, high, start, numbers, SEARCH_SECONDS)
    regular = [p for p in points if field.regular(p, numbers)]
    notes = [] if field.exact else ["the Jacobian was computed from differences, to about 9 digits"]
    if len(regular) < len(points):
        points = [*regular, next(p for p in points if not field.regular(p, numbers))]
        notes.append("fixed points that are not isolated were found, part of a continuum or of multiplicity above 1; the first of them is given")
    where = _named(frozen, {frozen.names[i]: (low[i], high[i]) for i in numbers})
    told = f"found by search in the box {where}, from {tried} start{'s' if tried > 1 else ''}: there may be others"
    return _Found(points, told if points else f"none {told}", notes=notes)


def _result(field: Field, problem: Equations | None, found: _Found, numbers: Sequence[int]) -> FixedPoints:
    """Return polished points with their eigenvalues, sorted, and all notes."""
    frozen = field.frozen
    notes = [*frozen.notes, *_remarks(frozen, numbers), *found.notes]
    linear = problem is not None and problem.linear
    points = []
    for place in found.points:
        point, arrived = polish(field, place, numbers)
        if not arrived or np.max(np.abs(point - place)) > 1e-6 * (1 + np.max(np.abs(place))):
            point = place
        values = eigenvalues_of(field.matrix(point)[np.ix_(list(numbers), list(numbers))], frozen.discrete)
        kind, stable = classify(values, frozen.discrete, linear)
        shared = Shared(values, kind, stable, unstable_directions(values, frozen.discrete)) if frozen.whole is not None and values else None
        apart = None if shared is None else deviations(frozen, point, numbers)
        if apart is not None:
            values = ordered((*values, *apart.eigenvalues), frozen.discrete)
            kind, stable = classify(values, frozen.discrete, linear)
        before = reset_before(frozen, point)
        residual = float(np.max(np.abs(field.residual(point)[list(numbers)])))
        if not np.isfinite(residual):
            notes.append(
                f"the right-hand sides have no value at {_place(frozen, point)}, a solution of the equations in another form; it is left out"
            )
            continue
        state = {frozen.names[i]: float(point[i]) for i in range(len(point)) if i in numbers or len(numbers) < len(point)}
        remark = "" if shared is None else told(shared, apart, frozen.discrete)
        unstable = unstable_directions(values, frozen.discrete)
        points.append(FixedPoint(state, residual, values, stable, kind, None, before is None, shared, unstable, remark))
        if before is not None:
            notes.append(before)
    points.sort(key=lambda p: tuple(p.state.values()))
    if problem is not None and points:
        points = closed_forms(problem, points)
    units = {q.name: "" if q.unit == ONE else describe(q.unit) for q in (*frozen.system.parameters, *frozen.states)}
    values_of = {p.name: float(frozen.values[p.symbol]) for p in frozen.system.parameters if p.symbol in frozen.values}
    guarantee = found.guarantee + ("" if frozen.whole is None else ", among the states in which neurons that are alike do the same")
    return FixedPoints(frozen.system.name, values_of, units, tuple(points), guarantee, found.proved, tuple(dict.fromkeys(notes)))


def _remarks(frozen: Frozen, numbers: Sequence[int]) -> list[str]:
    """Return what was assumed of the system."""
    told = []
    still = [s.name for i, s in enumerate(frozen.states) if i not in numbers]
    if still:
        listed = ", ".join(f"`{name}`" for name in still[:6]) + (" and others" if len(still) > 6 else "")
        told.append(f"{listed}: changed by events alone, and left out of the eigenvalues")
    drawn = [p.name for p in frozen.system.parameters if p.shape and isinstance(p.default, Draw)]
    if drawn:
        told.append(f"{', '.join(f'`{name}`' for name in drawn)}: drawn, as a run with seed 0 draws them")
    if any(s.kind in ("rand", "randn") for s in frozen.system.sites):
        told.append("the random numbers that are drawn in every step stand at 0")
    if any(e.level >= 0 or e.chance is not None for e in frozen.system.events):
        told.append("stochastic events are left out: what is analysed is the motion between them")
    return told
