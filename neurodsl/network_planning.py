"""The cold road of networks: from a network to a plan and a kernel."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import sympy
from sympy import Expr, Symbol

from neurodsl import rules
from neurodsl.codegen import kernel
from neurodsl.codegen.network.aggregate import aggregate
from neurodsl.codegen.network.assemble import assemble, assembled
from neurodsl.codegen.network.conditions import expanded
from neurodsl.codegen.network.items import differing
from neurodsl.codegen.network.live import live
from neurodsl.codegen.network.precise import PreciseAssembly
from neurodsl.codegen.network.precise_cells import GRID, levels_of
from neurodsl.codegen.network.weave import Woven, weave
from neurodsl.codegen.steps import linear_part
from neurodsl.diagnostics import Report, fail, nearest
from neurodsl.findings import finding
from neurodsl.integrators import methods
from neurodsl.integrators.method import Exact, ExplicitRungeKutta, ExponentialEuler, Method, Stochastic
from neurodsl.lower.chain import total_derivative
from neurodsl.lower.functions import InversePhi, Logistic, Phi, Tanh
from neurodsl.lower.noise import is_additive, is_diagonal, stratonovich
from neurodsl.network import POST, PRE, THIRD, Network, Population, Projection, Recorded
from neurodsl.network_plan import NetworkPlan
from neurodsl.options import number_in
from neurodsl.planning import DEFAULT_DURATION, identifier, nature, refusal, serves
from neurodsl.system import State, System
from neurodsl.units import describe, parse_unit

DOTTED = (PRE, POST, THIRD)
OPERATION, CALL = 0.035, 0.9
"""Nanoseconds that an operation and a function take, of one neuron among many."""
LEAST_WORK = 15000.0
"""Nanoseconds of a step that a thread has to have at least: with less, it waits for the others as long as it works."""


def make_network_plan(
    network: Network,
    method: str | None,
    events: str | None,
    every_step: bool,
    armed: bool,
    brought: Mapping[str, Sequence[str]],
    report: Report,
    folder: Path,
) -> NetworkPlan:
    """Return the plan of a network, with its kernel written to a trusted folder.

    Parameters
    ----------
    method : str or None
        The one that the caller names.
    events : str or None
        ``grid``, or ``exact`` for spikes at exact times; None for what the file says.
    every_step : bool
        Advance the states of synapses in every step and at every synapse: the plain way.
    armed : bool
        Remember of every neuron whether the conditions of its events hold.
    brought : mapping of str to sequence of str
        Of each projection, the values of synapses that its file brings.
    """
    settings = network.settings
    name, mode = method or settings.method or "auto", events_of(events or settings.events, network)
    precise = mode == "exact"
    woven, chosen = _prepared(network, name, precise, every_step, brought)
    network = woven.network
    duration, dt = settings.duration or DEFAULT_DURATION, settings.dt or default_dt(network)
    threads = int(work_of(network) / LEAST_WORK)
    if precise:
        text, plan = assembled(PreciseAssembly(woven, chosen, every_step, armed, brought), duration, dt)
    else:
        text, plan = assemble(woven, chosen, duration, dt, every_step, armed, brought)
    called = f"{identifier(network.name)}_network_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    kernel.store(folder, called, text)
    return replace(plan, kernel=called, events=mode, threads=threads, findings=tuple(finding(d) for d in report.found))


def _prepared(
    network: Network, name: str, precise: bool, every_step: bool, brought: Mapping[str, Sequence[str]]
) -> tuple[Woven, dict[str, tuple[Method, str | None]]]:
    """Return a network whose neurons know what comes to them, and the methods that serve it."""
    network = live(network)
    network, notes = (network, ()) if every_step else aggregate(network, brought, linear=precise or name == "exact")
    woven = replace(weave(network), notes=notes)
    require_recordable(woven.network)
    if precise:
        name = _precise_method(woven.network, name)
    chosen, populations = {}, []
    for p in woven.network.populations:
        if p.system is not None:
            chosen[p.name] = method_of(p.system, name, p)
            if precise:
                chosen[p.name] = chosen[p.name][0], "spikes at exact times"
            if isinstance(chosen[p.name][0], Stochastic) and chosen[p.name][0].name.startswith("heun"):
                p = replace(p, system=stratonovich(p.system))
        populations.append(p)
    woven = replace(woven, network=replace(woven.network, populations=tuple(populations)))
    return woven, chosen | {p.name: (_synapse_method(p, name, brought.get(p.name, ())), None) for p in network.projections}


def require_exact(network: Network) -> None:
    """Raise M103 for a network that asks for exact spike times and cannot have them."""
    if events_of(network.settings.events, network) == "exact":
        PreciseAssembly(*_prepared(network, network.settings.method or "auto", True, False, {}), False, False, {})


def events_of(events: str | None, network: Network) -> str:
    """Return where events act: on the grid, or where they fall.

    Raises
    ------
    NeuroError
        V101 for anything else.
    """
    if events not in (None, "grid", "exact"):
        raise fail(rules.BAD_VALUE, f"the events of `{network.name}` cannot be `{events}`", help="`grid` or `exact`")
    return events or "grid"


def _precise_method(network: Network, name: str) -> str:
    """Return the method of a network with exact spike times: that of linear equations.

    Raises
    ------
    NeuroError
        M103 where another one is asked for, or where a population cannot have exact times.
    """
    if name not in ("auto", "exact"):
        told = f"exact spike times come from the exact solution of linear equations, not from `{name}`"
        raise fail(rules.METHOD_REFUSED, told, help=f"`--method exact`, or {GRID}")
    for p in network.populations:
        if p.system is not None:
            levels_of(p.system, p)
    return "exact"


def work_of(network: Network) -> float:
    """Return roughly how many nanoseconds a step of all neurons takes."""
    found = 0.0
    for p in network.populations:
        if p.system is not None:
            expressions = [*(d.expression for d in p.system.varying), *(s.derivative for s in p.system.states)]
            calls = sum(len(e.atoms(sympy.Function, sympy.exp)) for e in expressions)
            found += p.size * (OPERATION * sum(e.count_ops() for e in expressions) + CALL * calls)
    return found


def default_dt(network: Network) -> float:
    """Return 0.1 ms in the time unit of a network, 0.01 where it has none, 1 for maps."""
    if any(p.system is not None and p.system.discrete for p in network.populations):
        return 1.0
    return 0.01 if network.dimensionless else float(parse_unit("ms").factor_to(network.time_unit)) / 10


def method_of(system: System, name: str, population: Population) -> tuple[Method, str | None]:
    """Return the method of a population, and why it was chosen.

    Raises
    ------
    NeuroError
        V101 for an unknown method, M103 where it cannot serve the population.
    """
    family = {n: m for n, m in methods().items() if not m.adaptive and n != "rosenbrock"}
    if name not in (*methods(), "auto"):
        near = nearest(name, [*family, "auto"])
        raise fail(rules.BAD_VALUE, f"there is no method `{name}`", help=f"did you mean `{near}`?" if near else f"methods: auto, {', '.join(family)}")
    able = [n for n, m in family.items() if serves(m, system)]
    if name != "auto" and name not in able:
        told = (
            f"`{name}` {refusal(methods()[name])}, and `{population.model}` {nature(system)}" if name in family else f"`{name}` chooses its own steps"
        )
        raise fail(rules.METHOD_REFUSED, told, population.span, f"methods that can serve `{population.name}`: {', '.join(able)}")
    if name != "auto":
        return family[name], None
    if system.discrete:
        return family["map"], "auto: a map"
    if system.noises:
        diagonal = is_diagonal(system) and not is_additive(system)
        return family["milstein" if diagonal else "euler_maruyama"], "auto: noise"
    if linear_part(system) is not None:
        return family["exact"], "auto: the equations are linear"
    if all(is_conditionally_linear(system)):
        if has_exponentials(system):
            return family["exponential_euler"], "auto: rates of exponential form, each equation linear in its own state"
    elif has_upstroke(system):
        return family["euler"], "auto: an exponential upstroke, in which the stages of other methods run away"
    return family["rk4"], "auto: not linear"


def has_exponentials(system: System) -> bool:
    """Return whether rates depend exponentially on states, as those of channels do."""
    slopes = [s.derivative for s in system.states]
    expressions = (*slopes, *(d.expression for d in system.needed(*slopes)))
    return any(e.has(sympy.exp, Phi, InversePhi, Logistic, Tanh) for e in expressions)


def has_upstroke(system: System) -> bool:
    """Return whether a state that an event resets grows exponentially in itself."""
    reset = {a.target for e in system.events for a in e.actions if a.kind == "set"}
    return any(_unbounded(system, system.states[i]).has(sympy.exp) for i in reset)


def _unbounded(system: System, state: State) -> Expr:
    """Return how the derivative of a state depends on the state itself, without what stands in denominators, as sigmoids do."""
    whole = expanded(system, state.derivative)
    below = sorted((power for power in whole.atoms(sympy.Pow) if power.exp.is_negative and power.has(sympy.exp)), key=str)
    return whole.xreplace({power: Symbol(f"_bounded{k}") for k, power in enumerate(below)}).diff(state.symbol)


def is_conditionally_linear(system: System) -> list[bool]:
    """Return of each state whether its equation is linear in the state itself, the others given."""
    found = []
    for s in system.states:
        slope = total_derivative(s.derivative, s.symbol, system.varying)
        found.append(total_derivative(slope, s.symbol, system.varying) == 0)
    return found


def _synapse_method(p: Projection, name: str, brought: Sequence[str]) -> Method:
    """Return the method of the states of synapses that are advanced in every step."""
    family, synapse = methods(), p.synapse
    named = family.get(name)
    if isinstance(named, ExplicitRungeKutta | ExponentialEuler | Exact) and not named.adaptive and serves(named, synapse):
        return named
    parts = linear_part(synapse)
    apart = {Symbol(name) for name in differing(synapse, p.values, brought)}
    if parts is not None and not any(synapse.bases(e) & apart for row in parts[0] for e in row):
        return family["exact"]
    decaying = parts is not None or has_exponentials(synapse)
    return family["exponential_euler" if decaying and all(is_conditionally_linear(synapse)) else "rk4"]


RECORDED = re.compile(r"(?P<owner>.+?)\s*(\[\s*(?P<start>\d+)?\s*(?P<colon>:\s*(?P<stop>\d+)?\s*(:\s*(?P<step>\d+)\s*)?)?\])?\s*\.\s*(?P<name>.+)")
"""``E.v``, ``E[3].v``, ``E[0:100:10].v``, ``E -> E.w``."""


def recording(network: Network, texts: Sequence[str]) -> Network:
    """Return a network with what is recorded of it, beside all spikes, in the place of what its file says.

    Raises
    ------
    NeuroError
        V102 for a name that is not known.
    """
    found = [_recorded(network, text.strip()) for text in texts if text.strip() != "spikes"]
    return replace(network, recorded=tuple(found))


def _recorded(network: Network, text: str) -> Recorded:
    text, _, interval = text.partition(" every ")
    every = number_in(interval, describe(network.time_unit), "the interval") if interval else None
    parts = RECORDED.fullmatch(text.strip())
    populations = {p.name: p for p in network.populations}
    owners = [*populations, *(p.name for p in network.projections), *(p.synapse_name for p in network.projections)]
    if parts is None or parts["owner"] not in owners:
        near = nearest(text if parts is None else parts["owner"], owners)
        help = f"did you mean `{near}`?" if near and near != text else "write `E.v`, `E[0:10].v`, or `stdp.w`"
        raise fail(rules.UNKNOWN_OPTION_NAME, f"there is nothing to record as `{text}`", help=help)
    if parts["owner"] not in populations:
        synapse = next(p.synapse for p in network.projections if parts["owner"] in (p.name, p.synapse_name))
        _require(parts["name"], [q.name for q in (*synapse.parameters, *synapse.states) if not q.name.startswith(DOTTED)], text)
        return Recorded(parts["owner"], parts["name"], 0, 0, every=every)
    population = populations[parts["owner"]]
    system = population.system
    known = [] if system is None else [*(q.name for q in system.quantities()), *(p.name for p in system.parameters if p.is_input)]
    _require(parts["name"], known, text)
    start = int(parts["start"] or 0)
    single = parts["start"] is not None and not parts["colon"]
    stop = start + 1 if single else int(parts["stop"] or population.size)
    if not 0 <= start < stop <= population.size:
        raise fail(rules.BAD_VALUE, f"`{text}` leads out of `{population.name}`, which has {population.size} neurons", help="neurons count from 0")
    stride = int(parts["step"] or 1)
    if stride == 0:
        raise fail(
            rules.BAD_VALUE,
            f"`{text}` goes from neuron to neuron in steps of 0",
            help=f"`{population.name}[{start}:{stop}].{parts['name']}` takes each",
        )
    return Recorded(population.name, parts["name"], start, stop, stride, every)


def require_recordable(network: Network) -> None:
    """Raise V102 for what a woven network records and has no value of its own in a run: a parameter, or a constant."""
    populations = {p.name: p.system for p in network.populations}
    for recorded in network.recorded:
        if recorded.owner in populations:
            _require(recorded.quantity, _recordable(populations[recorded.owner]), f"{recorded.owner}.{recorded.quantity}")


def _recordable(system: System | None) -> list[str]:
    """Return the quantities of neurons that can be recorded: their states, what is derived of those or of the time, and their inputs."""
    if system is None:
        return []
    inputs = (p.name for p in system.parameters if p.is_input)
    return [*(s.name for s in system.states if s.shown), *(d.name for d in system.derived if d in system.varying), *inputs]


def _require(name: str, known: Sequence[str], text: str) -> None:
    if name not in known:
        near = nearest(name, known)
        listed = ", ".join(f"`{k}`" for k in known) or "nothing"
        raise fail(rules.UNKNOWN_OPTION_NAME, f"`{text}` cannot be recorded", help=f"did you mean `{near}`?" if near else f"there is {listed}")
