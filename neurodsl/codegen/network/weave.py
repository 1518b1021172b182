"""What synapses add to neurons, written into the equations of the neurons.

An input that synapses add to becomes the sum of itself and of what came in since the last step, a state that is emptied after each step. One that they
set, `post.I = ...`, becomes a state that keeps what it is given. A state of
synapses that only decays, grows by spikes and reaches the neuron behind as part of a current is the same for all synapses of a neuron together: it
becomes a state of that neuron, one for each kind of synapse.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import sympy
from sympy import Add, Basic, Expr, Integer, Symbol

from neurodsl import rules
from neurodsl.diagnostics import fail
from neurodsl.network import POST, Network, Population, Projection
from neurodsl.system import Action, Definition, Event, State, Surface, System


def collected(name: str) -> str:
    """Return the name of the state that collects what synapses add to an input."""
    return f"{name} from synapses"


def flow(name: str) -> str:
    """Return the name of the state that holds what flows through synapses into an input now."""
    return f"{name} flowing in"


def is_flow(name: str) -> bool:
    """Return whether a state of a neuron holds what flows in."""
    return name.endswith(" flowing in")


@dataclass(frozen=True)
class Woven:
    """A network whose neurons know what comes to them.

    Attributes
    ----------
    network : Network
    inputs, flows : mapping
        Of each population, the inputs that spikes add to, and those that something flows into all the time.
    notes : tuple of str
        What was done, in words.
    """

    network: Network
    inputs: dict[str, tuple[str, ...]]
    flows: dict[str, tuple[str, ...]]
    notes: tuple[str, ...] = field(default=())


def weave(network: Network) -> Woven:
    """Return a network with what synapses add to neurons in the equations of these."""
    wanted: dict[int, set[str]] = {}
    flowing: dict[int, set[str]] = {}
    kept: dict[int, set[str]] = {}
    for projection in network.projections:
        target = network.population(projection.target.population)
        if target.system is not None:
            jumps, flows = inputs_of(projection, target)
            kept.setdefault(id(target.system), set()).update(given_by(projection, target.system))
            wanted.setdefault(id(target.system), set()).update(jumps)
            flowing.setdefault(id(target.system), set()).update(flows)
    made, chosen, through = {}, {}, {}
    for p in network.populations:
        key = id(p.system)
        chosen[p.name], through[p.name] = tuple(sorted(wanted.get(key, ()))), tuple(sorted(flowing.get(key, ())))
        if p.system is not None and key not in made:
            made[key] = with_inputs(with_kept(p.system, kept.get(key, set())), chosen[p.name], through[p.name])
    populations = tuple(p if p.system is None else replace(p, system=made[id(p.system)]) for p in network.populations)
    return Woven(replace(network, populations=populations), chosen, through)


def inputs_of(projection: Projection, target: Population) -> tuple[set[str], set[str]]:
    """Return the inputs of the neurons behind that spikes of a projection add to, and those that it adds to all the time."""
    system, synapse = target.system, projection.synapse
    assert system is not None
    states = {s.name for s in system.states}
    jumps = {name for name, adds in _changed(projection) if adds} - states
    flows = {name.removeprefix(POST) for name, _ in synapse.contributions}
    known = {p.name for p in system.parameters if p.is_input} | {d.name for d in system.definitions}
    if missing := sorted(({name for name, _ in _changed(projection)} - states | flows) - known):
        told = f"`{target.model}` has no state or input `{missing[0]}`, which `{projection.synapse_name}` changes"
        raise fail(rules.UNKNOWN_NAME, told, projection.span)
    return jumps, flows


def _changed(projection: Projection) -> set[tuple[str, bool]]:
    """Return what events of a synapse change of the neurons behind, with whether what they change takes part in it."""
    synapse = projection.synapse
    changed = ((synapse.states[a.target], a.value) for e in synapse.events for a in e.actions if a.kind == "set" and a.value is not None)
    return {(s.name.removeprefix(POST), s.symbol in value.free_symbols) for s, value in changed if s.name.startswith(POST)}


def given_by(projection: Projection, system: System) -> set[str]:
    """Return the inputs of the neurons behind that events of a synapse give a value, which they keep."""
    given = {name for name, adds in _changed(projection) if not adds} - {s.name for s in system.states}
    if timed := sorted(given & {d.name for d in system.definitions}):
        told = f"`{projection.synapse_name}` sets the input `{timed[0]}`, which follows the time"
        raise fail(rules.BAD_ACTION, told, projection.span, f"give the input a number, or write `post.{timed[0]} += ...`")
    return given


def with_kept(system: System, names: Collection[str]) -> System:
    """Return a system in which some inputs are states that keep what they are given."""
    if not names:
        return system
    made = tuple(State(p.name, p.symbol, p.unit, p.doc, p.span, p.default, Integer(0)) for p in system.parameters if p.name in names)
    return replace(
        system,
        parameters=tuple(p for p in system.parameters if p.name not in names),
        definitions=_with_constants(system.definitions, {s.symbol for s in made}),
        states=(*system.states, *made),
    )


def with_inputs(system: System, jumps: Sequence[str], flows: Sequence[str]) -> System:
    """Return a system in which what synapses add counts to its inputs."""
    names = sorted({*jumps, *flows})
    if not names:
        return system
    added = {name: [*([collected(name)] if name in jumps else []), *([flow(name)] if name in flows else [])] for name in names}
    table = {Symbol(name): Add(Symbol(name), *(Symbol(more) for more in added[name])) for name in names}
    own = {q.name: q for q in (*system.parameters, *system.definitions, *system.states)}
    made = tuple(
        State(more, Symbol(more), own[name].unit, None, own[name].span, Integer(0), Integer(0), shown=False) for name in names for more in added[name]
    )
    definitions = [d if d.name in names else replace(d, expression=d.expression.xreplace(table)) for d in system.definitions]
    return replace(
        system,
        definitions=_with_constants(definitions, {s.symbol for s in made}),
        states=(
            *(replace(s, derivative=s.derivative.xreplace(table), diffusion=tuple(g.xreplace(table) for g in s.diffusion)) for s in system.states),
            *made,
        ),
        surfaces=tuple(_surface(s, table) for s in system.surfaces),
        events=tuple(_event(e, table) for e in system.events),
    )


def _with_constants(definitions: Iterable[Definition], varying: set[Basic]) -> tuple[Definition, ...]:
    """Return definitions, those that depend on what varies no longer as constants."""
    found, changing = [], set(varying)
    for d in definitions:
        constant = d.constant and not d.expression.free_symbols & changing
        if not constant:
            changing.add(d.symbol)
        found.append(replace(d, constant=constant))
    return tuple(found)


def _surface(surface: Surface, table: dict[Symbol, Expr]) -> Surface:
    return replace(surface, expression=surface.expression.xreplace(table))


def _event(event: Event, table: dict[Symbol, Expr]) -> Event:
    return replace(
        event,
        chance=None if event.chance is None else event.chance.xreplace(table),
        actions=tuple(_action(a, table) for a in event.actions),
    )


def _action(action: Action, table: dict[Symbol, Expr]) -> Action:
    return replace(
        action,
        value=None if action.value is None else action.value.xreplace(table),
        also=tuple((k, value.xreplace(table)) for k, value in action.also),
    )


def added(value: Expr, target: Symbol) -> Expr | None:
    """Return what an action adds to its target, None where it does more than that."""
    amount = sympy.expand_mul(value - target) if target in value.free_symbols else None
    return amount if amount is not None and target not in amount.free_symbols else None
