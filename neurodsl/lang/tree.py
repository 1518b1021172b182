"""What a text is made of before it means anything: tokens, items with their blocks, and the trees of statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from neurodsl.lang.nodes import Call, Derivative, Expression, Name, Number
from neurodsl.source import Span


@dataclass(slots=True)
class Token:
    """A word or a sign. ``value`` is the Fraction of a number, the Unit of a bracket, the Derivative of ``dV/dt``, the text of a label.

    In ``dx[i]/dt`` the ``dx`` is a DIFFERENTIAL, whose value is the Derivative, and ``/dt`` is OVER. ``post.g_e`` is one DOTTED.
    """

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
class Draw:
    """What stands behind ``~``: ``normal(0.1, 0.01) [mS/cm^2]``; ``unit`` is the bracket behind it."""

    call: Call
    unit: Number | None

    @property
    def inner(self) -> Call | None:
        """Return the distribution within ``sparse(p, normal(0, 1))``."""
        inner = self.call.arguments[1] if self.call.function == "sparse" and len(self.call.arguments) > 1 else None
        return inner if isinstance(inner, Call) else None

    @property
    def arguments(self) -> tuple[Expression, ...]:
        """Return the arguments, those of ``sparse`` followed by those of the distribution within it."""
        return self.call.arguments if self.inner is None else (self.call.arguments[0], *self.inner.arguments, *self.call.arguments[2:])

    @property
    def span(self) -> Span:
        """Return the place of the distribution with its unit."""
        return self.call.span if self.unit is None else self.call.span.to(self.unit.span)


def parts(value: Expression | Draw) -> tuple[Expression, ...]:
    """Return the expressions that a value consists of: the arguments of a distribution, or the value itself."""
    return value.arguments if isinstance(value, Draw) else (value,)


@dataclass(frozen=True, slots=True)
class Entry:
    """``V = -65 [mV] "label"`` or ``V ~ uniform(-65, -50) [mV]`` in a ``param``, ``input``, ``init``, ``next`` or ``variant``.

    ``indices`` are what stands in brackets behind the target: the sizes of ``W[N, N]``, the index variable of ``next V[i] = ...``.
    """

    target: Name | Derivative
    value: Expression | Draw
    doc: str | None
    span: Span
    indices: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """Several entries of one statement."""

    kind: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A name with its label, and the sizes in brackets behind it."""

    name: Name
    doc: str | None
    indices: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Names without values: ``noise xi, eta``."""

    kind: str
    names: tuple[Labelled, ...]

    @property
    def span(self) -> Span:
        """Return the place of the names."""
        return self.names[0].name.span.to(self.names[-1].name.span)


@dataclass(frozen=True, slots=True)
class Imported:
    """A model that is imported, and the name that it gets where it gets another: ``lif as cell``."""

    name: Name
    alias: Name | None = None

    @property
    def own(self) -> Name:
        """Return the name under which it is known in the file that imports it."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Import:
    """``import lif, hh as cell from "cells.neuro"``; ``path`` is None where the models come from the shipped library."""

    models: tuple[Imported, ...]
    path: str | None
    span: Span
    path_span: Span
    kind: str = "import"


@dataclass(frozen=True, slots=True)
class Assignment:
    """``left = right``: a derived quantity, a function, an equation, or a map, whose left side is a name or an element ``x[i]``."""

    left: Expression
    right: Expression
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class ActionTree:
    """``operator`` is ``=``, ``+=``, ... where ``kind`` is ``set``; ``indices`` are those behind the target."""

    kind: str
    target: Name | Derivative | None
    operator: str | None
    value: Expression | None
    span: Span
    indices: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class PartTree:
    """``E``, ``E[5]``, ``E[0:100]``: a population or a part of it; ``step`` is that of ``E[0:100:10].v``.

    ``single`` holds the number of a neuron, else ``start`` and ``stop`` are None where they are not written.
    """

    name: Name
    single: Expression | None
    start: Expression | None
    stop: Expression | None
    step: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class RecordedTree:
    """``E[0:3].v every 1 [ms]``, or an expression with ``every``; ``part`` is None where the whole of a name is meant."""

    part: PartTree | None
    quantity: Expression
    every: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class PathTree:
    """The name of a file, and the unit of the numbers in it."""

    path: str
    unit: Number | None
    span: Span


@dataclass(frozen=True, slots=True)
class Clause:
    """``probability 0.02``, ``no self``, ``matrix "w.npy" as g``: a rule by which neurons are joined."""

    word: str
    operands: tuple[Expression | PathTree | PartTree, ...]
    target: Name | None
    span: Span
    word_span: Span


@dataclass(frozen=True, slots=True)
class PopulationTree:
    """``population E = cell[3200] with v ~ uniform(-60, -50) [mV]``; ``entries`` are the values behind ``with``."""

    name: Name
    model: Name
    sizes: tuple[Expression, ...]
    doc: str | None
    path: PathTree | None
    entries: tuple[Entry, ...]
    span: Span
    kind: str = "population"


@dataclass(frozen=True, slots=True)
class ConnectTree:
    """``connect E -> E, I with exc, probability 0.02, w = 1``."""

    sources: tuple[PartTree, ...]
    targets: tuple[PartTree, ...]
    synapse: Name
    clauses: tuple[Clause | Entry, ...]
    span: Span
    kind: str = "connect"


@dataclass(frozen=True, slots=True)
class Contribution:
    """``post.I += g*(pre.V - post.V)``: what a synapse adds all the time."""

    target: Name
    operator: str
    value: Expression
    span: Span
    kind: str = "contribution"


@dataclass(frozen=True, slots=True)
class SettingTree:
    """One line of ``simulate:``."""

    name: str
    values: tuple[Any, ...]
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """A statement with a block: ``head`` is a trigger, a name, or None.

    ``sort`` is, of an event, ``condition``, ``start``, ``rate``, ``chance``, ``at``, ``every``, ``pre`` or ``post``.
    """

    kind: str
    head: Expression | str | None
    doc: str | None
    span: Span
    name_span: Span
    body: tuple[Any, ...] = field(default=())
    sort: str = ""

    @property
    def is_pathway(self) -> bool:
        """Return whether it is an event of a synapse."""
        return self.sort in ("pre", "post")


def derivative_text(name: str, order: int, variable: str = "t") -> str:
    """Return ``x``, ``dx/dt``, ``d2x/dt2``, ..."""
    if order == 0:
        return name
    return f"d{name}/d{variable}" if order == 1 else f"d{order}{name}/d{variable}{order}"
