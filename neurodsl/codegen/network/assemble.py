"""A network and its methods -> the generated file and the plan of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from neurodsl import __version__
from neurodsl.codegen import elementary, special
from neurodsl.codegen.bodies import plain
from neurodsl.codegen.network.members import Chosen, Members
from neurodsl.codegen.network.parts import Cell, Joint
from neurodsl.codegen.network.planned import population_plan, projection_plan
from neurodsl.codegen.network.synapse import COMMON
from neurodsl.codegen.network.weave import Woven
from neurodsl.codegen.pages import NetworkPage
from neurodsl.codegen.render import render
from neurodsl.codegen.signature import LAGS, TEAM
from neurodsl.network import POST, PRE, THIRD
from neurodsl.network_plan import NetworkPlan, PopulationPlan
from neurodsl.units import describe

NO_DIGEST = "0" * 16
WRITTEN_OUT = 8
"""Up to so many factors that decay are advanced one by one: a loop over so few costs more than they do."""


def assemble(
    woven: Woven,
    chosen: Chosen,
    duration: float,
    dt: float,
    every_step: bool = False,
    armed: bool = False,
    brought: Mapping[str, Sequence[str]] = MappingProxyType({}),
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

    Notes
    -----
    Threads share the neurons and synapses of a run, unless what one of them would look at is what another one changes. One kernel serves any number of
    them, so that the numbers are the same to the last bit: two would be rounded in two ways.
    """
    made = Assembly(woven, chosen, every_step, armed, brought, shared=True)
    if (reason := made.race()) is not None:
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


class Assembly(Members):
    """A network on the way into its generated file."""

    template = "numba/network.py.j2"

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
        return ["if _team[1] > 1 and meet(_meeting, _team[1]) > 0:", "    return"] if self.shared and needed else []

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
        given += [f"np.uint64(_k{k}[4])", f"np.uint64(_k{k}[5])"] if j.writer.filtered else []
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


def helpers(vectorised: str, single: str) -> tuple[str, ...]:
    """Return the functions that sweeps and synapses call: those that vectorise, and of the others those that have no such form."""
    first = elementary.definitions(vectorised)
    known = {definition.partition("def ")[2].partition("(")[0] for definition in first}
    others = [d for d in special.definitions(vectorised + single) if d.partition("def ")[2].partition("(")[0] not in known]
    return (*first, *others)
