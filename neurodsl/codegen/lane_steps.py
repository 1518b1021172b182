"""The step of each method of fixed step for a point among many: lines that end in its new state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sympy
from sympy import Expr, Symbol

from neurodsl.codegen.lane_writer import LaneWriter, hold
from neurodsl.codegen.steps import held_states, weighted
from neurodsl.codegen.stochastic import entries
from neurodsl.integrators.method import ExplicitRungeKutta, ExponentialEuler, Method, Stochastic
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.functions import Growth

Call = Callable[[str, Sequence[str]], str]
"""Takes the texts of the time and of the states, and returns the text of a call."""


def lane_step(writer: LaneWriter, method: Method) -> list[str]:
    """Return the lines of one step from ``t`` over ``_h``, which give each state ``V`` the new value ``_z_V``."""
    if isinstance(method, ExplicitRungeKutta):
        return _explicit(writer, method)
    if isinstance(method, ExponentialEuler):
        return _exponential(writer)
    if isinstance(method, Stochastic):
        return _stochastic(writer, method)
    rates = rates_of(writer)
    return [f"{targets('_z_', writer.states)} = {rates('t', writer.states)}"]


def _function(writer: LaneWriter, name: str, expressions: Sequence[Expr], owners: Mapping[int, int], doc: str) -> Call:
    """Write a function of the state; what belongs to a state, ``owners[k]``, stands still while that is held: it is 0, or the state's old value."""
    constants, lines, results = writer.economy(expressions, name[1])
    samples = writer.samples(*expressions)
    held = held_states(writer.system)
    for k, i in owners.items():
        if i in held:
            still = writer.states[i] if writer.system.discrete or name == "_next" else "0.0"
            results[k] = f"{still} if {hold(writer.states[i])} > _ts else {results[k]}"
    tail = [*(hold(writer.states[i]) for i in sorted(held)), *constants]
    writer.function(name, ["t", "_ts", "_h", *writer.states, *samples.names, *tail], lines, results, doc)
    return lambda time, states: f"{name}({', '.join([time, '_ts', '_h', *states, *samples.at(time), *tail])})"


def rates_of(writer: LaneWriter, more: Sequence[Expr] = ()) -> Call:
    """Write the function of the derivatives, and of what else is given, and return the text of its calls."""
    states = writer.system.states
    return _function(
        writer, "_rhs", [*(s.derivative for s in states), *more], {i: i for i in range(len(states))}, "Return the derivatives of the states."
    )


def targets(prefix: str, names: Sequence[str]) -> str:
    """Return names, each with a prefix, as what a function's results are given to."""
    return ", ".join(f"{prefix}{name}" for name in names) + ("," if len(names) == 1 else "")


def _explicit(writer: LaneWriter, method: ExplicitRungeKutta) -> list[str]:
    names, rates = writer.states, rates_of(writer)
    lines = [f"{targets('_k1_', names)} = {rates('t', names)}"]
    for s in range(1, method.stages):
        time = "t" if method.c[s] == 0 else f"t + {weighted([method.c[s]], ['_h'])}"
        stages = [f"{n} + {weighted(method.a[s], [f'_h*_k{j + 1}_{n}' for j in range(s)])}" for n in names]
        lines.append(f"{targets(f'_k{s + 1}_', names)} = {rates(time, stages)}")
    return [*lines, *(f"_z_{n} = {n} + _h*({weighted(method.b, [f'_k{s + 1}_{n}' for s in range(method.stages)])})" for n in names)]


def _exponential(writer: LaneWriter) -> list[str]:
    """Return the line of ``x + h phi_1(h J_xx) f_x`` for each state x, in one function: the divisions of all states go over few."""
    system, names, h = writer.system, writer.states, Symbol("_h")
    expressions = []
    for s in system.states:
        growth = h * total_derivative(s.derivative, s.symbol, system.varying)
        # A factor between units of time goes with the step and not into every term.
        factor, slope = s.derivative.as_content_primitive()
        expressions.append(s.symbol + factor * h * slope * (Growth(sympy.Integer(1), growth) if growth != 0 else 1))
    step = _function(writer, "_next", expressions, {i: i for i in range(len(names))}, "Return the state at the end of a step.")
    return [f"{targets('_z_', names)} = {step('t', names)}"]


def _stochastic(writer: LaneWriter, method: Stochastic) -> list[str]:
    """Return the lines of a stochastic method; ``_dW0`` is the increment of the first noise over the step."""
    system, names, used = writer.system, writer.states, entries(writer.system)
    rates = rates_of(writer)
    slopes = [total_derivative(system.states[i].diffusion[j], system.states[i].symbol, system.varying) for i, j in used]
    more = slopes if method.scheme == "milstein" else []
    owners = {k: i for k, (i, _) in enumerate(used)}
    diffusion = _function(
        writer, "_diffusion", [*(system.states[i].diffusion[j] for i, j in used), *more], owners, "Return the factors of the noises."
    )
    lines = [f"_dW{j} = math.sqrt(_h)*{writer.at(f'_normal{j}')}" for j in range(len(system.noises))]
    lines.append(f"{targets('_f_', names)} = {rates('t', names)}")
    factors = [f"_g{i}_{j}" for i, j in used]
    lines.append(f"{targets('', [*factors, *(f'_s{i}_{j}' for i, j in used[: len(more)])])} = {diffusion('t', names)}")
    kicks = {n: "".join(f" + _g{i}_{j}*_dW{j}" for k, j in used if k == i) for i, n in enumerate(names)}
    results = {n: f"_z_{n} = {n} + _h*_f_{n}{kicks[n]}" for n in names}
    if method.scheme == "milstein":
        for i, j in used:
            results[names[i]] += f" + 0.5*_g{i}_{j}*_s{i}_{j}*(_dW{j}*_dW{j} - _h)"
    if method.scheme == "platen":
        ahead = [f"{n} + _h*_f_{n}" + "".join(f" + _g{i}_{j}*math.sqrt(_h)" for k, j in used if k == i) for i, n in enumerate(names)]
        lines.append(f"{targets('', [f'_p{i}_{j}' for i, j in used])} = {diffusion('t', ahead)}")
        for i, j in used:
            results[names[i]] += f" + (_p{i}_{j} - _g{i}_{j})*(_dW{j}*_dW{j} - _h)/(2.0*math.sqrt(_h))"
    if method.scheme == "heun":
        ahead = [f"{n} + _h*_f_{n}{kicks[n]}" for n in names]
        lines.append(f"{targets('', [f'_p{i}_{j}' for i, j in used])} = {diffusion('t + _h', ahead)}")
        lines.append(f"{targets('_e_', names)} = {rates('t + _h', ahead)}")
        for i, n in enumerate(names):
            kick = "".join(f" + 0.5*(_g{i}_{j} + _p{i}_{j})*_dW{j}" for k, j in used if k == i)
            results[n] = f"_z_{n} = {n} + 0.5*_h*(_f_{n} + _e_{n}){kick}"
    return [*lines, *results.values()]
