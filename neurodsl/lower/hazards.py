"""Events with a hazard, in continuous time: they fire when the integrated hazard reaches a unit exponential random number."""

from __future__ import annotations

from dataclasses import replace

from sympy import Integer, Symbol

from neurodsl.system import Action, Event, State, Surface, System
from neurodsl.units import ONE


def integrate_hazards(system: System) -> System:
    """Return the system with two states more for each ``on rate`` event: its integrated hazard, and the level at which it fires next.

    The event becomes one with a condition, which is located like any other, so that its times are exact whatever the step.
    """
    states, surfaces, events = list(system.states), list(system.surfaces), []
    for number, event in enumerate(system.events):
        if event.kind != "rate":
            events.append(event)
            continue
        assert event.chance is not None
        hazard, level = Symbol(f"hazard of event {number}"), Symbol(f"level of event {number}")
        side = Symbol(f"_side{len(surfaces)}")
        first = len(states)
        states.append(State(hazard.name, hazard, ONE, None, event.span, Integer(0), event.chance, False, _no_noise(system)))
        states.append(State(level.name, level, ONE, None, event.span, Integer(1), Integer(0), False, _no_noise(system)))
        surfaces.append(Surface(side, hazard - level, event.chance, False, False))
        renew = (Action("set", first, Integer(0), "", event.span), Action("draw", first + 1, None, "", event.span))
        events.append(Event("condition", side, None, (*renew, *event.actions), event.spikes, event.text, event.span, None, first + 1, event.element))
    starts = (*system.starts, *states[len(system.states) :]) if system.starts else ()
    return replace(system, states=tuple(states), starts=starts, surfaces=tuple(surfaces), events=tuple(events))


def _no_noise(system: System) -> tuple[Integer, ...]:
    return (Integer(0),) * len(system.noises)
