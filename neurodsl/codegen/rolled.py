"""Systems that are kept as arrays: their right-hand side and their steps as loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurodsl.codegen.bodies import Writer, comment_of, starts_of
from neurodsl.codegen.pages import Body
from neurodsl.codegen.printer import Printer, Storage
from neurodsl.system import Definition, System

SLOPE = "_rhs({}, _ts, {}, {}, _c, _hold, _k[_k.shape[0] - 1])"
"""The call of the right-hand side at a time, for a state, into an array; the last row of ``_k`` is its memory."""


def rolled_flow(system: System, writer: Writer, labels: Sequence[str]) -> dict[str, Any]:
    """Return the fields of a page for the right-hand side and for what can be recorded."""
    places = starts_of([(s.name, s.size) for s in system.states])
    lines = _definitions(system, writer, writer.print, system.needed(*(s.derivative for s in system.states)))
    lines = [*writer.loads(writer.used([s.derivative for s in system.states])), *lines]
    loops = writer.loops(writer.print)
    for state in system.states:
        target = Storage("_d", state.shape, places[state.name])
        lines += loops.statement(_entry(target, state.indices, writer), state.derivative, state.indices)
    observed = [d.symbol for d in system.derived if not d.constant]
    kept = [line for d in system.derived if d.constant for line in writer.kept(d, "_derived", writer.places[d.name] + 1)]
    seen = _definitions(system, writer, writer.print_observed, system.needed(*observed), 1)
    starts = [(writer.places[d.name], d.size, "_w") for d in system.varying] + [(places[s.name], s.size, "_d") for s in system.states]
    parts = tuple((ascii(label), f"{array}[{start}:{start + size}]") for label, (start, size, array) in zip(labels, starts, strict=True))
    return {
        "terms": Body((), ()),
        "named_terms": parts,
        "arguments": "",
        "rhs": Body(tuple(lines), ()),
        "slope": SLOPE.format("t", "_y", "_d"),
        "end_slope_line": "",
        "observe": (*writer.loads(writer.used(observed)), *seen, *kept) if system.derived else (),
    }


def _definitions(system: System, writer: Writer, printer: Printer, needed: Sequence[Definition], first: int = 0) -> list[str]:
    """Return the lines that compute definitions and keep their values: in ``_w``, or behind the flag of ``_derived``."""
    array = "_derived" if first else "_w"
    loops, lines = writer.loops(printer), []
    for definition in needed:
        place = Storage(array, definition.shape, writer.places[definition.name] + first)
        if definition.shape:
            lines += loops.statement(_entry(place, definition.indices, writer), definition.expression, definition.indices, comment_of(definition))
        else:
            lines += loops.statement(writer.name(definition.name), definition.expression, (), comment_of(definition))
            lines.append(f"{array}[{place.start}] = {writer.name(definition.name)}")
    return lines


def _entry(place: Storage, indices: Sequence[Any], writer: Writer) -> str:
    return place.element([writer.name(k.name) for k in indices]) if indices else f"{place.array}[{place.start}]"
