"""System x method x measures -> the page of a file that runs many uncoupled points side by side, in lanes of the processor.

A block of points stays in the nearest memory through many steps: one row for each number of a point, one column for each point. All points do
the same, so nothing branches; what only happens to some is computed for all and selected. With an adaptive method each point has a time and a
step of its own; what an event does to it is done for it alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from sympy import Expr, Symbol

from neurodsl import __version__
from neurodsl.codegen import elementary, special
from neurodsl.codegen.bodies import expressions_of, plain
from neurodsl.codegen.lane_adaptive import TAKEN, adaptive, refused_steps
from neurodsl.codegen.lane_events import LaneEvent, emitted, lane_events, refused_events
from neurodsl.codegen.lane_measures import Gauges, gauges
from neurodsl.codegen.lane_steps import lane_step
from neurodsl.codegen.lane_writer import LaneWriter, hold, unlike
from neurodsl.codegen.pages import Lanes
from neurodsl.codegen.render import render
from neurodsl.codegen.signature import ADAPTIVE_SIGNATURE, LANES_SIGNATURE
from neurodsl.codegen.steps import held_states
from neurodsl.integrators.method import Exact, Method, Rosenbrock
from neurodsl.lower.elements import OfMatrix, Pick, Reduce, Sampled
from neurodsl.lower.functions import Repeated
from neurodsl.measures import Column
from neurodsl.system import Draw, System

WIDTH = 64
"""Points of a block: all rows of one stay in the first level of the cache."""
OWN_STEPS_WIDTH = 16
"""Points of a block in which each has its own steps: fewer wait for the slowest of them."""
MOST_STATES, MOST_OPERATIONS = 64, 4000
"""A larger system is compiled for too long; its points run one after the other."""
NO_DIGEST = "0" * 16


def refusal(system: System, method: Method, located: bool, varied: Collection[str], given: Collection[str]) -> str | None:
    """Return why points of a system cannot run in lanes, or None.

    Parameters
    ----------
    located : bool
        Events are to be found inside of steps.
    varied, given : collection of str
        What differs from point to point, and the parameters that all points are given.
    """
    if isinstance(method, Exact | Rosenbrock):
        return f"`{method.name}` is no method whose steps are the same for all points"
    if method.adaptive and (reason := refused_steps(system, method)) is not None:
        return reason
    if located and not method.adaptive and (system.events or system.edges):
        return "its events are located inside of steps"
    if system.rolled or system.sites or system.tables:
        return "it has large arrays, samples, or random numbers in every step"
    expressions = [*(d.expression for d in system.definitions), *(s.derivative for s in system.states)]
    if any(e.has(Pick, Sampled) for e in expressions):
        return "it looks up elements by computed indices"
    if not {q.name for q in (*system.parameters, *system.states) if not q.shape}.issuperset(varied):
        return "what varies is an array"
    differing = unlike(system, varied, given)
    values = [(p, expressions_of(p.default)) for p in system.parameters] + [(d, (d.expression,)) for d in system.constants]
    if any(q.symbol in differing and (q.shape or any(e.has(Reduce, OfMatrix, Pick) for e in used)) for q, used in values):
        return "an array differs from point to point"
    if len(system.states) > MOST_STATES or sum(e.count_ops() for e in expressions) > MOST_OPERATIONS:
        return "it is too large"
    return refused_events(system)


def generate_lanes(
    system: System,
    method: Method,
    varied: Sequence[str],
    given: Collection[str],
    columns: Sequence[Column],
    recorded: Sequence[int] | None = None,
) -> str:
    """Return the generated file that runs points of a system side by side, with the digest of its text in its head.

    Parameters
    ----------
    system : System
        One that ``refusal`` does not refuse.
    varied : sequence of str
        The parameters and states whose values, those at the start, are given for each point.
    given : collection of str
        The parameters that all points are given.
    columns : sequence of Column
        What is measured of each.
    recorded : sequence of int
        The numbers of the quantities that are recorded in every step, beside all spikes; None where neither is.
    """
    text = render(page_of(system, method, varied, given, columns, recorded), "numba/lanes.py.j2")
    return text.replace(f"\nDigest {NO_DIGEST}", f"\nDigest {hashlib.sha256(text.encode()).hexdigest()[:16]}", 1)


def page_of(
    system: System,
    method: Method,
    varied: Sequence[str],
    given: Collection[str],
    columns: Sequence[Column],
    recorded: Sequence[int] | None,
) -> Lanes:
    """Return everything that the template lays out."""
    started = all(isinstance(s.initial, Expr) and not s.initial.has(Reduce, OfMatrix) for s in system.states) and not system.starts
    drawn = [p.name for p in system.parameters if isinstance(p.default, Draw) and p.name not in given]
    names = list(dict.fromkeys([*varied, *drawn, *([] if started else [s.name for s in system.states])]))
    writer = LaneWriter(system, names, given, min(WIDTH, OWN_STEPS_WIDTH) if method.adaptive else WIDTH)
    if method.adaptive:
        return _adaptive_page(writer, method, names, varied, columns, recorded)
    step = lane_step(writer, method)
    events = lane_events(writer)
    measured = gauges(writer, columns, recorded or (), [(e.due, e.spikes) for e in events])
    spiking = [(k, e) for k, e in enumerate(events) if e.spikes and recorded is not None]
    fired = [f"{writer.at(e.due)} = {e.due}" for _, e in spiking] + [f"_fired += {e.due}" for _, e in spiking]
    start = _start(writer, [line for event in events for line in event.start])
    held = [hold(writer.states[i]) for i in sorted(held_states(system))]
    constants = writer.load([*(writer.name(g) for g in writer.given), *(n for n in writer.own if n in writer.rows)])
    observed = [*measured.observed, *([f"{writer.at('_lost')} += {measured.doubt}"] if measured.doubt else [])]
    measures = [*measured.counted, *observed, *(f"{row} = {value}" for row, value in measured.updates.items())]
    lines = _lines(writer, step, events, measured.loads, [*measures, *fired], held)
    noise = _noise(writer) if system.noises else ()
    functions = tuple(writer.functions)
    return Lanes(
        **_head(writer, method, names, varied, measured), signature=LANES_SIGNATURE, loop="numba/lane_loop.py.j2",
        keys=repr(tuple(writer.row(k) for k in ("_key_low", "_key_high", "_element")) if noise else ()),
        helpers=_helpers(repr((functions, lines, start, noise, measured))), functions=functions, constants=tuple(constants), start=start,
        begin=(*observed, *(f"{row} = {value}" for row, value in measured.begins.items())), count=measured.count, noise=noise, random=bool(noise),
        spikes=tuple((k, writer.at(e.due)) for k, e in spiking for _ in range(e.spikes)),
        recorded=tuple((j, f"_w[{row * writer.lanes} + _l]") for j, row in enumerate(measured.recorded)),
        renewed=tuple(f"{writer.at(f'_normal{j}')} = {writer.at(f'_other{j}')}" for j in range(len(system.noises))),
        loads=tuple(writer.load(writer.states)), lines=lines,
    )  # fmt: skip


def _adaptive_page(
    writer: LaneWriter, method: Method, names: Sequence[str], varied: Sequence[str], columns: Sequence[Column], recorded: Sequence[int] | None
) -> Lanes:
    """Return everything that the template lays out where each point has its own steps."""
    made = adaptive(writer, method, columns, recorded)
    start = _start(writer, made.start)
    constants = writer.load([*(writer.name(g) for g in writer.given), *(n for n in writer.own if n in writer.rows)])
    functions = tuple(writer.functions)
    return Lanes(
        **_head(writer, method, names, varied, made.gauges), signature=ADAPTIVE_SIGNATURE, loop="numba/lane_adaptive.py.j2", clock=writer.row("_t"),
        helpers=_helpers(repr((functions, made, start))), functions=functions, constants=tuple(constants), start=start, lines=made.attempt,
        happen=made.happen, sample=made.sample, recorded=made.recorded, attempts=writer.row("_attempts"),
        flag=writer.rows.get("_flag", -1), on=writer.rows.get("_on", -1), number=writer.rows["_number"],
        taken=repr(tuple(writer.rows[n] for n in TAKEN if n in writer.rows)),
        room=0 if recorded is None else writer.lanes * sum(emitted(e) for e in writer.system.events),
    )  # fmt: skip


def _head(writer: LaneWriter, method: Method, names: Sequence[str], varied: Sequence[str], measured: Gauges) -> dict[str, Any]:
    """Return what both kinds of file begin with."""
    system, name = writer.system, plain(writer.system.name)
    return {
        "title": f"{name}: {plain(system.doc)}" if system.doc else name,
        "version": __version__,
        "model": name,
        "method": method.name,
        "digest": NO_DIGEST,
        "width": writer.lanes,
        "rows": len(writer.rows),
        "states": len(system.states),
        "drawn": ascii(tuple(names[len(varied) :])),
        "given": repr(tuple(writer.row(writer.name(n)) for n in names)),
        "columns": repr(measured.rows),
        "lost": writer.row("_lost"),
        "events": max(len(system.events), 1),
        "shared": tuple(f"{n} = {text}" for n, text in writer.shared.items()),
    }


def _helpers(text: str) -> tuple[str, ...]:
    """Return the functions that a text calls: those that vectorise, and of the others those that have no such form."""
    vectorised = elementary.definitions(text)
    known = {definition.partition("def ")[2].partition("(")[0] for definition in vectorised}
    others = [d for d in special.definitions(text) if d.partition("def ")[2].partition("(")[0] not in known]
    return (*vectorised, *others)


def _start(writer: LaneWriter, more: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that give a point its constants and its state, and do more; what a run by itself would refuse makes it lost."""
    states = _initial(writer)
    kept = set(writer.own)
    looked_at = _looked_at(writer)
    lines = writer.load([writer.name(g) for g in writer.given])
    for name, value in writer.own.items():
        lines += [f"{name} = {writer.print(value)}", *([f"{writer.at(name)} = {name}"] if name in kept else [])]
    lost = " + ".join(f"0.0*({text})" for text in (*writer.own, *looked_at, *writer.states))
    holds = [f"{writer.at(hold(writer.states[i]))} = -np.inf" for i in sorted(held_states(writer.system))]
    return (*lines, *states, *holds, f"{writer.at('_lost')} = {lost}", *more)


