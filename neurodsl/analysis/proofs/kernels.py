"""Kernels and traces that grow without bound."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.analysis.case import Case
from neurodsl.analysis.clocks import Growth, clocks, exponentials, factor, line, spike_times, traces, written
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.source import Span
from neurodsl.system import TIME


def find(case: Case) -> Iterator[Finding]:
    """Yield the exponentials of a time that grow on the side on which they are used, and the traces that grow by themselves."""
    if case.system.discrete:
        return
    known, decaying = clocks(case), traces(case)
    told: set[Symbol] = set()
    for place, expression, used in _computed(case):
        reasons = ((g, _growing(case, g, known)) for g in exponentials(expression) if not g.term.free_symbols & set(decaying))
        growth, why = next(((g, why) for g, why in reasons if why is not None), (None, None))
        if growth is None or why is None or told & used:
            continue
        told |= used
        help = "a kernel decays on its side: turn the sign, as in `exp(-abs(delta)/tau)`"
        yield Finding(f"the kernel `{written(growth.exponential)}` grows without bound", why, place, help)
    for trace in decaying.values():
        if trace.tau < 0:
            name = trace.state.name
            why = f"d{name}/dt = {name}/{-trace.tau:.6g}, and the events only raise it, so it grows as exp(t/{-trace.tau:.6g})"
            yield Finding(f"the trace `{name}` grows without bound", why, case.place(trace.state.symbol), f"write `-{name}` on the right side")


def _growing(case: Case, growth: Growth, known: frozenset[Symbol]) -> str | None:
    """Return why an exponential grows without bound where it is used; None where that is not known."""
    exponent = line(case, growth.exponential.args[0], known)
    if exponent is None:
        return None
    elapsed = {spike: {TIME: 1.0, spike: -1.0} for spike in sorted(spike_times(case), key=str)}
    for side, words in growth.known:
        bound = line(case, side, known)
        rate = None if bound is None else factor(exponent, bound)
        if bound is None or rate is None:
            continue
        if rate < 0 or any((sign := factor(bound, passed)) is not None and sign < 0 for passed in elapsed.values()):
            return None
        return f"where `{words}` its exponent is {rate:.6g} times ({written(side)}), which is positive there and has no bound"
    for spike, passed in elapsed.items():
        rate = factor(exponent, passed)
        if rate is not None and rate > 0:
            return f"`{spike}` is the time of a past event, so t - {spike} is never negative, and its exponent is {rate:.6g} times that"
    return None


def _computed(case: Case) -> Iterator[tuple[Span | None, Expr, set[Symbol]]]:
    """Yield what a model computes, with its place and the quantities it uses: first what the author gave a name."""
    for definition in case.system.definitions:
        if definition.shown:
            used = {d.symbol for d in case.system.needed(definition.expression)}
            yield definition.span, case.symbolic(definition.expression), used | {definition.symbol}
    for symbol, state in case.states.items():
        yield case.place(symbol), case.symbolic(state.derivative), {d.symbol for d in case.system.needed(state.derivative)}
    for number, event in enumerate(case.system.events):
        actions = [a for a in event.actions if a.kind == "set" and a.value is not None]
        used = {d.symbol for a in actions for d in case.system.needed(a.value)}
        places = {case.system.states[a.target].symbol: a.span for a in actions}
        for symbol, value in case.updates[number].items():
            yield places.get(symbol, event.span), value, used


KERNELS = Proof(
    name="kernels",
    rule=rules.GROWS,
    argument="the exponent is a positive multiple of what the case, or the order of time, makes positive",
    find=find,
)
