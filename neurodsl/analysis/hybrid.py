"""Systems with resets as smooth pieces and jumps, each jump with its saltation matrix.

A state that is held and an event that waits become ordinary mathematics here: a switch and a clock, which are states like any other, so that
what a small deviation does at an event needs no exceptions.

References
----------
Leine, Nijmeijer, 2004, Dynamics and Bifurcations of Non-Smooth Mechanical Systems, section 7.3. doi:10.1007/978-3-540-44398-8
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Expr, Integer, Rational, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.events import flow_symbol
from neurodsl.lower.functions import Ceil, Floor, Maximum, Modulo, Round, Select, Signum, UnitStep
from neurodsl.system import LEVEL_TIME, RANDOM, TIME, Action, Definition, Event, State, Surface, System
from neurodsl.units import ONE

Matrix = tuple[tuple[Expr, ...], ...]
JUMPING = (Select, UnitStep, Signum, Floor, Ceil, Round, Modulo)
"""Functions whose value may jump where an argument passes a point."""


@dataclass(frozen=True)
class Jump:
    """What an event does to the state.

    Attributes
    ----------
    surface : Expr or None
        It acts where this turns from negative to positive; None at a time that is known beforehand.
    values : tuple of Expr
        Each state after it, as a function of the state before it.
    saltation : tuple of tuple of Expr
        The matrix that a small deviation is multiplied with.
    """

    event: Event
    surface: Expr | None
    values: tuple[Expr, ...]
    saltation: Matrix


@dataclass(frozen=True)
class Hybrid:
    """A deterministic system whose events do nothing but set states.

    Attributes
    ----------
    system : System
        Its first ``size`` states are the author's; switches and clocks follow. Events that change no state are left out.
    jumps : tuple of Jump
        One for each event.
    markers : tuple of Expr
        What turns positive at a spike, for each event that is one and does nothing else.
    held : mapping of int to int
        For each state that an event holds the number of its switch, which is 1 while it is held.
    notes : tuple of str
        What was left out.
    """

    system: System
    size: int
    jumps: tuple[Jump, ...]
    markers: tuple[Expr, ...]
    held: Mapping[int, int]
    notes: tuple[str, ...] = ()

    @property
    def autonomous(self) -> bool:
        """Return whether nothing depends on the time itself."""
        system = self.system
        expressions = [*(s.derivative for s in system.states), *(s.expression for s in system.surfaces)]
        used = system.bases(*expressions, *(d.expression for d in system.needed(*expressions)))
        return not used & {TIME, LEVEL_TIME, *map(Symbol, system.tables)} and all(
            j.surface is not None or j.event.kind == "start" for j in self.jumps
        )


def hybrid_of(system: System, purpose: str) -> Hybrid:
    """Return a system as smooth pieces and jumps.

    Parameters
    ----------
    system : System
        Not rolled.
    purpose : str
        What it is needed for, as part of a sentence.

    Raises
    ------
    NeuroError
        M115 for noise, events by chance, and events whose deviation cannot be followed.
    """
    require_deterministic(system, purpose)
    acting = [e for e in system.events if any(a.kind in ("set", "hold") for a in e.actions)]
    for event in acting:
        _require_followed(system, event, purpose)
    clocks = Clocks(system, acting)
    states = clocks.states()
    values = [clocks.values(event) for event in acting]
    events, surfaces = _renumbered(system, acting)
    for target, (switch, clock) in clocks.pairs.items():
        side = Symbol(f"_side{len(surfaces)}")
        surfaces.append(Surface(side, -clock, -flow_symbol(states[clocks.place(clock)]), False, False))
        text = f"{clocks.told(target)} ends"
        events.append(Event("condition", side, None, (), False, text, None))
        values.append(tuple(Integer(0) if s.symbol in (switch, clock) else s.symbol for s in states))
    starts = (*system.starts, *states[len(system.states) :]) if system.starts else ()
    changed = replace(system, states=states, starts=starts, surfaces=tuple(surfaces), events=tuple(events))
    made = _with_jumps(changed, events, values)
    quiet = [e for e in system.events if e not in acting and spikes(e) and e.condition in _sides(system)]
    markers = tuple(_surface(system, e).expression for e in quiet)
    held = {target: clocks.place(switch) for target, (switch, _) in clocks.pairs.items() if isinstance(target, int)}
    return Hybrid(made[0], len(system.states), made[1], markers, held, _notes(system))


def spikes(event: Event) -> bool:
    """Return whether an event with a condition is a spike."""
    return event.condition is not None and (event.spikes or any(a.kind == "emit" for a in event.actions))


def require_deterministic(system: System, purpose: str) -> None:
    """Raise M115 where a run depends on random numbers after its start."""
    symbols = {s for e in system.events for a in e.actions for v in (a.value, *(v for _, v in a.also)) if v is not None for s in v.free_symbols}
    reason = None
    if system.noises or system.sites:
        reason = "has noise"
    elif any(e.chance is not None or e.level >= 0 for e in system.events):
        reason = "has events that fire by chance"
    elif any(s.name.startswith(RANDOM) for s in symbols):
        reason = "draws random numbers at its events"
    if reason is not None:
        told = f"{purpose} is defined for a deterministic model, and `{system.name}` {reason}"
        raise fail(rules.NOT_SERVED, told, help="set the noise to 0 in the text, or leave it out")


def _sides(system: System) -> Mapping[sympy.Basic, Surface]:
    """Return what a condition of a single comparison may be, with its surface as one that turns positive."""
    found: dict[sympy.Basic, Surface] = {}
    for surface in system.surfaces:
        found[surface.symbol] = surface
        found[sympy.Not(surface.symbol, evaluate=False)] = replace(surface, expression=-surface.expression, rate=-surface.rate)
    return found


def _surface(system: System, event: Event) -> Surface:
    assert event.condition is not None
    return _sides(system)[event.condition]


def _require_followed(system: System, event: Event, purpose: str) -> None:
    """Raise M115 for an event whose deviation is not known."""
    reason = None
    if event.condition is not None and event.condition not in _sides(system):
        reason = "joins several comparisons, and which of them turns true is not known beforehand"
    elif system.discrete and any(a.kind in ("hold", "wait") for a in event.actions):
        reason = "holds a state of a map or waits"
    if reason is not None:
        raise fail(rules.NOT_SERVED, f"{purpose} cannot be computed: the event `{event.text}` {reason}", event.span)


class Clocks:
    """The switches and clocks that stand for ``hold`` and ``wait``: of a held state under its number, of an event under its text."""

    def __init__(self, system: System, events: Sequence[Event]) -> None:
        self.system = system
        self.pairs: dict[int | str, tuple[Symbol, Symbol]] = {}
        for event in events:
            for action in event.actions:
                key = action.target if action.kind == "hold" else f"{event.text} {system.events.index(event)}" if action.kind == "wait" else None
                if key is not None:
                    self.pairs[key] = (Symbol(f"{self.told(key)}"), Symbol(f"{self.told(key)} for"))

    def told(self, key: int | str) -> str:
        """Return what a pair stands for, as the name of its switch."""
        return f"{self.system.states[key].name} is held" if isinstance(key, int) else f"{key} waits"

    def place(self, symbol: Symbol) -> int:
        """Return the number of the state of a switch or a clock."""
        return len(self.system.states) + [s for pair in self.pairs.values() for s in pair].index(symbol)

    def states(self) -> tuple[State, ...]:
        """Return the states, standing still while they are held, then switches and clocks."""
        found = []
        for number, state in enumerate(self.system.states):
            pair = self.pairs.get(number)
            found.append(state if pair is None else replace(state, derivative=Select(_on(pair[0]), Integer(0), state.derivative)))
        for switch, clock in self.pairs.values():
            found.append(State(switch.name, switch, ONE, None, None, Integer(0), Integer(0), False))
            found.append(State(clock.name, clock, self.system.time_unit, None, None, Integer(0), -switch, False))
        return tuple(found)

    def values(self, event: Event) -> tuple[Expr, ...]:
        """Return each state after the actions of an event, one after the other."""
        before = {s.symbol: s.symbol for s in self.states()}
        now: dict[Symbol, Expr] = dict(before)
        waiting = None
        for action in event.actions:
            if action.kind == "set":
                assert action.value is not None
                pairs = ((action.target, action.value), *action.also)
                now |= {self.system.states[target].symbol: self._set(target, value, now) for target, value in pairs}
            elif action.kind in ("hold", "wait"):
                assert action.value is not None
                key = action.target if action.kind == "hold" else f"{event.text} {self.system.events.index(event)}"
                switch, clock = self.pairs[key]
                now |= {switch: Integer(1), clock: Maximum(now[clock], inlined(self.system, action.value).xreplace(now))}
                waiting = switch if action.kind == "wait" else waiting
        if waiting is not None:
            now = {symbol: value if value == symbol else Select(_on(waiting), symbol, value) for symbol, value in now.items()}
        return tuple(now[symbol] for symbol in before)

    def _set(self, target: int, value: Expr, now: Mapping[Symbol, Expr]) -> Expr:
        """Return the new value of a state; while it is held it keeps its own."""
        new = inlined(self.system, value).xreplace(now)
        pair = self.pairs.get(target)
        return new if pair is None else Select(_on(pair[0]), now[self.system.states[target].symbol], new)


def _on(switch: Symbol) -> sympy.Basic:
    return sympy.Gt(switch, Rational(1, 2), evaluate=False)


def inlined(system: System, expression: Expr) -> Expr:
    """Return an expression with the definitions that vary put in."""
    table = {d.symbol: d.expression for d in system.varying}
    while used := {symbol: table[symbol] for symbol in expression.free_symbols if symbol in table}:
        expression = expression.xreplace(used)
    return expression


def _renumbered(system: System, events: Sequence[Event]) -> tuple[list[Event], list[Surface]]:
    """Return events, and the surfaces that their conditions use, in a row."""
    surfaces: list[Surface] = []
    found = []
    for event in events:
        if event.condition is None:
            found.append(event)
            continue
        surface = _surface(system, event)
        symbol = Symbol(f"_side{len(surfaces)}")
        surfaces.append(replace(surface, symbol=symbol))
        found.append(replace(event, condition=symbol))
    return found, surfaces


def _with_jumps(system: System, events: Sequence[Event], values: Sequence[tuple[Expr, ...]]) -> tuple[System, tuple[Jump, ...]]:
    """Return the system with events of a single action each, and what they do."""
    surfaces = {s.symbol: s for s in system.surfaces}
    flows = [
        Definition(f"flow of {s.name}", Symbol(f"flow of {s.name}"), s.unit, None, None, expression=s.derivative, constant=False, shown=False)
        for s in system.states
    ]
    definitions, jumps, made = [*system.definitions, *flows], [], []
    for number, (event, after) in enumerate(zip(events, values, strict=True)):
        surface = surfaces[event.condition] if event.condition is not None else None
        known = surface is None or surface.timed or system.discrete
        if event.kind == "start":
            matrix = tuple(tuple(Integer(int(i == j)) for j in range(len(after))) for i in range(len(after)))
        elif known:
            matrix = _derivatives(system, after)
        else:
            assert surface is not None
            arrived, extra = _flow_after(system, after, number)
            definitions += extra
            matrix = _saltation(system, surface.expression, after, [f.symbol for f in flows], arrived)
        jumps.append(Jump(event, None if known or surface is None else surface.expression, after, matrix))
        made.append(replace(event, actions=(_single_action(system, after, event),)))
    return replace(system, definitions=tuple(definitions), events=tuple(made)), tuple(jumps)


def _single_action(system: System, after: Sequence[Expr], event: Event) -> Action:
    """Return the action that sets all states at once."""
    pairs = [(i, value) for i, (state, value) in enumerate(zip(system.states, after, strict=True)) if value != state.symbol]
    (first, value), *also = pairs or [(0, system.states[0].symbol)]
    return Action("set", first, value, event.text, event.span, tuple(also))


def _derivatives(system: System, after: Sequence[Expr]) -> Matrix:
    """Return the Jacobian of a reset."""
    return tuple(tuple(value.diff(s.symbol) for s in system.states) for value in after)


def _flow_after(system: System, after: Sequence[Expr], number: int) -> tuple[list[Symbol], list[Definition]]:
    """Return symbols of the derivatives just after a reset, and the definitions that they and their parts need."""
    slopes = [s.derivative for s in system.states]
    table: dict[Symbol, Expr] = {s.symbol: value for s, value in zip(system.states, after, strict=True)}
    found = []
    for definition in system.needed(*slopes):
        moved = Symbol(f"{definition.name} after event {number}")
        expression = settled(definition.expression.xreplace(table))
        found.append(replace(definition, name=moved.name, symbol=moved, expression=expression, shown=False, span=None))
        table[definition.symbol] = moved
    arrived = []
    for state in system.states:
        symbol = Symbol(f"flow of {state.name} after event {number}")
        expression = settled(state.derivative.xreplace(table))
        found.append(Definition(symbol.name, symbol, state.unit, None, None, expression=expression, constant=False, shown=False))
        arrived.append(symbol)
    return arrived, found


def settled(expression: Expr) -> Expr:
    """Return an expression with the choices that are decided taken."""
    return expression.replace(
        lambda e: isinstance(e, Select) and e.args[0] in (sympy.true, sympy.false), lambda e: e.args[1] if e.args[0] == sympy.true else e.args[2]
    )


def _saltation(system: System, surface: Expr, after: Sequence[Expr], leaving: Sequence[Symbol], arriving: Sequence[Symbol]) -> Matrix:
    """Return DR + (f_after - DR f_before - dR/dt) grad(h)/(dh/dt + grad(h) f_before)."""
    gradient = [total_derivative(surface, s.symbol, system.varying) for s in system.states]
    speed = sympy.Add(total_derivative(surface, TIME, system.varying), *(g * f for g, f in zip(gradient, leaving, strict=True)))
    slopes = _derivatives(system, after)
    rows = []
    for value, row, arrived in zip(after, slopes, arriving, strict=True):
        kick = arrived - sympy.Add(value.diff(TIME), *(entry * f for entry, f in zip(row, leaving, strict=True)))
        rows.append(tuple(entry if g == 0 else entry + kick * g / speed for entry, g in zip(row, gradient, strict=True)))
    return tuple(rows)


def _notes(system: System) -> tuple[str, ...]:
    """Return what the pieces leave out: actions that end a run, and right-hand sides that may jump."""
    notes = [f"`{e.text}` ends a run; here it does not" for e in system.events if any(a.kind == "stop" for a in e.actions)]
    moving = {s.symbol for s in system.states}
    slopes = [s.derivative for s in system.states]
    for expression in (*slopes, *(d.expression for d in system.needed(*slopes))):
        for part in expression.atoms(*JUMPING):
            asked = part.args[0].free_symbols
            if asked & moving or system.bases(*(d.expression for d in system.needed(part.args[0]))) & moving:
                notes.append("a right-hand side holds a condition on the state; where it jumps there, a deviation is carried across unchanged")
                return tuple(notes)
    return tuple(notes)


def jacobian_of(system: System) -> list[list[Expr]]:
    """Return the derivatives of the right-hand sides (rows) by the states (columns), in terms of the definitions."""
    return [[total_derivative(row.derivative, column.symbol, system.varying) for column in system.states] for row in system.states]
