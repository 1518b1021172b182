"""The step of all neurons of a kind: a loop over blocks of lanes, and a search for those that fire in the blocks where one does."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.codegen.lane_events import KINDS, LaneEvent, act, emitted, lane_event
from neurodsl.codegen.lane_steps import lane_step
from neurodsl.codegen.lane_writer import LaneWriter, hold
from neurodsl.codegen.network.linear import Propagator, propagated
from neurodsl.codegen.network.sampled import arguments, filling, moments
from neurodsl.codegen.network.weave import is_flow
from neurodsl.codegen.pages import SweepPage
from neurodsl.codegen.steps import held_states
from neurodsl.diagnostics import fail
from neurodsl.integrators.method import Exact, Method
from neurodsl.lower.functions import Expm1
from neurodsl.system import RANDOM, STEP, Event, System

WIDTH, SEARCHED, NARROW = 64, 32, 8
"""Lanes of a block; those where a step is long, so that a search for spikes goes over fewer; those of a population that has only a few neurons."""
FEW = 24
"""Up to so many neurons the blocks of a population are narrow."""
LONG = 60
"""Operations of a long step."""
OWN_FUNCTIONS = re.compile(r"(?<![\w.])(_rhs|_next|_diffusion|_holds\d+|_act\d+|_chance\d+|_export)\(")
"""The functions of one sweep, which another has under the same names."""


@dataclass(frozen=True)
class Sweep:
    """The function that advances a population by a step, and what stands where in its memory.

    Attributes
    ----------
    rows : dict of str to int
        The rows of a block by the identifiers of what they hold; more may be added behind them.
    names : dict of str to str
        The identifier of each name of the system.
    given : tuple of str
        The parameters that are rows, one value for each neuron.
    own : dict of str to Expr
        What else has a row and is computed from them before the first step, in order.
    made : dict of str to Expr
        What all neurons share and is computed before the first step; it stands behind the constants.
    propagator : Propagator or None
        Of a linear system, what its matrix becomes.
    functions : tuple of str
        What the function calls, as text.
    page : SweepPage
        What the template lays out: its number, the lanes of a block, its lines.
    random : bool
        It draws random numbers.
    """

    system: System
    method: Method
    rows: dict[str, int]
    names: dict[str, str]
    constants: tuple[str, ...]
    given: tuple[str, ...]
    own: dict[str, Expr]
    made: dict[str, Expr]
    propagator: Propagator | None
    functions: tuple[str, ...]
    page: SweepPage
    random: bool


def refused(system: System) -> str | None:
    """Return why a system cannot be a neuron of a network, or None."""
    if system.rolled or any(q.shape for q in (*system.parameters, *system.states, *system.definitions)) or system.starts:
        return "it has arrays"
    if system.sites:
        return "it draws random numbers in every step"
    for event in system.events:
        if event.kind == "start":
            return "it has an event at the start; give its states initial values"
        if any(a.kind not in KINDS or a.also for a in event.actions):
            return f"`{event.text}` does more than set, hold, wait and emit"
        if any(str(s).startswith(RANDOM) for a in event.actions if a.value is not None for s in a.value.free_symbols):
            return f"`{event.text}` draws random numbers in its actions"
    return None


def width_of(system: System, largest: int) -> int:
    """Return the lanes of a block of neurons of populations that have so many at most; a neuron alone has a block of one number."""
    if largest <= FEW:
        return NARROW if largest > 1 else 1
    work = sum(e.count_ops() for e in (*(d.expression for d in system.varying), *(s.derivative for s in system.states)))
    return SEARCHED if work > LONG else WIDTH


def sweep_of(
    number: int,
    system: System,
    method: Method,
    varied: Sequence[str],
    given: Collection[str],
    largest: int,
    emptied: Collection[str],
    exported: Sequence[str],
    forgetful: Collection[int] = (),
    followed: Sequence[str] = (),
    held: Collection[str] = (),
) -> Sweep:
    """Return the function that advances the neurons of a system.

    Parameters
    ----------
    varied : sequence of str
        The parameters that differ from neuron to neuron.
    given : collection of str
        The parameters that a population is given, whatever their defaults say.
    largest : int
        The neurons of its largest population.
    emptied : collection of str
        The states that are 0 again after the step.
    exported : sequence of str
        The derived quantities that others look at.
    forgetful : collection of int
        The events whose own actions make their conditions false again, so that nobody has to remember whether they held.
    followed : sequence of str
        The states and exported quantities whose values of one step ago others look at.
    held : collection of str
        The samples each value of which holds until the next.
    """
    if (reason := refused(system)) is not None:
        raise fail(rules.METHOD_REFUSED, f"`{system.name}` cannot be a neuron of a network yet: {reason}")
    writer = LaneWriter(system, [*varied, *(s.name for s in system.states)], given, width_of(system, largest), held)
    # The step has one length, so what depends on it alone is computed once.
    writer.varying -= {Symbol("_h")}
    propagator = None
    if isinstance(method, Exact):
        propagator, step = propagated(writer)
    else:
        step = lane_step(writer, method)
    empty = {writer.name(name) for name in emptied}
    flowing = [writer.name(s.name) for s in system.states if is_flow(s.name) and not system.discrete]
    moving = [writer.name(s.name) for s in system.states if s.derivative != 0 or s.diffusion or system.discrete]
    events = [_fire(writer, k, event, k in forgetful) for k, event in enumerate(system.events)]
    outward = exports(writer, exported)
    constants = writer.load([*(writer.name(g) for g in writer.given), *writer.own, *_rows_of(propagator)])
    resting = [f"_z_{n} = {n}" for n in writer.states if isinstance(method, Exact) and n not in moving]
    stored = [f"{writer.at(n)} = _z_{n}" for n in moving if n not in empty]
    lines = [*constants, *_every_neuron(writer, flowing, events, [*step, *resting]), *stored, *outward]
    kept = [(writer.at(then(n)), writer.at(n)) for n in (export(writer.name(n)) if n in exported else writer.name(n) for n in followed)]
    search = [*constants, *_neuron_in_search(writer, flowing, events), *outward, *_forgotten(events, kept)]
    emptying = [f"{writer.at(f'_past_{n}')} = {writer.at(n)}" for n in flowing] + [f"{writer.at(n)} = 0.0" for n in writer.states if n in empty]
    noise, renewed = _noise(writer)
    made = hoisted(writer)
    page = SweepPage(
        number, writer.lanes, tuple(f"{past} = {now}" for past, now in kept),
        (*_named(number, [f"{n} = {text}" for n, text in writer.shared.items()]), *moments(writer)), arguments(writer), tuple(filling(writer)),
        tuple(noise), tuple(renewed),
        _named(number, lines), " + ".join(e.hit for e in events), _named(number, search), tuple(e.due for e in events for _ in range(e.spikes)),
        tuple(emptying),
    )  # fmt: skip
    return Sweep(
        system, method, writer.rows, dict(writer.writer.names), tuple(n for n, _ in writer.writer.constants), writer.given, dict(writer.own), made,
        propagator, tuple(_function(f, number) for f in writer.functions), page, bool(noise) or any(e.chance is not None for e in system.events),
    )  # fmt: skip


def _every_neuron(writer: LaneWriter, flowing: Sequence[str], events: Sequence[_Fire], step: Sequence[str]) -> list[str]:
    """Return what every neuron does in a step: its numbers, its step, and the tests of its events."""
    held = [hold(writer.states[i]) for i in sorted(held_states(writer.system))]
    return [
        *writer.load([*writer.states, *held]),
        *(line for n in flowing for line in _extrapolated(writer, n)),
        *(line for e in events for line in e.loads),
        *step,
        *(line for e in events for line in e.test),
    ]


def _neuron_in_search(writer: LaneWriter, flowing: Sequence[str], events: Sequence[_Fire]) -> list[str]:
    """Return what a neuron does where one of its block may have fired: its events act, and what they changed is stored."""
    held = [hold(writer.states[i]) for i in sorted(held_states(writer.system))]
    return [
        *(f"_z_{n} = {writer.at(n)}" for n in writer.states),
        *(line for n in flowing for line in _extrapolated(writer, n, "_z_")),
        *writer.load(held),
        *(line for e in events for line in (*e.loads, *_unless_idle(e, len(events)))),
        *(f"{writer.at(n)} = _z_{n}" for n in sorted({n for e in events for n in e.changed})),
        *(f"{writer.at(h)} = {h}" for h in held if any(e.acts for e in events)),
        *(line for e in events for line in e.stores),
    ]


def _named(number: int, lines: Sequence[str]) -> tuple[str, ...]:
    """Return lines with the functions of a sweep under names of its own."""
    return tuple(_renamed(line, number) for line in lines)


def hoisted(writer: LaneWriter) -> dict[str, Expr]:
    """Return what all neurons share and the compiler made, each after those it uses; the kernel finds it behind the constants."""
    found: dict[str, Expr] = {}
    for name, text in writer.shared.items():
        if not text.startswith(("_c[", "_p[")):
            writer.shared[name] = f"_c[{len(writer.writer.constants) + len(found)}]"
            found[name] = writer.value_of(name)
    return found


def _rows_of(propagator: Propagator | None) -> list[str]:
    """Return the entries of a propagator that differ from neuron to neuron."""
    return [] if propagator is None or propagator.shared else list(propagator.entries)


@dataclass(frozen=True)
class _Fire:
    """An event in a sweep: what is loaded, the test of every neuron, and what is done where it may have fired."""

    loads: tuple[str, ...]
    test: tuple[str, ...]
    hit: str
    search: tuple[str, ...]
    stores: tuple[str, ...]
    due: str
    spikes: int
    changed: tuple[str, ...]
    acts: bool


def _fire(writer: LaneWriter, number: int, event: Event, forgetful: bool) -> _Fire:
    changed = tuple(writer.states[a.target] for a in event.actions if a.kind == "set")
    acts = any(a.kind != "emit" for a in event.actions)
    if event.condition is not None:
        made: LaneEvent = lane_event(writer, number, event, not forgetful)
        hit = f"_now{number}" if forgetful else f"(1.0 if _now{number} != _was{number} else 0.0)"
        late, stores = ([], made.stores) if forgetful else _looked_at_later(writer, number, event, made)
        return _Fire(made.loads, made.lines[:1], hit, made.lines, (*late, *stores), made.due, made.spikes, changed, acts)
    if event.time is not None:
        return _timed(writer, number, event, changed, acts)
    following = [f"_next{number}"] if any(a.kind == "wait" for a in event.actions) else []
    test = _drawn(writer, number, event, following)
    lines = [*test, *act(writer, number, event, following, f"_due{number}", [f"_z_{n}" for n in writer.states])]
    stores = [f"{writer.at(f)} = {f}" for f in following]
    return _Fire(
        tuple(writer.load(following)), tuple(test), f"_due{number}", tuple(lines), tuple(stores), f"_due{number}", emitted(event), changed, acts
    )


def _unless_idle(event: _Fire, count: int) -> list[str]:
    """Return the lines of an event in the search; where it is the only one, a neuron in which nothing happens is left at once."""
    tested = len(event.test)
    idle = [f"if {event.hit} == 0.0:", "    continue"] if count == 1 else []
    return [*event.search[:tested], *idle, *event.search[tested:]]


def _looked_at_later(writer: LaneWriter, number: int, event: Event, made: LaneEvent) -> tuple[list[str], Sequence[str]]:
    """Return how an event sees what events behind it have changed: a condition that they made true is one that turns true in the next step."""
    system = writer.system
    surfaces = [s.expression for s in system.surfaces if event.condition is not None and s.symbol in event.condition.free_symbols]
    looked = system.bases(*surfaces, *(d.expression for d in system.needed(*surfaces)))
    later = {system.states[a.target].symbol for e in system.events[number + 1 :] for a in e.actions if a.kind == "set"}
    if not looked & later:
        return [], made.stores
    again = made.lines[0].replace(f"_now{number}", f"_later{number}", 1)
    first, *rest = made.stores
    return [again], [first.replace(f"= _now{number}", f"= _later{number}*max(_was{number}, _now{number})"), *rest]


def _timed(writer: LaneWriter, number: int, event: Event, changed: tuple[str, ...], acts: bool) -> _Fire:
    """Return an event at known times: each neuron keeps the next of them."""
    assert event.time is not None
    name = f"_next{number}"
    writer.constants_of(event.time)
    test = [f"_due{number} = 1.0 if {name} <= _us else 0.0"]
    following = "np.inf"
    if event.kind == "every":
        period = writer.print(event.time)
        following = f"(np.rint({name}/({period})) + 1.0)*({period})"
    lines = [*test, *act(writer, number, event, [], f"_due{number}", [f"_z_{n}" for n in writer.states])]
    lines.append(f"{name} = {following} if _due{number} > 0.0 else {name}")
    stores = (f"{writer.at(name)} = {name}",)
    return _Fire(tuple(writer.load([name])), tuple(test), f"_due{number}", tuple(lines), stores, f"_due{number}", emitted(event), changed, acts)


def _drawn(writer: LaneWriter, number: int, event: Event, following: Sequence[str]) -> list[str]:
    """Return the lines that decide by a random number whether an event fires; a chance that is none makes the neuron lost."""
    assert event.chance is not None
    chance: Expr = -Expm1(-event.chance * STEP) if event.kind == "rate" else event.chance
    definitions = writer.system.needed(chance)
    constants, samples = writer.constants_of(chance, *(d.expression for d in definitions)), writer.samples(chance)
    lines = [writer.writer.assign(d) for d in definitions]
    writer.function(
        f"_chance{number}",
        ["t", "_ts", *writer.states, *samples.names, *constants],
        lines,
        [writer.print(chance)],
        f"Return the chance of `{event.text}`.",
    )
    arguments = ", ".join(["_u", "_us", *(f"_z_{n}" for n in writer.states), *samples.at("_u"), *constants])
    late = f" if {following[0]} <= _us else 0.0" if following else ""
    return [
        f"_chance, = _chance{number}({arguments})",
        f"_draw, _other = _uniform(_index, {1000000 + number}, _block*{writer.lanes} + _l, _k0, _k1)",
        f"{writer.at('_lost')} += 0.0 if (_chance >= -1e-09) & (_chance <= 1.0) else np.nan",
        f"_due{number} = (1.0 if _draw < _chance else 0.0){late}",
    ]


def _extrapolated(writer: LaneWriter, name: str, prefix: str = "") -> list[str]:
    """Return the line that leads what flows into a neuron from the beginnings of this step and of the last one to the middle of this step.

    So what is added to an input for a whole step is as accurate as the midpoint rule.
    """
    now, past = f"{prefix}{name}", writer.at(f"_past_{name}")
    return [f"{now} = 1.5*{now} - 0.5*({past} if _index > 0 else {now})"]


def export(name: str) -> str:
    """Return the identifier of the row of a derived quantity that others look at."""
    return f"_out_{name}"


def then(identifier: str) -> str:
    """Return the identifier of the row of what a quantity was one step ago."""
    return f"_then_{identifier}"


def _forgotten(events: Sequence[_Fire], kept: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines by which the past of a neuron that has just jumped is its present: a line through both leads nowhere."""
    due = " or ".join(f"{e.due} > 0.0" for e in events if e.acts)
    return [f"{past} = {now} if {due} else {past}" for past, now in kept] if due else []


