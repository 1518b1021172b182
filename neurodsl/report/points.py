"""The section on the states at which nothing changes."""

from __future__ import annotations

from collections.abc import Iterator

from neurodsl.analysis.points import FixedPoint, FixedPoints, remarks
from neurodsl.exporters.page import Block, Cell, Equations, Formula, Heading, Line, Paragraph, Table, on_lines
from neurodsl.report.numbers import eigenvalues, headed, prose, quantity, symbol, unit_parts, with_unit, written

CAPTION: Cell = ("Fixed points and the eigenvalues of the Jacobian there.",)
WIDE = 4
"""States of which a fixed point has a row; of more, it has a column."""
MOST_STATES = 12
"""States that are printed."""
MOST_POINTS = 6
"""Columns of fixed points."""


def fixed_point_blocks(found: FixedPoints, rate_unit: str) -> list[Block]:
    """Return the fixed points with their eigenvalues and types."""
    blocks: list[Block] = [Heading("Fixed points"), Paragraph(prose(found.guarantee))]
    if len(found):
        blocks.append(_by_row(found, rate_unit) if len(found[0].state) <= WIDE else _by_column(found, rate_unit))
        closed = [line for number, point in enumerate(found, start=1) for line in _closed_form(number, point, len(found))]
        blocks += [Paragraph(("In closed form:",)), Equations(tuple(closed))] if closed else []
    return [*blocks, *(Paragraph(prose(note)) for note in (*remarks(found), *found.notes))]


def _type(point: FixedPoint) -> str:
    return point.type + ("" if point.reached else ", not reached")


def _by_row(found: FixedPoints, rate_unit: str) -> Table:
    names = list(found[0].state)
    head: tuple[Cell, ...] = (("No.",), *(headed(n, found.units.get(n, "")) for n in names), with_unit("Eigenvalues", rate_unit), ("Type",))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        ((str(number),), *((quantity(point[n]),) for n in names), eigenvalues(point.eigenvalues), (_type(point),))
        for number, point in enumerate(found, start=1)
    )
    return Table(CAPTION, head, rows)


def _by_column(found: FixedPoints, rate_unit: str) -> Table:
    names, points = list(found[0].state), list(found)[:MOST_POINTS]
    head: tuple[Cell, ...] = (("State",), ("Unit",), *((f"Fixed point {k}",) for k in range(1, len(points) + 1)))
    rows: list[tuple[Cell, ...]] = []
    for n in names[:MOST_STATES]:
        unit = unit_parts(found.units.get(n, ""))
        rows.append(((symbol(n),), (Formula(unit),) if unit else (), *((quantity(point[n]),) for point in points)))
    if len(names) > MOST_STATES:
        rows.append(((f"and {len(names) - MOST_STATES} more",), (), *(() for _ in points)))
    rate = unit_parts(rate_unit)
    rows.append((("Eigenvalues",), (Formula(rate),) if rate else (), *(eigenvalues(point.eigenvalues, 6) for point in points)))
    rows.append((("Type",), (), *((_type(point),) for point in points)))
    more = f" The first {MOST_POINTS} of {len(found)}." if len(found) > MOST_POINTS else ""
    return Table((*CAPTION, more), head, tuple(rows))


def _closed_form(number: int, point: FixedPoint, count: int) -> Iterator[Line]:
    """Yield the formulas of a fixed point that are more than numbers."""
    for name_, expression in (point.formulas or {}).items():
        node = None if expression.is_number else written(expression)
        if node is not None:
            yield Line(symbol(name_), on_lines(node), tag=f"fixed point {number}" if count > 1 else "")
