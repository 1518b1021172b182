"""The cold road: from a text to a plan and a kernel, with everything that this needs imported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import TypeVar

from neurodsl import rules
from neurodsl.codegen import kernel
from neurodsl.codegen.build import generate
from neurodsl.codegen.lanes import generate_lanes
from neurodsl.codegen.lanes import refusal as lanes_refusal
from neurodsl.codegen.steps import linear_part
from neurodsl.diagnostics import NeuroError, Report, fail, nearest
from neurodsl.findings import finding
from neurodsl.integrators import methods
from neurodsl.integrators.method import Discrete, Exact, ExplicitRungeKutta, Method, Stochastic
from neurodsl.lang import override, parse_expression, with_given, with_samples, with_variant
from neurodsl.lang.choice import unknown_name
from neurodsl.lang.shapes import Shapes
from neurodsl.lower import lower, shapes_of
from neurodsl.lower.bounded import Exceeded, bounded
from neurodsl.lower.extent import operations
from neurodsl.lower.hazards import integrate_hazards
from neurodsl.lower.noise import is_additive, is_diagonal, stratonovich
from neurodsl.measures import Column
from neurodsl.model import Model
from neurodsl.plan import Described, Plan
from neurodsl.source import Source, Span
from neurodsl.system import Loaded, Quantity, System
from neurodsl.units import describe, parse_unit

T = TypeVar("T")

DEFAULT_DURATION = 100.0
SMALL = 400
"""Equations of arrays with so many operations at most are written out element by element."""
LARGE = 20000
"""So many are where that cannot be avoided."""
MOST_ANALYSED = 200
"""States of a model whose fixed points are looked for."""
ANALYSED_OPERATIONS = 60000
"""Operations in the equations of such a model where it has arrays."""
SECONDS = 5.0
"""The limit of each piece of symbolic work; that on a model of the literature takes a tenth of a second."""


def apply_options(model: Model, variant: str | None, expressions: tuple[tuple[str, str, str], ...], report: Report) -> Model:
    """Return a model with a variant chosen and values replaced by expressions: (kind, name, text) with kind set, init or input."""
    if variant is not None:
        if variant not in model.variants:
            raise unknown_name("variant", variant, model.variants, model.name)
        model = with_variant(model, variant, report)
    for kind, name, text in expressions:
        if kind in ("given set", "given init"):
            model = with_given(model, kind.removeprefix("given "), name)
            continue
        if kind in ("step", "linear"):
            model = with_samples(model, name, kind == "step")
            continue
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
    if system.rolled:
        if system.noises:
            return family["euler_maruyama"], "auto: noise on arrays", False
        return family["rk45"], "auto: arrays", False
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
    if system.rolled and not serves_arrays(method):
        return False
    if system.discrete or isinstance(method, Discrete):
        return system.discrete and isinstance(method, Discrete)
    if system.noises or isinstance(method, Stochastic):
        return bool(system.noises) and isinstance(method, Stochastic) and (not method.diagonal or is_diagonal(system))
    return not isinstance(method, Exact) or (not system.rolled and linear_part(system) is not None)


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
    if system.rolled:
        return "has arrays that are kept as loops" + (", with noise" if system.noises else "")
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


def compile_system(model: Model, report: Report, method_name: str | None = None, written_out: bool = False) -> System:
    """Return the mathematics of a model, with what was found on the way in the report.

    Parameters
    ----------
    method_name : str
        The method that is to serve it, which decides whether arrays are kept as loops.
    written_out : bool
        Write them out for every element whatever the method, as the analysis needs it.

    Raises
    ------
    NeuroError
        M104 for a model too large for that.
    """
    if written_out:
        require_small(model)
    rolled = not written_out and is_rolled(model, method_name or model.settings.method or "auto")
    system = timely(model, lambda: lower(model, rolled))
    if not system.states:
        raise fail(rules.BAD_VALUE, f"`{model.name}` has no state, so there is nothing to run", help="write an equation, such as `dx/dt = -x`")
    for text, span in system.mended:
        report.add(rules.MENDED, f"{text}; it is computed in a form that is finite and accurate there", span)
    return system


def is_rolled(model: Model, method_name: str) -> bool:
    """Return whether the equations of a model's arrays are kept as loops; small ones are written out, and then every method serves them.

    Raises
    ------
    NeuroError
        M104 for arrays that are too large for what has to be written out: events, gradients, methods that solve equations.
    """
    shapes = shapes_of(model)
    if not any(shapes.names.values()):
        return False
    work = operations(model, shapes)
    if work <= SMALL:
        return False
    method = methods().get(method_name)
    reasons = ["it has events"] if model.events else []
    reasons += [f"`{method_name}` solves equations for all of them together"] if method is not None and not serves_arrays(method) else []
    if reasons and work > LARGE:
        told = f"the equations of `{model.name}` would have to be written out for every element, because {' and '.join(reasons)}; "
        told += f"that makes about {work} operations, and {LARGE} is the limit"
        remedy = "" if model.events else ", or name a method that works on whole arrays: euler, heun, midpoint, rk4, rk45"
        raise fail(rules.TOO_LARGE_MATH, told, help=f"make its arrays smaller{remedy}")
    return not reasons


def require_small(model: Model) -> None:
    """Raise M104 for a model with more elements than are analysed."""
    shapes = shapes_of(model)
    states = sum(prod(shapes.names.get(name, ())) * max(state.order, 1) for name, state in model.states.items())
    sizes = " ".join(f"`--set {name}=...`" for name in sorted(shapes.sizes))
    help = f"make its arrays smaller: {sizes}" if sizes else "make it smaller"
    if states > MOST_ANALYSED:
        told = f"`{model.name}` has {states} states, elements of arrays counted; up to {MOST_ANALYSED} are analysed"
        raise fail(rules.TOO_LARGE_MATH, told, help=help)
    work = operations(model, shapes)
    if any(shapes.names.values()) and work > ANALYSED_OPERATIONS:
        told = (
            f"the equations of `{model.name}`, written out for every element, are about {work} operations; up to {ANALYSED_OPERATIONS} are analysed"
        )
        raise fail(rules.TOO_LARGE_MATH, told, help=help)


def sizes_of(model: Model) -> frozenset[str]:
    """Return the parameters that the sizes of arrays depend on."""
    return shapes_of(model).sizes


def serves_arrays(method: Method) -> bool:
    """Return whether a method advances arrays as loops."""
    return isinstance(method, ExplicitRungeKutta | Discrete) or (isinstance(method, Stochastic) and method.scheme == "euler")


def make_plan(model: Model, method_name: str | None, events: str | None, report: Report, folder: Path) -> Plan:
    """Return the plan of a model and a method, with its kernel written to a trusted folder."""
    system = compile_system(model, report, method_name)
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
        parameters=numbered([described(p, "input" if p.is_input else "param") for p in system.parameters]),
        quantities=numbered([
            *(described(s, "state" if s.shown else "hidden") for s in system.starts or system.states),
            *grouped([described(d, "derived") for d in system.derived], shapes_of(model)),
        ]),
        thresholds=tuple(state for state, levels in system.thresholds.items() for _ in levels),
        triggers=tuple(e.text for e in system.events), elements=tuple(e.element for e in system.events),
        spiking=any(e.spikes or any(a.kind == "emit" for a in e.actions) for e in system.events), discrete=system.discrete,
        sizes=tuple(sorted(shapes_of(model).sizes)), files=_files(model, system), tables=system.tables,
        places=_places(model, system), findings=tuple(finding(d) for d in report.found), kernel=name,
    )  # fmt: skip


def make_lanes(
    model: Model, plan: Plan, varied: Sequence[str], given: Sequence[str], columns: Sequence[Column], recorded: Sequence[int] | None
) -> str | None:
    """Return the generated file that runs points of a planned model side by side, None where they run one after the other.

    Parameters
    ----------
    varied : sequence of str
        The parameters, inputs and states that differ from point to point.
    given : sequence of str
        The parameters that all points are given as numbers.
    columns : sequence of Column
        What is measured of each.
    recorded : sequence of int
        The numbers of the quantities that are recorded in every step, beside all spikes; None where neither is.
    """
    system, method = compile_system(model, Report(), plan.method), methods()[plan.method]
    if isinstance(method, Stochastic) and method.scheme == "heun":
        system = stratonovich(system)
    if lanes_refusal(system, method, plan.events == "exact", varied, given) is not None:
        return None
    return timely(model, lambda: generate_lanes(system, method, varied, given, columns, recorded))


def described(quantity: Quantity, role: str) -> Described:
    """Return a quantity of a system as a plan has it."""
    return Described(quantity.name, describe(quantity.unit), quantity.doc, role, quantity.shape)


def grouped(single: Sequence[Described], shapes: Shapes) -> list[Described]:
    """Return descriptions with the elements of each array, which follow one another, as one."""
    found: dict[str, Described] = {}
    for element in single:
        name = element.name.partition("[")[0]
        found.setdefault(name, element if element.shape or name == element.name else replace(element, name=name, shape=shapes.names[name]))
    return list(found.values())


def _files(model: Model, system: System) -> dict[str, tuple[str, float]]:
    """Return the files that parameters and initial values are read from, with the factors that bring them into the declared units."""
    values = [(p.name, p.default) for p in system.parameters] + [(s.name, s.initial) for s in system.starts or system.states]
    return {name: (value.path, value.factor) for name, value in values if isinstance(value, Loaded)}


def numbered(described: Sequence[Described]) -> tuple[Described, ...]:
    """Return descriptions with the number in the kernel of the first element of each."""
    starts = accumulate((d.size for d in described), initial=0)
    return tuple(replace(d, start=start) for d, start in zip(described, starts, strict=False))


def default_dt(model: Model) -> float:
    """Return 0.1 ms in the time unit of a model, 0.01 where it has none."""
    if model.discrete:
        return model.settings.step or 1.0
    return 0.01 if model.dimensionless else float(parse_unit("ms").factor_to(model.time_unit)) / 10


def identifier(name: str) -> str:
    """Return a name as part of the name of a file."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)[:40]


def _places(model: Model, system: System) -> dict[str, tuple[int, int]]:
    spans: dict[str, Span | None] = {q.name: q.span for q in (*system.parameters, *system.constants, *system.states)}
    spans |= {state: equation.span for equation in model.equations for state, _ in equation.defines}
    spans |= {f"event {i}": event.span for i, event in enumerate(system.events)}
    return {name: (span.start, span.stop) for name, span in spans.items() if span is not None and span.source is model.source}
