"""The names of a model: what declares them, what they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neurodsl import rules
from neurodsl.diagnostics import Report, nearest
from neurodsl.lang.characters import look
from neurodsl.lang.functions import BUILTINS, CONSTANTS
from neurodsl.lang.nodes import Array, Derivative, Expression, Index, Load, Name
from neurodsl.lang.tree import Assignment, Block, ConnectTree, Contribution, Entry, Labelled, PopulationTree, SettingTree, derivative_text, parts
from neurodsl.model import Function
from neurodsl.source import Span
from neurodsl.units import Unit

MEANINGS = {"pi": "the number 3.14159...", "t": "the time", "dt": "the step of a run"}
KINDS = {
    **{"param": "parameter", "input": "input", "noise": "noise"},
    **{"derived": "derived quantity", "function": "function", "state": "state", "population": "population"},
}
ROLES = {"pre": "the neuron before a synapse", "post": "the neuron behind a synapse", "third": "the neuron that a synapse listens to"}
"""What stands before the dot of a quantity of a neuron in a synapse: ``post.g_e``."""
NUMBERS = {"i": "the number of a neuron, or of the source of a synapse", "j": "the number of the target of a synapse"}
"""The names that have a meaning of their own in a network."""

MOST_LOOKUPS = 30
"""So many times a near name is looked for in a model; each time takes longer, the more names there are."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a name stands for and where it got that meaning."""

    name: str
    kind: str
    span: Span


