"""The cold road: from a text to a plan and a kernel, with everything that this needs imported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from neurodsl import rules
from neurodsl.codegen import kernel
from neurodsl.codegen.build import generate
from neurodsl.codegen.steps import linear_part
from neurodsl.diagnostics import NeuroError, Report, fail, nearest
from neurodsl.findings import finding
from neurodsl.integrators import methods
from neurodsl.integrators.method import Discrete, Exact, ExplicitRungeKutta, Method, Stochastic
from neurodsl.lang import override, parse_expression, with_variant
from neurodsl.lang.choice import unknown_name
from neurodsl.lower import lower
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.hazards import integrate_hazards
from neurodsl.lower.noise import is_additive, is_diagonal, stratonovich
from neurodsl.model import Model
from neurodsl.plan import Described, Plan
from neurodsl.source import Source, Span
from neurodsl.system import System
from neurodsl.units import describe, parse_unit

T = TypeVar("T")

DEFAULT_DURATION = 100.0
SECONDS = 5.0
"""The limit of each piece of symbolic work; that on a model of the literature takes a tenth of a second."""


def apply_options(model: Model, variant: str | None, expressions: tuple[tuple[str, str, str], ...], report: Report) -> Model:
    """Return a model with a variant chosen and values replaced by expressions: (kind, name, text) with kind set, init or input."""
    if variant is not None:
        if variant not in model.variants:
            raise unknown_name("variant", variant, model.variants, model.name)
        model = with_variant(model, variant, report)
    for kind, name, text in expressions:
        found = Report()
        expression = parse_expression(Source(f"<--{kind} {name}>", text), found)
        if expression is not None:
            model = override(model, kind, name, expression, found)
        if not found.ok:
            raise NeuroError(found)
        report.found += found.found
    return model


def method_of(system: System, name: str) -> tuple[Method, str | None, bool]:
    """Return the method, why it was chosen, and whether the choice depends on the numbers of the run.

    Raises
    ------
    NeuroError
        V101 for an unknown method, M103 where it cannot serve the model.
    """
    family = methods()
    if name not in (*family, "auto"):
        near = nearest(name, [*family, "auto"])
        listed = ", ".join(["auto", *family])
        raise fail(rules.BAD_VALUE, f"there is no method `{name}`", help=f"did you mean `{near}`?" if near else f"methods: {listed}")
    able = [n for n, m in family.items() if serves(m, system)]
    if name != "auto" and name not in able:
        told = f"`{name}` {refusal(family[name])}, and `{system.name}` {nature(system)}"
        raise fail(rules.METHOD_REFUSED, told, help=f"methods that can serve it: {', '.join(able)}")
    if name != "auto":
        return family[name], None, False
    if system.discrete:
        return family["map"], "auto: a map", False
    if system.noises:
        if is_additive(system):
            return family["euler_maruyama"], "auto: additive noise", False
        if is_diagonal(system):
            return family["milstein"], "auto: diagonal noise", False
        return family["euler_maruyama"], "auto: noise that is neither additive nor diagonal", False
    if linear_part(system) is not None:
        return family["exact"], "auto: the equations are linear", False
    if any(e.chance is not None for e in system.events):
        return family["rk4"], "auto: not linear, and chances per step need a fixed step", False
    return family["rk45"], "auto: not linear, not stiff", True


def serves(method: Method, system: System) -> bool:
    """Return whether a method can advance a system."""
    if system.discrete or isinstance(method, Discrete):
        return system.discrete and isinstance(method, Discrete)
    if system.noises or isinstance(method, Stochastic):
        return bool(system.noises) and isinstance(method, Stochastic) and (not method.diagonal or is_diagonal(system))
    return not isinstance(method, Exact) or linear_part(system) is not None


def refusal(method: Method) -> str:
    """Return what a method is for, as part of a sentence."""
    if isinstance(method, Discrete):
        return "takes the steps of maps"
    if isinstance(method, Stochastic):
        return "is for equations with noise" + (", each in one equation alone" if method.diagonal else "")
    if isinstance(method, Exact):
        return "advances linear equations with constant coefficients and without noise"
    return "is for differential equations without noise"


def nature(system: System) -> str:
    """Return what a system is, as part of a sentence."""
    if system.discrete:
        return "is a map"
    if system.noises:
        return "has noise" + ("" if is_diagonal(system) else " that several equations share")
    return "has none" if linear_part(system) is not None else "is not linear"


def events_of(system: System, method: Method, wanted: str | None) -> str:
    """Return how events are found, ``grid`` or ``exact``."""
    if wanted not in (None, "grid", "exact"):
        raise fail(rules.BAD_VALUE, f"events are found on the `grid` or `exact`, not `{wanted}`", help="--events grid or --events exact")
    if wanted == "grid" and method.adaptive:
        raise fail(
            rules.METHOD_REFUSED,
            f"`{method.name}` chooses its own steps, so its events cannot act on the grid",
            help="leave out `--events grid`, or name a method of fixed step: euler, heun, midpoint, rk4, exponential_euler, exact",
        )
    on_grid = isinstance(method, Stochastic | Discrete) or any(e.kind == "chance" for e in system.events)
    if wanted == "exact" and on_grid:
        told = "has noise, so its path crosses a threshold infinitely often" if system.noises else "has chances per step, which need the grid"
        raise fail(rules.METHOD_REFUSED, f"events cannot be located inside a step: `{system.name}` {told}", help="--events grid")
    if on_grid and method.adaptive:
        raise fail(
            rules.METHOD_REFUSED,
            f"`{method.name}` chooses its own steps, and `on chance` needs those of the grid",
            help="a method of fixed step, such as rk4",
        )
    return wanted or ("grid" if on_grid or method.name == "euler" else "exact")


def timely(model: Model, work: Callable[[], T]) -> T:
    """Return what symbolic work on a model returns, or raise M104 where it takes too long."""
    try:
        return bounded(SECONDS, work)
    except Exceeded:
        told = f"the mathematics of `{model.name}` was not done within {SECONDS:g} s"
        raise fail(rules.TOO_LARGE_MATH, told, help="split long expressions into derived quantities") from None


def compile_system(model: Model, report: Report) -> System:
    """Return the mathematics of a model, with what was found on the way in the report."""
    system = timely(model, lambda: lower(model))
    if not system.states:
        raise fail(rules.BAD_VALUE, f"`{model.name}` has no state, so there is nothing to run", help="write an equation, such as `dx/dt = -x`")
    for text, span in system.mended:
        report.add(rules.MENDED, f"{text}; it is computed in a form that is finite and accurate there", span)
    return system


def make_plan(model: Model, method_name: str | None, events: str | None, report: Report, folder: Path) -> Plan:
    """Return the plan of a model and a method, with its kernel written to a trusted folder."""
    system = compile_system(model, report)
    settings = system.settings
    located = integrate_hazards(system) if events != "grid" and not (system.noises or system.discrete) else system
    method, reason, probe = timely(model, lambda: method_of(located, method_name or settings.method or "auto"))
    mode = events_of(system, method, events or (settings.events if method_name is None or not method.adaptive else None))
    if mode == "exact":
        system = located
    if isinstance(method, Stochastic) and method.scheme == "heun":
        system = stratonovich(system)
    duration, dt = settings.duration or DEFAULT_DURATION, settings.dt or default_dt(model)
    text = timely(model, lambda: generate(system, method, mode, duration, dt))
    name = f"{identifier(model.name)}_{method.name}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    kernel.store(folder, name, text)
    return Plan(
        model=model.name, title=model.doc, time_unit=describe(model.time_unit), method=method.name, reason=reason, events=mode, probe=probe,
        adaptive=method.adaptive, explicit=isinstance(method, ExplicitRungeKutta), stochastic=system.stochastic, duration=duration, dt=dt, record=settings.record,
        parameters=tuple(Described(p.name, describe(p.unit), p.doc, "input" if p.is_input else "param") for p in system.parameters),
        quantities=(
            *(Described(s.name, describe(s.unit), s.doc, "state" if s.shown else "hidden") for s in system.states),
            *(Described(d.name, describe(d.unit), d.doc, "derived") for d in system.definitions if d.shown),
        ),
        thresholds=tuple(state for state, levels in system.thresholds.items() for _ in levels),
        triggers=tuple(e.text for e in system.events), places=_places(model, system), findings=tuple(finding(d) for d in report.found), kernel=name,
    )  # fmt: skip


def default_dt(model: Model) -> float:
    """Return 0.1 ms in the time unit of a model, 0.01 where it has none."""
    if model.discrete:
        return model.settings.step or 1.0
    return 0.01 if model.dimensionless else float(parse_unit("ms").factor_to(model.time_unit)) / 10


def identifier(name: str) -> str:
    """Return a name as part of the name of a file."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)[:40]


def _places(model: Model, system: System) -> dict[str, tuple[int, int]]:
    spans: dict[str, Span | None] = {s.name: s.span for s in system.states}
    spans |= {state: equation.span for equation in model.equations for state, _ in equation.defines}
    spans |= {f"event {i}": event.span for i, event in enumerate(system.events)}
    return {name: (span.start, span.stop) for name, span in spans.items() if span is not None and span.source is model.source}
