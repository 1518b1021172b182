"""The waist of the hourglass: a model as ordered, closed, first-order mathematics.

Everything that runs, analyses or prints a model starts from a :class:`System`. Its expressions are numbers in the units that the file
declares: where the file is coherent they hold no conversion factor. What the author defined stays defined: definitions are kept in order and
are not inlined. Decimal literals are exact rationals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sympy import Basic, Expr, Symbol

from neurodsl.model import Settings, Steady
from neurodsl.source import Span
from neurodsl.units import Unit

TIME = Symbol("t")
"""The time."""
STEP = Symbol("dt")
"""The step of a run."""
LEVEL_TIME = Symbol("_ts")
"""The time at which comparisons of the time with known times are evaluated: it lies inside the step, so they are constant through it."""


@dataclass(frozen=True)
class Quantity:
    """A symbol with its name in results, its unit, its label, and the place where the author made it."""

    name: str
    symbol: Symbol
    unit: Unit
    doc: str | None
    span: Span | None = field(repr=False, compare=False)


@dataclass(frozen=True)
class Draw:
    """A value drawn once per element: the name of a distribution and its arguments, constants of the parameters."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True)
class Parameter(Quantity):
    """A number that a run may change; ``default`` may use parameters before it. ``is_input``: a drive that is constant."""

    default: Expr | Draw
    is_input: bool = False


@dataclass(frozen=True)
class Definition(Quantity):
    """A symbol that stands for an expression of what comes before it.

    ``constant``: it depends on parameters alone. ``shown``: the author gave it its name, so it can be recorded.
    """

    expression: Expr
    constant: bool
    shown: bool


@dataclass(frozen=True)
class State(Quantity):
    """A variable with its initial value and its derivative (0 where events alone change it).

    ``shown`` is false where the compiler made it: the value that an event gave to a time-dependent input.
    ``diffusion`` holds the factor of each noise of the system in the sense of Ito. In a map ``derivative`` is the next value.
    """

    initial: Expr | Steady | Draw
    derivative: Expr
    shown: bool = True
    diffusion: tuple[Expr, ...] = ()


@dataclass(frozen=True)
class Surface:
    """A comparison inside a condition of an event: true where ``expression`` is positive, or also where it is 0.

    ``symbol`` stands for its truth in conditions. ``rate`` is the derivative of ``expression`` along the flow.
    ``moves`` where it changes between events, ``affine`` where it is so in the state and does not hold the time.
    ``timed``: it compares the time with a constant, ``expression`` uses ``_ts``, and it is never searched for. ``equality``: true at 0 only.
    """

    symbol: Symbol
    expression: Expr
    rate: Expr
    strict: bool
    timed: bool
    equality: bool = False
    moves: bool = True
    affine: bool = True


@dataclass(frozen=True)
class Action:
    """``kind``: ``set`` (state number ``target`` becomes ``value``), ``hold`` (it stays for ``value``), ``wait``, ``emit``, ``stop``.

    ``draw``: state number ``target`` becomes a unit exponential random number.
    """

    kind: str
    target: int
    value: Expr | None
    text: str
    span: Span | None = field(repr=False, compare=False)


@dataclass(frozen=True)
class Event:
    """``condition`` is a boolean of surface symbols; ``time`` that of ``at`` or the period of ``every``; both None for ``start``.

    ``chance`` is the probability per step of a ``chance`` event, the hazard of a ``rate`` event. ``level`` is the number of the state that holds
    the integrated hazard at which a rate event fires next, -1 for all others.
    """

    kind: str
    condition: Basic | None
    time: Expr | None
    actions: tuple[Action, ...]
    spikes: bool
    text: str
    span: Span | None = field(repr=False, compare=False)
    chance: Expr | None = None
    level: int = -1


@dataclass(frozen=True)
class System:
    """A closed first-order system with events.

    Attributes
    ----------
    edges : tuple of Expr
        The known times, constants of the parameters, at which the right-hand side or a condition changes form.
    thresholds : mapping
        For plots: name of a state to the constant expressions it is compared with.
    mended : tuple of (str, Span)
        The removable singularities that were found: a sentence and a place for each.
    noises : tuple of str
        The independent white noises that the diffusions of the states refer to.
    discrete : bool
        A map: its states step from value to value.
    """

    name: str
    doc: str | None
    dimensionless: bool
    time_unit: Unit
    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...]
    states: tuple[State, ...]
    surfaces: tuple[Surface, ...]
    events: tuple[Event, ...]
    edges: tuple[Expr, ...]
    thresholds: Mapping[str, tuple[Expr, ...]]
    mended: tuple[tuple[str, Span | None], ...]
    settings: Settings
    noises: tuple[str, ...] = ()
    discrete: bool = False

    @property
    def stochastic(self) -> bool:
        """Return whether a run depends on its seed."""
        drawn = any(isinstance(v, Draw) for v in (*(p.default for p in self.parameters), *(s.initial for s in self.states)))
        return drawn or bool(self.noises) or any(e.chance is not None or e.level >= 0 for e in self.events)

    @property
    def constants(self) -> tuple[Definition, ...]:
        """Return the definitions that depend on parameters alone."""
        return tuple(d for d in self.definitions if d.constant)

    @property
    def varying(self) -> tuple[Definition, ...]:
        """Return the definitions that depend on the state or the time."""
        return tuple(d for d in self.definitions if not d.constant)

    def needed(self, *expressions: Basic) -> tuple[Definition, ...]:
        """Return the varying definitions, in order, that the expressions use, directly or through one another."""
        wanted = set().union(*(e.free_symbols for e in expressions)) if expressions else set()
        kept: list[Definition] = []
        for definition in reversed(self.varying):
            if definition.symbol in wanted:
                wanted |= definition.expression.free_symbols
                kept.append(definition)
        return tuple(reversed(kept))

    def quantities(self) -> Iterator[Quantity]:
        """Yield everything that can be recorded: the states, then the author's derived quantities."""
        yield from (s for s in self.states if s.shown)
        yield from (d for d in self.definitions if d.shown)
