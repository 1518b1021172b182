"""What an author said: names resolved, units known, places kept.

A :class:`Model` is the result of reading a text. It holds no mathematics beyond the expressions as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from neurodsl.source import Source, Span
from neurodsl.units import ONE, Unit

if TYPE_CHECKING:
    from neurodsl.lang.nodes import Expression


class Steady(Enum):
    """The initial value ``steady``: where the derivative of the state is zero."""

    STEADY = "steady"


STEADY = Steady.STEADY


@dataclass(frozen=True)
class Quantity:
    """A name of the model with its unit, its label and the place of its declaration.

    ``shape`` holds the sizes that the text declares for an array, expressions of the parameters: those of ``W[N, N]``. It is empty for a
    number, and for an array whose shape follows from its value; :func:`neurodsl.lang.shapes.find_shapes` knows the shapes of all.
    """

    name: str
    unit: Unit
    doc: str | None
    span: Span = field(repr=False, compare=False)
    shape: tuple[Expression, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Distribution:
    """What a value is drawn from: ``normal(0.1, 0.01) [mS/cm^2]``.

    ``unit`` is that of a draw. The arguments that have it (:mod:`neurodsl.lang.distributions` says which) hold it: 0.1 is stored as
    0.1 mS/cm^2; the others are pure numbers. Where no argument has it, as in ``lognormal(0, 1) [nS]``, a draw is a number of ``unit``.
    Of ``sparse(p, normal(0, 1))``, for arrays, ``inner`` is ``normal``, and the arguments are p and those of the inner distribution.
    """

    name: str
    arguments: tuple[Expression, ...]
    span: Span = field(repr=False, compare=False)
    unit: Unit = ONE
    inner: str | None = None


@dataclass(frozen=True)
class Parameter(Quantity):
    """A constant that a run may change; its default, or what it is drawn from, may use other parameters."""

    value: Expression | Distribution


@dataclass(frozen=True)
class Input(Quantity):
    """A drive: an expression of the time and the parameters, or what it is drawn from; a run may replace it."""

    value: Expression | Distribution


@dataclass(frozen=True)
class Noise(Quantity):
    """An independent Gaussian white noise of unit strength for each element; its unit is 1/sqrt(time)."""


@dataclass(frozen=True)
class Definition(Quantity):
    """A derived quantity; ``constant`` where it depends on parameters alone.

    ``indices`` are the index variables on its left side: ``i`` and ``j`` of ``W[i, j] = ...``.
    """

    value: Expression
    constant: bool
    indices: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Function:
    """A function of the author's."""

    name: str
    arguments: tuple[str, ...]
    body: Expression
    span: Span = field(repr=False, compare=False)


@dataclass(frozen=True)
class State(Quantity):
    """A variable that runs on: ``order`` is that of its equation, 0 where it changes by events alone.

    ``initials`` holds the initial value of the state and of its derivatives below ``order``, or what it is drawn from; None means the
    default, 0. A state of a map has order 1.
    """

    order: int
    initials: tuple[Expression | Distribution | Steady | None, ...]