def exports(writer: LaneWriter, names: Sequence[str]) -> list[str]:
    """Return the lines that store derived quantities at the end of a step."""
    if not names:
        return []
    chosen = [next(d for d in writer.system.definitions if d.name == name) for name in names]
    symbols = [d.symbol for d in chosen]
    (constants, lines, results), samples = writer.economy(symbols, "o"), writer.samples(*symbols)
    writer.function("_export", ["t", "_ts", *writer.states, *samples.names, *constants], lines, results, "Return what others look at.")
    call = f"_export({', '.join(['_u', '_us', *(f'_z_{n}' for n in writer.states), *samples.at('_u'), *constants])})"
    targets = [f"_o_{k}" for k in range(len(names))]
    return [f"{', '.join(targets)}, = {call}", *(f"{writer.at(export(writer.name(n)))} = {t}" for n, t in zip(names, targets, strict=True))]


def _noise(writer: LaneWriter) -> tuple[list[str], list[str]]:
    """Return the lines that draw two normal numbers of each noise of a neuron, and those that take the second of them."""
    lines, renewed = [], []
    for j in range(len(writer.system.noises)):
        lines += [
            f"_first, _second = _uniform(_index >> 1, {j}, _block*{writer.lanes} + _l, _k0, _k1)",
            "_radius, _angle = math.sqrt(-2.0*_log(_first)), 6.283185307179586*_second",
            f"{writer.at(f'_normal{j}')} = _radius*_cos(_angle)",
            f"{writer.at(f'_other{j}')} = _radius*_sin(_angle)",
        ]
        renewed.append(f"{writer.at(f'_normal{j}')} = {writer.at(f'_other{j}')}")
    return lines, renewed


def _renamed(text: str, number: int) -> str:
    """Return a text with the functions of a sweep under names of its own."""
    return OWN_FUNCTIONS.sub(lambda m: f"{m[1]}_{number}(", text)


def _function(made: object, number: int) -> str:
    """Return a function of a sweep as text, without its decorator."""
    name, arguments, doc, lines, results = (getattr(made, field) for field in ("name", "arguments", "doc", "lines", "results"))
    body = "".join(f"    {line}\n" for line in lines)
    return _renamed(f'def {name}({arguments}):\n    """{doc}"""\n{body}    return {results}', number)
