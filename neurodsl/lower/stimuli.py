"""The stimulus functions as sympy.

A comparison with a known time is one of the level time, which lies inside a step, and its edge is noted: every step of an exact run stops
there, so that no method ever integrates across it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import sympy
from sympy import Basic, Expr, Integer

from neurodsl.lang.stimuli import STIMULI, unit_of_time
from neurodsl.lower.functions import Maximum, Minimum, Modulo, Repeated, Select
from neurodsl.lower.values import Value
from neurodsl.system import LEVEL_TIME, TIME
from neurodsl.units import ONE

ZERO, FULL = Integer(0), Integer(1)


class Clock(Protocol):
    """What a stimulus asks of the translator it is made for."""

    edges: list[Expr]

    def level(self, left: Expr, right: Expr) -> tuple[Expr, Expr] | None:
        """Return a comparison of the time with a constant as one of the level time, and note its edge; None for any other."""

    def expand(self, expression: Expr) -> Expr:
        """Return an expression with the definitions that use the time or a state put in."""


def stimulus(name: str, arguments: Sequence[Value], clock: Clock) -> Expr:
    """Return a stimulus, and note the times at which it changes its form.

    Parameters
    ----------
    name : str
        ``pulse``, ``step``, ``ramp``, ``sine``, ``chirp`` or ``train``.
    arguments : sequence of Value
        Each in a unit of its own.
    clock : Clock
        Takes the edges.
    """
    unit = unit_of_time(name, [None if a.expression == 0 else a.unit for a in arguments]) or ONE
    numbers = [a.within(unit**argument.power) for argument, a in zip(STIMULI[name], arguments, strict=False)]
    return SHAPES[name](clock, *numbers)


def _reached(clock: Clock, time: Expr, instant: Expr) -> Basic:
    return sympy.Ge(*(clock.level(time, instant) or (time, instant)), evaluate=False)


def _before(clock: Clock, time: Expr, instant: Expr) -> Basic:
    return sympy.Lt(*(clock.level(time, instant) or (time, instant)), evaluate=False)


def _limited(value: Expr) -> Expr:
    return Minimum(Maximum(value, ZERO), FULL)


def _pulse(clock: Clock, time: Expr, start: Expr, stop: Expr) -> Expr:
    inside = sympy.And(_reached(clock, time, start), _before(clock, time, stop), evaluate=False)
    return Select(inside, FULL, ZERO)


def _step(clock: Clock, time: Expr, start: Expr) -> Expr:
    return Select(_reached(clock, time, start), FULL, ZERO)


def _ramp(clock: Clock, time: Expr, start: Expr, stop: Expr) -> Expr:
    """Return a ramp; where it takes no time it is a step."""
    rise = _limited((time - start) / (stop - start)) if stop != start else FULL
    return Select(_before(clock, time, start), ZERO, Select(_before(clock, time, stop), rise, FULL))


def _sine(clock: Clock, time: Expr, frequency: Expr, phase: Expr = ZERO) -> Expr:
    return sympy.sin(2 * sympy.pi * frequency * time + phase)


def _chirp(clock: Clock, time: Expr, first: Expr, last: Expr, duration: Expr) -> Expr:
    """Return the sine of the integral of the frequency, which is ``first`` before 0 and ``last`` after ``duration``.

    With s = u*duration, the part of the sweep that is over, that is first*t + (last - first)*u*(t - s/2).
    """
    for edge in (ZERO, duration):
        clock.level(time, edge)
    part = _limited(time / duration)
    return sympy.sin(2 * sympy.pi * (first * time + (last - first) * part * (time - part * duration / 2)))


def _train(clock: Clock, time: Expr, period: Expr, width: Expr, start: Expr = ZERO, count: Expr = sympy.oo) -> Expr:
    """Return a train of pulses; which pulse it is, and whether it is over, follows from the level time."""
    since = time - start
    began = clock.level(time, start)
    rate = clock.expand(since).diff(TIME) if began is not None else ZERO
    conditions = [sympy.Ge(time, start, evaluate=False)]
    if began is not None and rate > 0:
        conditions = [sympy.Ge(*began, evaluate=False)]
        since = clock.expand(since).xreplace({TIME: LEVEL_TIME})
        first = clock.edges.pop()
        clock.edges += [Repeated(first + delay / rate, period / rate, count) for delay in (ZERO, width)]
    if count != sympy.oo:
        conditions.append(sympy.Lt(since, count * period, evaluate=False))
    conditions.append(sympy.Lt(Modulo(since, period), width, evaluate=False))
    return Select(sympy.And(*conditions, evaluate=False), FULL, ZERO)


SHAPES: dict[str, Callable[..., Expr]] = {"pulse": _pulse, "step": _step, "ramp": _ramp, "sine": _sine, "chirp": _chirp, "train": _train}
"""The mathematics of each stimulus."""
