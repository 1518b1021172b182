"""What is measured of each point while it runs: a row for each column, brought up to date at the end of every step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from neurodsl.codegen.lane_writer import LaneWriter, call
from neurodsl.codegen.signature import REACHED, SAMPLES
from neurodsl.measures import OF_SPIKES, Column

RISES = ("rises", "first_rise", "last_rise")
"""Columns that look at two samples."""


@dataclass(frozen=True)
class Gauges:
    """The lines of the measures; the state at a sample has the names ``_z_V``, and its time is ``_u``.

    Attributes
    ----------
    rows : tuple of int
        The row of each column.
    recorded : tuple of int
        The row of each quantity that is recorded in every step.
    observed : tuple of str
        Lines that compute the derived quantities.
    doubt : str
        What is nan where one of those is; empty where there are none.
    begins, updates : mapping of str to str
        What rows hold at the first sample of the window, and at every later one.
    count : tuple of str
        What happens at the beginning of the time in which spikes count.
    counted : tuple of str
        What happens at the end of a step in which spikes may have fallen.
    loads : tuple of str
        What is loaded before a sample is measured.
    """

    rows: tuple[int, ...]
    recorded: tuple[int, ...]
    observed: tuple[str, ...]
    doubt: str
    begins: Mapping[str, str]
    updates: Mapping[str, str]
    count: tuple[str, ...]
    counted: tuple[str, ...]
    loads: tuple[str, ...]


def gauges(writer: LaneWriter, columns: Sequence[Column], recorded: Sequence[int], spikes: Sequence[tuple[str, int]], apart: bool = False) -> Gauges:
    """Return the lines that keep columns, and the quantities whose numbers are recorded in every step.

    ``spikes`` names what is 1 where an event fires, with how many spikes it emits. Samples that stand ``apart`` are none of the states between
    which steps lead: what a state was at the last one has a row of its own, where it is needed.
    """
    size = len(writer.states)
    derived = sorted({number for number in (*(c.number for c in columns), *recorded) if number >= size})
    rising = {c.number for c in columns if c.kind in RISES and c.number < size} if apart else set()
    noted = sorted({*derived, *rising, *(recorded if apart else ())})
    observed = _observed(writer, derived)
    begins = {writer.at(f"_o{number}"): f"_o{number}" if number >= size else f"_z_{writer.states[number]}" for number in noted}
    updates, rows = dict(begins), []
    for column in columns:
        if column.kind in OF_SPIKES:
            rows.append(writer.row(f"_{column.kind}"))
        elif column.kind in ("samples", "reached"):
            rows.append(SAMPLES if column.kind == "samples" else REACHED)
        elif column.number < size:
            name = writer.states[column.number]
            old = f"_old{column.number}" if apart and column.kind in RISES else name
            rows.append(writer.row(_sampled(writer, column, old, f"_z_{name}", begins, updates)))
        else:
            rows.append(writer.row(_sampled(writer, column, f"_old{column.number}", f"_o{column.number}", begins, updates)))
    kinds = {c.kind for c in columns} & set(OF_SPIKES)
    return Gauges(
        tuple(rows),
        tuple(writer.row(f"_o{number}" if number in noted else writer.states[number]) for number in recorded),
        tuple(observed),
        " + ".join(f"0.0*_o{number}" for number in derived),
        begins,
        updates,
        tuple(f"{writer.at(f'_{kind}')} = {'np.nan' if kind.endswith('_spike') else '0.0'}" for kind in OF_SPIKES if _kept(kind, kinds)),
        tuple(counted(writer, kinds, spikes)),
        tuple(f"_old{number} = {writer.at(f'_o{number}')}" for number in sorted({*derived, *rising})),
    )


def _kept(kind: str, kinds: Collection[str]) -> bool:
    """Return whether a number of spikes has a row: intervals are told from the last spike."""
    return kind in kinds or (kind == "last_spike" and "interval_squares" in kinds)


def _observed(writer: LaneWriter, derived: Sequence[int]) -> list[str]:
    """Return the line that computes derived quantities from the state, with its function written."""
    if not derived:
        return []
    size = len(writer.states)
    constants, lines, results = writer.economy([writer.system.derived[k - size].symbol for k in derived], "m")
    writer.function("_observe", ["t", "_ts", *writer.states, *constants], lines, results, "Return the derived quantities that are measured.")
    return [f"{', '.join(f'_o{k}' for k in derived)}, = {call('_observe', '_u', [f'_z_{n}' for n in writer.states], constants)}"]


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


def counted(writer: LaneWriter, kinds: Collection[str], spikes: Sequence[tuple[str, int]]) -> list[str]:
    """Return the lines that count spikes at the time ``_u``, event by event."""
    lines: list[str] = []
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