def _looked_at(writer: LaneWriter) -> list[str]:
    """Return the known times that differ from point to point, with all constants that do among the writer's own: each has to be finite."""
    system = writer.system
    numbers = {q.symbol: q for q in (*system.parameters, *system.constants)}
    writer.constants_of(*(s for s in writer.differing & numbers.keys() if not numbers[s].shape))
    parts = [part for edge in system.edges for part in (edge.args if isinstance(edge, Repeated) else (edge,))]
    parts = [part for part in parts if system.bases(part) & writer.differing and not writer.writer.indices_in(part)]
    writer.constants_of(*parts)
    return [writer.print(part) for part in parts]


def _initial(writer: LaneWriter) -> list[str]:
    """Return the lines that give the states their initial values, each after those it uses."""
    system, lines = writer.system, []
    pending = {s.symbol: s for s in system.states}
    defined: set[Symbol] = set()
    while pending:
        state = next(s for s in pending.values() if s.name in writer.started or not writer.writer.used([s.initial]) & pending.keys() - {s.symbol})
        del pending[state.symbol]
        name, row = writer.name(state.name), writer.at(writer.name(state.name))
        if state.name in writer.started:
            lines.append(f"{name} = {row}")
            continue
        needed = [d for d in system.needed(state.initial) if d.symbol not in defined]
        writer.constants_of(state.initial, *(d.expression for d in needed))
        lines += [writer.writer.assign(d) for d in needed]
        defined |= {d.symbol for d in needed}
        number = writer.states.index(name)
        lines += [f"{name} = _y0[{number}] if _y0[{number}] == _y0[{number}] else {writer.print(state.initial)}", f"{row} = {name}"]
    return lines


