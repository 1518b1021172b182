"""Neurons with linear equations whose spikes fall where they fall: the step of all of them, and the way of a single one through a step.

Between events the state of such a neuron is exp(A s) (y + A^-1 b) - A^-1 b at the offset s within the step: a power series whose terms each follow from
the one before by a product with A. So is a level that is linear in the state, and a spike is the first root of it. What bends a level within the
step is bounded by a number of the matrix alone times the slopes at its beginning, which tells at once of nearly all neurons that none of their levels
can be reached, however a course may rise and fall within the step.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.codegen.lane_events import emitted
from neurodsl.codegen.lane_writer import LaneWriter, hold
from neurodsl.codegen.network.conditions import expanded
from neurodsl.codegen.network.linear import Propagator, propagated
from neurodsl.codegen.network.sweep import Sweep, exports, hoisted, refused, width_of
from neurodsl.codegen.pages import MovePage, SweepPage
from neurodsl.codegen.steps import held_states, linear_part
from neurodsl.diagnostics import fail
from neurodsl.integrators.method import Method
from neurodsl.network import Population
from neurodsl.system import LEVEL_TIME, TIME, Event, System

AT, STRUCK, LOST = "_at", "_struck", "_lost"
"""The offset up to which a neuron has come in a step; whether a synapse has acted on it since its conditions were looked at; what is not a number where a
time is none."""
GRID = "leave out `--events exact`, or write `--events grid`"


@dataclass(frozen=True)
class Level:
    """A condition of an event: true where ``value`` is positive, or also where it is 0; ``slopes`` are its derivatives by the states."""

    value: Expr
    slopes: tuple[Expr, ...]
    strict: bool


@dataclass(frozen=True)
class PreciseKind:
    """The neurons of a system: what advances all of them by a step, and what takes a single one through it.

    Attributes
    ----------
    sweep : Sweep
    move : MovePage
    levels : tuple of Level
    """

    sweep: Sweep
    move: MovePage
    levels: tuple[Level, ...]


def levels_of(system: System, population: Population) -> tuple[Level, ...]:
    """Return the levels of the events of a system.

    Raises
    ------
    NeuroError
        M103 where its spikes cannot be located exactly, with what is in the way.
    """
    model, reason = population.model, refused(system)
    if reason is None and (system.noises or system.discrete):
        reason = "it has noise" if system.noises else "it is a map"
    if reason is None and system.tables:
        reason = "its input follows samples"
    parts = None if reason is not None else linear_part(system)
    if reason is None and (parts is None or any(LEVEL_TIME in system.bases(e) for row in parts[0] for e in row)):
        reason = f"{_bent(system)} not linear with constant coefficients"
    found = []
    for event in system.events if reason is None else ():
        level = _level(system, event)
        if level is None:
            reason = f"`{event.text}` is no comparison of a sum of states with a constant"
            break
        found.append(level)
    if reason is not None:
        raise fail(rules.METHOD_REFUSED, f"spikes of `{model}` have no exact times: {reason}", population.span, GRID)
    return tuple(found)


def _bent(system: System) -> str:
    """Return which equation of a system is in the way of an exact solution."""
    for state in system.states:
        alone = replace(system, states=tuple(replace(s, derivative=s.derivative if s is state else sympy.Integer(0)) for s in system.states))
        parts = linear_part(alone)
        if parts is None or any(LEVEL_TIME in system.bases(e) for row in parts[0] for e in row):
            return f"the equation of `{state.name}` is"
    return "its equations are"


def _level(system: System, event: Event) -> Level | None:
    """Return the level of an event, None where it has none that is linear in the states."""
    surface = next((s for s in system.surfaces if s.symbol == event.condition), None)
    if surface is None or surface.timed or surface.equality:
        return None
    value = expanded(system, surface.expression)
    if not isinstance(value, Expr) or value.free_symbols & {TIME, LEVEL_TIME}:
        return None
    states = {s.symbol for s in system.states}
    slopes = tuple(sympy.diff(value, s.symbol) for s in system.states)
    if any(e.free_symbols & states for e in slopes) or value.atoms(sympy.core.relational.Relational):
        return None
    return Level(value, slopes, surface.strict)


def precise_kind(
    number: int, system: System, method: Method, varied: Sequence[str], given: Collection[str], largest: int, exported: Sequence[str],
    levels: tuple[Level, ...],
) -> PreciseKind:  # fmt: skip
    """Return the functions over the neurons of a system; see :func:`neurodsl.codegen.network.sweep.sweep_of`."""
    writer = LaneWriter(system, [*varied, *(s.name for s in system.states)], given, width_of(system, largest))
    writer.varying -= {Symbol("_h")}
    written = _Writing(number, writer, levels)
    written.propagator, step = propagated(writer, written.holding)
    lines = written.every_neuron(step)
    move = written.move()
    outward = exports(writer, exported)
    constants = written.loads()
    made = hoisted(writer)
    shared = tuple(f"{n} = {text}" for n, text in writer.shared.items())
    page = SweepPage(number, writer.lanes, (), shared, "", (), (), (), (*constants, *lines), "_flag", (), (writer.at("_due"),), ())
    outward = [line.replace("_export(", f"_export_{number}(") for line in outward]
    told = [*constants, *(f"_z_{n} = {writer.at(n)}" for n in writer.states), *outward] if outward else []
    scalars = tuple(f"{n} = {written.place(n)}" for n in written.own())
    sweep = Sweep(
        system, method, writer.rows, dict(writer.writer.names), tuple(n for n, _ in writer.writer.constants), writer.given, dict(writer.own), made,
        written.propagator, tuple(written.functions()), page, False,
    )  # fmt: skip
    return PreciseKind(sweep, replace(move, shared=shared, loads=(*scalars, *move.loads), exports=tuple(told)), levels)


class _Writing:
    """Writes the two functions of a kind of neurons."""

    def __init__(self, number: int, writer: LaneWriter, levels: Sequence[Level]) -> None:
        self.number, self.writer, self.levels = number, writer, levels
        self.system, self.states, self.print = writer.system, writer.states, writer.print
        self.held = sorted(held_states(self.system))
        # Of several held states any may be free before the others: such neurons go through their steps one at a time.
        self.holding = len(self.held) < 2
        parts = linear_part(self.system)
        assert parts is not None
        self.matrix, self.drive = parts
        self.propagator: Propagator
        self.at = writer.row(AT)
        self.was = [f"_was{k}" for k in range(len(levels))]
        self.waiting = [k for k, e in enumerate(self.system.events) if any(a.kind == "wait" for a in e.actions)]
        for name in (*self.was, *(f"_next{k}" for k in self.waiting), *(hold(self.states[i]) for i in self.held), STRUCK, LOST):
            writer.row(name)

    def place(self, name: str) -> str:
        """Return the text of a number of a single neuron."""
        return f"_f[_k + np.uint64({self.writer.row(name) * self.writer.lanes})]"

    def own(self) -> list[str]:
        """Return what each neuron has that does not change."""
        rows = [] if self.propagator.shared else list(self.propagator.entries)
        return [*(self.writer.name(g) for g in self.writer.given), *self.writer.own, *rows]

    def loads(self) -> list[str]:
        """Return the lines that load it."""
        return self.writer.load(self.own())

    def entry(self, i: int, j: int) -> str:
        """Return the name of an entry of the matrix, which is computed before the first step."""
        name = f"_A{i}_{j}"
        if name not in self.propagator.entries:
            if self.propagator.shared:
                self.writer.shared[name] = f"_p[{len(self.propagator.entries)}]"
            else:
                self.writer.row(name)
            self.propagator = replace(self.propagator, entries=(*self.propagator.entries, name))
        return name

    def product(self, i: int, values: Sequence[str]) -> str:
        """Return the text of a row of the matrix times a vector."""
        return " + ".join(f"{self.entry(i, j)}*{values[j]}" for j, e in enumerate(self.matrix[i]) if e != 0)

    def slope(self, i: int) -> str:
        """Return the text of the derivative of a state."""
        terms = [text for text in (self.product(i, self.states), f"_b{i}" if self.drive[i] != 0 else "") if text]
        return " + ".join(terms) or "0.0"

    def value(self, level: Level, prefix: str = "") -> str:
        """Return the text of a level of the states, or of what they become."""
        self.writer.constants_of(level.value)
        states = {s.symbol: Symbol(f"{prefix}{n}") for s, n in zip(self.system.states, self.states, strict=True)}
        return self.print(level.value.xreplace(states) if prefix else level.value)

    def bent(self, k: int) -> str:
        """Return the text of a bound of the second derivative of a level within the step."""
        count = len(self.states)
        return " + ".join(f"_b[{k * count + i}]*abs(_d{i})" for i in range(count) if self.moves(i)) or "0.0"

    def moves(self, i: int) -> bool:
        """Return whether a state changes between events."""
        return bool(self.system.states[i].derivative != 0)

    # --- all neurons ---------------------------------------------------------------------------------------------------------

    def every_neuron(self, step: Sequence[str]) -> list[str]:
        """Return what every neuron does in a step: it moves to its end, unless something may happen to it on the way."""
        writer = self.writer
        lines = writer.load([*self.states, *(hold(self.states[i]) for i in self.held), *self.was, AT, STRUCK])
        lines += step
        lines += [f"_z_{n} = {n}" for i, n in enumerate(self.states) if not self.moves(i)]
        for i in range(len(self.states)):
            if self.moves(i):
                free = f"0.0 if {hold(self.states[i])} > _ts else " if i in self.held else ""
                lines.append(f"_d{i} = {free}{self.slope(i)}")
        conditions = [f"({AT} > 0.0)", f"({STRUCK} > 0.0)"]
        for k, level in enumerate(self.levels):
            lines += [
                f"_sign{k} = 1.0 - 2.0*_was{k}",
                f"_near{k} = max(_sign{k}*({self.value(level)}), _sign{k}*({self.value(level, '_z_')})) + 0.125*_h*_h*({self.bent(k)})",
            ]
            conditions.append(f"(_near{k} >= 0.0)")
        ends = " & ({hold} < _u)" if self.holding else ""
        conditions += [f"(({until} > t){ends.format(hold=until)})" for until in (hold(self.states[i]) for i in self.held)]
        lines.append(f"_flag = 1.0 if {' | '.join(conditions)} else 0.0")
        lines += [f"{writer.at(n)} = {n} if _flag > 0.0 else _z_{n}" for i, n in enumerate(self.states) if self.moves(i)]
        return [*lines, f"{writer.at('_due')} = _flag"]

    # --- a single one --------------------------------------------------------------------------------------------------------

    def move(self) -> MovePage:
        """Return what takes a single neuron through a step."""
        states, count = self.states, len(self.states)
        drive = [f"_b{i} = {self.print(b)}" for i, b in enumerate(self.drive) if b != 0]
        changing = [*states, STRUCK, *(hold(states[i]) for i in self.held), *self.was, *(f"_next{k}" for k in self.waiting)]
        free = [f"_free{i}*" if i in self.held else "" for i in range(count)]
        moving = [i for i in range(count) if self.moves(i)]
        start = (
            [f"_d{i} = {free[i]}({self.slope(i)})" for i in moving] + [f"_y{i} = _first*_d{i}" for i in moving] + [f"_v{i} = _y{i}" for i in moving]
        )
        series, following = [], []
        for i in moving:
            following.append(f"_w{i} = _part*{free[i]}({self.product(i, [f'_v{j}' if self.moves(j) else '0.0' for j in range(count)]) or '0.0'})")
            series.append(f"_work[{i}, _j + 1] = {free[i]}({self.product(i, [f'_work[{j}, _j]' for j in range(count)]) or '0.0'})/(_j + 1.0)")
        following += [line for i in moving for line in (f"_v{i} = _w{i}", f"_y{i} += _w{i}")]
        reached = [f"_z_{n} = {n} + _y{i}" if i in moving else f"_z_{n} = {n}" for i, n in enumerate(states)]
        first = [f"_work[{i}, 0] = {n}" for i, n in enumerate(states)] + [f"_work[{i}, 1] = _d{i}" for i in moving]
        first += [line for i in range(count) if i not in moving for line in ("for _j in range(1, _terms + 1):", f"    _work[{i}, _j] = 0.0")]
        levels, near = [], []
        for k, level in enumerate(self.levels):
            self.writer.constants_of(*level.slopes)
            terms = " + ".join(f"({self.print(e)})*_work[{i}, _j]" for i, e in enumerate(level.slopes) if e != 0)
            reached += [f"_sign{k} = 1.0 - 2.0*_was{k}", f"_bent{k} = {self.bent(k)}"]
            near.append(f"max(_sign{k}*({self.value(level)}), _sign{k}*({self.value(level, '_z_')})) + 0.125*_first*_first*_bent{k} >= 0.0")
            levels.append((self.value(level), terms or "0.0"))
        return MovePage(
            number=self.number, shared=(), loads=(*drive, *(f"{n} = {self.place(n)}" for n in changing)), at=self.place(AT),
            width=self.writer.lanes, events=tuple(self._settling()),
            held=tuple((str(i), hold(states[i])) for i in self.held), start=tuple(start), next=tuple(following), reached=tuple(reached),
            near=" or ".join(near) or "False", first=tuple(first), series=tuple(series), levels=tuple(levels),
            states=tuple(states), stores=tuple(f"{self.place(n)} = {n}" for n in changing), exports=(),
        )  # fmt: skip

    def _settling(self) -> list[str]:
        """Return the lines in which events happen: where synapses have acted on the neuron, where one meets its level, where one changes that of another."""
        count = len(self.levels)
        lines = [f"_old{k} = {self.value(level)}" for k, level in enumerate(self.levels)]
        lines += [line for k in range(count) for line in self._settled(k)]
        changed = " or ".join(f"_g{k} != {self.value(level)}" for k, level in enumerate(self.levels[:-1]))
        return [*lines, f"_struck = 1.0 if {changed} else 0.0" if changed else "_struck = 0.0"]

    def _settled(self, k: int) -> list[str]:
        """Return the lines in which an event happens where its condition has turned true."""
        event, level = self.system.events[k], self.levels[k]
        holds = f"_g{k} {'>' if level.strict else '>='} 0.0"
        waits = f" and _next{k} <= t" if k in self.waiting else ""
        neuron = f"np.int64(_k)//_size*{self.writer.lanes} + np.int64(_k)%_size"
        spike = ["_fired += 1", f"_emit(_who, _when, _tops, _slot, {neuron}, _at)"]
        # A level that the actions leave as it is has just been met, whatever side rounding puts it on.
        acts = any(a.kind == "set" and level.slopes[a.target] != 0 for a in event.actions)
        after = [f"_g{k} = {self.value(level)}", f"_was{k} = 1.0 if {holds} else 0.0"] if acts else [f"_was{k} = 1.0"]
        happens = [*self._actions(event, k), *spike * emitted(event), *after]
        lines = [f"_g{k} = {self.value(level)}", f"if _struck > 0.0 or _cross == {k} or _g{k} != _old{k}:", f"    if {holds} or _cross == {k}:"]
        lines += [f"        if _was{k} == 0.0{waits}:", *(f"            {line}" for line in happens)]
        if waits:
            lines += ["        else:", f"            _was{k} = 1.0"]
        return [*lines, "    else:", f"        _was{k} = 0.0"]

    def _actions(self, event: Event, k: int) -> list[str]:
        """Return the lines of the actions of an event; they see the state as those before them left it."""
        lines = []
        written = {a.target for a in event.actions if a.kind == "set"} & set(self.held)
        lines += [f"_kept{i} = {hold(self.states[i])} > t" for i in sorted(written)]
        for action in event.actions:
            if action.value is None:
                continue
            needed = self.system.needed(action.value)
            self.writer.constants_of(action.value, *(d.expression for d in needed))
            lines += [self.writer.writer.assign(d) for d in needed]
            name, value = self.states[action.target] if action.target >= 0 else "", self.print(action.value)
            if action.kind == "set":
                lines.append(f"{name} = {name} if _kept{action.target} else ({value})" if action.target in written else f"{name} = {value}")
                continue
            lines += [f"_length = {value}", f"{self.place(LOST)} += 0.0 if _length >= 0.0 and _length < np.inf else np.nan"]
            lines.append(f"{hold(name)} = max({hold(name)}, t + _length)" if action.kind == "hold" else f"_next{k} = t + _length")
        return lines

    def functions(self) -> list[str]:
        """Return what the functions call, as text."""
        found = []
        for made in self.writer.functions:
            body = "".join(f"    {line}\n" for line in made.lines)
            text = f'def {made.name}({made.arguments}):\n    """{made.doc}"""\n{body}    return {made.results}'
            found.append(text.replace("def _export(", f"def _export_{self.number}(", 1))
        return found
