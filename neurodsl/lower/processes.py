"""Random inputs: each ``ou(mean, sigma, tau)`` becomes a state with a noise of its own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial

from neurodsl.lang.dimensions import Algebra
from neurodsl.lang.nodes import Call, Derivative, Expression, Name, Number, Product, Sum
from neurodsl.lang.rewrite import replace_calls
from neurodsl.lang.stimuli import PROCESS
from neurodsl.model import Distribution, Equation, Input, Model, Noise, State
from neurodsl.units import ONE, Unit


def with_processes(model: Model) -> tuple[Model, frozenset[str]]:
    """Return a model whose inputs hold states in the place of random processes, and the names of those states.

    An Ornstein-Uhlenbeck process I of stationary mean m, standard deviation s and correlation time tau follows
    dI/dt = (m - I)/tau + s*sqrt(2/tau)*xi, and starts in its stationary distribution, normal(m, s).
    """
    units = {name: q.unit for table in (model.parameters, model.inputs, model.definitions) for name, q in table.items()}
    algebra = Algebra(dict(units), model.time_unit, model.functions)
    states: dict[str, State] = {}
    noises: dict[str, Noise] = {}
    equations: list[Equation] = []

    def process(made: Input, call: Call) -> Expression | None:
        if call.function != PROCESS:
            return None
        number = sum(name.endswith(f" of {made.name}") for name in states)
        state, noise = (f"{word}{number + 1 if number else ''} of {made.name}" for word in (PROCESS, "noise"))
        unit = algebra.unit_of(call)
        mean, sigma, _ = call.arguments
        initial = Distribution("normal", (mean, sigma), call.span, unit if isinstance(unit, Unit) else ONE)
        states[state] = State(state, initial.unit, None, call.span, 1, (initial,), shape=made.shape)
        noises[noise] = Noise(noise, model.time_unit ** Fraction(-1, 2), None, call.span, shape=made.shape)
        equations.append(_equation(call, state, noise))
        return Name(call.span, state)

    inputs = dict(model.inputs)
    for name, made in model.inputs.items():
        if not isinstance(made.value, Distribution):
            inputs[name] = replace(made, value=replace_calls(made.value, partial(process, made)))
    changed = replace(
        model,
        inputs=inputs,
        states={**model.states, **states},
        noises={**model.noises, **noises},
        equations=(*model.equations, *equations),
    )
    return changed, frozenset(states)


def _equation(call: Call, state: str, noise: str) -> Equation:
    """Return the equation of a process."""
    span = call.span
    mean, sigma, tau = call.arguments
    drift = Product(span, (("*", Sum(span, ((1, mean), (-1, Name(span, state))))), ("/", tau)))
    strength = Call(span, "sqrt", (Product(span, (("*", Number(span, Fraction(2))), ("/", tau))),))
    diffusion = Product(span, (("*", sigma), ("*", strength), ("*", Name(span, noise))))
    return Equation(Derivative(span, state), Sum(span, ((1, drift), (1, diffusion))), ((state, 1),), span)
