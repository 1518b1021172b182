"""What the templates are given: frozen records of finished strings and counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Body:
    """The lines of a function that compute, and the expressions they end in."""

    lines: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True)
class Surface:
    """A comparison as ``value``, left minus right: ``holds`` is ``>`` or ``>=`` (against 0); ``searched`` where it changes inside a step."""

    value: str
    holds: str
    searched: bool


@dataclass(frozen=True)
class Site:
    """Random numbers of every step: ``kind`` is ``noise``, ``rand`` or ``randn``; they stand in ``_c`` from ``start`` on."""

    kind: str
    start: int
    size: int


@dataclass(frozen=True)
class Event:
    """An event: its number, its text for comments, its condition, time or chance, and the lines of its actions.

    ``level`` is the number of the state that is drawn anew at the start, -1 for none; ``draws`` where its actions draw random numbers.
    A chance below ``least`` ends the run, which then tells ``told``.
    """

    number: int
    kind: str
    text: str
    condition: str | None
    time: str | None
    time_loads: tuple[str, ...]
    loads: tuple[str, ...]
    actions: tuple[str, ...]
    spikes: bool
    chance: str | None
    chance_loads: tuple[str, ...]
    level: int
    draws: bool
    least: str
    told: str


@dataclass(frozen=True)
class Stage:
    """A stage of a Rosenbrock method: sums over the stages before it, as text."""

    argument: str
    slope: str
    drift: str
    coupling: str


@dataclass(frozen=True)
class Step:
    """A step of the method; which fields are used depends on the family."""

    loads: tuple[str, ...] = ()
    stages: tuple[str, ...] | tuple[Stage, ...] = ()
    results: tuple[str, ...] = ()
    dense: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    dense_sum: str = ""
    gamma: str = ""
    solution: str = ""
    error: str = ""
    inside: str = ""
    inside_slope: str = ""
    inside_rate: str = ""


@dataclass(frozen=True)
class Function:
    """A function of the state: its name, the lines that compute, and what it returns."""

    name: str
    body: Body


@dataclass(frozen=True)
class Functions:
    """A file of functions of the state."""

    title: str
    constants: tuple[str, ...]
    packed_constants: str
    helpers: tuple[str, ...]
    functions: tuple[Function, ...]
    arrays: bool
    draws: bool


@dataclass(frozen=True)
class File:
    """A whole generated file."""

    title: str
    version: str
    model: str
    method: str
    events_mode: str
    digest: str
    states: str
    units: str
    steady: str
    told_constants: str
    parameters: tuple[str, ...]
    constants: tuple[str, ...]
    packed_constants: str
    tables: tuple[int, ...]
    initial: tuple[str, ...]
    packed_states: str
    arrays: bool
    size: int
    splits: str
    rolled: bool
    memory: int
    sites: tuple[Site, ...]
    threshold_loads: tuple[str, ...]
    thresholds: tuple[str, ...]
    terms: Body
    named_terms: tuple[tuple[str, str], ...]
    edge_loads: tuple[str, ...]
    edges: tuple[str, ...]
    repeats: bool
    helpers: tuple[str, ...]
    arguments: str
    rhs: Body
    slope: str
    end_slope_line: str
    observe: tuple[str, ...]
    derived: int
    flow_template: str
    step_template: str
    step: Step
    run_template: str
    signature: str
    on_grid: bool
    adaptive: bool
    restless: bool
    error_row: int
    stage_rows: int
    reject_power: str
    accept_power: str
    memory_power: str
    end_slope: str
    events: tuple[Event, ...]
    snaps: bool
    noises: int
    diffusion: Body
    random: bool
    draws: bool
    something_due: str
    room: int
    surfaces: tuple[Surface, ...]
    searched: str
    searched_numbers: tuple[int, ...]
    affine: bool
    strict: str
    surface_values: Body
    surface_rates: Body
    bernstein: str
    nodes: str
    between: str
    smooth: str
    rtol: str
    atol: str
    duration: str
    dt: str


@dataclass(frozen=True)
class LaneFunction:
    """A function that is written into the place of its calls."""

    name: str
    arguments: str
    doc: str
    lines: tuple[str, ...]
    results: str


@dataclass(frozen=True)
class Lanes:
    """A whole generated file that runs points side by side.

    ``given`` are the rows of what each point is given, ``drawn`` the names of those that are no axes, ``columns`` the rows of what is measured,
    ``keys`` those of the keys of its random numbers, ``spikes`` the numbers of the events that spike with the text of what is 1 where one fires,
    ``recorded`` the columns that are recorded in every step with the texts of their numbers, ``lost`` the row of a number that is 0 as long as
    everything is finite.

    Where each point has steps of its own, ``clock`` is the row of its time, ``taken`` are those of the numbers of its steps and of those among
    them that were rejected, ``attempts`` is one that counts the rounds of the block; ``flag`` tells where an event may have happened, at which
    points there is to ``happen`` what it says, ``on`` where there was a sample, and ``number`` is that of the next one; ``sample`` is what is done
    with each, and ``room`` how many spikes a round may have at most.
    """

    title: str
    version: str
    model: str
    method: str
    digest: str
    signature: str
    loop: str
    width: int
    rows: int
    states: int
    drawn: str
    given: str
    columns: str
    lost: int
    helpers: tuple[str, ...]
    functions: tuple[LaneFunction, ...]
    shared: tuple[str, ...]
    constants: tuple[str, ...]
    start: tuple[str, ...]
    lines: tuple[str, ...]
    events: int
    recorded: tuple[tuple[int, str], ...]
    keys: str = "()"
    begin: tuple[str, ...] = ()
    count: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    random: bool = False
    spikes: tuple[tuple[int, str], ...] = ()
    loads: tuple[str, ...] = ()
    clock: int = -1
    taken: str = "()"
    attempts: int = -1
    on: int = -1
    number: int = -1
    flag: int = -1
    happen: tuple[str, ...] = ()
    sample: tuple[str, ...] = ()
    room: int = 0


@dataclass(frozen=True)
class SweepPage:
    """The function that advances the neurons of a kind: see :class:`neurodsl.codegen.network.sweep.Sweep`."""

    number: int
    width: int
    followed: tuple[str, ...]
    shared: tuple[str, ...]
    samples: str
    filling: tuple[str, ...]
    noise: tuple[str, ...]
    renewed: tuple[str, ...]
    lines: tuple[str, ...]
    hit: str
    search: tuple[str, ...]
    spikes: tuple[str, ...]
    emptying: tuple[str, ...]


@dataclass(frozen=True)
class NetworkFile:
    """What the generated files of networks have in common; ``functions`` are those that are written into the place of their calls."""

    title: str
    version: str
    model: str
    methods: str
    digest: str
    signature: str
    arguments: str
    helpers: tuple[str, ...]
    functions: tuple[str, ...]
    sweeps: tuple[SweepPage, ...]


@dataclass(frozen=True)
class NetworkPage(NetworkFile):
    """A whole generated file that runs a network.

    ``synapses`` are the functions over the rows of synapses, ``rooms`` the conditions under which spikes of a step may not fit, and ``steps`` the lines of
    a step. ``sampled`` tells that inputs follow samples, ``shared`` that threads share it.
    """

    synapses: tuple[str, ...]
    rooms: tuple[str, ...]
    steps: tuple[str, ...]
    random: bool
    sampled: bool
    records: bool
    shared: bool


@dataclass(frozen=True)
class MovePage:
    """What takes a single neuron of a kind through a step to its spikes: see :mod:`neurodsl.codegen.network.precise_cells`.

    ``at`` and ``lost`` are places of a neuron; ``events`` are the lines in which events happen, ``held`` the numbers of the states that are held with the
    names of the times up to which they are. ``start`` makes the first term of what the states change by up to an offset, ``next`` each of the others,
    and ``reached`` the states there; ``near`` tells whether a level may be met on the way. ``first`` and ``series`` make the power series of the states,
    ``levels`` are the value and a term of that of the level of each event. ``exports`` tells what others look at.
    """

    number: int
    shared: tuple[str, ...]
    loads: tuple[str, ...]
    at: str
    events: tuple[str, ...]
    held: tuple[tuple[str, str], ...]
    start: tuple[str, ...]
    next: tuple[str, ...]
    reached: tuple[str, ...]
    near: str
    first: tuple[str, ...]
    series: tuple[str, ...]
    levels: tuple[tuple[str, str], ...]
    states: tuple[str, ...]
    stores: tuple[str, ...]
    exports: tuple[str, ...]
    width: int


@dataclass(frozen=True)
class ReachPage:
    """What takes a neuron of a population to an offset in a step: its number, and that of its kind.

    ``struck`` is where it is noted that something struck it, ``given`` what it is told beside, ``lines`` are what its spikes do at once.
    """

    number: int
    kind: int
    struck: str
    given: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class PrecisePage(NetworkFile):
    """A whole generated file that runs a network with exact spike times.

    ``synapses`` are the functions of the synapses of a neuron, ``count`` tells how many spikes may arrive in a step, ``rooms`` are the conditions under which
    there is no room for spikes, ``begin`` the lines of a step before spikes arrive, ``arrivals`` the calls that deliver a spike, and ``end`` the lines behind them.
    """

    moves: tuple[MovePage, ...]
    reaches: tuple[ReachPage, ...]
    synapses: tuple[str, ...]
    count: str
    rooms: tuple[str, ...]
    begin: tuple[str, ...]
    arrivals: tuple[str, ...]
    end: tuple[str, ...]
    random: bool
    records: bool
