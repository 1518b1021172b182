"""A network and its methods -> the generated file and the plan of a run."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Basic, Symbol

from neurodsl import __version__, rules
from neurodsl.codegen import elementary, special
from neurodsl.codegen.bodies import plain
from neurodsl.codegen.lane_steps import lane_step
from neurodsl.codegen.lane_writer import LaneWriter
from neurodsl.codegen.network.conditions import condition_left
from neurodsl.codegen.network.formula import formula
from neurodsl.codegen.network.items import differing, item, items_of
from neurodsl.codegen.network.linear import propagated
from neurodsl.codegen.network.parts import Cell, Joint
from neurodsl.codegen.network.placement import SYNAPSE, TARGET, Placement, own_states, place
from neurodsl.codegen.network.planned import population_plan, projection_plan
from neurodsl.codegen.network.sweep import OWN_FUNCTIONS, Sweep, sweep_of
from neurodsl.codegen.network.synapse import COMMON, SynapseWriter
from neurodsl.codegen.network.weave import Woven, collected, flow
from neurodsl.codegen.pages import NetworkPage
from neurodsl.codegen.render import render
from neurodsl.codegen.signature import LAGS, TEAM
from neurodsl.diagnostics import fail
from neurodsl.formulas import evaluate, names_in
from neurodsl.integrators.method import Exact, Method
from neurodsl.network import POST, PRE, THIRD, Population, Projection
from neurodsl.network_plan import NetworkPlan, PopulationPlan
from neurodsl.system import System
from neurodsl.units import describe

NO_DIGEST = "0" * 16
Chosen = Mapping[str, tuple[Method, str | None]]
"""The method of each population and projection, by name, and why it was chosen."""
DENSE = {"all to all", "matrix"}
"""The rules that make long runs of targets."""
WRITTEN_OUT = 8
"""Up to so many factors that decay are advanced one by one: a loop over so few costs more than they do."""
LONG_ROW = 32
"""Targets of a row that is worth a loop of its own."""


def assemble(
    woven: Woven,
    chosen: Chosen,
    duration: float,
    dt: float,
    every_step: bool = False,
    armed: bool = False,
    brought: Mapping[str, Sequence[str]] = MappingProxyType({}),
    shared: bool = False,
) -> tuple[str, NetworkPlan]:
    """Return the generated file of a network and the plan of its runs.

    Parameters
    ----------
    chosen : mapping
        The methods: of each population, and of each projection whose states are advanced in every step.
    duration, dt : float
        Of a run that does not say anything else, in the time unit of the network.
    every_step : bool
        Advance the states of synapses in every step and at every synapse.
    armed : bool
        Remember of every neuron whether the conditions of its events hold, also where their actions make them false.
    brought : mapping of str to sequence of str
        Of each projection, the values of synapses that its file brings.
    shared : bool
        Let threads share the neurons and synapses of a run, unless what one of them looks at is what another one changes.
    """
    made = Assembly(woven, chosen, every_step, armed, brought, shared)
    if shared and (reason := made.race()) is not None:
        made = Assembly(woven, chosen, every_step, armed, brought, False)
        made.notes.append(f"{reason}, so that threads cannot share a run")
    return assembled(made, duration, dt)


def assembled(made: Assembly, duration: float, dt: float) -> tuple[str, NetworkPlan]:
    """Return the generated file and the plan of what has been assembled."""
    text = render(made.page(), made.template)
    text = text.replace(f"\nDigest {NO_DIGEST}", f"\nDigest {hashlib.sha256(text.encode()).hexdigest()[:16]}", 1)
    network = made.network
    plan = NetworkPlan(
        network.name, network.doc, describe(network.time_unit), duration, dt, any(p.system.discrete for p in network.populations if p.system),
        tuple(made.items),
        tuple(made.population_plan(c) for c in made.cells), tuple(projection_plan(j) for j in made.joints),
        tuple(r.__dict__ for r in network.recorded), tuple(made.arguments()), (), tuple(made.notes), "",
    )  # fmt: skip
    return text, plan


class Assembly:
    """A network on the way into its generated file."""

    writer = SynapseWriter
    template = "numba/network.py.j2"

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

    # --- the kernel ------------------------------------------------------------------------------------------------------------

    def arguments(self) -> list[tuple[str, str]]:
        """Return the arguments of the kernel with their types."""
        found = [("_begin", "i8"), ("_stop", "i8"), ("_dt", "f8"), ("_mask", "i8"), ("_q", "i8[::1]"), ("_s", "f8[::1]"), ("_decays", "f8[::1]")]
        found += [("_keys", "i8[::1]"), ("_sizes", "i8[::1]"), *([("_team", "i8[::1]"), ("_meeting", "i8[::1]")] if self.shared else [])]
        for c in self.cells:
            k = c.number
            found += [(f"_a{k}", "f8[:, ::1]"), (f"_f{k}", "f8[::1]"), (f"_c{k}", "f8[::1]"), (f"_p{k}", "f8[::1]"), (f"_who{k}", "u4[::1]")]
            found += [(f"_marks{k}", "i8[::1]")]
            for n in range(len(c.population.samples)):
                found += [(f"_times{k}_{n}", "f8[::1]"), (f"_values{k}_{n}", "f8[:, ::1]")]
        for j in self.joints:
            k = j.number
            found += [(f"_k{k}", "i8[::1]"), (f"_begins{k}", "u4[::1]"), (f"_ends{k}", "u4[::1]"), (f"_tgt{k}", "u4[::1]")]
            found += [(f"_cs{k}", "f8[::1]"), (f"_ps{k}", "f8[::1]"), *([(f"_before{k}", "f8[::1]")] if j.writer.before else [])]
            found += [(f"_x{k}_{n}", "f8[::1]") for n in range(len(j.writer.arrays))]
            if j.writer.delayed:
                found += [(f"_delays{k}", "u2[::1]")]
                found += [(f"_cursor{k}_{n}", "u4[::1]") for n, e in enumerate(j.projection.synapse.events) if e.kind == "pre"]
            if j.writer.dense and not j.writer.delayed:
                found += [(f"_first_run{k}", "u4[::1]"), (f"_last_run{k}", "u4[::1]"), (f"_runs{k}", "u4[::1]")]
            if any(e.kind == "post" for e in j.projection.synapse.events):
                found += [(f"_columns{k}", "u4[::1]"), (f"_column{k}", "u4[::1]"), (f"_src{k}", "u4[::1]")]
        for g in range(len(self._records())):
            found += [(f"_pick{g}", "u4[::1]"), (f"_rows{g}", "f8[:, ::1]"), (f"_g{g}", "i8[::1]")]
        return found

    def _records(self) -> list[tuple[int, Any]]:
        """Return what the kernel records, each with the number of its population."""
        return [(self.by_name[r.owner].number, r) for r in self.network.recorded if r.owner in self.by_name]

    def page(self) -> NetworkPage:
        """Return everything that the template lays out."""
        network = self.network
        name = plain(network.name)
        functions = (*(f for s in self.sweeps for f in s.functions), *self.functions)
        sweeps = tuple(s.page for s in self.sweeps)
        synapses = tuple(text.replace("{name}", called, 1) for text, called in self.synapses.items())
        arguments = self.arguments()
        return NetworkPage(
            f"{name}: {plain(network.doc)}" if network.doc else name, __version__, name, ", ".join(sorted({s.method.name for s in self.sweeps})), NO_DIGEST,
            f"void({', '.join(kind for _, kind in arguments)})", ", ".join(n for n, _ in arguments),
            helpers(repr((functions, sweeps)), repr(synapses)), functions, sweeps, synapses, tuple(self._rooms()), tuple(self._steps()),
            any(s.random for s in self.sweeps) or "_uniform(" in repr(synapses), any(s.filling for s in sweeps), bool(self._records()), self.shared,
        )  # fmt: skip

    def _rooms(self) -> list[str]:
        """Return the conditions under which the spikes of a step may have no room."""
        spiking = [c.number for c in self.cells if c.sweep and c.sweep.page.spikes]
        if not self.shared:
            return [f"_marks{k}[_index & _mask] + _sizes[{k}] > _who{k}.size" for k in spiking]
        mark = "_marks{k}[_list*(_mask + 1) + (_index & _mask)] + _team[{most}] > (_list + 1)*(_who{k}.size//_team[1])"
        return [mark.format(k=k, most=TEAM + 2 * k + 1) for k in spiking]

    def race(self) -> str | None:
        """Return what synapses would look at in neurons of one thread while another one changes it; None where there is nothing like it."""
        changed = {
            (j.sides[POST].number, j.projection.synapse.states[a.target].name.removeprefix(POST))
            for j in self.joints
            for e in j.projection.synapse.events
            for a in e.actions
            if a.kind == "set" and j.projection.synapse.states[a.target].name.startswith(POST)
        }
        flowing = {(j.sides[POST].number, name.removeprefix(POST)) for j in self.joints for name, _ in j.projection.synapse.contributions}
        for j in self.joints:
            for seen, others in zip(j.writer.looked_at(), (changed, flowing), strict=True):
                for name in sorted(seen):
                    prefix, _, inner = name.partition(".")
                    if (j.sides[f"{prefix}."].number, inner) in others:
                        return f"{j.projection.name}: `{j.projection.synapse_name}` looks at `{name}`, which synapses change at the same time"
        return None

    def _steps(self) -> list[str]:
        """Return the lines of a step, in the order that all networks have; threads that share it meet where one needs what another one has done."""
        lines = [f"{j.calls['contributions']}({self._everywhere(j)})" for j in self.joints if "contributions" in j.calls]
        lines += [f"{j.calls['advance']}({self._everywhere(j)})" for j in self.joints if "advance" in j.calls]
        on_spikes, always = (any(seen) for seen in zip(*(j.writer.looked_at() for j in self.joints), strict=True)) if self.joints else (False, False)
        delivered = [
            line
            for kind in ("pre", "post")
            for j in self.joints
            for n, e in enumerate(j.projection.synapse.events)
            if e.kind == kind
            for line in self._event(j, n)
        ]
        lines += self._meet(always) + [self._advanced(c) for c in self.cells if c.sweep is not None]
        if self.slots <= WRITTEN_OUT:
            lines += [f"_s[{slot}] *= _decays[{slot}]" for slot in range(self.slots)]
        else:
            lines += ["for _i in range(_s.size):", "    _s[_i] *= _decays[_i]"]
        lines += self._meet(bool(delivered) or always or bool(self._rooms())) + delivered
        lines += self._meet(on_spikes or (always and bool(delivered)))
        for g, (population, _) in enumerate(self._records()):
            lines += [f"if (_index + 1) % _g{g}[0] == 0:", f"    _record(_f{population}, _pick{g}, _rows{g}, (_index + 1)//_g{g}[0], _g{g}[1])"]
        return lines

    def _meet(self, needed: bool) -> list[str]:
        return ["if meet(_meeting, _team[1]) > 0:", "    return"] if self.shared and needed else []

    def _advanced(self, c: Cell) -> str:
        """Return the line that advances a population."""
        assert c.sweep is not None
        k, mine = c.number, "_mine + " if self.shared else ""
        given = ["_index", "t", "_ts", "_u", "_us", "_h", "_dt", f"_sizes[{k}]", f"_a{k}", f"_c{k}", f"_p{k}", f"_who{k}"]
        given += [f"_marks{k}[{mine}(_index & _mask)]" if mine else f"_marks{k}[_index & _mask]", f"_keys[{2 * k}]", f"_keys[{2 * k + 1}]"]
        given += [f"_{what}{k}_{n}" for n in range(len(c.population.samples)) for what in ("times", "values")]
        given += [f"_team[{TEAM + 2 * k}]"] if self.shared else []
        at = f"{mine}((_index + 1) & _mask)" if mine else "(_index + 1) & _mask"
        return f"_marks{k}[{at}] = _sweep{c.sweep.page.number}({', '.join(given)})"

    def _own(self, j: Joint) -> str:
        """Return what all functions of a projection are given behind what is their own."""
        k, pre, post = j.number, j.sides[PRE].number, j.sides[POST].number
        third = j.sides[THIRD].number if THIRD in j.sides else post
        given = [
            f"_f{pre}",
            f"_a{pre}.shape[1]",
            f"_f{post}",
            f"_a{post}.shape[1]",
            f"_f{third}",
            f"_a{third}.shape[1]",
            f"_k{k}[2]",
            "_s",
            f"{j.slot}",
        ]
        key = 2 * (len(self.cells) + k)
        given += [f"_cs{k}", f"_ps{k}", f"_keys[{key}]", f"_keys[{key + 1}]"]
        given += [f"_k{k}[4]", f"_k{k}[5]"] if j.writer.filtered else []
        given += [f"_before{k}"] if j.writer.before else []
        return ", ".join([*given, *(f"_x{k}_{n}" for n in range(len(j.writer.arrays)))])

    def _everywhere(self, j: Joint) -> str:
        return ", ".join([*COMMON, f"_k{j.number}[0]", f"_begins{j.number}", f"_ends{j.number}", f"_tgt{j.number}", self._own(j)])

    def _event(self, j: Joint, number: int) -> list[str]:
        """Return the lines of an event; what ``_k0`` holds is told in :attr:`neurodsl.run.projections.Projection.lags`."""
        k, name = j.number, j.calls[f"event {number}"]
        least, most, after = (f"_k{k}[{LAGS + 3 * number + m}]" for m in range(3))
        before = j.projection.synapse.events[number].kind == "pre"
        source = j.sides[PRE if before else POST]
        p = source.number
        part = [f"_k{k}[0]", f"_k{k}[1]", f"_begins{k}", f"_ends{k}", f"_tgt{k}"] if before else [f"_k{k}[6]", f"_k{k}[7]", f"_k{k}[0]"]
        part += [] if before else [f"_columns{k}", f"_column{k}", f"_src{k}"]
        if before and j.writer.delayed:
            given = [*COMMON, f"_who{p}", f"_marks{p}", "_mask", least, most, *part, f"_delays{k}", f"_cursor{k}_{number}", after]
            return [f"{name}({', '.join(given)}, {self._own(j)})"]
        part += [f"_first_run{k}", f"_last_run{k}", f"_runs{k}"] if before and j.writer.dense else []
        given = [*COMMON, f"_who{p}", "_from", "_to", *part]
        lists = self.shared and source.sweep is not None
        at = "_list + " if lists else ""
        lines = [
            f"_from, _to = _marks{p}[{at}((_index - {least}) & _mask)], _marks{p}[{at}((_index - {least} + 1) & _mask)]",
            "if _from != _to:",
            f"    {name}({', '.join(given)}, {self._own(j)})",
        ]
        return [f"for _list in range(0, _marks{p}.size, _mask + 1):", *(f"    {line}" for line in lines)] if lists else lines

    def population_plan(self, c: Cell) -> PopulationPlan:
        """Return a population as a plan has it."""
        name = c.population.name
        method, reason = self.chosen.get(name, (None, None))
        return population_plan(c, method, reason, self.flows[name], self.network.time_unit)


def differing_delay(p: Projection) -> set[Basic]:
    """Return the numbers of neurons that a delay depends on."""
    return set() if not isinstance(p.delay, sympy.Expr) else {s for s in p.delay.free_symbols if s.name in ("i", "j")}


def helpers(vectorised: str, single: str) -> tuple[str, ...]:
    """Return the functions that sweeps and synapses call: those that vectorise, and of the others those that have no such form."""
    first = elementary.definitions(vectorised)
    known = {definition.partition("def ")[2].partition("(")[0] for definition in first}
    others = [d for d in special.definitions(vectorised + single) if d.partition("def ")[2].partition("(")[0] not in known]
    return (*first, *others)
