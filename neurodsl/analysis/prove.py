"""All proofs on a model, within a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from neurodsl.analysis.case import Case
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.proofs import proofs
from neurodsl.diagnostics import Diagnostic
from neurodsl.integrators.method import Method
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.source import Span
from neurodsl.system import System

SECONDS = 1.5
"""For all proofs on a model together; those on a model of the literature take a few tenths."""
MOST_STATES = 60

Variants = Callable[[], Iterator[System]]


def prove(system: System, method: Method, dt: float, places: Mapping[str, Span], variants: Variants) -> list[Diagnostic]:
    """Return what is proved to be wrong with a model at the values of its file.

    Parameters
    ----------
    system : System
    method : Method
        That which runs it, as the file says or by default.
    dt : float
        The step of a run.
    places : mapping of str to Span
        Where the equation of each state stands.
    variants : callable
        Yields the system at the values of each variant.
    """
    if system.rolled or len(system.states) > MOST_STATES:
        return []
    deadline = time.monotonic() + SECONDS
    case = Case(system, method, dt, places)
    found: list[Diagnostic] = []
    for proof in proofs().values():
        findings = timely(proof, case, deadline)
        if findings and proof.in_every_variant:
            others = _timely_all(proof, variants, method, dt, deadline)
            findings = [f for f in findings if all(f.span in spans for spans in others)]
        known = {(d.rule, d.span) for d in found}
        for finding in findings:
            # Elements of an array share an equation and an event: one message is enough.
            if (proof.rule, finding.span) not in known:
                known.add((proof.rule, finding.span))
                found.append(Diagnostic(proof.rule, f"{finding.message}; proof: {finding.argument}", finding.span, finding.help))
    return found


def timely(proof: Proof, case: Case, deadline: float) -> list[Finding]:
    """Return what a proof finds; nothing where it takes too long."""
    left = deadline - time.monotonic()
    if left <= 0:
        return []
    try:
        return bounded(left, lambda: list(proof.find(case)))
    except Exceeded:
        return []


def _timely_all(proof: Proof, variants: Variants, method: Method, dt: float, deadline: float) -> list[set[Span | None]]:
    """Return the places at which a proof finds something in each variant."""
    return [{f.span for f in timely(proof, Case(system, method, dt), deadline)} for system in variants()]