@dataclass(frozen=True)
class Equation:
    """``left = right``, with the derivatives of highest order on the left side as (state, order).

    In a discrete model ``left`` is the name of the state or an element, ``right`` its next value, and ``defines`` holds (state, 1).
    ``indices`` are the index variables on its left side: ``i`` of ``dtheta[i]/dt = ...``; without any, an equation of arrays holds for whole
    arrays.
    """

    left: Expression
    right: Expression
    defines: tuple[tuple[str, int], ...]
    span: Span = field(repr=False, compare=False)
    indices: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Action:
    """One action of an event.

    ``kind`` is ``set`` (``target`` becomes ``value``; ``x += 1`` is stored as ``x = x + 1``), ``hold`` (``target`` for ``value``),
    ``wait`` (for ``value``), ``emit`` or ``stop``. ``order`` is 0, or 1 where the target is ``dx/dt`` of a second-order equation.
    ``indices`` are those behind the target, ``i`` of ``V[i] = V_reset``; an array without them is set as a whole.
    """

    kind: str
    target: str | None
    order: int
    value: Expression | None
    span: Span = field(repr=False, compare=False)
    indices: tuple[Expression, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Event:
    """``kind`` is ``condition``, ``rate``, ``chance``, ``at``, ``every`` or ``start``; ``spikes`` where a firing is a spike.

    Of a synapse it is ``pre`` or ``post``, and the trigger what it waits beyond the delay, or None. Else ``trigger`` is the condition, the hazard
    in 1/time, the probability of a step, the time or the period. ``indices`` are the index variables in it: ``i`` of
    ``on V[i] >= V_th: V[i] = V_reset``, an event of each element.
    """

    kind: str
    trigger: Expression | None
    actions: tuple[Action, ...]
    spikes: bool
    span: Span = field(repr=False, compare=False)
    indices: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Contribution:
    """What a synapse adds to an input of the neuron behind it all the time; ``target`` is its name, ``post.I``."""

    target: str
    value: Expression
    span: Span = field(repr=False, compare=False)


@dataclass(frozen=True)
class Settings:
    """What ``simulate:`` says; None (or an empty tuple) where it is silent. Times are in units of the file's time.

    ``dt`` is the step of a continuous model, ``step`` the time that one step of a discrete one takes.
    """

    duration: float | None = None
    dt: float | None = None
    method: str | None = None
    events: str | None = None
    record: tuple[str, ...] = ()
    step: float | None = None


@dataclass(frozen=True)
class Variant:
    """A named set of values for parameters, inputs and initial values."""

    name: str
    doc: str | None
    values: tuple[tuple[str, Expression], ...]
    span: Span = field(repr=False, compare=False)


@dataclass(frozen=True)
class Model:
    """One model, checked: every name resolved, every unit known.

    ``dimensionless`` is true for a file without a single bracket. ``time_unit`` is the unit of bare times, of ``t`` and of ``dt``.
    ``discrete`` is true where all equations are maps; without a ``step`` their time counts steps and has no unit. ``tables`` names the
    parameters that hold samples which an input follows in time, and says whether each value holds until the next.

    ``kind`` is ``model``, or ``synapse``: among its states are then those of the neurons that it joins, ``post.g_e``, of order 0; it has
    ``contributions``. Where no connection says which neurons they are, their units are unknown and taken as 1.
    """

    name: str
    doc: str | None
    source: Source = field(repr=False)
    dimensionless: bool
    time_unit: Unit
    parameters: Mapping[str, Parameter]
    inputs: Mapping[str, Input]
    definitions: Mapping[str, Definition]
    functions: Mapping[str, Function]
    states: Mapping[str, State]
    equations: tuple[Equation, ...]
    events: tuple[Event, ...]
    variants: Mapping[str, Variant]
    settings: Settings
    noises: Mapping[str, Noise] = field(default_factory=dict)
    discrete: bool = False
    tables: Mapping[str, bool] = field(default_factory=dict)
    kind: str = "model"
    contributions: tuple[Contribution, ...] = ()

    def quantity(self, name: str) -> Quantity | None:
        """Return what a name stands for, or None where it is no quantity of the model."""
        for table in (self.parameters, self.inputs, self.noises, self.definitions, self.states):
            if name in table:
                return table[name]
        return None


@dataclass(frozen=True)
class File:
    """A file of numbers beside the model, and the unit of the numbers, where the text gives one."""

    path: str
    unit: Unit | None
    span: Span = field(repr=False, compare=False)


@dataclass(frozen=True)
class Part:
    """``E``, ``E[0:100]``, ``E[5]``: some neurons of a population.

    ``start`` and ``stop`` are None where they are not written; of a ``single`` neuron ``start`` is its number. ``step`` is that of what is recorded.
    """

    population: str
    start: Expression | None
    stop: Expression | None
    span: Span = field(repr=False, compare=False)
    single: bool = False
    step: Expression | None = None


@dataclass(frozen=True)
class Population:
    """Neurons of one kind: ``kind`` is the name of their model in the file, or that of an emitter, which has no ``model``.

    ``values`` are those of ``with``: parameters, inputs and initial values of the model, or what an emitter needs. They are expressions of the
    constants of the network and of the number ``i`` of a neuron; the rate of an emitter also of the time. ``samples`` are the files that inputs follow.
    """

    name: str
    size: Expression
    kind: str
    model: Model | None
    values: Mapping[str, Expression | Distribution]
    span: Span = field(repr=False, compare=False)
    file: File | None = None
    doc: str | None = None
    samples: Mapping[str, File] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """Which neurons a connection joins.

    ``kind`` is ``all to all``, ``one to one``, ``probability``, ``indegree``, ``outdegree``, ``pairs``, ``matrix``, ``small world`` or ``scale free``.
    Its ``arguments`` are expressions of the constants of the network, of ``i`` and of ``j``; that of ``matrix`` may be an array. ``target`` names what
    the elements of a matrix are.
    """

    kind: str
    arguments: tuple[Expression, ...] = ()
    file: File | None = None
    condition: Expression | None = None
    no_self: bool = False
    multiple: bool = True
    target: str | None = None
    span: Span | None = field(repr=False, compare=False, default=None)


@dataclass(frozen=True)
class Projection:
    """Synapses of one kind from a part of a population to a part of one.

    ``synapse`` is a model of the kind ``synapse`` whose units are those of the neurons that it joins here; ``kind`` is its name in the file.
    """

    name: str
    source: Part
    target: Part
    kind: str
    synapse: Model
    rule: Rule
    delay: Expression | Distribution | None
    values: Mapping[str, Expression | Distribution]
    span: Span = field(repr=False, compare=False)
    third: Part | None = None


@dataclass(frozen=True)
class Recorded:
    """What a network records: a quantity of a population, or of a part of one, or of a projection, and the time between two samples.

    ``every`` is in the time unit of the network; None for every step, and of synapses for the start and the end.
    """

    owner: str
    quantity: str
    part: Part | None
    every: float | None
    span: Span = field(repr=False, compare=False)


@dataclass(frozen=True)
class NetworkModel:
    """One network, checked: every name resolved, every unit known in the context of its connection.

    ``block`` is a model without states that holds the parameters, derived constants, functions and settings of the network itself. The values
    of ``variants`` are those of its parameters, and with a dot those of models, populations and synapses.
    """

    name: str
    doc: str | None
    source: Source = field(repr=False)
    dimensionless: bool
    time_unit: Unit
    block: Model = field(repr=False)
    populations: Mapping[str, Population]
    projections: tuple[Projection, ...]
    recorded: tuple[Recorded, ...]
    variants: Mapping[str, Variant]

    @property
    def settings(self) -> Settings:
        """Return what ``simulate:`` says."""
        return self.block.settings
