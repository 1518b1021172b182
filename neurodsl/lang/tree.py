"""What a text is made of before it means anything: tokens, items with their blocks, and the trees of statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from neurodsl.lang.nodes import Derivative, Expression, Name
from neurodsl.source import Span


@dataclass(slots=True)
class Token:
    """A word or a sign. ``value`` is the Fraction of a number, the Unit of a bracket, the Derivative of ``dV/dt``, the text of a label."""

    type: str
    text: str
    span: Span
    value: Any = None


@dataclass(slots=True)
class Item:
    """What is parsed by itself: a statement, or one action, setting or value of a block.

    ``tokens`` reach up to and with the ``:`` that opens ``block``. ``broken`` is set once an error in it has been reported.
    """

    tokens: list[Token]
    block: list[Item] | None = None
    broken: bool = False

    @property
    def span(self) -> Span:
        """Return the place of the head."""
        return self.tokens[0].span.to(self.tokens[-1].span)


@dataclass(frozen=True, slots=True)
class Entry:
    """``V = -65 [mV] "label"`` in a ``param``, ``input``, ``init`` or ``variant``."""

    target: Name | Derivative
    value: Expression
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Entries:
    """Several entries of one statement."""

    kind: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """``left = right``: a derived quantity, a function or an equation."""

    left: Expression
    right: Expression
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class ActionTree:
    """``operator`` is ``=``, ``+=``, ... where ``kind`` is ``set``."""

    kind: str
    target: Name | Derivative | None
    operator: str | None
    value: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class SettingTree:
    """One line of ``simulate:``."""

    name: str
    values: tuple[Expression, ...]
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """A statement with a block: ``head`` is a trigger, a name, or None."""

    kind: str
    head: Expression | str | None
    doc: str | None
    span: Span
    name_span: Span
    body: tuple[Any, ...] = field(default=())


def derivative_text(name: str, order: int, variable: str = "t") -> str:
    """Return ``x``, ``dx/dt``, ``d2x/dt2``, ..."""
    if order == 0:
        return name
    return f"d{name}/d{variable}" if order == 1 else f"d{order}{name}/d{variable}{order}"
