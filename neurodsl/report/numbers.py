"""Numbers and names of results as mathematics of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurodsl.analysis.notation import named, node_of, number
from neurodsl.exporters.page import Cell, Code, Formula, Part, Sign, formula, with_commas
from neurodsl.lang.unparse import unparse
from neurodsl.units import Unit, parse_unit

LONGEST = 300
"""Letters of an expression, as the language writes it, that is still printed."""
DIGITS = 6


def symbol(name: str) -> Formula:
    """Return what a name in a result stands for."""
    return formula(named(name))


def quantity(value: float, unit: str = "", digits: int = DIGITS) -> Formula:
    """Return a number with its unit."""
    return Formula((number(value, digits), *unit_parts(unit)))


def unit_parts(unit: str) -> tuple[Unit, ...]:
    """Return a unit as a part of a formula, nothing for 1."""
    return () if unit in ("", "1") else (parse_unit(unit),)


def equal(name: str, value: float, unit: str = "", digits: int = DIGITS) -> Formula:
    """Return ``name = value unit``."""
    return Formula((named(name), Sign("="), number(value, digits), *unit_parts(unit)))


def eigenvalues(values: Sequence[complex], most: int = 8) -> Cell:
    """Return eigenvalues, a conjugate pair as one, not too many."""
    cells: list[Cell] = []
    rest = list(values)
    while rest:
        value = rest.pop(0)
        parts: tuple[Part, ...] = (number(value.real),)
        if value.imag and value.conjugate() in rest:
            rest.remove(value.conjugate())
            parts = (*parts, Sign("±"), number(abs(value.imag)), Sign("i"))
        elif value.imag:
            parts = (*parts, *(() if value.imag < 0 else (Sign("+"),)), number(value.imag), Sign("i"))
        cells.append((Formula(parts),))
    shown = with_commas(cells[:most])
    return (*shown, f" and {len(cells) - most} more") if len(cells) > most else shown


def written(expression: Any, longest: int = LONGEST) -> Any:
    """Return an expression of the mathematics as a node; None where it is too long to print."""
    if expression.count_ops() > longest:
        return None
    node = node_of(expression)
    return node if len(unparse(node)) <= longest else None


def assignments(values: Mapping[str, float], units: Mapping[str, str], most: int = 12) -> Cell:
    """Return ``name = value`` for each, with commas between them, not too many."""
    cells: list[Cell] = [(equal(name, value, units.get(name, "")),) for name, value in list(values.items())[:most]]
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return (*with_commas(cells), more) if more else with_commas(cells)


def prose(text: str) -> Cell:
    """Return a message as a sentence: what stands between backticks as it is typed."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return (f"{text[:1].upper()}{text[1:]}.",)
    cells = [Code(part) if k % 2 else part for k, part in enumerate(parts) if part]
    first = cells[0] if cells else ""
    return (first[:1].upper() + first[1:] if isinstance(first, str) else first, *cells[1:], "" if text.endswith(".") else ".")


def headed(name: str, unit: str) -> Cell:
    """Return a name with its unit in parentheses, for the head of a column."""
    return (symbol(name), " (", Formula(unit_parts(unit)), ")") if unit_parts(unit) else (symbol(name),)


def with_unit(word: str, unit: str) -> Cell:
    """Return a word with a unit in parentheses."""
    return (f"{word} (", Formula(unit_parts(unit)), ")") if unit_parts(unit) else (word,)
