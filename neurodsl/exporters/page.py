"""What a page is made of, before it is known in which form: headings, sentences, formulas, tables, figures.

Everything that an author wrote is a plain text here; each form escapes it in its own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurodsl.exporters.contents import is_map
from neurodsl.lang.nodes import Call, Expression, Power, Product, Reduction, Sum
from neurodsl.lang.unparse import unparse
from neurodsl.model import Distribution, Equation
from neurodsl.units import Unit

WIDTH = 80
"""Letters of a right side, as it is set, beyond which its terms go onto several lines."""
SIGNS = ("=", "+=", ">", "<", "+", "±", "∼", "←", ":", ",", "i", "…")
"""The signs that stand between expressions."""


@dataclass(frozen=True)
class Sign:
    """One of :data:`SIGNS`."""

    text: str


@dataclass(frozen=True)
class Word:
    """Upright words within a formula; spaces at its ends stay."""

    text: str


@dataclass(frozen=True)
class Next:
    """The next value of a state of a map."""

    state: Expression


@dataclass(frozen=True)
class Function:
    """The head of a function of the author's: its name and its arguments."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Space:
    """The space of arrays of some sizes: ``∈ R^(N x N)``."""

    sizes: tuple[Expression, ...]


Part = Expression | Distribution | Unit | Sign | Word | Next | Function | Space


@dataclass(frozen=True)
class Formula:
    """Mathematics within a line."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Code:
    """A text as it is typed."""

    text: str


@dataclass(frozen=True)
class Strong:
    """A text that stands out."""

    text: str


@dataclass(frozen=True)
class Reference:
    """The DOI of a publication."""

    doi: str


Inline = str | Formula | Code | Strong | Reference
Cell = tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """A title of a level from 1 on."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    content: Cell


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Cell, ...]


@dataclass(frozen=True)
class Line:
    """``left sign right``, where the right side may go on over several lines.

    ``note`` says what the left side is, ``tag`` which case it is. Without a sign the left side is a head, as of an event.
    """

    left: Formula
    right: tuple[Formula, ...]
    note: Cell = ()
    sign: str = "="
    tag: str = ""


@dataclass(frozen=True)
class Equations:
    """Formulas below each other, their signs aligned."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells below a head; a column without content is left out."""

    caption: Cell
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def columns(self) -> list[int]:
        """Return the numbers of the columns that hold something."""
        return [k for k in range(len(self.head)) if any(row[k] for row in self.rows)]


@dataclass(frozen=True)
class Figure:
    """A picture with what it shows; ``name`` is that of its file, ``alternative`` what a reader is told who cannot see it."""

    name: str
    caption: Cell
    alternative: str
    png: bytes
    svg: bytes


Block = Heading | Paragraph | Items | Equations | Table | Figure


def formula(*parts: Part) -> Formula:
    """Return parts as a formula."""
    return Formula(parts)


def on_lines(right: Expression, width: int = WIDTH) -> tuple[Formula, ...]:
    """Return a right side on as many lines as it needs, broken before its terms."""
    if not isinstance(right, Sum) or width_of(right) <= width or any(isinstance(term, Reduction) for _, term in right.terms[:-1]):
        return (Formula((right,)),)
    lines: list[list[tuple[int, Expression]]] = [[]]
    filled = 0
    for sign, term in right.terms:
        length = width_of(term) + 3
        if lines[-1] and filled + length > width:
            lines.append([])
            filled = 0
        lines[-1].append((sign, term))
        filled += length
    whole = [Sum(right.span, tuple(terms)) for terms in lines]
    return tuple(Formula((Sign("+"), part)) if k and part.terms[0][0] > 0 else Formula((part,)) for k, part in enumerate(whole))


def width_of(node: Expression) -> int:
    """Return about how many letters wide an expression is set: of a quotient, what is above or below."""
    match node:
        case Product():
            above, below = (sum(width_of(f) for operator, f in node.factors if operator == sign) for sign in "*/")
            return max(above, below)
        case Sum():
            return sum(width_of(term) + 3 for _, term in node.terms)
        case Call():
            return len(node.function) + 2 + sum(map(width_of, node.arguments))
        case Power():
            return width_of(node.base) + width_of(node.exponent) // 2 + 1
    return len(unparse(node))


def left_of(equation: Equation) -> Formula:
    """Return the left side of an equation; of a map, the next value."""
    return Formula((Next(equation.left),)) if is_map(equation) else Formula((equation.left,))


def with_commas(cells: Sequence[Cell]) -> Cell:
    """Return cells as one, with commas between them."""
    return tuple(part for k, cell in enumerate(cells) for part in ((", ",) if k else ()) + tuple(cell))
