"""A membrane that nothing holds while its gates are closed."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Integer

from neurodsl import rules
from neurodsl.analysis.case import Case
from neurodsl.analysis.faces import gates, is_kept
from neurodsl.analysis.proof import Finding, Proof
from neurodsl.analysis.reach import affine
from neurodsl.units import ONE


def find(case: Case) -> Iterator[Finding]:
    """Yield the states whose restoring conductances are all gated."""
    closed = {g.state.symbol: Integer(0) for g in gates(case) if is_kept(case, g)}
    for symbol in case.moving if closed else ():
        state, parts = case.states[symbol], affine(case.flows[symbol], symbol)
        if symbol in closed or (state.unit == ONE and not case.system.dimensionless) or parts is None or not parts[0].free_symbols & set(closed):
            continue
        if parts[0].xreplace(closed) == 0:
            names = ", ".join(f"`{case.states[s].name}`" for s in sorted(parts[0].free_symbols & set(closed), key=str))
            argument = f"with {names} at 0 the coefficient of {state.name} in d{state.name}/dt is 0"
            help = f"a leak `g_L*(E_L - {state.name})` gives it a resting value of its own"
            yield Finding(f"`{state.name}` has no leak: nothing draws it back while the gates are closed", argument, case.place(symbol), help)


LEAK = Proof(
    name="leak",
    rule=rules.NO_LEAK,
    argument="the coefficient of the potential in its own equation vanishes where all gates are 0",
    find=find,
)
