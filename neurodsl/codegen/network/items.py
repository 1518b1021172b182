"""What a run computes before its first step: the values of parameters, constants and states as items of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.codegen.network.formula import formula
from neurodsl.diagnostics import fail
from neurodsl.formulas import names_in
from neurodsl.model import Steady
from neurodsl.network import I, J, Value
from neurodsl.network_plan import Item
from neurodsl.system import Definition, Draw, Items, Loaded, Parameter, State, System


def item(name: str, value: Value | Steady) -> Item:
    """Return a value as an item of a plan."""
    if isinstance(value, Draw):
        return Item(name, "draw", distribution=value.name, inner=value.inner, arguments=tuple(formula(a) for a in value.arguments))
    if isinstance(value, Loaded):
        return Item(name, "loaded", path=value.path, factor=value.factor)
    if isinstance(value, Items):
        return Item(name, "items", arguments=tuple(formula(a) for a in value.values))
    if isinstance(value, Steady):
        told = f"the steady value of `{name}` has no closed form, and a network does not search for it"
        raise fail(rules.NOT_SUPPORTED, told, help="give it a number")
    return Item(name, "formula", formula(value))


def items_of(system: System, values: Mapping[str, Value], skipped: Collection[str] = ()) -> tuple[Item, ...]:
    """Return the parameters, the derived constants and the states of a system, each after those it uses.

    Parameters
    ----------
    values : mapping
        What a population or a projection gives instead of defaults.
    skipped : collection of str
        The states that have no initial value of their own.
    """
    states = [s for s in system.states if s.name not in skipped]
    needed = system.needed(*(s.initial for s in states if isinstance(s.initial, Expr)))
    quantities: dict[str, Parameter | Definition | State] = {}
    for group in (system.parameters, system.constants, needed, states):
        quantities |= {q.name: q for q in group}
    made = {name: item(name, values.get(name, _default(q))) for name, q in quantities.items()}
    return tuple(_ordered(made))


def _default(quantity: Parameter | Definition | State) -> Value | Steady:
    if isinstance(quantity, Parameter):
        return quantity.default
    return quantity.expression if isinstance(quantity, Definition) else quantity.initial


def _ordered(made: Mapping[str, Item]) -> Iterable[Item]:
    """Yield items, each after those it uses."""
    done: set[str] = set()

    def visit(name: str) -> Iterable[Item]:
        if name in done:
            return
        done.add(name)
        for used in sorted(used_by(made[name])):
            if used in made:
                yield from visit(used)
        yield made[name]

    for name in made:
        yield from visit(name)


def used_by(made: Item) -> set[str]:
    """Return the names that an item uses."""
    return set().union(*(names_in(f) for f in (made.formula, *made.arguments) if f is not None))


def differing(system: System, values: Mapping[str, Value], brought: Collection[str] = ()) -> list[str]:
    """Return the parameters and states of a system that have a value for each neuron or synapse by themselves.

    Parameters
    ----------
    brought : collection of str
        What the rule of a connection brings values for.
    """
    chosen = {**{p.name: values.get(p.name, p.default) for p in system.parameters}}
    chosen |= {s.name: values.get(s.name, s.initial) for s in system.states}
    apart = [name for name, value in chosen.items() if name in brought or not isinstance(value, Expr) or value.free_symbols & {I, J}]
    found = set(apart)
    while more := {
        name for name, value in chosen.items() if name not in found and isinstance(value, Expr) and value.free_symbols & {Symbol(n) for n in found}
    }:
        found |= more
    return [name for name in chosen if name in found]
