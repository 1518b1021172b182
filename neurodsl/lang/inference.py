"""The units of states and derived quantities: what their initial values, equations and surroundings say."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from neurodsl.lang.dependencies import mentioned
from neurodsl.lang.dimensions import UNKNOWN, Algebra, Measure, push
from neurodsl.lang.draws import value_unit
from neurodsl.lang.nodes import Expression, Name
from neurodsl.lang.scope import Declarations
from neurodsl.lang.tree import Draw
from neurodsl.units import ONE, Unit


@dataclass(frozen=True, slots=True)
class Constraint:
    """Expressions that measure the same; ``unit`` is what they measure where that is known beforehand."""

    sides: tuple[Expression, ...]
    unit: Measure = UNKNOWN


@dataclass(slots=True)
class _Inference:
    """Goes through the constraints, and again through those in which a name has got its unit, until nothing changes.

    What is added to or compared with something of a known unit comes first: it has the author's scale.
    """

    algebra: Algebra
    open: set[str]
    constraints: Sequence[Constraint]
    waiting: dict[str, list[int]] = field(default_factory=dict)
    direct: deque[int] = field(default_factory=deque)
    indirect: deque[int] = field(default_factory=deque)

    def run(self) -> None:
        for i, constraint in enumerate(self.constraints):
            for name in self.names(constraint):
                self.waiting.setdefault(name, []).append(i)
        self.direct.extend(range(len(self.constraints)))
        self.indirect.extend(range(len(self.constraints)))
        self.settle()

    def names(self, constraint: Constraint) -> set[str]:
        """Return the names in a constraint that have no unit yet."""
        return {name for side in constraint.sides for name in mentioned(side)} & self.open

    def settle(self) -> None:
        while self.open and (self.direct or self.indirect):
            if self.direct:
                self._process(self.constraints[self.direct.popleft()], direct=True)
            else:
                self._process(self.constraints[self.indirect.popleft()], direct=False)

    def solve(self, name: str, unit: Unit) -> None:
        """Give a name its unit, if it has none yet; what is dimensionless is a plain number."""
        if name not in self.open:
            return
        self.open.discard(name)
        self.algebra.names[name] = ONE if unit.is_dimensionless else unit
        self.algebra.calls.clear()
        for i in self.waiting.get(name, ()):
            self.direct.append(i)
            self.indirect.append(i)

    def _process(self, constraint: Constraint, direct: bool) -> None:
        if not self.names(constraint):
            return
        found: dict[int, Measure] = {}
        for side in constraint.sides:
            found |= self.algebra.measures(side)
        wanted = constraint.unit
        if not isinstance(wanted, Unit):
            units = (found[id(side)] for side in constraint.sides)
            wanted = next((unit for unit in units if isinstance(unit, Unit)), UNKNOWN)
        for side in constraint.sides:
            push(self.algebra, side, wanted, found, self.solve, direct)


def infer(algebra: Algebra, declarations: Declarations, constraints: Iterable[Constraint], order: Sequence[str]) -> None:
    """Fill in the units of all quantities of a model.

    Parameters
    ----------
    algebra : Algebra
        Its table of names is filled.
    declarations : Declarations
        The model; names that are unclear stay unknown.
    constraints : iterable of Constraint
        Its equations, conditions, actions.
    order : sequence of str
        The definitions, those before that others use.
    """
    for name in order:
        entry = declarations.parameters.get(name) or declarations.inputs.get(name)
        if entry is not None and name not in declarations.unclear:
            algebra.names[name] = _natural(algebra, entry.value)
        elif name in declarations.definitions and name not in declarations.unclear:
            algebra.names[name] = algebra.unit_of(declarations.definitions[name].right)
    states = [name for name in declarations.orders if name not in declarations.unclear]
    for (name, order_of), entry in declarations.initials.items():
        unit = UNKNOWN if is_steady(entry.value) else value_unit(algebra, entry.value)
        if isinstance(unit, Unit) and name in states:
            algebra.names.setdefault(name, unit * algebra.time**order_of)
    unresolved = {name for name in states if name not in algebra.names}
    derived = {name for name in declarations.definitions if name not in declarations.unclear}
    for name in derived:
        if not isinstance(algebra.names.get(name), Unit):
            algebra.names.pop(name, None)
            unresolved.add(name)
    algebra.calls.clear()
    bound = [Constraint((Name(d.left.span, name), d.right)) for name, d in declarations.definitions.items() if name in derived]
    inference = _Inference(algebra, unresolved, [*constraints, *bound])
    inference.run()
    unknowns: dict[str, int] = {}
    for equation in declarations.equations:
        for name in mentioned(equation.left):
            unknowns[name] = len(inference.names(Constraint((equation.right,))) - {name})
    # What a neuron measures is not guessed: a synapse that no connection joins to neurons leaves it open.
    own = [name for name in states if "." not in name]
    for name in sorted(own, key=lambda name: unknowns.get(name, 0)):
        inference.solve(name, ONE)
        inference.settle()
    for name in order:
        if name in derived:
            algebra.names[name] = _natural(algebra, declarations.definitions[name].right)
    algebra.calls.clear()


def _natural(algebra: Algebra, value: Expression | Draw) -> Measure:
    """Return the unit that a value has by itself; a bare number, 0 included, is dimensionless."""
    unit = value_unit(algebra, value)
    return unit if isinstance(unit, Unit) or unit is UNKNOWN else ONE


def is_steady(value: Expression | Draw) -> bool:
    """Return whether an initial value is the word ``steady``."""
    return isinstance(value, Name) and value.id == "steady"
