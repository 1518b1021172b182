"""System x method -> the page of a generated file."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from math import comb, prod

import sympy
from sympy import Basic, Expr

from neurodsl import __version__
from neurodsl.codegen.bodies import Writer, comment
from neurodsl.codegen.pages import Body, Event, File, Surface
from neurodsl.codegen.render import render
from neurodsl.codegen.signature import SIGNATURE
from neurodsl.codegen.special import definitions
from neurodsl.codegen.steps import held_states, linear_part, slope_line, step_of
from neurodsl.integrators.method import Exact, ExplicitRungeKutta, Method, Rosenbrock
from neurodsl.model import STEADY
from neurodsl.system import System
from neurodsl.units import describe

BETWEEN = (Fraction(3, 53), Fraction(50, 53))
"""Where a polynomial through nine samples is held against what it follows: near the ends, where it is worst."""


def generate(system: System, method: Method, events_mode: str, duration: float, dt: float) -> str:
    """Return the generated file of a model and a method."""
    text = render(page_of(system, method, events_mode, "0" * 16, duration, dt))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return text.replace("Digest " + "0" * 16, f"Digest {digest}")


def page_of(system: System, method: Method, events_mode: str, digest: str, duration: float, dt: float) -> File:
    """Return everything that the templates lay out."""
    writer = Writer(system)
    names = [writer.name(s) for s in writer.states]
    derived = tuple(d for d in system.definitions if d.shown)
    searched = [i for i, s in enumerate(system.surfaces) if s.rate != 0 and not s.timed]
    step = step_of(method, system, writer)
    rhs = _right_hand_side(system, writer)
    levels = [level for group in system.thresholds.values() for level in group]
    terms = writer.body([*(d.symbol for d in system.varying), *(s.derivative for s in system.states)])
    labels = [*(d.name for d in system.varying), *(f"d{s.name}/dt" for s in system.states)]
    bodies = [rhs, *_surface_bodies(system, writer), writer.body([d.symbol for d in derived])]
    diagonal = isinstance(method, Exact) and is_diagonal(system)
    family = "exponential_euler" if diagonal else method.family
    if diagonal:
        step = step_of(_AS_EXPONENTIAL, system, writer)
    adaptive = method.adaptive
    stages = method.stages if isinstance(method, ExplicitRungeKutta | Rosenbrock) else 1
    order = method.order if adaptive else 1
    end_slope = _end_slope(method, bool(searched), stages)
    events = tuple(_event(system, writer, number) for number in range(len(system.events)))
    text = repr((bodies, step, events)) + repr(_initial(system, writer)) + repr(_constants(system, writer))
    return File(
        title=f"{system.name}: {_plain(system.doc)}" if system.doc else system.name,
        version=__version__, model=system.name, method=method.name, events_mode=events_mode, digest=digest,
        states=ascii(tuple(s.name for s in system.states)), units=ascii(tuple(describe(s.unit) for s in system.states)),
        parameters=tuple(_parameters(system, writer)), constants=tuple(_constants(system, writer)),
        constant_names=tuple(writer.name(n) for n in writer.constants), initial=tuple(_initial(system, writer)),
        state_names=tuple(names), threshold_loads=tuple(writer.loads(writer.used(levels), state=None)),
        thresholds=tuple(writer.print(level) for level in levels), terms=terms,
        named_terms=tuple((ascii(label), result) for label, result in zip(labels, terms.results, strict=True)), edge_loads=tuple(writer.loads(writer.used(system.edges), state=None)),
        edges=tuple(writer.print(e) for e in system.edges), helpers=definitions(text), arguments=", ".join(names),
        rhs=rhs, slope=slope_line(len(names)), end_slope_line=slope_line(len(names), "t + _h", "_z", "_work[5]"), observe=bodies[-1], derived=tuple(d.name for d in derived),
        step_template=f"numba/{family}.py.j2", step=step, run_template="numba/grid.py.j2" if events_mode == "grid" else "numba/located.py.j2",
        signature=SIGNATURE, on_grid=events_mode == "grid", adaptive=adaptive, error_row=stages, stage_rows=stages + 1,
        reject_power=repr(-1 / order), accept_power=repr(-0.7 / order), memory_power=repr(0.4 / order), end_slope=end_slope,
        events=events, snaps=snaps(system), something_due=something_due(events), room=1001 * max(1, sum(e.spikes for e in system.events)),
        surfaces=tuple(Surface(value, "==" if s.equality else ">" if s.strict else ">=", i in searched) for (i, s), value in zip(enumerate(system.surfaces), bodies[1].results, strict=True)),
        searched=_tuple(searched if events_mode != "grid" else []), strict=repr([int(s.strict) for s in system.surfaces]),
        surface_values=bodies[1], surface_rates=bodies[2], bernstein=repr(bernstein(8)),
        nodes=repr([*(j / 8 for j in range(9)), *(float(x) for x in BETWEEN)]), between=repr([lagrange(8, x) for x in BETWEEN]),
        smooth="_k[1, 0] <= 2.0" if family == "exact" else "True", rtol="1e-08", atol="1e-10", duration=repr(duration), dt=repr(dt),
    )  # fmt: skip


class _AsExponential(Method):
    family = "exponential_euler"


_AS_EXPONENTIAL = _AsExponential(name="exact", title="exact for a diagonal linear system", order=0, reference="10.1137/S1064827595295337")


def _plain(text: str) -> str:
    """Return a text that can stand in a docstring: printable ASCII without quotes and backslashes."""
    return "".join(c if c.isascii() and c.isprintable() and c not in "\"\\" else "'" if c == '"' else "?" for c in text)


def is_diagonal(system: System) -> bool:
    """Return whether no state of a linear system moves another."""
    parts = linear_part(system)
    return parts is not None and all(e == 0 for i, row in enumerate(parts[0]) for j, e in enumerate(row) if i != j)


def _end_slope(method: Method, searched: bool, stages: int) -> str:
    if isinstance(method, ExplicitRungeKutta) and method.fsal:
        return f"_k[{stages - 1}, _i]"
    return "_work[5, _i]" if searched and not method.adaptive else ""


def _tuple(items: list[int]) -> str:
    return "(" + "".join(f"{i}, " for i in items).rstrip() + ")" if items else ""


def something_due(events: tuple[Event, ...]) -> str:
    """Return the condition that an event may have to act at the end of a step: one turned true or false, or its time has come."""
    changes = [f"({e.condition}) != (_was[{e.number}] != 0)" for e in events if e.condition is not None]
    times = [f"_next[{e.number}] <= t + 1e-9*_dt" for e in events if e.time is not None]
    return " or ".join([*changes, *times]) or "False"


def snaps(system: System) -> bool:
    """Return whether an event has a time or a duration."""
    return any(e.time is not None or any(a.kind in ("hold", "wait") for a in e.actions) for e in system.events)


def _parameters(system: System, writer: Writer) -> list[str]:
    return [
        f"{writer.name(p.name)} = _given.get({p.name!a}, {writer.print(p.default)})  # [{_plain(describe(p.unit))}]{_line(p.span)}" for p in system.parameters
    ]


def _line(span: object) -> str:
    return f", line {span.line}" if span is not None else ""  # type: ignore[attr-defined]


def _constants(system: System, writer: Writer) -> list[str]:
    return [writer.assign(d) for d in system.constants]


def _initial(system: System, writer: Writer) -> list[str]:
    """Return the lines that give the states their initial values, each after those it uses."""
    states = {s.symbol: s for s in system.states}
    pending = list(system.states)
    initials: list[Basic] = [s.initial for s in pending if s.initial is not STEADY]
    lines = writer.loads(writer.used(initials), state=None)
    known: set[Basic] = set()
    defined: set[Basic] = set()
    while pending:
        for state in pending:
            needs = set() if state.initial is STEADY else writer.used([state.initial]) & states.keys()
            if needs <= known:
                break
        value = "math.nan"
        if isinstance(state.initial, Expr):
            for definition in system.needed(state.initial):
                if definition.symbol not in defined:
                    lines.append(writer.assign(definition))
                    defined.add(definition.symbol)
            value = writer.print(state.initial)
        lines.append(f"{writer.name(state.name)} = _given.get({state.name!a}, {value})")
        known.add(state.symbol)
        pending.remove(state)
    return lines


def _right_hand_side(system: System, writer: Writer) -> Body:
    expressions = [s.derivative for s in system.states]
    body = writer.body(expressions, state=None)
    held = held_states(system)
    return Body(body.lines, tuple(f"(0.0 if _hold[{i}] > _ts else {r})" if i in held else r for i, r in enumerate(body.results)))


def _surface_bodies(system: System, writer: Writer) -> tuple[Body, Body]:
    values = writer.body([s.expression for s in system.surfaces])
    rates = [s.rate for s in system.surfaces]
    body = writer.body(rates)
    return values, Body((*body.lines, *writer.rates_loads(rates)), body.results)


def _event(system: System, writer: Writer, number: int) -> Event:
    event = system.events[number]
    expressions = [a.value for a in event.actions if a.value is not None]
    written = {a.target for a in event.actions if a.kind == "set"}
    held = written & held_states(system)
    time_used = writer.used([event.time]) if event.time is not None else set()
    return Event(
        number, event.kind, _plain(event.text), _condition(event.condition, writer), None if event.time is None else writer.print(event.time),
        tuple(writer.loads(time_used, state=None)),
        (*writer.loads(writer.used(expressions), state=None), *(f"_held{i} = _hold[{i}] > _ts" for i in sorted(held))),
        tuple(_actions(system, writer, number, held)), event.spikes and not any(a.kind == "emit" for a in event.actions),
    )  # fmt: skip


def _condition(condition: Basic | None, writer: Writer) -> str | None:
    if condition is None:
        return None
    symbols = {s: sympy.Symbol(f"_side[{s.name.removeprefix('_side')}] != 0") for s in condition.free_symbols}
    return writer.print(condition.xreplace(symbols))


def _actions(system: System, writer: Writer, number: int, held: set[int]) -> list[str]:
    lines: list[str] = []
    for action in system.events[number].actions:
        note = comment(action.span.line if action.span else None)
        if action.value is not None:
            used = writer.used([action.value])
            lines += [line for line in writer.loads(used, constants=None)]
            lines += [writer.assign(d) for d in system.needed(action.value)]
        if action.kind == "set":
            assert action.value is not None
            text = writer.print(action.value)
            lines.append(f"_y[{action.target}] = _y[{action.target}] if _held{action.target} else {text}{note}" if action.target in held else f"_y[{action.target}] = {text}{note}")
        elif action.kind == "hold":
            assert action.value is not None
            lines.append(f"_hold[{action.target}] = max(_hold[{action.target}], _snap(t + {writer.print(action.value)}, _dt)){note}")
        elif action.kind == "wait":
            assert action.value is not None
            lines.append(f"_next[{number}] = _snap(t + {writer.print(action.value)}, _dt){note}")
        elif action.kind == "emit":
            lines += ["_spikes[_q[1]] = t", f"_origin[_q[1]] = {number}", f"_q[1] += 1{note}"]
        else:
            lines.append(f"_q[2] = STOPPED{note}")
    return lines


def bernstein(degree: int) -> list[list[float]]:
    """Return the matrix that turns samples at j/degree into Bernstein coefficients."""
    samples = [[Fraction(comb(degree, k)) * Fraction(j, degree) ** k * Fraction(degree - j, degree) ** (degree - k) for k in range(degree + 1)] for j in range(degree + 1)]
    inverse = sympy.Matrix([[sympy.Rational(v.numerator, v.denominator) for v in row] for row in samples]).inv()
    return [[float(v) for v in inverse.row(i)] for i in range(degree + 1)]


def lagrange(degree: int, at: Fraction) -> list[float]:
    """Return the weights of samples at j/degree in the value of their polynomial at a point."""
    nodes = [Fraction(j, degree) for j in range(degree + 1)]
    return [float(prod((at - other) / (node - other) for other in nodes if other != node)) for node in nodes]
