"""Populations and projections as a plan has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Symbol

from neurodsl.codegen.network.conditions import expanded, surfaced
from neurodsl.codegen.network.formula import formula
from neurodsl.codegen.network.items import item, items_of
from neurodsl.codegen.network.linear import Propagator
from neurodsl.codegen.network.parts import Cell, Joint
from neurodsl.codegen.network.placement import own_states
from neurodsl.codegen.network.sweep import WIDTH, export
from neurodsl.codegen.network.weave import collected, flow
from neurodsl.integrators.method import Method
from neurodsl.network import POST, PRE, THIRD, Part, Samples
from neurodsl.network_plan import CONSTANT, Flow, FollowedPlan, PopulationPlan, ProjectionPlan
from neurodsl.source import Span
from neurodsl.units import Unit, describe

RANDOM_RULES = {"probability", "indegree", "outdegree", "small world", "scale free"}
"""The rules that depend on the seed."""


def population_plan(c: Cell, method: Method | None, reason: str | None, flows: Sequence[str], time_unit: Unit) -> PopulationPlan:
    """Return a population as a plan has it."""
    p = c.population
    if c.sweep is None:
        assert p.emitter is not None
        values = tuple(item(name, value) for name, value in p.emitter.values.items())
        factor = 1.0 if p.emitter.unit is None else float(p.emitter.unit.factor_to(time_unit))
        emitter = {"kind": p.emitter.kind, "values": values, "path": p.emitter.path, "factor": factor}
        return PopulationPlan(
            p.name, p.size, p.model, p.doc, p.emitter.kind, None, -1, WIDTH, c.count, (), (), (), (), (), (), (), (), (), None, {}, (), -1,
            p.emitter.kind != "spikes", emitter, _place(p.span),
        )  # fmt: skip
    sweep, system = c.sweep, c.sweep.system
    rows, names = sweep.rows, sweep.names
    assert method is not None
    timed = {f"_next{k}": formula(e.time) for k, e in enumerate(system.events) if e.time is not None}
    clocks = [(row, timed.get(name)) for name, row in rows.items() if name.startswith(("_hold_", "_next"))]
    quantities = {s.name: (rows[names[s.name]], describe(s.unit)) for s in system.states if s.shown}
    quantities |= {d.name: (rows[export(names[d.name])], describe(d.unit)) for d in system.varying if d.name in c.exported}
    quantities |= {q.name: (CONSTANT, describe(q.unit)) for q in system.parameters if q.name in c.constant}
    emptied = {*map(collected, c.inputs), *map(flow, flows)}
    given = [(n, rows[names[n]]) for n in sweep.given] + [(s.name, rows[names[s.name]]) for s in system.states]
    return PopulationPlan(
        p.name, p.size, p.model, p.doc, method.name, reason, sweep.page.number, c.width, c.count,
        tuple((s.name, rows[names[s.name]], describe(s.unit), s.shown and s.name not in emptied) for s in system.states),
        items_of(system, p.values), sweep.constants, tuple((n, formula(e)) for n, e in sweep.made.items()), tuple(given),
        tuple((_symbol_name(n, names), rows[n], formula(e)) for n, e in sweep.own.items()),
        tuple((rows.get(f"_was{k}", -1), formula(surfaced(system, e.condition))) for k, e in enumerate(system.events) if e.condition is not None),
        tuple((rows[export(names[n])], formula(expanded(system, Symbol(n)))) for n in c.exported),
        tuple(clocks), _flow(sweep.propagator, rows), quantities,
        tuple((state, formula(level)) for state, levels in system.thresholds.items() for level in levels), rows.get("_lost", -1),
        system.stochastic, place=_place(p.span), samples=tuple(_followed(name, made) for name, made in p.samples.items()),
    )  # fmt: skip


def _followed(name: str, made: Samples) -> FollowedPlan:
    return FollowedPlan(name, made.symbol.name, describe(made.unit), made.held, made.path, None if made.own is None else describe(made.own))


def projection_plan(j: Joint) -> ProjectionPlan:
    """Return a projection as a plan has it."""
    p, writer = j.projection, j.writer
    outside = [s.name for s in p.synapse.states if s.name.startswith((PRE, POST, THIRD))]
    seen = [(n, j.sides[n[: n.index(".") + 1]].number, n.partition(".")[2]) for n in outside if n in writer.constants]
    placed = [(n, j.sides[POST].number, row) for n, row in j.rows.items()]
    rule = {
        "kind": p.rule.kind, "arguments": [formula(a) for a in p.rule.arguments], "path": p.rule.path,
        "condition": None if p.rule.condition is None else formula(p.rule.condition), "no_self": p.rule.no_self, "multiple": p.rule.multiple,
        "matrix_target": p.rule.matrix_target, "factor": p.rule.factor, "given": sorted(p.values), "time_unit": describe(p.synapse.time_unit),
    }  # fmt: skip
    events = tuple((e.kind, None if e.time is None else formula(e.time)) for e in p.synapse.events)
    items = items_of(p.synapse, p.values, outside)
    rests = tuple(item(f"rest of {n}", j.placement.decays[n].rest) for n in writer.scales)
    return ProjectionPlan(
        p.name, p.synapse_name, _part(j, p.source, PRE), _part(j, p.target, POST), None if p.third is None else _part(j, p.third, THIRD), rule,
        None if p.delay is None else item("delay", p.delay), writer.delayed, (*items, *rests), tuple(writer.constants), tuple(seen),
        tuple(writer.arrays), tuple(placed), tuple(writer.before),
        tuple((n, formula(j.placement.decays[n].rate)) for n in writer.scales), events,
        _flow(j.propagator, {}), {q.name: describe(q.unit) for q in (*p.synapse.parameters, *own_states(p.synapse))},
        any(e.kind == "post" for e in p.synapse.events), p.synapse.stochastic or p.rule.kind in RANDOM_RULES, _place(p.span),
    )  # fmt: skip


def _place(span: Span | None) -> tuple[int, int] | None:
    return None if span is None else (span.start, span.stop)


def _part(j: Joint, part: Part, prefix: str) -> tuple[int, int, int]:
    return j.sides[prefix].number, part.start, part.stop


def _flow(made: Propagator | None, rows: Mapping[str, int]) -> Flow | None:
    if made is None:
        return None
    matrix = tuple((i, j, formula(e)) for (i, j), e in made.matrix.items())
    return Flow(matrix, made.size, made.entries, made.held, made.shared, () if made.shared else tuple(rows[n] for n in made.entries))


def _symbol_name(identifier: str, names: Mapping[str, str]) -> str:
    """Return the name that formulas have for a constant with an identifier."""
    return next((name for name, text in names.items() if text == identifier), identifier)
