"""Symbols of a system replaced in everything that it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from sympy import Basic, Expr, Symbol

from neurodsl.system import Action, Definition, Event, System


def substituted(system: System, table: Mapping[Symbol, Expr], kept: Collection[str] = ()) -> System:
    """Return a system with other expressions in place of symbols; the definitions that are ``kept`` stay as they are."""
    return replace(
        system,
        definitions=tuple(d if d.name in kept else replace(d, expression=d.expression.xreplace(table)) for d in system.definitions),
        states=tuple(
            replace(s, derivative=s.derivative.xreplace(table), diffusion=tuple(g.xreplace(table) for g in s.diffusion)) for s in system.states
        ),
        surfaces=tuple(replace(s, expression=s.expression.xreplace(table)) for s in system.surfaces),
        events=tuple(_event(e, table) for e in system.events),
        contributions=tuple((name, value.xreplace(table)) for name, value in system.contributions),
    )


def _event(event: Event, table: Mapping[Symbol, Expr]) -> Event:
    chance = None if event.chance is None else event.chance.xreplace(table)
    return replace(event, chance=chance, actions=tuple(_action(a, table) for a in event.actions))


def _action(action: Action, table: Mapping[Symbol, Expr]) -> Action:
    value = None if action.value is None else action.value.xreplace(table)
    return replace(action, value=value, also=tuple((k, value.xreplace(table)) for k, value in action.also))


def ordered(definitions: Iterable[Definition], varying: Collection[Basic]) -> tuple[Definition, ...]:
    """Return definitions, each behind those it uses and else in their order; those that use what varies are no constants."""
    table = {d.symbol: d for d in definitions}
    places = {symbol: place for place, symbol in enumerate(table)}
    changing, done = set(varying), set()
    found: list[Definition] = []

    def visit(d: Definition) -> Iterator[Definition]:
        if d.symbol not in done:
            done.add(d.symbol)
            for used in sorted(d.expression.free_symbols & places.keys(), key=lambda s: places[s]):
                yield from visit(table[used])
            yield d

    for d in (d for first in table.values() for d in visit(first)):
        constant = d.constant and not d.expression.free_symbols & changing
        if not constant:
            changing.add(d.symbol)
        found.append(replace(d, constant=constant))
    return tuple(found)
