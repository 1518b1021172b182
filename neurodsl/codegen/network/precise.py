"""A network whose spikes fall and arrive where they fall, between the points of the grid -> the generated file and the plan of a run.

The grid stays: in each step all spikes that arrive in it come one after the other, in the order of their times. A neuron that one of them reaches is
brought to its time, by the exact flow and through spikes of its own on the way, before the synapse acts; at the end of the step all neurons are brought
to that. A delay takes at least a step, so no spike of a step can act within it.

References
----------
Morrison, Straube, Plesser & Diesmann (2007) Exact subthreshold integration with continuous spike times in discrete-time neural network simulations.
doi:10.1162/neco.2007.19.1.47
Hanuschkin et al. (2010) A general and efficient method for incorporating precise spike times in globally time-driven simulations.
doi:10.3389/fninf.2010.00113
Krishnan et al. (2018) Perfect detection of spikes in the linear sub-threshold dynamics of point neurons. doi:10.3389/fninf.2017.00075
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from neurodsl import __version__, rules
from neurodsl.codegen.bodies import plain
from neurodsl.codegen.network.assemble import NO_DIGEST, Assembly, Chosen, helpers
from neurodsl.codegen.network.formula import formula
from neurodsl.codegen.network.items import differing
from neurodsl.codegen.network.parts import Cell, Joint
from neurodsl.codegen.network.placement import own_states, place
from neurodsl.codegen.network.precise_cells import AT, GRID, STRUCK, PreciseKind, levels_of, precise_kind
from neurodsl.codegen.network.precise_synapse import PreciseSynapse, beside
from neurodsl.codegen.network.sweep import Sweep
from neurodsl.codegen.network.weave import Woven
from neurodsl.codegen.pages import PrecisePage, ReachPage
from neurodsl.codegen.signature import LAGS
from neurodsl.diagnostics import fail
from neurodsl.network import POST, PRE, THIRD, Population, Projection
from neurodsl.network_plan import PopulationPlan, Precise

EVENT = 65536
"""A spike that arrives is known by the number of its event times this, and by its delay in steps."""


MOMENT = "np.float64(_x).view(np.int64)"
"""What random numbers are counted by in place of the step: the bits of the time, so that two spikes in a step draw others."""


class PreciseAssembly(Assembly):
    """A network with exact spike times on the way into its generated file."""

    writer = PreciseSynapse
    template = "numba/precise.py.j2"

    def __init__(self, woven: Woven, chosen: Chosen, every_step: bool, armed: bool, brought: Mapping[str, Sequence[str]]) -> None:
        self.kinds: dict[int, PreciseKind] = {}
        super().__init__(woven, chosen, every_step, armed, brought)
        self.notes.append("spikes at exact times act one after the other, so that threads cannot share a run")

    def _sweep(self, number: int, members: Sequence[Population]) -> tuple[Sweep, tuple[str, ...]]:
        system = members[0].system
        assert system is not None
        levels = levels_of(system, members[0])
        if self.inputs[members[0].name]:
            told = f"synapses add to the input `{self.inputs[members[0].name][0]}` of `{members[0].model}` for a step, and exact times know no steps"
            raise fail(rules.METHOD_REFUSED, told, members[0].span, f"let synapses add to a state, `post.g += w`; or {GRID}")
        states = {s.name for s in system.states}
        apart = dict.fromkeys(name for p in members for name in differing(system, p.values) if name not in states)
        given, exported = {name for p in members for name in p.values}, self._exported(system, members)
        largest = max(p.size for p in members)
        kind = precise_kind(number, system, self.chosen[members[0].name][0], list(apart), given, largest, exported, levels)
        self.kinds[number] = kind
        return kind.sweep, exported

    def _joint(self, number: int, p: Projection) -> Joint:
        if (reason := self._hindrance(p)) is not None:
            help = f"give it a `delay`; or {GRID}" if "delay" in reason else GRID
            raise fail(rules.METHOD_REFUSED, f"`{p.name}` has no exact spike times: {reason}", p.span, help)
        return super()._joint(number, p)

    def _followed(self, members: Sequence[Population], exported: Sequence[str]) -> tuple[str, ...]:
        # No synapse is advanced in every step, so none looks at what neurons were one step ago.
        return ()

    def _hindrance(self, p: Projection) -> str | None:
        """Return why spikes cannot be delivered at exact times, or None."""
        synapse, name = p.synapse, p.synapse_name
        if synapse.contributions:
            return f"`{name}` adds to `{synapse.contributions[0][0]}` all the time, in a way that is no linear part of the neuron's equations"
        brought = {*self.brought.get(p.name, ()), *([p.rule.matrix_target] if p.rule.matrix_target else [])}
        decays = place(synapse, differing(synapse, p.values, brought), False, self.every_step).decays
        if moving := next((s.name for s in own_states(synapse) if s.derivative != 0 and s.name not in decays), None):
            return f"`{moving}` of `{name}` is advanced step by step at every synapse"
        if p.delay is None and p.rule.kind != "pairs" and any(e.kind == "pre" and e.time is None for e in synapse.events) and self._fires(p):
            return "spikes arrive without a delay, and they need one of at least a step, which is what the grid does"
        for event in synapse.events:
            values = [a.value for a in event.actions if a.value is not None]
            used = synapse.bases(*values, *(d.expression for d in synapse.needed(*values)))
            if event.kind == "post" and event.time is not None:
                return f"`{event.text}` of `{name}` waits"
            seen = next((s.name for s in synapse.states if s.symbol in used and self._moves(p, s.name)), None)
            if seen is not None:
                return f"`{name}` looks at `{seen}`, which changes within the step"
        return None

    def _fires(self, p: Projection) -> bool:
        """Return whether the neurons before synapses are no mere source."""
        return self.by_name[p.source.population].sweep is not None

    def _moves(self, p: Projection, name: str) -> bool:
        """Return whether a quantity of a neuron may change within a step, out of sight of the synapse: states before it, derived quantities."""
        side = next((part for prefix, part in ((PRE, p.source), (POST, p.target), (THIRD, p.third)) if part and name.startswith(prefix)), None)
        system = None if side is None else self.by_name[side.population].population.system
        if system is None:
            return False
        inner = name.partition(".")[2]
        if any(d.name == inner for d in system.varying):
            return True
        return not name.startswith(POST) and any(s.name == inner for s in system.states)

    # --- the kernel ------------------------------------------------------------------------------------------------------------

    def arguments(self) -> list[tuple[str, str]]:
        """Return the arguments of the kernel with their types."""
        left = re.compile(r"_(cursor\d+_\d+|(first_|last_)?runs?\d+)")
        found = [(name, kind) for name, kind in super().arguments() if not left.fullmatch(name)]
        found += [("_rates", "f8[::1]"), ("_work", "f8[:, ::1]"), ("_orders", "i8[::1]"), ("_tops", "i8[::1]"), ("_late", "u4[::1]")]
        found += [("_due", "f8[::1]"), ("_what", "i8[::1]"), ("_spike", "i8[::1]"), ("_order", "i8[::1]")]
        return found + [pair for c in self.cells for pair in ((f"_when{c.number}", "f8[::1]"), (f"_b{c.number}", "f8[::1]"))]

    def page(self) -> PrecisePage:  # type: ignore[override]
        """Return everything that the template lays out."""
        network = self.network
        name = plain(network.name)
        functions = tuple(f for s in self.sweeps for f in s.functions)
        sweeps, moves = tuple(s.page for s in self.sweeps), tuple(self.kinds[s.page.number].move for s in self.sweeps)
        reaches = tuple(self._reach(c) for c in self.cells if c.sweep is not None)
        synapses = tuple(self._complete(text.replace("{name}", called, 1)) for text, called in self.synapses.items())
        arguments = self.arguments()
        return PrecisePage(
            f"{name}: {plain(network.doc)}" if network.doc else name, __version__, name, "exact", NO_DIGEST,
            f"void({', '.join(kind for _, kind in arguments)})", ", ".join(n for n, _ in arguments), helpers(repr((functions, sweeps, moves)), repr(synapses)),
            functions, sweeps, moves, reaches, synapses, self._count(), tuple(self._rooms()), tuple(self._gathered()), tuple(self._arrivals()),
            tuple(self._ended()), "_uniform(" in repr(synapses), bool(self._records()),
        )  # fmt: skip

    def _incoming(self) -> list[tuple[Joint, int]]:
        """Return the events on spikes before synapses, each with its projection."""
        return [(j, n) for j in self.joints for n, e in enumerate(j.projection.synapse.events) if e.kind == "pre"]

    def _count(self) -> str:
        """Return how many spikes may arrive in a step."""
        spans = [
            f"_marks{j.sides[PRE].number}[(_index - _k{j.number}[{LAGS + 3 * n}] + 1) & _mask] - "
            f"_marks{j.sides[PRE].number}[(_index - _k{j.number}[{LAGS + 1 + 3 * n}]) & _mask]"
            for j, n in self._incoming()
        ]
        return " + ".join(spans) or "0"

    def _rooms(self) -> list[str]:
        spiking = [c.number for c in self.cells if c.sweep is not None]
        return ["_q[1] > _due.size", *(f"_marks{k}[_index & _mask] + _sizes[{k}] + 4096 > _who{k}.size" for k in spiking)]

    def _gathered(self) -> list[str]:
        """Return the lines that note all spikes that arrive in a step."""
        lines = [f"_tops[{c.number}] = _marks{c.number}[_index & _mask]" for c in self.cells if c.sweep is not None]
        for number, (j, n) in enumerate(self._incoming()):
            k, p, least, most = j.number, j.sides[PRE].number, LAGS + 3 * n, LAGS + 1 + 3 * n
            span = f"_marks{p}[(_index - _lag) & _mask], _marks{p}[(_index - _lag + 1) & _mask], _k{k}[0], _k{k}[1], _who{p}, _when{p}"
            lines += [f"for _lag in range(_k{k}[{least}], min(_k{k}[{most}], _index) + 1):"]
            lines += [f"    _n = _gather(_n, _due, _what, _spike, {EVENT * number} + _lag, {span})"]
        return lines

    def _arrivals(self) -> list[str]:
        """Return the lines that deliver a spike."""
        lines = []
        for number, (j, n) in enumerate(self._incoming()):
            k, target = j.number, j.sides[POST].number
            own = [f"_k{k}[0]", f"_begins{k}", f"_ends{k}", f"_tgt{k}"]
            if j.writer.delayed:
                own += [f"_delays{k}", f"_lag - _k{k}[{LAGS + 2 + 3 * n}]"]
            given = ["_x", "_x", "_x", "_x", "_dt", MOMENT, f"np.int64(_who{j.sides[PRE].number}[_spike[_m]])", *own, self._own(j), "t"]
            given += [
                f"_c{target}",
                f"_p{target}",
                f"_b{target}",
                "_orders",
                "_work",
                f"_who{target}",
                f"_when{target}",
                "_tops",
                *self._beside(target),
            ]
            lines += [f"if _event == {number}:", f"    {j.calls[f'event {n}']}({', '.join(given)})"]
        return lines

    def _ended(self) -> list[str]:
        """Return the lines that bring all neurons to the end of a step."""
        lines = []
        for c in self.cells:
            if c.sweep is None:
                continue
            k, number, width = c.number, c.sweep.page.number, c.width
            memory = f"_f{k}, _a{k}.shape[1], _c{k}, _p{k}, _b{k}, _orders, _work, _who{k}, _when{k}, _tops, False"
            given = ", ".join([memory, *self._beside(k)])
            lines += [
                f"_n = _sweep{number}(t, _ts, _u, _us, _h, _dt, _sizes[{k}], _a{k}, _c{k}, _p{k}, _b{k}, _late)",
                "for _z in range(_n):",
                "    _m = np.int64(_late[_z])",
                f"    _o = np.uint64(_m//{width}*_a{k}.shape[1] + _m%{width})",
                f"    _reach{k}(_o, _dt, t, _dt, {given})",
                f"    _f{k}[_o + np.uint64({c.sweep.rows[AT] * width})] = 0.0",
                f"if _tops[{k}] > _who{k}.size:",
                f"    _q[0], _q[1] = _index, {-1 - k}",
                "    return",
                f"_tidy(_who{k}, _when{k}, _marks{k}[_index & _mask], _tops[{k}])",
                f"_marks{k}[(_index + 1) & _mask] = _tops[{k}]",
            ]
            if self.kinds[number].move.exports:
                lines.append(f"_export_all{number}(_u, _us, _a{k}, _c{k}, _p{k})")
        if self.slots:
            lines += ["for _i in range(_s.size):", "    _s[_i] *= _decays[_i]"]
        for g, (population, _) in enumerate(self._records()):
            lines += [f"if (_index + 1) % _g{g}[0] == 0:", f"    _record(_f{population}, _pick{g}, _rows{g}, (_index + 1)//_g{g}[0], _g{g}[1])"]
        return lines

    # --- what spikes do at once ------------------------------------------------------------------------------------------------

    def _at_once(self, target: int) -> list[tuple[Joint, int, list[str]]]:
        """Return the events of synapses on spikes of the neurons behind them, with what they are given."""
        found = []
        for j in self.joints:
            if j.sides[POST].number == target:
                k = j.number
                given = [f"_k{k}[2]", f"_k{k}[3]", f"_columns{k}", f"_column{k}", f"_src{k}", *self._own(j).split(", ")[:-1]]
                found += [(j, n, given) for n, e in enumerate(j.projection.synapse.events) if e.kind == "post"]
        return found

    def _beside(self, target: int) -> list[str]:
        """Return what the neurons of a population need beside their own numbers for what their spikes do at once."""
        return list(dict.fromkeys(text for _, _, given in self._at_once(target) for text in given))

    def _complete(self, text: str) -> str:
        """Return a text with the names of that filled in."""
        for c in self.cells:
            text = text.replace(beside(c.number), "".join(f", _r{n}" for n in range(len(self._beside(c.number)))))
        return text

    def _reach(self, c: Cell) -> ReachPage:
        """Return what brings a neuron of a population to an offset in the step."""
        assert c.sweep is not None
        names = {text: f"_r{n}" for n, text in enumerate(self._beside(c.number))}
        lines = []
        for j, n, given in self._at_once(c.number):
            first, behind, *own = (names[text] for text in given)
            times = ", ".join(["_x"] * 4 + ["_dt", MOMENT, "_i"])
            lines += [f"if {first} <= _i < {behind}:", f"    {j.calls[f'event {n}']}({times}, {', '.join(own)}, _at)"]
        if lines:
            lines = [
                f"_at = _f[_k + np.uint64({c.sweep.rows[AT] * c.width})]",
                f"_x, _i = _t0 + _at, np.int64(_k)//_size*{c.width} + np.int64(_k)%_size",
                *lines,
            ]
        struck = f"_f[_k + np.uint64({c.sweep.rows[STRUCK] * c.width})]"
        if any(_strikes(j.projection, n) for j, n, _ in self._at_once(c.number)):
            lines.append(f"{struck} = 1.0")
        return ReachPage(c.number, c.sweep.page.number, struck, "".join(f", {name}" for name in names.values()), tuple(lines))

    def _own(self, j: Joint) -> str:
        """Return what all functions of a projection are given behind what is their own."""
        return f"{super()._own(j)}, _rates, _at"

    def population_plan(self, c: Cell) -> PopulationPlan:
        """Return a population as a plan has it."""
        plan = super().population_plan(c)
        if c.sweep is None:
            return plan
        kind = self.kinds[c.sweep.page.number]
        levels = tuple(tuple(formula(slope) for slope in level.slopes) for level in kind.levels)
        return replace(plan, precise=Precise(levels, tuple(formula(edge) for edge in c.sweep.system.edges)))


def _strikes(p: Projection, number: int) -> bool:
    """Return whether an event of a synapse changes the neuron behind it."""
    return any(p.synapse.states[a.target].name.startswith(POST) for a in p.synapse.events[number].actions if a.kind == "set")
