"""Events of a point among many: every point computes what an event would do, and those where it is due take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Basic, Symbol

from neurodsl.codegen.lane_writer import LaneWriter, hold
from neurodsl.codegen.steps import held_states
from neurodsl.system import RANDOM, Event, System

KINDS = {"set", "hold", "wait", "emit"}
"""What an event may do in lanes."""


@dataclass(frozen=True)
class LaneEvent:
    """The text of an event in lanes.

    Attributes
    ----------
    start : tuple of str
        Lines that note, before the first step, whether its condition holds.
    loads, lines, stores : tuple of str
        What is loaded before a step, what happens at its end, and what is stored.
    due : str
        The name that is 1 where it fires, else 0.
    spikes : int
        How many spikes it emits.
    """

    start: tuple[str, ...]
    loads: tuple[str, ...]
    lines: tuple[str, ...]
    stores: tuple[str, ...]
    due: str
    spikes: int


def refused_events(system: System) -> str | None:
    """Return why the events of a system cannot be computed in lanes, or None.

    Events that only emit spikes, in any number, and one event that changes the state: its condition is looked at again after its actions, as
    in a run by itself, so a point has no cascade.
    """
    for event in system.events:
        if event.condition is None:
            return "it has events that are not conditions"
        if any(a.kind not in KINDS or a.also for a in event.actions):
            return "an event does more than set, hold, wait and emit"
        if any(s.name.startswith(RANDOM) for a in event.actions if a.value is not None for s in a.value.free_symbols if isinstance(s, Symbol)):
            return "an event draws random numbers"
    if len(system.events) > 1 and any(a.kind != "emit" for e in system.events for a in e.actions):
        return "it has several events, and they change the state"
    return None


def lane_events(writer: LaneWriter) -> list[LaneEvent]:
    """Return the events of a system in lanes, with their functions written."""
    return [lane_event(writer, number, event) for number, event in enumerate(writer.system.events)]


def _condition(writer: LaneWriter, event: Event) -> tuple[list[str], str, str]:
    """Return the lines that compute the comparisons of a condition, the condition, and what is nan where a comparison is; empty if none can be."""
    assert event.condition is not None
    wanted = {s.name for s in event.condition.free_symbols}
    surfaces = [s for s in writer.system.surfaces if s.symbol.name in wanted]
    lines = [writer.writer.assign(d) for d in writer.system.needed(*(s.expression for s in surfaces))]
    lost: list[str] = []
    for s in surfaces:
        holds = "==" if s.equality else ">" if s.strict else ">="
        value = f"_value{s.symbol.name.removeprefix('_side')}"
        lines += [f"{value} = {writer.print(s.expression)}", f"{s.symbol.name} = {value} {holds} 0.0"]
        # An affine comparison is as finite as the state.
        lost += [] if s.affine else [f"0.0*{value}"]
    return lines, writer.print(event.condition), " + ".join(lost)


def lane_event(writer: LaneWriter, number: int, event: Event, remembers: bool = True) -> LaneEvent:
    """Return an event whose trigger is a condition in lanes, with its functions written.

    Without remembering, it fires wherever its condition holds: its own actions make that false again.
    """
    surfaces = [s.expression for s in writer.system.surfaces if s.symbol in event.condition.free_symbols]  # type: ignore[union-attr]
    constants = writer.constants_of(*_all(writer.system, *surfaces))
    test, condition, lost = _condition(writer, event)
    samples = writer.samples(*surfaces)
    doc = f"Return whether `{event.text}` holds{', and what is nan where that cannot be told' if lost else ''}."
    results = [f"1.0 if {condition} else 0.0", *([lost] if lost else [])]
    writer.function(f"_holds{number}", ["t", "_ts", *writer.states, *samples.names, *constants], test, results, doc)
    bad, note = (" _bad", [f"{writer.at('_lost')} += _bad"]) if lost else ("", [])
    changed = {writer.states[a.target] for a in event.actions if a.kind == "set"}
    waits = any(a.kind == "wait" for a in event.actions)
    was, due, following = f"_was{number}", f"_due{number}", [f"_next{number}"] if waits else []
    free = [f"_z_{n}" for n in writer.states]
    call = f"(_u, _us, {', '.join(free)}"
    tail = "".join(f", {c}" for c in (*samples.at("_u"), *constants))
    look = [f"_now{number},{bad} = _holds{number}{call}{tail})", *note]
    lines = list(look)
    late = f" if {following[0]} <= _us else 0.0" if waits else ""
    lines.append(f"{due} = _now{number}{f'*(1.0 - {was})' if remembers else ''}{late}")
    lines += act(writer, number, event, following, due, free)
    if changed and remembers:
        lines += look
    noted = [f"{writer.at(was)},{bad} = _holds{number}(t, _ts, {', '.join(writer.states)}{tail})", *note] if remembers else []
    return LaneEvent(
        start=(*noted, *(f"{writer.at(f)} = -np.inf" for f in following)),
        loads=tuple(writer.load([*([was] if remembers else []), *following])),
        lines=tuple(lines),
        stores=(*([f"{writer.at(was)} = _now{number}"] if remembers else []), *(f"{writer.at(f)} = {f}" for f in following)),
        due=due,
        spikes=emitted(event),
    )


def emitted(event: Event) -> int:
    """Return how many spikes an event emits."""
    return sum(a.kind == "emit" for a in event.actions) or int(event.spikes)


def act(writer: LaneWriter, number: int, event: Event, following: list[str], due: str, states: Sequence[str]) -> list[str]:
    """Return the lines in which an event acts on states where it is ``due``, with its function written; none where it only emits."""
    if all(a.kind == "emit" for a in event.actions):
        return []
    changed = {writer.states[a.target] for a in event.actions if a.kind == "set"}
    kept = [hold(writer.states[i]) for i in sorted(held_states(writer.system))]
    values = [a.value for a in event.actions if a.value is not None]
    constants, samples = writer.constants_of(*_all(writer.system, *values)), writer.samples(*values)
    results = [*writer.states, *kept, *following, " + ".join(["_bad", *(f"0.0*{n}" for n in sorted(changed))])]
    arguments = ["t", "_ts", "_dt", "_due", *writer.states, *kept, *following, *samples.names, *constants]
    writer.function(f"_act{number}", arguments, ["_bad = 0.0", *_actions(writer, event, following)], results, f"Return what `{event.text}` leaves.")
    given = ", ".join([*states, *kept, *following])
    call = f"_act{number}(_u, _us, _dt, {due}, {given}{''.join(f', {c}' for c in (*samples.at('_u'), *constants))})"
    return [f"{given}, _bad = {call}", f"{writer.at('_lost')} += _bad"]


def _all(system: System, *expressions: Basic) -> list[Basic]:
    """Return expressions with the definitions that they use."""
    return [*expressions, *(d.expression for d in system.needed(*expressions))]


def _actions(writer: LaneWriter, event: Event, following: list[str]) -> list[str]:
    """Return the lines of the actions of an event, each for those points where it is due; they see the state as those before them left it."""
    held = held_states(writer.system)
    written = {a.target for a in event.actions if a.kind == "set"} & held
    lines = [f"_held_{writer.states[i]} = {hold(writer.states[i])} > _ts" for i in sorted(written)]
    for action in event.actions:
        if action.value is None:
            continue
        lines += [writer.writer.assign(d) for d in writer.system.needed(action.value)]
        value, name = writer.print(action.value), writer.states[action.target]
        if action.kind == "set":
            free = f" & (not _held_{name})" if action.target in written else ""
            chosen = f"({value})" if " if " in value else value
            lines.append(f"{name} = {chosen} if (_due > 0.0){free} else {name}")
            continue
        lines += [f"_length = {value}", "_bad += 0.0 if (_due == 0.0) | ((_length >= 0.0) & (_length < np.inf)) else np.nan"]
        lines += ["_until = t + _length", "_grid = np.rint(_until/_dt)*_dt"]
        lines.append("_until = _grid if abs(_grid - _until) <= 1e-9*_dt else _until")
        target = hold(name) if action.kind == "hold" else following[0]
        until = f"max({target}, _until)" if action.kind == "hold" else "_until"
        lines.append(f"{target} = {until} if _due > 0.0 else {target}")
    return lines
