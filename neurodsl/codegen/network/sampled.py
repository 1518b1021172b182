"""What a sweep does for inputs that follow samples: their values at the times at which the step looks at them go into rows of each block."""

from __future__ import annotations

from neurodsl.codegen.lane_writer import LaneWriter


def arguments(writer: LaneWriter) -> str:
    """Return what a sweep is given of samples: their times, and a row of values for each."""
    return "".join(f", _times{n}, _values{n}" for n in range(len(writer.system.tables)))


def moments(writer: LaneWriter) -> list[str]:
    """Return the lines that find the samples between which the times of a step lie, for all neurons at once."""
    tables = writer.system.tables
    return [
        f"_low{m}, _part{m} = _segment(_times{number}, {time}, {int(tables[number] in writer.held)})"
        for m, (number, time) in enumerate(writer.moments.values())
    ]


def filling(writer: LaneWriter) -> list[str]:
    """Return the lines that write the values of the neurons of a block."""
    return [
        f"_follow(_w, {writer.rows[name] * writer.lanes}, {writer.lanes}, _values{number}, _block*{writer.lanes}, _count, _low{m}, _part{m})"
        for m, (name, (number, _)) in enumerate(writer.moments.items())
    ]
