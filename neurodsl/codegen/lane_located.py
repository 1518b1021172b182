"""Events of a point among many that are located inside of steps: all points look whether one may have happened, and those where it may search."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from neurodsl.codegen.bodies import plain
from neurodsl.codegen.lane_events import act, emitted
from neurodsl.codegen.lane_measures import counted
from neurodsl.codegen.lane_steps import Call
from neurodsl.codegen.lane_writer import LaneWriter, hold
from neurodsl.codegen.steps import held_states
from neurodsl.lower.events import flow_symbol
from neurodsl.system import TIME, Event, Surface, System

POWERS = (1, 2, 3, 4)
"""Those of the fraction of a step in the continuous extension: between two steps an affine comparison is a polynomial of this degree."""


@dataclass(frozen=True)
class Located:
    """The text of what is located.

    Attributes
    ----------
    start : tuple of str
        Lines that note, before the first step, which comparisons and conditions hold.
    loads, look : tuple of str
        What is loaded before a step, and lines that set ``_quiet`` where no comparison can have changed within it.
    happen : tuple of str
        What is done, point by point, where one may have or a known time has come.
    near : tuple of str
        The names of what tells that a comparison has just changed.
    """

    start: tuple[str, ...]
    loads: tuple[str, ...]
    look: tuple[str, ...]
    happen: tuple[str, ...]
    near: tuple[str, ...]


def base(name: str) -> str:
    """Return the identifier of a state at the start of the last step."""
    return f"_base_{name}"


def part(power: int, name: str) -> str:
    """Return the identifier of the coefficient of a power of the fraction of the last step in a state."""
    return f"_p{power}_{name}"


def inside(name: str) -> str:
    """Return the text of a state at the fraction ``_theta`` of the last step."""
    p = [part(power, name) for power in POWERS]
    return f"{base(name)} + _theta*({p[0]} + _theta*({p[1]} + _theta*({p[2]} + _theta*{p[3]})))"


def refused_surfaces(system: System) -> str | None:
    """Return why the comparisons of a system cannot be followed in lanes, or None."""
    constants = {d.symbol for d in (*system.parameters, *system.constants)} | system.elements.keys()
    flows = {flow_symbol(s) for s in system.states}
    for surface in system.surfaces:
        if surface.timed or TIME in system.bases(surface.expression):
            return "a condition looks at the time"
        if surface.moves and not (surface.affine and surface.rate.free_symbols <= constants | flows):
            return "a condition is not linear in the state"
    return None


class Locator:
    """Writes what follows the comparisons of a system and lets its events act.

    Parameters
    ----------
    writer : LaneWriter
    rates : Call
        Returns the text of the derivatives.
    kinds : collection of str
        The columns of spikes.
    numbered : bool
        The time of each spike is kept.
    """

    def __init__(self, writer: LaneWriter, rates: Call, kinds: Collection[str], numbered: bool) -> None:
        self.writer, self.rates, self.kinds, self.numbered = writer, rates, kinds, numbered
        self.surfaces = list(enumerate(writer.system.surfaces))
        self.searched = [i for i, s in self.surfaces if s.moves]
        self.events = list(enumerate(writer.system.events))
        self.held = [hold(writer.states[i]) for i in sorted(held_states(writer.system))]
        self.waits = [f"_next{k}" for k, e in self.events if any(a.kind == "wait" for a in e.actions)]
        self.tails = {i: self._function(i, s) for i, s in self.surfaces}

    def _function(self, number: int, surface: Surface) -> tuple[str, str]:
        """Write the functions of a comparison and of its derivative; return the texts of their constants."""
        writer = self.writer
        needed = writer.system.needed(surface.expression)
        constants = writer.constants_of(surface.expression, *(d.expression for d in needed))
        lines = [writer.writer.assign(d) for d in needed]
        writer.function(
            f"_value{number}",
            ["t", "_ts", *writer.states, *constants],
            lines,
            [writer.print(surface.expression)],
            "Return a comparison, left minus right.",
        )
        if not surface.moves:
            return "".join(f", {c}" for c in constants), ""
        flows = [writer.name(flow_symbol(s).name) for s in writer.system.states]
        own = writer.constants_of(surface.rate)
        writer.function(f"_rate{number}", [*flows, *own], [], [writer.print(surface.rate)], "Return its derivative by those of the states.")
        return "".join(f", {c}" for c in constants), "".join(f", {c}" for c in own)

    def value(self, number: int, time: str, names: Sequence[str]) -> str:
        """Return the text of a comparison in a state."""
        return f"_value{number}({time}, {'_us' if time == '_u' else '_ts'}, {', '.join(names)}{self.tails[number][0]})"

    def rate(self, number: int, names: Sequence[str]) -> str:
        """Return the text of its derivative."""
        return f"_rate{number}({', '.join(names)}{self.tails[number][1]})"

    def located(self) -> Located:
        """Return the whole."""
        near, side = [f"_near{i}" for i in self.searched], [f"_above{i}" for i in self.searched]
        rows = [*near, *side]
        was = [f"_was{k}" for k, _ in self.events]
        return Located(
            (
                *(line for i, s in self.surfaces for line in self._side(i, s, "t")),
                *(f"{self.writer.at(name)} = {name}" for name in side),
                *(f"{self.writer.at(name)} = 0.0" for name in near),
                *(f"{self.writer.at(w)} = 1.0 if {self._condition(e)} else 0.0" for w, (_, e) in zip(was, self.events, strict=True)),
                *(f"{self.writer.at(name)} = -np.inf" for name in self.waits),
            ),
            tuple(self.writer.load([*rows, *self.waits])),
            self._look(),
            (*self.writer.load([*rows, *self.waits, *was]), *self._search(), *self._happen(was, [*side, *near, *was, *self.waits])),
            tuple(near),
        )

    def _side(self, number: int, surface: Surface, time: str) -> list[str]:
        """Return the lines that tell whether a comparison holds in the state."""
        holds = "==" if surface.equality else ">" if surface.strict else ">="
        return [f"_g{number}, = {self.value(number, time, self.writer.states)}", f"_above{number} = 1.0 if _g{number} {holds} 0.0 else 0.0"]

    def _condition(self, event: Event) -> str:
        """Return the text of a condition, with the comparisons as numbers."""
        assert event.condition is not None
        text = self.writer.print(event.condition)
        for i, surface in reversed(self.surfaces):
            text = text.replace(surface.symbol.name, f"(_above{i} > 0.0)")
        return text

    def _zero(self, number: int) -> str:
        """Return the text that is true where a comparison of 0 keeps its side: one that holds does unless it is strict."""
        return f"(_above{number} {'==' if self.writer.system.surfaces[number].strict else '>'} 0.0)"

    def _polynomial(self, number: int) -> list[str]:
        """Return the lines that set ``_c0`` to ``_c4`` to a comparison over the step, positive where it keeps its side."""
        names = self.writer.states
        return [
            f"_sign = 1.0 if _above{number} > 0.0 else -1.0",
            f"_c0, = {self.value(number, '_began', [base(n) for n in names])}",
            "_c0 = _sign*_c0",
            *(f"_c{p}, = {self.rate(number, [part(p, n) for n in names])}\n_c{p} = _sign*_c{p}" for p in POWERS),
        ]

    def _look(self) -> tuple[str, ...]:
        """Return the lines that hold the Bernstein coefficients of each comparison against 0, from the second on where it has just changed."""
        lines = ["_quiet = 1.0"]
        for i in self.searched:
            lines += [
                *self._polynomial(i),
                f"_b0 = _c0 if _near{i} == 0.0 else 0.0",
                "_b1 = _b0 + 0.25*_c1",
                "_b2 = _b0 + 0.5*_c1 + 0.16666666666666666*_c2",
                "_b3 = _b0 + 0.75*_c1 + 0.5*_c2 + 0.25*_c3",
                "_b4 = _b0 + _c1 + _c2 + _c3 + _c4",
                f"_b0 = _b0 if _near{i} == 0.0 else _b1",
                "_b1 = _b1 if _b1 < _b2 else _b2",
                "_b3 = _b3 if _b3 < _b4 else _b4",
                "_b0 = _b0 if _b0 < _b1 else _b1",
                "_b0 = _b0 if _b0 < _b3 else _b3",
                f"_quiet = _quiet if (_b0 > 0.0) | ((_b0 == 0.0) & ((_near{i} > 0.0) | {self._zero(i)})) else 0.0",
            ]
        return tuple(line for text in lines for line in text.split("\n"))

    def _search(self) -> list[str]:
        """Return the lines that set ``_theta`` to where in the step the first comparisons change, 2 if none does; theirs are noted."""
        lines = ["_theta = 2.0"]
        for i in self.searched:
            lines += [
                *self._polynomial(i),
                f"if _near{i} > 0.0:",
                "    _c0, _c1, _c2, _c3, _c4 = _c1, _c2, _c3, _c4, 0.0",
                f"_at{i} = _leaves(_c0, _c1, _c2, _c3, _c4, {self._zero(i)}, _near{i} > 0.0, _long <= 1e-13*(_began + _dt))",
                f"_theta = min(_theta, _at{i})",
            ]
        for i in self.searched:
            lines += [
                f"_near{i} = 0.0",
                f"if _at{i} <= 1.0 and (_at{i} - _theta)*_long <= 1e-12*(_began + _dt):",
                f"    _above{i}, _near{i} = 1.0 - _above{i}, 1.0",
            ]
        return [line for text in lines for line in text.split("\n")]

    def _happen(self, was: Sequence[str], rows: Sequence[str]) -> list[str]:
        """Return the lines that let events act in the state at ``_u``: where comparisons have changed, or a known time has come."""
        writer, names = self.writer, self.writer.states
        found = [
            "_u, _h = _t, _long",
            "if _theta <= 1.0:",
            "    _u = _u if _theta == 1.0 else _began + _theta*_long",
            *(f"    {n} = {inside(n)}" for n in names),
        ]
        if self.held or self.waits:
            found += ["elif _flag > 1.0:", "    _ts = _began + 0.5*_h", f"    {self._slopes()}"]
            found += [f"    {line}" for i in self.searched for line in self._touch(i)]
        acting = [
            "_ts = _us = _u + 1e-9*_dt",
            *(line for i, s in self.surfaces if not s.moves for line in self._side(i, s, "_u")),
            "_again = 1.0",
            "while _again > 0.0:",
            "    _again = 0.0",
            *(f"    {line}" for k, e in self.events for line in self._event(k, e)),
            "_ts = _u",
            self._slopes(),
            f"{writer.at('_t')} = _u if {writer.at('_lost')} == 0.0 else _end",
            *(f"{writer.at(n)} = {n}" for n in (*names, *(f"_k1_{n}" for n in names), *self.held)),
        ]
        return [*found, "if _theta <= 1.0 or _flag > 1.0:", *(f"    {line}" for line in acting), *(f"{writer.at(n)} = {n}" for n in rows)]

    def _slopes(self) -> str:
        """Return the line that computes the derivatives at ``_u``."""
        names = self.writer.states
        return f"{', '.join(f'_k1_{n}' for n in names)}, = {self.rates('_u', names)}"

    def _touch(self, number: int) -> list[str]:
        """Return the lines that note as changed a comparison that rounding alone keeps from changing at this known time."""
        names = self.writer.states
        return [
            f"_sign = 1.0 if _above{number} > 0.0 else -1.0",
            f"_g{number}, = {self.value(number, '_u', names)}",
            f"_r{number}, = {self.rate(number, [f'_k1_{n}' for n in names])}",
            f"if _near{number} == 0.0 and _sign*_r{number} < 0.0 and _sign*_g{number} <= -1e-12*(_u + _dt)*_sign*_r{number}:",
            f"    _above{number}, _near{number} = 1.0 - _above{number}, 1.0",
        ]

    def _event(self, number: int, event: Event) -> list[str]:
        """Return the lines of an event, as in a run by itself."""
        waits = f"_next{number}" if f"_next{number}" in self.waits else ""
        action = act(self.writer, number, event, [waits] if waits else [], "1.0", self.writer.states)
        spikes = emitted(event)
        due = [
            "_again = 1.0",
            *(f"_v{i}, = {self.value(i, '_u', self.writer.states)}" for i in self.searched),
            *action,
            "_due = 1.0 if _u >= _instant else 0.0",
            *counted(self.writer, self.kinds, [("_due", spikes)]),
            *(self._number(number) if self.numbered else ()) * spikes,
            *(line for i, s in self.surfaces for line in self._after(i, s)),
            f"_was{number} = 1.0 if {self._condition(event)} else 0.0",
        ]
        return [
            f"# {plain(event.text)}",
            f"_now = {self._condition(event)}",
            f"_due = _now and _was{number} == 0.0{f' and not {waits} > _us' if waits else ''}",
            f"_was{number} = 1.0 if _now else 0.0",
            "if _due:",
            *(f"    {line}" for line in due),
        ]

    def _after(self, number: int, surface: Surface) -> list[str]:
        """Return the lines that look at a comparison after an event; one at which that was located, and that it left alone, goes as it moves."""
        lines = self._side(number, surface, "_u")
        if not surface.moves:
            return lines
        above, near = f"_above{number}", f"_near{number}"
        return [
            *lines,
            f"if {near} > 0.0 and _g{number} == _v{number}:",
            f"    {self._slopes()}",
            f"    _r, = {self.rate(number, [f'_k1_{n}' for n in self.writer.states])}",
            f"    {above} = 1.0 if _r > 0.0 or (_r == 0.0 and (_g{number} != 0.0 or {above} > 0.0)) else 0.0",
            "else:",
            f"    {near} = 1.0 if _g{number} == 0.0 else 0.0",
        ]

    def _number(self, number: int) -> tuple[str, ...]:
        """Return the lines that keep the time of a spike, unless the point is one of those that fill a block up."""
        point = f"_block*{self.writer.lanes} + _l"
        return (
            f"if {point} < _q[3]:",
            f"    _times[_q[0]], _origin[_q[0]] = _u, ({point})*{len(self.events)} + {number}",
            "    _q[0] += 1",
        )
