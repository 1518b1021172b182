"""Events and the comparisons in their conditions, as lines of code."""

from __future__ import annotations

from fractions import Fraction
from math import comb, prod
from typing import Any

import sympy
from sympy import Basic, Expr

from neurodsl.codegen.bodies import Writer, comment, plain
from neurodsl.codegen.pages import Body, Event, Surface
from neurodsl.codegen.steps import held_states
from neurodsl.lower.functions import Expm1
from neurodsl.system import RANDOM, STEP, Action, System
from neurodsl.system import Event as SystemEvent

BETWEEN = (Fraction(3, 53), Fraction(50, 53))
"""Where a polynomial through nine samples is held against what it follows: near the ends, where it is worst."""
DEGREE = 8
ROUNDING = "-1e-09"
"""A hazard that rounding alone makes negative has a chance per step not below this."""


def event_fields(system: System, writer: Writer, on_grid: bool) -> dict[str, Any]:
    """Return the fields of a page that say what happens at events."""
    events = tuple(event_page(system, writer, number) for number in range(len(system.events)))
    searched = [] if on_grid else [i for i, s in enumerate(system.surfaces) if s.moves and not s.timed]
    values = writer.body([s.expression for s in system.surfaces])
    rates = [s.rate for s in system.surfaces]
    rates_body = writer.body(rates)
    return {
        "events": events,
        "snaps": any(e.time is not None or any(a.kind in ("hold", "wait") for a in e.actions) for e in system.events),
        "something_due": something_due(events),
        "room": 1001 * max(1, sum(e.spikes for e in system.events)),
        "surfaces": tuple(
            Surface(value, "==" if s.equality else ">" if s.strict else ">=", i in searched)
            for i, (s, value) in enumerate(zip(system.surfaces, values.results, strict=True))
        ),
        "searched": "(" + " ".join(f"{i}," for i in searched) + ")" if searched else "",
        "searched_numbers": tuple(searched),
        "affine": all(system.surfaces[i].affine for i in searched),
        "strict": repr([int(s.strict) for s in system.surfaces]),
        "surface_values": values,
        "surface_rates": Body((*rates_body.lines, *writer.rates_loads(rates)), rates_body.results),
        "bernstein": repr(bernstein(DEGREE)),
        "nodes": repr([*(j / DEGREE for j in range(DEGREE + 1)), *(float(x) for x in BETWEEN)]),
        "between": repr([lagrange(DEGREE, x) for x in BETWEEN]),
    }


def something_due(events: tuple[Event, ...]) -> str:
    """Return the condition that an event may have to act at the end of a step: one turned true or false, or its time has come."""
    changes = [f"({e.condition}) != (_was[{e.number}] != 0)" for e in events if e.condition is not None]
    times = [f"_next[{e.number}] <= t + 1e-9*_dt" for e in events if e.time is not None]
    return "True" if any(e.chance is not None for e in events) else " or ".join([*changes, *times]) or "False"


def event_page(system: System, writer: Writer, number: int) -> Event:
    """Return an event with its condition, its time and its actions as lines of code."""
    event = system.events[number]
    expressions = [value for a in event.actions for value in _values(a)]
    written = {target for a in event.actions if a.kind == "set" for target in (a.target, *(t for t, _ in a.also))}
    drawn = {s.name for value in expressions for s in value.free_symbols if s.name.startswith(RANDOM)}
    draws = bool(drawn) or any(a.kind == "draw" for a in event.actions)
    held = written & held_states(system)
    time_used = writer.used([event.time]) if event.time is not None else set()
    chance_body = writer.body([] if event.chance is None else [_probability(event)])
    return Event(
        number, event.kind, plain(event.text), _condition(event.condition, writer), None if event.time is None else writer.print(event.time),
        tuple(writer.loads(time_used, state=None)),
        (
            *writer.loads(writer.used(expressions), state=None),
            *(f"_held{i} = _hold[{i}] > _ts" for i in sorted(held)),
            *([f"_count[{number}] += 1"] if draws and event.time is None else []),
            *(line for name in sorted(drawn) for line in random_lines(name, number, len(system.events))),
        ),
        tuple(_actions(system, writer, number, held)), event.spikes and not any(a.kind == "emit" for a in event.actions),
        chance_body.results[0] if chance_body.results else None, chance_body.lines, event.level, draws,
        "0.0" if event.kind == "chance" else ROUNDING, "_chance" if event.kind == "chance" else "-math.log1p(-_chance)/_dt",
    )  # fmt: skip


