"""The waist of the hourglass: a model as ordered, closed, first-order mathematics.

Everything that runs, analyses or prints a model starts from a :class:`System`. Its expressions are numbers in the units that the file
declares: where the file is coherent they hold no conversion factor. What the author defined stays defined: definitions are kept in order and
are not inlined. Decimal literals are exact rationals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from sympy import Basic, Expr, Symbol

from neurodsl.model import Settings, Steady
from neurodsl.source import Span
from neurodsl.units import Unit

TIME = Symbol("t")
"""The time."""
STEP = Symbol("dt")
"""The step of a run."""
RANDOM = "_rand"
"""How the symbols of random numbers begin that an action draws when it fires: ``_rand0``, and ``_randn0`` for normal ones."""
LEVEL_TIME = Symbol("_ts")
"""The time at which comparisons of the time with known times are evaluated: it lies inside the step, so they are constant through it."""


@dataclass(frozen=True)
class Quantity:
    """A symbol with its name in results, its unit, its label, and the place where the author made it.

    An array has a ``shape``, and its value is an expression of the index symbols ``indices``, one for each dimension.
    """

    name: str
    symbol: Symbol
    unit: Unit
    doc: str | None
    span: Span | None = field(repr=False, compare=False)
    shape: tuple[int, ...] = field(default=(), kw_only=True)
    indices: tuple[Symbol, ...] = field(default=(), kw_only=True)

    @property
    def size(self) -> int:
        """Return the number of its elements."""
        return prod(self.shape)


@dataclass(frozen=True)
class Draw:
    """A value drawn once per element: the name of a distribution and its arguments, constants of the parameters.

    A ``sparse`` one holds the probability that an element is not 0, then the arguments of the ``inner`` distribution.
    """

    name: str
    arguments: tuple[Expr, ...]
    inner: str | None = None


@dataclass(frozen=True)
class Items:
    """The elements of an array, row by row."""

    values: tuple[Expr, ...]


@dataclass(frozen=True)
class Loaded:
    """The numbers of a file, times a factor that brings them into the declared unit."""

    path: str
    factor: float


@dataclass(frozen=True)
class Parameter(Quantity):
    """A number that a run may change; ``default`` may use parameters before it. ``is_input``: a drive that is constant."""

    default: Expr | Draw | Items | Loaded
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

    initial: Expr | Steady | Draw | Items | Loaded
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

    ``draw``: state number ``target`` becomes a unit exponential random number. ``also`` holds what is set at the same instant: the other
    elements of an array and their values.
    """

    kind: str
    target: int
    value: Expr | None
    text: str
    span: Span | None = field(repr=False, compare=False)
    also: tuple[tuple[int, Expr], ...] = ()


@dataclass(frozen=True)
class Event:
    """``condition`` is a boolean of surface symbols; ``time`` that of ``at`` or the period of ``every``; both None for ``start``.

    Of a synapse's ``pre`` and ``post``, ``time`` is what it waits beyond the delay, or None.

    ``chance`` is the probability per step of a ``chance`` event, the hazard of a ``rate`` event. ``level`` is the number of the state that holds
    the integrated hazard at which a rate event fires next, -1 for all others. ``element`` is the number of the element of an array that the
    event belongs to, 0 where it belongs to none.
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
    element: int = 0


@dataclass(frozen=True)
class Site:
    """Random numbers that are new in every step: ``noise`` (white, of unit strength), ``rand`` (uniform on [0, 1)) or ``randn`` (normal)."""

    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Return how many numbers it takes in each step."""
        return prod(self.shape)


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
    elements : mapping
        What a symbol such as ``W[i,j]`` is an element of: the name of an array and the indices.
    sizes : mapping
        How far each index symbol runs, from 0.
    rolled : bool
        States and definitions are arrays as the author wrote them; else every element of a state is a state of its own.
    starts : tuple of State
        The initial values of a system that is not rolled and has arrays, as arrays; else empty.
    sites : tuple of Site
        What is drawn in every step, the noises of a rolled system included.
    tables : tuple of str
        The samples that inputs follow in time.
    contributions : tuple of (str, Expr)
        Of a synapse: what it adds all the time to an input of the neuron behind it, ``post.I``.
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
    elements: Mapping[Symbol, tuple[str, tuple[Expr, ...]]] = field(default_factory=dict)
    sizes: Mapping[Symbol, int] = field(default_factory=dict)
    rolled: bool = False
    starts: tuple[State, ...] = ()
    sites: tuple[Site, ...] = ()
    tables: tuple[str, ...] = ()
    contributions: tuple[tuple[str, Expr], ...] = ()

    @property
    def stochastic(self) -> bool:
        """Return whether a run depends on its seed."""
        starts = self.starts or self.states
        drawn = any(isinstance(v, Draw) for v in (*(p.default for p in self.parameters), *(s.initial for s in starts)))
        random_actions = any(isinstance(s, Symbol) and s.name.startswith(RANDOM) for e in self.events for a in e.actions for s in _symbols(a))
        return drawn or random_actions or bool(self.noises or self.sites) or any(e.chance is not None or e.level >= 0 for e in self.events)

    @property
    def constants(self) -> tuple[Definition, ...]:
        """Return the definitions that depend on parameters alone."""
        return tuple(d for d in self.definitions if d.constant)

    @property
    def varying(self) -> tuple[Definition, ...]:
        """Return the definitions that depend on the state or the time."""
        return tuple(d for d in self.definitions if not d.constant)

    def needed(self, *expressions: Basic, among: Sequence[Definition] | None = None) -> tuple[Definition, ...]:
        """Return the definitions, those that vary if not told, that the expressions use, directly or through one another, in order."""
        wanted = self.bases(*expressions)
        kept: list[Definition] = []
        for definition in reversed(self.varying if among is None else among):
            if definition.symbol in wanted:
                wanted |= self.bases(definition.expression)
                kept.append(definition)
        return tuple(reversed(kept))

    def bases(self, *expressions: Basic) -> set[Symbol]:
        """Return the symbols that expressions use; of elements, also those of their arrays."""
        used: set[Symbol] = set().union(*(e.free_symbols for e in expressions)) if expressions else set()
        return used | {Symbol(self.elements[symbol][0]) for symbol in used if symbol in self.elements}

    @property
    def derived(self) -> tuple[Definition, ...]:
        """Return the author's derived quantities, the elements of each array in a row."""
        shown = [d for d in self.definitions if d.shown]
        first: dict[str, int] = {}
        for number, definition in enumerate(shown):
            first.setdefault(definition.name.partition("[")[0], number)
        places = {d.name: self.elements[d.symbol][1] if d.symbol in self.elements else () for d in shown}
        return tuple(sorted(shown, key=lambda d: (first[d.name.partition("[")[0]], [int(k) for k in places[d.name]])))

    def quantities(self) -> Iterator[Quantity]:
        """Yield everything that can be recorded: the states, then the author's derived quantities."""
        yield from (s for s in self.states if s.shown)
        yield from self.derived


def _symbols(action: Action) -> set[Basic]:
    """Return the symbols in the values of an action."""
    return set().union(*(v.free_symbols for v in (action.value, *(value for _, value in action.also)) if v is not None))
