"""What names and functions of other languages are called here: the remedies for those that a model does not know."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from neurodsl.lang.nodes import Expression, Name, Number, Product
from neurodsl.units import lookup

GRADIENTS = frozenset(("grad", "gradient", "derivative", "deriv", "D"))
INFINITE = frozenset(("inf", "Inf", "infinity", "nan", "NaN"))
FINITE = "a value is a finite number"


def call_meant(function: str, arguments: list[str]) -> str | None:
    """Return how a function that is not known is written here; ``arguments`` are texts."""
    if len(arguments) != 2:
        return None
    if function in ("dot", "matmul"):
        return f"write `{arguments[0]} @ {arguments[1]}`"
    return f"write `diff({arguments[0]}, {arguments[1]})`" if function in GRADIENTS else None


def name_meant(name: str, known: Collection[str]) -> str | None:
    """Return what is written instead of a name that is not known; ``known`` holds the names of the model."""
    if name in INFINITE:
        return FINITE
    if name[:1] == "d" and name[1:] in known:
        return f"the derivative of `{name[1:]}` is `d{name[1:]}/dt`, by a parameter or a state `diff({name[1:]}, w)`"
    return f"a unit is written in brackets: `[{name}]`" if len(name) > 1 and lookup(name) is not None else None


def differentials(node: Product, known: Collection[str]) -> list[tuple[Name, Name]]:
    """Return the quotients in a product that are meant as derivatives: ``dL/dW`` of known names `L` and `W`."""
    quotients = [(a, b) for (_, a), (operator, b) in pairwise(node.factors) if operator == "/" and isinstance(a, Name) and isinstance(b, Name)]
    return [(a, b) for a, b in quotients if all(n.id[0] == "d" and n.id[1:] in known and n.id not in known for n in (a, b))]


def units_without_brackets(node: Product) -> list[tuple[Name, str]]:
    """Return the names in a product that stand behind a number and are those of units, each with how that is written: ``10*ms``."""
    found: list[tuple[Name, str]] = []
    before: Expression | None = None
    for operator, factor in node.factors:
        if operator == "*" and isinstance(factor, Name) and isinstance(before, Number) and before.unit is None and lookup(factor.id) is not None:
            found.append((factor, f"a unit is written `{before.span.text} [{factor.id}]`"))
        before = factor
    return found