def _probability(event: SystemEvent) -> Expr:
    """Return the probability of an event in a step: that of a hazard f is 1 - exp(-f dt)."""
    assert event.chance is not None
    return -Expm1(-event.chance * STEP) if event.kind == "rate" else event.chance


def _condition(condition: Basic | None, writer: Writer) -> str | None:
    if condition is None:
        return None
    symbols = {s: sympy.Symbol(f"_side[{s.name.removeprefix('_side')}] != 0") for s in condition.free_symbols}
    return writer.print(condition.xreplace(symbols))


def _actions(system: System, writer: Writer, number: int, held: set[int]) -> list[str]:
    """Return the lines of the actions of an event; each sees the state as those before it left it."""
    lines: list[str] = []
    for action in system.events[number].actions:
        if action.value is not None:
            lines += writer.loads(writer.used(_values(action)), constants=None)
            lines += [writer.assign(d) for d in system.needed(*_values(action))]
        *before, last = _action(action, writer, number, held)
        lines += [*before, last + comment(action.span.line if action.span else None)]
    return lines


def _action(action: Action, writer: Writer, number: int, held: set[int]) -> list[str]:
    target, value = action.target, "" if action.value is None else writer.print(action.value)
    match action.kind:
        case "set":
            pairs = [(target, value), *((t, writer.print(v)) for t, v in action.also)]
            kept = [(t, f"_y[{t}] if _held{t} else {v}" if t in held else v) for t, v in pairs]
            if len(kept) == 1:
                return [f"_y[{target}] = {kept[0][1]}"]
            return [*(f"_v{k} = {v}" for k, (_, v) in enumerate(kept)), *(f"_y[{t}] = _v{k}" for k, (t, _) in enumerate(kept))]
        case "hold":
            return [*_time(value, number), f"_hold[{target}] = max(_hold[{target}], _snap(t + _length, _dt))"]
        case "wait":
            return [*_time(value, number), f"_next[{number}] = _snap(t + _length, _dt)"]
        case "draw":
            return [f"_random(_count[{number}], {2000000 + number}, _q, _work[6])", f"_y[{target}] = -math.log(_work[6, 0])"]
        case "emit":
            return ["_spikes[_q[1]] = t", f"_origin[_q[1]] = {number}", "_q[1] += 1"]
    return ["_q[2] = STOPPED"]


def _values(action: Action) -> list[Expr]:
    """Return the values that an action computes."""
    return ([] if action.value is None else [action.value]) + [value for _, value in action.also]


def random_lines(name: str, number: int, count: int) -> list[str]:
    """Return the lines that draw a random number of an action; each of ``count`` events has its own, and so has each of its firings."""
    normal = name.startswith(f"{RANDOM}n")
    place = int(name.removeprefix(f"{RANDOM}n" if normal else RANDOM))
    call = f"_random(_count[{number}], {100000000 + count * place + number}, _q, _work[6])"
    value = "math.sqrt(-2.0*math.log(_work[6, 0]))*math.cos(6.283185307179586*_work[6, 1])" if normal else "_work[6, 0]"
    return [call, f"{name} = {value}"]


def _time(value: str, number: int) -> list[str]:
    """Return the lines that compute the length of a `hold` or a `wait` and end the run where it is none."""
    return [
        f"_length = {value}",
        "if not 0.0 <= _length < math.inf:",
        f"    _q[2], _q[5], _work[7, 0] = BAD_TIME, {number}, _length",
        "    return",
    ]


def bernstein(degree: int) -> list[list[float]]:
    """Return the matrix that turns samples at j/degree into Bernstein coefficients."""
    size = degree + 1
    inverse = sympy.Matrix(size, size, lambda j, k: sympy.Rational(comb(degree, k) * j**k * (degree - j) ** (degree - k), degree**degree)).inv()
    return [[float(v) for v in inverse.row(i)] for i in range(size)]


def lagrange(degree: int, at: Fraction) -> list[float]:
    """Return the weights of samples at j/degree in the value of their polynomial at a point."""
    nodes = [Fraction(j, degree) for j in range(degree + 1)]
    return [float(prod((at - other) / (node - other) for other in nodes if other != node)) for node in nodes]
