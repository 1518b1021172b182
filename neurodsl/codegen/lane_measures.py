"""What is measured of each point while it runs: a row for each column, brought up to date at the end of every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurodsl.codegen.lane_writer import LaneWriter, call
from neurodsl.codegen.signature import REACHED, SAMPLES
from neurodsl.measures import OF_SPIKES, Column


@dataclass(frozen=True)
class Gauges:
    """The lines of the measures.

    Attributes
    ----------
    rows : tuple of int
        The row of each column.
    recorded : tuple of int
        The row of each quantity that is recorded in every step.
    begin : tuple of str
        What happens at the first sample of the window, at the time ``_u``; the state has the names ``_z_V``.
    count : tuple of str
        What happens at the beginning of the time in which spikes count.
    loads, lines : tuple of str
        What is loaded before a step, and what happens at its end: the old state ``V``, the new one ``_z_V``.
    """

    rows: tuple[int, ...]
    recorded: tuple[int, ...]
    begin: tuple[str, ...]
    count: tuple[str, ...]
    loads: tuple[str, ...]
    lines: tuple[str, ...]


def gauges(writer: LaneWriter, columns: Sequence[Column], recorded: Sequence[int], spikes: Sequence[tuple[str, int]]) -> Gauges:
    """Return the lines that keep columns, and the quantities whose numbers are recorded in every step.

    ``spikes`` names what is 1 where an event fires, with how many spikes it emits.
    """
    size = len(writer.states)
    derived = sorted({number for number in (*(c.number for c in columns), *recorded) if number >= size})
    observed = _observed(writer, derived)
    begin = {writer.at(f"_o{number}"): f"_o{number}" for number in derived}
    update, rows = dict(begin), []
    for column in columns:
        if column.kind in OF_SPIKES:
            rows.append(writer.row(f"_{column.kind}"))
        elif column.kind in ("samples", "reached"):
            rows.append(SAMPLES if column.kind == "samples" else REACHED)
        else:
            state = column.number < size
            old, new = (
                (writer.states[column.number], f"_z_{writer.states[column.number]}") if state else (f"_old{column.number}", f"_o{column.number}")
            )
            rows.append(writer.row(_sampled(writer, column, old, new, begin, update)))
    counted = _counted(writer, {c.kind for c in columns} & set(OF_SPIKES), spikes)
    return Gauges(
        tuple(rows),
        tuple(writer.row(writer.states[number] if number < size else f"_o{number}") for number in recorded),
        (*observed, *(f"{row} = {value}" for row, value in begin.items())),
        tuple(f"{writer.at(f'_{kind}')} = {'np.nan' if kind.endswith('_spike') else '0.0'}" for kind in OF_SPIKES if f"_{kind}" in writer.rows),
        tuple(f"_old{number} = {writer.at(f'_o{number}')}" for number in derived),
        (*counted, *observed, *(f"{row} = {value}" for row, value in update.items())),
    )


def _observed(writer: LaneWriter, derived: Sequence[int]) -> list[str]:
    """Return the lines that compute derived quantities from the new state and note where one is nan, with their function written."""
    if not derived:
        return []
    size = len(writer.states)
    constants, lines, results = writer.economy([writer.system.derived[k - size].symbol for k in derived], "m")
    writer.function("_observe", ["t", "_ts", *writer.states, *constants], lines, results, "Return the derived quantities that are measured.")
    values = [f"_o{k}" for k in derived]
    return [
        f"{', '.join(values)}, = {call('_observe', '_u', [f'_z_{n}' for n in writer.states], constants)}",
        f"{writer.at('_lost')} += {' + '.join(f'0.0*{value}' for value in values)}",
    ]


def _sampled(writer: LaneWriter, column: Column, old: str, new: str, begin: dict[str, str], update: dict[str, str]) -> str:
    """Add what begins and what brings up to date a column of samples, by the text of its row; return the name of the row."""
    kind, number = column.kind, column.number
    if kind == "final":
        return old if number < len(writer.states) else new
    name = f"_{kind}{number}"
    row, first = writer.at(name), writer.at(f"_first{number}")
    if kind == "first":
        begin[row] = new
    elif kind in ("low", "high"):
        begin[row], update[row] = new, f"{'_min' if kind == 'low' else '_max'}({new}, {row})"
    elif kind in ("sum", "squares"):
        begin[first] = new
        begin[row], update[row] = "0.0", f"{row} + ({new} - {first}){f'*({new} - {first})' if kind == 'squares' else ''}"
    else:
        return _crossings(writer, column, old, new, begin, update)
    return name


def _crossings(writer: LaneWriter, column: Column, old: str, new: str, begin: dict[str, str], update: dict[str, str]) -> str:
    """Add the rows of the upward crossings of a level; their times lie on straight lines between samples."""
    level = repr(column.level)
    tag = f"{column.number}_{column.level!r}"
    rises, first, last = (f"_{kind} {tag}" for kind in ("rises", "first_rise", "last_rise"))
    crossed = f"({old} < {level}) & ({new} >= {level})"
    at = f"_u - _h*({new} - {level})/({new} - {old})"
    if column.kind == "first_rise":
        row = writer.at(first)
        begin[row], update[row] = "np.nan", f"{at} if ({crossed}) & ({row} != {row}) else {row}"
        return first
    row = writer.at(last if column.kind == "last_rise" else rises)
    if column.kind == "last_rise":
        begin[row], update[row] = "np.nan", f"{at} if {crossed} else {row}"
        return last
    begin[row], update[row] = "0.0", f"{row} + (1.0 if {crossed} else 0.0)"
    return rises


def _counted(writer: LaneWriter, kinds: set[str], spikes: Sequence[tuple[str, int]]) -> list[str]:
    """Return the lines that count spikes at the time ``_u``, event by event."""
    lines = []
    last = writer.at("_last_spike") if "interval_squares" in kinds else ""
    for due, number in spikes:
        if number == 0:
            continue
        if "interval_squares" in kinds:
            row = writer.at("_interval_squares")
            lines.append(f"{row} = {row} + ((_u - {last})*(_u - {last}) if ({due} > 0.0) & ({last} == {last}) else 0.0)")
        if "first_spike" in kinds:
            row = writer.at("_first_spike")
            lines.append(f"{row} = _u if ({due} > 0.0) & ({row} != {row}) else {row}")
        if "last_spike" in kinds or last:
            row = writer.at("_last_spike")
            lines.append(f"{row} = _u if {due} > 0.0 else {row}")
        if "spikes" in kinds:
            row = writer.at("_spikes")
            lines.append(f"{row} = {row} + {float(number)!r}*{due}")
    return lines
