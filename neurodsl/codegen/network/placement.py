"""Where the states of a synapse live: with the neuron before it, with the one behind it, or with every synapse; and which only decay.

A state that all synapses of a neuron have in common, because nothing that it depends on tells them apart, is kept once for that neuron. One that
approaches a constant value exponentially is kept as its distance from there divided by a factor that all share and that decays: it changes by events
alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sympy
from sympy import Basic, Expr, Integer, Symbol

from neurodsl.lower.chain import total_derivative
from neurodsl.network import POST, PRE, THIRD
from neurodsl.system import RANDOM, TIME, Action, State, System

SOURCE, TARGET, SYNAPSE = "source", "target", "synapse"


@dataclass(frozen=True)
class Decay:
    """A state that approaches ``rest`` at ``rate``, a constant in 1/time."""

    rate: Expr
    rest: Expr


@dataclass(frozen=True)
class Placement:
    """Where each of a synapse's own states lives, and the decays of those that have one."""

    places: dict[str, str]
    decays: dict[str, Decay]


def own_states(synapse: System) -> tuple[State, ...]:
    """Return the states of a synapse that are its own."""
    return tuple(s for s in synapse.states if not s.name.startswith((PRE, POST, THIRD)))


def place(synapse: System, differing: Collection[str], delayed: bool, every_step: bool = False) -> Placement:
    """Return where the states of a synapse live.

    Parameters
    ----------
    differing : collection of str
        The parameters and states that have a value of their own for each synapse.
    delayed : bool
        Spikes arrive after delays that differ from synapse to synapse.
    every_step : bool
        Advance all states in every step at every synapse: the plain way, which gives the same.
    """
    apart = _apart(synapse, differing)
    decays = {} if every_step else {s.name: d for s in own_states(synapse) if (d := _decay(synapse, s, apart)) is not None}
    places = dict.fromkeys((s.name for s in own_states(synapse)), SYNAPSE)
    if every_step:
        return Placement(places, decays)
    for side, kind, prefix in ((SOURCE, "pre", PRE), (TARGET, "post", POST)):
        if side == SOURCE and delayed:
            continue
        shared = {s.name for s in own_states(synapse) if s.name not in differing and places[s.name] == SYNAPSE and _may_move(s, decays)}
        while lost := {name for name in shared if not _is_shared(synapse, name, shared, kind, prefix, apart)}:
            shared -= lost
        places |= dict.fromkeys((name for name in shared if _changes(synapse, name)), side)
    return Placement(places, decays)


def _may_move(state: State, decays: dict[str, Decay]) -> bool:
    return state.derivative == 0 or state.name in decays


def _changes(synapse: System, name: str) -> bool:
    return any(synapse.states[a.target].name == name for e in synapse.events for a in e.actions if a.kind == "set")


def _apart(synapse: System, differing: Collection[str]) -> set[Basic]:
    """Return the constants that differ from synapse to synapse, with what follows from them."""
    found: set[Basic] = {Symbol(name) for name in differing}
    for p in synapse.parameters:
        if isinstance(p.default, Expr) and p.default.free_symbols & found:
            found.add(p.symbol)
    for d in synapse.constants:
        if d.expression.free_symbols & found:
            found.add(d.symbol)
    return found


def _decay(synapse: System, state: State, apart: set[Basic]) -> Decay | None:
    """Return the decay of a state, None where it has none or one that differs from synapse to synapse."""
    if state.derivative == 0:
        return None
    slope = total_derivative(state.derivative, state.symbol, synapse.varying)
    table = {d.symbol: d.expression for d in synapse.varying}
    whole = state.derivative
    while used := {s: table[s] for s in whole.free_symbols if s in table}:
        whole = whole.xreplace(used)
    drive = whole.xreplace({state.symbol: Integer(0)})
    moving = {s.symbol for s in synapse.states} | {TIME}
    if slope == 0 or (slope.free_symbols | drive.free_symbols) & (moving | apart) or whole.atoms(sympy.core.relational.Relational):
        return None
    return Decay(-slope, Integer(0) if drive == 0 else -drive / slope)


def _is_shared(synapse: System, name: str, shared: set[str], kind: str, prefix: str, apart: set[Basic]) -> bool:
    """Return whether a state is the same for all synapses of a neuron as long as the ``shared`` ones are."""
    state = next(s for s in synapse.states if s.name == name)
    if not (isinstance(state.initial, Expr) and not state.initial.free_symbols & apart):
        return False
    allowed = {s.symbol for s in synapse.states if s.name in shared or s.name.startswith(prefix)}
    moving = {s.symbol for s in synapse.states}
    for event in synapse.events:
        for action in event.actions:
            if synapse.states[action.target].name != name or action.kind != "set":
                continue
            if event.kind != kind or not _same_for_all(synapse, action, allowed, moving, apart):
                return False
    return True


def _same_for_all(synapse: System, action: Action, allowed: set[Symbol], moving: set[Symbol], apart: set[Basic]) -> bool:
    assert action.value is not None
    used = synapse.bases(action.value, *(d.expression for d in synapse.needed(action.value)))
    random = any(s.name.startswith(RANDOM) for s in used)
    return not random and not used & apart and not (used & moving) - allowed
