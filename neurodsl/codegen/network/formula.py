"""sympy expressions as formulas, the data that a plan keeps."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, Symbol
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from neurodsl import rules
from neurodsl.codegen.printer import MATH, RELATION
from neurodsl.diagnostics import fail
from neurodsl.formulas import FUNCTIONS, Formula
from neurodsl.lower.elements import Pick
from neurodsl.lower.functions import InversePhi, Phi, Select

LOGIC = {And: "and", Or: "or", Not: "not"}
NAMES = {kind: text.rpartition(".")[2].lstrip("_") for kind, text in MATH.items()} | {InversePhi: "inverse phi1"}


def formula(e: Any) -> Formula:
    """Return an expression as a formula; its symbols are names.

    Raises
    ------
    NeuroError
        For a function that formulas lack.
    """
    if isinstance(e, Symbol):
        name, bracket, indices = str(e.name).partition("[")
        return ["pick", name, *(float(k) for k in indices.rstrip("]").split(","))] if bracket else name
    if isinstance(e, Pick):
        return ["pick", str(e.args[0].name), *(formula(k) for k in e.args[1:])]
    if isinstance(e, BooleanTrue | BooleanFalse):
        return 1.0 if e else 0.0
    if (isinstance(e, Expr) and e.is_Number) or e in (sympy.pi, sympy.E):
        return float(e)
    if isinstance(e, Pow) and e.exp == -1:
        return ["/", 1.0, formula(e.base)]
    if isinstance(e, Add | Mul | Pow):
        return _folded("+" if isinstance(e, Add) else "*" if isinstance(e, Mul) else "^", e)
    if isinstance(e, Select):
        return ["where", *(formula(part) for part in e.args)]
    if isinstance(e, Phi):
        return ["phi", *(formula(part) for part in e.args)]
    if type(e) in LOGIC:
        return _folded(LOGIC[type(e)], e) if len(e.args) > 1 else [LOGIC[type(e)], formula(e.args[0])]
    name = RELATION.get(type(e)) or NAMES.get(type(e), "")
    if name not in FUNCTIONS:
        told = f"`{type(e).__name__.lower()}` cannot be computed before a run of a network"
        raise fail(rules.NOT_SUPPORTED, told, help="give numbers, or read them from a file")
    return [name, *(formula(part) for part in e.args)]


def _folded(name: str, e: Basic) -> Formula:
    """Return an operation of any number of operands as operations of two, from the left."""
    first, *rest = (formula(part) for part in e.args)
    for part in rest:
        first = [name, first, part]
    return first
