"""The section on where fixed points change over a parameter."""

from __future__ import annotations

from neurodsl.analysis.bifurcations import Bifurcation
from neurodsl.analysis.diagram import Diagram
from neurodsl.exporters.page import Block, Cell, Equations, Figure, Heading, Line, Paragraph, Table, on_lines
from neurodsl.plotting.diagram import plot as plot_diagram
from neurodsl.plotting.pictures import pictures
from neurodsl.report.numbers import assignments, headed, quantity, symbol, with_unit, written


def bifurcation_blocks(found: Diagram, rate_unit: str) -> list[Block]:
    """Return the bifurcations over a parameter, and their diagram."""
    unit, name_ = found.parameter.unit, found.parameter.name
    count = len(found.bifurcations)
    number_of = {0: "no bifurcation of fixed points was", 1: "one bifurcation of fixed points was"}.get(
        count, f"{count} bifurcations of fixed points were"
    )
    told: Cell = ("As ", symbol(name_), " goes from ", quantity(found.low), " to ", quantity(found.high, unit), f", {number_of} found.")
    blocks: list[Block] = [Heading("Bifurcations"), Paragraph(told)]
    if count:
        head: tuple[Cell, ...] = (
            headed(name_, unit),
            ("Kind",),
            ("State",),
            with_unit("Angular frequency", rate_unit),
            ("First Lyapunov coefficient",),
            ("How",),
        )
        blocks.append(Table(("Bifurcations of fixed points.",), head, tuple(_bifurcation(b) for b in found.bifurcations)))
    closed = [
        Line(symbol(name_), on_lines(node), tag=_kind(b))
        for b in found.bifurcations
        if b.closed_form is not None and not b.closed_form.is_number and (node := written(b.closed_form)) is not None
    ]
    blocks += [Paragraph(("In closed form:",)), Equations(tuple(closed))] if closed else []
    png, svg = pictures(plot_diagram(found))
    cycles = ", and the extremes of the stable cycle as dots" if len(found.cycles) else ""
    caption: Cell = ("Fixed points over ", symbol(name_), f": stable ones as solid, unstable ones as broken lines{cycles}.")
    alternative = f"Bifurcation diagram of {found.state.name} over {name_} from {found.low:g} to {found.high:g} with {count} bifurcations"
    return [*blocks, Figure("bifurcations", caption, alternative, png, svg)]


def _kind(b: Bifurcation) -> str:
    """Return what a bifurcation is called."""
    kind = {"hopf": "Hopf", "neimark-sacker": "Neimark–Sacker"}.get(b.kind, b.kind)
    return f"{b.criticality} {kind}" if b.criticality else kind


def _bifurcation(b: Bifurcation) -> tuple[Cell, ...]:
    numbers = [(quantity(v),) if v is not None else () for v in (b.omega, b.first_lyapunov)]
    return ((quantity(b.value, digits=8),), (_kind(b),), assignments(b.state, {}, 6), *numbers, (b.how,))
