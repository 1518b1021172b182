"""Networks written down as mathematics, without the language: for what the interpreter itself is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol

from neurodsl.diagnostics import Report
from neurodsl.lang import read_model
from neurodsl.lower import lower
from neurodsl.model import Settings
from neurodsl.network import Network, Part, Population, Projection, Rule
from neurodsl.source import Source
from neurodsl.system import Action, Event, Parameter, State, System
from neurodsl.units import ONE, parse_unit

MS = parse_unit("ms")
SETTINGS = Settings()


def neuron(text: str, name: str = "cell") -> System:
    """Return the system of a model."""
    report = Report()
    model = read_model(Source(f"{name}.neuro", text), None, report)
    assert report.ok, report.render() if hasattr(report, "render") else report.found
    return lower(model)


Actions = Sequence[tuple[str, Any]]


def synapse(
    states: Mapping[str, tuple[Any, Any]] | None = None,
    parameters: Mapping[str, Any] | None = None,
    pre: Actions | Mapping[float | None, Actions] = (),
    post: Actions | Mapping[float | None, Actions] = (),
    contributions: Mapping[str, Expr] | None = None,
) -> System:
    """Return the system of a synapse.

    Parameters
    ----------
    states : mapping
        Of each state its initial value and its derivative.
    pre, post : sequence of (str, Expr), or mapping of those by what ``after`` adds to their delay
        What each target becomes.
    """
    parameters = parameters or {}
    rows = [State(name, Symbol(name), ONE, None, None, sympy.sympify(y), sympy.sympify(dy)) for name, (y, dy) in (states or {}).items()]
    pathways = [(kind, after, actions) for kind, given in (("pre", pre), ("post", post)) for after, actions in by_wait(given)]
    used = {s.name for _, _, actions in pathways for target, v in actions for s in {Symbol(target), *sympy.sympify(v).free_symbols}}
    used |= {s.name for v in (contributions or {}).values() for s in v.free_symbols}
    used |= {s.name for _, dy in (states or {}).values() for s in sympy.sympify(dy).free_symbols}
    rows += [State(n, Symbol(n), ONE, None, None, Integer(0), Integer(0), False) for n in sorted(used) if "." in n]
    place = {s.name: k for k, s in enumerate(rows)}
    events = tuple(
        Event(
            kind, None, None if after is None else sympy.sympify(after),
            tuple(Action("set", place[target], sympy.sympify(v), target, None) for target, v in actions), False, f"on {kind}", None,
        )
        for kind, after, actions in pathways
    )  # fmt: skip
    return System(
        "synapse", None, True, MS, tuple(Parameter(n, Symbol(n), ONE, None, None, default=sympy.sympify(v)) for n, v in parameters.items()),
        (), tuple(rows), (), events, (), {}, (), SETTINGS, contributions=tuple((contributions or {}).items()),
    )  # fmt: skip


def by_wait(given: Actions | Mapping[float | None, Actions]) -> list[tuple[float | None, Actions]]:
    if isinstance(given, Mapping):
        return list(given.items())
    return [(None, given)] if given else []


def population(name: str, size: int, system: System | None, **values: Any) -> Population:
    """Return a population; one without a system is a source of spikes."""
    return Population(name, size, system.name if system else "spikes", system, None, {n: sympy.sympify(v) for n, v in values.items()}, None)


def projection(source: Population, target: Population, made: System, *, delay: Any = None, rule: Rule | None = None, **values: Any) -> Projection:
    """Return a projection between whole populations, all to all if no rule is given."""
    return Projection(
        f"{source.name} -> {target.name}", Part(source.name, 0, source.size), Part(target.name, 0, target.size), "synapse", made,
        rule or Rule("all to all"), None if delay is None else sympy.sympify(delay), {n: sympy.sympify(v) for n, v in values.items()}, None,
    )  # fmt: skip


def network(populations: Sequence[Population], projections: Sequence[Projection] = ()) -> Network:
    """Return a network."""
    return Network("network", None, True, MS, (), (), tuple(populations), tuple(projections), (), SETTINGS)
