"""A spike interval that a rule of plasticity counts twice: in a trace and in an exponential."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.analysis.case import Case
from neurodsl.analysis.clocks import Growth, Trace, clocks, exponentials, factor, line, spike_times, traces, written
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.source import Span
from neurodsl.system import TIME


def find(case: Case) -> Iterator[Finding]:
    """Yield the updates with a product of a trace and an exponential of the time since the trace was raised."""
    if case.system.discrete:
        return
    known, decaying = clocks(case), traces(case)
    partners = {s: _raised_with(case, s, decaying) for s in sorted(spike_times(case), key=str)}
    for number, event in enumerate(case.system.events):
        places = {case.system.states[a.target].symbol: a.span for a in event.actions if a.kind == "set"}
        for symbol, value in case.updates[number].items():
            for growth in exponentials(sympy.expand_mul(value, deep=False)):
                found = next(_doubled(case, growth, partners, known), None)
                if found is not None:
                    trace, rate, spike = found
                    yield _finding(case, symbol, growth.exponential, trace, rate, spike, places.get(symbol, event.span))
                    break


def _raised_with(case: Case, spike: Symbol, decaying: dict[Symbol, Trace]) -> list[Trace]:
    """Return the traces that are raised by the events that write down a spike time, and by no others."""
    writers = [event for event, _ in case.setters(spike)]
    return [trace for s, trace in decaying.items() if [event for event, _ in case.setters(s)] == writers]


def _doubled(case: Case, growth: Growth, partners: dict[Symbol, list[Trace]], known: frozenset[Symbol]) -> Iterator[tuple[Trace, float, Symbol]]:
    """Yield a trace in the term of an exponential, the rate of the exponential since the trace was raised, and the spike time of both."""
    exponent = line(case, growth.exponential.args[0], known)
    for spike, raised in partners.items() if exponent is not None else ():
        rate = factor(exponent, {TIME: 1.0, spike: -1.0}) if exponent is not None else None
        for trace in raised:
            if rate is not None and trace.state.symbol in growth.term.free_symbols:
                yield trace, rate, spike


def _finding(case: Case, symbol: Symbol, exponential: Expr, trace: Trace, rate: float, spike: Symbol, place: Span | None) -> Finding:
    """Return the finding on an update of a state."""
    name, total = trace.state.name, rate - 1.0 / trace.tau
    told = f"the update of `{case.states[symbol].name}` counts the interval since `{spike}` twice: in `{name}` and in `{written(exponential)}`"
    together = "the two cancel, so the interval has no influence" if abs(total) <= 1e-12 * abs(rate) else f"together they go as exp({total:.6g}*s)"
    argument = f"a time s after `{spike}` the trace has gone as exp(-s/{trace.tau:.6g}), and the exponential as exp({rate:.6g}*s): {together}"
    argument += f", where a window of pairs goes as exp(-s/{trace.tau:.6g})"
    return Finding(
        told, argument, place, f"leave out the exponential: `{name}` is it; or the trace, and keep the exponential with a negative exponent"
    )


COUNTED_TWICE = Proof(
    name="counted_twice",
    rule=rules.COUNTED_TWICE,
    argument="a trace raised at a spike time s_k is exp(-(t - s_k)/tau), so its product with exp(c*(t - s_k)) has the rate c - 1/tau, not -1/tau",
    find=find,
)