def _lines(
    writer: LaneWriter, step: Sequence[str], events: Sequence[LaneEvent], loads: Sequence[str], measures: Sequence[str], held: Sequence[str]
) -> tuple[str, ...]:
    """Return the lines of a step of a point, from loading its numbers to storing them."""
    lost = writer.at("_lost")
    return (
        *writer.load(held),
        *(line for event in events for line in event.loads),
        *loads,
        *step,
        f"{lost} = {lost} + {' + '.join(f'0.0*_z_{n}' for n in writer.states)}",
        *(line for event in events for line in event.lines),
        *measures,
        *(line for event in events for line in event.stores),
        *(f"{writer.at(h)} = {h}" for h in held),
        *(f"{writer.at(n)} = _z_{n}" for n in writer.states),
    )


def _noise(writer: LaneWriter) -> tuple[str, ...]:
    """Return the lines that draw two normal numbers of each noise of a point, one for this step and one for the next."""
    keys = ", ".join(f"int({writer.at(key)})" for key in ("_key_low", "_key_high", "_element"))
    lines = [f"_low, _high, _element = {keys}"]
    for j in range(len(writer.system.noises)):
        lines += [
            f"_first, _second = _uniform(_index >> 1, {j}, _element, _low, _high)",
            "_radius, _angle = math.sqrt(-2.0*_log(_first)), 6.283185307179586*_second",
            f"{writer.at(f'_normal{j}')} = _radius*_cos(_angle)",
            f"{writer.at(f'_other{j}')} = _radius*_sin(_angle)",
        ]
    return tuple(lines)
