"""The populations and projections of a network -> the functions that advance them and deliver their spikes, and what the kernel keeps of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy
from sympy import Basic, Symbol

from neurodsl import rules
from neurodsl.codegen.lane_steps import lane_step
from neurodsl.codegen.lane_writer import LaneWriter
from neurodsl.codegen.network.conditions import condition_left
from neurodsl.codegen.network.formula import formula
from neurodsl.codegen.network.items import differing, item, items_of
from neurodsl.codegen.network.linear import propagated
from neurodsl.codegen.network.parts import Cell, Joint
from neurodsl.codegen.network.placement import SYNAPSE, TARGET, Placement, own_states, place
from neurodsl.codegen.network.sweep import OWN_FUNCTIONS, Sweep, sweep_of
from neurodsl.codegen.network.synapse_events import SynapseWriter
from neurodsl.codegen.network.weave import Woven, collected, flow
from neurodsl.diagnostics import fail
from neurodsl.formulas import evaluate, names_in
from neurodsl.integrators.method import Exact, Method
from neurodsl.network import POST, PRE, THIRD, Population, Projection
from neurodsl.system import System

Chosen = Mapping[str, tuple[Method, str | None]]
"""The method of each population and projection, by name, and why it was chosen."""
DENSE = {"all to all", "matrix"}
"""The rules that make long runs of targets."""
LONG_ROW = 32
"""Targets of a row that is worth a loop of its own."""


class Members:
    """The populations and projections of a network, each with what its kernel has of it.

    Attributes
    ----------
    cells : list of Cell
    joints : list of Joint
    sweeps : list of Sweep
        The functions that advance populations.
    functions : list of str
        What those that advance states of synapses call.
    synapses : dict of str to str
        The names of the functions over synapses, by their texts.
    slots : int
        The states of synapses that decay by factors of their own.
    notes : list of str
        What was done, in words.
    """

    writer = SynapseWriter

    def __init__(
        self, woven: Woven, chosen: Chosen, every_step: bool, armed: bool, brought: Mapping[str, Sequence[str]], shared: bool = False
    ) -> None:
        self.armed, self.brought, self.shared = armed, brought, shared
        self.items = [item(q.name, q.default) for q in woven.network.parameters] + [item(d.name, d.expression) for d in woven.network.constants]
        self.network, self.chosen, self.every_step = woven.network, chosen, every_step
        self.inputs, self.flows = woven.inputs, woven.flows
        self.notes: list[str] = list(woven.notes)
        self.sweeps: list[Sweep] = []
        self.functions: list[str] = []
        self.synapses: dict[str, str] = {}
        self.cells = self._cells()
        self.by_name = {c.population.name: c for c in self.cells}
        self.slots = 0
        self.joints = [self._joint(k, p) for k, p in enumerate(self.network.projections)]

    # --- populations ---------------------------------------------------------------------------------------------------------

    def _cells(self) -> list[Cell]:
        """Return the populations; those of one system share the function that advances them."""
        kinds: dict[int, list[Population]] = {}
        for p in self.network.populations:
            if p.system is not None:
                kinds.setdefault(id(p.system), []).append(p)
        made = {key: self._sweep(number, members) for number, (key, members) in enumerate(kinds.items())}
        self.sweeps = [sweep for sweep, _ in made.values()]
        cells = []
        for number, p in enumerate(self.network.populations):
            sweep, exported = made[id(p.system)] if p.system is not None else (None, ())
            given = sweep.given if sweep is not None else ()
            followed = self._followed(kinds[id(p.system)], exported) if p.system is not None else ()
            cells.append(
                Cell(number, p, sweep, inputs=self.inputs[p.name], exported=exported, followed=followed, given=given, constant=self._constant(p))
            )
        return cells

    def _sweep(self, number: int, members: Sequence[Population]) -> tuple[Sweep, tuple[str, ...]]:
        system = members[0].system
        assert system is not None
        states = {s.name for s in system.states}
        apart = dict.fromkeys(name for p in members for name in differing(system, p.values) if name not in states)
        given = {name for p in members for name in p.values}
        exported = self._exported(system, members)
        emptied = [*map(collected, self.inputs[members[0].name]), *map(flow, self.flows[members[0].name])]
        largest = max(p.size for p in members)
        forgetful = [] if self.armed else [k for k in range(len(system.events)) if all(self._forgets(system, k, p) for p in members)]
        held = {made.symbol.name for made in members[0].samples.values() if made.held}
        method, followed = self.chosen[members[0].name][0], self._followed(members, exported)
        return sweep_of(number, system, method, list(apart), given, largest, emptied, exported, forgetful, followed, held), exported

    def _forgets(self, system: System, number: int, p: Population) -> bool:
        """Return whether the actions of an event make its condition false again, whatever the state, at the numbers of a population."""
        left = condition_left(system, number)
        if left is None:
            return False
        values: dict[str, Any] = {"pi": math.pi}
        for made in (*self.items, *items_of(system, p.values, [s.name for s in system.states])):
            if made.kind == "formula" and made.formula is not None and names_in(made.formula) <= values.keys():
                values[made.name] = evaluate(made.formula, values)
        asked = formula(left)
        return names_in(asked) <= values.keys() and not bool(evaluate(asked, values))

    def _exported(self, system: System, members: Sequence[Population]) -> tuple[str, ...]:
        """Return the derived quantities of a population that synapses or the recording look at."""
        names = {p.name for p in members}
        wanted = {r.quantity for r in self.network.recorded if r.owner in names}
        wanted |= self._seen(names, lambda synapse: {s.name for s in synapse.states})
        return tuple(d.name for d in system.varying if d.name in wanted)

    def _followed(self, members: Sequence[Population], exported: Sequence[str]) -> tuple[str, ...]:
        """Return the states and exported quantities of a population that equations of synapses look at in every step."""
        system = members[0].system
        assert system is not None

        def looked_at(synapse: System) -> set[str]:
            slopes = [s.derivative for s in own_states(synapse) if s.derivative != 0]
            return {s.name for s in synapse.bases(*slopes, *(d.expression for d in synapse.needed(*slopes)))}

        wanted = set() if system.discrete else self._seen({p.name for p in members}, looked_at)
        return tuple(n for n in (*(s.name for s in system.states), *exported) if n in wanted)

    def _seen(self, names: set[str], looked_at: Callable[[System], set[str]]) -> set[str]:
        """Return the quantities of some populations among what synapses look at, ``pre.V`` and the like."""
        found = set()
        for p in self.network.projections:
            for prefix, part in ((PRE, p.source), (POST, p.target), (THIRD, p.third)):
                if part is not None and part.population in names:
                    found |= {name.removeprefix(prefix) for name in looked_at(p.synapse) if name.startswith(prefix)}
        return found

    def _constant(self, p: Population) -> tuple[str, ...]:
        """Return what is recorded of a population and does not change."""
        wanted = {r.quantity for r in self.network.recorded if r.owner == p.name}
        return () if p.system is None else tuple(q.name for q in p.system.parameters if q.name in wanted)

    # --- projections -----------------------------------------------------------------------------------------------------------

    def _joint(self, number: int, p: Projection) -> Joint:
        brought = {*self.brought.get(p.name, ()), *([p.rule.matrix_target] if p.rule.matrix_target else [])}
        outside = {s.name for s in p.synapse.states if s.name.startswith((PRE, POST, THIRD))}
        apart = [n for n in differing(p.synapse, p.values, brought) if n not in outside]
        delay = None if p.delay is None else item("delay", p.delay)
        own = {q.name for q in (*p.synapse.parameters, *p.synapse.states)}
        delayed = "delay" in brought - own if delay is None else delay.kind != "formula" or bool(differing_delay(p))
        placement = place(p.synapse, apart, delayed, self.every_step)
        sides = {PRE: self.by_name[p.source.population], POST: self.by_name[p.target.population]}
        if p.third is not None:
            sides[THIRD] = self.by_name[p.third.population]
        rows = {}
        for name, where in placement.places.items():
            if where == TARGET:
                rows[name] = sides[POST].add(f"{p.name}.{name}")
        third = sides[THIRD].side() if THIRD in sides else None
        writer = self.writer(
            p.synapse,
            placement,
            apart,
            sides[PRE].side(),
            sides[POST].side(),
            third,
            rows,
            delayed,
            p.rule.kind in DENSE and p.target.size >= LONG_ROW,
            p.third,
            self.shared,
        )
        joint = Joint(number, p, writer, placement, sides, apart, rows, None, {}, self.slots)
        self.slots += len(writer.scales)
        for k in range(len(p.synapse.events)):
            joint.calls[f"event {k}"] = self._named(writer.event(k))
        if p.synapse.contributions:
            joint.calls["contributions"] = self._named(writer.contributions())
        if self._moving(p.synapse, placement):
            joint.calls["advance"] = self._advance(joint)
        self._note(joint)
        return joint

    @staticmethod
    def _moving(synapse: System, placement: Placement) -> list[str]:
        return [s.name for s in own_states(synapse) if s.derivative != 0 and s.name not in placement.decays]

    def _note(self, joint: Joint) -> None:
        name, placement = joint.projection.name, joint.placement
        for state, where in placement.places.items():
            if where != SYNAPSE:
                side = "before" if where == "source" else "behind"
                self.notes.append(f"{name}: `{state}` is the same for all synapses of the neuron {side} them, and is kept once for it")
            if state in placement.decays:
                self.notes.append(f"{name}: `{state}` only decays between spikes, and is advanced by a factor that all share")
        if moving := self._moving(joint.projection.synapse, placement):
            told = f"{name}: {', '.join(f'`{s}`' for s in moving)} of every synapse is advanced in every step, with {self.chosen[name][0].name}"
            synapse, writer = joint.projection.synapse, joint.writer
            looks = writer.halfway(writer.used([s.derivative for s in own_states(synapse)]))
            self.notes.append(f"{told}, and sees the neurons halfway through it" if looks else told)

    def _named(self, text: str) -> str:
        """Return the name of a function over synapses, the same one for the same text."""
        return self.synapses.setdefault(text, f"_synapses{len(self.synapses)}")

    def _advance(self, joint: Joint) -> str:
        """Return the function that advances the states of every synapse by a step."""
        synapse, writer = joint.projection.synapse, joint.writer
        method = self.chosen[joint.projection.name][0]
        number = 1000 + joint.number
        lanes = LaneWriter(synapse, joint.differing, (), 1)
        moving = self._moving(synapse, joint.placement)
        if isinstance(method, Exact):
            joint.propagator, step = propagated(lanes)
            if not joint.propagator.shared:
                told = f"the equations of `{synapse.name}` have other constants at each synapse"
                raise fail(rules.METHOD_REFUSED, told, joint.projection.span, "name a method: exponential_euler, rk4")
        else:
            step = lane_step(lanes, method)
        for made in lanes.functions:
            body = "".join(f"    {line}\n" for line in made.lines)
            text = f'def {made.name}({made.arguments}):\n    """{made.doc}"""\n{body}    return {made.results}'
            self.functions.append(OWN_FUNCTIONS.sub(lambda m: f"{m[1]}_{number}(", text))
        used: set[Symbol] = writer.used([s.derivative for s in synapse.states]) | {s.symbol for s in synapse.states}
        own = [f"{name} = {lanes.print(value)}" for name, value in lanes.own.items()]
        shared = [f"{name} = {text}" for name, text in lanes.shared.items()]
        lines = [*own, *(OWN_FUNCTIONS.sub(lambda m: f"{m[1]}_{number}(", line) for line in step)]
        lines += [writer.store(n, f"_z_{writer.name(n)}") for n in moving]
        text = writer.everywhere(used, ["_h = _dt", *writer.halfway(used), *lines], f"Advance {', '.join(moving)} of every synapse by a step.")
        head, _, rest = text.partition('."""\n')
        return self._named(f'{head}."""\n' + "".join(f"    {line}\n" for line in shared) + rest)


def differing_delay(p: Projection) -> set[Basic]:
    """Return the numbers of neurons that a delay depends on."""
    return set() if not isinstance(p.delay, sympy.Expr) else {s for s in p.delay.free_symbols if s.name in ("i", "j")}