@dataclass(slots=True)
class Declarations:
    """What the statements of a model declare, as they are met; :meth:`close` says which names are states.

    ``unclear`` holds names about which nothing is said, because statements with errors may have defined them. ``maps`` holds the states
    with a ``next``; their equations have a name, or an element, on the left side. ``indices`` holds all index variables.

    ``kind`` is what they belong to: a ``model``, a ``synapse`` or a ``network``. ``joined`` holds the units of the quantities of neurons in a synapse,
    ``post.g_e``; it is None as long as no connection says which neurons it joins.
    """

    report: Report
    unclear: set[str]
    parameters: dict[str, Entry] = field(default_factory=dict)
    inputs: dict[str, Entry] = field(default_factory=dict)
    noises: dict[str, Labelled] = field(default_factory=dict)
    definitions: dict[str, Assignment] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    initials: dict[tuple[str, int], Entry] = field(default_factory=dict)
    equations: list[Assignment] = field(default_factory=list)
    maps: dict[str, Entry] = field(default_factory=dict)
    defines: list[tuple[tuple[str, int], ...]] = field(default_factory=list)
    events: list[Block] = field(default_factory=list)
    settings: dict[str, SettingTree] = field(default_factory=dict)
    variants: dict[str, Block] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    lookups: int = 0
    indices: set[str] = field(default_factory=set)
    names: dict[str, Declared] = field(default_factory=dict)
    kind: str = "model"
    joined: Mapping[str, Unit] | None = None
    contributions: list[Contribution] = field(default_factory=list)
    populations: dict[str, PopulationTree] = field(default_factory=dict)
    connections: list[ConnectTree] = field(default_factory=list)
    recorded: list[SettingTree] = field(default_factory=list)
    in_steps: bool = False

    def define(self, name: str, kind: str, span: Span) -> bool:
        """Give a name its meaning; report and return False where it has another, or belongs to the language."""
        if name in CONSTANTS or (kind == "function" and name in BUILTINS):
            message = f"`{name}` is {MEANINGS.get(name, 'a function of the language')} and cannot be defined"
            self.report.add(rules.RESERVED, message, span, f"choose another name, such as `{name}_0`")
            return False
        if kind == "function" and name == "d":
            self.report.add(rules.RESERVED, "`d(...)` is a derivative in space; `d` may name anything but a function", span)
            return False
        if "." in name:
            self.refuse_dotted(name, span)
            return False
        if self.kind == "network" and name in NUMBERS and kind != "population":
            self.report.add(rules.RESERVED, f"`{name}` is {NUMBERS[name]} and cannot be defined in a network", span, "choose another name")
            return False
        known = self.names.setdefault(name, Declared(name, kind, span))
        if known.span is span or (kind == known.kind == "state"):
            return True
        first, second = sorted((known.span, span), key=lambda s: s.start)
        word = KINDS[known.kind if first is known.span else kind]
        article = "an" if word[0] in "aeiou" else "a"
        also = ((first, f"first defined here, as {article} {word}"),)
        self.report.add(rules.DUPLICATE, f"`{name}` is defined twice", second, "give one of the two another name", also)
        self.unclear.add(name)
        return False

    def refuse_dotted(self, name: str, span: Span) -> None:
        """Report the declaration of a quantity that belongs to a neuron."""
        help = "it is declared in its model"
        if self.kind == "synapse":
            help = f"{help}; a synapse changes it in an event, `on pre: {name} = ...`, or adds to an input all the time, `{name} += ...`"
        self.report.add(rules.WRONG_KIND, f"`{name}` is a quantity of a neuron and cannot be declared here", span, help)

    def close(self) -> None:
        """Find the states and what each equation defines."""
        self._find_defined()
        for (name, order), entry in self.initials.items():
            if name not in self.orders and name not in self.unclear:
                if order > 0 or (name in self.names and self.names[name].kind != "state"):
                    self._wrong_initial(name, order, entry)
                elif self.define(name, "state", entry.target.span):
                    self.orders[name] = 0
            elif name in self.orders and order >= max(self.orders[name], 1):
                message = f"`{derivative_text(name, order)}` has no initial value: the equation of `{name}` is of order {self.orders[name]}"
                self.report.add(rules.WRONG_KIND, message, entry.target.span)
        self._find_look_alikes()

    def _wrong_initial(self, name: str, order: int, entry: Entry) -> None:
        known = self.names.get(name)
        if known is None:
            near = self.near(name, self.orders)
            help = f"did you mean `{derivative_text(near, order)}`?" if near else f"give `{name}` an equation"
            self.report.add(rules.NO_DERIVATIVE, f"`{name}` has no equation, so `d{name}/dt` has no initial value", entry.target.span, help)
            return
        kind = KINDS[known.kind]
        also = ((known.span, "defined here"),)
        self.report.add(rules.WRONG_KIND, f"`{name}` is a {kind}; only a state has an initial value", entry.target.span, None, also)

    def _find_defined(self) -> None:
        """Say which derivatives each equation defines: the highest of each state on its left side that no other equation defines."""
        lefts = [_highest(equation.left) for equation in self.equations]
        alone: dict[str, Assignment] = {}
        for equation, left in zip(self.equations, lefts, strict=True):
            if len(left) == 1:
                (node,) = left.values()
                self._define_state(node, equation, alone)
        joint = [left for left in lefts if len(left) > 1]
        shared = {name for left in joint for name in left if name not in alone}
        if joint and len(shared) != len(joint):
            place = next(e for e, left in zip(self.equations, lefts, strict=True) if len(left) > 1)
            states = ", ".join(f"`{name}`" for name in sorted(shared)) or "no state that another equation does not define"
            message = f"{len(joint)} equation{'s' * (len(joint) > 1)} with several derivatives on the left side for {states}"
            self.report.add(rules.BAD_EQUATION, message, place.left.span, "write one equation for each state")
        for left in lefts:
            if len(left) > 1:
                for name in left:
                    if name in shared and self.define(name, "state", left[name].span):
                        self.orders[name] = max(left[name].order, self.orders.get(name, 0))
            self.defines.append(tuple((name, node.order) for name, node in left.items() if len(left) == 1 or name in shared))

    def _define_state(self, node: Derivative, equation: Assignment, alone: dict[str, Assignment]) -> None:
        first = alone.setdefault(node.name, equation)
        if first is not equation:
            also = ((first.left.span, "first defined here"),)
            message = f"two equations define the state `{node.name}`"
            self.report.add(rules.BAD_EQUATION, message, equation.left.span, "join them into one equation", also)
            return
        if self.define(node.name, "state", node.span):
            self.orders[node.name] = node.order

    def _find_look_alikes(self) -> None:
        """Report names that a reader cannot tell apart."""
        seen: dict[str, Declared] = {}
        for declared in sorted(self.names.values(), key=lambda d: d.span.start):
            first = seen.setdefault(look(declared.name), declared)
            if first is not declared:
                also = ((first.span, f"this is `{first.name}` ({_letters(first.name)})"),)
                message = f"`{declared.name}` ({_letters(declared.name)}) looks like `{first.name}`"
                self.report.add(rules.LOOK_ALIKE, message, declared.span, "give one of them another name", also)

    @property
    def discrete(self) -> bool:
        """Return whether it moves in steps: a map, or a network of maps."""
        return self.in_steps or bool(self.maps)

    @property
    def has_arrays(self) -> bool:
        """Return whether anything says that there is an array: a size, a value, a file, an index."""
        entries = [*self.parameters.values(), *self.inputs.values(), *self.initials.values()]
        values = [part for entry in entries for part in parts(entry.value)]
        values += [side for tree in (*self.equations, *self.definitions.values()) for side in (tree.left, tree.right)]
        sized = any(entry.indices for entry in entries) or any(labelled.indices for labelled in self.noises.values())
        return sized or any(isinstance(node, Array | Load | Index) for value in values for node in value.walk())

    def near(self, name: str, names: Iterable[str]) -> str | None:
        """Return the name that is most likely meant; for a single letter, only the same one in the other case."""
        self.lookups += 1
        near = nearest(name, names) if self.lookups <= MOST_LOOKUPS else None
        return near if near is None or len(name) > 1 or near.casefold() == name.casefold() else None

    def suggestion(self, name: str, kinds: tuple[str, ...] = ()) -> str | None:
        """Return the question whether a near name is meant, with its place; ``kinds`` limits what it may stand for."""
        if self.lookups >= MOST_LOOKUPS:
            return None
        candidates = [n for n, d in self.names.items() if not kinds or d.kind in kinds]
        near = self.near(name, (n for n in candidates if n != name))
        return None if near is None else f"did you mean `{near}`, declared at {self.names[near].span}?"


def _highest(left: Expression) -> dict[str, Derivative]:
    """Return the derivative of highest order of each state in an expression; for the left side of a map that of its state."""
    if isinstance(left, Name | Index):
        return {left.id: Derivative(left.span, left.id)}
    found: dict[str, Derivative] = {}
    for node in left.walk():
        if isinstance(node, Derivative) and (node.name not in found or node.order > found[node.name].order):
            found[node.name] = node
    return found


def _letters(name: str) -> str:
    """Return the letters outside ASCII in a name, by their code points, or the word ASCII."""
    codes = [f"U+{ord(char):04X}" for char in name if not char.isascii()]
    return ", ".join(codes) if codes else "ASCII"
