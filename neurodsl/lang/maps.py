"""What cannot stand together in a model: differential equations and maps, and what belongs to one of the two alone."""

from __future__ import annotations

from neurodsl import rules
from neurodsl.lang.nodes import Index, Name
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import Assignment, derivative_text


def check_maps(declarations: Declarations) -> None:
    """Report a model that is neither continuous nor discrete, and what a discrete one has no room for."""
    if not declarations.maps:
        return
    report = declarations.report
    first = next(iter(declarations.maps.values())).target
    also = ((first.span, "the map is here"),)
    _check_mixed(declarations)
    for noise in declarations.noises.values():
        message = f"the noise `{noise.name.id}` is continuous in time, and this model is a map"
        help = "white noise belongs to differential equations; a random number of each step is `randn()`"
        report.add(rules.MIXED_TIME, message, noise.name.span, help, also)
    for event in declarations.events:
        if event.sort == "rate":
            help = "write `on chance p: ...` with the probability of a step"
            report.add(rules.MIXED_TIME, "`on rate` is a hazard in continuous time, and this model is a map", event.span, help, also)


def _check_mixed(declarations: Declarations) -> None:
    """Report differential equations beside maps; from then on nothing is said about the derivatives of the maps' states."""
    maps = [e for e in declarations.equations if _is_map(e)]
    flows = [(e, d) for e, d in zip(declarations.equations, declarations.defines, strict=True) if not _is_map(e)]
    if not flows:
        return
    flow, defines = flows[0]
    texts = {id(maps[0]): f"next {maps[0].left.span.text}", id(flow): derivative_text(*defines[0]) if defines else flow.left.span.text}
    one, other = sorted((maps[0], flow), key=_start)
    message = f"the model mixes `{texts[id(one)]}` and `{texts[id(other)]}`: a map moves in steps, a differential equation between them"
    help = "write all equations with `next`, or all with `d/dt`; what changes at known times is an event, `every 1 [ms]: x = ...`"
    also = ((one.left.span, f"`{texts[id(one)]}` is here"),)
    declarations.report.add(rules.MIXED_TIME, message, other.left.span, help, also)
    declarations.unclear |= declarations.maps.keys()


def _is_map(equation: Assignment) -> bool:
    return isinstance(equation.left, Name | Index)


def _start(equation: Assignment) -> int:
    return equation.left.span.start
