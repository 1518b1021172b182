"""System x method -> the page of a generated file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import sympy
from sympy import Basic, Expr
from sympy.core.relational import Relational

from neurodsl import __version__
from neurodsl.codegen.bodies import Writer, expressions_of, observation, plain, starts_of
from neurodsl.codegen.events import event_fields
from neurodsl.codegen.pages import Body, Event, File
from neurodsl.codegen.render import render
from neurodsl.codegen.rolled import rolled_flow
from neurodsl.codegen.signature import SIGNATURE
from neurodsl.codegen.special import definitions
from neurodsl.codegen.steps import held_states, slope_line, step_of
from neurodsl.codegen.stochastic import diffusion, sites
from neurodsl.integrators.method import ExplicitRungeKutta, Method, Rosenbrock
from neurodsl.lower.elements import Pick
from neurodsl.lower.functions import Ceil, Floor, Modulo, Repeated, Round, Signum, UnitStep
from neurodsl.model import STEADY, Steady
from neurodsl.system import TIME, Draw, Items, Loaded, State, System
from neurodsl.units import describe

NO_DIGEST = "0" * 16


def generate(system: System, method: Method, events_mode: str, duration: float, dt: float) -> str:
    """Return the generated file of a model and a method, with the digest of its text in its head.

    Parameters
    ----------
    system : System
    method : Method
    events_mode : str
        ``grid`` or ``exact``.
    duration, dt : float
        What ``main()`` of the file runs, in units of the model's time.
    """
    text = render(page_of(system, method, events_mode, duration, dt))
    return text.replace(f"\nDigest {NO_DIGEST}", f"\nDigest {hashlib.sha256(text.encode()).hexdigest()[:16]}", 1)


def page_of(system: System, method: Method, events_mode: str, duration: float, dt: float) -> File:
    """Return everything that the templates lay out."""
    writer = Writer(system)
    happenings = event_fields(system, writer, events_mode == "grid")
    fields = {
        **_head(system, method, events_mode, duration, dt),
        **_numbers(system, writer),
        **_flow(system, writer),
        **happenings,
        **_stepping(system, writer, method, events_mode == "grid", happenings["events"]),
    }
    fields["draws"] = writer.objects > 0
    fields["end_slope"] = _end_slope(method, bool(fields["searched"]))
    return File(helpers=definitions(repr(fields)), **fields)


def _head(system: System, method: Method, events_mode: str, duration: float, dt: float) -> dict[str, Any]:
    name = plain(system.name)
    return {
        "title": f"{name}: {plain(system.doc)}" if system.doc else name,
        "version": __version__,
        "model": name,
        "method": method.name,
        "events_mode": events_mode,
        "digest": NO_DIGEST,
        "states": ascii(tuple(s.name for s in system.states)),
        "units": ascii(tuple(describe(s.unit) for s in system.states)),
        "splits": repr(list(starts_of([(s.name, s.size) for s in system.states]).values())[1:]),
        "size": sum(s.size for s in system.states),
        "steady": ascii(tuple(s.name for s in system.states if s.initial is STEADY)),
        "rtol": "1e-08",
        "atol": "1e-10",
        "duration": repr(duration),
        "dt": repr(dt),
    }


def _numbers(system: System, writer: Writer) -> dict[str, Any]:
    """Return what is computed once for a run: constants, initial values, known times, thresholds."""
    levels = [level for group in system.thresholds.values() for level in group]
    parameters, constants = writer.preparation()
    return {
        "parameters": tuple(parameters),
        "constants": (*constants, *writer.table_lines()),
        "tables": tuple(starts_of(writer.constants)[name] for name in system.tables),
        "told_constants": ascii(writer.constants),
        "packed_constants": writer.packed([name for name, _ in writer.constants]),
        "initial": tuple(_initial(system, writer)),
        "packed_states": writer.packed([s.name for s in system.starts or system.states]),
        "arrays": any(q.shape for q in (*system.parameters, *system.states, *system.starts)),
        "threshold_loads": tuple(writer.loads(writer.used(levels), state=None)),
        "thresholds": tuple(writer.print(level) for level in levels),
        "edge_loads": tuple(writer.loads(writer.used(system.edges), state=None)),
        "edges": tuple(_edge(e, writer) for e in system.edges),
        "repeats": any(isinstance(e, Repeated) for e in system.edges),
    }


def _edge(edge: Expr, writer: Writer) -> str:
    """Return a known time, known times in a row, or those of all elements of an array, as part of a list."""
    loops = [f" for {writer.name(k.name)} in range({writer.system.sizes[k]})" for k in writer.indices_in(edge)]
    if not isinstance(edge, Repeated):
        return f"*[{writer.print(edge)}{''.join(loops)}]" if loops else writer.print(edge)
    row = f"_repeated(_until, {', '.join(map(writer.print, edge.args))})"
    return f"*[_time{''.join(loops)} for _time in {row}]" if loops else f"*{row}"


def _flow(system: System, writer: Writer) -> dict[str, Any]:
    """Return the right-hand side, what can be recorded, and the parts that an error is traced to."""
    common = {
        "derived": sum(d.size for d in system.derived),
        "rolled": system.rolled,
        "memory": sum(d.size for d in dict.fromkeys((*system.derived, *system.varying))),
    }
    labels = [*(d.name for d in system.varying), *(f"d{s.name}/dt" for s in system.states)]
    if system.rolled:
        return common | rolled_flow(system, writer, labels)
    count = len(system.states)
    terms = writer.body([*(d.symbol for d in system.varying), *(s.derivative for s in system.states)])
    return common | {
        "terms": terms,
        "named_terms": tuple((ascii(label), result) for label, result in zip(labels, terms.results, strict=True)),
        "arguments": ", ".join(writer.name(s) for s in writer.states),
        "rhs": _right_hand_side(system, writer),
        "slope": slope_line(count),
        "end_slope_line": slope_line(count, "t + _h", "_z", "_work[5]"),
        "observe": observation(system, writer),
    }


def _stepping(system: System, writer: Writer, method: Method, on_grid: bool, events: tuple[Event, ...]) -> dict[str, Any]:
    """Return the step of the method and the numbers of its control."""
    template, step = step_of(method, system, writer)
    stages = method.stages if isinstance(method, ExplicitRungeKutta | Rosenbrock) else 1
    order = method.order if method.adaptive else 1
    return {
        "flow_template": f"numba/{'rolled' if system.rolled else 'flow'}.py.j2",
        "step_template": f"numba/{template}.py.j2",
        "step": step,
        "run_template": "numba/grid.py.j2" if on_grid else "numba/located.py.j2",
        "signature": SIGNATURE,
        "on_grid": on_grid,
        "adaptive": method.adaptive,
        "restless": is_restless(system),
        "error_row": stages,
        "stage_rows": max(stages + 1, 3) + (1 if system.rolled else 0),
        "reject_power": repr(-1 / order),
        "accept_power": repr(-0.7 / order),
        "memory_power": repr(0.4 / order),
        "noises": 0 if system.rolled else len(system.noises),
        "diffusion": Body((), ()) if system.rolled else diffusion(system, writer),
        "sites": sites(system, writer),
        "random": bool(system.noises or system.sites) or any(e.chance is not None or e.level >= 0 or e.draws for e in events),
        "smooth": "_k[1, 0] <= 2.0" if template == "exact" else "True",
    }


def is_restless(system: System) -> bool:
    """Return whether something jumps with the time at instants that are not known beforehand, as ``pulse(mod(t, 100), 0, 1)`` does.

    An adaptive step then never reaches beyond the next point of the output.
    """
    timed: set[Basic] = {TIME}
    for definition in system.varying:
        if system.bases(definition.expression) & timed:
            timed.add(definition.symbol)
    jumps = (Relational, Floor, Ceil, Round, Modulo, Pick, Signum, UnitStep)
    expressions = [*(d.expression for d in system.varying), *(s.derivative for s in system.states)]
    return any(system.bases(part) & timed for e in expressions for part in e.atoms(*jumps))


def _end_slope(method: Method, searched: bool) -> str:
    """Return where the derivatives at the end of a step are known, so that the next step starts with them."""
    if isinstance(method, ExplicitRungeKutta) and method.fsal:
        return f"_k[{method.stages - 1}, _i]"
    return "_work[5, _i]" if searched and not method.adaptive else ""


def _initial(system: System, writer: Writer) -> list[str]:
    """Return the lines that give the states their initial values, each after those it uses."""
    starts = system.starts or system.states
    states = {s.symbol: s for s in starts}
    pending = list(starts)
    lines = _loaded(system, writer, starts)
    known: set[Basic] = set()
    defined: set[Basic] = set()
    while pending:
        for state in pending:
            needs = writer.used([state.initial]) & states.keys() if isinstance(state.initial, Expr) else set()
            if needs <= known:
                break
        value: Expr | Draw | Items | Loaded = sympy.nan if isinstance(state.initial, Steady) else state.initial
        if isinstance(value, Expr):
            for definition in system.needed(value):
                if definition.symbol not in defined:
                    lines.append(writer.assign(definition))
                    defined.add(definition.symbol)
        lines += writer.value_lines(state, value, "_given")
        known.add(state.symbol)
        pending.remove(state)
    return lines


def _loaded(system: System, writer: Writer, starts: Sequence[State]) -> list[str]:
    """Return the lines that give the constants in initial values their names, arrays as a whole."""
    used = writer.used([e for state in starts for e in expressions_of(state.initial)])
    lines = writer.loads(used, state=None)
    places = starts_of(writer.constants)
    for made in (*system.parameters, *system.constants):
        if made.shape and made.symbol in used:
            place = places[made.name]
            lines.append(f"{writer.name(made.name)} = np.reshape(_c[{place}:{place + made.size}], {made.shape})")
    return lines


def _right_hand_side(system: System, writer: Writer) -> Body:
    expressions = [s.derivative for s in system.states]
    body = writer.body(expressions, state=None)
    held = held_states(system)
    still = [writer.name(s) if system.discrete else "0.0" for s in writer.states]
    return Body(body.lines, tuple(f"({still[i]} if _hold[{i}] > _ts else {r})" if i in held else r for i, r in enumerate(body.results)))
