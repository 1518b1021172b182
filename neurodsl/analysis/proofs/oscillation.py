"""A model with a threshold for spikes that cannot oscillate: the criteria of the line and of Bendixson."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.analysis.case import LINE, Box, Case, Range
from neurodsl.analysis.faces import gates, is_kept
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.reach import JUMPING, MARGIN, reach, waiting
from neurodsl.system import LEVEL_TIME, STEP, TIME, Event


def find(case: Case) -> Iterator[Finding]:
    """Yield the first event that marks spikes of a flow in which nothing can come back again and again."""
    moving = set(case.moving)
    spiking = [e for i, e in enumerate(case.system.events) if e.spikes and i not in reach(case).dormant and _marks(case, e)]
    if len(moving) not in (1, 2) or not spiking or case.noisy or waiting(case) or not _is_autonomous(case, moving):
        return
    names = sorted(case.states[s].name for s in moving)
    told = f"`{case.system.name}` has a threshold for spikes and cannot fire repeatedly: "
    if len(moving) == 1:
        argument = f"`{names[0]}` alone moves, and on a line nothing returns: what has passed the threshold stays or fires no more"
        yield Finding(f"{told}nothing takes `{names[0]}` back", argument, spiking[0].span, f"reset it at a spike: `{names[0]} = ...`")
        return
    trace = sympy.Add(*(case.flows[s].diff(s) for s in sorted(moving, key=str)))
    boxes = (_gates_alone(case), reach(case).box)
    box = next((b for b in boxes if case.is_negative(trace, b)), None)
    if box is None:
        return
    terms = " + ".join(f"d({case.states[s].name}')/d{case.states[s].name}" for s in sorted(moving, key=str))
    where = ", ".join(_within(case, s, box) for s in sorted(moving, key=str))
    argument = f"the trace of the Jacobian, {terms}, is negative for {where}, so there is no closed orbit (Bendixson)"
    help = "a spike needs a current that amplifies itself: look for a term that was cancelled, or for a sign"
    yield Finding(f"{told}it has no cycle and comes to rest", argument, spiking[0].span, help)


def _gates_alone(case: Case) -> dict[Symbol, Range]:
    """Return the ranges of the gates; the other states may be anywhere."""
    kept = (
        g.state.symbol
        for g in gates(case)
        if is_kept(case, g) and case.starts[g.state.symbol].low >= g.low and case.starts[g.state.symbol].high <= g.high
    )
    return {**dict.fromkeys(case.states, LINE), **dict.fromkeys(kept, Range(-MARGIN, 1.0 + MARGIN))}


def _within(case: Case, symbol: Symbol, box: Box) -> str:
    """Return where a state is, as text."""
    name, range_ = case.states[symbol].name, box[symbol]
    if range_ == LINE:
        return f"every {name}"
    return f"{name} in [{round(range_.low, 6) + 0.0:.4g}, {round(range_.high, 6) + 0.0:.4g}]" if range_.is_finite else f"the {name} that are reached"


def _marks(case: Case, event: Event) -> bool:
    """Return whether an event looks at a state, through a comparison that is linear in it, and does not end the run."""
    surfaces = {s.symbol: s for s in case.system.surfaces}
    surface = surfaces.get(event.condition)
    stops = any(action.kind in ("stop", "hold") for action in event.actions)
    changed = set().union(*case.updates.values())
    used = set() if surface is None else case.whole(surface.expression).free_symbols
    return surface is not None and surface.affine and not stops and bool(used & set(case.moving)) and not used & changed


def _is_autonomous(case: Case, moving: set[Symbol]) -> bool:
    """Return whether the flow is smooth, does not depend on the time, and no event changes it."""
    expressions: list[Expr] = [case.flows[s] for s in moving]
    used = set().union(*(e.free_symbols for e in expressions))
    changed = set().union(*(case.updates[i] for i in range(len(case.system.events))))
    stepped = any(e.atoms(*JUMPING) for e in expressions)
    held = any(a.kind == "hold" for e in case.system.events for a in e.actions)
    return not stepped and not held and not used & {TIME, LEVEL_TIME, STEP} and not (used | moving) & changed and used <= {*case.states}


OSCILLATION = Proof(
    name="oscillation",
    rule=rules.NO_OSCILLATION,
    argument="a flow on a line is monotone, and one in the plane whose divergence has one sign has no closed orbit (Bendixson, Dulac)",
    find=find,
    in_every_variant=True,
)
