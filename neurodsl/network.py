"""The plural of a System: populations of systems, and projections whose synapse is a system too.

A :class:`Network` is what the language and the mathematics make of a ``network`` block; everything that runs or analyses one starts from it. All
numbers are in the units that the file declares, as in a :class:`~neurodsl.system.System`.

The system of a synapse knows the two neurons that it joins by names with a dot: ``post.g_e``, ``pre.V`` and, of a third population, ``third.D``
are states of it whose derivative is 0 and which are not shown. Its events of the kind ``pre`` and ``post`` are what it does on a spike of the
neuron before and behind it; ``time`` of such an event is what ``after`` adds to its delay, None for nothing. Its ``contributions`` are what it
adds to inputs of the neuron behind it all the time: ``post.I += g*(pre.V - post.V)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sympy import Basic, Expr, Symbol

from neurodsl.model import Settings
from neurodsl.source import Span
from neurodsl.system import Definition, Draw, Items, Loaded, Parameter, System
from neurodsl.units import Unit

I, J = Symbol("i"), Symbol("j")
"""The number of a neuron in its population; of a synapse, that of its source and of its target, each counted within the named slices."""
PRE, POST, THIRD = "pre.", "post.", "third."
"""How the names of quantities of the neurons begin that a synapse joins, and of the one that it listens to."""

Value: TypeAlias = Expr | Draw | Items | Loaded
"""A value for each neuron or synapse: an expression of network constants and of i and j, or what it is drawn from, or numbers in a row."""


@dataclass(frozen=True)
class Emitter:
    """A population that is no model but a source of spikes.

    Attributes
    ----------
    kind : str
        ``poisson`` (value ``rate``), ``correlated_poisson`` (``rate``, ``correlation`` and, where spikes are jittered, ``jitter``), ``spikes``
        (no value: they are read from ``path``).
    values : mapping
        Rates in 1/time unit of the network, times in its time unit; expressions of t, i and network constants.
    path : str or None
        Of ``spikes``: a ``.npy`` or ``.csv`` file beside the model, columns index and time.
    unit : Unit or None
        The unit of the times in the file.
    """

    kind: str
    values: Mapping[str, Value]
    path: str | None = None
    unit: Unit | None = None


@dataclass(frozen=True)
class Samples:
    """What an input of a population follows in time: numbers that a run gives, or those of a file beside the model.

    Attributes
    ----------
    symbol : Symbol
        Stands in the equations for the value that samples have at a time, one for each neuron.
    unit : Unit
        That of the input.
    held : bool
        Each value holds until the next time; else they are joined by straight lines.
    path : str or None
        The file that the text names.
    own : Unit or None
        The unit of the numbers in it; None for that of the input.
    """

    symbol: Symbol
    unit: Unit
    held: bool
    path: str | None = None
    own: Unit | None = None


@dataclass(frozen=True)
class Population:
    """Neurons of one kind.

    ``model`` is the name of their model as the file knows it, or the kind of the emitter. ``values`` are those of ``with``: parameters, inputs and
    initial values of the model by name, ``samples`` what its inputs follow in time.
    """

    name: str
    size: int
    model: str
    system: System | None
    emitter: Emitter | None
    values: Mapping[str, Value]
    span: Span | None = field(repr=False, compare=False)
    doc: str | None = None
    samples: Mapping[str, Samples] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """The neurons ``start`` up to, not with, ``stop`` of a population: ``E[0:100]``."""

    population: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Return how many neurons they are."""
        return self.stop - self.start


@dataclass(frozen=True)
class Rule:
    """Which synapses there are.

    Attributes
    ----------
    kind : str
        ``all to all``, ``one to one``, ``probability`` (one argument, an expression of i and j), ``indegree``, ``outdegree`` (one), ``pairs`` (a path),
        ``matrix`` (a path; what it holds, times ``factor``, becomes the synapse's ``matrix_target``, 0 is no synapse), ``small world`` (neighbours k, rewiring
        probability p), ``scale free`` (m).
    condition : Basic or None
        A boolean of i and j: a synapse is only where it holds.
    no_self : bool
        No neuron is joined to itself.
    multiple : bool
        Two neurons may be joined by several synapses, where the rule draws with replacement.
    """

    kind: str
    arguments: tuple[Expr, ...] = ()
    path: str | None = None
    condition: Basic | None = None
    no_self: bool = False
    multiple: bool = True
    matrix_target: str | None = None
    factor: float = 1.0


@dataclass(frozen=True)
class Projection:
    """Synapses of one kind from a part of a population to a part of one.

    ``name`` is unique in the network: ``E -> I``, with the synapse behind it where that alone is not: ``E -> I with exc``. ``delay`` is in the time unit
    of the network; None for none. ``values`` are parameters and states of the synapse by name. ``third`` is the part whose quantities the synapse reads as
    ``third.X``: one neuron for all, or as many as there are targets.
    """

    name: str
    source: Part
    target: Part
    synapse_name: str
    synapse: System
    rule: Rule
    delay: Value | None
    values: Mapping[str, Value]
    span: Span | None = field(repr=False, compare=False)
    third: Part | None = None


@dataclass(frozen=True)
class Recorded:
    """What a network records: the name of a population or projection, a state or parameter of it, which neurons, how often.

    ``step`` of a slice is that of ``E[0:100:10].v``. ``every`` is the time between two samples in the time unit of the network; None for every step; of
    the states of synapses None is the start and the end.
    """

    owner: str
    quantity: str
    start: int
    stop: int
    step: int = 1
    every: float | None = None


@dataclass(frozen=True)
class Network:
    """Populations and projections, closed: every name resolved, every unit agreed.

    ``parameters`` and ``constants`` are those of the ``network`` block itself, for its own expressions. ``settings.record`` is not used: ``recorded``
    holds what is recorded beside all spikes.
    """

    name: str
    doc: str | None
    dimensionless: bool
    time_unit: Unit
    parameters: tuple[Parameter, ...]
    constants: tuple[Definition, ...]
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    recorded: tuple[Recorded, ...]
    settings: Settings

    def population(self, name: str) -> Population:
        """Return the population of a name; KeyError where there is none."""
        return next(p for p in self.populations if p.name == name)
