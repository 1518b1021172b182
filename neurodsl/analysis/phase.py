"""What a model shows in the phase plane: a line, a cobweb or a portrait, as it has one or more states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurodsl import rules
from neurodsl.analysis.domain import Box, box_of
from neurodsl.analysis.frozen import Frozen
from neurodsl.analysis.phase_line import PhaseLine, phase_line
from neurodsl.analysis.portrait import Portrait, portrait
from neurodsl.diagnostics import fail
from neurodsl.lang.choice import unknown_name
from neurodsl.options import number_in
from neurodsl.units import describe

Values = Mapping[str, float | str]


def phase(
    frozen: Frozen,
    x: str | None = None,
    y: str | None = None,
    box: Box | None = None,
    starts: Sequence[Values] = (),
    duration: float | str | None = None,
    given: Values | None = None,
    variant: str | None = None,
) -> Portrait | PhaseLine:
    """Return the portrait of two states of a system, or the phase line or cobweb of its only one.

    Parameters
    ----------
    frozen : Frozen
    x, y : str
        The names of the states on the axes; by default the first two that have an equation.
    box : mapping of str to (float or str, float or str)
        The ranges of the axes, in the declared units; what is not given is chosen.
    starts : sequence of mapping of str to float or str
        Where trajectories begin.
    duration : float or str
        Of trajectories.
    given, variant
        What differs from the file, for the title.

    Raises
    ------
    NeuroError
        V102 for an unknown state, V101 for equal axes, a box without interior or on no axis, and a state without an equation, M115 for maps of more
        than two states.
    """
    axes = _axes(frozen, x, y)
    limits = {frozen.names.index(name): ends for name, ends in box_of(frozen, box or {}).items()}
    for k in limits:
        if k not in axes:
            told = f"the box gives a range of `{frozen.names[k]}`, which is on no axis"
            raise fail(rules.BAD_VALUE, told, help=f"the axes are {_listed([frozen.names[k] for k in axes])}")
    beginnings = [_start(frozen, start) for start in starts]
    length = None if duration is None else number_in(duration, describe(frozen.system.time_unit), "duration")
    if length is not None and not length > 0:
        raise fail(rules.BAD_VALUE, f"the duration has to be positive, not `{duration}`")
    title = ", ".join(word for word in (frozen.system.doc or frozen.system.name, variant) if word)
    changed = _changed(frozen, given or {})
    if len(axes) == 2:
        return portrait(frozen, *axes, limits, beginnings, length, changed, title)
    low, high = limits.get(axes[0], (None, None))
    return phase_line(frozen, axes[0], low, high, [start[axes[0]] for start in beginnings if axes[0] in start], length, changed, title)


def _axes(frozen: Frozen, x: str | None, y: str | None) -> tuple[int, ...]:
    """Return the numbers of the states on the axes: two, or the only one."""
    name = frozen.system.name
    moving = [k for k, s in enumerate(frozen.states) if s.shown and s.derivative != (s.symbol if frozen.discrete else 0)]
    if not moving:
        raise fail(rules.BAD_VALUE, f"no state of `{name}` has an equation: events alone change them, so there is no flow to draw")
    if frozen.discrete and len(moving) > 2:
        told = f"`{name}` is a map of {len(moving)} states, and a picture of a map shows all of them: one as a cobweb, two as a plane"
        raise fail(rules.NOT_SERVED, told, help="draw a run of it: `neurodsl simulate FILE --plot`")
    chosen = [given for given in (x, y) if given is not None]
    for given in chosen:
        if given not in frozen.names:
            raise unknown_name("state", given, [frozen.names[k] for k in moving], name)
        if frozen.names.index(given) not in moving:
            told = f"`{given}` of `{name}` is changed by events alone, so it has no nullcline"
            raise fail(rules.BAD_VALUE, told, help=f"states with an equation: {_listed([frozen.names[k] for k in moving])}")
    if len(moving) == 1:
        if len(chosen) > 1:
            told = f"`{name}` has one state with an equation, `{frozen.names[moving[0]]}`, and a plane needs two"
            raise fail(rules.BAD_VALUE, told, help="leave out the names to draw its phase line")
        return (moving[0],)
    if len(chosen) == 1:
        told = f"a portrait has two axes, and only `{chosen[0]}` is named"
        raise fail(rules.BAD_VALUE, told, help=f"name another: {_listed([frozen.names[k] for k in moving if frozen.names[k] != chosen[0]])}")
    if len(chosen) == 2 and chosen[0] == chosen[1]:
        told = f"both axes are `{chosen[0]}`"
        raise fail(rules.BAD_VALUE, told, help=f"name another: {_listed([frozen.names[k] for k in moving if frozen.names[k] != chosen[0]])}")
    return tuple(frozen.names.index(given) for given in chosen) or (moving[0], moving[1])


def _start(frozen: Frozen, start: Values) -> dict[int, float]:
    """Return where a trajectory begins, by the numbers of the states."""
    found = {}
    for name, value in start.items():
        if name not in frozen.names:
            raise unknown_name("state", name, [s.name for s in frozen.states if s.shown], frozen.system.name)
        k = frozen.names.index(name)
        found[k] = number_in(value, describe(frozen.states[k].unit), name)
    return found


def _changed(frozen: Frozen, given: Values) -> dict[str, tuple[str, str]]:
    """Return values that were given, as numbers with their units where they are parameters or constant inputs."""
    known = {p.name: p for p in frozen.system.parameters if p.symbol in frozen.values}
    return {
        name: (f"{float(frozen.values[known[name].symbol]):.6g}", describe(known[name].unit)) if name in known else (str(text), "1")
        for name, text in given.items()
    }


def _listed(names: Sequence[str]) -> str:
    """Return names in a row, not too many."""
    return ", ".join(f"`{name}`" for name in names[:8]) + (", ..." if len(names) > 8 else "")
