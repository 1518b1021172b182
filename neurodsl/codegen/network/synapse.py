"""Synapses in functions over the rows of a sparse matrix: what one of them has and sees, and what all of them do all the time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sympy import Basic, Symbol

from neurodsl import rules
from neurodsl.codegen.bodies import Writer
from neurodsl.codegen.network.placement import SOURCE, SYNAPSE, Placement, own_states
from neurodsl.codegen.network.weave import flow
from neurodsl.diagnostics import fail
from neurodsl.network import POST, PRE, THIRD, Part
from neurodsl.system import System

COMMON = ("t", "_ts", "_u", "_us", "_dt", "_index")
"""What every function of synapses is told of the time: the begin of the step, its end, and its number."""


@dataclass(frozen=True)
class Side:
    """A population as its synapses see it.

    Attributes
    ----------
    width : int
        Lanes of a block.
    rows : mapping of str to int
        The rows of its states, of its parameters that differ, and of what is exported, by name.
    holds : mapping of str to int
        The rows of the times up to which states are held.
    shared : collection of str
        The constants that all of its neurons have in common.
    inputs : collection of str
        The inputs that synapses add to.
    past : mapping of str to int
        The rows of what states and exported quantities were one step ago.
    number : int
        The number of the population.
    """

    width: int
    rows: Mapping[str, int]
    holds: Mapping[str, int]
    shared: Collection[str]
    inputs: Collection[str]
    past: Mapping[str, int]
    number: int


class SynapseText:
    """Writes how the functions of one projection read and store what a synapse has and sees, and those for all the time.

    Parameters
    ----------
    synapse : System
    placement : Placement
    differing : collection of str
        The parameters and states that have a value of their own for each synapse.
    source, target, third : Side
    rows : mapping of str to int
        The rows, with the neurons behind, of the states that live there.
    delayed : bool
        Delays differ from synapse to synapse.
    dense : bool
        The targets of a neuron may follow one another in long runs.
    listened : Part or None
        The part of the third population: one neuron for all, or one for each target.
    shared : bool
        Threads share the synapses: each does those of its own targets.

    Attributes
    ----------
    arrays : list of str
        What has a value for each synapse, in the order of the arguments.
    before : list of str
        The states that live with the neurons before the synapses, in the order in which they stand for each of them.
    scales : list of str
        The states that decay, in the order of their factors.
    constants : list of str
        The names in ``_c``: parameters, ``dt``, derived constants, the values that states approach, ``pre.X`` and the like that all share.
    """

    def __init__(
        self, synapse: System, placement: Placement, differing: Collection[str], source: Side, target: Side, third: Side | None,
        rows: Mapping[str, int], delayed: bool, dense: bool, listened: Part | None, shared: bool = False,
    ) -> None:  # fmt: skip
        self.synapse, self.placement, self.differing, self.rows, self.delayed = synapse, placement, differing, rows, delayed
        self.dense, self.listened, self.filtered = dense, listened, shared and delayed
        self.before = [name for name, place in placement.places.items() if place == SOURCE]
        self.sides = {PRE: source, POST: target, THIRD: third}
        self.writer = Writer(synapse)
        self.print, self.name = self.writer.print, self.writer.name
        self.print.finite = frozenset(p.name for p in synapse.parameters)
        changed = {synapse.states[a.target].name for e in synapse.events for a in e.actions if a.kind == "set"}
        self.still = {s.name for s in own_states(synapse) if s.derivative == 0 and s.name not in changed}
        kept = [s.name for s in own_states(synapse) if placement.places[s.name] == SYNAPSE and s.name not in self.still - set(differing)]
        self.arrays = [*(p.name for p in synapse.parameters if p.name in differing), *kept]
        self.scales = [s.name for s in own_states(synapse) if s.name in placement.decays]
        self.constants = [n for n, _ in self.writer.constants] + [f"rest of {n}" for n in self.scales]
        self.constants += [s.name for s in synapse.states if s.name in self.still - set(differing)]
        self.constants += [s.name for s in synapse.states if (side := self._side(s.name)) and s.name.partition(".")[2] in side.shared]
        self.apart = {Symbol(n) for n in self.arrays}

    def _side(self, name: str) -> Side | None:
        return next((side for prefix, side in self.sides.items() if name.startswith(prefix)), None)

    @property
    def parameters(self) -> str:
        """Return what all functions take behind what is their own."""
        fixed = ["_pre", "_pre_size", "_post", "_post_size", "_third", "_third_size", "_first_target", "_s", "_slot", "_c", "_p", "_k0", "_k1"]
        mine = ["_low", "_high"] if self.filtered else []
        return ", ".join([*fixed, *mine, *(["_before"] if self.before else []), *(f"_x{k}" for k in range(len(self.arrays)))])

    # --- reading and writing a synapse -----------------------------------------------------------------------------------

    def place(self, name: str) -> str:
        """Return the text of the memory of a state or a per-synapse parameter."""
        if name in self.arrays:
            return f"_x{self.arrays.index(name)}[_e]"
        if name in self.before:
            return f"_before[_n*np.uint64({len(self.before)}) + np.uint64({self.before.index(name)})]"
        target = self.sides[POST]
        assert target is not None
        return f"_post[_k + np.uint64({self.rows[name] * target.width})]"

    def load(self, name: str) -> str:
        """Return the text of the value of a state of the synapse's own, or of a parameter that differs."""
        if name in self.scales:
            return f"_rest_{self.name(name)} + {self.place(name)}*_s_{self.name(name)}"
        return self.place(name)

    def store(self, name: str, value: str) -> str:
        """Return the line that stores it."""
        if name in self.scales:
            return f"{self.place(name)} = ({value} - _rest_{self.name(name)})/_s_{self.name(name)}"
        return f"{self.place(name)} = {value}"

    def outside(self, name: str) -> str:
        """Return the text of a quantity of a neuron: ``pre.V``."""
        side, inner = self._side(name), name.partition(".")[2]
        if side is None or inner not in side.rows:
            raise fail(rules.UNKNOWN_NAME, f"`{name}` cannot be read by the synapse `{self.synapse.name}`", help="read a state or a parameter")
        return self._row(name, side.rows[inner] * side.width)

    def _row(self, name: str, place: int) -> str:
        """Return the text of what stands at a place in the block of the neuron whose quantity a name is."""
        array, at = {"pre": ("_pre", "_o"), "post": ("_post", "_k"), "third": ("_third", "_m")}[name.partition(".")[0]]
        return f"{array}[{at} + np.uint64({place})]"

    def halfway(self, used: set[Symbol]) -> list[str]:
        """Return the lines that lead quantities of neurons from one step ago and now to the middle of the step, on a line through both."""
        found = []
        for state in self.synapse.states:
            side, inner = self._side(state.name), state.name.partition(".")[2]
            if state.symbol in used and side is not None and inner in side.past and state.name not in self.constants:
                now, past = self.name(state.name), self._row(state.name, side.past[inner] * side.width)
                found.append(f"{now} = 1.5*{now} - 0.5*({past} if _index > 0 else {now})")
        return found

    def head(self, used: set[Symbol]) -> list[str]:
        """Return the lines before the loops: constants that all synapses share."""
        places = {name: k for k, name in enumerate(self.constants)}
        names = sorted(s.name for s in used if s.name in places and s.name not in self.arrays and s not in self._computed(used))
        lines = [f"{self.name(n)} = _c[{places[n]}]" for n in names]
        decaying = [(k, n) for k, n in enumerate(self.scales) if Symbol(n) in used]
        lines += [f"_rest_{self.name(n)} = _c[{places[f'rest of {n}']}]" for _, n in decaying]
        return lines + [f"_s_{self.name(n)} = _s[_slot + {k}]" for k, n in decaying]

    def _computed(self, used: set[Symbol]) -> set[Symbol]:
        """Return the constants that differ from synapse to synapse and are computed there."""
        found: set[Symbol] = set()
        for d in self.synapse.constants:
            if d.expression.free_symbols & (self.apart | found):
                found.add(d.symbol)
        return found

    def used(self, expressions: Sequence[Basic]) -> set[Symbol]:
        """Return all symbols that expressions use, through definitions and constants that differ."""
        found: set[Symbol] = self.synapse.bases(*expressions, *(d.expression for d in self.synapse.needed(*expressions)))
        computed = self._computed(found)
        more = [d.expression for d in self.synapse.constants if d.symbol in computed & found]
        return found | self.synapse.bases(*more) if more else found

    def definitions(self, expressions: Sequence[Basic]) -> list[str]:
        """Return the lines that compute what expressions use and that differs or varies."""
        used = self.used(expressions)
        computed = self._computed(used)
        lines = [self.writer.assign(d) for d in self.synapse.constants if d.symbol in computed & used]
        return lines + [self.writer.assign(d) for d in self.synapse.needed(*expressions)]

    def loads(self, used: set[Symbol], hoisted: Collection[str] = ()) -> list[str]:
        """Return the lines that give what a synapse has and what it sees its names."""
        lines = []
        for name in [*self.arrays, *(s.name for s in self.synapse.states)]:
            if Symbol(name) not in used or (name in self.constants and name not in self.arrays) or (name in self.still and name not in self.arrays):
                continue
            identifier = self.name(name)
            line = f"{identifier} = _0_{identifier}" if name in hoisted else ""
            if not line:
                line = f"{identifier} = {self.outside(name) if self._side(name) else self.load(name)}"
            if line not in lines:
                lines.append(line)
        return lines

    def _third(self) -> list[str]:
        """Return the lines that find the neuron of the third population: one for all, or the one that belongs to the target."""
        third, target = self.sides[THIRD], self.sides[POST]
        if third is None or target is None or self.listened is None:
            return []
        number = str(self.listened.start)
        if self.listened.size > 1:
            number = f"np.int64(_k)//_post_size*{target.width} + np.int64(_k)%_post_size%{target.width} - _first_target + {self.listened.start}"
        return [f"_m = {number}", f"_m = np.uint64(_m//{third.width}*_third_size + _m%{third.width})"]

    # --- what goes on all the time -----------------------------------------------------------------------------------------

    def contributions(self) -> str:
        """Return the function that adds to the inputs of the neurons behind what flows through their synapses now, under the name ``{name}``."""
        target, source = self.sides[POST], self.sides[PRE]
        assert target is not None
        assert source is not None
        values = [value for _, value in self.synapse.contributions]
        used = self.used(values)
        body = [*self._third(), *self.loads(used), *self.definitions(values)]
        for name, value in self.synapse.contributions:
            row = target.rows[flow(name.removeprefix(POST))]
            body.append(f"_post[_k + np.uint64({row * target.width})] += {self.print(value)}")
        return self._everywhere(self.head(used), body, "Add what flows through the synapses to the inputs of the neurons behind.")

    def everywhere(self, used: set[Symbol], body: Sequence[str], doc: str) -> str:
        """Return a function that does the same at every synapse."""
        return self._everywhere(self.head(used), [*self._third(), *self.loads(used), *body], doc)

    def _everywhere(self, head: Sequence[str], body: Sequence[str], doc: str) -> str:
        source = self.sides[PRE]
        assert source is not None
        arguments = [*COMMON, "_first", "_begins", "_ends", "_tgt", self.parameters]
        lines = [
            *head,
            "for _i in range(_begins.size):",
            "    _n = np.uint64(_i)",
            f"    _o = np.uint64((_first + _i)//{source.width}*_pre_size + (_first + _i)%{source.width})",
        ]
        lines += indented(["for _e in range(_begins[_i], _ends[_i]):", *indented(["_k = np.uint64(_tgt[_e])", *self._mine(body)], 1)], 1)
        return function_text(arguments, lines, doc)

    def _mine(self, body: Sequence[str]) -> list[str]:
        """Return what is done at a synapse: where rows are not sorted by their targets, a thread looks which are its own."""
        return ["if _low <= _k and _k < _high:", *indented(body, 1)] if self.filtered else list(body)


def indented(lines: Sequence[str], depth: int) -> list[str]:
    """Return lines deeper in blocks."""
    return [f"{'    ' * depth}{line}" for line in lines]


def function_text(arguments: Sequence[str], lines: Sequence[str], doc: str) -> str:
    """Return a function as text; its name is filled in later."""
    body = "".join(f"    {line}\n" for line in lines)
    text = f'def {{name}}({", ".join(arguments)}):\n    """{doc}"""\n{body}'
    return text.rstrip("\n")
